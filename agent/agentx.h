/* SPDX-License-Identifier: MIT */
/*
 * The AgentX session with the master agent: connects and reconnects by itself, tells the master
 * which tables are served, pings it, and delivers the notification queue with a window of
 * unacknowledged ones.
 *
 * Thread: agent. Nothing here waits for the master longer than the one second of AgentX Open, and
 * that only after connect() succeeded.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define AGENTX_TICK_US 200000 /* the longest an idle agentx_turn() waits */

struct agentx;
struct catalog;
struct queue;
struct sets;

struct agentx_status {
	bool connected;
	uint64_t connected_us; /* since when, or when it last was; 0: never */
	uint32_t reconnects;
	char socket[108];
	char last_error[128]; /* "" while connected and whole */
};

typedef void agentx_mail_fn(void *owner);

/*
 * on_mail is called inside agentx_turn() and agentx_stop() when mail_fd is readable, to make it
 * unreadable. It must not call anything here. Starts net-snmp: once in a process.
 */
int agentx_new(struct catalog *catalog, struct sets *sets, struct queue *queue, int mail_fd,
	       agentx_mail_fn *on_mail_fn, void *owner, struct agentx **ret);
/* Without a word to the master: call agentx_stop() before. */
struct agentx *agentx_free(struct agentx *agentx);

/* Connects to socket (NULL: net-snmp's default) and stays connected; again for another one or to
 * reconsider the tables. -EINVAL: not an address. */
int agentx_start(struct agentx *agentx, const char *socket);
/* Gives the queue up to drain_ms to empty, says AgentX Close, disconnects; at most 40 ms more. */
void agentx_stop(struct agentx *agentx, unsigned drain_ms);

/* One turn of net-snmp's loop: returns after something happened, at the latest after 200 ms. */
void agentx_turn(struct agentx *agentx);

const struct agentx_status *agentx_status(const struct agentx *agentx);
