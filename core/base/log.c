/* SPDX-License-Identifier: MIT */
/*
 * A ring of fixed lines for each thread: the thread writes at head, the main thread reads at tail,
 * neither waits. A thread's own ring is the one thing kept per thread here, so that a log call
 * needs no argument for it; without a ring (tests, tools, start-up) the line goes to stderr at
 * once.
 */
#include "core/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"

#define RING_LINES 4096 /* a power of two; a thousand routers say a few lines each at once */

struct log_ring {
	_Atomic uint64_t head, tail; /* counts of lines ever written and read */
	_Atomic uint64_t dropped;
	struct log_line lines[RING_LINES];
};

static _Thread_local struct log_ring *own_ring;

int log_ring_new(struct log_ring **ret)
{
	struct log_ring *ring = calloc(1, sizeof *ring);

	if (!ring)
		return -ENOMEM;
	*ret = ring;
	return 0;
}

struct log_ring *log_ring_free(struct log_ring *ring)
{
	free(ring);
	return NULL;
}

void log_ring_use(struct log_ring *ring)
{
	own_ring = ring;
}

static void fill_line(struct log_line *line, int level, const char *subsystem, const char *format,
		      va_list arguments)
{
	line->wall_us = clock_wall_us();
	line->level = level;
	snprintf(line->subsystem, sizeof line->subsystem, "%s", subsystem);
	int length = vsnprintf(line->text, sizeof line->text, format, arguments);
	if (length >= (int)sizeof line->text)
		memcpy(line->text + sizeof line->text - 4, "...", 4);
}

void log_write(int level, const char *subsystem, const char *format, ...)
{
	struct log_ring *ring = own_ring;
	struct log_line local;
	va_list arguments;

	va_start(arguments, format);
	if (!ring) {
		fill_line(&local, level, subsystem, format, arguments);
		fprintf(stderr, "%s: %s\n", local.subsystem, local.text);
	} else {
		uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

		if (head - atomic_load_explicit(&ring->tail, memory_order_acquire) == RING_LINES) {
			atomic_fetch_add_explicit(&ring->dropped, 1, memory_order_relaxed);
		} else {
			fill_line(&ring->lines[head % RING_LINES], level, subsystem, format,
				  arguments);
			atomic_store_explicit(&ring->head, head + 1, memory_order_release);
		}
	}
	va_end(arguments);
}

bool log_ring_read(struct log_ring *ring, struct log_line *ret)
{
	uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	if (tail == atomic_load_explicit(&ring->head, memory_order_acquire))
		return false;
	*ret = ring->lines[tail % RING_LINES];
	atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
	return true;
}

uint64_t log_ring_dropped(const struct log_ring *ring)
{
	return atomic_load_explicit(&((struct log_ring *)ring)->dropped, memory_order_relaxed);
}
