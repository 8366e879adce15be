/* SPDX-License-Identifier: MIT */
/*
 * A list of chunks, each a malloc() of its own; small objects are cut from the newest chunk, big
 * ones get one to themselves. Runs in whichever thread loads a configuration; an arena belongs to
 * one thread at a time.
 */
#include "conf/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than malloc() cuts from its heap: a chunk is then a mapping of its own, of which only what
 * is used takes memory, and all of it is the kernel's again when the arena goes. */
#define CHUNK_BYTES ((size_t)256 * 1024)
#define ALIGNMENT   _Alignof(max_align_t)

struct chunk {
	struct chunk *next;
	size_t size, used;
	_Alignas(max_align_t) unsigned char octets[];
};

struct conf_arena {
	struct chunk *chunks; /* the first one is cut */
	size_t bytes;	      /* of all of them */
	jmp_buf *out_of_memory;
};

struct conf_arena *arena_new(void)
{
	return calloc(1, sizeof(struct conf_arena));
}

struct conf_arena *arena_free(struct conf_arena *arena)
{
	if (!arena)
		return NULL;
	while (arena->chunks) {
		struct chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		free(chunk);
	}
	free(arena);
	return NULL;
}

void arena_on_failure(struct conf_arena *arena, jmp_buf *out_of_memory)
{
	arena->out_of_memory = out_of_memory;
}

void arena_give_up(struct conf_arena *arena)
{
	if (arena->out_of_memory)
		longjmp(*arena->out_of_memory, 1);
	abort();
}

static struct chunk *add_chunk(struct conf_arena *arena, size_t size)
{
	struct chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (!chunk)
		return NULL;
	chunk->size = size;
	arena->bytes += sizeof(*chunk) + size;
	/* A big object's chunk is full at once: keep cutting the one before. */
	if (size != CHUNK_BYTES && arena->chunks) {
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
	} else {
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	return chunk;
}

void *arena_try(struct conf_arena *arena, size_t size)
{
	struct chunk *chunk = arena->chunks;
	unsigned char *at;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (!chunk || chunk->size - chunk->used < size)
		chunk = add_chunk(arena, size > CHUNK_BYTES / 4 ? size : CHUNK_BYTES);
	if (!chunk)
		return NULL;
	at = chunk->octets + chunk->used;
	chunk->used += size;
	return at;
}

void *arena_alloc(struct conf_arena *arena, size_t size)
{
	void *room = arena_try(arena, size);

	if (!room)
		arena_give_up(arena);
	return room;
}

size_t arena_bytes(const struct conf_arena *arena)
{
	return arena->bytes;
}

void *arena_array(struct conf_arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		arena_give_up(arena);
	return arena_alloc(arena, total);
}

char *arena_strndup(struct conf_arena *arena, const char *text, size_t size)
{
	char *copy = arena_alloc(arena, size + 1);

	memcpy(copy, text, size);
	return copy;
}

char *arena_strdup(struct conf_arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_vprintf(struct conf_arena *arena, const char *format, va_list args)
{
	va_list again;
	char *text;
	int length;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		arena_give_up(arena);
	text = arena_alloc(arena, (size_t)length + 1);
	vsnprintf(text, (size_t)length + 1, format, args);
	return text;
}

char *arena_printf(struct conf_arena *arena, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}
