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
 * configuration. A RowStatus is active and may be set to that, every other legal value is
 * inconsistentValue, because no row can leave or re-enter service by SNMP; a row that does not
 * exist answers noCreation.
 */
#include "agent/vrrp_mib.h"

#include <string.h>

#include "agent/cells.h"
#include "agent/router.h"
#include "core/base/clock.h"

bool vrrp_mib_covers(const struct conf_instance *conf)
{
	return conf->version == 2 && conf_instance_family(conf) == AF_INET;
}

static void index_row(struct row *row, uint32_t ifindex, const struct conf_instance *conf,
		      const struct ip *address)
{
	row_index_u32(row, ifindex);
	row_index_u32(row, conf->vrid);
	if (address)
		row_index_ip_octets(row, address);
}

static const struct router_kind kind = {
	.covers = vrrp_mib_covers,
	.index = index_row,
};

/* ---- scalars ---- */

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

static const struct column statistics_columns[] = {
	COLUMN_READ(1, COUNTER32, router_checksum_errors),
	COLUMN_READ(2, COUNTER32, router_version_errors),
	COLUMN_READ(3, COUNTER32, router_vrid_errors),
};

/* ---- vrrpOperTable and vrrpRouterStatsTable: the same rows ---- */

static int build_routers(const struct view *view, struct rows *ret)
{
	return router_build(&kind, view, ret);
}

static bool oper_mac(const struct view *view, const struct row *row, struct cell *ret)
{
	return router_mac(ret, AF_INET, router_conf(view, row)->vrid);
}

static bool oper_state(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, router_state(router_live(view, row)));
}

static bool oper_admin(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, router_live(view, row)->admin_up); /* up(1) down(2) */
}

static bool oper_count(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, router_n_addresses(&kind, router_conf(view, row)));
}

static bool oper_master(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_ipaddress(ret, &router_live(view, row)->master);
}

static bool oper_primary(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_ipaddress(ret, &router_live(view, row)->primary);
}

static bool oper_auth(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, router_live(view, row)->auth + 1);
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
	uint64_t seconds = router_live(view, row)->advert_us / USEC_PER_SEC;

	return cell_number(ret, seconds < 1 ? 1 : seconds > 255 ? 255 : (int64_t)seconds);
}

static bool oper_up_time(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_timestamp(ret, view, router_live(view, row)->up_since_us);
}

static bool oper_protocol(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view, (void)row;
	return cell_number(ret, 1); /* ip */
}

/* Everything but the administrative state only while that is down. */
static enum set_error change(const struct view *view, const struct row *row, enum vrrp_field field,
			     int64_t value, int32_t before, struct set_change *ret)
{
	if (field != VRRP_SET_ADMIN && !router_may_change(view, row))
		return SET_INCONSISTENT_VALUE;
	return router_change(view, row, field, value, before, ret);
}

static enum set_error set_interval(const struct view *view, const struct row *row,
				   const struct cell *value, struct set_change *ret)
{
	return change(view, row, VRRP_SET_INTERVAL, value->number * 100,
		      router_live(view, row)->set.interval_cs, ret);
}

#define NUMBER_SETTER(name, field, before)                                                         \
	static enum set_error set_##name(const struct view *view, const struct row *row,           \
					 const struct cell *value, struct set_change *ret)         \
	{                                                                                          \
		return change(view, row, field, value->number, router_live(view, row)->before,     \
			      ret);                                                                \
	}

NUMBER_SETTER(admin, VRRP_SET_ADMIN, admin_up ? 1 : 2)
NUMBER_SETTER(priority, VRRP_SET_PRIORITY, set.priority)
NUMBER_SETTER(preempt, VRRP_SET_PREEMPT, set.preempt)

/* 0.0.0.0 selects the numerically lowest address, which a GET then shows. */
static enum set_error set_primary(const struct view *view, const struct row *row,
				  const struct cell *value, struct set_change *ret)
{
	static const struct ip lowest = {.family = AF_INET};
	const struct ip *before = &router_live(view, row)->set.primary;
	struct ip wanted = {.family = AF_INET};
	enum set_error error;

	memcpy(wanted.octets, value->octets, 4);
	error = change(view, row, VRRP_SET_PRIMARY, 1, ip_is_set(before), ret);
	if (error != SET_OK)
		return error;
	if (ip_compare(&wanted, &lowest) != 0 && !router_has_address(view, row, &wanted))
		return SET_INCONSISTENT_VALUE;
	ret->apply.vrrp.address = wanted;
	ret->undo.vrrp.address = *before;
	return SET_OK;
}

static enum set_error set_auth(const struct view *view, const struct row *row,
			       const struct cell *value, struct set_change *ret)
{
	return change(view, row, VRRP_SET_AUTH_TYPE, value->number,
		      router_live(view, row)->set.auth_type, ret);
}

/* A simple password is the first 8 octets of the 16 that RFC 2787 has room for. */
static enum set_error set_key(const struct view *view, const struct row *row,
			      const struct cell *value, struct set_change *ret)
{
	const struct vrrp_overrides *before = &router_live(view, row)->set;
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
	return value->number == 1 && router_may_change(view, row) ? SET_OK : SET_INCONSISTENT_VALUE;
}

static const struct column oper_columns[] = {
	COLUMN_READ(2, OCTETS, oper_mac),
	COLUMN_READ(3, INTEGER, oper_state),
	COLUMN_WRITE(4, INTEGER, oper_admin, set_admin, 1, 2),
	COLUMN_WRITE(5, INTEGER, router_base_priority, set_priority, 1, 255),
	COLUMN_READ(6, INTEGER, oper_count),
	COLUMN_READ(7, IPADDRESS, oper_master),
	COLUMN_WRITE(8, IPADDRESS, oper_primary, set_primary, 4, 4),
	COLUMN_WRITE(9, INTEGER, oper_auth, set_auth, 1, 3),
	COLUMN_WRITE(10, OCTETS, oper_key, set_key, 0, 16),
	COLUMN_WRITE(11, INTEGER, oper_interval, set_interval, 1, 255),
	COLUMN_WRITE(12, INTEGER, router_preempt, set_preempt, 1, 2),
	COLUMN_READ(13, TIMETICKS, oper_up_time),
	COLUMN_WRITE(14, INTEGER, oper_protocol, set_protocol, 1, 4),
	COLUMN_WRITE(15, INTEGER, router_row_status, router_set_row_status, 1, 6),
};

#define COUNTER_GETTER(field)                                                                      \
	static bool stats_##field(const struct view *view, const struct row *row,                  \
				  struct cell *ret)                                                \
	{                                                                                          \
		return cell_number(ret, (int64_t)router_live(view, row)->stats.field);             \
	}

COUNTER_GETTER(auth_failures)
COUNTER_GETTER(invalid_auth_type)
COUNTER_GETTER(auth_type_mismatch)

static const struct column stats_columns[] = {
	COLUMN_READ(1, COUNTER32, router_became_master),
	COLUMN_READ(2, COUNTER32, router_adverts),
	COLUMN_READ(3, COUNTER32, router_interval_errors),
	COLUMN_READ(4, COUNTER32, stats_auth_failures),
	COLUMN_READ(5, COUNTER32, router_ttl_errors),
	COLUMN_READ(6, COUNTER32, router_zero_received),
	COLUMN_READ(7, COUNTER32, router_zero_sent),
	COLUMN_READ(8, COUNTER32, router_invalid_type),
	COLUMN_READ(9, COUNTER32, router_list_errors),
	COLUMN_READ(10, COUNTER32, stats_invalid_auth_type),
	COLUMN_READ(11, COUNTER32, stats_auth_type_mismatch),
	COLUMN_READ(12, COUNTER32, router_length_errors),
};

/* ---- vrrpAssoIpAddrTable ---- */

static int build_addresses(const struct view *view, struct rows *ret)
{
	return router_build_addresses(&kind, view, ret);
}

static const struct column address_columns[] = {
	COLUMN_WRITE(2, INTEGER, router_row_status, router_set_row_status, 1, 6),
};

static const struct table operations = {
	.name = "vrrpOperations",
	.entry = {VRRP_MIB_ROOT, 1},
	.entry_length = 8,
	.columns = operations_columns,
	.n_columns = CELL_COUNT(operations_columns),
	.build = router_build_scalars,
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
	.build = router_build_scalars,
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
