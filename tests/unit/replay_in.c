/* SPDX-License-Identifier: MIT */
/* The IN of replay scripts: an advertisement made of the words of a line. */
#include "tests/unit/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/vrrp/ah.h"
#include "core/vrrp/packet.h"

/* KEY=VALUE among the words, or fallback. */
static const char *option(const struct script *s, const char *key, const char *fallback)
{
	size_t length = strlen(key);

	for (size_t i = 1; i < s->count; i++)
		if (strncmp(s->words[i], key, length) == 0 && s->words[i][length] == '=')
			return s->words[i] + length + 1;
	return fallback;
}

static void add_addresses(const struct script *s, struct vrrp_advert *advert)
{
	const char *usual = advert->family == AF_INET6 ? "fe80::10" : "192.0.2.10";

	for (size_t i = 1; i < s->count; i++)
		if (strncmp(s->words[i], "addr=", 5) == 0)
			(void)ip_parse(s->words[i] + 5, &advert->addresses[advert->n_addresses++]);
	if (!advert->n_addresses)
		(void)ip_parse(usual, &advert->addresses[advert->n_addresses++]);
}

/* Another type, and the checksum that goes with it. */
static void set_type(uint8_t *message, size_t size, const char *type)
{
	uint16_t sum;

	message[0] = (uint8_t)((message[0] & 0xf0) | atol(type));
	message[6] = message[7] = 0;
	sum = checksum_finish(checksum_add(0, message, size));
	message[6] = (uint8_t)(sum >> 8);
	message[7] = (uint8_t)sum;
}

/* bend: one octet of the packet is changed after it was sealed. */
static void seal(struct script *s, struct vrrp_envelope *envelope, uint8_t *packet)
{
	uint8_t key[VRRP_AUTH_OCTETS] = {0};
	const char *text = option(s, "key", RIG_KEY), *bend = option(s, "bend", NULL);
	uint32_t sequence = (uint32_t)strtoul(option(s, "ah", "0"), NULL, 10);

	memcpy(key, text, strnlen(text, sizeof key));
	if (vrrp_ah_seal(rig_hmac(&s->rig), key, sequence, &envelope->source,
			 &envelope->destination, envelope->ttl, packet,
			 VRRP_AH_OCTETS + envelope->size) < 0)
		script_complain(s, "cannot seal");
	envelope->sealed = true;
	if (bend)
		packet[atol(bend)] ^= 1;
}

void replay_in(struct script *s)
{
	struct vrrp_advert advert = {
		.version = (uint8_t)atol(option(s, "version", "2")),
		.vrid = (uint8_t)atol(option(s, "vrid", "51")),
		.priority = (uint8_t)atol(script_word(s, 3)),
		.interval = (uint16_t)atol(option(s, "int", "1")),
	};
	const char *pass = option(s, "pass", NULL);
	struct vrrp_envelope envelope = {.ttl = (uint8_t)atol(option(s, "ttl", "255"))};
	uint8_t packet[VRRP_AH_OCTETS + 128], *message = packet + VRRP_AH_OCTETS;
	const char *group, *sum = option(s, "sum", "");
	struct ip old;
	int size;

	group = option(s, "to", strchr(script_word(s, 2), ':') ? "ff02::12" : "224.0.0.18");
	if (ip_parse(script_word(s, 2), &envelope.source) < 0 ||
	    ip_parse(group, &envelope.destination) < 0) {
		script_complain(s, "bad address");
		return;
	}
	advert.family = envelope.source.family;
	advert.auth_type = pass ? VRRP_AUTH_PASS : (uint8_t)atol(option(s, "auth", "0"));
	if (pass)
		memcpy(advert.auth_data, pass, strnlen(pass, sizeof advert.auth_data));
	add_addresses(s, &advert);
	(void)ip_parse("224.0.0.18", &old);
	size = vrrp_packet_encode(&advert, &envelope.source,
				  *sum == 'o' ? &old : &envelope.destination, *sum, message, 128);
	if (size < 0) {
		script_complain(s, "cannot encode");
		return;
	}
	if (*option(s, "type", ""))
		set_type(message, (size_t)size, option(s, "type", ""));
	if (script_is(s, s->count - 1, "flip"))
		message[8] ^= 1;
	envelope.message = message;
	envelope.size = (size_t)size - (size_t)atol(option(s, "cut", "0"));
	if (*option(s, "ah", ""))
		seal(s, &envelope, packet);
	rig_receive(&s->rig, script_ifindex(s, script_word(s, 1)), &envelope);
}
