/* SPDX-License-Identifier: MIT */
/*
 * IPVS-DIRECTOR-MIB: where it stands, and how its rows are keyed and named. DIRECTOR_ROOT and one
 * line of mibs/IPVS-DIRECTOR-MIB.txt are all that a move to another arc has to change. Thread:
 * agent.
 *
 * Rows are keyed by what the kernel uses, so they never move: services by mark, address, protocol
 * and port; destinations by that plus address and port. The sorry server has no row:
 * ipvsdSvcSorryActive tells about it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "agent/cells.h"
#include "agent/table.h"

/* The experimental arc of net-snmp, until an enterprise number is assigned. */
#define DIRECTOR_ROOT	     1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 47
#define DIRECTOR_ROOT_LENGTH 10

/* snmp_name when configured, else the key text written to room; vs and rs may be NULL. */
const char *director_name_service(const struct conf_virtual_server *vs, const struct svc_key *key,
				  char room[static KEY_TEXT_MAX]);
const char *director_name_dest(const struct conf_real_server *rs, const struct dest_key *key,
			       char room[static KEY_TEXT_MAX]);

/* The index of a service row, and what follows it in the index of a destination row. */
void director_index_service(struct row *row, const struct svc_key *key);
void director_index_dest(struct row *row, const struct dest_key *key);

/* RowPointer: the first accessible column of the row of that object, 0.0 for none. */
void director_pointer(enum changed_object object, const struct svc_key *svc,
		      const struct dest_key *dest, struct cell *ret);

/* Columns and notifications share these mappings. IpvsdForwarding and ipvsdSvcOperState numbers. */
int director_forwarding(enum conf_forward forward);
int director_service_state(const struct snap_service *service, size_t n_servers);
/* Connections a running drain waits for; 0 when none runs. */
uint32_t director_remaining(const struct snap_dest *dest);

/* Bits of ipvsdNotifyEnable. */
#define DIRECTOR_NOTIFY_DEST   0x80
#define DIRECTOR_NOTIFY_DRAIN  0x40
#define DIRECTOR_NOTIFY_QUORUM 0x20
#define DIRECTOR_NOTIFY_SYNC   0x10
#define DIRECTOR_NOTIFY_KERNEL 0x08
#define DIRECTOR_NOTIFY_CONFIG 0x04
#define DIRECTOR_NOTIFY_ALL                                                                        \
	(DIRECTOR_NOTIFY_DEST | DIRECTOR_NOTIFY_DRAIN | DIRECTOR_NOTIFY_QUORUM |                   \
	 DIRECTOR_NOTIFY_SYNC | DIRECTOR_NOTIFY_KERNEL | DIRECTOR_NOTIFY_CONFIG)

/* A destination row as the tables share it: major is the service, minor the place in
 * snap_check.dests. */
const struct snap_dest *director_dest(const struct view *view, const struct row *row);
const struct snap_service *director_dest_service(const struct view *view, const struct row *row);
/* ipvsdSysKernelVersion, also lvsVersion. */
bool director_get_kernel_version(const struct view *view, const struct row *row, struct cell *ret);
/* ipvsdDestAdminState, also under its name in ipvsdNameTable. */
bool director_get_admin(const struct view *view, const struct row *row, struct cell *ret);
enum set_error director_set_admin(const struct view *view, const struct row *row,
				  const struct cell *value, struct set_change *ret);
/* Control characters are legal UTF-8, but would reach logs and terminals: wrongValue. */
enum set_error director_judge_comment(const struct cell *value);
bool director_get_oper(const struct view *view, const struct row *row, struct cell *ret);
bool director_get_drain(const struct view *view, const struct row *row, struct cell *ret);
bool director_get_remaining(const struct view *view, const struct row *row, struct cell *ret);

/* Immutable descriptors, each in a file of its own; director_mib_tables() gathers them. */
extern const struct table director_services;	  /* 1.2.1 */
extern const struct table director_service_stats; /* 1.2.2 */
extern const struct table director_dests;	  /* 1.3.1 */
extern const struct table director_dest_stats;	  /* 1.3.2 */
extern const struct table director_names;	  /* 1.3.3 */
extern const struct table director_servers;	  /* 1.4.1 */
extern const struct table director_event_scalars; /* 1.6 */
extern const struct table director_events;	  /* 1.6.5 */
extern const struct table director_sync;	  /* 1.7.1 */
extern const struct table director_notify;	  /* 1.8 */
extern const struct table director_vrrp;	  /* 1.9.1 */
extern const struct table director_health;	  /* 1.10 */
extern const struct table director_threads;	  /* 1.10.7 */
extern const struct table director_alarms;	  /* 1.11.1 */
extern const struct table director_checkers;	  /* 1.5.1 */
