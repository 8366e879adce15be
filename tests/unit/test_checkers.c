/* SPDX-License-Identifier: MIT */
/* Unit tests of TCP_CHECK, HTTP_GET and SSL_GET against servers on the loopback that lie, stall,
 * hang up and babble. Each server is a thread that treats every connection in one way. Success over
 * TLS is tested with real servers by tests/net/test_checkers.py. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
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

#include "core/base/clock.h"
#include "core/base/loop.h"
#include "core/check/checker.h"
#include "core/check/dial.h"
#include "core/snap.h"

#define MS	   USEC_PER_MSEC
#define TIMEOUT_US (150 * MS)

/* ---- servers ---- */

struct server;
typedef void treat_fn(int fd, const struct server *server);

struct server {
	int fd;
	uint16_t port;
	sa_family_t family;
	pthread_t thread;
	treat_fn *treat;
	const char *text; /* for the treatment */
	size_t size;
	char request[1024]; /* the last one read */
};

static void *serve(void *arg)
{
	struct server *server = arg;
	int fd;

	while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
		server->treat(fd, server);
		close(fd);
	}
	return NULL;
}

static void server_start(struct server *server, treat_fn *treat, const char *text, size_t size)
{
	struct sockaddr_storage address;
	struct ip ip;
	socklen_t length;

	memset(server, 0, sizeof *server);
	server->treat = treat;
	server->text = text;
	server->size = size;
	server->family = AF_INET;
	ip_parse("127.0.0.1", &ip);
	length = ip_to_sockaddr(&ip, 0, &address);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(server->fd >= 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(server->fd, 16), 0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &length), 0);
	struct sockaddr_in in;
	memcpy(&in, &address, sizeof in);
	server->port = ntohs(in.sin_port);
	if (treat)
		assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
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

static void read_request(int fd, const struct server *server)
{
	struct server *self = (struct server *)server;
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

static void treat_close(int fd, const struct server *server)
{
	(void)fd;
	(void)server;
}

static void treat_reset(int fd, const struct server *server)
{
	struct linger abort_on_close = {.l_onoff = 1};

	read_request(fd, server);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_on_close, sizeof abort_on_close);
}

static void treat_silence(int fd, const struct server *server)
{
	(void)server;
	wait_for_close(fd);
}

/* Says its text after a request and closes. */
static void treat_say(int fd, const struct server *server)
{
	read_request(fd, server);
	send(fd, server->text, server->size, MSG_NOSIGNAL);
}

/* Says its text after a request and keeps the connection. */
static void treat_say_and_stay(int fd, const struct server *server)
{
	treat_say(fd, server);
	wait_for_close(fd);
}

/* Says its text at once, whatever the client does, and keeps the connection. */
static void treat_babble(int fd, const struct server *server)
{
	send(fd, server->text, server->size, MSG_NOSIGNAL);
	wait_for_close(fd);
}

/* An octet every 20 ms, without end. */
static void treat_trickle(int fd, const struct server *server)
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
static void treat_flood(int fd, const struct server *server)
{
	read_request(fd, server);
	send(fd, "HTTP/1.1 200 OK\r\n", 17, MSG_NOSIGNAL);
	while (send(fd, "X-Very: long\r\n", 14, MSG_NOSIGNAL) > 0)
		;
}

/* ---- one probe ---- */

struct outcome {
	unsigned reports;
	bool up;
	enum check_result result;
	uint64_t latency_us;
	char detail[DEST_ERROR_MAX];
};

static void on_report(struct check *check, const struct check_report *report, void *owner)
{
	struct outcome *outcome = owner;

	(void)check;
	outcome->reports++;
	outcome->up = report->up;
	outcome->result = report->result;
	outcome->latency_us = report->latency_us;
	strcpy(outcome->detail, report->detail);
}

static struct conf_checker checker(enum conf_checker_type type, const struct server *server)
{
	struct conf_checker conf = {
		.type = type,
		.connect_port = server->port,
		.connect_timeout_us = TIMEOUT_US,
		.delay_loop_us = 1 * MS,
		.delay_before_retry_us = 1 * MS,
		.http_minor = 1,
	};

	ip_parse("127.0.0.1", &conf.connect_ip);
	return conf;
}

static void run(const struct conf_checker *conf, unsigned reports, struct outcome *ret)
{
	struct loop *loop;
	struct check_env *env;
	struct check *check;
	uint64_t end_us = clock_now_us() + 10 * USEC_PER_SEC;

	memset(ret, 0, sizeof *ret);
	assert_int_equal(loop_new(NULL, &loop), 0);
	assert_int_equal(check_env_new(loop, NULL, NULL, &env), 0);
	assert_int_equal(check_new(env, conf, true, 1, on_report, ret, &check), 0);
	while (ret->reports < reports) {
		assert_true(clock_now_us() < end_us);
		loop_turn(loop, 100 * MS);
	}
	check_free(check);
	check_env_free(env);
	loop_free(loop);
}

static struct conf_url url_of(const char *path)
{
	struct conf_url url = {.path = (char *)path};

	for (unsigned code = 200; code < 300; code++)
		url.status[(code - 100) / 8] |= (uint8_t)(1 << (code - 100) % 8);
	return url;
}

static void run_http(enum conf_checker_type type, const struct server *server, struct conf_url *url,
		     struct outcome *ret)
{
	struct conf_checker conf = checker(type, server);

	conf.urls = url;
	conf.n_urls = 1;
	run(&conf, 1, ret);
}

static void expect(const struct outcome *outcome, enum check_result result, const char *detail)
{
	if (outcome->result != result || !strstr(outcome->detail, detail))
		fail_msg("%s: \"%s\", wanted %s: \"%s\"", check_result_name(outcome->result),
			 outcome->detail, check_result_name(result), detail);
	assert_int_equal(outcome->up, result == CHECK_OK || result == CHECK_LOCAL_ERROR);
}

/* One HTTP_GET of "/" against a server of that treatment. */
static void expect_http(treat_fn *treat, const char *text, enum check_result result,
			const char *detail)
{
	struct server server;
	struct outcome outcome;
	struct conf_url url = url_of("/");

	server_start(&server, treat, text, text ? strlen(text) : 0);
	run_http(CONF_HTTP_GET, &server, &url, &outcome);
	expect(&outcome, result, detail);
	/* Nothing takes longer than three timeouts (and a slow machine's turn). */
	assert_true(outcome.latency_us < 3 * TIMEOUT_US + 300 * MS);
	server_stop(&server);
}

/* ---- TCP_CHECK ---- */

static void test_tcp(void **state)
{
	struct server server, other;
	struct conf_checker conf;
	struct outcome outcome;

	(void)state;
	server_start(&server, treat_close, NULL, 0);
	conf = checker(CONF_TCP_CHECK, &server);
	run(&conf, 3, &outcome);
	expect(&outcome, CHECK_OK, "connected");
	assert_true(outcome.latency_us > 0 && outcome.latency_us < TIMEOUT_US);

	ip_parse("127.0.0.9", &conf.bind_ip);
	run(&conf, 2, &outcome);
	expect(&outcome, CHECK_OK, "connected");
	/* The same port again and again, without TIME_WAIT in the way. */
	conf.bind_port = server.port;
	run(&conf, 5, &outcome);
	expect(&outcome, CHECK_OK, "connected");
	server_start(&other, NULL, NULL, 0);
	server_stop(&other); /* a port that is free */
	conf.bind_ip.family = AF_UNSPEC;
	conf.bind_port = other.port;
	run(&conf, 2, &outcome);
	expect(&outcome, CHECK_OK, "connected");
	server_stop(&server);

	conf.bind_port = 0;
	run(&conf, 1, &outcome);
	expect(&outcome, CHECK_REFUSED, "Connection refused");
}

static void test_tcp_v6(void **state)
{
	struct server server = {.port = 1};
	struct conf_checker conf = checker(CONF_TCP_CHECK, &server);
	struct outcome outcome;

	(void)state;
	ip_parse("::1", &conf.connect_ip);
	run(&conf, 1, &outcome);
	assert_true(outcome.result == CHECK_REFUSED || outcome.result == CHECK_UNREACHABLE ||
		    outcome.result == CHECK_LOCAL_ERROR); /* no IPv6 here */
}

/* A full backlog: the handshake is not answered. */
static void test_tcp_timeout(void **state)
{
	struct server server;
	struct conf_checker conf;
	struct outcome outcome;
	int fillers[4];

	(void)state;
	server_start(&server, NULL, NULL, 0);
	listen(server.fd, 0);
	conf = checker(CONF_TCP_CHECK, &server);
	for (unsigned i = 0; i < 4; i++) {
		struct dial_error error;

		fillers[i] = dial_start(&conf, &error);
		assert_true(fillers[i] >= 0);
	}
	poll(NULL, 0, 20);
	run(&conf, 1, &outcome);
	expect(&outcome, CHECK_TIMEOUT, "no connection in time");
	assert_true(outcome.latency_us >= TIMEOUT_US);
	for (unsigned i = 0; i < 4; i++)
		close(fillers[i]);
	server_stop(&server);
}

/* Trouble of our own leaves the verdict alone. */
static void test_tcp_local(void **state)
{
	struct server server;
	struct conf_checker conf;
	struct outcome outcome;
	struct dial_error error;

	(void)state;
	server_start(&server, treat_close, NULL, 0);
	conf = checker(CONF_TCP_CHECK, &server);
	ip_parse("192.0.2.77", &conf.bind_ip);
	run(&conf, 2, &outcome);
	expect(&outcome, CHECK_LOCAL_ERROR, "cannot bind: Cannot assign requested address");
	conf.bind_ip.family = AF_UNSPEC;
	conf.bind_interface = (char *)"no-such-if";
	run(&conf, 1, &outcome);
	expect(&outcome, CHECK_LOCAL_ERROR, "");
	conf.bind_interface = NULL;

	struct rlimit limit, none;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	int fd = dial_start(&conf, &error);
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_int_equal(fd, -1);
	assert_int_equal(error.result, CHECK_LOCAL_ERROR);
	assert_int_equal(error.error, EMFILE);
	server_stop(&server);
}

static void test_connect_errors(void **state)
{
	(void)state;
	assert_int_equal(dial_result(ECONNREFUSED), CHECK_REFUSED);
	assert_int_equal(dial_result(EHOSTUNREACH), CHECK_UNREACHABLE);
	assert_int_equal(dial_result(ENETUNREACH), CHECK_UNREACHABLE);
	assert_int_equal(dial_result(EACCES), CHECK_UNREACHABLE);
	assert_int_equal(dial_result(ETIMEDOUT), CHECK_TIMEOUT);
	assert_int_equal(dial_result(EADDRNOTAVAIL), CHECK_LOCAL_ERROR);
	assert_int_equal(dial_result(EMFILE), CHECK_LOCAL_ERROR);
	assert_int_equal(dial_result(ENOMEM), CHECK_LOCAL_ERROR);
}

/* Source and target port alike, nobody listening: TCP connects to itself. */
static void test_self_connect(void **state)
{
	struct server server;
	struct conf_checker conf;
	struct outcome outcome;

	(void)state;
	server_start(&server, NULL, NULL, 0);
	server_stop(&server); /* a port that is free */
	conf = checker(CONF_TCP_CHECK, &server);
	ip_parse("127.0.0.1", &conf.bind_ip);
	conf.bind_port = server.port;
	run(&conf, 1, &outcome);
	expect(&outcome, CHECK_REFUSED, "Connection refused");
}

/* ---- HTTP_GET ---- */

static void test_http_good(void **state)
{
	(void)state;
	expect_http(treat_say, "HTTP/1.0 200 OK\r\n\r\nhello", CHECK_OK, "status 200, 5 octets");
	expect_http(treat_say_and_stay, "HTTP/1.1 299 Odd\r\nContent-Length: 5\r\n\r\nhello",
		    CHECK_OK, "status 299, 5 octets");
	expect_http(treat_say_and_stay,
		    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		    CHECK_OK, "status 200, 5 octets");
	/* A wrong length is told, not punished. */
	expect_http(treat_say, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", CHECK_OK,
		    "status 200");
	expect_http(treat_say, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhello", CHECK_OK,
		    "status 200");
	expect_http(treat_say, "HTTP/1.1 200 OK\r\nContent-Length: what\r\n\r\nhello", CHECK_OK,
		    "status 200");
}

static void test_http_bad_content(void **state)
{
	(void)state;
	expect_http(treat_say, "HTTP/1.1 503 Busy\r\n\r\nbusy", CHECK_BAD_CONTENT,
		    "status 503, wanted 200-299");
	expect_http(treat_say, "HTTP/1.1 999 Odd\r\n\r\nx", CHECK_BAD_CONTENT,
		    "status 999, wanted 200-299");
	expect_http(treat_say, "HTTP/1.1 200 OK\r\n\r\n", CHECK_BAD_CONTENT, "empty body");
	expect_http(treat_say_and_stay, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		    CHECK_BAD_CONTENT, "empty body");
}

static void test_http_broken(void **state)
{
	(void)state;
	expect_http(treat_close, NULL, CHECK_PROTOCOL_ERROR, "");
	expect_http(treat_reset, NULL, CHECK_PROTOCOL_ERROR, "Connection reset by peer");
	expect_http(treat_say, "", CHECK_PROTOCOL_ERROR, "closed without a reply");
	expect_http(treat_say, "HTTP/1.1 200 OK\r\nServ", CHECK_PROTOCOL_ERROR,
		    "closed within the headers");
	expect_http(treat_babble, "SSH-2.0-Open\x1b[2JSSH\r\n", CHECK_PROTOCOL_ERROR,
		    "no HTTP status line: \"SSH-2.0-Open?[2JSSH?\"");
	expect_http(treat_flood, NULL, CHECK_PROTOCOL_ERROR, "headers larger than 16 KiB");
}

static void test_http_slow(void **state)
{
	(void)state;
	expect_http(treat_silence, NULL, CHECK_TIMEOUT, "no reply in time");
	expect_http(treat_say_and_stay, "HTTP/1.1 200 OK\r\n\r\nhello", CHECK_TIMEOUT,
		    "reply not finished in time");
	expect_http(treat_trickle, "HTTP/1.1 200 OK\r\n\r\n", CHECK_TIMEOUT,
		    "reply not finished in time");
}

/* Progress, if slow, is given more than one timeout. */
static void test_http_patience(void **state)
{
	struct server server;
	struct conf_checker conf;
	struct conf_url url = url_of("/");
	struct outcome outcome;
	const char *text = "HTTP/1.1 200\nContent-Length:1\n\n1"; /* 32 octets, 0.64 s */

	(void)state;
	server_start(&server, treat_trickle, text, strlen(text));
	conf = checker(CONF_HTTP_GET, &server);
	conf.connect_timeout_us = 400 * MS;
	conf.urls = &url;
	conf.n_urls = 1;
	run(&conf, 1, &outcome);
	expect(&outcome, CHECK_OK, "status 200");
	assert_true(outcome.latency_us > 400 * MS);
	server_stop(&server);
}

static void test_http_digest(void **state)
{
	const char *text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
			   "chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
	const uint8_t hello[16] = {0x5d, 0x41, 0x40, 0x2a, 0xbc, 0x4b, 0x2a, 0x76,
				   0xb9, 0x71, 0x9d, 0x91, 0x10, 0x17, 0xc5, 0x92};
	struct server server;
	struct outcome outcome;
	struct conf_url url = url_of("/");

	(void)state;
	url.has_digest = true;
	memcpy(url.digest, hello, sizeof hello);
	server_start(&server, treat_say, text, strlen(text));
	run_http(CONF_HTTP_GET, &server, &url, &outcome);
	expect(&outcome, CHECK_OK, "digest matches");
	url.digest[15] ^= 1;
	run_http(CONF_HTTP_GET, &server, &url, &outcome);
	expect(&outcome, CHECK_BAD_CONTENT,
	       "digest 5d41402abc4b2a76b9719d911017c592, wanted 5d41402abc4b2a76b9719d911017c593");
	server_stop(&server);
}

static void test_http_wanted_list(void **state)
{
	struct server server;
	struct outcome outcome;
	struct conf_url url = {.path = (char *)"/"};

	(void)state;
	url.status[0] = 0x07;  /* 100-102 */
	url.status[62] = 0x0a; /* 597, 599 */
	server_start(&server, treat_say, "HTTP/1.1 200 OK\r\n\r\nx", 20);
	run_http(CONF_HTTP_GET, &server, &url, &outcome);
	expect(&outcome, CHECK_BAD_CONTENT, "status 200, wanted 100-102,597,599");
	/* As long as lists get: cut, never overrun. */
	memset(url.status, 0x55, sizeof url.status);
	url.status[12] = 0xaa;
	run_http(CONF_HTTP_GET, &server, &url, &outcome);
	expect(&outcome, CHECK_BAD_CONTENT, "wanted 100,102,");
	server_stop(&server);
}

static void expect_request(struct server *server, const struct conf_checker *conf,
			   const char *request)
{
	struct outcome outcome;

	run(conf, 1, &outcome);
	expect(&outcome, CHECK_OK, "status 200");
	assert_string_equal(server->request, request);
}

static void test_http_request(void **state)
{
	struct server server;
	struct conf_checker conf;
	struct conf_url url = url_of("/a?b=c");
	char wanted[256];

	(void)state;
	server_start(&server, treat_say, "HTTP/1.0 200 OK\r\n\r\nx", 20);
	conf = checker(CONF_HTTP_GET, &server);
	conf.urls = &url;
	conf.n_urls = 1;
	snprintf(wanted, sizeof wanted,
		 "GET /a?b=c HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\n"
		 "Host: 127.0.0.1:%u\r\n\r\n",
		 server.port);
	expect_request(&server, &conf, wanted);
	conf.http_minor = 0;
	conf.virtualhost = (char *)"www.example";
	expect_request(
		&server, &conf,
		"GET /a?b=c HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: www.example\r\n\r\n");
	conf.http_close = true;
	url.virtualhost = (char *)"url.example";
	url.path = (char *)"";
	expect_request(&server, &conf,
		       "GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\n"
		       "Host: url.example\r\n\r\n");
	server_stop(&server);
}

/* One url after the other. */
static void test_http_urls(void **state)
{
	struct server server;
	struct conf_checker conf;
	struct conf_url urls[2] = {url_of("/one"), url_of("/two")};
	struct outcome outcome;

	(void)state;
	server_start(&server, treat_say, "HTTP/1.0 200 OK\r\n\r\nx", 20);
	conf = checker(CONF_HTTP_GET, &server);
	conf.urls = urls;
	conf.n_urls = 2;
	run(&conf, 1, &outcome);
	assert_non_null(strstr(server.request, "GET /one "));
	run(&conf, 2, &outcome);
	assert_non_null(strstr(server.request, "GET /two "));
	run(&conf, 3, &outcome);
	assert_non_null(strstr(server.request, "GET /one "));
	server_stop(&server);
}

/* Many large reads in turns. */
static void test_http_large(void **state)
{
	size_t size = 5 << 20;
	char *text = malloc(size);
	struct server server;
	struct outcome outcome;
	struct conf_url url = url_of("/");

	(void)state;
	memset(text, 'x', size);
	memcpy(text, "HTTP/1.0 200 OK\r\n\r\n", 19);
	server_start(&server, treat_say, text, size);
	run_http(CONF_HTTP_GET, &server, &url, &outcome);
	expect(&outcome, CHECK_OK, "status 200, 5242861 octets");
	server_stop(&server);
	free(text);
}

/* ---- SSL_GET ---- */

static void expect_ssl(treat_fn *treat, const char *text, size_t size, enum check_result result,
		       const char *detail)
{
	struct server server;
	struct outcome outcome;
	struct conf_url url = url_of("/");

	server_start(&server, treat, text, size);
	run_http(CONF_SSL_GET, &server, &url, &outcome);
	expect(&outcome, result, detail);
	assert_true(outcome.latency_us < 3 * TIMEOUT_US + 300 * MS);
	server_stop(&server);
}

static void test_ssl_broken(void **state)
{
	static const char half_record[] = {0x16, 0x03, 0x03, 0x40, 0x00, 0x02, 0x00};
	static const char alert[] = {0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28};

	(void)state;
	expect_ssl(treat_close, NULL, 0, CHECK_TLS_ERROR, "TLS handshake: ");
	expect_ssl(treat_silence, NULL, 0, CHECK_TIMEOUT, "TLS handshake not finished in time");
	expect_ssl(treat_babble, half_record, sizeof half_record, CHECK_TIMEOUT,
		   "TLS handshake not finished in time");
	expect_ssl(treat_babble, "HTTP/1.1 400 Bad\r\n\r\n", 20, CHECK_TLS_ERROR,
		   "TLS handshake: ");
	expect_ssl(treat_babble, alert, sizeof alert, CHECK_TLS_ERROR, "handshake failure");
}

/* An octet of a record at a time. */
static void treat_trickle_now(int fd, const struct server *server)
{
	for (size_t i = 0; i < 200; i++) {
		if (send(fd, server->text + (i < server->size ? i : server->size - 1), 1,
			 MSG_NOSIGNAL) < 0)
			return;
		poll(NULL, 0, 20);
	}
}

static void test_ssl_trickle(void **state)
{
	static const char record[] = {0x16, 0x03, 0x03, 0x20, 0x00, 0x02, 0x00, 0x1f, 0x00};

	(void)state;
	expect_ssl(treat_trickle_now, record, sizeof record, CHECK_TIMEOUT,
		   "TLS handshake not finished in time");
}

/* ---- life and death ---- */

/* Freed in every step of a probe: nothing is reported, nothing leaks (ASan looks). */
static void test_free_under_way(void **state)
{
	const enum conf_checker_type types[] = {CONF_TCP_CHECK, CONF_HTTP_GET, CONF_SSL_GET};
	struct server server;
	struct conf_url url = url_of("/");

	(void)state;
	server_start(&server, treat_silence, NULL, 0);
	url.has_digest = true;
	for (unsigned i = 0; i < 15; i++) {
		struct conf_checker conf = checker(types[i % 3], &server);
		struct outcome outcome = {.reports = 0};
		struct loop *loop;
		struct check_env *env;
		struct check *check;

		conf.urls = &url;
		conf.n_urls = 1;
		loop_new(NULL, &loop);
		check_env_new(loop, NULL, NULL, &env);
		check_new(env, &conf, true, 1, on_report, &outcome, &check);
		for (unsigned turn = 0; turn < i / 3; turn++)
			loop_turn(loop, 5 * MS);
		check_free(check);
		loop_turn(loop, 0);
		check_env_free(env);
		loop_free(loop);
	}
	server_stop(&server);
}

static void test_many(void **state)
{
	enum { MANY = 40000 };
	struct check **checks = calloc(MANY, sizeof(struct check *));
	struct server server = {.port = 1};
	struct conf_checker conf = checker(CONF_TCP_CHECK, &server);
	struct outcome outcome = {.reports = 0};
	struct loop *loop;
	struct check_env *env;

	(void)state;
	assert_true(sizeof(struct check) <= 192);
	loop_new(NULL, &loop);
	check_env_new(loop, NULL, NULL, &env);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(check_new(env, &conf, true,
					   clock_now_us() + (3600 + i) * USEC_PER_SEC, on_report,
					   &outcome, &checks[i]),
				 0);
	loop_turn(loop, 0);
	for (unsigned i = 0; i < MANY; i++)
		check_free(checks[i]);
	check_env_free(env);
	loop_free(loop);
	free(checks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_tcp_v6),
		cmocka_unit_test(test_tcp_timeout),
		cmocka_unit_test(test_tcp_local),
		cmocka_unit_test(test_connect_errors),
		cmocka_unit_test(test_self_connect),
		cmocka_unit_test(test_http_good),
		cmocka_unit_test(test_http_bad_content),
		cmocka_unit_test(test_http_broken),
		cmocka_unit_test(test_http_slow),
		cmocka_unit_test(test_http_patience),
		cmocka_unit_test(test_http_digest),
		cmocka_unit_test(test_http_wanted_list),
		cmocka_unit_test(test_http_request),
		cmocka_unit_test(test_http_urls),
		cmocka_unit_test(test_http_large),
		cmocka_unit_test(test_ssl_broken),
		cmocka_unit_test(test_ssl_trickle),
		cmocka_unit_test(test_free_under_way),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
