/* SPDX-License-Identifier: MIT */
/* Addresses as plain data: text, order, and the way to and from struct sockaddr. Pure. */
#include "core/base/ip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

int ip_parse(const char *text, struct ip *ret)
{
	struct ip ip = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};

	if (inet_pton(ip.family, text, ip.octets) != 1)
		return -EINVAL;
	*ret = ip;
	return 0;
}

char *ip_format(const struct ip *ip, char room[static IP_TEXT_MAX])
{
	if (!ip_is_set(ip) || !inet_ntop(ip->family, ip->octets, room, IP_TEXT_MAX))
		memcpy(room, "-", 2);
	return room;
}

int ip_compare(const struct ip *a, const struct ip *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->octets, b->octets, sizeof a->octets);
}

bool ip_is_set(const struct ip *ip)
{
	return ip->family != AF_UNSPEC;
}

size_t ip_size(const struct ip *ip)
{
	return ip->family == AF_INET ? 4 : ip->family == AF_INET6 ? 16 : 0;
}

unsigned ip_prefix_max(const struct ip *ip)
{
	return (unsigned)ip_size(ip) * 8;
}

bool ip_is_multicast(const struct ip *ip)
{
	return ip->family == AF_INET ? (ip->octets[0] & 0xf0) == 0xe0
				     : ip->family == AF_INET6 && ip->octets[0] == 0xff;
}

bool ip_is_link_local(const struct ip *ip)
{
	return ip->family == AF_INET6 && ip->octets[0] == 0xfe && (ip->octets[1] & 0xc0) == 0x80;
}

struct ip ip_from_v4(uint32_t network_order)
{
	struct ip ip = {.family = AF_INET};

	memcpy(ip.octets, &network_order, sizeof network_order);
	return ip;
}

struct ip ip_from_sockaddr(const struct sockaddr *address)
{
	struct ip ip = {.family = AF_UNSPEC};

	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, address, sizeof in);
		return ip_from_v4(in.sin_addr.s_addr);
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, address, sizeof in6);
		ip.family = AF_INET6;
		memcpy(ip.octets, &in6.sin6_addr, sizeof ip.octets);
	}
	return ip;
}

socklen_t ip_to_sockaddr(const struct ip *ip, uint16_t port, struct sockaddr_storage *ret)
{
	memset(ret, 0, sizeof *ret);
	if (ip->family == AF_INET) {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

		memcpy(&in.sin_addr, ip->octets, 4);
		memcpy(ret, &in, sizeof in);
		return sizeof in;
	}
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	memcpy(&in6.sin6_addr, ip->octets, 16);
	memcpy(ret, &in6, sizeof in6);
	return sizeof in6;
}
