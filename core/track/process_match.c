/* SPDX-License-Identifier: MIT */
/*
 * Compares a process with what is tracked. Any process may call itself anything: names and
 * parameters are octets that are compared and never shown. Any thread.
 */
#include "core/track/process_match.h"

#include <string.h>

bool process_wants_command(const struct conf_track_process *wanted)
{
	return wanted->full_command || wanted->match != CONF_PARAM_ANY;
}

/* The word at *at, which moves behind it; NULL at the end. A last word may lack its NUL. */
static const char *next_word(const struct process_seen *seen, size_t *at, size_t *ret_length)
{
	const char *word = seen->command + *at;

	if (*at >= seen->command_size)
		return NULL;
	*ret_length = strnlen(word, seen->command_size - *at);
	*at += *ret_length + 1;
	return word;
}

static bool same_word(const char *wanted, const char *word, size_t length, bool may_go_on)
{
	size_t size = strlen(wanted);

	return word && (may_go_on ? size <= length : size == length) &&
	       memcmp(wanted, word, size) == 0;
}

static bool matches_command(const struct conf_track_process *wanted,
			    const struct process_seen *seen)
{
	size_t at = 0, length = 0;

	for (size_t i = 0; wanted->argv[i]; i++) {
		bool last = i && !wanted->argv[i + 1];
		const char *word = next_word(seen, &at, &length);

		if (!same_word(wanted->argv[i], word, length,
			       last && wanted->match == CONF_PARAM_INITIAL))
			return false;
	}
	return wanted->match != CONF_PARAM_EXACT || at >= seen->command_size;
}

bool process_matches(const struct conf_track_process *wanted, const struct process_seen *seen)
{
	if (seen->over)
		return false;
	if (process_wants_command(wanted))
		return matches_command(wanted, seen);
	return strcmp(wanted->argv[0], seen->name) == 0;
}
