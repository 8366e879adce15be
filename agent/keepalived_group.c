/* SPDX-License-Identifier: MIT */
/*
 * KEEPALIVED-MIB K.3.1 and K.3.2: virtual server groups and their members, as they are written, by
 * place in the configuration. Thread: agent. A column that does not apply to the kind of a member
 * has no instance, as the MIB wants.
 */
#include "agent/cells.h"
#include "agent/keepalived.h"

/* virtualServerGroupMemberType */
enum member_type { MEMBER_FWMARK = 1, MEMBER_IP = 2, MEMBER_RANGE = 3 };

static const struct conf *conf_of(const struct view *view)
{
	return view->check ? view->check->conf : NULL;
}

static int build_groups(const struct view *view, struct rows *ret)
{
	const struct conf *conf = conf_of(view);
	int error = 0;

	for (uint32_t g = 0; conf && g < conf->n_address_groups && !error; g++)
		error = keepalived_add_row(ret, g, 0, keepalived_index(g), 0);
	return error;
}

static bool group_name(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, conf_of(view)->address_groups[row->major].name);
}

static const struct column group_columns[] = {
	COLUMN_READ(2, OCTETS, group_name),
};

static int build_members(const struct view *view, struct rows *ret)
{
	const struct conf *conf = conf_of(view);
	int error = 0;

	for (uint32_t g = 0; conf && g < conf->n_address_groups && !error; g++)
		error = keepalived_add_rows(ret, g, keepalived_index(g),
					    conf->address_groups[g].n_members);
	return error;
}

static const struct conf_group_member *member(const struct view *view, const struct row *row)
{
	return &conf_of(view)->address_groups[row->major].members[row->minor];
}

static enum member_type type_of(const struct conf_group_member *member)
{
	if (member->fwmark)
		return MEMBER_FWMARK;
	return ip_compare(&member->first, &member->last) == 0 ? MEMBER_IP : MEMBER_RANGE;
}

static bool member_type(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, type_of(member(view, row)));
}

static bool member_fwmark(const struct view *view, const struct row *row, struct cell *ret)
{
	return member(view, row)->fwmark && cell_number(ret, member(view, row)->fwmark);
}

static bool member_address_type(const struct view *view, const struct row *row, struct cell *ret)
{
	return !member(view, row)->fwmark && cell_ip_type(ret, &member(view, row)->first);
}

static bool member_address(const struct view *view, const struct row *row, struct cell *ret)
{
	return type_of(member(view, row)) == MEMBER_IP && cell_ip(ret, &member(view, row)->first);
}

static bool member_first(const struct view *view, const struct row *row, struct cell *ret)
{
	return type_of(member(view, row)) == MEMBER_RANGE &&
	       cell_ip(ret, &member(view, row)->first);
}

static bool member_last(const struct view *view, const struct row *row, struct cell *ret)
{
	return type_of(member(view, row)) == MEMBER_RANGE && cell_ip(ret, &member(view, row)->last);
}

static bool member_port(const struct view *view, const struct row *row, struct cell *ret)
{
	return !member(view, row)->fwmark && cell_number(ret, member(view, row)->port);
}

static const struct column member_columns[] = {
	COLUMN_READ(2, INTEGER, member_type),	      COLUMN_READ(3, GAUGE32, member_fwmark),
	COLUMN_READ(4, INTEGER, member_address_type), COLUMN_READ(5, OCTETS, member_address),
	COLUMN_READ(6, OCTETS, member_first),	      COLUMN_READ(7, OCTETS, member_last),
	COLUMN_READ(8, GAUGE32, member_port),
};

const struct table keepalived_vs_groups = {
	.name = "virtualServerGroupTable",
	.entry = {KEEPALIVED_ROOT, 3, 1, 1},
	.entry_length = 12,
	.columns = group_columns,
	.n_columns = CELL_COUNT(group_columns),
	.build = build_groups,
};

const struct table keepalived_vs_group_members = {
	.name = "virtualServerGroupMemberTable",
	.entry = {KEEPALIVED_ROOT, 3, 2, 1},
	.entry_length = 12,
	.columns = member_columns,
	.n_columns = CELL_COUNT(member_columns),
	.build = build_members,
};
