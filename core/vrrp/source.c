/* SPDX-License-Identifier: MIT */
/*
 * From which address a virtual router speaks: what SNMP has chosen, what is configured, what the
 * interface has; and when it must not. vrrp thread; asks nobody.
 */
#include "core/vrrp/engine_private.h"

enum vrrp_family vrrp_source_family(const struct vrrp_unit *unit)
{
	return conf_instance_family(unit->fsm.conf) == AF_INET6 ? VRRP_IPV6 : VRRP_IPV4;
}

const struct ip *vrrp_source_list(const struct vrrp_link *link, enum vrrp_family family,
				  size_t *ret_n)
{
	*ret_n = family == VRRP_IPV6 ? link->is.n_own6 : link->is.n_own4;
	return family == VRRP_IPV6 ? link->is.own6 : link->is.own4;
}

bool vrrp_source_is_there(const struct vrrp_link *link, const struct ip *address)
{
	size_t n;
	const struct ip *own =
		vrrp_source_list(link, address->family == AF_INET6 ? VRRP_IPV6 : VRRP_IPV4, &n);

	for (size_t i = 0; i < n; i++)
		if (ip_compare(&own[i], address) == 0)
			return true;
	return false;
}

/* The address that SNMP has chosen, while the interface has it. A lost one must not make a router
 * fail that has another: the configured choice follows. */
static bool chosen_primary(const struct vrrp_unit *unit, const struct vrrp_link *link,
			   struct ip *ret)
{
	const struct ip *wanted = &unit->set.primary, *found = NULL, *own;
	bool any = ip_compare(wanted, &(struct ip){.family = wanted->family}) == 0;
	size_t n;

	if (!ip_is_set(wanted))
		return false;
	own = vrrp_source_list(link, vrrp_source_family(unit), &n);
	for (size_t i = 0; i < n; i++)
		if (any ? !found || ip_compare(&own[i], found) < 0
			: ip_compare(&own[i], wanted) == 0)
			found = &own[i];
	if (found)
		*ret = *found;
	return found;
}

/* As configured, else what the interface has for it. */
static struct ip usual_primary(const struct vrrp_unit *unit, const struct vrrp_link *link)
{
	const struct ip *source = conf_instance_source(unit->fsm.conf);

	if (ip_is_set(source) || !link)
		return *source;
	return vrrp_source_family(unit) == VRRP_IPV6 ? link->is.primary6 : link->is.primary4;
}

struct ip vrrp_source_of(const struct vrrp_unit *unit, const struct vrrp_link *link)
{
	struct ip chosen;

	return link && chosen_primary(unit, link, &chosen) ? chosen : usual_primary(unit, link);
}

/* Behind a list that is full the address may still be there. */
static bool may_be_there(const struct vrrp_link *link, const struct ip *address)
{
	size_t n;

	vrrp_source_list(link, address->family == AF_INET6 ? VRRP_IPV6 : VRRP_IPV4, &n);
	return n == LINK_ADDRESSES_MAX || vrrp_source_is_there(link, address);
}

/*
 * track_src_ip. The address of an ipvlan is ours to look after, and with IPv6 it needs no saying:
 * from an address that is not there, or not known to be ours alone yet, nothing may be sent (RFC
 * 4862 section 5.4), and a master that cannot send is worse than none. Without an interface it may
 * be on any.
 */
bool vrrp_source_is_lost(const struct vrrp_engine *e, const struct vrrp_unit *unit,
			 const struct vrrp_link *link)
{
	const struct conf_instance *conf = unit->fsm.conf;
	const struct ip *source = conf_instance_source(conf);
	enum vrrp_family family = vrrp_source_family(unit);
	bool tracked = conf->track_src_ip || source != &conf->source;

	if (!link || !ip_is_set(source) || (family == VRRP_IPV4 && !tracked))
		return false;
	if (!conf_instance_is_wide(conf))
		return !may_be_there(link, source);
	for (size_t i = 0; i < e->n_links; i++)
		if (may_be_there(&e->links[i], source))
			return false;
	return true;
}
