/* SPDX-License-Identifier: MIT */
/*
 * The state machine of BFD in virtual time: every state with every input against a table of its
 * own, intervals and polls, jitter, silence, and two sessions on a wire that loses packets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/bfd/fsm.h"

#define MS USEC_PER_MSEC

static const struct conf_bfd quick = {.name = "quick",
				      .min_rx_us = 100 * MS,
				      .min_tx_us = 50 * MS,
				      .idle_tx_us = 1000 * MS,
				      .multiplier = 3,
				      .ttl = 255};

static struct bfd_packet heard(enum bfd_state state)
{
	return (struct bfd_packet){.state = state,
				   .multiplier = 4,
				   .my_discr = 77,
				   .your_discr = 1,
				   .min_tx_us = state == BFD_UP ? 60 * MS : 1000 * MS,
				   .min_rx_us = 80 * MS};
}

static struct bfd_actions step(struct bfd_session *s, enum bfd_event_kind kind, uint64_t now_us)
{
	return bfd_step(s, &(struct bfd_event){.kind = kind}, now_us);
}

static struct bfd_actions hear(struct bfd_session *s, const struct bfd_packet *packet,
			       uint64_t now_us)
{
	return bfd_step(s, &(struct bfd_event){.kind = BFD_EVENT_PACKET, .packet = packet}, now_us);
}

static struct bfd_actions hear_state(struct bfd_session *s, enum bfd_state state, uint64_t now_us)
{
	struct bfd_packet packet = heard(state);

	return hear(s, &packet, now_us);
}

static struct bfd_actions adopt(struct bfd_session *s, const struct conf_bfd *conf, uint64_t now_us)
{
	return bfd_step(s, &(struct bfd_event){.kind = BFD_EVENT_CONF, .conf = conf}, now_us);
}

static struct bfd_packet said(const struct bfd_session *s, bool final)
{
	struct bfd_packet packet;

	bfd_session_packet(s, final, &packet);
	return packet;
}

/* A session at 1 s that has come into that state. */
static struct bfd_session session_in(const struct conf_bfd *conf, enum bfd_state state)
{
	struct bfd_session s;

	bfd_session_init(&s, conf, 1, 12345);
	step(&s, BFD_EVENT_START, USEC_PER_SEC);
	step(&s, BFD_EVENT_TICK, USEC_PER_SEC);
	if (state == BFD_INIT || state == BFD_UP)
		hear_state(&s, BFD_DOWN, USEC_PER_SEC);
	if (state == BFD_UP)
		hear_state(&s, BFD_UP, USEC_PER_SEC);
	if (state == BFD_ADMIN_DOWN)
		step(&s, BFD_EVENT_LEAVE, USEC_PER_SEC);
	assert_int_equal(s.state, state);
	return s;
}

/* The figure of RFC 5880 section 6.2 and the text of 6.8.6, not the code, are its source. */
static void test_states_and_packets(void **state)
{
	static const enum bfd_state next[BFD_STATES][BFD_STATES] = {
		[BFD_ADMIN_DOWN] = {BFD_ADMIN_DOWN, BFD_ADMIN_DOWN, BFD_ADMIN_DOWN, BFD_ADMIN_DOWN},
		[BFD_DOWN] = {BFD_DOWN, BFD_INIT, BFD_UP, BFD_DOWN},
		[BFD_INIT] = {BFD_DOWN, BFD_INIT, BFD_UP, BFD_UP},
		[BFD_UP] = {BFD_DOWN, BFD_DOWN, BFD_UP, BFD_UP},
	};
	uint64_t now_us = 2 * USEC_PER_SEC;

	(void)state;
	for (unsigned in = 0; in < BFD_STATES; in++)
		for (unsigned packet = 0; packet < BFD_STATES; packet++) {
			struct bfd_session s = session_in(&quick, (enum bfd_state)in);
			struct bfd_actions done = hear_state(&s, (enum bfd_state)packet, now_us);
			bool changed = next[in][packet] != in;

			assert_int_equal(s.state, next[in][packet]);
			assert_int_equal(done.changed, changed);
			assert_int_equal(done.send, changed);
			assert_int_equal(done.old, in);
			if (changed && s.state == BFD_DOWN)
				assert_int_equal(s.diag, BFD_DIAG_NEIGHBOR);
			if (s.state == BFD_UP)
				assert_int_equal(s.diag, BFD_DIAG_NONE);
			if (in != BFD_ADMIN_DOWN)
				assert_int_equal(s.expire_us, now_us + bfd_detect_us(&s));
		}
}

static void test_states_and_silence(void **state)
{
	static const enum bfd_state next[BFD_STATES] = {
		[BFD_ADMIN_DOWN] = BFD_ADMIN_DOWN,
		[BFD_DOWN] = BFD_DOWN,
		[BFD_INIT] = BFD_DOWN,
		[BFD_UP] = BFD_DOWN,
	};

	(void)state;
	for (unsigned in = 0; in < BFD_STATES; in++) {
		struct bfd_session s = session_in(&quick, (enum bfd_state)in);
		struct bfd_actions done;
		bool falls = next[in] != in;

		if (in == BFD_DOWN) /* heard, but not able to come up */
			hear_state(&s, BFD_ADMIN_DOWN, USEC_PER_SEC);
		done = step(&s, BFD_EVENT_TICK, 60 * USEC_PER_SEC);
		assert_int_equal(s.state, next[in]);
		assert_int_equal(done.changed, falls);
		assert_int_equal(s.diag, falls			? BFD_DIAG_EXPIRED
					 : in == BFD_ADMIN_DOWN ? BFD_DIAG_ADMIN
								: BFD_DIAG_NONE);
		if (in != BFD_ADMIN_DOWN)
			assert_int_equal(said(&s, false).your_discr, 0);
	}
}

static void test_leaving(void **state)
{
	(void)state;
	for (unsigned in = BFD_DOWN; in < BFD_STATES; in++) {
		struct bfd_session s = session_in(&quick, (enum bfd_state)in);
		struct bfd_actions done = step(&s, BFD_EVENT_LEAVE, 2 * USEC_PER_SEC);

		assert_true(done.send && done.changed);
		assert_int_equal(said(&s, false).state, BFD_ADMIN_DOWN);
		assert_int_equal(said(&s, false).diag, BFD_DIAG_ADMIN);
		assert_int_equal(bfd_due_us(&s), 0);
		assert_false(step(&s, BFD_EVENT_LEAVE, 3 * USEC_PER_SEC).send);
	}
}

/* Down and Init: idle_tx; up: min_tx, told by a poll; and never more than the neighbor can take. */
static void test_intervals(void **state)
{
	struct bfd_session s = session_in(&quick, BFD_DOWN);
	struct bfd_packet packet;

	(void)state;
	assert_int_equal(bfd_send_us(&s), 1000 * MS);
	assert_int_equal(said(&s, false).min_tx_us, 1000 * MS);
	assert_int_equal(said(&s, false).min_rx_us, 100 * MS);
	s = session_in(&quick, BFD_INIT);
	assert_int_equal(bfd_send_us(&s), 1000 * MS);
	assert_int_equal(bfd_detect_us(&s), 4000 * MS);
	s = session_in(&quick, BFD_UP);
	assert_int_equal(said(&s, false).min_tx_us, 50 * MS);
	assert_true(said(&s, false).poll);
	assert_int_equal(bfd_send_us(&s), 80 * MS);
	assert_int_equal(bfd_detect_us(&s), 400 * MS); /* 4 times our 100, not its 60 */
	packet = heard(BFD_UP);
	packet.final = true;
	packet.min_rx_us = 20 * MS;
	packet.min_tx_us = 200 * MS;
	hear(&s, &packet, USEC_PER_SEC);
	assert_false(said(&s, false).poll);
	assert_int_equal(bfd_send_us(&s), 50 * MS);
	assert_int_equal(bfd_detect_us(&s), 800 * MS);
	packet.min_rx_us = 0; /* wants none */
	hear(&s, &packet, USEC_PER_SEC);
	assert_int_equal(bfd_send_us(&s), 0);
	assert_int_equal(bfd_due_us(&s), s.expire_us);
}

static void test_poll_is_answered_at_once(void **state)
{
	(void)state;
	for (unsigned in = BFD_DOWN; in < BFD_STATES; in++) {
		struct bfd_session s = session_in(&quick, (enum bfd_state)in);
		struct bfd_packet packet = heard(BFD_UP);
		struct bfd_actions done;

		packet.poll = true;
		done = hear(&s, &packet, USEC_PER_SEC);
		assert_true(done.send && done.final);
		assert_true(said(&s, true).final);
		assert_false(said(&s, true).poll);
	}
}

/* RFC 5880 section 6.8.3: what a lost packet would make wrong waits for the answer. */
static void test_changed_while_up(void **state)
{
	struct bfd_session s = session_in(&quick, BFD_UP);
	struct conf_bfd other = quick;
	struct bfd_packet packet = heard(BFD_UP);

	(void)state;
	packet.final = true;
	packet.min_rx_us = 10 * MS;
	hear(&s, &packet, USEC_PER_SEC);
	other.min_tx_us = 500 * MS;
	other.min_rx_us = 20 * MS;
	other.multiplier = 7;
	assert_false(adopt(&s, &other, USEC_PER_SEC).changed);
	assert_int_equal(s.state, BFD_UP);
	assert_true(said(&s, false).poll);
	assert_int_equal(said(&s, false).min_tx_us, 500 * MS);
	assert_int_equal(said(&s, false).min_rx_us, 20 * MS);
	assert_int_equal(said(&s, false).multiplier, 7);
	assert_int_equal(bfd_send_us(&s), 50 * MS);
	assert_int_equal(bfd_detect_us(&s), 4 * 100 * MS);
	hear(&s, &packet, USEC_PER_SEC);
	assert_false(said(&s, false).poll);
	assert_int_equal(bfd_send_us(&s), 500 * MS);
	assert_int_equal(bfd_detect_us(&s), 4 * 60 * MS);
	/* The other direction is safe at once. */
	adopt(&s, &quick, USEC_PER_SEC);
	assert_int_equal(bfd_send_us(&s), 50 * MS);
	assert_int_equal(bfd_detect_us(&s), 4 * 100 * MS);
	assert_true(bfd_due_us(&s) <= USEC_PER_SEC + 50 * MS);
	/* A second change before the answer: the first answer may be to the first poll. */
	adopt(&s, &other, USEC_PER_SEC);
	hear(&s, &packet, USEC_PER_SEC);
	assert_true(said(&s, false).poll);
	assert_int_equal(bfd_send_us(&s), 50 * MS);
	hear(&s, &packet, USEC_PER_SEC);
	assert_false(said(&s, false).poll);
	assert_int_equal(bfd_send_us(&s), 500 * MS);
	/* The same once more is no change. */
	adopt(&s, &other, USEC_PER_SEC);
	assert_false(said(&s, false).poll);
}

static void test_passive(void **state)
{
	struct conf_bfd conf = quick;
	struct bfd_session s;

	(void)state;
	conf.passive = true;
	bfd_session_init(&s, &conf, 1, 1);
	assert_false(step(&s, BFD_EVENT_START, USEC_PER_SEC).send);
	assert_int_equal(bfd_due_us(&s), 0);
	assert_true(hear_state(&s, BFD_DOWN, USEC_PER_SEC).send);
	assert_int_equal(s.state, BFD_INIT);
	assert_true(s.next_us > USEC_PER_SEC);
	/* Who is silent is not spoken to any more. */
	assert_false(step(&s, BFD_EVENT_TICK, 60 * USEC_PER_SEC).send);
	assert_int_equal(s.state, BFD_DOWN);
	assert_int_equal(bfd_due_us(&s), 0);
}

/* A neighbor that asks for no packets gets none by time, but every answer. */
static void test_demand(void **state)
{
	struct bfd_session s = session_in(&quick, BFD_UP);
	struct bfd_packet packet = heard(BFD_UP);

	(void)state;
	packet.demand = true;
	hear(&s, &packet, USEC_PER_SEC);
	assert_int_not_equal(bfd_send_us(&s), 0); /* our own poll is not answered yet */
	packet.final = true;
	hear(&s, &packet, USEC_PER_SEC);
	assert_int_equal(bfd_send_us(&s), 0);
	packet.final = false;
	packet.poll = true;
	assert_true(hear(&s, &packet, USEC_PER_SEC).send);
	assert_int_equal(bfd_send_us(&s), 0);
	assert_false(said(&s, false).demand);
	step(&s, BFD_EVENT_TICK, 60 * USEC_PER_SEC);
	assert_int_equal(s.state, BFD_DOWN);
	assert_int_equal(bfd_send_us(&s), 1000 * MS);
}

static void check_jitter(uint8_t multiplier, unsigned least, unsigned most)
{
	struct conf_bfd conf = quick;
	struct bfd_session s;
	uint64_t lowest = UINT64_MAX, highest = 0;

	conf.multiplier = multiplier;
	s = session_in(&conf, BFD_DOWN);
	for (int i = 0; i < 10000; i++) {
		uint64_t now_us = bfd_due_us(&s), gap;

		assert_true(step(&s, BFD_EVENT_TICK, now_us).send);
		gap = bfd_due_us(&s) - now_us;
		lowest = gap < lowest ? gap : lowest;
		highest = gap > highest ? gap : highest;
	}
	assert_in_range(lowest, 10 * least * MS, 10 * (least + 1) * MS);
	assert_in_range(highest, 10 * (most - 1) * MS, 10 * most * MS);
}

static void test_jitter(void **state)
{
	(void)state;
	check_jitter(3, 75, 100);
	check_jitter(1, 75, 90);
}

static void test_ttl(void **state)
{
	struct conf_bfd conf = quick;

	(void)state;
	assert_true(bfd_hears_ttl(&conf, 255));
	assert_false(bfd_hears_ttl(&conf, 254));
	conf.max_hops = 3;
	assert_true(bfd_hears_ttl(&conf, 252));
	assert_false(bfd_hears_ttl(&conf, 251));
	conf.max_hops = 255;
	assert_true(bfd_hears_ttl(&conf, 1));
	conf.ttl = 64;
	conf.max_hops = -1;
	assert_true(bfd_hears_ttl(&conf, 65));
	assert_false(bfd_hears_ttl(&conf, 64));
}

/* ---- two sessions and a wire ---- */

struct wire {
	struct bfd_session ends[2];
	bool cut[2];	 /* what that end sends is lost */
	unsigned one_in; /* of so many packets one is lost; 0: none */
	uint32_t seed;
	uint64_t down_us[2]; /* when that end fell from up */
	unsigned falls;
};

static bool is_lost(struct wire *w, int from)
{
	w->seed = w->seed * 1103515245 + 12345;
	return w->cut[from] || (w->one_in && (w->seed >> 16) % w->one_in == 0);
}

static void note(struct wire *w, int end, const struct bfd_actions *done, uint64_t now_us)
{
	if (!done->changed || done->old != BFD_UP)
		return;
	w->falls++;
	w->down_us[end] = now_us;
}

static void run_until(struct wire *w, uint64_t now_us, uint64_t until_us)
{
	for (; now_us < until_us; now_us += MS)
		for (int end = 0; end < 2; end++) {
			struct bfd_actions done = step(&w->ends[end], BFD_EVENT_TICK, now_us);
			int from = end;

			note(w, end, &done, now_us);
			/* Each packet may be answered by one more: this must come to an end. */
			for (int hops = 0; done.send; hops++, from = !from) {
				struct bfd_packet packet = said(&w->ends[from], done.final);

				assert_true(hops < 8);
				if (is_lost(w, from))
					break;
				done = hear(&w->ends[!from], &packet, now_us);
				note(w, !from, &done, now_us);
			}
		}
}

static void connect_ends(struct wire *w)
{
	*w = (struct wire){.seed = 1};
	for (uint32_t end = 0; end < 2; end++) {
		bfd_session_init(&w->ends[end], &quick, end + 1, end + 7);
		step(&w->ends[end], BFD_EVENT_START, USEC_PER_SEC);
	}
}

static void test_two_come_up_and_notice(void **state)
{
	struct wire w;

	(void)state;
	connect_ends(&w);
	run_until(&w, USEC_PER_SEC, 4 * USEC_PER_SEC);
	assert_int_equal(w.ends[0].state, BFD_UP);
	assert_int_equal(w.ends[1].state, BFD_UP);
	assert_false(w.ends[0].polling || w.ends[1].polling);
	assert_int_equal(bfd_detect_us(&w.ends[0]), 300 * MS);
	/* One way is enough to lose both: one by silence, the other because it is told. */
	w.cut[0] = true;
	run_until(&w, 4 * USEC_PER_SEC, 10 * USEC_PER_SEC);
	assert_int_equal(w.ends[1].diag, BFD_DIAG_EXPIRED);
	assert_int_equal(w.ends[0].remote_diag, BFD_DIAG_EXPIRED);
	assert_in_range(w.down_us[1], 4 * USEC_PER_SEC + 200 * MS, 4 * USEC_PER_SEC + 301 * MS);
	assert_int_equal(w.down_us[0], w.down_us[1]);
	assert_int_not_equal(w.ends[0].state, BFD_UP);
	w.cut[0] = false;
	run_until(&w, 10 * USEC_PER_SEC, 13 * USEC_PER_SEC);
	assert_int_equal(w.ends[0].state, BFD_UP);
	assert_int_equal(w.ends[1].state, BFD_UP);
	assert_int_equal(w.falls, 2);
}

/* One packet in a hundred lost: never three in a row, and every poll ends. */
static void test_two_on_a_bad_wire(void **state)
{
	struct conf_bfd slower = quick;
	struct wire w;

	(void)state;
	slower.min_tx_us = slower.min_rx_us = 200 * MS;
	connect_ends(&w);
	w.one_in = 100;
	run_until(&w, USEC_PER_SEC, 20 * USEC_PER_SEC);
	for (uint64_t i = 1; i < 20; i++) {
		adopt(&w.ends[0], i % 2 ? &slower : &quick, i * 20 * USEC_PER_SEC);
		run_until(&w, i * 20 * USEC_PER_SEC, (i + 1) * 20 * USEC_PER_SEC);
		assert_int_equal(w.ends[0].state, BFD_UP);
		assert_false(w.ends[0].polling || w.ends[1].polling);
	}
	assert_int_equal(w.falls, 0);
}

static void test_two_part_in_peace(void **state)
{
	struct wire w;
	struct bfd_packet packet;

	(void)state;
	connect_ends(&w);
	run_until(&w, USEC_PER_SEC, 4 * USEC_PER_SEC);
	assert_true(step(&w.ends[0], BFD_EVENT_LEAVE, 4 * USEC_PER_SEC).send);
	packet = said(&w.ends[0], false);
	hear(&w.ends[1], &packet, 4 * USEC_PER_SEC);
	assert_int_equal(w.ends[1].state, BFD_DOWN);
	assert_int_equal(w.ends[1].diag, BFD_DIAG_NEIGHBOR);
	assert_int_equal(w.ends[1].remote_diag, BFD_DIAG_ADMIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states_and_packets),
		cmocka_unit_test(test_states_and_silence),
		cmocka_unit_test(test_leaving),
		cmocka_unit_test(test_intervals),
		cmocka_unit_test(test_poll_is_answered_at_once),
		cmocka_unit_test(test_changed_while_up),
		cmocka_unit_test(test_passive),
		cmocka_unit_test(test_demand),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_ttl),
		cmocka_unit_test(test_two_come_up_and_notice),
		cmocka_unit_test(test_two_on_a_bad_wire),
		cmocka_unit_test(test_two_part_in_peace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
