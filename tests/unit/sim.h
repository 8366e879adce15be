/* SPDX-License-Identifier: MIT */
/*
 * Several whole VRRP engines on a bad network, in virtual time. Everything follows from one number,
 * the seed: how many routers, of which version and family, what they are configured for, how fast
 * their clocks run, what goes wrong and when. sim_wire.c is the network, sim_node.c a router with
 * its clock, sim_trouble.c what goes wrong, sim_judge.c what may come of it.
 *
 * Times are true ones, in microseconds from the start of the simulation; a router knows only its
 * own clock.
 */
#pragma once

#include "core/base/clock.h"
#include "tests/unit/vrrp_rig.h"

#define SIM_NODES	 16
#define SIM_LANS	 2
#define SIM_WIRE	 8192
#define SIM_OCTETS	 64
#define SIM_STORM	 1000000 /* packets in one run: they answer each other without end */
#define SIM_DRIFT_PPM	 2000	 /* a clock may run so much too fast or too slow */
#define SIM_NEVER	 UINT64_MAX
#define SIM_FIRST_DEVICE 3 /* ifindex of eth0 */

struct sim_packet {
	uint64_t at_us, order; /* in flight: the earliest first, of those the first sent */
	unsigned to, lan;
	struct ip source, destination;
	uint8_t ttl, protocol;
	size_t size;
	uint8_t octets[SIM_OCTETS];
};

enum sim_port { SIM_UP, SIM_DOWN, SIM_NO_ADDRESS, SIM_ABSENT, SIM_PORTS };
/* How main answers when it is to set addresses. */
enum sim_main { SIM_ANSWERS, SIM_SILENT, SIM_FAILS, SIM_MAINS };

struct sim;

struct sim_node {
	struct rig rig;
	struct sim *sim;
	unsigned number;
	bool runs, gone; /* gone: for good, it will not come back */
	uint64_t restart_at_us;
	/* The clock: what it showed at the beginning, and how wrong it runs. */
	uint64_t clock_at_0_us;
	int64_t drift_ppm;
	uint64_t stalled_until_us;
	uint64_t due_us; /* the engine's next deadline; SIM_NEVER */
	enum sim_port ports[SIM_LANS];
	enum sim_main main;
	enum vrrp_state states[SIM_LANS];
	/* its configuration */
	uint8_t priority, adverts;
	bool preempt, master_word, quiet_master, parting_advert;
	uint64_t interval_us, preempt_delay_us;
	unsigned part; /* of the network, when that is cut in two */
};

/* Of one kind of time: the worst case, and the seed that showed it. */
struct sim_worst {
	double value;
	uint64_t seed;
	uint64_t us, unit_us;
};

struct sim_report {
	struct sim_worst split, none, settling, takeover;
	uint64_t packets, troubles, transitions;
};

struct sim {
	uint64_t seed, random, now_us;
	bool trace;
	/* the scenario */
	unsigned n_nodes, n_lans, version;
	bool v6, unicast, owner;
	const char *auth;    /* words of a configuration; NULL: none */
	uint64_t unit_us;    /* the shortest interval */
	uint64_t longest_us; /* of all that have been in use */
	struct sim_node nodes[SIM_NODES];
	/* the network */
	struct sim_packet wire[SIM_WIRE]; /* a heap */
	size_t n_wire;
	uint64_t sent;
	unsigned loss_percent, double_percent, damage_percent;
	uint64_t delay_us;
	bool deaf[SIM_NODES][SIM_NODES]; /* the first does not hear the second */
	/* the judge: on since when, SIM_NEVER while there is trouble */
	uint64_t watched_from_us, split_from_us[SIM_LANS], none_from_us[SIM_LANS];
	bool still;	   /* from now on no state may move */
	char verdict[200]; /* what was wrong, "" nothing */
	struct sim_report *report;
};

/* sim_wire.c */
uint64_t sim_roll(struct sim *sim, uint64_t below);
bool sim_chance(struct sim *sim, unsigned percent);
void sim_wire_send(struct rig *rig, const struct rig_sent *sent);
/* When the next packet arrives; SIM_NEVER. A router that is stalled gets it when it goes on. */
uint64_t sim_wire_due(struct sim *sim);
void sim_wire_deliver(struct sim *sim);
/* When the last of those on their way arrives. */
uint64_t sim_wire_last(const struct sim *sim);

/* sim_node.c */
void sim_node_start(struct sim_node *node);
void sim_node_crash(struct sim_node *node);
void sim_node_stop(struct sim_node *node); /* with resignations */
/* Its configuration as the fields of node say; false: it has had as many as a rig can hold. */
bool sim_node_load(struct sim_node *node);
void sim_node_set_port(struct sim_node *node, unsigned lan, enum sim_port port);
void sim_node_set_main(struct sim_node *node, enum sim_main main);
void sim_node_receive(struct sim_node *node, const struct sim_packet *packet);
/* When the router has something to do, and lets it do that. */
uint64_t sim_node_due(const struct sim_node *node);
void sim_node_tick(struct sim_node *node);
/* What time its clock shows. */
uint64_t sim_node_clock(const struct sim_node *node);
struct ip sim_node_address(const struct sim *sim, unsigned number, unsigned lan);
bool sim_node_is_eligible(const struct sim_node *node);

/* sim_trouble.c */
void sim_trouble_scenario(struct sim *sim);
void sim_trouble_make(struct sim *sim);
/* The last of it: whatever comes after this is the engines' own. */
void sim_trouble_end(struct sim *sim);
void sim_trace(const struct sim *sim, const struct sim_node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* sim_judge.c */
void sim_judge_watch(struct sim *sim);
/* The states of a router may have changed. */
void sim_judge_look(struct sim_node *node);
/* How long it may take until one is master and nothing moves any more, by the RFC's formulas. */
uint64_t sim_judge_bound(const struct sim *sim);
/* How long until the first of the others takes over from this one, after its last advert or its
 * resignation. */
uint64_t sim_judge_takeover(const struct sim *sim, const struct sim_node *gone, bool resigned);
/* One master on each network, and none that has to give way to another. */
void sim_judge_settled(struct sim *sim);
struct sim_node *sim_judge_master(struct sim *sim, unsigned lan, unsigned *ret_count);
void sim_judge_note(struct sim *sim, struct sim_worst *worst, uint64_t us, double value);
void sim_judge_fail(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
