/* SPDX-License-Identifier: MIT */
/*
 * Follows the boundaries of AgentX PDUs; see the header. What they say is the library's business.
 *
 * Thread: agent. Pure.
 */
#include "agent/frame.h"

#include <stdbool.h>

#include "core/base/buf.h"

#define VERSION		   1
#define TYPE_LAST	   18 /* Response */
#define NETWORK_BYTE_ORDER 0x10

static void take_header(struct frame *frame)
{
	struct reader r = reader_of(frame->header, sizeof(frame->header));
	uint8_t version = read_u8(&r), type = read_u8(&r), flags = read_u8(&r);
	uint32_t length;

	read_skip(&r, 13); /* reserved; session, transaction and packet number */
	length = read_be32(&r);
	if (!(flags & NETWORK_BYTE_ORDER))
		length = __builtin_bswap32(length);
	frame->left = length;
	frame->nonsense = version != VERSION || type == 0 || type > TYPE_LAST || length % 4 ||
			  length > FRAME_PAYLOAD_MAX;
}

void frame_take(struct frame *frame, const void *octets, size_t size, uint64_t now_us)
{
	struct reader r = reader_of(octets, size);

	while (r.left && !frame->nonsense) {
		bool in_header = frame->n_header < FRAME_HEADER_OCTETS;
		size_t wanted = in_header ? FRAME_HEADER_OCTETS - frame->n_header : frame->left;
		size_t here = wanted < r.left ? wanted : r.left;

		if (!frame->since_us)
			frame->since_us = now_us;
		if (in_header) {
			read_octets(&r, frame->header + frame->n_header, here);
			frame->n_header += here;
			if (here == wanted)
				take_header(frame);
		} else {
			read_skip(&r, here);
			frame->left -= (uint32_t)here;
		}
		if (frame->n_header == FRAME_HEADER_OCTETS && !frame->left && !frame->nonsense)
			*frame = (struct frame){0};
	}
}

bool frame_is_lost(const struct frame *frame, uint64_t now_us)
{
	return frame->nonsense || (frame->since_us && now_us - frame->since_us > FRAME_WHOLE_US);
}
