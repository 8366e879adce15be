/* SPDX-License-Identifier: MIT */
/*
 * What net-snmp asks, answered from the tables of the catalog. With agent/library.c the only place
 * that knows the library's types.
 *
 * Thread: agent.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct answer;
struct catalog;
struct sets;
struct snmp_pdu;
struct varbind;

/*
 * Gives the started library a handler for every table of the catalog, served or not: what the
 * master agent is told is another matter. -EEXIST when two tables have the same root.
 */
int answer_new(struct catalog *catalog, struct sets *sets, struct answer **ret);
/* After the library was shut down. */
struct answer *answer_free(struct answer *answer);

/* Append one varbind. False when memory is out. */
bool answer_add_varbind(struct snmp_pdu *pdu, const struct varbind *varbind);
bool answer_add_oid(struct snmp_pdu *pdu, const uint32_t *name, size_t name_length,
		    const uint32_t *value, size_t value_length);
bool answer_add_null(struct snmp_pdu *pdu, const uint32_t *name, size_t name_length);
