/* SPDX-License-Identifier: MIT */
/*
 * A manager's question, and the lines of snmpd.conf that concern a manager on this machine. The
 * library finds and reads that file itself, with what it includes.
 *
 * Thread: main, while it is the only one.
 */
#include "agent/manager.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <net-snmp/net-snmp-config.h>
/* The library wants its configuration header first. */
#include <net-snmp/net-snmp-includes.h>

#define DEFAULT_ADDRESS "udp:127.0.0.1:161"
#define NAME_MAX_IDS	128
#define LINE_CALLBACK	(MAX_CALLBACK_SUBIDS - 1) /* none of the library's */

struct manager {
	netsnmp_session *session;
	int request; /* whose answer counts */
	enum manager_answer answer;
};

/* ---- snmpd.conf ---- */

/* The next word of a line into room, "" at its end. */
static const char *next_word(const char *at, char *room, int size)
{
	room[0] = '\0';
	return at ? copy_nword_const(at, room, size) : NULL;
}

static void keep_community(struct snmpd_conf *found, const char *community)
{
	if (*community && found->n_communities < SNMPD_COMMUNITIES)
		snprintf(found->communities[found->n_communities++], sizeof(found->communities[0]),
			 "%s", community);
}

static void take_community(struct snmpd_conf *found, const char *line)
{
	char community[64];

	(void)next_word(line, community, sizeof(community));
	keep_community(found, community);
}

static void take_com2sec(struct snmpd_conf *found, const char *line)
{
	char word[64];
	const char *at = next_word(line, word, sizeof(word)); /* the security name */

	if (!strcmp(word, "-Cn"))
		return;				/* of another context */
	at = next_word(at, word, sizeof(word)); /* the source */
	(void)next_word(at, word, sizeof(word));
	keep_community(found, word);
}

static void keep_address(struct snmpd_conf *found, const char *text, size_t length)
{
	const char *port = !strncmp(text, "udp:", 4) ? text + 4 : text;
	int digits = (int)(text + length - port);
	char *room;

	if (!length || found->n_addresses == SNMPD_ADDRESSES)
		return;
	room = found->addresses[found->n_addresses++];
	if (digits > 0 && strspn(port, "0123456789") >= (size_t)digits)
		snprintf(room, sizeof(found->addresses[0]), "udp:127.0.0.1:%.*s", digits, port);
	else
		snprintf(room, sizeof(found->addresses[0]), "%.*s", (int)length, text);
}

static void take_address(struct snmpd_conf *found, const char *line)
{
	for (const char *at = line; *at;) {
		size_t length = strcspn(at, ", \t");

		keep_address(found, at, length);
		at += length + (at[length] != '\0');
	}
}

static void take_agentx(struct snmpd_conf *found, const char *line)
{
	snprintf(found->agentx, sizeof(found->agentx), "%.*s", (int)strcspn(line, ", \t"), line);
}

static void take_master(struct snmpd_conf *found, const char *line)
{
	found->master = !strncasecmp(line, "agentx", 6) || !strncasecmp(line, "all", 3) ||
			!strncasecmp(line, "on", 2) || !strncasecmp(line, "yes", 3);
}

struct token {
	const char *word;
	void (*take)(struct snmpd_conf *found, const char *line);
};

static const struct token tokens[] = {
	{"rocommunity", take_community}, {"rwcommunity", take_community}, {"com2sec", take_com2sec},
	{"agentaddress", take_address},	 {"agentxsocket", take_agentx},	  {"master", take_master},
};

struct line {
	const char *token, *text;
};

/* Handlers of lines have no owner, callbacks have. */
static void on_line(const char *token, char *text)
{
	struct line line = {token, text};

	snmp_call_callbacks(SNMP_CALLBACK_APPLICATION, LINE_CALLBACK, &line);
}

static int take_line(int major, int minor, void *argument, void *owner)
{
	const struct line *line = argument;

	(void)major;
	(void)minor;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(*tokens); i++)
		if (!strcasecmp(tokens[i].word, line->token))
			tokens[i].take(owner, line->text);
	return 0;
}

void manager_start(const char *conf_dir, struct snmpd_conf *ret)
{
	static const int yes[] = {
		NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD,
		NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE,
		NETSNMP_DS_LIB_NO_TOKEN_WARNINGS,
	};

	*ret = (struct snmpd_conf){0};
	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, yes[i], 1);
	netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_MIBDIRS, "");
	/* Below a file nothing can be made. */
	netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_PERSISTENT_DIR, "/dev/null");
	if (conf_dir)
		netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_CONFIGURATION_DIR,
				      conf_dir);
	netsnmp_config_remember("mibs :");
	snmp_disable_log();
	for (size_t i = 0; i < sizeof(tokens) / sizeof(*tokens); i++)
		register_config_handler("snmpd", tokens[i].word, on_line, NULL, NULL);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION, LINE_CALLBACK, take_line, ret);
	init_snmp("vipd-check");
	snmp_unregister_callback(SNMP_CALLBACK_APPLICATION, LINE_CALLBACK, take_line, ret, 1);
	if (!ret->n_addresses)
		keep_address(ret, DEFAULT_ADDRESS, sizeof(DEFAULT_ADDRESS) - 1);
}

/* ---- the question ---- */

static int on_answer(int operation, netsnmp_session *session, int request, netsnmp_pdu *pdu,
		     void *owner)
{
	struct manager *manager = owner;
	const netsnmp_variable_list *var = pdu ? pdu->variables : NULL;

	(void)session;
	if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE || !pdu ||
	    request != manager->request)
		return 1;
	if (pdu->errstat != SNMP_ERR_NOERROR)
		manager->answer = pdu->errstat == SNMP_ERR_AUTHORIZATIONERROR ||
						  pdu->errstat == SNMP_ERR_NOACCESS
					  ? MANAGER_REFUSED
					  : MANAGER_VALUE; /* genErr: it got through */
	else
		manager->answer =
			var && var->type == SNMP_NOSUCHOBJECT ? MANAGER_NO_OBJECT : MANAGER_VALUE;
	return 1;
}

int manager_new(const char *address, const char *community, struct manager **ret)
{
	struct manager *manager = calloc(1, sizeof(*manager));
	netsnmp_session wanted;

	if (!manager)
		return -ENOMEM;
	snmp_sess_init(&wanted);
	wanted.version = SNMP_VERSION_2c;
	wanted.peername = (char *)address;
	wanted.community = (u_char *)community;
	wanted.community_len = strlen(community);
	wanted.timeout = MANAGER_WAIT_MS * 1000L;
	wanted.retries = 0;
	manager->session = snmp_open(&wanted);
	if (!manager->session) {
		free(manager);
		return -EINVAL;
	}
	*ret = manager;
	return 0;
}

struct manager *manager_free(struct manager *manager)
{
	if (!manager)
		return NULL;
	snmp_close(manager->session);
	free(manager);
	return NULL;
}

int manager_ask(struct manager *manager, const uint32_t *name, size_t length)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GET);
	oid wide[NAME_MAX_IDS];

	if (!pdu || length > NAME_MAX_IDS)
		return -EIO;
	for (size_t i = 0; i < length; i++)
		wide[i] = name[i];
	manager->answer = MANAGER_NOTHING;
	manager->request = (int)pdu->reqid;
	if (snmp_add_null_var(pdu, wide, length) &&
	    snmp_async_send(manager->session, pdu, on_answer, manager))
		return 0;
	snmp_free_pdu(pdu);
	return -EIO;
}

int manager_fd(const struct manager *manager)
{
	return snmp_sess_transport(snmp_sess_pointer(manager->session))->sock;
}

void manager_read(struct manager *manager)
{
	fd_set readable;

	FD_ZERO(&readable);
	FD_SET(manager_fd(manager), &readable);
	snmp_read(&readable);
}

enum manager_answer manager_answer(const struct manager *manager)
{
	return manager->answer;
}
