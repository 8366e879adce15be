/* SPDX-License-Identifier: MIT */
/*
 * Routes and rules of instances and of the daemon: between core/net/routing.c, which decides what
 * to do, and the kernel, which does it. The listener hears of them only while there are some: a
 * router's table may change a thousand times a second. Runs in the main thread and waits for the
 * kernel's answer to each request.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/rtnl_private.h"
#include "core/net/rtnl_route.h"

/* ---- what routing.c asks for ---- */

static int compile(void *owner, const struct routing_entry *entry, void **ret_octets,
		   size_t *ret_size)
{
	struct rtnl *rtnl = owner;
	struct nl_msg *message = nlmsg_alloc_simple(RTM_NEWROUTE, 0);
	void *octets;
	int error;

	if (!message)
		return -ENOMEM;
	error = entry->route ? rtnl_route_put(message, entry->route, &rtnl->table)
			     : rtnl_rule_put(message, entry->rule);
	size_t size = (size_t)nlmsg_datalen(nlmsg_hdr(message));
	octets = error ? NULL : malloc(size);
	if (octets) {
		memcpy(octets, nlmsg_data(nlmsg_hdr(message)), size);
		*ret_octets = octets;
		*ret_size = size;
	}
	nlmsg_free(message);
	return error ? error : octets ? 0 : -ENOMEM;
}

static int request(struct rtnl *rtnl, int type, int flags, const struct routing_item *item)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, flags);

	if (!message)
		return -ENOMEM;
	if (nlmsg_append(message, item->octets, item->size, NLMSG_ALIGNTO) < 0) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	return rtnl_request(rtnl, message);
}

/* Of rules the kernel has as many as it is told; of routes the same one only once. */
static int add(void *owner, const struct routing_item *item)
{
	if (item->is.rule)
		return request(owner, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, item);
	return request(owner, RTM_NEWROUTE, rtnl_route_flags(item->is.route), item);
}

static int del(void *owner, const struct routing_item *item)
{
	int error = request(owner, item->is.rule ? RTM_DELRULE : RTM_DELROUTE, 0, item);

	return error == -ENOENT ? -ESRCH : error;
}

static const struct {
	int level;
	const char *what, *why;
} notes[] = {
	[ROUTING_ADOPTED] = {LOG_NOTICE, "adopted", ": it was already there"},
	[ROUTING_FAILED] = {LOG_ERR, "cannot set", ""},
	[ROUTING_STUCK] = {LOG_ERR, "cannot remove", ""},
	[ROUTING_STRAY] = {LOG_NOTICE, "removed", ": left behind by an earlier run"},
	[ROUTING_RESTORED] = {LOG_WARNING, "set again", ": it was gone"},
	[ROUTING_LOST] = {LOG_ERR, "gone, and cannot be set again:", ""},
	[ROUTING_SET_LATE] = {LOG_NOTICE, "set at last", ""},
};

static void note(void *owner, enum routing_note what, const struct routing_owner *of,
		 const struct routing_item *item, int error)
{
	const struct rtnl *rtnl = owner;
	char *line = item->is.route ? conf_route_text(of->conf, item->is.route)
				    : conf_rule_text(of->conf, item->is.rule);
	const char *kind = item->is.route ? "route" : "rule";
	bool no_device = error == -ENODEV && !item->octets;
	const char *words = no_device ? "" : rtnl->complaint;

	log_write(notes[what].level, "net", "(%s) %s %s %s%s%s%s%s%s%s",
		  *of->name ? of->name : "static", notes[what].what, kind, line ? line : "?",
		  notes[what].why, error ? ": " : "", error ? strerror(-error) : "",
		  error && *words ? " (" : "", error ? words : "", error && *words ? ")" : "");
	free(line);
}

static const struct routing_ops ops = {
	.compile = compile,
	.add = add,
	.del = del,
	.note = note,
};

void rtnl_routing_open(struct rtnl *rtnl)
{
	rtnl->routing.ops = &ops;
	rtnl->routing.owner = rtnl;
}

/* ---- what the kernel tells ---- */

static void take_route(struct rtnl *rtnl, struct nlmsghdr *header)
{
	struct rtmsg *body = nlmsg_data(header);
	struct nlattr *attributes[RTA_MAX + 1];
	struct conf_prefix to = {0};

	/* What is tracked has this protocol, says conf/. */
	if (nlmsg_parse(header, sizeof *body, attributes, RTA_MAX, NULL) < 0 ||
	    body->rtm_protocol != RTPROT_KEEPALIVED)
		return;
	to.ip.family = body->rtm_family;
	to.length = body->rtm_dst_len;
	if (attributes[RTA_DST])
		nla_memcpy(to.ip.octets, attributes[RTA_DST], (int)sizeof to.ip.octets);
	routing_suspect_route(&rtnl->routing, &to, clock_now_us());
	rtnl->unrouted = true;
}

void rtnl_routing_take(struct rtnl *rtnl, struct nlmsghdr *header)
{
	struct fib_rule_hdr *body = nlmsg_data(header);

	if (header->nlmsg_type == RTM_DELROUTE) {
		take_route(rtnl, header);
	} else if (nlmsg_datalen(header) >= (int)sizeof *body) {
		routing_suspect_rules(&rtnl->routing, body->family, clock_now_us());
		rtnl->unrouted = true;
	}
}

/* ---- what others ask for ---- */

/* A listener that cannot be told only repairs later. */
static void hear(struct rtnl *rtnl)
{
	bool wanted = rtnl->routing.n_owners;

	if (wanted == rtnl->routing_heard)
		return;
	rtnl->routing_heard = wanted;
	if (wanted)
		nl_socket_add_memberships(rtnl->listen, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
					  RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, 0);
	else
		nl_socket_drop_memberships(rtnl->listen, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
					   RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, 0);
}

void rtnl_routing_apply(struct rtnl *rtnl, const struct routing_list *list, bool set)
{
	uint64_t now_us = clock_now_us();

	rtnl_catch_up(rtnl);
	int error = set ? routing_set(&rtnl->routing, list, now_us)
			: routing_remove(&rtnl->routing, list);
	if (error)
		log_error("net", "(%s) routes and rules stay as they are: %s",
			  *list->name ? list->name : "static", strerror(-error));
	hear(rtnl);
	rtnl_catch_up(rtnl);
	/* What could not be set is tried again. */
	rtnl->unrouted |= set;
	rtnl_report(rtnl);
}

static struct routing_list list_of(const struct conf *conf, const struct conf_instance *instance)
{
	return (struct routing_list){
		.name = instance->name,
		.conf = conf,
		.routes = instance->routes,
		.n_routes = instance->n_routes,
		.rules = instance->rules,
		.n_rules = instance->n_rules,
	};
}

void rtnl_set_routing(struct rtnl *rtnl, const struct conf *conf,
		      const struct conf_instance *instance)
{
	struct routing_list list = list_of(conf, instance);

	if (list.n_routes || list.n_rules || routing_find(&rtnl->routing, list.name))
		rtnl_routing_apply(rtnl, &list, true);
}

void rtnl_remove_routing(struct rtnl *rtnl, const struct conf *conf,
			 const struct conf_instance *instance)
{
	struct routing_list list = list_of(conf, instance);

	if (list.n_routes || list.n_rules || routing_find(&rtnl->routing, list.name))
		rtnl_routing_apply(rtnl, &list, false);
}

void rtnl_routing_rebind(struct rtnl *rtnl, const struct conf *conf)
{
	for (size_t i = 0; rtnl->routing.n_owners && i < conf->n_instances; i++) {
		struct routing_list list = list_of(conf, &conf->instances[i]);

		/* Without memory the old configuration is kept a while longer. */
		(void)routing_rebind(&rtnl->routing, &list);
	}
}
