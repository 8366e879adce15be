/* SPDX-License-Identifier: MIT */
/*
 * Servers on their way out (core/check/leaving.h). Two looks without a connection end it, as they
 * end a drain. A restart of vipd forgets them: what the configuration does not have is removed
 * then. Thread: check.
 */
#include "core/check/leaving.h"

#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/check/engine.h"

static bool is_configured(const struct service *service, const struct dest_key *key)
{
	return services_find_server(service, key) ||
	       (service->conf->has_sorry && dest_key_compare(&service->conf->sorry, key) == 0);
}

static bool is_in_kernel(const struct server *server)
{
	for (size_t k = 0; k < server->service->n_members; k++)
		if (server->places[k].in_kernel)
			return true;
	return false;
}

static void add(struct service *service, const struct server *server)
{
	uint64_t stay_us = service->conf->drain_on_removal_us;
	const struct conf_real_server *conf = server->conf;
	char text[KEY_TEXT_MAX];

	service->leaving[service->n_leaving++] = (struct leaving){
		.want = {.key = conf->key,
			 .method = conf->method,
			 .upper_threshold = conf->upper_threshold,
			 .lower_threshold = conf->lower_threshold},
		.deadline_us = clock_now_us() + stay_us,
	};
	log_notice("check",
		   "%s is no longer in %s: it keeps its connections, with weight 0, for %u s at "
		   "most",
		   dest_key_format(&conf->key, text), service->conf->id,
		   (unsigned)(stay_us / USEC_PER_SEC));
}

void leaving_begin(struct service *service)
{
	const struct service *was = service->was;

	if (!was || !service->conf->drain_on_removal_us)
		return;
	service->leaving = calloc(was->n_leaving + was->n_servers + 1, sizeof *service->leaving);
	if (!service->leaving) {
		log_error("check", "out of memory: servers taken from %s are removed at once",
			  service->conf->id);
		return;
	}
	for (size_t i = 0; i < was->n_leaving; i++)
		if (!is_configured(service, &was->leaving[i].want.key))
			service->leaving[service->n_leaving++] = was->leaving[i];
	for (size_t i = 0; i < was->n_servers; i++) {
		const struct server *server = was->servers[i];

		if (!server->taken && is_in_kernel(server) &&
		    !is_configured(service, &server->conf->key))
			add(service, server);
	}
}

static int by_key(const void *a, const void *b)
{
	return dest_key_compare(&((const struct ipvs_want_dest *)a)->key,
				&((const struct ipvs_want_dest *)b)->key);
}

size_t leaving_want(const struct service *service, struct ipvs_want_dest *dests, size_t n_dests)
{
	if (!service->n_leaving)
		return n_dests;
	for (size_t i = 0; i < service->n_leaving; i++)
		dests[n_dests++] = service->leaving[i].want;
	qsort(dests, n_dests, sizeof *dests, by_key);
	return n_dests;
}

/* Connections that hold it, of all members; quiesced: nothing new comes to it. */
static uint64_t usage(const struct engine *engine, const struct service *service,
		      const struct dest_key *key, bool *ret_quiesced)
{
	uint64_t count = 0;

	*ret_quiesced = true;
	for (size_t k = 0; k < service->n_members; k++) {
		const struct member *member = &service->members[k];
		const struct ipvs_found_dest *found =
			ipvs_find_dest(member->dests, member->n_dests, key);

		if (!found)
			continue;
		count += (uint64_t)found->active_conns + found->inactive_conns;
		if (sysctls_keep_templates(engine))
			count += found->persistent_conns;
		*ret_quiesced = *ret_quiesced && found->weight == 0;
	}
	return count;
}

static bool is_over(const struct engine *engine, const struct service *service,
		    struct leaving *leaving, uint64_t now_us)
{
	bool quiesced;
	uint64_t left = usage(engine, service, &leaving->want.key, &quiesced);
	char text[KEY_TEXT_MAX];

	if (now_us >= leaving->deadline_us) {
		log_notice("check", "%s, no longer in %s, is removed: its time is up, %u left",
			   dest_key_format(&leaving->want.key, text), service->conf->id,
			   (unsigned)left);
		return true;
	}
	if (left || !quiesced) {
		leaving->zero_at_us = 0;
		return false;
	}
	if (!leaving->zero_at_us) {
		leaving->zero_at_us = now_us;
		return false;
	}
	if (now_us - leaving->zero_at_us < ADMIN_ZERO_GAP_US)
		return false;
	log_notice("check", "%s, no longer in %s, is removed: drained",
		   dest_key_format(&leaving->want.key, text), service->conf->id);
	return true;
}

void leaving_look(struct engine *engine, struct service *service)
{
	uint64_t now_us = clock_now_us();
	size_t kept = 0;

	for (size_t i = 0; i < service->n_leaving; i++) {
		struct leaving *leaving = &service->leaving[i];

		if (!is_over(engine, service, leaving, now_us))
			service->leaving[kept++] = *leaving;
	}
	if (kept == service->n_leaving)
		return;
	service->n_leaving = kept;
	engine_mark(engine, service);
}
