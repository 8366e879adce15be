/* SPDX-License-Identifier: MIT */
/*
 * Queue of length one in front of the state file. The write itself runs in the helper thread; the
 * answer is given from the main loop.
 */
#include "core/run/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/run/helper.h"
#include "core/run/state.h"

struct store {
	struct loop *loop;
	const char *dir;
	store_saved_fn *saved;
	void *owner;
	struct helper *helper;
	struct msg_admin_save *writing, *waiting;
	int error; /* of the write under way */
};

int store_new(struct loop *loop, const char *dir, store_saved_fn *saved, void *owner,
	      struct store **ret)
{
	struct store *store = calloc(1, sizeof *store);

	if (!store)
		return -ENOMEM;
	store->loop = loop;
	store->dir = dir;
	store->saved = saved;
	store->owner = owner;
	*ret = store;
	return 0;
}

static void work(void *owner)
{
	struct store *store = owner;

	store->error = state_write(store->dir, store->writing);
}

static void answer(struct store *store, uint64_t ticket, int error)
{
	struct msg_admin_saved saved = {.ticket = ticket, .error = error};

	if (error)
		log_error("main", "cannot write %s/" STATE_FILE ": %s", store->dir,
			  strerror(-error));
	store->saved(&saved, store->owner);
}

static void on_done(void *owner);

static void start(struct store *store)
{
	store->writing = store->waiting;
	store->waiting = NULL;
	int error = helper_start(store->loop, work, on_done, store, &store->helper);
	if (!error)
		return;
	answer(store, store->writing->ticket, error);
	free(store->writing);
	store->writing = NULL;
}

static void on_done(void *owner)
{
	struct store *store = owner;

	store->helper = NULL;
	answer(store, store->writing->ticket, store->error);
	free(store->writing);
	store->writing = NULL;
	if (store->waiting)
		start(store);
}

void store_save(struct store *store, const struct msg_admin_save *save)
{
	size_t size = sizeof *save + save->count * sizeof save->items[0];
	struct msg_admin_save *copy = malloc(size);

	if (!copy) {
		answer(store, save->ticket, -ENOMEM);
		return;
	}
	memcpy(copy, save, size);
	free(store->waiting);
	store->waiting = copy;
	if (!store->helper)
		start(store);
}

struct store *store_free(struct store *store)
{
	if (!store)
		return NULL;
	helper_finish(store->helper);
	if (store->waiting) {
		int error = state_write(store->dir, store->waiting);

		if (error)
			log_error("main", "cannot write %s/" STATE_FILE ": %s", store->dir,
				  strerror(-error));
	}
	free(store->writing);
	free(store->waiting);
	free(store);
	return NULL;
}
