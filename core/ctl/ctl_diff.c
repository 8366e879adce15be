/* SPDX-License-Identifier: MIT */
/*
 * vipctl diff: the list of changes of conf/diff.h for people and as JSON. The running configuration
 * comes as its canonical text, which loads to the same model.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diff.h"
#include "conf/load.h"
#include "core/ctl/ctl.h"

int ctl_load_running(const json_t *answer, struct conf_load_options *ret_options,
		     const struct conf **ret)
{
	const char *text = json_string_value(json_object_get(answer, "text"));
	struct diag_list diags = {0};
	int error;

	*ret_options = (struct conf_load_options){
		.config_id = json_string_value(json_object_get(answer, "config_id")),
		.include_check = json_is_true(json_object_get(answer, "include_check")),
		.snmp_all = json_is_true(json_object_get(answer, "snmp_all")),
		.snmp_socket = json_string_value(json_object_get(answer, "snmp_socket")),
	};
	error = conf_load_text("running", text, text ? strlen(text) : 0, ret_options, ret, &diags);
	diag_list_free(&diags);
	if (!error)
		return CTL_OK;
	fprintf(stderr, "vipctl: the running configuration is not understood; is vipd of another "
			"version?\n");
	return CTL_REFUSED;
}

/* ---- for programs ---- */

static const char *change_word(enum conf_change_kind kind)
{
	static const char *const words[] = {
		[CONF_ADDED] = "added",
		[CONF_REMOVED] = "removed",
		[CONF_CHANGED] = "changed",
	};

	return words[kind];
}

static const char *way_word(enum conf_change_way way)
{
	static const char *const words[] = {
		[CONF_IN_PLACE] = "in place",
		[CONF_RESTARTED] = "restarted",
		[CONF_REFUSED] = "refused",
	};

	return words[way];
}

static json_t *words_json(const struct conf_change *change)
{
	json_t *list = json_array();

	for (size_t i = 0; i < change->n_words; i++) {
		const struct conf_change_word *word = &change->words[i];

		json_array_append_new(
			list, json_pack("{s:o, s:o, s:o, s:s}", "keyword", ctl_text(word->keyword),
					"old", ctl_text(word->old), "new", ctl_text(word->new),
					"way", way_word(word->way)));
	}
	return list;
}

static json_t *change_json(const struct conf_change *change)
{
	json_t *object = json_pack("{s:s, s:s, s:o, s:o}", "change", change_word(change->kind),
				   "type", change->type, "name", ctl_text(change->name), "inside",
				   ctl_text(change->inside));

	if (change->kind == CONF_CHANGED) {
		json_object_set_new(object, "way", json_string(way_word(change->way)));
		json_object_set_new(object, "keywords", words_json(change));
	}
	return object;
}

static void print_json(const struct conf_changes *changes, const char *summary)
{
	json_t *list = json_array();

	for (size_t i = 0; i < changes->count; i++)
		json_array_append_new(list, change_json(&changes->items[i]));
	json_t *all = json_pack("{s:o, s:o}", "summary", ctl_text(summary), "changes", list);

	ctl_print_json(all);
	json_decref(all);
}

/* ---- for people ---- */

static void print_word(const struct conf_change_word *word)
{
	static const char *const remarks[] = {
		[CONF_IN_PLACE] = "",
		[CONF_RESTARTED] = " (restarts it)",
		[CONF_REFUSED] = " (only when vipd is restarted)",
	};
	const char *one = word->old ? word->old : word->new;

	if (word->old && word->new)
		printf("    %s %s -> %s", word->keyword, word->old, word->new);
	else
		printf("    %s %s%s%s", word->old ? "-" : "+", word->keyword, *one ? " " : "", one);
	printf("%s\n", remarks[word->way]);
}

static void print_change(const struct conf_change *change)
{
	static const char *const ways[] = {
		[CONF_IN_PLACE] = "changed in place",
		[CONF_RESTARTED] = "restarted",
		[CONF_REFUSED] = "not changed until vipd is restarted",
	};

	printf("%s%s%s%s%s: %s\n", change->inside, *change->inside ? " " : "", change->type,
	       *change->name ? " " : "", change->name,
	       change->kind == CONF_CHANGED ? ways[change->way] : change_word(change->kind));
	for (size_t i = 0; i < change->n_words; i++)
		print_word(&change->words[i]);
}

int ctl_print_diff(const struct conf *old, const struct conf *new, bool json)
{
	struct conf_changes *changes;
	char *summary;

	if (conf_changes_new(old, new, &changes) < 0) {
		fprintf(stderr, "vipctl: out of memory\n");
		return CTL_REFUSED;
	}
	summary = conf_changes_summary(changes);
	if (json) {
		print_json(changes, summary);
	} else {
		for (size_t i = 0; i < changes->count; i++)
			print_change(&changes->items[i]);
		printf("%s\n", summary ? summary : "");
	}
	free(summary);
	conf_changes_free(changes);
	return CTL_OK;
}
