/* SPDX-License-Identifier: MIT */
/*
 * The administrative axis of one real server and its drain, as a pure model: no clock, no kernel,
 * no log. What an operator wants stays apart from health and from weight; nothing but the functions
 * here changes it.
 *
 *   unlocked      -> shuttingDown  drain starts                     shuttingDown -> unlocked  drain
 * cancelled unlocked      -> locked        administrative change            shuttingDown -> locked
 * drain cancelled (forced) locked        -> unlocked      administrative change            locked
 * -> shuttingDown    refused, -EBUSY shuttingDown  -> locked        by itself: no connection left
 * deadline: by the drain action
 *
 * A drain is complete when two consecutive snapshots at least ADMIN_ZERO_GAP_US apart, both taken
 * after the server stood in the kernel with weight 0, show no active, no inactive connection and no
 * persistence template: a template would bring its client back to the server. The caller leaves
 * them out when the kernel ignores them (net.ipv4.vs.expire_quiescent_template). This counts TCP
 * connections in FIN or TIME_WAIT too, and all UDP flows.
 *
 * Source: X.731 for the states; IPVS-DIRECTOR-MIB for numbers and columns. Thread: check.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/cmd.h"
#include "core/snap.h"

#define ADMIN_ZERO_GAP_US UINT64_C(50000)

struct admin {
	enum dest_admin state;
	enum admin_storage storage;
	int32_t weight_override; /* WEIGHT_NO_OVERRIDE or 0..65535 */
	enum dest_drain drain;
	enum drain_action drain_action;
	uint32_t drain_timeout_s;   /* 0: no deadline */
	uint64_t drain_deadline_us; /* monotonic; 0: none */
	uint32_t drain_initial;
	uint32_t zero_snapshots; /* consecutive, of the running drain */
	uint64_t zero_at_us;	 /* the newest of them */
	uint64_t changed_wall_us, drain_started_wall_us, drain_ended_wall_us;
	uint64_t drain_deadline_wall_us; /* derived from drain_deadline_us */
	char comment[ADMIN_COMMENT_MAX];
	bool of_machine; /* out of use because its machine is, see machine.c */
};

struct admin_time {
	uint64_t now_us, wall_us;
};

/* Connections of the server, summed over the services of a group. */
struct admin_usage {
	uint32_t active, inactive, persistent;
};

/* What a step did; at most one thing. */
enum admin_effect {
	ADMIN_NOTHING, /* same value, or only a column without an event */
	ADMIN_CHANGED, /* state or weight, no drain involved */
	ADMIN_DRAIN,   /* the drain column changed: see admin.drain */
};

struct admin admin_default(void);
bool admin_is_default(const struct admin *admin);
/* Whether two differ in anything that is stored. */
bool admin_differs(const struct admin *a, const struct admin *b);

/*
 * One operator's change. usage: of the newest snapshot. Returns 0 and *ret_effect, or -EINVAL (bad
 * value) or -EBUSY (not from this state) with the model unchanged.
 */
int admin_set(struct admin *admin, const struct dest_change *change, struct admin_time at,
	      const struct admin_usage *usage, enum admin_effect *ret_effect);

/* A snapshot taken after the server stood in the kernel with weight 0. */
enum admin_effect admin_snapshot(struct admin *admin, const struct admin_usage *usage,
				 struct admin_time at);
/* Acts on a passed deadline. */
enum admin_effect admin_tick(struct admin *admin, struct admin_time at);
/* Whether the kernel holds what the drain needs: shows kernelError while it does not. */
enum admin_effect admin_kernel(struct admin *admin, bool ok);
/* Mends the displayed deadline after a step of the wall clock. True when it moved. */
bool admin_follow_wall(struct admin *admin, struct admin_time at);

/* To and from the stored form; vs and dest of the item are the caller's. */
void admin_store(const struct admin *admin, struct msg_admin *ret);
/* -EINVAL and *ret untouched when the item makes no sense. */
int admin_restore(const struct msg_admin *stored, struct admin_time at, struct admin *ret);

const char *admin_state_name(enum dest_admin state); /* "shuttingDown", "?" */
const char *admin_drain_name(enum dest_drain drain);
