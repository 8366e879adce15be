/* SPDX-License-Identifier: MIT */
/*
 * One vrrp_instance: values inherited from global_defs and the rules between its keywords. Sources:
 * keepalived.conf(5); RFC 3768 and RFC 5798 for what a version can carry. Runs in the thread that
 * loads.
 */
#include "conf/finish_vrrp.h"

#include <stdlib.h>
#include <string.h>

#include "conf/scopes.h"

/* What fits into one advert of an interface with an MTU of 1500. */
#define ADDRESSES_MAX_V4 255
#define ADDRESSES_MAX_V6 90

/* The default of default_interface. */
#define DEFAULT_INTERFACE "eth0"

static void warn_no_repeat(struct build *build, const struct node *setter, uint32_t repeat)
{
	if (setter && !repeat)
		build_warn(build, setter, 1, "'%s' must be at least 1; it is taken as 1",
			   setter->row->name);
}

static void inherit_garp(struct build *build, struct draft_instance *instance)
{
	const struct draft_global *global = &build->global;
	struct conf_instance *model = &instance->model;

	if (!SETTER(instance, garp_delay_us))
		model->garp_delay_us = global->garp_delay_us;
	if (!SETTER(instance, garp_repeat))
		model->garp_repeat = global->garp_repeat;
	if (!SETTER(instance, garp_refresh_us))
		model->garp_refresh_us = global->garp_refresh_us;
	if (!SETTER(instance, garp_refresh_repeat))
		model->garp_refresh_repeat = global->garp_refresh_repeat;
	if (!SETTER(instance, garp_lower_prio_delay_us))
		model->garp_lower_prio_delay_us = SETTER(instance, garp_delay_us)
							  ? model->garp_delay_us
							  : global->garp_lower_prio_delay_us;
	if (!SETTER(instance, garp_lower_prio_repeat))
		model->garp_lower_prio_repeat = SETTER(instance, garp_repeat)
							? model->garp_repeat
							: global->garp_lower_prio_repeat;
	model->garp_interval_us = global->garp_interval_us;
	model->gna_interval_us = global->gna_interval_us;
	if (!SETTER(instance, garp_extra_if_us)) {
		model->garp_extra_if_us = global->garp_extra_if_us;
		model->garp_extra_if_all = global->garp_extra_if_all;
	}
	warn_no_repeat(build, SETTER(instance, garp_repeat), model->garp_repeat);
	warn_no_repeat(build, SETTER(instance, garp_refresh_repeat), model->garp_refresh_repeat);
	if (!model->garp_repeat)
		model->garp_repeat = 1;
	if (!model->garp_refresh_repeat)
		model->garp_refresh_repeat = 1;
}

static void inherit(struct build *build, struct draft_instance *instance)
{
	const struct draft_global *global = &build->global;
	struct conf_instance *model = &instance->model;

	inherit_garp(build, instance);
	if (!SETTER(instance, down_timer_adverts))
		model->down_timer_adverts = global->down_timer_adverts;
	if (!SETTER(instance, lower_prio_no_advert))
		model->lower_prio_no_advert = global->lower_prio_no_advert;
	if (!SETTER(instance, higher_prio_send_advert))
		model->higher_prio_send_advert = global->higher_prio_send_advert;
	if (!SETTER(instance, strict))
		model->strict = global->strict;
	if (!SETTER(instance, check_unicast_src))
		model->check_unicast_src = global->check_unicast_src;
	if (!SETTER(instance, skip_check_adv_addr))
		model->skip_check_adv_addr = global->skip_check_adv_addr;
	if (!SETTER(instance, owner_ignore_adverts))
		model->owner_ignore_adverts = global->owner_ignore_adverts;
	if (!SETTER(instance, notify_priority_changes))
		model->notify_priority_changes = global->notify_priority_changes;
	if (!SETTER(instance, v3_checksum_as_v2))
		model->v3_checksum_as_v2 = global->v3_checksum_as_v2;
	if (model->state == CONF_STATE_MASTER && !SETTER(instance, priority))
		model->priority = 255;
}

/* ---- addresses ---- */

static int compare_addresses(const void *a, const void *b)
{
	const struct draft_address *x = *(const struct draft_address *const *)a;
	const struct draft_address *y = *(const struct draft_address *const *)b;
	int order = ip_compare(&x->model.ip, &y->model.ip);

	if (order)
		return order;
	return x->place.line < y->place.line ? -1 : x->place.line > y->place.line;
}

/* Marks later ones equal to an earlier one by clearing the family. */
static void drop_duplicates(struct build *build, const struct items *lists[2])
{
	struct draft_address **sorted =
		arena_array(build->scratch, lists[0]->n + lists[1]->n, sizeof(*sorted));
	size_t n = 0;

	for (size_t l = 0; l < 2; l++)
		for (struct item *item = lists[l]->first; item; item = item->next)
			sorted[n++] = ITEM(draft_address, item);
	if (n)
		qsort(sorted, n, sizeof(*sorted), compare_addresses);
	for (size_t i = n; i-- > 1;) {
		if (ip_compare(&sorted[i]->model.ip, &sorted[i - 1]->model.ip) != 0)
			continue;
		diags_add(&build->diags, DIAG_WARNING, &sorted[i]->place,
			  "this address stands in line %u already; dropped here",
			  sorted[i - 1]->place.line);
		sorted[i]->model.ip.family = AF_UNSPEC;
	}
}

char *finish_default_interface(struct build *build)
{
	char *name = build->conf->global.default_interface;

	return name ? name : arena_strdup(build->arena, DEFAULT_INTERFACE);
}

static void keep_address(struct build *build, struct draft_instance *instance,
			 const struct draft_address *draft, struct conf_address *array, size_t *n)
{
	if (!ip_is_set(&draft->model.ip))
		return;
	array[*n] = draft->model;
	if (!array[*n].device)
		array[*n].device =
			*instance->model.interface ? instance->model.interface : finish_default_interface(build);
	++*n;
}

/* Why an address cannot be advertised, NULL when it can. */
static const char *not_advertised(const struct draft_instance *instance,
				  const struct draft_address *draft)
{
	size_t most = instance->family == AF_INET6 ? ADDRESSES_MAX_V6 : ADDRESSES_MAX_V4;

	if (draft->model.ip.family != instance->family)
		return "it is not of the family of the instance";
	return instance->model.n_addresses >= most ? "an advert has no room for more" : NULL;
}

static uint16_t family_of(const struct draft_instance *instance)
{
	for (struct item *item = instance->addresses.first; item; item = item->next)
		return ITEM(draft_address, item)->model.ip.family;
	if (ip_is_set(&instance->model.source))
		return instance->model.source.family;
	return AF_INET;
}

/* Lines that were refused have their own message. */
static bool has_address_lines(const struct draft_instance *instance)
{
	for (const struct node *node = instance->node->first; node; node = node->next)
		if (node->row && node->row->block == &scope_address && node->first)
			return true;
	return false;
}

/* RFC 5798, section 5.2.9: the first IPv6 address is the link-local one of the virtual router. */
static void check_link_local(struct build *build, const struct draft_instance *instance)
{
	const struct conf_instance *model = &instance->model;

	if (!model->n_addresses || model->addresses[0].ip.family != AF_INET6 ||
	    ip_is_link_local(&model->addresses[0].ip))
		return;
	build_add(build, model->strict ? DIAG_ERROR : DIAG_NOTE, instance->node, 0,
		  "the first IPv6 address should be a link-local one");
}

static void finish_addresses(struct build *build, struct draft_instance *instance)
{
	const struct items *lists[2] = {&instance->addresses, &instance->excluded};
	size_t n = lists[0]->n + lists[1]->n;
	struct conf_instance *model = &instance->model;

	instance->family = family_of(instance);
	drop_duplicates(build, lists);
	model->addresses = arena_array(build->arena, n, sizeof(*model->addresses));
	model->excluded = arena_array(build->arena, n, sizeof(*model->excluded));
	for (struct item *item = lists[0]->first; item; item = item->next) {
		const struct draft_address *draft = ITEM(draft_address, item);
		const char *why =
			ip_is_set(&draft->model.ip) ? not_advertised(instance, draft) : NULL;

		if (why)
			diags_add(&build->diags, DIAG_WARNING, &draft->place,
				  "%s; the address is set but not advertised", why);
		if (why)
			keep_address(build, instance, draft, model->excluded, &model->n_excluded);
		else
			keep_address(build, instance, draft, model->addresses, &model->n_addresses);
	}
	for (struct item *item = lists[1]->first; item; item = item->next)
		keep_address(build, instance, ITEM(draft_address, item), model->excluded,
			     &model->n_excluded);
	if (!model->n_addresses && !instance->no_virtual_address && !has_address_lines(instance))
		build_add(build, model->version == 3 || model->strict ? DIAG_ERROR : DIAG_WARNING,
			  instance->node, 0,
			  "the instance advertises no address; write 'no_virtual_ipaddress' if "
			  "that is meant");
	check_link_local(build, instance);
	if (ip_is_set(&model->source) && model->source.family != instance->family)
		build_error(build, SETTER(instance, source), 1,
			    "the source address is not of the family of the addresses");
}

/* ---- version, interval, password ---- */

/* Version 2 knows IPv4 only; keepalived can send it over IPv6 all the same. */
static void strict_version(struct build *build, struct draft_instance *instance)
{
	struct conf_instance *model = &instance->model;

	if (!model->strict || family_of(instance) != AF_INET6 || model->version == 3)
		return;
	build_warn(build, SETTER(instance, version), 0,
		   "in strict mode IPv6 needs VRRP version 3, which is used");
	model->version = 3;
}

static void finish_version(struct build *build, struct draft_instance *instance)
{
	struct conf_instance *model = &instance->model;

	if (SETTER(instance, version)) {
		strict_version(build, instance);
		return;
	}
	model->version = build->global.vrrp_version;
	if (family_of(instance) != AF_INET6 || model->version == 3)
		return;
	model->version = 3;
	build_add(build, DIAG_NOTE, instance->node, 0, "IPv6 addresses: VRRP version 3 is used");
}

static void finish_checksum(struct build *build, struct draft_instance *instance)
{
	const struct node *setter = SETTER(instance, v3_checksum_as_v2);

	if (instance->model.version == 3)
		return;
	if (setter && instance->model.v3_checksum_as_v2)
		build_warn(build, setter, 0, "'%s' has no effect with VRRP version 2",
			   setter->row->name);
	instance->model.v3_checksum_as_v2 = false;
}

static void finish_interval(struct build *build, struct draft_instance *instance)
{
	const struct node *setter = SETTER(instance, advert_us);
	uint64_t unit = instance->model.version == 3 ? 10000 : 1000000;
	uint64_t us = instance->model.advert_us, rounded = (us + unit / 2) / unit * unit;

	if (instance->model.version == 3 && us > 40950000) {
		build_error(build, setter, 1,
			    "'advert_int' must not be longer than 40.95 seconds in VRRP version 3");
		return;
	}
	if (!rounded)
		rounded = unit;
	if (rounded != us)
		build_warn(
			build, setter, 1, "VRRP version %u carries %s; 'advert_int' is taken as %g",
			instance->model.version,
			instance->model.version == 3 ? "hundredths of a second" : "whole seconds",
			(double)rounded / 1e6);
	instance->model.advert_us = rounded;
}

static const struct node *auth_node(const struct draft_instance *instance, const char *name)
{
	const struct node *found = NULL;

	for (const struct node *node = instance->node->first; node; node = node->next)
		if (node->row && node->row->block && strcmp(node->row->name, "authentication") == 0)
			for (const struct node *inner = node->first; inner; inner = inner->next)
				if (inner->row && strcmp(inner->row->name, name) == 0)
					found = inner;
	return found;
}

static void finish_password(struct build *build, struct draft_instance *instance)
{
	const char *pass = instance->auth_pass;
	struct conf_instance *model = &instance->model;
	const struct node *pass_node = auth_node(instance, "auth_pass");
	const struct node *type_node = auth_node(instance, "auth_type");

	if ((model->version == 3 || model->strict || family_of(instance) == AF_INET6) &&
	    (pass || type_node)) {
		build_warn(build, type_node ? type_node : pass_node, 0,
			   "%s has no authentication; it is ignored",
			   model->version == 3 ? "VRRP version 3"
			   : model->strict     ? "strict mode"
					       : "VRRP over IPv6");
		model->auth = CONF_AUTH_NONE;
		return;
	}
	if (!type_node) {
		if (pass)
			build_warn(build, pass_node, 0,
				   "'auth_pass' without 'auth_type' is ignored");
		return;
	}
	if (model->auth != CONF_AUTH_NONE && (!pass || !*pass)) {
		build_error(build, type_node, 0, "'auth_type' needs an 'auth_pass'");
		return;
	}
	if (pass && strlen(pass) > sizeof(model->auth_pass))
		build_warn(build, pass_node, 1,
			   "the password is longer than 8 octets; the first 8 are used");
	if (pass)
		memcpy(model->auth_pass, pass, strnlen(pass, sizeof(model->auth_pass)));
	/* A sequence number has to be heard before one is sent. */
	if (model->auth == CONF_AUTH_AH && model->state == CONF_STATE_MASTER) {
		build_warn(build, SETTER(instance, state), 0,
			   "'state MASTER' is taken as BACKUP with authentication AH");
		model->state = CONF_STATE_BACKUP;
	}
}

/* ---- preemption ---- */

static void finish_preempt(struct build *build, struct draft_instance *instance)
{
	struct conf_instance *model = &instance->model;
	const struct node *preempt = SETTER(instance, preempt),
			  *delay = SETTER(instance, preempt_delay_us);
	const char *why = NULL;

	if (!model->preempt && (model->state == CONF_STATE_MASTER || model->priority == 255)) {
		build_warn(build, preempt, 0, "'nopreempt' is ignored with %s",
			   model->state == CONF_STATE_MASTER ? "'state MASTER'" : "priority 255");
		model->preempt = true;
	}
	if (!model->preempt_delay_us)
		return;
	if (model->state == CONF_STATE_MASTER)
		why = "'state MASTER'";
	else if (model->priority == 255)
		why = "priority 255";
	else if (!model->preempt)
		why = "'nopreempt'";
	else if (model->strict)
		why = "'strict_mode'";
	if (!why)
		return;
	build_warn(build, delay, 0, "'preempt_delay' is ignored with %s", why);
	model->preempt_delay_us = 0;
}

/* ---- the rest ---- */

/* With preemption a router that comes back late is to take over again. */
static void finish_timer_expired(struct build *build, struct draft_instance *instance)
{
	struct conf_instance *model = &instance->model;

	if (!model->timer_expired_backup || !model->preempt)
		return;
	build_warn(build, SETTER(instance, timer_expired_backup), 0,
		   "'timer_expired_backup' needs 'nopreempt'; it is ignored");
	model->timer_expired_backup = 0;
}

#define HMAC_WINDOW_LEAST_US UINT64_C(5000000)

static void finish_hmac(struct build *build, struct draft_instance *instance)
{
	struct draft_hmac *draft = &instance->hmac;
	struct conf_hmac *model = &instance->model.hmac;
	bool found = false;

	if (!draft->node)
		return;
	*model = draft->model;
	model->keys = items_to_array(&draft->keys, build->arena, sizeof(*model->keys));
	model->n_keys = draft->keys.n;
	if (!model->n_keys) {
		build_error(build, draft->node, 0, "'auth_hmac' needs a 'key'");
		return;
	}
	if (!tree_setter(draft->node, offsetof(struct draft_hmac, model.active)))
		model->active = model->keys[0].id;
	for (size_t i = 0; i < model->n_keys; i++)
		found = found || model->keys[i].id == model->active;
	if (!found)
		build_error(build, draft->node, 0, "there is no key %u, which 'active_key' names",
			    model->active);
	if (!model->window_us)
		model->window_us = 3 * instance->model.advert_us;
	if (model->window_us < HMAC_WINDOW_LEAST_US &&
	    !tree_setter(draft->node, offsetof(struct draft_hmac, model.window_us)))
		model->window_us = HMAC_WINDOW_LEAST_US;
}

/* ---- what is not supported yet ---- */

static void check_supported(struct build *build, const struct draft_instance *instance)
{
	const char *why = conf_instance_unsupported(&instance->model);

	if (why)
		build_warn(build, instance->hmac.node, 0,
			   "%s; '%.64s' stays in FAULT and sends nothing", why,
			   instance->model.name);
}

void finish_instance(struct build *build, struct draft_instance *instance)
{
	finish_interface(build, instance);
	inherit(build, instance);
	finish_version(build, instance);
	finish_strict(build, instance);
	finish_checksum(build, instance);
	finish_interval(build, instance);
	finish_password(build, instance);
	finish_preempt(build, instance);
	finish_timer_expired(build, instance);
	finish_addresses(build, instance);
	finish_unicast(build, instance);
	finish_hmac(build, instance);
	finish_instance_routes(build, instance);
	check_supported(build, instance);
}
