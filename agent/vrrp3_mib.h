/* SPDX-License-Identifier: MIT */
/*
 * Where VRRPV3-MIB (RFC 6527) stands, and how its rows are keyed: interface, VRID, address type.
 * Thread: agent.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/table.h"

#define VRRP3_MIB_ROOT 1, 3, 6, 1, 2, 1, 207

/* family: AF_INET6; anything else counts as IPv4. */
void vrrp3_mib_index(struct row *row, uint32_t ifindex, uint8_t vrid, int family);
/* There is a row with that index now. */
bool vrrp3_mib_has_row(const struct view *view, uint32_t ifindex, uint8_t vrid, int family);
