/* SPDX-License-Identifier: MIT */
/*
 * Checkers: what they inherit from their server and service, and the options that users write one
 * level too high. Order of precedence: checker, real server, virtual server, the checker type's own
 * default. Runs in the thread that loads.
 */
#include <string.h>

#include "conf/build.h"
#include "conf/finish_lvs.h"
#include "conf/scope_lvs.h"
#include "conf/scopes.h"

#define SETTER(checker, member)                                                                    \
	tree_setter((checker)->node, offsetof(struct draft_checker, model.member))

static const struct option_scope *scope_of(enum conf_checker_type type)
{
	static const struct option_scope *const scopes[] = {
		[CONF_TCP_CHECK] = &scope_tcp,
		[CONF_HTTP_GET] = &scope_http,
		[CONF_SSL_GET] = &scope_ssl,
		[CONF_MISC_CHECK] = &scope_misc,
	};

	return scopes[type];
}

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

		copy.row = option_find(scope_of(checker->model.type), node->row->name);
		if (!copy.row)
			continue;
		known = true;
		if (!is_implied(checker, server) && tree_setter(checker->node, copy.row->offset))
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
	uint64_t delay_before_retry_us;
};

static const struct own_defaults own_defaults[] = {
	[CONF_TCP_CHECK] = {1, 1000000},
	[CONF_HTTP_GET] = {1, 3000000},
	[CONF_SSL_GET] = {1, 3000000},
	[CONF_MISC_CHECK] = {0, 1000000},
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
		model->delay_before_retry_us = given & GIVEN_DELAY_BEFORE_RETRY
						       ? server->model.delay_before_retry_us
						       : own->delay_before_retry_us;
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
	return type == CONF_HTTP_GET ? 80 : type == CONF_SSL_GET ? 443 : 0;
}

static void finish_connection(struct build *build, const struct draft_virtual_server *service,
			      const struct draft_real_server *server, struct draft_checker *checker)
{
	struct conf_checker *model = &checker->model;

	if (!ip_is_set(&model->connect_ip))
		model->connect_ip = server->model.key.ip;
	if (!model->connect_port)
		model->connect_port = default_port(service, server, model->type);
	if (!model->connect_port)
		build_error(build, checker->node, 0,
			    "there is no port to check; write 'connect_port'");
	if (ip_is_set(&model->bind_ip) && model->bind_ip.family != model->connect_ip.family)
		build_error(build, checker->node, 0,
			    "'bindto' is not of the family of the address that is checked");
}

static void finish_http(struct build *build, const struct draft_virtual_server *service,
			const struct draft_real_server *server, struct draft_checker *checker)
{
	struct conf_checker *model = &checker->model;

	if (!model->virtualhost)
		model->virtualhost = server->model.virtualhost ? server->model.virtualhost
							       : service->model.virtualhost;
	if (model->type == CONF_HTTP_GET && (model->sni || model->sni_name)) {
		const struct node *setter =
			SETTER(checker, sni) ? SETTER(checker, sni) : SETTER(checker, sni_name);

		build_warn(build, setter, 0, "'%s' has a meaning in SSL_GET only; ignored",
			   setter->row->name);
		model->sni = false;
		model->sni_name = NULL;
	}
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
		if (model->type == CONF_MISC_CHECK) {
			if (!model->misc_timeout_us)
				model->misc_timeout_us = model->delay_loop_us;
			continue;
		}
		finish_connection(build, service, server, checker);
		if (model->type != CONF_TCP_CHECK)
			finish_http(build, service, server, checker);
	}
	server->model.checkers =
		items_to_array(&server->checkers, build->arena, sizeof(struct conf_checker));
	server->model.n_checkers = server->checkers.n;
}
