/* SPDX-License-Identifier: MIT */
/*
 * Hysteresis of a tracked object: `rise` successes in a row make it up, `fall` failures in a row
 * make it down. Pure. Source: keepalived.conf(5), vrrp_script.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The count runs from 0 to rise+fall-1; the object is up from `rise` on. */
struct rise_fall {
	uint32_t rise, fall; /* at least 1 */
	uint32_t count;
	bool decided; /* false: no result yet */
};

/* Born undecided, one success short of up; with init_fail decided, down, and `rise` successes
 * short. */
void rise_fall_init(struct rise_fall *it, uint32_t rise, uint32_t fall, bool init_fail);

/* Takes over the verdict of an object whose definition has changed, if there was one; the next
 * result, whatever it is, counts at once. */
void rise_fall_inherit(struct rise_fall *it, const struct rise_fall *from);

/* Takes one result. A first failure takes effect at once. Returns whether up or decided changed. */
bool rise_fall_step(struct rise_fall *it, bool success);

bool rise_fall_is_up(const struct rise_fall *it);
