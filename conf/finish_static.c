/* SPDX-License-Identifier: MIT */
/*
 * Track groups with their instances, static addresses, routes and rules with their track groups,
 * and the routes and rules of instances. Runs in the thread that loads.
 */
#include <string.h>

#include "conf/build.h"
#include "conf/finish_vrrp.h"
#include "conf/names.h"

/* ---- track groups ---- */

static bool has_member(const struct conf_track_group *group, uint32_t index)
{
	for (size_t i = 0; i < group->n_members; i++)
		if (group->members[i] == index)
			return true;
	return false;
}

static void add_member(struct build *build, struct conf_track_group *group,
		       const struct draft_member *member, const struct names *instances)
{
	const struct conf_instance *instance = names_find(instances, member->name);
	const char *near;
	uint32_t index;

	if (!instance) {
		near = names_nearest(instances, member->name);
		diags_add(&build->diags, DIAG_WARNING, &member->place,
			  "there is no vrrp_instance '%.64s'%s%s%s; it is left out", member->name,
			  near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
		return;
	}
	index = (uint32_t)(instance - build->conf->instances);
	if (has_member(group, index))
		diags_add(&build->diags, DIAG_WARNING, &member->place,
			  "'%.64s' is in the track_group already", member->name);
	else
		group->members[group->n_members++] = index;
}

static struct names instance_names(struct build *build)
{
	struct conf *conf = build->conf;
	struct names names = names_new(build->scratch, conf->n_instances);

	for (size_t i = 0; i < conf->n_instances; i++)
		names_add(&names, conf->instances[i].name, &conf->instances[i]);
	names_sort(&names);
	return names;
}

static void finish_groups(struct build *build)
{
	struct conf *conf = build->conf;
	struct names instances = instance_names(build);

	conf->track_groups =
		arena_array(build->arena, build->track_groups.n, sizeof(*conf->track_groups));
	for (struct item *item = build->track_groups.first; item; item = item->next) {
		struct draft_track_group *draft = ITEM(draft_track_group, item);
		struct conf_track_group *group = &conf->track_groups[conf->n_track_groups++];

		*group = draft->model;
		group->members =
			arena_array(build->arena, draft->members.n, sizeof(*group->members));
		for (struct item *member = draft->members.first; member; member = member->next)
			add_member(build, group, ITEM(draft_member, member), &instances);
		if (!group->n_members)
			build_warn(build, draft->node, 0, "the track_group names no instance");
	}
}

static struct names group_names(struct build *build)
{
	struct conf *conf = build->conf;
	struct names names = names_new(build->scratch, conf->n_track_groups);

	for (size_t i = 0; i < conf->n_track_groups; i++)
		names_add(&names, conf->track_groups[i].name, &conf->track_groups[i]);
	names_sort(&names);
	return names;
}

static void check_group_names(struct build *build)
{
	struct names names = names_new(build->scratch, build->track_groups.n);

	for (struct item *item = build->track_groups.first; item; item = item->next) {
		struct draft_track_group *group = ITEM(draft_track_group, item);

		names_add(&names, group->model.name, group);
	}
	names_sort(&names);
	for (size_t i = 1; i < names.n; i++) {
		const struct draft_track_group *group = names.entries[i].object;
		const struct draft_track_group *first = names.entries[i - 1].object;

		if (strcmp(group->model.name, first->model.name) == 0)
			build_error(build, group->node, 1,
				    "there is a track_group '%.64s' already, in line %u",
				    group->model.name, first->node->place.line);
	}
}

static uint32_t find_group(struct build *build, const struct names *groups,
			   const struct draft_group_name *wanted)
{
	const struct conf_track_group *group;
	const char *near;

	if (!wanted->name)
		return CONF_NONE;
	group = names_find(groups, wanted->name);
	if (group)
		return (uint32_t)(group - build->conf->track_groups);
	near = names_nearest(groups, wanted->name);
	diags_add(&build->diags, DIAG_ERROR, &wanted->place,
		  "there is no track_group '%.64s'%s%s%s", wanted->name,
		  near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	return CONF_NONE;
}

/* ---- the static blocks ---- */

static void finish_addresses(struct build *build, const struct names *groups)
{
	struct conf *conf = build->conf;

	for (struct item *item = build->static_addresses.first; item; item = item->next) {
		struct draft_address *draft = ITEM(draft_address, item);

		draft->model.track_group = find_group(build, groups, &draft->group);
		if (!draft->model.device)
			draft->model.device = finish_default_interface(build);
	}
	conf->static_addresses = items_to_array(&build->static_addresses, build->arena,
						sizeof(*conf->static_addresses));
	conf->n_static_addresses = build->static_addresses.n;
}

static void finish_routes(struct build *build, const struct names *groups)
{
	struct conf *conf = build->conf;

	for (struct item *item = build->static_routes.first; item; item = item->next) {
		struct draft_route *draft = ITEM(draft_route, item);

		draft->model.track_group = find_group(build, groups, &draft->group);
	}
	conf->static_routes =
		items_to_array(&build->static_routes, build->arena, sizeof(*conf->static_routes));
	conf->n_static_routes = build->static_routes.n;
}

static void finish_rules(struct build *build, const struct names *groups)
{
	struct conf *conf = build->conf;

	for (struct item *item = build->static_rules.first; item; item = item->next) {
		struct draft_rule *draft = ITEM(draft_rule, item);

		draft->model.track_group = find_group(build, groups, &draft->group);
	}
	conf->static_rules =
		items_to_array(&build->static_rules, build->arena, sizeof(*conf->static_rules));
	conf->n_static_rules = build->static_rules.n;
}

void finish_static(struct build *build)
{
	struct names groups;

	check_group_names(build);
	finish_groups(build);
	groups = group_names(build);
	finish_addresses(build, &groups);
	finish_routes(build, &groups);
	finish_rules(build, &groups);
}

/* ---- instances ---- */

void finish_instance_routes(struct build *build, struct draft_instance *instance)
{
	struct conf_instance *model = &instance->model;

	model->routes = items_to_array(&instance->routes, build->arena, sizeof(*model->routes));
	model->n_routes = instance->routes.n;
	model->rules = items_to_array(&instance->rules, build->arena, sizeof(*model->rules));
	model->n_rules = instance->rules.n;
}
