/* SPDX-License-Identifier: MIT */
/*
 * Track scripts: when each runs and what its results mean. Running a program is the owner's affair;
 * a tracker asks for it through a callback and is told the end by tracker_done().
 *
 * Thread: main. Errors: negative errno.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "conf/model.h"
#include "core/cmd.h"

struct loop;
struct tracker;

struct tracker_hooks {
	/*
	 * Starts the script of that index in the tracker's configuration; its end comes back
	 * through tracker_done() with the same token. 0 or negative errno (the run counts as
	 * failed).
	 */
	int (*run)(uint64_t token, const struct conf_script *script, void *owner);
	void (*result)(const struct msg_track *track, void *owner);
	/* The script is gone from the configuration, or tracking stops: end its run. */
	void (*cancel)(uint64_t token, void *owner);
};

/* hooks must outlive the tracker. */
int tracker_new(struct loop *loop, const struct tracker_hooks *hooks, void *owner,
		struct tracker **ret);
struct tracker *tracker_free(struct tracker *tracker); /* cancels what runs */

/*
 * Adopts the scripts of conf, of which it keeps a counted reference. A script whose definition is
 * unchanged keeps its state, its schedule and a run under way; a new one runs at once, and so does
 * a changed one, whose last verdict stands until its first result. Every state known is reported
 * again under the new generation. 0 or -ENOMEM: then the old configuration stays.
 */
int tracker_set_conf(struct tracker *tracker, const struct conf *conf);

/* success: it exited with status 0 in time. status is logged when it differs from the last one. */
void tracker_done(struct tracker *tracker, uint64_t token, bool success, int status);
