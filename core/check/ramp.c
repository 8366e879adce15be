/* SPDX-License-Identifier: MIT */
/*
 * Slow start (core/check/ramp.h). What is held back is worked out when a service is reduced and
 * kept until the next time, so that what is wanted, found and shown in between agree. Thread:
 * check. Must not touch the kernel.
 */
#include "core/check/ramp.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/check/engine.h"

#define STEPS	      20
#define STEP_LEAST_US (100 * USEC_PER_MSEC)

uint32_t ramp_held(uint64_t began_us, uint64_t length_us, uint64_t now_us)
{
	uint64_t passed_us = now_us > began_us ? now_us - began_us : 0;

	if (!began_us || passed_us >= length_us)
		return 0;
	uint64_t share = passed_us * RAMP_PERMILLE / length_us;
	return RAMP_PERMILLE - (uint32_t)(share ? share : 1);
}

static uint64_t step_us(uint64_t length_us)
{
	return length_us / STEPS > STEP_LEAST_US ? length_us / STEPS : STEP_LEAST_US;
}

static void follow(struct server *server, uint64_t now_us)
{
	uint64_t length_us = server->conf->slow_start_us;
	struct ramp *ramp = &server->ramp;
	bool usable = server->admin.state == DEST_UNLOCKED && server->up;
	char text[KEY_TEXT_MAX];

	if (!usable) {
		ramp->began_us = 0;
	} else if (ramp->known && !ramp->usable && length_us) {
		ramp->began_us = now_us;
		log_notice("check", "%s of %s starts slowly: its full weight is due in %u s",
			   dest_key_format(&server->conf->key, text), server->service->conf->id,
			   (unsigned)(length_us / USEC_PER_SEC));
	}
	ramp->known = true;
	ramp->usable = usable;
	ramp->held_permille = ramp_held(ramp->began_us, length_us, now_us);
	if (!ramp->held_permille)
		ramp->began_us = 0;
}

void ramp_follow(struct service *service)
{
	uint64_t now_us = clock_now_us(), next_us = 0;

	for (size_t i = 0; i < service->n_servers; i++) {
		struct server *server = service->servers[i];

		follow(server, now_us);
		if (!server->ramp.began_us)
			continue;
		uint64_t at_us = now_us + step_us(server->conf->slow_start_us);
		if (!next_us || at_us < next_us)
			next_us = at_us;
	}
	service->ramp_at_us = next_us;
}

static void resume(struct server *server, uint64_t now_us)
{
	struct server_input input = engine_input(server);
	int32_t nominal = service_nominal_weight(&input);
	int32_t found = server->service->n_members ? server->places[0].weight : 0;
	uint64_t length_us = server->conf->slow_start_us;

	if (!length_us || server->admin.state != DEST_UNLOCKED || !server->up ||
	    !server->places[0].in_kernel || found <= 0 || found >= nominal)
		return;
	uint64_t passed_us = length_us * (uint64_t)found / (uint64_t)nominal;
	server->ramp.began_us = now_us > passed_us ? now_us - passed_us : 1;
}

void ramp_resume(struct engine *engine)
{
	uint64_t now_us = clock_now_us();

	for (size_t i = 0; i < engine->n_services; i++)
		for (size_t k = 0; k < engine->services[i]->n_servers; k++)
			resume(engine->services[i]->servers[k], now_us);
}

void ramp_arm(struct engine *engine)
{
	uint64_t at_us = 0;

	for (size_t i = 0; i < engine->n_services; i++) {
		uint64_t own_us = engine->services[i]->ramp_at_us;

		if (own_us && (!at_us || own_us < at_us))
			at_us = own_us;
	}
	if (at_us)
		loop_timer_arm(engine->ramp_timer, at_us);
	else
		loop_timer_disarm(engine->ramp_timer);
}

void ramp_tick(uint64_t now_us, void *owner)
{
	struct engine *engine = owner;

	for (size_t i = 0; i < engine->n_services; i++) {
		uint64_t at_us = engine->services[i]->ramp_at_us;

		if (at_us && at_us <= now_us)
			engine_mark(engine, engine->services[i]);
	}
}
