/* SPDX-License-Identifier: MIT */
/*
 * The layer between the lines of files and the lexer: conditional lines (@ID), definitions ($NAME)
 * and generators (~SEQ, ~LST). It takes every line of a file, and gives the lines that are to be
 * read in its place. One object serves one load; it and all it makes live in the arena of the load.
 *
 * Source: keepalived.conf(5), "Configuration parser"; behaviour of keepalived 2.2.7.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct conf_arena;
struct diags;
struct place;
struct expand;
struct generated;

#define EXPAND_BYTES_MAX (64u * 1024 * 1024) /* of everything made by one load */
#define EXPAND_LINES_MAX 1000000	     /* made by one load */
#define EXPAND_DEPTH_MAX 32 /* definitions in definitions, generators in generators */
#define EXPAND_NAMES_MAX 10000

/* config_id must live as long as the object. */
struct expand *expand_new(struct conf_arena *arena, struct diags *diags, const char *config_id);

/* Makes _RANDOM repeatable from here on. */
void expand_seed(struct expand *expand, uint64_t seed);

/*
 * Looks at one line of at most LEXER_LINE_MAX octets, of a file or made by expand_next(). True:
 * *line is to be read from line->offset on, and may have become another text; its expansion then
 * says how. False: nothing of it is to be read. What it makes beyond one line goes on *stack, which
 * begins as NULL and belongs to the file.
 */
bool expand_line(struct expand *expand, struct generated **stack, struct place *line);

/* The next line from *stack; false when there is none. To be asked before the file's next line. */
bool expand_next(struct expand *expand, struct generated **stack, struct place *ret);

/* A blank line, or the file's end: so ends a definition that wanted one more line. */
void expand_end_definition(struct expand *expand);
