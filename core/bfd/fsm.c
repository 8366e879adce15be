/* SPDX-License-Identifier: MIT */
/*
 * The state machine of one BFD session. Pure: no socket, no clock, no log. Thread: bfd.
 *
 * The demand bit of a neighbor is honoured as RFC 5880 section 6.8.7 demands (no packets by time
 * while both are up); vipd itself never asks for it. A change of state is told at once, not when
 * the next packet is due, as section 6.8.7 recommends.
 */
#include "core/bfd/fsm.h"

#include <assert.h>

/* Section 6.8.1: before the neighbor was heard. */
static void forget_neighbor(struct bfd_session *s)
{
	s->remote_state = BFD_DOWN;
	s->remote_discr = 0;
	s->remote_min_rx_us = 1;
	s->remote_min_tx_us = 0;
	s->remote_multiplier = 0;
	s->remote_demand = false;
	s->expire_us = 0;
}

void bfd_session_init(struct bfd_session *session, const struct conf_bfd *conf,
		      uint32_t local_discr, uint32_t seed)
{
	assert(local_discr != 0);
	*session = (struct bfd_session){
		.conf = conf,
		.state = BFD_DOWN,
		.local_discr = local_discr,
		.min_tx_us = (uint32_t)conf->idle_tx_us,
		.min_rx_us = (uint32_t)conf->min_rx_us,
		.send_base_us = (uint32_t)conf->idle_tx_us,
		.detect_base_us = (uint32_t)conf->min_rx_us,
		.seed = seed ? seed : 1, /* it would stay 0 */
	};
	forget_neighbor(session);
}

/* ---- intervals ---- */

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t bfd_send_us(const struct bfd_session *s)
{
	bool asked_not_to =
		s->remote_demand && s->state == BFD_UP && s->remote_state == BFD_UP && !s->polling;

	if (s->state == BFD_ADMIN_DOWN || s->remote_min_rx_us == 0 || asked_not_to ||
	    (s->conf->passive && s->remote_discr == 0))
		return 0;
	return larger(s->send_base_us, s->remote_min_rx_us);
}

uint64_t bfd_detect_us(const struct bfd_session *s)
{
	return s->remote_multiplier * larger(s->detect_base_us, s->remote_min_tx_us);
}

bool bfd_hears_ttl(const struct conf_bfd *conf, int ttl)
{
	return conf->max_hops == 255 || ttl >= conf->ttl - conf->max_hops;
}

/* xorshift: good enough to keep neighbors from beating in step. */
static uint32_t random_below(struct bfd_session *s, uint32_t bound)
{
	s->seed ^= s->seed << 13;
	s->seed ^= s->seed >> 17;
	s->seed ^= s->seed << 5;
	return s->seed % bound;
}

/* Section 6.8.7: less by up to 25%, and with multiplier 1 by no less than 10%. */
static uint64_t with_jitter(struct bfd_session *s, uint64_t interval_us)
{
	bool alone = s->conf->multiplier == 1;
	uint32_t less = alone ? 100 + random_below(s, 151) : random_below(s, 251);

	return interval_us - interval_us * less / 1000;
}

/* When the interval is another one than it was, the next packet is due by the new one. */
static void plan(struct bfd_session *s, uint64_t now_us)
{
	uint64_t send_us = bfd_send_us(s);

	if (send_us == s->send_us && (s->next_us || !send_us))
		return;
	s->send_us = send_us;
	s->next_us = send_us == 0      ? 0
		     : s->sent_us == 0 ? now_us
				       : larger(s->sent_us + with_jitter(s, send_us), now_us);
}

static void plan_next(struct bfd_session *s, uint64_t now_us)
{
	s->sent_us = now_us;
	s->send_us = bfd_send_us(s);
	s->next_us = s->send_us ? now_us + with_jitter(s, s->send_us) : 0;
}

/* Section 6.8.3: while up, one that takes time to be believed waits for the answer to a poll. */
static void tell_intervals(struct bfd_session *s, uint64_t min_tx_us, uint64_t min_rx_us)
{
	bool same = s->min_tx_us == min_tx_us && s->min_rx_us == min_rx_us;

	s->min_tx_us = (uint32_t)min_tx_us;
	s->min_rx_us = (uint32_t)min_rx_us;
	if (s->state != BFD_UP || min_tx_us < s->send_base_us)
		s->send_base_us = (uint32_t)min_tx_us;
	if (s->state != BFD_UP || min_rx_us > s->detect_base_us)
		s->detect_base_us = (uint32_t)min_rx_us;
	if (s->state != BFD_UP || same)
		return;
	s->poll_again = s->polling;
	s->polling = true;
}

static void end_poll(struct bfd_session *s)
{
	if (s->poll_again) {
		s->poll_again = false;
		return;
	}
	s->polling = false;
	s->send_base_us = s->min_tx_us;
	s->detect_base_us = s->min_rx_us;
}

/* ---- states ---- */

static void change(struct bfd_session *s, enum bfd_state state, enum bfd_diag diag,
		   struct bfd_actions *actions)
{
	actions->old = s->state;
	actions->changed = true;
	actions->send = true;
	s->state = state;
	s->diag = diag;
	s->polling = s->poll_again = false;
	tell_intervals(s, state == BFD_UP ? s->conf->min_tx_us : s->conf->idle_tx_us,
		       s->conf->min_rx_us);
}

/* The table of section 6.8.6; who is administratively down hears nothing. */
static void follow_neighbor(struct bfd_session *s, struct bfd_actions *actions)
{
	enum bfd_state said = s->remote_state;

	if (said == BFD_ADMIN_DOWN) {
		if (s->state != BFD_DOWN)
			change(s, BFD_DOWN, BFD_DIAG_NEIGHBOR, actions);
	} else if (s->state == BFD_DOWN) {
		if (said == BFD_DOWN)
			change(s, BFD_INIT, s->diag, actions);
		else if (said == BFD_INIT)
			change(s, BFD_UP, BFD_DIAG_NONE, actions);
	} else if (s->state == BFD_INIT) {
		if (said == BFD_INIT || said == BFD_UP)
			change(s, BFD_UP, BFD_DIAG_NONE, actions);
	} else if (said == BFD_DOWN) {
		change(s, BFD_DOWN, BFD_DIAG_NEIGHBOR, actions);
	}
}

static bool says_something_new(const struct bfd_session *s, const struct bfd_packet *packet)
{
	return s->remote_discr != packet->my_discr || s->remote_state != packet->state ||
	       s->remote_diag != packet->diag || s->remote_min_tx_us != packet->min_tx_us ||
	       s->remote_min_rx_us != packet->min_rx_us ||
	       s->remote_multiplier != packet->multiplier;
}

static void receive(struct bfd_session *s, const struct bfd_packet *packet, uint64_t now_us,
		    struct bfd_actions *actions)
{
	if (s->state == BFD_ADMIN_DOWN)
		return;
	actions->told = says_something_new(s, packet);
	s->remote_discr = packet->my_discr;
	s->remote_state = packet->state;
	s->remote_diag = packet->diag;
	s->remote_demand = packet->demand;
	s->remote_min_tx_us = packet->min_tx_us;
	s->remote_min_rx_us = packet->min_rx_us;
	s->remote_multiplier = packet->multiplier;
	if (packet->final && s->polling)
		end_poll(s);
	follow_neighbor(s, actions);
	s->heard_us = now_us;
	s->expire_us = now_us + bfd_detect_us(s);
	if (packet->poll)
		actions->send = actions->final = true;
}

/* Also of one that was down: what is known of the neighbor holds as long as it is heard. */
static void expire(struct bfd_session *s, struct bfd_actions *actions)
{
	if (s->state == BFD_INIT || s->state == BFD_UP)
		change(s, BFD_DOWN, BFD_DIAG_EXPIRED, actions);
	actions->told = true;
	forget_neighbor(s);
}

static void tick(struct bfd_session *s, uint64_t now_us, struct bfd_actions *actions)
{
	if (s->expire_us && s->expire_us <= now_us)
		expire(s, actions);
	if (s->next_us && s->next_us <= now_us)
		actions->send = true;
}

static void leave(struct bfd_session *s, struct bfd_actions *actions)
{
	if (s->state == BFD_ADMIN_DOWN)
		return;
	change(s, BFD_ADMIN_DOWN, BFD_DIAG_ADMIN, actions);
	s->expire_us = 0;
}

struct bfd_actions bfd_step(struct bfd_session *session, const struct bfd_event *event,
			    uint64_t now_us)
{
	struct bfd_actions actions = {.old = session->state};

	switch (event->kind) {
	case BFD_EVENT_START:
		break;
	case BFD_EVENT_TICK:
		tick(session, now_us, &actions);
		break;
	case BFD_EVENT_PACKET:
		receive(session, event->packet, now_us, &actions);
		break;
	case BFD_EVENT_CONF:
		session->conf = event->conf;
		tell_intervals(session,
			       session->state == BFD_UP ? event->conf->min_tx_us
							: event->conf->idle_tx_us,
			       event->conf->min_rx_us);
		break;
	case BFD_EVENT_LEAVE:
		leave(session, &actions);
		break;
	}
	/* Section 6.8.7: who is passive does not speak first. */
	if (session->conf->passive && session->remote_discr == 0)
		actions.send = false;
	if (actions.send)
		plan_next(session, now_us);
	else
		plan(session, now_us);
	return actions;
}

void bfd_session_packet(const struct bfd_session *session, bool final, struct bfd_packet *ret)
{
	*ret = (struct bfd_packet){
		.diag = session->diag,
		.state = session->state,
		.poll = session->polling && !final,
		.final = final,
		.multiplier = session->conf->multiplier,
		.my_discr = session->local_discr,
		.your_discr = session->remote_discr,
		.min_tx_us = session->min_tx_us,
		.min_rx_us = session->min_rx_us,
	};
}

uint64_t bfd_due_us(const struct bfd_session *session)
{
	uint64_t next_us = session->next_us, expire_us = session->expire_us;

	if (!next_us || !expire_us)
		return next_us ? next_us : expire_us;
	return next_us < expire_us ? next_us : expire_us;
}
