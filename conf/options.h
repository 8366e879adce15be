/* SPDX-License-Identifier: MIT */
/*
 * The option tables: every keyword is one row, and everything that is to be known about it stands
 * there. They drive parsing, defaults, suggestions, the canonical dump, the fuzz dictionary, and
 * what a reload has to do. Walk them with option_scopes() and option_at(). Constant data, any
 * thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct attribute;
struct build;
struct node;
struct dump;

enum option_type {
	OPTION_BLOCK, /* keyword [words] { ... } */
	OPTION_FLAG,  /* keyword alone; stores `value` */
	OPTION_BOOL, /* [on|off|true|false|yes|no], alone: on; into a bool or an enum conf_switch */
	OPTION_UNSIGNED,  /* decimal number */
	OPTION_SIGNED,	  /* decimal number, may be negative */
	OPTION_TIME,	  /* decimal seconds with up to 6 places, stored in microseconds */
	OPTION_CHOICE,	  /* one of `choices` */
	OPTION_STRING,	  /* one word */
	OPTION_INTERFACE, /* name of a network interface */
	OPTION_ADDRESS,	  /* IPv4 or IPv6 */
	OPTION_COMMAND,	  /* "command and arguments" [user [group]] */
	OPTION_CUSTOM,	  /* apply() reads the words; min and max bound their number */
	OPTION_OBSOLETE,  /* accepted, ignored, warned about; help says why */
	OPTION_ALIAS,	  /* another name of the row `alias_of` in the same scope */
};

/* What a change of the value needs when the configuration is reloaded. */
enum option_reload {
	OPTION_IN_PLACE, /* taken over while running */
	OPTION_RESTART,	 /* the object it belongs to is stopped and started anew */
	OPTION_REFUSED, /* needs a restart of the daemon; the reload keeps the old value and says so
			 */
};

#define TIME_LEAST_US 1000
#define TIME_MAX_US   (INT64_C(2678400) * 1000000) /* 31 days */

enum option_flags {
	OPTION_HAS_FIELD = 1 << 0,
	OPTION_HAS_DEFAULT = 1 << 1,
	OPTION_REQUIRED = 1 << 2,
	OPTION_REPEATABLE =
		1 << 3, /* each use adds; otherwise a second use warns and the last counts */
	OPTION_DEPRECATED = 1 << 4,  /* alias: warned about */
	OPTION_NO_USER = 1 << 5,     /* command: no user and group behind it */
	OPTION_BARE = 1 << 6,	     /* command: may be left out */
	OPTION_MISPLACED = 1 << 7,   /* belongs one level lower; handed down */
	OPTION_IGNORE_CASE = 1 << 8, /* choice: in any case */
	OPTION_ESCAPED = 1 << 9,     /* string or custom: words are read as LEXER_ESCAPED */
	OPTION_WHOLE = 1 << 10,	     /* time: seconds without places */
	/* time: what is not 0 and not from TIME_LEAST_US to TIME_MAX_US is brought there, with a
	   warning */
	OPTION_ROUNDED = 1 << 11,
	OPTION_CASE_WARNED = 1 << 12, /* with OPTION_IGNORE_CASE: another case is warned about */
	OPTION_OBJECTS = 1 << 13,     /* block: each is an object of its own at a reload */
	OPTION_SECRET = 1 << 14,      /* its value is not shown in lists of changes */
};

struct option_choice {
	const char *name; /* NULL ends the list */
	int value;
};

struct option_scope;

struct option {
	const char *name; /* NULL ends a table */
	enum option_type type;
	enum option_reload reload;
	unsigned flags;
	/* Field of the scope's draft (at the top level: of that of global_defs), when flags has
	 * OPTION_HAS_FIELD. */
	uint16_t offset, size;
	/* Numbers and times (microseconds): bounds. Custom: least and most words. String: most
	 * octets. */
	int64_t min, max;
	int64_t initial; /* the default, when flags has OPTION_HAS_DEFAULT */
	int64_t value;	 /* what a flag stores */
	const struct option_choice *choices;
	const struct option_scope *block;
	const char *alias_of;
	const char *needs;    /* keyword of the same block without which this one has no effect */
	const char *argument; /* the words behind it, for documentation; NULL: from the type */
	const char *help;
	/* Custom: reads node's words into draft; block: called after the words were read, may be
	 * NULL. */
	void (*apply)(struct build *build, const struct node *node, void *draft);
	/* Overrides the dump of the type; draft is the model struct of the scope. */
	void (*dump)(struct dump *dump, const struct option *row, const void *model);
};

#define OPTION_TABLES 8

struct option_scope {
	const char *name; /* the keyword of the block, "" for the top level */
	const struct option *tables[OPTION_TABLES]; /* unused ones NULL */
	size_t model_size; /* fields of the draft beyond it are not part of the model and never
			      dumped */
	/* Makes the draft of one block; NULL: the parent's. Returning NULL skips the content. */
	void *(*begin)(struct build *build, const struct node *node, void *parent);
	void (*end)(struct build *build, const struct node *node, void *draft);
	/* A list block: takes each line of content instead of the tables. */
	void (*line)(struct build *build, const struct node *node, void *draft);
	/* What may stand in such a line, for documentation; unused ones NULL. See conf/line.h. */
	const struct attribute *attributes[2];
};

/* Every scope, NULL-terminated, the top level first. */
const struct option_scope *const *option_scopes(void);
const struct option_scope *option_root(void);

/* Row number index of the scope across its tables, NULL past the end. */
const struct option *option_at(const struct option_scope *scope, size_t index);
size_t option_count(const struct option_scope *scope);
/* for: every row of the scope, in the order of option_at() but without counting for each. */
#define OPTION_EACH(row, scope)                                                                    \
	for (size_t t_ = 0; t_ < OPTION_TABLES && (scope)->tables[t_]; t_++)                       \
		for ((row) = (scope)->tables[t_]; (row)->name; (row)++)

/* The row with this name, aliases included, or NULL. */
const struct option *option_find(const struct option_scope *scope, const char *name);
/* A line of this list block may begin with that attribute. */
bool option_is_attribute(const struct option_scope *scope, const char *name);
/* The row an alias stands for; any other row itself. */
const struct option *option_resolve(const struct option_scope *scope, const struct option *row);

/* A keyword that loads and does nothing yet. */
struct option_unsupported {
	const char *name, *scope; /* scope: the keyword of the block, "" for the top level */
	const char *effect;	  /* what is done instead: "the routes are not added" */
};

/* The entry of a keyword, NULL when it is supported. */
const struct option_unsupported *option_unsupported(const char *scope, const char *name);
/* Entry number index, NULL past the end. */
const struct option_unsupported *option_unsupported_at(size_t index);
/* A number for the warning of the entry, below option_unsupported_count(). */
size_t option_unsupported_index(const struct option_unsupported *entry);
size_t option_unsupported_count(void);

/* The name of a row of scope most like name, NULL when none is
 * near. */
const char *option_nearest(const struct option_scope *scope, const char *name);
/* Name of another scope that has the keyword, NULL when there is none. */
const char *option_other_scope(const char *name);

/*
 * Insertions, deletions, replacements and swaps of neighbours that turn a into b, at most limit +
 * 1; and whether that is few enough, for the length of the word, to be a slip of the finger.
 */
unsigned option_distance(const char *a, const char *b, unsigned limit);
unsigned option_slip_limit(const char *name);
