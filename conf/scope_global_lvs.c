/* SPDX-License-Identifier: MIT */
/*
 * global_defs: IPVS. Sources: keepalived.conf(5), GLOBAL CONFIGURATION, and what keepalived 2.2.7
 * accepts.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/dump.h"
#include "conf/scope_global.h"
#include "conf/value.h"

static void read_flush_on_stop(struct build *build, const struct node *node, void *draft)
{
	struct draft_global *global = draft;

	if (node->n_words > 1 && strcmp(node->words[1].text, "VS") != 0)
		build_error(build, node, 1, "'lvs_flush_on_stop' takes VS or nothing, not '%.64s'",
			    node->words[1].text);
	else
		global->model.lvs_flush_on_stop = node->n_words > 1 ? 2 : 1;
}

static void read_lvs_timeouts(struct build *build, const struct node *node, void *draft)
{
	struct draft_global *global = draft;

	for (size_t i = 1; i < node->n_words; i += 2) {
		const char *name = node->words[i].text;
		uint32_t *field = strcmp(name, "tcp") == 0 ? &global->model.lvs_tcp_timeout_s
				  : strcmp(name, "tcpfin") == 0
					  ? &global->model.lvs_tcpfin_timeout_s
				  : strcmp(name, "udp") == 0 ? &global->model.lvs_udp_timeout_s
							     : NULL;
		uint64_t value;

		if (!field) {
			build_error(build, node, i,
				    "'lvs_timeouts' knows tcp, tcpfin and udp, not '%.64s'", name);
			return;
		}
		if (value_unsigned(build, node, i + 1, "the timeout", 0, 2678400, &value))
			*field = (uint32_t)value;
	}
}

/* ---- lvs_sync_daemon ---- */

struct sync_number {
	const char *name;
	uint64_t min, max;
};

static const struct sync_number sync_numbers[] = {
	{"id", 0, 255}, {"maxlen", 1, 65507}, {"port", 1, 65535}, {"ttl", 1, 255}};

enum sync_index { SYNC_ID, SYNC_MAXLEN, SYNC_PORT, SYNC_TTL, SYNC_NUMBERS };

static void set_sync_number(struct conf_sync_daemon *sync, size_t which, uint64_t value)
{
	switch ((enum sync_index)which) {
	case SYNC_ID:
		sync->id = (int)value;
		break;
	case SYNC_MAXLEN:
		sync->maxlen = (uint16_t)value;
		break;
	case SYNC_PORT:
		sync->port = (uint16_t)value;
		break;
	default:
		sync->ttl = (uint8_t)value;
	}
}

static size_t find_sync_number(const char *name)
{
	size_t which = 0;

	while (which < SYNC_NUMBERS && strcmp(sync_numbers[which].name, name) != 0)
		which++;
	return which;
}

static bool is_sync_word(const char *name)
{
	return strcmp(name, "inst") == 0 || strcmp(name, "group") == 0 ||
	       find_sync_number(name) < SYNC_NUMBERS;
}

static bool read_sync_group(struct build *build, const struct node *node, size_t index,
			    struct conf_sync_daemon *sync)
{
	struct ip ip;

	if (!value_address(build, node, index, "the group", &ip))
		return false;
	if (ip.family == AF_INET ? (ip.octets[0] & 0xf0) != 0xe0 : ip.octets[0] != 0xff) {
		build_error(build, node, index,
			    "the group must be a multicast address, not '%.64s'",
			    node->words[index].text);
		return false;
	}
	sync->group = ip;
	return true;
}

/* A name and its value at words index and index + 1. */
static bool read_sync_pair(struct build *build, const struct node *node, size_t index,
			   struct conf_sync_daemon *sync)
{
	const char *name = node->words[index].text;
	size_t which = find_sync_number(name);
	uint64_t value;

	if (index + 1 >= node->n_words && is_sync_word(name)) {
		build_error(build, node, index, "'%.64s' needs a value", name);
		return false;
	}
	if (which < SYNC_NUMBERS) {
		if (!value_unsigned(build, node, index + 1, name, sync_numbers[which].min,
				    sync_numbers[which].max, &value))
			return false;
		set_sync_number(sync, which, value);
	} else if (strcmp(name, "inst") == 0) {
		sync->instance = arena_strdup(build->arena, node->words[index + 1].text);
	} else if (strcmp(name, "group") == 0) {
		return read_sync_group(build, node, index + 1, sync);
	} else {
		build_error(build, node, index,
			    "'%s' knows inst, id, maxlen, port, ttl and group, not '%.64s'",
			    node->row->name, name);
		return false;
	}
	return true;
}

/* The old form: INTERFACE INSTANCE ID. Returns how many words were taken. */
static size_t read_sync_old(struct build *build, const struct node *node,
			    struct conf_sync_daemon *sync)
{
	uint64_t id;

	if (node->n_words < 3 || is_sync_word(node->words[2].text))
		return 0;
	sync->instance = arena_strdup(build->arena, node->words[2].text);
	if (node->n_words < 4 || is_sync_word(node->words[3].text))
		return 1;
	if (value_unsigned(build, node, 3, "the id", 0, 255, &id)) {
		sync->id = (int)id;
		build_warn(build, node, 3, "write 'id' before the number");
	}
	return 2;
}

static void read_sync_daemon(struct build *build, const struct node *node, void *draft)
{
	struct draft_global *global = draft;
	struct conf_sync_daemon sync = {.id = -1};

	if (!value_interface(build, node, 1, "the interface", &sync.interface))
		return;
	for (size_t i = 2 + read_sync_old(build, node, &sync); i < node->n_words; i += 2)
		if (!read_sync_pair(build, node, i, &sync))
			return;
	global->model.sync = sync;
}

static void dump_sync_daemon(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_sync_daemon *sync = &((const struct conf_global *)model)->sync;
	const int values[SYNC_NUMBERS] = {sync->id, sync->maxlen, sync->port, sync->ttl};
	char words[80] = "", group[IP_TEXT_MAX];
	size_t length = 0;

	if (!sync->interface)
		return;
	for (size_t i = 0; i < SYNC_NUMBERS && length < sizeof(words); i++)
		if (values[i] >= (int)sync_numbers[i].min)
			length += (size_t)snprintf(words + length, sizeof(words) - length, " %s %d",
						   sync_numbers[i].name, values[i]);
	dump_line(dump, "%s %s%s%s%s%s%s", row->name, dump_word(dump, sync->interface),
		  sync->instance ? " inst " : "",
		  sync->instance ? dump_word(dump, sync->instance) : "", words,
		  ip_is_set(&sync->group) ? " group " : "",
		  ip_is_set(&sync->group) ? ip_format(&sync->group, group) : "");
}

/* ---- the rest ---- */

static void dump_flush_on_stop(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_global *global = model;

	if (global->lvs_flush_on_stop)
		dump_line(dump, "%s%s", row->name, global->lvs_flush_on_stop == 2 ? " VS" : "");
}

static void dump_lvs_timeouts(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_global *global = model;

	if (global->lvs_tcp_timeout_s || global->lvs_tcpfin_timeout_s || global->lvs_udp_timeout_s)
		dump_line(dump, "%s tcp %u tcpfin %u udp %u", row->name, global->lvs_tcp_timeout_s,
			  global->lvs_tcpfin_timeout_s, global->lvs_udp_timeout_s);
}

static const struct option_choice drifts[] = {
	{"repair", CONF_DRIFT_REPAIR}, {"leave", CONF_DRIFT_LEAVE}, {NULL, 0}};

const struct option global_lvs_rows[] = {
	{"lvs_flush", OPTION_FLAG, OPTION_FIELD(draft_global, model.lvs_flush),
	 .reload = OPTION_REFUSED, .flags = FIELD, .value = true,
	 .help = "empty the IPVS table at the start"},
	{"lvs_flush_on_stop", OPTION_CUSTOM, MODEL(lvs_flush_on_stop), .flags = FIELD, .min = 0,
	 .max = 1, .apply = read_flush_on_stop, .dump = dump_flush_on_stop, .argument = "[VS]",
	 .help = "empty the IPVS table at the stop, or only what is ours"},
	{"lvs_flush_onstop", OPTION_ALIAS, .alias_of = "lvs_flush_on_stop",
	 .flags = OPTION_DEPRECATED},
	{"lvs_drift", OPTION_CHOICE, MODEL(lvs_drift), .flags = DEFAULT,
	 .initial = CONF_DRIFT_REPAIR, .choices = drifts,
	 .help = "what somebody else changes of our services in the IPVS table is reported and "
		 "repaired, or reported and left until vipd has something to change there; vipd's "
		 "own"},
	{"lvs_timeouts", OPTION_CUSTOM, MODEL(lvs_tcp_timeout_s), .flags = FIELD, .min = 2,
	 .max = 6, .apply = read_lvs_timeouts, .dump = dump_lvs_timeouts,
	 .argument = "[tcp N] [tcpfin N] [udp N]", .help = "timeouts of connections in seconds"},
	{"lvs_sync_daemon", OPTION_CUSTOM, MODEL(sync.interface), .flags = FIELD, .min = 1,
	 .max = 13, .apply = read_sync_daemon, .dump = dump_sync_daemon,
	 .argument = "INTERFACE [[inst] INSTANCE] [id N] [maxlen N] [port N] [ttl N] "
		     "[group ADDRESS]",
	 .help = "run the kernel's daemons that copy connections to other directors, as the state "
		 "of an instance says; id up to 255, maxlen up to 65507"},
	{"lvs_netlink_cmd_rcv_bufs", OPTION_UNSIGNED, MODEL(lvs_cmd.bytes), .flags = DEFAULT,
	 .min = 0, .max = UINT32_MAX,
	 .help = "the same as vrrp_netlink_cmd_rcv_bufs; the larger of both counts"},
	{"lvs_netlink_cmd_rcv_bufs_force", OPTION_BOOL, MODEL(lvs_cmd.force), .flags = DEFAULT,
	 .help = "that size may exceed net.core.rmem_max"},
	{"lvs_netlink_monitor_rcv_bufs", OPTION_UNSIGNED, MODEL(lvs_monitor.bytes),
	 .flags = DEFAULT, .min = 0, .max = UINT32_MAX,
	 .help = "the same as vrrp_netlink_monitor_rcv_bufs; the larger of both counts"},
	{"lvs_netlink_monitor_rcv_bufs_force", OPTION_BOOL, MODEL(lvs_monitor.force),
	 .flags = DEFAULT, .help = "that size may exceed net.core.rmem_max"},
	{"checker_log_all_failures", OPTION_BOOL, MODEL(checker_log_all_failures), .flags = DEFAULT,
	 .help = "log every failed check instead of changes"},
	{"rs_init_notifies", OPTION_BOOL, MODEL(rs_init_notifies), .flags = DEFAULT,
	 .help = "run notify_up for servers that start up"},
	{.name = NULL},
};
