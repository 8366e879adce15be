/* SPDX-License-Identifier: MIT */
/* Notifications in little room, for those that wait. Thread: agent. */
#pragma once

struct notification;
struct packed; /* free() ends it */

/* -ENOMEM, or -EINVAL for a varbind no PDU can carry. */
int packed_new(const struct notification *notification, struct packed **ret);
/* As it was; octets point into packed. */
void packed_read(const struct packed *packed, struct notification *ret);
