/* SPDX-License-Identifier: MIT */
/*
 * The other way to be heard: vipd as its own master agent, for machines without snmpd. Listens, and
 * tries again while it cannot; gives notifications to the sinks of its snmpd.conf.
 *
 * Thread: agent. May wait for name servers and SNMPv3 sinks while snmpd.conf is read.
 */
#pragma once

#include "agent/agentx.h"

struct master;
struct snmp_listen;

/* As agentx_new(), instead of it: starts net-snmp, once in a process. own outlives it. */
int master_new(struct catalog *catalog, struct sets *sets, struct queue *queue, int mail_fd,
	       agentx_mail_fn *on_mail_fn, void *owner, const struct snmp_listen *own,
	       struct master **ret);
struct master *master_free(struct master *master); /* after master_stop() */

int master_start(struct master *master); /* when it runs: reads its snmpd.conf again */
void master_stop(struct master *master);
void master_turn(struct master *master); /* as agentx_turn() */
const struct agentx_status *master_status(const struct master *master);
