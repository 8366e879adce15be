/* SPDX-License-Identifier: MIT */
/*
 * What has happened: the message that an engine posts after the rows that show it have been
 * published. Plain data, MSG_EVENT of core/cmd.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/snap.h"

enum event_kind {
	EVENT_INSTANCE_STATE, /* vrrp */
	EVENT_GROUP_STATE,
	EVENT_RX_LOWER_PRIORITY, /* as master, heard a lower priority */
	EVENT_PRIORITY,		 /* effective priority changed, of an instance that wants it told */
	EVENT_AUTH_FAILURE,
	EVENT_PROTO_ERROR,
	EVENT_DEST_STATE, /* check */
	EVENT_CHECK,	  /* one checker has changed its mind; main only */
	EVENT_QUORUM,
	EVENT_DRAIN,  /* drain column changed: started, completed, timed out, cancelled */
	EVENT_ADMIN,  /* administrative state or weight changed without a drain */
	EVENT_SYNC,   /* a daemon that copies connections started, stopped or is another; agent only
		       */
	EVENT_DRIFT,  /* a service is not in the kernel as it was left there; agent only */
	EVENT_CONFIG, /* main: a load ended */
	EVENT_LIMITED, /* agent, to itself: limits suppress notifications */
};

struct msg_event {
	enum event_kind kind;
	uint64_t wall_us, mono_us;
	/* of the configuration the indices belong to; it stays alive in main until handled */
	uint64_t generation;
	union {
		struct {
			uint32_t instance; /* into conf->instances */
			char name[64];
			enum vrrp_state old_state, state;
			/* left because the daemon stops or the instance was removed */
			bool stopping;
			bool removed; /* by a reload; also when it starts anew with it */
			uint8_t priority;
			enum vrrp_reason reason;
			uint32_t ifindex;
			uint8_t vrid;
			uint8_t version;  /* of the protocol, 2 or 3 */
			struct ip master; /* own primary when state is master */
		} instance;
		struct {
			uint32_t group;
			char name[64];
			enum vrrp_state state;
			bool stopping, removed; /* as above */
		} group;
		struct {
			uint32_t ifindex;
			uint8_t vrid;
			struct ip source;
			/* auth: 1 invalid type, 2 mismatch, 3 failure; proto: enum vrrp_proto_error
			 */
			uint8_t error;
		} packet;
		struct {
			uint32_t vs, rs;
			struct svc_key svc; /* first member of a group */
			struct dest_key dest;
			enum dest_oper oper;
			enum dest_admin admin;
			enum dest_drain drain;
			int32_t weight;
			uint32_t n_up, n_total; /* real servers of the service */
			uint32_t remaining;	/* connections, for a drain */
			bool stopping;
			/* EVENT_CHECK: which checker, what it says now, and whether that has
			 * changed the state of the server */
			enum conf_checker_type checker;
			bool check_up, decisive;
			char error[DEST_ERROR_MAX];
		} dest;
		struct {
			uint32_t vs;
			struct svc_key svc;
			bool up, stopping;
			uint32_t n_up, n_total, weight;
		} quorum;
		struct {
			uint32_t role; /* enum ipvs_sync_role */
			bool running;
			uint32_t id;
		} sync;
		struct {
			uint32_t vs;
			struct svc_key svc;
			uint32_t drifts; /* of all, ever */
			bool left;	 /* it stays so */
		} drift;
		struct {
			bool ok;
			uint32_t generation;
			char error[256];
		} config;
		struct {
			uint64_t suppressed; /* ever */
		} limited;
	};
};

/* What an operator has changed; check, vrrp -> agent, MSG_CHANGED. */
enum changed_object {
	CHANGED_NOTHING,
	CHANGED_SERVICE,
	CHANGED_DEST,
	CHANGED_MACHINE,
	CHANGED_INSTANCE,
};

struct msg_changed {
	enum changed_object object;
	struct svc_key svc;   /* dest, service */
	struct dest_key dest; /* dest, machine: its address */
	char instance[64];
	char who[64];  /* "snmp", "vipctl uid 0" */
	char what[32]; /* "administrative state" */
	char was[ADMIN_COMMENT_MAX], now[ADMIN_COMMENT_MAX];
	char comment[ADMIN_COMMENT_MAX]; /* that the object has now */
};

/* Thread bodies: started by main with a const struct wires *; each returns NULL. Signals are
 * blocked already. */
void *vrrp_thread(void *wires);
void *check_thread(void *wires);
void *bfd_thread(void *wires);
void *agent_thread(void *wires);
