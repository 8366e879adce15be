/* SPDX-License-Identifier: MIT */
/*
 * A configured route or rule as the body of an rtnetlink message. The same route always gives the
 * same octets, so two of them are compared as octets. Private to core/net. Thread: main. Pure.
 *
 * Sources: rtnetlink(7), linux/rtnetlink.h, linux/lwtunnel.h, linux/mpls_iptunnel.h, linux/ila.h,
 * linux/fib_rules.h.
 */
#pragma once

#include "conf/model.h"
#include "core/net/rtnl_table.h"

struct nl_msg;

/* Appends header and attributes. table knows the interfaces. 0, -ENODEV when one of them (or the
 * VRF) is not there, -ENOMEM; after an error the message is of no use. */
int rtnl_route_put(struct nl_msg *message, const struct conf_route *route,
		   const struct net_table *table);
int rtnl_rule_put(struct nl_msg *message, const struct conf_rule *rule);
/* NLM_F_ flags it is added with: how it goes among routes like it. */
int rtnl_route_flags(const struct conf_route *route);
