/* SPDX-License-Identifier: MIT */
/*
 * A list of changes in the making, and the keywords of one changed object. Private to conf/. Memory
 * comes from the list's arena and is never out (see conf/arena.h).
 */
#pragma once

#include "conf/arena.h"
#include "conf/build.h"
#include "conf/diff.h"
#include "conf/diff_text.h"
#include "conf/options.h"

struct diff_list {
	struct conf_diff *diff;
	struct conf_arena *arena;
	struct items changes; /* struct conf_change */
	struct items words;   /* struct conf_change_word, of the change being made */
};

struct conf_change *diff_add(struct diff_list *list, enum conf_change_kind kind, const char *type,
			     const char *name, const char *inside);

/* What stands behind the first word. */
const char *diff_value_of(const char *text);

/* Each adds to the words of the change being made. Rows: starts anew with every row of two objects;
 * row: with one of them; statements: of two blocks with that scope's keywords; lines: of two lists
 * that the row is. */
void diff_add_rows(struct diff_list *list, const struct option_scope *scope, const void *old,
		   const void *new);
void diff_add_row(struct diff_list *list, const struct option_scope *scope,
		  const struct option *row, const void *old, const void *new);
void diff_add_statements(struct diff_list *list, const struct option_scope *scope,
			 struct statements *a, struct statements *b);
void diff_add_lines(struct diff_list *list, const struct option *row, const char *old,
		    const char *new);

/* The change that the words make, NULL when there are none. */
struct conf_change *diff_add_changed(struct diff_list *list, const char *type, const char *name,
				     const char *inside);
