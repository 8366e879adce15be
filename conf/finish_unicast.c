/* SPDX-License-Identifier: MIT */
/*
 * Where an instance sends and on what: unicast peers or a multicast group, an interface or none, a
 * macvlan or ipvlan of its own. Runs in the thread that loads. Source: keepalived.conf(5),
 * unicast_peer, mcast_dst_ip, use_vmac, vrf.
 */
#include "conf/finish_vrrp.h"

#include <string.h>

#include "conf/scopes.h"

static const struct node *find_block(const struct draft_instance *instance,
				     const struct option_scope *scope)
{
	for (const struct node *node = instance->node->first; node; node = node->next)
		if (node->row && node->row->block == scope)
			return node;
	return NULL;
}

/* ---- the interface ---- */

/* A VRF can be down as an interface can. */
static void warn_no_interface(struct build *build, const struct draft_instance *instance)
{
	const struct node *const setters[] = {
		SETTER(instance, promote_secondaries),
		SETTER(instance, linkbeat),
		instance->model.vrf ? NULL : SETTER(instance, dont_track_primary),
	};

	for (size_t i = 0; i < sizeof setters / sizeof *setters; i++)
		if (setters[i])
			build_warn(build, setters[i], 0,
				   "'%s' is of the 'interface', and there is none; it is ignored",
				   setters[i]->words[0].text);
}

void finish_interface(struct build *build, struct draft_instance *instance)
{
	struct conf_instance *model = &instance->model;
	const struct node *node = instance->node;

	if (model->interface) {
		if (model->vrf)
			build_warn(build, SETTER(instance, vrf), 0,
				   "'vrf' is for instances without an interface; it is ignored");
		model->vrf = NULL;
		return;
	}
	model->interface = arena_strdup(build->arena, "");
	if (SETTER(instance, interface))
		return; /* refused already */
	warn_no_interface(build, instance);
	if (!instance->peers.n || !ip_is_set(&model->source))
		build_error(build, node, 0,
			    "'vrrp_instance %.64s' has no 'interface', which only unicast with a "
			    "'unicast_src_ip' can do without",
			    model->name);
	else if (ip_is_link_local(&model->source))
		build_error(build, SETTER(instance, source), 1,
			    "a link-local source address needs an 'interface'");
}

/* ---- peers ---- */

static void finish_peers(struct build *build, struct draft_instance *instance)
{
	struct conf_instance *model = &instance->model;

	model->peers = arena_array(build->arena, instance->peers.n, sizeof(*model->peers));
	for (struct item *item = instance->peers.first; item; item = item->next) {
		const struct draft_peer *peer = ITEM(draft_peer, item);

		if (peer->model.ip.family != instance->family) {
			diags_add(&build->diags, DIAG_ERROR, &peer->place,
				  "the peer is not of the family of the instance");
			continue;
		}
		if (conf_instance_is_wide(model) && ip_is_link_local(&peer->model.ip))
			diags_add(&build->diags, DIAG_ERROR, &peer->place,
				  "a link-local peer needs an 'interface'");
		model->peers[model->n_peers++] = peer->model;
		if (peer->model.min_ttl || peer->model.max_ttl < 255)
			model->check_unicast_src = true;
	}
}

/* A keyword of unicast, NULL when there is none. */
static const struct node *unicast_keyword(const struct draft_instance *instance)
{
	const struct node *source = SETTER(instance, source), *found;

	if ((found = find_block(instance, &scope_peers)))
		return found;
	if (source && strcmp(source->words[0].text, "unicast_src_ip") == 0)
		return source;
	if ((found = SETTER(instance, unicast_ttl)) || (found = SETTER(instance, old_checksum)))
		return found;
	return SETTER(instance, check_unicast_src);
}

static void check_no_peers(struct build *build, struct draft_instance *instance)
{
	const struct node *keyword = unicast_keyword(instance);

	if (instance->model.n_peers || instance->peers.n)
		return;
	if (keyword && !instance->model.unicast_fault_no_peer)
		build_warn(build, keyword, 0,
			   "'%s' is of unicast, but there is no peer; adverts are multicast",
			   keyword->words[0].text);
	instance->model.unicast_ttl = 255;
	instance->model.check_unicast_src = false;
}

/* ---- the multicast group ---- */

static void finish_group(struct build *build, struct draft_instance *instance)
{
	struct conf_instance *model = &instance->model;
	const struct conf_global *global = &build->conf->global;
	const struct node *setter = SETTER(instance, mcast_group);

	if (!ip_is_set(&model->mcast_group))
		return;
	if (model->n_peers) {
		build_warn(build, setter, 0, "'mcast_dst_ip' is ignored with unicast peers");
		model->mcast_group.family = AF_UNSPEC;
	} else if (model->mcast_group.family != instance->family) {
		build_error(build, setter, 1, "the group is not of the family of the instance");
	} else if (ip_compare(&model->mcast_group, &global->mcast_group4) == 0 ||
		   ip_compare(&model->mcast_group, &global->mcast_group6) == 0) {
		model->mcast_group.family = AF_UNSPEC;
	}
}

/* ---- macvlan, ipvlan ---- */

static void finish_vmac(struct build *build, struct draft_instance *instance)
{
	struct conf_instance *model = &instance->model;
	const struct node *setter = SETTER(instance, vmac);

	if (instance->short_mac && model->vmac.has_mac)
		model->vmac.mac[5] = model->vrid;
	if (model->vmac.kind != CONF_VMAC_NONE && !*model->interface) {
		build_warn(build, setter, 0, "'%s' needs an interface; it is ignored",
			   setter->words[0].text);
		model->vmac = (struct conf_vmac){.kind = CONF_VMAC_NONE};
	}
	if (model->vmac.kind == CONF_VMAC_MACVLAN && model->promote_secondaries) {
		build_warn(build, SETTER(instance, promote_secondaries), 0,
			   "'promote_secondaries' is needless with '%s'; it is ignored",
			   setter->words[0].text);
		model->promote_secondaries = false;
	}
	if (model->xmit_base && model->vmac.kind != CONF_VMAC_MACVLAN) {
		build_warn(build, SETTER(instance, xmit_base), 0,
			   "'vmac_xmit_base' is of 'use_vmac', which is not given; it is ignored");
		model->xmit_base = false;
	}
	if (model->vmac.kind == CONF_VMAC_MACVLAN && model->n_peers && !model->xmit_base) {
		build_warn(build, setter, 0,
			   "unicast from a macvlan needs 'vmac_xmit_base'; it is turned on");
		model->xmit_base = true;
	}
}

/* Its group is heard on the interface of the instance; keepalived 2.2.7 ignores another, too. */
static void check_ipvlan(struct build *build, struct draft_instance *instance)
{
	struct conf_vmac *vmac = &instance->model.vmac;
	const struct node *setter = SETTER(instance, vmac);

	if (vmac->kind != CONF_VMAC_IPVLAN)
		return;
	if (vmac->parent && strcmp(vmac->parent, instance->model.interface) != 0) {
		build_warn(
			build, setter, 0,
			"the ipvlan is made above the interface of the instance; '%s' is ignored",
			vmac->parent);
		vmac->parent = NULL;
	}
	if (ip_is_set(&vmac->ip) && vmac->ip.family != instance->family)
		build_error(build, setter, 0,
			    "the address of the ipvlan is not of the family of the instance");
	else if (!ip_is_set(&vmac->ip) && instance->family == AF_INET)
		build_error(build, setter, 0, "an IPv4 'use_ipvlan' needs an address");
}

void finish_unicast(struct build *build, struct draft_instance *instance)
{
	finish_peers(build, instance);
	check_no_peers(build, instance);
	finish_group(build, instance);
	finish_vmac(build, instance);
	check_ipvlan(build, instance);
}
