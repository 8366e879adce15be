/* SPDX-License-Identifier: MIT */
/*
 * Routing rules as rtnetlink messages (declared in rtnl_route.h). Pure; runs in the main thread.
 */
#include <endian.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <netlink/msg.h>

#include "core/net/rtnl_route.h"

static int put_prefix(struct nl_msg *message, int type, const struct conf_prefix *prefix)
{
	if (!ip_is_set(&prefix->ip) || !prefix->length)
		return 0;
	return nla_put(message, type, (int)ip_size(&prefix->ip), prefix->ip.octets);
}

static int put_name(struct nl_msg *message, int type, const char *name)
{
	return name ? nla_put_string(message, type, name) : 0;
}

static int put_ports(struct nl_msg *message, int type, const struct conf_ports *ports)
{
	struct fib_rule_port_range range = {.start = ports->first, .end = ports->last};

	return range.start || range.end ? nla_put(message, type, sizeof range, &range) : 0;
}

/* What a packet must be. */
static int put_selectors(struct nl_msg *message, const struct conf_rule *rule)
{
	struct fib_rule_uid_range uids = {.start = rule->uid_first, .end = rule->uid_last};
	int error = put_prefix(message, FRA_DST, &rule->to);

	error |= put_prefix(message, FRA_SRC, &rule->from);
	error |= put_name(message, FRA_IIFNAME, rule->iif);
	error |= put_name(message, FRA_OIFNAME, rule->oif);
	if (rule->mark || rule->mark_mask) {
		error |= nla_put_u32(message, FRA_FWMARK, rule->mark);
		error |= nla_put_u32(message, FRA_FWMASK, rule->mark_mask);
	}
	if (rule->tunnel_id)
		error |= nla_put_u64(message, FRA_TUN_ID, htobe64(rule->tunnel_id));
	if (rule->has_uids)
		error |= nla_put(message, FRA_UID_RANGE, sizeof uids, &uids);
	if (rule->ip_protocol)
		error |= nla_put_u8(message, FRA_IP_PROTO, rule->ip_protocol);
	error |= put_ports(message, FRA_SPORT_RANGE, &rule->sport);
	error |= put_ports(message, FRA_DPORT_RANGE, &rule->dport);
	return error;
}

/* What becomes of it. */
static int put_action(struct nl_msg *message, const struct conf_rule *rule)
{
	int error = 0;

	if (rule->action == FR_ACT_TO_TBL && rule->l3mdev)
		error |= nla_put_u8(message, FRA_L3MDEV, 1);
	else if (rule->action == FR_ACT_TO_TBL)
		error |= nla_put_u32(message, FRA_TABLE, rule->table);
	if (rule->action == FR_ACT_GOTO)
		error |= nla_put_u32(message, FRA_GOTO, rule->target);
	if (rule->realms)
		error |= nla_put_u32(message, FRA_FLOW, rule->realms);
	if (rule->suppress_prefix_length >= 0)
		error |= nla_put_u32(message, FRA_SUPPRESS_PREFIXLEN,
				     (uint32_t)rule->suppress_prefix_length);
	if (rule->suppress_group >= 0)
		error |= nla_put_u32(message, FRA_SUPPRESS_IFGROUP, (uint32_t)rule->suppress_group);
	return error;
}

int rtnl_rule_put(struct nl_msg *message, const struct conf_rule *rule)
{
	bool small = rule->action == FR_ACT_TO_TBL && !rule->l3mdev && rule->table <= UINT8_MAX;
	struct fib_rule_hdr body = {
		.family = (uint8_t)rule->family,
		.dst_len = rule->to.length,
		.src_len = rule->from.length,
		.tos = rule->tos,
		.table = small ? (uint8_t)rule->table : 0,
		.action = rule->action,
		.flags = rule->invert ? FIB_RULE_INVERT : 0,
	};
	int error = nlmsg_append(message, &body, sizeof body, NLMSG_ALIGNTO);

	error |= nla_put_u32(message, FRA_PRIORITY, rule->preference);
	error |= nla_put_u8(message, FRA_PROTOCOL, rule->protocol);
	error |= put_selectors(message, rule);
	error |= put_action(message, rule);
	return error ? -ENOMEM : 0;
}
