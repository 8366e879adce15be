/* SPDX-License-Identifier: MIT */
/*
 * The loop of one thread, over sd-event. What sd-event leaves to its user is done here once:
 * accuracy 1 us for every timer, dispatch priorities, lateness, the beat, and the assertion that
 * only the loop's own thread touches it (sd-event does not notice). All timers share one of
 * sd-event, which is aimed at the earliest: one of its own for each of a hundred thousand checks
 * took 400 octets and sorted several lists at each change.
 */
#include "core/base/loop.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "core/base/beat.h"
#include "core/base/clock.h"
#include "core/base/timers.h"

#define TIMER_ACCURACY_US 1
#define BEAT_US		  (500 * USEC_PER_MSEC)

struct loop {
	sd_event *event;
	struct beat *beat;
	struct timers timers;
	sd_event_source *clock; /* goes off when the earliest is due */
	uint64_t aimed_us;	/* at this time, 0: never */
	bool firing;		/* a timer's callback runs: the clock is aimed after it */
	struct loop_timer *pulse;
	pthread_t thread;
	loop_late_fn *late_fn;
	void *late_owner;
	uint64_t late_least_us, late_told_us;
};

struct loop_io {
	sd_event_source *source;
	loop_io_fn *fn;
	void *owner;
	struct loop *loop;
};

struct loop_timer {
	struct timers_entry entry; /* first: an entry is its timer */
	loop_timer_fn *fn;
	void *owner;
	struct loop *loop;
};

struct loop_signal {
	sd_event_source *source;
	loop_signal_fn *fn;
	void *owner;
};

struct loop_child {
	sd_event_source *source;
	loop_child_fn *fn;
	void *owner;
};

static void assert_own_thread(const struct loop *loop)
{
	assert(pthread_equal(loop->thread, pthread_self()));
}

void loop_touch(struct loop *loop)
{
	if (loop->beat)
		atomic_store_explicit(&loop->beat->at_us, clock_now_us(), memory_order_relaxed);
}

/* Has the clock go off when the earliest timer is due. */
static void aim(struct loop *loop)
{
	const struct timers_entry *first = timers_first(&loop->timers);
	uint64_t at_us = first ? first->at_us : 0;

	if (loop->firing || at_us == loop->aimed_us)
		return;
	loop->aimed_us = at_us;
	if (first)
		sd_event_source_set_time(loop->clock, at_us);
	sd_event_source_set_enabled(loop->clock, first ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

/* Whatever fell due before it was told of the last time belongs to the same stall. */
static void tell_late(struct loop *loop, uint64_t at_us, uint64_t now_us)
{
	if (!loop->late_fn || now_us < at_us + loop->late_least_us || at_us <= loop->late_told_us)
		return;
	loop->late_told_us = now_us;
	loop->late_fn(now_us - at_us, loop->late_owner);
}

static void fire(struct loop *loop, struct loop_timer *timer, uint64_t now_us)
{
	uint64_t at_us = timer->entry.at_us;
	struct beat *beat = loop->beat;

	timers_remove(&loop->timers, &timer->entry);
	if (beat && now_us > at_us &&
	    now_us - at_us > atomic_load_explicit(&beat->worst_late_us, memory_order_relaxed))
		atomic_store_explicit(&beat->worst_late_us, now_us - at_us, memory_order_relaxed);
	tell_late(loop, at_us, now_us);
	timer->fn(now_us, timer->owner);
}

/* One timer in a turn: what comes in has its turn between any two. */
static int on_time(sd_event_source *source, uint64_t at_us, void *userdata)
{
	struct loop *loop = userdata;
	struct timers_entry *first = timers_first(&loop->timers);
	uint64_t now_us = clock_now_us();

	(void)source;
	(void)at_us;
	loop->aimed_us = 0;
	loop->firing = true;
	if (first && first->at_us <= now_us)
		fire(loop, (struct loop_timer *)first, now_us);
	loop->firing = false;
	aim(loop);
	return 0;
}

/* Keeps the beat fresh while nothing else happens. */
static void on_pulse(uint64_t now_us, void *owner)
{
	struct loop *loop = owner;

	loop_touch(loop);
	loop_timer_arm(loop->pulse, now_us + BEAT_US);
}

int loop_new(struct beat *beat, struct loop **ret)
{
	struct loop *loop = calloc(1, sizeof *loop);
	int error;

	if (!loop)
		return -ENOMEM;
	loop->thread = pthread_self();
	loop->beat = beat;
	error = sd_event_new(&loop->event);
	if (error < 0)
		goto fail;
	error = sd_event_add_time(loop->event, &loop->clock, CLOCK_MONOTONIC, 0, TIMER_ACCURACY_US,
				  on_time, loop);
	if (error < 0)
		goto fail;
	sd_event_source_set_enabled(loop->clock, SD_EVENT_OFF);
	sd_event_source_set_priority(loop->clock, LOOP_TIMER);
	if (beat) {
		error = loop_timer_new(loop, on_pulse, loop, &loop->pulse);
		if (error < 0)
			goto fail;
		loop_touch(loop);
		loop_timer_arm(loop->pulse, clock_now_us() + BEAT_US);
	}
	*ret = loop;
	return 0;
fail:
	loop_free(loop);
	return error;
}

struct loop *loop_free(struct loop *loop)
{
	if (!loop)
		return NULL;
	assert_own_thread(loop);
	loop_timer_free(loop->pulse);
	timers_clear(&loop->timers);
	sd_event_source_disable_unref(loop->clock);
	sd_event_unref(loop->event);
	free(loop);
	return NULL;
}

void loop_on_late(struct loop *loop, uint64_t least_us, loop_late_fn *fn, void *owner)
{
	assert_own_thread(loop);
	loop->late_fn = fn;
	loop->late_owner = owner;
	loop->late_least_us = least_us;
}

int loop_run(struct loop *loop)
{
	assert_own_thread(loop);
	return sd_event_loop(loop->event);
}

void loop_quit(struct loop *loop, int code)
{
	assert_own_thread(loop);
	sd_event_exit(loop->event, code);
}

struct sd_event *loop_event(struct loop *loop)
{
	assert_own_thread(loop);
	return loop->event;
}

int loop_turn(struct loop *loop, uint64_t timeout_us)
{
	assert_own_thread(loop);
	int result = sd_event_run(loop->event, timeout_us);

	return result < 0 ? result : 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct loop_io *io = userdata;

	(void)source;
	io->fn(fd, events, io->owner);
	return 0;
}

int loop_io_new(struct loop *loop, int fd, uint32_t events, enum loop_priority priority,
		loop_io_fn *fn, void *owner, struct loop_io **ret)
{
	assert_own_thread(loop);
	struct loop_io *io = calloc(1, sizeof *io);

	if (!io)
		return -ENOMEM;
	io->fn = fn;
	io->owner = owner;
	io->loop = loop;
	int error = sd_event_add_io(loop->event, &io->source, fd, events, on_io, io);
	if (error < 0) {
		free(io);
		return error;
	}
	sd_event_source_set_priority(io->source, priority);
	*ret = io;
	return 0;
}

int loop_io_set_events(struct loop_io *io, uint32_t events)
{
	assert_own_thread(io->loop);
	return sd_event_source_set_io_events(io->source, events);
}

void loop_io_set_priority(struct loop_io *io, enum loop_priority priority)
{
	assert_own_thread(io->loop);
	sd_event_source_set_priority(io->source, priority);
}

/* A source that is freed inside its own callback must not fire again nor be used: sd-event keeps
 * its own reference for the rest of the dispatch, ours is disabled first. */
static void release(sd_event_source *source)
{
	sd_event_source_disable_unref(source);
}

struct loop_io *loop_io_free(struct loop_io *io)
{
	if (!io)
		return NULL;
	assert_own_thread(io->loop);
	release(io->source);
	free(io);
	return NULL;
}

int loop_timer_new(struct loop *loop, loop_timer_fn *fn, void *owner, struct loop_timer **ret)
{
	assert_own_thread(loop);
	struct loop_timer *timer = calloc(1, sizeof *timer);
	int error = timer ? timers_join(&loop->timers) : -ENOMEM;

	if (error) {
		free(timer);
		return error;
	}
	timer->entry.place = TIMERS_NOWHERE;
	timer->fn = fn;
	timer->owner = owner;
	timer->loop = loop;
	*ret = timer;
	return 0;
}

void loop_timer_arm(struct loop_timer *timer, uint64_t at_us)
{
	assert_own_thread(timer->loop);
	/* A deadline that passed long before it was set says nothing about the loop's lateness, and
	 * comes after those that are due already. */
	uint64_t now_us = clock_now_us();

	timers_set(&timer->loop->timers, &timer->entry, at_us > now_us ? at_us : now_us);
	aim(timer->loop);
}

void loop_timer_disarm(struct loop_timer *timer)
{
	assert_own_thread(timer->loop);
	timers_remove(&timer->loop->timers, &timer->entry);
	aim(timer->loop);
}

struct loop_timer *loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return NULL;
	assert_own_thread(timer->loop);
	timers_leave(&timer->loop->timers, &timer->entry);
	aim(timer->loop);
	free(timer);
	return NULL;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *received,
		     void *userdata)
{
	struct loop_signal *watch = userdata;

	(void)source;
	watch->fn((int)received->ssi_signo, watch->owner);
	return 0;
}

int loop_signal_new(struct loop *loop, int signo, loop_signal_fn *fn, void *owner,
		    struct loop_signal **ret)
{
	assert_own_thread(loop);
	struct loop_signal *watch = calloc(1, sizeof *watch);

	if (!watch)
		return -ENOMEM;
	watch->fn = fn;
	watch->owner = owner;
	int error = sd_event_add_signal(loop->event, &watch->source, signo, on_signal, watch);
	if (error < 0) {
		free(watch);
		return error;
	}
	*ret = watch;
	return 0;
}

struct loop_signal *loop_signal_free(struct loop_signal *watch)
{
	if (!watch)
		return NULL;
	release(watch->source);
	free(watch);
	return NULL;
}

/* The wait status as waitpid(2) encodes it. */
static int wait_status(const siginfo_t *end)
{
	return end->si_code == CLD_EXITED ? end->si_status << 8 : end->si_status;
}

static int on_child(sd_event_source *source, const siginfo_t *end, void *userdata)
{
	struct loop_child *child = userdata;

	(void)source;
	child->fn(end->si_pid, wait_status(end), child->owner);
	return 0;
}

int loop_child_new(struct loop *loop, pid_t pid, loop_child_fn *fn, void *owner,
		   struct loop_child **ret)
{
	assert_own_thread(loop);
	struct loop_child *child = calloc(1, sizeof *child);

	if (!child)
		return -ENOMEM;
	child->fn = fn;
	child->owner = owner;
	int error = sd_event_add_child(loop->event, &child->source, pid, WEXITED, on_child, child);
	if (error < 0) {
		free(child);
		return error;
	}
	*ret = child;
	return 0;
}

struct loop_child *loop_child_free(struct loop_child *child)
{
	if (!child)
		return NULL;
	release(child->source);
	free(child);
	return NULL;
}
