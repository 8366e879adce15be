/* SPDX-License-Identifier: MIT */
/*
 * SMTP by libcurl's blocking interface. Every answer must come within smtp_connect_timeout, the
 * whole within a multiple of it. TLS and authentication are not used, nor is any proxy of the
 * environment: keepalived.conf has no words for them.
 */
#include "core/run/smtp.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/run/letter.h"

struct smtp {
	CURL *curl;
	char error[CURL_ERROR_SIZE];
	/* of the transaction under way */
	const char *text;
	size_t left;
	char recipient[LETTER_ADDRESS_MAX]; /* that the server is asked about; "": none */
	char answer[128];		    /* the last one that was no good, "" before */
	struct smtp_result *result;
};

/* ---- what libcurl calls ---- */

static size_t on_read(char *room, size_t size, size_t count, void *owner)
{
	struct smtp *smtp = owner;
	size_t length = size * count < smtp->left ? size * count : smtp->left;

	memcpy(room, smtp->text, length);
	smtp->text += length;
	smtp->left -= length;
	return length;
}

static void copy_line(char *room, size_t size, const char *line, size_t length)
{
	size_t end = 0;

	while (end < length && end + 1 < size && line[end] != '\r' && line[end] != '\n') {
		room[end] = line[end] >= ' ' && line[end] <= '~' ? line[end] : '?';
		end++;
	}
	room[end] = '\0';
}

static void note_command(struct smtp *smtp, const char *line, size_t length)
{
	static const char word[] = "RCPT TO:";
	size_t skip = sizeof word - 1;

	smtp->recipient[0] = '\0';
	if (length > skip && !strncasecmp(line, word, skip))
		copy_line(smtp->recipient, sizeof smtp->recipient, line + skip, length - skip);
}

static void note_answer(struct smtp *smtp, const char *line, size_t length)
{
	struct smtp_result *result = smtp->result;

	if (length < 4 || (line[0] != '4' && line[0] != '5') || line[3] == '-')
		return;
	copy_line(smtp->answer, sizeof smtp->answer, line, length);
	if (smtp->recipient[0] && !result->n_refused++)
		snprintf(result->refusal, sizeof result->refusal, "%.100s: %s", smtp->recipient,
			 smtp->answer);
}

static int on_talk(CURL *curl, curl_infotype type, char *data, size_t length, void *owner)
{
	(void)curl;
	if (type == CURLINFO_HEADER_OUT)
		note_command(owner, data, length);
	else if (type == CURLINFO_HEADER_IN)
		note_answer(owner, data, length);
	return 0;
}

/* ---- one message ---- */

/* smtp://SERVER:PORT/NAME; NULL: no memory. */
static char *make_url(struct smtp *smtp, const struct smtp_request *request)
{
	char *name = curl_easy_escape(smtp->curl, request->name, 0), *url = NULL;
	bool literal = strchr(request->server, ':') != NULL;

	if (name && asprintf(&url, "smtp://%s%s%s:%u/%s", literal ? "[" : "", request->server,
			     literal ? "]" : "", request->port, name) < 0)
		url = NULL;
	curl_free(name);
	return url;
}

static struct curl_slist *list_recipients(const struct smtp_request *request)
{
	struct curl_slist *list = NULL;

	for (size_t i = 0; i < request->n_recipients; i++) {
		char address[LETTER_ADDRESS_MAX];
		struct curl_slist *longer =
			curl_slist_append(list, letter_address(request->recipients[i], address));

		if (!longer) {
			curl_slist_free_all(list);
			return NULL;
		}
		list = longer;
	}
	return list;
}

static void set_limits(CURL *curl, const struct smtp_request *request)
{
	long ms = request->timeout_ms;

	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, ms);
	curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (ms + 999) / 1000);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)smtp_longest_ms(request));
}

static void set_up(struct smtp *smtp)
{
	CURL *curl = smtp->curl;

	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, smtp->error);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(curl, CURLOPT_READDATA, smtp);
	curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L); /* what calls on_talk */
	curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_talk);
	curl_easy_setopt(curl, CURLOPT_DEBUGDATA, smtp);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
}

/* What the server said last counts more than what libcurl makes of it. */
static void judge(struct smtp *smtp, CURLcode code)
{
	struct smtp_result *result = smtp->result;

	if (code == CURLE_OK) {
		result->verdict = SMTP_SENT;
		return;
	}
	bool answered = code != CURLE_OPERATION_TIMEDOUT && smtp->answer[0];
	bool wrong = code == CURLE_URL_MALFORMAT;
	const char *why = answered	   ? smtp->answer
			  : smtp->error[0] ? smtp->error
					   : curl_easy_strerror(code);
	result->verdict = wrong || (answered && smtp->answer[0] == '5') ? SMTP_REFUSED : SMTP_LATER;
	result->n_refused = 0;
	copy_line(result->detail, sizeof result->detail, why, strlen(why));
}

static CURLcode transact(struct smtp *smtp, const char *url, const char *from,
			 struct curl_slist *recipients)
{
	if (!url || !recipients)
		return CURLE_OUT_OF_MEMORY;
	curl_easy_setopt(smtp->curl, CURLOPT_URL, url);
	curl_easy_setopt(smtp->curl, CURLOPT_MAIL_FROM, from);
	curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, recipients);
	return curl_easy_perform(smtp->curl);
}

void smtp_send(struct smtp *smtp, const struct smtp_request *request, struct smtp_result *ret)
{
	struct curl_slist *recipients = list_recipients(request);
	char from[LETTER_ADDRESS_MAX];
	char *url = make_url(smtp, request);

	*ret = (struct smtp_result){0};
	smtp->text = request->text;
	smtp->left = strlen(request->text);
	smtp->recipient[0] = smtp->answer[0] = smtp->error[0] = '\0';
	smtp->result = ret;
	set_up(smtp);
	set_limits(smtp->curl, request);
	curl_easy_setopt(smtp->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)smtp->left);
	curl_easy_setopt(smtp->curl, CURLOPT_FORBID_REUSE, request->more ? 0L : 1L);
	judge(smtp, transact(smtp, url, letter_address(request->from, from), recipients));
	curl_slist_free_all(recipients);
	free(url);
}

/* ---- life ---- */

int smtp_new(struct smtp **ret)
{
	struct smtp *smtp = calloc(1, sizeof *smtp);

	/* Nothing of TLS is used. */
	if (smtp && !curl_global_init(CURL_GLOBAL_NOTHING))
		smtp->curl = curl_easy_init();
	if (!smtp || !smtp->curl) {
		free(smtp);
		return -ENOMEM;
	}
	*ret = smtp;
	return 0;
}

struct smtp *smtp_free(struct smtp *smtp)
{
	if (!smtp)
		return NULL;
	curl_easy_cleanup(smtp->curl);
	curl_global_cleanup();
	free(smtp);
	return NULL;
}
