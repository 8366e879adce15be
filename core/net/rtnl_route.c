/* SPDX-License-Identifier: MIT */
/*
 * Routes as rtnetlink messages. Attributes are put by hand: libnl's route objects know neither the
 * encapsulations nor locked metrics, congestion control, preference or lifetime, and half of each
 * would be harder to read than one of them. Pure; runs in the main thread.
 */
#include "core/net/rtnl_route.h"

#include <endian.h>
#include <errno.h>
#include <linux/ila.h>
#include <linux/lwtunnel.h>
#include <linux/mpls_iptunnel.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <string.h>

#define LABEL_SHIFT	12 /* RFC 3032: label, 3 bits of class, bottom of stack, time to live */
#define LABEL_IS_BOTTOM (1u << 8)

static int put_ip(struct nl_msg *message, int type, const struct ip *ip)
{
	return ip_is_set(ip) ? nla_put(message, type, (int)ip_size(ip), ip->octets) : 0;
}

/* A gateway of another family than the route's has an attribute that names it. */
static int put_gateway(struct nl_msg *message, const struct ip *via, uint16_t family)
{
	uint8_t room[sizeof(struct rtvia) + sizeof via->octets];
	struct rtvia head = {.rtvia_family = via->family};

	if (!ip_is_set(via) || via->family == family)
		return put_ip(message, RTA_GATEWAY, via);
	memcpy(room, &head, sizeof head);
	memcpy(room + sizeof head, via->octets, ip_size(via));
	return nla_put(message, RTA_VIA, (int)(sizeof head + ip_size(via)), room);
}

static int put_mpls(struct nl_msg *message, const struct conf_encap *encap)
{
	uint32_t stack[CONF_LABELS_MAX];

	for (size_t i = 0; i < encap->n_labels; i++)
		stack[i] = htobe32(encap->labels[i] << LABEL_SHIFT |
				   (i + 1 == encap->n_labels ? LABEL_IS_BOTTOM : 0));
	return nla_put(message, MPLS_IPTUNNEL_DST, (int)(encap->n_labels * sizeof *stack), stack);
}

/* The attributes of IPv6 have the same numbers as those of IPv4. */
static int put_tunnel(struct nl_msg *message, const struct conf_encap *encap)
{
	int error = 0;

	if (encap->id)
		error |= nla_put_u64(message, LWTUNNEL_IP_ID, htobe64(encap->id));
	error |= put_ip(message, LWTUNNEL_IP_DST, &encap->dst);
	error |= put_ip(message, LWTUNNEL_IP_SRC, &encap->src);
	if (encap->ttl)
		error |= nla_put_u8(message, LWTUNNEL_IP_TTL, encap->ttl);
	if (encap->tos)
		error |= nla_put_u8(message, LWTUNNEL_IP_TOS, encap->tos);
	/* As keepalived gives them to the kernel: in the machine's order, although it takes the
	 * other. */
	if (encap->tunnel_flags)
		error |= nla_put_u16(message, LWTUNNEL_IP_FLAGS, encap->tunnel_flags);
	return error;
}

static int put_encap(struct nl_msg *message, const struct conf_encap *encap)
{
	struct nlattr *nest;
	int error;

	if (encap->type == CONF_ENCAP_NONE)
		return 0;
	error = nla_put_u16(message, RTA_ENCAP_TYPE, (uint16_t)encap->type);
	nest = nla_nest_start(message, RTA_ENCAP);
	if (error || !nest)
		return -ENOMEM;
	switch (encap->type) {
	case CONF_ENCAP_MPLS:
		error = put_mpls(message, encap);
		break;
	case CONF_ENCAP_ILA:
		error = nla_put_u64(message, ILA_ATTR_LOCATOR, htobe64(encap->locator));
		break;
	default:
		error = put_tunnel(message, encap);
		break;
	}
	nla_nest_end(message, nest);
	return error;
}

static int put_metrics(struct nl_msg *message, const struct conf_route *route)
{
	uint32_t locked =
		route->metrics_locked | (route->congestion_locked ? 1u << RTAX_CC_ALGO : 0);
	struct nlattr *nest;
	int error = 0;

	if (!route->metrics_given && !route->congestion)
		return 0;
	nest = nla_nest_start(message, RTA_METRICS);
	if (!nest)
		return -ENOMEM;
	if (locked)
		error |= nla_put_u32(message, RTAX_LOCK, locked);
	for (int i = 0; i < CONF_METRICS; i++)
		if (route->metrics_given & 1u << i)
			error |= nla_put_u32(message, i, route->metrics[i]);
	if (route->congestion)
		error |= nla_put_string(message, RTAX_CC_ALGO, route->congestion);
	nla_nest_end(message, nest);
	return error;
}

/* 0: none. -ENODEV: no such interface. */
static int find_device(const struct net_table *table, const char *name, uint32_t *ret)
{
	const struct net_link *link = name ? net_table_find_link(table, name) : NULL;

	if (name && !link)
		return -ENODEV;
	*ret = link ? link->now.ifindex : 0;
	return 0;
}

static int put_nexthop(struct nl_msg *message, const struct conf_route *route,
		       const struct conf_nexthop *hop, const struct net_table *table)
{
	struct rtnexthop *head;
	uint32_t ifindex, offset;
	int error = find_device(table, hop->device, &ifindex);

	if (error)
		return error;
	head = nlmsg_reserve(message, sizeof *head, NLMSG_ALIGNTO);
	if (!head)
		return -ENOMEM;
	*head = (struct rtnexthop){
		.rtnh_flags = hop->onlink ? RTNH_F_ONLINK : 0,
		.rtnh_hops = (uint8_t)(hop->weight - 1),
		.rtnh_ifindex = (int)ifindex,
	};
	offset = (uint32_t)((char *)head - (char *)nlmsg_hdr(message));
	error = put_gateway(message, &hop->via, route->family);
	if (hop->realms)
		error |= nla_put_u32(message, RTA_FLOW, hop->realms);
	error |= put_encap(message, &hop->encap);
	/* The attributes may have moved the message. */
	head = (struct rtnexthop *)(void *)((char *)nlmsg_hdr(message) + offset);
	head->rtnh_len = (unsigned short)(nlmsg_hdr(message)->nlmsg_len - offset);
	return error ? -ENOMEM : 0;
}

static int put_nexthops(struct nl_msg *message, const struct conf_route *route,
			const struct net_table *table)
{
	struct nlattr *nest;
	int error = 0;

	if (!route->n_nexthops)
		return 0;
	nest = nla_nest_start(message, RTA_MULTIPATH);
	if (!nest)
		return -ENOMEM;
	for (size_t i = 0; i < route->n_nexthops && !error; i++)
		error = put_nexthop(message, route, &route->nexthops[i], table);
	nla_nest_end(message, nest);
	return error;
}

static int put_numbers(struct nl_msg *message, const struct conf_route *route, uint32_t table)
{
	int error = nla_put_u32(message, RTA_TABLE, table);

	if (route->metric)
		error |= nla_put_u32(message, RTA_PRIORITY, route->metric);
	if (route->realms)
		error |= nla_put_u32(message, RTA_FLOW, route->realms);
	if (route->expires_s)
		error |= nla_put_u32(message, RTA_EXPIRES, route->expires_s);
	if (route->preference)
		error |= nla_put_u8(message, RTA_PREF, route->preference);
	if (route->ttl_propagate != CONF_TTL_DEFAULT)
		error |= nla_put_u8(message, RTA_TTL_PROPAGATE,
				    route->ttl_propagate == CONF_TTL_ENABLED);
	return error;
}

static int put_prefix(struct nl_msg *message, int type, const struct conf_prefix *prefix)
{
	return prefix->length ? put_ip(message, type, &prefix->ip) : 0;
}

static int find_vrf(const struct net_table *table, const struct conf_route *route, uint32_t *ret)
{
	const struct net_link *link = route->vrf ? net_table_find_link(table, route->vrf) : NULL;

	if (route->vrf && (!link || !link->vrf_table))
		return -ENODEV;
	*ret = link ? link->vrf_table : route->table;
	return 0;
}

static int put_attributes(struct nl_msg *message, const struct conf_route *route, uint32_t ifindex,
			  uint32_t number)
{
	int error = put_prefix(message, RTA_DST, &route->to);

	error |= put_prefix(message, RTA_SRC, &route->from);
	error |= put_ip(message, RTA_PREFSRC, &route->src);
	error |= put_gateway(message, &route->via, route->family);
	if (ifindex)
		error |= nla_put_u32(message, RTA_OIF, ifindex);
	error |= put_numbers(message, route, number);
	error |= put_metrics(message, route);
	error |= put_encap(message, &route->encap);
	return error ? -ENOMEM : 0;
}

int rtnl_route_put(struct nl_msg *message, const struct conf_route *route,
		   const struct net_table *table)
{
	struct rtmsg body = {
		.rtm_family = (unsigned char)route->family,
		.rtm_dst_len = route->to.length,
		.rtm_src_len = route->from.length,
		.rtm_tos = route->tos,
		.rtm_protocol = route->protocol,
		.rtm_scope = route->scope,
		.rtm_type = route->type,
		.rtm_flags = route->onlink ? RTNH_F_ONLINK : 0,
	};
	uint32_t ifindex, number;
	int error = find_device(table, route->device, &ifindex);

	if (!error)
		error = find_vrf(table, route, &number);
	if (error)
		return error;
	body.rtm_table = number <= UINT8_MAX ? (unsigned char)number : RT_TABLE_UNSPEC;
	if (nlmsg_append(message, &body, sizeof body, NLMSG_ALIGNTO))
		return -ENOMEM;
	error = put_attributes(message, route, ifindex, number);
	return error ? error : put_nexthops(message, route, table);
}

int rtnl_route_flags(const struct conf_route *route)
{
	switch (route->insert) {
	case CONF_ADD:
		return NLM_F_CREATE | NLM_F_EXCL;
	case CONF_APPEND:
		return NLM_F_CREATE | NLM_F_APPEND;
	default:
		return NLM_F_CREATE;
	}
}
