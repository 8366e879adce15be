/* SPDX-License-Identifier: MIT */
/*
 * The configuration as the daemon uses it: immutable, inheritance resolved, defaults filled in,
 * shared between threads by counted reference. Made by conf_load() only. Every duration is in
 * microseconds, every port in host order, every string NUL-terminated UTF-8 and never NULL unless
 * its comment says so.
 *
 * Sources: keepalived.conf(5) for meanings and defaults; where vipd differs the option table says
 * so.
 */
#pragma once

#include <net/if.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/model_global.h"
#include "conf/model_lvs.h"
#include "conf/model_route.h"
#include "conf/model_vrrp.h"
#include "core/base/ip.h"

/* ---- VRRP ---- */

/* KEEPALIVED-MIB VrrpState numbers */
enum conf_vrrp_state {
	CONF_STATE_BACKUP = 1,
	CONF_STATE_MASTER = 2,
};
enum conf_auth { CONF_AUTH_NONE = 0, CONF_AUTH_PASS = 1, CONF_AUTH_AH = 2 };

struct conf_notify {
	struct conf_command master, backup, fault, stop, deleted, any, master_rx_lower_pri;
};

struct conf_instance {
	char *name;
	char *interface; /* "": none, see conf_instance_is_wide() */
	enum conf_vrrp_state state;
	uint8_t vrid;
	uint8_t priority; /* 1..255; 255: address owner */
	uint8_t version;  /* 2 or 3 */
	uint64_t advert_us;
	bool preempt;
	uint64_t preempt_delay_us;
	enum conf_auth auth;
	uint8_t auth_pass[8]; /* zero filled */
	bool accept;
	bool dont_track_primary;
	bool lower_prio_no_advert, higher_prio_send_advert;
	uint8_t down_timer_adverts;
	struct ip source;	 /* mcast_src_ip; AF_UNSPEC: primary address of the interface */
	struct ip mcast_group;	 /* mcast_dst_ip; AF_UNSPEC: the global one */
	struct conf_peer *peers; /* with any, adverts are not multicast */
	size_t n_peers;
	uint8_t unicast_ttl;
	bool unicast_fault_no_peer; /* no peer is a fault instead of multicast */
	bool track_src_ip;
	enum conf_old_checksum old_checksum;
	struct conf_vmac vmac;
	bool use_vmac_addr; /* more such interfaces for addresses on other interfaces */
	bool xmit_base;	    /* adverts leave from the interface below */
	struct conf_macvlan
		*macvlans; /* all it needs; with use_vmac or use_ipvlan the first is its own */
	size_t n_macvlans;
	char *vrf; /* of one without an interface; NULL: none */
	struct conf_hmac hmac;
	uint8_t timer_expired_backup; /* highest priority of the others; 0: off */
	uint32_t rx_buffer;	      /* octets of the socket's receive buffer; 0: by policy */
	bool promote_secondaries;
	bool linkbeat;	     /* poll the state of the interface */
	bool notify_deleted; /* tell DELETED, not FAULT, when a reload removes it */
	uint64_t garp_delay_us, garp_refresh_us, garp_lower_prio_delay_us, garp_interval_us;
	uint32_t garp_repeat, garp_refresh_repeat, garp_lower_prio_repeat;
	uint64_t gna_interval_us;  /* as garp_interval_us, of IPv6's neighbour adverts */
	uint64_t garp_extra_if_us; /* interval of garp on the other interfaces; 0: off */
	bool garp_extra_if_all;
	bool strict, check_unicast_src, skip_check_adv_addr, owner_ignore_adverts;
	bool notify_priority_changes, v3_checksum_as_v2;
	struct conf_address *addresses; /* advertised, in configuration order */
	size_t n_addresses;
	struct conf_address *excluded; /* set with the others, not advertised */
	size_t n_excluded;
	struct conf_route *routes; /* set while master */
	size_t n_routes;
	struct conf_rule *rules; /* likewise */
	size_t n_rules;
	struct conf_track *tracks; /* by kind, then in configuration order */
	size_t n_tracks;
	struct conf_notify notify;
	enum conf_switch smtp_alert;
	uint32_t group; /* index into conf.groups, CONF_NONE when in no sync group */
	unsigned line;	/* where it was defined, for messages */
};

struct conf_group {
	char *name;
	uint32_t *members; /* indices into conf.instances */
	size_t n_members;
	struct conf_track *tracks; /* the members have them too */
	size_t n_tracks;
	struct conf_notify notify; /* master, backup, fault, stop, any */
	enum conf_switch smtp_alert;
	bool tracking_weight;
	bool notify_priority_changes;
};

struct conf_script {
	char *name;
	struct conf_command command;
	uint64_t interval_us, timeout_us;
	int16_t weight;
	bool reverse;
	uint32_t rise, fall;
	bool init_fail;
};

struct conf {
	_Atomic uint32_t references;
	/* 1 for the first load of the process, then counting; set by the caller of conf_load() */
	uint64_t generation;
	char *file;
	struct conf_global global;
	struct conf_instance *instances;
	size_t n_instances;
	struct conf_group *groups;
	size_t n_groups;
	struct conf_script *scripts;
	size_t n_scripts;
	struct conf_track_file *files;
	size_t n_files;
	struct conf_track_process *processes;
	size_t n_processes;
	struct conf_bfd *bfds;
	size_t n_bfds;
	struct conf_garp_group *garp_groups;
	size_t n_garp_groups;
	struct conf_linkbeat *linkbeats;
	size_t n_linkbeats;
	struct conf_link_delay *link_delays;
	size_t n_link_delays;
	struct conf_address_group *address_groups;
	size_t n_address_groups;
	struct conf_virtual_server *services;
	size_t n_services;
	struct conf_tls tls;
	struct conf_track_group *track_groups;
	size_t n_track_groups;
	struct conf_address *static_addresses; /* set as long as the daemon runs */
	size_t n_static_addresses;
	struct conf_route *static_routes;
	size_t n_static_routes;
	struct conf_rule *static_rules;
	size_t n_static_rules;
	struct conf_arena *arena; /* owns every pointer above; private to conf/ */
};

/* The id of the connection sync daemon; of one that follows an instance it is that of the router
 * unless said otherwise. */
uint8_t conf_sync_id(const struct conf *conf);

/* How many tracked objects of that kind there are; 0 for interfaces, which are no objects. */
size_t conf_n_tracked(const struct conf *conf, enum conf_track_kind kind);

/*
 * Any thread. Dropping the last reference frees. The main thread keeps a reference of its own until
 * it is the last holder, so that no engine ever pays for the free.
 */
const struct conf *conf_ref(const struct conf *conf);
const struct conf *conf_unref(const struct conf *conf); /* accepts and returns NULL */

/* The macvlan or ipvlan that the adverts of the instance come from; NULL: it has none. */
static inline const struct conf_macvlan *conf_instance_macvlan(const struct conf_instance *instance)
{
	return instance->vmac.kind != CONF_VMAC_NONE ? &instance->macvlans[0] : NULL;
}

/* From which address it is to speak: as configured, else that of its ipvlan; AF_UNSPEC: from the
 * first that its interface has. */
static inline const struct ip *conf_instance_source(const struct conf_instance *instance)
{
	const struct conf_macvlan *own = conf_instance_macvlan(instance);

	return own && !ip_is_set(&instance->source) ? &own->ip : &instance->source;
}

/* Without an interface: unicast alone, from a source of its own, over whichever the routes choose,
 * those of its VRF if it has one. Each of its addresses has a device all the same. */
static inline bool conf_instance_is_wide(const struct conf_instance *instance)
{
	return !*instance->interface;
}

/* AF_INET or AF_INET6: what it speaks over. Excluded addresses may be of either. */
static inline uint16_t conf_instance_family(const struct conf_instance *instance)
{
	if (instance->n_addresses)
		return instance->addresses[0].ip.family;
	return ip_is_set(&instance->source) ? instance->source.family : AF_INET;
}

/*
 * Why the VRRP engine must not run this instance, NULL when it may. An instance that asks for what
 * vipd cannot do stays in FAULT: running it in another way (multicast instead of unicast, another
 * group) would be worse than not at all. The one list; said at load and by the engine.
 */
static inline const char *conf_instance_unsupported(const struct conf_instance *instance)
{
	if (instance->hmac.n_keys && instance->hmac.mode == CONF_HMAC_ENFORCE)
		return "auth_hmac is not supported yet";
	return NULL;
}
