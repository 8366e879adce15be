/* SPDX-License-Identifier: MIT */
/*
 * All BFD sessions together. Thread: bfd. No socket, no clock and no memory of another thread is
 * touched here.
 *
 * A session that comes up or goes down is told to the vrrp and check threads before anything else
 * is done about it. Main posts a configuration to them before it posts it here, so what is said of
 * one never reaches them before it.
 */
#include "core/bfd/engine_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "core/base/clock.h"

#define RETRY_US (5 * USEC_PER_SEC)  /* a port that somebody else has */
#define QUIET_US (10 * USEC_PER_SEC) /* between lines about packets bad in the same way */

int bfd_engine_new(const struct bfd_ops *ops, void *owner, struct bfd_engine **ret)
{
	struct bfd_engine *e = calloc(1, sizeof *e);

	if (!e)
		return -ENOMEM;
	e->ops = ops;
	e->owner = owner;
	*ret = e;
	return 0;
}

size_t bfd_engine_count(const struct bfd_engine *e)
{
	return e->conf ? e->conf->n_bfds : 0;
}

struct bfd_engine *bfd_engine_free(struct bfd_engine *e)
{
	if (!e)
		return NULL;
	for (size_t i = 0; i < bfd_engine_count(e); i++)
		bfd_unit_free(e, e->units[i]);
	for (int f = 0; f < BFD_FAMILIES; f++)
		for (int multihop = 0; multihop < 2; multihop++)
			if (e->ports[f][multihop].open)
				e->ops->listen(e->owner, f ? AF_INET6 : AF_INET, multihop, false);
	conf_unref(e->conf);
	free(e->units);
	free(e);
	return NULL;
}

/* ---- what a step asks for ---- */

void bfd_engine_tell(struct bfd_engine *e, size_t index)
{
	const struct msg_track track = {
		.generation = e->conf->generation,
		.kind = CONF_TRACK_BFD,
		.index = (uint32_t)index,
		.decided = true,
		.up = e->units[index]->fsm.state == BFD_UP,
	};

	e->ops->mail(e->owner, THREAD_VRRP, MSG_TRACK, &track, sizeof track);
	e->ops->mail(e->owner, THREAD_CHECK, MSG_TRACK, &track, sizeof track);
}

static int transmit(struct bfd_engine *e, struct bfd_unit *unit, bool final)
{
	const struct conf_bfd *conf = unit->fsm.conf;
	uint8_t octets[BFD_PACKET_OCTETS];
	struct bfd_packet packet;
	int error;

	if (unit->fd < 0) {
		int fd = e->ops->open(e->owner, conf);

		if (fd < 0)
			return fd;
		unit->fd = fd;
	}
	bfd_session_packet(&unit->fsm, final, &packet);
	bfd_packet_encode(&packet, octets);
	error = e->ops->send(e->owner, unit->fd, conf, octets, sizeof octets);
	unit->sent += !error;
	return error;
}

/* What cannot be sent is tried again when the next packet is due. */
static void send_packet(struct bfd_engine *e, struct bfd_unit *unit, bool final)
{
	int error = transmit(e, unit, final);

	e->counters_changed = true;
	if (error && error != unit->error)
		e->ops->log(e->owner, LOG_WARNING, "%s: packets cannot be sent: %s",
			    unit->fsm.conf->name, strerrordesc_np(-error));
	else if (!error && unit->error)
		e->ops->log(e->owner, LOG_NOTICE, "%s: packets are sent again",
			    unit->fsm.conf->name);
	unit->error = error;
}

static void log_change(struct bfd_engine *e, const struct bfd_unit *unit, enum bfd_state old)
{
	const struct bfd_session *s = &unit->fsm;
	int level = old == BFD_UP || s->state == BFD_UP ? LOG_NOTICE : LOG_INFO;

	if (s->state == BFD_DOWN)
		e->ops->log(e->owner, level,
			    "%s: %s -> %s (local diagnostic: %s, remote diagnostic: %s)",
			    s->conf->name, bfd_state_name(old), bfd_state_name(s->state),
			    bfd_diag_name(s->diag), bfd_diag_name(s->remote_diag));
	else
		e->ops->log(e->owner, level, "%s: %s -> %s", s->conf->name, bfd_state_name(old),
			    bfd_state_name(s->state));
}

void bfd_engine_act(struct bfd_engine *e, struct bfd_unit *unit, size_t index,
		    const struct bfd_event *event, uint64_t now_us)
{
	struct bfd_actions done = bfd_step(&unit->fsm, event, now_us);
	bool up = unit->fsm.state == BFD_UP, was_up = done.old == BFD_UP;

	if (up != was_up && index != CONF_NONE)
		bfd_engine_tell(e, index);
	if (done.send)
		send_packet(e, unit, done.final);
	if (done.changed) {
		unit->became_up += up;
		unit->became_down += was_up;
		unit->changed_wall_us = e->ops->wall_us(e->owner);
		log_change(e, unit, done.old);
	}
	e->rows_changed |= done.changed || done.told;
}

/* ---- ports ---- */

static bool is_wanted(const struct bfd_engine *e, uint16_t family, bool multihop)
{
	for (size_t i = 0; i < bfd_engine_count(e); i++)
		if (e->conf->bfds[i].neighbor.family == family &&
		    e->conf->bfds[i].multihop == multihop)
			return true;
	return false;
}

static void settle_port(struct bfd_engine *e, uint16_t family, bool multihop, uint64_t now_us)
{
	struct bfd_port *port = &e->ports[family == AF_INET6][multihop];
	bool wanted = is_wanted(e, family, multihop);
	int error;

	if (wanted == port->open || (wanted && port->retry_us > now_us))
		return;
	error = e->ops->listen(e->owner, family, multihop, wanted);
	if (error && error != port->error)
		e->ops->log(e->owner, LOG_ERR,
			    "UDP port %d of %s cannot be used: %s; tried again every %d s",
			    multihop ? BFD_MULTIHOP_PORT : BFD_PORT,
			    family == AF_INET6 ? "IPv6" : "IPv4", strerrordesc_np(-error),
			    (int)(RETRY_US / USEC_PER_SEC));
	port->open = wanted && !error;
	port->error = error;
	port->retry_us = error ? now_us + RETRY_US : 0;
}

void bfd_engine_settle_ports(struct bfd_engine *e, uint64_t now_us)
{
	settle_port(e, AF_INET, false, now_us);
	settle_port(e, AF_INET, true, now_us);
	settle_port(e, AF_INET6, false, now_us);
	settle_port(e, AF_INET6, true, now_us);
}

void bfd_engine_stop(struct bfd_engine *e, uint64_t now_us)
{
	const struct bfd_event leave = {.kind = BFD_EVENT_LEAVE};

	for (size_t i = 0; i < bfd_engine_count(e); i++)
		bfd_engine_act(e, e->units[i], CONF_NONE, &leave, now_us);
}

/* ---- packets ---- */

/* RFC 5880 section 6.8.6: by the discriminator; before the neighbor knows it, by the addresses. */
static size_t find_unit(const struct bfd_engine *e, const struct bfd_arrival *arrival,
			const struct bfd_packet *packet)
{
	for (size_t i = 0; i < bfd_engine_count(e); i++) {
		const struct bfd_session *s = &e->units[i]->fsm;

		if (packet->your_discr && packet->your_discr != s->local_discr)
			continue;
		if (s->conf->multihop == arrival->multihop &&
		    ip_compare(&s->conf->neighbor, &arrival->source) == 0 &&
		    (!ip_is_set(&s->conf->source) ||
		     ip_compare(&s->conf->source, &arrival->destination) == 0))
			return i;
	}
	return CONF_NONE;
}

static void refuse(struct bfd_engine *e, const struct bfd_arrival *arrival, enum bfd_discard reason,
		   uint64_t now_us)
{
	struct bfd_refusals *refusals = &e->refusals[reason];
	char text[IP_TEXT_MAX];

	if (now_us < refusals->quiet_until_us) {
		refusals->held_back++;
		return;
	}
	if (refusals->held_back)
		e->ops->log(e->owner, LOG_INFO, "%u more packets like this (%s) since the last",
			    refusals->held_back, bfd_discard_name(reason));
	e->ops->log(e->owner, LOG_INFO, "packet of %s discarded: %s",
		    ip_format(&arrival->source, text), bfd_discard_name(reason));
	*refusals = (struct bfd_refusals){.quiet_until_us = now_us + QUIET_US};
}

void bfd_engine_receive(struct bfd_engine *e, const struct bfd_arrival *arrival, const void *octets,
			size_t size, uint64_t now_us)
{
	struct bfd_packet packet;
	const struct bfd_event event = {.kind = BFD_EVENT_PACKET, .packet = &packet};
	enum bfd_discard reason = bfd_packet_decode(octets, size, &packet);
	size_t index = reason ? CONF_NONE : find_unit(e, arrival, &packet);
	struct bfd_unit *unit = index == CONF_NONE ? NULL : e->units[index];

	if (!reason && !unit)
		reason = BFD_NO_SESSION;
	if (!reason && !bfd_hears_ttl(unit->fsm.conf, arrival->ttl)) {
		reason = BFD_BAD_TTL;
		unit->discarded++;
	}
	if (reason) {
		refuse(e, arrival, reason, now_us);
		return;
	}
	unit->received++;
	unit->heard_wall_us = e->ops->wall_us(e->owner);
	e->counters_changed = true;
	bfd_engine_act(e, unit, index, &event, now_us);
}

/* ---- time ---- */

void bfd_engine_tick(struct bfd_engine *e, uint64_t now_us)
{
	const struct bfd_event tick = {.kind = BFD_EVENT_TICK};

	for (size_t i = 0; i < bfd_engine_count(e); i++) {
		uint64_t due_us = bfd_due_us(&e->units[i]->fsm);

		if (due_us && due_us <= now_us)
			bfd_engine_act(e, e->units[i], i, &tick, now_us);
	}
	bfd_engine_settle_ports(e, now_us);
}

static void earlier(uint64_t *first_us, uint64_t at_us)
{
	if (at_us && (!*first_us || at_us < *first_us))
		*first_us = at_us;
}

uint64_t bfd_engine_due_us(const struct bfd_engine *e)
{
	uint64_t first_us = 0;

	for (size_t i = 0; i < bfd_engine_count(e); i++)
		earlier(&first_us, bfd_due_us(&e->units[i]->fsm));
	for (int f = 0; f < BFD_FAMILIES; f++)
		for (int multihop = 0; multihop < 2; multihop++)
			earlier(&first_us, e->ports[f][multihop].retry_us);
	if (e->counters_changed)
		earlier(&first_us, e->published_us + SNAP_BFD_COUNTERS_US);
	return first_us;
}
