/* SPDX-License-Identifier: MIT */
/*
 * What the agent keeps itself, changed by a manager: applied, written to the log and to the ring of
 * events.
 *
 * Thread: agent.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/table.h"

struct catalog;

/* undo: takes back what was changed a moment ago. -ENOMEM: nothing is changed. */
int own_change(struct catalog *catalog, enum agent_field field, uint32_t value, bool undo);
