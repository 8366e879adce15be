/* SPDX-License-Identifier: MIT */
/* Limits for notifications: interval, rate, what is merged and counted, order, what is kept. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/limit.h"
#include "agent/queue.h"
#include "agent/table.h"
#include "core/base/clock.h"

#define MS USEC_PER_MSEC

struct fixture {
	struct queue *queue;
	struct limit *limit;
	struct notification in, out;
	uint64_t now_us;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f || queue_new(2 * LIMIT_ROOM, &f->queue) < 0)
		return -1;
	f->now_us = 5 * USEC_PER_SEC;
	return limit_new(f->queue, &f->limit);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	limit_free(f->limit);
	queue_free(f->queue);
	free(f);
	return 0;
}

/* One of a kind about a row, with a number to know it by. */
static void push(struct fixture *f, uint32_t kind, uint32_t row, int64_t number)
{
	struct notification *in = &f->in;

	memset(in, 0, sizeof(*in));
	in->trap_length = 3;
	in->trap[2] = 70 + (uint32_t)number % 2; /* up and down are of one kind */
	in->kind = kind;
	in->n_varbinds = 2;
	in->varbinds[0].name_length = 2; /* a scalar before it */
	in->varbinds[0].type = CELL_INTEGER;
	in->varbinds[0].cell.number = number;
	in->varbinds[1].name_length = 3;
	in->varbinds[1].name[2] = row;
	in->varbinds[1].type = CELL_INTEGER;
	assert_int_equal(limit_push(f->limit, in, f->now_us), 0);
}

static void turn(struct fixture *f, uint64_t later_us)
{
	f->now_us += later_us;
	limit_turn(f->limit, f->now_us);
}

/* The number of the next in the queue, which takes it; -1: there is none. */
static int64_t take(struct fixture *f)
{
	uint64_t id = queue_peek(f->queue, &f->out);
	int64_t number = id ? f->out.varbinds[0].cell.number : -1;

	if (id) {
		queue_mark_sent(f->queue, 1);
		queue_ack(f->queue, id, true);
	}
	return number;
}

static void assert_state(struct fixture *f, size_t held, uint64_t suppressed)
{
	assert_int_equal(limit_held(f->limit), held);
	assert_int_equal(limit_suppressed(f->limit), suppressed);
}

static void test_none(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 100; i++)
		push(f, 1, 1, i);
	for (int i = 0; i < 100; i++)
		assert_int_equal(take(f), i);
	assert_state(f, 0, 0);
}

static void test_interval(void **state)
{
	struct fixture *f = *state;

	limit_set(f->limit, (struct limits){.interval_ms = 1000});
	push(f, 1, 1, 0);
	push(f, 1, 2, 1); /* another row */
	push(f, 2, 1, 2); /* another kind */
	for (int i = 3; i <= 8; i++)
		push(f, 1, 1, i); /* merged: the last stays */
	push(f, 2, 1, 9);
	for (int i = 0; i < 3; i++)
		assert_int_equal(take(f), i);
	assert_int_equal(take(f), -1);
	assert_state(f, 2, 5);
	turn(f, 999 * MS);
	assert_int_equal(take(f), -1);
	turn(f, MS);
	assert_int_equal(take(f), 8);
	assert_int_equal(f->out.trap[2], 70);
	assert_int_equal(take(f), 9);
	/* The interval begins anew with what was sent. */
	push(f, 1, 1, 10);
	assert_int_equal(take(f), -1);
	turn(f, 1000 * MS);
	assert_int_equal(take(f), 10);
	turn(f, 2000 * MS);
	push(f, 1, 1, 11);
	assert_int_equal(take(f), 11);
	assert_state(f, 0, 5);
}

static void test_rate(void **state)
{
	struct fixture *f = *state;

	limit_set(f->limit, (struct limits){.rate = 10});
	for (int i = 0; i < 30; i++)
		push(f, 1, (uint32_t)i, i);
	for (int i = 0; i < 10; i++) /* a second's worth */
		assert_int_equal(take(f), i);
	assert_int_equal(take(f), -1);
	assert_state(f, 20, 0);
	push(f, 1, 29, 31); /* in its place, but behind */
	push(f, 1, 11, 32);
	assert_state(f, 20, 2);
	turn(f, 250 * MS);
	assert_int_equal(take(f), 10);
	assert_int_equal(take(f), 12);
	assert_int_equal(take(f), -1);
	push(f, 1, 40, 33); /* nobody overtakes */
	assert_int_equal(take(f), -1);
	for (int i = 0; i < 10; i++)
		turn(f, 200 * MS);
	for (int i = 13; i < 29; i++)
		assert_int_equal(take(f), i);
	for (int i = 31; i < 34; i++)
		assert_int_equal(take(f), i);
	assert_int_equal(take(f), -1);
	assert_state(f, 0, 2);
}

/* Lifted limits let go what waits, in order and before what comes. */
static void test_lifted(void **state)
{
	struct fixture *f = *state;

	limit_set(f->limit, (struct limits){.interval_ms = 60000, .rate = 1});
	for (int i = 0; i < 6; i++)
		push(f, 1, (uint32_t)i, i);
	assert_int_equal(take(f), 0);
	limit_set(f->limit, (struct limits){0});
	turn(f, 0);
	push(f, 1, 1, 6);
	for (int i = 1; i <= 6; i++)
		assert_int_equal(take(f), i);
	assert_state(f, 0, 0);
}

static void test_flush_and_clear(void **state)
{
	struct fixture *f = *state;

	limit_set(f->limit, (struct limits){.interval_ms = 60000, .rate = 2});
	for (int i = 0; i < 6; i++)
		push(f, 1, (uint32_t)i, i);
	limit_flush(f->limit);
	for (int i = 0; i < 6; i++)
		assert_int_equal(take(f), i);
	for (int i = 6; i < 12; i++)
		push(f, 1, (uint32_t)i, i);
	limit_clear(f->limit);
	turn(f, 3600 * USEC_PER_SEC);
	assert_int_equal(take(f), -1);
	assert_state(f, 0, 0);
}

/* Bounded: the oldest goes, and is counted. */
static void test_room(void **state)
{
	struct fixture *f = *state;

	limit_set(f->limit, (struct limits){.rate = 1});
	push(f, 1, 0, 0);
	for (int i = 1; i <= LIMIT_ROOM + 3; i++)
		push(f, 1, (uint32_t)i, i);
	assert_state(f, LIMIT_ROOM, 3);
	limit_flush(f->limit);
	assert_int_equal(take(f), 0);
	assert_int_equal(take(f), 4);
}

/* Ten thousand changes of a hundred objects in one moment: the newest state of each arrives. */
static void test_storm(void **state)
{
	struct fixture *f = *state;
	int64_t number = 9900;

	limit_set(f->limit, (struct limits){.rate = 50});
	for (int i = 0; i < 10000; i++)
		push(f, 1, (uint32_t)i % 100, i);
	for (int i = 0; i < 50; i++)
		assert_int_equal(take(f), i);
	for (int second = 0; second < 2; second++)
		turn(f, USEC_PER_SEC);
	for (; number < 10000; number++)
		assert_int_equal(take(f), number);
	assert_int_equal(take(f), -1);
	assert_state(f, 0, 10000 - 150);
}

static void test_unsound(void **state)
{
	struct fixture *f = *state;

	limit_set(f->limit, (struct limits){.rate = 1});
	memset(&f->in, 0, sizeof(f->in));
	assert_int_equal(limit_push(f->limit, &f->in, f->now_us), -EINVAL);
	assert_int_equal(queue_counts(f->queue).dropped, 1);
	assert_state(f, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_interval, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_rate, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lifted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_flush_and_clear, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_storm, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unsound, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
