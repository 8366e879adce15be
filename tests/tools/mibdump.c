/* SPDX-License-Identifier: MIT */
/*
 * What vipd serves, as text for the judge (tests/net/test_mib_judge.py).
 * Without argument one line for each column: table, column OID, type, "ro" or "rw", least and
 * greatest value, separated by tabs. With --walk the cells of the unit tests' synthetic director,
 * as snmpwalk -On prints them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/mib_bench.h"

static const char *const types[] = {
	[CELL_INTEGER] = "INTEGER",	[CELL_OCTETS] = "OCTETS",	[CELL_OID] = "OID",
	[CELL_IPADDRESS] = "IPADDRESS", [CELL_COUNTER32] = "COUNTER32", [CELL_GAUGE32] = "GAUGE32",
	[CELL_TIMETICKS] = "TIMETICKS", [CELL_COUNTER64] = "COUNTER64",
};

static void print_oid(const uint32_t *oid, size_t length)
{
	for (size_t i = 0; i < length; i++)
		printf(".%" PRIu32, oid[i]);
}

static void dump_table(const struct table *table)
{
	for (size_t c = 0; c < table->n_columns; c++) {
		const struct column *column = &table->columns[c];

		printf("%s\t", table->name);
		print_oid(table->entry, table->entry_length);
		printf(".%" PRIu32 "\t%s\t%s\t%" PRId64 "\t%" PRId64 "\n", column->number,
		       types[column->type], column->set ? "rw" : "ro", column->min, column->max);
	}
}

static void print_octets(const uint8_t *octets, size_t size)
{
	printf("Hex-STRING:");
	for (size_t i = 0; i < size; i++)
		printf(" %02X", octets[i]);
}

static void print_cell(const struct column *column, const struct cell *cell)
{
	const uint8_t *octets = cell->octets;
	uint64_t number = (uint64_t)cell->number;

	switch (column->type) {
	case CELL_INTEGER:
		printf("INTEGER: %" PRId64, cell->number);
		break;
	case CELL_OCTETS:
		print_octets(octets, cell->size);
		break;
	case CELL_OID:
		printf("OID: ");
		print_oid(cell->oid, cell->size);
		break;
	case CELL_IPADDRESS:
		printf("IpAddress: %u.%u.%u.%u", octets[0], octets[1], octets[2], octets[3]);
		break;
	case CELL_COUNTER32:
		printf("Counter32: %" PRIu64, number & UINT32_MAX);
		break;
	case CELL_GAUGE32:
		printf("Gauge32: %" PRIu64, number > UINT32_MAX ? UINT32_MAX : number);
		break;
	case CELL_TIMETICKS:
		printf("Timeticks: (%" PRIu64 ")", number & UINT32_MAX);
		break;
	case CELL_COUNTER64:
		printf("Counter64: %" PRIu64, number);
		break;
	}
}

static int walk(void)
{
	struct bench *bench = bench_new();
	uint32_t name[OID_MAX] = {1};
	const struct column *column;
	struct cell cell;
	size_t length = 1;

	if (!bench)
		return 1;
	while ((column = bench_next(bench, name, &length, &cell))) {
		print_oid(name, length);
		printf(" = ");
		print_cell(column, &cell);
		printf("\n");
	}
	bench_free(bench);
	return 0;
}

int main(int argc, char **argv)
{
	const struct table *tables[WORLD_TABLES_MAX];
	size_t count = world_tables(tables);

	if (argc > 1 && strcmp(argv[1], "--walk") == 0)
		return walk();
	for (size_t t = 0; t < count; t++)
		dump_table(tables[t]);
	return 0;
}
