/* SPDX-License-Identifier: MIT */
/* Unit tests of FILE_CHECK: from the number in a file to verdict and weight; and of BFD_CHECK. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/base/loop.h"
#include "core/check/check.h"

struct seen {
	unsigned reports;
	struct check_report last;
	char detail[128];
};

static void on_report(struct check *check, const struct check_report *report, void *owner)
{
	struct seen *seen = owner;

	(void)check;
	seen->reports++;
	seen->last = *report;
	snprintf(seen->detail, sizeof seen->detail, "%s", report->detail);
}

static struct loop *loop;
static struct check_env *env;

static int set_up(void **state)
{
	(void)state;
	return loop_new(NULL, &loop) < 0 || check_env_new(loop, NULL, NULL, &env) < 0;
}

static int tear_down(void **state)
{
	(void)state;
	check_env_free(env);
	loop_free(loop);
	return 0;
}

static struct conf_checker checker(int32_t weight, bool reverse)
{
	return (struct conf_checker){
		.type = CONF_FILE_CHECK,
		.delay_loop_us = 3600 * USEC_PER_SEC,
		.object = {.name = (char *)"spare", .weight = weight, .reverse = reverse},
	};
}

static void turn(unsigned reports, const struct seen *seen)
{
	for (unsigned i = 0; i < 20 && seen->reports < reports; i++)
		loop_turn(loop, 10 * USEC_PER_MSEC);
	assert_int_equal(seen->reports, reports);
}

static void expect(int32_t weight, bool reverse, int32_t value, bool up, int32_t delta,
		   const char *detail)
{
	struct conf_checker conf = checker(weight, reverse);
	struct seen seen = {0};
	struct check *check;

	assert_int_equal(check_new(env, &conf, true, 1, on_report, &seen, &check), 0);
	check_set_value(check, value);
	turn(1, &seen);
	assert_int_equal(seen.last.up, up);
	assert_int_equal(seen.last.result, up ? CHECK_OK : CHECK_BAD_CONTENT);
	assert_true(seen.last.changed && !seen.last.has_weight);
	assert_string_equal(seen.detail, detail);
	if (up)
		assert_int_equal(seen.last.delta, delta);
	check_free(check);
}

static void test_weights(void **state)
{
	(void)state;
	expect(1, false, 5, true, 5, "spare says 5, weight +5");
	expect(-3, false, 5, true, -15, "spare says 5, weight -15");
	expect(-3, true, 5, true, 15, "spare says 5, weight +15");
	expect(2, false, 0, true, 0, "spare says 0, weight +0");
	expect(INT32_MAX, false, 5, true, INT32_MAX, "spare says 5, weight +2147483647");
	expect(INT32_MAX, false, -1, true, -INT32_MAX, "spare says -1, weight -2147483647");
	expect(INT32_MAX, false, -2, false, 0, "spare says -2, less than any weight");
	expect(-INT32_MAX, false, INT32_MIN, true, INT32_MAX,
	       "spare says -2147483648, weight +2147483647");
	expect(1, false, INT32_MIN, false, 0, "spare says -2147483648, less than any weight");
}

static void test_up_or_down(void **state)
{
	(void)state;
	expect(0, false, 0, true, 0, "spare says 0, weight +0");
	expect(0, false, 3, false, 0, "spare says 3");
	expect(0, false, -3, false, 0, "spare says -3");
	expect(0, true, 0, false, 0, "spare says 0");
	expect(0, true, 3, true, 0, "spare says 3, weight +0");
}

/* BFD_CHECK follows what it is told in the same way. */
static void test_session(void **state)
{
	struct conf_checker conf = checker(0, false);
	struct seen seen = {0};
	struct check *check;

	(void)state;
	conf.type = CONF_BFD_CHECK;
	assert_int_equal(check_new(env, &conf, false, 1, on_report, &seen, &check), 0);
	for (unsigned i = 0; i < 3; i++)
		loop_turn(loop, USEC_PER_MSEC);
	assert_int_equal(seen.reports, 0);
	check_set_value(check, 0);
	turn(1, &seen);
	assert_false(seen.last.up);
	assert_int_equal(seen.last.result, CHECK_UNREACHABLE);
	assert_string_equal(seen.detail, "session spare is down");
	check_set_value(check, 1);
	turn(2, &seen);
	assert_true(seen.last.up && seen.last.changed && seen.last.delta == 0);
	assert_string_equal(seen.detail, "session spare is up");
	check_free(check);
}

/* Nothing is said before the file was read; then every change at once. */
static void test_follows(void **state)
{
	struct conf_checker conf = checker(0, false);
	struct seen seen = {0};
	struct check *check;

	(void)state;
	assert_int_equal(check_new(env, &conf, false, 1, on_report, &seen, &check), 0);
	for (unsigned i = 0; i < 3; i++)
		loop_turn(loop, USEC_PER_MSEC);
	assert_int_equal(seen.reports, 0);
	assert_false(check_has_run(check));
	for (unsigned i = 1; i <= 4; i++) {
		check_set_value(check, i % 2);
		turn(i, &seen);
		assert_int_equal(seen.last.up, i % 2 == 0);
		assert_true(seen.last.changed);
	}
	check_set_value(check, 0);
	turn(5, &seen);
	assert_false(seen.last.changed);
	/* Suspended it says nothing; going on it says what is so now. */
	check_suspend(check, true, 0);
	check_set_value(check, 1);
	loop_turn(loop, 10 * USEC_PER_MSEC);
	assert_int_equal(seen.reports, 5);
	check_suspend(check, false, 1);
	turn(6, &seen);
	assert_false(seen.last.up);
	check_free(check);
	/* Gone while it waits. */
	assert_int_equal(check_new(env, &conf, false, 1, on_report, &seen, &check), 0);
	loop_turn(loop, USEC_PER_MSEC);
	check_free(check);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_up_or_down),
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_follows),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
