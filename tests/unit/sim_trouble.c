/* SPDX-License-Identifier: MIT */
/*
 * What a simulation is about and what goes wrong in it: see sim.h. A scenario has what the RFC
 * leaves to the operator at random; in version 2 all must have one interval, so there a reload that
 * changes it is trouble, until the others follow.
 */
#include <stdarg.h>
#include <stdio.h>

#include "core/vrrp/packet.h"
#include "tests/unit/sim.h"

#define RELOADS_KEPT 4 /* configurations of a rig that are left for sim_trouble_end() */

void sim_trace(const struct sim *sim, const struct sim_node *node, const char *format, ...)
{
	va_list arguments;

	if (!sim->trace)
		return;
	printf("%12.6f  ", (double)sim->now_us / 1e6);
	if (node)
		printf("%2u  ", node->number + 1);
	else
		printf("--  ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

static void roll_interval(struct sim *sim, struct sim_node *node)
{
	static const unsigned factors[] = {1, 1, 2, 4};

	node->interval_us = sim->unit_us * factors[sim->version == 3 ? sim_roll(sim, 4) : 0];
}

static void roll_priority(struct sim *sim, struct sim_node *node, unsigned mix)
{
	static const uint8_t classes[] = {50, 100, 150, 254};

	node->priority = mix == 0   ? 100
			 : mix == 1 ? classes[sim_roll(sim, 4)]
				    : (uint8_t)(1 + sim_roll(sim, 254));
	if (sim->owner && node->number == 0)
		node->priority = VRRP_PRIORITY_OWNER;
}

static void set_up_node(struct sim *sim, struct sim_node *node, unsigned mix, unsigned nopreempt)
{
	node->sim = sim;
	node->restart_at_us = SIM_NEVER;
	roll_interval(sim, node);
	roll_priority(sim, node, mix);
	node->adverts = sim_chance(sim, 90) ? 3 : (uint8_t)(2 + sim_roll(sim, 4));
	node->preempt = !sim_chance(sim, nopreempt);
	if (sim_chance(sim, 10))
		node->preempt_delay_us = sim->unit_us * (1 + sim_roll(sim, 12));
	node->master_word = sim_chance(sim, 30);
	node->quiet_master = sim_chance(sim, 20);
	node->parting_advert = sim_chance(sim, 20);
	sim_node_start(node);
}

void sim_trouble_scenario(struct sim *sim)
{
	static const uint64_t units_us[2][4] = {{1000000, 1000000, 2000000, 5000000},
						{10000, 50000, 250000, 1000000}};
	static const char *const auth[] = {NULL, "pass=secret12", "ah=secret12"};
	unsigned mix = (unsigned)sim_roll(sim, 3), nopreempt = sim_chance(sim, 50) ? 0 : 40;

	sim->n_nodes = 2 + (unsigned)sim_roll(sim, SIM_NODES - 1);
	sim->n_lans = sim_chance(sim, 30) ? 2 : 1;
	sim->version = 2 + (unsigned)sim_roll(sim, 2);
	sim->v6 = sim_chance(sim, 40);
	sim->unicast = sim_chance(sim, 25);
	sim->owner = sim_chance(sim, 12);
	if (sim->version == 2 && !sim->v6)
		sim->auth = auth[sim_roll(sim, 3)];
	sim->unit_us = units_us[sim->version - 2][sim_roll(sim, 4)];
	sim->delay_us = sim->unit_us / 100;
	sim_trace(sim, NULL,
		  "%u routers, %u network%s, version %u, IPv%u, %s, %s%s, interval from %lu us",
		  sim->n_nodes, sim->n_lans, sim->n_lans > 1 ? "s in a sync group" : "",
		  sim->version, sim->v6 ? 6 : 4, sim->unicast ? "unicast" : "multicast",
		  sim->auth ? sim->auth : "no authentication", sim->owner ? ", an owner" : "",
		  (unsigned long)sim->unit_us);
	for (unsigned i = 0; i < sim->n_nodes; i++) {
		sim->nodes[i].number = i;
		set_up_node(sim, &sim->nodes[i], mix, nopreempt);
	}
}

static void reload(struct sim *sim, struct sim_node *node)
{
	if (!node->runs || node->rig.n_confs + RELOADS_KEPT >= RIG_CONFS)
		return;
	switch (sim_roll(sim, 4)) {
	case 0:
		roll_priority(sim, node, 1 + (unsigned)sim_roll(sim, 2));
		break;
	case 1:
		roll_interval(sim, node);
		if (sim->version == 2)
			node->interval_us += USEC_PER_SEC * sim_roll(sim, 2);
		break;
	case 2:
		node->preempt = !node->preempt;
		break;
	default:
		node->preempt_delay_us = sim->unit_us * sim_roll(sim, 8);
		break;
	}
	(void)sim_node_load(node);
}

static void cut(struct sim *sim, bool in_two)
{
	sim_trace(sim, NULL, "-- %s", in_two ? "cut in two" : "one network");
	for (unsigned i = 0; i < sim->n_nodes; i++) {
		sim->nodes[i].part = in_two ? (unsigned)sim_roll(sim, 2) : 0;
		if (in_two)
			sim_trace(sim, &sim->nodes[i], "   part %u", sim->nodes[i].part);
	}
}

static void spoil(struct sim *sim)
{
	sim->loss_percent = (unsigned)sim_roll(sim, 70);
	sim->double_percent = (unsigned)sim_roll(sim, 30);
	sim->damage_percent = (unsigned)sim_roll(sim, 20);
	sim->delay_us = sim_chance(sim, 50) ? sim->unit_us / 100 : sim_roll(sim, 5 * sim->unit_us);
	sim_trace(sim, NULL, "-- %u%% lost, %u%% twice, %u%% damaged, up to %lu us late",
		  sim->loss_percent, sim->double_percent, sim->damage_percent,
		  (unsigned long)sim->delay_us);
}

static void take_down(struct sim *sim, struct sim_node *node)
{
	if (!node->runs)
		return;
	if (sim_chance(sim, 60))
		sim_node_crash(node);
	else
		sim_node_stop(node);
	node->restart_at_us = sim->now_us + sim_roll(sim, 10 * sim->unit_us);
}

void sim_trouble_make(struct sim *sim)
{
	struct sim_node *node = &sim->nodes[sim_roll(sim, sim->n_nodes)];
	unsigned other = (unsigned)sim_roll(sim, sim->n_nodes);
	unsigned lan = (unsigned)sim_roll(sim, sim->n_lans);

	sim->report->troubles++;
	switch (sim_roll(sim, 10)) {
	case 0:
		cut(sim, sim_chance(sim, 60));
		break;
	case 1:
		sim->deaf[node->number][other] ^= true;
		sim_trace(sim, node, "-- %s %u",
			  sim->deaf[node->number][other] ? "deaf to" : "hears", other + 1);
		break;
	case 2:
		spoil(sim);
		break;
	case 3:
		node->stalled_until_us = sim->now_us + sim_roll(sim, 12 * sim->unit_us);
		sim_trace(sim, node, "-- stalled until %.6f", (double)node->stalled_until_us / 1e6);
		break;
	case 4:
		take_down(sim, node);
		break;
	case 5:
		sim_node_set_port(node, lan, (enum sim_port)sim_roll(sim, SIM_PORTS));
		break;
	case 6:
		sim_node_set_port(node, lan, SIM_UP);
		break;
	case 7:
		sim_node_set_main(node, sim_chance(sim, 70)
						? SIM_ANSWERS
						: (enum sim_main)sim_roll(sim, SIM_MAINS));
		break;
	case 8:
		node->rig.wall_step_us += (int64_t)sim_roll(sim, 7200 * USEC_PER_SEC);
		break;
	default:
		reload(sim, node);
		break;
	}
}

/* Some may stay as they are: off, or with an interface down. The first router that is not the owner
 * always comes back. */
static bool stays_away(struct sim *sim, const struct sim_node *node)
{
	return node->number != sim->owner && sim_chance(sim, 15);
}

static void restore(struct sim *sim, struct sim_node *node)
{
	bool away = stays_away(sim, node);

	node->stalled_until_us = 0;
	if (!node->runs) {
		node->restart_at_us = SIM_NEVER;
		node->gone = away;
	}
	sim_node_set_main(node, SIM_ANSWERS);
	for (unsigned lan = 0; lan < sim->n_lans && !away; lan++)
		if (node->ports[lan] != SIM_UP)
			sim_node_set_port(node, lan, SIM_UP);
	if (sim->version == 2)
		node->interval_us = sim->unit_us;
	if (node->runs && sim->version == 2)
		(void)sim_node_load(node);
	else if (!node->runs && !node->gone)
		sim_node_tick(node);
}

void sim_trouble_end(struct sim *sim)
{
	uint64_t last_us;

	sim->loss_percent = sim->double_percent = sim->damage_percent = 0;
	sim->delay_us = sim->unit_us / 100;
	for (unsigned i = 0; i < sim->n_nodes; i++)
		for (unsigned j = 0; j < sim->n_nodes; j++)
			sim->deaf[i][j] = false;
	cut(sim, false);
	for (unsigned i = 0; i < sim->n_nodes; i++)
		restore(sim, &sim->nodes[i]);
	/* What the network still holds is part of the trouble. */
	last_us = sim_wire_last(sim);
	if (last_us > sim->now_us)
		sim->now_us = last_us;
}
