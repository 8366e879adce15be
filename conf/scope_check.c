/* SPDX-License-Identifier: MIT */
/*
 * Checkers. Source: keepalived.conf(5), the checkers of a real_server. The options that all share
 * stand in one table each, so a new checker brings only its own rows.
 */
#include <stdio.h>
#include <string.h>

#include "conf/scope_lvs.h"
#include "conf/scopes.h"
#include "conf/value.h"

#define FIELD	OPTION_HAS_FIELD
#define DEFAULT (OPTION_HAS_FIELD | OPTION_HAS_DEFAULT)

#define CHECKER(member) OPTION_FIELD(draft_checker, model.member), .reload = OPTION_RESTART

static struct draft_checker *add_checker(struct build *build, const struct node *node, void *parent,
					 enum conf_checker_type type,
					 const struct option_scope *scope)
{
	struct draft_real_server *server = parent;
	struct draft_checker *checker =
		items_add(&server->checkers, build->scratch, sizeof(*checker));

	build_fill_defaults(scope, checker);
	checker->model.type = type;
	checker->model.line = node->place.line;
	checker->node = node;
	return checker;
}

static void *begin_tcp(struct build *build, const struct node *node, void *parent)
{
	return add_checker(build, node, parent, CONF_TCP_CHECK, &scope_tcp);
}

static void *begin_http(struct build *build, const struct node *node, void *parent)
{
	return add_checker(build, node, parent, CONF_HTTP_GET, &scope_http);
}

static void *begin_ssl(struct build *build, const struct node *node, void *parent)
{
	return add_checker(build, node, parent, CONF_SSL_GET, &scope_ssl);
}

static void *begin_misc(struct build *build, const struct node *node, void *parent)
{
	return add_checker(build, node, parent, CONF_MISC_CHECK, &scope_misc);
}

/* ---- options of all, and of all that connect ---- */

static const struct option common_rows[] = {
	{"delay_loop", OPTION_TIME, CHECKER(delay_loop_us), .flags = FIELD, .min = TIME_LEAST_US,
	 .max = TIME_MAX_US, .help = "interval; the server's by default"},
	{"retry", OPTION_UNSIGNED, CHECKER(retry), .flags = FIELD, .min = 0, .max = UINT32_MAX,
	 .help = "further attempts after a failure"},
	{"nb_get_retry", OPTION_ALIAS, .alias_of = "retry", .flags = OPTION_DEPRECATED},
	{"delay_before_retry", OPTION_TIME, CHECKER(delay_before_retry_us), .flags = FIELD,
	 .min = 0, .max = TIME_MAX_US, .help = "pause before such an attempt"},
	{"warmup", OPTION_TIME, CHECKER(warmup_us), .flags = FIELD, .min = 0, .max = TIME_MAX_US,
	 .help = "the first check comes within this time"},
	{"alpha", OPTION_BOOL, CHECKER(alpha), .flags = FIELD,
	 .help = "down until the first check passes"},
	{"log_all_failures", OPTION_BOOL, CHECKER(log_all_failures), .flags = FIELD,
	 .help = "log every failure instead of changes"},
	{.name = NULL},
};

const struct option connection_rows[] = {
	{"connect_ip", OPTION_ADDRESS, CHECKER(connect_ip), .flags = FIELD,
	 .help = "the server's by default"},
	{"connect_port", OPTION_UNSIGNED, CHECKER(connect_port), .flags = FIELD, .min = 1,
	 .max = UINT16_MAX, .help = "the server's by default"},
	{"bindto", OPTION_ADDRESS, CHECKER(bind_ip), .flags = FIELD, .help = "source address"},
	{"bind_port", OPTION_UNSIGNED, CHECKER(bind_port), .flags = FIELD, .min = 1,
	 .max = UINT16_MAX, .help = "source port"},
	{"bind_if", OPTION_INTERFACE, CHECKER(bind_interface), .flags = FIELD,
	 .help = "interface to leave by"},
	{"fwmark", OPTION_UNSIGNED, CHECKER(mark), .flags = DEFAULT, .min = 0, .max = UINT32_MAX,
	 .help = "firewall mark of the packets"},
	{"connect_timeout", OPTION_TIME, CHECKER(connect_timeout_us), .flags = FIELD,
	 .min = TIME_LEAST_US, .max = TIME_MAX_US, .help = "patience with the server"},
	{.name = NULL},
};

const struct option_scope scope_tcp = {
	.name = "TCP_CHECK",
	.tables = {common_rows, connection_rows},
	.model_size = sizeof(struct conf_checker),
	.begin = begin_tcp,
};

/* ---- HTTP_GET, SSL_GET ---- */

static void read_http_protocol(struct build *build, const struct node *node, void *draft)
{
	struct draft_checker *checker = draft;
	const char *text = node->words[1].text;

	if (strcmp(text, "1.0") != 0 && strcmp(text, "1.0C") != 0 && strcmp(text, "1.1") != 0) {
		build_error(build, node, 1, "'http_protocol' must be 1.0, 1.0C or 1.1, not '%.64s'",
			    text);
		return;
	}
	checker->model.http_minor = text[2] == '1';
	checker->model.http_close = text[3] == 'C';
}

static void dump_http_protocol(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_checker *checker = model;

	dump_line(dump, "%s 1.%u%s", row->name, checker->http_minor,
		  checker->http_close ? "C" : "");
}

static void *begin_url(struct build *build, const struct node *node, void *parent)
{
	struct draft_checker *checker = parent;
	struct conf_url *urls = arena_array(build->arena, checker->model.n_urls + 1, sizeof(*urls));

	(void)node;
	if (checker->model.n_urls)
		memcpy(urls, checker->model.urls, checker->model.n_urls * sizeof(*urls));
	checker->model.urls = urls;
	return &urls[checker->model.n_urls++];
}

static void end_url(struct build *build, const struct node *node, void *draft)
{
	struct conf_url *url = draft;
	bool any = false;

	(void)node;
	if (!url->path)
		url->path = arena_strdup(build->arena, "/");
	for (size_t i = 0; i < sizeof(url->status); i++)
		any = any || url->status[i];
	for (unsigned code = 200; !any && code < 300; code++)
		url->status[(code - 100) / 8] |= (uint8_t)(1u << (code - 100) % 8);
}

static void read_path(struct build *build, const struct node *node, void *draft)
{
	struct conf_url *url = draft;
	const char *text = node->words[1].text;

	if (strpbrk(text, " \t")) {
		build_error(build, node, 1, "a path must not contain white space; write %%20");
		return;
	}
	if (*text != '/')
		build_warn(build, node, 1, "the path does not begin with '/'; taken as '/%.64s'",
			   text);
	url->path = arena_printf(build->arena, "%s%s", *text == '/' ? "" : "/", text);
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *digit = c ? strchr(digits, c | 0x20) : NULL;

	return digit ? (int)(digit - digits) : -1;
}

static void read_digest(struct build *build, const struct node *node, void *draft)
{
	struct conf_url *url = draft;
	const char *text = node->words[1].text;
	uint8_t digest[16] = {0};
	size_t i = 0;

	for (; text[i] && i < 32 && hex_digit(text[i]) >= 0; i++)
		digest[i / 2] = (uint8_t)(digest[i / 2] << 4 | hex_digit(text[i]));
	if (i != 32 || text[i]) {
		build_error(build, node, 1,
			    "'digest' must be 32 hexadecimal digits (MD5 of the page)");
		return;
	}
	url->has_digest = true;
	memcpy(url->digest, digest, sizeof(digest));
}

static void dump_digest(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_url *url = model;
	char text[33];

	if (!url->has_digest)
		return;
	for (size_t i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", url->digest[i]);
	dump_line(dump, "%s %s", row->name, text);
}

/* "200" or "200-299" */
static bool read_status_range(struct conf_url *url, const char *text)
{
	const char *dash = strchr(text, '-');
	uint64_t from, to;
	char first[8];

	snprintf(first, sizeof(first), "%.*s", dash && dash - text < 8 ? (int)(dash - text) : 7,
		 text);
	if (!value_parse_unsigned(first, &from) ||
	    !value_parse_unsigned(dash ? dash + 1 : text, &to))
		return false;
	if (from < 100 || to > 599 || from > to)
		return false;
	for (uint64_t code = from; code <= to; code++)
		url->status[(code - 100) / 8] |= (uint8_t)(1u << (code - 100) % 8);
	return true;
}

static void read_status(struct build *build, const struct node *node, void *draft)
{
	struct conf_url *url = draft;

	for (size_t i = 1; i < node->n_words; i++) {
		const char *at = node->words[i].text;

		while (*at) {
			size_t length = strcspn(at, ",");
			char *part = arena_strndup(build->scratch, at, length);

			if (length && !read_status_range(url, part)) {
				build_error(build, node, i,
					    "'status_code' takes codes and ranges from 100 to 599, "
					    "as in 200-299 301, not '%.64s'",
					    part);
				return;
			}
			at += length + (at[length] == ',');
		}
	}
}

static bool has_status(const struct conf_url *url, unsigned code)
{
	return code >= 100 && code < 600 &&
	       (url->status[(code - 100) / 8] & (1u << (code - 100) % 8));
}

static void dump_status(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_url *url = model;
	char text[4096];
	size_t used = 0;

	for (unsigned code = 100; code < 600; code++) {
		unsigned last = code;

		if (!has_status(url, code))
			continue;
		while (has_status(url, last + 1))
			last++;
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 last == code ? " %u" : " %u-%u", code, last);
		code = last;
	}
	dump_line(dump, "%s%s", row->name, text);
}

static void dump_urls(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_checker *checker = model;

	for (size_t i = 0; i < checker->n_urls; i++) {
		dump_open(dump, "%s", row->name);
		dump_scope(dump, &scope_url, &checker->urls[i]);
		dump_close(dump);
	}
}

#define URL(member) OPTION_FIELD(conf_url, member), .reload = OPTION_RESTART

static const struct option url_rows[] = {
	{"path", OPTION_CUSTOM, URL(path), .flags = FIELD, .min = 1, .max = 1, .apply = read_path,
	 .argument = "PATH", .help = "what to fetch; / by default"},
	{"digest", OPTION_CUSTOM, URL(digest), .flags = FIELD, .min = 1, .max = 1,
	 .apply = read_digest, .dump = dump_digest, .argument = "MD5", .help = "of the body"},
	{"status_code", OPTION_CUSTOM, URL(status), .flags = FIELD, .min = 1, .max = 500,
	 .apply = read_status, .dump = dump_status, .argument = "CODE|FROM-TO ...",
	 .help = "accepted answers; 200-299 by default"},
	{"virtualhost", OPTION_STRING, URL(virtualhost), .flags = FIELD, .max = 255,
	 .help = "host name; the checker's by default"},
	{.name = NULL},
};

const struct option_scope scope_url = {
	.name = "url",
	.tables = {url_rows},
	.model_size = sizeof(struct conf_url),
	.begin = begin_url,
	.end = end_url,
};

static const struct option http_rows[] = {
	{"url", OPTION_BLOCK, .block = &scope_url, .flags = OPTION_REQUIRED | OPTION_REPEATABLE,
	 .dump = dump_urls, .help = "one page"},
	{"virtualhost", OPTION_STRING, CHECKER(virtualhost), .flags = FIELD, .max = 255,
	 .help = "host name; the server's or service's by default"},
	{"http_protocol", OPTION_CUSTOM, CHECKER(http_minor), .flags = FIELD, .min = 1, .max = 1,
	 .apply = read_http_protocol, .dump = dump_http_protocol, .argument = "1.0|1.0C|1.1",
	 .help = "1.0C: 1.0 with Connection: close"},
	{"enable_sni", OPTION_BOOL, CHECKER(sni), .flags = DEFAULT,
	 .help = "SSL_GET: name the host in the handshake"},
	{"sni_name", OPTION_STRING, CHECKER(sni_name), .flags = FIELD, .max = 255,
	 .help = "SSL_GET: that name; the virtual host by default"},
	{.name = NULL},
};

const struct option_scope scope_http = {
	.name = "HTTP_GET",
	.tables = {common_rows, connection_rows, http_rows},
	.model_size = sizeof(struct conf_checker),
	.begin = begin_http,
};

const struct option_scope scope_ssl = {
	.name = "SSL_GET",
	.tables = {common_rows, connection_rows, http_rows},
	.model_size = sizeof(struct conf_checker),
	.begin = begin_ssl,
};

/* ---- MISC_CHECK ---- */

static void read_misc_path(struct build *build, const struct node *node, void *draft)
{
	struct draft_checker *checker = draft;
	struct conf_command command;

	if (!value_command(build, node, false, &command))
		return;
	checker->model.command.text = command.text;
	checker->model.command.argv = command.argv;
}

static void dump_misc_path(struct dump *dump, const struct option *row, const void *model)
{
	dump_line(dump, "%s %s", row->name,
		  dump_word(dump, ((const struct conf_checker *)model)->command.text));
}

static void read_misc_user(struct build *build, const struct node *node, void *draft)
{
	struct draft_checker *checker = draft;

	checker->model.command.user = arena_strdup(build->arena, node->words[1].text);
	checker->model.command.group =
		node->n_words > 2 ? arena_strdup(build->arena, node->words[2].text) : NULL;
}

static void dump_misc_user(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_command *command = &((const struct conf_checker *)model)->command;

	if (command->user)
		dump_line(dump, "%s %s%s%s", row->name, dump_word(dump, command->user),
			  command->group ? " " : "",
			  command->group ? dump_word(dump, command->group) : "");
}

static const struct option misc_rows[] = {
	{"misc_path", OPTION_COMMAND, CHECKER(command),
	 .flags = FIELD | OPTION_REQUIRED | OPTION_NO_USER, .apply = read_misc_path,
	 .dump = dump_misc_path, .help = "what to run; exit status 0 is success"},
	{"misc_timeout", OPTION_TIME, CHECKER(misc_timeout_us), .flags = FIELD,
	 .min = TIME_LEAST_US, .max = TIME_MAX_US,
	 .help = "a run that takes longer has failed; the interval by default"},
	{"misc_dynamic", OPTION_FLAG, CHECKER(misc_dynamic), .flags = FIELD, .value = true,
	 .help = "exit statuses 2 to 255 set the weight to status - 2"},
	{"user", OPTION_CUSTOM, CHECKER(command.user), .flags = FIELD, .min = 1, .max = 2,
	 .apply = read_misc_user, .dump = dump_misc_user, .argument = "USER [GROUP]",
	 .help = "account it runs as"},
	{.name = NULL},
};

const struct option_scope scope_misc = {
	.name = "MISC_CHECK",
	.tables = {common_rows, misc_rows},
	.model_size = sizeof(struct conf_checker),
	.begin = begin_misc,
};

const struct option_scope *checker_scope(enum conf_checker_type type)
{
	static const struct option_scope *const types[] = {
		[CONF_TCP_CHECK] = &scope_tcp,
		[CONF_HTTP_GET] = &scope_http,
		[CONF_SSL_GET] = &scope_ssl,
		[CONF_MISC_CHECK] = &scope_misc,
	};

	return types[type];
}

/* Called for the row of each type: prints the checkers of that type. */
void dump_checkers(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_real_server *server = model;

	/* In the order written: all at the first row of a checker. */
	if (row->block != &scope_tcp)
		return;
	for (size_t i = 0; i < server->n_checkers; i++) {
		const struct option_scope *scope = checker_scope(server->checkers[i].type);

		dump_open(dump, "%s", scope->name);
		dump_scope(dump, scope, &server->checkers[i]);
		dump_close(dump);
	}
}
