/* SPDX-License-Identifier: MIT */
/*
 * Operators' changes. A SET is checked, applied to the model (change.c), brought to the kernel,
 * and, when it is to be stored, saved; whatever refuses on the way, all of it is undone and the
 * answer is an error. The answer leaves after the rows that show the change are published and the
 * save is on disk. One SET at a time waits for the disk; later SETs and configurations queue behind
 * it in order. Thread: check.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/mail.h"
#include "core/check/engine.h"
#include "core/check/machine.h"

/* ---- replies ---- */

static void reply(struct engine *engine, enum snap_thread to, uint64_t request, int error,
		  uint32_t index, const char *text)
{
	struct pending_reply *slot;

	if (engine->n_replies == engine->room_replies) {
		size_t room = engine->room_replies ? 2 * engine->room_replies : 8;
		struct pending_reply *bigger =
			reallocarray(engine->replies, room, sizeof *engine->replies);

		if (!bigger) {
			log_error("check", "out of memory: a SET is not answered");
			return;
		}
		engine->replies = bigger;
		engine->room_replies = room;
	}
	slot = &engine->replies[engine->n_replies++];
	memset(slot, 0, sizeof *slot);
	slot->to = to;
	slot->reply.request = request;
	slot->reply.error = error;
	slot->reply.index = index;
	snprintf(slot->reply.text, sizeof slot->reply.text, "%s", text);
	engine_wake(engine);
}

void command_flush_replies(struct engine *engine)
{
	for (size_t i = 0; i < engine->n_replies; i++) {
		const struct pending_reply *pending = &engine->replies[i];

		mail_post(engine->wires->box[pending->to], MSG_REPLY, &pending->reply,
			  sizeof pending->reply);
	}
	engine->n_replies = 0;
}

/* ---- saving ---- */

static bool is_stored(const struct server *server)
{
	return server->admin.storage == STORAGE_NONVOLATILE && !admin_is_default(&server->admin);
}

static void store(const struct server *server, struct msg_admin *ret)
{
	memset(ret, 0, sizeof *ret);
	snprintf(ret->vs, sizeof ret->vs, "%s", server->service->conf->id);
	ret->dest = server->conf->key;
	admin_store(&server->admin, ret);
}

int command_save(struct engine *engine, uint64_t *ret_ticket)
{
	struct msg_admin_save *save;
	uint32_t count = 0;

	for (size_t i = 0; i < engine->n_services; i++) {
		for (size_t k = 0; k < engine->services[i]->n_servers; k++)
			count += is_stored(engine->services[i]->servers[k]);
	}
	size_t size = sizeof *save + count * sizeof save->items[0];
	save = calloc(1, size);
	if (!save)
		return -ENOMEM;
	save->ticket = ++engine->ticket;
	save->policy = engine->policy;
	for (size_t i = 0; i < engine->n_services; i++) {
		for (size_t k = 0; k < engine->services[i]->n_servers; k++) {
			if (is_stored(engine->services[i]->servers[k]))
				store(engine->services[i]->servers[k], &save->items[save->count++]);
		}
	}
	int error = mail_post(engine->wires->box[THREAD_MAIN], MSG_ADMIN_SAVE, save, size);
	*ret_ticket = save->ticket;
	free(save);
	return error;
}

/* ---- undo ---- */

static void stop_changing(struct pending_set *set)
{
	for (size_t i = 0; i < set->n_undo; i++)
		set->undo[i].server->changing = false;
}

static void restore(struct engine *engine, const struct pending_set *set)
{
	engine->policy = set->policy;
	for (size_t i = 0; i < set->n_undo; i++) {
		set->undo[i].server->admin = set->undo[i].before;
		set->undo[i].server->ramp = set->undo[i].ramp;
	}
}

/* Brings the services of the set, each once, where the model says. */
static int push(struct engine *engine, const struct pending_set *set)
{
	int first = 0;

	for (size_t i = 0; i < set->n_undo; i++)
		set->undo[i].server->service->pushed = false;
	for (size_t i = 0; i < set->n_undo; i++) {
		struct service *service = set->undo[i].server->service;
		bool sent = false;

		if (service->pushed)
			continue;
		service->pushed = true;
		engine_reduce(engine, service);
		int error = kernel_apply(engine, service, &sent);
		if (sent)
			kernel_look(engine, service);
		if (first == 0)
			first = error;
	}
	return first;
}

/* The first look at servers that have just been quiesced. */
static void look_at_drains(struct engine *engine, const struct pending_set *set)
{
	for (size_t i = 0; i < set->n_undo; i++) {
		if (set->undo[i].server->admin.state == DEST_SHUTTING_DOWN)
			kernel_look(engine, set->undo[i].server->service);
	}
}

/* ---- one SET ---- */

/* old: room for what each change finds */
static int change_all(struct engine *engine, const struct msg_dest_set *set, struct admin *old,
		      uint32_t *ret_index, char text[static 128])
{
	int error = 0;

	for (uint32_t i = 0; i < set->count && !error; i++) {
		*ret_index = i;
		error = change_apply(engine, set, i, &old[i], text);
	}
	if (error == 0)
		error = policy_judge(engine, set, ret_index, text);
	if (error < 0)
		return error;
	error = push(engine, &engine->pending);
	if (error == 0) {
		change_log(engine, set, old);
		return 0;
	}
	log_error("check", "the kernel refuses what %.*s set (%s): undone",
		  (int)sizeof set->who - 1, set->who, strerrordesc_np(-error));
	snprintf(text, 128, "the kernel refuses: %s", strerrordesc_np(-error));
	restore(engine, &engine->pending);
	push(engine, &engine->pending);
	return -EIO;
}

static void run(struct engine *engine, const struct msg_dest_set *set, struct admin *old)
{
	struct pending_set *pending = &engine->pending;
	char text[128] = "";
	uint32_t index = 0;

	change_look_first(engine, set);
	size_t events = engine->n_events;
	bool save_wanted = engine->save_wanted;
	struct pending_set room = engine->last;
	engine->last = *pending;
	*pending = (struct pending_set){
		.active = true, /* keeps other drains still until it is clear whether this stands */
		.request = set->request,
		.reply_to = set->reply_to,
		.policy = engine->policy,
		.undo = room.undo,
		.room_undo = room.room_undo,
	};
	engine->save_wanted = false;
	int error = change_all(engine, set, old, &index, text);
	stop_changing(pending);
	if (error < 0) {
		restore(engine, pending);
		engine->n_events = events;
		engine->save_wanted = save_wanted;
	} else if (engine->save_wanted && command_save(engine, &pending->ticket) == 0) {
		engine->save_wanted = false;
		engine_wake(engine);
		return; /* answered in command_saved() */
	} else {
		engine->save_wanted = engine->save_wanted || save_wanted;
	}
	pending->active = false;
	look_at_drains(engine, pending);
	if (error < 0)
		pending->n_undo = 0;
	reply(engine, set->reply_to, set->request, error, error < 0 ? index : 0, text);
}

void command_set(struct engine *engine, const struct mail *mail)
{
	const struct msg_dest_set *set = (const struct msg_dest_set *)mail->body;

	if (mail->size < sizeof *set ||
	    set->count > (mail->size - sizeof *set) / sizeof set->changes[0])
		return; /* not even a reply address */
	struct admin *old = calloc(set->count + 1, sizeof *old);
	if (!engine->conf)
		reply(engine, set->reply_to, set->request, -ENOENT, 0, "no configuration yet");
	else if (!old)
		reply(engine, set->reply_to, set->request, -ENOMEM, 0, "out of memory");
	else
		run(engine, set, old);
	free(old);
}

void command_saved(struct engine *engine, const struct msg_admin_saved *saved)
{
	struct pending_set *pending = &engine->pending;

	if (saved->error < 0)
		log_error("check", "the administrative states could not be stored: %s",
			  strerrordesc_np(-saved->error));
	if (!pending->active || saved->ticket < pending->ticket) {
		engine->save_failed = saved->error < 0;
		return;
	}
	if (saved->error < 0) {
		policy_undone(engine);
		restore(engine, pending);
		push(engine, pending);
		for (size_t i = 0; i < pending->n_undo; i++)
			event_dest(engine, EVENT_ADMIN, pending->undo[i].server,
				   "undone: could not be stored");
	}
	pending->active = false;
	look_at_drains(engine, pending);
	if (saved->error < 0)
		pending->n_undo = 0;
	reply(engine, pending->reply_to, pending->request, saved->error < 0 ? -EIO : 0, 0,
	      saved->error < 0 ? "could not be stored" : "");
	engine_wake(engine);
}

/* The thread ends: nobody is left waiting. */
void command_cancel(struct engine *engine)
{
	if (engine->pending.active)
		reply(engine, engine->pending.reply_to, engine->pending.request, -EIO, 0,
		      "vipd is stopping");
	engine->pending.active = false;
	command_flush_replies(engine);
}
