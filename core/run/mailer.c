/* SPDX-License-Identifier: MIT */
/*
 * The queue of letters. Its head is handed to vipd-mail; what comes back decides whether the head
 * goes, or stays and waits for the timer. Runs in main and waits for nothing.
 */
#include "core/run/mailer.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/model.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/run/courier.h"
#include "core/run/exec.h"
#include "core/run/letter.h"

#define WAITING_MAX   500
#define RETRY_MIN_US  (5 * USEC_PER_SEC)
#define RETRY_MAX_US  (60 * USEC_PER_SEC)
#define AGE_MAX_US    (3600 * USEC_PER_SEC)
#define TELL_EVERY_US (60 * USEC_PER_SEC)

struct item {
	struct item *next;
	uint64_t since_us;
	struct letter letter;
};

struct mailer {
	struct loop_timer *timer;
	int program;		 /* vipd-mail, or negative errno */
	struct courier *courier; /* NULL without the program */
	const struct conf *conf;
	char path[PATH_MAX]; /* of the program */
	char host[HOST_NAME_MAX + 1];
	struct item *first, *last;
	size_t n;
	uint64_t letters; /* so far */
	uint64_t lost, told_us;
	uint64_t pause_us; /* before the next try; 0: the server is not known to be in trouble */
	bool hurried, finished;
	struct item *sending; /* taken from the queue; NULL: nothing is under way */
	const struct conf *sending_conf;
};

static bool is_configured(const struct mailer *mailer)
{
	return mailer->conf && mailer->conf->global.n_emails && *mailer->conf->global.smtp_server;
}

static bool wants_mail(const struct mailer *mailer)
{
	return mailer->courier && is_configured(mailer);
}

/* ---- the queue ---- */

static struct item *take_first(struct mailer *mailer)
{
	struct item *item = mailer->first;

	mailer->first = item->next;
	if (!mailer->first)
		mailer->last = NULL;
	mailer->n--;
	return item;
}

static void put_first(struct mailer *mailer, struct item *item)
{
	item->next = mailer->first;
	mailer->first = item;
	if (!mailer->last)
		mailer->last = item;
	mailer->n++;
}

static void put_last(struct mailer *mailer, struct item *item)
{
	item->next = NULL;
	if (mailer->last)
		mailer->last->next = item;
	else
		mailer->first = item;
	mailer->last = item;
	mailer->n++;
}

static void tell_lost(struct mailer *mailer, const char *why)
{
	uint64_t now_us = clock_now_us();

	if (mailer->told_us && now_us - mailer->told_us < TELL_EVERY_US && !mailer->finished)
		return;
	mailer->told_us = now_us;
	log_error("mail", "%s; %llu letters lost so far", why, (unsigned long long)mailer->lost);
}

static void drop_all(struct mailer *mailer, const char *why)
{
	size_t n = mailer->n;

	while (mailer->first) {
		free(take_first(mailer));
		mailer->lost++;
	}
	if (n)
		tell_lost(mailer, why);
}

/* ---- one on its way ---- */

static int ask(struct mailer *mailer)
{
	const struct conf_global *global = &mailer->sending_conf->global;
	size_t length;
	char *text = letter_format(&mailer->sending->letter, global, mailer->host, &length);
	struct smtp_request request = {
		.server = global->smtp_server,
		.port = global->smtp_port,
		.timeout_ms =
			(uint32_t)((global->smtp_timeout_us + USEC_PER_MSEC - 1) / USEC_PER_MSEC),
		.more = mailer->n > 0,
		.name = global->smtp_helo ? global->smtp_helo : mailer->host,
		.from = global->email_from,
		.recipients = (const char *const *)global->emails,
		.n_recipients = global->n_emails,
		.text = text,
	};
	int error = text ? courier_send(mailer->courier, &request) : -ENOMEM;

	free(text);
	return error;
}

static void start(struct mailer *mailer);

static void lose(struct mailer *mailer, struct item *item, const char *why)
{
	mailer->lost++;
	log_error("mail", "not sent: %s: %s", item->letter.subject, why);
	free(item);
}

/* The server is in trouble: what it is will not be said again before it is over. */
static void put_off(struct mailer *mailer, struct item *item, const char *why)
{
	uint64_t now_us = clock_now_us();
	uint64_t pause_us = mailer->pause_us ? 2 * mailer->pause_us : RETRY_MIN_US;

	if (mailer->hurried || now_us - item->since_us > AGE_MAX_US) {
		lose(mailer, item, why);
		return;
	}
	if (!mailer->pause_us)
		log_warn("mail", "%s: %s; mail waits", mailer->sending_conf->global.smtp_server,
			 why);
	mailer->pause_us = pause_us < RETRY_MAX_US ? pause_us : RETRY_MAX_US;
	put_first(mailer, item);
	loop_timer_arm(mailer->timer, now_us + mailer->pause_us);
}

static void settle(struct mailer *mailer, struct item *item, const struct smtp_result *result)
{
	switch (result->verdict) {
	case SMTP_SENT:
		mailer->pause_us = 0;
		log_info("mail", "sent: %s", item->letter.subject);
		if (result->n_refused)
			log_warn("mail", "%u of %zu recipients were refused; %s", result->n_refused,
				 mailer->sending_conf->global.n_emails, result->refusal);
		free(item);
		break;
	case SMTP_REFUSED:
		mailer->pause_us = 0;
		lose(mailer, item, result->detail);
		break;
	case SMTP_LATER:
		put_off(mailer, item, result->detail);
		break;
	}
}

static void on_sent(const struct smtp_result *result, void *owner)
{
	struct mailer *mailer = owner;
	struct item *item = mailer->sending;
	bool late = mailer->sending_conf != mailer->conf;

	mailer->sending = NULL;
	settle(mailer, item, result);
	mailer->sending_conf = conf_unref(mailer->sending_conf);
	if (!wants_mail(mailer))
		drop_all(mailer, "mail is no longer configured");
	if (late)
		mailer->pause_us = 0;
	if (!mailer->pause_us || mailer->hurried)
		start(mailer);
	if (!mailer->sending)
		courier_rest(mailer->courier);
}

/* Takes the head of the queue, if nothing is under way. */
static void start(struct mailer *mailer)
{
	if (mailer->sending || !mailer->first || !wants_mail(mailer) || mailer->finished)
		return;
	mailer->sending = take_first(mailer);
	mailer->sending_conf = conf_ref(mailer->conf);
	int error = ask(mailer);
	if (!error)
		return;
	/* Too many recipients for one packet stay too many. */
	struct smtp_result result = {.verdict = error == -EMSGSIZE ? SMTP_REFUSED : SMTP_LATER};
	snprintf(result.detail, sizeof result.detail, "%s", strerror(-error));
	struct item *item = mailer->sending;
	mailer->sending = NULL;
	settle(mailer, item, &result);
	mailer->sending_conf = conf_unref(mailer->sending_conf);
	if (!mailer->pause_us)
		loop_timer_arm(mailer->timer, clock_now_us());
}

static void on_timer(uint64_t now_us, void *owner)
{
	(void)now_us;
	start(owner);
}

/* ---- for everybody else ---- */

void mailer_use(struct mailer *mailer, const struct conf *conf)
{
	conf_ref(conf);
	conf_unref(mailer->conf);
	mailer->conf = conf;
	if (is_configured(mailer) && !mailer->courier)
		log_error("mail", "none will be sent, for want of %s: %s", mailer->path,
			  strerror(-mailer->program));
	if (!wants_mail(mailer))
		drop_all(mailer, "mail is no longer configured");
	mailer->pause_us = 0;
	start(mailer);
}

void mailer_send(struct mailer *mailer, const struct letter *letter)
{
	struct item *item;

	if (!wants_mail(mailer) || mailer->finished)
		return;
	if (mailer->n == WAITING_MAX) {
		free(take_first(mailer));
		mailer->lost++;
		tell_lost(mailer, "too much mail waits, the oldest is dropped");
	}
	item = malloc(sizeof *item);
	if (!item) {
		mailer->lost++;
		tell_lost(mailer, "out of memory");
		return;
	}
	item->letter = *letter;
	item->letter.number = ++mailer->letters;
	item->since_us = clock_now_us();
	put_last(mailer, item);
	if (!mailer->pause_us || mailer->hurried)
		start(mailer);
}

void mailer_hurry(struct mailer *mailer)
{
	mailer->hurried = true;
	start(mailer);
}

void mailer_finish(struct mailer *mailer)
{
	mailer->finished = true;
	if (mailer->sending)
		mailer->lost++;
	if (mailer->sending && !mailer->n)
		tell_lost(mailer, "the daemon ends before the mail server has answered");
	drop_all(mailer, "the daemon ends before its mail is sent");
	if (mailer->courier)
		courier_rest(mailer->courier);
}

bool mailer_is_busy(const struct mailer *mailer)
{
	return mailer->sending || mailer->first;
}

uint64_t mailer_waiting(const struct mailer *mailer)
{
	return mailer->n + (mailer->sending != NULL);
}

uint64_t mailer_lost(const struct mailer *mailer)
{
	return mailer->lost;
}

int mailer_new(struct loop *loop, struct exec *exec, struct mailer **ret)
{
	struct mailer *mailer = calloc(1, sizeof *mailer);

	if (!mailer)
		return -ENOMEM;
	mailer->program = exec_open(COURIER_PROGRAM, mailer->path);
	int error = loop_timer_new(loop, on_timer, mailer, &mailer->timer);
	if (!error && mailer->program >= 0)
		error = courier_new(loop, exec, mailer->program, on_sent, mailer, &mailer->courier);
	if (error) {
		mailer_free(mailer);
		return error;
	}
	gethostname(mailer->host, sizeof mailer->host - 1);
	*ret = mailer;
	return 0;
}

struct mailer *mailer_free(struct mailer *mailer)
{
	if (!mailer)
		return NULL;
	courier_free(mailer->courier);
	free(mailer->sending);
	conf_unref(mailer->sending_conf);
	while (mailer->first)
		free(take_first(mailer));
	loop_timer_free(mailer->timer);
	conf_unref(mailer->conf);
	if (mailer->program >= 0)
		close(mailer->program);
	free(mailer);
	return NULL;
}
