/* SPDX-License-Identifier: MIT */
/*
 * VRRPV3-MIB (RFC 6527), complete: operations, associated addresses, statistics. Thread: agent.
 *
 * Rows: version 3 instances of either family whose interface exists, by ifIndex, VRID and address
 * type. FAULT shows as initialize. The priority is the base priority, so that a GET after a SET
 * agrees. An address column has the length of the row's type even when nothing is known: then it is
 * all zero.
 *
 * SET, where the RFC leaves room: rows belong to the configuration. Priority and preemption can
 * always be set; primary address (of IPv4 only) and interval, on which the group must agree, while
 * the row is notInService, which is administratively down; accept mode is what vipd does already,
 * or inconsistentValue. The row status takes active and notInService; every other legal value is
 * inconsistentValue, and notReady wrongValue (RFC 2579). A row that does not exist answers
 * noCreation.
 */
#include "agent/vrrp3_mib.h"

#include <string.h>

#include "agent/cells.h"
#include "agent/router.h"
#include "core/base/clock.h"

/* InetAddressType */
static uint32_t type_of(int family)
{
	return family == AF_INET6 ? 2 : 1;
}

void vrrp3_mib_index(struct row *row, uint32_t ifindex, uint8_t vrid, int family)
{
	row_index_u32(row, ifindex);
	row_index_u32(row, vrid);
	row_index_u32(row, type_of(family));
}

static bool covers(const struct conf_instance *conf)
{
	return conf->version == 3;
}

/* The type of the router is that of its associated addresses, and stands once in their index. */
static void index_row(struct row *row, uint32_t ifindex, const struct conf_instance *conf,
		      const struct ip *address)
{
	row_index_u32(row, ifindex);
	row_index_u32(row, conf->vrid);
	if (address)
		row_index_ip(row, address);
	else
		row_index_u32(row, type_of(conf_instance_family(conf)));
}

static const struct router_kind kind = {
	.covers = covers,
	.index = index_row,
	.one_family = true,
};

bool vrrp3_mib_has_row(const struct view *view, uint32_t ifindex, uint8_t vrid, int family)
{
	const struct snap_vrrp *vrrp = view->vrrp;

	for (size_t i = 0; vrrp && i < vrrp->n_instances; i++) {
		const struct conf_instance *conf =
			&vrrp->conf->instances[vrrp->instances[i].conf_index];

		if (ifindex && covers(conf) && vrrp->instances[i].ifindex == ifindex &&
		    conf->vrid == vrid && type_of(conf_instance_family(conf)) == type_of(family))
			return true;
	}
	return false;
}

/* ---- vrrpv3OperationsTable and vrrpv3StatisticsTable: the same rows ---- */

static int build_routers(const struct view *view, struct rows *ret)
{
	return router_build(&kind, view, ret);
}

/* Of the row's type, whatever is known. */
static bool address(const struct view *view, const struct row *row, const struct ip *ip,
		    struct cell *ret)
{
	bool v6 = type_of(conf_instance_family(router_conf(view, row))) == 2;

	if (ip->family == (v6 ? AF_INET6 : AF_INET))
		return cell_ip(ret, ip);
	memset(ret->room, 0, 16);
	return cell_octets(ret, ret->room, v6 ? 16 : 4);
}

static bool master(const struct view *view, const struct row *row, struct cell *ret)
{
	return address(view, row, &router_live(view, row)->master, ret);
}

static bool primary(const struct view *view, const struct row *row, struct cell *ret)
{
	return address(view, row, &router_live(view, row)->primary, ret);
}

static bool mac(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_instance *conf = router_conf(view, row);

	return router_mac(ret, conf_instance_family(conf), conf->vrid);
}

static bool status(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, router_state(router_live(view, row)));
}

static bool count(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, router_n_addresses(&kind, router_conf(view, row)));
}

/* The protocol has 12 bits for it, and no 0. */
static bool interval(const struct view *view, const struct row *row, struct cell *ret)
{
	uint64_t cs = router_live(view, row)->advert_us / USEC_PER_CSEC;

	return cell_number(ret, cs < 1 ? 1 : cs > 4095 ? 4095 : (int64_t)cs);
}

/* A duration, unlike that of VRRP-MIB. */
static bool up_time(const struct view *view, const struct row *row, struct cell *ret)
{
	uint64_t since_us = router_live(view, row)->up_since_us;
	bool known = since_us && since_us <= view->now_us;

	return cell_number(ret, known ? (int64_t)((view->now_us - since_us) / USEC_PER_CSEC) : 0);
}

static bool row_status(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, router_live(view, row)->admin_up); /* active(1) notInService(2) */
}

static enum set_error set_primary(const struct view *view, const struct row *row,
				  const struct cell *value, struct set_change *ret)
{
	const struct ip *before = &router_live(view, row)->set.primary;
	struct ip wanted = {.family = AF_INET};

	if (value->size != 4 || !router_may_change(view, row))
		return SET_INCONSISTENT_VALUE;
	memcpy(wanted.octets, value->octets, 4);
	if (!router_has_address(view, row, &wanted))
		return SET_INCONSISTENT_VALUE;
	router_change(view, row, VRRP_SET_PRIMARY, 1, ip_is_set(before), ret);
	ret->apply.vrrp.address = wanted;
	ret->undo.vrrp.address = *before;
	return SET_OK;
}

static enum set_error set_interval(const struct view *view, const struct row *row,
				   const struct cell *value, struct set_change *ret)
{
	if (!router_may_change(view, row))
		return SET_INCONSISTENT_VALUE;
	return router_change(view, row, VRRP_SET_INTERVAL, value->number,
			     router_live(view, row)->set.interval_cs, ret);
}

static enum set_error set_row_status(const struct view *view, const struct row *row,
				     const struct cell *value, struct set_change *ret)
{
	if (value->number == ROW_NOT_READY)
		return SET_WRONG_VALUE;
	if (value->number != ROW_ACTIVE && value->number != ROW_NOT_IN_SERVICE)
		return SET_INCONSISTENT_VALUE;
	return router_change(view, row, VRRP_SET_ADMIN, value->number,
			     router_live(view, row)->admin_up ? ROW_ACTIVE : ROW_NOT_IN_SERVICE,
			     ret);
}

static const struct column operations_columns[] = {
	COLUMN_READ(3, OCTETS, master),
	COLUMN_WRITE(4, OCTETS, primary, set_primary, 4, 16),
	COLUMN_READ(5, OCTETS, mac),
	COLUMN_READ(6, INTEGER, status),
	COLUMN_WRITE(7, GAUGE32, router_base_priority, router_set_priority, 1, 254),
	COLUMN_READ(8, INTEGER, count),
	COLUMN_WRITE(9, INTEGER, interval, set_interval, 1, 4095),
	COLUMN_WRITE(10, INTEGER, router_preempt, router_set_preempt, 1, 2),
	COLUMN_WRITE(11, INTEGER, router_accept, router_set_accept, 1, 2),
	COLUMN_READ(12, TIMETICKS, up_time),
	COLUMN_WRITE(13, INTEGER, row_status, set_row_status, 1, 6),
};

/* ---- vrrpv3StatisticsTable ---- */

static bool stats_reason(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, router_live(view, row)->reason);
}

static bool stats_proto_error(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, router_live(view, row)->proto_error);
}

static bool stats_discontinuity(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_timestamp(ret, view, router_live(view, row)->counters_since_us);
}

static bool stats_refresh(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view, (void)row;
	return cell_number(ret, SNAP_VRRP_COUNTERS_US / USEC_PER_MSEC);
}

static const struct column statistics_columns[] = {
	COLUMN_READ(1, COUNTER32, router_became_master),
	COLUMN_READ(2, INTEGER, stats_reason),
	COLUMN_READ(3, COUNTER64, router_adverts),
	COLUMN_READ(4, COUNTER64, router_interval_errors),
	COLUMN_READ(5, COUNTER64, router_ttl_errors),
	COLUMN_READ(6, INTEGER, stats_proto_error),
	COLUMN_READ(7, COUNTER64, router_zero_received),
	COLUMN_READ(8, COUNTER64, router_zero_sent),
	COLUMN_READ(9, COUNTER64, router_invalid_type),
	COLUMN_READ(10, COUNTER64, router_list_errors),
	COLUMN_READ(11, COUNTER64, router_length_errors),
	COLUMN_READ(12, TIMETICKS, stats_discontinuity),
	COLUMN_READ(13, GAUGE32, stats_refresh),
};

/* ---- vrrpv3AssociatedIpAddrTable ---- */

static int build_addresses(const struct view *view, struct rows *ret)
{
	return router_build_addresses(&kind, view, ret);
}

static const struct column address_columns[] = {
	COLUMN_WRITE(2, INTEGER, router_row_status, router_set_row_status, 1, 6),
};

/* ---- scalars ---- */

static bool discontinuity(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_timestamp(ret, view, view->vrrp->counters_since_us);
}

static const struct column scalar_columns[] = {
	COLUMN_READ(1, COUNTER64, router_checksum_errors),
	COLUMN_READ(2, COUNTER64, router_version_errors),
	COLUMN_READ(3, COUNTER64, router_vrid_errors),
	COLUMN_READ(4, TIMETICKS, discontinuity),
};

static const struct table operations = {
	.name = "vrrpv3OperationsTable",
	.entry = {VRRP3_MIB_ROOT, 1, 1, 1, 1},
	.entry_length = 11,
	.columns = operations_columns,
	.n_columns = CELL_COUNT(operations_columns),
	.build = build_routers,
};

static const struct table addresses = {
	.name = "vrrpv3AssociatedIpAddrTable",
	.entry = {VRRP3_MIB_ROOT, 1, 1, 2, 1},
	.entry_length = 11,
	.columns = address_columns,
	.n_columns = CELL_COUNT(address_columns),
	.build = build_addresses,
};

static const struct table scalars = {
	.name = "vrrpv3Statistics",
	.entry = {VRRP3_MIB_ROOT, 1, 2},
	.entry_length = 9,
	.columns = scalar_columns,
	.n_columns = CELL_COUNT(scalar_columns),
	.build = router_build_scalars,
};

static const struct table statistics = {
	.name = "vrrpv3StatisticsTable",
	.entry = {VRRP3_MIB_ROOT, 1, 2, 5, 1},
	.entry_length = 11,
	.columns = statistics_columns,
	.n_columns = CELL_COUNT(statistics_columns),
	.build = build_routers,
};

static const struct table *const tables[] = {&operations, &addresses, &scalars, &statistics};

struct table_list vrrp3_mib_tables(void)
{
	return (struct table_list){.items = tables, .count = CELL_COUNT(tables)};
}
