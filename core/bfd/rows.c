/* SPDX-License-Identifier: MIT */
/* What others see of the BFD sessions: made after a batch of calls, when it has changed. Thread:
 * bfd. */
#include "core/bfd/engine_private.h"

#include <stdlib.h>

static void free_rows(struct latest_value *value)
{
	struct snap_bfd *rows = (struct snap_bfd *)value;

	conf_unref(rows->conf);
	free(rows);
}

static struct snap_bfd_session row_of(const struct bfd_unit *unit, size_t index)
{
	const struct bfd_session *s = &unit->fsm;

	return (struct snap_bfd_session){
		.conf_index = (uint32_t)index,
		.state = s->state,
		.remote_state = s->remote_state,
		.diag = s->diag,
		.remote_diag = s->remote_diag,
		.local_discr = s->local_discr,
		.remote_discr = s->remote_discr,
		.min_tx_us = s->min_tx_us,
		.min_rx_us = s->min_rx_us,
		.remote_min_tx_us = s->remote_min_tx_us,
		.remote_min_rx_us = s->remote_min_rx_us,
		.remote_multiplier = s->remote_multiplier,
		.send_us = bfd_send_us(s),
		.detect_us = bfd_detect_us(s),
		.changed_wall_us = unit->changed_wall_us,
		.heard_wall_us = unit->heard_wall_us,
		.became_up = unit->became_up,
		.became_down = unit->became_down,
		.sent = unit->sent,
		.received = unit->received,
		.discarded = unit->discarded,
	};
}

static void publish(struct bfd_engine *e, uint64_t now_us)
{
	struct snap_bfd *rows =
		calloc(1, sizeof *rows + bfd_engine_count(e) * sizeof rows->sessions[0]);

	e->published_us = now_us;
	e->counters_changed = false;
	if (!rows)
		return; /* with the next change */
	e->rows_changed = false;
	rows->value.free = free_rows;
	rows->conf = conf_ref(e->conf);
	rows->n_sessions = bfd_engine_count(e);
	for (size_t i = 0; i < rows->n_sessions; i++)
		rows->sessions[i] = row_of(e->units[i], i);
	e->ops->publish(e->owner, rows);
}

void bfd_engine_flush(struct bfd_engine *e, uint64_t now_us)
{
	bool late = e->counters_changed && now_us >= e->published_us + SNAP_BFD_COUNTERS_US;

	if (e->conf && (e->rows_changed || late))
		publish(e, now_us);
	if (!e->conf_done)
		return;
	e->conf_done = false;
	const struct msg_conf_done done = {.from = THREAD_BFD, .generation = e->conf_generation};
	e->ops->mail(e->owner, THREAD_MAIN, MSG_CONF_DONE, &done, sizeof done);
}
