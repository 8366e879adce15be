/* SPDX-License-Identifier: MIT */
/*
 * Adverts to and from the virtual MAC address. vrrp thread.
 *
 * The kernel gives a frame whose source is a private macvlan's own address to that macvlan and to
 * nobody else: so the adverts of a master that uses the virtual MAC address, too, come in there,
 * while those of one that does not come in on the interface below. A socket of IP would have to
 * join the group on the macvlan, and the membership report would leave from an address that belongs
 * to another machine at the moment: switches would believe it. Hence a packet socket, with a filter
 * in the kernel, as all traffic of the virtual addresses passes here.
 */
#include "core/vrrp/sock_macvlan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/vrrp/packet.h"

#define TC_PRIO_CONTROL 7 /* linux/pkt_sched.h: ahead of bulk traffic in the queue */

#define LOAD(width, at)	  BPF_STMT(BPF_LD | (width) | BPF_ABS, (uint32_t)(at))
#define UNLESS(value, to) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (to))

static int set_filter(int fd, uint16_t family, const uint8_t mac[static 6])
{
	uint32_t high =
		(uint32_t)mac[0] << 24 | (uint32_t)mac[1] << 16 | (uint32_t)mac[2] << 8 | mac[3];
	uint32_t low = (uint32_t)mac[4] << 8 | mac[5];
	struct sock_filter program[] = {
		LOAD(BPF_B, family == AF_INET6 ? 6 : 9), /* what follows the IP header */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, VRRP_PROTOCOL, 1, 0),
		UNLESS(family == AF_INET6 ? VRRP_PROTOCOL : VRRP_PROTOCOL_AH, 5),
		LOAD(BPF_W, SKF_LL_OFF + 6), /* source of the Ethernet header */
		UNLESS(high, 3),
		LOAD(BPF_H, SKF_LL_OFF + 10),
		UNLESS(low, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog filter = {sizeof program / sizeof *program, program};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

static uint16_t ethertype(uint16_t family)
{
	return htons(family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP);
}

/* Before it is bound the socket hears nothing, so nothing passes without the filter. */
static int configure(int fd, uint32_t ifindex, uint16_t family, const uint8_t mac[static 6])
{
	const struct sockaddr_ll here = {
		.sll_family = AF_PACKET,
		.sll_protocol = ethertype(family),
		.sll_ifindex = (int)ifindex,
	};
	int priority = TC_PRIO_CONTROL;

	if (set_filter(fd, family, mac) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof priority) < 0 ||
	    bind(fd, (const struct sockaddr *)&here, sizeof here) < 0)
		return -errno;
	return 0;
}

int vrrp_sock_macvlan_open(uint32_t ifindex, uint16_t family, const uint8_t mac[static 6])
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return -errno;
	r = configure(fd, ifindex, family, mac);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

/* RFC 1112 section 6.4, RFC 2464 section 7. */
static void group_mac(const struct ip *group, uint8_t mac[static 6])
{
	const uint8_t *ip = group->octets;
	const uint8_t octets4[6] = {0x01, 0x00, 0x5e, ip[1] & 0x7f, ip[2], ip[3]};
	const uint8_t octets6[6] = {0x33, 0x33, ip[12], ip[13], ip[14], ip[15]};

	memcpy(mac, group->family == AF_INET6 ? octets6 : octets4, 6);
}

int vrrp_sock_macvlan_send(int fd, uint32_t ifindex, const struct ip *source,
			   const struct ip *group, uint8_t ttl, uint8_t protocol,
			   const void *message, size_t size)
{
	uint8_t header[VRRP_IP_HEADER_MAX];
	struct iovec parts[] = {{header, 0}, {(void *)message, size}};
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = ethertype(group->family),
		.sll_ifindex = (int)ifindex,
		.sll_halen = 6,
	};
	const struct msghdr datagram = {
		.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = parts, .msg_iovlen = 2};

	if (!ip_is_multicast(group))
		return -EDESTADDRREQ;
	group_mac(group, to.sll_addr);
	parts[0].iov_len = vrrp_packet_ip_header(source, group, ttl, protocol, size, header);
	return sendmsg(fd, &datagram, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int vrrp_sock_macvlan_receive6(int fd, void *room, size_t size, struct vrrp_envelope *ret)
{
	struct vrrp_envelope envelope = {0};
	ssize_t n = recv(fd, room, size, 0);
	struct reader r;
	size_t length;

	if (n < 0)
		return -errno;
	r = reader_of(room, (size_t)n);
	read_skip(&r, 4); /* version, traffic class, flow label */
	length = read_be16(&r);
	read_skip(&r, 1); /* next header: the filter has seen to that */
	envelope.ttl = read_u8(&r);
	envelope.source.family = envelope.destination.family = AF_INET6;
	read_octets(&r, envelope.source.octets, 16);
	read_octets(&r, envelope.destination.octets, 16);
	if (r.bad || length > (size_t)n - VRRP_IP_HEADER_MAX)
		return -EPROTO;
	envelope.message = (const uint8_t *)room + VRRP_IP_HEADER_MAX;
	envelope.size = length;
	*ret = envelope;
	return 0;
}
