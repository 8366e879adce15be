/* SPDX-License-Identifier: MIT */
/*
 * Tells the check thread whether the instance is master that connection synchronisation follows.
 * Thread: main.
 */
#include <string.h>

#include "core/base/latest.h"
#include "core/base/log.h"
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

	d->role_master = master;
	threads_post(d, THREAD_CHECK, MSG_ROLE, &role, sizeof role);
}

void role_use_conf(struct daemon *d)
{
	const struct conf_sync_daemon *sync = &d->newest->conf->global.sync;

	if (sync->interface && !d->wanted[THREAD_CHECK])
		log_warn("main", "lvs_sync_daemon has no effect without the health checker");
	else if (sync->interface && sync->instance)
		tell(d, is_master(d, sync->instance));
}

void role_on_event(struct daemon *d, const struct msg_event *event)
{
	const struct conf_sync_daemon *sync = &d->newest->conf->global.sync;

	if (event->kind != EVENT_INSTANCE_STATE || !sync->interface || !sync->instance ||
	    !d->wanted[THREAD_CHECK])
		return;
	bool master = is_master(d, sync->instance);
	if (master != d->role_master)
		tell(d, master);
}
