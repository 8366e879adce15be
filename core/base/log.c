/* SPDX-License-Identifier: MIT */
/*
 * A ring of lines for each thread, each as long as it is: the thread writes at head, the main
 * thread reads at tail, neither waits. A thread's own ring is the one thing kept per thread here,
 * so that a log call needs no argument for it; without a ring (tests, tools, start-up) the line
 * goes to stderr at once.
 */
#include "core/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"

/* A power of two; some four thousand lines, as a thousand routers say a few each at once. What was
 * written once stays in memory: a daemon that runs for long has used every octet of it. */
#define RING_OCTETS (512 * 1024)

struct log_ring {
	_Atomic uint64_t head, tail; /* counts of octets ever written and read */
	_Atomic uint64_t dropped;
	char octets[RING_OCTETS];
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
	if (length < 0)
		line->text[0] = '\0';
	if (length >= (int)sizeof line->text)
		memcpy(line->text + sizeof line->text - 4, "...", 4);
	line->length = (uint32_t)strlen(line->text);
}

/* ---- octets of a ring; it ends and begins anew anywhere ---- */

#define LINE_HEAD offsetof(struct log_line, text)

static size_t until_end(uint64_t at, size_t size)
{
	size_t left = RING_OCTETS - at % RING_OCTETS;

	return size < left ? size : left;
}

static void copy_in(struct log_ring *ring, uint64_t at, const void *from, size_t size)
{
	size_t first = until_end(at, size);

	memcpy(ring->octets + at % RING_OCTETS, from, first);
	memcpy(ring->octets, (const char *)from + first, size - first);
}

static void copy_out(const struct log_ring *ring, uint64_t at, void *to, size_t size)
{
	size_t first = until_end(at, size);

	memcpy(to, ring->octets + at % RING_OCTETS, first);
	memcpy((char *)to + first, ring->octets, size - first);
}

static void put(struct log_ring *ring, const struct log_line *line)
{
	size_t size = LINE_HEAD + line->length + 1;
	uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	uint64_t used = head - atomic_load_explicit(&ring->tail, memory_order_acquire);

	if (size > RING_OCTETS - used) {
		atomic_fetch_add_explicit(&ring->dropped, 1, memory_order_relaxed);
		return;
	}
	copy_in(ring, head, line, size);
	atomic_store_explicit(&ring->head, head + size, memory_order_release);
}

void log_write(int level, const char *subsystem, const char *format, ...)
{
	struct log_line line;
	va_list arguments;

	va_start(arguments, format);
	fill_line(&line, level, subsystem, format, arguments);
	va_end(arguments);
	if (own_ring)
		put(own_ring, &line);
	else
		fprintf(stderr, "%s: %s\n", line.subsystem, line.text);
}

bool log_ring_read(struct log_ring *ring, struct log_line *ret)
{
	uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	if (tail == atomic_load_explicit(&ring->head, memory_order_acquire))
		return false;
	copy_out(ring, tail, ret, LINE_HEAD);
	copy_out(ring, tail + LINE_HEAD, ret->text, ret->length + 1);
	atomic_store_explicit(&ring->tail, tail + LINE_HEAD + ret->length + 1,
			      memory_order_release);
	return true;
}

uint64_t log_ring_dropped(const struct log_ring *ring)
{
	return atomic_load_explicit(&((struct log_ring *)ring)->dropped, memory_order_relaxed);
}
