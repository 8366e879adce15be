/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the HTTP reply reader. The first octet seeds how the rest is cut into pieces. The
 * reply is read twice, in one piece and in those, and must come out the same.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/check/http_reply.h"
#include "core/check/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

static void on_body(const uint8_t *octets, size_t size, void *owner)
{
	uint64_t *sum = owner;

	for (size_t i = 0; i < size; i++)
		*sum = *sum * 31 + octets[i];
}

/* A piece of its own memory, so that a read beyond it is caught. */
static enum http_progress feed(struct http_reply *reply, const uint8_t *octets, size_t size,
			       size_t *used)
{
	uint8_t *piece = malloc(size ? size : 1);
	struct reader in = reader_of(piece, size);
	enum http_progress progress;

	memcpy(piece, octets, size);
	progress = http_reply_feed(reply, &in);
	assert(!in.bad && in.left <= size);
	assert(progress != HTTP_MORE || in.left == 0);
	*used += size - in.left;
	free(piece);
	return progress;
}

static enum http_progress read_reply(const uint8_t *octets, size_t size, uint32_t seed,
				     struct http_reply *ret, uint64_t *ret_sum, size_t *ret_used)
{
	*ret_sum = 0;
	*ret_used = 0;
	http_reply_init(ret, on_body, ret_sum);
	while (size) {
		size_t n = size;
		enum http_progress progress;

		if (seed) {
			seed = seed * 1103515245 + 12345;
			n = 1 + (seed >> 16) % 23;
			n = n < size ? n : size;
		}
		progress = feed(ret, octets, n, ret_used);
		if (progress != HTTP_MORE)
			return progress;
		octets += n;
		size -= n;
	}
	return http_reply_finish(ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct http_reply whole, cut;
	uint64_t whole_sum, cut_sum;
	size_t whole_used, cut_used;
	char clean[32];

	if (size == 0)
		return 0;
	enum http_progress a = read_reply(octets + 1, size - 1, 0, &whole, &whole_sum, &whole_used);
	enum http_progress b =
		read_reply(octets + 1, size - 1, octets[0] + 1u, &cut, &cut_sum, &cut_used);
	assert(a == b && a != HTTP_MORE);
	assert(whole.status == cut.status && whole.length_wrong == cut.length_wrong);
	assert(whole.error == cut.error && (a == HTTP_BAD) == (whole.error != NULL));
	/* A body too large in one piece is refused before any of it is delivered. */
	assert(a == HTTP_BAD || (whole.body == cut.body && whole_sum == cut_sum));
	assert(whole_used == cut_used || a == HTTP_BAD);
	text_clean(clean, sizeof clean, (const char *)octets, size);
	return 0;
}
