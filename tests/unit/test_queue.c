/* SPDX-License-Identifier: MIT */
/* The notification queue: contents survive, window, rewind, acknowledgements out of order, bound.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/queue.h"
#include "agent/table.h"

struct fixture {
	struct queue *queue;
	struct notification in, out;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	return fixture ? queue_new(256, &fixture->queue) : -1;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	queue_free(fixture->queue);
	free(fixture);
	return 0;
}

static void push(struct fixture *fixture, int64_t number)
{
	struct notification *in = &fixture->in;

	memset(in, 0, sizeof(*in));
	in->trap_length = 3;
	in->trap[2] = 77;
	in->n_varbinds = 1;
	in->varbinds[0].name_length = 1;
	in->varbinds[0].type = CELL_INTEGER;
	in->varbinds[0].cell.number = number;
	assert_int_equal(queue_push(fixture->queue, in), 0);
}

/* Sends all the window takes; the number of the last, -1 when none. */
static int64_t send_all(struct fixture *fixture)
{
	int64_t last = -1;

	while (queue_peek(fixture->queue, &fixture->out)) {
		last = fixture->out.varbinds[0].cell.number;
		queue_mark_sent(fixture->queue, 5);
	}
	return last;
}

static void test_contents(void **state)
{
	struct fixture *fixture = *state;
	struct notification *in = &fixture->in, *out = &fixture->out;
	char text[300];

	memset(text, 'x', sizeof(text));
	*in = (struct notification){.trap = {1, 3, 9}, .trap_length = 3, .n_varbinds = 3};
	in->wall_us = 11;
	in->mono_us = 12;
	in->varbinds[0] = (struct varbind){.name = {1, 2}, .name_length = 2, .type = CELL_OCTETS};
	in->varbinds[0].cell.octets = text;
	in->varbinds[0].cell.size = sizeof(text);
	in->varbinds[1] = (struct varbind){.name = {5}, .name_length = 1, .type = CELL_OID};
	in->varbinds[1].cell.size = 2;
	in->varbinds[1].cell.oid[1] = 4000000000u;
	in->varbinds[2] = (struct varbind){.name = {6}, .name_length = 1, .type = CELL_OCTETS};
	in->varbinds[2].cell.size = 2;
	memcpy(in->varbinds[2].cell.room, "ab", 2);
	assert_int_equal(queue_push(fixture->queue, in), 0);
	memset(text, 'y', sizeof(text));
	memset(in, 0xff, sizeof(*in));
	assert_int_equal(queue_peek(fixture->queue, out), 1);
	assert_int_equal(out->wall_us, 11);
	assert_int_equal(out->mono_us, 12);
	assert_int_equal(out->trap_length, 3);
	assert_int_equal(out->trap[2], 9);
	assert_int_equal(out->n_varbinds, 3);
	assert_int_equal(out->varbinds[0].name[1], 2);
	assert_int_equal(out->varbinds[0].cell.size, 300);
	assert_int_equal(((const char *)out->varbinds[0].cell.octets)[299], 'x');
	assert_int_equal(out->varbinds[1].cell.oid[1], 4000000000u);
	assert_memory_equal(out->varbinds[2].cell.octets, "ab", 2);
}

static void test_unsound(void **state)
{
	struct fixture *fixture = *state;

	fixture->in.trap_length = OID_MAX + 1;
	assert_int_equal(queue_push(fixture->queue, &fixture->in), -EINVAL);
	fixture->in.trap_length = 3;
	fixture->in.n_varbinds = 1;
	fixture->in.varbinds[0].name_length = 1;
	fixture->in.varbinds[0].type = CELL_OCTETS;
	fixture->in.varbinds[0].cell.size = 257; /* more than the room it says it is in */
	assert_int_equal(queue_push(fixture->queue, &fixture->in), -EINVAL);
	assert_int_equal(queue_counts(fixture->queue).dropped, 2);
}

static void test_window_and_rewind(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 100; i++)
		push(fixture, i);
	assert_int_equal(queue_oldest_sent_us(fixture->queue), 0);
	assert_int_equal(send_all(fixture), QUEUE_WINDOW - 1);
	assert_int_equal(queue_oldest_sent_us(fixture->queue), 5);
	queue_ack(fixture->queue, 1, true);
	assert_int_equal(send_all(fixture), QUEUE_WINDOW);
	/* 4 answered before 3: it leaves with it, and is not sent again after a rewind. */
	queue_ack(fixture->queue, 2, true);
	queue_ack(fixture->queue, 4, true);
	assert_int_equal(queue_counts(fixture->queue).sent, 3);
	queue_rewind(fixture->queue);
	assert_int_equal(queue_counts(fixture->queue).in_flight, 0);
	assert_int_equal(queue_peek(fixture->queue, &fixture->out), 3);
	queue_mark_sent(fixture->queue, 6);
	assert_int_equal(queue_peek(fixture->queue, &fixture->out), 5);
	queue_ack(fixture->queue, 3, false);
	queue_ack(fixture->queue, 3, true);   /* twice, gone */
	queue_ack(fixture->queue, 50, true);  /* not in flight */
	queue_ack(fixture->queue, 999, true); /* never was */
	assert_int_equal(queue_counts(fixture->queue).dropped, 1);
	assert_int_equal(queue_counts(fixture->queue).sent, 3);
	assert_int_equal(queue_counts(fixture->queue).waiting, 96);
}

static void test_bound(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 40; i++)
		push(fixture, i);
	send_all(fixture);
	for (int i = 40; i < 300; i++)
		push(fixture, i);
	assert_int_equal(queue_counts(fixture->queue).waiting, 256);
	assert_int_equal(queue_counts(fixture->queue).dropped, 44);
	queue_ack(fixture->queue, 1, true); /* of one that was dropped in flight */
	assert_int_equal(queue_counts(fixture->queue).sent, 0);
	queue_rewind(fixture->queue);
	assert_int_equal(queue_peek(fixture->queue, &fixture->out), 45);
	assert_int_equal(fixture->out.varbinds[0].cell.number, 44);
	queue_clear(fixture->queue);
	assert_int_equal(queue_counts(fixture->queue).waiting, 0);
	assert_int_equal(queue_peek(fixture->queue, &fixture->out), 0);
}

/* Every one pushed is acknowledged or counted as dropped, in order, whatever happens. */
static void test_random(void **state)
{
	struct fixture *fixture = *state;
	uint32_t noise = 7;
	int64_t pushed = 0, acked = -1;

	for (int step = 0; step < 20000; step++) {
		uint64_t id;

		noise = noise * 1664525u + 1013904223u;
		switch (noise >> 28) {
		case 0 ... 6:
			push(fixture, pushed++);
			break;
		case 7:
			queue_rewind(fixture->queue);
			break;
		default:
			id = queue_peek(fixture->queue, &fixture->out);
			if (!id)
				break;
			queue_mark_sent(fixture->queue, 1);
			if (noise >> 24 & 1)
				break;
			assert_true(fixture->out.varbinds[0].cell.number > acked ||
				    queue_counts(fixture->queue).in_flight);
			queue_ack(fixture->queue, id, true);
			acked = fixture->out.varbinds[0].cell.number;
		}
	}
	struct queue_counts counts = queue_counts(fixture->queue);
	assert_int_equal(counts.queued, pushed);
	assert_true(counts.waiting <= 256 && counts.in_flight <= QUEUE_WINDOW);
	assert_true(counts.sent + counts.dropped + counts.waiting >= counts.queued);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_contents, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unsound, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_window_and_rewind, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bound, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_random, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
