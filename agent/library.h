/* SPDX-License-Identifier: MIT */
/*
 * net-snmp as this daemon uses it: started without files, configuration, MIB texts or a log of its
 * own; an AgentX session over a socket of ours that never blocks; PDUs sent without waiting, their
 * answers reported by request number. What to send when is decided in agent/agentx.c.
 *
 * Thread: agent, every function and every callback.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct catalog;
struct library;
struct notification;
struct sets;
struct snmp_listen;

/* RFC 2741 section 6.2.16 */
enum agentx_error {
	AGENTX_OK = 0,
	AGENTX_NOT_OPEN = 257,
	AGENTX_UNKNOWN_REGISTRATION = 262,
	AGENTX_DUPLICATE_REGISTRATION = 263,
};

/* All called inside library_turn() or library_open(). */
struct library_events {
	void (*on_mail)(void *owner); /* mail_fd is readable; must make it unreadable and not call
					 the library */
	/* Of the master agent; also what it had sent before the session was dropped. */
	void (*on_answer)(void *owner, int request, int error, uint32_t uptime_cs);
	void (*on_end)(void *owner); /* the session has ended, by whomever; requests get no answer
					any more */
};

/*
 * Starts the library, once in a process, and gives it a handler for every table of the catalog.
 * Keeps the lowest free descriptor for the connection: net-snmp slows down to a quarter with a
 * descriptor above 1023. own: be a master agent of its own, see agent/role.h, of which the
 * session below is no part; NULL: a subagent.
 */
int library_new(struct catalog *catalog, struct sets *sets, int mail_fd,
		const struct library_events *events, void *owner, const struct snmp_listen *own,
		struct library **ret);
/* Only while the loop is not running. */
struct library *library_free(struct library *library);

/* The loop: mail_fd in it, and a tick after which a turn ends though nothing happened. 0 us:
 * stopped. */
int library_run(struct library *library, unsigned tick_us);
void library_turn(struct library *library);

/*
 * Opens a session over fd, a connected non-blocking stream socket, which is the library's from now
 * on. Waits for the answer up to one second. -EPROTO when there is none or a bad one. Then uptime
 * is the master's.
 */
int library_open(struct library *library, int fd, uint32_t *ret_uptime_cs);
bool library_is_open(const struct library *library); /* and not dropped */
/* What the master sends will not be understood any more; see frame_is_lost(). */
bool library_is_lost(const struct library *library, uint64_t now_us);
/* Shuts the socket down: on_end follows in one of the next turns. */
void library_drop(struct library *library);

/* Send; return the request number, or 0 when that failed (the session is then dropped). */
int library_register(struct library *library, const uint32_t *root, size_t length);
int library_unregister(struct library *library, const uint32_t *root, size_t length);
int library_ping(struct library *library);
int library_notify(struct library *library, const struct notification *notification);
int library_close(struct library *library);
