/* SPDX-License-Identifier: MIT */
/*
 * use_vmac, use_ipvlan, use_vmac_addr and the use_vmac of an address: which links come of them,
 * above what, with which name and address, and which virtual address goes where. The canonical dump
 * means the same.
 */
#include "tests/unit/conf_text.h"

#include "conf/diff.h"

static size_t describe_ipvlan(const struct conf_macvlan *ipvlan, char *text, size_t size)
{
	char ip[IP_TEXT_MAX];
	size_t used = 0;

	if (ip_is_set(&ipvlan->ip))
		used += (size_t)snprintf(text, size, "from %s/%u ", ip_format(&ipvlan->ip, ip),
					 ipvlan->prefix);
	if (ipvlan->kind == CONF_VMAC_IPVLAN)
		used += (size_t)snprintf(text + used, size - used, "mode %d ", ipvlan->mode);
	return used;
}

/* Each macvlan as "name<parent mac[5..6]", then each address as "address@device". */
static void describe(const struct conf *conf, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < conf->n_instances; i++) {
		const struct conf_instance *instance = &conf->instances[i];

		for (size_t k = 0; k < instance->n_macvlans; k++) {
			const struct conf_macvlan *macvlan = &instance->macvlans[k];

			used += (size_t)snprintf(text + used, size - used, "%s<%s %02x:%02x%s ",
						 macvlan->name, macvlan->parent, macvlan->mac[4],
						 macvlan->mac[5], macvlan->ipv6 ? " v6" : "");
			used += describe_ipvlan(macvlan, text + used, size - used);
		}
		for (size_t k = 0; k < instance->n_addresses; k++)
			used += (size_t)snprintf(text + used, size - used, "%u@%s ",
						 instance->addresses[k].ip.octets[3],
						 instance->addresses[k].device);
		for (size_t k = 0; k < instance->n_excluded; k++)
			used += (size_t)snprintf(text + used, size - used, "x@%s ",
						 instance->excluded[k].device);
	}
}

#define VI(settings, lines)                                                                        \
	"vrrp_instance a {\ninterface eth0\nvirtual_router_id 7\n" settings                        \
	"virtual_ipaddress {\n" lines "}\n}\n"
#define VIP	   "192.0.2.1\n"
#define EVIP(line) "virtual_ipaddress_excluded {\n" line "\n}\n"
#define PREFIX	   "global_defs {\nvmac_prefix v\n}\n"
#define PREFIXES   "global_defs {\nvmac_prefix v\nvmac_addr_prefix w\n}\n"
#define LONG	   "global_defs {\nvmac_prefix abcdefghijklmn\n}\n"

/* Several instances with one VRID; a name that was given is not made. */
static const char several[] =
	"vrrp_instance a {\ninterface eth0\nvirtual_router_id 7\nuse_vmac\n"
	"virtual_ipaddress {\n192.0.2.1\n}\n}\n"
	"vrrp_instance b {\ninterface eth1\nvirtual_router_id 7\nuse_vmac\n"
	"virtual_ipaddress {\n192.0.2.2\n}\n}\n"
	"vrrp_instance c {\ninterface eth0\nvirtual_router_id 8\nuse_vmac vrrp2.7\n"
	"virtual_ipaddress {\n192.0.2.3\n}\n}\n"
	"vrrp_instance d {\ninterface eth2\nvirtual_router_id 7\nuse_vmac\n"
	"virtual_ipaddress {\n192.0.2.4\n}\n}\n";

static const struct {
	const char *text, *means;
} examples[] = {
	{VI("", VIP), "1@eth0 "},
	{VI("use_vmac\n", VIP "192.0.2.2 dev eth0\n192.0.2.3 dev eth1\n"),
	 "vrrp.7<eth0 01:07 1@vrrp.7 2@vrrp.7 3@eth1 "},
	{VI("use_vmac mine 2:0:0:0:9\n", VIP), "mine<eth0 09:07 1@mine "},
	{VI("use_vmac mine eth5\n", VIP), "mine<eth5 01:07 1@mine "},
	{VI("use_vmac\nuse_vmac_addr\n", VIP "192.0.2.3 dev eth1\n192.0.2.4 dev eth1\n"),
	 "vrrp.7<eth0 01:07 vrrp1.7<eth1 01:07 1@vrrp.7 3@vrrp1.7 4@vrrp1.7 "},
	{VI("use_vmac_addr\n", VIP "192.0.2.3 dev eth1\n"), "vrrp.7<eth1 01:07 1@eth0 3@vrrp.7 "},
	{VI("", "192.0.2.1 use_vmac\n192.0.2.2\n192.0.2.3 dev eth1\n"),
	 "vrrp.7<eth0 01:07 1@vrrp.7 2@eth0 3@eth1 "},
	/* The other family: on the router's own unless one of its own is asked for. */
	{VI("use_vmac\n" EVIP("2001:db8::1"), VIP), "vrrp.7<eth0 01:07 v6 1@vrrp.7 x@vrrp.7 "},
	{VI("use_vmac\n" EVIP("2001:db8::1 use_vmac"), VIP),
	 "vrrp.7<eth0 01:07 vrrp6.7<eth0 02:07 v6 1@vrrp.7 x@vrrp6.7 "},
	{VI("use_vmac\nuse_vmac_addr\n" EVIP("2001:db8::1\n2001:db8::2 dev eth1"), VIP),
	 "vrrp.7<eth0 01:07 vrrp6.7<eth0 02:07 v6 vrrp1.7<eth1 02:07 v6 "
	 "1@vrrp.7 x@vrrp6.7 x@vrrp1.7 "},
	{several, "vrrp.7<eth0 01:07 1@vrrp.7 vrrp1.7<eth1 01:07 2@vrrp1.7 "
		  "vrrp2.7<eth0 01:08 3@vrrp2.7 vrrp3.7<eth2 01:07 4@vrrp3.7 "},
	{PREFIXES VI("use_vmac\nuse_vmac_addr\n", VIP "192.0.2.3 dev eth1\n"),
	 "v.7<eth0 01:07 w.7<eth1 01:07 1@v.7 3@w.7 "},
	/* An ipvlan: no virtual MAC address, no virtual address. */
	{VI("use_ipvlan 192.0.2.9/24\n", VIP "192.0.2.3 dev eth1\n"),
	 "vrrp.7<eth0 00:00 from 192.0.2.9/24 mode 0 1@eth0 3@eth1 "},
	{VI("use_ipvlan i eth0 192.0.2.9 vepa\nuse_vmac_addr\n", VIP "192.0.2.3 dev eth1\n"),
	 "i<eth0 00:00 from 192.0.2.9/32 mode 2 vrrp.7<eth1 01:07 1@eth0 3@vrrp.7 "},
	{PREFIX VI("use_ipvlan private\n", "2001:db8::1\n"), "v.7<eth0 00:00 v6 mode 1 184@eth0 "},
	{PREFIX VI("use_vmac\nuse_vmac_addr\n", VIP "192.0.2.3 dev eth1\n"),
	 "v.7<eth0 01:07 v1.7<eth1 01:07 1@v.7 3@v1.7 "},
};

static void test_examples(void **state)
{
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
		struct loaded loaded = load_good(examples[i].text, 0), again;
		char *dump = conf_dump(loaded.conf);

		describe(loaded.conf, text, sizeof(text));
		assert_string_equal(text, examples[i].means);
		again = load_good(dump, 0);
		describe(again.conf, text, sizeof(text));
		assert_string_equal(text, examples[i].means);
		free(dump);
		unload(&again);
		unload(&loaded);
	}
}

/* All above one interface have one mode. */
static void test_modes(void **state)
{
	static const char text[] =
		VI("use_ipvlan 192.0.2.7/24 private\n",
		   VIP) "vrrp_instance b {\ninterface eth1\nvirtual_router_id 8\n"
			"use_ipvlan 192.0.2.8/24 vepa\nvirtual_ipaddress {\n192.0.2.2\n}\n}\n"
			"vrrp_instance c {\ninterface eth0\nvirtual_router_id 9\n"
			"use_ipvlan 192.0.2.9/24 vepa\nvirtual_ipaddress {\n192.0.2.3\n}\n}\n";
	struct loaded loaded = load_good(text, 1);

	(void)state;
	assert_int_equal(loaded.conf->instances[0].macvlans[0].mode, CONF_IPVLAN_PRIVATE);
	assert_int_equal(loaded.conf->instances[1].macvlans[0].mode, CONF_IPVLAN_VEPA);
	assert_int_equal(loaded.conf->instances[2].macvlans[0].mode, CONF_IPVLAN_PRIVATE);
	unload(&loaded);
}

static void expect_source(const char *settings, const char *source)
{
	struct loaded loaded = load_good(settings, 0);
	char text[IP_TEXT_MAX];

	assert_string_equal(ip_format(conf_instance_source(loaded.conf->instances), text), source);
	unload(&loaded);
}

static void test_sources(void **state)
{
	(void)state;
	expect_source(VI("use_vmac\nmcast_src_ip 192.0.2.5\n", VIP), "192.0.2.5");
	expect_source(VI("use_ipvlan 192.0.2.9/24\n", VIP), "192.0.2.9");
	expect_source(VI("use_ipvlan 192.0.2.9\nmcast_src_ip 192.0.2.5\n", VIP), "192.0.2.5");
}

static void test_long_names(void **state)
{
	(void)state;
	expect_error(LONG VI("use_vmac\n", VIP), 4, "longer than 15 octets");
}

/* What a reload makes of the instance. */
static void expect_reload(const char *after, bool restarts, bool same_devices)
{
	struct loaded old = load_text(VI("use_vmac\n", VIP)), new = load_text(after);
	const struct conf_instance *a = old.conf->instances, *b = new.conf->instances;
	struct conf_diff *diff;

	assert_int_equal(conf_diff_new(old.conf, new.conf, &diff), 0);
	assert_int_equal(conf_instance_restarts(diff, a, b), restarts);
	assert_int_equal(conf_instance_same_devices(a, b), same_devices);
	conf_diff_free(diff);
	unload(&old);
	unload(&new);
}

static void test_reload(void **state)
{
	(void)state;
	expect_reload(VI("use_vmac\n", VIP), false, true);
	expect_reload(VI("use_vmac\n", VIP "192.0.2.2\n"), false, true);
	expect_reload(VI("", VIP), true, false);
	expect_reload(VI("use_vmac m\n", VIP), true, false);
	expect_reload(VI("use_ipvlan 192.0.2.9\n", VIP), true, false);
	expect_reload(VI("use_vmac\n" EVIP("192.0.2.9 dev eth1 use_vmac"), VIP), false, false);
	/* A name that follows from what stands elsewhere. */
	expect_reload(PREFIX VI("use_vmac\n", VIP), true, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples), cmocka_unit_test(test_modes),
		cmocka_unit_test(test_sources),	 cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
