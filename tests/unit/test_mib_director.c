/* SPDX-License-Identifier: MIT */
/* What only our own module shows, over a synthetic director: checkers, machines, events, alarms,
 * companions. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "agent/director_mib.h"
#include "agent/events.h"
#include "tests/unit/mib_bench.h"
#include "tests/unit/mib_want.h"

#define D "1.3.6.1.4.1.8072.9999.9999.47.1."

static void test_checkers(void **state)
{
	struct bench *b = *state;
	const char *at = ".0.1.4.172.17.13.252.6.80.1.4.172.17.13.173.80.";
	char oid[200];

	want_text(b, D "5.1.1.2.0.1.4.172.17.13.252.6.80.1.4.172.17.13.173.80.4", "TCP_CHECK");
	want_text(b, D "5.1.1.3.0.1.4.172.17.13.252.6.80.1.4.172.17.13.173.80.4",
		  "172.17.13.173:80");
	want_text(b, D "5.1.1.3.0.1.4.172.17.13.252.6.80.1.4.172.17.13.173.80.2",
		  "172.17.13.173:80/health");
	want_text(b, D "5.1.1.9.0.1.4.172.17.13.252.6.80.1.4.172.17.13.173.80.2", "no answer");
	snprintf(oid, sizeof(oid), D "5.1.1.6%s2", at);
	want_number(b, oid, CELL_INTEGER, DEST_DOWN);
	snprintf(oid, sizeof(oid), D "5.1.1.7%s2", at);
	want_number(b, oid, CELL_INTEGER, 3);
	snprintf(oid, sizeof(oid), D "5.1.1.7%s4", at);
	want_number(b, oid, CELL_INTEGER, 2);
	snprintf(oid, sizeof(oid), D "5.1.1.20%s2", at);
	want_number(b, oid, CELL_COUNTER64, INT64_C(0x100000003));
	snprintf(oid, sizeof(oid), D "5.1.1.15%s4", at);
	want_number(b, oid, CELL_GAUGE32, 3500);
	snprintf(oid, sizeof(oid), D "5.1.1.23%s4", at);
	want_number(b, oid, CELL_TIMETICKS, 40000);
	/* One that never ran, in both services of a group; its neighbour has none. */
	want_number(b, D "5.1.1.7.0.1.4.10.9.0.1.6.80.1.4.10.0.1.2.80.1", CELL_INTEGER, 1);
	want_number(b, D "5.1.1.7.0.1.4.10.9.0.2.6.80.1.4.10.0.1.2.80.1", CELL_INTEGER, 1);
	want_none(b, D "5.1.1.7.0.1.4.10.9.0.2.6.80.1.4.10.0.1.1.80.1");
	snprintf(oid, sizeof(oid), D "5.1.1.8%s2", at);
	want_number(b, oid, CELL_INTEGER, 503);
	snprintf(oid, sizeof(oid), D "5.1.1.4%s4", at);
	want_number(b, oid, CELL_INTEGER, 1);
	b->world->checkers[0].type = CONF_FILE_CHECK;
	want_number(b, oid, CELL_INTEGER, 1);
	b->world->checkers[0].object.weight = -2;
	want_number(b, oid, CELL_INTEGER, 2);
	b->world->live_services[0].suspended = true;
	snprintf(oid, sizeof(oid), D "5.1.1.5%s4", at);
	want_number(b, oid, CELL_INTEGER, 2);
}

static void test_machines(void **state)
{
	struct bench *b = *state;
	const char *six = D "4.1.1.5.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.2";

	want_number(b, D "4.1.1.3.1.4.10.0.1.1", CELL_INTEGER, 4);
	want_number(b, D "4.1.1.6.1.4.10.0.1.1", CELL_GAUGE32, 2);
	want_number(b, D "4.1.1.7.1.4.10.0.1.1", CELL_GAUGE32, 1);
	want_number(b, D "4.1.1.8.1.4.10.0.1.1", CELL_GAUGE32, INT64_C(0x100000001));
	want_number(b, D "4.1.1.10.1.4.10.0.1.1", CELL_INTEGER, 1);
	want_text(b, six, "new disks");
}

static void test_events(void **state)
{
	struct bench *b = *state;
	struct events *events = b->world->events;
	struct happening more = {.kind = HAPPENING_CONFIG,
				 .who = "vipd",
				 .name = "",
				 .was = "",
				 .now = "2",
				 .text = ""};
	struct cell cell = want(b, D "6.5.1.6.2", CELL_OID);

	want_number(b, D "6.1.0", CELL_GAUGE32, EVENTS_DEFAULT);
	want_number(b, D "6.2.0", CELL_GAUGE32, 1);
	want_number(b, D "6.3.0", CELL_GAUGE32, 2);
	want_number(b, D "6.5.1.4.1", CELL_INTEGER, 9);
	want_number(b, D "6.5.1.3.1", CELL_TIMETICKS, 40000);
	want_text(b, D "6.5.1.9.1", "weight 10, 1 of 2 servers");
	want_text(b, D "6.5.1.5.2", "snmp");
	want_text(b, D "6.5.1.7.2", "unlocked");
	want_text(b, D "6.5.1.8.2", "locked");
	want_text(b, D "6.5.1.9.2", "administrative state: new disks");
	want_text(b, D "6.5.1.10.2", "172.17.13.173:80 in 172.17.13.252:80/tcp");
	assert_non_null(bench_get(b, cell.oid, cell.size, &cell));
	/* 25 of which 10 are kept, without a gap. */
	assert_int_equal(events_resize(events, 10), 0);
	for (unsigned i = 2; i < 25; i++)
		events_add(events, &more);
	assert_int_equal(bench_build(b), 0);
	want_number(b, D "6.2.0", CELL_GAUGE32, 16);
	want_number(b, D "6.3.0", CELL_GAUGE32, 25);
	want_number(b, D "6.4.0", CELL_COUNTER32, 15);
	want_none(b, D "6.5.1.4.15");
	want_number(b, D "6.5.1.4.16", CELL_INTEGER, 12);
	want_text(b, D "6.5.1.8.25", "2");
	assert_int_equal(events_resize(events, 4), 0);
	assert_int_equal(events_at(events, 0)->number, 22);
	assert_int_equal(events_resize(events, 0), 0);
	events_add(events, &more);
	assert_int_equal(events_count(events), 0);
	assert_int_equal(events_last(events), 26);
	assert_int_equal(events_dropped(events), 26);
	assert_int_equal(events_resize(events, 8), 0);
	events_add(events, &more);
	assert_int_equal(events_at(events, 0)->number, 27);
}

static void test_events_of_the_kernel(void **state)
{
	struct bench *b = *state;
	struct events *events = b->world->events;
	struct msg_event event = {.kind = EVENT_SYNC,
				  .sync = {.role = IPVS_SYNC_BACKUP, .running = true, .id = 51}};

	events_add_event(events, &event);
	event = (struct msg_event){
		.kind = EVENT_DRIFT,
		.drift = {.svc = b->world->check.services[0].key, .drifts = 7, .left = true}};
	events_add_event(events, &event);
	assert_int_equal(bench_build(b), 0);
	want_number(b, D "6.5.1.4.3", CELL_INTEGER, 11);
	want_text(b, D "6.5.1.10.3", "backup");
	want_text(b, D "6.5.1.8.3", "running");
	want_text(b, D "6.5.1.9.3", "syncid 51");
	want_number(b, D "6.5.1.4.4", CELL_INTEGER, 13);
	want_text(b, D "6.5.1.10.4", "172.17.13.252:80/tcp");
	want_text(b, D "6.5.1.9.4", "changed in the kernel by somebody else; left so");
	assert_int_equal(want(b, D "6.5.1.6.4", CELL_OID).oid[11], 2); /* a row of ipvsdSvcTable */
}

/* How many rows of a kind, and that each points at something that is there. */
static size_t alarms(struct bench *b, uint32_t kind)
{
	size_t count = 0;

	for (size_t t = 0; t < b->count; t++)
		for (size_t r = 0; b->tables[t] == &director_alarms && r < b->rows[t].count; r++) {
			const struct row *row = rows_at(&b->rows[t], r);
			struct cell object, found;

			assert_true(b->tables[t]->columns[3].get(&b->world->view, row, &object));
			assert_non_null(bench_get(b, object.oid, object.size, &found));
			count += row->index[0] == kind;
		}
	return count;
}

static void test_alarms(void **state)
{
	struct bench *b = *state;

	/* VI_4 is in FAULT, the last load failed, no synchronisation runs. */
	assert_int_equal(alarms(b, 1), 1);
	assert_int_equal(alarms(b, 2) + alarms(b, 3) + alarms(b, 4), 0);
	assert_int_equal(alarms(b, 5), 1);
	assert_int_equal(alarms(b, 6), 1);
	assert_int_equal(alarms(b, 7), 0);
	b->world->live_services[1].drifted = true;
	b->world->live_dests[1].oper = DEST_DOWN;
	b->world->live_dests[2].oper = DEST_DOWN;
	b->world->live_dests[2].admin = DEST_LOCKED;
	b->world->live_dests[3].drain = DRAIN_KERNEL_ERROR;
	b->world->live_services[0].quorum_up = false;
	b->world->live_instances[3].state = VRRP_BACKUP;
	b->world->daemon.load_error[0] = '\0';
	memcpy(b->world->check.sync[1].interface, "eth1", 5);
	assert_int_equal(bench_build(b), 0);
	assert_int_equal(alarms(b, 1), 0);
	assert_int_equal(alarms(b, 2), 1); /* the other is locked */
	assert_int_equal(alarms(b, 3), 1);
	assert_int_equal(alarms(b, 4), 1);
	assert_int_equal(alarms(b, 5) + alarms(b, 6), 0);
	assert_int_equal(alarms(b, 7), 1);
}

static void test_companions(void **state)
{
	struct bench *b = *state;

	b->world->live_instances[0].transitions = UINT64_C(0x100000007);
	b->world->live_instances[0].why = "master is silent";
	b->world->live_instances[0].worst_late_us = 150;
	want_number(b, D "9.1.1.2.4.86.73.95.49", CELL_INTEGER, 3);
	want_number(b, D "9.1.1.2.4.86.73.95.52", CELL_INTEGER, 4);
	want_number(b, D "9.1.1.4.4.86.73.95.49", CELL_COUNTER32, INT64_C(0x100000007));
	want_text(b, D "9.1.1.6.4.86.73.95.49", "master is silent");
	want_text(b, D "9.1.1.6.4.86.73.95.50", "");
	want_octets(b, D "9.1.1.8.4.86.73.95.49", "\xac\x11\x0d\x78", 4);
	want_number(b, D "9.1.1.10.4.86.73.95.49", CELL_GAUGE32, 150);
	want_number(b, D "7.1.1.2.1", CELL_INTEGER, 2);
	want_number(b, D "7.1.1.5.1", CELL_INTEGER, 0);
	b->world->check.sync[0] = (struct ipvs_sync){
		.interface = "eth1", .id = 9, .port = 8848, .group = world_ip("224.0.0.81")};
	want_number(b, D "7.1.1.2.1", CELL_INTEGER, 1);
	want_number(b, D "7.1.1.3.1", CELL_INTEGER, 10);
	want_number(b, D "7.1.1.4.1", CELL_GAUGE32, 9);
	want_octets(b, D "7.1.1.6.1", "\xe0\0\0\x51", 4);
	want_number(b, D "7.1.1.2.2", CELL_INTEGER, 2);
	want_number(b, D "10.2.0", CELL_COUNTER32, 2);
	want_number(b, D "10.4.0", CELL_COUNTER32, 5);
	b->world->daemon.worst_late_us[THREAD_VRRP] = 42;
	want_text(b, D "10.7.1.2.2", "vrrp");
	want_number(b, D "10.7.1.3.2", CELL_GAUGE32, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_checkers, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_machines, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_events, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_events_of_the_kernel, bench_setup,
						bench_teardown),
		cmocka_unit_test_setup_teardown(test_alarms, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_companions, bench_setup, bench_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
