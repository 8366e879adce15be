/* SPDX-License-Identifier: MIT */
/*
 * Wanted and actual macvlans compared. A macvlan whose address is one of those that RFC 9568
 * section 7.3 sets aside is a router's, whoever made it; any other interface of the wanted name
 * that we have not made is somebody else's. Main thread; pure.
 */
#include "core/net/macvlan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longest text of a debt: " arp_announce=2147483647" twice. */
#define DEBT_MAX 50

const struct macvlan_setting *macvlan_setting(size_t index)
{
	/*
	 * The interface below would answer for the addresses of the macvlan with its own MAC
	 * address, and it would ask for others in their name: both teach neighbours that address.
	 */
	static const struct macvlan_setting settings[MACVLAN_SETTINGS] = {
		[MACVLAN_ARP_IGNORE] = {"arp_ignore", 1},
		[MACVLAN_ARP_ANNOUNCE] = {"arp_announce", 2},
	};

	return &settings[index];
}

void macvlan_mark(const char *pid_file, char room[static NET_ALIAS_SIZE])
{
	size_t length = strlen(pid_file), most = NET_ALIAS_SIZE - sizeof "vipd:" - DEBT_MAX;

	snprintf(room, NET_ALIAS_SIZE, "vipd:%s",
		 length > most ? pid_file + length - most : pid_file);
}

void macvlan_alias(const char *mark, const struct macvlan_debt *debt,
		   char room[static NET_ALIAS_SIZE])
{
	int used = snprintf(room, NET_ALIAS_SIZE, "%s", mark);

	for (size_t i = 0; i < MACVLAN_SETTINGS; i++)
		if (debt->before[i] >= 0)
			used += snprintf(room + used, NET_ALIAS_SIZE - (size_t)used, " %s=%d",
					 macvlan_setting(i)->name, debt->before[i]);
}

/* The text behind the mark; whatever else stands there is not ours. */
static bool read_debt(const char *text, struct macvlan_debt *ret)
{
	for (size_t i = 0; i < MACVLAN_SETTINGS; i++) {
		const char *name = macvlan_setting(i)->name;
		size_t length = strlen(name);
		char *end;

		ret->before[i] = -1;
		if (*text != ' ' || strncmp(text + 1, name, length) != 0 || text[1 + length] != '=')
			continue;
		ret->before[i] = (int)strtol(text + length + 2, &end, 10);
		text = end;
	}
	return !*text;
}

bool macvlan_is_marked(const struct net_link *link, const char *mark, struct macvlan_debt *ret_debt)
{
	size_t length = strlen(mark);

	return link->nature.macvlan && strncmp(link->nature.alias, mark, length) == 0 &&
	       read_debt(link->nature.alias + length, ret_debt);
}

static bool has_virtual_mac(const struct net_link *link)
{
	static const uint8_t prefix[4] = {0x00, 0x00, 0x5e, 0x00};
	uint8_t family = link->now.mac[4];

	return !memcmp(link->now.mac, prefix, sizeof prefix) && (family == 1 || family == 2);
}

enum macvlan_verdict macvlan_judge(const struct net_table *table, const struct conf_macvlan *wanted,
				   const char *mark, const struct net_link **ret_link,
				   const struct net_link **ret_parent)
{
	const struct net_link *link = net_table_find_link(table, wanted->name);
	const struct net_link *parent = net_table_find_link(table, wanted->parent);
	struct macvlan_debt debt;

	*ret_link = link;
	*ret_parent = parent;
	if (!parent)
		return MACVLAN_WAITS;
	if (!link)
		return MACVLAN_MISSING;
	if (link->nature.macvlan && link->nature.private &&
	    link->now.lower == parent->now.ifindex && !memcmp(link->now.mac, wanted->mac, 6))
		return MACVLAN_RIGHT;
	if (link->nature.macvlan && (has_virtual_mac(link) || macvlan_is_marked(link, mark, &debt)))
		return MACVLAN_WRONG;
	return MACVLAN_FOREIGN;
}
