/* SPDX-License-Identifier: MIT */
/*
 * Varbinds of notifications. Thread: agent. Too many varbinds or too long a name are faults of
 * ours, so they are asserted, not reported.
 */
#include "agent/bind.h"

#include <assert.h>
#include <string.h>

#include "agent/cells.h"

struct notification *bind_begin(struct bind_out *out, const struct bind_place *place,
				uint32_t number, const struct msg_event *event)
{
	struct notification *n = &out->items[out->count++];

	memcpy(n->trap, place->ids, place->length * sizeof(*place->ids));
	n->trap[place->length] = number;
	n->trap_length = place->length + 1;
	n->kind = number;
	n->wall_us = event->wall_us;
	n->mono_us = event->mono_us;
	n->n_varbinds = 0;
	return n;
}

static struct varbind *next_varbind(struct notification *n, const struct bind_place *place,
				    uint32_t column, const struct row *index, enum cell_type type)
{
	size_t index_length = index ? index->index_length : 1;
	struct varbind *v;

	assert(n->n_varbinds < NOTIFICATION_VARBINDS_MAX);
	assert(place->length + 1 + index_length <= OID_MAX);
	v = &n->varbinds[n->n_varbinds++];
	memcpy(v->name, place->ids, place->length * sizeof(*v->name));
	v->name[place->length] = column;
	v->name[place->length + 1] = 0;
	if (index)
		memcpy(v->name + place->length + 1, index->index, index_length * sizeof(*v->name));
	v->name_length = place->length + 1 + index_length;
	v->type = type;
	memset(&v->cell, 0, sizeof(v->cell));
	return v;
}

/* Brings octets that lie elsewhere into the cell, and forgets where they were: NULL means the
 * cell's room. */
static void settle(struct cell *cell)
{
	assert(cell->size <= sizeof(cell->room));
	if (cell->octets != cell->room && cell->size > 0)
		memcpy(cell->room, cell->octets, cell->size);
	cell->octets = NULL;
}

void bind_number(struct notification *n, const struct bind_place *place, uint32_t column,
		 const struct row *index, enum cell_type type, int64_t number)
{
	next_varbind(n, place, column, index, type)->cell.number = number;
}

void bind_text(struct notification *n, const struct bind_place *place, uint32_t column,
	       const struct row *index, const char *text)
{
	struct cell *cell = &next_varbind(n, place, column, index, CELL_OCTETS)->cell;

	cell_text_or_empty(cell, text);
	settle(cell);
}

void bind_ip(struct notification *n, const struct bind_place *place, uint32_t column,
	     const struct row *index, enum cell_type type, const struct ip *ip)
{
	struct cell *cell = &next_varbind(n, place, column, index, type)->cell;

	if (type == CELL_IPADDRESS)
		cell_ipaddress(cell, ip);
	else
		cell_ip(cell, ip);
	settle(cell);
}

void bind_date(struct notification *n, const struct bind_place *place, uint32_t column,
	       const struct row *index, uint64_t wall_us)
{
	struct cell *cell = &next_varbind(n, place, column, index, CELL_OCTETS)->cell;

	cell_date(cell, wall_us);
	settle(cell);
}
