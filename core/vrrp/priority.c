/* SPDX-License-Identifier: MIT */
/*
 * Tracking arithmetic. Pure. Who looks the objects up, and when, is engine.c.
 */
#include "core/vrrp/priority.h"

#include "core/vrrp/packet.h"

void vrrp_sum_add(struct vrrp_sum *sum, enum vrrp_tracked state, int16_t weight, bool reverse)
{
	bool up = state == VRRP_TRACKED_UP;

	if (state == VRRP_TRACKED_UNDECIDED)
		return;
	if (reverse)
		up = !up;
	if (weight == 0)
		sum->faults += up ? 0 : 1;
	else if (weight > 0)
		sum->weight += up ? weight : 0;
	else
		sum->weight += up ? 0 : weight;
}

uint8_t vrrp_priority_effective(uint8_t base, int32_t weight)
{
	int32_t sum = base + weight;

	if (base == VRRP_PRIORITY_OWNER)
		return VRRP_PRIORITY_OWNER;
	if (sum < 1)
		return 1;
	return sum > 254 ? 254 : (uint8_t)sum;
}
