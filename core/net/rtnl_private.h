/* SPDX-License-Identifier: MIT */
/* Shared by the files of the rtnetlink module only: rtnl.c (sockets, links), rtnl_address.c,
 * rtnl_routing.c and rtnl_static.c. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/net/macvlan.h"
#include "core/net/rtnl.h"
#include "core/net/routing.h"
#include "core/net/rtnl_table.h"

struct loop_io;
struct loop_timer;
struct nl_sock;
struct nlmsghdr;
struct nl_msg;

/* One macvlan or ipvlan that the configuration asks for. */
struct rtnl_wanted {
	const struct conf_macvlan *is;
	uint64_t tried_us; /* when it was made, or could not be; 0: not yet */
	bool up;	   /* it has been given to the router: from now on it is left alone */
	int forwards;	   /* as it was told to */
	bool complained;   /* that it cannot be had has been said */
};

/* An interface below a macvlan, some of whose settings we have changed. */
struct rtnl_base {
	uint32_t ifindex;
	struct macvlan_debt debt;
};

struct rtnl_macvlans {
	char mark[NET_ALIAS_SIZE];
	const struct conf *conf; /* counted; NULL: none are wanted */
	struct rtnl_wanted *wanted;
	size_t n_wanted;
	bool settled; /* nobody uses those of an earlier configuration any more */
	struct rtnl_base *bases;
	size_t n_bases;
};

/* A setting of the kernel that we have changed for the time being. */
enum rtnl_setting { RTNL_LOCAL_IGMP, RTNL_PROMOTE, RTNL_SETTINGS };
struct rtnl_borrowed {
	enum rtnl_setting kind;
	uint32_t ifindex; /* 0: of the whole network namespace */
	int before;
};

struct rtnl_borrowing {
	char path[PATH_MAX - 8]; /* where it stands for the run after a crash */
	const struct conf *conf; /* counted; NULL: none is wanted */
	struct rtnl_borrowed *borrowed;
	size_t n_borrowed;
};

struct rtnl_linkbeat {
	const struct conf *conf; /* counted; NULL before the first */
	struct loop_timer *timer;
	int fd; /* to ask by; -1: none needed so far */
};

struct rtnl {
	struct nl_sock *listen, *request;
	struct loop_io *io;
	struct loop_timer *retry;
	const struct rtnl_hooks *hooks;
	void *owner;
	bool reporting;
	bool moved;	 /* an address came or went */
	bool incomplete; /* memory was out while a message was taken */
	bool shrunk;	 /* an address went, or a link changed: one of ours may be lost */
	bool ajar;	 /* a macvlan forwards that is not to, or the other way round */
	bool unrouted;	 /* the same of routes and rules that are marked */
	struct loop_timer *restore;
	struct net_table table;
	struct routing routing;
	struct rtnl_macvlans macvlans;
	struct rtnl_borrowing borrowing;
	struct rtnl_linkbeat linkbeat;
	bool routing_heard;	    /* the listener is told of routes and rules */
	int refusal;		    /* the kernel's answer to the last request */
	char complaint[128];	    /* and its words about it; "": none */
	const struct conf *statics; /* whose static objects are set; counted; NULL: none */
	bool tracking;		    /* a configuration so far had track groups */
	bool *missing;		    /* what was told last of each of its instances; NULL: nothing */
};

int rtnl_errno(int nl_error);
/* Sends a request, frees it, waits for the answer: 0 or the kernel's own negative errno. */
int rtnl_request(struct rtnl *rtnl, struct nl_msg *message);
void rtnl_catch_up(struct rtnl *rtnl);
/* Reports what has changed and looks soon after what may be lost. */
void rtnl_report(struct rtnl *rtnl);

/* rtnl_take.c: one message of the kernel, whole as its header says (nlmsg_ok()). */
void rtnl_take(struct rtnl *rtnl, struct nlmsghdr *header);

/* rtnl_address.c, for rtnl_static.c: a list of addresses in the shape of an instance. */
int rtnl_change_addresses(struct rtnl *rtnl, const struct conf_instance *old,
			  const struct conf_instance *now, uint64_t old_generation,
			  uint64_t generation);

/* An address that the machine speaks from, on a link of ours. Silent; 0 or negative errno. */
int rtnl_own_address(struct rtnl *rtnl, const struct conf_address *address);

/* rtnl_routing.c */
void rtnl_routing_open(struct rtnl *rtnl);
void rtnl_routing_take(struct rtnl *rtnl, struct nlmsghdr *header); /* RTM_DELROUTE, RTM_DELRULE */
void rtnl_routing_apply(struct rtnl *rtnl, const struct routing_list *list, bool set);
void rtnl_routing_rebind(struct rtnl *rtnl, const struct conf *conf);

/* rtnl_macvlan.c: makes again what is gone. Returns when to try again, 0 for never. */
uint64_t rtnl_macvlan_restore(struct rtnl *rtnl, uint64_t now_us);
void rtnl_macvlan_close(struct rtnl *rtnl);

/* rtnl_base.c */
/* The kernel must send nothing of its own from an address that another machine may have. */
void rtnl_base_quieten(const struct conf_macvlan *wanted);
/* What an earlier run owes the interface below this link is owed by this one. */
void rtnl_base_take_over(struct rtnl *rtnl, const struct net_link *link);
/* What an administrator has set higher is left. NULL: no memory, nothing is changed. */
const struct rtnl_base *rtnl_base_silence(struct rtnl *rtnl, const struct net_link *parent);
/* Of interfaces on which no wanted macvlan stands any more. */
void rtnl_base_restore(struct rtnl *rtnl);

/* rtnl_gate.c */
/* As the addresses say that it has. */
void rtnl_gate_settle(struct rtnl *rtnl, struct rtnl_wanted *wanted);
/* The addresses of the instance are about to be set; have been removed. */
void rtnl_gate_open(struct rtnl *rtnl, const struct conf_instance *instance);
void rtnl_gate_close(struct rtnl *rtnl, const struct conf_instance *instance);
/* Somebody may have changed that: what the kernel tells, and all of them looked after. */
void rtnl_gate_heard(struct rtnl *rtnl, uint32_t ifindex, bool forwards);
void rtnl_gate_look(struct rtnl *rtnl);

/* rtnl_linkbeat.c */
int rtnl_linkbeat_open(struct rtnl *rtnl, struct loop *loop);
void rtnl_linkbeat_use(struct rtnl *rtnl, const struct conf *conf);
void rtnl_linkbeat_close(struct rtnl *rtnl);

/* rtnl_setting.c */
void rtnl_setting_open(struct rtnl *rtnl, const char *pid_file);
void rtnl_setting_close(struct rtnl *rtnl);
void rtnl_setting_look(struct rtnl *rtnl); /* for interfaces that have come */

/* rtnl_static.c: tells of instances for which it changed. */
void rtnl_static_look(struct rtnl *rtnl);

/* rtnl_address.c: puts back what somebody else took away, each address at most once a second.
 * Returns when to try again, 0 for never. */
uint64_t rtnl_restore(struct rtnl *rtnl, uint64_t now_us);
