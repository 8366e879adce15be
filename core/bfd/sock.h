/* SPDX-License-Identifier: MIT */
/*
 * UDP sockets of BFD: one for each family and port that hears every neighbor, one for each session
 * that speaks. Thread: bfd. Source: RFC 5881 section 4, RFC 5883 section 5; ip(7), ipv6(7).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/ip.h"

#define BFD_PORT	  3784
#define BFD_MULTIHOP_PORT 4784

/* Where a packet came from. */
struct bfd_arrival {
	struct ip source, destination;
	int ttl; /* -1: the kernel did not say */
	bool multihop;
};

/* Each returns a descriptor or a negative errno. source may be none. */
int bfd_sock_listen(uint16_t family, bool multihop);
int bfd_sock_open(uint16_t family, const struct ip *source, uint8_t ttl);

/* The size of one packet, cut to the room, or a negative errno; *ret but for multihop. */
ssize_t bfd_sock_receive(int fd, void *room, size_t size, struct bfd_arrival *ret);
/* 0 or a negative errno. */
int bfd_sock_send(int fd, const struct ip *to, bool multihop, const void *octets, size_t size);
