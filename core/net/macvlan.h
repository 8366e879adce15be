/* SPDX-License-Identifier: MIT */
/*
 * What is to be done about a macvlan or an ipvlan that a virtual router needs, given what is there.
 * Links that we made carry a mark in their alias, by which a later run knows what an earlier one
 * has left behind. Pure. Thread: main.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "conf/model.h"
#include "core/net/rtnl_table.h"

enum macvlan_verdict {
	MACVLAN_WAITS,	 /* the interface below is not there */
	MACVLAN_MISSING, /* to be made */
	MACVLAN_RIGHT,
	MACVLAN_WRONG,	 /* of that name, and ours or a left-over: to be made anew */
	MACVLAN_FOREIGN, /* of that name and somebody else's: not to be touched */
};

/* ret_link: the link of that name, ret_parent: the interface below; NULL when not there. */
enum macvlan_verdict macvlan_judge(const struct net_table *table, const struct conf_macvlan *wanted,
				   const char *mark, const struct net_link **ret_link,
				   const struct net_link **ret_parent);

/* Settings of the interface below that must not be lower than this while macvlans stand on it. */
enum { MACVLAN_ARP_IGNORE, MACVLAN_ARP_ANNOUNCE, MACVLAN_SETTINGS };
struct macvlan_setting {
	const char *name; /* below net.ipv4.conf */
	int least;
};
const struct macvlan_setting *macvlan_setting(size_t index);

/* What they were and are to be again; -1: not changed. */
struct macvlan_debt {
	int before[MACVLAN_SETTINGS];
};

/*
 * The mark of a daemon that is known by its pid file, which no two can hold at once; and the alias
 * of a link made of it and, for a macvlan, of what the interface below is owed, for an ipvlan of
 * the address that it was made for.
 */
void macvlan_mark(const char *pid_file, char room[static NET_ALIAS_SIZE]);
void macvlan_alias(const char *mark, const struct macvlan_debt *debt,
		   char room[static NET_ALIAS_SIZE]);
void macvlan_alias_ipvlan(const char *mark, const struct conf_macvlan *wanted,
			  char room[static NET_ALIAS_SIZE]);
/* ret_debt is set when it is marked; of an ipvlan nothing is owed. */
bool macvlan_is_marked(const struct net_link *link, const char *mark,
		       struct macvlan_debt *ret_debt);
