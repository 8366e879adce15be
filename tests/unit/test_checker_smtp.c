/* SPDX-License-Identifier: MIT */
/* Unit tests of SMTP_CHECK against servers that lie, and of its reading of replies. Real servers:
 * tests/net/test_checkers_smtp.py. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/check/smtp_reply.h"
#include "tests/unit/lying.h"

/* ---- a server that follows a script ---- */

/* Says its text up to each '|', where it waits for a line; closes at its end, which a '~' puts off
 * until the peer has closed. */
static void follow(int fd, const struct lying *server)
{
	struct lying *self = (struct lying *)server;
	const char *at = server->text;
	char *room = self->request;

	memset(self->request, 0, sizeof self->request);
	for (;;) {
		size_t size = strcspn(at, "|~");

		send(fd, at, size, MSG_NOSIGNAL);
		at += size;
		if (*at == '~')
			lying_silence(fd, server);
		if (*at++ != '|')
			return;
		do {
			if (recv(fd, room, 1, 0) <= 0)
				return;
		} while (*room++ != '\n');
	}
}

static void flood(int fd, const struct lying *server)
{
	while (send(fd, server->text, server->size, MSG_NOSIGNAL) > 0)
		;
}

static void greet_and_reset(int fd, const struct lying *server)
{
	struct linger abort_on_close = {.l_onoff = 1};
	char room[100];

	(void)server;
	send(fd, "220 a\r\n", 7, MSG_NOSIGNAL);
	recv(fd, room, sizeof room, 0);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_on_close, sizeof abort_on_close);
}

static struct outcome expect(lying_treat_fn *treat, const char *text, enum check_result result,
			     const char *detail)
{
	struct lying server;
	struct conf_checker conf;
	struct outcome outcome;

	lying_start(&server, treat, text, text ? strlen(text) : 0);
	conf = lying_checker(CONF_SMTP_CHECK, &server);
	conf.smtp.helo_name = (char *)"check.example";
	lying_probe(&conf, 1, &outcome);
	lying_expect(&outcome, result, detail);
	lying_stop(&server);
	if (treat == follow && result == CHECK_OK)
		assert_string_equal(server.request, "HELO check.example\r\nQUIT\r\n");
	return outcome;
}

static void test_good(void **state)
{
	const char *good = "greeted and answered HELO";

	(void)state;
	expect(follow, "220 a\r\n|250 b\r\n|221 c\r\n", CHECK_OK, good);
	expect(follow, "220-a\r\n220-\r\n220 \r\n|250\r\n|221 c\n~", CHECK_OK, good);
	/* It has said what it can do; how it says good-bye is its own business. */
	expect(follow, "220 a\r\n|250 b\r\n|", CHECK_OK, good);
	expect(follow, "220 a\r\n|250 b\r\n|500 c\r\n~", CHECK_OK, good);
}

/* Of what was asked last and decides; the answer to QUIT does not. */
static void test_code(void **state)
{
	(void)state;
	assert_int_equal(expect(follow, "220 a\r\n|250 b\r\n|500 c\r\n", CHECK_OK, "").code, 250);
	assert_int_equal(expect(follow, "220 a\r\n|250 b\r\n|", CHECK_OK, "").code, 250);
	assert_int_equal(expect(follow, "554 a\r\n~", CHECK_BAD_CONTENT, "").code, 554);
	assert_int_equal(expect(follow, "220 a\r\n|550 b\r\n~", CHECK_BAD_CONTENT, "").code, 550);
	assert_int_equal(expect(follow, "220 a\r\n|", CHECK_PROTOCOL_ERROR, "").code, 220);
	assert_int_equal(expect(follow, "221-a\r\n220 a\r\n~", CHECK_PROTOCOL_ERROR, "").code, 0);
	assert_int_equal(expect(lying_close, NULL, CHECK_PROTOCOL_ERROR, "").code, 0);
}

static void test_bad_codes(void **state)
{
	(void)state;
	expect(follow, "554 no service\x1b[2J\r\n~", CHECK_BAD_CONTENT,
	       "the greeting is \"554 no service?[2J\", wanted 220");
	expect(follow, "220 a\r\n|550 go away\r\n~", CHECK_BAD_CONTENT,
	       "the answer to HELO is \"550 go away\", wanted 250");
	expect(follow, "220 a\r\n|220 a\r\n~", CHECK_BAD_CONTENT, "is \"220 a\", wanted 250");
}

static void test_broken(void **state)
{
	const char *closed = "closed before the end of the greeting";

	(void)state;
	expect(lying_close, NULL, CHECK_PROTOCOL_ERROR, closed);
	expect(follow, "220 a", CHECK_PROTOCOL_ERROR, closed);
	expect(follow, "220-a\r\n", CHECK_PROTOCOL_ERROR, closed);
	expect(follow, "220 a\r\n|", CHECK_PROTOCOL_ERROR,
	       "closed before the end of the answer to HELO");
	expect(follow, "SSH-2.0-x\r\n~", CHECK_PROTOCOL_ERROR,
	       "the greeting is no SMTP reply: \"SSH-2.0-x\"");
	expect(follow, "220-a\r\n221 a\r\n~", CHECK_PROTOCOL_ERROR, "differ in their code");
	expect(flood, "220-a\r\n", CHECK_PROTOCOL_ERROR, "a reply larger than 16 KiB");
	expect(flood, "220 aaaa", CHECK_PROTOCOL_ERROR, "a reply larger than 16 KiB");
	expect(greet_and_reset, NULL, CHECK_PROTOCOL_ERROR,
	       "while waiting for the answer to HELO: Connection reset by peer");
}

static void test_refused(void **state)
{
	struct lying server;
	struct conf_checker conf;
	struct outcome outcome;

	(void)state;
	lying_start(&server, lying_close, NULL, 0);
	conf = lying_checker(CONF_SMTP_CHECK, &server);
	conf.smtp.helo_name = (char *)"check.example";
	lying_stop(&server);
	lying_probe(&conf, 1, &outcome);
	lying_expect(&outcome, CHECK_REFUSED, "Connection refused");
}

static void test_slow(void **state)
{
	struct outcome outcome;

	(void)state;
	outcome = expect(lying_silence, NULL, CHECK_TIMEOUT, "the greeting has not come in time");
	assert_true(outcome.latency_us >= TIMEOUT_US &&
		    outcome.latency_us < 2 * TIMEOUT_US + 300 * MS);
	expect(follow, "220 a\r\n|~", CHECK_TIMEOUT, "the answer to HELO has not come in time");
	expect(follow, "220 a\r\n|250 b\r\n|~", CHECK_TIMEOUT,
	       "the answer to QUIT has not come in time");
}

/* An octet now and then gains no time. */
static void trickle(int fd, const struct lying *server)
{
	(void)server;
	while (send(fd, "2", 1, MSG_NOSIGNAL) > 0)
		poll(NULL, 0, 20);
}

static void test_trickle(void **state)
{
	struct outcome outcome;

	(void)state;
	outcome = expect(trickle, NULL, CHECK_TIMEOUT, "the greeting has not come in time");
	assert_true(outcome.latency_us < TIMEOUT_US + 300 * MS);
}

/* ---- replies ---- */

static void expect_reply(const char *text, enum smtp_progress wanted, unsigned code, size_t left)
{
	for (size_t step = 1; step <= strlen(text); step++) {
		struct smtp_reply reply;
		enum smtp_progress progress = SMTP_MORE;
		size_t used = 0;

		smtp_reply_init(&reply);
		while (progress == SMTP_MORE && used < strlen(text)) {
			size_t n = strlen(text) - used < step ? strlen(text) - used : step;
			struct reader in = reader_of(text + used, n);

			progress = smtp_reply_feed(&reply, &in);
			used += n - in.left;
		}
		assert_int_equal(progress, wanted);
		assert_int_equal((reply.error != NULL), wanted == SMTP_BAD);
		assert_int_equal(reply.code, code);
		assert_int_equal(strlen(text) - used, left);
	}
}

static void test_replies(void **state)
{
	(void)state;
	expect_reply("220 a\r\n", SMTP_DONE, 220, 0);
	expect_reply("220\n250 x\r\n", SMTP_DONE, 220, 7);
	expect_reply("220-a\r\n220-b\r\n220 c\r\n250", SMTP_DONE, 220, 3);
	expect_reply("599 a\r\n", SMTP_DONE, 599, 0);
	expect_reply("220-a\r\n", SMTP_MORE, 220, 0);
	expect_reply("220 a", SMTP_MORE, 0, 0);
	expect_reply("120 a\r\n", SMTP_BAD, 0, 0);
	expect_reply("600 a\r\n", SMTP_BAD, 0, 0);
	expect_reply("2:0 a\r\n", SMTP_BAD, 0, 0);
	expect_reply("22\r\n", SMTP_BAD, 0, 0);
	expect_reply("\r\n220 a\r\n", SMTP_BAD, 0, 7);
	expect_reply("220:a\r\n", SMTP_BAD, 0, 0);
	expect_reply("2200 a\r\n", SMTP_BAD, 0, 0);
	expect_reply("220-a\r\n221 b\r\n", SMTP_BAD, 220, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	cmocka_unit_test(test_bad_codes),
		cmocka_unit_test(test_broken),	cmocka_unit_test(test_refused),
		cmocka_unit_test(test_slow),	cmocka_unit_test(test_trickle),
		cmocka_unit_test(test_replies), cmocka_unit_test(test_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
