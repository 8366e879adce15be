/* SPDX-License-Identifier: MIT */
/*
 * Makes what the threads share (mailboxes, latest-value buffers, log rings, beats) and starts
 * them: all but bfd at once, that one with the first configuration that has sessions. Then it
 * stays, asleep when they are taken away. Everything here outlives every thread.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/latest.h"
#include "core/base/log.h"
#include "core/base/mail.h"
#include "core/net/ipvs.h"
#include "core/run/daemon.h"

static const char *const names[THREADS] = {
	[THREAD_MAIN] = "main", [THREAD_VRRP] = "vrrp",	  [THREAD_CHECK] = "check",
	[THREAD_BFD] = "bfd",	[THREAD_AGENT] = "agent",
};

static void *(*const bodies[THREADS])(void *) = {
	[THREAD_VRRP] = vrrp_thread,
	[THREAD_CHECK] = check_thread,
	[THREAD_BFD] = bfd_thread,
	[THREAD_AGENT] = agent_thread,
};

const char *thread_name(enum snap_thread thread)
{
	return names[thread];
}

int threads_make_wires(struct daemon *d)
{
	struct latest **buffers[THREADS] = {&d->wires.vrrp, &d->wires.check, &d->wires.bfd,
					    &d->wires.daemon, &d->wires.agent};
	int error = 0;

	for (int i = 0; i < THREADS && !error; i++) {
		d->wires.beat[i] = &d->beats[i];
		d->wires.absent[i] = bodies[i] && !d->wanted[i] && i != THREAD_BFD;
		error = mailbox_new(&d->wires.box[i]);
		if (!error && !d->wires.log[i])
			error = log_ring_new(&d->wires.log[i]);
		if (!error)
			error = latest_new(SNAP_READERS, buffers[i]);
	}
	d->wires.ipvs = ipvs_netlink_ops();
	d->wires.ipvs_netns = d->place.ipvs;
	d->snmp = (struct snmp_listen){.address = d->options.snmp_listen,
				       .conf_dir = d->options.snmp_conf,
				       .state_dir = d->options.state_dir};
	d->wires.snmp = d->snmp.address ? &d->snmp : NULL;
	return error;
}

/* Configurations still travelling in a mailbox are counted references. */
static void empty_box(struct mailbox *box)
{
	struct mail *mail = box ? mailbox_drain(box) : NULL;

	while (mail) {
		struct mail *next = mail->next;

		if (mail->kind == MSG_CONF)
			conf_unref(((const struct msg_conf *)mail->body)->conf);
		mail_free(mail);
		mail = next;
	}
	mailbox_free(box);
}

void threads_free_wires(struct daemon *d)
{
	struct latest **buffers[THREADS] = {&d->wires.vrrp, &d->wires.check, &d->wires.bfd,
					    &d->wires.daemon, &d->wires.agent};

	for (int i = 0; i < THREADS; i++) {
		if (d->wires.box[i])
			empty_box(d->wires.box[i]);
		if (*buffers[i])
			latest_free(*buffers[i]);
		if (i != THREAD_MAIN)
			log_ring_free(d->wires.log[i]);
	}
}

int threads_start(struct daemon *d)
{
	for (int i = 0; i < THREADS; i++) {
		if (!bodies[i] || !d->wanted[i] || d->running[i])
			continue;
		int error = pthread_create(&d->threads[i], NULL, bodies[i], &d->wires);
		if (error)
			return -error;
		d->running[i] = true;
		pthread_setname_np(d->threads[i], names[i]);
	}
	return 0;
}

void threads_post(struct daemon *d, enum snap_thread to, enum msg_kind kind, const void *body,
		  size_t size)
{
	if (!d->running[to] || d->stopped[to])
		return;
	if (mail_post(d->wires.box[to], kind, body, size) < 0)
		log_error("main", "out of memory: message %d to thread %s is lost", (int)kind,
			  names[to]);
}
