/* SPDX-License-Identifier: MIT */
/*
 * What a MIB test expects of single cells, by their OIDs. Each fails the test with the OID when it
 * finds something else.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tests/unit/mib_bench.h"

struct cell want(struct bench *b, const char *oid, enum cell_type type);
void want_number(struct bench *b, const char *oid, enum cell_type type, int64_t number);
void want_octets(struct bench *b, const char *oid, const void *octets, size_t size);
void want_text(struct bench *b, const char *oid, const char *text);
void want_none(struct bench *b, const char *oid);
