/* SPDX-License-Identifier: MIT */
/*
 * Reads words. A comment starts at # or ! anywhere outside double quotes, even inside a word; a
 * backslash protects these two outside quotes. Braces split even in the middle of a word. Single
 * quotes protect spaces only, as with keepalived. Pure.
 */
#include "conf/lexer.h"

#include <ctype.h>
#include <string.h>

#include "conf/arena.h"
#include "conf/utf8.h"

struct piece {
	size_t length;
	bool quoted;
	unsigned braces; /* open ones that belong to the word */
};

void lexer_start(struct lexer *lexer, const char *line, size_t size, char *room)
{
	*lexer = (struct lexer){.text = line, .size = size, .room = room};
}

static bool is_comment(char c)
{
	return c == '#' || c == '!';
}

size_t lexer_comment(const char *line, size_t size, size_t from)
{
	bool quoted = false;

	for (size_t at = from; at < size; at++) {
		if (line[at] == '"')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (line[at] == '\\' && at + 1 < size && is_comment(line[at + 1]))
			at++;
		else if (is_comment(line[at]))
			return at;
	}
	return size;
}

/* Octets of white space at the cursor, 0 when there is none. */
static size_t space_length(const struct lexer *lexer, uint32_t *ret_odd)
{
	const char *at = lexer->text + lexer->at;
	uint32_t character;
	size_t length;

	if (lexer_is_blank(*at))
		return 1;
	if ((unsigned char)*at < 0x80)
		return 0;
	length = utf8_decode(at, lexer->size - lexer->at, &character);
	if (!length || !utf8_is_space(character))
		return 0;
	*ret_odd = character;
	return length;
}

static void skip_space(struct lexer *lexer)
{
	while (lexer->at < lexer->size) {
		uint32_t odd = 0;
		size_t length = space_length(lexer, &odd);

		if (!length)
			return;
		if (odd && !lexer->odd_space) {
			lexer->odd_space = odd;
			lexer->odd_space_at = lexer->at;
		}
		lexer->at += length;
	}
}

static bool fail(struct lexer *lexer, size_t at, const char *problem)
{
	lexer->token = at;
	lexer->problem = problem;
	return false;
}

/* Copies one character, refusing what no value may contain. */
static bool take_character(struct lexer *lexer, struct piece *piece)
{
	const char *at = lexer->text + lexer->at;
	uint32_t character;
	size_t length = utf8_decode(at, lexer->size - lexer->at, &character);

	if (!length)
		return fail(lexer, lexer->at, "this is not UTF-8 text");
	if ((character < 0x20 && character != '\t') || (character >= 0x7f && character < 0xa0))
		return fail(lexer, lexer->at, "control character in the text");
	for (size_t i = 0; i < length; i++)
		lexer->room[piece->length++] = at[i];
	lexer->at += length;
	return true;
}

/* The value of up to most digits at text in base 8 or 16; *ret_digits tells how many there were. */
static unsigned read_digits(const char *text, size_t left, unsigned base, size_t most,
			    size_t *ret_digits)
{
	unsigned value = 0;
	size_t n = 0;

	for (; n < most && n < left; n++) {
		const char *digits = "0123456789abcdef";
		const char *digit =
			text[n] ? strchr(digits, tolower((unsigned char)text[n])) : NULL;

		if (!digit || digit >= digits + base)
			break;
		value = value * base + (unsigned)(digit - digits);
	}
	*ret_digits = n;
	return value;
}

/* Escapes of one letter; 0: it stands for itself. */
static unsigned letter_escape(char letter)
{
	static const char from[] = "abEfnrtv", to[] = "\a\b\033\f\n\r\t\v";
	const char *at = letter ? strchr(from, letter) : NULL;

	return at ? (unsigned char)to[at - from] : 0;
}

/* A backslash and what belongs to it, to one octet. */
static bool take_escape(struct lexer *lexer, struct piece *piece)
{
	const char *at = lexer->text + lexer->at + 1;
	size_t left = lexer->size - lexer->at - 1, length = 1;
	unsigned value;

	if (!left)
		return take_character(lexer, piece);
	if (*at >= '0' && *at <= '7') {
		value = read_digits(at, left, 8, *at <= '3' ? 3 : 2, &length);
	} else if (*at == 'x') {
		value = read_digits(at + 1, left - 1, 16, 2, &length);
		value = length++ ? value : 'x';
	} else if (*at == 'c' && left > 1) {
		value = (unsigned char)at[1] & 0x1f;
		length = 2;
	} else {
		value = letter_escape(*at);
		if (!value) {
			lexer->at++;
			return take_character(lexer, piece);
		}
	}
	if (!value)
		return fail(lexer, lexer->at,
			    "this escape gives a NUL octet, which no value may have");
	lexer->room[piece->length++] = (char)value;
	lexer->at += 1 + length;
	return true;
}

static bool is_escape(const struct lexer *lexer, enum lexer_mode mode)
{
	return mode == LEXER_ESCAPED && lexer->text[lexer->at] == '\\';
}

/* One character of a piece in single quotes. Comments and braces are found before these quotes are
 * looked at, but not within double ones inside. */
static bool take_single_quoted(struct lexer *lexer, struct piece *piece, bool *protected)
{
	char c = lexer->text[lexer->at];

	if (c == '"')
		*protected = !*protected;
	if (!*protected && c == '\\' && lexer->at + 1 < lexer->size &&
	    is_comment(lexer->text[lexer->at + 1]))
		lexer->at++;
	else if (!*protected && (is_comment(c) || c == '{' || c == '}'))
		return fail(lexer, lexer->at,
			    "single quotes do not protect # ! { and }; use double quotes");
	return take_character(lexer, piece);
}

static bool take_quoted(struct lexer *lexer, enum lexer_mode mode, struct piece *piece)
{
	size_t start = lexer->at;
	char quote = lexer->text[lexer->at++];
	bool protected = quote == '"';

	piece->quoted = true;
	while (lexer->at < lexer->size && lexer->text[lexer->at] != quote) {
		bool good;

		if (is_escape(lexer, mode))
			good = take_escape(lexer, piece);
		else if (quote == '\'')
			good = take_single_quoted(lexer, piece, &protected);
		else
			good = take_character(lexer, piece);
		if (!good)
			return false;
	}
	if (lexer->at == lexer->size)
		return fail(lexer, start, "the quote that starts here is not closed on this line");
	lexer->at++;
	return true;
}

static bool joins(enum lexer_mode mode)
{
	return mode == LEXER_COMMAND || mode == LEXER_ESCAPED;
}

static bool ends_bare(const struct lexer *lexer, enum lexer_mode mode, const struct piece *piece)
{
	char c = lexer->text[lexer->at];
	uint32_t odd;

	if (c == '"' || is_comment(c) || (c == '\'' && joins(mode)))
		return true;
	/* ${NAME} is one word wherever it stands. */
	if (c == '{' && piece->length && lexer->room[piece->length - 1] == '$')
		return false;
	if ((c == '{' && mode == LEXER_INCLUDE) || (c == '}' && piece->braces))
		return false;
	return c == '{' || c == '}' || space_length(lexer, &odd);
}

/* Most of any text: letters that mean nothing in any mode. */
static void take_plain(struct lexer *lexer, struct piece *piece)
{
	for (; lexer->at < lexer->size; lexer->at++) {
		char c = lexer->text[lexer->at];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '-' && c <= ':') &&
		    c != '_')
			break;
		lexer->room[piece->length++] = c;
	}
}

static bool take_bare(struct lexer *lexer, enum lexer_mode mode, struct piece *piece)
{
	for (;;) {
		take_plain(lexer, piece);
		if (lexer->at == lexer->size || ends_bare(lexer, mode, piece))
			break;
		char c = lexer->text[lexer->at];

		if (is_escape(lexer, mode)) {
			if (!take_escape(lexer, piece))
				return false;
			continue;
		}
		if (c == '{')
			piece->braces++;
		else if (c == '}')
			piece->braces--;
		else if (c == '\\' && lexer->at + 1 < lexer->size &&
			 is_comment(lexer->text[lexer->at + 1]))
			lexer->at++;
		if (!take_character(lexer, piece))
			return false;
	}
	return true;
}

static bool take_joined(struct lexer *lexer, enum lexer_mode mode, struct piece *piece)
{
	while (lexer->at < lexer->size) {
		char c = lexer->text[lexer->at];
		size_t before = lexer->at;

		if (!(c == '"' || c == '\'' ? take_quoted(lexer, mode, piece)
					    : take_bare(lexer, mode, piece)))
			return false;
		if (lexer->at == before)
			break;
	}
	return true;
}

static enum lexer_token take_brace(struct lexer *lexer)
{
	return lexer->text[lexer->at++] == '{' ? LEXER_OPEN : LEXER_CLOSE;
}

enum lexer_token lexer_next(struct lexer *lexer, enum lexer_mode mode, struct conf_arena *arena,
			    struct word *ret)
{
	struct piece piece = {0};
	bool good;
	char c;

	skip_space(lexer);
	lexer->token = lexer->at;
	if (lexer->at == lexer->size || is_comment(lexer->text[lexer->at]))
		return LEXER_END;
	c = lexer->text[lexer->at];
	if (c == '}' || (c == '{' && mode != LEXER_INCLUDE))
		return take_brace(lexer);
	ret->offset = (uint32_t)lexer->at;
	if (joins(mode))
		good = take_joined(lexer, mode, &piece);
	else if (c == '"')
		good = take_quoted(lexer, mode, &piece);
	else
		good = take_bare(lexer, mode, &piece);
	if (!good)
		return LEXER_BAD;
	ret->quoted = piece.quoted;
	ret->text = arena_strndup(arena, lexer->room, piece.length);
	return LEXER_WORD;
}
