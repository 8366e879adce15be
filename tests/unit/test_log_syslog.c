/* SPDX-License-Identifier: MIT */
/* The way to the system's log: its format, a daemon that does not read, one that is restarted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/run/log_syslog.h"

struct bench {
	char dir[32], path[48];
	int daemon;
	struct log_syslog *log;
};

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, path);
	unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);

	*state = bench;
	strcpy(bench->dir, "/tmp/vipd-syslog-XXXXXX");
	if (!mkdtemp(bench->dir))
		return -1;
	snprintf(bench->path, sizeof bench->path, "%s/log", bench->dir);
	bench->daemon = listen_at(bench->path);
	return log_syslog_new(bench->path, LOG_DAEMON, &bench->log);
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	log_syslog_free(bench->log);
	close(bench->daemon);
	unlink(bench->path);
	rmdir(bench->dir);
	free(bench);
	return 0;
}

static void write_line(struct bench *bench, const char *text)
{
	struct log_line line = {.wall_us = clock_wall_us(), .level = LOG_ERR, .subsystem = "vrrp"};

	snprintf(line.text, sizeof line.text, "%s", text);
	log_syslog_write(bench->log, &line);
}

static void expect(struct bench *bench, const char *text)
{
	char room[1024] = "", tail[128];
	ssize_t got = recv(bench->daemon, room, sizeof room - 1, 0);

	snprintf(tail, sizeof tail, " vipd[%ld]: vrrp: %s", (long)getpid(), text);
	assert_true(got > 0);
	assert_memory_equal(room, "<27>", 4);
	assert_string_equal(room + 4 + strlen("Jan  1 00:00:00"), tail);
}

static void test_format(void **state)
{
	write_line(*state, "hello");
	expect(*state, "hello");
}

static void test_nobody_reads(void **state)
{
	struct bench *bench = *state;
	struct pollfd fd = {.events = POLLOUT};
	uint64_t begin_us = clock_now_us();

	for (int i = 0; i < 5000; i++)
		write_line(bench, "more");
	assert_true(clock_now_us() - begin_us < 2 * USEC_PER_SEC);
	fd.fd = log_syslog_fd(bench->log);
	assert_int_equal(poll(&fd, 1, 0), 0);
	while (recv(bench->daemon, &(char){0}, 1, 0) >= 0)
		;
	assert_int_equal(poll(&fd, 1, 0), 1);
	write_line(bench, "again");
	expect(bench, "again");
}

static void test_restart(void **state)
{
	struct bench *bench = *state;

	write_line(bench, "first");
	expect(bench, "first");
	close(bench->daemon);
	write_line(bench, "lost");
	bench->daemon = listen_at(bench->path);
	usleep(1100000); /* not more than one attempt a second */
	write_line(bench, "second");
	expect(bench, "second");
	close(bench->daemon);
	bench->daemon = listen_at(bench->path);
	write_line(bench, "at once");
	expect(bench, "at once");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_format),
		CASE(test_nobody_reads),
		CASE(test_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
