/* SPDX-License-Identifier: MIT */
/*
 * For the tests of conf/: load a text, and ask the diagnostics what they say about a line.
 */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/load.h"
#include "conf/model.h"

struct loaded {
	const struct conf *conf; /* NULL: refused */
	struct diag_list diags;
	int status;
};

static inline struct loaded load_text(const char *text)
{
	struct loaded loaded = {0};

	loaded.status = conf_load_text("t", text, strlen(text), NULL, &loaded.conf, &loaded.diags);
	assert_int_equal(loaded.status, loaded.diags.errors ? -EINVAL : 0);
	return loaded;
}

static inline void unload(struct loaded *loaded)
{
	loaded->conf = conf_unref(loaded->conf);
	diag_list_free(&loaded->diags);
}

/* How many of that severity the line has (0: any line), containing part unless that is NULL. */
static inline unsigned count_diags(const struct loaded *loaded, enum diag_severity severity,
				   unsigned line, const char *part)
{
	unsigned count = 0;

	for (size_t i = 0; i < loaded->diags.count; i++) {
		const struct diag *diag = &loaded->diags.items[i];

		count += diag->severity == severity && (!line || diag->line == line) &&
			 (!part || strstr(diag->message, part));
	}
	return count;
}

static inline void show_diags(const struct loaded *loaded)
{
	for (size_t i = 0; i < loaded->diags.count; i++) {
		char *text = diag_format(&loaded->diags.items[i]);

		print_message("%s\n", text);
		free(text);
	}
}

/* Loads text, which must be accepted with exactly so many warnings. */
static inline struct loaded load_good(const char *text, size_t warnings)
{
	struct loaded loaded = load_text(text);

	if (loaded.status || loaded.diags.warnings != warnings) {
		print_message("%s", text);
		show_diags(&loaded);
	}
	assert_int_equal(loaded.status, 0);
	assert_int_equal(loaded.diags.warnings, warnings);
	return loaded;
}

/* Loads text, which must have exactly one error, in that line, containing part. */
static inline void expect_error(const char *text, unsigned line, const char *part)
{
	struct loaded loaded = load_text(text);

	if (loaded.diags.errors != 1 || count_diags(&loaded, DIAG_ERROR, line, part) != 1) {
		print_message("%s", text);
		show_diags(&loaded);
	}
	assert_int_equal(loaded.diags.errors, 1);
	assert_int_equal(count_diags(&loaded, DIAG_ERROR, line, part), 1);
	unload(&loaded);
}

/* Loads text, which must be accepted with exactly one warning, in that line, containing part. */
static inline void expect_warning(const char *text, unsigned line, const char *part)
{
	struct loaded loaded = load_good(text, 1);

	if (!count_diags(&loaded, DIAG_WARNING, line, part))
		show_diags(&loaded);
	assert_int_equal(count_diags(&loaded, DIAG_WARNING, line, part), 1);
	unload(&loaded);
}
