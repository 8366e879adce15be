/* SPDX-License-Identifier: MIT */
/*
 * What a manager may change of an instance while it runs: administrative state, base priority,
 * preemption. vrrp thread. Each accepted change is logged with the value before and after, because
 * it takes a director out or in as surely as a fault does. It lasts until a reload changes the
 * configured value, and is not stored.
 */
#include "core/vrrp/engine_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 16

/* The value in force, as the log shows it. */
static const char *describe(const struct vrrp_unit *unit, enum vrrp_field field,
			    char room[static TEXT_MAX])
{
	bool preempt = unit->set_preempt >= 0 ? unit->set_preempt : unit->fsm.conf->preempt;

	switch (field) {
	case VRRP_SET_ADMIN:
		return unit->admin_down ? "down" : "up";
	case VRRP_SET_PRIORITY:
		snprintf(room, TEXT_MAX, "%u", vrrp_engine_base_priority(unit));
		return room;
	case VRRP_SET_PREEMPT:
		return preempt ? "on" : "off";
	case VRRP_SET_NOTIFICATIONS:
		break;
	}
	return "?";
}

static const char *const field_names[] = {
	[VRRP_SET_ADMIN] = "administrative state",
	[VRRP_SET_PRIORITY] = "base priority",
	[VRRP_SET_PREEMPT] = "preemption",
};

static int apply_set(struct vrrp_unit *unit, const struct msg_vrrp_set *set)
{
	switch (set->field) {
	case VRRP_SET_ADMIN:
		if (set->value != 1 && set->value != 2)
			return -EINVAL;
		unit->admin_down = set->value == 2;
		return 0;
	case VRRP_SET_PRIORITY:
		if (set->value < 1 || set->value > VRRP_PRIORITY_OWNER)
			return -EINVAL;
		unit->set_priority = (uint8_t)set->value;
		return 0;
	case VRRP_SET_PREEMPT:
		if (set->value != 1 && set->value != 2)
			return -EINVAL;
		unit->set_preempt = set->value == 1;
		return 0;
	case VRRP_SET_NOTIFICATIONS:
		break;
	}
	return -EINVAL; /* not the engine's to set */
}

static struct vrrp_unit *unit_by_name(struct vrrp_engine *e, const char *name)
{
	for (size_t i = 0; e->conf && i < e->conf->n_instances; i++)
		if (strncmp(e->units[i]->fsm.conf->name, name,
			    sizeof((struct msg_vrrp_set *)0)->instance - 1) == 0)
			return e->units[i];
	return NULL;
}

static int apply_and_log(struct vrrp_engine *e, struct vrrp_unit *unit,
			 const struct msg_vrrp_set *set)
{
	char before_room[TEXT_MAX], after_room[TEXT_MAX];
	const char *before = describe(unit, set->field, before_room);
	int r = apply_set(unit, set);

	if (r == 0)
		e->ops->log(e->owner, LOG_NOTICE, "%s: SET of %s: %s -> %s", unit->fsm.conf->name,
			    field_names[set->field], before,
			    describe(unit, set->field, after_room));
	return r;
}

void vrrp_engine_set(struct vrrp_engine *e, const struct msg_vrrp_set *set, uint64_t now_us)
{
	struct vrrp_unit *unit = unit_by_name(e, set->instance);
	struct vrrp_reply reply = {.to = set->reply_to, .body.request = set->request};

	reply.body.error = unit ? apply_and_log(e, unit, set) : -ENOENT;
	if (reply.body.error == -ENOENT)
		strncpy(reply.body.text, "no such instance", sizeof reply.body.text - 1);
	else if (reply.body.error)
		strncpy(reply.body.text, "no such value", sizeof reply.body.text - 1);
	if (e->n_replies == e->room_replies) {
		size_t room = e->room_replies + 8;
		struct vrrp_reply *larger = reallocarray(e->replies, room, sizeof *larger);

		if (!larger)
			return; /* the asker's wait is bounded */
		e->replies = larger;
		e->room_replies = room;
	}
	e->replies[e->n_replies++] = reply;
	e->rows_changed = true;
	vrrp_engine_settle(
		e, unit && set->field == VRRP_SET_ADMIN ? unit->ifindex : VRRP_RETRY_NONE, now_us);
}
