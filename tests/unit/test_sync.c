/* SPDX-License-Identifier: MIT */
/* The daemons that copy connections: which runs when, what is repaired, what is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/engine_bench.h"

static char eth0[] = "eth0", eth1[] = "eth1", instance[] = "V";
static struct conf_instance router = {.name = instance, .vrid = 51};

static struct bench_conf *conf_with(uint64_t generation, const struct conf_sync_daemon *sync)
{
	struct bench_conf *c = bench_conf(0, 0, generation);

	c->conf.global.sync = *sync;
	c->conf.instances = &router;
	c->conf.n_instances = 1;
	return c;
}

static void be(struct bench *b, bool master)
{
	struct msg_role role = {.master = master};

	mail_post(b->wires.box[THREAD_CHECK], MSG_ROLE, &role, sizeof role);
	bench_run(b, 1);
}

static const struct ipvs_sync *daemon_of(enum ipvs_sync_role role)
{
	return &ipvs_double()->sync[role];
}

/* Exactly one runs, of that role. */
static void assert_role(enum ipvs_sync_role role)
{
	assert_string_equal(daemon_of(role)->interface, "eth0");
	assert_string_equal(
		daemon_of(role == IPVS_SYNC_MASTER ? IPVS_SYNC_BACKUP : IPVS_SYNC_MASTER)
			->interface,
		"");
}

static void follows_the_instance(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	bench_adopt(b, conf_with(1, &(struct conf_sync_daemon){
					    .interface = eth0, .instance = instance, .id = -1}));
	assert_role(IPVS_SYNC_BACKUP);
	assert_int_equal(daemon_of(IPVS_SYNC_BACKUP)->id, 51);
	assert_int_equal(bench_events(b, EVENT_SYNC), 1);
	assert_int_equal(bench_last_event(b, EVENT_SYNC)->sync.role, IPVS_SYNC_BACKUP);
	assert_int_equal(bench_last_event(b, EVENT_SYNC)->sync.id, 51);
	assert_true(bench_last_event(b, EVENT_SYNC)->sync.running);
	be(b, true);
	assert_role(IPVS_SYNC_MASTER);
	bench_refresh(b);
	assert_int_equal(bench_events(b, EVENT_SYNC), 3); /* one stopped, one started */
	bench_run(b, 20);
	assert_string_equal(bench_snap(b)->sync[IPVS_SYNC_MASTER].interface, "eth0");
	assert_string_equal(bench_snap(b)->sync[IPVS_SYNC_BACKUP].interface, "");
	be(b, false);
	assert_role(IPVS_SYNC_BACKUP);
	bench_refresh(b);
	assert_int_equal(ipvs_double()->sync_starts, 3);
	assert_int_equal(ipvs_double()->sync_stops, 2);
	mail_post(b->wires.box[THREAD_CHECK], MSG_STOP, NULL, 0);
	bench_run(b, 1);
	assert_string_equal(daemon_of(IPVS_SYNC_BACKUP)->interface, "");
	bench_free(b);
}

static void both_run_without_an_instance(void **state)
{
	struct bench *b = bench_new();

	(void)state;
	bench_adopt(b, conf_with(1, &(struct conf_sync_daemon){
					    .interface = eth0, .id = 9, .port = 9000}));
	for (int role = 0; role < IPVS_SYNC_ROLES; role++) {
		assert_string_equal(daemon_of((enum ipvs_sync_role)role)->interface, "eth0");
		assert_int_equal(daemon_of((enum ipvs_sync_role)role)->id, 9);
		assert_int_equal(daemon_of((enum ipvs_sync_role)role)->port, 9000);
	}
	bench_free(b);
}

/* A running daemon cannot be changed; what did not change keeps running. */
static void reload_restarts_only_what_changed(void **state)
{
	struct conf_sync_daemon sync = {.interface = eth0, .instance = instance, .id = 3};
	struct bench *b = bench_new();

	(void)state;
	bench_adopt(b, conf_with(1, &sync));
	bench_adopt(b, conf_with(2, &sync));
	assert_int_equal(ipvs_double()->sync_starts, 1);
	sync.ttl = 4;
	bench_adopt(b, conf_with(3, &sync));
	assert_int_equal(ipvs_double()->sync_starts, 2);
	assert_int_equal(daemon_of(IPVS_SYNC_BACKUP)->ttl, 4);
	/* Back to the kernel's choice: what runs would fit, but is not what is asked for. */
	sync.ttl = 0;
	bench_adopt(b, conf_with(4, &sync));
	assert_int_equal(daemon_of(IPVS_SYNC_BACKUP)->ttl, 1);
	sync.interface = eth1;
	bench_adopt(b, conf_with(5, &sync));
	assert_string_equal(daemon_of(IPVS_SYNC_BACKUP)->interface, "eth1");
	bench_adopt(b, conf_with(6, &(struct conf_sync_daemon){.id = -1}));
	assert_string_equal(daemon_of(IPVS_SYNC_BACKUP)->interface, "");
	bench_free(b);
}

static void drift_is_repaired_and_strangers_are_left_alone(void **state)
{
	struct conf_sync_daemon sync = {.interface = eth0, .instance = instance, .id = 3};
	struct bench *b = bench_new();

	(void)state;
	strcpy(ipvs_double()->sync[IPVS_SYNC_MASTER].interface, "eth7");
	bench_adopt(b, bench_conf(1, 1, 1));
	bench_refresh(b);
	assert_string_equal(daemon_of(IPVS_SYNC_MASTER)->interface, "eth7");
	assert_int_equal(ipvs_double()->sync_stops, 0);
	/* Asked for, the role is ours: as after a crash. */
	bench_adopt(b, conf_with(2, &sync));
	assert_role(IPVS_SYNC_BACKUP);
	memset(&ipvs_double()->sync, 0, sizeof ipvs_double()->sync);
	ipvs_double()->sync_error = -ENODEV;
	bench_refresh(b);
	assert_string_equal(daemon_of(IPVS_SYNC_BACKUP)->interface, "");
	ipvs_double()->sync_error = 0;
	bench_refresh(b);
	assert_role(IPVS_SYNC_BACKUP);
	bench_free(b);
}

static void a_crash_leaves_what_is_taken_over(void **state)
{
	struct conf_sync_daemon sync = {.interface = eth0, .instance = instance, .id = 3};
	struct ipvs_sync left = {.id = 3, .ttl = 1, .maxlen = 1400, .port = 8848};
	struct bench *b = bench_new();

	(void)state;
	strcpy(left.interface, "eth0");
	ipvs_double()->sync[IPVS_SYNC_BACKUP] = left;
	bench_adopt(b, conf_with(1, &sync));
	assert_role(IPVS_SYNC_BACKUP);
	assert_int_equal(ipvs_double()->sync_starts + ipvs_double()->sync_stops, 0);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_instance),
		cmocka_unit_test(both_run_without_an_instance),
		cmocka_unit_test(reload_restarts_only_what_changed),
		cmocka_unit_test(drift_is_repaired_and_strangers_are_left_alone),
		cmocka_unit_test(a_crash_leaves_what_is_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
