/* SPDX-License-Identifier: MIT */
/*
 * KEEPALIVED-MIB K.2.1 and K.2.2: sync groups and their members. Thread: agent. Rows are
 * numbered by configuration order. A script column has no instance where no such script is
 * configured.
 */
#include "agent/cells.h"
#include "agent/keepalived.h"

static int build_groups(const struct view *view, struct rows *ret)
{
	int error = 0;

	for (uint32_t i = 0; view->vrrp && i < view->vrrp->n_groups && !error; i++)
		error = keepalived_add_row(ret, i, 0,
					   keepalived_index(view->vrrp->groups[i].conf_index), 0);
	return error;
}

static const struct conf_group *group_of(const struct view *view, const struct row *row)
{
	return &view->vrrp->conf->groups[view->vrrp->groups[row->major].conf_index];
}

static bool group_name(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, group_of(view, row)->name);
}

static bool group_state(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, view->vrrp->groups[row->major].state);
}

static bool group_smtp_alert(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(
		ret, conf_mails_router(&view->vrrp->conf->global, group_of(view, row)->smtp_alert));
}

static bool group_notify_exec(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, keepalived_any_notify(&group_of(view, row)->notify));
}

static bool group_master(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_command(ret, &group_of(view, row)->notify.master);
}

static bool group_backup(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_command(ret, &group_of(view, row)->notify.backup);
}

static bool group_fault(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_command(ret, &group_of(view, row)->notify.fault);
}

static bool group_any(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_command(ret, &group_of(view, row)->notify.any);
}

static bool group_weight(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, group_of(view, row)->tracking_weight);
}

static bool group_stop(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_command(ret, &group_of(view, row)->notify.stop);
}

static const struct column group_columns[] = {
	COLUMN_READ(2, OCTETS, group_name),	   COLUMN_READ(3, INTEGER, group_state),
	COLUMN_READ(4, INTEGER, group_smtp_alert), COLUMN_READ(5, INTEGER, group_notify_exec),
	COLUMN_READ(6, OCTETS, group_master),	   COLUMN_READ(7, OCTETS, group_backup),
	COLUMN_READ(8, OCTETS, group_fault),	   COLUMN_READ(9, OCTETS, group_any),
	COLUMN_READ(10, INTEGER, group_weight),	   COLUMN_READ(11, OCTETS, group_stop),
};

static int build_members(const struct view *view, struct rows *ret)
{
	int error = 0;

	for (uint32_t i = 0; view->vrrp && i < view->vrrp->n_groups && !error; i++) {
		uint32_t at = view->vrrp->groups[i].conf_index;

		error = keepalived_add_rows(ret, i, keepalived_index(at),
					    view->vrrp->conf->groups[at].n_members);
	}
	return error;
}

static bool member_name(const struct view *view, const struct row *row, struct cell *ret)
{
	uint32_t instance = group_of(view, row)->members[row->minor];

	return cell_text(ret, view->vrrp->conf->instances[instance].name);
}

static const struct column member_columns[] = {
	COLUMN_READ(2, OCTETS, member_name),
};

const struct table keepalived_sync_groups = {
	.name = "vrrpSyncGroupTable",
	.entry = {KEEPALIVED_ROOT, 2, 1, 1},
	.entry_length = 12,
	.columns = group_columns,
	.n_columns = CELL_COUNT(group_columns),
	.build = build_groups,
};

const struct table keepalived_sync_members = {
	.name = "vrrpSyncGroupMemberTable",
	.entry = {KEEPALIVED_ROOT, 2, 2, 1},
	.entry_length = 12,
	.columns = member_columns,
	.n_columns = CELL_COUNT(member_columns),
	.build = build_members,
};
