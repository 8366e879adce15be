/* SPDX-License-Identifier: MIT */
/* What each event becomes: which notifications, which varbinds in order, under which instance. */
#include "agent/director_mib.h"
#include "tests/unit/notify_bench.h"

static void test_instance(void **state)
{
	struct bench *b = *state;

	instance_event(b, 0, "VI_1");
	raise_event(b);
	assert_int_equal(b->count, 2);
	assert_sent(&b->sent[0], K "2.10.0.2",
		    VARBINDS(K "2.3.1.2.1=VI_1", K "2.3.1.4.1=2", K "2.3.1.5.1=2",
			     K "1.2.0=LVS_DEVEL"));
	assert_sent(&b->sent[1], V "0.1", VARBINDS(V "1.3.1.7.10.62=ac110d78"));
	assert_int_equal(b->sent[1].varbinds[0].type, CELL_IPADDRESS);
	b->event.instance.ifindex = 0; /* no row of VRRP-MIB */
	raise_event(b);
	assert_int_equal(b->count, 1);
	b->event.instance.ifindex = 10;
	b->event.instance.state = VRRP_BACKUP;
	raise_event(b);
	assert_int_equal(b->count, 1);
	b->event.instance.stopping = true;
	raise_event(b);
	assert_int_equal(b->sent[0].varbinds[1].cell.number, 5);
}

/* A reload moved it, or removed it. */
static void test_instance_gone(void **state)
{
	struct bench *b = *state;

	instance_event(b, 1, "VI_1");
	b->event.generation = 6;
	raise_event(b);
	assert_sent(&b->sent[0], K "2.10.0.2",
		    VARBINDS(K "2.3.1.2.1=VI_1", K "2.3.1.4.1=2", K "2.3.1.5.1=2",
			     K "1.2.0=LVS_DEVEL"));
	instance_event(b, 8, "VI_9");
	raise_event(b);
	assert_sent(&b->sent[0], K "2.10.0.2",
		    VARBINDS(K "2.3.1.2.9=VI_9", K "2.3.1.4.9=2", K "2.3.1.5.9=4",
			     K "1.2.0=LVS_DEVEL"));
	assert_int_equal(b->count, 2);
}

static void test_instance3(void **state)
{
	struct bench *b = *state;

	instance_event(b, 4, "VI_3");
	b->event.instance.version = 3;
	b->event.instance.reason = VRRP_MASTER_NO_RESPONSE;
	raise_event(b);
	assert_int_equal(b->count, 2);
	assert_sent(&b->sent[1], R "0.1",
		    VARBINDS(R "1.1.1.1.3.10.62.1=ac110d78", R "1.2.5.1.2.10.62.1=3"));
	assert_int_equal(b->sent[1].varbinds[0].type, CELL_OCTETS);
	assert_int_equal(ip_parse("fe80::1", &b->event.instance.master), 0);
	raise_event(b);
	assert_sent(&b->sent[1], R "0.1",
		    VARBINDS(R "1.1.1.1.3.10.62.2=fe800000000000000000000000000001",
			     R "1.2.5.1.2.10.62.2=3"));
	b->event.instance.ifindex = 0;
	raise_event(b);
	assert_int_equal(b->count, 1);
	b->event.instance.ifindex = 10;
	b->world->conf.global.snmp_rfcv3 = false;
	raise_event(b);
	assert_int_equal(b->count, 1);
	b->world->conf.global.snmp_rfcv3 = true;
	b->event.instance.state = VRRP_BACKUP;
	raise_event(b);
	assert_int_equal(b->count, 1);
}

static void test_proto_error(void **state)
{
	struct bench *b = *state;

	begin_event(b, EVENT_PROTO_ERROR);
	assert_int_equal(ip_parse("192.0.2.66", &b->event.packet.source), 0);
	b->event.packet.ifindex = 2;
	b->event.packet.vrid = 7;
	b->event.packet.error = VRRP_TTL_ERROR;
	raise_event(b);
	assert_int_equal(b->count, 1);
	assert_sent(&b->sent[0], R "0.2", VARBINDS(R "1.2.5.1.6.2.7.1=1"));
	b->event.packet.vrid = 8; /* nobody's: no row */
	raise_event(b);
	assert_int_equal(b->count, 0);
	b->event.packet.vrid = 5; /* of version 2 */
	raise_event(b);
	assert_int_equal(b->count, 0);
	b->event.packet.vrid = 7;
	b->world->conf.global.snmp_traps = false;
	raise_event(b);
	assert_int_equal(b->count, 0);
}

static void test_group(void **state)
{
	struct bench *b = *state;

	begin_event(b, EVENT_GROUP_STATE);
	b->event.group.state = VRRP_FAULT;
	memcpy(b->event.group.name, "VG_1", sizeof("VG_1"));
	raise_event(b);
	assert_int_equal(b->count, 1);
	assert_sent(&b->sent[0], K "2.10.0.1",
		    VARBINDS(K "2.1.1.2.1=VG_1", K "2.1.1.3.1=3", K "1.2.0=LVS_DEVEL"));
}

static void test_auth_failure(void **state)
{
	struct bench *b = *state;

	begin_event(b, EVENT_AUTH_FAILURE);
	assert_int_equal(ip_parse("192.0.2.66", &b->event.packet.source), 0);
	b->event.packet.error = 3;
	raise_event(b);
	assert_int_equal(b->count, 1);
	assert_sent(&b->sent[0], V "0.2", VARBINDS(V "1.5.0=c0000242", V "1.6.0=3"));
}

static void test_dest(void **state)
{
	struct bench *b = *state;

	dest_event(b, 0, 0, EVENT_DEST_STATE);
	raise_event(b);
	assert_int_equal(b->count, 2);
	assert_sent(&b->sent[0], K "3.5.0.1",
		    VARBINDS(K "3.4.1.3.1.2=1", K "3.4.1.4.1.2=ac110dad", K "3.4.1.5.1.2=80",
			     K "3.4.1.6.1.2=2", K "3.3.1.2.1=2", K "3.3.1.5.1=1",
			     K "3.3.1.6.1=ac110dfc", K "3.3.1.7.1=80", K "3.3.1.8.1=1",
			     K "3.3.1.21.1=1", K "3.3.1.20.1=2", K "1.2.0=LVS_DEVEL"));
	assert_sent(&b->sent[1], D "0.1",
		    VARBINDS(D "1.8.5.0=41", D "1.2.1.1.6." SVC "=172.17.13.252:80/tcp",
			     D "1.3.1.1.4." DEST "=172.17.13.173:80", D "1.3.1.1.5." DEST "=4",
			     D "1.3.1.1.10." DEST "=4", D "1.3.1.1.19." DEST "=0",
			     D "1.3.1.1.13." DEST "=refused", D "1.2.1.1.22." SVC "=1",
			     D "1.2.1.1.21." SVC "=2"));
	b->event.dest.oper = DEST_UP;
	raise_event(b);
	assert_int_equal(b->sent[0].varbinds[3].cell.number, 1);
	assert_int_equal(b->sent[1].trap[b->sent[1].trap_length - 1], 2);
	assert_int_equal(b->sent[1].varbinds[0].cell.number, 42);
	b->event.dest.stopping = true;
	raise_event(b);
	assert_int_equal(b->count, 1); /* stopping is not a failure of the server */
	assert_int_equal(b->sent[0].varbinds[3].cell.number, 2);
}

/* Identification by type of virtual server, and the sorry server. */
static void test_dest_kinds(void **state)
{
	struct bench *b = *state;

	dest_event(b, 1, 0, EVENT_DEST_STATE);
	raise_event(b);
	assert_int_equal(b->sent[0].n_varbinds, 10);
	assert_name(&b->sent[0].varbinds[5], K "3.3.1.4.2");
	assert_int_equal(b->sent[0].varbinds[5].cell.number, 5);
	dest_event(b, 2, 1, EVENT_DEST_STATE);
	raise_event(b);
	assert_name(&b->sent[0].varbinds[5], K "3.3.1.3.3");
	assert_memory_equal(b->sent[0].varbinds[5].cell.room, "farm", 4);
	dest_event(b, 3, 0, EVENT_DEST_STATE);
	raise_event(b);
	assert_int_equal(b->sent[0].varbinds[0].cell.number, 2);
	assert_int_equal(b->sent[0].varbinds[1].cell.size, 16);
	assert_memory_equal(b->sent[1].varbinds[2].cell.room, "web1", 4);
	dest_event(b, 0, SNAP_SORRY, EVENT_DEST_STATE);
	raise_event(b);
	assert_int_equal(b->count, 1);
	assert_name(&b->sent[0].varbinds[0], K "3.4.1.3.1.1");
}

static void test_dest_gone(void **state)
{
	struct bench *b = *state;

	dest_event(b, 0, 1, EVENT_DEST_STATE);
	b->event.generation = 6;
	b->event.dest.vs = 4;
	b->event.dest.rs = 9;
	raise_event(b); /* moved to where it is now */
	assert_int_equal(b->sent[0].varbinds[0].name[b->sent[0].varbinds[0].name_length - 1], 3);
	assert_int_equal(b->sent[0].varbinds[0].name[b->sent[0].varbinds[0].name_length - 2], 1);
	b->event.dest.svc.port = 81;
	raise_event(b); /* removed: what the event says, at the place it had */
	assert_int_equal(b->count, 2);
	assert_sent(&b->sent[0], K "3.5.0.1",
		    VARBINDS(K "3.4.1.3.5.10=1", K "3.4.1.4.5.10=ac110d8e", K "3.4.1.5.5.10=80",
			     K "3.4.1.6.5.10=2", K "3.3.1.2.5=2", K "3.3.1.5.5=1",
			     K "3.3.1.6.5=ac110dfc", K "3.3.1.7.5=81", K "3.3.1.8.5=1",
			     K "3.3.1.21.5=1", K "3.3.1.20.5=2", K "1.2.0=LVS_DEVEL"));
	b->world->view.check = NULL;
	raise_event(b);
	assert_int_equal(b->count, 2);
}

static void test_drain(void **state)
{
	struct bench *b = *state;

	dest_event(b, 0, 0, EVENT_DRAIN);
	b->event.dest.admin = DEST_SHUTTING_DOWN;
	b->event.dest.drain = DRAIN_DRAINING;
	b->event.dest.remaining = 7;
	b->world->live_dests[1].comment = "ticket 7";
	raise_event(b);
	assert_int_equal(b->count, 1);
	assert_sent(&b->sent[0], D "0.5",
		    VARBINDS(D "1.8.5.0=41", D "1.2.1.1.6." SVC "=172.17.13.252:80/tcp",
			     D "1.3.1.1.4." DEST "=172.17.13.173:80", D "1.3.1.1.5." DEST "=3",
			     D "1.3.1.1.26." DEST "=2", D "1.3.1.1.32." DEST "=7",
			     D "1.3.1.1.30." DEST "=0000000000000000",
			     D "1.3.1.1.8." DEST "=ticket 7"));
	for (enum dest_drain drain = DRAIN_DRAINED; drain <= DRAIN_CANCELLED; drain++) {
		b->event.dest.drain = drain;
		raise_event(b);
		assert_int_equal(b->sent[0].trap[b->sent[0].trap_length - 1], drain + 3);
	}
	b->event.dest.drain = DRAIN_KERNEL_ERROR;
	raise_event(b);
	assert_int_equal(b->count, 0);
}

static void test_quorum(void **state)
{
	struct bench *b = *state;

	begin_event(b, EVENT_QUORUM);
	b->event.quorum.svc = b->world->keys[0];
	b->event.quorum.n_total = 2;
	b->world->live_services[0].sorry_active = true;
	raise_event(b);
	assert_int_equal(b->count, 2);
	assert_sent(&b->sent[0], K "3.5.0.2",
		    VARBINDS(K "3.3.1.2.1=2", K "3.3.1.5.1=1", K "3.3.1.6.1=ac110dfc",
			     K "3.3.1.7.1=80", K "3.3.1.8.1=1", K "3.3.1.23.1=2", K "3.3.1.22.1=1",
			     K "3.3.1.21.1=0", K "3.3.1.20.1=2", K "1.2.0=LVS_DEVEL"));
	assert_sent(&b->sent[1], D "0.3",
		    VARBINDS(D "1.8.5.0=41", D "1.2.1.1.6." SVC "=172.17.13.252:80/tcp",
			     D "1.2.1.1.16." SVC "=1", D "1.2.1.1.17." SVC "=0",
			     D "1.2.1.1.22." SVC "=0", D "1.2.1.1.21." SVC "=2",
			     D "1.2.1.1.20." SVC "=1"));
	b->event.quorum.up = true;
	raise_event(b);
	assert_int_equal(b->sent[1].trap[b->sent[1].trap_length - 1], 4);
	b->event.quorum.stopping = true;
	raise_event(b);
	assert_int_equal(b->count, 1);
	assert_int_equal(b->sent[0].varbinds[5].cell.number, 3);
}

static void test_config(void **state)
{
	struct bench *b = *state;

	begin_event(b, EVENT_CONFIG);
	b->event.config.generation = 3;
	memcpy(b->event.config.error, "test.conf:3: no such keyword",
	       sizeof("test.conf:3: no such keyword"));
	raise_event(b);
	assert_int_equal(b->count, 1);
	assert_sent(
		&b->sent[0], D "0.11",
		VARBINDS(D "1.8.5.0=41", D "1.1.4.0=3", D "1.1.6.0=test.conf:3: no such keyword"));
}

static void test_switches(void **state)
{
	struct bench *b = *state;
	struct conf_global *global = &b->world->conf.global;

	instance_event(b, 0, "VI_1");
	global->snmp_traps = false;
	raise_event(b);
	assert_int_equal(b->count, 0);
	global->snmp_traps = true;
	b->world->view.traps_enabled = false;
	raise_event(b);
	assert_int_equal(b->count, 1); /* vrrpNotificationCntl is VRRP-MIB's own switch */
	assert_int_equal(b->sent[0].trap[6], 9586);
	global->snmp_vrrp = false;
	raise_event(b);
	assert_int_equal(b->count, 0);
	dest_event(b, 0, 0, EVENT_DEST_STATE);
	raise_event(b);
	assert_int_equal(b->count, 2);
	b->world->view.notify = (uint8_t)~DIRECTOR_NOTIFY_DEST;
	raise_event(b);
	assert_int_equal(b->count, 1); /* likewise ipvsdNotifyEnable that of our own */
	assert_int_equal(b->sent[0].trap[6], 9586);
	dest_event(b, 0, 0, EVENT_DRAIN);
	b->event.dest.drain = DRAIN_DRAINED;
	raise_event(b);
	assert_int_equal(b->count, 1);
	b->world->view.notify = (uint8_t)~DIRECTOR_NOTIFY_DRAIN;
	raise_event(b);
	assert_int_equal(b->count, 0);
	global->snmp_checker = false;
	raise_event(b);
	assert_int_equal(b->count, 0);
	assert_int_equal(b->serial, 42); /* unsent notifications use no number */
	b->world->view = (struct view){0};
	raise_event(b);
	assert_int_equal(b->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_instance, setup, teardown),
		cmocka_unit_test_setup_teardown(test_instance_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_instance3, setup, teardown),
		cmocka_unit_test_setup_teardown(test_proto_error, setup, teardown),
		cmocka_unit_test_setup_teardown(test_group, setup, teardown),
		cmocka_unit_test_setup_teardown(test_auth_failure, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dest_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dest_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_drain, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quorum, setup, teardown),
		cmocka_unit_test_setup_teardown(test_config, setup, teardown),
		cmocka_unit_test_setup_teardown(test_switches, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
