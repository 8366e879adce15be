/* SPDX-License-Identifier: MIT */
/*
 * The notification queue: a ring of packed notifications, which costs nothing when unused.
 *
 * Thread: agent. Knows neither net-snmp nor the connection.
 */
#include "agent/queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/packed.h"
#include "agent/table.h"

#define RING_FIRST 64

struct place {
	struct packed *packed;
	uint64_t sent_us; /* 0: not in flight */
	bool acked;
};

struct queue {
	struct place *ring; /* entry of id i is at i & (room - 1) */
	size_t room, room_max;
	uint64_t head_id;  /* of the oldest; ids start at 1 */
	uint64_t next_id;  /* of the next pushed */
	uint64_t fresh_id; /* of the oldest not in flight */
	uint64_t queued, sent, dropped;
};

int queue_new(size_t room, struct queue **ret)
{
	struct queue *queue = calloc(1, sizeof(*queue));

	assert(room && !(room & (room - 1)));
	if (!queue)
		return -ENOMEM;
	queue->room_max = room;
	queue->head_id = queue->next_id = queue->fresh_id = 1;
	*ret = queue;
	return 0;
}

static struct place *queue_place(const struct queue *queue, uint64_t id)
{
	return &queue->ring[id & (queue->room - 1)];
}

static void queue_pop(struct queue *queue)
{
	struct place *place = queue_place(queue, queue->head_id);

	free(place->packed);
	*place = (struct place){0};
	queue->head_id++;
	if (queue->fresh_id < queue->head_id)
		queue->fresh_id = queue->head_id;
}

void queue_clear(struct queue *queue)
{
	while (queue->head_id < queue->next_id)
		queue_pop(queue);
}

struct queue *queue_free(struct queue *queue)
{
	if (!queue)
		return NULL;
	queue_clear(queue);
	free(queue->ring);
	free(queue);
	return NULL;
}

static int queue_grow(struct queue *queue)
{
	size_t room = queue->room ? 2 * queue->room : RING_FIRST;
	struct place *ring;

	if (room > queue->room_max)
		room = queue->room_max;
	ring = calloc(room, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	for (uint64_t id = queue->head_id; id < queue->next_id; id++)
		ring[id & (room - 1)] = *queue_place(queue, id);
	free(queue->ring);
	queue->ring = ring;
	queue->room = room;
	return 0;
}

int queue_take(struct queue *queue, struct packed *packed)
{
	queue->queued++;
	if (queue->next_id - queue->head_id == queue->room && queue->room < queue->room_max &&
	    queue_grow(queue) < 0) {
		free(packed);
		queue->dropped++;
		return -ENOMEM;
	}
	if (queue->next_id - queue->head_id == queue->room) {
		queue->dropped++;
		queue_pop(queue);
	}
	*queue_place(queue, queue->next_id++) = (struct place){.packed = packed};
	return 0;
}

int queue_push(struct queue *queue, const struct notification *notification)
{
	struct packed *packed;
	int r = packed_new(notification, &packed);

	if (r == 0)
		return queue_take(queue, packed);
	queue->queued++;
	queue->dropped++;
	return r;
}

/* ---- the window ---- */

uint64_t queue_peek(struct queue *queue, struct notification *ret)
{
	/* After a rewind those acknowledged out of order are not sent a second time. */
	while (queue->fresh_id < queue->next_id && queue_place(queue, queue->fresh_id)->acked)
		queue->fresh_id++;
	if (queue->fresh_id == queue->next_id || queue->fresh_id - queue->head_id >= QUEUE_WINDOW)
		return 0;
	packed_read(queue_place(queue, queue->fresh_id)->packed, ret);
	return queue->fresh_id;
}

void queue_mark_sent(struct queue *queue, uint64_t now_us)
{
	assert(queue->fresh_id < queue->next_id);
	queue_place(queue, queue->fresh_id)->sent_us = now_us;
	queue->fresh_id++;
}

void queue_ack(struct queue *queue, uint64_t id, bool accepted)
{
	struct place *place;

	if (id < queue->head_id || id >= queue->fresh_id)
		return;
	place = queue_place(queue, id);
	if (place->acked)
		return;
	place->acked = true;
	if (accepted)
		queue->sent++;
	else
		queue->dropped++;
	while (queue->head_id < queue->fresh_id && queue_place(queue, queue->head_id)->acked)
		queue_pop(queue);
}

void queue_rewind(struct queue *queue)
{
	for (uint64_t id = queue->head_id; id < queue->fresh_id; id++)
		queue_place(queue, id)->sent_us = 0;
	queue->fresh_id = queue->head_id;
}

uint64_t queue_oldest_sent_us(const struct queue *queue)
{
	return queue->head_id < queue->fresh_id ? queue_place(queue, queue->head_id)->sent_us : 0;
}

struct queue_counts queue_counts(const struct queue *queue)
{
	return (struct queue_counts){
		.queued = queue->queued,
		.sent = queue->sent,
		.dropped = queue->dropped,
		.waiting = (size_t)(queue->next_id - queue->head_id),
		.in_flight = (size_t)(queue->fresh_id - queue->head_id),
	};
}
