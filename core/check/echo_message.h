/* SPDX-License-Identifier: MIT */
/*
 * ICMP and ICMPv6 echo: the request of one probe, and whether what a raw socket received is its
 * reply. Pure; any thread. Source: RFC 792, RFC 4443 section 4.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ECHO_OCTETS 24 /* of a request: header and mark */
#define ECHO_READ_MAX                                                                              \
	128 /* octets of what is received that echo_is_reply() needs, IP header included */

/* What tells the reply to one request from that to any other. */
struct echo {
	uint16_t family; /* AF_INET, AF_INET6 */
	uint16_t id;
	uint8_t mark[16]; /* random */
};

/* Writes the request; the checksum of ICMPv6 is the kernel's. */
void echo_request(const struct echo *echo, uint8_t room[static ECHO_OCTETS]);

/* Whether what ICMP complains of is the request: octets of it from its ICMP header on, 8 at least.
 */
bool echo_is_request(const struct echo *echo, const void *octets, size_t size);

/* octets: as received, over IPv4 with the IP header; no more than ECHO_READ_MAX of them count. */
bool echo_is_reply(const struct echo *echo, const void *octets, size_t size);
