/* SPDX-License-Identifier: MIT */
/*
 * The engine's inputs, and the conditions that follow from them: which instance is held, at fault,
 * and with what priority it runs. vrrp thread. No socket, no clock and no memory of another thread
 * is touched here.
 *
 * Whatever changes, settle() works everything out anew and tells the state machines what differs.
 * That costs the size of the configuration, but happens on changes only, never per packet.
 */
#include "core/vrrp/engine_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/vrrp/debounce.h"

int vrrp_engine_new(const struct vrrp_ops *ops, void *owner, struct vrrp_engine **ret)
{
	struct vrrp_engine *e = calloc(1, sizeof *e);
	int r;

	if (!e)
		return -ENOMEM;
	e->ops = ops;
	r = hmac_md5_new(&e->hmac);
	if (r >= 0)
		r = vrrp_links_add_anywhere(e);
	if (r < 0) {
		vrrp_engine_free(e);
		return r;
	}
	e->owner = owner;
	*ret = e;
	return 0;
}

struct vrrp_engine *vrrp_engine_free(struct vrrp_engine *e)
{
	if (!e)
		return NULL;
	for (size_t i = 0; i < e->n_links; i++)
		vrrp_listen_close(e, &e->links[i]);
	for (size_t i = 0; e->conf && i < e->conf->n_instances; i++)
		free(e->units[i]);
	conf_unref(e->conf);
	free(e->units);
	free(e->due_us);
	free(e->groups);
	for (size_t kind = 0; kind < CONF_TRACK_KINDS; kind++) {
		free(e->seen[kind]);
		free(e->seen_map[kind]);
	}
	free(e->garp_free_us);
	free(e->links);
	free(e->names);
	free(e->events);
	free(e->replies);
	hmac_free(e->hmac);
	free(e);
	return NULL;
}

uint8_t vrrp_engine_base_priority(const struct vrrp_unit *unit)
{
	return unit->set.priority ? unit->set.priority : unit->fsm.conf->priority;
}

enum conf_auth vrrp_engine_auth(const struct vrrp_unit *unit)
{
	if (unit->fsm.conf->version == 3 || vrrp_source_family(unit) == VRRP_IPV6)
		return CONF_AUTH_NONE;
	if (unit->set.auth_type)
		return (enum conf_auth)(unit->set.auth_type - 1);
	return unit->fsm.conf->auth;
}

const uint8_t *vrrp_engine_key(const struct vrrp_unit *unit)
{
	return unit->set.keyed ? unit->set.key : unit->fsm.conf->auth_pass;
}

void vrrp_engine_refresh(struct vrrp_engine *e, struct vrrp_unit *unit)
{
	const struct conf_instance *conf = unit->fsm.conf;
	const struct vrrp_link *link = vrrp_links_home(e, conf);
	const struct vrrp_link *macvlan = vrrp_macvlan_find(e, conf);

	unit->ifindex = link ? link->is.ifindex : 0;
	unit->macvlan = macvlan ? macvlan->is.ifindex : 0;
	unit->fsm.primary =
		vrrp_source_of(unit, vrrp_engine_link_by_index(e, vrrp_macvlan_home(unit)));
	unit->fsm.preempt = unit->set.preempt ? unit->set.preempt == 1 : conf->preempt;
	unit->fsm.advert_us =
		unit->set.interval_cs ? unit->set.interval_cs * USEC_PER_CSEC : conf->advert_us;
	unit->fsm.grouped = unit->group != CONF_NONE;
}

bool vrrp_engine_retries(uint32_t retry, uint32_t ifindex)
{
	return retry == VRRP_RETRY_ALL || (retry != VRRP_RETRY_NONE && retry == ifindex);
}

/* The addresses of one without an interface may be on any. */
static bool unit_retries(uint32_t retry, const struct vrrp_unit *unit)
{
	if (conf_instance_is_wide(unit->fsm.conf))
		return retry != VRRP_RETRY_NONE;
	return vrrp_engine_retries(retry, unit->ifindex);
}

/* What the object of a line says. A BFD session is down before anything is heard of it, as with
 * keepalived. */
static struct vrrp_seen what_is_seen(struct vrrp_engine *e, const struct conf_track *track)
{
	struct vrrp_seen seen = {.state = VRRP_TRACKED_UNDECIDED};

	if (track->kind == CONF_TRACK_INTERFACE) {
		const struct vrrp_link *link = vrrp_engine_link_by_name(e, track->name);

		seen.state = link && link->up ? VRRP_TRACKED_UP : VRRP_TRACKED_DOWN;
	} else if (e->seen[track->kind]) {
		seen = e->seen[track->kind][track->index];
	}
	if (track->kind == CONF_TRACK_SCRIPT && seen.state == VRRP_TRACKED_UNDECIDED &&
	    e->conf->scripts[track->index].init_fail)
		seen.state = VRRP_TRACKED_DOWN;
	if (track->kind == CONF_TRACK_BFD && seen.state == VRRP_TRACKED_UNDECIDED)
		seen.state = VRRP_TRACKED_DOWN;
	return seen;
}

static void add_track(struct vrrp_engine *e, const struct conf_track *track, struct vrrp_sum *sum)
{
	struct vrrp_seen seen = what_is_seen(e, track);

	if (track->kind == CONF_TRACK_FILE)
		vrrp_sum_add_value(sum, &seen, track->weight, track->reverse);
	else
		vrrp_sum_add(sum, seen.state, track->weight, track->reverse);
}

/* In a sync group priorities must not part the members: weights count only with
 * sync_group_tracking_weight. */
static void add_tracks(struct vrrp_engine *e, const struct vrrp_unit *unit, struct vrrp_sum *sum)
{
	bool weights = unit->group == CONF_NONE || e->conf->groups[unit->group].tracking_weight;
	const struct conf_track *tracks = unit->fsm.conf->tracks;

	for (size_t i = 0; i < unit->fsm.conf->n_tracks; i++)
		if (weights || tracks[i].weight == 0)
			add_track(e, &tracks[i], sum);
}

/* The first one is no change. */
static void take_priority(struct vrrp_engine *e, struct vrrp_unit *unit, uint8_t priority,
			  uint64_t now_us)
{
	const struct conf_instance *conf = unit->fsm.conf;
	uint8_t before = unit->fsm.priority;

	if (priority == before)
		return;
	unit->fsm.priority = priority;
	e->rows_changed = true;
	if (!before)
		return;
	e->ops->log(e->owner, LOG_INFO, "%s: priority %u -> %u", conf->name, before, priority);
	if (conf->notify_priority_changes)
		vrrp_act_tell(e, unit, EVENT_PRIORITY, unit->fsm.state, now_us);
}

static void work_out(struct vrrp_engine *e, struct vrrp_unit *unit, uint64_t now_us)
{
	const struct conf_instance *conf = unit->fsm.conf;
	const struct vrrp_link *link = vrrp_engine_link_by_index(e, unit->ifindex),
			       *home = vrrp_engine_link_by_index(e, vrrp_macvlan_home(unit));
	struct vrrp_sum sum = {0};

	unit->holds = (e->start_at_us ? VRRP_HOLD_START : 0u) |
		      (unit->admin_down ? VRRP_HOLD_ADMIN : 0u) |
		      (e->stopping ? VRRP_HOLD_STOP : 0u);
	unit->faults = 0;
	if (conf_instance_unsupported(conf))
		unit->faults |= VRRP_FAULT_UNSUPPORTED;
	if (!link || (!link->up && !conf->dont_track_primary) || vrrp_macvlan_is_lacking(e, unit))
		unit->faults |= VRRP_FAULT_LINK;
	if (!ip_is_set(&unit->fsm.primary) || vrrp_source_is_lost(e, unit, home))
		unit->faults |= VRRP_FAULT_SOURCE;
	if (conf->unicast_fault_no_peer && !conf->n_peers)
		unit->faults |= VRRP_FAULT_PEERS;
	if (link && vrrp_listen_wants(unit) && !vrrp_listen_is_complete(e, unit))
		unit->faults |= VRRP_FAULT_SOCKET;
	if (unit->static_missing)
		unit->faults |= VRRP_FAULT_STATIC;
	add_tracks(e, unit, &sum);
	if (sum.faults)
		unit->faults |= VRRP_FAULT_TRACK;
	take_priority(e, unit, vrrp_priority_effective(vrrp_engine_base_priority(unit), sum.weight),
		      now_us);
}

static bool is_blocked(const struct vrrp_unit *unit, uint32_t retry)
{
	uint32_t own = unit->faults & ~(uint32_t)VRRP_FAULT_GROUP;

	return own || unit->holds ||
	       (!unit_retries(retry, unit) && unit->fsm.faults & VRRP_FAULT_ADDRESSES);
}

/* One blocked member blocks the others. */
static void work_out_groups(struct vrrp_engine *e, uint32_t retry)
{
	for (size_t g = 0; g < e->conf->n_groups; g++) {
		const struct conf_group *group = &e->conf->groups[g];
		size_t blocked = 0;

		for (size_t i = 0; i < group->n_members; i++)
			blocked += is_blocked(e->units[group->members[i]], retry);
		for (size_t i = 0; i < group->n_members; i++) {
			struct vrrp_unit *unit = e->units[group->members[i]];

			if (blocked > (is_blocked(unit, retry) ? 1u : 0u))
				unit->faults |= VRRP_FAULT_GROUP;
		}
	}
}

static bool is_settled(const struct vrrp_unit *unit, uint32_t retry)
{
	const struct vrrp_instance *vi = &unit->fsm;
	uint32_t faults =
		unit->faults | (unit_retries(retry, unit) ? 0 : vi->faults & VRRP_FAULT_ADDRESSES);
	enum vrrp_state state = vi->state;

	if (vi->holds != unit->holds || vi->faults != faults)
		return false;
	if (unit->holds)
		return state == VRRP_INITIALIZE;
	return faults ? state == VRRP_FAULT : state == VRRP_BACKUP || state == VRRP_MASTER;
}

void vrrp_engine_update_groups(struct vrrp_engine *e, uint64_t now_us)
{
	for (size_t g = 0; g < e->conf->n_groups; g++) {
		const struct conf_group *group = &e->conf->groups[g];
		struct vrrp_group_sum sum = vrrp_act_sum_group(e, group);
		enum vrrp_state state = vrrp_group_state(&sum);
		struct msg_event *event;

		if (!sum.total || state == e->groups[g].state)
			continue;
		e->ops->log(e->owner, LOG_NOTICE, "group %s: %s -> %s", group->name,
			    vrrp_state_name(e->groups[g].state), vrrp_state_name(state));
		e->groups[g] = (struct vrrp_group_row){.state = state, .changed_us = now_us};
		e->rows_changed = true;
		event = vrrp_act_new_event(e, EVENT_GROUP_STATE, now_us);
		if (!event)
			continue;
		event->group.group = (uint32_t)g;
		strncpy(event->group.name, group->name, sizeof event->group.name - 1);
		event->group.state = state;
		event->group.stopping = e->stopping;
	}
}

/* Several interfaces at once are a matter of all. */
static uint32_t merge_retries(uint32_t a, uint32_t b)
{
	if (a == VRRP_RETRY_NONE || a == b)
		return b;
	return b == VRRP_RETRY_NONE ? a : VRRP_RETRY_ALL;
}

static bool sockets_are_due(const struct vrrp_engine *e, uint64_t now_us)
{
	for (size_t i = 0; i < e->n_links; i++)
		if (vrrp_listen_is_due(&e->links[i], now_us))
			return true;
	return false;
}

static void earlier(uint64_t *first_us, uint64_t at_us)
{
	if (at_us && (!*first_us || at_us < *first_us))
		*first_us = at_us;
}

static uint64_t links_due_us(const struct vrrp_engine *e)
{
	uint64_t first_us = 0;

	for (size_t i = 0; i < e->n_links; i++) {
		for (size_t f = 0; f < VRRP_FAMILIES; f++)
			earlier(&first_us, e->links[i].ports[f].open_retry_us);
		earlier(&first_us, e->links[i].up_due_us);
	}
	return first_us;
}

void vrrp_engine_settle(struct vrrp_engine *e, uint32_t retry, uint64_t now_us)
{
	if (!e->conf)
		return;
	retry = merge_retries(retry, e->retry);
	e->retry = VRRP_RETRY_NONE;
	for (size_t i = 0; i < e->conf->n_instances; i++)
		vrrp_engine_refresh(e, e->units[i]);
	/* What is listened to changes with configuration and links alone, transitions are many. */
	if (retry != VRRP_RETRY_NONE || sockets_are_due(e, now_us))
		vrrp_listen_settle(e, retry, now_us);
	do {
		e->unsettled = false;
		for (size_t i = 0; i < e->conf->n_instances; i++)
			work_out(e, e->units[i], now_us);
		work_out_groups(e, retry);
		for (size_t i = 0; i < e->conf->n_instances; i++) {
			struct vrrp_unit *unit = e->units[i];
			const struct vrrp_event event = {.kind = VRRP_EVENT_CONDITIONS,
							 .holds = unit->holds,
							 .faults = unit->faults,
							 .retry = unit_retries(retry, unit)};

			if (!is_settled(unit, retry))
				vrrp_act(e, unit, &event, now_us);
		}
		retry = VRRP_RETRY_NONE;
	} while (e->unsettled);
	e->links_due_us = links_due_us(e);
	vrrp_engine_update_groups(e, now_us);
}

void vrrp_engine_link(struct vrrp_engine *e, const struct msg_link *is, uint64_t now_us)
{
	struct vrrp_link *link = vrrp_engine_link_by_index(e, is->ifindex);

	if (link && (!is->present || strcmp(link->is.name, is->name) != 0)) {
		/* Gone, or renamed: its socket is bound to what it was. */
		vrrp_listen_close(e, link);
		vrrp_links_remove(e, link);
		link = NULL;
	}
	if (link) {
		link->is = *is;
		vrrp_debounce_told(e, link, false, now_us);
	} else if (is->present && vrrp_links_add(e, is) < 0) {
		e->ops->log(e->owner, LOG_ERR, "out of memory: interface %s is not known",
			    is->name);
	}
	e->rows_changed = e->unsettled = true;
	e->retry = merge_retries(e->retry, is->ifindex);
}

void vrrp_engine_track(struct vrrp_engine *e, const struct msg_track *track)
{
	enum conf_track_kind kind = track->kind;
	uint32_t index = track->index;

	if (!e->conf || kind >= CONF_TRACK_KINDS || !e->seen[kind])
		return;
	if (track->generation != e->conf->generation) {
		/* Posted before main knew that the configuration was replaced. */
		if (track->generation != e->map_generation || index >= e->n_seen_map[kind])
			return;
		index = e->seen_map[kind][index];
	}
	if (index >= conf_n_tracked(e->conf, kind))
		return;
	e->seen[kind][index] = (struct vrrp_seen){
		.state = !track->decided			? VRRP_TRACKED_UNDECIDED
			 : track->up || kind == CONF_TRACK_FILE ? VRRP_TRACKED_UP
								: VRRP_TRACKED_DOWN,
		.value = track->value,
	};
	e->rows_changed = e->unsettled = true;
}

void vrrp_engine_static(struct vrrp_engine *e, const struct msg_static *is)
{
	/* Of every configuration main tells all. */
	if (!e->conf || is->generation != e->conf->generation ||
	    is->instance >= e->conf->n_instances ||
	    e->units[is->instance]->static_missing == is->missing)
		return;
	e->units[is->instance]->static_missing = is->missing;
	e->unsettled = true;
}

void vrrp_engine_addrs_done(struct vrrp_engine *e, const struct msg_addrs_done *done,
			    uint64_t now_us)
{
	for (size_t i = 0; e->conf && i < e->conf->n_instances; i++) {
		struct vrrp_unit *unit = e->units[i];
		const struct vrrp_event event = {.kind = VRRP_EVENT_ADDRS_DONE,
						 .set = unit->asked.set,
						 .error = done->error};

		if (!unit->asked.request || unit->asked.request != done->request)
			continue;
		if (done->error)
			e->ops->log(e->owner, LOG_ERR, "%s: addresses could not be %s: %s",
				    unit->fsm.conf->name, unit->asked.set ? "set" : "removed",
				    strerror(-done->error));
		vrrp_act(e, unit, &event, now_us);
	}
}

size_t vrrp_engine_first_due(const struct vrrp_engine *e, uint64_t now_us)
{
	size_t first = e->conf->n_instances;

	for (size_t i = 0; i < e->conf->n_instances; i++)
		if (e->due_us[i] && e->due_us[i] <= now_us) {
			now_us = e->due_us[i] - 1;
			first = i;
		}
	return first;
}

/* Each at its own time, not at that of the first, so that after a stall not all of them are in
 * step and hold each other up at every interval from then on. */
static void tick_instances(struct vrrp_engine *e, uint64_t now_us)
{
	const struct vrrp_event event = {.kind = VRRP_EVENT_TICK};

	for (size_t n = 0; n < e->conf->n_instances; n++) {
		size_t i = vrrp_engine_first_due(e, now_us);

		if (i == e->conf->n_instances)
			break;
		vrrp_act(e, e->units[i], &event, e->ops->now_us(e->owner));
	}
}

void vrrp_engine_tick(struct vrrp_engine *e, uint64_t now_us)
{
	if (!e->conf)
		return;
	if (e->start_at_us && e->start_at_us <= now_us) {
		e->start_at_us = 0;
		e->unsettled = true;
	}
	if (e->links_due_us && e->links_due_us <= now_us) {
		for (size_t i = 0; i < e->n_links; i++)
			(void)vrrp_debounce_tick(&e->links[i], now_us);
		e->unsettled = true;
	}
	tick_instances(e, now_us);
	/* After every advert that is due. */
	vrrp_announce_all(e, now_us);
}

void vrrp_engine_stop(struct vrrp_engine *e, uint64_t now_us)
{
	e->stopping = true;
	e->rows_changed = true;
	vrrp_engine_settle(e, VRRP_RETRY_NONE, now_us);
}

/* Asked after each packet and timer: nothing here touches more than it must. */
uint64_t vrrp_engine_due_us(const struct vrrp_engine *e)
{
	uint64_t first_us = e->start_at_us;

	earlier(&first_us, e->links_due_us);
	for (size_t i = 0; e->conf && i < e->conf->n_instances; i++)
		earlier(&first_us, e->due_us[i]);
	for (size_t i = 0; e->announcing && i < e->conf->n_instances; i++)
		earlier(&first_us, vrrp_announce_due_us((struct vrrp_engine *)e, e->units[i]));
	if (e->counters_changed)
		earlier(&first_us, e->published_us + SNAP_VRRP_COUNTERS_US);
	return first_us;
}
