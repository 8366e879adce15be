/* SPDX-License-Identifier: MIT */
/*
 * The body of the bfd thread: one loop over its mailbox, up to four sockets that hear (two
 * families, single hop and multihop) and one timer, driving the engine. It waits in epoll only.
 *
 * Packets come before the timer, so that after a stall everything the neighbors have sent meanwhile
 * is read before one of them is declared down. A flood must not hold the timer back for ever: once
 * more has been read than the socket could have held when the timer fell due, the timer's work is
 * done from the receiving side.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/latest.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/base/mail.h"
#include "core/base/tune.h"
#include "core/bfd/engine.h"

#define BATCH	     64	  /* packets read in one turn */
#define FLOOD	     1024 /* more than the default receive buffer holds */
#define DATAGRAM_MAX 256  /* the length octet of a packet says no more */

struct body;

struct ear {
	struct body *body;
	bool multihop;
	int fd; /* -1: not open */
	struct loop_io *io;
};

struct body {
	const struct wires *wires;
	struct loop *loop;
	struct loop_io *mail;
	struct loop_timer *timer;
	struct bfd_engine *engine;
	struct ear ears[2][2]; /* IPv6 or not, multihop or not */
	uint64_t armed_us;
	unsigned read_since_due;
	struct tune tune; /* in force */
};

/* Publishes what the last calls changed and sees to it that we wake up for what comes next. */
static void settle(struct body *body)
{
	uint64_t due_us;

	bfd_engine_flush(body->engine, clock_now_us());
	due_us = bfd_engine_due_us(body->engine);
	if (due_us == body->armed_us)
		return;
	body->armed_us = due_us;
	if (due_us)
		loop_timer_arm(body->timer, due_us);
	else
		loop_timer_disarm(body->timer);
}

static void on_timer(uint64_t now_us, void *owner)
{
	struct body *body = owner;

	body->armed_us = 0;
	body->read_since_due = 0;
	bfd_engine_tick(body->engine, now_us);
	settle(body);
}

static void guard_timer(struct body *body, unsigned count, uint64_t now_us)
{
	if (!body->armed_us || body->armed_us > now_us) {
		body->read_since_due = 0;
		return;
	}
	body->read_since_due += count;
	if (body->read_since_due < FLOOD)
		return;
	body->read_since_due = 0;
	bfd_engine_tick(body->engine, now_us);
}

static void on_readable(int fd, uint32_t events, void *owner)
{
	const struct ear *ear = owner;
	struct body *body = ear->body;
	unsigned count = 0;

	(void)events;
	for (; count < BATCH; count++) {
		uint8_t octets[DATAGRAM_MAX];
		struct bfd_arrival arrival = {.multihop = ear->multihop};
		ssize_t size = bfd_sock_receive(fd, octets, sizeof octets, &arrival);

		if (size == -EAGAIN)
			break;
		if (size >= 0)
			bfd_engine_receive(body->engine, &arrival, octets, (size_t)size,
					   clock_now_us());
	}
	guard_timer(body, count, clock_now_us());
	settle(body);
}

/* ---- what the engine asks for ---- */

static void close_ear(struct ear *ear)
{
	ear->io = loop_io_free(ear->io);
	if (ear->fd >= 0)
		close(ear->fd);
	ear->fd = -1;
}

static int on_listen(void *owner, uint16_t family, bool multihop, bool wanted)
{
	struct body *body = owner;
	struct ear *ear = &body->ears[family == AF_INET6][multihop];
	int error;

	if (!wanted) {
		close_ear(ear);
		return 0;
	}
	ear->body = body;
	ear->multihop = multihop;
	ear->fd = bfd_sock_listen(family, multihop);
	if (ear->fd < 0)
		return ear->fd;
	error = loop_io_new(body->loop, ear->fd, EPOLLIN, LOOP_RECEIVE, on_readable, ear, &ear->io);
	if (error < 0)
		close_ear(ear);
	return error;
}

static int on_open(void *owner, const struct conf_bfd *conf)
{
	(void)owner;
	return bfd_sock_open(conf->neighbor.family, &conf->source, conf->ttl);
}

static int on_send(void *owner, int fd, const struct conf_bfd *conf, const void *octets,
		   size_t size)
{
	(void)owner;
	return bfd_sock_send(fd, &conf->neighbor, conf->multihop, octets, size);
}

static void on_close(void *owner, int fd)
{
	(void)owner;
	close(fd);
}

static uint32_t on_random(void *owner)
{
	uint32_t number;

	(void)owner;
	if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number)
		number =
			(uint32_t)clock_now_us(); /* early in the boot; the engine avoids doubles */
	return number;
}

static void post(void *owner, enum snap_thread to, enum msg_kind kind, const void *message,
		 size_t size)
{
	const struct body *body = owner;
	int error =
		body->wires->absent[to] ? 0 : mail_post(body->wires->box[to], kind, message, size);

	if (error < 0)
		log_error("bfd", "message %d to thread %d lost: %s", (int)kind, (int)to,
			  strerrordesc_np(-error));
}

static void publish(void *owner, struct snap_bfd *rows)
{
	const struct body *body = owner;

	latest_publish(body->wires->bfd, &rows->value);
}

static void write_log(void *owner, int level, const char *format, ...)
{
	char text[LOG_LINE_MAX];
	va_list arguments;

	(void)owner;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	log_write(level, "bfd", "%s", text);
}

static uint64_t wall_us(void *owner)
{
	(void)owner;
	return clock_wall_us();
}

static const struct bfd_ops ops = {
	.listen = on_listen,
	.open = on_open,
	.send = on_send,
	.close = on_close,
	.random = on_random,
	.mail = post,
	.publish = publish,
	.log = write_log,
	.wall_us = wall_us,
};

/* ---- mail ---- */

static void on_late(uint64_t late_us, void *owner)
{
	struct body *body = owner;

	tune_late("bfd", &body->tune, late_us);
}

static void handle(struct body *body, const struct mail *mail)
{
	const struct conf *conf;

	switch (mail->kind) {
	case MSG_CONF:
		conf = ((const struct msg_conf *)(const void *)mail->body)->conf;
		loop_on_late(body->loop, conf->global.process.auto_priority_delay_us, on_late,
			     body);
		tune_thread("bfd", &conf->global.bfd.tune, &body->tune);
		(void)bfd_engine_conf(body->engine, conf, clock_now_us()); /* it logs and answers */
		break;
	case MSG_STOP:
		bfd_engine_stop(body->engine, clock_now_us());
		loop_quit(body->loop, 0);
		break;
	default:
		log_error("bfd", "message %u is not for this thread", mail->kind);
		break;
	}
}

static void on_mail(int fd, uint32_t events, void *owner)
{
	struct body *body = owner;
	struct mail *mail = mailbox_drain(body->wires->box[THREAD_BFD]), *next;

	(void)fd, (void)events;
	for (; mail; mail = next) {
		next = mail->next;
		handle(body, mail);
		mail_free(mail);
	}
	settle(body);
}

/* ---- birth and death ---- */

static int body_open(struct body *body)
{
	int r = loop_new(body->wires->beat[THREAD_BFD], &body->loop);

	if (r < 0)
		return r;
	r = bfd_engine_new(&ops, body, &body->engine);
	if (r < 0)
		return r;
	r = loop_timer_new(body->loop, on_timer, body, &body->timer);
	if (r < 0)
		return r;
	return loop_io_new(body->loop, mailbox_fd(body->wires->box[THREAD_BFD]), EPOLLIN,
			   LOOP_NORMAL, on_mail, body, &body->mail);
}

static void body_close(struct body *body)
{
	body->engine = bfd_engine_free(body->engine);
	body->mail = loop_io_free(body->mail);
	body->timer = loop_timer_free(body->timer);
	body->loop = loop_free(body->loop);
}

void *bfd_thread(void *wires)
{
	struct body body = {.wires = wires,
			    .ears = {{{.fd = -1}, {.fd = -1}}, {{.fd = -1}, {.fd = -1}}}};
	const struct msg_stopped stopped = {.from = THREAD_BFD};
	int r;

	log_ring_use(body.wires->log[THREAD_BFD]);
	r = body_open(&body);
	if (r >= 0)
		r = loop_run(body.loop);
	if (r < 0)
		log_error("bfd", "the BFD thread cannot go on: %s", strerrordesc_np(-r));
	body_close(&body);
	post(&body, THREAD_MAIN, MSG_STOPPED, &stopped, sizeof stopped);
	return NULL;
}
