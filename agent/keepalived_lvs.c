/* SPDX-License-Identifier: MIT */
/*
 * KEEPALIVED-MIB K.3.6 and K.3.7: scalars of the connection sync daemon and of the kernel's
 * timeouts. Thread: agent.
 *
 * vipd runs no sync daemon: the scalars say disabled, with empty values, so that a GET never fails.
 * A timeout is the kernel's when known, else the configured one; with neither there is no instance,
 * because the MIB's range begins at 1.
 */
#include "agent/cells.h"
#include "agent/keepalived.h"

static int build(const struct view *view, struct rows *ret)
{
	return view->check ? rows_add_scalars(ret) : 0;
}

static bool sync_off(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view, (void)row;
	return cell_truth(ret, false);
}

static bool sync_text(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view, (void)row;
	return cell_text(ret, "");
}

static bool sync_zero(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view, (void)row;
	return cell_number(ret, 0);
}

static const struct column sync_columns[] = {
	COLUMN_READ(1, INTEGER, sync_off),  /* Enabled */
	COLUMN_READ(2, OCTETS, sync_text),  /* Interface */
	COLUMN_READ(3, OCTETS, sync_text),  /* VrrpInstance */
	COLUMN_READ(4, INTEGER, sync_zero), /* SyncId */
	COLUMN_READ(5, INTEGER, sync_zero), /* MaxLen */
	COLUMN_READ(6, INTEGER, sync_zero), /* Port */
	COLUMN_READ(7, INTEGER, sync_zero), /* TTL */
	COLUMN_READ(8, INTEGER, sync_zero), /* McastGroupAddrType: unknown(0) */
	COLUMN_READ(9, OCTETS, sync_text),  /* McastGroupAddrValue */
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
