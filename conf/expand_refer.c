/* SPDX-License-Identifier: MIT */
/*
 * References: $NAME before a blank, a comma, a closing parenthesis or the end of the line, ${NAME}
 * anywhere, and the predefined names. One pass over a line replaces each once; passes follow until
 * nothing changes, so a value is looked at anew at each use. Runs in the thread that loads.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/arena.h"
#include "conf/expand_text.h"

#define RANDOM_MAX	     32767 /* of _RANDOM, unless given */
#define ENVIRONMENT_NAME_MAX 256

struct reference {
	const char *name;
	size_t name_size;
	const char *argument; /* behind the name in ${NAME ...} */
	size_t argument_size;
	size_t length;	   /* of the whole */
	bool braced, last; /* nothing but blanks follows */
};

struct output {
	char *room; /* LEXER_LINE_MAX octets */
	size_t used;
	bool full;
	bool quoted; /* within double quotes */
};

static void put(struct output *output, const char *text, size_t size)
{
	if (size > LEXER_LINE_MAX - output->used) {
		output->full = true;
		return;
	}
	memcpy(output->room + output->used, text, size);
	output->used += size;
	for (size_t i = 0; i < size; i++)
		output->quoted ^= text[i] == '"';
}

/* ---- finding ---- */

static bool is_last(const char *text, size_t at, size_t end)
{
	while (at < end && lexer_is_blank(text[at]))
		at++;
	return at == end;
}

static bool find_braced(const char *text, size_t at, size_t end, struct reference *ret)
{
	size_t close = at + 2 + ret->name_size;

	while (close < end && lexer_is_blank(text[close]))
		close++;
	ret->argument = text + close;
	while (close < end && text[close] != '}')
		close++;
	if (close == end)
		return false;
	ret->argument_size = (size_t)(text + close - ret->argument);
	ret->length = close + 1 - at;
	/* Something glued to the name makes it no name. */
	return !ret->argument_size || lexer_is_blank(ret->argument[-1]);
}

/* The reference at the '$' at text[at]. */
static bool find_reference(const char *text, size_t at, size_t end, struct reference *ret)
{
	size_t start, next;

	*ret = (struct reference){.braced = at + 1 < end && text[at + 1] == '{', .argument = ""};
	start = at + 1 + ret->braced;
	ret->name = text + start;
	ret->name_size = expand_name_length(ret->name, end > start ? end - start : 0);
	if (!ret->name_size)
		return false;
	next = start + ret->name_size;
	ret->length = next - at;
	if (ret->braced) {
		if (!find_braced(text, at, end, ret))
			return false;
	} else if (next < end && !lexer_is_blank(text[next]) && text[next] != ',' &&
		   text[next] != ')') {
		return false;
	}
	ret->last = is_last(text, at + ret->length, end);
	return true;
}

/* ---- predefined names ---- */

typedef bool put_function(struct expand *expand, const struct work *work,
			  const struct reference *reference, struct output *output,
			  const char **ret_problem);

/* The directory of the file, found once for each file in a row. */
static const char *find_directory(struct expand *expand, const struct source *source)
{
	const char *slash = source->inode ? strrchr(source->name, '/') : NULL;
	const char *name = ".";
	char path[PATH_MAX];

	if (expand->directory_of == source)
		return expand->directory;
	if (slash)
		name = arena_strndup(expand->arena, source->name,
				     (size_t)(slash - source->name) + 1);
	expand->directory_of = source;
	expand->directory = realpath(name, path) ? arena_strdup(expand->arena, path) : NULL;
	return expand->directory;
}

static bool put_directory(struct expand *expand, const struct work *work,
			  const struct reference *reference, struct output *output,
			  const char **ret_problem)
{
	const char *path = find_directory(expand, work->line->source);

	(void)reference;
	if (!path) {
		*ret_problem = "the directory of the file cannot be found";
		return false;
	}
	put(output, path, strlen(path));
	return true;
}

static bool put_id(struct expand *expand, const struct work *work,
		   const struct reference *reference, struct output *output,
		   const char **ret_problem)
{
	(void)work, (void)reference, (void)ret_problem;
	put(output, expand->config_id, strlen(expand->config_id));
	return true;
}

/* SplitMix64: any seed will do, 0 as well. */
static uint64_t next_random(struct expand *expand)
{
	uint64_t z = expand->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* The next number of at most nine digits in text; false when there is something else. */
static bool take_number(const char **text, const char *end, uint64_t *ret)
{
	const char *at = *text;
	uint64_t value = 0;

	for (; at < end && *at >= '0' && *at <= '9' && at - *text < 9; at++)
		value = value * 10 + (uint64_t)(*at - '0');
	if (at == *text || (at < end && !lexer_is_blank(*at)))
		return false;
	while (at < end && lexer_is_blank(*at))
		at++;
	*text = at;
	*ret = value;
	return true;
}

static bool put_random(struct expand *expand, const struct work *work,
		       const struct reference *reference, struct output *output,
		       const char **ret_problem)
{
	const char *at = reference->argument, *end = at + reference->argument_size;
	uint64_t low = 0, high = RANDOM_MAX, swap;
	char text[24];

	(void)work;
	if ((at != end && !take_number(&at, end, &low)) ||
	    (at != end && !take_number(&at, end, &high)) || at != end) {
		*ret_problem = "'_RANDOM' takes at most two numbers of up to nine digits";
		return false;
	}
	if (low > high) {
		swap = low;
		low = high;
		high = swap;
	}
	snprintf(text, sizeof(text), "%" PRIu64, low + next_random(expand) % (high - low + 1));
	put(output, text, strlen(text));
	return true;
}

static bool put_environment(struct expand *expand, const struct work *work,
			    const struct reference *reference, struct output *output,
			    const char **ret_problem)
{
	size_t size = expand_name_length(reference->argument, reference->argument_size);
	char name[ENVIRONMENT_NAME_MAX];
	const char *value;

	(void)expand, (void)work;
	if (!size || size != reference->argument_size || size >= sizeof(name)) {
		*ret_problem = "'_ENV' takes the name of an environment variable: ${_ENV NAME}";
		return false;
	}
	memcpy(name, reference->argument, size);
	name[size] = '\0';
	value = getenv(name);
	if (!value) {
		*ret_problem = "this environment variable is not set";
		return false;
	}
	put(output, value, strlen(value));
	return true;
}

/* A # or ! that is no comment: in quotes it is none, elsewhere a backslash protects it. */
static bool put_hash(struct expand *expand, const struct work *work,
		     const struct reference *reference, struct output *output,
		     const char **ret_problem)
{
	(void)expand, (void)work, (void)reference, (void)ret_problem;
	put(output, output->quoted ? "#" : "\\#", output->quoted ? 1 : 2);
	return true;
}

static bool put_bang(struct expand *expand, const struct work *work,
		     const struct reference *reference, struct output *output,
		     const char **ret_problem)
{
	(void)expand, (void)work, (void)reference, (void)ret_problem;
	put(output, output->quoted ? "!" : "\\!", output->quoted ? 1 : 2);
	return true;
}

static const struct predefined {
	const char *name;
	put_function *put;
	bool argument; /* takes some */
} predefined[] = {
	{"_PWD", put_directory, false}, {"_INSTANCE", put_id, false},
	{"_RANDOM", put_random, true},	{"_ENV", put_environment, true},
	{"_HASH", put_hash, false},	{"_BANG", put_bang, false},
};

static const struct predefined *find_predefined(const struct reference *reference)
{
	for (size_t i = 0; i < sizeof(predefined) / sizeof(*predefined); i++)
		if (strlen(predefined[i].name) == reference->name_size &&
		    memcmp(predefined[i].name, reference->name, reference->name_size) == 0 &&
		    (predefined[i].argument || !reference->argument_size))
			return &predefined[i];
	return NULL;
}

/* ---- replacing ---- */

/* The rest of a definition of several lines is read next. */
static enum expand_pass replace_by_definition(struct expand *expand, struct work *work,
					      const struct reference *reference,
					      const struct definition *definition,
					      struct output *output)
{
	const struct body_line *line = definition->body;
	struct generated *rest;

	if (!line || reference->argument_size || (line->next && !reference->last))
		return EXPAND_SAME;
	if (!work->origin && line->source) {
		work->origin = line;
		work->name = definition->name;
	}
	put(output, line->text, line->size);
	if (!line->next)
		return EXPAND_CHANGED;
	rest = expand_push(expand, work);
	if (!rest)
		return EXPAND_FAILED;
	rest->expansion.name = definition->name;
	rest->body = line->next;
	return EXPAND_CHANGED;
}

static enum expand_pass replace(struct expand *expand, struct work *work, size_t at,
				const struct reference *reference, struct output *output)
{
	const struct definition *definition =
		expand_find(expand, reference->name, reference->name_size);
	const struct predefined *name = definition ? NULL : find_predefined(reference);
	size_t same = work->same;
	enum expand_pass result = EXPAND_SAME;
	const char *problem = NULL;

	if (same > at)
		work->same = at;
	if (definition)
		result = replace_by_definition(expand, work, reference, definition, output);
	else if (name && name->put(expand, work, reference, output, &problem))
		result = EXPAND_CHANGED;
	if (problem) {
		expand_report(expand, work, DIAG_ERROR, at, "%s", problem);
		return EXPAND_FAILED;
	}
	if (result == EXPAND_SAME)
		work->same = same;
	return result;
}

static enum expand_pass check(struct expand *expand, struct work *work, const struct output *output)
{
	if (output->full) {
		expand_report(expand, work, DIAG_ERROR, work->same,
			      "with its definitions the line is longer than %zu octets; it is "
			      "ignored",
			      LEXER_LINE_MAX);
		return EXPAND_FAILED;
	}
	if (work->passes == EXPAND_DEPTH_MAX) {
		expand_report(
			expand, work, DIAG_ERROR, work->same,
			"more than %d definitions inside each other: one refers to itself, the "
			"line is ignored",
			EXPAND_DEPTH_MAX);
		*work->stack = NULL;
		return EXPAND_FAILED;
	}
	return expand_spend(expand, work->line, output->used) ? EXPAND_CHANGED : EXPAND_FAILED;
}

enum expand_pass expand_references(struct expand *expand, struct work *work, bool leading)
{
	struct output output = {.room = expand->rooms[work->passes % 2]};
	size_t end = lexer_comment(work->text, work->size, work->start), at = work->start;
	enum expand_pass result = EXPAND_SAME;
	struct reference reference;

	put(&output, work->text, at);
	output.quoted = false;
	while (at < end && !(leading && result == EXPAND_CHANGED)) {
		enum expand_pass one = EXPAND_SAME;

		if (work->text[at] == '$' && find_reference(work->text, at, end, &reference))
			one = replace(expand, work, at, &reference, &output);
		if (one == EXPAND_FAILED)
			return one;
		if (one == EXPAND_CHANGED) {
			result = one;
			at += reference.length;
		} else if (leading) {
			return EXPAND_SAME;
		} else {
			put(&output, &work->text[at++], 1);
		}
	}
	if (result == EXPAND_SAME)
		return result;
	put(&output, work->text + at, work->size - at);
	result = check(expand, work, &output);
	work->changed = true;
	work->passes++;
	work->text = output.room;
	work->size = output.used;
	return result;
}

/* ---- what is left ---- */

static void report_left(struct expand *expand, const struct place *place,
			const struct reference *reference, bool quoted)
{
	const struct definition *definition =
		expand_find(expand, reference->name, reference->name_size);

	if (definition && definition->body && definition->body->next)
		diags_add(expand->diags, DIAG_WARNING, place,
			  "'$%s' has several lines; it is replaced only at the end of a line",
			  definition->name);
	else
		diags_add(expand->diags, reference->braced && !quoted ? DIAG_ERROR : DIAG_NOTE,
			  place, "'%.*s' is not defined", (int)reference->length,
			  place->text + place->offset);
}

/* "$NAME/24": the name is known, but what follows keeps it from being one. */
static void report_glued(struct expand *expand, const struct place *place, size_t end)
{
	const char *name = place->text + place->offset + 1;
	size_t size = expand_name_length(name, end - place->offset - 1);

	if (size && expand_find(expand, name, size))
		diags_add(expand->diags, DIAG_WARNING, place,
			  "'$%.*s' is not replaced here; write '${%.*s}'", (int)size, name,
			  (int)size, name);
}

void expand_report_left(struct expand *expand, const struct place *line)
{
	size_t end = lexer_comment(line->text, line->size, line->offset);
	struct place place = *line;
	struct reference reference;
	bool quoted = false;

	for (; place.offset < end; place.offset++) {
		quoted ^= line->text[place.offset] == '"';
		if (line->text[place.offset] != '$')
			continue;
		if (find_reference(line->text, place.offset, end, &reference))
			report_left(expand, &place, &reference, quoted);
		else
			report_glued(expand, &place, end);
	}
}
