/* SPDX-License-Identifier: MIT */
/*
 * The regular look at the kernel's table, for statistics, drift, and drains. It comes as often as
 * the configuration wishes; without a wish every REFRESH_US, and less often when it takes long, so
 * that a large table does not cost more than its checks. It goes through the services in pieces,
 * between which the loop serves what is due, so that it does not hold up checks either; all is
 * shown when it is over. Another configuration begins anew. Thread: check.
 */
#include "core/base/clock.h"
#include "core/base/loop.h"
#include "core/check/engine.h"

#define PIECE_US UINT64_C(1000) /* then others have their turn; one service at least */

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
	engine->refresh.under_way = false;
	loop_timer_arm(engine->refresh_timer, now_us + interval(engine));
}

static bool begin(struct engine *engine, uint64_t now_us)
{
	bool may = engine->ipvs && pace_allows(&engine->look_pace, now_us);

	engine->refresh = (struct refresh){.began_us = now_us};
	engine->refresh.under_way = may && kernel_look_begin(engine);
	return engine->refresh.under_way;
}

/* One piece; false: that was the last. */
static bool go_on(struct engine *engine)
{
	struct refresh *refresh = &engine->refresh;
	uint64_t until_us = clock_now_us() + PIECE_US;

	while (engine->ipvs && refresh->next < engine->n_services) {
		if (!kernel_look_on(engine, engine->services[refresh->next++]))
			return false;
		if (clock_now_us() >= until_us)
			return true;
	}
	if (engine->ipvs)
		kernel_look_end(engine, refresh->began_us);
	return false;
}

/* What follows a look, and whatever else is to be tried again. */
static void finish(struct engine *engine, uint64_t now_us)
{
	engine->refresh.under_way = false;
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
static void rest(struct engine *engine)
{
	const struct refresh *refresh = &engine->refresh;
	uint64_t next_us = refresh->began_us + interval(engine), now_us = clock_now_us();
	struct pace pace;

	pace_worked(&pace, engine->refresh_rest, now_us - refresh->worked_us, now_us);
	if (wished_age(engine) == UINT64_MAX && !pace_allows(&pace, next_us))
		next_us = pace.not_before_us;
	loop_timer_arm(engine->refresh_timer, next_us);
}

void refresh_due(uint64_t now_us, void *owner)
{
	struct engine *engine = owner;
	struct refresh *refresh = &engine->refresh;

	if (!refresh_is_needed(engine)) {
		refresh_arm(engine, now_us);
		return;
	}
	bool more = (refresh->under_way || begin(engine, now_us)) && go_on(engine);
	if (!more)
		finish(engine, now_us);
	refresh->worked_us += clock_now_us() - now_us;
	if (more)
		loop_timer_arm(engine->refresh_timer, clock_now_us());
	else
		rest(engine);
}
