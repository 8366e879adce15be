/* SPDX-License-Identifier: MIT */
/*
 * The administrative model: each edge of its table, then random sequences against a reference
 * written as a table of transitions, thousands of steps from fixed seeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/check/admin.h"

static const struct admin_usage idle, busy = {.active = 3, .inactive = 4};

static struct admin_time at(uint64_t seconds)
{
	return (struct admin_time){.now_us = seconds * USEC_PER_SEC,
				   .wall_us = (1000000 + seconds) * USEC_PER_SEC};
}

static int set(struct admin *a, enum dest_field field, int32_t value, uint64_t seconds,
	       enum admin_effect *effect)
{
	struct dest_change change = {.field = field, .value = value};

	return admin_set(a, &change, at(seconds), &busy, effect);
}

static void must_set(struct admin *a, enum dest_field field, int32_t value, uint64_t seconds,
		     enum admin_effect expected)
{
	enum admin_effect effect = ADMIN_NOTHING;

	assert_int_equal(set(a, field, value, seconds, &effect), 0);
	assert_int_equal(effect, expected);
}

static void drain_completes_after_two_zero_snapshots(void **state)
{
	struct admin a = admin_default();
	struct admin_usage templates = {.persistent = 1};

	(void)state;
	must_set(&a, DEST_SET_ADMIN, DEST_SHUTTING_DOWN, 10, ADMIN_DRAIN);
	assert_int_equal(a.drain_initial, 7);
	assert_int_equal(a.drain, DRAIN_DRAINING);
	assert_int_equal(admin_snapshot(&a, &busy, at(12)), ADMIN_NOTHING);
	assert_int_equal(admin_snapshot(&a, &idle, at(14)), ADMIN_NOTHING);
	assert_int_equal(admin_snapshot(&a, &templates, at(16)), ADMIN_NOTHING);
	assert_int_equal(admin_snapshot(&a, &idle, at(18)), ADMIN_NOTHING);
	/* The same look told twice is one look. */
	assert_int_equal(admin_snapshot(&a, &idle, at(18)), ADMIN_NOTHING);
	assert_int_equal(a.state, DEST_SHUTTING_DOWN);
	assert_int_equal(admin_snapshot(&a, &idle, at(20)), ADMIN_DRAIN);
	assert_int_equal(a.state, DEST_LOCKED);
	assert_int_equal(a.drain, DRAIN_DRAINED);
	assert_int_equal(a.drain_ended_wall_us, at(20).wall_us);
}

static void udp_flows_count(void **state)
{
	struct admin a = admin_default();
	struct admin_usage udp = {.inactive = 1};

	(void)state;
	must_set(&a, DEST_SET_ADMIN, DEST_SHUTTING_DOWN, 10, ADMIN_DRAIN);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(admin_snapshot(&a, &udp, at(12 + i)), ADMIN_NOTHING);
}

static void edges_of_the_table(void **state)
{
	struct admin a = admin_default();
	enum admin_effect effect;

	(void)state;
	must_set(&a, DEST_SET_ADMIN, DEST_UNLOCKED, 1, ADMIN_NOTHING);
	assert_int_equal(a.changed_wall_us, 0);
	must_set(&a, DEST_SET_ADMIN, DEST_LOCKED, 1, ADMIN_CHANGED);
	assert_int_equal(set(&a, DEST_SET_ADMIN, DEST_SHUTTING_DOWN, 2, &effect), -EBUSY);
	assert_int_equal(a.state, DEST_LOCKED);
	must_set(&a, DEST_SET_ADMIN, DEST_UNLOCKED, 3, ADMIN_CHANGED);
	must_set(&a, DEST_SET_ADMIN, DEST_SHUTTING_DOWN, 4, ADMIN_DRAIN);
	must_set(&a, DEST_SET_ADMIN, DEST_UNLOCKED, 5, ADMIN_DRAIN);
	assert_int_equal(a.drain, DRAIN_CANCELLED);
	must_set(&a, DEST_SET_ADMIN, DEST_SHUTTING_DOWN, 6, ADMIN_DRAIN);
	must_set(&a, DEST_SET_ADMIN, DEST_LOCKED, 7, ADMIN_DRAIN);
	assert_int_equal(a.drain, DRAIN_CANCELLED);
	assert_int_equal(set(&a, DEST_SET_ADMIN, 1, 8, &effect), -EINVAL);

	/* A SET that locked a draining server and failed elsewhere must be taken back whole. */
	struct dest_change undo = {
		.field = DEST_SET_ADMIN, .value = DEST_SHUTTING_DOWN, .undo = true};
	struct admin locked = admin_default();
	must_set(&locked, DEST_SET_ADMIN, DEST_LOCKED, 1, ADMIN_CHANGED);
	assert_int_equal(admin_set(&locked, &undo, at(2), &idle, &effect), 0);
	assert_int_equal(locked.state, DEST_SHUTTING_DOWN);
	assert_int_equal(locked.drain, DRAIN_DRAINING);
	assert_int_equal(set(&a, DEST_SET_ADMIN, 5, 8, &effect), -EINVAL);
}

static void values_are_checked(void **state)
{
	struct admin a = admin_default(), before = a;
	enum admin_effect effect;
	struct dest_change comment = {.field = DEST_SET_COMMENT};

	(void)state;
	assert_int_equal(set(&a, DEST_SET_WEIGHT, -2, 1, &effect), -EINVAL);
	assert_int_equal(set(&a, DEST_SET_WEIGHT, 65536, 1, &effect), -EINVAL);
	assert_int_equal(set(&a, DEST_SET_DRAIN_TIMEOUT, -1, 1, &effect), -EINVAL);
	assert_int_equal(set(&a, DEST_SET_DRAIN_TIMEOUT, 604801, 1, &effect), -EINVAL);
	assert_int_equal(set(&a, DEST_SET_DRAIN_ACTION, 0, 1, &effect), -EINVAL);
	assert_int_equal(set(&a, DEST_SET_DRAIN_ACTION, 4, 1, &effect), -EINVAL);
	assert_int_equal(set(&a, DEST_SET_STORAGE, 4, 1, &effect), -EINVAL);
	memset(comment.text, 'x', sizeof comment.text);
	assert_int_equal(admin_set(&a, &comment, at(1), &idle, &effect), -EINVAL);
	assert_false(admin_differs(&a, &before));
	must_set(&a, DEST_SET_WEIGHT, 65535, 1, ADMIN_CHANGED);
	must_set(&a, DEST_SET_WEIGHT, 300, 1, ADMIN_CHANGED);
	assert_int_equal(a.weight_override, 300);
	must_set(&a, DEST_SET_WEIGHT, 300, 1, ADMIN_NOTHING);
	must_set(&a, DEST_SET_WEIGHT, -1, 1, ADMIN_CHANGED);
	comment.text[63] = '\0';
	assert_int_equal(admin_set(&a, &comment, at(1), &idle, &effect), 0);
	assert_int_equal(strlen(a.comment), 63);
	static const char *const bad[] = {"two\nlines", "\033[2J", "\x7f", "\xc2\x9b"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		strcpy(comment.text, bad[i]);
		assert_int_equal(admin_set(&a, &comment, at(1), &idle, &effect), -EINVAL);
	}
	strcpy(comment.text, "\xc2\xa0\xc3\x9f");
	assert_int_equal(admin_set(&a, &comment, at(1), &idle, &effect), 0);
}

static void deadline_acts(void **state)
{
	static const struct {
		enum drain_action action;
		enum dest_admin state;
	} cases[] = {{DRAIN_KEEP, DEST_SHUTTING_DOWN},
		     {DRAIN_LOCK, DEST_LOCKED},
		     {DRAIN_UNLOCK, DEST_UNLOCKED}};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct admin a = admin_default();

		must_set(&a, DEST_SET_DRAIN_TIMEOUT, 30, 1, ADMIN_NOTHING);
		must_set(&a, DEST_SET_DRAIN_ACTION, cases[i].action, 1, ADMIN_NOTHING);
		must_set(&a, DEST_SET_ADMIN, DEST_SHUTTING_DOWN, 100, ADMIN_DRAIN);
		assert_int_equal(a.drain_deadline_wall_us, at(130).wall_us);
		/* Setting the same state again does not move the deadline. */
		must_set(&a, DEST_SET_ADMIN, DEST_SHUTTING_DOWN, 110, ADMIN_NOTHING);
		assert_int_equal(admin_tick(&a, at(129)), ADMIN_NOTHING);
		assert_int_equal(admin_tick(&a, at(130)), ADMIN_DRAIN);
		assert_int_equal(a.state, cases[i].state);
		assert_int_equal(a.drain, DRAIN_TIMED_OUT);
		assert_int_equal(admin_tick(&a, at(500)), ADMIN_NOTHING);
	}
}

static void timeout_restarts_a_running_drain(void **state)
{
	struct admin a = admin_default();

	(void)state;
	must_set(&a, DEST_SET_ADMIN, DEST_SHUTTING_DOWN, 100, ADMIN_DRAIN);
	assert_int_equal(a.drain_deadline_us, 0);
	must_set(&a, DEST_SET_DRAIN_TIMEOUT, 10, 200, ADMIN_NOTHING);
	assert_int_equal(admin_tick(&a, at(209)), ADMIN_NOTHING);
	assert_int_equal(admin_tick(&a, at(210)), ADMIN_DRAIN);
	must_set(&a, DEST_SET_DRAIN_TIMEOUT, 5, 220, ADMIN_DRAIN);
	assert_int_equal(a.drain, DRAIN_DRAINING);
	must_set(&a, DEST_SET_DRAIN_TIMEOUT, 0, 221, ADMIN_NOTHING);
	assert_int_equal(admin_tick(&a, at(10000)), ADMIN_NOTHING);
}

static void deadline_ignores_wall_clock(void **state)
{
	struct admin a = admin_default();
	struct admin_time stepped = {.now_us = 110 * USEC_PER_SEC, .wall_us = 5 * USEC_PER_SEC};

	(void)state;
	must_set(&a, DEST_SET_DRAIN_TIMEOUT, 30, 1, ADMIN_NOTHING);
	must_set(&a, DEST_SET_ADMIN, DEST_SHUTTING_DOWN, 100, ADMIN_DRAIN);
	assert_false(admin_follow_wall(&a, at(105)));
	assert_true(admin_follow_wall(&a, stepped));
	assert_int_equal(a.drain_deadline_wall_us, 25 * USEC_PER_SEC);
	assert_int_equal(a.drain_deadline_us, 130 * USEC_PER_SEC);
}

static void survives_storage(void **state)
{
	struct admin a = admin_default(), b;
	struct msg_admin stored = {0};

	(void)state;
	must_set(&a, DEST_SET_DRAIN_TIMEOUT, 300, 1, ADMIN_NOTHING);
	must_set(&a, DEST_SET_WEIGHT, 7, 1, ADMIN_CHANGED);
	must_set(&a, DEST_SET_ADMIN, DEST_SHUTTING_DOWN, 100, ADMIN_DRAIN);
	admin_store(&a, &stored);
	/* 50 s later in another life of the machine: monotonic time starts anew. */
	struct admin_time reborn = {.now_us = 3 * USEC_PER_SEC, .wall_us = at(150).wall_us};
	assert_int_equal(admin_restore(&stored, reborn, &b), 0);
	assert_int_equal(b.state, DEST_SHUTTING_DOWN);
	assert_int_equal(b.drain_deadline_us, (3 + 250) * USEC_PER_SEC);
	assert_int_equal(b.drain_deadline_wall_us, at(400).wall_us);
	assert_int_equal(b.weight_override, 7);
	/* Past its deadline: the first tick acts. */
	reborn.wall_us = at(1000).wall_us;
	assert_int_equal(admin_restore(&stored, reborn, &b), 0);
	reborn.now_us += 1;
	assert_int_equal(admin_tick(&b, reborn), ADMIN_DRAIN);
	/* A clock far behind cannot stretch it. */
	reborn.wall_us = 1;
	assert_int_equal(admin_restore(&stored, reborn, &b), 0);
	assert_true(b.drain_deadline_us <= reborn.now_us + 300 * USEC_PER_SEC);
	stored.admin = 0;
	assert_int_equal(admin_restore(&stored, reborn, &b), -EINVAL);
}

static void kernel_error_shows_and_goes(void **state)
{
	struct admin a = admin_default();

	(void)state;
	assert_int_equal(admin_kernel(&a, false), ADMIN_NOTHING);
	must_set(&a, DEST_SET_ADMIN, DEST_SHUTTING_DOWN, 1, ADMIN_DRAIN);
	assert_int_equal(admin_kernel(&a, false), ADMIN_DRAIN);
	assert_int_equal(a.drain, DRAIN_KERNEL_ERROR);
	assert_int_equal(admin_kernel(&a, false), ADMIN_NOTHING);
	assert_int_equal(admin_kernel(&a, true), ADMIN_DRAIN);
	assert_int_equal(a.drain, DRAIN_DRAINING);
}

/* ---- random sequences ---- */

/* The reference keeps only what the table speaks of and decides by looking up rows. */
enum event {
	TO_UNLOCKED,
	TO_DRAIN,
	TO_LOCKED,
	ZERO,
	USED,
	DEADLINE_KEEP,
	DEADLINE_LOCK,
	DEADLINE_UNLOCK
};

struct row {
	enum dest_admin from;
	enum event event;
	enum dest_admin to;
	enum dest_drain drain; /* 0: as it was */
	int error;
};

static const struct row table[] = {
	{DEST_UNLOCKED, TO_UNLOCKED, DEST_UNLOCKED, 0, 0},
	{DEST_UNLOCKED, TO_DRAIN, DEST_SHUTTING_DOWN, DRAIN_DRAINING, 0},
	{DEST_UNLOCKED, TO_LOCKED, DEST_LOCKED, 0, 0},
	{DEST_SHUTTING_DOWN, TO_UNLOCKED, DEST_UNLOCKED, DRAIN_CANCELLED, 0},
	{DEST_SHUTTING_DOWN, TO_DRAIN, DEST_SHUTTING_DOWN, 0, 0},
	{DEST_SHUTTING_DOWN, TO_LOCKED, DEST_LOCKED, DRAIN_CANCELLED, 0},
	{DEST_SHUTTING_DOWN, ZERO, DEST_LOCKED, DRAIN_DRAINED, 0},
	{DEST_SHUTTING_DOWN, DEADLINE_KEEP, DEST_SHUTTING_DOWN, DRAIN_TIMED_OUT, 0},
	{DEST_SHUTTING_DOWN, DEADLINE_LOCK, DEST_LOCKED, DRAIN_TIMED_OUT, 0},
	{DEST_SHUTTING_DOWN, DEADLINE_UNLOCK, DEST_UNLOCKED, DRAIN_TIMED_OUT, 0},
	{DEST_LOCKED, TO_UNLOCKED, DEST_UNLOCKED, 0, 0},
	{DEST_LOCKED, TO_DRAIN, DEST_LOCKED, 0, -EBUSY},
	{DEST_LOCKED, TO_LOCKED, DEST_LOCKED, 0, 0},
};

struct reference {
	enum dest_admin state;
	enum dest_drain drain;
	unsigned zeros;
	int64_t deadline; /* seconds, -1: none */
	uint32_t timeout;
	enum drain_action action;
};

static int look_up(struct reference *r, enum event event)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (table[i].from != r->state || table[i].event != event)
			continue;
		if (table[i].error)
			return table[i].error;
		if (table[i].to != r->state)
			r->zeros = 0;
		r->state = table[i].to;
		r->drain = table[i].drain ? table[i].drain : r->drain;
		return 0;
	}
	return 0;
}

static void reference_set(struct reference *r, int32_t value, int64_t now, int *ret)
{
	static const enum event events[] = {[2] = TO_LOCKED, [3] = TO_DRAIN, [4] = TO_UNLOCKED};
	enum dest_admin before = r->state;

	*ret = value < 2 || value > 4 ? -EINVAL : look_up(r, events[value]);
	if (r->state == before)
		return;
	r->deadline = r->state == DEST_SHUTTING_DOWN && r->timeout ? now + r->timeout : -1;
}

static void reference_snapshot(struct reference *r, bool zero)
{
	if (r->state != DEST_SHUTTING_DOWN)
		return;
	r->zeros = zero ? r->zeros + 1 : 0;
	if (r->zeros == 2) {
		look_up(r, ZERO);
		r->deadline = -1;
	}
}

static void reference_tick(struct reference *r, int64_t now)
{
	static const enum event events[] = {[DRAIN_KEEP] = DEADLINE_KEEP,
					    [DRAIN_LOCK] = DEADLINE_LOCK,
					    [DRAIN_UNLOCK] = DEADLINE_UNLOCK};

	if (r->deadline < 0 || now < r->deadline)
		return;
	look_up(r, events[r->action]);
	r->deadline = -1;
}

static void reference_timeout(struct reference *r, uint32_t timeout, int64_t now)
{
	r->timeout = timeout;
	if (r->state != DEST_SHUTTING_DOWN)
		return;
	r->deadline = timeout ? now + timeout : -1;
	if (r->drain == DRAIN_TIMED_OUT)
		r->drain = DRAIN_DRAINING;
}

static void step(struct admin *a, struct reference *r, unsigned *random, uint64_t now)
{
	enum admin_effect effect;
	struct msg_admin stored = {0};
	int32_t value;
	int expected;

	switch (rand_r(random) % 8) {
	case 0:
	case 1:
		value = 1 + rand_r(random) % 5;
		reference_set(r, value, (int64_t)now, &expected);
		assert_int_equal(set(a, DEST_SET_ADMIN, value, now, &effect), expected);
		break;
	case 2:
		value = rand_r(random) % 20;
		reference_timeout(r, (uint32_t)value, (int64_t)now);
		assert_int_equal(set(a, DEST_SET_DRAIN_TIMEOUT, value, now, &effect), 0);
		break;
	case 3:
		value = 1 + rand_r(random) % 3;
		r->action = (enum drain_action)value;
		assert_int_equal(set(a, DEST_SET_DRAIN_ACTION, value, now, &effect), 0);
		break;
	case 4:
	case 5:
		value = rand_r(random) % 3;
		reference_snapshot(r, value != 0);
		admin_snapshot(a, value ? &idle : &busy, at(now));
		break;
	case 6:
		reference_tick(r, (int64_t)now);
		admin_tick(a, at(now));
		break;
	case 7: /* a restart: snapshots are forgotten, all else is not */
		r->zeros = 0;
		admin_store(a, &stored);
		assert_int_equal(admin_restore(&stored, at(now), a), 0);
		break;
	}
}

static void random_sequences_follow_the_reference(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct admin a = admin_default();
		struct reference r = {.state = DEST_UNLOCKED,
				      .drain = DRAIN_NONE,
				      .deadline = -1,
				      .action = DRAIN_KEEP};
		unsigned random = seed;

		for (uint64_t now = 1000; now < 4000; now++) {
			/* As the engine does: the deadline is looked at before anything else. */
			reference_tick(&r, (int64_t)now);
			admin_tick(&a, at(now));
			step(&a, &r, &random, now);
			if (a.state != r.state || a.drain != r.drain)
				fail_msg("seed %u, step %llu: %s/%s, reference %s/%s", seed,
					 (unsigned long long)now, admin_state_name(a.state),
					 admin_drain_name(a.drain), admin_state_name(r.state),
					 admin_drain_name(r.drain));
			assert_true((a.drain_deadline_us == 0) == (r.deadline < 0));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drain_completes_after_two_zero_snapshots),
		cmocka_unit_test(udp_flows_count),
		cmocka_unit_test(edges_of_the_table),
		cmocka_unit_test(values_are_checked),
		cmocka_unit_test(deadline_acts),
		cmocka_unit_test(timeout_restarts_a_running_drain),
		cmocka_unit_test(deadline_ignores_wall_clock),
		cmocka_unit_test(survives_storage),
		cmocka_unit_test(kernel_error_shows_and_goes),
		cmocka_unit_test(random_sequences_follow_the_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
