/* SPDX-License-Identifier: MIT */
/*
 * SMTP_CHECK. Old files put the connection into a block of its own, `host`; its options are those
 * of the checker. Source: keepalived.conf(5), the checkers of a real_server.
 */
#include "conf/scope_check.h"
#include "conf/scopes.h"

static void *begin_smtp(struct build *build, const struct node *node, void *parent)
{
	return check_add(build, node, parent, CONF_SMTP_CHECK);
}

static void *begin_host(struct build *build, const struct node *node, void *parent)
{
	build_warn(build, node, 0,
		   "'host' is deprecated; its options are taken as options of the SMTP_CHECK");
	return parent;
}

const struct option_scope scope_smtp_host = {
	.name = "host",
	.tables = {check_common_rows, check_connection_rows},
	.begin = begin_host,
};

static const struct option smtp_rows[] = {
	{"helo_name", OPTION_STRING, CHECKER(smtp.helo_name), .flags = FIELD, .max = 255,
	 .argument = "NAME",
	 .help = "what the check calls itself; smtpchecker.keepalived.org by default"},
	{"host", OPTION_BLOCK, .block = &scope_smtp_host, .flags = OPTION_REPEATABLE,
	 .dump = dump_never,
	 .help = "old place of the options of the connection; they belong in the SMTP_CHECK "
		 "itself"},
	{.name = NULL},
};

const struct option_scope scope_smtp = {
	.name = "SMTP_CHECK",
	.tables = {check_common_rows, check_connection_rows, smtp_rows},
	.model_size = sizeof(struct conf_checker),
	.begin = begin_smtp,
};
