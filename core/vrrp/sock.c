/* SPDX-License-Identifier: MIT */
/*
 * Raw sockets of the VRRP engine, one per interface and family. The IP header is our own
 * (IP_HDRINCL, IPV6_HDRINCL): source address, TTL and traffic class are then exactly what the codec
 * says, whatever the routing table holds. vrrp thread.
 *
 * Of IPv6 the kernel keeps the header to itself and tells of it beside the message. It does not
 * verify the checksum: IPV6_CHECKSUM is off, so that the codec can count a wrong one.
 */
#include "core/vrrp/sock.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/vrrp/packet.h"

/* linux/pkt_sched.h: ahead of bulk traffic in the queue of the interface */
#define TC_PRIO_CONTROL 7

/* linux/in6.h, which does not go with netinet/in.h */
#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif
#ifndef IPV6_HDRINCL
#define IPV6_HDRINCL 36
#endif

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value);
}

static int configure_ip(int fd, uint32_t ifindex, bool all_groups)
{
	const struct ip_mreqn interface = {.imr_ifindex = (int)ifindex};

	if (set_int(fd, IPPROTO_IP, IP_HDRINCL, 1) < 0 ||
	    set_int(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0) < 0 ||
	    set_int(fd, IPPROTO_IP, IP_MULTICAST_ALL, all_groups) < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface) < 0)
		return -errno;
	return 0;
}

static int configure_ip6(int fd, uint32_t ifindex)
{
	if (set_int(fd, IPPROTO_IPV6, IPV6_HDRINCL, 1) < 0 ||
	    set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0) < 0 ||
	    set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0) < 0 ||
	    set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)ifindex) < 0 ||
	    set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) < 0 ||
	    set_int(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1) < 0)
		return -errno;
	return 0;
}

static int configure(int fd, uint32_t ifindex, uint16_t family, uint8_t protocol, const char *name)
{
	if ((*name && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name,
				 (socklen_t)strnlen(name, IFNAMSIZ - 1)) < 0) ||
	    set_int(fd, SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL) < 0)
		return -errno;
	return family == AF_INET6
		       ? configure_ip6(fd, ifindex)
		       : configure_ip(fd, ifindex, protocol == VRRP_PROTOCOL_AH && *name);
}

int vrrp_sock_open(uint32_t ifindex, uint16_t family, uint8_t protocol, const char *name)
{
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	int r;

	if (fd < 0)
		return -errno;
	r = configure(fd, ifindex, family, protocol, name);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

int vrrp_sock_buffer(int fd, uint32_t octets)
{
	return set_int(fd, SOL_SOCKET, SO_RCVBUF, (int)octets) < 0 ? -errno : 0;
}

/* The kernel tells of twice what was asked for: half is for its own book-keeping (socket(7)). */
uint32_t vrrp_sock_get_buffer(int fd)
{
	int octets = 0;
	socklen_t size = sizeof octets;

	(void)getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, &size);
	return (uint32_t)octets / 2;
}

static int set_membership(int fd, bool join, uint32_t ifindex, const struct ip *group)
{
	struct ip_mreqn membership = {.imr_ifindex = (int)ifindex};
	struct ipv6_mreq membership6 = {.ipv6mr_interface = ifindex};
	int r;

	if (group->family == AF_INET) {
		memcpy(&membership.imr_multiaddr, group->octets, 4);
		r = setsockopt(fd, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP,
			       &membership, sizeof membership);
	} else {
		memcpy(&membership6.ipv6mr_multiaddr, group->octets, 16);
		r = setsockopt(fd, IPPROTO_IPV6, join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP,
			       &membership6, sizeof membership6);
	}
	return r < 0 ? -errno : 0;
}

int vrrp_sock_join(int fd, uint32_t ifindex, const struct ip *group)
{
	return set_membership(fd, true, ifindex, group);
}

void vrrp_sock_leave(int fd, uint32_t ifindex, const struct ip *group)
{
	(void)set_membership(fd, false, ifindex, group);
}

int vrrp_sock_send(int fd, uint32_t ifindex, const struct ip *source, const struct ip *destination,
		   uint8_t ttl, uint8_t protocol, const void *message, size_t size)
{
	uint8_t header[VRRP_IP_HEADER_MAX];
	struct iovec parts[] = {{header, 0}, {(void *)message, size}};
	struct sockaddr_storage to;
	struct msghdr datagram = {.msg_name = &to, .msg_iov = parts, .msg_iovlen = 2};

	parts[0].iov_len = vrrp_packet_ip_header(source, destination, ttl, protocol, size, header);
	datagram.msg_namelen = ip_to_sockaddr(destination, 0, &to);
	if (destination->family == AF_INET6)
		((struct sockaddr_in6 *)(void *)&to)->sin6_scope_id = ifindex;
	return sendmsg(fd, &datagram, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

ssize_t vrrp_sock_receive(int fd, void *room, size_t size)
{
	ssize_t n = recv(fd, room, size, 0);

	return n < 0 ? -errno : n;
}

/* What the kernel says beside the message. */
static void read_header(struct msghdr *message, struct vrrp_envelope *envelope)
{
	struct in6_pktinfo where;
	int hops = 0;

	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part;
	     part = CMSG_NXTHDR(message, part)) {
		if (part->cmsg_level != IPPROTO_IPV6)
			continue;
		if (part->cmsg_type == IPV6_HOPLIMIT) {
			memcpy(&hops, CMSG_DATA(part), sizeof hops);
			envelope->ttl = (uint8_t)hops;
		} else if (part->cmsg_type == IPV6_PKTINFO) {
			memcpy(&where, CMSG_DATA(part), sizeof where);
			envelope->destination.family = AF_INET6;
			memcpy(envelope->destination.octets, &where.ipi6_addr, 16);
		}
	}
}

int vrrp_sock_receive6(int fd, void *room, size_t size, struct vrrp_envelope *ret)
{
	struct sockaddr_storage from = {0};
	struct iovec part = {room, size};
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = {.msg_name = &from,
				 .msg_namelen = sizeof from,
				 .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control};
	struct vrrp_envelope envelope = {.message = room};
	ssize_t n = recvmsg(fd, &message, 0);

	if (n < 0)
		return -errno;
	envelope.source = ip_from_sockaddr((struct sockaddr *)&from);
	read_header(&message, &envelope);
	envelope.size = (size_t)n;
	if (!ip_is_set(&envelope.source) || !ip_is_set(&envelope.destination))
		return -EPROTO;
	*ret = envelope;
	return 0;
}
