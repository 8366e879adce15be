/* SPDX-License-Identifier: MIT */
/*
 * Moments written as text, in UTC and in a zone with summer time.
 */
#include "core/run/reload_moment.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "core/base/clock.h"

#define NOW 1900000000 /* 2030-03-17 17:46:40 UTC, 18:46:40 in Berlin */
#define DAY 86400

static const struct {
	const char *text;
	int64_t after; /* seconds from NOW; INVALID: no moment */
	bool daily;
} cases[] = {
#define INVALID INT64_MAX
	{"17:46:41Z", 1, true},
	{"17:46:40Z", DAY, true},
	{"17:46:39Z\nmore", DAY - 1, true},
	{"18:46:41", 1, true},
	{"18:46:40\n", DAY, true},
	{"30-03-17 17:46:45Z", 5, false},
	{"2030-03-17 17:46:45Z", 5, false},
	{"2030-03-17 18:46:45", 5, false},
	{"2030-03-31 18:46:40", 14 * DAY - 3600, false}, /* in summer time */
	{"2030-03-17 17:46:30Z", -10, false},
	{"", INVALID, false},
	{" 17:46:41Z", INVALID, false},
	{"17:46:41 Z", INVALID, false},
	{"17:46:41z", INVALID, false},
	{"17:46:41Z ", INVALID, false},
	{"17:46", INVALID, false},
	{"7:46:41", INVALID, false},
	{"24:00:00", INVALID, false},
	{"17:60:00", INVALID, false},
	{"17:46:60", INVALID, false},
	{"1x:46:40", INVALID, false},
	{"2030-02-29 00:00:00", INVALID, false},
	{"2030-13-01 00:00:00Z", INVALID, false},
	{"2030-00-01 00:00:00Z", INVALID, false},
	{"2030-03-17  17:46:45", INVALID, false},
	{"030-03-17 17:46:45", INVALID, false},
};

static void test_moments(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t moment = 7;
		bool daily = false;
		int error = reload_moment_read(cases[i].text, NOW * USEC_PER_SEC, &moment, &daily);

		if (error || cases[i].after == INVALID)
			print_message("'%s': %d\n", cases[i].text, error);
		assert_int_equal(error, cases[i].after == INVALID ? -EINVAL : 0);
		if (error)
			continue;
		assert_int_equal((int64_t)(moment / USEC_PER_SEC) - NOW, cases[i].after);
		assert_int_equal(daily, cases[i].daily);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_moments)};

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
