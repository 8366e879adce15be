/* SPDX-License-Identifier: MIT */
/* Macvlans and ipvlans wanted and found: what is right, what is ours, what is nobody else's
 * business; the mark.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/net/macvlan.h"

#define MARK "vipd:/run/vipd.pid"

static const uint8_t virtual_mac[6] = {0x00, 0x00, 0x5e, 0x00, 0x01, 0x07};
static const uint8_t other_virtual_mac[6] = {0x00, 0x00, 0x5e, 0x00, 0x02, 0x08};
static const uint8_t plain_mac[6] = {0x02, 0x00, 0x00, 0x00, 0x00, 0x07};

static void add(struct net_table *table, uint32_t ifindex, const char *name, uint32_t lower,
		const uint8_t *mac)
{
	struct msg_link link = {.ifindex = ifindex, .lower = lower};

	snprintf(link.name, sizeof link.name, "%s", name);
	if (mac)
		memcpy(link.mac, mac, sizeof link.mac);
	assert_int_equal(net_table_set_link(table, &link), 0);
}

/* Of "vrrp.7" above eth0, which is 2, when the link of that name is as given. */
static enum macvlan_verdict judge(bool macvlan, bool private, uint32_t lower, const uint8_t *mac,
				  const char *alias)
{
	static char name[] = "vrrp.7", parent[] = "eth0";
	struct conf_macvlan wanted = {.kind = CONF_VMAC_MACVLAN, .name = name, .parent = parent};
	struct net_nature nature = {.kind = macvlan ? CONF_VMAC_MACVLAN : CONF_VMAC_NONE,
				    .usable = private};
	const struct net_link *link, *below;
	struct net_table table = {0};
	enum macvlan_verdict verdict;

	memcpy(wanted.mac, virtual_mac, sizeof wanted.mac);
	add(&table, 2, "eth0", 0, NULL);
	add(&table, 3, "eth1", 0, NULL);
	if (mac)
		add(&table, 4, name, lower, mac);
	snprintf(nature.alias, sizeof nature.alias, "%s", alias);
	net_table_set_nature(&table, 4, &nature);
	verdict = macvlan_judge(&table, &wanted, MARK, &link, &below);
	assert_int_equal(below->now.ifindex, 2);
	assert_true(mac ? link->now.ifindex == 4 : !link);
	net_table_del_link(&table, 2);
	assert_int_equal(macvlan_judge(&table, &wanted, MARK, &link, &below), MACVLAN_WAITS);
	net_table_clear(&table);
	return verdict;
}

static void test_verdicts(void **state)
{
	(void)state;
	assert_int_equal(judge(false, false, 0, NULL, ""), MACVLAN_MISSING);
	assert_int_equal(judge(true, true, 2, virtual_mac, ""), MACVLAN_RIGHT);
	assert_int_equal(judge(true, true, 2, virtual_mac, MARK), MACVLAN_RIGHT);
	/* Another mode, interface below or address: a router's, by its address or by its mark. */
	assert_int_equal(judge(true, false, 2, virtual_mac, ""), MACVLAN_WRONG);
	assert_int_equal(judge(true, true, 3, virtual_mac, ""), MACVLAN_WRONG);
	assert_int_equal(judge(true, true, 2, other_virtual_mac, ""), MACVLAN_WRONG);
	assert_int_equal(judge(true, true, 2, plain_mac, MARK), MACVLAN_WRONG);
	assert_int_equal(judge(true, true, 2, plain_mac, MARK " arp_ignore=0"), MACVLAN_WRONG);
	/* Somebody's. */
	assert_int_equal(judge(true, true, 2, plain_mac, ""), MACVLAN_FOREIGN);
	assert_int_equal(judge(true, true, 2, plain_mac, MARK "2"), MACVLAN_FOREIGN);
	assert_int_equal(judge(true, true, 2, plain_mac, "vipd:/run/other.pid"), MACVLAN_FOREIGN);
	assert_int_equal(judge(false, false, 2, virtual_mac, MARK), MACVLAN_FOREIGN);
}

/* Of "vrrp.7" above eth0, in mode private and with an address, when the link is as given. */
static enum macvlan_verdict judge_ipvlan(const struct net_nature *nature, uint32_t lower,
					 const char *alias)
{
	static char name[] = "vrrp.7", parent[] = "eth0";
	struct conf_macvlan wanted = {.kind = CONF_VMAC_IPVLAN,
				      .name = name,
				      .parent = parent,
				      .mode = CONF_IPVLAN_PRIVATE,
				      .prefix = 24};
	struct net_nature there = *nature;
	const struct net_link *link, *below;
	struct net_table table = {0};
	enum macvlan_verdict verdict;

	assert_int_equal(ip_parse("192.0.2.7", &wanted.ip), 0);
	add(&table, 2, "eth0", 0, NULL);
	add(&table, 4, name, lower, virtual_mac);
	snprintf(there.alias, sizeof there.alias, "%s", alias);
	net_table_set_nature(&table, 4, &there);
	verdict = macvlan_judge(&table, &wanted, MARK, &link, &below);
	net_table_clear(&table);
	return verdict;
}

static void test_ipvlan_verdicts(void **state)
{
	const struct net_nature right = {.kind = CONF_VMAC_IPVLAN, .usable = true, .flags = 1},
				bridge = {.kind = CONF_VMAC_IPVLAN, .usable = true},
				mode_l3 = {.kind = CONF_VMAC_IPVLAN, .flags = 1},
				macvlan = {.kind = CONF_VMAC_MACVLAN, .usable = true};

	(void)state;
	assert_int_equal(judge_ipvlan(&right, 2, ""), MACVLAN_RIGHT);
	assert_int_equal(judge_ipvlan(&right, 2, MARK " from 192.0.2.7/24"), MACVLAN_RIGHT);
	/* What another run has left, or an earlier configuration. */
	assert_int_equal(judge_ipvlan(&right, 2, MARK " from 192.0.2.8/24"), MACVLAN_WRONG);
	assert_int_equal(judge_ipvlan(&right, 2, MARK " from 192.0.2.7/32"), MACVLAN_WRONG);
	assert_int_equal(judge_ipvlan(&right, 2, MARK), MACVLAN_WRONG);
	assert_int_equal(judge_ipvlan(&right, 3, MARK " from 192.0.2.7/24"), MACVLAN_WRONG);
	assert_int_equal(judge_ipvlan(&bridge, 2, MARK " from 192.0.2.7/24"), MACVLAN_WRONG);
	assert_int_equal(judge_ipvlan(&mode_l3, 2, MARK " from 192.0.2.7/24"), MACVLAN_WRONG);
	/* A macvlan of a router has had the name before. */
	assert_int_equal(judge_ipvlan(&macvlan, 2, ""), MACVLAN_WRONG);
	/* Somebody's. */
	assert_int_equal(judge_ipvlan(&bridge, 2, ""), MACVLAN_FOREIGN);
	assert_int_equal(judge_ipvlan(&right, 3, ""), MACVLAN_FOREIGN);
	assert_int_equal(judge_ipvlan(&mode_l3, 2, MARK "2 from 192.0.2.7/24"), MACVLAN_FOREIGN);
}

static void test_ipvlan_mark(void **state)
{
	struct net_link link = {.nature.kind = CONF_VMAC_IPVLAN};
	struct conf_macvlan wanted = {.prefix = 128};
	struct macvlan_debt debt;
	char path[1000], mark[NET_ALIAS_SIZE];

	(void)state;
	memset(path, 'x', sizeof path);
	path[sizeof path - 1] = '\0';
	macvlan_mark(path, mark);
	macvlan_alias_ipvlan(mark, &wanted, link.nature.alias);
	assert_string_equal(link.nature.alias, mark);
	assert_true(macvlan_is_marked(&link, mark, &debt));
	assert_int_equal(ip_parse("2001:db8:1111:2222:3333:4444:5555:6666", &wanted.ip), 0);
	macvlan_alias_ipvlan(mark, &wanted, link.nature.alias);
	assert_string_equal(link.nature.alias + strlen(mark),
			    " from 2001:db8:1111:2222:3333:4444:5555:6666/128");
	assert_true(macvlan_is_marked(&link, mark, &debt));
	assert_int_equal(debt.before[MACVLAN_ARP_IGNORE], -1);
}

static void test_mark(void **state)
{
	static const struct macvlan_debt debts[] = {
		{{-1, -1}}, {{0, -1}}, {{-1, 1}}, {{0, 0}}, {{0, 1}}};
	char path[1000], mark[NET_ALIAS_SIZE];
	struct net_link link = {.nature.kind = CONF_VMAC_MACVLAN};
	struct macvlan_debt found;

	(void)state;
	memset(path, 'x', sizeof path);
	path[sizeof path - 1] = '\0';
	for (unsigned i = 0; i < 2; i++) {
		macvlan_mark(i ? path : "/run/vipd.pid", mark);
		for (size_t k = 0; k < sizeof debts / sizeof *debts; k++) {
			macvlan_alias(mark, &debts[k], link.nature.alias);
			assert_true(macvlan_is_marked(&link, mark, &found));
			assert_memory_equal(&found, &debts[k], sizeof found);
		}
	}
	assert_string_equal(link.nature.alias + strlen(mark), " arp_ignore=0 arp_announce=1");
	strcat(link.nature.alias, " and more");
	assert_false(macvlan_is_marked(&link, mark, &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_ipvlan_verdicts),
		cmocka_unit_test(test_ipvlan_mark),
		cmocka_unit_test(test_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
