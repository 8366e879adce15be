/* SPDX-License-Identifier: MIT */
/*
 * Raw sockets of the VRRP engine, one per interface. The IP header is our own (IP_HDRINCL): source
 * address, TTL and type of service are then exactly what the codec says, whatever the routing table
 * holds. vrrp thread.
 */
#include "core/vrrp/sock.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/vrrp/packet.h"

#define TC_PRIO_CONTROL                                                                            \
	7 /* linux/pkt_sched.h: ahead of bulk traffic in the queue of the interface */

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value);
}

static int configure(int fd, uint32_t ifindex, const char *name)
{
	const struct ip_mreqn interface = {.imr_ifindex = (int)ifindex};

	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name,
		       (socklen_t)strnlen(name, IFNAMSIZ - 1)) < 0 ||
	    set_int(fd, IPPROTO_IP, IP_HDRINCL, 1) < 0 ||
	    set_int(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0) < 0 ||
	    set_int(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0) < 0 ||
	    set_int(fd, SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL) < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface) < 0)
		return -errno;
	return 0;
}

int vrrp_sock_open(uint32_t ifindex, const char *name)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, VRRP_PROTOCOL);
	int r;

	if (fd < 0)
		return -errno;
	r = configure(fd, ifindex, name);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

static int set_membership(int fd, int option, uint32_t ifindex, const struct ip *group)
{
	struct ip_mreqn membership = {.imr_ifindex = (int)ifindex};

	memcpy(&membership.imr_multiaddr, group->octets, 4);
	return setsockopt(fd, IPPROTO_IP, option, &membership, sizeof membership) < 0 ? -errno : 0;
}

int vrrp_sock_join(int fd, uint32_t ifindex, const struct ip *group)
{
	return set_membership(fd, IP_ADD_MEMBERSHIP, ifindex, group);
}

void vrrp_sock_leave(int fd, uint32_t ifindex, const struct ip *group)
{
	(void)set_membership(fd, IP_DROP_MEMBERSHIP, ifindex, group);
}

int vrrp_sock_send(int fd, const struct ip *source, const struct ip *destination, uint8_t ttl,
		   const void *message, size_t size)
{
	uint8_t header[VRRP_IP_HEADER];
	struct iovec parts[] = {{header, sizeof header}, {(void *)message, size}};
	struct sockaddr_storage to;
	struct msghdr datagram = {.msg_name = &to, .msg_iov = parts, .msg_iovlen = 2};

	vrrp_packet_ip_header(source, destination, ttl, size, header);
	datagram.msg_namelen = ip_to_sockaddr(destination, 0, &to);
	return sendmsg(fd, &datagram, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

ssize_t vrrp_sock_receive(int fd, void *room, size_t size)
{
	ssize_t n = recv(fd, room, size, 0);

	return n < 0 ? -errno : n;
}
