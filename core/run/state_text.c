/* SPDX-License-Identifier: MIT */
/*
 * The text of the state file, to and from messages. Pure; every number and word is checked before
 * it is believed, because the file may have been edited or damaged.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/ip.h"
#include "core/run/state.h"

#define VERSION 1

struct word {
	const char *text;
	int number;
};

/* ENTITY-STATE-TC words, as in the MIB. */
static const struct word admin_words[] = {
	{"locked", DEST_LOCKED},
	{"shuttingDown", DEST_SHUTTING_DOWN},
	{"unlocked", DEST_UNLOCKED},
	{NULL, 0},
};

static const struct word drain_words[] = {
	{"notDraining", DRAIN_NONE},
	{"draining", DRAIN_DRAINING},
	{"drained", DRAIN_DRAINED},
	{"timedOut", DRAIN_TIMED_OUT},
	{"cancelled", DRAIN_CANCELLED},
	{"kernelError", DRAIN_KERNEL_ERROR},
	{NULL, 0},
};

static const struct word action_words[] = {
	{"keepDraining", DRAIN_KEEP},
	{"lock", DRAIN_LOCK},
	{"unlock", DRAIN_UNLOCK},
	{NULL, 0},
};

static const struct word policy_words[] = {
	{"allow", QUORUM_ALLOW},
	{"refuse", QUORUM_REFUSE},
	{NULL, 0},
};

static const char *text_of(const struct word *words, int number)
{
	while (words->text && words->number != number)
		words++;
	return words->text;
}

static int number_of(const struct word *words, const char *text)
{
	while (words->text && strcmp(words->text, text))
		words++;
	return words->text ? words->number : -EINVAL;
}

/* jansson refuses text that is not UTF-8; one odd comment must not keep all drains from being
 * saved. */
static json_t *encode_text(const char *text)
{
	char plain[VS_ID_MAX];
	json_t *string = json_string(text);

	if (string)
		return string;
	snprintf(plain, sizeof plain, "%s", text);
	for (char *at = plain; *at; at++)
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	return json_string(plain);
}

static json_t *encode_item(const struct msg_admin *item)
{
	char address[IP_TEXT_MAX];
	json_t *line;

	line = json_pack(
		"{s:o, s:s, s:i, s:s?, s:i, s:i, s:s?, s:s?, s:I, s:I, s:I, s:I, s:I, s:o}",
		"virtual_server", encode_text(item->vs), "address",
		ip_format(&item->dest.ip, address), "port", (int)item->dest.port, "admin",
		text_of(admin_words, (int)item->admin), "weight_override",
		(int)item->weight_override, "drain_timeout_s", (int)item->drain_timeout_s,
		"drain_action", text_of(action_words, (int)item->drain_action), "drain",
		text_of(drain_words, (int)item->drain), "changed_us",
		(json_int_t)item->changed_wall_us, "drain_started_us",
		(json_int_t)item->drain_started_wall_us, "drain_deadline_us",
		(json_int_t)item->drain_deadline_wall_us, "drain_ended_us",
		(json_int_t)item->drain_ended_wall_us, "drain_initial",
		(json_int_t)item->drain_initial, "comment", encode_text(item->comment));
	/* Left out when false, as before there was such a thing. */
	if (line && item->of_machine)
		json_object_set_new(line, "of_machine", json_true());
	return line;
}

static json_t *encode_header(const struct msg_admin_save *save, int stored)
{
	json_t *line = json_pack("{s:i, s:i}", "vipd_state", VERSION, "destinations", stored);

	/* Left out unless there is one, as before there was such a thing. */
	if (line && save->policy == QUORUM_REFUSE)
		json_object_set_new(line, "drain_quorum_policy", json_string("refuse"));
	return line;
}

struct text {
	char *octets;
	size_t size, room;
};

static int append(const char *octets, size_t size, void *owner)
{
	struct text *text = owner;

	if (text->size + size + 1 > text->room) {
		size_t room = 2 * (text->size + size) + 256;
		char *larger = realloc(text->octets, room);

		if (!larger)
			return -1;
		text->octets = larger;
		text->room = room;
	}
	memcpy(text->octets + text->size, octets, size);
	text->size += size;
	text->octets[text->size] = '\0';
	return 0;
}

/* Takes over the reference. */
static int append_line(struct text *text, json_t *line)
{
	int error = -ENOMEM;

	if (line && !json_dump_callback(line, append, text, JSON_COMPACT) && !append("\n", 1, text))
		error = 0;
	json_decref(line);
	return error;
}

int state_encode(const struct msg_admin_save *save, char **ret_text, size_t *ret_size)
{
	struct text text = {0};
	int stored = 0;

	/* Volatile states are of this process only. */
	for (uint32_t i = 0; i < save->count; i++)
		stored += save->items[i].storage == STORAGE_NONVOLATILE;
	int error = append_line(&text, encode_header(save, stored));
	for (uint32_t i = 0; i < save->count && !error; i++) {
		if (save->items[i].storage == STORAGE_NONVOLATILE)
			error = append_line(&text, encode_item(&save->items[i]));
	}
	if (error) {
		free(text.octets);
		return error;
	}
	*ret_text = text.octets;
	*ret_size = text.size;
	return 0;
}

static bool copy_text(const char *from, char *to, size_t room)
{
	size_t length = strlen(from);

	if (length >= room)
		return false;
	memcpy(to, from, length + 1);
	return true;
}

static bool decode_item(json_t *line, struct msg_admin *ret)
{
	const char *vs, *address, *admin, *action, *drain, *comment;
	json_int_t port, weight, timeout, changed, started, deadline, ended, initial;
	struct msg_admin item = {.storage = STORAGE_NONVOLATILE};

	if (json_unpack(line,
			"{s:s, s:s, s:I, s:s, s:I, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s}",
			"virtual_server", &vs, "address", &address, "port", &port, "admin", &admin,
			"weight_override", &weight, "drain_timeout_s", &timeout, "drain_action",
			&action, "drain", &drain, "changed_us", &changed, "drain_started_us",
			&started, "drain_deadline_us", &deadline, "drain_ended_us", &ended,
			"drain_initial", &initial, "comment", &comment) < 0)
		return false;
	int admin_number = number_of(admin_words, admin);
	int action_number = number_of(action_words, action);
	int drain_number = number_of(drain_words, drain);
	if (admin_number < 0 || action_number < 0 || drain_number < 0)
		return false;
	if (port < 0 || port > 65535 || weight < WEIGHT_NO_OVERRIDE || weight > WEIGHT_MAX ||
	    timeout < 0 || timeout > DRAIN_TIMEOUT_MAX_S || initial < 0 || initial > UINT32_MAX)
		return false;
	if (changed < 0 || started < 0 || deadline < 0 || ended < 0)
		return false;
	if (ip_parse(address, &item.dest.ip) || !*vs || !copy_text(vs, item.vs, sizeof item.vs) ||
	    !copy_text(comment, item.comment, sizeof item.comment))
		return false;
	item.of_machine = json_is_true(json_object_get(line, "of_machine"));
	item.dest.port = (uint16_t)port;
	item.admin = (enum dest_admin)admin_number;
	item.weight_override = (int32_t)weight;
	item.drain_timeout_s = (uint32_t)timeout;
	item.drain_action = (enum drain_action)action_number;
	item.drain = (enum dest_drain)drain_number;
	item.changed_wall_us = (uint64_t)changed;
	item.drain_started_wall_us = (uint64_t)started;
	item.drain_deadline_wall_us = (uint64_t)deadline;
	item.drain_ended_wall_us = (uint64_t)ended;
	item.drain_initial = (uint32_t)initial;
	*ret = item;
	return true;
}

static bool is_header(json_t *line)
{
	return json_is_integer(json_object_get(line, "vipd_state"));
}

/* False when there is a policy that makes no sense. */
static bool decode_policy(json_t *header, enum quorum_policy *ret)
{
	const json_t *value = json_object_get(header, "drain_quorum_policy");
	int number = value ? -EINVAL : QUORUM_ALLOW;

	if (json_is_string(value))
		number = number_of(policy_words, json_string_value(value));
	*ret = number < 0 ? QUORUM_ALLOW : (enum quorum_policy)number;
	return number >= 0;
}

/* Lines announced by the header and not found count as bad: the end of the file is missing. */
static size_t count_missing(json_t *header, size_t found)
{
	json_int_t announced = json_integer_value(json_object_get(header, "destinations"));

	return announced > 0 && (size_t)announced > found ? (size_t)announced - found : 0;
}

int state_decode(const char *text, size_t size, struct msg_admin_save **ret, size_t *ret_bad_lines)
{
	size_t lines = 1, bad = 0, seen = 0;
	json_t *header = NULL;

	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	struct msg_admin_save *save = calloc(1, sizeof *save + lines * sizeof save->items[0]);
	if (!save)
		return -ENOMEM;
	while (size) {
		const char *end = memchr(text, '\n', size);
		size_t length = end ? (size_t)(end - text) : size;
		json_t *line = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);

		if (!header && line && is_header(line))
			header = json_incref(line);
		else if (length) {
			seen++;
			if (line && decode_item(line, &save->items[save->count]))
				save->count++;
			else
				bad++;
		}
		json_decref(line);
		text += length + (end != NULL);
		size -= length + (end != NULL);
	}
	bad += !decode_policy(header, &save->policy);
	*ret_bad_lines = bad + (header ? count_missing(header, seen) : 1);
	json_decref(header);
	*ret = save;
	return 0;
}
