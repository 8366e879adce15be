/* SPDX-License-Identifier: MIT */
/*
 * The raw IPv4 socket of one interface: RFC 3768 section 5.2 (protocol 112, 224.0.0.18, TTL 255).
 * Thin system calls, none of which waits. vrrp thread; needs CAP_NET_RAW.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/ip.h"

/* Returns a non-blocking, close-on-exec descriptor that hears group on that interface alone;
 * negative errno. */
int vrrp_sock_open(uint32_t ifindex, const char *name, const struct ip *group);

/* Sends message from source to group. Returns 0 or negative errno. */
int vrrp_sock_send(int fd, const struct ip *source, const struct ip *group, const void *message,
		   size_t size);

/* One datagram with its IP header. Returns its size, -EAGAIN when there is none, or another
 * negative errno. */
ssize_t vrrp_sock_receive(int fd, void *room, size_t size);
