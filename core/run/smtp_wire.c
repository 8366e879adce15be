/* SPDX-License-Identifier: MIT */
/*
 * Letters and their results as octets: numbers, then texts with their terminating zero. Neither
 * side believes the other: vipd-mail talks to servers, and may be of another version.
 */
#include "core/run/smtp_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"

#define FORM 1 /* raised with every change of the packets */

/* Answers of one transaction besides those to the recipients: greeting to the end, and some. */
#define ANSWERS 8

#define REQUEST_NUMBERS (4 + 4 + 4 + 4 + 1)

static void write_text(struct writer *w, const char *text)
{
	write_octets(w, text, strlen(text) + 1);
}

/* Where it lies; "" when there is none. */
static const char *read_text(struct reader *r)
{
	const char *text = (const char *)r->at;
	size_t length = r->left ? strnlen(text, r->left) : 0;

	read_skip(r, length + 1);
	return r->bad ? "" : text;
}

/* ---- requests ---- */

static size_t request_size(const struct smtp_request *request)
{
	size_t size = REQUEST_NUMBERS + strlen(request->server) + strlen(request->name) +
		      strlen(request->from) + strlen(request->text) + 4;

	for (size_t i = 0; i < request->n_recipients; i++)
		size += strlen(request->recipients[i]) + 1;
	return size;
}

int smtp_pack_request(const struct smtp_request *request, uint8_t **ret, size_t *ret_size)
{
	size_t size = request_size(request);
	uint8_t *packet = malloc(size);
	struct writer w = writer_of(packet, size);

	if (!packet)
		return -ENOMEM;
	write_be32(&w, FORM);
	write_be32(&w, request->port);
	write_be32(&w, request->timeout_ms);
	write_be32(&w, (uint32_t)request->n_recipients);
	write_u8(&w, request->more);
	write_text(&w, request->server);
	write_text(&w, request->name);
	write_text(&w, request->from);
	for (size_t i = 0; i < request->n_recipients; i++)
		write_text(&w, request->recipients[i]);
	write_text(&w, request->text);
	*ret = packet;
	*ret_size = size;
	return 0;
}

int smtp_unpack_request(const uint8_t *packet, size_t size, struct smtp_request *ret)
{
	struct reader r = reader_of(packet, size);
	struct smtp_request request = {0};
	bool known = read_be32(&r) == FORM;

	request.port = read_be32(&r);
	request.timeout_ms = read_be32(&r);
	request.n_recipients = read_be32(&r);
	request.more = read_u8(&r);
	if (!known || request.n_recipients > r.left)
		return -EBADMSG;
	request.server = read_text(&r);
	request.name = read_text(&r);
	request.from = read_text(&r);
	const char **recipients = calloc(request.n_recipients + 1, sizeof *recipients);
	if (!recipients)
		return -ENOMEM;
	for (size_t i = 0; i < request.n_recipients; i++)
		recipients[i] = read_text(&r);
	request.text = read_text(&r);
	if (r.bad || r.left) {
		free(recipients);
		return -EBADMSG;
	}
	request.recipients = recipients;
	*ret = request;
	return 0;
}

uint64_t smtp_longest_ms(const struct smtp_request *request)
{
	return (uint64_t)request->timeout_ms * (ANSWERS + request->n_recipients);
}

/* ---- results ---- */

size_t smtp_pack_result(const struct smtp_result *result, uint8_t packet[static SMTP_RESULT_MAX])
{
	struct writer w = writer_of(packet, SMTP_RESULT_MAX);

	write_u8(&w, (uint8_t)result->verdict);
	write_be32(&w, result->n_refused);
	write_text(&w, result->detail);
	write_text(&w, result->refusal);
	return w.used;
}

static void read_line(struct reader *r, char *room, size_t size)
{
	const char *text = read_text(r);
	size_t length = strlen(text);

	if (length >= size || octets_have_control(text, length))
		r->bad = true;
	else
		memcpy(room, text, length + 1);
}

int smtp_unpack_result(const uint8_t *packet, size_t size, struct smtp_result *ret)
{
	struct reader r = reader_of(packet, size);
	struct smtp_result result = {.verdict = read_u8(&r)};

	result.n_refused = read_be32(&r);
	read_line(&r, result.detail, sizeof result.detail);
	read_line(&r, result.refusal, sizeof result.refusal);
	if (r.bad || r.left || result.verdict > SMTP_REFUSED)
		return -EBADMSG;
	*ret = result;
	return 0;
}
