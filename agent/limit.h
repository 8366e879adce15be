/* SPDX-License-Identifier: MIT */
/*
 * Limits for notifications on their way to the queue. One that comes too soon after the last about
 * the same thing, or while more than so many a second do, is held back; a newer one about the same
 * thing takes its place, so that the newest always arrives. What was replaced is counted.
 *
 * Things are the same when the longest name among their varbinds is, and the notifications are of
 * one kind.
 *
 * Thread: agent.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct limit;
struct notification;
struct queue;

#define LIMIT_INTERVAL_MAX_MS 3600000
#define LIMIT_RATE_MAX	      10000
#define LIMIT_ROOM	      65536 /* held back at most: then the oldest is dropped, and counted */

struct limits {
	uint32_t interval_ms; /* least time between two about the same thing; 0: none */
	uint32_t rate;	      /* most in a second; 0: no limit */
};

int limit_new(struct queue *queue, struct limit **ret);
struct limit *limit_free(struct limit *limit);

/* From now on; what is held back leaves when the new limits let it. */
void limit_set(struct limit *limit, struct limits limits);

/* Queued at once, or later. Negative errno: lost, and counted by the queue. */
int limit_push(struct limit *limit, const struct notification *notification, uint64_t now_us);

/* Queues what may go now: to be called several times a second. */
void limit_turn(struct limit *limit, uint64_t now_us);
/* Queues all that is held back. */
void limit_flush(struct limit *limit);
/* Forgets it. */
void limit_clear(struct limit *limit);

size_t limit_held(const struct limit *limit);	      /* now */
uint64_t limit_suppressed(const struct limit *limit); /* ever replaced or dropped */
