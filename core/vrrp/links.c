/* SPDX-License-Identifier: MIT */
/*
 * The interfaces that main has told of, found by number and by name: every change of anything asks
 * for those of all instances, and there may be a thousand of both. vrrp thread.
 *
 * Instances without an interface have a link as well, that of VRRP_ANYWHERE: then a socket, its
 * retries and its faults are like those of the others. It is the engine's own, nobody else sees it.
 *
 * Links stand in the order of their numbers, in which the kernel mostly tells of them; a second
 * list has their names in order. Two may have one name for a moment, while interfaces swap theirs.
 */
#include "core/vrrp/engine_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/vrrp/debounce.h"

/* The first link with that number or a greater one. */
static size_t position(const struct vrrp_engine *e, uint32_t ifindex)
{
	size_t low = 0, high = e->n_links;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (e->links[middle].is.ifindex < ifindex)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first name from there on; of links with the same name, the first from ifindex on. */
static size_t name_position(const struct vrrp_engine *e, const char *name, uint32_t ifindex)
{
	size_t low = 0, high = e->n_links;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(e->names[middle].name, name);

		if (order < 0 || (order == 0 && e->names[middle].ifindex < ifindex))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct vrrp_link *vrrp_engine_link_by_index(struct vrrp_engine *e, uint32_t ifindex)
{
	size_t at = position(e, ifindex);

	return ifindex && at < e->n_links && e->links[at].is.ifindex == ifindex ? &e->links[at]
										: NULL;
}

struct vrrp_link *vrrp_engine_link_by_name(struct vrrp_engine *e, const char *name)
{
	size_t at = name_position(e, name, 0);

	if (at == e->n_links || strcmp(e->names[at].name, name) != 0)
		return NULL;
	return vrrp_engine_link_by_index(e, e->names[at].ifindex);
}

static int grow(struct vrrp_engine *e)
{
	struct vrrp_link *links = reallocarray(e->links, e->n_links + 1, sizeof *links);
	struct vrrp_name *names;

	if (!links)
		return -ENOMEM;
	e->links = links;
	names = reallocarray(e->names, e->n_links + 1, sizeof *names);
	if (!names)
		return -ENOMEM;
	e->names = names;
	return 0;
}

int vrrp_links_add(struct vrrp_engine *e, const struct msg_link *is)
{
	size_t at = position(e, is->ifindex), name_at = name_position(e, is->name, is->ifindex);
	struct vrrp_link *link;
	struct vrrp_name *name;
	int r = grow(e);

	if (r < 0)
		return r;
	link = &e->links[at];
	memmove(link + 1, link, (e->n_links - at) * sizeof *link);
	*link = (struct vrrp_link){.is = *is};
	name = &e->names[name_at];
	memmove(name + 1, name, (e->n_links - name_at) * sizeof *name);
	*name = (struct vrrp_name){.ifindex = is->ifindex};
	memcpy(name->name, is->name, sizeof name->name);
	e->n_links++;
	vrrp_debounce_told(e, link, true, 0);
	return 0;
}

void vrrp_links_remove(struct vrrp_engine *e, struct vrrp_link *link)
{
	struct vrrp_name *name = &e->names[name_position(e, link->is.name, link->is.ifindex)];

	e->n_links--;
	memmove(link, link + 1, (size_t)(&e->links[e->n_links] - link) * sizeof *link);
	memmove(name, name + 1, (size_t)(&e->names[e->n_links] - name) * sizeof *name);
}

int vrrp_links_add_anywhere(struct vrrp_engine *e)
{
	const struct msg_link anywhere = {
		.ifindex = VRRP_ANYWHERE, .present = true, .up = true, .enabled = true};

	return vrrp_links_add(e, &anywhere);
}

struct vrrp_link *vrrp_links_home(struct vrrp_engine *e, const struct conf_instance *conf)
{
	struct vrrp_link *link =
		vrrp_engine_link_by_name(e, conf->vrf ? conf->vrf : conf->interface);

	return link && conf->vrf && !link->is.vrf ? NULL : link;
}

const char *vrrp_links_name(const struct vrrp_link *link)
{
	if (!link)
		return "?";
	return link->is.ifindex == VRRP_ANYWHERE ? "no interface" : link->is.name;
}

uint32_t vrrp_links_public(uint32_t ifindex)
{
	return ifindex == VRRP_ANYWHERE ? 0 : ifindex;
}
