/* SPDX-License-Identifier: MIT */
/*
 * The notification queue: a ring of packed notifications. A struct notification is 14 kB of mostly
 * unused room; packed it is a few hundred octets, so that 65,536 of them fit in some 30 MB and cost
 * nothing when unused.
 *
 * Thread: agent. Knows neither net-snmp nor the connection.
 */
#include "agent/queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/table.h"

#define RING_FIRST  64
#define SWEEP_SHARE 64 /* of the room: what one sweep makes at most */

struct packed {
	uint64_t sent_us; /* 0: not in flight */
	uint64_t wall_us, mono_us;
	uint64_t about; /* what it is about, see notification_about() */
	bool acked, superseded;
	uint32_t size;
	unsigned char bytes[];
};

struct queue {
	struct packed **ring; /* entry of id i is at i & (room - 1) */
	size_t room, room_max;
	uint64_t head_id;  /* of the oldest; ids start at 1 */
	uint64_t next_id;  /* of the next pushed */
	uint64_t fresh_id; /* of the oldest not in flight */
	uint64_t sweep_at; /* not before so many were queued ever */
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

static struct packed **queue_slot(const struct queue *queue, uint64_t id)
{
	return &queue->ring[id & (queue->room - 1)];
}

static void queue_pop(struct queue *queue)
{
	struct packed **slot = queue_slot(queue, queue->head_id);

	free(*slot);
	*slot = NULL;
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
	struct packed **ring;

	if (room > queue->room_max)
		room = queue->room_max;
	ring = calloc(room, sizeof(struct packed *));
	if (!ring)
		return -ENOMEM;
	for (uint64_t id = queue->head_id; id < queue->next_id; id++)
		ring[id & (room - 1)] = *queue_slot(queue, id);
	free(queue->ring);
	queue->ring = ring;
	queue->room = room;
	return 0;
}

/* ---- packing: native byte order, read back by the same process only ---- */

struct pack {
	unsigned char *at; /* NULL while only measuring */
	size_t size;
};

static void pack_put(struct pack *pack, const void *from, size_t size)
{
	if (pack->at && size)
		memcpy(pack->at + pack->size, from, size);
	pack->size += size;
}

static const void *cell_octets(const struct cell *cell)
{
	return cell->octets ? cell->octets : cell->room;
}

static void pack_varbind(struct pack *pack, const struct varbind *varbind)
{
	const struct cell *cell = &varbind->cell;

	pack_put(pack, &varbind->name_length, sizeof(varbind->name_length));
	pack_put(pack, varbind->name, varbind->name_length * sizeof(*varbind->name));
	pack_put(pack, &varbind->type, sizeof(varbind->type));
	pack_put(pack, &cell->number, sizeof(cell->number));
	pack_put(pack, &cell->size, sizeof(cell->size));
	if (varbind->type == CELL_OID)
		pack_put(pack, cell->oid, cell->size * sizeof(*cell->oid));
	else
		pack_put(pack, cell_octets(cell), cell->size);
}

static void pack_notification(struct pack *pack, const struct notification *notification)
{
	pack_put(pack, &notification->trap_length, sizeof(notification->trap_length));
	pack_put(pack, notification->trap, notification->trap_length * sizeof(*notification->trap));
	pack_put(pack, &notification->n_varbinds, sizeof(notification->n_varbinds));
	for (size_t i = 0; i < notification->n_varbinds; i++)
		pack_varbind(pack, &notification->varbinds[i]);
}

static void unpack_get(const unsigned char **at, void *to, size_t size)
{
	memcpy(to, *at, size);
	*at += size;
}

static void unpack_varbind(const unsigned char **at, struct varbind *ret)
{
	struct cell *cell = &ret->cell;

	unpack_get(at, &ret->name_length, sizeof(ret->name_length));
	unpack_get(at, ret->name, ret->name_length * sizeof(*ret->name));
	unpack_get(at, &ret->type, sizeof(ret->type));
	unpack_get(at, &cell->number, sizeof(cell->number));
	unpack_get(at, &cell->size, sizeof(cell->size));
	if (ret->type == CELL_OID) {
		cell->octets = NULL;
		unpack_get(at, cell->oid, cell->size * sizeof(*cell->oid));
		return;
	}
	cell->octets = *at;
	*at += cell->size;
}

static void unpack_notification(const struct packed *packed, struct notification *ret)
{
	const unsigned char *at = packed->bytes;

	ret->wall_us = packed->wall_us;
	ret->mono_us = packed->mono_us;
	unpack_get(&at, &ret->trap_length, sizeof(ret->trap_length));
	unpack_get(&at, ret->trap, ret->trap_length * sizeof(*ret->trap));
	unpack_get(&at, &ret->n_varbinds, sizeof(ret->n_varbinds));
	for (size_t i = 0; i < ret->n_varbinds; i++)
		unpack_varbind(&at, &ret->varbinds[i]);
	assert(at == packed->bytes + packed->size);
}

static bool notification_is_sound(const struct notification *notification)
{
	if (notification->trap_length == 0 || notification->trap_length > OID_MAX ||
	    notification->n_varbinds > NOTIFICATION_VARBINDS_MAX)
		return false;
	for (size_t i = 0; i < notification->n_varbinds; i++) {
		const struct varbind *varbind = &notification->varbinds[i];
		const struct cell *cell = &varbind->cell;

		if (varbind->name_length == 0 || varbind->name_length > OID_MAX)
			return false;
		if (varbind->type == CELL_OID &&
		    cell->size > sizeof(cell->oid) / sizeof(*cell->oid))
			return false;
		if (varbind->type != CELL_OID && !cell->octets && cell->size > sizeof(cell->room))
			return false;
	}
	return true;
}

/* ---- the last word on each object ---- */

/*
 * The names of the varbinds with their instances, without the values and without the trap's own
 * name: up and down of one server have the same, and those of two servers or of its drain have not.
 */
static uint64_t notification_about(const struct notification *notification)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a, by sub-identifiers */

	for (size_t i = 0; i < notification->n_varbinds; i++) {
		const struct varbind *varbind = &notification->varbinds[i];

		for (size_t k = 0; k < varbind->name_length; k++)
			hash = (hash ^ varbind->name[k]) * 1099511628211u;
		hash = (hash ^ varbind->name_length) * 1099511628211u;
	}
	return hash ? hash : 1;
}

/* Adds to an open-addressed set of so many places, a power of two; false: it was there. */
static bool seen_add(uint64_t *seen, size_t places, uint64_t about)
{
	size_t at = (about ^ about >> 32) & (places - 1);

	while (seen[at] && seen[at] != about)
		at = (at + 1) & (places - 1);
	if (seen[at])
		return false;
	seen[at] = about;
	return true;
}

/* Marks those not in flight that a newer one supersedes. False: no memory to find out. */
static bool mark_superseded(struct queue *queue)
{
	size_t places = 2 * queue->room;
	uint64_t *seen = calloc(places, sizeof(*seen));

	if (!seen)
		return false;
	for (uint64_t id = queue->next_id; id-- > queue->fresh_id;) {
		struct packed *packed = *queue_slot(queue, id);

		packed->superseded = !seen_add(seen, places, packed->about);
	}
	free(seen);
	return true;
}

/* Drops the oldest of them, and moves the others up; what is in flight keeps its id. */
static void sweep(struct queue *queue)
{
	size_t most = queue->room / SWEEP_SHARE + 1;
	uint64_t to = queue->fresh_id;

	queue->sweep_at = queue->queued + most;
	if (!mark_superseded(queue))
		return;
	for (uint64_t id = queue->fresh_id; id < queue->next_id; id++) {
		struct packed *packed = *queue_slot(queue, id);

		*queue_slot(queue, id) = NULL;
		if (packed->superseded && most) {
			most--;
			queue->dropped += !packed->acked;
			free(packed);
			continue;
		}
		*queue_slot(queue, to++) = packed;
	}
	queue->next_id = to;
}

static void make_room(struct queue *queue)
{
	if (queue->queued >= queue->sweep_at)
		sweep(queue);
	if (queue->next_id - queue->head_id < queue->room)
		return;
	queue->dropped++;
	queue_pop(queue);
}

int queue_push(struct queue *queue, const struct notification *notification)
{
	struct pack pack = {0};
	struct packed *packed;

	queue->queued++;
	if (!notification_is_sound(notification)) {
		queue->dropped++;
		return -EINVAL;
	}
	pack_notification(&pack, notification);
	packed = malloc(sizeof(*packed) + pack.size);
	if (!packed || (queue->next_id - queue->head_id == queue->room &&
			queue->room < queue->room_max && queue_grow(queue) < 0)) {
		free(packed);
		queue->dropped++;
		return -ENOMEM;
	}
	*packed = (struct packed){
		.about = notification_about(notification),
		.size = (uint32_t)pack.size,
		.wall_us = notification->wall_us,
		.mono_us = notification->mono_us,
	};
	pack = (struct pack){.at = packed->bytes};
	pack_notification(&pack, notification);
	if (queue->next_id - queue->head_id == queue->room)
		make_room(queue);
	*queue_slot(queue, queue->next_id++) = packed;
	return 0;
}

/* ---- the window ---- */

uint64_t queue_peek(struct queue *queue, struct notification *ret)
{
	/* After a rewind those acknowledged out of order are not sent a second time. */
	while (queue->fresh_id < queue->next_id && (*queue_slot(queue, queue->fresh_id))->acked)
		queue->fresh_id++;
	if (queue->fresh_id == queue->next_id || queue->fresh_id - queue->head_id >= QUEUE_WINDOW)
		return 0;
	unpack_notification(*queue_slot(queue, queue->fresh_id), ret);
	return queue->fresh_id;
}

void queue_mark_sent(struct queue *queue, uint64_t now_us)
{
	assert(queue->fresh_id < queue->next_id);
	(*queue_slot(queue, queue->fresh_id))->sent_us = now_us;
	queue->fresh_id++;
}

void queue_ack(struct queue *queue, uint64_t id, bool accepted)
{
	struct packed *packed;

	if (id < queue->head_id || id >= queue->fresh_id)
		return;
	packed = *queue_slot(queue, id);
	if (packed->acked)
		return;
	packed->acked = true;
	if (accepted)
		queue->sent++;
	else
		queue->dropped++;
	while (queue->head_id < queue->fresh_id && (*queue_slot(queue, queue->head_id))->acked)
		queue_pop(queue);
}

void queue_rewind(struct queue *queue)
{
	for (uint64_t id = queue->head_id; id < queue->fresh_id; id++)
		(*queue_slot(queue, id))->sent_us = 0;
	queue->fresh_id = queue->head_id;
}

uint64_t queue_oldest_sent_us(const struct queue *queue)
{
	return queue->head_id < queue->fresh_id ? (*queue_slot(queue, queue->head_id))->sent_us : 0;
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
