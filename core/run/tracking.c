/* SPDX-License-Identifier: MIT */
/*
 * What main tracks: for the vrrp thread scripts, which it runs, files and processes; the files for
 * the check thread, too. What they say is posted as MSG_TRACK. Thread: main.
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "core/base/log.h"
#include "core/run/daemon.h"
#include "core/run/exec.h"
#include "core/run/scripts.h"
#include "core/track/file.h"
#include "core/track/process.h"
#include "core/track/script.h"

static void on_script_end(const struct exec_end *end, uint64_t token, void *owner)
{
	struct daemon *d = owner;
	bool exited = !end->error && !end->timed_out && WIFEXITED(end->wait_status);

	if (d->tracker)
		tracker_done(d->tracker, token, exited && !WEXITSTATUS(end->wait_status),
			     exited ? WEXITSTATUS(end->wait_status) : -1);
}

/* A script that was found unusable at load does not count, as with keepalived. */
static int run_script(uint64_t token, const struct conf_script *script, void *owner)
{
	struct daemon *d = owner;
	struct exec_command command;
	const struct generation *generation = d->newest;
	int error = -EACCES;

	while (generation && error) {
		error = scripts_command(generation->scripts, &script->command, &command);
		generation = generation->older;
	}
	if (error) {
		tracker_done(d->tracker, token, true, 0);
		return 0;
	}
	return exec_start(d->exec, EXEC_TRACK, &command, script->timeout_us, on_script_end, token,
			  d);
}

static void cancel_script(uint64_t token, void *owner)
{
	struct daemon *d = owner;

	exec_cancel(d->exec, EXEC_TRACK, token, d);
}

static void on_track(const struct msg_track *track, void *owner)
{
	threads_post(owner, THREAD_VRRP, MSG_TRACK, track, sizeof *track);
	if (track->kind == CONF_TRACK_FILE)
		threads_post(owner, THREAD_CHECK, MSG_TRACK, track, sizeof *track);
}

static const struct tracker_hooks script_hooks = {
	.run = run_script,
	.result = on_track,
	.cancel = cancel_script,
};

int tracking_open(struct daemon *d)
{
	int error = tracker_new(d->loop, &script_hooks, d, &d->tracker);

	if (!error)
		error = file_tracker_new(d->loop, on_track, d, &d->files);
	if (!error)
		error = process_tracker_new(d->loop, d->place.outside, on_track, d, &d->processes);
	return error;
}

void tracking_use(struct daemon *d, const struct conf *conf)
{
	int error = file_tracker_set_conf(d->files, conf);

	if (error)
		log_error("track", "%s: the old files stay", strerror(-error));
	if (!d->wanted[THREAD_VRRP])
		return;
	if (tracker_set_conf(d->tracker, conf) < 0)
		log_error("track", "out of memory: the old scripts stay");
	if (process_tracker_set_conf(d->processes, conf) < 0)
		log_error("track", "out of memory: the old processes stay");
}

void tracking_close(struct daemon *d)
{
	d->tracker = tracker_free(d->tracker);
	d->files = file_tracker_free(d->files);
	d->processes = process_tracker_free(d->processes);
}
