/* SPDX-License-Identifier: MIT */
/*
 * Counts the references to a finished model, and tells how much of a kind it has. Any thread.
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

size_t conf_n_tracked(const struct conf *conf, enum conf_track_kind kind)
{
	const size_t counts[CONF_TRACK_KINDS] = {
		[CONF_TRACK_SCRIPT] = conf->n_scripts,
		[CONF_TRACK_FILE] = conf->n_files,
		[CONF_TRACK_PROCESS] = conf->n_processes,
		[CONF_TRACK_BFD] = conf->n_bfds,
	};

	return counts[kind];
}

uint8_t conf_sync_id(const struct conf *conf)
{
	const struct conf_sync_daemon *sync = &conf->global.sync;

	if (sync->id >= 0)
		return (uint8_t)sync->id;
	for (size_t i = 0; sync->instance && i < conf->n_instances; i++)
		if (strcmp(conf->instances[i].name, sync->instance) == 0)
			return conf->instances[i].vrid;
	return 0;
}
