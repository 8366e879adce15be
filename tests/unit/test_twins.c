/* SPDX-License-Identifier: MIT */
/* Checks that probe the same share one probe; what they make of it stays their own. Counted at the
 * server. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/loop.h"
#include "core/check/checker.h"
#include "core/check/twins.h"
#include "tests/unit/lying.h"

#define CHECKS 4

struct world {
	struct lying server;
	struct loop *loop;
	struct check_env *env;
	struct conf_checker conf[CHECKS];
	struct check *checks[CHECKS];
	struct outcome outcomes[CHECKS];
	struct conf_url urls[CHECKS][2];
};

static void begin(struct world *world, enum conf_checker_type type, lying_treat_fn *treat,
		  const char *text)
{
	memset(world, 0, sizeof *world);
	lying_start(&world->server, treat, text, text ? strlen(text) : 0);
	assert_int_equal(loop_new(NULL, &world->loop), 0);
	assert_int_equal(check_env_new(world->loop, NULL, NULL, &world->env), 0);
	for (unsigned i = 0; i < CHECKS; i++) {
		world->conf[i] = lying_checker(type, &world->server);
		world->conf[i].delay_loop_us = world->conf[i].delay_before_retry_us = 20 * MS;
		world->urls[i][0] = lying_url("/");
		world->urls[i][1] = lying_url("/second");
		if (type != CONF_HTTP_GET)
			continue;
		world->conf[i].urls = world->urls[i];
		world->conf[i].n_urls = 1;
	}
}

/* Their first attempts are due one after the other. */
static void start(struct world *world)
{
	for (unsigned i = 0; i < CHECKS; i++)
		assert_int_equal(check_new(world->env, &world->conf[i], !world->conf[i].alpha,
					   clock_now_us() + i * 2 * MS, lying_on_report,
					   &world->outcomes[i], &world->checks[i]),
				 0);
}

static void end(struct world *world)
{
	for (unsigned i = 0; i < CHECKS; i++)
		check_free(world->checks[i]);
	check_env_free(world->env);
	loop_free(world->loop);
	lying_stop(&world->server);
}

/* The kernel accepts before the server does. */
static void expect_connections(struct world *world, unsigned count)
{
	for (unsigned ms = 0; ms < 2000 && world->server.connections < count; ms++)
		poll(NULL, 0, 1);
	assert_int_equal(world->server.connections, count);
}

static void run_until(struct world *world, unsigned which, unsigned reports)
{
	uint64_t end_us = clock_now_us() + 10 * USEC_PER_SEC;

	while (world->outcomes[which].reports < reports) {
		assert_true(clock_now_us() < end_us);
		loop_turn(world->loop, 100 * MS);
	}
}

static void one_probe_answers_for_all(void **state)
{
	struct world world;

	(void)state;
	begin(&world, CONF_HTTP_GET, lying_say, "HTTP/1.0 200 OK\r\n\r\nhello");
	world.conf[1].alpha = true; /* neither decides what a probe does */
	world.conf[2].log_all_failures = true;
	world.conf[3].warmup_us = 5;
	start(&world);
	assert_false(check_is_up(world.checks[1]));
	run_until(&world, 3, 5);
	for (unsigned i = 0; i < CHECKS; i++) {
		assert_int_equal(world.outcomes[i].reports, world.outcomes[0].reports);
		lying_expect(&world.outcomes[i], CHECK_OK, "status 200, 5 octets");
		assert_true(check_is_up(world.checks[i]));
		assert_true(world.outcomes[i].latency_us > 0);
	}
	expect_connections(&world, world.outcomes[0].reports);
	end(&world);
}

static void failures_are_shared_too(void **state)
{
	struct world world;

	(void)state;
	begin(&world, CONF_HTTP_GET, lying_say, "HTTP/1.0 503 Busy\r\n\r\nhello");
	start(&world);
	run_until(&world, 0, 3);
	for (unsigned i = 0; i < CHECKS; i++) {
		lying_expect(&world.outcomes[i], CHECK_BAD_CONTENT, "status 503");
		assert_false(check_is_up(world.checks[i]));
	}
	expect_connections(&world, world.outcomes[0].reports);
	end(&world);
}

/* Whatever makes a probe another one keeps it apart. */
static void others_are_not_shared(void **state)
{
	for (unsigned what = 0; what < 8; what++) {
		struct world world;

		(void)state;
		begin(&world, CONF_HTTP_GET, lying_say, "HTTP/1.0 200 OK\r\n\r\nhello");
		switch (what) {
		case 0:
			world.conf[1].connect_timeout_us += 1;
			break;
		case 1:
			ip_parse("127.0.0.1", &world.conf[1].bind_ip);
			break;
		case 2:
			world.conf[1].type = CONF_TCP_CHECK;
			world.conf[1].n_urls = 0;
			break;
		case 3:
			world.conf[1].virtualhost = (char *)"a.example";
			break;
		case 4:
			world.urls[1][0].path = (char *)"/other";
			break;
		case 5:
			world.conf[1].retry++;
			break;
		case 6:
			world.conf[1].delay_loop_us++;
			break;
		default:
			world.urls[1][0].regex.pattern = (char *)"hello";
			break;
		}
		start(&world);
		run_until(&world, 1, 3);
		run_until(&world, 0, 3);
		assert_null(world.checks[1]->twins);
		assert_int_equal(world.outcomes[2].reports, world.outcomes[0].reports);
		unsigned apart = world.outcomes[0].reports + world.outcomes[1].reports;
		for (unsigned ms = 0; ms < 2000 && world.server.connections < apart; ms++)
			poll(NULL, 0, 1);
		assert_true(world.server.connections >= apart);
		end(&world);
	}
}

static void pages_in_step_are_shared(void **state)
{
	struct world world;

	(void)state;
	begin(&world, CONF_HTTP_GET, lying_say, "HTTP/1.0 200 OK\r\n\r\nhello");
	for (unsigned i = 0; i < CHECKS; i++)
		world.conf[i].n_urls = 2;
	start(&world);
	run_until(&world, 0, 2);
	assert_non_null(strstr(world.server.request, "GET /second "));
	run_until(&world, 0, 5);
	assert_int_equal(world.outcomes[3].reports, 5);
	expect_connections(&world, 5);
	end(&world);
}

/* The one that ran it is gone in the middle: another takes over. */
static void runner_may_go(void **state)
{
	for (unsigned how = 0; how < 2; how++) {
		struct world world;

		(void)state;
		begin(&world, CONF_HTTP_GET, lying_silence, NULL);
		start(&world);
		while (!world.server.connections || !world.checks[3]->waiting)
			loop_turn(world.loop, 5 * MS);
		assert_true(world.checks[0]->running);
		if (how == 0)
			world.checks[0] = check_free(world.checks[0]);
		else
			check_suspend(world.checks[0], true, 0);
		run_until(&world, 3, 1);
		assert_int_equal(world.outcomes[0].reports, 0);
		for (unsigned i = 1; i < CHECKS; i++)
			lying_expect(&world.outcomes[i], CHECK_TIMEOUT, "no reply in time");
		if (how == 1)
			check_suspend(world.checks[0], false, clock_now_us());
		end(&world);
	}
}

static void resting_checks_hear_nothing(void **state)
{
	struct world world;

	(void)state;
	begin(&world, CONF_TCP_CHECK, lying_close, NULL);
	start(&world);
	check_suspend(world.checks[2], true, 0);
	run_until(&world, 1, 3);
	assert_int_equal(world.outcomes[2].reports, 0);
	check_suspend(world.checks[2], false, clock_now_us());
	run_until(&world, 2, 2);
	expect_connections(&world, world.outcomes[0].reports);
	end(&world);
}

static void free_in_report(struct check *check, const struct check_report *report, void *owner)
{
	lying_on_report(check, report, owner);
	check_free(check);
}

static void all_may_go_in_their_reports(void **state)
{
	struct world world;

	(void)state;
	begin(&world, CONF_TCP_CHECK, lying_close, NULL);
	for (unsigned i = 0; i < CHECKS; i++)
		assert_int_equal(check_new(world.env, &world.conf[i], true, clock_now_us(),
					   free_in_report, &world.outcomes[i], &world.checks[i]),
				 0);
	memset(world.checks, 0, sizeof world.checks);
	for (unsigned i = 0; i < CHECKS; i++)
		run_until(&world, i, 1);
	expect_connections(&world, 1);
	end(&world);
}

/* Two that share a probe, two that have one each; the first that goes is one of the two. */
static void all_may_go_at_the_end(void **state)
{
	struct world world;

	(void)state;
	begin(&world, CONF_TCP_CHECK, lying_close, NULL);
	world.conf[2].retry = 1;
	world.conf[3].retry = 2;
	start(&world);
	run_until(&world, 3, 1);
	check_env_end(world.env);
	world.checks[0] = check_free(world.checks[0]);
	assert_int_equal(world.checks[1]->twins->n, 1);
	world.checks[3] = check_free(world.checks[3]);
	end(&world);
}

/* Each is told of its own session; nothing is probed. */
static void sessions_are_not_shared(void **state)
{
	static const char *const names[CHECKS] = {"one", "two", "three", "four"};
	struct world world;

	(void)state;
	begin(&world, CONF_BFD_CHECK, lying_close, NULL);
	for (unsigned i = 0; i < CHECKS; i++)
		world.conf[i].object.name = (char *)names[i];
	start(&world);
	check_set_value(world.checks[1], 0);
	run_until(&world, 1, 1);
	lying_expect(&world.outcomes[1], CHECK_UNREACHABLE, "session two is down");
	check_set_value(world.checks[0], 1);
	run_until(&world, 0, 1);
	lying_expect(&world.outcomes[0], CHECK_OK, "session one is up");
	assert_int_equal(world.outcomes[1].reports, 1);
	assert_int_equal(world.outcomes[2].reports, 0);
	end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_probe_answers_for_all),
		cmocka_unit_test(failures_are_shared_too),
		cmocka_unit_test(others_are_not_shared),
		cmocka_unit_test(pages_in_step_are_shared),
		cmocka_unit_test(runner_may_go),
		cmocka_unit_test(resting_checks_hear_nothing),
		cmocka_unit_test(all_may_go_in_their_reports),
		cmocka_unit_test(all_may_go_at_the_end),
		cmocka_unit_test(sessions_are_not_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
