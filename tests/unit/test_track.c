/* SPDX-License-Identifier: MIT */
/* Track scripts: the rise and fall counter against its definition, and the schedule across a
 * reload. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/load.h"
#include "core/base/clock.h"
#include "core/base/loop.h"
#include "core/track/rise_fall.h"
#include "core/track/script.h"

/* ---- the counter ---- */

/* Written another way: runs of equal results since the last verdict. */
struct model {
	uint32_t rise, fall, successes, failures;
	bool up, decided, fresh; /* fresh: no result yet, one success is enough */
};

static void model_step(struct model *model, bool success)
{
	uint32_t needed = model->fresh && model->rise > 1 && !model->decided ? 1 : model->rise;

	model->decided = true;
	if (success) {
		model->successes++;
		model->failures = 0;
		if (!model->up && model->successes >= needed)
			model->up = true;
	} else {
		model->failures++;
		model->successes = 0;
		if (model->up && model->failures >= model->fall)
			model->up = false;
	}
	model->fresh = false;
}

static void compare_sequence(uint32_t rise, uint32_t fall, bool init_fail, unsigned results)
{
	struct rise_fall it;
	struct model model = {rise, fall, 0, 0, false, init_fail, !init_fail};

	rise_fall_init(&it, rise, fall, init_fail);
	for (int i = 0; i < 8; i++) {
		bool was_up = rise_fall_is_up(&it), was_decided = it.decided;
		bool changed = rise_fall_step(&it, results >> i & 1);

		model_step(&model, results >> i & 1);
		assert_int_equal(rise_fall_is_up(&it), model.up);
		assert_int_equal(changed, was_up != model.up || !was_decided);
	}
}

/* Every sequence of eight results for every small rise and fall. */
static void test_counter_exhaustively(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4 * 4 * 512; i++)
		compare_sequence(1 + i / 512 / 4, 1 + i / 512 % 4, i & 256, i & 255);
}

static void test_first_failure_counts_at_once(void **state)
{
	struct rise_fall it;

	(void)state;
	rise_fall_init(&it, 3, 3, false);
	assert_false(it.decided);
	assert_true(rise_fall_step(&it, false));
	assert_false(rise_fall_is_up(&it));
	assert_false(rise_fall_step(&it, true));
	assert_false(rise_fall_step(&it, true));
	assert_true(rise_fall_step(&it, true));
	assert_true(rise_fall_is_up(&it));
}

/* ---- the schedule ---- */

struct bench {
	struct loop *loop;
	struct tracker *tracker;
	unsigned runs, results, cancels;
	uint64_t token;
	struct msg_track last;
};

static int on_run(uint64_t token, const struct conf_script *script, void *owner)
{
	struct bench *bench = owner;

	bench->runs++;
	if (strcmp(script->name, "chk") == 0)
		bench->token = token;
	return 0;
}

static void on_result(const struct msg_track *track, void *owner)
{
	struct bench *bench = owner;

	bench->results++;
	bench->last = *track;
}

static void on_cancel(uint64_t token, void *owner)
{
	struct bench *bench = owner;

	(void)token;
	bench->cancels++;
}

static const struct tracker_hooks hooks = {on_run, on_result, on_cancel};

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);

	*state = bench;
	if (!bench || loop_new(NULL, &bench->loop))
		return -1;
	return tracker_new(bench->loop, &hooks, bench, &bench->tracker);
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	tracker_free(bench->tracker);
	loop_free(bench->loop);
	free(bench);
	return 0;
}

static const struct conf *load(const char *text, uint64_t generation)
{
	struct conf_load_options options = {.config_id = "test"};
	struct diag_list diags;
	const struct conf *conf = NULL;

	int error = conf_load_text("test", text, strlen(text), &options, &conf, &diags);
	for (size_t i = 0; error && i < diags.count; i++)
		print_message("%u: %s\n", diags.items[i].line, diags.items[i].message);
	assert_int_equal(error, 0);
	diag_list_free(&diags);
	((struct conf *)conf)->generation = generation;
	return conf;
}

#define INSTANCE                                                                                   \
	"vrrp_instance VI { interface lo\n virtual_router_id 1\n priority 100\n"                   \
	"virtual_ipaddress {\n 192.0.2.1\n }\n track_script {\n chk\n }\n }\n"
#define SCRIPT(command, interval)                                                                  \
	"vrrp_script chk {\n script \"" command "\"\n interval " interval "\n }\n" INSTANCE

static void adopt(struct bench *bench, const char *text, uint64_t generation)
{
	const struct conf *conf = load(text, generation);

	assert_int_equal(tracker_set_conf(bench->tracker, conf), 0);
	conf_unref(conf);
}

static void turn_for(struct bench *bench, uint64_t us)
{
	uint64_t limit_us = clock_now_us() + us;

	while (clock_now_us() < limit_us)
		loop_turn(bench->loop, 10 * USEC_PER_MSEC);
}

static void test_skips_while_running(void **state)
{
	struct bench *bench = *state;

	adopt(bench, SCRIPT("/bin/true", "0.05"), 1);
	assert_int_equal(bench->results, 1);
	assert_false(bench->last.decided);
	turn_for(bench, 300 * USEC_PER_MSEC);
	assert_int_equal(bench->runs, 1);
	tracker_done(bench->tracker, bench->token, true, 0);
	assert_int_equal(bench->results, 2);
	assert_true(bench->last.up && bench->last.decided);
	turn_for(bench, 150 * USEC_PER_MSEC);
	assert_int_equal(bench->runs, 2);
	assert_int_equal(bench->results, 2);
}

static void test_reload_keeps_unchanged(void **state)
{
	struct bench *bench = *state;

	adopt(bench, SCRIPT("/bin/true", "60"), 1);
	turn_for(bench, 50 * USEC_PER_MSEC);
	tracker_done(bench->tracker, bench->token, true, 0);
	adopt(bench, SCRIPT("/bin/true", "60"), 2);
	turn_for(bench, 50 * USEC_PER_MSEC);
	assert_int_equal(bench->runs, 1);
	assert_int_equal(bench->cancels, 0);
	assert_int_equal(bench->last.generation, 2);
	assert_true(bench->last.up && bench->last.decided);
}

static void test_reload_restarts_changed(void **state)
{
	struct bench *bench = *state;

	adopt(bench, SCRIPT("/bin/true", "60"), 1);
	turn_for(bench, 50 * USEC_PER_MSEC);
	adopt(bench, SCRIPT("/bin/false", "60"), 2);
	assert_int_equal(bench->cancels, 1);
	uint64_t old = bench->token;
	turn_for(bench, 50 * USEC_PER_MSEC);
	assert_int_equal(bench->runs, 2);
	tracker_done(bench->tracker, old, true, 0); /* a late end of the old run means nothing */
	assert_false(bench->last.decided);
	tracker_done(bench->tracker, bench->token, false, 1);
	assert_true(bench->last.decided && !bench->last.up);
}

/* Until the new definition has its first result the old one's stands: no priority moves because a
 * file was edited. That result then counts at once. */
static void test_reload_of_a_changed_script_keeps_its_verdict(void **state)
{
	struct bench *bench = *state;

	adopt(bench, SCRIPT("/bin/true", "60"), 1);
	turn_for(bench, 50 * USEC_PER_MSEC);
	tracker_done(bench->tracker, bench->token, true, 0);
	adopt(bench, SCRIPT("/bin/true", "50\n fall 3\n rise 2"), 2);
	assert_int_equal(bench->last.generation, 2);
	assert_true(bench->last.decided && bench->last.up);
	turn_for(bench, 50 * USEC_PER_MSEC);
	assert_int_equal(bench->runs, 2);
	tracker_done(bench->tracker, bench->token, false, 1);
	assert_true(bench->last.decided && !bench->last.up);
	adopt(bench, SCRIPT("/bin/false", "50\n fall 3\n rise 2"), 3);
	assert_true(bench->last.decided && !bench->last.up);
	turn_for(bench, 50 * USEC_PER_MSEC);
	tracker_done(bench->tracker, bench->token, true, 0);
	assert_true(bench->last.up);
}

/* Another interval moves the next run and nothing else: not the run under way, not the count. */
static void test_reload_of_an_interval_is_in_place(void **state)
{
	struct bench *bench = *state;

	adopt(bench, SCRIPT("/bin/true", "60\n rise 3"), 1);
	turn_for(bench, 50 * USEC_PER_MSEC);
	assert_int_equal(bench->runs, 1);
	adopt(bench, SCRIPT("/bin/true", "0.2\n rise 3\n weight 5"), 2);
	assert_int_equal(bench->cancels, 0);
	tracker_done(bench->tracker, bench->token, false, 1);
	tracker_done(bench->tracker, bench->token, true, 0);
	for (int i = 0; bench->runs < 2 && i < 100; i++)
		turn_for(bench, 20 * USEC_PER_MSEC);
	assert_int_equal(bench->runs, 2);
	assert_false(bench->last.up);
	/* Longer again: counted from the last run, and two successes are still needed after the
	 * first. */
	adopt(bench, SCRIPT("/bin/true", "60\n rise 3\n weight 5"), 3);
	tracker_done(bench->tracker, bench->token, true, 0);
	assert_false(bench->last.up);
	turn_for(bench, 300 * USEC_PER_MSEC);
	assert_int_equal(bench->runs, 2);
}

#define ONE(name) "vrrp_script " name " {\n script /bin/true\n interval 60\n }\n"
#define USES                                                                                       \
	"vrrp_instance VI { interface lo\n virtual_router_id 1\n virtual_ipaddress {\n "           \
	"192.0.2.1\n"                                                                              \
	"}\n track_script {\n a\n b\n chk\n }\n }\n"

/* Scripts are known by name: their order in the file is nothing. */
static void test_reload_in_another_order_starts_nothing(void **state)
{
	struct bench *bench = *state;
	static const char *const texts[] = {ONE("a") ONE("b") USES ONE("chk"),
					    ONE("chk") USES ONE("b") ONE("a")};

	adopt(bench, texts[0], 1);
	turn_for(bench, 50 * USEC_PER_MSEC);
	assert_int_equal(bench->runs, 3);
	adopt(bench, texts[1], 2);
	turn_for(bench, 50 * USEC_PER_MSEC);
	assert_int_equal(bench->runs, 3);
	assert_int_equal(bench->cancels, 0);
	/* chk is the first now. */
	tracker_done(bench->tracker, bench->token, true, 0);
	assert_int_equal(bench->last.index, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counter_exhaustively),
		cmocka_unit_test(test_first_failure_counts_at_once),
		cmocka_unit_test_setup_teardown(test_skips_while_running, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reload_keeps_unchanged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reload_restarts_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reload_of_a_changed_script_keeps_its_verdict,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reload_of_an_interval_is_in_place, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_reload_in_another_order_starts_nothing, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
