/* SPDX-License-Identifier: MIT */
/*
 * From a file to every thread. A load either gives a whole new configuration or changes nothing.
 * At most one is under way; a request meanwhile makes the running one start over, so the last
 * text on disk wins and one that was being written is not used; but not for ever, so that a storm
 * of requests keeps nothing out. Runs in main; the load itself in the helper thread.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/rtnl.h"
#include "core/run/control.h"
#include "core/run/daemon.h"
#include "core/run/filter.h"
#include "core/run/helper.h"
#include "core/run/log_sink.h"
#include "core/run/mailer.h"
#include "core/run/scripts.h"

/* How long newer requests may keep a load from being used. */
#define PATIENCE_US (2 * USEC_PER_SEC)

static void post_event(struct daemon *d, bool ok)
{
	struct msg_event event = {
		.kind = EVENT_CONFIG,
		.wall_us = clock_wall_us(),
		.mono_us = clock_now_us(),
		.generation = d->newest->conf->generation,
	};

	event.config.ok = ok;
	event.config.generation = (uint32_t)d->newest->conf->generation;
	memcpy(event.config.error, d->reload.last_error, sizeof event.config.error);
	threads_post(d, THREAD_AGENT, MSG_EVENT, &event, sizeof event);
}

/* Snapshot first, then the event that tells of it, then those who wait. */
static void announce(struct daemon *d, bool ok)
{
	supervise_publish(d);
	post_event(d, ok);
	supervise_ready(d);
	control_on_reload(d->control, d->reload.running_ticket, ok ? NULL : d->reload.last_error);
}

static void fail(struct daemon *d)
{
	struct reload *reload = &d->reload;

	load_summary(&reload->load, reload->last_error, sizeof reload->last_error);
	load_log(&reload->load);
	log_error("conf", "configuration refused, the running one stays: %s", reload->last_error);
	load_clear(&reload->load);
	reload->phase = RELOAD_IDLE;
	announce(d, false);
}

/* Takes the loaded configuration over as the newest generation. */
static int take_load(struct daemon *d)
{
	struct reload *reload = &d->reload;
	int error = generation_add(d, reload->load.conf, reload->load.scripts);

	if (error)
		return error;
	reload->load.conf = NULL;
	reload->load.scripts = NULL;
	free(reload->changes);
	reload->changes = reload->load.changes;
	reload->load.changes = NULL;
	reload->last_error[0] = '\0';
	reload->loaded_wall_us = clock_wall_us();
	return 0;
}

static void begin(struct daemon *d);

/* Somebody asked again after the load had begun. */
static void follow(struct daemon *d)
{
	if (d->reload.ticket == d->reload.running_ticket)
		return;
	d->reload.asked_us = clock_now_us();
	begin(d);
}

static void on_loaded(void *owner)
{
	struct daemon *d = owner;
	struct reload *reload = &d->reload;

	reload->helper = NULL;
	reload_file_end(d);
	if (d->stop != STOP_NO) {
		load_clear(&reload->load);
		reload->phase = RELOAD_IDLE;
		return;
	}
	if (reload->ticket != reload->running_ticket &&
	    clock_now_us() < reload->asked_us + PATIENCE_US) {
		load_clear(&reload->load);
		begin(d);
		return;
	}
	reload_file_report(d);
	if (!reload->load.error) {
		load_log(&reload->load);
		reload->load.error = take_load(d);
	}
	if (reload->load.error) {
		fail(d);
		follow(d);
		return;
	}
	load_clear(&reload->load);
	reload_hand_out(d);
}

static void work(void *owner)
{
	struct daemon *d = owner;

	load_run(&d->reload.load);
}

static void begin(struct daemon *d)
{
	struct reload *reload = &d->reload;

	reload->running_ticket = reload->ticket;
	reload->phase = RELOAD_LOADING;
	reload->load = (struct load){.options = &d->options, .previous = conf_ref(d->newest->conf)};
	reload_file_begin(d);
	int error = helper_start(d->loop, work, on_loaded, d, &reload->helper);
	if (error) {
		reload_file_end(d);
		reload->load.error = error;
		fail(d);
	}
}

uint64_t reload_request(struct daemon *d)
{
	struct reload *reload = &d->reload;

	reload->ticket++;
	if (d->stop != STOP_NO)
		return reload->ticket;
	supervise_reloading(d);
	if (reload->phase == RELOAD_IDLE) {
		reload->asked_us = clock_now_us();
		begin(d);
	}
	return reload->ticket;
}

static void dump(struct daemon *d)
{
	char *text = conf_dump(d->newest->conf), *at = text;

	while (at && *at) {
		size_t length = strcspn(at, "\n");

		log_info("conf", "%.*s", (int)length, at);
		supervise_log(d);
		at += length + (at[length] == '\n');
	}
	free(text);
}

int reload_first(struct daemon *d)
{
	struct reload *reload = &d->reload;

	reload->load = (struct load){.options = &d->options};
	load_run(&reload->load);
	load_log(&reload->load);
	if (!log_sink_is_stderr(d->sink))
		load_print(&reload->load, stderr);
	if (!reload->load.error)
		reload->load.error = take_load(d);
	int error = reload->load.error;
	if (error) {
		load_summary(&reload->load, reload->last_error, sizeof reload->last_error);
		log_error("conf", "cannot start: %s", reload->last_error);
	} else if (d->options.dump) {
		dump(d);
	}
	load_clear(&reload->load);
	return error ? EXIT_CONFIG : 0;
}

/* The one thread that may come later than the others. */
static void start_bfd(struct daemon *d, const struct conf *conf)
{
	int error;

	if (d->running[THREAD_BFD] || d->options.no_bfd || !conf->n_bfds)
		return;
	d->wanted[THREAD_BFD] = true;
	error = threads_start(d);
	if (error)
		log_error("main", "no thread for BFD: %s", strerror(-error));
}

/* The engines hear of changed links before the configuration, of what is tracked after it;
 * the bfd thread comes after those to whom it tells what it finds. */
void reload_hand_out(struct daemon *d)
{
	const struct conf *conf = d->newest->conf;

	d->reload.phase = RELOAD_ADOPTING;
	start_bfd(d, conf);
	settings_apply(d, conf);
	notify_use_conf(d);
	mailer_use(d->mailer, conf);
	bus_use_conf(d);
	reload_time_use_conf(d);
	if (d->wanted[THREAD_VRRP])
		rtnl_set_static(d->rtnl, conf);
	if (d->wanted[THREAD_VRRP] && rtnl_set_macvlans(d->rtnl, conf) < 0)
		log_error("net", "out of memory: virtual MAC interfaces stay as they are");
	if (d->wanted[THREAD_VRRP])
		rtnl_set_settings(d->rtnl, conf);
	if (rtnl_use_conf(d->rtnl, conf) < 0)
		log_error("net", "out of memory: primary addresses may be out of date");
	for (int i = THREAD_VRRP; i < THREADS; i++) {
		struct msg_conf message = {.conf = conf};

		if (!d->running[i] || d->stopped[i])
			continue;
		conf_ref(conf);
		threads_post(d, (enum snap_thread)i, MSG_CONF, &message, sizeof message);
	}
	rtnl_report_static(d->rtnl);
	role_use_conf(d);
	if (d->wanted[THREAD_VRRP])
		filter_use_conf(d->filter, conf);
	tracking_use(d, conf);
}

static bool engines_adopted(const struct daemon *d)
{
	uint64_t newest = d->newest->conf->generation;

	for (int i = THREAD_VRRP; i <= THREAD_BFD; i++)
		if (d->running[i] && !d->stopped[i] && d->acked[i] < newest)
			return false;
	return true;
}

void reload_on_adopted(struct daemon *d, const struct msg_conf_done *done)
{
	struct reload *reload = &d->reload;

	if (done->from >= THREADS)
		return;
	d->acked[done->from] = done->generation;
	if (done->from == THREAD_VRRP && done->generation == d->newest->conf->generation)
		rtnl_settle_macvlans(d->rtnl);
	if (reload->phase != RELOAD_ADOPTING || !engines_adopted(d))
		return;
	reload->phase = RELOAD_IDLE;
	log_notice("conf", "configuration %lu of %s is in force",
		   (unsigned long)d->newest->conf->generation, options_config(&d->options));
	if (reload->changes)
		log_notice("conf", "reload: %s", reload->changes);
	notify_reloaded(d);
	bus_reloaded(d);
	announce(d, true);
	follow(d);
}
