/* SPDX-License-Identifier: MIT */
/*
 * Events of the check thread: queued when something happens, posted after the rows that show it are
 * published, to main (scripts, mail) and agent (notifications). What the moment meant is kept when
 * it is queued; counts of the service are those of the published rows, so a notification never
 * contradicts a GET.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mail.h"
#include "core/check/engine.h"

static struct pending_event *queue(struct engine *engine, enum event_kind kind,
				   struct service *service)
{
	if (engine->n_events == engine->room_events) {
		size_t room = engine->room_events ? 2 * engine->room_events : 16;
		struct pending_event *bigger =
			reallocarray(engine->events, room, sizeof *engine->events);

		if (!bigger) {
			log_error("check", "out of memory: an event of %s is lost",
				  service ? service->conf->id : "connection synchronisation");
			return NULL;
		}
		engine->events = bigger;
		engine->room_events = room;
	}
	struct pending_event *event = &engine->events[engine->n_events++];
	*event = (struct pending_event){
		.kind = kind,
		.service = service,
		.wall_us = clock_wall_us(),
		.mono_us = clock_now_us(),
		.to_main = true,
		.to_agent = true,
	};
	return event;
}

void event_dest(struct engine *engine, enum event_kind kind, struct server *server,
		const char *error)
{
	struct pending_event *event = queue(engine, kind, server->service);

	if (!event)
		return;
	event->server = server;
	event->oper = server->oper;
	/* A server that came or went is up or down, whatever else may be said of its health. */
	if (kind == EVENT_DEST_STATE || kind == EVENT_CHECK)
		event->oper = server->up ? DEST_UP : DEST_DOWN;
	event->admin = server->admin.state;
	event->drain = server->admin.drain;
	snprintf(event->error, sizeof event->error, "%s", error ? error : "");
}

/* Of single checkers only mail tells. */
void event_check(struct engine *engine, const struct probe *probe, bool decisive, const char *error)
{
	size_t at = engine->n_events;

	event_dest(engine, EVENT_CHECK, probe->server, error);
	if (engine->n_events == at)
		return;
	engine->events[at].checker = probe->server->conf->checkers[probe->index].type;
	engine->events[at].check_up = probe->up;
	engine->events[at].decisive = decisive;
	engine->events[at].to_agent = false;
}

void event_quorum(struct engine *engine, struct service *service)
{
	struct pending_event *event = queue(engine, EVENT_QUORUM, service);

	if (event)
		event->quorum_up = service->quorum.up;
}

void event_sync(struct engine *engine, int role)
{
	struct pending_event *event = queue(engine, EVENT_SYNC, NULL);

	if (!event)
		return;
	event->role = role;
	event->to_main = false;
}

void event_drift(struct engine *engine, struct service *service, const struct svc_key *key,
		 bool left)
{
	struct pending_event *event = queue(engine, EVENT_DRIFT, service);

	if (!event)
		return;
	event->key = key;
	event->left = left;
	event->to_main = false;
}

/* rs_init_notifies: scripts for servers that are assumed up; not a change that a manager should
 * hear of. */
void event_initial_up(struct engine *engine, struct server *server)
{
	size_t before = engine->n_events;

	event_dest(engine, EVENT_DEST_STATE, server, NULL);
	if (engine->n_events > before)
		engine->events[before].to_agent = false;
}

static void queue_stopping(struct engine *engine, struct service *service, bool to_agent)
{
	size_t first = engine->n_events;

	for (size_t k = 0; k < service->n_servers; k++) {
		if (service->servers[k]->up)
			event_dest(engine, EVENT_DEST_STATE, service->servers[k], "stopping");
	}
	if (service->quorum.up)
		event_quorum(engine, service);
	for (size_t k = first; k < engine->n_events; k++) {
		engine->events[k].stopping = true;
		engine->events[k].quorum_up = false;
		engine->events[k].oper = DEST_DOWN;
		engine->events[k].to_main = service->conf->omega;
		engine->events[k].to_agent = to_agent;
	}
}

static void fill_dest(const struct pending_event *from, struct msg_event *to)
{
	const struct service *service = from->service;
	const struct server *server = from->server;
	struct admin_usage usage = engine_usage(server);
	struct server_input in = engine_input(server);

	in.admin = from->admin;
	int32_t weight = service_effective_weight(&in, service->quorum.sorry_active);
	to->dest.vs = service->index;
	to->dest.rs = server->index;
	to->dest.svc = service->members[0].key;
	to->dest.dest = server->conf->key;
	to->dest.oper = from->oper;
	to->dest.admin = from->admin;
	to->dest.drain = from->drain;
	to->dest.weight = weight == SERVICE_ABSENT ? 0 : weight;
	to->dest.n_up = service->quorum.n_usable;
	to->dest.n_total = (uint32_t)service->n_servers;
	to->dest.remaining = usage.active + usage.inactive;
	to->dest.stopping = from->stopping;
	to->dest.checker = from->checker;
	to->dest.check_up = from->check_up;
	to->dest.decisive = from->decisive;
	memcpy(to->dest.error, from->error, sizeof to->dest.error);
}

static void fill_quorum(const struct pending_event *from, struct msg_event *to)
{
	const struct service *service = from->service;

	to->quorum.vs = service->index;
	to->quorum.svc = service->members[0].key;
	to->quorum.up = from->quorum_up;
	to->quorum.stopping = from->stopping;
	to->quorum.n_up = service->quorum.n_usable;
	to->quorum.n_total = (uint32_t)service->n_servers;
	to->quorum.weight = service->quorum.weight;
}

static void fill_sync(const struct engine *engine, const struct pending_event *from,
		      struct msg_event *to)
{
	const struct ipvs_sync *shown = &engine->sync.shown[from->role];

	to->sync.role = (uint32_t)from->role;
	to->sync.running = shown->interface[0] != '\0';
	to->sync.id = shown->id;
}

static void fill_drift(const struct engine *engine, const struct pending_event *from,
		       struct msg_event *to)
{
	to->drift.vs = from->service->index;
	to->drift.svc = *from->key;
	to->drift.drifts = engine->drifts;
	to->drift.left = from->left;
}

void event_flush(struct engine *engine)
{
	for (size_t i = 0; i < engine->n_events; i++) {
		const struct pending_event *event = &engine->events[i];
		struct msg_event message;

		memset(&message, 0, sizeof message);
		message.kind = event->kind;
		message.wall_us = event->wall_us;
		message.mono_us = event->mono_us;
		message.generation = engine->conf->generation;
		if (event->server)
			fill_dest(event, &message);
		else if (event->kind == EVENT_SYNC)
			fill_sync(engine, event, &message);
		else if (event->kind == EVENT_DRIFT)
			fill_drift(engine, event, &message);
		else
			fill_quorum(event, &message);
		if (event->to_main)
			mail_post(engine->wires->box[THREAD_MAIN], MSG_EVENT, &message,
				  sizeof message);
		if (event->to_agent)
			mail_post(engine->wires->box[THREAD_AGENT], MSG_EVENT, &message,
				  sizeof message);
	}
	engine->n_events = 0;
}

/* Scripts hear of a stop only with omega, managers always: as keepalived. Service by service, since
 * of a large table it would be much at once. */
void event_stopping(struct engine *engine)
{
	bool managed = conf_wants_snmp(&engine->conf->global);

	for (size_t i = 0; i < engine->n_services; i++) {
		struct service *service = engine->services[i];

		if (!managed && !service->conf->omega)
			continue;
		queue_stopping(engine, service, managed);
		event_flush(engine);
	}
}
