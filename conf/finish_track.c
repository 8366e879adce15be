/* SPDX-License-Identifier: MIT */
/*
 * What instances and sync groups track: names to objects, weights, what may not be tracked, and the
 * arrays of the model. A line of a sync group becomes a line of each member. Runs in the thread
 * that loads. Source: keepalived.conf(5), track_*.
 */
#include "conf/finish_vrrp.h"

#include <stdlib.h>
#include <string.h>

/* The keyword of the objects, for messages. */
static const char *const objects[CONF_TRACK_KINDS] = {
	[CONF_TRACK_INTERFACE] = "interface", [CONF_TRACK_SCRIPT] = "vrrp_script",
	[CONF_TRACK_FILE] = "track_file",     [CONF_TRACK_PROCESS] = "vrrp_track_process",
	[CONF_TRACK_BFD] = "bfd_instance",
};

/* ---- the objects ---- */

static const struct node *node_of(const void *object)
{
	return ((const struct tracked *)object)->node;
}

static int compare_neighbors(const void *a, const void *b)
{
	const struct draft_bfd *x = *(const struct draft_bfd *const *)a;
	const struct draft_bfd *y = *(const struct draft_bfd *const *)b;
	int order = ip_compare(&x->model.neighbor, &y->model.neighbor);

	if (order)
		return order;
	return x->tracked.index < y->tracked.index ? -1 : x->tracked.index > y->tracked.index;
}

/* One session with each neighbor. */
static void check_neighbors(struct build *build)
{
	struct draft_bfd **sorted = arena_array(build->scratch, build->bfds.n, sizeof(*sorted));
	size_t n = 0;

	for (struct item *item = build->bfds.first; item; item = item->next)
		if (ip_is_set(&ITEM(draft_bfd, item)->model.neighbor))
			sorted[n++] = ITEM(draft_bfd, item);
	if (n)
		qsort(sorted, n, sizeof(*sorted), compare_neighbors);
	for (size_t i = 1; i < n; i++) {
		const struct node *node = sorted[i]->tracked.node;

		if (ip_compare(&sorted[i]->model.neighbor, &sorted[i - 1]->model.neighbor) != 0)
			continue;
		build_error(build, tree_setter(node, offsetof(struct draft_bfd, model.neighbor)), 1,
			    "the bfd_instance '%.64s' has this neighbor already",
			    sorted[i - 1]->model.name);
	}
}

/* keepalived takes the first of several with one name, but refuses a second BFD session. */
static void drop_repeated(struct build *build, const struct names *names, enum conf_track_kind kind)
{
	if (kind == CONF_TRACK_BFD) {
		finish_names(build, names, objects[kind], node_of);
		return;
	}
	for (size_t i = 1; i < names->n; i++) {
		struct tracked *object = names->entries[i].object;
		const struct tracked *before = names->entries[i - 1].object;

		if (strcmp(names->entries[i].name, names->entries[i - 1].name) != 0)
			continue;
		object->dropped = true;
		build_warn(build, object->node, 1,
			   "there is a %s '%.64s' already, in line %u; this one is ignored",
			   objects[kind], names->entries[i].name, before->node->place.line);
	}
}

/* Fills the tracked part of each draft and collects them by name. */
#define COLLECT(build, list, type, names)                                                          \
	do {                                                                                       \
		uint32_t index_ = 0;                                                               \
                                                                                                   \
		*(names) = names_new((build)->scratch, (build)->list.n);                           \
		for (struct item *item_ = (build)->list.first; item_; item_ = item_->next) {       \
			struct type *draft_ = ITEM(type, item_);                                   \
                                                                                                   \
			draft_->tracked.weight = draft_->model.weight;                             \
			draft_->tracked.reverse = draft_->model.reverse;                           \
			draft_->tracked.index = index_++;                                          \
			names_add(names, draft_->model.name, &draft_->tracked);                    \
		}                                                                                  \
		names_sort(names);                                                                 \
	} while (0)

void finish_tracked_names(struct build *build, struct tracked_names *ret)
{
	COLLECT(build, scripts, draft_script, &ret->kinds[CONF_TRACK_SCRIPT]);
	COLLECT(build, files, draft_track_file, &ret->kinds[CONF_TRACK_FILE]);
	COLLECT(build, processes, draft_track_process, &ret->kinds[CONF_TRACK_PROCESS]);
	COLLECT(build, bfds, draft_bfd, &ret->kinds[CONF_TRACK_BFD]);
	for (struct item *item = build->bfds.first; item; item = item->next)
		ITEM(draft_bfd, item)->tracked.foreign = !ITEM(draft_bfd, item)->model.vrrp;
	for (size_t kind = CONF_TRACK_SCRIPT; kind < CONF_TRACK_KINDS; kind++)
		drop_repeated(build, &ret->kinds[kind], kind);
	check_neighbors(build);
}

/* ---- lines ---- */

static void report_unknown(struct build *build, const struct draft_track *track,
			   const struct names *names)
{
	const char *near = names_nearest(names, track->model.name);

	diags_add(&build->diags, DIAG_ERROR, &track->place, "there is no %s '%.64s'%s%s%s",
		  objects[track->model.kind], track->model.name, near ? "; did you mean '" : "",
		  near ? near : "", near ? "'?" : "");
}

/* Finds the object, whose weight the line has unless it says its own. */
static void resolve(struct build *build, struct draft_track *track,
		    const struct tracked_names *names)
{
	struct tracked *object;

	if (track->model.kind == CONF_TRACK_INTERFACE || track->dropped)
		return;
	object = names_find(&names->kinds[track->model.kind], track->model.name);
	if (!object || object->foreign) {
		track->dropped = true;
		if (!object)
			report_unknown(build, track, &names->kinds[track->model.kind]);
		else
			diags_add(&build->diags, DIAG_ERROR, &track->place,
				  "'%.64s' tells checkers only; say 'vrrp' in it, too",
				  track->model.name);
		return;
	}
	if (track->has_weight)
		return;
	track->model.weight = object->weight;
	track->model.reverse = object->reverse;
	track->has_weight = true;
}

static void drop_weight(struct build *build, struct draft_track *track, const char *why)
{
	if (track->dropped || !track->model.weight)
		return;
	diags_add(&build->diags, DIAG_WARNING, &track->place, "'%.64s' has a weight, which %s",
		  track->model.name, why);
	track->dropped = true;
}

/* Of lines with one name the first counts; what the group repeats needs no word. */
static void drop_duplicates(struct build *build, const struct items *tracks,
			    enum conf_track_kind kind)
{
	struct names names = names_new(build->scratch, tracks->n);

	for (struct item *item = tracks->first; item; item = item->next) {
		struct draft_track *track = ITEM(draft_track, item);

		if (track->model.kind == kind && !track->dropped)
			names_add(&names, track->model.name, track);
	}
	names_sort(&names);
	for (size_t i = 1; i < names.n; i++) {
		struct draft_track *track = names.entries[i].object;

		if (strcmp(names.entries[i].name, names.entries[i - 1].name) != 0)
			continue;
		track->dropped = true;
		if (!track->model.inherited)
			diags_add(&build->diags, DIAG_WARNING, &track->place,
				  "'%.64s' is tracked already; ignored here", track->model.name);
	}
}

static void mark_used(const struct conf_track *track, const struct tracked_names *names)
{
	struct tracked *object;

	if (track->kind == CONF_TRACK_INTERFACE)
		return;
	object = names_find(&names->kinds[track->kind], track->name);
	object->used = true;
}

/* The lines that are left, by kind. */
static struct conf_track *to_array(struct build *build, const struct items *tracks,
				   const struct tracked_names *names, size_t *ret_n)
{
	struct conf_track *array = arena_array(build->arena, tracks->n, sizeof(*array));
	size_t n = 0;

	for (size_t kind = 0; kind < CONF_TRACK_KINDS; kind++) {
		drop_duplicates(build, tracks, kind);
		for (struct item *item = tracks->first; item; item = item->next) {
			const struct draft_track *track = ITEM(draft_track, item);

			if (track->model.kind != kind || track->dropped)
				continue;
			mark_used(&track->model, names);
			array[n++] = track->model;
		}
	}
	*ret_n = n;
	return array;
}

void finish_group_tracks(struct build *build, struct draft_group *group,
			 const struct tracked_names *names)
{
	for (struct item *item = group->tracks.first; item; item = item->next) {
		struct draft_track *track = ITEM(draft_track, item);

		resolve(build, track, names);
		if (!group->model.tracking_weight)
			drop_weight(build, track,
				    "needs 'sync_group_tracking_weight'; the group does not track "
				    "it");
	}
	if (group->model.n_members)
		group->model.tracks =
			to_array(build, &group->tracks, names, &group->model.n_tracks);
}

/* The instance's own interface is looked at anyway. */
static void drop_own_interface(struct build *build, const struct draft_instance *instance,
			       struct draft_track *track)
{
	if (track->model.kind != CONF_TRACK_INTERFACE || track->dropped ||
	    strcmp(track->model.name, instance->model.interface) != 0)
		return;
	track->dropped = true;
	if (!track->model.inherited)
		diags_add(&build->diags, DIAG_WARNING, &track->place,
			  "'%.64s' is the instance's own interface; it need not be tracked",
			  track->model.name);
}

static void inherit(struct build *build, struct draft_instance *instance,
		    const struct draft_group *group)
{
	for (size_t i = 0; group && i < group->model.n_tracks; i++) {
		struct draft_track *track =
			items_add(&instance->tracks, build->scratch, sizeof(*track));

		track->model = group->model.tracks[i];
		track->model.inherited = true;
		track->place = group->node->place;
	}
}

void finish_instance_tracks(struct build *build, struct draft_instance *instance,
			    const struct draft_group *group, const struct tracked_names *names)
{
	for (struct item *item = instance->tracks.first; item; item = item->next) {
		struct draft_track *track = ITEM(draft_track, item);

		resolve(build, track, names);
		if (group && !group->model.tracking_weight)
			drop_weight(build, track,
				    "members of a sync group have only with "
				    "'sync_group_tracking_weight'; it is not tracked");
	}
	inherit(build, instance, group);
	for (struct item *item = instance->tracks.first; item; item = item->next) {
		drop_own_interface(build, instance, ITEM(draft_track, item));
		if (instance->model.priority == 255)
			drop_weight(build, ITEM(draft_track, item),
				    "cannot move the priority of an address owner; it is not "
				    "tracked");
	}
	instance->model.tracks =
		to_array(build, &instance->tracks, names, &instance->model.n_tracks);
}

/* ---- the model ---- */

/* Scripts that nobody tracks are not run; the others may be of use to real servers. */
static void finish_scripts(struct build *build)
{
	struct conf *conf = build->conf;

	conf->scripts = arena_array(build->arena, build->scripts.n, sizeof(*conf->scripts));
	for (struct item *item = build->scripts.first; item; item = item->next) {
		struct draft_script *script = ITEM(draft_script, item);

		if (script->tracked.dropped)
			continue;
		if (!script->tracked.used) {
			build_add(build, DIAG_NOTE, script->tracked.node, 0,
				  "the script is tracked by no instance; it will not run");
			continue;
		}
		script->tracked.index = (uint32_t)conf->n_scripts;
		conf->scripts[conf->n_scripts++] = script->model;
	}
}

static void note_unused_processes(struct build *build)
{
	for (struct item *item = build->processes.first; item; item = item->next) {
		const struct tracked *object = &ITEM(draft_track_process, item)->tracked;

		if (!object->used && !object->dropped)
			build_add(build, DIAG_NOTE, object->node, 0,
				  "the process is tracked by no instance");
	}
}

#define TO_ARRAY(build, list, type, array, count)                                                  \
	do {                                                                                       \
		struct conf *conf_ = (build)->conf;                                                \
                                                                                                   \
		conf_->array =                                                                     \
			arena_array((build)->arena, (build)->list.n, sizeof(*conf_->array));       \
		for (struct item *item_ = (build)->list.first; item_; item_ = item_->next) {       \
			struct type *draft_ = ITEM(type, item_);                                   \
                                                                                                   \
			if (draft_->tracked.dropped)                                               \
				continue;                                                          \
			draft_->tracked.index = (uint32_t)conf_->count;                            \
			conf_->array[conf_->count++] = draft_->model;                              \
		}                                                                                  \
	} while (0)

void finish_tracked(struct build *build)
{
	finish_scripts(build);
	note_unused_processes(build);
	TO_ARRAY(build, files, draft_track_file, files, n_files);
	TO_ARRAY(build, processes, draft_track_process, processes, n_processes);
	TO_ARRAY(build, bfds, draft_bfd, bfds, n_bfds);
}

void finish_track_indices(struct conf_track *tracks, size_t n, const struct tracked_names *names)
{
	for (size_t i = 0; i < n; i++) {
		const struct tracked *object;

		if (tracks[i].kind == CONF_TRACK_INTERFACE)
			continue;
		object = names_find(&names->kinds[tracks[i].kind], tracks[i].name);
		tracks[i].index = object->index;
	}
}
