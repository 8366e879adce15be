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

#include "core/base/clock.h"
#include "core/check/engine.h"
#include "core/check/same.h"

/* ---- freeing ---- */

static struct probe *probe_free(struct probe *probe)
{
	if (!probe)
		return NULL;
	check_free(probe->check);
	free(probe);
	return NULL;
}

static struct server *server_free(struct server *server)
{
	if (!server)
		return NULL;
	for (size_t i = 0; server->probes && i < server->n_probes; i++)
		probe_free(server->probes[i]);
	free(server->checkers);
	free(server->probes);
	free(server->was_probes);
	free(server->places);
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
	members_free(service->members, service->n_members);
	free(service);
	return NULL;
}

void services_free(struct engine *engine)
{
	for (size_t i = 0; i < engine->n_services; i++)
		service_free(engine->services[i]);
	free(engine->services);
	engine->services = NULL;
	engine->n_services = 0;
}

/* ---- finding ---- */

struct service *services_find_service(const struct engine *engine, const struct svc_key *key)
{
	for (size_t i = 0; i < engine->n_services; i++) {
		struct service *service = engine->services[i];

		for (size_t k = 0; k < service->n_members; k++) {
			if (svc_key_compare(&service->members[k].key, key) == 0)
				return service;
		}
	}
	return NULL;
}

struct server *services_find_server(const struct service *service, const struct dest_key *key)
{
	for (size_t i = 0; i < service->n_servers; i++) {
		if (dest_key_compare(&service->servers[i]->conf->key, key) == 0)
			return service->servers[i];
	}
	return NULL;
}

static int by_id(const void *a, const void *b)
{
	return strcmp((*(struct service *const *)a)->conf->id,
		      (*(struct service *const *)b)->conf->id);
}

static int by_dest(const void *a, const void *b)
{
	return dest_key_compare(&(*(struct server *const *)a)->conf->key,
				&(*(struct server *const *)b)->conf->key);
}

/* Takes the service of that id out of the sorted old ones. */
static struct service *take_service(struct service **sorted, size_t count, const char *id)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(sorted[middle]->conf->id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == count || sorted[low]->taken || strcmp(sorted[low]->conf->id, id) != 0)
		return NULL;
	sorted[low]->taken = true;
	return sorted[low];
}

static struct server *take_server(struct server **sorted, size_t count, const struct dest_key *key)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (dest_key_compare(&sorted[middle]->conf->key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == count || sorted[low]->taken || dest_key_compare(&sorted[low]->conf->key, key))
		return NULL;
	sorted[low]->taken = true;
	return sorted[low];
}

static struct probe *take_probe(struct server *was, const struct conf_checker *conf)
{
	for (size_t i = 0; was && i < was->n_probes; i++) {
		struct probe *probe = was->probes[i];

		if (probe->taken || !same_checker(was->checkers[i], conf))
			continue;
		probe->taken = true;
		return probe;
	}
	return NULL;
}

/* A sorted copy of an array of pointers; NULL when memory is out. */
static void *sorted_copy(const void *pointers, size_t count,
			 int (*compare)(const void *, const void *))
{
	void **copy = calloc(count + 1, sizeof *copy);

	if (copy && count) {
		memcpy(copy, pointers, count * sizeof *copy);
		qsort(copy, count, sizeof *copy, compare);
	}
	return copy;
}

/* ---- building ---- */

/*
 * First checks are spread: 1 s after the start plus a share of warmup. The share is deterministic,
 * the fractional parts of multiples of the golden ratio, which spread any number of checks evenly
 * over any warmup.
 */
static uint64_t first_check_us(struct engine *engine, const struct conf_checker *conf)
{
	uint32_t share = engine->checks_started++ * UINT32_C(2654435769);

	return clock_now_us() + FIRST_CHECK_US +
	       (uint64_t)((unsigned __int128)conf->warmup_us * share >> 32);
}

static struct probe *probe_new(struct engine *engine, struct server *server, uint32_t index)
{
	const struct conf_checker *conf = server->checkers[index];
	/* A changed checker must not bring back a server that is down, nor take out one that
	 * serves. */
	bool up = server->was ? server->was->up : !conf->alpha;
	struct probe *probe = calloc(1, sizeof *probe);

	if (!probe)
		return NULL;
	probe->server = server;
	probe->index = index;
	if (check_new(engine->checks, conf, up, first_check_us(engine, conf), health_report, probe,
		      &probe->check) < 0) {
		free(probe);
		return NULL;
	}
	return probe;
}

static int take_checkers(struct server *server)
{
	const struct conf_real_server *conf = server->conf;

	server->checkers = calloc(conf->n_checkers + 1, sizeof *server->checkers);
	if (!server->checkers)
		return -ENOMEM;
	for (size_t i = 0; i < conf->n_checkers; i++) {
		if (conf_checker_is_supported(&conf->checkers[i]))
			server->checkers[server->n_probes++] = &conf->checkers[i];
	}
	return 0;
}

static struct server *server_new(struct engine *engine, struct service *service, uint32_t index,
				 struct server *was)
{
	struct server *server = calloc(1, sizeof *server);

	if (!server)
		return NULL;
	server->service = service;
	server->conf = &service->conf->servers[index];
	server->index = index;
	server->was = was;
	server->admin = admin_default();
	if (take_checkers(server) < 0)
		return server_free(server);
	server->places = calloc(service->n_members + 1, sizeof *server->places);
	server->probes = calloc(server->n_probes + 1, sizeof(struct probe *));
	server->was_probes = calloc(server->n_probes + 1, sizeof(struct probe *));
	if (!server->places || !server->probes || !server->was_probes)
		return server_free(server);
	for (uint32_t i = 0; i < server->n_probes; i++) {
		server->was_probes[i] = take_probe(was, server->checkers[i]);
		if (server->was_probes[i])
			continue;
		server->probes[i] = probe_new(engine, server, i);
		if (!server->probes[i])
			return server_free(server);
	}
	return server;
}

static int add_servers(struct engine *engine, struct service *service)
{
	struct service *was = service->was;
	size_t n_old = was ? was->n_servers : 0;
	struct server **sorted = sorted_copy(was ? was->servers : NULL, n_old, by_dest);

	if (!sorted)
		return -ENOMEM;
	for (uint32_t i = 0; i < service->conf->n_servers; i++) {
		struct server *old = take_server(sorted, n_old, &service->conf->servers[i].key);

		service->servers[i] = server_new(engine, service, i, old);
		if (!service->servers[i])
			break;
		service->n_servers++;
	}
	free(sorted);
	return service->n_servers == service->conf->n_servers ? 0 : -ENOMEM;
}

static struct service *service_new(struct engine *engine, const struct conf *conf, uint32_t index,
				   struct service *was)
{
	const struct conf_virtual_server *from = &conf->services[index];
	struct service *service = calloc(1, sizeof *service);

	if (!service)
		return NULL;
	service->engine = engine;
	service->conf = from;
	service->index = index;
	service->was = was;
	service->servers = calloc(from->n_servers + 1, sizeof(struct server *));
	service->members = calloc(from->n_keys + 1, sizeof *service->members);
	if (!service->servers || !service->members)
		return service_free(service);
	service->n_members = from->n_keys;
	for (size_t k = 0; k < from->n_keys; k++)
		service->members[k].key = from->keys[k];
	if (add_servers(engine, service) < 0)
		return service_free(service);
	return service;
}

static void forget_taken(struct engine *engine)
{
	for (size_t i = 0; i < engine->n_services; i++) {
		struct service *service = engine->services[i];

		service->taken = false;
		for (size_t k = 0; k < service->n_servers; k++) {
			struct server *server = service->servers[k];

			server->taken = false;
			for (size_t c = 0; c < server->n_probes; c++)
				server->probes[c]->taken = false;
		}
	}
}

void services_free_list(struct service **services, size_t count)
{
	for (size_t i = 0; i < count; i++)
		service_free(services[i]);
	free(services);
}

int services_build(struct engine *engine, const struct conf *conf, struct service ***ret)
{
	struct service **sorted = sorted_copy(engine->services, engine->n_services, by_id);
	struct service **services = calloc(conf->n_services + 1, sizeof *services);
	size_t built = 0;

	forget_taken(engine);
	while (sorted && services && built < conf->n_services) {
		struct service *was =
			take_service(sorted, engine->n_services, conf->services[built].id);

		services[built] = service_new(engine, conf, (uint32_t)built, was);
		if (!services[built])
			break;
		built++;
	}
	free(sorted);
	if (services && built == conf->n_services) {
		*ret = services;
		return 0;
	}
	services_free_list(services, built);
	return -ENOMEM;
}
