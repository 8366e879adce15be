/* SPDX-License-Identifier: MIT */
/*
 * snmpask ADDRESS COMMUNITY: a version 2c manager that is asked by lines on stdin, so that a test
 * of a thousand requests does not start a thousand programs. Words are separated by tabs:
 *
 *	get OID...		next OID...		bulk N OID...
 *	set OID TYPE VALUE...	TYPE as for snmp_add_var(3): i u c t C a o s x n
 *
 * One line answers each: error-status, error-index, then OID = TYPE: VALUE for every varbind, as
 * snmpget -On prints it, octets in hexadecimal; "-1" and a reason when there is no answer.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <net-snmp/net-snmp-config.h>
/* The library wants its configuration header first. */
#include <net-snmp/net-snmp-includes.h>

#define TIMEOUT_US 10000000L
#define LINE_ROOM  65536
#define VALUE_ROOM 8192

static const char *add_name(netsnmp_pdu *pdu, const char *text, const char *type, const char *value)
{
	oid name[MAX_OID_LEN];
	size_t length = MAX_OID_LEN;

	if (!text || !read_objid(text, name, &length))
		return "no OID";
	if (!type)
		return snmp_add_null_var(pdu, name, length) ? NULL : "no memory";
	return snmp_add_var(pdu, name, length, *type, value ? value : "") ? "no such value" : NULL;
}

static netsnmp_pdu *begin(const char *command, char **words)
{
	netsnmp_pdu *pdu;

	if (strcmp(command, "get") == 0)
		return snmp_pdu_create(SNMP_MSG_GET);
	if (strcmp(command, "next") == 0)
		return snmp_pdu_create(SNMP_MSG_GETNEXT);
	if (strcmp(command, "set") == 0)
		return snmp_pdu_create(SNMP_MSG_SET);
	if (strcmp(command, "bulk") != 0)
		return NULL;
	pdu = snmp_pdu_create(SNMP_MSG_GETBULK);
	if (pdu) {
		char *word = strsep(words, "\t");

		pdu->non_repeaters = 0;
		pdu->max_repetitions = strtol(word ? word : "", NULL, 10);
	}
	return pdu;
}

/* What is wrong with the line, or NULL and the PDU. */
static const char *build(char *line, netsnmp_pdu **ret)
{
	const char *command = strsep(&line, "\t"), *word, *fault = NULL;
	bool set = strcmp(command, "set") == 0;

	*ret = begin(command, &line);
	if (!*ret)
		return "what?";
	while (!fault && (word = strsep(&line, "\t"))) {
		const char *type = set ? strsep(&line, "\t") : NULL;
		const char *value = set ? strsep(&line, "\t") : NULL;

		fault = set && !type ? "no type" : add_name(*ret, word, type, value);
	}
	if (fault)
		snmp_free_pdu(*ret);
	return fault;
}

static void print_answer(const netsnmp_pdu *answer)
{
	char text[VALUE_ROOM];

	printf("%ld\t%ld", answer->errstat, answer->errindex);
	for (const netsnmp_variable_list *var = answer->variables; var; var = var->next_variable) {
		snprint_value(text, sizeof(text), var->name, var->name_length, var);
		for (char *at = text; (at = strpbrk(at, "\t\n"));)
			*at = ' ';
		printf("\t");
		/* The library's own printer cuts long names short. */
		for (size_t i = 0; i < var->name_length; i++)
			printf(".%lu", (unsigned long)var->name[i]);
		printf(" = %s", text);
	}
	printf("\n");
}

static void ask(netsnmp_session *session, char *line)
{
	netsnmp_pdu *pdu, *answer = NULL;
	const char *fault = build(line, &pdu);

	if (fault)
		printf("-1\t%s\n", fault);
	else if (snmp_synch_response(session, pdu, &answer) != STAT_SUCCESS || !answer)
		printf("-1\t%s\n", snmp_api_errstring(session->s_snmp_errno));
	else
		print_answer(answer);
	if (answer)
		snmp_free_pdu(answer);
}

int main(int argc, char **argv)
{
	char *line = malloc(LINE_ROOM);
	netsnmp_session wanted, *session;

	if (argc != 3 || !line) {
		fprintf(stderr, "usage: snmpask ADDRESS COMMUNITY\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_int(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_OID_OUTPUT_FORMAT,
			   NETSNMP_OID_OUTPUT_NUMERIC);
	netsnmp_ds_set_int(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_STRING_OUTPUT_FORMAT,
			   NETSNMP_STRING_OUTPUT_HEX);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_NUMERIC_TIMETICKS, 1);
	init_snmp("snmpask");
	snmp_sess_init(&wanted);
	wanted.version = SNMP_VERSION_2c;
	wanted.peername = argv[1];
	wanted.community = (unsigned char *)argv[2];
	wanted.community_len = strlen(argv[2]);
	wanted.timeout = TIMEOUT_US;
	wanted.retries = 0;
	session = snmp_open(&wanted);
	if (!session)
		return 1;
	while (fgets(line, LINE_ROOM, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		ask(session, line);
	}
	snmp_close(session);
	free(line);
	return 0;
}
