/* SPDX-License-Identifier: MIT */
/*
 * Virtual servers: what each is to the kernel, the rules between its keywords, and that no two
 * claim the same address and port. Runs in the thread that loads.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/finish_lvs.h"
#include "conf/names.h"

#define SETTER(service, member)                                                                    \
	tree_setter((service)->node, offsetof(struct draft_virtual_server, member))

/* ---- keys ---- */

static uint16_t family_of_servers(const struct draft_virtual_server *service)
{
	const struct item *first = service->servers.first;

	return first ? ITEM(draft_real_server, first)->model.key.ip.family : AF_INET;
}

/* With a firewall mark the kernel has a family and nothing else. */
static void complete_family(const struct draft_virtual_server *service, struct svc_key *key)
{
	if (key->fwmark && !key->ip.family)
		key->ip.family = service->family ? service->family : family_of_servers(service);
}

static void complete_key(const struct draft_virtual_server *service, struct svc_key *key)
{
	complete_family(service, key);
	if (!key->fwmark)
		key->protocol = service->model.protocol;
}

static int compare_keys(const void *a, const void *b)
{
	const struct draft_key *x = *(const struct draft_key *const *)a,
			       *y = *(const struct draft_key *const *)b;
	int order = svc_key_compare(&x->key, &y->key);

	if (order)
		return order;
	return x < y ? -1 : x > y;
}

/* A mark without a family has that of the first service that uses the group, for all of them. */
static void complete_marks(const struct draft_virtual_server *service,
			   struct draft_address_group *group)
{
	for (struct item *item = group->keys.first; item; item = item->next)
		complete_family(service, &ITEM(draft_key, item)->key);
}

/* Lines of a group that repeat an address are dropped once, whoever uses the group. */
static void drop_repeated_keys(struct build *build, struct draft_address_group *group)
{
	struct draft_key **sorted = arena_array(build->scratch, group->keys.n, sizeof(*sorted));
	size_t n = 0, first = 0;

	for (struct item *item = group->keys.first; item; item = item->next)
		sorted[n++] = ITEM(draft_key, item);
	if (n)
		qsort(sorted, n, sizeof(*sorted), compare_keys);
	for (size_t i = 1; i < n; i++) {
		if (svc_key_compare(&sorted[first]->key, &sorted[i]->key) != 0) {
			first = i;
			continue;
		}
		/* The later line goes, whatever the order of the sort. */
		if (sorted[i]->place.line < sorted[first]->place.line) {
			struct draft_key *other = sorted[first];

			sorted[first] = sorted[i];
			sorted[i] = other;
		}
		diags_add(&build->diags, DIAG_WARNING, &sorted[i]->place,
			  "this address stands in line %u of the group already; dropped here",
			  sorted[first]->place.line);
		sorted[i]->dropped = true;
	}
}

static void take_group_keys(struct build *build, struct draft_virtual_server *service,
			    struct draft_address_group *group)
{
	struct svc_key *keys = arena_array(build->arena, group->keys.n, sizeof(*keys));
	size_t n = 0;

	if (!group->checked) {
		complete_marks(service, group);
		drop_repeated_keys(build, group);
	}
	group->checked = true;
	for (struct item *item = group->keys.first; item; item = item->next) {
		const struct draft_key *draft = ITEM(draft_key, item);

		if (draft->dropped)
			continue;
		keys[n] = draft->key;
		complete_key(service, &keys[n++]);
	}
	service->model.keys = keys;
	service->model.n_keys = n;
}

static bool needs_protocol(const struct draft_virtual_server *service,
			   const struct draft_address_group *group)
{
	if (service->model.type != CONF_VS_GROUP)
		return service->model.type == CONF_VS_ADDRESS;
	for (struct item *item = group->keys.first; item; item = item->next)
		if (!ITEM(draft_key, item)->key.fwmark)
			return true;
	return false;
}

static void finish_protocol(struct build *build, struct draft_virtual_server *service,
			    const struct draft_address_group *group)
{
	const struct node *setter = SETTER(service, model.protocol);
	bool needed = needs_protocol(service, group);

	if (needed && !service->model.protocol) {
		build_warn(build, service->node, 0,
			   "the virtual server has no 'protocol'; UDP is used");
		service->model.protocol = IPPROTO_UDP;
	}
	if (!needed && service->model.protocol) {
		build_warn(build, setter, 0, "'protocol' is ignored: a firewall mark has none");
		service->model.protocol = 0;
	}
	if (service->family && service->model.type == CONF_VS_ADDRESS &&
	    service->family != service->model.keys[0].ip.family)
		build_error(build, SETTER(service, family), 1,
			    "'ip_family' contradicts the address of the virtual server");
}

bool finish_keys(struct build *build, struct draft_virtual_server *service,
		 struct draft_address_group *group)
{
	if (group && !group->keys.n) {
		build_warn(build, service->node, 0,
			   "the virtual_server_group '%.64s' is empty; the virtual server is "
			   "dropped",
			   group->name);
		return false;
	}
	finish_protocol(build, service, group);
	if (group)
		take_group_keys(build, service, group);
	else
		complete_key(service, &service->model.keys[0]);
	return true;
}

static void name_service(struct build *build, struct conf_virtual_server *model)
{
	char text[KEY_TEXT_MAX];

	if (model->type == CONF_VS_GROUP)
		model->id = arena_printf(build->arena, "group:%s/%s", model->group_name,
					 model->protocol ? conf_protocol_name(model->protocol)
							 : "fwmark");
	else
		model->id = arena_printf(build->arena, "%s", svc_key_format(&model->keys[0], text));
}

/* ---- rules between keywords ---- */

static bool has_zero_port(const struct conf_virtual_server *model)
{
	for (size_t k = 0; k < model->n_keys; k++)
		if (!model->keys[k].fwmark && !model->keys[k].port)
			return true;
	return false;
}

static void warn_persistence(struct build *build, const struct node *setter)
{
	if (setter)
		build_warn(build, setter, 0, "'%s' has no effect without 'persistence_timeout'",
			   setter->row->name);
}

static void finish_persistence(struct build *build, struct draft_virtual_server *service)
{
	struct conf_virtual_server *model = &service->model;
	const struct node *setter = SETTER(service, model.persistence_prefix);
	bool v6 = model->keys[0].ip.family == AF_INET6;

	if (setter && setter->n_words > 1 && v6 && strchr(setter->words[1].text, '.')) {
		build_error(build, setter, 1, "an IPv6 service takes a prefix length");
		model->persistence_prefix = 0;
	}
	if (setter && !v6 && model->persistence_prefix > 32) {
		build_error(build, setter, 1,
			    "the prefix length of an IPv4 service must not be above 32");
		model->persistence_prefix = 0;
	}
	if (!model->persistence_prefix)
		model->persistence_prefix = v6 ? 128 : 32;
	if (has_zero_port(model) && !model->persistence_s) {
		build_warn(build, service->node, 0,
			   "a virtual server without a port must be persistent; "
			   "'persistence_timeout 360' is used");
		model->persistence_s = 360;
	}
	if (!model->persistence_s) {
		warn_persistence(build, SETTER(service, model.persistence_engine));
		if (model->persistence_prefix != (v6 ? 128 : 32))
			warn_persistence(build, setter);
	}
}

static void finish_one_packet(struct build *build, struct draft_virtual_server *service)
{
	struct conf_virtual_server *model = &service->model;

	if (!model->one_packet || model->protocol == IPPROTO_UDP || !model->protocol)
		return;
	build_warn(build, SETTER(service, model.one_packet), 0,
		   "'ops' is ignored: it needs UDP or a firewall mark");
	model->one_packet = false;
}

static void finish_hashed(struct build *build, struct draft_virtual_server *service)
{
	struct conf_virtual_server *model = &service->model;

	if (model->hashed)
		build_warn(build, SETTER(service, model.hashed), 0,
			   "'hashed' changes nothing: the kernel sets this flag by itself");
}

static bool has_address(const struct conf_virtual_server *model)
{
	for (size_t k = 0; k < model->n_keys; k++)
		if (!model->keys[k].fwmark)
			return true;
	return false;
}

static void finish_suspend(struct build *build, struct draft_virtual_server *service)
{
	struct conf_virtual_server *model = &service->model;

	if (!model->ha_suspend || has_address(model))
		return;
	build_warn(build, SETTER(service, model.ha_suspend), 0,
		   "'ha_suspend' is ignored: a firewall mark has no address that could be here");
	model->ha_suspend = false;
}

static void finish_flag(struct build *build, struct draft_virtual_server *service,
			const char *scheduler, size_t offset, bool set, bool *flag)
{
	const struct node *setter = tree_setter(service->node, offset);

	if (!set)
		return;
	if (strcmp(service->model.scheduler, scheduler) == 0)
		*flag = true;
	else
		build_warn(build, setter, 0, "'%s' is ignored: the scheduler is %s",
			   setter->row->name, service->model.scheduler);
}

#define FINISH_FLAG(build, service, scheduler, member, flag)                                       \
	finish_flag(build, service, scheduler, offsetof(struct draft_virtual_server, member),      \
		    (service)->member, flag)

static void finish_flags(struct build *build, struct draft_virtual_server *service)
{
	FINISH_FLAG(build, service, "sh", sh_fallback, &service->model.flag1);
	FINISH_FLAG(build, service, "sh", sh_port, &service->model.flag2);
	FINISH_FLAG(build, service, "mh", mh_fallback, &service->model.flag1);
	FINISH_FLAG(build, service, "mh", mh_port, &service->model.flag2);
}

static void finish_quorum(struct build *build, struct draft_virtual_server *service)
{
	struct conf_virtual_server *model = &service->model;
	uint64_t total = 0;

	for (size_t i = 0; i < model->n_servers; i++)
		total += model->servers[i].weight;
	if (total && model->quorum > total) {
		build_warn(build, SETTER(service, model.quorum), 1,
			   "'quorum %u' is above the total weight of the servers; taken as %u",
			   model->quorum, (unsigned)total);
		model->quorum = (uint32_t)total;
	}
	if (!total && model->n_servers)
		build_warn(
			build, service->node, 0,
			"the weights of the servers add up to 0: the quorum of %u is never reached",
			model->quorum);
	if (model->hysteresis >= model->quorum && model->hysteresis) {
		build_warn(build, SETTER(service, model.hysteresis), 1,
			   "'hysteresis' must be below 'quorum', which is %u; taken as %u",
			   model->quorum, model->quorum - 1);
		model->hysteresis = model->quorum - 1;
	}
}

/* ---- all of them ---- */

struct claim {
	const struct svc_key *key;
	struct draft_virtual_server *service;
};

static int compare_claims(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int order = svc_key_compare(x->key, y->key);

	if (order)
		return order;
	return x->service->model.line < y->service->model.line
		       ? -1
		       : x->service->model.line > y->service->model.line;
}

/* A repeated virtual server is dropped; two that share some of their addresses are an error. */
static void settle_claim(struct build *build, const struct claim *first, struct claim *later)
{
	unsigned line = first->service->model.line;

	if (later->service == first->service || later->service->dropped)
		return;
	if (strcmp(later->service->model.id, first->service->model.id) != 0) {
		build_error(build, later->service->node, 0,
			    "the virtual server of line %u has the same address, protocol and port",
			    line);
		return;
	}
	build_warn(build, later->service->node, 0,
		   "this virtual server stands in line %u already; dropped here with its servers",
		   line);
	later->service->dropped = true;
}

static void check_claims(struct build *build)
{
	size_t total = 0, n = 0;
	struct claim *claims;

	for (struct item *item = build->services.first; item; item = item->next)
		total += ITEM(draft_virtual_server, item)->model.n_keys;
	claims = arena_array(build->scratch, total, sizeof(*claims));
	for (struct item *item = build->services.first; item; item = item->next) {
		struct draft_virtual_server *service = ITEM(draft_virtual_server, item);

		for (size_t k = 0; !service->dropped && k < service->model.n_keys; k++)
			claims[n++] = (struct claim){&service->model.keys[k], service};
	}
	if (n)
		qsort(claims, n, sizeof(*claims), compare_claims);
	for (size_t i = 1, first = 0; i < n; i++) {
		if (svc_key_compare(claims[i].key, claims[first].key) == 0)
			settle_claim(build, &claims[first], &claims[i]);
		else
			first = i;
	}
}

static struct names collect_groups(struct build *build)
{
	struct names names = names_new(build->scratch, build->address_groups.n);

	for (struct item *item = build->address_groups.first; item; item = item->next)
		names_add(&names, ITEM(draft_address_group, item)->name,
			  ITEM(draft_address_group, item));
	names_sort(&names);
	for (size_t i = 1; i < names.n; i++) {
		struct draft_address_group *group = names.entries[i].object;
		const struct draft_address_group *first = names.entries[i - 1].object;

		if (strcmp(group->name, first->name) != 0)
			continue;
		build_warn(build, group->node, 1,
			   "there is a virtual_server_group '%.64s' already, in line %u; dropped "
			   "here",
			   group->name, first->node->place.line);
		group->used = group->repeated = true; /* said enough of it */
	}
	return names;
}

static bool find_group(struct build *build, const struct names *names,
		       struct draft_virtual_server *service)
{
	const char *name = service->model.group_name, *near;

	if (service->model.type != CONF_VS_GROUP)
		return true;
	service->group = names_find(names, name);
	if (service->group) {
		service->group->used = true;
		return true;
	}
	near = names_nearest(names, name);
	build_error(build, service->node, 2, "there is no virtual_server_group '%.64s'%s%s%s", name,
		    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	return false;
}

static void finish_service(struct build *build, const struct names *groups,
			   struct draft_virtual_server *service)
{
	service->dropped = true;
	if (!find_group(build, groups, service))
		return;
	if (!service->servers.n) {
		build_warn(build, service->node, 0,
			   "the virtual server has no real server; it is dropped");
		return;
	}
	if (!finish_keys(build, service, service->group))
		return;
	service->dropped = false;
	name_service(build, &service->model);
	finish_weight(build, SETTER(service, model.weight), &service->model.weight);
	finish_persistence(build, service);
	finish_one_packet(build, service);
	finish_flags(build, service);
	finish_hashed(build, service);
	finish_suspend(build, service);
	if (!SETTER(service, model.warmup_us))
		service->model.warmup_us = service->model.delay_loop_us;
	finish_servers(build, service);
	finish_quorum(build, service);
}

static void warn_unused(struct build *build)
{
	for (struct item *item = build->address_groups.first; item; item = item->next) {
		const struct draft_address_group *group = ITEM(draft_address_group, item);

		if (!group->used)
			build_warn(build, group->node, 0,
				   "no virtual_server uses this group; it has no effect");
	}
}

/* For display: the groups as they are written. */
static void keep_groups(struct build *build)
{
	struct conf *conf = build->conf;

	conf->address_groups =
		arena_array(build->arena, build->address_groups.n, sizeof(*conf->address_groups));
	for (struct item *item = build->address_groups.first; item; item = item->next) {
		const struct draft_address_group *group = ITEM(draft_address_group, item);
		size_t size = sizeof(*conf->address_groups->members);

		if (group->repeated)
			continue;
		conf->address_groups[conf->n_address_groups++] = (struct conf_address_group){
			.name = arena_strdup(build->arena, group->name),
			.members = items_to_array(&group->members, build->arena, size),
			.n_members = group->members.n,
		};
	}
}

void finish_services(struct build *build)
{
	struct names groups = collect_groups(build);
	struct conf *conf = build->conf;

	finish_objects(build);
	keep_groups(build);
	for (struct item *item = build->services.first; item; item = item->next)
		finish_service(build, &groups, ITEM(draft_virtual_server, item));
	warn_unused(build);
	check_claims(build);
	conf->services = arena_array(build->arena, build->services.n, sizeof(*conf->services));
	for (struct item *item = build->services.first; item; item = item->next)
		if (!ITEM(draft_virtual_server, item)->dropped)
			conf->services[conf->n_services++] =
				ITEM(draft_virtual_server, item)->model;
}
