/* SPDX-License-Identifier: MIT */
/*
 * What the files of the engine share: engine.c (inputs and conditions), source.c (where adverts
 * come from), links.c (interfaces), listen.c (sockets), act.c (execution), announce.c (gratuitous
 * ARP), reload.c (a new
 * configuration), receive.c (packets), set.c (changes by SNMP), rows.c (publication). One thread;
 * nobody else includes this.
 */
#pragma once

#include <net/if.h>
#include <syslog.h>

#include "core/base/clock.h"
#include "core/vrrp/engine.h"
#include "core/vrrp/fsm.h"
#include "core/vrrp/group.h"
#include "core/vrrp/hmac.h"
#include "core/vrrp/limit.h"
#include "core/vrrp/packet.h"
#include "core/vrrp/priority.h"

enum vrrp_family { VRRP_IPV4, VRRP_IPV6, VRRP_FAMILIES };

/* The addresses of each family; one of each interface that garp_extra_if is for. */
enum vrrp_burst_kind {
	VRRP_BURST_IPV4 = VRRP_IPV4,
	VRRP_BURST_IPV6 = VRRP_IPV6,
	VRRP_BURST_EXTRA,
	VRRP_BURSTS,
};

/* Announcements of one kind still to be sent, one address after the other. */
struct vrrp_burst {
	uint64_t left;
	size_t next; /* index over addresses, then excluded */
};

/* One virtual router with what does not concern the state machine. */
struct vrrp_unit {
	struct vrrp_instance fsm;
	uint32_t conf_index;
	uint32_t group;	  /* into the configuration's groups, CONF_NONE */
	uint32_t ifindex; /* of its interface or VRF, VRRP_ANYWHERE; 0: absent */
	uint32_t macvlan; /* ifindex of its macvlan or ipvlan; 0: none, or that is absent */
	struct vrrp_stats stats;
	enum vrrp_proto_error proto_error;
	uint64_t changed_wall_us, counters_since_us;
	const char *why;	/* NULL: it has not changed its state yet */
	uint64_t transitions;	/* of its state */
	uint64_t worst_late_us; /* of an advert */
	/* Set by SNMP; they last until a reload changes the configured value. */
	bool admin_down;
	struct vrrp_overrides set;
	uint32_t ah_sent, ah_heard; /* last sequence numbers of AH; 0: none yet */
	bool static_missing;	    /* says main */
	bool old_peer;		    /* has been heard with the checksum of old unicast */
	uint32_t holds, faults;	    /* as they should be; settle() tells the state machine */
	struct vrrp_burst bursts[VRRP_BURSTS];
	struct msg_addrs asked; /* last request; 0: none */
	bool kept;		/* during a reload: found in the new configuration */
};

struct vrrp_group_row {
	enum vrrp_state state;
	uint64_t changed_us;
};

/* Of one socket; what net.ipv4.igmp_max_memberships is unless changed. */
#define VRRP_GROUPS_MAX 20

/* One family on a link. */
struct vrrp_port {
	bool open;			   /* has a socket */
	bool ah;			   /* and one for AH */
	struct ip groups[VRRP_GROUPS_MAX]; /* that it hears */
	size_t n_groups;
	int open_error;		/* of the last attempt to open or to join */
	uint64_t open_retry_us; /* 0: none due */
	uint64_t free_us;	/* garp_interval, gna_interval: no announcement before */
	uint32_t buffer;	/* asked for; 0: nothing */
};

struct vrrp_link {
	struct msg_link is;
	bool up;	    /* as it counts: is.up once that has lasted */
	uint64_t up_due_us; /* when it will have; 0: nothing is pending */
	struct vrrp_port ports[VRRP_FAMILIES];
};

struct vrrp_name {
	char name[IFNAMSIZ];
	uint32_t ifindex;
};

struct vrrp_reply {
	enum snap_thread to;
	struct msg_reply body;
};

struct vrrp_engine {
	const struct vrrp_ops *ops;
	void *owner;
	const struct conf *conf;       /* NULL before the first */
	struct vrrp_unit **units;      /* one for each conf->instances, in its order */
	uint64_t *due_us;	       /* of their state machines, side by side; 0: never */
	struct vrrp_group_row *groups; /* likewise of conf->groups */
	/* likewise of conf->scripts, files, processes; and from those of the generation before */
	struct vrrp_seen *seen[CONF_TRACK_KINDS];
	uint32_t *seen_map[CONF_TRACK_KINDS];
	size_t n_seen_map[CONF_TRACK_KINDS];
	uint64_t map_generation;
	uint64_t (*garp_free_us)[VRRP_FAMILIES]; /* of conf->garp_groups: no announcement before */
	struct vrrp_link *links;		 /* by ifindex; the last is VRRP_ANYWHERE */
	struct vrrp_name *names;		 /* theirs, in order, as many */
	size_t n_links;
	uint64_t links_due_us; /* earliest of theirs, at the last settling; 0: none */
	unsigned announced;    /* in this turn */
	bool announcing;       /* some unit may have announcements left */
	struct ip mcast_groups[VRRP_FAMILIES];
	uint64_t addrs_requests; /* made so far */
	uint64_t start_at_us;	 /* startup delay; 0: over */
	bool stopping;
	bool any_wide;	/* some unit has no interface */
	bool unsettled; /* what happened may concern other instances */
	uint32_t retry; /* of the next vrrp_engine_settle() */
	uint64_t checksum_errors, version_errors, vrid_errors;
	uint64_t counters_since_us; /* the engine's start */
	struct vrrp_limit limit;
	struct hmac *hmac;
	/* Publication. */
	bool rows_changed, counters_changed, conf_done;
	uint64_t conf_generation; /* to be answered */
	uint64_t published_us;
	struct msg_event *events;
	size_t n_events, room_events;
	struct vrrp_reply *replies;
	size_t n_replies, room_replies;
};

/* act.c */
void vrrp_act(struct vrrp_engine *e, struct vrrp_unit *unit, const struct vrrp_event *event,
	      uint64_t now_us);
/* The same without effect on the other members of its group. */
void vrrp_act_alone(struct vrrp_engine *e, struct vrrp_unit *unit, const struct vrrp_event *event,
		    uint64_t now_us);
void vrrp_act_post_addrs(struct vrrp_engine *e, struct vrrp_unit *unit, bool set);
/* Queues an event of an instance as it is now. */
void vrrp_act_tell(struct vrrp_engine *e, struct vrrp_unit *unit, enum event_kind kind,
		   enum vrrp_state old, uint64_t now_us);
struct msg_event *vrrp_act_new_event(struct vrrp_engine *e, enum event_kind kind,
				     uint64_t now_us); /* NULL: no memory */

struct vrrp_group_sum vrrp_act_sum_group(const struct vrrp_engine *e,
					 const struct conf_group *group);

/* announce.c */
/* From now on all addresses are to be announced that often. */
void vrrp_announce_queue(struct vrrp_engine *e, struct vrrp_unit *unit, uint32_t repeat);
/* Sends what is queued, the intervals allow and one turn has room for: of one, of all. */
void vrrp_announce_run(struct vrrp_engine *e, struct vrrp_unit *unit, uint64_t now_us);
void vrrp_announce_all(struct vrrp_engine *e, uint64_t now_us);
/* When it has something to send; 0: never. */
uint64_t vrrp_announce_due_us(struct vrrp_engine *e, const struct vrrp_unit *unit);
/* One round of a master, besides those that its state machine asks for. */
void vrrp_announce_once(struct vrrp_engine *e, struct vrrp_unit *unit, uint64_t now_us);
/* garp_extra_if: its time has come. */
void vrrp_announce_extra(struct vrrp_engine *e, struct vrrp_unit *unit, uint64_t now_us);

/* links.c; pointers are good until the next link is added or removed */
struct vrrp_link *vrrp_engine_link_by_name(struct vrrp_engine *e, const char *name);
struct vrrp_link *vrrp_engine_link_by_index(struct vrrp_engine *e, uint32_t ifindex);
int vrrp_links_add(struct vrrp_engine *e, const struct msg_link *is); /* -ENOMEM */
void vrrp_links_remove(struct vrrp_engine *e, struct vrrp_link *link);
/* VRRP_ANYWHERE: no interface, always up, without addresses. -ENOMEM */
int vrrp_links_add_anywhere(struct vrrp_engine *e);
/* The interface of the instance, its VRF, or VRRP_ANYWHERE; NULL: absent. */
struct vrrp_link *vrrp_links_home(struct vrrp_engine *e, const struct conf_instance *conf);
/* For messages. */
const char *vrrp_links_name(const struct vrrp_link *link);
/* As the other threads know it; 0: none. */
uint32_t vrrp_links_public(uint32_t ifindex);

/* engine.c */
/* Takes the parameters of the state machine from configuration, SET and links. */
void vrrp_engine_refresh(struct vrrp_engine *e, struct vrrp_unit *unit);
/*
 * Opens and closes sockets, works out every hold, fault and priority and lets the state machines
 * follow. retry: the interface whose instances try again what the system refused; VRRP_RETRY_NONE,
 * VRRP_RETRY_ALL. What happens in one turn is settled once, by vrrp_engine_flush().
 */
#define VRRP_RETRY_NONE 0
#define VRRP_RETRY_ALL	UINT32_MAX
void vrrp_engine_settle(struct vrrp_engine *e, uint32_t retry, uint64_t now_us);
/* The instance whose time is first of those whose time has come by then, or the number of all. */
size_t vrrp_engine_first_due(const struct vrrp_engine *e, uint64_t now_us);
bool vrrp_engine_retries(uint32_t retry, uint32_t ifindex);
void vrrp_engine_update_groups(struct vrrp_engine *e, uint64_t now_us);
/* Configured or set by SNMP. */
uint8_t vrrp_engine_base_priority(const struct vrrp_unit *unit);
enum conf_auth
vrrp_engine_auth(const struct vrrp_unit *unit); /* version 2 over IPv4 alone has any */
const uint8_t *vrrp_engine_key(const struct vrrp_unit *unit); /* VRRP_KEY_OCTETS */

/* source.c */
/* What the unit speaks over; the port it does so through. */
enum vrrp_family vrrp_source_family(const struct vrrp_unit *unit);
/* The machine's own addresses of a family; of a long list the first LINK_ADDRESSES_MAX are known.
 */
const struct ip *vrrp_source_list(const struct vrrp_link *link, enum vrrp_family family,
				  size_t *ret_n);
bool vrrp_source_is_there(const struct vrrp_link *link, const struct ip *address);
/* Source of its adverts, AF_UNSPEC: none. link: vrrp_macvlan_home(), NULL when not there. */
struct ip vrrp_source_of(const struct vrrp_unit *unit, const struct vrrp_link *link);
/* The configured source may not be used now. */
bool vrrp_source_is_lost(const struct vrrp_engine *e, const struct vrrp_unit *unit,
			 const struct vrrp_link *link);

/* listen.c */
/* The instance may speak at all: only then its interface needs a socket. */
bool vrrp_listen_wants(const struct vrrp_unit *unit);
/* Where its adverts go; NULL: to its peers. */
const struct ip *vrrp_listen_group(const struct vrrp_engine *e, const struct vrrp_unit *unit);
/* Whatever is sent to the instance is heard: on its interface and on its macvlan. */
bool vrrp_listen_is_complete(struct vrrp_engine *e, const struct vrrp_unit *unit);
/* Opens, joins, leaves, closes as the configuration asks; retry: as of vrrp_engine_settle(). */
void vrrp_listen_settle(struct vrrp_engine *e, uint32_t retry, uint64_t now_us);
void vrrp_listen_close(struct vrrp_engine *e, struct vrrp_link *link);
/* An attempt that failed is to be made again. */
bool vrrp_listen_is_due(const struct vrrp_link *link, uint64_t now_us);

/* macvlan.c */
/* The interface that the adverts of the unit leave by; 0: it is absent. */
uint32_t vrrp_macvlan_out(const struct vrrp_unit *unit);
/* The macvlan or ipvlan as it should be: one with another MAC address, or above another interface,
 * is somebody else's or about to be made anew. NULL: there is none, or none is wanted. */
const struct vrrp_link *vrrp_macvlan_find(struct vrrp_engine *e, const struct conf_instance *conf);
/* The interface with the addresses that the unit may speak from: its ipvlan if it is to have one,
 * else its interface; 0: it is absent. */
uint32_t vrrp_macvlan_home(const struct vrrp_unit *unit);
/* It is wanted and not there, somebody has taken it down, or the interface below is down. */
bool vrrp_macvlan_is_lacking(struct vrrp_engine *e, const struct vrrp_unit *unit);

/* set.c */
/* A reload: what SNMP has set lasts until the text changes. */
void vrrp_set_drop(struct vrrp_unit *unit, const struct conf_instance *old,
		   const struct conf_instance *new);

/* rows.c */
struct snap_vrrp *vrrp_rows_new(const struct vrrp_engine *e, uint64_t now_us); /* NULL: no memory */
