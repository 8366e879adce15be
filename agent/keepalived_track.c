/* SPDX-License-Identifier: MIT */
/*
 * KEEPALIVED-MIB K.2: what each instance and each sync group tracks. Thread: agent.
 *
 * One table for each kind of object and for each of both owners. A line has the number of its place
 * among the lines of its kind, but an interface its ifIndex, so one that does not exist has no row.
 * What an instance has from its sync group is shown with the group.
 */
#include "agent/cells.h"
#include "agent/keepalived.h"

/* The lines of one instance or group; major of a row is its place, minor that of the line. */
struct lines {
	const struct conf_track *tracks;
	size_t n;
};

static size_t n_owners(const struct conf *conf, bool groups)
{
	return groups ? conf->n_groups : conf->n_instances;
}

static struct lines lines_of(const struct conf *conf, bool groups, size_t at)
{
	if (groups)
		return (struct lines){conf->groups[at].tracks, conf->groups[at].n_tracks};
	return (struct lines){conf->instances[at].tracks, conf->instances[at].n_tracks};
}

/* What follows the owner in the index; 0: no row. */
static uint32_t number_of(const struct view *view, const struct conf_track *track,
			  enum conf_track_kind kind, uint32_t place)
{
	return kind == CONF_TRACK_INTERFACE ? view_ifindex(view->vrrp, track->name) : place;
}

static int add_lines(const struct view *view, const struct lines *lines, uint32_t owner,
		     enum conf_track_kind kind, struct rows *ret)
{
	uint32_t place = 0;

	for (uint32_t t = 0; t < lines->n; t++) {
		const struct conf_track *track = &lines->tracks[t];
		uint32_t number;
		int error;

		if (track->kind != kind || track->inherited)
			continue;
		number = number_of(view, track, kind, ++place);
		if (!number)
			continue;
		error = keepalived_add_row(ret, owner, t, keepalived_index(owner), number);
		if (error)
			return error;
	}
	return 0;
}

static int build(const struct view *view, bool groups, enum conf_track_kind kind, struct rows *ret)
{
	const struct conf *conf = view->vrrp ? view->vrrp->conf : NULL;
	int error = 0;

	for (uint32_t i = 0; conf && i < n_owners(conf, groups) && !error; i++) {
		struct lines lines = lines_of(conf, groups, i);

		error = add_lines(view, &lines, i, kind, ret);
	}
	return error;
}

static const struct conf_track *line(const struct view *view, const struct row *row, bool groups)
{
	struct lines lines = lines_of(view->vrrp->conf, groups, row->major);

	return &lines.tracks[row->minor];
}

#define OWNER(prefix, groups)                                                                      \
	static bool prefix##_name(const struct view *view, const struct row *row,                  \
				  struct cell *ret)                                                \
	{                                                                                          \
		return cell_text(ret, line(view, row, groups)->name);                              \
	}                                                                                          \
	static bool prefix##_weight(const struct view *view, const struct row *row,                \
				    struct cell *ret)                                              \
	{                                                                                          \
		return cell_number(ret, line(view, row, groups)->weight);                          \
	}                                                                                          \
	static bool prefix##_reverse(const struct view *view, const struct row *row,               \
				     struct cell *ret)                                             \
	{                                                                                          \
		return cell_truth(ret, line(view, row, groups)->reverse);                          \
	}                                                                                          \
	/* Those of interfaces begin at 1: their index is no column of the table. */               \
	static const struct column prefix##_interface_columns[] = {                                \
		COLUMN_READ(1, OCTETS, prefix##_name),                                             \
		COLUMN_READ(2, INTEGER, prefix##_weight),                                          \
		COLUMN_READ(3, INTEGER, prefix##_reverse),                                         \
	};                                                                                         \
	static const struct column prefix##_columns[] = {                                          \
		COLUMN_READ(2, OCTETS, prefix##_name),                                             \
		COLUMN_READ(3, INTEGER, prefix##_weight),                                          \
		COLUMN_READ(4, INTEGER, prefix##_reverse),                                         \
	}

OWNER(instance, false);
OWNER(group, true);

#define TABLE(symbol, text, number, kind, groups, array)                                           \
	static int build_##symbol(const struct view *view, struct rows *ret)                       \
	{                                                                                          \
		return build(view, groups, kind, ret);                                             \
	}                                                                                          \
	const struct table keepalived_##symbol = {                                                 \
		.name = text,                                                                      \
		.entry = {KEEPALIVED_ROOT, 2, number, 1},                                          \
		.entry_length = 12,                                                                \
		.columns = array,                                                                  \
		.n_columns = CELL_COUNT(array),                                                    \
		.build = build_##symbol,                                                           \
	}

TABLE(tracked_interfaces, "vrrpTrackedInterfaceTable", 4, CONF_TRACK_INTERFACE, false,
      instance_interface_columns);
TABLE(tracked_scripts, "vrrpTrackedScriptTable", 5, CONF_TRACK_SCRIPT, false, instance_columns);
TABLE(tracked_files, "vrrpTrackedFileTable", 12, CONF_TRACK_FILE, false, instance_columns);
TABLE(sync_interfaces, "vrrpSyncTrackedInterfaceTable", 14, CONF_TRACK_INTERFACE, true,
      group_interface_columns);
TABLE(sync_scripts, "vrrpSyncTrackedScriptTable", 15, CONF_TRACK_SCRIPT, true, group_columns);
TABLE(sync_files, "vrrpSyncTrackedFileTable", 16, CONF_TRACK_FILE, true, group_columns);
TABLE(tracked_bfds, "vrrpTrackedBfdTable", 17, CONF_TRACK_BFD, false, instance_columns);
TABLE(sync_bfds, "vrrpSyncTrackedBfdTable", 19, CONF_TRACK_BFD, true, group_columns);
TABLE(tracked_processes, "vrrpTrackedProcessTable", 20, CONF_TRACK_PROCESS, false,
      instance_columns);
TABLE(sync_processes, "vrrpSyncTrackedProcessTable", 22, CONF_TRACK_PROCESS, true, group_columns);
