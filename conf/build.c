/* SPDX-License-Identifier: MIT */
/*
 * Walks the tree and lets each statement's row act on the draft of its block. Everything generic
 * about a row (type, range, number of words, repetition, deprecation) is decided here; what a row
 * does beyond storing a value is its apply(). No recursion: the walk follows the tree's own links.
 */
#include "conf/build.h"

#include <string.h>

#include "conf/scopes.h"
#include "conf/value.h"
#include "core/base/clock.h"

#define WORDS_UNLIMITED SIZE_MAX

void *items_add(struct items *items, struct conf_arena *arena, size_t size)
{
	struct item *item = arena_alloc(arena, sizeof(*item) + size);

	if (items->last)
		items->last->next = item;
	else
		items->first = item;
	items->last = item;
	items->n++;
	return item->body;
}

void *items_to_array(const struct items *items, struct conf_arena *arena, size_t size)
{
	unsigned char *array = arena_array(arena, items->n, size);
	size_t i = 0;

	for (const struct item *item = items->first; item; item = item->next)
		memcpy(array + size * i++, item->body, size);
	return array;
}

static void *field_of(const struct option *row, void *draft)
{
	return (char *)draft + row->offset;
}

void build_fill_defaults(const struct option_scope *scope, void *draft)
{
	const struct option *row;

	OPTION_EACH (row, scope)
		if ((row->flags & OPTION_HAS_DEFAULT) && (row->flags & OPTION_HAS_FIELD))
			value_store(field_of(row, draft), row->size, row->initial);
}

void build_check_required(struct build *build, const struct option_scope *scope,
			  const struct node *block)
{
	const struct option *row;

	OPTION_EACH (row, scope) {
		const struct node *node = block->first;

		if (!(row->flags & OPTION_REQUIRED))
			continue;
		while (node && node->row != row)
			node = node->next;
		if (!node)
			build_error(build, block, 0, "'%s%s%.64s' has no '%s'",
				    block->words[0].text, block->n_words > 1 ? " " : "",
				    block->n_words > 1 ? block->words[1].text : "", row->name);
	}
}

void build_check_needs(struct build *build, const struct option_scope *scope,
		       const struct node *const *blocks, size_t n)
{
	const struct option *row;

	OPTION_EACH (row, scope) {
		const struct node *user = NULL;
		bool met = !row->needs;

		for (size_t i = 0; i < n && !met; i++)
			for (const struct node *node = blocks[i]->first; node; node = node->next) {
				user = node->row == row ? node : user;
				met = met || (node->row && !strcmp(node->row->name, row->needs));
			}
		if (user && !met)
			build_warn(build, user, 0, "'%s' has no effect without '%s'", row->name,
				   row->needs);
	}
}

/* ---- one row ---- */

static void apply_bool(struct build *build, const struct node *node, void *field)
{
	bool value = true;

	if (node->n_words > 1 && !value_parse_bool(node->words[1].text, &value)) {
		build_error(build, node, 1,
			    "'%s' must be on, off, true, false, yes or no, not '%.64s'",
			    node->row->name, node->words[1].text);
		return;
	}
	value_store(field, node->row->size, value);
}

static void apply_string(struct build *build, const struct node *node, void *field)
{
	const struct option *row = node->row;
	char *copy;

	if (node->n_words < 2) {
		build_error(build, node, 0, "'%s' needs a value", row->name);
		return;
	}
	if (row->max && strlen(node->words[1].text) > (size_t)row->max) {
		build_error(build, node, 1, "'%s' must not be longer than %d octets", row->name,
			    (int)row->max);
		return;
	}
	copy = arena_strdup(build->arena, node->words[1].text);
	memcpy(field, &copy, sizeof(copy));
}

/* Keepalived takes times that no timer should have: a loop without a pause, a thousand years. */
static uint64_t round_time(struct build *build, const struct node *node, uint64_t us)
{
	uint64_t rounded = us && us < TIME_LEAST_US ? TIME_LEAST_US
			   : us > TIME_MAX_US	    ? TIME_MAX_US
						    : us;
	char text[VALUE_TIME_MAX];

	if (rounded != us)
		build_warn(build, node, 1, "'%s' is taken as %s", node->row->name,
			   value_format_time(rounded, text));
	return rounded;
}

static void apply_number(struct build *build, const struct node *node, void *field)
{
	const struct option *row = node->row;
	const char *what = arena_printf(build->scratch, "'%s'", row->name);
	uint64_t number;
	int64_t integer;

	if (row->type == OPTION_SIGNED) {
		if (value_signed(build, node, 1, what, row->min, row->max, &integer))
			value_store(field, row->size, integer);
	} else if (row->type == OPTION_TIME && (row->flags & OPTION_WHOLE)) {
		if (value_unsigned(build, node, 1, what, (uint64_t)row->min / USEC_PER_SEC,
				   (uint64_t)row->max / USEC_PER_SEC, &number))
			value_store(field, row->size, (int64_t)(number * USEC_PER_SEC));
	} else if (row->type == OPTION_TIME) {
		if (value_time(build, node, 1, what, (uint64_t)row->min, (uint64_t)row->max,
			       &number))
			value_store(field, row->size,
				    (int64_t)(row->flags & OPTION_ROUNDED
						      ? round_time(build, node, number)
						      : number));
	} else if (value_unsigned(build, node, 1, what, (uint64_t)row->min, (uint64_t)row->max,
				  &number)) {
		value_store(field, row->size, (int64_t)number);
	}
}

static void apply_choice(struct build *build, const struct node *node, void *field)
{
	int value;

	if (value_choice(build, node, 1, node->row, &value))
		value_store(field, node->row->size, value);
}

static void apply_interface(struct build *build, const struct node *node, void *field)
{
	char *name;

	if (value_interface(build, node, 1, arena_printf(build->scratch, "'%s'", node->row->name),
			    &name))
		memcpy(field, &name, sizeof(name));
}

static void apply_address(struct build *build, const struct node *node, void *field)
{
	struct ip ip;

	if (value_address(build, node, 1, arena_printf(build->scratch, "'%s'", node->row->name),
			  &ip))
		memcpy(field, &ip, sizeof(ip));
}

static void apply_command(struct build *build, const struct node *node, void *field)
{
	struct conf_command command;

	if (value_command(build, node, !(node->row->flags & OPTION_NO_USER), &command))
		memcpy(field, &command, sizeof(command));
}

static size_t most_words(const struct option *row)
{
	switch (row->type) {
	case OPTION_FLAG:
		return 1;
	case OPTION_CUSTOM:
		return (size_t)row->max + 1;
	case OPTION_COMMAND:
	case OPTION_BLOCK:
	case OPTION_OBSOLETE:
		return WORDS_UNLIMITED;
	default:
		return 2;
	}
}

/* A switch that is turned off asks for nothing. */
static bool is_turned_off(const struct node *node)
{
	bool value = true;

	return node->row->type == OPTION_BOOL && node->n_words > 1 &&
	       value_parse_bool(node->words[1].text, &value) && !value;
}

void build_warn_unsupported(struct build *build, const struct node *node, size_t index,
			    const char *scope, const char *name)
{
	const struct option_unsupported *entry = option_unsupported(scope, name);
	size_t number;

	if (!entry)
		return;
	number = option_unsupported_index(entry);
	if (!build->unsupported[number])
		build_warn(build, node, index, "'%s' is not supported yet; %s", entry->name,
			   entry->effect);
	build->unsupported[number] = true;
}

void build_warn_empty(struct build *build, const struct node *node, void *draft)
{
	(void)draft;
	if (!node->first)
		build_warn(build, node, 0, "this '%s' is empty", node->words[0].text);
}

/* What every row needs before its value is looked at. False: nothing more to do. */
static bool check_use(struct build *build, const struct node *node)
{
	const struct option *row = node->row;

	if (node->alias && (node->alias->flags & OPTION_DEPRECATED))
		build_warn(build, node, 0, "'%s' is deprecated; taken as '%s'", node->alias->name,
			   row->name);
	if (row->type == OPTION_OBSOLETE) {
		build_warn(build, node, 0, "'%s' is obsolete and ignored: %s", row->name,
			   row->help);
		return false;
	}
	if (!is_turned_off(node))
		build_warn_unsupported(build, node, 0, node->scope->name, row->name);
	if (node->n_words > most_words(row))
		build_warn(build, node, most_words(row),
			   "'%s' takes no more words; '%.64s' and what follows is ignored",
			   row->name, node->words[most_words(row)].text);
	if (row->type == OPTION_CUSTOM && node->n_words < (size_t)row->min + 1) {
		build_error(build, node, 0, "'%s' needs a value", row->name);
		return false;
	}
	return true;
}

void build_apply_row(struct build *build, const struct node *node, void *draft)
{
	const struct option *row = node->row;
	void *field = field_of(row, draft);

	switch (row->type) {
	case OPTION_FLAG:
		value_store(field, row->size, row->value);
		break;
	case OPTION_BOOL:
		apply_bool(build, node, field);
		break;
	case OPTION_UNSIGNED:
	case OPTION_SIGNED:
	case OPTION_TIME:
		apply_number(build, node, field);
		break;
	case OPTION_CHOICE:
		apply_choice(build, node, field);
		break;
	case OPTION_STRING:
		apply_string(build, node, field);
		break;
	case OPTION_INTERFACE:
		apply_interface(build, node, field);
		break;
	case OPTION_ADDRESS:
		apply_address(build, node, field);
		break;
	case OPTION_COMMAND:
		if (row->apply)
			row->apply(build, node, draft);
		else
			apply_command(build, node, field);
		break;
	case OPTION_CUSTOM:
		row->apply(build, node, draft);
		break;
	case OPTION_BLOCK:
	case OPTION_OBSOLETE:
	case OPTION_ALIAS:
		break;
	}
}

/* ---- unknown keywords ---- */

static void report_unknown(struct build *build, const struct node *node)
{
	const char *name = node->words[0].text;
	const char *near, *other;

	/* Looking for them takes time, and nobody would see them. */
	near = diags_is_full(&build->diags) ? NULL : option_nearest(node->scope, name);
	other = diags_is_full(&build->diags) ? NULL : option_other_scope(name);
	if (other)
		build_error(build, node, 0, "'%s' does not belong here but in '%s'", name,
			    *other ? other : "the top level");
	else if (near)
		build_error(build, node, 0, "unknown keyword '%.64s'; did you mean '%s'?", name,
			    near);
	else
		build_error(build, node, 0, "unknown keyword '%.64s'", name);
}

/* ---- the walk ---- */

static size_t row_index(const struct option_scope *scope, const struct option *row)
{
	size_t base = 0;

	for (size_t t = 0; t < OPTION_TABLES && scope->tables[t]; t++) {
		size_t n = 0;

		while (scope->tables[t][n].name)
			n++;
		if (row >= scope->tables[t] && row < scope->tables[t] + n)
			return base + (size_t)(row - scope->tables[t]);
		base += n;
	}
	return 0;
}

static void warn_repeated(struct build *build, struct node *block, const struct node *node)
{
	const struct option *row = node->row;
	size_t index = row_index(node->scope, row);

	if (row->type == OPTION_BLOCK || (row->flags & OPTION_REPEATABLE) ||
	    row->type == OPTION_OBSOLETE)
		return;
	if (!block->seen)
		block->seen = arena_array(build->scratch, option_count(node->scope), sizeof(bool));
	if (block->seen[index])
		build_warn(build, node, 0, "'%s' is given more than once; the last one counts",
			   row->name);
	block->seen[index] = true;
}

/* Starts a block; NULL: its content is not looked at. */
static void *begin_block(struct build *build, struct node *node, void *parent)
{
	const struct option_scope *scope = node->row->block;

	if (!node->has_block)
		return NULL;
	if (scope->line && !scope->begin && node->n_words > 1)
		build_error(build, node, 1, "'%s' takes no word before its block, not '%.64s'",
			    node->row->name, node->words[1].text);
	return scope->begin ? scope->begin(build, node, parent) : parent;
}

static void apply_line(struct build *build, struct node *node, void *draft)
{
	if (!node->n_words)
		return;
	if (node->has_block) {
		build_error(build, node, 0,
			    "no block is possible inside '%s'; '%.64s' is ignored with its block",
			    node->parent->words[0].text, node->words[0].text);
		return;
	}
	node->scope->line(build, node, draft);
}

/* Applies one statement; its content, if any is to be looked at, comes next. */
static void visit(struct build *build, struct node *node)
{
	struct node *block = node->parent;

	node->draft = NULL;
	if (!block->draft || !node->scope || !node->n_words)
		return;
	if (node->scope->line) {
		apply_line(build, node, block->draft);
		return;
	}
	if (!node->row) {
		report_unknown(build, node);
		return;
	}
	warn_repeated(build, block, node);
	if (keep_refuses(build, node) || !check_use(build, node))
		return;
	if (node->row->type == OPTION_BLOCK)
		node->draft = begin_block(build, node, block->draft);
	else
		build_apply_row(build, node, block->draft == build ? &build->global : block->draft);
}

static void leave(struct build *build, struct node *node)
{
	const struct option_scope *scope;

	if (!node->draft || !node->row)
		return;
	scope = node->row->block;
	build_check_required(build, scope, node);
	if (scope != &scope_global) /* which may be several blocks */
		build_check_needs(build, scope, (const struct node *const[]){node}, 1);
	if (scope->end)
		scope->end(build, node, node->draft);
}

void build_apply(struct build *build, struct node *root)
{
	struct node *node = root->first;

	build->unsupported = arena_array(build->scratch, option_unsupported_count(), sizeof(bool));
	root->draft = build;
	while (node && node != root) {
		visit(build, node);
		if (node->draft && node->first) {
			node = node->first;
			continue;
		}
		leave(build, node);
		while (node != root && !node->next) {
			node = node->parent;
			if (node != root)
				leave(build, node);
		}
		if (node != root)
			node = node->next;
	}
}
