/* SPDX-License-Identifier: MIT */
/*
 * One router of the simulation: an engine, its configuration, its interfaces and a clock that runs
 * too fast or too slow. See sim.h.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/vrrp/packet.h"
#include "tests/unit/sim.h"

static const char *const instances[SIM_LANS] = {"A", "B"};
static const char *const devices[SIM_LANS] = {"eth0", "eth1"};

/* What the clock shows at a true time. */
static uint64_t shown(const struct sim_node *node, uint64_t at_us)
{
	int64_t wrong_us = (int64_t)at_us * node->drift_ppm / 1000000;

	return node->clock_at_0_us + at_us + (uint64_t)wrong_us;
}

uint64_t sim_node_clock(const struct sim_node *node)
{
	return shown(node, node->sim->now_us);
}

/* The first true time at which the clock shows as much. */
static uint64_t when(const struct sim_node *node, uint64_t shows_us)
{
	double rate = 1 + (double)node->drift_ppm / 1e6;
	uint64_t at_us = 0;

	if (shows_us > node->clock_at_0_us)
		at_us = (uint64_t)((double)(shows_us - node->clock_at_0_us) / rate);
	while (at_us && shown(node, at_us - 1) >= shows_us)
		at_us--;
	while (shown(node, at_us) < shows_us)
		at_us++;
	return at_us;
}

struct ip sim_node_address(const struct sim *sim, unsigned number, unsigned lan)
{
	struct ip ip = {.family = sim->v6 ? AF_INET6 : AF_INET};

	if (sim->v6) {
		ip.octets[0] = 0xfe;
		ip.octets[1] = 0x80;
		ip.octets[13] = (uint8_t)lan;
		ip.octets[15] = (uint8_t)(number + 1);
	} else {
		memcpy(ip.octets, (uint8_t[]){192, 0, (uint8_t)(2 + lan), (uint8_t)(number + 1)},
		       4);
	}
	return ip;
}

static void begin(struct sim_node *node)
{
	node->rig.now_us = sim_node_clock(node);
	node->rig.n_effects = node->rig.read_effects = 0;
}

/* After everything that the engine was told. */
static void end(struct sim_node *node)
{
	struct rig *rig = &node->rig;
	uint64_t due_us;

	while (node->main == SIM_FAILS && rig->n_asked)
		for (unsigned lan = 0; lan < node->sim->n_lans; lan++)
			(void)rig_answer(rig, instances[lan], -EIO);
	if (node->main == SIM_SILENT && rig->n_asked > 32) /* the oldest are of no interest */
		memmove(rig->asked, rig->asked + 16, (rig->n_asked -= 16) * sizeof *rig->asked);
	due_us = vrrp_engine_due_us(rig->engine);
	node->due_us = due_us ? when(node, due_us) : SIM_NEVER;
	sim_judge_look(node);
}

static void on_log(struct rig *rig, const char *line)
{
	const struct sim_node *node = rig->network;

	sim_trace(node->sim, node, "%s", line);
}

static void set_port(struct sim_node *node, unsigned lan)
{
	struct ip own = sim_node_address(node->sim, node->number, lan);
	enum sim_port port = node->ports[lan];
	char address[IP_TEXT_MAX];

	rig_link(&node->rig, devices[lan], SIM_FIRST_DEVICE + lan, port != SIM_ABSENT,
		 port != SIM_DOWN, port == SIM_NO_ADDRESS ? NULL : ip_format(&own, address));
}

void sim_node_start(struct sim_node *node)
{
	struct sim *sim = node->sim;

	rig_start(&node->rig);
	node->rig.network = node;
	node->rig.on_send = sim_wire_send;
	node->rig.on_log = on_log;
	node->rig.verbose = sim->trace;
	node->rig.answer_addrs = node->main == SIM_ANSWERS;
	/* The machine was booted at another time than the others. */
	node->clock_at_0_us = RIG_EPOCH_US + sim_roll(sim, 1000 * USEC_PER_SEC);
	node->drift_ppm = (int64_t)sim_roll(sim, 2 * SIM_DRIFT_PPM + 1) - SIM_DRIFT_PPM;
	node->runs = true;
	node->stalled_until_us = 0;
	begin(node);
	for (unsigned lan = 0; lan < sim->n_lans; lan++)
		set_port(node, lan);
	(void)sim_node_load(node);
}

static void leave(struct sim_node *node)
{
	rig_end(&node->rig);
	node->runs = false;
	node->due_us = SIM_NEVER;
	for (unsigned lan = 0; lan < node->sim->n_lans; lan++)
		node->states[lan] = VRRP_INITIALIZE;
	sim_judge_look(node);
}

void sim_node_crash(struct sim_node *node)
{
	sim_trace(node->sim, node, "-- crash");
	leave(node);
}

void sim_node_stop(struct sim_node *node)
{
	sim_trace(node->sim, node, "-- stop");
	begin(node);
	vrrp_engine_stop(node->rig.engine, node->rig.now_us);
	rig_settle(&node->rig);
	leave(node);
}

struct words {
	char text[32][64];
	char *pointers[32];
	size_t n;
};

static void say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *words, const char *format, ...)
{
	char *room = words->text[words->n];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(room, sizeof words->text[0], format, arguments);
	va_end(arguments);
	words->pointers[words->n++] = room;
}

static void say_options(const struct sim_node *node, struct words *words)
{
	const struct sim *sim = node->sim;

	say(words, "version=%u", sim->version);
	say(words, "prio=%u", node->priority);
	say(words, "int=%.6f", (double)node->interval_us / 1e6);
	say(words, "adverts=%u", node->adverts);
	if (node->preempt_delay_us)
		say(words, "preempt_delay=%.6f", (double)node->preempt_delay_us / 1e6);
	if (!node->preempt)
		say(words, "nopreempt");
	if (node->master_word)
		say(words, "master");
	if (node->quiet_master)
		say(words, "lower_prio_no_advert");
	if (node->parting_advert)
		say(words, "higher_prio_send_advert");
	if (sim->auth)
		say(words, "%s", sim->auth);
}

static void add_instance(const struct sim_node *node, struct conf *conf, unsigned lan)
{
	struct words words = {.n = 0};
	const struct sim *sim = node->sim;
	char address[IP_TEXT_MAX];
	struct ip ip = sim_node_address(sim, 99, lan);

	say(&words, "instance");
	say(&words, "%s", instances[lan]);
	say(&words, "on=%s", devices[lan]);
	say(&words, "vrid=%u", 51 + lan);
	say(&words, "addr=%s", ip_format(&ip, address));
	say_options(node, &words);
	for (unsigned i = 0; sim->unicast && i < sim->n_nodes; i++) {
		ip = sim_node_address(sim, i, lan);
		say(&words, "peer=%s", ip_format(&ip, address));
	}
	if (!rig_conf_add(conf, words.pointers, words.n))
		abort();
}

bool sim_node_load(struct sim_node *node)
{
	char *group[] = {"group", "G", "A", "B"};
	struct conf *conf;

	if (node->rig.n_confs == RIG_CONFS)
		return false;
	if (node->interval_us > node->sim->longest_us)
		node->sim->longest_us = node->interval_us;
	sim_trace(node->sim, node, "-- load: priority %u, every %lu us, %u adverts%s, delay %lu us",
		  node->priority, (unsigned long)node->interval_us, node->adverts,
		  node->preempt ? "" : ", nopreempt", (unsigned long)node->preempt_delay_us);
	begin(node);
	conf = rig_conf_new(&node->rig);
	for (unsigned lan = 0; lan < node->sim->n_lans; lan++)
		add_instance(node, conf, lan);
	if (node->sim->n_lans > 1 && !rig_conf_add(conf, group, 4))
		abort();
	rig_load(&node->rig);
	end(node);
	return true;
}

void sim_node_set_port(struct sim_node *node, unsigned lan, enum sim_port port)
{
	static const char *const names[] = {"up", "down", "without address", "absent"};

	sim_trace(node->sim, node, "-- %s %s", devices[lan], names[port]);
	node->ports[lan] = port;
	if (!node->runs)
		return;
	begin(node);
	set_port(node, lan);
	end(node);
}

void sim_node_set_main(struct sim_node *node, enum sim_main main)
{
	static const char *const names[] = {"can be set", "wait", "cannot be set"};

	sim_trace(node->sim, node, "-- addresses %s", names[main]);
	node->main = main;
	node->rig.answer_addrs = main == SIM_ANSWERS;
	if (!node->runs)
		return;
	begin(node);
	rig_settle(&node->rig);
	end(node);
}

void sim_node_receive(struct sim_node *node, const struct sim_packet *packet)
{
	bool sealed = packet->protocol == VRRP_PROTOCOL_AH;
	size_t ah = sealed ? VRRP_AH_OCTETS : 0;
	const struct vrrp_envelope envelope = {.source = packet->source,
					       .destination = packet->destination,
					       .ttl = packet->ttl,
					       .message = packet->octets + ah,
					       .size = packet->size - ah,
					       .sealed = sealed};

	begin(node);
	rig_receive(&node->rig, SIM_FIRST_DEVICE + packet->lan, &envelope);
	end(node);
}

uint64_t sim_node_due(const struct sim_node *node)
{
	uint64_t due_us = node->runs ? node->due_us : node->restart_at_us;

	return node->runs && due_us < node->stalled_until_us ? node->stalled_until_us : due_us;
}

void sim_node_tick(struct sim_node *node)
{
	if (!node->runs) {
		node->restart_at_us = SIM_NEVER;
		sim_trace(node->sim, node, "-- start");
		sim_node_start(node);
		return;
	}
	begin(node);
	vrrp_engine_tick(node->rig.engine, node->rig.now_us);
	rig_settle(&node->rig);
	end(node);
}

bool sim_node_is_eligible(const struct sim_node *node)
{
	if (!node->runs)
		return false;
	for (unsigned lan = 0; lan < node->sim->n_lans; lan++)
		if (node->ports[lan] != SIM_UP)
			return false;
	return true;
}
