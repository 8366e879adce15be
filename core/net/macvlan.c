/* SPDX-License-Identifier: MIT */
/*
 * Wanted and actual macvlans and ipvlans compared. A macvlan whose address is one of those that
 * RFC 9568 section 7.3 sets aside is a router's, whoever made it; any other interface of the wanted
 * name that is not right and that we have not made is somebody else's. Main thread; pure.
 */
#include "core/net/macvlan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longest text behind the mark: an IPv6 address in full; " arp_announce=2147483647" twice is
 * shorter. */
#define REST_MAX (sizeof FROM + IP_TEXT_MAX + sizeof "/128")
#define FROM	 " from "

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
	size_t length = strlen(pid_file), most = NET_ALIAS_SIZE - sizeof "vipd:" - REST_MAX;

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

void macvlan_alias_ipvlan(const char *mark, const struct conf_macvlan *wanted,
			  char room[static NET_ALIAS_SIZE])
{
	char ip[IP_TEXT_MAX];

	if (ip_is_set(&wanted->ip))
		snprintf(room, NET_ALIAS_SIZE, "%s" FROM "%s/%u", mark, ip_format(&wanted->ip, ip),
			 wanted->prefix);
	else
		snprintf(room, NET_ALIAS_SIZE, "%s", mark);
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
	const char *rest = link->nature.alias + length;

	if (link->nature.kind == CONF_VMAC_NONE || strncmp(link->nature.alias, mark, length) != 0)
		return false;
	if (link->nature.kind == CONF_VMAC_IPVLAN && strncmp(rest, FROM, strlen(FROM)) == 0)
		rest += strlen(rest);
	return read_debt(rest, ret_debt);
}

static bool has_virtual_mac(const struct net_link *link)
{
	static const uint8_t prefix[4] = {0x00, 0x00, 0x5e, 0x00};
	uint8_t family = link->now.mac[4];

	return link->nature.kind == CONF_VMAC_MACVLAN &&
	       !memcmp(link->now.mac, prefix, sizeof prefix) && (family == 1 || family == 2);
}

/* The address itself may be gone for a moment; one that we have made for another is of an earlier
 * configuration. */
static bool is_right(const struct net_link *link, const struct conf_macvlan *wanted,
		     const char *mark)
{
	const struct net_nature *nature = &link->nature;
	char alias[NET_ALIAS_SIZE];
	struct macvlan_debt debt;

	if (nature->kind != wanted->kind || !nature->usable)
		return false;
	if (wanted->kind == CONF_VMAC_MACVLAN)
		return !memcmp(link->now.mac, wanted->mac, sizeof wanted->mac);
	macvlan_alias_ipvlan(mark, wanted, alias);
	return nature->flags == wanted->mode &&
	       (!macvlan_is_marked(link, mark, &debt) || !strcmp(nature->alias, alias));
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
	if (link->now.lower == parent->now.ifindex && is_right(link, wanted, mark))
		return MACVLAN_RIGHT;
	if (has_virtual_mac(link) || macvlan_is_marked(link, mark, &debt))
		return MACVLAN_WRONG;
	return MACVLAN_FOREIGN;
}
