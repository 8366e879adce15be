/* SPDX-License-Identifier: MIT */
/*
 * What a manager may change of an instance while it runs. vrrp thread. Administrative state, base
 * priority and preemption at any time; what the peers must agree on (source, authentication,
 * interval) only while it is administratively down, as RFC 2787 wants it. Each accepted change is
 * logged with the value before and after, because it takes a director out or in as surely as a
 * fault does; of the key only that it was set. A change lasts until a reload changes the configured
 * value, and is not stored.
 */
#include "core/vrrp/engine_private.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A value that is set goes where the number 0 stands for "as configured". */
static int put(uint8_t *where, const struct msg_vrrp_set *set, int32_t greatest)
{
	if (set->value < 0 || set->value > greatest)
		return -EINVAL;
	*where = (uint8_t)set->value;
	return 0;
}

/* ---- one pair for each field: change it, and show the value in force ---- */

static int set_admin(struct vrrp_unit *unit, const struct msg_vrrp_set *set)
{
	if (set->value != 1 && set->value != 2)
		return -EINVAL;
	unit->admin_down = set->value == 2;
	return 0;
}

static void show_admin(const struct vrrp_unit *unit, char room[static IP_TEXT_MAX])
{
	snprintf(room, IP_TEXT_MAX, "%s", unit->admin_down ? "down" : "up");
}

static int set_priority(struct vrrp_unit *unit, const struct msg_vrrp_set *set)
{
	return put(&unit->set.priority, set, VRRP_PRIORITY_OWNER);
}

static void show_priority(const struct vrrp_unit *unit, char room[static IP_TEXT_MAX])
{
	snprintf(room, IP_TEXT_MAX, "%u", vrrp_engine_base_priority(unit));
}

static int set_preempt(struct vrrp_unit *unit, const struct msg_vrrp_set *set)
{
	return put(&unit->set.preempt, set, 2);
}

static void show_preempt(const struct vrrp_unit *unit, char room[static IP_TEXT_MAX])
{
	snprintf(room, IP_TEXT_MAX, "%s", unit->fsm.preempt ? "on" : "off");
}

static int set_primary(struct vrrp_unit *unit, const struct msg_vrrp_set *set)
{
	if (set->value != 0 &&
	    (set->value != 1 || set->address.family != conf_instance_family(unit->fsm.conf)))
		return -EINVAL;
	unit->set.primary = set->value ? set->address : (struct ip){0};
	return 0;
}

static void show_primary(const struct vrrp_unit *unit, char room[static IP_TEXT_MAX])
{
	ip_format(&unit->fsm.primary, room);
}

static int set_auth_type(struct vrrp_unit *unit, const struct msg_vrrp_set *set)
{
	if (unit->fsm.conf->version == 3 || vrrp_source_family(unit) == VRRP_IPV6)
		return -EINVAL;
	return put(&unit->set.auth_type, set, 3);
}

static void show_auth_type(const struct vrrp_unit *unit, char room[static IP_TEXT_MAX])
{
	static const char *const names[] = {
		[CONF_AUTH_NONE] = "none", [CONF_AUTH_PASS] = "PASS", [CONF_AUTH_AH] = "AH"};

	snprintf(room, IP_TEXT_MAX, "%s", names[vrrp_engine_auth(unit)]);
}

static int set_auth_key(struct vrrp_unit *unit, const struct msg_vrrp_set *set)
{
	if (set->value != 0 && set->value != 1)
		return -EINVAL;
	unit->set.keyed = set->value;
	memset(unit->set.key, 0, sizeof unit->set.key);
	if (unit->set.keyed)
		memcpy(unit->set.key, set->key, sizeof unit->set.key);
	return 0;
}

static void show_auth_key(const struct vrrp_unit *unit, char room[static IP_TEXT_MAX])
{
	snprintf(room, IP_TEXT_MAX, "%s", unit->set.keyed ? "set (not shown)" : "as configured");
}

/* Version 2 has 8 bits of seconds, version 3 12 bits of hundredths. */
static int set_interval(struct vrrp_unit *unit, const struct msg_vrrp_set *set)
{
	bool v3 = unit->fsm.conf->version == 3;

	if (set->value < 0 || set->value > (v3 ? 4095 : 25500) || (!v3 && set->value % 100))
		return -EINVAL;
	unit->set.interval_cs = (uint16_t)set->value;
	return 0;
}

static void show_interval(const struct vrrp_unit *unit, char room[static IP_TEXT_MAX])
{
	snprintf(room, IP_TEXT_MAX, "%g s", (double)unit->fsm.advert_us / USEC_PER_SEC);
}

static const struct field {
	const char *name;
	int (*set)(struct vrrp_unit *unit, const struct msg_vrrp_set *set); /* 0 or -EINVAL */
	void (*show)(const struct vrrp_unit *unit, char room[static IP_TEXT_MAX]);
	bool down_only; /* RFC 2787, vrrpOperAdminState */
} fields[] = {
	[VRRP_SET_ADMIN] = {"administrative state", set_admin, show_admin, false},
	[VRRP_SET_PRIORITY] = {"base priority", set_priority, show_priority, false},
	[VRRP_SET_PREEMPT] = {"preemption", set_preempt, show_preempt, false},
	[VRRP_SET_PRIMARY] = {"primary address", set_primary, show_primary, true},
	[VRRP_SET_AUTH_TYPE] = {"authentication type", set_auth_type, show_auth_type, true},
	[VRRP_SET_AUTH_KEY] = {"authentication key", set_auth_key, show_auth_key, true},
	[VRRP_SET_INTERVAL] = {"advertisement interval", set_interval, show_interval, true},
};
static_assert(sizeof fields / sizeof *fields == VRRP_FIELDS, "one row for each field");

/* ---- the message ---- */

static struct vrrp_unit *unit_by_name(struct vrrp_engine *e, const char *name)
{
	for (size_t i = 0; e->conf && i < e->conf->n_instances; i++)
		if (strncmp(e->units[i]->fsm.conf->name, name,
			    sizeof((struct msg_vrrp_set *)0)->instance - 1) == 0)
			return e->units[i];
	return NULL;
}

static bool is_down(const struct vrrp_unit *unit)
{
	return unit->admin_down && unit->fsm.state == VRRP_INITIALIZE;
}

static bool may_be_primary(struct vrrp_engine *e, const struct vrrp_unit *unit,
			   const struct ip *address)
{
	const struct vrrp_link *link = vrrp_engine_link_by_index(e, vrrp_macvlan_home(unit));

	return ip_compare(address, &(struct ip){.family = address->family}) == 0 ||
	       (link && vrrp_source_is_there(link, address));
}

/* Why not, in words for the log of the asker; NULL when it may. */
static const char *obstacle(struct vrrp_engine *e, const struct vrrp_unit *unit,
			    const struct msg_vrrp_set *set)
{
	if (!fields[set->field].down_only)
		return NULL;
	if (!is_down(unit))
		return "the instance is not administratively down";
	if (conf_instance_unsupported(unit->fsm.conf))
		return conf_instance_unsupported(unit->fsm.conf);
	if (set->field == VRRP_SET_PRIMARY && set->value && !may_be_primary(e, unit, &set->address))
		return "not an address of the interface";
	return NULL;
}

/* To the ring of events. */
static void tell(struct vrrp_engine *e, const struct vrrp_unit *unit,
		 const struct msg_vrrp_set *set, const char *was, const char *now)
{
	struct msg_changed changed = {.object = CHANGED_INSTANCE};

	snprintf(changed.instance, sizeof changed.instance, "%s", unit->fsm.conf->name);
	snprintf(changed.who, sizeof changed.who, "%s",
		 set->reply_to == THREAD_AGENT ? "snmp" : "vipctl");
	snprintf(changed.what, sizeof changed.what, "%s", fields[set->field].name);
	snprintf(changed.was, sizeof changed.was, "%s", was);
	snprintf(changed.now, sizeof changed.now, "%s", now);
	e->ops->mail(e->owner, THREAD_AGENT, MSG_CHANGED, &changed, sizeof changed);
}

/* 0 or negative errno, with the reason for it. */
static int change(struct vrrp_engine *e, struct vrrp_unit *unit, const struct msg_vrrp_set *set,
		  const char **ret_reason)
{
	const struct field *field;
	char before[IP_TEXT_MAX], after[IP_TEXT_MAX];

	*ret_reason = "no such instance";
	if (!unit)
		return -ENOENT;
	*ret_reason = "no such value";
	if ((unsigned)set->field >= VRRP_FIELDS)
		return -EINVAL;
	field = &fields[set->field];
	*ret_reason = obstacle(e, unit, set);
	if (*ret_reason)
		return -EBUSY;
	field->show(unit, before);
	if (field->set(unit, set) < 0) {
		*ret_reason = "no such value";
		return -EINVAL;
	}
	vrrp_engine_refresh(e, unit);
	field->show(unit, after);
	e->ops->log(e->owner, LOG_NOTICE, "%s: SET of %s: %s -> %s", unit->fsm.conf->name,
		    field->name, before, after);
	tell(e, unit, set, before, after);
	return 0;
}

void vrrp_engine_set(struct vrrp_engine *e, const struct msg_vrrp_set *set, uint64_t now_us)
{
	struct vrrp_unit *unit = unit_by_name(e, set->instance);
	struct vrrp_reply reply = {.to = set->reply_to, .body.request = set->request};
	const char *reason;

	reply.body.error = change(e, unit, set, &reason);
	if (reply.body.error)
		strncpy(reply.body.text, reason, sizeof reply.body.text - 1);
	if (e->n_replies == e->room_replies) {
		size_t room = e->room_replies + 8;
		struct vrrp_reply *larger = reallocarray(e->replies, room, sizeof *larger);

		if (!larger)
			return; /* the asker's wait is bounded */
		e->replies = larger;
		e->room_replies = room;
	}
	e->replies[e->n_replies++] = reply;
	e->rows_changed = true;
	vrrp_engine_settle(
		e, unit && set->field == VRRP_SET_ADMIN ? unit->ifindex : VRRP_RETRY_NONE, now_us);
}

void vrrp_engine_announce(struct vrrp_engine *e, const struct msg_announce *wanted, uint64_t now_us)
{
	struct vrrp_unit *unit = unit_by_name(e, wanted->instance);

	if (unit)
		vrrp_announce_once(e, unit, now_us);
}

void vrrp_set_drop(struct vrrp_unit *unit, const struct conf_instance *old,
		   const struct conf_instance *new)
{
	if (old->priority != new->priority)
		unit->set.priority = 0;
	if (old->preempt != new->preempt)
		unit->set.preempt = 0;
	if (ip_compare(&old->source, &new->source) != 0)
		unit->set.primary = (struct ip){0};
	if (old->auth != new->auth)
		unit->set.auth_type = 0;
	if (memcmp(old->auth_pass, new->auth_pass, sizeof old->auth_pass) != 0)
		set_auth_key(unit, &(struct msg_vrrp_set){.value = 0});
	if (old->advert_us != new->advert_us)
		unit->set.interval_cs = 0;
}
