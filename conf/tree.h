/* SPDX-License-Identifier: MIT */
/*
 * Files to a tree of statements. Each knows its row in the option tables; a statement without a row
 * (an unknown keyword) keeps its whole block, so that its closing brace never closes the parent.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "conf/diags.h"
#include "conf/lexer.h"
#include "conf/options.h"

#define TREE_DEPTH_MAX	 32			      /* blocks inside blocks */
#define TREE_INCLUDE_MAX 16			      /* files including files */
#define TREE_BYTES_MAX	 (64u * 1024 * 1024)	      /* of all files together */
#define TREE_MEMORY_MAX	 ((size_t)1024 * 1024 * 1024) /* of the tree and the text */
#define TREE_STRANGE_MAX 20000 /* errors and unknown keywords, then it is no configuration */

struct node {
	struct node *parent, *first, *last, *next;
	const struct option *row;   /* aliases resolved; NULL: not in the tables */
	const struct option *alias; /* the row of the name as written, when it is an alias */
	const struct option_scope
		*scope;	    /* where row was looked up; NULL inside an unknown block */
	struct word *words; /* words[0] is the keyword */
	size_t n_words;
	struct place place; /* of words[0] */
	void *draft;	    /* of the block's content, set while building */
	bool *seen;	    /* rows of the block that were used, by index; NULL: none yet */
	bool has_block;
};

struct tree_options {
	const char *config_id;
	bool include_check; /* as if the text began with one that asks for everything */
};

/*
 * Reads the file and what it includes into *root's children, all allocated from arena. 0, or a
 * negative errno when the file itself cannot be read; everything wrong with the text goes to diags.
 */
int tree_read_file(struct conf_arena *arena, struct diags *diags,
		   const struct tree_options *options, const char *path, struct node *root);
void tree_read_text(struct conf_arena *arena, struct diags *diags,
		    const struct tree_options *options, const char *name, const char *text,
		    size_t size, struct node *root);

/* Where word number index stands; the keyword when there are not so many. */
struct place tree_place(const struct node *node, size_t index);
/* The last child that sets the field at offset of its draft, NULL when none does. */
const struct node *tree_setter(const struct node *block, size_t offset);
