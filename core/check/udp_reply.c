/* SPDX-License-Identifier: MIT */
/*
 * See core/check/udp_reply.h. As keepalived does, octets are compared as far as both reach: that a
 * reply is too short for what is wanted is for min_reply_length to say.
 */
#include "core/check/udp_reply.h"

#include <stdio.h>

#include "conf/model.h"

/* Where the reply differs from what is wanted, as far as both reach; n: nowhere. */
static size_t difference(const struct conf_octets *wanted, const uint8_t *reply, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((reply[i] ^ wanted->octets[i]) & wanted->mask[i])
			return i;
	}
	return n;
}

enum check_result udp_reply_judge(const struct conf_udp_check *udp, const uint8_t *reply,
				  size_t size, char ret_text[static UDP_REPLY_TEXT_MAX])
{
	size_t n = size < udp->reply.n ? size : udp->reply.n;
	size_t at = udp->require_reply ? difference(&udp->reply, reply, n) : n;

	if (udp->require_reply && (size < udp->min_reply_bytes || size > udp->max_reply_bytes)) {
		snprintf(ret_text, UDP_REPLY_TEXT_MAX, "reply of %zu octets, wanted %u to %u", size,
			 udp->min_reply_bytes, udp->max_reply_bytes);
		return CHECK_BAD_CONTENT;
	}
	if (at < n) {
		snprintf(ret_text, UDP_REPLY_TEXT_MAX,
			 "reply differs at octet %zu: %02x, wanted %02x", at, reply[at],
			 udp->reply.octets[at]);
		return CHECK_BAD_CONTENT;
	}
	snprintf(ret_text, UDP_REPLY_TEXT_MAX, "reply of %zu octets", size);
	return CHECK_OK;
}
