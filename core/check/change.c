/* SPDX-License-Identifier: MIT */
/*
 * One change of an operator, of a real server or of all of a machine: found, applied to the model,
 * told to the log. What the servers were is remembered in the pending set. Thread: check. The
 * kernel and the disk are command.c's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/mail.h"
#include "core/check/engine.h"
#include "core/check/machine.h"

static int remember(struct pending_set *set, struct server *server)
{
	if (server->changing)
		return 0;
	if (set->n_undo == set->room_undo) {
		size_t room = set->room_undo ? 2 * set->room_undo : 16;
		struct undo *bigger = reallocarray(set->undo, room, sizeof *set->undo);

		if (!bigger)
			return -ENOMEM;
		set->undo = bigger;
		set->room_undo = room;
	}
	server->changing = true;
	server->undo = (uint32_t)set->n_undo;
	set->undo[set->n_undo++] =
		(struct undo){.server = server, .before = server->admin, .ramp = server->ramp};
	return 0;
}

/* Whether nothing was changed since the request that this one takes back. */
static bool made_last(const struct engine *engine, const struct msg_dest_set *set)
{
	return set->undoes && engine->last.request == set->undoes &&
	       engine->last.reply_to == set->reply_to;
}

/* What a server was before that request, NULL when it did not change it. */
static const struct admin *was_before(const struct engine *engine, const struct msg_dest_set *set,
				      const struct server *server)
{
	const struct pending_set *last = &engine->last;

	for (size_t i = 0; made_last(engine, set) && i < last->n_undo; i++)
		if (last->undo[i].server == server)
			return &last->undo[i].before;
	return NULL;
}

static struct server *find(const struct engine *engine, const struct dest_change *change,
			   char text[static 128])
{
	struct service *service = services_find_service(engine, &change->svc);
	struct server *server =
		service ? machine_find_server(engine, service, &change->dest) : NULL;
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
	[DEST_SET_QUORUM_POLICY] = {"drain quorum policy",
				    "the drain quorum policy is allow or refuse"},
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
	case DEST_SET_QUORUM_POLICY: /* no field of a server */
		break;
	}
	return room;
}

/* To the log and to the ring of events. of: " of 10.0.0.1:80 in web", " of 10.0.0.1 (3 real
 * servers)", "" */
static void tell(struct engine *engine, const struct msg_dest_set *set,
		 const struct dest_change *change, const char *of, struct msg_changed *changed)
{
	snprintf(changed->who, sizeof changed->who, "%s", set->who);
	snprintf(changed->what, sizeof changed->what, "%s", fields[change->field].name);
	log_notice("check", "%s sets %s%s: %s -> %s", changed->who, changed->what, of, changed->was,
		   changed->now);
	mail_post(engine->wires->box[THREAD_AGENT], MSG_CHANGED, changed, sizeof *changed);
}

static void tell_servers(struct engine *engine, const struct msg_dest_set *set, const char *of,
			 const struct dest_change *change, const struct admin *old,
			 const struct admin *now)
{
	struct msg_changed changed = {
		.object = change->machine ? CHANGED_MACHINE : CHANGED_DEST,
		.svc = change->svc,
		.dest = change->dest,
	};
	char room[ADMIN_COMMENT_MAX];

	snprintf(changed.was, sizeof changed.was, "%s", field_text(old, change->field, room));
	snprintf(changed.now, sizeof changed.now, "%s", field_text(now, change->field, room));
	/* A command of vipctl asks for every setting of a drain, most of them as they are. */
	if (set->reply_to == THREAD_MAIN && change->field != DEST_SET_ADMIN &&
	    !strcmp(changed.was, changed.now))
		return;
	memcpy(changed.comment, now->comment, sizeof changed.comment);
	tell(engine, set, change, of, &changed);
}

static void tell_policy(struct engine *engine, const struct msg_dest_set *set,
			const struct dest_change *change)
{
	struct msg_changed changed = {.object = CHANGED_NOTHING};

	snprintf(changed.was, sizeof changed.was, "%s", policy_name(engine->pending.policy));
	snprintf(changed.now, sizeof changed.now, "%s", policy_name(engine->policy));
	tell(engine, set, change, "", &changed);
}

/* Whether its deadline will delete it under connections, and nobody tells their clients. */
static bool hangs_clients(const struct engine *engine, const struct admin *admin)
{
	return admin->drain_timeout_s && admin->drain_action == DRAIN_LOCK &&
	       engine->about.sysctls.expire_nodest_conn == 0;
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
	if (!strcmp(conf->scheduler, "dh"))
		log_warn("check", "%s: scheduler dh refuses what goes to a server that drains",
			 conf->id);
	if (conf->persistence_s && sysctls_keep_templates(engine))
		log_warn("check",
			 "%s: persistent clients return to a server that drains until "
			 "their template ends, unless sysctl "
			 "net.ipv4.vs.expire_quiescent_template is 1",
			 conf->id);
	if (engine->about.sysctls.conn_reuse_mode == 0)
		log_warn("check",
			 "%s: a client that uses a port again returns to a server that drains: "
			 "sysctl net.ipv4.vs.conn_reuse_mode is 0",
			 conf->id);
	if (hangs_clients(engine, &server->admin))
		log_warn("check",
			 "%s: clients that are still connected at the deadline of the drain hang, "
			 "unless sysctl net.ipv4.vs.expire_nodest_conn is 1",
			 conf->id);
}

static enum admin_effect take_back(struct server *server, const struct admin *before)
{
	bool drain = server->admin.drain != before->drain;
	bool state = server->admin.state != before->state;

	server->admin = *before;
	if (drain)
		return ADMIN_DRAIN;
	return state ? ADMIN_CHANGED : ADMIN_NOTHING;
}

/* before: what it is to become again, NULL for what the change says. */
static int change_server(struct engine *engine, const struct dest_change *change,
			 struct server *server, const struct admin *before, char text[static 128])
{
	struct admin_usage usage = engine_usage(server);
	enum admin_effect effect = ADMIN_NOTHING;
	struct admin old = server->admin;
	int error = remember(&engine->pending, server);

	if (error == 0 && before)
		effect = take_back(server, before);
	else if (error == 0)
		error = admin_set(&server->admin, change, engine_time(), &usage, &effect);
	if (error < 0) {
		snprintf(text, 128, "%s", refusal(error, change));
		return error;
	}
	if (change->field == DEST_SET_ADMIN || change->field == DEST_SET_WEIGHT)
		server->moved_by = engine->pending.at;
	/* A weight that an operator sets is meant now; a later return grows towards it. */
	if (change->field == DEST_SET_WEIGHT && effect == ADMIN_CHANGED)
		server->ramp.began_us = 0;
	bool forced = old.state == DEST_SHUTTING_DOWN && server->admin.state == DEST_LOCKED;
	drain_effect(engine, server, effect, &old, forced ? "forced" : NULL);
	return 0;
}

/* A machine is taken back as a whole, or not: what its servers were only the last request knows. */
static int undo_machine(struct engine *engine, const struct msg_dest_set *set,
			const struct dest_change *change, char text[static 128])
{
	const struct pending_set *last = &engine->last;
	int error = 0;

	if (!made_last(engine, set)) {
		snprintf(text, 128, "there was another change since");
		return -EIO;
	}
	for (size_t i = 0; i < last->n_undo && !error; i++) {
		const struct undo *undo = &last->undo[i];

		if (ip_compare(&undo->server->conf->key.ip, &change->dest.ip) == 0)
			error = change_server(engine, change, undo->server, &undo->before, text);
	}
	return error;
}

static int change_machine(struct engine *engine, const struct msg_dest_set *set,
			  const struct dest_change *change, struct admin *ret_old,
			  char text[static 128])
{
	struct machine machine = machine_find(engine, &change->dest.ip);
	int error = 0;

	if (!machine.count) {
		ip_format(&change->dest.ip, text);
		strcat(text, " is the address of no real server");
		return -ENOENT;
	}
	*ret_old = machine_admin(&machine);
	if (change->undo)
		return undo_machine(engine, set, change, text);
	if (change->field == DEST_SET_ADMIN && change->value == DEST_SHUTTING_DOWN &&
	    ret_old->state == DEST_LOCKED) {
		snprintf(text, 128, "%s", refusal(-EBUSY, change));
		return -EBUSY;
	}
	/* Who is concerned depends on the marks of the others: all are asked before any changes. */
	for (size_t i = 0; i < machine.count; i++)
		machine.servers[i]->concerned =
			machine_concerns(&machine, machine.servers[i], change);
	for (size_t i = 0; i < machine.count && !error; i++) {
		if (machine.servers[i]->concerned)
			error = change_server(engine, change, machine.servers[i], NULL, text);
	}
	return error;
}

static int change_policy(struct engine *engine, const struct dest_change *change,
			 char text[static 128])
{
	int error = policy_set(engine, change->value);

	if (error < 0)
		snprintf(text, 128, "%s", refusal(error, change));
	return error;
}

int change_apply(struct engine *engine, const struct msg_dest_set *set, uint32_t index,
		 struct admin *ret_old, char text[static 128])
{
	const struct dest_change *change = &set->changes[index];
	struct server *server;

	engine->pending.at = index;
	if (change->field == DEST_SET_QUORUM_POLICY)
		return change_policy(engine, change, text);
	if (change->machine)
		return change_machine(engine, set, change, ret_old, text);
	server = find(engine, change, text);
	if (!server)
		return -ENOENT;
	*ret_old = server->admin;
	return change_server(engine, change, server,
			     change->undo ? was_before(engine, set, server) : NULL, text);
}

static void look_once(struct engine *engine, struct service *service)
{
	if (!service->looked)
		kernel_look(engine, service);
	service->looked = true;
}

/* A drain's count of connections at its start should not be two seconds old. */
void change_look_first(struct engine *engine, const struct msg_dest_set *set)
{
	for (size_t i = 0; i < engine->n_services; i++)
		engine->services[i]->looked = false;
	for (uint32_t i = 0; i < set->count; i++) {
		const struct dest_change *change = &set->changes[i];
		struct service *service = services_find_service(engine, &change->svc);
		struct machine machine = {0};

		if (change->field != DEST_SET_ADMIN || change->value != DEST_SHUTTING_DOWN)
			continue;
		if (change->machine)
			machine = machine_find(engine, &change->dest.ip);
		else if (service)
			look_once(engine, service);
		for (size_t k = 0; k < machine.count; k++)
			look_once(engine, machine.servers[k]->service);
	}
}

static void log_machine(struct engine *engine, const struct msg_dest_set *set,
			const struct dest_change *change, const struct admin *old)
{
	struct machine machine = machine_find(engine, &change->dest.ip);
	struct admin now = machine_admin(&machine);
	char where[KEY_TEXT_MAX + 36], address[IP_TEXT_MAX];

	snprintf(where, sizeof where, " of %s (%zu real servers)",
		 ip_format(&change->dest.ip, address), machine.count);
	tell_servers(engine, set, where, change, old, &now);
	for (size_t i = 0; change->field == DEST_SET_ADMIN && i < machine.count; i++)
		warn_drain(engine, machine.servers[i]);
}

static void log_server(struct engine *engine, const struct msg_dest_set *set,
		       const struct dest_change *change, const struct admin *old)
{
	struct service *service = services_find_service(engine, &change->svc);
	const struct server *server = machine_find_server(engine, service, &change->dest);
	char where[KEY_TEXT_MAX + VS_ID_MAX + 12], key[KEY_TEXT_MAX];

	snprintf(where, sizeof where, " of %s in %s", dest_key_format(&server->conf->key, key),
		 service->conf->id);
	tell_servers(engine, set, where, change, old, &server->admin);
	if (change->field == DEST_SET_ADMIN && old->state == DEST_UNLOCKED)
		warn_drain(engine, server);
}

void change_log(struct engine *engine, const struct msg_dest_set *set, const struct admin *old)
{
	const struct pending_set *pending = &engine->pending;

	for (size_t i = 0; i < pending->n_undo; i++)
		if (pending->undo[i].server->admin.drain != pending->undo[i].before.drain)
			drain_log(pending->undo[i].server);
	for (uint32_t i = 0; i < set->count; i++) {
		if (set->changes[i].field == DEST_SET_QUORUM_POLICY)
			tell_policy(engine, set, &set->changes[i]);
		else if (set->changes[i].machine)
			log_machine(engine, set, &set->changes[i], &old[i]);
		else
			log_server(engine, set, &set->changes[i], &old[i]);
	}
}
