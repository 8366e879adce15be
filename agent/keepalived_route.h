/* SPDX-License-Identifier: MIT */
/*
 * What routes, their next hops and rules share in KEEPALIVED-MIB: an encapsulation as columns, and
 * realms. Thread: agent.
 *
 * The functions of an encapsulation answer false where the column does not apply to its type or was
 * not given.
 */
#pragma once

#include "agent/cells.h"
#include "agent/keepalived.h"

/* Routes of an owner: 0 has the static ones, N instance N-1. */
const struct conf_route *keepalived_routes_of(const struct conf *conf, uint32_t owner,
					      size_t *ret_n);

/* The two halves of a realms word: source in the upper 16 bits; 0 is none. */
bool keepalived_realm_to(struct cell *ret, uint32_t realms);
bool keepalived_realm_from(struct cell *ret, uint32_t realms);
/* A device, and its index when it exists; NULL: none. */
bool keepalived_device(struct cell *ret, const char *device);
bool keepalived_device_index(struct cell *ret, const struct view *view, const char *device);

bool keepalived_encap_type(struct cell *ret, const struct conf_encap *encap);
bool keepalived_encap_labels(struct cell *ret, const struct conf_encap *encap);
bool keepalived_encap_id(struct cell *ret, const struct conf_encap *encap);
bool keepalived_encap_to(struct cell *ret, const struct conf_encap *encap);
bool keepalived_encap_from(struct cell *ret, const struct conf_encap *encap);
bool keepalived_encap_tos(struct cell *ret, const struct conf_encap *encap);
bool keepalived_encap_ttl(struct cell *ret, const struct conf_encap *encap);
bool keepalived_encap_flags(struct cell *ret, const struct conf_encap *encap);
bool keepalived_encap_locator(struct cell *ret, const struct conf_encap *encap);

/* The getters of the columns that a route and a next hop both have; of: finds what the row is about
 * in a view. */
#define KEEPALIVED_PATH(of)                                                                        \
	KEEPALIVED_CELL(realm_to, of(view, row)->realms)                                           \
	KEEPALIVED_CELL(realm_from, of(view, row)->realms)                                         \
	KEEPALIVED_CELL(encap_labels, &of(view, row)->encap)                                       \
	KEEPALIVED_CELL(encap_id, &of(view, row)->encap)                                           \
	KEEPALIVED_CELL(encap_to, &of(view, row)->encap)                                           \
	KEEPALIVED_CELL(encap_from, &of(view, row)->encap)                                         \
	KEEPALIVED_CELL(encap_tos, &of(view, row)->encap)                                          \
	KEEPALIVED_CELL(encap_ttl, &of(view, row)->encap)                                          \
	KEEPALIVED_CELL(encap_flags, &of(view, row)->encap)                                        \
	KEEPALIVED_CELL(encap_locator, &of(view, row)->encap)
#define KEEPALIVED_CELL(name, what)                                                                \
	static bool name(const struct view *view, const struct row *row, struct cell *ret)         \
	{                                                                                          \
		return keepalived_##name(ret, what);                                               \
	}
