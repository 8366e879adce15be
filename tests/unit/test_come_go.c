/* SPDX-License-Identifier: MIT */
/* Servers that come back slowly and leave slowly, and a kernel's table that others change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "tests/unit/engine_bench.h"

#define WEIGHT 1000
/* Long enough that the test's own time moves no weight by much. */
#define LONG_US (1000 * USEC_PER_SEC)

static struct bench_conf *slow_conf(uint64_t generation, uint64_t slow_start_us)
{
	struct bench_conf *c = bench_conf(1, 2, generation);

	for (unsigned k = 0; k < 2; k++) {
		c->servers[0][k].weight = WEIGHT;
		c->servers[0][k].slow_start_us = slow_start_us;
	}
	return c;
}

static struct bench *slow(uint64_t slow_start_us)
{
	struct bench *b = bench_new();

	bench_adopt(b, slow_conf(1, slow_start_us));
	return b;
}

static struct ramp *ramp_of(const struct bench *b, unsigned server)
{
	return &b->engine->services[0]->servers[server]->ramp;
}

/* Puts the clock of a ramp forward. */
static void pass(const struct bench *b, unsigned server, uint64_t passed_us)
{
	ramp_of(b, server)->began_us = clock_now_us() - passed_us;
	engine_mark(b->engine, b->engine->services[0]);
}

static void share_grows_with_time(void **state)
{
	(void)state;
	assert_int_equal(ramp_held(0, 100, 50), 0);
	assert_int_equal(ramp_held(1000, 1000, 1000), 999); /* something is let through */
	assert_int_equal(ramp_held(1000, 1000, 999), 999);
	assert_int_equal(ramp_held(1000, 1000, 1500), 500);
	assert_int_equal(ramp_held(1000, 1000, 1999), 1);
	assert_int_equal(ramp_held(1000, 1000, 2000), 0);
	assert_int_equal(ramp_held(1000, 0, 1000), 0);
}

static void servers_found_up_have_their_weight(void **state)
{
	struct bench *b = slow(LONG_US);

	(void)state;
	assert_int_equal(bench_weight(0, 0), WEIGHT);
	bench_report(b, 0, 0, CHECK_OK);
	assert_int_equal(bench_weight(0, 0), WEIGHT);
	bench_free(b);
}

static void recovered_server_starts_slowly(void **state)
{
	struct bench *b = slow(LONG_US);

	(void)state;
	bench_report(b, 0, 0, CHECK_REFUSED);
	assert_int_equal(bench_weight(0, 0), -1);
	bench_report(b, 0, 0, CHECK_OK);
	assert_in_range(bench_weight(0, 0), 1, WEIGHT / 100);
	assert_int_equal(bench_weight(0, 1), WEIGHT);
	assert_int_equal(bench_row(b, 0, 0)->effective_weight, bench_weight(0, 0));
	assert_int_equal(bench_row(b, 0, 0)->nominal_weight, WEIGHT);
	assert_in_range(bench_row(b, 0, 0)->held_permille, 990, 999);
	/* The quorum counts what it will have. */
	assert_int_equal(bench_snap(b)->services[0].quorum_weight, 2 * WEIGHT);
	/* Nobody takes it for drift. */
	bench_refresh(b);
	assert_int_equal(b->engine->drifts, 0);
	pass(b, 0, LONG_US / 2);
	bench_run(b, 1);
	assert_in_range(bench_weight(0, 0), WEIGHT / 2 - 1, WEIGHT / 2 + 50);
	/* A change of the configuration that does not concern it. */
	bench_adopt(b, slow_conf(2, LONG_US));
	assert_in_range(bench_weight(0, 0), WEIGHT / 2 - 1, WEIGHT / 2 + 50);
	/* And one that takes the keyword away. */
	bench_adopt(b, slow_conf(3, 0));
	assert_int_equal(bench_weight(0, 0), WEIGHT);
	assert_int_equal(bench_row(b, 0, 0)->held_permille, 0);
	bench_free(b);
}

static void weight_arrives_by_itself(void **state)
{
	struct bench *b = slow(USEC_PER_SEC / 2);
	int32_t before;

	(void)state;
	b->engine->refresh_us = 60 * USEC_PER_SEC;
	bench_run(b, 30);
	bench_report(b, 0, 0, CHECK_REFUSED);
	bench_report(b, 0, 0, CHECK_OK);
	before = bench_weight(0, 0);
	assert_in_range(before, 1, WEIGHT - 1);
	bench_run(b, 250);
	assert_in_range(bench_weight(0, 0), before + 1, WEIGHT);
	bench_run(b, 500);
	assert_int_equal(bench_weight(0, 0), WEIGHT);
	assert_int_equal(b->engine->services[0]->ramp_at_us, 0);
	bench_free(b);
}

static void undrained_server_starts_slowly(void **state)
{
	struct svc_key key = bench_key(0);
	struct dest_key dest = bench_dest(0, 0);
	struct bench *b = slow(LONG_US);

	(void)state;
	ipvs_double_dest(&key, &dest)->active_conns = 1; /* a drain does not end meanwhile */
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, DEST_SHUTTING_DOWN), 0);
	assert_int_equal(bench_weight(0, 0), 0);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, DEST_UNLOCKED), 0);
	assert_in_range(bench_weight(0, 0), 1, WEIGHT / 100);
	/* Drained again: 0 and nothing else, whatever time passes. */
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, DEST_SHUTTING_DOWN), 0);
	assert_int_equal(bench_weight(0, 0), 0);
	assert_int_equal(ramp_of(b, 0)->began_us, 0);
	assert_int_equal(bench_row(b, 0, 0)->held_permille, 0);
	bench_free(b);
}

static void operators_weight_is_meant_now(void **state)
{
	struct bench *b = slow(LONG_US);

	(void)state;
	bench_report(b, 0, 0, CHECK_REFUSED);
	bench_report(b, 0, 0, CHECK_OK);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_WEIGHT, 300), 0);
	assert_int_equal(bench_weight(0, 0), 300);
	/* A later return grows towards it. */
	bench_report(b, 0, 0, CHECK_REFUSED);
	bench_report(b, 0, 0, CHECK_OK);
	pass(b, 0, LONG_US / 2);
	bench_run(b, 1);
	assert_in_range(bench_weight(0, 0), 149, 160);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_WEIGHT, 0), 0);
	assert_int_equal(bench_weight(0, 0), 0);
	bench_free(b);
}

static void refused_set_leaves_the_ramp(void **state)
{
	struct bench *b = slow(LONG_US);

	(void)state;
	bench_report(b, 0, 0, CHECK_REFUSED);
	bench_report(b, 0, 0, CHECK_OK);
	b->save_error = -5;
	assert_true(bench_set(b, 0, 0, DEST_SET_WEIGHT, 300) < 0);
	assert_in_range(bench_weight(0, 0), 1, WEIGHT / 100);
	assert_in_range(bench_row(b, 0, 0)->held_permille, 990, 999);
	bench_free(b);
}

static void inhibited_server_starts_slowly(void **state)
{
	struct bench *b = bench_new();
	struct bench_conf *c = slow_conf(1, LONG_US);

	(void)state;
	c->servers[0][0].inhibit_on_failure = true;
	bench_adopt(b, c);
	bench_report(b, 0, 0, CHECK_REFUSED);
	assert_int_equal(bench_weight(0, 0), 0);
	bench_report(b, 0, 0, CHECK_OK);
	assert_in_range(bench_weight(0, 0), 1, WEIGHT / 100);
	/* What a program wants is divided like any weight. */
	check_double_weight(bench_check(b, 0, 0), 100);
	pass(b, 0, LONG_US / 2);
	bench_run(b, 1);
	assert_in_range(bench_weight(0, 0), 49, 55);
	check_double_weight(bench_check(b, 0, 0), 0);
	bench_run(b, 1);
	assert_int_equal(bench_weight(0, 0), 0);
	bench_free(b);
}

/* What a vipd that was killed left half way goes on from there. */
static void restart_resumes(void **state)
{
	struct svc_key key = bench_key(0);
	struct dest_key dest = bench_dest(0, 0);
	struct bench *b = slow(LONG_US);

	(void)state;
	struct double_service left = *ipvs_double_service(&key);
	bench_free(b);
	b = bench_new(); /* which empties the kernel */
	ipvs_double()->services[0] = left;
	ipvs_double()->n_services = 1;
	ipvs_double_dest(&key, &dest)->weight = WEIGHT / 4;
	bench_adopt(b, slow_conf(1, LONG_US));
	assert_in_range(bench_weight(0, 0), WEIGHT / 4 - 1, WEIGHT / 4 + 50);
	assert_int_equal(bench_weight(0, 1), WEIGHT);
	pass(b, 0, LONG_US);
	bench_run(b, 1);
	assert_int_equal(bench_weight(0, 0), WEIGHT);
	bench_free(b);
}

/* ---- leaving ---- */

static struct bench_conf *stay_conf(uint64_t generation, unsigned dropped, uint64_t stay_us)
{
	struct bench_conf *c = bench_conf(1, 3, generation);

	c->services[0].drain_on_removal_us = stay_us;
	if (dropped < 3)
		bench_drop_server(c, 0, dropped);
	return c;
}

static struct bench *removed(uint64_t stay_us, uint32_t connections)
{
	struct svc_key key = bench_key(0);
	struct dest_key dest = bench_dest(0, 1);
	struct bench *b = bench_new();

	bench_adopt(b, stay_conf(1, 3, stay_us));
	ipvs_double_dest(&key, &dest)->active_conns = connections;
	ipvs_double_commands();
	bench_adopt(b, stay_conf(2, 1, stay_us));
	return b;
}

static void removed_server_keeps_its_connections(void **state)
{
	struct svc_key key = bench_key(0);
	struct dest_key dest = bench_dest(0, 1);
	struct bench *b = removed(LONG_US, 2);

	(void)state;
	assert_int_equal(bench_weight(0, 1), 0);
	assert_int_equal(ipvs_double()->set_dest, 1);
	assert_int_equal(ipvs_double_commands(), 1);
	assert_null(bench_row(b, 0, 1));
	assert_int_equal(bench_snap(b)->services[0].n_leaving, 1);
	assert_int_equal(bench_snap(b)->services[0].quorum_weight, 20);
	bench_refresh(b);
	/* Others may change what they like. */
	ipvs_double_dest(&key, &dest)->weight = 50;
	bench_refresh(b);
	bench_run(b, 5);
	assert_int_equal(bench_weight(0, 1), 0);
	/* Another reload changes nothing of it. */
	bench_adopt(b, stay_conf(3, 1, LONG_US));
	bench_refresh(b);
	assert_int_equal(bench_weight(0, 1), 0);
	ipvs_double_dest(&key, &dest)->active_conns = 0;
	bench_run(b, 200);
	assert_int_equal(bench_weight(0, 1), -1);
	assert_int_equal(bench_snap(b)->services[0].n_leaving, 0);
	assert_int_equal(bench_weight(0, 0), 10);
	assert_int_equal(bench_weight(0, 2), 10);
	bench_free(b);
}

static void removed_server_leaves_in_time(void **state)
{
	struct bench *b = removed(USEC_PER_SEC / 4, 2);

	(void)state;
	assert_int_equal(bench_weight(0, 1), 0);
	bench_run(b, 400);
	assert_int_equal(bench_weight(0, 1), -1);
	bench_free(b);
}

static void removed_server_comes_back(void **state)
{
	struct bench *b = removed(LONG_US, 2);

	(void)state;
	bench_adopt(b, stay_conf(3, 3, LONG_US));
	assert_int_equal(bench_weight(0, 1), 10);
	assert_int_equal(b->engine->services[0]->n_leaving, 0);
	bench_free(b);
}

static void removed_server_goes_with_the_keyword(void **state)
{
	struct bench *b = removed(LONG_US, 2);

	(void)state;
	bench_adopt(b, stay_conf(3, 1, 0));
	assert_int_equal(bench_weight(0, 1), -1);
	bench_free(b);
	/* And without it at once. */
	b = removed(0, 2);
	assert_int_equal(bench_weight(0, 1), -1);
	bench_free(b);
}

/* ---- drift ---- */

static void drift_is_repaired_and_counted(void **state)
{
	struct svc_key key = bench_key(0);
	struct dest_key dest = bench_dest(0, 0);
	struct bench *b = slow(0);

	(void)state;
	bench_refresh(b);
	ipvs_double_dest(&key, &dest)->weight = 1;
	bench_refresh(b);
	bench_run(b, 5);
	assert_int_equal(bench_weight(0, 0), WEIGHT);
	assert_int_equal(bench_snap(b)->drifts, 1);
	assert_false(bench_snap(b)->services[0].drifted);
	assert_int_equal(bench_events(b, EVENT_DRIFT), 1);
	assert_int_equal(bench_last_event(b, EVENT_DRIFT)->drift.drifts, 1);
	assert_int_equal(bench_last_event(b, EVENT_DRIFT)->drift.svc.port, key.port);
	assert_false(bench_last_event(b, EVENT_DRIFT)->drift.left);
	bench_free(b);
}

static void drift_is_left_when_asked(void **state)
{
	struct svc_key key = bench_key(0);
	struct dest_key dest = bench_dest(0, 0);
	struct bench_conf *c = slow_conf(1, 0);
	struct bench *b = bench_new();

	(void)state;
	c->conf.global.lvs_drift = CONF_DRIFT_LEAVE;
	bench_adopt(b, c);
	bench_refresh(b);
	ipvs_double_dest(&key, &dest)->weight = 1;
	bench_refresh(b);
	bench_refresh(b);
	bench_refresh(b);
	assert_int_equal(bench_weight(0, 0), 1);
	assert_int_equal(bench_snap(b)->drifts, 1); /* said once */
	assert_int_equal(bench_events(b, EVENT_DRIFT), 1);
	assert_true(bench_last_event(b, EVENT_DRIFT)->drift.left);
	assert_true(bench_snap(b)->services[0].drifted);
	assert_int_equal(bench_row(b, 0, 0)->kernel_weight, 1);
	assert_int_equal(bench_row(b, 0, 0)->effective_weight, WEIGHT);
	/* Put right by whoever it was. */
	ipvs_double_dest(&key, &dest)->weight = WEIGHT;
	bench_refresh(b);
	bench_refresh(b);
	assert_false(bench_snap(b)->services[0].drifted);
	/* An operator's command is carried out, and with it the service is as it should be. */
	ipvs_double_dest(&key, &dest)->weight = 1;
	bench_refresh(b);
	assert_int_equal(bench_set(b, 0, 1, DEST_SET_ADMIN, DEST_SHUTTING_DOWN), 0);
	assert_int_equal(bench_weight(0, 0), WEIGHT);
	assert_int_equal(bench_weight(0, 1), 0);
	assert_int_equal(bench_snap(b)->drifts, 2);
	bench_free(b);
}

/* ---- sysctls ---- */

static void templates_hold_as_the_sysctl_says(void **state)
{
	struct svc_key key = bench_key(0);
	struct dest_key dest = bench_dest(0, 0);
	struct bench *b = slow(0);

	(void)state;
	assert_int_equal(bench_snap(b)->sysctls.expire_quiescent_template, 0);
	ipvs_double_dest(&key, &dest)->persistent_conns = 1;
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, DEST_SHUTTING_DOWN), 0);
	bench_run(b, 250);
	assert_int_equal(bench_row(b, 0, 0)->drain, DRAIN_DRAINING);
	ipvs_double()->sysctls.expire_quiescent_template = 1;
	bench_run(b, 300);
	assert_int_equal(bench_snap(b)->sysctls.expire_quiescent_template, 1);
	assert_int_equal(bench_row(b, 0, 0)->drain, DRAIN_DRAINED);
	bench_free(b);
}

/* Whether a drain of a server is begun with this warning. */
static bool drain_warns(struct bench *b, unsigned server, const char *of)
{
	struct log_ring *ring;
	struct log_line line;
	bool found = false;

	assert_int_equal(log_ring_new(&ring), 0);
	log_ring_use(ring);
	assert_int_equal(bench_set(b, 0, server, DEST_SET_ADMIN, DEST_SHUTTING_DOWN), 0);
	log_ring_use(NULL);
	while (log_ring_read(ring, &line))
		found = found || (line.level == LOG_WARNING && strstr(line.text, of));
	log_ring_free(ring);
	return found;
}

static void a_drain_says_what_spoils_it(void **state)
{
	struct ipvs_sysctls good = {
		.expire_nodest_conn = 1, .expire_quiescent_template = 1, .conn_reuse_mode = 1};
	static const char *const names[] = {"conn_reuse_mode", "expire_quiescent_template",
					    "expire_nodest_conn"};

	(void)state;
	for (unsigned i = 0; i < 2 * 3; i++) {
		struct bench_conf *conf = bench_conf(1, 2, 1);
		struct bench *b = bench_new();
		bool bad = i % 2;

		conf->services[0].persistence_s = 50;
		ipvs_double()->sysctls = good;
		ipvs_double()->sysctls.conn_reuse_mode = !bad || i / 2 != 0;
		ipvs_double()->sysctls.expire_quiescent_template = !bad || i / 2 != 1;
		ipvs_double()->sysctls.expire_nodest_conn = !bad || i / 2 != 2;
		bench_adopt(b, conf);
		assert_int_equal(bench_set(b, 0, 0, DEST_SET_DRAIN_TIMEOUT, 60), 0);
		assert_int_equal(bench_set(b, 0, 0, DEST_SET_DRAIN_ACTION, DRAIN_LOCK), 0);
		assert_int_equal(drain_warns(b, 0, names[i / 2]), bad);
		/* Without a deadline nothing is cut off. */
		assert_int_equal(drain_warns(b, 1, names[i / 2]), bad && i / 2 != 2);
		bench_free(b);
	}
}

static void a_drain_says_who_is_refused(void **state)
{
	static const struct {
		const char *scheduler;
		bool fallback, warns;
	} cases[] = {{"sh", false, true}, {"sh", true, false}, {"mh", false, true},
		     {"mh", true, false}, {"dh", false, true}, {"wlc", false, false},
		     {"rr", false, false}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bench_conf *conf = bench_conf(1, 2, 1);
		struct bench *b = bench_new();

		strcpy(conf->services[0].scheduler, cases[i].scheduler);
		conf->services[0].flag1 = cases[i].fallback;
		bench_adopt(b, conf);
		assert_int_equal(drain_warns(b, 0, "refuses"), cases[i].warns);
		bench_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(share_grows_with_time),
		cmocka_unit_test(servers_found_up_have_their_weight),
		cmocka_unit_test(recovered_server_starts_slowly),
		cmocka_unit_test(weight_arrives_by_itself),
		cmocka_unit_test(undrained_server_starts_slowly),
		cmocka_unit_test(operators_weight_is_meant_now),
		cmocka_unit_test(refused_set_leaves_the_ramp),
		cmocka_unit_test(inhibited_server_starts_slowly),
		cmocka_unit_test(restart_resumes),
		cmocka_unit_test(removed_server_keeps_its_connections),
		cmocka_unit_test(removed_server_leaves_in_time),
		cmocka_unit_test(removed_server_comes_back),
		cmocka_unit_test(removed_server_goes_with_the_keyword),
		cmocka_unit_test(drift_is_repaired_and_counted),
		cmocka_unit_test(drift_is_left_when_asked),
		cmocka_unit_test(templates_hold_as_the_sysctl_says),
		cmocka_unit_test(a_drain_says_what_spoils_it),
		cmocka_unit_test(a_drain_says_who_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
