/* SPDX-License-Identifier: MIT */
/*
 * BFD control packets: octets to struct and back. Pure. Source: RFC 5880 section 4.1; what is
 * refused, section 6.8.6 as far as it needs no session. No authentication.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/snap.h"

#define BFD_PACKET_OCTETS 24

struct bfd_packet {
	enum bfd_diag diag;
	enum bfd_state state;
	bool poll, final, demand;
	uint8_t multiplier;
	uint32_t my_discr, your_discr; /* your 0: the sender knows none yet */
	uint32_t min_tx_us, min_rx_us; /* desired, required */
};

/* Why a packet is not used; the first is none. The second half needs a session to say so. */
enum bfd_discard {
	BFD_ACCEPTED,
	BFD_BAD_VERSION,
	BFD_BAD_LENGTH,
	BFD_BAD_AUTH, /* authenticated, and none is in use */
	BFD_BAD_MULTIPLIER,
	BFD_BAD_MULTIPOINT,
	BFD_BAD_DISCR,
	BFD_BAD_STATE, /* knows no discriminator, and yet more than Down */
	BFD_BAD_TTL,
	BFD_NO_SESSION,
	BFD_DISCARDS
};

/* *ret is meant with BFD_ACCEPTED only. The length octet counts, not what follows it. */
enum bfd_discard bfd_packet_decode(const void *octets, size_t size, struct bfd_packet *ret);
void bfd_packet_encode(const struct bfd_packet *packet, uint8_t room[static BFD_PACKET_OCTETS]);

/* Names for the log; never NULL. */
const char *bfd_discard_name(enum bfd_discard reason);
const char *bfd_state_name(enum bfd_state state);
const char *bfd_diag_name(enum bfd_diag diag);
