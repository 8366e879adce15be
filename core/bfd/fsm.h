/* SPDX-License-Identifier: MIT */
/*
 * The state machine of one BFD session, in asynchronous mode, without echo. Pure: bfd_step() is the
 * only writer of a session; time comes with each call, and what is to be done is returned.
 *
 * Source: RFC 5880 sections 6.2 (states), 6.5 (poll sequences), 6.8 (everything else).
 */
#pragma once

#include "conf/model.h"
#include "core/bfd/packet.h"

enum bfd_event_kind {
	BFD_EVENT_START,  /* of a fresh session */
	BFD_EVENT_TICK,	  /* bfd_due_us() is past */
	BFD_EVENT_PACKET, /* received, and found to be of this session */
	BFD_EVENT_CONF,	  /* intervals or multiplier have changed: no reason to go down */
	BFD_EVENT_LEAVE,  /* for good */
};

struct bfd_event {
	enum bfd_event_kind kind;
	const struct bfd_packet *packet;
	const struct conf_bfd *conf; /* BFD_EVENT_CONF: outlives the next change */
};

struct bfd_actions {
	bool send;    /* one packet, made by bfd_session_packet() at once */
	bool final;   /* which answers a poll */
	bool changed; /* the state, from old */
	bool told;    /* what the neighbor says of itself has changed */
	enum bfd_state old;
};

struct bfd_session {
	const struct conf_bfd *conf;
	enum bfd_state state, remote_state;
	enum bfd_diag diag, remote_diag;
	uint32_t local_discr, remote_discr;
	uint32_t min_tx_us, min_rx_us; /* as told in packets */
	/* In force for sending and for detection: while a poll is under way these lag behind where
	 * a packet could be missed (section 6.8.3). */
	uint32_t send_base_us, detect_base_us;
	uint32_t remote_min_tx_us, remote_min_rx_us;
	uint8_t remote_multiplier;
	bool remote_demand;
	bool polling;
	bool poll_again;    /* changed once more before the answer */
	uint64_t sent_us;   /* the last packet, 0: none */
	uint64_t send_us;   /* interval in force when the next one was planned */
	uint64_t heard_us;  /* the last packet of the neighbor */
	uint64_t next_us;   /* when to send, 0: not by time */
	uint64_t expire_us; /* when silence means down, 0: nothing was heard */
	uint32_t seed;	    /* of the jitter */
};

/* Not yet started. local_discr is unique on this machine and not 0; conf outlives the next change.
 */
void bfd_session_init(struct bfd_session *session, const struct conf_bfd *conf,
		      uint32_t local_discr, uint32_t seed);

struct bfd_actions bfd_step(struct bfd_session *session, const struct bfd_event *event,
			    uint64_t now_us);

/* The packet to send now. */
void bfd_session_packet(const struct bfd_session *session, bool final, struct bfd_packet *ret);

uint64_t bfd_due_us(const struct bfd_session *session); /* 0: never */
/* How long after a packet the next one is due at the latest, 0: none is sent by time. */
uint64_t bfd_send_us(const struct bfd_session *session);
/* How long the neighbor may be silent, 0: it was not heard yet. */
uint64_t bfd_detect_us(const struct bfd_session *session);
/* Whether a packet may come with this TTL. RFC 5881 section 5: 255, as is the default for IPv4. */
bool bfd_hears_ttl(const struct conf_bfd *conf, int ttl);
