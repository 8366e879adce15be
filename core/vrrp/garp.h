/* SPDX-License-Identifier: MIT */
/*
 * Gratuitous ARP: RFC 3768 section 6.4.2, RFC 5227 section 3. Thin system calls, none of which
 * waits. vrrp thread; needs CAP_NET_RAW.
 */
#pragma once

#include <stdint.h>

#include "core/base/ip.h"

#define GARP_FRAME 42

/* A packet socket that receives nothing; negative errno. One serves all interfaces. */
int garp_open(void);

/* The frame: broadcast, an ARP request, sender and target protocol address are both address. */
void garp_encode(const uint8_t mac[static 6], const struct ip *address,
		 uint8_t room[static GARP_FRAME]);

/* Returns 0 or negative errno. */
int garp_send(int fd, uint32_t ifindex, const uint8_t mac[static 6], const struct ip *address);
