/* SPDX-License-Identifier: MIT */
/*
 * beats EVERY LEAST: sleeps for EVERY microseconds, again and again, and prints when it was due and
 * by how much it was woken late, in seconds of the wall clock, whenever that is LEAST microseconds
 * or more. It does nothing else: what makes it late is the machine.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/clock.h"

static void sleep_until(uint64_t at_us)
{
	const struct timespec at = {.tv_sec = (time_t)(at_us / USEC_PER_SEC),
				    .tv_nsec = (long)(at_us % USEC_PER_SEC) * 1000};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

int main(int argc, char **argv)
{
	uint64_t every_us = argc == 3 ? strtoull(argv[1], NULL, 10) : 0;
	uint64_t least_us = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;

	if (!every_us || !least_us) {
		fprintf(stderr, "usage: beats EVERY LEAST (microseconds)\n");
		return 2;
	}
	setlinebuf(stdout);
	for (;;) {
		uint64_t due_us = clock_now_us() + every_us, late_us;

		sleep_until(due_us);
		late_us = clock_now_us() - due_us;
		if (late_us >= least_us)
			printf("%.6f %.6f\n", (double)(clock_wall_us() - late_us) / USEC_PER_SEC,
			       (double)late_us / USEC_PER_SEC);
	}
}
