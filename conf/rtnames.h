/* SPDX-License-Identifier: MIT */
/*
 * Names that iproute2 gives to numbers of routing: tables, protocols, scopes, realms, traffic
 * classes, groups of interfaces. Read from its files once for a load; the numbers that the kernel
 * itself names are known without them. Private to conf/.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct build;
struct node;

enum rtnames_kind {
	RTNAMES_TABLE,
	RTNAMES_PROTOCOL,
	RTNAMES_SCOPE,
	RTNAMES_REALM,
	RTNAMES_DSFIELD,
	RTNAMES_GROUP,
	RTNAMES_KINDS
};

/* A whole number in decimal, 0x hexadecimal or 0 octal. */
bool rtnames_parse_number(const char *text, uint64_t *ret);

/* The number of a name, or the number itself when text is one up to max. */
bool rtnames_find(struct build *build, enum rtnames_kind kind, const char *text, uint32_t max,
		  uint32_t *ret);

/* Word number index of node, with a diagnostic when it is none. what: "'table'". */
bool rtnames_read(struct build *build, const struct node *node, size_t index,
		  enum rtnames_kind kind, const char *what, uint32_t max, uint32_t *ret);

/* SOURCE[/DESTINATION], packed as RTA_FLOW has it: a realm alone is the destination. */
bool rtnames_read_realms(struct build *build, const struct node *node, size_t index, uint32_t *ret);
