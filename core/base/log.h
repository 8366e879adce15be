/* SPDX-License-Identifier: MIT */
/*
 * Logging. Each thread writes into a ring of its own, without locks or system calls; the main
 * thread drains the rings to the journal, syslog or stderr. When a ring is full the line is dropped
 * and counted. A thread that was given no ring (tests, tools, start-up) writes straight to stderr.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <syslog.h>

struct log_ring;

#define LOG_LINE_MAX                                                                               \
	512 /* octets of one line, terminator included; longer lines are cut and end in "..." */

struct log_line {
	uint64_t wall_us;
	int level;	 /* LOG_ERR ... LOG_DEBUG of syslog.h */
	uint32_t length; /* of text */
	char subsystem[12];
	char text[LOG_LINE_MAX];
};

/* Any thread, for itself. subsystem: "vrrp", "check", "ipvs", "agent", "conf", "net", "main", ...
 */
#define log_error(subsystem, ...)  log_write(LOG_ERR, subsystem, __VA_ARGS__)
#define log_warn(subsystem, ...)   log_write(LOG_WARNING, subsystem, __VA_ARGS__)
#define log_notice(subsystem, ...) log_write(LOG_NOTICE, subsystem, __VA_ARGS__)
#define log_info(subsystem, ...)   log_write(LOG_INFO, subsystem, __VA_ARGS__)
#define log_debug(subsystem, ...)  log_write(LOG_DEBUG, subsystem, __VA_ARGS__)
void log_write(int level, const char *subsystem, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

int log_ring_new(struct log_ring **ret);
struct log_ring *log_ring_free(struct log_ring *ring);
/* Calling thread writes into ring from now on (NULL: stderr again). One ring, one writer. */
void log_ring_use(struct log_ring *ring);
/* Main thread: the oldest line, false when empty. */
bool log_ring_read(struct log_ring *ring, struct log_line *ret);
/* Lines dropped so far. Any thread. */
uint64_t log_ring_dropped(const struct log_ring *ring);
