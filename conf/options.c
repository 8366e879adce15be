/* SPDX-License-Identifier: MIT */
/*
 * Finding rows and near misses in the option tables. Constant data, no state, any thread.
 */
#include "conf/options.h"

#include <string.h>

#include "conf/line.h"
#include "conf/scopes.h"

#define NAME_MAX_COMPARED 40

static const struct option_scope *const all_scopes[] = {
	&scope_root,
	&scope_global,
	&scope_email,
	&scope_script,
	&scope_instance,
	&scope_auth,
	&scope_address,
	&scope_excluded,
	&scope_static_address,
	&scope_routes,
	&scope_static_routes,
	&scope_rules,
	&scope_static_rules,
	&scope_track_group,
	&scope_track_members,
	&scope_peers,
	&scope_hmac,
	&scope_instance_interface,
	&scope_instance_script,
	&scope_instance_file,
	&scope_instance_process,
	&scope_instance_bfd,
	&scope_group,
	&scope_members,
	&scope_group_interface,
	&scope_group_script,
	&scope_group_file,
	&scope_group_process,
	&scope_group_bfd,
	&scope_track_file,
	&scope_track_process,
	&scope_bfd,
	&scope_garp_group,
	&scope_garp_interfaces,
	&scope_linkbeat,
	&scope_link_delays,
	&scope_address_group,
	&scope_service,
	&scope_server,
	&scope_tcp,
	&scope_http,
	&scope_ssl,
	&scope_url,
	&scope_misc,
	&scope_smtp,
	&scope_smtp_host,
	&scope_dns,
	&scope_bfd_check,
	&scope_udp,
	&scope_ping,
	&scope_file_check,
	&scope_tls,
	NULL,
};

const struct option_scope *const *option_scopes(void)
{
	return all_scopes;
}

const struct option_scope *option_root(void)
{
	return &scope_root;
}

const struct option *option_at(const struct option_scope *scope, size_t index)
{
	for (size_t t = 0; t < OPTION_TABLES && scope->tables[t]; t++)
		for (const struct option *row = scope->tables[t]; row->name; row++)
			if (index-- == 0)
				return row;
	return NULL;
}

size_t option_count(const struct option_scope *scope)
{
	size_t count = 0;

	for (size_t t = 0; t < OPTION_TABLES && scope->tables[t]; t++)
		for (const struct option *row = scope->tables[t]; row->name; row++)
			count++;
	return count;
}

const struct option *option_find(const struct option_scope *scope, const char *name)
{
	for (size_t t = 0; t < OPTION_TABLES && scope->tables[t]; t++)
		for (const struct option *row = scope->tables[t]; row->name; row++)
			if (*row->name == *name && strcmp(row->name, name) == 0)
				return row;
	return NULL;
}

bool option_is_attribute(const struct option_scope *scope, const char *name)
{
	for (size_t t = 0; t < 2; t++)
		for (const struct attribute *row = scope->attributes[t]; row && row->name; row++)
			if (strcmp(row->name, name) == 0)
				return true;
	return false;
}

const struct option *option_resolve(const struct option_scope *scope, const struct option *row)
{
	return row->type == OPTION_ALIAS ? option_find(scope, row->alias_of) : row;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

struct distance_rows {
	unsigned cells[3][NAME_MAX_COMPARED + 2];
	size_t limit;
};

/* One row of the matrix, as far as it can matter; returns its least cell. */
static unsigned fill_row(struct distance_rows *rows, size_t i, const char *a, const char *b,
			 size_t m)
{
	unsigned *row = rows->cells[i % 3], *above = rows->cells[(i + 2) % 3],
		 *two_above = rows->cells[(i + 1) % 3], far = (unsigned)rows->limit + 1;
	size_t low = i > rows->limit ? i - rows->limit : 1;
	size_t high = i + rows->limit < m ? i + rows->limit : m;
	unsigned least;

	row[low - 1] = low == 1 ? (unsigned)i : far;
	row[high + 1] = far;
	least = row[low - 1];
	for (size_t j = low; j <= high; j++) {
		unsigned cost = a[i - 1] != b[j - 1];

		row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost);
		if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
		    two_above[j - 2] + 1 < row[j])
			row[j] = two_above[j - 2] + 1;
		if (row[j] < least)
			least = row[j];
	}
	return least;
}

/* Optimal string alignment: three rows of the usual matrix are enough, near its diagonal. */
unsigned option_distance(const char *a, const char *b, unsigned limit)
{
	struct distance_rows rows = {.limit = limit};
	size_t n = strlen(a), m = strlen(b);
	unsigned least = 0, before;

	if (n > NAME_MAX_COMPARED || m > NAME_MAX_COMPARED || (n > m ? n - m : m - n) > limit)
		return limit + 1;
	for (size_t j = 0; j <= m; j++)
		rows.cells[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		before = least;
		least = fill_row(&rows, i, a, b, m);
		/* A swap of neighbours reaches over one row. */
		if (least > limit && before >= limit)
			return limit + 1;
	}
	least = rows.cells[n % 3][m];
	return least <= limit ? least : limit + 1;
}

unsigned option_slip_limit(const char *name)
{
	size_t length = strlen(name);

	return length < 4 ? 1 : length < 8 ? 2 : 3;
}

const char *option_nearest(const struct option_scope *scope, const char *name)
{
	unsigned best = option_slip_limit(name) + 1;
	const char *nearest = NULL;
	const struct option *row;

	for (size_t i = 0; best && scope && (row = option_at(scope, i)); i++) {
		unsigned distance = option_distance(name, row->name, best - 1);

		if (distance < best) {
			best = distance;
			nearest = row->name;
		}
	}
	return nearest;
}

const char *option_other_scope(const char *name)
{
	for (size_t i = 0; all_scopes[i]; i++) {
		const struct option *row = option_find(all_scopes[i], name);

		if (row && !(row->flags & OPTION_MISPLACED))
			return all_scopes[i]->name;
	}
	return NULL;
}
