/* SPDX-License-Identifier: MIT */
/*
 * The line of a reload_time_file: HH:MM:SS, YY-MM-DD HH:MM:SS or YYYY-MM-DD HH:MM:SS, with Z behind
 * it for UTC; nothing else. Pure, but for the machine's time zone. Source: keepalived.conf(5).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * The moment that the first line of text means, in microseconds of the wall clock: without a date
 * the next one after now. 0; -EINVAL: it means none.
 */
int reload_moment_read(const char *text, uint64_t now_wall_us, uint64_t *ret_wall_us,
		       bool *ret_daily);
