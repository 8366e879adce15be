/* SPDX-License-Identifier: MIT */
/*
 * What instances can track, but for BFD: vrrp_script, track_file, vrrp_track_process. Runs in the
 * thread that loads. Source: keepalived.conf(5).
 */
#include <string.h>

#include "conf/dump.h"
#include "conf/scope_vrrp.h"
#include "conf/scopes.h"
#include "conf/value.h"

#define FIELD	OPTION_HAS_FIELD
#define DEFAULT (OPTION_HAS_FIELD | OPTION_HAS_DEFAULT)

char *scope_block_name(struct build *build, const struct node *node)
{
	if (node->n_words < 2 || !*node->words[1].text) {
		build_error(build, node, 0, "'%s' needs a name", node->words[0].text);
		return NULL;
	}
	if (strlen(node->words[1].text) > 255) {
		build_error(build, node, 1, "a name must not be longer than 255 octets");
		return NULL;
	}
	if (node->n_words > 2)
		build_warn(build, node, 2, "'%s' takes one name; '%.64s' is ignored",
			   node->words[0].text, node->words[2].text);
	return arena_strdup(build->arena, node->words[1].text);
}

void scope_read_weight(struct build *build, const struct node *node, int64_t most,
		       int16_t *ret_weight, bool *ret_reverse)
{
	int64_t weight;

	if (!value_signed(build, node, 1, "'weight'", -most, most, &weight))
		return;
	if (node->n_words > 2 && strcmp(node->words[2].text, "reverse") != 0) {
		build_error(build, node, 2,
			    "behind the weight only 'reverse' may follow, not '%.64s'",
			    node->words[2].text);
		return;
	}
	*ret_weight = (int16_t)weight;
	*ret_reverse = node->n_words > 2;
}

void dump_weight(struct dump *dump, const struct option *row, int weight, bool reverse)
{
	dump_line(dump, "%s %d%s", row->name, weight, reverse ? " reverse" : "");
}

/* ---- vrrp_script ---- */

static void *begin_script(struct build *build, const struct node *node, void *parent)
{
	char *name = scope_block_name(build, node);
	struct draft_script *script;

	(void)parent;
	if (!name)
		return NULL;
	script = items_add(&build->scripts, build->scratch, sizeof(*script));
	build_fill_defaults(&scope_script, script);
	script->model.name = name;
	script->tracked.node = node;
	return script;
}

static void read_script_weight(struct build *build, const struct node *node, void *draft)
{
	struct draft_script *script = draft;

	scope_read_weight(build, node, 253, &script->model.weight, &script->model.reverse);
}

static void dump_script_weight(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_script *script = model;

	dump_weight(dump, row, script->weight, script->reverse);
}

static void read_user(struct build *build, const struct node *node, void *draft)
{
	struct draft_script *script = draft;

	value_account(build, node, 1, &script->model.command.user, &script->model.command.group);
}

static void read_script(struct build *build, const struct node *node, void *draft)
{
	struct draft_script *script = draft;
	struct conf_command command;

	if (!value_command(build, node, false, &command))
		return;
	script->model.command.text = command.text;
	script->model.command.argv = command.argv;
}

static void dump_script(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_script *script = model;

	dump_line(dump, "%s %s", row->name, dump_word(dump, script->command.text));
}

static void dump_user(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_command *command = &((const struct conf_script *)model)->command;

	if (command->user)
		dump_line(dump, "%s %s%s%s", row->name, dump_word(dump, command->user),
			  command->group ? " " : "",
			  command->group ? dump_word(dump, command->group) : "");
}

static void end_script(struct build *build, const struct node *node, void *draft)
{
	struct draft_script *script = draft;
	const struct node *timeout =
		tree_setter(node, offsetof(struct draft_script, model.timeout_us));

	if (!script->model.interval_us) {
		build_warn(build,
			   tree_setter(node, offsetof(struct draft_script, model.interval_us)), 1,
			   "'interval' must be above 0; it is taken as 1");
		script->model.interval_us = 1000000;
	}
	if (timeout && !script->model.timeout_us)
		build_warn(build, timeout, 1,
			   "'timeout' must be above 0; it is taken as the interval");
	if (!script->model.timeout_us)
		script->model.timeout_us = script->model.interval_us;
}

#define SCRIPT(member)	    OPTION_FIELD(draft_script, model.member), .reload = OPTION_IN_PLACE
#define SCRIPT_ANEW(member) OPTION_FIELD(draft_script, model.member), .reload = OPTION_RESTART

static const struct option script_rows[] = {
	{"script", OPTION_COMMAND, SCRIPT_ANEW(command),
	 .flags = FIELD | OPTION_REQUIRED | OPTION_NO_USER, .apply = read_script,
	 .dump = dump_script, .help = "what to run; exit status 0 is success"},
	{"interval", OPTION_TIME, SCRIPT(interval_us), .flags = DEFAULT, .min = 0,
	 .max = DELAY_WHOLE_US, .initial = 1000000, .help = "time from start to start; 0 means 1"},
	{"timeout", OPTION_TIME, SCRIPT(timeout_us), .flags = FIELD, .min = 0,
	 .max = DELAY_WHOLE_US,
	 .help = "a run that takes longer has failed; the interval by default"},
	{"weight", OPTION_CUSTOM, SCRIPT(weight), .flags = FIELD, .min = 1, .max = 2,
	 .apply = read_script_weight, .dump = dump_script_weight, .argument = "N [reverse]",
	 .help = "-253..253: added to the priority on success, negative on failure; 0: failure is "
		 "FAULT"},
	{"rise", OPTION_UNSIGNED, SCRIPT_ANEW(rise), .flags = DEFAULT, .min = 1, .max = INT32_MAX,
	 .initial = 1, .help = "successes in a row until it counts as good"},
	{"fall", OPTION_UNSIGNED, SCRIPT_ANEW(fall), .flags = DEFAULT, .min = 1, .max = INT32_MAX,
	 .initial = 1, .help = "failures in a row until it counts as bad"},
	{"user", OPTION_CUSTOM, SCRIPT_ANEW(command.user), .flags = FIELD, .min = 1, .max = 2,
	 .apply = read_user, .dump = dump_user, .argument = "USER [GROUP]",
	 .help = "account it runs as"},
	{"init_fail", OPTION_FLAG, SCRIPT_ANEW(init_fail), .flags = FIELD, .value = true,
	 .help = "bad until the first success"},
	{.name = NULL},
};

const struct option_scope scope_script = {
	.name = "vrrp_script",
	.tables = {script_rows},
	.model_size = sizeof(struct conf_script),
	.begin = begin_script,
	.end = end_script,
};

/* ---- track_file ---- */

static void *begin_file(struct build *build, const struct node *node, void *parent)
{
	char *name = scope_block_name(build, node);
	struct draft_track_file *file;

	(void)parent;
	if (!name)
		return NULL;
	file = items_add(&build->files, build->scratch, sizeof(*file));
	build_fill_defaults(&scope_track_file, file);
	file->model.name = name;
	file->model.weight = 1;
	file->tracked.node = node;
	return file;
}

static void read_file_weight(struct build *build, const struct node *node, void *draft)
{
	struct draft_track_file *file = draft;

	scope_read_weight(build, node, 254, &file->model.weight, &file->model.reverse);
}

static void dump_file_weight(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_track_file *file = model;

	dump_weight(dump, row, file->weight, file->reverse);
}

/* init_file [VALUE] [overwrite] */
static void read_init_file(struct build *build, const struct node *node, void *draft)
{
	struct draft_track_file *file = draft;
	int64_t value = 0;
	bool overwrite = false, has_value = false;

	for (size_t i = 1; i < node->n_words; i++) {
		if (strcmp(node->words[i].text, "overwrite") == 0) {
			overwrite = true;
			continue;
		}
		if (has_value)
			build_warn(build, node, i,
				   "'init_file' takes one value; the last one counts");
		if (!value_signed(build, node, i, "the value of 'init_file'", INT32_MIN, INT32_MAX,
				  &value))
			return;
		has_value = true;
	}
	file->model.init = true;
	file->model.overwrite = overwrite;
	file->model.init_value = (int32_t)value;
}

static void dump_init_file(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_track_file *file = model;

	if (file->init)
		dump_line(dump, "%s %d%s", row->name, file->init_value,
			  file->overwrite ? " overwrite" : "");
}

#define TRACK_FILE(member) OPTION_FIELD(draft_track_file, model.member)

static const struct option file_rows[] = {
	{"file", OPTION_STRING, TRACK_FILE(path), .reload = OPTION_RESTART,
	 .flags = FIELD | OPTION_REQUIRED, .max = 1023, .argument = "PATH",
	 .help = "the file that holds the number; a missing file counts as 0"},
	{"weight", OPTION_CUSTOM, TRACK_FILE(weight), .reload = OPTION_IN_PLACE, .flags = FIELD,
	 .min = 1, .max = 2, .apply = read_file_weight, .dump = dump_file_weight,
	 .argument = "N [reverse]",
	 .help = "-254..254, by default 1: the number times this is added to the priority; 0: any "
		 "number but 0 is FAULT"},
	{"init_file", OPTION_CUSTOM, TRACK_FILE(init), .reload = OPTION_IN_PLACE, .flags = FIELD,
	 .min = 0, .max = 3, .apply = read_init_file, .dump = dump_init_file,
	 .argument = "[VALUE] [overwrite]",
	 .help = "create the file with this number, 0 by default, at the start; an existing file "
		 "is "
		 "kept unless overwrite is said"},
	{.name = NULL},
};

const struct option_scope scope_track_file = {
	.name = "track_file",
	.tables = {file_rows},
	.model_size = sizeof(struct conf_track_file),
	.begin = begin_file,
};

/* ---- vrrp_track_process ---- */

static void *begin_process(struct build *build, const struct node *node, void *parent)
{
	char *name = scope_block_name(build, node);
	struct draft_track_process *process;

	(void)parent;
	if (!name)
		return NULL;
	process = items_add(&build->processes, build->scratch, sizeof(*process));
	build_fill_defaults(&scope_track_process, process);
	process->model.name = name;
	process->model.quorum_max = CONF_NONE;
	process->tracked.node = node;
	return process;
}

/* A quoted word is one element, so no word is split further. */
static void read_process(struct build *build, const struct node *node, void *draft)
{
	struct draft_track_process *process = draft;
	char **argv = arena_array(build->arena, node->n_words, sizeof(*argv));

	if (!*node->words[1].text) {
		build_error(build, node, 1, "'process' needs the name of a program");
		return;
	}
	for (size_t i = 1; i < node->n_words; i++)
		argv[i - 1] = arena_strdup(build->arena, node->words[i].text);
	process->model.argv = argv;
}

static void dump_process(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_track_process *process = model;

	dump_words(dump, row->name, process->argv);
}

static void read_param_match(struct build *build, const struct node *node, void *draft)
{
	struct draft_track_process *process = draft;
	const char *text = node->n_words > 1 ? node->words[1].text : NULL;

	if (text && strcmp(text, "initial") != 0 && strcmp(text, "partial") != 0) {
		build_error(build, node, 1,
			    "'param_match' takes initial, partial or nothing, not '%.64s'", text);
		return;
	}
	process->has_match = true;
	process->model.match = !text	      ? CONF_PARAM_EXACT
			       : *text == 'i' ? CONF_PARAM_INITIAL
					      : CONF_PARAM_PARTIAL;
}

static void dump_param_match(struct dump *dump, const struct option *row, const void *model)
{
	static const char *const words[] = {
		[CONF_PARAM_EXACT] = "",
		[CONF_PARAM_PARTIAL] = " partial",
		[CONF_PARAM_INITIAL] = " initial",
	};
	const struct conf_track_process *process = model;

	if (process->match != CONF_PARAM_ANY)
		dump_line(dump, "%s%s", row->name, words[process->match]);
}

static void read_process_weight(struct build *build, const struct node *node, void *draft)
{
	struct draft_track_process *process = draft;

	scope_read_weight(build, node, 254, &process->model.weight, &process->model.reverse);
}

static void dump_process_weight(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_track_process *process = model;

	dump_weight(dump, row, process->weight, process->reverse);
}

#define DELAY_MAX_US INT64_C(3600000000)

static void read_delay(struct build *build, const struct node *node, void *draft)
{
	struct draft_track_process *process = draft;
	uint64_t us;

	if (!value_time(build, node, 1, "'delay'", 1, DELAY_MAX_US, &us))
		return;
	process->model.terminate_delay_us = us;
	process->model.fork_delay_us = us;
}

/* 0, the default, cannot be written. */
static void dump_delay(struct dump *dump, const struct option *row, const void *model)
{
	const uint64_t *us = (const void *)((const char *)model + row->offset);
	char text[VALUE_TIME_MAX];

	if (*us)
		dump_line(dump, "%s %s", row->name, value_format_time(*us, text));
}

static void end_process(struct build *build, const struct node *node, void *draft)
{
	struct draft_track_process *process = draft;
	struct conf_track_process *model = &process->model;
	const struct node *most =
		tree_setter(node, offsetof(struct draft_track_process, model.quorum_max));

	if (!process->has_match && model->argv && model->argv[0] && model->argv[1])
		model->match = CONF_PARAM_EXACT;
	if (model->quorum_max && model->quorum_max < model->quorum) {
		build_warn(build, most, 0,
			   "'quorum_max' is less than the quorum of %u; it is ignored",
			   model->quorum);
		model->quorum_max = CONF_NONE;
	}
}

#define PROCESS(member) OPTION_FIELD(draft_track_process, model.member)

static const struct option process_rows[] = {
	{"process", OPTION_CUSTOM, PROCESS(argv), .reload = OPTION_RESTART,
	 .flags = FIELD | OPTION_REQUIRED, .min = 1, .max = 255, .apply = read_process,
	 .dump = dump_process, .argument = "NAME [PARAMETER ...]",
	 .help = "the program to look for, and the parameters it must have"},
	{"param_match", OPTION_CUSTOM, PROCESS(match), .reload = OPTION_RESTART, .flags = FIELD,
	 .min = 0, .max = 1, .apply = read_param_match, .dump = dump_param_match,
	 .argument = "[initial | partial]",
	 .help = "partial: more parameters may follow; initial: the last one may also be longer; "
		 "alone: there must be no others"},
	{"weight", OPTION_CUSTOM, PROCESS(weight), .reload = OPTION_IN_PLACE, .flags = FIELD,
	 .min = 1, .max = 2, .apply = read_process_weight, .dump = dump_process_weight,
	 .argument = "N [reverse]",
	 .help = "-254..254: added to the priority while enough of them run, negative while not; "
		 "0: "
		 "too few is FAULT"},
	{"quorum", OPTION_UNSIGNED, PROCESS(quorum), .reload = OPTION_IN_PLACE, .flags = DEFAULT,
	 .min = 1, .max = 65535, .initial = 1, .help = "how many must run"},
	{"quorum_max", OPTION_UNSIGNED, PROCESS(quorum_max), .reload = OPTION_IN_PLACE,
	 .flags = FIELD, .min = 0, .max = 65535,
	 .help = "how many may run at most; 0: none must run; without it any number"},
	{"delay", OPTION_CUSTOM, .min = 1, .max = 1, .reload = OPTION_IN_PLACE, .apply = read_delay,
	 .dump = dump_never, .argument = "SECONDS",
	 .help = "sets terminate_delay and fork_delay, 0.000001..3600"},
	{"terminate_delay", OPTION_TIME, PROCESS(terminate_delay_us), .reload = OPTION_IN_PLACE,
	 .flags = FIELD, .min = 1, .max = DELAY_MAX_US, .dump = dump_delay,
	 .help = "how long too few must run until that counts; at once by default"},
	{"fork_delay", OPTION_TIME, PROCESS(fork_delay_us), .reload = OPTION_IN_PLACE,
	 .flags = FIELD, .min = 1, .max = DELAY_MAX_US, .dump = dump_delay,
	 .help = "how long enough must run until that counts; at once by default"},
	{"full_command", OPTION_FLAG, PROCESS(full_command), .reload = OPTION_RESTART,
	 .flags = FIELD, .value = true,
	 .help = "compare the whole command line instead of the name of the process"},
	{.name = NULL},
};

const struct option_scope scope_track_process = {
	.name = "vrrp_track_process",
	.tables = {process_rows},
	.model_size = sizeof(struct conf_track_process),
	.begin = begin_process,
	.end = end_process,
};
