/* SPDX-License-Identifier: MIT */
/*
 * Reads files line by line and builds the tree of statements: where blocks open and close, which
 * row of the option tables each statement is, and what to do when braces are missing. No recursion:
 * open files and open blocks are explicit stacks. Runs in the thread that loads.
 */
#include "conf/tree.h"

#include <errno.h>
#include <string.h>

#include "conf/arena.h"
#include "conf/tree_reader.h"
#include "conf/utf8.h"
#include "conf/value.h"

/* ---- blocks ---- */

static void open_block(struct reader *reader, struct node *node)
{
	node->has_block = true;
	reader->open = node;
	reader->pending = NULL;
	reader->depth++;
}

static const struct option_scope *inner_scope(const struct node *block)
{
	if (!block->parent)
		return option_root();
	return block->row && block->row->type == OPTION_BLOCK ? block->row->block : NULL;
}

static bool takes_block(const struct node *node)
{
	return node->row && node->row->type == OPTION_BLOCK;
}

/* A block keyword with no { at all: said so, and its content is looked at nevertheless. */
static void open_missing(struct reader *reader)
{
	struct node *node = reader->pending;

	reader->pending = NULL;
	if (!node || !takes_block(node) || node->has_block)
		return;
	diags_add(reader->diags, DIAG_ERROR, &node->place, "'%s' needs a '{' behind it",
		  node->words[0].text);
	open_block(reader, node);
}

static void forget_missing(struct reader *reader)
{
	struct node *node = reader->pending;

	if (node && takes_block(node) && !node->has_block)
		diags_add(reader->diags, DIAG_ERROR, &node->place,
			  "'%s' needs a block '{ ... }' behind it", node->words[0].text);
	reader->pending = NULL;
}

static void append(struct node *parent, struct node *node)
{
	node->parent = parent;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
}

/* A { that belongs to nothing: a nameless node swallows its content. */
static void open_stray(struct reader *reader, size_t offset)
{
	struct node *node = arena_alloc(reader->arena, sizeof(*node));
	struct place place = tree_at(reader, offset);

	diags_add(reader->diags, DIAG_ERROR, &place,
		  "unexpected '{'; everything up to its '}' is ignored");
	node->place = place;
	append(reader->open, node);
	open_block(reader, node);
}

static bool on_open(struct reader *reader, size_t offset)
{
	struct node *node = reader->pending;

	if (reader->depth >= TREE_DEPTH_MAX) {
		struct place place = tree_at(reader, offset);

		diags_add_end(reader->diags, &place,
			      "more than %d blocks inside each other; nothing behind this is read",
			      TREE_DEPTH_MAX);
		return false;
	}
	if (!node) {
		open_stray(reader, offset);
		return true;
	}
	/* An unknown keyword is reported as such later; a known one that takes no block here. */
	if (node->row && !takes_block(node)) {
		struct place place = tree_at(reader, offset);

		diags_add(reader->diags, DIAG_ERROR, &place,
			  "'%s' takes no block; everything up to the matching '}' is ignored",
			  node->words[0].text);
	}
	open_block(reader, node);
	return true;
}

static void on_close(struct reader *reader, size_t offset)
{
	struct place place = tree_at(reader, offset);

	forget_missing(reader);
	if (!reader->open->parent) {
		diags_add(reader->diags, DIAG_ERROR, &place,
			  "unexpected '}': no block is open here");
		return;
	}
	reader->open = reader->open->parent;
	reader->depth--;
}

/*
 * A keyword that is unknown here but opens a block further out: most likely a } was forgotten.
 * Closes up to there, so that one mistake gives one message.
 */
static void close_forgotten(struct reader *reader, const char *keyword, const struct place *place)
{
	struct node *outer = reader->open;
	size_t levels = 0;

	if (!inner_scope(outer) || option_find(inner_scope(outer), keyword) ||
	    option_is_attribute(inner_scope(outer), keyword))
		return;
	for (; outer; outer = outer->parent, levels++) {
		const struct option_scope *scope = inner_scope(outer);
		const struct option *row = scope ? option_find(scope, keyword) : NULL;

		if (row && row->type == OPTION_BLOCK)
			break;
	}
	if (!outer)
		return;
	diags_add(reader->diags, DIAG_ERROR, place,
		  "'%s' inside '%s' of line %u: a '}' is missing before this line", keyword,
		  reader->open->words[0].text, reader->open->place.line);
	reader->open = outer;
	reader->depth -= levels;
}

/* ---- statements ---- */

/* Settings that act on the text behind them. */
static void obey_setting(struct reader *reader, const struct node *node)
{
	const struct node *block = node->parent;
	uint64_t seed;

	if (!block->parent || block->parent->parent || !block->row ||
	    strcmp(block->row->name, "global_defs") != 0)
		return;
	if (strcmp(node->words[0].text, "include_check") == 0)
		reader->include_check =
			include_check(reader->include_check, node->words + 1, node->n_words - 1);
	else if (strcmp(node->words[0].text, "random_seed") == 0 && node->n_words > 1 &&
		 value_parse_unsigned(node->words[1].text, &seed))
		expand_seed(reader->expand, seed);
}

static struct node *add_statement(struct reader *reader)
{
	struct node *node = arena_alloc(reader->arena, sizeof(*node));
	const char *keyword = reader->words[0].text;
	const struct option_scope *scope = inner_scope(reader->open);

	node->place = tree_at(reader, reader->words[0].offset);
	node->n_words = reader->n_words;
	node->words = arena_array(reader->arena, node->n_words, sizeof(*node->words));
	memcpy(node->words, reader->words, node->n_words * sizeof(*node->words));
	/* Without a scope it is silently skipped with its block, if it has one. */
	node->scope = scope;
	if (scope && !scope->line) {
		const struct option *row = option_find(scope, keyword);

		node->row = row ? option_resolve(scope, row) : NULL;
		node->alias = row == node->row ? NULL : row;
	}
	if (!node->row && !(scope && scope->line))
		reader->n_unknown++;
	append(reader->open, node);
	obey_setting(reader, node);
	return node;
}

static enum lexer_mode mode_of(const struct reader *reader)
{
	const struct option_scope *scope = inner_scope(reader->open);
	const struct option *row;

	if (include_strictness(reader->words[0].text) >= 0)
		return LEXER_INCLUDE;
	if (!scope || scope->line)
		return LEXER_ORDINARY;
	row = option_find(scope, reader->words[0].text);
	if (row)
		row = option_resolve(scope, row);
	if (row && (row->flags & OPTION_ESCAPED))
		return LEXER_ESCAPED;
	return row && row->type == OPTION_COMMAND ? LEXER_COMMAND : LEXER_ORDINARY;
}

/* ---- lines ---- */

/* Ends the statement being collected: at the end of the line or at a brace. */
static void end_statement(struct reader *reader)
{
	int strictness;

	if (!reader->n_words)
		return;
	strictness = include_strictness(reader->words[0].text);
	if (strictness >= 0) {
		open_missing(reader);
		tree_include(reader, strictness ? strictness : reader->include_check);
	} else {
		struct place place = tree_at(reader, reader->words[0].offset);

		open_missing(reader);
		close_forgotten(reader, reader->words[0].text, &place);
		reader->pending = add_statement(reader);
	}
	reader->n_words = 0;
}

static bool on_word(struct reader *reader, const struct word *word)
{
	struct place place = tree_at(reader, word->offset);

	if (reader->n_words == TREE_WORDS_MAX) {
		diags_add(reader->diags, DIAG_ERROR, &place, "more than %d words", TREE_WORDS_MAX);
		return false;
	}
	reader->words[reader->n_words++] = *word;
	if (reader->n_words == 1)
		reader->mode = mode_of(reader);
	return true;
}

static void warn_odd_space(struct reader *reader, const struct lexer *lexer)
{
	struct place place = tree_at(reader, lexer->odd_space_at);

	if (lexer->odd_space)
		diags_add(reader->diags, DIAG_WARNING, &place, "%s (U+%04X) taken as white space",
			  utf8_space_name(lexer->odd_space), (unsigned)lexer->odd_space);
}

/* False: nothing behind this line can be made sense of. */
static bool read_line(struct reader *reader, struct lexer *lexer)
{
	bool more = true, good = true;

	reader->n_words = 0;
	while (more && good) {
		enum lexer_mode mode = reader->n_words ? reader->mode : LEXER_ORDINARY;
		struct word word;

		switch (lexer_next(lexer, mode, reader->arena, &word)) {
		case LEXER_WORD:
			more = on_word(reader, &word);
			break;
		case LEXER_OPEN:
			end_statement(reader);
			good = on_open(reader, lexer->token);
			break;
		case LEXER_CLOSE:
			end_statement(reader);
			on_close(reader, lexer->token);
			break;
		case LEXER_BAD: {
			struct place place = tree_at(reader, lexer->token);

			diags_add(reader->diags, DIAG_ERROR, &place, "%s", lexer->problem);
			reader->n_words = 0;
			more = false;
			break;
		}
		case LEXER_END:
			more = false;
			break;
		}
	}
	warn_odd_space(reader, lexer);
	end_statement(reader);
	return good;
}

static struct node *root_of(struct node *node)
{
	while (node->parent)
		node = node->parent;
	return node;
}

/* Nothing that is meant as a configuration comes near these bounds. */
static bool is_too_much(struct reader *reader)
{
	if (reader->n_unknown + reader->diags->errors > TREE_STRANGE_MAX) {
		diags_add_end(
			reader->diags, &reader->line,
			"more than %d errors and unknown keywords; nothing from here on is read",
			TREE_STRANGE_MAX);
		return true;
	}
	if (arena_bytes(reader->arena) > TREE_MEMORY_MAX) {
		diags_add_end(
			reader->diags, &reader->line,
			"the text up to here needs more than %zu MiB of memory; nothing from here "
			"on is read",
			TREE_MEMORY_MAX / (1024 * 1024));
		/* To judge what was read would take even more. */
		*root_of(reader->open) = (struct node){0};
		return true;
	}
	return false;
}

static bool take_line(struct reader *reader, struct frame *frame)
{
	const struct place *line = &reader->line;
	struct lexer lexer;

	if (is_too_much(reader))
		return false;
	if (memchr(line->text, '\0', line->size)) {
		diags_add_file(reader->diags, DIAG_ERROR, frame->source->name,
			       "binary data (a NUL octet) in line %u; nothing behind it is read",
			       line->line);
		frame->at = frame->source->size;
		return true;
	}
	if (line->size > LEXER_LINE_MAX) {
		diags_add(reader->diags, DIAG_ERROR, line,
			  "the line is longer than %zu octets; it is ignored", LEXER_LINE_MAX);
		return true;
	}
	if (!expand_line(reader->expand, &frame->generated, &reader->line))
		return true;
	lexer_start(&lexer, line->text, line->size, reader->room);
	lexer.at = line->offset;
	return read_line(reader, &lexer);
}

static void read_frames(struct reader *reader)
{
	struct frame *frame;

	while (tree_next_line(reader, &frame))
		if (!take_line(reader, frame))
			return;
	forget_missing(reader);
	for (; reader->open->parent; reader->open = reader->open->parent)
		diags_add(reader->diags, DIAG_WARNING, &reader->open->place,
			  "this block is not closed: its '}' is missing at the end of the file and "
			  "taken as there");
}

static struct reader *reader_new(struct conf_arena *arena, struct diags *diags,
				 const struct tree_options *options, struct node *root)
{
	struct reader *reader = arena_alloc(arena, sizeof(*reader));

	reader->arena = arena;
	reader->diags = diags;
	reader->expand = expand_new(arena, diags, options->config_id);
	reader->include_check = options->include_check ? INCLUDE_ALL : 0;
	reader->open = root;
	reader->n_frames = 1;
	return reader;
}

int tree_read_file(struct conf_arena *arena, struct diags *diags,
		   const struct tree_options *options, const char *path, struct node *root)
{
	struct reader *reader = reader_new(arena, diags, options, root);
	struct source *source = arena_alloc(arena, sizeof(*source));
	const char *why = "";
	int r;

	source->name = arena_strdup(arena, path);
	r = include_read(arena, path, TREE_BYTES_MAX, false, source, &why);
	if (r < 0) {
		diags_add_file(diags, DIAG_ERROR, path, "cannot be read: %s", why);
		return r;
	}
	tree_enter(reader, &reader->frames[0], source);
	read_frames(reader);
	return 0;
}

void tree_read_text(struct conf_arena *arena, struct diags *diags,
		    const struct tree_options *options, const char *name, const char *text,
		    size_t size, struct node *root)
{
	struct reader *reader = reader_new(arena, diags, options, root);
	struct source *source = arena_alloc(arena, sizeof(*source));

	source->name = arena_strdup(arena, name);
	if (size > TREE_BYTES_MAX) {
		diags_add_file(diags, DIAG_ERROR, name, "larger than 64 MiB");
		return;
	}
	source->text = text;
	source->size = size;
	tree_enter(reader, &reader->frames[0], source);
	read_frames(reader);
}

/* ---- reading the tree ---- */

struct place tree_place(const struct node *node, size_t index)
{
	struct place place = node->place;

	if (index < node->n_words)
		place.offset = node->words[index].offset;
	return place;
}

const struct node *tree_setter(const struct node *block, size_t offset)
{
	const struct node *setter = NULL;

	for (const struct node *node = block->first; node; node = node->next)
		if (node->row && (node->row->flags & OPTION_HAS_FIELD) &&
		    node->row->offset == offset)
			setter = node;
	return setter;
}
