/* SPDX-License-Identifier: MIT */
/*
 * Slow start: the weight of a server that comes back from a failure, a drain or a lock grows to its
 * full size over the configured time. A server that vipd finds up when it starts, or that a reload
 * brings, has its full weight at once. Quorum counts full weights. Thread: check.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define RAMP_PERMILLE 1000

struct engine;
struct service;

/* Of one server. */
struct ramp {
	bool known, usable; /* whether it was unlocked and up at the last look */
	uint32_t held_permille;
	uint64_t began_us; /* monotonic; 0: it has its full weight */
};

/* What of its weight a server does not have yet, 0..999, when it came back at began_us. */
uint32_t ramp_held(uint64_t began_us, uint64_t length_us, uint64_t now_us);

/* Before a service is reduced: servers that came back begin, those under way go on. */
void ramp_follow(struct service *service);
/* Servers that a former vipd left in the kernel with less than their weight go on from there. */
void ramp_resume(struct engine *engine);
/* For the next step of any service. */
void ramp_arm(struct engine *engine);
void ramp_tick(uint64_t now_us, void *engine);
