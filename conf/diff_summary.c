/* SPDX-License-Identifier: MIT */
/*
 * A list of changes as one line for the log: how many objects of each kind came, went, changed.
 * Pure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diff.h"
#include "conf/options.h"
#include "conf/scopes.h"

struct noun {
	const char *one, *many;
};

static struct noun noun_of(const char *type)
{
	static const struct {
		const char *type;
		struct noun noun;
	} nouns[] = {
		{"vrrp_instance", {"instance", "instances"}},
		{"vrrp_sync_group", {"sync group", "sync groups"}},
		{"vrrp_script", {"script", "scripts"}},
		{"track_file", {"tracked file", "tracked files"}},
		{"vrrp_track_process", {"tracked process", "tracked processes"}},
		{"bfd_instance", {"BFD session", "BFD sessions"}},
		{"virtual_server_group", {"address group", "address groups"}},
		{"virtual_server", {"service", "services"}},
		{"real_server", {"real server", "real servers"}},
	};
	const struct option *row = option_find(&scope_server, type);

	for (size_t i = 0; i < sizeof(nouns) / sizeof(*nouns); i++)
		if (strcmp(nouns[i].type, type) == 0)
			return nouns[i].noun;
	if (row && (row->flags & OPTION_OBJECTS))
		return (struct noun){"checker", "checkers"};
	return (struct noun){type, type};
}

static const char *verb_of(const struct conf_change *change)
{
	static const char *const ways[] = {
		[CONF_IN_PLACE] = "changed in place",
		[CONF_RESTARTED] = "restarted",
		[CONF_REFUSED] = "kept until vipd is restarted",
	};

	return change->kind == CONF_ADDED     ? "added"
	       : change->kind == CONF_REMOVED ? "removed"
					      : ways[change->way];
}

/* The same noun and verb. */
static bool is_alike(const struct conf_change *a, const struct conf_change *b)
{
	return strcmp(verb_of(a), verb_of(b)) == 0 &&
	       strcmp(noun_of(a->type).one, noun_of(b->type).one) == 0;
}

#define PARTS_MAX 128 /* different nouns and verbs: far fewer exist */

struct part {
	const struct conf_change *first;
	size_t count;
};

static void count_part(struct part parts[PARTS_MAX], size_t *n_parts,
		       const struct conf_change *change)
{
	size_t i = 0;

	while (i < *n_parts && !is_alike(parts[i].first, change))
		i++;
	if (i == PARTS_MAX)
		return;
	if (i == *n_parts)
		parts[(*n_parts)++] = (struct part){.first = change};
	parts[i].count++;
}

static void print_part(FILE *out, const struct part *part)
{
	struct noun noun = noun_of(part->first->type);

	if (*part->first->name || *part->first->inside)
		fprintf(out, "%zu %s %s", part->count, part->count == 1 ? noun.one : noun.many,
			verb_of(part->first));
	else
		fprintf(out, "%s %s", noun.one, verb_of(part->first));
}

char *conf_changes_summary(const struct conf_changes *changes)
{
	struct part parts[PARTS_MAX];
	size_t n_parts = 0, size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < changes->count; i++)
		count_part(parts, &n_parts, &changes->items[i]);
	for (size_t i = 0; i < n_parts; i++) {
		fputs(i ? ", " : "", out);
		print_part(out, &parts[i]);
	}
	if (!n_parts)
		fputs("nothing changes", out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
