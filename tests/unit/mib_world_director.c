/* SPDX-License-Identifier: MIT */
/* What only our own module shows of the synthetic director: checkers, machines, events. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "agent/events.h"
#include "core/base/clock.h"
#include "tests/unit/mib_world.h"

/* A server with two, of which one has failed, and a server of a group with one. */
void world_fill_checkers(struct world *w)
{
	w->url.path = "/health";
	w->checkers[0] = (struct conf_checker){
		.type = CONF_TCP_CHECK,
		.connect_ip = world_ip("172.17.13.173"),
		.connect_port = 80,
		.connect_timeout_us = 5 * USEC_PER_SEC,
		.delay_loop_us = 3500 * USEC_PER_MSEC,
		.retry = 1,
	};
	w->checkers[1] = w->checkers[0];
	w->checkers[1].type = CONF_HTTP_GET;
	w->checkers[1].urls = &w->url;
	w->checkers[1].n_urls = 1;
	w->services[0].servers[0].checkers = w->checkers;
	w->services[0].servers[0].n_checkers = 2;
	w->services[2].servers[1].checkers = w->checkers;
	w->services[2].servers[1].n_checkers = 1;
	w->live_checkers[0] = (struct snap_checker){
		.number = 4,
		.oper = DEST_UP,
		.error = "",
		.transitions = 1,
		.runs = 7,
		.latency_us = 1200,
		.least_us = 900,
		.greatest_us = 2000,
		.mean_us = 1000,
		.ran_wall_us = UINT64_C(1700000000500000),
		.changed_wall_us = UINT64_C(1700000000000000),
		.since_us = 900 * USEC_PER_SEC,
	};
	w->live_checkers[1] = w->live_checkers[0];
	w->live_checkers[1].number = 2;
	w->live_checkers[1].conf_index = 1;
	w->live_checkers[1].oper = DEST_DOWN;
	w->live_checkers[1].result = CHECK_TIMEOUT;
	w->live_checkers[1].code = 503;
	w->live_checkers[1].error = "no answer";
	w->live_checkers[1].consecutive_fails = 3;
	w->live_checkers[1].fails = UINT64_C(0x100000003);
	w->live_checkers[2] = (struct snap_checker){.number = 1, .oper = DEST_UNKNOWN, .error = ""};
	w->live_dests[1].n_checkers = 2;
	for (size_t d = 0; d < WORLD_DESTS; d++) {
		if (w->live_services[w->live_dests[d].service].vs != 2 || w->live_dests[d].rs != 1)
			continue;
		w->live_dests[d].first_checker = 2;
		w->live_dests[d].n_checkers = 1;
	}
}

void world_fill_machines(struct world *w)
{
	w->machines[0] = (struct snap_machine){
		.ip = world_ip("10.0.1.1"),
		.admin = DEST_UNLOCKED,
		.storage = STORAGE_NONVOLATILE,
		.drain = DRAIN_NONE,
		.n_dests = 2,
		.n_up = 1,
		.active_conns = UINT64_C(0x100000001),
		.inactive_conns = 8,
		.comment = "",
	};
	w->machines[1] = w->machines[0];
	w->machines[1].ip = world_ip("2001:db8::2");
	w->machines[1].admin = DEST_LOCKED;
	w->machines[1].comment = "new disks";
}

struct msg_event world_event(const struct world *w)
{
	return (struct msg_event){
		.kind = EVENT_QUORUM,
		.wall_us = UINT64_C(1700000100000000),
		.mono_us = 900 * USEC_PER_SEC,
		.quorum = {.svc = w->keys[0], .n_up = 1, .n_total = 2, .weight = 10},
	};
}

struct msg_changed world_changed(const struct world *w)
{
	return (struct msg_changed){
		.object = CHANGED_DEST,
		.svc = w->keys[0],
		.dest = w->live_dests[1].key,
		.who = "snmp",
		.what = "administrative state",
		.was = "unlocked",
		.now = "locked",
		.comment = "new disks",
	};
}

/* One of an engine, one of an operator. */
void world_fill_events(struct world *w)
{
	struct msg_event event = world_event(w);
	struct msg_changed changed = world_changed(w);
	int r = events_new(&w->events);

	assert(r == 0);
	(void)r;
	events_add_event(w->events, &event);
	events_add_changed(w->events, &changed);
}
