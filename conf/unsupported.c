/* SPDX-License-Identifier: MIT */
/*
 * The one list of keywords that load, are kept in the model, and do nothing yet. Each gives one
 * warning for a load, at its first use. A keyword leaves the list when its feature comes. Sorted by
 * name, then scope, as option_unsupported() searches it.
 */
#include "conf/options.h"

#include <stdlib.h>
#include <string.h>

static const struct option_unsupported entries[] = {
	{"auth_hmac", "vrrp_instance",
	 .effect = "with 'mode enforce', the default, the instance does not run; in another mode "
		   "adverts are sent and accepted without it"},
	{"nftables_ipvs", "global_defs",
	 .effect = "each member of a group is a virtual server of its own in the kernel"},
	{"nftables_ipvs_priority", "global_defs",
	 .effect = "each member of a group is a virtual server of its own in the kernel"},
	{"nftables_ipvs_start_fwmark", "global_defs",
	 .effect = "each member of a group is a virtual server of its own in the kernel"},
	{"vrrp_ipsets", "global_defs",
	 .effect = "the rules are made by nftables, with its own sets"},
	{"vrrp_iptables", "global_defs",
	 .effect = "the same rules are made by nftables, in a table of their own"},
};

#define N_ENTRIES (sizeof entries / sizeof *entries)

static int compare(const void *a, const void *b)
{
	const struct option_unsupported *one = a, *other = b;
	int order = strcmp(one->name, other->name);

	return order ? order : strcmp(one->scope, other->scope);
}

const struct option_unsupported *option_unsupported(const char *scope, const char *name)
{
	const struct option_unsupported key = {.name = name, .scope = scope};

	return bsearch(&key, entries, N_ENTRIES, sizeof *entries, compare);
}

const struct option_unsupported *option_unsupported_at(size_t index)
{
	return index < N_ENTRIES ? &entries[index] : NULL;
}

size_t option_unsupported_index(const struct option_unsupported *entry)
{
	return (size_t)(entry - entries);
}

size_t option_unsupported_count(void)
{
	return N_ENTRIES;
}
