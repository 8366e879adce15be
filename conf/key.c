/* SPDX-License-Identifier: MIT */
/*
 * Keys of services and destinations: their order, and the one text for them that the log, vipctl,
 * SNMP and the identities of the configuration share. Pure, any thread.
 */
#include <netinet/in.h>
#include <stdio.h>

#include "conf/model.h"

#define COMPARE(x, y) ((x) < (y) ? -1 : (x) > (y))

int svc_key_compare(const struct svc_key *a, const struct svc_key *b)
{
	int order = COMPARE(a->fwmark, b->fwmark);

	if (!order)
		order = ip_compare(&a->ip, &b->ip);
	if (!order)
		order = COMPARE(a->protocol, b->protocol);
	return order ? order : COMPARE(a->port, b->port);
}

int dest_key_compare(const struct dest_key *a, const struct dest_key *b)
{
	int order = ip_compare(&a->ip, &b->ip);

	return order ? order : COMPARE(a->port, b->port);
}

const char *conf_protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_SCTP:
		return "sctp";
	default:
		return "any";
	}
}

static int format_endpoint(const struct ip *ip, uint16_t port, char room[static KEY_TEXT_MAX])
{
	char text[IP_TEXT_MAX];

	return snprintf(room, KEY_TEXT_MAX, ip->family == AF_INET6 ? "[%s]:%u" : "%s:%u",
			ip_format(ip, text), port);
}

char *svc_key_format(const struct svc_key *key, char room[static KEY_TEXT_MAX])
{
	int used;

	if (key->fwmark) {
		snprintf(room, KEY_TEXT_MAX, "fwmark:%u/%s", key->fwmark,
			 key->ip.family == AF_INET6 ? "inet6" : "inet");
		return room;
	}
	used = format_endpoint(&key->ip, key->port, room);
	snprintf(room + used, (size_t)(KEY_TEXT_MAX - used), "/%s",
		 conf_protocol_name(key->protocol));
	return room;
}

char *dest_key_format(const struct dest_key *key, char room[static KEY_TEXT_MAX])
{
	format_endpoint(&key->ip, key->port, room);
	return room;
}
