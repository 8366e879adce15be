/* SPDX-License-Identifier: MIT */
/*
 * IPVS-DIRECTOR-MIB 1.4: machines, the destinations of all services that have one address. What is
 * set of one is a single change of the check engine, whatever the number of its destinations.
 * Thread: agent. No cell is ever absent.
 */
#include <errno.h>
#include <string.h>

#include "agent/director_mib.h"

static int build(const struct view *view, struct rows *ret)
{
	for (uint32_t m = 0; view->check && m < view->check->n_machines; m++) {
		struct row *row = rows_add(ret, m, 0);

		if (!row)
			return -ENOMEM;
		row_index_ip(row, &view->check->machines[m].ip);
	}
	return 0;
}

static const struct snap_machine *live(const struct view *view, const struct row *row)
{
	return &view->check->machines[row->major];
}

static bool admin(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->admin);
}

static bool storage(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->storage);
}

static bool comment(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, live(view, row)->comment);
}

static bool dests(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->n_dests);
}

static bool dests_up(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->n_up);
}

static bool active(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, (int64_t)live(view, row)->active_conns);
}

static bool inactive(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, (int64_t)live(view, row)->inactive_conns);
}

static bool drain(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->drain);
}

/* The way back is known to the check engine alone: each destination may have been something else.
 */
static enum set_error change(const struct view *view, const struct row *row, enum dest_field field,
			     int64_t value, struct set_change *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->target = SET_TO_CHECK;
	ret->apply.dest.machine = true;
	ret->apply.dest.dest.ip = live(view, row)->ip;
	ret->apply.dest.field = field;
	ret->apply.dest.value = (int32_t)value;
	ret->undo.dest = ret->apply.dest;
	return SET_OK;
}

static enum set_error set_admin(const struct view *view, const struct row *row,
				const struct cell *value, struct set_change *ret)
{
	if (value->number == DEST_SHUTTING_DOWN && live(view, row)->admin == DEST_LOCKED)
		return SET_INCONSISTENT_VALUE;
	return change(view, row, DEST_SET_ADMIN, value->number, ret);
}

static enum set_error set_storage(const struct view *view, const struct row *row,
				  const struct cell *value, struct set_change *ret)
{
	return change(view, row, DEST_SET_STORAGE, value->number, ret);
}

static enum set_error set_comment(const struct view *view, const struct row *row,
				  const struct cell *value, struct set_change *ret)
{
	enum set_error error = director_judge_comment(value);

	if (error != SET_OK)
		return error;
	change(view, row, DEST_SET_COMMENT, 0, ret);
	if (value->size > 0)
		memcpy(ret->apply.dest.text, value->octets, value->size);
	return SET_OK;
}

static const struct column columns[] = {
	COLUMN_WRITE(3, INTEGER, admin, set_admin, DEST_LOCKED, DEST_UNLOCKED),
	COLUMN_WRITE(4, INTEGER, storage, set_storage, STORAGE_VOLATILE, STORAGE_NONVOLATILE),
	COLUMN_WRITE(5, OCTETS, comment, set_comment, 0, ADMIN_COMMENT_MAX - 1),
	COLUMN_READ(6, GAUGE32, dests),
	COLUMN_READ(7, GAUGE32, dests_up),
	COLUMN_READ(8, GAUGE32, active),
	COLUMN_READ(9, GAUGE32, inactive),
	COLUMN_READ(10, INTEGER, drain),
};

const struct table director_servers = {
	.name = "ipvsdSrvTable",
	.entry = {DIRECTOR_ROOT, 1, 4, 1, 1},
	.entry_length = DIRECTOR_ROOT_LENGTH + 4,
	.columns = columns,
	.n_columns = CELL_COUNT(columns),
	.build = build,
};
