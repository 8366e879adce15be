/* SPDX-License-Identifier: MIT */
/*
 * Static addresses, routes and rules: set for as long as the daemon runs, by the same means as the
 * virtual ones. Instances that need some of them, by a track group, are told when one is missing
 * that cannot be set again. Runs in the main thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/rtnl_private.h"

/* Addresses go the way of an instance's that is always master. */
static struct conf_instance as_instance(const struct conf *conf)
{
	return (struct conf_instance){
		.name = (char *)"static",
		.addresses = conf ? conf->static_addresses : NULL,
		.n_addresses = conf ? conf->n_static_addresses : 0,
	};
}

static struct net_held *find_held(struct rtnl *rtnl, const struct conf_address *address)
{
	const struct net_link *link = net_table_find_link(&rtnl->table, address->device);

	return link ? net_table_find_held(&rtnl->table, link->now.ifindex, &address->ip,
					  address->prefix)
		    : NULL;
}

/* Whether an instance's end may take them away, and an instance may send from them. */
static void make_permanent(struct rtnl *rtnl, const struct conf *conf, bool permanent)
{
	for (size_t i = 0; conf && i < conf->n_static_addresses; i++) {
		struct net_held *held = find_held(rtnl, &conf->static_addresses[i]);

		if (held)
			held->permanent = permanent;
	}
}

static struct routing_list list_of(const struct conf *conf)
{
	return (struct routing_list){
		.name = ROUTING_STATIC,
		.conf = conf,
		.routes = conf->static_routes,
		.n_routes = conf->n_static_routes,
		.rules = conf->static_rules,
		.n_rules = conf->n_static_rules,
	};
}

static bool has_routing(const struct conf *conf)
{
	return conf && (conf->n_static_routes || conf->n_static_rules);
}

void rtnl_set_static(struct rtnl *rtnl, const struct conf *conf)
{
	const struct conf *before = rtnl->statics;
	struct conf_instance old = as_instance(before), now = as_instance(conf);
	struct routing_list list = list_of(conf);

	make_permanent(rtnl, before, false);
	rtnl_change_addresses(rtnl, &old, &now, before ? before->generation : 0, conf->generation);
	make_permanent(rtnl, conf, true);
	if (has_routing(before) || has_routing(conf))
		rtnl_routing_apply(rtnl, &list, true);
	rtnl->statics = conf_ref(conf);
	conf_unref(before);
	free(rtnl->missing);
	rtnl->missing = NULL;
	rtnl_report(rtnl);
}

void rtnl_remove_static(struct rtnl *rtnl)
{
	const struct conf *conf = rtnl->statics;

	if (!conf)
		return;
	struct conf_instance all = as_instance(conf);
	struct routing_list list = list_of(conf);
	if (has_routing(conf))
		rtnl_routing_apply(rtnl, &list, false);
	make_permanent(rtnl, conf, false);
	rtnl_remove_addresses(rtnl, &all, conf->generation);
	rtnl->statics = conf_unref(conf);
	free(rtnl->missing);
	rtnl->missing = NULL;
}

/* ---- track groups ---- */

static bool misses_address(struct rtnl *rtnl, uint32_t group)
{
	const struct conf *conf = rtnl->statics;

	for (size_t i = 0; i < conf->n_static_addresses; i++) {
		const struct conf_address *address = &conf->static_addresses[i];
		const struct net_link *link = net_table_find_link(&rtnl->table, address->device);

		if (address->track_group == group &&
		    (!link || net_table_match(&rtnl->table, link->now.ifindex, &address->ip,
					      address->prefix) == NET_ABSENT))
			return true;
	}
	return false;
}

static bool misses_routing(struct rtnl *rtnl, uint32_t group)
{
	const struct routing_owner *owner = routing_find(&rtnl->routing, ROUTING_STATIC);

	for (size_t i = 0; owner && i < owner->n_items; i++) {
		const struct routing_item *item = &owner->items[i];
		uint32_t of =
			item->is.route ? item->is.route->track_group : item->is.rule->track_group;

		if (of == group && !item->set)
			return true;
	}
	return false;
}

static void find_missing(struct rtnl *rtnl, bool *ret)
{
	const struct conf *conf = rtnl->statics;

	for (uint32_t g = 0; g < conf->n_track_groups; g++) {
		const struct conf_track_group *group = &conf->track_groups[g];

		if (!misses_address(rtnl, g) && !misses_routing(rtnl, g))
			continue;
		for (size_t i = 0; i < group->n_members; i++)
			ret[group->members[i]] = true;
	}
}

static void tell(struct rtnl *rtnl, bool all)
{
	const struct conf *conf = rtnl->statics;
	bool *now = calloc(conf->n_instances + 1, sizeof *now);

	if (!now) {
		log_error("net", "out of memory: the state of the track groups is not told");
		return;
	}
	find_missing(rtnl, now);
	for (uint32_t i = 0; i < conf->n_instances; i++) {
		struct msg_static state = {conf->generation, i, now[i]};

		if (all || now[i] != rtnl->missing[i])
			rtnl->hooks->statics(&state, rtnl->owner);
	}
	free(rtnl->missing);
	rtnl->missing = now;
}

void rtnl_report_static(struct rtnl *rtnl)
{
	if (!rtnl->statics)
		return;
	rtnl->tracking |= rtnl->statics->n_track_groups > 0;
	if (rtnl->tracking)
		tell(rtnl, true);
}

void rtnl_static_look(struct rtnl *rtnl)
{
	if (rtnl->missing)
		tell(rtnl, false);
}
