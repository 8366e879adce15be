/* SPDX-License-Identifier: MIT */
/*
 * Attribute encoding of family IPVS. The traps, each silent when missed: the mask beside the
 * service flags says which of them an edit may change; the persistence netmask of an IPv6 service
 * is a prefix length in host order and must be valid even without persistence; a mark is a service
 * only together with its family; counters come in a 32-bit and (since 4.1) a 64-bit nest. Thread:
 * check. Must not keep state or touch a socket.
 */
#include "core/net/ipvs_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ip_vs.h>
#include <string.h>

int ipvs_put_service_key(struct nl_msg *msg, const struct svc_key *key)
{
	NLA_PUT_U16(msg, IPVS_SVC_ATTR_AF, key->ip.family);
	if (key->fwmark) {
		NLA_PUT_U32(msg, IPVS_SVC_ATTR_FWMARK, key->fwmark);
		return 0;
	}
	NLA_PUT_U16(msg, IPVS_SVC_ATTR_PROTOCOL, key->protocol);
	NLA_PUT(msg, IPVS_SVC_ATTR_ADDR, (int)ip_size(&key->ip), key->ip.octets);
	NLA_PUT_U16(msg, IPVS_SVC_ATTR_PORT, htons(key->port));
	return 0;
nla_put_failure:
	return -EMSGSIZE;
}

/* As the kernel wants it: IPv4 a mask in network order, IPv6 a prefix length in host order. */
static uint32_t wire_netmask(uint16_t family, uint32_t prefix)
{
	if (family == AF_INET6)
		return prefix >= 1 && prefix <= 128 ? prefix : 128;
	if (prefix < 1 || prefix > 32)
		prefix = 32;
	return htonl(UINT32_MAX << (32 - prefix));
}

static uint32_t prefix_from_wire(uint16_t family, uint32_t netmask)
{
	return family == AF_INET6 ? netmask : (uint32_t)__builtin_popcount(netmask);
}

int ipvs_put_service(struct nl_msg *msg, const struct ipvs_want *want)
{
	struct ip_vs_flags flags = {.flags = want->flags & IPVS_FLAGS_OURS,
				    .mask = IPVS_FLAGS_OURS};
	int error = ipvs_put_service_key(msg, &want->key);

	if (error < 0)
		return error;
	NLA_PUT_STRING(msg, IPVS_SVC_ATTR_SCHED_NAME, want->scheduler);
	if (want->persistence_engine)
		NLA_PUT_STRING(msg, IPVS_SVC_ATTR_PE_NAME, want->persistence_engine);
	NLA_PUT(msg, IPVS_SVC_ATTR_FLAGS, sizeof flags, &flags);
	NLA_PUT_U32(msg, IPVS_SVC_ATTR_TIMEOUT, want->persistence_s);
	NLA_PUT_U32(msg, IPVS_SVC_ATTR_NETMASK,
		    wire_netmask(want->key.ip.family, want->persistence_prefix));
	return 0;
nla_put_failure:
	return -EMSGSIZE;
}

int ipvs_put_dest_key(struct nl_msg *msg, const struct dest_key *key)
{
	NLA_PUT(msg, IPVS_DEST_ATTR_ADDR, (int)ip_size(&key->ip), key->ip.octets);
	NLA_PUT_U16(msg, IPVS_DEST_ATTR_PORT, htons(key->port));
	NLA_PUT_U16(msg, IPVS_DEST_ATTR_ADDR_FAMILY, key->ip.family);
	return 0;
nla_put_failure:
	return -EMSGSIZE;
}

static const uint32_t forward_to_wire[] = {
	[CONF_NAT] = IP_VS_CONN_F_MASQ,
	[CONF_DR] = IP_VS_CONN_F_DROUTE,
	[CONF_TUN] = IP_VS_CONN_F_TUNNEL,
};

static enum conf_forward forward_from_wire(uint32_t method)
{
	for (unsigned i = CONF_NAT; i <= CONF_TUN; i++) {
		if (forward_to_wire[i] == (method & IP_VS_CONN_F_FWD_MASK))
			return (enum conf_forward)i;
	}
	return (enum conf_forward)0;
}

int ipvs_put_dest(struct nl_msg *msg, const struct ipvs_want_dest *want)
{
	const struct conf_method *method = &want->method;
	int error = ipvs_put_dest_key(msg, &want->key);

	if (error < 0)
		return error;
	NLA_PUT_U32(msg, IPVS_DEST_ATTR_FWD_METHOD, forward_to_wire[method->forward]);
	NLA_PUT_U32(msg, IPVS_DEST_ATTR_WEIGHT, (uint32_t)want->weight);
	NLA_PUT_U32(msg, IPVS_DEST_ATTR_U_THRESH, want->upper_threshold);
	NLA_PUT_U32(msg, IPVS_DEST_ATTR_L_THRESH, want->lower_threshold);
	/* Kernels before 5.2 know IPIP only and ignore what they do not know; a plain tunnel says
	 * nothing. */
	if (method->forward == CONF_TUN && method->tunnel != CONF_IPIP) {
		NLA_PUT_U8(msg, IPVS_DEST_ATTR_TUN_TYPE, method->tunnel);
		NLA_PUT_U16(msg, IPVS_DEST_ATTR_TUN_PORT, htons(method->tunnel_port));
		NLA_PUT_U16(msg, IPVS_DEST_ATTR_TUN_FLAGS, method->tunnel_checksum);
	}
	return 0;
nla_put_failure:
	return -EMSGSIZE;
}

static uint32_t u32_or_zero(struct nlattr *attribute)
{
	return attribute ? nla_get_u32(attribute) : 0;
}

/* Totals of conns and packets are 64-bit only in the nest STATS64, octets in both. */
static uint64_t counter(struct nlattr *attribute)
{
	if (!attribute)
		return 0;
	return nla_len(attribute) >= 8 ? nla_get_u64(attribute) : nla_get_u32(attribute);
}

static int get_stats(struct nlattr *wide, struct nlattr *narrow, struct ipvs_stats *ret)
{
	struct nlattr *nested = wide ? wide : narrow;
	struct nlattr *a[IPVS_STATS_ATTR_MAX + 1];

	if (!nested)
		return 0;
	if (nla_parse_nested(a, IPVS_STATS_ATTR_MAX, nested, NULL) < 0)
		return -EBADMSG;
	for (int i = 1; i <= IPVS_STATS_ATTR_MAX; i++) {
		if (a[i] && i != IPVS_STATS_ATTR_PAD && nla_len(a[i]) < 4)
			return -EBADMSG;
	}
	*ret = (struct ipvs_stats){
		.conns = counter(a[IPVS_STATS_ATTR_CONNS]),
		.in_packets = counter(a[IPVS_STATS_ATTR_INPKTS]),
		.out_packets = counter(a[IPVS_STATS_ATTR_OUTPKTS]),
		.in_octets = counter(a[IPVS_STATS_ATTR_INBYTES]),
		.out_octets = counter(a[IPVS_STATS_ATTR_OUTBYTES]),
		.conn_rate = counter(a[IPVS_STATS_ATTR_CPS]),
		.in_packet_rate = counter(a[IPVS_STATS_ATTR_INPPS]),
		.out_packet_rate = counter(a[IPVS_STATS_ATTR_OUTPPS]),
		.in_octet_rate = counter(a[IPVS_STATS_ATTR_INBPS]),
		.out_octet_rate = counter(a[IPVS_STATS_ATTR_OUTBPS]),
	};
	return 0;
}

static int get_ip(struct nlattr *attribute, uint16_t family, struct ip *ret)
{
	struct ip ip = {.family = family};

	if (family != AF_INET && family != AF_INET6)
		return -EBADMSG;
	if ((size_t)nla_len(attribute) < ip_size(&ip))
		return -EBADMSG;
	memcpy(ip.octets, nla_data(attribute), ip_size(&ip));
	*ret = ip;
	return 0;
}

static struct nla_policy service_policy[IPVS_SVC_ATTR_MAX + 1] = {
	[IPVS_SVC_ATTR_AF] = {.type = NLA_U16},
	[IPVS_SVC_ATTR_PROTOCOL] = {.type = NLA_U16},
	[IPVS_SVC_ATTR_PORT] = {.type = NLA_U16},
	[IPVS_SVC_ATTR_FWMARK] = {.type = NLA_U32},
	[IPVS_SVC_ATTR_SCHED_NAME] = {.type = NLA_NUL_STRING},
	[IPVS_SVC_ATTR_PE_NAME] = {.type = NLA_NUL_STRING},
	[IPVS_SVC_ATTR_FLAGS] = {.minlen = sizeof(struct ip_vs_flags)},
	[IPVS_SVC_ATTR_TIMEOUT] = {.type = NLA_U32},
	[IPVS_SVC_ATTR_NETMASK] = {.type = NLA_U32},
	[IPVS_SVC_ATTR_STATS] = {.type = NLA_NESTED},
	[IPVS_SVC_ATTR_STATS64] = {.type = NLA_NESTED},
};

static int get_service_key(struct nlattr **a, struct svc_key *ret)
{
	struct svc_key key = {0};

	if (!a[IPVS_SVC_ATTR_AF])
		return -EBADMSG;
	key.ip.family = nla_get_u16(a[IPVS_SVC_ATTR_AF]);
	key.fwmark = u32_or_zero(a[IPVS_SVC_ATTR_FWMARK]);
	if (!key.fwmark) {
		if (!a[IPVS_SVC_ATTR_PROTOCOL] || !a[IPVS_SVC_ATTR_ADDR] || !a[IPVS_SVC_ATTR_PORT])
			return -EBADMSG;
		if (get_ip(a[IPVS_SVC_ATTR_ADDR], key.ip.family, &key.ip) < 0)
			return -EBADMSG;
		key.protocol = (uint8_t)nla_get_u16(a[IPVS_SVC_ATTR_PROTOCOL]);
		key.port = ntohs(nla_get_u16(a[IPVS_SVC_ATTR_PORT]));
	}
	*ret = key;
	return 0;
}

int ipvs_get_service(struct nlattr *nested, struct ipvs_found *ret)
{
	struct nlattr *a[IPVS_SVC_ATTR_MAX + 1];
	struct ipvs_found found = {0};
	struct ip_vs_flags flags = {0};

	if (nla_parse_nested(a, IPVS_SVC_ATTR_MAX, nested, service_policy) < 0 ||
	    get_service_key(a, &found.key) < 0)
		return -EBADMSG;
	if (a[IPVS_SVC_ATTR_SCHED_NAME])
		nla_strlcpy(found.scheduler, a[IPVS_SVC_ATTR_SCHED_NAME], sizeof found.scheduler);
	if (a[IPVS_SVC_ATTR_PE_NAME])
		nla_strlcpy(found.persistence_engine, a[IPVS_SVC_ATTR_PE_NAME],
			    sizeof found.persistence_engine);
	if (a[IPVS_SVC_ATTR_FLAGS])
		nla_memcpy(&flags, a[IPVS_SVC_ATTR_FLAGS], sizeof flags);
	found.flags = flags.flags;
	found.persistence_s = u32_or_zero(a[IPVS_SVC_ATTR_TIMEOUT]);
	found.persistence_prefix =
		prefix_from_wire(found.key.ip.family, u32_or_zero(a[IPVS_SVC_ATTR_NETMASK]));
	if (get_stats(a[IPVS_SVC_ATTR_STATS64], a[IPVS_SVC_ATTR_STATS], &found.stats) < 0)
		return -EBADMSG;
	*ret = found;
	return 0;
}

static struct nla_policy dest_policy[IPVS_DEST_ATTR_MAX + 1] = {
	[IPVS_DEST_ATTR_PORT] = {.type = NLA_U16},
	[IPVS_DEST_ATTR_FWD_METHOD] = {.type = NLA_U32},
	[IPVS_DEST_ATTR_WEIGHT] = {.type = NLA_U32},
	[IPVS_DEST_ATTR_U_THRESH] = {.type = NLA_U32},
	[IPVS_DEST_ATTR_L_THRESH] = {.type = NLA_U32},
	[IPVS_DEST_ATTR_ACTIVE_CONNS] = {.type = NLA_U32},
	[IPVS_DEST_ATTR_INACT_CONNS] = {.type = NLA_U32},
	[IPVS_DEST_ATTR_PERSIST_CONNS] = {.type = NLA_U32},
	[IPVS_DEST_ATTR_STATS] = {.type = NLA_NESTED},
	[IPVS_DEST_ATTR_ADDR_FAMILY] = {.type = NLA_U16},
	[IPVS_DEST_ATTR_STATS64] = {.type = NLA_NESTED},
	[IPVS_DEST_ATTR_TUN_TYPE] = {.type = NLA_U8},
	[IPVS_DEST_ATTR_TUN_PORT] = {.type = NLA_U16},
	[IPVS_DEST_ATTR_TUN_FLAGS] = {.type = NLA_U16},
};

static struct conf_method get_method(struct nlattr **a)
{
	struct conf_method method = {
		.forward = forward_from_wire(nla_get_u32(a[IPVS_DEST_ATTR_FWD_METHOD])),
	};

	if (a[IPVS_DEST_ATTR_TUN_TYPE])
		method.tunnel = nla_get_u8(a[IPVS_DEST_ATTR_TUN_TYPE]);
	if (a[IPVS_DEST_ATTR_TUN_PORT])
		method.tunnel_port = ntohs(nla_get_u16(a[IPVS_DEST_ATTR_TUN_PORT]));
	if (a[IPVS_DEST_ATTR_TUN_FLAGS])
		method.tunnel_checksum = nla_get_u16(a[IPVS_DEST_ATTR_TUN_FLAGS]);
	return method;
}

int ipvs_get_dest(struct nlattr *nested, uint16_t service_family, struct ipvs_found_dest *ret)
{
	struct nlattr *a[IPVS_DEST_ATTR_MAX + 1];
	struct ipvs_found_dest found = {0};
	uint16_t family = service_family;

	if (nla_parse_nested(a, IPVS_DEST_ATTR_MAX, nested, dest_policy) < 0)
		return -EBADMSG;
	if (!a[IPVS_DEST_ATTR_ADDR] || !a[IPVS_DEST_ATTR_PORT] || !a[IPVS_DEST_ATTR_FWD_METHOD] ||
	    !a[IPVS_DEST_ATTR_WEIGHT])
		return -EBADMSG;
	if (a[IPVS_DEST_ATTR_ADDR_FAMILY])
		family = nla_get_u16(a[IPVS_DEST_ATTR_ADDR_FAMILY]);
	if (get_ip(a[IPVS_DEST_ATTR_ADDR], family, &found.key.ip) < 0)
		return -EBADMSG;
	found.key.port = ntohs(nla_get_u16(a[IPVS_DEST_ATTR_PORT]));
	found.method = get_method(a);
	found.weight = (int32_t)nla_get_u32(a[IPVS_DEST_ATTR_WEIGHT]);
	found.upper_threshold = u32_or_zero(a[IPVS_DEST_ATTR_U_THRESH]);
	found.lower_threshold = u32_or_zero(a[IPVS_DEST_ATTR_L_THRESH]);
	found.active_conns = u32_or_zero(a[IPVS_DEST_ATTR_ACTIVE_CONNS]);
	found.inactive_conns = u32_or_zero(a[IPVS_DEST_ATTR_INACT_CONNS]);
	found.persistent_conns = u32_or_zero(a[IPVS_DEST_ATTR_PERSIST_CONNS]);
	if (get_stats(a[IPVS_DEST_ATTR_STATS64], a[IPVS_DEST_ATTR_STATS], &found.stats) < 0)
		return -EBADMSG;
	*ret = found;
	return 0;
}
