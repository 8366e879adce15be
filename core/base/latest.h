/* SPDX-License-Identifier: MIT */
/*
 * Latest-value buffer: one thread publishes, a fixed set of readers each take the newest value.
 * Both sides are wait-free (one atomic exchange). A value is immutable once published and lives
 * until the last reader that holds it has taken a newer one. Unlike a triple buffer the values may
 * have any size and several readers share one copy.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct latest;

/* First member of whatever is published. */
struct latest_value {
	_Atomic uint32_t references; /* of the buffer; the publisher leaves it 0 */
	/* called once, in the thread that drops the last reference */
	void (*free)(struct latest_value *value);
};

int latest_new(unsigned readers, struct latest **ret);
/* No thread may publish or read any more. Frees values not taken and values still held by readers.
 */
struct latest *latest_free(struct latest *latest);

/* Publisher: gives the value away. */
void latest_publish(struct latest *latest, struct latest_value *value);

/*
 * Reader number `reader` (0 to readers-1): the newest value, or NULL before the first publication.
 * It stays valid until the same reader calls again and receives a different one, or returns it.
 */
const struct latest_value *latest_read(struct latest *latest, unsigned reader);

/* Reader: it has done with what it read, and keeps no older value alive than the newest. The next
 * call reads as ever. */
void latest_return(struct latest *latest, unsigned reader);
