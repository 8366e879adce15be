/* SPDX-License-Identifier: MIT */
/*
 * Collects what one load finds and turns it into the sorted struct diag_list of conf/load.h. The
 * number kept is bounded; the counts are not.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/load.h"

struct conf_arena;

#define DIAGS_KEPT 1000 /* of each load; a last line says how many more there were */

/* A file, or the text given to conf_load_text(). */
struct source {
	const char *name;
	unsigned order; /* in which the files were first read */
	const char *text;
	size_t size;
	dev_t device;
	ino_t inode;
};

/* How a line that stands in no file came to be. */
struct expansion {
	const char *written; /* the line of the file that brought it about */
	uint32_t size;
	uint32_t same;	/* so many octets at the start of both are the same */
	uint32_t use;	/* offset in written of the first thing that was replaced */
	unsigned depth; /* of definitions and generators inside each other */
	/* The definition whose text it is from that octet on, and where that text stands. */
	uint32_t from;
	const char *name;
	const struct source *source;
	uint32_t line; /* 0: it is no definition's */
};

/* One character of one line. source NULL: no place. */
struct place {
	const struct source *source;
	const char *text;		   /* the whole line, without its end */
	uint32_t size;			   /* of the line */
	uint32_t offset;		   /* in octets from its start */
	uint32_t line;			   /* from 1 */
	const struct expansion *expansion; /* NULL: the line stands like this in the file */
};

struct diags_entry {
	struct diags_entry *next;
	enum diag_severity severity;
	struct place place;
	size_t sequence;
	const char *file; /* used when there is no source */
	char *message;
};

struct diags {
	struct conf_arena *arena;
	bool strict;
	bool ended; /* the next entry is kept in any case */
	struct diags_entry *first, *last;
	size_t kept, errors, warnings, notes;
};

/* place may be NULL. Control characters in the message become '?'. */
void diags_add(struct diags *diags, enum diag_severity severity, const struct place *place,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));
void diags_add_list(struct diags *diags, enum diag_severity severity, const struct place *place,
		    const char *format, va_list args) __attribute__((format(printf, 4, 0)));
/* An error that is kept however many there are: from here on nothing was read. */
void diags_add_end(struct diags *diags, const struct place *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for a problem with a file as a whole. */
void diags_add_file(struct diags *diags, enum diag_severity severity, const char *file,
		    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Whether nothing more is kept: what is added is only counted. */
bool diags_is_full(const struct diags *diags);

/* Fills *ret from what was collected, sorted. Returns 0 or -ENOMEM (then *ret is empty). */
int diags_finish(const struct diags *diags, struct diag_list *ret);
