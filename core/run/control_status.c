/* SPDX-License-Identifier: MIT */
/*
 * What the daemon tells of itself: the newest snapshots of every thread as JSON, the effective
 * configuration, the outcome of a reload. Reads snapshots only.
 */
#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/latest.h"
#include "core/bfd/packet.h"
#include "core/check/admin.h"
#include "core/ctl/commands.h"
#include "core/run/control_private.h"
#include "core/run/daemon.h"
#include "core/run/fifos.h"
#include "core/run/mailer.h"
#include "core/run/printout_text.h"

static const char *oper_word(enum dest_oper oper)
{
	static const char *const words[] = {
		[DEST_UNKNOWN] = "unknown",	    [DEST_UP] = "up",
		[DEST_DEGRADED] = "degraded",	    [DEST_DOWN] = "down",
		[DEST_UNMONITORED] = "unmonitored",
	};

	return oper >= DEST_UNKNOWN && oper <= DEST_UNMONITORED ? words[oper] : "?";
}

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *ip_text(const struct ip *ip)
{
	char room[IP_TEXT_MAX];

	return ip_is_set(ip) ? json_string(ip_format(ip, room)) : json_null();
}

static json_t *seconds_since(uint64_t at_us)
{
	uint64_t now_us = clock_now_us();

	return at_us && at_us <= now_us
		       ? json_integer((json_int_t)((now_us - at_us) / USEC_PER_SEC))
		       : json_null();
}

static json_t *threads_json(const struct daemon *d)
{
	uint64_t now_us = clock_now_us();
	json_t *threads = json_object();

	for (int i = 0; i < THREADS; i++) {
		uint64_t at_us = atomic_load_explicit(&d->beats[i].at_us, memory_order_relaxed);
		uint64_t late_us =
			atomic_load_explicit(&d->beats[i].worst_late_us, memory_order_relaxed);

		if (i != THREAD_MAIN && !d->running[i])
			continue;
		json_object_set_new(
			threads, thread_name((enum snap_thread)i),
			json_pack(
				"{s:I, s:I, s:I}", "beat_age_ms",
				(json_int_t)(at_us && at_us < now_us ? (now_us - at_us) / 1000 : 0),
				"worst_late_us", (json_int_t)late_us, "generation",
				(json_int_t)(i == THREAD_MAIN ? d->newest->conf->generation
							      : d->acked[i])));
	}
	return threads;
}

static json_t *daemon_json(const struct daemon *d)
{
	return json_pack("{s:s, s:i, s:o, s:s, s:I, s:I, s:s, s:o, s:b, s:I, s:I, s:I, s:o}",
			 "version", PACKAGE_VERSION, "pid", (int)getpid(), "uptime_s",
			 seconds_since(d->started_us), "config_file", options_config(&d->options),
			 "generation", (json_int_t)d->newest->conf->generation, "loaded_us",
			 (json_int_t)d->reload.loaded_wall_us, "last_error", d->reload.last_error,
			 "changes", text_or_null(d->reload.changes), "loading",
			 d->reload.phase != RELOAD_IDLE, "fifo_records_lost",
			 (json_int_t)fifos_lost(d->fifos), "mail_waiting",
			 (json_int_t)mailer_waiting(d->mailer), "mail_lost",
			 (json_int_t)mailer_lost(d->mailer), "threads", threads_json(d));
}

static json_t *agent_json(const struct snap_agent *snap)
{
	if (!snap)
		return json_null();
	return json_pack("{s:b, s:b, s:s, s:o, s:i, s:I, s:I, s:I, s:I, s:s}", "enabled",
			 snap->enabled, "connected", snap->connected, "socket", snap->socket,
			 "connected_s", seconds_since(snap->connected ? snap->connected_us : 0),
			 "reconnects", (int)snap->reconnects, "notifications_queued",
			 (json_int_t)snap->notifications_queued, "notifications_sent",
			 (json_int_t)snap->notifications_sent, "notifications_dropped",
			 (json_int_t)snap->notifications_dropped, "notifications_suppressed",
			 (json_int_t)snap->notifications_suppressed, "last_error",
			 snap->last_error);
}

static json_t *addresses_json(const struct conf_address *addresses, size_t count)
{
	json_t *list = json_array();
	char text[IP_TEXT_MAX];

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_sprintf("%s/%u", ip_format(&addresses[i].ip, text),
							 addresses[i].prefix));
	return list;
}

static json_t *instance_json(const struct snap_vrrp *snap, const struct snap_instance *row)
{
	const struct conf_instance *conf = &snap->conf->instances[row->conf_index];

	return json_pack("{s:s, s:s, s:i, s:s, s:i, s:i, s:o, s:i, s:o, s:o, s:b, s:o}", "name",
			 conf->name, "interface", conf->interface, "vrid", (int)conf->vrid, "state",
			 printout_state(row->state), "priority", (int)row->effective_priority,
			 "base_priority", (int)row->base_priority, "master", ip_text(&row->master),
			 "master_priority", (int)row->master_priority, "addresses",
			 addresses_json(conf->addresses, conf->n_addresses), "excluded_addresses",
			 addresses_json(conf->excluded, conf->n_excluded), "addresses_set",
			 row->addresses_set, "state_s", seconds_since(row->changed_us));
}

static json_t *instances_json(const struct snap_vrrp *snap)
{
	json_t *list = json_array();

	for (size_t i = 0; snap && i < snap->n_instances; i++)
		json_array_append_new(list, instance_json(snap, &snap->instances[i]));
	return list;
}

static json_t *groups_json(const struct snap_vrrp *snap)
{
	json_t *list = json_array();

	for (size_t i = 0; snap && i < snap->n_groups; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s}", "name",
						snap->conf->groups[snap->groups[i].conf_index].name,
						"state", printout_state(snap->groups[i].state)));
	return list;
}

static json_t *session_json(const struct snap_bfd *snap, const struct snap_bfd_session *row)
{
	const struct conf_bfd *conf = &snap->conf->bfds[row->conf_index];

	return json_pack("{s:s, s:o, s:o, s:b, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, "
			 "s:I, s:I}",
			 "name", conf->name, "neighbor", ip_text(&conf->neighbor), "source",
			 ip_text(&conf->source), "multihop", conf->multihop, "state",
			 bfd_state_name(row->state), "remote_state",
			 bfd_state_name(row->remote_state), "diagnostic", bfd_diag_name(row->diag),
			 "remote_diagnostic", bfd_diag_name(row->remote_diag), "changed_us",
			 (json_int_t)row->changed_wall_us, "interval_us", (json_int_t)row->send_us,
			 "detection_us", (json_int_t)row->detect_us, "became_up",
			 (json_int_t)row->became_up, "became_down", (json_int_t)row->became_down,
			 "sent", (json_int_t)row->sent, "received", (json_int_t)row->received,
			 "discarded", (json_int_t)row->discarded);
}

static json_t *sessions_json(const struct snap_bfd *snap)
{
	json_t *list = json_array();

	for (size_t i = 0; snap && i < snap->n_sessions; i++)
		json_array_append_new(list, session_json(snap, &snap->sessions[i]));
	return list;
}

static json_t *drain_json(const struct snap_dest *row)
{
	return json_pack("{s:s, s:i, s:I, s:I, s:I, s:I}", "state", admin_drain_name(row->drain),
			 "timeout_s", (int)row->drain_timeout_s, "initial",
			 (json_int_t)row->drain_initial, "remaining",
			 (json_int_t)row->active_conns + row->inactive_conns, "started_us",
			 (json_int_t)row->drain_started_wall_us, "deadline_us",
			 (json_int_t)row->drain_deadline_wall_us);
}

static json_t *server_json(const struct snap_check *snap, const struct snap_dest *row)
{
	const struct conf_virtual_server *vs =
		&snap->conf->services[snap->services[row->service].vs];
	bool sorry = row->rs == SNAP_SORRY;
	char key[KEY_TEXT_MAX];
	json_t *comment = json_string(row->comment), *why = json_string(row->last_error);

	return json_pack(
		"{s:s, s:o, s:b, s:s, s:s, s:i, s:i, s:i, s:i, s:I, s:I, s:I, s:o, s:o, s:o}",
		"server", dest_key_format(&row->key, key), "name",
		text_or_null(sorry ? NULL : vs->servers[row->rs].snmp_name), "sorry", sorry, "oper",
		oper_word(row->oper), "admin", admin_state_name(row->admin), "weight",
		(int)row->effective_weight, "kernel_weight", (int)row->kernel_weight,
		"configured_weight", (int)row->conf_weight, "held_back_permille",
		(int)row->held_permille, "active_connections", (json_int_t)row->active_conns,
		"inactive_connections", (json_int_t)row->inactive_conns, "persistent_connections",
		(json_int_t)row->persistent_conns, "comment", comment ? comment : json_string("?"),
		"last_error", why ? why : json_string("?"), "drain", drain_json(row));
}

static json_t *service_json(const struct snap_check *snap, const struct snap_service *row)
{
	const struct conf_virtual_server *vs = &snap->conf->services[row->vs];
	json_t *servers = json_array();
	char key[KEY_TEXT_MAX];

	for (uint32_t i = 0; i < row->n_dests; i++)
		json_array_append_new(servers,
				      server_json(snap, &snap->dests[row->first_dest + i]));
	return json_pack("{s:s, s:s, s:o, s:s, s:b, s:b, s:b, s:b, s:b, s:i, s:i, s:i, s:i, s:I, "
			 "s:I, s:I, s:o}",
			 "service", svc_key_format(&row->key, key), "virtual_server", vs->id,
			 "name", text_or_null(vs->snmp_name), "scheduler", vs->scheduler,
			 "in_kernel", row->in_kernel, "drifted", row->drifted, "suspended",
			 row->suspended, "quorum_up", row->quorum_up, "sorry_active",
			 row->sorry_active, "up", (int)row->n_up, "draining", (int)row->n_draining,
			 "locked", (int)row->n_locked, "leaving", (int)row->n_leaving, "quorum",
			 (json_int_t)vs->quorum, "quorum_weight", (json_int_t)row->quorum_weight,
			 "connections", (json_int_t)row->stats.conns, "servers", servers);
}

static json_t *services_json(const struct snap_check *snap)
{
	json_t *list = json_array();

	for (size_t i = 0; snap && i < snap->n_services; i++)
		json_array_append_new(list, service_json(snap, &snap->services[i]));
	return list;
}

static json_t *sysctl_json(int value)
{
	return value < 0 ? json_null() : json_integer(value);
}

/* What of IPVS is neither a service nor a daemon. */
static json_t *ipvs_json(const struct snap_check *snap)
{
	if (!snap)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:I, s:s}", "expire_nodest_conn",
			 sysctl_json(snap->sysctls.expire_nodest_conn), "expire_quiescent_template",
			 sysctl_json(snap->sysctls.expire_quiescent_template), "conn_reuse_mode",
			 sysctl_json(snap->sysctls.conn_reuse_mode), "drifts",
			 (json_int_t)snap->drifts, "drain_quorum_policy",
			 snap->quorum_policy == QUORUM_REFUSE ? "refuse" : "allow");
}

static json_t *sync_json(const struct snap_check *snap)
{
	static const char *const roles[IPVS_SYNC_ROLES] = {"master", "backup"};
	json_t *list = json_array();

	for (int role = 0; snap && role < IPVS_SYNC_ROLES; role++) {
		const struct ipvs_sync *sync = &snap->sync[role];

		if (sync->interface[0])
			json_array_append_new(list, json_pack("{s:s, s:s, s:i}", "role",
							      roles[role], "interface",
							      sync->interface, "id", sync->id));
	}
	return list;
}

void control_status(struct client *client, const json_t *request)
{
	struct daemon *d = control_daemon(client);
	const struct snap_vrrp *vrrp =
		(const struct snap_vrrp *)latest_read(d->wires.vrrp, SNAP_MAIN);
	const struct snap_check *check =
		(const struct snap_check *)latest_read(d->wires.check, SNAP_MAIN);
	const struct snap_bfd *bfd = (const struct snap_bfd *)latest_read(d->wires.bfd, SNAP_MAIN);
	const struct snap_agent *agent =
		(const struct snap_agent *)latest_read(d->wires.agent, SNAP_MAIN);

	(void)request;
	control_answer(client, json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o}", "daemon",
					 daemon_json(d), "agent", agent_json(agent), "instances",
					 instances_json(vrrp), "groups", groups_json(vrrp),
					 "bfd_sessions", sessions_json(bfd), "ipvs_available",
					 check ? check->ipvs_available : 0, "ipvs",
					 ipvs_json(check), "sync_daemons", sync_json(check),
					 "services", services_json(check)));
}

void control_reload(struct client *client, const json_t *request)
{
	struct daemon *d = control_daemon(client);

	(void)request;
	if (d->stop != STOP_NO) {
		control_refuse(client, "vipd is stopping");
		return;
	}
	control_wait_reload(client, d->reload.ticket + 1);
	reload_request(d);
}

void control_config(struct client *client, const json_t *request)
{
	const struct daemon *d = control_daemon(client);
	char *text = conf_dump(d->newest->conf);
	json_t *string = text ? json_string(text) : NULL;

	(void)request;
	free(text);
	if (!string) {
		control_refuse(client, "the configuration is not valid UTF-8 text");
		return;
	}
	/* With what else decides how a file is read: vipctl diff does it the same way. */
	control_answer(client, json_pack("{s:o, s:o, s:b, s:b, s:o}", "text", string, "config_id",
					 text_or_null(d->options.config_id), "include_check",
					 d->options.include_check, "snmp_all", d->options.snmp_all,
					 "snmp_socket", text_or_null(d->options.snmp_socket)));
}

void control_help(struct client *client, const json_t *request)
{
	static const char *const rows[][3] = {
#define ROW(word, arguments, help) {#word, arguments, help},
		CTL_COMMANDS(ROW)
#undef ROW
	};
	json_t *list = json_array();

	(void)request;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "command", rows[i][0],
						      "arguments", rows[i][1], "help", rows[i][2]));
	control_answer(client, list);
}
