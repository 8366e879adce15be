/* SPDX-License-Identifier: MIT */
/*
 * The top level and global_defs. Sources: keepalived.conf(5), GLOBAL CONFIGURATION. snmp_read_only
 * and enable_snmp_lvs are vipd's own. Several global_defs blocks add up.
 */
#include <string.h>

#include "conf/dump.h"
#include "conf/scope_global.h"
#include "conf/scope_static.h"
#include "conf/scopes.h"
#include "conf/value.h"

static void *begin_global(struct build *build, const struct node *node, void *parent)
{
	struct draft_global *global = &build->global;
	const struct node **nodes =
		arena_array(build->scratch, global->n_nodes + 1, sizeof(*nodes));

	(void)parent;
	if (global->n_nodes)
		memcpy(nodes, global->nodes, global->n_nodes * sizeof(*nodes));
	nodes[global->n_nodes++] = node;
	global->nodes = nodes;
	return global;
}

static void read_email(struct build *build, const struct node *node, void *draft)
{
	struct draft_global *global = draft;

	for (size_t i = 0; i < node->n_words; i++) {
		char **email = items_add(&global->emails, build->scratch, sizeof(*email));

		*email = arena_strdup(build->arena, node->words[i].text);
	}
}

static void read_smtp_server(struct build *build, const struct node *node, void *draft)
{
	struct draft_global *global = draft;
	uint64_t port = 25;

	if (node->n_words > 2 && !value_unsigned(build, node, 2, "the port", 1, UINT16_MAX, &port))
		return;
	global->model.smtp_server = arena_strdup(build->arena, node->words[1].text);
	global->model.smtp_port = (uint16_t)port;
}

static void read_script_user(struct build *build, const struct node *node, void *draft)
{
	struct draft_global *global = draft;

	value_account(build, node, 1, &global->model.script_user, &global->model.script_group);
}

/* PATH [USER [GROUP]]; the row's field is the first of a struct conf_fifo. */
static void read_fifo(struct build *build, const struct node *node, void *draft)
{
	struct conf_fifo *fifo = (void *)((char *)draft + node->row->offset);
	char **fields[] = {&fifo->fifo_path, &fifo->fifo_user, &fifo->fifo_group};

	for (size_t i = 0; i < 3; i++)
		*fields[i] = i + 1 < node->n_words
				     ? arena_strdup(build->arena, node->words[i + 1].text)
				     : NULL;
}

static void dump_fifo(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_fifo *fifo = (const void *)((const char *)model + row->offset);

	if (fifo->fifo_path)
		dump_line(dump, "%s %s%s%s%s%s", row->name, dump_word(dump, fifo->fifo_path),
			  fifo->fifo_user ? " " : "",
			  fifo->fifo_user ? dump_word(dump, fifo->fifo_user) : "",
			  fifo->fifo_group ? " " : "",
			  fifo->fifo_group ? dump_word(dump, fifo->fifo_group) : "");
}

static void dump_emails(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_global *global = model;

	if (!global->n_emails)
		return;
	dump_open(dump, "%s", row->name);
	for (size_t i = 0; i < global->n_emails; i++)
		dump_line(dump, "%s", dump_word(dump, global->emails[i]));
	dump_close(dump);
}

static void dump_email_from(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_global *global = model;
	char from[EMAIL_FROM_MAX];

	if (strcmp(global->email_from, finish_email_from(from)) != 0)
		dump_line(dump, "%s %s", row->name, dump_word(dump, global->email_from));
}

static void dump_smtp_server(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_global *global = model;

	if (*global->smtp_server)
		dump_line(dump, "%s %s %u", row->name, dump_word(dump, global->smtp_server),
			  global->smtp_port);
}

static void dump_script_user(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_global *global = model;

	if (global->script_user)
		dump_line(dump, "%s %s%s%s", row->name, dump_word(dump, global->script_user),
			  global->script_group ? " " : "",
			  global->script_group ? dump_word(dump, global->script_group) : "");
}

static const struct option global_rows[] = {
	{"router_id", OPTION_STRING, MODEL(router_id), .flags = FIELD, .max = 255,
	 .help = "name of this node in mail and SNMP; the host name by default"},
	{"notification_email", OPTION_BLOCK, .block = &scope_email, .dump = dump_emails,
	 .help = "recipients of mail, one per line"},
	{"notification_email_from", OPTION_STRING, MODEL(email_from), .flags = FIELD, .max = 255,
	 .dump = dump_email_from, .help = "sender of mail"},
	{"smtp_server", OPTION_CUSTOM, MODEL(smtp_server), .flags = FIELD, .min = 1, .max = 2,
	 .apply = read_smtp_server, .dump = dump_smtp_server, .argument = "HOST [PORT]",
	 .help = "mail server"},
	{"smtp_helo_name", OPTION_STRING, MODEL(smtp_helo), .flags = FIELD, .max = 255,
	 .help = "name given to the mail server; the host name by default"},
	{"smtp_connect_timeout", OPTION_TIME, MODEL(smtp_timeout_us),
	 .flags = DEFAULT | OPTION_WHOLE, .min = 0, .max = DELAY_WHOLE_US, .initial = 30000000,
	 .help = "patience with the mail server; 0 means 1"},
	{"smtp_alert", OPTION_BOOL, MODEL(smtp_alert), .flags = DEFAULT, .initial = CONF_UNSET,
	 .help = "mail on state changes, unless set closer to the object"},
	{"smtp_alert_vrrp", OPTION_BOOL, MODEL(smtp_alert_vrrp), .flags = DEFAULT,
	 .initial = CONF_UNSET, .help = "the same for instances and groups"},
	{"smtp_alert_checker", OPTION_BOOL, MODEL(smtp_alert_checker), .flags = DEFAULT,
	 .initial = CONF_UNSET, .help = "the same for virtual and real servers"},
	{"no_email_faults", OPTION_FLAG, MODEL(no_email_faults), .flags = FIELD, .value = true,
	 .help = "no mail for the FAULT state"},
	{"no_checker_emails", OPTION_BOOL, MODEL(no_checker_emails), .flags = DEFAULT,
	 .help = "mail of checks only when a real server comes or goes by them"},
	{"script_user", OPTION_CUSTOM, MODEL(script_user), .flags = FIELD, .min = 1, .max = 2,
	 .apply = read_script_user, .dump = dump_script_user, .argument = "USER [GROUP]",
	 .help = "account that scripts run as"},
	{"enable_script_security", OPTION_FLAG, MODEL(script_security), .flags = FIELD,
	 .value = true, .help = "refuse scripts run as root that others can write to"},
	{"use_symlink_paths", OPTION_BOOL, MODEL(use_symlink_paths), .flags = DEFAULT,
	 .help = "run scripts by the path as written instead of what links lead to"},
	{"set_supplementary_groups", OPTION_BOOL, MODEL(set_supplementary_groups), .flags = DEFAULT,
	 .help = "scripts also get the other groups of their user"},
	{"startup_script", OPTION_COMMAND, MODEL(startup_script), .flags = FIELD,
	 .help = "command run once before anything else is started"},
	{"startup_script_timeout", OPTION_TIME, MODEL(startup_timeout_us),
	 .flags = DEFAULT | OPTION_WHOLE, .min = 1000000, .max = 1000000000, .initial = 10000000,
	 .help = "after this the startup script is killed"},
	{"shutdown_script", OPTION_COMMAND, MODEL(shutdown_script), .flags = FIELD,
	 .help = "command run once after all else has stopped"},
	{"shutdown_script_timeout", OPTION_TIME, MODEL(shutdown_timeout_us),
	 .flags = DEFAULT | OPTION_WHOLE, .min = 1000000, .max = 1000000000, .initial = 10000000,
	 .help = "after this the shutdown script is killed"},
	{"notify_fifo", OPTION_CUSTOM, MODEL(notify_fifo.fifo_path), .flags = FIELD, .min = 1,
	 .max = 3, .apply = read_fifo, .dump = dump_fifo, .argument = "PATH [USER [GROUP]]",
	 .help = "FIFO that every change of state is written to"},
	{"notify_fifo_script", OPTION_COMMAND, MODEL(notify_fifo.fifo_reader), .flags = FIELD,
	 .needs = "notify_fifo",
	 .help = "program that reads that FIFO, which is its last argument"},
	{"vrrp_notify_fifo", OPTION_CUSTOM, MODEL(vrrp_fifo.fifo_path), .flags = FIELD, .min = 1,
	 .max = 3, .apply = read_fifo, .dump = dump_fifo, .argument = "PATH [USER [GROUP]]",
	 .help = "FIFO for the changes of instances and groups"},
	{"vrrp_notify_fifo_script", OPTION_COMMAND, MODEL(vrrp_fifo.fifo_reader), .flags = FIELD,
	 .needs = "vrrp_notify_fifo",
	 .help = "program that reads that FIFO, which is its last argument"},
	{"lvs_notify_fifo", OPTION_CUSTOM, MODEL(lvs_fifo.fifo_path), .flags = FIELD, .min = 1,
	 .max = 3, .apply = read_fifo, .dump = dump_fifo, .argument = "PATH [USER [GROUP]]",
	 .help = "FIFO for the changes of virtual and real servers"},
	{"lvs_notify_fifo_script", OPTION_COMMAND, MODEL(lvs_fifo.fifo_reader), .flags = FIELD,
	 .needs = "lvs_notify_fifo",
	 .help = "program that reads that FIFO, which is its last argument"},
	{"lvs_notify_fifo_nul", OPTION_BOOL, MODEL(lvs_fifo_nul), .flags = DEFAULT, .initial = 1,
	 .help = "a record of a virtual or real server is followed by a zero octet, as keepalived "
		 "writes it; a keyword of vipd alone"},
	{"fifo_write_vrrp_states_on_reload", OPTION_FLAG, MODEL(fifo_write_states), .flags = FIELD,
	 .value = true, .help = "a reload writes the states of all instances to the FIFOs"},
	{"snmp_socket", OPTION_STRING, MODEL(snmp_socket), .flags = FIELD, .max = 255,
	 .help = "address of the AgentX master"},
	{"enable_snmp_vrrp", OPTION_FLAG, MODEL(snmp_vrrp), .flags = FIELD, .value = true,
	 .help = "VRRP part of KEEPALIVED-MIB"},
	{"enable_snmp_keepalived", OPTION_ALIAS, .alias_of = "enable_snmp_vrrp",
	 .flags = OPTION_DEPRECATED},
	{"enable_snmp_checker", OPTION_FLAG, MODEL(snmp_checker), .flags = FIELD, .value = true,
	 .help = "virtual server part of KEEPALIVED-MIB"},
	{"enable_snmp_rfc", OPTION_FLAG, GLOBAL(snmp_rfc), .flags = FIELD, .value = true,
	 .help = "VRRP-MIB and VRRPV3-MIB"},
	{"enable_snmp_rfcv2", OPTION_FLAG, MODEL(snmp_rfcv2), .flags = FIELD, .value = true,
	 .help = "VRRP-MIB"},
	{"enable_snmp_rfcv3", OPTION_FLAG, MODEL(snmp_rfcv3), .flags = FIELD, .value = true,
	 .help = "VRRPV3-MIB"},
	{"enable_snmp_lvs", OPTION_FLAG, MODEL(snmp_lvs), .flags = FIELD, .value = true,
	 .help = "vipd only: LVS-MIB of the older snmpd extension, an alias of IPVS-DIRECTOR-MIB"},
	{"enable_traps", OPTION_FLAG, MODEL(snmp_traps), .flags = FIELD, .value = true,
	 .help = "SNMP notifications"},
	{"snmp_read_only", OPTION_BOOL, MODEL(snmp_read_only), .flags = DEFAULT, .initial = false,
	 .help = "vipd only: refuse every SNMP SET"},
	{"snmp_vs_stats_update_interval", OPTION_TIME, MODEL(vs_stats_us), .flags = FIELD,
	 .min = TIME_LEAST_US, .max = 30000000,
	 .help = "how often at least the kernel is read, for statistics of all servers; vipd reads "
		 "it every 2 seconds anyway, and not more often than every 0.1"},
	{"snmp_rs_stats_update_interval", OPTION_TIME, MODEL(rs_stats_us), .flags = FIELD,
	 .min = TIME_LEAST_US, .max = 30000000, .help = "the same; the smaller of both counts"},
	{"enable_dbus", OPTION_FLAG, MODEL(dbus), .flags = FIELD, .value = true,
	 .help = "offer the D-Bus service"},
	{"dbus_service_name", OPTION_STRING, MODEL(dbus_service_name), .flags = FIELD, .max = 255,
	 .help = "name of that service; org.keepalived.Vrrp1 by default"},
	{"dbus_no_interface_name", OPTION_STRING, MODEL(dbus_no_interface_name), .flags = FIELD,
	 .max = 255,
	 .help = "stands for the interface of an instance without one; none by default"},
	{.name = NULL},
};

const struct option_scope scope_global = {
	.name = "global_defs",
	.tables = {global_rows, global_vrrp_rows, global_filter_rows, global_lvs_rows,
		   global_process_rows, global_file_rows},
	.model_size = sizeof(struct conf_global),
	.begin = begin_global,
};

const struct option_scope scope_email = {
	.name = "notification_email",
	.end = build_warn_empty,
	.line = read_email,
};

/* ---- the top level ---- */

#define DUMP_ALL(function, scope_name, array, count, heading)                                      \
	static void function(struct dump *dump, const struct option *row, const void *model)       \
	{                                                                                          \
		const struct conf *conf = model;                                                   \
                                                                                                   \
		for (size_t i = 0; i < conf->count; i++) {                                         \
			dump_open(dump, "%s %s", row->name, heading);                              \
			dump_scope(dump, &scope_name, &conf->array[i]);                            \
			dump_close(dump);                                                          \
		}                                                                                  \
	}

DUMP_ALL(dump_scripts, scope_script, scripts, n_scripts, dump_word(dump, conf->scripts[i].name))
DUMP_ALL(dump_instances, scope_instance, instances, n_instances,
	 dump_word(dump, conf->instances[i].name))
DUMP_ALL(dump_groups, scope_group, groups, n_groups, dump_word(dump, conf->groups[i].name))

static void dump_global(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf *conf = model;

	dump_open(dump, "%s", row->name);
	dump_scope(dump, &scope_global, &conf->global);
	dump_close(dump);
}

void dump_nothing(struct dump *dump, const struct option *row, const void *model)
{
	(void)dump;
	(void)row;
	(void)model;
}

static const struct option root_rows[] = {
	{"global_defs", OPTION_BLOCK, .block = &scope_global, .flags = OPTION_OBJECTS,
	 .dump = dump_global, .help = "settings of the daemon"},
	{"vrrp_script", OPTION_BLOCK, .block = &scope_script, .flags = OPTION_OBJECTS,
	 .dump = dump_scripts, .argument = "NAME",
	 .help = "a command whose result moves priorities"},
	{"vrrp_instance", OPTION_BLOCK, .block = &scope_instance, .flags = OPTION_OBJECTS,
	 .dump = dump_instances, .argument = "NAME", .help = "a virtual router"},
	{"vrrp_sync_group", OPTION_BLOCK, .block = &scope_group, .flags = OPTION_OBJECTS,
	 .dump = dump_groups, .argument = "NAME", .help = "instances that change state together"},
	{"SSL", OPTION_BLOCK, .block = &scope_tls, .dump = dump_tls,
	 .help = "what SSL_GET shows to servers and trusts"},
	{"virtual_server_group", OPTION_BLOCK, .block = &scope_address_group,
	 .dump = dump_address_groups, .argument = "NAME",
	 .help = "addresses that one virtual server serves"},
	{"virtual_server", OPTION_BLOCK, .block = &scope_service, .flags = OPTION_OBJECTS,
	 .dump = dump_services, .argument = "ADDRESS [PORT] | fwmark N | group NAME",
	 .help = "a service and its real servers"},
	{.name = NULL},
};

const struct option_scope scope_root = {
	.name = "",
	.tables = {root_rows, root_process_rows, vrrp_root_rows, static_rows},
	.model_size = sizeof(struct conf),
};
