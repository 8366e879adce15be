/* SPDX-License-Identifier: MIT */
/*
 * The state machine, beyond the table of test_vrrp_fsm: intervals of timers, what is
 * learned and forgotten, retries, reasons, a new configuration.
 */
#include <errno.h>

#include "tests/unit/fsm_rig.h"

/* What a wake-up takes does not make the interval longer; after more than that it starts anew, and
 * adverts do not pile up after a stall. Shows VT-6. */
static void test_advert_interval(void **state)
{
	struct rig rig;
	uint64_t first_us;

	(void)state;
	rig_new(&rig, OWNER);
	drive(&rig, VRRP_MASTER);
	first_us = rig.vi.adver_at_us;
	rig.now_us = first_us + 100;
	assert_true(tick(&rig).set & VRRP_SEND_ADVERT);
	assert_int_equal(rig.vi.adver_at_us, first_us + USEC_PER_SEC);
	(void)addrs_done(&rig, 0);
	rig.now_us = first_us + USEC_PER_SEC + 101;
	assert_true(tick(&rig).set & VRRP_SEND_ADVERT);
	assert_int_equal(rig.vi.adver_at_us, rig.now_us + USEC_PER_SEC);
	rig.now_us = first_us + 10 * USEC_PER_SEC;
	assert_true(tick(&rig).set & VRRP_SEND_ADVERT);
	assert_int_equal(rig.vi.adver_at_us, rig.now_us + USEC_PER_SEC);
}

static void test_higher_sends_last_advert(void **state)
{
	struct rig rig;
	struct vrrp_actions actions;

	(void)state;
	rig_new(&rig, PREEMPT);
	rig.conf.higher_prio_send_advert = true;
	drive(&rig, VRRP_MASTER);
	actions = advert(&rig, 200, "192.0.2.1");
	assert_int_equal(rig.vi.state, VRRP_BACKUP);
	assert_true(actions.set & VRRP_SEND_ADVERT);
	assert_false(actions.set & VRRP_SEND_RELEASE);
}

/* Shows VS-7. */
static void test_garp_timers(void **state)
{
	struct rig rig;
	uint64_t since_us;

	(void)state;
	rig_new(&rig, PREEMPT);
	rig.conf.garp_delay_us = 5 * USEC_PER_SEC;
	rig.conf.garp_refresh_us = 60 * USEC_PER_SEC;
	rig.conf.garp_refresh_repeat = 2;
	rig.conf.garp_lower_prio_delay_us = 3 * USEC_PER_SEC;
	drive(&rig, VRRP_MASTER);
	(void)addrs_done(&rig, 0);
	since_us = rig.now_us - USEC_PER_SEC / 2;
	assert_int_equal(rig.vi.garp_at_us, since_us + 5 * USEC_PER_SEC);
	assert_int_equal(rig.vi.refresh_at_us, since_us + 60 * USEC_PER_SEC);
	(void)advert(&rig, 50, "192.0.2.200");
	assert_int_equal(rig.vi.lower_garp_at_us, rig.now_us + 3 * USEC_PER_SEC);
	rig.vi.adver_at_us = since_us + 1000 * USEC_PER_SEC;
	rig.now_us = rig.vi.garp_at_us;
	assert_int_equal(tick(&rig).garp_repeat, 10); /* both are due */
	assert_int_equal(rig.vi.garp_at_us, 0);
	assert_int_equal(rig.vi.lower_garp_at_us, 0);
	rig.now_us = rig.vi.refresh_at_us;
	assert_int_equal(tick(&rig).garp_repeat, 2);
	assert_int_equal(rig.vi.refresh_at_us, since_us + 120 * USEC_PER_SEC);
}

/* timer_expired_backup: which silence of ours is long enough for a router of that priority. */
static void test_late_master_yields(void **state)
{
	static const struct {
		uint8_t other;
		bool preempt, heard;
		uint64_t late_us; /* behind the due time of its advert */
		enum vrrp_state then;
	} table[] = {
		{254, false, false, 2 * USEC_PER_SEC + 7812, VRRP_MASTER},
		{254, false, false, 2 * USEC_PER_SEC + 7813, VRRP_BACKUP},
		{254, false, true, 2 * USEC_PER_SEC + 7813, VRRP_BACKUP},
		{128, false, true, 2 * USEC_PER_SEC + 500000, VRRP_MASTER},
		{128, false, true, 2 * USEC_PER_SEC + 500001, VRRP_BACKUP},
		{0, false, false, 9 * USEC_PER_SEC, VRRP_MASTER},
		{254, true, true, 9 * USEC_PER_SEC, VRRP_MASTER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct rig rig;
		struct vrrp_actions actions;

		rig_new(&rig, table[i].preempt ? PREEMPT : 0);
		rig.conf.timer_expired_backup = table[i].other;
		drive(&rig, VRRP_MASTER);
		(void)addrs_done(&rig, 0);
		rig.now_us = rig.vi.adver_at_us + table[i].late_us;
		actions = table[i].heard ? advert(&rig, 50, "192.0.2.200") : tick(&rig);
		assert_int_equal(rig.vi.state, table[i].then);
		if (table[i].then == VRRP_MASTER)
			continue;
		assert_int_equal(actions.why, VRRP_WHY_LATE);
		assert_true(actions.set & VRRP_DEL_ADDRS);
		assert_false(actions.set & (VRRP_SEND_ADVERT | VRRP_SEND_RELEASE));
		assert_int_equal(rig.vi.down_at_us, rig.now_us + vrrp_down_us(&rig.vi));
	}
}

static void test_retry_after_failure(void **state)
{
	const struct vrrp_event again = {.kind = VRRP_EVENT_CONDITIONS, .retry = true};
	struct rig rig;

	(void)state;
	rig_new(&rig, PREEMPT);
	drive(&rig, VRRP_MASTER);
	(void)addrs_done(&rig, -EPERM);
	assert_int_equal(rig.vi.faults, VRRP_FAULT_ADDRESSES);
	(void)conditions(&rig, 0, 0); /* does not clear what the machine itself has found */
	assert_int_equal(rig.vi.state, VRRP_FAULT);
	assert_int_equal(vrrp_due_us(&rig.vi), rig.now_us + VRRP_RETRY_US);
	rig.now_us += VRRP_RETRY_US;
	(void)tick(&rig);
	assert_int_equal(rig.vi.state, VRRP_BACKUP);
	rig.now_us = rig.vi.down_at_us;
	(void)tick(&rig);
	(void)addrs_done(&rig, -EPERM);
	(void)vrrp_step(&rig.vi, &again, rig.now_us);
	assert_int_equal(rig.vi.state, VRRP_BACKUP);
	assert_int_equal(rig.vi.faults, 0);
}

/* Version 3 learns its master's interval and forgets it with its state. Shows VR-11. */
static void test_v3_learns(void **state)
{
	struct vrrp_event event = {.kind = VRRP_EVENT_ADVERT,
				   .priority = 200,
				   .source = address("192.0.2.1"),
				   .interval_us = 3000000};
	struct rig rig;

	(void)state;
	rig_new(&rig, PREEMPT);
	rig.conf.version = 3;
	drive(&rig, VRRP_BACKUP);
	(void)vrrp_step(&rig.vi, &event, rig.now_us);
	assert_int_equal(rig.vi.down_at_us, rig.now_us + 9000000 + 1828125);
	rig.now_us = rig.vi.down_at_us;
	(void)tick(&rig);
	assert_int_equal(rig.vi.state, VRRP_MASTER);
	assert_int_equal(vrrp_down_us(&rig.vi), 3609375);
	assert_int_equal(rig.vi.adver_at_us, rig.now_us + USEC_PER_SEC);
	/* Yielding teaches it again, a fault makes it forget. */
	event.interval_us = 500000;
	(void)vrrp_step(&rig.vi, &event, rig.now_us);
	assert_int_equal(rig.vi.state, VRRP_BACKUP);
	assert_int_equal(rig.vi.down_at_us, rig.now_us + 1500000 + 304687);
	(void)conditions(&rig, 0, VRRP_FAULT_LINK);
	(void)conditions(&rig, 0, 0);
	assert_int_equal(rig.vi.down_at_us, rig.now_us + 3609375);
}

/* An advert that is not accepted teaches nothing. */
static void test_v3_ignores_lower(void **state)
{
	struct rig rig;
	uint64_t down_at_us;

	(void)state;
	static const struct flavour slow_master = {3, 100000, 250000};
	rig_new_of(&rig, &slow_master, PREEMPT);
	drive(&rig, VRRP_BACKUP);
	down_at_us = rig.vi.down_at_us;
	(void)advert(&rig, 50, "192.0.2.1");
	assert_int_equal(rig.vi.down_at_us, down_at_us);
	(void)advert(&rig, 0, "192.0.2.1");
	assert_int_equal(rig.vi.down_at_us, rig.now_us + 60937); /* of the own 0.1 s */
}

/* Setting an address may take longer than 36 ms: fast adverts must not make a master give up. */
static void test_v3_confirm(void **state)
{
	static const struct flavour fast = {3, 10000, 10000};
	struct rig rig;

	(void)state;
	rig_new_of(&rig, &fast, PREEMPT);
	drive(&rig, VRRP_MASTER);
	assert_int_equal(rig.vi.confirm_at_us, rig.vi.adver_at_us - 10000 + VRRP_CONFIRM_LEAST_US);
	rig.now_us = rig.vi.confirm_at_us - 1;
	(void)tick(&rig);
	assert_int_equal(rig.vi.state, VRRP_MASTER);
	rig.now_us++;
	(void)tick(&rig);
	assert_int_equal(rig.vi.state, VRRP_FAULT);
}

static void test_reasons(void **state)
{
	struct rig rig;

	(void)state;
	rig_new(&rig, OWNER);
	drive(&rig, VRRP_MASTER);
	assert_int_equal(rig.vi.reason, VRRP_PRIORITY);
	rig_new(&rig, PREEMPT);
	drive(&rig, VRRP_MASTER);
	assert_int_equal(rig.vi.reason, VRRP_MASTER_NO_RESPONSE);
	rig_new(&rig, PREEMPT);
	drive(&rig, VRRP_BACKUP);
	(void)advert(&rig, 50, "192.0.2.1");
	rig.now_us = rig.vi.down_at_us;
	(void)tick(&rig);
	assert_int_equal(rig.vi.reason, VRRP_PREEMPTED);
	(void)advert(&rig, 150, "192.0.2.1");
	assert_int_equal(rig.vi.reason,
			 VRRP_PREEMPTED); /* why it last became master, not what it is */
}

static void test_reconf(void **state)
{
	struct rig rig;
	struct vrrp_event event = {.kind = VRRP_EVENT_RECONF, .addresses_changed = true};

	(void)state;
	rig_new(&rig, PREEMPT);
	drive(&rig, VRRP_MASTER);
	(void)addrs_done(&rig, 0);
	assert_int_equal(vrrp_step(&rig.vi, &event, rig.now_us).set, VRRP_ADD_ADDRS);
	assert_int_equal(rig.vi.state, VRRP_MASTER);
	assert_int_not_equal(rig.vi.confirm_at_us, 0);
	event = (struct vrrp_event){.kind = VRRP_EVENT_RECONF};
	assert_int_equal(vrrp_step(&rig.vi, &event, rig.now_us).set, 0);
	rig_new(&rig, PREEMPT);
	drive(&rig, VRRP_BACKUP);
	rig.vi.advert_us = 2 * USEC_PER_SEC;
	event.timers_changed = true;
	assert_int_equal(vrrp_step(&rig.vi, &event, rig.now_us).set, 0);
	assert_int_equal(rig.vi.down_at_us, rig.now_us + 6609375);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_advert_interval),
		cmocka_unit_test(test_higher_sends_last_advert),
		cmocka_unit_test(test_garp_timers),
		cmocka_unit_test(test_late_master_yields),
		cmocka_unit_test(test_retry_after_failure),
		cmocka_unit_test(test_v3_learns),
		cmocka_unit_test(test_v3_ignores_lower),
		cmocka_unit_test(test_v3_confirm),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_reconf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
