/* SPDX-License-Identifier: MIT */
/*
 * constants SOCKET ROWS COLUMNS: a bare net-snmp subagent, the measure of what AgentX by that
 * library can give: one raw handler, constants of a sorted array, an index of two numbers and names
 * as long as those of real servers in KEEPALIVED-MIB. It serves
 * .1.3.6.1.4.1.8072.9999.9999.1001.4.1.COLUMN.SERVICE.SERVER, a hundred servers a service.
 * "ready" on stdout once it is connected.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <net-snmp/net-snmp-config.h>
/* The library wants its configuration header first. */
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#define ROOT_LENGTH 12
#define NAME_LENGTH (ROOT_LENGTH + 3)
#define A_SERVICE   100

struct constants {
	oid *rows; /* service and server of each, ascending */
	size_t n_rows;
	oid n_columns;
};

static const oid root[] = {1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 1001, 4, 1};

/* The first row above, or with same at or above, service and server. */
static size_t row_after(const struct constants *c, oid service, oid server, int same)
{
	size_t low = 0, high = c->n_rows;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const oid *row = c->rows + 2 * middle;
		int below = row[0] != service ? row[0] < service
					      : (same ? row[1] < server : row[1] <= server);

		if (below)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void set_value(netsnmp_variable_list *var, oid column, size_t row)
{
	static const char text[] = "a server's name";
	struct counter64 wide = {.high = 1, .low = row};
	long number = (long)row;

	switch (column % 4) {
	case 0:
		snmp_set_var_typed_value(var, ASN_COUNTER64, &wide, sizeof(wide));
		break;
	case 1:
		snmp_set_var_typed_value(var, ASN_OCTET_STR, text, sizeof(text) - 1);
		break;
	case 2:
		snmp_set_var_typed_value(var, ASN_GAUGE, &number, sizeof(number));
		break;
	default:
		snmp_set_var_typed_value(var, ASN_INTEGER, &number, sizeof(number));
		break;
	}
}

static void answer_next(const struct constants *c, netsnmp_request_info *request)
{
	netsnmp_variable_list *var = request->requestvb;
	size_t length = var->name_length, row = 0;
	oid name[NAME_LENGTH], column = length > ROOT_LENGTH ? var->name[ROOT_LENGTH] : 1;

	if (snmp_oid_compare(var->name, length < ROOT_LENGTH ? length : ROOT_LENGTH, root,
			     ROOT_LENGTH) < 0)
		column = 1;
	else if (length > ROOT_LENGTH + 1)
		row = row_after(c, var->name[ROOT_LENGTH + 1],
				length > ROOT_LENGTH + 2 ? var->name[ROOT_LENGTH + 2] : 0,
				request->inclusive);
	if (row == c->n_rows) {
		row = 0;
		column++;
	}
	if (column < 1 || column > c->n_columns)
		return;
	memcpy(name, root, sizeof(root));
	name[ROOT_LENGTH] = column;
	memcpy(name + ROOT_LENGTH + 1, c->rows + 2 * row, 2 * sizeof(oid));
	if (request->range_end &&
	    snmp_oid_compare(name, NAME_LENGTH, request->range_end, request->range_end_len) >= 0)
		return;
	snmp_set_var_objid(var, name, NAME_LENGTH);
	set_value(var, column, row);
}

static void answer_get(const struct constants *c, netsnmp_agent_request_info *info,
		       netsnmp_request_info *request)
{
	netsnmp_variable_list *var = request->requestvb;
	size_t row = c->n_rows;

	if (var->name_length == NAME_LENGTH)
		row = row_after(c, var->name[ROOT_LENGTH + 1], var->name[ROOT_LENGTH + 2], 1);
	if (row == c->n_rows || c->rows[2 * row] != var->name[ROOT_LENGTH + 1] ||
	    c->rows[2 * row + 1] != var->name[ROOT_LENGTH + 2])
		netsnmp_set_request_error(info, request, SNMP_NOSUCHINSTANCE);
	else
		set_value(var, var->name[ROOT_LENGTH], row);
}

static int on_request(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
		      netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	const struct constants *c = handler->myvoid;

	(void)registration;
	for (netsnmp_request_info *request = requests; request; request = request->next)
		if (info->mode == MODE_GET)
			answer_get(c, info, request);
		else if (info->mode == MODE_GETNEXT)
			answer_next(c, request);
	return SNMP_ERR_NOERROR;
}

int main(int argc, char **argv)
{
	netsnmp_handler_registration *registration;
	struct constants c;

	if (argc != 4)
		return 2;
	c.n_rows = strtoul(argv[2], NULL, 10);
	c.n_columns = strtoul(argv[3], NULL, 10);
	c.rows = calloc(c.n_rows, 2 * sizeof(oid));
	if (!c.rows)
		return 1;
	for (size_t i = 0; i < c.n_rows; i++) {
		c.rows[2 * i] = i / A_SERVICE + 1;
		c.rows[2 * i + 1] = i % A_SERVICE + 1;
	}
	netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_ROLE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, argv[1]);
	snmp_enable_stderrlog();
	init_agent("constants");
	registration = netsnmp_create_handler_registration("constants", on_request, root,
							   ROOT_LENGTH, HANDLER_CAN_RONLY);
	registration->handler->myvoid = &c;
	netsnmp_register_handler(registration);
	init_snmp("constants");
	puts("ready");
	fflush(stdout);
	for (;;)
		agent_check_and_process(1);
}
