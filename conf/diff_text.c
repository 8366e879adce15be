/* SPDX-License-Identifier: MIT */
/*
 * Canonical text taken apart (conf/diff_text.h). The text is our own: one statement a line, blocks
 * indented, so nothing here can meet a syntax error. Pure.
 */
#include "conf/diff_text.h"

#include <stdlib.h>
#include <string.h>

#include "conf/arena.h"

static size_t line_size(const char *text)
{
	return strcspn(text, "\n");
}

static const char *next_line(const char *text)
{
	size_t size = line_size(text);

	return text + size + (text[size] == '\n');
}

static size_t indent(const char *text)
{
	return strspn(text, " ");
}

/* Behind the statement that starts at text: its lines are deeper, or close its block. */
static const char *statement_end(const char *text)
{
	size_t own = indent(text);
	const char *at = next_line(text);

	while (*at && (indent(at) > own || at[indent(at)] == '}'))
		at = next_line(at);
	return at;
}

/* The lines from text to end as one. */
static char *join(struct conf_arena *arena, const char *text, const char *end)
{
	char *joined = arena_alloc(arena, 2 * (size_t)(end - text) + 1), *to = joined;

	for (const char *at = text; at < end; at = next_line(at)) {
		const char *from = at + indent(at);
		size_t size = line_size(from);

		if (to > joined && (to[-1] == '{' || *from == '}'))
			*to++ = ' ';
		else if (to > joined)
			to = stpcpy(to, "; ");
		memcpy(to, from, size);
		to += size;
	}
	*to = '\0';
	return joined;
}

static struct statement make_statement(struct conf_arena *arena, const char *text, const char *end)
{
	const char *from = text + indent(text), *second = next_line(text), *last = second;
	size_t size = line_size(from);
	struct statement statement = {.text = join(arena, text, end), .body = ""};

	if (second < end && size >= 2)
		size -= 2; /* " {" */
	statement.heading = arena_strndup(arena, from, size);
	/* All but the line that closes the block. */
	for (const char *at = second; at < end; at = next_line(at))
		last = at;
	if (second < last)
		statement.body = arena_strndup(arena, second, (size_t)(last - second));
	return statement;
}

struct statements text_statements(struct conf_arena *arena, const char *text)
{
	struct statements statements = {0};

	for (const char *at = text; *at; at = statement_end(at))
		statements.count++;
	statements.items = arena_array(arena, statements.count, sizeof(*statements.items));
	for (size_t i = 0; *text; i++) {
		const char *end = statement_end(text);

		statements.items[i] = make_statement(arena, text, end);
		text = end;
	}
	return statements;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct statement *)a)->text, ((const struct statement *)b)->text);
}

void text_drop_common(struct statements *a, struct statements *b)
{
	size_t i = 0, k = 0, n_a = 0, n_b = 0;

	qsort(a->items, a->count, sizeof(*a->items), by_text);
	qsort(b->items, b->count, sizeof(*b->items), by_text);
	while (i < a->count || k < b->count) {
		int order = i == a->count   ? 1
			    : k == b->count ? -1
					    : by_text(&a->items[i], &b->items[k]);

		if (order < 0) {
			a->items[n_a++] = a->items[i++];
		} else if (order > 0) {
			b->items[n_b++] = b->items[k++];
		} else {
			i++;
			k++;
		}
	}
	a->count = n_a;
	b->count = n_b;
}

size_t text_keyword(const char *text)
{
	return strcspn(text, " ");
}
