/* SPDX-License-Identifier: MIT */
/*
 * Work that grows with the number of rows (a dump of the kernel's table, a snapshot of everything)
 * must leave the check thread its time. After a piece of it as long a rest follows as keeps its
 * share constant, whatever the size of the table and the speed of the machine. Pure: the caller
 * brings the clock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PACE_REST     4			 /* times what the work took: one fifth of the time */
#define PACE_REST_MAX UINT64_C(30000000) /* us; a machine that slept is not a slow one */

struct pace {
	uint64_t not_before_us; /* monotonic */
};

bool pace_allows(const struct pace *pace, uint64_t now_us);
/* The work ran from began_us to ended_us; `rest` times as long it rests. */
void pace_worked(struct pace *pace, uint32_t rest, uint64_t began_us, uint64_t ended_us);
