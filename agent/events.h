/* SPDX-License-Identifier: MIT */
/*
 * The ring of events: what has happened and what operators have changed, newest last, each with a
 * number that only grows. Bounded: the oldest is forgotten. Texts are kept, not references, so an
 * event outlives what it is about.
 *
 * Thread: agent.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/cmd.h"

struct events;

#define EVENTS_DEFAULT 1024
#define EVENTS_MAX     65535

/* ipvsdEventType */
enum happening_kind {
	HAPPENING_DEST_UP = 1,
	HAPPENING_DEST_DOWN = 2,
	HAPPENING_CHANGE = 3,
	HAPPENING_DRAIN_STARTED = 4,
	HAPPENING_DRAIN_COMPLETED = 5,
	HAPPENING_DRAIN_TIMED_OUT = 6,
	HAPPENING_DRAIN_CANCELLED = 7,
	HAPPENING_QUORUM_GAINED = 8,
	HAPPENING_QUORUM_LOST = 9,
	HAPPENING_SYNC = 11,
	HAPPENING_CONFIG = 12,
	HAPPENING_DRIFT = 13,
	HAPPENING_INSTANCE = 15,
	HAPPENING_GROUP = 16,
};

/* Texts are never NULL and at most 255 octets. */
struct happening {
	enum happening_kind kind;
	uint64_t wall_us, mono_us;
	enum changed_object object; /* CHANGED_NOTHING: of the director as a whole */
	struct svc_key svc;
	struct dest_key dest;
	const char *who, *name, *was, *now, *text;
};

struct event_entry {
	uint32_t number;
	struct happening is; /* its texts follow */
};

int events_new(struct events **ret);
struct events *events_free(struct events *events);

/* Keeps a copy. Without memory the event is lost, and counted as dropped. */
void events_add(struct events *events, const struct happening *happening);
/* What one message is worth: nothing for most events of single packets or checkers. */
void events_add_event(struct events *events, const struct msg_event *event);
void events_add_changed(struct events *events, const struct msg_changed *changed);

/* How many are kept at most; forgets what is more. -ENOMEM: as before. */
int events_resize(struct events *events, uint32_t room);
uint32_t events_room(const struct events *events);

/* Oldest first. */
size_t events_count(const struct events *events);
const struct event_entry *events_at(const struct events *events, size_t at);
uint32_t events_last(const struct events *events);    /* number of the newest ever, 0: none */
uint32_t events_dropped(const struct events *events); /* forgotten, or lost */
