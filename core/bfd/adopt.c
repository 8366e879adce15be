/* SPDX-License-Identifier: MIT */
/*
 * A new configuration of BFD sessions: who goes on, who goes, who comes. Thread: bfd. Everything
 * that can fail is allocated before anything is touched. Who goes on is decided in conf/diff.h; new
 * intervals of a session that is up reach the neighbor by a poll, and the session stays up.
 */
#include "core/bfd/engine_private.h"

#include <errno.h>
#include <stdlib.h>
#include <syslog.h>

#include "conf/diff.h"

void bfd_unit_free(struct bfd_engine *e, struct bfd_unit *unit)
{
	if (unit && unit->fd >= 0)
		e->ops->close(e->owner, unit->fd);
	free(unit);
}

/* No other session's, and not 0. */
static uint32_t new_discr(struct bfd_engine *e, struct bfd_unit *const *units, size_t count)
{
	uint32_t discr = e->ops->random(e->owner);

	for (size_t i = 0; i < count;) {
		bool taken = !discr || (units[i] && units[i]->fsm.local_discr == discr);

		discr += taken;
		i = taken ? 0 : i + 1;
	}
	return discr ? discr : 1;
}

static struct bfd_unit *make_unit(struct bfd_engine *e, struct bfd_unit *const *units, size_t count,
				  const struct conf_bfd *conf)
{
	struct bfd_unit *unit = calloc(1, sizeof *unit);

	if (!unit)
		return NULL;
	unit->fd = -1;
	bfd_session_init(&unit->fsm, conf, new_discr(e, units, count), e->ops->random(e->owner));
	return unit;
}

/* The units of the new configuration: old ones that go on, marked, and fresh ones. */
static int stage(struct bfd_engine *e, const struct conf *conf, struct bfd_unit **units)
{
	struct conf_diff *diff = NULL;
	int error = conf_diff_new(e->conf, conf, &diff);

	for (size_t i = 0; i < conf->n_bfds && !error; i++) {
		uint32_t old = diff->bfds[i];

		if (old == CONF_NONE ||
		    conf_bfd_restarts(diff, &e->conf->bfds[old], &conf->bfds[i]))
			continue;
		units[i] = e->units[old];
		units[i]->kept = true;
	}
	for (size_t i = 0; i < conf->n_bfds && !error; i++) {
		if (units[i])
			continue;
		units[i] = make_unit(e, units, conf->n_bfds, &conf->bfds[i]);
		error = units[i] ? 0 : -ENOMEM;
	}
	conf_diff_free(diff);
	return error;
}

static void drop_stage(struct bfd_engine *e, const struct conf *conf, struct bfd_unit **units)
{
	for (size_t i = 0; units && i < conf->n_bfds; i++)
		if (units[i] && !units[i]->kept)
			bfd_unit_free(e, units[i]);
	for (size_t i = 0; i < bfd_engine_count(e); i++)
		e->units[i]->kept = false;
	free(units);
}

static void let_go(struct bfd_engine *e, uint64_t now_us)
{
	const struct bfd_event leave = {.kind = BFD_EVENT_LEAVE};

	for (size_t i = 0; i < bfd_engine_count(e); i++) {
		if (e->units[i]->kept)
			continue;
		bfd_engine_act(e, e->units[i], CONF_NONE, &leave, now_us);
		bfd_unit_free(e, e->units[i]);
	}
}

/* First what has changed, so that old times are not judged by new intervals. */
static void begin(struct bfd_engine *e, size_t index, uint64_t now_us)
{
	struct bfd_unit *unit = e->units[index];
	const struct bfd_event event = {.kind = unit->kept ? BFD_EVENT_CONF : BFD_EVENT_START,
					.conf = &e->conf->bfds[index]};

	unit->kept = false;
	bfd_engine_act(e, unit, index, &event, now_us);
	bfd_engine_tell(e, index);
}

int bfd_engine_conf(struct bfd_engine *e, const struct conf *conf, uint64_t now_us)
{
	struct bfd_unit **units = calloc(conf->n_bfds + 1, sizeof *units);
	const struct conf *old = e->conf;
	int error = units ? stage(e, conf, units) : -ENOMEM;

	e->conf_done = true;
	e->conf_generation = conf->generation;
	if (error) {
		drop_stage(e, conf, units);
		conf_unref(conf);
		e->ops->log(e->owner, LOG_ERR, "out of memory: the old sessions stay");
		return error;
	}
	let_go(e, now_us);
	free(e->units);
	e->units = units;
	e->conf = conf;
	for (size_t i = 0; i < conf->n_bfds; i++)
		begin(e, i, now_us);
	bfd_engine_settle_ports(e, now_us);
	conf_unref(old);
	e->rows_changed = true;
	return 0;
}
