/* SPDX-License-Identifier: MIT */
/*
 * Text to model: the one way a configuration is made. Pure apart from reading the named files; runs
 * in the one-shot helper thread at a reload, in main at start.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct conf;

enum diag_severity { DIAG_NOTE, DIAG_WARNING, DIAG_ERROR };

struct diag {
	enum diag_severity severity;
	char *file;	       /* never NULL; "" when the problem has no place */
	unsigned line, column; /* from 1; column counts characters, a tab as one; 0: no place */
	char *source;	/* the line as read, NULL when there is none; not that of the file when
			 * definitions or generators made it */
	unsigned caret; /* the character of source, from 1; 0: no place */
	char *message;	/* "unknown keyword 'prioritty'; did you mean 'priority'?" */
};

/* Everything one load found, sorted by file order and line. */
struct diag_list {
	struct diag *items;
	size_t count;
	size_t errors, warnings;
};

struct conf_load_options {
	const char *config_id; /* NULL: host name up to the first dot */
	bool strict;	       /* warnings become errors */
	bool include_check;    /* every include must find all it names */
	/* Settings of the command line that the text does not overrule. */
	bool snmp_all;		 /* every SNMP part */
	const char *snmp_socket; /* NULL: as configured */
	/* The configuration in force, NULL: none. What only a restart of the daemon can change
	 * (OPTION_REFUSED) is taken over from it, with a note. */
	const struct conf *previous;
};

/*
 * Loads file. Always fills *ret_diags (free with diag_list_free()). Returns 0 and a model with one
 * reference when there is no error, -EINVAL when the text has errors, -ENOENT/-EACCES... when the
 * file cannot be read (with a diagnostic that says so).
 */
int conf_load(const char *file, const struct conf_load_options *options, const struct conf **ret,
	      struct diag_list *ret_diags);

/* Same from memory; includes are resolved relative to the working directory. For tests, fuzzing and
 * editors. */
int conf_load_text(const char *name, const char *text, size_t size,
		   const struct conf_load_options *options, const struct conf **ret,
		   struct diag_list *ret_diags);

void diag_list_free(struct diag_list *list);

/*
 * "FILE:LINE:COLUMN: error: message", the source line and a caret, as three lines (one without a
 * source), into a malloc'd string. NULL only when memory is out.
 */
char *diag_format(const struct diag *diag);

/* The effective configuration in canonical form, as a malloc'd string. Loading it yields the same
 * model. */
char *conf_dump(const struct conf *conf);
