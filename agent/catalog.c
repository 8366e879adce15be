/* SPDX-License-Identifier: MIT */
/*
 * Tables, snapshots and row caches. A snapshot stays valid until a newer one is taken from the same
 * latest-value buffer, so snapshots are exchanged in one place, catalog_view(), at most once per
 * turn of the loop; a counter of exchanges tells each cache whether its rows are still right.
 *
 * Thread: agent. No system call but the clock.
 */
#include "agent/catalog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/events.h"
#include "core/base/clock.h"
#include "core/base/latest.h"
#include "core/base/log.h"
#include "core/cmd.h"

enum group {
	GROUP_GLOBAL,
	GROUP_VRRP,
	GROUP_CHECK,
	GROUP_RFCV2,
	GROUP_RFCV3,
	GROUP_DIRECTOR,
	GROUP_LVS,
	GROUPS
};

struct entry {
	const struct table *table;
	enum group group;
	struct rows rows;
	uint64_t exchange; /* the rows are those of this exchange of snapshots; 0: never built */
};

struct catalog {
	const struct wires *wires;
	bool served[GROUPS];
	struct view view;
	struct events *events;
	bool fresh;	   /* view is of this turn */
	uint64_t exchange; /* counts changes of any snapshot */
	uint64_t base_us;
	size_t count;
	struct entry entries[];
};

static struct table_list group_tables(enum group group)
{
	switch (group) {
	case GROUP_GLOBAL:
		return keepalived_global_tables();
	case GROUP_VRRP:
		return keepalived_vrrp_tables();
	case GROUP_CHECK:
		return keepalived_check_tables();
	case GROUP_RFCV2:
		return vrrp_mib_tables();
	case GROUP_RFCV3:
		return vrrp3_mib_tables();
	case GROUP_DIRECTOR:
		return director_mib_tables();
	case GROUP_LVS:
		return lvs_mib_tables();
	case GROUPS:
		break;
	}
	return (struct table_list){0};
}

int catalog_new(const struct wires *wires, struct catalog **ret)
{
	struct catalog *catalog;
	size_t count = 0;

	for (enum group group = 0; group < GROUPS; group++)
		count += group_tables(group).count;
	catalog = calloc(1, sizeof(*catalog) + count * sizeof(*catalog->entries));
	if (!catalog)
		return -ENOMEM;
	if (events_new(&catalog->events) < 0) {
		free(catalog);
		return -ENOMEM;
	}
	catalog->view.events = catalog->events;
	catalog->view.notify = UINT8_MAX; /* all there are */
	for (enum group group = 0; group < GROUPS; group++) {
		struct table_list list = group_tables(group);

		for (size_t i = 0; i < list.count; i++)
			catalog->entries[catalog->count++] =
				(struct entry){.table = list.items[i], .group = group};
	}
	catalog->wires = wires;
	catalog->exchange = 1;
	catalog->view.traps_enabled = true; /* RFC 2787: vrrpNotificationCntl DEFVAL enabled */
	*ret = catalog;
	return 0;
}

struct catalog *catalog_free(struct catalog *catalog)
{
	if (!catalog)
		return NULL;
	for (size_t i = 0; i < catalog->count; i++)
		rows_free(&catalog->entries[i].rows);
	events_free(catalog->events);
	free(catalog);
	return NULL;
}

size_t catalog_count(const struct catalog *catalog)
{
	return catalog->count;
}

const struct table *catalog_table(const struct catalog *catalog, size_t position)
{
	return catalog->entries[position].table;
}

void catalog_select(struct catalog *catalog, const struct conf *conf)
{
	const struct conf_global *global = conf ? &conf->global : NULL;

	catalog->served[GROUP_VRRP] = global && global->snmp_vrrp;
	catalog->served[GROUP_CHECK] = global && global->snmp_checker;
	catalog->served[GROUP_DIRECTOR] = global && global->snmp_checker;
	catalog->served[GROUP_LVS] = global && global->snmp_lvs;
	catalog->served[GROUP_RFCV2] = global && global->snmp_rfcv2;
	catalog->served[GROUP_RFCV3] = global && global->snmp_rfcv3;
	catalog->served[GROUP_GLOBAL] = catalog->served[GROUP_VRRP] || catalog->served[GROUP_CHECK];
	for (size_t i = 0; i < catalog->count; i++) {
		struct entry *entry = &catalog->entries[i];

		if (catalog->served[entry->group])
			continue;
		rows_free(&entry->rows);
		entry->exchange = 0;
	}
}

bool catalog_is_served(const struct catalog *catalog, size_t position)
{
	return catalog->served[catalog->entries[position].group];
}

void catalog_expire(struct catalog *catalog)
{
	catalog->fresh = false;
}

void catalog_set_uptime_base(struct catalog *catalog, uint64_t base_us)
{
	catalog->base_us = base_us;
	catalog->fresh = false;
}

void catalog_set_agent(struct catalog *catalog, const struct snap_agent *agent)
{
	catalog->view.agent = agent;
}

uint32_t catalog_own(const struct catalog *catalog, enum agent_field field)
{
	switch (field) {
	case AGENT_EVENTS:
		return events_room(catalog->events);
	case AGENT_LOCK:
		return catalog->view.admin_lock;
	case AGENT_NOTIFY:
		return catalog->view.notify;
	case AGENT_NOTIFY_INTERVAL:
		return catalog->view.limits.interval_ms;
	case AGENT_NOTIFY_RATE:
		return catalog->view.limits.rate;
	case AGENT_TRAPS:
		break;
	}
	return catalog->view.traps_enabled ? 1 : 2;
}

int catalog_set_own(struct catalog *catalog, enum agent_field field, uint32_t value)
{
	switch (field) {
	case AGENT_EVENTS:
		catalog->exchange++;
		return events_resize(catalog->events, value);
	case AGENT_LOCK:
		catalog->view.admin_lock = value;
		break;
	case AGENT_NOTIFY:
		catalog->view.notify = (uint8_t)value;
		break;
	case AGENT_NOTIFY_INTERVAL:
		catalog->view.limits.interval_ms = value;
		break;
	case AGENT_NOTIFY_RATE:
		catalog->view.limits.rate = value;
		break;
	case AGENT_TRAPS:
		catalog->view.traps_enabled = value == 1;
		break;
	}
	return 0;
}

struct events *catalog_events(struct catalog *catalog)
{
	catalog->exchange++; /* their rows are others from now on */
	return catalog->events;
}

/* The newest value; counts when it is another one. */
static const void *exchange_one(struct catalog *catalog, struct latest *latest, const void *held)
{
	const void *newest = latest ? latest_read(latest, SNAP_AGENT) : NULL;

	/* The one held is alive until now, so an equal address means the same value. */
	if (newest != held)
		catalog->exchange++;
	return newest;
}

const struct view *catalog_view(struct catalog *catalog)
{
	struct view *view = &catalog->view;
	const struct wires *wires = catalog->wires;

	if (catalog->fresh)
		return view;
	view->vrrp = exchange_one(catalog, wires->vrrp, view->vrrp);
	view->check = exchange_one(catalog, wires->check, view->check);
	view->daemon = exchange_one(catalog, wires->daemon, view->daemon);
	view->now_us = clock_now_us();
	view->now_wall_us = clock_wall_us();
	view->uptime_cs = 0;
	if (catalog->base_us && view->now_us >= catalog->base_us) {
		uint64_t ticks = (view->now_us - catalog->base_us) / USEC_PER_CSEC;

		/* now is the beginning of the running tick: view_timestamp() relies on it. */
		view->uptime_cs = (uint32_t)ticks;
		view->now_us = catalog->base_us + ticks * USEC_PER_CSEC;
	}
	catalog->fresh = true;
	return view;
}

struct rows *catalog_rows(struct catalog *catalog, size_t position)
{
	struct entry *entry = &catalog->entries[position];
	const struct view *view = catalog_view(catalog);
	int r;

	if (entry->exchange == catalog->exchange)
		return &entry->rows;
	rows_clear(&entry->rows);
	r = entry->table->build(view, &entry->rows);
	if (r < 0) {
		entry->exchange = 0;
		log_error("agent", "rows of %s cannot be built: %s", entry->table->name,
			  strerror(-r));
		return NULL;
	}
	rows_sort(&entry->rows);
	entry->exchange = catalog->exchange;
	return &entry->rows;
}
