/* SPDX-License-Identifier: MIT */
/*
 * SMTP_CHECK. Old files put the connection into a block of its own, `host`, of which there may be
 * several: each makes a check, with the options of the SMTP_CHECK where it has none of its own.
 * Source: keepalived.conf(5), the checkers of a real_server.
 */
#include <string.h>

#include "conf/scope_check.h"
#include "conf/scopes.h"

static void *begin_smtp(struct build *build, const struct node *node, void *parent)
{
	return check_add(build, node, parent, CONF_SMTP_CHECK);
}

static void *begin_host(struct build *build, const struct node *node, void *parent)
{
	(void)parent;
	build_warn(build, node, 0,
		   "'host' is deprecated; each counts as an SMTP_CHECK with its options");
	return arena_alloc(build->scratch, sizeof(struct draft_checker));
}

/* What the block sets, the checker takes. */
static void take_host(struct draft_checker *checker, const struct node *host)
{
	checker->host = host;
	for (const struct node *node = host->first; node; node = node->next)
		if (node->row && node->row->size)
			memcpy((char *)checker + node->row->offset,
			       (const char *)host->draft + node->row->offset, node->row->size);
}

static void end_smtp(struct build *build, const struct node *node, void *draft)
{
	struct draft_checker *checker = draft;
	const struct draft_checker plain = *checker;
	struct items *checkers = &((struct draft_real_server *)node->parent->draft)->checkers;

	for (const struct node *host = node->first; host; host = host->next) {
		if (!host->row || host->row->block != &scope_smtp_host || !host->draft)
			continue;
		if (checker->host) {
			checker = items_add(checkers, build->scratch, sizeof(*checker));
			*checker = plain;
		}
		take_host(checker, host);
	}
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
	 .help = "old place of the options of the connection; each makes a check of its own"},
	{.name = NULL},
};

const struct option_scope scope_smtp = {
	.name = "SMTP_CHECK",
	.tables = {check_common_rows, check_connection_rows, smtp_rows},
	.model_size = sizeof(struct conf_checker),
	.begin = begin_smtp,
	.end = end_smtp,
};
