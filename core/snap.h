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

/* ---- checks and IPVS: published by the check thread on every change and after each kernel dump
 * ---- */

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
	char comment[ADMIN_COMMENT_MAX];
	uint64_t admin_changed_wall_us;
	enum dest_oper oper; /* unknown: not every checker has run yet and none failed */
	/* counts as up: verdict of its checkers, before the first one assumed unless alpha */
	bool alive;
	uint64_t oper_changed_wall_us;
	uint64_t changed_us;
	char last_error[DEST_ERROR_MAX];
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
	char comment[ADMIN_COMMENT_MAX]; /* "" unless all have the same */
	uint32_t n_dests, n_up;		 /* of snap_check.dests */
	uint64_t active_conns, inactive_conns;
};

/* One checker of one real server, and its attempts since it began. */
struct snap_checker {
	uint32_t number;	  /* among those of its server; another one never gets it */
	uint32_t conf_index;	  /* into the real server's checkers */
	enum dest_oper oper;	  /* unknown, up or down */
	enum check_result result; /* of the newest attempt; means nothing while runs is 0 */
	const char *error;	  /* of the newest failure, "" before the first */
	uint32_t transitions;	  /* of oper */
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
	uint64_t kernel_us;  /* when the kernel counters in it were dumped, 0: never */
	uint32_t serial;     /* of the kernel dump */
	uint64_t changed_us; /* last state change of any row */
	bool ipvs_available;
	uint32_t ipvs_version; /* 0x010201 is 1.2.1 */
	uint32_t conn_table_size;
	uint32_t tcp_timeout_s, tcpfin_timeout_s, udp_timeout_s;
	struct ipvs_sysctls sysctls;
	uint32_t drifts; /* services that somebody else changed in the kernel, since the start */
	struct ipvs_sync sync[IPVS_SYNC_ROLES]; /* as the kernel shows them */
	uint64_t sync_changed_us[IPVS_SYNC_ROLES];
	size_t n_services, n_dests, n_checkers, n_machines;
	struct snap_service *services; /* configuration order, members of a group together */
	struct snap_dest *dests;
	struct snap_checker *checkers; /* configuration order */
	struct snap_machine *machines; /* ascending by address */
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
	char last_error[128];
};
