/* SPDX-License-Identifier: MIT */
/*
 * One line of configuration to words and braces. How a word is read depends on what it is for, so
 * the caller says so for each word.
 *
 * Source: keepalived.conf(5), comments and quoting; config behaviour of keepalived 2.2.7 for
 * braces.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEXER_LINE_MAX ((size_t)64 * 1024) /* octets of one line */

struct conf_arena;

enum lexer_mode {
	LEXER_ORDINARY, /* only " quotes, and never joins two pieces */
	LEXER_COMMAND,	/* ' and " quote, adjacent pieces make one word */
	LEXER_ESCAPED,	/* the same, and backslashes stand for octets, in quotes and outside */
	LEXER_INCLUDE,	/* { } belong to the word as in a glob pattern */
};

enum lexer_token {
	LEXER_END, /* of the line, or a comment follows */
	LEXER_WORD,
	LEXER_OPEN,  /* { */
	LEXER_CLOSE, /* } */
	LEXER_BAD,   /* see problem; the rest of the line is useless */
};

struct word {
	const char *text; /* LEXER_ESCAPED: any octets but NUL, else UTF-8 */
	uint32_t offset;  /* in octets from the start of the line */
	bool quoted;	  /* wholly or in part */
};

struct lexer {
	const char *text;
	size_t size, at;
	size_t token;	     /* where the last token or problem starts */
	const char *problem; /* static text */
	uint32_t odd_space;  /* first space other than ASCII met outside quotes, 0: none */
	size_t odd_space_at;
	char *room; /* LEXER_LINE_MAX octets for the word being read */
};

/* What separates words, for a single octet. */
static inline bool lexer_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* Where the comment of a line begins, looked for from an octet outside quotes; size: it has none.
 */
size_t lexer_comment(const char *line, size_t size, size_t from);

/* room must have LEXER_LINE_MAX octets; size must not exceed that. Neither is owned. */
void lexer_start(struct lexer *lexer, const char *line, size_t size, char *room);

/* Reads the next token; *ret is filled for LEXER_WORD only, its text allocated from arena. */
enum lexer_token lexer_next(struct lexer *lexer, enum lexer_mode mode, struct conf_arena *arena,
			    struct word *ret);
