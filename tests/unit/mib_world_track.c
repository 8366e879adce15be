/* SPDX-License-Identifier: MIT */
/* What the routers of the synthetic director track, and their routes and rules. */
#include "tests/unit/mib_world.h"

#include "core/base/clock.h"

static void add_track(struct world *w, enum conf_track_kind kind, char *name, int16_t weight,
		      bool reverse)
{
	size_t at = w->instances[0].n_tracks + w->group.n_tracks;

	w->tracks[at] = (struct conf_track){
		.kind = kind, .name = name, .weight = weight, .reverse = reverse};
}

/* One object of each kind, and lines that track them, of an instance and of its group; another
 * member has one of the group's, as each has them all in truth. */
static void fill_tracks(struct world *w)
{
	w->command[0] = "/sbin/daemon";
	w->command[1] = "-a";
	w->command[2] = "b c";
	w->scripts[0] = (struct conf_script){.name = "chk",
					     .command.text = "/bin/chk -v",
					     .interval_us = 2500 * USEC_PER_MSEC,
					     .weight = -4,
					     .rise = 2,
					     .fall = 3};
	w->scripts[1] = w->scripts[0];
	w->scripts[1].name = "late";
	w->scripts[1].init_fail = w->scripts[1].reverse = true;
	w->files[0] = (struct conf_track_file){.name = "load", .path = "/run/load", .weight = 2};
	w->processes[0] = (struct conf_track_process){.name = "web",
						      .argv = w->command,
						      .match = CONF_PARAM_INITIAL,
						      .weight = 9,
						      .quorum = 2,
						      .quorum_max = CONF_NONE,
						      .fork_delay_us = 1500,
						      .full_command = true};
	w->bfds[0] = (struct conf_bfd){.name = "peer", .weight = 7, .reverse = true};
	w->seen_scripts[0].state = VRRP_TRACKED_DOWN;
	w->seen_files[0] = (struct vrrp_seen){VRRP_TRACKED_UP, -17};
	w->seen_processes[0].state = VRRP_TRACKED_UP;
	w->running[0] = 3;
	for (int owner = 0; owner < 2; owner++) {
		size_t *n = owner ? &w->group.n_tracks : &w->instances[0].n_tracks;

		add_track(w, CONF_TRACK_INTERFACE, owner ? "eth1" : "nowhere", 0, false);
		++*n, add_track(w, CONF_TRACK_INTERFACE, "eth0", -3, owner);
		++*n, add_track(w, CONF_TRACK_SCRIPT, "late", 5, false);
		++*n, add_track(w, CONF_TRACK_FILE, "load", 1, true);
		++*n, add_track(w, CONF_TRACK_PROCESS, "web", 6, false);
		++*n, add_track(w, CONF_TRACK_BFD, "peer", 0, true);
		++*n;
	}
	w->instances[0].tracks = w->tracks;
	w->group.tracks = w->tracks + w->instances[0].n_tracks;
	w->instances[1].tracks = &w->inherited;
	w->instances[1].n_tracks = 1;
	w->inherited = w->group.tracks[2];
	w->inherited.inherited = true;
}

static void fill_route(struct world *w)
{
	struct conf_route *route = &w->routes[0];

	*route = (struct conf_route){
		.type = 1,
		.family = AF_INET,
		.to = {world_ip("10.10.0.0"), 16},
		.from = {world_ip("10.11.0.0"), 24},
		.src = world_ip("10.0.0.2"),
		.via = world_ip("10.9.0.2"),
		.device = "eth0",
		.tos = 4,
		.table = 100,
		.protocol = 12,
		.scope = 253,
		.metric = 5,
		.expires_s = 60,
		.congestion = "cubic",
		.realms = 3 << 16 | 4,
		.encap = {.type = CONF_ENCAP_ILA, .locator = UINT64_C(0x2001000200030004)}};
	for (unsigned rtax = 1; rtax < CONF_METRICS; rtax++)
		route->metrics[rtax] = 8 * rtax;
	route->metrics_given = UINT32_MAX;
	route->metrics_locked = 1 << 2; /* RTAX_MTU */
	w->hops[0] = (struct conf_nexthop){
		.via = world_ip("10.9.0.3"),
		.device = "eth1",
		.weight = 3,
		.onlink = true,
		.realms = 6 << 16 | 5,
		.encap = {.type = CONF_ENCAP_MPLS, .labels = {100, 1048575}, .n_labels = 2}};
	w->hops[1] = (struct conf_nexthop){.device = "nowhere",
					   .weight = 1,
					   .encap = {.type = CONF_ENCAP_IP,
						     .id = UINT64_C(0x500000006),
						     .dst = world_ip("10.9.0.5"),
						     .src = world_ip("10.9.0.6"),
						     .tos = 2,
						     .ttl = 9,
						     .tunnel_flags = 4}};
	w->hops[2] =
		(struct conf_nexthop){.weight = 1, .encap = {.type = CONF_ENCAP_ILA, .locator = 7}};
	w->routes[1] = (struct conf_route){.type = 1,
					   .family = AF_INET6,
					   .table = 254,
					   .protocol = 18,
					   .preference = 3,
					   .nexthops = w->hops,
					   .n_nexthops = 3};
	w->routes[1].encap = w->hops[0].encap;
	w->static_route = (struct conf_route){.type = 6,
					      .family = AF_INET,
					      .to = {world_ip("10.20.0.0"), 24},
					      .table = 254,
					      .protocol = 200,
					      .encap = w->hops[1].encap};
}

static void fill_rules(struct world *w)
{
	w->static_rule = (struct conf_rule){.family = AF_INET,
					    .from = {world_ip("10.20.0.0"), 24},
					    .to = {world_ip("10.21.0.0"), 25},
					    .action = 1,
					    .table = 100,
					    .preference = 7,
					    .suppress_prefix_length = -1,
					    .suppress_group = -1,
					    .protocol = 18};
	w->rules[0] = (struct conf_rule){.family = AF_INET6,
					 .invert = true,
					 .to = {world_ip("2001:db8:1::"), 48},
					 .iif = "eth0",
					 .oif = "eth1",
					 .tos = 8,
					 .mark = 5,
					 .mark_mask = 255,
					 .tunnel_id = UINT64_C(0x100000003),
					 .has_uids = true,
					 .uid_last = 100,
					 .ip_protocol = 6,
					 .sport = {10, 20},
					 .dport = {80, 80},
					 .action = 2,
					 .target = 300,
					 .preference = 202,
					 .realms = 3 << 16 | 4,
					 .suppress_prefix_length = 0,
					 .suppress_group = 0,
					 .protocol = 4};
	w->rules[1] = (struct conf_rule){.family = AF_INET,
					 .l3mdev = true,
					 .action = 1,
					 .suppress_prefix_length = -1,
					 .suppress_group = -1};
}

/* One static of each, two routes and rules of instance 2. */
static void fill_routing(struct world *w)
{
	fill_route(w);
	fill_rules(w);
	w->static_address =
		(struct conf_address){.ip = world_ip("10.8.0.1"), .prefix = 24, .device = "eth1"};
	w->conf.static_addresses = &w->static_address;
	w->conf.static_routes = &w->static_route;
	w->conf.static_rules = &w->static_rule;
	w->conf.n_static_addresses = w->conf.n_static_routes = w->conf.n_static_rules = 1;
	w->instances[1].routes = w->routes;
	w->instances[1].rules = w->rules;
	w->instances[1].n_routes = w->instances[1].n_rules = 2;
	w->static_set[0] = true;
	w->set[1] = w->set[3] = w->set[4] = true; /* static rule, second route, first rule */
	w->owner_first[1] = w->owner_first[2] = 2;
	for (size_t owner = 3; owner <= WORLD_INSTANCES; owner++)
		w->owner_first[owner] = 6;
}

static void fill_objects(struct world *w)
{
	w->conf.scripts = w->scripts;
	w->conf.n_scripts = 2;
	w->conf.files = w->files;
	w->conf.processes = w->processes;
	w->conf.bfds = w->bfds;
	w->conf.n_files = w->conf.n_processes = w->conf.n_bfds = 1;
	w->vrrp.seen[CONF_TRACK_SCRIPT] = w->seen_scripts;
	w->vrrp.seen[CONF_TRACK_FILE] = w->seen_files;
	w->vrrp.seen[CONF_TRACK_PROCESS] = w->seen_processes;
	w->vrrp.seen[CONF_TRACK_BFD] = w->seen_bfds;
}

void world_fill_tracks(struct world *w)
{
	fill_tracks(w);
	fill_objects(w);
	fill_routing(w);
}
