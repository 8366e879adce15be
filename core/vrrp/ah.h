/* SPDX-License-Identifier: MIT */
/*
 * Authentication by AH: RFC 2338 section 5.3.6 type 2, an IPsec authentication header (RFC 4302)
 * with HMAC-MD5-96 (RFC 2403) between the IPv4 header and a message of version 2. Pure but for
 * OpenSSL's arithmetic.
 *
 * As keepalived has it: the SPI is the source address, and the TTL, which RFC 4302 leaves out, is
 * part of the sum of what goes to a group, where it is 255.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/vrrp/hmac.h"
#include "core/vrrp/packet.h"

/*
 * Writes the header into the first VRRP_AH_OCTETS of packet, for the message behind them; size: of
 * both. The packet must then go out with VRRP_PROTOCOL_AH and the same addresses and TTL. Returns 0
 * or a negative errno of hmac_sum().
 */
int vrrp_ah_seal(struct hmac *hmac, const uint8_t key[static VRRP_AUTH_OCTETS], uint32_t sequence,
		 const struct ip *source, const struct ip *destination, uint8_t ttl,
		 uint8_t *packet, size_t size);

/* Who sent it has the key, and nothing was changed on the way. False without the header. */
bool vrrp_ah_is_genuine(struct hmac *hmac, const uint8_t key[static VRRP_AUTH_OCTETS],
			const struct vrrp_envelope *envelope);
