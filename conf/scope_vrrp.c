/* SPDX-License-Identifier: MIT */
/*
 * vrrp_instance, vrrp_sync_group, vrrp_script. Sources: keepalived.conf(5), VRRPD CONFIGURATION.
 */
#include <linux/rtnetlink.h>
#include <string.h>

#include "conf/dump.h"
#include "conf/scope_vrrp.h"
#include "conf/scopes.h"
#include "conf/value.h"

#define FIELD	OPTION_HAS_FIELD
#define DEFAULT (OPTION_HAS_FIELD | OPTION_HAS_DEFAULT)

/* The name behind a block keyword, NULL (and said so) when there is none. */
static char *block_name(struct build *build, const struct node *node)
{
	if (node->n_words < 2 || !*node->words[1].text) {
		build_error(build, node, 0, "'%s' needs a name", node->words[0].text);
		return NULL;
	}
	if (strlen(node->words[1].text) > 255) {
		build_error(build, node, 1, "a name must not be longer than 255 octets");
		return NULL;
	}
	if (node->n_words > 2)
		build_warn(build, node, 2, "'%s' takes one name; '%.64s' is ignored",
			   node->words[0].text, node->words[2].text);
	return arena_strdup(build->arena, node->words[1].text);
}

/* ---- vrrp_script ---- */

static void *begin_script(struct build *build, const struct node *node, void *parent)
{
	char *name = block_name(build, node);
	struct draft_script *script;

	(void)parent;
	if (!name)
		return NULL;
	script = items_add(&build->scripts, build->scratch, sizeof(*script));
	build_fill_defaults(&scope_script, script);
	script->model.name = name;
	script->node = node;
	return script;
}

static void read_script_weight(struct build *build, const struct node *node, void *draft)
{
	struct draft_script *script = draft;
	int64_t weight;

	if (!value_signed(build, node, 1, "'weight'", -253, 253, &weight))
		return;
	if (node->n_words > 2 && strcmp(node->words[2].text, "reverse") != 0) {
		build_error(build, node, 2,
			    "behind the weight only 'reverse' may follow, not '%.64s'",
			    node->words[2].text);
		return;
	}
	script->model.weight = (int16_t)weight;
	script->model.reverse = node->n_words > 2;
}

static void dump_script_weight(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_script *script = model;

	dump_line(dump, "%s %d%s", row->name, script->weight, script->reverse ? " reverse" : "");
}

static void read_user(struct build *build, const struct node *node, void *draft)
{
	struct draft_script *script = draft;

	script->model.command.user = arena_strdup(build->arena, node->words[1].text);
	script->model.command.group =
		node->n_words > 2 ? arena_strdup(build->arena, node->words[2].text) : NULL;
}

static void read_script(struct build *build, const struct node *node, void *draft)
{
	struct draft_script *script = draft;
	struct conf_command command;

	if (!value_command(build, node, false, &command))
		return;
	script->model.command.text = command.text;
	script->model.command.argv = command.argv;
}

static void dump_script(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_script *script = model;

	dump_line(dump, "%s %s", row->name, dump_word(dump, script->command.text));
}

static void dump_user(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_command *command = &((const struct conf_script *)model)->command;

	if (command->user)
		dump_line(dump, "%s %s%s%s", row->name, dump_word(dump, command->user),
			  command->group ? " " : "",
			  command->group ? dump_word(dump, command->group) : "");
}

static void end_script(struct build *build, const struct node *node, void *draft)
{
	struct draft_script *script = draft;

	(void)build;
	if (!script->model.interval_us)
		script->model.interval_us = 1000000;
	if (!tree_setter(node, offsetof(struct draft_script, model.timeout_us)) ||
	    !script->model.timeout_us)
		script->model.timeout_us = script->model.interval_us;
}

#define SCRIPT(member)	    OPTION_FIELD(draft_script, model.member), .reload = OPTION_IN_PLACE
#define SCRIPT_ANEW(member) OPTION_FIELD(draft_script, model.member), .reload = OPTION_RESTART

static const struct option script_rows[] = {
	{"script", OPTION_COMMAND, SCRIPT_ANEW(command),
	 .flags = FIELD | OPTION_REQUIRED | OPTION_NO_USER, .apply = read_script,
	 .dump = dump_script, .help = "what to run; exit status 0 is success"},
	{"interval", OPTION_TIME, SCRIPT(interval_us), .flags = DEFAULT, .min = 0,
	 .max = TIME_MAX_US, .initial = 1000000, .help = "time from start to start; 0 means 1"},
	{"timeout", OPTION_TIME, SCRIPT(timeout_us), .flags = FIELD, .min = 0, .max = TIME_MAX_US,
	 .help = "a run that takes longer has failed; the interval by default"},
	{"weight", OPTION_CUSTOM, SCRIPT(weight), .flags = FIELD, .min = 1, .max = 2,
	 .apply = read_script_weight, .dump = dump_script_weight, .argument = "N [reverse]",
	 .help = "-253..253: added to the priority on success, negative on failure; 0: failure is "
		 "FAULT"},
	{"rise", OPTION_UNSIGNED, SCRIPT_ANEW(rise), .flags = DEFAULT, .min = 1, .max = INT32_MAX,
	 .initial = 1, .help = "successes in a row until it counts as good"},
	{"fall", OPTION_UNSIGNED, SCRIPT_ANEW(fall), .flags = DEFAULT, .min = 1, .max = INT32_MAX,
	 .initial = 1, .help = "failures in a row until it counts as bad"},
	{"user", OPTION_CUSTOM, SCRIPT_ANEW(command.user), .flags = FIELD, .min = 1, .max = 2,
	 .apply = read_user, .dump = dump_user, .argument = "USER [GROUP]",
	 .help = "account it runs as"},
	{"init_fail", OPTION_FLAG, SCRIPT_ANEW(init_fail), .flags = FIELD, .value = true,
	 .help = "bad until the first success"},
	{.name = NULL},
};

const struct option_scope scope_script = {
	.name = "vrrp_script",
	.tables = {script_rows},
	.model_size = sizeof(struct conf_script),
	.begin = begin_script,
	.end = end_script,
};

/* ---- vrrp_instance ---- */

static void *begin_instance(struct build *build, const struct node *node, void *parent)
{
	char *name = block_name(build, node);
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

static void dump_auth(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;
	char pass[9] = "";

	if (instance->auth == CONF_AUTH_NONE)
		return;
	memcpy(pass, instance->auth_pass, 8);
	dump_open(dump, "%s", row->name);
	dump_line(dump, "auth_type %s", instance->auth == CONF_AUTH_AH ? "AH" : "PASS");
	dump_line(dump, "auth_pass %s", dump_word(dump, pass));
	dump_close(dump);
}

static void dump_source(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_instance *instance = model;
	char text[IP_TEXT_MAX];

	if (ip_is_set(&instance->source))
		dump_line(dump, "%s %s", row->name, ip_format(&instance->source, text));
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

static const struct option_choice states[] = {
	{"MASTER", CONF_STATE_MASTER}, {"BACKUP", CONF_STATE_BACKUP}, {NULL, 0}};

#define INSTANCE(member) OPTION_FIELD(draft_instance, model.member), .reload = OPTION_IN_PLACE
#define RESTARTS(member) OPTION_FIELD(draft_instance, model.member), .reload = OPTION_RESTART

static const struct option instance_rows[] = {
	{"state", OPTION_CHOICE, INSTANCE(state), .flags = DEFAULT | OPTION_IGNORE_CASE,
	 .choices = states, .initial = CONF_STATE_BACKUP,
	 .help = "expected role; election decides"},
	{"interface", OPTION_INTERFACE, RESTARTS(interface), .flags = FIELD | OPTION_REQUIRED,
	 .help = "interface of adverts and addresses"},
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
	{"mcast_dst_ip", OPTION_ADDRESS, RESTARTS(mcast_group), .flags = FIELD,
	 .dump = dump_mcast_group, .help = "destination of adverts; the global group by default"},
	{"unicast_peer", OPTION_BLOCK, .block = &scope_peers, .dump = dump_peers,
	 .help = "adverts go to these addresses instead of the group; one per line"},
	{"authentication", OPTION_BLOCK, .block = &scope_auth, .flags = OPTION_SECRET,
	 .dump = dump_auth, .help = "VRRP version 2 only"},
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
	 .value = false, .help = "the addresses do not accept local traffic unless owned"},
	{"dont_track_primary", OPTION_FLAG, INSTANCE(dont_track_primary), .flags = FIELD,
	 .value = true, .help = "the interface going down is no fault"},
	{"lower_prio_no_advert", OPTION_BOOL, INSTANCE(lower_prio_no_advert), .flags = FIELD,
	 .help = "do not answer adverts of lower priority"},
	{"higher_prio_send_advert", OPTION_BOOL, INSTANCE(higher_prio_send_advert), .flags = FIELD,
	 .help = "a last advert before yielding to a higher priority"},
	{"down_timer_adverts", OPTION_UNSIGNED, INSTANCE(down_timer_adverts), .flags = FIELD,
	 .min = 1, .max = 100, .help = "missed adverts until the master is taken for dead"},
	{"garp_master_delay", OPTION_TIME, INSTANCE(garp_delay_us), .flags = FIELD, .min = 0,
	 .max = TIME_MAX_US, .help = "as vrrp_garp_master_delay"},
	{"garp_master_repeat", OPTION_UNSIGNED, INSTANCE(garp_repeat), .flags = FIELD, .min = 0,
	 .max = UINT32_MAX, .help = "as vrrp_garp_master_repeat"},
	{"garp_master_refresh", OPTION_TIME, INSTANCE(garp_refresh_us), .flags = FIELD, .min = 0,
	 .max = TIME_MAX_US, .help = "as vrrp_garp_master_refresh"},
	{"garp_master_refresh_repeat", OPTION_UNSIGNED, INSTANCE(garp_refresh_repeat),
	 .flags = FIELD, .min = 0, .max = UINT32_MAX, .help = "as vrrp_garp_master_refresh_repeat"},
	{"garp_lower_prio_delay", OPTION_TIME, INSTANCE(garp_lower_prio_delay_us), .flags = FIELD,
	 .min = 0, .max = TIME_MAX_US, .help = "as vrrp_garp_lower_prio_delay"},
	{"garp_lower_prio_repeat", OPTION_UNSIGNED, INSTANCE(garp_lower_prio_repeat),
	 .flags = FIELD, .min = 0, .max = UINT32_MAX, .help = "as vrrp_garp_lower_prio_repeat"},
	{"virtual_ipaddress", OPTION_BLOCK, .block = &scope_address, .dump = dump_addresses,
	 .help = "addresses, advertised; one per line"},
	{"virtual_ipaddress_excluded", OPTION_BLOCK, .block = &scope_excluded,
	 .dump = dump_excluded, .help = "addresses set with the others but not advertised"},
	{"no_virtual_ipaddress", OPTION_FLAG, OPTION_FIELD(draft_instance, no_virtual_address),
	 .flags = FIELD, .value = true, .dump = dump_no_address,
	 .help = "having no address is meant"},
	{"track_script", OPTION_BLOCK, .block = &scope_track_script, .dump = dump_track_scripts,
	 .help = "scripts, each with an optional weight"},
	{"track_interface", OPTION_BLOCK, .block = &scope_track_interface,
	 .dump = dump_track_interfaces, .help = "interfaces, each with an optional weight"},
	{"notify_master", OPTION_COMMAND, INSTANCE(notify.master), .flags = FIELD,
	 .help = "run on becoming master"},
	{"notify_backup", OPTION_COMMAND, INSTANCE(notify.backup), .flags = FIELD,
	 .help = "run on becoming backup"},
	{"notify_fault", OPTION_COMMAND, INSTANCE(notify.fault), .flags = FIELD,
	 .help = "run on a fault"},
	{"notify_stop", OPTION_COMMAND, INSTANCE(notify.stop), .flags = FIELD,
	 .help = "run when vipd stops"},
	{"notify", OPTION_COMMAND, INSTANCE(notify.any), .flags = FIELD,
	 .help = "run on every change with kind, name, state and priority"},
	{"notify_master_rx_lower_pri", OPTION_COMMAND, INSTANCE(notify.master_rx_lower_pri),
	 .flags = FIELD, .help = "run when a master hears a lower priority"},
	{"smtp_alert", OPTION_BOOL, INSTANCE(smtp_alert), .flags = DEFAULT, .initial = CONF_UNSET,
	 .help = "mail on state changes"},
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

static const struct option_choice auth_types[] = {
	{"PASS", CONF_AUTH_PASS}, {"AH", CONF_AUTH_AH}, {NULL, 0}};

static const struct option auth_rows[] = {
	{"auth_type", OPTION_CHOICE, INSTANCE(auth), .flags = FIELD, .choices = auth_types,
	 .help = "clear-text password or IPsec AH"},
	{"auth_pass", OPTION_STRING, OPTION_FIELD(draft_instance, auth_pass), .flags = FIELD,
	 .max = 255, .help = "the first 8 octets count"},
	{.name = NULL},
};

const struct option_scope scope_auth = {.name = "authentication", .tables = {auth_rows}};

/* ---- vrrp_sync_group ---- */

static void *begin_group(struct build *build, const struct node *node, void *parent)
{
	char *name = block_name(build, node);
	struct draft_group *group;

	(void)parent;
	if (!name)
		return NULL;
	group = items_add(&build->groups, build->scratch, sizeof(*group));
	build_fill_defaults(&scope_group, group);
	group->model.name = name;
	group->node = node;
	return group;
}

static void read_members(struct build *build, const struct node *node, void *draft)
{
	struct draft_group *group = draft;

	for (size_t i = 0; i < node->n_words; i++) {
		struct draft_member *member =
			items_add(&group->members, build->scratch, sizeof(*member));

		member->name = node->words[i].text;
		member->place = tree_place(node, i);
	}
}

static void dump_members(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_group *group = model;

	dump_open(dump, "%s", row->name);
	for (size_t i = 0; i < group->n_members; i++)
		dump_line(dump, "%s",
			  dump_word(dump, dump_conf(dump)->instances[group->members[i]].name));
	dump_close(dump);
}

/* The members carry them. */
static void dump_nothing(struct dump *dump, const struct option *row, const void *model)
{
	(void)dump;
	(void)row;
	(void)model;
}

#define GROUP(member) OPTION_FIELD(draft_group, model.member), .reload = OPTION_IN_PLACE

static const struct option group_rows[] = {
	{"group", OPTION_BLOCK, .block = &scope_members, .flags = OPTION_REQUIRED,
	 .dump = dump_members, .help = "names of the member instances"},
	{"sync_group_tracking_weight", OPTION_FLAG, GROUP(tracking_weight), .flags = FIELD,
	 .value = true, .help = "members may have tracking weights"},
	{"global_tracking", OPTION_ALIAS, .alias_of = "sync_group_tracking_weight",
	 .flags = OPTION_DEPRECATED},
	{"track_script", OPTION_BLOCK, .block = &scope_group_script, .dump = dump_nothing,
	 .help = "applied to every member"},
	{"track_interface", OPTION_BLOCK, .block = &scope_group_interface, .dump = dump_nothing,
	 .help = "applied to every member"},
	{"notify_master", OPTION_COMMAND, GROUP(notify.master), .flags = FIELD,
	 .help = "run on becoming master"},
	{"notify_backup", OPTION_COMMAND, GROUP(notify.backup), .flags = FIELD,
	 .help = "run on becoming backup"},
	{"notify_fault", OPTION_COMMAND, GROUP(notify.fault), .flags = FIELD,
	 .help = "run on a fault"},
	{"notify_stop", OPTION_COMMAND, GROUP(notify.stop), .flags = FIELD,
	 .help = "run when vipd stops"},
	{"notify", OPTION_COMMAND, GROUP(notify.any), .flags = FIELD,
	 .help = "run on every change"},
	{"smtp_alert", OPTION_BOOL, GROUP(smtp_alert), .flags = DEFAULT, .initial = CONF_UNSET,
	 .help = "mail on state changes"},
	{.name = NULL},
};

const struct option_scope scope_group = {
	.name = "vrrp_sync_group",
	.tables = {group_rows},
	.model_size = sizeof(struct conf_group),
	.begin = begin_group,
};

const struct option_scope scope_members = {.name = "group", .line = read_members};
