/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the BFD decoder and what its packets do to a session. The first octet chooses the
 * configuration. Then come records: an octet that says how much time passes or what else happens,
 * then, for a packet, its length and that many octets; what knows nobody is told our discriminator,
 * or nothing deep is ever reached. However hostile, a session keeps its promises.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/bfd/fsm.h"

#define DISCR 0x01020304

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

static struct conf_bfd configuration(uint8_t how)
{
	return (struct conf_bfd){.min_rx_us = how & 1 ? 1000 : 300000,
				 .min_tx_us = how & 2 ? 1000 : 4294967000,
				 .idle_tx_us = how & 4 ? 1000000 : 4294967000,
				 .multiplier = how & 8 ? 1 : 255,
				 .passive = how & 16,
				 .ttl = 255};
}

static void assert_sound(const struct bfd_session *s, const struct bfd_actions *actions,
			 uint64_t now_us)
{
	struct bfd_packet packet, again;
	uint8_t room[BFD_PACKET_OCTETS];

	assert((unsigned)s->state < BFD_STATES && s->local_discr == DISCR);
	assert(s->state == BFD_UP || !s->polling);
	assert(s->state == BFD_DOWN || s->state == BFD_ADMIN_DOWN ||
	       (s->remote_discr && s->expire_us));
	assert(!s->next_us || s->next_us >= now_us);
	assert(!actions->send || !s->conf->passive || s->remote_discr);
	assert(actions->changed == (actions->old != s->state));
	bfd_session_packet(s, actions->final, &packet);
	assert(s->state == BFD_UP || packet.min_tx_us >= 1000000);
	bfd_packet_encode(&packet, room);
	assert(bfd_packet_decode(room, sizeof room, &again) == BFD_ACCEPTED);
	assert(again.state == packet.state && again.poll == packet.poll &&
	       again.my_discr == packet.my_discr && again.your_discr == packet.your_discr);
}

static bool take_packet(struct reader *r, struct bfd_packet *ret)
{
	size_t size = read_u8(r);
	uint8_t *copy; /* its own memory, so that a read beyond it is caught */
	enum bfd_discard reason;

	if (size > r->left)
		size = r->left;
	copy = malloc(size ? size : 1);
	assert(copy);
	read_octets(r, copy, size);
	reason = bfd_packet_decode(copy, size, ret);
	free(copy);
	assert(reason < BFD_DISCARDS && bfd_discard_name(reason) && bfd_diag_name(ret->diag));
	return reason == BFD_ACCEPTED && (!ret->your_discr || ret->your_discr == DISCR);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct reader r = reader_of(octets, size);
	const struct conf_bfd confs[2] = {configuration(read_u8(&r)), configuration(read_u8(&r))};
	struct bfd_session session;
	uint64_t now_us = USEC_PER_SEC;
	unsigned conf = 0;

	bfd_session_init(&session, &confs[0], DISCR, 1);
	bfd_step(&session, &(struct bfd_event){.kind = BFD_EVENT_START}, now_us);
	while (r.left) {
		uint8_t how = read_u8(&r);
		struct bfd_packet packet;
		struct bfd_event event = {.kind = BFD_EVENT_TICK, .packet = &packet};
		struct bfd_actions actions;

		now_us += (uint64_t)(how & 0x3f) * (how & 0x3f) * 1000;
		if (how & 0x40 && take_packet(&r, &packet))
			event.kind = BFD_EVENT_PACKET;
		else if (how == 0x80)
			event.kind = BFD_EVENT_LEAVE;
		else if (how & 0x80) {
			event.kind = BFD_EVENT_CONF;
			event.conf = &confs[conf = !conf];
		}
		if (event.kind != BFD_EVENT_TICK) {
			/* As in the daemon: what is due is done first. */
			actions = bfd_step(&session, &(struct bfd_event){.kind = BFD_EVENT_TICK},
					   now_us);
			assert_sound(&session, &actions, now_us);
		}
		actions = bfd_step(&session, &event, now_us);
		assert_sound(&session, &actions, now_us);
	}
	return 0;
}
