/* SPDX-License-Identifier: MIT */
/*
 * Three whole engines on one simulated wire, in virtual time: packets take time and get lost, wires
 * are cut, routers stall, priorities and configurations change. Whatever has happened: once the
 * trouble is over and one master-down interval plus the worst detour has passed, there is one
 * master, and it is the right one. In version 3 each router has an interval of its own, and half of
 * the runs are over IPv6.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/vrrp/packet.h"
#include "tests/unit/vrrp_rig.h"

#define ROUTERS	   3
#define WIRE	   512
#define SEEDS	   150
#define TROUBLE_S  40
#define CALM_S	   12
#define LATENCY_US 200

struct packet {
	uint64_t at_us;
	unsigned to;
	struct ip source, group;
	size_t size;
	uint8_t message[64];
};

struct sim {
	struct rig rigs[ROUTERS];
	struct packet wire[WIRE]; /* in flight */
	size_t n_wire;
	uint64_t now_us, random;
	bool cut[ROUTERS];
	uint64_t stalled_until_us[ROUTERS];
	unsigned loss_percent;
	uint8_t priority[ROUTERS];
	bool preempt;
	unsigned version;
	bool v6;
};

static uint64_t roll(struct sim *sim, uint64_t below)
{
	sim->random ^= sim->random << 13;
	sim->random ^= sim->random >> 7;
	sim->random ^= sim->random << 17;
	return sim->random % below;
}

static unsigned number_of(const struct sim *sim, const struct rig *rig)
{
	return (unsigned)(rig - sim->rigs);
}

static void on_send(struct rig *rig, const struct ip *source, const struct ip *group,
		    const void *message, size_t size)
{
	struct sim *sim = rig->network;
	unsigned from = number_of(sim, rig);

	for (unsigned to = 0; to < ROUTERS; to++) {
		struct packet *packet;

		if (to == from || sim->cut[from] || sim->cut[to] ||
		    roll(sim, 100) < sim->loss_percent)
			continue;
		assert_true(sim->n_wire < WIRE && size <= sizeof packet->message);
		packet = &sim->wire[sim->n_wire++];
		*packet = (struct packet){.at_us = rig->now_us + LATENCY_US + roll(sim, 300),
					  .to = to,
					  .source = *source,
					  .group = *group,
					  .size = size};
		memcpy(packet->message, message, size);
	}
}

/* A stalled router receives nothing and its timers do not fire; it reads all that waits before its
 * timers. */
static uint64_t not_before(const struct sim *sim, unsigned router, uint64_t at_us)
{
	return at_us < sim->stalled_until_us[router] ? sim->stalled_until_us[router] : at_us;
}

static struct packet *next_packet(struct sim *sim, uint64_t *ret_at_us)
{
	struct packet *first = NULL;

	for (size_t i = 0; i < sim->n_wire; i++) {
		uint64_t at_us = not_before(sim, sim->wire[i].to, sim->wire[i].at_us);

		if (!first || at_us < *ret_at_us) {
			first = &sim->wire[i];
			*ret_at_us = at_us;
		}
	}
	return first;
}

static struct rig *next_timer(struct sim *sim, uint64_t *ret_at_us)
{
	struct rig *first = NULL;

	for (unsigned i = 0; i < ROUTERS; i++) {
		uint64_t due_us = vrrp_engine_due_us(sim->rigs[i].engine);

		if (!due_us)
			continue;
		due_us = not_before(sim, i, due_us);
		if (!first || due_us < *ret_at_us) {
			first = &sim->rigs[i];
			*ret_at_us = due_us;
		}
	}
	return first;
}

static void advance(struct sim *sim, struct rig *rig, uint64_t at_us)
{
	if (at_us > sim->now_us)
		sim->now_us = at_us;
	rig->now_us = sim->now_us;
	rig->n_effects = rig->read_effects = 0;
}

static void run_until(struct sim *sim, uint64_t end_us)
{
	for (;;) {
		uint64_t packet_us = UINT64_MAX, timer_us = UINT64_MAX;
		struct packet *packet = next_packet(sim, &packet_us), arrived;
		struct rig *rig = next_timer(sim, &timer_us);

		if (packet && packet_us <= timer_us && packet_us <= end_us) {
			arrived = *packet;
			*packet = sim->wire[--sim->n_wire];
			rig = &sim->rigs[arrived.to];
			advance(sim, rig, packet_us);
			if (!sim->cut[arrived.to])
				rig_receive(rig, 3,
					    &(struct vrrp_envelope){.source = arrived.source,
								    .destination = arrived.group,
								    .ttl = VRRP_TTL,
								    .message = arrived.message,
								    .size = arrived.size});
		} else if (rig && timer_us <= end_us) {
			advance(sim, rig, timer_us);
			vrrp_engine_tick(rig->engine, rig->now_us);
			rig_settle(rig);
		} else {
			break;
		}
	}
	sim->now_us = end_us;
}

static void load(struct sim *sim, unsigned router)
{
	struct rig *rig = &sim->rigs[router];
	static const char *const intervals[ROUTERS] = {"int=0.25", "int=0.5", "int=1"};
	char *address = sim->v6 ? "addr=fe80::100" : "addr=192.0.2.100";
	char priority[16], version[16], interval[16],
		*words[] = {"instance", "A",	  "vrid=51", priority,
			    version,	interval, address,   "nopreempt"};

	snprintf(priority, sizeof priority, "prio=%u", sim->priority[router]);
	snprintf(version, sizeof version, "version=%u", sim->version);
	snprintf(interval, sizeof interval, "%s", sim->version == 3 ? intervals[router] : "int=1");
	rig->now_us = sim->now_us;
	rig->n_effects = rig->read_effects = 0;
	assert_true(rig_conf_add(rig_conf_new(rig), words, sim->preempt ? 7 : 8));
	rig_load(rig);
}

static void set_link(struct sim *sim, unsigned router, bool up)
{
	char primary[32];

	snprintf(primary, sizeof primary, sim->v6 ? "fe80::%u" : "192.0.2.%u", router + 1);
	sim->rigs[router].now_us = sim->now_us;
	sim->rigs[router].n_effects = sim->rigs[router].read_effects = 0;
	rig_link(&sim->rigs[router], "eth0", 3, true, up, primary);
}

static void make_trouble(struct sim *sim)
{
	unsigned router = (unsigned)roll(sim, ROUTERS);

	switch (roll(sim, 7)) {
	case 0:
		sim->cut[router] = !sim->cut[router];
		break;
	case 1:
		sim->stalled_until_us[router] = sim->now_us + roll(sim, 12 * USEC_PER_SEC);
		break;
	case 2:
		set_link(sim, router, false);
		break;
	case 3:
		set_link(sim, router, true);
		break;
	case 4:
		sim->loss_percent = (unsigned)roll(sim, 60);
		break;
	case 5:
		if (sim->rigs[router].n_confs == RIG_CONFS)
			break;
		sim->priority[router] = (uint8_t)(50 + 50 * roll(sim, 3));
		load(sim, router);
		break;
	default:
		break;
	}
}

static unsigned masters(const struct sim *sim, unsigned *ret_last)
{
	unsigned count = 0;

	for (unsigned i = 0; i < ROUTERS; i++)
		if (rig_row(&sim->rigs[i], "A")->state == VRRP_MASTER) {
			count++;
			*ret_last = i;
		}
	return count;
}

/* Highest priority; with equal priorities whoever is there already may stay. */
static bool is_rightful(const struct sim *sim, unsigned master)
{
	for (unsigned i = 0; i < ROUTERS; i++)
		if (sim->priority[i] > sim->priority[master])
			return false;
	return true;
}

static void calm_down(struct sim *sim)
{
	sim->loss_percent = 0;
	for (unsigned i = 0; i < ROUTERS; i++) {
		sim->cut[i] = false;
		sim->stalled_until_us[i] = 0;
		set_link(sim, i, true);
	}
}

static void run_seed(uint64_t seed, bool preempt, unsigned version, bool v6)
{
	static struct sim sim; /* large */
	unsigned master = 0, count;

	memset(&sim, 0, sizeof sim);
	sim.random = seed * 2654435761u + 1;
	sim.now_us = RIG_EPOCH_US;
	sim.preempt = preempt;
	sim.version = version;
	sim.v6 = v6;
	for (unsigned i = 0; i < ROUTERS; i++) {
		rig_start(&sim.rigs[i]);
		sim.rigs[i].network = &sim;
		sim.rigs[i].on_send = on_send;
		sim.priority[i] = (uint8_t)(50 + 50 * roll(&sim, 3));
		set_link(&sim, i, true);
		load(&sim, i);
	}
	for (unsigned second = 0; second < TROUBLE_S; second++) {
		make_trouble(&sim);
		run_until(&sim, sim.now_us + roll(&sim, 2 * USEC_PER_SEC));
	}
	calm_down(&sim);
	run_until(&sim, sim.now_us + CALM_S * USEC_PER_SEC);
	/* From here on not one of the states may move. */
	for (unsigned tenth = 0; tenth < 100; tenth++) {
		count = masters(&sim, &master);
		if (count != 1 || (preempt && !is_rightful(&sim, master)))
			fail_msg("seed %lu, preempt %d, version %u, v6 %d: %u masters, last %u "
				 "(priorities %u %u %u)",
				 (unsigned long)seed, preempt, version, v6, count, master,
				 sim.priority[0], sim.priority[1], sim.priority[2]);
		run_until(&sim, sim.now_us + USEC_PER_SEC / 10);
	}
	for (unsigned i = 0; i < ROUTERS; i++)
		rig_end(&sim.rigs[i]);
}

static void test_one_master(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		run_seed(seed, true, 2, false);
}

static void test_one_master_without_preemption(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		run_seed(seed, false, 2, false);
}

static void test_one_master_in_version_3(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		run_seed(seed, seed % 2, 3, seed / 2 % 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_master),
		cmocka_unit_test(test_one_master_without_preemption),
		cmocka_unit_test(test_one_master_in_version_3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
