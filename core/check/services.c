/* SPDX-License-Identifier: MIT */
/*
 * The rows of the check engine: virtual servers, their real servers and checkers. Building them
 * from a configuration (beside the present ones, noting which of those each continues), finding,
 * freeing. Thread: check. Must not touch the kernel, and must leave the present rows as they are: a
 * build may fail.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/diff.h"
#include "core/base/clock.h"
#include "core/check/engine.h"

/* ---- freeing ---- */

static struct probe *probe_free(struct probe *probe)
{
	if (!probe)
		return NULL;
	check_free(probe->check);
	free(probe->error);
	free(probe);
	return NULL;
}

static struct server *server_free(struct server *server)
{
	if (!server)
		return NULL;
	for (size_t i = 0; i < server->n_probes; i++)
		probe_free(server->probes[i]);
	free(server->was_probes);
	free(server->last_error);
	free(server);
	return NULL;
}

static void members_free(struct member *members, size_t n_members)
{
	for (size_t k = 0; k < n_members; k++)
		free(members[k].dests);
	free(members);
}

static struct service *service_free(struct service *service)
{
	if (!service)
		return NULL;
	for (size_t i = 0; i < service->n_servers; i++)
		server_free(service->servers[i]);
	free(service->servers);
	free(service->leaving);
	members_free(service->members, service->n_members);
	free(service);
	return NULL;
}

void services_free_list(struct service **services, size_t count)
{
	for (size_t i = 0; i < count; i++)
		service_free(services[i]);
	free(services);
}

void services_free(struct engine *engine)
{
	services_free_list(engine->services, engine->n_services);
	free(engine->members);
	free(engine->by_address);
	engine->services = NULL;
	engine->members = NULL;
	engine->by_address = NULL;
	engine->n_services = engine->n_members = engine->n_by_address = 0;
}

/* ---- finding ---- */

static int by_key(const void *a, const void *b)
{
	return svc_key_compare(&(*(struct member *const *)a)->key,
			       &(*(struct member *const *)b)->key);
}

int services_index(struct service *const *services, size_t count, struct member ***ret,
		   size_t *ret_count)
{
	size_t n_members = 0, used = 0;
	struct member **members;

	for (size_t i = 0; i < count; i++)
		n_members += services[i]->n_members;
	members = calloc(n_members + 1, sizeof(struct member *));
	if (!members)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < services[i]->n_members; k++)
			members[used++] = &services[i]->members[k];
	qsort(members, n_members, sizeof(struct member *), by_key);
	*ret = members;
	*ret_count = n_members;
	return 0;
}

static struct member *find_member(const struct engine *engine, const struct svc_key *key)
{
	const struct member wanted = {.key = *key}, *at = &wanted;
	struct member **found = NULL;

	if (engine->n_members)
		found = bsearch(&at, engine->members, engine->n_members, sizeof(struct member *),
				by_key);
	return found ? *found : NULL;
}

struct service *services_find_service(const struct engine *engine, const struct svc_key *key)
{
	const struct member *member = find_member(engine, key);

	return member ? member->service : NULL;
}

struct server *services_find_server(const struct service *service, const struct dest_key *key)
{
	for (size_t i = 0; i < service->n_servers; i++) {
		if (dest_key_compare(&service->servers[i]->conf->key, key) == 0)
			return service->servers[i];
	}
	return NULL;
}

/* ---- building ---- */

/*
 * First checks are spread: 1 s after the start plus a share of warmup. The share is deterministic,
 * the fractional parts of multiples of the golden ratio, which spread any number of checks evenly
 * over any warmup.
 */
uint64_t services_first_check_us(struct engine *engine, const struct conf_checker *conf)
{
	uint32_t share = engine->checks_started++ * UINT32_C(2654435769);

	return clock_now_us() + FIRST_CHECK_US +
	       (uint64_t)((unsigned __int128)conf->warmup_us * share >> 32);
}

static struct probe *probe_new(struct engine *engine, struct server *server, uint32_t index)
{
	const struct conf_checker *conf = &server->conf->checkers[index];
	/* A changed checker must not bring back a server that is down, nor take out one that
	 * serves. */
	bool up = server->was ? server->was->up : !conf->alpha;
	struct probe *probe = calloc(1, sizeof *probe);

	if (!probe)
		return NULL;
	probe->server = server;
	probe->index = index;
	if (check_new(engine->checks, conf, up, services_first_check_us(engine, conf),
		      health_report, probe, &probe->check) < 0) {
		free(probe);
		return NULL;
	}
	probe->up = up;
	record_begin(probe, ++server->numbers_used);
	return probe;
}

/* The checks that go on; a new one for every other checker. */
static int add_probes(struct engine *engine, struct conf_diff *diff, struct server *server)
{
	struct server *was = server->was;
	uint32_t *map = calloc(server->conf->n_checkers + 1, sizeof *map);
	int error =
		map ? conf_diff_checkers(diff, was ? was->conf : NULL, server->conf, map) : -ENOMEM;

	for (uint32_t i = 0; i < server->n_probes && !error; i++) {
		if (map[i] != CONF_NONE) {
			server->was_probes[i] = was->probes[map[i]];
			continue;
		}
		server->probes[i] = probe_new(engine, server, i);
		error = server->probes[i] ? 0 : -ENOMEM;
	}
	free(map);
	return error;
}

static struct server *allocate_server(const struct service *service,
				      const struct conf_real_server *conf)
{
	struct server *server =
		calloc(1, sizeof *server + service->n_members * sizeof *server->places +
				  conf->n_checkers * sizeof *server->probes);

	if (!server)
		return NULL;
	server->places = (struct place *)(server + 1);
	server->probes = (struct probe **)(server->places + service->n_members);
	server->n_probes = conf->n_checkers;
	return server;
}

static struct server *server_new(struct engine *engine, struct conf_diff *diff,
				 struct service *service, uint32_t index, struct server *was)
{
	const struct conf_real_server *conf = &service->conf->servers[index];
	struct server *server = allocate_server(service, conf);

	if (!server)
		return NULL;
	server->service = service;
	server->conf = conf;
	server->index = index;
	server->was = was;
	server->is_new = !was;
	server->numbers_used = was ? was->numbers_used : 0;
	server->admin = admin_default();
	if (was)
		server->was_probes = calloc(server->n_probes + 1, sizeof *server->was_probes);
	if ((was && !server->was_probes) || add_probes(engine, diff, server) < 0)
		return server_free(server);
	if (was)
		was->taken = true;
	return server;
}

static int add_servers(struct engine *engine, struct conf_diff *diff, struct service *service)
{
	struct service *was = service->was;
	uint32_t *map = calloc(service->conf->n_servers + 1, sizeof *map);
	int error = map ? conf_diff_servers(was ? was->conf : NULL, service->conf, map) : -ENOMEM;

	for (uint32_t i = 0; i < service->conf->n_servers && !error; i++) {
		struct server *old = map[i] == CONF_NONE ? NULL : was->servers[map[i]];

		service->servers[i] = server_new(engine, diff, service, i, old);
		if (service->servers[i])
			service->n_servers++;
		else
			error = -ENOMEM;
	}
	free(map);
	return error;
}

/* Each kernel service under whatever name it stood. A virtual server with a new name continues the
 * one that had its kernel services under a name that is gone. */
static void find_members(const struct engine *engine, struct service *service)
{
	for (size_t k = 0; k < service->n_members; k++) {
		struct member *was = find_member(engine, &service->members[k].key);

		service->members[k].was = was;
		if (!was || service->was || was->service->taken)
			continue;
		service->was = was->service;
		service->was->taken = true;
	}
}

static struct service *service_new(struct engine *engine, struct conf_diff *diff, uint32_t index)
{
	const struct conf_virtual_server *from = &diff->new->services[index];
	uint32_t old = diff->services[index];
	struct service *service = calloc(1, sizeof *service);

	if (!service)
		return NULL;
	service->engine = engine;
	service->conf = from;
	service->index = index;
	service->was = old == CONF_NONE ? NULL : engine->services[old];
	service->servers = calloc(from->n_servers + 1, sizeof(struct server *));
	service->members = calloc(from->n_keys + 1, sizeof *service->members);
	if (!service->servers || !service->members)
		return service_free(service);
	service->n_members = from->n_keys;
	for (size_t k = 0; k < from->n_keys; k++)
		service->members[k] = (struct member){.service = service, .key = from->keys[k]};
	find_members(engine, service);
	if (add_servers(engine, diff, service) < 0)
		return service_free(service);
	return service;
}

/* What goes on by its name is taken; nothing else yet. */
static void forget_taken(struct engine *engine, const struct conf_diff *diff)
{
	for (size_t i = 0; i < engine->n_services; i++) {
		engine->services[i]->taken = false;
		for (size_t k = 0; k < engine->services[i]->n_servers; k++)
			engine->services[i]->servers[k]->taken = false;
	}
	for (size_t i = 0; i < diff->new->n_services; i++)
		if (diff->services[i] != CONF_NONE)
			engine->services[diff->services[i]]->taken = true;
}

int services_build(struct engine *engine, const struct conf *conf, struct service ***ret)
{
	struct service **services = calloc(conf->n_services + 1, sizeof *services);
	struct conf_diff *diff = NULL;
	size_t built = 0;

	if (!services || conf_diff_new(engine->conf, conf, &diff) < 0)
		goto fail;
	forget_taken(engine, diff);
	while (built < conf->n_services) {
		services[built] = service_new(engine, diff, (uint32_t)built);
		if (!services[built])
			goto fail;
		built++;
	}
	conf_diff_free(diff);
	*ret = services;
	return 0;
fail:
	conf_diff_free(diff);
	services_free_list(services, built);
	return -ENOMEM;
}
