/* SPDX-License-Identifier: MIT */
/*
 * A sorted array and binary search. Pure.
 */
#include "conf/names.h"

#include <stdlib.h>
#include <string.h>

#include "conf/arena.h"
#include "conf/options.h"

struct names names_new(struct conf_arena *arena, size_t n)
{
	return (struct names){.entries = arena_array(arena, n, sizeof(struct names_entry))};
}

void names_add(struct names *names, const char *name, void *object)
{
	names->entries[names->n] = (struct names_entry){name, object, names->n};
	names->n++;
}

static int compare(const void *a, const void *b)
{
	const struct names_entry *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : x->order < y->order ? -1 : x->order > y->order;
}

void names_sort(struct names *names)
{
	if (names->n)
		qsort(names->entries, names->n, sizeof(*names->entries), compare);
}

void *names_find(const struct names *names, const char *name)
{
	size_t low = 0, high = names->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(names->entries[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < names->n && strcmp(names->entries[low].name, name) == 0)
		return names->entries[low].object;
	return NULL;
}

const char *names_nearest(const struct names *names, const char *name)
{
	unsigned best = option_slip_limit(name) + 1;
	const char *nearest = NULL;

	for (size_t i = 0; i < names->n; i++) {
		unsigned distance = option_distance(name, names->entries[i].name, best - 1);

		if (distance < best) {
			best = distance;
			nearest = names->entries[i].name;
		}
		if (!best)
			break;
	}
	return nearest;
}
