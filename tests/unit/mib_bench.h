/* SPDX-License-Identifier: MIT */
/* Every table over the synthetic director, walked as one: what an agent does, without an agent. */
#pragma once

#include "tests/unit/mib_world.h"

struct bench {
	struct world *world;
	const struct table *tables[WORLD_TABLES_MAX];
	struct rows rows[WORLD_TABLES_MAX];
	size_t count;
};

/* NULL when memory is out. */
struct bench *bench_new(void);
void bench_free(struct bench *bench);
/* Rows anew from the view. Negative errno of the first table that fails. */
int bench_build(struct bench *bench);

/* cmocka's fixtures. */
int bench_setup(void **state);
int bench_teardown(void **state);

size_t bench_parse(const char *text, uint32_t ret[static OID_MAX]);
int bench_compare(const uint32_t *a, size_t a_length, const uint32_t *b, size_t b_length);
/* The cell of exactly that name in any table, NULL when there is none. */
const struct column *bench_get(struct bench *bench, const uint32_t *name, size_t length,
			       struct cell *ret);
/* The least cell after name in all tables; name becomes its name. */
const struct column *bench_next(struct bench *bench, uint32_t name[static OID_MAX], size_t *length,
				struct cell *ret);
