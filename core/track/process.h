/* SPDX-License-Identifier: MIT */
/*
 * Tracked processes: how many of each run, and whether that is enough. Follows the kernel's process
 * events; where there are none it looks through /proc every second and says so once.
 *
 * Thread: main. Errors: negative errno. Source: keepalived.conf(5), vrrp_track_process.
 */
#pragma once

#include "conf/model.h"
#include "core/cmd.h"
#include "core/track/process_events.h"

struct loop;
struct process_tracker;

typedef void process_result_fn(const struct msg_track *track, void *owner);

/* netns: where the kernel tells of processes, which is in the first network namespace alone; -1:
 * here (core/base/netns.h). */
int process_tracker_new(struct loop *loop, int netns, process_result_fn *result, void *owner,
			struct process_tracker **ret);
struct process_tracker *process_tracker_free(struct process_tracker *tracker); /* accepts NULL */

/*
 * Adopts the processes of conf, of which it keeps a counted reference. One whose definition is
 * unchanged keeps its verdict and a delay under way; of any other the verdict is made anew. Every
 * verdict is reported again under the new generation. 0 or -ENOMEM: then the old configuration
 * stays.
 */
int process_tracker_set_conf(struct process_tracker *tracker, const struct conf *conf);

/* How many of conf->processes[index] run; 0 when conf is not the one adopted last, or tracking has
 * ended (NULL). */
uint32_t process_tracker_running(const struct process_tracker *tracker, const struct conf *conf,
				 size_t index);
/* Whether what processes that came (PROCESS_EVENT_FORK) or went (PROCESS_EVENT_EXIT) mean for it
 * waits for a delay to be over; false as above. */
bool process_tracker_waits(const struct process_tracker *tracker, const struct conf *conf,
			   size_t index, enum process_event_kind why);
