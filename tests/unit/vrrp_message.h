/* SPDX-License-Identifier: MIT */
/* Messages from hexadecimal text, and envelopes around them, for tests of the codec. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/vrrp/packet.h"

static inline int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static inline size_t unhex(const char *hex, uint8_t *room)
{
	size_t n = 0;

	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		room[n++] = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
		hex++;
	}
	return n;
}

static inline struct ip address(const char *text)
{
	struct ip ip = {0};

	assert_int_equal(ip_parse(text, &ip), 0);
	return ip;
}

/* The envelope of message, on exactly as many octets of heap as it has, so that ASan sees one too
 * many. */
static inline struct vrrp_envelope envelope_of(const uint8_t *message, size_t size, uint16_t family,
					       uint8_t **ret_owned)
{
	uint8_t *copy = malloc(size ? size : 1);

	assert_non_null(copy);
	memcpy(copy, message, size);
	*ret_owned = copy;
	return (struct vrrp_envelope){
		.source = address(family == AF_INET ? "192.0.2.1" : "fe80::1"),
		.destination = address(family == AF_INET ? "224.0.0.18" : "ff02::12"),
		.ttl = 255,
		.message = copy,
		.size = size,
	};
}
