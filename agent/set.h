/* SPDX-License-Identifier: MIT */
/*
 * SET transactions. All varbinds of one PDU are collected while they are tested, sent to the
 * engines together when the first of them is to be committed, and taken back together. The wait for
 * the engines is bounded by SET_WAIT_MS; mail of other kinds that arrives meanwhile is kept in
 * order. A phase that the master repeats changes nothing more.
 *
 * Thread: agent.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/table.h"

struct catalog;
struct mail;
struct sets;
struct wires;

/* The master repeats a request after one second and drops the session after six. */
#define SET_WAIT_MS 500

int sets_new(const struct wires *wires, struct catalog *catalog, struct sets **ret);
struct sets *sets_free(struct sets *sets);

/* snmp_read_only: every SET answers notWritable. */
void sets_set_read_only(struct sets *sets, bool read_only);

/* TestSet of one varbind of a transaction, in the table at that position. type: enum cell_type, -1
 * other. */
enum set_error sets_reserve(struct sets *sets, uint64_t transaction, size_t position,
			    const uint32_t *name, size_t name_length, int type,
			    const struct cell *value);
/* CommitSet of one varbind: the first one sends the whole transaction. */
enum set_error sets_commit(struct sets *sets, uint64_t transaction, const uint32_t *name,
			   size_t name_length);
/* UndoSet: takes back what was applied of the whole transaction. */
enum set_error sets_undo(struct sets *sets, uint64_t transaction);
/* CleanupSet, whether committed or not. */
void sets_release(struct sets *sets, uint64_t transaction);
/* The master is gone and with it the meaning of transaction numbers. What was applied stays. */
void sets_forget(struct sets *sets);

/* Mail that came while waiting for an engine, oldest first; the caller's. Older than anything in
 * the mailbox. */
struct mail *sets_take_mail(struct sets *sets);
