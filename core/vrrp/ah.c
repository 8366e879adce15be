/* SPDX-License-Identifier: MIT */
/*
 * The authentication header of VRRP version 2. vrrp thread; no socket, no clock. What the sum
 * covers: the IP header with what routers may change as zero (RFC 4302 section 3.3.3.1.1), the
 * authentication header with the sum as zero, the message.
 */
#include "core/vrrp/ah.h"

#include <string.h>

#include "core/base/buf.h"

#define ICV_OCTETS 12 /* the first of the digest: RFC 2403 section 2 */
#define ICV_AT	   (VRRP_AH_OCTETS - ICV_OCTETS)

/* octets: the IP header of VRRP_IP_HEADER octets, as sent or as received. */
static int work_out(struct hmac *hmac, const uint8_t *key, const uint8_t *octets,
		    const uint8_t *packet, size_t size, uint8_t ret[static HMAC_MD5_OCTETS])
{
	static const uint8_t zeros[ICV_OCTETS];
	uint8_t header[VRRP_IP_HEADER];
	const struct iovec parts[] = {
		{header, sizeof header},
		{(void *)packet, ICV_AT},
		{(void *)zeros, sizeof zeros},
		{(void *)(packet + VRRP_AH_OCTETS), size - VRRP_AH_OCTETS},
	};
	struct ip destination = {.family = AF_INET};

	memcpy(header, octets, sizeof header);
	memcpy(destination.octets, header + 16, 4);
	header[1] = 0;		  /* TOS */
	memset(header + 6, 0, 2); /* fragment */
	if (!ip_is_multicast(&destination))
		header[8] = 0;	   /* TTL */
	memset(header + 10, 0, 2); /* checksum */
	return hmac_sum(hmac, key, VRRP_AUTH_OCTETS, parts, sizeof parts / sizeof *parts, ret);
}

int vrrp_ah_seal(struct hmac *hmac, const uint8_t key[static VRRP_AUTH_OCTETS], uint32_t sequence,
		 const struct ip *source, const struct ip *destination, uint8_t ttl,
		 uint8_t *packet, size_t size)
{
	struct writer w = writer_of(packet, VRRP_AH_OCTETS);
	uint8_t header[VRRP_IP_HEADER_MAX], sum[HMAC_MD5_OCTETS];
	int r;

	write_u8(&w, VRRP_PROTOCOL);
	write_u8(&w, VRRP_AH_OCTETS / 4 - 2); /* RFC 4302 section 2.2 */
	write_be16(&w, 0);
	write_octets(&w, source->octets, 4);
	write_be32(&w, sequence);
	vrrp_packet_ip_header(source, destination, ttl, VRRP_PROTOCOL_AH, size, header);
	r = work_out(hmac, key, header, packet, size, sum);
	if (r >= 0)
		memcpy(packet + ICV_AT, sum, ICV_OCTETS);
	return r;
}

/* Constant time: how much of a guess was right must not show. */
static bool is_equal(const uint8_t *a, const uint8_t *b)
{
	uint8_t difference = 0;

	for (size_t i = 0; i < ICV_OCTETS; i++)
		difference |= a[i] ^ b[i];
	return difference == 0;
}

bool vrrp_ah_is_genuine(struct hmac *hmac, const uint8_t key[static VRRP_AUTH_OCTETS],
			const struct vrrp_envelope *envelope)
{
	const uint8_t *packet;
	uint8_t sum[HMAC_MD5_OCTETS];

	if (!envelope->sealed)
		return false;
	packet = envelope->message - VRRP_AH_OCTETS;
	if (memcmp(packet + 4, envelope->source.octets, 4) != 0 ||
	    work_out(hmac, key, packet - VRRP_IP_HEADER, packet, envelope->size + VRRP_AH_OCTETS,
		     sum) < 0)
		return false;
	return is_equal(sum, packet + ICV_AT);
}
