/* SPDX-License-Identifier: MIT */
/*
 * drain, undrain and lock: finds the destinations that are meant in the newest snapshot and asks
 * the check thread to change them. A virtual server is named by its snmp_name, its identity or its
 * key, those over a group by its name, too; a real server by its snmp_name, address:port or
 * address. Without a virtual server every service that has the real server is meant, without a real
 * server, when all are asked for, every one of the virtual server. An address without a virtual
 * server is a machine. Whatever is meant is asked for in one message: all of it is changed or none,
 * and the quorum policy judges it as a whole. policy sets that policy.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/latest.h"
#include "core/run/control_private.h"
#include "core/run/daemon.h"

#define STEPS_MAX 5

struct wish {
	const char *vs, *rs;		     /* either NULL: any, but not both */
	struct dest_change steps[STEPS_MAX]; /* for each destination; keys are filled in later */
	uint32_t n_steps;
	bool force; /* whatever becomes of quorums */
};

struct matches {
	uint32_t *dests; /* into the snapshot */
	uint32_t count;
};

static bool same(const char *a, const char *b)
{
	return a && !strcmp(a, b);
}

static bool service_matches(const struct snap_check *snap, const struct snap_service *service,
			    const char *name)
{
	const struct conf_virtual_server *vs = &snap->conf->services[service->vs];
	char key[KEY_TEXT_MAX];

	if (!name || same(vs->snmp_name, name) || same(vs->id, name) || same(vs->group_name, name))
		return true;
	svc_key_format(&service->key, key);
	if (same(key, name))
		return true;
	char *slash = strchr(key, '/'); /* "10.0.0.1:80": whatever the protocol */
	if (slash && !service->key.fwmark)
		*slash = '\0';
	return same(key, name);
}

static bool dest_matches(const struct snap_check *snap, const struct snap_dest *dest,
			 const char *name)
{
	const struct conf_virtual_server *vs =
		&snap->conf->services[snap->services[dest->service].vs];
	char key[KEY_TEXT_MAX], address[IP_TEXT_MAX];

	if (dest->rs == SNAP_SORRY)
		return false;
	if (!name)
		return true;
	return same(vs->servers[dest->rs].snmp_name, name) ||
	       same(dest_key_format(&dest->key, key), name) ||
	       same(ip_format(&dest->key.ip, address), name);
}

static int find(const struct snap_check *snap, const struct wish *wish, struct matches *ret)
{
	uint32_t *dests = calloc(snap->n_dests + 1, sizeof *dests);
	uint32_t count = 0;

	if (!dests)
		return -1;
	for (uint32_t i = 0; i < snap->n_dests; i++) {
		const struct snap_dest *dest = &snap->dests[i];

		if (service_matches(snap, &snap->services[dest->service], wish->vs) &&
		    dest_matches(snap, dest, wish->rs))
			dests[count++] = i;
	}
	ret->dests = dests;
	ret->count = count;
	return 0;
}

static json_t *describe(const struct snap_check *snap, const struct matches *matches)
{
	json_t *list = json_array();
	char service[KEY_TEXT_MAX], server[KEY_TEXT_MAX];

	for (uint32_t i = 0; i < matches->count; i++) {
		const struct snap_dest *dest = &snap->dests[matches->dests[i]];

		svc_key_format(&snap->services[dest->service].key, service);
		json_array_append_new(list, json_pack("{s:s, s:s}", "service", service, "server",
						      dest_key_format(&dest->key, server)));
	}
	return json_pack("{s:o}", "servers", list);
}

/* The client waits for the answer. NULL: the wait ends by time. */
static struct msg_dest_set *begin(struct client *client, size_t count, bool force, json_t *result,
				  size_t *ret_size)
{
	uint64_t request = control_new_requests(client, 1);
	struct msg_dest_set *message;

	*ret_size = sizeof *message + count * sizeof message->changes[0];
	control_wait_replies(client, request, 1, result);
	message = calloc(1, *ret_size);
	if (!message)
		return NULL;
	message->request = request;
	message->reply_to = THREAD_MAIN;
	message->force = force;
	snprintf(message->who, sizeof message->who, "vipctl uid %lu%s",
		 (unsigned long)control_uid(client), force ? ", forced" : "");
	return message;
}

static void post(struct client *client, struct msg_dest_set *message, size_t size)
{
	threads_post(control_daemon(client), THREAD_CHECK, MSG_DEST_SET, message, size);
	free(message);
}

/* The steps of one thing; the caller fills in which. */
static struct dest_change *add_steps(struct msg_dest_set *message, const struct wish *wish)
{
	struct dest_change *first = &message->changes[message->count];

	memcpy(first, wish->steps, wish->n_steps * sizeof wish->steps[0]);
	message->count += wish->n_steps;
	return first;
}

/* Everything with that address. */
static bool is_machine(const struct wish *wish, struct ip *ret)
{
	return !wish->vs && ip_parse(wish->rs, ret) == 0;
}

static void change_machine(struct client *client, const struct snap_check *snap,
			   const struct wish *wish, const struct matches *matches,
			   const struct ip *ip)
{
	size_t size;
	struct msg_dest_set *message =
		begin(client, wish->n_steps, wish->force, describe(snap, matches), &size);

	if (!message)
		return;
	struct dest_change *steps = add_steps(message, wish);
	for (uint32_t k = 0; k < wish->n_steps; k++) {
		steps[k].machine = true;
		steps[k].dest.ip = *ip;
	}
	post(client, message, size);
}

static void change_each(struct client *client, const struct snap_check *snap,
			const struct wish *wish, const struct matches *matches)
{
	size_t size;
	struct msg_dest_set *message = begin(client, (size_t)matches->count * wish->n_steps,
					     wish->force, describe(snap, matches), &size);

	if (!message)
		return;
	for (uint32_t i = 0; i < matches->count; i++) {
		const struct snap_dest *dest = &snap->dests[matches->dests[i]];
		struct dest_change *steps = add_steps(message, wish);

		for (uint32_t k = 0; k < wish->n_steps; k++) {
			steps[k].svc = snap->services[dest->service].key;
			steps[k].dest = dest->key;
		}
	}
	post(client, message, size);
}

static void carry_out(struct client *client, const struct wish *wish)
{
	struct daemon *d = control_daemon(client);
	const struct snap_check *snap =
		(const struct snap_check *)latest_read(d->wires.check, SNAP_MAIN);
	struct matches matches;
	struct ip machine;

	if (!snap || find(snap, wish, &matches) < 0) {
		control_refuse(client, "no services yet");
		return;
	}
	if (!matches.count) {
		free(matches.dests);
		control_refuse(client, "no real server %s%s%sin %s", wish->rs ? "'" : "",
			       wish->rs ? wish->rs : "", wish->rs ? "' " : "",
			       wish->vs ? wish->vs : "any virtual server");
		return;
	}
	if (is_machine(wish, &machine))
		change_machine(client, snap, wish, &matches, &machine);
	else
		change_each(client, snap, wish, &matches);
	free(matches.dests);
}

/* ---- the commands ---- */

static bool take_names(struct client *client, const json_t *request, struct wish *wish)
{
	wish->vs = json_string_value(json_object_get(request, "vs"));
	wish->rs = json_string_value(json_object_get(request, "rs"));
	wish->force = json_is_true(json_object_get(request, "force"));
	bool all = json_is_true(json_object_get(request, "all"));
	if (all ? wish->vs && !wish->rs : wish->rs != NULL)
		return true;
	control_refuse(client, all ? "of which virtual server all are meant must be named, alone"
				   : "a real server must be named");
	return false;
}

static struct dest_change *add_step(struct wish *wish, enum dest_field field, int32_t value)
{
	struct dest_change *step = &wish->steps[wish->n_steps++];

	step->field = field;
	step->value = value;
	return step;
}

static bool take_comment(struct client *client, const json_t *request, struct wish *wish)
{
	const char *text = json_string_value(json_object_get(request, "comment"));

	if (!text)
		text = "";
	if (strlen(text) >= ADMIN_COMMENT_MAX) {
		control_refuse(client, "the comment is longer than %d octets",
			       ADMIN_COMMENT_MAX - 1);
		return false;
	}
	memcpy(add_step(wish, DEST_SET_COMMENT, 0)->text, text, strlen(text) + 1);
	return true;
}

static bool take_timeout(struct client *client, const json_t *request, struct wish *wish)
{
	const json_t *value = json_object_get(request, "timeout");
	json_int_t seconds = json_integer_value(value);

	if ((value && !json_is_integer(value)) || seconds < 0 || seconds > DRAIN_TIMEOUT_MAX_S) {
		control_refuse(client, "a drain's time limit is 0 to %d seconds",
			       DRAIN_TIMEOUT_MAX_S);
		return false;
	}
	add_step(wish, DEST_SET_DRAIN_TIMEOUT, (int32_t)seconds);
	return true;
}

static bool take_action(struct client *client, const json_t *request, struct wish *wish)
{
	static const char *const words[] = {
		[DRAIN_KEEP] = "keep", [DRAIN_LOCK] = "lock", [DRAIN_UNLOCK] = "unlock"};
	const char *word = json_string_value(json_object_get(request, "action"));
	int32_t action = DRAIN_KEEP;

	while (word && action <= DRAIN_UNLOCK && strcmp(words[action], word))
		action++;
	if (action > DRAIN_UNLOCK) {
		control_refuse(client, "the action is keep, lock or unlock, not '%s'", word);
		return false;
	}
	add_step(wish, DEST_SET_DRAIN_ACTION, action);
	return true;
}

void control_drain(struct client *client, const json_t *request)
{
	struct wish wish = {0};

	if (!take_names(client, request, &wish) || !take_timeout(client, request, &wish) ||
	    !take_action(client, request, &wish) || !take_comment(client, request, &wish))
		return;
	add_step(&wish, DEST_SET_STORAGE, STORAGE_NONVOLATILE);
	add_step(&wish, DEST_SET_ADMIN, DEST_SHUTTING_DOWN);
	carry_out(client, &wish);
}

void control_undrain(struct client *client, const json_t *request)
{
	struct wish wish = {0};

	if (!take_names(client, request, &wish))
		return;
	add_step(&wish, DEST_SET_ADMIN, DEST_UNLOCKED);
	carry_out(client, &wish);
}

void control_lock(struct client *client, const json_t *request)
{
	struct wish wish = {0};

	if (!take_names(client, request, &wish) || !take_comment(client, request, &wish))
		return;
	add_step(&wish, DEST_SET_STORAGE, STORAGE_NONVOLATILE);
	add_step(&wish, DEST_SET_ADMIN, DEST_LOCKED);
	carry_out(client, &wish);
}

void control_policy(struct client *client, const json_t *request)
{
	const char *word = json_string_value(json_object_get(request, "policy"));
	size_t size;

	if (!word || (strcmp(word, "allow") && strcmp(word, "refuse"))) {
		control_refuse(client, "the policy is allow or refuse");
		return;
	}
	struct msg_dest_set *message =
		begin(client, 1, false, json_pack("{s:s}", "drain_quorum_policy", word), &size);
	if (!message)
		return;
	message->changes[0].field = DEST_SET_QUORUM_POLICY;
	message->changes[0].value = strcmp(word, "refuse") ? QUORUM_ALLOW : QUORUM_REFUSE;
	message->count = 1;
	post(client, message, size);
}
