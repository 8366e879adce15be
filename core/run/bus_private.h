/* SPDX-License-Identifier: MIT */
/*
 * Between bus.c, which has the connection and the signals, and bus_objects.c, which has the objects
 * and what is called of them. Thread: main.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "core/run/daemon.h"

#define BUS_INTERFACE_VRRP     "org.keepalived.Vrrp1.Vrrp"
#define BUS_INTERFACE_INSTANCE "org.keepalived.Vrrp1.Instance"
#define BUS_PATH_MAX	       1024

struct bus {
	struct daemon *d;
	sd_bus *link; /* NULL: not connected */
	sd_bus_slot *slot;
	struct loop_timer *timer;
	char *name;
	char path[640], above_instances[640]; /* of objects */
	bool owned;			      /* the name is ours */
	bool started;			      /* VrrpStarted was told */
	bool choked;			      /* signals are being dropped */
	int error;			      /* said last */
	uint64_t told_us;		      /* events up to then were told as states */
};

/* The newest rows of the vrrp thread; NULL: none yet. */
const struct snap_vrrp *bus_rows(const struct bus *bus);
/* Where the objects are: below namespace and instance of this vipd, if any. */
void bus_make_paths(struct bus *bus);
/* Where the object of an instance is: interface, VRID and family. */
void bus_path(const struct bus *bus, const struct conf_global *global,
	      const struct conf_instance *instance, char room[static BUS_PATH_MAX]);
/* 0 or negative errno. */
int bus_add_objects(struct bus *bus);
