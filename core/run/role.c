/* SPDX-License-Identifier: MIT */
/*
 * Tells the check thread what it has to know of this director's role: whether the instance is
 * master that connection synchronisation follows, and which services with ha_suspend have an
 * address here. Thread: main.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/latest.h"
#include "core/base/log.h"
#include "core/net/rtnl.h"
#include "core/run/daemon.h"

static bool is_master(struct daemon *d, const char *instance)
{
	const struct snap_vrrp *rows =
		(const struct snap_vrrp *)latest_read(d->wires.vrrp, SNAP_MAIN);

	for (size_t i = 0; rows && i < rows->n_instances; i++) {
		const struct snap_instance *row = &rows->instances[i];

		if (strcmp(rows->conf->instances[row->conf_index].name, instance) == 0)
			return row->state == VRRP_MASTER;
	}
	return false;
}

static void tell(struct daemon *d, bool master)
{
	struct msg_role role = {.master = master};

	d->role.master = master;
	threads_post(d, THREAD_CHECK, MSG_ROLE, &role, sizeof role);
}

static void use_sync(struct daemon *d)
{
	const struct conf_sync_daemon *sync = &d->newest->conf->global.sync;

	if (sync->interface && !d->wanted[THREAD_CHECK])
		log_warn("main", "lvs_sync_daemon has no effect without the health checker");
	else if (sync->interface && sync->instance)
		tell(d, is_master(d, sync->instance));
}

/* ---- addresses ---- */

static bool is_here(const struct daemon *d, const struct conf_virtual_server *service)
{
	for (size_t k = 0; k < service->n_keys; k++)
		if (!service->keys[k].fwmark && rtnl_has_address(d->rtnl, &service->keys[k].ip))
			return true;
	return false;
}

static void tell_suspended(struct daemon *d, bool all)
{
	const struct conf *conf = d->newest->conf;

	for (uint32_t i = 0; d->role.suspended && i < conf->n_services; i++) {
		const struct conf_virtual_server *service = &conf->services[i];
		struct msg_suspend message = {.generation = conf->generation, .service = i};

		if (!service->ha_suspend)
			continue;
		message.suspended = !is_here(d, service);
		if (!all && message.suspended == d->role.suspended[i])
			continue;
		d->role.suspended[i] = message.suspended;
		threads_post(d, THREAD_CHECK, MSG_SUSPEND, &message, sizeof message);
	}
}

void role_on_addresses(struct daemon *d)
{
	/* A reload under way: all is told when the check thread has the new services. */
	if (d->role.generation == d->newest->conf->generation)
		tell_suspended(d, false);
}

void role_use_conf(struct daemon *d)
{
	const struct conf *conf = d->newest->conf;
	bool any = false;

	use_sync(d);
	for (size_t i = 0; i < conf->n_services && !any; i++)
		any = conf->services[i].ha_suspend;
	free(d->role.suspended);
	d->role.suspended = any ? calloc(conf->n_services, sizeof(bool)) : NULL;
	if (any && !d->role.suspended)
		log_error("main", "out of memory: services with ha_suspend are not checked");
	d->role.generation = conf->generation;
	tell_suspended(d, true);
}

void role_on_event(struct daemon *d, const struct msg_event *event)
{
	const struct conf_sync_daemon *sync = &d->newest->conf->global.sync;

	if (event->kind != EVENT_INSTANCE_STATE || !sync->interface || !sync->instance ||
	    !d->wanted[THREAD_CHECK])
		return;
	bool master = is_master(d, sync->instance);
	if (master != d->role.master)
		tell(d, master);
}
