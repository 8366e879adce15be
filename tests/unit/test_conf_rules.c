/* SPDX-License-Identifier: MIT */
/*
 * Rules between keywords: inheritance, defaults, what is ignored with a warning and what is
 * refused.
 */
#include "tests/unit/conf_text.h"

#include <netinet/in.h>

#define VI(body)                                                                                   \
	"vrrp_instance v {\ninterface eth0\nvirtual_router_id 7\nvirtual_ipaddress { 192.0.2.1 "   \
	"}\n" body "}\n"
#define VS(body)   "virtual_server 192.0.2.1 80 {\nprotocol TCP\n" body "}\n"
#define RS(body)   VS("real_server 192.0.2.2 80 {\n" body "}\n")
#define SECONDS(n) (UINT64_C(1000000) * (n))

static void test_instance_defaults(void **state)
{
	struct loaded loaded = load_good(VI(""), 0);
	const struct conf_instance *v = &loaded.conf->instances[0];

	(void)state;
	assert_int_equal(loaded.conf->n_instances, 1);
	assert_int_equal(v->state, CONF_STATE_BACKUP);
	assert_int_equal(v->priority, 100);
	assert_int_equal(v->version, 2);
	assert_int_equal(v->advert_us, SECONDS(1));
	assert_true(v->preempt && v->accept);
	assert_int_equal(v->down_timer_adverts, 3);
	assert_int_equal(v->garp_delay_us, SECONDS(5));
	assert_int_equal(v->garp_repeat, 5);
	assert_int_equal(v->garp_lower_prio_delay_us, SECONDS(5));
	assert_int_equal(v->garp_lower_prio_repeat, 5);
	assert_int_equal(v->garp_refresh_repeat, 1);
	assert_int_equal(v->group, CONF_NONE);
	assert_int_equal(v->n_addresses, 1);
	assert_int_equal(v->addresses[0].prefix, 32);
	assert_int_equal(v->addresses[0].scope, 0);
	assert_string_equal(v->addresses[0].device, "eth0");
	unload(&loaded);
}

static void test_instance_inherits(void **state)
{
	struct loaded loaded = load_good(
		"global_defs {\nvrrp_garp_master_delay 7\nvrrp_min_garp\nvrrp_garp_interval 0.5\n"
		"vrrp_down_timer_adverts 4\n}\n" VI("garp_lower_prio_repeat 0\n"),
		0);
	const struct conf_instance *v = &loaded.conf->instances[0];

	(void)state;
	assert_int_equal(v->garp_delay_us, SECONDS(7));
	assert_int_equal(v->garp_repeat, 1);
	assert_int_equal(v->garp_lower_prio_delay_us, SECONDS(7));
	assert_int_equal(v->garp_lower_prio_repeat, 0);
	assert_int_equal(v->garp_interval_us, 500000);
	assert_int_equal(v->down_timer_adverts, 4);
	unload(&loaded);
}

static void test_master(void **state)
{
	struct loaded loaded = load_good(VI("state MASTER\n"), 0);

	(void)state;
	assert_int_equal(loaded.conf->instances[0].priority, 255);
	unload(&loaded);
	loaded = load_good(VI("state MASTER\npriority 90\nnopreempt\npreempt_delay 5\n"), 2);
	assert_int_equal(
		count_diags(&loaded, DIAG_WARNING, 7, "'nopreempt' is ignored with 'state MASTER'"),
		1);
	assert_int_equal(count_diags(&loaded, DIAG_WARNING, 8,
				     "'preempt_delay' is ignored with 'state MASTER'"),
			 1);
	assert_true(loaded.conf->instances[0].preempt);
	assert_int_equal(loaded.conf->instances[0].preempt_delay_us, 0);
	unload(&loaded);
	expect_warning(VI("nopreempt\npreempt_delay 5\n"), 6,
		       "'preempt_delay' is ignored with 'nopreempt'");
	expect_warning(VI("priority 255\nnopreempt\n"), 6,
		       "'nopreempt' is ignored with priority 255");
	loaded = load_good(VI("nopreempt\n"), 0);
	assert_false(loaded.conf->instances[0].preempt);
	unload(&loaded);
}

static void test_authentication(void **state)
{
	struct loaded loaded =
		load_good(VI("authentication {\nauth_type PASS\nauth_pass 123456789\n}\n"), 1);

	(void)state;
	assert_int_equal(count_diags(&loaded, DIAG_WARNING, 7, "the first 8 are used"), 1);
	assert_memory_equal(loaded.conf->instances[0].auth_pass, "12345678", 8);
	unload(&loaded);
	loaded = load_good(VI("authentication {\nauth_type PASS\nauth_pass abc\n}\n"), 0);
	assert_int_equal(loaded.conf->instances[0].auth, CONF_AUTH_PASS);
	assert_memory_equal(loaded.conf->instances[0].auth_pass, "abc\0\0\0\0", 8);
	unload(&loaded);
	expect_error(VI("authentication {\nauth_type PASS\n}\n"), 6, "needs an 'auth_pass'");
	expect_warning(VI("authentication {\nauth_pass x\n}\n"), 6,
		       "without 'auth_type' is ignored");
	loaded = load_good(VI("version 3\nauthentication {\nauth_type PASS\nauth_pass x\n}\n"), 1);
	assert_int_equal(count_diags(&loaded, DIAG_WARNING, 7, "has no authentication"), 1);
	unload(&loaded);
}

/* Shows VT-10. */
static void test_interval(void **state)
{
	struct loaded loaded;

	(void)state;
	expect_warning(VI("advert_int 1.4\n"), 5, "taken as 1");
	expect_warning(VI("advert_int 0.02\n"), 5, "taken as 1");
	loaded = load_good(VI("version 3\nadvert_int 0.014\n"), 1);
	assert_int_equal(count_diags(&loaded, DIAG_WARNING, 6, "taken as 0.01"), 1);
	unload(&loaded);
	expect_error(VI("version 3\nadvert_int 41\n"), 6, "40.95");
	expect_error(VI("advert_int 1s\n"), 5, "write the number alone");
	loaded = load_good(VI("version 3\nadvert_int 0.25\n"), 0);
	assert_int_equal(loaded.conf->instances[0].advert_us, 250000);
	unload(&loaded);
}

/* Without an interface. */
#define WIDE(name, address, vrf)                                                                   \
	"vrrp_instance " name " {\n" vrf "virtual_router_id 7\nunicast_src_ip 192.0.2.7\n"         \
	"unicast_peer {\n192.0.2.8\n}\nvirtual_ipaddress {\n" address " dev eth0\n}\n}\n"

/* What the VRRP engine cannot do is said at load, with what happens instead. */
static void test_unsupported_instances(void **state)
{
	static const char *const supported[] = {
		VI("version 3\nv3_checksum_as_v2\n"),
		VI("unicast_src_ip 192.0.2.7\nunicast_peer {\n192.0.2.8 min_ttl 64\n}\n"
		   "unicast_ttl 64\ncheck_unicast_src\nunicast_fault_no_peer\n"),
		VI("authentication {\nauth_type AH\nauth_pass x\n}\n"),
		VI("mcast_dst_ip 224.0.0.81\n"),
		VI("mcast_dst_ip 224.0.0.18\nversion 2\n"),
		WIDE("v", "192.0.2.3", "vrf red\n") WIDE("w", "192.0.2.4", "vrf blue\n"),
		WIDE("v", "192.0.2.3", "")};
	struct loaded loaded;

	(void)state;
	for (size_t i = 0; i < sizeof(supported) / sizeof(*supported); i++) {
		loaded = load_good(supported[i], 0);
		assert_null(conf_instance_unsupported(&loaded.conf->instances[0]));
		unload(&loaded);
	}
	loaded = load_good(VI("auth_hmac {\nkey 1 0123456789abcdef0123456789abcdef\n}\n"), 2);
	assert_int_equal(count_diags(&loaded, DIAG_WARNING, 5, "'v' stays in FAULT"), 1);
	unload(&loaded);
	expect_error(WIDE("v", "192.0.2.3", "") WIDE("w", "192.0.2.4", "vrf red\n"), 13,
		     "is used on no interface by 'v' of line 1");
	expect_error(VI("unicast_peer {\npeer1\n}\n"), 6, "peer");
	expect_warning(VI("unicast_peer {\n}\n"), 5, "adverts are multicast");
}

/* No keyword is taken without a word when nothing follows from it. */
static void test_without_effect(void **state)
{
	struct loaded loaded;

	(void)state;
	expect_warning("virtual_server fwmark 5 {\nha_suspend\nreal_server 192.0.2.2 {\n}\n}\n", 2,
		       "no address that could be here");
	expect_error("net_namespace ../red\n", 1, "must be a name without /");
	expect_error("net_namespace_ipvs ..\n", 1, "must be a name without /");
	expect_error("instance .\n", 1, "must be a name without /");
	expect_warning("namespace_with_ipsets\n", 1, "no need of ipsets");
	expect_warning(VS("hashed\nreal_server 192.0.2.2 80 {\n}\n"), 3, "changes nothing");
	loaded = load_good("global_defs {\ndynamic_interfaces\n}\n", 0);
	assert_int_equal(count_diags(&loaded, DIAG_NOTE, 2, "changes nothing"), 1);
	unload(&loaded);
}

static void test_vrid(void **state)
{
	(void)state;
	expect_error(VI("") "vrrp_instance w {\ninterface eth0\nvirtual_router_id "
			    "7\nvirtual_ipaddress { 192.0.2.3 }\n}\n",
		     8, "is used on eth0 by 'v' of line 1");
	expect_error(VI("") "vrrp_instance v {\ninterface eth1\nvirtual_router_id "
			    "7\nvirtual_ipaddress { 192.0.2.3 }\n}\n",
		     6, "there is a vrrp_instance 'v' already");
	expect_error("vrrp_instance v {\ninterface eth0\nvirtual_ipaddress { 192.0.2.1 }\n}\n", 1,
		     "has no 'virtual_router_id'");
	expect_error(VI("priority 256\n"), 5, "from 1 to 255, not '256'");
}

static void test_vrid_families(void **state)
{
	struct loaded loaded =
		load_good(VI("") "vrrp_instance w {\ninterface eth0\nvirtual_router_id "
				 "7\nvirtual_ipaddress { 2001:db8::1 }\n}\n",
			  0);

	(void)state;
	assert_int_equal(loaded.conf->instances[1].version, 3);
	assert_int_equal(loaded.conf->instances[1].addresses[0].prefix, 128);
	assert_int_equal(count_diags(&loaded, DIAG_NOTE, 6, "version 3 is used"), 1);
	unload(&loaded);
}

static void test_addresses(void **state)
{
	struct loaded loaded;

	(void)state;
	loaded = load_good(
		VI("virtual_ipaddress {\n192.0.2.9/24 brd + dev eth1 scope link label eth1:v\n}\n"),
		0);
	assert_int_equal(loaded.conf->instances[0].n_addresses, 2);
	assert_int_equal(loaded.conf->instances[0].addresses[1].broadcast.octets[3], 255);
	assert_int_equal(loaded.conf->instances[0].addresses[1].scope, 253);
	unload(&loaded);
	expect_warning(VI("virtual_ipaddress {\n192.0.2.1/24\n}\n"), 6, "stands in line 4 already");
	expect_warning(VI("virtual_ipaddress {\n2001:db8::1\n}\n"), 6, "set but not advertised");
	expect_error(VI("virtual_ipaddress {\n192.0.2.9/33\n}\n"), 6, "prefix length");
	expect_error(VI("virtual_ipaddress {\n192.0.2.9 def eth1\n}\n"), 6,
		     "unknown attribute 'def'");
	expect_error(VI("virtual_ipaddress {\n192.0.2.9 dev\n}\n"), 6, "is missing");
	expect_error(VI("virtual_ipaddress {\n192.0.2.9 {\n} }\n"), 6, "no block is possible");
}

static void test_tracking(void **state)
{
	static const char script[] =
		"vrrp_script chk {\nscript \"/bin/a 'b c' d\"\ninterval 2\nweight 2\n}\n";
	struct loaded loaded;
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), "%s%s",
		 VI("track_script {\nchk\n}\ntrack_interface {\neth1 weight -254\n}\n"), script);
	loaded = load_good(text, 1);
	assert_int_equal(count_diags(&loaded, DIAG_WARNING, 9, "it is taken as -253"), 1);
	assert_int_equal(loaded.conf->instances[0].n_tracks, 2);
	assert_int_equal(loaded.conf->instances[0].tracks[0].kind, CONF_TRACK_INTERFACE);
	assert_int_equal(loaded.conf->instances[0].tracks[0].weight, -253);
	assert_int_equal(loaded.conf->instances[0].tracks[0].index, CONF_NONE);
	assert_int_equal(loaded.conf->instances[0].tracks[1].kind, CONF_TRACK_SCRIPT);
	assert_int_equal(loaded.conf->instances[0].tracks[1].weight, 2);
	assert_int_equal(loaded.conf->instances[0].tracks[1].index, 0);
	assert_string_equal(loaded.conf->scripts[0].command.argv[1], "b c");
	assert_null(loaded.conf->scripts[0].command.argv[3]);
	assert_int_equal(loaded.conf->scripts[0].timeout_us, SECONDS(2));
	unload(&loaded);
	loaded = load_good(script, 0);
	assert_int_equal(count_diags(&loaded, DIAG_NOTE, 1, "tracked by no instance"), 1);
	assert_int_equal(loaded.conf->n_scripts, 0);
	unload(&loaded);
	expect_error(VI("track_script {\nckh\n}\n") "vrrp_script chk { script /bin/a\n }\n", 6,
		     "did you mean 'chk'");
}

static void test_groups(void **state)
{
	static const char group[] =
		"vrrp_sync_group g {\ngroup {\nv\nw\n}\ntrack_interface { eth7 }\n}\n";
	static const char second[] =
		"vrrp_instance w {\ninterface eth0\nvirtual_router_id 8\n"
		"virtual_ipaddress { 192.0.2.3 }\ntrack_interface {\neth9 weight 5\n}\n}\n";
	struct loaded loaded;
	char text[2048];

	(void)state;
	snprintf(text, sizeof(text), "%s%s%s", group, VI(""), second);
	loaded = load_good(text, 1);
	assert_int_equal(count_diags(&loaded, DIAG_WARNING, 18, "it is not tracked"), 1);
	assert_int_equal(loaded.conf->groups[0].n_members, 2);
	assert_int_equal(loaded.conf->instances[1].group, 0);
	assert_int_equal(loaded.conf->instances[1].n_tracks, 1);
	assert_string_equal(loaded.conf->instances[1].tracks[0].name, "eth7");
	assert_true(loaded.conf->instances[1].tracks[0].inherited);
	assert_int_equal(loaded.conf->groups[0].n_tracks, 1);
	unload(&loaded);
	loaded = load_good(VI("") "vrrp_sync_group g {\ngroup {\nv\nx\n}\n}\n", 2);
	assert_int_equal(count_diags(&loaded, DIAG_WARNING, 9, "there is no vrrp_instance 'x'"), 1);
	unload(&loaded);
	expect_warning(VI("") "vrrp_sync_group g {\ngroup { v }\n}\n", 6, "one member only");
	expect_warning(VI("") "vrrp_sync_group g {\n}\n", 6, "has no members; it is dropped");
}

static void test_check_defaults(void **state)
{
	struct loaded loaded = load_good(RS("TCP_CHECK {\n}\nHTTP_GET {\nurl { path "
					    "/\n}\n}\nMISC_CHECK {\nmisc_path /bin/a\n}\n"),
					 0);
	const struct conf_checker *checkers = loaded.conf->services[0].servers[0].checkers;

	(void)state;
	assert_int_equal(loaded.conf->services[0].servers[0].n_checkers, 3);
	assert_int_equal(checkers[0].retry, 1);
	assert_int_equal(checkers[0].delay_before_retry_us, SECONDS(1));
	assert_int_equal(checkers[0].connect_timeout_us, SECONDS(5));
	assert_int_equal(checkers[0].delay_loop_us, SECONDS(60));
	assert_int_equal(checkers[0].warmup_us, SECONDS(60));
	assert_int_equal(checkers[0].connect_port, 80);
	assert_int_equal(checkers[1].retry, 1);
	assert_int_equal(checkers[1].delay_before_retry_us, SECONDS(3));
	assert_int_equal(checkers[1].urls[0].status[12], 0xf0);
	assert_int_equal(checkers[1].urls[0].status[24], 0xff);
	assert_int_equal(checkers[1].urls[0].status[25], 0);
	assert_int_equal(checkers[2].retry, 0);
	assert_int_equal(checkers[2].misc_timeout_us, SECONDS(60));
	unload(&loaded);
}

static void test_check_inheritance(void **state)
{
	struct loaded loaded = load_good(VS("delay_loop 6\nretry 4\nalpha\nvirtualhost "
					    "a\nreal_server 192.0.2.2 80 {\ndelay_before_retry 9\n"
					    "MISC_CHECK {\nmisc_path /bin/a\n}\nHTTP_GET {\nurl { "
					    "path /\n}\nretry 0\nalpha no\nwarmup 2\n}\n}\n"),
					 0);
	const struct conf_checker *checkers = loaded.conf->services[0].servers[0].checkers;

	(void)state;
	assert_int_equal(checkers[0].retry, 4);
	assert_int_equal(checkers[0].delay_before_retry_us, SECONDS(9));
	assert_int_equal(checkers[0].delay_loop_us, SECONDS(6));
	assert_int_equal(checkers[0].warmup_us, SECONDS(6));
	assert_true(checkers[0].alpha);
	assert_int_equal(checkers[1].retry, 0);
	assert_int_equal(checkers[1].warmup_us, SECONDS(2));
	assert_string_equal(checkers[1].virtualhost, "a");
	assert_false(checkers[1].alpha);
	unload(&loaded);
}

static void test_misplaced(void **state)
{
	struct loaded loaded =
		load_good(RS("connect_port 81\nconnect_timeout 3\nnb_get_retry 3\n"), 2);
	const struct conf_real_server *server = &loaded.conf->services[0].servers[0];

	(void)state;
	assert_int_equal(count_diags(&loaded, DIAG_WARNING, 4, "the server gets a TCP_CHECK"), 1);
	assert_int_equal(count_diags(&loaded, DIAG_WARNING, 6, "taken as 'retry'"), 1);
	assert_int_equal(server->n_checkers, 1);
	assert_int_equal(server->checkers[0].type, CONF_TCP_CHECK);
	assert_int_equal(server->checkers[0].connect_port, 81);
	assert_int_equal(server->checkers[0].retry, 3);
	assert_int_equal(server->checkers[0].connect_timeout_us, SECONDS(3));
	unload(&loaded);
	loaded = load_good(RS("TCP_CHECK {\n}\nTCP_CHECK {\nconnect_port 82\n}\nconnect_port 81\n"),
			   1);
	server = &loaded.conf->services[0].servers[0];
	assert_int_equal(count_diags(&loaded, DIAG_WARNING, 9, "applied to the checkers"), 1);
	assert_int_equal(server->checkers[0].connect_port, 81);
	assert_int_equal(server->checkers[1].connect_port, 82);
	unload(&loaded);
	expect_warning(RS("MISC_CHECK {\nmisc_path /bin/a\n}\nconnect_port 81\n"), 7,
		       "no checker of this server has it");
	loaded = load_good(RS("retry 2\n"), 0);
	assert_int_equal(loaded.conf->services[0].servers[0].n_checkers, 0);
	unload(&loaded);
}

static void test_checkers(void **state)
{
	(void)state;
	expect_error(RS("HTTP_GET {\n}\n"), 4, "'HTTP_GET' has no 'url'");
	expect_error(RS("MISC_CHECK {\n}\n"), 4, "has no 'misc_path'");
	expect_error(RS("HTTP_GET {\nurl {\npath /\nstatus_code 99\n}\n}\n"), 7,
		     "codes and ranges");
	expect_error(RS("HTTP_GET {\nurl {\npath /\nstatus_code 300-200\n}\n}\n"), 7,
		     "codes and ranges");
	expect_error(RS("HTTP_GET {\nurl {\npath /\ndigest 12\n}\n}\n"), 7,
		     "32 hexadecimal digits");
	expect_error(RS("TCP_CHECK {\nbindto 2001:db8::1\n}\n"), 4, "not of the family");
	expect_error(RS("notify_up /bin/a -x\n"), 4,
		     "quote the command together with its arguments");
	expect_warning(RS("HTTP_GET {\nurl { path /\n}\nenable_sni\n}\n"), 7, "SSL_GET only");
}

static void test_ports(void **state)
{
	struct loaded loaded;

	(void)state;
	loaded =
		load_good(VS("lvs_method DR\nreal_server 192.0.2.2 8080 {\nTCP_CHECK { }\n}\n"), 1);
	assert_int_equal(count_diags(&loaded, DIAG_WARNING, 4, "port 8080 is taken as 80"), 1);
	assert_int_equal(loaded.conf->services[0].servers[0].key.port, 80);
	unload(&loaded);
	loaded = load_good(VS("real_server 192.0.2.2 8080 {\n}\nreal_server 192.0.2.3 "
			      "{\n}\nsorry_server 192.0.2.9\n"),
			   0);
	assert_int_equal(loaded.conf->services[0].servers[0].key.port, 8080);
	assert_int_equal(loaded.conf->services[0].servers[1].key.port, 80);
	assert_int_equal(loaded.conf->services[0].sorry.port, 80);
	unload(&loaded);
	loaded = load_good(
		"virtual_server fwmark 3 {\nreal_server 192.0.2.2 80 {\nTCP_CHECK { }\n}\n}\n", 1);
	assert_int_equal(loaded.conf->services[0].servers[0].key.port, 0);
	assert_int_equal(loaded.conf->services[0].servers[0].checkers[0].connect_port, 80);
	assert_string_equal(loaded.conf->services[0].id, "fwmark:3/inet");
	unload(&loaded);
	expect_error("virtual_server fwmark 3 {\nreal_server 192.0.2.2 {\nTCP_CHECK { }\n}\n}\n", 3,
		     "no port to check");
	expect_error(VS("real_server 2001:db8::2 80 {\n}\n"), 3, "only TUN can do that");
}

static void test_services(void **state)
{
	struct loaded loaded;

	(void)state;
	expect_warning(VS(""), 1, "no real server; it is dropped");
	expect_warning(VS("real_server 192.0.2.2 80 {\n}\nreal_server 192.0.2.2 80 {\n}\n"), 5,
		       "stands in line 3 already");
	expect_warning(RS("") RS(""), 6, "stands in line 1 already");
	expect_error(VS("lb_algo wrx\nreal_server 192.0.2.2 80 {\n}\n"), 3,
		     "unknown scheduler 'wrx'");
	expect_warning(RS("weight 65536\n"), 4, "taken as 65535");
	expect_error("virtual_server 192.0.2.1:80 {\nreal_server 192.0.2.2 80 {\n}\n}\n", 1,
		     "by a space");
	expect_warning("virtual_server 192.0.2.1 80 {\nreal_server 192.0.2.2 80 {\n}\n}\n", 1,
		       "UDP is used");
	expect_warning(VS("ops\nreal_server 192.0.2.2 80 {\n}\n"), 3, "'ops' is ignored");
	expect_warning(VS("sh-port\nreal_server 192.0.2.2 80 {\n}\n"), 3, "the scheduler is wlc");
	expect_warning(VS("nat_mask 255.255.255.0\nreal_server 192.0.2.2 80 {\n}\n"), 3,
		       "obsolete");
	expect_warning(VS("persistence_timeout 0\nreal_server 192.0.2.2 80 {\n}\n"), 3,
		       "not persistent");
	expect_warning("virtual_server 192.0.2.1 {\nprotocol TCP\nreal_server 192.0.2.2 {\n}\n}\n",
		       1, "must be persistent");
	loaded = load_good(VS("quorum 5\nhysteresis "
			      "3\npersistence_timeout\npersistence_granularity 255.255.255.0\n"
			      "real_server 192.0.2.2 80 {\nweight 2\n}\n"),
			   2);
	assert_int_equal(loaded.conf->services[0].quorum, 2);
	assert_int_equal(loaded.conf->services[0].hysteresis, 1);
	assert_int_equal(loaded.conf->services[0].persistence_s, 360);
	assert_int_equal(loaded.conf->services[0].persistence_prefix, 24);
	assert_string_equal(loaded.conf->services[0].id, "192.0.2.1:80/tcp");
	unload(&loaded);
}

static void test_service_groups(void **state)
{
	static const char use[] =
		"virtual_server group g {\nprotocol UDP\nreal_server 192.0.2.2 80 {\n}\n}\n";
	struct loaded loaded;
	char text[512];

	(void)state;
	snprintf(text, sizeof(text),
		 "virtual_server_group g {\n192.0.2.10-12 53\n192.0.2.11 53\n192.0.2.20/31 "
		 "53\nfwmark 4\n}\n%s",
		 use);
	loaded = load_good(text, 1);
	assert_int_equal(
		count_diags(&loaded, DIAG_WARNING, 3, "stands in line 2 of the group already"), 1);
	assert_int_equal(loaded.conf->services[0].n_keys, 6);
	assert_int_equal(loaded.conf->services[0].keys[2].ip.octets[3], 12);
	assert_int_equal(loaded.conf->services[0].keys[4].protocol, IPPROTO_UDP);
	assert_int_equal(loaded.conf->services[0].keys[5].fwmark, 4);
	assert_int_equal(loaded.conf->services[0].keys[5].protocol, 0);
	assert_int_equal(loaded.conf->services[0].keys[5].ip.family, AF_INET);
	assert_string_equal(loaded.conf->services[0].id, "group:g/udp");
	unload(&loaded);
	expect_error(use, 1, "there is no virtual_server_group 'g'");
	expect_warning("virtual_server_group g {\n192.0.2.1 80\n}\n", 1,
		       "no virtual_server uses this group");
	expect_error("virtual_server_group g {\n192.0.2.1/24 80\n}\n", 2, "host bits");
	expect_error("virtual_server_group g {\n10.0.0.0/8 80\n}\n", 2, "more than 65536");
	expect_error("virtual_server_group g {\n192.0.2.9-8 80\n}\n", 2, "must not end before");
	expect_error("virtual_server_group g {\n192.0.2.9-1x 80\n}\n", 2, "no range");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_instance_defaults),
		cmocka_unit_test(test_instance_inherits),
		cmocka_unit_test(test_master),
		cmocka_unit_test(test_authentication),
		cmocka_unit_test(test_interval),
		cmocka_unit_test(test_unsupported_instances),
		cmocka_unit_test(test_without_effect),
		cmocka_unit_test(test_vrid),
		cmocka_unit_test(test_vrid_families),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_tracking),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_check_defaults),
		cmocka_unit_test(test_check_inheritance),
		cmocka_unit_test(test_misplaced),
		cmocka_unit_test(test_checkers),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_service_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
