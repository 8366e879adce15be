/* SPDX-License-Identifier: MIT */
/* How rows are compared (conf/diff.c), for the list of changes too. Private to conf/. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "conf/diff.h"
#include "conf/options.h"

/* Whether a row says the same of both objects. False also when memory is out. */
bool diff_row_is_same(struct conf_diff *diff, const struct option_scope *scope,
		      const struct option *row, const void *old, const void *new);

/* A block whose lines are a set: addresses, members, tracked objects. */
bool diff_is_list(const struct option *row);

/* The next row that says something of the object itself; NULL past the end. Starts with {0}. */
struct diff_walk {
	size_t table, row;
};
const struct option *diff_next_row(const struct option_scope *scope, struct diff_walk *walk);

/* How a change of the row is dealt with. */
enum conf_change_way diff_way(const struct option *row);
