/* SPDX-License-Identifier: MIT */
/*
 * What the kernel showed last, kept beside the rows it belongs to: connection counts, weights, and
 * counters with their continuity. A look that failed changes nothing here, so a busy kernel never
 * shows as zeros. Thread: check.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/check/engine.h"

static bool went_back(const struct ipvs_stats *before, const struct ipvs_stats *now)
{
	return now->conns < before->conns || now->in_packets < before->in_packets ||
	       now->out_packets < before->out_packets || now->in_octets < before->in_octets ||
	       now->out_octets < before->out_octets;
}

/* stats: NULL when the entry is absent, which keeps the last totals; rates are then none. */
static void follow(struct counters *counters, const struct ipvs_stats *stats, uint64_t now_us)
{
	if (!stats) {
		counters->present = false;
		counters->stats.conn_rate = 0;
		counters->stats.in_packet_rate = 0;
		counters->stats.out_packet_rate = 0;
		counters->stats.in_octet_rate = 0;
		counters->stats.out_octet_rate = 0;
		return;
	}
	/* A re-added entry may start from zero or revive with its old totals: both are a break. */
	if (counters->seen && (!counters->present || went_back(&counters->stats, stats)))
		counters->since_us = now_us;
	counters->seen = true;
	counters->present = true;
	counters->stats = *stats;
}

static void place_update(struct place *place, const struct ipvs_found_dest *found, uint64_t now_us)
{
	place->in_kernel = found != NULL;
	place->weight = found ? found->weight : -1;
	place->active = found ? found->active_conns : 0;
	place->inactive = found ? found->inactive_conns : 0;
	place->persistent = found ? found->persistent_conns : 0;
	follow(&place->counters, found ? &found->stats : NULL, now_us);
}

static bool copy_dests(struct member *member, const struct ipvs_found_dest *dests, size_t n_dests)
{
	if (n_dests > member->n_dests) {
		struct ipvs_found_dest *bigger =
			reallocarray(member->dests, n_dests, sizeof *dests);

		if (!bigger)
			return false;
		member->dests = bigger;
	}
	if (n_dests)
		memcpy(member->dests, dests, n_dests * sizeof *dests);
	member->n_dests = n_dests;
	return true;
}

static void places_update(struct service *service, struct member *member, uint64_t now_us)
{
	size_t k = (size_t)(member - service->members);

	for (size_t i = 0; i < service->n_servers; i++) {
		struct server *server = service->servers[i];

		place_update(&server->places[k],
			     ipvs_find_dest(member->dests, member->n_dests, &server->conf->key),
			     now_us);
	}
	if (service->conf->has_sorry)
		place_update(&member->sorry,
			     ipvs_find_dest(member->dests, member->n_dests, &service->conf->sorry),
			     now_us);
}

void view_update(struct engine *engine, struct service *service, struct member *member,
		 const struct ipvs_dump *dump)
{
	const struct ipvs_found *found = dump ? ipvs_find_service(dump, &member->key) : NULL;
	uint64_t now_us = clock_now_us();

	engine->views_moved = true;
	if (!copy_dests(member, found ? dump->dests + found->first_dest : NULL,
			found ? found->n_dests : 0)) {
		log_error("check", "out of memory: counters of %s are stale", service->conf->id);
		return;
	}
	member->in_kernel = found != NULL;
	if (found) {
		member->found = *found;
		member->found.first_dest = 0;
	}
	follow(&member->counters, found ? &found->stats : NULL, now_us);
	places_update(service, member, now_us);
}

/* The kernel is out of reach: nothing is known to be in it. */
void view_lost(struct engine *engine)
{
	for (size_t i = 0; i < engine->n_services; i++) {
		struct service *service = engine->services[i];

		for (size_t k = 0; k < service->n_members; k++)
			view_update(engine, service, &service->members[k], NULL);
	}
}
