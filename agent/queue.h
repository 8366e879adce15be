/* SPDX-License-Identifier: MIT */
/*
 * Notifications on their way to the master agent: a bounded FIFO with a window of sent but
 * unacknowledged ones at its head. Each has an id that only grows. Nothing leaves before its
 * acknowledgement, so a lost connection costs nothing: rewind, and the same ones are sent again in
 * the same order. When full the oldest is dropped and counted.
 *
 * Thread: agent.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct notification;
struct packed;
struct queue;

#define QUEUE_ROOM   65536
#define QUEUE_WINDOW 32

struct queue_counts {
	uint64_t queued;  /* ever */
	uint64_t sent;	  /* ever acknowledged */
	uint64_t dropped; /* ever lost: queue full, out of memory, or refused by the master */
	size_t waiting;	  /* now */
	size_t in_flight; /* of those */
};

int queue_new(size_t room, struct queue **ret); /* room: a power of two */
struct queue *queue_free(struct queue *queue);

/* Stores a copy. -ENOMEM, or -EINVAL for a varbind no PDU can carry: counted as dropped. */
int queue_push(struct queue *queue, const struct notification *notification);
/* The same of one that is packed already, which is the queue's from then on. */
int queue_take(struct queue *queue, struct packed *packed);

/*
 * The oldest one not in flight, as it was pushed; octets point into the queue and stay valid until
 * it is acknowledged or dropped. Returns its id, 0 when there is none or the window is full.
 * queue_mark_sent() puts it in flight at now_us.
 */
uint64_t queue_peek(struct queue *queue, struct notification *ret);
void queue_mark_sent(struct queue *queue, uint64_t now_us);

/* The master has it, or (accepted false) will never take it. Unknown ids are ignored. */
void queue_ack(struct queue *queue, uint64_t id, bool accepted);

/* The connection is gone: everything unacknowledged is to be sent again. */
void queue_rewind(struct queue *queue);

/* When the oldest unacknowledged one was sent; 0 when none is in flight. */
uint64_t queue_oldest_sent_us(const struct queue *queue);

/* Drops everything without counting it as lost: notifications were switched off. */
void queue_clear(struct queue *queue);

struct queue_counts queue_counts(const struct queue *queue);
