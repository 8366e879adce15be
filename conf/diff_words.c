/* SPDX-License-Identifier: MIT */
/*
 * What changed within one object (conf/diff_words.h): each row that is not the same is printed for
 * both configurations, and the two texts are compared. Pure.
 */
#include "conf/diff_words.h"

#include <string.h>

#include "conf/diff_rows.h"
#include "conf/dump.h"

struct conf_change *diff_add(struct diff_list *list, enum conf_change_kind kind, const char *type,
			     const char *name, const char *inside)
{
	struct conf_change *change = items_add(&list->changes, list->arena, sizeof(*change));

	change->kind = kind;
	change->type = type;
	change->name = name;
	change->inside = inside;
	return change;
}

static const char *copy(struct diff_list *list, const struct option *row, const char *value)
{
	if (value && row && (row->flags & OPTION_SECRET))
		return "(not shown)";
	return value ? arena_strdup(list->arena, value) : NULL;
}

static void add_word(struct diff_list *list, const struct option *row, const char *keyword,
		     const char *old, const char *new)
{
	struct conf_change_word *word = items_add(&list->words, list->arena, sizeof(*word));

	word->keyword = keyword;
	word->old = copy(list, row, old);
	word->new = copy(list, row, new);
	word->way = row ? diff_way(row) : CONF_IN_PLACE;
}

/* What stands behind the keyword. */
const char *diff_value_of(const char *text)
{
	const char *value = text + text_keyword(text);

	return *value == ' ' ? value + 1 : value;
}

/* How many statements from the first on have the same keyword as it. */
static size_t run_of(const struct statements *from, size_t at, const char *keyword, size_t size)
{
	size_t end = at;

	while (end < from->count && text_keyword(from->items[end].text) == size &&
	       strncmp(from->items[end].text, keyword, size) == 0)
		end++;
	return end - at;
}

/* The keyword that comes first in both lists from i and k on. */
static const char *first_keyword(const struct statements *a, size_t i, const struct statements *b,
				 size_t k)
{
	if (i == a->count)
		return b->items[k].text;
	if (k == b->count)
		return a->items[i].text;
	return strcmp(a->items[i].text, b->items[k].text) < 0 ? a->items[i].text : b->items[k].text;
}

/* Statements of a block: a keyword given once before and once now has changed its value. */
void diff_add_statements(struct diff_list *list, const struct option_scope *scope,
			 struct statements *a, struct statements *b)
{
	size_t i = 0, k = 0;

	text_drop_common(a, b);
	while (i < a->count || k < b->count) {
		const char *first = first_keyword(a, i, b, k);
		size_t size = text_keyword(first), n_a = run_of(a, i, first, size),
		       n_b = run_of(b, k, first, size);
		const char *keyword = arena_strndup(list->arena, first, size);
		const struct option *row = scope ? option_find(scope, keyword) : NULL;
		bool pair = n_a == 1 && n_b == 1;

		if (pair)
			add_word(list, row, keyword, diff_value_of(a->items[i].text),
				 diff_value_of(b->items[k].text));
		for (size_t n = 0; n < n_a && !pair; n++)
			add_word(list, row, keyword, diff_value_of(a->items[i + n].text), NULL);
		for (size_t n = 0; n < n_b && !pair; n++)
			add_word(list, row, keyword, NULL, diff_value_of(b->items[k + n].text));
		i += n_a;
		k += n_b;
	}
}

/* Lines of a list: each comes or goes. */
void diff_add_lines(struct diff_list *list, const struct option *row, const char *old,
		    const char *new)
{
	struct statements a = text_statements(list->arena, old),
			  b = text_statements(list->arena, new);

	text_drop_common(&a, &b);
	for (size_t i = 0; i < a.count; i++)
		add_word(list, row, row->name, a.items[i].text, NULL);
	for (size_t i = 0; i < b.count; i++)
		add_word(list, row, row->name, NULL, b.items[i].text);
}

/* The lines inside the one block that text is. */
static const char *inside_of(struct diff_list *list, const char *text)
{
	struct statements all = text_statements(list->arena, text);

	return all.count ? all.items[0].body : "";
}

void diff_add_row(struct diff_list *list, const struct option_scope *scope,
		  const struct option *row, const void *old, const void *new)
{
	const char *a = dump_text(list->diff->old_text, scope, row, old);
	const char *b = dump_text(list->diff->new_text, scope, row, new);

	if (!a || !b)
		arena_give_up(list->arena);
	if (diff_is_list(row)) {
		diff_add_lines(list, row, inside_of(list, a), inside_of(list, b));
	} else {
		struct statements was = text_statements(list->arena, a),
				  is = text_statements(list->arena, b);

		diff_add_statements(list, scope, &was, &is);
	}
}

void diff_add_rows(struct diff_list *list, const struct option_scope *scope, const void *old,
		   const void *new)
{
	struct diff_walk walk = {0};
	const struct option *row;

	list->words = (struct items){0};
	while ((row = diff_next_row(scope, &walk)))
		if (!diff_row_is_same(list->diff, scope, row, old, new))
			diff_add_row(list, scope, row, old, new);
}

/* The strongest way among the words, but refused only when all are. */
static enum conf_change_way way_of(const struct conf_change *change)
{
	enum conf_change_way way = CONF_REFUSED;

	for (size_t i = 0; i < change->n_words; i++) {
		if (change->words[i].way == CONF_RESTARTED)
			return CONF_RESTARTED;
		if (change->words[i].way == CONF_IN_PLACE)
			way = CONF_IN_PLACE;
	}
	return way;
}

/* The change that the words collected make, NULL when there are none. */
struct conf_change *diff_add_changed(struct diff_list *list, const char *type, const char *name,
				     const char *inside)
{
	struct conf_change *change;

	if (!list->words.n)
		return NULL;
	change = diff_add(list, CONF_CHANGED, type, name, inside);
	change->n_words = list->words.n;
	change->words = items_to_array(&list->words, list->arena, sizeof(*change->words));
	change->way = way_of(change);
	return change;
}
