/* SPDX-License-Identifier: MIT */
/*
 * The state machine against a table of its own, written from RFC 3768 section 6.4 and
 * keepalived.conf(5): nested loops over every version, state, event and condition; each case must
 * find exactly one row. The rows are of both versions: RFC 9568 section 6.4 differs from them in
 * the durations only.
 */
#include <errno.h>

#include "tests/unit/fsm_rig.h"

enum input {
	IN_START,
	IN_SHUTDOWN,
	IN_FAULT,
	IN_DOWN_TIMER,
	IN_ADVER_TIMER,
	IN_RELEASE,
	IN_LOWER,
	IN_EQUAL_LOWER_ADDRESS,
	IN_EQUAL_HIGHER_ADDRESS,
	IN_HIGHER,
	IN_CONFIRMED,
	IN_REFUSED,
	IN_UNCONFIRMED,
	INPUTS,
};

static const char *const input_names[INPUTS] = {
	"start",
	"shutdown",
	"fault",
	"down timer",
	"adver timer",
	"priority 0",
	"lower",
	"equal, lower address",
	"equal, higher address",
	"higher",
	"confirmed",
	"refused",
	"unconfirmed",
};

/* What must be true of the timers afterwards. */
enum timers { T_NONE, T_DOWN, T_SKEW, T_SAME, T_ADVER };

struct row {
	unsigned states;	/* mask of 1 << state */
	unsigned inputs;	/* mask of 1 << input */
	unsigned with, without; /* conditions */
	int next;		/* -1: the same */
	uint32_t actions;
	enum timers timers;
};

#define S(state)   (1u << VRRP_##state)
#define I(input)   (1u << IN_##input)
#define DOWN	   (S(INITIALIZE) | S(FAULT))
#define EQUAL	   (I(EQUAL_LOWER_ADDRESS) | I(EQUAL_HIGHER_ADDRESS))
#define LOSING	   (I(LOWER) | I(EQUAL_LOWER_ADDRESS))
#define WINNING	   (I(HIGHER) | I(EQUAL_HIGHER_ADDRESS))
#define ADVERTS	   (I(RELEASE) | I(LOWER) | EQUAL | I(HIGHER))
#define TIMERS	   (I(DOWN_TIMER) | I(ADVER_TIMER))
#define ANSWERS	   (I(CONFIRMED) | I(REFUSED) | I(UNCONFIRMED))
#define ANSWER	   (VRRP_SEND_GARP | VRRP_TELL_LOWER)
#define TO_MASTER  (VRRP_SEND_ADVERT | VRRP_ADD_ADDRS | VRRP_SEND_GARP | VRRP_TELL_STATE)
#define OFF_MASTER (VRRP_DEL_ADDRS | VRRP_STOP_GARP | VRRP_TELL_STATE)
#define IGNORED	   0, 0, -1, 0, T_SAME

static const struct row rows[] = {
	/* Initialize, and keepalived's FAULT, which is left the same way. */
	{DOWN, I(START), OWNER, 0, VRRP_MASTER, TO_MASTER, T_ADVER},
	{DOWN, I(START), 0, OWNER, VRRP_BACKUP, VRRP_TELL_STATE, T_DOWN},
	{S(FAULT), I(SHUTDOWN), 0, 0, VRRP_INITIALIZE, VRRP_TELL_STATE, T_NONE},
	{S(INITIALIZE), I(FAULT), 0, 0, VRRP_FAULT, VRRP_TELL_STATE, T_NONE},
	{S(INITIALIZE), I(SHUTDOWN), IGNORED},
	{S(FAULT), I(FAULT), IGNORED},
	{DOWN, ADVERTS | TIMERS | ANSWERS, IGNORED},

	/* Backup: priorities are compared, addresses never. */
	{S(BACKUP), I(SHUTDOWN), 0, 0, VRRP_INITIALIZE, VRRP_TELL_STATE, T_NONE},
	{S(BACKUP), I(FAULT), 0, 0, VRRP_FAULT, VRRP_TELL_STATE, T_NONE},
	{S(BACKUP), I(DOWN_TIMER), 0, 0, VRRP_MASTER, TO_MASTER, T_ADVER},
	{S(BACKUP), I(RELEASE), 0, 0, -1, 0, T_SKEW},
	{S(BACKUP), I(LOWER), PREEMPT, 0, -1, VRRP_TELL_ROW, T_SAME},
	{S(BACKUP), I(LOWER), OWNER, PREEMPT, -1, VRRP_TELL_ROW, T_SAME},
	{S(BACKUP), I(LOWER), 0, OWNER | PREEMPT, -1, VRRP_TELL_ROW, T_DOWN},
	{S(BACKUP), EQUAL | I(HIGHER), 0, 0, -1, VRRP_TELL_ROW, T_DOWN},
	{S(BACKUP), I(START) | I(ADVER_TIMER) | ANSWERS, IGNORED},

	/* Master: the address breaks a tie. */
	{S(MASTER), I(SHUTDOWN), 0, 0, VRRP_INITIALIZE, OFF_MASTER | VRRP_SEND_RELEASE, T_NONE},
	{S(MASTER), I(FAULT), 0, 0, VRRP_FAULT, OFF_MASTER | VRRP_SEND_RELEASE, T_NONE},
	{S(MASTER), I(ADVER_TIMER) | I(RELEASE), 0, 0, -1, VRRP_SEND_ADVERT, T_ADVER},
	{S(MASTER), LOSING, 0, SILENT, -1, ANSWER | VRRP_SEND_ADVERT, T_SAME},
	{S(MASTER), LOSING, SILENT, 0, -1, ANSWER, T_SAME},
	{S(MASTER), WINNING, 0, 0, VRRP_BACKUP, OFF_MASTER | VRRP_TELL_ROW, T_DOWN},
	{S(MASTER), I(CONFIRMED), 0, 0, -1, VRRP_SEND_GARP | VRRP_TELL_ROW, T_SAME},
	{S(MASTER), I(REFUSED) | I(UNCONFIRMED), 0, 0, VRRP_FAULT, OFF_MASTER | VRRP_SEND_RELEASE,
	 T_NONE},
	{S(MASTER), I(START) | I(DOWN_TIMER), IGNORED},
};

static const struct flavour flavours[] = {
	{2, USEC_PER_SEC, USEC_PER_SEC},
	{3, USEC_PER_SEC, USEC_PER_SEC},
	{3, 100000, 250000}, /* learns a longer one */
	{3, 2000000, 10000}, /* a shorter one, the shortest there is */
};

static struct vrrp_actions feed(struct rig *rig, enum input input)
{
	uint8_t own = rig->vi.priority;

	switch (input) {
	case IN_START:
		return conditions(rig, 0, 0);
	case IN_SHUTDOWN:
		return conditions(rig, VRRP_HOLD_STOP, 0);
	case IN_FAULT:
		return conditions(rig, 0, VRRP_FAULT_LINK);
	case IN_DOWN_TIMER:
		if (rig->vi.state == VRRP_BACKUP)
			rig->now_us = rig->vi.down_at_us;
		return tick(rig);
	case IN_ADVER_TIMER:
		if (rig->vi.state == VRRP_MASTER)
			rig->now_us = rig->vi.adver_at_us;
		return tick(rig);
	case IN_RELEASE:
		return advert(rig, 0, "192.0.2.200");
	case IN_LOWER:
		return advert(rig, own - 1, "192.0.2.200");
	case IN_EQUAL_LOWER_ADDRESS:
		return advert(rig, own, "192.0.2.8");
	case IN_EQUAL_HIGHER_ADDRESS:
		return advert(rig, own, "192.0.2.10");
	case IN_HIGHER:
		return advert(rig, own + 1, "192.0.2.8");
	case IN_CONFIRMED:
		return addrs_done(rig, 0);
	case IN_REFUSED:
		return addrs_done(rig, -EPERM);
	case IN_UNCONFIRMED:
		if (rig->vi.state == VRRP_MASTER)
			rig->now_us = rig->vi.confirm_at_us;
		return tick(rig);
	case INPUTS:
		break;
	}
	return (struct vrrp_actions){0};
}

static const struct row *find_row(enum vrrp_state state, enum input input, unsigned condition)
{
	const struct row *found = NULL;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *row = &rows[i];

		if (!(row->inputs & 1u << input) || !(row->states & 1u << state) ||
		    (condition & row->with) != row->with || condition & row->without)
			continue;
		if (found)
			fail_msg("two rows for %s, %s, %u", vrrp_state_name(state),
				 input_names[input], condition);
		found = row;
	}
	if (!found)
		fail_msg("no row for %s, %s, %u", vrrp_state_name(state), input_names[input],
			 condition);
	return found;
}

static void check_timers(const struct rig *rig, const struct vrrp_instance *before,
			 enum timers timers)
{
	const struct vrrp_instance *vi = &rig->vi;
	uint64_t interval_us = rig->learned ? rig->flavour->peer_us : rig->flavour->own_us;
	uint64_t of_us = rig->flavour->version == 2 ? USEC_PER_SEC : interval_us;
	uint64_t skew_us = of_us * (rig->vi.priority == 255 ? 1 : 156) / 256;

	/* Whatever was learned: forgotten by a master, and by who is out of it. */
	if (vi->state != VRRP_BACKUP)
		assert_int_equal(vrrp_down_us(vi), 3 * interval_us + skew_us);
	switch (timers) {
	case T_NONE:
		assert_int_equal(vi->adver_at_us, 0);
		assert_int_equal(vi->down_at_us, 0);
		break;
	case T_DOWN:
		assert_int_equal(vi->adver_at_us, 0);
		assert_int_equal(vi->down_at_us, rig->now_us + 3 * interval_us + skew_us);
		break;
	case T_SKEW:
		assert_int_equal(vi->adver_at_us, 0);
		assert_int_equal(vi->down_at_us, rig->now_us + skew_us);
		break;
	case T_SAME:
		assert_int_equal(vi->adver_at_us, before->adver_at_us);
		assert_int_equal(vi->down_at_us, before->down_at_us);
		break;
	case T_ADVER:
		assert_int_equal(vi->adver_at_us, rig->now_us + rig->flavour->own_us);
		assert_int_equal(vi->down_at_us, 0);
		break;
	}
}

/* An advert that arms the down timer has been accepted, and its interval counts. */
static void note_learned(struct rig *rig, enum input input, const struct row *row)
{
	if (row->timers == T_DOWN)
		rig->learned = ADVERTS & 1u << input;
	else if (row->timers == T_ADVER || row->timers == T_NONE)
		rig->learned = false;
}

static void check_case(const struct flavour *flavour, enum vrrp_state state, enum input input,
		       unsigned condition)
{
	const struct row *row = find_row(state, input, condition);
	struct vrrp_instance before;
	struct vrrp_actions actions;
	struct rig rig;
	enum vrrp_state next;

	if (input == IN_HIGHER && condition & OWNER)
		return; /* nothing is higher than 255 */
	rig_new_of(&rig, flavour, condition);
	drive(&rig, state);
	before = rig.vi;
	actions = feed(&rig, input);
	note_learned(&rig, input, row);
	next = row->next < 0 ? state : (enum vrrp_state)row->next;
	if (rig.vi.state != next || actions.set != row->actions)
		fail_msg("version %u, %s, %s, %u: %s with actions %x, expected %s with %x",
			 flavour->version, vrrp_state_name(state), input_names[input], condition,
			 vrrp_state_name(rig.vi.state), actions.set, vrrp_state_name(next),
			 row->actions);
	assert_int_equal(actions.old, state);
	check_timers(&rig, &before, row->timers);
	assert_int_equal(rig.vi.wanted, next);
	assert_int_equal(rig.vi.become_master - before.become_master,
			 state != VRRP_MASTER && next == VRRP_MASTER);
	assert_int_equal(rig.vi.release_master - before.release_master,
			 state == VRRP_MASTER && next != VRRP_MASTER);
	assert_true((rig.vi.up_since_us != 0) == (next == VRRP_BACKUP || next == VRRP_MASTER));
	if (actions.set & VRRP_SEND_GARP)
		assert_int_equal(actions.garp_repeat, 5);
}

/* Shows VS-1, VS-2, VS-3, VS-5, VS-20, VR-11. */
static void test_every_case(void **state)
{
	(void)state;
	for (size_t f = 0; f < sizeof flavours / sizeof *flavours; f++)
		for (enum vrrp_state from = VRRP_INITIALIZE; from <= VRRP_FAULT; from++)
			for (unsigned i = 0; i < INPUTS * CONDITIONS; i++)
				check_case(&flavours[f], from, i / CONDITIONS, i % CONDITIONS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
