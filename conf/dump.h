/* SPDX-License-Identifier: MIT */
/*
 * Canonical text from a model. Private to conf/: rows whose value has no type of its own print
 * themselves with these.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "conf/model.h"
#include "conf/options.h"

struct dump; /* where the text goes, and the configuration it is about */

/* NULL when memory is out. conf must outlive it. */
struct dump *dump_new(const struct conf *conf);
struct dump *dump_free(struct dump *dump); /* accepts and returns NULL */

/* Ends the dump: one line of text without its end, malloc'd; NULL when memory is out. */
char *dump_end_line(struct dump *dump);

const struct conf *dump_conf(const struct dump *dump);

/* A line: words in printf form, indented. Text from users goes through dump_word(). */
void dump_line(struct dump *dump, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line in parts: its first words, more words with a space before each part, its end. */
void dump_line_begin(struct dump *dump, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void dump_part(struct dump *dump, const char *format, ...) __attribute__((format(printf, 2, 3)));
void dump_line_end(struct dump *dump);
/* The same as dump_line() with " {" behind it, and what it opens closed by dump_close(). */
void dump_open(struct dump *dump, const char *format, ...) __attribute__((format(printf, 2, 3)));
void dump_close(struct dump *dump);
/* Text as one word, quoted when it must be; valid while the dump is. */
const char *dump_word(struct dump *dump, const char *text);
/* Text of a row with OPTION_ESCAPED: always quoted, every octet but plain ASCII escaped. */
const char *dump_escaped(struct dump *dump, const char *text);
/* The field of one row, by its type. */
void dump_row(struct dump *dump, const struct option_scope *scope, const struct option *row,
	      const void *model);
/* Zeroed room for text, until the dump ends. */
char *dump_room(struct dump *dump, size_t size);
/* A line of words, each quoted when it must be; the array ends with NULL. */
void dump_words(struct dump *dump, const char *name, char *const *words);
/* The name, and behind it what there is of the command. */
void dump_command(struct dump *dump, const char *name, const struct conf_command *command);
/* For rows that are written as others. */
void dump_never(struct dump *dump, const struct option *row, const void *model);
/* Every row of the scope. */
void dump_scope(struct dump *dump, const struct option_scope *scope, const void *model);

/* Whether the row has a text at all; aliases and rows of the draft have none. */
bool dump_has(const struct option_scope *scope, const struct option *row);
/*
 * What the row says of one object, "" when nothing, NULL when memory is out. Valid until the next
 * call with this dump.
 */
const char *dump_text(struct dump *dump, const struct option_scope *scope, const struct option *row,
		      const void *model);
