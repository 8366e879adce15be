/* SPDX-License-Identifier: MIT */
/*
 * Codec of VRRP advertisements, versions 2 and 3. Pure and without state; called by the vrrp
 * thread, by tests and by the fuzz target. Every external octet passes through struct reader.
 *
 * The order of the checks decides which counter a bad packet moves, so it is one list in
 * check_message() and its callees: TTL, fixed part, version, VRID, full length, checksum, type,
 * then what the version adds.
 */
#include "core/vrrp/packet.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/vrrp/ah.h"

#define TYPE_ADVERT	  1
#define ADVERT_INT_V3_MAX 0x0fff

static const char *const discard_names[] = {
	[VRRP_ACCEPTED] = "accepted",
	[VRRP_BAD_IP] = "malformed IP header",
	[VRRP_OTHER_AH] = "AH of another protocol",
	[VRRP_OTHER_DESTINATION] = "not sent to where this router listens",
	[VRRP_NOT_PEER] = "not from a peer",
	[VRRP_OWN] = "our own advertisement",
	[VRRP_BAD_TTL] = "wrong TTL",
	[VRRP_SHORT] = "too short",
	[VRRP_BAD_VERSION] = "wrong version",
	[VRRP_UNKNOWN_VRID] = "no such virtual router here",
	[VRRP_BAD_LENGTH] = "length does not match the address count",
	[VRRP_BAD_CHECKSUM] = "wrong checksum",
	[VRRP_BAD_TYPE] = "not an advertisement",
	[VRRP_BAD_AUTH_TYPE] = "unknown authentication type",
	[VRRP_OTHER_AUTH_TYPE] = "authentication type differs from ours",
	[VRRP_BAD_AUTH_DATA] = "wrong password",
	[VRRP_REPLAYED] = "sequence number has been seen already",
	[VRRP_NO_ADDRESS] = "no address",
	[VRRP_ZERO_INTERVAL] = "interval is zero",
	[VRRP_NOT_LINK_LOCAL] = "first address is not link-local",
	[VRRP_OTHER_INTERVAL] = "advertisement interval differs from ours",
};
static_assert(sizeof discard_names / sizeof *discard_names == VRRP_DISCARDS,
	      "one name for each reason");

const char *vrrp_discard_name(enum vrrp_discard reason)
{
	return (unsigned)reason < VRRP_DISCARDS ? discard_names[reason] : "unknown";
}

static struct ip read_ip(struct reader *r, uint16_t family)
{
	struct ip ip = {.family = family};

	read_octets(r, ip.octets, ip_size(&ip));
	return ip;
}

/* The authentication header, if there is one; of its lengths the message begins behind it. */
static enum vrrp_discard open_seal(struct reader *r, struct vrrp_envelope *envelope)
{
	uint8_t protocol = read_u8(r), words = read_u8(r);

	read_skip(r, 2 + 4); /* reserved; the SPI is a matter of who knows the key */
	envelope->sequence = read_be32(r);
	read_skip(r, VRRP_AH_OCTETS - 12);
	if (!r->bad && protocol != VRRP_PROTOCOL)
		return VRRP_OTHER_AH;
	if (r->bad || words != VRRP_AH_OCTETS / 4 - 2)
		return VRRP_BAD_IP;
	envelope->sealed = true;
	envelope->message += VRRP_AH_OCTETS;
	envelope->size -= VRRP_AH_OCTETS;
	return VRRP_ACCEPTED;
}

enum vrrp_discard vrrp_packet_open(const void *datagram, size_t size, struct vrrp_envelope *ret)
{
	struct reader r = reader_of(datagram, size);
	struct vrrp_envelope envelope = {0};
	enum vrrp_discard reason = VRRP_ACCEPTED;
	size_t header, total;
	uint8_t first, protocol;
	uint16_t fragment;

	first = read_u8(&r);
	read_skip(&r, 1); /* TOS */
	total = read_be16(&r);
	read_skip(&r, 2); /* identification */
	fragment = read_be16(&r);
	envelope.ttl = read_u8(&r);
	protocol = read_u8(&r);
	read_skip(&r, 2); /* checksum: verified by the kernel */
	envelope.source = read_ip(&r, AF_INET);
	envelope.destination = read_ip(&r, AF_INET);
	header = (size_t)(first & 0x0f) * 4;
	/* A fragment offset, or more fragments to come: the kernel reassembles, so neither is seen
	 * in good traffic. */
	if (r.bad || first >> 4 != 4 || header < VRRP_IP_HEADER || header > total || total > size ||
	    (fragment & 0x3fff))
		return VRRP_BAD_IP;
	envelope.message = (const uint8_t *)datagram + header;
	envelope.size = total - header;
	if (protocol == VRRP_PROTOCOL_AH && header == VRRP_IP_HEADER) {
		r = reader_of(envelope.message, envelope.size);
		reason = open_seal(&r, &envelope);
	} else if (protocol != VRRP_PROTOCOL) {
		reason = VRRP_BAD_IP;
	}
	if (!reason)
		*ret = envelope;
	return reason;
}

uint8_t vrrp_packet_vrid(const struct vrrp_envelope *envelope)
{
	struct reader r = reader_of(envelope->message, envelope->size);

	read_skip(&r, 1);
	return read_u8(&r);
}

static uint32_t pseudo_header(const struct ip *source, const struct ip *destination, size_t size)
{
	uint8_t tail[4] = {0, VRRP_PROTOCOL, (uint8_t)(size >> 8), (uint8_t)size};
	uint32_t sum;

	sum = checksum_add(0, source->octets, ip_size(source));
	sum = checksum_add(sum, destination->octets, ip_size(destination));
	return checksum_add(sum, tail, sizeof tail);
}

/* RFC 3768 has authentication data, and IPv4 alone: what keepalived sends as version 2 over IPv6
 * has none. */
static size_t auth_octets(uint8_t version, uint16_t family)
{
	return version == 2 && family == AF_INET ? VRRP_AUTH_OCTETS : 0;
}

static bool sums_up(const struct vrrp_envelope *e, uint32_t sum)
{
	return checksum_finish(checksum_add(sum, e->message, e->size)) == 0;
}

static bool checksum_is_good(const struct vrrp_envelope *e, const struct vrrp_expect *expect,
			     struct vrrp_advert *advert)
{
	const struct ip *old = &expect->old_destination;

	advert->old_checksum = false;
	if (e->source.family == AF_INET && sums_up(e, 0))
		return true;
	if (advert->version == 2 && e->source.family == AF_INET)
		return false;
	if (sums_up(e, pseudo_header(&e->source, &e->destination, e->size)))
		return true;
	if (e->source.family == AF_INET && ip_is_set(old))
		advert->old_checksum = sums_up(e, pseudo_header(&e->source, old, e->size));
	return advert->old_checksum;
}

/* Constant time: how much of a guess was right must not show. */
static bool auth_equal(const uint8_t *a, const uint8_t *b)
{
	uint8_t difference = 0;

	for (size_t i = 0; i < VRRP_AUTH_OCTETS; i++)
		difference |= a[i] ^ b[i];
	return difference == 0;
}

static enum vrrp_discard check_seal(const struct vrrp_envelope *e, const struct vrrp_expect *expect)
{
	if (!vrrp_ah_is_genuine(expect->hmac, expect->auth_data, e))
		return VRRP_BAD_AUTH_DATA;
	if (e->sequence <= expect->sequence)
		return VRRP_REPLAYED;
	return VRRP_ACCEPTED;
}

static enum vrrp_discard check_v2(const struct vrrp_envelope *e, const struct vrrp_advert *advert,
				  const struct vrrp_expect *expect)
{
	enum vrrp_discard reason = VRRP_ACCEPTED;

	if (advert->auth_type > VRRP_AUTH_AH)
		return VRRP_BAD_AUTH_TYPE;
	if (advert->auth_type != expect->auth_type)
		return VRRP_OTHER_AUTH_TYPE;
	if (advert->auth_type == VRRP_AUTH_PASS &&
	    !auth_equal(advert->auth_data, expect->auth_data))
		return VRRP_BAD_AUTH_DATA;
	if (advert->auth_type == VRRP_AUTH_AH)
		reason = check_seal(e, expect);
	if (reason)
		return reason;
	if (advert->interval != expect->interval)
		return VRRP_OTHER_INTERVAL;
	return VRRP_ACCEPTED;
}

static enum vrrp_discard check_v3(const struct vrrp_advert *advert,
				  const struct vrrp_expect *expect)
{
	if (advert->n_addresses == 0)
		return VRRP_NO_ADDRESS;
	if (advert->interval == 0)
		return VRRP_ZERO_INTERVAL;
	if (expect->link_local_first && advert->family == AF_INET6 &&
	    !ip_is_link_local(&advert->addresses[0]))
		return VRRP_NOT_LINK_LOCAL;
	return VRRP_ACCEPTED;
}

/* The octets behind the fixed part; their number has been checked. */
static void read_body(struct reader *r, struct vrrp_advert *advert)
{
	memset(advert->addresses, 0, sizeof advert->addresses);
	for (size_t i = 0; i < advert->n_addresses; i++)
		advert->addresses[i] = read_ip(r, advert->family);
	memset(advert->auth_data, 0, sizeof advert->auth_data);
	read_octets(r, advert->auth_data, auth_octets(advert->version, advert->family));
}

/* From the fixed part to the type; leaves r behind the fixed part. */
static enum vrrp_discard check_header(const struct vrrp_envelope *e,
				      const struct vrrp_expect *expect, struct reader *r,
				      struct vrrp_advert *advert)
{
	uint8_t first = read_u8(r);
	size_t length;

	advert->version = first >> 4;
	advert->vrid = read_u8(r);
	advert->priority = read_u8(r);
	advert->n_addresses = read_u8(r);
	advert->family = e->source.family;
	advert->auth_type = 0;
	if (advert->version == 2) {
		advert->auth_type = read_u8(r);
		advert->interval = read_u8(r);
	} else {
		advert->interval =
			read_be16(r) & ADVERT_INT_V3_MAX; /* the reserved bits are ignored */
	}
	read_skip(r, 2);
	if (r->bad)
		return VRRP_SHORT;
	if (advert->version != 2 && advert->version != 3)
		return VRRP_BAD_VERSION;
	if (!expect || advert->vrid == 0)
		return VRRP_UNKNOWN_VRID;
	if (advert->version != expect->version)
		return VRRP_BAD_VERSION;
	length = VRRP_FIXED_PART + advert->n_addresses * ip_size(&e->source) +
		 auth_octets(advert->version, advert->family);
	if (e->size != length)
		return VRRP_BAD_LENGTH;
	if (!checksum_is_good(e, expect, advert))
		return VRRP_BAD_CHECKSUM;
	return (first & 0x0f) == TYPE_ADVERT ? VRRP_ACCEPTED : VRRP_BAD_TYPE;
}

static bool ttl_is_good(const struct vrrp_envelope *e, const struct vrrp_expect *expect)
{
	if (!expect)
		return e->ttl == VRRP_TTL || !ip_is_multicast(&e->destination);
	return expect->min_ttl <= e->ttl && e->ttl <= expect->max_ttl;
}

enum vrrp_discard vrrp_packet_check(const struct vrrp_envelope *envelope,
				    const struct vrrp_expect *expect, struct vrrp_advert *ret)
{
	struct reader r = reader_of(envelope->message, envelope->size);
	struct vrrp_advert advert;
	enum vrrp_discard reason;

	if (expect && ip_is_set(&expect->own) && ip_compare(&envelope->source, &expect->own) == 0)
		return VRRP_OWN;
	if (!ttl_is_good(envelope, expect))
		return VRRP_BAD_TTL;
	reason = check_header(envelope, expect, &r, &advert);
	if (reason)
		return reason;
	read_body(&r, &advert);
	if (envelope->sealed && advert.auth_type != VRRP_AUTH_AH)
		return VRRP_OTHER_AUTH_TYPE;
	reason = advert.version == 2 ? check_v2(envelope, &advert, expect)
				     : check_v3(&advert, expect);
	if (reason)
		return reason;
	*ret = advert;
	return VRRP_ACCEPTED;
}

static bool lists_ip(const struct ip *list, size_t count, const struct ip *ip)
{
	for (size_t i = 0; i < count; i++)
		if (ip_compare(&list[i], ip) == 0)
			return true;
	return false;
}

bool vrrp_packet_same_addresses(const struct vrrp_advert *advert, const struct ip *addresses,
				size_t count)
{
	if (advert->n_addresses != count)
		return false;
	/* Both ways: an address named twice must not stand for two. */
	for (size_t i = 0; i < count; i++)
		if (!lists_ip(advert->addresses, count, &addresses[i]) ||
		    !lists_ip(addresses, count, &advert->addresses[i]))
			return false;
	return true;
}

int vrrp_packet_encode(const struct vrrp_advert *advert, const struct ip *source,
		       const struct ip *destination, bool with_pseudo, void *room, size_t size)
{
	struct writer w = writer_of(room, size);
	bool v3 = advert->version == 3;
	uint32_t sum = 0;
	uint16_t checksum;

	if ((advert->version != 2 && !v3) ||
	    (advert->family != AF_INET && advert->family != AF_INET6) ||
	    advert->interval > (v3 ? ADVERT_INT_V3_MAX : UINT8_MAX))
		return -EINVAL;
	write_u8(&w, (uint8_t)(advert->version << 4 | TYPE_ADVERT));
	write_u8(&w, advert->vrid);
	write_u8(&w, advert->priority);
	write_u8(&w, advert->n_addresses);
	if (v3) {
		write_be16(&w, advert->interval); /* reserved bits: zero */
	} else {
		write_u8(&w, advert->auth_type);
		write_u8(&w, (uint8_t)advert->interval);
	}
	write_be16(&w, 0);
	for (size_t i = 0; i < advert->n_addresses; i++)
		write_octets(&w, advert->addresses[i].octets, advert->family == AF_INET ? 4 : 16);
	write_octets(&w, advert->auth_data, auth_octets(advert->version, advert->family));
	if (w.bad)
		return -ENOBUFS;
	if ((v3 && with_pseudo) || advert->family == AF_INET6)
		sum = pseudo_header(source, destination, w.used);
	checksum = checksum_finish(checksum_add(sum, room, w.used));
	((uint8_t *)room)[6] = (uint8_t)(checksum >> 8);
	((uint8_t *)room)[7] = (uint8_t)checksum;
	return (int)w.used;
}

static size_t write_ip6_header(const struct ip *source, const struct ip *destination, uint8_t ttl,
			       uint8_t protocol, size_t message_size,
			       uint8_t room[static VRRP_IP_HEADER_MAX])
{
	struct writer w = writer_of(room, VRRP_IP_HEADER_MAX);

	write_u8(&w, 0x6c); /* internetwork control, no flow */
	write_u8(&w, 0);
	write_be16(&w, 0);
	write_be16(&w, (uint16_t)message_size);
	write_u8(&w, protocol);
	write_u8(&w, ttl);
	write_octets(&w, source->octets, 16);
	write_octets(&w, destination->octets, 16);
	return w.used;
}

size_t vrrp_packet_ip_header(const struct ip *source, const struct ip *destination, uint8_t ttl,
			     uint8_t protocol, size_t message_size,
			     uint8_t room[static VRRP_IP_HEADER_MAX])
{
	if (destination->family == AF_INET6)
		return write_ip6_header(source, destination, ttl, protocol, message_size, room);
	struct writer w = writer_of(room, VRRP_IP_HEADER);
	uint16_t checksum;

	write_u8(&w, 0x45);
	write_u8(&w, 0xc0); /* internetwork control */
	write_be16(&w, (uint16_t)(VRRP_IP_HEADER + message_size));
	/* The kernel puts an identification of its own in the place of 0, and AH covers it. */
	write_be16(&w, protocol == VRRP_PROTOCOL_AH);
	write_be16(&w, 0);
	write_u8(&w, ttl);
	write_u8(&w, protocol);
	write_be16(&w, 0);
	write_octets(&w, source->octets, 4);
	write_octets(&w, destination->octets, 4);
	checksum = checksum_finish(checksum_add(0, room, VRRP_IP_HEADER));
	room[10] = (uint8_t)(checksum >> 8);
	room[11] = (uint8_t)checksum;
	return w.used;
}
