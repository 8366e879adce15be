/* SPDX-License-Identifier: MIT */
/* Shared by the files of the rtnetlink module only: rtnl.c (sockets, links) and rtnl_address.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/net/rtnl.h"
#include "core/net/rtnl_table.h"

struct loop_io;
struct loop_timer;
struct nl_sock;

struct rtnl {
	struct nl_sock *listen, *request;
	struct loop_io *io;
	struct loop_timer *retry;
	rtnl_link_fn *fn;
	void *owner;
	bool reporting;
	bool incomplete; /* memory was out while a message was taken */
	bool shrunk;	 /* an address went, or a link changed: one of ours may be lost */
	struct loop_timer *restore;
	struct net_table table;
};

int rtnl_errno(int nl_error);
void rtnl_catch_up(struct rtnl *rtnl);
void rtnl_report(struct rtnl *rtnl);

/* rtnl_address.c: puts back what somebody else took away, each address at most once a second.
 * Returns when to try again, 0 for never. */
uint64_t rtnl_restore(struct rtnl *rtnl, uint64_t now_us);
