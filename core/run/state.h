/* SPDX-License-Identifier: MIT */
/*
 * The state file: what operators set and expect to find again after a restart. DIR/state.json holds
 * one JSON object per line, first a header, then one for each destination, so that a damaged file
 * loses the damaged lines only. Written to a new file that is synced and renamed over the old one.
 *
 * Any thread, one at a time. Errors: negative errno.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cmd.h"

#define STATE_FILE	 "state.json"
#define STATE_OCTETS_MAX (32 * 1024 * 1024)

struct state_read {
	struct msg_admin_save *save; /* malloc'd; count 0 when there is nothing */
	size_t bad_lines;	     /* left out */
	bool moved; /* a copy of the damaged file stands beside it as state.json.bad */
};

/*
 * Reads DIR/state.json. A missing file is an empty state. A file with damaged lines is kept as
 * state.json.bad; what is valid in it is returned. Returns 0, or an error with ret->save NULL when
 * it cannot be read at all
 * (-EFBIG: too large, moved aside).
 */
int state_read(const char *dir, struct state_read *ret);

/* Replaces DIR/state.json; creates DIR (0700) when it is missing. On an error the old file is
 * intact. */
int state_write(const char *dir, const struct msg_admin_save *save);

/* The pure halves. text is malloc'd. */
int state_encode(const struct msg_admin_save *save, char **ret_text, size_t *ret_size);
int state_decode(const char *text, size_t size, struct msg_admin_save **ret, size_t *ret_bad_lines);
