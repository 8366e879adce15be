/* SPDX-License-Identifier: MIT */
/*
 * reload_time_file: a reload at the moment that a file names. Its folder is watched, so that the
 * file may come, change and go; the timer is one of the wall clock, which is looked at again when
 * somebody sets that. A folder that is not there, or goes, is looked for at the next reload, as
 * keepalived does. Runs in main.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "conf/model.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/run/daemon.h"
#include "core/run/reload_moment.h"
#include "core/track/file_read.h"

#define CHANGES                                                                                    \
	(IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)
#define LINE_OCTETS 64 /* more is no moment */

struct reload_time {
	struct daemon *d;
	char *path;
	int inotify, timer;
	struct loop_io *inotify_io, *timer_io;
	uint64_t wall_us; /* of the reload; 0: none */
	bool daily;
};

static struct reload_time *free_time(struct reload_time *time)
{
	if (!time)
		return NULL;
	loop_io_free(time->inotify_io);
	loop_io_free(time->timer_io);
	if (time->inotify >= 0)
		close(time->inotify);
	if (time->timer >= 0)
		close(time->timer);
	free(time->path);
	free(time);
	return NULL;
}

static void arm(struct reload_time *time)
{
	struct itimerspec at = {
		.it_value.tv_sec = (time_t)(time->wall_us / USEC_PER_SEC),
	};

	if (timerfd_settime(time->timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL) <
	    0)
		log_error("conf", "reload_time_file: %s", strerror(errno));
}

static void say(const struct reload_time *time)
{
	time_t at = (time_t)(time->wall_us / USEC_PER_SEC);
	char text[64] = "";
	struct tm tm;

	if (localtime_r(&at, &tm))
		strftime(text, sizeof text, "%F %T %z", &tm);
	log_notice("conf", "reload_time_file %s: the next reload is at %s", time->path, text);
}

/* Reads the file and sets the timer by it. */
static void look(struct reload_time *time)
{
	char text[LINE_OCTETS + 1] = "";
	uint64_t before_us = time->wall_us, now_us = clock_wall_us();
	int size = file_read(time->path, text, LINE_OCTETS);
	int error =
		size < 0 ? size : reload_moment_read(text, now_us, &time->wall_us, &time->daily);

	if (error || time->wall_us <= now_us)
		time->wall_us = 0;
	arm(time);
	if (time->wall_us && time->wall_us != before_us)
		say(time);
	else if (error == -ENOENT && before_us)
		log_notice("conf", "reload_time_file %s is gone, and with it the reload",
			   time->path);
	else if (!error && !time->wall_us)
		log_notice("conf", "reload_time_file %s: that is over", time->path);
	else if (error && error != -ENOENT)
		log_error("conf", "reload_time_file %s: %s", time->path,
			  size < 0 ? strerror(-error)
				   : "no moment such as 23:59:00 or "
				     "2030-12-31 23:59:00Z");
}

static void on_change(int fd, uint32_t events, void *owner)
{
	struct reload_time *time = owner;
	char room[4096];
	const char *leaf = strrchr(time->path, '/') + 1;
	bool ours = false, gone = false;
	ssize_t size;

	(void)events;
	while ((size = read(fd, room, sizeof room)) > 0) {
		for (char *at = room; at < room + size;) {
			struct inotify_event event;

			memcpy(&event, at, sizeof event);
			at += sizeof event;
			ours |= event.len && strcmp(at, leaf) == 0;
			gone |= event.mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF);
			at += event.len;
		}
	}
	if (gone) {
		log_warn("conf",
			 "reload_time_file %s: its folder is gone; looked for at the next "
			 "reload",
			 time->path);
		time->inotify_io = loop_io_free(time->inotify_io);
	}
	if (ours || gone)
		look(time);
}

static void on_time(int fd, uint32_t events, void *owner)
{
	struct reload_time *time = owner;
	struct daemon *d = time->d;
	uint64_t count;

	(void)events;
	if (read(fd, &count, sizeof count) < 0) {
		if (errno == ECANCELED) /* the clock was set */
			look(time);
		return;
	}
	log_notice("conf", "reload asked for by reload_time_file");
	time->wall_us = 0;
	if (d->newest->conf->global.process.reload_repeat && time->daily)
		look(time);
	else if (unlink(time->path) < 0)
		log_error("conf", "reload_time_file %s: %s", time->path, strerror(errno));
	reload_request(d);
}

static int watch_folder(struct reload_time *time)
{
	char *slash = strrchr(time->path, '/');
	int watch;

	*slash = '\0';
	watch = inotify_add_watch(time->inotify, slash == time->path ? "/" : time->path,
				  CHANGES | IN_ONLYDIR);
	*slash = '/';
	return watch < 0 ? -errno : 0;
}

static int open_time(struct daemon *d, const char *path, struct reload_time **ret)
{
	struct reload_time *time = calloc(1, sizeof *time);
	int error = *path == '/' ? 0 : -EINVAL; /* keepalived wants it so */

	if (!time)
		return -ENOMEM;
	time->d = d;
	time->path = strdup(path);
	time->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	time->timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (!error && (time->inotify < 0 || time->timer < 0 || !time->path))
		error = time->path ? -errno : -ENOMEM;
	if (!error)
		error = watch_folder(time);
	if (!error)
		error = loop_io_new(d->loop, time->inotify, EPOLLIN, LOOP_NORMAL, on_change, time,
				    &time->inotify_io);
	if (!error)
		error = loop_io_new(d->loop, time->timer, EPOLLIN, LOOP_NORMAL, on_time, time,
				    &time->timer_io);
	if (error)
		time = free_time(time);
	*ret = time;
	return error;
}

void reload_time_use_conf(struct daemon *d)
{
	const char *path = d->newest->conf->global.process.reload_time_file;
	struct reload_time *now = d->reload.time;
	int error;

	if (now && now->inotify_io && path && strcmp(path, now->path) == 0)
		return;
	d->reload.time = free_time(now);
	if (!path)
		return;
	error = open_time(d, path, &d->reload.time);
	if (error)
		log_error("conf", "reload_time_file %s cannot be watched until the next reload: %s",
			  path, strerror(-error));
	else
		look(d->reload.time);
}

void reload_time_free(struct daemon *d)
{
	d->reload.time = free_time(d->reload.time);
}
