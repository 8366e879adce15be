/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: what reads the replies to checks that are not HTTP. The first octet says which; what
 * follows is the reply, in memory of its own so that a read beyond it is caught.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/buf.h"
#include "core/check/dns_message.h"
#include "core/check/echo_message.h"
#include "core/check/smtp_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

static const struct echo echo = {
	.id = 0x1234,
	.mark = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
};

static void try_dns(const uint8_t *octets, size_t size)
{
	struct dns_answer answer;

	if (!dns_read_answer(0x1234, octets, size, &answer))
		return;
	assert(size >= 12 && octets[0] == 0x12 && octets[1] == 0x34);
	assert(answer.rcode < 16 && answer.records <= UINT16_MAX);
	dns_rcode_name(answer.rcode);
}

static void try_echo(uint16_t family, const uint8_t *octets, size_t size)
{
	struct echo sent = echo;

	sent.family = family;
	if (echo_is_reply(&sent, octets, size))
		assert(size <= ECHO_READ_MAX &&
		       memcmp(octets + size - sizeof sent.mark, sent.mark, sizeof sent.mark) == 0);
}

static enum smtp_progress read_smtp(const uint8_t *octets, size_t size, size_t step,
				    struct smtp_reply *ret)
{
	enum smtp_progress progress = SMTP_MORE;

	smtp_reply_init(ret);
	while (size && progress == SMTP_MORE) {
		struct reader in = reader_of(octets, size < step ? size : step);
		size_t n = in.left;

		progress = smtp_reply_feed(ret, &in);
		octets += n - in.left;
		size -= n - in.left;
	}
	return progress;
}

/* The first octet says how it is cut; the same comes out. */
static void try_smtp(const uint8_t *octets, size_t size)
{
	struct smtp_reply whole, cut;

	if (size == 0)
		return;
	enum smtp_progress a = read_smtp(octets + 1, size - 1, SIZE_MAX, &whole);
	enum smtp_progress b = read_smtp(octets + 1, size - 1, octets[0] % 16 + 1u, &cut);
	assert(a == b && whole.code == cut.code && whole.error == cut.error);
	assert(whole.octets == cut.octets && whole.octets <= SMTP_REPLY_MAX + 1);
	assert(whole.text_size == cut.text_size &&
	       memcmp(whole.text, cut.text, cut.text_size) == 0);
	assert(a != SMTP_DONE || (whole.code >= 200 && whole.code < 600));
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	uint8_t *reply;

	if (size == 0)
		return 0;
	reply = malloc(size > 1 ? size - 1 : 1);
	memcpy(reply, octets + 1, size - 1);
	switch (octets[0] % 4) {
	case 0:
		try_dns(reply, size - 1);
		break;
	case 1:
		try_echo(AF_INET, reply, size - 1);
		break;
	case 2:
		try_echo(AF_INET6, reply, size - 1);
		break;
	default:
		try_smtp(reply, size - 1);
		break;
	}
	free(reply);
	return 0;
}
