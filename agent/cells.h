/* SPDX-License-Identifier: MIT */
/*
 * What the getters of every MIB table share: filling a cell, and rows of a column array. Each cell
 * function returns true so that a getter can end with it; those that may have no value say so and
 * return false, which means "no such instance". Thread: agent. None keeps a pointer beyond the view
 * it was given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/table.h"
#include "core/snap.h"

/* One row of a column array: number, type (without CELL_), getter; writable ones: setter, least,
 * greatest. */
#define COLUMN_READ(n, kind, getter)                                                               \
	{                                                                                          \
		.number = (n), .type = CELL_##kind, .get = (getter)                                \
	}
#define COLUMN_WRITE(n, kind, getter, setter, least, greatest)                                     \
	{                                                                                          \
		.number = (n), .type = CELL_##kind, .get = (getter), .set = (setter),              \
		.min = (least), .max = (greatest)                                                  \
	}

#define CELL_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Longest text served, in octets (SnmpAdminString, DisplayString); cut before a split UTF-8
 * character. */
#define CELL_TEXT_MAX 255

bool cell_number(struct cell *ret, int64_t number);
bool cell_truth(struct cell *ret, bool yes); /* true 1, false 2; also enabled(1), disabled(2) */
bool cell_seconds(struct cell *ret, uint64_t us); /* whole seconds, the rest cut off */
bool cell_octets(struct cell *ret, const void *octets, size_t size); /* not copied */
bool cell_text(struct cell *ret, const char *text);	     /* not copied; false when NULL */
bool cell_text_or_empty(struct cell *ret, const char *text); /* not copied; NULL: zero length */
bool cell_command(struct cell *ret,
		  const struct conf_command *command); /* as configured; false: none */
bool cell_program(struct cell *ret,
		  const struct conf_command *command); /* path alone; false: none */

/* Well-formed by RFC 3629: no overlong form, no surrogate, nothing beyond U+10FFFF. */
bool cell_is_utf8(const unsigned char *text, size_t size);

/* InetAddressType: unknown(0), ipv4(1), ipv6(2). */
bool cell_ip_type(struct cell *ret, const struct ip *ip);
/* InetAddress: 4 or 16 octets, not copied; zero length for no address. */
bool cell_ip(struct cell *ret, const struct ip *ip);
/* The netmask of an IPv4 prefix, 0..32, as 4 octets. */
bool cell_netmask(struct cell *ret, uint32_t prefix);
/* IpAddress: 4 octets; 0.0.0.0 for anything that is not IPv4. */
bool cell_ipaddress(struct cell *ret, const struct ip *ip);

/* DateAndTime of RFC 2579, 11 octets in UTC; eight zero octets for never. */
bool cell_date(struct cell *ret, uint64_t wall_us);
/* TimeStamp: sysUpTime at a monotonic moment. */
bool cell_timestamp(struct cell *ret, const struct view *view, uint64_t at_us);

/* A change of what the agent keeps itself. */
void cell_change_agent(struct set_change *ret, enum agent_field field, uint32_t value,
		       uint32_t before);

/* ifIndex of an interface by name, 0 when there is none. */
uint32_t view_ifindex(const struct snap_vrrp *vrrp, const char *name);
/* The configuration shown by scalars: newest of those the engines have published, NULL when none
 * has. */
const struct conf *view_conf(const struct view *view);
/* First row of a virtual server (a group has several, together), NULL while there is none. */
const struct snap_service *view_service(const struct snap_check *check, uint32_t vs);
/* Real server rs (or SNAP_SORRY) of one service row; NULL when the row has no such server. */
const struct snap_dest *view_dest(const struct snap_check *check,
				  const struct snap_service *service, uint32_t rs);
/* Sums over all services; over those of one virtual server; over one position in each of these. */
void view_total_stats(const struct snap_check *check, struct ipvs_stats *ret);
void view_service_stats(const struct snap_check *check, const struct snap_service *first,
			struct ipvs_stats *ret);
void view_dest_stats(const struct snap_check *check, const struct snap_service *first,
		     uint32_t position, struct ipvs_stats *ret);
