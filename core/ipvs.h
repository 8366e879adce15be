/* SPDX-License-Identifier: MIT */
/*
 * Desired IPVS state as the check engine computes it, the kernel's state as a dump shows it, and
 * the operations that bring one to the other. The engine knows the kernel only through struct
 * ipvs_ops: core/net/ipvs.c implements it over generic netlink, tests over a recorder. Thread:
 * check.
 *
 * Source: include/uapi/linux/ip_vs.h; behaviour as observed on Linux 6.1.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/model.h"
#include "core/snap.h"

struct ipvs;

struct ipvs_want_dest {
	struct dest_key key;
	int32_t weight; /* 0: quiesced */
	struct conf_method method;
	uint32_t upper_threshold, lower_threshold;
};

struct ipvs_want {
	struct svc_key key;
	const char *scheduler;
	uint32_t flags; /* IP_VS_SVC_F_PERSISTENT, _ONEPACKET, _SCHED1.. */
	uint32_t persistence_s, persistence_prefix;
	const char *persistence_engine;	    /* NULL: none */
	const struct ipvs_want_dest *dests; /* sorted by dest_key_compare(), no key twice */
	size_t n_dests;
};

struct ipvs_found_dest {
	struct dest_key key;
	int32_t weight;
	struct conf_method method; /* forward 0: local node or bypass, which vipd never sets */
	uint32_t upper_threshold, lower_threshold;
	uint32_t active_conns, inactive_conns, persistent_conns;
	struct ipvs_stats stats;
};

struct ipvs_found {
	struct svc_key key;
	char scheduler[16];
	char persistence_engine[16]; /* "": none */
	uint32_t flags, persistence_s, persistence_prefix;
	struct ipvs_stats stats;
	uint32_t first_dest, n_dests; /* into ipvs_dump.dests */
};

/* What the kernel says of IPVS as a whole. */
struct ipvs_about {
	uint32_t version, conn_table_size;
	uint32_t tcp_timeout_s, tcpfin_timeout_s, udp_timeout_s;
	struct ipvs_sysctls sysctls;
};

/* One dump of the kernel's table, services sorted by svc_key_compare(), destinations by
 * dest_key_compare(). */
struct ipvs_dump {
	uint64_t taken_us;
	struct ipvs_about about; /* of full dumps only */
	struct ipvs_found *services;
	size_t n_services;
	struct ipvs_found_dest *dests;
	size_t n_dests;
};

/* All functions return 0 or a negative errno and may block for one kernel reply. */
struct ipvs_ops {
	/* In that network namespace (core/base/netns.h; -1: here). Loads ip_vs if need be; -ENOENT
	 * when this kernel has none, -EPERM without CAP_NET_ADMIN.
	 */
	int (*open)(int netns, struct ipvs **ret);
	void (*close)(struct ipvs *ipvs);
	/*
	 * Brings one service to the wanted state: adds, edits and deletes only what differs from
	 * `known` (the service in the newest dump, NULL when absent; known_dests its destinations).
	 * Never deletes and re-adds what exists. Applies as much as it can; returns the first
	 * error.
	 */
	int (*apply)(struct ipvs *ipvs, const struct ipvs_want *want,
		     const struct ipvs_found *known, const struct ipvs_found_dest *known_dests);
	int (*remove)(struct ipvs *ipvs, const struct svc_key *key); /* absent is success */
	int (*flush)(struct ipvs *ipvs);
	int (*set_timeouts)(struct ipvs *ipvs, uint32_t tcp_s, uint32_t tcpfin_s,
			    uint32_t udp_s); /* 0: unchanged */
	/* The daemons that copy connections. A 0 in want, and no group, are the kernel's own
	 * choice. -EEXIST when one of the role runs, as it cannot be changed. */
	int (*start_sync)(struct ipvs *ipvs, enum ipvs_sync_role role,
			  const struct ipvs_sync *want);
	int (*stop_sync)(struct ipvs *ipvs, enum ipvs_sync_role role); /* not running is success */
	int (*read_sync)(struct ipvs *ipvs, struct ipvs_sync ret[static IPVS_SYNC_ROLES]);
	int (*read_about)(struct ipvs *ipvs, struct ipvs_about *ret);
	/* The caller frees with ipvs_dump_free(). With destinations of every service. */
	int (*dump)(struct ipvs *ipvs, struct ipvs_dump **ret);
	/* Destinations of one service only, refreshed inside an existing dump after a change.
	 * -ESRCH when it is gone. */
	int (*dump_service)(struct ipvs *ipvs, const struct svc_key *key, struct ipvs_dump **ret);
};

/* One block made with malloc: header, then its arrays. */
struct ipvs_dump *ipvs_dump_free(struct ipvs_dump *dump);

/* ---- pure: comparing wanted and found ---- */

/* The flags a user sets; the kernel owns the others (IP_VS_SVC_F_HASHED). */
#define IPVS_FLAGS_OURS 0x3du /* PERSISTENT, ONEPACKET, SCHED1, SCHED2, SCHED3 */

/* Whether an edit is needed. Persistence details count only for a persistent service, tunnel
 * details only for TUN. */
bool ipvs_service_differs(const struct ipvs_want *want, const struct ipvs_found *found);
bool ipvs_dest_differs(const struct ipvs_want_dest *want, const struct ipvs_found_dest *found);

/* Binary search; NULL when absent. */
const struct ipvs_found *ipvs_find_service(const struct ipvs_dump *dump, const struct svc_key *key);
const struct ipvs_found_dest *ipvs_find_dest(const struct ipvs_found_dest *dests, size_t n_dests,
					     const struct dest_key *key);

/* What a kernel has to be told about one destination. */
enum ipvs_step { IPVS_DEST_ADD, IPVS_DEST_EDIT, IPVS_DEST_DELETE };
typedef int ipvs_step_fn(enum ipvs_step step, const struct dest_key *key,
			 const struct ipvs_want_dest *want,
			 void *owner); /* want: NULL for a delete */

/*
 * Calls step for each destination that differs, additions and edits before deletions so that a
 * service is never emptier than it must be. Goes on after an error; returns the first one.
 */
int ipvs_diff_dests(const struct ipvs_want *want, const struct ipvs_found_dest *known,
		    size_t n_known, ipvs_step_fn *step, void *owner);
