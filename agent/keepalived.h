/* SPDX-License-Identifier: MIT */
/*
 * Where KEEPALIVED-MIB stands and how its rows are numbered: by position in the configuration, from
 * 1, without gaps, because scripts depend on it. A configured sorry server is real server 1 of its
 * virtual server.
 */
#pragma once

#include <stdint.h>

#include "agent/table.h"

#define KEEPALIVED_ROOT 1, 3, 6, 1, 4, 1, 9586, 100, 5

static inline uint32_t keepalived_index(uint32_t conf_index)
{
	return conf_index + 1;
}

/* realServerIndex of server rs (or SNAP_SORRY) of a virtual server. */
static inline uint32_t keepalived_rs_index(uint32_t rs, bool has_sorry)
{
	return rs == SNAP_SORRY ? 1 : rs + 1 + (has_sorry ? 1 : 0);
}

/* virtualServerProtocol: tcp(1) udp(2) sctp(3) none(4). */
int keepalived_protocol(uint8_t protocol);

/* Immutable descriptors, each in a file of its own; the lists of agent/table.h gather them. */
extern const struct table keepalived_addresses;	   /* K.2.6 */
extern const struct table keepalived_real_servers; /* K.3.4 */
extern const struct table keepalived_sync_daemon;  /* K.3.6 */
extern const struct table keepalived_timeouts;	   /* K.3.7 */
