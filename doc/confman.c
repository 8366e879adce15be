/* SPDX-License-Identifier: MIT */
/*
 * Makes vipd.conf(5): copies the frame from stdin to stdout, and in place of the line
 * .\" OPTIONS writes a section for each block of the option tables and for each kind of line that
 * consists of attributes. Whatever the page says about a keyword comes from its row and from the
 * list of what is not supported yet. Run while building.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "conf/line.h"
#include "conf/model.h"
#include "conf/options.h"

#define MARK	     ".\\\" OPTIONS\n"
#define USEC	     INT64_C(1000000)
#define LINE_MAXIMUM 512

/* ---- text ---- */

static void put_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '-')
			fputs("\\-", stdout);
		else if (*text == '\\')
			fputs("\\e", stdout);
		else
			putchar(*text);
	}
}

static bool begins_with_name(const char *text)
{
	return strncmp(text, "vipd", 4) == 0 || memchr(text, '_', strcspn(text, " "));
}

/* A sentence from a phrase of the tables: begins with a capital unless a name begins it. */
static void put_sentence(const char *text)
{
	char first[2] = {(char)toupper((unsigned char)*text), '\0'};
	bool named = begins_with_name(text);

	put_text(named ? "" : first);
	put_text(named ? text : text + 1);
	puts(".");
}

static void put_time(int64_t us)
{
	char text[32];
	size_t length = (size_t)snprintf(text, sizeof(text), "%" PRId64 ".%06" PRId64, us / USEC,
					 us % USEC);

	while (text[length - 1] == '0')
		text[--length] = '\0';
	if (text[length - 1] == '.')
		text[--length] = '\0';
	fputs(text, stdout);
}

/* ---- a row ---- */

/* What stands behind the keyword. */
static const char *form_of(const struct option *row)
{
	if (row->argument)
		return row->argument;
	switch (row->type) {
	case OPTION_BOOL:
		return "[on|off]";
	case OPTION_UNSIGNED:
	case OPTION_SIGNED:
		return "N";
	case OPTION_TIME:
		return "SECONDS";
	case OPTION_STRING:
		return "TEXT";
	case OPTION_INTERFACE:
		return "INTERFACE";
	case OPTION_ADDRESS:
		return "ADDRESS";
	case OPTION_COMMAND:
		return row->flags & OPTION_NO_USER ? "COMMAND" : "COMMAND [USER [GROUP]]";
	default:
		return "";
	}
}

static void put_choices(const struct option *row)
{
	for (const struct option_choice *choice = row->choices; choice->name; choice++) {
		fputs(choice == row->choices ? "" : "|", stdout);
		put_text(choice->name);
	}
}

static void put_heading(const struct option *row)
{
	fputs(".TP\n\\fB", stdout);
	put_text(row->name);
	fputs("\\fR", stdout);
	if (row->type == OPTION_CHOICE) {
		putchar(' ');
		put_choices(row);
	} else if (*form_of(row)) {
		fputs(" \\fI", stdout);
		put_text(form_of(row));
		fputs("\\fR", stdout);
	}
	puts(row->type == OPTION_BLOCK ? " { ... }" : "");
}

static void put_rounded_range(const struct option *row)
{
	fputs("Seconds from ", stdout);
	put_time(row->min ? TIME_LEAST_US : 0);
	fputs(" to ", stdout);
	put_time(row->max < TIME_MAX_US ? row->max : TIME_MAX_US);
	puts(row->max > TIME_MAX_US ? "; what is beyond is brought there." : ".");
}

static void put_range(const struct option *row)
{
	switch (row->type) {
	case OPTION_UNSIGNED:
	case OPTION_SIGNED:
		printf("A number from %s%" PRId64 " to %" PRId64 ".\n", row->min < 0 ? "\\" : "",
		       row->min, row->max);
		break;
	case OPTION_TIME:
		if (row->flags & OPTION_ROUNDED) {
			put_rounded_range(row);
			break;
		}
		printf("%s from ", row->flags & OPTION_WHOLE ? "Whole seconds" : "Seconds");
		put_time(row->min);
		fputs(" to ", stdout);
		put_time(row->max);
		puts(".");
		break;
	case OPTION_STRING:
		printf("At most %" PRId64 " octets.\n", row->max);
		break;
	default:
		break;
	}
}

static void put_default(const struct option *row)
{
	if (!(row->flags & OPTION_HAS_DEFAULT))
		return;
	switch (row->type) {
	case OPTION_BOOL:
		if (row->initial != CONF_UNSET)
			printf("Default: %s.\n", row->initial ? "on" : "off");
		break;
	case OPTION_UNSIGNED:
	case OPTION_SIGNED:
		printf("Default: %s%" PRId64 ".\n", row->initial < 0 ? "\\" : "", row->initial);
		break;
	case OPTION_TIME:
		fputs("Default: ", stdout);
		put_time(row->initial);
		puts(".");
		break;
	case OPTION_CHOICE:
		for (const struct option_choice *choice = row->choices; choice->name; choice++) {
			if (choice->value != row->initial)
				continue;
			printf("Default: %s.\n", choice->name);
			break;
		}
		break;
	default:
		break;
	}
}

static void put_aliases(const struct option_scope *scope, const struct option *row)
{
	const struct option *alias;

	for (size_t i = 0; (alias = option_at(scope, i)); i++) {
		if (alias->type != OPTION_ALIAS || strcmp(alias->alias_of, row->name) != 0)
			continue;
		printf(alias->flags & OPTION_DEPRECATED ? "Its old name, still taken, is\n.BR "
							: "Also written\n.BR ");
		put_text(alias->name);
		puts(" .");
	}
}

static void put_unsupported(const char *scope, const char *name)
{
	const struct option_unsupported *missing = option_unsupported(scope, name);

	if (!missing)
		return;
	puts(".I Not supported yet:");
	put_text(missing->effect);
	puts(".");
}

static void put_row(const struct option_scope *scope, const struct option *row)
{
	put_heading(row);
	if (row->type == OPTION_OBSOLETE)
		fputs("Obsolete and ignored: ", stdout);
	put_sentence(row->help);
	put_range(row);
	put_default(row);
	if (row->flags & OPTION_REQUIRED)
		puts("Required.");
	if (row->needs) {
		fputs("It has no effect without\n.BR ", stdout);
		put_text(row->needs);
		puts(" .");
	}
	if (row->flags & OPTION_REPEATABLE)
		puts("May be given several times.");
	if (row->reload == OPTION_RESTART)
		puts("A change restarts what it belongs to.");
	if (row->reload == OPTION_REFUSED)
		puts("A reload does not change it.");
	put_aliases(scope, row);
	put_unsupported(scope->name, row->name);
}

/* ---- a block ---- */

/* Whether a scope listed before has the same keyword at the same place, and so the same rows. */
static bool is_repeated(const struct option_scope *const *scope)
{
	for (const struct option_scope *const *before = option_scopes(); before < scope; before++)
		if ((*before)->tables[0] && (*before)->tables[0] == (*scope)->tables[0] &&
		    strcmp((*before)->name, (*scope)->name) == 0)
			return true;
	return false;
}

/* The row of a block in another scope, NULL: it has none. */
static const struct option *row_of(const struct option_scope *parent,
				   const struct option_scope *block)
{
	const struct option *row;

	for (size_t i = 0; (row = option_at(parent, i)); i++)
		if (row->type == OPTION_BLOCK && row->block == block)
			return row;
	return NULL;
}

static void put_block_heading(const struct option_scope *scope)
{
	bool first = true;

	if (!*scope->name) {
		puts(".SS At the top level");
		return;
	}
	fputs(".SS ", stdout);
	put_text(scope->name);
	for (const struct option_scope *const *parent = option_scopes(); *parent; parent++) {
		if (!*(*parent)->name || !row_of(*parent, scope))
			continue;
		fputs(first ? " in " : ", ", stdout);
		put_text((*parent)->name);
		first = false;
	}
	putchar('\n');
}

/* ---- lines of attributes ---- */

static const char *attribute_form(const struct attribute *row)
{
	if (row->argument)
		return row->argument;
	switch (row->type) {
	case ATTRIBUTE_UNSIGNED:
		return "N";
	case ATTRIBUTE_INTERFACE:
		return "INTERFACE";
	case ATTRIBUTE_ADDRESS:
		return "ADDRESS";
	default:
		return "";
	}
}

static void put_attribute_range(const struct attribute *row)
{
	const char *form = attribute_form(row);
	size_t length = strlen(form);

	if (row->max && length && form[length - 1] == 'N')
		printf("%s from %" PRIu64 " to %" PRIu64 ".\n",
		       row->type == ATTRIBUTE_UNSIGNED ? "A number" : "Numbers", row->min,
		       row->max);
}

static void put_attribute(const char *scope, const struct attribute *row)
{
	fputs(".TP\n\\fB", stdout);
	put_text(row->name);
	fputs("\\fR", stdout);
	if (*attribute_form(row)) {
		fputs(" \\fI", stdout);
		put_text(attribute_form(row));
		fputs("\\fR", stdout);
	}
	putchar('\n');
	put_sentence(row->help);
	put_attribute_range(row);
	if (row->family)
		puts(row->family == AF_INET ? "IPv4 only." : "IPv6 only.");
	if (row->use)
		printf("Deprecated: write\n.BR %s .\n", row->use);
	put_unsupported(scope, row->name);
}

/* Names of the scopes whose lines have these attributes, as table number t. */
static void put_users(const struct attribute *table, size_t t)
{
	bool first = true;

	for (const struct option_scope *const *scope = option_scopes(); *scope; scope++) {
		if ((*scope)->attributes[t] != table)
			continue;
		fputs(first ? " " : ", ", stdout);
		put_text((*scope)->name);
		first = false;
	}
	putchar('\n');
}

/* Whether a scope listed before has the same attributes. */
static bool is_listed(const struct option_scope *const *scope, size_t t)
{
	for (const struct option_scope *const *before = option_scopes(); before < scope; before++)
		if ((*before)->attributes[t] == (*scope)->attributes[t])
			return true;
	return false;
}

static void put_attributes(const struct option_scope *const *scope, size_t t)
{
	const struct attribute *row = (*scope)->attributes[t];

	if (!row || is_listed(scope, t))
		return;
	fputs(t ? ".SS More in lines of" : ".SS In lines of", stdout);
	put_users(row, t);
	for (; row->name; row++)
		put_attribute((*scope)->name, row);
}

/* ---- all ---- */

static void put_options(void)
{
	const struct option *row;

	for (const struct option_scope *const *scope = option_scopes(); *scope; scope++) {
		for (size_t t = 0; t < 2; t++)
			put_attributes(scope, t);
		if (!option_at(*scope, 0) || is_repeated(scope))
			continue;
		put_block_heading(*scope);
		for (size_t i = 0; (row = option_at(*scope, i)); i++)
			if (row->type != OPTION_ALIAS)
				put_row(*scope, row);
	}
}

int main(void)
{
	char line[LINE_MAXIMUM];

	while (fgets(line, sizeof(line), stdin)) {
		if (strcmp(line, MARK) == 0)
			put_options();
		else
			fputs(line, stdout);
	}
	return ferror(stdin) || fflush(stdout) || ferror(stdout);
}
