/* SPDX-License-Identifier: MIT */
/*
 * LVS-MIB, an alias of IPVS-DIRECTOR-MIB for who knows the older module: its numbers and types, the
 * figures of the same rows. Served only where enable_snmp_lvs says so. Thread: agent.
 *
 * The module numbers services and their servers: here in configuration order from 1, each member of
 * a group for itself, so a number stays while the configuration does; those beyond 65535 have none.
 * It knows IPv4 alone: another address is 0.0.0.0, and its traffic is there. The sorry server has
 * no row. No cell is ever absent.
 */
#include "agent/lvs_mib.h"

#include <errno.h>

#include "agent/cells.h"
#include "agent/director_mib.h"
#include "agent/traffic.h"

/* TimeInterval, in hundredths of a second. */
static bool cell_interval(struct cell *ret, uint64_t seconds)
{
	uint64_t hundredths = seconds * 100;

	return cell_number(ret, hundredths > INT32_MAX ? INT32_MAX : (int64_t)hundredths);
}

/* ---- scalars ---- */

static int build(const struct view *view, struct rows *ret)
{
	return view->check ? rows_add_scalars(ret) : 0;
}

static bool services(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, (int64_t)view->check->n_services);
}

static bool table_size(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, view->check->conn_table_size);
}

static bool tcp_timeout(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_interval(ret, view->check->tcp_timeout_s);
}

static bool tcpfin_timeout(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_interval(ret, view->check->tcpfin_timeout_s);
}

static bool udp_timeout(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_interval(ret, view->check->udp_timeout_s);
}

/* The module has room for one: the master where both run. */
static enum ipvs_sync_role daemon_of(const struct view *view)
{
	return view->check->sync[IPVS_SYNC_MASTER].interface[0] ? IPVS_SYNC_MASTER
								: IPVS_SYNC_BACKUP;
}

/* none(0) master(1) backup(2) */
static bool daemon_state(const struct view *view, const struct row *row, struct cell *ret)
{
	enum ipvs_sync_role role = daemon_of(view);

	(void)row;
	return cell_number(ret, view->check->sync[role].interface[0] ? (int)role + 1 : 0);
}

static bool daemon_interface(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_text(ret, view->check->sync[daemon_of(view)].interface);
}

static const struct column scalar_columns[] = {
	COLUMN_READ(1, OCTETS, director_get_kernel_version),
	COLUMN_READ(2, INTEGER, services),
	COLUMN_READ(3, INTEGER, table_size),
	COLUMN_READ(4, INTEGER, tcp_timeout),
	COLUMN_READ(5, INTEGER, tcpfin_timeout),
	COLUMN_READ(6, INTEGER, udp_timeout),
	COLUMN_READ(7, INTEGER, daemon_state),
	COLUMN_READ(8, OCTETS, daemon_interface),
};

/* ---- services ---- */

static int build_services(const struct view *view, struct rows *ret)
{
	for (uint32_t s = 0; view->check && s < view->check->n_services && s < UINT16_MAX; s++) {
		struct row *row = rows_add(ret, s, 0);

		if (!row)
			return -ENOMEM;
		row_index_u32(row, s + 1);
	}
	return 0;
}

static const struct snap_service *service_of(const struct view *view, const struct row *row)
{
	return &view->check->services[row->major];
}

static const struct conf_virtual_server *vs_of(const struct view *view, const struct row *row)
{
	return &view->check->conf->services[service_of(view, row)->vs];
}

/* Of both tables. */
static bool service_number(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view;
	return cell_number(ret, row->index[0]);
}

static bool scheduler(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, vs_of(view, row)->scheduler);
}

/* tcp(6) udp(17), or -1 for a mark; others by their number, too. */
static bool protocol(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct svc_key *key = &service_of(view, row)->key;

	return cell_number(ret, key->fwmark ? -1 : key->protocol);
}

static bool address(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_ipaddress(ret, &service_of(view, row)->key.ip);
}

static bool port(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct svc_key *key = &service_of(view, row)->key;

	return cell_number(ret, key->fwmark ? -1 : key->port);
}

/* The 32 bits of a mark, of which INTEGER takes the first for a sign. */
static bool fwmark(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, (int32_t)service_of(view, row)->key.fwmark);
}

static bool persist_timeout(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_interval(ret, vs_of(view, row)->persistence_s);
}

static bool persist_netmask(const struct view *view, const struct row *row, struct cell *ret)
{
	bool four = service_of(view, row)->key.ip.family == AF_INET;

	return cell_netmask(ret, four ? vs_of(view, row)->persistence_prefix : 0);
}

static bool servers(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, (int64_t)vs_of(view, row)->n_servers);
}

static bool fetch_service(const struct view *view, const struct row *row, struct ipvs_stats *ret)
{
	*ret = service_of(view, row)->stats;
	return true;
}

TRAFFIC_GETTERS(service, fetch_service)

static const struct column service_columns[] = {
	COLUMN_READ(1, INTEGER, service_number),
	COLUMN_READ(2, OCTETS, scheduler),
	COLUMN_READ(3, INTEGER, protocol),
	COLUMN_READ(4, IPADDRESS, address),
	COLUMN_READ(5, INTEGER, port),
	COLUMN_READ(6, INTEGER, fwmark),
	COLUMN_READ(7, INTEGER, persist_timeout),
	COLUMN_READ(8, IPADDRESS, persist_netmask),
	COLUMN_READ(9, INTEGER, servers),
	TRAFFIC_COLUMNS_OLD(10, service),
};

/* ---- real servers ---- */

static int add_servers(const struct snap_check *check, uint32_t s, struct rows *ret)
{
	const struct snap_service *service = &check->services[s];
	uint32_t number = 0;

	for (uint32_t d = service->first_dest; d < service->first_dest + service->n_dests; d++) {
		struct row *row;

		if (check->dests[d].rs == SNAP_SORRY)
			continue;
		if (++number > UINT16_MAX)
			break;
		row = rows_add(ret, s, d);
		if (!row)
			return -ENOMEM;
		row_index_u32(row, s + 1);
		row_index_u32(row, number);
	}
	return 0;
}

static int build_servers(const struct view *view, struct rows *ret)
{
	int error = 0;

	for (uint32_t s = 0; view->check && s < view->check->n_services && s < UINT16_MAX && !error;
	     s++)
		error = add_servers(view->check, s, ret);
	return error;
}

static bool server_number(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view;
	return cell_number(ret, row->index[1]);
}

static bool server_address(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_ipaddress(ret, &director_dest(view, row)->key.ip);
}

static bool server_port(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, director_dest(view, row)->key.port);
}

/* masq(0) local(1) tunnel(2) route(3), each one less than in our own module */
static bool server_flags(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs =
		&vs_of(view, row)->servers[director_dest(view, row)->rs];

	return cell_number(ret, director_forwarding(rs->method.forward) - 1);
}

/* What the kernel has: nothing for a server that is not there. */
static bool server_weight(const struct view *view, const struct row *row, struct cell *ret)
{
	int32_t weight = director_dest(view, row)->kernel_weight;

	return cell_number(ret, weight > 0 ? weight : 0);
}

static bool fetch_server(const struct view *view, const struct row *row, struct ipvs_stats *ret)
{
	*ret = director_dest(view, row)->stats;
	return true;
}

TRAFFIC_GETTERS(server, fetch_server)

static const struct column server_columns[] = {
	COLUMN_READ(1, INTEGER, service_number),
	COLUMN_READ(2, INTEGER, server_number),
	COLUMN_READ(3, IPADDRESS, server_address),
	COLUMN_READ(4, INTEGER, server_port),
	COLUMN_READ(5, INTEGER, server_flags),
	COLUMN_READ(6, INTEGER, server_weight),
	TRAFFIC_COLUMNS_OLD(7, server),
};

static const struct table scalars = {
	.name = "lvs",
	.entry = {LVS_MIB_ROOT},
	.entry_length = LVS_MIB_ROOT_LENGTH,
	.columns = scalar_columns,
	.n_columns = CELL_COUNT(scalar_columns),
	.build = build,
};

static const struct table service_table = {
	.name = "lvsServiceTable",
	.entry = {LVS_MIB_ROOT, 17, 1},
	.entry_length = LVS_MIB_ROOT_LENGTH + 2,
	.columns = service_columns,
	.n_columns = CELL_COUNT(service_columns),
	.build = build_services,
};

static const struct table server_table = {
	.name = "lvsRealTable",
	.entry = {LVS_MIB_ROOT, 18, 1},
	.entry_length = LVS_MIB_ROOT_LENGTH + 2,
	.columns = server_columns,
	.n_columns = CELL_COUNT(server_columns),
	.build = build_servers,
};

static const struct table *const tables[] = {&scalars, &service_table, &server_table};

struct table_list lvs_mib_tables(void)
{
	return (struct table_list){.items = tables, .count = CELL_COUNT(tables)};
}
