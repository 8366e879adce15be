/* SPDX-License-Identifier: MIT */
/*
 * Adopting a configuration by difference. What goes on is decided in conf/diff.h, and kernel
 * services are known by their key; what is found again is moved over whole: health, running checks,
 * counters, drains. Nothing here touches the kernel except for services that are no longer
 * configured: the rest follows from the ordinary settling. Thread: check.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/check/engine.h"
#include "core/check/machine.h"

/* ---- moving: cannot fail ---- */

static void move_probes(struct server *server)
{
	struct server *was = server->was;

	for (uint32_t i = 0; server->was_probes && i < server->n_probes; i++) {
		struct probe *probe = server->was_probes[i];

		if (!probe)
			continue;
		was->probes[probe->index] = NULL;
		probe->server = server;
		probe->index = i;
		check_set_conf(probe->check, &server->conf->checkers[i]);
		server->probes[i] = probe;
	}
	free(server->was_probes);
	server->was_probes = NULL;
}

static void move_server(struct engine *engine, struct server *server)
{
	struct service *service = server->service;
	struct server *was = server->was;

	move_probes(server);
	if (!was) {
		health_update(server);
		if (server->up && engine->conf_rs_init_notifies)
			event_initial_up(engine, server);
		return;
	}
	server->admin = was->admin;
	server->ramp = was->ramp;
	server->up = was->up;
	server->oper = was->oper;
	server->oper_changed_wall_us = was->oper_changed_wall_us;
	server->last_error = was->last_error;
	was->last_error = NULL;
	for (size_t k = 0; k < service->n_members; k++) {
		const struct member *old = service->members[k].was;

		if (old && old->service == was->service)
			server->places[k] = was->places[old - was->service->members];
	}
	server->was = NULL;
	if (health_update(server))
		health_announce(engine, server, "its checkers changed");
}

static void move_member(struct member *member)
{
	struct member *was = member->was;
	struct service *service = member->service;
	const struct conf_virtual_server *now = service->conf, *before;

	if (!was) {
		service->unseen = true; /* it may exist in the kernel */
		return;
	}
	service->unseen = service->unseen || was->service->unseen;
	before = was->service->conf;
	*member = *was;
	member->service = service;
	member->was = was;
	member->taken = false;
	was->dests = NULL;
	if (!before->has_sorry || !now->has_sorry ||
	    dest_key_compare(&before->sorry, &now->sorry) != 0)
		member->sorry = (struct place){.weight = -1};
}

static void move_service(struct engine *engine, struct service *service)
{
	struct service *was = service->was;

	if (was) {
		service->quorum = was->quorum;
		service->shown_quorum = was->shown_quorum;
		service->quorum_changed_wall_us = was->quorum_changed_wall_us;
		service->changed_us = was->changed_us;
		/* The stored states go by its name. */
		if (strcmp(was->conf->id, service->conf->id) != 0)
			engine->save_wanted = true;
	}
	for (size_t k = 0; k < service->n_members; k++)
		move_member(&service->members[k]);
	for (size_t i = 0; i < service->n_servers; i++)
		move_server(engine, service->servers[i]);
	for (size_t k = 0; k < service->n_members; k++)
		service->members[k].was = NULL;
	leaving_begin(service);
	/* Main tells at once whether an address is here. */
	health_suspend(engine, service,
		       service->conf->ha_suspend &&
			       (!was || !was->conf->ha_suspend || was->suspended));
	service->was = NULL;
	engine_mark(engine, service);
}

/* Rows that are gone take their stored state with them: should they come back, they start unlocked.
 */
static void note_dropped(struct engine *engine)
{
	for (size_t i = 0; i < engine->n_services; i++) {
		const struct service *service = engine->services[i];

		for (size_t k = 0; k < service->n_servers; k++) {
			const struct server *server = service->servers[k];

			if (!server->taken && !admin_is_default(&server->admin))
				engine->save_wanted = true;
		}
	}
}

static void restore_stored(struct engine *engine)
{
	struct admin_time at = engine_time();

	for (size_t i = 0; i < engine->n_stored; i++) {
		const struct msg_admin *item = &engine->stored[i];
		struct server *server = NULL;

		for (size_t k = 0; k < engine->n_services && !server; k++) {
			if (strncmp(engine->services[k]->conf->id, item->vs, VS_ID_MAX) == 0)
				server = services_find_server(engine->services[k], &item->dest);
		}
		if (server && admin_restore(item, at, &server->admin) == 0)
			continue;
		log_notice("check",
			   "the stored administrative state of a server in %.*s is dropped: "
			   "%s",
			   VS_ID_MAX - 1, item->vs, server ? "it is damaged" : "no such row");
		engine->save_wanted = true;
	}
	free(engine->stored);
	engine->stored = NULL;
	engine->n_stored = 0;
}

/* Kernel services that the new configuration has under no name. */
static void remove_unwanted(struct engine *engine, struct member *const *members, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (members[i]->was)
			members[i]->was->taken = true;
	for (size_t i = 0; i < engine->n_members; i++)
		if (!engine->members[i]->taken)
			kernel_remove(engine, &engine->members[i]->key);
}

int engine_adopt(struct engine *engine, const struct conf *conf)
{
	bool first = engine->conf == NULL;
	struct service **services = NULL;
	struct member **members = NULL;
	struct server **by_address = NULL;
	size_t n_members, n_by_address;

	if (services_build(engine, conf, &services) < 0)
		return -ENOMEM;
	if (services_index(services, conf->n_services, &members, &n_members) < 0 ||
	    machines_index(services, conf->n_services, &by_address, &n_by_address) < 0) {
		free(members);
		services_free_list(services, conf->n_services);
		return -ENOMEM;
	}
	/* Of rows that go. */
	engine->pending.request = engine->last.request = 0;
	engine->pending.n_undo = engine->last.n_undo = 0;
	remove_unwanted(engine, members, n_members);
	note_dropped(engine);
	check_env_set_tls(engine->checks, &conf->tls);
	engine->conf_rs_init_notifies = conf->global.rs_init_notifies;
	for (size_t i = 0; i < conf->n_services; i++)
		move_service(engine, services[i]);
	services_free(engine);
	engine->services = services;
	engine->n_services = conf->n_services;
	engine->members = members;
	engine->n_members = n_members;
	engine->by_address = by_address;
	engine->n_by_address = n_by_address;
	conf_unref(engine->conf);
	engine->conf = conf;
	if (first)
		restore_stored(engine);
	else
		machines_hold_new(engine);
	return 0;
}
