/* SPDX-License-Identifier: MIT */
/*
 * The text of records. Pure, any thread. A service of addresses is told by its address, one of a
 * firewall mark by the mark, one of a group by the group's name and port 0, as keepalived does.
 */
#include "core/run/record.h"

#include <stdio.h>

static const char *protocol_word(const struct conf_virtual_server *service)
{
	return service->protocol ? conf_protocol_name(service->protocol) : "none";
}

static size_t fits(int length)
{
	return length > 0 && length < RECORD_MAX ? (size_t)length : 0;
}

bool record_name_service(char room[static RECORD_SUBJECT_MAX],
			 const struct conf_virtual_server *service)
{
	const struct svc_key *key = &service->keys[0];
	char ip[IP_TEXT_MAX];
	int length;

	if (service->type == CONF_VS_GROUP)
		length = snprintf(room, RECORD_SUBJECT_MAX, "[%s]:0", service->group_name);
	else if (service->type == CONF_VS_FWMARK)
		length = snprintf(room, RECORD_SUBJECT_MAX, "FWM %u", key->fwmark);
	else
		length = snprintf(room, RECORD_SUBJECT_MAX, "[%s]:%s:%u", ip_format(&key->ip, ip),
				  protocol_word(service), key->port);
	return length < RECORD_SUBJECT_MAX;
}

void record_name_server(char room[static RECORD_SUBJECT_MAX],
			const struct conf_virtual_server *service,
			const struct conf_real_server *server)
{
	char ip[IP_TEXT_MAX];

	snprintf(room, RECORD_SUBJECT_MAX, "[%s]:%s:%u", ip_format(&server->key.ip, ip),
		 protocol_word(service), server->key.port);
}

size_t record_router(char room[static RECORD_MAX], const char *kind, const char *name,
		     const char *word, unsigned priority)
{
	return fits(snprintf(room, RECORD_MAX, "%s \"%s\" %s %u\n", kind, name, word, priority));
}

size_t record_service(char room[static RECORD_MAX], const struct conf_virtual_server *service,
		      bool up)
{
	char text[RECORD_SUBJECT_MAX];

	if (!record_name_service(text, service))
		return 0;
	return fits(snprintf(room, RECORD_MAX, "VS %s %s\n", text, up ? "UP" : "DOWN"));
}

size_t record_server(char room[static RECORD_MAX], const struct conf_virtual_server *service,
		     const struct conf_real_server *server, bool up)
{
	char text[RECORD_SUBJECT_MAX], own[RECORD_SUBJECT_MAX];

	if (!record_name_service(text, service))
		return 0;
	record_name_server(own, service, server);
	return fits(snprintf(room, RECORD_MAX, "RS %s %s %s\n", own, text, up ? "UP" : "DOWN"));
}
