/* SPDX-License-Identifier: MIT */
/*
 * Tracking arithmetic: how tracked objects change a priority or hold an instance in
 * FAULT. Pure. Source: keepalived.conf(5), track_script, track_interface, track_file,
 * track_process, and what keepalived 2.2.7 advertises; RFC 9568 section 5.2.4 for the range.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/snap.h"

struct vrrp_sum {
	int32_t weight;	 /* to be added to the base priority */
	uint32_t faults; /* objects that hold the instance in FAULT */
};

/* Adds one track line. weight 0: down is a fault, with reverse up is. w > 0: added while up. w < 0:
 * subtracted while down. reverse turns the sign of what is added, not when. */
void vrrp_sum_add(struct vrrp_sum *sum, enum vrrp_tracked state, int16_t weight, bool reverse);

/* The same of a file: its number times the weight is added, at most 253; less than -253 is a fault.
 * weight 0: any number but 0 is a fault, with reverse 0 is. */
void vrrp_sum_add_value(struct vrrp_sum *sum, const struct vrrp_seen *file, int16_t weight,
			bool reverse);

/* The priority to advertise: 1..254, but an owner (255) stays one and nothing makes another router
 * one. */
uint8_t vrrp_priority_effective(uint8_t base, int32_t weight);
