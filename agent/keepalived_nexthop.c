/* SPDX-License-Identifier: MIT */
/*
 * KEEPALIVED-MIB K.2.11: the next hops of routes that have several; and what they share with the
 * routes themselves. Thread: agent. Column 10, the type of encapsulation, is not accessible in the
 * module as published: which of the others are there tells it.
 */
#include <errno.h>
#include <stdio.h>

#include "agent/keepalived_route.h"

/* ---- shared with the table of routes ---- */

bool keepalived_realm_to(struct cell *ret, uint32_t realms)
{
	return (realms & 0xffff) && cell_number(ret, realms & 0xffff);
}

bool keepalived_realm_from(struct cell *ret, uint32_t realms)
{
	return realms >> 16 && cell_number(ret, realms >> 16);
}

bool keepalived_device(struct cell *ret, const char *device)
{
	return cell_text(ret, device);
}

bool keepalived_device_index(struct cell *ret, const struct view *view, const char *device)
{
	uint32_t found = device ? view_ifindex(view->vrrp, device) : 0;

	return found && cell_number(ret, found);
}

static bool is_tunnel(const struct conf_encap *encap)
{
	return encap->type == CONF_ENCAP_IP || encap->type == CONF_ENCAP_IP6;
}

bool keepalived_encap_type(struct cell *ret, const struct conf_encap *encap)
{
	return encap->type && cell_number(ret, encap->type); /* the MIB has the kernel's numbers */
}

bool keepalived_encap_labels(struct cell *ret, const struct conf_encap *encap)
{
	char *text = (char *)ret->room;
	size_t used = 0;

	if (encap->type != CONF_ENCAP_MPLS)
		return false;
	for (uint32_t i = 0; i < encap->n_labels; i++)
		used += (size_t)snprintf(text + used, sizeof(ret->room) - used, "%s%u",
					 i ? "/" : "", encap->labels[i]);
	return cell_octets(ret, text, used);
}

bool keepalived_encap_id(struct cell *ret, const struct conf_encap *encap)
{
	return is_tunnel(encap) && encap->id && cell_number(ret, (int64_t)encap->id);
}

bool keepalived_encap_to(struct cell *ret, const struct conf_encap *encap)
{
	return is_tunnel(encap) && ip_is_set(&encap->dst) && cell_ip(ret, &encap->dst);
}

bool keepalived_encap_from(struct cell *ret, const struct conf_encap *encap)
{
	return is_tunnel(encap) && ip_is_set(&encap->src) && cell_ip(ret, &encap->src);
}

bool keepalived_encap_tos(struct cell *ret, const struct conf_encap *encap)
{
	return is_tunnel(encap) && encap->tos && cell_number(ret, encap->tos);
}

bool keepalived_encap_ttl(struct cell *ret, const struct conf_encap *encap)
{
	return is_tunnel(encap) && encap->ttl && cell_number(ret, encap->ttl);
}

bool keepalived_encap_flags(struct cell *ret, const struct conf_encap *encap)
{
	return is_tunnel(encap) && encap->tunnel_flags && cell_number(ret, encap->tunnel_flags);
}

bool keepalived_encap_locator(struct cell *ret, const struct conf_encap *encap)
{
	return encap->type == CONF_ENCAP_ILA && cell_number(ret, (int64_t)encap->locator);
}

/* ---- the table ---- */

static int add_hops(const struct conf_route *route, uint32_t owner, uint32_t at, struct rows *ret)
{
	for (uint32_t hop = 0; hop < route->n_nexthops; hop++) {
		struct row *row = rows_add(ret, owner, hop);

		if (!row)
			return -ENOMEM;
		row_index_u32(row, owner);
		row_index_u32(row, at + 1);
		row_index_u32(row, hop + 1);
	}
	return 0;
}

static int build(const struct view *view, struct rows *ret)
{
	const struct conf *conf = view->vrrp ? view->vrrp->conf : NULL;
	int error = 0;

	for (uint32_t owner = 0; conf && owner <= conf->n_instances; owner++) {
		size_t n;
		const struct conf_route *routes = keepalived_routes_of(conf, owner, &n);

		for (uint32_t at = 0; at < n && !error; at++)
			error = add_hops(&routes[at], owner, at, ret);
	}
	return error;
}

static const struct conf_nexthop *hop_of(const struct view *view, const struct row *row)
{
	size_t n;

	/* major: owner; minor: next hop; the route is the middle of the index */
	return &keepalived_routes_of(view->vrrp->conf, row->major, &n)[row->index[1] - 1]
			.nexthops[row->minor];
}

static bool address_type(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct ip *via = &hop_of(view, row)->via;

	return ip_is_set(via) && cell_ip_type(ret, via);
}

static bool address(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct ip *via = &hop_of(view, row)->via;

	return ip_is_set(via) && cell_ip(ret, via);
}

static bool ifindex(const struct view *view, const struct row *row, struct cell *ret)
{
	return keepalived_device_index(ret, view, hop_of(view, row)->device);
}

static bool ifname(const struct view *view, const struct row *row, struct cell *ret)
{
	return keepalived_device(ret, hop_of(view, row)->device);
}

static bool weight(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, hop_of(view, row)->weight);
}

static bool onlink(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, hop_of(view, row)->onlink);
}

KEEPALIVED_PATH(hop_of)

static const struct column columns[] = {
	COLUMN_READ(2, INTEGER, address_type), COLUMN_READ(3, OCTETS, address),
	COLUMN_READ(4, INTEGER, ifindex),      COLUMN_READ(5, OCTETS, ifname),
	COLUMN_READ(6, GAUGE32, weight),       COLUMN_READ(7, INTEGER, onlink),
	COLUMN_READ(8, GAUGE32, realm_to),     COLUMN_READ(9, GAUGE32, realm_from),
	COLUMN_READ(11, OCTETS, encap_labels), COLUMN_READ(12, COUNTER64, encap_id),
	COLUMN_READ(13, OCTETS, encap_to),     COLUMN_READ(14, OCTETS, encap_from),
	COLUMN_READ(15, GAUGE32, encap_tos),   COLUMN_READ(16, GAUGE32, encap_ttl),
	COLUMN_READ(17, GAUGE32, encap_flags), COLUMN_READ(18, COUNTER64, encap_locator),
};

const struct table keepalived_nexthops = {
	.name = "vrrpRouteNextHopTable",
	.entry = {KEEPALIVED_ROOT, 2, 11, 1},
	.entry_length = 12,
	.columns = columns,
	.n_columns = CELL_COUNT(columns),
	.build = build,
};
