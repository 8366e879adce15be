/* SPDX-License-Identifier: MIT */
/* Shared by the files of the rtnetlink module only: rtnl.c (sockets, links) and rtnl_address.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/ip.h"
#include "core/net/rtnl.h"
#include "core/net/rtnl_table.h"

struct loop_io;
struct loop_timer;
struct nl_sock;

/* A virtual address that is in the kernel because of us, or that we use as it is. */
struct held_address {
	uint32_t ifindex;
	struct ip ip, peer;
	uint8_t prefix;
	bool foreign;	     /* it was there before and is the machine's own: never removed */
	uint64_t generation; /* of the configuration that wanted it last */
};

struct rtnl {
	struct nl_sock *listen, *request;
	struct loop_io *io;
	struct loop_timer *retry;
	rtnl_link_fn *fn;
	void *owner;
	bool reporting;
	bool incomplete; /* memory was out while a message was taken */
	struct net_table table;
	struct held_address *held;
	size_t n_held, room_held;
};

int rtnl_errno(int nl_error);
void rtnl_catch_up(struct rtnl *rtnl);
void rtnl_report(struct rtnl *rtnl);
