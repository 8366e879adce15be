/* SPDX-License-Identifier: MIT */
/*
 * What programs are told of an event: first the script of the state, then the generic one, then
 * the FIFOs, as keepalived orders them. Runs in main; starts programs and forgets them: nothing
 * waits for a notify script or the reader of a FIFO, except the end of the daemon, which waits a
 * second.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/latest.h"
#include "core/base/log.h"
#include "core/run/daemon.h"
#include "core/run/exec.h"
#include "core/run/fifos.h"
#include "core/run/record.h"
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

/* ---- routers and their groups ---- */

/* What happened, in the words of keepalived.conf(5): the script of it, and what the generic one is
 * told. word NULL: programs are not told. */
struct notice {
	const char *word;
	const struct conf_command *command;
};

static struct notice state_notice(const struct conf_notify *notify, enum vrrp_state state)
{
	switch (state) {
	case VRRP_BACKUP:
		return (struct notice){"BACKUP", &notify->backup};
	case VRRP_MASTER:
		return (struct notice){"MASTER", &notify->master};
	case VRRP_FAULT:
		return (struct notice){"FAULT", &notify->fault};
	case VRRP_INITIALIZE:
		break;
	}
	return (struct notice){0};
}

static void write_router(struct daemon *d, const char *kind, const char *name, const char *word,
			 unsigned priority)
{
	char record[RECORD_MAX];
	size_t length = record_router(record, kind, name, word, priority);

	fifos_write(d->fifos, SCRIPTS_FIFO_VRRP, record, length, clock_now_us());
}

/* The script of the state, the generic one, the FIFOs. */
static void announce(struct daemon *d, const struct generation *generation,
		     const struct notice *notice, const struct conf_command *any, const char *kind,
		     const char *name, unsigned priority)
{
	char number[12];
	const char *more[] = {kind, name, notice->word, number, NULL};

	if (!notice->word)
		return;
	snprintf(number, sizeof number, "%u", priority);
	run(d, generation, notice->command, NULL);
	run(d, generation, any, more);
	write_router(d, kind, name, notice->word, priority);
}

static void on_instance_state(struct daemon *d, const struct generation *generation,
			      const struct conf_instance *instance, const struct msg_event *event)
{
	const struct conf_notify *notify = &instance->notify;
	struct notice notice = state_notice(notify, event->instance.state);

	if (event->instance.removed && instance->notify_deleted)
		notice = (struct notice){"DELETED", &notify->deleted};
	else if (event->instance.removed)
		notice = state_notice(notify, VRRP_FAULT);
	else if (event->instance.stopping)
		notice = (struct notice){"STOP", &notify->stop};
	announce(d, generation, &notice, &notify->any, "INSTANCE", instance->name,
		 event->instance.priority);
}

static void on_instance(struct daemon *d, const struct generation *generation,
			const struct msg_event *event)
{
	unsigned priority = event->instance.priority;

	if (event->instance.instance >= generation->conf->n_instances)
		return;
	const struct conf_instance *instance =
		&generation->conf->instances[event->instance.instance];
	switch (event->kind) {
	case EVENT_RX_LOWER_PRIORITY:
		run(d, generation, &instance->notify.master_rx_lower_pri, NULL);
		write_router(d, "INSTANCE", instance->name, "MASTER_RX_LOWER_PRI", priority);
		break;
	case EVENT_PRIORITY:
		write_router(d, "INSTANCE", instance->name,
			     event->instance.state == VRRP_MASTER ? "MASTER_PRIORITY"
								  : "BACKUP_PRIORITY",
			     priority);
		break;
	default:
		on_instance_state(d, generation, instance, event);
		break;
	}
}

static void on_group(struct daemon *d, const struct generation *generation,
		     const struct msg_event *event)
{
	/* keepalived tells nobody of a group that a reload has removed. */
	if (event->group.group >= generation->conf->n_groups || event->group.removed)
		return;
	const struct conf_group *group = &generation->conf->groups[event->group.group];
	struct notice notice = state_notice(&group->notify, event->group.state);
	if (event->group.stopping)
		notice = (struct notice){"STOP", &group->notify.stop};
	announce(d, generation, &notice, &group->notify.any, "GROUP", group->name, 0);
}

static void write_states(struct daemon *d, const struct snap_vrrp *rows)
{
	static const struct conf_notify none;

	for (size_t i = 0; i < rows->n_instances; i++) {
		const struct snap_instance *row = &rows->instances[i];
		struct notice notice = state_notice(&none, row->state);

		if (notice.word)
			write_router(d, "INSTANCE", rows->conf->instances[row->conf_index].name,
				     notice.word, row->effective_priority);
	}
	for (size_t g = 0; g < rows->n_groups; g++) {
		const struct snap_group *row = &rows->groups[g];
		struct notice notice = state_notice(&none, row->state);

		if (notice.word)
			write_router(d, "GROUP", rows->conf->groups[row->conf_index].name,
				     notice.word, 0);
	}
}

/* ---- servers ---- */

static void on_dest(struct daemon *d, const struct generation *generation,
		    const struct msg_event *event)
{
	if (event->dest.vs >= generation->conf->n_services)
		return;
	const struct conf_virtual_server *service = &generation->conf->services[event->dest.vs];
	if (event->dest.rs >= service->n_servers)
		return; /* of the sorry server no program is told */
	const struct conf_real_server *server = &service->servers[event->dest.rs];
	/* A server may come up with less weight than configured, or without checks: up all the
	 * same. */
	bool up = event->dest.oper != DEST_DOWN && !event->dest.stopping;
	char record[RECORD_MAX];
	run(d, generation, up ? &server->notify_up : &server->notify_down, NULL);
	fifos_write(d->fifos, SCRIPTS_FIFO_LVS, record, record_server(record, service, server, up),
		    clock_now_us());
}

static void on_quorum(struct daemon *d, const struct generation *generation,
		      const struct msg_event *event)
{
	if (event->quorum.vs >= generation->conf->n_services)
		return;
	const struct conf_virtual_server *service = &generation->conf->services[event->quorum.vs];
	bool up = event->quorum.up;
	char record[RECORD_MAX];
	run(d, generation, up ? &service->quorum_up : &service->quorum_down, NULL);
	fifos_write(d->fifos, SCRIPTS_FIFO_LVS, record, record_service(record, service, up),
		    clock_now_us());
}

void notify_on_event(struct daemon *d, const struct msg_event *event)
{
	const struct generation *generation = generation_find(d, event->generation);

	if (!generation)
		return;
	switch (event->kind) {
	case EVENT_INSTANCE_STATE:
	case EVENT_RX_LOWER_PRIORITY:
	case EVENT_PRIORITY:
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
	case EVENT_CHECK:
	case EVENT_CONFIG:
	case EVENT_LIMITED:
	case EVENT_SYNC:
	case EVENT_DRIFT:
		break;
	}
}

void notify_use_conf(struct daemon *d)
{
	const struct generation *generation = d->newest;
	struct fifos_wish wish = {
		.scripts = generation->scripts,
		.wanted = {[SCRIPTS_FIFO_ALL] = true,
			   [SCRIPTS_FIFO_VRRP] = d->wanted[THREAD_VRRP],
			   [SCRIPTS_FIFO_LVS] = d->wanted[THREAD_CHECK]},
		.terminate_lvs = generation->conf->global.lvs_fifo_nul,
		.private = d->options.umask < 0 && !d->settings.umask_set,
	};

	fifos_use(d->fifos, &wish);
}

void notify_reloaded(struct daemon *d)
{
	const struct conf *conf = d->newest->conf;
	const struct snap_vrrp *rows;

	if (conf->generation == 1 || !conf->global.fifo_write_states)
		return;
	rows = (const struct snap_vrrp *)latest_read(d->wires.vrrp, SNAP_MAIN);
	if (rows)
		write_states(d, rows);
}
