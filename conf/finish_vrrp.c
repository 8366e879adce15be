/* SPDX-License-Identifier: MIT */
/*
 * VRRP as a whole: names, sync groups, the rule that a VRID is unique on its link, and the arrays
 * of the model. Runs in the thread that loads.
 */
#include "conf/finish_vrrp.h"

#include <stdlib.h>
#include <string.h>

void finish_names(struct build *build, const struct names *names, const char *what,
		  const struct node *(*node_of)(const void *object))
{
	for (size_t i = 1; i < names->n; i++) {
		if (strcmp(names->entries[i].name, names->entries[i - 1].name) != 0)
			continue;
		build_error(build, node_of(names->entries[i].object), 1,
			    "there is a %s '%.64s' already, in line %u", what,
			    names->entries[i].name,
			    node_of(names->entries[i - 1].object)->place.line);
	}
}

static const struct node *node_of_instance(const void *object)
{
	return ((const struct draft_instance *)object)->node;
}

static const struct node *node_of_group(const void *object)
{
	return ((const struct draft_group *)object)->node;
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

static void finish_member(struct build *build, struct draft_group *group,
			  const struct draft_member *member, const struct names *instances,
			  uint32_t *members, const struct draft_group **owners)
{
	struct draft_instance *instance = names_find(instances, member->name);
	const char *near;

	if (!instance) {
		near = names_nearest(instances, member->name);
		diags_add(&build->diags, DIAG_WARNING, &member->place,
			  "there is no vrrp_instance '%.64s', so it is left out%s%s%s",
			  member->name, near ? "; did you mean '" : "", near ? near : "",
			  near ? "'?" : "");
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
	members[group->model.n_members++] = instance->model.group;
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

static void finish_groups(struct build *build, const struct names *instances,
			  const struct tracked_names *tracked, const struct draft_group **owners)
{
	uint32_t index = 0;
	struct conf *conf = build->conf;

	for (struct item *item = build->groups.first; item; item = item->next) {
		struct draft_group *group = ITEM(draft_group, item);

		finish_group(build, group, instances, owners);
		finish_group_tracks(build, group, tracked);
		if (!tree_setter(group->node,
				 offsetof(struct draft_group, model.notify_priority_changes)))
			group->model.notify_priority_changes =
				build->global.notify_priority_changes;
	}
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
	if (!x->model.n_peers != !y->model.n_peers)
		return x->model.n_peers ? 1 : -1;
	return ip_compare(&x->model.mcast_group, &y->model.mcast_group);
}

static int compare_order(const void *a, const void *b)
{
	const struct draft_instance *x = *(const struct draft_instance *const *)a;
	const struct draft_instance *y = *(const struct draft_instance *const *)b;
	int order = compare_links(a, b);

	return order				 ? order
	       : x->model.group < y->model.group ? -1
						 : x->model.group > y->model.group;
}

/* Unicast instances meet only where they have a peer in common. */
static bool share_peer(const struct conf_instance *x, const struct conf_instance *y)
{
	for (size_t i = 0; i < x->n_peers; i++)
		for (size_t j = 0; j < y->n_peers; j++)
			if (ip_compare(&x->peers[i].ip, &y->peers[j].ip) == 0)
				return true;
	return !x->n_peers;
}

/* Without an interface: one with a VRF hears nothing of another. */
static bool share_vrf(const struct conf_instance *x, const struct conf_instance *y)
{
	return !x->vrf || !y->vrf || strcmp(x->vrf, y->vrf) == 0;
}

static void report_vrid(struct build *build, const struct draft_instance *instance,
			const struct conf_instance *first)
{
	const struct node *setter = SETTER(instance, vrid);

	build_error(build, setter ? setter : instance->node, 0,
		    "virtual_router_id %u is used on %s by '%.64s' of line %u already", first->vrid,
		    *first->interface ? first->interface : "no interface", first->name,
		    first->line);
}

/* The same VRID on a link, in a family and a multicast group: adverts could not be told apart. */
static void check_vrids(struct build *build)
{
	struct draft_instance **sorted =
		arena_array(build->scratch, build->instances.n, sizeof(*sorted));
	size_t n = 0;

	for (struct item *item = build->instances.first; item; item = item->next)
		if (ITEM(draft_instance, item)->model.vrid)
			sorted[n++] = ITEM(draft_instance, item);
	if (n)
		qsort(sorted, n, sizeof(*sorted), compare_order);
	for (size_t i = 1; i < n; i++) {
		size_t first = i;

		while (first-- > 0 && compare_links(&sorted[first], &sorted[i]) == 0) {
			if (!share_peer(&sorted[first]->model, &sorted[i]->model) ||
			    !share_vrf(&sorted[first]->model, &sorted[i]->model))
				continue;
			report_vrid(build, sorted[i], &sorted[first]->model);
			break;
		}
	}
}

/* ---- addresses of several instances ---- */

struct owned_address {
	const struct draft_address *draft;
	const struct conf_instance *instance;
};

static int compare_owned(const void *a, const void *b)
{
	const struct owned_address *x = a, *y = b;
	int order = ip_compare(&x->draft->model.ip, &y->draft->model.ip);

	if (order)
		return order;
	return x->draft->place.line < y->draft->place.line
		       ? -1
		       : x->draft->place.line > y->draft->place.line;
}

static size_t collect_addresses(const struct draft_instance *instance, struct owned_address *to)
{
	const struct items *lists[] = {&instance->addresses, &instance->excluded};
	size_t n = 0;

	for (size_t l = 0; l < 2; l++)
		for (struct item *item = lists[l]->first; item; item = item->next)
			if (ip_is_set(&ITEM(draft_address, item)->model.ip))
				to[n++] = (struct owned_address){ITEM(draft_address, item),
								 &instance->model};
	return n;
}

/* Two masters of one address on one machine would take it from each other. */
static void check_shared_addresses(struct build *build)
{
	struct owned_address *all;
	size_t n = 0;

	for (struct item *item = build->instances.first; item; item = item->next)
		n += ITEM(draft_instance, item)->addresses.n +
		     ITEM(draft_instance, item)->excluded.n;
	all = arena_array(build->scratch, n, sizeof(*all));
	n = 0;
	for (struct item *item = build->instances.first; item; item = item->next)
		n += collect_addresses(ITEM(draft_instance, item), all + n);
	if (n)
		qsort(all, n, sizeof(*all), compare_owned);
	for (size_t i = 1; i < n; i++)
		if (all[i].instance != all[i - 1].instance &&
		    ip_compare(&all[i].draft->model.ip, &all[i - 1].draft->model.ip) == 0)
			diags_add(&build->diags, DIAG_WARNING, &all[i].draft->place,
				  "the instance '%.64s' has this address, too",
				  all[i - 1].instance->name);
}

/* ---- who follows an instance ---- */

/* Without its instance a daemon would run in both roles on every director. */
static void check_sync_daemon(struct build *build, const struct names *instances)
{
	struct conf_sync_daemon *sync = &build->conf->global.sync;

	if (!sync->instance || names_find(instances, sync->instance))
		return;
	build_warn(build,
		   finish_global_setter(&build->global, offsetof(struct draft_global, model.sync)),
		   0, "there is no vrrp_instance '%.64s' to follow; no daemon is started",
		   sync->instance);
	*sync = (struct conf_sync_daemon){.id = -1};
}

/* ---- all of it ---- */

static void finish_model(struct build *build, const struct tracked_names *tracked,
			 const struct draft_group **owners)
{
	struct conf *conf = build->conf;

	conf->instances = arena_array(build->arena, build->instances.n, sizeof(*conf->instances));
	for (struct item *item = build->instances.first; item; item = item->next) {
		struct conf_instance *model = &ITEM(draft_instance, item)->model;

		finish_track_indices(model->tracks, model->n_tracks, tracked);
		model->group = group_index(conf, owners[model->group]);
		conf->instances[conf->n_instances++] = *model;
	}
	for (size_t i = 0; i < conf->n_groups; i++)
		finish_track_indices(conf->groups[i].tracks, conf->groups[i].n_tracks, tracked);
}

void finish_vrrp(struct build *build)
{
	struct names instances = COLLECT(build, instances, draft_instance);
	struct names groups = COLLECT(build, groups, draft_group);
	const struct draft_group **owners =
		arena_array(build->scratch, build->instances.n, sizeof(*owners));
	struct tracked_names tracked = {0};
	uint32_t index = 0;

	finish_tracked_names(build, &tracked);
	finish_names(build, &instances, "vrrp_instance", node_of_instance);
	finish_names(build, &groups, "vrrp_sync_group", node_of_group);
	for (struct item *item = build->instances.first; item; item = item->next)
		ITEM(draft_instance, item)->model.group = index++;
	finish_groups(build, &instances, &tracked, owners);
	for (struct item *item = build->instances.first; item; item = item->next) {
		struct draft_instance *instance = ITEM(draft_instance, item);
		const struct draft_group *group = owners[instance->model.group];

		finish_instance(build, instance);
		finish_instance_tracks(build, instance, group, &tracked);
		if (group && !SETTER(instance, notify_priority_changes))
			instance->model.notify_priority_changes =
				group->model.notify_priority_changes;
	}
	check_vrids(build);
	check_shared_addresses(build);
	finish_macvlans(build);
	check_sync_daemon(build, &instances);
	finish_tracked(build);
	finish_model(build, &tracked, owners);
	finish_links(build);
}
