/* SPDX-License-Identifier: MIT */
/* The process before its first thread. Thread: main, while it is the only one. */
#pragma once

#include "core/run/options.h"

#define PROCESS_PATHS 6

/* Paths made absolute, owned here and pointed to by the options. */
struct process_paths {
	char *text[PROCESS_PATHS];
};

/* Rights, umask, core limit. 0, or an exit status after saying why on stderr. */
int process_prepare(const struct options *options);

/*
 * Goes into the background; returns in the child only. The parent waits: an octet written to
 * *ret_ready ends it with 0, the child's end with the child's status. Relative paths in options
 * are made absolute. Negative errno on failure.
 */
int process_become_daemon(struct options *options, struct process_paths *paths, int *ret_ready);
void process_free_paths(struct process_paths *paths);

/* Standard descriptors to /dev/null; stderr stays with -l. */
void process_leave_terminal(const struct options *options);
