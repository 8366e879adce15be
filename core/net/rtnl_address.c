/* SPDX-License-Identifier: MIT */
/*
 * Virtual addresses: what to do with each address of an instance, and the message that does it.
 * What we set or adopted is remembered, so that removal touches nothing else. Runs in the main
 * thread and waits for the kernel's answer to each request.
 *
 * Flags and lifetimes are those of the configuration, which knows the defaults.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/rtnl_private.h"

#define RESTORE_US USEC_PER_SEC /* between attempts: who takes it away again may insist */

static int put_ip(struct nl_msg *message, int type, const struct ip *ip)
{
	return nla_put(message, type, (int)ip_size(ip), ip->octets);
}

/* What only a new address carries. */
static int put_details(struct nl_msg *message, const struct conf_address *address)
{
	int error = 0;

	if (ip_is_set(&address->broadcast))
		error |= put_ip(message, IFA_BROADCAST, &address->broadcast);
	if (address->label)
		error |= nla_put_string(message, IFA_LABEL, address->label);
	if (address->flags)
		error |= nla_put_u32(message, IFA_FLAGS, address->flags);
	if (address->preferred_s != UINT32_MAX) {
		struct ifa_cacheinfo lifetimes = {.ifa_prefered = address->preferred_s,
						  .ifa_valid = UINT32_MAX};

		error |= nla_put(message, IFA_CACHEINFO, sizeof lifetimes, &lifetimes);
	}
	return error;
}

static int send_address(struct rtnl *rtnl, int type, const struct conf_address *address,
			uint32_t ifindex)
{
	bool add = type == RTM_NEWADDR;
	struct ifaddrmsg body = {
		.ifa_family = (uint8_t)address->ip.family,
		.ifa_prefixlen = address->prefix,
		.ifa_scope = address->scope,
		.ifa_index = ifindex,
	};
	struct nl_msg *message = nlmsg_alloc_simple(type, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
	const struct ip *remote = ip_is_set(&address->peer) ? &address->peer : &address->ip;

	if (!message)
		return -ENOMEM;
	int error = nlmsg_append(message, &body, sizeof body, NLMSG_ALIGNTO);
	error |= put_ip(message, IFA_LOCAL, &address->ip);
	error |= put_ip(message, IFA_ADDRESS, remote);
	if (add)
		error |= put_details(message, address);
	if (error) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	return rtnl_request(rtnl, message);
}

static void say(int level, const char *what, const struct conf_address *address, const char *why)
{
	char text[IP_TEXT_MAX];

	log_write(level, "net", "%s %s/%u on %s%s", what, ip_format(&address->ip, text),
		  address->prefix, address->device, why);
}

static bool is_as_set(const struct net_held *held, const struct conf_address *address)
{
	return held->scope == address->scope && held->flags == address->flags &&
	       held->preferred_s == address->preferred_s &&
	       !ip_compare(&held->peer, &address->peer) &&
	       !ip_compare(&held->broadcast, &address->broadcast) &&
	       !strcmp(held->label, address->label ? address->label : "");
}

/* The kernel changes hardly anything of an address that is there. */
static void remove_to_change(struct rtnl *rtnl, const struct net_held *held,
			     const struct conf_address *address)
{
	struct conf_address before = *address;

	before.peer = held->peer;
	say(LOG_NOTICE, "setting anew", address, ": it is configured in another way now");
	send_address(rtnl, RTM_DELADDR, &before, held->ifindex);
}

static int set_one(struct rtnl *rtnl, const struct conf_address *address, bool owner,
		   uint64_t generation)
{
	struct net_table *table = &rtnl->table;
	const struct net_link *link = net_table_find_link(table, address->device);

	if (!link)
		return -ENODEV;
	uint32_t ifindex = link->now.ifindex;
	enum net_match match = net_table_match(table, ifindex, &address->ip, address->prefix);
	if (match == NET_OTHER_PREFIX) {
		say(LOG_INFO, "using the machine's own", address,
		    ": present with another prefix, will not be removed");
		return 0;
	}
	bool known = net_table_find_held(table, ifindex, &address->ip, address->prefix);
	struct net_held *held = net_table_hold(table, ifindex, &address->ip, address->prefix);
	if (!held)
		return -ENOMEM;
	if (known && match == NET_SAME && !held->foreign && !is_as_set(held, address)) {
		remove_to_change(rtnl, held, address);
		match = NET_ABSENT;
	}
	snprintf(held->device, sizeof held->device, "%s", address->device);
	held->peer = address->peer;
	held->broadcast = address->broadcast;
	held->scope = address->scope;
	snprintf(held->label, sizeof held->label, "%s", address->label ? address->label : "");
	held->flags = address->flags;
	held->preferred_s = address->preferred_s;
	held->track = address->track;
	held->generation = generation;
	if (match == NET_SAME) {
		if (known)
			return 0;
		held->foreign = owner;
		say(LOG_NOTICE, owner ? "using the owner's" : "adopted", address,
		    owner ? ", will not be removed" : ": it was already there");
		return 0;
	}
	int error = send_address(rtnl, RTM_NEWADDR, address, ifindex);
	if (!error || error == -EEXIST) {
		held->foreign = false;
		return 0;
	}
	net_table_release(table, held);
	return error;
}

int rtnl_own_address(struct rtnl *rtnl, const struct conf_address *address)
{
	const struct net_link *link = net_table_find_link(&rtnl->table, address->device);
	int error = set_one(rtnl, address, false, 0);
	struct net_held *held;

	if (error || !link)
		return error;
	held = net_table_find_held(&rtnl->table, link->now.ifindex, &address->ip, address->prefix);
	if (held)
		held->permanent = true;
	return 0;
}

/* An interface that was renamed meanwhile still has it. */
static struct net_held *find_held(const struct net_table *table, const struct conf_address *address,
				  uint32_t ifindex)
{
	struct net_held *held = net_table_find_held(table, ifindex, &address->ip, address->prefix);

	return held ? held
		    : net_table_find_moved(table, address->device, &address->ip, address->prefix);
}

static int remove_one(struct rtnl *rtnl, const struct conf_address *address, bool owner,
		      uint64_t generation)
{
	struct net_table *table = &rtnl->table;
	const struct net_link *link = net_table_find_link(table, address->device);
	uint32_t ifindex = link ? link->now.ifindex : 0;
	struct net_held *held = find_held(table, address, ifindex);

	if (held && (held->generation > generation || held->permanent))
		return 0;
	if (held)
		ifindex = held->ifindex;
	/* An owner's address that we did not set is the machine's own. */
	bool known = held, foreign = held ? held->foreign : owner;
	net_table_release(table, held);
	if (foreign)
		return 0;
	/* One that we set may be there untold: of an IPv6 address on an interface that is not ready
	 * the kernel speaks only once it is. */
	if (!known && net_table_match(table, ifindex, &address->ip, address->prefix) != NET_SAME)
		return 0;
	if (!known)
		say(LOG_NOTICE, "removing", address, ": left behind by an earlier run");
	int error = send_address(rtnl, RTM_DELADDR, address, ifindex);
	return error == -EADDRNOTAVAIL || error == -ENODEV ? 0 : error;
}

static const struct conf_address *address_at(const struct conf_instance *instance, size_t i)
{
	return i < instance->n_addresses ? &instance->addresses[i]
					 : &instance->excluded[i - instance->n_addresses];
}

static size_t count_addresses(const struct conf_instance *instance)
{
	return instance->n_addresses + instance->n_excluded;
}

static int note_error(const char *what, const struct conf_instance *instance,
		      const struct conf_address *address, int error, int first)
{
	if (!error)
		return first;
	say(LOG_ERR, what, address, "");
	log_error("net", "(%s): %s", instance->name, strerror(-error));
	return first ? first : error;
}

static bool has_address(const struct conf_instance *instance, const struct conf_address *address)
{
	for (size_t i = 0; i < count_addresses(instance); i++) {
		const struct conf_address *other = address_at(instance, i);

		if (other->prefix == address->prefix && !ip_compare(&other->ip, &address->ip) &&
		    !strcmp(other->device, address->device))
			return true;
	}
	return false;
}

static int set_all(struct rtnl *rtnl, const struct conf_instance *instance, uint64_t generation)
{
	int first = 0;

	rtnl_catch_up(rtnl);
	rtnl_gate_open(rtnl, instance);
	for (size_t i = 0; i < count_addresses(instance); i++) {
		const struct conf_address *address = address_at(instance, i);
		int error = set_one(rtnl, address, instance->priority == 255, generation);

		first = note_error("cannot set", instance, address, error, first);
	}
	rtnl_catch_up(rtnl);
	return first;
}

/* keep may be NULL. */
static int remove_all_but(struct rtnl *rtnl, const struct conf_instance *instance,
			  const struct conf_instance *keep, uint64_t generation)
{
	int first = 0;

	rtnl_catch_up(rtnl);
	for (size_t i = 0; i < count_addresses(instance); i++) {
		const struct conf_address *address = address_at(instance, i);

		if (keep && has_address(keep, address))
			continue;
		int error = remove_one(rtnl, address, instance->priority == 255, generation);
		first = note_error("cannot remove", instance, address, error, first);
	}
	rtnl_gate_close(rtnl, instance);
	rtnl_catch_up(rtnl);
	return first;
}

int rtnl_set_addresses(struct rtnl *rtnl, const struct conf_instance *instance, uint64_t generation)
{
	int error = set_all(rtnl, instance, generation);

	rtnl_report(rtnl);
	return error;
}

int rtnl_remove_addresses(struct rtnl *rtnl, const struct conf_instance *instance,
			  uint64_t generation)
{
	int error = remove_all_but(rtnl, instance, NULL, generation);

	rtnl_report(rtnl);
	return error;
}

int rtnl_change_addresses(struct rtnl *rtnl, const struct conf_instance *old,
			  const struct conf_instance *now, uint64_t old_generation,
			  uint64_t generation)
{
	int error = set_all(rtnl, now, generation);

	if (!old->n_addresses)
		return error;
	/* Secondary addresses may go with the primary one of their subnet. */
	remove_all_but(rtnl, old, now, old_generation);
	return set_all(rtnl, now, generation);
}

int rtnl_remove_outdated(struct rtnl *rtnl, const struct conf_instance *old,
			 const struct conf_instance *now, uint64_t generation)
{
	int error = remove_all_but(rtnl, old, now, generation);

	rtnl_report(rtnl);
	return error;
}

static void restore_one(struct rtnl *rtnl, struct net_held *held, const char *device)
{
	struct conf_address address = {
		.ip = held->ip,
		.peer = held->peer,
		.broadcast = held->broadcast,
		.prefix = held->prefix,
		.scope = held->scope,
		.device = (char *)device,
		.label = held->label[0] ? held->label : NULL,
		.flags = held->flags,
		.preferred_s = held->preferred_s,
	};
	int error = send_address(rtnl, RTM_NEWADDR, &address, held->ifindex);

	if (!error)
		say(LOG_WARNING, "set again", &address, ": somebody else had removed it");
	else if (error != -EEXIST && error != -ENODEV)
		say(LOG_ERR, "somebody else removed", &address, ", and it cannot be set again");
}

uint64_t rtnl_restore(struct rtnl *rtnl, uint64_t now_us)
{
	struct net_table *table = &rtnl->table;
	uint64_t next_us = 0;

	for (size_t i = 0; i < table->n_held; i++) {
		struct net_held *held = &table->held[i];
		uint64_t due_us = held->restored_us ? held->restored_us + RESTORE_US : now_us;

		if (!net_table_is_lost(table, held))
			continue;
		if (due_us <= now_us) {
			held->restored_us = now_us;
			restore_one(rtnl, held, net_table_name(table, held->ifindex));
		} else if (!next_us || due_us < next_us) {
			next_us = due_us;
		}
	}
	return next_us;
}

void rtnl_remove_all(struct rtnl *rtnl)
{
	routing_remove_all(&rtnl->routing);
	for (size_t i = 0; i < rtnl->table.n_held; i++) {
		const struct net_held *held = &rtnl->table.held[i];
		struct conf_address address = {
			.ip = held->ip, .peer = held->peer, .prefix = held->prefix};

		if (!held->foreign)
			send_address(rtnl, RTM_DELADDR, &address, held->ifindex);
	}
	rtnl->table.n_held = 0;
}
