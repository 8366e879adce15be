/* SPDX-License-Identifier: MIT */
/* The table of links and addresses: which address is primary, what a dump forgets, what is
 * reported. */
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/net/rtnl_table.h"

static struct msg_link last;
static unsigned reports;

static void on_report(const struct msg_link *link, void *owner)
{
	(void)owner;
	last = *link;
	reports++;
}

static void report(struct net_table *table)
{
	reports = 0;
	net_table_report(table, on_report, NULL);
}

static struct ip ip(const char *text)
{
	struct ip result = {0};

	assert_int_equal(ip_parse(text, &result), 0);
	return result;
}

static void add_link(struct net_table *table, uint32_t ifindex, const char *name)
{
	struct msg_link link = {.ifindex = ifindex, .up = true, .mtu = 1500};

	snprintf(link.name, sizeof link.name, "%s", name);
	assert_int_equal(net_table_set_link(table, &link), 0);
}

static struct net_address address(const char *text, uint8_t prefix, uint32_t flags)
{
	struct net_address result = {
		.ifindex = 2, .ip = ip(text), .prefix = prefix, .flags = flags};

	if (result.ip.family == AF_INET6)
		result.scope = RT_SCOPE_LINK;
	return result;
}

static void add(struct net_table *table, const char *text, uint8_t prefix, uint32_t flags)
{
	struct net_address row = address(text, prefix, flags);

	assert_int_equal(net_table_set_address(table, &row), 0);
}

static void use(struct net_table *table, const char *text, uint8_t prefix, uint8_t priority)
{
	struct conf_address vip = {.ip = ip(text), .prefix = prefix};
	struct conf_instance instance = {.priority = priority, .addresses = &vip, .n_addresses = 1};
	struct conf conf = {.instances = &instance, .n_instances = 1};

	assert_int_equal(net_table_use_conf(table, &conf), 0);
}

static void assert_primary(struct net_table *table, const char *text)
{
	struct ip wanted = text ? ip(text) : (struct ip){0};

	report(table);
	assert_int_equal(ip_compare(&last.primary4, &wanted), 0);
}

static void test_first_plain_address(void **state)
{
	struct net_table table = {0};

	(void)state;
	add_link(&table, 2, "eth0");
	use(&table, "192.0.2.10", 32, 100);
	assert_primary(&table, NULL);
	add(&table, "192.0.2.10", 32, 0); /* left by a crash, and first */
	assert_primary(&table, NULL);
	add(&table, "192.0.2.2", 24, 0);
	add(&table, "192.0.2.3", 24, IFA_F_SECONDARY);
	assert_primary(&table, "192.0.2.2");
	assert_int_equal(last.n_own4, 2); /* to choose from: a secondary too, a virtual one not */
	assert_int_equal(ip_compare(&last.own4[1], &(struct ip){AF_INET, {192, 0, 2, 3}}), 0);
	for (uint8_t i = 0; i < 40; i++) {
		struct net_address more = address("198.51.100.0", 24, IFA_F_SECONDARY);

		more.ip.octets[3] = i;
		assert_int_equal(net_table_set_address(&table, &more), 0);
	}
	last.n_own4 = 0;
	report(&table); /* told although the primary is the same */
	assert_int_equal(last.n_own4, LINK_ADDRESSES_MAX);
	net_table_clear(&table);
}

/* An owner's address is virtual and real at once: second choice, but better than none. */
static void test_owner(void **state)
{
	struct net_table table = {0};

	(void)state;
	add_link(&table, 2, "eth0");
	use(&table, "192.0.2.1", 24, 255);
	add(&table, "192.0.2.1", 24, 0);
	assert_primary(&table, "192.0.2.1");
	use(&table, "192.0.2.1", 32, 100); /* the machine's own under another prefix */
	report(&table);
	assert_int_equal(ip_compare(&last.primary4, &(struct ip){AF_INET, {192, 0, 2, 1}}), 0);
	add(&table, "203.0.113.1", 24, 0);
	assert_primary(&table, "203.0.113.1");
	net_table_clear(&table);
}

/* A reload drops an address from the configuration before it is removed from the interface. */
static void test_held_is_never_primary(void **state)
{
	struct net_table table = {0};
	struct ip vip = ip("192.0.2.10"), other = ip("192.0.2.9");

	(void)state;
	add_link(&table, 2, "eth0");
	use(&table, "192.0.2.11", 32, 100);
	add(&table, "192.0.2.10", 32, 0);
	net_table_hold(&table, 2, &other, 32);
	assert_non_null(net_table_hold(&table, 2, &vip, 32));
	assert_int_equal(table.n_held, 2);
	assert_ptr_equal(net_table_hold(&table, 2, &vip, 32),
			 net_table_find_held(&table, 2, &vip, 32));
	assert_primary(&table, NULL);
	net_table_release(&table, net_table_find_held(&table, 2, &vip, 32));
	assert_null(net_table_find_held(&table, 2, &vip, 32));
	assert_non_null(net_table_find_held(&table, 2, &other, 32));
	use(&table, "192.0.2.11", 32, 100);
	assert_primary(&table, "192.0.2.10");
	net_table_clear(&table);
}

static void test_link_local(void **state)
{
	struct net_table table = {0};
	struct ip wanted = ip("fe80::1");

	(void)state;
	add_link(&table, 2, "eth0");
	add(&table, "fe80::1", 64, IFA_F_TENTATIVE);
	report(&table);
	assert_false(ip_is_set(&last.primary6));
	add(&table, "fe80::1", 64, 0);
	report(&table);
	assert_int_equal(ip_compare(&last.primary6, &wanted), 0);
	net_table_clear(&table);
}

/* Sources of IPv6: those that may be used, the virtual ones excepted; a duplicate is none. */
static void test_sources(void **state)
{
	struct net_table table = {0};

	(void)state;
	add_link(&table, 2, "eth0");
	add(&table, "2001:db8::1", 64, 0);
	add(&table, "fe80::1", 64, IFA_F_DADFAILED);
	add(&table, "fe80::2", 64, IFA_F_TENTATIVE);
	add(&table, "fe80::10", 64, 0);
	add(&table, "192.0.2.1", 24, 0);
	use(&table, "fe80::10", 64, 100);
	report(&table);
	assert_int_equal(last.n_own4, 1);
	assert_int_equal(last.n_own6, 1);
	add(&table, "fe80::2", 64, 0);
	report(&table);
	assert_int_equal(reports, 1);
	assert_int_equal(last.n_own6, 2);
	assert_int_equal(last.own6[1].octets[15], 2);
	net_table_clear(&table);
}

/* Told by messages of its own; kept when the link is told of again. */
static void test_router(void **state)
{
	struct net_table table = {0};

	(void)state;
	net_table_set_router(&table, 2, true); /* of no link */
	add_link(&table, 2, "eth0");
	report(&table);
	assert_false(last.router);
	net_table_set_router(&table, 2, true);
	report(&table);
	assert_int_equal(reports, 1);
	assert_true(last.router);
	add_link(&table, 2, "eth0");
	report(&table);
	assert_int_equal(reports, 0);
	net_table_clear(&table);
}

static void test_only_changes_are_reported(void **state)
{
	struct net_table table = {0};

	(void)state;
	add_link(&table, 3, "eth1");
	add_link(&table, 2, "eth0");
	report(&table);
	assert_int_equal(reports, 2);
	report(&table);
	assert_int_equal(reports, 0);
	add_link(&table, 2, "eth0");
	report(&table);
	assert_int_equal(reports, 0);
	add(&table, "192.0.2.2", 24, 0);
	report(&table);
	assert_int_equal(reports, 1);
	assert_int_equal(last.ifindex, 2);
	net_table_del_link(&table, 2);
	report(&table);
	assert_int_equal(reports, 1);
	assert_false(last.present);
	assert_null(net_table_find_link(&table, "eth0"));
	assert_non_null(net_table_find_link(&table, "eth1"));
	assert_int_equal(table.n_addresses, 0);
	net_table_clear(&table);
}

/* After lost events a dump tells what is there; the rest is gone. */
static void test_dump(void **state)
{
	struct net_table table = {0};

	(void)state;
	add_link(&table, 2, "eth0");
	add_link(&table, 3, "eth1");
	add(&table, "192.0.2.2", 24, 0);
	add(&table, "192.0.2.3", 32, 0);
	report(&table);
	net_table_dump_begin(&table);
	add_link(&table, 2, "eth0");
	add(&table, "192.0.2.3", 32, 0);
	net_table_dump_end(&table);
	report(&table);
	assert_int_equal(reports, 2);
	assert_int_equal(table.n_links, 1);
	assert_int_equal(table.n_addresses, 1);
	net_table_clear(&table);
}

static void test_match(void **state)
{
	struct net_table table = {0};
	struct ip there = ip("192.0.2.2"), absent = ip("192.0.2.9");

	(void)state;
	add_link(&table, 2, "eth0");
	add(&table, "192.0.2.2", 24, 0);
	assert_int_equal(net_table_match(&table, 2, &there, 24), NET_SAME);
	assert_int_equal(net_table_match(&table, 2, &there, 32), NET_OTHER_PREFIX);
	assert_int_equal(net_table_match(&table, 3, &there, 24), NET_ABSENT);
	assert_int_equal(net_table_match(&table, 2, &absent, 24), NET_ABSENT);
	add(&table, "192.0.2.2", 32, 0);
	assert_int_equal(net_table_match(&table, 2, &there, 32), NET_SAME);
	net_table_clear(&table);
}

static void test_lost(void **state)
{
	struct net_table table = {0};
	struct ip vip = ip("192.0.2.100");
	struct net_address there = address("192.0.2.100", 32, 0);
	struct msg_link down = {.ifindex = 2, .name = "eth0"};

	(void)state;
	add_link(&table, 2, "eth0");
	struct net_held *held = net_table_hold(&table, 2, &vip, 32);
	assert_true(net_table_is_lost(&table, held));
	add(&table, "192.0.2.100", 32, 0);
	assert_false(net_table_is_lost(&table, held));
	net_table_del_address(&table, &there);
	assert_true(net_table_is_lost(&table, held));
	/* Under another prefix it serves as well. */
	add(&table, "192.0.2.100", 24, 0);
	assert_false(net_table_is_lost(&table, held));
	there.prefix = 24;
	net_table_del_address(&table, &there);
	held->track = false;
	assert_false(net_table_is_lost(&table, held));
	held->track = true;
	held->foreign = true;
	assert_false(net_table_is_lost(&table, held));
	held->foreign = false;
	assert_int_equal(net_table_set_link(&table, &down), 0);
	assert_false(net_table_is_lost(&table, held));
	net_table_clear(&table);
}

static void test_nothing_is_held_on_a_link_that_is_gone(void **state)
{
	struct net_table table = {0};
	struct ip first = ip("192.0.2.100"), second = ip("192.0.2.101");

	(void)state;
	add_link(&table, 2, "eth0");
	add_link(&table, 3, "eth1");
	assert_non_null(net_table_hold(&table, 2, &first, 32));
	assert_non_null(net_table_hold(&table, 2, &second, 32));
	assert_non_null(net_table_hold(&table, 3, &second, 32));
	net_table_del_link(&table, 2);
	assert_int_equal(table.n_held, 1);
	assert_null(net_table_find_held(&table, 2, &first, 32));
	assert_non_null(net_table_find_held(&table, 3, &second, 32));
	net_table_clear(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_plain_address),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_held_is_never_primary),
		cmocka_unit_test(test_link_local),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_router),
		cmocka_unit_test(test_only_changes_are_reported),
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_nothing_is_held_on_a_link_that_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
