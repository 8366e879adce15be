/* SPDX-License-Identifier: MIT */
/*
 * The walker: finds the cell a name means, or the first one after it, in any table that is
 * described by struct table, and decides what a SET of that cell is allowed to be. GET and GETNEXT
 * are binary searches over the columns and over the sorted rows; only absent cells are stepped over
 * one by one.
 *
 * Thread: agent. Pure: no clock, no log, no net-snmp, no other thread's data beyond the view it is
 * given.
 */
#include "agent/table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"

/* <0, 0, >0 in lexicographic order; a proper prefix comes first. */
static int oid_compare(const uint32_t *a, size_t a_length, const uint32_t *b, size_t b_length)
{
	size_t shared = a_length < b_length ? a_length : b_length;

	for (size_t i = 0; i < shared; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return a_length < b_length ? -1 : a_length > b_length;
}

uint32_t view_timestamp(const struct view *view, uint64_t at_us)
{
	uint64_t ago_cs;

	if (at_us == 0)
		return 0;
	if (at_us >= view->now_us)
		return view->uptime_cs;
	/* Rounded up: the view's now is a whole tick of sysUpTime, so the same moment always gives
	 * the same tick. */
	ago_cs = (view->now_us - at_us + USEC_PER_CSEC - 1) / USEC_PER_CSEC;
	return ago_cs < view->uptime_cs ? view->uptime_cs - (uint32_t)ago_cs : 0;
}

/* Of a row in struct rows: up to the end of its index. */
static size_t row_words(const struct row *row)
{
	return offsetof(struct row, index) / sizeof(uint32_t) + row->index_length;
}

static bool words_fit(uint32_t **words, size_t *room, size_t needed)
{
	uint32_t *grown;

	if (needed <= *room)
		return true;
	if (needed < 2 * *room)
		needed = 2 * *room;
	grown = reallocarray(*words, needed, sizeof(*grown));
	if (!grown)
		return false;
	*words = grown;
	*room = needed;
	return true;
}

struct row *rows_add(struct rows *rows, uint32_t major, uint32_t minor)
{
	size_t place = 0;
	struct row *row;

	if (rows->count > 0)
		place = rows->newest + row_words((struct row *)(rows->words + rows->newest));
	if (!words_fit(&rows->words, &rows->words_room, place + sizeof(*row) / sizeof(uint32_t)) ||
	    !words_fit(&rows->places, &rows->room, rows->count + 1))
		return NULL;
	rows->places[rows->count++] = (uint32_t)place;
	rows->newest = place;
	row = (struct row *)(rows->words + place);
	row->index_length = 0;
	row->major = major;
	row->minor = minor;
	return row;
}

int rows_add_scalars(struct rows *rows)
{
	struct row *row = rows_add(rows, 0, 0);

	if (!row)
		return -ENOMEM;
	row_index_u32(row, 0);
	return 0;
}

void row_index_u32(struct row *row, uint32_t value)
{
	assert(row->index_length < INDEX_MAX);
	row->index[row->index_length++] = value;
}

void row_index_text(struct row *row, const char *text)
{
	row_index_u32(row, (uint32_t)strlen(text));
	for (; *text; text++)
		row_index_u32(row, (unsigned char)*text);
}

void row_index_ip(struct row *row, const struct ip *ip)
{
	/* InetAddressType of INET-ADDRESS-MIB: unknown(0), ipv4(1), ipv6(2) */
	row_index_u32(row, ip->family == AF_INET ? 1 : ip->family == AF_INET6 ? 2 : 0);
	row_index_u32(row, (uint32_t)ip_size(ip));
	row_index_ip_octets(row, ip);
}

void row_index_ip_octets(struct row *row, const struct ip *ip)
{
	for (size_t i = 0; i < ip_size(ip); i++)
		row_index_u32(row, ip->octets[i]);
}

static int row_compare(const struct row *a, const struct row *b)
{
	return oid_compare(a->index, a->index_length, b->index, b->index_length);
}

static int place_compare(const void *left, const void *right, void *words)
{
	const uint32_t *a = left, *b = right;

	return row_compare((const struct row *)((uint32_t *)words + *a),
			   (const struct row *)((uint32_t *)words + *b));
}

void rows_sort(struct rows *rows)
{
	/* Most tables are built in order already; a sort of 100,000 rows costs ten times this look.
	 */
	for (size_t i = 1; i < rows->count; i++) {
		if (row_compare(rows_at(rows, i - 1), rows_at(rows, i)) > 0) {
			qsort_r(rows->places, rows->count, sizeof(*rows->places), place_compare,
				rows->words);
			return;
		}
	}
}

void rows_clear(struct rows *rows)
{
	rows->count = 0;
}

void rows_free(struct rows *rows)
{
	free(rows->words);
	free(rows->places);
	*rows = (struct rows){0};
}

/* An index, or just behind it. */
struct place {
	const uint32_t *index;
	size_t length;
	bool after;
};

static bool row_is_before(const struct row *row, const struct place *place)
{
	int order = oid_compare(row->index, row->index_length, place->index, place->length);

	return order < 0 || (place->after && order == 0);
}

/* The first row at a place or behind it; rows->count when there is none. */
static size_t rows_seek(const struct rows *rows, const struct place *place)
{
	size_t low = 0, high = rows->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (row_is_before(rows_at(rows, middle), place))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The same for a walk, which asks for the row found last, column by column, or for the next. */
static size_t rows_seek_on(struct rows *rows, const struct place *place)
{
	size_t row = rows->recent < rows->count ? rows->recent : 0;

	if (row < rows->count && row_is_before(rows_at(rows, row), place))
		row++;
	if ((row < rows->count && row_is_before(rows_at(rows, row), place)) ||
	    (row > 0 && !row_is_before(rows_at(rows, row - 1), place)))
		row = rows_seek(rows, place);
	rows->recent = row;
	return row;
}

/* First column whose number is >= number; n_columns when there is none. */
static size_t columns_seek(const struct table *table, uint32_t number)
{
	size_t low = 0, high = table->n_columns;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->columns[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool table_contains(const struct table *table, const uint32_t *name, size_t length)
{
	return length >= table->entry_length &&
	       oid_compare(name, table->entry_length, table->entry, table->entry_length) == 0;
}

/* The column and the row of an exact name; either NULL when it does not exist. */
static const struct column *table_place(const struct table *table, const struct rows *rows,
					const uint32_t *name, size_t length,
					const struct row **ret_row)
{
	size_t column, at, used = table->entry_length + 1;
	const struct row *row;

	*ret_row = NULL;
	if (length < used || !table_contains(table, name, length))
		return NULL;
	column = columns_seek(table, name[table->entry_length]);
	if (column == table->n_columns ||
	    table->columns[column].number != name[table->entry_length])
		return NULL;
	at = rows_seek(rows, &(struct place){name + used, length - used, false});
	row = at < rows->count ? rows_at(rows, at) : NULL;
	if (row && oid_compare(row->index, row->index_length, name + used, length - used) == 0)
		*ret_row = row;
	return &table->columns[column];
}

static bool column_read(const struct column *column, const struct view *view, const struct row *row,
			struct cell *ret)
{
	ret->number = 0;
	ret->octets = NULL;
	ret->size = 0;
	return column->get(view, row, ret);
}

const struct column *table_get(const struct table *table, const struct rows *rows,
			       const struct view *view, const uint32_t *name, size_t name_length,
			       const struct row **ret_row, struct cell *ret, bool *ret_no_object)
{
	const struct row *row;
	const struct column *column = table_place(table, rows, name, name_length, &row);

	*ret_no_object = !column;
	if (!column || !row || !column_read(column, view, row, ret))
		return NULL;
	*ret_row = row;
	return column;
}

/* Where the search for the cell after name begins: a column, and a row in it. */
static void table_start(const struct table *table, struct rows *rows, const uint32_t *name,
			size_t length, bool inclusive, size_t *ret_column, size_t *ret_row)
{
	size_t used = table->entry_length + 1;

	*ret_row = 0;
	if (!table_contains(table, name, length)) {
		bool before = oid_compare(name, length, table->entry, table->entry_length) < 0;

		*ret_column = before ? 0 : table->n_columns;
		return;
	}
	if (length < used) {
		*ret_column = 0;
		return;
	}
	*ret_column = columns_seek(table, name[table->entry_length]);
	if (*ret_column < table->n_columns &&
	    table->columns[*ret_column].number == name[table->entry_length] && length > used)
		*ret_row =
			rows_seek_on(rows, &(struct place){name + used, length - used, !inclusive});
}

static void table_name(const struct table *table, const struct column *column,
		       const struct row *row, uint32_t *ret_name, size_t *ret_length)
{
	size_t used = table->entry_length + 1;

	assert(used + row->index_length <= OID_MAX);
	memcpy(ret_name, table->entry, table->entry_length * sizeof(*ret_name));
	ret_name[table->entry_length] = column->number;
	memcpy(ret_name + used, row->index, row->index_length * sizeof(*ret_name));
	*ret_length = used + row->index_length;
}

const struct column *table_next(const struct table *table, struct rows *rows,
				const struct view *view, const uint32_t *name, size_t name_length,
				bool inclusive, uint32_t *ret_name, size_t *ret_name_length,
				const struct row **ret_row, struct cell *ret)
{
	size_t c, r;

	table_start(table, rows, name, name_length, inclusive, &c, &r);
	for (; c < table->n_columns; c++, r = 0) {
		const struct column *column = &table->columns[c];

		for (; r < rows->count; r++) {
			const struct row *row = rows_at(rows, r);

			if (!column_read(column, view, row, ret))
				continue;
			table_name(table, column, row, ret_name, ret_name_length);
			*ret_row = row;
			return column;
		}
	}
	return NULL;
}

static enum set_error value_check(const struct column *column, int type, const struct cell *value)
{
	if (type != (int)column->type)
		return SET_WRONG_TYPE;
	switch (column->type) {
	case CELL_OCTETS:
		if ((int64_t)value->size < column->min || (int64_t)value->size > column->max)
			return SET_WRONG_LENGTH;
		return SET_OK;
	case CELL_IPADDRESS:
		return value->size == 4 ? SET_OK : SET_WRONG_LENGTH;
	case CELL_OID:
		return SET_OK;
	case CELL_COUNTER64: /* unsigned in the same bits: no column of ours is settable beyond 2^63
			      */
	case CELL_INTEGER:
	case CELL_COUNTER32:
	case CELL_GAUGE32:
	case CELL_TIMETICKS:
		break;
	}
	if (value->number < column->min || value->number > column->max)
		return SET_WRONG_VALUE;
	return SET_OK;
}

enum set_error table_set(const struct table *table, const struct rows *rows,
			 const struct view *view, const uint32_t *name, size_t name_length,
			 int type, const struct cell *value, struct set_change *ret)
{
	const struct row *row;
	const struct column *column = table_place(table, rows, name, name_length, &row);
	enum set_error error;

	/* The order of tests is that of RFC 3416 section 4.2.5. */
	if (!column || !column->set)
		return SET_NOT_WRITABLE;
	error = value_check(column, type, value);
	if (error != SET_OK)
		return error;
	if (!row)
		return SET_NO_CREATION;
	return column->set(view, row, value, ret);
}
