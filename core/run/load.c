/* SPDX-License-Identifier: MIT */
/*
 * Loading a configuration with everything that may wait for disk or name service, and telling what
 * came of it. load_run() may run in the helper thread: it must not log.
 */
#include "core/run/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "conf/diff.h"
#include "conf/model.h"
#include "core/base/log.h"
#include "core/run/scripts.h"

static char *describe_changes(const struct load *load)
{
	struct conf_changes *changes;
	char *text;

	if (conf_changes_new(load->previous, load->conf, &changes) < 0)
		return NULL;
	text = conf_changes_summary(changes);
	conf_changes_free(changes);
	return text;
}

static int write_copy(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	size_t size = strlen(text);
	int error;

	if (fd < 0)
		return -errno;
	error = write(fd, text, size) == (ssize_t)size ? 0 : -ENOSPC;
	return close(fd) < 0 && !error ? -errno : error;
}

/* For whoever looks into trouble of reloads: what each of them came to. */
static void save(struct load *load)
{
	const char *folder = load->conf->global.process.config_save_dir;
	char *text = folder && !load->options->test ? conf_dump(load->conf) : NULL;

	if (!text)
		return;
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		load->save_error = -errno;
	if (asprintf(&load->saved, "%s/vipd.conf.%ld.%llu", folder, (long)getpid(),
		     (unsigned long long)(load->previous ? load->previous->generation + 1 : 1)) < 0)
		load->saved = NULL;
	if (load->saved && !load->save_error)
		load->save_error = write_copy(load->saved, text);
	free(text);
}

void load_run(struct load *load)
{
	struct conf_load_options options = {
		.config_id = load->options->config_id,
		.include_check = load->options->include_check,
		.strict = load->options->strict,
		.snmp_all = load->options->snmp_all,
		.snmp_socket = load->options->snmp_socket,
		.previous = load->previous,
	};

	load->error = conf_load(options_config(load->options), &options, &load->conf, &load->diags);
	if (load->error) {
		load->conf = NULL;
		return;
	}
	load->error = scripts_resolve(load->conf, &load->scripts);
	if (load->error)
		load->conf = conf_unref(load->conf);
	else if (load->previous)
		load->changes = describe_changes(load);
	if (!load->error)
		save(load);
}

void load_clear(struct load *load)
{
	scripts_free(load->scripts);
	conf_unref(load->conf);
	conf_unref(load->previous);
	diag_list_free(&load->diags);
	free(load->changes);
	free(load->saved);
	load->saved = NULL;
	load->save_error = 0;
	load->previous = NULL;
	load->changes = NULL;
	load->scripts = NULL;
	load->conf = NULL;
	load->diags = (struct diag_list){0};
	load->error = 0;
}

void load_summary(const struct load *load, char *room, size_t size)
{
	const struct diag *first = NULL;

	room[0] = '\0';
	if (!load->error)
		return;
	for (size_t i = 0; i < load->diags.count && !first; i++)
		if (load->diags.items[i].severity == DIAG_ERROR)
			first = &load->diags.items[i];
	if (!first)
		snprintf(room, size, "%s: %s", options_config(load->options),
			 strerror(-load->error));
	else if (load->diags.errors > 1)
		snprintf(room, size, "%s:%u: %s (and %zu more)", first->file, first->line,
			 first->message, load->diags.errors - 1);
	else
		snprintf(room, size, "%s:%u: %s", first->file, first->line, first->message);
}

static int level_of(enum diag_severity severity)
{
	return severity == DIAG_ERROR ? LOG_ERR
				      : (severity == DIAG_WARNING ? LOG_WARNING : LOG_NOTICE);
}

static void log_lines(int level, char *text)
{
	while (text && *text) {
		char *end = strchrnul(text, '\n');
		char *next = *end ? end + 1 : end;

		*end = '\0';
		if (*text)
			log_write(level, "conf", "%s", text);
		text = next;
	}
}

void load_log(const struct load *load)
{
	for (size_t i = 0; i < load->diags.count; i++) {
		char *text = diag_format(&load->diags.items[i]);

		log_lines(level_of(load->diags.items[i].severity), text);
		free(text);
	}
	if (load->save_error)
		log_error("conf", "config_save_dir: cannot write %s: %s", load->saved,
			  strerror(-load->save_error));
	else if (load->saved)
		log_info("conf", "the configuration is saved as %s", load->saved);
	if (!load->scripts)
		return;
	size_t count;
	const struct scripts_note *notes = scripts_notes(load->scripts, &count);
	for (size_t i = 0; i < count; i++)
		log_write(notes[i].level, "conf", "%s", notes[i].text);
}

void load_print(const struct load *load, FILE *to)
{
	for (size_t i = 0; i < load->diags.count; i++) {
		char *text = diag_format(&load->diags.items[i]);
		size_t length = text ? strlen(text) : 0;

		if (length)
			fprintf(to, "%s%s", text, text[length - 1] == '\n' ? "" : "\n");
		free(text);
	}
	if (!load->scripts)
		return;
	size_t count;
	const struct scripts_note *notes = scripts_notes(load->scripts, &count);
	for (size_t i = 0; i < count; i++)
		fprintf(to, "%s\n", notes[i].text);
}
