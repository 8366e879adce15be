/* SPDX-License-Identifier: MIT */
/*
 * The parts of conf/model.h that only virtual routers have: tracked objects and the lines that
 * track them, peers, interfaces of their own, HMAC keys, BFD sessions, and how links are watched.
 * Included by conf/model.h, whose words about units and strings hold here.
 *
 * Source: keepalived.conf(5).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/model_global.h"
#include "core/base/ip.h"

/* ---- tracking ---- */

enum conf_track_kind {
	CONF_TRACK_INTERFACE,
	CONF_TRACK_SCRIPT,
	CONF_TRACK_FILE,
	CONF_TRACK_PROCESS,
	CONF_TRACK_BFD,
	CONF_TRACK_KINDS
};

/* One line of a track_... block. */
struct conf_track {
	enum conf_track_kind kind;
	char *name; /* of the object */
	/* into conf.scripts, files, processes or bfds; CONF_NONE for an interface */
	uint32_t index;
	int16_t weight; /* 0: failure puts the instance into FAULT */
	bool reverse;
	bool inherited; /* from the sync group of the instance */
};

/* A file whose number, times a weight, is added to priorities. */
struct conf_track_file {
	char *name, *path;
	int16_t weight;
	bool reverse;
	bool init, overwrite; /* write init_value at the start; even over what is there */
	int32_t init_value;
};

enum conf_param_match {
	CONF_PARAM_ANY,	    /* the name alone counts */
	CONF_PARAM_EXACT,   /* these and no others */
	CONF_PARAM_PARTIAL, /* the first ones are these */
	CONF_PARAM_INITIAL, /* as partial, and the last may go on */
};

/* Processes that are to run, or not to run. */
struct conf_track_process {
	char *name;
	char **argv; /* NULL-terminated; argv[0]: the program, the others its parameters */
	enum conf_param_match match;
	int16_t weight;
	bool reverse;
	uint32_t quorum, quorum_max; /* of processes; quorum_max CONF_NONE: no bound */
	uint64_t terminate_delay_us, fork_delay_us;
	bool full_command; /* compare the command line instead of the name */
};

struct conf_bfd {
	char *name;
	struct ip neighbor, source; /* source AF_UNSPEC: any */
	uint64_t min_rx_us, min_tx_us, idle_tx_us;
	uint8_t multiplier, ttl;
	int16_t max_hops; /* -1..255 */
	bool passive, multihop;
	int16_t weight;
	bool reverse;
	bool vrrp, checker; /* whom its events go to */
};

/* ---- instances ---- */

struct conf_peer {
	struct ip ip;
	uint8_t min_ttl, max_ttl; /* of its adverts; 0 and 255: any */
};

enum conf_vmac_kind { CONF_VMAC_NONE, CONF_VMAC_MACVLAN, CONF_VMAC_IPVLAN };
/* kernel IPVLAN_F_ numbers */
enum conf_ipvlan_mode { CONF_IPVLAN_BRIDGE = 0, CONF_IPVLAN_PRIVATE = 1, CONF_IPVLAN_VEPA = 2 };

/* The interface that a virtual router gets for itself. */
struct conf_vmac {
	enum conf_vmac_kind kind;
	char *name;   /* NULL: made from the prefix and the VRID */
	char *parent; /* NULL: the interface of the instance */
	bool has_mac;
	uint8_t mac[6];
	bool netlink_notify;
	bool has_link_group;
	uint32_t link_group; /* without has_link_group: as the parent's */
	struct ip ip;	     /* ipvlan: its address, AF_UNSPEC: none */
	uint8_t prefix;
	enum conf_ipvlan_mode mode;
};

/*
 * A link that the daemon makes above an interface. A macvlan has the virtual MAC address; it is
 * what use_vmac, use_vmac_addr and the use_vmac of an address come to. An ipvlan, of use_ipvlan,
 * has the MAC address of the interface below, and maybe an address that the router speaks from.
 */
struct conf_macvlan {
	enum conf_vmac_kind kind;
	char *name;
	char *parent;	/* the interface below */
	uint8_t mac[6]; /* macvlan */
	bool ipv6;	/* has addresses of that family */
	bool netlink_notify;
	struct ip ip; /* ipvlan: its address, AF_UNSPEC: the kernel's link-local one */
	uint8_t prefix;
	enum conf_ipvlan_mode mode; /* ipvlan */
	bool has_link_group;
	uint32_t link_group; /* without has_link_group: as the parent's */
};

enum conf_old_checksum {
	CONF_OLD_CHECKSUM_AUTO,
	CONF_OLD_CHECKSUM_ALWAYS,
	CONF_OLD_CHECKSUM_NEVER
};

enum conf_hmac_mode { CONF_HMAC_ENFORCE, CONF_HMAC_PERMISSIVE, CONF_HMAC_RECEIVE_ONLY };
enum conf_hmac_replay { CONF_HMAC_TIME, CONF_HMAC_MONOTONIC };

struct conf_hmac_key {
	uint8_t id;
	char *text; /* as configured: hex:, file: or the secret itself */
};

/* keepalived's own extension: adverts carry an HMAC. In use when n_keys. */
struct conf_hmac {
	struct conf_hmac_key *keys;
	size_t n_keys;
	uint8_t active; /* id of the key to send with */
	enum conf_hmac_mode mode;
	enum conf_hmac_replay replay;
	uint64_t window_us;
};

/* ---- links ---- */

/* Interfaces that share the spacing of gratuitous ARP and neighbour adverts. */
struct conf_garp_group {
	bool has_garp, has_gna;
	uint64_t garp_interval_us, gna_interval_us;
	char **interfaces;
	size_t n_interfaces;
};

enum conf_poll { CONF_POLL_ANY, CONF_POLL_MII, CONF_POLL_ETHTOOL, CONF_POLL_IOCTL };

struct conf_linkbeat {
	char *interface;
	enum conf_poll poll; /* preferred way */
};

struct conf_link_delay {
	char *interface;
	uint64_t down_us, up_us; /* how long a change must last to count */
};
