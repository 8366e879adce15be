/* SPDX-License-Identifier: MIT */
/* When checks run, on a real loop with programs (MISC_CHECK) whose answers the test gives. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/base/loop.h"
#include "core/check/checker.h"
#include "core/cmd.h"

#define MS USEC_PER_MSEC

#define REPORTS_MAX 16

struct world {
	struct loop *loop;
	struct check_env *env;
	struct conf_checker conf;
	uint64_t requests[REPORTS_MAX];
	unsigned n_requests;
	int exec_error;
	struct check_report reports[REPORTS_MAX];
	char details[REPORTS_MAX][DEST_ERROR_MAX];
	uint64_t at_us[REPORTS_MAX];
	unsigned n_reports;
	bool free_in_report;
};

static int on_exec(uint64_t request, const struct conf_checker *conf, void *owner)
{
	struct world *world = owner;

	assert_int_equal(conf->type, CONF_MISC_CHECK);
	if (world->exec_error)
		return world->exec_error;
	assert_true(world->n_requests < REPORTS_MAX);
	world->requests[world->n_requests++] = request;
	return 0;
}

static void on_report(struct check *check, const struct check_report *report, void *owner)
{
	struct world *world = owner;
	unsigned i = world->n_reports++;

	assert_true(i < REPORTS_MAX);
	world->reports[i] = *report;
	world->at_us[i] = clock_now_us();
	snprintf(world->details[i], sizeof world->details[i], "%s", report->detail);
	if (world->free_in_report)
		check_free(check);
}

static void set_up(struct world *world)
{
	memset(world, 0, sizeof *world);
	assert_int_equal(loop_new(NULL, &world->loop), 0);
	assert_int_equal(check_env_new(world->loop, on_exec, world, &world->env), 0);
	world->conf = (struct conf_checker){.type = CONF_MISC_CHECK,
					    .retry = 1,
					    .delay_loop_us = 300 * MS,
					    .delay_before_retry_us = 10 * MS,
					    .misc_timeout_us = 1000 * MS};
}

static void tear_down(struct world *world)
{
	check_env_free(world->env);
	loop_free(world->loop);
}

static void turn_until_requests(struct world *world, unsigned n)
{
	uint64_t end_us = clock_now_us() + 5 * USEC_PER_SEC;

	while (world->n_requests < n) {
		assert_true(clock_now_us() < end_us);
		loop_turn(world->loop, 100 * MS);
	}
}

static void turn_until_reports(struct world *world, unsigned n)
{
	uint64_t end_us = clock_now_us() + 5 * USEC_PER_SEC;

	while (world->n_reports < n) {
		assert_true(clock_now_us() < end_us);
		loop_turn(world->loop, 100 * MS);
	}
}

static void turn_for(struct world *world, uint64_t us)
{
	uint64_t end_us = clock_now_us() + us, now_us;

	while ((now_us = clock_now_us()) < end_us)
		loop_turn(world->loop, end_us - now_us);
}

static void answer(struct world *world, struct msg_exec_done done)
{
	unsigned reports = world->n_reports;

	done.request = world->requests[world->n_requests - 1];
	check_exec_done(world->env, &done);
	assert_int_equal(world->n_reports, reports + 1);
}

static void answer_exit(struct world *world, int status)
{
	answer(world, (struct msg_exec_done){.wait_status = status << 8});
}

static void test_times(void **state)
{
	struct world world;
	struct check *check;
	uint64_t start_us;

	(void)state;
	set_up(&world);
	start_us = clock_now_us();
	assert_int_equal(check_new(world.env, &world.conf, true, start_us + 30 * MS, on_report,
				   &world, &check),
			 0);
	assert_true(check_is_up(check));
	assert_false(check_has_run(check));
	turn_until_requests(&world, 1);
	assert_true(clock_now_us() >= start_us + 30 * MS);
	turn_for(&world, 20 * MS); /* the program runs */
	answer_exit(&world, 0);
	assert_true(check_has_run(check));
	assert_true(world.reports[0].changed && world.reports[0].up);
	assert_true(world.reports[0].latency_us >= 20 * MS);

	turn_until_requests(&world, 2);
	assert_true(clock_now_us() >= world.at_us[0] + 299 * MS); /* delay_loop */
	answer_exit(&world, 1);
	assert_true(world.reports[1].up && !world.reports[1].changed);
	assert_int_equal(world.reports[1].result, CHECK_SCRIPT_ERROR);
	turn_until_requests(&world, 3);
	assert_true(clock_now_us() >= world.at_us[1] + 9 * MS); /* delay_before_retry */
	assert_true(clock_now_us() < world.at_us[1] + 299 * MS);
	answer_exit(&world, 1);
	assert_true(!world.reports[2].up && world.reports[2].changed);
	turn_until_requests(&world, 4);
	assert_true(clock_now_us() >= world.at_us[2] + 299 * MS); /* down: delay_loop */
	assert_false(check_is_up(check));
	check_free(check);
	tear_down(&world);
}

/* A probe under way is forgotten, the verdict is kept, and nothing runs until it goes on. */
static void test_suspended(void **state)
{
	struct world world;
	struct check *check;
	uint64_t again_us;

	(void)state;
	set_up(&world);
	world.conf.delay_loop_us = 1 * MS;
	check_new(world.env, &world.conf, true, 1, on_report, &world, &check);
	turn_until_requests(&world, 1);
	answer_exit(&world, 0);
	turn_until_requests(&world, 2);
	check_suspend(check, true, 0);
	check_suspend(check, true, 0);
	check_exec_done(world.env, &(struct msg_exec_done){.request = world.requests[1],
							   .wait_status = 1 << 8});
	turn_for(&world, 30 * MS);
	assert_int_equal(world.n_reports, 1);
	assert_int_equal(world.n_requests, 2);
	assert_true(check_is_up(check));
	again_us = clock_now_us() + 20 * MS;
	check_suspend(check, false, again_us);
	turn_until_requests(&world, 3);
	assert_true(clock_now_us() >= again_us);
	answer_exit(&world, 0);
	check_suspend(check, true, 0);
	check_free(check);
	tear_down(&world);
}

static void test_program_ends(void **state)
{
	struct world world;
	struct check *check;
	struct check_report *reports = world.reports;

	(void)state;
	set_up(&world);
	world.conf.delay_loop_us = world.conf.delay_before_retry_us = 1 * MS;
	check_new(world.env, &world.conf, true, 1, on_report, &world, &check);
	turn_until_requests(&world, 1);
	answer(&world, (struct msg_exec_done){.wait_status = SIGKILL});
	assert_int_equal(reports[0].result, CHECK_SCRIPT_ERROR);
	assert_string_equal(world.details[0], "killed by signal 9");
	assert_int_equal(reports[0].code, -SIGKILL);
	turn_until_requests(&world, 2);
	answer(&world, (struct msg_exec_done){.timed_out = true, .wait_status = SIGKILL});
	assert_int_equal(reports[1].result, CHECK_TIMEOUT);
	assert_int_equal(reports[1].code, 0);
	turn_until_requests(&world, 3);
	answer(&world, (struct msg_exec_done){.error = -ENOENT});
	assert_int_equal(reports[2].result, CHECK_SCRIPT_ERROR);
	assert_string_equal(world.details[2], "cannot run: No such file or directory");
	turn_until_requests(&world, 4);
	answer(&world, (struct msg_exec_done){.error = -EAGAIN});
	assert_int_equal(reports[3].result, CHECK_LOCAL_ERROR);
	turn_until_requests(&world, 5);
	answer_exit(&world, 7); /* not dynamic */
	assert_int_equal(reports[4].result, CHECK_SCRIPT_ERROR);
	assert_false(reports[4].has_weight);
	check_free(check);
	tear_down(&world);
}

static void test_dynamic_weight(void **state)
{
	const int statuses[] = {2, 255, 0, 1, 9};
	const int weights[] = {0, 253, -1, -1, 7}; /* -1: none */
	struct world world;
	struct check *check;

	(void)state;
	set_up(&world);
	world.conf.misc_dynamic = true;
	world.conf.delay_loop_us = world.conf.delay_before_retry_us = 1 * MS;
	check_new(world.env, &world.conf, true, 1, on_report, &world, &check);
	for (unsigned i = 0; i < 5; i++) {
		turn_until_requests(&world, i + 1);
		answer_exit(&world, statuses[i]);
		assert_int_equal(world.reports[i].code, statuses[i]);
		assert_int_equal(world.reports[i].has_weight, weights[i] >= 0);
		if (weights[i] >= 0)
			assert_int_equal(world.reports[i].weight, weights[i]);
		assert_int_equal(world.reports[i].result,
				 statuses[i] == 1 ? CHECK_SCRIPT_ERROR : CHECK_OK);
	}
	check_free(check);
	tear_down(&world);
}

static void test_exec_refused(void **state)
{
	struct world world;
	struct check *check;

	(void)state;
	set_up(&world);
	world.exec_error = -ENOMEM;
	check_new(world.env, &world.conf, true, 1, on_report, &world, &check);
	turn_until_reports(&world, 3); /* goes on trying */
	assert_int_equal(world.reports[0].result, CHECK_LOCAL_ERROR);
	assert_true(check_is_up(check));
	assert_false(check_has_run(check));
	check_free(check);
	tear_down(&world);
}

/* An answer that comes for a check that is gone, was answered, or whose slot another one has now.
 */
static void test_stray_answers(void **state)
{
	struct world world;
	struct check *first, *second;
	struct msg_exec_done done = {.request = 0};

	(void)state;
	set_up(&world);
	check_exec_done(world.env, &done); /* before anything ran */
	check_new(world.env, &world.conf, true, 1, on_report, &world, &first);
	turn_until_requests(&world, 1);
	check_free(first);
	check_new(world.env, &world.conf, true, 1, on_report, &world, &second);
	turn_until_requests(&world, 2);
	assert_true(world.requests[0] != world.requests[1]);
	done.request = world.requests[0];
	check_exec_done(world.env, &done);
	assert_int_equal(world.n_reports, 0);
	answer_exit(&world, 0);
	done.request = world.requests[1];
	check_exec_done(world.env, &done);
	assert_int_equal(world.n_reports, 1);
	check_free(second);
	tear_down(&world);
}

static void test_many_programs_at_once(void **state)
{
	struct world world;
	struct check *checks[REPORTS_MAX + 4];
	unsigned n = sizeof checks / sizeof checks[0];

	(void)state;
	set_up(&world);
	for (unsigned i = 0; i < n; i++)
		check_new(world.env, &world.conf, true, i < REPORTS_MAX ? 1 : UINT64_MAX / 2,
			  on_report, &world, &checks[i]);
	turn_until_requests(&world, REPORTS_MAX);
	for (unsigned i = 0; i < REPORTS_MAX; i++) {
		struct msg_exec_done done = {.request = world.requests[i],
					     .wait_status = (int)(i % 2) << 8};

		check_exec_done(world.env, &done);
		assert_int_equal(world.reports[i].up, i % 2 == 0);
	}
	for (unsigned i = 0; i < n; i++)
		check_free(checks[i]);
	tear_down(&world);
}

static void test_free_in_report(void **state)
{
	struct world world;
	struct check *check;

	(void)state;
	set_up(&world);
	world.free_in_report = true;
	check_new(world.env, &world.conf, true, 1, on_report, &world, &check);
	turn_until_requests(&world, 1);
	answer_exit(&world, 0);
	world.exec_error = -ENOMEM; /* reported from within the timer */
	check_new(world.env, &world.conf, true, 1, on_report, &world, &check);
	turn_until_reports(&world, 2);
	turn_for(&world, 60 * MS);
	assert_int_equal(world.n_reports, 2);
	tear_down(&world);
}

static void test_reload(void **state)
{
	struct world world;
	struct check *check;
	struct conf_checker *other = malloc(sizeof *other);

	(void)state;
	set_up(&world);
	*other = world.conf;
	check_new(world.env, other, true, 1, on_report, &world, &check);
	turn_until_requests(&world, 1);
	check_set_conf(check, &world.conf); /* in the middle of a probe */
	free(other);
	answer_exit(&world, 0);
	turn_until_requests(&world, 2);
	check_free(check);
	tear_down(&world);
}

static void test_names(void **state)
{
	(void)state;
	for (enum check_result i = 0; i < CHECK_RESULTS; i++)
		assert_true(strlen(check_result_name(i)) > 0);
	assert_string_equal(checker_ssl_ops()->name, "SSL_GET");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_suspended),
		cmocka_unit_test(test_program_ends),
		cmocka_unit_test(test_dynamic_weight),
		cmocka_unit_test(test_exec_refused),
		cmocka_unit_test(test_stray_answers),
		cmocka_unit_test(test_many_programs_at_once),
		cmocka_unit_test(test_free_in_report),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
