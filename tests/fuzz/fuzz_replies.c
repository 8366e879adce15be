/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: what reads the replies to checks, but for HTTP's framing (fuzz_http). The first
 * octet says which decoder; what follows is the reply, in memory of its own so that a read beyond
 * it is caught. FUZZ_DECODER=smtp in the environment gives all the time to one of them.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include <assert.h>
#include <pcre2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/model.h"
#include "core/base/buf.h"
#include "core/check/body_search.h"
#include "core/check/dns_message.h"
#include "core/check/echo_message.h"
#include "core/check/smtp_reply.h"
#include "core/check/udp_reply.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
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

static void try_echo4(const uint8_t *octets, size_t size)
{
	try_echo(AF_INET, octets, size);
}

static void try_echo6(const uint8_t *octets, size_t size)
{
	try_echo(AF_INET6, octets, size);
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

/* How many octets are wanted, what is asked of them, those octets, their masks; then the reply. */
static void try_udp(const uint8_t *octets, size_t size)
{
	size_t wanted = size < 2 ? 0 : octets[0] % 32;
	struct conf_udp_check udp = {.require_reply = true};
	char text[UDP_REPLY_TEXT_MAX];
	bool good;

	if (size < 2 + 2 * wanted)
		return;
	udp.min_reply_bytes = octets[1] % 16;
	udp.max_reply_bytes = octets[1] / 2;
	udp.reply.n = wanted;
	udp.reply.octets = (uint8_t *)octets + 2;
	udp.reply.mask = (uint8_t *)octets + 2 + wanted;
	octets += 2 + 2 * wanted;
	size -= 2 + 2 * wanted;
	good = size >= udp.min_reply_bytes && size <= udp.max_reply_bytes;
	for (size_t i = 0; i < wanted && i < size; i++)
		good = good &&
		       (octets[i] & udp.reply.mask[i]) == (udp.reply.octets[i] & udp.reply.mask[i]);
	assert((udp_reply_judge(&udp, octets, size, text) == CHECK_OK) == good);
	assert(strlen(text) > 0);
	udp.require_reply = false;
	assert(udp_reply_judge(&udp, octets, size, text) == CHECK_OK);
}

static const struct conf_regex regexes[] = {
	{.pattern = (char *)"status: (ok|good)"},
	{.pattern = (char *)"^[a-z]+=[0-9]{1,4}$", .options = PCRE2_MULTILINE},
	{.pattern = (char *)"(?<=ab)c+(?!d)", .min_offset = 3},
	{.pattern = (char *)"\\bup\\b", .options = PCRE2_CASELESS, .max_offset = 9},
	{.pattern = (char *)"[\\x{80}-\\x{ffff}]x", .options = PCRE2_UTF},
	{.pattern = (char *)"^a.?b", .options = PCRE2_MULTILINE | PCRE2_FIRSTLINE},
	{.pattern = (char *)"\\A\\z|end\\Z", .options = PCRE2_DOTALL},
};

static enum body_result search(const struct conf_regex *regex, const uint8_t *octets, size_t size,
			       size_t step)
{
	struct body_search *body;
	enum body_result result;

	if (body_search_new(regex, &body) < 0)
		return BODY_GIVEN_UP;
	while (size) {
		size_t n = size < step ? size : step;

		body_search_add(body, octets, n);
		octets += n;
		size -= n;
	}
	result = body_search_finish(body);
	assert(result != BODY_GIVEN_UP || body_search_error(body));
	body_search_free(body);
	return result;
}

/* Which expression, and how the body is cut; the same comes out. */
static void try_body(const uint8_t *octets, size_t size)
{
	const struct conf_regex *regex;

	if (size < 2)
		return;
	regex = &regexes[octets[0] % (sizeof regexes / sizeof *regexes)];
	enum body_result whole = search(regex, octets + 2, size - 2, SIZE_MAX);
	enum body_result cut = search(regex, octets + 2, size - 2, octets[1] % 16 + 1u);

	/* One may be given up for the time it takes, be it that of a slow machine. */
	assert(whole == cut || whole == BODY_GIVEN_UP || cut == BODY_GIVEN_UP);
}

/* In the order of the first octet: seeds count on it. */
static const struct decoder {
	const char *name;
	void (*try)(const uint8_t *octets, size_t size);
} decoders[] = {
	{"dns", try_dns},   {"echo4", try_echo4}, {"echo6", try_echo6},
	{"smtp", try_smtp}, {"udp", try_udp},	  {"body", try_body},
};

#define N_DECODERS (sizeof decoders / sizeof *decoders)

static const struct decoder *only;

/* libFuzzer calls it first; the replay of the seeds has no use for it. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("FUZZ_DECODER");

	(void)argc;
	(void)argv;
	for (size_t i = 0; name && i < N_DECODERS; i++)
		only = strcmp(decoders[i].name, name) == 0 ? &decoders[i] : only;
	if (!name || only)
		return 0;
	fprintf(stderr, "FUZZ_DECODER=%s: there is none of that name\n", name);
	exit(1);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	const struct decoder *decoder;
	uint8_t *reply;

	if (size == 0)
		return 0;
	decoder = only ? only : &decoders[octets[0] % N_DECODERS];
	reply = malloc(size > 1 ? size - 1 : 1);
	assert(reply);
	memcpy(reply, octets + 1, size - 1);
	decoder->try(reply, size - 1);
	free(reply);
	return 0;
}
