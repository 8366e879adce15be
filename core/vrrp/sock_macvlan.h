/* SPDX-License-Identifier: MIT */
/*
 * The socket of a macvlan with a virtual MAC address: RFC 9568 section 7.3. Thin system calls, none
 * of which waits. vrrp thread; needs CAP_NET_RAW.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/ip.h"

struct vrrp_envelope;

/*
 * Returns a non-blocking, close-on-exec descriptor that hears VRRP over IPv4 or IPv6, of IPv4 in AH
 * as well, from mac, the address of the interface itself, and nothing else; negative errno. Read it
 * with vrrp_sock_receive(), which gives the IP header as well, or vrrp_sock_macvlan_receive6(). The
 * kernel has not looked at either header.
 */
int vrrp_sock_macvlan_open(uint32_t ifindex, uint16_t family, const uint8_t mac[static 6]);

/* Sends a message of protocol from source to a multicast group. Returns 0 or negative errno;
 * -EDESTADDRREQ for a host, whose MAC address nobody here knows. */
int vrrp_sock_macvlan_send(int fd, uint32_t ifindex, const struct ip *source,
			   const struct ip *group, uint8_t ttl, uint8_t protocol,
			   const void *message, size_t size);

/* As vrrp_sock_receive6(). -EPROTO: that was none. */
int vrrp_sock_macvlan_receive6(int fd, void *room, size_t size, struct vrrp_envelope *ret);
