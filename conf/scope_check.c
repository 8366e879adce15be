/* SPDX-License-Identifier: MIT */
/*
 * What all checkers have in common, and the two that have nothing else: TCP_CHECK and PING_CHECK.
 * The options that several share stand in one table each, so a checker brings only its own rows.
 * Source: keepalived.conf(5), the checkers of a real_server.
 */
#include "conf/scope_check.h"

#include "conf/scope_lvs.h"
#include "conf/scopes.h"

static const struct option_scope *const scopes[] = {
	[CONF_TCP_CHECK] = &scope_tcp,	     [CONF_HTTP_GET] = &scope_http,
	[CONF_SSL_GET] = &scope_ssl,	     [CONF_SMTP_CHECK] = &scope_smtp,
	[CONF_DNS_CHECK] = &scope_dns,	     [CONF_MISC_CHECK] = &scope_misc,
	[CONF_BFD_CHECK] = &scope_bfd_check, [CONF_UDP_CHECK] = &scope_udp,
	[CONF_PING_CHECK] = &scope_ping,     [CONF_FILE_CHECK] = &scope_file_check,
};
_Static_assert(sizeof(scopes) / sizeof(*scopes) == CONF_CHECKER_TYPES, "every type");

const struct option_scope *checker_scope(enum conf_checker_type type)
{
	return scopes[type];
}

struct draft_checker *check_add(struct build *build, const struct node *node, void *parent,
				enum conf_checker_type type)
{
	struct draft_real_server *server = parent;
	struct draft_checker *checker =
		items_add(&server->checkers, build->scratch, sizeof(*checker));

	build_fill_defaults(checker_scope(type), checker);
	checker->model.type = type;
	checker->model.line = node->place.line;
	checker->node = node;
	return checker;
}

static void *begin_tcp(struct build *build, const struct node *node, void *parent)
{
	return check_add(build, node, parent, CONF_TCP_CHECK);
}

static void *begin_ping(struct build *build, const struct node *node, void *parent)
{
	return check_add(build, node, parent, CONF_PING_CHECK);
}

/* ---- options of all, and of all that connect ---- */

const struct option check_common_rows[] = {
	{"delay_loop", OPTION_TIME, CHECKER(delay_loop_us), .flags = FIELD | OPTION_ROUNDED,
	 .min = 1, .max = TIME_ANY_MAX_US,
	 .help = "time between two checks; the server's by default"},
	{"retry", OPTION_UNSIGNED, CHECKER(retry), .flags = FIELD, .min = 0, .max = UINT32_MAX,
	 .help = "further attempts after a failed check; the server's by default, else 1, in "
		 "DNS_CHECK 3, in MISC_CHECK 0"},
	{"nb_get_retry", OPTION_ALIAS, .alias_of = "retry", .flags = OPTION_DEPRECATED},
	{"delay_before_retry", OPTION_TIME, CHECKER(delay_before_retry_us),
	 .flags = FIELD | OPTION_ROUNDED, .min = 0, .max = TIME_ANY_MAX_US,
	 .help = "pause before such a further attempt; the server's by default, else 1, in "
		 "HTTP_GET and SSL_GET 3, in DNS_CHECK the delay_loop"},
	{"warmup", OPTION_TIME, CHECKER(warmup_us), .flags = FIELD | OPTION_ROUNDED, .min = 0,
	 .max = TIME_ANY_MAX_US,
	 .help = "the first check comes within this time; the server's by default"},
	{"alpha", OPTION_BOOL, CHECKER(alpha), .flags = FIELD,
	 .help = "down until the first check passes; the server's setting by default"},
	{"log_all_failures", OPTION_BOOL, CHECKER(log_all_failures), .flags = FIELD,
	 .help = "logs every failed attempt and not only changes; as in global_defs by default"},
	{.name = NULL},
};

const struct option check_connection_rows[] = {
	{"connect_ip", OPTION_ADDRESS, CHECKER(connect_ip), .flags = FIELD,
	 .help = "address that is checked; the server's by default"},
	{"connect_port", OPTION_UNSIGNED, CHECKER(connect_port), .flags = FIELD, .min = 1,
	 .max = UINT16_MAX, .help = "port that is checked; the server's by default"},
	{"bindto", OPTION_ADDRESS, CHECKER(bind_ip), .flags = FIELD,
	 .help = "source address of the check"},
	{"bind_port", OPTION_UNSIGNED, CHECKER(bind_port), .flags = FIELD, .min = 1,
	 .max = UINT16_MAX, .help = "source port of the check"},
	{"bind_if", OPTION_INTERFACE, CHECKER(bind_interface), .flags = FIELD,
	 .help = "interface by which the check leaves"},
	{"fwmark", OPTION_UNSIGNED, CHECKER(mark), .flags = DEFAULT, .min = 0, .max = UINT32_MAX,
	 .help = "firewall mark of the packets of the check"},
	{"connect_timeout", OPTION_TIME, CHECKER(connect_timeout_us),
	 .flags = FIELD | OPTION_ROUNDED, .min = 1, .max = CONNECT_TIME_MAX_US,
	 .help = "how long the check waits for the server; the server's by default"},
	{.name = NULL},
};

const struct option_scope scope_tcp = {
	.name = "TCP_CHECK",
	.tables = {check_common_rows, check_connection_rows},
	.model_size = sizeof(struct conf_checker),
	.begin = begin_tcp,
};

const struct option_scope scope_ping = {
	.name = "PING_CHECK",
	.tables = {check_common_rows, check_connection_rows},
	.model_size = sizeof(struct conf_checker),
	.begin = begin_ping,
};

/* Called for the row of each type: all in the order written, at the first row of a checker. */
void dump_checkers(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_real_server *server = model;

	if (row->block != &scope_tcp)
		return;
	for (size_t i = 0; i < server->n_checkers; i++) {
		const struct option_scope *scope = checker_scope(server->checkers[i].type);

		dump_open(dump, "%s", scope->name);
		dump_scope(dump, scope, &server->checkers[i]);
		dump_close(dump);
	}
}
