/* SPDX-License-Identifier: MIT */
/*
 * KEEPALIVED-MIB K.3.4: real servers. Thread: agent.
 *
 * A configured sorry server is row 1 of its virtual server; the columns of health checking are 0 or
 * disabled there. Under a virtual server over a group a row stands for one server in every member
 * service: its traffic and connections are the sum, its state that of the first (they change
 * together). realServerWeight is what the operator wants: the weight set by SNMP or vipctl, else
 * the configured one. It does not drop to 0 during a drain, so reading it, draining, and writing it
 * back is harmless. It is writable from 0 to 65535; the sorry server has no weight to write. Holes:
 * texts that are not configured.
 */
#include <string.h>

#include "agent/cells.h"
#include "agent/keepalived.h"
#include "agent/traffic.h"

/* major: first service of the virtual server; minor: position among its destinations. */
static int build(const struct view *view, struct rows *ret)
{
	const struct snap_check *check = view->check;
	int error = 0;

	for (uint32_t s = 0; check && s < check->n_services && !error; s++) {
		const struct snap_service *service = &check->services[s];

		if (s > 0 && check->services[s - 1].vs == service->vs)
			continue;
		error = keepalived_add_rows(ret, s, keepalived_index(service->vs),
					    service->n_dests);
	}
	return error;
}

static const struct snap_service *service_of(const struct view *view, const struct row *row)
{
	return &view->check->services[row->major];
}

static const struct snap_dest *live(const struct view *view, const struct row *row)
{
	return &view->check->dests[service_of(view, row)->first_dest + row->minor];
}

static const struct conf_virtual_server *vs_of(const struct view *view, const struct row *row)
{
	return &view->check->conf->services[service_of(view, row)->vs];
}

/* NULL for the sorry server. */
static const struct conf_real_server *rs_of(const struct view *view, const struct row *row)
{
	uint32_t rs = live(view, row)->rs;

	return rs == SNAP_SORRY ? NULL : &vs_of(view, row)->servers[rs];
}

static bool rs_type(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, live(view, row)->rs != SNAP_SORRY); /* regular(1) sorry(2) */
}

static bool rs_address_type(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_ip_type(ret, &live(view, row)->key.ip);
}

static bool rs_address(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_ip(ret, &live(view, row)->key.ip);
}

static bool rs_port(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->key.port);
}

static bool rs_status(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, live(view, row)->alive); /* alive(1) dead(2) */
}

static int32_t wanted_weight(const struct snap_dest *dest)
{
	if (dest->weight_override != WEIGHT_NO_OVERRIDE)
		return dest->weight_override;
	return dest->conf_weight;
}

static bool rs_weight(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct snap_dest *dest = live(view, row);

	return cell_number(ret, dest->rs == SNAP_SORRY ? dest->conf_weight : wanted_weight(dest));
}

static enum set_error set_weight(const struct view *view, const struct row *row,
				 const struct cell *value, struct set_change *ret)
{
	const struct snap_dest *dest = live(view, row);

	if (dest->rs == SNAP_SORRY)
		return SET_NOT_WRITABLE;
	memset(ret, 0, sizeof(*ret));
	ret->target = SET_TO_CHECK;
	ret->apply.dest.svc = service_of(view, row)->key;
	ret->apply.dest.dest = dest->key;
	ret->apply.dest.field = DEST_SET_WEIGHT;
	ret->apply.dest.value = (int32_t)value->number;
	ret->undo.dest = ret->apply.dest;
	ret->undo.dest.value = dest->weight_override;
	return SET_OK;
}

static bool rs_upper(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs = rs_of(view, row);

	return cell_number(ret, rs ? rs->upper_threshold : 0);
}

static bool rs_lower(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs = rs_of(view, row);

	return cell_number(ret, rs ? rs->lower_threshold : 0);
}

static bool rs_action(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs = rs_of(view, row);
	bool inhibit = rs ? rs->inhibit_on_failure : vs_of(view, row)->sorry_inhibit;

	return cell_number(ret, inhibit ? 2 : 1);
}

static bool rs_notify_up(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs = rs_of(view, row);

	return rs && cell_command(ret, &rs->notify_up);
}

static bool rs_notify_down(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs = rs_of(view, row);

	return rs && cell_command(ret, &rs->notify_down);
}

static bool rs_failed(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->failed_checks);
}

static bool rs_not_run(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, live(view, row)->not_run_checks);
}

enum connections { ACTIVE, INACTIVE, PERSISTENT };

/* Over every member service of the virtual server. */
static bool connections(const struct view *view, const struct row *row, enum connections which,
			struct cell *ret)
{
	const struct snap_check *check = view->check;
	uint64_t sum = 0;

	for (uint32_t s = row->major;
	     s < check->n_services && check->services[s].vs == service_of(view, row)->vs; s++) {
		const struct snap_service *service = &check->services[s];
		const struct snap_dest *dest;

		if (row->minor >= service->n_dests)
			continue;
		dest = &check->dests[service->first_dest + row->minor];
		sum += which == ACTIVE	   ? dest->active_conns
		       : which == INACTIVE ? dest->inactive_conns
					   : dest->persistent_conns;
	}
	return cell_number(ret, (int64_t)sum);
}

static bool rs_active(const struct view *view, const struct row *row, struct cell *ret)
{
	return connections(view, row, ACTIVE, ret);
}

static bool rs_inactive(const struct view *view, const struct row *row, struct cell *ret)
{
	return connections(view, row, INACTIVE, ret);
}

static bool rs_persistent(const struct view *view, const struct row *row, struct cell *ret)
{
	return connections(view, row, PERSISTENT, ret);
}

static bool rs_fetch(const struct view *view, const struct row *row, struct ipvs_stats *ret)
{
	view_dest_stats(view->check, service_of(view, row), row->minor, ret);
	return true;
}

TRAFFIC_GETTERS(rs, rs_fetch)
TRAFFIC_HALF_GETTERS(rs, rs_fetch)

static const struct conf_method *method(const struct view *view, const struct row *row)
{
	const struct conf_real_server *rs = rs_of(view, row);

	return rs ? &rs->method : &vs_of(view, row)->sorry_method;
}

static bool rs_forwarding(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, method(view, row)->forward);
}

static bool rs_virtualhost(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs = rs_of(view, row);

	return rs && cell_text(ret, rs->virtualhost);
}

static bool rs_alpha(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs = rs_of(view, row);

	return cell_truth(ret, rs && rs->alpha);
}

static bool rs_retry(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs = rs_of(view, row);

	return cell_number(ret, rs ? rs->retry : 0);
}

static bool rs_retry_delay(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs = rs_of(view, row);

	return cell_seconds(ret, rs ? rs->delay_before_retry_us : 0);
}

static bool rs_warmup(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs = rs_of(view, row);

	return cell_seconds(ret, rs ? rs->warmup_us : 0);
}

static bool rs_delay_loop(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs = rs_of(view, row);

	return cell_seconds(ret, rs ? rs->delay_loop_us : 0);
}

static bool rs_smtp_alert(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_global *global = &view->check->conf->global;
	const struct conf_real_server *rs = rs_of(view, row);

	return cell_truth(ret, rs && conf_mails_server(global, rs->smtp_alert));
}

static bool rs_retry_delay_us(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs = rs_of(view, row);

	return cell_number(ret, rs ? (int64_t)rs->delay_before_retry_us : 0);
}

static bool rs_warmup_us(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs = rs_of(view, row);

	return cell_number(ret, rs ? (int64_t)rs->warmup_us : 0);
}

static bool rs_delay_loop_us(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs = rs_of(view, row);

	return cell_number(ret, rs ? (int64_t)rs->delay_loop_us : 0);
}

static bool rs_connect_us(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs = rs_of(view, row);

	return cell_number(ret, rs ? (int64_t)rs->connect_timeout_us : 0);
}

static bool rs_tunnel(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, method(view, row)->tunnel + 1);
}

static bool rs_tunnel_port(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, method(view, row)->tunnel_port);
}

static bool rs_tunnel_csum(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, method(view, row)->tunnel_checksum + 1);
}

static bool rs_name(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs = rs_of(view, row);

	return rs && cell_text(ret, rs->snmp_name);
}

static bool rs_notify_up_path(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs = rs_of(view, row);

	return rs && cell_program(ret, &rs->notify_up);
}

static bool rs_notify_down_path(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_real_server *rs = rs_of(view, row);

	return rs && cell_program(ret, &rs->notify_down);
}

static const struct column columns[] = {
	COLUMN_READ(2, INTEGER, rs_type),
	COLUMN_READ(3, INTEGER, rs_address_type),
	COLUMN_READ(4, OCTETS, rs_address),
	COLUMN_READ(5, GAUGE32, rs_port),
	COLUMN_READ(6, INTEGER, rs_status),
	COLUMN_WRITE(7, INTEGER, rs_weight, set_weight, 0, WEIGHT_MAX),
	COLUMN_READ(8, GAUGE32, rs_upper),
	COLUMN_READ(9, GAUGE32, rs_lower),
	COLUMN_READ(10, INTEGER, rs_action),
	COLUMN_READ(11, OCTETS, rs_notify_up),
	COLUMN_READ(12, OCTETS, rs_notify_down),
	COLUMN_READ(13, GAUGE32, rs_failed),
	COLUMN_READ(14, GAUGE32, rs_conns),
	COLUMN_READ(15, GAUGE32, rs_active),
	COLUMN_READ(16, GAUGE32, rs_inactive),
	COLUMN_READ(17, GAUGE32, rs_persistent),
	COLUMN_READ(18, COUNTER32, rs_in_packets),
	COLUMN_READ(19, COUNTER32, rs_out_packets),
	COLUMN_READ(20, COUNTER64, rs_in_octets),
	COLUMN_READ(21, COUNTER64, rs_out_octets),
	COLUMN_READ(22, GAUGE32, rs_conn_rate),
	COLUMN_READ(23, GAUGE32, rs_in_packet_rate),
	COLUMN_READ(24, GAUGE32, rs_out_packet_rate),
	COLUMN_READ(25, GAUGE32, rs_in_octet_rate),
	COLUMN_READ(26, GAUGE32, rs_out_octet_rate),
	COLUMN_READ(27, COUNTER64, rs_conns),
	COLUMN_READ(28, COUNTER64, rs_in_packets),
	COLUMN_READ(29, COUNTER64, rs_out_packets),
	COLUMN_READ(30, GAUGE32, rs_conn_rate_low),
	COLUMN_READ(31, GAUGE32, rs_conn_rate_high),
	COLUMN_READ(32, GAUGE32, rs_in_packet_rate_low),
	COLUMN_READ(33, GAUGE32, rs_in_packet_rate_high),
	COLUMN_READ(34, GAUGE32, rs_out_packet_rate_low),
	COLUMN_READ(35, GAUGE32, rs_out_packet_rate_high),
	COLUMN_READ(36, GAUGE32, rs_in_octet_rate_low),
	COLUMN_READ(37, GAUGE32, rs_in_octet_rate_high),
	COLUMN_READ(38, GAUGE32, rs_out_octet_rate_low),
	COLUMN_READ(39, GAUGE32, rs_out_octet_rate_high),
	COLUMN_READ(40, INTEGER, rs_forwarding),
	COLUMN_READ(41, OCTETS, rs_virtualhost),
	COLUMN_READ(42, INTEGER, rs_alpha),
	COLUMN_READ(43, GAUGE32, rs_retry),
	COLUMN_READ(44, GAUGE32, rs_retry_delay),
	COLUMN_READ(45, GAUGE32, rs_warmup),
	COLUMN_READ(46, GAUGE32, rs_delay_loop),
	COLUMN_READ(47, INTEGER, rs_smtp_alert),
	COLUMN_READ(48, GAUGE32, rs_retry_delay_us),
	COLUMN_READ(49, GAUGE32, rs_warmup_us),
	COLUMN_READ(50, GAUGE32, rs_delay_loop_us),
	COLUMN_READ(51, GAUGE32, rs_connect_us),
	COLUMN_READ(52, INTEGER, rs_tunnel),
	COLUMN_READ(53, GAUGE32, rs_tunnel_port),
	COLUMN_READ(54, INTEGER, rs_tunnel_csum),
	COLUMN_READ(55, OCTETS, rs_name),
	COLUMN_READ(56, OCTETS, rs_notify_up_path),
	COLUMN_READ(57, OCTETS, rs_notify_down_path),
	COLUMN_READ(58, COUNTER64, rs_conn_rate),
	COLUMN_READ(59, COUNTER64, rs_in_packet_rate),
	COLUMN_READ(60, COUNTER64, rs_out_packet_rate),
	COLUMN_READ(61, COUNTER64, rs_in_octet_rate),
	COLUMN_READ(62, COUNTER64, rs_out_octet_rate),
	COLUMN_READ(63, GAUGE32, rs_not_run),
};

const struct table keepalived_real_servers = {
	.name = "realServerTable",
	.entry = {KEEPALIVED_ROOT, 3, 4, 1},
	.entry_length = 12,
	.columns = columns,
	.n_columns = CELL_COUNT(columns),
	.build = build,
};
