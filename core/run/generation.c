/* SPDX-License-Identifier: MIT */
/*
 * Configurations by number. Messages name a configuration by its generation and refer into it by
 * index, so main keeps each one until every engine runs on a newer one and no snapshot holds it;
 * then it frees it, so that no engine ever pays for that.
 */
#include <errno.h>
#include <stdlib.h>

#include "conf/model.h"
#include "core/run/daemon.h"
#include "core/run/scripts.h"

int generation_add(struct daemon *d, const struct conf *conf, struct scripts *scripts)
{
	struct generation *generation = calloc(1, sizeof *generation);

	if (!generation)
		return -ENOMEM;
	/* Nobody else has seen it yet. */
	((struct conf *)conf)->generation = d->newest ? d->newest->conf->generation + 1 : 1;
	generation->conf = conf;
	generation->scripts = scripts;
	generation->older = d->newest;
	d->newest = generation;
	return 0;
}

const struct generation *generation_find(const struct daemon *d, uint64_t number)
{
	const struct generation *generation = d->newest;

	while (generation && generation->conf->generation != number)
		generation = generation->older;
	return generation;
}

static void free_generation(struct generation *generation)
{
	scripts_free(generation->scripts);
	conf_unref(generation->conf);
	free(generation);
}

static bool engines_left(const struct daemon *d, uint64_t number)
{
	for (int i = THREAD_VRRP; i <= THREAD_BFD; i++)
		if (d->running[i] && !d->stopped[i] && d->acked[i] <= number)
			return false;
	return true;
}

void generation_sweep(struct daemon *d)
{
	struct generation **at = d->newest ? &d->newest->older : NULL;

	while (at && *at) {
		struct generation *generation = *at;

		if (engines_left(d, generation->conf->generation) &&
		    atomic_load(&generation->conf->references) == 1) {
			*at = generation->older;
			free_generation(generation);
		} else {
			at = &generation->older;
		}
	}
}

void generation_free_all(struct daemon *d)
{
	while (d->newest) {
		struct generation *generation = d->newest;

		d->newest = generation->older;
		free_generation(generation);
	}
}
