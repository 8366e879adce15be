/* SPDX-License-Identifier: MIT */
/*
 * use_vmac, use_vmac_addr and the use_vmac of an address: which macvlans come of them, above what,
 * with which name and address, and which virtual address goes where. The canonical dump means the
 * same.
 */
#include "tests/unit/conf_text.h"

#include "conf/diff.h"

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

#define VI(name, vrid, more)                                                                       \
	"vrrp_instance " name " {\ninterface eth0\nvirtual_router_id " vrid "\n" more "}\n"
#define VIP(lines)  "virtual_ipaddress {\n" lines "}\n"
#define EVIP(lines) "virtual_ipaddress_excluded {\n" lines "}\n"

static const struct {
	const char *text, *means;
} examples[] = {
	{VI("a", "7", VIP("192.0.2.1\n")), "1@eth0 "},
	{VI("a", "7", "use_vmac\n" VIP("192.0.2.1\n192.0.2.2 dev eth0\n192.0.2.3 dev eth1\n")),
	 "vrrp.7<eth0 01:07 1@vrrp.7 2@vrrp.7 3@eth1 "},
	{VI("a", "7", "use_vmac mine 2:0:0:0:9\n" VIP("192.0.2.1\n")), "mine<eth0 09:07 1@mine "},
	{VI("a", "7", "use_vmac mine eth5\n" VIP("192.0.2.1\n")), "mine<eth5 01:07 1@mine "},
	{VI("a", "7",
	    "use_vmac\nuse_vmac_addr\n" VIP("192.0.2.1\n192.0.2.3 dev eth1\n192.0.2.4 dev eth1\n")),
	 "vrrp.7<eth0 01:07 vrrp1.7<eth1 01:07 1@vrrp.7 3@vrrp1.7 4@vrrp1.7 "},
	{VI("a", "7", "use_vmac_addr\n" VIP("192.0.2.1\n192.0.2.3 dev eth1\n")),
	 "vrrp.7<eth1 01:07 1@eth0 3@vrrp.7 "},
	{VI("a", "7", VIP("192.0.2.1 use_vmac\n192.0.2.2\n192.0.2.3 dev eth1\n")),
	 "vrrp.7<eth0 01:07 1@vrrp.7 2@eth0 3@eth1 "},
	/* The other family: on the router's own unless one of its own is asked for. */
	{VI("a", "7", "use_vmac\n" VIP("192.0.2.1\n") EVIP("2001:db8::1\n")),
	 "vrrp.7<eth0 01:07 v6 1@vrrp.7 x@vrrp.7 "},
	{VI("a", "7", "use_vmac\n" VIP("192.0.2.1\n") EVIP("2001:db8::1 use_vmac\n")),
	 "vrrp.7<eth0 01:07 vrrp6.7<eth0 02:07 v6 1@vrrp.7 x@vrrp6.7 "},
	{VI("a", "7",
	    "use_vmac\nuse_vmac_addr\n" VIP("192.0.2.1\n")
		    EVIP("2001:db8::1\n2001:db8::2 dev eth1\n")),
	 "vrrp.7<eth0 01:07 vrrp6.7<eth0 02:07 v6 vrrp1.7<eth1 02:07 v6 1@vrrp.7 x@vrrp6.7 "
	 "x@vrrp1.7 "},
	/* Several instances with one VRID; a name that was given is not made. */
	{VI("a", "7",
	    "use_vmac\n" VIP("192.0.2.1\n")) "vrrp_instance b {\ninterface eth1\nvirtual_router_id "
					     "7\nuse_vmac\n" VIP("192.0.2.2\n") "}\n" VI(
						     "c", "8",
						     "use_vmac "
						     "vrrp2.7\n" VIP(
							     "192.0.2."
							     "3\n")) "vr"
								     "rp"
								     "_i"
								     "ns"
								     "ta"
								     "nc"
								     "e "
								     "d "
								     "{"
								     "\n"
								     "in"
								     "te"
								     "rf"
								     "ac"
								     "e "
								     "et"
								     "h2"
								     "\n"
								     "vi"
								     "rt"
								     "ua"
								     "l_"
								     "ro"
								     "ut"
								     "er"
								     "_i"
								     "d "
								     "7"
								     "\n"
								     "us"
								     "e_"
								     "vm"
								     "ac"
								     "\n" VIP("192.0.2.4\n") "}\n",
	 "vrrp.7<eth0 01:07 1@vrrp.7 vrrp1.7<eth1 01:07 2@vrrp1.7 vrrp2.7<eth0 01:08 3@vrrp2.7 "
	 "vrrp3.7<eth2 01:07 4@vrrp3.7 "},
	{"global_defs {\nvmac_prefix v\nvmac_addr_prefix w\n}\n" VI(
		 "a", "7", "use_vmac\nuse_vmac_addr\n" VIP("192.0.2.1\n192.0.2.3 dev eth1\n")),
	 "v.7<eth0 01:07 w.7<eth1 01:07 1@v.7 3@w.7 "},
	{"global_defs {\nvmac_prefix v\n}\n" VI(
		 "a", "7", "use_vmac\nuse_vmac_addr\n" VIP("192.0.2.1\n192.0.2.3 dev eth1\n")),
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

static void test_long_names(void **state)
{
	(void)state;
	expect_error("global_defs {\nvmac_prefix abcdefghijklm\n}\n" VI(
			     "a", "107", "use_vmac\n" VIP("192.0.2.1\n")),
		     4, "longer than 15 octets");
}

/* What a reload makes of instance number `which` of both. */
static void expect_reload(const char *before, const char *after, size_t which, bool restarts,
			  bool same_devices)
{
	struct loaded old = load_text(before), new = load_text(after);
	struct conf_diff *diff;
	const struct conf_instance *a = &old.conf->instances[which],
				   *b = &new.conf->instances[which];

	assert_int_equal(conf_diff_new(old.conf, new.conf, &diff), 0);
	assert_int_equal(conf_instance_restarts(diff, a, b), restarts);
	assert_int_equal(conf_instance_same_devices(a, b), same_devices);
	conf_diff_free(diff);
	unload(&old);
	unload(&new);
}

static void test_reload(void **state)
{
	static const char plain[] = VI("a", "7", "use_vmac\n" VIP("192.0.2.1\n"));

	(void)state;
	expect_reload(plain, plain, 0, false, true);
	expect_reload(plain, VI("a", "7", "use_vmac\n" VIP("192.0.2.1\n192.0.2.2\n")), 0, false,
		      true);
	expect_reload(plain, VI("a", "7", VIP("192.0.2.1\n")), 0, true, false);
	expect_reload(plain, VI("a", "7", "use_vmac m\n" VIP("192.0.2.1\n")), 0, true, false);
	expect_reload(
		plain,
		VI("a", "7", "use_vmac\n" VIP("192.0.2.1\n") EVIP("192.0.2.9 dev eth1 use_vmac\n")),
		0, false, false);
	/* A name that follows from what stands elsewhere. */
	expect_reload(
		plain,
		"global_defs {\nvmac_prefix v\n}\n" VI("a", "7", "use_vmac\n" VIP("192.0.2.1\n")),
		0, true, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
