/* SPDX-License-Identifier: MIT */
/*
 * One slot for each reader. The publisher exchanges the new value into every slot and drops what it
 * finds there (a value that reader never took); a reader exchanges NULL into its slot and, when it
 * got something, drops the value it held. A reader that returns a value puts it back into its slot,
 * unless a newer one has come there. Each slot and each holding is one counted reference.
 */
#include "core/base/latest.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

struct reader_slot {
	_Atomic(struct latest_value *) next; /* published, not yet taken */
	struct latest_value *held;	     /* the reader's own */
};

struct latest {
	unsigned readers;
	struct reader_slot slots[];
};

int latest_new(unsigned readers, struct latest **ret)
{
	struct latest *latest = calloc(1, sizeof *latest + readers * sizeof latest->slots[0]);

	if (!latest)
		return -ENOMEM;
	latest->readers = readers;
	*ret = latest;
	return 0;
}

static void drop(struct latest_value *value)
{
	if (value && atomic_fetch_sub_explicit(&value->references, 1, memory_order_acq_rel) == 1)
		value->free(value);
}

struct latest *latest_free(struct latest *latest)
{
	if (!latest)
		return NULL;
	for (unsigned i = 0; i < latest->readers; i++) {
		drop(atomic_load_explicit(&latest->slots[i].next, memory_order_acquire));
		drop(latest->slots[i].held);
	}
	free(latest);
	return NULL;
}

void latest_publish(struct latest *latest, struct latest_value *value)
{
	atomic_store_explicit(&value->references, latest->readers, memory_order_relaxed);
	for (unsigned i = 0; i < latest->readers; i++)
		drop(atomic_exchange_explicit(&latest->slots[i].next, value, memory_order_acq_rel));
}

const struct latest_value *latest_read(struct latest *latest, unsigned reader)
{
	assert(reader < latest->readers);
	struct reader_slot *slot = &latest->slots[reader];
	struct latest_value *newer =
		atomic_exchange_explicit(&slot->next, NULL, memory_order_acq_rel);

	if (newer) {
		drop(slot->held);
		slot->held = newer;
	}
	return slot->held;
}

void latest_return(struct latest *latest, unsigned reader)
{
	assert(reader < latest->readers);
	struct reader_slot *slot = &latest->slots[reader];
	struct latest_value *none = NULL;

	if (!atomic_compare_exchange_strong_explicit(&slot->next, &none, slot->held,
						     memory_order_acq_rel, memory_order_acquire))
		drop(slot->held);
	slot->held = NULL;
}
