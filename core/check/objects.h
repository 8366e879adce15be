/* SPDX-License-Identifier: MIT */
/*
 * What the check engine keeps of virtual servers, real servers and checkers, and of what they are
 * in the kernel. Private to core/check, which belongs to the check thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/check/admin.h"
#include "core/check/check.h"
#include "core/check/leaving.h"
#include "core/check/ramp.h"
#include "core/check/service.h"
#include "core/ipvs.h"
#include "core/snap.h"

struct counters {
	struct ipvs_stats stats;
	uint64_t since_us; /* when continuity was last lost, 0: never */
	bool seen;	   /* ever */
	bool present;	   /* in the newest look */
};

/* The state columns of a published row, to tell when they last changed. */
struct shown {
	int32_t weight_override, conf_weight, effective_weight, kernel_weight;
	uint32_t drain_timeout_s;
	uint8_t admin, storage, oper, alive, in_kernel, drain, drain_action, unused;
};

/* One destination of one kernel service. Of this and the three that follow there are tens of
 * thousands: their fields stand where they leave no hole. */
struct place {
	struct counters counters;
	uint64_t changed_us;
	struct shown shown;
	int32_t weight;
	uint32_t active, inactive, persistent;
	bool in_kernel;
};

struct engine;
struct server;
struct service;

/* One checker of one real server. */
struct probe {
	struct check *check;
	struct server *server;
	uint32_t index;	 /* into the server's checkers */
	uint32_t weight; /* that the program of a MISC_CHECK wants, when has_weight */
	int32_t delta;	 /* that the file of a FILE_CHECK adds */
	bool has_weight;
	bool local_error;	    /* the newest attempt failed on our side */
	bool up;		    /* what was last told of it */
	struct snap_checker record; /* conf_index apart, which the published row gets */
	char *error;		    /* of the record; NULL: none */
};

/* One real server of one virtual server, in one block with its places and probes. */
struct server {
	struct service *service;
	const struct conf_real_server *conf;
	struct place *places;  /* one for each member of the service */
	struct probe **probes; /* one for each checker of conf */
	uint32_t n_probes;
	uint32_t index;	       /* into the virtual server's servers */
	uint32_t numbers_used; /* of its checkers, past ones included */
	enum dest_oper oper;
	uint64_t oper_changed_wall_us;
	char *last_error; /* NULL: there was none */
	struct ramp ramp;
	struct admin admin;
	/* While adopting a configuration: what this was before, and its probes that go on, NULL
	 * where there is none. */
	struct server *was;
	struct probe **was_probes;
	uint32_t undo;	   /* when changing: what it was, among what the pending SET remembers */
	uint32_t moved_by; /* its newest change of state or weight */
	bool up;
	bool taken;	/* while adopting: it was found again */
	bool is_new;	/* with the newest configuration */
	bool changing;	/* by the pending SET */
	bool concerned; /* by the change of its machine under way */
};

/* One kernel service: a virtual server over a group has several. */
struct member {
	struct service *service;
	struct svc_key key;
	bool in_kernel;
	struct ipvs_found found;
	struct ipvs_found_dest *dests;
	size_t n_dests;
	struct counters counters;
	struct place sorry;
	int error; /* of the newest attempt to bring it where it should be */
	bool shown_in_kernel;
	bool drifted; /* somebody else's change is left as it is */
	/* While adopting: the same kernel service, under whatever name; and whether it goes on. */
	struct member *was;
	bool taken;
};

/* One virtual server. */
struct service {
	struct engine *engine;
	const struct conf_virtual_server *conf;
	uint32_t index; /* into conf->services */
	struct server **servers;
	size_t n_servers;
	struct member *members;
	size_t n_members;
	struct service_quorum quorum;
	struct service_quorum shown_quorum;
	uint64_t quorum_changed_wall_us, changed_us;
	struct leaving *leaving;
	size_t n_leaving;
	uint64_t looked_us;  /* when the kernel was last asked about it */
	uint64_t ramp_at_us; /* when a server gets more of its weight, 0: none does */
	bool dirty;
	bool suspended;	     /* ha_suspend: none of its addresses is here, nothing is checked */
	bool unseen;	     /* told something, or new to us, since the kernel was last looked at */
	struct service *was; /* while adopting, as in struct server */
	bool taken;
	bool looked, judged, pushed; /* by the pending SET */
};
