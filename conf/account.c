/* SPDX-License-Identifier: MIT */
/*
 * USER [GROUP]: who a script runs as. A name this machine does not know is warned about and no
 * more: the account may be made later, and only what runs as it fails. Runs in the thread that
 * loads.
 */
#include "conf/value.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#define USER_BYTES  4096
#define GROUP_BYTES 65536 /* a group names all its members */

static bool has_user(struct build *build, const char *name)
{
	struct passwd entry, *found = NULL;
	char *room = arena_alloc(build->scratch, USER_BYTES);

	return getpwnam_r(name, &entry, room, USER_BYTES, &found) != 0 || found;
}

static bool has_group(struct build *build, const char *name)
{
	struct group entry, *found = NULL;
	char *room = arena_alloc(build->scratch, GROUP_BYTES);

	return getgrnam_r(name, &entry, room, GROUP_BYTES, &found) != 0 || found;
}

/* A file of many scripts has few accounts; each is asked for once. */
static bool is_known_missing(struct build *build, const char *name, bool is_group)
{
	for (struct item *item = build->accounts.first; item; item = item->next) {
		const struct draft_account *account = ITEM(draft_account, item);

		if (account->is_group == is_group && strcmp(account->name, name) == 0)
			return account->missing;
	}
	struct draft_account *account =
		items_add(&build->accounts, build->scratch, sizeof(*account));

	account->name = arena_strdup(build->scratch, name);
	account->is_group = is_group;
	account->missing = is_group ? !has_group(build, name) : !has_user(build, name);
	return account->missing;
}

void value_account(struct build *build, const struct node *node, size_t index, char **ret_user,
		   char **ret_group)
{
	char **fields[] = {ret_user, ret_group};

	for (size_t i = 0; i < 2; i++) {
		*fields[i] = NULL;
		if (index + i >= node->n_words)
			continue;
		*fields[i] = arena_strdup(build->arena, node->words[index + i].text);
		if (is_known_missing(build, *fields[i], i == 1))
			build_warn(build, node, index + i,
				   "there is no %s '%.64s' here; what is to run as it will fail",
				   i == 1 ? "group" : "user", *fields[i]);
	}
}
