/* SPDX-License-Identifier: MIT */
/*
 * From the results of single attempts to the verdict of a checker: retries, the tour through the
 * urls of an HTTP checker, and when the next attempt is due. Pure; one call of verdict_step() for
 * each finished attempt.
 *
 * Source: keepalived.conf(5) and its observed behaviour.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "conf/model.h"
#include "core/check/check.h"

struct verdict {
	bool up;
	bool decided;	/* an attempt has confirmed or changed `up` */
	bool url_bad;	/* the url to be fetched next failed when it was last fetched */
	uint32_t tries; /* failed attempts used up since the last success */
	uint32_t url;	/* index of the url to be fetched next; 0 for checkers without urls */
};

struct verdict verdict_start(const struct conf_checker *conf, bool initially_up);

/* Returns whether the verdict changed; the first one counts as a change. */
bool verdict_step(struct verdict *verdict, const struct conf_checker *conf,
		  enum check_result result, uint64_t *ret_delay_us);
