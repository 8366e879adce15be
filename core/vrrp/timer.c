/* SPDX-License-Identifier: MIT */
/*
 * Skew and master-down durations, and deadlines that come again. Pure arithmetic, kept apart so
 * that its values can be compared with the tables of the RFCs; the state machine in fsm.c arms the
 * timers.
 */
#include "core/vrrp/timer.h"

#include "core/base/clock.h"

#define WAKE_UP_US 100 /* what it ordinarily takes from an expiry to our turn */

uint64_t vrrp_timer_skew_us(uint8_t version, uint8_t priority, uint64_t interval_us)
{
	uint64_t whole = version == 2 ? USEC_PER_SEC : interval_us;

	return (256 - (uint64_t)priority) * whole / 256;
}

uint64_t vrrp_timer_down_us(uint8_t version, uint8_t priority, uint64_t interval_us,
			    unsigned adverts)
{
	return adverts * interval_us + vrrp_timer_skew_us(version, priority, interval_us);
}

bool vrrp_timer_is_due(uint64_t at_us, uint64_t now_us)
{
	return at_us && at_us <= now_us;
}

uint64_t vrrp_timer_next_us(uint64_t at_us, uint64_t period_us, uint64_t now_us)
{
	return now_us <= at_us + WAKE_UP_US ? at_us + period_us : now_us + period_us;
}

uint64_t vrrp_timer_rearm_us(uint64_t at_us, uint64_t period_us, uint64_t now_us)
{
	if (!period_us)
		return 0;
	return at_us && at_us <= now_us + period_us ? at_us : now_us + period_us;
}
