/* SPDX-License-Identifier: MIT */
/*
 * Which interfaces have a socket and which multicast groups it hears. vrrp thread. A group is
 * joined while an instance on the interface speaks in it; one with unicast peers asks for the
 * socket alone, so that nothing of it is ever multicast, membership reports included.
 */
#include "core/vrrp/engine_private.h"

#include <errno.h>
#include <string.h>

#define SOCKET_RETRY_US (30 * USEC_PER_SEC)

bool vrrp_listen_wants(const struct vrrp_unit *unit)
{
	const struct conf_instance *conf = unit->fsm.conf;

	return !conf_instance_unsupported(conf) && (conf->n_peers || !conf->unicast_fault_no_peer);
}

const struct ip *vrrp_listen_group(const struct vrrp_engine *e, const struct vrrp_unit *unit)
{
	const struct conf_instance *conf = unit->fsm.conf;

	if (conf->n_peers)
		return NULL;
	return ip_is_set(&conf->mcast_group) ? &conf->mcast_group : &e->mcast_group;
}

static bool has_joined(const struct vrrp_link *link, const struct ip *group)
{
	for (size_t i = 0; i < link->n_groups; i++)
		if (ip_compare(&link->groups[i], group) == 0)
			return true;
	return false;
}

/* A macvlan joins no group: the report of that would leave it from the virtual MAC address, which
 * may be another machine's at the moment. */
static bool hears(const struct vrrp_engine *e, const struct vrrp_link *link,
		  const struct vrrp_unit *unit)
{
	const struct ip *group = vrrp_listen_group(e, unit);

	return link->open &&
	       (!group || unit->ifindex != link->is.ifindex || has_joined(link, group));
}

bool vrrp_listen_is_complete(struct vrrp_engine *e, const struct vrrp_unit *unit)
{
	const struct vrrp_link *link = vrrp_engine_link_by_index(e, unit->ifindex),
			       *macvlan = vrrp_engine_link_by_index(e, unit->macvlan);

	return link && hears(e, link, unit) && (!macvlan || hears(e, macvlan, unit));
}

/* The unit listens on the link, in that group; group NULL: in whichever, or none. */
static bool listens(const struct vrrp_engine *e, const struct vrrp_unit *unit,
		    const struct vrrp_link *link, const struct ip *group)
{
	const struct ip *own;

	if (!vrrp_listen_wants(unit))
		return false;
	if (unit->macvlan == link->is.ifindex)
		return !group;
	if (unit->ifindex != link->is.ifindex)
		return false;
	own = vrrp_listen_group(e, unit);
	return !group || (own && ip_compare(own, group) == 0);
}

static bool is_used(const struct vrrp_engine *e, const struct vrrp_link *link,
		    const struct ip *group)
{
	for (size_t i = 0; i < e->conf->n_instances; i++)
		if (listens(e, e->units[i], link, group))
			return true;
	return false;
}

static bool is_complete(const struct vrrp_engine *e, const struct vrrp_link *link)
{
	for (size_t i = 0; i < e->conf->n_instances; i++)
		if (listens(e, e->units[i], link, NULL) && !hears(e, link, e->units[i]))
			return false;
	return true;
}

static int join(struct vrrp_engine *e, struct vrrp_link *link, const struct ip *group)
{
	int r;

	if (has_joined(link, group))
		return 0;
	if (link->n_groups == VRRP_GROUPS_MAX)
		return -ENOBUFS;
	r = e->ops->join(e->owner, link->is.ifindex, group);
	if (r < 0)
		return r;
	link->groups[link->n_groups++] = *group;
	return 0;
}

/* Returns the first error; the other groups are joined all the same. */
static int join_all(struct vrrp_engine *e, struct vrrp_link *link)
{
	int first = 0;

	for (size_t i = 0; i < e->conf->n_instances; i++) {
		const struct ip *group = vrrp_listen_group(e, e->units[i]);
		int r = 0;

		if (group && listens(e, e->units[i], link, group))
			r = join(e, link, group);
		if (!first)
			first = r;
	}
	return first;
}

static void leave_unused(struct vrrp_engine *e, struct vrrp_link *link)
{
	for (size_t i = link->n_groups; i-- > 0;) {
		if (is_used(e, link, &link->groups[i]))
			continue;
		e->ops->leave(e->owner, link->is.ifindex, &link->groups[i]);
		link->groups[i] = link->groups[--link->n_groups];
	}
}

/* NULL: it is no macvlan of ours, or an instance of its own stands on it. */
static const uint8_t *virtual_mac(const struct vrrp_engine *e, const struct vrrp_link *link)
{
	const uint8_t *mac = NULL;

	for (size_t i = 0; i < e->conf->n_instances; i++) {
		if (e->units[i]->ifindex == link->is.ifindex)
			return NULL;
		if (e->units[i]->macvlan == link->is.ifindex)
			mac = link->is.mac;
	}
	return mac;
}

static void complete(struct vrrp_engine *e, struct vrrp_link *link, uint32_t retry, uint64_t now_us)
{
	int r = 0;

	if (is_complete(e, link) ||
	    (link->open_retry_us > now_us && !vrrp_engine_retries(retry, link->is.ifindex)))
		return;
	if (!link->open)
		r = e->ops->open(e->owner, link->is.ifindex, link->is.name, virtual_mac(e, link));
	link->open = r >= 0;
	if (link->open)
		r = join_all(e, link);
	link->open_retry_us = r < 0 ? now_us + SOCKET_RETRY_US : 0;
	if (r < 0 && r != link->open_error)
		e->ops->log(e->owner, LOG_ERR, "cannot %s a VRRP socket on %s: %s",
			    link->open ? "join a group with" : "open", link->is.name, strerror(-r));
	link->open_error = r < 0 ? r : 0;
}

void vrrp_listen_close(struct vrrp_engine *e, struct vrrp_link *link)
{
	if (link->open)
		e->ops->close(e->owner, link->is.ifindex);
	link->open = false;
	link->n_groups = 0;
	link->open_error = 0;
	link->open_retry_us = 0;
}

void vrrp_listen_settle(struct vrrp_engine *e, uint32_t retry, uint64_t now_us)
{
	for (size_t i = 0; i < e->n_links; i++) {
		struct vrrp_link *link = &e->links[i];

		if (!is_used(e, link, NULL)) {
			vrrp_listen_close(e, link);
			continue;
		}
		leave_unused(e, link);
		complete(e, link, retry, now_us);
	}
}
