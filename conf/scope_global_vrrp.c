/* SPDX-License-Identifier: MIT */
/*
 * global_defs: interfaces, and what instances inherit. Sources: keepalived.conf(5), GLOBAL
 * CONFIGURATION, and what keepalived 2.2.7 accepts.
 */
#include <string.h>

#include "conf/dump.h"
#include "conf/scope_global.h"
#include "conf/scopes.h"
#include "conf/value.h"
#include "core/base/clock.h"

static void read_mcast_group4(struct build *build, const struct node *node, void *draft)
{
	struct draft_global *global = draft;
	struct ip ip;

	if (!value_address(build, node, 1, "'vrrp_mcast_group4'", &ip))
		return;
	if (ip.family != AF_INET || (ip.octets[0] & 0xf0) != 0xe0)
		build_error(build, node, 1,
			    "'vrrp_mcast_group4' must be an IPv4 multicast address, not '%.64s'",
			    node->words[1].text);
	else
		global->model.mcast_group4 = ip;
}

static void read_mcast_group6(struct build *build, const struct node *node, void *draft)
{
	struct draft_global *global = draft;
	struct ip ip;

	if (!value_address(build, node, 1, "'vrrp_mcast_group6'", &ip))
		return;
	if (ip.family != AF_INET6 || ip.octets[0] != 0xff) {
		build_error(build, node, 1,
			    "'vrrp_mcast_group6' must be an IPv6 multicast address, not '%.64s'",
			    node->words[1].text);
		return;
	}
	if ((ip.octets[1] & 0xf) != 2)
		build_warn(build, node, 1, "'%.64s' is not of link-local scope (ff02::/16)",
			   node->words[1].text);
	global->model.mcast_group6 = ip;
}

static void read_dynamic_interfaces(struct build *build, const struct node *node, void *draft)
{
	struct draft_global *global = draft;

	global->model.dynamic_interfaces = true;
	build_add(build, DIAG_NOTE, node, 0,
		  "'dynamic_interfaces' changes nothing: vipd always waits for interfaces that are "
		  "missing and takes them as they come");
	if (node->n_words < 2)
		return;
	if (strcmp(node->words[1].text, "allow_if_changes") != 0) {
		build_error(build, node, 1,
			    "'dynamic_interfaces' takes allow_if_changes or nothing, not '%.64s'",
			    node->words[1].text);
		return;
	}
	global->model.allow_if_changes = true;
}

/* [all] SECONDS */
static void read_extra_if(struct build *build, const struct node *node, void *draft)
{
	struct draft_global *global = draft;
	bool all = strcmp(node->words[1].text, "all") == 0;
	uint64_t seconds;

	if (!value_unsigned(build, node, all ? 2 : 1, "the interval", 1, 86400, &seconds))
		return;
	global->garp_extra_if_all = all;
	global->garp_extra_if_us = seconds * USEC_PER_SEC;
}

static void dump_mcast_group4(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_global *global = model;
	char text[IP_TEXT_MAX];

	dump_line(dump, "%s %s", row->name, ip_format(&global->mcast_group4, text));
}

static void dump_mcast_group6(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_global *global = model;
	char text[IP_TEXT_MAX];

	if (strcmp(ip_format(&global->mcast_group6, text), "ff02::12") != 0)
		dump_line(dump, "%s %s", row->name, text);
}

static void dump_dynamic_interfaces(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_global *global = model;

	if (global->dynamic_interfaces)
		dump_line(dump, "%s%s", row->name,
			  global->allow_if_changes ? " allow_if_changes" : "");
}

/* Instances carry the value; without one it has no meaning. */
static void dump_garp_interval(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf *conf = dump_conf(dump);
	char text[VALUE_TIME_MAX];

	(void)model;
	if (conf->n_instances && conf->instances[0].garp_interval_us)
		dump_line(dump, "%s %s", row->name,
			  value_format_time(conf->instances[0].garp_interval_us, text));
}

static void dump_gna_interval(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf *conf = dump_conf(dump);
	char text[VALUE_TIME_MAX];

	(void)model;
	if (conf->n_instances && conf->instances[0].gna_interval_us)
		dump_line(dump, "%s %s", row->name,
			  value_format_time(conf->instances[0].gna_interval_us, text));
}

const struct option global_vrrp_rows[] = {
	{"default_interface", OPTION_INTERFACE, MODEL(default_interface), .flags = FIELD,
	 .help = "interface of addresses that name none, where the instance has none either; eth0 "
		 "by "
		 "default"},
	{"dynamic_interfaces", OPTION_CUSTOM, MODEL(dynamic_interfaces), .flags = FIELD, .min = 0,
	 .max = 1, .apply = read_dynamic_interfaces, .dump = dump_dynamic_interfaces,
	 .argument = "[allow_if_changes]",
	 .help = "interfaces may be missing at the start and change later; always so in vipd"},
	{"vrrp_version", OPTION_UNSIGNED, GLOBAL(vrrp_version), .flags = DEFAULT, .min = 2,
	 .max = 3, .initial = 2, .help = "VRRP version of instances that do not say"},
	{"vrrp_mcast_group4", OPTION_CUSTOM, OPTION_FIELD(draft_global, model.mcast_group4),
	 .reload = OPTION_RESTART, .flags = FIELD, .min = 1, .max = 1, .apply = read_mcast_group4,
	 .dump = dump_mcast_group4, .argument = "ADDRESS",
	 .help = "destination of IPv4 adverts; 224.0.0.18 by default"},
	{"vrrp_mcast_group6", OPTION_CUSTOM, OPTION_FIELD(draft_global, model.mcast_group6),
	 .reload = OPTION_RESTART, .flags = FIELD, .min = 1, .max = 1, .apply = read_mcast_group6,
	 .dump = dump_mcast_group6, .argument = "ADDRESS",
	 .help = "destination of IPv6 adverts; ff02::12 by default"},
	{"disable_local_igmp", OPTION_FLAG, REFUSED(disable_local_igmp), .flags = FIELD,
	 .value = true, .help = "the kernel sends no IGMP reports for the VRRP group"},
	{"vrrp_garp_master_delay", OPTION_TIME, GLOBAL(garp_delay_us),
	 .flags = DEFAULT | OPTION_WHOLE, .min = 0, .max = DELAY_WHOLE_US, .initial = 5000000,
	 .help = "second burst of gratuitous ARP after becoming master; 0: none"},
	{"vrrp_garp_master_repeat", OPTION_UNSIGNED, GLOBAL(garp_repeat), .flags = DEFAULT,
	 .min = 0, .max = UINT32_MAX, .initial = 5,
	 .help = "gratuitous ARPs of a burst; 0 means 1"},
	{"vrrp_garp_master_refresh", OPTION_TIME, GLOBAL(garp_refresh_us),
	 .flags = DEFAULT | OPTION_WHOLE, .min = 0, .max = SECONDS_MAX_US,
	 .help = "interval of refreshing gratuitous ARPs while master; 0: none"},
	{"vrrp_garp_master_refresh_repeat", OPTION_UNSIGNED, GLOBAL(garp_refresh_repeat),
	 .flags = DEFAULT, .min = 0, .max = UINT32_MAX, .initial = 1,
	 .help = "gratuitous ARPs of a refresh; 0 means 1"},
	{"vrrp_garp_lower_prio_delay", OPTION_TIME, GLOBAL(garp_lower_prio_delay_us),
	 .flags = FIELD | OPTION_WHOLE, .min = 0, .max = DELAY_WHOLE_US,
	 .help = "second burst after an advert of lower priority; the master delay by default"},
	{"vrrp_garp_lower_prio_repeat", OPTION_UNSIGNED, GLOBAL(garp_lower_prio_repeat),
	 .flags = FIELD, .min = 0, .max = INT32_MAX,
	 .help = "gratuitous ARPs of such a burst; the master repeat by default"},
	{"vrrp_garp_interval", OPTION_TIME, GLOBAL(garp_interval_us), .flags = FIELD, .min = 1,
	 .max = DELAY_MAX_US, .dump = dump_garp_interval,
	 .help = "least distance between gratuitous ARPs on an interface; none by default"},
	{"vrrp_gna_interval", OPTION_TIME, GLOBAL(gna_interval_us), .flags = FIELD, .min = 1,
	 .max = DELAY_MAX_US, .dump = dump_gna_interval,
	 .help = "the same for unsolicited neighbour advertisements of IPv6"},
	{"vrrp_min_garp", OPTION_BOOL, GLOBAL(min_garp), .flags = DEFAULT,
	 .help = "one gratuitous ARP and no second burst, where not set otherwise"},
	{"vrrp_garp_extra_if", OPTION_CUSTOM, GLOBAL(garp_extra_if_us), .flags = FIELD, .min = 1,
	 .max = 2, .apply = read_extra_if, .dump = dump_nothing, .argument = "[all] SECONDS",
	 .help = "interval of gratuitous ARP on other interfaces that carry addresses of an "
		 "instance, from 1 to 86400: on its own virtual ones, or on all"},
	{"vrrp_vmac_garp_intvl", OPTION_ALIAS, .alias_of = "vrrp_garp_extra_if",
	 .flags = OPTION_DEPRECATED},
	{"vrrp_down_timer_adverts", OPTION_UNSIGNED, GLOBAL(down_timer_adverts), .flags = DEFAULT,
	 .min = 1, .max = 100, .initial = 3,
	 .help = "missed adverts until the master is taken for dead"},
	{"vrrp_lower_prio_no_advert", OPTION_BOOL, GLOBAL(lower_prio_no_advert), .flags = DEFAULT,
	 .help = "do not answer adverts of lower priority"},
	{"vrrp_higher_prio_send_advert", OPTION_BOOL, GLOBAL(higher_prio_send_advert),
	 .flags = DEFAULT, .help = "a last advert before yielding to a higher priority"},
	{"vrrp_owner_ignore_adverts", OPTION_BOOL, GLOBAL(owner_ignore_adverts), .flags = DEFAULT,
	 .help = "an address owner (priority 255) does not look at adverts of others"},
	{"vrrp_check_unicast_src", OPTION_FLAG, GLOBAL(check_unicast_src), .flags = FIELD,
	 .value = true, .help = "drop unicast adverts that come from no configured peer"},
	{"vrrp_skip_check_adv_addr", OPTION_BOOL, GLOBAL(skip_check_adv_addr), .flags = DEFAULT,
	 .help = "compare the addresses of an advert only when another master sends it"},
	{"vrrp_strict", OPTION_BOOL, GLOBAL(strict), .flags = DEFAULT,
	 .help = "refuse what the VRRP standards do not allow"},
	{"v3_checksum_as_v2", OPTION_FLAG, GLOBAL(v3_checksum_as_v2), .flags = FIELD, .value = true,
	 .help = "checksum of version 3 over IPv4 without a pseudo header"},
	{"vrrp_notify_priority_changes", OPTION_BOOL, GLOBAL(notify_priority_changes),
	 .flags = DEFAULT, .help = "tell scripts and FIFOs of changed effective priorities"},
	{"vrrp_startup_delay", OPTION_TIME, MODEL(startup_delay_us), .flags = FIELD,
	 .min = TIME_LEAST_US, .max = DELAY_MAX_US, .help = "VRRP waits so long after the start"},
	{"vrrp_delay_after_boot", OPTION_TIME, MODEL(delay_after_boot_us), .flags = FIELD,
	 .min = TIME_LEAST_US, .max = DELAY_MAX_US,
	 .help = "VRRP waits until the system has been up so long"},
	{"log_unknown_vrids", OPTION_FLAG, MODEL(log_unknown_vrids), .flags = FIELD, .value = true,
	 .help = "log the first advert of each virtual router that is not configured"},
	{"vmac_prefix", OPTION_STRING, MODEL(vmac_prefix), .flags = FIELD, .max = IFNAMSIZ - 1,
	 .help = "how names of interfaces made for use_vmac begin; vrrp by default"},
	{"vmac_addr_prefix", OPTION_STRING, MODEL(vmac_addr_prefix), .flags = FIELD,
	 .max = IFNAMSIZ - 1, .help = "the same for use_vmac_addr; as vmac_prefix by default"},
	{.name = NULL},
};
