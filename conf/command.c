/* SPDX-License-Identifier: MIT */
/*
 * Commands: what is quoted as one word is split again on white space, with '...' keeping words
 * together, and run without a shell. Runs in the thread that loads.
 */
#include <string.h>

#include "conf/value.h"

#define ARGUMENTS_MAX 256

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* One argument from *at into room; false when a single quote is not closed. */
static bool take_argument(const char **at, char *room)
{
	const char *from = *at;

	while (*from && !is_space(*from)) {
		const char *end;

		if (*from != '\'') {
			*room++ = *from++;
			continue;
		}
		end = strchr(++from, '\'');
		if (!end)
			return false;
		memcpy(room, from, (size_t)(end - from));
		room += end - from;
		from = end + 1;
	}
	*room = '\0';
	*at = from;
	return true;
}

/* NULL when text is not a command; *ret_why says what is wrong. */
static char **split(struct build *build, const char *text, const char **ret_why)
{
	char **argv = arena_array(build->scratch, ARGUMENTS_MAX + 1, sizeof(*argv)), **result;
	char *room = arena_alloc(build->scratch, strlen(text) + 1);
	size_t n = 0;

	for (;;) {
		text += strspn(text, " \t");
		if (!*text)
			break;
		*ret_why = "it has more than 256 words";
		if (n == ARGUMENTS_MAX)
			return NULL;
		*ret_why = "a single quote in it is not closed";
		if (!take_argument(&text, room))
			return NULL;
		argv[n++] = arena_strdup(build->arena, room);
	}
	*ret_why = "it is empty";
	if (!n || !*argv[0])
		return NULL;
	result = arena_array(build->arena, n + 1, sizeof(*result));
	memcpy(result, argv, n * sizeof(*result));
	return result;
}

/* Words behind an unquoted command that look like arguments, not like a user and a group. */
static bool looks_like_arguments(const struct node *node)
{
	for (size_t i = 2; i < node->n_words; i++)
		if (strchr("-/+=", node->words[i].text[0]) || node->words[i].quoted)
			return true;
	return node->n_words > 4;
}

static const char *join_words(struct build *build, const struct node *node)
{
	const char *text = node->words[1].text;

	for (size_t i = 2; i < node->n_words; i++)
		text = arena_printf(build->scratch, "%s %s", text, node->words[i].text);
	return text;
}

bool value_command(struct build *build, const struct node *node, bool with_user,
		   struct conf_command *ret)
{
	const char *why = "", *text;
	struct conf_command command = {0};

	if (node->n_words < 2) {
		build_error(build, node, 0, "'%s' needs a command", node->words[0].text);
		return false;
	}
	text = node->words[1].text;
	if (!with_user && node->n_words > 2 && node->words[1].quoted) {
		build_warn(build, node, 2,
			   "'%.64s' and what follows is ignored: the command stands alone here",
			   node->words[2].text);
	} else if (!with_user && node->n_words > 2) {
		text = join_words(build, node);
		build_warn(build, node, 2,
			   "words behind an unquoted command are taken as its arguments; quote it "
			   "as a whole");
	} else if (looks_like_arguments(node)) {
		build_error(build, node, 2,
			    "behind the command only a user and a group may follow; quote the "
			    "command together with its arguments");
		return false;
	}
	command.argv = split(build, text, &why);
	if (!command.argv) {
		build_error(build, node, 1, "this is not a command: %s", why);
		return false;
	}
	command.text = arena_strdup(build->arena, text);
	if (with_user)
		value_account(build, node, 2, &command.user, &command.group);
	*ret = command;
	return true;
}
