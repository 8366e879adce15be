/* SPDX-License-Identifier: MIT */
/* Deadlines: random changes against a search through all, and the timers of a loop in their order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/base/loop.h"
#include "core/base/timers.h"

#define ENTRIES 200
#define CHANGES 20000
#define TURNS	100000 /* far more than fit into what the test waits for */

static uint64_t earliest(const struct timers_entry *entries)
{
	uint64_t at_us = UINT64_MAX;

	for (size_t i = 0; i < ENTRIES; i++)
		if (entries[i].place != TIMERS_NOWHERE && entries[i].at_us < at_us)
			at_us = entries[i].at_us;
	return at_us;
}

static void test_random_changes(void **state)
{
	struct timers_entry entries[ENTRIES];
	struct timers timers = {0};
	bool joined[ENTRIES] = {false};

	(void)state;
	srand(1);
	for (size_t i = 0; i < ENTRIES; i++)
		entries[i].place = TIMERS_NOWHERE;
	assert_null(timers_first(&timers));
	for (int n = 0; n < CHANGES; n++) {
		size_t i = (size_t)rand() % ENTRIES;

		if (!joined[i]) {
			assert_int_equal(timers_join(&timers), 0);
			joined[i] = true;
		}
		if (rand() % 3) {
			timers_set(&timers, &entries[i], (uint64_t)rand() % 500);
		} else if (rand() % 2) {
			timers_remove(&timers, &entries[i]);
		} else {
			timers_leave(&timers, &entries[i]);
			joined[i] = false;
		}
		const struct timers_entry *first = timers_first(&timers);
		assert_int_equal(first ? first->at_us : UINT64_MAX, earliest(entries));
	}
	while (timers_first(&timers)) {
		assert_int_equal(timers_first(&timers)->at_us, earliest(entries));
		timers_remove(&timers, timers_first(&timers));
	}
	assert_int_equal(earliest(entries), UINT64_MAX);
	timers_clear(&timers);
}

struct order {
	struct loop *loop;
	struct loop_timer *timers[3];
	char text[16];
};

static void note(struct order *order, const char *what)
{
	strncat(order->text, what, sizeof order->text - strlen(order->text) - 1);
}

/* Always due, and never ahead of one that is due longer. */
static void on_busy(uint64_t now_us, void *owner)
{
	struct order *order = owner;

	(void)now_us;
	note(order, "b");
	loop_timer_arm(order->timers[0], 0);
}

/* Takes another one along, and itself. */
static void on_first(uint64_t now_us, void *owner)
{
	struct order *order = owner;

	(void)now_us;
	note(order, "1");
	order->timers[2] = loop_timer_free(order->timers[2]);
	order->timers[1] = loop_timer_free(order->timers[1]);
}

static void on_never(uint64_t now_us, void *owner)
{
	(void)now_us;
	note(owner, "!");
}

static void test_loop_order(void **state)
{
	struct order order = {.text = ""};

	(void)state;
	assert_int_equal(loop_new(NULL, &order.loop), 0);
	assert_int_equal(loop_timer_new(order.loop, on_busy, &order, &order.timers[0]), 0);
	assert_int_equal(loop_timer_new(order.loop, on_first, &order, &order.timers[1]), 0);
	assert_int_equal(loop_timer_new(order.loop, on_never, &order, &order.timers[2]), 0);
	uint64_t now_us = clock_now_us();
	loop_timer_arm(order.timers[2], now_us + 3000000);
	loop_timer_arm(order.timers[1], now_us + 2000);
	loop_timer_arm(order.timers[0], 0);
	for (int i = 0; i < TURNS && order.timers[1]; i++)
		loop_turn(order.loop, 0);
	loop_timer_disarm(order.timers[0]);
	order.text[0] = '\0';
	assert_null(order.timers[1]);
	assert_null(order.timers[2]);
	loop_turn(order.loop, 1000);
	assert_string_equal(order.text, "");

	/* a later one first, then an earlier one, then that one moved behind: the loop follows */
	assert_int_equal(loop_timer_new(order.loop, on_first, &order, &order.timers[1]), 0);
	loop_timer_arm(order.timers[1], clock_now_us() + 20000);
	loop_timer_arm(order.timers[0], clock_now_us() + 60000000);
	loop_timer_arm(order.timers[0], clock_now_us() + 1000);
	loop_timer_arm(order.timers[0], clock_now_us() + 60000000);
	for (int i = 0; i < 10 && !order.text[0]; i++)
		loop_turn(order.loop, 1000000);
	assert_string_equal(order.text, "1");
	loop_timer_free(order.timers[0]);
	loop_free(order.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_changes),
		cmocka_unit_test(test_loop_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
