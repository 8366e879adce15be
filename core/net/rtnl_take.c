/* SPDX-License-Identifier: MIT */
/*
 * What the kernel tells of links, addresses, forwarding, routes and rules: one message of rtnetlink
 * into the table. main thread. It reads what it was given and asks nobody; whether anything follows
 * from it is decided by whoever empties the socket.
 *
 * Every attribute is measured before it is read, also where the kernel would never send another.
 * Sources: rtnetlink(7), linux/rtnetlink.h, if_link.h, if_addr.h, netconf.h.
 */
#include "core/net/rtnl_private.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <sys/socket.h>

static void take_vrf(struct rtnl *rtnl, uint32_t ifindex, struct nlattr *about)
{
	struct nlattr *kind[IFLA_INFO_MAX + 1], *vrf[IFLA_VRF_MAX + 1];

	if (nla_parse_nested(kind, IFLA_INFO_MAX, about, NULL) < 0 || !kind[IFLA_INFO_KIND] ||
	    !kind[IFLA_INFO_DATA] || nla_strcmp(kind[IFLA_INFO_KIND], "vrf") != 0 ||
	    nla_parse_nested(vrf, IFLA_VRF_MAX, kind[IFLA_INFO_DATA], NULL) < 0)
		return;
	if (vrf[IFLA_VRF_TABLE] && nla_len(vrf[IFLA_VRF_TABLE]) >= 4)
		net_table_set_vrf(&rtnl->table, ifindex, nla_get_u32(vrf[IFLA_VRF_TABLE]));
}

static void take_macvlan(struct net_nature *nature, struct nlattr *about)
{
	struct nlattr *data[IFLA_MACVLAN_MAX + 1];

	nature->kind = CONF_VMAC_MACVLAN;
	if (about && nla_parse_nested(data, IFLA_MACVLAN_MAX, about, NULL) >= 0 &&
	    data[IFLA_MACVLAN_MODE] && nla_len(data[IFLA_MACVLAN_MODE]) >= 4)
		nature->usable = nla_get_u32(data[IFLA_MACVLAN_MODE]) == MACVLAN_MODE_PRIVATE;
}

static void take_ipvlan(struct net_nature *nature, struct nlattr *about)
{
	struct nlattr *data[IFLA_IPVLAN_MAX + 1];

	nature->kind = CONF_VMAC_IPVLAN;
	if (!about || nla_parse_nested(data, IFLA_IPVLAN_MAX, about, NULL) < 0)
		return;
	if (data[IFLA_IPVLAN_MODE] && nla_len(data[IFLA_IPVLAN_MODE]) >= 2)
		nature->usable = nla_get_u16(data[IFLA_IPVLAN_MODE]) == IPVLAN_MODE_L2;
	if (data[IFLA_IPVLAN_FLAGS] && nla_len(data[IFLA_IPVLAN_FLAGS]) >= 2)
		nature->flags = nla_get_u16(data[IFLA_IPVLAN_FLAGS]);
}

static void take_mode(struct net_nature *nature, struct nlattr *about)
{
	struct nlattr *kind[IFLA_INFO_MAX + 1];

	if (nla_parse_nested(kind, IFLA_INFO_MAX, about, NULL) < 0 || !kind[IFLA_INFO_KIND])
		return;
	if (nla_strcmp(kind[IFLA_INFO_KIND], "macvlan") == 0)
		take_macvlan(nature, kind[IFLA_INFO_DATA]);
	else if (nla_strcmp(kind[IFLA_INFO_KIND], "ipvlan") == 0)
		take_ipvlan(nature, kind[IFLA_INFO_DATA]);
}

static uint32_t number(struct nlattr *attribute)
{
	return attribute && nla_len(attribute) >= 4 ? nla_get_u32(attribute) : 0;
}

static struct net_nature nature_of(struct nlattr **attributes)
{
	struct net_nature nature = {
		.group = number(attributes[IFLA_GROUP]),
		.master = number(attributes[IFLA_MASTER]),
	};

	if (attributes[IFLA_IFALIAS])
		nla_strlcpy(nature.alias, attributes[IFLA_IFALIAS], sizeof nature.alias);
	if (attributes[IFLA_LINKINFO])
		take_mode(&nature, attributes[IFLA_LINKINFO]);
	return nature;
}

static void take_link(struct rtnl *rtnl, struct nlmsghdr *header)
{
	struct ifinfomsg *body = nlmsg_data(header);
	struct nlattr *attributes[IFLA_MAX + 1];
	struct msg_link link = {0};
	struct net_nature nature;

	rtnl->shrunk = true;
	/* Bridges tell of their ports with messages of the same type and another family. */
	if (nlmsg_parse(header, sizeof *body, attributes, IFLA_MAX, NULL) < 0 ||
	    body->ifi_family != AF_UNSPEC)
		return;
	link.ifindex = (uint32_t)body->ifi_index;
	if (header->nlmsg_type == RTM_DELLINK) {
		rtnl->moved = true;
		net_table_del_link(&rtnl->table, link.ifindex);
		return;
	}
	link.up = (body->ifi_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
	link.enabled = body->ifi_flags & IFF_UP;
	link.multicast = body->ifi_flags & IFF_MULTICAST;
	if (!attributes[IFLA_LINK_NETNSID])
		link.lower = number(attributes[IFLA_LINK]);
	if (attributes[IFLA_IFNAME])
		nla_strlcpy(link.name, attributes[IFLA_IFNAME], sizeof link.name);
	if (attributes[IFLA_ADDRESS])
		nla_memcpy(link.mac, attributes[IFLA_ADDRESS], sizeof link.mac);
	link.mtu = number(attributes[IFLA_MTU]);
	nature = nature_of(attributes);
	link.ipvlan = nature.kind == CONF_VMAC_IPVLAN && nature.usable;
	if (net_table_set_link(&rtnl->table, &link) < 0)
		rtnl->incomplete = true;
	if (attributes[IFLA_LINKINFO])
		take_vrf(rtnl, link.ifindex, attributes[IFLA_LINKINFO]);
	net_table_set_nature(&rtnl->table, link.ifindex, &nature);
}

static void take_address(struct rtnl *rtnl, struct nlmsghdr *header)
{
	struct ifaddrmsg *body = nlmsg_data(header);
	struct nlattr *attributes[IFA_MAX + 1];
	struct net_address address = {0};

	if (nlmsg_parse(header, sizeof *body, attributes, IFA_MAX, NULL) < 0)
		return;
	/* With a peer, IFA_LOCAL is ours and IFA_ADDRESS the peer's. */
	struct nlattr *own =
		attributes[IFA_LOCAL] ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
	address.ip.family = body->ifa_family;
	if (!own || !ip_size(&address.ip) || nla_len(own) != (int)ip_size(&address.ip))
		return;
	nla_memcpy(address.ip.octets, own, (int)sizeof address.ip.octets);
	address.ifindex = body->ifa_index;
	address.prefix = body->ifa_prefixlen;
	address.scope = body->ifa_scope;
	address.flags = body->ifa_flags;
	if (attributes[IFA_FLAGS] && nla_len(attributes[IFA_FLAGS]) >= 4)
		address.flags = nla_get_u32(attributes[IFA_FLAGS]);
	rtnl->moved = true;
	rtnl->shrunk |= header->nlmsg_type == RTM_DELADDR;
	if (header->nlmsg_type == RTM_DELADDR)
		net_table_del_address(&rtnl->table, &address);
	else if (net_table_set_address(&rtnl->table, &address) < 0)
		rtnl->incomplete = true;
}

/* Settings of all interfaces, and of those to come, have numbers below 0. */
static void take_forwarding(struct rtnl *rtnl, struct nlmsghdr *header)
{
	struct netconfmsg *body = nlmsg_data(header);
	struct nlattr *attributes[NETCONFA_MAX + 1];
	int32_t ifindex;

	if (nlmsg_parse(header, sizeof *body, attributes, NETCONFA_MAX, NULL) < 0 ||
	    !attributes[NETCONFA_IFINDEX] || nla_len(attributes[NETCONFA_IFINDEX]) < 4 ||
	    !attributes[NETCONFA_FORWARDING] || nla_len(attributes[NETCONFA_FORWARDING]) < 4)
		return;
	ifindex = nla_get_s32(attributes[NETCONFA_IFINDEX]);
	if (ifindex > 0 && body->ncm_family == AF_INET)
		rtnl_gate_heard(rtnl, (uint32_t)ifindex,
				nla_get_s32(attributes[NETCONFA_FORWARDING]) > 0);
	if (ifindex > 0 && body->ncm_family == AF_INET6)
		net_table_set_router(&rtnl->table, (uint32_t)ifindex,
				     nla_get_s32(attributes[NETCONFA_FORWARDING]) > 0);
}

void rtnl_take(struct rtnl *rtnl, struct nlmsghdr *header)
{
	switch (header->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		take_link(rtnl, header);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		take_address(rtnl, header);
		break;
	case RTM_NEWNETCONF:
		take_forwarding(rtnl, header);
		break;
	case RTM_DELROUTE:
	case RTM_DELRULE:
		rtnl_routing_take(rtnl, header);
		break;
	default:
		break;
	}
}
