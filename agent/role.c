/* SPDX-License-Identifier: MIT */
/*
 * net-snmp as a subagent without files, or as a master agent with the few modules of its own that
 * such an agent must have: access control, users, the system group. Its snmpd.conf stands in a
 * folder of vipd's, what it stores in another, so the snmpd of the machine is not concerned.
 *
 * Thread: agent. Reading snmpd.conf may look names up; nobody waits for this thread.
 */
#include "agent/role.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <net-snmp/net-snmp-config.h>
/* The library wants its configuration header first. */
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/agent/agent_trap.h>
#include <net-snmp/agent/mib_modules.h>

#include "agent/answer.h"
#include "core/base/log.h"
#include "core/cmd.h"

#define SUBAGENT_NAME "vipd"
#define MASTER_NAME   "snmpd" /* so its file is called snmpd.conf */

static void set_booleans(int store, const int *which, size_t count, int value)
{
	for (size_t i = 0; i < count; i++)
		netsnmp_ds_set_boolean(store, which[i], value);
}

/* ---- subagent ---- */

static void be_subagent(void)
{
	static const int library[] = {
		NETSNMP_DS_LIB_DONT_READ_CONFIGS,	NETSNMP_DS_LIB_DONT_PERSIST_STATE,
		NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE,
		NETSNMP_DS_LIB_DONT_LOAD_HOST_FILES,
	};
	static const int agent[] = {
		NETSNMP_DS_AGENT_ROLE, /* subagent */
		NETSNMP_DS_AGENT_NO_CONNECTION_WARNINGS,
	};

	set_booleans(NETSNMP_DS_LIBRARY_ID, library, sizeof(library) / sizeof(*library), 1);
	set_booleans(NETSNMP_DS_APPLICATION_ID, agent, sizeof(agent) / sizeof(*agent), 1);
	/* Below a file nothing can be read or made: no certificate index in /var/lib/snmp. */
	netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_PERSISTENT_DIR, "/dev/null");
	netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_CONFIGURATION_DIR, "/dev/null");
	init_agent(SUBAGENT_NAME);
	/* init_agent() sets 15 s; with 0 the library neither pings nor reconnects: agent/agentx.c
	 * does both. */
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, 0);
}

void role_find_inner(struct role_inner *inner, int agentx_fd)
{
	struct timeval timeout = {0};
	int end = 0, block = 0;
	fd_set fds;

	inner->count = 0;
	FD_ZERO(&fds);
	(void)snmp_select_info(&end, &fds, &timeout, &block);
	for (int fd = 0; fd < end && inner->count < ROLE_INNER_MAX; fd++)
		if (FD_ISSET(fd, &fds) && fd != agentx_fd)
			inner->fds[inner->count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

void role_relay(struct role_inner *inner)
{
	for (unsigned way = 0; way < 2 && poll(inner->fds, inner->count, 0) > 0; way++) {
		fd_set fds;

		FD_ZERO(&fds);
		for (nfds_t i = 0; i < inner->count; i++)
			if (inner->fds[i].revents)
				FD_SET(inner->fds[i].fd, &fds);
		snmp_read(&fds);
	}
}

/* ---- master agent ---- */

static void be_master(const struct snmp_listen *own)
{
	/* What access control, SNMPv3 and a manager's discovery need; nothing of the machine. */
	char modules[] = "system_mib,sysORTable,snmp_mib,setSerialNo,snmpEngine,usmConf,usmStats,"
			 "usmUser,vacm_conf,vacm_vars,vacm_context";
	char stored[4096];

	netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_CONFIGURATION_DIR,
			      own->conf_dir);
	snprintf(stored, sizeof(stored), "%s/snmp", own->state_dir);
	netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_PERSISTENT_DIR, stored);
	netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID,
			       NETSNMP_DS_AGENT_DONT_LOG_TCPWRAPPERS_CONNECTS, 1);
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_PROGNAME, "vipd");
	init_agent(MASTER_NAME);
	add_to_init_list(modules);
	init_mib_modules();
}

int role_listen(const struct snmp_listen *own)
{
	/* Here, since lines of snmpd.conf set them too: where to listen is the command line's, and
	 * subagents are not served. */
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_PORTS, own->address);
	netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_MASTER, 0);
	if (init_master_agent() == 0)
		return 0;
	shutdown_master_agent();
	return -EADDRNOTAVAIL;
}

void role_close(void)
{
	shutdown_master_agent();
}

void role_reread(void)
{
	update_config();
}

int role_notify(const struct notification *notification)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_TRAP2);
	int r = pdu && answer_add_notification(pdu, notification) ? 0 : -ENOMEM;

	if (r == 0)
		send_v2trap(pdu->variables);
	if (pdu)
		snmp_free_pdu(pdu);
	return r;
}

/* ---- both ---- */

static int on_log(int major, int minor, void *argument, void *owner)
{
	const struct snmp_log_message *message = argument;
	int length = (int)strcspn(message->msg, "\n");

	(void)major;
	(void)minor;
	(void)owner;
	/* The rest is about its connection, which agent/agentx.c tells better ("not reconnecting").
	 */
	if (message->priority <= LOG_WARNING)
		log_write(message->priority, "agent", "net-snmp: %.*s", length, message->msg);
	return 0;
}

void role_begin(const struct snmp_listen *own)
{
	static const int agent[] = {
		NETSNMP_DS_AGENT_NO_ROOT_ACCESS,
		NETSNMP_DS_AGENT_DISABLE_PERL,
	};

	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_log, NULL);
	netsnmp_register_loghandler(NETSNMP_LOGHANDLER_CALLBACK, LOG_DEBUG);
	set_booleans(NETSNMP_DS_APPLICATION_ID, agent, sizeof(agent) / sizeof(*agent), 1);
	netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_MIBDIRS, "");
	netsnmp_config_remember("mibs :");
	if (own)
		be_master(own);
	else
		be_subagent();
	/* To find the table of a name the library goes through its list of them, from the last
	 * place it remembers that is before the name: with more than one that is often an early
	 * one. A walk stays in a table. */
	netsnmp_set_lookup_cache_size(1);
}

void role_ready(const struct snmp_listen *own)
{
	init_snmp(own ? MASTER_NAME : SUBAGENT_NAME);
	/* A crash must not make an engine boot twice with one number. */
	if (own)
		snmp_store(MASTER_NAME);
}

void role_end(void)
{
	snmp_shutdown(netsnmp_ds_get_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_APPTYPE));
	shutdown_agent();
}
