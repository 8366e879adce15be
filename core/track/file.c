/* SPDX-License-Identifier: MIT */
/*
 * Tracked files. The directory is watched, not the file, so that one that is replaced, removed and
 * comes again is seen. A directory that is not there is looked for every two seconds. Runs in the
 * main thread; knows nothing of VRRP.
 */
#include "core/track/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "conf/diff.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/track/file_read.h"
#include "core/track/shortage.h"

#define RETRY_US (2 * USEC_PER_SEC)
#define CHANGES                                                                                    \
	(IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)
#define GONE (IN_IGNORED | IN_UNMOUNT | IN_DELETE_SELF | IN_MOVE_SELF)

struct watched {
	struct file_tracker *tracker;
	uint32_t index; /* into conf->files */
	char *directory;
	const char *leaf; /* its name there; part of conf */
	int watch;	  /* of inotify, -1: none */
	bool started;
	bool refused; /* it cannot be watched, ever */
	bool missing; /* its directory is not there, as was said */
	bool unread;  /* the newest read failed for reasons of ours */
	int error;    /* of the newest read, as it was said */
	enum number_verdict verdict;
	int32_t value;
};

struct file_tracker {
	struct loop *loop;
	file_result_fn *result;
	void *owner;
	const struct conf *conf;
	struct watched **files; /* one for each of conf, same order */
	int inotify;		/* -1 until there is a file to watch */
	struct loop_io *io;
	struct loop_timer *retry;
};

static const struct conf_track_file *conf_of(const struct watched *file)
{
	return &file->tracker->conf->files[file->index];
}

static void report(const struct watched *file)
{
	const struct msg_track message = {
		.generation = file->tracker->conf->generation,
		.kind = CONF_TRACK_FILE,
		.index = file->index,
		.decided = true,
		.value = file->value,
	};

	file->tracker->result(&message, file->tracker->owner);
}

/* ---- reading ---- */

static void say_verdict(struct watched *file, enum number_verdict verdict, int32_t value)
{
	static const char *const texts[] = {
		[NUMBER_MORE] = "holds more than a number",
		[NUMBER_NONE] = "holds no number",
		[NUMBER_LARGE] = "holds a number beyond 32 bits",
	};

	if (verdict != NUMBER_GOOD && verdict != file->verdict)
		log_warn("track", "file %s: %s %s; it counts as %d", conf_of(file)->name,
			 conf_of(file)->path, texts[verdict], value);
	file->verdict = verdict;
}

/* A missing file is 0 and nothing to complain of. */
static void say_error(struct watched *file, int error)
{
	if (error && error != file->error && error != -ENOENT && error != -ENOTDIR)
		log_error("track", "file %s: cannot read %s: %s; it counts as %d",
			  conf_of(file)->name, conf_of(file)->path,
			  error == -EINVAL    ? "it is not a regular file"
			  : error == -EREMOTE ? "its file system does not tell of changes"
					      : strerror(-error),
			  is_shortage(error) ? file->value : 0);
	file->error = error;
}

/* Returns whether the number is another one now. */
static bool look(struct watched *file)
{
	char octets[NUMBER_OCTETS + 1] = "";
	int size = file->refused ? -ENOENT : file_read(conf_of(file)->path, octets, sizeof octets);
	int32_t value = 0, before = file->value;
	enum number_verdict verdict = number_read(octets, size > 0 ? (size_t)size : 0, &value);

	say_error(file, size < 0 ? size : 0);
	file->unread = is_shortage(size);
	if (file->unread) {
		loop_timer_arm(file->tracker->retry, clock_now_us() + RETRY_US);
		return false;
	}
	say_verdict(file, verdict, value);
	file->value = value;
	if (value != before)
		log_notice("track", "file %s: %d -> %d", conf_of(file)->name, before, value);
	return value != before;
}

static void look_and_report(struct watched *file)
{
	if (look(file))
		report(file);
}

/* ---- watching ---- */

static void say_missing(struct watched *file, int error)
{
	if (!file->missing)
		log_warn("track", "file %s: cannot watch %s: %s; it is tried again every %u s",
			 conf_of(file)->name, file->directory, strerror(error),
			 (unsigned)(RETRY_US / USEC_PER_SEC));
	file->missing = true;
}

/* Several files may share a directory and so a watch. */
static void watch(struct watched *file)
{
	const char *why = file_refusal(file->directory);

	if (why) {
		log_error("track", "file %s: %s cannot be tracked: %s; it counts as 0",
			  conf_of(file)->name, conf_of(file)->path, why);
		file->refused = true;
		return;
	}
	file->watch =
		inotify_add_watch(file->tracker->inotify, file->directory, CHANGES | IN_ONLYDIR);
	if (file->watch < 0)
		say_missing(file, errno);
	else
		file->missing = false;
}

static bool wants_retry(const struct watched *file)
{
	return (file->watch < 0 || file->unread) && !file->refused;
}

static void arm_retry(struct file_tracker *tracker)
{
	for (size_t i = 0; i < tracker->conf->n_files; i++) {
		if (!wants_retry(tracker->files[i]))
			continue;
		loop_timer_arm(tracker->retry, clock_now_us() + RETRY_US);
		return;
	}
}

static void on_retry(uint64_t now_us, void *owner)
{
	struct file_tracker *tracker = owner;

	(void)now_us;
	for (size_t i = 0; i < tracker->conf->n_files; i++) {
		if (!wants_retry(tracker->files[i]))
			continue;
		if (tracker->files[i]->watch < 0)
			watch(tracker->files[i]);
		look_and_report(tracker->files[i]);
	}
	arm_retry(tracker);
}

/* A directory that moves away takes its watch along. */
static void lose_watch(struct file_tracker *tracker, int watch, uint32_t mask)
{
	if (mask & IN_MOVE_SELF)
		inotify_rm_watch(tracker->inotify, watch);
	for (size_t i = 0; i < tracker->conf->n_files; i++)
		if (tracker->files[i]->watch == watch)
			tracker->files[i]->watch = -1;
	on_retry(clock_now_us(), tracker);
}

static void take_event(struct file_tracker *tracker, const struct inotify_event *event,
		       const char *name)
{
	bool overflow = event->mask & IN_Q_OVERFLOW;

	for (size_t i = 0; i < tracker->conf->n_files; i++) {
		struct watched *file = tracker->files[i];
		bool same = file->watch == event->wd && event->len &&
			    strncmp(name, file->leaf, event->len) == 0;

		if (same || overflow)
			look_and_report(file);
	}
	if (event->mask & GONE)
		lose_watch(tracker, event->wd, event->mask);
}

static void on_inotify(int fd, uint32_t events, void *owner)
{
	char octets[4096];
	ssize_t size = read(fd, octets, sizeof octets);
	struct reader r = reader_of(octets, size > 0 ? (size_t)size : 0);

	(void)events;
	while (r.left && !r.bad) {
		struct inotify_event event;
		const char *name;

		read_octets(&r, &event, sizeof event);
		name = (const char *)r.at;
		read_skip(&r, event.len);
		if (!r.bad)
			take_event(owner, &event, name);
	}
}

static int open_inotify(struct file_tracker *tracker)
{
	int error;

	if (tracker->inotify >= 0)
		return 0;
	tracker->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (tracker->inotify < 0)
		return -errno;
	error = loop_io_new(tracker->loop, tracker->inotify, EPOLLIN, LOOP_NORMAL, on_inotify,
			    tracker, &tracker->io);
	if (error) {
		close(tracker->inotify);
		tracker->inotify = -1;
	}
	return error;
}

/* ---- life ---- */

int file_tracker_new(struct loop *loop, file_result_fn *result, void *owner,
		     struct file_tracker **ret)
{
	struct file_tracker *tracker = calloc(1, sizeof *tracker);
	int error = tracker ? loop_timer_new(loop, on_retry, tracker, &tracker->retry) : -ENOMEM;

	if (error) {
		free(tracker);
		return error;
	}
	tracker->loop = loop;
	tracker->result = result;
	tracker->owner = owner;
	tracker->inotify = -1;
	*ret = tracker;
	return 0;
}

static void free_file(struct watched *file)
{
	if (!file)
		return;
	free(file->directory);
	free(file);
}

static void free_files(struct watched **files, size_t count)
{
	for (size_t i = 0; files && i < count; i++)
		free_file(files[i]);
	free(files);
}

struct file_tracker *file_tracker_free(struct file_tracker *tracker)
{
	if (!tracker)
		return NULL;
	if (tracker->conf)
		free_files(tracker->files, tracker->conf->n_files);
	conf_unref(tracker->conf);
	loop_timer_free(tracker->retry);
	loop_io_free(tracker->io);
	if (tracker->inotify >= 0)
		close(tracker->inotify);
	free(tracker);
	return NULL;
}

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static const char *leaf_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static struct watched **new_files(struct file_tracker *tracker, const struct conf *conf)
{
	struct watched **files = calloc(conf->n_files + 1, sizeof *files);

	for (size_t i = 0; files && i < conf->n_files; i++) {
		files[i] = calloc(1, sizeof **files);
		if (files[i])
			files[i]->directory = directory_of(conf->files[i].path);
		if (!files[i] || !files[i]->directory) {
			free_files(files, i + 1);
			return NULL;
		}
		files[i]->tracker = tracker;
		files[i]->watch = -1;
	}
	return files;
}

static void start_file(struct watched *file)
{
	const struct conf_track_file *conf = conf_of(file);
	int error;

	file->started = true;
	watch(file);
	error = conf->init && !file->refused
			? file_init(conf->path, conf->init_value, conf->overwrite)
			: 0;
	if (error)
		log_error("track", "file %s: cannot initialise %s: %s", conf->name, conf->path,
			  strerror(-error));
	look(file);
}

/* Gives the files that go on their new places. */
static void carry_over(struct file_tracker *tracker, struct conf_diff *diff, struct watched **files)
{
	for (size_t i = 0; i < diff->new->n_files; i++) {
		uint32_t old = diff->files[i];

		if (old == CONF_NONE ||
		    conf_file_restarts(diff, &diff->old->files[old], &diff->new->files[i]))
			continue;
		free_file(files[i]);
		files[i] = tracker->files[old];
		tracker->files[old] = NULL;
	}
}

/* Of directories that no file is in any more. */
static void drop_watches(const struct file_tracker *tracker, struct watched **gone, size_t n_gone)
{
	for (size_t i = 0; i < n_gone; i++) {
		bool used = false;

		if (!gone[i] || gone[i]->watch < 0)
			continue;
		for (size_t k = 0; k < tracker->conf->n_files; k++)
			used |= tracker->files[k]->watch == gone[i]->watch;
		if (!used)
			inotify_rm_watch(tracker->inotify, gone[i]->watch);
	}
}

static void adopt(struct file_tracker *tracker)
{
	for (size_t i = 0; i < tracker->conf->n_files; i++) {
		struct watched *file = tracker->files[i];

		file->index = (uint32_t)i;
		file->leaf = leaf_of(conf_of(file)->path);
		if (!file->started)
			start_file(file);
		report(file);
	}
	arm_retry(tracker);
}

int file_tracker_set_conf(struct file_tracker *tracker, const struct conf *conf)
{
	struct watched **files = new_files(tracker, conf), **before = tracker->files;
	const struct conf *old = tracker->conf;
	size_t n_before = old ? old->n_files : 0;
	struct conf_diff *diff = NULL;
	int error = files ? 0 : -ENOMEM;

	if (!error && conf->n_files)
		error = open_inotify(tracker);
	if (!error)
		error = conf_diff_new(old, conf, &diff);
	if (error) {
		free_files(files, conf->n_files);
		return error;
	}
	carry_over(tracker, diff, files);
	conf_diff_free(diff);
	tracker->conf = conf_ref(conf);
	tracker->files = files;
	adopt(tracker);
	drop_watches(tracker, before, n_before);
	free_files(before, n_before);
	conf_unref(old);
	return 0;
}
