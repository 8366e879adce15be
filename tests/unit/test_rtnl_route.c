/* SPDX-License-Identifier: MIT */
/*
 * Routes and rules as messages: what tests/net/test_routes.py cannot show because not every kernel
 * has MPLS, ILA and VRF, and which octets the kernel is given for it.
 */
#include <endian.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/ila.h>
#include <linux/lwtunnel.h>
#include <linux/mpls_iptunnel.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/net/rtnl_route.h"

static struct ip ip(const char *text)
{
	struct ip result = {0};

	assert_int_equal(ip_parse(text, &result), 0);
	return result;
}

static void add_link(struct net_table *table, uint32_t ifindex, const char *name)
{
	struct msg_link link = {.ifindex = ifindex, .up = true};

	snprintf(link.name, sizeof link.name, "%s", name);
	assert_int_equal(net_table_set_link(table, &link), 0);
}

struct parsed {
	struct net_table table;
	struct nl_msg *message;
	struct nlattr *attributes[RTA_MAX + 1];
};

static void parse(struct parsed *parsed, const struct conf_route *route)
{
	*parsed = (struct parsed){.message = nlmsg_alloc_simple(RTM_NEWROUTE, 0)};
	add_link(&parsed->table, 2, "eth0");
	add_link(&parsed->table, 3, "blue");
	net_table_set_vrf(&parsed->table, 3, 1234);
	assert_int_equal(rtnl_route_put(parsed->message, route, &parsed->table), 0);
	assert_int_equal(nlmsg_parse(nlmsg_hdr(parsed->message), sizeof(struct rtmsg),
				     parsed->attributes, RTA_MAX, NULL),
			 0);
}

static void done(struct parsed *parsed)
{
	nlmsg_free(parsed->message);
	net_table_clear(&parsed->table);
}

static struct conf_route some_route(void)
{
	return (struct conf_route){
		.type = RTN_UNICAST,
		.family = AF_INET,
		.to = {ip("198.18.0.0"), 24},
		.device = (char *)"eth0",
		.table = RT_TABLE_MAIN,
		.protocol = RTPROT_KEEPALIVED,
	};
}

static void test_mpls(void **state)
{
	struct conf_route route = some_route();
	struct nlattr *encap[MPLS_IPTUNNEL_MAX + 1];
	struct parsed parsed;
	uint32_t stack[2];

	(void)state;
	route.encap = (struct conf_encap){
		.type = CONF_ENCAP_MPLS, .labels = {100, 0xfffff}, .n_labels = 2};
	parse(&parsed, &route);
	assert_int_equal(nla_get_u16(parsed.attributes[RTA_ENCAP_TYPE]), LWTUNNEL_ENCAP_MPLS);
	nla_parse_nested(encap, MPLS_IPTUNNEL_MAX, parsed.attributes[RTA_ENCAP], NULL);
	assert_int_equal(nla_len(encap[MPLS_IPTUNNEL_DST]), sizeof stack);
	memcpy(stack, nla_data(encap[MPLS_IPTUNNEL_DST]), sizeof stack);
	assert_int_equal(be32toh(stack[0]), 100 << 12);
	assert_int_equal(be32toh(stack[1]), 0xfffff100);
	done(&parsed);
}

static void test_ila_and_vrf(void **state)
{
	struct conf_route route = some_route();
	struct nlattr *encap[ILA_ATTR_MAX + 1];
	struct parsed parsed;

	(void)state;
	route.encap = (struct conf_encap){.type = CONF_ENCAP_ILA, .locator = 0x0102030405060708};
	route.vrf = (char *)"blue";
	parse(&parsed, &route);
	nla_parse_nested(encap, ILA_ATTR_MAX, parsed.attributes[RTA_ENCAP], NULL);
	assert_int_equal(be64toh(nla_get_u64(encap[ILA_ATTR_LOCATOR])), 0x0102030405060708);
	assert_int_equal(nla_get_u32(parsed.attributes[RTA_TABLE]), 1234);
	done(&parsed);
}

static void test_gateways_and_metrics(void **state)
{
	struct conf_nexthop hops[] = {
		{.via = ip("192.0.2.9"), .device = (char *)"eth0", .weight = 1},
		{.via = ip("fe80::1"), .device = (char *)"eth0", .weight = 256, .onlink = true},
	};
	struct conf_route route = some_route();
	struct parsed parsed;
	struct rtnexthop *head;

	(void)state;
	route.metrics[RTAX_MTU] = 1400;
	route.metrics_given = route.metrics_locked = 1u << RTAX_MTU;
	route.congestion = (char *)"reno";
	route.congestion_locked = true;
	route.nexthops = hops;
	route.n_nexthops = 2;
	parse(&parsed, &route);
	struct nlattr *metrics[RTAX_MAX + 1];
	nla_parse_nested(metrics, RTAX_MAX, parsed.attributes[RTA_METRICS], NULL);
	assert_int_equal(nla_get_u32(metrics[RTAX_LOCK]), 1u << RTAX_MTU | 1u << RTAX_CC_ALGO);
	assert_int_equal(nla_get_u32(metrics[RTAX_MTU]), 1400);
	assert_string_equal(nla_get_string(metrics[RTAX_CC_ALGO]), "reno");
	head = nla_data(parsed.attributes[RTA_MULTIPATH]);
	assert_int_equal(head->rtnh_hops, 0);
	assert_int_equal(head->rtnh_ifindex, 2);
	head = (struct rtnexthop *)(void *)((char *)head + RTNH_ALIGN(head->rtnh_len));
	assert_int_equal(head->rtnh_hops, 255);
	assert_int_equal(head->rtnh_flags, RTNH_F_ONLINK);
	/* The other family's gateway. */
	struct nlattr *via = (struct nlattr *)(void *)(head + 1);
	assert_int_equal(nla_type(via), RTA_VIA);
	assert_int_equal(((struct rtvia *)nla_data(via))->rtvia_family, AF_INET6);
	assert_int_equal((char *)head + head->rtnh_len,
			 (char *)nla_data(parsed.attributes[RTA_MULTIPATH]) +
				 nla_len(parsed.attributes[RTA_MULTIPATH]));
	done(&parsed);
}

static void test_what_is_missing(void **state)
{
	struct net_table table = {0};
	struct nl_msg *message = nlmsg_alloc_simple(RTM_NEWROUTE, 0);
	struct conf_route route = some_route();

	(void)state;
	assert_int_equal(rtnl_route_put(message, &route, &table), -ENODEV);
	add_link(&table, 2, "eth0");
	route.vrf = (char *)"eth0";
	assert_int_equal(rtnl_route_put(message, &route, &table), -ENODEV);
	nlmsg_free(message);
	net_table_clear(&table);
}

static void test_flags(void **state)
{
	struct conf_route route = some_route();

	(void)state;
	assert_int_equal(rtnl_route_flags(&route), NLM_F_CREATE);
	route.insert = CONF_ADD;
	assert_int_equal(rtnl_route_flags(&route), NLM_F_CREATE | NLM_F_EXCL);
	route.insert = CONF_APPEND;
	assert_int_equal(rtnl_route_flags(&route), NLM_F_CREATE | NLM_F_APPEND);
}

static void test_rules(void **state)
{
	struct conf_rule rule = {
		.family = AF_INET6,
		.invert = true,
		.action = FR_ACT_TO_TBL,
		.l3mdev = true,
		.table = 7,
		.preference = 9,
		.tunnel_id = 0x0102,
		.protocol = RTPROT_KEEPALIVED,
		.suppress_prefix_length = 0,
		.suppress_group = -1,
	};
	struct nl_msg *message = nlmsg_alloc_simple(RTM_NEWRULE, 0);
	struct nlattr *found[FRA_MAX + 1];

	(void)state;
	assert_int_equal(rtnl_rule_put(message, &rule), 0);
	const struct fib_rule_hdr *body = nlmsg_data(nlmsg_hdr(message));
	nlmsg_parse(nlmsg_hdr(message), sizeof *body, found, FRA_MAX, NULL);
	assert_int_equal(body->flags, FIB_RULE_INVERT);
	assert_int_equal(body->table, 0);
	assert_null(found[FRA_TABLE]);
	assert_int_equal(nla_get_u8(found[FRA_L3MDEV]), 1);
	assert_int_equal(be64toh(nla_get_u64(found[FRA_TUN_ID])), 0x0102);
	assert_int_equal(nla_get_u32(found[FRA_SUPPRESS_PREFIXLEN]), 0);
	assert_null(found[FRA_SUPPRESS_IFGROUP]);
	assert_null(found[FRA_FWMARK]);
	nlmsg_free(message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mpls),
		cmocka_unit_test(test_ila_and_vrf),
		cmocka_unit_test(test_gateways_and_metrics),
		cmocka_unit_test(test_what_is_missing),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
