/* SPDX-License-Identifier: MIT */
/*
 * The D-Bus service of enable_dbus: its connection and its signals. sd-bus runs on main's loop and
 * only by its asynchronous calls: a bus that is absent, hangs or is restarted is waited for by a
 * timer, and signals that it does not take are dropped beyond a bound. The states that it tells on
 * getting its name are those of a snapshot; events that the snapshot shows are not told again.
 * Runs in main; must not use a call of sd-bus that waits.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-bus.h>

#include "core/base/clock.h"
#include "core/base/latest.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/run/bus_private.h"

#define RETRY_US      (5 * USEC_PER_SEC)
#define QUEUED_MAX    1000 /* signals that the bus has not taken yet */
#define USUAL_NAME    "org.keepalived.Vrrp1"
#define STATE_GONE    97 /* the numbers keepalived has for these */
#define STATE_STOPPED 98

/* ---- signals ---- */

static bool takes_signals(struct bus *bus)
{
	uint64_t queued = 0;

	if (!bus->owned)
		return false;
	if (sd_bus_get_n_queued_write(bus->link, &queued) >= 0 && queued < QUEUED_MAX)
		return true;
	if (!bus->choked)
		log_warn("dbus", "the bus takes no signals; they are dropped until it does");
	bus->choked = true;
	return false;
}

static void tell(struct bus *bus, const char *word)
{
	if (takes_signals(bus))
		sd_bus_emit_signal(bus->link, bus->path, BUS_INTERFACE_VRRP, word, "");
}

static void tell_state(struct bus *bus, const struct conf *conf,
		       const struct conf_instance *instance, uint32_t state)
{
	char path[BUS_PATH_MAX];

	if (!takes_signals(bus))
		return;
	bus->choked = false;
	bus_path(bus, &conf->global, instance, path);
	sd_bus_emit_signal(bus->link, path, BUS_INTERFACE_INSTANCE, "VrrpStatusChange", "u", state);
}

static void tell_all(struct bus *bus)
{
	const struct snap_vrrp *rows = bus_rows(bus);

	for (size_t i = 0; rows && i < rows->n_instances; i++) {
		const struct snap_instance *row = &rows->instances[i];

		if (row->state != VRRP_INITIALIZE)
			tell_state(bus, rows->conf, &rows->conf->instances[row->conf_index],
				   row->state);
	}
	bus->told_us = rows ? rows->made_us : 0;
}

/* ---- the connection ---- */

static void disconnect(struct bus *bus)
{
	bus->owned = false;
	bus->slot = sd_bus_slot_unref(bus->slot);
	bus->link = sd_bus_close_unref(bus->link);
	loop_timer_disarm(bus->timer);
}

/* Not from within a callback of sd-bus, which still uses the connection. */
static void retry_soon(struct bus *bus, const char *what, int error)
{
	bus->owned = false;
	if (bus->error != error)
		log_warn("dbus", "%s: %s; tried again every %llu s", what, strerror(-error),
			 (unsigned long long)(RETRY_US / USEC_PER_SEC));
	bus->error = error;
	loop_timer_arm(bus->timer, clock_now_us() + RETRY_US);
}

static int on_disconnected(sd_bus_message *message, void *owner, sd_bus_error *ret)
{
	(void)message;
	(void)ret;
	retry_soon(owner, "the bus is gone", -ECONNRESET);
	return 0;
}

static int on_name(sd_bus_message *reply, void *owner, sd_bus_error *ret)
{
	struct bus *bus = owner;
	uint32_t answer = 0;
	int error = -sd_bus_message_get_errno(reply);

	(void)ret;
	if (!error)
		error = sd_bus_message_read(reply, "u", &answer);
	/* 1: the name is ours; what else there is, is in somebody else's hands. */
	if (error >= 0 && answer != 1)
		error = -EEXIST;
	if (error < 0) {
		retry_soon(bus, bus->name, error);
		return 0;
	}
	bus->owned = true;
	bus->choked = false;
	bus->error = 0;
	log_notice("dbus", "service %s is on the bus", bus->name);
	if (!bus->started)
		tell(bus, "VrrpStarted");
	bus->started = true;
	tell_all(bus);
	return 0;
}

static void connect_bus(struct bus *bus)
{
	const char *what = "no system bus";
	int error = sd_bus_open_system(&bus->link);

	if (error >= 0)
		error = sd_bus_attach_event(bus->link, loop_event(bus->d->loop),
					    SD_EVENT_PRIORITY_NORMAL);
	if (error >= 0)
		error = sd_bus_match_signal_async(
			bus->link, NULL, NULL, "/org/freedesktop/DBus/Local",
			"org.freedesktop.DBus.Local", "Disconnected", on_disconnected, NULL, bus);
	if (error >= 0)
		error = bus_add_objects(bus);
	if (error >= 0) {
		what = bus->name;
		error = sd_bus_request_name_async(bus->link, &bus->slot, bus->name, 0, on_name,
						  bus);
	}
	if (error >= 0)
		return;
	disconnect(bus);
	retry_soon(bus, what, error);
}

static void on_timer(uint64_t now_us, void *owner)
{
	struct bus *bus = owner;

	(void)now_us;
	disconnect(bus);
	connect_bus(bus);
}

/* ---- for the rest of main ---- */

static struct bus *bus_free(struct bus *bus)
{
	if (!bus)
		return NULL;
	disconnect(bus);
	loop_timer_free(bus->timer);
	free(bus->name);
	free(bus);
	return NULL;
}

static int bus_new(struct daemon *d, const char *name, struct bus **ret)
{
	struct bus *bus = calloc(1, sizeof *bus);
	int error;

	if (!bus)
		return -ENOMEM;
	bus->d = d;
	bus_make_paths(bus);
	bus->name = strdup(name);
	error = bus->name ? loop_timer_new(d->loop, on_timer, bus, &bus->timer) : -ENOMEM;
	if (error) {
		bus_free(bus);
		return error;
	}
	*ret = bus;
	return 0;
}

void bus_use_conf(struct daemon *d)
{
	const struct conf_global *global = &d->newest->conf->global;
	const char *name = global->dbus_service_name ? global->dbus_service_name : USUAL_NAME;
	bool wanted = global->dbus && d->wanted[THREAD_VRRP];

	if (d->bus && (!wanted || strcmp(d->bus->name, name) != 0))
		d->bus = bus_free(d->bus);
	if (d->bus || !wanted)
		return;
	int error = bus_new(d, name, &d->bus);
	if (error)
		log_error("dbus", "no D-Bus service: %s", strerror(-error));
	else
		connect_bus(d->bus);
}

void bus_on_event(struct daemon *d, const struct msg_event *event)
{
	const struct generation *generation = generation_find(d, event->generation);

	if (!d->bus || event->kind != EVENT_INSTANCE_STATE || !generation ||
	    event->instance.instance >= generation->conf->n_instances)
		return;
	const struct conf_instance *instance =
		&generation->conf->instances[event->instance.instance];
	uint32_t state = event->instance.state;
	if (event->instance.removed)
		state = instance->notify_deleted ? STATE_GONE : VRRP_FAULT;
	else if (event->instance.stopping)
		state = STATE_STOPPED;
	else if (event->mono_us <= d->bus->told_us || state == VRRP_INITIALIZE)
		return;
	tell_state(d->bus, generation->conf, instance, state);
}

void bus_reloaded(struct daemon *d)
{
	if (d->bus && d->newest->conf->generation > 1)
		tell(d->bus, "VrrpReloaded");
}

void bus_finish(struct daemon *d)
{
	if (d->bus)
		tell(d->bus, "VrrpStopped");
	d->bus = bus_free(d->bus);
}
