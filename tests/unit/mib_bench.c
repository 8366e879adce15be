/* SPDX-License-Identifier: MIT */
/* The bench of the MIB tests. Tables nest (scalars around a table), so a step takes the least that
 * any offers. */
#include "tests/unit/mib_bench.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int bench_build(struct bench *b)
{
	int error = 0;

	for (size_t t = 0; t < b->count && !error; t++) {
		rows_free(&b->rows[t]);
		error = b->tables[t]->build(&b->world->view, &b->rows[t]);
		rows_sort(&b->rows[t]);
	}
	return error;
}

struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->world = world_new();
	b->count = world_tables(b->tables);
	if (bench_build(b) == 0)
		return b;
	bench_free(b);
	return NULL;
}

void bench_free(struct bench *b)
{
	for (size_t t = 0; t < b->count; t++)
		rows_free(&b->rows[t]);
	world_free(b->world);
	free(b);
}

int bench_setup(void **state)
{
	*state = bench_new();
	return *state ? 0 : -1;
}

int bench_teardown(void **state)
{
	bench_free(*state);
	return 0;
}

size_t bench_parse(const char *text, uint32_t ret[static OID_MAX])
{
	size_t length = 0;
	char *end;

	for (; *text; text = *end ? end + 1 : end) {
		ret[length++] = (uint32_t)strtoul(text, &end, 10);
		assert(length < OID_MAX);
	}
	return length;
}

int bench_compare(const uint32_t *a, size_t a_length, const uint32_t *b, size_t b_length)
{
	for (size_t i = 0; i < a_length && i < b_length; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return a_length < b_length ? -1 : a_length > b_length;
}

const struct column *bench_get(struct bench *b, const uint32_t *name, size_t length,
			       struct cell *ret)
{
	const struct column *found = NULL;
	const struct row *row;
	bool no_object;

	for (size_t t = 0; t < b->count && !found; t++)
		found = table_get(b->tables[t], &b->rows[t], &b->world->view, name, length, &row,
				  ret, &no_object);
	return found;
}

const struct column *bench_next(struct bench *b, uint32_t name[static OID_MAX], size_t *length,
				struct cell *ret)
{
	const struct column *best = NULL;
	uint32_t best_name[OID_MAX], found_name[OID_MAX];
	size_t best_length = 0, found_length;

	for (size_t t = 0; t < b->count; t++) {
		const struct row *row;
		struct cell cell;
		const struct column *found =
			table_next(b->tables[t], &b->rows[t], &b->world->view, name, *length, false,
				   found_name, &found_length, &row, &cell);

		if (!found)
			continue;
		if (best && bench_compare(found_name, found_length, best_name, best_length) >= 0)
			continue;
		best = found;
		best_length = found_length;
		memcpy(best_name, found_name, sizeof(best_name));
	}
	if (!best)
		return NULL;
	memcpy(name, best_name, sizeof(best_name));
	*length = best_length;
	return bench_get(b, name, best_length, ret);
}
