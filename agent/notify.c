/* SPDX-License-Identifier: MIT */
/*
 * From an event to the notifications it means: KEEPALIVED-MIB, VRRP-MIB, VRRPV3-MIB and our own.
 * Thread: agent.
 *
 * The event's own fields come first; configuration and snapshot only add what it does not carry
 * (names, type, comment, deadline), and only as far as the object is still there. Objects are found
 * again by name or key when a reload came between, so that an instance OID is the one a GET would
 * use. KEEPALIVED-MIB's own agent sends column OIDs without instance; here every varbind names its
 * row. Switches: enable_traps for all; then the part the notification belongs to; for VRRP-MIB
 * vrrpNotificationCntl besides. No varbind is a Counter64, which a version 1 trap could not carry.
 */
#include "agent/notify.h"

#include <netinet/in.h>
#include <string.h>

#include "agent/cells.h"
#include "agent/director_mib.h"
#include "agent/keepalived.h"

static const struct bind_place k_global = {{KEEPALIVED_ROOT, 1}, 10};
static const struct bind_place k_vs = {{KEEPALIVED_ROOT, 3, 3, 1}, 12};
static const struct bind_place k_rs = {{KEEPALIVED_ROOT, 3, 4, 1}, 12};
static const struct bind_place k_check_traps = {{KEEPALIVED_ROOT, 3, 5, 0}, 12};
static const struct bind_place d_system = {{DIRECTOR_ROOT, 1, 1}, 12};
static const struct bind_place d_svc = {{DIRECTOR_ROOT, 1, 2, 1, 1}, 14};
static const struct bind_place d_dest = {{DIRECTOR_ROOT, 1, 3, 1, 1}, 14};
static const struct bind_place d_sync = {{DIRECTOR_ROOT, 1, 7, 1, 1}, 14};
static const struct bind_place d_control = {{DIRECTOR_ROOT, 1, 8}, 12};
static const struct bind_place d_traps = {{DIRECTOR_ROOT, 0}, 11};

enum director_trap {
	TRAP_DEST_DOWN = 1,
	TRAP_DEST_UP = 2,
	TRAP_QUORUM_LOST = 3,
	TRAP_QUORUM_GAINED = 4,
	TRAP_DRAIN_STARTED = 5,
	TRAP_DRAIN_COMPLETED = 6,
	TRAP_DRAIN_TIMED_OUT = 7,
	TRAP_DRAIN_CANCELLED = 8,
	TRAP_SYNC_CHANGE = 9,
	TRAP_KERNEL_DIVERGENCE = 10,
	TRAP_CONFIG_RELOADED = 11,
	TRAP_NOTIFY_LIMITED = 12,
};

/* Of several that tell of one state the first stands for all. */
static const enum director_trap kinds[] = {
	[TRAP_DEST_DOWN] = TRAP_DEST_DOWN,
	[TRAP_DEST_UP] = TRAP_DEST_DOWN,
	[TRAP_QUORUM_LOST] = TRAP_QUORUM_LOST,
	[TRAP_QUORUM_GAINED] = TRAP_QUORUM_LOST,
	[TRAP_DRAIN_STARTED] = TRAP_DRAIN_STARTED,
	[TRAP_DRAIN_COMPLETED] = TRAP_DRAIN_STARTED,
	[TRAP_DRAIN_TIMED_OUT] = TRAP_DRAIN_STARTED,
	[TRAP_DRAIN_CANCELLED] = TRAP_DRAIN_STARTED,
	[TRAP_SYNC_CHANGE] = TRAP_SYNC_CHANGE,
	[TRAP_KERNEL_DIVERGENCE] = TRAP_KERNEL_DIVERGENCE,
	[TRAP_CONFIG_RELOADED] = TRAP_CONFIG_RELOADED,
	[TRAP_NOTIFY_LIMITED] = TRAP_NOTIFY_LIMITED,
};

void notify_bind_router_id(const struct notify_work *work, struct notification *n)
{
	bind_text(n, &k_global, 2, NULL, work->conf->global.router_id);
}

static bool sends_check(const struct notify_work *work)
{
	return work->conf->global.snmp_traps && work->conf->global.snmp_checker;
}

/* ---- services and destinations ---- */

/* What an event is about, as far as it is still there. */
struct subject {
	const struct svc_key *svc;
	const struct conf_virtual_server *vs; /* NULL: gone */
	const struct conf_real_server *rs;    /* NULL: gone, or no event of a server */
	const struct snap_service *service;   /* NULL: not published */
	const struct snap_dest *dest;	      /* likewise */
	struct row vs_index, rs_index;	      /* KEEPALIVED-MIB */
	struct row svc_index, dest_index;     /* IPVS-DIRECTOR-MIB */
};

static bool is_service(const struct conf_virtual_server *vs, const struct svc_key *svc)
{
	const struct svc_key *key = vs->keys;

	return vs->n_keys > 0 && key->fwmark == svc->fwmark && key->protocol == svc->protocol &&
	       key->port == svc->port && ip_compare(&key->ip, &svc->ip) == 0;
}

static void find_service(const struct notify_work *work, uint32_t hint, const struct svc_key *svc,
			 struct subject *ret)
{
	const struct snap_check *check = work->view->check;
	const struct conf *conf = check ? check->conf : NULL;
	uint32_t at = hint;

	ret->svc = svc;
	if (conf && !(at < conf->n_services && is_service(&conf->services[at], svc)))
		for (at = 0; at < conf->n_services && !is_service(&conf->services[at], svc);)
			at++;
	if (conf && at < conf->n_services) {
		ret->vs = &conf->services[at];
		ret->service = view_service(check, at);
	} else {
		at = hint;
	}
	row_index_u32(&ret->vs_index, keepalived_index(at));
	director_index_service(&ret->svc_index, svc);
}

static bool is_server(const struct conf_real_server *rs, const struct dest_key *dest)
{
	return rs->key.port == dest->port && ip_compare(&rs->key.ip, &dest->ip) == 0;
}

/* After find_service(). rs SNAP_SORRY is the fallback server, which has no configuration of its
 * own. */
static void find_dest(const struct notify_work *work, uint32_t hint, const struct dest_key *dest,
		      struct subject *ret)
{
	const struct conf_virtual_server *vs = ret->vs;
	uint32_t at = hint;

	if (vs && hint != SNAP_SORRY && !(at < vs->n_servers && is_server(&vs->servers[at], dest)))
		for (at = 0; at < vs->n_servers && !is_server(&vs->servers[at], dest);)
			at++;
	if (vs && at < vs->n_servers)
		ret->rs = &vs->servers[at];
	else
		at = hint;
	if (ret->service && (ret->rs || at == SNAP_SORRY))
		ret->dest = view_dest(work->view->check, ret->service, at);
	ret->rs_index = ret->vs_index;
	row_index_u32(&ret->rs_index, keepalived_rs_index(at, vs && vs->has_sorry));
	ret->dest_index = ret->svc_index;
	director_index_dest(&ret->dest_index, dest);
}

/* virtualServerType, what identifies a server of that type, and the protocol. */
static void bind_identity(struct notification *n, const struct subject *subject)
{
	const struct svc_key *svc = subject->svc;
	enum conf_vs_type type = svc->fwmark ? CONF_VS_FWMARK : CONF_VS_ADDRESS;

	if (subject->vs)
		type = subject->vs->type;
	bind_number(n, &k_vs, 2, &subject->vs_index, CELL_INTEGER, type);
	switch (type) {
	case CONF_VS_GROUP:
		bind_text(n, &k_vs, 3, &subject->vs_index, subject->vs->group_name);
		break;
	case CONF_VS_FWMARK:
		bind_number(n, &k_vs, 4, &subject->vs_index, CELL_GAUGE32, svc->fwmark);
		break;
	case CONF_VS_ADDRESS:
		bind_number(n, &k_vs, 5, &subject->vs_index, CELL_INTEGER,
			    svc->ip.family == AF_INET6 ? 2 : 1);
		bind_ip(n, &k_vs, 6, &subject->vs_index, CELL_OCTETS, &svc->ip);
		bind_number(n, &k_vs, 7, &subject->vs_index, CELL_GAUGE32, svc->port);
		break;
	}
	bind_number(n, &k_vs, 8, &subject->vs_index, CELL_INTEGER,
		    keepalived_protocol(subject->vs ? subject->vs->protocol : svc->protocol));
}

static void bind_counts(const struct notify_work *work, struct notification *n,
			const struct subject *subject, uint32_t up, uint32_t total)
{
	bind_number(n, &k_vs, 21, &subject->vs_index, CELL_GAUGE32, up);
	bind_number(n, &k_vs, 20, &subject->vs_index, CELL_GAUGE32, total);
	notify_bind_router_id(work, n);
}

static void notify_server(struct notify_work *work, const struct subject *subject)
{
	const struct msg_event *event = work->event;
	bool alive = !event->dest.stopping && event->dest.oper != DEST_DOWN;
	struct notification *n = bind_begin(&work->out, &k_check_traps, 1, event);

	bind_number(n, &k_rs, 3, &subject->rs_index, CELL_INTEGER,
		    event->dest.dest.ip.family == AF_INET6 ? 2 : 1);
	bind_ip(n, &k_rs, 4, &subject->rs_index, CELL_OCTETS, &event->dest.dest.ip);
	bind_number(n, &k_rs, 5, &subject->rs_index, CELL_GAUGE32, event->dest.dest.port);
	bind_number(n, &k_rs, 6, &subject->rs_index, CELL_INTEGER, alive ? 1 : 2);
	bind_identity(n, subject);
	bind_counts(work, n, subject, event->dest.n_up, event->dest.n_total);
}

static struct notification *begin_director(struct notify_work *work, enum director_trap trap)
{
	struct notification *n = bind_begin(&work->out, &d_traps, trap, work->event);

	n->kind = kinds[trap];
	*work->serial += 1;
	bind_number(n, &d_control, 5, NULL, CELL_GAUGE32, *work->serial);
	return n;
}

static void bind_service_name(struct notification *n, const struct subject *subject)
{
	char key[KEY_TEXT_MAX];

	bind_text(n, &d_svc, 6, &subject->svc_index,
		  director_name_service(subject->vs, subject->svc, key));
}

/* The two names and the administrative state, with which every notification of a destination
 * begins. */
static void bind_dest_names(const struct notify_work *work, struct notification *n,
			    const struct subject *subject)
{
	char key[KEY_TEXT_MAX];

	bind_service_name(n, subject);
	bind_text(n, &d_dest, 4, &subject->dest_index,
		  director_name_dest(subject->rs, &work->event->dest.dest, key));
	bind_number(n, &d_dest, 5, &subject->dest_index, CELL_INTEGER, work->event->dest.admin);
}

static void bind_dests(struct notification *n, const struct subject *subject, uint32_t up,
		       uint32_t total)
{
	bind_number(n, &d_svc, 22, &subject->svc_index, CELL_GAUGE32, up);
	bind_number(n, &d_svc, 21, &subject->svc_index, CELL_GAUGE32, total);
}

static void notify_dest(struct notify_work *work, const struct subject *subject)
{
	const struct msg_event *event = work->event;
	enum dest_oper oper = event->dest.oper;
	struct notification *n;

	if (!(work->view->notify & DIRECTOR_NOTIFY_DEST) || event->dest.stopping ||
	    event->dest.rs == SNAP_SORRY)
		return;
	if (oper != DEST_DOWN && oper != DEST_UP && oper != DEST_DEGRADED)
		return;
	n = begin_director(work, oper == DEST_DOWN ? TRAP_DEST_DOWN : TRAP_DEST_UP);
	bind_dest_names(work, n, subject);
	bind_number(n, &d_dest, 10, &subject->dest_index, CELL_INTEGER, oper);
	bind_number(n, &d_dest, 19, &subject->dest_index, CELL_INTEGER, event->dest.weight);
	bind_text(n, &d_dest, 13, &subject->dest_index, event->dest.error);
	bind_dests(n, subject, event->dest.n_up, event->dest.n_total);
}

static void notify_drain(struct notify_work *work, const struct subject *subject)
{
	const struct msg_event *event = work->event;
	const struct snap_dest *dest = subject->dest;
	enum director_trap trap;
	struct notification *n;

	if (!(work->view->notify & DIRECTOR_NOTIFY_DRAIN))
		return;
	switch (event->dest.drain) {
	case DRAIN_DRAINING:
		trap = TRAP_DRAIN_STARTED;
		break;
	case DRAIN_DRAINED:
		trap = TRAP_DRAIN_COMPLETED;
		break;
	case DRAIN_TIMED_OUT:
		trap = TRAP_DRAIN_TIMED_OUT;
		break;
	case DRAIN_CANCELLED:
		trap = TRAP_DRAIN_CANCELLED;
		break;
	default:
		return;
	}
	n = begin_director(work, trap);
	bind_dest_names(work, n, subject);
	bind_number(n, &d_dest, 26, &subject->dest_index, CELL_INTEGER, event->dest.drain);
	bind_number(n, &d_dest, 32, &subject->dest_index, CELL_GAUGE32, event->dest.remaining);
	bind_date(n, &d_dest, 30, &subject->dest_index, dest ? dest->drain_deadline_wall_us : 0);
	bind_text(n, &d_dest, 8, &subject->dest_index, dest ? dest->comment : NULL);
}

static void notify_quorum(struct notify_work *work)
{
	const struct msg_event *event = work->event;
	struct subject subject = {0};
	int status = event->quorum.stopping ? 3 : event->quorum.up ? 1 : 2;
	uint32_t quorum;
	bool sorry;
	struct notification *n;

	find_service(work, event->quorum.vs, &event->quorum.svc, &subject);
	quorum = subject.vs ? subject.vs->quorum : 1;
	n = bind_begin(&work->out, &k_check_traps, 2, event);
	bind_identity(n, &subject);
	bind_number(n, &k_vs, 23, &subject.vs_index, CELL_INTEGER, status);
	bind_number(n, &k_vs, 22, &subject.vs_index, CELL_GAUGE32, quorum);
	bind_counts(work, n, &subject, event->quorum.n_up, event->quorum.n_total);
	if (!(work->view->notify & DIRECTOR_NOTIFY_QUORUM) || event->quorum.stopping)
		return;
	sorry = subject.service ? subject.service->sorry_active : false;
	n = begin_director(work, event->quorum.up ? TRAP_QUORUM_GAINED : TRAP_QUORUM_LOST);
	bind_service_name(n, &subject);
	bind_number(n, &d_svc, 16, &subject.svc_index, CELL_GAUGE32, quorum);
	bind_number(n, &d_svc, 17, &subject.svc_index, CELL_GAUGE32, event->quorum.weight);
	bind_dests(n, &subject, event->quorum.n_up, event->quorum.n_total);
	bind_number(n, &d_svc, 20, &subject.svc_index, CELL_INTEGER, sorry ? 1 : 2);
}

static void notify_sync(struct notify_work *work)
{
	const struct msg_event *event = work->event;
	struct row index = {0};
	struct notification *n;

	if (!(work->view->notify & DIRECTOR_NOTIFY_SYNC))
		return;
	row_index_u32(&index, event->sync.role + 1);
	n = begin_director(work, TRAP_SYNC_CHANGE);
	bind_number(n, &d_sync, 2, &index, CELL_INTEGER, event->sync.running ? 1 : 2);
	bind_number(n, &d_sync, 4, &index, CELL_GAUGE32, event->sync.id);
}

static void notify_drift(struct notify_work *work)
{
	const struct msg_event *event = work->event;
	struct subject subject = {0};
	struct notification *n;

	if (!(work->view->notify & DIRECTOR_NOTIFY_KERNEL))
		return;
	find_service(work, event->drift.vs, &event->drift.svc, &subject);
	n = begin_director(work, TRAP_KERNEL_DIVERGENCE);
	bind_service_name(n, &subject);
	bind_number(n, &d_system, 32, NULL, CELL_COUNTER32, event->drift.drifts);
}

static void notify_config(struct notify_work *work)
{
	struct notification *n;

	if (!(work->view->notify & DIRECTOR_NOTIFY_CONFIG))
		return;
	n = begin_director(work, TRAP_CONFIG_RELOADED);
	bind_number(n, &d_system, 4, NULL, CELL_COUNTER32, work->event->config.generation);
	bind_text(n, &d_system, 6, NULL, work->event->config.error);
}

static void notify_limited(struct notify_work *work)
{
	struct notification *n = begin_director(work, TRAP_NOTIFY_LIMITED);

	bind_number(n, &d_control, 4, NULL, CELL_COUNTER32,
		    (int64_t)work->event->limited.suppressed);
}

static void notify_dest_event(struct notify_work *work)
{
	struct subject subject = {0};

	find_service(work, work->event->dest.vs, &work->event->dest.svc, &subject);
	find_dest(work, work->event->dest.rs, &work->event->dest.dest, &subject);
	if (work->event->kind == EVENT_DRAIN) {
		notify_drain(work, &subject);
		return;
	}
	notify_server(work, &subject);
	notify_dest(work, &subject);
}

size_t notifications_of(const struct view *view, const struct msg_event *event, uint32_t *serial,
			struct notification ret[static 4])
{
	struct notify_work work = {
		.view = view, .event = event, .conf = view_conf(view), .serial = serial};

	work.out.items = ret;
	if (!work.conf)
		return 0;
	switch (event->kind) {
	case EVENT_INSTANCE_STATE:
	case EVENT_GROUP_STATE:
	case EVENT_AUTH_FAILURE:
	case EVENT_PROTO_ERROR:
		notify_vrrp(&work);
		break;
	case EVENT_DEST_STATE:
	case EVENT_DRAIN:
		if (sends_check(&work))
			notify_dest_event(&work);
		break;
	case EVENT_QUORUM:
		if (sends_check(&work))
			notify_quorum(&work);
		break;
	case EVENT_SYNC:
		if (sends_check(&work))
			notify_sync(&work);
		break;
	case EVENT_DRIFT:
		if (sends_check(&work))
			notify_drift(&work);
		break;
	case EVENT_CONFIG:
		if (sends_check(&work))
			notify_config(&work);
		break;
	case EVENT_LIMITED:
		if (sends_check(&work))
			notify_limited(&work);
		break;
	case EVENT_RX_LOWER_PRIORITY:
	case EVENT_PRIORITY:
	case EVENT_ADMIN:
	case EVENT_CHECK:
		break; /* no notification of these modules */
	}
	return work.out.count;
}
