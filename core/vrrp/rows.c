/* SPDX-License-Identifier: MIT */
/*
 * Publication: rows of one moment, then the events and answers that refer to them. vrrp thread.
 * State changes are published at once, counters alone at most once a second.
 */
#include "core/vrrp/engine_private.h"

#include <assert.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define EARLY_US  (SNAP_VRRP_COUNTERS_US - 100 * USEC_PER_MSEC)
#define MAKING_US 300 /* of the rows of many routers */

static void free_rows(struct latest_value *value)
{
	struct snap_vrrp *rows =
		(struct snap_vrrp *)((char *)value - offsetof(struct snap_vrrp, value));

	conf_unref(rows->conf);
	free(rows);
}

static void fill_row(const struct vrrp_unit *unit, struct snap_instance *row)
{
	const struct vrrp_instance *vi = &unit->fsm;

	*row = (struct snap_instance){
		.conf_index = unit->conf_index,
		.state = vi->state,
		.wanted = vi->wanted,
		.admin_up = !unit->admin_down,
		.preempt = vi->preempt,
		.auth = vrrp_engine_auth(unit),
		.advert_us = vi->advert_us,
		.base_priority = vrrp_engine_base_priority(unit),
		.effective_priority = vi->priority,
		.addresses_set = vi->addresses_set,
		.ifindex = vrrp_links_public(unit->ifindex),
		.primary = vi->primary,
		.master = vi->state == VRRP_MASTER ? vi->primary : vi->master,
		.master_priority = vi->state == VRRP_MASTER ? vi->priority : vi->master_priority,
		.up_since_us = vi->up_since_us,
		.changed_us = vi->changed_us,
		.changed_wall_us = unit->changed_wall_us,
		.reason = vi->reason,
		.proto_error = unit->proto_error,
		.why = unit->why,
		.transitions = unit->transitions,
		.worst_late_us = unit->worst_late_us,
		.counters_since_us = unit->counters_since_us,
		.stats = unit->stats,
		.set = unit->set,
	};
}

static void fill_link(const struct msg_link *is, struct snap_link *link)
{
	*link = (struct snap_link){.ifindex = is->ifindex, .n_own4 = is->n_own4};
	memcpy(link->name, is->name, sizeof link->name);
	memcpy(link->own4, is->own4, sizeof link->own4);
}

static size_t n_tracked(const struct conf *conf)
{
	size_t n = 0;

	for (enum conf_track_kind kind = 0; kind < CONF_TRACK_KINDS; kind++)
		n += conf_n_tracked(conf, kind);
	return n;
}

/* Into room for all of them. */
static void fill_seen(const struct vrrp_engine *e, struct vrrp_seen *room, struct snap_vrrp *rows)
{
	for (enum conf_track_kind kind = 0; kind < CONF_TRACK_KINDS; kind++) {
		size_t n = conf_n_tracked(e->conf, kind);

		if (!e->seen[kind])
			continue;
		rows->seen[kind] = memcpy(room, e->seen[kind], n * sizeof *room);
		room += n;
	}
}

struct snap_vrrp *vrrp_rows_new(const struct vrrp_engine *e, uint64_t now_us)
{
	size_t n_instances = e->conf->n_instances, n_groups = e->conf->n_groups;
	struct snap_vrrp *rows = calloc(1, sizeof *rows + n_instances * sizeof *rows->instances +
						   n_groups * sizeof *rows->groups +
						   e->n_links * sizeof *rows->links +
						   n_tracked(e->conf) * sizeof **rows->seen);

	static_assert(sizeof(struct snap_vrrp) % alignof(struct snap_instance) == 0,
		      "rows follow the header");
	static_assert(sizeof(struct snap_instance) % alignof(struct snap_group) == 0,
		      "groups follow the rows");
	static_assert(sizeof(struct snap_group) % alignof(struct snap_link) == 0,
		      "links follow the groups");
	static_assert(sizeof(struct snap_link) % alignof(struct vrrp_seen) == 0,
		      "what is seen follows the links");
	if (!rows)
		return NULL;
	rows->value.free = free_rows;
	rows->conf = conf_ref(e->conf);
	rows->made_us = now_us;
	rows->checksum_errors = e->checksum_errors;
	rows->version_errors = e->version_errors;
	rows->vrid_errors = e->vrid_errors;
	rows->counters_since_us = e->counters_since_us;
	rows->n_instances = n_instances;
	rows->n_groups = n_groups;
	rows->n_links = e->n_links - 1; /* without VRRP_ANYWHERE, the last */
	rows->instances = (struct snap_instance *)(rows + 1);
	rows->groups = (struct snap_group *)(rows->instances + n_instances);
	rows->links = (struct snap_link *)(rows->groups + n_groups);
	for (size_t i = 0; i < n_instances; i++)
		fill_row(e->units[i], &rows->instances[i]);
	for (size_t g = 0; g < n_groups; g++)
		rows->groups[g] = (struct snap_group){.conf_index = (uint32_t)g,
						      .state = e->groups[g].state,
						      .changed_us = e->groups[g].changed_us};
	for (size_t i = 0; i < rows->n_links; i++)
		fill_link(&e->links[i].is, &rows->links[i]);
	fill_seen(e, (struct vrrp_seen *)(rows->links + e->n_links), rows);
	return rows;
}

static void post_events(struct vrrp_engine *e)
{
	for (size_t i = 0; i < e->n_events; i++) {
		e->ops->mail(e->owner, THREAD_MAIN, MSG_EVENT, &e->events[i], sizeof e->events[i]);
		e->ops->mail(e->owner, THREAD_AGENT, MSG_EVENT, &e->events[i], sizeof e->events[i]);
	}
	e->n_events = 0;
}

static void post_answers(struct vrrp_engine *e)
{
	for (size_t i = 0; i < e->n_replies; i++)
		e->ops->mail(e->owner, e->replies[i].to, MSG_REPLY, &e->replies[i].body,
			     sizeof e->replies[i].body);
	e->n_replies = 0;
	if (e->conf_done) {
		struct msg_conf_done done = {.from = THREAD_VRRP, .generation = e->conf_generation};

		e->ops->mail(e->owner, THREAD_MAIN, MSG_CONF_DONE, &done, sizeof done);
	}
	e->conf_done = false;
}

/* Counters alone go out a little early when no router has anything to do for a while: with hundreds
 * of them the making of their rows takes as long as the sending of ten adverts. */
static bool rows_are_due(const struct vrrp_engine *e, uint64_t now_us)
{
	uint64_t age_us = now_us - e->published_us;

	if (e->rows_changed || !e->counters_changed)
		return e->rows_changed;
	return age_us >= SNAP_VRRP_COUNTERS_US ||
	       (age_us >= EARLY_US &&
		vrrp_engine_first_due(e, now_us + MAKING_US) == e->conf->n_instances);
}

void vrrp_engine_flush(struct vrrp_engine *e, uint64_t now_us)
{
	struct snap_vrrp *rows;

	if (e->unsettled)
		vrrp_engine_settle(e, VRRP_RETRY_NONE, now_us);
	if (e->conf && rows_are_due(e, now_us)) {
		rows = vrrp_rows_new(e, now_us);
		if (rows)
			e->ops->publish(e->owner, rows);
		e->published_us = now_us;
		e->rows_changed = e->counters_changed = false;
	}
	post_events(e);
	post_answers(e);
	e->announced = 0;
}
