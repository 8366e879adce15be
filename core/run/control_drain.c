/* SPDX-License-Identifier: MIT */
/*
 * drain, undrain and lock: finds the destinations that are meant in the newest snapshot and asks
 * the check thread to change them. A virtual server is named by its snmp_name, its identity or its
 * key, those over a group by its name, too; a real server by its snmp_name, address:port or
 * address. Without a virtual server every service that has the real server is meant, without a real
 * server, when all are asked for, every one of the virtual server. An address without a virtual
 * server is a machine, which is changed as one.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/latest.h"
#include "core/run/control_private.h"
#include "core/run/daemon.h"

struct wish {
	const char *vs, *rs; /* either NULL: any, but not both */
	struct dest_change
		steps[DEST_CHANGES_MAX / 8]; /* for each destination; keys are filled in later */
	uint32_t n_steps;
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

static void begin_message(struct client *client, struct msg_dest_set *message, uint64_t request)
{
	message->request = request;
	message->reply_to = THREAD_MAIN;
	snprintf(message->who, sizeof message->who, "vipctl uid %lu",
		 (unsigned long)control_uid(client));
}

/* One message for as many destinations as fit: each is all or nothing. */
static void post_some(struct client *client, const struct snap_check *snap, const struct wish *wish,
		      const uint32_t *dests, uint32_t count, uint64_t request)
{
	size_t size =
		sizeof(struct msg_dest_set) + count * wish->n_steps * sizeof(struct dest_change);
	struct msg_dest_set *message = calloc(1, size);

	if (!message)
		return; /* the client's wait ends by time */
	begin_message(client, message, request);
	for (uint32_t i = 0; i < count; i++) {
		const struct snap_dest *dest = &snap->dests[dests[i]];

		for (uint32_t k = 0; k < wish->n_steps; k++) {
			struct dest_change *change = &message->changes[message->count++];

			*change = wish->steps[k];
			change->svc = snap->services[dest->service].key;
			change->dest = dest->key;
		}
	}
	threads_post(control_daemon(client), THREAD_CHECK, MSG_DEST_SET, message, size);
	free(message);
}

/* Everything with that address, in one message. */
static bool is_machine(const struct wish *wish, struct ip *ret)
{
	return !wish->vs && ip_parse(wish->rs, ret) == 0;
}

static void change_machine(struct client *client, const struct snap_check *snap,
			   const struct wish *wish, const struct matches *matches,
			   const struct ip *ip)
{
	size_t size = sizeof(struct msg_dest_set) + wish->n_steps * sizeof(struct dest_change);
	struct msg_dest_set *message = calloc(1, size);
	uint64_t request = control_new_requests(client, 1);

	control_wait_replies(client, request, 1, describe(snap, matches));
	if (!message)
		return; /* as above */
	begin_message(client, message, request);
	for (uint32_t k = 0; k < wish->n_steps; k++) {
		message->changes[k] = wish->steps[k];
		message->changes[k].machine = true;
		message->changes[k].dest.ip = *ip;
	}
	message->count = wish->n_steps;
	threads_post(control_daemon(client), THREAD_CHECK, MSG_DEST_SET, message, size);
	free(message);
}

static void change_each(struct client *client, const struct snap_check *snap,
			const struct wish *wish, const struct matches *matches)
{
	uint32_t each = DEST_CHANGES_MAX / wish->n_steps;
	uint32_t messages = (matches->count + each - 1) / each;
	uint64_t first = control_new_requests(client, messages);

	control_wait_replies(client, first, messages, describe(snap, matches));
	for (uint32_t i = 0; i < messages; i++) {
		uint32_t from = i * each;
		uint32_t count = matches->count - from < each ? matches->count - from : each;

		post_some(client, snap, wish, matches->dests + from, count, first + i);
	}
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
