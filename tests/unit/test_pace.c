/* SPDX-License-Identifier: MIT */
/* What grows with the table keeps a pace; what the kernel has to be told and who waits for an
 * answer do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "core/check/pace.h"
#include "tests/unit/engine_bench.h"

#define LATER (60 * USEC_PER_SEC)

static struct bench *started(unsigned services, unsigned servers)
{
	struct bench *b = bench_new();

	bench_adopt(b, bench_conf(services, servers, 1));
	bench_forget(b);
	ipvs_double_commands();
	return b;
}

static void rests_by_what_it_took(void **state)
{
	static const struct {
		uint32_t rest;
		uint64_t began_us, ended_us, allowed_us;
	} cases[] = {
		{4, 1000, 1000, 1000},
		{4, 1000, 1500, 3500},
		{4, 1500, 1000, 1000},
		{0, 1000, 2000, 2000},
		{4, 0, 7500000, 37500000},
		{4, 0, 7500001, 7500001 + PACE_REST_MAX},
		{4, 0, UINT64_C(3600000000), UINT64_C(3600000000) + PACE_REST_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pace pace = {0};

		assert_true(pace_allows(&pace, 0));
		pace_worked(&pace, cases[i].rest, cases[i].began_us, cases[i].ended_us);
		assert_int_equal(pace.not_before_us, cases[i].allowed_us);
		assert_true(pace_allows(&pace, cases[i].allowed_us));
		assert_false(pace_allows(&pace, cases[i].allowed_us - 1));
	}
}

/* A server that fails leaves the kernel although nobody is shown it yet. */
static void kernel_does_not_wait_for_the_rows(void **state)
{
	struct bench *b = started(2, 2);

	(void)state;
	b->engine->show_pace.not_before_us = clock_now_us() + LATER;
	bench_report(b, 1, 0, CHECK_REFUSED);
	assert_int_equal(bench_weight(1, 0), -1);
	assert_true(bench_row(b, 1, 0)->alive);
	assert_int_equal(bench_events(b, EVENT_DEST_STATE), 0);
	/* Who waits for an answer sees everything. */
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_WEIGHT, 3), 0);
	assert_int_equal(bench_row(b, 0, 0)->effective_weight, 3);
	assert_false(bench_row(b, 1, 0)->alive);
	assert_int_equal(bench_events(b, EVENT_DEST_STATE), 1);
	bench_free(b);
}

static void rows_follow_by_themselves(void **state)
{
	struct bench *b = started(1, 2);

	(void)state;
	b->engine->show_pace.not_before_us = clock_now_us() + USEC_PER_SEC;
	b->engine->refresh_us = LATER;
	bench_run(b, 40);
	bench_report(b, 0, 0, CHECK_REFUSED);
	assert_true(bench_row(b, 0, 0)->alive);
	for (unsigned i = 0; i < 50 && bench_row(b, 0, 0)->alive; i++)
		bench_run(b, 200);
	assert_false(bench_row(b, 0, 0)->alive);
	assert_int_equal(bench_events(b, EVENT_DEST_STATE), 1);
	bench_free(b);
}

/* An adopted configuration is acknowledged with rows that show it. */
static void reload_is_shown_at_once(void **state)
{
	struct bench *b = started(1, 2);

	(void)state;
	b->engine->show_pace.not_before_us = clock_now_us() + LATER;
	bench_report(b, 0, 0, CHECK_REFUSED);
	bench_adopt(b, bench_conf(2, 2, 2));
	assert_int_equal(bench_snap(b)->conf->generation, 2);
	assert_non_null(bench_row(b, 1, 1));
	assert_int_equal(bench_events(b, EVENT_DEST_STATE), 1);
	bench_free(b);
}

static void dumps_keep_their_pace(void **state)
{
	struct bench *b = started(1, 1);

	(void)state;
	bench_refresh(b);
	b->engine->look_pace.not_before_us = clock_now_us() + LATER;
	unsigned dumps = ipvs_double()->dumps;
	bench_run(b, 100);
	assert_int_equal(ipvs_double()->dumps, dumps);
	b->engine->look_pace.not_before_us = 0;
	bench_run(b, 100);
	assert_true(ipvs_double()->dumps > dumps);
	bench_free(b);
}

/* What nobody asked for comes the less often the longer it takes. */
static void refreshes_rest(void **state)
{
	struct bench *b = started(1, 1);

	(void)state;
	bench_refresh(b);
	b->engine->refresh_rest = 10000000; /* each takes a microsecond at least */
	bench_refresh(b);
	unsigned dumps = ipvs_double()->dumps;
	bench_run(b, 300);
	assert_int_equal(ipvs_double()->dumps, dumps);
	bench_free(b);
}

/* Nor do they rest where the configuration says how old figures may be. */
static void wishes_allow_no_rest(void **state)
{
	struct bench *b = started(1, 1);
	struct bench_conf *wish = bench_conf(1, 1, 2);

	(void)state;
	wish->conf.global.rs_stats_us = USEC_PER_SEC;
	bench_adopt(b, wish);
	b->engine->refresh_rest = 10000000;
	bench_refresh(b);
	unsigned dumps = ipvs_double()->dumps;
	bench_run(b, 300);
	assert_true(ipvs_double()->dumps > dumps);
	bench_free(b);
}

/* Statistics that are wanted younger than usual, and no longer. */
static void dumps_come_as_often_as_asked(void **state)
{
	struct bench *b = started(1, 1);
	struct bench_conf *wish = bench_conf(1, 1, 2);

	(void)state;
	b->engine->refresh_us = LATER;
	wish->conf.global.vs_stats_us = 1000;
	wish->conf.global.rs_stats_us = 30 * USEC_PER_SEC;
	bench_adopt(b, wish);
	unsigned dumps = ipvs_double()->dumps;
	bench_run(b, 500);
	/* Not every millisecond. */
	assert_in_range(ipvs_double()->dumps, dumps + 1, dumps + 6);
	bench_adopt(b, bench_conf(1, 1, 3));
	dumps = ipvs_double()->dumps;
	bench_run(b, 300);
	assert_int_equal(ipvs_double()->dumps, dumps);
	bench_free(b);
}

/* More services at once than are looked at one by one, and no dump for a while: the next change of
 * one of them still knows what there is to delete. */
static void told_but_not_looked_at(void **state)
{
	struct bench *b = started(1, 2);
	unsigned dumps = ipvs_double()->dumps;

	(void)state;
	b->engine->look_pace.not_before_us = clock_now_us() + LATER;
	bench_adopt(b, bench_conf(BENCH_SERVICES, 2, 2));
	for (unsigned i = 0; i < BENCH_SERVICES; i++)
		assert_int_equal(bench_weight(i, 1), 10);
	for (unsigned i = 0; i < BENCH_SERVICES; i++) {
		bench_report(b, i, 1, CHECK_REFUSED);
		assert_int_equal(bench_weight(i, 1), -1);
		assert_int_equal(bench_weight(i, 0), 10);
	}
	assert_int_equal(ipvs_double()->dumps, dumps);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rests_by_what_it_took),
		cmocka_unit_test(kernel_does_not_wait_for_the_rows),
		cmocka_unit_test(rows_follow_by_themselves),
		cmocka_unit_test(reload_is_shown_at_once),
		cmocka_unit_test(dumps_keep_their_pace),
		cmocka_unit_test(refreshes_rest),
		cmocka_unit_test(wishes_allow_no_rest),
		cmocka_unit_test(dumps_come_as_often_as_asked),
		cmocka_unit_test(told_but_not_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
