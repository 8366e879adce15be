/* SPDX-License-Identifier: MIT */
/*
 * The way to the system's log: one datagram a line. syslog(3) waits for a log daemon that does not
 * read, and with it would wait whoever waits for main; this never does. Thread: main.
 */
#pragma once

#include <stdbool.h>

#define LOG_NAME_MAX 511

struct log_line;
struct log_syslog;

/* path: "/dev/log" but for tests. facility: of syslog.h. Nobody need listen there yet. */
int log_syslog_new(const char *path, int facility, struct log_syslog **ret);
struct log_syslog *log_syslog_free(struct log_syslog *log);

/* Lines carry this name from now on instead of vipd. At most LOG_NAME_MAX octets of it. */
void log_syslog_set_name(struct log_syslog *log, const char *name);

/* What to poll for POLLOUT before the next line; -1 while nobody listens. */
int log_syslog_fd(struct log_syslog *log);
void log_syslog_write(struct log_syslog *log, const struct log_line *line);
