/* SPDX-License-Identifier: MIT */
/*
 * Tracking arithmetic: how tracked scripts and interfaces change a priority or hold an instance in
 * FAULT. Pure. Source: keepalived.conf(5), track_script and track_interface; RFC 9568 section 5.2.4
 * for the range.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What a tracked object says now. UNDECIDED: nothing known yet, it neither helps nor harms. */
enum vrrp_tracked { VRRP_TRACKED_UNDECIDED, VRRP_TRACKED_UP, VRRP_TRACKED_DOWN };

struct vrrp_sum {
	int32_t weight;	 /* to be added to the base priority */
	uint32_t faults; /* objects that hold the instance in FAULT */
};

/* Adds one track line. weight 0: down is a fault. w > 0: added while up. w < 0: subtracted while
 * down. */
void vrrp_sum_add(struct vrrp_sum *sum, enum vrrp_tracked state, int16_t weight, bool reverse);

/* The priority to advertise: 1..254, but an owner (255) stays one and nothing makes another router
 * one. */
uint8_t vrrp_priority_effective(uint8_t base, int32_t weight);
