/* SPDX-License-Identifier: MIT */
/*
 * vipd as its own master agent: a socket that may be taken for a while, and a queue that empties
 * without acknowledgements, since whether a trap arrives is told to nobody, and informs are the
 * library's. Requests come to the handlers of agent/answer.c.
 *
 * Thread: agent. Knows no net-snmp.
 */
#include "agent/master.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/catalog.h"
#include "agent/library.h"
#include "agent/queue.h"
#include "agent/role.h"
#include "agent/set.h"
#include "agent/table.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/cmd.h"

#define RETRY_US  (1 * USEC_PER_SEC)
#define NOTIFY_US (20 * USEC_PER_MSEC) /* of one turn */

struct master {
	const struct snmp_listen *own;
	struct queue *queue;
	struct sets *sets;
	struct library *library;
	agentx_mail_fn *on_mail;
	void *owner;
	bool running;
	uint64_t next_us; /* while not listening: when to try */
	struct notification *room;
	struct agentx_status status;
};

static void on_mail(void *owner)
{
	struct master *master = owner;

	master->on_mail(master->owner);
}

static const struct library_events events = {.on_mail = on_mail};

int master_new(struct catalog *catalog, struct sets *sets, struct queue *queue, int mail_fd,
	       agentx_mail_fn *on_mail_fn, void *owner, const struct snmp_listen *own,
	       struct master **ret)
{
	struct master *master = calloc(1, sizeof(*master));
	int r = -ENOMEM;

	if (!master)
		return -ENOMEM;
	master->own = own;
	master->queue = queue;
	master->sets = sets;
	master->on_mail = on_mail_fn;
	master->owner = owner;
	snprintf(master->status.socket, sizeof(master->status.socket), "%s", own->address);
	master->room = malloc(sizeof(*master->room));
	if (!master->room)
		goto fail;
	r = library_new(catalog, sets, mail_fd, &events, master, own, &master->library);
	if (r < 0)
		goto fail;
	/* sysUpTime is that of the library now, and stays so: its clock is ours. */
	catalog_set_uptime_base(catalog, clock_now_us());
	*ret = master;
	return 0;
fail:
	free(master->room);
	free(master);
	return r;
}

struct master *master_free(struct master *master)
{
	if (!master)
		return NULL;
	library_free(master->library);
	free(master->room);
	free(master);
	return NULL;
}

static void listen_step(struct master *master)
{
	struct agentx_status *status = &master->status;
	bool first = !status->last_error[0];

	if (status->connected || clock_now_us() < master->next_us)
		return;
	if (role_listen(master->own) < 0) {
		master->next_us = clock_now_us() + RETRY_US;
		snprintf(status->last_error, sizeof(status->last_error), "cannot listen on %.80s",
			 master->own->address);
		if (first)
			log_warn("agent", "%s; trying again", status->last_error);
		return;
	}
	status->reconnects += status->connected_us != 0;
	status->connected = true;
	status->connected_us = clock_now_us();
	status->last_error[0] = '\0';
	log_notice("agent", "answering SNMP on %s", master->own->address);
}

/* An SNMPv3 sink of informs whose engine is not known is asked for it, and waited for, each time:
 * managers and the mailbox have their turn in between. */
static void notify_step(struct master *master)
{
	uint64_t until_us = clock_now_us() + NOTIFY_US, id;

	while (clock_now_us() < until_us && (id = queue_peek(master->queue, master->room))) {
		queue_mark_sent(master->queue, clock_now_us());
		queue_ack(master->queue, id, role_notify(master->room) == 0);
	}
}

int master_start(struct master *master)
{
	int r;

	if (master->running) {
		role_reread();
		return 0;
	}
	r = library_run(master->library, AGENTX_TICK_US);
	if (r < 0)
		return r;
	if (master->status.connected_us)
		role_reread(); /* it was off meanwhile */
	master->running = true;
	master->next_us = 0;
	return 0;
}

void master_stop(struct master *master)
{
	if (!master->running)
		return;
	notify_step(master);
	if (master->status.connected)
		role_close();
	(void)library_run(master->library, 0);
	sets_forget(master->sets);
	master->running = master->status.connected = false;
	master->status.last_error[0] = '\0';
}

void master_turn(struct master *master)
{
	listen_step(master);
	notify_step(master);
	library_turn(master->library);
}

const struct agentx_status *master_status(const struct master *master)
{
	return &master->status;
}
