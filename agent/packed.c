/* SPDX-License-Identifier: MIT */
/*
 * Notifications packed: native byte order, read back by the same process only. A struct
 * notification is 14 kB of mostly unused room; packed it is a few hundred octets.
 *
 * Thread: agent.
 */
#include "agent/packed.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent/table.h"

struct packed {
	uint64_t wall_us, mono_us;
	uint32_t size;
	unsigned char bytes[];
};

struct pack {
	unsigned char *at; /* NULL while only measuring */
	size_t size;
};

static void pack_put(struct pack *pack, const void *from, size_t size)
{
	if (pack->at && size)
		memcpy(pack->at + pack->size, from, size);
	pack->size += size;
}

static const void *cell_octets(const struct cell *cell)
{
	return cell->octets ? cell->octets : cell->room;
}

static void pack_varbind(struct pack *pack, const struct varbind *varbind)
{
	const struct cell *cell = &varbind->cell;

	pack_put(pack, &varbind->name_length, sizeof(varbind->name_length));
	pack_put(pack, varbind->name, varbind->name_length * sizeof(*varbind->name));
	pack_put(pack, &varbind->type, sizeof(varbind->type));
	pack_put(pack, &cell->number, sizeof(cell->number));
	pack_put(pack, &cell->size, sizeof(cell->size));
	if (varbind->type == CELL_OID)
		pack_put(pack, cell->oid, cell->size * sizeof(*cell->oid));
	else
		pack_put(pack, cell_octets(cell), cell->size);
}

static void pack_notification(struct pack *pack, const struct notification *notification)
{
	pack_put(pack, &notification->trap_length, sizeof(notification->trap_length));
	pack_put(pack, notification->trap, notification->trap_length * sizeof(*notification->trap));
	pack_put(pack, &notification->n_varbinds, sizeof(notification->n_varbinds));
	for (size_t i = 0; i < notification->n_varbinds; i++)
		pack_varbind(pack, &notification->varbinds[i]);
}

static void unpack_get(const unsigned char **at, void *to, size_t size)
{
	memcpy(to, *at, size);
	*at += size;
}

static void unpack_varbind(const unsigned char **at, struct varbind *ret)
{
	struct cell *cell = &ret->cell;

	unpack_get(at, &ret->name_length, sizeof(ret->name_length));
	unpack_get(at, ret->name, ret->name_length * sizeof(*ret->name));
	unpack_get(at, &ret->type, sizeof(ret->type));
	unpack_get(at, &cell->number, sizeof(cell->number));
	unpack_get(at, &cell->size, sizeof(cell->size));
	if (ret->type == CELL_OID) {
		cell->octets = NULL;
		unpack_get(at, cell->oid, cell->size * sizeof(*cell->oid));
		return;
	}
	cell->octets = *at;
	*at += cell->size;
}

void packed_read(const struct packed *packed, struct notification *ret)
{
	const unsigned char *at = packed->bytes;

	ret->wall_us = packed->wall_us;
	ret->mono_us = packed->mono_us;
	unpack_get(&at, &ret->trap_length, sizeof(ret->trap_length));
	unpack_get(&at, ret->trap, ret->trap_length * sizeof(*ret->trap));
	unpack_get(&at, &ret->n_varbinds, sizeof(ret->n_varbinds));
	for (size_t i = 0; i < ret->n_varbinds; i++)
		unpack_varbind(&at, &ret->varbinds[i]);
	assert(at == packed->bytes + packed->size);
}

static bool notification_is_sound(const struct notification *notification)
{
	if (notification->trap_length == 0 || notification->trap_length > OID_MAX ||
	    notification->n_varbinds > NOTIFICATION_VARBINDS_MAX)
		return false;
	for (size_t i = 0; i < notification->n_varbinds; i++) {
		const struct varbind *varbind = &notification->varbinds[i];
		const struct cell *cell = &varbind->cell;

		if (varbind->name_length == 0 || varbind->name_length > OID_MAX)
			return false;
		if (varbind->type == CELL_OID &&
		    cell->size > sizeof(cell->oid) / sizeof(*cell->oid))
			return false;
		if (varbind->type != CELL_OID && !cell->octets && cell->size > sizeof(cell->room))
			return false;
	}
	return true;
}

int packed_new(const struct notification *notification, struct packed **ret)
{
	struct pack pack = {0};
	struct packed *packed;

	if (!notification_is_sound(notification))
		return -EINVAL;
	pack_notification(&pack, notification);
	packed = malloc(sizeof(*packed) + pack.size);
	if (!packed)
		return -ENOMEM;
	*packed = (struct packed){
		.size = (uint32_t)pack.size,
		.wall_us = notification->wall_us,
		.mono_us = notification->mono_us,
	};
	pack = (struct pack){.at = packed->bytes};
	pack_notification(&pack, notification);
	*ret = packed;
	return 0;
}
