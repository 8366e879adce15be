/* SPDX-License-Identifier: MIT */
/* Unit tests of DNS_CHECK, UDP_CHECK and PING_CHECK against servers that lie, and of what they send
 * and read. Real servers: tests/net/test_checkers_datagrams.py. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/check/dns_message.h"
#include "core/check/echo_message.h"
#include "tests/unit/lying.h"

/* ---- ways to treat a datagram ---- */

static void silence(int fd, const struct lying *server)
{
	(void)fd;
	(void)server;
}

/* Sends its text. */
static void say(int fd, const struct lying *server)
{
	send(fd, server->text, server->size, 0);
}

static void echo(int fd, const struct lying *server)
{
	send(fd, server->request, server->request_size, 0);
}

/* Says its text as fast as it can for a second, that is: longer than the deadline. */
static void flood(int fd, const struct lying *server)
{
	uint64_t end_us = clock_now_us() + 4 * TIMEOUT_US;

	while (clock_now_us() < end_us)
		send(fd, server->text, server->size, 0);
}

/* The query as an answer, with these changes: flags at 2, answers at 6. */
static void send_answer(int fd, const struct lying *server, uint16_t id_change, uint16_t flags,
			size_t size)
{
	uint8_t answer[1024];
	struct writer w = writer_of(answer, sizeof answer);
	struct reader r = reader_of(server->request, server->request_size);

	write_be16(&w, read_be16(&r) ^ id_change);
	write_be16(&w, flags);
	write_be16(&w, 1);
	write_be16(&w, 3);
	write_octets(&w, server->request + 8, server->request_size - 8);
	send(fd, answer, size < w.used ? size : w.used, 0);
}

static void answer(int fd, const struct lying *server)
{
	send_answer(fd, server, 0, 0x8180, SIZE_MAX);
}

static void answer_nxdomain(int fd, const struct lying *server)
{
	send_answer(fd, server, 0, 0x8183, SIZE_MAX);
}

static void answer_odd_status(int fd, const struct lying *server)
{
	send_answer(fd, server, 0, 0x818f, SIZE_MAX);
}

static void answer_truncated(int fd, const struct lying *server)
{
	send_answer(fd, server, 0, 0x8380, 12);
}

static void answer_cut(int fd, const struct lying *server)
{
	send_answer(fd, server, 0, 0x8180, 11);
}

static void answer_other_first(int fd, const struct lying *server)
{
	send_answer(fd, server, 1, 0x8183, SIZE_MAX);
	send(fd, "", 0, 0);
	answer(fd, server);
}

static void answer_other(int fd, const struct lying *server)
{
	send_answer(fd, server, 0x8000, 0x8180, SIZE_MAX);
}

/* ---- probes ---- */

static struct outcome expect(struct conf_checker *conf, lying_treat_fn *treat, const char *text,
			     size_t size, enum check_result result, const char *detail)
{
	struct lying server;
	struct outcome outcome;

	lying_start_datagrams(&server, treat, text, size);
	conf->connect_port = server.port;
	lying_probe(conf, 1, &outcome);
	lying_expect(&outcome, result, detail);
	assert_true(outcome.latency_us < TIMEOUT_US + 300 * MS);
	lying_stop(&server);
	return outcome;
}

static void expect_refused(struct conf_checker *conf)
{
	struct lying server;
	struct outcome outcome;

	lying_start_datagrams(&server, silence, NULL, 0);
	conf->connect_port = server.port;
	lying_stop(&server); /* a port that is free */
	lying_probe(conf, 1, &outcome);
	lying_expect(&outcome, CHECK_REFUSED, "Connection refused");
	assert_true(outcome.latency_us < TIMEOUT_US);
}

static struct conf_checker checker(enum conf_checker_type type)
{
	struct lying server = {.port = 1};
	struct conf_checker conf = lying_checker(type, &server);

	if (type == CONF_DNS_CHECK) {
		conf.dns.type = 6;
		conf.dns.name = (char *)"example.org";
	}
	if (type == CONF_UDP_CHECK)
		conf.udp.max_reply_bytes = 255;
	return conf;
}

/* ---- DNS_CHECK ---- */

static void test_dns(void **state)
{
	struct conf_checker conf = checker(CONF_DNS_CHECK);
	struct outcome outcome;

	(void)state;
	expect(&conf, answer, NULL, 0, CHECK_OK, "NOERROR, 3 records");
	expect(&conf, answer_truncated, NULL, 0, CHECK_OK, "NOERROR, 3 records");
	outcome = expect(&conf, answer_nxdomain, NULL, 0, CHECK_BAD_CONTENT, "answered NXDOMAIN");
	assert_int_equal(outcome.code, 3);
	outcome =
		expect(&conf, answer_odd_status, NULL, 0, CHECK_BAD_CONTENT, "answered status 15");
	assert_int_equal(outcome.code, 15);
	expect(&conf, answer_other_first, NULL, 0, CHECK_OK, "NOERROR");
	outcome = expect(&conf, silence, NULL, 0, CHECK_TIMEOUT, "no answer in time");
	assert_int_equal(outcome.code, 0);
	assert_true(outcome.latency_us >= TIMEOUT_US);
	expect_refused(&conf);
}

static void test_dns_lies(void **state)
{
	struct conf_checker conf = checker(CONF_DNS_CHECK);
	const char *one = "no answer in time, but 1 datagrams that are none to the query";

	(void)state;
	expect(&conf, answer_other, NULL, 0, CHECK_TIMEOUT, one);
	expect(&conf, answer_cut, NULL, 0, CHECK_TIMEOUT, one);
	expect(&conf, echo, NULL, 0, CHECK_TIMEOUT, one); /* a query is no answer */
	expect(&conf, say, "", 0, CHECK_TIMEOUT, one);
	expect(&conf, flood, "garbage", 7, CHECK_TIMEOUT, "datagrams that are none to the query");
}

static void expect_query(const char *name, const char *labels, size_t size)
{
	uint8_t room[DNS_QUERY_MAX];
	size_t n = dns_query(0x1234, 28, name, room);

	assert_int_equal(n, 12 + size + 4);
	assert_memory_equal(room, "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
	assert_memory_equal(room + 12, labels, size);
	assert_memory_equal(room + 12 + size, "\x00\x1c\x00\x01", 4);
}

static void test_dns_query(void **state)
{
	char name[256], labels[255];
	uint8_t room[DNS_QUERY_MAX];

	(void)state;
	expect_query(".", "", 1);
	expect_query("", "", 1);
	expect_query("example.org", "\7example\3org", 13);
	expect_query("a.example.org.", "\1a\7example\3org", 15);
	/* As long as names get: 253 octets of text. */
	memset(name, 'x', sizeof name);
	name[63] = name[127] = name[191] = '.';
	name[253] = '\0';
	memcpy(labels + 1, name, 253);
	labels[0] = labels[64] = labels[128] = 63;
	labels[192] = 61;
	labels[254] = 0;
	expect_query(name, labels, sizeof labels);
	strcpy(name + 253, "xx");
	assert_int_equal(dns_query(1, 1, name, room), 0);
}

/* ---- UDP_CHECK ---- */

static void test_udp(void **state)
{
	struct conf_checker conf = checker(CONF_UDP_CHECK);
	uint8_t payload[] = {0x12, 0, 0xff}, mask[] = {0xff, 0xff, 0xff};
	struct outcome outcome;
	struct lying server;

	(void)state;
	outcome = expect(&conf, silence, NULL, 0, CHECK_OK, "nothing was said against it");
	assert_true(outcome.latency_us >= TIMEOUT_US);
	expect(&conf, echo, NULL, 0, CHECK_OK, "reply of 16 octets");
	expect_refused(&conf);
	conf.udp.payload = (struct conf_octets){payload, mask, 3};
	lying_start_datagrams(&server, echo, NULL, 0);
	conf.connect_port = server.port;
	lying_probe(&conf, 1, &outcome);
	lying_expect(&outcome, CHECK_OK, "reply of 3 octets");
	lying_stop(&server);
	assert_int_equal(server.request_size, 3);
	assert_memory_equal(server.request, payload, 3);
	/* Without require_reply its size is nobody's business. */
	conf.udp.max_reply_bytes = 1;
	expect(&conf, echo, NULL, 0, CHECK_OK, "reply of 3 octets");
}

static void test_udp_reply(void **state)
{
	struct conf_checker conf = checker(CONF_UDP_CHECK);
	uint8_t wanted[] = {0xab, 0x0d, 0x0f}, mask[] = {0xff, 0x0f, 0xff};
	struct outcome outcome;

	(void)state;
	conf.udp.require_reply = true;
	outcome = expect(&conf, silence, NULL, 0, CHECK_TIMEOUT, "no reply in time");
	assert_true(outcome.latency_us >= TIMEOUT_US);
	expect_refused(&conf);
	expect(&conf, say, "", 0, CHECK_OK, "reply of 0 octets");
	conf.udp.min_reply_bytes = 2;
	conf.udp.max_reply_bytes = 4;
	expect(&conf, say, "x", 1, CHECK_BAD_CONTENT, "reply of 1 octets, wanted 2 to 4");
	expect(&conf, say, "xxxxx", 5, CHECK_BAD_CONTENT, "reply of 5 octets, wanted 2 to 4");
	conf.udp.reply = (struct conf_octets){wanted, mask, 3};
	expect(&conf, say, "\xab\x7d", 2, CHECK_OK, "reply of 2 octets");
	expect(&conf, say, "\xab\x7d\x0f\x99", 4, CHECK_OK, "reply of 4 octets");
	expect(&conf, say, "\xab\x7e\x0f", 3, CHECK_BAD_CONTENT,
	       "reply differs at octet 1: 7e, wanted 0d");
	expect(&conf, flood, "\xab\x7d\x0e", 3, CHECK_BAD_CONTENT,
	       "reply differs at octet 2: 0e, wanted 0f");
}

static void test_udp_large(void **state)
{
	struct conf_checker conf = checker(CONF_UDP_CHECK);
	char *text = calloc(1, 65507);

	(void)state;
	conf.udp.require_reply = true;
	conf.udp.max_reply_bytes = UINT16_MAX;
	expect(&conf, say, text, 65507, CHECK_OK, "reply of 65507 octets");
	free(text);
}

/* ---- PING_CHECK ---- */

static void test_echo_message(void **state)
{
	const struct echo echo = {.family = AF_INET, .id = 0x1234, .mark = {1, 2, 3}};
	struct echo other = echo, echo6 = echo;
	uint8_t room[20 + ECHO_OCTETS + 1] = {0x45};

	(void)state;
	echo_request(&echo, room + 20);
	assert_int_equal(room[20], 8);
	assert_true(echo_is_request(&echo, room + 20, 8));
	assert_false(echo_is_request(&echo, room + 20, 7));
	other.id++;
	assert_false(echo_is_request(&other, room + 20, ECHO_OCTETS));
	other.id--;
	assert_int_equal(checksum_finish(checksum_add(0, room + 20, ECHO_OCTETS)), 0);
	assert_false(echo_is_reply(&echo, room, 20 + ECHO_OCTETS)); /* a request */
	room[20] = 0;
	assert_true(echo_is_reply(&echo, room, 20 + ECHO_OCTETS));
	assert_false(echo_is_reply(&echo, room, 19 + ECHO_OCTETS));
	assert_false(echo_is_reply(&echo, room, 21 + ECHO_OCTETS));
	room[0] = 0x46; /* a header that is longer than it is */
	assert_false(echo_is_reply(&echo, room, 20 + ECHO_OCTETS));
	room[0] = 0x40; /* none */
	assert_false(echo_is_reply(&echo, room, 20 + ECHO_OCTETS));
	room[0] = 0x45;
	other.id++;
	assert_false(echo_is_reply(&other, room, 20 + ECHO_OCTETS));
	other.id--;
	other.mark[15]++;
	assert_false(echo_is_reply(&other, room, 20 + ECHO_OCTETS));
	assert_false(echo_is_reply(&echo, room, 0));

	echo6.family = AF_INET6;
	echo_request(&echo6, room);
	assert_memory_equal(room, "\x80\x00\x00\x00\x12\x34\x00\x01\x01\x02\x03", 11);
	room[0] = 129;
	room[2] = 0x55; /* the checksum was the kernel's to judge */
	assert_true(echo_is_reply(&echo6, room, ECHO_OCTETS));
	room[1] = 1;
	assert_false(echo_is_reply(&echo6, room, ECHO_OCTETS));
}

/* Answers by the kernel itself. Without permission for a raw socket that is said, and no verdict.
 */
static void test_ping(void **state)
{
	struct conf_checker conf = checker(CONF_PING_CHECK);
	struct outcome outcome;

	(void)state;
	lying_probe(&conf, 3, &outcome);
	if (outcome.result == CHECK_LOCAL_ERROR)
		lying_expect(&outcome, CHECK_LOCAL_ERROR, "cannot open a socket");
	else
		lying_expect(&outcome, CHECK_OK, "echo reply");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dns),	     cmocka_unit_test(test_dns_lies),
		cmocka_unit_test(test_dns_query),    cmocka_unit_test(test_udp),
		cmocka_unit_test(test_udp_reply),    cmocka_unit_test(test_udp_large),
		cmocka_unit_test(test_echo_message), cmocka_unit_test(test_ping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
