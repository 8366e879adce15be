/* SPDX-License-Identifier: MIT */
/*
 * The durations of RFC 3768 section 6.1 and RFC 9568 section 6.1. Pure. All in microseconds:
 * version 3 at 10 cs needs more than whole centiseconds, or several routers share one deadline.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Skew_Time. Version 2: of one second, whatever the interval; version 3: of the master's interval.
 */
uint64_t vrrp_timer_skew_us(uint8_t version, uint8_t priority, uint64_t interval_us);

/* Master_Down_Interval; adverts is how many may be missed (3 by the RFCs, `down_timer_adverts`). */
uint64_t vrrp_timer_down_us(uint8_t version, uint8_t priority, uint64_t interval_us,
			    unsigned adverts);

/* Of a deadline, 0 for none: whether it has come; the next one of a periodic one; and the one after
 * a change of the period, 0 for never, which may come sooner but not later. A periodic one starts
 * anew when it fires, as the RFCs have it, so that no short interval follows a long one; only what
 * every wake-up takes is made good, so that the interval does not grow by it. */
bool vrrp_timer_is_due(uint64_t at_us, uint64_t now_us);
uint64_t vrrp_timer_next_us(uint64_t at_us, uint64_t period_us, uint64_t now_us);
uint64_t vrrp_timer_rearm_us(uint64_t at_us, uint64_t period_us, uint64_t now_us);
