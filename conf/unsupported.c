/* SPDX-License-Identifier: MIT */
/*
 * The one list of keywords that load, are kept in the model, and do nothing yet. Each gives one
 * warning for a load, at its first use. A keyword leaves the list when its feature comes. Sorted by
 * name, then scope, as option_unsupported() searches it.
 */
#include "conf/options.h"

#include <stdlib.h>
#include <string.h>

#define KEPT "it is kept and has no effect"

static const struct option_unsupported entries[] = {
	{"BFD_CHECK", "real_server", .effect = "the server is treated as without this check"},
	{"SSL", "", .effect = "the checks use no client certificate and no authority of their own"},
	{"auth_hmac", "vrrp_instance",
	 .effect = "with 'mode enforce', the default, the instance does not run; in another mode "
		   "adverts are sent and accepted without it"},
	{"bfd_cpu_affinity", "global_defs", .effect = KEPT},
	{"bfd_instance", "",
	 .effect = "no BFD session is run; what tracks it takes it for neither up nor down"},
	{"bfd_no_swap", "global_defs", .effect = KEPT},
	{"bfd_priority", "global_defs", .effect = KEPT},
	{"bfd_process_name", "global_defs", .effect = KEPT},
	{"bfd_rlimit_rttime", "global_defs", .effect = KEPT},
	{"bfd_rt_priority", "global_defs", .effect = KEPT},
	{"debug", "vrrp_instance", .effect = KEPT},
	{"disable_local_igmp", "global_defs", .effect = KEPT},
	{"garp_extra_if", "vrrp_instance", .effect = KEPT},
	{"garp_group", "", .effect = "each interface spaces its announcements by itself"},
	{"linkbeat_interfaces", "", .effect = "the state of links comes from netlink alone"},
	{"linkbeat_use_polling", "", .effect = "the state of links comes from netlink alone"},
	{"linkbeat_use_polling", "vrrp_instance",
	 .effect = "the state of links comes from netlink alone"},
	{"max_auto_priority", "global_defs", .effect = KEPT},
	{"min_auto_priority_delay", "global_defs", .effect = KEPT},
	{"nftables_ipvs", "global_defs",
	 .effect = "each member of a group is a virtual server of its own in the kernel"},
	{"nftables_ipvs_priority", "global_defs",
	 .effect = "each member of a group is a virtual server of its own in the kernel"},
	{"nftables_ipvs_start_fwmark", "global_defs",
	 .effect = "each member of a group is a virtual server of its own in the kernel"},
	{"promote_secondaries", "vrrp_instance",
	 .effect = "the sysctl of the interface is left as it is"},
	{"timer_expired_backup", "vrrp_instance", .effect = KEPT},
	{"track_bfd", "vrrp_instance", .effect = "what it names adds nothing and is no fault"},
	{"track_bfd", "vrrp_sync_group", .effect = "what it names adds nothing and is no fault"},
	{"use_ipvlan", "vrrp_instance", .effect = "the interface's own link layer address is used"},
	{"vrf", "vrrp_instance", .effect = KEPT},
	{"vrrp_garp_extra_if", "global_defs", .effect = KEPT},
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
