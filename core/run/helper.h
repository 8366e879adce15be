/* SPDX-License-Identifier: MIT */
/*
 * The one-shot helper thread: does one piece of work that may wait for a disk or a name server,
 * then ends. What it works on is its own until it is done, and the main thread's again after that.
 */
#pragma once

struct helper;
struct loop;

typedef void helper_fn(void *owner);

/*
 * Runs work(owner) in a thread of its own, then done(owner) in the calling thread, from its loop.
 * The helper is freed before done is called. 0 or negative errno.
 */
int helper_start(struct loop *loop, helper_fn *work, helper_fn *done, void *owner,
		 struct helper **ret);
/* Waits for the work to end; done is not called. Accepts and returns NULL. */
struct helper *helper_finish(struct helper *helper);
