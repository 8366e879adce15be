/* SPDX-License-Identifier: MIT */
/*
 * SET transactions between the master agent and the engines. Changes to destinations go to the
 * check thread in one message that is applied all or none; changes to VRRP instances are a message
 * each; the agent's own state is changed here. An engine that does not answer in time is told the
 * undo at once, in the same mailbox behind the change, so that the change cannot survive the
 * commitFailed that the manager is given.
 *
 * Thread: agent. Waits for an engine at most SET_WAIT_MS, by poll on its own mailbox. The engines
 * log what they accept; here only the agent's own state and failures are logged.
 */
#include "agent/set.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/catalog.h"
#include "agent/own.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mail.h"
#include "core/cmd.h"

#define TRANSACTIONS 4 /* the master works on one at a time; the others are its lost sheep */
#define CHANGES_MAX  256

enum progress {
	CHANGE_IDLE,	/* not sent, or known not to be applied */
	CHANGE_WAITING, /* sent, no answer yet */
	CHANGE_APPLIED,
	CHANGE_REFUSED,
};

struct change {
	uint32_t name[OID_MAX];
	size_t name_length;
	struct set_change set;
	uint64_t request;
	enum progress progress;
	enum set_error error;
};

struct transaction {
	uint64_t id;
	uint64_t used_us; /* last touched; 0: free */
	bool committed;
	struct change *changes;
	size_t count, room;
};

struct sets {
	const struct wires *wires;
	struct catalog *catalog;
	bool read_only;
	uint64_t last_request;
	struct mail *kept, **kept_end;
	struct transaction transactions[TRANSACTIONS];
};

int sets_new(const struct wires *wires, struct catalog *catalog, struct sets **ret)
{
	struct sets *sets = calloc(1, sizeof(*sets));

	if (!sets)
		return -ENOMEM;
	sets->wires = wires;
	sets->catalog = catalog;
	sets->kept_end = &sets->kept;
	*ret = sets;
	return 0;
}

static void transaction_clear(struct transaction *transaction)
{
	free(transaction->changes);
	*transaction = (struct transaction){0};
}

void sets_forget(struct sets *sets)
{
	for (size_t i = 0; i < TRANSACTIONS; i++)
		transaction_clear(&sets->transactions[i]);
}

struct sets *sets_free(struct sets *sets)
{
	if (!sets)
		return NULL;
	sets_forget(sets);
	for (struct mail *mail = sets->kept, *next; mail; mail = next) {
		next = mail->next;
		mail_free(mail);
	}
	free(sets);
	return NULL;
}

void sets_set_read_only(struct sets *sets, bool read_only)
{
	sets->read_only = read_only;
}

struct mail *sets_take_mail(struct sets *sets)
{
	struct mail *first = sets->kept;

	sets->kept = NULL;
	sets->kept_end = &sets->kept;
	return first;
}

static struct transaction *transaction_find(struct sets *sets, uint64_t id)
{
	for (size_t i = 0; i < TRANSACTIONS; i++)
		if (sets->transactions[i].used_us && sets->transactions[i].id == id)
			return &sets->transactions[i];
	return NULL;
}

static struct transaction *transaction_open(struct sets *sets, uint64_t id)
{
	struct transaction *found = transaction_find(sets, id), *oldest = &sets->transactions[0];

	if (!found) {
		for (size_t i = 1; i < TRANSACTIONS; i++)
			if (sets->transactions[i].used_us < oldest->used_us)
				oldest = &sets->transactions[i];
		found = oldest;
		transaction_clear(found);
	} else if (found->committed) {
		transaction_clear(found); /* the number is used again */
	}
	found->id = id;
	found->used_us = clock_now_us();
	return found;
}

static struct change *change_find(const struct transaction *transaction, const uint32_t *name,
				  size_t length)
{
	for (size_t i = 0; i < transaction->count; i++) {
		struct change *change = &transaction->changes[i];

		if (change->name_length == length &&
		    memcmp(change->name, name, length * sizeof(*name)) == 0)
			return change;
	}
	return NULL;
}

static struct change *change_add(struct transaction *transaction, const uint32_t *name,
				 size_t length)
{
	struct change *change;

	if (transaction->count == transaction->room) {
		size_t room = transaction->room ? 2 * transaction->room : 4;
		struct change *changes;

		if (room > CHANGES_MAX)
			return NULL;
		changes = reallocarray(transaction->changes, room, sizeof(*changes));
		if (!changes)
			return NULL;
		transaction->changes = changes;
		transaction->room = room;
	}
	change = &transaction->changes[transaction->count++];
	*change = (struct change){.name_length = length};
	memcpy(change->name, name, length * sizeof(*name));
	return change;
}

static size_t count_dests(const struct transaction *transaction)
{
	size_t count = 0;

	for (size_t i = 0; i < transaction->count; i++)
		count += transaction->changes[i].set.target == SET_TO_CHECK;
	return count;
}

enum set_error sets_reserve(struct sets *sets, uint64_t id, size_t position, const uint32_t *name,
			    size_t name_length, int type, const struct cell *value)
{
	const struct rows *rows = catalog_rows(sets->catalog, position);
	struct transaction *transaction;
	struct change *change;
	struct set_change set = {0};
	enum set_error error;

	if (sets->read_only)
		return SET_NOT_WRITABLE;
	if (!rows)
		return SET_RESOURCE_UNAVAILABLE;
	error = table_set(catalog_table(sets->catalog, position), rows, catalog_view(sets->catalog),
			  name, name_length, type, value, &set);
	if (error != SET_OK)
		return error;
	transaction = transaction_open(sets, id);
	/* The master repeats a TestSet that took long: the same name is the same change. */
	change = change_find(transaction, name, name_length);
	if (!change && set.target == SET_TO_CHECK && count_dests(transaction) == DEST_CHANGES_MAX)
		return SET_RESOURCE_UNAVAILABLE;
	if (!change)
		change = change_add(transaction, name, name_length);
	if (!change)
		return SET_RESOURCE_UNAVAILABLE;
	change->set = set;
	return SET_OK;
}

/* ---- answers ---- */

static enum set_error error_of_reply(int error)
{
	switch (error) {
	case 0:
		return SET_OK;
	case -ENOENT:
		return SET_NO_CREATION;
	case -EINVAL:
	case -ERANGE:
		return SET_WRONG_VALUE;
	case -EBUSY:
	case -EPERM:
		return SET_INCONSISTENT_VALUE;
	case -ENOMEM:
		return SET_RESOURCE_UNAVAILABLE;
	default:
		return SET_COMMIT_FAILED;
	}
}

/* A refused message applied none of its changes; the one at fault carries the error. */
static void on_reply(struct transaction *transaction, const struct msg_reply *reply)
{
	uint32_t at = 0;
	struct change *first = NULL, *culprit = NULL;

	for (size_t i = 0; i < transaction->count; i++) {
		struct change *change = &transaction->changes[i];

		if (change->request != reply->request || change->progress != CHANGE_WAITING)
			continue;
		if (!first)
			first = change;
		if (at++ == reply->index)
			culprit = change;
		change->progress = reply->error ? CHANGE_IDLE : CHANGE_APPLIED;
	}
	if (!reply->error || !first)
		return;
	if (!culprit)
		culprit = first;
	culprit->progress = CHANGE_REFUSED;
	culprit->error = error_of_reply(reply->error);
	log_notice("agent", "SET refused: %s",
		   reply->text[0] ? reply->text : strerror(-reply->error));
}

static void collect(struct sets *sets, struct transaction *transaction)
{
	for (struct mail *mail = mailbox_drain(sets->wires->box[THREAD_AGENT]), *next; mail;
	     mail = next) {
		next = mail->next;
		mail->next = NULL;
		if (mail->kind == MSG_REPLY && mail->size >= sizeof(struct msg_reply)) {
			on_reply(transaction, (const struct msg_reply *)mail->body);
			mail_free(mail);
			continue;
		}
		*sets->kept_end = mail;
		sets->kept_end = &mail->next;
	}
}

static bool is_waiting(const struct transaction *transaction)
{
	for (size_t i = 0; i < transaction->count; i++)
		if (transaction->changes[i].progress == CHANGE_WAITING)
			return true;
	return false;
}

static void wait_for_engines(struct sets *sets, struct transaction *transaction)
{
	struct pollfd poller = {.fd = mailbox_fd(sets->wires->box[THREAD_AGENT]), .events = POLLIN};
	uint64_t deadline = clock_now_us() + SET_WAIT_MS * USEC_PER_MSEC;

	while (is_waiting(transaction)) {
		uint64_t now = clock_now_us();

		if (now >= deadline)
			return;
		(void)poll(&poller, 1, (int)((deadline - now) / USEC_PER_MSEC) + 1);
		collect(sets, transaction);
	}
}

/* ---- questions ---- */

static bool wants(const struct change *change, bool undo)
{
	/* A change without an answer may still be applied: it is undone as well. */
	return undo ? change->progress == CHANGE_APPLIED || change->progress == CHANGE_WAITING
		    : change->progress == CHANGE_IDLE;
}

static void mark(struct change *change, uint64_t request, int posted)
{
	change->request = request;
	change->progress = posted < 0 ? CHANGE_REFUSED : CHANGE_WAITING;
	change->error = posted < 0 ? SET_RESOURCE_UNAVAILABLE : SET_OK;
}

static void send_dests(struct sets *sets, struct transaction *transaction, bool undo)
{
	struct msg_dest_set *message;
	struct change *chosen[DEST_CHANGES_MAX];
	uint32_t count = 0;
	int posted = -ENOMEM;

	for (size_t i = 0; i < transaction->count; i++) {
		/* What was done last is undone first. */
		size_t at = undo ? transaction->count - 1 - i : i;
		struct change *change = &transaction->changes[at];

		if (change->set.target != SET_TO_CHECK || !wants(change, undo))
			continue;
		assert(count < DEST_CHANGES_MAX);
		chosen[count++] = change;
	}
	if (!count)
		return;
	message = calloc(1, sizeof(*message) + count * sizeof(*message->changes));
	if (message) {
		message->request = ++sets->last_request;
		message->reply_to = THREAD_AGENT;
		snprintf(message->who, sizeof(message->who), "snmp");
		/* One request made all of them. */
		message->undoes = undo ? chosen[0]->request : 0;
		message->count = count;
		for (uint32_t i = 0; i < count; i++) {
			message->changes[i] =
				undo ? chosen[i]->set.undo.dest : chosen[i]->set.apply.dest;
			message->changes[i].undo = undo;
		}
		posted = mail_post(sets->wires->box[THREAD_CHECK], MSG_DEST_SET, message,
				   sizeof(*message) + count * sizeof(*message->changes));
		free(message);
	}
	for (uint32_t i = 0; i < count; i++)
		mark(chosen[i], sets->last_request, posted);
}

static void send_vrrp(struct sets *sets, struct change *change, bool undo)
{
	struct msg_vrrp_set message = undo ? change->set.undo.vrrp : change->set.apply.vrrp;

	message.request = ++sets->last_request;
	message.reply_to = THREAD_AGENT;
	mark(change, message.request,
	     mail_post(sets->wires->box[THREAD_VRRP], MSG_VRRP_SET, &message, sizeof(message)));
}

static void set_agent(struct sets *sets, struct change *change, bool undo)
{
	enum agent_field field = change->set.apply.agent.field;
	uint32_t value = undo ? change->set.undo.agent.value : change->set.apply.agent.value;

	if (own_change(sets->catalog, field, value, undo) < 0) {
		change->progress = CHANGE_REFUSED;
		change->error = SET_RESOURCE_UNAVAILABLE;
		return;
	}
	change->progress = CHANGE_APPLIED;
}

static void send_vrrps(struct sets *sets, struct transaction *transaction, bool undo, bool admin)
{
	for (size_t i = 0; i < transaction->count; i++) {
		struct change *change = &transaction->changes[i];

		if (change->set.target == SET_TO_VRRP && wants(change, undo) &&
		    (change->set.apply.vrrp.field == VRRP_SET_ADMIN) == admin)
			send_vrrp(sets, change, undo);
	}
}

static void send_all(struct sets *sets, struct transaction *transaction, bool undo)
{
	send_dests(sets, transaction, undo);
	/* Most of an instance can be changed only while it is down: an administrative "up" of the
	 * same PDU comes last, and is the first to be taken back. */
	send_vrrps(sets, transaction, undo, undo);
	send_vrrps(sets, transaction, undo, !undo);
	for (size_t i = 0; i < transaction->count; i++) {
		struct change *change = &transaction->changes[i];

		if (!wants(change, undo))
			continue;
		if (change->set.target == SET_TO_AGENT)
			set_agent(sets, change, undo);
		else if (change->set.target == SET_TO_NOBODY)
			change->progress = CHANGE_APPLIED;
	}
}

/* Those that must not linger in an engine: told to undo, and no longer waited for. */
static void abandon(struct sets *sets, struct transaction *transaction)
{
	send_all(sets, transaction, true);
	for (size_t i = 0; i < transaction->count; i++) {
		struct change *change = &transaction->changes[i];

		if (change->progress == CHANGE_REFUSED)
			continue;
		change->progress = CHANGE_REFUSED;
		change->error = SET_COMMIT_FAILED;
	}
}

static void commit(struct sets *sets, struct transaction *transaction)
{
	transaction->committed = true;
	send_all(sets, transaction, false);
	wait_for_engines(sets, transaction);
	if (is_waiting(transaction)) {
		log_error("agent", "SET abandoned: no answer within %d ms", SET_WAIT_MS);
		abandon(sets, transaction);
	}
	/* The rows that show the effect are published before the answer: let the next GET see them.
	 */
	catalog_expire(sets->catalog);
}

enum set_error sets_commit(struct sets *sets, uint64_t id, const uint32_t *name, size_t name_length)
{
	struct transaction *transaction = transaction_find(sets, id);
	struct change *change = transaction ? change_find(transaction, name, name_length) : NULL;

	if (!change)
		return SET_COMMIT_FAILED;
	if (!transaction->committed)
		commit(sets, transaction);
	return change->progress == CHANGE_REFUSED ? change->error : SET_OK;
}

enum set_error sets_undo(struct sets *sets, uint64_t id)
{
	struct transaction *transaction = transaction_find(sets, id);
	enum set_error error = SET_OK;

	if (!transaction || !transaction->committed)
		return SET_OK;
	for (size_t i = 0; i < transaction->count; i++)
		if (transaction->changes[i].progress == CHANGE_REFUSED)
			transaction->changes[i].error = SET_OK; /* nothing to take back there */
	send_all(sets, transaction, true);
	wait_for_engines(sets, transaction);
	for (size_t i = 0; i < transaction->count; i++) {
		struct change *change = &transaction->changes[i];

		if (change->progress == CHANGE_WAITING ||
		    (change->progress == CHANGE_REFUSED && change->error != SET_OK))
			error = SET_UNDO_FAILED;
	}
	if (error != SET_OK)
		log_error("agent", "SET could not be undone");
	catalog_expire(sets->catalog);
	transaction_clear(transaction);
	return error;
}

void sets_release(struct sets *sets, uint64_t id)
{
	struct transaction *transaction = transaction_find(sets, id);

	if (transaction)
		transaction_clear(transaction);
}
