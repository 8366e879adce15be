/* SPDX-License-Identifier: MIT */
/*
 * What main and vipd-mail tell each other, a packet each: one letter to be sent, and what became of
 * it. Pure, any thread. Errors: -ENOMEM; -EBADMSG for octets that are not such a packet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SMTP_RESULT_MAX 640 /* octets of a packed result */

struct smtp_request {
	const char *server; /* an address or a name */
	uint32_t port;
	uint32_t timeout_ms; /* for each answer */
	bool more;	     /* another letter follows: the connection is kept */
	const char *name;    /* what to say in EHLO */
	const char *from;    /* this and the recipients as configured: letter_address() */
	const char *const *recipients;
	size_t n_recipients;
	const char *text; /* with its headers and CRLF line ends */
};

enum smtp_verdict {
	SMTP_SENT,
	SMTP_LATER,   /* no connection, no answer in time, or the server said to try again */
	SMTP_REFUSED, /* trying again is of no use */
};

struct smtp_result {
	enum smtp_verdict verdict;
	char detail[256];   /* why it was not sent */
	unsigned n_refused; /* recipients that the server did not accept, while it took others */
	char refusal[256];  /* the first of them, and what the server said */
};

/* The caller frees *ret. */
int smtp_pack_request(const struct smtp_request *request, uint8_t **ret, size_t *ret_size);
/* What ret points to lies in the packet, but for recipients, which the caller frees. */
int smtp_unpack_request(const uint8_t *packet, size_t size, struct smtp_request *ret);

/* The longest that vipd-mail may take for it. */
uint64_t smtp_longest_ms(const struct smtp_request *request);

/* How many octets of packet were filled. */
size_t smtp_pack_result(const struct smtp_result *result, uint8_t packet[static SMTP_RESULT_MAX]);
/* Refuses texts with control characters: they go to the log. */
int smtp_unpack_result(const uint8_t *packet, size_t size, struct smtp_result *ret);
