/* SPDX-License-Identifier: MIT */
/* Unit tests of TCP_CHECK, of connecting, and of the life of checks. */
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
#include "core/check/checker.h"
#include "core/check/dial.h"
#include "tests/unit/lying.h"

/* ---- TCP_CHECK ---- */

static void test_tcp(void **state)
{
	struct lying server, other;
	struct conf_checker conf;
	struct outcome outcome;

	(void)state;
	lying_start(&server, lying_close, NULL, 0);
	conf = lying_checker(CONF_TCP_CHECK, &server);
	lying_probe(&conf, 3, &outcome);
	lying_expect(&outcome, CHECK_OK, "connected");
	assert_true(outcome.latency_us > 0 && outcome.latency_us < TIMEOUT_US);

	ip_parse("127.0.0.9", &conf.bind_ip);
	lying_probe(&conf, 2, &outcome);
	lying_expect(&outcome, CHECK_OK, "connected");
	/* The same port again and again, without TIME_WAIT in the way. */
	conf.bind_port = server.port;
	lying_probe(&conf, 5, &outcome);
	lying_expect(&outcome, CHECK_OK, "connected");
	lying_start(&other, NULL, NULL, 0);
	lying_stop(&other); /* a port that is free */
	conf.bind_ip.family = AF_UNSPEC;
	conf.bind_port = other.port;
	lying_probe(&conf, 2, &outcome);
	lying_expect(&outcome, CHECK_OK, "connected");
	lying_stop(&server);

	conf.bind_port = 0;
	lying_probe(&conf, 1, &outcome);
	lying_expect(&outcome, CHECK_REFUSED, "Connection refused");
}

static void test_tcp_v6(void **state)
{
	struct lying server = {.port = 1};
	struct conf_checker conf = lying_checker(CONF_TCP_CHECK, &server);
	struct outcome outcome;

	(void)state;
	ip_parse("::1", &conf.connect_ip);
	lying_probe(&conf, 1, &outcome);
	assert_true(outcome.result == CHECK_REFUSED || outcome.result == CHECK_UNREACHABLE ||
		    outcome.result == CHECK_LOCAL_ERROR); /* no IPv6 here */
}

/* A full backlog: the handshake is not answered. */
static void test_tcp_timeout(void **state)
{
	struct lying server;
	struct conf_checker conf;
	struct outcome outcome;
	int fillers[4];

	(void)state;
	lying_start(&server, NULL, NULL, 0);
	listen(server.fd, 0);
	conf = lying_checker(CONF_TCP_CHECK, &server);
	for (unsigned i = 0; i < 4; i++) {
		struct dial_error error;

		fillers[i] = dial_start(DIAL_STREAM, &conf, &error);
		assert_true(fillers[i] >= 0);
	}
	poll(NULL, 0, 20);
	lying_probe(&conf, 1, &outcome);
	lying_expect(&outcome, CHECK_TIMEOUT, "no connection in time");
	assert_true(outcome.latency_us >= TIMEOUT_US);
	for (unsigned i = 0; i < 4; i++)
		close(fillers[i]);
	lying_stop(&server);
}

/* Trouble of our own leaves the verdict alone. */
static void test_tcp_local(void **state)
{
	struct lying server;
	struct conf_checker conf;
	struct outcome outcome;
	struct dial_error error;

	(void)state;
	lying_start(&server, lying_close, NULL, 0);
	conf = lying_checker(CONF_TCP_CHECK, &server);
	ip_parse("192.0.2.77", &conf.bind_ip);
	lying_probe(&conf, 2, &outcome);
	lying_expect(&outcome, CHECK_LOCAL_ERROR, "cannot bind: Cannot assign requested address");
	conf.bind_ip.family = AF_UNSPEC;
	conf.bind_interface = (char *)"no-such-if";
	lying_probe(&conf, 1, &outcome);
	lying_expect(&outcome, CHECK_LOCAL_ERROR, "");
	conf.bind_interface = NULL;

	struct rlimit limit, none;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	int fd = dial_start(DIAL_STREAM, &conf, &error);
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_int_equal(fd, -1);
	assert_int_equal(error.result, CHECK_LOCAL_ERROR);
	assert_int_equal(error.error, EMFILE);
	lying_stop(&server);
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
	struct lying server;
	struct conf_checker conf;
	struct outcome outcome;

	(void)state;
	lying_start(&server, NULL, NULL, 0);
	lying_stop(&server); /* a port that is free */
	conf = lying_checker(CONF_TCP_CHECK, &server);
	ip_parse("127.0.0.1", &conf.bind_ip);
	conf.bind_port = server.port;
	lying_probe(&conf, 1, &outcome);
	lying_expect(&outcome, CHECK_REFUSED, "Connection refused");
}

/* ---- life and death ---- */

/* What a checker of its type cannot be without. */
static void complete(struct conf_checker *conf, struct conf_url *url)
{
	char *name = (char *)"a.example";

	switch (conf->type) {
	case CONF_HTTP_GET:
	case CONF_SSL_GET:
		conf->urls = url;
		conf->n_urls = 1;
		break;
	case CONF_SMTP_CHECK:
		conf->smtp.helo_name = name;
		break;
	case CONF_DNS_CHECK:
		conf->dns.name = name;
		break;
	case CONF_FILE_CHECK:
		conf->object.name = name;
		break;
	default:
		break;
	}
}

/* Freed in every step of a probe: nothing is reported, nothing leaks (ASan looks). */
static void test_free_under_way(void **state)
{
	const enum conf_checker_type types[] = {
		CONF_TCP_CHECK, CONF_HTTP_GET,	CONF_SSL_GET,	 CONF_SMTP_CHECK,
		CONF_DNS_CHECK, CONF_UDP_CHECK, CONF_PING_CHECK, CONF_FILE_CHECK,
	};
	struct lying server;
	struct conf_url url = lying_url("/");

	(void)state;
	lying_start(&server, lying_silence, NULL, 0);
	url.has_digest = true;
	url.regex.pattern = (char *)"a";
	for (unsigned i = 0; i < 40; i++) {
		struct conf_checker conf = lying_checker(types[i % 8], &server);
		struct outcome outcome = {.reports = 0};
		struct loop *loop;
		struct check_env *env;
		struct check *check;

		complete(&conf, &url);
		loop_new(NULL, &loop);
		check_env_new(loop, NULL, NULL, &env);
		check_new(env, &conf, true, 1, lying_on_report, &outcome, &check);
		for (unsigned turn = 0; turn < i / 8; turn++)
			loop_turn(loop, 5 * MS);
		check_free(check);
		loop_turn(loop, 0);
		check_env_free(env);
		loop_free(loop);
	}
	lying_stop(&server);
}

static void test_many(void **state)
{
	enum { MANY = 40000 };
	struct check **checks = calloc(MANY, sizeof(struct check *));
	struct lying server = {.port = 1};
	struct conf_checker conf = lying_checker(CONF_TCP_CHECK, &server);
	struct outcome outcome = {.reports = 0};
	struct loop *loop;
	struct check_env *env;

	(void)state;
	assert_true(sizeof(struct check) <= 192);
	loop_new(NULL, &loop);
	check_env_new(loop, NULL, NULL, &env);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(check_new(env, &conf, true,
					   clock_now_us() + (3600 + i) * USEC_PER_SEC,
					   lying_on_report, &outcome, &checks[i]),
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
		cmocka_unit_test(test_free_under_way),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
