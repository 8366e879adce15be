/* SPDX-License-Identifier: MIT */
/*
 * Operators' changes. A SET is checked, applied to the model, brought to the kernel, and, when it
 * is to be stored, saved; whatever refuses on the way, all of it is undone and the answer is an
 * error. The answer leaves after the rows that show the change are published and the save is on
 * disk. One SET at a time waits for the disk; later SETs and configurations queue behind it in
 * order. Thread: check.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/mail.h"
#include "core/check/engine.h"

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

static void remember(struct pending_set *set, struct server *server)
{
	for (size_t i = 0; i < set->n_undo; i++) {
		if (set->undo[i].server == server)
			return;
	}
	assert(set->n_undo < DEST_CHANGES_MAX);
	set->undo[set->n_undo++] =
		(struct undo){.server = server, .before = server->admin, .ramp = server->ramp};
}

static void restore(struct pending_set *set)
{
	for (size_t i = 0; i < set->n_undo; i++) {
		set->undo[i].server->admin = set->undo[i].before;
		set->undo[i].server->ramp = set->undo[i].ramp;
	}
}

/* The services of the changed servers, each once: those whose last mention this is. */
static bool is_last_mention(const struct pending_set *set, size_t index)
{
	for (size_t i = index + 1; i < set->n_undo; i++) {
		if (set->undo[i].server->service == set->undo[index].server->service)
			return false;
	}
	return true;
}

/* Brings the services of the set where the model says. */
static int push(struct engine *engine, const struct pending_set *set)
{
	int first = 0;

	for (size_t i = 0; i < set->n_undo; i++) {
		struct service *service = set->undo[i].server->service;
		bool sent = false;

		if (!is_last_mention(set, i))
			continue;
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

static struct server *find(const struct engine *engine, const struct dest_change *change,
			   char text[static 128])
{
	struct service *service = services_find_service(engine, &change->svc);
	struct server *server = service ? services_find_server(service, &change->dest) : NULL;
	char name[KEY_TEXT_MAX];

	if (!service)
		snprintf(text, 128, "no service %s", svc_key_format(&change->svc, name));
	else if (!server && service->conf->has_sorry &&
		 dest_key_compare(&service->conf->sorry, &change->dest) == 0)
		snprintf(text, 128, "the sorry server has no administrative state");
	else if (!server)
		snprintf(text, 128, "no real server %s in %s", dest_key_format(&change->dest, name),
			 service->conf->id);
	return server;
}

static const struct {
	const char *name, *wanted;
} fields[] = {
	[DEST_SET_ADMIN] = {"administrative state", "locked, shuttingDown or unlocked is wanted"},
	[DEST_SET_WEIGHT] = {"weight override", "a weight is -1 (none) or 0..65535"},
	[DEST_SET_DRAIN_TIMEOUT] = {"drain timeout", "a drain timeout is 0..604800 seconds"},
	[DEST_SET_DRAIN_ACTION] = {"drain action",
				   "a drain action is keepDraining, lock or unlock"},
	[DEST_SET_STORAGE] = {"storage", "storage is volatile or nonVolatile"},
	[DEST_SET_COMMENT] = {"comment",
			      "a comment has at most 63 octets and no control character"},
};

static const char *refusal(int error, const struct dest_change *change)
{
	if (error == -EBUSY)
		return "a locked server cannot start to drain";
	if ((size_t)change->field >= sizeof fields / sizeof fields[0])
		return "unknown field";
	return fields[change->field].wanted;
}

/* The value of a field as the log shows it. */
static const char *field_text(const struct admin *admin, enum dest_field field,
			      char room[static ADMIN_COMMENT_MAX])
{
	switch (field) {
	case DEST_SET_ADMIN:
		return admin_state_name(admin->state);
	case DEST_SET_WEIGHT:
		snprintf(room, ADMIN_COMMENT_MAX, "%d", admin->weight_override);
		break;
	case DEST_SET_DRAIN_TIMEOUT:
		snprintf(room, ADMIN_COMMENT_MAX, "%u s", admin->drain_timeout_s);
		break;
	case DEST_SET_DRAIN_ACTION:
		snprintf(room, ADMIN_COMMENT_MAX, "%d", admin->drain_action);
		break;
	case DEST_SET_STORAGE:
		snprintf(room, ADMIN_COMMENT_MAX, "%d", admin->storage);
		break;
	case DEST_SET_COMMENT:
		return admin->comment;
	}
	return room;
}

static void log_set(const struct msg_dest_set *set, const struct server *server,
		    const struct dest_change *change, const struct admin *old)
{
	char text[KEY_TEXT_MAX], from[ADMIN_COMMENT_MAX], to[ADMIN_COMMENT_MAX];

	log_notice("check", "%.*s sets %s of %s in %s: %s -> %s", (int)sizeof set->who - 1,
		   set->who, fields[change->field].name, dest_key_format(&server->conf->key, text),
		   server->service->conf->id, field_text(old, change->field, from),
		   field_text(&server->admin, change->field, to));
}

/* IPVS facts that keep a drain from doing what one expects; said once, when it starts. */
static void warn_drain(const struct engine *engine, const struct server *server)
{
	const struct conf_virtual_server *conf = server->service->conf;
	bool hashes = !strcmp(conf->scheduler, "sh") || !strcmp(conf->scheduler, "mh");

	if (server->admin.state != DEST_SHUTTING_DOWN)
		return;
	if (hashes && !conf->flag1)
		log_warn("check",
			 "%s: scheduler %s without %s-fallback refuses the clients of a "
			 "server that drains",
			 conf->id, conf->scheduler, conf->scheduler);
	if (conf->persistence_s && sysctls_keep_templates(engine))
		log_warn("check",
			 "%s: persistent clients return to a server that drains until "
			 "their template ends, unless sysctl "
			 "net.ipv4.vs.expire_quiescent_template is 1",
			 conf->id);
	if (engine->sysctls.conn_reuse_mode == 0)
		log_warn("check",
			 "%s: a client that uses a port again returns to a server that drains: "
			 "sysctl net.ipv4.vs.conn_reuse_mode is 0",
			 conf->id);
}

static int change_one(struct engine *engine, const struct msg_dest_set *set, uint32_t index,
		      struct admin *ret_old, char text[static 128])
{
	const struct dest_change *change = &set->changes[index];
	struct server *server = find(engine, change, text);
	enum admin_effect effect = ADMIN_NOTHING;

	if (!server)
		return -ENOENT;
	remember(&engine->pending, server);
	*ret_old = server->admin;
	struct admin_usage usage = engine_usage(server);
	int error = admin_set(&server->admin, change, engine_time(), &usage, &effect);
	if (error < 0) {
		snprintf(text, 128, "%s", refusal(error, change));
		return error;
	}
	/* A weight that an operator sets is meant now; a later return grows towards it. */
	if (change->field == DEST_SET_WEIGHT && effect == ADMIN_CHANGED)
		server->ramp.began_us = 0;
	bool forced = ret_old->state == DEST_SHUTTING_DOWN && server->admin.state == DEST_LOCKED;
	drain_effect(engine, server, effect, ret_old, forced ? "forced" : NULL);
	return 0;
}

/* A drain's count of connections at its start should not be two seconds old. */
static void look_first(struct engine *engine, const struct msg_dest_set *set)
{
	for (uint32_t i = 0; i < set->count; i++) {
		const struct dest_change *change = &set->changes[i];
		struct service *service = services_find_service(engine, &change->svc);

		if (service && change->field == DEST_SET_ADMIN &&
		    change->value == DEST_SHUTTING_DOWN)
			kernel_look(engine, service);
	}
}

static void log_all(struct engine *engine, const struct msg_dest_set *set, const struct admin *old)
{
	for (uint32_t i = 0; i < set->count; i++) {
		const struct dest_change *change = &set->changes[i];
		struct service *service = services_find_service(engine, &change->svc);
		const struct server *server = services_find_server(service, &change->dest);

		log_set(set, server, change, &old[i]);
		if (change->field == DEST_SET_ADMIN && old[i].state == DEST_UNLOCKED)
			warn_drain(engine, server);
	}
}

static int change_all(struct engine *engine, const struct msg_dest_set *set, uint32_t *ret_index,
		      char text[static 128])
{
	struct admin old[DEST_CHANGES_MAX];

	for (uint32_t i = 0; i < set->count; i++) {
		int error = change_one(engine, set, i, &old[i], text);

		*ret_index = i;
		if (error < 0)
			return error;
	}
	int error = push(engine, &engine->pending);
	if (error == 0) {
		log_all(engine, set, old);
		return 0;
	}
	log_error("check", "the kernel refuses what %.*s set (%s): undone",
		  (int)sizeof set->who - 1, set->who, strerrordesc_np(-error));
	snprintf(text, 128, "the kernel refuses: %s", strerrordesc_np(-error));
	restore(&engine->pending);
	push(engine, &engine->pending);
	return -EIO;
}

static void run(struct engine *engine, const struct msg_dest_set *set)
{
	struct pending_set *pending = &engine->pending;
	char text[128] = "";
	uint32_t index = 0;

	look_first(engine, set);
	size_t events = engine->n_events;
	bool save_wanted = engine->save_wanted;
	*pending = (struct pending_set){
		.active = true, /* keeps other drains still until it is clear whether this stands */
		.request = set->request,
		.reply_to = set->reply_to,
	};
	engine->save_wanted = false;
	int error = change_all(engine, set, &index, text);
	if (error < 0) {
		restore(pending);
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
	reply(engine, set->reply_to, set->request, error, error < 0 ? index : 0, text);
}

void command_set(struct engine *engine, const struct mail *mail)
{
	const struct msg_dest_set *set = (const struct msg_dest_set *)mail->body;

	if (mail->size < sizeof *set ||
	    set->count > (mail->size - sizeof *set) / sizeof set->changes[0])
		return; /* not even a reply address */
	if (set->count > DEST_CHANGES_MAX)
		reply(engine, set->reply_to, set->request, -EINVAL, 0, "too many changes at once");
	else if (!engine->conf)
		reply(engine, set->reply_to, set->request, -ENOENT, 0, "no configuration yet");
	else
		run(engine, set);
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
		restore(pending);
		push(engine, pending);
		for (size_t i = 0; i < pending->n_undo; i++)
			event_dest(engine, EVENT_ADMIN, pending->undo[i].server,
				   "undone: could not be stored");
	}
	pending->active = false;
	look_at_drains(engine, pending);
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
