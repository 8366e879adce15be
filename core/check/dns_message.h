/* SPDX-License-Identifier: MIT */
/*
 * One DNS query and what can be said of a datagram that may answer it. Pure; any thread.
 * Source: RFC 1035 section 4.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_QUERY_MAX 271 /* header, the longest name, type and class */

struct dns_answer {
	unsigned rcode;
	unsigned records; /* in the answer section, as the header counts them */
};

/* A query for name ("example.org", "." for the root; its labels fit, the load has seen to that)
 * with recursion desired. Returns its size, 0 when the name does not fit. */
size_t dns_query(uint16_t id, uint16_t type, const char *name, uint8_t room[static DNS_QUERY_MAX]);

/* False: no answer to the query of that id, or not whole. */
bool dns_read_answer(uint16_t id, const void *octets, size_t size, struct dns_answer *ret);

/* "NXDOMAIN"; NULL for a number without a name. */
const char *dns_rcode_name(unsigned rcode);
