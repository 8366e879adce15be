/* SPDX-License-Identifier: MIT */
/*
 * The top level and global_defs. Sources: keepalived.conf(5), GLOBAL CONFIGURATION. snmp_read_only
 * is vipd's own. Several global_defs blocks add up.
 */
#include <string.h>

#include "conf/dump.h"
#include "conf/scopes.h"
#include "conf/value.h"

#define GLOBAL(member) OPTION_FIELD(draft_global, member), .reload = OPTION_IN_PLACE
#define MODEL(member)  GLOBAL(model.member)

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

	global->model.script_user = arena_strdup(build->arena, node->words[1].text);
	global->model.script_group =
		node->n_words > 2 ? arena_strdup(build->arena, node->words[2].text) : NULL;
}

static void read_mcast_group4(struct build *build, const struct node *node, void *draft)
{
	struct draft_global *global = draft;
	struct ip ip;

	if (!value_address(build, node, 1, "'vrrp_mcast_group4'", &ip))
		return;
	if (ip.family != AF_INET || (ip.octets[0] & 0xf0) != 0xe0)
		build_error(build, node, 1,
			    "'vrrp_mcast_group4' must be an IPv4 multicast address, not '%.64s'",
			    node->words[1].text);
	else
		global->model.mcast_group4 = ip;
}

static void read_dynamic_interfaces(struct build *build, const struct node *node, void *draft)
{
	struct draft_global *global = draft;

	global->model.dynamic_interfaces = true;
	build_add(build, DIAG_NOTE, node, 0,
		  "'dynamic_interfaces' changes nothing: vipd always waits for interfaces that are "
		  "missing");
	if (node->n_words > 1)
		build_warn(build, node, 1,
			   "'%.64s' is not supported yet; plain 'dynamic_interfaces' is used",
			   node->words[1].text);
}

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

static void dump_mcast_group4(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_global *global = model;
	char text[IP_TEXT_MAX];

	dump_line(dump, "%s %s", row->name, ip_format(&global->mcast_group4, text));
}

static void dump_dynamic_interfaces(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_global *global = model;

	if (global->dynamic_interfaces)
		dump_line(dump, "%s", row->name);
}

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

/* Instances carry the value; without one it has no meaning. */
static void dump_garp_interval(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf *conf = dump_conf(dump);
	char text[VALUE_TIME_MAX];

	(void)model;
	if (conf->n_instances && conf->instances[0].garp_interval_us)
		dump_line(dump, "%s %s", row->name,
			  value_format_time(conf->instances[0].garp_interval_us, text));
}

#define FIELD	OPTION_HAS_FIELD
#define DEFAULT (OPTION_HAS_FIELD | OPTION_HAS_DEFAULT)

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
	{"smtp_connect_timeout", OPTION_TIME, MODEL(smtp_timeout_us), .flags = DEFAULT, .min = 0,
	 .max = TIME_MAX_US, .initial = 30000000, .help = "patience with the mail server"},
	{"smtp_alert", OPTION_BOOL, MODEL(smtp_alert), .flags = DEFAULT, .initial = CONF_UNSET,
	 .help = "mail on state changes, unless set closer to the object"},
	{"smtp_alert_vrrp", OPTION_BOOL, MODEL(smtp_alert_vrrp), .flags = DEFAULT,
	 .initial = CONF_UNSET, .help = "the same for instances and groups"},
	{"smtp_alert_checker", OPTION_BOOL, MODEL(smtp_alert_checker), .flags = DEFAULT,
	 .initial = CONF_UNSET, .help = "the same for virtual and real servers"},
	{"no_email_faults", OPTION_FLAG, MODEL(no_email_faults), .flags = FIELD, .value = true,
	 .help = "no mail for the FAULT state"},
	{"script_user", OPTION_CUSTOM, MODEL(script_user), .flags = FIELD, .min = 1, .max = 2,
	 .apply = read_script_user, .dump = dump_script_user, .argument = "USER [GROUP]",
	 .help = "account that scripts run as"},
	{"enable_script_security", OPTION_FLAG, MODEL(script_security), .flags = FIELD,
	 .value = true, .help = "refuse scripts run as root that others can write to"},
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
	{"enable_traps", OPTION_FLAG, MODEL(snmp_traps), .flags = FIELD, .value = true,
	 .help = "SNMP notifications"},
	{"snmp_read_only", OPTION_BOOL, MODEL(snmp_read_only), .flags = DEFAULT, .initial = false,
	 .help = "vipd only: refuse every SNMP SET"},
	{"vrrp_version", OPTION_UNSIGNED, GLOBAL(vrrp_version), .flags = DEFAULT, .min = 2,
	 .max = 3, .initial = 2, .help = "VRRP version of instances that do not say"},
	{"vrrp_mcast_group4", OPTION_CUSTOM, OPTION_FIELD(draft_global, model.mcast_group4),
	 .reload = OPTION_RESTART, .flags = FIELD, .min = 1, .max = 1, .apply = read_mcast_group4,
	 .dump = dump_mcast_group4, .argument = "ADDRESS", .help = "destination of IPv4 adverts"},
	{"vrrp_garp_master_delay", OPTION_TIME, GLOBAL(garp_delay_us), .flags = DEFAULT, .min = 0,
	 .max = TIME_MAX_US, .initial = 5000000,
	 .help = "second burst of gratuitous ARP after becoming master; 0: none"},
	{"vrrp_garp_master_repeat", OPTION_UNSIGNED, GLOBAL(garp_repeat), .flags = DEFAULT,
	 .min = 0, .max = UINT32_MAX, .initial = 5,
	 .help = "gratuitous ARPs of a burst; 0 means 1"},
	{"vrrp_garp_master_refresh", OPTION_TIME, GLOBAL(garp_refresh_us), .flags = DEFAULT,
	 .min = 0, .max = TIME_MAX_US,
	 .help = "interval of refreshing gratuitous ARPs while master; 0: none"},
	{"vrrp_garp_master_refresh_repeat", OPTION_UNSIGNED, GLOBAL(garp_refresh_repeat),
	 .flags = DEFAULT, .min = 0, .max = UINT32_MAX, .initial = 1,
	 .help = "gratuitous ARPs of a refresh; 0 means 1"},
	{"vrrp_garp_lower_prio_delay", OPTION_TIME, GLOBAL(garp_lower_prio_delay_us),
	 .flags = FIELD, .min = 0, .max = TIME_MAX_US,
	 .help = "second burst after an advert of lower priority; the master delay by default"},
	{"vrrp_garp_lower_prio_repeat", OPTION_UNSIGNED, GLOBAL(garp_lower_prio_repeat),
	 .flags = FIELD, .min = 0, .max = UINT32_MAX,
	 .help = "gratuitous ARPs of such a burst; the master repeat by default"},
	{"vrrp_garp_interval", OPTION_TIME, GLOBAL(garp_interval_us), .flags = DEFAULT, .min = 0,
	 .max = TIME_MAX_US, .dump = dump_garp_interval,
	 .help = "least distance between gratuitous ARPs on an interface"},
	{"vrrp_min_garp", OPTION_BOOL, GLOBAL(min_garp), .flags = DEFAULT,
	 .help = "one gratuitous ARP and no second burst, where not set otherwise"},
	{"vrrp_down_timer_adverts", OPTION_UNSIGNED, GLOBAL(down_timer_adverts), .flags = DEFAULT,
	 .min = 1, .max = 100, .initial = 3,
	 .help = "missed adverts until the master is taken for dead"},
	{"vrrp_lower_prio_no_advert", OPTION_BOOL, GLOBAL(lower_prio_no_advert), .flags = DEFAULT,
	 .help = "do not answer adverts of lower priority"},
	{"vrrp_higher_prio_send_advert", OPTION_BOOL, GLOBAL(higher_prio_send_advert),
	 .flags = DEFAULT, .help = "a last advert before yielding to a higher priority"},
	{"vrrp_startup_delay", OPTION_TIME, MODEL(startup_delay_us), .flags = DEFAULT, .min = 0,
	 .max = TIME_MAX_US, .help = "VRRP waits so long after the start"},
	{"vrrp_rt_priority", OPTION_UNSIGNED, MODEL(vrrp_rt_priority), .flags = FIELD, .min = 1,
	 .max = 99, .help = "real-time priority of the VRRP thread"},
	{"vrrp_priority", OPTION_SIGNED, MODEL(vrrp_nice), .flags = DEFAULT, .min = -20, .max = 19,
	 .help = "nice value of the VRRP thread"},
	{"checker_priority", OPTION_SIGNED, MODEL(checker_nice), .flags = DEFAULT, .min = -20,
	 .max = 19, .help = "nice value of the check thread"},
	{"dynamic_interfaces", OPTION_CUSTOM, MODEL(dynamic_interfaces), .flags = FIELD, .min = 0,
	 .max = 1, .apply = read_dynamic_interfaces, .dump = dump_dynamic_interfaces,
	 .argument = "", .help = "interfaces may be missing at the start; always so in vipd"},
	{"lvs_flush", OPTION_FLAG, OPTION_FIELD(draft_global, model.lvs_flush),
	 .reload = OPTION_REFUSED, .flags = FIELD, .value = true,
	 .help = "empty the IPVS table at the start"},
	{"lvs_flush_on_stop", OPTION_CUSTOM, MODEL(lvs_flush_on_stop), .flags = FIELD, .min = 0,
	 .max = 1, .apply = read_flush_on_stop, .dump = dump_flush_on_stop, .argument = "[VS]",
	 .help = "empty the IPVS table at the stop, or only what is ours"},
	{"lvs_flush_onstop", OPTION_ALIAS, .alias_of = "lvs_flush_on_stop",
	 .flags = OPTION_DEPRECATED},
	{"lvs_timeouts", OPTION_CUSTOM, MODEL(lvs_tcp_timeout_s), .flags = FIELD, .min = 2,
	 .max = 6, .apply = read_lvs_timeouts, .dump = dump_lvs_timeouts,
	 .argument = "[tcp N] [tcpfin N] [udp N]", .help = "timeouts of connections in seconds"},
	{"checker_log_all_failures", OPTION_BOOL, MODEL(checker_log_all_failures), .flags = DEFAULT,
	 .help = "log every failed check instead of changes"},
	{"rs_init_notifies", OPTION_BOOL, MODEL(rs_init_notifies), .flags = DEFAULT,
	 .help = "run notify_up for servers that start up"},
	{.name = NULL},
};

const struct option_scope scope_global = {
	.name = "global_defs",
	.tables = {global_rows},
	.model_size = sizeof(struct conf_global),
	.begin = begin_global,
};

const struct option_scope scope_email = {.name = "notification_email", .line = read_email};

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

/* To go on in another namespace than the one asked for would touch the wrong network. */
static void refuse_namespace(struct build *build, const struct node *node, void *draft)
{
	(void)draft;
	build_error(build, node, 0,
		    "'%s' is not supported yet; start vipd with -s NAME, which moves all of it, "
		    "instead",
		    node->row->name);
}

static void dump_nothing(struct dump *dump, const struct option *row, const void *model)
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
	{"virtual_server_group", OPTION_BLOCK, .block = &scope_address_group,
	 .dump = dump_address_groups, .argument = "NAME",
	 .help = "addresses that one virtual server serves"},
	{"virtual_server", OPTION_BLOCK, .block = &scope_service, .flags = OPTION_OBJECTS,
	 .dump = dump_services, .argument = "ADDRESS [PORT] | fwmark N | group NAME",
	 .help = "a service and its real servers"},
	{"net_namespace", OPTION_CUSTOM, .min = 0, .max = 1, .apply = refuse_namespace,
	 .dump = dump_nothing, .argument = "NAME", .help = "refused: see -s of vipd(8)"},
	{"net_namespace_ipvs", OPTION_CUSTOM, .min = 0, .max = 1, .apply = refuse_namespace,
	 .dump = dump_nothing, .argument = "[NAME]", .help = "refused: see -s of vipd(8)"},
	{.name = NULL},
};

const struct option_scope scope_root = {
	.name = "",
	.tables = {root_rows},
	.model_size = sizeof(struct conf),
};
