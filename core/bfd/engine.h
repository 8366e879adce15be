/* SPDX-License-Identifier: MIT */
/*
 * All BFD sessions of the daemon together: configuration, packets on their way to a session, what
 * others are told. Deterministic: time comes with each call, every effect leaves through struct
 * bfd_ops. The bfd thread drives it with sockets and mailboxes, the tests in virtual time.
 *
 * Calls take now_us (monotonic). After a batch of calls the owner calls bfd_engine_flush(), then
 * arms one timer at bfd_engine_due_us() and calls bfd_engine_tick() when it fires.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bfd/sock.h"
#include "core/cmd.h"

struct bfd_engine;

/* None may call back into the engine. Errors: negative errno. */
struct bfd_ops {
	/* Hears what comes for that family and port; not wanted: no longer, which cannot fail. */
	int (*listen)(void *owner, uint16_t family, bool multihop, bool wanted);
	/* A socket of a session, and what it sends from there. */
	int (*open)(void *owner, const struct conf_bfd *conf);
	int (*send)(void *owner, int fd, const struct conf_bfd *conf, const void *octets,
		    size_t size);
	void (*close)(void *owner, int fd);
	uint32_t (*random)(void *owner);
	void (*mail)(void *owner, enum snap_thread to, enum msg_kind kind, const void *body,
		     size_t size);
	void (*publish)(void *owner, struct snap_bfd *rows); /* takes rows */
	void (*log)(void *owner, int level, const char *format, ...)
		__attribute__((format(printf, 3, 4)));
	uint64_t (*wall_us)(void *owner);
};

int bfd_engine_new(const struct bfd_ops *ops, void *owner, struct bfd_engine **ret);
/* Silent: who wants neighbors told calls bfd_engine_stop() before. Accepts and returns NULL. */
struct bfd_engine *bfd_engine_free(struct bfd_engine *engine);

/*
 * Takes over the caller's reference. A session of the same name and addresses goes on; one that
 * goes, or starts anew, says so to its neighbor. Every state is told once more, for the new
 * configuration. Answers MSG_CONF_DONE at the next flush. -ENOMEM: the old configuration stays.
 */
int bfd_engine_conf(struct bfd_engine *engine, const struct conf *conf, uint64_t now_us);
void bfd_engine_receive(struct bfd_engine *engine, const struct bfd_arrival *arrival,
			const void *octets, size_t size, uint64_t now_us);
void bfd_engine_tick(struct bfd_engine *engine, uint64_t now_us);
/* Neighbors are told that it is nobody's fault; the engines of this daemon are not told. */
void bfd_engine_stop(struct bfd_engine *engine, uint64_t now_us);

void bfd_engine_flush(struct bfd_engine *engine, uint64_t now_us);
uint64_t bfd_engine_due_us(const struct bfd_engine *engine); /* 0: never */
