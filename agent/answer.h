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
struct notification;
struct sets;
struct snmp_pdu;

/*
 * Gives the started library a handler for every table of the catalog, served or not: what the
 * master agent is told is another matter. -EEXIST when two tables have the same root.
 */
int answer_new(struct catalog *catalog, struct sets *sets, struct answer **ret);
/* After the library was shut down. */
struct answer *answer_free(struct answer *answer);

/* Append the varbinds of a notification, or one without a value. False when memory is out. */
bool answer_add_notification(struct snmp_pdu *pdu, const struct notification *notification);
bool answer_add_null(struct snmp_pdu *pdu, const uint32_t *name, size_t name_length);
