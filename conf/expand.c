/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a line: a condition lets it pass or not, a definition is taken out, a generator
 * repeats the rest of the line, and references are replaced until none is left. Whatever is made of
 * a line goes through the same again. No recursion: text still to be read is a stack. Everything is
 * bounded; the first bound met is reported and ends all expansion. Runs in the thread that loads.
 */
#include "conf/expand.h"

#include <stdarg.h>
#include <string.h>

#include "conf/arena.h"
#include "conf/expand_text.h"
#include "core/base/clock.h"

struct expand *expand_new(struct conf_arena *arena, struct diags *diags, const char *config_id)
{
	struct expand *expand = arena_alloc(arena, sizeof(*expand));

	expand->arena = arena;
	expand->diags = diags;
	expand->config_id = config_id;
	expand->random = clock_wall_us();
	return expand;
}

void expand_seed(struct expand *expand, uint64_t seed)
{
	expand->random = seed;
}

/* ---- bounds and messages ---- */

static void give_up(struct expand *expand, const struct place *place, const char *what)
{
	if (!expand->spent)
		diags_add_end(expand->diags, place, "%s; nothing more is expanded from here on",
			      what);
	expand->spent = true;
}

bool expand_spend(struct expand *expand, const struct place *place, size_t bytes)
{
	expand->bytes += bytes;
	if (expand->bytes > EXPAND_BYTES_MAX)
		give_up(expand, place, "definitions and generators make more than 64 MiB of text");
	return !expand->spent;
}

/* How the line as it is now came to be. */
static struct expansion explain(const struct work *work)
{
	const struct expansion *before = work->line->expansion;
	struct expansion expansion = {.written = work->line->text,
				      .size = work->line->size,
				      .same = (uint32_t)work->same,
				      .use = (uint32_t)work->same};

	if (before)
		expansion = *before;
	if (!expansion.line && work->origin) {
		expansion.name = work->name;
		expansion.source = work->origin->source;
		expansion.line = work->origin->line;
		expansion.from = (uint32_t)work->same;
	}
	return expansion;
}

/* The line as it is now, made to last; as it came when there is no room for that. */
static struct place settle(struct expand *expand, const struct work *work, size_t offset)
{
	struct place place = *work->line;
	struct expansion *expansion;

	place.offset = (uint32_t)offset;
	if (!work->changed)
		return place;
	if (!expand_spend(expand, &place, work->size + sizeof(*expansion))) {
		place.offset = 0;
		return place;
	}
	expansion = arena_alloc(expand->arena, sizeof(*expansion));
	*expansion = explain(work);
	place.expansion = expansion;
	place.text = arena_strndup(expand->arena, work->text, work->size);
	place.size = (uint32_t)work->size;
	return place;
}

void expand_report(struct expand *expand, const struct work *work, enum diag_severity severity,
		   size_t offset, const char *format, ...)
{
	struct place place = settle(expand, work, offset);
	va_list args;

	va_start(args, format);
	diags_add_list(expand->diags, severity, &place, format, args);
	va_end(args);
}

/* ---- text still to be read ---- */

struct generated *expand_push(struct expand *expand, const struct work *work)
{
	const struct expansion *before = work->line->expansion;
	struct generated *top;

	if (before && before->depth >= EXPAND_DEPTH_MAX) {
		diags_add(expand->diags, DIAG_ERROR, work->line,
			  "more than %d definitions or generators inside each other; what is left "
			  "of them is not read",
			  EXPAND_DEPTH_MAX);
		*work->stack = NULL;
		return NULL;
	}
	if (!expand_spend(expand, work->line, sizeof(*top)))
		return NULL;
	top = arena_alloc(expand->arena, sizeof(*top));
	top->use = *work->line;
	top->use.offset = 0;
	top->expansion = explain(work);
	/* Where the use stands in the file is known, but no character of the line is its text. */
	top->expansion.same = top->expansion.from = 0;
	top->expansion.depth = before ? before->depth + 1 : 1;
	top->below = *work->stack;
	*work->stack = top;
	return top;
}

static bool next_body_line(struct expand *expand, struct generated *top, struct place *ret)
{
	const struct body_line *line = top->body;
	struct expansion *expansion;

	if (!line || !expand_spend(expand, &top->use, sizeof(*expansion)))
		return false;
	top->body = line->next;
	expansion = arena_alloc(expand->arena, sizeof(*expansion));
	*expansion = top->expansion;
	expansion->from = 0;
	expansion->source = line->source;
	expansion->line = line->line;
	ret->text = line->text;
	ret->size = (uint32_t)line->size;
	ret->expansion = expansion;
	return true;
}

bool expand_next(struct expand *expand, struct generated **stack, struct place *ret)
{
	while (*stack && !expand->spent) {
		struct generated *top = *stack;

		if (expand->lines == EXPAND_LINES_MAX) {
			give_up(expand, &top->use,
				"definitions and generators make more than 1000000 lines");
			break;
		}
		*ret = top->use;
		ret->expansion = &top->expansion;
		if (top->generator ? expand_step(expand, top->generator, ret)
				   : next_body_line(expand, top, ret)) {
			expand->lines++;
			return true;
		}
		*stack = top->below;
	}
	*stack = NULL;
	return false;
}

/* ---- one line ---- */

static void skip_blanks(struct work *work)
{
	while (work->start < work->size && lexer_is_blank(work->text[work->start]))
		work->start++;
}

static bool is_at(const struct work *work, char c)
{
	return work->start < work->size && work->text[work->start] == c;
}

/* "@ID" or "@^ID" at the start of the line: goes behind it and tells whether the rest counts. */
static bool take_condition(struct expand *expand, struct work *work)
{
	size_t at = work->start + 1, length = 0;
	bool unlike = at < work->size && work->text[at] == '^';
	const char *id;

	at += unlike;
	id = work->text + at;
	while (at + length < work->size && !lexer_is_blank(id[length]))
		length++;
	if (!length)
		expand_report(expand, work, DIAG_WARNING, work->start,
			      "no configuration id behind the '@'; the line is left out");
	work->start = at + length;
	skip_blanks(work);
	return length && (strlen(expand->config_id) == length &&
			  memcmp(expand->config_id, id, length) == 0) != unlike;
}

/* Conditions, definitions and generators, also those that a reference at the start turns into.
 * False: nothing of the line is left to be read. */
static bool take_start(struct expand *expand, struct work *work)
{
	bool conditional = false, wanted = true;
	enum expand_pass pass;

	for (;;) {
		skip_blanks(work);
		if (is_at(work, '@') && !conditional) {
			conditional = true;
			wanted = take_condition(expand, work);
		}
		if (expand_define(expand, work, wanted) || !wanted)
			return false;
		if (is_at(work, '~') && expand_generate(expand, work))
			return false;
		if (!is_at(work, '$'))
			return true;
		pass = expand_references(expand, work, true);
		if (pass != EXPAND_CHANGED)
			return pass == EXPAND_SAME;
		conditional = false;
	}
}

static bool needs_expansion(const struct work *work)
{
	return is_at(work, '@') || is_at(work, '~') || memchr(work->text, '$', work->size);
}

bool expand_line(struct expand *expand, struct generated **stack, struct place *line)
{
	struct work work = {
		.line = line,
		.stack = stack,
		.text = line->text,
		.size = line->size,
		.same = line->size,
	};
	enum expand_pass pass;

	if (expand->collecting && !line->expansion) {
		expand_continue(expand, line);
		return false;
	}
	skip_blanks(&work);
	if (!needs_expansion(&work))
		return true;
	if (expand->spent || !take_start(expand, &work))
		return false;
	do
		pass = expand_references(expand, &work, false);
	while (pass == EXPAND_CHANGED);
	if (pass == EXPAND_FAILED)
		return false;
	*line = settle(expand, &work, work.start);
	if (!expand->spent)
		expand_report_left(expand, line);
	return !expand->spent;
}

void expand_end_definition(struct expand *expand)
{
	expand->collecting = false;
}
