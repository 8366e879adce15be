/* SPDX-License-Identifier: MIT */
/*
 * IPVS-DIRECTOR-MIB 1.9: what no other module says of virtual routers. Rows are keyed by name, so
 * they do not move when the configuration is reordered. Thread: agent. No cell is ever absent.
 */
#include <errno.h>
#include <string.h>

#include "agent/director_mib.h"
#include "core/base/clock.h"

#define NAME_MAX_OCTETS 63

static int build(const struct view *view, struct rows *ret)
{
	for (uint32_t i = 0; view->vrrp && i < view->vrrp->n_instances; i++) {
		uint32_t at = view->vrrp->instances[i].conf_index;
		const char *name = view->vrrp->conf->instances[at].name;
		struct row *row;

		if (strlen(name) > NAME_MAX_OCTETS)
			continue;
		row = rows_add(ret, i, 0);
		if (!row)
			return -ENOMEM;
		row_index_text(row, name);
	}
	return 0;
}

static const struct snap_instance *live(const struct view *view, const struct row *row)
{
	return &view->vrrp->instances[row->major];
}

/* VRRPV3-MIB numbers, and fault(4) */
static int state_number(enum vrrp_state state)
{
	return (int)state + 1;
}

static bool state(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, state_number(live(view, row)->state));
}

static bool wanted(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, state_number(live(view, row)->wanted));
}

static bool transitions(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, (int64_t)live(view, row)->transitions);
}

static bool changed(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_date(ret, live(view, row)->changed_wall_us);
}

static bool reason(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text_or_empty(ret, live(view, row)->why);
}

static bool master_type(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_ip_type(ret, &live(view, row)->master);
}

static bool master(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_ip(ret, &live(view, row)->master);
}

static bool master_priority(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->master_priority);
}

static bool lateness(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, (int64_t)live(view, row)->worst_late_us);
}

static bool since(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_timestamp(ret, view, live(view, row)->counters_since_us);
}

static const struct column columns[] = {
	COLUMN_READ(2, INTEGER, state),		COLUMN_READ(3, INTEGER, wanted),
	COLUMN_READ(4, COUNTER32, transitions), COLUMN_READ(5, OCTETS, changed),
	COLUMN_READ(6, OCTETS, reason),		COLUMN_READ(7, INTEGER, master_type),
	COLUMN_READ(8, OCTETS, master),		COLUMN_READ(9, GAUGE32, master_priority),
	COLUMN_READ(10, GAUGE32, lateness),	COLUMN_READ(11, TIMETICKS, since),
};

const struct table director_vrrp = {
	.name = "ipvsdVrrpTable",
	.entry = {DIRECTOR_ROOT, 1, 9, 1, 1},
	.entry_length = DIRECTOR_ROOT_LENGTH + 4,
	.columns = columns,
	.n_columns = CELL_COUNT(columns),
	.build = build,
};
