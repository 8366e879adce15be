/* SPDX-License-Identifier: MIT */
/*
 * A new configuration: who stays, who goes, who comes. vrrp thread. Everything that can fail is
 * allocated before anything is touched, so a configuration is adopted as a whole or not at all.
 *
 * Who stays is decided in conf/diff.h, by name and by what needs a restart. What stays keeps
 * state, counters and timers, and only what was changed in the text takes effect.
 */
#include "core/vrrp/engine_private.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diff.h"

/* What the new configuration will run on. */
struct stage {
	const struct conf *conf;
	struct conf_diff *diff;
	struct vrrp_unit **units;
	uint64_t *due_us;
	struct vrrp_group_row *groups;
	uint64_t (*garp_free_us)[VRRP_FAMILIES];
	struct vrrp_seen *seen[CONF_TRACK_KINDS];
	uint32_t *seen_map[CONF_TRACK_KINDS];
	bool *fresh; /* one for each unit: it did not exist before */
};

/* The unit that goes on under conf->instances[index], NULL when a new one must start. */
static struct vrrp_unit *find_old(struct vrrp_engine *e, struct stage *stage, size_t index)
{
	uint32_t old = stage->diff->instances[index];

	if (old == CONF_NONE || conf_instance_restarts(stage->diff, e->units[old]->fsm.conf,
						       &stage->conf->instances[index]))
		return NULL;
	return e->units[old];
}

static void drop_stage(struct vrrp_engine *e, struct stage *stage)
{
	for (size_t i = 0; stage->units && stage->fresh && i < stage->conf->n_instances; i++)
		if (stage->fresh[i])
			free(stage->units[i]);
	for (size_t i = 0; e->conf && i < e->conf->n_instances; i++)
		e->units[i]->kept = false;
	free(stage->units);
	free(stage->due_us);
	free(stage->groups);
	free(stage->garp_free_us);
	for (size_t kind = 0; kind < CONF_TRACK_KINDS; kind++) {
		free(stage->seen[kind]);
		free(stage->seen_map[kind]);
	}
	free(stage->fresh);
	conf_diff_free(stage->diff);
}

/* What was seen last of a tracked object stands until its tracker says more. */
static int carry_seen(const struct vrrp_engine *e, struct stage *stage, enum conf_track_kind kind)
{
	const uint32_t *map = conf_diff_tracked(stage->diff, kind);
	size_t n_old = e->conf ? conf_n_tracked(e->conf, kind) : 0;
	size_t n_new = conf_n_tracked(stage->conf, kind);

	if (!map)
		return 0;
	stage->seen[kind] = calloc(n_new + 1, sizeof *stage->seen[kind]);
	stage->seen_map[kind] = calloc(n_old + 1, sizeof *stage->seen_map[kind]);
	if (!stage->seen[kind] || !stage->seen_map[kind])
		return -ENOMEM;
	for (size_t i = 0; i < n_old; i++)
		stage->seen_map[kind][i] = CONF_NONE;
	for (size_t i = 0; i < n_new; i++) {
		if (map[i] == CONF_NONE)
			continue;
		stage->seen_map[kind][map[i]] = (uint32_t)i;
		stage->seen[kind][i] = e->seen[kind][map[i]];
	}
	return 0;
}

static void carry_groups(const struct vrrp_engine *e, struct stage *stage)
{
	for (size_t g = 0; g < stage->conf->n_groups; g++)
		if (stage->diff->groups[g] != CONF_NONE)
			stage->groups[g] = e->groups[stage->diff->groups[g]];
}

static int stage_units(struct vrrp_engine *e, struct stage *stage, uint64_t now_us)
{
	for (size_t i = 0; i < stage->conf->n_instances; i++) {
		stage->units[i] = find_old(e, stage, i);
		if (stage->units[i]) {
			stage->units[i]->kept = true;
			continue;
		}
		stage->fresh[i] = true;
		stage->units[i] = calloc(1, sizeof *stage->units[i]);
		if (!stage->units[i])
			return -ENOMEM;
		stage->units[i]->counters_since_us = now_us;
	}
	return 0;
}

static int make_stage(struct vrrp_engine *e, struct stage *stage, uint64_t now_us)
{
	const struct conf *conf = stage->conf;

	stage->units = calloc(conf->n_instances + 1, sizeof *stage->units);
	stage->due_us = calloc(conf->n_instances + 1, sizeof *stage->due_us);
	stage->groups = calloc(conf->n_groups + 1, sizeof *stage->groups);
	stage->fresh = calloc(conf->n_instances + 1, sizeof *stage->fresh);
	stage->garp_free_us = calloc(conf->n_garp_groups + 1, sizeof *stage->garp_free_us);
	if (!stage->units || !stage->due_us || !stage->groups || !stage->fresh ||
	    !stage->garp_free_us || conf_diff_new(e->conf, conf, &stage->diff) < 0)
		return -ENOMEM;
	for (size_t kind = 0; kind < CONF_TRACK_KINDS; kind++)
		if (carry_seen(e, stage, kind) < 0)
			return -ENOMEM;
	carry_groups(e, stage);
	return stage_units(e, stage, now_us);
}

/* Under the old configuration, so that the events name what main still knows. */
static void remove_unit(struct vrrp_engine *e, struct vrrp_unit *unit, bool returns,
			uint64_t now_us)
{
	const struct vrrp_event event = {
		.kind = VRRP_EVENT_CONDITIONS, .holds = VRRP_HOLD_STOP, .faults = unit->fsm.faults};

	vrrp_act_alone(e, unit, &event, now_us);
	e->ops->log(e->owner, LOG_NOTICE, "%s: %s", unit->fsm.conf->name,
		    returns ? "stopped, to start anew with its new settings"
			    : "removed from the configuration");
}

/* Whether an object of the new configuration has that index of the old one. */
static bool goes_on(const uint32_t *map, size_t count, size_t old)
{
	for (size_t i = 0; i < count; i++)
		if (map[i] == old)
			return true;
	return false;
}

/* The members are gone or in other groups: say that it is over. */
static void remove_groups(struct vrrp_engine *e, const struct stage *stage, uint64_t now_us)
{
	for (size_t g = 0; g < e->conf->n_groups; g++) {
		struct msg_event *event;

		if (goes_on(stage->diff->groups, stage->conf->n_groups, g) ||
		    e->groups[g].state == VRRP_INITIALIZE)
			continue;
		event = vrrp_act_new_event(e, EVENT_GROUP_STATE, now_us);
		if (!event)
			continue;
		event->group.group = (uint32_t)g;
		strncpy(event->group.name, e->conf->groups[g].name, sizeof event->group.name - 1);
		event->group.state = VRRP_INITIALIZE;
		event->group.stopping = event->group.removed = true;
	}
}

static void remove_old(struct vrrp_engine *e, const struct stage *stage, uint64_t now_us)
{
	if (!e->conf)
		return;
	for (size_t i = 0; i < e->conf->n_instances; i++)
		if (!e->units[i]->kept)
			remove_unit(e, e->units[i],
				    goes_on(stage->diff->instances, stage->conf->n_instances, i),
				    now_us);
	remove_groups(e, stage, now_us);
	for (size_t i = 0; i < e->conf->n_instances; i++)
		if (!e->units[i]->kept)
			free(e->units[i]);
}

static void swap_in(struct vrrp_engine *e, struct stage *stage)
{
	free(e->units);
	free(e->due_us);
	free(e->groups);
	free(e->garp_free_us);
	free(stage->fresh);
	for (size_t kind = 0; kind < CONF_TRACK_KINDS; kind++) {
		free(e->seen[kind]);
		free(e->seen_map[kind]);
		e->seen[kind] = stage->seen[kind];
		e->seen_map[kind] = stage->seen_map[kind];
		e->n_seen_map[kind] = e->conf ? conf_n_tracked(e->conf, kind) : 0;
	}
	e->map_generation = e->conf ? e->conf->generation : 0;
	e->units = stage->units;
	e->due_us = stage->due_us;
	e->groups = stage->groups;
	e->garp_free_us = stage->garp_free_us;
	e->conf = stage->conf;
}

static void warn_new(struct vrrp_engine *e, const struct conf_instance *conf)
{
	const char *why = conf_instance_unsupported(conf);

	if (why)
		e->ops->log(e->owner, LOG_ERR, "%s: %s; the instance stays in FAULT", conf->name,
			    why);
}

static void start_unit(struct vrrp_engine *e, struct vrrp_unit *unit)
{
	warn_new(e, unit->fsm.conf);
	vrrp_engine_refresh(e, unit);
	/* What a crash has left behind must go, or two routers answer for it. An owner's addresses
	 * are its own. */
	if (unit->fsm.conf->priority != VRRP_PRIORITY_OWNER)
		vrrp_act_post_addrs(e, unit, false);
}

static void continue_unit(struct vrrp_engine *e, struct vrrp_unit *unit, struct conf_diff *diff,
			  const struct conf_instance *old, uint64_t now_us)
{
	const struct conf_instance *new = unit->fsm.conf;
	uint64_t advert_us = unit->fsm.advert_us;
	struct vrrp_event event = {
		.kind = VRRP_EVENT_RECONF,
		.timers_changed = old->down_timer_adverts != new->down_timer_adverts,
		.addresses_changed =
			conf_instance_changed(diff, old, new, "virtual_ipaddress") ||
			conf_instance_changed(diff, old, new, "virtual_ipaddress_excluded") ||
			!conf_instance_same_devices(old, new),
		.routing_changed = conf_instance_changed(diff, old, new, "virtual_routes") ||
				   conf_instance_changed(diff, old, new, "virtual_rules"),
	};

	unit->old_peer &= old->old_checksum == new->old_checksum;
	vrrp_set_drop(unit, old, new);
	vrrp_engine_refresh(e, unit);
	event.timers_changed |= unit->fsm.advert_us != advert_us;
	/* garp_extra_if may be for other interfaces now. */
	unit->bursts[VRRP_BURST_EXTRA].left = 0;
	if (event.addresses_changed)
		memset(unit->bursts, 0, sizeof unit->bursts);
	if (!conf_instance_unsupported(old) && conf_instance_unsupported(new))
		warn_new(e, new);
	vrrp_act_alone(e, unit, &event, now_us);
}

static void adopt_units(struct vrrp_engine *e, struct conf_diff *diff, uint64_t now_us)
{
	e->any_wide = false;
	for (size_t i = 0; i < e->conf->n_instances; i++) {
		struct vrrp_unit *unit = e->units[i];
		const struct conf_instance *before = unit->fsm.conf;

		unit->fsm.conf = &e->conf->instances[i];
		unit->conf_index = (uint32_t)i;
		unit->group = e->conf->instances[i].group;
		unit->kept = false;
		e->any_wide |= conf_instance_is_wide(unit->fsm.conf);
		if (before)
			continue_unit(e, unit, diff, before, now_us);
		else
			start_unit(e, unit);
	}
}

static void adopt_global(struct vrrp_engine *e, bool first, uint64_t now_us)
{
	const struct conf_global *global = &e->conf->global;

	if (first)
		e->counters_since_us = now_us;
	if (first && global->startup_delay_us)
		e->start_at_us = now_us + global->startup_delay_us;
	/* The clock began when the system did. */
	if (first && global->delay_after_boot_us > now_us &&
	    global->delay_after_boot_us > e->start_at_us)
		e->start_at_us = global->delay_after_boot_us;
	e->mcast_groups[VRRP_IPV4] = global->mcast_group4;
	e->mcast_groups[VRRP_IPV6] = global->mcast_group6;
}

int vrrp_engine_conf(struct vrrp_engine *e, const struct conf *conf, uint64_t now_us)
{
	struct stage stage = {.conf = conf};
	const struct conf *old = e->conf;
	int r = make_stage(e, &stage, now_us);

	e->conf_done = true;
	e->conf_generation = conf->generation;
	if (r < 0) {
		drop_stage(e, &stage);
		e->ops->log(e->owner, LOG_ERR,
			    "out of memory: the old configuration stays in force");
		conf_unref(conf);
		return r;
	}
	remove_old(e, &stage, now_us);
	swap_in(e, &stage);
	adopt_global(e, !old, now_us);
	adopt_units(e, stage.diff, now_us);
	conf_diff_free(stage.diff);
	conf_unref(old);
	e->rows_changed = true;
	vrrp_engine_settle(e, VRRP_RETRY_ALL, now_us);
	return 0;
}
