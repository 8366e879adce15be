/* SPDX-License-Identifier: MIT */
/*
 * Generators: ~SEQ(name, start, step, end) and ~LST(name, values...) repeat the rest of their line,
 * which may begin with another one. The name is an ordinary definition that changes from round to
 * round. Runs in the thread that loads.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/arena.h"
#include "conf/expand_text.h"

#define NAMES_MAX 64 /* of one ~LST */
#define BOUND_MAX INT64_C(1000000000000)

struct slice {
	const char *text;
	size_t size;
};

struct generator {
	struct definition **names;
	size_t n_names;
	struct body_line *values; /* one for each name, of this round */
	struct slice rest;
	/* ~SEQ */
	int64_t at, end, step; /* step 0: it is a ~LST */
	bool hex;
	char number[24];
	/* ~LST: n_names values a round */
	const struct slice *list;
	size_t n_rounds, round;
};

/* What is being parsed. */
struct arguments {
	struct expand *expand;
	const struct work *work;
	struct slice left;
	const char *problem;
};

static bool fail(struct arguments *arguments, const char *problem)
{
	arguments->problem = problem;
	return false;
}

static struct slice trim(struct slice slice)
{
	while (slice.size && lexer_is_blank(*slice.text)) {
		slice.text++;
		slice.size--;
	}
	while (slice.size && lexer_is_blank(slice.text[slice.size - 1]))
		slice.size--;
	return slice;
}

/* Cuts up to the next comma off left; false at the end. A group in braces is one piece. */
static bool take_piece(struct slice *left, struct slice *ret)
{
	bool group = false;
	size_t at = 0;

	if (!left->text)
		return false;
	for (; at < left->size && (group || left->text[at] != ','); at++)
		if (left->text[at] == '{' || left->text[at] == '}')
			group = left->text[at] == '{';
	*ret = trim((struct slice){left->text, at});
	if (at < left->size)
		*left = (struct slice){left->text + at + 1, left->size - at - 1};
	else
		left->text = NULL;
	return true;
}

/* Takes the braces off a group; false when it is none. */
static bool open_group(struct slice *slice)
{
	if (slice->size < 2 || slice->text[0] != '{' || slice->text[slice->size - 1] != '}')
		return false;
	slice->text++;
	slice->size -= 2;
	return true;
}

static bool has_blank(struct slice slice)
{
	for (size_t i = 0; i < slice.size; i++)
		if (lexer_is_blank(slice.text[i]))
			return true;
	return false;
}

/* ---- names ---- */

static bool add_name(struct arguments *arguments, struct generator *generator, struct slice name)
{
	struct expand *expand = arguments->expand;
	const struct definition *old = expand_find(expand, name.text, name.size);

	if (!name.size || expand_name_length(name.text, name.size) != name.size)
		return fail(arguments, "its first argument must be a name, or names in braces");
	if (generator->n_names == NAMES_MAX)
		return fail(arguments, "it has more than 64 names");
	if (old && old->body && old->body->source)
		expand_report(expand, arguments->work, DIAG_WARNING, arguments->work->start,
			      "'$%s' is defined in line %u; the generator changes it", old->name,
			      old->body->line);
	generator->names[generator->n_names] =
		expand_name(expand, arguments->work, name.text, name.size);
	return generator->names[generator->n_names++];
}

static bool take_names(struct arguments *arguments, struct generator *generator, bool several)
{
	struct slice piece, name;
	bool good = true;

	take_piece(&arguments->left, &piece);
	several = several && open_group(&piece);
	generator->names = arena_array(arguments->expand->arena, several ? NAMES_MAX : 1,
				       sizeof(*generator->names));
	if (!several)
		return add_name(arguments, generator, piece);
	while (good && take_piece(&piece, &name))
		good = add_name(arguments, generator, name);
	return good;
}

/* ---- ~SEQ ---- */

static bool take_bound(struct arguments *arguments, struct slice piece, int64_t *ret)
{
	char text[24];
	char *end;

	if (!piece.size || piece.size >= sizeof(text))
		return fail(arguments, "its bounds and step must be numbers");
	memcpy(text, piece.text, piece.size);
	text[piece.size] = '\0';
	*ret = strtoll(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	if (*end || text[0] == '+')
		return fail(arguments, "its bounds and step must be numbers");
	if (*ret > BOUND_MAX || *ret < -BOUND_MAX)
		return fail(arguments, "its bounds must not be beyond 1000000000000");
	return true;
}

static bool take_sequence(struct arguments *arguments, struct generator *generator)
{
	int64_t numbers[3];
	struct slice piece;
	size_t n = 0;

	if (!take_names(arguments, generator, false))
		return false;
	for (; take_piece(&arguments->left, &piece); n++) {
		if (n == 3)
			return fail(arguments, "it takes a name, a start, a step and an end");
		if (!take_bound(arguments, piece, &numbers[n]))
			return false;
	}
	if (!n)
		return fail(arguments, "it needs an end");
	generator->end = numbers[n - 1];
	generator->at = n > 1 ? numbers[0] : generator->end < 0 ? -1 : 1;
	generator->step = n > 2 ? numbers[1] : generator->at > generator->end ? -1 : 1;
	if (!generator->step || (generator->at < generator->end && generator->step < 0) ||
	    (generator->at > generator->end && generator->step > 0))
		return fail(arguments, "its step does not lead from the start to the end");
	if (generator->hex && (generator->at < 0 || generator->end < 0))
		return fail(arguments, "hexadecimal numbers cannot be negative");
	return true;
}

/* ---- ~LST ---- */

static bool check_value(struct arguments *arguments, struct slice value)
{
	if (has_blank(value))
		return fail(arguments, "a value in it has a blank, or a comma is missing");
	return true;
}

/* One round's values; those that are not given are empty. */
static bool take_round(struct arguments *arguments, const struct generator *generator,
		       struct slice piece, struct slice *ret)
{
	struct slice value;
	size_t n = 0;

	if (!open_group(&piece)) {
		ret[0] = piece;
		return check_value(arguments, piece);
	}
	while (take_piece(&piece, &value)) {
		if (n == generator->n_names)
			return fail(arguments,
				    "a group in it has more values than there are names");
		ret[n++] = value;
		if (!check_value(arguments, value))
			return false;
	}
	return true;
}

static bool take_list(struct arguments *arguments, struct generator *generator)
{
	struct slice left, piece, *list;
	size_t bytes;

	if (!take_names(arguments, generator, true))
		return false;
	left = arguments->left;
	while (take_piece(&left, &piece))
		generator->n_rounds++;
	if (!generator->n_rounds)
		return fail(arguments, "it needs values");
	bytes = generator->n_rounds * generator->n_names * sizeof(*list);
	if (!expand_spend(arguments->expand, arguments->work->line, bytes))
		return false;
	list = arena_alloc(arguments->expand->arena, bytes);
	generator->list = list;
	for (; take_piece(&arguments->left, &piece); list += generator->n_names)
		if (!take_round(arguments, generator, piece, list))
			return false;
	return true;
}

/* ---- both ---- */

enum kind { NONE, SEQUENCE, HEX_SEQUENCE, LIST };

/* What stands at the start of the work; *ret_open: where its parenthesis opens. */
static enum kind find_kind(const struct work *work, size_t *ret_open)
{
	static const struct {
		const char *name;
		enum kind kind;
	} kinds[] = {{"~SEQx", HEX_SEQUENCE}, {"~SEQ", SEQUENCE}, {"~LST", LIST}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t at = work->start, length = strlen(kinds[i].name);

		if (work->size - at < length || memcmp(work->text + at, kinds[i].name, length) != 0)
			continue;
		for (at += length; at < work->size && lexer_is_blank(work->text[at]);)
			at++;
		*ret_open = at;
		if (at < work->size && work->text[at] == '(')
			return kinds[i].kind;
	}
	return NONE;
}

/* The arguments with their definitions replaced. */
static bool expand_arguments(struct expand *expand, const struct work *work, size_t open,
			     size_t close, struct slice *ret)
{
	struct place line = *work->line;
	struct generated *none = NULL;
	struct work inner = {.line = &line, .stack = &none, .start = 0};
	enum expand_pass pass;

	inner.size = inner.same = close - open - 1;
	if (!expand_spend(expand, work->line, inner.size))
		return false;
	inner.text = arena_strndup(expand->arena, work->text + open + 1, inner.size);
	do
		pass = expand_references(expand, &inner, false);
	while (pass == EXPAND_CHANGED);
	if (pass == EXPAND_FAILED || !expand_spend(expand, work->line, inner.size))
		return false;
	*ret = (struct slice){arena_strndup(expand->arena, inner.text, inner.size), inner.size};
	return true;
}

static struct generator *parse(struct arguments *arguments, enum kind kind)
{
	struct expand *expand = arguments->expand;
	struct generator *generator;

	if (!expand_spend(expand, arguments->work->line, sizeof(*generator)))
		return NULL;
	generator = arena_alloc(expand->arena, sizeof(*generator));
	generator->hex = kind == HEX_SEQUENCE;
	if (!(kind == LIST ? take_list(arguments, generator) : take_sequence(arguments, generator)))
		return NULL;
	generator->values =
		arena_array(expand->arena, generator->n_names, sizeof(*generator->values));
	return generator;
}

bool expand_generate(struct expand *expand, struct work *work)
{
	struct arguments arguments = {.expand = expand, .work = work};
	const char *close = NULL;
	struct generator *generator;
	struct generated *top;
	enum kind kind;
	size_t open;

	kind = find_kind(work, &open);
	if (kind == NONE)
		return false;
	/* Its home is needed again for the arguments. */
	if (work->changed) {
		if (!expand_spend(expand, work->line, work->size))
			return true;
		work->text = arena_strndup(expand->arena, work->text, work->size);
	}
	close = memchr(work->text + open, ')', work->size - open);
	if (!close) {
		expand_report(expand, work, DIAG_ERROR, open,
			      "the ')' of this generator is missing");
		return true;
	}
	if (!expand_arguments(expand, work, open, (size_t)(close - work->text), &arguments.left))
		return true;
	generator = parse(&arguments, kind);
	if (arguments.problem)
		expand_report(expand, work, DIAG_ERROR, work->start,
			      "this generator cannot be used: %s", arguments.problem);
	if (!generator)
		return true;
	generator->rest.text = close + 1;
	generator->rest.size = work->size - (size_t)(close + 1 - work->text);
	if (work->same > work->start)
		work->same = work->start;
	top = expand_push(expand, work);
	if (top)
		top->generator = generator;
	return true;
}

static void set_sequence(struct generator *generator)
{
	snprintf(generator->number, sizeof(generator->number),
		 generator->hex ? "%" PRIx64 : "%" PRId64, generator->at);
	generator->values[0].text = generator->number;
	generator->values[0].size = strlen(generator->number);
	generator->at += generator->step;
}

bool expand_step(struct expand *expand, struct generator *generator, struct place *ret)
{
	(void)expand;
	if (generator->step) {
		if (generator->step > 0 ? generator->at > generator->end
					: generator->at < generator->end)
			return false;
		set_sequence(generator);
	} else {
		if (generator->round == generator->n_rounds)
			return false;
		for (size_t i = 0; i < generator->n_names; i++) {
			const struct slice *value =
				&generator->list[generator->round * generator->n_names + i];

			generator->values[i].text = value->text ? value->text : "";
			generator->values[i].size = value->size;
		}
		generator->round++;
	}
	for (size_t i = 0; i < generator->n_names; i++)
		generator->names[i]->body = &generator->values[i];
	ret->text = generator->rest.text;
	ret->size = (uint32_t)generator->rest.size;
	return true;
}
