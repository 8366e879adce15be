/* SPDX-License-Identifier: MIT */
/* Unit tests of HTTP_GET and SSL_GET against servers that lie. Success over TLS is tested with real
 * servers by tests/net/test_checkers.py. */
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
#include "tests/unit/lying.h"

/* ---- HTTP_GET ---- */

static void expect_plain(lying_treat_fn *treat, const char *text, enum check_result result,
			 const char *detail)
{
	lying_expect_http(CONF_HTTP_GET, treat, text, text ? strlen(text) : 0, result, detail);
}

static void test_http_good(void **state)
{
	(void)state;
	expect_plain(lying_say, "HTTP/1.0 200 OK\r\n\r\nhello", CHECK_OK, "status 200, 5 octets");
	expect_plain(lying_say_and_stay, "HTTP/1.1 299 Odd\r\nContent-Length: 5\r\n\r\nhello",
		     CHECK_OK, "status 299, 5 octets");
	expect_plain(lying_say_and_stay,
		     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		     CHECK_OK, "status 200, 5 octets");
	/* A wrong length is told, not punished. */
	expect_plain(lying_say, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", CHECK_OK,
		     "status 200");
	expect_plain(lying_say, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhello", CHECK_OK,
		     "status 200");
	expect_plain(lying_say, "HTTP/1.1 200 OK\r\nContent-Length: what\r\n\r\nhello", CHECK_OK,
		     "status 200");
}

static void test_http_bad_content(void **state)
{
	(void)state;
	expect_plain(lying_say, "HTTP/1.1 503 Busy\r\n\r\nbusy", CHECK_BAD_CONTENT,
		     "status 503, wanted 200-299");
	expect_plain(lying_say, "HTTP/1.1 999 Odd\r\n\r\nx", CHECK_BAD_CONTENT,
		     "status 999, wanted 200-299");
	expect_plain(lying_say, "HTTP/1.1 200 OK\r\n\r\n", CHECK_BAD_CONTENT, "empty body");
	expect_plain(lying_say_and_stay, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		     CHECK_BAD_CONTENT, "empty body");
}

static void test_http_broken(void **state)
{
	(void)state;
	expect_plain(lying_close, NULL, CHECK_PROTOCOL_ERROR, "");
	expect_plain(lying_reset, NULL, CHECK_PROTOCOL_ERROR, "Connection reset by peer");
	expect_plain(lying_say, "", CHECK_PROTOCOL_ERROR, "closed without a reply");
	expect_plain(lying_say, "HTTP/1.1 200 OK\r\nServ", CHECK_PROTOCOL_ERROR,
		     "closed within the headers");
	expect_plain(lying_babble, "SSH-2.0-Open\x1b[2JSSH\r\n", CHECK_PROTOCOL_ERROR,
		     "no HTTP status line: \"SSH-2.0-Open?[2JSSH?\"");
	expect_plain(lying_flood, NULL, CHECK_PROTOCOL_ERROR, "headers larger than 16 KiB");
}

static void expect_code(lying_treat_fn *treat, const char *text, int32_t code)
{
	struct lying server;
	struct conf_url url = lying_url("/");
	struct outcome outcome;

	lying_start(&server, treat, text, text ? strlen(text) : 0);
	lying_probe_http(CONF_HTTP_GET, &server, &url, &outcome);
	if (outcome.code != code)
		fail_msg("%s: code %d, wanted %d", outcome.detail, outcome.code, code);
	lying_stop(&server);
}

static void test_http_code(void **state)
{
	(void)state;
	expect_code(lying_say, "HTTP/1.0 204 OK\r\n\r\n", 204);
	expect_code(lying_say, "HTTP/1.1 503 Busy\r\n\r\nbusy", 503);
	/* an interim reply is none; what came of a whole one counts */
	expect_code(lying_say, "HTTP/1.1 103 Soon\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhello", 200);
	expect_code(lying_say, "HTTP/1.1 103 Soon\r\n\r\n", 0);
	expect_code(lying_say, "HTTP/1.1 404 No\r\nServ", 404);
	expect_code(lying_say_and_stay, "HTTP/1.1 200 OK\r\n\r\nhello", 200);
	expect_code(lying_say, "HTTP/1.1 20", 0);
	expect_code(lying_babble, "SSH-2.0-OpenSSH\r\n", 0);
	expect_code(lying_close, NULL, 0);
}

static void test_http_slow(void **state)
{
	(void)state;
	expect_plain(lying_silence, NULL, CHECK_TIMEOUT, "no reply in time");
	expect_plain(lying_say_and_stay, "HTTP/1.1 200 OK\r\n\r\nhello", CHECK_TIMEOUT,
		     "reply not finished in time");
	expect_plain(lying_trickle, "HTTP/1.1 200 OK\r\n\r\n", CHECK_TIMEOUT,
		     "reply not finished in time");
}

/* Progress, if slow, is given more than one timeout. */
static void test_http_patience(void **state)
{
	struct lying server;
	struct conf_checker conf;
	struct conf_url url = lying_url("/");
	struct outcome outcome;
	const char *text = "HTTP/1.1 200\nContent-Length:1\n\n1"; /* 32 octets, 0.64 s */

	(void)state;
	lying_start(&server, lying_trickle, text, strlen(text));
	conf = lying_checker(CONF_HTTP_GET, &server);
	conf.connect_timeout_us = 400 * MS;
	conf.urls = &url;
	conf.n_urls = 1;
	lying_probe(&conf, 1, &outcome);
	lying_expect(&outcome, CHECK_OK, "status 200");
	assert_true(outcome.latency_us > 400 * MS);
	lying_stop(&server);
}

static void test_http_digest(void **state)
{
	const char *text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
			   "chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
	const uint8_t hello[16] = {0x5d, 0x41, 0x40, 0x2a, 0xbc, 0x4b, 0x2a, 0x76,
				   0xb9, 0x71, 0x9d, 0x91, 0x10, 0x17, 0xc5, 0x92};
	struct lying server;
	struct outcome outcome;
	struct conf_url url = lying_url("/");

	(void)state;
	url.has_digest = true;
	memcpy(url.digest, hello, sizeof hello);
	lying_start(&server, lying_say, text, strlen(text));
	lying_probe_http(CONF_HTTP_GET, &server, &url, &outcome);
	lying_expect(&outcome, CHECK_OK, "digest matches");
	url.digest[15] ^= 1;
	lying_probe_http(CONF_HTTP_GET, &server, &url, &outcome);
	lying_expect(
		&outcome, CHECK_BAD_CONTENT,
		"digest 5d41402abc4b2a76b9719d911017c592, wanted 5d41402abc4b2a76b9719d911017c593");
	lying_stop(&server);
}

static void test_http_wanted_list(void **state)
{
	struct lying server;
	struct outcome outcome;
	struct conf_url url = {.path = (char *)"/"};

	(void)state;
	url.status[0] = 0x07;  /* 100-102 */
	url.status[62] = 0x0a; /* 597, 599 */
	lying_start(&server, lying_say, "HTTP/1.1 200 OK\r\n\r\nx", 20);
	lying_probe_http(CONF_HTTP_GET, &server, &url, &outcome);
	lying_expect(&outcome, CHECK_BAD_CONTENT, "status 200, wanted 100-102,597,599");
	/* As long as lists get: cut, never overrun. */
	memset(url.status, 0x55, sizeof url.status);
	url.status[12] = 0xaa;
	lying_probe_http(CONF_HTTP_GET, &server, &url, &outcome);
	lying_expect(&outcome, CHECK_BAD_CONTENT, "wanted 100,102,");
	lying_stop(&server);
}

static void expect_request(struct lying *server, const struct conf_checker *conf,
			   const char *request)
{
	struct outcome outcome;

	lying_probe(conf, 1, &outcome);
	lying_expect(&outcome, CHECK_OK, "status 200");
	assert_string_equal(server->request, request);
}

static void test_http_request(void **state)
{
	struct lying server;
	struct conf_checker conf;
	struct conf_url url = lying_url("/a?b=c");
	char wanted[256];

	(void)state;
	lying_start(&server, lying_say, "HTTP/1.0 200 OK\r\n\r\nx", 20);
	conf = lying_checker(CONF_HTTP_GET, &server);
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
	lying_stop(&server);
}

/* One url after the other. */
static void test_http_urls(void **state)
{
	struct lying server;
	struct conf_checker conf;
	struct conf_url urls[2] = {lying_url("/one"), lying_url("/two")};
	struct outcome outcome;

	(void)state;
	lying_start(&server, lying_say, "HTTP/1.0 200 OK\r\n\r\nx", 20);
	conf = lying_checker(CONF_HTTP_GET, &server);
	conf.urls = urls;
	conf.n_urls = 2;
	lying_probe(&conf, 1, &outcome);
	assert_non_null(strstr(server.request, "GET /one "));
	lying_probe(&conf, 2, &outcome);
	assert_non_null(strstr(server.request, "GET /two "));
	lying_probe(&conf, 3, &outcome);
	assert_non_null(strstr(server.request, "GET /one "));
	lying_stop(&server);
}

static void expect_regex(const char *pattern, bool no_match, lying_treat_fn *treat,
			 const char *text, enum check_result result, const char *detail)
{
	struct lying server;
	struct conf_url url = lying_url("/");
	struct conf_checker conf;
	struct outcome outcome;

	url.regex.pattern = (char *)pattern;
	url.regex.no_match = no_match;
	lying_start(&server, treat, text, strlen(text));
	conf = lying_checker(CONF_HTTP_GET, &server);
	conf.connect_timeout_us = 800 * MS;
	conf.urls = &url;
	conf.n_urls = 1;
	lying_probe(&conf, 1, &outcome);
	lying_expect(&outcome, result, detail);
	lying_stop(&server);
}

static void test_http_regex(void **state)
{
	const char *plain = "HTTP/1.0 200 OK\r\n\r\nit works",
		   *busy = "HTTP/1.0 503 x\r\n\r\nworks";
	const char *chunked = "HTTP/1.1 200\nTransfer-Encoding: chunked\n\n"
			      "5\nit wo\n3\nrks\n0\n\n";

	(void)state;
	expect_regex("t works$", false, lying_say, plain, CHECK_OK, "status 200, regex matches");
	expect_regex("t works$", false, lying_say, chunked, CHECK_OK, "status 200, regex matches");
	/* An octet at a time; the headers are not searched. */
	expect_regex("t works$", false, lying_trickle, "HTTP/1.1 200\nContent-Length:8\n\nit works",
		     CHECK_OK, "status 200, regex matches");
	expect_regex("HTTP", false, lying_say, plain, CHECK_BAD_CONTENT, "regex does not match");
	expect_regex("works", true, lying_say, chunked, CHECK_BAD_CONTENT, "regex matches");
	expect_regex("fails", true, lying_say, plain, CHECK_OK, "status 200, no regex match");
	expect_regex("works", false, lying_say, busy, CHECK_BAD_CONTENT, "status 503, wanted");
}

/* No body and no expression takes the thread from the other checks. */
static void test_http_regex_bounds(void **state)
{
	size_t size = 1 << 20;
	char *text = malloc(size + 1);

	(void)state;
	memset(text, 'a', size);
	memcpy(text, "HTTP/1.0 200 OK\r\n\r\n", 19);
	text[size] = '\0';
	expect_regex("(?:a*)*[bc]", false, lying_say, text, CHECK_BAD_CONTENT,
		     "the search for the regex takes too long");
	free(text);
}

/* Many large reads in turns. */
static void test_http_large(void **state)
{
	size_t size = 5 << 20;
	char *text = malloc(size);
	struct lying server;
	struct outcome outcome;
	struct conf_url url = lying_url("/");

	(void)state;
	memset(text, 'x', size);
	memcpy(text, "HTTP/1.0 200 OK\r\n\r\n", 19);
	lying_start(&server, lying_say, text, size);
	lying_probe_http(CONF_HTTP_GET, &server, &url, &outcome);
	lying_expect(&outcome, CHECK_OK, "status 200, 5242861 octets");
	lying_stop(&server);
	free(text);
}

/* A body that is always there before it is read: another check's timers get their turns still. */
static void test_http_leaves_others_their_turn(void **state)
{
	size_t size = 48 << 20;
	char *text = calloc(1, size);
	struct lying large, small;
	struct conf_checker conf, other;
	struct conf_url url = lying_url("/");
	struct outcome outcomes[2] = {0};
	struct loop *loop;
	struct check_env *env;
	struct check *checks[2];

	(void)state;
	memcpy(text, "HTTP/1.0 200 OK\r\n\r\n", 19);
	lying_start(&large, lying_say, text, size);
	lying_start(&small, lying_close, NULL, 0);
	conf = lying_checker(CONF_HTTP_GET, &large);
	conf.connect_timeout_us = 5 * USEC_PER_SEC;
	conf.urls = &url;
	conf.n_urls = 1;
	url.has_digest = true;
	other = lying_checker(CONF_TCP_CHECK, &small);
	assert_int_equal(loop_new(NULL, &loop), 0);
	assert_int_equal(check_env_new(loop, NULL, NULL, &env), 0);
	check_new(env, &conf, true, 1, lying_on_report, &outcomes[0], &checks[0]);
	check_new(env, &other, true, 1, lying_on_report, &outcomes[1], &checks[1]);
	while (!outcomes[0].reports)
		loop_turn(loop, 100 * MS);
	assert_int_equal(outcomes[0].result, CHECK_BAD_CONTENT);
	assert_true(outcomes[1].reports >= 30);
	for (unsigned i = 0; i < 2; i++)
		check_free(checks[i]);
	check_env_free(env);
	loop_free(loop);
	lying_stop(&large);
	lying_stop(&small);
	free(text);
}

/* ---- SSL_GET ---- */

static void test_ssl_broken(void **state)
{
	static const char half_record[] = {0x16, 0x03, 0x03, 0x40, 0x00, 0x02, 0x00};
	static const char alert[] = {0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28};

	(void)state;
	lying_expect_http(CONF_SSL_GET, lying_close, NULL, 0, CHECK_TLS_ERROR, "TLS handshake: ");
	lying_expect_http(CONF_SSL_GET, lying_silence, NULL, 0, CHECK_TIMEOUT,
			  "TLS handshake not finished in time");
	lying_expect_http(CONF_SSL_GET, lying_babble, half_record, sizeof half_record,
			  CHECK_TIMEOUT, "TLS handshake not finished in time");
	lying_expect_http(CONF_SSL_GET, lying_babble, "HTTP/1.1 400 Bad\r\n\r\n", 20,
			  CHECK_TLS_ERROR, "TLS handshake: ");
	lying_expect_http(CONF_SSL_GET, lying_babble, alert, sizeof alert, CHECK_TLS_ERROR,
			  "handshake failure");
}

/* An octet of a record at a time. */
static void lying_trickle_now(int fd, const struct lying *server)
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
	lying_expect_http(CONF_SSL_GET, lying_trickle_now, record, sizeof record, CHECK_TIMEOUT,
			  "TLS handshake not finished in time");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http_good),
		cmocka_unit_test(test_http_bad_content),
		cmocka_unit_test(test_http_broken),
		cmocka_unit_test(test_http_code),
		cmocka_unit_test(test_http_slow),
		cmocka_unit_test(test_http_patience),
		cmocka_unit_test(test_http_digest),
		cmocka_unit_test(test_http_wanted_list),
		cmocka_unit_test(test_http_request),
		cmocka_unit_test(test_http_urls),
		cmocka_unit_test(test_http_large),
		cmocka_unit_test(test_http_regex),
		cmocka_unit_test(test_http_regex_bounds),
		cmocka_unit_test(test_http_leaves_others_their_turn),
		cmocka_unit_test(test_ssl_broken),
		cmocka_unit_test(test_ssl_trickle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
