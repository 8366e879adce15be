/* SPDX-License-Identifier: MIT */
/*
 * What a macvlan lets through (an ipvlan is nobody's but ours, and has no virtual address): while
 * it has none of its addresses, a hub or a switch that floods may still bring frames for the
 * virtual MAC address, which the master forwards already (RFC 9568 sections 6.4.2 and 8.3.1). So
 * its IPv4 does not forward and its IPv6 is off; with the addresses it forwards as the interface
 * below does. Adverts pass by a packet socket in any case. That IPv6 is off also keeps the kernel
 * from reporting memberships by a MAC address that is another machine's at the moment. Runs in the
 * main thread.
 *
 * Source: Documentation/networking/ip-sysctl.rst.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/log.h"
#include "core/net/rtnl_private.h"
#include "core/net/sysctl.h"

static void set(uint16_t family, const char *interface, const char *name, int value)
{
	int now, error = sysctl_read(family, interface, name, &now);

	if (!error && now != value)
		error = sysctl_write(family, interface, name, value);
	/* A kernel without IPv6 forwards none; an interface may be gone meanwhile. */
	if (error && error != -ENOENT)
		log_error("net", "cannot set %s of %s to %d: %s", name, interface, value,
			  strerror(-error));
}

static void apply(struct rtnl_wanted *wanted, bool open)
{
	int forwards = 0;

	if (wanted->is->kind != CONF_VMAC_MACVLAN)
		return;
	if (open)
		(void)sysctl_read(AF_INET, wanted->is->parent, "forwarding", &forwards);
	wanted->forwards = forwards;
	set(AF_INET, wanted->is->name, "forwarding", forwards);
	set(AF_INET6, wanted->is->name, "disable_ipv6", !(open && wanted->is->ipv6));
}

static struct rtnl_wanted *find_wanted(struct rtnl_macvlans *macvlans, const char *name)
{
	for (size_t i = 0; i < macvlans->n_wanted; i++)
		if (!strcmp(macvlans->wanted[i].is->name, name))
			return &macvlans->wanted[i];
	return NULL;
}

static bool has_addresses(const struct rtnl *rtnl, const char *name)
{
	const struct net_link *link = net_table_find_link(&rtnl->table, name);

	for (size_t i = 0; link && i < rtnl->table.n_held; i++)
		if (rtnl->table.held[i].ifindex == link->now.ifindex)
			return true;
	return false;
}

void rtnl_gate_settle(struct rtnl *rtnl, struct rtnl_wanted *wanted)
{
	apply(wanted, has_addresses(rtnl, wanted->is->name));
}

void rtnl_gate_open(struct rtnl *rtnl, const struct conf_instance *instance)
{
	for (size_t i = 0; i < instance->n_macvlans; i++) {
		struct rtnl_wanted *wanted =
			find_wanted(&rtnl->macvlans, instance->macvlans[i].name);

		if (wanted && wanted->up)
			apply(wanted, true);
	}
}

void rtnl_gate_close(struct rtnl *rtnl, const struct conf_instance *instance)
{
	for (size_t i = 0; i < instance->n_macvlans; i++) {
		struct rtnl_wanted *wanted =
			find_wanted(&rtnl->macvlans, instance->macvlans[i].name);

		if (wanted && wanted->up)
			rtnl_gate_settle(rtnl, wanted);
	}
}

void rtnl_gate_heard(struct rtnl *rtnl, uint32_t ifindex, bool forwards)
{
	const struct net_link *link = net_table_find_index(&rtnl->table, ifindex);
	struct rtnl_wanted *wanted = link ? find_wanted(&rtnl->macvlans, link->now.name) : NULL;

	rtnl->ajar |= wanted && wanted->up && forwards != (wanted->forwards > 0);
}

void rtnl_gate_look(struct rtnl *rtnl)
{
	if (!rtnl->ajar)
		return;
	rtnl->ajar = false;
	for (size_t i = 0; i < rtnl->macvlans.n_wanted; i++)
		if (rtnl->macvlans.wanted[i].up)
			rtnl_gate_settle(rtnl, &rtnl->macvlans.wanted[i]);
}
