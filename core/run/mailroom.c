/* SPDX-License-Identifier: MIT */
/*
 * Main's inbox: what the engines ask of the kernel, the disk and other programs. Each message kind
 * has one short handler; none waits for anything but the kernel's rtnl_lock.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "core/base/log.h"
#include "core/base/mail.h"
#include "core/run/control.h"
#include "core/run/daemon.h"
#include "core/run/exec.h"
#include "core/run/scripts.h"
#include "core/run/store.h"

static void on_conf_done(struct daemon *d, const struct msg_conf_done *done)
{
	if (done->from == THREAD_VRRP)
		addresses_settle(d);
	reload_on_adopted(d, done);
}

static void on_addrs(struct daemon *d, const struct msg_addrs *wanted)
{
	struct msg_addrs_done done = {
		.request = wanted->request,
		.error = addresses_change(d, wanted),
	};

	threads_post(d, THREAD_VRRP, MSG_ADDRS_DONE, &done, sizeof done);
}

static void on_exec_end(const struct exec_end *end, uint64_t token, void *owner)
{
	struct msg_exec_done done = {
		.request = token,
		.error = end->error,
		.timed_out = end->timed_out,
		.wait_status = end->wait_status,
	};

	threads_post(owner, THREAD_CHECK, MSG_EXEC_DONE, &done, sizeof done);
}

static int start_check(struct daemon *d, const struct msg_exec *wanted)
{
	const struct generation *generation = generation_find(d, wanted->generation);
	struct exec_command command;

	if (!generation || wanted->vs >= generation->conf->n_services)
		return -ENOENT;
	const struct conf_virtual_server *service = &generation->conf->services[wanted->vs];
	if (wanted->rs >= service->n_servers ||
	    wanted->checker >= service->servers[wanted->rs].n_checkers)
		return -ENOENT;
	const struct conf_checker *checker =
		&service->servers[wanted->rs].checkers[wanted->checker];
	int error = scripts_command(generation->scripts, &checker->command, &command);
	if (error)
		return error;
	return exec_start(d->exec, EXEC_CHECK, &command, wanted->timeout_us, on_exec_end,
			  wanted->request, d);
}

static void on_exec(struct daemon *d, const struct msg_exec *wanted)
{
	struct msg_exec_done done = {.request = wanted->request};

	done.error = start_check(d, wanted);
	if (done.error)
		threads_post(d, THREAD_CHECK, MSG_EXEC_DONE, &done, sizeof done);
}

static void on_admin_save(struct daemon *d, const struct mail *mail)
{
	const struct msg_admin_save *save = (const struct msg_admin_save *)mail->body;

	if (mail->size < sizeof *save ||
	    (mail->size - sizeof *save) / sizeof save->items[0] < save->count)
		return;
	store_save(d->store, save);
}

static void on_message(struct daemon *d, const struct mail *mail)
{
	switch ((enum msg_kind)mail->kind) {
	case MSG_CONF_DONE:
		on_conf_done(d, (const struct msg_conf_done *)mail->body);
		break;
	case MSG_STOPPED:
		stop_on_stopped(d, (const struct msg_stopped *)mail->body);
		break;
	case MSG_ADDRS:
		on_addrs(d, (const struct msg_addrs *)mail->body);
		break;
	case MSG_EXEC:
		on_exec(d, (const struct msg_exec *)mail->body);
		break;
	case MSG_ADMIN_SAVE:
		on_admin_save(d, mail);
		break;
	case MSG_REPLY:
		control_on_reply(d->control, (const struct msg_reply *)mail->body);
		break;
	case MSG_EVENT:
		role_on_event(d, (const struct msg_event *)mail->body);
		notify_on_event(d, (const struct msg_event *)mail->body);
		bus_on_event(d, (const struct msg_event *)mail->body);
		alerts_on_event(d, (const struct msg_event *)mail->body);
		break;
	default:
		log_error("main", "message %u is not for the main thread", mail->kind);
		break;
	}
}

void mailroom_on_mail(int fd, uint32_t events, void *owner)
{
	struct daemon *d = owner;
	struct mail *mail = mailbox_drain(d->wires.box[THREAD_MAIN]);
	bool changed = false; /* what of ours is in the kernel */

	(void)fd;
	(void)events;
	while (mail) {
		struct mail *next = mail->next;

		on_message(d, mail);
		changed |= mail->kind == MSG_ADDRS;
		mail_free(mail);
		mail = next;
	}
	if (changed)
		supervise_publish(d);
}
