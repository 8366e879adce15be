/* SPDX-License-Identifier: MIT */
/*
 * A datagram socket to the log daemon, connected anew when the daemon was restarted. The format is
 * the one that syslog(3) writes: priority, local time without a year, name and process number.
 * Runs in main.
 */
#include "core/run/log_syslog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"

#define RECONNECT_US USEC_PER_SEC

struct log_syslog {
	struct sockaddr_un address;
	int facility;
	char name[LOG_NAME_MAX + 1];
	int fd; /* -1: not connected */
	uint64_t connect_at_us;
};

int log_syslog_new(const char *path, int facility, struct log_syslog **ret)
{
	struct log_syslog *log = calloc(1, sizeof *log);

	if (!log)
		return -ENOMEM;
	log->fd = -1;
	log->facility = facility;
	log_syslog_set_name(log, "vipd");
	log->address.sun_family = AF_UNIX;
	snprintf(log->address.sun_path, sizeof log->address.sun_path, "%s", path);
	*ret = log;
	return 0;
}

void log_syslog_set_name(struct log_syslog *log, const char *name)
{
	snprintf(log->name, sizeof log->name, "%s", name);
}

static void disconnect(struct log_syslog *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
}

struct log_syslog *log_syslog_free(struct log_syslog *log)
{
	if (!log)
		return NULL;
	disconnect(log);
	free(log);
	return NULL;
}

int log_syslog_fd(struct log_syslog *log)
{
	uint64_t now_us = clock_now_us();

	if (log->fd >= 0 || now_us < log->connect_at_us)
		return log->fd;
	log->connect_at_us = now_us + RECONNECT_US;
	log->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (log->fd >= 0 &&
	    connect(log->fd, (const struct sockaddr *)&log->address, sizeof log->address) < 0)
		disconnect(log);
	return log->fd;
}

static size_t format(const struct log_syslog *log, const struct log_line *line, char *room,
		     size_t size)
{
	time_t seconds = (time_t)(line->wall_us / USEC_PER_SEC);
	char at[32];
	struct tm parts;

	localtime_r(&seconds, &parts);
	strftime(at, sizeof at, "%b %e %H:%M:%S", &parts);
	int length = snprintf(room, size, "<%d>%s %s[%ld]: %s: %s", log->facility | line->level, at,
			      log->name, (long)getpid(), line->subsystem, line->text);
	return (size_t)length < size ? (size_t)length : size - 1;
}

void log_syslog_write(struct log_syslog *log, const struct log_line *line)
{
	char text[LOG_LINE_MAX + LOG_NAME_MAX + 128];
	size_t size = format(log, line, text, sizeof text);

	/* Twice: the daemon may have been restarted since the last line. */
	for (int attempt = 0; attempt < 2; attempt++) {
		int fd = log_syslog_fd(log);

		if (fd < 0 || send(fd, text, size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
		    errno == EAGAIN)
			return;
		disconnect(log);
		log->connect_at_us = 0;
	}
}
