/* SPDX-License-Identifier: MIT */
/*
 * A kernel in memory behind struct ipvs_ops that remembers every command. It has one state for the
 * whole test program, as the kernel has. Commands behave like the real ones: NEW on what exists and
 * SET on what does not fail inside and are turned round, as core/net/ipvs.c does.
 */
#pragma once

#include "core/ipvs.h"

#define IPVS_DOUBLE_SERVICES 64
#define IPVS_DOUBLE_DESTS    64

struct double_service {
	struct ipvs_found found;
	char scheduler[16];
	struct ipvs_found_dest dests[IPVS_DOUBLE_DESTS];
	size_t n_dests;
};

struct ipvs_double {
	struct double_service services[IPVS_DOUBLE_SERVICES];
	size_t n_services;
	int open_error; /* what open() answers */
	int dump_error;
	int service_error; /* what NEW_SERVICE and SET_SERVICE answer */
	int dest_error; /* what commands for destinations answer, after dest_error_after of them */
	unsigned dest_error_after;
	/* The call of that number, from 1 on, whatever it asks, is answered with this instead. */
	unsigned calls, fail_at;
	int fail_error;
	bool open;
	/* commands so far */
	unsigned new_service, set_service, del_service, new_dest, set_dest, del_dest, flush,
		timeouts;
	unsigned dumps; /* looks at everything: in one go, or in pieces after read_about() */
	uint32_t tcp_s, tcpfin_s, udp_s;
	struct ipvs_sysctls sysctls;
	struct ipvs_sync sync[IPVS_SYNC_ROLES];
	int sync_error; /* what a start answers */
	unsigned sync_starts, sync_stops;
	/* Called for every destination that is added or edited. */
	void (*on_weight)(const struct svc_key *service, const struct dest_key *dest,
			  int32_t weight);
	/* Called when one service is looked at. */
	void (*on_look)(const struct svc_key *service);
};

struct ipvs_double *ipvs_double(void);
void ipvs_double_reset(void);
unsigned ipvs_double_commands(void); /* that change something, since the last call */
const struct ipvs_ops *ipvs_double_ops(void);
struct double_service *ipvs_double_service(const struct svc_key *key); /* NULL: none */
struct ipvs_found_dest *ipvs_double_dest(const struct svc_key *key,
					 const struct dest_key *dest); /* NULL: none */
