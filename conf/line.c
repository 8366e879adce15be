/* SPDX-License-Identifier: MIT */
/*
 * The reader of lines of attributes. Runs in the thread that loads.
 */
#include "conf/line.h"

#include <string.h>

#include "conf/value.h"

static size_t count(const struct attribute *table)
{
	size_t n = 0;

	while (table && table[n].name)
		n++;
	return n;
}

static struct line start(struct build *build, const struct node *node,
			 const struct attribute *first, const struct attribute *second)
{
	return (struct line){
		.build = build,
		.node = node,
		.tables = {first, second},
		.places = arena_array(build->scratch, count(first) + count(second), sizeof(size_t)),
	};
}

struct line line_start(struct build *build, const struct node *node,
		       const struct option_scope *scope)
{
	struct line line = start(build, node, scope->attributes[0], scope->attributes[1]);

	line.scope = scope->name;
	return line;
}

struct line line_part(const struct line *line, const struct attribute *table)
{
	struct line part = start(line->build, line->node, table, NULL);

	part.scope = line->scope;
	part.at = line->at;
	part.family = line->family;
	return part;
}

bool line_at_end(const struct line *line)
{
	return line->at >= line->node->n_words;
}

const char *line_word(const struct line *line)
{
	return line_at_end(line) ? "" : line->node->words[line->at].text;
}

bool line_take(struct line *line, const char *text)
{
	if (line_at_end(line) || strcmp(line_word(line), text) != 0)
		return false;
	line->at++;
	return true;
}

/* ---- attributes ---- */

static const struct attribute *find(const struct line *line, const char *name, size_t *ret_index)
{
	size_t index = 0;

	for (size_t t = 0; t < 2; t++)
		for (const struct attribute *row = line->tables[t]; row && row->name;
		     row++, index++)
			if (strcmp(row->name, name) == 0) {
				*ret_index = index;
				return row;
			}
	return NULL;
}

size_t line_place(const struct line *line, const char *name)
{
	size_t index;

	return find(line, name, &index) && line->places[index] ? line->places[index] - 1 : 0;
}

static bool read_number(struct line *line, const struct attribute *row, void *field)
{
	const char *what = arena_printf(line->build->scratch, "'%s'", row->name);
	uint64_t value;

	if (!value_unsigned(line->build, line->node, line->at, what, row->min, row->max, &value))
		return false;
	line->at++;
	value_store(field, row->size, (int64_t)value);
	return true;
}

static bool read_interface(struct line *line, const struct attribute *row, void *field)
{
	const char *what =
		arena_printf(line->build->scratch, "the interface behind '%s'", row->name);
	char *name;

	if (!value_interface(line->build, line->node, line->at, what, &name))
		return false;
	line->at++;
	memcpy(field, &name, sizeof(name));
	return true;
}

static bool read_one(struct line *line, const struct attribute *row, void *draft)
{
	void *field = (char *)draft + row->offset;
	uint32_t bits;

	switch (row->type) {
	case ATTRIBUTE_FLAG:
		value_store(field, row->size, row->value);
		return true;
	case ATTRIBUTE_SET_BITS:
	case ATTRIBUTE_CLEAR_BITS:
		memcpy(&bits, field, sizeof(bits));
		bits = row->type == ATTRIBUTE_SET_BITS ? bits | row->value : bits & ~row->value;
		memcpy(field, &bits, sizeof(bits));
		return true;
	case ATTRIBUTE_UNSIGNED:
		return read_number(line, row, field);
	case ATTRIBUTE_INTERFACE:
		return read_interface(line, row, field);
	case ATTRIBUTE_ADDRESS:
		return line_read_address(
			line,
			arena_printf(line->build->scratch, "the address behind '%s'", row->name),
			field);
	case ATTRIBUTE_CUSTOM:
		return row->read(line, row, draft);
	}
	return false;
}

/* Each attribute once; where it stood is remembered. */
static void note_place(struct line *line, const struct attribute *row, size_t index)
{
	if (line->places[index])
		build_warn(line->build, line->node, line->at,
			   "'%s' is given more than once; the last one counts", row->name);
	line->places[index] = line->at + 1;
	if (row->use)
		build_warn(line->build, line->node, line->at, "'%s' is deprecated; write '%s'",
			   row->name, row->use);
	build_warn_unsupported(line->build, line->node, line->at, line->scope, row->name);
}

bool line_read(struct line *line, void *draft)
{
	while (!line_at_end(line)) {
		size_t index;
		const struct attribute *row = find(line, line_word(line), &index);

		if (!row)
			return true;
		note_place(line, row, index);
		line->at++;
		if (!read_one(line, row, draft))
			return false;
	}
	return true;
}

bool line_read_all(struct line *line, bool (*bare)(struct line *line, void *draft), void *draft)
{
	while (!line_at_end(line))
		if (!line_read(line, draft) || (!line_at_end(line) && !bare(line, draft)))
			return false;
	return true;
}

bool line_read_named(struct line *line, const struct attribute *row, void *draft)
{
	uint32_t value;

	if (!rtnames_read(line->build, line->node, line->at, (enum rtnames_kind)row->value,
			  arena_printf(line->build->scratch, "'%s'", row->name),
			  row->max ? (uint32_t)row->max : UINT8_MAX, &value))
		return false;
	line->at++;
	value_store((char *)draft + row->offset, row->size, value);
	return true;
}

void line_refuse(struct line *line, const char *what)
{
	const char *name = line_word(line), *near = NULL;
	unsigned best = option_slip_limit(name) + 1;

	for (size_t t = 0; t < 2; t++)
		for (const struct attribute *row = line->tables[t]; row && row->name; row++) {
			unsigned distance = option_distance(name, row->name, best - 1);

			if (distance >= best || best == 1)
				continue;
			best = distance ? distance : 1;
			near = row->name;
		}
	build_error(line->build, line->node, line->at, "unknown attribute '%.64s' of %s%s%s%s",
		    name, what, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* ---- addresses and families ---- */

static const char *family_name(uint16_t family)
{
	return family == AF_INET6 ? "IPv6" : "IPv4";
}

bool line_settle_family(struct line *line, size_t index, uint16_t family)
{
	if (line->family == AF_UNSPEC)
		line->family = family;
	if (line->family == family)
		return true;
	build_error(line->build, line->node, index,
		    "'%.64s' is of %s, but what stands before it is of %s",
		    line->node->words[index].text, family_name(family), family_name(line->family));
	return false;
}

bool line_read_family(struct line *line, const struct attribute *row, void *draft)
{
	(void)draft;
	return line_settle_family(line, line->at - 1, row->value ? AF_INET6 : AF_INET);
}

bool line_read_address(struct line *line, const char *what, struct ip *ret)
{
	struct ip ip;

	if (!line_at_end(line) && strchr(line_word(line), '/')) {
		build_error(line->build, line->node, line->at,
			    "%s must be an address without a prefix length, not '%.64s'", what,
			    line_word(line));
		return false;
	}
	if (!value_address(line->build, line->node, line->at, what, &ip) ||
	    !line_settle_family(line, line->at, ip.family))
		return false;
	line->at++;
	*ret = ip;
	return true;
}

bool line_read_prefix(struct line *line, const char *what, struct conf_prefix *ret)
{
	struct conf_prefix prefix = {0};

	if (line_take(line, "default") || line_take(line, "any") || line_take(line, "all")) {
		*ret = prefix;
		return true;
	}
	if (!value_prefix(line->build, line->node, line->at, what, &prefix.ip, &prefix.length) ||
	    !line_settle_family(line, line->at, prefix.ip.family))
		return false;
	line->at++;
	*ret = prefix;
	return true;
}

bool line_check_family(struct line *line)
{
	size_t index = 0;

	for (size_t t = 0; t < 2; t++)
		for (const struct attribute *row = line->tables[t]; row && row->name;
		     row++, index++) {
			if (!line->places[index] || !row->family || row->family == line->family)
				continue;
			build_error(line->build, line->node, line->places[index] - 1,
				    "'%s' is possible with %s only", row->name,
				    family_name(row->family));
			return false;
		}
	return true;
}
