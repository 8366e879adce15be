/* SPDX-License-Identifier: MIT */
/*
 * Servers that a reload took out of a service with drain_on_removal: they stay in the kernel with
 * weight 0 until their connections have ended or their time is up. They have no rows, no checks and
 * no part in the quorum. Those of a virtual server that is gone go with it. Thread: check.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/ipvs.h"

struct engine;
struct service;

struct leaving {
	struct ipvs_want_dest want;
	uint64_t deadline_us; /* monotonic */
	uint64_t zero_at_us;  /* seen without connections since; 0: it has some */
};

/* What the new configuration has no more; service->was is there still. */
void leaving_begin(struct service *service);
/* Adds them to the wanted ones, which have room, and returns how many these are then. */
size_t leaving_want(const struct service *service, struct ipvs_want_dest *dests, size_t n_dests);
/* After a fresh look: ends those without connections, and those whose time is up. */
void leaving_look(struct engine *engine, struct service *service);
