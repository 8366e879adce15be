/* SPDX-License-Identifier: MIT */
/*
 * The list of changes for people, made of the same decisions as the reload (conf/diff.c). What has
 * no matching of its own there, a list or block at the top level, is compared as canonical text:
 * a new keyword needs no code here. Pure.
 */
#include "conf/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diff_rows.h"
#include "conf/diff_words.h"
#include "conf/dump.h"
#include "conf/scopes.h"

/* ---- checkers ---- */

static uint32_t *new_map(struct diff_list *list, size_t count)
{
	return arena_array(list->arena, count, sizeof(uint32_t));
}

/* For each old one whether a new one continues it. */
static bool *continued(struct diff_list *list, const uint32_t *map, size_t count, size_t n_old)
{
	bool *goes_on = arena_array(list->arena, n_old, sizeof(*goes_on));

	for (size_t i = 0; i < count; i++)
		if (map[i] != CONF_NONE)
			goes_on[map[i]] = true;
	return goes_on;
}

/* A new checker that continues none: another setting of one of its type that is left, or added. */
static void add_checker(struct diff_list *list, const struct conf_real_server *old, bool *goes_on,
			const struct conf_checker *new, const char *inside)
{
	const struct option_scope *scope = checker_scope(new->type);
	struct conf_change *change;
	size_t i = 0;

	while (i < old->n_checkers && (goes_on[i] || old->checkers[i].type != new->type))
		i++;
	if (i == old->n_checkers) {
		diff_add(list, CONF_ADDED, scope->name, "", inside);
		return;
	}
	goes_on[i] = true;
	diff_add_rows(list, scope, &old->checkers[i], new);
	change = diff_add_changed(list, scope->name, "", inside);
	if (change)
		change->way = CONF_RESTARTED;
}

static void add_checkers(struct diff_list *list, const struct conf_real_server *old,
			 const struct conf_real_server *new, const char *inside)
{
	uint32_t *map = new_map(list, new->n_checkers);
	bool *goes_on;

	if (conf_diff_checkers(list->diff, old, new, map) < 0)
		arena_give_up(list->arena);
	goes_on = continued(list, map, new->n_checkers, old->n_checkers);
	for (size_t i = 0; i < new->n_checkers; i++)
		if (map[i] == CONF_NONE)
			add_checker(list, old, goes_on, &new->checkers[i], inside);
	for (size_t i = 0; i < old->n_checkers; i++)
		if (!goes_on[i])
			diff_add(list, CONF_REMOVED, checker_scope(old->checkers[i].type)->name, "",
				 inside);
}

/* ---- real servers ---- */

static const char *server_name(struct diff_list *list, const struct conf_real_server *server)
{
	char text[KEY_TEXT_MAX];

	return arena_strdup(list->arena, dest_key_format(&server->key, text));
}

static bool same_checkers(struct diff_list *list, const struct conf_real_server *old,
			  const struct conf_real_server *new)
{
	uint32_t map[16];

	if (old->n_checkers != new->n_checkers || new->n_checkers > sizeof(map) / sizeof(*map))
		return false;
	if (conf_diff_checkers(list->diff, old, new, map) < 0)
		arena_give_up(list->arena);
	for (size_t i = 0; i < new->n_checkers; i++)
		if (map[i] == CONF_NONE)
			return false;
	return true;
}

static void compare_server(struct diff_list *list, const struct conf_real_server *old,
			   const struct conf_real_server *new, const char *inside)
{
	const char *name;

	diff_add_rows(list, &scope_server, old, new);
	if (list->words.n)
		diff_add_changed(list, "real_server", server_name(list, new), inside);
	if (same_checkers(list, old, new))
		return;
	name = arena_printf(list->arena, "%s real_server %s", inside, server_name(list, new));
	add_checkers(list, old, new, name);
}

static void add_servers(struct diff_list *list, const struct conf_virtual_server *old,
			const struct conf_virtual_server *new)
{
	const char *inside = arena_printf(list->arena, "virtual_server %s", new->id);
	uint32_t *map = new_map(list, new->n_servers);
	bool *goes_on;

	if (conf_diff_servers(old, new, map) < 0)
		arena_give_up(list->arena);
	goes_on = continued(list, map, new->n_servers, old->n_servers);
	for (size_t i = 0; i < new->n_servers; i++) {
		if (map[i] == CONF_NONE)
			diff_add(list, CONF_ADDED, "real_server",
				 server_name(list, &new->servers[i]), inside);
		else
			compare_server(list, &old->servers[map[i]], &new->servers[i], inside);
	}
	for (size_t i = 0; i < old->n_servers; i++)
		if (!goes_on[i])
			diff_add(list, CONF_REMOVED, "real_server",
				 server_name(list, &old->servers[i]), inside);
}

/* ---- objects of the top level that the engines match ---- */

static const char *instance_name(const void *object)
{
	return ((const struct conf_instance *)object)->name;
}

static const char *group_name(const void *object)
{
	return ((const struct conf_group *)object)->name;
}

static const char *script_name(const void *object)
{
	return ((const struct conf_script *)object)->name;
}

static const char *file_name(const void *object)
{
	return ((const struct conf_track_file *)object)->name;
}

static const char *process_name(const void *object)
{
	return ((const struct conf_track_process *)object)->name;
}

static const char *service_name(const void *object)
{
	return ((const struct conf_virtual_server *)object)->id;
}

/* Where the model keeps them, and struct conf_diff how they continue each other. */
static const struct objects {
	const struct option_scope *scope;
	size_t array, count, size, map;
	const char *(*name)(const void *object);
} all_objects[] = {
#define OBJECTS(scope, type, array, count, name)                                                   \
	{                                                                                          \
		&(scope), offsetof(struct conf, array), offsetof(struct conf, count),              \
			sizeof(struct type), offsetof(struct conf_diff, array), name               \
	}
	OBJECTS(scope_script, conf_script, scripts, n_scripts, script_name),
	OBJECTS(scope_track_file, conf_track_file, files, n_files, file_name),
	OBJECTS(scope_track_process, conf_track_process, processes, n_processes, process_name),
	OBJECTS(scope_instance, conf_instance, instances, n_instances, instance_name),
	OBJECTS(scope_group, conf_group, groups, n_groups, group_name),
	OBJECTS(scope_service, conf_virtual_server, services, n_services, service_name),
};

static const struct objects *objects_of(const struct option *row)
{
	for (size_t i = 0; i < sizeof(all_objects) / sizeof(*all_objects); i++)
		if (all_objects[i].scope == row->block)
			return &all_objects[i];
	return NULL;
}

static size_t count_of(const struct objects *objects, const struct conf *conf)
{
	return *(const size_t *)(const void *)((const char *)conf + objects->count);
}

static const void *object_at(const struct objects *objects, const struct conf *conf, size_t index)
{
	const char *array =
		*(const char *const *)(const void *)((const char *)conf + objects->array);

	return array + index * objects->size;
}

static void compare_object(struct diff_list *list, const struct objects *objects, const void *old,
			   const void *new)
{
	struct conf_change *change;

	diff_add_rows(list, objects->scope, old, new);
	change = diff_add_changed(list, objects->scope->name, objects->name(new), "");
	if (change && objects->scope == &scope_instance &&
	    conf_instance_restarts(list->diff, old, new))
		change->way = CONF_RESTARTED;
	if (objects->scope == &scope_service)
		add_servers(list, old, new);
}

static void add_objects(struct diff_list *list, const struct objects *objects)
{
	const struct conf *old = list->diff->old, *new = list->diff->new;
	size_t n_old = count_of(objects, old), n_new = count_of(objects, new);
	const uint32_t *map =
		*(uint32_t *const *)(const void *)((const char *)list->diff + objects->map);
	bool *goes_on = continued(list, map, n_new, n_old);

	for (size_t i = 0; i < n_new; i++) {
		const void *object = object_at(objects, new, i);

		if (map[i] == CONF_NONE)
			diff_add(list, CONF_ADDED, objects->scope->name, objects->name(object), "");
		else
			compare_object(list, objects, object_at(objects, old, map[i]), object);
	}
	for (size_t i = 0; i < n_old; i++)
		if (!goes_on[i])
			diff_add(list, CONF_REMOVED, objects->scope->name,
				 objects->name(object_at(objects, old, i)), "");
}

/* ---- everything else at the top level, as text ---- */

static int by_heading(const void *a, const void *b)
{
	return strcmp(((const struct statement *)a)->heading,
		      ((const struct statement *)b)->heading);
}

static void compare_statement(struct diff_list *list, const struct option *row,
			      const struct statement *old, const struct statement *new)
{
	list->words = (struct items){0};
	if (diff_is_list(row)) {
		diff_add_lines(list, row, old->body, new->body);
	} else {
		struct statements a = text_statements(list->arena, old->body),
				  b = text_statements(list->arena, new->body);

		diff_add_statements(list, row->block, &a, &b);
	}
	diff_add_changed(list, row->name, diff_value_of(new->heading), "");
}

static void add_blocks(struct diff_list *list, const struct option *row, const char *old,
		       const char *new)
{
	struct statements a = text_statements(list->arena, old),
			  b = text_statements(list->arena, new);
	size_t i = 0, k = 0;

	qsort(a.items, a.count, sizeof(*a.items), by_heading);
	qsort(b.items, b.count, sizeof(*b.items), by_heading);
	while (i < a.count || k < b.count) {
		int order = i == a.count   ? 1
			    : k == b.count ? -1
					   : by_heading(&a.items[i], &b.items[k]);

		if (order < 0)
			diff_add(list, CONF_REMOVED, row->name, diff_value_of(a.items[i].heading),
				 "");
		else if (order > 0)
			diff_add(list, CONF_ADDED, row->name, diff_value_of(b.items[k].heading),
				 "");
		else
			compare_statement(list, row, &a.items[i], &b.items[k]);
		i += order <= 0;
		k += order >= 0;
	}
}

static void add_root_row(struct diff_list *list, const struct option *row)
{
	const struct conf *old = list->diff->old, *new = list->diff->new;
	const struct objects *objects = objects_of(row);
	const char *a, *b;

	if (row->block == &scope_global) {
		diff_add_rows(list, &scope_global, &old->global, &new->global);
		diff_add_changed(list, row->name, "", "");
		return;
	}
	if (objects) {
		add_objects(list, objects);
		return;
	}
	a = dump_text(list->diff->old_text, option_root(), row, old);
	b = dump_text(list->diff->new_text, option_root(), row, new);
	if (!a || !b)
		arena_give_up(list->arena);
	if (strcmp(a, b) == 0)
		return;
	if (row->type == OPTION_BLOCK) {
		add_blocks(list, row, a, b);
		return;
	}
	list->words = (struct items){0};
	diff_add_row(list, option_root(), row, old, new);
	diff_add_changed(list, row->name, "", "");
}

/* ---- the whole ---- */

static void list_all(struct diff_list *list)
{
	const struct option *row;

	for (size_t i = 0; (row = option_at(option_root(), i)); i++)
		if (dump_has(option_root(), row))
			add_root_row(list, row);
}

/* Everything that allocates from the arena happens below this frame. */
static int make(struct diff_list *list, struct conf_changes **ret)
{
	jmp_buf out_of_memory;
	struct conf_changes *changes;

	if (setjmp(out_of_memory))
		return -ENOMEM;
	arena_on_failure(list->arena, &out_of_memory);
	list_all(list);
	changes = arena_alloc(list->arena, sizeof(*changes));
	changes->count = list->changes.n;
	changes->items = items_to_array(&list->changes, list->arena, sizeof(*changes->items));
	changes->arena = list->arena;
	arena_on_failure(list->arena, NULL);
	*ret = changes;
	return 0;
}

struct conf_changes *conf_changes_free(struct conf_changes *changes)
{
	if (changes)
		arena_free(changes->arena);
	return NULL;
}

int conf_changes_new(const struct conf *old, const struct conf *new, struct conf_changes **ret)
{
	struct diff_list list = {.arena = arena_new()};
	int error = list.arena ? conf_diff_new(old, new, &list.diff) : -ENOMEM;

	if (!error)
		error = make(&list, ret);
	conf_diff_free(list.diff);
	if (error)
		arena_free(list.arena);
	return error;
}
