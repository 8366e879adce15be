/* SPDX-License-Identifier: MIT */
/*
 * The scripts that follow an event: first the one of the state, then the generic one, as
 * keepalived orders them. Runs in main; starts programs and forgets them: nothing waits for a
 * notify script, except the end of the daemon, which waits a second.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/run/daemon.h"
#include "core/run/exec.h"
#include "core/run/scripts.h"

static void run(struct daemon *d, const struct generation *generation,
		const struct conf_command *command, const char *const *more)
{
	struct exec_command found;

	if (!command->text || scripts_command(generation->scripts, command, &found))
		return; /* said at load */
	found.more = more;
	int error = exec_start(d->exec, EXEC_NOTIFY, &found, 0, NULL, 0, d);
	if (error)
		log_error("main", "cannot run '%s': %s", command->text, strerror(-error));
}

/* The word of keepalived.conf(5); NULL when the state is not announced. */
static const char *state_word(enum vrrp_state state, bool stopping)
{
	if (stopping)
		return "STOP";
	switch (state) {
	case VRRP_BACKUP:
		return "BACKUP";
	case VRRP_MASTER:
		return "MASTER";
	case VRRP_FAULT:
		return "FAULT";
	case VRRP_INITIALIZE:
		break;
	}
	return NULL;
}

static const struct conf_command *state_command(const struct conf_notify *notify,
						enum vrrp_state state, bool stopping)
{
	if (stopping)
		return &notify->stop;
	if (state == VRRP_MASTER)
		return &notify->master;
	return state == VRRP_BACKUP ? &notify->backup : &notify->fault;
}

static void run_notify(struct daemon *d, const struct generation *generation,
		       const struct conf_notify *notify, const char *type, const char *name,
		       enum vrrp_state state, bool stopping, unsigned priority)
{
	const char *word = state_word(state, stopping);
	char number[12];
	const char *more[] = {type, name, word, number, NULL};

	if (!word)
		return;
	snprintf(number, sizeof number, "%u", priority);
	run(d, generation, state_command(notify, state, stopping), NULL);
	run(d, generation, &notify->any, more);
}

static void on_instance(struct daemon *d, const struct generation *generation,
			const struct msg_event *event)
{
	if (event->instance.instance >= generation->conf->n_instances)
		return;
	const struct conf_instance *instance =
		&generation->conf->instances[event->instance.instance];
	if (event->kind == EVENT_RX_LOWER_PRIORITY) {
		run(d, generation, &instance->notify.master_rx_lower_pri, NULL);
		return;
	}
	run_notify(d, generation, &instance->notify, "INSTANCE", instance->name,
		   event->instance.state, event->instance.stopping, event->instance.priority);
}

static void on_group(struct daemon *d, const struct generation *generation,
		     const struct msg_event *event)
{
	if (event->group.group >= generation->conf->n_groups)
		return;
	const struct conf_group *group = &generation->conf->groups[event->group.group];
	run_notify(d, generation, &group->notify, "GROUP", group->name, event->group.state,
		   event->group.stopping, 0);
}

static void on_dest(struct daemon *d, const struct generation *generation,
		    const struct msg_event *event)
{
	if (event->dest.vs >= generation->conf->n_services)
		return;
	const struct conf_virtual_server *service = &generation->conf->services[event->dest.vs];
	if (event->dest.rs >= service->n_servers)
		return; /* the sorry server has no scripts */
	const struct conf_real_server *server = &service->servers[event->dest.rs];
	/* A server may come up with less weight than configured, or without checks: up all the
	 * same. */
	bool up = event->dest.oper != DEST_DOWN && !event->dest.stopping;
	run(d, generation, up ? &server->notify_up : &server->notify_down, NULL);
}

static void on_quorum(struct daemon *d, const struct generation *generation,
		      const struct msg_event *event)
{
	if (event->quorum.vs >= generation->conf->n_services)
		return;
	const struct conf_virtual_server *service = &generation->conf->services[event->quorum.vs];
	run(d, generation, event->quorum.up ? &service->quorum_up : &service->quorum_down, NULL);
}

void notify_on_event(struct daemon *d, const struct msg_event *event)
{
	const struct generation *generation = generation_find(d, event->generation);

	if (!generation)
		return;
	switch (event->kind) {
	case EVENT_INSTANCE_STATE:
	case EVENT_RX_LOWER_PRIORITY:
		on_instance(d, generation, event);
		break;
	case EVENT_GROUP_STATE:
		on_group(d, generation, event);
		break;
	case EVENT_DEST_STATE:
		on_dest(d, generation, event);
		break;
	case EVENT_QUORUM:
		on_quorum(d, generation, event);
		break;
	case EVENT_AUTH_FAILURE:
	case EVENT_PROTO_ERROR:
	case EVENT_DRAIN:
	case EVENT_ADMIN:
	case EVENT_CONFIG:
		break;
	}
}
