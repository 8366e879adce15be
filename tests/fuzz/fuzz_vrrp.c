/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the VRRP decoder. The first octet says how to look at the rest: as a whole IPv4
 * datagram or as a bare message, which version and family is expected, whether the checksum is put
 * right first (or nothing deep is ever reached). What is accepted must come out of the encoder and
 * be accepted again, the same.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/vrrp/hmac.h"
#include "core/vrrp/packet.h"

#define AS_DATAGRAM 1
#define EXPECT_V3   2
#define OVER_IPV6   4
#define WITH_PASS   8
#define MEND	    16
#define UNKNOWN	    32
#define LOCAL_FIRST 64
#define WITH_AH	    128

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

static struct ip address(const char *text)
{
	struct ip ip = {0};

	if (ip_parse(text, &ip) < 0)
		abort();
	return ip;
}

static struct vrrp_expect expectation(uint8_t how, struct hmac *hmac)
{
	struct vrrp_expect expect = {.version = how & EXPECT_V3 ? 3 : 2,
				     .interval = 1,
				     .min_ttl = VRRP_TTL,
				     .max_ttl = VRRP_TTL};

	expect.link_local_first = how & LOCAL_FIRST;
	if (how & WITH_PASS) {
		expect.auth_type = VRRP_AUTH_PASS;
		memcpy(expect.auth_data, "1234", 4);
	}
	if (how & WITH_AH) {
		expect.auth_type = VRRP_AUTH_AH;
		expect.hmac = hmac;
		memcpy(expect.auth_data, "secret12", 8);
	}
	return expect;
}

static bool same(const struct vrrp_advert *a, const struct vrrp_advert *b)
{
	return a->version == b->version && a->vrid == b->vrid && a->priority == b->priority &&
	       a->interval == b->interval && a->family == b->family &&
	       a->auth_type == b->auth_type &&
	       memcmp(a->auth_data, b->auth_data, sizeof a->auth_data) == 0 &&
	       vrrp_packet_same_addresses(a, b->addresses, b->n_addresses) ==
		       vrrp_packet_same_addresses(b, a->addresses, a->n_addresses);
}

static void round_trip(const struct vrrp_advert *advert, const struct vrrp_envelope *received,
		       const struct vrrp_expect *expect)
{
	static struct vrrp_advert again; /* large */
	static uint8_t packet[VRRP_IP_HEADER + VRRP_AH_OCTETS + VRRP_MESSAGE_MAX];
	uint8_t *message = packet + VRRP_IP_HEADER + VRRP_AH_OCTETS;
	size_t before = received->sealed ? VRRP_IP_HEADER + VRRP_AH_OCTETS : 0;
	struct vrrp_envelope envelope = *received;
	int size = vrrp_packet_encode(advert, &received->source, &received->destination, true,
				      message, VRRP_MESSAGE_MAX);

	assert(size >= 0 && (size_t)size == received->size);
	memcpy(message - before, received->message - before, before);
	envelope.message = message;
	assert(vrrp_packet_check(&envelope, expect, &again) == VRRP_ACCEPTED);
	assert(same(advert, &again));
}

static void mend(uint8_t *message, const struct vrrp_envelope *e)
{
	size_t size = e->size, width = ip_size(&e->source);
	const uint8_t tail[4] = {0, VRRP_PROTOCOL, (uint8_t)(size >> 8), (uint8_t)size};
	uint16_t checksum;
	uint32_t sum = 0;

	if (size < 8)
		return;
	if (e->source.family == AF_INET6) {
		sum = checksum_add(sum, e->source.octets, width);
		sum = checksum_add(sum, e->destination.octets, width);
		sum = checksum_add(sum, tail, sizeof tail);
	}
	message[6] = message[7] = 0;
	checksum = checksum_finish(checksum_add(sum, message, size));
	message[6] = (uint8_t)(checksum >> 8);
	message[7] = (uint8_t)checksum;
}

static void judge(const struct vrrp_envelope *envelope, uint8_t how)
{
	static struct vrrp_advert advert; /* large */
	struct vrrp_expect expect;
	struct hmac *hmac = NULL;
	enum vrrp_discard reason;

	if (how & WITH_AH && hmac_md5_new(&hmac) < 0)
		abort();
	expect = expectation(how, hmac);
	(void)vrrp_packet_vrid(envelope);
	reason = vrrp_packet_check(envelope, how & UNKNOWN ? NULL : &expect, &advert);
	assert(reason < VRRP_DISCARDS && vrrp_discard_name(reason));
	assert(!(how & UNKNOWN) || reason != VRRP_ACCEPTED);
	if (reason == VRRP_ACCEPTED)
		round_trip(&advert, envelope, &expect);
	hmac_free(hmac);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct vrrp_envelope envelope = {.ttl = 255};
	uint8_t how, *copy;

	if (size == 0)
		return 0;
	how = octets[0];
	size--;
	copy = malloc(size ? size : 1); /* its own memory, so that a read beyond it is caught */
	assert(copy);
	memcpy(copy, octets + 1, size);
	if (how & AS_DATAGRAM) {
		if (vrrp_packet_open(copy, size, &envelope) == VRRP_ACCEPTED)
			judge(&envelope, how);
	} else {
		envelope.source = address(how & OVER_IPV6 ? "fe80::1" : "192.0.2.1");
		envelope.destination = address(how & OVER_IPV6 ? "ff02::12" : "224.0.0.18");
		envelope.message = copy;
		envelope.size = size;
		if (how & MEND)
			mend(copy, &envelope);
		judge(&envelope, how);
	}
	free(copy);
	return 0;
}
