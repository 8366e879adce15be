/* SPDX-License-Identifier: MIT */
/*
 * Loads a configuration file and prints its diagnostics (to stderr); with -d the canonical dump,
 * with -D the fuzz dictionary made from the option tables, with -B every block that they know,
 * behind the block it stands in. Exit status 0: good, 5: errors, as vipd -t.
 */
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

static void print_blocks(void)
{
	for (const struct option_scope *const *scope = option_scopes(); *scope; scope++) {
		const struct option *row;

		OPTION_EACH (row, *scope)
			if (row->type == OPTION_BLOCK)
				printf("%s %s\n", *(*scope)->name ? (*scope)->name : "/",
				       row->name);
	}
}

static int check(const char *file, const struct conf_load_options *options, int dump)
{
	const struct conf *conf = NULL;
	struct diag_list diags;
	int r = conf_load(file, options, &conf, &diags);

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

int main(int argc, char **argv)
{
	struct conf_load_options options = {0};
	int dump = 0, c;

	while ((c = getopt(argc, argv, "dDsB")) != -1) {
		switch (c) {
		case 'd':
			dump = 1;
			break;
		case 's':
			options.strict = true;
			break;
		case 'D':
			print_dictionary();
			return 0;
		case 'B':
			print_blocks();
			return 0;
		default:
			fprintf(stderr, "usage: %s [-d] [-s] FILE | -D | -B\n", argv[0]);
			return 1;
		}
	}
	if (optind != argc - 1) {
		fprintf(stderr, "usage: %s [-d] [-s] FILE | -D | -B\n", argv[0]);
		return 1;
	}
	return check(argv[optind], &options, dump);
}
