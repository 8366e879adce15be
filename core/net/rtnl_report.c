/* SPDX-License-Identifier: MIT */
/*
 * What is told of a link: which address is its primary, which may be the source of adverts, and
 * whether anything differs from what was told last. Runs in the main thread; pure, no kernel call.
 */
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "core/net/rtnl_table.h"

enum kinship {
	KIN_PLAIN, /* no virtual address */
	KIN_OWN, /* a virtual address that is the machine's own: an owner's, or under another prefix
		  */
	KIN_VIRTUAL, /* set by us, or left behind by a crash */
};

static enum kinship kinship_of(const struct net_table *table, const struct net_address *address)
{
	enum kinship kin = KIN_PLAIN;
	const struct net_held *held =
		net_table_find_held(table, address->ifindex, &address->ip, address->prefix);
	size_t low = 0, high = table->n_virtuals;

	/* Still set although the newest configuration does not name it any more. */
	if (held && !held->foreign)
		return held->permanent ? KIN_PLAIN : KIN_VIRTUAL;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (ip_compare(&table->virtuals[middle].ip, &address->ip) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < table->n_virtuals && !ip_compare(&table->virtuals[low].ip, &address->ip);
	     low++) {
		const struct net_virtual *virtual = &table->virtuals[low];

		if (virtual->prefix == address->prefix && !virtual->owner)
			return KIN_VIRTUAL;
		kin = KIN_OWN;
	}
	return kin;
}

/* Nobody else on the wire has it, as far as is known (RFC 4862 section 5.4); IPv4 does not ask. */
static bool is_usable(const struct net_address *address)
{
	return address->ip.family == AF_INET ||
	       !(address->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED));
}

static bool may_be_primary(const struct net_address *address, uint16_t family)
{
	if (address->ip.family != family)
		return false;
	if (family == AF_INET)
		return !(address->flags & IFA_F_SECONDARY);
	return address->scope == RT_SCOPE_LINK && is_usable(address);
}

/* An address that is not virtual goes first; one that is virtual and the machine's own still
 * serves: an address owner may have no other. */
static struct ip choose_primary(const struct net_table *table, uint32_t ifindex, uint16_t family)
{
	struct ip own = {0};

	for (size_t i = 0; i < table->n_addresses; i++) {
		const struct net_address *address = &table->addresses[i];

		if (address->ifindex != ifindex || !may_be_primary(address, family))
			continue;
		enum kinship kin = kinship_of(table, address);
		if (kin == KIN_PLAIN)
			return address->ip;
		if (kin == KIN_OWN && !ip_is_set(&own))
			own = address->ip;
	}
	return own;
}

/* What may be the source of adverts. */
static uint32_t list_own(const struct net_table *table, uint32_t ifindex, uint16_t family,
			 struct ip own[static LINK_ADDRESSES_MAX])
{
	uint32_t n = 0;

	for (size_t i = 0; i < table->n_addresses && n < LINK_ADDRESSES_MAX; i++) {
		const struct net_address *address = &table->addresses[i];

		if (address->ifindex == ifindex && address->ip.family == family &&
		    is_usable(address) && kinship_of(table, address) != KIN_VIRTUAL)
			own[n++] = address->ip;
	}
	return n;
}

static bool same_list(const struct ip *a, uint32_t n_a, const struct ip *b, uint32_t n_b)
{
	if (n_a != n_b)
		return false;
	for (size_t i = 0; i < n_a; i++)
		if (ip_compare(&a[i], &b[i]))
			return false;
	return true;
}

static bool same_link(const struct msg_link *a, const struct msg_link *b)
{
	return a->ifindex == b->ifindex && !strcmp(a->name, b->name) && a->present == b->present &&
	       a->up == b->up && a->enabled == b->enabled && a->lower == b->lower &&
	       a->ipvlan == b->ipvlan && a->multicast == b->multicast &&
	       !memcmp(a->mac, b->mac, 6) && a->mtu == b->mtu &&
	       !ip_compare(&a->primary4, &b->primary4) && !ip_compare(&a->primary6, &b->primary6) &&
	       a->router == b->router && a->vrf == b->vrf &&
	       same_list(a->own4, a->n_own4, b->own4, b->n_own4) &&
	       same_list(a->own6, a->n_own6, b->own6, b->n_own6);
}

/* What the table knows beside the message about the link. */
static void complete(const struct net_table *table, struct net_link *link)
{
	struct msg_link *now = &link->now;

	now->primary4 = choose_primary(table, now->ifindex, AF_INET);
	now->primary6 = choose_primary(table, now->ifindex, AF_INET6);
	now->n_own4 = list_own(table, now->ifindex, AF_INET, now->own4);
	now->n_own6 = list_own(table, now->ifindex, AF_INET6, now->own6);
	now->router = link->router;
	now->vrf = link->vrf_table;
	now->up = link->runs && (link->beat.by == CONF_POLL_ANY || link->beat.up);
}

void net_table_report(struct net_table *table, net_report_fn *fn, void *owner)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->n_links; i++) {
		struct net_link link = table->links[i];

		if (link.changed) {
			complete(table, &link);
			if (!link.was_reported || !same_link(&link.now, &link.reported))
				fn(&link.now, owner);
			link.reported = link.now;
			link.was_reported = true;
			link.changed = false;
		}
		if (link.now.present)
			table->links[kept++] = link;
	}
	table->n_links = kept;
}
