/* SPDX-License-Identifier: MIT */
/*
 * One turn of work. Its first half is the kernel's: reduce what is dirty, bring the kernel there,
 * look. Its second half is everybody else's: publish one snapshot, post the events it shows, answer
 * who waits. The first half costs as much as there is to tell and is never put off; the second, and
 * a look at everything, cost as much as the table is long and keep a pace. Thread: check.
 */
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/check/engine.h"

/* Above this many changed services at once the others wait for the next look at everything. */
#define LOOKS_MAX 8
/* A settled state may complete a drain, which asks for one more round. */
#define ROUNDS_MAX 4

void engine_reduce(struct engine *engine, struct service *service)
{
	ramp_follow(service);
	struct server_input *inputs = engine_inputs(service);
	bool was_up = service->quorum.up;

	if (!inputs) {
		log_error("check", "out of memory: %s is not evaluated", service->conf->id);
		return;
	}
	service_reduce(service->conf, inputs, &service->quorum);
	free(inputs);
	if (was_up == service->quorum.up)
		return;
	service->quorum_changed_wall_us = clock_wall_us();
	log_notice("check", "%s has %s quorum (weight %u, quorum %u)%s", service->conf->id,
		   service->quorum.up ? "gained" : "lost", service->quorum.weight,
		   service->conf->quorum,
		   service->quorum.sorry_active ? ", the sorry server takes over" : "");
	event_quorum(engine, service);
}

/* Returns how many services the kernel was told about. */
static size_t settle_services(struct engine *engine)
{
	size_t told = 0;

	for (size_t i = 0; i < engine->n_services; i++) {
		struct service *service = engine->services[i];
		bool sent = false;

		if (!service->dirty)
			continue;
		service->dirty = false;
		engine_reduce(engine, service);
		kernel_apply(engine, service, &sent);
		if (sent && ++told <= LOOKS_MAX)
			kernel_look(engine, service);
		loop_touch(engine->loop);
	}
	return told;
}

static bool any_dirty(const struct engine *engine)
{
	for (size_t i = 0; i < engine->n_services; i++) {
		if (engine->services[i]->dirty)
			return true;
	}
	return false;
}

static void save_if_wanted(struct engine *engine)
{
	uint64_t ticket;

	if (!engine->save_wanted || engine->pending.active)
		return;
	engine->save_wanted = command_save(engine, &ticket) < 0;
}

void engine_look(struct engine *engine)
{
	if (engine->ipvs && pace_allows(&engine->look_pace, clock_now_us()))
		kernel_dump(engine);
}

static void tell(struct engine *engine)
{
	for (unsigned round = 0; round < ROUNDS_MAX && any_dirty(engine); round++) {
		if (settle_services(engine) > LOOKS_MAX)
			engine_look(engine);
	}
	save_if_wanted(engine);
	drain_arm(engine);
	ramp_arm(engine);
}

static void show(struct engine *engine)
{
	uint64_t began_us = clock_now_us();

	publish(engine);
	event_flush(engine);
	command_flush_replies(engine);
	pace_worked(&engine->show_pace, engine->rest, began_us, clock_now_us());
}

void engine_settle(struct engine *engine)
{
	if (!engine->conf || engine->stopping)
		return;
	tell(engine);
	bool shows = engine->n_replies > 0 || pace_allows(&engine->show_pace, clock_now_us());
	if (shows)
		show(engine);
	/* What was marked on the way has been dealt with. */
	if (any_dirty(engine) || engine->n_replies > 0)
		engine_wake(engine);
	else if (shows)
		loop_timer_disarm(engine->settle_timer);
	else
		loop_timer_arm(engine->settle_timer, engine->show_pace.not_before_us);
}

void engine_settle_now(struct engine *engine)
{
	engine->show_pace.not_before_us = 0;
	engine_settle(engine);
}
