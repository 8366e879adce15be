/* SPDX-License-Identifier: MIT */
/*
 * Unsolicited Neighbour Advertisements: RFC 9568 section 6.4.2, RFC 4861 sections 4.4 and 7.2.6.
 * Thin system calls, none of which waits. vrrp thread. Goes out through the socket of garp_open().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/base/ip.h"

#define NA_FRAME 86

/* The frame: from address to all nodes, saying that address is at mac; router: that it forwards. */
void na_encode(const uint8_t mac[static 6], const struct ip *address, bool router,
	       uint8_t room[static NA_FRAME]);

/* Returns 0 or negative errno. */
int na_send(int fd, uint32_t ifindex, const uint8_t mac[static 6], const struct ip *address,
	    bool router);
