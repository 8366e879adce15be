/* SPDX-License-Identifier: MIT */
/*
 * The stack of files being read: each include opens a level with the files it matched, and the text
 * goes on behind it when they are done. Runs in the thread that loads.
 */
#include <errno.h>
#include <string.h>

#include "conf/arena.h"
#include "conf/tree_reader.h"

#define FILES_MAX 10000 /* read by one load */

struct place tree_at(const struct reader *reader, size_t offset)
{
	struct place place = reader->line;

	place.offset = (uint32_t)offset;
	return place;
}

static void report_unread(struct reader *reader, const struct frame *frame, const char *path, int r,
			  const char *why)
{
	enum diag_severity severity = DIAG_NOTE;

	if (r < 0)
		severity = frame->strictness & INCLUDE_READABLE || r == -EFBIG ? DIAG_ERROR
									       : DIAG_WARNING;
	diags_add(reader->diags, severity, &frame->included_from, "%s is skipped: %s", path, why);
}

static bool is_being_read(const struct reader *reader, const struct source *source)
{
	for (size_t i = 0; i < reader->n_frames; i++) {
		const struct source *other = reader->frames[i].source;

		if (other && other->inode && other->inode == source->inode &&
		    other->device == source->device)
			return true;
	}
	return false;
}

void tree_enter(struct reader *reader, struct frame *frame, struct source *source)
{
	static const char bom[] = "\xef\xbb\xbf";

	frame->source = source;
	frame->line = 0;
	frame->at = source->size >= 3 && memcmp(source->text, bom, 3) == 0 ? 3 : 0;
	source->order = (unsigned)reader->n_files++;
	reader->bytes += source->size;
}

/* Goes to the next file of the frame; false when there is none left. */
static bool next_file(struct reader *reader, struct frame *frame)
{
	while (frame->next < frame->files.n) {
		const char *path = frame->files.paths[frame->next++], *why = "";
		struct source *source = arena_alloc(reader->arena, sizeof(*source));
		int r;

		source->name = path;
		r = include_read(reader->arena, path, TREE_BYTES_MAX - reader->bytes, true, source,
				 &why);
		if (!r && is_being_read(reader, source)) {
			diags_add(reader->diags, DIAG_ERROR, &frame->included_from,
				  "%s includes itself", path);
			continue;
		}
		if (!r && reader->n_files >= FILES_MAX) {
			r = -EFBIG;
			why = "too many files";
		}
		if (r) {
			report_unread(reader, frame, path, r, why);
			continue;
		}
		tree_enter(reader, frame, source);
		return true;
	}
	return false;
}

static const char *directory_of(struct conf_arena *arena, const struct source *source)
{
	const char *slash = strrchr(source->name, '/');

	/* Text from memory has no directory. */
	if (!slash || !source->inode)
		return "";
	return arena_strndup(arena, source->name, (size_t)(slash - source->name) + 1);
}

void tree_include(struct reader *reader, int strictness)
{
	const struct source *source = reader->frames[reader->n_frames - 1].source;
	struct place place = tree_at(reader, reader->words[0].offset);
	struct frame *frame;

	if (reader->n_words != 2) {
		diags_add(reader->diags, DIAG_ERROR, &place, "'%s' takes one file name or pattern",
			  reader->words[0].text);
		return;
	}
	if (reader->n_frames == TREE_INCLUDE_MAX) {
		diags_add(reader->diags, DIAG_ERROR, &place,
			  "more than %d files include each other", TREE_INCLUDE_MAX);
		return;
	}
	place.offset = reader->words[1].offset;
	frame = &reader->frames[reader->n_frames];
	*frame = (struct frame){.included_from = place, .strictness = strictness};
	frame->files = include_expand(reader->arena, reader->diags, &place,
				      directory_of(reader->arena, source), reader->words[1].text,
				      strictness);
	reader->n_frames++;
}

/* The next line of the frame's source; false at its end. */
static bool next_line(struct reader *reader, struct frame *frame)
{
	const struct source *source = frame->source;
	const char *start, *end;
	size_t left, size;

	/* Blank lines are many and mean nothing, but for the numbers. */
	while (frame->at < source->size && source->text[frame->at] == '\n') {
		frame->at++;
		frame->line++;
		expand_end_definition(reader->expand);
	}
	start = source->text + frame->at;
	left = source->size - frame->at;
	if (!left)
		return false;
	end = memchr(start, '\n', left);
	size = end ? (size_t)(end - start) : left;
	frame->at += size + (end ? 1 : 0);
	frame->line++;
	if (size && start[size - 1] == '\r')
		size--;
	reader->line = (struct place){
		.source = source, .text = start, .size = (uint32_t)size, .line = frame->line};
	return true;
}

bool tree_next_line(struct reader *reader, struct frame **ret)
{
	while (reader->n_frames) {
		struct frame *frame = &reader->frames[reader->n_frames - 1];

		if (!frame->source && !next_file(reader, frame)) {
			reader->n_frames--;
		} else if (expand_next(reader->expand, &frame->generated, &reader->line) ||
			   next_line(reader, frame)) {
			*ret = frame;
			return true;
		} else {
			expand_end_definition(reader->expand);
			frame->source = NULL;
		}
	}
	return false;
}
