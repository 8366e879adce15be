/* SPDX-License-Identifier: MIT */
/*
 * A kernel that refuses one request: each one of a short life in turn, whatever it asks. vipd goes
 * on, a SET that was answered with success has its effect, one that was not has none, and the table
 * comes to be what it is without the refusal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>

#include "tests/unit/engine_bench.h"

/* Those that fail once are tried again with the next refreshes. */
static void settle(struct bench *b)
{
	for (unsigned i = 0; i < 2; i++) {
		b->engine->reopen_at_us = 0;
		bench_run(b, 25);
	}
}

static void set(struct bench *b, enum dest_admin state)
{
	int32_t before = bench_weight(0, 0);

	if (bench_set(b, 0, 0, DEST_SET_ADMIN, (int32_t)state) == 0) {
		assert_int_equal(bench_row(b, 0, 0)->admin, state);
		return;
	}
	/* Undone, and the kernel with it. */
	assert_int_not_equal(bench_row(b, 0, 0)->admin, state);
	settle(b);
	assert_int_equal(bench_weight(0, 0), before);
	assert_int_equal(bench_set(b, 0, 0, DEST_SET_ADMIN, (int32_t)state), 0);
}

static char eth0[] = "eth0";

/* What runs of the daemons that copy connections: none or both. */
static void expect_sync(struct bench *b, const char *interface)
{
	settle(b);
	for (int role = 0; role < IPVS_SYNC_ROLES; role++)
		assert_string_equal(ipvs_double()->sync[role].interface, interface);
}

/* A life in which every kind of request is made; returns how many there were. */
static unsigned live(unsigned fail_at, int error)
{
	struct bench *b = bench_new();
	struct bench_conf *c = bench_conf(2, 2, 1);

	ipvs_double()->fail_at = fail_at;
	ipvs_double()->fail_error = error;
	c->conf.global.lvs_flush = true;
	c->conf.global.lvs_tcp_timeout_s = 600;
	c->conf.global.sync = (struct conf_sync_daemon){.interface = eth0, .id = 5};
	bench_adopt(b, c);
	expect_sync(b, "eth0");
	assert_int_equal(ipvs_double()->tcp_s, 600);
	assert_int_equal(bench_weight(0, 0), 10);
	assert_int_equal(bench_weight(1, 1), 10);
	bench_report(b, 0, 1, CHECK_REFUSED);
	settle(b);
	assert_int_equal(bench_weight(0, 1), -1);
	bench_report(b, 0, 1, CHECK_OK);
	set(b, DEST_LOCKED);
	assert_int_equal(bench_weight(0, 0), -1);
	set(b, DEST_UNLOCKED);
	c = bench_conf(1, 2, 2); /* the second service goes */
	c->servers[0][0].weight = 20;
	c->services[0].persistence_s = 50;
	c->conf.global.lvs_flush_on_stop = 1;
	c->conf.global.lvs_tcp_timeout_s = 700;
	bench_adopt(b, c);
	expect_sync(b, "");
	assert_int_equal(ipvs_double()->tcp_s, 700);
	assert_int_equal(bench_weight(0, 0), 20);
	assert_int_equal(bench_weight(0, 1), 10);
	assert_int_equal(ipvs_double()->n_services, 1);
	assert_int_equal(ipvs_double()->services[0].found.persistence_s, 50);
	assert_int_equal(b->engine->n_orphans, 0);
	mail_post(b->wires.box[THREAD_CHECK], MSG_STOP, NULL, 0);
	bench_run(b, 1);
	unsigned calls = ipvs_double()->calls;
	assert_int_equal(ipvs_double()->n_services, 0);
	bench_free(b);
	return calls;
}

static void any_request_may_fail_once(void **state)
{
	unsigned calls = live(0, 0);

	(void)state;
	/* The number varies with the refreshes: those near the end may find no request. */
	assert_true(calls > 20);
	for (unsigned at = 1; at <= calls; at++)
		live(at, at % 2 ? -ENOBUFS : -ENOMEM);
}

static void unwanted_service_is_removed_in_the_end(void **state)
{
	struct bench *b = bench_new();
	struct svc_key key = bench_key(1);

	(void)state;
	bench_adopt(b, bench_conf(2, 1, 1));
	ipvs_double()->fail_error = -EBUSY;
	/* The settling before a reload asks nothing, the first request of the reload removes. */
	b->engine->refresh_us = 60 * USEC_PER_SEC;
	bench_run(b, 30);
	ipvs_double()->fail_at = ipvs_double()->calls + 1;
	bench_adopt(b, bench_conf(1, 1, 2));
	assert_non_null(ipvs_double_service(&key));
	assert_int_equal(b->engine->n_orphans, 1);
	/* It comes back before it could be removed: it is ours, and stays. */
	bench_adopt(b, bench_conf(2, 1, 3));
	kernel_dump(b->engine);
	assert_int_equal(b->engine->n_orphans, 0);
	assert_int_equal(bench_weight(1, 0), 10);
	ipvs_double()->fail_at = ipvs_double()->calls + 1;
	bench_adopt(b, bench_conf(1, 1, 4));
	assert_non_null(ipvs_double_service(&key));
	kernel_dump(b->engine);
	assert_null(ipvs_double_service(&key));
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_request_may_fail_once),
		cmocka_unit_test(unwanted_service_is_removed_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
