/* SPDX-License-Identifier: MIT */
/*
 * The way out. Engines first: the vrrp thread sends its last adverts and has its addresses
 * removed, the check thread leaves IPVS as configured, the bfd thread tells its neighbors. What is
 * static goes, their last events reach the agent and the stop scripts, which are given a second but
 * not killed, likewise the readers of the FIFOs, which see the end of the file and later get
 * SIGTERM, and the mail; and the agent goes. Each step has a limit; whoever misses it is left
 * behind and the process ends without freeing what it may still use. Runs in main.
 */
#include <signal.h>
#include <systemd/sd-daemon.h>

#include "conf/model.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/net/rtnl.h"
#include "core/run/daemon.h"
#include "core/run/exec.h"
#include "core/run/fifos.h"
#include "core/run/mailer.h"

#define ENGINES_US (1 * USEC_PER_SEC)	 /* the least: last adverts, addresses, IPVS */
#define AGENT_US   (100 * USEC_PER_MSEC) /* it may hang in net-snmp */
#define SCRIPTS_US (1 * USEC_PER_SEC)
#define LOOK_US	   (5 * USEC_PER_MSEC)

static bool is_running(const struct daemon *d, enum snap_thread thread)
{
	return d->running[thread] && !d->stopped[thread];
}

static bool engines_run(const struct daemon *d)
{
	return is_running(d, THREAD_VRRP) || is_running(d, THREAD_BFD) ||
	       (is_running(d, THREAD_CHECK) && !d->options.keep_ipvs);
}

static void leave(struct daemon *d)
{
	d->stop = STOP_DONE;
	for (int i = THREAD_VRRP; i < THREADS; i++)
		d->dirty_exit |= is_running(d, (enum snap_thread)i);
	mailer_finish(d->mailer);
	loop_timer_disarm(d->stop_timer);
	loop_quit(d->loop, 0);
}

static void stop_agent(struct daemon *d)
{
	uint64_t now_us = clock_now_us();

	d->stop = STOP_AGENT;
	fifos_finish(d->fifos);
	bus_finish(d);
	rtnl_remove_static(d->rtnl);
	rtnl_remove_settings(d->rtnl);
	if (!d->options.keep_vips)
		rtnl_remove_macvlans(d->rtnl);
	threads_post(d, THREAD_AGENT, MSG_STOP, NULL, 0);
	d->stop_deadline_us = now_us + AGENT_US;
	loop_timer_arm(d->stop_timer, now_us + LOOK_US);
}

static void give_up_engines(struct daemon *d)
{
	for (int i = THREAD_VRRP; i <= THREAD_BFD; i++)
		if (is_running(d, (enum snap_thread)i))
			log_error("main", "thread %s does not end", thread_name(i));
	if (is_running(d, THREAD_VRRP) && !d->options.keep_vips)
		rtnl_remove_all(d->rtnl);
	d->exit_code = EXIT_FATAL;
	stop_agent(d);
}

static void on_stop_timer(uint64_t now_us, void *owner)
{
	struct daemon *d = owner;

	if (d->stop == STOP_ENGINES) {
		give_up_engines(d);
		return;
	}
	bool agent_over = !is_running(d, THREAD_AGENT) || now_us >= d->stop_deadline_us;
	bool scripts_over = (exec_count(d->exec, EXEC_NOTIFY) <= d->stop_scripts &&
			     !exec_count(d->exec, EXEC_READER)) ||
			    now_us >= d->stop_us + SCRIPTS_US;
	bool mail_over = !mailer_is_busy(d->mailer) || now_us >= d->stop_us + SCRIPTS_US;
	if (agent_over && scripts_over && mail_over)
		leave(d);
	else
		loop_timer_arm(d->stop_timer, now_us + LOOK_US);
}

int stop_open(struct daemon *d)
{
	return loop_timer_new(d->loop, on_stop_timer, d, &d->stop_timer);
}

static uint64_t patience_us(const struct daemon *d)
{
	uint64_t us = d->newest ? d->newest->conf->global.process.child_wait_us : 0;

	return us < ENGINES_US ? ENGINES_US : us;
}

void stop_begin(struct daemon *d, int exit_code)
{
	if (d->stop != STOP_NO)
		return;
	log_notice("main", "stopping");
	sd_notify(0, "STOPPING=1");
	d->exit_code = exit_code;
	d->stop = STOP_ENGINES;
	d->stop_us = clock_now_us();
	d->stop_scripts = exec_count(d->exec, EXEC_NOTIFY);
	tracking_close(d);
	mailer_hurry(d->mailer);
	threads_post(d, THREAD_VRRP, MSG_STOP, NULL, 0);
	threads_post(d, THREAD_BFD, MSG_STOP, NULL, 0);
	/* -I: the check thread is left as it is, so that it touches nothing on its way out. */
	if (!d->options.keep_ipvs)
		threads_post(d, THREAD_CHECK, MSG_STOP, NULL, 0);
	loop_timer_arm(d->stop_timer, d->stop_us + patience_us(d));
	if (!engines_run(d))
		stop_agent(d);
}

void stop_on_stopped(struct daemon *d, const struct msg_stopped *stopped)
{
	if (stopped->from >= THREADS || stopped->from == THREAD_MAIN)
		return;
	d->stopped[stopped->from] = true;
	if (d->stop == STOP_NO) {
		log_error("main", "thread %s ended by itself", thread_name(stopped->from));
		stop_begin(d, EXIT_FATAL);
	} else if (d->stop == STOP_ENGINES && !engines_run(d)) {
		stop_agent(d);
	}
}
