/* SPDX-License-Identifier: MIT */
/*
 * The table walker against a naive reference: all cells of a random table in one list, sorted by
 * full name, searched from its head.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/table.h"
#include "core/base/clock.h"

#define ENTRY		1, 3, 6, 1, 4, 1, 99, 5
#define ENTRY_LENGTH	8
#define N_COLUMNS	5
#define NAIVE_CELLS_MAX 4096

static uint32_t noise(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

/* minor of a row is a bit mask of the columns it has. */
static bool get_bit(const struct row *row, unsigned bit, struct cell *ret)
{
	ret->number = row->major * 10 + bit;
	return row->minor & 1u << bit;
}

#define GETTER(bit)                                                                                \
	static bool get_##bit(const struct view *view, const struct row *row, struct cell *ret)    \
	{                                                                                          \
		(void)view;                                                                        \
		return get_bit(row, bit, ret);                                                     \
	}
GETTER(0)
GETTER(1)
GETTER(2)
GETTER(3)
GETTER(4)

static enum set_error set_number(const struct view *view, const struct row *row,
				 const struct cell *value, struct set_change *ret)
{
	(void)view;
	(void)row;
	ret->target = SET_TO_CHECK;
	ret->apply.dest.value = (int32_t)value->number;
	return value->number == 7 ? SET_INCONSISTENT_VALUE : SET_OK;
}

static const struct column columns[N_COLUMNS] = {
	{.number = 1, .type = CELL_INTEGER, .get = get_0},
	{.number = 2, .type = CELL_INTEGER, .get = get_1, .set = set_number, .min = 0, .max = 9},
	{.number = 5, .type = CELL_OCTETS, .get = get_2, .set = set_number, .min = 1, .max = 4},
	{.number = 6, .type = CELL_IPADDRESS, .get = get_3, .set = set_number},
	{.number = 4000000000u, .type = CELL_GAUGE32, .get = get_4},
};

static const struct table table = {
	.name = "test",
	.entry = {ENTRY},
	.entry_length = ENTRY_LENGTH,
	.columns = columns,
	.n_columns = N_COLUMNS,
};

struct name {
	uint32_t at[32];
	size_t length;
};

struct naive {
	struct name names[NAIVE_CELLS_MAX];
	int64_t numbers[NAIVE_CELLS_MAX];
	size_t count;
};

static int name_compare(const struct name *a, const struct name *b)
{
	for (size_t i = 0; i < a->length && i < b->length; i++)
		if (a->at[i] != b->at[i])
			return a->at[i] < b->at[i] ? -1 : 1;
	return (a->length > b->length) - (a->length < b->length);
}

static void random_rows(struct rows *rows, size_t count, uint32_t *state)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t mask = noise(state) % 4 ? noise(state) & 0x1f : noise(state) & 0x04;
		struct row *row = rows_add(rows, (uint32_t)i, mask);
		unsigned length = 1 + noise(state) % 3;

		assert_non_null(row);
		for (unsigned k = 0; k < length; k++)
			row_index_u32(row, noise(state) % 50 ? noise(state) % 6 : 0xfffffff0u + k);
	}
	rows_sort(rows);
	/* Indices are unique in a real table. */
	size_t kept = 0;
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = rows_at(rows, i),
				 *last = kept ? rows_at(rows, kept - 1) : NULL;

		if (last && last->index_length == row->index_length &&
		    memcmp(last->index, row->index, row->index_length * 4) == 0)
			continue;
		rows->places[kept++] = rows->places[i];
	}
	rows->count = kept;
}

static void naive_fill(struct naive *naive, const struct rows *rows)
{
	static const uint32_t entry[] = {ENTRY};

	naive->count = 0;
	for (size_t c = 0; c < N_COLUMNS; c++) {
		for (size_t r = 0; r < rows->count; r++) {
			const struct row *row = rows_at(rows, r);
			struct name *name = &naive->names[naive->count];

			if (!(row->minor & 1u << c))
				continue;
			assert_true(naive->count < NAIVE_CELLS_MAX - 1);
			memcpy(name->at, entry, sizeof(entry));
			name->at[ENTRY_LENGTH] = columns[c].number;
			memcpy(name->at + ENTRY_LENGTH + 1, row->index, row->index_length * 4);
			name->length = ENTRY_LENGTH + 1 + row->index_length;
			naive->numbers[naive->count++] = row->major * 10 + (int64_t)c;
		}
	}
	for (size_t i = 1; i < naive->count; i++)
		assert_true(name_compare(&naive->names[i - 1], &naive->names[i]) < 0);
}

static void check_next(struct rows *rows, const struct naive *naive, const struct name *from,
		       bool inclusive)
{
	struct view view = {0};
	uint32_t name[OID_MAX];
	size_t length = 0, want = 0;
	const struct row *row;
	struct cell cell;
	const struct column *column;

	while (want < naive->count && name_compare(&naive->names[want], from) < (inclusive ? 0 : 1))
		want++;
	column = table_next(&table, rows, &view, from->at, from->length, inclusive, name, &length,
			    &row, &cell);
	if (want == naive->count) {
		assert_null(column);
		return;
	}
	assert_non_null(column);
	assert_int_equal(length, naive->names[want].length);
	assert_memory_equal(name, naive->names[want].at, length * 4);
	assert_int_equal(cell.number, naive->numbers[want]);
	assert_int_equal(column->number, name[ENTRY_LENGTH]);
}

static void check_get(const struct rows *rows, const struct naive *naive, const struct name *at)
{
	struct view view = {0};
	const struct row *row;
	struct cell cell;
	bool no_object, known = false;
	size_t want = 0;
	const struct column *column =
		table_get(&table, rows, &view, at->at, at->length, &row, &cell, &no_object);

	while (want < naive->count && name_compare(&naive->names[want], at) != 0)
		want++;
	for (size_t c = 0; c < N_COLUMNS; c++)
		known = known || (at->length > ENTRY_LENGTH && at->at[6] == 99 && at->at[7] == 5 &&
				  at->at[ENTRY_LENGTH] == columns[c].number);
	assert_int_equal(no_object, !known);
	if (want == naive->count) {
		assert_null(column);
		return;
	}
	assert_non_null(column);
	assert_int_equal(cell.number, naive->numbers[want]);
}

/* Near the table: a cell's name, shortened, lengthened or with one part changed. */
static void random_name(struct name *ret, const struct naive *naive, uint32_t *state)
{
	if (naive->count)
		*ret = naive->names[noise(state) % naive->count];
	else
		*ret = (struct name){.at = {ENTRY, 2, 1}, .length = ENTRY_LENGTH + 2};
	switch (noise(state) % 4) {
	case 0:
		ret->length = noise(state) % (ret->length + 1);
		break;
	case 1:
		ret->at[ret->length++] = noise(state) % 3;
		break;
	case 2:
		ret->at[ENTRY_LENGTH - 2 + noise(state) % (ret->length - ENTRY_LENGTH + 2)] +=
			noise(state) % 2 ? 1 : UINT32_MAX;
		break;
	default:
		break;
	}
}

static void test_random_tables(void **state)
{
	struct naive *naive = malloc(sizeof(*naive));
	uint32_t seed = 1;

	(void)state;
	assert_non_null(naive);
	for (int round = 0; round < 60; round++) {
		struct rows rows = {0};
		struct name name;

		random_rows(&rows, noise(&seed) % 80, &seed);
		naive_fill(naive, &rows);
		for (int i = 0; i < 300; i++) {
			random_name(&name, naive, &seed);
			check_next(&rows, naive, &name, noise(&seed) % 2);
			check_get(&rows, naive, &name);
		}
		for (size_t i = 0; i < naive->count; i++) {
			check_next(&rows, naive, &naive->names[i], false);
			check_next(&rows, naive, &naive->names[i], true);
			check_get(&rows, naive, &naive->names[i]);
		}
		rows_free(&rows);
	}
	free(naive);
}

static void one_row(struct rows *rows)
{
	struct row *row = rows_add(rows, 3, 0x1f);

	assert_non_null(row);
	row_index_u32(row, 4);
}

static enum set_error try_set(uint32_t column, uint32_t index, int type, int64_t number,
			      size_t size)
{
	struct rows rows = {0};
	struct view view = {0};
	uint32_t name[] = {ENTRY, column, index};
	struct cell value = {.number = number, .octets = "abcdefgh", .size = size};
	struct set_change change = {0};
	enum set_error error;

	one_row(&rows);
	error = table_set(&table, &rows, &view, name, ENTRY_LENGTH + 2, type, &value, &change);
	if (error == SET_OK)
		assert_int_equal(change.apply.dest.value, number);
	rows_free(&rows);
	return error;
}

static void test_set(void **state)
{
	(void)state;
	assert_int_equal(try_set(2, 4, CELL_INTEGER, 9, 0), SET_OK);
	assert_int_equal(try_set(2, 4, CELL_INTEGER, 0, 0), SET_OK);
	assert_int_equal(try_set(2, 4, CELL_INTEGER, 10, 0), SET_WRONG_VALUE);
	assert_int_equal(try_set(2, 4, CELL_INTEGER, -1, 0), SET_WRONG_VALUE);
	assert_int_equal(try_set(2, 4, CELL_INTEGER, 7, 0), SET_INCONSISTENT_VALUE);
	assert_int_equal(try_set(2, 4, CELL_GAUGE32, 1, 0), SET_WRONG_TYPE);
	assert_int_equal(try_set(2, 4, -1, 1, 0), SET_WRONG_TYPE);
	assert_int_equal(try_set(2, 5, CELL_INTEGER, 1, 0), SET_NO_CREATION);
	assert_int_equal(try_set(2, 5, CELL_OCTETS, 1, 0), SET_WRONG_TYPE);
	assert_int_equal(try_set(1, 4, CELL_INTEGER, 1, 0), SET_NOT_WRITABLE);
	assert_int_equal(try_set(3, 4, CELL_INTEGER, 1, 0), SET_NOT_WRITABLE);
	assert_int_equal(try_set(5, 4, CELL_OCTETS, 0, 4), SET_OK);
	assert_int_equal(try_set(5, 4, CELL_OCTETS, 0, 5), SET_WRONG_LENGTH);
	assert_int_equal(try_set(5, 4, CELL_OCTETS, 0, 0), SET_WRONG_LENGTH);
	assert_int_equal(try_set(6, 4, CELL_IPADDRESS, 0, 4), SET_OK);
	assert_int_equal(try_set(6, 4, CELL_IPADDRESS, 0, 3), SET_WRONG_LENGTH);
}

static void test_scalar_group(void **state)
{
	struct table group = table;
	struct rows rows = {0};
	struct view view = {0};
	uint32_t name[OID_MAX] = {ENTRY, 1, 0}, parent[] = {ENTRY}, next[OID_MAX];
	const struct row *row;
	struct cell cell;
	bool no_object;
	size_t length;

	(void)state;
	assert_int_equal(rows_add_scalars(&rows), 0);
	rows_at(&rows, 0)->minor = 0x1f;
	assert_non_null(
		table_get(&group, &rows, &view, name, ENTRY_LENGTH + 2, &row, &cell, &no_object));
	/* The object without its instance is no instance; an unknown one is no object. */
	assert_null(
		table_get(&group, &rows, &view, name, ENTRY_LENGTH + 1, &row, &cell, &no_object));
	assert_false(no_object);
	name[ENTRY_LENGTH] = 3;
	assert_null(
		table_get(&group, &rows, &view, name, ENTRY_LENGTH + 2, &row, &cell, &no_object));
	assert_true(no_object);
	assert_non_null(table_next(&group, &rows, &view, parent, ENTRY_LENGTH, false, next, &length,
				   &row, &cell));
	assert_int_equal(length, ENTRY_LENGTH + 2);
	assert_int_equal(next[ENTRY_LENGTH], 1);
	rows_free(&rows);
}

static void test_timestamp(void **state)
{
	struct view view = {.now_us = 500 * USEC_PER_SEC, .uptime_cs = 10000};
	uint64_t at = 450 * USEC_PER_SEC + 1234;
	uint32_t first;

	(void)state;
	assert_int_equal(view_timestamp(&view, 0), 0);
	assert_int_equal(view_timestamp(&view, 500 * USEC_PER_SEC), 10000);
	assert_int_equal(view_timestamp(&view, 501 * USEC_PER_SEC), 10000);
	assert_int_equal(view_timestamp(&view, 499 * USEC_PER_SEC), 9900);
	assert_int_equal(view_timestamp(&view, 400 * USEC_PER_SEC), 0);
	assert_int_equal(view_timestamp(&view, 100 * USEC_PER_SEC), 0);
	/* The same moment is the same tick whenever it is asked for. */
	first = view_timestamp(&view, at);
	for (int tick = 0; tick < 300; tick++) {
		view.now_us += USEC_PER_CSEC;
		view.uptime_cs++;
		assert_int_equal(view_timestamp(&view, at), first);
	}
}

static void test_index(void **state)
{
	struct rows rows = {0};
	struct row *row = rows_add(&rows, 1, 2);
	struct ip v4 = {.family = AF_INET, .octets = {192, 0, 2, 1}};
	struct ip v6 = {.family = AF_INET6, .octets = {0x20, 1}};
	struct ip none = {0};
	static const uint32_t want4[] = {1, 4, 192, 0, 2, 1};

	(void)state;
	row_index_ip(row, &v4);
	assert_int_equal(row->index_length, 6);
	assert_memory_equal(row->index, want4, sizeof(want4));
	row_index_ip(row, &v6);
	assert_int_equal(row->index_length, 24);
	assert_int_equal(row->index[6], 2);
	assert_int_equal(row->index[7], 16);
	assert_int_equal(row->index[8], 0x20);
	row_index_ip(row, &none);
	assert_int_equal(row->index_length, 26);
	row_index_ip_octets(row, &v4);
	assert_int_equal(row->index_length, 30);
	rows_free(&rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_tables), cmocka_unit_test(test_set),
		cmocka_unit_test(test_scalar_group),  cmocka_unit_test(test_timestamp),
		cmocka_unit_test(test_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
