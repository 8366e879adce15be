/* SPDX-License-Identifier: MIT */
/*
 * Whether a process is one that is tracked. Pure. Source: keepalived.conf(5), vrrp_track_process,
 * and what keepalived 2.2.7 takes for a match.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "conf/model.h"

#define PROCESS_NAME_OCTETS    15 /* of a name that the kernel keeps */
#define PROCESS_COMMAND_OCTETS 4096

/* A process as /proc shows it. */
struct process_seen {
	char name[64]; /* the kernel's own threads have longer ones */
	bool over;     /* it has ended, its parent has not asked yet */
	/* its command line: words, each with a NUL behind it, as far as there is room */
	char command[PROCESS_COMMAND_OCTETS];
	size_t command_size;
};

/* Whether the command line is looked at, not just the name. */
bool process_wants_command(const struct conf_track_process *wanted);

bool process_matches(const struct conf_track_process *wanted, const struct process_seen *seen);
