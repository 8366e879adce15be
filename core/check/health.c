/* SPDX-License-Identifier: MIT */
/*
 * From verdicts of checkers to the health of a real server: up unless some checker says down.
 * Before its first attempt a checker counts as it was started: up, or down with alpha. Health is
 * one axis only: nothing here looks at weight or administrative state. Thread: check.
 */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/check/engine.h"

static enum dest_oper judge(const struct server *server, bool up)
{
	bool undecided = false;

	if (server->n_probes == 0)
		return DEST_UNMONITORED;
	for (size_t i = 0; i < server->n_probes; i++) {
		const struct probe *probe = server->probes[i];

		if (!check_has_run(probe->check))
			undecided = true;
		else if (!check_is_up(probe->check))
			return DEST_DOWN;
	}
	if (undecided || !up)
		return DEST_UNKNOWN;
	return engine_delta(server) < 0 ? DEST_DEGRADED : DEST_UP;
}

bool health_update(struct server *server)
{
	bool up = true;

	for (size_t i = 0; i < server->n_probes; i++)
		up = up && check_is_up(server->probes[i]->check);
	enum dest_oper oper = judge(server, up);
	bool changed = up != server->up;
	if (oper != server->oper)
		server->oper_changed_wall_us = clock_wall_us();
	server->up = up;
	server->oper = oper;
	return changed;
}

void health_announce(struct engine *engine, struct server *server, const char *detail)
{
	char text[KEY_TEXT_MAX];

	dest_key_format(&server->conf->key, text);
	if (server->up)
		log_notice("check", "real server %s of %s is up", text, server->service->conf->id);
	else
		log_notice("check", "real server %s of %s is down: %s", text,
			   server->service->conf->id, detail);
	event_dest(engine, EVENT_DEST_STATE, server, server->up ? NULL : detail);
}

static const char *const checker_names[] = {
	[CONF_TCP_CHECK] = "TCP_CHECK",	  [CONF_HTTP_GET] = "HTTP_GET",
	[CONF_SSL_GET] = "SSL_GET",	  [CONF_SMTP_CHECK] = "SMTP_CHECK",
	[CONF_DNS_CHECK] = "DNS_CHECK",	  [CONF_MISC_CHECK] = "MISC_CHECK",
	[CONF_BFD_CHECK] = "BFD_CHECK",	  [CONF_UDP_CHECK] = "UDP_CHECK",
	[CONF_PING_CHECK] = "PING_CHECK", [CONF_FILE_CHECK] = "FILE_CHECK",
};
_Static_assert(sizeof checker_names / sizeof checker_names[0] == CONF_CHECKER_TYPES, "every type");

/* One attempt: every change of a verdict, other failures only when asked for. */
static void log_attempt(const struct probe *probe, const struct check_report *report)
{
	const struct server *server = probe->server;
	const struct conf_checker *checker = &server->conf->checkers[probe->index];
	/* Our own trouble is no verdict and shows nowhere else; said once until it ends. */
	bool trouble = report->result == CHECK_LOCAL_ERROR;
	int level = trouble ? LOG_WARNING : LOG_INFO;
	char text[KEY_TEXT_MAX];

	if (!report->changed && !(trouble && !probe->local_error) &&
	    (report->result == CHECK_OK || !checker->log_all_failures))
		return;
	log_write(level, "check", "%s of %s in %s %s: %s%s%s", checker_names[checker->type],
		  dest_key_format(&server->conf->key, text), server->service->conf->id,
		  report->result == CHECK_OK ? "succeeded" : "failed",
		  check_result_name(report->result), report->detail[0] ? ", " : "", report->detail);
}

/* A failed attempt says nothing about the weight. */
static void follow_weight(struct probe *probe, const struct check_report *report)
{
	if (report->result != CHECK_OK)
		return;
	probe->has_weight = report->has_weight;
	probe->weight = report->weight;
	probe->delta = report->delta;
}

static void tell_server(struct server *server, const struct msg_track *track)
{
	bool file = track->kind == CONF_TRACK_FILE;
	enum conf_checker_type type = file ? CONF_FILE_CHECK : CONF_BFD_CHECK;
	int32_t value = file ? track->value : track->up;

	for (size_t i = 0; i < server->n_probes; i++) {
		const struct conf_checker *checker = &server->conf->checkers[i];

		if (checker->type == type && checker->object.index == track->index)
			check_set_value(server->probes[i]->check, value);
	}
}

void health_track(struct engine *engine, const struct msg_track *track)
{
	if (!engine->conf || track->generation != engine->conf->generation ||
	    (track->kind != CONF_TRACK_FILE && track->kind != CONF_TRACK_BFD))
		return;
	for (size_t i = 0; i < engine->n_services; i++)
		for (size_t k = 0; k < engine->services[i]->n_servers; k++)
			tell_server(engine->services[i]->servers[k], track);
}

void health_report(struct check *check, const struct check_report *report, void *owner)
{
	struct probe *probe = owner;
	struct server *server = probe->server;
	struct engine *engine = server->service->engine;
	enum dest_oper before = server->oper;

	bool turned = check_is_up(check) != probe->up;
	log_attempt(probe, report);
	record_attempt(probe, report);
	probe->local_error = report->result == CHECK_LOCAL_ERROR;
	if (report->result != CHECK_OK)
		record_text(&server->last_error, report->detail);
	int32_t delta = engine_delta(server);
	follow_weight(probe, report);
	bool reweighted = engine_delta(server) != delta;
	probe->up = check_is_up(check);
	bool decisive = health_update(server);
	if (decisive)
		health_announce(engine, server, report->detail);
	if (turned)
		event_check(engine, probe, decisive, probe->up ? NULL : report->detail);
	if (!decisive && !reweighted && before == server->oper && !report->changed)
		return;
	engine_mark(engine, server->service);
}

void health_suspend(struct engine *engine, struct service *service, bool suspended)
{
	service->suspended = suspended;
	for (size_t i = 0; i < service->n_servers; i++) {
		struct server *server = service->servers[i];

		for (size_t k = 0; k < server->n_probes; k++)
			check_suspend(server->probes[k]->check, suspended,
				      services_first_check_us(engine, &server->conf->checkers[k]));
	}
}
