/* SPDX-License-Identifier: MIT */
/*
 * One event loop per thread, over sd-event. It adds what the threads of vipd need: timers with
 * accuracy 1 us (sd-event's default is 250 ms), receive before timer at equal urgency, the lateness
 * of every timer, a beat for the watchdog, and an assertion that a loop is used only by the thread
 * that made it.
 *
 * Thread: every function must be called by the thread that called loop_new(). Errors: negative
 * errno; outputs are untouched on failure. Destructors accept NULL and return NULL.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct beat;
struct loop;
struct loop_child;
struct loop_io;
struct loop_signal;
struct loop_timer;
struct sd_event;

/* Dispatch order within one turn: a pending packet is read before the timer that would declare its
 * sender dead. */
enum loop_priority {
	LOOP_RECEIVE = -10,
	LOOP_NORMAL = 0,
	LOOP_TIMER = 10,
	LOOP_IDLE = 20,
};

typedef void loop_io_fn(int fd, uint32_t events, void *owner); /* events: EPOLLIN ... */
typedef void loop_timer_fn(uint64_t now_us, void *owner);
typedef void loop_signal_fn(int signo, void *owner);
typedef void loop_late_fn(uint64_t late_us, void *owner);
typedef void loop_child_fn(pid_t pid, int wait_status,
			   void *owner); /* wait_status as of waitpid(2) */

/* beat may be NULL; otherwise it must outlive the loop. */
int loop_new(struct beat *beat, struct loop **ret);
struct loop *loop_free(struct loop *loop);

/* Runs until loop_quit(); returns the code given there, or a negative errno. */
int loop_run(struct loop *loop);
void loop_quit(struct loop *loop, int code);
/* Long work inside one callback says by this, as a turn of the loop would, that it moves on. */
void loop_touch(struct loop *loop);

/* fn hears of a timer that fires least_us late or more: once for each stall, before what the timer
 * does. NULL: nobody does. */
void loop_on_late(struct loop *loop, uint64_t least_us, loop_late_fn *fn, void *owner);

/* What the loop is made of, for sd-bus, which brings its own sources. */
struct sd_event *loop_event(struct loop *loop);

/* One turn, waiting at most timeout_us (UINT64_MAX: for ever). For tests. */
int loop_turn(struct loop *loop, uint64_t timeout_us);

/* The fd stays the caller's and must outlive the watch. */
int loop_io_new(struct loop *loop, int fd, uint32_t events, enum loop_priority priority,
		loop_io_fn *fn, void *owner, struct loop_io **ret);
int loop_io_set_events(struct loop_io *io, uint32_t events);
void loop_io_set_priority(struct loop_io *io, enum loop_priority priority);
struct loop_io *loop_io_free(struct loop_io *io);

/* Born disarmed; fires once per arming. at_us is absolute monotonic time; a past time fires in the
 * next turn. */
int loop_timer_new(struct loop *loop, loop_timer_fn *fn, void *owner, struct loop_timer **ret);
void loop_timer_arm(struct loop_timer *timer, uint64_t at_us);
void loop_timer_disarm(struct loop_timer *timer);
struct loop_timer *loop_timer_free(struct loop_timer *timer);

/* The signal must be blocked in every thread. */
int loop_signal_new(struct loop *loop, int signo, loop_signal_fn *fn, void *owner,
		    struct loop_signal **ret);
struct loop_signal *loop_signal_free(struct loop_signal *watch);

/* Reaps pid and reports its end once. SIGCHLD must be blocked in every thread. Freeing does not
 * kill the child. */
int loop_child_new(struct loop *loop, pid_t pid, loop_child_fn *fn, void *owner,
		   struct loop_child **ret);
struct loop_child *loop_child_free(struct loop_child *child);
