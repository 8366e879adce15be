/* SPDX-License-Identifier: MIT */
/*
 * Disk access for tracked files: one bounded read, the number written at the start, and whether the
 * kernel would tell of changes at all. Thread: main. Errors: negative errno.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/track/number.h"

/* The octets of the file, at most room: how many, or negative errno; -EINVAL: not a regular file,
 * -EREMOTE: on a file system that is refused. Never waits for a writer. */
int file_read(const char *path, char *octets, size_t room);

/* Creates the file with that number; an existing one is kept unless overwrite. Follows no link. */
int file_init(const char *path, int32_t value, bool overwrite);

/* Why files there cannot be watched ("it is on NFS"), NULL when they can or the directory cannot be
 * looked at. */
const char *file_refusal(const char *directory);
