/* SPDX-License-Identifier: MIT */
/* What the agent keeps itself, changed by a manager: applied and told. */
#include "agent/own.h"

#include <stdio.h>

#include "agent/catalog.h"
#include "agent/events.h"
#include "core/base/log.h"

static const char *const own_names[] = {
	[AGENT_TRAPS] = "vrrpNotificationCntl",
	[AGENT_EVENTS] = "ipvsdEventMax",
	[AGENT_LOCK] = "ipvsdSysAdminLock",
	[AGENT_NOTIFY] = "ipvsdNotifyEnable",
	[AGENT_NOTIFY_INTERVAL] = "ipvsdNotifyMinInterval",
	[AGENT_NOTIFY_RATE] = "ipvsdNotifyMaxRate",
};

static void own_text(char room[static ADMIN_COMMENT_MAX], enum agent_field field, uint32_t value)
{
	if (field == AGENT_TRAPS)
		snprintf(room, ADMIN_COMMENT_MAX, "%s", value == 1 ? "enabled" : "disabled");
	else
		snprintf(room, ADMIN_COMMENT_MAX, "%u", value);
}

/* A lock that moves says nothing by itself: whoever took it changes something else. */
static void tell_own(struct catalog *catalog, enum agent_field field, uint32_t before,
		     uint32_t after, bool undo)
{
	struct msg_changed changed = {.object = CHANGED_NOTHING, .who = "snmp"};

	if (field == AGENT_LOCK)
		return;
	own_text(changed.was, field, before);
	own_text(changed.now, field, after);
	snprintf(changed.what, sizeof(changed.what), "%s%s", own_names[field],
		 undo ? " (undone)" : "");
	log_notice("agent", "SET %s: %s -> %s%s", own_names[field], changed.was, changed.now,
		   undo ? " (undone)" : "");
	events_add_changed(catalog_events(catalog), &changed);
}

int own_change(struct catalog *catalog, enum agent_field field, uint32_t value, bool undo)
{
	uint32_t before = catalog_own(catalog, field);
	int r = catalog_set_own(catalog, field, value);

	if (r >= 0)
		tell_own(catalog, field, before, value, undo);
	return r;
}
