/* SPDX-License-Identifier: MIT */
/*
 * Definitions: `$NAME = value`, and the further lines of a value that end in a backslash. A value
 * is kept as written, without its comments; what it means is found out at each use. Runs in the
 * thread that loads.
 */
#include <string.h>

#include "conf/arena.h"
#include "conf/expand_text.h"

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

size_t expand_name_length(const char *text, size_t size)
{
	size_t length = 0;

	while (length < size &&
	       (is_letter(text[length]) || (length && text[length] >= '0' && text[length] <= '9')))
		length++;
	return length;
}

/* FNV-1a. */
static size_t bucket_of(const char *name, size_t size)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	return hash % EXPAND_BUCKETS;
}

struct definition *expand_find(const struct expand *expand, const char *name, size_t size)
{
	struct definition *definition = expand->buckets[bucket_of(name, size)];

	while (definition &&
	       (definition->name_size != size || memcmp(definition->name, name, size) != 0))
		definition = definition->next;
	return definition;
}

struct definition *expand_name(struct expand *expand, const struct work *work, const char *name,
			       size_t size)
{
	struct definition *definition = expand_find(expand, name, size);
	struct definition **bucket = &expand->buckets[bucket_of(name, size)];

	if (definition)
		return definition;
	if (expand->n_names == EXPAND_NAMES_MAX) {
		expand_report(expand, work, DIAG_ERROR, work->start,
			      "more than %d definitions; this one is ignored", EXPAND_NAMES_MAX);
		return NULL;
	}
	expand->n_names++;
	definition = arena_alloc(expand->arena, sizeof(*definition));
	definition->name = arena_strndup(expand->arena, name, size);
	definition->name_size = size;
	definition->next = *bucket;
	*bucket = definition;
	return definition;
}

/* The text from start without blanks and comment; true when a backslash ends it, which goes too. */
static bool trim(const char *text, size_t size, size_t start, struct body_line *ret)
{
	size_t end = lexer_comment(text, size, start);
	bool more;

	while (start < end && lexer_is_blank(text[start]))
		start++;
	while (end > start && lexer_is_blank(text[end - 1]))
		end--;
	more = end > start && text[end - 1] == '\\';
	if (more)
		end--;
	while (end > start && lexer_is_blank(text[end - 1]))
		end--;
	ret->text = text + start;
	ret->size = end - start;
	return more;
}

/* Appends a line to the open definition. Blank lines do not count, but one line there must be. */
static void add_line(struct expand *expand, const struct place *place, struct body_line line,
		     bool lasting)
{
	struct body_line *copy;

	if (!expand->open || (!line.size && expand->open_last))
		return;
	if (!expand_spend(expand, place, sizeof(*copy) + (lasting ? 0 : line.size)))
		return;
	if (!lasting)
		line.text = arena_strndup(expand->arena, line.text, line.size);
	line.source = place->source;
	line.line = place->line;
	if (expand->open_last && !expand->open_last->size) {
		*expand->open_last = line;
		return;
	}
	copy = arena_alloc(expand->arena, sizeof(*copy));
	*copy = line;
	if (expand->open_last)
		expand->open_last->next = copy;
	else
		expand->open->body = copy;
	expand->open_last = copy;
}

bool expand_define(struct expand *expand, const struct work *work, bool wanted)
{
	const char *text = work->text;
	size_t name = work->start + 1, at, length;
	struct body_line line = {0};
	bool more;

	if (name >= work->size || text[name - 1] != '$')
		return false;
	length = expand_name_length(text + name, work->size - name);
	for (at = name + length; at < work->size && lexer_is_blank(text[at]);)
		at++;
	if (!length || at == work->size || text[at] != '=')
		return false;
	more = trim(text, work->size, at + 1, &line);
	expand->open_last = NULL;
	expand->open = wanted ? expand_name(expand, work, text + name, length) : NULL;
	add_line(expand, work->line, line, !work->changed);
	/* Only in a file is there a next line to go on with. */
	expand->collecting = more && !work->line->expansion;
	return true;
}

void expand_continue(struct expand *expand, const struct place *place)
{
	struct body_line line = {0};

	expand->collecting = trim(place->text, place->size, 0, &line);
	add_line(expand, place, line, true);
}
