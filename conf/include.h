/* SPDX-License-Identifier: MIT */
/*
 * The include directives: pattern to sorted list of files. Private to the tree reader.
 */
#pragma once

#include <stddef.h>

#include "conf/diags.h"
#include "conf/lexer.h"

struct conf_arena;

/* What counts as an error; combined by the last letter of the keyword. */
enum include_strict {
	INCLUDE_READABLE = 1 << 0,
	INCLUDE_MATCH = 1 << 1,
	INCLUDE_WILDCARD = 1 << 2,
	INCLUDE_BRACE = 1 << 3,
	INCLUDE_ALL = INCLUDE_READABLE | INCLUDE_MATCH | INCLUDE_WILDCARD | INCLUDE_BRACE,
};

struct include_files {
	const char **paths;
	size_t n;
};

/* The strictness of `include`, `includer`, ... or -1 when the word is no include directive. */
int include_strictness(const char *keyword);

/*
 * What a plain `include` asks for after `include_check words`: none means everything, a word with
 * + or - adds or takes away, one without stands in place of what was asked for before. Unknown
 * words are left to the option's own row.
 */
int include_check(int strictness, const struct word *words, size_t n);
/* The check of that name, without + or -; 0: there is none. */
int include_check_name(const char *name);

/*
 * Files that pattern matches, braces first, each alternative sorted; relative to directory ("" for
 * the working directory). Existence and type are not checked.
 */
struct include_files include_expand(struct conf_arena *arena, struct diags *diags,
				    const struct place *place, const char *directory,
				    const char *pattern, int strictness);

/*
 * Reads one file into *ret. Returns 1 when the file is to be skipped (directory, device, execute
 * bit), a negative errno when it cannot be read, and says nothing itself; *ret_why gives the reason
 * for both.
 */
int include_read(struct conf_arena *arena, const char *path, size_t limit, bool included,
		 struct source *ret, const char **ret_why);
