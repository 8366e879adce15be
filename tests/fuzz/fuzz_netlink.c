/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: what the kernel says by netlink. The first octet says what the rest is: messages of
 * rtnetlink one after the other, as the listener or a dump reads them, or the attribute of one
 * service or destination of IPVS. What the table reports of links must be what the rest of the
 * daemon may rely on, whatever was in the messages.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "core/net/ipvs_wire.h"
#include "core/net/rtnl_private.h"

#define AREA  65536 /* whole pages, as is the guard */
#define GUARD 65536

enum kind { EVENTS, DUMP, SERVICE, DESTINATION, KINDS };

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

static void check_addresses(const struct ip *own, uint32_t count, uint16_t family)
{
	assert(count <= LINK_ADDRESSES_MAX);
	for (uint32_t i = 0; i < count; i++)
		assert(own[i].family == family);
}

static void on_link(const struct msg_link *link, void *owner)
{
	size_t *reported = owner;

	assert(memchr(link->name, '\0', sizeof link->name));
	check_addresses(link->own4, link->n_own4, AF_INET);
	check_addresses(link->own6, link->n_own6, AF_INET6);
	++*reported;
}

/*
 * A copy that ends where memory does: libnl does the reading, and no sanitizer looks at that. As
 * the kernel pads to four octets, so many may follow that count for nothing.
 */
static void *copy_to_edge(const void *octets, size_t size)
{
	static uint8_t *area; /* one for all runs */
	uint8_t *copy;

	if (!area) {
		area = mmap(NULL, AREA + GUARD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
		if (area == MAP_FAILED || mprotect(area + AREA, GUARD, PROT_NONE) < 0)
			abort();
	}
	copy = area + AREA - NLMSG_ALIGN(size);
	memcpy(copy, octets, size);
	memset(copy + size, 0, NLMSG_ALIGN(size) - size);
	return copy;
}

static void take_messages(const uint8_t *octets, size_t size, bool dump)
{
	struct rtnl rtnl = {0};
	size_t reported = 0, again = 0;
	int left = (int)size;
	struct nlmsghdr *all = malloc(size + 1); /* aligned */

	assert(all);
	memcpy(all, octets, size);
	if (dump)
		net_table_dump_begin(&rtnl.table);
	for (struct nlmsghdr *header = all; nlmsg_ok(header, left);
	     header = nlmsg_next(header, &left))
		rtnl_take(&rtnl, copy_to_edge(header, header->nlmsg_len));
	if (dump)
		net_table_dump_end(&rtnl.table);
	net_table_report(&rtnl.table, on_link, &reported);
	net_table_report(&rtnl.table, on_link, &again);
	assert(again == 0); /* what has been said is not said again */
	for (size_t i = 1; i < rtnl.table.n_links; i++)
		assert(rtnl.table.links[i - 1].now.ifindex < rtnl.table.links[i].now.ifindex);
	net_table_clear(&rtnl.table);
	routing_clear(&rtnl.routing);
	free(all);
}

/* The attribute is whole, as its place in a message has been looked at before. */
static void take_ipvs(const uint8_t *octets, size_t size, enum kind kind)
{
	struct nlattr *nested = copy_to_edge(octets, size);
	struct ipvs_found service;
	struct ipvs_found_dest dest;

	if (!nla_ok(nested, (int)size))
		return;
	if (kind == DESTINATION) {
		if (ipvs_get_dest(nested, AF_INET, &dest) == 0)
			assert(ip_size(&dest.key.ip));
	} else if (ipvs_get_service(nested, &service) == 0) {
		assert(memchr(service.scheduler, '\0', sizeof service.scheduler));
		assert(memchr(service.persistence_engine, '\0', sizeof service.persistence_engine));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	enum kind kind;

	if (size < 1 || size > AREA)
		return 0;
	kind = (enum kind)(octets[0] % KINDS);
	if (kind == EVENTS || kind == DUMP)
		take_messages(octets + 1, size - 1, kind == DUMP);
	else
		take_ipvs(octets + 1, size - 1, kind);
	return 0;
}
