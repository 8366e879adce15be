/* SPDX-License-Identifier: MIT */
/*
 * Checkers: what they inherit from their server and service, and the options that users write one
 * level too high. Order of precedence: checker, real server, virtual server, the checker type's own
 * default. Runs in the thread that loads.
 */
#include <string.h>

#include "conf/build.h"
#include "conf/finish_lvs.h"
#include "conf/scope_check.h"
#include "conf/scopes.h"

/* What sets the field of a checker, be it in the `host` block of an SMTP_CHECK. */
static const struct node *setter_at(const struct draft_checker *checker, size_t offset)
{
	const struct node *setter = checker->host ? tree_setter(checker->host, offset) : NULL;

	return setter ? setter : tree_setter(checker->node, offset);
}

#define SETTER(checker, member) setter_at(checker, offsetof(struct draft_checker, model.member))

/* ---- options one level too high ---- */

static bool is_implied(const struct draft_checker *checker, const struct draft_real_server *server)
{
	return checker->node == server->node;
}

static void imply_checker(struct build *build, struct draft_real_server *server)
{
	struct draft_checker *checker =
		items_add(&server->checkers, build->scratch, sizeof(*checker));

	build_fill_defaults(&scope_tcp, checker);
	checker->model.type = CONF_TCP_CHECK;
	checker->model.line = server->node->place.line;
	checker->node = server->node;
}

/* True when at least one checker has such an option, whether it was set there already or not. */
static bool hand_down(struct build *build, struct draft_real_server *server,
		      const struct node *node)
{
	bool known = false;

	for (struct item *item = server->checkers.first; item; item = item->next) {
		struct draft_checker *checker = ITEM(draft_checker, item);
		struct node copy = *node;
		size_t errors = build->diags.errors;

		copy.row = option_find(checker_scope(checker->model.type), node->row->name);
		if (!copy.row)
			continue;
		known = true;
		if (!is_implied(checker, server) && setter_at(checker, copy.row->offset))
			continue;
		build_apply_row(build, &copy, checker);
		if (build->diags.errors != errors)
			break;
	}
	return known;
}

void finish_misplaced(struct build *build, struct draft_real_server *server)
{
	bool implied = !server->checkers.n;

	if (!server->misplaced.n)
		return;
	if (implied)
		imply_checker(build, server);
	for (struct item *item = server->misplaced.first; item; item = item->next) {
		const struct node *node;
		const char *done = implied ? "the server gets a TCP_CHECK with it"
					   : "applied to the checkers of this server";

		memcpy(&node, item->body, sizeof(node));
		if (!hand_down(build, server, node))
			done = "no checker of this server has it, ignored";
		build_warn(build, node, 0, "'%s' belongs in a checker; %s", node->row->name, done);
	}
}

/* ---- inheritance ---- */

struct own_defaults {
	uint32_t retry;
	uint64_t delay_before_retry_us; /* 0: the interval */
};

static const struct own_defaults own_defaults[CONF_CHECKER_TYPES] = {
	[CONF_TCP_CHECK] = {1, 1000000}, [CONF_HTTP_GET] = {1, 3000000},
	[CONF_SSL_GET] = {1, 3000000},	 [CONF_SMTP_CHECK] = {1, 1000000},
	[CONF_DNS_CHECK] = {3, 0},	 [CONF_MISC_CHECK] = {0, 1000000},
	[CONF_UDP_CHECK] = {1, 1000000}, [CONF_PING_CHECK] = {1, 1000000},
};

static void inherit(const struct draft_virtual_server *service,
		    const struct draft_real_server *server, struct draft_checker *checker)
{
	const struct own_defaults *own = &own_defaults[checker->model.type];
	unsigned given = service->inherits | finish_given(server->node, false);
	bool implied = is_implied(checker, server);
	struct conf_checker *model = &checker->model;

	if (implied || !SETTER(checker, delay_loop_us))
		model->delay_loop_us = server->model.delay_loop_us;
	if (implied || !SETTER(checker, retry))
		model->retry = given & GIVEN_RETRY ? server->model.retry : own->retry;
	if (implied || !SETTER(checker, delay_before_retry_us))
		model->delay_before_retry_us =
			given & GIVEN_DELAY_BEFORE_RETRY ? server->model.delay_before_retry_us
			: own->delay_before_retry_us	 ? own->delay_before_retry_us
							 : model->delay_loop_us;
	if (implied || !SETTER(checker, warmup_us))
		model->warmup_us =
			given & GIVEN_WARMUP ? server->model.warmup_us : model->delay_loop_us;
	if (implied || !SETTER(checker, alpha))
		model->alpha = server->model.alpha;
	if (implied || !SETTER(checker, connect_timeout_us))
		model->connect_timeout_us = server->model.connect_timeout_us;
}

static uint16_t default_port(const struct draft_virtual_server *service,
			     const struct draft_real_server *server, enum conf_checker_type type)
{
	if (server->written_port)
		return server->written_port;
	if (server->model.key.port)
		return server->model.key.port;
	if (service->model.type == CONF_VS_GROUP && service->model.n_keys &&
	    service->model.keys[0].port)
		return service->model.keys[0].port;
	switch (type) {
	case CONF_HTTP_GET:
		return 80;
	case CONF_SSL_GET:
		return 443;
	case CONF_SMTP_CHECK:
		return 25;
	case CONF_DNS_CHECK:
		return 53;
	default:
		return 0;
	}
}

/* In the checker, or in the server it was handed down from. */
static const struct node *find_keyword(const struct draft_checker *checker,
				       const struct draft_real_server *server, const char *name)
{
	for (const struct node *node = checker->node->first; node; node = node->next)
		if (node->row && strcmp(node->row->name, name) == 0)
			return node;
	for (struct item *item = server->misplaced.first; item; item = item->next) {
		const struct node *node;

		memcpy(&node, item->body, sizeof(node));
		if (strcmp(node->row->name, name) == 0)
			return node;
	}
	return checker->node;
}

/* An echo has no ports. */
static void ignore_ports(struct build *build, const struct draft_virtual_server *service,
			 const struct draft_real_server *server, struct draft_checker *checker)
{
	struct conf_checker *model = &checker->model;
	uint16_t own = default_port(service, server, model->type);

	if (model->connect_port && model->connect_port != own)
		build_warn(build, find_keyword(checker, server, "connect_port"), 0,
			   "'connect_port' has no meaning in PING_CHECK; ignored");
	if (model->bind_port)
		build_warn(build, find_keyword(checker, server, "bind_port"), 0,
			   "'bind_port' has no meaning in PING_CHECK; ignored");
	model->connect_port = own; /* for display */
	model->bind_port = 0;
}

/* What dial() could only fail with, at every attempt. */
static void check_connection(struct build *build, const struct draft_real_server *server,
			     const struct draft_checker *checker)
{
	const struct conf_checker *model = &checker->model;

	if (ip_is_set(&model->bind_ip) && model->bind_ip.family != model->connect_ip.family)
		build_error(build, checker->node, 0,
			    "'bindto' is not of the family of the address that is checked");
	if (ip_is_link_local(&model->connect_ip) && !model->bind_interface)
		build_warn(build, find_keyword(checker, server, "connect_ip"), 0,
			   "the address that is checked is link-local: without 'bind_if' no "
			   "packet finds its way");
}

static void finish_connection(struct build *build, const struct draft_virtual_server *service,
			      const struct draft_real_server *server, struct draft_checker *checker)
{
	struct conf_checker *model = &checker->model;

	if (!ip_is_set(&model->connect_ip))
		model->connect_ip = server->model.key.ip;
	if (model->type == CONF_PING_CHECK)
		ignore_ports(build, service, server, checker);
	if (!model->connect_port)
		model->connect_port = default_port(service, server, model->type);
	if (!model->connect_port && model->type != CONF_PING_CHECK)
		build_error(build, checker->node, 0,
			    "there is no port to check; write 'connect_port'");
	check_connection(build, server, checker);
}

static void ignore_keyword(struct build *build, const struct node *setter)
{
	build_warn(build, setter, 0, "'%s' has a meaning in SSL_GET only; ignored",
		   setter->row->name);
}

static void ignore_url_tls(struct build *build, struct draft_checker *checker)
{
	for (const struct node *node = checker->node->first; node; node = node->next) {
		bool is_url = node->row && node->row->block == &scope_url && node->draft;
		const struct node *setter =
			is_url ? tree_setter(node, offsetof(struct conf_url, tls_compliant)) : NULL;

		if (setter && ((const struct conf_url *)node->draft)->tls_compliant == CONF_ON)
			ignore_keyword(build, setter);
	}
	for (size_t i = 0; i < checker->model.n_urls; i++)
		checker->model.urls[i].tls_compliant = CONF_UNSET;
}

/* Keywords of both HTTP checkers that mean nothing without TLS. */
static void ignore_tls(struct build *build, struct draft_checker *checker)
{
	struct conf_checker *model = &checker->model;

	if (model->sni)
		ignore_keyword(build, SETTER(checker, sni));
	if (model->sni_name)
		ignore_keyword(build, SETTER(checker, sni_name));
	if (model->tls_compliant)
		ignore_keyword(build, SETTER(checker, tls_compliant));
	ignore_url_tls(build, checker);
	model->sni = false;
	model->sni_name = NULL;
	model->tls_compliant = false;
}

static void finish_http(struct build *build, const struct draft_virtual_server *service,
			const struct draft_real_server *server, struct draft_checker *checker)
{
	struct conf_checker *model = &checker->model;

	if (!model->virtualhost)
		model->virtualhost = server->model.virtualhost ? server->model.virtualhost
							       : service->model.virtualhost;
	if (model->type == CONF_HTTP_GET)
		ignore_tls(build, checker);
	else if (model->sni_name && !model->sni)
		build_warn(build, SETTER(checker, sni_name), 0,
			   "'sni_name' has no effect without 'enable_sni'");
}

static void finish_smtp(struct build *build, struct draft_checker *checker)
{
	/* Mail servers may know keepalived's checks by this name. */
	if (!checker->model.smtp.helo_name)
		checker->model.smtp.helo_name =
			arena_strdup(build->arena, "smtpchecker.keepalived.org");
}

static void finish_udp(struct build *build, const struct draft_checker *checker)
{
	const struct conf_udp_check *udp = &checker->model.udp;
	const struct node *setter = SETTER(checker, udp.min_reply_bytes);

	if (udp->min_reply_bytes > udp->max_reply_bytes)
		build_error(build, setter ? setter : SETTER(checker, udp.max_reply_bytes), 1,
			    "'min_reply_length', which is %u, must not be above "
			    "'max_reply_length', which is %u",
			    udp->min_reply_bytes, udp->max_reply_bytes);
}

static void finish_misc(struct draft_checker *checker)
{
	if (!checker->model.misc_timeout_us)
		checker->model.misc_timeout_us = checker->model.delay_loop_us;
}

static void finish_checker(struct build *build, const struct draft_virtual_server *service,
			   const struct draft_real_server *server, struct draft_checker *checker)
{
	switch (checker->model.type) {
	case CONF_MISC_CHECK:
		finish_misc(checker);
		return;
	case CONF_BFD_CHECK:
	case CONF_FILE_CHECK: /* what they follow is not asked again */
		checker->model.retry = 0;
		return;
	case CONF_HTTP_GET:
	case CONF_SSL_GET:
		finish_http(build, service, server, checker);
		break;
	case CONF_SMTP_CHECK:
		finish_smtp(build, checker);
		break;
	case CONF_UDP_CHECK:
		finish_udp(build, checker);
		break;
	default:
		break;
	}
	finish_connection(build, service, server, checker);
}

void finish_checkers(struct build *build, struct draft_virtual_server *service,
		     struct draft_real_server *server)
{
	for (struct item *item = server->checkers.first; item; item = item->next) {
		struct draft_checker *checker = ITEM(draft_checker, item);
		struct conf_checker *model = &checker->model;

		inherit(service, server, checker);
		if (!SETTER(checker, log_all_failures) && !model->log_all_failures)
			model->log_all_failures = build->global.model.checker_log_all_failures;
		finish_checker(build, service, server, checker);
	}
	server->model.checkers =
		items_to_array(&server->checkers, build->arena, sizeof(struct conf_checker));
	server->model.n_checkers = (uint32_t)server->checkers.n;
}
