/* SPDX-License-Identifier: MIT */
/* Every MIB table over a synthetic director: order, GET against GETNEXT, values, and what a SET may
 * do. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cells.h"
#include "agent/director_mib.h"
#include "agent/keepalived.h"
#include "tests/unit/mib_bench.h"
#include "tests/unit/mib_want.h"

#define K "1.3.6.1.4.1.9586.100.5."
#define D "1.3.6.1.4.1.8072.9999.9999.47.1."

static void test_columns_ascend(void **state)
{
	struct bench *b = *state;

	for (size_t t = 0; t < b->count; t++) {
		const struct table *table = b->tables[t];

		for (size_t c = 0; c < table->n_columns; c++) {
			assert_non_null(table->columns[c].get);
			if (c > 0)
				assert_true(table->columns[c - 1].number <
					    table->columns[c].number);
		}
		assert_true(table->entry_length < OID_MAX &&
			    table->entry[table->entry_length] == 0);
		assert_true(table->entry[table->entry_length - 1] != 0);
		for (size_t other = 0; other < t; other++)
			assert_true(bench_compare(table->entry, table->entry_length,
						  b->tables[other]->entry,
						  b->tables[other]->entry_length) != 0);
	}
}

static void test_rows_are_unique(void **state)
{
	struct bench *b = *state;

	for (size_t t = 0; t < b->count; t++)
		for (size_t r = 1; r < b->rows[t].count; r++) {
			const struct row *before = rows_at(&b->rows[t], r - 1);
			const struct row *row = rows_at(&b->rows[t], r);

			assert_true(bench_compare(before->index, before->index_length, row->index,
						  row->index_length) < 0);
		}
}

static void assert_same(const struct cell *a, const struct cell *b, enum cell_type type)
{
	assert_int_equal(a->number, b->number);
	assert_int_equal(a->size, b->size);
	if (type == CELL_OID)
		assert_memory_equal(a->oid, b->oid, a->size * sizeof(*a->oid));
	else if (a->size > 0)
		assert_memory_equal(a->octets, b->octets, a->size);
}

/* Each cell of a walk comes after the one before, answers a GET alike, and has nothing below it. */
static void test_walk(void **state)
{
	struct bench *b = *state;
	uint32_t name[OID_MAX] = {1}, before[OID_MAX];
	size_t length = 1, before_length = 1, cells = 0;
	struct cell cell, again;
	const struct column *column;

	memcpy(before, name, sizeof(name));
	while ((column = bench_next(b, name, &length, &cell))) {
		assert_true(bench_compare(before, before_length, name, length) < 0);
		assert_ptr_equal(bench_get(b, name, length, &again), column);
		assert_same(&cell, &again, column->type);
		if (column->type == CELL_OCTETS)
			assert_true(cell.size <= 255);
		memcpy(before, name, sizeof(name));
		before_length = length;
		name[length] = 0;
		assert_null(bench_get(b, name, length + 1, &again));
		cells++;
	}
	/* A cell lost or won anywhere shows here. */
	assert_int_equal(cells, 2372 + 4 * 22 + 2 * 8 + 1 + 4 + 2 * 9 + 2 * 9 + 5 * 10 + 6 + 5 * 2 +
					3 * 4 + 1 + 4 + 3 + 1 + 8 + 7 * 19 + 11 * 16);
}

static void test_nothing_published(void **state)
{
	struct bench *b = *state;
	uint32_t name[OID_MAX] = {1};
	size_t length = 1;
	struct cell cell;

	b->world->view.vrrp = NULL;
	b->world->view.check = NULL;
	b->world->view.daemon = NULL;
	b->world->view.events = NULL;
	b->world->view.agent = NULL;
	bench_build(b);
	assert_null(bench_next(b, name, &length, &cell));
}

static void test_keepalived_global(void **state)
{
	struct bench *b = *state;

	want_text(b, K "1.2.0", "LVS_DEVEL");
	want_number(b, K "1.12.0", CELL_INTEGER, 1);
	want_number(b, K "1.3.1.0", CELL_INTEGER, 1);
	want_octets(b, K "1.3.2.0", "\xc0\x00\x02\x19", 4);
	want_number(b, K "1.3.3.0", CELL_GAUGE32, 30);
	want_text(b, K "1.3.5.1.2.2", "ops@example.com");
	want_number(b, K "1.3.8.0", CELL_INTEGER, 3);
	want_number(b, K "1.3.9.0", CELL_INTEGER, 1);
	want_number(b, K "1.3.10.0", CELL_INTEGER, 2);
	want_number(b, K "1.4.0", CELL_INTEGER, 1);
	want_number(b, K "1.11.0", CELL_INTEGER, 3);
	want_text(b, K "1.8.0", "blue");
	b->world->conf.global.smtp_server = "mail.example.com";
	want_number(b, K "1.3.1.0", CELL_INTEGER, 16);
	want_text(b, K "1.3.2.0", "mail.example.com");
	b->world->conf.global.smtp_server = "";
	want_number(b, K "1.3.1.0", CELL_INTEGER, 0);
	want_text(b, K "1.3.2.0", "");
}

static void test_keepalived_check(void **state)
{
	struct bench *b = *state;

	want_number(b, K "3.3.1.2.3", CELL_INTEGER, 3);
	want_text(b, K "3.3.1.3.3", "farm");
	want_none(b, K "3.3.1.3.1");
	want_number(b, K "3.3.1.4.2", CELL_GAUGE32, 5);
	want_none(b, K "3.3.1.5.2");
	want_number(b, K "3.3.1.7.1", CELL_GAUGE32, 80);
	want_number(b, K "3.3.1.8.2", CELL_INTEGER, 4);
	want_number(b, K "3.3.1.9.3", CELL_INTEGER, 13);
	want_number(b, K "3.3.1.16.1", CELL_GAUGE32, 3);
	want_number(b, K "3.3.1.64.1", CELL_GAUGE32, 3500000);
	want_octets(b, K "3.3.1.15.1", "\xff\xff\xff\xff", 4);
	want_none(b, K "3.3.1.15.4");
	want_number(b, K "3.3.1.51.4", CELL_GAUGE32, 128);
	want_number(b, K "3.3.1.62.3", CELL_INTEGER, 1);
	want_number(b, K "3.3.1.53.3", CELL_INTEGER, 2);
	want_text(b, K "3.3.1.24.1", "/bin/up now");
	want_text(b, K "3.3.1.72.1", "/bin/up");
	want_none(b, K "3.3.1.25.1");
	/* The group is the sum of its two services. */
	want_number(b, K "3.3.1.38.3", CELL_COUNTER64, INT64_C(0x200000000) + 2 + 3);
	want_number(b, K "3.6.1.0", CELL_INTEGER, 1);
	want_text(b, K "3.6.2.0", "eth1");
	want_text(b, K "3.6.3.0", "VI_2");
	want_number(b, K "3.6.4.0", CELL_INTEGER, 5); /* the instance's VRID */
	want_number(b, K "3.6.5.0", CELL_INTEGER, 1000);
	want_number(b, K "3.6.8.0", CELL_INTEGER, 1);
	want_octets(b, K "3.6.9.0", "\xe0\0\0\x52", 4);
	want_number(b, K "3.7.1.0", CELL_INTEGER, 900);
	want_none(b, K "3.7.2.0");
	want_number(b, K "3.7.3.0", CELL_INTEGER, 300);
}

static void test_groups(void **state)
{
	struct bench *b = *state;

	want_text(b, K "3.1.1.2.1", "farm");
	want_none(b, K "3.1.1.2.2");
	want_number(b, K "3.2.1.2.1.1", CELL_INTEGER, 2);
	want_number(b, K "3.2.1.2.1.2", CELL_INTEGER, 3);
	want_number(b, K "3.2.1.2.1.3", CELL_INTEGER, 1);
	want_number(b, K "3.2.1.3.1.3", CELL_GAUGE32, 77);
	want_none(b, K "3.2.1.3.1.1");
	want_none(b, K "3.2.1.4.1.3");
	want_number(b, K "3.2.1.4.1.4", CELL_INTEGER, 2);
	want_octets(b, K "3.2.1.5.1.1", "\x0a\x09\0\2", 4);
	want_none(b, K "3.2.1.5.1.2");
	want_octets(b, K "3.2.1.6.1.2", "\x0a\x09\1\1", 4);
	want_octets(b, K "3.2.1.7.1.2", "\x0a\x09\1\x09", 4);
	want_none(b, K "3.2.1.6.1.1");
	want_number(b, K "3.2.1.8.1.2", CELL_GAUGE32, 81);
	want_none(b, K "3.2.1.8.1.3");
}

static void test_real_servers(void **state)
{
	struct bench *b = *state;

	want_number(b, K "3.4.1.2.1.1", CELL_INTEGER, 2); /* the sorry server comes first */
	want_number(b, K "3.4.1.2.1.2", CELL_INTEGER, 1);
	want_number(b, K "3.4.1.40.1.1", CELL_INTEGER, 1);
	want_octets(b, K "3.4.1.4.1.2", "\xac\x11\x0d\xad", 4);
	want_none(b, K "3.4.1.2.1.4");
	want_number(b, K "3.4.1.2.2.1", CELL_INTEGER, 1);
	want_number(b, K "3.4.1.15.3.1", CELL_GAUGE32, 6); /* both services of the group */
	want_number(b, K "3.4.1.27.3.1", CELL_COUNTER64, 2 * INT64_C(0x100000007));
	want_number(b, K "3.4.1.27.1.2", CELL_COUNTER64, INT64_C(0x100000007));
	want_number(b, K "3.4.1.30.1.2", CELL_GAUGE32, 9);
	want_number(b, K "3.4.1.31.1.2", CELL_GAUGE32, 2);
	want_number(b, K "3.4.1.58.1.2", CELL_COUNTER64, INT64_C(0x200000009));
	want_number(b, K "3.4.1.7.1.2", CELL_INTEGER, 10);
	b->world->live_dests[1].admin = DEST_SHUTTING_DOWN;
	b->world->live_dests[1].effective_weight = 0;
	want_number(b, K "3.4.1.7.1.2", CELL_INTEGER, 10); /* a drain does not show as weight 0 */
	b->world->live_dests[1].weight_override = 300;
	want_number(b, K "3.4.1.7.1.2", CELL_INTEGER, 300);
	want_number(b, K "3.4.1.6.1.1", CELL_INTEGER, 2); /* the sorry server is not in use */
	want_number(b, K "3.4.1.6.1.2", CELL_INTEGER, 1);
	b->world->live_dests[1].alive = false;
	want_number(b, K "3.4.1.6.1.2", CELL_INTEGER, 2);
}

static void test_director(void **state)
{
	struct bench *b = *state;
	static const uint8_t loaded[] = {0x07, 0xe7, 11, 14, 22, 13, 20, 5, '+', 0, 0};

	want_text(b, D "1.2.0", "1.2.1");
	want_number(b, D "1.16.0", CELL_INTEGER, 1);
	want_number(b, D "1.17.0", CELL_INTEGER, 2);
	want_number(b, D "1.19.0", CELL_INTEGER, 2);
	want_number(b, D "1.31.0", CELL_INTEGER, 3);
	want_number(b, D "1.32.0", CELL_COUNTER32, 7);
	want_octets(b, D "1.5.0", loaded, sizeof(loaded));
	want_text(b, D "1.6.0", "test.conf:3: no such keyword");
	want_number(b, D "1.7.0", CELL_TIMETICKS, 45000);
	want_number(b, D "1.8.0", CELL_GAUGE32, 1000);
	want_number(b, D "1.11.0", CELL_GAUGE32, 7);
	want_number(b, D "1.12.0", CELL_GAUGE32, 11);
	want_number(b, D "1.20.0", CELL_COUNTER64, 7 * INT64_C(0x100000000) + 21);
	want_number(b, D "1.30.0", CELL_TIMETICKS, 30050);
	want_text(b, D "2.1.1.6.0.1.4.172.17.13.252.6.80", "172.17.13.252:80/tcp");
	want_text(b, D "2.1.1.6.5.1.4.0.0.0.0.0.0", "twin");
	want_text(b, D "2.1.1.6.0.1.4.10.9.0.1.6.80", "10.9.0.1:80/tcp");
	want_text(b, D "2.1.1.7.0.1.4.10.9.0.1.6.80", "farm");
	want_octets(b, D "2.1.1.9.0.1.4.10.9.0.1.6.80", "\x80", 1);
	want_number(b, D "2.1.1.26.0.1.4.10.9.0.1.6.80", CELL_GAUGE32, 3);
	want_number(b, D "3.1.1.5.0.1.4.172.17.13.252.6.80.1.4.172.17.13.173.80", CELL_INTEGER, 4);
	want_none(b, D "3.1.1.5.0.1.4.172.17.13.252.6.80.1.4.127.0.0.1.80");
	want_text(b, D "3.1.1.4.0.1.4.172.17.13.252.6.80.1.4.172.17.13.173.80", "172.17.13.173:80");
	want_number(b, D "3.1.1.35.0.1.4.172.17.13.252.6.80.1.4.172.17.13.173.80", CELL_GAUGE32, 2);
	want_number(b, D "3.1.1.35.5.1.4.0.0.0.0.0.0.1.4.10.0.0.1.80", CELL_GAUGE32, 1);
	want_number(b, D "3.1.1.32.0.1.4.172.17.13.252.6.80.1.4.172.17.13.173.80", CELL_GAUGE32, 0);
	b->world->live_dests[1].admin = DEST_SHUTTING_DOWN;
	want_number(b, D "3.1.1.32.0.1.4.172.17.13.252.6.80.1.4.172.17.13.173.80", CELL_GAUGE32, 7);
	b->world->live_services[0].n_up = 1;
	want_number(b, D "2.1.1.14.0.1.4.172.17.13.252.6.80", CELL_INTEGER, DEST_DEGRADED);
	b->world->live_services[0].n_draining = 1;
	want_number(b, D "2.1.1.14.0.1.4.172.17.13.252.6.80", CELL_INTEGER, DEST_UP);
	b->world->live_services[0].quorum_up = false;
	want_number(b, D "2.1.1.14.0.1.4.172.17.13.252.6.80", CELL_INTEGER, DEST_DOWN);
}

static void label_oid(char *room, size_t size, unsigned column, const char *service,
		      const char *dest)
{
	int used = snprintf(room, size, D "3.3.1.%u.%zu", column, strlen(service));

	for (; *service; service++)
		used += snprintf(room + used, size - (size_t)used, ".%d", *service);
	used += snprintf(room + used, size - (size_t)used, ".%zu", strlen(dest));
	for (; *dest; dest++)
		used += snprintf(room + used, size - (size_t)used, ".%d", *dest);
}

static void test_names(void **state)
{
	struct bench *b = *state;
	char oid[1024];
	struct cell cell;
	uint32_t name[OID_MAX];
	size_t length;

	label_oid(oid, sizeof(oid), 3, "web", "web1");
	want_number(b, oid, CELL_INTEGER, 4);
	label_oid(oid, sizeof(oid), 7, "web", "web1");
	cell = want(b, oid, CELL_OID);
	length = bench_parse(
		D "3.1.1.4.0.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1.6.443.2.16.32.1.13.184.0.0."
		  "0.0.0.0.0.0.0.0.0.2.80",
		name);
	assert_int_equal(bench_compare(cell.oid, cell.size, name, length), 0);
	assert_non_null(bench_get(b, cell.oid, cell.size, &cell));
	label_oid(oid, sizeof(oid), 3, "10.9.0.2:80/tcp", "10.0.1.1:80");
	want_number(b, oid, CELL_INTEGER, 4);
	/* Two services are called twin; one label is too long, its neighbour is not. */
	label_oid(oid, sizeof(oid), 3, "twin", "10.0.0.1:80");
	want_none(b, oid);
	label_oid(oid, sizeof(oid), 3, "10.9.9.8:25/tcp", "10.0.0.7:80");
	want_number(b, oid, CELL_INTEGER, 4);
	for (size_t t = 0; t < b->count; t++)
		if (b->tables[t] == &director_names)
			assert_int_equal(b->rows[t].count, 2 + 4 + 1 + 1);
}

static void test_long_text(void **state)
{
	char text[300];
	struct cell cell;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[299] = '\0';
	memcpy(text + 254, "\xc3\xa9", 2);
	assert_true(cell_text(&cell, text));
	assert_int_equal(cell.size, 254); /* not half a character */
	assert_false(cell_text(&cell, NULL));
	assert_true(cell_date(&cell, 0));
	assert_int_equal(cell.size, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_columns_ascend, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_rows_are_unique, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_walk, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_nothing_published, bench_setup,
						bench_teardown),
		cmocka_unit_test_setup_teardown(test_keepalived_global, bench_setup,
						bench_teardown),
		cmocka_unit_test_setup_teardown(test_keepalived_check, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_groups, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_real_servers, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_director, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_names, bench_setup, bench_teardown),
		cmocka_unit_test(test_long_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
