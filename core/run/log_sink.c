/* SPDX-License-Identifier: MIT */
/*
 * The end of the log rings. Started by systemd with stderr on the journal, lines go there with a
 * priority prefix; asked for the console, to stderr with a time; otherwise to syslog. A file may
 * be added. Runs in main, on its 50 ms tick, and must not wait for a reader, because the VRRP
 * thread waits for main to set its addresses: while nobody reads, lines stay in the rings, and what
 * does not fit there is dropped and counted.
 */
#include "core/run/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/run/log_syslog.h"

#define DRAIN_MAX   4096 /* lines in one go */
#define PATIENCE_MS 5	 /* for a reader that is merely slow, once in a go */

struct log_sink {
	enum { TO_NOBODY, TO_SYSLOG, TO_CONSOLE, TO_JOURNAL } way;
	struct log_syslog *syslog; /* TO_SYSLOG */
	int file;		   /* -1: none */
	int level;
	uint64_t dropped[THREADS], total_dropped;
};

static const char *const thread_names[THREADS] = {
	[THREAD_MAIN] = "main", [THREAD_VRRP] = "vrrp",	  [THREAD_CHECK] = "check",
	[THREAD_BFD] = "bfd",	[THREAD_AGENT] = "agent",
};

/* systemd.exec(5): JOURNAL_STREAM names the device and inode of the stream that is the journal. */
static bool stderr_is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	uint64_t device, inode;
	struct stat found;

	return text && sscanf(text, "%" SCNu64 ":%" SCNu64, &device, &inode) == 2 &&
	       !fstat(STDERR_FILENO, &found) && found.st_dev == device && found.st_ino == inode;
}

int log_sink_open(const struct options *options, struct log_sink **ret)
{
	struct log_sink *sink = calloc(1, sizeof *sink);

	if (!sink)
		return -ENOMEM;
	sink->file = -1;
	sink->level = options->detail ? LOG_DEBUG : LOG_INFO;
	if (options->console)
		sink->way = TO_CONSOLE;
	else if (options->foreground && stderr_is_journal())
		sink->way = TO_JOURNAL;
	else if (!options->no_syslog)
		sink->way = TO_SYSLOG;
	if (options->log_file) {
		sink->file = open(options->log_file,
				  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
		if (sink->file < 0) {
			int error = -errno;

			free(sink);
			return error;
		}
	}
	if (sink->way == TO_SYSLOG) {
		int error = log_syslog_new("/dev/log", options->facility, &sink->syslog);

		if (error) {
			log_sink_close(sink);
			return error;
		}
	}
	*ret = sink;
	return 0;
}

struct log_sink *log_sink_close(struct log_sink *sink)
{
	if (!sink)
		return NULL;
	log_syslog_free(sink->syslog);
	if (sink->file >= 0)
		close(sink->file);
	free(sink);
	return NULL;
}

void log_sink_set_name(struct log_sink *sink, const char *name)
{
	if (sink->syslog)
		log_syslog_set_name(sink->syslog, name);
}

bool log_sink_is_stderr(const struct log_sink *sink)
{
	return sink->way == TO_CONSOLE || sink->way == TO_JOURNAL;
}

uint64_t log_sink_dropped(const struct log_sink *sink)
{
	return sink->total_dropped;
}

/* Whether the next line will be taken; also when nobody is there to take it. A line is shorter than
 * PIPE_BUF, so a pipe that can be written takes it whole. */
static bool is_ready(struct log_sink *sink, int wait_ms)
{
	struct pollfd to = {.fd = -1, .events = POLLOUT};

	if (sink->way == TO_SYSLOG)
		to.fd = log_syslog_fd(sink->syslog);
	else if (log_sink_is_stderr(sink))
		to.fd = STDERR_FILENO;
	return to.fd < 0 || poll(&to, 1, wait_ms) != 0;
}

/* One write for one line, so that lines of several writers do not mix. */
static void write_text(int fd, const char *prefix, const struct log_line *line)
{
	char text[LOG_LINE_MAX + 96];
	int length = snprintf(text, sizeof text, "%s%s: %s\n", prefix, line->subsystem, line->text);

	if (write(fd, text, (size_t)length) < 0)
		return;
}

static void write_timed(int fd, const struct log_line *line)
{
	char prefix[64];
	struct tm parts;
	time_t seconds = (time_t)(line->wall_us / USEC_PER_SEC);

	localtime_r(&seconds, &parts);
	size_t used = strftime(prefix, sizeof prefix, "%Y-%m-%d %H:%M:%S", &parts);
	snprintf(prefix + used, sizeof prefix - used, ".%06u ",
		 (unsigned)(line->wall_us % USEC_PER_SEC));
	write_text(fd, prefix, line);
}

static void emit(struct log_sink *sink, const struct log_line *line)
{
	char prefix[8];

	if (line->level > sink->level)
		return;
	if (!is_ready(sink, 0)) {
		sink->total_dropped++;
		return;
	}
	switch (sink->way) {
	case TO_SYSLOG:
		log_syslog_write(sink->syslog, line);
		break;
	case TO_CONSOLE:
		write_timed(STDERR_FILENO, line);
		break;
	case TO_JOURNAL:
		snprintf(prefix, sizeof prefix, "<%d>", line->level);
		write_text(STDERR_FILENO, prefix, line);
		break;
	case TO_NOBODY:
		break;
	}
	if (sink->file >= 0)
		write_timed(sink->file, line);
}

static void tell_dropped(struct log_sink *sink, enum snap_thread thread,
			 const struct log_ring *ring)
{
	uint64_t dropped = log_ring_dropped(ring);
	struct log_line line = {
		.wall_us = clock_wall_us(), .level = LOG_WARNING, .subsystem = "main"};

	if (dropped == sink->dropped[thread])
		return;
	snprintf(line.text, sizeof line.text, "%" PRIu64 " log lines of thread %s were dropped",
		 dropped - sink->dropped[thread], thread_names[thread]);
	sink->total_dropped += dropped - sink->dropped[thread];
	sink->dropped[thread] = dropped;
	emit(sink, &line);
}

/* The thread whose waiting line is the oldest, THREADS when none waits. */
static int oldest(const struct log_line *lines, const bool *waiting)
{
	int found = THREADS;

	for (int i = 0; i < THREADS; i++)
		if (waiting[i] && (found == THREADS || lines[i].wall_us < lines[found].wall_us))
			found = i;
	return found;
}

void log_sink_drain(struct log_sink *sink, struct log_ring *const rings[static THREADS])
{
	struct log_line lines[THREADS];
	bool waiting[THREADS];

	if (!is_ready(sink, PATIENCE_MS))
		return;
	for (int i = 0; i < THREADS; i++)
		waiting[i] = rings[i] && log_ring_read(rings[i], &lines[i]);
	/* Bounded: a thread that logs without end must not hold main here. What was read is
	 * written. */
	for (int count = 0;; count++) {
		int next = oldest(lines, waiting);

		if (next == THREADS)
			break;
		emit(sink, &lines[next]);
		waiting[next] = count < DRAIN_MAX && is_ready(sink, 0) &&
				log_ring_read(rings[next], &lines[next]);
	}
	for (int i = 0; i < THREADS; i++)
		if (rings[i])
			tell_dropped(sink, (enum snap_thread)i, rings[i]);
}
