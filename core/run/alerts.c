/* SPDX-License-Identifier: MIT */
/*
 * Which events mail tells of, and how: after scripts and FIFOs, as keepalived orders them. A router
 * or group is told of when its state is another one than mail told last, so a fault that
 * no_email_faults passes over does not come as news of the old state. Runs in main.
 */
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/run/daemon.h"
#include "core/run/letter.h"
#include "core/run/mailer.h"

/* What mail told last of a router or group. */
struct told {
	char name[72]; /* its kind and name */
	enum letter_state state;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct told *)a)->name, ((const struct told *)b)->name);
}

static struct told make_key(char kind, const char *name)
{
	struct told key;

	snprintf(key.name, sizeof key.name, "%c %s", kind, name);
	return key;
}

static void forget(struct daemon *d, char kind, const char *name)
{
	const struct told key = make_key(kind, name);
	void *found = tfind(&key, &d->told, compare);
	struct told *told = found ? *(struct told **)found : NULL;

	if (!told)
		return;
	tdelete(told, &d->told, compare);
	free(told);
}

/* Whether it is news; from now on it is none. */
static bool is_news(struct daemon *d, char kind, const char *name, enum letter_state state)
{
	struct told *told = malloc(sizeof *told);
	struct told **found;

	if (!told)
		return true;
	*told = make_key(kind, name);
	told->state = LETTER_STATES;
	found = tsearch(told, &d->told, compare);
	if (!found || *found != told)
		free(told);
	if (!found)
		return true;
	bool news = (*found)->state != state;
	(*found)->state = state;
	return news;
}

static enum letter_state letter_state(enum vrrp_state state)
{
	switch (state) {
	case VRRP_BACKUP:
		return LETTER_BACKUP;
	case VRRP_MASTER:
		return LETTER_MASTER;
	case VRRP_FAULT:
		return LETTER_FAULT;
	case VRRP_INITIALIZE:
		break;
	}
	return LETTER_STATES;
}

/* Whether mail tells of that state of it. */
static bool passes(struct daemon *d, const struct conf_global *global, enum conf_switch own,
		   char kind, const char *name, enum letter_state state)
{
	if (state == LETTER_STATES || !conf_mails_router(global, own))
		return false;
	if (state == LETTER_FAULT && global->no_email_faults)
		return false;
	return is_news(d, kind, name, state);
}

static void on_instance(struct daemon *d, const struct conf *conf, const struct msg_event *event)
{
	struct letter letter = {.wall_us = event->wall_us};

	if (event->instance.instance >= conf->n_instances)
		return;
	const struct conf_instance *instance = &conf->instances[event->instance.instance];
	enum letter_state state = letter_state(event->instance.state);
	if (event->instance.removed)
		state = instance->notify_deleted ? LETTER_DELETED : LETTER_FAULT;
	else if (event->instance.stopping)
		state = LETTER_STOPPING;
	if (passes(d, &conf->global, instance->smtp_alert, 'I', instance->name, state)) {
		letter_instance(&letter, instance->name, state);
		mailer_send(d->mailer, &letter);
	}
	if (event->instance.removed)
		forget(d, 'I', instance->name);
}

static void on_group(struct daemon *d, const struct conf *conf, const struct msg_event *event)
{
	struct letter letter = {.wall_us = event->wall_us};

	if (event->group.group >= conf->n_groups)
		return;
	const struct conf_group *group = &conf->groups[event->group.group];
	if (event->group.removed) {
		forget(d, 'G', group->name);
		return;
	}
	enum letter_state state =
		event->group.stopping ? LETTER_STOPPING : letter_state(event->group.state);
	if (!passes(d, &conf->global, group->smtp_alert, 'G', group->name, state))
		return;
	letter_group(&letter, group->name, state);
	mailer_send(d->mailer, &letter);
}

/* A change of the server is told by the checker that made it; a stop by the change itself. */
static void on_server(struct daemon *d, const struct conf *conf, const struct msg_event *event)
{
	struct letter letter = {.wall_us = event->wall_us};
	bool checked = event->kind == EVENT_CHECK;

	if (event->dest.vs >= conf->n_services ||
	    event->dest.rs >= conf->services[event->dest.vs].n_servers)
		return;
	const struct conf_virtual_server *service = &conf->services[event->dest.vs];
	const struct conf_real_server *server = &service->servers[event->dest.rs];
	if (!conf_mails_server(&conf->global, server->smtp_alert) ||
	    (!checked && !event->dest.stopping) ||
	    (checked && !event->dest.decisive && conf->global.no_checker_emails))
		return;
	if (checked)
		letter_check(&letter, service, server, event->dest.oper != DEST_DOWN,
			     event->dest.checker, event->dest.check_up, event->dest.error);
	else
		letter_server_stopping(&letter, service, server);
	mailer_send(d->mailer, &letter);
}

static void on_quorum(struct daemon *d, const struct conf *conf, const struct msg_event *event)
{
	struct letter letter = {.wall_us = event->wall_us};

	if (event->quorum.vs >= conf->n_services)
		return;
	const struct conf_virtual_server *service = &conf->services[event->quorum.vs];
	if (!conf_mails_service(&conf->global, service->smtp_alert))
		return;
	if (event->quorum.stopping)
		letter_quorum_stopping(&letter, service);
	else
		letter_quorum(&letter, service, event->quorum.up, event->quorum.weight);
	mailer_send(d->mailer, &letter);
}

void alerts_on_event(struct daemon *d, const struct msg_event *event)
{
	const struct generation *generation = generation_find(d, event->generation);

	if (!generation)
		return;
	switch (event->kind) {
	case EVENT_INSTANCE_STATE:
		on_instance(d, generation->conf, event);
		break;
	case EVENT_GROUP_STATE:
		on_group(d, generation->conf, event);
		break;
	case EVENT_DEST_STATE:
	case EVENT_CHECK:
		on_server(d, generation->conf, event);
		break;
	case EVENT_QUORUM:
		on_quorum(d, generation->conf, event);
		break;
	case EVENT_RX_LOWER_PRIORITY:
	case EVENT_PRIORITY:
	case EVENT_AUTH_FAILURE:
	case EVENT_PROTO_ERROR:
	case EVENT_DRAIN:
	case EVENT_ADMIN:
	case EVENT_CONFIG:
	case EVENT_LIMITED:
	case EVENT_SYNC:
	case EVENT_DRIFT:
		break;
	}
}

void alerts_free(struct daemon *d)
{
	tdestroy(d->told, free);
	d->told = NULL;
}
