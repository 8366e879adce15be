/* SPDX-License-Identifier: MIT */
/* LVS-MIB over the synthetic director: what only this module has to decide. That its figures are
 * those of IPVS-DIRECTOR-MIB is tested through snmpd (tests/net/test_lvs_mib.py). */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>

#include "tests/unit/mib_bench.h"
#include "tests/unit/mib_want.h"

#define L "1.3.6.1.4.1.8225.4711."

static void want_address(struct bench *b, const char *oid, const char *four)
{
	struct cell cell;
	uint32_t name[OID_MAX];

	want(b, oid, CELL_IPADDRESS);
	bench_get(b, name, bench_parse(oid, name), &cell);
	assert_int_equal(cell.size, 4);
	assert_memory_equal(cell.octets, four, 4);
}

static void test_scalars(void **state)
{
	struct bench *b = *state;
	struct snap_check *check = &b->world->check;

	want_text(b, L "1.0", "1.2.1");
	want_number(b, L "2.0", CELL_INTEGER, WORLD_ROWS);
	want_number(b, L "3.0", CELL_INTEGER, 4096);
	want_number(b, L "4.0", CELL_INTEGER, 90000);
	want_number(b, L "5.0", CELL_INTEGER, 0);
	check->udp_timeout_s = UINT32_MAX; /* more than a TimeInterval can say */
	want_number(b, L "6.0", CELL_INTEGER, INT32_MAX);
	check->ipvs_available = false;
	want_text(b, L "1.0", "");
}

static void test_daemon(void **state)
{
	struct bench *b = *state;
	struct ipvs_sync *sync = b->world->check.sync;

	want_number(b, L "7.0", CELL_INTEGER, 0);
	want_text(b, L "8.0", "");
	strcpy(sync[IPVS_SYNC_BACKUP].interface, "eth1");
	want_number(b, L "7.0", CELL_INTEGER, 2);
	want_text(b, L "8.0", "eth1");
	strcpy(sync[IPVS_SYNC_MASTER].interface, "eth2"); /* both run */
	want_number(b, L "7.0", CELL_INTEGER, 1);
	want_text(b, L "8.0", "eth2");
}

/* A mark, which is service 2, and addresses of both families: 1 and 5. */
static void test_services(void **state)
{
	struct bench *b = *state;

	want_number(b, L "17.1.3.2", CELL_INTEGER, -1);
	want_number(b, L "17.1.5.2", CELL_INTEGER, -1);
	want_number(b, L "17.1.6.2", CELL_INTEGER, 5);
	want_address(b, L "17.1.4.2", "\0\0\0\0");
	b->world->live_services[1].key.fwmark = 0xfffffffe;
	want_number(b, L "17.1.6.2", CELL_INTEGER, -2);

	want_number(b, L "17.1.3.1", CELL_INTEGER, IPPROTO_TCP);
	want_number(b, L "17.1.5.1", CELL_INTEGER, 80);
	want_number(b, L "17.1.6.1", CELL_INTEGER, 0);
	want_address(b, L "17.1.4.1", "\xac\x11\x0d\xfc");
	want_number(b, L "17.1.7.1", CELL_INTEGER, 5000);
	b->world->services[0].persistence_prefix = 24;
	want_address(b, L "17.1.8.1", "\xff\xff\xff\0");
	b->world->services[0].persistence_prefix = 0;
	want_address(b, L "17.1.8.1", "\0\0\0\0");
	want_address(b, L "17.1.4.5", "\0\0\0\0");
	want_address(b, L "17.1.8.5", "\0\0\0\0");
	want_number(b, L "17.1.5.5", CELL_INTEGER, 443);

	want_number(b, L "17.1.1.7", CELL_INTEGER, 7);
	want_none(b, L "17.1.1.0");
	want_none(b, L "17.1.1.8");
}

/* The sorry server of service 1 takes no number. */
static void test_servers(void **state)
{
	struct bench *b = *state;
	struct snap_dest *dest = &b->world->live_dests[1];

	want_number(b, L "17.1.9.1", CELL_INTEGER, 2);
	want_address(b, L "18.1.3.1.1", "\xac\x11\x0d\xad");
	want_number(b, L "18.1.2.1.2", CELL_INTEGER, 2);
	want_none(b, L "18.1.2.1.3");
	want_none(b, L "18.1.2.1.0");
	want_number(b, L "18.1.5.1.1", CELL_INTEGER, 3);
	b->world->services[0].servers[0].method.forward = CONF_NAT;
	want_number(b, L "18.1.5.1.1", CELL_INTEGER, 0);
	b->world->services[0].servers[0].method.forward = CONF_TUN;
	want_number(b, L "18.1.5.1.1", CELL_INTEGER, 2);
	dest->kernel_weight = 65535;
	want_number(b, L "18.1.6.1.1", CELL_INTEGER, 65535);
	dest->kernel_weight = -1;
	want_number(b, L "18.1.6.1.1", CELL_INTEGER, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_scalars, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_daemon, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_services, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_servers, bench_setup, bench_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
