/* SPDX-License-Identifier: MIT */
/*
 * The body of the vrrp thread: one loop over its mailbox, one raw socket per interface and family
 * and one timer, driving the engine. It waits in epoll only: no netlink, no file, no name lookup,
 * no exec, no lock.
 *
 * Urgency: packets first, then mail, then the timer, so that after a stall everything the peers
 * have sent in the meantime is read before one of them is declared dead (RFC 9568 section 2.5 asks
 * for no less). A flood must not hold the timer back for ever: once more has been read than the
 * socket could have held when the timer fell due, the timer's work is done from the receiving side.
 * Nor must a flood of mail: it takes turns with a timer that is due.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/latest.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/base/mail.h"
#include "core/base/tune.h"
#include "core/cmd.h"
#include "core/vrrp/engine.h"
#include "core/vrrp/garp.h"
#include "core/vrrp/na.h"
#include "core/vrrp/packet.h"
#include "core/vrrp/sock.h"
#include "core/vrrp/sock_macvlan.h"

#define BATCH	     64	  /* packets read in one turn */
#define FLOOD	     1024 /* more than the default receive buffer holds */
#define DATAGRAM_MAX 4352 /* 255 addresses of IPv6, and more is wrong anyway */

struct port {
	struct port *next;
	struct body *body;
	uint32_t ifindex;
	uint16_t family;
	uint8_t protocol; /* VRRP_PROTOCOL, or VRRP_PROTOCOL_AH beside it */
	bool macvlan;	  /* with a socket of core/vrrp/sock_macvlan.h */
	uint32_t buffer;  /* of a new socket */
	int fd;
	struct loop_io *io;
};

struct body {
	const struct wires *wires;
	struct loop *loop;
	struct loop_io *mail;
	struct loop_timer *timer;
	struct vrrp_engine *engine;
	struct port *ports;
	int garp_fd;
	uint64_t armed_us;
	unsigned read_since_due;
	struct tune tune; /* in force */
};

/* Publishes what the last calls changed and sees to it that we wake up for what comes next. */
static void settle(struct body *body)
{
	uint64_t now_us = clock_now_us(), due_us;

	vrrp_engine_flush(body->engine, now_us);
	due_us = vrrp_engine_due_us(body->engine);
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
	loop_io_set_priority(body->mail, LOOP_NORMAL);
	vrrp_engine_tick(body->engine, now_us);
	settle(body);
}

/* A timer that fell due while mail was read goes before more of it. */
static void guard_timer_from_mail(struct body *body)
{
	if (body->armed_us && body->armed_us <= clock_now_us())
		loop_io_set_priority(body->mail, LOOP_IDLE);
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
	vrrp_engine_tick(body->engine, now_us);
}

/* One packet. An error of the interface is reported once and cleared by the reading; links come by
 * mail. Returns -EAGAIN when there is none. */
static int read_packet(const struct port *port)
{
	struct body *body = port->body;
	uint8_t datagram[DATAGRAM_MAX];
	struct vrrp_envelope envelope;
	ssize_t size;

	if (port->family == AF_INET) {
		size = vrrp_sock_receive(port->fd, datagram, sizeof datagram);
		if (size >= 0)
			vrrp_engine_receive(body->engine, port->ifindex, datagram, (size_t)size,
					    clock_now_us());
	} else {
		size = (port->macvlan ? vrrp_sock_macvlan_receive6 : vrrp_sock_receive6)(
			port->fd, datagram, sizeof datagram, &envelope);
		if (size >= 0)
			vrrp_engine_receive6(body->engine, port->ifindex, &envelope,
					     clock_now_us());
	}
	return size < 0 ? (int)size : 0;
}

static void on_readable(int fd, uint32_t events, void *owner)
{
	struct port *port = owner;
	struct body *body = port->body;
	unsigned count = 0;

	(void)fd, (void)events;
	while (count < BATCH && read_packet(port) != -EAGAIN)
		count++;
	guard_timer(body, count, clock_now_us());
	settle(body);
}

static struct port **find_port(struct body *body, uint32_t ifindex, uint16_t family,
			       uint8_t protocol)
{
	struct port **at = &body->ports;

	while (*at && ((*at)->ifindex != ifindex || (*at)->family != family ||
		       (*at)->protocol != protocol))
		at = &(*at)->next;
	return at;
}

/* As the kernel has it. */
static uint32_t number_of(const struct port *port)
{
	return port->ifindex == VRRP_ANYWHERE ? 0 : port->ifindex;
}

static int open_socket(const struct port *port, const char *name, const uint8_t *mac)
{
	return mac ? vrrp_sock_macvlan_open(port->ifindex, port->family, mac)
		   : vrrp_sock_open(number_of(port), port->family, port->protocol, name);
}

static int add_port(struct body *body, uint32_t ifindex, uint16_t family, uint8_t protocol,
		    const char *name, const uint8_t *mac)
{
	struct port *port = calloc(1, sizeof *port);
	int r;

	if (!port)
		return -ENOMEM;
	port->body = body;
	port->ifindex = ifindex;
	port->family = family;
	port->protocol = protocol;
	port->macvlan = mac;
	r = port->fd = open_socket(port, name, mac);
	if (r < 0)
		goto fail;
	r = loop_io_new(body->loop, port->fd, EPOLLIN, LOOP_RECEIVE, on_readable, port, &port->io);
	if (r < 0)
		goto fail_close;
	port->buffer = vrrp_sock_get_buffer(port->fd);
	port->next = body->ports;
	body->ports = port;
	return 0;
fail_close:
	close(port->fd);
fail:
	free(port);
	return r;
}

static void drop_port(struct body *body, uint32_t ifindex, uint16_t family, uint8_t protocol)
{
	struct port **at = find_port(body, ifindex, family, protocol), *port = *at;

	if (!port)
		return;
	*at = port->next;
	loop_io_free(port->io);
	close(port->fd);
	free(port);
}

static int open_port(void *owner, uint32_t ifindex, uint16_t family, const char *name,
		     const uint8_t *mac)
{
	return add_port(owner, ifindex, family, VRRP_PROTOCOL, name, mac);
}

/* The socket of a macvlan hears both. */
static int hear_ah(void *owner, uint32_t ifindex, const char *name, bool on)
{
	const struct port *port = *find_port(owner, ifindex, AF_INET, VRRP_PROTOCOL);

	if (!on)
		drop_port(owner, ifindex, AF_INET, VRRP_PROTOCOL_AH);
	else if (!port || !port->macvlan)
		return add_port(owner, ifindex, AF_INET, VRRP_PROTOCOL_AH, name, NULL);
	return 0;
}

static void close_port(void *owner, uint32_t ifindex, uint16_t family)
{
	drop_port(owner, ifindex, family, VRRP_PROTOCOL);
	drop_port(owner, ifindex, family, VRRP_PROTOCOL_AH);
}

static int join_group(void *owner, uint32_t ifindex, const struct ip *group)
{
	const struct port *port = *find_port(owner, ifindex, group->family, VRRP_PROTOCOL);

	return port ? vrrp_sock_join(port->fd, ifindex, group) : -ENOTCONN;
}

static void leave_group(void *owner, uint32_t ifindex, const struct ip *group)
{
	const struct port *port = *find_port(owner, ifindex, group->family, VRRP_PROTOCOL);

	if (port)
		vrrp_sock_leave(port->fd, ifindex, group);
}

static int set_buffer(void *owner, uint32_t ifindex, uint16_t family, uint32_t octets)
{
	const struct port *port = *find_port(owner, ifindex, family, VRRP_PROTOCOL),
			  *ah = *find_port(owner, ifindex, family, VRRP_PROTOCOL_AH);
	int r;

	if (!port)
		return -ENOTCONN;
	r = vrrp_sock_buffer(port->fd, octets ? octets : port->buffer);
	if (r >= 0 && ah)
		r = vrrp_sock_buffer(ah->fd, octets ? octets : ah->buffer);
	return r;
}

static int send_advert(void *owner, uint32_t ifindex, const struct ip *source,
		       const struct ip *destination, uint8_t ttl, uint8_t protocol,
		       const void *message, size_t size)
{
	const struct port *port = *find_port(owner, ifindex, destination->family, VRRP_PROTOCOL);

	if (!port)
		return -ENOTCONN;
	if (port->macvlan)
		return vrrp_sock_macvlan_send(port->fd, ifindex, source, destination, ttl, protocol,
					      message, size);
	return vrrp_sock_send(port->fd, number_of(port), source, destination, ttl, protocol,
			      message, size);
}

static int send_garp(void *owner, uint32_t ifindex, const uint8_t mac[6], const struct ip *address)
{
	const struct body *body = owner;

	return garp_send(body->garp_fd, ifindex, mac, address);
}

static int send_na(void *owner, uint32_t ifindex, const uint8_t mac[6], const struct ip *address,
		   bool router)
{
	const struct body *body = owner;

	return na_send(body->garp_fd, ifindex, mac, address, router);
}

static void write_log(void *owner, int level, const char *format, ...)
{
	char text[LOG_LINE_MAX];
	va_list arguments;

	(void)owner;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	log_write(level, "vrrp", "%s", text);
}

static void post(void *owner, enum snap_thread to, enum msg_kind kind, const void *message,
		 size_t size)
{
	const struct body *body = owner;
	int r = mail_post(body->wires->box[to], kind, message, size);

	if (r < 0)
		log_error("vrrp", "message %d to thread %d lost: %s", (int)kind, (int)to,
			  strerror(-r));
}

static void publish(void *owner, struct snap_vrrp *rows)
{
	const struct body *body = owner;

	latest_publish(body->wires->vrrp, &rows->value);
}

static uint64_t now_us(void *owner)
{
	(void)owner;
	return clock_now_us();
}

static uint64_t wall_us(void *owner)
{
	(void)owner;
	return clock_wall_us();
}

static const struct vrrp_ops ops = {
	.open = open_port,
	.close = close_port,
	.hear_ah = hear_ah,
	.join = join_group,
	.leave = leave_group,
	.buffer = set_buffer,
	.send = send_advert,
	.garp = send_garp,
	.na = send_na,
	.mail = post,
	.publish = publish,
	.log = write_log,
	.now_us = now_us,
	.wall_us = wall_us,
};

static void on_late(uint64_t late_us, void *owner)
{
	struct body *body = owner;

	tune_late("vrrp", &body->tune, late_us);
}

static void adopt(struct body *body, const struct conf *conf, uint64_t now_us)
{
	loop_on_late(body->loop, conf->global.process.auto_priority_delay_us, on_late, body);
	tune_thread("vrrp", &conf->global.vrrp.tune, &body->tune);
	(void)vrrp_engine_conf(body->engine, conf, now_us); /* it logs and answers either way */
}

static void handle(struct body *body, const struct mail *mail, uint64_t now_us)
{
	const void *message = mail->body;

	switch (mail->kind) {
	case MSG_CONF:
		adopt(body, ((const struct msg_conf *)message)->conf, now_us);
		break;
	case MSG_LINK:
		vrrp_engine_link(body->engine, message, now_us);
		break;
	case MSG_TRACK:
		vrrp_engine_track(body->engine, message);
		break;
	case MSG_STATIC:
		vrrp_engine_static(body->engine, message);
		break;
	case MSG_ADDRS_DONE:
		vrrp_engine_addrs_done(body->engine, message, now_us);
		break;
	case MSG_VRRP_SET:
		vrrp_engine_set(body->engine, message, now_us);
		break;
	case MSG_ANNOUNCE:
		vrrp_engine_announce(body->engine, message, now_us);
		break;
	case MSG_STOP:
		vrrp_engine_stop(body->engine, now_us);
		loop_quit(body->loop, 0);
		break;
	default:
		log_error("vrrp", "message %u is not for this thread", mail->kind);
		break;
	}
}

static void on_mail(int fd, uint32_t events, void *owner)
{
	struct body *body = owner;
	struct mail *mail = mailbox_drain(body->wires->box[THREAD_VRRP]), *next;

	(void)fd, (void)events;
	for (; mail; mail = next) {
		next = mail->next;
		handle(body, mail, clock_now_us());
		mail_free(mail);
	}
	settle(body);
	guard_timer_from_mail(body);
}

static int body_open(struct body *body)
{
	int r = loop_new(body->wires->beat[THREAD_VRRP], &body->loop);

	if (r < 0)
		return r;
	r = body->garp_fd = garp_open();
	if (r < 0)
		return r;
	r = vrrp_engine_new(&ops, body, &body->engine);
	if (r < 0)
		return r;
	r = loop_timer_new(body->loop, on_timer, body, &body->timer);
	if (r < 0)
		return r;
	return loop_io_new(body->loop, mailbox_fd(body->wires->box[THREAD_VRRP]), EPOLLIN,
			   LOOP_NORMAL, on_mail, body, &body->mail);
}

static void body_close(struct body *body)
{
	body->engine = vrrp_engine_free(body->engine);
	body->mail = loop_io_free(body->mail);
	body->timer = loop_timer_free(body->timer);
	body->loop = loop_free(body->loop);
	if (body->garp_fd >= 0)
		close(body->garp_fd);
}

void *vrrp_thread(void *wires)
{
	struct body body = {.wires = wires, .garp_fd = -1};
	const struct msg_stopped stopped = {.from = THREAD_VRRP};
	int r;

	log_ring_use(body.wires->log[THREAD_VRRP]);
	r = body_open(&body);
	if (r >= 0)
		r = loop_run(body.loop);
	if (r < 0)
		log_error("vrrp", "the VRRP thread cannot go on: %s", strerror(-r));
	body_close(&body);
	post(&body, THREAD_MAIN, MSG_STOPPED, &stopped, sizeof stopped);
	return NULL;
}
