/* SPDX-License-Identifier: MIT */
/*
 * The one notion of time: microseconds in a uint64_t. "now" is CLOCK_MONOTONIC, which a clock step
 * does not move; "wall" is CLOCK_REALTIME and is for display only. 0 means "never" in every stored
 * time.
 */
#pragma once

#include <stdint.h>

#define USEC_PER_SEC  UINT64_C(1000000)
#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_CSEC UINT64_C(10000)

/* Any thread. */
uint64_t clock_now_us(void);
uint64_t clock_wall_us(void);
