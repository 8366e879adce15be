/* SPDX-License-Identifier: MIT */
/*
 * IPVS-DIRECTOR-MIB 1.6: the ring of events, and how long it is. Thread: agent. No cell is ever
 * absent.
 */
#include <errno.h>
#include <string.h>

#include "agent/director_mib.h"
#include "agent/events.h"

static int build(const struct view *view, struct rows *ret)
{
	size_t count = view->events ? events_count(view->events) : 0;

	for (size_t i = 0; i < count; i++) {
		struct row *row = rows_add(ret, (uint32_t)i, 0);

		if (!row)
			return -ENOMEM;
		row_index_u32(row, events_at(view->events, i)->number);
	}
	return 0;
}

static const struct happening *live(const struct view *view, const struct row *row)
{
	return &events_at(view->events, row->major)->is;
}

static bool date(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_date(ret, live(view, row)->wall_us);
}

static bool uptime(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_timestamp(ret, view, live(view, row)->mono_us);
}

static bool type(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->kind);
}

static bool who(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, live(view, row)->who);
}

static bool object(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct happening *is = live(view, row);

	director_pointer(is->object, &is->svc, &is->dest, ret);
	return true;
}

static bool was(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, live(view, row)->was);
}

static bool now(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, live(view, row)->now);
}

static bool text(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, live(view, row)->text);
}

static bool name(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, live(view, row)->name);
}

static const struct column columns[] = {
	COLUMN_READ(2, OCTETS, date),  COLUMN_READ(3, TIMETICKS, uptime),
	COLUMN_READ(4, INTEGER, type), COLUMN_READ(5, OCTETS, who),
	COLUMN_READ(6, OID, object),   COLUMN_READ(7, OCTETS, was),
	COLUMN_READ(8, OCTETS, now),   COLUMN_READ(9, OCTETS, text),
	COLUMN_READ(10, OCTETS, name),
};

const struct table director_events = {
	.name = "ipvsdEventTable",
	.entry = {DIRECTOR_ROOT, 1, 6, 5, 1},
	.entry_length = DIRECTOR_ROOT_LENGTH + 4,
	.columns = columns,
	.n_columns = CELL_COUNT(columns),
	.build = build,
};

/* ---- the ring as a whole ---- */

static int build_scalars(const struct view *view, struct rows *ret)
{
	return view->events ? rows_add_scalars(ret) : 0;
}

static bool most(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, events_room(view->events));
}

static enum set_error set_most(const struct view *view, const struct row *row,
			       const struct cell *value, struct set_change *ret)
{
	(void)row;
	cell_change_agent(ret, AGENT_EVENTS, (uint32_t)value->number, events_room(view->events));
	return SET_OK;
}

static bool first(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret,
			   events_count(view->events) ? events_at(view->events, 0)->number : 0);
}

static bool last(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, events_last(view->events));
}

static bool dropped(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, events_dropped(view->events));
}

static const struct column scalar_columns[] = {
	COLUMN_WRITE(1, GAUGE32, most, set_most, 0, EVENTS_MAX),
	COLUMN_READ(2, GAUGE32, first),
	COLUMN_READ(3, GAUGE32, last),
	COLUMN_READ(4, COUNTER32, dropped),
};

const struct table director_event_scalars = {
	.name = "ipvsdEvents",
	.entry = {DIRECTOR_ROOT, 1, 6},
	.entry_length = DIRECTOR_ROOT_LENGTH + 2,
	.columns = scalar_columns,
	.n_columns = CELL_COUNT(scalar_columns),
	.build = build_scalars,
};
