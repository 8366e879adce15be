/* SPDX-License-Identifier: MIT */
/*
 * An IPv4 or IPv6 address as plain data. The octets are in network order; an IPv4 address fills the
 * first four and leaves the rest zero, so two equal addresses are equal byte by byte.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define IP_TEXT_MAX 48 /* longest text form, terminator included */

struct ip {
	uint16_t family; /* AF_INET, AF_INET6, or AF_UNSPEC for "none" */
	uint8_t octets[16];
};

/* The text without prefix or port. Returns -EINVAL and leaves *ret alone when it is not an address.
 */
int ip_parse(const char *text, struct ip *ret);

/* Writes the canonical text form ("-" for none) into room[IP_TEXT_MAX]; returns room. */
char *ip_format(const struct ip *ip, char room[static IP_TEXT_MAX]);

/* <0, 0, >0: by family, then octets as an unsigned big-endian number (RFC 3768 section 6.4.3). */
int ip_compare(const struct ip *a, const struct ip *b);

bool ip_is_set(const struct ip *ip);
size_t ip_size(const struct ip *ip);	     /* 4, 16 or 0 octets */
unsigned ip_prefix_max(const struct ip *ip); /* 32, 128 or 0 */

bool ip_is_multicast(const struct ip *ip);
bool ip_is_link_local(const struct ip *ip); /* fe80::/10; no IPv4 address is */

struct ip ip_from_v4(uint32_t network_order);
/* Takes the address of a sockaddr_in or sockaddr_in6; none for any other family. */
struct ip ip_from_sockaddr(const struct sockaddr *address);
/* Fills *ret for use with connect() or bind(); port in host order. Returns its length. */
socklen_t ip_to_sockaddr(const struct ip *ip, uint16_t port, struct sockaddr_storage *ret);
