/* SPDX-License-Identifier: MIT */
/*
 * How the kernel schedules one thread: nice value, real-time priority, processors, and the name it
 * is shown under. Plain data; a thread tunes itself and nobody else. The wishes come from the
 * configuration.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TUNE_CPUS     1024
#define TUNE_NAME_MAX 15 /* prctl(2) */

struct tune {
	int8_t nice;
	uint8_t rt_priority; /* SCHED_RR, 0: off */
	uint8_t most;	     /* real-time priority that tune_late() may reach; 0: it does nothing */
	uint8_t raised;	     /* in what is applied: where it has come to, 0: nowhere */
	bool some_cpus;
	uint64_t cpus[TUNE_CPUS / 64]; /* bit n: may run on processor n; meant when some_cpus */
	char name[TUNE_NAME_MAX + 1];  /* "": as it is */
};

/*
 * Brings the calling thread from what is *applied to what is wanted, which becomes *applied; what
 * is the same is not touched. A refusal of the kernel is logged for the subsystem and not tried
 * again before the wish changes. Begin with *applied zeroed.
 */
void tune_thread(const char *subsystem, const struct tune *wanted, struct tune *applied);

/* A timer of the calling thread came late: it is logged, and its real-time priority rises by one,
 * as far as *applied allows, and stays there until a change of the wish says otherwise. */
void tune_late(const char *subsystem, struct tune *applied, uint64_t late_us);
