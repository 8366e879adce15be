/* SPDX-License-Identifier: MIT */
/*
 * Settings that only a restart of the daemon can change (OPTION_REFUSED): a load that follows
 * another keeps their old values and says so. Such rows stand at the top level and in global_defs
 * only. Private to conf/.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "conf/model.h"
#include "conf/options.h"

struct build;
struct node;

#define KEEP_MAX 64

struct keep {
	const struct conf *previous;
	const struct option *rows[KEEP_MAX]; /* those whose value must not change */
	bool said[KEEP_MAX];
	size_t n;
};

/* Finds the rows in which conf departs from previous. Returns 0 or -ENOMEM. */
int keep_find(const struct conf *previous, const struct conf *conf, struct keep *ret);

/* True, after saying so, when the statement must not take effect. */
bool keep_refuses(struct build *build, const struct node *node);

/* After the whole tree was applied: puts the old values in place. */
void keep_restore(struct build *build);
