/* SPDX-License-Identifier: MIT */
/*
 * The pulse of main, every 50 ms: writes out the log rings, and once a second publishes the
 * daemon's own row, frees old configurations and looks at every thread's beat. Tells systemd the
 * truth: the watchdog is fed only while every loop turns.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/latest.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/net/rtnl.h"
#include "core/run/daemon.h"
#include "core/run/log_sink.h"
#include "core/track/process.h"

#define TICK_US (50 * USEC_PER_MSEC)

/* How old a beat may be: net-snmp may wait for snmpd for half a minute. */
static const uint64_t beat_max_us[THREADS] = {
	[THREAD_MAIN] = 2 * USEC_PER_SEC,   [THREAD_VRRP] = 2 * USEC_PER_SEC,
	[THREAD_CHECK] = 2 * USEC_PER_SEC,  [THREAD_BFD] = 2 * USEC_PER_SEC,
	[THREAD_AGENT] = 60 * USEC_PER_SEC,
};

void supervise_log(struct daemon *d)
{
	log_sink_drain(d->sink, d->wires.log);
}

static void free_snap(struct latest_value *value)
{
	struct snap_daemon *snap = (struct snap_daemon *)value;

	conf_unref(snap->conf);
	free(snap);
}

static size_t n_routing(const struct conf *conf)
{
	size_t n = conf->n_static_routes + conf->n_static_rules;

	for (size_t i = 0; i < conf->n_instances; i++)
		n += conf->instances[i].n_routes + conf->instances[i].n_rules;
	return n;
}

/* With room for its arrays: numbers first, then truth values. */
static struct snap_daemon *new_snap(const struct conf *conf)
{
	size_t n_owners = conf->n_instances + 1;
	size_t numbers = (conf->n_processes + n_owners) * sizeof(uint32_t);
	struct snap_daemon *snap =
		calloc(1, sizeof *snap + numbers +
				  (conf->n_static_addresses + n_routing(conf)) * sizeof(bool));

	if (!snap)
		return NULL;
	snap->conf = conf_ref(conf);
	snap->n_processes = conf->n_processes;
	snap->n_owners = n_owners;
	snap->running = (uint32_t *)(snap + 1);
	snap->owner_first = snap->running + conf->n_processes;
	snap->static_set = (bool *)(snap->owner_first + n_owners);
	snap->set = snap->static_set + conf->n_static_addresses;
	return snap;
}

static void fill_kernel(const struct daemon *d, struct snap_daemon *snap)
{
	const struct conf *conf = snap->conf;
	size_t at = conf->n_static_routes + conf->n_static_rules;

	for (size_t i = 0; i < snap->n_processes; i++)
		snap->running[i] = process_tracker_running(d->processes, conf, i);
	rtnl_tell_addresses(d->rtnl, conf, snap->static_set);
	rtnl_tell_routing(d->rtnl, conf, NULL, snap->set);
	for (size_t i = 0; i < conf->n_instances; i++) {
		const struct conf_instance *instance = &conf->instances[i];

		snap->owner_first[i + 1] = (uint32_t)at;
		if (instance->n_routes || instance->n_rules)
			rtnl_tell_routing(d->rtnl, conf, instance, snap->set + at);
		at += instance->n_routes + instance->n_rules;
	}
}

void supervise_publish(struct daemon *d)
{
	const struct conf *conf = d->newest->conf;
	struct snap_daemon *snap = new_snap(conf);

	if (!snap)
		return;
	snap->value.free = free_snap;
	snap->generation = (uint32_t)conf->generation;
	snap->loaded_wall_us = d->reload.loaded_wall_us;
	memcpy(snap->load_error, d->reload.last_error, sizeof snap->load_error);
	snprintf(snap->netns, sizeof snap->netns, "%s", d->place.netns ? d->place.netns : "");
	snap->started_us = d->started_us;
	snap->started_wall_us = d->started_wall_us;
	for (int i = 0; i < THREADS; i++)
		snap->worst_late_us[i] =
			atomic_load_explicit(&d->beats[i].worst_late_us, memory_order_relaxed);
	snap->log_dropped = log_sink_dropped(d->sink);
	snap->n_links = rtnl_count_links(d->rtnl);
	fill_kernel(d, snap);
	latest_publish(d->wires.daemon, &snap->value);
}

static void notify_status(struct daemon *d)
{
	const struct snap_vrrp *vrrp =
		(const struct snap_vrrp *)latest_read(d->wires.vrrp, SNAP_MAIN);
	const struct snap_check *check =
		(const struct snap_check *)latest_read(d->wires.check, SNAP_MAIN);
	size_t masters = 0;
	char status[sizeof d->status];

	for (size_t i = 0; vrrp && i < vrrp->n_instances; i++)
		masters += vrrp->instances[i].state == VRRP_MASTER;
	snprintf(status, sizeof status,
		 "%zu instances (%zu master), %zu services, configuration %" PRIu64 "%s",
		 vrrp ? vrrp->n_instances : 0, masters, check ? check->n_services : 0,
		 d->newest->conf->generation, d->reload.last_error[0] ? ", last load failed" : "");
	if (!strcmp(status, d->status))
		return;
	memcpy(d->status, status, sizeof status);
	sd_notifyf(0, "STATUS=%s", status);
}

/* No callback of main keeps rows for the next one, and those of a large farm are large. */
static void return_rows(struct daemon *d)
{
	latest_return(d->wires.vrrp, SNAP_MAIN);
	latest_return(d->wires.check, SNAP_MAIN);
	latest_return(d->wires.bfd, SNAP_MAIN);
	latest_return(d->wires.agent, SNAP_MAIN);
}

static bool every_loop_turns(const struct daemon *d, uint64_t now_us)
{
	for (int i = 0; i < THREADS; i++) {
		uint64_t at_us = atomic_load_explicit(&d->beats[i].at_us, memory_order_relaxed);

		if (i != THREAD_MAIN && (!d->running[i] || d->stopped[i]))
			continue;
		if (at_us < d->started_us)
			at_us = d->started_us;
		if (now_us > at_us && now_us - at_us > beat_max_us[i])
			return false;
	}
	return true;
}

static void feed_watchdog(struct daemon *d, uint64_t now_us)
{
	if (!d->watchdog_us || now_us - d->fed_us < d->watchdog_us / 4)
		return;
	if (!every_loop_turns(d, now_us))
		return;
	d->fed_us = now_us;
	sd_notify(0, "WATCHDOG=1");
}

static void on_tick(uint64_t now_us, void *owner)
{
	struct daemon *d = owner;

	loop_timer_arm(d->tick, now_us + TICK_US);
	if (now_us >= d->next_second_us) {
		d->next_second_us = now_us + USEC_PER_SEC;
		supervise_publish(d);
		generation_sweep(d);
		if (d->ready && d->stop == STOP_NO)
			notify_status(d);
		return_rows(d);
	}
	feed_watchdog(d, now_us);
	supervise_log(d);
}

int supervise_open(struct daemon *d)
{
	uint64_t watchdog_us = 0;
	int error = loop_timer_new(d->loop, on_tick, d, &d->tick);

	if (error)
		return error;
	if (sd_watchdog_enabled(0, &watchdog_us) > 0)
		d->watchdog_us = watchdog_us;
	loop_timer_arm(d->tick, clock_now_us() + TICK_US);
	return 0;
}

static void release_parent(struct daemon *d)
{
	if (d->ready_fd < 0)
		return;
	if (write(d->ready_fd, "", 1) < 0)
		log_warn("main", "the starting process did not wait");
	close(d->ready_fd);
	d->ready_fd = -1;
}

void supervise_ready(struct daemon *d)
{
	if (d->stop != STOP_NO)
		return;
	if (!d->ready)
		log_notice("main", "vipd " PACKAGE_VERSION " is ready");
	d->ready = true;
	release_parent(d);
	sd_notifyf(0, "READY=1\nMAINPID=%ld", (long)getpid());
	notify_status(d);
}

void supervise_reloading(struct daemon *d)
{
	(void)d;
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_now_us());
}
