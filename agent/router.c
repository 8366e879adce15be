/* SPDX-License-Identifier: MIT */
/*
 * What the tables of VRRP instances have in common. Thread: agent.
 */
#include "agent/router.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/cells.h"

const struct snap_instance *router_live(const struct view *view, const struct row *row)
{
	return &view->vrrp->instances[row->major];
}

static const struct conf_instance *conf_at(const struct snap_vrrp *vrrp, size_t instance)
{
	return &vrrp->conf->instances[vrrp->instances[instance].conf_index];
}

const struct conf_instance *router_conf(const struct view *view, const struct row *row)
{
	return conf_at(view->vrrp, row->major);
}

/* ---- rows ---- */

static bool has_rows(const struct router_kind *kind, const struct snap_vrrp *vrrp, size_t instance)
{
	return vrrp->instances[instance].ifindex && kind->covers(conf_at(vrrp, instance));
}

static int add(const struct router_kind *kind, const struct snap_vrrp *vrrp, uint32_t instance,
	       uint32_t minor, const struct ip *address, struct rows *rows)
{
	struct row *row = rows_add(rows, instance, minor);

	if (!row)
		return -ENOMEM;
	kind->index(row, vrrp->instances[instance].ifindex, conf_at(vrrp, instance), address);
	return 0;
}

int router_build(const struct router_kind *kind, const struct view *view, struct rows *ret)
{
	int error = 0;

	for (uint32_t i = 0; view->vrrp && i < view->vrrp->n_instances && !error; i++)
		if (has_rows(kind, view->vrrp, i))
			error = add(kind, view->vrrp, i, 0, NULL, ret);
	return error;
}

static bool is_associated(const struct router_kind *kind, const struct conf_instance *conf,
			  size_t at)
{
	const struct ip *ip = &conf->addresses[at].ip;

	if (kind->one_family && ip->family != conf->addresses[0].ip.family)
		return false;
	for (size_t i = 0; i < at; i++)
		if (ip_compare(&conf->addresses[i].ip, ip) == 0)
			return false;
	return true;
}

static int add_addresses(const struct router_kind *kind, const struct snap_vrrp *vrrp,
			 uint32_t instance, struct rows *ret)
{
	const struct conf_instance *conf = conf_at(vrrp, instance);
	int error = 0;

	for (uint32_t a = 0; a < conf->n_addresses && !error; a++)
		if (is_associated(kind, conf, a))
			error = add(kind, vrrp, instance, a, &conf->addresses[a].ip, ret);
	return error;
}

int router_build_addresses(const struct router_kind *kind, const struct view *view,
			   struct rows *ret)
{
	int error = 0;

	for (uint32_t i = 0; view->vrrp && i < view->vrrp->n_instances && !error; i++)
		if (has_rows(kind, view->vrrp, i))
			error = add_addresses(kind, view->vrrp, i, ret);
	return error;
}

int router_build_scalars(const struct view *view, struct rows *ret)
{
	return view->vrrp ? rows_add_scalars(ret) : 0;
}

/* ---- what they say ---- */

int router_state(const struct snap_instance *instance)
{
	switch (instance->state) {
	case VRRP_BACKUP:
		return 2;
	case VRRP_MASTER:
		return 3;
	case VRRP_INITIALIZE:
	case VRRP_FAULT:
		break;
	}
	return 1;
}

uint32_t router_n_addresses(const struct router_kind *kind, const struct conf_instance *conf)
{
	uint32_t n = 0;

	for (size_t i = 0; i < conf->n_addresses; i++)
		n += is_associated(kind, conf, i);
	return n;
}

/* RFC 9568 section 7.3; the same as RFC 3768's for IPv4. */
bool router_mac(struct cell *ret, int family, uint8_t vrid)
{
	const uint8_t mac[6] = {0x00, 0x00, 0x5e, 0x00, family == AF_INET6 ? 0x02 : 0x01, vrid};

	memcpy(ret->room, mac, sizeof(mac));
	return cell_octets(ret, ret->room, sizeof(mac));
}

bool router_base_priority(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, router_live(view, row)->base_priority);
}

bool router_preempt(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, router_live(view, row)->preempt); /* preempt(1) noPreempt(2) */
}

bool router_accept(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, router_conf(view, row)->accept);
}

#define ERROR_GETTER(field)                                                                        \
	bool router_##field(const struct view *view, const struct row *row, struct cell *ret)      \
	{                                                                                          \
		(void)row;                                                                         \
		return cell_number(ret, (int64_t)view->vrrp->field);                               \
	}

ERROR_GETTER(checksum_errors)
ERROR_GETTER(version_errors)
ERROR_GETTER(vrid_errors)

#define COUNTER_GETTER(name, field)                                                                \
	bool router_##name(const struct view *view, const struct row *row, struct cell *ret)       \
	{                                                                                          \
		return cell_number(ret, (int64_t)router_live(view, row)->stats.field);             \
	}

COUNTER_GETTER(became_master, become_master)
COUNTER_GETTER(adverts, advert_received)
COUNTER_GETTER(interval_errors, interval_errors)
COUNTER_GETTER(ttl_errors, ttl_errors)
COUNTER_GETTER(zero_received, priority_zero_received)
COUNTER_GETTER(zero_sent, priority_zero_sent)
COUNTER_GETTER(invalid_type, invalid_type)
COUNTER_GETTER(list_errors, address_list_errors)
COUNTER_GETTER(length_errors, length_errors)

/* ---- changes ---- */

bool router_may_change(const struct view *view, const struct row *row)
{
	const struct snap_instance *instance = router_live(view, row);

	/* what vipd does not run at all cannot be changed into something that it does */
	return !instance->admin_up && router_state(instance) == 1 &&
	       !conf_instance_unsupported(router_conf(view, row));
}

bool router_has_address(const struct view *view, const struct row *row, const struct ip *address)
{
	const struct snap_link *link = view->vrrp->links, *end = link + view->vrrp->n_links;

	while (link < end && link->ifindex != router_live(view, row)->ifindex)
		link++;
	for (uint32_t i = 0; link < end && i < link->n_own4; i++)
		if (ip_compare(&link->own4[i], address) == 0)
			return true;
	return false;
}

enum set_error router_change(const struct view *view, const struct row *row, enum vrrp_field field,
			     int64_t value, int32_t before, struct set_change *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->target = SET_TO_VRRP;
	ret->apply.vrrp.field = field;
	ret->apply.vrrp.value = (int32_t)value;
	snprintf(ret->apply.vrrp.instance, sizeof(ret->apply.vrrp.instance), "%s",
		 router_conf(view, row)->name);
	ret->undo.vrrp = ret->apply.vrrp;
	ret->undo.vrrp.value = before;
	return SET_OK;
}

enum set_error router_keep(bool now, const struct cell *value, struct set_change *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->target = SET_TO_NOBODY;
	return (value->number == 1) == now ? SET_OK : SET_INCONSISTENT_VALUE;
}

bool router_row_status(const struct view *view, const struct row *row, struct cell *ret)
{
	(void)view, (void)row;
	return cell_number(ret, ROW_ACTIVE);
}

enum set_error router_set_row_status(const struct view *view, const struct row *row,
				     const struct cell *value, struct set_change *ret)
{
	(void)view, (void)row;
	if (value->number == ROW_NOT_READY)
		return SET_WRONG_VALUE;
	return router_keep(true, value, ret);
}

enum set_error router_set_priority(const struct view *view, const struct row *row,
				   const struct cell *value, struct set_change *ret)
{
	return router_change(view, row, VRRP_SET_PRIORITY, value->number,
			     router_live(view, row)->set.priority, ret);
}

enum set_error router_set_preempt(const struct view *view, const struct row *row,
				  const struct cell *value, struct set_change *ret)
{
	return router_change(view, row, VRRP_SET_PREEMPT, value->number,
			     router_live(view, row)->set.preempt, ret);
}

enum set_error router_set_accept(const struct view *view, const struct row *row,
				 const struct cell *value, struct set_change *ret)
{
	return router_keep(router_conf(view, row)->accept, value, ret);
}
