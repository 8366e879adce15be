/* SPDX-License-Identifier: MIT */
/*
 * global_defs: files and directories, how the text is read and what a reload does besides.
 * Sources: keepalived.conf(5), GLOBAL CONFIGURATION, and what keepalived 2.2.7 accepts.
 */
#include <string.h>

#include "conf/dump.h"
#include "conf/include.h"
#include "conf/scope_global.h"
#include "conf/value.h"

/* The reader of the text acts on it, file by file, before any row is applied. */
static void check_include_words(struct build *build, const struct node *node, void *draft)
{
	(void)draft;
	for (size_t i = 1; i < node->n_words; i++) {
		const char *name = node->words[i].text;

		name += *name == '+' || *name == '-';
		if (!include_check_name(name))
			build_error(build, node, i,
				    "'include_check' knows read, match, wildcard_match and "
				    "brace_match, not '%.64s'",
				    node->words[i].text);
	}
}

static void read_reload_check(struct build *build, const struct node *node, void *draft)
{
	struct conf_process *process = &((struct draft_global *)draft)->model.process;

	process->reload_check_config = true;
	process->reload_check_log =
		node->n_words > 1 ? arena_strdup(build->arena, node->words[1].text) : NULL;
}

static void read_reload_file(struct build *build, const struct node *node, void *draft)
{
	struct conf_process *process = &((struct draft_global *)draft)->model.process;

	process->reload_marks = true;
	process->reload_file =
		node->n_words > 1 ? arena_strdup(build->arena, node->words[1].text) : NULL;
}

static void dump_optional(struct dump *dump, const struct option *row, bool given, const char *word)
{
	if (given)
		dump_line(dump, "%s%s%s", row->name, word ? " " : "",
			  word ? dump_word(dump, word) : "");
}

static void dump_reload_check(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_process *process = &((const struct conf_global *)model)->process;

	dump_optional(dump, row, process->reload_check_config, process->reload_check_log);
}

static void dump_reload_file(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_process *process = &((const struct conf_global *)model)->process;

	dump_optional(dump, row, process->reload_marks, process->reload_file);
}

const struct option global_file_rows[] = {
	{"include_check", OPTION_CUSTOM, .reload = OPTION_IN_PLACE, .min = 0, .max = 8,
	 .apply = check_include_words, .dump = dump_nothing,
	 .argument = "[[+|-]read|match|wildcard_match|brace_match]...",
	 .help = "how strict the include that follow are: unreadable files, no match at all, no "
		 "match of a pattern, no match of an alternative; all four without a word"},
	{"random_seed", OPTION_UNSIGNED, GLOBAL(random_seed), .flags = FIELD, .min = 0,
	 .max = UINT32_MAX, .dump = dump_nothing,
	 .help = "makes the numbers of ${_RANDOM} the same each time"},
	{"tmp_config_directory", OPTION_OBSOLETE,
	 .help = "vipd reads the text once and keeps no copy of it"},
	{"config_save_dir", OPTION_STRING, MODEL(process.config_save_dir), .flags = FIELD,
	 .max = PATH_LONGEST,
	 .help = "directory, made if need be, for the effective configuration of each load: "
		 "vipd.conf.PID.NUMBER"},
	{"iproute_usr_dir", OPTION_STRING, MODEL(process.iproute_usr_dir), .flags = FIELD,
	 .max = PATH_LONGEST,
	 .help = "where the distribution names routing tables, protocols and scopes; "
		 "/usr/share/iproute2 by default"},
	{"iproute_etc_dir", OPTION_STRING, MODEL(process.iproute_etc_dir), .flags = FIELD,
	 .max = PATH_LONGEST,
	 .help = "where the administrator names them, which goes first; /etc/iproute2 by default"},
	{"data_use_instance", OPTION_BOOL, MODEL(data_use_instance), .flags = DEFAULT,
	 .help = "names of dump files carry the name of the instance and of the network namespace"},
	{"json_version", OPTION_UNSIGNED, MODEL(json_version), .flags = DEFAULT, .min = 1, .max = 2,
	 .initial = 1, .help = "form of the JSON dump"},
	{"state_dump_file", OPTION_STRING, MODEL(state_dump_file), .flags = FIELD,
	 .max = PATH_LONGEST, .help = "file for the dump of the state"},
	{"stats_dump_file", OPTION_STRING, MODEL(stats_dump_file), .flags = FIELD,
	 .max = PATH_LONGEST, .help = "file for the dump of the statistics"},
	{"json_dump_file", OPTION_STRING, MODEL(json_dump_file), .flags = FIELD,
	 .max = PATH_LONGEST, .help = "file for the JSON dump"},
	{"reload_check_config", OPTION_CUSTOM, MODEL(process.reload_check_config), .flags = FIELD,
	 .min = 0, .max = 1, .apply = read_reload_check, .dump = dump_reload_check,
	 .argument = "[LOGFILE]",
	 .help = "refuse to reload a configuration with errors, as vipd always does, and write "
		 "what is wrong with it to the file"},
	{"reload_time_file", OPTION_STRING, MODEL(process.reload_time_file), .flags = FIELD,
	 .max = PATH_LONGEST,
	 .help = "file whose first line is the time of the next reload, and which is removed then: "
		 "HH:MM:SS, YY-MM-DD HH:MM:SS or YYYY-MM-DD HH:MM:SS, with Z behind it for UTC"},
	{"reload_repeat", OPTION_FLAG, MODEL(process.reload_repeat), .flags = FIELD, .value = true,
	 .needs = "reload_time_file",
	 .help = "leave that file, and with a time alone reload every day"},
	{"reload_file", OPTION_CUSTOM, MODEL(process.reload_file), .flags = FIELD, .min = 0,
	 .max = 1, .apply = read_reload_file, .dump = dump_reload_file, .argument = "[PATH]",
	 .help = "file that exists while the configuration is being read"},
	{.name = NULL},
};
