/* SPDX-License-Identifier: MIT */
/*
 * Tracking arithmetic. Pure. Who looks the objects up, and when, is engine.c.
 */
#include "core/vrrp/priority.h"

#include "core/vrrp/packet.h"

/* What one file may add; one that takes away more is a fault. */
#define VALUE_MOST 253

void vrrp_sum_add(struct vrrp_sum *sum, enum vrrp_tracked state, int16_t weight, bool reverse)
{
	bool up = state == VRRP_TRACKED_UP;

	if (state == VRRP_TRACKED_UNDECIDED)
		return;
	if (weight == 0)
		sum->faults += up == reverse;
	else if (up == (weight > 0))
		sum->weight += reverse ? -weight : weight;
}

void vrrp_sum_add_value(struct vrrp_sum *sum, const struct vrrp_seen *file, int16_t weight,
			bool reverse)
{
	int64_t change = (int64_t)file->value * weight * (reverse ? -1 : 1);

	if (file->state == VRRP_TRACKED_UNDECIDED)
		return;
	if (weight == 0)
		sum->faults += (file->value != 0) != reverse;
	else if (change < -VALUE_MOST)
		sum->faults++;
	else
		sum->weight += change > VALUE_MOST ? VALUE_MOST : (int32_t)change;
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
