/* SPDX-License-Identifier: MIT */
/*
 * Files for those who ask by signal or over D-Bus: the state of everything (state_dump_file), the
 * counters of the virtual routers (stats_dump_file), both for programs (json_dump_file). The text
 * is made here from snapshots; a helper writes it beside the file and puts it in its place, so that
 * nobody reads half of one and no link is followed. One at a time; asking twice while one waits is
 * asking once. Runs in main.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/latest.h"
#include "core/base/log.h"
#include "core/run/daemon.h"
#include "core/run/helper.h"
#include "core/run/printout_json.h"
#include "core/run/printout_text.h"
#include "core/track/process.h"

/* ---- in the helper ---- */

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t written = write(fd, text, left);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		text += written;
		left -= (size_t)written;
	}
	return 0;
}

static void work(void *owner)
{
	struct daemon *d = owner;
	struct printout *printout = &d->printout;
	char path[PATH_MAX + 8];

	snprintf(path, sizeof path, "%s.XXXXXX", printout->path);
	int fd = mkostemp(path, O_CLOEXEC); /* readable by its owner only */
	if (fd < 0) {
		printout->error = -errno;
		return;
	}
	printout->error = write_all(fd, printout->text);
	if (close(fd) < 0 && !printout->error)
		printout->error = -errno;
	if (!printout->error && rename(path, printout->path) < 0)
		printout->error = -errno;
	if (printout->error)
		unlink(path);
}

/* ---- in main ---- */

/* data_use_instance, as keepalived has it: vipd.data becomes vipd.TAG.data. */
static void insert_tag(const char *tag, char room[static PATH_MAX])
{
	char *slash = strrchr(room, '/'), *dot = strrchr(slash ? slash : room, '.');
	char *end = room + strlen(room), *at = dot ? dot : end;
	size_t size = strlen(tag) + 1;

	if (size >= (size_t)(room + PATH_MAX - end))
		return;
	memmove(at + size, at, (size_t)(end - at) + 1);
	*at = '.';
	memcpy(at + 1, tag, size - 1);
}

/* As keepalived finds it: TMPDIR counts when it is a folder given in full. */
static void find_path(const struct daemon *d, const char *configured, const char *name,
		      char room[static PATH_MAX])
{
	const char *folder = getenv("TMPDIR");
	struct stat found;

	if (!folder || *folder != '/' || stat(folder, &found) < 0 || !S_ISDIR(found.st_mode))
		folder = "/tmp";
	if (configured)
		snprintf(room, PATH_MAX, "%s", configured);
	else
		snprintf(room, PATH_MAX, "%s/%s", folder, name);
	if (d->newest->conf->global.data_use_instance && *d->place.tag)
		insert_tag(d->place.tag, room);
}

static char *make_stats(struct daemon *d, const struct snap_vrrp *vrrp, bool clear)
{
	struct printout *printout = &d->printout;
	char *text = printout_stats(vrrp, printout->base);

	if (text && clear) {
		free(printout->base);
		printout->base = printout_base_new(vrrp);
	}
	return text;
}

static char *make_json(const struct daemon *d, const struct snap_vrrp *vrrp)
{
	size_t n = vrrp ? vrrp->conf->n_processes : 0;
	struct printout_process *processes = calloc(n + 1, sizeof *processes);
	char *text = NULL;

	for (size_t i = 0; processes && i < n; i++)
		processes[i] = (struct printout_process){
			.running = process_tracker_running(d->processes, vrrp->conf, i),
			.enough = vrrp->seen[CONF_TRACK_PROCESS][i].state == VRRP_TRACKED_UP,
			.fork_delayed = process_tracker_waits(d->processes, vrrp->conf, i,
							      PROCESS_EVENT_FORK),
			.terminate_delayed = process_tracker_waits(d->processes, vrrp->conf, i,
								   PROCESS_EVENT_EXIT),
		};
	if (processes)
		text = printout_json(vrrp, d->newest->conf->global.json_version, processes);
	free(processes);
	return text;
}

static char *make_text(struct daemon *d, enum printout_kind kind)
{
	const struct conf_global *global = &d->newest->conf->global;
	const struct snap_vrrp *vrrp =
		(const struct snap_vrrp *)latest_read(d->wires.vrrp, SNAP_MAIN);
	const struct snap_check *check =
		(const struct snap_check *)latest_read(d->wires.check, SNAP_MAIN);

	if (kind == PRINTOUT_DATA) {
		find_path(d, global->state_dump_file, "keepalived.data", d->printout.path);
		return printout_data(d->newest->conf, vrrp, check,
				     (const struct snap_bfd *)latest_read(d->wires.bfd, SNAP_MAIN));
	}
	if (kind == PRINTOUT_JSON) {
		find_path(d, global->json_dump_file, "keepalived.json", d->printout.path);
		return make_json(d, vrrp);
	}
	find_path(d, global->stats_dump_file, "keepalived.stats", d->printout.path);
	return make_stats(d, vrrp, kind == PRINTOUT_STATS_CLEAR);
}

static void start(struct daemon *d);

static void report(const struct printout *printout)
{
	if (printout->error)
		log_error("main", "cannot write %s: %s", printout->path,
			  strerror(-printout->error));
	else
		log_notice("main", "%s is written", printout->path);
}

static void on_written(void *owner)
{
	struct daemon *d = owner;
	struct printout *printout = &d->printout;

	printout->helper = NULL;
	free(printout->text);
	printout->text = NULL;
	report(printout);
	start(d);
}

static void start(struct daemon *d)
{
	struct printout *printout = &d->printout;

	for (unsigned kind = 0; kind < PRINTOUT_KINDS && !printout->helper; kind++) {
		if (!(printout->wanted & 1U << kind))
			continue;
		printout->wanted &= ~(1U << kind);
		printout->text = make_text(d, (enum printout_kind)kind);
		printout->error = printout->text ? helper_start(d->loop, work, on_written, d,
								&printout->helper)
						 : -ENOMEM;
		if (!printout->error)
			continue;
		report(printout);
		free(printout->text);
		printout->text = NULL;
	}
}

void printout_request(struct daemon *d, enum printout_kind kind)
{
	d->printout.wanted |= 1U << kind;
	start(d);
}

void printout_free(struct daemon *d)
{
	d->printout.helper = helper_finish(d->printout.helper);
	free(d->printout.text);
	free(d->printout.base);
}
