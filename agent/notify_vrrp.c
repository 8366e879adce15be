/* SPDX-License-Identifier: MIT */
/*
 * Notifications about virtual routers and sync groups: KEEPALIVED-MIB, VRRP-MIB and VRRPV3-MIB.
 * Thread: agent.
 */
#include "agent/notify.h"

#include <netinet/in.h>
#include <string.h>

#include "agent/keepalived.h"
#include "agent/vrrp3_mib.h"
#include "agent/vrrp_mib.h"

static const struct bind_place k_group = {{KEEPALIVED_ROOT, 2, 1, 1}, 12};
static const struct bind_place k_instance = {{KEEPALIVED_ROOT, 2, 3, 1}, 12};
static const struct bind_place k_vrrp_traps = {{KEEPALIVED_ROOT, 2, 10, 0}, 12};
static const struct bind_place rfc_operations = {{VRRP_MIB_ROOT, 1}, 8};
static const struct bind_place rfc_oper = {{VRRP_MIB_ROOT, 1, 3, 1}, 10};
static const struct bind_place rfc_traps = {{VRRP_MIB_ROOT, 0}, 8};
static const struct bind_place rfc3_operations = {{VRRP3_MIB_ROOT, 1, 1, 1, 1}, 11};
static const struct bind_place rfc3_statistics = {{VRRP3_MIB_ROOT, 1, 2, 5, 1}, 11};
static const struct bind_place rfc3_traps = {{VRRP3_MIB_ROOT, 0}, 8};

/* VrrpState of a trap whose object leaves. */
#define STATE_UNKNOWN  4
#define STATE_SHUTDOWN 5

static bool sends_vrrp(const struct notify_work *work)
{
	return work->conf->global.snmp_traps && work->conf->global.snmp_vrrp;
}

static bool sends_rfc2787(const struct notify_work *work)
{
	return work->conf->global.snmp_traps && work->conf->global.snmp_rfcv2 &&
	       work->view->traps_enabled;
}

static bool sends_rfc6527(const struct notify_work *work)
{
	return work->conf->global.snmp_traps && work->conf->global.snmp_rfcv3;
}

/* NULL when no instance of that name is configured any more. */
static const struct conf_instance *find_instance(const struct conf *conf, const char *name,
						 uint32_t hint)
{
	if (hint < conf->n_instances && strcmp(conf->instances[hint].name, name) == 0)
		return &conf->instances[hint];
	for (size_t i = 0; i < conf->n_instances; i++)
		if (strcmp(conf->instances[i].name, name) == 0)
			return &conf->instances[i];
	return NULL;
}

static void notify_instance(struct notify_work *work)
{
	const struct msg_event *event = work->event;
	const struct conf_instance *conf =
		find_instance(work->conf, event->instance.name, event->instance.instance);
	struct row index = {0};
	struct notification *n;

	row_index_u32(&index, keepalived_index(conf ? (uint32_t)(conf - work->conf->instances)
						    : event->instance.instance));
	n = bind_begin(&work->out, &k_vrrp_traps, 2, event);
	bind_text(n, &k_instance, 2, &index, event->instance.name);
	bind_number(n, &k_instance, 4, &index, CELL_INTEGER,
		    event->instance.stopping ? STATE_SHUTDOWN : (int)event->instance.state);
	bind_number(n, &k_instance, 5, &index, CELL_INTEGER,
		    conf ? (int)conf->state : STATE_UNKNOWN);
	notify_bind_router_id(work, n);
}

static void notify_new_master(struct notify_work *work)
{
	const struct msg_event *event = work->event;
	struct row index = {0};
	struct notification *n;

	if (event->instance.state != VRRP_MASTER || event->instance.stopping)
		return;
	if (event->instance.version != 2 || event->instance.master.family != AF_INET ||
	    !event->instance.ifindex)
		return;
	row_index_u32(&index, event->instance.ifindex);
	row_index_u32(&index, event->instance.vrid);
	n = bind_begin(&work->out, &rfc_traps, 1, event);
	bind_ip(n, &rfc_oper, 7, &index, CELL_IPADDRESS, &event->instance.master);
}

static void notify_new_master3(struct notify_work *work)
{
	const struct msg_event *event = work->event;
	struct row index = {0};
	struct notification *n;

	if (event->instance.state != VRRP_MASTER || event->instance.stopping ||
	    event->instance.version != 3 || !event->instance.ifindex)
		return;
	vrrp3_mib_index(&index, event->instance.ifindex, event->instance.vrid,
			event->instance.master.family);
	n = bind_begin(&work->out, &rfc3_traps, 1, event);
	bind_ip(n, &rfc3_operations, 3, &index, CELL_OCTETS, &event->instance.master);
	bind_number(n, &rfc3_statistics, 2, &index, CELL_INTEGER, event->instance.reason);
}

/* An unknown VRID belongs to no row: vrrpv3RouterVrIdErrors alone tells of it. */
static void notify_proto_error(struct notify_work *work)
{
	const struct msg_event *event = work->event;
	struct row index = {0};
	struct notification *n;

	if (!vrrp3_mib_has_row(work->view, event->packet.ifindex, event->packet.vrid,
			       event->packet.source.family))
		return;
	vrrp3_mib_index(&index, event->packet.ifindex, event->packet.vrid,
			event->packet.source.family);
	n = bind_begin(&work->out, &rfc3_traps, 2, event);
	bind_number(n, &rfc3_statistics, 6, &index, CELL_INTEGER, event->packet.error);
}

static uint32_t find_group(const struct conf *conf, const char *name, uint32_t hint)
{
	for (uint32_t i = 0; i < conf->n_groups; i++)
		if (strcmp(conf->groups[i].name, name) == 0)
			return i;
	return hint;
}

static void notify_group(struct notify_work *work)
{
	const struct msg_event *event = work->event;
	struct row index = {0};
	struct notification *n;

	row_index_u32(&index, keepalived_index(find_group(work->conf, event->group.name,
							  event->group.group)));
	n = bind_begin(&work->out, &k_vrrp_traps, 1, event);
	bind_text(n, &k_group, 2, &index, event->group.name);
	bind_number(n, &k_group, 3, &index, CELL_INTEGER,
		    event->group.stopping ? STATE_SHUTDOWN : (int)event->group.state);
	notify_bind_router_id(work, n);
}

static void notify_auth_failure(struct notify_work *work)
{
	struct notification *n;

	if (work->event->packet.source.family != AF_INET)
		return;
	n = bind_begin(&work->out, &rfc_traps, 2, work->event);
	bind_ip(n, &rfc_operations, 5, NULL, CELL_IPADDRESS, &work->event->packet.source);
	bind_number(n, &rfc_operations, 6, NULL, CELL_INTEGER, work->event->packet.error);
}

void notify_vrrp(struct notify_work *work)
{
	switch (work->event->kind) {
	case EVENT_INSTANCE_STATE:
		if (sends_vrrp(work))
			notify_instance(work);
		if (sends_rfc2787(work))
			notify_new_master(work);
		if (sends_rfc6527(work))
			notify_new_master3(work);
		break;
	case EVENT_GROUP_STATE:
		if (sends_vrrp(work))
			notify_group(work);
		break;
	case EVENT_AUTH_FAILURE:
		if (sends_rfc2787(work))
			notify_auth_failure(work);
		break;
	case EVENT_PROTO_ERROR:
		if (sends_rfc6527(work))
			notify_proto_error(work);
		break;
	default:
		break;
	}
}
