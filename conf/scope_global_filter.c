/* SPDX-License-Identifier: MIT */
/*
 * global_defs: the packet filter that keepalived uses as a helper. Sources: keepalived.conf(5),
 * GLOBAL CONFIGURATION, and what keepalived 2.2.7 accepts; lengths of names are those of nftables,
 * iptables and ipset.
 */
#include <stdio.h>
#include <string.h>

#include "conf/dump.h"
#include "conf/scope_global.h"

#define TABLE_MAX 255 /* octets */
#define CHAIN_MAX 28
#define SET_MAX	  31
#define SETS	  6

static char *copy_name(struct build *build, const struct node *node, size_t index, size_t most)
{
	if (strlen(node->words[index].text) > most) {
		build_error(build, node, index, "a name in '%s' must not be longer than %zu octets",
			    node->row->name, most);
		return NULL;
	}
	return arena_strdup(build->arena, node->words[index].text);
}

/* [TABLE], for both tables: the row's field is the name. */
static void read_table(struct build *build, const struct node *node, void *draft)
{
	const char *usual =
		strcmp(node->row->name, "nftables") == 0 ? "keepalived" : "keepalived_ipvs";
	char *name = node->n_words > 1 ? copy_name(build, node, 1, TABLE_MAX)
				       : arena_strdup(build->arena, usual);

	memcpy((char *)draft + node->row->offset, &name, sizeof(name));
}

/* [IN [OUT]]; alone: the chains that always exist. */
static void read_iptables(struct build *build, const struct node *node, void *draft)
{
	struct conf_filter *filter = &((struct draft_global *)draft)->model.filter;

	filter->iptables = true;
	filter->iptables_in = filter->iptables_out = NULL;
	if (node->n_words > 1)
		filter->iptables_in = copy_name(build, node, 1, CHAIN_MAX);
	if (node->n_words > 2)
		filter->iptables_out = copy_name(build, node, 2, CHAIN_MAX);
	if (node->n_words == 1) {
		filter->iptables_in = arena_strdup(build->arena, "INPUT");
		filter->iptables_out = arena_strdup(build->arena, "OUTPUT");
	}
}

/* [NAME...]; alone: no sets. */
static void read_ipsets(struct build *build, const struct node *node, void *draft)
{
	struct conf_filter *filter = &((struct draft_global *)draft)->model.filter;

	filter->n_ipset_names = node->n_words > SETS ? SETS : node->n_words - 1;
	filter->ipsets = filter->n_ipset_names ? CONF_ON : CONF_OFF;
	filter->ipset_names =
		arena_array(build->arena, filter->n_ipset_names, sizeof(*filter->ipset_names));
	for (size_t i = 0; i < filter->n_ipset_names; i++)
		filter->ipset_names[i] = copy_name(build, node, i + 1, SET_MAX);
}

static void dump_iptables(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_filter *filter = &((const struct conf_global *)model)->filter;

	if (filter->iptables)
		dump_line(dump, "%s %s%s%s", row->name, dump_word(dump, filter->iptables_in),
			  filter->iptables_out ? " " : "",
			  filter->iptables_out ? dump_word(dump, filter->iptables_out) : "");
}

static void dump_ipsets(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_filter *filter = &((const struct conf_global *)model)->filter;
	char names[SETS * (5 * SET_MAX + 4)] = ""; /* as dump_word() may lengthen them */
	size_t length = 0;

	if (filter->ipsets == CONF_UNSET)
		return;
	for (size_t i = 0; i < filter->n_ipset_names && length < sizeof(names); i++)
		length += (size_t)snprintf(names + length, sizeof(names) - length, " %s",
					   dump_word(dump, filter->ipset_names[i]));
	dump_line(dump, "%s%s", row->name, names);
}

const struct option global_filter_rows[] = {
	{"nftables", OPTION_CUSTOM, REFUSED(filter.nft_table), .flags = FIELD, .min = 0, .max = 1,
	 .apply = read_table, .argument = "[TABLE]",
	 .help = "name of the nftables table for no_accept, keepalived if none is given; without "
		 "this keyword it is vipd"},
	{"nftables_priority", OPTION_SIGNED, MODEL(filter.nft_priority), .flags = DEFAULT,
	 .min = INT32_MIN, .max = INT32_MAX, .initial = -1, .help = "priority of its chains"},
	{"nftables_ifindex", OPTION_OBSOLETE,
	 .help = "vipd's rules match interfaces by name, which stays true when one is made anew"},
	{"nftables_counters", OPTION_FLAG, MODEL(filter.nft_counters), .flags = FIELD,
	 .value = true, .help = "its rules count packets"},
	{"nftables_ipvs", OPTION_CUSTOM, MODEL(filter.nft_ipvs_table), .flags = FIELD, .min = 0,
	 .max = 1, .apply = read_table, .argument = "[TABLE]",
	 .help = "mark the packets of a virtual_server_group by nftables, in this table; "
		 "keepalived_ipvs by default"},
	{"nftables_ipvs_priority", OPTION_SIGNED, MODEL(filter.nft_ipvs_priority), .flags = DEFAULT,
	 .min = INT32_MIN, .max = INT32_MAX, .initial = -1, .help = "priority of its chains"},
	{"nftables_ipvs_start_fwmark", OPTION_UNSIGNED, MODEL(filter.nft_ipvs_mark),
	 .flags = DEFAULT, .min = 1, .max = UINT32_MAX, .initial = 1000,
	 .help = "the first mark given out; one for each group"},
	{"vrrp_iptables", OPTION_CUSTOM, MODEL(filter.iptables), .flags = FIELD, .min = 0, .max = 2,
	 .apply = read_iptables, .dump = dump_iptables, .argument = "[IN [OUT]]",
	 .help = "use iptables instead, in these chains; INPUT and OUTPUT without any"},
	{"vrrp_ipsets", OPTION_CUSTOM, MODEL(filter.ipsets), .flags = DEFAULT,
	 .initial = CONF_UNSET, .min = 0, .max = SETS, .apply = read_ipsets, .dump = dump_ipsets,
	 .argument = "[NAME]...", .help = "sets to use with iptables, up to six; none: no sets"},
	{.name = NULL},
};
