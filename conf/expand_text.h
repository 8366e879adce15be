/* SPDX-License-Identifier: MIT */
/*
 * What the files of the expander share. Private to them.
 */
#pragma once

#include <stddef.h>

#include "conf/diags.h"
#include "conf/expand.h"
#include "conf/lexer.h"

/* One line of a definition, or a value of a generator. Not ended by NUL. */
struct body_line {
	const struct body_line *next;
	const char *text;
	size_t size;
	const struct source *source; /* where it stands; NULL: a value of a generator */
	uint32_t line;
};

struct definition {
	struct definition *next; /* with the same hash */
	const char *name;
	size_t name_size;
	const struct body_line *body; /* NULL: a bound was met while it was made */
};

/* Text that is read before the next line of the file. */
struct generated {
	struct generated *below;
	struct place use;	      /* the line of the file that brought it about */
	struct expansion expansion;   /* of each of its lines */
	const struct body_line *body; /* the next line of a definition, ... */
	struct generator *generator;  /* ...or what repeats a line */
};

#define EXPAND_BUCKETS 1024

struct expand {
	struct conf_arena *arena;
	struct diags *diags;
	const char *config_id;
	struct definition *buckets[EXPAND_BUCKETS];
	size_t n_names;
	bool collecting;	     /* the next line of the file belongs to a definition */
	struct definition *open;     /* that one, NULL: it is not wanted */
	struct body_line *open_last; /* its last line so far, NULL: none */
	uint64_t random;
	const struct source *directory_of; /* what _PWD was last asked for */
	const char *directory;
	size_t bytes, lines;
	bool spent; /* a bound was met and reported: nothing more is made */
	char rooms[2][LEXER_LINE_MAX];
};

/* A line while it is being expanded. */
struct work {
	struct place *line; /* as it came */
	struct generated **stack;
	const char *text;		/* as it is now */
	size_t size, start;		/* start: behind blanks and conditions */
	size_t same;			/* so many octets, size at first, are still as they came */
	const struct body_line *origin; /* of the first text put in; NULL: none with a place */
	const char *name;		/* its definition's */
	unsigned passes;		/* that changed something */
	bool changed;
};

/* ---- expand.c ---- */

/* Accounts for octets to be made; false, after a message, when there are too many. */
bool expand_spend(struct expand *expand, const struct place *place, size_t bytes);
/* Reports at that octet of the line as it is now. */
void expand_report(struct expand *expand, const struct work *work, enum diag_severity severity,
		   size_t offset, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Puts new text on top of the work's stack; NULL, after a message, when it is too deep or much. */
struct generated *expand_push(struct expand *expand, const struct work *work);

/* ---- expand_define.c ---- */

/* Octets of the name at text, 0: none. */
size_t expand_name_length(const char *text, size_t size);
struct definition *expand_find(const struct expand *expand, const char *name, size_t size);
/* Finds or makes it; NULL, after a message, when there are too many. */
struct definition *expand_name(struct expand *expand, const struct work *work, const char *name,
			       size_t size);
/* Takes a definition at the start of the work; false: there is none. */
bool expand_define(struct expand *expand, const struct work *work, bool wanted);
/* The line is a further one of the open definition. */
void expand_continue(struct expand *expand, const struct place *line);

/* ---- expand_refer.c ---- */

enum expand_pass { EXPAND_SAME, EXPAND_CHANGED, EXPAND_FAILED };

/* Replaces the references of the line once, or just one at its start. */
enum expand_pass expand_references(struct expand *expand, struct work *work, bool leading);
/* Says which references are left in the finished line. */
void expand_report_left(struct expand *expand, const struct place *line);

/* ---- expand_generate.c ---- */

/* A generator at the start of the work: takes it, and tells so. */
bool expand_generate(struct expand *expand, struct work *work);
/* Sets the variables of the next round; false when there is none. */
bool expand_step(struct expand *expand, struct generator *generator, struct place *ret);
