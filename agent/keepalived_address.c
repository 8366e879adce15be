/* SPDX-License-Identifier: MIT */
/*
 * KEEPALIVED-MIB K.2.6: the static addresses as those of instance 0, then the virtual addresses of
 * each instance, advertised ones first, then the excluded ones, all in configuration order. Thread:
 * agent.
 *
 * Holes: broadcast, alias and peer where none is configured, the index of an interface that is not
 * there.
 */
#include "agent/cells.h"
#include "agent/keepalived.h"

/* The owners by number: 0 has the static ones, the others are instances. major of a row is the
 * owner. */
static const struct conf_instance *instance_of(const struct conf *conf, uint32_t owner)
{
	return owner ? &conf->instances[owner - 1] : NULL;
}

static size_t count(const struct conf *conf, uint32_t owner)
{
	const struct conf_instance *instance = instance_of(conf, owner);

	return instance ? instance->n_addresses + instance->n_excluded : conf->n_static_addresses;
}

static int build(const struct view *view, struct rows *ret)
{
	const struct conf *conf = view->vrrp ? view->vrrp->conf : NULL;
	int error = 0;

	for (uint32_t owner = 0; conf && owner <= conf->n_instances && !error; owner++)
		error = keepalived_add_rows(ret, owner, owner, count(conf, owner));
	return error;
}

static const struct conf_instance *conf_of(const struct view *view, const struct row *row)
{
	return instance_of(view->vrrp->conf, row->major);
}

static bool is_advertised(const struct view *view, const struct row *row)
{
	return row->major && row->minor < conf_of(view, row)->n_addresses;
}

static const struct conf_address *address(const struct view *view, const struct row *row)
{
	const struct conf_instance *conf = conf_of(view, row);

	if (!conf)
		return &view->vrrp->conf->static_addresses[row->minor];
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

static bool scope(const struct view *view, const struct row *row, struct cell *ret)
{
	const struct conf_address *is = address(view, row);
	const int link = 2, everywhere = 14;

	if (is->ip.family == AF_INET6) /* its own affair (RFC 4007), whatever is configured */
		return cell_number(ret, ip_is_link_local(&is->ip) ? link : everywhere);
	return cell_number(ret, keepalived_scope(is->scope));
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
	const struct snap_daemon *daemon = view->daemon;
	bool is_static = !row->major;

	if (is_static) /* set(1) unset(2) */
		return cell_truth(ret, daemon && daemon->conf == view->vrrp->conf &&
					       daemon->static_set[row->minor]);
	return cell_truth(ret, view->vrrp->instances[row->major - 1].addresses_set);
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
