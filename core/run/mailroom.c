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
#include "core/net/rtnl.h"
#include "core/run/control.h"
#include "core/run/daemon.h"
#include "core/run/exec.h"
#include "core/run/scripts.h"
#include "core/run/store.h"

static const struct conf_instance *find_instance(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_instances; i++)
		if (!strcmp(conf->instances[i].name, name))
			return &conf->instances[i];
	return NULL;
}

/* What the instance no longer has; true: something was looked for. The kernel may take secondary
 * addresses of a subnet away with its primary one, so a master sets its own once more. */
static bool remove_outdated(struct daemon *d, const struct generation *generation,
			    const struct conf_instance *instance)
{
	bool any = false;

	for (const struct generation *old = generation->older; old; old = old->older) {
		const struct conf_instance *before = find_instance(old->conf, instance->name);

		if (before)
			rtnl_remove_outdated(d->rtnl, before, instance, old->conf->generation);
		any = any || before;
	}
	return any;
}

/* While the vrrp thread adopts a configuration, one master after the other asks for its new
 * addresses. One that goes from this to that stays where it is if none goes before all have asked.
 */
static bool postpone(struct daemon *d, const struct generation *generation, uint32_t instance)
{
	const struct conf *conf = generation->conf;

	if (generation != d->newest || !generation->older ||
	    d->acked[THREAD_VRRP] >= conf->generation)
		return false;
	if (!d->outdated)
		d->outdated = calloc(conf->n_instances, sizeof *d->outdated);
	if (d->outdated)
		d->outdated[instance] = true;
	return d->outdated;
}

/* Routes and rules need the addresses; what the kernel refuses of them is no reason not to be
 * master. */
static int set_addresses(struct daemon *d, const struct generation *generation, uint32_t index)
{
	const struct conf_instance *instance = &generation->conf->instances[index];
	uint64_t number = generation->conf->generation;
	int error = rtnl_set_addresses(d->rtnl, instance, number);

	if (!postpone(d, generation, index) && remove_outdated(d, generation, instance))
		error = rtnl_set_addresses(d->rtnl, instance, number);
	rtnl_set_routing(d->rtnl, generation->conf, instance);
	return error;
}

static int remove_addresses(struct daemon *d, const struct generation *generation, uint32_t index)
{
	const struct conf_instance *instance = &generation->conf->instances[index];

	if (generation == d->newest && d->outdated && d->outdated[index]) {
		d->outdated[index] = false;
		remove_outdated(d, generation, instance);
	}
	rtnl_remove_routing(d->rtnl, generation->conf, instance);
	return rtnl_remove_addresses(d->rtnl, instance, generation->conf->generation);
}

static int change_addresses(struct daemon *d, const struct msg_addrs *wanted)
{
	const struct generation *generation = generation_find(d, wanted->generation);

	if (!generation || wanted->instance >= generation->conf->n_instances)
		return -ENOENT;
	if (wanted->set)
		return set_addresses(d, generation, wanted->instance);
	if (d->options.keep_vips && d->stop != STOP_NO)
		return 0;
	return remove_addresses(d, generation, wanted->instance);
}

/* All masters have asked. */
static void remove_postponed(struct daemon *d)
{
	const struct conf *conf = d->newest->conf;

	for (size_t i = 0; d->outdated && i < conf->n_instances; i++) {
		const struct conf_instance *instance = &conf->instances[i];

		if (!d->outdated[i])
			continue;
		if (remove_outdated(d, d->newest, instance))
			rtnl_set_addresses(d->rtnl, instance, conf->generation);
		rtnl_set_routing(d->rtnl, conf, instance);
	}
	free(d->outdated);
	d->outdated = NULL;
}

static void on_conf_done(struct daemon *d, const struct msg_conf_done *done)
{
	if (done->from == THREAD_VRRP)
		remove_postponed(d);
	reload_on_adopted(d, done);
}

static void on_addrs(struct daemon *d, const struct msg_addrs *wanted)
{
	struct msg_addrs_done done = {
		.request = wanted->request,
		.error = change_addresses(d, wanted),
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
