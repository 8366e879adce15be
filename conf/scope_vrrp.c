/* SPDX-License-Identifier: MIT */
/*
 * vrrp_instance. Runs in the thread that loads. Source: keepalived.conf(5), VRRPD CONFIGURATION.
 */
#include <string.h>

#include "conf/dump.h"
#include "conf/scope_static.h"
#include "conf/scope_vrrp.h"
#include "conf/scopes.h"
#include "conf/value.h"
#include "core/base/clock.h"

#define FIELD	OPTION_HAS_FIELD
#define DEFAULT (OPTION_HAS_FIELD | OPTION_HAS_DEFAULT)

/* ---- vrrp_instance ---- */

static void *begin_instance(struct build *build, const struct node *node, void *parent)
{
	char *name = scope_block_name(build, node);
	struct draft_instance *instance;

	(void)parent;
	if (!name)
		return NULL;
	instance = items_add(&build->instances, build->scratch, sizeof(*instance));
	build_fill_defaults(&scope_instance, instance);
	instance->model.name = name;
	instance->model.line = node->place.line;
	instance->model.group = CONF_NONE;
	instance->node = node;
	return instance;
}

static void dump_source(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;
	char text[IP_TEXT_MAX];

	if (ip_is_set(&instance->source))
		dump_line(dump, "%s %s", row->name, ip_format(&instance->source, text));
}

static void read_mcast_group(struct build *build, const struct node *node, void *draft)
{
	struct draft_instance *instance = draft;
	struct ip ip;

	if (!value_address(build, node, 1, "'mcast_dst_ip'", &ip))
		return;
	if (ip_is_multicast(&ip))
		instance->model.mcast_group = ip;
	else
		build_error(build, node, 1,
			    "'mcast_dst_ip' must be a multicast address, not '%.64s'",
			    node->words[1].text);
}

static void dump_mcast_group(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;
	char text[IP_TEXT_MAX];

	if (ip_is_set(&instance->mcast_group))
		dump_line(dump, "%s %s", row->name, ip_format(&instance->mcast_group, text));
}

static void dump_no_address(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;

	if (!instance->n_addresses)
		dump_line(dump, "%s", row->name);
}

static void dump_interface(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;

	if (*instance->interface)
		dump_line(dump, "%s %s", row->name, dump_word(dump, instance->interface));
}

/* Without peers the word would be said to be needless. */
static void dump_unicast_ttl(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;

	if (instance->n_peers && instance->unicast_ttl != row->initial)
		dump_line(dump, "%s %u", row->name, instance->unicast_ttl);
}

static void read_old_checksum(struct build *build, const struct node *node, void *draft)
{
	struct draft_instance *instance = draft;

	if (node->n_words < 2)
		instance->model.old_checksum = CONF_OLD_CHECKSUM_ALWAYS;
	else if (strcmp(node->words[1].text, "never") == 0)
		instance->model.old_checksum = CONF_OLD_CHECKSUM_NEVER;
	else
		build_error(build, node, 1, "'%s' takes never or nothing, not '%.64s'",
			    node->row->name, node->words[1].text);
}

static void dump_old_checksum(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;

	if (instance->old_checksum != CONF_OLD_CHECKSUM_AUTO)
		dump_line(dump, "%s%s", row->name,
			  instance->old_checksum == CONF_OLD_CHECKSUM_NEVER ? " never" : "");
}

#define EXTRA_IF_MAX_S 86400

/* [all] SECONDS */
static void read_garp_extra_if(struct build *build, const struct node *node, void *draft)
{
	struct draft_instance *instance = draft;
	bool all = strcmp(node->words[1].text, "all") == 0;
	uint64_t seconds;

	if (!value_unsigned(build, node, all ? 2 : 1, "the interval", 0, EXTRA_IF_MAX_S, &seconds))
		return;
	instance->model.garp_extra_if_us = seconds * USEC_PER_SEC;
	instance->model.garp_extra_if_all = all;
}

static void dump_garp_extra_if(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;
	char text[VALUE_TIME_MAX];

	if (instance->garp_extra_if_us)
		dump_line(dump, "%s%s %s", row->name, instance->garp_extra_if_all ? " all" : "",
			  value_format_time(instance->garp_extra_if_us, text));
}

#define OTHER_MAX 254

static void read_timer_expired(struct build *build, const struct node *node, void *draft)
{
	struct draft_instance *instance = draft;
	uint64_t priority = OTHER_MAX;

	if (node->n_words > 1 &&
	    !value_unsigned(build, node, 1, "the priority", 1, OTHER_MAX, &priority))
		return;
	instance->model.timer_expired_backup = (uint8_t)priority;
}

static void dump_timer_expired(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;

	if (instance->timer_expired_backup)
		dump_line(dump, "%s %u", row->name, instance->timer_expired_backup);
}

/* Alone it changes only the word that is told. */
static void read_notify_deleted(struct build *build, const struct node *node, void *draft)
{
	struct draft_instance *instance = draft;

	if (node->n_words > 1 && !value_command(build, node, true, &instance->model.notify.deleted))
		return;
	instance->model.notify_deleted = true;
}

static void dump_notify_deleted(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;

	if (instance->notify_deleted)
		dump_command(dump, row->name, &instance->notify.deleted);
}

static const struct option_choice states[] = {
	{"MASTER", CONF_STATE_MASTER}, {"BACKUP", CONF_STATE_BACKUP}, {NULL, 0}};

#define INSTANCE(member) OPTION_FIELD(draft_instance, model.member), .reload = OPTION_IN_PLACE
#define RESTARTS(member) OPTION_FIELD(draft_instance, model.member), .reload = OPTION_RESTART

static const struct option instance_rows[] = {
	{"state", OPTION_CHOICE, INSTANCE(state),
	 .flags = DEFAULT | OPTION_IGNORE_CASE | OPTION_CASE_WARNED, .choices = states,
	 .initial = CONF_STATE_BACKUP, .help = "expected role; election decides"},
	{"interface", OPTION_INTERFACE, RESTARTS(interface), .flags = FIELD, .dump = dump_interface,
	 .help = "interface of adverts and addresses; needed unless unicast with unicast_src_ip"},
	{"virtual_router_id", OPTION_UNSIGNED, RESTARTS(vrid), .flags = FIELD | OPTION_REQUIRED,
	 .min = 1, .max = 255, .help = "the same on all nodes, unique on the link"},
	{"priority", OPTION_UNSIGNED, INSTANCE(priority), .flags = DEFAULT, .min = 1, .max = 255,
	 .initial = 100, .help = "the highest becomes master; 255: address owner"},
	{"version", OPTION_UNSIGNED, RESTARTS(version), .flags = FIELD, .min = 2, .max = 3,
	 .help = "of VRRP"},
	{"advert_int", OPTION_TIME, INSTANCE(advert_us), .flags = DEFAULT, .min = 10000,
	 .max = 255000000, .initial = 1000000,
	 .help = "interval of adverts; whole seconds in version 2"},
	{"mcast_src_ip", OPTION_ADDRESS, INSTANCE(source), .flags = FIELD, .dump = dump_source,
	 .help = "source of adverts; the interface's primary address by default"},
	{"unicast_src_ip", OPTION_ALIAS, .alias_of = "mcast_src_ip"},
	{"mcast_dst_ip", OPTION_CUSTOM, RESTARTS(mcast_group), .flags = FIELD, .min = 1, .max = 1,
	 .apply = read_mcast_group, .dump = dump_mcast_group, .argument = "ADDRESS",
	 .help = "destination of adverts; the global group by default"},
	{"track_src_ip", OPTION_FLAG, RESTARTS(track_src_ip), .flags = FIELD, .value = true,
	 .needs = "mcast_src_ip", .help = "the source address going away is a fault"},
	{"unicast_peer", OPTION_BLOCK, .block = &scope_peers, .dump = dump_peers,
	 .help = "adverts go to these addresses instead of the group; one per line, with min_ttl N "
		 "and max_ttl N adverts of other TTLs are dropped"},
	{"unicast_ttl", OPTION_UNSIGNED, INSTANCE(unicast_ttl), .flags = DEFAULT, .min = 0,
	 .max = 255, .initial = 255, .dump = dump_unicast_ttl, .help = "TTL of unicast adverts"},
	{"unicast_fault_no_peer", OPTION_FLAG, INSTANCE(unicast_fault_no_peer), .flags = FIELD,
	 .value = true, .help = "having no peer is a fault instead of a reason to use multicast"},
	{"check_unicast_src", OPTION_FLAG, INSTANCE(check_unicast_src), .flags = FIELD,
	 .value = true, .help = "drop unicast adverts from anyone but the peers"},
	{"old_unicast_checksum", OPTION_CUSTOM, INSTANCE(old_checksum), .flags = FIELD, .min = 0,
	 .max = 1, .apply = read_old_checksum, .dump = dump_old_checksum, .argument = "[never]",
	 .help = "use the checksum of keepalived before 1.3.6 in unicast adverts of version 3; "
		 "never: not even towards a peer that does"},
	{"v3_checksum_as_v2", OPTION_BOOL, INSTANCE(v3_checksum_as_v2), .flags = FIELD,
	 .help = "leave the addresses of the IP header out of the checksum of version 3 over IPv4"},
	{"use_vmac", OPTION_CUSTOM, RESTARTS(vmac), .flags = FIELD, .min = 0, .max = 6,
	 .apply = read_vmac, .dump = dump_vmac,
	 .argument = "[[NAME] INTERFACE] [MAC] [netlink_notify_msg] [group N]",
	 .help = "run on a macvlan interface that has the virtual router's MAC address"},
	{"use_ipvlan", OPTION_CUSTOM, RESTARTS(vmac), .flags = FIELD, .min = 0, .max = 6,
	 .apply = read_ipvlan, .dump = dump_ipvlan,
	 .argument = "[[NAME] INTERFACE] [ADDRESS] [bridge|private|vepa] [group N]",
	 .help = "send adverts from an ipvlan interface, in bridge mode by default; for IPv4 it "
		 "needs an "
		 "address of its own; all above one interface have the mode of the first"},
	{"use_vmac_addr", OPTION_FLAG, RESTARTS(use_vmac_addr), .flags = FIELD, .value = true,
	 .help = "macvlan interfaces also for addresses on other interfaces"},
	{"vmac_xmit_base", OPTION_FLAG, RESTARTS(xmit_base), .flags = FIELD, .value = true,
	 .help = "adverts leave from and arrive at the interface below the macvlan"},
	{"vrf", OPTION_INTERFACE, RESTARTS(vrf), .flags = FIELD,
	 .help = "VRF of a unicast instance without an interface; else it uses all interfaces"},
	{"authentication", OPTION_BLOCK, .block = &scope_auth, .flags = OPTION_SECRET,
	 .dump = dump_auth, .help = "VRRP version 2 only"},
	{"auth_hmac", OPTION_BLOCK, .block = &scope_hmac, .flags = OPTION_SECRET, .dump = dump_hmac,
	 .help = "adverts carry an HMAC, an extension of keepalived 2.4"},
	{"strict_mode", OPTION_BOOL, INSTANCE(strict), .flags = FIELD,
	 .help = "keep to the RFC and drop settings that go beyond it"},
	{"preempt", OPTION_FLAG, INSTANCE(preempt), .flags = DEFAULT | OPTION_REPEATABLE,
	 .value = true, .initial = true,
	 .help = "take over from a master of lower priority (the default)"},
	{"nopreempt", OPTION_FLAG, INSTANCE(preempt), .flags = FIELD | OPTION_REPEATABLE,
	 .value = false, .help = "leave a living master alone whatever its priority"},
	{"preempt_delay", OPTION_TIME, INSTANCE(preempt_delay_us), .flags = DEFAULT, .min = 0,
	 .max = 1000000000,
	 .help = "wait so long before taking over from a living master of lower priority"},
	{"accept", OPTION_FLAG, INSTANCE(accept), .flags = DEFAULT | OPTION_REPEATABLE,
	 .value = true, .initial = true,
	 .help = "the addresses accept local traffic (the default)"},
	{"no_accept", OPTION_FLAG, INSTANCE(accept), .flags = FIELD | OPTION_REPEATABLE,
	 .value = false,
	 .help = "the addresses do not accept local traffic unless owned, that of IPVS neither"},
	{"dont_track_primary", OPTION_FLAG, INSTANCE(dont_track_primary), .flags = FIELD,
	 .value = true, .help = "the interface going down is no fault"},
	{"lower_prio_no_advert", OPTION_BOOL, INSTANCE(lower_prio_no_advert), .flags = FIELD,
	 .help = "do not answer adverts of lower priority"},
	{"higher_prio_send_advert", OPTION_BOOL, INSTANCE(higher_prio_send_advert), .flags = FIELD,
	 .help = "a last advert before yielding to a higher priority"},
	{"owner_ignore_adverts", OPTION_BOOL, INSTANCE(owner_ignore_adverts), .flags = FIELD,
	 .help = "an address owner that is master pays no attention to adverts"},
	{"skip_check_adv_addr", OPTION_BOOL, INSTANCE(skip_check_adv_addr), .flags = FIELD,
	 .help = "compare the addresses of an advert only when the master is another one than "
		 "before"},
	{"timer_expired_backup", OPTION_CUSTOM, INSTANCE(timer_expired_backup), .flags = FIELD,
	 .min = 0, .max = 1, .apply = read_timer_expired, .dump = dump_timer_expired,
	 .argument = "[PRIORITY]",
	 .help = "a master that could not run for so long that a router of that priority, 1..254, "
		 "by default 254, must have taken over, leaves it the addresses; needs nopreempt"},
	{"thread_timer_expired", OPTION_ALIAS, .alias_of = "timer_expired_backup"},
	{"down_timer_adverts", OPTION_UNSIGNED, INSTANCE(down_timer_adverts), .flags = FIELD,
	 .min = 1, .max = 100, .help = "missed adverts until the master is taken for dead"},
	{"garp_master_delay", OPTION_TIME, INSTANCE(garp_delay_us), .flags = FIELD | OPTION_WHOLE,
	 .min = 0, .max = DELAY_WHOLE_US, .help = "as vrrp_garp_master_delay"},
	{"garp_master_repeat", OPTION_UNSIGNED, INSTANCE(garp_repeat), .flags = FIELD, .min = 0,
	 .max = UINT32_MAX, .help = "as vrrp_garp_master_repeat"},
	{"garp_master_refresh", OPTION_TIME, INSTANCE(garp_refresh_us),
	 .flags = FIELD | OPTION_WHOLE, .min = 0, .max = SECONDS_MAX_US,
	 .help = "as vrrp_garp_master_refresh"},
	{"garp_master_refresh_repeat", OPTION_UNSIGNED, INSTANCE(garp_refresh_repeat),
	 .flags = FIELD, .min = 0, .max = UINT32_MAX, .help = "as vrrp_garp_master_refresh_repeat"},
	{"garp_lower_prio_delay", OPTION_TIME, INSTANCE(garp_lower_prio_delay_us),
	 .flags = FIELD | OPTION_WHOLE, .min = 0, .max = DELAY_WHOLE_US,
	 .help = "as vrrp_garp_lower_prio_delay"},
	{"garp_lower_prio_repeat", OPTION_UNSIGNED, INSTANCE(garp_lower_prio_repeat),
	 .flags = FIELD, .min = 0, .max = INT32_MAX, .help = "as vrrp_garp_lower_prio_repeat"},
	{"garp_extra_if", OPTION_CUSTOM, INSTANCE(garp_extra_if_us), .flags = FIELD, .min = 1,
	 .max = 2, .apply = read_garp_extra_if, .dump = dump_garp_extra_if,
	 .argument = "[all] SECONDS",
	 .help = "seconds, 0..86400, between gratuitous ARPs of a master on macvlans that send no "
		 "adverts, all: on every other interface of the addresses; 0: none"},
	{"vmac_garp_intvl", OPTION_ALIAS, .alias_of = "garp_extra_if", .flags = OPTION_DEPRECATED},
	{"promote_secondaries", OPTION_FLAG, INSTANCE(promote_secondaries), .flags = FIELD,
	 .value = true,
	 .help = "set the sysctl that keeps secondary addresses when the first one goes"},
	{"kernel_rx_buf_size", OPTION_UNSIGNED, INSTANCE(rx_buffer), .flags = DEFAULT, .min = 0,
	 .max = UINT32_MAX, .help = "octets of the receive buffer; 0: by vrrp_rx_bufs_policy"},
	{"linkbeat_use_polling", OPTION_FLAG, RESTARTS(linkbeat), .flags = FIELD, .value = true,
	 .help = "poll the state of the interface; linkbeat_interfaces is preferred"},
	{"debug", OPTION_OBSOLETE, .help = "it never had an effect in keepalived either"},
	{"virtual_ipaddress", OPTION_BLOCK, .block = &scope_address, .dump = dump_addresses,
	 .help = "addresses, advertised; one per line"},
	{"virtual_ipaddress_excluded", OPTION_BLOCK, .block = &scope_excluded,
	 .dump = dump_excluded, .help = "addresses set with the others but not advertised"},
	{"virtual_routes", OPTION_BLOCK, INSTANCE(routes), .block = &scope_routes,
	 .dump = dump_routes, .help = "routes set while the instance is master; one per line"},
	{"virtual_rules", OPTION_BLOCK, INSTANCE(rules), .block = &scope_rules, .dump = dump_rules,
	 .help = "routing rules set while the instance is master; one per line"},
	{"no_virtual_ipaddress", OPTION_FLAG, OPTION_FIELD(draft_instance, no_virtual_address),
	 .flags = FIELD, .value = true, .dump = dump_no_address,
	 .help = "having no address is meant"},
	{"track_interface", OPTION_BLOCK, .block = &scope_instance_interface,
	 .dump = dump_instance_tracks, .help = "interfaces, each with an optional weight"},
	{"track_script", OPTION_BLOCK, .block = &scope_instance_script,
	 .dump = dump_instance_tracks, .help = "scripts, each with an optional weight"},
	{"track_file", OPTION_BLOCK, .block = &scope_instance_file, .dump = dump_instance_tracks,
	 .help = "files, each with an optional weight"},
	{"track_process", OPTION_BLOCK, .block = &scope_instance_process,
	 .dump = dump_instance_tracks, .help = "processes, each with an optional weight"},
	{"track_bfd", OPTION_BLOCK, .block = &scope_instance_bfd, .dump = dump_instance_tracks,
	 .help = "BFD sessions, each with an optional weight"},
	{"notify_master", OPTION_COMMAND, INSTANCE(notify.master), .flags = FIELD,
	 .help = "run on becoming master"},
	{"notify_backup", OPTION_COMMAND, INSTANCE(notify.backup), .flags = FIELD,
	 .help = "run on becoming backup"},
	{"notify_fault", OPTION_COMMAND, INSTANCE(notify.fault), .flags = FIELD,
	 .help = "run on a fault"},
	{"notify_stop", OPTION_COMMAND, INSTANCE(notify.stop), .flags = FIELD,
	 .help = "run when vipd stops"},
	{"notify_deleted", OPTION_COMMAND, INSTANCE(notify.deleted), .flags = FIELD | OPTION_BARE,
	 .apply = read_notify_deleted, .dump = dump_notify_deleted,
	 .argument = "[COMMAND [USER [GROUP]]]",
	 .help = "when a reload removes the instance, tell DELETED instead of FAULT, and run this"},
	{"notify", OPTION_COMMAND, INSTANCE(notify.any), .flags = FIELD,
	 .help = "run on every change with kind, name, state and priority"},
	{"notify_master_rx_lower_pri", OPTION_COMMAND, INSTANCE(notify.master_rx_lower_pri),
	 .flags = FIELD, .help = "run when a master hears a lower priority"},
	{"smtp_alert", OPTION_BOOL, INSTANCE(smtp_alert), .flags = DEFAULT, .initial = CONF_UNSET,
	 .help = "mail on state changes"},
	{"notify_priority_changes", OPTION_BOOL, INSTANCE(notify_priority_changes), .flags = FIELD,
	 .help = "tell changes of the priority, too"},
	{"native_ipv6", OPTION_OBSOLETE, .help = "the addresses decide"},
	{"lvs_sync_daemon_interface", OPTION_OBSOLETE,
	 .help = "it belongs in global_defs as lvs_sync_daemon"},
	{.name = NULL},
};

const struct option_scope scope_instance = {
	.name = "vrrp_instance",
	.tables = {instance_rows},
	.model_size = sizeof(struct conf_instance),
	.begin = begin_instance,
};
