/* SPDX-License-Identifier: MIT */
/*
 * HTTP_GET and SSL_GET, and the SSL block of the top level. Source: keepalived.conf(5), the
 * checkers of a real_server, and SSL.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf/scope_check.h"
#include "conf/scopes.h"
#include "conf/value.h"

static void *begin_http(struct build *build, const struct node *node, void *parent)
{
	return check_add(build, node, parent, CONF_HTTP_GET);
}

static void *begin_ssl(struct build *build, const struct node *node, void *parent)
{
	return check_add(build, node, parent, CONF_SSL_GET);
}

static void read_http_protocol(struct build *build, const struct node *node, void *draft)
{
	struct draft_checker *checker = draft;
	const char *text = node->words[1].text;

	if (strcasecmp(text, "1.0") != 0 && strcasecmp(text, "1.0C") != 0 &&
	    strcmp(text, "1.1") != 0) {
		build_error(build, node, 1, "'http_protocol' must be 1.0, 1.0C or 1.1, not '%.64s'",
			    text);
		return;
	}
	checker->model.http_minor = text[2] == '1';
	checker->model.http_close = text[3] != '\0';
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
	build_fill_defaults(&scope_url, &urls[checker->model.n_urls]);
	return &urls[checker->model.n_urls++];
}

static void end_url(struct build *build, const struct node *node, void *draft)
{
	struct conf_url *url = draft;
	bool any = false;

	if (!url->path) {
		build_warn(build, node, 0, "'url' has no 'path'; / is fetched");
		url->path = arena_strdup(build->arena, "/");
	}
	check_regex(build, node, &url->regex);
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

	if (node->n_words < 2)
		build_warn(build, node, 0, "'status_code' names no code and has no effect");
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
	 .argument = "PATH", .help = "what to fetch from the server; / by default"},
	{"digest", OPTION_CUSTOM, URL(digest), .flags = FIELD, .min = 1, .max = 1,
	 .apply = read_digest, .dump = dump_digest, .argument = "MD5",
	 .help = "MD5 that the body must have, in hexadecimal digits"},
	{"status_code", OPTION_CUSTOM, URL(status), .flags = FIELD, .min = 0, .max = 500,
	 .apply = read_status, .dump = dump_status, .argument = "CODE|FROM-TO ...",
	 .help = "answers that are accepted; 200-299 by default"},
	{"virtualhost", OPTION_STRING, URL(virtualhost), .flags = FIELD, .max = 255,
	 .help = "host name to ask for; the checker's by default"},
	{"tls_compliant", OPTION_BOOL, URL(tls_compliant), .flags = DEFAULT, .initial = CONF_UNSET,
	 .help = "SSL_GET: the connection must end by close_notify; the checker's setting by "
		 "default"},
	{.name = NULL},
};

const struct option_scope scope_url = {
	.name = "url",
	.tables = {url_rows, check_regex_rows},
	.model_size = sizeof(struct conf_url),
	.begin = begin_url,
	.end = end_url,
};

static const struct option http_rows[] = {
	{"url", OPTION_BLOCK, .block = &scope_url, .flags = OPTION_REQUIRED | OPTION_REPEATABLE,
	 .dump = dump_urls, .help = "one page to fetch; one is fetched for each check, in turn"},
	{"virtualhost", OPTION_STRING, CHECKER(virtualhost), .flags = FIELD, .max = 255,
	 .help = "host name to ask for; the server's or service's by default"},
	{"http_protocol", OPTION_CUSTOM, CHECKER(http_minor), .flags = FIELD, .min = 1, .max = 1,
	 .apply = read_http_protocol, .dump = dump_http_protocol, .argument = "1.0|1.0C|1.1",
	 .help = "version of HTTP to speak; 1.0C sends Connection: close with 1.0"},
	{"enable_sni", OPTION_BOOL, CHECKER(sni), .flags = DEFAULT,
	 .help = "SSL_GET: names the host in the TLS handshake"},
	{"sni_name", OPTION_STRING, CHECKER(sni_name), .flags = FIELD, .max = 255,
	 .help = "SSL_GET: that name; the virtual host by default"},
	{"fast_recovery", OPTION_BOOL, CHECKER(fast_recovery), .flags = DEFAULT,
	 .help = "while the server is not up, pages that answer follow each other without a pause"},
	{"tls_compliant", OPTION_BOOL, CHECKER(tls_compliant), .flags = DEFAULT,
	 .help = "SSL_GET: the connection must end by close_notify, as TLS wants"},
	{.name = NULL},
};

const struct option_scope scope_http = {
	.name = "HTTP_GET",
	.tables = {check_common_rows, check_connection_rows, http_rows},
	.model_size = sizeof(struct conf_checker),
	.begin = begin_http,
};

const struct option_scope scope_ssl = {
	.name = "SSL_GET",
	.tables = {check_common_rows, check_connection_rows, http_rows},
	.model_size = sizeof(struct conf_checker),
	.begin = begin_ssl,
};

/* ---- SSL ---- */

static void *begin_tls(struct build *build, const struct node *node, void *parent)
{
	(void)parent;
	if (build->tls_seen)
		build_warn(build, node, 0, "there is an 'SSL' block already; this one adds to it");
	build->tls_seen = true;
	return &build->conf->tls;
}

#define TLS(field) OPTION_FIELD(conf_tls, field), .reload = OPTION_IN_PLACE

static const struct option tls_rows[] = {
	{"password", OPTION_STRING, TLS(password), .flags = FIELD | OPTION_SECRET, .max = 255,
	 .argument = "TEXT", .needs = "key", .help = "password of the private key"},
	{"ca", OPTION_STRING, TLS(ca), .flags = FIELD, .max = 1023, .argument = "FILE",
	 .help = "PEM file of certificates of authorities, which complete the chain that is shown "
		 "to servers; the servers' own certificates are not verified, as by keepalived"},
	{"certificate", OPTION_STRING, TLS(certificate), .flags = FIELD, .max = 1023,
	 .argument = "FILE", .needs = "key",
	 .help = "PEM file of the certificate, and its chain, that SSL_GET shows to servers that "
		 "ask; read at the start and at every reload"},
	{"key", OPTION_STRING, TLS(key), .flags = FIELD, .max = 1023, .argument = "FILE",
	 .needs = "certificate", .help = "PEM file of the private key of that certificate"},
	{.name = NULL},
};

const struct option_scope scope_tls = {
	.name = "SSL",
	.tables = {tls_rows},
	.model_size = sizeof(struct conf_tls),
	.begin = begin_tls,
};

void dump_tls(struct dump *dump, const struct option *row, const void *model)
{
	const struct conf_tls *tls = &((const struct conf *)model)->tls;

	if (!tls->password && !tls->ca && !tls->certificate && !tls->key)
		return;
	dump_open(dump, "%s", row->name);
	dump_scope(dump, &scope_tls, tls);
	dump_close(dump);
}
