/* SPDX-License-Identifier: MIT */
/*
 * Links and addresses as rtnetlink tells them, which addresses are virtual, and which of them are
 * set. Runs in the main thread; pure, no kernel call.
 */
#include "core/net/rtnl_table.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

void net_table_clear(struct net_table *table)
{
	free(table->links);
	free(table->addresses);
	free(table->virtuals);
	free(table->held);
	*table = (struct net_table){0};
}

static int compare_virtual(const void *left, const void *right)
{
	const struct net_virtual *a = left, *b = right;
	int order = ip_compare(&a->ip, &b->ip);

	return order ? order : (int)a->prefix - (int)b->prefix;
}

static size_t add_virtuals(struct net_virtual *to, const struct conf_address *from, size_t count,
			   bool owner)
{
	for (size_t i = 0; i < count; i++)
		to[i] = (struct net_virtual){from[i].ip, from[i].prefix, owner};
	return count;
}

int net_table_use_conf(struct net_table *table, const struct conf *conf)
{
	size_t count = 0, used = 0;

	for (size_t i = 0; i < conf->n_instances; i++)
		count += conf->instances[i].n_addresses + conf->instances[i].n_excluded;
	struct net_virtual *virtuals = calloc(count ? count : 1, sizeof *virtuals);
	if (!virtuals)
		return -ENOMEM;
	for (size_t i = 0; i < conf->n_instances; i++) {
		const struct conf_instance *instance = &conf->instances[i];
		bool owner = instance->priority == 255;

		used += add_virtuals(virtuals + used, instance->addresses, instance->n_addresses,
				     owner);
		used += add_virtuals(virtuals + used, instance->excluded, instance->n_excluded,
				     owner);
	}
	qsort(virtuals, used, sizeof *virtuals, compare_virtual);
	free(table->virtuals);
	table->virtuals = virtuals;
	table->n_virtuals = used;
	for (size_t i = 0; i < table->n_links; i++)
		table->links[i].changed = true;
	return 0;
}

/* Position of ifindex, or where it would be inserted. */
static size_t link_position(const struct net_table *table, uint32_t ifindex)
{
	size_t low = 0, high = table->n_links;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (table->links[middle].now.ifindex < ifindex)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct net_link *find_index(struct net_table *table, uint32_t ifindex)
{
	size_t at = link_position(table, ifindex);

	if (at == table->n_links || table->links[at].now.ifindex != ifindex)
		return NULL;
	return &table->links[at];
}

static void mark_changed(struct net_table *table, uint32_t ifindex)
{
	struct net_link *link = find_index(table, ifindex);

	if (link)
		link->changed = true;
}

static int grow(void **items, size_t *room, size_t count, size_t size)
{
	if (count < *room)
		return 0;
	size_t wanted = *room ? *room * 2 : 16;
	void *larger = reallocarray(*items, wanted, size);
	if (!larger)
		return -ENOMEM;
	*items = larger;
	*room = wanted;
	return 0;
}

int net_table_set_link(struct net_table *table, const struct msg_link *now)
{
	struct net_link *link = find_index(table, now->ifindex);

	if (!link) {
		if (grow((void **)&table->links, &table->room_links, table->n_links, sizeof *link))
			return -ENOMEM;
		size_t at = link_position(table, now->ifindex);
		memmove(table->links + at + 1, table->links + at,
			(table->n_links - at) * sizeof *link);
		table->n_links++;
		link = &table->links[at];
		memset(link, 0, sizeof *link);
	}
	link->now = *now;
	link->runs = now->up;
	link->now.present = true;
	link->changed = true;
	link->stale = false;
	return 0;
}

void net_table_set_nature(struct net_table *table, uint32_t ifindex,
			  const struct net_nature *nature)
{
	struct net_link *link = find_index(table, ifindex);

	if (link)
		link->nature = *nature;
}

void net_table_set_beat(struct net_table *table, uint32_t ifindex, const struct net_beat *beat)
{
	struct net_link *link = find_index(table, ifindex);

	if (!link)
		return;
	link->changed |= link->beat.by != beat->by || link->beat.up != beat->up;
	link->beat = *beat;
}

void net_table_set_vrf(struct net_table *table, uint32_t ifindex, uint32_t vrf_table)
{
	struct net_link *link = find_index(table, ifindex);

	if (link)
		link->vrf_table = vrf_table;
}

void net_table_set_router(struct net_table *table, uint32_t ifindex, bool router)
{
	struct net_link *link = find_index(table, ifindex);

	if (!link)
		return;
	link->router = router;
	link->changed = true;
}

static void drop_addresses_of(struct net_table *table, uint32_t ifindex)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->n_addresses; i++)
		if (table->addresses[i].ifindex != ifindex)
			table->addresses[kept++] = table->addresses[i];
	table->n_addresses = kept;
	kept = 0;
	for (size_t i = 0; i < table->n_held; i++)
		if (table->held[i].ifindex != ifindex)
			table->held[kept++] = table->held[i];
	table->n_held = kept;
}

void net_table_del_link(struct net_table *table, uint32_t ifindex)
{
	struct net_link *link = find_index(table, ifindex);

	if (!link)
		return;
	link->now.present = false;
	link->now.up = false;
	link->changed = true;
	drop_addresses_of(table, ifindex);
}

static struct net_address *find_address(const struct net_table *table,
					const struct net_address *wanted)
{
	for (size_t i = 0; i < table->n_addresses; i++) {
		struct net_address *address = &table->addresses[i];

		if (address->ifindex == wanted->ifindex && address->prefix == wanted->prefix &&
		    !ip_compare(&address->ip, &wanted->ip))
			return address;
	}
	return NULL;
}

int net_table_set_address(struct net_table *table, const struct net_address *wanted)
{
	struct net_address *address = find_address(table, wanted);

	if (!address) {
		if (grow((void **)&table->addresses, &table->room_addresses, table->n_addresses,
			 sizeof *address))
			return -ENOMEM;
		address = &table->addresses[table->n_addresses++];
	}
	*address = *wanted;
	address->stale = false;
	mark_changed(table, wanted->ifindex);
	return 0;
}

void net_table_del_address(struct net_table *table, const struct net_address *wanted)
{
	struct net_address *address = find_address(table, wanted);

	if (!address)
		return;
	size_t at = (size_t)(address - table->addresses);
	memmove(address, address + 1, (table->n_addresses - at - 1) * sizeof *address);
	table->n_addresses--;
	mark_changed(table, wanted->ifindex);
}

void net_table_dump_begin(struct net_table *table)
{
	for (size_t i = 0; i < table->n_links; i++)
		table->links[i].stale = true;
	for (size_t i = 0; i < table->n_addresses; i++)
		table->addresses[i].stale = true;
}

void net_table_dump_end(struct net_table *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->n_addresses; i++) {
		if (table->addresses[i].stale)
			mark_changed(table, table->addresses[i].ifindex);
		else
			table->addresses[kept++] = table->addresses[i];
	}
	table->n_addresses = kept;
	for (size_t i = 0; i < table->n_links; i++)
		if (table->links[i].stale)
			net_table_del_link(table, table->links[i].now.ifindex);
}

const struct net_link *net_table_find_link(const struct net_table *table, const char *name)
{
	for (size_t i = 0; i < table->n_links; i++)
		if (table->links[i].now.present && !strcmp(table->links[i].now.name, name))
			return &table->links[i];
	return NULL;
}

const struct net_link *net_table_find_index(const struct net_table *table, uint32_t ifindex)
{
	size_t at = link_position(table, ifindex);

	if (at == table->n_links || table->links[at].now.ifindex != ifindex ||
	    !table->links[at].now.present)
		return NULL;
	return &table->links[at];
}

const char *net_table_name(struct net_table *table, uint32_t ifindex)
{
	const struct net_link *link = find_index(table, ifindex);

	return link ? link->now.name : "?";
}

enum net_match net_table_match(const struct net_table *table, uint32_t ifindex, const struct ip *ip,
			       uint8_t prefix)
{
	enum net_match match = NET_ABSENT;

	for (size_t i = 0; i < table->n_addresses; i++) {
		const struct net_address *address = &table->addresses[i];

		if (address->ifindex != ifindex || ip_compare(&address->ip, ip))
			continue;
		if (address->prefix == prefix)
			return NET_SAME;
		match = NET_OTHER_PREFIX;
	}
	return match;
}

bool net_table_has_address(const struct net_table *table, const struct ip *ip)
{
	for (size_t i = 0; i < table->n_addresses; i++)
		if (ip_compare(&table->addresses[i].ip, ip) == 0)
			return true;
	return false;
}

static int compare_held(const struct net_held *held, uint32_t ifindex, const struct ip *ip,
			uint8_t prefix)
{
	if (held->ifindex != ifindex)
		return held->ifindex < ifindex ? -1 : 1;
	int order = ip_compare(&held->ip, ip);
	return order ? order : (int)held->prefix - (int)prefix;
}

static size_t held_position(const struct net_table *table, uint32_t ifindex, const struct ip *ip,
			    uint8_t prefix)
{
	size_t low = 0, high = table->n_held;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare_held(&table->held[middle], ifindex, ip, prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct net_held *net_table_find_held(const struct net_table *table, uint32_t ifindex,
				     const struct ip *ip, uint8_t prefix)
{
	size_t at = held_position(table, ifindex, ip, prefix);

	if (at == table->n_held || compare_held(&table->held[at], ifindex, ip, prefix))
		return NULL;
	return &table->held[at];
}

struct net_held *net_table_find_moved(const struct net_table *table, const char *device,
				      const struct ip *ip, uint8_t prefix)
{
	for (size_t i = 0; i < table->n_held; i++) {
		struct net_held *held = &table->held[i];

		if (held->prefix == prefix && !ip_compare(&held->ip, ip) &&
		    !strcmp(held->device, device))
			return held;
	}
	return NULL;
}

struct net_held *net_table_hold(struct net_table *table, uint32_t ifindex, const struct ip *ip,
				uint8_t prefix)
{
	struct net_held *held = net_table_find_held(table, ifindex, ip, prefix);

	if (held)
		return held;
	if (grow((void **)&table->held, &table->room_held, table->n_held, sizeof *held))
		return NULL;
	size_t at = held_position(table, ifindex, ip, prefix);
	held = &table->held[at];
	memmove(held + 1, held, (table->n_held - at) * sizeof *held);
	table->n_held++;
	*held = (struct net_held){.ifindex = ifindex, .ip = *ip, .prefix = prefix, .track = true};
	return held;
}

void net_table_release(struct net_table *table, struct net_held *held)
{
	if (!held)
		return;
	size_t at = (size_t)(held - table->held);
	memmove(held, held + 1, (table->n_held - at - 1) * sizeof *held);
	table->n_held--;
}

bool net_table_is_lost(struct net_table *table, const struct net_held *held)
{
	const struct net_link *link = find_index(table, held->ifindex);

	return !held->foreign && held->track && link && link->now.present && link->now.up &&
	       net_table_match(table, held->ifindex, &held->ip, held->prefix) == NET_ABSENT;
}
