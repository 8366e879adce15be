/* SPDX-License-Identifier: MIT */
/*
 * A state machine over lines and body octets. Lines are collected up to a fixed size and counted
 * beyond it; a step consumes at least one octet, so input of n octets takes at most n steps however
 * it is cut. Pure.
 */
#include "core/check/http_reply.h"

#include <string.h>
#include <strings.h>

#include "core/base/buf.h"

/* One piece of a line, not terminated. */
struct span {
	const char *at;
	size_t size;
};

static void fail(struct http_reply *reply, const char *error)
{
	reply->state = HTTP_AT_ERROR;
	reply->error = error;
}

void http_reply_init(struct http_reply *reply, http_body_fn *on_body, void *owner)
{
	*reply = (struct http_reply){.on_body = on_body, .owner = owner};
}

static enum http_progress progress(const struct http_reply *reply)
{
	if (reply->state == HTTP_AT_ERROR)
		return HTTP_BAD;
	return reply->state == HTTP_AT_END ? HTTP_DONE : HTTP_MORE;
}

/* ---- small text ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct span trim(struct span s)
{
	while (s.size && is_blank(s.at[0])) {
		s.at++;
		s.size--;
	}
	while (s.size && is_blank(s.at[s.size - 1]))
		s.size--;
	return s;
}

static bool is_word(struct span s, const char *word)
{
	return s.size == strlen(word) && strncasecmp(s.at, word, s.size) == 0;
}

/* Value of a hexadecimal digit, 16 for anything else. */
static unsigned hex_value(char c)
{
	if (is_digit(c))
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A' + 10);
	return 16;
}

/* The digits at the start of s, moved behind them. False: none, or more than 64 bits. */
static bool read_number(struct span *s, unsigned base, uint64_t *ret)
{
	uint64_t value = 0;
	size_t n = 0;

	for (; n < s->size && hex_value(s->at[n]) < base; n++) {
		if (value > (UINT64_MAX - 15) / base)
			return false;
		value = value * base + hex_value(s->at[n]);
	}
	s->at += n;
	s->size -= n;
	*ret = value;
	return n > 0;
}

/* ---- lines ---- */

static void keep_octet(struct http_reply *reply, char octet)
{
	if (reply->state == HTTP_AT_STATUS && reply->started_size < HTTP_STARTED_MAX)
		reply->started[reply->started_size++] = octet;
	if (reply->line_size < HTTP_LINE_MAX)
		reply->line[reply->line_size] = octet;
	reply->line_size++;
}

/* Each kind of line has a budget of octets. */
static bool count_octet(struct http_reply *reply)
{
	bool framing = reply->state == HTTP_AT_CHUNK_SIZE || reply->state == HTTP_AT_CHUNK_END;

	if (framing && ++reply->framing > HTTP_BODY_MAX)
		fail(reply, "too much chunk framing");
	if (!framing && ++reply->header_octets > HTTP_HEADER_MAX)
		fail(reply, "headers larger than 16 KiB");
	return reply->state != HTTP_AT_ERROR;
}

/* True once reply->line holds a whole line, without its end. */
static bool take_line(struct http_reply *reply, struct reader *in)
{
	while (in->left) {
		char octet = (char)read_u8(in);

		if (!count_octet(reply))
			return false;
		if (octet == '\n')
			return true;
		keep_octet(reply, octet);
	}
	return false;
}

static struct span line_of(const struct http_reply *reply)
{
	size_t size = reply->line_size < HTTP_LINE_MAX ? reply->line_size : HTTP_LINE_MAX;

	if (size == reply->line_size && size && reply->line[size - 1] == '\r')
		size--;
	return (struct span){reply->line, size};
}

static bool was_cut(const struct http_reply *reply)
{
	return reply->line_size > HTTP_LINE_MAX;
}

/* "HTTP/1.1 200 OK"; the reason may be missing. */
static void on_status_line(struct http_reply *reply, struct span s)
{
	uint16_t status = 0;

	if (s.size < 12 || memcmp(s.at, "HTTP/", 5) != 0 || !is_digit(s.at[5]) || s.at[6] != '.' ||
	    !is_digit(s.at[7]) || s.at[8] != ' ')
		goto bad;
	for (size_t i = 9; i < 12; i++) {
		if (!is_digit(s.at[i]))
			goto bad;
		status = (uint16_t)(status * 10 + (s.at[i] - '0'));
	}
	if (status < 100 || (s.size > 12 && !is_blank(s.at[12])))
		goto bad;
	reply->status = status;
	reply->state = HTTP_AT_HEADER;
	return;
bad:
	fail(reply, "no HTTP status line");
}

static void on_length(struct http_reply *reply, struct span value)
{
	uint64_t length;

	if (was_cut(reply) || !read_number(&value, 10, &length) || value.size ||
	    (reply->has_length && reply->length != length)) {
		reply->length_wrong = true;
		return;
	}
	reply->has_length = true;
	reply->length = length;
}

/* Only the coding applied last decides the framing. */
static void on_coding(struct http_reply *reply, struct span value)
{
	struct span last = value;

	for (size_t i = 0; i < value.size; i++)
		if (value.at[i] == ',')
			last = (struct span){value.at + i + 1, value.size - i - 1};
	if (was_cut(reply)) {
		fail(reply, "Transfer-Encoding too long");
		return;
	}
	reply->coded = true;
	reply->chunked = is_word(trim(last), "chunked");
}

static void skip_interim(struct http_reply *reply)
{
	reply->status = 0;
	reply->started_size = 0;
	reply->coded = reply->chunked = reply->has_length = reply->length_wrong = false;
	reply->state = HTTP_AT_STATUS;
}

static void begin_body(struct http_reply *reply)
{
	if (reply->coded)
		reply->length_wrong = false;
	if (reply->coded || reply->length_wrong)
		reply->has_length = false;
	if (reply->status < 200 || reply->status == 204 || reply->status == 304) {
		reply->has_length = false;
		reply->state = HTTP_AT_END;
	} else if (reply->chunked) {
		reply->state = HTTP_AT_CHUNK_SIZE;
	} else if (!reply->has_length) {
		reply->state = HTTP_AT_BODY_TO_EOF;
	} else if (reply->length > HTTP_BODY_MAX) {
		fail(reply, "body larger than 64 MiB");
	} else {
		reply->left = reply->length;
		reply->state = reply->left ? HTTP_AT_BODY : HTTP_AT_END;
	}
}

static void on_header_line(struct http_reply *reply, struct span s)
{
	const char *colon;
	struct span name, value;

	if (s.size == 0) {
		if (reply->status < 200 && reply->status != 101)
			skip_interim(reply);
		else
			begin_body(reply);
		return;
	}
	colon = memchr(s.at, ':', s.size);
	if (!colon || is_blank(s.at[0])) /* no field, or the continuation of one: nothing we use */
		return;
	name = trim((struct span){s.at, (size_t)(colon - s.at)});
	value = trim((struct span){colon + 1, s.size - (size_t)(colon - s.at) - 1});
	if (is_word(name, "Content-Length"))
		on_length(reply, value);
	else if (is_word(name, "Transfer-Encoding"))
		on_coding(reply, value);
}

static void on_chunk_size(struct http_reply *reply, struct span s)
{
	uint64_t size;

	if (!read_number(&s, 16, &size) || (s.size && s.at[0] != ';' && !is_blank(s.at[0]))) {
		fail(reply, "bad chunk size");
		return;
	}
	reply->left = size;
	if (size > HTTP_BODY_MAX - reply->body)
		fail(reply, "body larger than 64 MiB");
	else
		reply->state = size ? HTTP_AT_CHUNK : HTTP_AT_TRAILER;
}

static void on_line(struct http_reply *reply, struct span s)
{
	if (reply->state == HTTP_AT_STATUS)
		on_status_line(reply, s);
	else if (reply->state == HTTP_AT_HEADER)
		on_header_line(reply, s);
	else if (reply->state == HTTP_AT_CHUNK_SIZE)
		on_chunk_size(reply, s);
	else if (reply->state == HTTP_AT_TRAILER)
		reply->state = s.size ? HTTP_AT_TRAILER : HTTP_AT_END;
	else if (s.size) /* HTTP_AT_CHUNK_END */
		fail(reply, "chunk longer than its size");
	else
		reply->state = HTTP_AT_CHUNK_SIZE;
}

/* ---- body ---- */

static void take_body(struct http_reply *reply, struct reader *in)
{
	bool to_eof = reply->state == HTTP_AT_BODY_TO_EOF;
	size_t n = in->left;

	if (!to_eof && n > reply->left)
		n = (size_t)reply->left;
	if (n > HTTP_BODY_MAX - reply->body) {
		fail(reply, "body larger than 64 MiB");
		return;
	}
	if (reply->on_body)
		reply->on_body(in->at, n, reply->owner);
	read_skip(in, n);
	reply->body += n;
	if (to_eof)
		return;
	reply->left -= n;
	if (reply->left == 0)
		reply->state = reply->state == HTTP_AT_CHUNK ? HTTP_AT_CHUNK_END : HTTP_AT_END;
}

static bool is_body(enum http_state state)
{
	return state == HTTP_AT_BODY || state == HTTP_AT_BODY_TO_EOF || state == HTTP_AT_CHUNK;
}

enum http_progress http_reply_feed(struct http_reply *reply, struct reader *in)
{
	while (in->left && progress(reply) == HTTP_MORE) {
		if (is_body(reply->state)) {
			take_body(reply, in);
		} else if (take_line(reply, in)) {
			struct span line = line_of(reply);

			on_line(reply, line);
			reply->line_size = 0;
		}
	}
	return progress(reply);
}

enum http_progress http_reply_finish(struct http_reply *reply)
{
	switch (reply->state) {
	case HTTP_AT_END:
	case HTTP_AT_ERROR:
		break;
	case HTTP_AT_STATUS:
		fail(reply, reply->header_octets ? "closed within the status line"
						 : "closed without a reply");
		break;
	case HTTP_AT_HEADER:
		fail(reply, "closed within the headers");
		break;
	case HTTP_AT_BODY: /* keepalived's rule: a wrong length is told, not punished */
		reply->length_wrong = true;
		reply->state = HTTP_AT_END;
		break;
	case HTTP_AT_BODY_TO_EOF:
	case HTTP_AT_TRAILER: /* the body itself was complete */
		reply->state = HTTP_AT_END;
		break;
	case HTTP_AT_CHUNK_SIZE:
	case HTTP_AT_CHUNK:
	case HTTP_AT_CHUNK_END:
		fail(reply, "closed within the chunked body");
		break;
	}
	return progress(reply);
}
