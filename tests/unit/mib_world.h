/* SPDX-License-Identifier: MIT */
/*
 * A small director as the MIB tests see it: configuration and snapshots made by hand, with
 * everything that makes a difference to a table: two address families, a sorry server, a mark, a
 * group, labels that clash, rows whose configuration order is not their index order.
 */
#pragma once

#include "agent/table.h"

#define WORLD_INSTANCES 5
#define WORLD_SERVICES	6 /* of the configuration */
#define WORLD_ROWS	7 /* as the kernel counts them: the group is two */
#define WORLD_DESTS	12

struct world {
	struct conf conf;
	struct conf_instance instances[WORLD_INSTANCES];
	struct conf_address addresses[9];
	struct conf_group group;
	struct conf_script scripts[2];
	struct conf_track_file files[1];
	struct conf_track_process processes[1];
	struct conf_bfd bfds[1];
	struct conf_track tracks[12], inherited;
	struct conf_address static_address;
	struct conf_route static_route, routes[2];
	struct conf_nexthop hops[3];
	struct conf_rule static_rule, rules[2];
	bool set[8], static_set[1];
	uint32_t owner_first[WORLD_INSTANCES + 1];
	struct vrrp_seen seen_scripts[2], seen_files[1], seen_processes[1], seen_bfds[1];
	char *command[4];
	uint32_t running[1];
	uint32_t members[2];
	char *emails[2];
	struct conf_address_group address_groups[1];
	struct conf_group_member group_members[4];
	struct conf_virtual_server services[WORLD_SERVICES];
	struct svc_key keys[WORLD_ROWS];
	struct conf_real_server servers[16];
	char *argv[2];
	struct snap_vrrp vrrp;
	struct snap_instance live_instances[WORLD_INSTANCES];
	struct snap_link links[2];
	struct snap_group live_group;
	struct snap_check check;
	struct snap_service live_services[WORLD_ROWS];
	struct conf_checker checkers[2];
	struct conf_url url;
	struct snap_dest live_dests[WORLD_DESTS];
	struct snap_checker live_checkers[3];
	struct snap_machine machines[2];
	struct snap_daemon daemon;
	struct events *events;
	struct snap_agent agent;
	struct view view;
};

/* world_free() ends it. */
struct world *world_new(void);
void world_free(struct world *world);

/* Its own parts: an address that is well written; tracked objects, routes and rules. */
struct ip world_ip(const char *text);
void world_fill_tracks(struct world *w);
/* mib_world_director.c: what only our own module shows. */
void world_fill_checkers(struct world *w);
void world_fill_machines(struct world *w);
void world_fill_events(struct world *w);
struct msg_event world_event(const struct world *w);
struct msg_changed world_changed(const struct world *w);

/* Every table of every module. */
#define WORLD_TABLES_MAX 64
size_t world_tables(const struct table *ret[static WORLD_TABLES_MAX]);
