/* SPDX-License-Identifier: MIT */
/*
 * One FIFO that records are written to. It is open for reading too, so that it can be opened and
 * written before anyone reads it, and never blocks: a full one loses the record.
 *
 * Thread: main. Errors: negative errno. Silent: the caller logs.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct fifo;

struct fifo_wish {
	const char *path;
	uid_t uid; /* whose it shall be */
	gid_t gid;
	mode_t mode; /* of one that is made; the process's umask applies */
};

/*
 * Makes it, or takes what is there when that is a FIFO of ours or of wish->uid; follows no link.
 * -EEXIST: something else has the name; -EPERM: it belongs to somebody else, or could not be given
 * away.
 */
int fifo_open(const struct fifo_wish *wish, struct fifo **ret);
/* Takes its name away if fifo_open() made it. Accepts and returns NULL. */
struct fifo *fifo_close(struct fifo *fifo);

/* All or nothing: -EAGAIN when it has no room, -EMSGSIZE when it never had. */
int fifo_write(struct fifo *fifo, const void *record, size_t size);
