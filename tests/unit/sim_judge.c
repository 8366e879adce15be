/* SPDX-License-Identifier: MIT */
/*
 * What may come of a simulation: see sim.h. The bounds are RFC 3768 section 6.1 and RFC 9568
 * section 6.1 written down once more, not what core/vrrp makes of them.
 */
#include <stdarg.h>
#include <stdio.h>

#include "core/vrrp/fsm.h"
#include "core/vrrp/packet.h"
#include "tests/unit/sim.h"

static const char *const instances[SIM_LANS] = {"A", "B"};

void sim_judge_fail(struct sim *sim, const char *format, ...)
{
	va_list arguments;

	if (sim->verdict[0])
		return;
	va_start(arguments, format);
	vsnprintf(sim->verdict, sizeof sim->verdict, format, arguments);
	va_end(arguments);
	sim_trace(sim, NULL, "## %s", sim->verdict);
}

void sim_judge_note(struct sim *sim, struct sim_worst *worst, uint64_t us, double value)
{
	if (value > worst->value)
		*worst = (struct sim_worst){
			.value = value, .seed = sim->seed, .us = us, .unit_us = sim->unit_us};
}

struct sim_node *sim_judge_master(struct sim *sim, unsigned lan, unsigned *ret_count)
{
	struct sim_node *master = NULL;

	*ret_count = 0;
	for (unsigned i = 0; i < sim->n_nodes; i++)
		if (sim->nodes[i].states[lan] == VRRP_MASTER) {
			master = &sim->nodes[i];
			++*ret_count;
		}
	return master;
}

/* A span of time that goes on while is, and is noted at its end. */
static void span(struct sim *sim, uint64_t *from_us, bool is, struct sim_worst *worst)
{
	uint64_t us = sim->now_us - *from_us;

	if (is == (*from_us != SIM_NEVER))
		return;
	if (!is)
		sim_judge_note(sim, worst, us, (double)us / (double)sim->longest_us);
	*from_us = is ? sim->now_us : SIM_NEVER;
}

static void count(struct sim *sim, unsigned lan)
{
	unsigned masters;

	(void)sim_judge_master(sim, lan, &masters);
	span(sim, &sim->split_from_us[lan], masters > 1, &sim->report->split);
	span(sim, &sim->none_from_us[lan], masters == 0, &sim->report->none);
}

void sim_judge_watch(struct sim *sim)
{
	sim->watched_from_us = sim->now_us;
	for (unsigned lan = 0; lan < sim->n_lans; lan++) {
		sim->split_from_us[lan] = sim->none_from_us[lan] = SIM_NEVER;
		count(sim, lan);
	}
}

void sim_judge_look(struct sim_node *node)
{
	struct sim *sim = node->sim;

	for (unsigned lan = 0; lan < sim->n_lans; lan++) {
		const struct snap_instance *row =
			node->runs ? rig_row(&node->rig, instances[lan]) : NULL;
		enum vrrp_state state = row ? row->state : VRRP_INITIALIZE;

		if (state == node->states[lan])
			continue;
		node->states[lan] = state;
		sim->report->transitions++;
		if (sim->still)
			sim_judge_fail(sim, "router %u moves when all should be settled",
				       node->number + 1);
		if (sim->watched_from_us != SIM_NEVER)
			count(sim, lan);
	}
}

static double skew(const struct sim *sim, const struct sim_node *node, double interval_us)
{
	return (256.0 - node->priority) / 256 * (sim->version == 2 ? 1e6 : interval_us);
}

static double down(const struct sim *sim, const struct sim_node *node, double interval_us)
{
	return node->adverts * interval_us + skew(sim, node, interval_us);
}

/* Whichever way a clock is wrong. */
#define SLOW (1 + SIM_DRIFT_PPM / 0.9e6)
#define FAST (1 - SIM_DRIFT_PPM / 0.9e6)

/*
 * Within one down interval whoever hears no better one is master, and whoever may preempt hears no
 * better one but the best; one advert later the others have yielded. The interval is the longest
 * that anybody may have learned. A preempt delay begins with the first advert of a lower master,
 * and the down interval follows it. What could not set its addresses tries again in VRRP_RETRY_US.
 */
uint64_t sim_judge_bound(const struct sim *sim)
{
	double interval_us = (double)(sim->version == 2 ? sim->unit_us : sim->longest_us);
	double longest_us = 0, delay_us = 0, bound_us, retry_us = 0;

	for (unsigned i = 0; i < sim->n_nodes; i++) {
		const struct sim_node *node = &sim->nodes[i];
		double down_us = down(sim, node, interval_us);

		if (!sim_node_is_eligible(node))
			continue;
		if (down_us > longest_us)
			longest_us = down_us;
		if ((double)node->preempt_delay_us > delay_us)
			delay_us = (double)node->preempt_delay_us;
		for (unsigned lan = 0; lan < sim->n_lans; lan++)
			if (node->states[lan] == VRRP_FAULT)
				retry_us = VRRP_RETRY_US;
	}
	bound_us = longest_us + interval_us + retry_us;
	if (delay_us > 0)
		bound_us += delay_us + interval_us + longest_us;
	return (uint64_t)(bound_us * SLOW) + 4 * (sim->delay_us + 10);
}

uint64_t sim_judge_takeover(const struct sim *sim, const struct sim_node *gone, bool resigned)
{
	double first_us = 1e18;

	for (unsigned i = 0; i < sim->n_nodes; i++) {
		const struct sim_node *node = &sim->nodes[i];
		double interval_us =
			(double)(sim->version == 2 ? node->interval_us : gone->interval_us);
		double wait_us =
			resigned ? skew(sim, node, interval_us) : down(sim, node, interval_us);

		if (node != gone && sim_node_is_eligible(node) && wait_us < first_us)
			first_us = wait_us;
	}
	return (uint64_t)first_us;
}

static bool gives_way(const struct sim_node *master, const struct sim_node *node)
{
	return sim_node_is_eligible(node) && node->priority > master->priority &&
	       (node->preempt || node->priority == VRRP_PRIORITY_OWNER);
}

void sim_judge_settled(struct sim *sim)
{
	const struct sim_node *master = NULL;

	for (unsigned lan = 0; lan < sim->n_lans; lan++) {
		unsigned masters;
		const struct sim_node *here = sim_judge_master(sim, lan, &masters);

		if (masters != 1)
			sim_judge_fail(sim, "%u masters on network %u", masters, lan + 1);
		else if (master && here != master)
			sim_judge_fail(sim, "a sync group is parted: routers %u and %u",
				       master->number + 1, here->number + 1);
		master = here;
	}
	for (unsigned i = 0; master && i < sim->n_nodes; i++)
		if (gives_way(master, &sim->nodes[i]))
			sim_judge_fail(sim, "router %u is master, %u should be", master->number + 1,
				       i + 1);
}
