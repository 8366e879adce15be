/* SPDX-License-Identifier: MIT */
/*
 * When checks run: one timer for each check, which is the next attempt while it rests and the
 * deadline while its probe runs. Thread: check. Knows nothing of weights, quorum or IPVS, and logs
 * nothing: the report says it all.
 *
 * Delays count from the end of an attempt, as with keepalived, so attempts of one check never
 * overlap.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/loop.h"
#include "core/check/checker.h"
#include "core/check/dial.h"
#include "core/check/text.h"
#include "core/check/tls.h"
#include "core/check/twins.h"
#include "core/cmd.h"
#include "core/snap.h"

/* Turns of a probe that come before timers. */
#define TURNS_FIRST 16

/* Waiting for an answer, one entry per running program; entries are reused. */
struct exec_slot {
	struct check *check; /* NULL: free */
	uint32_t serial;     /* of its last use; the upper half of the request */
	uint32_t next_free;
};

struct check_env {
	struct loop *loop;
	check_exec_fn *exec;
	void *owner;
	const struct conf_tls *tls_conf;
	struct tls_client *tls;
	struct exec_slot *slots;
	uint32_t n_slots, first_free;
	size_t n_checks;
	void *twins; /* by what they probe */
};

static const char *const result_names[CHECK_RESULTS] = {
	[CHECK_OK] = "ok",
	[CHECK_TIMEOUT] = "timeout",
	[CHECK_REFUSED] = "refused",
	[CHECK_UNREACHABLE] = "unreachable",
	[CHECK_PROTOCOL_ERROR] = "protocol error",
	[CHECK_BAD_CONTENT] = "bad content",
	[CHECK_TLS_ERROR] = "TLS error",
	[CHECK_SCRIPT_ERROR] = "script error",
	[CHECK_LOCAL_ERROR] = "local error",
};

const char *check_result_name(enum check_result result)
{
	assert(result < CHECK_RESULTS && result_names[result]);
	return result_names[result];
}

static const struct checker_ops *ops_of(enum conf_checker_type type)
{
	switch (type) {
	case CONF_TCP_CHECK:
		return checker_tcp_ops();
	case CONF_HTTP_GET:
		return checker_http_ops();
	case CONF_SSL_GET:
		return checker_ssl_ops();
	case CONF_MISC_CHECK:
		return checker_misc_ops();
	case CONF_FILE_CHECK:
		return checker_file_ops();
	case CONF_BFD_CHECK:
		return checker_bfd_ops();
	case CONF_SMTP_CHECK:
		return checker_smtp_ops();
	case CONF_DNS_CHECK:
		return checker_dns_ops();
	case CONF_UDP_CHECK:
		return checker_udp_ops();
	case CONF_PING_CHECK:
		return checker_ping_ops();
	default:
		return NULL;
	}
}

/* ---- what all checks share ---- */

int check_env_new(struct loop *loop, check_exec_fn *exec, void *owner, struct check_env **ret)
{
	struct check_env *env = calloc(1, sizeof *env);

	if (!env)
		return -ENOMEM;
	env->loop = loop;
	env->exec = exec;
	env->owner = owner;
	env->first_free = CONF_NONE;
	*ret = env;
	return 0;
}

void check_env_end(struct check_env *env)
{
	if (env)
		twins_forget(&env->twins);
}

struct check_env *check_env_free(struct check_env *env)
{
	if (!env)
		return NULL;
	assert(env->n_checks == 0);
	tls_client_free(env->tls);
	free(env->slots);
	free(env);
	return NULL;
}

void check_env_set_tls(struct check_env *env, const struct conf_tls *conf)
{
	env->tls = tls_client_free(env->tls);
	env->tls_conf = conf;
}

struct tls_client *check_tls_client(struct check *check)
{
	static const struct conf_tls nothing;
	struct check_env *env = check->env;
	char reason[TLS_REASON_MAX] = "no memory";

	if (!env->tls &&
	    tls_client_new(env->tls_conf ? env->tls_conf : &nothing, &env->tls, reason) < 0)
		check_done_format(check, CHECK_LOCAL_ERROR, "cannot set up TLS: %s", reason);
	return env->tls;
}

/* Makes more free slots; false without memory. */
static bool grow_slots(struct check_env *env)
{
	uint32_t n = env->n_slots ? env->n_slots * 2 : 16;
	struct exec_slot *slots = reallocarray(env->slots, n, sizeof *slots);

	if (!slots)
		return false;
	env->slots = slots;
	while (env->n_slots < n) {
		slots[env->n_slots] = (struct exec_slot){.next_free = env->first_free};
		env->first_free = env->n_slots++;
	}
	return true;
}

static void release_slot(struct check *check)
{
	struct check_env *env = check->env;
	uint32_t index = (uint32_t)check->request;

	if (!check->request)
		return;
	check->request = 0;
	env->slots[index].check = NULL;
	env->slots[index].next_free = env->first_free;
	env->first_free = index;
}

bool check_exec_start(struct check *check)
{
	struct check_env *env = check->env;
	struct exec_slot *slot;
	int error;

	if (env->first_free == CONF_NONE && !grow_slots(env)) {
		check_done(check, CHECK_LOCAL_ERROR, "no memory");
		return false;
	}
	slot = &env->slots[env->first_free];
	if (++slot->serial == 0) /* a request is never 0 */
		slot->serial = 1;
	check->request = (uint64_t)slot->serial << 32 | env->first_free;
	env->first_free = slot->next_free;
	slot->check = check;
	error = env->exec ? env->exec(check->request, check->conf, env->owner) : -ENOSYS;
	if (error >= 0)
		return true;
	check_done_format(check, CHECK_LOCAL_ERROR, "cannot run: %s", strerrordesc_np(-error));
	return false;
}

void check_exec_done(struct check_env *env, const struct msg_exec_done *done)
{
	uint32_t index = (uint32_t)done->request;

	if (index >= env->n_slots || !env->slots[index].check ||
	    env->slots[index].serial != done->request >> 32)
		return;
	checker_misc_on_exec(env->slots[index].check, done);
}

/* ---- one check ---- */

/* Ends the probe, leaving nothing of it. */
static void stop(struct check *check)
{
	if (check->twins && check->twins->runner == check)
		check->twins->runner = NULL;
	check->waiting = false;
	if (check->ops->stop)
		check->ops->stop(check);
	free(check->probe);
	check->probe = NULL;
	check->io = loop_io_free(check->io);
	if (check->fd >= 0)
		close(check->fd);
	check->fd = -1;
	release_slot(check);
	check->running = false;
}

/* The same page is due: one probe answers for both. */
static bool is_shared(const struct check *check, const struct check *twin)
{
	return !twin->suspended && !twin->running && twin->verdict.url == check->verdict.url;
}

/* The probe they waited for was dropped: one of them takes it over. */
static void wake_twins(const struct twins *twins)
{
	for (uint32_t i = 0; twins && !twins->runner && i < twins->n; i++)
		if (twins->checks[i]->waiting) {
			twins->checks[i]->waiting = false;
			loop_timer_arm(twins->checks[i]->timer, clock_now_us());
		}
}

/* False: a twin's probe under way answers for this check too. */
static bool take_turn(struct check *check)
{
	struct twins *twins = check->twins;

	if (!twins)
		return true;
	if (twins->runner) {
		check->waiting = is_shared(twins->runner, check);
		return !check->waiting;
	}
	twins->runner = check;
	return true;
}

static void on_timer(uint64_t now_us, void *owner)
{
	struct check *check = owner;

	if (check->running) {
		check->ops->on_timeout(check);
		return;
	}
	if (!take_turn(check))
		return;
	check->running = true;
	check->started_us = now_us;
	check->weight = -1;
	check->code = 0;
	check->turns = 0;
	check->ops->start(check);
}

static void on_io(int fd, uint32_t events, void *owner)
{
	struct check *check = owner;

	(void)fd;
	/* An answer comes before the deadline it has just met. A server that never stops sending
	 * takes turns with the timers, though: those of its own check, and of all others. */
	if (check->turns < TURNS_FIRST && ++check->turns == TURNS_FIRST)
		loop_io_set_priority(check->io, LOOP_TIMER);
	check->ops->on_io(check, events);
}

/* What a finished attempt means for one check, be it its own or a twin's. */
static void conclude(struct check *check, struct check_report report)
{
	uint64_t delay_us;

	check->waiting = false;
	report.changed = verdict_step(&check->verdict, check->conf, report.result, &delay_us);
	report.up = check->verdict.up;
	loop_timer_arm(check->timer, clock_now_us() + delay_us);
	check->report(check, &report, check->owner); /* the check may be gone after this */
}

/* From the last on: one that is freed by its report moves the last into its place. */
static void tell_twins(const struct check *check, const struct check_report *report)
{
	const struct twins *twins = check->twins;

	for (uint32_t i = twins->n; i-- > 0;)
		if (twins->checks[i] != check && is_shared(check, twins->checks[i]))
			conclude(twins->checks[i], *report);
}

void check_done(struct check *check, enum check_result result, const char *detail)
{
	char clean[DEST_ERROR_MAX];
	uint64_t now_us = clock_now_us();
	struct check_report report = {
		.result = result,
		.has_weight = result == CHECK_OK && check->weight >= 0,
		.delta = check->delta,
		.code = check->code,
		.latency_us = now_us > check->started_us ? now_us - check->started_us : 0,
		.detail = text_clean(clean, sizeof clean, detail, strlen(detail)),
	};
	bool shared = check->twins && check->twins->runner == check;

	assert(check->running);
	if (report.has_weight)
		report.weight = (uint32_t)check->weight;
	stop(check);
	if (shared)
		tell_twins(check, &report);
	conclude(check, report);
}

void check_done_format(struct check *check, enum check_result result, const char *format, ...)
{
	char detail[4 * DEST_ERROR_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof detail, format, args);
	va_end(args);
	check_done(check, result, detail);
}

bool check_watch(struct check *check, uint32_t events)
{
	int error;

	if (check->io)
		error = loop_io_set_events(check->io, events);
	else
		error = loop_io_new(check->env->loop, check->fd, events, LOOP_NORMAL, on_io, check,
				    &check->io);
	if (error >= 0)
		return true;
	check_done_format(check, CHECK_LOCAL_ERROR, "cannot watch the connection: %s",
			  strerrordesc_np(-error));
	return false;
}

void check_set_deadline(struct check *check, uint64_t at_us)
{
	loop_timer_arm(check->timer, at_us);
}

static void done_dial(struct check *check, const struct dial_error *error)
{
	check_done_format(check, error->result, "cannot %s: %s", error->step,
			  strerrordesc_np(error->error));
}

bool check_dial(struct check *check, enum dial_kind kind)
{
	struct dial_error error;

	check->fd = dial_start(kind, check->conf, &error);
	if (check->fd < 0) {
		done_dial(check, &error);
		return false;
	}
	check_set_deadline(check, check->started_us + check->conf->connect_timeout_us);
	return check_watch(check, kind == DIAL_STREAM ? EPOLLOUT : EPOLLIN);
}

bool check_dialled(struct check *check)
{
	struct dial_error error;

	if (dial_finish(check->fd, check->conf, &error) == 0)
		return true;
	done_dial(check, &error);
	return false;
}

static void done_datagram(struct check *check, const char *step, int error)
{
	check_done_format(check, dial_result(error), "while %s: %s", step, strerrordesc_np(error));
}

bool check_send(struct check *check, const void *octets, size_t size)
{
	if (send(check->fd, octets, size, MSG_NOSIGNAL) >= 0)
		return true;
	done_datagram(check, "sending", errno);
	return false;
}

ssize_t check_receive(struct check *check, void *room, size_t size)
{
	ssize_t n = recv(check->fd, room, size, MSG_TRUNC);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		done_datagram(check, "waiting for an answer", errno);
	return n < 0 ? -1 : n;
}

int check_new(struct check_env *env, const struct conf_checker *conf, bool initially_up,
	      uint64_t first_us, check_report_fn *report, void *owner, struct check **ret)
{
	struct check *check = calloc(1, sizeof *check);
	int error;

	if (!check)
		return -ENOMEM;
	check->env = env;
	check->conf = conf;
	check->ops = ops_of(conf->type);
	assert(check->ops);
	check->report = report;
	check->owner = owner;
	check->verdict = verdict_start(conf, initially_up);
	check->fd = -1;
	error = loop_timer_new(env->loop, on_timer, check, &check->timer);
	if (error < 0) {
		free(check);
		return error;
	}
	loop_timer_arm(check->timer, first_us);
	twins_join(&env->twins, check);
	env->n_checks++;
	*ret = check;
	return 0;
}

struct check *check_free(struct check *check)
{
	if (!check)
		return NULL;
	struct twins *twins = check->twins && check->twins->n > 1 ? check->twins : NULL;

	stop(check);
	twins_leave(&check->env->twins, check);
	wake_twins(twins);
	loop_timer_free(check->timer);
	check->env->n_checks--;
	free(check);
	return NULL;
}

void check_suspend(struct check *check, bool suspended, uint64_t first_us)
{
	if (check->suspended == suspended)
		return;
	check->suspended = suspended;
	stop(check);
	wake_twins(check->twins);
	if (suspended)
		loop_timer_disarm(check->timer);
	else
		loop_timer_arm(check->timer, first_us);
}

void check_set_conf(struct check *check, const struct conf_checker *conf)
{
	assert(conf->type == check->conf->type && conf->n_urls == check->conf->n_urls);
	check->conf = conf;
}

void check_set_value(struct check *check, int32_t value)
{
	check->has_value = true;
	check->value = value;
	if (!check->suspended)
		loop_timer_arm(check->timer, clock_now_us());
}

bool check_is_up(const struct check *check)
{
	return check->verdict.up;
}

bool check_has_run(const struct check *check)
{
	return check->verdict.decided;
}
