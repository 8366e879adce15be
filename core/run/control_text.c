/* SPDX-License-Identifier: MIT */
/*
 * Words and keys as operators read and type them. Pure.
 */
#include <netinet/in.h>
#include <stdio.h>

#include "core/run/control_private.h"

static const char *protocol_word(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_SCTP:
		return "sctp";
	default:
		return "?";
	}
}

static int format_endpoint(const struct ip *ip, uint16_t port, char *room)
{
	char address[IP_TEXT_MAX];
	bool v6 = ip->family == AF_INET6;

	return snprintf(room, KEY_TEXT_MAX, "%s%s%s:%u", v6 ? "[" : "", ip_format(ip, address),
			v6 ? "]" : "", port);
}

/* Same forms as struct conf_virtual_server.id. */
char *svc_key_format(const struct svc_key *key, char room[static KEY_TEXT_MAX])
{
	if (key->fwmark) {
		snprintf(room, KEY_TEXT_MAX, "fwmark:%u/%s", key->fwmark,
			 key->ip.family == AF_INET6 ? "inet6" : "inet");
		return room;
	}
	int used = format_endpoint(&key->ip, key->port, room);
	snprintf(room + used, (size_t)(KEY_TEXT_MAX - used), "/%s", protocol_word(key->protocol));
	return room;
}

char *dest_key_format(const struct dest_key *key, char room[static KEY_TEXT_MAX])
{
	format_endpoint(&key->ip, key->port, room);
	return room;
}

const char *vrrp_state_word(enum vrrp_state state)
{
	static const char *const words[] = {
		[VRRP_INITIALIZE] = "INIT",
		[VRRP_BACKUP] = "BACKUP",
		[VRRP_MASTER] = "MASTER",
		[VRRP_FAULT] = "FAULT",
	};

	return (unsigned)state < sizeof words / sizeof words[0] ? words[state] : "?";
}

const char *dest_admin_word(enum dest_admin admin)
{
	switch (admin) {
	case DEST_LOCKED:
		return "locked";
	case DEST_SHUTTING_DOWN:
		return "shuttingDown";
	case DEST_UNLOCKED:
		return "unlocked";
	}
	return "?";
}

const char *dest_oper_word(enum dest_oper oper)
{
	static const char *const words[] = {
		[DEST_UNKNOWN] = "unknown",	    [DEST_UP] = "up",
		[DEST_DEGRADED] = "degraded",	    [DEST_DOWN] = "down",
		[DEST_UNMONITORED] = "unmonitored",
	};

	return oper >= DEST_UNKNOWN && oper <= DEST_UNMONITORED ? words[oper] : "?";
}

const char *dest_drain_word(enum dest_drain drain)
{
	static const char *const words[] = {
		[DRAIN_NONE] = "notDraining",	 [DRAIN_DRAINING] = "draining",
		[DRAIN_DRAINED] = "drained",	 [DRAIN_TIMED_OUT] = "timedOut",
		[DRAIN_CANCELLED] = "cancelled", [DRAIN_KERNEL_ERROR] = "kernelError",
	};

	return drain >= DRAIN_NONE && drain <= DRAIN_KERNEL_ERROR ? words[drain] : "?";
}
