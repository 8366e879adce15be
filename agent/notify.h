/* SPDX-License-Identifier: MIT */
/*
 * What the files share that turn events into notifications. Thread: agent. The result is
 * notifications_of() of agent/table.h.
 */
#pragma once

#include <stdint.h>

#include "agent/bind.h"
#include "agent/table.h"

struct notify_work {
	const struct view *view;
	const struct msg_event *event;
	const struct conf *conf; /* newest; NULL before the first publication: nothing is sent */
	uint32_t *serial;
	struct bind_out out;
};

/* Events of virtual routers and groups: KEEPALIVED-MIB, VRRP-MIB, VRRPV3-MIB. */
void notify_vrrp(struct notify_work *work);

void notify_bind_router_id(const struct notify_work *work, struct notification *n);
