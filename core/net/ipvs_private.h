/* SPDX-License-Identifier: MIT */
/*
 * Between core/net/ipvs.c (socket, commands), core/net/ipvs_dump.c (reading the table) and
 * core/net/ipvs_sync.c (the daemons). Thread: check.
 */
#pragma once

#include <netlink/msg.h>
#include <netlink/socket.h>

#include "core/ipvs.h"

struct ipvs {
	struct nl_sock *socket;
	int family;
};

/* An empty request; NULL when memory is out. */
struct nl_msg *ipvs_request(const struct ipvs *ipvs, uint8_t command, int flags);

/* One message of an answer, which notes its own error. */
typedef void ipvs_message_fn(struct nlmsghdr *message, void *owner);

/*
 * Sends msg (and frees it), waits for the end of the answer and hands each message of it to
 * on_message (may be NULL). Returns 0 or the kernel's negative errno.
 */
int ipvs_transact(struct ipvs *ipvs, struct nl_msg *msg, ipvs_message_fn *on_message, void *owner);

int ipvs_read_about(struct ipvs *ipvs, struct ipvs_about *ret);
int ipvs_read_table(struct ipvs *ipvs, struct ipvs_dump **ret);
int ipvs_start_sync(struct ipvs *ipvs, enum ipvs_sync_role role, const struct ipvs_sync *want);
int ipvs_stop_sync(struct ipvs *ipvs, enum ipvs_sync_role role);
int ipvs_read_sync(struct ipvs *ipvs, struct ipvs_sync ret[static IPVS_SYNC_ROLES]);
int ipvs_read_service(struct ipvs *ipvs, const struct svc_key *key, struct ipvs_dump **ret);
