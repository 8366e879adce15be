/* SPDX-License-Identifier: MIT */
/*
 * What a reply to HTTP_GET or SSL_GET is worth: any body at all, status, length, digest, regex, in
 * keepalived's order. Thread: check.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/ip.h"
#include "core/base/log.h"
#include "core/check/body_search.h"
#include "core/check/http_probe.h"
#include "core/check/text.h"
#include "core/check/tls.h"

const struct conf_url *http_url(const struct check *check)
{
	return &check->conf->urls[check->verdict.url];
}

static bool is_wanted(const struct conf_url *url, unsigned status)
{
	unsigned bit = status - 100;

	return status >= 100 && status < 600 && (url->status[bit / 8] >> bit % 8 & 1);
}

/* "200-299,301" into room, cut where it ends. */
static const char *format_wanted(const struct conf_url *url, char *room, size_t size)
{
	size_t used = 0;

	room[0] = '\0';
	for (unsigned first = 100; first < 600 && used < size; first++) {
		unsigned last = first;

		if (!is_wanted(url, first))
			continue;
		while (is_wanted(url, last + 1))
			last++;
		used += (size_t)snprintf(room + used, size - used,
					 last > first ? "%s%u-%u" : "%s%u", used ? "," : "", first,
					 last);
		first = last;
	}
	return room;
}

static const char *format_hex(const uint8_t digest[static 16], char room[static 33])
{
	for (size_t i = 0; i < 16; i++)
		snprintf(room + 2 * i, 3, "%02x", digest[i]);
	return room;
}

/* Once for each check: a server like that is so at every attempt. */
static void tell_length(struct check *check)
{
	const struct http_reply *reply = &((const struct http_probe *)check->probe)->reply;
	char ip[IP_TEXT_MAX], what[80];

	if (check->length_told)
		return;
	check->length_told = true;
	if (!reply->has_length)
		snprintf(what, sizeof what, "it cannot be read");
	else if (reply->body < reply->length)
		snprintf(what, sizeof what, "%llu announced, %llu received",
			 (unsigned long long)reply->length, (unsigned long long)reply->body);
	else
		snprintf(what, sizeof what, "%llu announced, more received",
			 (unsigned long long)reply->length);
	log_notice("check", "%s port %u: %s: wrong Content-Length: %s",
		   ip_format(&check->conf->connect_ip, ip), check->conf->connect_port,
		   http_url(check)->path, what);
}

/* False: check_done() was called. */
static bool judge_digest(struct check *check)
{
	struct http_probe *probe = check->probe;
	const struct conf_url *url = http_url(check);
	uint8_t digest[16];
	char found[33], wanted[33];

	if (!probe->md5)
		return true;
	if (md5_finish(probe->md5, digest) < 0)
		check_done(check, CHECK_LOCAL_ERROR, "cannot compute MD5");
	else if (memcmp(digest, url->digest, sizeof digest) != 0)
		check_done_format(check, CHECK_BAD_CONTENT, "digest %s, wanted %s",
				  format_hex(digest, found), format_hex(url->digest, wanted));
	else
		return true;
	return false;
}

/* False: check_done() was called. */
static bool judge_regex(struct check *check)
{
	struct http_probe *probe = check->probe;
	bool no_match = http_url(check)->regex.no_match;
	enum body_result result;

	if (!probe->search)
		return true;
	result = body_search_finish(probe->search);
	if (result == BODY_GIVEN_UP)
		check_done_format(check, CHECK_BAD_CONTENT, "the search for the regex %s",
				  body_search_error(probe->search));
	else if ((result == BODY_MATCHES) == no_match)
		check_done(check, CHECK_BAD_CONTENT,
			   no_match ? "regex matches" : "regex does not match");
	else
		return true;
	return false;
}

static void judge_body(struct check *check)
{
	const struct http_probe *probe = check->probe;
	const char *digest = probe->md5 ? ", digest matches" : "";
	const char *regex =
		http_url(check)->regex.no_match ? ", no regex match" : ", regex matches";

	if (probe->reply.length_wrong)
		tell_length(check);
	if (!judge_digest(check) || !judge_regex(check))
		return;
	if (probe->md5 || probe->search)
		check_done_format(check, CHECK_OK, "status %u%s%s", probe->reply.status, digest,
				  probe->search ? regex : "");
	else
		check_done_format(check, CHECK_OK, "status %u, %llu octets", probe->reply.status,
				  (unsigned long long)probe->reply.body);
}

void http_judge(struct check *check)
{
	const struct http_reply *reply = &((const struct http_probe *)check->probe)->reply;
	char wanted[64];

	if (reply->body == 0)
		check_done_format(check, CHECK_BAD_CONTENT, "status %u, empty body", reply->status);
	else if (!is_wanted(http_url(check), reply->status))
		check_done_format(check, CHECK_BAD_CONTENT, "status %u, wanted %s", reply->status,
				  format_wanted(http_url(check), wanted, sizeof wanted));
	else
		judge_body(check);
}

/* A reply that is no HTTP is quoted: "SSH-2.0-..." says more than an error code. */
void http_judge_bad(struct check *check)
{
	const struct http_reply *reply = &((const struct http_probe *)check->probe)->reply;
	char quote[HTTP_STARTED_MAX + 1];

	text_clean(quote, sizeof quote, reply->started, reply->started_size);
	if (reply->status == 0 && reply->started_size)
		check_done_format(check, CHECK_PROTOCOL_ERROR, "%s: \"%s\"", reply->error, quote);
	else
		check_done(check, CHECK_PROTOCOL_ERROR, reply->error);
}
