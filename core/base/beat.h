/* SPDX-License-Identifier: MIT */
/*
 * The pulse of one thread: single words that the thread's loop writes and the main thread reads, so
 * that the watchdog is fed only while every loop turns and the worst lateness of each is known.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct beat {
	_Atomic uint64_t at_us; /* last turn of the loop, monotonic */
	/* largest distance between a timer's deadline and its dispatch */
	_Atomic uint64_t worst_late_us;
};
