/* SPDX-License-Identifier: MIT */
/*
 * IPVS-DIRECTOR-MIB: the system scalars, the keys and names of rows, and the list of its tables.
 * Thread: agent.
 */
#include "agent/director_mib.h"

#include <stdio.h>
#include <string.h>

#include "config.h"

#include "agent/traffic.h"
#include "core/base/clock.h"

/* The kernel's rate estimator turns every 2 s: polling faster shows nothing new. */
#define REFRESH_MS 2000

const char *director_name_service(const struct conf_virtual_server *vs, const struct svc_key *key,
				  char room[static KEY_TEXT_MAX])
{
	return vs && vs->snmp_name ? vs->snmp_name : svc_key_format(key, room);
}

const char *director_name_dest(const struct conf_real_server *rs, const struct dest_key *key,
			       char room[static KEY_TEXT_MAX])
{
	return rs && rs->snmp_name ? rs->snmp_name : dest_key_format(key, room);
}

void director_index_service(struct row *row, const struct svc_key *key)
{
	row_index_u32(row, key->fwmark);
	row_index_ip(row, &key->ip);
	row_index_u32(row, key->protocol);
	row_index_u32(row, key->port);
}

void director_index_dest(struct row *row, const struct dest_key *key)
{
	row_index_ip(row, &key->ip);
	row_index_u32(row, key->port);
}

void director_pointer(enum changed_object object, const struct svc_key *svc,
		      const struct dest_key *dest, struct cell *ret)
{
	/* below the objects: branch, table, entry, column */
	static const uint32_t places[][5] = {
		[CHANGED_SERVICE] = {1, 2, 1, 1, 6},
		[CHANGED_DEST] = {1, 3, 1, 1, 4},
		[CHANGED_MACHINE] = {1, 4, 1, 1, 3},
	};
	static const uint32_t root[] = {DIRECTOR_ROOT};
	struct row row = {0};

	ret->size = 2;
	ret->oid[0] = ret->oid[1] = 0;
	if (object == CHANGED_NOTHING || object == CHANGED_INSTANCE)
		return;
	if (object != CHANGED_MACHINE)
		director_index_service(&row, svc);
	if (object == CHANGED_DEST)
		director_index_dest(&row, dest);
	if (object == CHANGED_MACHINE)
		row_index_ip(&row, &dest->ip);
	memcpy(ret->oid, root, sizeof(root));
	memcpy(ret->oid + CELL_COUNT(root), places[object], sizeof(places[object]));
	ret->size = CELL_COUNT(root) + CELL_COUNT(places[object]);
	memcpy(ret->oid + ret->size, row.index, row.index_length * sizeof(*row.index));
	ret->size += row.index_length;
}

int director_forwarding(enum conf_forward forward)
{
	switch (forward) {
	case CONF_NAT:
		return 1; /* masquerade */
	case CONF_TUN:
		return 3; /* tunnel */
	case CONF_DR:
		break;
	}
	return 4; /* directRoute */
}

int director_service_state(const struct snap_service *service, size_t n_servers)
{
	if (!service->quorum_up)
		return DEST_DOWN;
	if ((size_t)service->n_up + service->n_draining + service->n_locked < n_servers)
		return DEST_DEGRADED;
	return DEST_UP;
}

uint32_t director_remaining(const struct snap_dest *dest)
{
	if (dest->admin != DEST_SHUTTING_DOWN)
		return 0;
	return dest->active_conns + dest->inactive_conns;
}

/* ---- system scalars ---- */

static int build(const struct view *view, struct rows *ret)
{
	return view->check ? rows_add_scalars(ret) : 0;
}

static bool version(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view, (void)row;
	return cell_text(ret, PACKAGE_STRING);
}

bool director_get_kernel_version(const struct view *view, const struct row *row, struct cell *ret)
{
	uint32_t v = view->check->ipvs_version;
	int size;

	(void)row;
	if (!view->check->ipvs_available)
		return cell_text(ret, "");
	size = snprintf((char *)ret->room, sizeof(ret->room), "%u.%u.%u", v >> 16, v >> 8 & 0xff,
			v & 0xff);
	return cell_octets(ret, ret->room, (size_t)size);
}

static bool table_size(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, view->check->conn_table_size);
}

static bool generation(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, view->daemon ? view->daemon->generation : 0);
}

static bool last_load(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_date(ret, view->daemon ? view->daemon->loaded_wall_us : 0);
}

static bool last_error(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_text_or_empty(ret, view->daemon ? view->daemon->load_error : NULL);
}

static bool last_change(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_timestamp(ret, view, view->check->changed_us);
}

static bool snapshot_age(const struct view *view, const struct row *row, struct cell *ret)
{
	uint64_t at_us = view->check->kernel_us;

	(void)row;
	if (at_us == 0)
		return cell_number(ret, UINT32_MAX);
	if (at_us > view->now_us)
		return cell_number(ret, 0);
	return cell_number(ret, (int64_t)((view->now_us - at_us) / USEC_PER_MSEC));
}

static bool snapshot_serial(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, view->check->serial);
}

static bool refresh_rate(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view, (void)row;
	return cell_number(ret, REFRESH_MS);
}

static bool services(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, (int64_t)view->check->n_services);
}

static bool dests(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct snap_check *check = view->check;
	size_t count = check->n_dests;

	(void)row;
	for (size_t s = 0; s < check->n_services; s++)
		count -= check->services[s].n_dests > 0 &&
			 check->conf->services[check->services[s].vs].has_sorry;
	return cell_number(ret, (int64_t)count);
}

static bool tcp_timeout(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, view->check->tcp_timeout_s);
}

static bool tcpfin_timeout(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, view->check->tcpfin_timeout_s);
}

static bool udp_timeout(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, view->check->udp_timeout_s);
}

/* on(1) off(2) unknown(3) */
static bool is_on(struct cell *ret, int setting)
{
	return cell_number(ret, setting < 0 ? 3 : setting ? 1 : 2);
}

static bool expire_nodest(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return is_on(ret, view->check->sysctls.expire_nodest_conn);
}

static bool expire_quiescent(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return is_on(ret, view->check->sysctls.expire_quiescent_template);
}

static bool conn_reuse(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return is_on(ret, view->check->sysctls.conn_reuse_mode);
}

static bool drifts(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, view->check->drifts);
}

static bool admin_lock(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, view->admin_lock);
}

/* TestAndIncr: only who knows the value may go on, and the next one finds another. */
static enum set_error set_lock(const struct view *view, const struct row *row,
			       const struct cell *value, struct set_change *ret)
{
	(void)row;
	if (value->number != view->admin_lock)
		return SET_INCONSISTENT_VALUE;
	cell_change_agent(ret, AGENT_LOCK, view->admin_lock == INT32_MAX ? 0 : view->admin_lock + 1,
			  view->admin_lock);
	return SET_OK;
}

static bool quorum_policy(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, view->check->quorum_policy);
}

/* The check engine's to change: it judges all of a SET by the policy that the SET leaves. */
static enum set_error set_quorum_policy(const struct view *view, const struct row *row,
					const struct cell *value, struct set_change *ret)
{
	(void)row;
	memset(ret, 0, sizeof(*ret));
	ret->target = SET_TO_CHECK;
	ret->apply.dest.field = DEST_SET_QUORUM_POLICY;
	ret->apply.dest.value = (int32_t)value->number;
	ret->undo.dest = ret->apply.dest;
	ret->undo.dest.value = view->check->quorum_policy;
	return SET_OK;
}

static bool fetch_total(const struct view *view, const struct row *row, struct ipvs_stats *ret)
{
	(void)row;
	view_total_stats(view->check, ret);
	return true;
}

TRAFFIC_GETTERS(total, fetch_total)

/*
 * A total loses continuity with any of its services, and when a reload removes one. The moment of
 * the load is derived from two stored pairs, so it does not move between readings.
 */
static bool discontinuity(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct snap_daemon *daemon = view->daemon;
	uint64_t latest_us = 0;

	(void)row;
	if (daemon && daemon->loaded_wall_us > daemon->started_wall_us)
		latest_us = daemon->started_us + daemon->loaded_wall_us - daemon->started_wall_us;
	for (size_t s = 0; s < view->check->n_services; s++)
		if (view->check->services[s].stats_since_us > latest_us)
			latest_us = view->check->services[s].stats_since_us;
	return cell_timestamp(ret, view, latest_us);
}

static const struct column columns[] = {
	COLUMN_READ(1, OCTETS, version),
	COLUMN_READ(2, OCTETS, director_get_kernel_version),
	COLUMN_READ(3, GAUGE32, table_size),
	COLUMN_READ(4, COUNTER32, generation),
	COLUMN_READ(5, OCTETS, last_load),
	COLUMN_READ(6, OCTETS, last_error),
	COLUMN_READ(7, TIMETICKS, last_change),
	COLUMN_READ(8, GAUGE32, snapshot_age),
	COLUMN_READ(9, COUNTER32, snapshot_serial),
	COLUMN_READ(10, GAUGE32, refresh_rate),
	COLUMN_READ(11, GAUGE32, services),
	COLUMN_READ(12, GAUGE32, dests),
	COLUMN_READ(13, GAUGE32, tcp_timeout),
	COLUMN_READ(14, GAUGE32, tcpfin_timeout),
	COLUMN_READ(15, GAUGE32, udp_timeout),
	COLUMN_READ(16, INTEGER, expire_nodest),
	COLUMN_READ(17, INTEGER, expire_quiescent),
	COLUMN_WRITE(18, INTEGER, admin_lock, set_lock, 0, INT32_MAX),
	COLUMN_WRITE(19, INTEGER, quorum_policy, set_quorum_policy, QUORUM_ALLOW, QUORUM_REFUSE),
	TRAFFIC_COLUMNS(20, total),
	COLUMN_READ(30, TIMETICKS, discontinuity),
	COLUMN_READ(31, INTEGER, conn_reuse),
	COLUMN_READ(32, COUNTER32, drifts),
};

static const struct table scalars = {
	.name = "ipvsdSystem",
	.entry = {DIRECTOR_ROOT, 1, 1},
	.entry_length = DIRECTOR_ROOT_LENGTH + 2,
	.columns = columns,
	.n_columns = CELL_COUNT(columns),
	.build = build,
};

static const struct table *const tables[] = {
	&scalars,	   &director_services,	 &director_service_stats,
	&director_dests,   &director_dest_stats, &director_names,
	&director_servers, &director_checkers,	 &director_event_scalars,
	&director_events,  &director_sync,	 &director_notify,
	&director_vrrp,	   &director_health,	 &director_threads,
	&director_alarms,
};

struct table_list director_mib_tables(void)
{
	return (struct table_list){.items = tables, .count = CELL_COUNT(tables)};
}
