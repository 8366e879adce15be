/* SPDX-License-Identifier: MIT */
/*
 * How net-snmp is started in the daemon: as a subagent that reads no file, or as a master agent of
 * its own, told by an snmpd.conf of vipd's who may read and write and where notifications go.
 *
 * Thread: agent.
 */
#pragma once

#include <poll.h>

#define ROLE_INNER_MAX 4

struct notification;
struct snmp_listen;

/* The start of the library, in two steps: between them a subagent says how it connects. own: NULL
 * for a subagent. */
void role_begin(const struct snmp_listen *own);
void role_ready(const struct snmp_listen *own);
void role_end(void); /* a master agent stores its engine's boots and users */

/* Of a subagent. The library hands a request from its AgentX session to the agent, and the answer
 * back, through sessions of its own, joined by pipes. */
struct role_inner {
	struct pollfd fds[ROLE_INNER_MAX];
	nfds_t count;
};
/* Those of the open session whose connection is agentx_fd. */
void role_find_inner(struct role_inner *inner, int agentx_fd);
/* Lets the library read what lies in them, to and fro, without a turn of its loop for each. */
void role_relay(struct role_inner *inner);

/* Of a master agent. Opens and closes what it listens on; -EADDRNOTAVAIL when that cannot be had
 * (the log says more). */
int role_listen(const struct snmp_listen *own);
void role_close(void);
/* Reads snmpd.conf again: views, communities, users, where notifications go. */
void role_reread(void);
/* Sends to every sink of snmpd.conf. -ENOMEM. */
int role_notify(const struct notification *notification);
