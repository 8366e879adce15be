/* SPDX-License-Identifier: MIT */
/*
 * The raw socket of one interface and family: RFC 3768 section 5.2, RFC 9568 section 5.1 (protocol
 * 112, TTL or hop limit 255). Thin system calls, none of which waits. vrrp thread; needs
 * CAP_NET_RAW.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/ip.h"

struct vrrp_envelope;

/*
 * name "": of no interface, ifindex 0; such a socket hears unicast on all, and joins no group.
 * protocol: VRRP_PROTOCOL, or VRRP_PROTOCOL_AH, which hears whatever group a socket of the machine
 * has joined there. Returns a non-blocking, close-on-exec descriptor that hears unicast on that
 * interface alone, and no group yet; negative errno.
 */
int vrrp_sock_open(uint32_t ifindex, uint16_t family, uint8_t protocol, const char *name);

/* Octets that may wait to be read, at least; beyond net.core.rmem_max there are no more. 0 or
 * negative errno. */
int vrrp_sock_buffer(int fd, uint32_t octets);
/* What is so now. */
uint32_t vrrp_sock_get_buffer(int fd);

/* Membership in a group of the socket's family; 0 or negative errno. */
int vrrp_sock_join(int fd, uint32_t ifindex, const struct ip *group);
void vrrp_sock_leave(int fd, uint32_t ifindex, const struct ip *group);

/* Sends a message of protocol from source to a group or a host, both of the socket's family.
 * ifindex 0: to a host, the way the routes say. Returns 0 or negative errno. */
int vrrp_sock_send(int fd, uint32_t ifindex, const struct ip *source, const struct ip *destination,
		   uint8_t ttl, uint8_t protocol, const void *message, size_t size);

/* IPv4: one datagram with its IP header. Returns its size, -EAGAIN when there is none, or another
 * negative errno. */
ssize_t vrrp_sock_receive(int fd, void *room, size_t size);

/* IPv6: one message, into room, and what its header said. Returns 0, -EAGAIN when there is none, or
 * another negative errno. */
int vrrp_sock_receive6(int fd, void *room, size_t size, struct vrrp_envelope *ret);
