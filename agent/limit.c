/* SPDX-License-Identifier: MIT */
/*
 * Limits for notifications. Each thing that was told of less than an interval ago, or is to be told
 * of, has an entry: in the list of those held back, oldest first, or in that of those that rest
 * until their interval is over. The rate is kept as credit: a notification costs the part of a
 * second that it may take, and at most one second's worth is saved up.
 *
 * Thread: agent. Without limits nothing is kept, and a notification goes straight to the queue.
 */
#include "agent/limit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "agent/packed.h"
#include "agent/queue.h"
#include "agent/table.h"
#include "core/base/clock.h"

#define BUCKETS 8192 /* a power of two */

struct thing {
	TAILQ_ENTRY(thing) order;
	LIST_ENTRY(thing) bucket;
	uint64_t passed_us;    /* the last one of it; 0: none yet */
	struct packed *packed; /* held back; NULL: it rests */
	size_t n_ids;
	uint32_t ids[]; /* kind, then name */
};

TAILQ_HEAD(thing_list, thing);
LIST_HEAD(thing_bucket, thing);

struct limit {
	struct queue *queue;
	struct limits is;
	uint64_t credit_us, credited_us;
	bool starved; /* for lack of credit: nobody may pass those that wait */
	struct thing_list held, resting;
	struct thing_bucket buckets[BUCKETS];
	size_t n_held;
	uint64_t suppressed;
};

int limit_new(struct queue *queue, struct limit **ret)
{
	struct limit *limit = calloc(1, sizeof(*limit));

	if (!limit)
		return -ENOMEM;
	limit->queue = queue;
	TAILQ_INIT(&limit->held);
	TAILQ_INIT(&limit->resting);
	*ret = limit;
	return 0;
}

static void thing_free(struct thing *thing)
{
	LIST_REMOVE(thing, bucket);
	free(thing->packed);
	free(thing);
}

void limit_clear(struct limit *limit)
{
	struct thing *thing;

	while ((thing = TAILQ_FIRST(&limit->held))) {
		TAILQ_REMOVE(&limit->held, thing, order);
		thing_free(thing);
	}
	while ((thing = TAILQ_FIRST(&limit->resting))) {
		TAILQ_REMOVE(&limit->resting, thing, order);
		thing_free(thing);
	}
	limit->n_held = 0;
	limit->starved = false;
}

struct limit *limit_free(struct limit *limit)
{
	if (!limit)
		return NULL;
	limit_clear(limit);
	free(limit);
	return NULL;
}

void limit_set(struct limit *limit, struct limits limits)
{
	limit->is = limits;
}

/* ---- things ---- */

struct key {
	uint32_t ids[2 * OID_MAX];
	size_t n_ids;
};

static void key_of(const struct notification *n, struct key *ret)
{
	const struct varbind *longest = NULL;

	for (size_t i = 0; i < n->n_varbinds; i++)
		if (!longest || n->varbinds[i].name_length > longest->name_length)
			longest = &n->varbinds[i];
	ret->n_ids = n->trap_length;
	memcpy(ret->ids, n->trap, n->trap_length * sizeof(*ret->ids));
	ret->ids[ret->n_ids - 1] = n->kind;
	if (!longest)
		return;
	memcpy(ret->ids + ret->n_ids, longest->name, longest->name_length * sizeof(*ret->ids));
	ret->n_ids += longest->name_length;
}

/* FNV-1a */
static struct thing_bucket *bucket_of(struct limit *limit, const struct key *key)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < key->n_ids; i++)
		hash = (hash ^ key->ids[i]) * 0x100000001b3;
	return &limit->buckets[(hash ^ hash >> 32) & (BUCKETS - 1)];
}

/* A new one rests. NULL when memory is out. */
static struct thing *thing_of(struct limit *limit, const struct key *key)
{
	struct thing_bucket *bucket = bucket_of(limit, key);
	size_t octets = key->n_ids * sizeof(*key->ids);
	struct thing *thing;

	LIST_FOREACH(thing, bucket, bucket)
	if (thing->n_ids == key->n_ids && memcmp(thing->ids, key->ids, octets) == 0)
		return thing;
	thing = calloc(1, sizeof(*thing) + octets);
	if (!thing)
		return NULL;
	thing->n_ids = key->n_ids;
	memcpy(thing->ids, key->ids, octets);
	LIST_INSERT_HEAD(bucket, thing, bucket);
	TAILQ_INSERT_TAIL(&limit->resting, thing, order);
	return thing;
}

static void hold(struct limit *limit, struct thing *thing, struct packed *packed)
{
	if (thing->packed) {
		free(thing->packed);
		limit->suppressed++;
		TAILQ_REMOVE(&limit->held, thing, order);
	} else {
		TAILQ_REMOVE(&limit->resting, thing, order);
		limit->n_held++;
	}
	thing->packed = packed;
	TAILQ_INSERT_TAIL(&limit->held, thing, order);
}

static int pass(struct limit *limit, struct thing *thing, uint64_t now_us)
{
	int r = queue_take(limit->queue, thing->packed);

	thing->packed = NULL;
	thing->passed_us = now_us;
	limit->n_held--;
	TAILQ_REMOVE(&limit->held, thing, order);
	TAILQ_INSERT_TAIL(&limit->resting, thing, order);
	return r;
}

/* ---- limits ---- */

static bool is_too_soon(const struct limit *limit, const struct thing *thing, uint64_t now_us)
{
	return thing->passed_us &&
	       now_us - thing->passed_us < (uint64_t)limit->is.interval_ms * USEC_PER_MSEC;
}

static bool has_credit(struct limit *limit, uint64_t now_us)
{
	uint64_t cost_us = limit->is.rate ? USEC_PER_SEC / limit->is.rate : 0;

	limit->credit_us += now_us - limit->credited_us;
	limit->credited_us = now_us;
	if (limit->credit_us > USEC_PER_SEC)
		limit->credit_us = USEC_PER_SEC;
	limit->starved = limit->credit_us < cost_us;
	if (!limit->starved)
		limit->credit_us -= cost_us;
	return !limit->starved;
}

static void drop_oldest(struct limit *limit)
{
	struct thing *thing = TAILQ_FIRST(&limit->held);

	TAILQ_REMOVE(&limit->held, thing, order);
	thing_free(thing);
	limit->n_held--;
	limit->suppressed++;
}

int limit_push(struct limit *limit, const struct notification *notification, uint64_t now_us)
{
	struct packed *packed;
	struct thing *thing;
	struct key key;

	if (!limit->is.interval_ms && !limit->is.rate && !limit->n_held)
		return queue_push(limit->queue, notification);
	if (packed_new(notification, &packed) < 0)
		return queue_push(limit->queue, notification); /* which counts what is wrong */
	key_of(notification, &key);
	thing = thing_of(limit, &key);
	if (!thing)
		return queue_take(limit->queue, packed);
	hold(limit, thing, packed);
	if (!limit->starved && !is_too_soon(limit, thing, now_us) && has_credit(limit, now_us))
		return pass(limit, thing, now_us);
	if (limit->n_held > LIMIT_ROOM)
		drop_oldest(limit);
	return 0;
}

void limit_turn(struct limit *limit, uint64_t now_us)
{
	struct thing *thing = TAILQ_FIRST(&limit->held);

	limit->starved = false;
	while (thing) {
		struct thing *next = TAILQ_NEXT(thing, order);

		if (!is_too_soon(limit, thing, now_us)) {
			if (!has_credit(limit, now_us))
				break;
			(void)pass(limit, thing, now_us);
		}
		thing = next;
	}
	while ((thing = TAILQ_FIRST(&limit->resting)) && !is_too_soon(limit, thing, now_us)) {
		TAILQ_REMOVE(&limit->resting, thing, order);
		thing_free(thing);
	}
}

void limit_flush(struct limit *limit)
{
	struct thing *thing;

	while ((thing = TAILQ_FIRST(&limit->held)))
		(void)pass(limit, thing, clock_now_us());
}

size_t limit_held(const struct limit *limit)
{
	return limit->n_held;
}

uint64_t limit_suppressed(const struct limit *limit)
{
	return limit->suppressed;
}
