/* SPDX-License-Identifier: MIT */
/*
 * Tracked processes. For each the set of those that match is kept; events of the kernel change it,
 * and a look through /proc makes it anew: at the start, after a reload, when events were lost or a
 * look failed, and every second where the kernel tells nothing. Runs in the main thread; knows
 * nothing of VRRP.
 */
#include "core/track/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diff.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/track/process_events.h"
#include "core/track/process_read.h"
#include "core/track/shortage.h"

#define LOOK_US USEC_PER_SEC

struct pids {
	pid_t *at; /* sorted */
	size_t n, room;
};

struct watched {
	struct process_tracker *tracker;
	uint32_t index; /* into conf->processes */
	struct pids pids;
	struct pids before; /* during a look: what is known until it is over */
	size_t n_judged;    /* how many there were at the last judgement */
	bool decided, up;
	bool waits; /* for a delay to be over */
	enum process_event_kind waits_since;
	struct loop_timer *delay;
};

struct process_tracker {
	struct loop *loop;
	int netns;
	process_result_fn *result;
	void *owner;
	const struct conf *conf;
	struct watched **processes; /* one for each of conf, same order */
	struct process_events *events;
	bool live;  /* the kernel tells of changes */
	bool tried; /* whether it does was asked, and the answer said */
	bool blind; /* the newest look failed, as was said */
	struct loop_timer *look;
};

static const struct conf_track_process *conf_of(const struct watched *process)
{
	return &process->tracker->conf->processes[process->index];
}

static size_t count(const struct process_tracker *tracker)
{
	return tracker->conf ? tracker->conf->n_processes : 0;
}

static void report(const struct watched *process)
{
	const struct msg_track message = {
		.generation = process->tracker->conf->generation,
		.kind = CONF_TRACK_PROCESS,
		.index = process->index,
		.decided = process->decided,
		.up = process->up,
	};

	process->tracker->result(&message, process->tracker->owner);
}

/* ---- the verdict ---- */

/* quorum_max 0 asks that none run, whatever the quorum. */
static bool is_enough(const struct watched *process)
{
	const struct conf_track_process *conf = conf_of(process);

	if (conf->quorum_max == 0)
		return process->pids.n == 0;
	return process->pids.n >= conf->quorum && process->pids.n <= conf->quorum_max;
}

static void decide(struct watched *process)
{
	bool up = is_enough(process);

	loop_timer_disarm(process->delay);
	process->waits = false;
	if (process->decided && up == process->up)
		return;
	process->decided = true;
	process->up = up;
	log_notice("track", "process %s is %s: %zu running", conf_of(process)->name,
		   up ? "up" : "down", process->pids.n);
	report(process);
}

static void on_delay(uint64_t now_us, void *owner)
{
	(void)now_us;
	decide(owner);
}

/* A change that a new process made waits for fork_delay, one that an end made for
 * terminate_delay; one that is taken back in the meantime was none. */
static void judge(struct watched *process)
{
	const struct conf_track_process *conf = conf_of(process);
	bool more = process->pids.n > process->n_judged;
	uint64_t delay_us = more ? conf->fork_delay_us : conf->terminate_delay_us;

	process->n_judged = process->pids.n;
	if (!process->decided || is_enough(process) == process->up || !delay_us) {
		decide(process);
		return;
	}
	if (process->waits)
		return;
	process->waits = true;
	process->waits_since = more ? PROCESS_EVENT_FORK : PROCESS_EVENT_EXIT;
	loop_timer_arm(process->delay, clock_now_us() + delay_us);
}

/* ---- the sets ---- */

/* Where pid stands, or would. */
static size_t place_of(const struct pids *pids, pid_t pid)
{
	size_t low = 0, high = pids->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pids->at[middle] < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool has(const struct pids *pids, pid_t pid)
{
	size_t at = place_of(pids, pid);

	return at < pids->n && pids->at[at] == pid;
}

static void add(struct pids *pids, pid_t pid)
{
	size_t at = place_of(pids, pid);

	if (at < pids->n && pids->at[at] == pid)
		return;
	if (pids->n == pids->room) {
		size_t room = pids->room ? 2 * pids->room : 8;
		pid_t *larger = reallocarray(pids->at, room, sizeof *larger);

		if (!larger) {
			log_error("track", "out of memory: process %d is not counted", (int)pid);
			return;
		}
		pids->at = larger;
		pids->room = room;
	}
	memmove(&pids->at[at + 1], &pids->at[at], (pids->n - at) * sizeof *pids->at);
	pids->at[at] = pid;
	pids->n++;
}

static void drop(struct pids *pids, pid_t pid)
{
	size_t at = place_of(pids, pid);

	if (!has(pids, pid))
		return;
	pids->n--;
	memmove(&pids->at[at], &pids->at[at + 1], (pids->n - at) * sizeof *pids->at);
}

static bool wants_commands(const struct process_tracker *tracker)
{
	bool wants = false;

	for (size_t i = 0; i < count(tracker); i++)
		wants |= process_wants_command(&tracker->conf->processes[i]);
	return wants;
}

static void take_seen(pid_t pid, const struct process_seen *seen, void *owner)
{
	struct process_tracker *tracker = owner;

	for (size_t i = 0; i < count(tracker); i++) {
		if (process_matches(&tracker->conf->processes[i], seen))
			add(&tracker->processes[i]->pids, pid);
		else
			drop(&tracker->processes[i]->pids, pid);
	}
}

/* Not what an event alone tells while the rest is not known. */
static void judge_all(struct process_tracker *tracker)
{
	for (size_t i = 0; i < count(tracker) && !tracker->blind; i++)
		if (tracker->processes[i]->pids.n != tracker->processes[i]->n_judged ||
		    !tracker->processes[i]->decided)
			judge(tracker->processes[i]);
}

static void begin_look(struct watched *process)
{
	process->before = process->pids;
	process->pids = (struct pids){0};
}

static void end_look(struct watched *process, bool failed)
{
	free(failed ? process->pids.at : process->before.at);
	if (failed)
		process->pids = process->before;
	process->before = (struct pids){0};
}

static void say_blind(struct process_tracker *tracker, int error)
{
	if (error && !tracker->blind)
		log_error("track", "cannot look through /proc: %s; what was known stands",
			  strerror(-error));
	tracker->blind = error != 0;
}

/* A look that failed is repeated. */
static void look(struct process_tracker *tracker)
{
	int error;

	for (size_t i = 0; i < count(tracker); i++)
		begin_look(tracker->processes[i]);
	error = process_scan(wants_commands(tracker), take_seen, tracker);
	for (size_t i = 0; i < count(tracker); i++)
		end_look(tracker->processes[i], error);
	say_blind(tracker, error);
	if (error)
		loop_timer_arm(tracker->look, clock_now_us() + LOOK_US);
	else
		judge_all(tracker);
}

/* ---- the kernel's word ---- */

static void take_change(struct process_tracker *tracker, pid_t pid)
{
	struct process_seen seen;
	int error = process_read(pid, wants_commands(tracker), &seen);

	if (is_shortage(error)) {
		look(tracker); /* it fails, too, and is repeated */
		return;
	}
	if (error)
		seen = (struct process_seen){.over = true};
	take_seen(pid, &seen, tracker);
}

/* A child is what its parent is, until it says otherwise. */
static void on_event(const struct process_event *event, void *owner)
{
	struct process_tracker *tracker = owner;

	for (size_t i = 0; i < count(tracker); i++) {
		if (event->kind == PROCESS_EVENT_EXIT)
			drop(&tracker->processes[i]->pids, event->pid);
		else if (event->kind == PROCESS_EVENT_FORK &&
			 has(&tracker->processes[i]->pids, event->parent))
			add(&tracker->processes[i]->pids, event->pid);
	}
	if (event->kind == PROCESS_EVENT_CHANGE)
		take_change(tracker, event->pid);
	judge_all(tracker);
}

static void on_ready(void *owner)
{
	struct process_tracker *tracker = owner;

	tracker->live = true;
	loop_timer_disarm(tracker->look);
	log_info("track", "following the kernel's process events");
	look(tracker);
}

static void on_lost(void *owner)
{
	log_warn("track", "process events were lost; looking through /proc");
	look(owner);
}

static void say_why_looking(struct process_tracker *tracker, const char *why)
{
	if (!tracker->tried)
		log_warn("track",
			 "the kernel tells nothing of processes here (%s): looking through /proc "
			 "every second instead",
			 why);
	tracker->tried = true;
}

static void on_refused(int error, void *owner)
{
	struct process_tracker *tracker = owner;

	say_why_looking(tracker, strerror(-error));
	tracker->events = process_events_free(tracker->events);
}

static const struct process_events_hooks hooks = {on_ready, on_event, on_lost, on_refused};

static void on_look(uint64_t now_us, void *owner)
{
	struct process_tracker *tracker = owner;

	if (!tracker->live) {
		say_why_looking(tracker, "no answer");
		loop_timer_arm(tracker->look, now_us + LOOK_US);
	}
	look(tracker);
}

/* Until the kernel answers, and where it never does, looking is all there is. */
static void follow(struct process_tracker *tracker)
{
	int error;

	if (tracker->events)
		process_events_set_buffer(tracker->events, &tracker->conf->global.process.events);
	if (tracker->live)
		return;
	loop_timer_arm(tracker->look, clock_now_us() + LOOK_US);
	if (tracker->events || tracker->tried)
		return;
	error = process_events_new(tracker->loop, tracker->netns,
				   &tracker->conf->global.process.events, &hooks, tracker,
				   &tracker->events);
	if (error)
		say_why_looking(tracker, strerror(-error));
}

static void stop_following(struct process_tracker *tracker)
{
	loop_timer_disarm(tracker->look);
	tracker->events = process_events_free(tracker->events);
	tracker->live = tracker->tried = false;
}

/* ---- life ---- */

int process_tracker_new(struct loop *loop, int netns, process_result_fn *result, void *owner,
			struct process_tracker **ret)
{
	struct process_tracker *tracker = calloc(1, sizeof *tracker);
	int error = tracker ? loop_timer_new(loop, on_look, tracker, &tracker->look) : -ENOMEM;

	if (error) {
		free(tracker);
		return error;
	}
	tracker->loop = loop;
	tracker->netns = netns;
	tracker->result = result;
	tracker->owner = owner;
	*ret = tracker;
	return 0;
}

static void free_process(struct watched *process)
{
	if (!process)
		return;
	loop_timer_free(process->delay);
	free(process->pids.at);
	free(process);
}

static void free_processes(struct watched **processes, size_t n)
{
	for (size_t i = 0; processes && i < n; i++)
		free_process(processes[i]);
	free(processes);
}

struct process_tracker *process_tracker_free(struct process_tracker *tracker)
{
	if (!tracker)
		return NULL;
	stop_following(tracker);
	free_processes(tracker->processes, count(tracker));
	loop_timer_free(tracker->look);
	conf_unref(tracker->conf);
	free(tracker);
	return NULL;
}

static struct watched **new_processes(struct process_tracker *tracker, size_t n)
{
	struct watched **processes = calloc(n + 1, sizeof *processes);

	for (size_t i = 0; processes && i < n; i++) {
		processes[i] = calloc(1, sizeof **processes);
		if (!processes[i] || loop_timer_new(tracker->loop, on_delay, processes[i],
						    &processes[i]->delay) < 0) {
			free_processes(processes, i + 1);
			return NULL;
		}
		processes[i]->tracker = tracker;
	}
	return processes;
}

/* Gives those that go on their new places. */
static void carry_over(struct process_tracker *tracker, struct conf_diff *diff,
		       struct watched **processes)
{
	for (size_t i = 0; i < diff->new->n_processes; i++) {
		uint32_t old = diff->processes[i];

		if (old == CONF_NONE || conf_process_restarts(diff, &diff->old->processes[old],
							      &diff->new->processes[i]))
			continue;
		free_process(processes[i]);
		processes[i] = tracker->processes[old];
		tracker->processes[old] = NULL;
	}
}

/* Another quorum counts at once, another number of processes as ever. */
static void adopt(struct process_tracker *tracker)
{
	for (size_t i = 0; i < count(tracker); i++)
		tracker->processes[i]->index = (uint32_t)i;
	for (size_t i = 0; i < count(tracker); i++) {
		struct watched *process = tracker->processes[i];

		if (process->decided && !process->waits)
			decide(process);
	}
	if (!count(tracker)) {
		stop_following(tracker);
		return;
	}
	follow(tracker);
	look(tracker);
	for (size_t i = 0; i < count(tracker); i++)
		report(tracker->processes[i]);
}

int process_tracker_set_conf(struct process_tracker *tracker, const struct conf *conf)
{
	struct watched **processes = new_processes(tracker, conf->n_processes);
	struct conf_diff *diff = NULL;

	if (!processes || conf_diff_new(tracker->conf, conf, &diff) < 0) {
		free_processes(processes, conf->n_processes);
		return -ENOMEM;
	}
	carry_over(tracker, diff, processes);
	conf_diff_free(diff);
	free_processes(tracker->processes, count(tracker));
	conf_unref(tracker->conf);
	tracker->conf = conf_ref(conf);
	tracker->processes = processes;
	adopt(tracker);
	return 0;
}

uint32_t process_tracker_running(const struct process_tracker *tracker, const struct conf *conf,
				 size_t index)
{
	if (!tracker || conf != tracker->conf || index >= count(tracker))
		return 0;
	return (uint32_t)tracker->processes[index]->pids.n;
}

bool process_tracker_waits(const struct process_tracker *tracker, const struct conf *conf,
			   size_t index, enum process_event_kind why)
{
	const struct watched *process;

	if (!tracker || conf != tracker->conf || index >= count(tracker))
		return false;
	process = tracker->processes[index];
	return process->waits && process->waits_since == why;
}
