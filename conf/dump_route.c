/* SPDX-License-Identifier: MIT */
/*
 * Route lines in canonical form: numbers instead of names, the destination first, next hops last.
 * Any thread.
 */
#include <linux/icmpv6.h>
#include <linux/rtnetlink.h>

#include "conf/dump.h"
#include "conf/scope_route.h"
#include "conf/scope_static.h"

static void print_realms(struct dump *dump, uint32_t realms)
{
	if (realms > UINT16_MAX)
		dump_part(dump, "realms %u/%u", realms >> 16, realms & UINT16_MAX);
	else if (realms)
		dump_part(dump, "realms %u", realms);
}

static void print_nexthop(struct dump *dump, const struct conf_nexthop *hop)
{
	char text[IP_TEXT_MAX];

	dump_part(dump, "nexthop");
	if (ip_is_set(&hop->via))
		dump_part(dump, "via %s", ip_format(&hop->via, text));
	if (hop->device)
		dump_part(dump, "dev %s", dump_word(dump, hop->device));
	dump_part(dump, "weight %u", hop->weight);
	if (hop->onlink)
		dump_part(dump, "onlink");
	dump_encap(dump, &hop->encap);
	print_realms(dump, hop->realms);
}

/* The destination, and how it is reached. */
static void begin_route(struct dump *dump, const struct conf_route *route)
{
	const char *type = route_type_name(route->type);
	char text[IP_TEXT_MAX];

	ip_format(&route->to.ip, text);
	if (type)
		dump_line_begin(dump, "%s %s/%u", type, text, route->to.length);
	else
		dump_line_begin(dump, "%u %s/%u", route->type, text, route->to.length);
	if (ip_is_set(&route->from.ip))
		dump_part(dump, "from %s/%u", ip_format(&route->from.ip, text), route->from.length);
	if (ip_is_set(&route->src))
		dump_part(dump, "src %s", ip_format(&route->src, text));
	if (ip_is_set(&route->via))
		dump_part(dump, "via %s", ip_format(&route->via, text));
	if (route->device)
		dump_part(dump, "dev %s", dump_word(dump, route->device));
	if (route->onlink)
		dump_part(dump, "onlink");
	dump_encap(dump, &route->encap);
}

static void print_preference(struct dump *dump, uint8_t preference)
{
	if (preference == ICMPV6_ROUTER_PREF_LOW)
		dump_part(dump, "pref low");
	else if (preference == ICMPV6_ROUTER_PREF_HIGH)
		dump_part(dump, "pref high");
	else if (preference != ICMPV6_ROUTER_PREF_MEDIUM)
		dump_part(dump, "pref %u", preference);
}

/* Where it stands among the others. */
static void print_place(struct dump *dump, const struct conf_route *route)
{
	static const char *const inserts[] = {
		[CONF_PREPEND] = "prepend", [CONF_ADD] = "add", [CONF_APPEND] = "append"};

	if (route->tos)
		dump_part(dump, "tos 0x%02x", route->tos);
	dump_part(dump, "table %u", route->table);
	if (route->vrf)
		dump_part(dump, "vrf %s", dump_word(dump, route->vrf));
	dump_part(dump, "protocol %u scope %u", route->protocol, route->scope);
	if (route->metric)
		dump_part(dump, "metric %u", route->metric);
	if (route->expires_s)
		dump_part(dump, "expires %u", route->expires_s);
	dump_part(dump, "%s", inserts[route->insert]);
}

static void print_route(struct dump *dump, const struct conf_route *route)
{
	begin_route(dump, route);
	print_place(dump, route);
	dump_metrics(dump, route);
	print_realms(dump, route->realms);
	print_preference(dump, route->preference);
	if (route->ttl_propagate != CONF_TTL_DEFAULT)
		dump_part(dump, "ttl-propagate %s",
			  route->ttl_propagate == CONF_TTL_ENABLED ? "enabled" : "disabled");
	if (!route->track)
		dump_part(dump, "no_track");
	dump_track_group(dump, route->track_group);
	for (size_t i = 0; i < route->n_nexthops; i++)
		print_nexthop(dump, &route->nexthops[i]);
	dump_line_end(dump);
}

char *conf_route_text(const struct conf *conf, const struct conf_route *route)
{
	struct dump *dump = dump_new(conf);

	if (!dump)
		return NULL;
	print_route(dump, route);
	return dump_end_line(dump);
}

static void print_routes(struct dump *dump, const char *name, const struct conf_route *routes,
			 size_t n)
{
	if (!n)
		return;
	dump_open(dump, "%s", name);
	for (size_t i = 0; i < n; i++)
		print_route(dump, &routes[i]);
	dump_close(dump);
}

void dump_routes(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;

	print_routes(dump, row->name, instance->routes, instance->n_routes);
}

void dump_static_routes(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf *conf = model;

	print_routes(dump, row->name, conf->static_routes, conf->n_static_routes);
}
