/* SPDX-License-Identifier: MIT */
/*
 * Lines of attributes, as ip(8) writes them: "192.0.2.0/24 via 198.51.100.1 dev eth0 metric 5".
 * What may stand in a line is a table; one reader walks the words and lets each row act on the
 * draft of the line. Private to conf/, but for the table, which is documentation too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/build.h"

enum attribute_type {
	ATTRIBUTE_FLAG,	      /* alone; stores `value` */
	ATTRIBUTE_SET_BITS,   /* alone; sets the bits of `value` in a uint32_t */
	ATTRIBUTE_CLEAR_BITS, /* alone; clears them */
	ATTRIBUTE_UNSIGNED,   /* a number from min to max */
	ATTRIBUTE_INTERFACE,  /* the name of an interface */
	ATTRIBUTE_ADDRESS,    /* an address of the line's family */
	ATTRIBUTE_CUSTOM,     /* read() takes what it needs */
};

struct line;

struct attribute {
	const char *name; /* NULL ends a table */
	enum attribute_type type;
	uint16_t offset, size; /* field of the draft */
	uint64_t min, max;
	uint32_t value;	      /* what a flag stores; for read() to use */
	uint16_t family;      /* the one it is possible with; AF_UNSPEC: both */
	const char *use;      /* deprecated: what to write instead */
	const char *argument; /* the words behind it, for documentation; NULL: from the type */
	const char *help;
	/* Reads the words behind the name, line->at being the first of them. False: said why. */
	bool (*read)(struct line *line, const struct attribute *attribute, void *draft);
};

#define ATTRIBUTE_FIELD(type, member)                                                              \
	.offset = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)

struct line {
	struct build *build;
	const struct node *node;
	const char *scope; /* keyword of the block, for what is not supported yet */
	const struct attribute *tables[2];
	size_t at;	 /* the next word */
	size_t *places;	 /* of each attribute: its word plus one, 0: not seen */
	uint16_t family; /* AF_UNSPEC: not known yet */
};

struct line line_start(struct build *build, const struct node *node,
		       const struct option_scope *scope);
/* A part of a line that has attributes of its own, from the next word on. */
struct line line_part(const struct line *line, const struct attribute *table);

bool line_at_end(const struct line *line);
/* The next word without taking it, "" at the end. */
const char *line_word(const struct line *line);
/* Takes the next word if it is text. */
bool line_take(struct line *line, const char *text);

/* Reads attributes until one is unknown or the line ends. False: something is wrong. */
bool line_read(struct line *line, void *draft);
/* Reads attributes and what bare() takes, up to the end of the line. */
bool line_read_all(struct line *line, bool (*bare)(struct line *line, void *draft), void *draft);
/* Reports the next word as unknown. what: "a route". */
void line_refuse(struct line *line, const char *what);

/* The word where the attribute stands, 0 when it does not. */
size_t line_place(const struct line *line, const char *name);

/* For attributes: a name of that kind, or a number up to max, or 255, into the row's field. */
#define ATTRIBUTE_NAMED(kind)                                                                      \
	ATTRIBUTE_CUSTOM, .read = line_read_named, .value = (kind), .argument = "NAME | N"
bool line_read_named(struct line *line, const struct attribute *row, void *draft);
/* For `inet`, and `inet6`, whose value is true. */
bool line_read_family(struct line *line, const struct attribute *row, void *draft);

/* The line is of the family of the address at that word. False: it is of the other one. */
bool line_settle_family(struct line *line, size_t index, uint16_t family);
/* Takes an address, optionally with its length; it settles the family. */
bool line_read_address(struct line *line, const char *what, struct ip *ret);
/* The same, or default, any, all: an unspecified address of length 0 and AF_UNSPEC. */
bool line_read_prefix(struct line *line, const char *what, struct conf_prefix *ret);
/* The family is final: refuses attributes that it does not have. */
bool line_check_family(struct line *line);
