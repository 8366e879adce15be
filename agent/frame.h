/* SPDX-License-Identifier: MIT */
/*
 * Where one AgentX PDU ends and the next begins in what the master sends. net-snmp believes any
 * length below 2 GiB and takes for the rest of that PDU whatever comes, for as long as it takes: so
 * nonsense must be seen before the library does.
 *
 * Thread: agent. Pure. Source: RFC 2741 section 6.1.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADER_OCTETS 20
/* A request of 64 KiB, the largest over UDP, names 9362 objects at most; each becomes two OIDs,
 * and two of 50 sub-identifiers take 408 octets. */
#define FRAME_PAYLOAD_MAX 4194304
#define FRAME_WHOLE_US	  UINT64_C(10000000) /* the longest from its first octet to its last */

/* Zeroed: between two PDUs. */
struct frame {
	uint8_t header[FRAME_HEADER_OCTETS];
	size_t n_header;   /* octets of it that are here */
	uint32_t left;	   /* octets of the payload that are not */
	uint64_t since_us; /* when the PDU began that is not whole yet; 0: none */
	bool nonsense;	   /* a header could not be one of AgentX: all that follows is lost */
};

/* The next octets received. */
void frame_take(struct frame *frame, const void *octets, size_t size, uint64_t now_us);
/* Whether what the master says will not be understood any more: nonsense, or a PDU that should have
 * ended. A wrong length that could be true shows by the latter. */
bool frame_is_lost(const struct frame *frame, uint64_t now_us);
