/* SPDX-License-Identifier: MIT */
/*
 * Configuration files looked at here and now, without a daemon: what the loader finds, as text or
 * as JSON for editors and pipelines, and the effective configuration.
 */
#include <errno.h>
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

static json_t *diag_json(const struct diag *diag)
{
	return json_pack("{s:o, s:i, s:i, s:s, s:o, s:o}", "file", ctl_text(diag->file), "line",
			 (int)diag->line, "column", (int)diag->column, "severity",
			 severity_word(diag->severity), "message", ctl_text(diag->message),
			 "source", ctl_text(diag->source));
}

static void print_json(const char *file, const struct diag_list *diags, int status)
{
	json_t *list = json_array();
	int notes = 0;

	for (size_t i = 0; i < diags->count; i++) {
		notes += diags->items[i].severity == DIAG_NOTE;
		json_array_append_new(list, diag_json(&diags->items[i]));
	}
	json_t *all =
		json_pack("{s:b, s:i, s:o, s:i, s:i, s:i, s:o}", "ok", status == CTL_OK, "status",
			  status, "file", ctl_text(file), "errors", (int)diags->errors, "warnings",
			  (int)diags->warnings, "notes", notes, "diagnostics", list);
	ctl_print_json(all);
	json_decref(all);
}

static void print_diags(FILE *to, const struct diag_list *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		char *text = diag_format(&diags->items[i]);

		if (text)
			fprintf(to, "%s\n", text);
		free(text);
	}
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static int status_of(int error)
{
	return !error ? CTL_OK : error == -EINVAL ? CTL_ERRORS : CTL_UNREADABLE;
}

int ctl_check(const char *file, const struct conf_load_options *options, bool json)
{
	struct diag_list diags = {0};
	const struct conf *conf = NULL;
	int status = status_of(conf_load(file, options, &conf, &diags));

	if (json) {
		print_json(file, &diags, status);
	} else {
		print_diags(stdout, &diags);
		printf("%s: %s, %zu error%s, %zu warning%s\n", file,
		       status == CTL_OK ? "good" : "refused", diags.errors, plural(diags.errors),
		       diags.warnings, plural(diags.warnings));
	}
	diag_list_free(&diags);
	conf_unref(conf);
	return status;
}

int ctl_load(const char *file, const struct conf_load_options *options, const struct conf **ret)
{
	struct diag_list diags = {0};
	int status = status_of(conf_load(file, options, ret, &diags));

	if (status != CTL_OK)
		print_diags(stderr, &diags);
	diag_list_free(&diags);
	return status;
}

int ctl_config_of(const char *file, const struct conf_load_options *options, bool json)
{
	const struct conf *conf = NULL;
	int status = ctl_load(file, options, &conf);
	char *text;

	if (status != CTL_OK)
		return status;
	text = conf_dump(conf);
	if (json) {
		json_t *all = json_pack("{s:o}", "text", ctl_text(text));

		ctl_print_json(all);
		json_decref(all);
	} else {
		fputs(text ? text : "", stdout);
	}
	status = text ? CTL_OK : CTL_REFUSED;
	free(text);
	conf_unref(conf);
	return status;
}
