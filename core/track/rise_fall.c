/* SPDX-License-Identifier: MIT */
/*
 * The rise and fall counter of a tracked object. Pure: no clock, no I/O; any thread.
 */
#include "core/track/rise_fall.h"

void rise_fall_init(struct rise_fall *it, uint32_t rise, uint32_t fall, bool init_fail)
{
	it->rise = rise;
	it->fall = fall;
	it->count = init_fail ? 0 : rise - 1;
	it->decided = init_fail;
}

void rise_fall_inherit(struct rise_fall *it, const struct rise_fall *from)
{
	if (!from->decided)
		return;
	it->count = rise_fall_is_up(from) ? it->rise : it->rise - 1;
	it->decided = true;
}

bool rise_fall_is_up(const struct rise_fall *it)
{
	return it->count >= it->rise;
}

/* An opposite result while counting starts the count again: up goes to the top, down to zero. */
bool rise_fall_step(struct rise_fall *it, bool success)
{
	bool was_up = rise_fall_is_up(it), was_decided = it->decided;

	it->decided = true;
	if (success)
		it->count = it->count + 1 < it->rise ? it->count + 1 : it->rise + it->fall - 1;
	else
		it->count = it->count > it->rise ? it->count - 1 : 0;
	return rise_fall_is_up(it) != was_up || !was_decided;
}
