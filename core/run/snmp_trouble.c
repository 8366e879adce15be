/* SPDX-License-Identifier: MIT */
/*
 * Why there is no session with a master agent, in words, for --check-snmp. Thread: main, and no
 * other exists.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "agent/manager.h"
#include "agent/probe.h"
#include "agent/stream.h"
#include "core/base/clock.h"
#include "core/run/snmp_check.h"

/* What snmpd.conf has to do with it that nobody answers at the socket. */
static const char *snmpd_hint(const char *ours, const struct snmpd_conf *snmpd, char *room,
			      size_t size)
{
	const char *theirs = snmpd->agentx;

	if (!strncmp(ours, "unix:", 5))
		ours += 5;
	if (!strncmp(theirs, "unix:", 5))
		theirs += 5;
	room[0] = '\0';
	if (!snmpd->master)
		snprintf(room, size, "; the snmpd.conf found has no \"master agentx\"");
	else if (strcmp(*theirs ? theirs : STREAM_DEFAULT, ours) != 0)
		snprintf(room, size,
			 "; the snmpd.conf found has agentXSocket %s: set snmp_socket or -A",
			 *theirs ? theirs : STREAM_DEFAULT);
	return room;
}

void snmp_trouble_text(const char *socket, const struct snmpd_conf *snmpd, int error, char *room,
		       size_t size)
{
	char hint[256];

	snmpd_hint(socket, snmpd, hint, sizeof hint);
	if (error > 0)
		snprintf(room, size, "refused: the master agent at %s opens no session: error %d",
			 socket, error);
	else if (error == -EINVAL && !strncmp(socket, "udp", 3))
		snprintf(room, size,
			 "address: %s: AgentX does not run over UDP; unix:PATH, tcp:ADDRESS:PORT "
			 "and "
			 "tcp6:[ADDRESS]:PORT are possible%s",
			 socket, hint);
	else if (error == -EINVAL)
		snprintf(room, size,
			 "address: %s is none that vipd knows: unix:PATH, tcp:ADDRESS:PORT and "
			 "tcp6:[ADDRESS]:PORT are, with a numeric ADDRESS%s",
			 socket, hint);
	else if (error == -ENOENT)
		snprintf(room, size,
			 "no socket: %s does not exist: snmpd does not run or is no master%s",
			 socket, hint);
	else if (error == -EACCES || error == -EPERM)
		snprintf(
			room, size,
			"permission: user %u may not connect to %s; agentXPerms in snmpd.conf sets "
			"the rights of socket and folder",
			(unsigned)geteuid(), socket);
	else if (error == -ECONNREFUSED)
		snprintf(room, size, "nobody listens at %s: snmpd does not run or is no master%s",
			 socket, hint);
	else if (error == -ETIMEDOUT)
		snprintf(
			room, size,
			"no answer: who listens at %s does not answer within %d s: snmpd hangs, or "
			"is "
			"stopped",
			socket, PROBE_WAIT_MS / 1000);
	else if (error == -EPROTO)
		snprintf(room, size,
			 "not AgentX: who listens at %s is not an AgentX master agent%s", socket,
			 hint);
	else
		snprintf(room, size, "cannot connect to %s: %s", socket, strerror(-error));
}
