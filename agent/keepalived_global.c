/* SPDX-License-Identifier: MIT */
/*
 * KEEPALIVED-MIB K.1: scalars of the daemon and of mail, and the mail recipients. Thread: agent.
 *
 * The mail group lies in the middle of the scalars, and the recipients in the middle of the mail
 * group: whoever walks several tables takes the least of what they offer. A scalar without a value
 * reads as zero length or "none", so that no GET of a scalar fails.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "agent/cells.h"
#include "agent/keepalived.h"

static int build_scalars(const struct view *view, struct rows *ret)
{
	return view_conf(view) ? rows_add_scalars(ret) : 0;
}

static const struct conf_global *global(const struct view *view)
{
	return &view_conf(view)->global;
}

static bool version(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view, (void)row;
	return cell_text(ret, PACKAGE_STRING);
}

static bool router_id(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_text_or_empty(ret, global(view)->router_id);
}

static bool trap_enable(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_truth(ret, global(view)->snmp_traps);
}

static bool link_beat(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, global(view)->process.linkbeat_use_polling ? 2 : 1);
}

static bool lvs_flush(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_truth(ret, global(view)->lvs_flush);
}

static bool stats_are_64_bit(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view, (void)row;
	return cell_truth(ret, true);
}

static bool net_namespace(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_text(ret, view->daemon ? view->daemon->netns : "");
}

static bool dbus(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view, (void)row;
	return cell_truth(ret, false);
}

static bool dynamic_interfaces(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_truth(ret, global(view)->dynamic_interfaces);
}

static bool lvs_flush_on_stop(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	switch (global(view)->lvs_flush_on_stop) {
	case 1:
		return cell_number(ret, 1); /* everything */
	case 2:
		return cell_number(ret, 3); /* virtual servers of the configuration */
	default:
		return cell_number(ret, 2);
	}
}

static bool v3_checksum_as_v2(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_truth(ret, global(view)->v3_checksum_as_v2);
}

static const struct column global_columns[] = {
	COLUMN_READ(1, OCTETS, version),
	COLUMN_READ(2, OCTETS, router_id),
	COLUMN_READ(4, INTEGER, trap_enable),
	COLUMN_READ(5, INTEGER, link_beat),
	COLUMN_READ(6, INTEGER, lvs_flush),
	COLUMN_READ(7, INTEGER, stats_are_64_bit),
	COLUMN_READ(8, OCTETS, net_namespace),
	COLUMN_READ(9, INTEGER, dbus),
	COLUMN_READ(10, INTEGER, dynamic_interfaces),
	COLUMN_READ(11, INTEGER, lvs_flush_on_stop),
	COLUMN_READ(12, INTEGER, v3_checksum_as_v2),
};

/* The server may be a name: InetAddressType dns(16) then, and the text is the address. */
static bool smtp_type(const struct view *view, const struct row *row, struct cell *ret)
{
	const char *server = global(view)->smtp_server;
	struct ip ip = {0};

	(void)row;
	if (server && *server && ip_parse(server, &ip) < 0)
		return cell_number(ret, 16);
	return cell_ip_type(ret, &ip);
}

static bool smtp_address(const struct view *view, const struct row *row, struct cell *ret)
{
	const char *server = global(view)->smtp_server;
	struct ip ip;

	(void)row;
	if (!server || ip_parse(server, &ip) < 0)
		return cell_text_or_empty(ret, server);
	memcpy(ret->room, ip.octets, sizeof(ip.octets));
	return cell_octets(ret, ret->room, ip_size(&ip));
}

static bool smtp_timeout(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_seconds(ret, global(view)->smtp_timeout_us);
}

static bool email_from(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_text_or_empty(ret, global(view)->email_from);
}

static bool smtp_port(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_number(ret, global(view)->smtp_port);
}

static bool email_faults(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return cell_truth(ret, !global(view)->no_email_faults);
}

/* on(1) off(2) unset(3) */
static bool alert(struct cell *ret, enum conf_switch value)
{
	return value == CONF_UNSET ? cell_number(ret, 3) : cell_truth(ret, value == CONF_ON);
}

static bool smtp_alert(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return alert(ret, global(view)->smtp_alert);
}

static bool smtp_alert_vrrp(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return alert(ret, global(view)->smtp_alert_vrrp);
}

static bool smtp_alert_checker(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)row;
	return alert(ret, global(view)->smtp_alert_checker);
}

static const struct column mail_columns[] = {
	COLUMN_READ(1, INTEGER, smtp_type),	      COLUMN_READ(2, OCTETS, smtp_address),
	COLUMN_READ(3, GAUGE32, smtp_timeout),	      COLUMN_READ(4, OCTETS, email_from),
	COLUMN_READ(6, GAUGE32, smtp_port),	      COLUMN_READ(7, INTEGER, email_faults),
	COLUMN_READ(8, INTEGER, smtp_alert),	      COLUMN_READ(9, INTEGER, smtp_alert_vrrp),
	COLUMN_READ(10, INTEGER, smtp_alert_checker),
};

static int build_emails(const struct view *view, struct rows *ret)
{
	const struct conf *conf = view_conf(view);

	for (uint32_t i = 0; conf && i < conf->global.n_emails; i++) {
		struct row *row = rows_add(ret, i, 0);

		if (!row)
			return -ENOMEM;
		row_index_u32(row, keepalived_index(i));
	}
	return 0;
}

static bool email_address(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, global(view)->emails[row->major]);
}

static const struct column email_columns[] = {
	COLUMN_READ(2, OCTETS, email_address),
};

static const struct table scalars = {
	.name = "global",
	.entry = {KEEPALIVED_ROOT, 1},
	.entry_length = 10,
	.columns = global_columns,
	.n_columns = CELL_COUNT(global_columns),
	.build = build_scalars,
};

static const struct table mail = {
	.name = "mail",
	.entry = {KEEPALIVED_ROOT, 1, 3},
	.entry_length = 11,
	.columns = mail_columns,
	.n_columns = CELL_COUNT(mail_columns),
	.build = build_scalars,
};

static const struct table emails = {
	.name = "emailTable",
	.entry = {KEEPALIVED_ROOT, 1, 3, 5, 1},
	.entry_length = 13,
	.columns = email_columns,
	.n_columns = CELL_COUNT(email_columns),
	.build = build_emails,
};

static const struct table *const tables[] = {&scalars, &mail, &emails};

struct table_list keepalived_global_tables(void)
{
	return (struct table_list){.items = tables, .count = CELL_COUNT(tables)};
}
