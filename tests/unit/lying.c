/* SPDX-License-Identifier: MIT */
/* The servers of lying.h. Their threads use no cmocka function: a failure must end the test's
 * thread. */
#include "tests/unit/lying.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/loop.h"

/* ---- servers ---- */

static void *serve(void *arg)
{
	struct lying *server = arg;
	int fd;

	while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
		server->connections++;
		server->treat(fd, server);
		close(fd);
	}
	return NULL;
}

static void *serve_datagrams(void *arg)
{
	struct lying *server = arg;
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
	struct sockaddr_storage peer;
	socklen_t length = sizeof peer;
	ssize_t n;

	while ((n = recvfrom(server->fd, server->request, sizeof server->request, 0,
			     (struct sockaddr *)&peer, &length)) > 0) {
		server->request_size = (size_t)n;
		if (connect(server->fd, (const struct sockaddr *)&peer, length) == 0)
			server->treat(server->fd, server);
		connect(server->fd, &nobody, sizeof nobody);
		length = sizeof peer;
	}
	return NULL;
}

static void start(struct lying *server, int type, lying_treat_fn *treat, const char *text,
		  size_t size)
{
	struct sockaddr_storage address;
	struct ip ip;
	socklen_t length;

	memset(server, 0, sizeof *server);
	server->treat = treat;
	server->text = text;
	server->size = size;
	ip_parse("127.0.0.1", &ip);
	length = ip_to_sockaddr(&ip, 0, &address);
	server->fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	assert_true(server->fd >= 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&address, length), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(server->fd, 16), 0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &length), 0);
	struct sockaddr_in in;
	memcpy(&in, &address, sizeof in);
	server->port = ntohs(in.sin_port);
	if (treat)
		assert_int_equal(pthread_create(&server->thread, NULL,
						type == SOCK_STREAM ? serve : serve_datagrams,
						server),
				 0);
}

void lying_start(struct lying *server, lying_treat_fn *treat, const char *text, size_t size)
{
	start(server, SOCK_STREAM, treat, text, size);
}

void lying_start_datagrams(struct lying *server, lying_treat_fn *treat, const char *text,
			   size_t size)
{
	start(server, SOCK_DGRAM, treat, text, size);
}

void lying_stop(struct lying *server)
{
	shutdown(server->fd, SHUT_RDWR);
	if (server->treat)
		pthread_join(server->thread, NULL);
	close(server->fd);
}

/* Until the peer hangs up; no longer than two seconds. */
static void wait_for_close(int fd)
{
	struct timeval limit = {.tv_sec = 2};
	char room[512];

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	while (recv(fd, room, sizeof room, 0) > 0)
		;
}

static void read_request(int fd, const struct lying *server)
{
	struct lying *self = (struct lying *)server;
	size_t used = 0;
	ssize_t n;

	memset(self->request, 0, sizeof self->request);
	while (!strstr(self->request, "\r\n\r\n")) {
		n = recv(fd, self->request + used, sizeof self->request - 1 - used, 0);
		if (n <= 0)
			return;
		used += (size_t)n;
	}
}

void lying_close(int fd, const struct lying *server)
{
	(void)fd;
	(void)server;
}

void lying_reset(int fd, const struct lying *server)
{
	struct linger abort_on_close = {.l_onoff = 1};

	read_request(fd, server);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_on_close, sizeof abort_on_close);
}

void lying_silence(int fd, const struct lying *server)
{
	(void)server;
	wait_for_close(fd);
}

/* Says its text after a request and closes. */
void lying_say(int fd, const struct lying *server)
{
	read_request(fd, server);
	send(fd, server->text, server->size, MSG_NOSIGNAL);
}

/* Says its text after a request and keeps the connection. */
void lying_say_and_stay(int fd, const struct lying *server)
{
	lying_say(fd, server);
	wait_for_close(fd);
}

/* Says its text at once, whatever the client does, and keeps the connection. */
void lying_babble(int fd, const struct lying *server)
{
	send(fd, server->text, server->size, MSG_NOSIGNAL);
	wait_for_close(fd);
}

/* An octet every 20 ms, without end. */
void lying_trickle(int fd, const struct lying *server)
{
	read_request(fd, server);
	for (size_t i = 0; i < 200; i++) {
		const char *at = i < server->size ? server->text + i : "x";

		if (send(fd, at, 1, MSG_NOSIGNAL) < 0)
			return;
		poll(NULL, 0, 20);
	}
}

/* Header lines without end. */
void lying_flood(int fd, const struct lying *server)
{
	read_request(fd, server);
	send(fd, "HTTP/1.1 200 OK\r\n", 17, MSG_NOSIGNAL);
	while (send(fd, "X-Very: long\r\n", 14, MSG_NOSIGNAL) > 0)
		;
}

/* ---- one probe ---- */

void lying_on_report(struct check *check, const struct check_report *report, void *owner)
{
	struct outcome *outcome = owner;

	(void)check;
	outcome->reports++;
	outcome->up = report->up;
	outcome->result = report->result;
	outcome->code = report->code;
	outcome->latency_us = report->latency_us;
	snprintf(outcome->detail, sizeof outcome->detail, "%s", report->detail);
}

struct conf_checker lying_checker(enum conf_checker_type type, const struct lying *server)
{
	struct conf_checker conf = {
		.type = type,
		.connect_port = server->port,
		.connect_timeout_us = TIMEOUT_US,
		.delay_loop_us = 1 * MS,
		.delay_before_retry_us = 1 * MS,
	};

	if (type == CONF_HTTP_GET || type == CONF_SSL_GET)
		conf.http_minor = 1;
	ip_parse("127.0.0.1", &conf.connect_ip);
	return conf;
}

void lying_probe(const struct conf_checker *conf, unsigned reports, struct outcome *ret)
{
	struct loop *loop;
	struct check_env *env;
	struct check *check;
	uint64_t end_us = clock_now_us() + 10 * USEC_PER_SEC;

	memset(ret, 0, sizeof *ret);
	assert_int_equal(loop_new(NULL, &loop), 0);
	assert_int_equal(check_env_new(loop, NULL, NULL, &env), 0);
	assert_int_equal(check_new(env, conf, true, 1, lying_on_report, ret, &check), 0);
	while (ret->reports < reports) {
		assert_true(clock_now_us() < end_us);
		loop_turn(loop, 100 * MS);
	}
	check_free(check);
	check_env_free(env);
	loop_free(loop);
}

struct conf_url lying_url(const char *path)
{
	struct conf_url url = {.path = (char *)path};

	for (unsigned code = 200; code < 300; code++)
		url.status[(code - 100) / 8] |= (uint8_t)(1 << (code - 100) % 8);
	return url;
}

void lying_probe_http(enum conf_checker_type type, const struct lying *server, struct conf_url *url,
		      struct outcome *ret)
{
	struct conf_checker conf = lying_checker(type, server);

	conf.urls = url;
	conf.n_urls = 1;
	lying_probe(&conf, 1, ret);
}

void lying_expect(const struct outcome *outcome, enum check_result result, const char *detail)
{
	if (outcome->result != result || !strstr(outcome->detail, detail))
		fail_msg("%s: \"%s\", wanted %s: \"%s\"", check_result_name(outcome->result),
			 outcome->detail, check_result_name(result), detail);
	assert_int_equal(outcome->up, result == CHECK_OK || result == CHECK_LOCAL_ERROR);
}

void lying_expect_http(enum conf_checker_type type, lying_treat_fn *treat, const char *text,
		       size_t size, enum check_result result, const char *detail)
{
	struct lying server;
	struct outcome outcome;
	struct conf_url url = lying_url("/");

	lying_start(&server, treat, text, size);
	lying_probe_http(type, &server, &url, &outcome);
	lying_expect(&outcome, result, detail);
	/* A slow machine's turn on top. */
	assert_true(outcome.latency_us < 3 * TIMEOUT_US + 300 * MS);
	lying_stop(&server);
}
