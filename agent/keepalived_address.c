/* SPDX-License-Identifier: MIT */
/*
 * KEEPALIVED-MIB K.2.6: the virtual addresses of each instance, advertised ones first, then the
 * excluded ones, both in configuration order. Thread: agent.
 *
 * Holes: broadcast, alias and peer where none is configured, the index of an interface that is not
 * there.
 */
#include <errno.h>
#include <linux/rtnetlink.h>

#include "agent/cells.h"
#include "agent/keepalived.h"

static int build(const struct view *view, struct rows *ret)
{
	for (uint32_t i = 0; view->vrrp && i < view->vrrp->n_instances; i++) {
		uint32_t at = view->vrrp->instances[i].conf_index;
		const struct conf_instance *conf = &view->vrrp->conf->instances[at];

		for (uint32_t a = 0; a < conf->n_addresses + conf->n_excluded; a++) {
			struct row *row = rows_add(ret, i, a);

			if (!row)
				return -ENOMEM;
			row_index_u32(row, keepalived_index(at));
			row_index_u32(row, a + 1);
		}
	}
	return 0;
}

static const struct snap_instance *live(const struct view *view, const struct row *row)
{
	return &view->vrrp->instances[row->major];
}

static const struct conf_instance *conf_of(const struct view *view, const struct row *row)
{
	return &view->vrrp->conf->instances[live(view, row)->conf_index];
}

static bool is_advertised(const struct view *view, const struct row *row)
{
	return row->minor < conf_of(view, row)->n_addresses;
}

static const struct conf_address *address(const struct view *view, const struct row *row)
{
	const struct conf_instance *conf = conf_of(view, row);

	if (row->minor < conf->n_addresses)
		return &conf->addresses[row->minor];
	return &conf->excluded[row->minor - conf->n_addresses];
}

static bool type(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_ip_type(ret, &address(view, row)->ip);
}

static bool value(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_ip(ret, &address(view, row)->ip);
}

static bool broadcast(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct ip *ip = &address(view, row)->broadcast;

	return ip_is_set(ip) && cell_ip(ret, ip);
}

static bool mask(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_number(ret, address(view, row)->prefix);
}

/* InetScopeType has no name for most of the 256 rtnetlink scopes: the nearest one that is not
 * wider. */
static bool scope(const struct view *view, const struct row *row, struct cell *ret)
{
	unsigned rt = address(view, row)->scope;

	if (rt == RT_SCOPE_UNIVERSE)
		return cell_number(ret, 14); /* global */
	if (rt < RT_SCOPE_SITE)
		return cell_number(ret, 8); /* organizationLocal */
	if (rt == RT_SCOPE_SITE)
		return cell_number(ret, 5); /* siteLocal */
	if (rt <= RT_SCOPE_LINK)
		return cell_number(ret, rt == RT_SCOPE_LINK ? 2 : 3); /* linkLocal, subnetLocal */
	return cell_number(ret, 1);				      /* interfaceLocal */
}

static const char *device(const struct view *view, const struct row *row)
{
	const struct conf_address *own = address(view, row);

	return own->device ? own->device : conf_of(view, row)->interface;
}

static bool ifindex(const struct view *view, const struct row *row, struct cell *ret)
{
	uint32_t found = view_ifindex(view->vrrp, device(view, row));

	return found && cell_number(ret, found);
}

static bool ifname(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, device(view, row));
}

static bool alias(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_text(ret, address(view, row)->label);
}

static bool status(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, live(view, row)->addresses_set); /* set(1) unset(2) */
}

static bool advertising(const struct view *view, const struct row *row, struct cell *ret)
{
	return cell_truth(ret, is_advertised(view, row)); /* advertised(1) notAdvertised(2) */
}

static bool peer(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct ip *ip = &address(view, row)->peer;

	return ip_is_set(ip) && cell_ip(ret, ip);
}

static const struct column columns[] = {
	COLUMN_READ(2, INTEGER, type),	   COLUMN_READ(3, OCTETS, value),
	COLUMN_READ(4, OCTETS, broadcast), COLUMN_READ(5, GAUGE32, mask),
	COLUMN_READ(6, INTEGER, scope),	   COLUMN_READ(7, INTEGER, ifindex),
	COLUMN_READ(8, OCTETS, ifname),	   COLUMN_READ(9, OCTETS, alias),
	COLUMN_READ(10, INTEGER, status),  COLUMN_READ(11, INTEGER, advertising),
	COLUMN_READ(12, OCTETS, peer),
};

const struct table keepalived_addresses = {
	.name = "vrrpAddressTable",
	.entry = {KEEPALIVED_ROOT, 2, 6, 1},
	.entry_length = 12,
	.columns = columns,
	.n_columns = CELL_COUNT(columns),
	.build = build,
};
