/* SPDX-License-Identifier: MIT */
/*
 * The checkers that send nothing themselves: MISC_CHECK runs a program, BFD_CHECK and FILE_CHECK
 * follow the state of another object. Source: keepalived.conf(5), the checkers of a real_server.
 */
#include <stdint.h>
#include <string.h>

#include "conf/scope_check.h"
#include "conf/scopes.h"
#include "conf/value.h"

static void *begin_misc(struct build *build, const struct node *node, void *parent)
{
	return check_add(build, node, parent, CONF_MISC_CHECK);
}

static void read_misc_path(struct build *build, const struct node *node, void *draft)
{
	struct draft_checker *checker = draft;
	struct conf_command command;

	if (!value_command(build, node, false, &command))
		return;
	checker->model.command.text = command.text;
	checker->model.command.argv = command.argv;
}

static void dump_misc_path(struct dump *dump, const struct option *row, const void *model)
{
	dump_line(dump, "%s %s", row->name,
		  dump_word(dump, ((const struct conf_checker *)model)->command.text));
}

static void read_misc_user(struct build *build, const struct node *node, void *draft)
{
	struct draft_checker *checker = draft;

	value_account(build, node, 1, &checker->model.command.user, &checker->model.command.group);
}

static void dump_misc_user(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_command *command = &((const struct conf_checker *)model)->command;

	if (command->user)
		dump_line(dump, "%s %s%s%s", row->name, dump_word(dump, command->user),
			  command->group ? " " : "",
			  command->group ? dump_word(dump, command->group) : "");
}

/* What follows delay_loop need not be whole seconds. */
static void dump_misc_timeout(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_checker *checker = model;
	char text[VALUE_TIME_MAX];

	if (checker->misc_timeout_us != checker->delay_loop_us)
		dump_line(dump, "%s %s", row->name,
			  value_format_time(checker->misc_timeout_us, text));
}

static const struct option misc_rows[] = {
	{"misc_path", OPTION_COMMAND, CHECKER(command),
	 .flags = FIELD | OPTION_REQUIRED | OPTION_NO_USER, .apply = read_misc_path,
	 .dump = dump_misc_path, .help = "command to run; exit status 0 is success"},
	{"misc_timeout", OPTION_TIME, CHECKER(misc_timeout_us), .flags = FIELD | OPTION_WHOLE,
	 .min = 0, .max = INT64_C(4294000000), .dump = dump_misc_timeout, .argument = "SECONDS",
	 .help = "a run that takes longer has failed; 0 stands for delay_loop, the default"},
	{"misc_dynamic", OPTION_FLAG, CHECKER(misc_dynamic), .flags = FIELD, .value = true,
	 .help = "exit statuses from 2 to 255 are success and set the weight to the status less 2"},
	{"user", OPTION_CUSTOM, CHECKER(command.user), .flags = FIELD, .min = 1, .max = 2,
	 .apply = read_misc_user, .dump = dump_misc_user, .argument = "USER [GROUP]",
	 .help = "account the command runs as; script_user by default"},
	{.name = NULL},
};

const struct option_scope scope_misc = {
	.name = "MISC_CHECK",
	.tables = {check_common_rows, misc_rows},
	.model_size = sizeof(struct conf_checker),
	.begin = begin_misc,
};

/* ---- BFD_CHECK, FILE_CHECK ---- */

static void *begin_bfd(struct build *build, const struct node *node, void *parent)
{
	return check_add(build, node, parent, CONF_BFD_CHECK);
}

static void *begin_file(struct build *build, const struct node *node, void *parent)
{
	return check_add(build, node, parent, CONF_FILE_CHECK);
}

static void read_object(struct build *build, const struct node *node, void *draft)
{
	((struct draft_checker *)draft)->model.object.name =
		arena_strdup(build->arena, node->words[1].text);
}

static void read_file_weight(struct build *build, const struct node *node, void *draft)
{
	struct conf_object_check *object = &((struct draft_checker *)draft)->model.object;
	int64_t weight;

	if (!value_signed(build, node, 1, "'weight'", -INT32_MAX, INT32_MAX, &weight))
		return;
	object->reverse = node->n_words > 2 && strcmp(node->words[2].text, "reverse") == 0;
	if (node->n_words > 2 && !object->reverse && strcmp(node->words[2].text, "noreverse") != 0)
		build_error(build, node, 2,
			    "behind the weight may stand reverse or noreverse, not '%.64s'",
			    node->words[2].text);
	object->weight = (int32_t)weight;
}

static void dump_file_weight(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_object_check *object = &((const struct conf_checker *)model)->object;

	dump_line(dump, "%s %d %s", row->name, object->weight,
		  object->reverse ? "reverse" : "noreverse");
}

static const struct option bfd_rows[] = {
	{"name", OPTION_CUSTOM, CHECKER(object.name), .flags = FIELD | OPTION_REQUIRED, .min = 1,
	 .max = 1, .apply = read_object, .argument = "NAME",
	 .help = "the bfd_instance whose session must be up"},
	{"alpha", OPTION_BOOL, CHECKER(alpha), .flags = FIELD,
	 .help = "down until the session is up; the server's setting by default"},
	{.name = NULL},
};

const struct option_scope scope_bfd_check = {
	.name = "BFD_CHECK",
	.tables = {bfd_rows},
	.model_size = sizeof(struct conf_checker),
	.begin = begin_bfd,
};

static const struct option file_rows[] = {
	{"track_file", OPTION_CUSTOM, CHECKER(object.name), .flags = FIELD | OPTION_REQUIRED,
	 .min = 1, .max = 1, .apply = read_object, .argument = "NAME",
	 .help = "the track_file whose value counts"},
	{"weight", OPTION_CUSTOM, CHECKER(object.weight), .flags = FIELD, .min = 1, .max = 2,
	 .apply = read_file_weight, .dump = dump_file_weight, .argument = "N [reverse|noreverse]",
	 .help = "times the value it is added to the weight of the server; with 0 any value but 0 "
		 "is a failure; the track_file's by default"},
	{"dynamic", OPTION_OBSOLETE, .help = "the weight says it"},
	{.name = NULL},
};

const struct option_scope scope_file_check = {
	.name = "FILE_CHECK",
	.tables = {file_rows},
	.model_size = sizeof(struct conf_checker),
	.begin = begin_file,
};
