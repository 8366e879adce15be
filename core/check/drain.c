/* SPDX-License-Identifier: MIT */
/*
 * Running drains: feeds the administrative model with fresh looks and the time, and turns its
 * effects into log lines, events and saves. While a SET waits for the disk nothing moves by itself,
 * so that a failed save can be undone exactly. Thread: check.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/check/engine.h"

void drain_log(const struct server *server)
{
	struct admin_usage usage = engine_usage(server);
	char text[KEY_TEXT_MAX];

	log_notice("check", "drain of %s in %s: %s, now %s (%u active, %u inactive, %u templates)",
		   dest_key_format(&server->conf->key, text), server->service->conf->id,
		   admin_drain_name(server->admin.drain), admin_state_name(server->admin.state),
		   usage.active, usage.inactive, usage.persistent);
}

void drain_effect(struct engine *engine, struct server *server, enum admin_effect effect,
		  const struct admin *before, const char *error)
{
	if (admin_differs(before, &server->admin)) {
		engine_mark(engine, server->service);
		if (before->storage == STORAGE_NONVOLATILE ||
		    server->admin.storage == STORAGE_NONVOLATILE)
			engine->save_wanted = true;
	}
	if (effect == ADMIN_NOTHING)
		return;
	if (effect == ADMIN_CHANGED) {
		event_dest(engine, EVENT_ADMIN, server, error);
		return;
	}
	if (!engine->pending.active)
		drain_log(server);
	event_dest(engine, EVENT_DRAIN, server, error);
}

/* Only a look that shows the server on every member, and with weight 0, says something about its
 * drain. */
static bool stands_quiesced(const struct server *server)
{
	for (size_t k = 0; k < server->service->n_members; k++) {
		if (!server->places[k].in_kernel || server->places[k].weight != 0)
			return false;
	}
	return true;
}

void drain_snapshot(struct engine *engine, struct service *service)
{
	if (engine->pending.active)
		return;
	for (size_t i = 0; i < service->n_servers; i++) {
		struct server *server = service->servers[i];
		struct admin before = server->admin;

		if (before.state != DEST_SHUTTING_DOWN || !stands_quiesced(server))
			continue;
		struct admin_usage usage = engine_usage(server);

		if (!sysctls_keep_templates(engine))
			usage.persistent = 0;
		enum admin_effect effect = admin_snapshot(&server->admin, &usage, engine_time());
		drain_effect(engine, server, effect, &before,
			     server->up ? NULL : "the server was down");
	}
}

void drain_tick(struct engine *engine)
{
	struct admin_time at = engine_time();

	for (size_t i = 0; !engine->pending.active && i < engine->n_services; i++) {
		struct service *service = engine->services[i];

		for (size_t k = 0; k < service->n_servers; k++) {
			struct server *server = service->servers[k];
			struct admin before = server->admin;
			enum admin_effect effect = admin_tick(&server->admin, at);

			if (admin_follow_wall(&server->admin, at) &&
			    server->admin.storage == STORAGE_NONVOLATILE)
				engine->save_wanted = true;
			drain_effect(engine, server, effect, &before, NULL);
		}
	}
}

/* The next moment at which the drain of a server may move without anybody's doing. */
static uint64_t next_move(const struct engine *engine, const struct server *server, uint64_t now_us)
{
	const struct admin *admin = &server->admin;
	uint64_t at_us = server->service->looked_us + engine->refresh_us;

	if (admin->zero_snapshots && now_us + CONFIRM_US < at_us)
		at_us = now_us + CONFIRM_US;
	if (admin->drain_deadline_us && admin->drain_deadline_us < at_us)
		at_us = admin->drain_deadline_us;
	return at_us;
}

void drain_arm(struct engine *engine)
{
	uint64_t now_us = clock_now_us(), at_us = UINT64_MAX;

	for (size_t i = 0; !engine->pending.active && i < engine->n_services; i++) {
		struct service *service = engine->services[i];

		for (size_t k = 0; service->quorum.n_draining && k < service->n_servers; k++) {
			struct server *server = service->servers[k];
			uint64_t move_us = next_move(engine, server, now_us);

			if (server->admin.state == DEST_SHUTTING_DOWN && move_us < at_us)
				at_us = move_us;
		}
	}
	if (at_us == UINT64_MAX)
		loop_timer_disarm(engine->drain_timer);
	else
		loop_timer_arm(engine->drain_timer, at_us);
}

/* Whoever drains a server waits for the end, however rarely the whole table is looked at. */
void drain_confirm(uint64_t now_us, void *owner)
{
	struct engine *engine = owner;

	for (size_t i = 0; i < engine->n_services; i++) {
		struct service *service = engine->services[i];
		bool due = service->quorum.n_draining &&
			   now_us >= service->looked_us + engine->refresh_us;

		for (size_t k = 0; k < service->n_servers; k++)
			due = due || service->servers[k]->admin.zero_snapshots > 0;
		if (due)
			kernel_look(engine, service);
	}
	drain_tick(engine);
	engine_settle(engine);
}
