/* SPDX-License-Identifier: MIT */
/*
 * Keeps the state file up to date: one write at a time in the helper thread, later requests replace
 * earlier ones that wait. Thread: main.
 */
#pragma once

#include <stddef.h>

#include "core/cmd.h"

struct loop;
struct store;

typedef void store_saved_fn(const struct msg_admin_saved *saved, void *owner);

/* dir must outlive the store. */
int store_new(struct loop *loop, const char *dir, store_saved_fn *saved, void *owner,
	      struct store **ret);
/* Finishes what is under way or waiting: what was asked to be stored is on disk afterwards. */
struct store *store_free(struct store *store);

/* Copies save. saved is called later from the loop, with the ticket of the newest request that is
 * on disk. */
void store_save(struct store *store, const struct msg_admin_save *save);
