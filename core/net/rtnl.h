/* SPDX-License-Identifier: MIT */
/*
 * Links, addresses, routes and rules over rtnetlink: reports every change of an interface, sets and
 * removes what is virtual or static. Blocks on the kernel's rtnl_lock only. Thread: main. Errors:
 * negative errno.
 *
 * Sources: rtnetlink(7), linux/if_addr.h, linux/if_link.h, linux/rtnetlink.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "conf/model.h"
#include "core/cmd.h"

struct loop;
struct rtnl;

struct rtnl_hooks {
	void (*link)(const struct msg_link *link, void *owner);
	/* What an instance needs by its track groups is there, or not. */
	void (*statics)(const struct msg_static *state, void *owner);
	/* Some address of the machine came or went: see rtnl_has_address(). */
	void (*addresses)(void *owner);
};

/* Reads what is there; nothing is reported before rtnl_use_conf(). hooks must outlive it. pid_file:
 * by which a later run knows what this one has left behind. */
int rtnl_open(struct loop *loop, const struct rtnl_hooks *hooks, void *owner, const char *pid_file,
	      struct rtnl **ret);
struct rtnl *rtnl_close(struct rtnl *rtnl); /* addresses stay as they are */

/*
 * From now on the addresses of conf are virtual: never an interface's primary. Reports at once each
 * link that this changes; the first call reports them all. 0 or -ENOMEM.
 */
int rtnl_use_conf(struct rtnl *rtnl, const struct conf *conf);

/*
 * Sets (or removes) every address of one instance. Idempotent. An address that is there with its
 * own prefix is adopted; one that is there with another prefix belongs to the machine: it is used
 * and never removed, as is the exact address of an owner (priority 255) that was there before.
 * What somebody else takes away meanwhile comes back by itself. Removing under generation g leaves
 * what a later generation has set again. Goes on after a failure; returns the first error.
 */
int rtnl_set_addresses(struct rtnl *rtnl, const struct conf_instance *instance,
		       uint64_t generation);
int rtnl_remove_addresses(struct rtnl *rtnl, const struct conf_instance *instance,
			  uint64_t generation);

/*
 * Removes what `old` (of that generation) has and `now`, the same instance in a later configuration
 * that has been set already, has not.
 */
int rtnl_remove_outdated(struct rtnl *rtnl, const struct conf_instance *old,
			 const struct conf_instance *now, uint64_t generation);

/*
 * Brings the virtual routes and rules of one instance to what conf says: the addresses must be set
 * already. The same as what is set stays untouched. What was removed by somebody else comes back
 * by itself, unless it is not tracked. What the kernel refuses is logged and missed, no more.
 */
void rtnl_set_routing(struct rtnl *rtnl, const struct conf *conf,
		      const struct conf_instance *instance);
/* Removes them, of an instance that has set none what an earlier run left behind; what a later
 * configuration than conf has set stays. */
void rtnl_remove_routing(struct rtnl *rtnl, const struct conf *conf,
			 const struct conf_instance *instance);

/* The same for the static addresses, routes and rules; the former configuration's go. */
void rtnl_set_static(struct rtnl *rtnl, const struct conf *conf);
void rtnl_remove_static(struct rtnl *rtnl);
/* Tells of every instance of the last rtnl_set_static() whether it misses something; changes are
 * told by themselves. */
void rtnl_report_static(struct rtnl *rtnl);

/*
 * The macvlans and ipvlans that conf needs and are not there are made; what is there and right is
 * adopted. Those that conf needs no more stay until rtnl_settle_macvlans() says that nobody speaks
 * by them any more: it removes them, those that an earlier run has left behind, and makes anew what
 * is there in another way. What somebody deletes later comes back by itself. What cannot be had is
 * logged and missed, the instance sees it. 0 or -ENOMEM.
 */
int rtnl_set_macvlans(struct rtnl *rtnl, const struct conf *conf);
void rtnl_settle_macvlans(struct rtnl *rtnl);
void rtnl_remove_macvlans(struct rtnl *rtnl);

/*
 * Settings of the kernel that conf asks for (disable_local_igmp, promote_secondaries) are made and
 * what no configuration asks for any more, be it of a run that crashed, is as it was before. What
 * cannot be had is logged.
 */
void rtnl_set_settings(struct rtnl *rtnl, const struct conf *conf);
void rtnl_remove_settings(struct rtnl *rtnl);

/* Removes everything that was set or adopted, but for macvlans. The last resort when the vrrp
 * thread does not answer.
 */
void rtnl_remove_all(struct rtnl *rtnl);

bool rtnl_has_address(const struct rtnl *rtnl, const struct ip *ip); /* on any interface */
uint32_t rtnl_count_links(const struct rtnl *rtnl);

/* What of conf is in the kernel as far as we know: one for each static address; one for each route,
 * then for each rule, of the instance or of the static ones (NULL). */
void rtnl_tell_addresses(const struct rtnl *rtnl, const struct conf *conf, bool *ret);
void rtnl_tell_routing(const struct rtnl *rtnl, const struct conf *conf,
		       const struct conf_instance *instance, bool *ret);
