/* SPDX-License-Identifier: MIT */
/*
 * The two halves of the tree reader: tree_files.c says which line comes next, tree.c what it means.
 * Private to them.
 */
#pragma once

#include <stdbool.h>

#include "conf/expand.h"
#include "conf/include.h"
#include "conf/tree.h"

#define TREE_WORDS_MAX 4096 /* of one statement */

struct frame {
	struct include_files files; /* left to read at this level */
	size_t next;
	struct source *source; /* NULL: take the next file */
	size_t at;
	uint32_t line;
	struct generated *generated; /* to be read before the next line of source */
	struct place included_from;
	int strictness;
};

struct reader {
	struct conf_arena *arena;
	struct diags *diags;
	struct expand *expand;
	int include_check; /* strictness of a plain include */
	struct frame frames[TREE_INCLUDE_MAX];
	size_t n_frames;
	size_t n_files, bytes;
	size_t n_unknown;     /* statements without a row */
	struct node *open;    /* innermost open block */
	struct node *pending; /* statement that a { on a later line would open */
	size_t depth;
	struct word words[TREE_WORDS_MAX];
	size_t n_words;
	enum lexer_mode mode; /* of the words behind the first */
	struct place line;    /* being read, from its offset on */
	char room[LEXER_LINE_MAX];
};

/* The place at that octet of the line being read. */
struct place tree_at(const struct reader *reader, size_t offset);

/* Starts reading source in frame. */
void tree_enter(struct reader *reader, struct frame *frame, struct source *source);
/* Puts the next line into reader->line and its frame into *ret; false at the end of everything. */
bool tree_next_line(struct reader *reader, struct frame **ret);
/* The words are an include directive of that strictness. */
void tree_include(struct reader *reader, int strictness);
