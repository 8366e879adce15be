/* SPDX-License-Identifier: MIT */
/*
 * Includes: brace expansion is done here, without recursion and with a bound, the rest by glob(3).
 * Files are opened non-blocking and must be regular, so a FIFO or device in a directory of snippets
 * cannot hang a reload. Runs in the thread that loads.
 */
#include "conf/include.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/arena.h"

#define ALTERNATIVES_MAX 256  /* of one pattern's braces */
#define MATCHES_MAX	 4096 /* files of one pattern */

struct pattern_list {
	const char *items[ALTERNATIVES_MAX];
	size_t n;
	bool braces;
};

struct match {
	struct match *next;
	const char *path;
};

struct match_list {
	struct match *first, *last;
	size_t n;
};

int include_strictness(const char *keyword)
{
	static const struct {
		const char *name;
		int strictness;
	} names[] = {
		{"include", 0},
		{"includer", INCLUDE_READABLE},
		{"includem", INCLUDE_READABLE | INCLUDE_MATCH},
		{"includew", INCLUDE_READABLE | INCLUDE_MATCH | INCLUDE_WILDCARD},
		{"includeb", INCLUDE_READABLE | INCLUDE_BRACE},
		{"includea", INCLUDE_ALL},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i].name, keyword) == 0)
			return names[i].strictness;
	return -1;
}

int include_check_name(const char *name)
{
	static const struct {
		const char *name;
		int check;
	} names[] = {
		{"read", INCLUDE_READABLE},
		{"readable", INCLUDE_READABLE}, /* as keepalived's manual says */
		{"match", INCLUDE_MATCH},
		{"wildcard_match", INCLUDE_WILDCARD},
		{"brace_match", INCLUDE_BRACE},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].check;
	return 0;
}

int include_check(int strictness, const struct word *words, size_t n)
{
	bool fresh = true;

	if (!n)
		return INCLUDE_ALL;
	for (size_t i = 0; i < n; i++) {
		const char *name = words[i].text;
		bool sign = *name == '+' || *name == '-';

		if (!sign && fresh) {
			strictness = 0;
			fresh = false;
		}
		if (*name == '-')
			strictness &= ~include_check_name(name + 1);
		else
			strictness |= include_check_name(name + sign);
	}
	return strictness;
}

/* The end of the group that opens at text, NULL when it is not closed; *ret_commas counts its own
 * commas. */
static const char *group_end(const char *text, size_t *ret_commas)
{
	unsigned depth = 0;

	*ret_commas = 0;
	for (; *text; text++) {
		if (*text == '\\' && text[1])
			text++;
		else if (*text == '{')
			depth++;
		else if (*text == '}' && --depth == 0)
			return text;
		else if (*text == ',' && depth == 1)
			++*ret_commas;
	}
	return NULL;
}

static const char *find_group(const char *text, const char **ret_end)
{
	size_t commas;

	for (; *text; text++) {
		if (*text == '\\' && text[1]) {
			text++;
			continue;
		}
		if (*text != '{')
			continue;
		*ret_end = group_end(text, &commas);
		if (*ret_end && commas)
			return text;
	}
	return NULL;
}

/* Length of the alternative that starts at text, up to its comma or the closing brace. */
static size_t alternative_length(const char *text)
{
	unsigned depth = 0;
	size_t i;

	for (i = 0; text[i]; i++) {
		if (text[i] == '\\' && text[i + 1])
			i++;
		else if (text[i] == '{')
			depth++;
		else if (text[i] == '}' && depth-- == 0)
			break;
		else if (text[i] == ',' && depth == 0)
			break;
	}
	return i;
}

/* Replaces item number at by its alternatives, in place. False when there are too many. */
static bool expand_item(struct conf_arena *arena, struct pattern_list *list, size_t at)
{
	const char *pattern = list->items[at], *end;
	const char *open = find_group(pattern, &end);
	size_t commas, alternatives;

	group_end(open, &commas);
	alternatives = commas + 1;
	if (list->n - 1 + alternatives > ALTERNATIVES_MAX)
		return false;
	memmove(&list->items[at + alternatives], &list->items[at + 1],
		(list->n - at - 1) * sizeof(*list->items));
	list->n += commas;
	for (const char *start = open + 1; alternatives--; at++) {
		size_t length = alternative_length(start);

		list->items[at] = arena_printf(arena, "%.*s%.*s%s", (int)(open - pattern), pattern,
					       (int)length, start, end + 1);
		start += length + 1;
	}
	return true;
}

static bool expand_braces(struct conf_arena *arena, struct pattern_list *list)
{
	for (size_t at = 0; at < list->n;) {
		const char *end;

		if (!find_group(list->items[at], &end)) {
			at++;
			continue;
		}
		list->braces = true;
		if (!expand_item(arena, list, at))
			return false;
	}
	return true;
}

static const char *escape_directory(struct conf_arena *arena, const char *directory)
{
	char *escaped = arena_alloc(arena, 2 * strlen(directory) + 1), *to = escaped;

	for (; *directory; directory++) {
		if (strchr("*?[]\\{}", *directory))
			*to++ = '\\';
		*to++ = *directory;
	}
	return escaped;
}

static void add_match(struct match_list *list, struct match *match, const char *path)
{
	match->path = path;
	match->next = NULL;
	if (list->last)
		list->last->next = match;
	else
		list->first = match;
	list->last = match;
	list->n++;
}

/* One allocation for all, and only then the strings: nothing may jump away while glob's memory is
 * held. */
static size_t add_matches(struct conf_arena *arena, struct match_list *list, const char *pattern)
{
	size_t matches = 0, bytes = 0;
	struct match *room;
	glob_t found;
	char *text;

	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;
	for (; matches < found.gl_pathc && matches < MATCHES_MAX - list->n; matches++)
		bytes += strlen(found.gl_pathv[matches]) + 1;
	room = arena_try(arena, matches * sizeof(*room) + bytes);
	text = (char *)(room + matches);
	for (size_t i = 0; room && i < matches; i++) {
		size_t size = strlen(found.gl_pathv[i]) + 1;

		memcpy(text, found.gl_pathv[i], size);
		add_match(list, &room[i], text);
		text += size;
	}
	globfree(&found);
	if (!room)
		arena_give_up(arena);
	return matches;
}

static void add_plain(struct conf_arena *arena, struct match_list *list, const char *path)
{
	if (list->n < MATCHES_MAX)
		add_match(list, arena_alloc(arena, sizeof(struct match)), path);
}

static struct include_files to_files(struct conf_arena *arena, const struct match_list *list)
{
	struct include_files files = {.paths = arena_array(arena, list->n, sizeof(char *))};

	for (const struct match *match = list->first; match; match = match->next)
		files.paths[files.n++] = match->path;
	return files;
}

static bool is_wild(const char *pattern)
{
	return strpbrk(pattern, "*?[");
}

/* Adds what one alternative matches; false: nothing. */
static bool match_item(struct conf_arena *arena, struct match_list *matches, const char *directory,
		       const char *item)
{
	const char *before = *item == '/' ? "" : directory;
	const char *path = arena_printf(arena, "%s%s", escape_directory(arena, before), item);
	struct stat status;

	if (add_matches(arena, matches, path))
		return true;
	path = arena_printf(arena, "%s%s", before, item);
	if (is_wild(item) || stat(path, &status) == 0 || errno == ENOENT)
		return false;
	/* It may well exist: reading it will tell what is wrong. */
	add_plain(arena, matches, path);
	return true;
}

/* What it means that one alternative matches nothing. keepalived asks only names for a match. */
static enum diag_severity judge_missing(const char *item, bool braces, int strictness)
{
	int strict = is_wild(item) ? INCLUDE_WILDCARD : braces ? 0 : INCLUDE_MATCH;

	if (braces)
		strict |= INCLUDE_BRACE;
	if (strictness & strict)
		return DIAG_ERROR;
	return is_wild(item) ? DIAG_NOTE : DIAG_WARNING;
}

struct include_files include_expand(struct conf_arena *arena, struct diags *diags,
				    const struct place *place, const char *directory,
				    const char *pattern, int strictness)
{
	struct match_list matches = {0};
	struct pattern_list *list = arena_alloc(arena, sizeof(*list));

	list->items[0] = pattern;
	list->n = 1;
	if (!expand_braces(arena, list)) {
		diags_add(diags, DIAG_ERROR, place,
			  "the braces of this pattern give more than %d alternatives",
			  ALTERNATIVES_MAX);
		return (struct include_files){0};
	}
	for (size_t i = 0; i < list->n; i++)
		if (!match_item(arena, &matches, directory, list->items[i]))
			diags_add(diags, judge_missing(list->items[i], list->braces, strictness),
				  place, "'%s' matches no file", list->items[i]);
	if (!matches.n && list->braces &&
	    (strictness & (INCLUDE_MATCH | INCLUDE_BRACE)) == INCLUDE_MATCH)
		diags_add(diags, DIAG_ERROR, place, "'%s' matches no file", pattern);
	return to_files(arena, &matches);
}

static int check_type(const struct stat *status, bool included, size_t limit, const char **ret_why)
{
	if (S_ISDIR(status->st_mode)) {
		*ret_why = "it is a directory";
		return included ? 1 : -EISDIR;
	}
	if (!S_ISREG(status->st_mode)) {
		*ret_why = "it is not a regular file";
		return included ? 1 : -EINVAL;
	}
	if (included && (status->st_mode & (S_IXUSR | S_IXGRP | S_IXOTH))) {
		*ret_why = "it has an execute bit, as scripts have";
		return 1;
	}
	if ((uint64_t)status->st_size > limit) {
		*ret_why = "all files together are larger than 64 MiB";
		return -EFBIG;
	}
	return 0;
}

/* Reads up to size octets; the file may have shrunk meanwhile. */
static ssize_t read_all(int fd, char *room, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t n = read(fd, room + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

int include_read(struct conf_arena *arena, const char *path, size_t limit, bool included,
		 struct source *ret, const char **ret_why)
{
	struct stat status;
	char *room;
	ssize_t size;
	int fd, r;

	if (stat(path, &status) < 0)
		goto fail_errno;
	r = check_type(&status, included, limit, ret_why);
	if (r)
		return r;
	/* Before the file is opened: an allocation may not return. */
	room = arena_alloc(arena, (size_t)status.st_size + 1);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		goto fail_errno;
	size = read_all(fd, room, (size_t)status.st_size);
	close(fd);
	if (size < 0) {
		*ret_why = strerrordesc_np((int)-size);
		return (int)size;
	}
	ret->text = room;
	ret->size = (size_t)size;
	ret->device = status.st_dev;
	ret->inode = status.st_ino;
	return 0;
fail_errno:
	r = -errno;
	*ret_why = strerrordesc_np(-r);
	return r;
}
