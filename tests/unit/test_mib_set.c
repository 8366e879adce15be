/* SPDX-License-Identifier: MIT */
/* What a SET of each column may do: type, range, absence, state, and the change it asks for. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/unit/mib_bench.h"

#define K "1.3.6.1.4.1.9586.100.5."
#define V "1.3.6.1.2.1.68."
#define D "1.3.6.1.4.1.8072.9999.9999.47.1."

static enum set_error set_cell(struct bench *b, const char *oid, enum cell_type type,
			       const struct cell *value, struct set_change *ret)
{
	uint32_t name[OID_MAX];
	size_t length = bench_parse(oid, name);
	enum set_error error = SET_NOT_WRITABLE;

	memset(ret, 0, sizeof(*ret));
	/* Only the table that has the column knows more than notWritable. */
	for (size_t t = 0; t < b->count && error == SET_NOT_WRITABLE; t++)
		error = table_set(b->tables[t], &b->rows[t], &b->world->view, name, length, type,
				  value, ret);
	return error;
}

static enum set_error set_number(struct bench *b, const char *oid, int64_t number,
				 struct set_change *ret)
{
	struct cell value = {.number = number};

	return set_cell(b, oid, CELL_INTEGER, &value, ret);
}

static enum set_error set_text(struct bench *b, const char *oid, const char *text,
			       struct set_change *ret)
{
	struct cell value = {.octets = text, .size = strlen(text)};

	return set_cell(b, oid, CELL_OCTETS, &value, ret);
}

/* Range, type and absence, for each column of each table. */
static void test_set_bounds(void **state)
{
	struct bench *b = *state;
	size_t writable = 0;

	for (size_t t = 0; t < b->count; t++)
		for (size_t c = 0; c < b->tables[t]->n_columns; c++) {
			const struct table *table = b->tables[t];
			const struct column *column = &table->columns[c];
			const struct rows none = {0};
			struct cell low = {.number = column->min - 1};
			struct cell high = {.number = column->max + 1,
					    .octets = low.room,
					    .size = (size_t)column->max + 1};
			struct cell fine = {.number = column->min, .octets = low.room};
			bool text = column->type == CELL_OCTETS;
			uint32_t name[OID_MAX];
			struct set_change change;
			const struct view *view = &b->world->view;
			size_t length = table->entry_length;
			int other = text ? CELL_INTEGER : CELL_OCTETS;

			memcpy(name, table->entry, sizeof(name));
			name[length++] = column->number;
			name[length++] = 4242;
			if (!column->set) {
				assert_int_equal(table_set(table, &none, view, name, length,
							   (int)column->type, &fine, &change),
						 SET_NOT_WRITABLE);
				continue;
			}
			writable++;
			assert_int_equal(
				table_set(table, &none, view, name, length, other, &fine, &change),
				SET_WRONG_TYPE);
			assert_int_equal(table_set(table, &none, view, name, length,
						   (int)column->type, &high, &change),
					 text ? SET_WRONG_LENGTH : SET_WRONG_VALUE);
			if (!text)
				assert_int_equal(table_set(table, &none, view, name, length,
							   (int)column->type, &low, &change),
						 SET_WRONG_VALUE);
			assert_int_equal(table_set(table, &none, view, name, length,
						   (int)column->type, &fine, &change),
					 SET_NO_CREATION);
		}
	assert_int_equal(writable, 3 + 1 + 4 + 1 + 6 + 1);
}

static void test_set_weight(void **state)
{
	struct bench *b = *state;
	struct set_change change;

	assert_int_equal(set_number(b, K "3.4.1.7.1.2", 300, &change), SET_OK);
	assert_int_equal(change.target, SET_TO_CHECK);
	assert_int_equal(change.apply.dest.field, DEST_SET_WEIGHT);
	assert_int_equal(change.apply.dest.value, 300);
	assert_int_equal(change.apply.dest.dest.port, 80);
	assert_int_equal(change.undo.dest.value, WEIGHT_NO_OVERRIDE);
	assert_int_equal(set_number(b, K "3.4.1.7.1.2", 0, &change), SET_OK);
	assert_int_equal(set_number(b, K "3.4.1.7.1.2", 65535, &change), SET_OK);
	assert_int_equal(set_number(b, K "3.4.1.7.1.2", 65536, &change), SET_WRONG_VALUE);
	assert_int_equal(set_number(b, K "3.4.1.7.1.2", -1, &change), SET_WRONG_VALUE);
	assert_int_equal(set_number(b, K "3.4.1.7.1.1", 1, &change), SET_NOT_WRITABLE);
	assert_int_equal(set_number(b, K "3.4.1.7.1.9", 1, &change), SET_NO_CREATION);
}

static void test_set_vrrp(void **state)
{
	struct bench *b = *state;
	struct set_change change;

	assert_int_equal(set_number(b, K "2.3.1.7.1", 255, &change), SET_OK);
	assert_int_equal(change.target, SET_TO_VRRP);
	assert_int_equal(change.apply.vrrp.field, VRRP_SET_PRIORITY);
	assert_string_equal(change.apply.vrrp.instance, "VI_1");
	assert_int_equal(change.undo.vrrp.value, 100);
	assert_int_equal(set_number(b, K "2.3.1.7.1", 0, &change), SET_WRONG_VALUE);
	assert_int_equal(set_number(b, K "2.3.1.7.1", 256, &change), SET_WRONG_VALUE);
	assert_int_equal(set_number(b, K "2.3.1.13.1", 2, &change), SET_OK);
	assert_int_equal(change.undo.vrrp.value, 1);
	assert_int_equal(set_number(b, K "2.3.1.27.1", 1, &change), SET_NOT_WRITABLE);

	assert_int_equal(set_number(b, V "1.3.1.4.10.62", 2, &change), SET_OK);
	assert_int_equal(change.apply.vrrp.field, VRRP_SET_ADMIN);
	assert_int_equal(set_number(b, V "1.3.1.5.10.62", 50, &change), SET_INCONSISTENT_VALUE);
	assert_int_equal(set_number(b, V "1.3.1.5.2.4", 50, &change), SET_OK);
	assert_int_equal(set_number(b, V "1.3.1.12.10.62", 2, &change), SET_INCONSISTENT_VALUE);
	assert_int_equal(set_number(b, V "1.3.1.15.10.62", 6, &change), SET_INCONSISTENT_VALUE);
	assert_int_equal(set_number(b, V "1.3.1.15.10.63", 4, &change), SET_NO_CREATION);
	assert_int_equal(set_number(b, V "1.3.1.11.10.62", 2, &change), SET_NOT_WRITABLE);
	assert_int_equal(set_number(b, V "1.2.0", 2, &change), SET_OK);
	assert_int_equal(change.target, SET_TO_AGENT);
	assert_int_equal(change.apply.agent.traps, 2);
	assert_int_equal(change.undo.agent.traps, 1);
}

#define DEST "0.1.4.172.17.13.252.6.80.1.4.172.17.13.173.80"

static void test_set_dest(void **state)
{
	struct bench *b = *state;
	struct set_change change;
	struct cell seconds = {.number = 60};

	assert_int_equal(set_number(b, D "3.1.1.5." DEST, DEST_SHUTTING_DOWN, &change), SET_OK);
	assert_int_equal(change.apply.dest.field, DEST_SET_ADMIN);
	assert_int_equal(change.undo.dest.value, DEST_UNLOCKED);
	assert_int_equal(set_number(b, D "3.1.1.5." DEST, 1, &change), SET_WRONG_VALUE);
	assert_int_equal(set_number(b, D "3.1.1.5." DEST, 5, &change), SET_WRONG_VALUE);
	b->world->live_dests[1].admin = DEST_LOCKED;
	assert_int_equal(set_number(b, D "3.1.1.5." DEST, DEST_SHUTTING_DOWN, &change),
			 SET_INCONSISTENT_VALUE);
	assert_int_equal(set_number(b, D "3.1.1.5." DEST, DEST_UNLOCKED, &change), SET_OK);
	assert_int_equal(set_number(b, D "3.1.1.6." DEST, DEST_UNLOCKED, &change),
			 SET_NOT_WRITABLE);
	assert_int_equal(set_number(b, D "3.1.1.7." DEST, 4, &change), SET_WRONG_VALUE);
	assert_int_equal(set_number(b, D "3.1.1.7." DEST, STORAGE_VOLATILE, &change), SET_OK);
	assert_int_equal(set_number(b, D "3.1.1.18." DEST, -1, &change), SET_OK);
	assert_int_equal(set_cell(b, D "3.1.1.27." DEST, CELL_GAUGE32, &seconds, &change), SET_OK);
	seconds.number = 604801;
	assert_int_equal(set_cell(b, D "3.1.1.27." DEST, CELL_GAUGE32, &seconds, &change),
			 SET_WRONG_VALUE);
	assert_int_equal(set_number(b, D "3.1.1.28." DEST, 4, &change), SET_WRONG_VALUE);
}

static void test_set_comment(void **state)
{
	struct bench *b = *state;
	struct set_change change;
	char text[65];

	memcpy(b->world->live_dests[1].comment, "before", 7);
	assert_int_equal(set_text(b, D "3.1.1.8." DEST, "ticket 7: \xc3\xa9", &change), SET_OK);
	assert_string_equal(change.apply.dest.text, "ticket 7: \xc3\xa9");
	assert_string_equal(change.undo.dest.text, "before");
	memset(text, 'x', sizeof(text));
	text[64] = '\0';
	assert_int_equal(set_text(b, D "3.1.1.8." DEST, text, &change), SET_WRONG_LENGTH);
	text[63] = '\0';
	assert_int_equal(set_text(b, D "3.1.1.8." DEST, text, &change), SET_OK);
	assert_string_equal(change.apply.dest.text, text);
	assert_int_equal(set_text(b, D "3.1.1.8." DEST, "", &change), SET_OK);
	assert_int_equal(set_text(b, D "3.1.1.8." DEST, "\xc3", &change), SET_WRONG_ENCODING);
	assert_int_equal(set_text(b, D "3.1.1.8." DEST, "\xc0\x80", &change), SET_WRONG_ENCODING);
	assert_int_equal(set_text(b, D "3.1.1.8." DEST, "\xed\xa0\x80", &change),
			 SET_WRONG_ENCODING);
	assert_int_equal(set_text(b, D "3.1.1.8." DEST, "\xf4\x90\x80\x80", &change),
			 SET_WRONG_ENCODING);
	assert_int_equal(set_text(b, D "3.1.1.8." DEST, "\xf0\x9f\x98\x80", &change), SET_OK);
	assert_int_equal(set_text(b, D "3.1.1.8." DEST, "a\nb", &change), SET_WRONG_VALUE);
	assert_int_equal(set_text(b, D "3.1.1.8." DEST, "a\xc2\x9b", &change), SET_WRONG_VALUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_set_bounds, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_set_weight, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_set_vrrp, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_set_dest, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_set_comment, bench_setup, bench_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
