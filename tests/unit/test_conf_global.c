/* SPDX-License-Identifier: MIT */
/*
 * global_defs and the plain keywords of the top level: what each takes, refuses and warns about,
 * and how it stands in the canonical dump, which must load to the same dump. Bounds of plain
 * numbers are tried by test_conf_tables.
 */
#include "tests/unit/conf_text.h"

#include "conf/options.h"

/* error or warning: part of the one message; line: of the dump, NULL: the keyword is not in it. */
struct sample {
	const char *text, *error, *warning, *line;
};

#define BAD(text, error)                                                                           \
	{                                                                                          \
		text, error, NULL, NULL                                                            \
	}

static const struct sample samples[] = {
	{"umask 0", .line = "umask 00"},
	{"umask 077", .line = "umask 077"},
	{"umask 0x1f", .line = "umask 037"},
	{"umask 18", .line = "umask 022"},
	{"umask IWGRP|IWOTH", .line = "umask 022"},
	{"umask IRWXG | IRWXO|IXUSR", .line = "umask 0177"},
	BAD("umask 777", "0 to 0777"),
	BAD("umask 0x200", "0 to 0777"),
	BAD("umask 08", "0 to 0777"),
	BAD("umask -1", "0 to 0777"),
	BAD("umask iRUSR", "0 to 0777"),
	BAD("umask IRUSR|", "0 to 0777"),
	BAD("umask |IRUSR", "0 to 0777"),
	BAD("umask IRUSR IWGRP", "0 to 0777"),
	BAD("umask 5 5", "0 to 0777"),
	{"dynamic_interfaces", .line = "dynamic_interfaces"},
	{"dynamic_interfaces allow_if_changes", .line = "dynamic_interfaces allow_if_changes"},
	BAD("dynamic_interfaces junk", "allow_if_changes or nothing"),
	{"vrrp_mcast_group6 ff02::99", .line = "vrrp_mcast_group6 ff02::99"},
	{"vrrp_mcast_group6 ff05::99", .warning = "link-local",
	 .line = "vrrp_mcast_group6 ff05::99"},
	BAD("vrrp_mcast_group6 2001:db8::1", "IPv6 multicast"),
	BAD("vrrp_mcast_group6 224.0.0.18", "IPv6 multicast"),
	BAD("vrrp_garp_extra_if 0", "from 1 to 86400"),
	BAD("vrrp_garp_extra_if 86401", "from 1 to 86400"),
	BAD("vrrp_garp_extra_if all", "missing"),
	BAD("vrrp_garp_extra_if all 1.5", "from 1 to 86400"),
	{"vrrp_vmac_garp_intvl all 5", .warning = "taken as 'vrrp_garp_extra_if'"},
	{"vrrp_startup_delay 0.001", .line = "vrrp_startup_delay 0.001"},
	{"max_auto_priority", .line = "max_auto_priority 99"},
	{"max_auto_priority -1", .line = "max_auto_priority -1"},
	BAD("max_auto_priority 100", "from -1 to 99"),
	BAD("max_auto_priority -2", "from -1 to 99"),
	{"nftables", .line = "nftables keepalived"},
	{"nftables t", .line = "nftables t"},
	{"nftables_ipvs", .line = "nftables_ipvs keepalived_ipvs"},
	{"vrrp_iptables", .line = "vrrp_iptables INPUT OUTPUT"},
	{"vrrp_iptables in", .line = "vrrp_iptables in"},
	{"smtp_connect_timeout 0", .warning = "is taken as 1", .line = "smtp_connect_timeout 1"},
	{"vrrp_iptables in out", .line = "vrrp_iptables in out"},
	BAD("vrrp_iptables a1234567890123456789012345678", "longer than 28"),
	{"vrrp_ipsets", .line = "vrrp_ipsets"},
	{"vrrp_ipsets a b c d e f", .line = "vrrp_ipsets a b c d e f"},
	{"vrrp_ipsets a b c d e f g", .warning = "takes no more words",
	 .line = "vrrp_ipsets a b c d e f"},
	BAD("vrrp_ipsets a1234567890123456789012345678901", "longer than 31"),
	{"lvs_sync_daemon eth0", .line = "lvs_sync_daemon eth0"},
	{"lvs_sync_daemon eth0 inst W", .warning = "no vrrp_instance 'W' to follow", .line = NULL},
	{"lvs_sync_daemon eth0 V", .line = "lvs_sync_daemon eth0 inst V"},
	{"lvs_sync_daemon eth0 V 5", .warning = "write 'id' before",
	 .line = "lvs_sync_daemon eth0 inst V id 5"},
	{"lvs_sync_daemon eth0 group ff02::5 inst V id 0 ttl 3 port 8848 maxlen 100",
	 .line = "lvs_sync_daemon eth0 inst V id 0 maxlen 100 port 8848 ttl 3 group ff02::5"},
	BAD("lvs_sync_daemon", "needs a value"),
	BAD("lvs_sync_daemon eth0 id 256", "from 0 to 255"),
	BAD("lvs_sync_daemon eth0 V 256", "from 0 to 255"),
	BAD("lvs_sync_daemon eth0 maxlen 65508", "from 1 to 65507"),
	BAD("lvs_sync_daemon eth0 port 0", "from 1 to 65535"),
	BAD("lvs_sync_daemon eth0 ttl 256", "from 1 to 255"),
	BAD("lvs_sync_daemon eth0 group 10.0.0.1", "multicast"),
	BAD("lvs_sync_daemon eth0 group", "needs a value"),
	BAD("lvs_sync_daemon eth0 inst", "needs a value"),
	BAD("lvs_sync_daemon eth0 group 224.0.0.5 x", "knows inst, id"),
	{"lvs_netlink_cmd_rcv_bufs 4294967295", .line = "lvs_netlink_cmd_rcv_bufs 4294967295"},
	{"snmp_vs_stats_update_interval 0.5", .line = "snmp_vs_stats_update_interval 0.5"},
	{"notify_fifo /run/f", .line = "notify_fifo /run/f"},
	{"notify_fifo /run/f user group", .line = "notify_fifo /run/f user group"},
	{"lvs_notify_fifo \"/run/a b\" user", .line = "lvs_notify_fifo \"/run/a b\" user"},
	{"vrrp_notify_fifo_script \"/bin/reader -x\" user",
	 .warning = "no effect without 'vrrp_notify_fifo'",
	 .line = "vrrp_notify_fifo_script \"/bin/reader -x\" user"},
	{"startup_script \"/bin/echo 'a b'\" root",
	 .line = "startup_script \"/bin/echo 'a b'\" root"},
	{"shutdown_script_timeout 1000", .line = "shutdown_script_timeout 1000"},
	BAD("startup_script_timeout 1.5", "from 1 to 1000"),
	{"vrrp_cpu_affinity 0 0", .line = "vrrp_cpu_affinity 0"},
	BAD("vrrp_cpu_affinity 0 x", "a processor must be"),
	BAD("checker_cpu_affinity 1024", "a processor must be"),
	{"vrrp_rx_bufs_policy mtu", .line = "vrrp_rx_bufs_policy MTU"},
	{"vrrp_rx_bufs_policy ADVERT", .line = "vrrp_rx_bufs_policy ADVERT"},
	{"vrrp_rx_bufs_policy 4294967295", .line = "vrrp_rx_bufs_policy 4294967295"},
	BAD("vrrp_rx_bufs_policy 4294967296", "MTU, ADVERT or octets"),
	BAD("vrrp_rx_bufs_policy NO_SEND_RX", "MTU, ADVERT or octets"),
	{"lvs_process_name x", .warning = "taken as 'checker_process_name'",
	 .line = "checker_process_name x"},
	{"vrrp_rlimit_rtime 5", .warning = "taken as 'vrrp_rlimit_rttime'",
	 .line = "vrrp_rlimit_rttime 5"},
	{"include_check", .line = NULL},
	{"include_check +match -wildcard_match read", .line = NULL},
	BAD("include_check readible", "knows read, match"),
	{"random_seed 4294967295", .line = NULL},
	{"reload_check_config", .line = "reload_check_config"},
	{"reload_check_config /tmp/log", .line = "reload_check_config /tmp/log"},
	{"reload_file", .line = "reload_file"},
	{"reload_file /run/marks", .line = "reload_file /run/marks"},
	{"dbus_service_name a.b", .line = "dbus_service_name a.b"},
	{"json_version 2", .line = "json_version 2"},
	{"}\nlinkbeat_use_polling\nglobal_defs {", .line = "linkbeat_use_polling"},
	{"}\nuse_pid_dir\nglobal_defs {", .line = "use_pid_dir"},
	{"}\nnet_namespace red\nglobal_defs {", .line = "net_namespace red"},
	{"}\nnet_namespace_ipvs\nglobal_defs {", .line = "net_namespace_ipvs"},
	{"}\nnet_namespace_ipvs blue\nglobal_defs {", .line = "net_namespace_ipvs blue"},
	{"}\ninstance \"a b\"\nglobal_defs {", .line = "instance \"a b\""},
	{"}\ninstance one\nglobal_defs {", .line = "instance one"},
	BAD("}\ninstance a/b\nglobal_defs {", "name without /"),
	{"}\nchild_wait_time 7\nglobal_defs {", .line = "child_wait_time 7"},
	BAD("}\nchild_wait_time 1.5\nglobal_defs {", "from 0 to 4294967295"),
};

static struct loaded load_sample(const struct sample *sample)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "global_defs {\nrouter_id r\n%s\n}\nvrrp_instance V {\ninterface eth0\n"
		 "virtual_router_id 7\nvirtual_ipaddress {\n192.0.2.7\n}\n}\n",
		 sample->text);
	return load_text(text);
}

static bool has_line(const char *text, const char *line)
{
	for (const char *at = text; (at = strstr(at, line)); at++)
		if ((at == text || at[-1] == '\n' || at[-1] == ' ') && at[strlen(line)] == '\n')
			return true;
	return false;
}

/* The dump of the dump is the dump. */
static void check_dump(const struct sample *sample, const struct conf *conf)
{
	char *first = conf_dump(conf), *second;
	struct loaded again;

	assert_non_null(first);
	if (sample->line && !has_line(first, sample->line))
		fail_msg("%s: no '%s' in\n%s", sample->text, sample->line, first);
	again = load_text(first);
	if (again.status)
		show_diags(&again);
	assert_int_equal(again.status, 0);
	second = conf_dump(again.conf);
	assert_string_equal(first, second);
	unload(&again);
	free(first);
	free(second);
}

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		const struct sample *sample = &samples[i];
		struct loaded loaded = load_sample(sample);
		unsigned errors = count_diags(&loaded, DIAG_ERROR, 0, sample->error);

		if (loaded.diags.errors != (sample->error ? 1 : 0) ||
		    errors != loaded.diags.errors ||
		    (sample->warning && !count_diags(&loaded, DIAG_WARNING, 0, sample->warning))) {
			print_message("%s\n", sample->text);
			show_diags(&loaded);
			fail();
		}
		if (loaded.conf)
			check_dump(sample, loaded.conf);
		unload(&loaded);
	}
}

static void test_defaults(void **state)
{
	struct loaded loaded = load_good("", 0);
	const struct conf_global *global = &loaded.conf->global;
	struct ip group;

	(void)state;
	assert_int_equal(ip_parse("ff02::12", &group), 0);
	assert_int_equal(ip_compare(&global->mcast_group6, &group), 0);
	assert_int_equal(global->process.umask, -1);
	assert_int_equal(global->process.child_wait_us, 5000000);
	assert_int_equal(global->startup_timeout_us, 10000000);
	assert_int_equal(global->filter.nft_priority, -1);
	assert_int_equal(global->filter.ipsets, CONF_UNSET);
	assert_int_equal(global->vrrp.rttime_us, 0);
	assert_false(global->vrrp.tune.some_cpus);
	assert_string_equal(global->vrrp.tune.name, "vrrp");
	assert_null(global->sync.interface);
	unload(&loaded);
}

static void test_thread_names(void **state)
{
	struct loaded loaded = load_text("global_defs {\nprocess_names\n"
					 "checker_process_name guardian\n}\n");

	(void)state;
	assert_int_equal(loaded.status, 0);
	assert_string_equal(loaded.conf->global.vrrp.tune.name, "vipd_vrrp");
	assert_string_equal(loaded.conf->global.checker.tune.name, "guardian");
	unload(&loaded);
}

/* What a reload cannot change is marked so. */
static void test_refused(void **state)
{
	static const char *const names[] = {"disable_local_igmp", "nftables", "lvs_flush"};
	static const char *const top[] = {"instance", "use_pid_dir", "net_namespace",
					  "net_namespace_ipvs"};

	(void)state;
	for (const struct option_scope *const *scope = option_scopes(); *scope; scope++) {
		if (strcmp((*scope)->name, "global_defs") == 0)
			for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
				assert_int_equal(option_find(*scope, names[i])->reload,
						 OPTION_REFUSED);
	}
	for (size_t i = 0; i < sizeof(top) / sizeof(*top); i++)
		assert_int_equal(option_find(option_root(), top[i])->reload, OPTION_REFUSED);
}

/* Several blocks are one. */
static void test_needs(void **state)
{
	struct loaded loaded = load_good("global_defs {\nlvs_notify_fifo_script /bin/true\n}\n"
					 "global_defs {\nlvs_notify_fifo /run/f\n}\n",
					 0);

	(void)state;
	unload(&loaded);
	loaded = load_good("global_defs {\nnotify_fifo_script /bin/true\n}\n"
			   "global_defs {\nlvs_notify_fifo /run/f\n}\n",
			   1);
	assert_int_equal(count_diags(&loaded, DIAG_WARNING, 2, "without 'notify_fifo'"), 1);
	unload(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),	     cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_thread_names), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
