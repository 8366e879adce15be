/* SPDX-License-Identifier: MIT */
/* The ring of events: places in an array of pointers, the oldest at head. */
#include "agent/events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"

struct events {
	struct event_entry **places;
	uint32_t room, head, count;
	uint32_t last, dropped;
};

int events_new(struct events **ret)
{
	struct events *events = calloc(1, sizeof(*events));
	int r;

	if (!events)
		return -ENOMEM;
	r = events_resize(events, EVENTS_DEFAULT);
	if (r < 0) {
		free(events);
		return r;
	}
	*ret = events;
	return 0;
}

static void forget_oldest(struct events *events)
{
	free(events->places[events->head]);
	events->head = (events->head + 1) % events->room;
	events->count--;
	events->dropped++;
}

struct events *events_free(struct events *events)
{
	if (!events)
		return NULL;
	while (events->count)
		forget_oldest(events);
	free(events->places);
	free(events);
	return NULL;
}

int events_resize(struct events *events, uint32_t room)
{
	struct event_entry **places = calloc((size_t)room + 1, sizeof(*places));

	if (!places)
		return -ENOMEM;
	while (events->count > room)
		forget_oldest(events);
	for (uint32_t i = 0; i < events->count; i++)
		places[i] = events->places[(events->head + i) % events->room];
	free(events->places);
	events->places = places;
	events->room = room;
	events->head = 0;
	return 0;
}

static char *put(char **to, const char *text)
{
	char *at = *to;

	*to = stpcpy(at, text) + 1;
	return at;
}

static struct event_entry *entry_new(const struct happening *from)
{
	size_t octets = strlen(from->who) + strlen(from->name) + strlen(from->was) +
			strlen(from->now) + strlen(from->text) + 5;
	struct event_entry *entry = malloc(sizeof(*entry) + octets);
	char *to = (char *)(entry + 1);

	if (!entry)
		return NULL;
	entry->is = *from;
	entry->is.who = put(&to, from->who);
	entry->is.name = put(&to, from->name);
	entry->is.was = put(&to, from->was);
	entry->is.now = put(&to, from->now);
	entry->is.text = put(&to, from->text);
	return entry;
}

void events_add(struct events *events, const struct happening *happening)
{
	struct event_entry *entry = events->room ? entry_new(happening) : NULL;

	events->last = events->last == UINT32_MAX ? 1 : events->last + 1;
	if (!entry) {
		events->dropped++;
		return;
	}
	entry->number = events->last;
	if (events->count == events->room)
		forget_oldest(events);
	events->places[(events->head + events->count) % events->room] = entry;
	events->count++;
}

uint32_t events_room(const struct events *events)
{
	return events->room;
}

size_t events_count(const struct events *events)
{
	return events->count;
}

const struct event_entry *events_at(const struct events *events, size_t at)
{
	return events->places[(events->head + at) % events->room];
}

uint32_t events_last(const struct events *events)
{
	return events->last;
}

uint32_t events_dropped(const struct events *events)
{
	return events->dropped;
}

/* ---- from messages ---- */

static const char *oper_name(enum dest_oper oper)
{
	static const char *const names[] = {[DEST_UNKNOWN] = "unknown",
					    [DEST_UP] = "up",
					    [DEST_DEGRADED] = "degraded",
					    [DEST_DOWN] = "down",
					    [DEST_UNMONITORED] = "unmonitored"};

	return oper >= DEST_UNKNOWN && oper <= DEST_UNMONITORED ? names[oper] : "?";
}

static const char *admin_name(enum dest_admin admin)
{
	static const char *const names[] = {[DEST_LOCKED] = "locked",
					    [DEST_SHUTTING_DOWN] = "shuttingDown",
					    [DEST_UNLOCKED] = "unlocked"};

	return admin >= DEST_LOCKED && admin <= DEST_UNLOCKED ? names[admin] : "?";
}

static const char *state_name(enum vrrp_state state)
{
	static const char *const names[] = {[VRRP_INITIALIZE] = "initialize",
					    [VRRP_BACKUP] = "backup",
					    [VRRP_MASTER] = "master",
					    [VRRP_FAULT] = "fault"};

	return state <= VRRP_FAULT ? names[state] : "?";
}

/* An event of the engines, and room for what is written about it. */
struct telling {
	struct happening is;
	char name[2 * KEY_TEXT_MAX + 8], now[32], text[256];
};

static void name_dest(struct telling *t, const struct svc_key *svc, const struct dest_key *dest)
{
	char server[KEY_TEXT_MAX], service[KEY_TEXT_MAX];

	t->is.object = CHANGED_DEST;
	t->is.svc = *svc;
	t->is.dest = *dest;
	snprintf(t->name, sizeof(t->name), "%s in %s", dest_key_format(dest, server),
		 svc_key_format(svc, service));
}

static bool tell_dest(struct telling *t, const struct msg_event *event)
{
	bool down = event->dest.oper == DEST_DOWN;

	if (event->dest.stopping || event->dest.rs == SNAP_SORRY)
		return false;
	t->is.kind = down ? HAPPENING_DEST_DOWN : HAPPENING_DEST_UP;
	t->is.who = "check";
	name_dest(t, &event->dest.svc, &event->dest.dest);
	t->is.was = down ? "up" : "down";
	t->is.now = oper_name(event->dest.oper);
	snprintf(t->text, sizeof(t->text), "%s", event->dest.error);
	return true;
}

static bool tell_drain(struct telling *t, const struct msg_event *event)
{
	static const enum happening_kind kinds[] = {
		[DRAIN_DRAINING] = HAPPENING_DRAIN_STARTED,
		[DRAIN_DRAINED] = HAPPENING_DRAIN_COMPLETED,
		[DRAIN_TIMED_OUT] = HAPPENING_DRAIN_TIMED_OUT,
		[DRAIN_CANCELLED] = HAPPENING_DRAIN_CANCELLED,
	};

	if ((size_t)event->dest.drain >= sizeof(kinds) / sizeof(kinds[0]) ||
	    !kinds[event->dest.drain])
		return false;
	t->is.kind = kinds[event->dest.drain];
	t->is.who = "check";
	name_dest(t, &event->dest.svc, &event->dest.dest);
	t->is.now = admin_name(event->dest.admin);
	snprintf(t->text, sizeof(t->text), "%u connections%s%s", event->dest.remaining,
		 event->dest.error[0] ? ", " : "", event->dest.error);
	return true;
}

/* Of these only what takes back a change is news: the change itself has been told. */
static bool tell_admin(struct telling *t, const struct msg_event *event)
{
	if (!event->dest.error[0])
		return false;
	t->is.kind = HAPPENING_CHANGE;
	t->is.who = "check";
	name_dest(t, &event->dest.svc, &event->dest.dest);
	t->is.now = admin_name(event->dest.admin);
	snprintf(t->text, sizeof(t->text), "%s", event->dest.error);
	return true;
}

static bool tell_quorum(struct telling *t, const struct msg_event *event)
{
	if (event->quorum.stopping)
		return false;
	t->is.kind = event->quorum.up ? HAPPENING_QUORUM_GAINED : HAPPENING_QUORUM_LOST;
	t->is.who = "check";
	t->is.object = CHANGED_SERVICE;
	t->is.svc = event->quorum.svc;
	svc_key_format(&event->quorum.svc, t->name);
	t->is.was = event->quorum.up ? "lost" : "up";
	t->is.now = event->quorum.up ? "up" : "lost";
	snprintf(t->text, sizeof(t->text), "weight %u, %u of %u servers", event->quorum.weight,
		 event->quorum.n_up, event->quorum.n_total);
	return true;
}

static bool tell_instance(struct telling *t, const struct msg_event *event)
{
	char address[IP_TEXT_MAX];

	t->is.kind = HAPPENING_INSTANCE;
	t->is.who = "vrrp";
	t->is.object = CHANGED_INSTANCE;
	snprintf(t->name, sizeof(t->name), "%s", event->instance.name);
	t->is.was = state_name(event->instance.old_state);
	t->is.now = state_name(event->instance.state);
	snprintf(t->text, sizeof(t->text), "priority %u, master %s%s", event->instance.priority,
		 ip_format(&event->instance.master, address),
		 event->instance.removed ? ", removed" : "");
	return true;
}

static bool tell_group(struct telling *t, const struct msg_event *event)
{
	t->is.kind = HAPPENING_GROUP;
	t->is.who = "vrrp";
	snprintf(t->name, sizeof(t->name), "%s", event->group.name);
	t->is.now = state_name(event->group.state);
	return true;
}

static bool tell_sync(struct telling *t, const struct msg_event *event)
{
	t->is.kind = HAPPENING_SYNC;
	t->is.who = "check";
	snprintf(t->name, sizeof(t->name), "%s",
		 event->sync.role == IPVS_SYNC_MASTER ? "master" : "backup");
	t->is.now = event->sync.running ? "running" : "stopped";
	snprintf(t->text, sizeof(t->text), "syncid %u", event->sync.id);
	return true;
}

static bool tell_drift(struct telling *t, const struct msg_event *event)
{
	t->is.kind = HAPPENING_DRIFT;
	t->is.who = "check";
	t->is.object = CHANGED_SERVICE;
	t->is.svc = event->drift.svc;
	svc_key_format(&event->drift.svc, t->name);
	snprintf(t->text, sizeof(t->text), "changed in the kernel by somebody else; %s",
		 event->drift.left ? "left so" : "repairing");
	return true;
}

static bool tell_config(struct telling *t, const struct msg_event *event)
{
	t->is.kind = HAPPENING_CONFIG;
	t->is.who = "vipd";
	snprintf(t->now, sizeof(t->now), "%u", event->config.generation);
	snprintf(t->text, sizeof(t->text), "%s", event->config.error);
	return true;
}

static bool tell(struct telling *t, const struct msg_event *event)
{
	switch (event->kind) {
	case EVENT_INSTANCE_STATE:
		return tell_instance(t, event);
	case EVENT_GROUP_STATE:
		return tell_group(t, event);
	case EVENT_DEST_STATE:
		return tell_dest(t, event);
	case EVENT_QUORUM:
		return tell_quorum(t, event);
	case EVENT_DRAIN:
		return tell_drain(t, event);
	case EVENT_ADMIN:
		return tell_admin(t, event);
	case EVENT_SYNC:
		return tell_sync(t, event);
	case EVENT_DRIFT:
		return tell_drift(t, event);
	case EVENT_CONFIG:
		return tell_config(t, event);
	case EVENT_RX_LOWER_PRIORITY:
	case EVENT_PRIORITY:
	case EVENT_AUTH_FAILURE:
	case EVENT_PROTO_ERROR:
	case EVENT_CHECK:
	case EVENT_LIMITED:
		break;
	}
	return false;
}

void events_add_event(struct events *events, const struct msg_event *event)
{
	struct telling t = {.is = {.wall_us = event->wall_us, .mono_us = event->mono_us}};

	t.is.who = t.is.was = "";
	t.is.name = t.name;
	t.is.now = t.now;
	t.is.text = t.text;
	if (tell(&t, event))
		events_add(events, &t.is);
}

void events_add_changed(struct events *events, const struct msg_changed *changed)
{
	struct telling t = {.is = {.kind = HAPPENING_CHANGE,
				   .wall_us = clock_wall_us(),
				   .mono_us = clock_now_us()}};

	if (changed->object == CHANGED_DEST)
		name_dest(&t, &changed->svc, &changed->dest);
	else if (changed->object == CHANGED_MACHINE)
		ip_format(&changed->dest.ip, t.name);
	else
		snprintf(t.name, sizeof(t.name), "%s", changed->instance);
	t.is.object = changed->object;
	t.is.dest = changed->dest;
	t.is.who = changed->who;
	t.is.name = t.name;
	t.is.was = changed->was;
	t.is.now = changed->now;
	t.is.text = t.text;
	snprintf(t.text, sizeof(t.text), "%s%s%s", changed->what, changed->comment[0] ? ": " : "",
		 changed->comment);
	events_add(events, &t.is);
}
