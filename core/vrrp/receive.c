/* SPDX-License-Identifier: MIT */
/*
 * A received packet on its way to the state machine: whose it is, whether it is good, which counter
 * it moves. vrrp thread. Each bad packet moves one counter and is logged at a bounded rate, per
 * reason and source.
 */
#include "core/vrrp/engine_private.h"

#include <string.h>

#define LIMIT_ADDRESS_LIST (VRRP_DISCARDS + 1000u)
#define LIMIT_LOWER	   (VRRP_DISCARDS + 1001u)
#define LIMIT_TWO_OWNERS   (VRRP_DISCARDS + 1002u)
#define LIMIT_INTERVAL	   (VRRP_DISCARDS + 1003u)

/* One packet being judged. */
struct arrival {
	struct vrrp_engine *e;
	struct vrrp_unit *unit; /* NULL: no such virtual router */
	unsigned fits;		/* 0: the packet was not sent to it */
	uint32_t ifindex;
	uint8_t vrid;
	struct vrrp_envelope envelope;
	uint64_t now_us;
};

static const struct conf_peer *find_peer(const struct conf_instance *conf, const struct ip *source)
{
	for (size_t i = 0; i < conf->n_peers; i++)
		if (ip_compare(&conf->peers[i].ip, source) == 0)
			return &conf->peers[i];
	return NULL;
}

/* How well a unit of that VRID fits; one VRID may be in use in several groups and with several sets
 * of peers. 0: it was not sent there. */
static unsigned fit(const struct vrrp_engine *e, const struct vrrp_unit *unit,
		    const struct vrrp_envelope *envelope)
{
	const struct ip *group = vrrp_listen_group(e, unit);
	unsigned fits;

	if (group)
		return ip_compare(group, &envelope->destination) == 0;
	if (ip_is_multicast(&envelope->destination))
		return 0;
	fits = 1 + (ip_compare(&unit->fsm.primary, &envelope->destination) == 0) +
	       (find_peer(unit->fsm.conf, &envelope->source) ? 2 : 0);
	/* One without an interface hears what is for the others, too. */
	return fits == 1 && conf_instance_is_wide(unit->fsm.conf) ? 0 : fits;
}

static bool is_here(const struct arrival *a, const struct vrrp_unit *unit)
{
	return unit->ifindex == a->ifindex || unit->macvlan == a->ifindex;
}

/* The best of those with this VRID, so that even a packet for none of them can be charged. */
static void find_unit(struct arrival *a)
{
	struct vrrp_engine *e = a->e;

	for (size_t i = 0; i < e->conf->n_instances; i++) {
		struct vrrp_unit *unit = e->units[i];
		unsigned fits;

		if (!is_here(a, unit) || unit->fsm.conf->vrid != a->vrid ||
		    conf_instance_family(unit->fsm.conf) != a->envelope.source.family)
			continue;
		fits = fit(e, unit, &a->envelope);
		if (a->unit && fits <= a->fits)
			continue;
		a->unit = unit;
		a->fits = fits;
	}
}

static bool is_wide_here(const struct arrival *a)
{
	for (size_t i = 0; i < a->e->conf->n_instances; i++)
		if (conf_instance_is_wide(a->e->units[i]->fsm.conf) && is_here(a, a->e->units[i]))
			return true;
	return false;
}

/*
 * A socket of no interface, or of a VRF, hears a packet beside that of the interface it came in by:
 * it is judged once, where the router listens that it fits best. What fits nobody is for the
 * sockets of interfaces, if there are any.
 */
static bool is_elsewhere(const struct arrival *a)
{
	bool wide_here = a->e->any_wide && is_wide_here(a), narrow = false;

	for (size_t i = 0; a->e->any_wide && i < a->e->conf->n_instances; i++) {
		const struct vrrp_unit *unit = a->e->units[i];
		const struct conf_instance *conf = unit->fsm.conf;
		bool wide = conf_instance_is_wide(conf);

		if ((!wide && !wide_here) || is_here(a, unit) ||
		    conf_instance_family(conf) != a->envelope.source.family)
			continue;
		narrow |= !wide && unit->ifindex;
		if (conf->vrid == a->vrid && fit(a->e, unit, &a->envelope) > a->fits)
			return true;
	}
	return !a->unit && narrow;
}

/* The counter of a discard in the row of the instance, NULL when it has none. */
static uint64_t *counter(struct vrrp_stats *stats, enum vrrp_discard reason)
{
	switch (reason) {
	case VRRP_BAD_TTL:
		return &stats->ttl_errors;
	case VRRP_BAD_VERSION:
		return &stats->version_errors;
	case VRRP_SHORT:
	case VRRP_BAD_LENGTH:
		return &stats->length_errors;
	case VRRP_BAD_CHECKSUM:
		return &stats->checksum_errors;
	case VRRP_BAD_TYPE:
		return &stats->invalid_type;
	case VRRP_BAD_AUTH_TYPE:
		return &stats->invalid_auth_type;
	case VRRP_OTHER_AUTH_TYPE:
		return &stats->auth_type_mismatch;
	case VRRP_BAD_AUTH_DATA:
	case VRRP_REPLAYED:
		return &stats->auth_failures;
	case VRRP_NO_ADDRESS:
	case VRRP_NOT_LINK_LOCAL:
		return &stats->address_list_errors;
	case VRRP_ZERO_INTERVAL:
	case VRRP_OTHER_INTERVAL:
		return &stats->interval_errors;
	case VRRP_ACCEPTED:
	case VRRP_BAD_IP:
	case VRRP_OTHER_AH:
	case VRRP_OTHER_DESTINATION:
	case VRRP_NOT_PEER:
	case VRRP_OWN:
	case VRRP_UNKNOWN_VRID:
	case VRRP_DISCARDS:
		break;
	}
	return NULL;
}

static enum vrrp_proto_error proto_error(enum vrrp_discard reason)
{
	switch (reason) {
	case VRRP_BAD_TTL:
		return VRRP_TTL_ERROR;
	case VRRP_BAD_VERSION:
		return VRRP_VERSION_ERROR;
	case VRRP_BAD_CHECKSUM:
		return VRRP_CHECKSUM_ERROR;
	case VRRP_UNKNOWN_VRID:
		return VRRP_VRID_ERROR;
	default:
		return VRRP_NO_ERROR;
	}
}

/* vrrpTrapAuthErrorType of RFC 2787; 0: not about authentication. */
static uint8_t auth_error(enum vrrp_discard reason)
{
	if (reason == VRRP_BAD_AUTH_TYPE)
		return 1;
	if (reason == VRRP_OTHER_AUTH_TYPE)
		return 2;
	return reason == VRRP_BAD_AUTH_DATA || reason == VRRP_REPLAYED ? 3 : 0;
}

static void count(const struct arrival *a, enum vrrp_discard reason)
{
	struct vrrp_engine *e = a->e;
	enum vrrp_proto_error error = proto_error(reason);
	uint64_t *own = a->unit ? counter(&a->unit->stats, reason) : NULL;

	e->checksum_errors += reason == VRRP_BAD_CHECKSUM;
	e->version_errors += reason == VRRP_BAD_VERSION;
	e->vrid_errors += reason == VRRP_UNKNOWN_VRID;
	if (own)
		(*own)++;
	if (a->unit && error)
		a->unit->proto_error = error;
	e->counters_changed = true;
}

static void tell(const struct arrival *a, enum event_kind kind, uint8_t error)
{
	struct msg_event *event = vrrp_act_new_event(a->e, kind, a->now_us);

	if (!event)
		return;
	event->packet.ifindex = vrrp_links_public(a->ifindex);
	event->packet.vrid = a->vrid;
	event->packet.source = a->envelope.source;
	event->packet.error = error;
}

static void log_packet(const struct arrival *a, int level, const char *what, uint32_t held_back)
{
	const struct vrrp_link *link = vrrp_engine_link_by_index(a->e, a->ifindex);
	char source[IP_TEXT_MAX];

	a->e->ops->log(a->e->owner, level, "%s: packet from %s on %s for VRID %u: %s (%u more)",
		       a->unit ? a->unit->fsm.conf->name : "-",
		       ip_format(&a->envelope.source, source), vrrp_links_name(link), a->vrid, what,
		       held_back);
}

/* Another group on the same wire is no fault of anybody's. */
static int level_of(const struct arrival *a, enum vrrp_discard reason)
{
	if (reason != VRRP_UNKNOWN_VRID)
		return LOG_WARNING;
	return a->e->conf->global.log_unknown_vrids ? LOG_INFO : LOG_DEBUG;
}

static void discard(const struct arrival *a, enum vrrp_discard reason)
{
	enum vrrp_proto_error error = proto_error(reason);
	uint32_t held_back;

	count(a, reason);
	if (!vrrp_limit_allows(&a->e->limit, reason, &a->envelope.source, a->now_us, &held_back))
		return;
	log_packet(a, level_of(a, reason), vrrp_discard_name(reason), held_back);
	if (auth_error(reason))
		tell(a, EVENT_AUTH_FAILURE, auth_error(reason));
	else if (error)
		tell(a, EVENT_PROTO_ERROR, (uint8_t)error);
}

static bool has_address(const struct conf_instance *conf, const struct ip *ip)
{
	for (size_t i = 0; i < conf->n_addresses; i++)
		if (ip_compare(&conf->addresses[i].ip, ip) == 0)
			return true;
	return false;
}

/* skip_check_adv_addr: once is enough for each new master. */
static bool skips_addresses(const struct arrival *a)
{
	return a->unit->fsm.conf->skip_check_adv_addr &&
	       ip_compare(&a->unit->fsm.master, &a->envelope.source) == 0;
}

/* RFC 3768 section 7.1 lets a router drop on this; keepalived counts and goes on, so mixed pairs
 * keep electing. */
static void compare_addresses(const struct arrival *a, const struct vrrp_advert *advert)
{
	const struct conf_instance *conf = a->unit->fsm.conf;
	struct ip own[VRRP_ADDRESSES_MAX];
	size_t n = 0;
	uint32_t held_back;

	while (n < conf->n_addresses && n < VRRP_ADDRESSES_MAX) {
		own[n] = conf->addresses[n].ip;
		n++;
	}
	if (vrrp_packet_same_addresses(advert, own, n))
		return;
	a->unit->stats.address_list_errors++;
	if (vrrp_limit_allows(&a->e->limit, LIMIT_ADDRESS_LIST, &a->envelope.source, a->now_us,
			      &held_back))
		log_packet(a, LOG_WARNING,
			   has_address(conf, &advert->addresses[0])
				   ? "address list differs from ours"
				   : "address list is not ours at all",
			   held_back);
}

/* Version 3: the master's interval is taken over, whatever ours is (RFC 9568 section 7.1). Version
 * 2 has refused the packet already. */
static void compare_interval(const struct arrival *a, uint64_t interval_us)
{
	uint32_t held_back;

	if (interval_us == a->unit->fsm.advert_us)
		return;
	a->unit->stats.interval_errors++;
	if (vrrp_limit_allows(&a->e->limit, LIMIT_INTERVAL, &a->envelope.source, a->now_us,
			      &held_back))
		log_packet(a, LOG_INFO, "advertisement interval differs from ours", held_back);
}

static void log_election(const struct arrival *a, const struct vrrp_advert *advert)
{
	const struct vrrp_instance *vi = &a->unit->fsm;
	uint32_t held_back;

	if (vi->state != VRRP_MASTER || advert->priority == VRRP_PRIORITY_RELEASE)
		return;
	if (advert->priority == VRRP_PRIORITY_OWNER && vi->priority == VRRP_PRIORITY_OWNER &&
	    vrrp_limit_allows(&a->e->limit, LIMIT_TWO_OWNERS, &a->envelope.source, a->now_us,
			      &held_back))
		log_packet(a, LOG_ERR, "a second router claims to own the addresses (priority 255)",
			   held_back);
	else if (advert->priority < vi->priority &&
		 vrrp_limit_allows(&a->e->limit, LIMIT_LOWER, &a->envelope.source, a->now_us,
				   &held_back))
		log_packet(a, LOG_NOTICE, "a lower priority than ours; forcing a new election",
			   held_back);
}

/* owner_ignore_adverts: RFC 3768 section 7.1 as published; the default lets the election decide. */
static bool is_deaf_owner(const struct vrrp_unit *unit)
{
	return unit->fsm.conf->owner_ignore_adverts && unit->fsm.state == VRRP_MASTER &&
	       unit->fsm.priority == VRRP_PRIORITY_OWNER;
}

/* old_unicast_checksum: who makes an old one understands no other. */
static void note_checksum(const struct arrival *a, const struct vrrp_advert *advert)
{
	if (!advert->old_checksum || a->unit->old_peer)
		return;
	a->unit->old_peer = true;
	log_packet(a, LOG_NOTICE, "the unicast checksum of an old keepalived; ours will be so, too",
		   0);
}

static void use_advert(const struct arrival *a, const struct vrrp_advert *advert)
{
	const struct vrrp_event event = {
		.kind = VRRP_EVENT_ADVERT,
		.source = a->envelope.source,
		.priority = advert->priority,
		.interval_us =
			advert->interval * (advert->version == 2 ? USEC_PER_SEC : USEC_PER_CSEC),
	};

	/* Even of one we ignore: our own numbers must go beyond its. */
	if (a->envelope.sealed)
		a->unit->ah_heard = a->envelope.sequence;
	if (is_deaf_owner(a->unit))
		return;
	note_checksum(a, advert);
	a->unit->stats.advert_received++;
	a->unit->stats.priority_zero_received += advert->priority == VRRP_PRIORITY_RELEASE;
	a->e->counters_changed = true;
	compare_interval(a, event.interval_us);
	if (!skips_addresses(a))
		compare_addresses(a, advert);
	log_election(a, advert);
	vrrp_act(a->e, a->unit, &event, a->now_us);
}

static struct vrrp_expect expected(const struct vrrp_engine *e, const struct vrrp_unit *unit,
				   const struct conf_peer *peer)
{
	struct vrrp_expect expect = {
		.version = unit->fsm.conf->version,
		.auth_type = (uint8_t)vrrp_engine_auth(unit),
		.interval = (uint32_t)(unit->fsm.advert_us / USEC_PER_SEC),
		.own = unit->fsm.primary,
		.sequence = unit->ah_heard,
		.hmac = e->hmac,
		.min_ttl = VRRP_TTL,
		.max_ttl = VRRP_TTL,
		.link_local_first = unit->fsm.conf->strict,
	};

	if (unit->fsm.conf->n_peers) {
		expect.min_ttl = peer ? peer->min_ttl : 0;
		expect.max_ttl = peer ? peer->max_ttl : UINT8_MAX;
		if (unit->fsm.conf->old_checksum != CONF_OLD_CHECKSUM_NEVER)
			expect.old_destination = e->mcast_groups[VRRP_IPV4];
	}
	memcpy(expect.auth_data, vrrp_engine_key(unit), sizeof expect.auth_data);
	return expect;
}

static enum vrrp_discard judge(const struct arrival *a, struct vrrp_advert *ret)
{
	const struct vrrp_unit *unit = a->unit;
	const struct conf_peer *peer;
	struct vrrp_expect expect;

	if (!unit)
		return vrrp_packet_check(&a->envelope, NULL, ret);
	if (!a->fits)
		return VRRP_OTHER_DESTINATION;
	peer = find_peer(unit->fsm.conf, &a->envelope.source);
	if (!peer && unit->fsm.conf->n_peers && unit->fsm.conf->check_unicast_src)
		return VRRP_NOT_PEER;
	expect = expected(a->e, unit, peer);
	return vrrp_packet_check(&a->envelope, &expect, ret);
}

static void arrive(struct arrival *a)
{
	struct vrrp_advert advert;
	enum vrrp_discard reason;

	a->vrid = vrrp_packet_vrid(&a->envelope);
	find_unit(a);
	if (is_elsewhere(a))
		return;
	if (a->unit && a->unit->fsm.state == VRRP_INITIALIZE)
		return; /* not taking part yet, or any more */
	reason = judge(a, &advert);
	if (reason == VRRP_OWN)
		return;
	if (reason)
		discard(a, reason);
	else
		use_advert(a, &advert);
}

void vrrp_engine_receive(struct vrrp_engine *e, uint32_t ifindex, const void *datagram, size_t size,
			 uint64_t now_us)
{
	struct arrival a = {.e = e, .ifindex = ifindex, .now_us = now_us};
	enum vrrp_discard reason;

	if (!e->conf)
		return;
	reason = vrrp_packet_open(datagram, size, &a.envelope);
	if (reason == VRRP_OTHER_AH)
		return;
	if (reason)
		discard(&a, reason);
	else
		arrive(&a);
}

void vrrp_engine_receive6(struct vrrp_engine *e, uint32_t ifindex,
			  const struct vrrp_envelope *envelope, uint64_t now_us)
{
	struct arrival a = {.e = e, .ifindex = ifindex, .envelope = *envelope, .now_us = now_us};

	if (e->conf)
		arrive(&a);
}
