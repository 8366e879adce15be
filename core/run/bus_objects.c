/* SPDX-License-Identifier: MIT */
/*
 * The objects of the D-Bus service, as keepalived publishes their interfaces: the daemon, and one
 * for each instance of the newest snapshot, found by its path at each call. Who may call is the
 * bus's business (the policy file): asking sd-bus for the caller's rights would wait for the bus.
 * Runs in main.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/latest.h"
#include "core/base/log.h"
#include "core/run/bus_private.h"

#define BUS_PATH_ROOT "/org/keepalived/Vrrp1"
#define ELEMENT_MAX   256
#define FAILED	      "org.keepalived.Vrrp1.Error.Failed"

const struct snap_vrrp *bus_rows(const struct bus *bus)
{
	return (const struct snap_vrrp *)latest_read(bus->d->wires.vrrp, SNAP_MAIN);
}

/* One element of a path; every octet it cannot have becomes an underscore. */
static void make_element(const char *name, char room[static ELEMENT_MAX])
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

	snprintf(room, ELEMENT_MAX, "%s", name);
	for (char *at = room; *(at += strspn(at, allowed));)
		*at = '_';
}

void bus_make_paths(struct bus *bus)
{
	const char *names[] = {bus->d->place.netns, bus->d->place.instance};
	char below[2 * (ELEMENT_MAX + 1)] = "", *end = below, element[ELEMENT_MAX];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!names[i])
			continue;
		make_element(names[i], element);
		end += snprintf(end, (size_t)(below + sizeof below - end), "/%s", element);
	}
	snprintf(bus->path, sizeof bus->path, BUS_PATH_ROOT "%s/Vrrp", below);
	snprintf(bus->above_instances, sizeof bus->above_instances, BUS_PATH_ROOT "%s/Instance",
		 below);
}

void bus_path(const struct bus *bus, const struct conf_global *global,
	      const struct conf_instance *instance, char room[static BUS_PATH_MAX])
{
	const char *none = global->dbus_no_interface_name ? global->dbus_no_interface_name : "none";
	char interface[ELEMENT_MAX];

	make_element(*instance->interface ? instance->interface : none, interface);
	snprintf(room, BUS_PATH_MAX, "%s/%s/%u/%s", bus->above_instances, interface, instance->vrid,
		 conf_instance_family(instance) == AF_INET6 ? "IPv6" : "IPv4");
}

static const struct snap_instance *find(const struct bus *bus, const char *path)
{
	const struct snap_vrrp *rows = bus_rows(bus);
	char own[BUS_PATH_MAX];

	for (size_t i = 0; rows && i < rows->n_instances; i++) {
		const struct snap_instance *row = &rows->instances[i];

		bus_path(bus, &rows->conf->global, &rows->conf->instances[row->conf_index], own);
		if (!strcmp(own, path))
			return row;
	}
	return NULL;
}

static const char *name_of(const struct bus *bus, const struct snap_instance *row)
{
	return bus_rows(bus)->conf->instances[row->conf_index].name;
}

/* ---- the daemon ---- */

static int print(sd_bus_message *call, struct bus *bus, enum printout_kind kind)
{
	printout_request(bus->d, kind);
	return sd_bus_reply_method_return(call, "");
}

static int on_print_data(sd_bus_message *call, void *owner, sd_bus_error *ret)
{
	(void)ret;
	return print(call, owner, PRINTOUT_DATA);
}

static int on_print_stats(sd_bus_message *call, void *owner, sd_bus_error *ret)
{
	(void)ret;
	return print(call, owner, PRINTOUT_STATS);
}

static int on_print_clear(sd_bus_message *call, void *owner, sd_bus_error *ret)
{
	(void)ret;
	return print(call, owner, PRINTOUT_STATS_CLEAR);
}

static int on_reload(sd_bus_message *call, void *owner, sd_bus_error *ret)
{
	struct bus *bus = owner;

	(void)ret;
	log_notice("dbus", "reload asked for over D-Bus");
	reload_request(bus->d);
	return sd_bus_reply_method_return(call, "");
}

static const sd_bus_vtable daemon_table[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("PrintData", "", "", on_print_data, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("PrintStats", "", "", on_print_stats, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("PrintStatsClear", "", "", on_print_clear, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("ReloadConfig", "", "", on_reload, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL("VrrpStarted", "", 0),
	SD_BUS_SIGNAL("VrrpReloaded", "", 0),
	SD_BUS_SIGNAL("VrrpStopped", "", 0),
	SD_BUS_VTABLE_END,
};

/* ---- instances ---- */

static int on_send_garp(sd_bus_message *call, void *owner, sd_bus_error *ret)
{
	struct bus *bus = owner;
	const struct snap_instance *row = find(bus, sd_bus_message_get_path(call));
	struct msg_announce message = {0};

	if (!row || row->state != VRRP_MASTER)
		return sd_bus_error_set_const(ret, FAILED, "the instance is not master");
	snprintf(message.instance, sizeof message.instance, "%s", name_of(bus, row));
	threads_post(bus->d, THREAD_VRRP, MSG_ANNOUNCE, &message, sizeof message);
	return sd_bus_reply_method_return(call, "");
}

static int get_name(sd_bus *link, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *owner, sd_bus_error *ret)
{
	const struct snap_instance *row = find(owner, path);

	(void)link;
	(void)interface;
	(void)property;
	(void)ret;
	return row ? sd_bus_message_append(reply, "s", name_of(owner, row)) : -ENOENT;
}

static int get_state(sd_bus *link, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *owner, sd_bus_error *ret)
{
	static const char *const words[] = {
		[VRRP_INITIALIZE] = "Init",
		[VRRP_BACKUP] = "Backup",
		[VRRP_MASTER] = "Master",
		[VRRP_FAULT] = "Fault",
	};
	const struct snap_instance *row = find(owner, path);

	(void)link;
	(void)interface;
	(void)property;
	(void)ret;
	return row ? sd_bus_message_append(reply, "(us)", (uint32_t)row->state, words[row->state])
		   : -ENOENT;
}

static const sd_bus_vtable instance_table[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("SendGarp", "", "", on_send_garp, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL("VrrpStatusChange", "u", 0),
	SD_BUS_PROPERTY("Name", "s", get_name, 0, 0),
	SD_BUS_PROPERTY("State", "(us)", get_state, 0, 0),
	SD_BUS_VTABLE_END,
};

static int on_find(sd_bus *link, const char *path, const char *interface, void *owner, void **ret,
		   sd_bus_error *error)
{
	(void)link;
	(void)interface;
	(void)error;
	if (!find(owner, path))
		return 0;
	*ret = owner;
	return 1;
}

static int on_list(sd_bus *link, const char *prefix, void *owner, char ***ret, sd_bus_error *error)
{
	const struct snap_vrrp *rows = bus_rows(owner);
	size_t n = rows ? rows->n_instances : 0;
	char **list = calloc(n + 1, sizeof *list);

	(void)link;
	(void)prefix;
	(void)error;
	for (size_t i = 0; list && i < n; i++) {
		char path[BUS_PATH_MAX];

		bus_path(owner, &rows->conf->global,
			 &rows->conf->instances[rows->instances[i].conf_index], path);
		list[i] = strdup(path);
		if (!list[i])
			break; /* a shorter list */
	}
	*ret = list;
	return list ? 0 : -ENOMEM;
}

int bus_add_objects(struct bus *bus)
{
	int error = sd_bus_add_object_vtable(bus->link, NULL, bus->path, BUS_INTERFACE_VRRP,
					     daemon_table, bus);

	if (error >= 0)
		error = sd_bus_add_fallback_vtable(bus->link, NULL, bus->above_instances,
						   BUS_INTERFACE_INSTANCE, instance_table, on_find,
						   bus);
	if (error >= 0)
		error = sd_bus_add_node_enumerator(bus->link, NULL, bus->above_instances, on_list,
						   bus);
	return error < 0 ? error : 0;
}
