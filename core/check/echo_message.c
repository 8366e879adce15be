/* SPDX-License-Identifier: MIT */
/*
 * See core/check/echo_message.h. A raw socket receives the replies to everybody's requests to that
 * address, so a reply is known by identifier and mark. Pure.
 */
#include "core/check/echo_message.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/buf.h"

#define SEQUENCE 1 /* each probe has an identifier of its own */

static void make_message(const struct echo *echo, uint8_t type, uint8_t room[static ECHO_OCTETS])
{
	struct writer w = writer_of(room, ECHO_OCTETS);

	write_u8(&w, type);
	write_u8(&w, 0);
	write_be16(&w, 0); /* checksum */
	write_be16(&w, echo->id);
	write_be16(&w, SEQUENCE);
	write_octets(&w, echo->mark, sizeof echo->mark);
}

void echo_request(const struct echo *echo, uint8_t room[static ECHO_OCTETS])
{
	struct writer sum = writer_of(room + 2, 2);

	make_message(echo, echo->family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST, room);
	if (echo->family == AF_INET)
		write_be16(&sum, checksum_finish(checksum_add(0, room, ECHO_OCTETS)));
}

bool echo_is_request(const struct echo *echo, const void *octets, size_t size)
{
	struct reader r = reader_of(octets, size);
	bool request = read_u8(&r) == (echo->family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST);
	uint16_t id;

	read_skip(&r, 3); /* code, checksum */
	id = read_be16(&r);
	return request && id == echo->id && read_be16(&r) == SEQUENCE && !r.bad;
}

bool echo_is_reply(const struct echo *echo, const void *octets, size_t size)
{
	struct reader r = reader_of(octets, size < ECHO_READ_MAX ? size : ECHO_READ_MAX);
	uint8_t wanted[ECHO_OCTETS], found[ECHO_OCTETS];

	make_message(echo, echo->family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY, wanted);
	if (echo->family == AF_INET) {
		unsigned words = read_u8(&r) & 0x0f; /* of the IP header */

		read_skip(&r, words ? 4 * words - 1 : size);
	}
	read_octets(&r, found, sizeof found);
	if (r.bad || r.left)
		return false;
	memset(found + 2, 0, 2); /* the mark says more than a checksum */
	return memcmp(found, wanted, sizeof found) == 0;
}
