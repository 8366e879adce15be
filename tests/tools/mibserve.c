/* SPDX-License-Identifier: MIT */
/*
 * mibserve SOCKET: the agent thread over the unit tests' synthetic director, for a walk through a
 * real snmpd. Says "ready" once the agent has the configuration; every SET is accepted and changes
 * nothing; a line on stdin posts the events that every notification comes of; end of stdin stops
 * it.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/beat.h"
#include "core/base/clock.h"
#include "core/base/latest.h"
#include "core/base/mail.h"
#include "core/cmd.h"
#include "tests/unit/mib_world.h"

struct serve {
	struct wires wires;
	struct beat beats[THREADS];
	struct world *world;
	bool ready, stopped;
};

static void keep(struct latest_value *value)
{
	(void)value; /* the world's, which lives longer */
}

static void reply(struct serve *serve, uint64_t request)
{
	struct msg_reply message = {.request = request};

	mail_post(serve->wires.box[THREAD_AGENT], MSG_REPLY, &message, sizeof(message));
}

static void drain(struct serve *serve, enum snap_thread thread)
{
	struct mail *next;

	for (struct mail *mail = mailbox_drain(serve->wires.box[thread]); mail; mail = next) {
		next = mail->next;
		if (mail->kind == MSG_DEST_SET)
			reply(serve, ((const struct msg_dest_set *)mail->body)->request);
		else if (mail->kind == MSG_VRRP_SET)
			reply(serve, ((const struct msg_vrrp_set *)mail->body)->request);
		else if (mail->kind == MSG_CONF_DONE)
			serve->ready = true;
		else if (mail->kind == MSG_STOPPED)
			serve->stopped = true;
		mail_free(mail);
	}
}

static void post(struct serve *serve, struct msg_event event)
{
	event.generation = serve->world->conf.generation;
	event.mono_us = clock_now_us();
	event.wall_us = clock_wall_us();
	mail_post(serve->wires.box[THREAD_AGENT], MSG_EVENT, &event, sizeof(event));
}

static void post_router_events(struct serve *serve)
{
	const struct world *w = serve->world;

	post(serve, (struct msg_event){.kind = EVENT_INSTANCE_STATE,
				       .instance = {.name = "VI_1",
						    .state = VRRP_MASTER,
						    .ifindex = 10,
						    .vrid = 62,
						    .version = 2,
						    .master = w->live_instances[0].master}});
	post(serve, (struct msg_event){.kind = EVENT_INSTANCE_STATE,
				       .instance = {.name = "VI_3",
						    .instance = 4,
						    .state = VRRP_MASTER,
						    .reason = VRRP_PREEMPTED,
						    .ifindex = 2,
						    .vrid = 7,
						    .version = 3,
						    .master = w->live_instances[4].primary}});
	post(serve, (struct msg_event){.kind = EVENT_PROTO_ERROR,
				       .packet = {.ifindex = 2,
						  .vrid = 7,
						  .source = w->live_instances[4].primary,
						  .error = VRRP_CHECKSUM_ERROR}});
	post(serve, (struct msg_event){.kind = EVENT_AUTH_FAILURE,
				       .packet = {.ifindex = 10,
						  .vrid = 62,
						  .source = w->live_instances[0].master,
						  .error = 3}});
	post(serve, (struct msg_event){.kind = EVENT_GROUP_STATE,
				       .group = {.name = "VG_1", .state = VRRP_MASTER}});
}

static void post_server_events(struct serve *serve)
{
	static const enum dest_drain drains[] = {DRAIN_DRAINING, DRAIN_DRAINED, DRAIN_TIMED_OUT,
						 DRAIN_CANCELLED};
	const struct world *w = serve->world;
	struct msg_event dest = {.kind = EVENT_DEST_STATE,
				 .dest = {.svc = w->keys[0],
					  .dest = w->services[0].servers[0].key,
					  .oper = DEST_DOWN,
					  .admin = DEST_SHUTTING_DOWN,
					  .n_total = 2}};

	post(serve, dest);
	dest.dest.oper = DEST_UP;
	post(serve, dest);
	dest.kind = EVENT_DRAIN;
	for (size_t i = 0; i < sizeof(drains) / sizeof(*drains); i++) {
		dest.dest.drain = drains[i];
		post(serve, dest);
	}
	for (int up = 0; up < 2; up++)
		post(serve, (struct msg_event){.kind = EVENT_QUORUM,
					       .quorum = {.svc = w->keys[0], .up = up}});
}

static void post_director_events(struct serve *serve)
{
	post(serve,
	     (struct msg_event){.kind = EVENT_SYNC,
				.sync = {.role = IPVS_SYNC_BACKUP, .running = true, .id = 51}});
	post(serve, (struct msg_event){.kind = EVENT_DRIFT,
				       .drift = {.svc = serve->world->keys[0], .drifts = 7}});
	post(serve,
	     (struct msg_event){.kind = EVENT_CONFIG, .config = {.ok = true, .generation = 3}});
	post(serve, (struct msg_event){.kind = EVENT_LIMITED, .limited = {.suppressed = 99}});
}

/* What every notification there is comes of. */
static void post_events(struct serve *serve)
{
	post_router_events(serve);
	post_server_events(serve);
	post_director_events(serve);
}

/* Everything as it would be 200 s after the start. */
static void age(struct world *w)
{
	uint64_t shift_us = clock_now_us() - w->view.now_us;

	w->check.kernel_us += shift_us;
	w->check.changed_us += shift_us;
	w->daemon.started_us += shift_us;
	for (size_t i = 0; i < WORLD_INSTANCES; i++)
		if (w->live_instances[i].up_since_us)
			w->live_instances[i].up_since_us += shift_us;
	w->vrrp.value.free = keep;
	w->check.value.free = keep;
	w->daemon.value.free = keep;
}

static int set_up(struct serve *serve, char *socket)
{
	struct wires *wires = &serve->wires;
	struct latest **latest[] = {&wires->vrrp, &wires->check, &wires->daemon, &wires->agent};
	struct msg_conf message = {conf_ref(&serve->world->conf)};
	struct msg_event event;
	struct msg_changed changed;
	int error = 0;

	for (int i = 0; i < THREADS && !error; i++) {
		error = mailbox_new(&wires->box[i]);
		wires->beat[i] = &serve->beats[i];
	}
	for (size_t i = 0; i < sizeof(latest) / sizeof(*latest) && !error; i++)
		error = latest_new(SNAP_READERS, latest[i]);
	if (error)
		return error;
	age(serve->world);
	serve->world->conf.global.snmp_socket = socket;
	latest_publish(wires->vrrp, &serve->world->vrrp.value);
	latest_publish(wires->check, &serve->world->check.value);
	latest_publish(wires->daemon, &serve->world->daemon.value);
	/* Before the configuration: nobody is notified of them. */
	event = world_event(serve->world);
	changed = world_changed(serve->world);
	error = mail_post(wires->box[THREAD_AGENT], MSG_EVENT, &event, sizeof(event));
	if (!error)
		error = mail_post(wires->box[THREAD_AGENT], MSG_CHANGED, &changed, sizeof(changed));
	if (error)
		return error;
	return mail_post(wires->box[THREAD_AGENT], MSG_CONF, &message, sizeof(message));
}

static void tear_down(struct serve *serve)
{
	for (int i = 0; i < THREADS; i++)
		mailbox_free(serve->wires.box[i]);
	latest_free(serve->wires.vrrp);
	latest_free(serve->wires.check);
	latest_free(serve->wires.daemon);
	latest_free(serve->wires.agent);
	world_free(serve->world);
}

static void run(struct serve *serve)
{
	struct pollfd pollers[] = {
		{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = mailbox_fd(serve->wires.box[THREAD_MAIN]), .events = POLLIN},
		{.fd = mailbox_fd(serve->wires.box[THREAD_CHECK]), .events = POLLIN},
		{.fd = mailbox_fd(serve->wires.box[THREAD_VRRP]), .events = POLLIN},
	};
	bool was_ready = false;
	char octet;

	while (!serve->stopped) {
		poll(pollers, sizeof(pollers) / sizeof(*pollers), -1);
		for (int i = 0; i < THREADS; i++)
			if (i != THREAD_AGENT)
				drain(serve, (enum snap_thread)i);
		if (serve->ready && !was_ready)
			puts("ready");
		was_ready = serve->ready;
		if (!pollers[0].revents)
			continue;
		if (read(STDIN_FILENO, &octet, 1) == 1) {
			if (octet == '\n')
				post_events(serve);
			continue;
		}
		pollers[0].fd = -1;
		mail_post(serve->wires.box[THREAD_AGENT], MSG_STOP, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	struct serve serve = {.world = world_new()};
	pthread_t thread;

	if (argc != 2) {
		fprintf(stderr, "usage: mibserve SOCKET\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (set_up(&serve, argv[1]) < 0 ||
	    pthread_create(&thread, NULL, agent_thread, &serve.wires) != 0)
		return 1;
	run(&serve);
	pthread_join(thread, NULL);
	tear_down(&serve);
	return 0;
}
