/* SPDX-License-Identifier: MIT */
/*
 * Finding objects by name in a sorted index, so that large configurations load in time proportional
 * to their size. Private to conf/.
 */
#pragma once

#include <stddef.h>

struct conf_arena;

struct names_entry {
	const char *name;
	void *object;
	size_t order; /* in which they were added */
};

struct names {
	struct names_entry *entries;
	size_t n;
};

/* Room for n entries. */
struct names names_new(struct conf_arena *arena, size_t n);
void names_add(struct names *names, const char *name, void *object);
/* After the last names_add(). Equal names stay in the order they were added. */
void names_sort(struct names *names);
/* The first object of that name, NULL when there is none. */
void *names_find(const struct names *names, const char *name);
/* The name most like this one, NULL when none is near. */
const char *names_nearest(const struct names *names, const char *name);
