/* SPDX-License-Identifier: MIT */
/*
 * Texts of mail. Names come from the configuration and details from servers, so whatever could end
 * a header line is replaced; text beyond ASCII is encoded in the subject as RFC 2047 says. Pure.
 */
#include "core/run/letter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/run/record.h"

/* ---- what is told ---- */

static const char *const state_words[LETTER_STATES] = {
	[LETTER_BACKUP] = "Entering BACKUP state",
	[LETTER_MASTER] = "Entering MASTER state",
	[LETTER_FAULT] = "Entering FAULT state",
	[LETTER_STOPPING] = "Stopping",
	[LETTER_DELETED] = "Deleted",
};

static const char *const instance_bodies[LETTER_STATES] = {
	[LETTER_BACKUP] = "VRRP Instance is no longer owning VRRP VIPs",
	[LETTER_MASTER] = "VRRP Instance is now owning VRRP VIPs",
	[LETTER_FAULT] = "VRRP Instance is no longer owning VRRP VIPs",
	[LETTER_STOPPING] = "VRRP Instance stopping",
	[LETTER_DELETED] = "VRRP Deleted at reload",
};

static const char *const group_bodies[LETTER_STATES] = {
	[LETTER_BACKUP] = "All VRRP group instances are now in BACKUP state",
	[LETTER_MASTER] = "All VRRP group instances are now in MASTER state",
	[LETTER_FAULT] = "All VRRP group instances are now in FAULT state",
	[LETTER_STOPPING] = "All VRRP group instances are now stopping",
	[LETTER_DELETED] = "All VRRP group instances are now stopping",
};

/* In the words of keepalived, whose checkers do not agree with each other. */
static const struct {
	const char *up, *down;
} check_bodies[CONF_CHECKER_TYPES] = {
	[CONF_TCP_CHECK] = {"TCP CHECK succeed on service", "TCP CHECK failed on service"},
	[CONF_HTTP_GET] = {"CHECK succeed on service", "CHECK failed on service"},
	[CONF_SSL_GET] = {"CHECK succeed on service", "CHECK failed on service"},
	[CONF_SMTP_CHECK] = {"CHECK succeed on service", "CHECK failed on service"},
	[CONF_DNS_CHECK] = {"DNS_CHECK: succeed on service", "DNS_CHECK: failed on service"},
	[CONF_MISC_CHECK] = {"MISC CHECK succeeded on service", "MISC CHECK failed on service"},
	[CONF_BFD_CHECK] = {"BFD CHECK succeeded on service", "BFD CHECK failed on service"},
	[CONF_UDP_CHECK] = {"UDP CHECK succeed on service", "UDP CHECK failed on service"},
	[CONF_PING_CHECK] = {"ICMP CHECK succeed on service", "ICMP CHECK failed on service"},
	[CONF_FILE_CHECK] = {"FILE CHECK succeed on service", "FILE CHECK failed on service"},
};

static bool tells_why(enum conf_checker_type checker)
{
	return checker == CONF_HTTP_GET || checker == CONF_SSL_GET || checker == CONF_SMTP_CHECK;
}

static void set_body(struct letter *letter, const char *text, const char *detail)
{
	snprintf(letter->body, sizeof letter->body, "=> %s%s%.160s <=", text, *detail ? " : " : "",
		 detail);
	letter_clean(letter->body);
}

static void set_subject(struct letter *letter, const char *what, const char *name, const char *word)
{
	snprintf(letter->subject, sizeof letter->subject, "%s %.440s - %s", what, name, word);
	letter_clean(letter->subject);
}

void letter_instance(struct letter *letter, const char *name, enum letter_state state)
{
	set_subject(letter, "VRRP Instance", name, state_words[state]);
	set_body(letter, instance_bodies[state], "");
}

void letter_group(struct letter *letter, const char *name, enum letter_state state)
{
	set_subject(letter, "VRRP Group", name, state_words[state]);
	set_body(letter, group_bodies[state], "");
}

static void set_server(struct letter *letter, const struct conf_virtual_server *service,
		       const struct conf_real_server *server, bool up)
{
	char text[RECORD_SUBJECT_MAX], own[RECORD_SUBJECT_MAX];

	record_name_service(text, service);
	record_name_server(own, service, server);
	snprintf(letter->subject, sizeof letter->subject,
		 "Realserver %.100s of virtual server %.340s - %s", own, text, up ? "UP" : "DOWN");
	letter_clean(letter->subject);
}

void letter_check(struct letter *letter, const struct conf_virtual_server *service,
		  const struct conf_real_server *server, bool up, enum conf_checker_type checker,
		  bool check_up, const char *detail)
{
	set_server(letter, service, server, up);
	set_body(letter, check_up ? check_bodies[checker].up : check_bodies[checker].down,
		 check_up || !tells_why(checker) ? "" : detail);
}

void letter_server_stopping(struct letter *letter, const struct conf_virtual_server *service,
			    const struct conf_real_server *server)
{
	set_server(letter, service, server, false);
	set_body(letter, "Shutting down", "");
}

static void set_service(struct letter *letter, const struct conf_virtual_server *service, bool up)
{
	char text[RECORD_SUBJECT_MAX];

	record_name_service(text, service);
	set_subject(letter, "Virtualserver", text, up ? "UP" : "DOWN");
}

/* The sum is keepalived's: of a lost quorum it says "2+1=1", the difference behind a plus sign. */
void letter_quorum(struct letter *letter, const struct conf_virtual_server *service, bool up,
		   uint32_t weight)
{
	long long quorum = service->quorum, hysteresis = service->hysteresis;
	char text[128];

	set_service(letter, service, up);
	snprintf(text, sizeof text, "%s quorum %lld+%lld=%lld <= %u", up ? "Gained" : "Lost",
		 quorum, hysteresis, up ? quorum + hysteresis : quorum - hysteresis, weight);
	set_body(letter, text, "");
}

void letter_quorum_stopping(struct letter *letter, const struct conf_virtual_server *service)
{
	set_service(letter, service, false);
	set_body(letter, "Shutting down", "");
}

/* ---- the message ---- */

/* Octets of text that one encoded word of a header takes, of the 75 that it may be long. */
#define WORD_OCTETS 45

static void write_base64(FILE *to, const unsigned char *from, size_t length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i;
		uint32_t bits = (uint32_t)from[i] << 16;

		if (left > 1)
			bits |= (uint32_t)from[i + 1] << 8;
		if (left > 2)
			bits |= from[i + 2];
		fputc(digits[bits >> 18], to);
		fputc(digits[bits >> 12 & 63], to);
		fputc(left > 1 ? digits[bits >> 6 & 63] : '=', to);
		fputc(left > 2 ? digits[bits & 63] : '=', to);
	}
}

static void write_clean(FILE *to, const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' || *text == '\x7f' ? ' ' : *text, to);
}

static bool is_ascii(const char *text)
{
	while (*text && !((unsigned char)*text & 0x80))
		text++;
	return !*text;
}

/* RFC 2047: words of UTF-8, none cut within a character. */
static void write_subject(FILE *to, const char *subject)
{
	size_t length = strlen(subject);

	fputs("Subject:", to);
	if (is_ascii(subject)) {
		fprintf(to, " %s\r\n", subject);
		return;
	}
	for (size_t at = 0, take; at < length; at += take) {
		take = length - at < WORD_OCTETS ? length - at : WORD_OCTETS;
		while (take > 1 && ((unsigned char)subject[at + take] & 0xc0) == 0x80)
			take--;
		fputs(at ? "\r\n =?utf-8?B?" : " =?utf-8?B?", to);
		write_base64(to, (const unsigned char *)subject + at, take);
		fputs("?=", to);
	}
	fputs("\r\n", to);
}

static void write_recipients(FILE *to, const struct conf_global *global)
{
	size_t column = 3;

	fputs("To:", to);
	for (size_t i = 0; i < global->n_emails; i++) {
		size_t length = strlen(global->emails[i]) + 2;

		if (i && column + length > 78) {
			fputs("\r\n", to);
			column = 0;
		}
		column += length;
		fputc(' ', to);
		write_clean(to, global->emails[i]);
		if (i + 1 < global->n_emails)
			fputc(',', to);
	}
	fputs("\r\n", to);
}

static void write_date(FILE *to, uint64_t wall_us)
{
	time_t seconds = (time_t)(wall_us / USEC_PER_SEC);
	char text[64];
	struct tm tm;

	if (localtime_r(&seconds, &tm) && strftime(text, sizeof text, "%a, %d %b %Y %T %z", &tm))
		fprintf(to, "Date: %s\r\n", text);
}

char *letter_format(const struct letter *letter, const struct conf_global *global, const char *host,
		    size_t *ret_length)
{
	char subject[2 * LETTER_TEXT_MAX];
	char *text = NULL;
	FILE *to = open_memstream(&text, ret_length);

	if (!to)
		return NULL;
	snprintf(subject, sizeof subject, "[%.255s] %s", global->router_id, letter->subject);
	letter_clean(subject);
	write_date(to, letter->wall_us);
	fputs("From: ", to);
	write_clean(to, global->email_from);
	fputs("\r\n", to);
	write_subject(to, subject);
	fputs("X-Mailer: vipd\r\n", to);
	write_recipients(to, global);
	fprintf(to, "Message-ID: <%" PRIu64 ".%" PRIu64 "@%s>\r\n", letter->wall_us, letter->number,
		host);
	fputs("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
	      "Auto-Submitted: auto-generated\r\n\r\n",
	      to);
	fprintf(to, "%s\r\n\r\n", letter->body);
	if (fclose(to) == 0)
		return text;
	free(text);
	return NULL;
}
