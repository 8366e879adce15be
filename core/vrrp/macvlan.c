/* SPDX-License-Identifier: MIT */
/*
 * What a virtual router with a macvlan or an ipvlan needs of it, and which interface its adverts
 * leave by. vrrp thread. The link itself is made by main; here it is one like any other.
 */
#include <string.h>

#include "core/vrrp/engine_private.h"

uint32_t vrrp_macvlan_out(const struct vrrp_unit *unit)
{
	const struct conf_instance *conf = unit->fsm.conf;

	return conf_instance_macvlan(conf) && !conf->xmit_base ? unit->macvlan : unit->ifindex;
}

const struct vrrp_link *vrrp_macvlan_find(struct vrrp_engine *e, const struct conf_instance *conf)
{
	const struct conf_macvlan *wanted = conf_instance_macvlan(conf);
	const struct vrrp_link *link = wanted ? vrrp_engine_link_by_name(e, wanted->name) : NULL;
	const struct vrrp_link *parent = link ? vrrp_engine_link_by_name(e, wanted->parent) : NULL;

	if (!parent || link->is.lower != parent->is.ifindex)
		return NULL;
	if (wanted->kind == CONF_VMAC_IPVLAN)
		return link->is.ipvlan ? link : NULL;
	return memcmp(link->is.mac, wanted->mac, sizeof wanted->mac) ? NULL : link;
}

uint32_t vrrp_macvlan_home(const struct vrrp_unit *unit)
{
	return unit->fsm.conf->vmac.kind == CONF_VMAC_IPVLAN ? unit->macvlan : unit->ifindex;
}

/* Carrier is a matter of the interface below, whose changes may be debounced. */
bool vrrp_macvlan_is_lacking(struct vrrp_engine *e, const struct vrrp_unit *unit)
{
	const struct conf_macvlan *wanted = conf_instance_macvlan(unit->fsm.conf);
	const struct vrrp_link *link = vrrp_engine_link_by_index(e, unit->macvlan), *parent;

	if (!wanted)
		return false;
	if (!link || !link->is.enabled)
		return true;
	parent = vrrp_engine_link_by_name(e, wanted->parent);
	return (!parent || !parent->up) && !unit->fsm.conf->dont_track_primary;
}
