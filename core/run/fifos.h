/* SPDX-License-Identifier: MIT */
/*
 * The notify FIFOs of the configuration and the programs that read them: opened, kept across a
 * reload that does not change them, written, closed. Nothing here waits for a reader.
 *
 * Thread: main. Errors are logged, not returned: a FIFO that cannot be used concerns nobody else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/run/scripts.h"

struct exec;
struct fifos;

struct fifos_wish {
	const struct scripts *scripts; /* of the configuration; not used after the call */
	bool wanted[SCRIPTS_FIFOS];    /* false: its engine does not run */
	bool terminate_lvs;	       /* records of servers end with their terminator too */
	bool private;		       /* no file creation mask was configured */
};

/* exec must outlive it. 0 or -ENOMEM. */
int fifos_new(struct exec *exec, struct fifos **ret);
/* Closes what is open and asks the readers to end. Accepts and returns NULL. */
struct fifos *fifos_free(struct fifos *fifos);

/* What changed is closed and opened anew, what could not be used before is tried again, a reader
 * that has ended is started again. */
void fifos_use(struct fifos *fifos, const struct fifos_wish *wish);

/* A line of record.h: to which, and to the one that is told everything. length 0: none. */
void fifos_write(struct fifos *fifos, enum scripts_fifo which, const char *record, size_t length,
		 uint64_t now_us);

/* No record will follow: readers see the end of the file. */
void fifos_finish(struct fifos *fifos);

/* Records lost so far because a FIFO was full. */
uint64_t fifos_lost(const struct fifos *fifos);
