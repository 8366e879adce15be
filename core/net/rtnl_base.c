/* SPDX-License-Identifier: MIT */
/*
 * Settings that macvlans need: their own, which end with them, and those of the interfaces below,
 * which are remembered and given back. Runs in the main thread. What cannot be set is logged.
 *
 * Source: Documentation/networking/ip-sysctl.rst.
 */
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <sys/socket.h>

#include "core/base/log.h"
#include "core/net/rtnl_private.h"
#include "core/net/sysctl.h"

#define NO_ADDRESSES 1 /* IN6_ADDR_GEN_MODE_NONE */
#define LOOSE	     2 /* of rp_filter, RFC 3704 */

static void set(uint16_t family, const char *interface, const char *name, int value)
{
	int error = sysctl_write(family, interface, name, value);

	/* A kernel without IPv6, or a setting that this one does not have, asks for nothing. */
	if (error && error != -ENOENT)
		log_error("net", "cannot set %s of %s to %d: %s", name, interface, value,
			  strerror(-error));
}

/*
 * What comes in through the macvlan is checked against routes that lead out of the interface below,
 * so a strict check would drop it. The larger of the interface's own setting and that of "all"
 * counts: where the latter is on, the loose check takes its place for this interface.
 */
static int reverse_path(void)
{
	int all = 0;

	(void)sysctl_read(AF_INET, SYSCTL_ALL, "rp_filter", &all);
	return all ? LOOSE : 0;
}

void rtnl_base_quieten(const struct conf_macvlan *wanted)
{
	set(AF_INET6, wanted->name, "accept_ra", 0);
	set(AF_INET, wanted->name, "rp_filter", reverse_path());
	if (wanted->kind == CONF_VMAC_IPVLAN) {
		set(AF_INET6, wanted->name, "disable_ipv6", !wanted->ipv6);
		return;
	}
	set(AF_INET6, wanted->name, "addr_gen_mode", NO_ADDRESSES);
	for (size_t i = 0; i < MACVLAN_SETTINGS; i++)
		set(AF_INET, wanted->name, macvlan_setting(i)->name, macvlan_setting(i)->least);
	set(AF_INET, wanted->name, "accept_local", 1);
	set(AF_INET, wanted->name, "promote_secondaries", 1);
}

static struct rtnl_base *find_base(struct rtnl_macvlans *macvlans, uint32_t ifindex)
{
	for (size_t i = 0; i < macvlans->n_bases; i++)
		if (macvlans->bases[i].ifindex == ifindex)
			return &macvlans->bases[i];
	return NULL;
}

/* Without memory it is not remembered: the settings stay. */
static const struct rtnl_base *add_base(struct rtnl_macvlans *macvlans, uint32_t ifindex,
					const struct macvlan_debt *debt)
{
	struct rtnl_base *larger =
		reallocarray(macvlans->bases, macvlans->n_bases + 1, sizeof *larger);

	if (!larger)
		return NULL;
	macvlans->bases = larger;
	larger[macvlans->n_bases] = (struct rtnl_base){.ifindex = ifindex, .debt = *debt};
	return &larger[macvlans->n_bases++];
}

void rtnl_base_take_over(struct rtnl *rtnl, const struct net_link *link)
{
	struct macvlan_debt debt;

	if (link->now.lower && macvlan_is_marked(link, rtnl->macvlans.mark, &debt) &&
	    !find_base(&rtnl->macvlans, link->now.lower))
		(void)add_base(&rtnl->macvlans, link->now.lower, &debt);
}

const struct rtnl_base *rtnl_base_silence(struct rtnl *rtnl, const struct net_link *parent)
{
	const struct rtnl_base *known = find_base(&rtnl->macvlans, parent->now.ifindex);
	struct macvlan_debt debt;

	if (known)
		return known;
	for (size_t i = 0; i < MACVLAN_SETTINGS; i++) {
		const struct macvlan_setting *setting = macvlan_setting(i);
		int now = 0;

		if (sysctl_read(AF_INET, parent->now.name, setting->name, &now) < 0 ||
		    now >= setting->least)
			now = -1;
		debt.before[i] = now;
	}
	known = add_base(&rtnl->macvlans, parent->now.ifindex, &debt);
	for (size_t i = 0; known && i < MACVLAN_SETTINGS; i++)
		if (debt.before[i] >= 0)
			set(AF_INET, parent->now.name, macvlan_setting(i)->name,
			    macvlan_setting(i)->least);
	return known;
}

/* What somebody has changed meanwhile is his. */
static void pay(const char *name, const struct macvlan_debt *debt)
{
	for (size_t i = 0; i < MACVLAN_SETTINGS; i++) {
		const struct macvlan_setting *setting = macvlan_setting(i);
		int now;

		if (debt->before[i] >= 0 && !sysctl_read(AF_INET, name, setting->name, &now) &&
		    now == setting->least)
			set(AF_INET, name, setting->name, debt->before[i]);
	}
}

static bool is_needed(const struct rtnl *rtnl, const char *parent)
{
	for (size_t i = 0; i < rtnl->macvlans.n_wanted; i++) {
		const struct conf_macvlan *wanted = rtnl->macvlans.wanted[i].is;

		if (wanted->kind == CONF_VMAC_MACVLAN && !strcmp(wanted->parent, parent))
			return true;
	}
	return false;
}

void rtnl_base_restore(struct rtnl *rtnl)
{
	struct rtnl_macvlans *macvlans = &rtnl->macvlans;
	size_t kept = 0;

	for (size_t i = 0; i < macvlans->n_bases; i++) {
		const struct net_link *base =
			net_table_find_index(&rtnl->table, macvlans->bases[i].ifindex);

		if (base && is_needed(rtnl, base->now.name))
			macvlans->bases[kept++] = macvlans->bases[i];
		else if (base)
			pay(base->now.name, &macvlans->bases[i].debt);
	}
	macvlans->n_bases = kept;
}
