/* SPDX-License-Identifier: MIT */
/*
 * KEEPALIVED-MIB K.3: virtual servers. Real servers are in keepalived_rs.c, the scalars in
 * keepalived_lvs.c. Thread: agent.
 *
 * A virtual server over a group is several services to the kernel: its row shows the sum of their
 * traffic, and the state of the first (all have the same servers, so the same quorum). Holes: what
 * identifies another type of virtual server, texts that are not configured, the IPv4 netmask in an
 * IPv6 row. Every number that a row can have is there; the tunnel columns show what a tunnel would
 * use.
 */
#include <netinet/in.h>
#include <string.h>

#include "agent/cells.h"
#include "agent/keepalived.h"
#include "agent/traffic.h"

static int build(const struct view *view, struct rows *ret)
{
	int error = 0;

	for (uint32_t i = 0; view->check && i < view->check->conf->n_services && !error; i++)
		error = keepalived_add_row(ret, i, 0, keepalived_index(i), 0);
	return error;
}

static const struct conf_virtual_server *vs_of(const struct view *view, const struct row *row)
{
	return &view->check->conf->services[row->major];
}

/* NULL while the check thread has no row for it yet. */
static const struct snap_service *live(const struct view *view, const struct row *row)
{
	return view_service(view->check, row->major);
}

static bool vs_type(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, vs_of(view, row)->type);
}

static bool vs_group(const struct view *view, const struct row *row, struct cell *ret)
{
	return vs_of(view, row)->type == CONF_VS_GROUP &&
	       cell_text(ret, vs_of(view, row)->group_name);
}

static bool vs_fwmark(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_virtual_server *vs = vs_of(view, row);

	return vs->type == CONF_VS_FWMARK && vs->n_keys > 0 && cell_number(ret, vs->keys[0].fwmark);
}

static bool has_address(const struct conf_virtual_server *vs)
{
	return vs->type == CONF_VS_ADDRESS && vs->n_keys > 0;
}

static bool vs_address_type(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_virtual_server *vs = vs_of(view, row);

	return has_address(vs) && cell_ip_type(ret, &vs->keys[0].ip);
}

static bool vs_address(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_virtual_server *vs = vs_of(view, row);

	return has_address(vs) && cell_ip(ret, &vs->keys[0].ip);
}

static bool vs_port(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_virtual_server *vs = vs_of(view, row);

	return has_address(vs) && cell_number(ret, vs->keys[0].port);
}

int keepalived_protocol(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return 1;
	case IPPROTO_UDP:
		return 2;
	case IPPROTO_SCTP:
		return 3;
	default:
		return 4;
	}
}

static bool vs_protocol(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, keepalived_protocol(vs_of(view, row)->protocol));
}

static const char *const schedulers[] = {
	[1] = "rr",    [2] = "wrr",  [3] = "lc",  [4] = "wlc",	 [5] = "lblc",
	[6] = "lblcr", [7] = "dh",   [8] = "sh",  [9] = "sed",	 [10] = "nq",
	[11] = "fo",   [12] = "ovf", [13] = "mh", [14] = "twos",
};

static bool vs_scheduler(const struct view *view, const struct row *row, struct cell *ret)
{
	for (size_t i = 1; i < CELL_COUNT(schedulers); i++)
		if (strcmp(vs_of(view, row)->scheduler, schedulers[i]) == 0)
			return cell_number(ret, (int64_t)i);
	return cell_number(ret, 99); /* unknown */
}

static bool vs_kind(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, vs_of(view, row)->method.forward);
}

/* alive: something answers, be it the fallback server. */
static bool vs_status(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct snap_service *service = live(view, row);

	return cell_truth(ret, service && (service->quorum_up || service->sorry_active));
}

static bool vs_virtualhost(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, vs_of(view, row)->virtualhost);
}

static bool vs_persist(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, vs_of(view, row)->persistence_s > 0);
}

static bool vs_persist_timeout(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, vs_of(view, row)->persistence_s);
}

static int family(const struct conf_virtual_server *vs)
{
	return vs->n_keys > 0 ? vs->keys[0].ip.family : AF_UNSPEC;
}

static bool vs_granularity(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_virtual_server *vs = vs_of(view, row);

	return family(vs) == AF_INET && cell_netmask(ret, vs->persistence_prefix);
}

static bool vs_granularity6(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_virtual_server *vs = vs_of(view, row);

	return cell_number(ret, family(vs) == AF_INET6 ? vs->persistence_prefix : 0);
}

static bool vs_delay_loop(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_seconds(ret, vs_of(view, row)->delay_loop_us);
}

static bool vs_ha_suspend(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, vs_of(view, row)->ha_suspend);
}

static bool vs_alpha(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, vs_of(view, row)->alpha);
}

static bool vs_omega(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, vs_of(view, row)->omega);
}

static bool vs_total(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, (int64_t)vs_of(view, row)->n_servers);
}

static bool vs_up(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct snap_service *service = live(view, row);

	return cell_number(ret, service ? service->n_up : 0);
}

static bool vs_quorum(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, vs_of(view, row)->quorum);
}

static bool vs_quorum_status(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct snap_service *service = live(view, row);

	return cell_truth(ret, service && service->quorum_up); /* met(1) notMet(2) */
}

static bool vs_quorum_up(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_command(ret, &vs_of(view, row)->quorum_up);
}

static bool vs_quorum_down(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_command(ret, &vs_of(view, row)->quorum_down);
}

static bool vs_hysteresis(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, vs_of(view, row)->hysteresis);
}

static bool vs_fetch(const struct view *view, const struct row *row, struct ipvs_stats *ret)
{
	const struct snap_service *service = live(view, row);

	memset(ret, 0, sizeof(*ret));
	if (service)
		view_service_stats(view->check, service, ret);
	return true;
}

TRAFFIC_GETTERS(vs, vs_fetch)
TRAFFIC_HALF_GETTERS(vs, vs_fetch)

static bool vs_ops(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, vs_of(view, row)->one_packet);
}

static bool vs_hashed(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, vs_of(view, row)->hashed);
}

/* Flags 1 and 2 mean fallback and port to the two hashing schedulers only. */
static bool flag_of(const struct view *view, const struct row *row, const char *scheduler,
		    bool flag)
{
	return flag && strcmp(vs_of(view, row)->scheduler, scheduler) == 0;
}

static bool vs_sh_fallback(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, flag_of(view, row, "sh", vs_of(view, row)->flag1));
}

static bool vs_sh_port(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, flag_of(view, row, "sh", vs_of(view, row)->flag2));
}

static bool vs_flag3(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, vs_of(view, row)->flag3);
}

static bool vs_mh_fallback(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, flag_of(view, row, "mh", vs_of(view, row)->flag1));
}

static bool vs_mh_port(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, flag_of(view, row, "mh", vs_of(view, row)->flag2));
}

static bool vs_action(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, vs_of(view, row)->inhibit_on_failure ? 2 : 1); /* inhibit, remove */
}

static bool vs_retry(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, vs_of(view, row)->retry);
}

static bool vs_retry_delay(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_seconds(ret, vs_of(view, row)->delay_before_retry_us);
}

static bool vs_warmup(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_seconds(ret, vs_of(view, row)->warmup_us);
}

static bool vs_weight(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, vs_of(view, row)->weight);
}

static bool vs_smtp_alert(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(
		ret, conf_mails_service(&view->check->conf->global, vs_of(view, row)->smtp_alert));
}

static bool vs_delay_loop_us(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, (int64_t)vs_of(view, row)->delay_loop_us);
}

static bool vs_retry_delay_us(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, (int64_t)vs_of(view, row)->delay_before_retry_us);
}

static bool vs_warmup_us(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, (int64_t)vs_of(view, row)->warmup_us);
}

static bool vs_connect_us(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, (int64_t)vs_of(view, row)->connect_timeout_us);
}

static bool vs_tunnel(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, vs_of(view, row)->method.tunnel + 1);
}

static bool vs_tunnel_port(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, vs_of(view, row)->method.tunnel_port);
}

static bool vs_tunnel_csum(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, vs_of(view, row)->method.tunnel_checksum + 1);
}

static bool vs_name(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, vs_of(view, row)->snmp_name);
}

static bool vs_quorum_up_path(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_program(ret, &vs_of(view, row)->quorum_up);
}

static bool vs_quorum_down_path(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_program(ret, &vs_of(view, row)->quorum_down);
}

static const struct column columns[] = {
	COLUMN_READ(2, INTEGER, vs_type),
	COLUMN_READ(3, OCTETS, vs_group),
	COLUMN_READ(4, GAUGE32, vs_fwmark),
	COLUMN_READ(5, INTEGER, vs_address_type),
	COLUMN_READ(6, OCTETS, vs_address),
	COLUMN_READ(7, GAUGE32, vs_port),
	COLUMN_READ(8, INTEGER, vs_protocol),
	COLUMN_READ(9, INTEGER, vs_scheduler),
	COLUMN_READ(10, INTEGER, vs_kind),
	COLUMN_READ(11, INTEGER, vs_status),
	COLUMN_READ(12, OCTETS, vs_virtualhost),
	COLUMN_READ(13, INTEGER, vs_persist),
	COLUMN_READ(14, GAUGE32, vs_persist_timeout),
	COLUMN_READ(15, OCTETS, vs_granularity),
	COLUMN_READ(16, GAUGE32, vs_delay_loop),
	COLUMN_READ(17, INTEGER, vs_ha_suspend),
	COLUMN_READ(18, INTEGER, vs_alpha),
	COLUMN_READ(19, INTEGER, vs_omega),
	COLUMN_READ(20, GAUGE32, vs_total),
	COLUMN_READ(21, GAUGE32, vs_up),
	COLUMN_READ(22, GAUGE32, vs_quorum),
	COLUMN_READ(23, INTEGER, vs_quorum_status),
	COLUMN_READ(24, OCTETS, vs_quorum_up),
	COLUMN_READ(25, OCTETS, vs_quorum_down),
	COLUMN_READ(26, GAUGE32, vs_hysteresis),
	COLUMN_READ(27, GAUGE32, vs_conns),
	COLUMN_READ(28, COUNTER32, vs_in_packets),
	COLUMN_READ(29, COUNTER32, vs_out_packets),
	COLUMN_READ(30, COUNTER64, vs_in_octets),
	COLUMN_READ(31, COUNTER64, vs_out_octets),
	COLUMN_READ(32, GAUGE32, vs_conn_rate),
	COLUMN_READ(33, GAUGE32, vs_in_packet_rate),
	COLUMN_READ(34, GAUGE32, vs_out_packet_rate),
	COLUMN_READ(35, GAUGE32, vs_in_octet_rate),
	COLUMN_READ(36, GAUGE32, vs_out_octet_rate),
	COLUMN_READ(37, INTEGER, vs_ops),
	COLUMN_READ(38, COUNTER64, vs_conns),
	COLUMN_READ(39, COUNTER64, vs_in_packets),
	COLUMN_READ(40, COUNTER64, vs_out_packets),
	COLUMN_READ(41, GAUGE32, vs_conn_rate_low),
	COLUMN_READ(42, GAUGE32, vs_conn_rate_high),
	COLUMN_READ(43, GAUGE32, vs_in_packet_rate_low),
	COLUMN_READ(44, GAUGE32, vs_in_packet_rate_high),
	COLUMN_READ(45, GAUGE32, vs_out_packet_rate_low),
	COLUMN_READ(46, GAUGE32, vs_out_packet_rate_high),
	COLUMN_READ(47, GAUGE32, vs_in_octet_rate_low),
	COLUMN_READ(48, GAUGE32, vs_in_octet_rate_high),
	COLUMN_READ(49, GAUGE32, vs_out_octet_rate_low),
	COLUMN_READ(50, GAUGE32, vs_out_octet_rate_high),
	COLUMN_READ(51, GAUGE32, vs_granularity6),
	COLUMN_READ(52, INTEGER, vs_hashed),
	COLUMN_READ(53, INTEGER, vs_sh_fallback),
	COLUMN_READ(54, INTEGER, vs_sh_port),
	COLUMN_READ(55, INTEGER, vs_flag3),
	COLUMN_READ(56, INTEGER, vs_action),
	COLUMN_READ(57, GAUGE32, vs_retry),
	COLUMN_READ(58, GAUGE32, vs_retry_delay),
	COLUMN_READ(59, GAUGE32, vs_warmup),
	COLUMN_READ(60, INTEGER, vs_weight),
	COLUMN_READ(61, INTEGER, vs_smtp_alert),
	COLUMN_READ(62, INTEGER, vs_mh_fallback),
	COLUMN_READ(63, INTEGER, vs_mh_port),
	COLUMN_READ(64, GAUGE32, vs_delay_loop_us),
	COLUMN_READ(65, GAUGE32, vs_retry_delay_us),
	COLUMN_READ(66, GAUGE32, vs_warmup_us),
	COLUMN_READ(67, GAUGE32, vs_connect_us),
	COLUMN_READ(68, INTEGER, vs_tunnel),
	COLUMN_READ(69, GAUGE32, vs_tunnel_port),
	COLUMN_READ(70, INTEGER, vs_tunnel_csum),
	COLUMN_READ(71, OCTETS, vs_name),
	COLUMN_READ(72, OCTETS, vs_quorum_up_path),
	COLUMN_READ(73, OCTETS, vs_quorum_down_path),
	COLUMN_READ(74, COUNTER64, vs_conn_rate),
	COLUMN_READ(75, COUNTER64, vs_in_packet_rate),
	COLUMN_READ(76, COUNTER64, vs_out_packet_rate),
	COLUMN_READ(77, COUNTER64, vs_in_octet_rate),
	COLUMN_READ(78, COUNTER64, vs_out_octet_rate),
};

static const struct table virtual_servers = {
	.name = "virtualServerTable",
	.entry = {KEEPALIVED_ROOT, 3, 3, 1},
	.entry_length = 12,
	.columns = columns,
	.n_columns = CELL_COUNT(columns),
	.build = build,
};

static const struct table *const tables[] = {
	&keepalived_vs_groups,	  &keepalived_vs_group_members, &virtual_servers,
	&keepalived_real_servers, &keepalived_sync_daemon,	&keepalived_timeouts,
};

struct table_list keepalived_check_tables(void)
{
	return (struct table_list){.items = tables, .count = CELL_COUNT(tables)};
}
