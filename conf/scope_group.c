/* SPDX-License-Identifier: MIT */
/*
 * vrrp_sync_group. Runs in the thread that loads. Source: keepalived.conf(5), VRRP synchronization
 * group(s).
 */
#include "conf/dump.h"
#include "conf/scope_vrrp.h"
#include "conf/scopes.h"
#include "conf/value.h"

#define FIELD	OPTION_HAS_FIELD
#define DEFAULT (OPTION_HAS_FIELD | OPTION_HAS_DEFAULT)

/* ---- vrrp_sync_group ---- */

static void *begin_group(struct build *build, const struct node *node, void *parent)
{
	char *name = scope_block_name(build, node);
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

void scope_read_members(struct build *build, const struct node *node, struct items *members)
{
	for (size_t i = 0; i < node->n_words; i++) {
		struct draft_member *member = items_add(members, build->scratch, sizeof(*member));

		member->name = node->words[i].text;
		member->place = tree_place(node, i);
	}
}

static void read_members(struct build *build, const struct node *node, void *draft)
{
	scope_read_members(build, node, &((struct draft_group *)draft)->members);
}

static void end_members(struct build *build, const struct node *node, void *draft)
{
	struct draft_group *group = draft;

	if (group->has_members)
		build_warn(build, node, 0, "there is a 'group' already; this one adds to it");
	group->has_members = true;
}

void dump_members(struct dump *dump, const char *keyword, const uint32_t *members, size_t n)
{
	const struct conf_instance *instances = dump_conf(dump)->instances;

	if (!n)
		return;
	dump_open(dump, "%s", keyword);
	for (size_t i = 0; i < n; i++)
		dump_line(dump, "%s", dump_word(dump, instances[members[i]].name));
	dump_close(dump);
}

static void dump_group_members(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_group *group = model;

	dump_members(dump, row->name, group->members, group->n_members);
}

#define GROUP(member) OPTION_FIELD(draft_group, model.member), .reload = OPTION_IN_PLACE

static const struct option group_rows[] = {
	{"group", OPTION_BLOCK, .block = &scope_members, .dump = dump_group_members,
	 .help = "names of the member instances"},
	{"sync_group_tracking_weight", OPTION_FLAG, GROUP(tracking_weight), .flags = FIELD,
	 .value = true, .help = "members may have tracking weights"},
	{"global_tracking", OPTION_ALIAS, .alias_of = "sync_group_tracking_weight",
	 .flags = OPTION_DEPRECATED},
	{"track_interface", OPTION_BLOCK, .block = &scope_group_interface,
	 .dump = dump_group_tracks,
	 .help = "interfaces, each with an optional weight; for every member"},
	{"track_script", OPTION_BLOCK, .block = &scope_group_script, .dump = dump_group_tracks,
	 .help = "scripts, each with an optional weight; for every member"},
	{"track_file", OPTION_BLOCK, .block = &scope_group_file, .dump = dump_group_tracks,
	 .help = "files, each with an optional weight; for every member"},
	{"track_process", OPTION_BLOCK, .block = &scope_group_process, .dump = dump_group_tracks,
	 .help = "processes, each with an optional weight; for every member"},
	{"track_bfd", OPTION_BLOCK, .block = &scope_group_bfd, .dump = dump_group_tracks,
	 .help = "BFD sessions, each with an optional weight; for every member"},
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
	{"notify_priority_changes", OPTION_BOOL, GROUP(notify_priority_changes), .flags = FIELD,
	 .help = "tell changes of the priority, too"},
	{.name = NULL},
};

const struct option_scope scope_group = {
	.name = "vrrp_sync_group",
	.tables = {group_rows},
	.model_size = sizeof(struct conf_group),
	.begin = begin_group,
};

const struct option_scope scope_members = {
	.name = "group",
	.end = end_members,
	.line = read_members,
};
