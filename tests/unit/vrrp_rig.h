/* SPDX-License-Identifier: MIT */
/*
 * A whole VRRP engine in virtual time, without sockets or threads: configurations are made from
 * words, every effect is written down as a line of text. Used by the replay scripts and by the
 * simulation.
 */
#pragma once

#include "core/vrrp/engine.h"
#include "core/vrrp/packet.h"

#define RIG_EFFECTS 4096
#define RIG_CONFS   16
#define RIG_ITEMS   16
#define RIG_KEY	    "secret12"

struct rig_effect {
	uint64_t at_us;
	unsigned count; /* the same line again at the same time counts up */
	char text[120];
};

/* What the engine sends: a message, or AH and a message. */
struct rig_sent {
	uint32_t ifindex;
	struct ip source, destination;
	uint8_t ttl, protocol;
	const uint8_t *octets;
	size_t size;
};

struct rig {
	struct vrrp_engine *engine;
	uint64_t now_us;
	uint64_t send_us;	       /* that the sending of an advert takes */
	struct conf *confs[RIG_CONFS]; /* by generation - 1; the newest may be in the making */
	size_t n_confs;
	struct snap_vrrp *rows; /* newest publication */
	unsigned publications;
	struct rig_effect effects[RIG_EFFECTS];
	size_t n_effects, read_effects;
	bool answer_addrs; /* confirm requests at once */
	struct msg_addrs asked[64];
	size_t n_asked;
	/* what opening a socket, joining, and opening one for AH return */
	int open_error, join_error, ah_error;
	bool hears_ah[RIG_ITEMS];      /* by ifindex */
	struct hmac *hmac;	       /* rig_hmac() */
	uint8_t key[VRRP_AUTH_OCTETS]; /* that AH is to have */
	unsigned joined[RIG_ITEMS][2]; /* by ifindex, then IPv4 and IPv6 */
	unsigned open_sockets, groups; /* groups: memberships of all sockets */
	bool verbose;
	bool wire;	      /* notes all of an advert that a SET may change, and its checksum */
	int64_t wall_step_us; /* what somebody did to the machine's clock */
	void *network;
	void (*on_send)(struct rig *rig, const struct rig_sent *sent);
	void (*on_log)(struct rig *rig, const char *line); /* NULL: to standard error if verbose */
};

#define RIG_EPOCH_US (1000 * UINT64_C(1000000)) /* virtual time 0 of scripts */

void rig_start(struct rig *rig);
void rig_end(struct rig *rig);
struct hmac *rig_hmac(struct rig *rig); /* made when it is first needed: that takes its time */

/* A configuration is built by words ("instance", "A", "vrid=51", ...) and adopted by rig_load(). */
struct conf *rig_conf_new(struct rig *rig);
bool rig_conf_add(struct conf *conf, char **words, size_t count);
/* Where a script, file or process of that name stands, CONF_NONE: nowhere. */
uint32_t rig_conf_find(const struct conf *conf, enum conf_track_kind kind, const char *name);
void rig_load(struct rig *rig);
void rig_conf_free(struct conf *conf); /* rig_end() frees all */

/* addresses: "A,B,C", the first is the primary, of IPv6 the first link-local one; "router" among
 * them: it forwards IPv6. NULL for none. */
void rig_link(struct rig *rig, const char *name, uint32_t ifindex, bool present, bool up,
	      const char *addresses);
/* Advances to at_us, waking the engine exactly when it asks to be. */
void rig_run_until(struct rig *rig, uint64_t at_us);
/* After any direct call of the engine: flush and answer. */
void rig_settle(struct rig *rig);
void rig_receive(struct rig *rig, uint32_t ifindex, const struct vrrp_envelope *envelope);
void rig_note(struct rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));
const struct snap_instance *rig_row(const struct rig *rig, const char *name);
/* Answers the newest request about this instance and forgets the others. False when there is none.
 */
bool rig_answer(struct rig *rig, const char *name, int error);
/* Answers the oldest one well, as a slow main would, and forgets only that. */
bool rig_answer_late(struct rig *rig, const char *name);
