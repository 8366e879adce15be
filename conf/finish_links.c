/* SPDX-License-Identifier: MIT */
/*
 * garp_group, linkbeat_interfaces and interface_up_down_delays: one entry for an interface. Runs in
 * the thread that loads. Source: keepalived.conf(5).
 */
#include "conf/finish_vrrp.h"

#include <string.h>

/* ---- garp_group ---- */

/* The interfaces of all groups that count, in the order they were written. */
static struct names collect_interfaces(struct build *build)
{
	size_t n = 0;
	struct names names;

	for (struct item *item = build->garp_groups.first; item; item = item->next)
		n += ITEM(draft_garp_group, item)->interfaces.n;
	names = names_new(build->scratch, n);
	for (struct item *item = build->garp_groups.first; item; item = item->next)
		for (struct item *inner = ITEM(draft_garp_group, item)->interfaces.first; inner;
		     inner = inner->next)
			names_add(&names, ITEM(draft_interface, inner)->name,
				  ITEM(draft_interface, inner));
	names_sort(&names);
	return names;
}

static void finish_garp_group(struct build *build, struct draft_garp_group *group,
			      const struct names *interfaces)
{
	struct conf_garp_group *model = &group->model;
	struct conf *conf = build->conf;

	model->interfaces =
		arena_array(build->arena, group->interfaces.n, sizeof(*model->interfaces));
	for (struct item *item = group->interfaces.first; item; item = item->next) {
		struct draft_interface *interface = ITEM(draft_interface, item);

		if (names_find(interfaces, interface->name) == interface)
			model->interfaces[model->n_interfaces++] = interface->name;
		else
			diags_add(&build->diags, DIAG_WARNING, &interface->place,
				  "'%s' is in a garp_group already; ignored here", interface->name);
	}
	if (!model->has_garp && !model->has_gna)
		build_warn(build, group->node, 0, "the group has no interval; it is dropped");
	else if (!model->n_interfaces)
		build_warn(build, group->node, 0, "the group has no interface; it is dropped");
	else
		conf->garp_groups[conf->n_garp_groups++] = *model;
}

static void finish_garp_groups(struct build *build)
{
	struct names interfaces = collect_interfaces(build);
	struct conf *conf = build->conf;

	conf->garp_groups =
		arena_array(build->arena, build->garp_groups.n, sizeof(*conf->garp_groups));
	for (struct item *item = build->garp_groups.first; item; item = item->next)
		finish_garp_group(build, ITEM(draft_garp_group, item), &interfaces);
}

void finish_links(struct build *build)
{
	struct conf *conf = build->conf;

	finish_garp_groups(build);
	conf->linkbeats = items_to_array(&build->linkbeats, build->arena, sizeof(*conf->linkbeats));
	conf->n_linkbeats = build->linkbeats.n;
	conf->link_delays =
		items_to_array(&build->link_delays, build->arena, sizeof(*conf->link_delays));
	conf->n_link_delays = build->link_delays.n;
}
