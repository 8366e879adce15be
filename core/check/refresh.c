/* SPDX-License-Identifier: MIT */
/*
 * The regular look at the kernel's table, for statistics, drift, and drains. It comes as often as
 * the configuration wishes; without a wish every REFRESH_US, and less often when it takes long, so
 * that a large table does not cost more than its checks. Thread: check.
 */
#include "core/base/clock.h"
#include "core/base/loop.h"
#include "core/check/engine.h"

/* How old statistics may be by the configuration; UINT64_MAX: it does not say. One look serves
 * virtual and real servers. */
static uint64_t wished_age(const struct engine *engine)
{
	const struct conf_global *global = engine->conf ? &engine->conf->global : NULL;
	uint64_t age_us = UINT64_MAX;

	if (global && global->vs_stats_us)
		age_us = global->vs_stats_us;
	if (global && global->rs_stats_us && global->rs_stats_us < age_us)
		age_us = global->rs_stats_us;
	return age_us;
}

/* Never longer than without a wish, as drift is found by it, too. */
static uint64_t interval(const struct engine *engine)
{
	uint64_t interval_us = engine->refresh_us, wished_us = wished_age(engine);

	if (wished_us < interval_us)
		interval_us = wished_us;
	if (interval_us < REFRESH_LEAST_US && engine->refresh_us > REFRESH_LEAST_US)
		interval_us = REFRESH_LEAST_US;
	return interval_us;
}

bool refresh_is_needed(const struct engine *engine)
{
	return engine->n_services || (engine->conf && engine->conf->global.sync.interface);
}

void refresh_arm(struct engine *engine, uint64_t now_us)
{
	loop_timer_arm(engine->refresh_timer, now_us + interval(engine));
}

static void refresh(struct engine *engine, uint64_t now_us)
{
	engine_look(engine);
	if (!engine->ipvs)
		kernel_open(engine, now_us);
	if (engine->timeouts_error < 0)
		kernel_set_timeouts(engine);
	sync_settle(engine);
	drain_tick(engine);
	if (engine->save_failed) {
		engine->save_failed = false;
		engine->save_wanted = true;
	}
	engine_settle(engine);
}

/* Where nobody has asked for it, it comes the less often the longer it takes. */
static void rest(struct engine *engine, uint64_t began_us)
{
	uint64_t next_us = began_us + interval(engine);
	struct pace pace;

	if (wished_age(engine) != UINT64_MAX)
		return;
	pace_worked(&pace, engine->refresh_rest, began_us, clock_now_us());
	if (!pace_allows(&pace, next_us))
		loop_timer_arm(engine->refresh_timer, pace.not_before_us);
}

void refresh_due(uint64_t now_us, void *owner)
{
	struct engine *engine = owner;

	refresh_arm(engine, now_us);
	if (!refresh_is_needed(engine))
		return;
	refresh(engine, now_us);
	rest(engine, now_us);
}
