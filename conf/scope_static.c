/* SPDX-License-Identifier: MIT */
/*
 * track_group and the static blocks: what the daemon sets for as long as it runs, and the instances
 * that need it. Sources: keepalived.conf(5), "Static track groups" and "Static
 * routes/addresses/rules". Runs in the thread that loads.
 */
#include "conf/scope_static.h"

#include <string.h>

#include "conf/dump.h"
#include "conf/scope_vrrp.h"
#include "conf/scopes.h"

/* ---- track_group ---- */

static void *begin_group(struct build *build, const struct node *node, void *parent)
{
	struct draft_track_group *group;

	(void)parent;
	if (node->n_words != 2 || !*node->words[1].text) {
		build_error(build, node, 0, "'%s' needs one name", node->words[0].text);
		return NULL;
	}
	group = items_add(&build->track_groups, build->scratch, sizeof(*group));
	group->model.name = arena_strdup(build->arena, node->words[1].text);
	group->node = node;
	return group;
}

static void *begin_members(struct build *build, const struct node *node, void *parent)
{
	struct draft_track_group *group = parent;

	if (group->has_members) {
		build_error(build, node, 0, "a track_group has one '%s' only", node->words[0].text);
		return NULL;
	}
	group->has_members = true;
	return group;
}

static void read_members(struct build *build, const struct node *node, void *draft)
{
	scope_read_members(build, node, &((struct draft_track_group *)draft)->members);
}

static void end_members(struct build *build, const struct node *node, void *draft)
{
	if (!((struct draft_track_group *)draft)->members.n)
		build_error(build, node, 0, "the track_group names no instance");
}

static void dump_group_members(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_track_group *group = model;

	dump_members(dump, row->name, group->members, group->n_members);
}

static const struct option group_rows[] = {
	{"group", OPTION_BLOCK, .block = &scope_track_members, .dump = dump_group_members,
	 .help = "names of the instances, one or more in a line"},
	{.name = NULL},
};

const struct option_scope scope_track_group = {
	.name = "track_group",
	.tables = {group_rows},
	.model_size = sizeof(struct conf_track_group),
	.begin = begin_group,
};

const struct option_scope scope_track_members = {
	.name = "group",
	.begin = begin_members,
	.end = end_members,
	.line = read_members,
};

static void dump_track_groups(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf *conf = model;

	for (size_t i = 0; i < conf->n_track_groups; i++) {
		dump_open(dump, "%s %s", row->name, dump_word(dump, conf->track_groups[i].name));
		dump_scope(dump, &scope_track_group, &conf->track_groups[i]);
		dump_close(dump);
	}
}

/* ---- its use in lines ---- */

bool read_track_group(struct line *line, const struct attribute *row, void *draft)
{
	struct draft_group_name name;

	memcpy(&name, (char *)draft + row->offset, sizeof(name));
	if (name.name || line_at_end(line)) {
		build_error(line->build, line->node, line->at - 1,
			    name.name ? "a line has one '%s' only" : "'%s' needs a name",
			    row->name);
		return false;
	}
	name.name = line_word(line);
	name.place = tree_place(line->node, line->at);
	memcpy((char *)draft + row->offset, &name, sizeof(name));
	line->at++;
	return true;
}

void dump_track_group(struct dump *dump, uint32_t group)
{
	if (group != CONF_NONE)
		dump_part(dump, "track_group %s",
			  dump_word(dump, dump_conf(dump)->track_groups[group].name));
}

/* ---- the top level ---- */

const struct option static_rows[] = {
	{"track_group", OPTION_BLOCK, .block = &scope_track_group, .dump = dump_track_groups,
	 .argument = "NAME", .help = "instances that need some of the static things below"},
	{"static_ipaddress", OPTION_BLOCK, .block = &scope_static_address,
	 .dump = dump_static_addresses,
	 .help = "addresses set for as long as vipd runs; one per line"},
	{"static_routes", OPTION_BLOCK, .block = &scope_static_routes, .dump = dump_static_routes,
	 .help = "routes set for as long as vipd runs; one per line"},
	{"static_rules", OPTION_BLOCK, .block = &scope_static_rules, .dump = dump_static_rules,
	 .help = "routing rules set for as long as vipd runs; one per line"},
	{.name = NULL},
};
