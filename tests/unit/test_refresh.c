/* SPDX-License-Identifier: MIT */
/* The regular look at everything in pieces: what happens between two of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "tests/unit/engine_bench.h"

#define SERVICES 6
#define SLOW_US	 1500 /* a look at one service, longer than a piece */
#define LATER	 (60 * USEC_PER_SEC)

static unsigned looks;

static void look_slowly(const struct svc_key *key)
{
	uint64_t until_us = clock_now_us() + SLOW_US;

	(void)key;
	looks++;
	while (clock_now_us() < until_us)
		;
}

/* A table that takes several pieces, and no refresh by itself. */
static struct bench *started(void)
{
	struct bench *b = bench_new();

	bench_adopt(b, bench_conf(SERVICES, 2, 1));
	b->engine->refresh_us = LATER;
	bench_run(b, 50);
	bench_forget(b);
	looks = 0;
	ipvs_double()->on_look = look_slowly;
	return b;
}

/* Until so many services have been looked at. */
static void begin(struct bench *b, unsigned count)
{
	refresh_due(clock_now_us(), b->engine);
	for (unsigned i = 0; i < 1000 && looks < count; i++)
		loop_turn(b->engine->loop, 0);
	assert_int_equal(looks, count);
	assert_true(b->engine->refresh.under_way);
}

static void end(struct bench *b)
{
	for (unsigned i = 0; i < 1000 && b->engine->refresh.under_way; i++)
		loop_turn(b->engine->loop, 0);
	assert_false(b->engine->refresh.under_way);
}

/* Somebody else takes it out. */
static void disturb(unsigned service)
{
	struct svc_key key = bench_key(service);
	struct dest_key dest = bench_dest(service, 0);

	ipvs_double_dest(&key, &dest)->weight = 77;
}

struct due {
	struct check *check;
	unsigned looks; /* when it was served */
};

static void report_failure(uint64_t now_us, void *owner)
{
	struct due *due = owner;

	(void)now_us;
	due->looks = looks;
	check_double_report(due->check, CHECK_REFUSED);
}

/* A check that falls due during a look is served after the piece under way, and what it finds is
 * told to the kernel before the look is over. */
static void check_does_not_wait_for_the_end(void **state)
{
	struct bench *b = started();
	struct due due = {.check = bench_check(b, 0, 1)};
	struct loop_timer *timer;

	(void)state;
	assert_int_equal(loop_timer_new(b->engine->loop, report_failure, &due, &timer), 0);
	loop_timer_arm(timer, clock_now_us());
	begin(b, 1);
	for (unsigned i = 0; i < 100 && bench_weight(0, 1) != -1; i++)
		loop_turn(b->engine->loop, 0);
	assert_in_range(due.looks, 1, 2);
	assert_int_equal(bench_weight(0, 1), -1);
	assert_true(b->engine->refresh.under_way);
	end(b);
	assert_false(bench_row(b, 0, 1)->in_kernel);
	loop_timer_free(timer);
	bench_free(b);
}

/* Counters are never older than the snapshot says, and its number moves once for all pieces. */
static void is_one_look_with_one_number(void **state)
{
	struct bench *b = started();

	(void)state;
	uint32_t serial = bench_snap(b)->serial;
	uint64_t before_us = clock_now_us();
	begin(b, 2);
	uint64_t begun_us = clock_now_us();
	assert_int_equal(bench_snap(b)->serial, serial);
	end(b);
	assert_int_equal(looks, SERVICES);
	assert_int_equal(bench_snap(b)->serial, serial + 1);
	assert_in_range(bench_snap(b)->kernel_us, before_us, begun_us);
	bench_free(b);
}

static void drift_is_repaired_before_the_end(void **state)
{
	struct bench *b = started();

	(void)state;
	disturb(0);
	disturb(SERVICES - 1);
	begin(b, 2); /* a second look agrees */
	for (unsigned i = 0; i < 100 && bench_weight(0, 0) != 10; i++)
		loop_turn(b->engine->loop, 0);
	assert_int_equal(bench_weight(0, 0), 10);
	assert_int_equal(bench_weight(SERVICES - 1, 0), 77);
	assert_true(b->engine->refresh.under_way);
	end(b);
	bench_run(b, 20);
	assert_int_equal(bench_weight(SERVICES - 1, 0), 10);
	assert_int_equal(bench_snap(b)->drifts, 2);
	bench_free(b);
}

/* Services go, stay and come while a look is under way: it is given up, and the next one finds what
 * this one had not come to. */
static void reload_in_the_middle(void **state)
{
	static const unsigned sizes[] = {SERVICES - 4, SERVICES, SERVICES + 4};

	(void)state;
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct bench *b = started();

		begin(b, 3);
		disturb(1);
		bench_adopt(b, bench_conf(sizes[i], 2, 2));
		assert_false(b->engine->refresh.under_way);
		assert_int_equal(bench_snap(b)->n_services, sizes[i]);
		looks = 0;
		begin(b, 1);
		end(b);
		bench_run(b, 20);
		assert_int_equal(bench_weight(1, 0), 10);
		assert_int_equal(bench_snap(b)->drifts, 1);
		assert_int_equal(ipvs_double()->n_services, sizes[i]);
		for (unsigned k = 0; k < sizes[i]; k++)
			assert_int_equal(bench_row(b, k, 1)->kernel_weight, 10);
		bench_free(b);
	}
}

/* What has been seen stays, what has not been seen does not become zero; a second failure makes
 * the socket anew. */
static void kernel_lost_in_the_middle(void **state)
{
	struct bench *b = started();

	(void)state;
	uint64_t kernel_us = bench_snap(b)->kernel_us;
	begin(b, 3);
	ipvs_double()->dump_error = -EIO;
	end(b);
	assert_int_equal(looks, 3);
	assert_int_equal(bench_snap(b)->kernel_us, kernel_us);
	assert_true(bench_snap(b)->ipvs_available);
	assert_int_equal(bench_row(b, SERVICES - 1, 0)->kernel_weight, 10);
	ipvs_double()->dump_error = 0;
	looks = 0;
	begin(b, 3);
	ipvs_double()->dump_error = -EIO;
	ipvs_double()->open_error = -ENOENT;
	end(b);
	assert_false(ipvs_double()->open);
	assert_false(bench_snap(b)->ipvs_available);
	assert_int_equal(bench_row(b, 0, 0)->kernel_weight, -1);
	/* It comes back, and without its table. */
	ipvs_double()->n_services = 0;
	ipvs_double()->dump_error = 0;
	ipvs_double()->open_error = 0;
	b->engine->reopen_at_us = 0;
	refresh_due(clock_now_us(), b->engine);
	bench_run(b, 20);
	for (unsigned i = 0; i < SERVICES; i++)
		assert_int_equal(bench_weight(i, 1), 10);
	assert_true(bench_snap(b)->kernel_us > kernel_us);
	bench_free(b);
}

/* What is shown of half a look has a number of its own, and does not claim to be a whole one. */
static void half_a_look_is_told_apart(void **state)
{
	struct bench *b = started();

	(void)state;
	uint32_t serial = bench_snap(b)->serial;
	uint64_t kernel_us = bench_snap(b)->kernel_us;
	begin(b, 3);
	publish(b->engine);
	assert_int_equal(bench_snap(b)->serial, serial + 1);
	assert_int_equal(bench_snap(b)->kernel_us, kernel_us);
	publish(b->engine);
	assert_int_equal(bench_snap(b)->serial, serial + 1);
	end(b);
	assert_int_equal(bench_snap(b)->serial, serial + 2);
	assert_true(bench_snap(b)->kernel_us > kernel_us);
	bench_free(b);
}

/* A whole look meanwhile, which is younger than this one's beginning. */
static void whole_look_in_the_middle(void **state)
{
	struct bench *b = started();

	(void)state;
	begin(b, 2);
	kernel_dump(b->engine);
	uint64_t whole_us = b->engine->kernel_us;
	end(b);
	assert_int_equal(bench_snap(b)->kernel_us, whole_us);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_does_not_wait_for_the_end),
		cmocka_unit_test(is_one_look_with_one_number),
		cmocka_unit_test(drift_is_repaired_before_the_end),
		cmocka_unit_test(reload_in_the_middle),
		cmocka_unit_test(half_a_look_is_told_apart),
		cmocka_unit_test(kernel_lost_in_the_middle),
		cmocka_unit_test(whole_look_in_the_middle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
