/* SPDX-License-Identifier: MIT */
/*
 * The canonical dump: the tables walked over the model. Everything inherited or defaulted is
 * written out, so loading the text yields the same model whatever the defaults are then. Any
 * thread.
 */
#include "conf/dump.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/arena.h"
#include "conf/load.h"
#include "conf/scopes.h"
#include "conf/utf8.h"
#include "conf/value.h"

struct dump {
	const struct conf *conf;
	char *text; /* NUL-terminated; NULL while empty */
	size_t size, room;
	unsigned depth;
	bool failed;		  /* memory was out: the text is not whole */
	struct conf_arena *words; /* quoted words, until the dump ends */
};

struct dump *dump_free(struct dump *dump)
{
	if (!dump)
		return NULL;
	arena_free(dump->words);
	free(dump->text);
	free(dump);
	return NULL;
}

struct dump *dump_new(const struct conf *conf)
{
	struct dump *dump = calloc(1, sizeof(*dump));

	if (!dump)
		return NULL;
	dump->conf = conf;
	dump->words = arena_new();
	return dump->words ? dump : dump_free(dump);
}

char *dump_end_line(struct dump *dump)
{
	char *text = dump->failed ? NULL : dump->text;

	if (text) {
		text[strcspn(text, "\n")] = '\0';
		dump->text = NULL;
	}
	dump_free(dump);
	return text;
}

const struct conf *dump_conf(const struct dump *dump)
{
	return dump->conf;
}

/* Room for so many octets more and a NUL. */
static bool reserve(struct dump *dump, size_t more)
{
	size_t room = 2 * (dump->size + more) + 256;
	char *text;

	if (dump->size + more < dump->room)
		return true;
	text = dump->failed ? NULL : realloc(dump->text, room);
	if (!text) {
		dump->failed = true;
		return false;
	}
	dump->text = text;
	dump->room = room;
	return true;
}

static void put(struct dump *dump, const char *text, size_t size)
{
	if (!reserve(dump, size))
		return;
	memcpy(dump->text + dump->size, text, size);
	dump->size += size;
	dump->text[dump->size] = '\0';
}

static void print_text(struct dump *dump, const char *format, va_list args)
{
	va_list again;
	int size;

	if (!reserve(dump, 100))
		return;
	va_copy(again, args);
	size = vsnprintf(dump->text + dump->size, dump->room - dump->size, format, args);
	if (size >= 0 && (size_t)size >= dump->room - dump->size && reserve(dump, (size_t)size))
		vsnprintf(dump->text + dump->size, dump->room - dump->size, format, again);
	va_end(again);
	if (size < 0)
		dump->failed = true;
	if (!dump->failed)
		dump->size += (size_t)size;
}

static void print_line(struct dump *dump, const char *end, const char *format, va_list args)
{
	for (unsigned i = 0; i < dump->depth; i++)
		put(dump, "    ", 4);
	print_text(dump, format, args);
	put(dump, end, strlen(end));
}

void dump_line(struct dump *dump, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(dump, "\n", format, args);
	va_end(args);
}

void dump_line_begin(struct dump *dump, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(dump, "", format, args);
	va_end(args);
}

void dump_part(struct dump *dump, const char *format, ...)
{
	va_list args;

	put(dump, " ", 1);
	va_start(args, format);
	print_text(dump, format, args);
	va_end(args);
}

void dump_line_end(struct dump *dump)
{
	put(dump, "\n", 1);
}

void dump_open(struct dump *dump, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(dump, " {\n", format, args);
	va_end(args);
	dump->depth++;
}

void dump_close(struct dump *dump)
{
	dump->depth--;
	dump_line(dump, "}");
}

/* Letters that never need quotes; everything else gets them. */
static bool is_plain(const char *text)
{
	const char *plain =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:/@%+,=";

	return *text && *text != '@' && text[strspn(text, plain)] == '\0';
}

const char *dump_word(struct dump *dump, const char *text)
{
	char *quoted, *to;

	if (is_plain(text))
		return text;
	/* Only commands can hold a double quote, and there single-quoted pieces join. */
	quoted = dump_room(dump, 5 * strlen(text) + 3);
	if (!quoted)
		return "";
	to = quoted;
	*to++ = '"';
	for (; *text; text++) {
		if (*text == '"')
			to = stpcpy(to, "\"'\"'\"");
		else
			*to++ = *text;
	}
	*to = '"';
	return quoted;
}

const char *dump_escaped(struct dump *dump, const char *text)
{
	char *quoted = dump_room(dump, 4 * strlen(text) + 3), *to = quoted;

	if (!quoted)
		return "";
	*to++ = '"';
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		/* Always three digits: a digit may follow. */
		if (c < ' ' || c >= 0x7f || c == '"' || c == '\\') {
			*to++ = '\\';
			*to++ = (char)('0' + (c >> 6));
			*to++ = (char)('0' + (c >> 3 & 7));
			c = '0' + (c & 7);
		}
		*to++ = (char)c;
	}
	*to = '"';
	return quoted;
}

char *dump_room(struct dump *dump, size_t size)
{
	char *room = arena_try(dump->words, size);

	if (!room)
		dump->failed = true;
	return room;
}

void dump_words(struct dump *dump, const char *name, char *const *words)
{
	const char *line = name;

	for (; *words; words++)
		line = arena_printf(dump->words, "%s %s", line, dump_word(dump, *words));
	dump_line(dump, "%s", line);
}

void dump_never(struct dump *dump, const struct option *row, const void *model)
{
	(void)dump;
	(void)row;
	(void)model;
}

/* ---- rows ---- */

static void dump_string(struct dump *dump, const struct option *row, const void *field)
{
	const char *text;

	memcpy(&text, field, sizeof(text));
	if (!text)
		return;
	dump_line(dump, "%s %s", row->name,
		  row->flags & OPTION_ESCAPED ? dump_escaped(dump, text) : dump_word(dump, text));
}

static void dump_address(struct dump *dump, const struct option *row, const void *field)
{
	char text[IP_TEXT_MAX];
	struct ip ip;

	memcpy(&ip, field, sizeof(ip));
	if (ip_is_set(&ip))
		dump_line(dump, "%s %s", row->name, ip_format(&ip, text));
}

void dump_command(struct dump *dump, const char *name, const struct conf_command *command)
{
	char *const words[] = {command->text, command->user, command->group, NULL};

	dump_words(dump, name, words);
}

static void dump_choice(struct dump *dump, const struct option *row, int64_t value)
{
	for (const struct option_choice *choice = row->choices; choice->name; choice++)
		if (choice->value == value)
			dump_line(dump, "%s %s", row->name, choice->name);
}

/* Left out, so that a dump without the keyword does not warn about it when it is loaded. */
static bool is_needless(const struct option_scope *scope, const struct option *row, int64_t value)
{
	return row->type != OPTION_FLAG && value == row->initial &&
	       option_unsupported(scope->name, row->name);
}

/* Out of its range a number or a time means so. */
static bool is_not_given(const struct option *row, int64_t value)
{
	return (row->type == OPTION_UNSIGNED || row->type == OPTION_SIGNED ||
		row->type == OPTION_TIME) &&
	       (value < row->min || value > row->max);
}

static void dump_number(struct dump *dump, const struct option_scope *scope,
			const struct option *row, const void *field)
{
	int64_t value = value_load(field, row->size,
				   row->type == OPTION_SIGNED || row->type == OPTION_BOOL);
	char text[VALUE_TIME_MAX];

	if (is_needless(scope, row, value) || is_not_given(row, value))
		return;
	switch (row->type) {
	case OPTION_FLAG:
		if (value == row->value &&
		    !((row->flags & OPTION_HAS_DEFAULT) && row->initial == value))
			dump_line(dump, "%s", row->name);
		break;
	case OPTION_BOOL:
		if (value != CONF_UNSET)
			dump_line(dump, "%s %s", row->name, value ? "on" : "off");
		break;
	case OPTION_CHOICE:
		dump_choice(dump, row, value);
		break;
	case OPTION_TIME:
		dump_line(dump, "%s %s", row->name, value_format_time((uint64_t)value, text));
		break;
	default:
		dump_line(dump, "%s %" PRId64, row->name, value);
	}
}

void dump_row(struct dump *dump, const struct option_scope *scope, const struct option *row,
	      const void *model)
{
	const void *field = (const char *)model + row->offset;
	struct conf_command command;

	switch (row->type) {
	case OPTION_STRING:
	case OPTION_INTERFACE:
		dump_string(dump, row, field);
		break;
	case OPTION_ADDRESS:
		dump_address(dump, row, field);
		break;
	case OPTION_COMMAND:
		memcpy(&command, field, sizeof(command));
		if (command.text)
			dump_command(dump, row->name, &command);
		break;
	case OPTION_CUSTOM:
		dump_string(dump, row, field); /* one without dump() reads a word */
		break;
	default:
		dump_number(dump, scope, row, field);
	}
}

bool dump_has(const struct option_scope *scope, const struct option *row)
{
	return row->dump || ((row->flags & OPTION_HAS_FIELD) && row->offset < scope->model_size);
}

static void dump_option(struct dump *dump, const struct option_scope *scope,
			const struct option *row, const void *model)
{
	if (row->dump)
		row->dump(dump, row, model);
	else if (dump_has(scope, row))
		dump_row(dump, scope, row, model);
}

void dump_scope(struct dump *dump, const struct option_scope *scope, const void *model)
{
	const struct option *row;

	OPTION_EACH (row, scope)
		dump_option(dump, scope, row, model);
}

const char *dump_text(struct dump *dump, const struct option_scope *scope, const struct option *row,
		      const void *model)
{
	dump->size = 0;
	if (dump->text)
		*dump->text = '\0';
	dump_option(dump, scope, row, model);
	if (dump->failed)
		return NULL;
	return dump->text ? dump->text : "";
}

char *conf_dump(const struct conf *conf)
{
	struct dump *dump = dump_new(conf);
	char *text = NULL;

	if (!dump)
		return NULL;
	put(dump, "", 0);
	dump_scope(dump, option_root(), conf);
	if (!dump->failed) {
		text = dump->text;
		dump->text = NULL;
	}
	dump_free(dump);
	return text;
}
