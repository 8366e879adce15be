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
