/* SPDX-License-Identifier: MIT */
/*
 * The canonical dump: the tables walked over the model. Everything inherited or defaulted is
 * written out, so loading the text yields the same model whatever the defaults are then. Any
 * thread.
 */
#define _GNU_SOURCE
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
	FILE *out;
	unsigned depth;
	struct conf_arena *words; /* quoted words, until the dump ends */
};

const struct conf *dump_conf(const struct dump *dump)
{
	return dump->conf;
}

static void print_line(struct dump *dump, const char *end, const char *format, va_list args)
{
	for (unsigned i = 0; i < dump->depth; i++)
		fputs("    ", dump->out);
	vfprintf(dump->out, format, args);
	fputs(end, dump->out);
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

	fputc(' ', dump->out);
	va_start(args, format);
	vfprintf(dump->out, format, args);
	va_end(args);
}

void dump_line_end(struct dump *dump)
{
	fputc('\n', dump->out);
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
	quoted = arena_alloc(dump->words, 5 * strlen(text) + 3);
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
	char *quoted = arena_alloc(dump->words, 4 * strlen(text) + 3), *to = quoted;

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
	return arena_alloc(dump->words, size);
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
	return value == row->initial && option_unsupported(scope->name, row->name);
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

void dump_scope(struct dump *dump, const struct option_scope *scope, const void *model)
{
	const struct option *row;

	OPTION_EACH (row, scope) {
		if (row->dump)
			row->dump(dump, row, model);
		else if ((row->flags & OPTION_HAS_FIELD) && row->offset < scope->model_size)
			dump_row(dump, scope, row, model);
	}
}

char *conf_dump(const struct conf *conf)
{
	struct dump dump = {.conf = conf};
	jmp_buf out_of_memory;
	char *text = NULL;
	size_t size;
	bool bad;

	dump.words = arena_new();
	if (!dump.words)
		return NULL;
	dump.out = open_memstream(&text, &size);
	if (!dump.out || setjmp(out_of_memory)) {
		if (dump.out)
			fclose(dump.out);
		free(text);
		arena_free(dump.words);
		return NULL;
	}
	arena_on_failure(dump.words, &out_of_memory);
	dump_scope(&dump, option_root(), conf);
	bad = ferror(dump.out);
	bad = fclose(dump.out) != 0 || bad;
	arena_free(dump.words);
	if (bad) {
		free(text);
		return NULL;
	}
	return text;
}
