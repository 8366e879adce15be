/* SPDX-License-Identifier: MIT */
/*
 * Diagnostics: collecting, sorting by file and line, and the three-line form with a caret. Runs in
 * the thread that loads. Nothing here prints.
 */
#include "conf/diags.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/arena.h"
#include "conf/utf8.h"

#define SOURCE_LINE_MAX 1000 /* a longer line is not shown */

/* Says where text stands that a definition brought here. */
static char *explain(struct conf_arena *arena, const struct place *place, char *message)
{
	const struct expansion *expansion = place->expansion;

	if (!expansion->line || place->offset < expansion->from)
		return message;
	if (expansion->source == place->source)
		return arena_printf(arena, "%s (in the text of '$%s', line %u)", message,
				    expansion->name, expansion->line);
	return arena_printf(arena, "%s (in the text of '$%s', %s:%u)", message, expansion->name,
			    expansion->source->name, expansion->line);
}

/* Octets before the place in the line of its file. */
static uint32_t file_offset(const struct place *place)
{
	const struct expansion *expansion = place->expansion;

	if (!expansion || place->offset < expansion->same)
		return place->offset;
	return expansion->use;
}

bool diags_is_full(const struct diags *diags)
{
	return diags->kept >= 2 * DIAGS_KEPT;
}

static void add(struct diags *diags, enum diag_severity severity, const struct place *place,
		const char *file, const char *format, va_list args)
{
	struct diags_entry *entry;

	if (severity == DIAG_WARNING && diags->strict)
		severity = DIAG_ERROR;
	if (severity == DIAG_ERROR)
		diags->errors++;
	else if (severity == DIAG_WARNING)
		diags->warnings++;
	else
		diags->notes++;
	/* Errors have the last word: a flood of warnings must not hide why a file was refused. */
	if (!diags->ended &&
	    (diags_is_full(diags) || (severity != DIAG_ERROR && diags->kept >= DIAGS_KEPT)))
		return;
	entry = arena_alloc(diags->arena, sizeof(*entry));
	entry->severity = severity;
	entry->sequence = diags->kept++;
	entry->file = file ? arena_strdup(diags->arena, file) : NULL;
	if (place)
		entry->place = *place;
	entry->message = arena_vprintf(diags->arena, format, args);
	if (place && place->expansion)
		entry->message = explain(diags->arena, place, entry->message);
	utf8_clean(entry->message); /* words of the file, possibly cut within a character */
	if (diags->last)
		diags->last->next = entry;
	else
		diags->first = entry;
	diags->last = entry;
}

void diags_add(struct diags *diags, enum diag_severity severity, const struct place *place,
	       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(diags, severity, place, NULL, format, args);
	va_end(args);
}

void diags_add_list(struct diags *diags, enum diag_severity severity, const struct place *place,
		    const char *format, va_list args)
{
	add(diags, severity, place, NULL, format, args);
}

void diags_add_end(struct diags *diags, const struct place *place, const char *format, ...)
{
	va_list args;

	diags->ended = true;
	va_start(args, format);
	add(diags, DIAG_ERROR, place, NULL, format, args);
	va_end(args);
	diags->ended = false;
}

void diags_add_file(struct diags *diags, enum diag_severity severity, const char *file,
		    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(diags, severity, NULL, file, format, args);
	va_end(args);
}

static int compare_entries(const void *a, const void *b)
{
	const struct diags_entry *x = *(const struct diags_entry *const *)a;
	const struct diags_entry *y = *(const struct diags_entry *const *)b;
	/* Problems without a place concern the whole load and come first. */
	unsigned file_x = x->place.source ? x->place.source->order + 1 : 0;
	unsigned file_y = y->place.source ? y->place.source->order + 1 : 0;

	if (file_x != file_y)
		return file_x < file_y ? -1 : 1;
	if (x->place.line != y->place.line)
		return x->place.line < y->place.line ? -1 : 1;
	if (file_offset(&x->place) != file_offset(&y->place))
		return file_offset(&x->place) < file_offset(&y->place) ? -1 : 1;
	return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static int copy_entry(const struct diags_entry *entry, struct diag *ret)
{
	const struct place *place = &entry->place;
	const char *file = entry->file ? entry->file : "";

	ret->severity = entry->severity;
	if (place->source) {
		file = place->source->name;
		ret->line = place->line;
		ret->caret = (unsigned)utf8_count(place->text, place->offset) + 1;
		ret->column = (unsigned)utf8_count(place->expansion ? place->expansion->written
								    : place->text,
						   file_offset(place)) +
			      1;
		if (place->size <= SOURCE_LINE_MAX) {
			ret->source = strndup(place->text, place->size);
			if (!ret->source)
				return -ENOMEM;
		}
	}
	ret->file = strdup(file);
	ret->message = strdup(entry->message);
	return ret->file && ret->message ? 0 : -ENOMEM;
}

static int add_remainder(const struct diags *diags, struct diag_list *list)
{
	size_t left = diags->errors + diags->warnings + diags->notes - diags->kept;
	struct diag *diag = &list->items[list->count];

	if (!left)
		return 0;
	list->count++;
	diag->severity = DIAG_NOTE;
	diag->file = strdup("");
	if (asprintf(&diag->message, "and %zu more problems, not listed", left) < 0)
		diag->message = NULL;
	return diag->file && diag->message ? 0 : -ENOMEM;
}

int diags_finish(const struct diags *diags, struct diag_list *ret)
{
	struct diag_list list = {.errors = diags->errors, .warnings = diags->warnings};
	struct diags_entry **sorted = calloc(diags->kept + 1, sizeof(*sorted));
	size_t n = 0;

	memset(ret, 0, sizeof(*ret));
	list.items = calloc(diags->kept + 1, sizeof(*list.items));
	if (!sorted || !list.items)
		goto fail;
	for (struct diags_entry *entry = diags->first; entry; entry = entry->next)
		sorted[n++] = entry;
	qsort(sorted, n, sizeof(*sorted), compare_entries);
	while (list.count < n) {
		size_t i = list.count++;

		if (copy_entry(sorted[i], &list.items[i]) < 0)
			goto fail;
	}
	if (add_remainder(diags, &list) < 0)
		goto fail;
	free(sorted);
	*ret = list;
	return 0;
fail:
	free(sorted);
	diag_list_free(&list);
	return -ENOMEM;
}

void diag_list_free(struct diag_list *list)
{
	for (size_t i = 0; list->items && i < list->count; i++) {
		free(list->items[i].file);
		free(list->items[i].source);
		free(list->items[i].message);
	}
	free(list->items);
	memset(list, 0, sizeof(*list));
}

/* Blanks as wide as the part of the line before the caret; tabs stay tabs. */
static void print_caret(FILE *out, const struct diag *diag)
{
	const char *text = diag->source;
	size_t left = strlen(text);

	for (unsigned column = 1; column < diag->caret && left; column++) {
		uint32_t character = ' ';
		size_t length = utf8_decode(text, left, &character);

		fprintf(out, "%s", *text == '\t' ? "\t" : utf8_width(character) == 2 ? "  " : " ");
		text += length ? length : 1;
		left -= length ? length : 1;
	}
	fputc('^', out);
}

/* One character for one, as the caret counts. */
static void print_source(FILE *out, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		uint32_t character = 0;
		size_t length = utf8_decode(text, left, &character);

		if (length && (utf8_is_visible(character) || *text == '\t'))
			fwrite(text, 1, length, out);
		else
			fputc(length ? ' ' : '?', out);
		text += length ? length : 1;
		left -= length ? length : 1;
	}
}

char *diag_format(const struct diag *diag)
{
	static const char *const names[] = {
		[DIAG_NOTE] = "note", [DIAG_WARNING] = "warning", [DIAG_ERROR] = "error"};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (*diag->file)
		fprintf(out, "%s:", diag->file);
	if (diag->line)
		fprintf(out, "%u:%u:", diag->line, diag->column);
	fprintf(out, "%s%s: %s", *diag->file ? " " : "", names[diag->severity], diag->message);
	if (diag->source) {
		fputc('\n', out);
		print_source(out, diag->source);
		fputc('\n', out);
		print_caret(out, diag);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
