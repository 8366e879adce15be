/* SPDX-License-Identifier: MIT */
/*
 * What others may see: the rows each engine publishes through a latest-value buffer
 * (core/base/latest.h). A snapshot is one consistent moment, immutable, one malloc block: header
 * first, then its arrays. It carries a counted reference to the configuration it was made from, so
 * a row and its configured columns are always of one generation. Rows refer to configuration
 * objects by index into that configuration.
 *
 * Times: *_us without "wall" are monotonic, 0 for never; *_wall_us are CLOCK_REALTIME for display.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/model.h"
#include "core/base/ip.h"
#include "core/base/latest.h"
#include "core/snap_check.h"

/* The readers of every latest-value buffer. */
enum snap_reader { SNAP_AGENT, SNAP_MAIN, SNAP_READERS };

/* ---- VRRP: published by the vrrp thread on every change, and for counters alone at most once in
 * SNAP_VRRP_COUNTERS_US ---- */

#define SNAP_VRRP_COUNTERS_US UINT64_C(1000000)

/* KEEPALIVED-MIB numbers */
enum vrrp_state {
	VRRP_INITIALIZE = 0,
	VRRP_BACKUP = 1,
	VRRP_MASTER = 2,
	VRRP_FAULT = 3,
};

/* Why an instance last became master: VRRPV3-MIB numbers. */
enum vrrp_reason {
	VRRP_NOT_MASTER = 0,
	VRRP_PRIORITY = 1,
	VRRP_PREEMPTED = 2,
	VRRP_MASTER_NO_RESPONSE = 3,
};

/* VRRPV3-MIB numbers; the last discarded packet of a row. */
enum vrrp_proto_error {
	VRRP_NO_ERROR = 0,
	VRRP_TTL_ERROR = 1,
	VRRP_VERSION_ERROR = 2,
	VRRP_CHECKSUM_ERROR = 3,
	VRRP_VRID_ERROR = 4,
};

struct vrrp_stats {
	uint64_t become_master, release_master;
	uint64_t advert_received, advert_sent;
	uint64_t interval_errors, auth_failures, ttl_errors, invalid_type, address_list_errors,
		invalid_auth_type, auth_type_mismatch, length_errors;
	uint64_t checksum_errors, version_errors;
	uint64_t priority_zero_received, priority_zero_sent;
};

#define VRRP_KEY_OCTETS	   8  /* of a PASS key, zero filled */
#define LINK_ADDRESSES_MAX 32 /* of one interface that can be chosen from */

/* What SNMP has set of an instance, in the numbers of VRRP-MIB but for the unit of the interval; 0:
 * as configured. */
struct vrrp_overrides {
	uint8_t priority;
	uint8_t preempt;   /* 1 on, 2 off */
	uint8_t auth_type; /* 1 none, 2 PASS, 3 AH */
	uint16_t interval_cs;
	bool keyed; /* key counts */
	uint8_t key[VRRP_KEY_OCTETS];
	struct ip primary; /* AF_UNSPEC: as configured; 0.0.0.0: the lowest of the interface */
};

struct snap_instance {
	uint32_t conf_index; /* into snap_vrrp.conf->instances */
	enum vrrp_state state, wanted;
	bool admin_up; /* false after an administrative "down" by SNMP */
	bool preempt;  /* configured or set by SNMP, as the next three */
	enum conf_auth auth;
	uint64_t advert_us;
	uint8_t base_priority;
	uint8_t effective_priority; /* after tracking: what adverts carry */
	bool addresses_set;	    /* confirmed by main */
	uint32_t ifindex;	    /* 0: interface absent */
	struct ip primary;	    /* source of our adverts; AF_UNSPEC: none */
	/* source of the last accepted advert, own primary as master; AF_UNSPEC: none yet */
	struct ip master;
	uint8_t master_priority; /* of the last accepted advert */
	uint64_t up_since_us;	 /* when it last left INITIALIZE/FAULT, 0 while there */
	uint64_t changed_us, changed_wall_us;
	enum vrrp_reason reason;
	enum vrrp_proto_error proto_error;
	const char *why; /* it last changed its state: a text that stays; NULL before it did */
	uint64_t transitions;
	uint64_t worst_late_us;	    /* of an advert */
	uint64_t counters_since_us; /* when the counters last started from zero */
	struct vrrp_stats stats;
	struct vrrp_overrides set; /* what the above has from SNMP; what an undo goes back to */
};

struct snap_group {
	uint32_t conf_index; /* into conf->groups */
	enum vrrp_state state;
	uint64_t changed_us;
};

/* What a tracked object says now. UNDECIDED: nothing known yet, it neither helps nor harms. */
enum vrrp_tracked { VRRP_TRACKED_UNDECIDED, VRRP_TRACKED_UP, VRRP_TRACKED_DOWN };

/* The same with the number of a tracked file, which is decided when it is UP. */
struct vrrp_seen {
	enum vrrp_tracked state;
	int32_t value;
};

/* An interface and the machine's own IPv4 addresses on it: what vrrpOperPrimaryIpAddr may be. */
struct snap_link {
	uint32_t ifindex;
	char name[IFNAMSIZ];
	uint32_t n_own4;
	struct ip own4[LINK_ADDRESSES_MAX];
};

struct snap_vrrp {
	struct latest_value value;
	const struct conf *conf;
	uint64_t made_us;
	uint64_t checksum_errors, version_errors, vrid_errors; /* of the node; never shrink */
	uint64_t counters_since_us; /* when these three last started from zero */
	size_t n_instances, n_groups, n_links;
	struct snap_instance *instances; /* configuration order */
	struct snap_group *groups;
	struct snap_link *links; /* in no order */
	/* by kind what tracked objects say, one for each conf->scripts, files, processes, bfds;
	 * NULL for interfaces */
	struct vrrp_seen *seen[CONF_TRACK_KINDS];
};

/* ---- BFD: published by the bfd thread on every change, and for counters alone at most once in
 * SNAP_BFD_COUNTERS_US ---- */

#define SNAP_BFD_COUNTERS_US UINT64_C(1000000)

/* RFC 5880 section 4.1, numbers of the wire. */
enum bfd_state { BFD_ADMIN_DOWN, BFD_DOWN, BFD_INIT, BFD_UP, BFD_STATES };
enum bfd_diag {
	BFD_DIAG_NONE = 0,
	BFD_DIAG_EXPIRED = 1,  /* control detection time expired */
	BFD_DIAG_NEIGHBOR = 3, /* neighbor signaled session down */
	BFD_DIAG_ADMIN = 7,    /* administratively down */
	BFD_DIAGS = 32
};

struct snap_bfd_session {
	uint32_t conf_index; /* into conf->bfds */
	enum bfd_state state, remote_state;
	enum bfd_diag diag, remote_diag;
	uint32_t local_discr, remote_discr; /* remote 0: not known */
	uint32_t min_tx_us, min_rx_us;	    /* as told to the neighbor */
	uint32_t remote_min_tx_us, remote_min_rx_us;
	uint8_t remote_multiplier;
	/* in force: between own packets, on average less by the jitter; of silence until it is down
	 */
	uint64_t send_us, detect_us;
	uint64_t changed_wall_us, heard_wall_us;
	uint64_t became_up, became_down; /* transitions */
	uint64_t sent, received, discarded;
};

struct snap_bfd {
	struct latest_value value;
	const struct conf *conf;
	size_t n_sessions;
	struct snap_bfd_session sessions[]; /* configuration order */
};

/* ---- the daemon itself: published by main ---- */

/* The engines stand between main and the agent. */
enum snap_thread { THREAD_MAIN, THREAD_VRRP, THREAD_CHECK, THREAD_BFD, THREAD_AGENT, THREADS };

struct snap_daemon {
	struct latest_value value;
	const struct conf *conf;
	uint32_t generation; /* successful loads since start */
	uint64_t loaded_wall_us;
	char load_error[256]; /* of the last failed load, "" after a success */
	uint64_t started_us, started_wall_us;
	char netns[256]; /* the network namespace it was told to enter, "": none */
	uint64_t worst_late_us[THREADS];
	uint64_t log_dropped;
	uint32_t n_links;
	/* of conf->processes: how many of each run, as far as the tracker has looked */
	size_t n_processes;
	uint32_t *running;
	/* what is in the kernel: of conf's static addresses; and by owner, at set[owner_first[N]],
	 * its routes, then its rules: owner 0 has the static ones, owner N instance N-1 */
	bool *static_set;
	size_t n_owners;
	uint32_t *owner_first;
	bool *set;
};

/* ---- the agent: published by the agent thread for vipctl status ---- */

struct snap_agent {
	struct latest_value value;
	bool enabled, connected;
	char socket[108];
	uint64_t connected_us;
	uint32_t reconnects;
	uint64_t notifications_queued, notifications_sent, notifications_dropped;
	uint64_t notifications_suppressed; /* by ipvsdNotifyMinInterval or ipvsdNotifyMaxRate */
	char last_error[128];
};
