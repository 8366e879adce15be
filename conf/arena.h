/* SPDX-License-Identifier: MIT */
/*
 * Memory with one lifetime: everything taken from an arena goes away with it. An allocation never
 * returns NULL: when memory is out it jumps to the exit given to arena_on_failure(), which must
 * free the arena. Code that allocates therefore holds no resource outside an arena.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

struct conf_arena;

/* Returns NULL when memory is out. */
struct conf_arena *arena_new(void);
/* Accepts and returns NULL. */
struct conf_arena *arena_free(struct conf_arena *arena);

/* Where to go when memory is out; NULL (the state of a new arena): abort(). */
void arena_on_failure(struct conf_arena *arena, jmp_buf *out_of_memory);

/* Zeroed, aligned for any type, never NULL; size may be 0. */
void *arena_alloc(struct conf_arena *arena, size_t size);
/* The same, but NULL when memory is out: for code that must first let go of something else... */
void *arena_try(struct conf_arena *arena, size_t size);
/* ...and then ends like any failed allocation. */
_Noreturn void arena_give_up(struct conf_arena *arena);
/* As arena_alloc() for count objects of size octets each. */
void *arena_array(struct conf_arena *arena, size_t count, size_t size);

/* Octets taken from the system so far. */
size_t arena_bytes(const struct conf_arena *arena);

char *arena_strdup(struct conf_arena *arena, const char *text);
/* Copies size octets and ends them with a NUL. */
char *arena_strndup(struct conf_arena *arena, const char *text, size_t size);
char *arena_printf(struct conf_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct conf_arena *arena, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
