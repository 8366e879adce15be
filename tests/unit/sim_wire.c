/* SPDX-License-Identifier: MIT */
/*
 * The network of the simulation: packets take time, get lost, come twice, overtake each other, are
 * damaged on their way, and do not cross a cut. See sim.h.
 */
#include <string.h>

#include "core/vrrp/packet.h"
#include "tests/unit/sim.h"

uint64_t sim_roll(struct sim *sim, uint64_t below)
{
	sim->random ^= sim->random << 13;
	sim->random ^= sim->random >> 7;
	sim->random ^= sim->random << 17;
	return below ? (sim->random >> 8) % below : 0;
}

bool sim_chance(struct sim *sim, unsigned percent)
{
	return sim_roll(sim, 100) < percent;
}

static bool is_before(const struct sim_packet *a, const struct sim_packet *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void push(struct sim *sim, const struct sim_packet *packet)
{
	size_t i = sim->n_wire++;

	if (sim->n_wire == SIM_WIRE) {
		sim->n_wire--;
		sim_judge_fail(sim, "more packets on their way than there is room for");
		return;
	}
	for (; i && is_before(packet, &sim->wire[(i - 1) / 2]); i = (i - 1) / 2)
		sim->wire[i] = sim->wire[(i - 1) / 2];
	sim->wire[i] = *packet;
}

static void pop(struct sim *sim, struct sim_packet *ret)
{
	struct sim_packet last = sim->wire[--sim->n_wire];
	size_t i = 0, child;

	*ret = sim->wire[0];
	for (; (child = 2 * i + 1) < sim->n_wire; i = child) {
		if (child + 1 < sim->n_wire && is_before(&sim->wire[child + 1], &sim->wire[child]))
			child++;
		if (!is_before(&sim->wire[child], &last))
			break;
		sim->wire[i] = sim->wire[child];
	}
	sim->wire[i] = last;
}

static bool hears(const struct sim *sim, const struct sim_node *to, const struct sim_node *from,
		  const struct rig_sent *sent, unsigned lan)
{
	struct ip own = sim_node_address(sim, to->number, lan);

	return to != from && to->part == from->part && !sim->deaf[to->number][from->number] &&
	       (ip_is_multicast(&sent->destination) || ip_compare(&sent->destination, &own) == 0);
}

static void send_copy(struct sim *sim, const struct rig_sent *sent, unsigned to, unsigned lan)
{
	struct sim_packet packet = {
		.at_us = sim->now_us + 10 + sim_roll(sim, sim->delay_us),
		.order = sim->sent++,
		.to = to,
		.lan = lan,
		.source = sent->source,
		.destination = sent->destination,
		.ttl = sent->ttl,
		.protocol = sent->protocol,
		.size = sent->size,
	};

	memcpy(packet.octets, sent->octets, sent->size);
	/* One bit, which every checksum finds. */
	if (sim_chance(sim, sim->damage_percent))
		packet.octets[sim_roll(sim, sent->size)] ^= (uint8_t)(1 << sim_roll(sim, 8));
	push(sim, &packet);
}

void sim_wire_send(struct rig *rig, const struct rig_sent *sent)
{
	struct sim_node *from = rig->network;
	struct sim *sim = from->sim;
	unsigned lan = sent->ifindex - SIM_FIRST_DEVICE;

	if (sim->sent > SIM_STORM)
		sim_judge_fail(sim, "a storm of adverts");
	else if (sent->size > SIM_OCTETS || lan >= sim->n_lans)
		sim_judge_fail(sim, "%zu octets on interface %u", sent->size, sent->ifindex);
	else if (from->ports[lan] != SIM_UP)
		return; /* what leaves a dead interface */
	else
		for (unsigned to = 0; to < sim->n_nodes; to++) {
			if (!hears(sim, &sim->nodes[to], from, sent, lan))
				continue;
			for (unsigned copy = 0; copy <= sim_chance(sim, sim->double_percent);
			     copy++)
				if (!sim_chance(sim, sim->loss_percent))
					send_copy(sim, sent, to, lan);
		}
}

uint64_t sim_wire_due(struct sim *sim)
{
	while (sim->n_wire) {
		uint64_t until_us = sim->nodes[sim->wire[0].to].stalled_until_us;
		struct sim_packet late;

		if (sim->wire[0].at_us >= until_us)
			return sim->wire[0].at_us;
		pop(sim, &late);
		late.at_us = until_us;
		push(sim, &late);
	}
	return SIM_NEVER;
}

void sim_wire_deliver(struct sim *sim)
{
	struct sim_packet packet;
	struct sim_node *node;

	pop(sim, &packet);
	node = &sim->nodes[packet.to];
	if (node->runs &&
	    (node->ports[packet.lan] == SIM_UP || node->ports[packet.lan] == SIM_NO_ADDRESS))
		sim_node_receive(node, &packet);
}

uint64_t sim_wire_last(const struct sim *sim)
{
	uint64_t last_us = 0;

	for (size_t i = 0; i < sim->n_wire; i++)
		if (sim->wire[i].at_us > last_us)
			last_us = sim->wire[i].at_us;
	return last_us;
}
