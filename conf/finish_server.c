/* SPDX-License-Identifier: MIT */
/*
 * The real servers of a service: inherited values, the ports the kernel will use, families,
 * duplicates. Runs in the thread that loads.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/finish_lvs.h"

#define SERVICE_OFFSET(member) offsetof(struct draft_virtual_server, model.member)
#define SERVER_OFFSET(member)  offsetof(struct draft_real_server, model.member)

unsigned finish_given(const struct node *block, bool is_service)
{
	static const struct {
		unsigned bit;
		size_t service, server;
	} fields[] = {
		{GIVEN_DELAY_LOOP, SERVICE_OFFSET(delay_loop_us), SERVER_OFFSET(delay_loop_us)},
		{GIVEN_RETRY, SERVICE_OFFSET(retry), SERVER_OFFSET(retry)},
		{GIVEN_DELAY_BEFORE_RETRY, SERVICE_OFFSET(delay_before_retry_us),
		 SERVER_OFFSET(delay_before_retry_us)},
		{GIVEN_WARMUP, SERVICE_OFFSET(warmup_us), SERVER_OFFSET(warmup_us)},
		{GIVEN_CONNECT_TIMEOUT, SERVICE_OFFSET(connect_timeout_us),
		 SERVER_OFFSET(connect_timeout_us)},
		{GIVEN_ALPHA, SERVICE_OFFSET(alpha), SERVER_OFFSET(alpha)},
		{GIVEN_WEIGHT, SERVICE_OFFSET(weight), SERVER_OFFSET(weight)},
		{GIVEN_METHOD, SERVICE_OFFSET(method), SERVER_OFFSET(method)},
		{GIVEN_INHIBIT, SERVICE_OFFSET(inhibit_on_failure),
		 SERVER_OFFSET(inhibit_on_failure)},
		{GIVEN_SLOW_START, SERVICE_OFFSET(slow_start_us), SERVER_OFFSET(slow_start_us)},
	};
	unsigned given = 0;

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (tree_setter(block, is_service ? fields[i].service : fields[i].server))
			given |= fields[i].bit;
	return given;
}

static void inherit(const struct conf_virtual_server *service, unsigned service_given,
		    struct draft_real_server *server)
{
	unsigned given = finish_given(server->node, false);
	struct conf_real_server *model = &server->model;

	if (!(given & GIVEN_DELAY_LOOP))
		model->delay_loop_us = service->delay_loop_us;
	if (!(given & GIVEN_RETRY))
		model->retry = service->retry;
	if (!(given & GIVEN_DELAY_BEFORE_RETRY))
		model->delay_before_retry_us = service->delay_before_retry_us;
	if (!(given & GIVEN_WARMUP))
		model->warmup_us =
			service_given & GIVEN_WARMUP ? service->warmup_us : model->delay_loop_us;
	if (!(given & GIVEN_CONNECT_TIMEOUT))
		model->connect_timeout_us = service->connect_timeout_us;
	if (!(given & GIVEN_ALPHA))
		model->alpha = service->alpha;
	if (!(given & GIVEN_WEIGHT))
		model->weight = service->weight;
	if (!(given & GIVEN_METHOD))
		model->method = service->method;
	if (!(given & GIVEN_INHIBIT))
		model->inhibit_on_failure = service->inhibit_on_failure;
	if (!(given & GIVEN_SLOW_START))
		model->slow_start_us = service->slow_start_us;
}

/* The one port of all keys of the service, 0 when they differ or have none. */
static uint16_t common_port(const struct conf_virtual_server *service)
{
	for (size_t i = 1; i < service->n_keys; i++)
		if (service->keys[i].port != service->keys[0].port || service->keys[i].fwmark)
			return 0;
	return service->n_keys ? service->keys[0].port : 0;
}

/*
 * The port as the kernel wants it. A firewall mark has no ports: the packet's own is kept. DR and
 * TUN do not rewrite packets, so the server answers on the service's port. NAT may translate.
 */
static uint16_t adapt_port(struct build *build, const struct conf_virtual_server *service,
			   const struct conf_method *method, const struct node *node, size_t word,
			   uint16_t written)
{
	uint16_t port = common_port(service);
	const char *how = method->forward == CONF_DR ? "DR" : "TUN";

	if (service->type == CONF_VS_FWMARK) {
		if (written)
			build_warn(build, node, word,
				   "port %u is not used: with a firewall mark connections keep the "
				   "port they came to",
				   written);
		return 0;
	}
	if (method->forward == CONF_NAT || !port)
		return written ? written : port;
	if (written && written != port)
		build_warn(build, node, word,
			   "port %u is taken as %u, the service's: %s does not change ports",
			   written, port, how);
	return port;
}

static void check_family(struct build *build, const struct conf_virtual_server *service,
			 const struct conf_method *method, const struct node *node,
			 const struct ip *ip)
{
	for (size_t i = 0; i < service->n_keys; i++) {
		if (service->keys[i].ip.family == ip->family || method->forward == CONF_TUN)
			continue;
		build_error(
			build, node, 1,
			"this address is not of the family of the service; only TUN can do that");
		return;
	}
}

static int compare_servers(const void *a, const void *b)
{
	const struct draft_real_server *x = *(const struct draft_real_server *const *)a;
	const struct draft_real_server *y = *(const struct draft_real_server *const *)b;
	int order = dest_key_compare(&x->model.key, &y->model.key);

	if (order)
		return order;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void drop_duplicates(struct build *build, struct draft_virtual_server *service)
{
	struct draft_real_server **sorted =
		arena_array(build->scratch, service->servers.n, sizeof(*sorted));
	size_t n = 0, first = 0;

	for (struct item *item = service->servers.first; item; item = item->next) {
		sorted[n] = ITEM(draft_real_server, item);
		sorted[n]->order = n;
		n++;
	}
	if (n)
		qsort(sorted, n, sizeof(*sorted), compare_servers);
	for (size_t i = 1; i < n; i++) {
		if (dest_key_compare(&sorted[first]->model.key, &sorted[i]->model.key) != 0) {
			first = i;
			continue;
		}
		build_warn(build, sorted[i]->node, 1,
			   "this real server stands in line %u already; dropped here",
			   sorted[first]->model.line);
		sorted[i]->dropped = true;
	}
}

static void unlink_dropped(struct items *servers)
{
	struct item **link = &servers->first;

	servers->last = NULL;
	while (*link) {
		if (!ITEM(draft_real_server, *link)->dropped) {
			servers->last = *link;
			link = &(*link)->next;
			continue;
		}
		*link = (*link)->next;
		servers->n--;
	}
}

void finish_weight(struct build *build, const struct node *setter, uint32_t *weight)
{
	if (*weight <= UINT16_MAX)
		return;
	build_warn(build, setter, 1, "'weight' is taken as %u, the most the kernel is given",
		   UINT16_MAX);
	*weight = UINT16_MAX;
}

/* ip_vs_add_dest() answers ERANGE to a lower threshold above the upper one, be that 0: no limit. */
static void finish_thresholds(struct build *build, struct draft_real_server *server)
{
	struct conf_real_server *model = &server->model;
	const struct node *setter = tree_setter(server->node, SERVER_OFFSET(lower_threshold));

	if (model->lower_threshold <= model->upper_threshold)
		return;
	if (model->upper_threshold)
		build_warn(build, setter, 1,
			   "'lthreshold' must not be above 'uthreshold', which is %u; it is "
			   "ignored",
			   model->upper_threshold);
	else
		build_warn(build, setter, 0, "'lthreshold' has no effect without 'uthreshold'");
	model->lower_threshold = 0;
}

static void finish_sorry(struct build *build, struct draft_virtual_server *service)
{
	const struct node *node = tree_setter(service->node, SERVICE_OFFSET(sorry));
	struct conf_virtual_server *model = &service->model;

	if (!tree_setter(service->node, SERVICE_OFFSET(sorry_method)))
		model->sorry_method = model->method;
	if (!model->has_sorry)
		return;
	check_family(build, model, &model->sorry_method, node, &model->sorry.ip);
	model->sorry.port =
		adapt_port(build, model, &model->sorry_method, node, 2, model->sorry.port);
}

/* Nothing would ever bring it up. */
static void warn_alpha(struct build *build, const struct draft_real_server *server)
{
	const struct node *setter = tree_setter(server->node, SERVER_OFFSET(alpha));

	if (server->model.alpha && !server->model.n_checkers)
		build_warn(build, setter ? setter : server->node, 0,
			   "'alpha' has no effect on a server without checkers; it is up at once");
}

void finish_servers(struct build *build, struct draft_virtual_server *service)
{
	struct conf_virtual_server *model = &service->model;

	service->inherits = finish_given(service->node, true);
	for (struct item *item = service->servers.first; item; item = item->next) {
		struct draft_real_server *server = ITEM(draft_real_server, item);

		finish_weight(build, tree_setter(server->node, SERVER_OFFSET(weight)),
			      &server->model.weight);
		inherit(model, service->inherits, server);
		check_family(build, model, &server->model.method, server->node,
			     &server->model.key.ip);
		server->model.key.port = adapt_port(build, model, &server->model.method,
						    server->node, 2, server->written_port);
		finish_thresholds(build, server);
	}
	drop_duplicates(build, service);
	unlink_dropped(&service->servers);
	finish_sorry(build, service);
	for (struct item *item = service->servers.first; item; item = item->next) {
		struct draft_real_server *server = ITEM(draft_real_server, item);

		finish_misplaced(build, server);
		finish_checkers(build, service, server);
		warn_alpha(build, server);
	}
	model->servers =
		items_to_array(&service->servers, build->arena, sizeof(struct conf_real_server));
	model->n_servers = service->servers.n;
}
