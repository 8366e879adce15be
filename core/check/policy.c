/* SPDX-License-Identifier: MIT */
/*
 * The quorum policy: whether a SET may take the quorum of a service away. A set is judged as a
 * whole, by what it leaves behind: servers that it gives back count for those that it takes, and a
 * policy that it sets is the one it is judged by. Only the step from a quorum to none counts, by
 * the rule that events and traps go by; a service without one can lose nothing. Health is that of
 * now on both sides of the comparison, so what checks have found is not laid to the manager.
 * Thread: check. Must not change anything but the policy.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/log.h"
#include "core/base/mail.h"
#include "core/check/machine.h"

const char *policy_name(enum quorum_policy policy)
{
	return policy == QUORUM_REFUSE ? "refuse" : "allow";
}

int policy_set(struct engine *engine, int32_t value)
{
	if (value != QUORUM_ALLOW && value != QUORUM_REFUSE)
		return -EINVAL;
	if (engine->policy != (enum quorum_policy)value)
		engine->save_wanted = true;
	engine->policy = (enum quorum_policy)value;
	return 0;
}

void policy_undone(struct engine *engine)
{
	struct msg_changed changed = {
		.object = CHANGED_NOTHING, .who = "check", .what = "drain quorum policy (undone)"};

	if (engine->policy == engine->pending.policy)
		return;
	snprintf(changed.was, sizeof changed.was, "%s", policy_name(engine->policy));
	snprintf(changed.now, sizeof changed.now, "%s", policy_name(engine->pending.policy));
	log_notice("check", "%s: %s -> %s", changed.what, changed.was, changed.now);
	mail_post(engine->wires->box[THREAD_AGENT], MSG_CHANGED, &changed, sizeof changed);
}

/* Of a server as it was before the set. */
static struct server_input input_before(const struct engine *engine, const struct server *server)
{
	struct server_input input = engine_input(server);

	if (server->changing) {
		const struct admin *before = &engine->pending.undo[server->undo].before;

		input.admin = before->state;
		input.override = before->weight_override;
	}
	return input;
}

static struct service_quorum quorum_before(const struct engine *engine,
					   const struct service *service, struct server_input *room)
{
	struct service_quorum quorum = service->quorum;

	for (size_t i = 0; i < service->n_servers; i++)
		room[i] = input_before(engine, service->servers[i]);
	service_reduce(service->conf, room, &quorum);
	return quorum;
}

/* The last change that took weight away. */
static uint32_t find_taker(const struct engine *engine, const struct service *service)
{
	uint32_t taker = 0;

	for (size_t i = 0; i < service->n_servers; i++) {
		const struct server *server = service->servers[i];
		struct server_input before = input_before(engine, server);
		struct server_input now = engine_input(server);

		if (service_quorum_weight(&now) < service_quorum_weight(&before) &&
		    server->moved_by > taker)
			taker = server->moved_by;
	}
	return taker;
}

static int judge(const struct engine *engine, const struct service *service, uint32_t *ret_index,
		 char text[static 128])
{
	struct server_input *inputs = engine_inputs(service);
	struct service_quorum before, now;

	if (!inputs) {
		snprintf(text, 128, "out of memory");
		return -ENOMEM;
	}
	now = service->quorum;
	service_reduce(service->conf, inputs, &now);
	before = quorum_before(engine, service, inputs);
	free(inputs);
	if (!before.up || now.up)
		return 0;
	snprintf(text, 128, "%.50s would lose its quorum of %u, with weight %u instead of %u",
		 service->conf->id, service->conf->quorum, now.weight, before.weight);
	*ret_index = find_taker(engine, service);
	return -EPERM;
}

int policy_judge(const struct engine *engine, const struct msg_dest_set *set, uint32_t *ret_index,
		 char text[static 128])
{
	const struct pending_set *pending = &engine->pending;
	bool takes_back = set->count > 0 && set->changes[0].undo;
	int error = 0;

	if (engine->policy != QUORUM_REFUSE || set->force || takes_back)
		return 0;
	for (size_t i = 0; i < pending->n_undo; i++)
		pending->undo[i].server->service->judged = false;
	for (size_t i = 0; i < pending->n_undo && !error; i++) {
		struct service *service = pending->undo[i].server->service;

		if (service->judged)
			continue;
		service->judged = true;
		error = judge(engine, service, ret_index, text);
	}
	return error;
}
