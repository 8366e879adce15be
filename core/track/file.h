/* SPDX-License-Identifier: MIT */
/*
 * Tracked files: each is read when its directory tells of a change, and what it says is reported.
 *
 * Thread: main; a file system that hangs holds up main alone. Errors: negative errno.
 * Source: keepalived.conf(5), track_file; inotify(7).
 */
#pragma once

#include "conf/model.h"
#include "core/cmd.h"

struct file_tracker;
struct loop;

typedef void file_result_fn(const struct msg_track *track, void *owner);

int file_tracker_new(struct loop *loop, file_result_fn *result, void *owner,
		     struct file_tracker **ret);
struct file_tracker *file_tracker_free(struct file_tracker *tracker); /* accepts NULL */

/*
 * Adopts the files of conf, of which it keeps a counted reference. A file whose path is unchanged
 * goes on; any other is initialised, if so configured, watched and read. Every number is reported
 * again under the new generation. 0 or negative errno: then the old configuration stays.
 */
int file_tracker_set_conf(struct file_tracker *tracker, const struct conf *conf);
