/* SPDX-License-Identifier: MIT */
/*
 * Route lines: the blocks virtual_routes and static_routes. Sources: keepalived.conf(5),
 * static_routes; ip-route(8) for what an attribute means; linux/rtnetlink.h. Runs in the thread
 * that loads.
 */
#include "conf/scope_route.h"

#include <linux/icmpv6.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "conf/rtnames.h"
#include "conf/scope_static.h"
#include "conf/scopes.h"
#include "conf/value.h"

/* ---- numbers with names ---- */

static bool read_realms(struct line *line, const struct attribute *row, void *draft)
{
	uint32_t realms;

	if (!rtnames_read_realms(line->build, line->node, line->at, &realms))
		return false;
	line->at++;
	memcpy((char *)draft + row->offset, &realms, sizeof(realms));
	return true;
}

static bool read_preference(struct line *line, const struct attribute *row, void *draft)
{
	uint64_t value;

	if (line_take(line, "low"))
		value = ICMPV6_ROUTER_PREF_LOW;
	else if (line_take(line, "medium"))
		value = ICMPV6_ROUTER_PREF_MEDIUM;
	else if (line_take(line, "high"))
		value = ICMPV6_ROUTER_PREF_HIGH;
	else if (!value_unsigned(line->build, line->node, line->at++,
				 "'pref' (low, medium or high)", 0, UINT8_MAX, &value))
		return false;
	value_store((char *)draft + row->offset, row->size, (int64_t)value);
	return true;
}

static bool read_ttl_propagate(struct line *line, const struct attribute *row, void *draft)
{
	struct conf_route *route = &((struct draft_route *)draft)->model;

	if (line_take(line, "enabled"))
		route->ttl_propagate = CONF_TTL_ENABLED;
	else if (line_take(line, "disabled"))
		route->ttl_propagate = CONF_TTL_DISABLED;
	else {
		build_error(line->build, line->node, line->at,
			    "'%s' must be enabled or disabled, not '%.64s'", row->name,
			    line_word(line));
		return false;
	}
	build_warn(line->build, line->node, line->at - 2,
		   "'%s' has no effect: the kernel heeds it on routes of MPLS, which cannot stand "
		   "here",
		   row->name);
	return true;
}

/* ---- destinations, gateways, next hops ---- */

static bool read_to(struct line *line, const struct attribute *row, void *draft)
{
	struct draft_route *route = draft;

	(void)row;
	if (route->has_to)
		build_warn(line->build, line->node, line->at,
			   "the destination is given more than once; the last one counts");
	route->has_to = true;
	return line_read_prefix(line, "the destination", &route->model.to);
}

static bool read_from(struct line *line, const struct attribute *row, void *draft)
{
	(void)row;
	return line_read_prefix(line, "the address behind 'from'",
				&((struct draft_route *)draft)->model.from);
}

/* via [inet|inet6] ADDRESS */
static bool read_via(struct line *line, const struct attribute *row, void *draft)
{
	bool is_inet = line_take(line, "inet"), is_inet6 = !is_inet && line_take(line, "inet6");

	if ((is_inet || is_inet6) &&
	    !line_settle_family(line, line->at - 1, is_inet6 ? AF_INET6 : AF_INET))
		return false;
	return line_read_address(
		line, arena_printf(line->build->scratch, "the address behind '%s'", row->name),
		(struct ip *)(void *)((char *)draft + row->offset));
}

static bool refuse_nat(struct line *line, const struct attribute *row, void *draft)
{
	(void)draft;
	build_error(line->build, line->node, line->at - 1,
		    "'%s' asks for address translation, which no kernel does in routes", row->name);
	return false;
}

#define HOP(member) ATTRIBUTE_FIELD(conf_nexthop, member)

static const struct attribute nexthop_attributes[] = {
	{"via", ATTRIBUTE_CUSTOM, HOP(via), .read = read_via, .argument = "[inet|inet6] ADDRESS",
	 .help = "the gateway"},
	{"dev", ATTRIBUTE_INTERFACE, HOP(device), .help = "interface it is reached by"},
	{"weight", ATTRIBUTE_UNSIGNED, HOP(weight), .min = 1, .max = 256,
	 .help = "share of the traffic; 1 by default"},
	{"onlink", ATTRIBUTE_FLAG, HOP(onlink), .value = true,
	 .help = "the gateway is on the link although no address says so"},
	{"encap", ATTRIBUTE_CUSTOM, HOP(encap), .read = read_encap, .argument = "TYPE ...",
	 .help = "as encap of the route"},
	{"realms", ATTRIBUTE_CUSTOM, HOP(realms), .read = read_realms, .family = AF_INET,
	 .argument = "SOURCE[/DESTINATION]", .help = "realms for accounting"},
	{"as", ATTRIBUTE_CUSTOM, .read = refuse_nat, .argument = "ADDRESS", .help = "refused"},
	{.name = NULL},
};

/* Everything behind the first `nexthop` is next hops. */
static bool read_nexthops(struct line *line, const struct attribute *row, void *draft)
{
	struct draft_route *route = draft;

	do {
		struct conf_nexthop *hop =
			items_add(&route->nexthops, line->build->scratch, sizeof(*hop));
		struct line part = line_part(line, nexthop_attributes);

		hop->weight = 1;
		if (!line_read(&part, hop))
			return false;
		line->at = part.at;
		line->family = part.family;
		if (!line_check_family(&part))
			return false;
	} while (line_take(line, row->name));
	if (line_at_end(line))
		return true;
	build_error(line->build, line->node, line->at,
		    "behind the next hops nothing else may stand, but here is '%.64s'",
		    line_word(line));
	return false;
}

/* ---- the table ---- */

#define FIELD(member)  ATTRIBUTE_FIELD(draft_route, model.member)
#define METRIC(most)   ATTRIBUTE_CUSTOM, .read = read_metric, .max = (most), .argument = "N"
#define LOCKABLE(most) ATTRIBUTE_CUSTOM, .read = read_metric, .max = (most), .argument = "[lock] N"
#define TIME(most)                                                                                 \
	ATTRIBUTE_CUSTOM, .read = read_metric_time, .max = (most), .argument = "[lock] TIME"

static const struct attribute route_attributes[] = {
	{"inet", ATTRIBUTE_CUSTOM, .read = line_read_family, .argument = "",
	 .help = "the route is of IPv4"},
	{"inet6", ATTRIBUTE_CUSTOM, .read = line_read_family, .value = true, .argument = "",
	 .help = "the route is of IPv6"},
	{"to", ATTRIBUTE_CUSTOM, .read = read_to, .argument = "ADDRESS[/LENGTH] | default",
	 .help = "the destination; 'to' may be left out"},
	{"src", ATTRIBUTE_ADDRESS, FIELD(src), .help = "source of packets sent by this node"},
	{"via", ATTRIBUTE_CUSTOM, FIELD(via), .read = read_via, .argument = "[inet|inet6] ADDRESS",
	 .help = "the gateway"},
	{"gw", ATTRIBUTE_CUSTOM, FIELD(via), .read = read_via, .argument = "[inet|inet6] ADDRESS",
	 .use = "via", .help = "the gateway"},
	{"or", ATTRIBUTE_ADDRESS, ATTRIBUTE_FIELD(draft_route, fallback), .use = "nexthop",
	 .help = "a second gateway of equal weight"},
	{"from", ATTRIBUTE_CUSTOM, .read = read_from, .family = AF_INET6,
	 .argument = "ADDRESS[/LENGTH]", .help = "only for packets from there"},
	{"dev", ATTRIBUTE_INTERFACE, FIELD(device), .help = "the interface"},
	{"oif", ATTRIBUTE_INTERFACE, FIELD(device), .help = "the same as dev"},
	{"tos", ATTRIBUTE_NAMED(RTNAMES_DSFIELD), FIELD(tos),
	 .help = "only for packets of this traffic class"},
	{"dsfield", ATTRIBUTE_NAMED(RTNAMES_DSFIELD), FIELD(tos), .help = "the same as tos"},
	{"table", ATTRIBUTE_NAMED(RTNAMES_TABLE), FIELD(table), .max = UINT32_MAX,
	 .help = "routing table; main by default"},
	{"protocol", ATTRIBUTE_NAMED(RTNAMES_PROTOCOL), FIELD(protocol),
	 .help = "who has made the route; keepalived (18) by default"},
	{"scope", ATTRIBUTE_NAMED(RTNAMES_SCOPE), FIELD(scope),
	 .help = "how far its destinations are; global by default"},
	{"metric", ATTRIBUTE_UNSIGNED, FIELD(metric), .max = UINT32_MAX,
	 .help = "the lowest goes first among equal destinations"},
	{"priority", ATTRIBUTE_UNSIGNED, FIELD(metric), .max = UINT32_MAX,
	 .help = "the same as metric"},
	{"preference", ATTRIBUTE_UNSIGNED, FIELD(metric), .max = UINT32_MAX,
	 .help = "the same as metric"},
	{"onlink", ATTRIBUTE_FLAG, FIELD(onlink), .value = true,
	 .help = "the gateway is on the link although no address says so"},
	{"encap", ATTRIBUTE_CUSTOM, FIELD(encap), .read = read_encap,
	 .argument = "ip ... | ip6 ... | mpls LABEL[/LABEL] | ila LOCATOR",
	 .help = "encapsulate what takes this route"},
	{"expires", ATTRIBUTE_UNSIGNED, FIELD(expires_s), .max = UINT32_MAX, .family = AF_INET6,
	 .help = "seconds after which the kernel removes it"},
	{"mtu", LOCKABLE(UINT32_MAX), .help = "largest packet on the path"},
	{"advmss", LOCKABLE(UINT32_MAX), .help = "segment size offered by TCP"},
	{"rtt", TIME(960000), .help = "first estimate of the round-trip time"},
	{"rttvar", TIME(480000), .help = "first estimate of its variance"},
	{"reordering", LOCKABLE(UINT32_MAX), .help = "packets that may overtake each other"},
	{"cwnd", LOCKABLE(UINT32_MAX), .help = "clamp of the congestion window"},
	{"ssthresh", LOCKABLE(UINT32_MAX), .help = "first slow-start threshold"},
	{"rto_min", TIME(120000), .help = "least retransmission timeout"},
	{"window", METRIC(UINT32_MAX), .help = "clamp of the TCP window"},
	{"hoplimit", METRIC(UINT8_MAX), .help = "hop limit of packets; 0: the interface's"},
	{"initcwnd", METRIC(UINT32_MAX), .help = "first congestion window"},
	{"initrwnd", METRIC(UINT32_MAX), .help = "first receive window"},
	{"quickack", METRIC(1), .help = "1: acknowledge at once"},
	{"fastopen_no_cookie", METRIC(1), .help = "1: TCP Fast Open without a cookie"},
	{"features", ATTRIBUTE_CUSTOM, .read = read_features, .argument = "ecn",
	 .help = "explicit congestion notification"},
	{"congctl", ATTRIBUTE_CUSTOM, .read = read_congestion, .argument = "[lock] NAME",
	 .help = "TCP congestion control"},
	{"realms", ATTRIBUTE_CUSTOM, FIELD(realms), .read = read_realms, .family = AF_INET,
	 .argument = "SOURCE[/DESTINATION]", .help = "realms for accounting"},
	{"pref", ATTRIBUTE_CUSTOM, FIELD(preference), .read = read_preference, .family = AF_INET6,
	 .argument = "low | medium | high", .help = "preference as a router (RFC 4191)"},
	{"ttl-propagate", ATTRIBUTE_CUSTOM, .read = read_ttl_propagate,
	 .argument = "enabled | disabled",
	 .help = "kept for display: the kernel heeds it on routes of MPLS only"},
	{"vrf", ATTRIBUTE_INTERFACE, FIELD(vrf), .help = "the table is that of this VRF"},
	{"prepend", ATTRIBUTE_FLAG, FIELD(insert), .value = CONF_PREPEND,
	 .help = "go before routes like it (the default)"},
	{"add", ATTRIBUTE_FLAG, FIELD(insert), .value = CONF_ADD,
	 .help = "only if there is no route like it"},
	{"append", ATTRIBUTE_FLAG, FIELD(insert), .value = CONF_APPEND,
	 .help = "go behind routes like it"},
	{"no_track", ATTRIBUTE_FLAG, FIELD(track), .value = false,
	 .help = "its removal by somebody else does not matter"},
	{"nexthop", ATTRIBUTE_CUSTOM, .read = read_nexthops,
	 .argument = "[via ADDRESS] [dev INTERFACE] [weight N] [onlink] [encap ...] [realms ...]",
	 .help = "one of several gateways; repeated, the last of the line"},
	{.name = NULL},
};

static const struct attribute static_attributes[] = {
	{"track_group", ATTRIBUTE_CUSTOM, ATTRIBUTE_FIELD(draft_route, group),
	 .read = read_track_group, .argument = "NAME",
	 .help = "track_group whose instances go to FAULT without it"},
	{.name = NULL},
};

/* ---- lines ---- */

static const struct {
	const char *name;
	uint8_t type;
} types[] = {
	{"unicast", RTN_UNICAST},
	{"local", RTN_LOCAL},
	{"broadcast", RTN_BROADCAST},
	{"anycast", RTN_ANYCAST},
	{"multicast", RTN_MULTICAST},
	{"blackhole", RTN_BLACKHOLE},
	{"unreachable", RTN_UNREACHABLE},
	{"prohibit", RTN_PROHIBIT},
	{"throw", RTN_THROW},
	{"nat", RTN_NAT},
	{"xresolve", RTN_XRESOLVE},
};

const char *route_type_name(uint8_t type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (types[i].type == type)
			return types[i].name;
	return NULL;
}

static bool parse_type(const char *text, uint8_t *ret)
{
	uint64_t number;

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(types[i].name, text) == 0) {
			*ret = types[i].type;
			return true;
		}
	if (!rtnames_parse_number(text, &number) || number > UINT8_MAX)
		return false;
	*ret = (uint8_t)number;
	return true;
}

static bool is_destination(const char *text)
{
	return (*text >= '0' && *text <= '9') || strchr(text, ':') ||
	       strcmp(text, "default") == 0 || strcmp(text, "any") == 0 || strcmp(text, "all") == 0;
}

/* The type stands directly before the destination. */
static bool check_type(struct line *line)
{
	const char *name = line_word(line), *next;

	line->at++;
	next = line_word(line);
	if (is_destination(next) || strcmp(next, "to") == 0 || strcmp(next, "inet") == 0 ||
	    strcmp(next, "inet6") == 0)
		return true;
	build_error(line->build, line->node, line->at - 1,
		    "behind the type '%.64s' the destination must follow%s%.64s%s", name,
		    *next ? ", not '" : "", next, *next ? "'" : "");
	return false;
}

/* Words that are no attribute: the type, the destination. */
static bool read_bare_word(struct line *line, void *draft)
{
	struct draft_route *route = draft;

	if (parse_type(line_word(line), &route->model.type))
		return check_type(line);
	if (is_destination(line_word(line)))
		return read_to(line, NULL, route);
	line_refuse(line, "a route");
	return false;
}

static struct ip any_address(uint16_t family)
{
	return (struct ip){.family = family};
}

static bool has_host_bits(const struct conf_prefix *prefix)
{
	for (unsigned bit = prefix->length; bit < ip_prefix_max(&prefix->ip); bit++)
		if (prefix->ip.octets[bit / 8] & 0x80u >> bit % 8)
			return true;
	return false;
}

/* `via A or B` is two next hops. */
static void add_fallback(struct line *line, struct draft_route *route)
{
	const struct ip gateways[] = {route->model.via, route->fallback};

	for (size_t i = 0; i < 2; i++) {
		struct conf_nexthop *hop;

		if (!ip_is_set(&gateways[i]))
			continue;
		hop = items_add(&route->nexthops, line->build->scratch, sizeof(*hop));
		*hop = (struct conf_nexthop){
			.via = gateways[i], .device = route->model.device, .weight = 1};
	}
	memset(&route->model.via, 0, sizeof(route->model.via));
}

/* Only a route that is ours and on an interface can be missed. */
static void settle_tracking(struct line *line, struct conf_route *route)
{
	if (!route->track)
		return;
	if (!route->device) {
		build_warn(
			line->build, line->node, 0,
			"a route without 'dev' is not tracked; write 'no_track' if that is meant");
		route->track = false;
	} else if (route->protocol != RTPROT_KEEPALIVED) {
		build_warn(
			line->build, line->node, line_place(line, "protocol"),
			"a route with another 'protocol' than keepalived (%d) cannot be tracked; "
			"it gets that one, unless it has 'no_track'",
			RTPROT_KEEPALIVED);
		route->protocol = RTPROT_KEEPALIVED;
	}
}

static bool finish_route(struct line *line, struct draft_route *draft)
{
	struct conf_route *route = &draft->model;

	if (!draft->has_to) {
		build_error(line->build, line->node, 0, "the route has no destination");
		return false;
	}
	if (line->family == AF_UNSPEC)
		line->family = AF_INET;
	if (!line_check_family(line))
		return false;
	route->family = line->family;
	if (!ip_is_set(&route->to.ip))
		route->to.ip = any_address(route->family);
	if (route->family == AF_INET && has_host_bits(&route->to))
		build_warn(line->build, line->node, 0,
			   "the kernel refuses a destination with bits set behind its length");
	/* The kernel takes local routes in no other scope. */
	if (route->type == RTN_LOCAL && !line_place(line, "scope"))
		route->scope = RT_SCOPE_HOST;
	if (ip_is_set(&draft->fallback))
		add_fallback(line, draft);
	settle_tracking(line, route);
	route->nexthops =
		items_to_array(&draft->nexthops, line->build->arena, sizeof(*route->nexthops));
	route->n_nexthops = draft->nexthops.n;
	return true;
}

static void read_route(struct build *build, const struct node *node, struct items *list,
		       const struct option_scope *scope)
{
	struct line line = line_start(build, node, scope);
	struct draft_route draft = {
		.model = {.type = RTN_UNICAST,
			  .table = RT_TABLE_MAIN,
			  .protocol = RTPROT_KEEPALIVED,
			  .scope = RT_SCOPE_UNIVERSE,
			  .track = true,
			  .track_group = CONF_NONE},
	};

	if (line_read_all(&line, read_bare_word, &draft) && finish_route(&line, &draft))
		*(struct draft_route *)items_add(list, build->scratch, sizeof(draft)) = draft;
}

static void read_virtual(struct build *build, const struct node *node, void *draft)
{
	read_route(build, node, &((struct draft_instance *)draft)->routes, &scope_routes);
}

static void read_static(struct build *build, const struct node *node, void *draft)
{
	(void)draft;
	read_route(build, node, &build->static_routes, &scope_static_routes);
}

const struct option_scope scope_routes = {
	.name = "virtual_routes",
	.line = read_virtual,
	.attributes = {route_attributes},
};
const struct option_scope scope_static_routes = {
	.name = "static_routes",
	.line = read_static,
	.attributes = {route_attributes, static_attributes},
};
