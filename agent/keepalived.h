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

/* One row: index first and, unless it is 0, second. 0 or -ENOMEM. */
int keepalived_add_row(struct rows *rows, uint32_t major, uint32_t minor, uint32_t first,
		       uint32_t second);
/* n rows of one owner: minor from 0, index owner and a number from 1. 0 or -ENOMEM. */
int keepalived_add_rows(struct rows *rows, uint32_t major, uint32_t owner, size_t n);

/* Whether any script is to run. */
bool keepalived_any_notify(const struct conf_notify *notify);
/* InetScopeType of an rtnetlink RT_SCOPE_ number; it has no name for most of the 256, so the
 * nearest one that is not wider. */
int keepalived_scope(uint8_t rt);
/* The enumeration of routes and rules for an RTPROT_ number: one more than that, but
 * keepalived(112); unspec(1) for what it has no name for. */
int keepalived_route_protocol(uint8_t rt);
/* Whether a route (its number), or a rule (its number behind all routes), of an owner is in the
 * kernel. Owner 0 has the static ones, owner N instance N-1. */
bool keepalived_is_set(const struct view *view, uint32_t owner, size_t item);

/* Immutable descriptors, each in a file of its own; the lists of agent/table.h gather them. */
extern const struct table keepalived_addresses;		 /* K.2.6 */
extern const struct table keepalived_sync_groups;	 /* K.2.1 */
extern const struct table keepalived_sync_members;	 /* K.2.2 */
extern const struct table keepalived_tracked_interfaces; /* K.2.4 */
extern const struct table keepalived_tracked_scripts;	 /* K.2.5 */
extern const struct table keepalived_routes;		 /* K.2.7 */
extern const struct table keepalived_rules;		 /* K.2.8 */
extern const struct table keepalived_scripts;		 /* K.2.9 */
extern const struct table keepalived_nexthops;		 /* K.2.11 */
extern const struct table keepalived_tracked_files;	 /* K.2.12 */
extern const struct table keepalived_files;		 /* K.2.13 */
extern const struct table keepalived_sync_interfaces;	 /* K.2.14 */
extern const struct table keepalived_sync_scripts;	 /* K.2.15 */
extern const struct table keepalived_sync_files;	 /* K.2.16 */
extern const struct table keepalived_tracked_bfds;	 /* K.2.17 */
extern const struct table keepalived_bfds;		 /* K.2.18 */
extern const struct table keepalived_sync_bfds;		 /* K.2.19 */
extern const struct table keepalived_tracked_processes;	 /* K.2.20 */
extern const struct table keepalived_processes;		 /* K.2.21 */
extern const struct table keepalived_sync_processes;	 /* K.2.22 */
extern const struct table keepalived_vs_groups;		 /* K.3.1 */
extern const struct table keepalived_vs_group_members;	 /* K.3.2 */
extern const struct table keepalived_real_servers;	 /* K.3.4 */
extern const struct table keepalived_sync_daemon;	 /* K.3.6 */
extern const struct table keepalived_timeouts;		 /* K.3.7 */
