/* SPDX-License-Identifier: MIT */
/*
 * One thread for one job. The end is told through an eventfd that the main loop watches; joining
 * the thread then hands the job's data back. A helper has no ring: it must not log.
 */
#include "core/run/helper.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/loop.h"

struct helper {
	pthread_t thread;
	int event;
	struct loop_io *io;
	helper_fn *work, *done;
	void *owner;
};

static void *body(void *argument)
{
	struct helper *helper = argument;
	uint64_t one = 1;

	helper->work(helper->owner);
	while (write(helper->event, &one, sizeof one) < 0 && errno == EINTR)
		;
	return NULL;
}

struct helper *helper_finish(struct helper *helper)
{
	if (!helper)
		return NULL;
	pthread_join(helper->thread, NULL);
	loop_io_free(helper->io);
	close(helper->event);
	free(helper);
	return NULL;
}

static void on_end(int fd, uint32_t events, void *owner)
{
	struct helper *helper = owner;
	helper_fn *done = helper->done;
	void *done_owner = helper->owner;

	(void)fd;
	(void)events;
	helper_finish(helper);
	done(done_owner);
}

int helper_start(struct loop *loop, helper_fn *work, helper_fn *done, void *owner,
		 struct helper **ret)
{
	struct helper *helper = calloc(1, sizeof *helper);
	int error;

	if (!helper)
		return -ENOMEM;
	helper->work = work;
	helper->done = done;
	helper->owner = owner;
	helper->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	error = helper->event < 0 ? -errno : 0;
	if (error)
		goto fail;
	error = loop_io_new(loop, helper->event, EPOLLIN, LOOP_NORMAL, on_end, helper, &helper->io);
	if (error)
		goto fail;
	*ret = helper;
	error = -pthread_create(&helper->thread, NULL, body, helper);
	if (!error)
		return 0;
	*ret = NULL;
fail:
	loop_io_free(helper->io);
	if (helper->event >= 0)
		close(helper->event);
	free(helper);
	return error;
}
