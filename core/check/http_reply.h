/* SPDX-License-Identifier: MIT */
/*
 * Reads one HTTP/1.x reply from pieces of any size: status, framing, body. Keeps no body: its
 * octets go to a callback as they come. Bounded in memory whatever arrives. Pure; any thread.
 *
 * Source: RFC 9112, read by a client that judges servers: bare LF ends a line, an unreadable
 * Content-Length is noted and ignored, interim (1xx) replies are skipped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader;

#define HTTP_HEADER_MAX	 16384		      /* status lines, header and trailer lines together */
#define HTTP_BODY_MAX	 (UINT64_C(64) << 20) /* also of the chunk framing */
#define HTTP_LINE_MAX	 256		      /* of one line is kept; what matters is shorter */
#define HTTP_STARTED_MAX 48		      /* octets of the status line kept for display */

enum http_progress { HTTP_MORE, HTTP_DONE, HTTP_BAD };

enum http_state {
	HTTP_AT_STATUS,
	HTTP_AT_HEADER,
	HTTP_AT_BODY, /* of known length */
	HTTP_AT_BODY_TO_EOF,
	HTTP_AT_CHUNK_SIZE,
	HTTP_AT_CHUNK,
	HTTP_AT_CHUNK_END,
	HTTP_AT_TRAILER,
	HTTP_AT_END,
	HTTP_AT_ERROR,
};

typedef void http_body_fn(const uint8_t *octets, size_t size, void *owner);

struct http_reply {
	/* What was found. */
	uint16_t status;
	bool chunked;
	bool has_length;   /* a usable Content-Length */
	bool length_wrong; /* it was unreadable, contradicted itself, or the body ended early */
	uint64_t length;   /* as announced */
	uint64_t body;	   /* octets of body so far, chunk framing not counted */
	const char *error; /* static; NULL unless HTTP_BAD */
	char started[HTTP_STARTED_MAX]; /* first octets of the reply, raw, for a message */
	size_t started_size;

	/* Private. */
	enum http_state state;
	uint64_t left;	  /* of the body or of this chunk */
	uint64_t framing; /* octets spent on chunk lines */
	size_t header_octets;
	char line[HTTP_LINE_MAX];
	size_t line_size; /* may exceed HTTP_LINE_MAX: the rest was not kept */
	bool coded;	  /* some Transfer-Encoding was named */
	http_body_fn *on_body;
	void *owner;
};

void http_reply_init(struct http_reply *reply, http_body_fn *on_body, void *owner);

/* Consumes input; on HTTP_DONE what follows the reply is left in it. Once done or bad it stays so.
 */
enum http_progress http_reply_feed(struct http_reply *reply, struct reader *in);

/* The peer closed its side: HTTP_DONE or HTTP_BAD. */
enum http_progress http_reply_finish(struct http_reply *reply);
