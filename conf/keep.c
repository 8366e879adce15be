/* SPDX-License-Identifier: MIT */
/*
 * Keeps what must not change while the daemon runs (conf/keep.h). The old value comes back as the
 * canonical text of its row, through the parser: whatever a keyword sets is set again. Pure.
 */
#include "conf/keep.h"

#include <errno.h>
#include <string.h>

#include "conf/build.h"
#include "conf/diff_rows.h"
#include "conf/dump.h"
#include "conf/scopes.h"

static void find_in(struct conf_diff *diff, const struct option_scope *scope, const void *old,
		    const void *new, struct keep *keep)
{
	struct diff_walk walk = {0};
	const struct option *row;

	while (keep->n < KEEP_MAX && (row = diff_next_row(scope, &walk)))
		if (row->reload == OPTION_REFUSED && !diff_row_is_same(diff, scope, row, old, new))
			keep->rows[keep->n++] = row;
}

int keep_find(const struct conf *previous, const struct conf *conf, struct keep *ret)
{
	struct conf_diff *diff;

	*ret = (struct keep){.previous = previous};
	if (conf_diff_new(previous, conf, &diff) < 0)
		return -ENOMEM;
	find_in(diff, option_root(), previous, conf, ret);
	find_in(diff, &scope_global, &previous->global, &conf->global, ret);
	conf_diff_free(diff);
	return 0;
}

bool keep_refuses(struct build *build, const struct node *node)
{
	struct keep *keep = build->keep;
	size_t i = 0;

	while (keep && i < keep->n && keep->rows[i] != node->row)
		i++;
	if (!keep || i == keep->n)
		return false;
	keep->said[i] = true;
	build_add(build, DIAG_NOTE, node, 0,
		  "'%s' cannot change while vipd runs; its old value stays until a restart",
		  node->row->name);
	return true;
}

/* Whether the row belongs to the scope, and not only another of the same name. */
static bool is_row_of(const struct option_scope *scope, const struct option *row)
{
	return option_find(scope, row->name) == row;
}

static const char *text_of(struct build *build, struct dump *dump, const struct option_scope *scope,
			   const void *model)
{
	const struct keep *keep = build->keep;
	const char *all = "", *text;

	for (size_t i = 0; i < keep->n; i++) {
		if (!is_row_of(scope, keep->rows[i]))
			continue;
		text = dump_text(dump, scope, keep->rows[i], model);
		if (text)
			all = arena_printf(build->scratch, "%s%s", all, text);
	}
	return all;
}

static const char *old_text(struct build *build, struct dump *dump)
{
	const struct conf *previous = build->keep->previous;
	const char *root = text_of(build, dump, option_root(), previous);
	const char *global = text_of(build, dump, &scope_global, &previous->global);

	return arena_printf(build->scratch, "%s%s {\n%s}\n", root, scope_global.name, global);
}

void keep_restore(struct build *build)
{
	struct keep *keep = build->keep;
	struct node *root = arena_alloc(build->scratch, sizeof(*root));
	struct diags found = build->diags;
	struct dump *dump;
	const struct tree_options plain = {.config_id = ""};
	const char *text;

	for (size_t i = 0; i < keep->n; i++)
		if (!keep->said[i])
			diags_add_file(&found, DIAG_NOTE, build->conf->file,
				       "'%s' cannot be left out while vipd runs; its old value "
				       "stays until a restart",
				       keep->rows[i]->name);
	dump = dump_new(keep->previous);
	if (!dump)
		arena_give_up(build->scratch);
	text = old_text(build, dump);
	dump_free(dump);
	/* It was all said when the old configuration was loaded. */
	build->diags = (struct diags){.arena = build->scratch};
	build->keep = NULL;
	tree_read_text(build->scratch, &build->diags, &plain, "", text, strlen(text), root);
	build_apply(build, root);
	build->diags = found;
	build->keep = keep;
}
