/* SPDX-License-Identifier: MIT */
/*
 * The AgentX session as a state machine over non-blocking parts: connect, open, register each table
 * and look at the answer, ping, deliver notifications, start over when the session ends.
 *
 * A silent master is not left soon: what lies in its socket is still read when it wakes, so giving
 * up would send notifications twice. It is left at once when it says that it does not know the
 * session.
 *
 * Thread: agent. Knows no net-snmp. Source: RFC 2741; behaviour of net-snmp 5.9.3 as observed.
 */
#include "agent/agentx.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/catalog.h"
#include "agent/library.h"
#include "agent/queue.h"
#include "agent/set.h"
#include "agent/stream.h"
#include "agent/table.h"
#include "core/base/clock.h"
#include "core/base/log.h"

#define TICK_STOPPING_US 10000
#define RETRY_FIRST_US	 (100 * USEC_PER_MSEC) /* after a loss: snmpd restarting */
#define REGISTER_WAIT_US (5 * USEC_PER_SEC)
#define PING_EVERY_US	 (1 * USEC_PER_SEC)
#define SILENCE_MAX_US	 (600 * USEC_PER_SEC)
#define NOTIFY_WAIT_US	 (30 * USEC_PER_SEC)
#define REFUSED_FIRST_US (1 * USEC_PER_SEC)
#define REFUSED_MAX_US	 (60 * USEC_PER_SEC)
#define UPTIME_SLACK_US	 ((int64_t)(50 * USEC_PER_MSEC))
#define CLOSE_WAIT_US	 (20 * USEC_PER_MSEC)
#define LEAVE_TURNS	 1024
#define LOOK_EVERY_US	 (100 * USEC_PER_MSEC)

enum region_state { REGION_ABSENT, REGION_ASKED, REGION_PRESENT, REGION_LEAVING };

/* One table's subtree as the master knows it. */
struct region {
	enum region_state state;
	bool tried;
	int request;	   /* of the answer awaited, 0: none */
	uint64_t asked_us; /* then */
	uint64_t retry_us; /* not before */
	uint64_t delay_us; /* doubled with each refusal */
};

enum phase { PHASE_OFF, PHASE_DIALLING, PHASE_OPEN, PHASE_LEAVING };

struct in_flight {
	int request; /* 0: free */
	uint64_t id;
};

struct agentx {
	struct catalog *catalog;
	struct queue *queue;
	struct sets *sets;
	struct library *library;
	agentx_mail_fn *on_mail;
	void *owner;

	enum phase phase;
	struct stream_dial dial;

	bool stirred;	  /* by mail, an answer or an end: there may be something to do */
	uint64_t look_us; /* or then, at the latest */
	bool ready;	  /* every served region was answered once: notifications may go */
	int close_request, ping_request;
	uint64_t pinged_us;	   /* last sent */
	uint64_t answered_ping_us; /* when the last one that was answered had been sent */
	uint64_t uptime_base_us;
	bool uptime_settling; /* a new master agent: its start is known better with each answer */
	struct in_flight in_flight[QUEUE_WINDOW];
	struct notification *room; /* of the one being sent */
	struct agentx_status status;
	size_t n_regions;
	struct region regions[];
};

/* A change of trouble is logged, its repetition is not. */
static void __attribute__((format(printf, 2, 3)))
trouble(struct agentx *agentx, const char *format, ...)
{
	char text[sizeof(agentx->status.last_error)] = "";
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (strcmp(text, agentx->status.last_error) != 0)
		log_warn("agent", "%s", text);
	memcpy(agentx->status.last_error, text, sizeof(text));
}

static void give_up(struct agentx *agentx, const char *why)
{
	trouble(agentx, "%s", why);
	library_drop(agentx->library);
}

/* When the master agent started, from an answer of its own. Every answer gives a moment at or after
 * the true one, so the earliest of those that come before anything is served is kept. Later small
 * differences are the way here; following them would make every TimeStamp flicker. */
static void note_uptime(struct agentx *agentx, uint32_t uptime_cs)
{
	uint64_t base_us = clock_now_us() - uptime_cs * USEC_PER_CSEC;
	int64_t later_us = (int64_t)(base_us - agentx->uptime_base_us);

	if (later_us > UPTIME_SLACK_US || later_us < -UPTIME_SLACK_US)
		agentx->uptime_settling = !agentx->ready;
	else if (later_us >= 0 || !agentx->uptime_settling)
		return;
	agentx->uptime_base_us = base_us;
	catalog_set_uptime_base(agentx->catalog, base_us);
}

/* ---- regions ---- */

static const struct table *region_table(const struct agentx *agentx, const struct region *region)
{
	return catalog_table(agentx->catalog, (size_t)(region - agentx->regions));
}

static void region_refused(struct agentx *agentx, struct region *region, int error)
{
	region->state = REGION_ABSENT;
	region->delay_us = region->delay_us ? 2 * region->delay_us : REFUSED_FIRST_US;
	if (region->delay_us > REFUSED_MAX_US)
		region->delay_us = REFUSED_MAX_US;
	region->retry_us = clock_now_us() + region->delay_us;
	trouble(agentx, "the master agent refuses %s: %s (%d)", region_table(agentx, region)->name,
		error == AGENTX_DUPLICATE_REGISTRATION ? "another subagent has it" : "error",
		error);
}

static void region_answered(struct agentx *agentx, struct region *region, int error)
{
	region->request = 0;
	region->tried = true;
	if (region->state == REGION_LEAVING) {
		*region = (struct region){0};
		return;
	}
	if (error) {
		region_refused(agentx, region, error);
		return;
	}
	if (region->delay_us)
		log_notice("agent", "the master agent has taken %s",
			   region_table(agentx, region)->name);
	region->state = REGION_PRESENT;
	region->delay_us = 0;
}

static void region_ask(struct agentx *agentx, struct region *region, uint64_t now)
{
	const struct table *table = region_table(agentx, region);

	region->asked_us = now;
	if (region->state == REGION_ABSENT) {
		region->state = REGION_ASKED;
		region->request =
			library_register(agentx->library, table->entry, table->entry_length);
	} else {
		region->state = REGION_LEAVING;
		region->request =
			library_unregister(agentx->library, table->entry, table->entry_length);
	}
}

static void regions_step(struct agentx *agentx, uint64_t now)
{
	bool answered = true, whole = true;

	for (size_t i = 0; i < agentx->n_regions; i++) {
		struct region *region = &agentx->regions[i];
		bool served = catalog_is_served(agentx->catalog, i);

		if ((region->state == REGION_ABSENT && served && now >= region->retry_us) ||
		    (region->state == REGION_PRESENT && !served))
			region_ask(agentx, region, now);
		/* No notification is in flight before all are answered: leaving costs none. */
		if (region->request && !agentx->ready && now - region->asked_us > REGISTER_WAIT_US)
			give_up(agentx, "the master agent does not answer Register");
		answered = answered && (!served || (region->tried && !region->request));
		whole = whole && (!served || region->state == REGION_PRESENT);
	}
	if (answered) {
		agentx->ready = true;
		agentx->uptime_settling = false;
	}
	if (whole && library_is_open(agentx->library))
		agentx->status.last_error[0] = '\0'; /* the trouble is over */
}

/* ---- ping ---- */

static void ping_step(struct agentx *agentx, uint64_t now)
{
	if (agentx->ping_request && now - agentx->pinged_us > SILENCE_MAX_US)
		give_up(agentx, "the master agent is silent");
	if (agentx->ping_request || now - agentx->pinged_us < PING_EVERY_US)
		return;
	agentx->pinged_us = now;
	agentx->ping_request = library_ping(agentx->library);
}

/* ---- notifications ---- */

static struct in_flight *in_flight_of(struct agentx *agentx, int request)
{
	for (size_t i = 0; i < QUEUE_WINDOW; i++)
		if (agentx->in_flight[i].request == request)
			return &agentx->in_flight[i];
	return NULL;
}

static void notify_answered(struct agentx *agentx, struct in_flight *slot, int error)
{
	slot->request = 0;
	if (error)
		log_error("agent", "the master agent refuses a notification: error %d", error);
	queue_ack(agentx->queue, slot->id, error == 0);
}

static void notify_step(struct agentx *agentx, uint64_t now)
{
	uint64_t oldest_us = queue_oldest_sent_us(agentx->queue);

	/* The master answers what was sent later but not this: it will not any more. */
	if (oldest_us && agentx->answered_ping_us > oldest_us + NOTIFY_WAIT_US)
		give_up(agentx, "the master agent does not acknowledge a notification");
	while (agentx->ready && library_is_open(agentx->library)) {
		struct in_flight *slot = in_flight_of(agentx, 0);
		uint64_t id = slot ? queue_peek(agentx->queue, agentx->room) : 0;

		if (!id)
			return;
		slot->id = id;
		slot->request = library_notify(agentx->library, agentx->room);
		if (!slot->request)
			return; /* no memory: with the next turn */
		queue_mark_sent(agentx->queue, now);
	}
}

/* ---- answers and the end ---- */

static void on_mail(void *owner)
{
	struct agentx *agentx = owner;

	agentx->stirred = true;
	agentx->on_mail(agentx->owner);
}

/* What the master took before the session was given up must not be sent again. */
static void on_answer(void *owner, int request, int error, uint32_t uptime_cs)
{
	struct agentx *agentx = owner;
	struct in_flight *slot = in_flight_of(agentx, request);

	agentx->stirred = true;
	if (error == AGENTX_NOT_OPEN) {
		give_up(agentx, "the master agent has closed the session");
		return;
	}
	if (slot)
		notify_answered(agentx, slot, error);
	if (!library_is_open(agentx->library))
		return;
	for (size_t i = 0; i < agentx->n_regions; i++)
		if (agentx->regions[i].request == request)
			region_answered(agentx, &agentx->regions[i], error);
	if (request == agentx->close_request)
		agentx->close_request = 0;
	if (request == agentx->ping_request) {
		agentx->ping_request = 0;
		agentx->answered_ping_us = agentx->pinged_us;
	}
	note_uptime(agentx, uptime_cs);
}

static void dial_after(struct agentx *agentx, uint64_t wait_us)
{
	agentx->phase = PHASE_DIALLING;
	agentx->dial.next_us = clock_now_us() + wait_us;
}

static void on_end(void *owner)
{
	struct agentx *agentx = owner;

	agentx->stirred = true;
	agentx->ready = false;
	agentx->ping_request = agentx->close_request = 0;
	memset(agentx->regions, 0, agentx->n_regions * sizeof(*agentx->regions));
	memset(agentx->in_flight, 0, sizeof(agentx->in_flight));
	queue_rewind(agentx->queue);
	sets_forget(agentx->sets);
	agentx->status.connected = false;
	if (agentx->phase == PHASE_OPEN && !agentx->status.last_error[0])
		trouble(agentx, "connection to the master agent at %s lost", agentx->status.socket);
	dial_after(agentx, RETRY_FIRST_US);
}

static const struct library_events library_events = {
	.on_mail = on_mail,
	.on_answer = on_answer,
	.on_end = on_end,
};

/* ---- connecting ---- */

static void session_open(struct agentx *agentx, int fd)
{
	bool again = agentx->status.connected_us != 0;
	uint32_t uptime_cs;

	agentx->phase = PHASE_OPEN;
	if (library_open(agentx->library, fd, &uptime_cs) < 0) {
		trouble(agentx, "the master agent at %s does not open a session",
			agentx->status.socket);
		dial_after(agentx, STREAM_RETRY_US);
		return;
	}
	note_uptime(agentx, uptime_cs);
	agentx->status.connected = true;
	agentx->status.connected_us = clock_now_us();
	agentx->status.reconnects += again;
	agentx->pinged_us = agentx->answered_ping_us = agentx->status.connected_us;
	log_notice("agent", "%sconnected to the master agent at %s", again ? "re" : "",
		   agentx->status.socket);
}

static void connect_step(struct agentx *agentx, uint64_t now)
{
	int fd = stream_dial(&agentx->dial, now);

	if (fd >= 0)
		session_open(agentx, fd);
	else if (fd != -EINPROGRESS)
		trouble(agentx, "cannot connect to the master agent at %s: %s",
			agentx->status.socket,
			fd == -EAGAIN ? "it does not accept connections" : strerror(-fd));
}

/* Not with each of the requests of a master that walks. */
static bool has_work(struct agentx *agentx, uint64_t now)
{
	if (agentx->phase == PHASE_OPEN && !agentx->stirred && now < agentx->look_us)
		return false;
	agentx->stirred = false;
	agentx->look_us = now + LOOK_EVERY_US;
	return true;
}

static void agentx_step(struct agentx *agentx)
{
	uint64_t now = clock_now_us();

	if (!has_work(agentx, now))
		return;
	if (agentx->phase == PHASE_DIALLING)
		connect_step(agentx, now);
	if (!library_is_open(agentx->library))
		return;
	now = clock_now_us();
	if (library_is_lost(agentx->library, now))
		give_up(agentx, "the master agent sends no AgentX, or half of it");
	regions_step(agentx, now);
	ping_step(agentx, now);
	notify_step(agentx, now);
}

/* ---- life ---- */

int agentx_new(struct catalog *catalog, struct sets *sets, struct queue *queue, int mail_fd,
	       agentx_mail_fn *on_mail_fn, void *owner, struct agentx **ret)
{
	size_t n_regions = catalog_count(catalog);
	struct agentx *agentx = calloc(1, sizeof(*agentx) + n_regions * sizeof(*agentx->regions));
	int r = -ENOMEM;

	if (!agentx)
		return -ENOMEM;
	agentx->catalog = catalog;
	agentx->sets = sets;
	agentx->queue = queue;
	agentx->on_mail = on_mail_fn;
	agentx->owner = owner;
	agentx->n_regions = n_regions;
	agentx->room = malloc(sizeof(*agentx->room));
	if (!agentx->room)
		goto fail;
	r = library_new(catalog, sets, mail_fd, &library_events, agentx, NULL, &agentx->library);
	if (r < 0)
		goto fail;
	*ret = agentx;
	return 0;
fail:
	free(agentx->room);
	free(agentx);
	return r;
}

struct agentx *agentx_free(struct agentx *agentx)
{
	if (!agentx)
		return NULL;
	assert(agentx->phase == PHASE_OFF);
	library_free(agentx->library);
	free(agentx->room);
	free(agentx);
	return NULL;
}

int agentx_start(struct agentx *agentx, const char *socket)
{
	struct stream_address address;
	int r = stream_parse(socket, &address);

	if (r < 0)
		return r;
	if (agentx->phase == PHASE_OFF) {
		r = library_run(agentx->library, AGENTX_TICK_US);
		if (r < 0)
			return r;
		dial_after(agentx, 0);
	} else if (memcmp(&address, &agentx->dial.address, sizeof(address)) != 0) {
		stream_dial_stop(&agentx->dial);
		library_drop(agentx->library);
	}
	agentx->dial.address = address;
	agentx->stirred = true;
	snprintf(agentx->status.socket, sizeof(agentx->status.socket), "%s",
		 socket ? socket : STREAM_DEFAULT);
	return 0;
}

void agentx_turn(struct agentx *agentx)
{
	agentx_step(agentx);
	library_turn(agentx->library);
}

void agentx_stop(struct agentx *agentx, unsigned drain_ms)
{
	uint64_t until = clock_now_us() + drain_ms * USEC_PER_MSEC;

	if (agentx->phase == PHASE_OFF)
		return;
	(void)library_run(agentx->library, TICK_STOPPING_US);
	agentx->stirred = true;
	while (library_is_open(agentx->library) && queue_counts(agentx->queue).waiting &&
	       clock_now_us() < until)
		agentx_turn(agentx);
	until = clock_now_us() + CLOSE_WAIT_US;
	agentx->close_request = library_close(agentx->library);
	while (agentx->close_request && clock_now_us() < until)
		library_turn(agentx->library);
	if (agentx->phase == PHASE_OPEN)
		agentx->phase = PHASE_LEAVING;
	library_drop(agentx->library);
	/* Until on_end(): at once, behind what the master had sent. Counted in turns: on a busy
	 * machine any time may pass, and a session left over cannot be opened again. */
	for (unsigned turn = 0; agentx->phase == PHASE_LEAVING && turn < LEAVE_TURNS; turn++)
		library_turn(agentx->library);
	stream_dial_stop(&agentx->dial);
	(void)library_run(agentx->library, 0);
	agentx->phase = PHASE_OFF;
	agentx->status.connected = false;
	agentx->status.last_error[0] = '\0'; /* the trouble is over */
}

const struct agentx_status *agentx_status(const struct agentx *agentx)
{
	return &agentx->status;
}
