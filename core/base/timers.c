/* SPDX-License-Identifier: MIT */
/*
 * A binary heap by time. Each entry knows its place, so that it can be moved and removed without a
 * search; room is made when an entry joins, so that setting one never fails. Any thread, one at a
 * time.
 */
#include "core/base/timers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define ROOM_LEAST 8

int timers_join(struct timers *timers)
{
	if (timers->members == timers->room) {
		size_t room = timers->room ? 2 * timers->room : ROOM_LEAST;
		struct timers_entry **bigger =
			reallocarray(timers->heap, room, sizeof *timers->heap);

		if (!bigger)
			return -ENOMEM;
		timers->heap = bigger;
		timers->room = room;
	}
	timers->members++;
	return 0;
}

void timers_leave(struct timers *timers, struct timers_entry *entry)
{
	timers_remove(timers, entry);
	timers->members--;
}

static void put(struct timers *timers, size_t place, struct timers_entry *entry)
{
	timers->heap[place] = entry;
	entry->place = place;
}

/* Moves the entry from a free place towards the first until it is not earlier than what is above
 * it. */
static void rise(struct timers *timers, size_t place, struct timers_entry *entry)
{
	while (place) {
		size_t above = (place - 1) / 2;

		if (timers->heap[above]->at_us <= entry->at_us)
			break;
		put(timers, place, timers->heap[above]);
		place = above;
	}
	put(timers, place, entry);
}

/* And away from it until it is not later than what is below. */
static void sink(struct timers *timers, size_t place, struct timers_entry *entry)
{
	for (;;) {
		size_t below = 2 * place + 1;

		if (below + 1 < timers->n &&
		    timers->heap[below + 1]->at_us < timers->heap[below]->at_us)
			below++;
		if (below >= timers->n || timers->heap[below]->at_us >= entry->at_us)
			break;
		put(timers, place, timers->heap[below]);
		place = below;
	}
	put(timers, place, entry);
}

static void settle(struct timers *timers, size_t place, struct timers_entry *entry)
{
	if (place && timers->heap[(place - 1) / 2]->at_us > entry->at_us)
		rise(timers, place, entry);
	else
		sink(timers, place, entry);
}

void timers_set(struct timers *timers, struct timers_entry *entry, uint64_t at_us)
{
	assert(entry->place != TIMERS_NOWHERE || timers->n < timers->members);
	entry->at_us = at_us;
	settle(timers, entry->place == TIMERS_NOWHERE ? timers->n++ : entry->place, entry);
}

void timers_remove(struct timers *timers, struct timers_entry *entry)
{
	size_t place = entry->place;

	if (place == TIMERS_NOWHERE)
		return;
	entry->place = TIMERS_NOWHERE;
	struct timers_entry *last = timers->heap[--timers->n];
	if (last != entry)
		settle(timers, place, last);
}

struct timers_entry *timers_first(const struct timers *timers)
{
	return timers->n ? timers->heap[0] : NULL;
}

void timers_clear(struct timers *timers)
{
	free(timers->heap);
	*timers = (struct timers){0};
}
