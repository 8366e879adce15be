/* SPDX-License-Identifier: MIT */
/*
 * KEEPALIVED-MIB K.2.8: static rules as those of instance 0, then the virtual rules of each
 * instance, in configuration order. Thread: agent.
 *
 * A column of something that the rule does not ask for has no instance. The single address of the
 * older part of the table is the source, or without one the destination, as its direction says.
 */
#include <linux/fib_rules.h>
#include <stdio.h>

#include "agent/keepalived_route.h"

static const struct conf_rule *rules_of(const struct conf *conf, uint32_t owner, size_t *ret_n)
{
	*ret_n = owner ? conf->instances[owner - 1].n_rules : conf->n_static_rules;
	return owner ? conf->instances[owner - 1].rules : conf->static_rules;
}

static int build(const struct view *view, struct rows *ret)
{
	const struct conf *conf = view->vrrp ? view->vrrp->conf : NULL;
	int error = 0;

	for (uint32_t owner = 0; conf && owner <= conf->n_instances && !error; owner++) {
		size_t n;

		rules_of(conf, owner, &n);
		error = keepalived_add_rows(ret, owner, owner, n);
	}
	return error;
}

static const struct conf_rule *rule(const struct view *view, const struct row *row)
{
	size_t n;

	return &rules_of(view->vrrp->conf, row->major, &n)[row->minor];
}

/* ---- addresses ---- */

static const struct conf_prefix *either(const struct view *view, const struct row *row)
{
	const struct conf_rule *is = rule(view, row);

	return ip_is_set(&is->from.ip) ? &is->from : &is->to;
}

static bool direction(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_rule *is = rule(view, row);

	return cell_text(ret, ip_is_set(&is->from.ip) ? "from" : ip_is_set(&is->to.ip) ? "to" : "");
}

#define PREFIX(name, prefix)                                                                       \
	static bool name##_type(const struct view *view, const struct row *row, struct cell *ret)  \
	{                                                                                          \
		return ip_is_set(&(prefix)->ip) && cell_ip_type(ret, &(prefix)->ip);               \
	}                                                                                          \
	static bool name(const struct view *view, const struct row *row, struct cell *ret)         \
	{                                                                                          \
		return ip_is_set(&(prefix)->ip) && cell_ip(ret, &(prefix)->ip);                    \
	}                                                                                          \
	static bool name##_mask(const struct view *view, const struct row *row, struct cell *ret)  \
	{                                                                                          \
		return ip_is_set(&(prefix)->ip) && cell_number(ret, (prefix)->length);             \
	}

PREFIX(address, either(view, row))
PREFIX(destination, &rule(view, row)->to)
PREFIX(source, &rule(view, row)->from)

/* ---- the rest ---- */

/* A number that is there under a condition on the rule `is`; a text that may be. */
#define NUMBER(name, condition, value)                                                             \
	static bool name(const struct view *view, const struct row *row, struct cell *ret)         \
	{                                                                                          \
		const struct conf_rule *is = rule(view, row);                                      \
                                                                                                   \
		return (condition) && cell_number(ret, (int64_t)(value));                          \
	}

static bool has_ports(const struct conf_ports *ports)
{
	return ports->first || ports->last;
}

NUMBER(table_number, is->action == FR_ACT_TO_TBL, is->table)
NUMBER(invert, true, is->invert ? 1 : 2)
NUMBER(tos, true, is->tos)
NUMBER(mark, is->mark || is->mark_mask, is->mark)
NUMBER(mask, is->mark || is->mark_mask, is->mark_mask)
NUMBER(target, is->action == FR_ACT_GOTO, is->target)
NUMBER(action, true, is->action) /* the MIB has the kernel's numbers */
NUMBER(preference, true, is->preference)
NUMBER(suppress_prefix, is->suppress_prefix_length >= 0, is->suppress_prefix_length)
NUMBER(tunnel_high, is->tunnel_id, is->tunnel_id >> 32)
NUMBER(tunnel_low, is->tunnel_id, is->tunnel_id &UINT32_MAX)
NUMBER(uid_first, is->has_uids, is->uid_first)
NUMBER(uid_last, is->has_uids, is->uid_last)
NUMBER(l3mdev, is->l3mdev, 1)
NUMBER(protocol, true, keepalived_route_protocol(is->protocol))
NUMBER(ip_protocol, is->ip_protocol, is->ip_protocol)
NUMBER(sport_first, has_ports(&is->sport), is->sport.first)
NUMBER(sport_last, has_ports(&is->sport), is->sport.last)
NUMBER(dport_first, has_ports(&is->dport), is->dport.first)
NUMBER(dport_last, has_ports(&is->dport), is->dport.last)

static bool status(const struct view *view, const struct row *row, struct cell *ret)
{
	size_t n_routes;

	keepalived_routes_of(view->vrrp->conf, row->major, &n_routes);
	return cell_truth(ret, keepalived_is_set(view, row->major, n_routes + row->minor));
}

static bool realm_to(const struct view *view, const struct row *row, struct cell *ret)
{
	return keepalived_realm_to(ret, rule(view, row)->realms);
}

static bool realm_from(const struct view *view, const struct row *row, struct cell *ret)
{
	return keepalived_realm_from(ret, rule(view, row)->realms);
}

static bool in_interface(const struct view *view, const struct row *row, struct cell *ret)
{
	return keepalived_device(ret, rule(view, row)->iif);
}

static bool out_interface(const struct view *view, const struct row *row, struct cell *ret)
{
	return keepalived_device(ret, rule(view, row)->oif);
}

static bool suppress_group(const struct view *view, const struct row *row, struct cell *ret)
{
	int32_t group = rule(view, row)->suppress_group;
	int size = snprintf((char *)ret->room, sizeof(ret->room), "%d", group);

	return group >= 0 && cell_octets(ret, ret->room, (size_t)size);
}

static const struct column columns[] = {
	COLUMN_READ(2, OCTETS, direction),
	COLUMN_READ(3, INTEGER, address_type),
	COLUMN_READ(4, OCTETS, address),
	COLUMN_READ(5, GAUGE32, address_mask),
	COLUMN_READ(6, GAUGE32, table_number),
	COLUMN_READ(7, INTEGER, status),
	COLUMN_READ(8, INTEGER, invert),
	COLUMN_READ(9, INTEGER, destination_type),
	COLUMN_READ(10, OCTETS, destination),
	COLUMN_READ(11, GAUGE32, destination_mask),
	COLUMN_READ(12, INTEGER, source_type),
	COLUMN_READ(13, OCTETS, source),
	COLUMN_READ(14, GAUGE32, source_mask),
	COLUMN_READ(15, GAUGE32, tos),
	COLUMN_READ(16, GAUGE32, mark),
	COLUMN_READ(17, GAUGE32, mask),
	COLUMN_READ(18, GAUGE32, realm_to),
	COLUMN_READ(19, GAUGE32, realm_from),
	COLUMN_READ(20, OCTETS, in_interface),
	COLUMN_READ(21, OCTETS, out_interface),
	COLUMN_READ(22, GAUGE32, target),
	COLUMN_READ(23, INTEGER, action),
	COLUMN_READ(24, GAUGE32, table_number),
	COLUMN_READ(25, GAUGE32, preference),
	COLUMN_READ(26, GAUGE32, suppress_prefix),
	COLUMN_READ(27, OCTETS, suppress_group),
	COLUMN_READ(28, GAUGE32, tunnel_high),
	COLUMN_READ(29, GAUGE32, tunnel_low),
	COLUMN_READ(30, GAUGE32, uid_first),
	COLUMN_READ(31, GAUGE32, uid_last),
	COLUMN_READ(32, INTEGER, l3mdev),
	COLUMN_READ(33, INTEGER, protocol),
	COLUMN_READ(34, GAUGE32, ip_protocol),
	COLUMN_READ(35, GAUGE32, sport_first),
	COLUMN_READ(36, GAUGE32, sport_last),
	COLUMN_READ(37, GAUGE32, dport_first),
	COLUMN_READ(38, GAUGE32, dport_last),
};

const struct table keepalived_rules = {
	.name = "vrrpRuleTable",
	.entry = {KEEPALIVED_ROOT, 2, 8, 1},
	.entry_length = 12,
	.columns = columns,
	.n_columns = CELL_COUNT(columns),
	.build = build,
};
