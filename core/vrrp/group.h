/* SPDX-License-Identifier: MIT */
/*
 * Sync groups: virtual routers that are master together or not at all (keepalived.conf(5),
 * vrrp_sync_group). Pure questions about the members; the engine turns the answers into events for
 * vrrp_step().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/vrrp/fsm.h"

/* The members, added up. Starts all zero. */
struct vrrp_group_sum {
	size_t total, wanting;	   /* to be master */
	size_t in[VRRP_FAULT + 1]; /* by state */
};

void vrrp_group_add(struct vrrp_group_sum *sum, const struct vrrp_instance *member);

/* The state of the whole: FAULT or INITIALIZE as soon as a member is, else MASTER if any is, else
 * BACKUP. */
enum vrrp_state vrrp_group_state(const struct vrrp_group_sum *sum);

/* May a member that wants to be master become it? When the group already is, or every member wants
 * it. */
bool vrrp_group_allows(const struct vrrp_group_sum *sum);
