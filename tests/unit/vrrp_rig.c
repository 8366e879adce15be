/* SPDX-License-Identifier: MIT */
/* The engine in virtual time: see vrrp_rig.h. */
#include "tests/unit/vrrp_rig.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/vrrp/ah.h"
#include "core/vrrp/fsm.h"
#include "core/vrrp/packet.h"

void rig_note(struct rig *rig, const char *format, ...)
{
	struct rig_effect effect = {.at_us = rig->now_us, .count = 1}, *last;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(effect.text, sizeof effect.text, format, arguments);
	va_end(arguments);
	last = rig->n_effects > rig->read_effects ? &rig->effects[rig->n_effects - 1] : NULL;
	if (last && last->at_us == effect.at_us && strcmp(last->text, effect.text) == 0) {
		last->count++;
		return;
	}
	assert(rig->n_effects < RIG_EFFECTS);
	rig->effects[rig->n_effects++] = effect;
}

/* Where the rig counts of that interface. */
static uint32_t place_of(uint32_t ifindex)
{
	assert(ifindex < RIG_ITEMS || ifindex == VRRP_ANYWHERE);
	return ifindex == VRRP_ANYWHERE ? 0 : ifindex;
}

static int on_open(void *owner, uint32_t ifindex, uint16_t family, const char *name,
		   const uint8_t *mac)
{
	struct rig *rig = owner;

	(void)ifindex, (void)name, (void)mac;
	assert(family == AF_INET || family == AF_INET6);
	if (rig->open_error)
		return rig->open_error;
	rig->open_sockets++;
	return 0;
}

static unsigned *memberships(struct rig *rig, uint32_t ifindex, uint16_t family)
{
	return &rig->joined[place_of(ifindex)][family == AF_INET6];
}

static int on_hear_ah(void *owner, uint32_t ifindex, const char *name, bool on)
{
	struct rig *rig = owner;

	(void)name;
	assert(rig->open_sockets && rig->hears_ah[place_of(ifindex)] != on);
	if (on && rig->ah_error)
		return rig->ah_error;
	rig->hears_ah[place_of(ifindex)] = on;
	return 0;
}

static void on_close(void *owner, uint32_t ifindex, uint16_t family)
{
	struct rig *rig = owner;
	unsigned *joined = memberships(rig, ifindex, family);

	rig->open_sockets--;
	rig->hears_ah[place_of(ifindex)] &= family != AF_INET;
	rig->groups -= *joined;
	*joined = 0;
}

static int on_join(void *owner, uint32_t ifindex, const struct ip *group)
{
	struct rig *rig = owner;

	assert(ip_is_multicast(group));
	if (rig->join_error)
		return rig->join_error;
	++*memberships(rig, ifindex, group->family);
	rig->groups++;
	return 0;
}

static void on_leave(void *owner, uint32_t ifindex, const struct ip *group)
{
	struct rig *rig = owner;

	assert(ip_is_multicast(group) && *memberships(rig, ifindex, group->family));
	--*memberships(rig, ifindex, group->family);
	rig->groups--;
}

static int on_buffer(void *owner, uint32_t ifindex, uint16_t family, uint32_t octets)
{
	rig_note(owner, "buffer %u IPv%c %u", place_of(ifindex), family == AF_INET6 ? '6' : '4',
		 octets);
	return 0;
}

/* What the checksum is of: the message alone, or also the addresses, or as if it went to the group.
 */
static const char *name_checksum(const struct ip *source, const struct ip *destination,
				 const uint8_t *octets, size_t size)
{
	static const uint8_t group[4] = {224, 0, 0, 18};
	const uint8_t tail[4] = {0, VRRP_PROTOCOL, (uint8_t)(size >> 8), (uint8_t)size};
	uint32_t sum = checksum_add(0, octets, size);

	if (checksum_finish(sum) == 0)
		return "message";
	sum = checksum_add(checksum_add(sum, tail, 4), source->octets, ip_size(source));
	if (checksum_finish(checksum_add(sum, destination->octets, ip_size(destination))) == 0)
		return "pseudo";
	return checksum_finish(checksum_add(sum, group, 4)) == 0 ? "old" : "wrong";
}

/* Version 2: authentication type and interval, then the addresses, then the key. Version 3: the
 * interval in centiseconds, and the checksum. */
static void note_wire(struct rig *rig, const struct ip *source, const struct ip *destination,
		      const uint8_t *octets, size_t size)
{
	char from[IP_TEXT_MAX];

	if (octets[0] >> 4 == 3) {
		rig_note(rig, "advert %u %u from=%s cs=%u sum=%s", octets[1], octets[2],
			 ip_format(source, from), octets[4] << 8 | octets[5],
			 name_checksum(source, destination, octets, size));
		return;
	}
	rig_note(rig, "advert %u %u from=%s auth=%u int=%u key=%.8s", octets[1], octets[2],
		 ip_format(source, from), octets[4], octets[5], octets + size - VRRP_AUTH_OCTETS);
}

/* Where to, unless it is the usual group. */
static const char *describe_path(const struct ip *destination, uint8_t ttl, char room[static 64])
{
	char to[IP_TEXT_MAX];

	room[0] = '\0';
	ip_format(destination, to);
	if (!ip_is_multicast(destination))
		snprintf(room, 64, " to=%s ttl=%u", to, ttl);
	else if (strcmp(to, "224.0.0.18") != 0 && strcmp(to, "ff02::12") != 0)
		snprintf(room, 64, " to=%s", to);
	return room;
}

struct hmac *rig_hmac(struct rig *rig)
{
	if (!rig->hmac && hmac_md5_new(&rig->hmac) < 0)
		abort();
	return rig->hmac;
}

/* What went out is believed under the key of the rig only. */
static void note_sealed(struct rig *rig, const struct ip *source, const struct ip *destination,
			uint8_t ttl, const uint8_t *packet, size_t size)
{
	uint8_t datagram[VRRP_IP_HEADER_MAX + VRRP_AH_OCTETS + VRRP_MESSAGE_MAX];
	size_t header =
		vrrp_packet_ip_header(source, destination, ttl, VRRP_PROTOCOL_AH, size, datagram);
	struct vrrp_envelope envelope;
	char path[64];

	memcpy(datagram + header, packet, size);
	if (vrrp_packet_open(datagram, header + size, &envelope) != VRRP_ACCEPTED)
		abort();
	rig_note(rig, "advert %u %u%s ah=%u%s", envelope.message[1], envelope.message[2],
		 describe_path(destination, ttl, path), envelope.sequence,
		 vrrp_ah_is_genuine(rig_hmac(rig), rig->key, &envelope) ? "" : " other key");
}

static int on_send(void *owner, uint32_t ifindex, const struct ip *source,
		   const struct ip *destination, uint8_t ttl, uint8_t protocol, const void *message,
		   size_t size)
{
	char path[64];
	struct rig *rig = owner;
	const uint8_t *octets = message;

	if (protocol == VRRP_PROTOCOL_AH)
		note_sealed(rig, source, destination, ttl, octets, size);
	else if (rig->wire)
		note_wire(rig, source, destination, octets, size);
	else
		rig_note(rig, "advert %u %u%s", octets[1], octets[2],
			 describe_path(destination, ttl, path));
	if (rig->on_send)
		rig->on_send(rig, &(struct rig_sent){.ifindex = ifindex,
						     .source = *source,
						     .destination = *destination,
						     .ttl = ttl,
						     .protocol = protocol,
						     .octets = octets,
						     .size = size});
	rig->now_us += rig->send_us;
	return 0;
}

static int on_garp(void *owner, uint32_t ifindex, const uint8_t mac[6], const struct ip *address)
{
	char text[IP_TEXT_MAX];

	(void)ifindex, (void)mac;
	rig_note(owner, "garp %s", ip_format(address, text));
	return 0;
}

static int on_na(void *owner, uint32_t ifindex, const uint8_t mac[6], const struct ip *address,
		 bool router)
{
	char text[IP_TEXT_MAX];

	(void)ifindex, (void)mac;
	rig_note(owner, "na %s%s", ip_format(address, text), router ? " router" : "");
	return 0;
}

static void on_event(struct rig *rig, const struct msg_event *event)
{
	const char *stopping = event->instance.removed	  ? " removed"
			       : event->instance.stopping ? " stopping"
							  : "";

	switch (event->kind) {
	case EVENT_INSTANCE_STATE:
		rig_note(rig, "state %s %s%s", event->instance.name,
			 vrrp_state_name(event->instance.state), stopping);
		break;
	case EVENT_GROUP_STATE:
		rig_note(rig, "group %s %s%s", event->group.name,
			 vrrp_state_name(event->group.state),
			 event->group.removed	 ? " removed"
			 : event->group.stopping ? " stopping"
						 : "");
		break;
	case EVENT_RX_LOWER_PRIORITY:
		rig_note(rig, "lower %s", event->instance.name);
		break;
	case EVENT_PRIORITY:
		rig_note(rig, "priority %s %u", event->instance.name, event->instance.priority);
		break;
	case EVENT_AUTH_FAILURE:
		rig_note(rig, "auth-failure %u", event->packet.error);
		break;
	case EVENT_PROTO_ERROR:
		rig_note(rig, "proto-error %u", event->packet.error);
		break;
	default:
		rig_note(rig, "event %d", (int)event->kind);
		break;
	}
}

static void on_mail(void *owner, enum snap_thread to, enum msg_kind kind, const void *body,
		    size_t size)
{
	struct rig *rig = owner;
	const struct msg_addrs *addrs = body;
	const struct msg_reply *reply = body;

	(void)size;
	if (kind == MSG_EVENT && to == THREAD_MAIN) {
		on_event(rig, body);
	} else if (kind == MSG_ADDRS) {
		rig_note(rig, "addrs %s %s",
			 rig->confs[addrs->generation - 1]->instances[addrs->instance].name,
			 addrs->set ? "set" : "unset");
		assert(rig->n_asked < 64);
		rig->asked[rig->n_asked++] = *addrs;
	} else if (kind == MSG_REPLY) {
		rig_note(rig, "reply %d", reply->error);
	}
}

static void on_publish(void *owner, struct snap_vrrp *rows)
{
	struct rig *rig = owner;

	if (rig->rows)
		rig->rows->value.free(&rig->rows->value);
	rig->rows = rows;
	rig->publications++;
}

static void on_log(void *owner, int level, const char *format, ...)
{
	struct rig *rig = owner;
	char line[256];
	va_list arguments;

	(void)level;
	if (!rig->verbose)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	if (rig->on_log)
		rig->on_log(rig, line);
	else
		fprintf(stderr, "%12.6f %s\n", (double)(rig->now_us - RIG_EPOCH_US) / 1e6, line);
}

static uint64_t on_now(void *owner)
{
	const struct rig *rig = owner;

	return rig->now_us;
}

static uint64_t on_wall(void *owner)
{
	const struct rig *rig = owner;

	return rig->now_us + 1700000000 * USEC_PER_SEC + (uint64_t)rig->wall_step_us;
}

static const struct vrrp_ops ops = {
	.open = on_open,
	.close = on_close,
	.hear_ah = on_hear_ah,
	.join = on_join,
	.leave = on_leave,
	.buffer = on_buffer,
	.send = on_send,
	.garp = on_garp,
	.na = on_na,
	.mail = on_mail,
	.publish = on_publish,
	.log = on_log,
	.now_us = on_now,
	.wall_us = on_wall,
};

void rig_start(struct rig *rig)
{
	memset(rig, 0, sizeof *rig);
	rig->now_us = RIG_EPOCH_US;
	rig->answer_addrs = true;
	memcpy(rig->key, RIG_KEY, sizeof rig->key);
	if (vrrp_engine_new(&ops, rig, &rig->engine) < 0)
		abort();
}

void rig_end(struct rig *rig)
{
	rig->engine = vrrp_engine_free(rig->engine);
	assert(rig->open_sockets == 0);
	for (size_t i = 0; i < RIG_ITEMS; i++)
		assert(!rig->hears_ah[i]);
	rig->hmac = hmac_free(rig->hmac);
	if (rig->rows)
		rig->rows->value.free(&rig->rows->value);
	for (size_t i = 0; i < rig->n_confs; i++)
		rig_conf_free(rig->confs[i]);
}

static bool is_about(const struct rig *rig, const struct msg_addrs *asked, const char *name)
{
	return !strcmp(rig->confs[asked->generation - 1]->instances[asked->instance].name, name);
}

static void answer(struct rig *rig, const struct msg_addrs *asked, int error)
{
	struct msg_addrs_done done = {.request = asked->request, .error = error};

	vrrp_engine_addrs_done(rig->engine, &done, rig->now_us);
	vrrp_engine_flush(rig->engine, rig->now_us);
}

void rig_settle(struct rig *rig)
{
	vrrp_engine_flush(rig->engine, rig->now_us);
	while (rig->answer_addrs && rig->n_asked) {
		struct msg_addrs asked = rig->asked[0];

		memmove(rig->asked, rig->asked + 1, --rig->n_asked * sizeof *rig->asked);
		answer(rig, &asked, 0);
	}
}

bool rig_answer(struct rig *rig, const char *name, int error)
{
	for (size_t i = rig->n_asked; i-- > 0;) {
		struct msg_addrs asked = rig->asked[i];

		if (!is_about(rig, &asked, name))
			continue;
		rig->n_asked = 0;
		answer(rig, &asked, error);
		rig_settle(rig);
		return true;
	}
	return false;
}

bool rig_answer_late(struct rig *rig, const char *name)
{
	for (size_t i = 0; i < rig->n_asked; i++) {
		struct msg_addrs asked = rig->asked[i];

		if (!is_about(rig, &asked, name))
			continue;
		memmove(&rig->asked[i], &rig->asked[i + 1],
			(--rig->n_asked - i) * sizeof *rig->asked);
		answer(rig, &asked, 0);
		return true;
	}
	return false;
}

void rig_load(struct rig *rig)
{
	const struct conf *conf = rig->confs[rig->n_confs - 1];

	if (vrrp_engine_conf(rig->engine, conf_ref(conf), rig->now_us) < 0)
		abort();
	rig_settle(rig);
}

void rig_run_until(struct rig *rig, uint64_t at_us)
{
	uint64_t due_us;

	while ((due_us = vrrp_engine_due_us(rig->engine)) && due_us <= at_us) {
		if (due_us > rig->now_us)
			rig->now_us = due_us;
		vrrp_engine_tick(rig->engine, rig->now_us);
		rig_settle(rig);
	}
	rig->now_us = at_us;
}

void rig_receive(struct rig *rig, uint32_t ifindex, const struct vrrp_envelope *envelope)
{
	uint8_t datagram[VRRP_IP_HEADER_MAX + VRRP_AH_OCTETS + VRRP_MESSAGE_MAX];
	size_t ah = envelope->sealed ? VRRP_AH_OCTETS : 0, size = ah + envelope->size, header;
	uint8_t protocol = ah ? VRRP_PROTOCOL_AH : VRRP_PROTOCOL;

	if (envelope->source.family == AF_INET6) {
		vrrp_engine_receive6(rig->engine, ifindex, envelope, rig->now_us);
		rig_settle(rig);
		return;
	}
	header = vrrp_packet_ip_header(&envelope->source, &envelope->destination, envelope->ttl,
				       protocol, size, datagram);
	memcpy(datagram + header, envelope->message - ah, size);
	vrrp_engine_receive(rig->engine, ifindex, datagram, header + size, rig->now_us);
	rig_settle(rig);
}

const struct snap_instance *rig_row(const struct rig *rig, const char *name)
{
	for (size_t i = 0; rig->rows && i < rig->rows->n_instances; i++)
		if (strcmp(rig->rows->conf->instances[i].name, name) == 0)
			return &rig->rows->instances[i];
	return NULL;
}
