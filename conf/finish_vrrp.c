/* SPDX-License-Identifier: MIT */
/*
 * VRRP as a whole: names, sync groups, the rule that a VRID is unique on its link, and the arrays
 * of the model. Runs in the thread that loads.
 */
#include "conf/finish_vrrp.h"

#include <stdlib.h>
#include <string.h>

/* Reports names given twice; what says which kind of object. node_offset: of the object's node. */
static void check_names(struct build *build, const struct names *names, const char *what,
			size_t node_offset)
{
	for (size_t i = 1; i < names->n; i++) {
		const struct node *node, *first;

		if (strcmp(names->entries[i].name, names->entries[i - 1].name) != 0)
			continue;
		memcpy(&node, (char *)names->entries[i].object + node_offset, sizeof(node));
		memcpy(&first, (char *)names->entries[i - 1].object + node_offset, sizeof(first));
		build_error(build, node, 1, "there is a %s '%.64s' already, in line %u", what,
			    names->entries[i].name, first->place.line);
	}
}

#define COLLECT(build, list, type)                                                                 \
	({                                                                                         \
		struct names names_ = names_new((build)->scratch, (build)->list.n);                \
		for (struct item *item_ = (build)->list.first; item_; item_ = item_->next)         \
			names_add(&names_, ITEM(type, item_)->model.name, ITEM(type, item_));      \
		names_sort(&names_);                                                               \
		names_;                                                                            \
	})

/* ---- sync groups ---- */

/* What the group tracks, every member tracks. */
static void add_tracks(struct build *build, const struct items *from, struct items *to)
{
	for (struct item *item = from->first; item; item = item->next) {
		struct draft_track *track = items_add(to, build->scratch, sizeof(*track));

		*track = *ITEM(draft_track, item);
	}
}

static void join_group(struct build *build, struct draft_group *group,
		       struct draft_instance *instance, uint32_t *members)
{
	members[group->model.n_members++] = instance->model.group;
	add_tracks(build, &group->scripts, &instance->scripts);
	add_tracks(build, &group->interfaces, &instance->interfaces);
}

static void finish_member(struct build *build, struct draft_group *group,
			  const struct draft_member *member, const struct names *instances,
			  uint32_t *members, const struct draft_group **owners)
{
	struct draft_instance *instance = names_find(instances, member->name);
	const char *near;

	if (!instance) {
		near = names_nearest(instances, member->name);
		diags_add(&build->diags, DIAG_ERROR, &member->place,
			  "there is no vrrp_instance '%.64s'%s%s%s", member->name,
			  near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
		return;
	}
	/* Until groups are final, an instance's group holds its own index. */
	if (owners[instance->model.group]) {
		diags_add(&build->diags, DIAG_WARNING, &member->place,
			  "'%.64s' is in the sync group '%.64s' already; ignored here",
			  member->name, owners[instance->model.group]->model.name);
		return;
	}
	owners[instance->model.group] = group;
	join_group(build, group, instance, members);
}

static void finish_group(struct build *build, struct draft_group *group,
			 const struct names *instances, const struct draft_group **owners)
{
	uint32_t *members = arena_array(build->arena, group->members.n, sizeof(*members));

	for (struct item *item = group->members.first; item; item = item->next)
		finish_member(build, group, ITEM(draft_member, item), instances, members, owners);
	group->model.members = members;
	if (!group->model.n_members)
		build_warn(build, group->node, 0, "the sync group has no members; it is dropped");
	else if (group->model.n_members == 1)
		build_warn(build, group->node, 0,
			   "the sync group has one member only; it has no effect but its notify "
			   "commands");
}

/* Members of a group follow each other, so a weight would make no sense unless asked for. */
static void drop_weights(struct build *build, struct draft_instance *instance, struct items *tracks)
{
	struct item **link = &tracks->first;

	tracks->last = NULL;
	while (*link) {
		struct draft_track *track = ITEM(draft_track, *link);

		if (!track->model.weight) {
			tracks->last = *link;
			link = &(*link)->next;
			continue;
		}
		diags_add(&build->diags, DIAG_WARNING, &track->place,
			  "'%.64s' has a weight, which members of a sync group have only with "
			  "'sync_group_tracking_weight'; '%.64s' does not track it",
			  track->model.name, instance->model.name);
		*link = (*link)->next;
		tracks->n--;
	}
}

static void finish_groups(struct build *build, const struct names *instances,
			  const struct draft_group **owners)
{
	uint32_t index = 0;
	struct conf *conf = build->conf;

	for (struct item *item = build->groups.first; item; item = item->next)
		finish_group(build, ITEM(draft_group, item), instances, owners);
	conf->groups = arena_array(build->arena, build->groups.n, sizeof(*conf->groups));
	for (struct item *item = build->groups.first; item; item = item->next) {
		struct draft_group *group = ITEM(draft_group, item);

		if (group->model.n_members)
			conf->groups[index++] = group->model;
	}
	conf->n_groups = index;
}

static uint32_t group_index(const struct conf *conf, const struct draft_group *group)
{
	for (uint32_t i = 0; group && i < conf->n_groups; i++)
		if (conf->groups[i].name == group->model.name)
			return i;
	return CONF_NONE;
}

/* ---- VRIDs ---- */

static int compare_links(const void *a, const void *b)
{
	const struct draft_instance *x = *(const struct draft_instance *const *)a;
	const struct draft_instance *y = *(const struct draft_instance *const *)b;
	int order = strcmp(x->model.interface, y->model.interface);

	if (order)
		return order;
	if (x->model.vrid != y->model.vrid)
		return x->model.vrid < y->model.vrid ? -1 : 1;
	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return x->model.group < y->model.group ? -1 : x->model.group > y->model.group;
}

static void check_vrids(struct build *build)
{
	struct draft_instance **sorted =
		arena_array(build->scratch, build->instances.n, sizeof(*sorted));
	size_t n = 0;

	for (struct item *item = build->instances.first; item; item = item->next)
		if (ITEM(draft_instance, item)->model.interface)
			sorted[n++] = ITEM(draft_instance, item);
	if (n)
		qsort(sorted, n, sizeof(*sorted), compare_links);
	for (size_t i = 1; i < n; i++) {
		const struct conf_instance *x = &sorted[i - 1]->model, *y = &sorted[i]->model;
		const struct node *setter =
			tree_setter(sorted[i]->node, offsetof(struct draft_instance, model.vrid));

		if (!y->vrid || strcmp(x->interface, y->interface) != 0 || x->vrid != y->vrid ||
		    sorted[i - 1]->family != sorted[i]->family)
			continue;
		build_error(build, setter ? setter : sorted[i]->node, 0,
			    "virtual_router_id %u is used on %s by '%.64s' of line %u already",
			    y->vrid, y->interface, x->name, x->line);
	}
}

/* ---- scripts ---- */

static void finish_scripts(struct build *build)
{
	struct conf *conf = build->conf;

	conf->scripts = arena_array(build->arena, build->scripts.n, sizeof(*conf->scripts));
	for (struct item *item = build->scripts.first; item; item = item->next) {
		struct draft_script *script = ITEM(draft_script, item);

		if (!script->used) {
			build_warn(build, script->node, 0,
				   "the script is tracked by no instance; it will not run");
			continue;
		}
		script->index = (uint32_t)conf->n_scripts;
		conf->scripts[conf->n_scripts++] = script->model;
	}
}

static void link_scripts(struct conf_instance *instance, const struct names *scripts)
{
	for (size_t i = 0; i < instance->n_scripts; i++) {
		const struct draft_script *script = names_find(scripts, instance->scripts[i].name);

		instance->scripts[i].script = script->index;
	}
}

/* A line without a weight has the script's; needed before weights are judged. */
static void resolve_weights(struct draft_instance *instance, const struct names *scripts)
{
	for (struct item *item = instance->scripts.first; item; item = item->next) {
		struct draft_track *track = ITEM(draft_track, item);
		const struct draft_script *script = names_find(scripts, track->model.name);

		if (track->has_weight || !script)
			continue;
		track->model.weight = script->model.weight;
		track->model.reverse = script->model.reverse;
		track->has_weight = true;
	}
}

void finish_vrrp(struct build *build)
{
	struct names scripts = COLLECT(build, scripts, draft_script);
	struct names instances = COLLECT(build, instances, draft_instance);
	struct names groups = COLLECT(build, groups, draft_group);
	const struct draft_group **owners =
		arena_array(build->scratch, build->instances.n, sizeof(*owners));
	struct conf *conf = build->conf;
	uint32_t index = 0;

	check_names(build, &scripts, "vrrp_script", offsetof(struct draft_script, node));
	check_names(build, &instances, "vrrp_instance", offsetof(struct draft_instance, node));
	check_names(build, &groups, "vrrp_sync_group", offsetof(struct draft_group, node));
	for (struct item *item = build->instances.first; item; item = item->next)
		ITEM(draft_instance, item)->model.group = index++;
	finish_groups(build, &instances, owners);
	for (struct item *item = build->instances.first; item; item = item->next) {
		struct draft_instance *instance = ITEM(draft_instance, item);
		const struct draft_group *owner = owners[instance->model.group];

		resolve_weights(instance, &scripts);
		if (owner && !owner->model.tracking_weight) {
			drop_weights(build, instance, &instance->scripts);
			drop_weights(build, instance, &instance->interfaces);
		}
		finish_instance(build, instance, &scripts);
	}
	check_vrids(build);
	finish_scripts(build);
	conf->instances = arena_array(build->arena, build->instances.n, sizeof(*conf->instances));
	for (struct item *item = build->instances.first; item; item = item->next) {
		struct draft_instance *instance = ITEM(draft_instance, item);

		link_scripts(&instance->model, &scripts);
		instance->model.group = group_index(conf, owners[instance->model.group]);
		conf->instances[conf->n_instances++] = instance->model;
	}
}
