/* SPDX-License-Identifier: MIT */
/*
 * The quorum reducer (core/check/service.h). No clock, no kernel, no log, no memory of its own
 * besides the quorum the caller keeps: whoever calls it twice with the same inputs gets the same
 * wanted state.
 */
#include "core/check/service.h"

#include <linux/ip_vs.h>
#include <stdlib.h>

int32_t service_nominal_weight(const struct server_input *in)
{
	int64_t weight = (int64_t)in->conf_weight + in->delta;

	/* What an operator said holds to the letter: a SET of 0 must not become the program's
	 * weight. */
	if (in->override >= 0)
		return in->override;
	if (weight < 0)
		return 0;
	return weight > WEIGHT_MAX ? WEIGHT_MAX : (int32_t)weight;
}

static int32_t held_back(int32_t weight, uint32_t permille)
{
	int64_t left = (int64_t)weight * (1000 - permille) / 1000;

	return weight > 0 && left == 0 ? 1 : (int32_t)left;
}

int32_t service_effective_weight(const struct server_input *in, bool sorry_active)
{
	int32_t weight = service_nominal_weight(in);

	if (in->admin == DEST_SHUTTING_DOWN)
		return 0;
	if (in->admin != DEST_UNLOCKED)
		return SERVICE_ABSENT;
	if (!in->up || (sorry_active && weight > 0))
		return in->inhibit ? 0 : SERVICE_ABSENT;
	return held_back(weight, in->held_permille);
}

static bool is_usable(const struct server_input *in)
{
	return in->admin == DEST_UNLOCKED && in->up;
}

uint32_t service_quorum_weight(const struct server_input *in)
{
	return is_usable(in) ? (uint32_t)service_nominal_weight(in) : 0;
}

static bool quorum_after(const struct conf_virtual_server *conf, bool up, uint32_t weight)
{
	uint64_t gain_at = (uint64_t)conf->quorum + conf->hysteresis;
	uint32_t lose_below = conf->quorum > conf->hysteresis ? conf->quorum - conf->hysteresis : 0;

	if (weight == 0)
		return false;
	return up ? weight >= lose_below : weight >= gain_at;
}

void service_reduce(const struct conf_virtual_server *conf, const struct server_input *in,
		    struct service_quorum *quorum)
{
	struct service_quorum next = {0};
	uint64_t weight = 0;

	for (size_t i = 0; i < conf->n_servers; i++) {
		next.n_draining += in[i].admin == DEST_SHUTTING_DOWN;
		next.n_locked += in[i].admin == DEST_LOCKED;
		next.n_usable += is_usable(&in[i]);
		weight += service_quorum_weight(&in[i]);
	}
	next.weight = weight > UINT32_MAX ? UINT32_MAX : (uint32_t)weight;
	next.up = quorum_after(conf, quorum->up, next.weight);
	next.sorry_active = conf->has_sorry && !next.up;
	*quorum = next;
}

static int by_key(const void *a, const void *b)
{
	return dest_key_compare(&((const struct ipvs_want_dest *)a)->key,
				&((const struct ipvs_want_dest *)b)->key);
}

/* A sorry server that is a real server of the same service too is governed by the latter's
 * administrative state. */
static bool sorry_is_held(const struct conf_virtual_server *conf, const struct server_input *in)
{
	for (size_t i = 0; i < conf->n_servers; i++) {
		if (in[i].admin != DEST_UNLOCKED &&
		    dest_key_compare(&conf->servers[i].key, &conf->sorry) == 0)
			return true;
	}
	return false;
}

static size_t add_sorry(const struct conf_virtual_server *conf, const struct server_input *in,
			bool active, struct ipvs_want_dest *room, size_t used)
{
	struct ipvs_want_dest sorry = {
		.key = conf->sorry,
		.weight = active ? 1 : 0,
		.method = conf->sorry_method,
	};

	if (!conf->has_sorry || (!active && !conf->sorry_inhibit) || sorry_is_held(conf, in))
		return used;
	for (size_t i = 0; i < used; i++) {
		if (dest_key_compare(&room[i].key, &sorry.key) != 0)
			continue;
		if (active)
			room[i] = sorry;
		return used;
	}
	room[used] = sorry;
	return used + 1;
}

size_t service_want_dests(const struct conf_virtual_server *conf, const struct server_input *in,
			  const struct service_quorum *quorum, struct ipvs_want_dest *room)
{
	size_t used = 0;

	for (size_t i = 0; i < conf->n_servers; i++) {
		const struct conf_real_server *server = &conf->servers[i];
		int32_t weight = service_effective_weight(&in[i], quorum->sorry_active);

		if (weight == SERVICE_ABSENT)
			continue;
		room[used++] = (struct ipvs_want_dest){
			.key = server->key,
			.weight = weight,
			.method = server->method,
			.upper_threshold = server->upper_threshold,
			.lower_threshold = server->lower_threshold,
		};
	}
	used = add_sorry(conf, in, quorum->sorry_active, room, used);
	if (used > 1)
		qsort(room, used, sizeof *room, by_key);
	return used;
}

struct ipvs_want service_want(const struct conf_virtual_server *conf, const struct svc_key *key,
			      const struct ipvs_want_dest *dests, size_t n_dests)
{
	struct ipvs_want want = {
		.key = *key,
		.scheduler = conf->scheduler,
		.persistence_s = conf->persistence_s,
		.persistence_prefix = conf->persistence_prefix,
		.persistence_engine = conf->persistence_engine,
		.dests = dests,
		.n_dests = n_dests,
	};

	want.flags |= conf->persistence_s ? IP_VS_SVC_F_PERSISTENT : 0;
	want.flags |= conf->one_packet ? IP_VS_SVC_F_ONEPACKET : 0;
	want.flags |= conf->flag1 ? IP_VS_SVC_F_SCHED1 : 0;
	want.flags |= conf->flag2 ? IP_VS_SVC_F_SCHED2 : 0;
	want.flags |= conf->flag3 ? IP_VS_SVC_F_SCHED3 : 0;
	return want;
}
