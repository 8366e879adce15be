/* SPDX-License-Identifier: MIT */
/* See core/check/pace.h. No clock, no memory of its own. */
#include "core/check/pace.h"

bool pace_allows(const struct pace *pace, uint64_t now_us)
{
	return now_us >= pace->not_before_us;
}

void pace_worked(struct pace *pace, uint32_t rest, uint64_t began_us, uint64_t ended_us)
{
	uint64_t took_us = ended_us > began_us ? ended_us - began_us : 0;
	bool long_rest = rest && took_us > PACE_REST_MAX / rest;

	pace->not_before_us = ended_us + (long_rest ? PACE_REST_MAX : took_us * rest);
}
