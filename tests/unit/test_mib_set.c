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
#define R "1.3.6.1.2.1.207.1."
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

/* Only bits that mean something. */
static void test_set_notify(void **state)
{
	struct bench *b = *state;
	struct set_change change;

	assert_int_equal(set_text(b, D "8.1.0", "\x02", &change), SET_WRONG_VALUE);
	assert_int_equal(set_text(b, D "8.1.0", "\x64", &change), SET_OK);
	assert_int_equal(change.apply.agent.value, 0x64);
	assert_int_equal(change.undo.agent.value, 0xfc);
}

/* The lock moves by one, and only for who knows it. */
static void test_set_lock(void **state)
{
	struct bench *b = *state;
	struct set_change change;

	assert_int_equal(set_number(b, D "1.18.0", 4, &change), SET_INCONSISTENT_VALUE);
	assert_int_equal(set_number(b, D "1.18.0", 5, &change), SET_OK);
	assert_int_equal(change.target, SET_TO_AGENT);
	assert_int_equal(change.apply.agent.value, 6);
	assert_int_equal(change.undo.agent.value, 5);
	b->world->view.admin_lock = INT32_MAX;
	assert_int_equal(set_number(b, D "1.18.0", INT32_MAX, &change), SET_OK);
	assert_int_equal(change.apply.agent.value, 0);
}

static void test_set_quorum_policy(void **state)
{
	struct bench *b = *state;
	struct set_change change;

	assert_int_equal(set_number(b, D "1.19.0", 0, &change), SET_WRONG_VALUE);
	assert_int_equal(set_number(b, D "1.19.0", 3, &change), SET_WRONG_VALUE);
	assert_int_equal(set_number(b, D "1.19.0", QUORUM_ALLOW, &change), SET_OK);
	assert_int_equal(change.target, SET_TO_CHECK);
	assert_int_equal(change.apply.dest.field, DEST_SET_QUORUM_POLICY);
	assert_int_equal(change.apply.dest.value, QUORUM_ALLOW);
	assert_int_equal(change.undo.dest.value, QUORUM_REFUSE);
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
			struct cell fine = {.number = column->min,
					    .octets = low.room,
					    .size = (size_t)column->min};
			bool text = column->type == CELL_OCTETS || column->type == CELL_IPADDRESS;
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
	assert_int_equal(writable, 7 + 1 + 6 + 1 + 9 + 1 + 6 + 1 + 3 + 2 + 3 + 1);
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
	assert_int_equal(change.undo.vrrp.value, 0); /* as configured */
	assert_int_equal(set_number(b, K "2.3.1.7.1", 0, &change), SET_WRONG_VALUE);
	assert_int_equal(set_number(b, K "2.3.1.7.1", 256, &change), SET_WRONG_VALUE);
	assert_int_equal(set_number(b, K "2.3.1.13.1", 2, &change), SET_OK);
	assert_int_equal(change.undo.vrrp.value, 0);
	b->world->live_instances[0].set.priority = 120;
	assert_int_equal(set_number(b, K "2.3.1.7.1", 255, &change), SET_OK);
	assert_int_equal(change.undo.vrrp.value, 120);

	assert_int_equal(set_number(b, V "1.3.1.4.10.62", 2, &change), SET_OK);
	assert_int_equal(change.apply.vrrp.field, VRRP_SET_ADMIN);
	assert_int_equal(set_number(b, V "1.3.1.5.10.62", 50, &change), SET_INCONSISTENT_VALUE);
	assert_int_equal(set_number(b, V "1.3.1.5.2.4", 50, &change), SET_OK);
	assert_int_equal(set_number(b, V "1.3.1.12.10.62", 2, &change), SET_INCONSISTENT_VALUE);
	assert_int_equal(set_number(b, V "1.3.1.15.10.62", 6, &change), SET_INCONSISTENT_VALUE);
	assert_int_equal(set_number(b, V "1.3.1.15.10.63", 4, &change), SET_NO_CREATION);
	assert_int_equal(set_number(b, V "1.2.0", 2, &change), SET_OK);
	assert_int_equal(change.target, SET_TO_AGENT);
	assert_int_equal(change.apply.agent.value, 2);
	assert_int_equal(change.undo.agent.value, 1);
	b->world->conf.global.snmp_traps = false; /* then none is sent, whatever this says */
	assert_int_equal(set_number(b, V "1.2.0", 1, &change), SET_INCONSISTENT_VALUE);
	assert_int_equal(set_number(b, V "1.2.0", 2, &change), SET_OK);
}

/* What vipd does in one way only: that one is taken, and nobody is asked. */
static void test_set_fixed(void **state)
{
	struct bench *b = *state;
	struct set_change change;
	static const struct {
		const char *oid;
		int64_t now, other, none;
	} rows[] = {
		{K "2.3.1.27.1", 1, 2, 0}, {K "2.3.1.28.1", 2, 1, 3},	{K "2.3.1.29.1", 1, 2, 3},
		{K "2.3.1.33.1", 2, 1, 3}, {V "1.3.1.14.2.4", 1, 2, 5},
	};

	b->world->instances[0].accept = true;
	b->world->instances[0].linkbeat = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(set_number(b, rows[i].oid, rows[i].now, &change), SET_OK);
		assert_int_equal(change.target, SET_TO_NOBODY);
		assert_int_equal(set_number(b, rows[i].oid, rows[i].other, &change),
				 SET_INCONSISTENT_VALUE);
		assert_int_equal(set_number(b, rows[i].oid, rows[i].none, &change),
				 SET_WRONG_VALUE);
	}
	assert_int_equal(set_number(b, V "1.3.1.14.10.62", 1, &change), SET_INCONSISTENT_VALUE);
}

/* RFC 2579: an active row may be made active; these are never anything else. */
static void test_rows_that_are_always_active(void **state)
{
	struct bench *b = *state;
	struct set_change change;
	static const char *const rows[] = {
		V "1.3.1.15.10.62",
		V "1.4.1.2.10.62.172.17.13.252",
		R "1.2.1.2.2.7.1.4.10.0.0.3",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(set_number(b, rows[i], 1, &change), SET_OK);
		assert_int_equal(change.target, SET_TO_NOBODY);
		assert_int_equal(set_number(b, rows[i], 3, &change), SET_WRONG_VALUE);
		for (int64_t number = 4; number <= 6; number++)
			assert_int_equal(set_number(b, rows[i], number, &change),
					 SET_INCONSISTENT_VALUE);
		assert_int_equal(set_number(b, rows[i], 2, &change), SET_INCONSISTENT_VALUE);
	}
}

static enum set_error set_address(struct bench *b, const char *oid, const char *text,
				  struct set_change *ret)
{
	struct ip ip = {0};
	struct cell value = {.octets = ip.octets, .size = 4};

	assert_int_equal(ip_parse(text, &ip), 0);
	return set_cell(b, oid, CELL_IPADDRESS, &value, ret);
}

#define UP(column)   V "1.3.1." column ".10.62"
#define DOWN(column) V "1.3.1." column ".2.4"

static void test_set_router(void **state)
{
	struct bench *b = *state;
	struct vrrp_overrides *set = &b->world->live_instances[3].set;
	struct set_change change;

	assert_int_equal(set_number(b, UP("11"), 2, &change), SET_INCONSISTENT_VALUE);
	assert_int_equal(set_number(b, DOWN("11"), 255, &change), SET_OK);
	assert_int_equal(change.apply.vrrp.field, VRRP_SET_INTERVAL);
	assert_int_equal(change.apply.vrrp.value, 25500); /* hundredths of a second */
	assert_int_equal(change.undo.vrrp.value, 0);
	assert_int_equal(set_number(b, DOWN("11"), 256, &change), SET_WRONG_VALUE);

	set->auth_type = 2;
	assert_int_equal(set_number(b, UP("9"), 1, &change), SET_INCONSISTENT_VALUE);
	assert_int_equal(set_number(b, DOWN("9"), 1, &change), SET_OK);
	assert_int_equal(change.apply.vrrp.field, VRRP_SET_AUTH_TYPE);
	assert_int_equal(change.undo.vrrp.value, 2);
	assert_int_equal(set_number(b, DOWN("9"), 3, &change), SET_OK);
	assert_int_equal(set_number(b, DOWN("9"), 4, &change), SET_WRONG_VALUE);

	assert_int_equal(set_address(b, UP("8"), "172.17.13.120", &change), SET_INCONSISTENT_VALUE);
	assert_int_equal(set_address(b, DOWN("8"), "172.17.13.122", &change),
			 SET_INCONSISTENT_VALUE);
	assert_int_equal(set_address(b, DOWN("8"), "172.17.13.121", &change), SET_OK);
	assert_int_equal(change.apply.vrrp.field, VRRP_SET_PRIMARY);
	assert_int_equal(change.undo.vrrp.value, 0);
	set->primary = change.apply.vrrp.address;
	assert_int_equal(set_address(b, DOWN("8"), "0.0.0.0", &change), SET_OK);
	assert_int_equal(change.apply.vrrp.value, 1);
	assert_int_equal(change.apply.vrrp.address.family, AF_INET);
	assert_int_equal(change.undo.vrrp.value, 1);
	assert_int_equal(ip_compare(&change.undo.vrrp.address, &set->primary), 0);
}

#define RUNNING(column) R "1.1.1." column ".2.7.2"
#define HELD(column)	R "1.1.1." column ".2.7.1"

static enum set_error set_octets(struct bench *b, const char *oid, const void *octets, size_t size,
				 struct set_change *ret)
{
	struct cell value = {.octets = octets, .size = size};

	return set_cell(b, oid, CELL_OCTETS, &value, ret);
}

static void test_set_version3(void **state)
{
	struct bench *b = *state;
	struct set_change change;
	struct cell value = {.number = 254};

	assert_int_equal(set_cell(b, RUNNING("7"), CELL_GAUGE32, &value, &change), SET_OK);
	assert_int_equal(change.apply.vrrp.field, VRRP_SET_PRIORITY);
	value.number = 255;
	assert_int_equal(set_cell(b, RUNNING("7"), CELL_GAUGE32, &value, &change), SET_WRONG_VALUE);
	value.number = 0;
	assert_int_equal(set_cell(b, RUNNING("7"), CELL_GAUGE32, &value, &change), SET_WRONG_VALUE);
	assert_int_equal(set_number(b, RUNNING("10"), 2, &change), SET_OK);
	assert_int_equal(change.apply.vrrp.field, VRRP_SET_PREEMPT);
	assert_int_equal(set_number(b, RUNNING("11"), 1, &change), SET_INCONSISTENT_VALUE);
	assert_int_equal(set_number(b, RUNNING("11"), 2, &change), SET_OK);
	assert_int_equal(change.target, SET_TO_NOBODY);

	assert_int_equal(set_number(b, RUNNING("9"), 50, &change), SET_INCONSISTENT_VALUE);
	assert_int_equal(set_number(b, HELD("9"), 4095, &change), SET_OK);
	assert_int_equal(change.apply.vrrp.field, VRRP_SET_INTERVAL);
	assert_int_equal(change.apply.vrrp.value, 4095);
	assert_int_equal(set_number(b, HELD("9"), 4096, &change), SET_WRONG_VALUE);

	assert_int_equal(set_octets(b, HELD("4"), "\xac\x11\x0d\x79", 4, &change), SET_OK);
	assert_int_equal(change.apply.vrrp.field, VRRP_SET_PRIMARY);
	assert_int_equal(change.undo.vrrp.value, 0);
	assert_int_equal(set_octets(b, HELD("4"), "\xac\x11\x0d\x7a", 4, &change),
			 SET_INCONSISTENT_VALUE);
	assert_int_equal(set_octets(b, HELD("4"), "0123456789abcdef", 16, &change),
			 SET_INCONSISTENT_VALUE);
	assert_int_equal(set_octets(b, HELD("4"), "abc", 3, &change), SET_WRONG_LENGTH);
	assert_int_equal(set_octets(b, RUNNING("4"), "\xac\x11\x0d\x79", 4, &change),
			 SET_INCONSISTENT_VALUE);
}

static void test_set_version3_rows(void **state)
{
	struct bench *b = *state;
	struct set_change change;

	assert_int_equal(set_number(b, RUNNING("13"), 2, &change), SET_OK);
	assert_int_equal(change.apply.vrrp.field, VRRP_SET_ADMIN);
	assert_int_equal(change.apply.vrrp.value, 2);
	assert_int_equal(change.undo.vrrp.value, 1);
	assert_int_equal(set_number(b, HELD("13"), 1, &change), SET_OK);
	assert_int_equal(change.undo.vrrp.value, 2);
	assert_int_equal(set_number(b, RUNNING("13"), 3, &change), SET_WRONG_VALUE);
	for (int64_t number = 4; number <= 6; number++)
		assert_int_equal(set_number(b, RUNNING("13"), number, &change),
				 SET_INCONSISTENT_VALUE);
	assert_int_equal(set_number(b, RUNNING("13"), 7, &change), SET_WRONG_VALUE);
	assert_int_equal(set_number(b, R "1.1.1.13.2.8.1", 4, &change), SET_NO_CREATION);
	assert_int_equal(set_number(b, R "1.2.1.2.2.7.1.4.10.0.0.3", 6, &change),
			 SET_INCONSISTENT_VALUE);
	assert_int_equal(set_number(b, R "1.2.1.2.2.7.1.4.10.0.0.4", 4, &change), SET_NO_CREATION);
}

static void test_set_key(void **state)
{
	struct bench *b = *state;
	struct vrrp_overrides *set = &b->world->live_instances[3].set;
	struct set_change change;

	assert_int_equal(set_text(b, UP("10"), "x", &change), SET_INCONSISTENT_VALUE);
	assert_int_equal(set_text(b, DOWN("10"), "12345678901234567", &change), SET_WRONG_LENGTH);
	assert_int_equal(set_text(b, DOWN("10"), "1234567890123456", &change), SET_OK);
	assert_int_equal(change.apply.vrrp.field, VRRP_SET_AUTH_KEY);
	assert_memory_equal(change.apply.vrrp.key, "12345678", 8);
	assert_int_equal(change.undo.vrrp.value, 0);
	set->keyed = true;
	memcpy(set->key, "before\0", 8);
	assert_int_equal(set_text(b, DOWN("10"), "", &change), SET_OK);
	assert_int_equal(change.apply.vrrp.value, 1);
	assert_memory_equal(change.apply.vrrp.key, "\0\0\0\0\0\0\0", 8);
	assert_int_equal(change.undo.vrrp.value, 1);
	assert_memory_equal(change.undo.vrrp.key, "before\0", 8);
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

	b->world->live_dests[1].comment = "before";
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
		cmocka_unit_test_setup_teardown(test_set_notify, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_set_lock, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_set_quorum_policy, bench_setup,
						bench_teardown),
		cmocka_unit_test_setup_teardown(test_set_bounds, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_set_weight, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_set_vrrp, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_set_fixed, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_rows_that_are_always_active, bench_setup,
						bench_teardown),
		cmocka_unit_test_setup_teardown(test_set_router, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_set_version3, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_set_version3_rows, bench_setup,
						bench_teardown),
		cmocka_unit_test_setup_teardown(test_set_key, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_set_dest, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_set_comment, bench_setup, bench_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
