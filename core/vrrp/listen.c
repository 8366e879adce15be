/* SPDX-License-Identifier: MIT */
/*
 * Which interfaces have a socket, in which family, and which multicast groups it hears. vrrp
 * thread. A group is joined while an instance on the interface speaks in it; one with unicast peers
 * asks for the socket alone, so that nothing of it is ever multicast, membership reports included.
 */
#include "core/vrrp/engine_private.h"

#include <errno.h>
#include <string.h>

#define SOCKET_RETRY_US (30 * USEC_PER_SEC)

bool vrrp_listen_wants(const struct vrrp_unit *unit)
{
	const struct conf_instance *conf = unit->fsm.conf;

	return !conf_instance_unsupported(conf) && (conf->n_peers || !conf->unicast_fault_no_peer);
}

const struct ip *vrrp_listen_group(const struct vrrp_engine *e, const struct vrrp_unit *unit)
{
	const struct conf_instance *conf = unit->fsm.conf;

	if (conf->n_peers)
		return NULL;
	return ip_is_set(&conf->mcast_group) ? &conf->mcast_group
					     : &e->mcast_groups[vrrp_source_family(unit)];
}

static bool has_joined(const struct vrrp_port *port, const struct ip *group)
{
	for (size_t i = 0; i < port->n_groups; i++)
		if (ip_compare(&port->groups[i], group) == 0)
			return true;
	return false;
}

/* A macvlan joins no group: the report of that would leave it from the virtual MAC address, which
 * may be another machine's at the moment. Nor does an ipvlan: the interface below has heard it all,
 * and each advert counts once. */
static bool hears(const struct vrrp_engine *e, const struct vrrp_link *link,
		  const struct vrrp_unit *unit)
{
	const struct vrrp_port *port = &link->ports[vrrp_source_family(unit)];
	const struct ip *group = vrrp_listen_group(e, unit);

	return port->open &&
	       (!group || unit->ifindex != link->is.ifindex || has_joined(port, group)) &&
	       (port->ah || vrrp_engine_auth(unit) != CONF_AUTH_AH);
}

bool vrrp_listen_is_complete(struct vrrp_engine *e, const struct vrrp_unit *unit)
{
	const struct vrrp_link *link = vrrp_engine_link_by_index(e, unit->ifindex),
			       *macvlan = vrrp_engine_link_by_index(e, unit->macvlan);

	return link && hears(e, link, unit) && (!macvlan || hears(e, macvlan, unit));
}

/* The unit listens on the link, in that family and group; group NULL: in whichever, or none. */
static bool listens(const struct vrrp_engine *e, const struct vrrp_unit *unit,
		    const struct vrrp_link *link, enum vrrp_family family, const struct ip *group)
{
	const struct ip *own;

	if (!vrrp_listen_wants(unit) || vrrp_source_family(unit) != family)
		return false;
	if (unit->macvlan == link->is.ifindex)
		return !group;
	if (unit->ifindex != link->is.ifindex)
		return false;
	own = vrrp_listen_group(e, unit);
	return !group || (own && ip_compare(own, group) == 0);
}

static bool is_used(const struct vrrp_engine *e, const struct vrrp_link *link,
		    enum vrrp_family family, const struct ip *group)
{
	for (size_t i = 0; i < e->conf->n_instances; i++)
		if (listens(e, e->units[i], link, family, group))
			return true;
	return false;
}

static bool is_complete(const struct vrrp_engine *e, const struct vrrp_link *link,
			enum vrrp_family family)
{
	for (size_t i = 0; i < e->conf->n_instances; i++)
		if (listens(e, e->units[i], link, family, NULL) && !hears(e, link, e->units[i]))
			return false;
	return true;
}

static int join(struct vrrp_engine *e, uint32_t ifindex, struct vrrp_port *port,
		const struct ip *group)
{
	int r;

	if (has_joined(port, group))
		return 0;
	if (port->n_groups == VRRP_GROUPS_MAX)
		return -ENOBUFS;
	r = e->ops->join(e->owner, ifindex, group);
	if (r < 0)
		return r;
	port->groups[port->n_groups++] = *group;
	return 0;
}

/* Returns the first error; the other groups are joined all the same. */
static int join_all(struct vrrp_engine *e, struct vrrp_link *link, enum vrrp_family family)
{
	int first = 0;

	for (size_t i = 0; i < e->conf->n_instances; i++) {
		const struct ip *group = vrrp_listen_group(e, e->units[i]);
		int r = 0;

		if (group && listens(e, e->units[i], link, family, group))
			r = join(e, link->is.ifindex, &link->ports[family], group);
		if (!first)
			first = r;
	}
	return first;
}

static void leave_unused(struct vrrp_engine *e, struct vrrp_link *link, enum vrrp_family family)
{
	struct vrrp_port *port = &link->ports[family];

	for (size_t i = port->n_groups; i-- > 0;) {
		if (is_used(e, link, family, &port->groups[i]))
			continue;
		e->ops->leave(e->owner, link->is.ifindex, &port->groups[i]);
		port->groups[i] = port->groups[--port->n_groups];
	}
}

static bool wants_ah(const struct vrrp_engine *e, const struct vrrp_link *link,
		     enum vrrp_family family)
{
	for (size_t i = 0; i < e->conf->n_instances; i++)
		if (vrrp_engine_auth(e->units[i]) == CONF_AUTH_AH &&
		    listens(e, e->units[i], link, family, NULL))
			return true;
	return false;
}

static int hear_ah(struct vrrp_engine *e, struct vrrp_link *link, enum vrrp_family family)
{
	struct vrrp_port *port = &link->ports[family];
	int r = 0;

	if (!port->ah && wants_ah(e, link, family)) {
		r = e->ops->hear_ah(e->owner, link->is.ifindex, link->is.name, true);
		port->ah = r >= 0;
		port->buffer = 0; /* the new one has not been asked for any */
	}
	return r;
}

/* NULL: it is no macvlan of ours, or an instance of its own stands on it. An ipvlan speaks from an
 * address that is no one else's, so a socket of IP does. */
static const uint8_t *virtual_mac(const struct vrrp_engine *e, const struct vrrp_link *link)
{
	const uint8_t *mac = NULL;

	for (size_t i = 0; i < e->conf->n_instances; i++) {
		if (e->units[i]->ifindex == link->is.ifindex)
			return NULL;
		if (e->units[i]->macvlan == link->is.ifindex && !link->is.ipvlan)
			mac = link->is.mac;
	}
	return mac;
}

static uint16_t number_of(enum vrrp_family family)
{
	return family == VRRP_IPV6 ? AF_INET6 : AF_INET;
}

static void complete(struct vrrp_engine *e, struct vrrp_link *link, enum vrrp_family family,
		     uint32_t retry, uint64_t now_us)
{
	struct vrrp_port *port = &link->ports[family];
	const char *what = "open";
	int r = 0, ah;

	if (is_complete(e, link, family)) {
		port->open_retry_us = 0; /* of what is asked for no more */
		return;
	}
	if (port->open_retry_us > now_us && !vrrp_engine_retries(retry, link->is.ifindex))
		return;
	if (!port->open)
		r = e->ops->open(e->owner, link->is.ifindex, number_of(family), link->is.name,
				 virtual_mac(e, link));
	port->open = r >= 0;
	if (port->open) {
		what = "join a group with";
		r = join_all(e, link, family);
	}
	ah = port->open ? hear_ah(e, link, family) : 0;
	if (ah < 0) {
		what = "open a second one beside";
		r = ah;
	}
	port->open_retry_us = r < 0 ? now_us + SOCKET_RETRY_US : 0;
	if (r < 0 && r != port->open_error)
		e->ops->log(e->owner, LOG_ERR, "cannot %s a VRRP socket on %s: %s", what,
			    vrrp_links_name(link), strerror(-r));
	port->open_error = r < 0 ? r : 0;
}

static void close_port(struct vrrp_engine *e, struct vrrp_link *link, enum vrrp_family family)
{
	struct vrrp_port *port = &link->ports[family];

	if (port->open)
		e->ops->close(e->owner, link->is.ifindex, number_of(family));
	*port = (struct vrrp_port){.free_us = port->free_us};
}

void vrrp_listen_close(struct vrrp_engine *e, struct vrrp_link *link)
{
	for (enum vrrp_family family = 0; family < VRRP_FAMILIES; family++)
		close_port(e, link, family);
}

bool vrrp_listen_is_due(const struct vrrp_link *link, uint64_t now_us)
{
	for (size_t f = 0; f < VRRP_FAMILIES; f++)
		if (link->ports[f].open_retry_us && link->ports[f].open_retry_us <= now_us)
			return true;
	return false;
}

/* kernel_rx_buf_size, else vrrp_rx_bufs_policy; 0: the instance asks for none. */
static uint64_t wanted_buffer(const struct vrrp_engine *e, const struct vrrp_link *link,
			      const struct conf_instance *conf)
{
	const struct conf_process *process = &e->conf->global.process;
	size_t width = conf_instance_family(conf) == AF_INET6 ? 16 : 4;
	size_t header = width == 4 ? VRRP_IP_HEADER : VRRP_IP_HEADER_MAX;
	size_t tail = width == 4 && conf->version == 2 ? VRRP_AUTH_OCTETS : 0;

	tail += conf->auth == CONF_AUTH_AH ? VRRP_AH_OCTETS : 0;
	if (conf->rx_buffer)
		return conf->rx_buffer;
	switch (process->rx_policy) {
	case CONF_RX_MTU:
		return (uint64_t)link->is.mtu * process->rx_multiplier;
	case CONF_RX_ADVERT:
		return (header + VRRP_FIXED_PART + width * conf->n_addresses + tail) *
		       process->rx_multiplier;
	case CONF_RX_BYTES:
		return process->rx_bytes;
	case CONF_RX_KERNEL:
		break;
	}
	return 0;
}

/* The instances of a socket together, as keepalived adds them up. */
static void size_buffer(struct vrrp_engine *e, struct vrrp_link *link, enum vrrp_family family)
{
	struct vrrp_port *port = &link->ports[family];
	uint64_t octets = 0;
	int r;

	for (size_t i = 0; i < e->conf->n_instances; i++)
		if (listens(e, e->units[i], link, family, NULL))
			octets += wanted_buffer(e, link, e->units[i]->fsm.conf);
	if (octets > INT32_MAX)
		octets = INT32_MAX;
	if (!port->open || port->buffer == octets)
		return;
	port->buffer = (uint32_t)octets;
	r = e->ops->buffer(e->owner, link->is.ifindex, number_of(family), port->buffer);
	if (r < 0)
		e->ops->log(e->owner, LOG_WARNING, "cannot set the receive buffer on %s: %s",
			    vrrp_links_name(link), strerror(-r));
}

static void settle_port(struct vrrp_engine *e, struct vrrp_link *link, enum vrrp_family family,
			uint32_t retry, uint64_t now_us)
{
	if (!is_used(e, link, family, NULL)) {
		close_port(e, link, family);
		return;
	}
	leave_unused(e, link, family);
	if (link->ports[family].ah && !wants_ah(e, link, family)) {
		(void)e->ops->hear_ah(e->owner, link->is.ifindex, link->is.name, false);
		link->ports[family].ah = false;
	}
	complete(e, link, family, retry, now_us);
	size_buffer(e, link, family);
}

void vrrp_listen_settle(struct vrrp_engine *e, uint32_t retry, uint64_t now_us)
{
	for (size_t i = 0; i < e->n_links; i++)
		for (enum vrrp_family family = 0; family < VRRP_FAMILIES; family++)
			settle_port(e, &e->links[i], family, retry, now_us);
}
