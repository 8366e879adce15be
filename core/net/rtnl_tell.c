/* SPDX-License-Identifier: MIT */
/*
 * Which addresses, routes and rules of a configuration are in the kernel, as far as we know: for
 * those who show it. Asks nobody. Runs in the main thread.
 */
#include <string.h>

#include "core/net/rtnl_private.h"

void rtnl_tell_addresses(const struct rtnl *rtnl, const struct conf *conf, bool *ret)
{
	for (size_t i = 0; i < conf->n_static_addresses; i++) {
		const struct conf_address *address = &conf->static_addresses[i];
		const struct net_link *link = net_table_find_link(&rtnl->table, address->device);

		ret[i] = link && net_table_match(&rtnl->table, link->now.ifindex, &address->ip,
						 address->prefix) != NET_ABSENT;
	}
}

void rtnl_tell_routing(const struct rtnl *rtnl, const struct conf *conf,
		       const struct conf_instance *instance, bool *ret)
{
	const struct routing_owner *owner =
		routing_find(&rtnl->routing, instance ? instance->name : ROUTING_STATIC);
	const struct conf_route *routes = instance ? instance->routes : conf->static_routes;
	const struct conf_rule *rules = instance ? instance->rules : conf->static_rules;
	size_t n_routes = instance ? instance->n_routes : conf->n_static_routes;
	size_t n_rules = instance ? instance->n_rules : conf->n_static_rules;

	memset(ret, 0, (n_routes + n_rules) * sizeof *ret);
	for (size_t i = 0; owner && owner->conf == conf && i < owner->n_items; i++) {
		const struct routing_entry *is = &owner->items[i].is;

		if (is->route)
			ret[is->route - routes] = owner->items[i].set;
		else
			ret[n_routes + (size_t)(is->rule - rules)] = owner->items[i].set;
	}
}
