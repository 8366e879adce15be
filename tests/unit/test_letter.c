/* SPDX-License-Identifier: MIT */
/*
 * Mail as text: subjects and bodies as keepalived writes them, headers that no name can break, long
 * and foreign ones.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/run/letter.h"

static struct svc_key keys[3];
static struct conf_virtual_server by_address, by_mark, by_group;
static struct conf_real_server server;

static int set_up(void **state)
{
	(void)state;
	keys[0].ip.family = AF_INET6;
	assert_int_equal(ip_parse("2001:db8::1", &keys[0].ip), 0);
	keys[0].port = 80;
	keys[1].fwmark = 7;
	by_address = (struct conf_virtual_server){.type = CONF_VS_ADDRESS,
						  .keys = &keys[0],
						  .protocol = IPPROTO_TCP,
						  .quorum = 3,
						  .hysteresis = 1};
	by_mark = (struct conf_virtual_server){.type = CONF_VS_FWMARK, .keys = &keys[1]};
	by_group = (struct conf_virtual_server){.type = CONF_VS_GROUP,
						.keys = &keys[2],
						.group_name = (char *)"GRP",
						.protocol = IPPROTO_UDP};
	assert_int_equal(ip_parse("192.0.2.1", &server.key.ip), 0);
	server.key.port = 8080;
	return 0;
}

static void is_told(const struct letter *letter, const char *subject, const char *body)
{
	assert_string_equal(letter->subject, subject);
	assert_string_equal(letter->body, body);
}

static void test_routers(void **state)
{
	struct letter letter = {0};

	(void)state;
	letter_instance(&letter, "V 1", LETTER_MASTER);
	is_told(&letter, "VRRP Instance V 1 - Entering MASTER state",
		"=> VRRP Instance is now owning VRRP VIPs <=");
	letter_instance(&letter, "V", LETTER_BACKUP);
	is_told(&letter, "VRRP Instance V - Entering BACKUP state",
		"=> VRRP Instance is no longer owning VRRP VIPs <=");
	letter_instance(&letter, "V", LETTER_FAULT);
	is_told(&letter, "VRRP Instance V - Entering FAULT state",
		"=> VRRP Instance is no longer owning VRRP VIPs <=");
	letter_instance(&letter, "V", LETTER_STOPPING);
	is_told(&letter, "VRRP Instance V - Stopping", "=> VRRP Instance stopping <=");
	letter_instance(&letter, "V", LETTER_DELETED);
	is_told(&letter, "VRRP Instance V - Deleted", "=> VRRP Deleted at reload <=");
	letter_group(&letter, "G", LETTER_FAULT);
	is_told(&letter, "VRRP Group G - Entering FAULT state",
		"=> All VRRP group instances are now in FAULT state <=");
	letter_group(&letter, "G", LETTER_STOPPING);
	is_told(&letter, "VRRP Group G - Stopping",
		"=> All VRRP group instances are now stopping <=");
}

static void test_servers(void **state)
{
	struct letter letter = {0};

	(void)state;
	letter_check(&letter, &by_address, &server, true, CONF_TCP_CHECK, true, "");
	is_told(&letter,
		"Realserver [192.0.2.1]:tcp:8080 of virtual server [2001:db8::1]:tcp:80 - UP",
		"=> TCP CHECK succeed on service <=");
	letter_check(&letter, &by_mark, &server, false, CONF_MISC_CHECK, true, "");
	is_told(&letter, "Realserver [192.0.2.1]:none:8080 of virtual server FWM 7 - DOWN",
		"=> MISC CHECK succeeded on service <=");
	letter_check(&letter, &by_group, &server, false, CONF_HTTP_GET, false, "status\r\n404");
	is_told(&letter, "Realserver [192.0.2.1]:udp:8080 of virtual server [GRP]:0 - DOWN",
		"=> CHECK failed on service : status  404 <=");
	letter_server_stopping(&letter, &by_group, &server);
	is_told(&letter, "Realserver [192.0.2.1]:udp:8080 of virtual server [GRP]:0 - DOWN",
		"=> Shutting down <=");
	letter_quorum(&letter, &by_address, true, 4);
	is_told(&letter, "Virtualserver [2001:db8::1]:tcp:80 - UP",
		"=> Gained quorum 3+1=4 <= 4 <=");
	letter_quorum(&letter, &by_address, false, 1);
	is_told(&letter, "Virtualserver [2001:db8::1]:tcp:80 - DOWN",
		"=> Lost quorum 3+1=2 <= 1 <=");
	letter_quorum_stopping(&letter, &by_mark);
	is_told(&letter, "Virtualserver FWM 7 - DOWN", "=> Shutting down <=");
}

static void test_every_checker_has_words(void **state)
{
	struct letter letter = {0};

	(void)state;
	for (int i = 0; i < CONF_CHECKER_TYPES; i++) {
		for (int up = 0; up < 2; up++) {
			letter_check(&letter, &by_mark, &server, up, (enum conf_checker_type)i, up,
				     "");
			assert_non_null(strstr(letter.body, "CHECK"));
			assert_non_null(strstr(letter.body, up ? " succe" : " failed"));
		}
	}
}

/* ---- whole messages ---- */

static char *write_message(struct conf_global *global, const char *subject)
{
	struct letter letter = {.wall_us = 86400 * USEC_PER_SEC + 42, .number = 7};
	size_t length = 0;

	if (!global->router_id)
		global->router_id = (char *)"NODE";
	if (!global->email_from)
		global->email_from = (char *)"node@example.com";
	letter_instance(&letter, subject, LETTER_MASTER);
	char *text = letter_format(&letter, global, "host.example.com", &length);
	assert_non_null(text);
	assert_int_equal(strlen(text), length);
	return text;
}

static void test_a_message(void **state)
{
	char *emails[] = {(char *)"a@example.org", (char *)"B <b@example.org>"};
	struct conf_global global = {.emails = emails, .n_emails = 2};

	(void)state;
	setenv("TZ", "UTC-1:30", 1);
	tzset();
	char *text = write_message(&global, "V");
	assert_string_equal(text, "Date: Fri, 02 Jan 1970 01:30:00 +0130\r\n"
				  "From: node@example.com\r\n"
				  "Subject: [NODE] VRRP Instance V - Entering MASTER state\r\n"
				  "X-Mailer: vipd\r\n"
				  "To: a@example.org, B <b@example.org>\r\n"
				  "Message-ID: <86400000042.7@host.example.com>\r\n"
				  "MIME-Version: 1.0\r\n"
				  "Content-Type: text/plain; charset=utf-8\r\n"
				  "Auto-Submitted: auto-generated\r\n"
				  "\r\n"
				  "=> VRRP Instance is now owning VRRP VIPs <=\r\n"
				  "\r\n");
	free(text);
}

static void test_no_name_makes_a_header(void **state)
{
	char *emails[] = {(char *)"a@example.org\r\nBcc: evil@example.org"};
	struct conf_global global = {.router_id = (char *)"N\nEvil: 1",
				     .email_from = (char *)"n@e\rEvil: 2",
				     .emails = emails,
				     .n_emails = 1};

	(void)state;
	char *text = write_message(&global, "V\r\n\r\nEvil: 3");
	assert_non_null(strstr(text, "Subject: [N Evil: 1] VRRP Instance V    Evil: 3 - Ent"));
	assert_null(strstr(text, "\nEvil"));
	assert_null(strstr(text, "\rEvil"));
	assert_null(strstr(text, "\nBcc"));
	free(text);
}

static void test_foreign_names_are_encoded_and_never_cut_within_a_character(void **state)
{
	/* 44 octets of ASCII stand before what would be cut at 45. */
	struct conf_global global = {.router_id = (char *)"\xc3\xa4"};
	char name[64];

	(void)state;
	snprintf(name, sizeof name, "%025d\xe2\x82\xac", 0);
	char *text = write_message(&global, name);
	assert_non_null(strstr(text, "Subject: =?utf-8?B?W8OkXSBWUlJQIEluc3Rhbm"));
	assert_non_null(strstr(text, "?=\r\n =?utf-8?B?4oKsIC0g"));
	free(text);
}

static void test_long_lists_and_names_are_folded_and_cut(void **state)
{
	char *emails[40], name[2000];
	struct conf_global global = {.emails = emails, .n_emails = 40};

	(void)state;
	for (size_t i = 0; i < 40; i++)
		emails[i] = (char *)"somebody@mail.example.org";
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	char *text = write_message(&global, name);
	for (const char *line = text; *line; line = strstr(line, "\r\n") + 2)
		assert_true(strstr(line, "\r\n") - line <= 998);
	assert_non_null(strstr(text, "somebody@mail.example.org,\r\n somebody@mail.example.org,"));
	assert_non_null(strstr(text, "xx - Entering MASTER state\r\n"));
	free(text);
}

static void test_addresses(void **state)
{
	char room[LETTER_ADDRESS_MAX];

	(void)state;
	assert_string_equal(letter_address("a@b", room), "a@b");
	assert_string_equal(letter_address("A B <a@b>", room), "a@b");
	assert_string_equal(letter_address("<a@b", room), "a@b");
	assert_string_equal(letter_address("a@b\r\nDATA", room), "a@b  DATA");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routers),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_every_checker_has_words),
		cmocka_unit_test(test_a_message),
		cmocka_unit_test(test_no_name_makes_a_header),
		cmocka_unit_test(test_foreign_names_are_encoded_and_never_cut_within_a_character),
		cmocka_unit_test(test_long_lists_and_names_are_folded_and_cut),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
