/* SPDX-License-Identifier: MIT */
/*
 * The tables served now, the snapshots they are answered from, and the sorted rows of each, built
 * when first asked for and kept until a snapshot changes.
 *
 * Thread: agent.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/table.h"

struct catalog;
struct conf;
struct wires;

int catalog_new(const struct wires *wires, struct catalog **ret);
struct catalog *catalog_free(struct catalog *catalog);

/* Every table there is, served or not; positions never change. */
size_t catalog_count(const struct catalog *catalog);
const struct table *catalog_table(const struct catalog *catalog, size_t position);

/* Which are served is a matter of the configuration. NULL: none. */
void catalog_select(struct catalog *catalog, const struct conf *conf);
bool catalog_is_served(const struct catalog *catalog, size_t position);

/*
 * A new turn of the loop: the next catalog_view() takes the newest snapshots. Until then everything
 * returned below stays valid and unchanged, so all that one PDU asks is answered from one moment.
 */
void catalog_expire(struct catalog *catalog);

/* Monotonic moment at which the master agent's sysUpTime was 0, 0 when not known. */
void catalog_set_uptime_base(struct catalog *catalog, uint64_t base_us);
void catalog_set_agent(struct catalog *catalog, const struct snap_agent *agent);
/* The agent's own state. -ENOMEM: as before. */
uint32_t catalog_own(const struct catalog *catalog, enum agent_field field);
int catalog_set_own(struct catalog *catalog, enum agent_field field, uint32_t value);
/* To be added to. */
struct events *catalog_events(struct catalog *catalog);

const struct view *catalog_view(struct catalog *catalog);
/* Sorted rows for catalog_view(); NULL when they cannot be built (logged). */
struct rows *catalog_rows(struct catalog *catalog, size_t position);
