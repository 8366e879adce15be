/* SPDX-License-Identifier: MIT */
/*
 * What the tables of KEEPALIVED-MIB have in common: adding rows, and whether there is a script to
 * run. Thread: agent.
 */
#include "agent/keepalived.h"

#include <errno.h>

bool keepalived_any_notify(const struct conf_notify *notify)
{
	return notify->master.text || notify->backup.text || notify->fault.text ||
	       notify->stop.text || notify->deleted.text || notify->any.text ||
	       notify->master_rx_lower_pri.text;
}

int keepalived_add_row(struct rows *rows, uint32_t major, uint32_t minor, uint32_t first,
		       uint32_t second)
{
	struct row *row = rows_add(rows, major, minor);

	if (!row)
		return -ENOMEM;
	row_index_u32(row, first);
	if (second > 0)
		row_index_u32(row, second);
	return 0;
}

int keepalived_add_rows(struct rows *rows, uint32_t major, uint32_t owner, size_t n)
{
	int error = 0;

	for (uint32_t i = 0; i < n && !error; i++)
		error = keepalived_add_row(rows, major, i, owner, i + 1);
	return error;
}
