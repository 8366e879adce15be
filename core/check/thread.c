/* SPDX-License-Identifier: MIT */
/*
 * The body of the check thread: its loop, its mailbox, its timers. One turn of work is settle.c's.
 * Must not read files, resolve names or run programs: main does that. May block for an IPVS reply.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/base/mail.h"
#include "core/base/tune.h"
#include "core/check/engine.h"

/* ---- small helpers of all files ---- */

struct admin_time engine_time(void)
{
	return (struct admin_time){.now_us = clock_now_us(), .wall_us = clock_wall_us()};
}

int32_t engine_delta(const struct server *server)
{
	int64_t delta = 0;

	for (size_t i = 0; i < server->n_probes; i++) {
		if (server->probes[i]->has_weight)
			delta += (int64_t)server->probes[i]->weight - server->conf->weight;
		delta += server->probes[i]->delta;
	}
	if (delta < -WEIGHT_MAX)
		return -WEIGHT_MAX;
	return delta > WEIGHT_MAX ? WEIGHT_MAX : (int32_t)delta;
}

struct server_input engine_input(const struct server *server)
{
	return (struct server_input){
		.admin = server->admin.state,
		.up = server->up,
		.conf_weight = server->conf->weight,
		.override = server->admin.weight_override,
		.delta = engine_delta(server),
		.held_permille = server->ramp.held_permille,
		.inhibit = server->conf->inhibit_on_failure,
	};
}

struct server_input *engine_inputs(const struct service *service)
{
	struct server_input *inputs = calloc(service->n_servers + 1, sizeof *inputs);

	for (size_t i = 0; inputs && i < service->n_servers; i++)
		inputs[i] = engine_input(service->servers[i]);
	return inputs;
}

struct admin_usage engine_usage(const struct server *server)
{
	struct admin_usage usage = {0};

	for (size_t k = 0; k < server->service->n_members; k++) {
		usage.active += server->places[k].active;
		usage.inactive += server->places[k].inactive;
		usage.persistent += server->places[k].persistent;
	}
	return usage;
}

void engine_wake(struct engine *engine)
{
	loop_timer_arm(engine->settle_timer, clock_now_us());
}

void engine_mark(struct engine *engine, struct service *service)
{
	service->dirty = true;
	engine_wake(engine);
}

static void on_settle(uint64_t now_us, void *owner)
{
	(void)now_us;
	engine_settle(owner);
}

/* ---- mail ---- */

static void on_late(uint64_t late_us, void *owner)
{
	struct engine *engine = owner;

	tune_late("check", &engine->tune, late_us);
}

static void adopt(struct engine *engine, const struct conf *conf)
{
	struct msg_conf_done done = {.from = THREAD_CHECK, .generation = conf->generation};
	bool first = engine->conf == NULL;
	int error;

	/* What is queued refers to rows that may go. */
	engine_settle_now(engine);
	error = engine_adopt(engine, conf);
	if (error < 0) {
		log_error("check", "cannot adopt the configuration: %s", strerrordesc_np(-error));
		conf_unref(conf);
		mail_post(engine->wires->box[THREAD_MAIN], MSG_CONF_DONE, &done, sizeof done);
		return;
	}
	loop_on_late(engine->loop, conf->global.process.auto_priority_delay_us, on_late, engine);
	tune_thread("check", &conf->global.checker.tune, &engine->tune);
	if (refresh_is_needed(engine) || (first && conf->global.lvs_flush))
		kernel_open(engine, clock_now_us());
	if (first && conf->global.lvs_flush && engine->ipvs) {
		if (engine->ops->flush(engine->ipvs) < 0)
			log_error("ipvs", "cannot flush the kernel's table");
		view_lost(engine);
	}
	if (first)
		ramp_resume(engine);
	else
		sysctls_warn(engine);
	kernel_set_timeouts(engine);
	sync_settle(engine);
	engine_settle_now(engine); /* the answer promises rows that show it */
	refresh_arm(engine, clock_now_us());
	mail_post(engine->wires->box[THREAD_MAIN], MSG_CONF_DONE, &done, sizeof done);
}

static void remember_stored(struct engine *engine, const struct mail *mail)
{
	struct msg_admin *bigger;

	if (mail->size != sizeof *bigger || engine->conf) {
		log_warn("check", "a stored administrative state came too late or is malformed");
		return;
	}
	bigger = reallocarray(engine->stored, engine->n_stored + 1, sizeof *bigger);
	if (!bigger) {
		log_error("check", "out of memory: a stored administrative state is lost");
		return;
	}
	engine->stored = bigger;
	memcpy(&bigger[engine->n_stored++], mail->body, sizeof *bigger);
}

/* Removes this daemon's services, or everything, as configured; connections end with the director
 * anyhow. */
static void leave_kernel(struct engine *engine)
{
	const struct conf_global *global = &engine->conf->global;

	if (engine->ipvs && global->lvs_flush_on_stop == 1 && engine->ops->flush(engine->ipvs) == 0)
		return;
	for (size_t i = 0; i < engine->n_services; i++) {
		for (size_t k = 0; k < engine->services[i]->n_members; k++)
			kernel_remove(engine, &engine->services[i]->members[k].key);
		loop_touch(engine->loop);
	}
}

static void stop(struct engine *engine)
{
	if (engine->conf) {
		leave_kernel(engine);
		event_stopping(engine);
	}
	command_cancel(engine);
	engine->stopping = true;
	sync_settle(engine);
	if (engine->conf)
		event_flush(engine);
	loop_quit(engine->loop, 0);
}

static void suspend(struct engine *engine, const struct msg_suspend *message)
{
	struct service *service;

	if (!engine->conf || engine->conf->generation != message->generation ||
	    message->service >= engine->n_services)
		return; /* of an older configuration: the newer one's follows */
	service = engine->services[message->service];
	if (service->suspended == message->suspended)
		return;
	log_notice("check", "%s: %s", service->conf->id,
		   message->suspended ? "no address of it is here, its checks are suspended"
				      : "its address is here, its checks go on");
	health_suspend(engine, service, message->suspended);
	engine_mark(engine, service);
}

/* Of a configuration, or said of the one before it in the queue. */
static bool changes_rows(const struct mail *mail)
{
	return mail->kind == MSG_CONF || mail->kind == MSG_DEST_SET || mail->kind == MSG_TRACK ||
	       mail->kind == MSG_SUSPEND;
}

static void dispatch(struct engine *engine, const struct mail *mail)
{
	switch ((enum msg_kind)mail->kind) {
	case MSG_CONF:
		adopt(engine, ((const struct msg_conf *)mail->body)->conf);
		break;
	case MSG_STOP:
		stop(engine);
		break;
	case MSG_ROLE:
		engine->sync.master = ((const struct msg_role *)mail->body)->master;
		sync_settle(engine);
		engine_wake(engine);
		break;
	case MSG_SUSPEND:
		suspend(engine, (const struct msg_suspend *)mail->body);
		break;
	case MSG_ADMIN:
		remember_stored(engine, mail);
		break;
	case MSG_QUORUM_POLICY:
		engine->policy = ((const struct msg_quorum_policy *)mail->body)->policy;
		break;
	case MSG_ADMIN_SAVED:
		command_saved(engine, (const struct msg_admin_saved *)mail->body);
		break;
	case MSG_DEST_SET:
		command_set(engine, mail);
		break;
	case MSG_TRACK:
		health_track(engine, (const struct msg_track *)mail->body);
		break;
	case MSG_EXEC_DONE:
		check_exec_done(engine->checks, (const struct msg_exec_done *)mail->body);
		break;
	default:
		log_warn("check", "unexpected message %u", mail->kind);
		break;
	}
}

/* Frees a message unread. */
static void discard(struct mail *mail)
{
	if (mail->kind == MSG_CONF)
		conf_unref(((const struct msg_conf *)mail->body)->conf);
	mail_free(mail);
}

static void take(struct engine *engine, struct mail *mail)
{
	if (engine->stopping) {
		discard(mail);
		return;
	}
	if (engine->pending.active && changes_rows(mail)) {
		mail->next = NULL;
		*engine->deferred_end = mail;
		engine->deferred_end = &mail->next;
		return;
	}
	dispatch(engine, mail);
	mail_free(mail);
}

/* Mail that waited for a save, until one of it waits again. */
static void take_deferred(struct engine *engine)
{
	while (engine->deferred && !engine->pending.active && !engine->stopping) {
		struct mail *mail = engine->deferred;

		engine->deferred = mail->next;
		if (!engine->deferred)
			engine->deferred_end = &engine->deferred;
		take(engine, mail);
	}
}

static void on_mail(int fd, uint32_t events, void *owner)
{
	struct engine *engine = owner;
	struct mail *mail = mailbox_drain(engine->wires->box[THREAD_CHECK]);

	(void)fd;
	(void)events;
	while (mail) {
		struct mail *next = mail->next;

		take(engine, mail);
		take_deferred(engine);
		mail = next;
	}
}

/* ---- programs of MISC_CHECK ---- */

static bool locate(const struct engine *engine, const struct conf_checker *checker,
		   struct msg_exec *ret)
{
	for (size_t i = 0; i < engine->conf->n_services; i++) {
		const struct conf_virtual_server *service = &engine->conf->services[i];

		for (size_t k = 0; k < service->n_servers; k++) {
			const struct conf_real_server *server = &service->servers[k];

			if (checker < server->checkers ||
			    checker >= server->checkers + server->n_checkers)
				continue;
			ret->vs = (uint32_t)i;
			ret->rs = (uint32_t)k;
			ret->checker = (uint32_t)(checker - server->checkers);
			return true;
		}
	}
	return false;
}

static int on_exec(uint64_t request, const struct conf_checker *conf, void *owner)
{
	struct engine *engine = owner;
	struct msg_exec message = {
		.request = request,
		.generation = engine->conf->generation,
		.timeout_us = conf->misc_timeout_us,
	};

	if (!locate(engine, conf, &message))
		return -ENOENT;
	return mail_post(engine->wires->box[THREAD_MAIN], MSG_EXEC, &message, sizeof message);
}

/* ---- birth and death ---- */

struct engine *engine_free(struct engine *engine)
{
	if (!engine)
		return NULL;
	check_env_end(engine->checks);
	services_free(engine);
	check_env_free(engine->checks);
	if (engine->ipvs)
		engine->ops->close(engine->ipvs);
	while (engine->deferred) {
		struct mail *next = engine->deferred->next;

		discard(engine->deferred);
		engine->deferred = next;
	}
	loop_io_free(engine->inbox);
	loop_timer_free(engine->refresh_timer);
	loop_timer_free(engine->settle_timer);
	loop_timer_free(engine->drain_timer);
	loop_timer_free(engine->ramp_timer);
	loop_free(engine->loop);
	conf_unref(engine->conf);
	free(engine->stored);
	free(engine->orphans);
	free(engine->pending.undo);
	free(engine->last.undo);
	free(engine->events);
	free(engine->replies);
	free(engine);
	return NULL;
}

int engine_new(const struct wires *wires, struct engine **ret)
{
	struct engine *engine = calloc(1, sizeof *engine);
	int error = -ENOMEM;

	if (!engine)
		return -ENOMEM;
	engine->wires = wires;
	engine->ops = wires->ipvs;
	engine->ipvs_netns = wires->ipvs_netns;
	engine->policy = QUORUM_ALLOW;
	engine->refresh_us = REFRESH_US;
	engine->rest = PACE_REST;
	engine->refresh_rest = REFRESH_REST;
	engine->about.sysctls = (struct ipvs_sysctls){-1, -1, -1};
	engine->deferred_end = &engine->deferred;
	error = loop_new(wires->beat[THREAD_CHECK], &engine->loop);
	if (error < 0)
		goto fail;
	error = loop_timer_new(engine->loop, refresh_due, engine, &engine->refresh_timer);
	if (error < 0)
		goto fail;
	error = loop_timer_new(engine->loop, on_settle, engine, &engine->settle_timer);
	if (error < 0)
		goto fail;
	error = loop_timer_new(engine->loop, drain_confirm, engine, &engine->drain_timer);
	if (error < 0)
		goto fail;
	error = loop_timer_new(engine->loop, ramp_tick, engine, &engine->ramp_timer);
	if (error < 0)
		goto fail;
	error = check_env_new(engine->loop, on_exec, engine, &engine->checks);
	if (error < 0)
		goto fail;
	error = loop_io_new(engine->loop, mailbox_fd(wires->box[THREAD_CHECK]), EPOLLIN,
			    LOOP_NORMAL, on_mail, engine, &engine->inbox);
	if (error < 0)
		goto fail;
	*ret = engine;
	return 0;
fail:
	engine_free(engine);
	return error;
}

void *check_thread(void *owner)
{
	const struct wires *wires = owner;
	struct msg_stopped stopped = {.from = THREAD_CHECK};
	struct engine *engine = NULL;
	int error;

	log_ring_use(wires->log[THREAD_CHECK]);
	error = engine_new(wires, &engine);
	if (error == 0)
		error = loop_run(engine->loop);
	if (error < 0)
		log_error("check", "the check thread ends: %s", strerrordesc_np(-error));
	engine_free(engine);
	mail_post(wires->box[THREAD_MAIN], MSG_STOPPED, &stopped, sizeof stopped);
	return NULL;
}
