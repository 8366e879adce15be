/* SPDX-License-Identifier: MIT */
/*
 * A short visit to a master agent, to learn what is wrong with it: connects, opens a session,
 * registers, hears whether a request comes through. Speaks AgentX itself, since net-snmp tells no
 * reason for a failure.
 *
 * Thread: main, while it is the only one. Every wait is bounded by PROBE_WAIT_MS.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBE_WAIT_MS 3000

struct probe;

/*
 * Connects to socket (NULL: net-snmp's default) and opens a session. 0; an AgentX error (positive)
 * when the master refuses; -EINVAL: not an address; -ETIMEDOUT: no answer; -EPROTO: the answer is
 * not AgentX; else why connecting failed.
 */
int probe_open(const char *socket, struct probe **ret);
/* Ends the session, and with it every registration. Accepts and returns NULL. */
struct probe *probe_close(struct probe *probe);

/* Asks for a subtree as the daemon does. 0, an AgentX error, -ETIMEDOUT or -EPROTO. */
int probe_register(struct probe *probe, const uint32_t *root, size_t length);

int probe_fd(const struct probe *probe); /* to wait for */
/* Reads one PDU, waiting for it; whether the master asks for exactly this object. -EPROTO: the
 * connection is over. */
int probe_read_get(struct probe *probe, const uint32_t *name, size_t length, bool *ret_same);
