/* SPDX-License-Identifier: MIT */
/*
 * Two to sixteen whole engines on a network that loses, delays, doubles, damages and parts, with
 * clocks that run wrong, reloads, crashes, faults of interfaces and of main. Whatever has happened:
 * once it is over there is one master within the time that follows from the RFC's formulas, the
 * right one, and nothing moves any more; and when that one is taken away, the next is there in
 * time.
 *
 * test_vrrp_sim SEED shows one run as it goes; test_vrrp_sim FIRST LAST runs those seeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/sim.h"

/* With AddressSanitizer each takes four times as long. The other builds run them all. */
#ifdef __SANITIZE_ADDRESS__
#define SEEDS 250
#else
#define SEEDS 1000
#endif
#define TROUBLES 20 /* at least */
#define STILL	 10 /* intervals of watching that nothing moves */

static struct sim *the_sim; /* large; one at a time */

static struct sim_node *next_node(struct sim *sim, uint64_t *ret_at_us)
{
	struct sim_node *first = NULL;

	*ret_at_us = SIM_NEVER;
	for (unsigned i = 0; i < sim->n_nodes; i++) {
		uint64_t due_us = sim_node_due(&sim->nodes[i]);

		if (due_us < *ret_at_us) {
			*ret_at_us = due_us;
			first = &sim->nodes[i];
		}
	}
	return first;
}

/* One thing that happens until then, false: none. Of what is due at one moment, packets come first:
 * the daemon reads its sockets before it looks at its timers. */
static bool step(struct sim *sim, uint64_t end_us)
{
	uint64_t packet_us = sim_wire_due(sim), timer_us, at_us;
	struct sim_node *node = next_node(sim, &timer_us);

	at_us = packet_us <= timer_us ? packet_us : timer_us;
	if (sim->verdict[0] || at_us > end_us)
		return false;
	if (at_us > sim->now_us)
		sim->now_us = at_us;
	if (packet_us <= timer_us) {
		sim->report->packets++;
		sim_wire_deliver(sim);
	} else {
		sim_node_tick(node);
	}
	return true;
}

static void run_until(struct sim *sim, uint64_t end_us)
{
	while (step(sim, end_us))
		;
	if (end_us > sim->now_us)
		sim->now_us = end_us;
}

/* From the last fault on. */
static void settle(struct sim *sim)
{
	uint64_t start_us = sim->now_us, bound_us = sim_judge_bound(sim), moved_us = start_us;
	uint64_t transitions = sim->report->transitions;

	sim_trace(sim, NULL, "-- it is over; one master until %.6f",
		  (double)(start_us + bound_us) / 1e6);
	sim_judge_watch(sim);
	while (step(sim, start_us + bound_us)) {
		if (sim->report->transitions != transitions)
			moved_us = sim->now_us;
		transitions = sim->report->transitions;
	}
	sim->now_us = start_us + bound_us;
	sim_judge_note(sim, &sim->report->settling, moved_us - start_us,
		       (double)(moved_us - start_us) / (double)bound_us);
	sim_judge_settled(sim);
	sim->still = true;
	run_until(sim, sim->now_us + STILL * sim->longest_us);
	sim->still = false;
	sim_judge_settled(sim);
}

static void check_takeover(struct sim *sim, uint64_t took_us, uint64_t wait_us, uint64_t early_us)
{
	double drift = SIM_DRIFT_PPM / 0.9e6;
	double most_us = (double)wait_us * (1 + drift) + (double)sim->delay_us + 20;
	double least_us = ((double)wait_us - (double)early_us) * (1 - drift) - 20;

	sim_judge_note(sim, &sim->report->takeover, took_us, (double)took_us / most_us);
	if ((double)took_us > most_us || (double)took_us < least_us)
		sim_judge_fail(sim, "the takeover took %lu us, not between %.0f and %.0f",
			       (unsigned long)took_us, least_us, most_us);
}

/* The master crashes or resigns: the next one is there when the RFC says. */
static void replace_master(struct sim *sim)
{
	unsigned masters, others = 0;
	struct sim_node *master = sim_judge_master(sim, 0, &masters);
	bool resigns = sim_chance(sim, 50);
	uint64_t wait_us, start_us = sim->now_us;

	for (unsigned i = 0; i < sim->n_nodes; i++)
		others += &sim->nodes[i] != master && sim_node_is_eligible(&sim->nodes[i]);
	if (!others || sim->verdict[0])
		return;
	wait_us = sim_judge_takeover(sim, master, resigns);
	if (resigns)
		sim_node_stop(master);
	else
		sim_node_crash(master);
	master->gone = true;
	while (step(sim, start_us + 2 * wait_us + USEC_PER_SEC) &&
	       !sim_judge_master(sim, 0, &masters))
		;
	check_takeover(sim, sim->now_us - start_us, wait_us, resigns ? 0 : master->interval_us);
	settle(sim);
}

/* What was wrong, NULL nothing. */
static const char *run_seed(uint64_t seed, bool trace, struct sim_report *report)
{
	struct sim *sim = the_sim;
	uint64_t troubles;

	memset(sim, 0, sizeof *sim);
	*sim = (struct sim){.seed = seed,
			    .random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1,
			    .trace = trace,
			    .watched_from_us = SIM_NEVER,
			    .report = report};
	sim_trouble_scenario(sim);
	troubles = TROUBLES + sim_roll(sim, 2 * TROUBLES);
	while (troubles--) {
		sim_trouble_make(sim);
		run_until(sim, sim->now_us + sim_roll(sim, 4 * sim->unit_us));
	}
	sim_trouble_end(sim);
	settle(sim);
	replace_master(sim);
	for (unsigned i = 0; i < sim->n_nodes; i++)
		if (sim->nodes[i].runs)
			rig_end(&sim->nodes[i].rig);
	return sim->verdict[0] ? sim->verdict : NULL;
}

static void print_worst(const char *what, const struct sim_worst *worst, const char *unit)
{
	printf("%-36s %8.3f %s (%.3f ms at intervals from %.0f ms, seed %lu)\n", what, worst->value,
	       unit, (double)worst->us / 1e3, (double)worst->unit_us / 1e3,
	       (unsigned long)worst->seed);
}

static void print_report(const struct sim_report *report)
{
	printf("%lu packets, %lu faults, %lu transitions\n", (unsigned long)report->packets,
	       (unsigned long)report->troubles, (unsigned long)report->transitions);
	print_worst("two masters, after the last fault", &report->split, "of the longest interval");
	print_worst("no master, after the last fault", &report->none, "of the longest interval");
	print_worst("until nothing moves", &report->settling, "of the bound");
	print_worst("takeover from one that goes", &report->takeover, "of the latest moment");
}

static unsigned run_seeds(uint64_t first, uint64_t last)
{
	struct sim_report report = {0};
	unsigned failed = 0;

	for (uint64_t seed = first; seed <= last; seed++) {
		const char *wrong = run_seed(seed, first == last, &report);

		if (wrong)
			printf("seed %lu: %s\n", (unsigned long)seed, wrong);
		failed += wrong != NULL;
	}
	print_report(&report);
	return failed;
}

static void test_one_master(void **state)
{
	(void)state;
	assert_int_equal(run_seeds(1, SEEDS), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_master)};
	int failed;

	the_sim = calloc(1, sizeof *the_sim);
	if (!the_sim)
		return 1;
	if (argc > 1)
		failed = run_seeds(strtoul(argv[1], NULL, 10), strtoul(argv[argc - 1], NULL, 10)) >
			 0;
	else
		failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(the_sim);
	return failed;
}
