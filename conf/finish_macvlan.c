/* SPDX-License-Identifier: MIT */
/*
 * The macvlans and ipvlans of the instances: their names and addresses, and which virtual addresses
 * go there. To an ipvlan, as with keepalived, none goes: it has the MAC address of the interface
 * below anyway.
 * An address on the instance's own interface goes to the router's macvlan; one on another interface
 * gets a macvlan there when use_vmac_addr or its own use_vmac asks for it. Names are given in the
 * order of the file, as keepalived does: PREFIX.VRID, PREFIX6.VRID for an IPv6 one that comes
 * second, PREFIX1.VRID and so on. Runs in the thread that loads. Sources: keepalived.conf(5),
 * use_vmac, use_vmac_addr and use_ipvlan; RFC 9568 section 7.3.
 */
#include "conf/finish_vrrp.h"

#include <stdio.h>
#include <string.h>

#define PREFIX "vrrp"

struct taken {
	struct taken *next;
	const char *name;
};

/* Names that were made end in the VRID, so only those of one VRID can meet. */
struct namer {
	struct build *build;
	struct names given; /* in the file */
	struct taken *made[256];
};

/* ---- names ---- */

/* Two instances cannot create one interface; the later one gets a name of its own. */
static void collect_given(struct namer *namer)
{
	struct build *build = namer->build;
	struct names *names = &namer->given;

	*names = names_new(build->scratch, build->instances.n);
	for (struct item *item = build->instances.first; item; item = item->next)
		if (ITEM(draft_instance, item)->model.vmac.name)
			names_add(names, ITEM(draft_instance, item)->model.vmac.name,
				  ITEM(draft_instance, item));
	names_sort(names);
	for (size_t i = 1; i < names->n; i++) {
		struct draft_instance *instance = names->entries[i].object;
		const struct draft_instance *other = names->entries[i - 1].object;

		if (strcmp(names->entries[i].name, names->entries[i - 1].name) != 0)
			continue;
		build_warn(
			build, SETTER(instance, vmac), 1,
			"the instance '%.64s' has an interface '%s' already; the name is ignored",
			other->model.name, names->entries[i].name);
		instance->model.vmac.name = NULL;
	}
}

static bool is_taken(const struct namer *namer, uint8_t vrid, const char *name)
{
	if (names_find(&namer->given, name))
		return true;
	for (const struct taken *taken = namer->made[vrid]; taken; taken = taken->next)
		if (strcmp(taken->name, name) == 0)
			return true;
	return false;
}

static char *candidate(struct namer *namer, const char *prefix, uint8_t vrid, uint16_t family,
		       unsigned attempt)
{
	struct conf_arena *arena = namer->build->arena;

	if (!attempt)
		return arena_printf(arena, "%s.%u", prefix, vrid);
	if (family == AF_INET6 && attempt == 1)
		return arena_printf(arena, "%s6.%u", prefix, vrid);
	return arena_printf(arena, "%s%u.%u", prefix, family == AF_INET6 ? attempt - 1 : attempt,
			    vrid);
}

static char *make_name(struct namer *namer, const struct draft_instance *instance,
		       const char *prefix, uint16_t family)
{
	uint8_t vrid = instance->model.vrid;
	struct taken *taken = arena_alloc(namer->build->scratch, sizeof(*taken));
	char *name;

	for (unsigned attempt = 0;; attempt++) {
		name = candidate(namer, prefix, vrid, family, attempt);
		if (!is_taken(namer, vrid, name))
			break;
	}
	if (strlen(name) >= IFNAMSIZ)
		build_error(namer->build, instance->node, 0,
			    "the interface '%s' of '%.64s' would have a name longer than %d "
			    "octets; a shorter prefix is needed",
			    name, instance->model.name, IFNAMSIZ - 1);
	*taken = (struct taken){.next = namer->made[vrid], .name = name};
	namer->made[vrid] = taken;
	return name;
}

/* ---- macvlans ---- */

static void virtual_mac(uint8_t vrid, uint16_t family, uint8_t mac[static 6])
{
	const uint8_t octets[6] = {0x00, 0x00, 0x5e, 0x00, family == AF_INET6 ? 2 : 1, vrid};

	memcpy(mac, octets, sizeof(octets));
}

/* The kernel has one mode for all ipvlans above an interface: that which was set last. */
static void set_ipvlan(struct namer *namer, struct draft_instance *instance,
		       struct conf_macvlan *own)
{
	const struct conf_vmac *asked = &instance->model.vmac;
	struct build *build = namer->build;

	own->ip = asked->ip;
	own->prefix = asked->prefix;
	own->mode = asked->mode;
	for (struct item *item = build->instances.first; ITEM(draft_instance, item) != instance;
	     item = item->next) {
		const struct conf_instance *other = &ITEM(draft_instance, item)->model;

		if (other->vmac.kind != CONF_VMAC_IPVLAN ||
		    strcmp(other->macvlans[0].parent, own->parent) != 0)
			continue;
		if (other->macvlans[0].mode != own->mode)
			build_warn(build, SETTER(instance, vmac), 0,
				   "all ipvlans above '%s' have one mode; that of '%.64s' counts",
				   own->parent, other->name);
		own->mode = other->macvlans[0].mode;
		return;
	}
}

static void add_own(struct namer *namer, struct draft_instance *instance)
{
	struct conf_instance *model = &instance->model;
	const struct conf_vmac *asked = &model->vmac;
	const char *prefix = namer->build->conf->global.vmac_prefix;
	struct conf_macvlan *own = &model->macvlans[model->n_macvlans++];

	own->kind = asked->kind;
	own->name = asked->name;
	if (!own->name)
		own->name = make_name(namer, instance, prefix ? prefix : PREFIX, instance->family);
	own->parent = asked->parent ? asked->parent : model->interface;
	if (asked->kind == CONF_VMAC_IPVLAN)
		set_ipvlan(namer, instance, own);
	else if (asked->has_mac)
		memcpy(own->mac, asked->mac, sizeof(own->mac));
	else
		virtual_mac(model->vrid, instance->family, own->mac);
	own->ipv6 = instance->family == AF_INET6;
	own->netlink_notify = asked->netlink_notify;
	own->has_link_group = asked->has_link_group;
	own->link_group = asked->link_group;
}

/* The macvlan above the interface with the virtual address of that family. */
static struct conf_macvlan *add_other(struct namer *namer, struct draft_instance *instance,
				      char *parent, uint16_t family)
{
	struct conf_instance *model = &instance->model;
	const struct conf_global *global = &namer->build->conf->global;
	const char *prefix =
		global->vmac_addr_prefix ? global->vmac_addr_prefix : global->vmac_prefix;
	struct conf_macvlan wanted = {.kind = CONF_VMAC_MACVLAN, .parent = parent};

	virtual_mac(model->vrid, family, wanted.mac);
	for (size_t i = 0; i < model->n_macvlans; i++)
		if (strcmp(model->macvlans[i].parent, parent) == 0 &&
		    memcmp(model->macvlans[i].mac, wanted.mac, sizeof(wanted.mac)) == 0)
			return &model->macvlans[i];
	wanted.name = make_name(namer, instance, prefix ? prefix : PREFIX, family);
	model->macvlans[model->n_macvlans] = wanted;
	return &model->macvlans[model->n_macvlans++];
}

/* NULL: the address stays where `dev` says. */
static struct conf_macvlan *find_place(struct namer *namer, struct draft_instance *instance,
				       const struct conf_address *address)
{
	struct conf_instance *model = &instance->model;
	struct conf_macvlan *own =
		model->vmac.kind == CONF_VMAC_MACVLAN ? &model->macvlans[0] : NULL;
	bool at_home = strcmp(address->device, model->interface) == 0;
	bool same_family = address->ip.family == instance->family;

	if (own && at_home && (same_family || !(model->use_vmac_addr || address->use_vmac)))
		return own;
	if (!address->use_vmac && !(model->use_vmac_addr && !(at_home && same_family)))
		return NULL;
	return add_other(namer, instance, own && at_home ? own->parent : address->device,
			 address->ip.family);
}

static void place(struct namer *namer, struct draft_instance *instance,
		  struct conf_address *address)
{
	struct conf_macvlan *there = find_place(namer, instance, address);

	if (!there)
		return;
	address->parent = address->device;
	address->device = there->name;
	there->ipv6 |= address->ip.family == AF_INET6;
}

static void finish_one(struct namer *namer, struct draft_instance *instance)
{
	struct conf_instance *model = &instance->model;

	model->macvlans =
		arena_array(namer->build->arena, 1 + model->n_addresses + model->n_excluded,
			    sizeof(*model->macvlans));
	if (model->vmac.kind != CONF_VMAC_NONE)
		add_own(namer, instance);
	for (size_t i = 0; i < model->n_addresses; i++)
		place(namer, instance, &model->addresses[i]);
	for (size_t i = 0; i < model->n_excluded; i++)
		place(namer, instance, &model->excluded[i]);
}

void finish_macvlans(struct build *build)
{
	struct namer namer = {.build = build};

	collect_given(&namer);
	for (struct item *item = build->instances.first; item; item = item->next)
		finish_one(&namer, ITEM(draft_instance, item));
}
