/* SPDX-License-Identifier: MIT */
/*
 * The kernel's daemons that copy connections to other directors: which of the two is to run follows
 * the state of an instance (both do without one). Looked at afresh at each refresh, so what
 * somebody else stops or changes is put right. Thread: check. Must leave daemons alone that no
 * configuration of this run asked for.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/check/engine.h"

static const char *const role_names[IPVS_SYNC_ROLES] = {
	[IPVS_SYNC_MASTER] = "master",
	[IPVS_SYNC_BACKUP] = "backup",
};

/* interface "": it is not to run. */
static struct ipvs_sync wanted(const struct engine *engine, enum ipvs_sync_role role)
{
	const struct conf_sync_daemon *sync = &engine->conf->global.sync;
	struct ipvs_sync want = {0};

	if (!sync->interface || engine->stopping ||
	    (sync->instance && engine->sync.master != (role == IPVS_SYNC_MASTER)))
		return want;
	snprintf(want.interface, sizeof want.interface, "%s", sync->interface);
	want.id = conf_sync_id(engine->conf);
	want.maxlen = sync->maxlen;
	want.port = sync->port;
	want.ttl = sync->ttl;
	want.group = sync->group;
	return want;
}

/* Whether what runs is what was asked for; what was left to the kernel may be anything. */
static bool fits(const struct ipvs_sync *want, const struct ipvs_sync *found)
{
	return strcmp(want->interface, found->interface) == 0 && want->id == found->id &&
	       (!want->maxlen || want->maxlen == found->maxlen) &&
	       (!want->port || want->port == found->port) &&
	       (!want->ttl || want->ttl == found->ttl) &&
	       (!ip_is_set(&want->group) || ip_compare(&want->group, &found->group) == 0);
}

static bool same(const struct ipvs_sync *a, const struct ipvs_sync *b)
{
	return strcmp(a->interface, b->interface) == 0 && a->id == b->id &&
	       a->maxlen == b->maxlen && a->port == b->port && a->ttl == b->ttl &&
	       ip_compare(&a->group, &b->group) == 0;
}

static void report(struct engine *engine, enum ipvs_sync_role role, const char *what, int error)
{
	int *last = &engine->sync.error[role];

	if (error < 0 && error != *last)
		log_error("ipvs", "cannot %s the %s connection synchronisation daemon: %s", what,
			  role_names[role], strerrordesc_np(-error));
	*last = error;
}

static void stop_one(struct engine *engine, enum ipvs_sync_role role)
{
	int error = engine->ops->stop_sync(engine->ipvs, role);

	report(engine, role, "stop", error);
	if (error < 0)
		return;
	engine->sync.told[role] = (struct ipvs_sync){0};
	log_info("ipvs", "the %s connection synchronisation daemon is stopped", role_names[role]);
}

static void start_one(struct engine *engine, enum ipvs_sync_role role, const struct ipvs_sync *want)
{
	int error = engine->ops->start_sync(engine->ipvs, role, want);

	report(engine, role, "start", error);
	if (error < 0)
		return;
	engine->sync.told[role] = *want;
	log_info("ipvs", "the %s connection synchronisation daemon runs on %s with id %u",
		 role_names[role], want->interface, want->id);
}

/* Whether a daemon that runs has to end: it is ours to end, and not as wanted. */
static bool is_wrong(const struct engine *engine, enum ipvs_sync_role role,
		     const struct ipvs_sync *want, const struct ipvs_sync *found)
{
	const struct ipvs_sync *told = &engine->sync.told[role];

	if (!want->interface[0])
		return told->interface[0] || engine->conf->global.sync.interface;
	return !fits(want, found) || (told->interface[0] && !same(told, want));
}

static void show(struct engine *engine, const struct ipvs_sync *found)
{
	for (int role = 0; role < IPVS_SYNC_ROLES; role++) {
		if (same(&found[role], &engine->sync.shown[role]))
			continue;
		engine->sync.shown[role] = found[role];
		event_sync(engine, role);
		engine->sync.changed_us[role] = clock_now_us();
	}
}

void sync_settle(struct engine *engine)
{
	struct ipvs_sync found[IPVS_SYNC_ROLES], want[IPVS_SYNC_ROLES];
	int error;

	if (!engine->ipvs || !engine->conf)
		return;
	error = engine->ops->read_sync(engine->ipvs, found);
	if (error < 0)
		return; /* the dump of the table fails, too, and says it */
	/* First all that has to end: the kernel may not bear both. */
	for (int role = 0; role < IPVS_SYNC_ROLES; role++) {
		want[role] = wanted(engine, role);
		if (!found[role].interface[0] || !is_wrong(engine, role, &want[role], &found[role]))
			continue;
		stop_one(engine, role);
		found[role].interface[0] = '\0';
	}
	for (int role = 0; role < IPVS_SYNC_ROLES; role++) {
		if (!want[role].interface[0] || found[role].interface[0])
			continue;
		if (engine->sync.error[role] == 0 && same(&engine->sync.told[role], &want[role]))
			log_warn("ipvs",
				 "the %s connection synchronisation daemon is gone; repairing",
				 role_names[role]);
		start_one(engine, role, &want[role]);
	}
	if (engine->ops->read_sync(engine->ipvs, found) < 0)
		memset(found, 0, sizeof found);
	show(engine, found);
}
