/* SPDX-License-Identifier: MIT */
/*
 * What others may see of checks and IPVS, published by the check thread on every change and after
 * each dump of the kernel. Part of core/snap.h, which says how snapshots live and what times mean.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/model.h"
#include "core/base/ip.h"
#include "core/base/latest.h"

/* ENTITY-STATE-TC numbers */
enum dest_admin {
	DEST_LOCKED = 2,
	DEST_SHUTTING_DOWN = 3,
	DEST_UNLOCKED = 4,
};
enum dest_oper {
	DEST_UNKNOWN = 1,
	DEST_UP = 2,
	DEST_DEGRADED = 3,
	DEST_DOWN = 4,
	DEST_UNMONITORED = 5,
};
enum dest_drain {
	DRAIN_NONE = 1,
	DRAIN_DRAINING = 2,
	DRAIN_DRAINED = 3,
	DRAIN_TIMED_OUT = 4,
	DRAIN_CANCELLED = 5,
	DRAIN_KERNEL_ERROR = 6,
};
enum drain_action { DRAIN_KEEP = 1, DRAIN_LOCK = 2, DRAIN_UNLOCK = 3 };
/* What becomes of a change that takes the quorum of a service away. */
enum quorum_policy { QUORUM_ALLOW = 1, QUORUM_REFUSE = 2 };
enum admin_storage { STORAGE_VOLATILE = 2, STORAGE_NONVOLATILE = 3 }; /* SNMPv2-TC StorageType */

#define ADMIN_COMMENT_MAX   64	/* octets, terminator included */
#define DEST_ERROR_MAX	    128 /* octets, terminator included */
#define WEIGHT_MAX	    65535
#define WEIGHT_NO_OVERRIDE  (-1)
#define DRAIN_TIMEOUT_MAX_S 604800

/* What one attempt of a checker came to. */
enum check_result {
	CHECK_OK,
	CHECK_TIMEOUT,
	CHECK_REFUSED,
	CHECK_UNREACHABLE,
	CHECK_PROTOCOL_ERROR,
	CHECK_BAD_CONTENT,
	CHECK_TLS_ERROR,
	CHECK_SCRIPT_ERROR,
	CHECK_LOCAL_ERROR, /* we could not even try: descriptors, ports, memory */
	CHECK_RESULTS
};

struct ipvs_stats {
	uint64_t conns, in_packets, out_packets, in_octets, out_octets; /* totals */
	/* per second */
	uint64_t conn_rate, in_packet_rate, out_packet_rate, in_octet_rate, out_octet_rate;
};

/* Of net.ipv4.vs what decides how a drain goes; each -1 when it cannot be read. */
struct ipvs_sysctls {
	int expire_nodest_conn, expire_quiescent_template, conn_reuse_mode;
};

/* One service as the kernel knows it; a virtual server over a group has several. */
struct snap_service {
	uint32_t vs; /* into conf->services */
	struct svc_key key;
	bool in_kernel;
	bool suspended; /* its servers are not checked: ha_suspend */
	bool quorum_up;
	bool sorry_active;
	bool drifted; /* somebody else changed it in the kernel, and lvs_drift says to leave it */
	uint32_t quorum_weight; /* weight of all usable servers */
	uint32_t n_up, n_draining, n_locked;
	uint32_t n_leaving; /* no longer configured, kept for their connections */
	uint64_t changed_us, quorum_changed_wall_us;
	uint64_t stats_since_us; /* when the counters last lost continuity, 0: never */
	struct ipvs_stats stats;
	/* into snap_check.dests: sorry server first when there is one, then config order */
	uint32_t first_dest, n_dests;
};

#define SNAP_SORRY CONF_NONE

struct snap_dest {
	uint32_t service; /* into snap_check.services */
	uint32_t rs;	  /* into that virtual server's servers, or SNAP_SORRY */
	struct dest_key key;
	enum dest_admin admin;
	enum admin_storage storage;
	const char *comment; /* under ADMIN_COMMENT_MAX octets */
	uint64_t admin_changed_wall_us;
	enum dest_oper oper; /* unknown: not every checker has run yet and none failed */
	/* counts as up: verdict of its checkers, before the first one assumed unless alpha */
	bool alive;
	uint64_t oper_changed_wall_us;
	uint64_t changed_us;
	const char *last_error; /* "": there was none */
	uint32_t failed_checks, not_run_checks;
	bool in_kernel;
	int32_t conf_weight, weight_override;
	/* override, else configured plus dynamic, 0..65535: applies when unlocked and up */
	int32_t nominal_weight;
	uint32_t held_permille;	  /* slow start: what of that it does not have yet, 0..999 */
	int32_t effective_weight; /* wanted in the kernel now; 0 also when it is to be absent */
	int32_t kernel_weight;	  /* found there; -1: absent */
	uint32_t active_conns, inactive_conns, persistent_conns;
	enum dest_drain drain;
	uint32_t drain_timeout_s;
	enum drain_action drain_action;
	uint64_t drain_started_wall_us, drain_deadline_wall_us, drain_ended_wall_us;
	uint32_t drain_initial;
	uint64_t stats_since_us;
	struct ipvs_stats stats;
	/* into snap_check.checkers; the same for every member of a group */
	uint32_t first_checker, n_checkers;
};

/* The real servers with one address, over all services. */
struct snap_machine {
	struct ip ip;
	enum dest_admin admin;	    /* the least restrictive of theirs */
	enum admin_storage storage; /* volatile if that of one is */
	enum dest_drain drain;
	const char *comment;	/* "" unless all have the same */
	uint32_t n_dests, n_up; /* of snap_check.dests */
	uint64_t active_conns, inactive_conns;
};

/* One checker of one real server, and its attempts since it began. */
struct snap_checker {
	uint32_t number;	  /* among those of its server; another one never gets it */
	uint32_t conf_index;	  /* into the real server's checkers */
	enum dest_oper oper;	  /* unknown, up or down */
	enum check_result result; /* of the newest attempt; means nothing while runs is 0 */
	/* in the answer to the newest attempt: HTTP status, SMTP reply code, DNS status, exit
	 * status of a program or less the signal that ended it; 0 where there is none */
	int32_t code;
	const char *error;    /* of the newest failure, "" before the first */
	uint32_t transitions; /* of oper */
	uint32_t consecutive_fails;
	uint64_t runs, fails; /* all that ended; those of them that did not end well */
	/* of the newest attempt; of those that ended well, 0 before the first; the mean moves by an
	 * eighth each time */
	uint32_t latency_us, least_us, greatest_us, mean_us;
	uint64_t ran_wall_us, changed_wall_us;
	uint64_t since_us; /* when it began to count */
};

/* The kernel's daemons that copy connections to other directors. */
enum ipvs_sync_role { IPVS_SYNC_MASTER, IPVS_SYNC_BACKUP, IPVS_SYNC_ROLES };

struct ipvs_sync {
	char interface[IFNAMSIZ]; /* "": it does not run */
	uint8_t id, ttl;
	uint16_t maxlen, port;
	struct ip group;
};

struct snap_check {
	struct latest_value value;
	const struct conf *conf;
	uint64_t made_us;
	/* The kernel is looked at service by service. kernel_us is when the newest whole look
	 * began: no counter here is older, those of some services may be younger. 0: never. */
	uint64_t kernel_us;
	uint32_t serial;     /* moves with every snapshot that has counters read anew */
	uint64_t changed_us; /* last state change of any row */
	bool ipvs_available;
	uint32_t ipvs_version; /* 0x010201 is 1.2.1 */
	uint32_t conn_table_size;
	uint32_t tcp_timeout_s, tcpfin_timeout_s, udp_timeout_s;
	struct ipvs_sysctls sysctls;
	enum quorum_policy quorum_policy;
	uint32_t drifts; /* services that somebody else changed in the kernel, since the start */
	struct ipvs_sync sync[IPVS_SYNC_ROLES]; /* as the kernel shows them */
	uint64_t sync_changed_us[IPVS_SYNC_ROLES];
	size_t n_services, n_dests, n_checkers, n_machines;
	struct snap_service *services; /* configuration order, members of a group together */
	struct snap_dest *dests;
	struct snap_checker *checkers; /* configuration order */
	struct snap_machine *machines; /* ascending by address */
};
