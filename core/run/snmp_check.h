/* SPDX-License-Identifier: MIT */
/* vipd --check-snmp: tells why SNMP does not work. Thread: main, and no other exists. */
#pragma once

#include <stdio.h>

#include "core/run/options.h"

/* One line for each finding, or one that says that it works. 0, or EXIT_FATAL when something was
 * found. */
int snmp_check(const struct options *options, FILE *to);

/* snmp_trouble.c: what error of probe_open() or probe_register() at socket means. */
struct snmpd_conf;
void snmp_trouble_text(const char *socket, const struct snmpd_conf *snmpd, int error, char *room,
		       size_t size);

/* snmp_running.c: what the vipd that runs says of its SNMP; pid 0: none answers. */
struct snmp_running {
	int pid;
	bool enabled, connected;
	char socket[108], last_error[128];
};

void snmp_running_ask(const char *control_socket, struct snmp_running *ret);
