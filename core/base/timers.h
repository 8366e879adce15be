/* SPDX-License-Identifier: MIT */
/*
 * Deadlines of which the earliest is always at hand: a heap of entries that stand in their owners'
 * structs. Adding, moving and removing one costs the logarithm of how many there are, and nothing
 * is allocated by it. No clock, no thread of its own.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TIMERS_NOWHERE SIZE_MAX

/* Belongs to its owner, who sets place to TIMERS_NOWHERE before the first use. */
struct timers_entry {
	uint64_t at_us;
	size_t place; /* in the heap; TIMERS_NOWHERE: it is not in it */
};

/* All zero: an empty one. */
struct timers {
	struct timers_entry **heap;
	size_t n, room;
	size_t members; /* for so many there is to be room */
};

/* Makes room for one more entry, which belongs to it from now on; -ENOMEM. */
int timers_join(struct timers *timers);
/* The entry is taken out and belongs to it no more. */
void timers_leave(struct timers *timers, struct timers_entry *entry);

/* At this time, wherever it was before. The entry has joined. */
void timers_set(struct timers *timers, struct timers_entry *entry, uint64_t at_us);
/* Taken out, if it is in. */
void timers_remove(struct timers *timers, struct timers_entry *entry);

/* The earliest, of equal ones any; NULL: there is none. */
struct timers_entry *timers_first(const struct timers *timers);

/* Frees the room; the entries stay their owners'. */
void timers_clear(struct timers *timers);
