/* SPDX-License-Identifier: MIT */
/* Readings of the two clocks. Any thread. */
#include "core/base/clock.h"

#include <time.h>

static uint64_t read_clock(clockid_t clock)
{
	struct timespec ts = {0};

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t clock_now_us(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_wall_us(void)
{
	return read_clock(CLOCK_REALTIME);
}
