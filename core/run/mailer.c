/* SPDX-License-Identifier: MIT */
/*
 * The queue of letters. One helper at a time works on its head; what comes back decides whether the
 * head goes, or stays and waits for the timer. Runs in main and waits for nothing.
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
#include "core/run/helper.h"
#include "core/run/letter.h"
#include "core/run/smtp.h"

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
	struct loop *loop;
	struct loop_timer *timer;
	struct smtp *smtp;
	const struct conf *conf;
	char host[HOST_NAME_MAX + 1];
	struct item *first, *last;
	size_t n;
	uint64_t letters; /* so far */
	uint64_t lost, told_us;
	uint64_t pause_us; /* before the next try; 0: the server is not known to be in trouble */
	bool hurried, finished;
	/* The helper's while there is one. */
	struct helper *helper;
	struct item *sending; /* taken from the queue */
	const struct conf *sending_conf;
	bool more;
	struct smtp_result result;
};

static bool wants_mail(const struct mailer *mailer)
{
	return mailer->conf && mailer->conf->global.n_emails && *mailer->conf->global.smtp_server;
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

static void work(void *owner)
{
	struct mailer *mailer = owner;
	const struct conf_global *global = &mailer->sending_conf->global;
	size_t length;
	char *text = letter_format(&mailer->sending->letter, global, mailer->host, &length);

	if (text)
		smtp_send(mailer->smtp, global, mailer->host, text, length, mailer->more,
			  &mailer->result);
	else
		mailer->result =
			(struct smtp_result){.verdict = SMTP_LATER, .detail = "out of memory"};
	free(text);
}

static void start(struct mailer *mailer);

static void lose(struct mailer *mailer, struct item *item)
{
	mailer->lost++;
	log_error("mail", "not sent: %s: %s", item->letter.subject, mailer->result.detail);
	free(item);
}

/* The server is in trouble: what it is will not be said again before it is over. */
static void put_off(struct mailer *mailer, struct item *item)
{
	uint64_t now_us = clock_now_us();
	uint64_t pause_us = mailer->pause_us ? 2 * mailer->pause_us : RETRY_MIN_US;

	if (mailer->hurried || now_us - item->since_us > AGE_MAX_US) {
		lose(mailer, item);
		return;
	}
	if (!mailer->pause_us)
		log_warn("mail", "%s: %s; mail waits", mailer->sending_conf->global.smtp_server,
			 mailer->result.detail);
	mailer->pause_us = pause_us < RETRY_MAX_US ? pause_us : RETRY_MAX_US;
	put_first(mailer, item);
	loop_timer_arm(mailer->timer, now_us + mailer->pause_us);
}

static void settle(struct mailer *mailer, struct item *item)
{
	const struct smtp_result *result = &mailer->result;

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
		lose(mailer, item);
		break;
	case SMTP_LATER:
		put_off(mailer, item);
		break;
	}
}

static void on_sent(void *owner)
{
	struct mailer *mailer = owner;
	struct item *item = mailer->sending;
	bool late = mailer->sending_conf != mailer->conf;

	mailer->helper = NULL;
	mailer->sending = NULL;
	settle(mailer, item);
	mailer->sending_conf = conf_unref(mailer->sending_conf);
	if (!wants_mail(mailer))
		drop_all(mailer, "mail is no longer configured");
	if (late)
		mailer->pause_us = 0;
	if (!mailer->pause_us || mailer->hurried)
		start(mailer);
}

/* Takes the head of the queue, if nothing is under way. */
static void start(struct mailer *mailer)
{
	if (mailer->helper || !mailer->first || !wants_mail(mailer) || mailer->finished)
		return;
	mailer->sending = take_first(mailer);
	mailer->sending_conf = conf_ref(mailer->conf);
	mailer->more = mailer->n > 0;
	int error = helper_start(mailer->loop, work, on_sent, mailer, &mailer->helper);
	if (!error)
		return;
	mailer->result = (struct smtp_result){.verdict = SMTP_LATER};
	snprintf(mailer->result.detail, sizeof mailer->result.detail, "no thread for it: %s",
		 strerror(-error));
	struct item *item = mailer->sending;
	mailer->sending = NULL;
	put_off(mailer, item);
	mailer->sending_conf = conf_unref(mailer->sending_conf);
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
	smtp_give_up(mailer->smtp);
}

bool mailer_is_busy(const struct mailer *mailer)
{
	return mailer->helper || mailer->first;
}

bool mailer_is_sending(const struct mailer *mailer)
{
	return mailer && mailer->helper;
}

uint64_t mailer_waiting(const struct mailer *mailer)
{
	return mailer->n + (mailer->sending != NULL);
}

uint64_t mailer_lost(const struct mailer *mailer)
{
	return mailer->lost;
}

int mailer_new(struct loop *loop, struct mailer **ret)
{
	struct mailer *mailer = calloc(1, sizeof *mailer);

	if (!mailer)
		return -ENOMEM;
	int error = smtp_new(&mailer->smtp);
	if (!error)
		error = loop_timer_new(loop, on_timer, mailer, &mailer->timer);
	if (error) {
		mailer_free(mailer);
		return error;
	}
	mailer->loop = loop;
	gethostname(mailer->host, sizeof mailer->host - 1);
	*ret = mailer;
	return 0;
}

struct mailer *mailer_free(struct mailer *mailer)
{
	if (!mailer)
		return NULL;
	if (mailer->helper)
		smtp_give_up(mailer->smtp);
	mailer->helper = helper_finish(mailer->helper);
	free(mailer->sending);
	conf_unref(mailer->sending_conf);
	while (mailer->first)
		free(take_first(mailer));
	loop_timer_free(mailer->timer);
	conf_unref(mailer->conf);
	smtp_free(mailer->smtp);
	free(mailer);
	return NULL;
}
