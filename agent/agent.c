/* SPDX-License-Identifier: MIT */
/*
 * The agent thread: its mailbox, its configuration, events turned into notifications, and the
 * status that others see. While SNMP is on it runs net-snmp's loop with the mailbox's eventfd in
 * it; while it is off it waits for mail alone and net-snmp is not touched.
 *
 * Thread: agent. May wait for snmpd (agent/agentx.c bounds it); nobody waits for this thread.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agentx.h"
#include "agent/catalog.h"
#include "agent/events.h"
#include "agent/limit.h"
#include "agent/master.h"
#include "agent/queue.h"
#include "agent/set.h"
#include "agent/table.h"
#include "core/base/beat.h"
#include "core/base/clock.h"
#include "core/base/latest.h"
#include "core/base/log.h"
#include "core/base/mail.h"
#include "core/cmd.h"

#define IDLE_WAIT_MS	 1000
#define STOP_DRAIN_MS	 40 /* main waits 100 ms in all */
#define PUBLISH_EVERY_US USEC_PER_SEC
#define NOTIFICATIONS	 4 /* of one event */
#define LIMITED_EVERY_US (60 * USEC_PER_SEC)

struct agent {
	const struct wires *wires;
	const struct conf *conf; /* a reference; NULL before the first MSG_CONF */
	struct catalog *catalog;
	struct sets *sets;
	struct queue *queue;
	struct limit *limit; /* on the way to the queue */
	uint64_t suppressed; /* of the last ipvsdNotifyLimited, at limited_us */
	uint64_t limited_us;
	/* One of them, by the wires; NULL until SNMP is first switched on. */
	struct agentx *agentx;
	struct master *master;
	bool enabled, stopping;
	struct mail *inbox, **inbox_end; /* drained, not yet handled */
	uint32_t serial;
	struct notification *made; /* NOTIFICATIONS of them */
	struct snap_agent status;  /* as last published */
	uint64_t published_us;
	uint64_t turned_us; /* end of the last turn's wait */
};

static struct agent *agent_free(struct agent *agent)
{
	if (!agent)
		return NULL;
	while (agent->inbox) {
		struct mail *mail = agent->inbox;

		agent->inbox = mail->next;
		mail_free(mail);
	}
	agentx_free(agent->agentx);
	master_free(agent->master);
	sets_free(agent->sets);
	limit_free(agent->limit);
	queue_free(agent->queue);
	catalog_free(agent->catalog);
	conf_unref(agent->conf);
	free(agent->made);
	free(agent);
	return NULL;
}

static int agent_new(const struct wires *wires, struct agent **ret)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	int r = -ENOMEM;

	if (!agent)
		return -ENOMEM;
	agent->wires = wires;
	agent->inbox_end = &agent->inbox;
	agent->made = calloc(NOTIFICATIONS, sizeof(*agent->made));
	if (!agent->made)
		goto fail;
	r = catalog_new(wires, &agent->catalog);
	if (r < 0)
		goto fail;
	r = sets_new(wires, agent->catalog, &agent->sets);
	if (r < 0)
		goto fail;
	r = queue_new(QUEUE_ROOM, &agent->queue);
	if (r < 0)
		goto fail;
	r = limit_new(agent->queue, &agent->limit);
	if (r < 0)
		goto fail;
	catalog_set_agent(agent->catalog, &agent->status);
	*ret = agent;
	return 0;
fail:
	agent_free(agent);
	return r;
}

/* ---- status ---- */

static const struct agentx_status *session_status(const struct agent *agent)
{
	if (agent->master)
		return master_status(agent->master);
	return agent->agentx ? agentx_status(agent->agentx) : NULL;
}

static void status_now(const struct agent *agent, struct snap_agent *ret)
{
	struct queue_counts counts = queue_counts(agent->queue);
	const struct agentx_status *session = session_status(agent);

	memset(ret, 0, sizeof(*ret));
	ret->enabled = agent->enabled;
	ret->notifications_queued = counts.queued;
	ret->notifications_sent = counts.sent;
	ret->notifications_dropped = counts.dropped;
	ret->notifications_suppressed = limit_suppressed(agent->limit);
	if (!session)
		return;
	ret->connected = session->connected;
	ret->connected_us = session->connected_us;
	ret->reconnects = session->reconnects;
	memcpy(ret->socket, session->socket, sizeof(ret->socket));
	memcpy(ret->last_error, session->last_error, sizeof(ret->last_error));
}

static void status_free(struct latest_value *value)
{
	free(value);
}

static bool counters_moved(const struct snap_agent *a, const struct snap_agent *b)
{
	return a->notifications_queued != b->notifications_queued ||
	       a->notifications_sent != b->notifications_sent ||
	       a->notifications_dropped != b->notifications_dropped ||
	       a->notifications_suppressed != b->notifications_suppressed;
}

static bool state_changed(const struct snap_agent *a, const struct snap_agent *b)
{
	return a->enabled != b->enabled || a->connected != b->connected ||
	       a->connected_us != b->connected_us || a->reconnects != b->reconnects ||
	       strcmp(a->socket, b->socket) != 0 || strcmp(a->last_error, b->last_error) != 0;
}

/* On every change of state; while only counters move, once a second. */
static void status_publish(struct agent *agent, bool first)
{
	struct snap_agent now;
	struct snap_agent *value;
	uint64_t now_us = clock_now_us();

	status_now(agent, &now);
	if (!first && !state_changed(&now, &agent->status) &&
	    (!counters_moved(&now, &agent->status) ||
	     now_us - agent->published_us < PUBLISH_EVERY_US))
		return;
	agent->status = now;
	agent->published_us = now_us;
	if (!agent->wires->agent)
		return;
	value = malloc(sizeof(*value));
	if (!value)
		return;
	*value = now;
	value->value.free = status_free;
	latest_publish(agent->wires->agent, &value->value);
}

/* ---- mail ---- */

static void inbox_add(struct agent *agent, struct mail *list)
{
	*agent->inbox_end = list;
	while (*agent->inbox_end)
		agent->inbox_end = &(*agent->inbox_end)->next;
}

static void inbox_drain(void *owner)
{
	struct agent *agent = owner;

	/* What a SET kept while it waited came before what is in the mailbox now. */
	inbox_add(agent, sets_take_mail(agent->sets));
	inbox_add(agent, mailbox_drain(agent->wires->box[THREAD_AGENT]));
}

static int start_subagent(struct agent *agent)
{
	int r = 0;

	if (!agent->agentx)
		r = agentx_new(agent->catalog, agent->sets, agent->queue,
			       mailbox_fd(agent->wires->box[THREAD_AGENT]), inbox_drain, agent,
			       &agent->agentx);
	return r < 0 ? r : agentx_start(agent->agentx, agent->conf->global.snmp_socket);
}

static int start_master(struct agent *agent)
{
	int r = 0;

	if (!agent->master)
		r = master_new(agent->catalog, agent->sets, agent->queue,
			       mailbox_fd(agent->wires->box[THREAD_AGENT]), inbox_drain, agent,
			       agent->wires->snmp, &agent->master);
	return r < 0 ? r : master_start(agent->master);
}

static int switch_on(struct agent *agent)
{
	return agent->wires->snmp ? start_master(agent) : start_subagent(agent);
}

static void stop_sessions(struct agent *agent, unsigned drain_ms)
{
	if (agent->agentx)
		agentx_stop(agent->agentx, drain_ms);
	if (agent->master)
		master_stop(agent->master);
}

static void switch_off(struct agent *agent)
{
	stop_sessions(agent, 0);
	limit_clear(agent->limit);
	queue_clear(agent->queue);
}

static void on_conf(struct agent *agent, const struct conf *conf)
{
	struct msg_conf_done done = {.from = THREAD_AGENT, .generation = conf->generation};
	int r = 0;

	conf_unref(agent->conf);
	agent->conf = conf;
	catalog_select(agent->catalog, conf);
	sets_set_read_only(agent->sets, conf->global.snmp_read_only);
	agent->enabled = conf_wants_snmp(&conf->global) && !agent->stopping;
	if (agent->enabled)
		r = switch_on(agent);
	else
		switch_off(agent);
	if (r < 0) {
		log_error("agent", "SNMP stays off: %s",
			  r == -EINVAL ? "snmp_socket is not an address this agent knows"
				       : strerror(-r));
		agent->enabled = false;
		switch_off(agent);
	}
	(void)mail_post(agent->wires->box[THREAD_MAIN], MSG_CONF_DONE, &done, sizeof(done));
}

static void on_event(struct agent *agent, const struct msg_event *event)
{
	size_t count;

	events_add_event(catalog_events(agent->catalog), event);
	if (!agent->enabled || !agent->conf->global.snmp_traps)
		return;
	/* The rows that show the event are published before it is posted. */
	catalog_expire(agent->catalog);
	count = notifications_of(catalog_view(agent->catalog), event, &agent->serial, agent->made);
	for (size_t i = 0; i < count; i++) {
		int r = limit_push(agent->limit, &agent->made[i], clock_now_us());

		if (r < 0)
			log_error("agent", "notification lost: %s", strerror(-r));
	}
}

static void on_mail(struct agent *agent, const struct mail *mail)
{
	switch ((enum msg_kind)mail->kind) {
	case MSG_CONF:
		on_conf(agent, ((const struct msg_conf *)mail->body)->conf);
		break;
	case MSG_EVENT:
		on_event(agent, (const struct msg_event *)mail->body);
		break;
	case MSG_CHANGED:
		events_add_changed(catalog_events(agent->catalog),
				   (const struct msg_changed *)mail->body);
		break;
	case MSG_STOP:
		agent->stopping = true;
		break;
	case MSG_REPLY: /* to a SET that was abandoned */
	default:
		break;
	}
}

static void handle_inbox(struct agent *agent)
{
	inbox_add(agent, sets_take_mail(agent->sets));
	while (agent->inbox) {
		struct mail *mail = agent->inbox;

		agent->inbox = mail->next;
		if (!agent->inbox)
			agent->inbox_end = &agent->inbox;
		on_mail(agent, mail);
		mail_free(mail);
	}
}

/* ---- the loop ---- */

static void wait_for_mail(struct agent *agent)
{
	struct pollfd poller = {.fd = mailbox_fd(agent->wires->box[THREAD_AGENT]),
				.events = POLLIN};

	(void)poll(&poller, 1, IDLE_WAIT_MS);
	inbox_drain(agent);
}

/* Late is what lies beyond the longest wait of an idle turn: time spent on snmpd or lost to others.
 */
static void note_turn(struct agent *agent, uint64_t wait_us)
{
	struct beat *beat = agent->wires->beat[THREAD_AGENT];
	uint64_t now_us = clock_now_us(), due_us = agent->turned_us + wait_us;
	bool first = !agent->turned_us;

	agent->turned_us = now_us;
	if (!beat)
		return;
	atomic_store_explicit(&beat->at_us, now_us, memory_order_relaxed);
	if (!first && now_us > due_us &&
	    now_us - due_us > atomic_load_explicit(&beat->worst_late_us, memory_order_relaxed))
		atomic_store_explicit(&beat->worst_late_us, now_us - due_us, memory_order_relaxed);
}

/* That notifications are suppressed is told at most once a minute, whatever the limits. */
static void tell_limited(struct agent *agent, uint64_t now_us)
{
	uint64_t suppressed = limit_suppressed(agent->limit);
	struct msg_event event = {
		.kind = EVENT_LIMITED, .mono_us = now_us, .limited.suppressed = suppressed};

	if (suppressed == agent->suppressed ||
	    (agent->limited_us && now_us - agent->limited_us < LIMITED_EVERY_US))
		return;
	event.wall_us = clock_wall_us();
	agent->suppressed = suppressed;
	agent->limited_us = now_us;
	on_event(agent, &event);
}

static void limit_step(struct agent *agent)
{
	uint64_t now_us = clock_now_us();

	limit_set(agent->limit,
		  (struct limits){
			  .interval_ms = catalog_own(agent->catalog, AGENT_NOTIFY_INTERVAL),
			  .rate = catalog_own(agent->catalog, AGENT_NOTIFY_RATE),
		  });
	limit_turn(agent->limit, now_us);
	tell_limited(agent, now_us);
}

static void agent_turn(struct agent *agent)
{
	bool enabled = agent->enabled;

	if (!agent->enabled)
		wait_for_mail(agent);
	else if (agent->master)
		master_turn(agent->master);
	else
		agentx_turn(agent->agentx);
	limit_step(agent);
	note_turn(agent, enabled ? AGENTX_TICK_US : IDLE_WAIT_MS * USEC_PER_MSEC);
	catalog_expire(agent->catalog);
	handle_inbox(agent);
	status_publish(agent, false);
}

static void agent_leave(struct agent *agent)
{
	struct queue_counts counts;

	limit_flush(agent->limit);
	stop_sessions(agent, STOP_DRAIN_MS);
	agent->enabled = false;
	counts = queue_counts(agent->queue);
	if (counts.waiting)
		log_warn("agent", "%zu notifications were not delivered", counts.waiting);
	status_publish(agent, false);
}

void *agent_thread(void *argument)
{
	const struct wires *wires = argument;
	struct msg_stopped stopped = {.from = THREAD_AGENT};
	struct agent *agent;
	int r;

	log_ring_use(wires->log[THREAD_AGENT]);
	r = agent_new(wires, &agent);
	if (r < 0) {
		log_error("agent", "cannot start: %s", strerror(-r));
	} else {
		status_publish(agent, true);
		while (!agent->stopping)
			agent_turn(agent);
		agent_leave(agent);
		agent_free(agent);
	}
	(void)mail_post(wires->box[THREAD_MAIN], MSG_STOPPED, &stopped, sizeof(stopped));
	return NULL;
}
