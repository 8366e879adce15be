/* SPDX-License-Identifier: MIT */
/* Unit tests of the HTTP reply reader and of the cleaning of foreign text: every reply is read in
 * one piece, octet by octet, and cut in two at every place; all must agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/check/http_reply.h"
#include "core/check/text.h"

#define BODY_MAX 4096

struct sample {
	const char *name, *text;
	enum http_progress before_eof, at_eof;
	unsigned status;
	const char *body;  /* NULL: not looked at */
	const char *error; /* NULL: none */
	bool length_wrong;
	const char *rest; /* what is left in the input; NULL: nothing */
};

struct seen {
	char body[BODY_MAX];
	size_t size;
};

static void on_body(const uint8_t *octets, size_t size, void *owner)
{
	struct seen *seen = owner;

	assert_true(size > 0);
	assert_true(seen->size + size <= sizeof seen->body);
	memcpy(seen->body + seen->size, octets, size);
	seen->size += size;
}

static const struct sample samples[] = {
	{"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", HTTP_DONE, HTTP_DONE, 200,
	 "hello", NULL, false, NULL},
	{"close", "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nhello", HTTP_MORE, HTTP_DONE, 200, "hello",
	 NULL, false, NULL},
	{"no reason", "HTTP/1.0 200\r\n\r\nhello", HTTP_MORE, HTTP_DONE, 200, "hello", NULL, false,
	 NULL},
	{"bare LF", "HTTP/1.0 404 Gone\nContent-length:3\n\nabcdef", HTTP_DONE, HTTP_DONE, 404,
	 "abc", NULL, false, "def"},
	{"zero length", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", HTTP_DONE, HTTP_DONE, 200,
	 "", NULL, false, NULL},
	{"no content", "HTTP/1.1 204 No\r\nContent-Length: 7\r\n\r\nx", HTTP_DONE, HTTP_DONE, 204,
	 "", NULL, false, "x"},
	{"not modified", "HTTP/1.1 304 Same\r\nContent-Length: 7\r\n\r\n", HTTP_DONE, HTTP_DONE,
	 304, "", NULL, false, NULL},
	{"short body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", HTTP_MORE, HTTP_DONE,
	 200, "hello", NULL, true, NULL},
	{"surplus", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello", HTTP_DONE, HTTP_DONE, 200,
	 "he", NULL, false, "llo"},
	{"bad length", "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello", HTTP_MORE, HTTP_DONE,
	 200, "hello", NULL, true, NULL},
	{"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", HTTP_MORE,
	 HTTP_DONE, 200, "hello", NULL, true, NULL},
	{"length overflow", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhi",
	 HTTP_MORE, HTTP_DONE, 200, "hi", NULL, true, NULL},
	{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhello",
	 HTTP_MORE, HTTP_DONE, 200, "hello", NULL, true, NULL},
	{"same length twice", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
	 HTTP_DONE, HTTP_DONE, 200, "hi", NULL, false, NULL},
	{"length in other case", "HTTP/1.1 200 OK\r\ncONTENT-lENGTH :\t2 \r\n\r\nhi", HTTP_DONE,
	 HTTP_DONE, 200, "hi", NULL, false, NULL},
	{"folded", "HTTP/1.1 200 OK\r\nX: a\r\n Content-Length: 1\r\nContent-Length: 2\r\n\r\nhi",
	 HTTP_DONE, HTTP_DONE, 200, "hi", NULL, false, NULL},
	{"line without colon", "HTTP/1.1 200 OK\r\nrubbish\r\n\r\nhi", HTTP_MORE, HTTP_DONE, 200,
	 "hi", NULL, false, NULL},
	{"huge length", "HTTP/1.1 200 OK\r\nContent-Length: 67108865\r\n\r\n", HTTP_BAD, HTTP_BAD,
	 200, "", "body larger than 64 MiB", false, NULL},
	{"chunked",
	 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0A;x=y\r\n, world! "
	 "\n\r\n0\r\n\r\n",
	 HTTP_DONE, HTTP_DONE, 200, "hello, world! \n", NULL, false, NULL},
	{"chunked with trailer",
	 "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\nY",
	 HTTP_DONE, HTTP_DONE, 200, "x", NULL, false, "Y"},
	{"chunked beats length",
	 "HTTP/1.1 200 OK\r\nContent-Length: x\r\nTransfer-Encoding: "
	 "chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
	 HTTP_DONE, HTTP_DONE, 200, "hi", NULL, false, NULL},
	{"trailer cut", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n",
	 HTTP_MORE, HTTP_DONE, 200, "hi", NULL, false, NULL},
	{"other coding",
	 "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: gzip\r\n\r\nabc", HTTP_MORE,
	 HTTP_DONE, 200, "abc", NULL, false, NULL},
	{"chunk cut", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", HTTP_MORE,
	 HTTP_BAD, 200, "hel", "closed within the chunked body", false, NULL},
	{"chunk size missing", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	 HTTP_BAD, HTTP_BAD, 200, "", "bad chunk size", false, NULL},
	{"chunk size trailing", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5x\r\n",
	 HTTP_BAD, HTTP_BAD, 200, "", "bad chunk size", false, NULL},
	{"chunk size huge",
	 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", HTTP_BAD,
	 HTTP_BAD, 200, "", "bad chunk size", false, NULL},
	{"chunk size over 64 MiB",
	 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4000001\r\n", HTTP_BAD, HTTP_BAD,
	 200, "", "body larger than 64 MiB", false, NULL},
	{"chunk too long", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n",
	 HTTP_BAD, HTTP_BAD, 200, "he", "chunk longer than its size", false, "\r\n"},
	{"interim",
	 "HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
	 "1\r\n\r\nx",
	 HTTP_DONE, HTTP_DONE, 200, "x", NULL, false, NULL},
	{"switching", "HTTP/1.1 101 Switch\r\n\r\nx", HTTP_DONE, HTTP_DONE, 101, "", NULL, false,
	 "x"},
	{"nothing", "", HTTP_MORE, HTTP_BAD, 0, "", "closed without a reply", false, NULL},
	{"status cut", "HTTP/1.1 20", HTTP_MORE, HTTP_BAD, 0, "", "closed within the status line",
	 false, NULL},
	{"headers cut", "HTTP/1.1 200 OK\r\nServ", HTTP_MORE, HTTP_BAD, 200, "",
	 "closed within the headers", false, NULL},
	{"SSH", "SSH-2.0-OpenSSH_9.2\r\n", HTTP_BAD, HTTP_BAD, 0, "", "no HTTP status line", false,
	 NULL},
	{"empty line", "\r\n", HTTP_BAD, HTTP_BAD, 0, "", "no HTTP status line", false, NULL},
	{"status 99", "HTTP/1.1 099 x\r\n", HTTP_BAD, HTTP_BAD, 0, "", "no HTTP status line", false,
	 NULL},
	{"status 2000", "HTTP/1.1 2000 x\r\n", HTTP_BAD, HTTP_BAD, 0, "", "no HTTP status line",
	 false, NULL},
	{"HTTP/2", "HTTP/2 200\r\n", HTTP_BAD, HTTP_BAD, 0, "", "no HTTP status line", false, NULL},
};

/* Feeds [from, to) and checks that a finished reply consumes nothing more. */
static enum http_progress feed(struct http_reply *reply, const char *text, size_t from, size_t to,
			       size_t *ret_rest)
{
	struct reader in = reader_of(text + from, to - from);
	enum http_progress progress = http_reply_feed(reply, &in);

	assert_false(in.bad);
	if (progress == HTTP_MORE)
		assert_int_equal(in.left, 0);
	*ret_rest += in.left;
	return progress;
}

static void check_sample(const struct sample *sample, const struct http_reply *reply,
			 const struct seen *seen, size_t rest)
{
	assert_int_equal(reply->status, sample->status);
	assert_int_equal(reply->body, seen->size);
	assert_int_equal(seen->size, strlen(sample->body));
	assert_memory_equal(seen->body, sample->body, seen->size);
	assert_int_equal(reply->length_wrong, sample->length_wrong);
	if (sample->error)
		assert_string_equal(reply->error, sample->error);
	else
		assert_null(reply->error);
	if (!sample->error)
		assert_int_equal(rest, sample->rest ? strlen(sample->rest) : 0);
}

/* Reads the sample in pieces of `piece` octets after a first one of `first`. */
static void read_in_pieces(const struct sample *sample, size_t first, size_t piece)
{
	/* Exactly sized, so that a read beyond the input is caught. */
	size_t size = strlen(sample->text), rest = 0, at = 0;
	char *text = malloc(size ? size : 1);
	struct http_reply reply;
	struct seen seen = {.size = 0};
	enum http_progress progress = HTTP_MORE;

	memcpy(text, sample->text, size);
	http_reply_init(&reply, on_body, &seen);
	for (size_t n = first; at < size; n = piece) {
		size_t to = size - at < n ? size : at + n;

		progress = feed(&reply, text, at, to, &rest);
		at = to;
	}
	assert_int_equal(progress, sample->before_eof);
	assert_int_equal(http_reply_finish(&reply), sample->at_eof);
	assert_int_equal(http_reply_finish(&reply), sample->at_eof);
	check_sample(sample, &reply, &seen, rest);
	free(text);
}

static void test_samples_in_every_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		const struct sample *sample = &samples[i];
		size_t size = strlen(sample->text);

		print_message("  %s\n", sample->name);
		for (size_t piece = 1; piece <= size + 1; piece++)
			read_in_pieces(sample, piece, piece);
		for (size_t cut = 1; cut < size; cut++)
			read_in_pieces(sample, cut, size);
	}
}

static enum http_progress feed_text(struct http_reply *reply, const char *text)
{
	struct reader in = reader_of(text, strlen(text));

	return http_reply_feed(reply, &in);
}

/* Repeats text until the reply ends; returns the octets it took. */
static size_t flood(struct http_reply *reply, const char *text, size_t limit)
{
	size_t fed = 0;

	while (fed < limit) {
		fed += strlen(text);
		if (feed_text(reply, text) != HTTP_MORE)
			return fed;
	}
	return fed;
}

static char block[65537];

static void test_bounds(void **state)
{
	struct http_reply reply;

	(void)state;
	memset(block, 'x', sizeof block - 1);

	http_reply_init(&reply, NULL, NULL);
	feed_text(&reply, "HTTP/1.1 200 OK\r\n");
	assert_true(flood(&reply, "X-A: 0123456789\r\n", 1 << 20) <= HTTP_HEADER_MAX + 17);
	assert_string_equal(reply.error, "headers larger than 16 KiB");

	http_reply_init(&reply, NULL, NULL);
	assert_true(flood(&reply, "one endless line ", 1 << 20) <= HTTP_HEADER_MAX + 17);
	assert_string_equal(reply.error, "headers larger than 16 KiB");

	/* Interim replies do not refill the budget. */
	http_reply_init(&reply, NULL, NULL);
	assert_true(flood(&reply, "HTTP/1.1 100 Go\r\n\r\n", 1 << 20) <= HTTP_HEADER_MAX + 19);
	assert_int_equal(reply.state, HTTP_AT_ERROR);

	http_reply_init(&reply, NULL, NULL);
	feed_text(&reply, "HTTP/1.0 200 OK\r\n\r\n");
	assert_int_equal(flood(&reply, block, 2 * HTTP_BODY_MAX), HTTP_BODY_MAX + 65536);
	assert_string_equal(reply.error, "body larger than 64 MiB");

	http_reply_init(&reply, NULL, NULL);
	feed_text(&reply, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (unsigned i = 0; reply.state != HTTP_AT_ERROR && i < 2000; i++) {
		feed_text(&reply, "10000\r\n");
		feed_text(&reply, block);
		feed_text(&reply, "\r\n");
	}
	assert_string_equal(reply.error, "body larger than 64 MiB");
	assert_int_equal(reply.body, HTTP_BODY_MAX);

	/* A chunk line that never ends. */
	http_reply_init(&reply, NULL, NULL);
	feed_text(&reply, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;");
	assert_true(flood(&reply, block, 2 * HTTP_BODY_MAX) <= HTTP_BODY_MAX + 65536);
	assert_string_equal(reply.error, "too much chunk framing");
}

/* Lines longer than what is kept. */
static void test_long_lines(void **state)
{
	char text[2048];
	struct http_reply reply;

	(void)state;
	memset(text, 'x', sizeof text);
	memcpy(text, "HTTP/1.1 200 ", 13);
	memcpy(text + 1000, "\r\nContent-Length: 0000000", 25);
	memset(text + 1025, '0', 300);
	memcpy(text + 1325, "5\r\n\r\nhello", 11);
	http_reply_init(&reply, NULL, NULL);
	assert_int_equal(feed_text(&reply, text), HTTP_MORE);
	assert_int_equal(reply.status, 200);
	assert_true(reply.length_wrong); /* cannot be known */
	assert_int_equal(reply.started_size, HTTP_STARTED_MAX);

	memcpy(text, "HTTP/1.1 200 OK\r\nTransfer-Encoding: ", 36);
	memset(text + 36, 'a', 300);
	memcpy(text + 336, ", chunked\r\n\r\n", 14);
	http_reply_init(&reply, NULL, NULL);
	assert_int_equal(feed_text(&reply, text), HTTP_BAD);
	assert_string_equal(reply.error, "Transfer-Encoding too long");
}

static char room[64];

static const char *clean(const char *text, size_t room_size)
{
	assert_true(room_size <= sizeof room);
	return text_clean(room, room_size, text, strlen(text));
}

static void test_text_clean(void **state)
{
	(void)state;
	assert_string_equal(clean("plain, text ~", 64), "plain, text ~");
	assert_string_equal(clean("\x1b[2J\r\n\t\x7f", 64), "?[2J????");
	assert_string_equal(clean("Gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", 64),
			    "Gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
	assert_string_equal(clean("\xc0\x80 \xe0\x80\x80 \xff\x80", 64),
			    "?? ??? ??"); /* overlong */
	assert_string_equal(clean("\xed\xa0\x80 \xf4\x90\x80\x80", 64),
			    "??? ????");		  /* surrogate, too big */
	assert_string_equal(clean("\xc2\x9b", 64), "??"); /* C1 CSI */
	assert_string_equal(clean("a\xe2\x80\xae"
				  "b",
				  64),
			    "a???b");			  /* right-to-left */
	assert_string_equal(clean("\xe2\x82", 64), "??"); /* cut short */
	assert_string_equal(clean("abcdef", 4), "abc");
	assert_string_equal(clean("ab\xe2\x82\xac", 5), "ab"); /* not half a character */
	assert_string_equal(clean("ab\xe2\x82\xac", 6), "ab\xe2\x82\xac");
	assert_string_equal(clean("abc", 1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples_in_every_cut),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_text_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
