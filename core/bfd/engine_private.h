/* SPDX-License-Identifier: MIT */
/* What the files of the BFD engine share. Private to core/bfd. Thread: bfd. */
#pragma once

#include "core/bfd/engine.h"
#include "core/bfd/fsm.h"

#define BFD_FAMILIES 2 /* IPv4, IPv6 */

struct bfd_unit {
	struct bfd_session fsm;
	int fd;	   /* -1: not open */
	int error; /* of the last packet; each is logged once */
	bool kept; /* while a configuration is adopted */
	uint64_t changed_wall_us, heard_wall_us;
	uint64_t became_up, became_down;
	uint64_t sent, received, discarded;
};

struct bfd_port {
	bool open;
	int error;
	uint64_t retry_us; /* 0: not wanted, or open */
};

struct bfd_refusals {
	uint64_t quiet_until_us;
	unsigned held_back;
};

struct bfd_engine {
	const struct bfd_ops *ops;
	void *owner;
	const struct conf *conf; /* NULL: none yet */
	struct bfd_unit **units; /* one for each conf->bfds */
	struct bfd_port ports[BFD_FAMILIES][2];
	struct bfd_refusals refusals[BFD_DISCARDS];
	bool rows_changed, counters_changed, conf_done;
	uint64_t conf_generation; /* of the newest, adopted or not */
	uint64_t published_us;
};

/* engine.c. index: of e->units, or CONF_NONE for one that nobody is to be told of. */
void bfd_engine_act(struct bfd_engine *e, struct bfd_unit *unit, size_t index,
		    const struct bfd_event *event, uint64_t now_us);
void bfd_engine_tell(struct bfd_engine *e, size_t index);
void bfd_engine_settle_ports(struct bfd_engine *e, uint64_t now_us);
size_t bfd_engine_count(const struct bfd_engine *e); /* of its units */

/* adopt.c */
void bfd_unit_free(struct bfd_engine *e, struct bfd_unit *unit);
