/* SPDX-License-Identifier: MIT */
/*
 * Loads a configuration file and prints its diagnostics (to stderr); with -d the canonical dump,
 * with -D the fuzz dictionary made from the option tables, with -T the tables as JSON. Exit status
 * 0: good, 5: errors, as vipd -t. With -R any number of files: each that loads is dumped, the dump
 * loaded and dumped again; what differs is said, and the exit status is 1 when anything did.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/line.h"
#include "conf/load.h"
#include "conf/model.h"
#include "conf/options.h"

static void print_diags(const struct diag_list *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		char *text = diag_format(&diags->items[i]);

		fprintf(stderr, "%s\n", text ? text : "out of memory");
		free(text);
	}
}

/* What is no keyword: forms of the text itself. Escaped as libFuzzer wants it. */
static const char *const forms[] = {
	"$A=",		"$A=\\x5c\\x0a",  "$A\\x0a",  "${A}",
	"$_PWD ",	"${_RANDOM 1 9}", "${_HASH}", "${_BANG}",
	"${_INSTANCE}", "@^a ",		  "@a ",      "~SEQ(A,1,2,9) ",
	"~SEQ(A,",	"~SEQx(A,",	  "~LST(A,",  "~LST({A,B},{1,2},{3,4}) ",
	"\\x5c\\x0a",	"\\x5cx41",	  "\\x5c101", "\\x5c#",
	"\\x5c\\x5c",	"\\x22",
};

static void print_attributes(const struct option_scope *scope)
{
	for (size_t t = 0; t < 2; t++)
		for (const struct attribute *row = scope->attributes[t]; row && row->name; row++)
			printf("\"%s\"\n", row->name);
}

static void print_dictionary(void)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		printf("\"%s\"\n", forms[i]);
	for (const struct option_scope *const *scope = option_scopes(); *scope; scope++) {
		const struct option *row;

		print_attributes(*scope);
		for (size_t i = 0; (row = option_at(*scope, i)); i++) {
			printf("\"%s\"\n", row->name);
			for (const struct option_choice *choice = row->choices;
			     choice && choice->name; choice++)
				printf("\"%s\"\n", choice->name);
		}
	}
}

static const char *const type_names[] = {
	[OPTION_BLOCK] = "block",	  [OPTION_FLAG] = "flag",
	[OPTION_BOOL] = "bool",		  [OPTION_UNSIGNED] = "unsigned",
	[OPTION_SIGNED] = "signed",	  [OPTION_TIME] = "time",
	[OPTION_CHOICE] = "choice",	  [OPTION_STRING] = "string",
	[OPTION_INTERFACE] = "interface", [OPTION_ADDRESS] = "address",
	[OPTION_COMMAND] = "command",	  [OPTION_CUSTOM] = "custom",
	[OPTION_OBSOLETE] = "obsolete",	  [OPTION_ALIAS] = "alias",
};

static void print_row(const struct option *row, const char *separator)
{
	const char *choices = "";

	printf("%s\n  {\"name\": \"%s\", \"type\": \"%s\", \"min\": %lld, \"max\": %lld, "
	       "\"flags\": %u, \"alias_of\": \"%s\", \"block\": %s, \"choices\": [",
	       separator, row->name, type_names[row->type], (long long)row->min,
	       (long long)row->max, row->flags, row->alias_of ? row->alias_of : "",
	       row->block ? row->block->line ? "\"list\"" : "\"rows\"" : "null");
	for (const struct option_choice *choice = row->choices; choice && choice->name; choice++) {
		printf("%s\"%s\"", choices, choice->name);
		choices = ", ";
	}
	printf("]}");
}

static bool shares_name(const struct option_scope *scope)
{
	size_t n = 0;

	for (const struct option_scope *const *other = option_scopes(); *other; other++)
		n += strcmp((*other)->name, scope->name) == 0;
	return n > 1;
}

/* The keyword of the block that this block stands in, "" for the top level. */
static const char *outer_name(const struct option_scope *scope)
{
	for (const struct option_scope *const *outer = option_scopes(); *outer; outer++) {
		const struct option *row;

		OPTION_EACH (row, *outer)
			if (row->block == scope)
				return (*outer)->name;
	}
	return "";
}

/* {"BLOCK": [row, ...]}; BLOCK is OUTER.BLOCK where several blocks have the keyword. */
static void print_tables(void)
{
	const char *between = "{";

	for (const struct option_scope *const *scope = option_scopes(); *scope; scope++) {
		const char *outer = shares_name(*scope) ? outer_name(*scope) : "";
		const struct option *row;

		printf("%s\n \"%s%s%s\": [", between, outer, *outer ? "." : "", (*scope)->name);
		for (size_t i = 0; (row = option_at(*scope, i)); i++)
			print_row(row, i ? "," : "");
		printf("]");
		between = ",";
	}
	printf("}\n");
}

static int check(const char *file, bool dump)
{
	const struct conf *conf = NULL;
	struct diag_list diags;
	int r = conf_load(file, NULL, &conf, &diags);

	print_diags(&diags);
	diag_list_free(&diags);
	if (r < 0)
		return 5;
	if (dump) {
		char *text = conf_dump(conf);

		fputs(text ? text : "", stdout);
		free(text);
	}
	conf_unref(conf);
	return 0;
}

/* ---- there and back ---- */

/* The dump of text, NULL when it does not load; what was said of it goes to ret_diags. */
static char *redump(const char *text, struct diag_list *ret_diags)
{
	const struct conf *conf = NULL;
	char *dump = NULL;

	if (conf_load_text("dump", text, strlen(text), NULL, &conf, ret_diags) == 0)
		dump = conf_dump(conf);
	conf_unref(conf);
	return dump;
}

static bool has_message(const struct diag_list *diags, const char *message)
{
	for (size_t i = 0; i < diags->count; i++)
		if (strcmp(diags->items[i].message, message) == 0)
			return true;
	return false;
}

/* A dump says things as they are: nothing new is left to warn about but what vipd cannot do. */
static bool adds_nothing(const struct diag_list *before, const struct diag_list *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *diag = &diags->items[i];

		if (diag->severity != DIAG_NOTE && !strstr(diag->message, " is not supported") &&
		    !has_message(before, diag->message))
			return false;
	}
	return true;
}

static bool comes_back(const char *file, const char *dump, const struct diag_list *before)
{
	struct diag_list diags;
	char *again = redump(dump, &diags);
	bool good = again && strcmp(dump, again) == 0 && adds_nothing(before, &diags);

	if (!good) {
		printf("==== %s\n%s", file, dump);
		if (again && strcmp(dump, again) != 0)
			printf("---- comes back as\n%s", again);
		fflush(stdout);
		print_diags(&diags);
	}
	diag_list_free(&diags);
	free(again);
	return good;
}

static int round_trips(char *const *files)
{
	size_t loaded = 0, bad = 0;

	for (; *files; files++) {
		const struct conf *conf = NULL;
		struct diag_list diags;

		if (conf_load(*files, NULL, &conf, &diags) == 0) {
			char *dump = conf_dump(conf);

			loaded++;
			bad += !dump || !comes_back(*files, dump, &diags);
			free(dump);
		}
		diag_list_free(&diags);
		conf_unref(conf);
	}
	printf("%zu loaded, %zu did not come back\n", loaded, bad);
	return bad != 0;
}

#define USAGE "usage: %s [-d] FILE | -R FILE... | -D | -T\n"

int main(int argc, char **argv)
{
	bool dump = false, back = false;
	int c;

	while ((c = getopt(argc, argv, "dDRT")) != -1) {
		switch (c) {
		case 'd':
			dump = true;
			break;
		case 'R':
			back = true;
			break;
		case 'D':
			print_dictionary();
			return 0;
		case 'T':
			print_tables();
			return 0;
		default:
			fprintf(stderr, USAGE, argv[0]);
			return 1;
		}
	}
	if (back)
		return round_trips(argv + optind);
	if (optind != argc - 1) {
		fprintf(stderr, USAGE, argv[0]);
		return 1;
	}
	return check(argv[optind], dump);
}
