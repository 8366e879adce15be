/* SPDX-License-Identifier: MIT */
/*
 * Gratuitous ARP frames over a packet socket. vrrp thread. The frame is built by hand: the kernel's
 * own announcements depend on sysctls and on the address being there already.
 */
#include "core/vrrp/garp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/buf.h"

static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

int garp_open(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

void garp_encode(const uint8_t mac[static 6], const struct ip *address,
		 uint8_t room[static GARP_FRAME])
{
	struct writer w = writer_of(room, GARP_FRAME);

	write_octets(&w, broadcast, 6);
	write_octets(&w, mac, 6);
	write_be16(&w, ETH_P_ARP);
	write_be16(&w, ARPHRD_ETHER);
	write_be16(&w, ETH_P_IP);
	write_u8(&w, 6);
	write_u8(&w, 4);
	write_be16(&w, ARPOP_REQUEST);
	write_octets(&w, mac, 6);
	write_octets(&w, address->octets, 4);
	write_octets(&w, mac,
		     6); /* errata 7947 and 7949 of RFC 9568; receivers ignore it in a request */
	write_octets(&w, address->octets, 4);
}

int garp_send(int fd, uint32_t ifindex, const uint8_t mac[static 6], const struct ip *address)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = (int)ifindex,
		.sll_halen = 6,
	};
	uint8_t frame[GARP_FRAME];

	memcpy(to.sll_addr, broadcast, 6);
	garp_encode(mac, address, frame);
	return sendto(fd, frame, sizeof frame, MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof to) < 0
		       ? -errno
		       : 0;
}
