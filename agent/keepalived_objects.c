/* SPDX-License-Identifier: MIT */
/*
 * KEEPALIVED-MIB K.2: the objects that instances track: scripts, files, BFD sessions, processes,
 * each table by place in the configuration. Thread: agent. What they say now is from the vrrp
 * thread's snapshot, how many processes run from main's.
 */
#include <string.h>

#include "agent/cells.h"
#include "agent/keepalived.h"

static int build(const struct view *view, enum conf_track_kind kind, struct rows *ret)
{
	size_t n = view->vrrp ? conf_n_tracked(view->vrrp->conf, kind) : 0;
	int error = 0;

	for (uint32_t i = 0; i < n && !error; i++)
		error = keepalived_add_row(ret, i, 0, keepalived_index(i), 0);
	return error;
}

static struct vrrp_seen seen(const struct view *view, const struct row *row,
			     enum conf_track_kind kind)
{
	const struct vrrp_seen *seen = view->vrrp->seen[kind];

	return seen ? seen[row->major] : (struct vrrp_seen){0};
}

/* Getters of a field that is a text, a number, a truth value, of a struct conf->LIST[row]. */
#define TEXT(list, name, field)                                                                    \
	static bool name(const struct view *view, const struct row *row, struct cell *ret)         \
	{                                                                                          \
		return cell_text_or_empty(ret, view->vrrp->conf->list[row->major].field);          \
	}
#define NUMBER(list, name, field)                                                                  \
	static bool name(const struct view *view, const struct row *row, struct cell *ret)         \
	{                                                                                          \
		return cell_number(ret, (int64_t)view->vrrp->conf->list[row->major].field);        \
	}
#define TRUTH(list, name, field)                                                                   \
	static bool name(const struct view *view, const struct row *row, struct cell *ret)         \
	{                                                                                          \
		return cell_truth(ret, view->vrrp->conf->list[row->major].field);                  \
	}

/* ---- scripts ---- */

TEXT(scripts, script_name, name)
TEXT(scripts, script_command, command.text)
NUMBER(scripts, script_interval, interval_us / 1000000)
NUMBER(scripts, script_weight, weight)
NUMBER(scripts, script_rise, rise)
NUMBER(scripts, script_fall, fall)
TRUTH(scripts, script_reverse, reverse)

static bool script_result(const struct view *view, const struct row *row, struct cell *ret)
{
	enum { INIT = 1, BAD = 2, GOOD = 3, INIT_FAILED = 5 };
	bool init_fail = view->vrrp->conf->scripts[row->major].init_fail;

	switch (seen(view, row, CONF_TRACK_SCRIPT).state) {
	case VRRP_TRACKED_UP:
		return cell_number(ret, GOOD);
	case VRRP_TRACKED_DOWN:
		return cell_number(ret, BAD);
	case VRRP_TRACKED_UNDECIDED:
		break;
	}
	return cell_number(ret, init_fail ? INIT_FAILED : INIT);
}

static const struct column script_columns[] = {
	COLUMN_READ(2, OCTETS, script_name),	  COLUMN_READ(3, OCTETS, script_command),
	COLUMN_READ(4, INTEGER, script_interval), COLUMN_READ(5, INTEGER, script_weight),
	COLUMN_READ(6, INTEGER, script_result),	  COLUMN_READ(7, GAUGE32, script_rise),
	COLUMN_READ(8, GAUGE32, script_fall),	  COLUMN_READ(9, INTEGER, script_reverse),
};

/* ---- files ---- */

TEXT(files, file_name, name)
TEXT(files, file_path, path)
NUMBER(files, file_weight, weight)
TRUTH(files, file_reverse, reverse)

static bool file_result(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, seen(view, row, CONF_TRACK_FILE).value);
}

static const struct column file_columns[] = {
	COLUMN_READ(2, OCTETS, file_name),     COLUMN_READ(3, OCTETS, file_path),
	COLUMN_READ(4, INTEGER, file_result),  COLUMN_READ(5, INTEGER, file_weight),
	COLUMN_READ(6, INTEGER, file_reverse),
};

/* ---- BFD sessions ---- */

TEXT(bfds, bfd_name, name)
NUMBER(bfds, bfd_weight, weight)
TRUTH(bfds, bfd_reverse, reverse)

/* keepalived: 1 up, 0 anything else */
static bool bfd_result(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, seen(view, row, CONF_TRACK_BFD).state == VRRP_TRACKED_UP);
}

static const struct column bfd_columns[] = {
	COLUMN_READ(2, OCTETS, bfd_name),
	COLUMN_READ(3, INTEGER, bfd_result),
	COLUMN_READ(4, INTEGER, bfd_weight),
	COLUMN_READ(5, INTEGER, bfd_reverse),
};

/* ---- processes ---- */

TEXT(processes, process_name, name)
TEXT(processes, process_path, argv[0])
NUMBER(processes, process_match, match) /* the MIB's numbers */
NUMBER(processes, process_weight, weight)
TRUTH(processes, process_reverse, reverse)
NUMBER(processes, process_quorum, quorum)
NUMBER(processes, process_fork_delay, fork_delay_us)
NUMBER(processes, process_terminate_delay, terminate_delay_us)
TRUTH(processes, process_full_command, full_command)

/* As far as they fit, with a space between. */
static bool process_params(const struct view *view, const struct row *row, struct cell *ret)
{
	char **argv = view->vrrp->conf->processes[row->major].argv;
	size_t used = 0;

	for (size_t i = 1; argv[0] && argv[i]; i++) {
		size_t size = strnlen(argv[i], CELL_TEXT_MAX);

		if (used + size + 1 > CELL_TEXT_MAX)
			break;
		if (used)
			ret->room[used++] = ' ';
		memcpy(ret->room + used, argv[i], size);
		used += size;
	}
	return cell_octets(ret, ret->room, used);
}

/* -1: no bound */
static bool process_quorum_max(const struct view *view, const struct row *row, struct cell *ret)
{
	uint32_t most = view->vrrp->conf->processes[row->major].quorum_max;

	return cell_number(ret, most == CONF_NONE ? -1 : (int64_t)most);
}

static bool process_running(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct snap_daemon *daemon = view->daemon;
	bool known = daemon && daemon->conf == view->vrrp->conf && row->major < daemon->n_processes;

	return cell_number(ret, known ? daemon->running[row->major] : 0);
}

static bool process_result(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, seen(view, row, CONF_TRACK_PROCESS).state == VRRP_TRACKED_UP);
}

static const struct column process_columns[] = {
	COLUMN_READ(2, OCTETS, process_name),
	COLUMN_READ(3, OCTETS, process_path),
	COLUMN_READ(4, OCTETS, process_params),
	COLUMN_READ(5, INTEGER, process_match),
	COLUMN_READ(6, INTEGER, process_weight),
	COLUMN_READ(7, INTEGER, process_reverse),
	COLUMN_READ(8, GAUGE32, process_quorum),
	COLUMN_READ(9, INTEGER, process_quorum_max),
	COLUMN_READ(10, GAUGE32, process_fork_delay),
	COLUMN_READ(11, GAUGE32, process_terminate_delay),
	COLUMN_READ(12, INTEGER, process_full_command),
	COLUMN_READ(13, INTEGER, process_running),
	COLUMN_READ(14, INTEGER, process_result),
};

#define TABLE(symbol, text, number, kind, array)                                                   \
	static int build_##symbol(const struct view *view, struct rows *ret)                       \
	{                                                                                          \
		return build(view, kind, ret);                                                     \
	}                                                                                          \
	const struct table keepalived_##symbol = {                                                 \
		.name = text,                                                                      \
		.entry = {KEEPALIVED_ROOT, 2, number, 1},                                          \
		.entry_length = 12,                                                                \
		.columns = array,                                                                  \
		.n_columns = CELL_COUNT(array),                                                    \
		.build = build_##symbol,                                                           \
	}

TABLE(scripts, "vrrpScriptTable", 9, CONF_TRACK_SCRIPT, script_columns);
TABLE(files, "vrrpFileTable", 13, CONF_TRACK_FILE, file_columns);
TABLE(bfds, "vrrpBfdTable", 18, CONF_TRACK_BFD, bfd_columns);
TABLE(processes, "vrrpProcessTable", 21, CONF_TRACK_PROCESS, process_columns);
