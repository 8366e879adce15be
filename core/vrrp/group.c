/* SPDX-License-Identifier: MIT */
/*
 * Sync group arithmetic. Pure; called by the engine in the vrrp thread. It never changes a member.
 */
#include "core/vrrp/group.h"

void vrrp_group_add(struct vrrp_group_sum *sum, const struct vrrp_instance *member)
{
	sum->total++;
	sum->in[member->state]++;
	sum->wanting += member->wanted == VRRP_MASTER;
}

enum vrrp_state vrrp_group_state(const struct vrrp_group_sum *sum)
{
	static const enum vrrp_state order[] = {VRRP_FAULT, VRRP_INITIALIZE, VRRP_MASTER};

	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		if (sum->in[order[i]])
			return order[i];
	return VRRP_BACKUP;
}

bool vrrp_group_allows(const struct vrrp_group_sum *sum)
{
	return sum->in[VRRP_MASTER] > 0 || sum->wanting == sum->total;
}
