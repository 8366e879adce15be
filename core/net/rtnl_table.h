/* SPDX-License-Identifier: MIT */
/*
 * What is known of the kernel's links and addresses, as a plain table: pure, so that the choice of
 * a primary address and the rules for an address that is already there are tested without a kernel.
 *
 * Thread: main. Errors: negative errno.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/model.h"
#include "core/cmd.h"

#define NET_ALIAS_SIZE 256 /* IFALIASZ of linux/if.h, which does not go with net/if.h */

/* What concerns only the interfaces that we make. */
struct net_nature {
	enum conf_vmac_kind kind;   /* CONF_VMAC_NONE: neither */
	bool usable;		    /* a macvlan in private mode, an ipvlan in mode L2 */
	uint16_t flags;		    /* of an ipvlan: enum conf_ipvlan_mode */
	uint32_t group;		    /* of links */
	uint32_t master;	    /* ifindex of its bridge, VRF or the like; 0: none */
	char alias[NET_ALIAS_SIZE]; /* "": none */
};

/* What was found by asking the interface itself. */
struct net_beat {
	enum conf_poll by; /* CONF_POLL_ANY: it is not polled */
	enum conf_poll preferred;
	bool up;
};

struct net_link {
	struct msg_link now;	  /* the addresses are filled by net_table_report() */
	struct msg_link reported; /* what the owner was told last */
	bool was_reported, changed, stale;
	uint32_t vrf_table; /* routing table of a VRF; 0: it is none */
	struct net_nature nature;
	struct net_beat beat;
	bool runs;   /* as netlink has it */
	bool router; /* forwards IPv6 */
};

struct net_address {
	uint32_t ifindex;
	struct ip ip;
	uint8_t prefix, scope; /* rtnetlink RT_SCOPE_ number */
	uint32_t flags;	       /* IFA_F_ of linux/if_addr.h */
	bool stale;
};

/* A configured virtual address. owner: its instance has priority 255, the address may be the
 * machine's own. */
struct net_virtual {
	struct ip ip;
	uint8_t prefix;
	bool owner;
};

/* An address that is in the kernel because of us, or that we use as it is. */
struct net_held {
	uint32_t ifindex;
	char device[IFNAMSIZ]; /* its name when the address was wanted last */
	struct ip ip, peer, broadcast;
	uint8_t prefix, scope;
	char label[IFNAMSIZ]; /* "": none */
	uint32_t flags, preferred_s;
	bool track;	      /* put back when somebody takes it away */
	bool foreign;	      /* it was there before and is the machine's own: never removed */
	bool permanent;	      /* a static one: as good as the machine's own */
	uint64_t generation;  /* of the configuration that wanted it last */
	uint64_t restored_us; /* when it was put back last, 0: never */
};

struct net_table {
	struct net_link *links; /* ascending by ifindex */
	size_t n_links, room_links;
	struct net_address *addresses; /* in the kernel's order */
	size_t n_addresses, room_addresses;
	struct net_virtual *virtuals; /* ascending by address, then prefix */
	size_t n_virtuals;
	struct net_held *held; /* ascending by ifindex, address, prefix */
	size_t n_held, room_held;
};

enum net_match {
	NET_ABSENT,
	NET_SAME,	  /* same address, same prefix */
	NET_OTHER_PREFIX, /* the address is there under another prefix only: the machine's own */
};

void net_table_clear(struct net_table *table); /* frees what it holds */

/* Which addresses are virtual from now on; every link is looked at again in the next report. 0 or
 * -ENOMEM. */
int net_table_use_conf(struct net_table *table, const struct conf *conf);

/* One kernel message each. link: what other messages tell is ignored. 0 or -ENOMEM. */
int net_table_set_link(struct net_table *table, const struct msg_link *link);
void net_table_set_router(struct net_table *table, uint32_t ifindex, bool router);
/* From now on the interface is up only when that says so, too, until it is polled no more. */
void net_table_set_beat(struct net_table *table, uint32_t ifindex, const struct net_beat *beat);
void net_table_set_vrf(struct net_table *table, uint32_t ifindex, uint32_t vrf_table);
void net_table_set_nature(struct net_table *table, uint32_t ifindex,
			  const struct net_nature *nature);
/* Its addresses are gone with it, those that are held too. */
void net_table_del_link(struct net_table *table, uint32_t ifindex);
int net_table_set_address(struct net_table *table, const struct net_address *address);
void net_table_del_address(struct net_table *table, const struct net_address *address);

/* Around a full dump: what the dump does not mention is gone. */
void net_table_dump_begin(struct net_table *table);
void net_table_dump_end(struct net_table *table);

const struct net_link *net_table_find_link(const struct net_table *table,
					   const char *name); /* NULL: none */
const struct net_link *net_table_find_index(const struct net_table *table, uint32_t ifindex);
const char *net_table_name(struct net_table *table, uint32_t ifindex); /* "?": no such link */
enum net_match net_table_match(const struct net_table *table, uint32_t ifindex, const struct ip *ip,
			       uint8_t prefix);

bool net_table_has_address(const struct net_table *table, const struct ip *ip);

/* NULL: not held. Valid until the next hold or release. */
struct net_held *net_table_find_held(const struct net_table *table, uint32_t ifindex,
				     const struct ip *ip, uint8_t prefix);
/* The same by the name that the interface had then, for one that has another now. */
struct net_held *net_table_find_moved(const struct net_table *table, const char *device,
				      const struct ip *ip, uint8_t prefix);
/* Finds or adds; NULL when memory is out. */
struct net_held *net_table_hold(struct net_table *table, uint32_t ifindex, const struct ip *ip,
				uint8_t prefix);
void net_table_release(struct net_table *table, struct net_held *held); /* accepts NULL */

/* We set it, its interface is up, and yet it is not there: somebody else took it away. */
bool net_table_is_lost(struct net_table *table, const struct net_held *held);

typedef void net_report_fn(const struct msg_link *link, void *owner);

/* Calls fn for each link that differs from what was reported last; forgets the links that are gone.
 */
void net_table_report(struct net_table *table, net_report_fn *fn, void *owner);
