/* SPDX-License-Identifier: MIT */
/*
 * IPVS-DIRECTOR-MIB 1.3: destinations, what an operator may ask of them, and their traffic. Thread:
 * agent.
 *
 * A setter judges a value against the snapshot and describes the change; the check thread decides
 * again and for good. Under a group one change reaches the same server in every member service. No
 * cell is ever absent.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/director_mib.h"
#include "agent/keepalived.h"
#include "agent/traffic.h"
#include "core/base/buf.h"

static int add_dests(const struct snap_check *check, uint32_t s, struct rows *ret)
{
	const struct snap_service *service = &check->services[s];

	for (uint32_t d = service->first_dest; d < service->first_dest + service->n_dests; d++) {
		struct row *row;

		if (check->dests[d].rs == SNAP_SORRY)
			continue;
		row = rows_add(ret, s, d);
		if (!row)
			return -ENOMEM;
		director_index_service(row, &service->key);
		director_index_dest(row, &check->dests[d].key);
	}
	return 0;
}

static int build(const struct view *view, struct rows *ret)
{
	int error = 0;

	for (uint32_t s = 0; view->check && s < view->check->n_services && !error; s++)
		error = add_dests(view->check, s, ret);
	return error;
}

const struct snap_dest *director_dest(const struct view *view, const struct row *row)
{
	return &view->check->dests[row->minor];
}

const struct snap_service *director_dest_service(const struct view *view, const struct row *row)
{
	return &view->check->services[row->major];
}

static const struct conf_virtual_server *vs_of(const struct view *view, const struct row *row)
{
	return &view->check->conf->services[director_dest_service(view, row)->vs];
}

static const struct conf_real_server *rs_of(const struct view *view, const struct row *row)
{
	return &vs_of(view, row)->servers[director_dest(view, row)->rs];
}

static bool name(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, director_name_dest(rs_of(view, row), &director_dest(view, row)->key,
						 (char *)ret->room));
}

bool director_get_admin(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, director_dest(view, row)->admin);
}

static bool storage(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, director_dest(view, row)->storage);
}

static bool comment(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, director_dest(view, row)->comment);
}

static bool admin_changed(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_date(ret, director_dest(view, row)->admin_changed_wall_us);
}

bool director_get_oper(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, director_dest(view, row)->oper);
}

static bool oper_changed(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_date(ret, director_dest(view, row)->oper_changed_wall_us);
}

static bool last_change(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_timestamp(ret, view, director_dest(view, row)->changed_us);
}

static bool last_error(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, director_dest(view, row)->last_error);
}

static bool in_kernel(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, director_dest(view, row)->in_kernel);
}

static bool forwarding(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, director_forwarding(rs_of(view, row)->method.forward));
}

/* notTunnel(1) ipip(2) gue(3) gre(4) */
static bool tunnel(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_method *method = &rs_of(view, row)->method;

	return cell_number(ret, method->forward == CONF_TUN ? (int)method->tunnel + 2 : 1);
}

static bool conf_weight(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, director_dest(view, row)->conf_weight);
}

static bool weight_override(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, director_dest(view, row)->weight_override);
}

static bool effective_weight(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, director_dest(view, row)->effective_weight);
}

static bool kernel_weight(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, director_dest(view, row)->kernel_weight);
}

static bool active(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, director_dest(view, row)->active_conns);
}

static bool inactive(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, director_dest(view, row)->inactive_conns);
}

static bool persistent(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, director_dest(view, row)->persistent_conns);
}

static bool upper(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, rs_of(view, row)->upper_threshold);
}

static bool lower(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, rs_of(view, row)->lower_threshold);
}

bool director_get_drain(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, director_dest(view, row)->drain);
}

static bool drain_timeout(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, director_dest(view, row)->drain_timeout_s);
}

static bool drain_action(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, director_dest(view, row)->drain_action);
}

static bool drain_started(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_date(ret, director_dest(view, row)->drain_started_wall_us);
}

static bool drain_deadline(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_date(ret, director_dest(view, row)->drain_deadline_wall_us);
}

static bool drain_ended(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_date(ret, director_dest(view, row)->drain_ended_wall_us);
}

bool director_get_remaining(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, director_remaining(director_dest(view, row)));
}

static bool drain_initial(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, director_dest(view, row)->drain_initial);
}

static bool vs_index(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, keepalived_index(director_dest_service(view, row)->vs));
}

static bool rs_index(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, keepalived_rs_index(director_dest(view, row)->rs,
						    vs_of(view, row)->has_sorry));
}

/* A change of one field and the way back, by number. */
static enum set_error change(const struct view *view, const struct row *row, enum dest_field field,
			     int64_t value, int32_t before, struct set_change *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->target = SET_TO_CHECK;
	ret->apply.dest.svc = director_dest_service(view, row)->key;
	ret->apply.dest.dest = director_dest(view, row)->key;
	ret->apply.dest.field = field;
	ret->apply.dest.value = (int32_t)value;
	ret->undo.dest = ret->apply.dest;
	ret->undo.dest.value = before;
	return SET_OK;
}

/* unknown(1) and anything else outside 2..4 was refused with wrongValue by the column's range. */
enum set_error director_set_admin(const struct view *view, const struct row *row,
				  const struct cell *value, struct set_change *ret)
{
	enum dest_admin before = director_dest(view, row)->admin;

	if (value->number == DEST_SHUTTING_DOWN && before == DEST_LOCKED)
		return SET_INCONSISTENT_VALUE;
	return change(view, row, DEST_SET_ADMIN, value->number, before, ret);
}

static enum set_error set_storage(const struct view *view, const struct row *row,
				  const struct cell *value, struct set_change *ret)
{
	return change(view, row, DEST_SET_STORAGE, value->number, director_dest(view, row)->storage,
		      ret);
}

static enum set_error set_override(const struct view *view, const struct row *row,
				   const struct cell *value, struct set_change *ret)
{
	return change(view, row, DEST_SET_WEIGHT, value->number,
		      director_dest(view, row)->weight_override, ret);
}

static enum set_error set_timeout(const struct view *view, const struct row *row,
				  const struct cell *value, struct set_change *ret)
{
	return change(view, row, DEST_SET_DRAIN_TIMEOUT, value->number,
		      (int32_t)director_dest(view, row)->drain_timeout_s, ret);
}

static enum set_error set_action(const struct view *view, const struct row *row,
				 const struct cell *value, struct set_change *ret)
{
	return change(view, row, DEST_SET_DRAIN_ACTION, value->number,
		      director_dest(view, row)->drain_action, ret);
}

enum set_error director_judge_comment(const struct cell *value)
{
	if (!cell_is_utf8(value->octets, value->size))
		return SET_WRONG_ENCODING;
	return octets_have_control(value->octets, value->size) ? SET_WRONG_VALUE : SET_OK;
}

static enum set_error set_comment(const struct view *view, const struct row *row,
				  const struct cell *value, struct set_change *ret)
{
	const unsigned char *text = value->octets;
	enum set_error error = director_judge_comment(value);

	if (error != SET_OK)
		return error;
	change(view, row, DEST_SET_COMMENT, 0, 0, ret);
	if (value->size > 0)
		memcpy(ret->apply.dest.text, text, value->size);
	snprintf(ret->undo.dest.text, sizeof(ret->undo.dest.text), "%s",
		 director_dest(view, row)->comment);
	return SET_OK;
}

static const struct column columns[] = {
	COLUMN_READ(4, OCTETS, name),
	COLUMN_WRITE(5, INTEGER, director_get_admin, director_set_admin, DEST_LOCKED,
		     DEST_UNLOCKED),
	COLUMN_READ(6, INTEGER, director_get_admin), /* effective: no server rows to combine with */
	COLUMN_WRITE(7, INTEGER, storage, set_storage, STORAGE_VOLATILE, STORAGE_NONVOLATILE),
	COLUMN_WRITE(8, OCTETS, comment, set_comment, 0, ADMIN_COMMENT_MAX - 1),
	COLUMN_READ(9, OCTETS, admin_changed),
	COLUMN_READ(10, INTEGER, director_get_oper),
	COLUMN_READ(11, OCTETS, oper_changed),
	COLUMN_READ(12, TIMETICKS, last_change),
	COLUMN_READ(13, OCTETS, last_error),
	COLUMN_READ(14, INTEGER, in_kernel),
	COLUMN_READ(15, INTEGER, forwarding),
	COLUMN_READ(16, INTEGER, tunnel),
	COLUMN_READ(17, INTEGER, conf_weight),
	COLUMN_WRITE(18, INTEGER, weight_override, set_override, WEIGHT_NO_OVERRIDE, WEIGHT_MAX),
	COLUMN_READ(19, INTEGER, effective_weight),
	COLUMN_READ(20, INTEGER, kernel_weight),
	COLUMN_READ(21, GAUGE32, active),
	COLUMN_READ(22, GAUGE32, inactive),
	COLUMN_READ(23, GAUGE32, persistent),
	COLUMN_READ(24, GAUGE32, upper),
	COLUMN_READ(25, GAUGE32, lower),
	COLUMN_READ(26, INTEGER, director_get_drain),
	COLUMN_WRITE(27, GAUGE32, drain_timeout, set_timeout, 0, DRAIN_TIMEOUT_MAX_S),
	COLUMN_WRITE(28, INTEGER, drain_action, set_action, DRAIN_KEEP, DRAIN_UNLOCK),
	COLUMN_READ(29, OCTETS, drain_started),
	COLUMN_READ(30, OCTETS, drain_deadline),
	COLUMN_READ(31, OCTETS, drain_ended),
	COLUMN_READ(32, GAUGE32, director_get_remaining),
	COLUMN_READ(33, GAUGE32, drain_initial),
	COLUMN_READ(34, GAUGE32, vs_index),
	COLUMN_READ(35, GAUGE32, rs_index),
};

static bool fetch(const struct view *view, const struct row *row, struct ipvs_stats *ret)
{
	*ret = director_dest(view, row)->stats;
	return true;
}

TRAFFIC_GETTERS(stats, fetch)

static bool stats_since(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_timestamp(ret, view, director_dest(view, row)->stats_since_us);
}

static const struct column stats_columns[] = {
	TRAFFIC_COLUMNS(1, stats),
	COLUMN_READ(11, TIMETICKS, stats_since),
};

const struct table director_dests = {
	.name = "ipvsdDestTable",
	.entry = {DIRECTOR_ROOT, 1, 3, 1, 1},
	.entry_length = DIRECTOR_ROOT_LENGTH + 4,
	.columns = columns,
	.n_columns = CELL_COUNT(columns),
	.build = build,
};

const struct table director_dest_stats = {
	.name = "ipvsdDestStatsTable",
	.entry = {DIRECTOR_ROOT, 1, 3, 2, 1},
	.entry_length = DIRECTOR_ROOT_LENGTH + 4,
	.columns = stats_columns,
	.n_columns = CELL_COUNT(stats_columns),
	.build = build,
};
