/* SPDX-License-Identifier: MIT */
/*
 * Which routes and rules to add and to remove, and when to look after them. Two entries are the
 * same when the kernel is told the same of them, so a line that is only written differently, or
 * stands elsewhere, is left alone. Whether an entry is still there is asked by adding it again:
 * the kernel refuses to have it twice, and the daemon needs no copy of a routing table that may
 * hold a million routes. Runs in the main thread; no kernel call of its own.
 */
#include "core/net/routing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"

#define RESTORE_US USEC_PER_SEC	       /* between attempts: who takes it away again may insist */
#define MISSING_US (10 * USEC_PER_SEC) /* the same while the kernel refuses it */

/* ---- items ---- */

static void free_items(struct routing_item *items, size_t count)
{
	for (size_t i = 0; items && i < count; i++)
		free(items[i].octets);
	free(items);
}

static bool is_tracked(const struct routing_item *item)
{
	/* One that expires goes by itself. */
	return item->is.route ? item->is.route->track && !item->is.route->expires_s
			      : item->is.rule->track;
}

static bool is_same(const struct routing_item *a, const struct routing_item *b)
{
	return !a->is.route == !b->is.route && a->octets && b->octets && a->size == b->size &&
	       !memcmp(a->octets, b->octets, a->size);
}

/* Whether somebody else has it in the kernel too. */
static bool is_shared(const struct routing *routing, const struct routing_item *item)
{
	for (size_t i = 0; i < routing->n_owners; i++) {
		const struct routing_owner *owner = &routing->owners[i];

		for (size_t k = 0; k < owner->n_items; k++)
			if (owner->items[k].set && &owner->items[k] != item &&
			    is_same(&owner->items[k], item))
				return true;
	}
	return false;
}

static int compile_all(struct routing *routing, const struct routing_list *list,
		       struct routing_item **ret)
{
	size_t count = list->n_routes + list->n_rules;
	struct routing_item *items = calloc(count ? count : 1, sizeof *items);

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct routing_item *item = &items[i];

		if (i < list->n_routes)
			item->is.route = &list->routes[i];
		else
			item->is.rule = &list->rules[i - list->n_routes];
		if (routing->ops->compile(routing->owner, &item->is, &item->octets, &item->size) ==
		    -ENOMEM) {
			free_items(items, count);
			return -ENOMEM;
		}
	}
	*ret = items;
	return 0;
}

/* ---- owners ---- */

static struct routing_owner *find(const struct routing *routing, const char *name)
{
	for (size_t i = 0; i < routing->n_owners; i++)
		if (!strcmp(routing->owners[i].name, name))
			return &routing->owners[i];
	return NULL;
}

const struct routing_owner *routing_find(const struct routing *routing, const char *name)
{
	return find(routing, name);
}

static struct routing_owner *find_or_add(struct routing *routing, const char *name)
{
	struct routing_owner *owner = find(routing, name), *larger;
	char *copy;

	if (owner)
		return owner;
	if (routing->n_owners == routing->room) {
		size_t room = routing->room ? routing->room * 2 : 8;

		larger = reallocarray(routing->owners, room, sizeof *larger);
		if (!larger)
			return NULL;
		routing->owners = larger;
		routing->room = room;
	}
	copy = strdup(name);
	if (!copy)
		return NULL;
	owner = &routing->owners[routing->n_owners++];
	*owner = (struct routing_owner){.name = copy};
	return owner;
}

static void free_owner(struct routing_owner *owner)
{
	free(owner->name);
	free_items(owner->items, owner->n_items);
	conf_unref(owner->conf);
}

static void drop_owner(struct routing *routing, struct routing_owner *owner)
{
	free_owner(owner);
	*owner = routing->owners[--routing->n_owners];
}

void routing_clear(struct routing *routing)
{
	for (size_t i = 0; i < routing->n_owners; i++)
		free_owner(&routing->owners[i]);
	free(routing->owners);
	routing->owners = NULL;
	routing->n_owners = routing->room = 0;
}

/* ---- setting and removing ---- */

static void note(struct routing *routing, enum routing_note what, const struct routing_owner *of,
		 const struct routing_item *item, int error)
{
	routing->ops->note(routing->owner, what, of, item, error);
}

static int add_item(struct routing *routing, const struct routing_item *item)
{
	return item->octets ? routing->ops->add(routing->owner, item) : -ENODEV;
}

/* stray: nobody has said that it is there. */
static void remove_items(struct routing *routing, const struct routing_owner *of, bool stray)
{
	for (size_t i = of->n_items; i-- > 0;) {
		struct routing_item *item = &of->items[i];

		if (!item->set)
			continue;
		item->set = false;
		if (is_shared(routing, item))
			continue;
		int error = routing->ops->del(routing->owner, item);
		if (!error && stray)
			note(routing, ROUTING_STRAY, of, item, 0);
		else if (error && error != -ESRCH && error != -ENODEV)
			note(routing, ROUTING_STUCK, of, item, error);
	}
}

/* Where the same one is among the old ones that are not taken yet; usually it stands where it
 * stood. count: nowhere. */
static size_t find_same(const struct routing_item *item, const struct routing_item *old,
			const bool *taken, size_t count, size_t start)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = (start + i) % count;

		if (!taken[at] && is_same(&old[at], item))
			return at;
	}
	return count;
}

/* For each item which old one it continues, n_old: none. malloc'd; NULL: no memory. */
static size_t *match(const struct routing_item *items, size_t n_items,
		     const struct routing_item *old, size_t n_old, size_t *ret_same)
{
	size_t *map = calloc(n_items + 1, sizeof *map), same = 0;
	bool *taken = calloc(n_old + 1, sizeof *taken);

	for (size_t i = 0; map && taken && i < n_items; i++) {
		map[i] = find_same(&items[i], old, taken, n_old, i);
		taken[map[i]] = true; /* of the last one nobody asks */
		same += map[i] < n_old;
	}
	if (!taken) {
		free(map);
		map = NULL;
	}
	free(taken);
	*ret_same = same;
	return map;
}

/* What goes on leaves the old ones. */
static void carry(struct routing_item *items, size_t n_items, struct routing_item *old,
		  size_t n_old, const size_t *map)
{
	for (size_t i = 0; i < n_items; i++) {
		struct routing_item *before = map[i] < n_old ? &old[map[i]] : NULL;

		if (!before)
			continue;
		items[i].set = before->set;
		items[i].complained = before->complained;
		items[i].tried_us = before->tried_us;
		items[i].due_us = is_tracked(&items[i]) ? before->due_us : 0;
		before->set = false;
	}
}

static void add_missing(struct routing *routing, struct routing_owner *owner, uint64_t now_us)
{
	for (size_t i = 0; i < owner->n_items; i++) {
		struct routing_item *item = &owner->items[i];
		bool shared = !item->set && is_shared(routing, item);

		if (item->set)
			continue;
		int error = add_item(routing, item);
		item->set = !error || error == -EEXIST;
		item->complained = !item->set;
		if (item->set && error && !shared)
			note(routing, ROUTING_ADOPTED, owner, item, 0);
		else if (!item->set)
			note(routing, ROUTING_FAILED, owner, item, error);
		if (!item->set && is_tracked(item))
			item->due_us = now_us + MISSING_US;
	}
}

static void take_items(struct routing_owner *owner, const struct conf *conf,
		       struct routing_item *items, size_t count)
{
	owner->conf = conf_ref(conf);
	owner->items = items;
	owner->n_items = count;
}

static void free_old(const struct routing_owner *old)
{
	free_items(old->items, old->n_items);
	conf_unref(old->conf);
}

int routing_set(struct routing *routing, const struct routing_list *list, uint64_t now_us)
{
	size_t count = list->n_routes + list->n_rules, same;
	struct routing_item *items = NULL;
	struct routing_owner *owner, old;

	if (!count)
		return find(routing, list->name) ? routing_remove(routing, list) : 0;
	if (compile_all(routing, list, &items) < 0)
		return -ENOMEM;
	owner = find_or_add(routing, list->name);
	size_t *map = owner ? match(items, count, owner->items, owner->n_items, &same) : NULL;
	if (!map) {
		free_items(items, count);
		return -ENOMEM;
	}
	old = *owner;
	carry(items, count, old.items, old.n_items, map);
	free(map);
	take_items(owner, list->conf, items, count);
	owner->generation = list->conf->generation;
	remove_items(routing, &old, false);
	free_old(&old);
	add_missing(routing, owner, now_us);
	return 0;
}

int routing_rebind(struct routing *routing, const struct routing_list *list)
{
	struct routing_owner *owner = find(routing, list->name), old;
	size_t count = list->n_routes + list->n_rules, same = 0;
	struct routing_item *items = NULL;

	if (!owner || owner->n_items != count)
		return 0;
	if (compile_all(routing, list, &items) < 0)
		return -ENOMEM;
	old = *owner;
	size_t *map = match(items, count, old.items, old.n_items, &same);
	if (map && same == count) {
		carry(items, count, old.items, old.n_items, map);
		take_items(owner, list->conf, items, count);
		free_old(&old);
	} else {
		free_items(items, count);
	}
	free(map);
	return map ? 0 : -ENOMEM;
}

/* In case an earlier run has left them behind. */
static int remove_strays(struct routing *routing, const struct routing_list *list)
{
	struct routing_owner strays = {
		.name = (char *)list->name,
		.conf = list->conf,
		.n_items = list->n_routes + list->n_rules,
	};

	if (!strays.n_items)
		return 0;
	if (compile_all(routing, list, &strays.items) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < strays.n_items; i++)
		strays.items[i].set = strays.items[i].octets;
	remove_items(routing, &strays, true);
	free_items(strays.items, strays.n_items);
	return 0;
}

int routing_remove(struct routing *routing, const struct routing_list *list)
{
	struct routing_owner *owner = find(routing, list->name);

	if (!owner)
		return remove_strays(routing, list);
	if (owner->generation > list->conf->generation)
		return 0;
	remove_items(routing, owner, false);
	drop_owner(routing, owner);
	return 0;
}

void routing_remove_all(struct routing *routing)
{
	for (size_t i = 0; i < routing->n_owners; i++)
		remove_items(routing, &routing->owners[i], false);
	routing_clear(routing);
}

/* ---- looking after them ---- */

static void suspect(struct routing_item *item, uint64_t now_us)
{
	uint64_t next_us = item->tried_us ? item->tried_us + RESTORE_US : now_us;

	if (!is_tracked(item))
		return;
	if (next_us < now_us)
		next_us = now_us;
	if (!item->due_us || next_us < item->due_us)
		item->due_us = next_us;
}

void routing_suspect_all(struct routing *routing, uint64_t now_us)
{
	for (size_t i = 0; i < routing->n_owners; i++)
		for (size_t k = 0; k < routing->owners[i].n_items; k++)
			suspect(&routing->owners[i].items[k], now_us);
}

void routing_suspect_route(struct routing *routing, const struct conf_prefix *to, uint64_t now_us)
{
	for (size_t i = 0; i < routing->n_owners; i++)
		for (size_t k = 0; k < routing->owners[i].n_items; k++) {
			const struct conf_route *route = routing->owners[i].items[k].is.route;

			if (route && route->to.length == to->length &&
			    !ip_compare(&route->to.ip, &to->ip))
				suspect(&routing->owners[i].items[k], now_us);
		}
}

void routing_suspect_rules(struct routing *routing, uint16_t family, uint64_t now_us)
{
	for (size_t i = 0; i < routing->n_owners; i++)
		for (size_t k = 0; k < routing->owners[i].n_items; k++) {
			const struct conf_rule *rule = routing->owners[i].items[k].is.rule;

			if (rule && rule->family == family)
				suspect(&routing->owners[i].items[k], now_us);
		}
}

/* An interface that has come back has another number. */
static int compile_again(struct routing *routing, struct routing_item *item)
{
	void *octets = NULL;
	size_t size = 0;
	int error = routing->ops->compile(routing->owner, &item->is, &octets, &size);

	if (error)
		return error;
	free(item->octets);
	item->octets = octets;
	item->size = size;
	return 0;
}

static void restore_item(struct routing *routing, const struct routing_owner *owner,
			 struct routing_item *item, uint64_t now_us)
{
	bool was_set = item->set;
	int error = compile_again(routing, item);

	if (!error)
		error = add_item(routing, item);
	/* One that is there after all has cost nobody anything. */
	item->tried_us = error == -EEXIST ? item->tried_us : now_us;
	item->set = !error || error == -EEXIST;
	item->due_us = item->set ? 0 : now_us + MISSING_US;
	if (!error)
		note(routing, was_set ? ROUTING_RESTORED : ROUTING_SET_LATE, owner, item, 0);
	else if (!item->set && !item->complained)
		note(routing, ROUTING_LOST, owner, item, error);
	item->complained = !item->set;
}

uint64_t routing_restore(struct routing *routing, uint64_t now_us)
{
	uint64_t next_us = 0;

	for (size_t i = 0; i < routing->n_owners; i++) {
		const struct routing_owner *owner = &routing->owners[i];

		for (size_t k = 0; k < owner->n_items; k++) {
			struct routing_item *item = &owner->items[k];

			if (item->due_us && item->due_us <= now_us)
				restore_item(routing, owner, item, now_us);
			if (item->due_us && (!next_us || item->due_us < next_us))
				next_us = item->due_us;
		}
	}
	return next_us;
}
