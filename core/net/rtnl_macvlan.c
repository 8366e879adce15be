/* SPDX-License-Identifier: MIT */
/*
 * The macvlans and ipvlans of the virtual routers: made, adopted, repaired, removed. Each macvlan
 * is in private mode, so that routers on one machine do not hear each other through it, and answers
 * ARP for its own addresses alone; the interface below, which would answer for them too, is told
 * not to. That and what the kernel would send from the virtual MAC address by itself are settings
 * of the interfaces. An ipvlan gets the address that its router speaks from. Runs in the main
 * thread and waits for the kernel's answer to each request.
 *
 * Sources: linux/if_link.h; Documentation/networking/ip-sysctl.rst; RFC 9568 sections 7.3
 * and 8.1.2.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/macvlan.h"
#include "core/net/rtnl_private.h"

#define RETRY_US USEC_PER_SEC /* between attempts: who deletes it again may insist */

/* ---- requests ---- */

static struct nl_msg *new_request(int type, int flags, const struct ifinfomsg *body)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, flags);

	if (message && nlmsg_append(message, (void *)body, sizeof *body, NLMSG_ALIGNTO) < 0) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

static int send_request(struct rtnl *rtnl, struct nl_msg *message, int bad)
{
	if (bad) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	return rtnl_request(rtnl, message);
}

static int put_mode(struct nl_msg *message, const struct conf_macvlan *wanted)
{
	if (wanted->kind == CONF_VMAC_MACVLAN)
		return nla_put_u32(message, IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE);
	return nla_put_u16(message, IFLA_IPVLAN_MODE, IPVLAN_MODE_L2) |
	       nla_put_u16(message, IFLA_IPVLAN_FLAGS, (uint16_t)wanted->mode);
}

static const char *name_kind(const struct conf_macvlan *wanted)
{
	return wanted->kind == CONF_VMAC_MACVLAN ? "macvlan" : "ipvlan";
}

static int put_kind(struct nl_msg *message, const struct conf_macvlan *wanted)
{
	struct nlattr *about = nla_nest_start(message, IFLA_LINKINFO), *data;

	if (!about || nla_put_string(message, IFLA_INFO_KIND, name_kind(wanted)) < 0)
		return -ENOMEM;
	data = nla_nest_start(message, IFLA_INFO_DATA);
	if (!data || put_mode(message, wanted) < 0)
		return -ENOMEM;
	nla_nest_end(message, data);
	nla_nest_end(message, about);
	return 0;
}

/* The routing table of a VRF holds for what stands above its members only if that is a member too.
 */
static uint32_t vrf_of(const struct rtnl *rtnl, const struct net_link *parent)
{
	const struct net_link *master = net_table_find_index(&rtnl->table, parent->nature.master);

	return master && master->vrf_table ? master->now.ifindex : 0;
}

static int create(struct rtnl *rtnl, const struct conf_macvlan *wanted,
		  const struct net_link *parent)
{
	struct ifinfomsg body = {.ifi_family = AF_UNSPEC};
	struct nl_msg *message = new_request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body);
	uint32_t group = wanted->has_link_group ? wanted->link_group : parent->nature.group;
	uint32_t vrf = vrf_of(rtnl, parent);
	int bad = 0;

	if (!message)
		return -ENOMEM;
	bad |= nla_put_string(message, IFLA_IFNAME, wanted->name);
	bad |= nla_put_u32(message, IFLA_LINK, parent->now.ifindex);
	if (wanted->kind == CONF_VMAC_MACVLAN)
		bad |= nla_put(message, IFLA_ADDRESS, sizeof wanted->mac, wanted->mac);
	bad |= group ? nla_put_u32(message, IFLA_GROUP, group) : 0;
	bad |= vrf ? nla_put_u32(message, IFLA_MASTER, vrf) : 0;
	bad |= put_kind(message, wanted);
	return send_request(rtnl, message, bad);
}

static int delete_link(struct rtnl *rtnl, uint32_t ifindex)
{
	struct ifinfomsg body = {.ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex};
	struct nl_msg *message = new_request(RTM_DELLINK, 0, &body);
	int error = message ? rtnl_request(rtnl, message) : -ENOMEM;

	rtnl_catch_up(rtnl);
	return error;
}

/* The kernel tells nobody of the alias of a link that is down. */
static int set_alias(struct rtnl *rtnl, const struct net_link *link, const char *alias)
{
	struct ifinfomsg body = {.ifi_family = AF_UNSPEC, .ifi_index = (int)link->now.ifindex};
	struct nl_msg *message = new_request(RTM_SETLINK, 0, &body);
	struct net_nature nature = link->nature;
	int error;

	if (!message)
		return -ENOMEM;
	error = send_request(rtnl, message, nla_put_string(message, IFLA_IFALIAS, alias));
	if (error)
		return error;
	snprintf(nature.alias, sizeof nature.alias, "%s", alias);
	net_table_set_nature(&rtnl->table, link->now.ifindex, &nature);
	return 0;
}

static int set_up(struct rtnl *rtnl, uint32_t ifindex)
{
	struct ifinfomsg body = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = (int)ifindex,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP,
	};
	struct nl_msg *message = new_request(RTM_SETLINK, 0, &body);

	return message ? rtnl_request(rtnl, message) : -ENOMEM;
}

/*
 * netlink_notify_msg: an interface that cannot filter several unicast addresses becomes promiscuous
 * under a macvlan, and some drivers' kernels tell nobody. Setting its group to what it is makes it
 * heard.
 */
static void tell_of(struct rtnl *rtnl, const struct net_link *parent)
{
	struct ifinfomsg body = {.ifi_family = AF_UNSPEC, .ifi_index = (int)parent->now.ifindex};
	struct nl_msg *message = new_request(RTM_SETLINK, 0, &body);

	if (message)
		send_request(rtnl, message, nla_put_u32(message, IFLA_GROUP, parent->nature.group));
}

/* ---- one macvlan ---- */

static void complain(struct rtnl *rtnl, struct rtnl_wanted *wanted, const char *what, int error)
{
	if (!wanted->complained)
		log_error("net", "%s above %s: %s%s%s%s%s%s", wanted->is->name, wanted->is->parent,
			  what, error ? ": " : "", error ? strerror(-error) : "",
			  *rtnl->complaint && error ? " (" : "",
			  *rtnl->complaint && error ? rtnl->complaint : "",
			  *rtnl->complaint && error ? ")" : "");
	wanted->complained = true;
}

/* What an earlier configuration wants is still there: links of the other kind, its address. */
static bool may_pass(const struct rtnl *rtnl, int error)
{
	return !rtnl->macvlans.settled && (error == -EBUSY || error == -EADDRINUSE);
}

/* What it was made for, and what the interface below is owed, for a run after a crash. */
static int mark(struct rtnl *rtnl, const struct conf_macvlan *wanted, const struct net_link *link,
		const struct net_link *parent)
{
	char alias[NET_ALIAS_SIZE];
	const struct rtnl_base *base;

	if (wanted->kind == CONF_VMAC_IPVLAN) {
		macvlan_alias_ipvlan(rtnl->macvlans.mark, wanted, alias);
		return set_alias(rtnl, link, alias);
	}
	base = rtnl_base_silence(rtnl, parent);
	if (!base)
		return -ENOMEM;
	macvlan_alias(rtnl->macvlans.mark, &base->debt, alias);
	return set_alias(rtnl, link, alias);
}

/* As keepalived has it: nobody takes an IPv6 one for a source by himself. */
static int set_source(struct rtnl *rtnl, const struct conf_macvlan *wanted)
{
	bool is_v6 = wanted->ip.family == AF_INET6;
	const struct conf_address address = {
		.ip = wanted->ip,
		.prefix = wanted->prefix,
		.device = wanted->name,
		.flags = is_v6 ? IFA_F_NODAD : 0,
		.preferred_s = is_v6 ? 0 : UINT32_MAX,
		.track = true,
	};

	return ip_is_set(&wanted->ip) ? rtnl_own_address(rtnl, &address) : 0;
}

/* Settings before it is up, so that nothing leaves it in between. */
static void take_up(struct rtnl *rtnl, struct rtnl_wanted *wanted, const struct net_link *link,
		    const struct net_link *parent)
{
	uint32_t ifindex = link->now.ifindex;
	int error;

	rtnl_base_take_over(rtnl, link);
	rtnl_base_quieten(wanted->is);
	rtnl_gate_settle(rtnl, wanted);
	error = mark(rtnl, wanted->is, link, parent);
	if (!error)
		error = set_up(rtnl, ifindex);
	if (error) {
		complain(rtnl, wanted, "cannot be set up", error);
		return;
	}
	error = set_source(rtnl, wanted->is);
	if (error) {
		if (!may_pass(rtnl, error))
			complain(rtnl, wanted, "its address cannot be set", error);
		return;
	}
	wanted->up = true;
	wanted->complained = false;
	if (wanted->is->netlink_notify)
		tell_of(rtnl, parent);
}

static void refuse(struct rtnl *rtnl, struct rtnl_wanted *wanted, int error)
{
	const char *what = "cannot be made";

	if (may_pass(rtnl, error))
		return;
	if (error == -EBUSY)
		what = "cannot be made: the interface below has links of another kind";
	else if (error == -EOPNOTSUPP)
		what = wanted->is->kind == CONF_VMAC_IPVLAN
			       ? "cannot be made: this kernel has no ipvlan"
			       : "cannot be made: this kernel has no macvlan";
	complain(rtnl, wanted, what, error);
}

static void make(struct rtnl *rtnl, struct rtnl_wanted *wanted, const struct net_link *parent)
{
	const struct net_link *link;
	int error = create(rtnl, wanted->is, parent);

	if (error) {
		refuse(rtnl, wanted, error);
		return;
	}
	rtnl_catch_up(rtnl);
	if (macvlan_judge(&rtnl->table, wanted->is, rtnl->macvlans.mark, &link, &parent) !=
	    MACVLAN_RIGHT)
		return; /* gone again, or changed: who did it is heard of */
	log_notice("net", "made %s above %s", wanted->is->name, wanted->is->parent);
	take_up(rtnl, wanted, link, parent);
}

static void remove_wrong(struct rtnl *rtnl, const struct rtnl_wanted *wanted,
			 const struct net_link *link)
{
	log_notice("net", "making %s anew: it is there in another way", wanted->is->name);
	rtnl_base_take_over(rtnl, link);
	delete_link(rtnl, link->now.ifindex);
}

/* Whether it may do better the next time, without that anything happens before. */
static bool look_after(struct rtnl *rtnl, struct rtnl_wanted *wanted, uint64_t now_us)
{
	const struct net_link *link, *parent;
	enum macvlan_verdict verdict =
		macvlan_judge(&rtnl->table, wanted->is, rtnl->macvlans.mark, &link, &parent);

	wanted->up &= verdict == MACVLAN_RIGHT;
	if (wanted->up || verdict == MACVLAN_WAITS ||
	    (verdict == MACVLAN_WRONG && !rtnl->macvlans.settled))
		return false;
	wanted->tried_us = now_us;
	if (verdict == MACVLAN_FOREIGN) {
		complain(rtnl, wanted, "an interface of that name is there that vipd has not made",
			 0);
		return false;
	}
	if (verdict == MACVLAN_RIGHT) {
		if (!wanted->complained)
			log_notice("net", "adopted %s above %s: it was already there",
				   wanted->is->name, wanted->is->parent);
		take_up(rtnl, wanted, link, parent);
		return !wanted->up;
	}
	if (verdict == MACVLAN_WRONG) {
		remove_wrong(rtnl, wanted, link);
		parent = net_table_find_link(&rtnl->table, wanted->is->parent);
	}
	if (parent)
		make(rtnl, wanted, parent);
	return !wanted->up;
}

/* All of them before any is made: one may be in the way of another. */
static void remove_all_wrong(struct rtnl *rtnl)
{
	const struct net_link *link, *parent;

	for (size_t i = 0; i < rtnl->macvlans.n_wanted; i++) {
		const struct rtnl_wanted *wanted = &rtnl->macvlans.wanted[i];

		if (macvlan_judge(&rtnl->table, wanted->is, rtnl->macvlans.mark, &link, &parent) ==
		    MACVLAN_WRONG)
			remove_wrong(rtnl, wanted, link);
	}
}

static void look_after_all(struct rtnl *rtnl)
{
	uint64_t now_us = clock_now_us();

	for (size_t i = 0; i < rtnl->macvlans.n_wanted; i++)
		look_after(rtnl, &rtnl->macvlans.wanted[i], now_us);
	rtnl_catch_up(rtnl);
}

/* ---- all of them ---- */

static const struct rtnl_wanted *find_wanted(const struct rtnl_macvlans *macvlans, const char *name)
{
	for (size_t i = 0; i < macvlans->n_wanted; i++)
		if (!strcmp(macvlans->wanted[i].is->name, name))
			return &macvlans->wanted[i];
	return NULL;
}

/* One that we have made and that is wanted no more; NULL: there is none. */
static const struct net_link *find_excess(struct rtnl *rtnl)
{
	for (size_t i = 0; i < rtnl->table.n_links; i++) {
		const struct net_link *link = &rtnl->table.links[i];
		struct macvlan_debt debt;

		if (link->now.present && macvlan_is_marked(link, rtnl->macvlans.mark, &debt) &&
		    !find_wanted(&rtnl->macvlans, link->now.name))
			return link;
	}
	return NULL;
}

static void remove_excess(struct rtnl *rtnl)
{
	const struct net_link *link;

	rtnl_catch_up(rtnl);
	while ((link = find_excess(rtnl))) {
		char name[IFNAMSIZ];

		memcpy(name, link->now.name, sizeof name);
		rtnl_base_take_over(rtnl, link);
		int error = delete_link(rtnl, link->now.ifindex);
		if (error && error != -ENODEV) {
			log_error("net", "cannot remove %s: %s", name, strerror(-error));
			return;
		}
		log_notice("net", "removed %s", name);
	}
}

static size_t count_wanted(const struct conf *conf)
{
	size_t count = 0;

	for (size_t i = 0; i < conf->n_instances; i++)
		count += conf->instances[i].n_macvlans;
	return count;
}

static void carry(const struct rtnl_macvlans *old, struct rtnl_wanted *wanted)
{
	const struct rtnl_wanted *before = find_wanted(old, wanted->is->name);

	if (before && before->is->kind == wanted->is->kind &&
	    !strcmp(before->is->parent, wanted->is->parent) &&
	    !memcmp(before->is->mac, wanted->is->mac, sizeof wanted->is->mac) &&
	    before->is->ipv6 == wanted->is->ipv6) {
		wanted->up = before->up;
		wanted->forwards = before->forwards;
	}
}

int rtnl_set_macvlans(struct rtnl *rtnl, const struct conf *conf)
{
	struct rtnl_macvlans *macvlans = &rtnl->macvlans;
	size_t count = count_wanted(conf), used = 0;
	struct rtnl_wanted *wanted = calloc(count ? count : 1, sizeof *wanted);

	if (!wanted)
		return -ENOMEM;
	for (size_t i = 0; i < conf->n_instances; i++)
		for (size_t k = 0; k < conf->instances[i].n_macvlans; k++) {
			wanted[used].is = &conf->instances[i].macvlans[k];
			carry(macvlans, &wanted[used++]);
		}
	free(macvlans->wanted);
	macvlans->wanted = wanted;
	macvlans->n_wanted = used;
	conf_ref(conf);
	conf_unref(macvlans->conf);
	macvlans->conf = conf;
	macvlans->settled = false;
	rtnl_catch_up(rtnl);
	look_after_all(rtnl);
	return 0;
}

void rtnl_settle_macvlans(struct rtnl *rtnl)
{
	rtnl->macvlans.settled = true;
	remove_excess(rtnl);
	remove_all_wrong(rtnl);
	look_after_all(rtnl);
	rtnl_base_restore(rtnl);
	rtnl_report(rtnl);
}

void rtnl_remove_macvlans(struct rtnl *rtnl)
{
	rtnl->macvlans.n_wanted = 0;
	remove_excess(rtnl);
	rtnl_base_restore(rtnl);
}

uint64_t rtnl_macvlan_restore(struct rtnl *rtnl, uint64_t now_us)
{
	struct rtnl_macvlans *macvlans = &rtnl->macvlans;
	uint64_t next_us = 0;

	if (macvlans->settled)
		remove_excess(rtnl);
	for (size_t i = 0; i < macvlans->n_wanted; i++) {
		struct rtnl_wanted *wanted = &macvlans->wanted[i];
		uint64_t due_us = wanted->tried_us ? wanted->tried_us + RETRY_US : now_us;

		if (due_us <= now_us)
			due_us = look_after(rtnl, wanted, now_us) ? now_us + RETRY_US : 0;
		if (due_us && (!next_us || due_us < next_us))
			next_us = due_us;
	}
	return next_us;
}

void rtnl_macvlan_close(struct rtnl *rtnl)
{
	free(rtnl->macvlans.wanted);
	free(rtnl->macvlans.bases);
	conf_unref(rtnl->macvlans.conf);
}
