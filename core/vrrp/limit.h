/* SPDX-License-Identifier: MIT */
/*
 * Bounds what bad packets can write into the log: one line per reason and source in each window,
 * and one for all that find no room in the table. Pure, fixed memory.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/base/ip.h"

#define VRRP_LIMIT_WINDOW_US (10 * UINT64_C(1000000))
#define VRRP_LIMIT_SLOTS     64

struct vrrp_limit_slot {
	uint32_t reason;
	struct ip source;
	uint64_t until_us; /* 0: free */
	uint32_t held_back;
};

struct vrrp_limit {
	struct vrrp_limit_slot slots[VRRP_LIMIT_SLOTS];
	struct vrrp_limit_slot others;
};

/* May this be logged now? *ret_held_back: how many of the same were not, since the last that was.
 */
bool vrrp_limit_allows(struct vrrp_limit *limit, uint32_t reason, const struct ip *source,
		       uint64_t now_us, uint32_t *ret_held_back);
