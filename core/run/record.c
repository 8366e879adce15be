/* SPDX-License-Identifier: MIT */
/*
 * The text of records. Pure, any thread. A service of addresses is told by its address, one of a
 * firewall mark by the mark, one of a group by the group's name and port 0, as keepalived does.
 */
#include "core/run/record.h"

#include <stdio.h>

#define SERVICE_MAX (RECORD_MAX / 2)

static const char *protocol_word(const struct conf_virtual_server *service)
{
	return service->protocol ? conf_protocol_name(service->protocol) : "none";
}

static size_t fits(int length)
{
	return length > 0 && length < RECORD_MAX ? (size_t)length : 0;
}

/* False: too long. */
static bool format_service(const struct conf_virtual_server *service, char room[static SERVICE_MAX])
{
	const struct svc_key *key = &service->keys[0];
	char ip[IP_TEXT_MAX];
	int length;

	if (service->type == CONF_VS_GROUP)
		length = snprintf(room, SERVICE_MAX, "[%s]:0", service->group_name);
	else if (service->type == CONF_VS_FWMARK)
		length = snprintf(room, SERVICE_MAX, "FWM %u", key->fwmark);
	else
		length = snprintf(room, SERVICE_MAX, "[%s]:%s:%u", ip_format(&key->ip, ip),
				  protocol_word(service), key->port);
	return length < SERVICE_MAX;
}

size_t record_router(char room[static RECORD_MAX], const char *kind, const char *name,
		     const char *word, unsigned priority)
{
	return fits(snprintf(room, RECORD_MAX, "%s \"%s\" %s %u\n", kind, name, word, priority));
}

size_t record_service(char room[static RECORD_MAX], const struct conf_virtual_server *service,
		      bool up)
{
	char text[SERVICE_MAX];

	if (!format_service(service, text))
		return 0;
	return fits(snprintf(room, RECORD_MAX, "VS %s %s\n", text, up ? "UP" : "DOWN"));
}

size_t record_server(char room[static RECORD_MAX], const struct conf_virtual_server *service,
		     const struct conf_real_server *server, bool up)
{
	char text[SERVICE_MAX], ip[IP_TEXT_MAX];

	if (!format_service(service, text))
		return 0;
	return fits(snprintf(room, RECORD_MAX, "RS [%s]:%s:%u %s %s\n",
			     ip_format(&server->key.ip, ip), protocol_word(service),
			     server->key.port, text, up ? "UP" : "DOWN"));
}
