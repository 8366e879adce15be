/* SPDX-License-Identifier: MIT */
/*
 * KEEPALIVED-MIB K.3.6 and K.3.7: scalars of the connection sync daemon and of the kernel's
 * timeouts. Thread: agent.
 *
 * Those of the daemon are as configured, 0 for what is left to the kernel; without one they say
 * disabled, with empty values, so that a GET never fails. A timeout is the kernel's when known,
 * else the configured one; with neither there is no instance, because the MIB's range begins at 1.
 */
#include "agent/cells.h"
#include "agent/keepalived.h"

static int build(const struct view *view, struct rows *ret)
{
	return view->check ? rows_add_scalars(ret) : 0;
}

static const struct conf_sync_daemon *sync_of(const struct view *view)
{
	return &view->check->conf->global.sync;
}

static bool sync_enabled(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_truth(ret, sync_of(view)->interface);
}

static bool sync_interface(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_text_or_empty(ret, sync_of(view)->interface);
}

static bool sync_instance(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_text_or_empty(ret, sync_of(view)->instance);
}

static bool sync_id(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, sync_of(view)->interface ? conf_sync_id(view->check->conf) : 0);
}

static bool sync_maxlen(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, sync_of(view)->maxlen);
}

static bool sync_port(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, sync_of(view)->port);
}

static bool sync_ttl(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, sync_of(view)->ttl);
}

static bool sync_group_type(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_ip_type(ret, &sync_of(view)->group);
}

static bool sync_group(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_ip(ret, &sync_of(view)->group);
}

static const struct column sync_columns[] = {
	COLUMN_READ(1, INTEGER, sync_enabled), COLUMN_READ(2, OCTETS, sync_interface),
	COLUMN_READ(3, OCTETS, sync_instance), COLUMN_READ(4, INTEGER, sync_id),
	COLUMN_READ(5, INTEGER, sync_maxlen),  COLUMN_READ(6, INTEGER, sync_port),
	COLUMN_READ(7, INTEGER, sync_ttl),     COLUMN_READ(8, INTEGER, sync_group_type),
	COLUMN_READ(9, OCTETS, sync_group),
};

static bool timeout(struct cell *ret, uint32_t kernel_s, uint32_t configured_s)
{
	uint32_t seconds = kernel_s ? kernel_s : configured_s;

	return seconds && cell_number(ret, seconds);
}

static bool timeout_tcp(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return timeout(ret, view->check->tcp_timeout_s,
		       view->check->conf->global.lvs_tcp_timeout_s);
}

static bool timeout_tcpfin(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return timeout(ret, view->check->tcpfin_timeout_s,
		       view->check->conf->global.lvs_tcpfin_timeout_s);
}

static bool timeout_udp(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return timeout(ret, view->check->udp_timeout_s,
		       view->check->conf->global.lvs_udp_timeout_s);
}

static const struct column timeout_columns[] = {
	COLUMN_READ(1, INTEGER, timeout_tcp),
	COLUMN_READ(2, INTEGER, timeout_tcpfin),
	COLUMN_READ(3, INTEGER, timeout_udp),
};

const struct table keepalived_sync_daemon = {
	.name = "lvsSyncDaemon",
	.entry = {KEEPALIVED_ROOT, 3, 6},
	.entry_length = 11,
	.columns = sync_columns,
	.n_columns = CELL_COUNT(sync_columns),
	.build = build,
};

const struct table keepalived_timeouts = {
	.name = "lvsTimeouts",
	.entry = {KEEPALIVED_ROOT, 3, 7},
	.entry_length = 11,
	.columns = timeout_columns,
	.n_columns = CELL_COUNT(timeout_columns),
	.build = build,
};
