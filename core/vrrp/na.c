/* SPDX-License-Identifier: MIT */
/*
 * Unsolicited Neighbour Advertisements over a packet socket. vrrp thread. The frame is built by
 * hand, because the kernel sends nothing from an address that it does not have yet, and at a
 * takeover the neighbours are not to wait for that.
 */
#include "core/vrrp/na.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/buf.h"

#define ICMP_SIZE 32 /* the advertisement with one option */
#define HOPS	  255

static const uint8_t all_nodes_mac[6] = {0x33, 0x33, 0, 0, 0, 1};
static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};

static void write_headers(struct writer *w, const uint8_t *mac, const struct ip *address)
{
	write_octets(w, all_nodes_mac, 6);
	write_octets(w, mac, 6);
	write_be16(w, ETH_P_IPV6);
	write_be32(w, 6u << 28);
	write_be16(w, ICMP_SIZE);
	write_u8(w, IPPROTO_ICMPV6);
	write_u8(w, HOPS);
	write_octets(w, address->octets, 16);
	write_octets(w, all_nodes, 16);
}

/* RFC 8200 section 8.1 */
static uint16_t icmp_checksum(const struct ip *address, const uint8_t *message)
{
	const uint8_t tail[8] = {0, 0, 0, ICMP_SIZE, 0, 0, 0, IPPROTO_ICMPV6};
	uint32_t sum = checksum_add(0, address->octets, 16);

	sum = checksum_add(sum, all_nodes, 16);
	sum = checksum_add(sum, tail, sizeof tail);
	return checksum_finish(checksum_add(sum, message, ICMP_SIZE));
}

void na_encode(const uint8_t mac[static 6], const struct ip *address, bool router,
	       uint8_t room[static NA_FRAME])
{
	struct writer w = writer_of(room, NA_FRAME);
	uint8_t *message = room + NA_FRAME - ICMP_SIZE;
	uint16_t checksum;

	write_headers(&w, mac, address);
	write_u8(&w, ND_NEIGHBOR_ADVERT);
	write_u8(&w, 0);
	write_be16(&w, 0);
	write_u8(&w, (uint8_t)((router ? 0x80 : 0) | 0x20)); /* override; not solicited */
	write_u8(&w, 0);
	write_be16(&w, 0);
	write_octets(&w, address->octets, 16);
	write_u8(&w, ND_OPT_TARGET_LINKADDR);
	write_u8(&w, 1);
	write_octets(&w, mac, 6);
	checksum = icmp_checksum(address, message);
	message[2] = (uint8_t)(checksum >> 8);
	message[3] = (uint8_t)checksum;
}

int na_send(int fd, uint32_t ifindex, const uint8_t mac[static 6], const struct ip *address,
	    bool router)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IPV6),
		.sll_ifindex = (int)ifindex,
		.sll_halen = 6,
	};
	uint8_t frame[NA_FRAME];

	memcpy(to.sll_addr, all_nodes_mac, 6);
	na_encode(mac, address, router, frame);
	return sendto(fd, frame, sizeof frame, MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof to) < 0
		       ? -errno
		       : 0;
}
