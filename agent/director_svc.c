/* SPDX-License-Identifier: MIT */
/*
 * IPVS-DIRECTOR-MIB 1.2: services as the kernel knows them, one row for each member of a group, and
 * their traffic. Thread: agent. No cell is ever absent.
 */
#include <errno.h>

#include "agent/director_mib.h"
#include "agent/keepalived.h"
#include "agent/traffic.h"

static int build(const struct view *view, struct rows *ret)
{
	for (uint32_t s = 0; view->check && s < view->check->n_services; s++) {
		struct row *row = rows_add(ret, s, 0);

		if (!row)
			return -ENOMEM;
		director_index_service(row, &view->check->services[s].key);
	}
	return 0;
}

static const struct snap_service *live(const struct view *view, const struct row *row)
{
	return &view->check->services[row->major];
}

static const struct conf_virtual_server *conf_of(const struct view *view, const struct row *row)
{
	return &view->check->conf->services[live(view, row)->vs];
}

static bool name(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, director_name_service(conf_of(view, row), &live(view, row)->key,
						    (char *)ret->room));
}

static bool group(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text_or_empty(ret, conf_of(view, row)->group_name);
}

static bool scheduler(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, conf_of(view, row)->scheduler);
}

/* BITS: bit 0 is the highest of the octet. */
static bool flags(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_virtual_server *vs = conf_of(view, row);

	ret->room[0] =
		(uint8_t)((vs->flag1 ? 0x80 : 0) | (vs->flag2 ? 0x40 : 0) | (vs->flag3 ? 0x20 : 0));
	return cell_octets(ret, ret->room, 1);
}

static bool forwarding(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, director_forwarding(conf_of(view, row)->method.forward));
}

static bool persist_timeout(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, conf_of(view, row)->persistence_s);
}

static bool persist_prefix(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, conf_of(view, row)->persistence_prefix);
}

static bool one_packet(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, conf_of(view, row)->one_packet);
}

static bool oper_state(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret,
			   director_service_state(live(view, row), conf_of(view, row)->n_servers));
}

static bool in_kernel(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, live(view, row)->in_kernel);
}

static bool quorum(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, conf_of(view, row)->quorum);
}

static bool quorum_weight(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->quorum_weight);
}

static bool quorum_up(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, live(view, row)->quorum_up);
}

static bool quorum_changed(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_date(ret, live(view, row)->quorum_changed_wall_us);
}

static bool sorry_active(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, live(view, row)->sorry_active);
}

static bool dests(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, (int64_t)conf_of(view, row)->n_servers);
}

static bool dests_up(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->n_up);
}

static bool dests_draining(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->n_draining);
}

static bool dests_locked(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->n_locked);
}

static bool last_change(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_timestamp(ret, view, live(view, row)->changed_us);
}

static bool config_index(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, keepalived_index(live(view, row)->vs));
}

static const struct column columns[] = {
	COLUMN_READ(6, OCTETS, name),
	COLUMN_READ(7, OCTETS, group),
	COLUMN_READ(8, OCTETS, scheduler),
	COLUMN_READ(9, OCTETS, flags),
	COLUMN_READ(10, INTEGER, forwarding),
	COLUMN_READ(11, GAUGE32, persist_timeout),
	COLUMN_READ(12, GAUGE32, persist_prefix),
	COLUMN_READ(13, INTEGER, one_packet),
	COLUMN_READ(14, INTEGER, oper_state),
	COLUMN_READ(15, INTEGER, in_kernel),
	COLUMN_READ(16, GAUGE32, quorum),
	COLUMN_READ(17, GAUGE32, quorum_weight),
	COLUMN_READ(18, INTEGER, quorum_up),
	COLUMN_READ(19, OCTETS, quorum_changed),
	COLUMN_READ(20, INTEGER, sorry_active),
	COLUMN_READ(21, GAUGE32, dests),
	COLUMN_READ(22, GAUGE32, dests_up),
	COLUMN_READ(23, GAUGE32, dests_draining),
	COLUMN_READ(24, GAUGE32, dests_locked),
	COLUMN_READ(25, TIMETICKS, last_change),
	COLUMN_READ(26, GAUGE32, config_index),
};

static bool fetch(const struct view *view, const struct row *row, struct ipvs_stats *ret)
{
	*ret = live(view, row)->stats;
	return true;
}

TRAFFIC_GETTERS(stats, fetch)

static bool stats_since(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_timestamp(ret, view, live(view, row)->stats_since_us);
}

static const struct column stats_columns[] = {
	TRAFFIC_COLUMNS(1, stats),
	COLUMN_READ(11, TIMETICKS, stats_since),
};

const struct table director_services = {
	.name = "ipvsdSvcTable",
	.entry = {DIRECTOR_ROOT, 1, 2, 1, 1},
	.entry_length = DIRECTOR_ROOT_LENGTH + 4,
	.columns = columns,
	.n_columns = CELL_COUNT(columns),
	.build = build,
};

const struct table director_service_stats = {
	.name = "ipvsdSvcStatsTable",
	.entry = {DIRECTOR_ROOT, 1, 2, 2, 1},
	.entry_length = DIRECTOR_ROOT_LENGTH + 4,
	.columns = stats_columns,
	.n_columns = CELL_COUNT(stats_columns),
	.build = build,
};
