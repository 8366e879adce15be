/* SPDX-License-Identifier: MIT */
/*
 * How long a link must be down or up before that counts. Private to the engine; vrrp thread.
 * Source: keepalived.conf(5), interface_up_down_delays.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct vrrp_engine;
struct vrrp_link;

/* The kernel has told of a link; the first word about it counts at once. */
void vrrp_debounce_told(const struct vrrp_engine *e, struct vrrp_link *link, bool first,
			uint64_t now_us);

/* Time has passed. Whether what counts has changed. */
bool vrrp_debounce_tick(struct vrrp_link *link, uint64_t now_us);
