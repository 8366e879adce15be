/* SPDX-License-Identifier: MIT */
/*
 * The administrative model of one real server (core/check/admin.h has the table). Pure: the check
 * thread hands in time and counts and acts on the effect that comes back. Nothing in here knows
 * health, quorum or the kernel, which is what keeps a recovering server, a dynamic weight or a
 * reload from undoing a drain.
 */
#include "core/check/admin.h"

#include <errno.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/clock.h"

#define ZERO_SNAPSHOTS_NEEDED 2
/* Smaller differences between the clocks are noise, larger ones a step of the wall clock. */
#define WALL_STEP_US (500 * USEC_PER_MSEC)

static const char *const state_names[] = {
	[DEST_LOCKED] = "locked",
	[DEST_SHUTTING_DOWN] = "shuttingDown",
	[DEST_UNLOCKED] = "unlocked",
};
_Static_assert(sizeof state_names / sizeof state_names[0] == DEST_UNLOCKED + 1, "every state");

static const char *const drain_names[] = {
	[DRAIN_NONE] = "notDraining",	 [DRAIN_DRAINING] = "draining",
	[DRAIN_DRAINED] = "drained",	 [DRAIN_TIMED_OUT] = "timedOut",
	[DRAIN_CANCELLED] = "cancelled", [DRAIN_KERNEL_ERROR] = "kernelError",
};
_Static_assert(sizeof drain_names / sizeof drain_names[0] == DRAIN_KERNEL_ERROR + 1, "every drain");

const char *admin_state_name(enum dest_admin state)
{
	return state >= DEST_LOCKED && state <= DEST_UNLOCKED ? state_names[state] : "?";
}

const char *admin_drain_name(enum dest_drain drain)
{
	return drain >= DRAIN_NONE && drain <= DRAIN_KERNEL_ERROR ? drain_names[drain] : "?";
}

struct admin admin_default(void)
{
	return (struct admin){
		.state = DEST_UNLOCKED,
		.storage = STORAGE_NONVOLATILE,
		.weight_override = WEIGHT_NO_OVERRIDE,
		.drain = DRAIN_NONE,
		.drain_action = DRAIN_KEEP,
	};
}

bool admin_differs(const struct admin *a, const struct admin *b)
{
	return a->state != b->state || a->storage != b->storage ||
	       a->weight_override != b->weight_override || a->drain != b->drain ||
	       a->drain_action != b->drain_action || a->drain_timeout_s != b->drain_timeout_s ||
	       a->drain_deadline_us != b->drain_deadline_us ||
	       a->drain_initial != b->drain_initial || a->changed_wall_us != b->changed_wall_us ||
	       a->drain_started_wall_us != b->drain_started_wall_us ||
	       a->drain_ended_wall_us != b->drain_ended_wall_us || a->of_machine != b->of_machine ||
	       strcmp(a->comment, b->comment) != 0;
}

bool admin_is_default(const struct admin *admin)
{
	struct admin plain = admin_default();

	return !admin_differs(admin, &plain);
}

static void set_deadline(struct admin *admin, struct admin_time at)
{
	uint64_t timeout_us = admin->drain_timeout_s * USEC_PER_SEC;

	admin->drain_deadline_us = timeout_us ? at.now_us + timeout_us : 0;
	admin->drain_deadline_wall_us = timeout_us ? at.wall_us + timeout_us : 0;
}

static void start_drain(struct admin *admin, struct admin_time at, const struct admin_usage *usage)
{
	admin->state = DEST_SHUTTING_DOWN;
	admin->drain = DRAIN_DRAINING;
	admin->changed_wall_us = at.wall_us;
	admin->drain_started_wall_us = at.wall_us;
	admin->drain_ended_wall_us = 0;
	admin->drain_initial = usage->active + usage->inactive;
	admin->zero_snapshots = 0;
	set_deadline(admin, at);
}

static void end_drain(struct admin *admin, enum dest_admin state, enum dest_drain drain,
		      struct admin_time at)
{
	admin->state = state;
	admin->of_machine = admin->of_machine && state != DEST_UNLOCKED;
	admin->drain = drain;
	admin->changed_wall_us = at.wall_us;
	admin->drain_ended_wall_us = at.wall_us;
	admin->drain_deadline_us = 0;
	admin->drain_deadline_wall_us = 0;
	admin->zero_snapshots = 0;
}

static int set_state(struct admin *admin, const struct dest_change *change, struct admin_time at,
		     const struct admin_usage *usage, enum admin_effect *ret)
{
	int32_t value = change->value;

	if (value != DEST_LOCKED && value != DEST_SHUTTING_DOWN && value != DEST_UNLOCKED)
		return -EINVAL;
	enum dest_admin to = (enum dest_admin)value;
	if (to == DEST_SHUTTING_DOWN && admin->state == DEST_LOCKED && !change->undo)
		return -EBUSY;
	/* What is asked of one server is its own from now on. */
	admin->of_machine = change->machine && to != DEST_UNLOCKED &&
			    (admin->state == DEST_UNLOCKED || admin->of_machine);
	if (to == admin->state) {
		*ret = ADMIN_NOTHING;
		return 0;
	}
	if (to == DEST_SHUTTING_DOWN) {
		start_drain(admin, at, usage);
		*ret = ADMIN_DRAIN;
		return 0;
	}
	if (admin->state == DEST_SHUTTING_DOWN) {
		end_drain(admin, to, DRAIN_CANCELLED, at);
		*ret = ADMIN_DRAIN;
		return 0;
	}
	admin->state = to;
	admin->changed_wall_us = at.wall_us;
	*ret = ADMIN_CHANGED;
	return 0;
}

static int set_timeout(struct admin *admin, int32_t value, struct admin_time at,
		       enum admin_effect *ret)
{
	if (value < 0 || value > DRAIN_TIMEOUT_MAX_S)
		return -EINVAL;
	admin->drain_timeout_s = (uint32_t)value;
	*ret = ADMIN_NOTHING;
	if (admin->state != DEST_SHUTTING_DOWN)
		return 0;
	/* "restarts the deadline of a running one"; a drain that had passed its deadline is a
	 * running one again. */
	set_deadline(admin, at);
	if (admin->drain == DRAIN_TIMED_OUT) {
		admin->drain = DRAIN_DRAINING;
		*ret = ADMIN_DRAIN;
	}
	return 0;
}

static int set_weight(struct admin *admin, int32_t value, enum admin_effect *ret)
{
	if (value < WEIGHT_NO_OVERRIDE || value > WEIGHT_MAX)
		return -EINVAL;
	*ret = value == admin->weight_override ? ADMIN_NOTHING : ADMIN_CHANGED;
	admin->weight_override = value;
	return 0;
}

static int set_comment(struct admin *admin, const char text[static ADMIN_COMMENT_MAX],
		       enum admin_effect *ret)
{
	const char *end = memchr(text, '\0', ADMIN_COMMENT_MAX);

	if (!end || octets_have_control(text, (size_t)(end - text)))
		return -EINVAL;
	memset(admin->comment, 0, sizeof admin->comment);
	strcpy(admin->comment, text);
	*ret = ADMIN_NOTHING;
	return 0;
}

int admin_set(struct admin *admin, const struct dest_change *change, struct admin_time at,
	      const struct admin_usage *usage, enum admin_effect *ret_effect)
{
	int32_t value = change->value;

	switch (change->field) {
	case DEST_SET_ADMIN:
		return set_state(admin, change, at, usage, ret_effect);
	case DEST_SET_WEIGHT:
		return set_weight(admin, value, ret_effect);
	case DEST_SET_DRAIN_TIMEOUT:
		return set_timeout(admin, value, at, ret_effect);
	case DEST_SET_DRAIN_ACTION:
		if (value < DRAIN_KEEP || value > DRAIN_UNLOCK)
			return -EINVAL;
		admin->drain_action = (enum drain_action)value;
		*ret_effect = ADMIN_NOTHING;
		return 0;
	case DEST_SET_STORAGE:
		if (value != STORAGE_VOLATILE && value != STORAGE_NONVOLATILE)
			return -EINVAL;
		admin->storage = (enum admin_storage)value;
		*ret_effect = ADMIN_NOTHING;
		return 0;
	case DEST_SET_COMMENT:
		return set_comment(admin, change->text, ret_effect);
	case DEST_SET_QUORUM_POLICY: /* no field of a server */
		break;
	}
	return -EINVAL;
}

enum admin_effect admin_snapshot(struct admin *admin, const struct admin_usage *usage,
				 struct admin_time at)
{
	if (admin->state != DEST_SHUTTING_DOWN)
		return ADMIN_NOTHING;
	if (usage->active || usage->inactive || usage->persistent) {
		admin->zero_snapshots = 0;
		return ADMIN_NOTHING;
	}
	if (admin->zero_snapshots && at.now_us - admin->zero_at_us < ADMIN_ZERO_GAP_US)
		return ADMIN_NOTHING;
	admin->zero_at_us = at.now_us;
	if (++admin->zero_snapshots < ZERO_SNAPSHOTS_NEEDED)
		return ADMIN_NOTHING;
	end_drain(admin, DEST_LOCKED, DRAIN_DRAINED, at);
	return ADMIN_DRAIN;
}

enum admin_effect admin_tick(struct admin *admin, struct admin_time at)
{
	if (admin->state != DEST_SHUTTING_DOWN || admin->drain_deadline_us == 0 ||
	    at.now_us < admin->drain_deadline_us)
		return ADMIN_NOTHING;
	switch (admin->drain_action) {
	case DRAIN_LOCK:
		end_drain(admin, DEST_LOCKED, DRAIN_TIMED_OUT, at);
		break;
	case DRAIN_UNLOCK:
		end_drain(admin, DEST_UNLOCKED, DRAIN_TIMED_OUT, at);
		break;
	case DRAIN_KEEP:
		/* Goes on without a deadline and may still complete. */
		admin->drain = DRAIN_TIMED_OUT;
		admin->drain_deadline_us = 0;
		admin->drain_deadline_wall_us = 0;
		break;
	}
	return ADMIN_DRAIN;
}

enum admin_effect admin_kernel(struct admin *admin, bool ok)
{
	if (admin->state != DEST_SHUTTING_DOWN)
		return ADMIN_NOTHING;
	if (!ok && admin->drain == DRAIN_DRAINING)
		admin->drain = DRAIN_KERNEL_ERROR;
	else if (ok && admin->drain == DRAIN_KERNEL_ERROR)
		admin->drain = DRAIN_DRAINING;
	else
		return ADMIN_NOTHING;
	return ADMIN_DRAIN;
}

bool admin_follow_wall(struct admin *admin, struct admin_time at)
{
	if (admin->drain_deadline_us == 0)
		return false;
	uint64_t left_us =
		admin->drain_deadline_us > at.now_us ? admin->drain_deadline_us - at.now_us : 0;
	uint64_t wall_us = at.wall_us + left_us;
	uint64_t shown_us = admin->drain_deadline_wall_us;
	uint64_t apart_us = wall_us > shown_us ? wall_us - shown_us : shown_us - wall_us;
	if (apart_us < WALL_STEP_US)
		return false;
	admin->drain_deadline_wall_us = wall_us;
	return true;
}

void admin_store(const struct admin *admin, struct msg_admin *ret)
{
	ret->admin = admin->state;
	ret->storage = admin->storage;
	ret->weight_override = admin->weight_override;
	ret->drain_timeout_s = admin->drain_timeout_s;
	ret->drain_action = admin->drain_action;
	ret->drain = admin->drain;
	ret->changed_wall_us = admin->changed_wall_us;
	ret->drain_started_wall_us = admin->drain_started_wall_us;
	ret->drain_deadline_wall_us = admin->drain_deadline_wall_us;
	ret->drain_ended_wall_us = admin->drain_ended_wall_us;
	ret->drain_initial = admin->drain_initial;
	memcpy(ret->comment, admin->comment, sizeof ret->comment);
	ret->of_machine = admin->of_machine;
}

static void restore_deadline(struct admin *admin, struct admin_time at)
{
	uint64_t wall_us = admin->drain_deadline_wall_us;

	/* A deadline that passed while nobody ran fires with the first tick. A clock set back while
	 * we were away cannot make the drain longer than its timeout. */
	uint64_t left_us = wall_us > at.wall_us ? wall_us - at.wall_us : 1;
	if (left_us > admin->drain_timeout_s * USEC_PER_SEC)
		left_us = admin->drain_timeout_s * USEC_PER_SEC;
	admin->drain_deadline_us = at.now_us + left_us;
	admin->drain_deadline_wall_us = at.wall_us + left_us;
}

static bool makes_sense(const struct msg_admin *stored)
{
	return stored->admin >= DEST_LOCKED && stored->admin <= DEST_UNLOCKED &&
	       (stored->storage == STORAGE_VOLATILE || stored->storage == STORAGE_NONVOLATILE) &&
	       stored->weight_override >= WEIGHT_NO_OVERRIDE &&
	       stored->weight_override <= WEIGHT_MAX && stored->drain >= DRAIN_NONE &&
	       stored->drain <= DRAIN_KERNEL_ERROR && stored->drain_action >= DRAIN_KEEP &&
	       stored->drain_action <= DRAIN_UNLOCK &&
	       stored->drain_timeout_s <= DRAIN_TIMEOUT_MAX_S;
}

int admin_restore(const struct msg_admin *stored, struct admin_time at, struct admin *ret)
{
	if (!makes_sense(stored))
		return -EINVAL;

	struct admin admin = {
		.state = stored->admin,
		.storage = stored->storage,
		.weight_override = stored->weight_override,
		.drain = stored->drain,
		.drain_action = stored->drain_action,
		.drain_timeout_s = stored->drain_timeout_s,
		.drain_initial = stored->drain_initial,
		.changed_wall_us = stored->changed_wall_us,
		.drain_started_wall_us = stored->drain_started_wall_us,
		.drain_ended_wall_us = stored->drain_ended_wall_us,
		.drain_deadline_wall_us = stored->drain_deadline_wall_us,
	};

	admin.of_machine = stored->of_machine && admin.state != DEST_UNLOCKED;
	memcpy(admin.comment, stored->comment, sizeof admin.comment);
	admin.comment[sizeof admin.comment - 1] = '\0';
	if (admin.state == DEST_SHUTTING_DOWN && admin.drain_deadline_wall_us)
		restore_deadline(&admin, at);
	else
		admin.drain_deadline_wall_us = 0;
	if (admin.state == DEST_SHUTTING_DOWN && admin.drain == DRAIN_KERNEL_ERROR)
		admin.drain = DRAIN_DRAINING;
	*ret = admin;
	return 0;
}
