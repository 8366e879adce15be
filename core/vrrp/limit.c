/* SPDX-License-Identifier: MIT */
/*
 * Rate limit of log lines about packets, keyed by reason and source so that a second offender is
 * still seen. Pure; used by the vrrp thread only. The table is small and searched in order: at
 * flood rates the first slots hold the offenders.
 */
#include "core/vrrp/limit.h"

#include <stddef.h>

/* The slot of this key, else one to take over, else the slot of all others. */
static struct vrrp_limit_slot *find(struct vrrp_limit *limit, uint32_t reason,
				    const struct ip *source, uint64_t now_us)
{
	struct vrrp_limit_slot *spare = NULL;

	for (size_t i = 0; i < VRRP_LIMIT_SLOTS; i++) {
		struct vrrp_limit_slot *slot = &limit->slots[i];

		if (slot->until_us && slot->reason == reason &&
		    ip_compare(&slot->source, source) == 0)
			return slot;
		if (!spare && slot->until_us <= now_us)
			spare = slot;
	}
	if (!spare)
		return &limit->others;
	*spare = (struct vrrp_limit_slot){.reason = reason, .source = *source};
	return spare;
}

bool vrrp_limit_allows(struct vrrp_limit *limit, uint32_t reason, const struct ip *source,
		       uint64_t now_us, uint32_t *ret_held_back)
{
	struct vrrp_limit_slot *slot = find(limit, reason, source, now_us);

	if (slot->until_us > now_us) {
		slot->held_back++;
		return false;
	}
	slot->until_us = now_us + VRRP_LIMIT_WINDOW_US;
	*ret_held_back = slot->held_back;
	slot->held_back = 0;
	return true;
}
