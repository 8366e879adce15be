/* SPDX-License-Identifier: MIT */
/* What a MIB test expects of single cells. */
#include "tests/unit/mib_want.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

struct cell want(struct bench *b, const char *oid, enum cell_type type)
{
	uint32_t name[OID_MAX];
	size_t length = bench_parse(oid, name);
	struct cell cell;
	const struct column *column = bench_get(b, name, length, &cell);

	if (!column)
		fail_msg("%s: no instance", oid);
	assert_int_equal(column->type, type);
	return cell;
}

void want_number(struct bench *b, const char *oid, enum cell_type type, int64_t number)
{
	int64_t found = want(b, oid, type).number;

	if (found != number)
		fail_msg("%s: %lld instead of %lld", oid, (long long)found, (long long)number);
}

void want_octets(struct bench *b, const char *oid, const void *octets, size_t size)
{
	struct cell cell = want(b, oid, CELL_OCTETS);
	uint32_t name[OID_MAX];

	/* want() returns a copy: look again where the octets are. */
	bench_get(b, name, bench_parse(oid, name), &cell);
	if (cell.size != size || (size && memcmp(cell.octets, octets, size) != 0))
		fail_msg("%s: other octets, %zu of them", oid, cell.size);
}

void want_text(struct bench *b, const char *oid, const char *text)
{
	want_octets(b, oid, text, strlen(text));
}

void want_none(struct bench *b, const char *oid)
{
	uint32_t name[OID_MAX];
	struct cell cell;

	if (bench_get(b, name, bench_parse(oid, name), &cell))
		fail_msg("%s: there is an instance", oid);
}
