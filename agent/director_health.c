/* SPDX-License-Identifier: MIT */
/*
 * IPVS-DIRECTOR-MIB 1.7 and 1.10: the kernel's daemons that copy connections; how the director
 * itself does: the session with the master agent, notifications, lateness of its threads. Thread:
 * agent. No cell is ever absent.
 */
#include <errno.h>

#include "agent/director_mib.h"

/* ---- connection synchronisation ---- */

static int build_sync(const struct view *view, struct rows *ret)
{
	for (uint32_t role = 0; view->check && role < IPVS_SYNC_ROLES; role++) {
		struct row *row = rows_add(ret, role, 0);

		if (!row)
			return -ENOMEM;
		row_index_u32(row, role + 1); /* master(1), backup(2) */
	}
	return 0;
}

static const struct ipvs_sync *sync_of(const struct view *view, const struct row *row)
{
	return &view->check->sync[row->major];
}

static bool sync_running(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, sync_of(view, row)->interface[0] != '\0');
}

static bool sync_ifindex(const struct view *view, const struct row *row, struct cell *ret)
{
	const char *name = sync_of(view, row)->interface;

	return cell_number(ret, name[0] && view->vrrp ? view_ifindex(view->vrrp, name) : 0);
}

static bool sync_id(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, sync_of(view, row)->id);
}

static bool sync_group_type(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_ip_type(ret, &sync_of(view, row)->group);
}

static bool sync_group(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_ip(ret, &sync_of(view, row)->group);
}

static bool sync_port(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, sync_of(view, row)->port);
}

static bool sync_ttl(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, sync_of(view, row)->ttl);
}

static bool sync_maxlen(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, sync_of(view, row)->maxlen);
}

static bool sync_changed(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_timestamp(ret, view, view->check->sync_changed_us[row->major]);
}

static const struct column sync_columns[] = {
	COLUMN_READ(2, INTEGER, sync_running),	  COLUMN_READ(3, INTEGER, sync_ifindex),
	COLUMN_READ(4, GAUGE32, sync_id),	  COLUMN_READ(5, INTEGER, sync_group_type),
	COLUMN_READ(6, OCTETS, sync_group),	  COLUMN_READ(7, GAUGE32, sync_port),
	COLUMN_READ(8, GAUGE32, sync_ttl),	  COLUMN_READ(9, GAUGE32, sync_maxlen),
	COLUMN_READ(10, TIMETICKS, sync_changed),
};

const struct table director_sync = {
	.name = "ipvsdSyncTable",
	.entry = {DIRECTOR_ROOT, 1, 7, 1, 1},
	.entry_length = DIRECTOR_ROOT_LENGTH + 4,
	.columns = sync_columns,
	.n_columns = CELL_COUNT(sync_columns),
	.build = build_sync,
};

/* ---- which notifications are sent ---- */

static int build_notify(const struct view *view, struct rows *ret)
{
	return view->check ? rows_add_scalars(ret) : 0;
}

static bool notify(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	ret->room[0] = view->notify & DIRECTOR_NOTIFY_ALL;
	return cell_octets(ret, ret->room, 1);
}

static enum set_error set_notify(const struct view *view, const struct row *row,
				 const struct cell *value, struct set_change *ret)
{
	uint8_t octet = *(const uint8_t *)value->octets;

	(void)row;
	if (octet & ~DIRECTOR_NOTIFY_ALL)
		return SET_WRONG_VALUE;
	cell_change_agent(ret, AGENT_NOTIFY, octet, view->notify & DIRECTOR_NOTIFY_ALL);
	return SET_OK;
}

static bool least_interval(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, view->limits.interval_ms);
}

static enum set_error set_interval(const struct view *view, const struct row *row,
				   const struct cell *value, struct set_change *ret)
{
	(void)row;
	cell_change_agent(ret, AGENT_NOTIFY_INTERVAL, (uint32_t)value->number,
			  view->limits.interval_ms);
	return SET_OK;
}

static bool rate(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, view->limits.rate);
}

static enum set_error set_rate(const struct view *view, const struct row *row,
			       const struct cell *value, struct set_change *ret)
{
	(void)row;
	cell_change_agent(ret, AGENT_NOTIFY_RATE, (uint32_t)value->number, view->limits.rate);
	return SET_OK;
}

static bool suppressed(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, view->agent ? (int64_t)view->agent->notifications_suppressed : 0);
}

static const struct column notify_columns[] = {
	COLUMN_WRITE(1, OCTETS, notify, set_notify, 1, 1),
	COLUMN_WRITE(2, GAUGE32, least_interval, set_interval, 0, LIMIT_INTERVAL_MAX_MS),
	COLUMN_WRITE(3, GAUGE32, rate, set_rate, 0, LIMIT_RATE_MAX),
	COLUMN_READ(4, COUNTER32, suppressed),
};

const struct table director_notify = {
	.name = "ipvsdNotifyCtl",
	.entry = {DIRECTOR_ROOT, 1, 8},
	.entry_length = DIRECTOR_ROOT_LENGTH + 2,
	.columns = notify_columns,
	.n_columns = CELL_COUNT(notify_columns),
	.build = build_notify,
};

/* ---- the agent ---- */

static int build_agent(const struct view *view, struct rows *ret)
{
	return view->agent && view->daemon ? rows_add_scalars(ret) : 0;
}

static bool connected(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_truth(ret, view->agent->connected);
}

static bool reconnects(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, view->agent->reconnects);
}

static bool queued(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, (int64_t)view->agent->notifications_queued);
}

static bool sent(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, (int64_t)view->agent->notifications_sent);
}

static bool dropped(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, (int64_t)view->agent->notifications_dropped);
}

static bool log_dropped(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, (int64_t)view->daemon->log_dropped);
}

static const struct column agent_columns[] = {
	COLUMN_READ(1, INTEGER, connected), COLUMN_READ(2, COUNTER32, reconnects),
	COLUMN_READ(3, COUNTER32, queued),  COLUMN_READ(4, COUNTER32, sent),
	COLUMN_READ(5, COUNTER32, dropped), COLUMN_READ(6, COUNTER32, log_dropped),
};

const struct table director_health = {
	.name = "ipvsdHealth",
	.entry = {DIRECTOR_ROOT, 1, 10},
	.entry_length = DIRECTOR_ROOT_LENGTH + 2,
	.columns = agent_columns,
	.n_columns = CELL_COUNT(agent_columns),
	.build = build_agent,
};

/* ---- threads ---- */

static int build_threads(const struct view *view, struct rows *ret)
{
	for (uint32_t thread = 0; view->daemon && thread < THREADS; thread++) {
		struct row *row = rows_add(ret, thread, 0);

		if (!row)
			return -ENOMEM;
		row_index_u32(row, thread + 1);
	}
	return 0;
}

static bool thread_name(const struct view *view, const struct row *row, struct cell *ret)
{
	static const char *const names[THREADS] = {[THREAD_MAIN] = "main",
						   [THREAD_VRRP] = "vrrp",
						   [THREAD_CHECK] = "check",
						   [THREAD_BFD] = "bfd",
						   [THREAD_AGENT] = "agent"};

	(void)view;
	return cell_text(ret, names[row->major]);
}

static bool thread_late(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, (int64_t)view->daemon->worst_late_us[row->major]);
}

static const struct column thread_columns[] = {
	COLUMN_READ(2, OCTETS, thread_name),
	COLUMN_READ(3, GAUGE32, thread_late),
};

const struct table director_threads = {
	.name = "ipvsdThreadTable",
	.entry = {DIRECTOR_ROOT, 1, 10, 7, 1},
	.entry_length = DIRECTOR_ROOT_LENGTH + 4,
	.columns = thread_columns,
	.n_columns = CELL_COUNT(thread_columns),
	.build = build_threads,
};
