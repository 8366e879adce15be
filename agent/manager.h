/* SPDX-License-Identifier: MIT */
/*
 * The other side: one question of a manager to an SNMP agent, and what snmpd.conf tells a manager
 * on this machine. By net-snmp's library, in a process that is nothing else.
 *
 * Thread: main, while it is the only one; not in a daemon. SNMPv2c only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MANAGER_WAIT_MS 2000

#define SNMPD_COMMUNITIES 8
#define SNMPD_ADDRESSES	  4

/* What snmpd is told, where net-snmp looks for it (SNMPCONFPATH); "" or false where it is not. */
struct snmpd_conf {
	bool master;	  /* master agentx */
	char agentx[108]; /* agentXSocket */
	/* The first of each: rocommunity, rwcommunity and com2sec, whatever source they are for;
	 * agentaddress as a manager on this machine writes it, net-snmp's default if there is none.
	 */
	char communities[SNMPD_COMMUNITIES][64];
	char addresses[SNMPD_ADDRESSES][128];
	size_t n_communities, n_addresses;
};

enum manager_answer {
	MANAGER_NOTHING,   /* no answer yet */
	MANAGER_REFUSED,   /* the community may read nothing at all */
	MANAGER_NO_OBJECT, /* no such object: nobody serves it, or the view hides it */
	MANAGER_VALUE,	   /* the object is there, or its instance is not */
};

struct manager;

/* Once in a process, before manager_new(). conf_dir: where snmpd.conf is; NULL: net-snmp's own
 * folders. */
void manager_start(const char *conf_dir, struct snmpd_conf *ret);
/* -EINVAL: net-snmp cannot make a session of this address. */
int manager_new(const char *address, const char *community, struct manager **ret);
struct manager *manager_free(struct manager *manager);

/* Sends one GET; the answer to an earlier one does not count any more. -EIO when that cannot be
 * done. */
int manager_ask(struct manager *manager, const uint32_t *name, size_t length);
int manager_fd(const struct manager *manager);
void manager_read(struct manager *manager);			   /* when fd is readable */
enum manager_answer manager_answer(const struct manager *manager); /* so far */
