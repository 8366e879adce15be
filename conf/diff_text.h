/* SPDX-License-Identifier: MIT */
/*
 * Canonical text taken apart again, for lists of changes: statements of one level, and what of two
 * such lists is not in both. Private to conf/. Memory comes from the arena given and is never out
 * (see conf/arena.h).
 */
#pragma once

#include <stddef.h>

struct conf_arena;

/* One statement with what its block holds. */
struct statement {
	const char *text;    /* as one line: "url { path /; status_code 200 }" */
	const char *heading; /* without the block: "vrrp_instance VI_1" */
	const char *body;    /* text of the block; "" when there is none */
};

struct statements {
	struct statement *items;
	size_t count;
};

/* The statements at the outermost level of text, which is canonical. */
struct statements text_statements(struct conf_arena *arena, const char *text);

/* Takes out of both what is in both, however often and wherever. What is left is sorted. */
void text_drop_common(struct statements *a, struct statements *b);

/* Length of the first word. */
size_t text_keyword(const char *text);
