/* SPDX-License-Identifier: MIT */
/*
 * Links that flap: what the kernel says of one counts once it has lasted. A router must be in FAULT
 * before it could take the silence of a dead link for the end of its master, so no delay may last
 * longer than its timer without one advert. vrrp thread.
 */
#include "core/vrrp/debounce.h"

#include <string.h>

#include "core/vrrp/engine_private.h"

static uint64_t wanted_us(const struct vrrp_engine *e, const struct vrrp_link *link)
{
	for (size_t i = 0; e->conf && i < e->conf->n_link_delays; i++) {
		const struct conf_link_delay *delay = &e->conf->link_delays[i];

		if (strcmp(delay->interface, link->is.name) == 0)
			return link->is.up ? delay->up_us : delay->down_us;
	}
	return 0;
}

static uint64_t delay_us(const struct vrrp_engine *e, const struct vrrp_link *link)
{
	uint64_t delay = wanted_us(e, link);

	for (size_t i = 0; delay && i < e->conf->n_instances; i++) {
		const struct vrrp_instance *vi = &e->units[i]->fsm;
		uint64_t most = (vi->conf->down_timer_adverts - 1u) * vi->advert_us;

		if (e->units[i]->ifindex == link->is.ifindex && delay >= most)
			delay = most ? most - 1 : 0;
	}
	return delay;
}

void vrrp_debounce_told(const struct vrrp_engine *e, struct vrrp_link *link, bool first,
			uint64_t now_us)
{
	uint64_t delay = first ? 0 : delay_us(e, link);

	if (link->up == link->is.up || !delay) {
		link->up = link->is.up;
		link->up_due_us = 0;
	} else if (!link->up_due_us) {
		link->up_due_us = now_us + delay;
	}
}

bool vrrp_debounce_tick(struct vrrp_link *link, uint64_t now_us)
{
	if (!link->up_due_us || link->up_due_us > now_us)
		return false;
	link->up_due_us = 0;
	link->up = link->is.up;
	return true;
}
