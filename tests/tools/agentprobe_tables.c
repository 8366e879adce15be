/* SPDX-License-Identifier: MIT */
/*
 * Private tables for agentprobe, in the place of those of the daemon: a scalar group, a table over
 * the published destinations that has every type of cell, absent cells and writable ones, and a
 * second table so that a SET can span two regions. One notification for each event, numbered.
 *
 * Thread: agent.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/table.h"
#include "core/base/ip.h"
#include "tests/tools/agentprobe.h"

static const struct snap_dest *row_dest(const struct view *view, const struct row *row)
{
	return &view->check->dests[row->major];
}

static bool get_number(struct cell *ret, int64_t number)
{
	ret->number = number;
	return true;
}

static bool get_admin(const struct view *view, const struct row *row, struct cell *ret)
{
	return get_number(ret, row_dest(view, row)->admin);
}

static bool get_weight(const struct view *view, const struct row *row, struct cell *ret)
{
	return get_number(ret, row_dest(view, row)->conf_weight);
}

static bool get_conns(const struct view *view, const struct row *row, struct cell *ret)
{
	return get_number(ret, (int64_t)row_dest(view, row)->stats.conns);
}

static bool get_comment(const struct view *view, const struct row *row, struct cell *ret)
{
	ret->octets = row_dest(view, row)->comment;
	ret->size = strlen(row_dest(view, row)->comment);
	return true;
}

/* Odd ports only: every other cell is absent. */
static bool get_sparse(const struct view *view, const struct row *row, struct cell *ret)
{
	return row_dest(view, row)->key.port % 2 && get_number(ret, row->major);
}

static bool get_never(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view;
	(void)row;
	(void)ret;
	return false;
}

static bool get_changed(const struct view *view, const struct row *row, struct cell *ret)
{
	return get_number(ret, view_timestamp(view, row_dest(view, row)->changed_us));
}

static bool get_address(const struct view *view, const struct row *row, struct cell *ret)
{
	ret->octets = row_dest(view, row)->key.ip.octets;
	ret->size = 4;
	return true;
}

static bool get_oid(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view;
	ret->oid[0] = 1;
	ret->oid[1] = 3;
	ret->oid[2] = row->major;
	ret->size = 3;
	return true;
}

static bool get_conns32(const struct view *view, const struct row *row, struct cell *ret)
{
	return get_number(ret, (int64_t)row_dest(view, row)->stats.conns);
}

static enum set_error set_dest(const struct view *view, const struct row *row,
			       enum dest_field field, int32_t value, int32_t before,
			       struct set_change *ret)
{
	const struct snap_dest *dest = row_dest(view, row);

	ret->target = SET_TO_CHECK;
	ret->apply.dest = (struct dest_change){.dest = dest->key, .field = field, .value = value};
	ret->undo.dest = (struct dest_change){.dest = dest->key, .field = field, .value = before};
	return SET_OK;
}

static enum set_error set_admin(const struct view *view, const struct row *row,
				const struct cell *value, struct set_change *ret)
{
	return set_dest(view, row, DEST_SET_ADMIN, (int32_t)value->number,
			row_dest(view, row)->admin, ret);
}

/* 13 is nobody's weight. */
static enum set_error set_weight(const struct view *view, const struct row *row,
				 const struct cell *value, struct set_change *ret)
{
	if (value->number == 13)
		return SET_INCONSISTENT_VALUE;
	return set_dest(view, row, DEST_SET_WEIGHT, (int32_t)value->number,
			row_dest(view, row)->conf_weight, ret);
}

static enum set_error set_comment(const struct view *view, const struct row *row,
				  const struct cell *value, struct set_change *ret)
{
	enum set_error error = set_dest(view, row, DEST_SET_COMMENT, 0, 0, ret);

	memcpy(ret->apply.dest.text, value->octets, value->size);
	snprintf(ret->undo.dest.text, sizeof(ret->undo.dest.text), "%s",
		 row_dest(view, row)->comment);
	return error;
}

static const struct column dest_columns[] = {
	{.number = 2, .type = CELL_INTEGER, .get = get_admin, .set = set_admin, .min = 2, .max = 4},
	{.number = 3,
	 .type = CELL_GAUGE32,
	 .get = get_weight,
	 .set = set_weight,
	 .min = 0,
	 .max = 65535},
	{.number = 4, .type = CELL_COUNTER64, .get = get_conns},
	{.number = 5,
	 .type = CELL_OCTETS,
	 .get = get_comment,
	 .set = set_comment,
	 .min = 0,
	 .max = ADMIN_COMMENT_MAX - 1},
	{.number = 7, .type = CELL_INTEGER, .get = get_sparse},
	{.number = 8, .type = CELL_TIMETICKS, .get = get_changed},
	{.number = 9, .type = CELL_INTEGER, .get = get_never},
	{.number = 10, .type = CELL_IPADDRESS, .get = get_address},
	{.number = 11, .type = CELL_OID, .get = get_oid},
	{.number = 12, .type = CELL_COUNTER32, .get = get_conns32},
};

static int build_dests(const struct view *view, struct rows *ret)
{
	if (!view->check)
		return 0;
	/* Last first: the order is the walker's business. */
	for (size_t i = view->check->n_dests; i-- > 0;) {
		struct row *row = rows_add(ret, (uint32_t)i, 0);

		if (!row)
			return -ENOMEM;
		row_index_ip(row, &view->check->dests[i].key.ip);
		row_index_u32(row, view->check->dests[i].key.port);
	}
	return 0;
}

static const struct table dest_table = {
	.name = "probeDestTable",
	.entry = {PROBE_ARC, 2, 1},
	.entry_length = PROBE_ARC_LENGTH + 2,
	.columns = dest_columns,
	.n_columns = sizeof(dest_columns) / sizeof(*dest_columns),
	.build = build_dests,
};

static bool get_count(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return get_number(ret, view->check ? (int64_t)view->check->n_dests : 0);
}

static bool get_traps(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return get_number(ret, view->traps_enabled ? 1 : 2);
}

static enum set_error set_traps(const struct view *view, const struct row *row,
				const struct cell *value, struct set_change *ret)
{
	(void)row;
	ret->target = SET_TO_AGENT;
	ret->apply.agent.value = (uint32_t)value->number;
	ret->undo.agent.value = view->traps_enabled ? 1 : 2;
	return SET_OK;
}

static const struct column scalar_columns[] = {
	{.number = 1, .type = CELL_GAUGE32, .get = get_count},
	{.number = 2, .type = CELL_INTEGER, .get = get_traps, .set = set_traps, .min = 1, .max = 2},
};

static int build_scalars(const struct view *view, struct rows *ret)
{
	(void)view;
	return rows_add_scalars(ret);
}

static const struct table scalar_group = {
	.name = "probeScalars",
	.entry = {PROBE_ARC, 1},
	.entry_length = PROBE_ARC_LENGTH + 1,
	.columns = scalar_columns,
	.n_columns = sizeof(scalar_columns) / sizeof(*scalar_columns),
	.build = build_scalars,
};

struct table_list keepalived_global_tables(void)
{
	static const struct table *const items[] = {&scalar_group};

	return (struct table_list){items, 1};
}

struct table_list keepalived_check_tables(void)
{
	static const struct table *const items[] = {&dest_table};

	return (struct table_list){items, 1};
}

struct table_list keepalived_vrrp_tables(void)
{
	return (struct table_list){0};
}

struct table_list vrrp_mib_tables(void)
{
	return (struct table_list){0};
}

struct table_list vrrp3_mib_tables(void)
{
	return (struct table_list){0};
}

struct table_list director_mib_tables(void)
{
	return (struct table_list){0};
}

struct table_list lvs_mib_tables(void)
{
	return (struct table_list){0};
}

static const uint32_t event_trap[] = {PROBE_ARC, 0, 1};
static const uint32_t event_number[] = {PROBE_ARC, 1, 3, 0};

size_t notifications_of(const struct view *view, const struct msg_event *event, uint32_t *serial,
			struct notification ret[static 4])
{
	struct varbind *varbind = &ret->varbinds[0];

	(void)view;
	memcpy(ret->trap, event_trap, sizeof(event_trap));
	ret->trap_length = sizeof(event_trap) / sizeof(*event_trap);
	ret->kind = 1;
	ret->wall_us = event->wall_us;
	ret->mono_us = event->mono_us;
	ret->n_varbinds = 2;
	memcpy(varbind[0].name, event_number, sizeof(event_number));
	varbind[0].name_length = sizeof(event_number) / sizeof(*event_number);
	varbind[0].type = CELL_GAUGE32;
	varbind[0].cell.number = ++*serial;
	varbind[1] = varbind[0];
	varbind[1].name[PROBE_ARC_LENGTH + 1] = 4;
	varbind[1].type = CELL_OCTETS;
	varbind[1].cell.octets = NULL;
	varbind[1].cell.size = 4;
	memcpy(varbind[1].cell.room, "mark", 4);
	return 1;
}
