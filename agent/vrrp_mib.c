/* SPDX-License-Identifier: MIT */
/*
 * VRRP-MIB (RFC 2787), complete: scalars, operations, associated addresses, statistics. Thread:
 * agent.
 *
 * Rows: version 2 instances over IPv4 whose interface exists, by ifIndex and VRID. FAULT shows as
 * initialize. vrrpOperPriority is the base priority, so that a GET after a SET agrees; what adverts
 * carry after tracking is in KEEPALIVED-MIB.
 *
 * SET, where the RFC leaves room: rows belong to the configuration. Administrative state can always
 * be set, the other columns while the row is administratively down and in initialize (RFC 2787:
 * else inconsistentValue). Authentication is of one row, not of the whole interface, as in the
 * configuration. A RowStatus answers inconsistentValue to every legal value, because no row
 * can leave or re-enter service by SNMP; a row that does not exist answers noCreation.
 */
#include "agent/vrrp_mib.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/cells.h"
#include "core/base/clock.h"

bool vrrp_mib_covers(const struct conf_instance *conf)
{
	return conf->version == 2 && conf_instance_family(conf) == AF_INET;
}

/* ---- scalars ---- */

static int build_scalars(const struct view *view, struct rows *ret)
{
	return view->vrrp ? rows_add_scalars(ret) : 0;
}

static bool node_version(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view, (void)row;
	return cell_number(ret, 2);
}

static bool notification_control(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_truth(ret, view->traps_enabled);
}

static enum set_error set_notifications(const struct view *view, const struct row *row,
					const struct cell *value, struct set_change *ret)
{
	(void)row;
	memset(ret, 0, sizeof(*ret));
	cell_change_agent(ret, AGENT_TRAPS, (uint32_t)value->number, view->traps_enabled ? 1 : 2);
	return SET_OK;
}

static const struct column operations_columns[] = {
	COLUMN_READ(1, INTEGER, node_version),
	COLUMN_WRITE(2, INTEGER, notification_control, set_notifications, 1, 2),
};

static bool checksum_errors(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, (int64_t)view->vrrp->checksum_errors);
}

static bool version_errors(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, (int64_t)view->vrrp->version_errors);
}

static bool vrid_errors(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, (int64_t)view->vrrp->vrid_errors);
}

static const struct column statistics_columns[] = {
	COLUMN_READ(1, COUNTER32, checksum_errors),
	COLUMN_READ(2, COUNTER32, version_errors),
	COLUMN_READ(3, COUNTER32, vrid_errors),
};

/* ---- vrrpOperTable and vrrpRouterStatsTable: the same rows ---- */

static const struct snap_instance *live(const struct view *view, const struct row *row)
{
	return &view->vrrp->instances[row->major];
}

static const struct conf_instance *conf_of(const struct view *view, const struct row *row)
{
	return &view->vrrp->conf->instances[live(view, row)->conf_index];
}

static bool is_row(const struct snap_vrrp *vrrp, size_t instance)
{
	const struct snap_instance *one = &vrrp->instances[instance];

	return one->ifindex && vrrp_mib_covers(&vrrp->conf->instances[one->conf_index]);
}

static int build_routers(const struct view *view, struct rows *ret)
{
	const struct snap_vrrp *vrrp = view->vrrp;

	for (uint32_t i = 0; vrrp && i < vrrp->n_instances; i++) {
		struct row *row;

		if (!is_row(vrrp, i))
			continue;
		row = rows_add(ret, i, 0);
		if (!row)
			return -ENOMEM;
		row_index_u32(row, vrrp->instances[i].ifindex);
		row_index_u32(row, vrrp->conf->instances[vrrp->instances[i].conf_index].vrid);
	}
	return 0;
}

static bool oper_mac(const struct view *view, const struct row *row, struct cell *ret)
{
	const uint8_t mac[6] = {0x00, 0x00, 0x5e, 0x00, 0x01, conf_of(view, row)->vrid};

	memcpy(ret->room, mac, sizeof(mac));
	return cell_octets(ret, ret->room, sizeof(mac));
}

int vrrp_mib_state(const struct snap_instance *instance)
{
	switch (instance->state) {
	case VRRP_BACKUP:
		return 2;
	case VRRP_MASTER:
		return 3;
	case VRRP_INITIALIZE:
	case VRRP_FAULT:
		break;
	}
	return 1;
}

static bool oper_state(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, vrrp_mib_state(live(view, row)));
}

static bool oper_admin(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, live(view, row)->admin_up); /* up(1) down(2) */
}

static bool oper_priority(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->base_priority);
}

bool vrrp_mib_is_repeated(const struct conf_instance *conf, size_t address)
{
	for (size_t i = 0; i < address; i++)
		if (ip_compare(&conf->addresses[i].ip, &conf->addresses[address].ip) == 0)
			return true;
	return false;
}

static bool oper_count(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_instance *conf = conf_of(view, row);
	int64_t count = 0;

	for (size_t i = 0; i < conf->n_addresses; i++)
		count += !vrrp_mib_is_repeated(conf, i);
	return cell_number(ret, count);
}

static bool oper_master(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_ipaddress(ret, &live(view, row)->master);
}

static bool oper_primary(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_ipaddress(ret, &live(view, row)->primary);
}

static bool oper_auth(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->auth + 1);
}

/* RFC 2787: always reads as zero length. */
static bool oper_key(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view, (void)row;
	return cell_octets(ret, "", 0);
}

/* The object cannot show less than 1 s, nor the protocol's one octet more than 255 s. */
static bool oper_interval(const struct view *view, const struct row *row, struct cell *ret)
{
	uint64_t seconds = live(view, row)->advert_us / USEC_PER_SEC;

	return cell_number(ret, seconds < 1 ? 1 : seconds > 255 ? 255 : (int64_t)seconds);
}

static bool oper_preempt(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, live(view, row)->preempt);
}

static bool oper_up_time(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_timestamp(ret, view, live(view, row)->up_since_us);
}

static bool oper_protocol(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view, (void)row;
	return cell_number(ret, 1); /* ip */
}

static bool row_status(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view, (void)row;
	return cell_number(ret, 1); /* active */
}

/* RFC 2787, vrrpOperAdminState: it must be down before anything else is changed. What vipd does not
 * run at all cannot be changed into something that it does. */
bool vrrp_mib_may_change(const struct view *view, const struct snap_instance *instance)
{
	return !instance->admin_up && vrrp_mib_state(instance) == 1 &&
	       !conf_instance_unsupported(&view->vrrp->conf->instances[instance->conf_index]);
}

static enum set_error change(const struct view *view, const struct row *row, enum vrrp_field field,
			     int64_t value, int32_t before, struct set_change *ret)
{
	if (field != VRRP_SET_ADMIN && !vrrp_mib_may_change(view, live(view, row)))
		return SET_INCONSISTENT_VALUE;
	cell_change_vrrp(ret, conf_of(view, row)->name, field, (int32_t)value, before);
	return SET_OK;
}

static enum set_error set_interval(const struct view *view, const struct row *row,
				   const struct cell *value, struct set_change *ret)
{
	return change(view, row, VRRP_SET_INTERVAL, value->number * 100,
		      live(view, row)->set.interval_cs, ret);
}

#define NUMBER_SETTER(name, field, before)                                                         \
	static enum set_error set_##name(const struct view *view, const struct row *row,           \
					 const struct cell *value, struct set_change *ret)         \
	{                                                                                          \
		return change(view, row, field, value->number, live(view, row)->before, ret);      \
	}

NUMBER_SETTER(admin, VRRP_SET_ADMIN, admin_up ? 1 : 2)
NUMBER_SETTER(priority, VRRP_SET_PRIORITY, set.priority)
NUMBER_SETTER(preempt, VRRP_SET_PREEMPT, set.preempt)

bool vrrp_mib_has_address(const struct view *view, const struct snap_instance *instance,
			  const struct ip *address)
{
	const struct snap_link *link = view->vrrp->links, *end = link + view->vrrp->n_links;

	while (link < end && link->ifindex != instance->ifindex)
		link++;
	for (uint32_t i = 0; link < end && i < link->n_own4; i++)
		if (ip_compare(&link->own4[i], address) == 0)
			return true;
	return false;
}

/* 0.0.0.0 selects the numerically lowest address, which a GET then shows. */
static enum set_error set_primary(const struct view *view, const struct row *row,
				  const struct cell *value, struct set_change *ret)
{
	static const struct ip lowest = {.family = AF_INET};
	const struct ip *before = &live(view, row)->set.primary;
	struct ip wanted = {.family = AF_INET};
	enum set_error error;

	memcpy(wanted.octets, value->octets, 4);
	error = change(view, row, VRRP_SET_PRIMARY, 1, ip_is_set(before), ret);
	if (error != SET_OK)
		return error;
	if (ip_compare(&wanted, &lowest) != 0 &&
	    !vrrp_mib_has_address(view, live(view, row), &wanted))
		return SET_INCONSISTENT_VALUE;
	ret->apply.vrrp.address = wanted;
	ret->undo.vrrp.address = *before;
	return SET_OK;
}

static enum set_error set_auth(const struct view *view, const struct row *row,
			       const struct cell *value, struct set_change *ret)
{
	return change(view, row, VRRP_SET_AUTH_TYPE, value->number, live(view, row)->set.auth_type,
		      ret);
}

/* A simple password is the first 8 octets of the 16 that RFC 2787 has room for. */
static enum set_error set_key(const struct view *view, const struct row *row,
			      const struct cell *value, struct set_change *ret)
{
	const struct vrrp_overrides *before = &live(view, row)->set;
	size_t size = value->size < VRRP_KEY_OCTETS ? value->size : VRRP_KEY_OCTETS;
	enum set_error error = change(view, row, VRRP_SET_AUTH_KEY, 1, before->keyed, ret);

	if (error != SET_OK)
		return error;
	if (size)
		memcpy(ret->apply.vrrp.key, value->octets, size);
	memcpy(ret->undo.vrrp.key, before->key, sizeof(ret->undo.vrrp.key));
	return SET_OK;
}

/* ip(1) is the only protocol there is. */
static enum set_error set_protocol(const struct view *view, const struct row *row,
				   const struct cell *value, struct set_change *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->target = SET_TO_NOBODY;
	return value->number == 1 && vrrp_mib_may_change(view, live(view, row))
		       ? SET_OK
		       : SET_INCONSISTENT_VALUE;
}

static enum set_error set_row_status(const struct view *view, const struct row *row,
				     const struct cell *value, struct set_change *ret)
{
	(void)view, (void)row, (void)value, (void)ret;
	return SET_INCONSISTENT_VALUE;
}

static const struct column oper_columns[] = {
	COLUMN_READ(2, OCTETS, oper_mac),
	COLUMN_READ(3, INTEGER, oper_state),
	COLUMN_WRITE(4, INTEGER, oper_admin, set_admin, 1, 2),
	COLUMN_WRITE(5, INTEGER, oper_priority, set_priority, 1, 255),
	COLUMN_READ(6, INTEGER, oper_count),
	COLUMN_READ(7, IPADDRESS, oper_master),
	COLUMN_WRITE(8, IPADDRESS, oper_primary, set_primary, 4, 4),
	COLUMN_WRITE(9, INTEGER, oper_auth, set_auth, 1, 3),
	COLUMN_WRITE(10, OCTETS, oper_key, set_key, 0, 16),
	COLUMN_WRITE(11, INTEGER, oper_interval, set_interval, 1, 255),
	COLUMN_WRITE(12, INTEGER, oper_preempt, set_preempt, 1, 2),
	COLUMN_READ(13, TIMETICKS, oper_up_time),
	COLUMN_WRITE(14, INTEGER, oper_protocol, set_protocol, 1, 4),
	COLUMN_WRITE(15, INTEGER, row_status, set_row_status, 1, 6),
};

#define COUNTER_GETTER(field)                                                                      \
	static bool stats_##field(const struct view *view, const struct row *row,                  \
				  struct cell *ret)                                                \
	{                                                                                          \
		return cell_number(ret, (int64_t)live(view, row)->stats.field);                    \
	}

COUNTER_GETTER(become_master)
COUNTER_GETTER(advert_received)
COUNTER_GETTER(interval_errors)
COUNTER_GETTER(auth_failures)
COUNTER_GETTER(ttl_errors)
COUNTER_GETTER(priority_zero_received)
COUNTER_GETTER(priority_zero_sent)
COUNTER_GETTER(invalid_type)
COUNTER_GETTER(address_list_errors)
COUNTER_GETTER(invalid_auth_type)
COUNTER_GETTER(auth_type_mismatch)
COUNTER_GETTER(length_errors)

static const struct column stats_columns[] = {
	COLUMN_READ(1, COUNTER32, stats_become_master),
	COLUMN_READ(2, COUNTER32, stats_advert_received),
	COLUMN_READ(3, COUNTER32, stats_interval_errors),
	COLUMN_READ(4, COUNTER32, stats_auth_failures),
	COLUMN_READ(5, COUNTER32, stats_ttl_errors),
	COLUMN_READ(6, COUNTER32, stats_priority_zero_received),
	COLUMN_READ(7, COUNTER32, stats_priority_zero_sent),
	COLUMN_READ(8, COUNTER32, stats_invalid_type),
	COLUMN_READ(9, COUNTER32, stats_address_list_errors),
	COLUMN_READ(10, COUNTER32, stats_invalid_auth_type),
	COLUMN_READ(11, COUNTER32, stats_auth_type_mismatch),
	COLUMN_READ(12, COUNTER32, stats_length_errors),
};

/* ---- vrrpAssoIpAddrTable ---- */

static int add_addresses(const struct snap_vrrp *vrrp, uint32_t instance, struct rows *ret)
{
	const struct snap_instance *one = &vrrp->instances[instance];
	const struct conf_instance *conf = &vrrp->conf->instances[one->conf_index];

	for (uint32_t a = 0; a < conf->n_addresses; a++) {
		struct row *row;

		if (vrrp_mib_is_repeated(conf, a))
			continue;
		row = rows_add(ret, instance, a);
		if (!row)
			return -ENOMEM;
		row_index_u32(row, one->ifindex);
		row_index_u32(row, conf->vrid);
		row_index_ip_octets(row, &conf->addresses[a].ip);
	}
	return 0;
}

static int build_addresses(const struct view *view, struct rows *ret)
{
	int error = 0;

	for (uint32_t i = 0; view->vrrp && i < view->vrrp->n_instances && !error; i++)
		if (is_row(view->vrrp, i))
			error = add_addresses(view->vrrp, i, ret);
	return error;
}

static const struct column address_columns[] = {
	COLUMN_WRITE(2, INTEGER, row_status, set_row_status, 1, 6),
};

static const struct table operations = {
	.name = "vrrpOperations",
	.entry = {VRRP_MIB_ROOT, 1},
	.entry_length = 8,
	.columns = operations_columns,
	.n_columns = CELL_COUNT(operations_columns),
	.build = build_scalars,
};

static const struct table routers = {
	.name = "vrrpOperTable",
	.entry = {VRRP_MIB_ROOT, 1, 3, 1},
	.entry_length = 10,
	.columns = oper_columns,
	.n_columns = CELL_COUNT(oper_columns),
	.build = build_routers,
};

static const struct table addresses = {
	.name = "vrrpAssoIpAddrTable",
	.entry = {VRRP_MIB_ROOT, 1, 4, 1},
	.entry_length = 10,
	.columns = address_columns,
	.n_columns = CELL_COUNT(address_columns),
	.build = build_addresses,
};

static const struct table statistics = {
	.name = "vrrpStatistics",
	.entry = {VRRP_MIB_ROOT, 2},
	.entry_length = 8,
	.columns = statistics_columns,
	.n_columns = CELL_COUNT(statistics_columns),
	.build = build_scalars,
};

static const struct table router_stats = {
	.name = "vrrpRouterStatsTable",
	.entry = {VRRP_MIB_ROOT, 2, 4, 1},
	.entry_length = 10,
	.columns = stats_columns,
	.n_columns = CELL_COUNT(stats_columns),
	.build = build_routers,
};

static const struct table *const tables[] = {
	&operations, &routers, &addresses, &statistics, &router_stats,
};

struct table_list vrrp_mib_tables(void)
{
	return (struct table_list){.items = tables, .count = CELL_COUNT(tables)};
}
