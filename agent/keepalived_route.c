/* SPDX-License-Identifier: MIT */
/*
 * KEEPALIVED-MIB K.2.7: static routes as those of instance 0, then the virtual routes of each
 * instance, in configuration order. Thread: agent.
 *
 * A column of something that was not given has no instance; truth values and numbers that every
 * route has are always there. A route with several next hops is ecmp, and its gateways are in the
 * table of next hops, so there is never a second one here.
 */
#include <linux/rtnetlink.h>
#include <string.h>

#include "agent/keepalived_route.h"

int keepalived_scope(uint8_t rt)
{
	if (rt == RT_SCOPE_UNIVERSE)
		return 14; /* global */
	if (rt < RT_SCOPE_SITE)
		return 8; /* organizationLocal */
	if (rt == RT_SCOPE_SITE)
		return 5; /* siteLocal */
	if (rt <= RT_SCOPE_LINK)
		return rt == RT_SCOPE_LINK ? 2 : 3; /* linkLocal, subnetLocal */
	return 1;				    /* interfaceLocal */
}

int keepalived_route_protocol(uint8_t rt)
{
	const uint8_t keepalived = 18; /* RTPROT_KEEPALIVED, newer than some headers */

	if (rt == keepalived)
		return 112;
	return rt <= RTPROT_STATIC || (rt >= RTPROT_GATED && rt <= RTPROT_DHCP) ? rt + 1 : 1;
}

bool keepalived_is_set(const struct view *view, uint32_t owner, size_t item)
{
	const struct snap_daemon *daemon = view->daemon;

	if (!daemon || daemon->conf != view->vrrp->conf || owner >= daemon->n_owners)
		return false; /* main has not looked since the reload */
	return daemon->set[daemon->owner_first[owner] + item];
}

const struct conf_route *keepalived_routes_of(const struct conf *conf, uint32_t owner,
					      size_t *ret_n)
{
	*ret_n = owner ? conf->instances[owner - 1].n_routes : conf->n_static_routes;
	return owner ? conf->instances[owner - 1].routes : conf->static_routes;
}

static int build(const struct view *view, struct rows *ret)
{
	const struct conf *conf = view->vrrp ? view->vrrp->conf : NULL;
	int error = 0;

	for (uint32_t owner = 0; conf && owner <= conf->n_instances && !error; owner++) {
		size_t n;

		keepalived_routes_of(conf, owner, &n);
		error = keepalived_add_rows(ret, owner, owner, n);
	}
	return error;
}

static const struct conf_route *route(const struct view *view, const struct row *row)
{
	size_t n;

	return &keepalived_routes_of(view->vrrp->conf, row->major, &n)[row->minor];
}

/* The default route has no address of its own. */
static bool destination(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_route *is = route(view, row);

	if (ip_is_set(&is->to.ip))
		return cell_ip(ret, &is->to.ip);
	memset(ret->room, 0, 16);
	return cell_octets(ret, ret->room, is->family == AF_INET6 ? 16 : 4);
}

static bool address_type(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, route(view, row)->family == AF_INET6 ? 2 : 1);
}

static bool nothing(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view, (void)row, (void)ret;
	return false;
}

/* Getters: a number that is always there; one of which 0 means none; an address that may be there.
 */
#define NUMBER(name, field)                                                                        \
	static bool name(const struct view *view, const struct row *row, struct cell *ret)         \
	{                                                                                          \
		return cell_number(ret, route(view, row)->field);                                  \
	}
#define GIVEN(name, field)                                                                         \
	static bool name(const struct view *view, const struct row *row, struct cell *ret)         \
	{                                                                                          \
		return route(view, row)->field && cell_number(ret, route(view, row)->field);       \
	}
#define ADDRESS(name, field)                                                                       \
	static bool name(const struct view *view, const struct row *row, struct cell *ret)         \
	{                                                                                          \
		const struct ip *ip = &route(view, row)->field;                                    \
                                                                                                   \
		return ip_is_set(ip) && cell_ip(ret, ip);                                          \
	}

NUMBER(destination_mask, to.length)
ADDRESS(gateway, via)
ADDRESS(source, src)
NUMBER(metric, metric)
NUMBER(table_number, table)
ADDRESS(from, from.ip)
GIVEN(tos, tos)
GIVEN(expires, expires_s)

static bool scope(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, keepalived_scope(route(view, row)->scope));
}

/* RouteType by RTN_ number; local(2) has no name there. */
static bool type(const struct view *view, const struct row *row, struct cell *ret)
{
	enum { UNICAST = 1, ECMP = 2 };
	static const uint8_t types[] = {
		[RTN_UNICAST] = UNICAST, [RTN_LOCAL] = UNICAST, [RTN_BROADCAST] = 6,
		[RTN_ANYCAST] = 4,	 [RTN_MULTICAST] = 5,	[RTN_BLACKHOLE] = 3,
		[RTN_UNREACHABLE] = 7,	 [RTN_PROHIBIT] = 8,	[RTN_THROW] = 9,
		[RTN_NAT] = 10,		 [RTN_XRESOLVE] = 11,
	};
	const struct conf_route *is = route(view, row);

	if (is->n_nexthops)
		return cell_number(ret, ECMP);
	return cell_number(ret, is->type < CELL_COUNT(types) && types[is->type] ? types[is->type]
										: UNICAST);
}

static bool ifindex(const struct view *view, const struct row *row, struct cell *ret)
{
	return keepalived_device_index(ret, view, route(view, row)->device);
}

static bool ifname(const struct view *view, const struct row *row, struct cell *ret)
{
	return keepalived_device(ret, route(view, row)->device);
}

static bool status(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, keepalived_is_set(view, row->major, row->minor)); /* set, unset */
}

static bool from_mask(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_prefix *is = &route(view, row)->from;

	return ip_is_set(&is->ip) && cell_number(ret, is->length);
}

static bool protocol(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, keepalived_route_protocol(route(view, row)->protocol));
}

/* ---- metrics ---- */

static bool is_given(const struct conf_route *is, unsigned rtax)
{
	return is->metrics_given & UINT32_C(1) << rtax;
}

/* In units of the MIB: the kernel's value divided. */
static bool metric_cell(struct cell *ret, const struct conf_route *is, unsigned rtax,
			unsigned divisor)
{
	return is_given(is, rtax) && cell_number(ret, is->metrics[rtax] / divisor);
}

#define METRIC(name, rtax, divisor)                                                                \
	static bool name(const struct view *view, const struct row *row, struct cell *ret)         \
	{                                                                                          \
		return metric_cell(ret, route(view, row), rtax, divisor);                          \
	}
#define METRIC_AND_LOCK(name, rtax, divisor)                                                       \
	METRIC(name, rtax, divisor)                                                                \
	static bool name##_lock(const struct view *view, const struct row *row, struct cell *ret)  \
	{                                                                                          \
		const struct conf_route *is = route(view, row);                                    \
                                                                                                   \
		return is_given(is, rtax) &&                                                       \
		       cell_truth(ret, is->metrics_locked & UINT32_C(1) << (rtax));                \
	}

METRIC_AND_LOCK(mtu, RTAX_MTU, 1)
METRIC(hop_limit, RTAX_HOPLIMIT, 1)
METRIC_AND_LOCK(advmss, RTAX_ADVMSS, 1)
METRIC_AND_LOCK(rtt, RTAX_RTT, 8)	/* the kernel has eighths of a millisecond */
METRIC_AND_LOCK(rttvar, RTAX_RTTVAR, 4) /* and quarters */
METRIC_AND_LOCK(reordering, RTAX_REORDERING, 1)
METRIC(window, RTAX_WINDOW, 1)
METRIC_AND_LOCK(cwnd, RTAX_CWND, 1)
METRIC_AND_LOCK(ssthresh, RTAX_SSTHRESH, 1)
METRIC_AND_LOCK(rto_min, RTAX_RTO_MIN, 1)
METRIC(initcwnd, RTAX_INITCWND, 1)
METRIC(initrwnd, RTAX_INITRWND, 1)

static bool ecn(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, route(view, row)->metrics[RTAX_FEATURES] & RTAX_FEATURE_ECN);
}

static bool quickack(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, route(view, row)->metrics[RTAX_QUICKACK]);
}

static bool fastopen_no_cookie(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_route *is = route(view, row);

	return is_given(is, RTAX_FASTOPEN_NO_COOKIE) &&
	       cell_truth(ret, is->metrics[RTAX_FASTOPEN_NO_COOKIE]);
}

static bool congestion(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, route(view, row)->congestion);
}

/* low(1) medium(2) high(3), of IPv6 only. */
static bool preference(const struct view *view, const struct row *row, struct cell *ret)
{
	static const uint8_t preferences[] = {[0] = 2, [1] = 3, [3] = 1}; /* by RTA_PREF */
	const struct conf_route *is = route(view, row);

	return is->family == AF_INET6 && is->preference < CELL_COUNT(preferences) &&
	       cell_number(ret, preferences[is->preference]);
}

KEEPALIVED_PATH(route)

static bool encap_type(const struct view *view, const struct row *row, struct cell *ret)
{
	return keepalived_encap_type(ret, &route(view, row)->encap);
}

static const struct column columns[] = {
	COLUMN_READ(2, INTEGER, address_type),
	COLUMN_READ(3, OCTETS, destination),
	COLUMN_READ(4, GAUGE32, destination_mask),
	COLUMN_READ(5, OCTETS, gateway),
	COLUMN_READ(6, OCTETS, nothing), /* a second gateway is a next hop */
	COLUMN_READ(7, OCTETS, source),
	COLUMN_READ(8, GAUGE32, metric),
	COLUMN_READ(9, INTEGER, scope),
	COLUMN_READ(10, INTEGER, type),
	COLUMN_READ(11, INTEGER, ifindex),
	COLUMN_READ(12, OCTETS, ifname),
	COLUMN_READ(13, GAUGE32, table_number),
	COLUMN_READ(14, INTEGER, status),
	COLUMN_READ(15, OCTETS, from),
	COLUMN_READ(16, GAUGE32, from_mask),
	COLUMN_READ(17, GAUGE32, tos),
	COLUMN_READ(18, INTEGER, protocol),
	COLUMN_READ(19, INTEGER, ecn),
	COLUMN_READ(20, INTEGER, quickack),
	COLUMN_READ(21, INTEGER, expires),
	COLUMN_READ(22, GAUGE32, mtu),
	COLUMN_READ(23, INTEGER, mtu_lock),
	COLUMN_READ(24, GAUGE32, hop_limit),
	COLUMN_READ(25, GAUGE32, advmss),
	COLUMN_READ(26, INTEGER, advmss_lock),
	COLUMN_READ(27, GAUGE32, rtt),
	COLUMN_READ(28, INTEGER, rtt_lock),
	COLUMN_READ(29, GAUGE32, rttvar),
	COLUMN_READ(30, INTEGER, rttvar_lock),
	COLUMN_READ(31, GAUGE32, reordering),
	COLUMN_READ(32, INTEGER, reordering_lock),
	COLUMN_READ(33, GAUGE32, window),
	COLUMN_READ(34, GAUGE32, cwnd),
	COLUMN_READ(35, INTEGER, cwnd_lock),
	COLUMN_READ(36, GAUGE32, ssthresh),
	COLUMN_READ(37, INTEGER, ssthresh_lock),
	COLUMN_READ(38, GAUGE32, rto_min),
	COLUMN_READ(39, INTEGER, rto_min_lock),
	COLUMN_READ(40, GAUGE32, initcwnd),
	COLUMN_READ(41, GAUGE32, initrwnd),
	COLUMN_READ(42, OCTETS, congestion),
	COLUMN_READ(43, INTEGER, preference),
	COLUMN_READ(44, GAUGE32, realm_to),
	COLUMN_READ(45, GAUGE32, realm_from),
	COLUMN_READ(46, INTEGER, encap_type),
	COLUMN_READ(47, OCTETS, encap_labels),
	COLUMN_READ(48, COUNTER64, encap_id),
	COLUMN_READ(49, OCTETS, encap_to),
	COLUMN_READ(50, OCTETS, encap_from),
	COLUMN_READ(51, GAUGE32, encap_tos),
	COLUMN_READ(52, GAUGE32, encap_ttl),
	COLUMN_READ(53, GAUGE32, encap_flags),
	COLUMN_READ(54, COUNTER64, encap_locator),
	COLUMN_READ(55, INTEGER, fastopen_no_cookie),
};

const struct table keepalived_routes = {
	.name = "vrrpRouteTable",
	.entry = {KEEPALIVED_ROOT, 2, 7, 1},
	.entry_length = 12,
	.columns = columns,
	.n_columns = CELL_COUNT(columns),
	.build = build,
};
