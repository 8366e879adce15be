/* SPDX-License-Identifier: MIT */
/*
 * The reducer: verdicts, administrative states and weights of the real servers of one virtual
 * server in, quorum and the wanted kernel state out. Pure and idempotent; the same path serves
 * start, reload, repair and restart. Source: keepalived.conf(5) for quorum, hysteresis, sorry
 * server and inhibition. Different on purpose: a server that is shutting down counts neither as
 * usable nor as dead; it stays in the kernel with weight 0 whatever happens around it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/model.h"
#include "core/ipvs.h"
#include "core/snap.h"

#define SERVICE_ABSENT (-1) /* not to be in the kernel */

struct server_input {
	enum dest_admin admin;
	bool up; /* no checker says it is down */
	uint32_t conf_weight;
	int32_t override;	/* WEIGHT_NO_OVERRIDE: none */
	int32_t delta;		/* dynamic */
	uint32_t held_permille; /* slow start: of the weight, 0..999 */
	bool inhibit;		/* weight 0 instead of removal while down */
};

struct service_quorum {
	bool up;
	bool sorry_active;
	uint32_t weight; /* of all usable (unlocked and up) servers */
	uint32_t n_usable, n_draining, n_locked;
};

/* What one server adds to the weight that quorum is judged by: all of its weight, slow start or
 * not; 0 unless it is usable. */
uint32_t service_quorum_weight(const struct server_input *in);

/* The override, else configured + dynamic, 0..65535: what applies while the server is usable. */
int32_t service_nominal_weight(const struct server_input *in);

/*
 * The weight one server shall have: 0..65535 or SERVICE_ABSENT. The only place where the axes meet:
 * shuttingDown 0, locked absent, down absent or 0 (inhibit), else the nominal weight. sorry_active:
 * the service has lost its quorum and its sorry server serves instead; servers with weight 0 stay
 * then, they take nothing new and may hold connections. Of a weight above 0 slow start leaves at
 * least 1.
 */
int32_t service_effective_weight(const struct server_input *in, bool sorry_active);

/* Advances *quorum, which starts zeroed (no quorum): gained at quorum + hysteresis, lost below
 * quorum - hysteresis or at 0. in: one for each server of conf. */
void service_reduce(const struct conf_virtual_server *conf, const struct server_input *in,
		    struct service_quorum *quorum);

/* Fills room[conf->n_servers + 1] with the wanted destinations, sorted, and returns how many. */
size_t service_want_dests(const struct conf_virtual_server *conf, const struct server_input *in,
			  const struct service_quorum *quorum, struct ipvs_want_dest *room);

/* The service of one key around those destinations. Points into conf and dests. */
struct ipvs_want service_want(const struct conf_virtual_server *conf, const struct svc_key *key,
			      const struct ipvs_want_dest *dests, size_t n_dests);
