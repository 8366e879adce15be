/* SPDX-License-Identifier: MIT */
/*
 * The VRRP state machine. vrrp_step() is the only function of the daemon that writes VRRP state; it
 * decides and returns, and does nothing else. Run by the vrrp thread, by the replay scripts and by
 * the simulation in virtual time.
 *
 * Sources: RFC 3768 section 6.4 (the tables), RFC 9568 section 6.4.3 (a losing advert is answered),
 * keepalived.conf(5) for FAULT, nopreempt, preempt_delay and the gratuitous ARP options.
 */
#include "core/vrrp/fsm.h"

#include <stddef.h>

#include "core/vrrp/packet.h"
#include "core/vrrp/timer.h"

/* One step in the making. */
struct step {
	struct vrrp_instance *vi;
	uint64_t now_us;
	struct vrrp_actions actions;
};

/* The interval our peers keep: learned in version 3, configured (and enforced) in version 2. */
static uint64_t peer_interval_us(const struct vrrp_instance *vi)
{
	if (vi->conf->version == 3 && vi->master_adver_us)
		return vi->master_adver_us;
	return vi->advert_us;
}

uint64_t vrrp_down_us(const struct vrrp_instance *vi)
{
	return vrrp_timer_down_us(vi->conf->version, vi->priority, peer_interval_us(vi),
				  vi->conf->down_timer_adverts);
}

static bool preempts(const struct vrrp_instance *vi)
{
	return vi->preempt || vi->priority == VRRP_PRIORITY_OWNER;
}

static uint64_t confirm_us(const struct vrrp_instance *vi)
{
	uint64_t down_us = vrrp_down_us(vi);

	return down_us > VRRP_CONFIRM_LEAST_US ? down_us : VRRP_CONFIRM_LEAST_US;
}

static void act(struct step *s, uint32_t actions)
{
	s->actions.set |= actions;
}

static void burst(struct step *s, uint32_t repeat)
{
	if (!repeat)
		return;
	s->actions.set |= VRRP_SEND_GARP;
	s->actions.garp_repeat += repeat;
}

/* Every transition passes here: it settles what is common to all and leaves no timer of the old
 * state behind. */
static void enter(struct step *s, enum vrrp_state state, enum vrrp_why why)
{
	struct vrrp_instance *vi = s->vi;
	bool was_up = vi->state == VRRP_BACKUP || vi->state == VRRP_MASTER;
	bool is_up = state == VRRP_BACKUP || state == VRRP_MASTER;

	s->actions.old = vi->state;
	s->actions.why = why;
	if (vi->state == VRRP_MASTER) {
		vi->release_master++;
		act(s, VRRP_DEL_ADDRS | VRRP_STOP_GARP);
	}
	vi->state = vi->wanted = state;
	vi->changed_us = s->now_us;
	if (!is_up)
		vi->up_since_us = 0;
	else if (!was_up)
		vi->up_since_us = s->now_us;
	vi->addresses_set = false;
	vi->adver_at_us = vi->down_at_us = vi->preempt_at_us = vi->confirm_at_us = 0;
	vi->garp_at_us = vi->lower_garp_at_us = vi->refresh_at_us = vi->extra_at_us = 0;
	vi->retry_at_us = 0;
	vi->preempt_waited = false;
	act(s, VRRP_TELL_STATE);
}

static void enter_master(struct step *s, enum vrrp_why why, enum vrrp_reason reason)
{
	struct vrrp_instance *vi = s->vi;
	const struct conf_instance *conf = vi->conf;
	uint64_t patience_us = confirm_us(vi);

	enter(s, VRRP_MASTER, why);
	vi->reason = reason;
	vi->become_master++;
	/* Our own interval counts from now on. keepalived 2.2 goes on with the learned one unless
	 * it logs details. */
	vi->master_adver_us = 0;
	vi->adver_at_us = s->now_us + vi->advert_us;
	vi->confirm_at_us = s->now_us + patience_us;
	if (conf->garp_delay_us)
		vi->garp_at_us = s->now_us + conf->garp_delay_us;
	if (conf->garp_refresh_us)
		vi->refresh_at_us = s->now_us + conf->garp_refresh_us;
	if (conf->garp_extra_if_us)
		vi->extra_at_us = s->now_us + conf->garp_extra_if_us;
	act(s, VRRP_SEND_ADVERT | VRRP_ADD_ADDRS);
	burst(s, conf->garp_repeat);
}

static void arm_down(struct step *s)
{
	s->vi->down_at_us = s->now_us + vrrp_down_us(s->vi);
}

static void enter_backup(struct step *s, enum vrrp_why why)
{
	enter(s, VRRP_BACKUP, why);
	s->vi->next_reason = VRRP_MASTER_NO_RESPONSE;
	arm_down(s);
}

/* Master goes by a resignation, unless another took over: then it just yields. */
static void leave(struct step *s, enum vrrp_state state, enum vrrp_why why)
{
	if (s->vi->state == VRRP_MASTER)
		act(s, VRRP_SEND_RELEASE);
	enter(s, state, why);
	s->vi->master = (struct ip){0};
	s->vi->master_priority = 0;
	s->vi->master_adver_us = 0;
}

static void want_master(struct step *s, enum vrrp_why why, enum vrrp_reason reason)
{
	struct vrrp_instance *vi = s->vi;

	if (!vi->grouped) {
		enter_master(s, why, reason);
		return;
	}
	vi->wanted = VRRP_MASTER;
	vi->next_reason = reason;
	arm_down(s); /* what follows if the group refuses */
	act(s, VRRP_ASK_GROUP | VRRP_TELL_ROW);
}

static void start(struct step *s)
{
	bool owner = s->vi->priority == VRRP_PRIORITY_OWNER;
	enum vrrp_why why = s->vi->state == VRRP_FAULT ? VRRP_WHY_RECOVERED : VRRP_WHY_START;

	if (owner && !s->vi->grouped) {
		enter_master(s, VRRP_WHY_OWNER, VRRP_PRIORITY);
		return;
	}
	enter_backup(s, why);
	if (owner)
		want_master(s, VRRP_WHY_OWNER, VRRP_PRIORITY);
}

static enum vrrp_why fault_why(uint32_t faults)
{
	static const struct {
		uint32_t fault;
		enum vrrp_why why;
	} table[] = {
		{VRRP_FAULT_UNSUPPORTED, VRRP_WHY_UNSUPPORTED},
		{VRRP_FAULT_LINK, VRRP_WHY_LINK},
		{VRRP_FAULT_PEERS, VRRP_WHY_PEERS},
		{VRRP_FAULT_SOURCE, VRRP_WHY_SOURCE},
		{VRRP_FAULT_SOCKET, VRRP_WHY_SOCKET},
		{VRRP_FAULT_TRACK, VRRP_WHY_TRACK},
		{VRRP_FAULT_STATIC, VRRP_WHY_STATIC},
		{VRRP_FAULT_ADDRESSES, VRRP_WHY_ADDRESSES_FAILED},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (faults & table[i].fault)
			return table[i].why;
	return VRRP_WHY_GROUP;
}

static void on_conditions(struct step *s, const struct vrrp_event *event)
{
	struct vrrp_instance *vi = s->vi;
	uint32_t own = event->retry ? 0 : vi->faults & VRRP_FAULT_ADDRESSES;

	vi->holds = event->holds;
	vi->faults = (event->faults & ~(uint32_t)VRRP_FAULT_ADDRESSES) | own;
	if (vi->holds) {
		if (vi->state != VRRP_INITIALIZE)
			leave(s, VRRP_INITIALIZE,
			      vi->holds & VRRP_HOLD_STOP ? VRRP_WHY_STOP : VRRP_WHY_ADMIN);
		return;
	}
	if (vi->faults) {
		if (vi->state != VRRP_FAULT)
			leave(s, VRRP_FAULT, fault_why(vi->faults));
		return;
	}
	if (vi->state == VRRP_INITIALIZE || vi->state == VRRP_FAULT)
		start(s);
}

static void fail_addresses(struct step *s, enum vrrp_why why)
{
	s->vi->faults |= VRRP_FAULT_ADDRESSES;
	leave(s, VRRP_FAULT, why);
	s->vi->retry_at_us = s->now_us + VRRP_RETRY_US;
}

/* keepalived: a lower-priority master is left alone until preempt_delay after its first advert has
 * passed. */
static bool tolerates_lower(struct step *s)
{
	struct vrrp_instance *vi = s->vi;

	if (!preempts(vi))
		return true;
	if (!vi->conf->preempt_delay_us || vi->preempt_waited)
		return false;
	if (!vi->preempt_at_us)
		vi->preempt_at_us = s->now_us + vi->conf->preempt_delay_us;
	if (s->now_us < vi->preempt_at_us)
		return true;
	vi->preempt_at_us = 0;
	vi->preempt_waited = true;
	return false;
}

static void learn_master(struct step *s, const struct vrrp_event *event)
{
	struct vrrp_instance *vi = s->vi;

	if (ip_compare(&vi->master, &event->source) != 0 || vi->master_priority != event->priority)
		act(s, VRRP_TELL_ROW);
	vi->master = event->source;
	vi->master_priority = event->priority;
}

static void on_advert_in_backup(struct step *s, const struct vrrp_event *event)
{
	struct vrrp_instance *vi = s->vi;

	if (event->priority == VRRP_PRIORITY_RELEASE) {
		vi->down_at_us = s->now_us + vrrp_timer_skew_us(vi->conf->version, vi->priority,
								peer_interval_us(vi));
		vi->next_reason = VRRP_PRIORITY;
		return;
	}
	learn_master(s, event);
	if (event->priority >= vi->priority) {
		vi->preempt_at_us = 0;
		vi->preempt_waited = false;
	} else if (!tolerates_lower(s)) {
		vi->next_reason = VRRP_PREEMPTED; /* the timer keeps running */
		return;
	}
	if (vi->wanted != VRRP_BACKUP)
		act(s, VRRP_TELL_ROW);
	vi->wanted = VRRP_BACKUP;
	vi->next_reason = VRRP_MASTER_NO_RESPONSE;
	if (vi->conf->version == 3)
		vi->master_adver_us = event->interval_us;
	arm_down(s);
}

static void on_losing_advert(struct step *s)
{
	struct vrrp_instance *vi = s->vi;
	const struct conf_instance *conf = vi->conf;

	if (!conf->lower_prio_no_advert)
		act(s, VRRP_SEND_ADVERT);
	burst(s, conf->garp_lower_prio_repeat);
	if (conf->garp_lower_prio_delay_us && conf->garp_lower_prio_repeat)
		vi->lower_garp_at_us = s->now_us + conf->garp_lower_prio_delay_us;
	act(s, VRRP_TELL_LOWER);
}

static void on_advert_in_master(struct step *s, const struct vrrp_event *event)
{
	struct vrrp_instance *vi = s->vi;
	int address = ip_compare(&event->source, &vi->primary);
	bool higher = event->priority > vi->priority;

	if (event->priority == VRRP_PRIORITY_RELEASE) {
		act(s, VRRP_SEND_ADVERT);
		vi->adver_at_us = s->now_us + vi->advert_us;
		return;
	}
	if (event->priority == vi->priority && address == 0)
		return; /* ourselves, or a stranger with our address: no election can settle that */
	if (!higher && (event->priority < vi->priority || address < 0)) {
		on_losing_advert(s);
		return;
	}
	if (vi->conf->higher_prio_send_advert)
		act(s, VRRP_SEND_ADVERT);
	if (vi->conf->version == 3)
		vi->master_adver_us = event->interval_us;
	enter_backup(s, higher ? VRRP_WHY_HIGHER_PRIORITY : VRRP_WHY_HIGHER_ADDRESS);
	learn_master(s, event);
}

static void on_advert(struct step *s, const struct vrrp_event *event)
{
	if (s->vi->state == VRRP_BACKUP)
		on_advert_in_backup(s, event);
	else if (s->vi->state == VRRP_MASTER)
		on_advert_in_master(s, event);
}

/*
 * timer_expired_backup: we have not run for so long that a router of that priority, counting from
 * our last advert, has taken over. Our next one would take the mastership back from it, which
 * nopreempt is not to do.
 */
static bool has_lost_it(const struct vrrp_instance *vi, uint64_t now_us)
{
	const struct conf_instance *conf = vi->conf;

	if (vi->state != VRRP_MASTER || !conf->timer_expired_backup || preempts(vi))
		return false;
	return now_us + vi->advert_us >
	       vi->adver_at_us + vrrp_timer_down_us(conf->version, conf->timer_expired_backup,
						    vi->advert_us, conf->down_timer_adverts);
}

static void tick_master(struct step *s)
{
	struct vrrp_instance *vi = s->vi;
	const struct conf_instance *conf = vi->conf;

	if (vrrp_timer_is_due(vi->confirm_at_us, s->now_us)) {
		fail_addresses(s, VRRP_WHY_ADDRESSES_SILENT);
		return;
	}
	if (vrrp_timer_is_due(vi->adver_at_us, s->now_us)) {
		act(s, VRRP_SEND_ADVERT);
		vi->adver_at_us = vrrp_timer_next_us(vi->adver_at_us, vi->advert_us, s->now_us);
	}
	if (vrrp_timer_is_due(vi->garp_at_us, s->now_us)) {
		vi->garp_at_us = 0;
		burst(s, conf->garp_repeat);
	}
	if (vrrp_timer_is_due(vi->lower_garp_at_us, s->now_us)) {
		vi->lower_garp_at_us = 0;
		burst(s, conf->garp_lower_prio_repeat);
	}
	if (vrrp_timer_is_due(vi->refresh_at_us, s->now_us)) {
		vi->refresh_at_us =
			vrrp_timer_next_us(vi->refresh_at_us, conf->garp_refresh_us, s->now_us);
		burst(s, conf->garp_refresh_repeat);
	}
	if (vrrp_timer_is_due(vi->extra_at_us, s->now_us)) {
		vi->extra_at_us =
			vrrp_timer_next_us(vi->extra_at_us, conf->garp_extra_if_us, s->now_us);
		act(s, VRRP_SEND_EXTRA);
	}
}

static void on_tick(struct step *s)
{
	static const enum vrrp_why why[] = {
		[VRRP_PRIORITY] = VRRP_WHY_RELEASED,
		[VRRP_PREEMPTED] = VRRP_WHY_PREEMPTED,
		[VRRP_MASTER_NO_RESPONSE] = VRRP_WHY_SILENCE,
	};
	struct vrrp_instance *vi = s->vi;

	if (vi->state == VRRP_MASTER) {
		tick_master(s);
	} else if (vi->state == VRRP_BACKUP && vrrp_timer_is_due(vi->down_at_us, s->now_us)) {
		want_master(s, why[vi->next_reason], vi->next_reason);
	} else if (vi->state == VRRP_FAULT && vrrp_timer_is_due(vi->retry_at_us, s->now_us)) {
		vi->retry_at_us = 0;
		vi->faults &= ~(uint32_t)VRRP_FAULT_ADDRESSES;
		act(s, VRRP_TELL_ROW);
		if (!vi->faults)
			start(s);
	}
}

static void on_addrs_done(struct step *s, const struct vrrp_event *event)
{
	struct vrrp_instance *vi = s->vi;

	if (vi->state != VRRP_MASTER || !event->set)
		return;
	if (event->error) {
		fail_addresses(s, VRRP_WHY_ADDRESSES_FAILED);
		return;
	}
	vi->confirm_at_us = 0;
	if (vi->addresses_set)
		return; /* only routes or rules had changed */
	vi->addresses_set = true;
	act(s, VRRP_TELL_ROW);
	burst(s, vi->conf->garp_repeat);
}

static void on_reconf(struct step *s, const struct vrrp_event *event)
{
	struct vrrp_instance *vi = s->vi;
	const struct conf_instance *conf = vi->conf;

	if (vi->state == VRRP_MASTER) {
		if (vi->adver_at_us > s->now_us + vi->advert_us)
			vi->adver_at_us = s->now_us + vi->advert_us;
		vi->refresh_at_us =
			vrrp_timer_rearm_us(vi->refresh_at_us, conf->garp_refresh_us, s->now_us);
		vi->extra_at_us =
			vrrp_timer_rearm_us(vi->extra_at_us, conf->garp_extra_if_us, s->now_us);
	} else if (vi->state == VRRP_BACKUP && event->timers_changed) {
		arm_down(s);
	}
	if (!conf->preempt_delay_us) {
		vi->preempt_at_us = 0;
		vi->preempt_waited = false;
	}
	if (event->routing_changed && vi->state == VRRP_MASTER)
		act(s, VRRP_ADD_ADDRS);
	if (!event->addresses_changed)
		return;
	if (vi->state == VRRP_MASTER) {
		vi->addresses_set = false;
		vi->confirm_at_us = s->now_us + confirm_us(vi);
		act(s, VRRP_ADD_ADDRS);
	} else if (vi->priority != VRRP_PRIORITY_OWNER) {
		act(s, VRRP_DEL_ADDRS);
	}
}

struct vrrp_actions vrrp_step(struct vrrp_instance *vi, const struct vrrp_event *event,
			      uint64_t now_us)
{
	struct step s = {.vi = vi, .now_us = now_us, .actions.old = vi->state};

	if ((event->kind == VRRP_EVENT_TICK || event->kind == VRRP_EVENT_ADVERT) &&
	    has_lost_it(vi, now_us))
		enter_backup(&s, VRRP_WHY_LATE);
	switch (event->kind) {
	case VRRP_EVENT_CONDITIONS:
		on_conditions(&s, event);
		break;
	case VRRP_EVENT_ADVERT:
		on_advert(&s, event);
		break;
	case VRRP_EVENT_TICK:
		on_tick(&s);
		break;
	case VRRP_EVENT_ADDRS_DONE:
		on_addrs_done(&s, event);
		break;
	case VRRP_EVENT_GROUP_MASTER:
		if (vi->state == VRRP_BACKUP)
			enter_master(&s, VRRP_WHY_GROUP, vi->next_reason);
		break;
	case VRRP_EVENT_GROUP_BACKUP:
		if (vi->state == VRRP_MASTER)
			enter_backup(&s, VRRP_WHY_GROUP);
		break;
	case VRRP_EVENT_GROUP_LOWER:
		if (vi->state == VRRP_MASTER)
			burst(&s, vi->conf->garp_lower_prio_repeat);
		break;
	case VRRP_EVENT_RECONF:
		on_reconf(&s, event);
		break;
	case VRRP_EVENTS:
		break;
	}
	return s.actions;
}

uint64_t vrrp_due_us(const struct vrrp_instance *vi)
{
	const uint64_t deadlines[] = {
		vi->adver_at_us,      vi->down_at_us,	 vi->confirm_at_us, vi->garp_at_us,
		vi->lower_garp_at_us, vi->refresh_at_us, vi->extra_at_us,   vi->retry_at_us,
	};
	uint64_t first = 0;

	for (size_t i = 0; i < sizeof deadlines / sizeof *deadlines; i++)
		if (deadlines[i] && (!first || deadlines[i] < first))
			first = deadlines[i];
	return first;
}
