/* SPDX-License-Identifier: MIT */
/*
 * IPVS-DIRECTOR-MIB 1.11: what is wrong now. Nothing is remembered: the rows are whatever the
 * snapshots say, so a manager that has missed every notification catches up with one walk. A row is
 * keyed by its kind and a number made from the object it is about. Thread: agent. No cell is ever
 * absent.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/director_mib.h"

enum alarm_kind {
	ALARM_INSTANCE = 1, /* major of its row; minor: place in its array */
	ALARM_DEST = 2,
	ALARM_QUORUM = 3,
	ALARM_DRAIN = 4,
	ALARM_CONFIG = 5,
	ALARM_SYNC = 6,
	ALARM_DRIFT = 7,
};

/* The longest name of an instance does not fit into an OID of ours. */
#define INSTANCE_NAME_MAX 47

static const char *instance_name(const struct view *view, uint32_t at)
{
	const struct snap_vrrp *vrrp = view->vrrp;

	return vrrp->conf->instances[vrrp->instances[at].conf_index].name;
}

static void append(struct cell *oid, const uint32_t *ids, size_t length)
{
	memcpy(oid->oid + oid->size, ids, length * sizeof(*ids));
	oid->size += length;
}

static void instance_object(const struct view *view, uint32_t at, struct cell *ret)
{
	const char *name = instance_name(view, at);
	uint32_t length = (uint32_t)strnlen(name, INSTANCE_NAME_MAX);

	append(ret, (const uint32_t[]){9, 1, 1, 2, length}, 5);
	for (uint32_t k = 0; k < length; k++)
		append(ret, &(uint32_t){(unsigned char)name[k]}, 1);
}

/* What an alarm is about, as an OID. */
static void object_of(const struct view *view, enum alarm_kind kind, uint32_t at, struct cell *ret)
{
	static const uint32_t root[] = {DIRECTOR_ROOT, 1};
	const struct snap_check *check = view->check;

	ret->size = 0;
	append(ret, root, CELL_COUNT(root));
	switch (kind) {
	case ALARM_INSTANCE:
		instance_object(view, at, ret);
		break;
	case ALARM_DEST:
	case ALARM_DRAIN:
		director_pointer(CHANGED_DEST, &check->services[check->dests[at].service].key,
				 &check->dests[at].key, ret);
		break;
	case ALARM_QUORUM:
	case ALARM_DRIFT:
		director_pointer(CHANGED_SERVICE, &check->services[at].key, NULL, ret);
		break;
	case ALARM_CONFIG:
		append(ret, (const uint32_t[]){1, 6, 0}, 3);
		break;
	case ALARM_SYNC:
		append(ret, (const uint32_t[]){7, 1, 1, 2, 1}, 5);
		break;
	}
}

/* FNV-1a of the OID, within 31 bits: the same object has the same number, today and on another
 * director. */
static uint32_t number_of(const struct cell *oid)
{
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < oid->size; i++)
		for (unsigned shift = 0; shift < 32; shift += 8)
			hash = (hash ^ (oid->oid[i] >> shift & 0xff)) * 16777619U;
	return (hash & INT32_MAX) | 1;
}

static int add(const struct view *view, struct rows *ret, enum alarm_kind kind, uint32_t at)
{
	struct row *row = rows_add(ret, kind, at);
	struct cell object;

	if (!row)
		return -ENOMEM;
	object_of(view, kind, at, &object);
	row_index_u32(row, kind);
	row_index_u32(row, number_of(&object));
	return 0;
}

static int add_instances(const struct view *view, struct rows *ret)
{
	int error = 0;

	for (uint32_t i = 0; view->vrrp && i < view->vrrp->n_instances && !error; i++)
		if (view->vrrp->instances[i].state == VRRP_FAULT)
			error = add(view, ret, ALARM_INSTANCE, i);
	return error;
}

static bool is_stuck(const struct snap_dest *dest)
{
	return dest->drain == DRAIN_KERNEL_ERROR ||
	       (dest->drain == DRAIN_TIMED_OUT && dest->admin == DEST_SHUTTING_DOWN);
}

static int add_dests(const struct view *view, struct rows *ret)
{
	const struct snap_check *check = view->check;
	int error = 0;

	for (uint32_t d = 0; check && d < check->n_dests && !error; d++) {
		const struct snap_dest *dest = &check->dests[d];

		if (dest->rs == SNAP_SORRY)
			continue;
		if (dest->oper == DEST_DOWN && dest->admin != DEST_LOCKED)
			error = add(view, ret, ALARM_DEST, d);
		if (is_stuck(dest) && !error)
			error = add(view, ret, ALARM_DRAIN, d);
	}
	return error;
}

static int add_services(const struct view *view, struct rows *ret)
{
	const struct snap_check *check = view->check;
	int error = 0;

	for (uint32_t s = 0; check && s < check->n_services && !error; s++) {
		if (!check->services[s].quorum_up)
			error = add(view, ret, ALARM_QUORUM, s);
		if (check->services[s].drifted && !error)
			error = add(view, ret, ALARM_DRIFT, s);
	}
	return error;
}

static bool sync_is_missing(const struct snap_check *check)
{
	return check->conf->global.sync.interface && !check->sync[IPVS_SYNC_MASTER].interface[0] &&
	       !check->sync[IPVS_SYNC_BACKUP].interface[0];
}

static int add_daemon(const struct view *view, struct rows *ret)
{
	int error = 0;

	if (view->daemon && view->daemon->load_error[0])
		error = add(view, ret, ALARM_CONFIG, 0);
	if (!error && view->check && sync_is_missing(view->check))
		error = add(view, ret, ALARM_SYNC, 0);
	return error;
}

/* Two objects with one number: the second gets the next. */
static void part_twins(struct rows *rows)
{
	rows_sort(rows);
	for (size_t i = 1; i < rows->count; i++) {
		const uint32_t *before = rows_at(rows, i - 1)->index;
		uint32_t *index = rows_at(rows, i)->index;

		if (index[0] == before[0] && index[1] <= before[1])
			index[1] = before[1] + 1;
	}
}

static int build(const struct view *view, struct rows *ret)
{
	int error = add_instances(view, ret);

	if (!error)
		error = add_dests(view, ret);
	if (!error)
		error = add_services(view, ret);
	if (!error)
		error = add_daemon(view, ret);
	part_twins(ret);
	return error;
}

static bool since(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct snap_check *check = view->check;

	switch ((enum alarm_kind)row->major) {
	case ALARM_INSTANCE:
		return cell_date(ret, view->vrrp->instances[row->minor].changed_wall_us);
	case ALARM_DEST:
		return cell_date(ret, check->dests[row->minor].oper_changed_wall_us);
	case ALARM_QUORUM:
		return cell_date(ret, check->services[row->minor].quorum_changed_wall_us);
	case ALARM_DRAIN:
		return cell_date(ret, check->dests[row->minor].drain_deadline_wall_us);
	case ALARM_CONFIG:
	case ALARM_SYNC:
	case ALARM_DRIFT:
		break;
	}
	return cell_date(ret, 0);
}

static bool name(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct snap_check *check = view->check;
	char server[KEY_TEXT_MAX], service[KEY_TEXT_MAX], *room = (char *)ret->room;
	const struct snap_dest *dest;

	switch ((enum alarm_kind)row->major) {
	case ALARM_INSTANCE:
		return cell_text(ret, instance_name(view, row->minor));
	case ALARM_DEST:
	case ALARM_DRAIN:
		dest = &check->dests[row->minor];
		snprintf(room, sizeof(ret->room), "%s in %s", dest_key_format(&dest->key, server),
			 svc_key_format(&check->services[dest->service].key, service));
		return cell_text(ret, room);
	case ALARM_QUORUM:
	case ALARM_DRIFT:
		return cell_text(ret, svc_key_format(&check->services[row->minor].key, room));
	case ALARM_CONFIG:
	case ALARM_SYNC:
		break;
	}
	return cell_text(ret, "");
}

static bool text(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct snap_check *check = view->check;
	char *room = (char *)ret->room;

	switch ((enum alarm_kind)row->major) {
	case ALARM_INSTANCE:
		return cell_text_or_empty(ret, view->vrrp->instances[row->minor].why);
	case ALARM_DEST:
		return cell_text(ret, check->dests[row->minor].last_error);
	case ALARM_QUORUM:
		snprintf(room, sizeof(ret->room), "weight %u, quorum %u",
			 check->services[row->minor].quorum_weight,
			 check->conf->services[check->services[row->minor].vs].quorum);
		return cell_text(ret, room);
	case ALARM_DRAIN:
		snprintf(room, sizeof(ret->room), "%u connections",
			 director_remaining(&check->dests[row->minor]));
		return cell_text(ret, room);
	case ALARM_CONFIG:
		return cell_text(ret, view->daemon->load_error);
	case ALARM_DRIFT:
		return cell_text(ret, "changed in the kernel by another program, and left so");
	case ALARM_SYNC:
		break;
	}
	return cell_text(ret, "no connection synchronisation daemon runs");
}

static bool object(const struct view *view, const struct row *row, struct cell *ret)
{
	object_of(view, (enum alarm_kind)row->major, row->minor, ret);
	return true;
}

static const struct column columns[] = {
	COLUMN_READ(3, OCTETS, since),
	COLUMN_READ(4, OCTETS, name),
	COLUMN_READ(5, OCTETS, text),
	COLUMN_READ(6, OID, object),
};

const struct table director_alarms = {
	.name = "ipvsdAlarmTable",
	.entry = {DIRECTOR_ROOT, 1, 11, 1, 1},
	.entry_length = DIRECTOR_ROOT_LENGTH + 4,
	.columns = columns,
	.n_columns = CELL_COUNT(columns),
	.build = build,
};
