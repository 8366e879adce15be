/* SPDX-License-Identifier: MIT */
/*
 * The part of the configuration that ip(8) could set: addresses, routes, rules, and the instances
 * that need them. As conf/model.h, which includes this: immutable, any thread, strings never NULL
 * unless the comment says so. Numbers are the kernel's own.
 *
 * Sources: ip-route(8), ip-rule(8), linux/rtnetlink.h, linux/fib_rules.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/ip.h"

struct conf_address {
	struct ip ip;
	uint8_t prefix;
	uint8_t scope;	      /* rtnetlink RT_SCOPE_ number */
	char *device;	      /* the instance's interface unless `dev` says otherwise */
	char *parent;	      /* what `dev` says, if device is a macvlan above that; else NULL */
	char *label;	      /* NULL: none */
	struct ip broadcast;  /* AF_UNSPEC: none */
	struct ip peer;	      /* AF_UNSPEC: none */
	uint32_t flags;	      /* IFA_F_ of linux/if_addr.h that it is set with */
	uint32_t preferred_s; /* preferred lifetime; UINT32_MAX: for ever */
	bool use_vmac;	      /* on the virtual MAC interface although `dev` names another */
	bool track;	      /* set again when somebody removes it */
	uint32_t track_group; /* of a static one: index into conf.track_groups or CONF_NONE */
};

struct conf_prefix {
	struct ip ip; /* AF_UNSPEC: none */
	uint8_t length;
};

/* Numbers of LWTUNNEL_ENCAP_ in linux/lwtunnel.h */
enum conf_encap_type {
	CONF_ENCAP_NONE = 0,
	CONF_ENCAP_MPLS = 1,
	CONF_ENCAP_IP = 2,
	CONF_ENCAP_ILA = 3,
	CONF_ENCAP_IP6 = 4,
};

#define CONF_LABELS_MAX 2

struct conf_encap {
	enum conf_encap_type type;
	/* ip, ip6; all zero: not given */
	uint64_t id;
	struct ip dst, src;
	uint8_t tos, ttl;
	uint16_t tunnel_flags;
	/* mpls: the outermost first */
	uint32_t labels[CONF_LABELS_MAX];
	uint32_t n_labels;
	uint64_t locator; /* ila */
};

struct conf_nexthop {
	struct ip via;	 /* AF_UNSPEC: none */
	char *device;	 /* NULL: none */
	uint16_t weight; /* 1..256 */
	bool onlink;
	uint32_t realms; /* source in the upper 16 bits; 0: none */
	struct conf_encap encap;
};

/* Whether MPLS hands its time to live to the packet inside. */
enum conf_ttl { CONF_TTL_DEFAULT, CONF_TTL_ENABLED, CONF_TTL_DISABLED };

enum conf_insert { CONF_PREPEND, CONF_ADD, CONF_APPEND };

#define CONF_METRICS 18 /* more than RTAX_MAX */

struct conf_route {
	uint8_t type; /* RTN_ of linux/rtnetlink.h */
	uint16_t family;
	struct conf_prefix to, from;
	struct ip src, via; /* AF_UNSPEC: none */
	char *device;	    /* NULL: none */
	char *vrf;	    /* NULL: none; otherwise its table is used */
	bool onlink;
	uint8_t tos;
	uint32_t table;
	uint8_t protocol;   /* RTPROT_ */
	uint8_t scope;	    /* RT_SCOPE_ */
	uint32_t metric;    /* 0: the kernel's default */
	uint32_t expires_s; /* 0: never */
	/* by RTAX_ number, in the kernel's units; bits of those that are given, and locked */
	uint32_t metrics[CONF_METRICS];
	uint32_t metrics_given, metrics_locked;
	char *congestion; /* RTAX_CC_ALGO; NULL: none */
	bool congestion_locked;
	uint32_t realms;    /* source in the upper 16 bits; 0: none */
	uint8_t preference; /* RTA_PREF: 0 medium, 1 high, 3 low */
	enum conf_ttl ttl_propagate;
	enum conf_insert insert;
	struct conf_encap encap;
	struct conf_nexthop *nexthops;
	size_t n_nexthops;
	bool track;	      /* losing it matters to who has it */
	uint32_t track_group; /* of a static one: index into conf.track_groups or CONF_NONE */
};

struct conf_ports {
	uint16_t first, last; /* 0, 0: any */
};

struct conf_rule {
	uint16_t family;
	bool invert;
	struct conf_prefix from, to;
	char *iif, *oif; /* NULL: any */
	uint8_t tos;
	uint32_t mark, mark_mask; /* 0, 0: any */
	uint64_t tunnel_id;	  /* 0: any */
	bool has_uids;
	uint32_t uid_first, uid_last;
	uint8_t ip_protocol; /* 0: any */
	struct conf_ports sport, dport;
	uint8_t action;	 /* FR_ACT_ of linux/fib_rules.h */
	bool l3mdev;	 /* the table is that of the packet's VRF */
	uint32_t table;	 /* of FR_ACT_TO_TBL */
	uint32_t target; /* of FR_ACT_GOTO */
	uint32_t preference;
	uint8_t protocol;				/* RTPROT_ */
	uint32_t realms;				/* source in the upper 16 bits; 0: none */
	int32_t suppress_prefix_length, suppress_group; /* -1: none */
	bool track;
	uint32_t track_group; /* of a static one: index into conf.track_groups or CONF_NONE */
};

struct conf;

/* The line in canonical form, malloc'd; NULL: no memory. conf: what it is part of. */
char *conf_route_text(const struct conf *conf, const struct conf_route *route);
char *conf_rule_text(const struct conf *conf, const struct conf_rule *rule);

/* Instances that static addresses, routes and rules matter to. */
struct conf_track_group {
	char *name;
	uint32_t *members; /* indices into conf.instances */
	size_t n_members;
};
