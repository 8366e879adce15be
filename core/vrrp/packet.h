/* SPDX-License-Identifier: MIT */
/*
 * The VRRP advertisement on the wire: RFC 3768 section 5.1 (with the authentication data of RFC
 * 2338 section 5.3.10) and RFC 5798 / RFC 9568 section 5.1. Pure: octets in, a struct or a reason
 * out; no socket, no clock.
 *
 * Receiving takes two steps, because a counter belongs to an instance and the instance is found by
 * what the packet says: vrrp_packet_open() reads the IP header (of IPv6 the kernel does), the
 * caller looks the virtual router up with vrrp_packet_vrid(), vrrp_packet_check() runs every check
 * in a fixed order and names the first that fails.
 *
 * Version 2 over IPv6 is in no RFC. It is what keepalived sends when told to: addresses of 16
 * octets, no authentication data, the checksum of version 3.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/ip.h"

#define VRRP_PROTOCOL	      112
#define VRRP_PROTOCOL_AH      51
#define VRRP_TTL	      255
#define VRRP_FIXED_PART	      8
#define VRRP_AUTH_OCTETS      8
#define VRRP_AH_OCTETS	      24 /* ah.h */
#define VRRP_ADDRESSES_MAX    255
#define VRRP_MESSAGE_MAX      (8 + 16 * VRRP_ADDRESSES_MAX + VRRP_AUTH_OCTETS)
#define VRRP_PRIORITY_OWNER   255
#define VRRP_PRIORITY_RELEASE 0

enum vrrp_auth_type { VRRP_AUTH_NONE = 0, VRRP_AUTH_PASS = 1, VRRP_AUTH_AH = 2 };

/* Why a packet is not used, in the order of the checks. */
enum vrrp_discard {
	VRRP_ACCEPTED,
	VRRP_BAD_IP,		/* the IP header is not believable, or not protocol 112 */
	VRRP_OTHER_AH,		/* AH, but of something else than VRRP: not an error */
	VRRP_OTHER_DESTINATION, /* unicast to a multicast router, the reverse, or another group */
	VRRP_NOT_PEER,		/* unicast, from none of the peers */
	VRRP_OWN,		/* our own advertisement looped back: not an error */
	VRRP_BAD_TTL,		/* TTL or hop limit is not 255; unicast: not what the peer has */
	VRRP_SHORT,		/* shorter than the fixed part */
	VRRP_BAD_VERSION,	/* not 2 or 3, or not the configured one */
	VRRP_UNKNOWN_VRID,	/* no such virtual router on this interface and family */
	VRRP_BAD_LENGTH,	/* shorter than its address count says */
	VRRP_BAD_CHECKSUM,
	VRRP_BAD_TYPE,	      /* not an advertisement */
	VRRP_BAD_AUTH_TYPE,   /* v2: a type that does not exist */
	VRRP_OTHER_AUTH_TYPE, /* v2: a known type, but not ours */
	VRRP_BAD_AUTH_DATA,   /* v2: wrong password, or AH that does not prove the same */
	VRRP_REPLAYED,	      /* v2: AH with a sequence number of the past */
	VRRP_NO_ADDRESS,      /* v3: address count 0 */
	VRRP_ZERO_INTERVAL,   /* v3: interval 0 */
	VRRP_NOT_LINK_LOCAL,  /* v3/IPv6: first address, where that is asked for */
	VRRP_OTHER_INTERVAL,  /* v2: not our advertisement interval */
	VRRP_DISCARDS,
};

/* For logs; never NULL. */
const char *vrrp_discard_name(enum vrrp_discard reason);

struct hmac;

/* What the IP layer says about a received message. */
struct vrrp_envelope {
	struct ip source, destination;
	uint8_t ttl;
	const uint8_t *message; /* into the datagram */
	size_t size;		/* of message; what lies behind the IP length is not counted */
	/* Right before message are an IP header without options and AH. */
	bool sealed;
	uint32_t sequence; /* of AH */
};

/* What the local virtual router expects of its peers. */
struct vrrp_expect {
	uint8_t version;
	uint8_t auth_type; /* enum vrrp_auth_type, v2 */
	uint8_t auth_data[VRRP_AUTH_OCTETS];
	struct hmac *hmac;	  /* for AH */
	uint32_t sequence;	  /* AH: of the last advert accepted, 0: none yet */
	uint32_t interval;	  /* v2: seconds */
	uint8_t min_ttl, max_ttl; /* 255 and 255 for multicast */
	struct ip own;		  /* source of our own adverts; AF_UNSPEC: none */
	/* v3/IPv4: also the checksum of a message to there; AF_UNSPEC: none. keepalived up to 1.3.6
	 * made that of unicast as if it went to the group. */
	struct ip old_destination;
	/* RFC 9568 erratum 8300; without strict mode keepalived sends others, and takes them */
	bool link_local_first;
};

/* One advertisement. The unit of interval depends on the version: v2 seconds, v3 centiseconds. */
struct vrrp_advert {
	uint8_t version;
	uint8_t vrid, priority;
	uint8_t auth_type; /* v2 */
	uint8_t auth_data[VRRP_AUTH_OCTETS];
	uint16_t interval;
	uint16_t family;   /* AF_INET or AF_INET6 */
	bool old_checksum; /* received: right only for old_destination */
	uint8_t n_addresses;
	struct ip addresses[VRRP_ADDRESSES_MAX];
};

/* An IPv4 datagram as a raw socket delivers it, of VRRP or AH. Octets after the IP total length are
 * padding. */
enum vrrp_discard vrrp_packet_open(const void *datagram, size_t size, struct vrrp_envelope *ret);

/* The VRID the message claims, before any check; 0 when it is too short to say. For finding whom to
 * charge. */
uint8_t vrrp_packet_vrid(const struct vrrp_envelope *envelope);

/*
 * All checks from TTL on. expect NULL: no such virtual router here; then TTL counts for multicast
 * only. *ret is filled when VRRP_ACCEPTED is returned and untouched otherwise. The address list is
 * read, not judged: see vrrp_packet_same_addresses(). A v3/IPv4 checksum is accepted with and
 * without the pseudo-header: RFC 9568 and the deployed base disagree, and refusing either makes two
 * masters.
 */
enum vrrp_discard vrrp_packet_check(const struct vrrp_envelope *envelope,
				    const struct vrrp_expect *expect, struct vrrp_advert *ret);

/* Same addresses, in whatever order. */
bool vrrp_packet_same_addresses(const struct vrrp_advert *advert, const struct ip *addresses,
				size_t count);

/*
 * Writes the message with its checksum into room. source and destination are used for the
 * pseudo-header (IPv6 always; IPv4 only v3 with pseudo_header). Returns its size, or -ENOBUFS
 * when room is too small, -EINVAL for a version or family that does not exist or an interval that
 * the version has no room for (255 s, 4095 cs).
 */
int vrrp_packet_encode(const struct vrrp_advert *advert, const struct ip *source,
		       const struct ip *destination, bool pseudo_header, void *room, size_t size);

/* An IP header without options, of the addresses' family, for message_size octets of a protocol.
 * Returns its size: VRRP_IP_HEADER for IPv4, VRRP_IP_HEADER_MAX for IPv6. */
#define VRRP_IP_HEADER	   20
#define VRRP_IP_HEADER_MAX 40
size_t vrrp_packet_ip_header(const struct ip *source, const struct ip *destination, uint8_t ttl,
			     uint8_t protocol, size_t message_size,
			     uint8_t room[static VRRP_IP_HEADER_MAX]);
