/* SPDX-License-Identifier: MIT */
/*
 * Executes what vrrp_step() decided, in the order of fsm.h: adverts, addresses, gratuitous ARP,
 * then the sync group and the notifications. vrrp thread; all effects through struct vrrp_ops, none
 * waits.
 */
#include "core/vrrp/engine_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/vrrp/ah.h"

/* Keys of the rate limit behind that of core/vrrp/announce.c, counted on by instance. */
#define LIMIT_SEND (VRRP_DISCARDS + 2000u)

/* One advert has one number, to however many peers it goes. */
static void number_advert(struct vrrp_unit *unit)
{
	/* Beyond what the master before us has sent, or nobody would believe us. */
	if (unit->ah_sent < unit->ah_heard)
		unit->ah_sent = unit->ah_heard;
	unit->ah_sent++;
}

/* packet: room for the header of AH, then the message. */
static int send_sealed(struct vrrp_engine *e, const struct vrrp_unit *unit,
		       const struct ip *destination, uint8_t ttl, uint8_t *packet, size_t size)
{
	const struct ip *source = &unit->fsm.primary;
	int r = vrrp_ah_seal(e->hmac, vrrp_engine_key(unit), unit->ah_sent, source, destination,
			     ttl, packet, size);

	return r < 0 ? r
		     : e->ops->send(e->owner, vrrp_macvlan_out(unit), source, destination, ttl,
				    VRRP_PROTOCOL_AH, packet, size);
}

/* old_unicast_checksum: as if it went to the group. */
static bool is_old_unicast(const struct vrrp_unit *unit)
{
	const struct conf_instance *conf = unit->fsm.conf;

	if (!conf->n_peers || vrrp_source_family(unit) == VRRP_IPV6)
		return false;
	return conf->old_checksum == CONF_OLD_CHECKSUM_ALWAYS ||
	       (conf->old_checksum == CONF_OLD_CHECKSUM_AUTO && unit->old_peer);
}

/* The checksum of version 3 is of the destination, so each has a message of its own. */
static bool send_to(struct vrrp_engine *e, struct vrrp_unit *unit, const struct vrrp_advert *advert,
		    const struct ip *destination, uint8_t ttl, uint64_t now_us)
{
	const struct conf_instance *conf = unit->fsm.conf;
	const struct ip *source = &unit->fsm.primary;
	const struct ip *summed = is_old_unicast(unit) ? &e->mcast_groups[VRRP_IPV4] : destination;
	uint8_t packet[VRRP_AH_OCTETS + VRRP_MESSAGE_MAX], *message = packet + VRRP_AH_OCTETS;
	char to[IP_TEXT_MAX];
	uint32_t held_back;
	int r = vrrp_packet_encode(advert, source, summed, !conf->v3_checksum_as_v2, message,
				   VRRP_MESSAGE_MAX);

	if (r > 0 && advert->auth_type == VRRP_AUTH_AH)
		r = send_sealed(e, unit, destination, ttl, packet, VRRP_AH_OCTETS + (size_t)r);
	else if (r > 0)
		r = e->ops->send(e->owner, vrrp_macvlan_out(unit), source, destination, ttl,
				 VRRP_PROTOCOL, message, (size_t)r);
	if (r < 0 && vrrp_limit_allows(&e->limit, LIMIT_SEND + unit->conf_index, destination,
				       now_us, &held_back))
		e->ops->log(e->owner, LOG_WARNING, "%s: advert to %s not sent on %s: %s (%u more)",
			    conf->name, ip_format(destination, to),
			    vrrp_links_name(vrrp_links_home(e, conf)), strerror(-r), held_back);
	return r >= 0;
}

/* To the group, or to each peer but ourselves: one list of peers may serve all routers. */
static bool send_everywhere(struct vrrp_engine *e, struct vrrp_unit *unit,
			    const struct vrrp_advert *advert, uint64_t now_us)
{
	const struct conf_instance *conf = unit->fsm.conf;
	const struct ip *group = vrrp_listen_group(e, unit);
	bool sent = false;

	if (group)
		return send_to(e, unit, advert, group, VRRP_TTL, now_us);
	for (size_t i = 0; i < conf->n_peers; i++)
		if (ip_compare(&conf->peers[i].ip, &unit->fsm.primary) != 0)
			sent |= send_to(e, unit, advert, &conf->peers[i].ip, conf->unicast_ttl,
					now_us);
	return sent;
}

/* As configured, but for a link-local one, which is to be the first (RFC 9568 section 5.2.9). */
static void list_addresses(const struct conf_instance *conf, struct vrrp_advert *advert)
{
	size_t first = 0, n = conf->n_addresses;

	while (first < n && !ip_is_link_local(&conf->addresses[first].ip))
		first++;
	if (first < n)
		advert->addresses[advert->n_addresses++] = conf->addresses[first].ip;
	for (size_t i = 0; i < n && advert->n_addresses < VRRP_ADDRESSES_MAX; i++)
		if (i != first)
			advert->addresses[advert->n_addresses++] = conf->addresses[i].ip;
}

static void send_advert(struct vrrp_engine *e, struct vrrp_unit *unit, uint8_t priority,
			uint64_t now_us)
{
	const struct conf_instance *conf = unit->fsm.conf;
	struct vrrp_advert advert = {
		.version = conf->version,
		.vrid = conf->vrid,
		.priority = priority,
		.auth_type = (uint8_t)vrrp_engine_auth(unit),
		.interval = (uint16_t)(unit->fsm.advert_us /
				       (conf->version == 2 ? USEC_PER_SEC : USEC_PER_CSEC)),
		.family = conf_instance_family(conf),
	};

	if (!vrrp_macvlan_out(unit) || !ip_is_set(&unit->fsm.primary))
		return;
	if (advert.auth_type == VRRP_AUTH_PASS)
		memcpy(advert.auth_data, vrrp_engine_key(unit), sizeof advert.auth_data);
	if (advert.auth_type == VRRP_AUTH_AH)
		number_advert(unit);
	list_addresses(conf, &advert);
	e->counters_changed = true;
	if (!send_everywhere(e, unit, &advert, now_us))
		return;
	unit->stats.advert_sent++;
	unit->stats.priority_zero_sent += priority == VRRP_PRIORITY_RELEASE;
}

void vrrp_act_post_addrs(struct vrrp_engine *e, struct vrrp_unit *unit, bool set)
{
	unit->asked = (struct msg_addrs){
		.request = ++e->addrs_requests,
		.generation = e->conf->generation,
		.instance = unit->conf_index,
		.set = set,
	};
	e->ops->mail(e->owner, THREAD_MAIN, MSG_ADDRS, &unit->asked, sizeof unit->asked);
}

struct msg_event *vrrp_act_new_event(struct vrrp_engine *e, enum event_kind kind, uint64_t now_us)
{
	struct msg_event *event;

	if (e->n_events == e->room_events) {
		size_t room = e->room_events ? e->room_events * 2 : 16;
		struct msg_event *larger = reallocarray(e->events, room, sizeof *larger);

		if (!larger)
			return NULL;
		e->events = larger;
		e->room_events = room;
	}
	event = &e->events[e->n_events++];
	memset(event, 0, sizeof *event);
	event->kind = kind;
	event->mono_us = now_us;
	event->wall_us = e->ops->wall_us(e->owner);
	event->generation = e->conf->generation;
	return event;
}

void vrrp_act_tell(struct vrrp_engine *e, struct vrrp_unit *unit, enum event_kind kind,
		   enum vrrp_state old, uint64_t now_us)
{
	const struct vrrp_instance *vi = &unit->fsm;
	struct msg_event *event = vrrp_act_new_event(e, kind, now_us);

	if (!event)
		return;
	event->instance.instance = unit->conf_index;
	strncpy(event->instance.name, vi->conf->name, sizeof event->instance.name - 1);
	event->instance.old_state = old;
	event->instance.state = vi->state;
	event->instance.stopping = vi->holds & VRRP_HOLD_STOP;
	event->instance.removed = event->instance.stopping && !e->stopping;
	event->instance.priority = vi->priority;
	event->instance.reason = vi->reason;
	event->instance.ifindex = vrrp_links_public(unit->ifindex);
	event->instance.vrid = vi->conf->vrid;
	event->instance.version = vi->conf->version;
	event->instance.master = vi->state == VRRP_MASTER ? vi->primary : vi->master;
}

static void tell_state(struct vrrp_engine *e, struct vrrp_unit *unit,
		       const struct vrrp_actions *actions, uint64_t now_us)
{
	unit->changed_wall_us = e->ops->wall_us(e->owner);
	unit->transitions++;
	unit->why = vrrp_why_name(actions->why);
	unit->stats.become_master = unit->fsm.become_master;
	unit->stats.release_master = unit->fsm.release_master;
	e->rows_changed = e->unsettled = true;
	e->ops->log(e->owner, LOG_NOTICE, "%s: %s -> %s: %s (priority %u)", unit->fsm.conf->name,
		    vrrp_state_name(actions->old), vrrp_state_name(unit->fsm.state),
		    vrrp_why_name(actions->why), unit->fsm.priority);
	vrrp_act_tell(e, unit, EVENT_INSTANCE_STATE, actions->old, now_us);
}

static void perform(struct vrrp_engine *e, struct vrrp_unit *unit,
		    const struct vrrp_actions *actions, uint64_t now_us)
{
	uint32_t set = actions->set;

	if (set & VRRP_SEND_RELEASE)
		send_advert(e, unit, VRRP_PRIORITY_RELEASE, now_us);
	if (set & VRRP_SEND_ADVERT)
		send_advert(e, unit, unit->fsm.priority, now_us);
	if (set & VRRP_DEL_ADDRS)
		vrrp_act_post_addrs(e, unit, false);
	if (set & VRRP_ADD_ADDRS)
		vrrp_act_post_addrs(e, unit, true);
	if (set & VRRP_STOP_GARP)
		memset(unit->bursts, 0, sizeof unit->bursts);
	if (set & VRRP_SEND_GARP) {
		vrrp_announce_queue(e, unit, actions->garp_repeat);
		vrrp_announce_run(e, unit, now_us);
	}
	if (set & VRRP_SEND_EXTRA)
		vrrp_announce_extra(e, unit, now_us);
	if (set & VRRP_TELL_STATE)
		tell_state(e, unit, actions, now_us);
	if (set & VRRP_TELL_LOWER)
		vrrp_act_tell(e, unit, EVENT_RX_LOWER_PRIORITY, unit->fsm.state, now_us);
	if (set & VRRP_TELL_ROW)
		e->rows_changed = e->unsettled = true;
}

static struct vrrp_actions step_and_perform(struct vrrp_engine *e, struct vrrp_unit *unit,
					    const struct vrrp_event *event, uint64_t now_us)
{
	uint64_t due_us = unit->fsm.adver_at_us;
	struct vrrp_actions actions = vrrp_step(&unit->fsm, event, now_us);

	e->due_us[unit->conf_index] = vrrp_due_us(&unit->fsm);
	if (due_us && actions.set & VRRP_SEND_ADVERT && now_us > due_us &&
	    now_us - due_us > unit->worst_late_us)
		unit->worst_late_us = now_us - due_us;
	perform(e, unit, &actions, now_us);
	return actions;
}

void vrrp_act_alone(struct vrrp_engine *e, struct vrrp_unit *unit, const struct vrrp_event *event,
		    uint64_t now_us)
{
	(void)step_and_perform(e, unit, event, now_us);
}

static void tell_members(struct vrrp_engine *e, const struct conf_group *group,
			 const struct vrrp_unit *except, enum vrrp_event_kind kind, uint64_t now_us)
{
	const struct vrrp_event event = {.kind = kind};

	for (size_t i = 0; i < group->n_members; i++)
		if (e->units[group->members[i]] != except)
			(void)step_and_perform(e, e->units[group->members[i]], &event, now_us);
}

struct vrrp_group_sum vrrp_act_sum_group(const struct vrrp_engine *e,
					 const struct conf_group *group)
{
	struct vrrp_group_sum sum = {0};

	for (size_t i = 0; i < group->n_members; i++)
		vrrp_group_add(&sum, &e->units[group->members[i]]->fsm);
	return sum;
}

void vrrp_act(struct vrrp_engine *e, struct vrrp_unit *unit, const struct vrrp_event *event,
	      uint64_t now_us)
{
	struct vrrp_actions actions = step_and_perform(e, unit, event, now_us);
	const struct conf_group *group;
	struct vrrp_group_sum sum;

	if (unit->group == CONF_NONE)
		return;
	group = &e->conf->groups[unit->group];
	if (actions.set & VRRP_TELL_LOWER)
		tell_members(e, group, unit, VRRP_EVENT_GROUP_LOWER, now_us);
	if (actions.set & VRRP_TELL_STATE && actions.old == VRRP_MASTER &&
	    unit->fsm.state == VRRP_BACKUP)
		tell_members(e, group, unit, VRRP_EVENT_GROUP_BACKUP, now_us);
	sum = vrrp_act_sum_group(e, group);
	if (actions.set & VRRP_ASK_GROUP && vrrp_group_allows(&sum))
		tell_members(e, group, NULL, VRRP_EVENT_GROUP_MASTER, now_us);
}
