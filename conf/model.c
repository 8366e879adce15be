/* SPDX-License-Identifier: MIT */
/*
 * What there is to do with a finished model: count references, compare keys. Any thread.
 */
#include "conf/model.h"

#include <string.h>

#include "conf/arena.h"

/* The count is the one part of a model that changes. */
static _Atomic uint32_t *references(const struct conf *conf)
{
	return &((struct conf *)(uintptr_t)conf)->references;
}

const struct conf *conf_ref(const struct conf *conf)
{
	atomic_fetch_add_explicit(references(conf), 1, memory_order_relaxed);
	return conf;
}

const struct conf *conf_unref(const struct conf *conf)
{
	/* The model lives in its own arena. */
	if (conf && atomic_fetch_sub_explicit(references(conf), 1, memory_order_acq_rel) == 1)
		arena_free(conf->arena);
	return NULL;
}

#define COMPARE(x, y) ((x) < (y) ? -1 : (x) > (y))

int svc_key_compare(const struct svc_key *a, const struct svc_key *b)
{
	int order = COMPARE(a->fwmark, b->fwmark);

	if (!order)
		order = ip_compare(&a->ip, &b->ip);
	if (!order)
		order = COMPARE(a->protocol, b->protocol);
	return order ? order : COMPARE(a->port, b->port);
}

int dest_key_compare(const struct dest_key *a, const struct dest_key *b)
{
	int order = ip_compare(&a->ip, &b->ip);

	return order ? order : COMPARE(a->port, b->port);
}
