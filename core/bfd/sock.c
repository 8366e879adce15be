/* SPDX-License-Identifier: MIT */
/*
 * UDP sockets of BFD. None is connected: an ICMP error of a neighbor that has not started yet must
 * not end a session, silence does. Packets are marked as network control, as routers do. Thread:
 * bfd.
 */
#include "core/bfd/sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* RFC 5881 section 4: the source port, one for each session */
#define FIRST_PORT 49152u
#define PORTS	   16384u
#define TRIES	   64

/* RFC 2474: class selector 6, network control */
#define CS6 0xc0

/* linux/pkt_sched.h: ahead of bulk traffic in the queue of the interface */
#define TC_PRIO_CONTROL 7

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value);
}

static int configure_listener(int fd, uint16_t family)
{
	if (family == AF_INET) {
		if (set_int(fd, IPPROTO_IP, IP_RECVTTL, 1) < 0 ||
		    set_int(fd, IPPROTO_IP, IP_PKTINFO, 1) < 0)
			return -errno;
	} else if (set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) < 0 ||
		   set_int(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1) < 0 ||
		   set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) < 0) {
		return -errno;
	}
	return 0;
}

static int configure_speaker(int fd, uint16_t family, uint8_t ttl)
{
	if (set_int(fd, SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL) < 0)
		return -errno;
	if (family == AF_INET) {
		if (set_int(fd, IPPROTO_IP, IP_TTL, ttl) < 0 ||
		    set_int(fd, IPPROTO_IP, IP_TOS, CS6) < 0)
			return -errno;
	} else if (set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl) < 0 ||
		   set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, CS6) < 0) {
		return -errno;
	}
	return 0;
}

static struct ip any_of(uint16_t family)
{
	return (struct ip){.family = family};
}

static int bind_to(int fd, const struct ip *ip, uint16_t port)
{
	struct sockaddr_storage address;
	socklen_t size = ip_to_sockaddr(ip, port, &address);

	return bind(fd, (const struct sockaddr *)&address, size) < 0 ? -errno : 0;
}

int bfd_sock_listen(uint16_t family, bool multihop)
{
	const struct ip any = any_of(family);
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP), error;

	if (fd < 0)
		return -errno;
	error = configure_listener(fd, family);
	if (!error)
		error = bind_to(fd, &any, multihop ? BFD_MULTIHOP_PORT : BFD_PORT);
	if (!error)
		return fd;
	close(fd);
	return error;
}

static int bind_somewhere(int fd, const struct ip *source)
{
	uint16_t start = 0;
	int error = -EADDRINUSE;

	if (getrandom(&start, sizeof start, GRND_NONBLOCK) < 0)
		start = 0; /* any port will do */
	for (unsigned i = 0; i < TRIES && error == -EADDRINUSE; i++)
		error = bind_to(fd, source, (uint16_t)(FIRST_PORT + (start + i) % PORTS));
	return error;
}

int bfd_sock_open(uint16_t family, const struct ip *source, uint8_t ttl)
{
	const struct ip any = any_of(family);
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP), error;

	if (fd < 0)
		return -errno;
	error = configure_speaker(fd, family, ttl);
	if (!error)
		error = bind_somewhere(fd, ip_is_set(source) ? source : &any);
	if (!error)
		return fd;
	close(fd);
	return error;
}

static void note_control(const struct cmsghdr *control, struct bfd_arrival *ret)
{
	const unsigned char *at = CMSG_DATA(control);

	if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_TTL) {
		memcpy(&ret->ttl, at, sizeof ret->ttl);
	} else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_HOPLIMIT) {
		memcpy(&ret->ttl, at, sizeof ret->ttl);
	} else if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo found;

		memcpy(&found, at, sizeof found);
		ret->destination = ip_from_v4(found.ipi_addr.s_addr);
	} else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo found;

		memcpy(&found, at, sizeof found);
		ret->destination.family = AF_INET6;
		memcpy(ret->destination.octets, &found.ipi6_addr, sizeof found.ipi6_addr);
	}
}

ssize_t bfd_sock_receive(int fd, void *room, size_t size, struct bfd_arrival *ret)
{
	struct sockaddr_storage from = {0};
	struct iovec part = {.iov_base = room, .iov_len = size};
	_Alignas(struct cmsghdr) unsigned char controls[256];
	struct msghdr message = {.msg_name = &from,
				 .msg_namelen = sizeof from,
				 .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = controls,
				 .msg_controllen = sizeof controls};
	ssize_t got = recvmsg(fd, &message, 0);

	if (got < 0)
		return -errno;
	ret->source = ip_from_sockaddr((const struct sockaddr *)&from);
	ret->destination = (struct ip){0};
	ret->ttl = -1;
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at))
		note_control(at, ret);
	return got;
}

int bfd_sock_send(int fd, const struct ip *to, bool multihop, const void *octets, size_t size)
{
	struct sockaddr_storage address;
	socklen_t length = ip_to_sockaddr(to, multihop ? BFD_MULTIHOP_PORT : BFD_PORT, &address);

	if (sendto(fd, octets, size, 0, (const struct sockaddr *)&address, length) < 0)
		return -errno;
	return 0;
}
