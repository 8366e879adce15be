/* SPDX-License-Identifier: MIT */
/*
 * The kernel's two daemons that copy connections between directors: start, stop, read. A running
 * one cannot be changed. Thread: check.
 */
#include "core/net/ipvs_private.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <netlink/genl/genl.h>
#include <stdio.h>
#include <string.h>

static uint32_t kernel_state(enum ipvs_sync_role role)
{
	return role == IPVS_SYNC_MASTER ? IP_VS_STATE_MASTER : IP_VS_STATE_BACKUP;
}

static int put_group(struct nl_msg *msg, const struct ip *group)
{
	if (!ip_is_set(group))
		return 0;
	return group->family == AF_INET
		       ? nla_put(msg, IPVS_DAEMON_ATTR_MCAST_GROUP, 4, group->octets)
		       : nla_put(msg, IPVS_DAEMON_ATTR_MCAST_GROUP6, 16, group->octets);
}

/* What 0 stands for is the kernel's to say, so it is left out. */
static int put_daemon(struct nl_msg *msg, enum ipvs_sync_role role, const struct ipvs_sync *want)
{
	struct nlattr *nest = nla_nest_start(msg, IPVS_CMD_ATTR_DAEMON);

	if (!nest)
		return -EMSGSIZE;
	NLA_PUT_U32(msg, IPVS_DAEMON_ATTR_STATE, kernel_state(role));
	if (want) {
		NLA_PUT_STRING(msg, IPVS_DAEMON_ATTR_MCAST_IFN, want->interface);
		NLA_PUT_U32(msg, IPVS_DAEMON_ATTR_SYNC_ID, want->id);
		if (want->maxlen)
			NLA_PUT_U16(msg, IPVS_DAEMON_ATTR_SYNC_MAXLEN, want->maxlen);
		if (want->port)
			NLA_PUT_U16(msg, IPVS_DAEMON_ATTR_MCAST_PORT, want->port);
		if (want->ttl)
			NLA_PUT_U8(msg, IPVS_DAEMON_ATTR_MCAST_TTL, want->ttl);
		if (put_group(msg, &want->group) < 0)
			goto nla_put_failure;
	}
	nla_nest_end(msg, nest);
	return 0;
nla_put_failure:
	return -EMSGSIZE;
}

static int command(struct ipvs *ipvs, uint8_t number, enum ipvs_sync_role role,
		   const struct ipvs_sync *want)
{
	struct nl_msg *msg = ipvs_request(ipvs, number, NLM_F_ACK);

	if (!msg)
		return -ENOMEM;
	int error = put_daemon(msg, role, want);
	if (error < 0) {
		nlmsg_free(msg);
		return error;
	}
	return ipvs_transact(ipvs, msg, NULL, NULL);
}

int ipvs_start_sync(struct ipvs *ipvs, enum ipvs_sync_role role, const struct ipvs_sync *want)
{
	return command(ipvs, IPVS_CMD_NEW_DAEMON, role, want);
}

int ipvs_stop_sync(struct ipvs *ipvs, enum ipvs_sync_role role)
{
	int error = command(ipvs, IPVS_CMD_DEL_DAEMON, role, NULL);

	return error == -ESRCH ? 0 : error;
}

/* ---- reading ---- */

static void get_group(struct nlattr *const *a, struct ip *ret)
{
	if (a[IPVS_DAEMON_ATTR_MCAST_GROUP] && nla_len(a[IPVS_DAEMON_ATTR_MCAST_GROUP]) >= 4) {
		ret->family = AF_INET;
		memcpy(ret->octets, nla_data(a[IPVS_DAEMON_ATTR_MCAST_GROUP]), 4);
	} else if (a[IPVS_DAEMON_ATTR_MCAST_GROUP6] &&
		   nla_len(a[IPVS_DAEMON_ATTR_MCAST_GROUP6]) >= 16) {
		ret->family = AF_INET6;
		memcpy(ret->octets, nla_data(a[IPVS_DAEMON_ATTR_MCAST_GROUP6]), 16);
	}
}

static void on_daemon(struct nlmsghdr *message, void *owner)
{
	struct ipvs_sync *found = owner;
	struct nlattr *top[IPVS_CMD_ATTR_MAX + 1], *a[IPVS_DAEMON_ATTR_MAX + 1];
	enum ipvs_sync_role role;

	if (genlmsg_parse(message, 0, top, IPVS_CMD_ATTR_MAX, NULL) < 0 ||
	    !top[IPVS_CMD_ATTR_DAEMON] ||
	    nla_parse_nested(a, IPVS_DAEMON_ATTR_MAX, top[IPVS_CMD_ATTR_DAEMON], NULL) < 0 ||
	    !a[IPVS_DAEMON_ATTR_STATE] || !a[IPVS_DAEMON_ATTR_MCAST_IFN])
		return;
	role = nla_get_u32(a[IPVS_DAEMON_ATTR_STATE]) == IP_VS_STATE_MASTER ? IPVS_SYNC_MASTER
									    : IPVS_SYNC_BACKUP;
	found += role;
	nla_strlcpy(found->interface, a[IPVS_DAEMON_ATTR_MCAST_IFN], sizeof found->interface);
	if (a[IPVS_DAEMON_ATTR_SYNC_ID])
		found->id = (uint8_t)nla_get_u32(a[IPVS_DAEMON_ATTR_SYNC_ID]);
	if (a[IPVS_DAEMON_ATTR_SYNC_MAXLEN])
		found->maxlen = nla_get_u16(a[IPVS_DAEMON_ATTR_SYNC_MAXLEN]);
	if (a[IPVS_DAEMON_ATTR_MCAST_PORT])
		found->port = nla_get_u16(a[IPVS_DAEMON_ATTR_MCAST_PORT]);
	if (a[IPVS_DAEMON_ATTR_MCAST_TTL])
		found->ttl = nla_get_u8(a[IPVS_DAEMON_ATTR_MCAST_TTL]);
	get_group(a, &found->group);
}

int ipvs_read_sync(struct ipvs *ipvs, struct ipvs_sync ret[static IPVS_SYNC_ROLES])
{
	struct nl_msg *msg = ipvs_request(ipvs, IPVS_CMD_GET_DAEMON, NLM_F_DUMP);

	memset(ret, 0, IPVS_SYNC_ROLES * sizeof *ret);
	return msg ? ipvs_transact(ipvs, msg, on_daemon, ret) : -ENOMEM;
}
