/* SPDX-License-Identifier: MIT */
/*
 * One state machine by itself, in virtual time: made in a version and with conditions, led into a
 * state, fed with events. Shared by the tests of core/vrrp/fsm; include it last.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/vrrp/fsm.h"

#define START_US (1000 * USEC_PER_SEC)

/* Conditions, as bits. */
enum { OWNER = 1, PREEMPT = 2, SILENT = 4 /* lower_prio_no_advert */, CONDITIONS = 8 };

/* Durations. In version 3 the peers keep an interval of their own, which is learned. */
struct flavour {
	uint8_t version;
	uint64_t own_us, peer_us;
};

struct rig {
	const struct flavour *flavour;
	bool learned; /* an advert has been accepted since the last start or mastership */
	struct conf_instance conf;
	struct vrrp_instance vi;
	uint64_t now_us;
};

static inline struct ip address(const char *text)
{
	struct ip ip = {0};

	assert_int_equal(ip_parse(text, &ip), 0);
	return ip;
}

static inline struct vrrp_actions conditions(struct rig *rig, uint32_t holds, uint32_t faults)
{
	const struct vrrp_event event = {
		.kind = VRRP_EVENT_CONDITIONS, .holds = holds, .faults = faults};

	return vrrp_step(&rig->vi, &event, rig->now_us);
}

static inline struct vrrp_actions tick(struct rig *rig)
{
	return vrrp_step(&rig->vi, &(struct vrrp_event){.kind = VRRP_EVENT_TICK}, rig->now_us);
}

static inline struct vrrp_actions advert(struct rig *rig, uint8_t priority, const char *source)
{
	const struct vrrp_event event = {.kind = VRRP_EVENT_ADVERT,
					 .priority = priority,
					 .source = address(source),
					 .interval_us = rig->flavour->peer_us};

	return vrrp_step(&rig->vi, &event, rig->now_us);
}

static inline struct vrrp_actions addrs_done(struct rig *rig, int error)
{
	const struct vrrp_event event = {
		.kind = VRRP_EVENT_ADDRS_DONE, .set = true, .error = error};

	return vrrp_step(&rig->vi, &event, rig->now_us);
}

static inline void rig_new_of(struct rig *rig, const struct flavour *flavour, unsigned condition)
{
	memset(rig, 0, sizeof *rig);
	rig->flavour = flavour;
	rig->now_us = START_US;
	rig->conf = (struct conf_instance){
		.name = "R",
		.version = flavour->version,
		.down_timer_adverts = 3,
		.priority = condition & OWNER ? 255 : 100,
		.preempt = condition & PREEMPT,
		.lower_prio_no_advert = condition & SILENT,
		.garp_repeat = 5,
		.garp_lower_prio_repeat = 5,
		.group = CONF_NONE,
	};
	rig->vi.conf = &rig->conf;
	rig->vi.primary = address("192.0.2.9");
	rig->vi.priority = rig->conf.priority;
	rig->vi.advert_us = flavour->own_us;
	rig->vi.preempt = rig->conf.preempt;
}

static inline void rig_new(struct rig *rig, unsigned condition)
{
	static const struct flavour v2 = {2, USEC_PER_SEC, USEC_PER_SEC};

	rig_new_of(rig, &v2, condition);
}

/* Leads the machine into a state by events alone; leaves half an interval of every timer behind. */
static inline void drive(struct rig *rig, enum vrrp_state state)
{
	if (state == VRRP_INITIALIZE)
		return;
	(void)conditions(rig, 0, state == VRRP_FAULT ? VRRP_FAULT_LINK : 0);
	if (state == VRRP_MASTER && rig->vi.state == VRRP_BACKUP) {
		rig->now_us = rig->vi.down_at_us;
		(void)tick(rig);
	} else if (state == VRRP_BACKUP && rig->vi.state == VRRP_MASTER) {
		(void)advert(rig, 255,
			     "192.0.2.200"); /* an owner yields to an owner with a higher address */
		rig->learned = true;
	}
	assert_int_equal(rig->vi.state, state);
	rig->now_us += (rig->learned ? rig->flavour->peer_us : rig->flavour->own_us) / 2;
}
