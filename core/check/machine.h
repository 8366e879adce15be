/* SPDX-License-Identifier: MIT */
/*
 * What an operator changes: machines, which are real servers by address (machine.c), one change of
 * a server or of a machine (change.c), and what all changes of a SET may not do (policy.c). Private
 * to core/check; thread: check.
 */
#pragma once

#include "core/check/engine.h"

/* The real servers with one address, over all services. */
struct machine {
	struct server *const *servers; /* configuration order */
	size_t count;
};

/* machine.c */
/* All servers by address. -ENOMEM. */
int machines_index(struct service *const *services, size_t count, struct server ***ret,
		   size_t *ret_count);
/* The one that begins there in by_address; the one with that address, of no server when there is
 * none. */
struct machine machine_at(const struct engine *engine, size_t first);
struct machine machine_find(const struct engine *engine, const struct ip *ip);
/* That server of a service; NULL: there is none. Does not go through all servers of the service. */
struct server *machine_find_server(const struct engine *engine, const struct service *service,
				   const struct dest_key *key);
/* What its servers show together: state (the least restrictive), storage, drain, comment. */
struct admin machine_admin(const struct machine *machine);
/* Whether a change of the machine is one of that server of it. */
bool machine_concerns(const struct machine *machine, const struct server *server,
		      const struct dest_change *change);
/* After adopting another configuration: what is new on a machine that is out of use. Not after the
 * first: there what was unlocked by itself looks new, too. */
void machines_hold_new(struct engine *engine);

/* change.c */
/* One change of a set; *ret_old: what it changes was. -ENOENT, -EINVAL, -EBUSY, -EIO, -ENOMEM with
 * the reason in text. */
int change_apply(struct engine *engine, const struct msg_dest_set *set, uint32_t index,
		 struct admin *ret_old, char text[static 128]);
void change_log(struct engine *engine, const struct msg_dest_set *set, const struct admin *old);
void change_look_first(struct engine *engine, const struct msg_dest_set *set);

/* policy.c */
int policy_set(struct engine *engine, int32_t value);
/* Tells that it is what it was before the pending set, which could not be stored. */
void policy_undone(struct engine *engine);
const char *policy_name(enum quorum_policy policy);
/*
 * Once all of a set is applied to the model and nothing is told to the kernel: -EPERM when the
 * policy is to refuse and the set takes the quorum of a service away, with the last change that
 * took weight from it and the reason; -ENOMEM.
 */
int policy_judge(const struct engine *engine, const struct msg_dest_set *set, uint32_t *ret_index,
		 char text[static 128]);
