/* SPDX-License-Identifier: MIT */
/*
 * The codec of BFD control packets, and the names of what stands in them. Pure; any thread. A
 * packet is read whole before any field is believed. What it says of echo packets is passed over:
 * none are sent, and ours say that none are wanted.
 */
#include "core/bfd/packet.h"

#include "core/base/buf.h"

#define VERSION 1

#define POLL	   0x20
#define FINAL	   0x10
#define AUTH	   0x04
#define DEMAND	   0x02
#define MULTIPOINT 0x01

static enum bfd_discard judge(const struct bfd_packet *packet, uint8_t flags)
{
	if (flags & AUTH)
		return BFD_BAD_AUTH;
	if (packet->multiplier == 0)
		return BFD_BAD_MULTIPLIER;
	if (flags & MULTIPOINT)
		return BFD_BAD_MULTIPOINT;
	if (packet->my_discr == 0)
		return BFD_BAD_DISCR;
	if (packet->your_discr == 0 && packet->state > BFD_DOWN)
		return BFD_BAD_STATE;
	return BFD_ACCEPTED;
}

enum bfd_discard bfd_packet_decode(const void *octets, size_t size, struct bfd_packet *ret)
{
	struct reader r = reader_of(octets, size);
	uint8_t first = read_u8(&r), flags = read_u8(&r), length;

	ret->diag = first & 0x1f;
	ret->state = (enum bfd_state)(flags >> 6);
	ret->poll = flags & POLL;
	ret->final = flags & FINAL;
	ret->demand = flags & DEMAND;
	ret->multiplier = read_u8(&r);
	length = read_u8(&r);
	ret->my_discr = read_be32(&r);
	ret->your_discr = read_be32(&r);
	ret->min_tx_us = read_be32(&r);
	ret->min_rx_us = read_be32(&r);
	read_skip(&r, 4); /* required min echo rx interval */
	if (size > 0 && first >> 5 != VERSION)
		return BFD_BAD_VERSION;
	if (r.bad || length < BFD_PACKET_OCTETS || length > size)
		return BFD_BAD_LENGTH;
	return judge(ret, flags);
}

void bfd_packet_encode(const struct bfd_packet *packet, uint8_t room[static BFD_PACKET_OCTETS])
{
	struct writer w = writer_of(room, BFD_PACKET_OCTETS);

	write_u8(&w, (uint8_t)(VERSION << 5 | packet->diag));
	write_u8(&w, (uint8_t)((unsigned)packet->state << 6 | (packet->poll ? POLL : 0u) |
			       (packet->final ? FINAL : 0u) | (packet->demand ? DEMAND : 0u)));
	write_u8(&w, packet->multiplier);
	write_u8(&w, BFD_PACKET_OCTETS);
	write_be32(&w, packet->my_discr);
	write_be32(&w, packet->your_discr);
	write_be32(&w, packet->min_tx_us);
	write_be32(&w, packet->min_rx_us);
	write_be32(&w, 0);
}

const char *bfd_discard_name(enum bfd_discard reason)
{
	static const char *const names[BFD_DISCARDS] = {
		[BFD_ACCEPTED] = "accepted",
		[BFD_BAD_VERSION] = "not version 1",
		[BFD_BAD_LENGTH] = "wrong length",
		[BFD_BAD_AUTH] = "authenticated, which is not in use",
		[BFD_BAD_MULTIPLIER] = "multiplier 0",
		[BFD_BAD_MULTIPOINT] = "multipoint",
		[BFD_BAD_DISCR] = "own discriminator 0",
		[BFD_BAD_STATE] = "without discriminator, and yet not down",
		[BFD_BAD_TTL] = "TTL too low",
		[BFD_NO_SESSION] = "of no session",
	};

	return (unsigned)reason < BFD_DISCARDS ? names[reason] : "?";
}

const char *bfd_state_name(enum bfd_state state)
{
	static const char *const names[BFD_STATES] = {
		[BFD_ADMIN_DOWN] = "AdminDown",
		[BFD_DOWN] = "Down",
		[BFD_INIT] = "Init",
		[BFD_UP] = "Up",
	};

	return (unsigned)state < BFD_STATES ? names[state] : "?";
}

const char *bfd_diag_name(enum bfd_diag diag)
{
	static const char *const names[] = {
		"No Diagnostic",
		"Control Detection Time Expired",
		"Echo Function Failed",
		"Neighbor Signaled Session Down",
		"Forwarding Plane Reset",
		"Path Down",
		"Concatenated Path Down",
		"Administratively Down",
		"Reverse Concatenated Path Down",
	};

	return (unsigned)diag < sizeof names / sizeof names[0] ? names[diag] : "Reserved";
}
