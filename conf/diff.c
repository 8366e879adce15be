/* SPDX-License-Identifier: MIT */
/*
 * What a reload leaves alone: identities by sorted search, settings row by row. A row with a field
 * of a plain type is compared there; one with a dump of its own by its canonical text, so that it
 * needs no other code to be compared. Pure.
 */
#include "conf/diff.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diff_rows.h"
#include "conf/dump.h"
#include "conf/scopes.h"

/* ---- identity ---- */

/* One kind of object, as it stands in an array. */
struct kind {
	size_t size;
	int (*compare)(const void *a, const void *b);
};

static int by_instance(const void *a, const void *b)
{
	return strcmp(((const struct conf_instance *)a)->name,
		      ((const struct conf_instance *)b)->name);
}

static int by_group(const void *a, const void *b)
{
	return strcmp(((const struct conf_group *)a)->name, ((const struct conf_group *)b)->name);
}

static int by_script(const void *a, const void *b)
{
	return strcmp(((const struct conf_script *)a)->name, ((const struct conf_script *)b)->name);
}

static int by_file(const void *a, const void *b)
{
	return strcmp(((const struct conf_track_file *)a)->name,
		      ((const struct conf_track_file *)b)->name);
}

static int by_process(const void *a, const void *b)
{
	return strcmp(((const struct conf_track_process *)a)->name,
		      ((const struct conf_track_process *)b)->name);
}

static int by_bfd(const void *a, const void *b)
{
	return strcmp(((const struct conf_bfd *)a)->name, ((const struct conf_bfd *)b)->name);
}

static int by_service(const void *a, const void *b)
{
	return strcmp(((const struct conf_virtual_server *)a)->id,
		      ((const struct conf_virtual_server *)b)->id);
}

static int by_server(const void *a, const void *b)
{
	return dest_key_compare(&((const struct conf_real_server *)a)->key,
				&((const struct conf_real_server *)b)->key);
}

static const struct kind instances = {sizeof(struct conf_instance), by_instance};
static const struct kind groups = {sizeof(struct conf_group), by_group};
static const struct kind scripts = {sizeof(struct conf_script), by_script};
static const struct kind files = {sizeof(struct conf_track_file), by_file};
static const struct kind processes = {sizeof(struct conf_track_process), by_process};
static const struct kind bfds = {sizeof(struct conf_bfd), by_bfd};
static const struct kind services = {sizeof(struct conf_virtual_server), by_service};
static const struct kind servers = {sizeof(struct conf_real_server), by_server};

static const void *item(const struct kind *kind, const void *array, size_t index)
{
	return (const char *)array + index * kind->size;
}

/* A text that was edited is mostly in its old order. */
static bool is_same_order(const struct kind *kind, const void *old, size_t n_old, const void *new,
			  size_t n_new)
{
	for (size_t i = 0; i < n_new && n_old == n_new; i++)
		if (kind->compare(item(kind, old, i), item(kind, new, i)) != 0)
			return false;
	return n_old == n_new;
}

struct sorted {
	const struct kind *kind;
	const void *item;
	uint32_t index;
	bool taken;
};

static int by_item(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	int order = x->kind->compare(x->item, y->item);

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

static uint32_t take(struct sorted *sorted, size_t count, const void *wanted)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sorted[middle].kind->compare(sorted[middle].item, wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low < count && sorted[low].taken)
		low++;
	if (low == count || sorted[low].kind->compare(sorted[low].item, wanted) != 0)
		return CONF_NONE;
	sorted[low].taken = true;
	return sorted[low].index;
}

static int match(const struct kind *kind, const void *old, size_t n_old, const void *new,
		 size_t n_new, uint32_t *map)
{
	struct sorted *sorted;

	if (is_same_order(kind, old, n_old, new, n_new)) {
		for (size_t i = 0; i < n_new; i++)
			map[i] = (uint32_t)i;
		return 0;
	}
	sorted = calloc(n_old + 1, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n_old; i++)
		sorted[i] = (struct sorted){
			.kind = kind, .item = item(kind, old, i), .index = (uint32_t)i};
	qsort(sorted, n_old, sizeof(*sorted), by_item);
	for (size_t i = 0; i < n_new; i++)
		map[i] = take(sorted, n_old, item(kind, new, i));
	free(sorted);
	return 0;
}

static int new_map(const struct kind *kind, const void *old, size_t n_old, const void *new,
		   size_t n_new, uint32_t **ret)
{
	*ret = calloc(n_new + 1, sizeof(**ret));
	return *ret ? match(kind, old, n_old, new, n_new, *ret) : -ENOMEM;
}

struct conf_diff *conf_diff_free(struct conf_diff *diff)
{
	if (!diff)
		return NULL;
	free(diff->instances);
	free(diff->groups);
	free(diff->scripts);
	free(diff->files);
	free(diff->processes);
	free(diff->bfds);
	free(diff->services);
	dump_free(diff->old_text);
	dump_free(diff->new_text);
	free(diff);
	return NULL;
}

int conf_diff_new(const struct conf *old, const struct conf *new, struct conf_diff **ret)
{
	static const struct conf none;
	const struct conf *from = old ? old : &none;
	struct conf_diff *diff = calloc(1, sizeof(*diff));

	if (!diff)
		return -ENOMEM;
	diff->old = old;
	diff->new = new;
	diff->old_text = dump_new(from);
	diff->new_text = dump_new(new);
	if (!diff->old_text || !diff->new_text ||
	    new_map(&instances, from->instances, from->n_instances, new->instances,
		    new->n_instances, &diff->instances) < 0 ||
	    new_map(&groups, from->groups, from->n_groups, new->groups, new->n_groups,
		    &diff->groups) < 0 ||
	    new_map(&scripts, from->scripts, from->n_scripts, new->scripts, new->n_scripts,
		    &diff->scripts) < 0 ||
	    new_map(&files, from->files, from->n_files, new->files, new->n_files, &diff->files) <
		    0 ||
	    new_map(&processes, from->processes, from->n_processes, new->processes,
		    new->n_processes, &diff->processes) < 0 ||
	    new_map(&bfds, from->bfds, from->n_bfds, new->bfds, new->n_bfds, &diff->bfds) < 0 ||
	    new_map(&services, from->services, from->n_services, new->services, new->n_services,
		    &diff->services) < 0) {
		conf_diff_free(diff);
		return -ENOMEM;
	}
	*ret = diff;
	return 0;
}

const uint32_t *conf_diff_tracked(const struct conf_diff *diff, enum conf_track_kind kind)
{
	switch (kind) {
	case CONF_TRACK_SCRIPT:
		return diff->scripts;
	case CONF_TRACK_FILE:
		return diff->files;
	case CONF_TRACK_PROCESS:
		return diff->processes;
	case CONF_TRACK_BFD:
		return diff->bfds;
	default:
		return NULL;
	}
}

int conf_diff_servers(const struct conf_virtual_server *old, const struct conf_virtual_server *new,
		      uint32_t *map)
{
	return match(&servers, old ? old->servers : NULL, old ? old->n_servers : 0, new->servers,
		     new->n_servers, map);
}

/* ---- settings ---- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_command(const struct conf_command *a, const struct conf_command *b)
{
	return same_text(a->text, b->text) && same_text(a->user, b->user) &&
	       same_text(a->group, b->group);
}

static bool same_field(const struct option *row, const void *a, const void *b)
{
	switch (row->type) {
	case OPTION_STRING:
	case OPTION_INTERFACE:
	case OPTION_CUSTOM: /* one without dump() reads a word */
		return same_text(*(char *const *)a, *(char *const *)b);
	case OPTION_ADDRESS:
		return ip_compare(a, b) == 0;
	case OPTION_COMMAND:
		return same_command(a, b);
	default:
		return memcmp(a, b, row->size) == 0;
	}
}

bool diff_is_list(const struct option *row)
{
	return row->type == OPTION_BLOCK && row->block && row->block->line;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of text, which is cut up, in sorted order. NULL when memory is out. */
static char **sorted_lines(char *text, size_t *ret_count)
{
	size_t count = 0;
	char **lines;

	for (const char *at = text; *at; at++)
		count += *at == '\n';
	lines = calloc(count + 1, sizeof(*lines));
	if (!lines)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		lines[i] = text;
		text = strchr(text, '\n');
		*text++ = '\0';
	}
	qsort(lines, count, sizeof(*lines), by_text);
	*ret_count = count;
	return lines;
}

static bool same_lines(const char *a, const char *b)
{
	char *copy_a = strdup(a), *copy_b = strdup(b), **lines_a = NULL, **lines_b = NULL;
	size_t n_a = 0, n_b = 0;
	bool same;

	if (copy_a && copy_b) {
		lines_a = sorted_lines(copy_a, &n_a);
		lines_b = sorted_lines(copy_b, &n_b);
	}
	same = lines_a && lines_b && n_a == n_b;
	for (size_t i = 0; same && i < n_a; i++)
		same = strcmp(lines_a[i], lines_b[i]) == 0;
	free(lines_a);
	free(lines_b);
	free(copy_a);
	free(copy_b);
	return same;
}

bool diff_row_is_same(struct conf_diff *diff, const struct option_scope *scope,
		      const struct option *row, const void *old, const void *new)
{
	const char *a, *b;

	if (!row->dump)
		return same_field(row, (const char *)old + row->offset,
				  (const char *)new + row->offset);
	a = dump_text(diff->old_text, scope, row, old);
	b = dump_text(diff->new_text, scope, row, new);
	if (!a || !b)
		return false;
	if (strcmp(a, b) == 0)
		return true;
	return diff_is_list(row) && strlen(a) == strlen(b) && same_lines(a, b);
}

const struct option *diff_next_row(const struct option_scope *scope, struct diff_walk *walk)
{
	const struct option *row;

	while (walk->table < OPTION_TABLES && scope->tables[walk->table]) {
		row = &scope->tables[walk->table][walk->row++];
		if (!row->name)
			*walk = (struct diff_walk){.table = walk->table + 1};
		else if (dump_has(scope, row) && !(row->flags & OPTION_OBJECTS))
			return row;
	}
	return NULL;
}

enum conf_change_way diff_way(const struct option *row)
{
	return row->reload == OPTION_RESTART   ? CONF_RESTARTED
	       : row->reload == OPTION_REFUSED ? CONF_REFUSED
					       : CONF_IN_PLACE;
}

static bool is_same(struct conf_diff *diff, const struct option_scope *scope, const void *old,
		    const void *new)
{
	struct diff_walk walk = {0};
	const struct option *row;

	while ((row = diff_next_row(scope, &walk)))
		if (!diff_row_is_same(diff, scope, row, old, new))
			return false;
	return true;
}

static bool restarts(struct conf_diff *diff, const struct option_scope *scope, const void *old,
		     const void *new)
{
	struct diff_walk walk = {0};
	const struct option *row;

	while ((row = diff_next_row(scope, &walk)))
		if (row->reload == OPTION_RESTART && !diff_row_is_same(diff, scope, row, old, new))
			return true;
	return false;
}

/* ---- objects ---- */

static bool is_same_checker(struct conf_diff *diff, const struct conf_checker *old,
			    const struct conf_checker *new)
{
	return old->type == new->type &&is_same(diff, checker_scope(old->type), old, new);
}

/* The same place first, then any other: checkers that were only moved about are found again. */
int conf_diff_checkers(struct conf_diff *diff, const struct conf_real_server *old,
		       const struct conf_real_server *new, uint32_t *map)
{
	size_t n_old = old ? old->n_checkers : 0;
	bool *taken = calloc(n_old + 1, sizeof(*taken));

	if (!taken)
		return -ENOMEM;
	for (size_t i = 0; i < new->n_checkers; i++) {
		map[i] = CONF_NONE;
		if (i >= n_old || !is_same_checker(diff, &old->checkers[i], &new->checkers[i]))
			continue;
		map[i] = (uint32_t)i;
		taken[i] = true;
	}
	for (size_t i = 0; i < new->n_checkers; i++) {
		for (size_t k = 0; map[i] == CONF_NONE && k < n_old; k++) {
			if (taken[k] ||
			    !is_same_checker(diff, &old->checkers[k], &new->checkers[i]))
				continue;
			map[i] = (uint32_t)k;
			taken[k] = true;
		}
	}
	free(taken);
	return 0;
}

/* Of a name that was made here the text says nothing: it depends on the other instances. */
static bool same_macvlan(const struct conf_macvlan *a, const struct conf_macvlan *b)
{
	if (!a || !b)
		return a == b;
	return a->kind == b->kind && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->parent, b->parent) == 0 && memcmp(a->mac, b->mac, sizeof(a->mac)) == 0 &&
	       ip_compare(&a->ip, &b->ip) == 0 && a->prefix == b->prefix && a->mode == b->mode;
}

bool conf_instance_same_devices(const struct conf_instance *old, const struct conf_instance *new)
{
	if (old->n_macvlans != new->n_macvlans)
		return false;
	for (size_t i = 0; i < old->n_macvlans; i++)
		if (!same_macvlan(&old->macvlans[i], &new->macvlans[i]))
			return false;
	return true;
}

bool conf_instance_restarts(struct conf_diff *diff, const struct conf_instance *old,
			    const struct conf_instance *new)
{
	return conf_instance_family(old) != conf_instance_family(new) ||
	       !same_macvlan(conf_instance_macvlan(old), conf_instance_macvlan(new)) ||
	       restarts(diff, &scope_instance, old, new);
}

bool conf_script_restarts(struct conf_diff *diff, const struct conf_script *old,
			  const struct conf_script *new)
{
	return restarts(diff, &scope_script, old, new);
}

bool conf_file_restarts(struct conf_diff *diff, const struct conf_track_file *old,
			const struct conf_track_file *new)
{
	return restarts(diff, &scope_track_file, old, new);
}

bool conf_process_restarts(struct conf_diff *diff, const struct conf_track_process *old,
			   const struct conf_track_process *new)
{
	return restarts(diff, &scope_track_process, old, new);
}

bool conf_bfd_restarts(struct conf_diff *diff, const struct conf_bfd *old,
		       const struct conf_bfd *new)
{
	return restarts(diff, &scope_bfd, old, new);
}

bool conf_instance_changed(struct conf_diff *diff, const struct conf_instance *old,
			   const struct conf_instance *new, const char *keyword)
{
	const struct option *row = option_find(&scope_instance, keyword);

	assert(row && dump_has(&scope_instance, row));
	return !diff_row_is_same(diff, &scope_instance, row, old, new);
}
