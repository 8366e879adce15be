/* SPDX-License-Identifier: MIT */
/*
 * Processes as /proc shows them. Thread: main. Errors: negative errno.
 * Source: proc_pid_stat(5), proc_pid_cmdline(5).
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "core/track/process_match.h"

typedef void process_fn(pid_t pid, const struct process_seen *seen, void *owner);

/* One process; command: its command line, too. -ENOENT or -ESRCH: it is gone. */
int process_read(pid_t pid, bool command, struct process_seen *ret);

/* Calls fn for every process there is. An error: there may be more. */
int process_scan(bool command, process_fn *fn, void *owner);

/* "PID (NAME) STATE ..." where NAME may hold anything; false when it is nothing like that. */
bool process_read_stat(const char *text, struct process_seen *ret);
