/* SPDX-License-Identifier: MIT */
/*
 * Writing notifications: a trap OID and its varbinds, each with the full instance OID. Octets are
 * copied into the varbind's own cell, so the result needs neither the view nor the event any more.
 * Thread: agent.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "agent/table.h"

#define BIND_PLACE_MAX 16

/* An entry, a group of scalars, or the parent of notifications. */
struct bind_place {
	uint32_t ids[BIND_PLACE_MAX];
	size_t length;
};

/* What notifications_of() has written so far. */
struct bind_out {
	struct notification *items;
	size_t count;
};

/* The next notification, place.number, with the times of its event. */
struct notification *bind_begin(struct bind_out *out, const struct bind_place *place,
				uint32_t number, const struct msg_event *event);

/* One varbind: place.column.index. index NULL: a scalar, .0 */
void bind_number(struct notification *n, const struct bind_place *place, uint32_t column,
		 const struct row *index, enum cell_type type, int64_t number);
void bind_text(struct notification *n, const struct bind_place *place, uint32_t column,
	       const struct row *index, const char *text);
/* InetAddress or IpAddress by type. */
void bind_ip(struct notification *n, const struct bind_place *place, uint32_t column,
	     const struct row *index, enum cell_type type, const struct ip *ip);
void bind_date(struct notification *n, const struct bind_place *place, uint32_t column,
	       const struct row *index, uint64_t wall_us);
