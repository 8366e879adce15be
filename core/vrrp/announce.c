/* SPDX-License-Identifier: MIT */
/*
 * Gratuitous ARP and unsolicited neighbour advertisements: bursts of all addresses, and one now and
 * then on interfaces that send nothing else, each as soon as the interface it leaves by may send
 * again. An interface has a pace of its own, or one with all others of its garp_group. vrrp thread;
 * effects through struct vrrp_ops.
 *
 * Source: keepalived.conf(5), garp_group, vrrp_garp_interval, vrrp_garp_extra_if.
 */
#include <errno.h>
#include <string.h>

#include "core/vrrp/engine_private.h"

/* Key of the rate limit behind those of the packets. */
#define LIMIT_GARP (VRRP_DISCARDS + 999u)

/* Announcements of one turn. A thousand routers that become master together have some ten thousand
 * to send, which takes a good part of a second: adverts and packets go in between. */
#define ANNOUNCE_MAX 64

/* When something may be sent again; free_us NULL: at any time. */
struct pace {
	uint64_t *free_us;
	uint64_t interval_us;
};

/* ---- whose turn it is ---- */

static size_t count_addresses(const struct conf_instance *conf)
{
	return conf->n_addresses + conf->n_excluded;
}

static const struct conf_address *address_at(const struct conf_instance *conf, size_t i)
{
	return i < conf->n_addresses ? &conf->addresses[i] : &conf->excluded[i - conf->n_addresses];
}

static enum vrrp_family family_of(const struct conf_address *address)
{
	return address->ip.family == AF_INET6 ? VRRP_IPV6 : VRRP_IPV4;
}

/* The interface whose address switches learn from the adverts. */
static const char *advert_device(const struct conf_instance *conf)
{
	const struct conf_macvlan *own = conf_instance_macvlan(conf);

	return own && own->kind == CONF_VMAC_MACVLAN && !conf->xmit_base ? own->name
									 : conf->interface;
}

/* One of each interface is enough for the switches. */
static bool is_extra(const struct conf_instance *conf, size_t index)
{
	const struct conf_address *address = address_at(conf, index);

	if ((!address->parent && !conf->garp_extra_if_all) ||
	    strcmp(address->device, advert_device(conf)) == 0)
		return false;
	for (size_t i = 0; i < index; i++)
		if (strcmp(address_at(conf, i)->device, address->device) == 0)
			return false;
	return true;
}

static bool belongs(const struct conf_instance *conf, size_t index, enum vrrp_burst_kind kind)
{
	if (kind == VRRP_BURST_EXTRA)
		return is_extra(conf, index);
	return family_of(address_at(conf, index)) == (enum vrrp_family)kind;
}

/* Only when something is left: then there is one. */
static size_t next_index(const struct vrrp_unit *unit, enum vrrp_burst_kind kind)
{
	const struct conf_instance *conf = unit->fsm.conf;
	size_t index = unit->bursts[kind].next;

	while (!belongs(conf, index % count_addresses(conf), kind))
		index++;
	return index % count_addresses(conf);
}

/* ---- when ---- */

/* An index into garp_groups, CONF_NONE. */
static uint32_t group_of(const struct conf *conf, const char *interface)
{
	for (size_t g = 0; g < conf->n_garp_groups; g++)
		for (size_t i = 0; i < conf->garp_groups[g].n_interfaces; i++)
			if (strcmp(conf->garp_groups[g].interfaces[i], interface) == 0)
				return (uint32_t)g;
	return CONF_NONE;
}

/* Of a macvlan of ours the interface below counts. keepalived 2.2.7 as well lets an interface in a
 * group inherit nothing of the global intervals. */
static struct pace pace_of(struct vrrp_engine *e, const struct conf_instance *conf,
			   const struct conf_address *address)
{
	enum vrrp_family family = family_of(address);
	struct vrrp_link *link = vrrp_engine_link_by_name(e, address->device);
	const struct conf_garp_group *group;
	uint32_t number;

	if (link && address->parent)
		link = vrrp_engine_link_by_index(e, link->is.lower);
	if (!link)
		return (struct pace){0};
	number = group_of(e->conf, link->is.name);
	if (number == CONF_NONE)
		return (struct pace){.free_us = &link->ports[family].free_us,
				     .interval_us = family == VRRP_IPV6 ? conf->gna_interval_us
									: conf->garp_interval_us};
	group = &e->conf->garp_groups[number];
	return (struct pace){.free_us = &e->garp_free_us[number][family],
			     .interval_us = family == VRRP_IPV6 ? group->gna_interval_us
								: group->garp_interval_us};
}

uint64_t vrrp_announce_due_us(struct vrrp_engine *e, const struct vrrp_unit *unit)
{
	const struct conf_instance *conf = unit->fsm.conf;
	uint64_t first_us = 0;

	for (enum vrrp_burst_kind kind = 0; kind < VRRP_BURSTS; kind++) {
		struct pace pace;

		if (!unit->bursts[kind].left)
			continue;
		pace = pace_of(e, conf, address_at(conf, next_index(unit, kind)));
		if (!pace.free_us || !*pace.free_us)
			return 1;
		if (!first_us || *pace.free_us < first_us)
			first_us = *pace.free_us;
	}
	return first_us;
}

/* ---- sending ---- */

static void announce_address(struct vrrp_engine *e, struct vrrp_unit *unit,
			     const struct conf_address *address, uint64_t now_us)
{
	const struct vrrp_link *link = vrrp_engine_link_by_name(e, address->device);
	bool is_v6 = address->ip.family == AF_INET6;
	uint32_t held_back;
	int r = -ENODEV;

	if (link && is_v6)
		r = e->ops->na(e->owner, link->is.ifindex, link->is.mac, &address->ip,
			       link->is.router);
	else if (link)
		r = e->ops->garp(e->owner, link->is.ifindex, link->is.mac, &address->ip);
	if (r < 0 && vrrp_limit_allows(&e->limit, LIMIT_GARP, &address->ip, now_us, &held_back))
		e->ops->log(e->owner, LOG_WARNING, "%s: %s not sent on %s: %s (%u more)",
			    unit->fsm.conf->name,
			    is_v6 ? "neighbour advertisement" : "gratuitous ARP", address->device,
			    strerror(-r), held_back);
}

/* One after the other: who waits for its interface holds up those behind it. */
static void run_burst(struct vrrp_engine *e, struct vrrp_unit *unit, enum vrrp_burst_kind kind,
		      uint64_t now_us)
{
	const struct conf_instance *conf = unit->fsm.conf;
	struct vrrp_burst *burst = &unit->bursts[kind];

	while (burst->left && e->announced < ANNOUNCE_MAX) {
		size_t index = next_index(unit, kind);
		const struct conf_address *address = address_at(conf, index);
		struct pace pace = pace_of(e, conf, address);

		if (pace.free_us && *pace.free_us > now_us)
			return;
		burst->next = index + 1;
		burst->left--;
		e->announced++;
		announce_address(e, unit, address, now_us);
		if (pace.free_us && pace.interval_us)
			*pace.free_us = now_us + pace.interval_us;
	}
}

void vrrp_announce_run(struct vrrp_engine *e, struct vrrp_unit *unit, uint64_t now_us)
{
	if (!vrrp_engine_link_by_index(e, unit->ifindex))
		memset(unit->bursts, 0, sizeof unit->bursts);
	for (enum vrrp_burst_kind kind = 0; kind < VRRP_BURSTS; kind++)
		run_burst(e, unit, kind, now_us);
}

void vrrp_announce_all(struct vrrp_engine *e, uint64_t now_us)
{
	if (!e->announcing)
		return;
	e->announcing = false;
	for (size_t i = 0; i < e->conf->n_instances; i++) {
		vrrp_announce_run(e, e->units[i], now_us);
		for (size_t kind = 0; kind < VRRP_BURSTS; kind++)
			e->announcing |= e->units[i]->bursts[kind].left > 0;
	}
}

/* Bursts do not add up: under a flood of losing adverts the queue stays one burst long. */
static void queue(struct vrrp_engine *e, struct vrrp_unit *unit, enum vrrp_burst_kind kind,
		  uint64_t repeat)
{
	const struct conf_instance *conf = unit->fsm.conf;
	struct vrrp_burst *burst = &unit->bursts[kind];
	uint64_t wanted = 0;

	e->announcing = true;
	for (size_t i = 0; i < count_addresses(conf); i++)
		wanted += belongs(conf, i, kind) ? repeat : 0;
	if (burst->left == 0)
		burst->next = 0;
	if (burst->left < wanted)
		burst->left = wanted;
}

void vrrp_announce_queue(struct vrrp_engine *e, struct vrrp_unit *unit, uint32_t repeat)
{
	queue(e, unit, VRRP_BURST_IPV4, repeat);
	queue(e, unit, VRRP_BURST_IPV6, repeat);
}

void vrrp_announce_once(struct vrrp_engine *e, struct vrrp_unit *unit, uint64_t now_us)
{
	if (unit->fsm.state != VRRP_MASTER)
		return;
	vrrp_announce_queue(e, unit, 1);
	vrrp_announce_run(e, unit, now_us);
}

void vrrp_announce_extra(struct vrrp_engine *e, struct vrrp_unit *unit, uint64_t now_us)
{
	queue(e, unit, VRRP_BURST_EXTRA, 1);
	vrrp_announce_run(e, unit, now_us);
}
