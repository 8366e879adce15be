/* SPDX-License-Identifier: MIT */
/*
 * vipctl check: loads a configuration file here and now and prints what the loader finds, as text
 * or as JSON for editors and pipelines.
 */
#include <stdio.h>
#include <stdlib.h>

#include "conf/load.h"
#include "conf/model.h"
#include "core/ctl/ctl.h"

static const char *severity_word(enum diag_severity severity)
{
	static const char *const words[] = {
		[DIAG_NOTE] = "note",
		[DIAG_WARNING] = "warning",
		[DIAG_ERROR] = "error",
	};

	return words[severity];
}

/* A file may hold octets that are not UTF-8; JSON cannot. */
static json_t *safe_text(const char *text)
{
	json_t *string = text ? json_string(text) : json_null();

	return string ? string : json_string("(not UTF-8)");
}

static void print_json(const struct diag_list *diags, bool good)
{
	json_t *list = json_array();

	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *diag = &diags->items[i];

		json_array_append_new(list, json_pack("{s:s, s:o, s:i, s:i, s:o}", "severity",
						      severity_word(diag->severity), "file",
						      safe_text(diag->file), "line",
						      (int)diag->line, "column", (int)diag->column,
						      "message", safe_text(diag->message)));
	}
	json_t *all = json_pack("{s:b, s:i, s:i, s:o}", "ok", good, "errors", (int)diags->errors,
				"warnings", (int)diags->warnings, "diagnostics", list);
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}

static void print_text(const char *file, const struct diag_list *diags, bool good)
{
	for (size_t i = 0; i < diags->count; i++) {
		char *text = diag_format(&diags->items[i]);

		if (text)
			puts(text);
		free(text);
	}
	printf("%s: %s, %zu errors, %zu warnings\n", file, good ? "good" : "refused", diags->errors,
	       diags->warnings);
}

int ctl_check(const char *file, bool json)
{
	struct conf_load_options options = {0};
	struct diag_list diags = {0};
	const struct conf *conf = NULL;
	bool good = !conf_load(file, &options, &conf, &diags);

	if (json)
		print_json(&diags, good);
	else
		print_text(file, &diags, good);
	diag_list_free(&diags);
	conf_unref(conf);
	return good ? CTL_OK : CTL_REFUSED;
}
