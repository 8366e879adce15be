/* SPDX-License-Identifier: MIT */
/*
 * The top-level blocks of VRRP beyond instances, groups and scripts. Constant data, any thread.
 * Source: keepalived.conf(5).
 */
#include "conf/dump.h"
#include "conf/scope_vrrp.h"
#include "conf/scopes.h"

#define DUMP_ALL(function, scope_name, array, count)                                               \
	static void function(struct dump *dump, const struct option *row, const void *model)       \
	{                                                                                          \
		const struct conf *conf = model;                                                   \
                                                                                                   \
		for (size_t i = 0; i < conf->count; i++) {                                         \
			dump_open(dump, "%s %s", row->name, dump_word(dump, conf->array[i].name)); \
			dump_scope(dump, &scope_name, &conf->array[i]);                            \
			dump_close(dump);                                                          \
		}                                                                                  \
	}

DUMP_ALL(dump_files, scope_track_file, files, n_files)
DUMP_ALL(dump_processes, scope_track_process, processes, n_processes)
DUMP_ALL(dump_bfds, scope_bfd, bfds, n_bfds)

static void dump_garp_groups(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf *conf = model;

	for (size_t i = 0; i < conf->n_garp_groups; i++) {
		dump_open(dump, "%s", row->name);
		dump_scope(dump, &scope_garp_group, &conf->garp_groups[i]);
		dump_close(dump);
	}
}

const struct option vrrp_root_rows[] = {
	{"track_file", OPTION_BLOCK, .block = &scope_track_file, .dump = dump_files,
	 .argument = "NAME", .help = "a file whose number moves priorities"},
	{"vrrp_track_file", OPTION_ALIAS, .alias_of = "track_file", .flags = OPTION_DEPRECATED},
	{"vrrp_track_process", OPTION_BLOCK, .block = &scope_track_process, .dump = dump_processes,
	 .argument = "NAME", .help = "processes whose number moves priorities"},
	{"bfd_instance", OPTION_BLOCK, .block = &scope_bfd, .dump = dump_bfds, .argument = "NAME",
	 .help = "a BFD session with a neighbor"},
	{"garp_group", OPTION_BLOCK, .block = &scope_garp_group, .dump = dump_garp_groups,
	 .argument = "[NAME]",
	 .help = "interfaces that share the spacing of gratuitous ARP and neighbor adverts"},
	{"linkbeat_interfaces", OPTION_BLOCK, .block = &scope_linkbeat, .dump = dump_linkbeats,
	 .help = "interfaces whose state is polled, each with an optional MII, ETHTOOL or IOCTL"},
	{"interface_up_down_delays", OPTION_BLOCK, .block = &scope_link_delays,
	 .dump = dump_link_delays,
	 .help = "how long, in seconds up to 255, an interface must be down, and optionally up, "
		 "until that counts; one interface per line"},
	{.name = NULL},
};
