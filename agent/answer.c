/* SPDX-License-Identifier: MIT */
/*
 * From net-snmp's requests to the walker and back: one handler serves every table, GET, GETNEXT,
 * GETBULK from the rows of the moment, SET through the transactions of agent/set.c. Values go to
 * and from the library's varbinds here and nowhere else.
 *
 * Thread: agent. No handler calls the kernel or another thread, except for a SET (bounded).
 */
#include "agent/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <net-snmp/net-snmp-config.h>
/* The library wants its configuration header first. */
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#include "agent/catalog.h"
#include "agent/set.h"
#include "agent/table.h"

/* What one handler of the library belongs to. */
struct served {
	struct catalog *catalog;
	struct sets *sets;
	size_t position; /* in the catalog */
};

struct answer {
	size_t count;
	struct served served[];
};

/* ---- values ---- */

static size_t oid_widen(const uint32_t *from, size_t length, oid to[static OID_MAX])
{
	for (size_t i = 0; i < length; i++)
		to[i] = from[i];
	return length;
}

/* False: longer than any name of ours. */
static bool oid_narrow(const oid *from, size_t length, uint32_t to[static OID_MAX])
{
	if (length > OID_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		to[i] = (uint32_t)from[i];
	return true;
}

static int var_set_oid(netsnmp_variable_list *var, const uint32_t *from, size_t length)
{
	oid value[OID_MAX];

	if (length > OID_MAX)
		return -1;
	oid_widen(from, length, value);
	return snmp_set_var_typed_value(var, ASN_OBJECT_ID, value, length * sizeof(oid));
}

static int var_set_number(netsnmp_variable_list *var, u_char type, int64_t number)
{
	long value = number;

	return snmp_set_var_typed_value(var, type, &value, sizeof(value));
}

static int var_set(netsnmp_variable_list *var, enum cell_type type, const struct cell *cell)
{
	uint64_t bits = (uint64_t)cell->number;
	struct counter64 wide = {.high = bits >> 32, .low = bits & UINT32_MAX};
	const void *octets = cell->octets ? cell->octets : cell->room;

	switch (type) {
	case CELL_INTEGER:
		return var_set_number(var, ASN_INTEGER, cell->number);
	case CELL_COUNTER32:
		return var_set_number(var, ASN_COUNTER, (int64_t)(bits & UINT32_MAX));
	case CELL_GAUGE32:
		return var_set_number(var, ASN_GAUGE,
				      bits > UINT32_MAX ? UINT32_MAX : (int64_t)bits);
	case CELL_TIMETICKS:
		return var_set_number(var, ASN_TIMETICKS, (int64_t)(bits & UINT32_MAX));
	case CELL_COUNTER64:
		return snmp_set_var_typed_value(var, ASN_COUNTER64, &wide, sizeof(wide));
	case CELL_OCTETS:
		return snmp_set_var_typed_value(var, ASN_OCTET_STR, octets, cell->size);
	case CELL_IPADDRESS:
		return snmp_set_var_typed_value(var, ASN_IPADDRESS, octets, cell->size);
	case CELL_OID:
		return var_set_oid(var, cell->oid, cell->size);
	}
	return -1;
}

/* The cell_type of a value to be set, -1 for one no column has. Octets stay the varbind's. */
static int var_get(const netsnmp_variable_list *var, struct cell *ret)
{
	ret->number = 0;
	ret->octets = var->val.string;
	ret->size = var->val_len;
	switch (var->type) {
	case ASN_INTEGER:
		ret->number = *var->val.integer;
		return CELL_INTEGER;
	case ASN_COUNTER:
		ret->number = (uint32_t)*var->val.integer;
		return CELL_COUNTER32;
	case ASN_GAUGE:
		ret->number = (uint32_t)*var->val.integer;
		return CELL_GAUGE32;
	case ASN_TIMETICKS:
		ret->number = (uint32_t)*var->val.integer;
		return CELL_TIMETICKS;
	case ASN_COUNTER64:
		ret->number = (int64_t)((uint64_t)var->val.counter64->high << 32 |
					var->val.counter64->low);
		return CELL_COUNTER64;
	case ASN_OCTET_STR:
		return CELL_OCTETS;
	case ASN_IPADDRESS:
		return CELL_IPADDRESS;
	default: /* OBJECT IDENTIFIER too: no column of ours takes one */
		return -1;
	}
}

static bool add_varbind(struct snmp_pdu *pdu, const struct varbind *varbind)
{
	oid name[OID_MAX];
	netsnmp_variable_list *var;

	oid_widen(varbind->name, varbind->name_length, name);
	var = snmp_pdu_add_variable(pdu, name, varbind->name_length, ASN_NULL, NULL, 0);
	return var && var_set(var, varbind->type, &varbind->cell) == 0;
}

/* sysUpTime.0 is left out: the master adds its own. */
bool answer_add_notification(struct snmp_pdu *pdu, const struct notification *notification)
{
	static const oid snmp_trap_oid[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};
	netsnmp_variable_list *var = snmp_pdu_add_variable(
		pdu, snmp_trap_oid, OID_LENGTH(snmp_trap_oid), ASN_NULL, NULL, 0);
	bool whole = var && var_set_oid(var, notification->trap, notification->trap_length) == 0;

	for (size_t i = 0; i < notification->n_varbinds && whole; i++)
		whole = add_varbind(pdu, &notification->varbinds[i]);
	return whole;
}

bool answer_add_null(struct snmp_pdu *pdu, const uint32_t *name, size_t name_length)
{
	oid wide[OID_MAX];

	return snmp_add_null_var(pdu, wide, oid_widen(name, name_length, wide)) != NULL;
}

/* ---- requests ---- */

static void answer_get(const struct served *served, netsnmp_agent_request_info *info,
		       netsnmp_request_info *request, const struct rows *rows)
{
	struct catalog *catalog = served->catalog;
	const struct table *table = catalog_table(catalog, served->position);
	netsnmp_variable_list *var = request->requestvb;
	uint32_t name[OID_MAX];
	const struct column *column;
	const struct row *row;
	struct cell cell;
	bool no_object = true;

	if (!oid_narrow(var->name, var->name_length, name)) {
		netsnmp_set_request_error(info, request, SNMP_NOSUCHINSTANCE);
		return;
	}
	column = table_get(table, rows, catalog_view(catalog), name, var->name_length, &row, &cell,
			   &no_object);
	if (!column)
		netsnmp_set_request_error(info, request,
					  no_object ? SNMP_NOSUCHOBJECT : SNMP_NOSUCHINSTANCE);
	else if (var_set(var, column->type, &cell) != 0)
		netsnmp_set_request_error(info, request, SNMP_ERR_GENERR);
}

/* Leaves the varbind untouched when there is nothing before the end of the range: the library goes
 * on. */
static void answer_next(const struct served *served, netsnmp_agent_request_info *info,
			netsnmp_request_info *request, struct rows *rows)
{
	struct catalog *catalog = served->catalog;
	const struct table *table = catalog_table(catalog, served->position);
	netsnmp_variable_list *var = request->requestvb;
	uint32_t name[OID_MAX];
	oid wide[OID_MAX];
	size_t length;
	const struct column *column;
	const struct row *row;
	struct cell cell;

	if (!oid_narrow(var->name, var->name_length, name))
		return;
	column = table_next(table, rows, catalog_view(catalog), name, var->name_length,
			    request->inclusive, name, &length, &row, &cell);
	if (!column)
		return;
	oid_widen(name, length, wide);
	if (request->range_end &&
	    snmp_oid_compare(wide, length, request->range_end, request->range_end_len) >= 0)
		return;
	if (snmp_set_var_objid(var, wide, length) != 0 || var_set(var, column->type, &cell) != 0)
		netsnmp_set_request_error(info, request, SNMP_ERR_GENERR);
}

/*
 * A master agent's GETBULK: each repetition goes into the varbind behind the one before, which the
 * library has made and marks as open in this way. What is left open it asks of the next table.
 */
static void answer_bulk(const struct served *served, netsnmp_agent_request_info *info,
			netsnmp_request_info *request, struct rows *rows)
{
	for (;;) {
		netsnmp_variable_list *var = request->requestvb, *next = var->next_variable;

		answer_next(served, info, request, rows);
		if (var->type == ASN_NULL || var->type == ASN_PRIV_RETRY || request->repeat <= 0 ||
		    !next)
			return;
		if (snmp_set_var_objid(next, var->name, var->name_length) != 0)
			return;
		next->type = ASN_PRIV_RETRY;
		request->requestvb = next;
		request->repeat--;
		request->inclusive = 0;
	}
}

static void answer_read(const struct served *served, netsnmp_agent_request_info *info,
			netsnmp_request_info *requests)
{
	struct rows *rows = catalog_rows(served->catalog, served->position);

	for (netsnmp_request_info *request = requests; request; request = request->next) {
		if (request->processed)
			continue;
		if (!rows)
			netsnmp_set_request_error(info, request, SNMP_ERR_GENERR);
		else if (info->mode == MODE_GET)
			answer_get(served, info, request, rows);
		else if (info->mode == MODE_GETBULK)
			answer_bulk(served, info, request, rows);
		else
			answer_next(served, info, request, rows);
	}
}

static enum set_error answer_write_one(const struct served *served, int mode, uint64_t transaction,
				       const netsnmp_variable_list *var)
{
	struct sets *sets = served->sets;
	uint32_t name[OID_MAX];
	struct cell cell;
	int type;

	if (mode == MODE_SET_UNDO)
		return sets_undo(sets, transaction);
	if (!oid_narrow(var->name, var->name_length, name))
		return SET_NO_CREATION;
	if (mode == MODE_SET_ACTION)
		return sets_commit(sets, transaction, name, var->name_length);
	type = var_get(var, &cell);
	return sets_reserve(sets, transaction, served->position, name, var->name_length, type,
			    &cell);
}

static void answer_write(const struct served *served, netsnmp_agent_request_info *info,
			 netsnmp_request_info *requests)
{
	uint64_t transaction = (uint64_t)info->asp->pdu->transid;

	switch (info->mode) {
	case MODE_SET_RESERVE1:
	case MODE_SET_ACTION:
	case MODE_SET_UNDO:
		break;
	case MODE_SET_FREE:
	case MODE_SET_COMMIT:
		sets_release(served->sets, transaction);
		return;
	default:
		return;
	}
	for (netsnmp_request_info *request = requests; request; request = request->next) {
		enum set_error error =
			answer_write_one(served, info->mode, transaction, request->requestvb);

		if (error == SET_OK)
			continue;
		netsnmp_set_request_error(info, request, error);
		return;
	}
}

/* A table that the configuration has switched off. A master agent never asks a subagent for one. */
static void answer_absent(netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	for (netsnmp_request_info *request = requests; request; request = request->next)
		if (info->mode == MODE_GET)
			netsnmp_set_request_error(info, request, SNMP_NOSUCHOBJECT);
		else if (info->mode == MODE_SET_RESERVE1)
			netsnmp_set_request_error(info, request, SNMP_ERR_NOTWRITABLE);
}

static int on_request(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
		      netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	const struct served *served = handler->myvoid;

	(void)registration;
	if (!catalog_is_served(served->catalog, served->position))
		answer_absent(info, requests);
	else if (MODE_IS_SET(info->mode))
		answer_write(served, info, requests);
	else
		answer_read(served, info, requests);
	return SNMP_ERR_NOERROR;
}

/* ---- start ---- */

static int serve(struct served *served)
{
	const struct table *table = catalog_table(served->catalog, served->position);
	netsnmp_handler_registration *registration;
	oid root[OID_MAX];

	registration = netsnmp_create_handler_registration(
		table->name, on_request, root, oid_widen(table->entry, table->entry_length, root),
		HANDLER_CAN_RWRITE | HANDLER_CAN_GETBULK);
	if (!registration)
		return -ENOMEM;
	registration->handler->myvoid = served;
	/* Without callback: the library does not send a Register of its own, whose answer it would
	 * hide. */
	if (netsnmp_register_handler_nocallback(registration) != MIB_REGISTERED_OK)
		return -EEXIST;
	return 0;
}

int answer_new(struct catalog *catalog, struct sets *sets, struct answer **ret)
{
	size_t count = catalog_count(catalog);
	struct answer *answer = calloc(1, sizeof(*answer) + count * sizeof(*answer->served));

	if (!answer)
		return -ENOMEM;
	answer->count = count;
	for (size_t i = 0; i < count; i++) {
		int r;

		answer->served[i] = (struct served){catalog, sets, i};
		r = serve(&answer->served[i]);
		if (r < 0) {
			free(answer);
			return r;
		}
	}
	*ret = answer;
	return 0;
}

struct answer *answer_free(struct answer *answer)
{
	free(answer);
	return NULL;
}
