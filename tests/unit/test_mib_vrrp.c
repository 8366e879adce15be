/* SPDX-License-Identifier: MIT */
/* The values of the tables about virtual routers over the synthetic director: KEEPALIVED-MIB,
 * VRRP-MIB, VRRPV3-MIB. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/unit/mib_bench.h"
#include "tests/unit/mib_want.h"

#define K "1.3.6.1.4.1.9586.100.5."
#define V "1.3.6.1.2.1.68."
#define R "1.3.6.1.2.1.207.1."

static void test_keepalived_vrrp(void **state)
{
	struct bench *b = *state;

	want_text(b, K "2.1.1.2.1", "VG_1");
	want_text(b, K "2.2.1.2.1.2", "VI_2");
	want_text(b, K "2.3.1.2.1", "VI_1");
	want_number(b, K "2.3.1.4.1", CELL_INTEGER, 2);
	want_number(b, K "2.3.1.5.1", CELL_INTEGER, 2);
	want_number(b, K "2.3.1.8.1", CELL_INTEGER, 90);
	want_number(b, K "2.3.1.12.1", CELL_GAUGE32, 1);
	want_number(b, K "2.3.1.12.3", CELL_GAUGE32, 10); /* centiseconds in version 3 */
	want_text(b, K "2.3.1.18.1", "VG_1");
	want_none(b, K "2.3.1.18.3");
	want_text(b, K "2.3.1.22.1", "/etc/m.sh up");
	want_none(b, K "2.3.1.22.2");
	want_number(b, K "2.3.1.34.3", CELL_INTEGER, 2);
	want_octets(b, K "2.3.1.35.1", "\xe0\x00\x00\x12", 4);
	want_octets(b, K "2.3.1.35.2", "\xe0\x00\x00\x51", 4);
	want_octets(b, K "2.3.1.35.3", "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x99", 16);
	want_number(b, K "2.3.1.21.2", CELL_INTEGER, 1);
	want_number(b, K "2.3.1.16.1", CELL_INTEGER, 2);
	want_none(b, K "2.3.1.17.1");
	want_number(b, K "2.3.1.16.2", CELL_INTEGER, 1);
	want_text(b, K "2.3.1.17.2", "eth1");
	want_number(b, K "2.3.1.36.5", CELL_INTEGER, 1);
	want_number(b, K "2.3.1.21.3", CELL_INTEGER, 2);
	want_octets(b, K "2.6.1.3.1.1", "\xac\x11\x0d\xfc", 4);
	want_number(b, K "2.6.1.6.1.1", CELL_INTEGER, 14);
	want_number(b, K "2.6.1.6.1.2", CELL_INTEGER, 2);
	want_number(b, K "2.6.1.6.1.3", CELL_INTEGER, 14); /* of IPv6: not what is configured */
	want_number(b, K "2.6.1.7.1.2", CELL_INTEGER, 2);  /* eth0 */
	want_none(b, K "2.6.1.7.1.3");			   /* there is no dummy0 */
	want_text(b, K "2.6.1.9.1.1", "eth1:1");
	want_number(b, K "2.6.1.11.1.2", CELL_INTEGER, 1);
	want_number(b, K "2.6.1.11.1.3", CELL_INTEGER, 2);
	want_none(b, K "2.6.1.12.1.1");
}

static void test_keepalived_tracks(void **state)
{
	struct bench *b = *state;

	want_text(b, K "2.4.1.1.1.2", "eth0"); /* by ifIndex */
	want_number(b, K "2.4.1.2.1.2", CELL_INTEGER, -3);
	want_number(b, K "2.4.1.3.1.2", CELL_INTEGER, 2);
	want_none(b, K "2.4.1.1.1.1"); /* an interface that is not there */
	want_text(b, K "2.5.1.2.1.1", "late");
	want_number(b, K "2.5.1.3.1.1", CELL_INTEGER, 5);
	want_none(b, K "2.5.1.2.2.1"); /* inherited from the group */
	want_number(b, K "2.12.1.4.1.1", CELL_INTEGER, 1);
	want_text(b, K "2.14.1.1.1.10", "eth1");
	want_number(b, K "2.14.1.3.1.2", CELL_INTEGER, 1);
	want_text(b, K "2.15.1.2.1.1", "late");
	want_number(b, K "2.16.1.3.1.1", CELL_INTEGER, 1);
	want_text(b, K "2.17.1.2.1.1", "peer");
	want_number(b, K "2.19.1.4.1.1", CELL_INTEGER, 1);
	want_number(b, K "2.20.1.3.1.1", CELL_INTEGER, 6);
	want_text(b, K "2.22.1.2.1.1", "web");
}

static void test_keepalived_objects(void **state)
{
	struct bench *b = *state;

	want_text(b, K "2.9.1.2.1", "chk");
	want_text(b, K "2.9.1.3.1", "/bin/chk -v");
	want_number(b, K "2.9.1.4.1", CELL_INTEGER, 2);
	want_number(b, K "2.9.1.5.1", CELL_INTEGER, -4);
	want_number(b, K "2.9.1.6.1", CELL_INTEGER, 2);
	want_number(b, K "2.9.1.6.2", CELL_INTEGER, 5); /* no result yet, and init_fail */
	want_number(b, K "2.9.1.7.1", CELL_GAUGE32, 2);
	want_number(b, K "2.9.1.9.2", CELL_INTEGER, 1);
	want_text(b, K "2.13.1.3.1", "/run/load");
	want_number(b, K "2.13.1.4.1", CELL_INTEGER, -17);
	want_number(b, K "2.18.1.3.1", CELL_INTEGER, 0);
	want_number(b, K "2.18.1.5.1", CELL_INTEGER, 1);
	want_text(b, K "2.21.1.3.1", "/sbin/daemon");
	want_text(b, K "2.21.1.4.1", "-a b c");
	want_number(b, K "2.21.1.5.1", CELL_INTEGER, 3);
	want_number(b, K "2.21.1.9.1", CELL_INTEGER, -1);
	want_number(b, K "2.21.1.10.1", CELL_GAUGE32, 1500);
	want_number(b, K "2.21.1.13.1", CELL_INTEGER, 3);
	want_number(b, K "2.21.1.14.1", CELL_INTEGER, 1);
	b->world->seen_scripts[0].state = VRRP_TRACKED_UP;
	want_number(b, K "2.9.1.6.1", CELL_INTEGER, 3);
	b->world->scripts[1].init_fail = false;
	want_number(b, K "2.9.1.6.2", CELL_INTEGER, 1);
	b->world->daemon.conf = NULL; /* of another generation */
	want_number(b, K "2.21.1.13.1", CELL_INTEGER, 0);
}

static void test_keepalived_static(void **state)
{
	struct bench *b = *state;

	want_octets(b, K "2.6.1.3.0.1", "\x0a\x08\0\1", 4);
	want_number(b, K "2.6.1.7.0.1", CELL_INTEGER, 10);
	want_number(b, K "2.6.1.10.0.1", CELL_INTEGER, 1);
	want_number(b, K "2.6.1.11.0.1", CELL_INTEGER, 2);
	want_number(b, K "2.7.1.10.0.1", CELL_INTEGER, 3); /* blackhole */
	want_number(b, K "2.7.1.14.0.1", CELL_INTEGER, 2);
	want_number(b, K "2.7.1.18.0.1", CELL_INTEGER, 1); /* a protocol without a name */
	want_none(b, K "2.7.1.12.0.1");
	want_text(b, K "2.8.1.2.0.1", "from");
	want_number(b, K "2.8.1.7.0.1", CELL_INTEGER, 1);
	want_number(b, K "2.8.1.11.0.1", CELL_GAUGE32, 25);
	want_none(b, K "2.8.1.26.0.1");
	b->world->daemon.conf = NULL; /* of another generation: not known yet */
	want_number(b, K "2.6.1.10.0.1", CELL_INTEGER, 2);
	want_number(b, K "2.8.1.7.0.1", CELL_INTEGER, 2);
}

static void test_keepalived_routes(void **state)
{
	struct bench *b = *state;

	want_octets(b, K "2.7.1.3.2.1", "\x0a\x0a\0\0", 4);
	want_number(b, K "2.7.1.4.2.1", CELL_GAUGE32, 16);
	want_none(b, K "2.7.1.6.2.1");
	want_number(b, K "2.7.1.9.2.1", CELL_INTEGER, 2);
	want_number(b, K "2.7.1.11.2.1", CELL_INTEGER, 2);
	want_number(b, K "2.7.1.14.2.1", CELL_INTEGER, 2);
	want_number(b, K "2.7.1.16.2.1", CELL_GAUGE32, 24);
	want_number(b, K "2.7.1.18.2.1", CELL_INTEGER, 13); /* bird */
	want_number(b, K "2.7.1.22.2.1", CELL_GAUGE32, 16);
	want_number(b, K "2.7.1.23.2.1", CELL_INTEGER, 1);
	want_number(b, K "2.7.1.26.2.1", CELL_INTEGER, 2);
	want_number(b, K "2.7.1.27.2.1", CELL_GAUGE32, 4);  /* eighths of a millisecond */
	want_number(b, K "2.7.1.29.2.1", CELL_GAUGE32, 10); /* quarters */
	want_text(b, K "2.7.1.42.2.1", "cubic");
	want_none(b, K "2.7.1.43.2.1");
	want_number(b, K "2.7.1.44.2.1", CELL_GAUGE32, 4);
	want_number(b, K "2.7.1.45.2.1", CELL_GAUGE32, 3);
	want_number(b, K "2.7.1.54.2.1", CELL_COUNTER64, INT64_C(0x2001000200030004));
	want_octets(b, K "2.7.1.3.2.2", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16); /* default */
	want_number(b, K "2.7.1.10.2.2", CELL_INTEGER, 2);
	want_number(b, K "2.7.1.14.2.2", CELL_INTEGER, 1);
	want_number(b, K "2.7.1.18.2.2", CELL_INTEGER, 112);
	want_number(b, K "2.7.1.43.2.2", CELL_INTEGER, 1);
	want_none(b, K "2.7.1.22.2.2");

	want_octets(b, K "2.11.1.3.2.2.1", "\x0a\x09\0\3", 4);
	want_number(b, K "2.11.1.4.2.2.1", CELL_INTEGER, 10);
	want_number(b, K "2.11.1.7.2.2.1", CELL_INTEGER, 1);
	want_number(b, K "2.11.1.9.2.2.1", CELL_GAUGE32, 6);
	want_text(b, K "2.11.1.11.2.2.1", "100/1048575");
	want_none(b, K "2.11.1.12.2.2.1");
	want_none(b, K "2.11.1.3.2.2.2");
	want_text(b, K "2.11.1.5.2.2.2", "nowhere");
	want_none(b, K "2.11.1.4.2.2.2");
	want_number(b, K "2.11.1.12.2.2.2", CELL_COUNTER64, INT64_C(0x500000006));
	want_number(b, K "2.11.1.17.2.2.2", CELL_GAUGE32, 4);
	want_number(b, K "2.11.1.18.2.2.3", CELL_COUNTER64, 7);
	want_none(b, K "2.11.1.6.2.1.1");
}

static void test_keepalived_rules(void **state)
{
	struct bench *b = *state;

	want_text(b, K "2.8.1.2.2.1", "to");
	want_number(b, K "2.8.1.5.2.1", CELL_GAUGE32, 48);
	want_none(b, K "2.8.1.6.2.1");
	want_number(b, K "2.8.1.7.2.1", CELL_INTEGER, 1);
	want_number(b, K "2.8.1.8.2.1", CELL_INTEGER, 1);
	want_none(b, K "2.8.1.12.2.1");
	want_number(b, K "2.8.1.17.2.1", CELL_GAUGE32, 255);
	want_number(b, K "2.8.1.18.2.1", CELL_GAUGE32, 4);
	want_text(b, K "2.8.1.21.2.1", "eth1");
	want_number(b, K "2.8.1.22.2.1", CELL_GAUGE32, 300);
	want_number(b, K "2.8.1.26.2.1", CELL_GAUGE32, 0);
	want_text(b, K "2.8.1.27.2.1", "0");
	want_number(b, K "2.8.1.28.2.1", CELL_GAUGE32, 1);
	want_number(b, K "2.8.1.29.2.1", CELL_GAUGE32, 3);
	want_number(b, K "2.8.1.30.2.1", CELL_GAUGE32, 0);
	want_number(b, K "2.8.1.33.2.1", CELL_INTEGER, 5);
	want_number(b, K "2.8.1.36.2.1", CELL_GAUGE32, 20);
	want_text(b, K "2.8.1.2.2.2", "");
	want_none(b, K "2.8.1.3.2.2");
	want_number(b, K "2.8.1.7.2.2", CELL_INTEGER, 2);
	want_number(b, K "2.8.1.32.2.2", CELL_INTEGER, 1);
	want_none(b, K "2.8.1.35.2.2");
}

/* Switches of the configuration that are told as they are. */
static void test_switches(void **state)
{
	struct bench *b = *state;
	struct world *w = b->world;

	want_number(b, K "1.5.0", CELL_INTEGER, 1);
	want_number(b, K "2.3.1.28.2", CELL_INTEGER, 2);
	want_number(b, K "2.3.1.29.2", CELL_INTEGER, 2);
	want_number(b, V "1.2.0", CELL_INTEGER, 1);
	w->conf.global.process.linkbeat_use_polling = true;
	w->conf.global.snmp_traps = false;
	w->instances[1].promote_secondaries = w->instances[1].linkbeat = true;
	w->instances[1].n_peers = 1; /* to which adverts go, instead of to a group */
	want_number(b, K "1.5.0", CELL_INTEGER, 2);
	want_number(b, K "2.3.1.28.2", CELL_INTEGER, 1);
	want_number(b, K "2.3.1.29.2", CELL_INTEGER, 1);
	want_none(b, K "2.3.1.34.2");
	want_none(b, K "2.3.1.35.2");
	want_number(b, V "1.2.0", CELL_INTEGER, 2);
}

static void test_vrrp_mib(void **state)
{
	struct bench *b = *state;
	uint32_t name[OID_MAX];
	size_t length = bench_parse(V "1.3.1.15.10.62", name);
	struct cell cell;

	want_number(b, V "1.1.0", CELL_INTEGER, 2);
	want_number(b, V "2.3.0", CELL_COUNTER32, 13);
	want_octets(b, V "1.3.1.2.10.62", "\x00\x00\x5e\x00\x01\x3e", 6);
	want_number(b, V "1.3.1.3.10.62", CELL_INTEGER, 3);
	want_number(b, V "1.3.1.3.2.4", CELL_INTEGER, 1); /* FAULT */
	want_number(b, V "1.3.1.4.2.4", CELL_INTEGER, 2);
	want_number(b, V "1.3.1.6.10.62", CELL_INTEGER, 2);
	want_number(b, V "1.3.1.6.2.5", CELL_INTEGER, 1); /* the same address twice */
	want_number(b, V "1.3.1.9.10.62", CELL_INTEGER, 2);
	want_octets(b, V "1.3.1.10.10.62", "", 0);
	want_number(b, V "1.3.1.13.10.62", CELL_TIMETICKS, 40000);
	want_number(b, V "2.4.1.1.10.62", CELL_COUNTER32, INT64_C(0x100000003));
	assert_memory_equal(want(b, V "1.3.1.7.2.5", CELL_IPADDRESS).room, "\xac\x11\x0d\x7b", 4);
	/* Addresses sort as numbers, not as configured; the IPv6 instance has no row anywhere. */
	assert_non_null(bench_next(b, name, &length, &cell));
	assert_int_equal(name[length - 4], 10);
	assert_int_equal(name[length - 5], 5);
	length = bench_parse(V "1.4.1.2.10.62", name);
	assert_non_null(bench_next(b, name, &length, &cell));
	assert_int_equal(name[length - 4], 9);
}

static void test_vrrp3_mib(void **state)
{
	struct bench *b = *state;
	uint32_t name[OID_MAX];
	size_t length = bench_parse(R "1.1.1.3", name);
	struct cell cell;

	/* Both families of one VRID; version 2 has no row, and only these are walked. */
	assert_non_null(bench_next(b, name, &length, &cell));
	assert_int_equal(bench_compare(name + length - 3, 3, (uint32_t[]){2, 7, 1}, 3), 0);
	assert_non_null(bench_next(b, name, &length, &cell));
	assert_int_equal(bench_compare(name + length - 3, 3, (uint32_t[]){2, 7, 2}, 3), 0);
	assert_non_null(bench_next(b, name, &length, &cell));
	assert_int_equal(name[length - 4], 4);

	want_octets(b, R "1.1.1.3.2.7.1", "\0\0\0\0", 4); /* none heard yet */
	want_octets(b, R "1.1.1.3.2.7.2", "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	want_octets(b, R "1.1.1.4.2.7.1", "\xac\x11\x0d\x78", 4);
	want_octets(b, R "1.1.1.5.2.7.1", "\0\0\x5e\0\1\7", 6);
	want_octets(b, R "1.1.1.5.2.7.2", "\0\0\x5e\0\2\7", 6);
	want_number(b, R "1.1.1.6.2.7.1", CELL_INTEGER, 1);
	want_number(b, R "1.1.1.6.2.7.2", CELL_INTEGER, 2);
	want_number(b, R "1.1.1.7.2.7.1", CELL_GAUGE32, 100);
	want_number(b, R "1.1.1.8.2.7.1", CELL_INTEGER, 2);
	want_number(b, R "1.1.1.9.2.7.1", CELL_INTEGER, 25);
	want_number(b, R "1.1.1.9.2.7.2", CELL_INTEGER, 10);
	want_number(b, R "1.1.1.12.2.7.1", CELL_TIMETICKS, 0);
	want_number(b, R "1.1.1.12.2.7.2", CELL_TIMETICKS, 10000); /* a duration */
	want_number(b, R "1.1.1.13.2.7.1", CELL_INTEGER, 2);
	want_number(b, R "1.1.1.13.2.7.2", CELL_INTEGER, 1);
	/* By address, not as configured; the length is part of the index. */
	want_number(b, R "1.2.1.2.2.7.1.4.10.0.0.3", CELL_INTEGER, 1);
	length = bench_parse(R "1.2.1.2.2.7.1", name);
	assert_non_null(bench_next(b, name, &length, &cell));
	assert_int_equal(name[length - 1], 3);
	assert_non_null(bench_next(b, name, &length, &cell));
	assert_int_equal(name[length - 1], 30);

	want_number(b, R "2.1.0", CELL_COUNTER64, 11);
	want_number(b, R "2.4.0", CELL_TIMETICKS, 30000);
	want_number(b, R "2.5.1.1.2.7.1", CELL_COUNTER32, 0);
	want_number(b, R "2.5.1.2.2.7.1", CELL_INTEGER, 2);
	want_number(b, R "2.5.1.3.2.7.1", CELL_COUNTER64, INT64_C(0x300000001));
	want_number(b, R "2.5.1.6.2.7.1", CELL_INTEGER, 3);
	want_number(b, R "2.5.1.12.2.7.1", CELL_TIMETICKS, 49000);
	want_number(b, R "2.5.1.12.2.7.2", CELL_TIMETICKS, 0);
	want_number(b, R "2.5.1.13.2.7.1", CELL_GAUGE32, 1000);
	b->world->live_instances[2].up_since_us = b->world->view.now_us + 1;
	want_number(b, R "1.1.1.12.2.7.2", CELL_TIMETICKS, 0); /* within the running tick */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_keepalived_vrrp, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_keepalived_tracks, bench_setup,
						bench_teardown),
		cmocka_unit_test_setup_teardown(test_keepalived_objects, bench_setup,
						bench_teardown),
		cmocka_unit_test_setup_teardown(test_keepalived_static, bench_setup,
						bench_teardown),
		cmocka_unit_test_setup_teardown(test_keepalived_routes, bench_setup,
						bench_teardown),
		cmocka_unit_test_setup_teardown(test_keepalived_rules, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_switches, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_vrrp_mib, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_vrrp3_mib, bench_setup, bench_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
