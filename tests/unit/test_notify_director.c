/* SPDX-License-Identifier: MIT */
/* Notifications of IPVS-DIRECTOR-MIB that tell of the kernel and of notifications themselves. */
#include "agent/director_mib.h"
#include "tests/unit/notify_bench.h"

static void test_sync_and_drift(void **state)
{
	struct bench *b = *state;

	begin_event(b, EVENT_SYNC);
	b->event.sync.role = IPVS_SYNC_BACKUP;
	b->event.sync.running = true;
	b->event.sync.id = 51;
	raise_event(b);
	assert_int_equal(b->count, 1);
	assert_sent(&b->sent[0], D "0.9",
		    VARBINDS(D "1.8.5.0=41", D "1.7.1.1.2.2=1", D "1.7.1.1.4.2=51"));
	b->event.sync.running = false;
	raise_event(b);
	assert_int_equal(b->sent[0].varbinds[1].cell.number, 2);
	b->world->view.notify = (uint8_t)~DIRECTOR_NOTIFY_SYNC;
	raise_event(b);
	assert_int_equal(b->count, 0);
	dest_event(b, 0, 0, EVENT_DRIFT);
	struct svc_key svc = b->event.dest.svc;
	begin_event(b, EVENT_DRIFT);
	b->event.drift.svc = svc;
	b->event.drift.drifts = 7;
	raise_event(b);
	assert_int_equal(b->count, 1);
	assert_int_equal(b->sent[0].n_varbinds, 3);
	assert_name(&b->sent[0].varbinds[1], D "1.2.1.1.6." SVC);
	assert_name(&b->sent[0].varbinds[2], D "1.1.32.0");
	assert_int_equal(b->sent[0].varbinds[2].cell.number, 7);
	b->world->view.notify = (uint8_t)~DIRECTOR_NOTIFY_KERNEL;
	raise_event(b);
	assert_int_equal(b->count, 0);
}

static void test_limited(void **state)
{
	struct bench *b = *state;

	begin_event(b, EVENT_LIMITED);
	b->event.limited.suppressed = 99;
	b->world->view.notify = 0; /* has no switch of its own */
	raise_event(b);
	assert_int_equal(b->count, 1);
	assert_sent(&b->sent[0], D "0.12", VARBINDS(D "1.8.5.0=41", D "1.8.4.0=99"));
	b->world->conf.global.snmp_traps = false;
	raise_event(b);
	assert_int_equal(b->count, 0);
}

/* What tells of one state is of one kind, so that limits let the newest replace the others. */
static void test_kinds(void **state)
{
	struct bench *b = *state;

	dest_event(b, 0, 0, EVENT_DEST_STATE);
	b->event.dest.oper = DEST_UP;
	raise_event(b);
	assert_int_equal(b->count, 2);
	assert_int_equal(b->sent[0].kind, 1);
	assert_int_equal(b->sent[1].kind, 1);
	b->event.dest.oper = DEST_DOWN;
	raise_event(b);
	assert_int_equal(b->sent[1].kind, 1);
	b->event.kind = EVENT_DRAIN;
	for (int drain = DRAIN_DRAINING; drain <= DRAIN_CANCELLED; drain++) {
		b->event.dest.drain = (enum dest_drain)drain;
		raise_event(b);
		assert_int_equal(b->count, 1);
		assert_int_equal(b->sent[0].kind, 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sync_and_drift, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limited, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kinds, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
