/* SPDX-License-Identifier: MIT */
/*
 * The VRRP blocks of the language: one table of texts with what is said about them, one of texts
 * with a line of their canonical dump. Whatever loads must dump to a text that loads to the same
 * dump.
 */
#include "tests/unit/conf_text.h"

#define OPEN	 "vrrp_instance v {\ninterface eth0\nvirtual_router_id 7\n"
#define VI(body) OPEN "virtual_ipaddress { 192.0.2.1 }\n" body "}\n"
#define V6(body) OPEN "virtual_ipaddress { fe80::1 }\n" body "}\n"
#define OTHER(body)                                                                                \
	"vrrp_instance w {\ninterface eth0\n" body "virtual_ipaddress { 192.0.2.2 }\n}\n"
#define SCRIPT	     "vrrp_script s { script /bin/true\nweight 4\n}\n"
#define FILES	     "track_file f { file /run/f\n}\nvrrp_track_process p { process a b\n}\n"
#define BFD(body)    "bfd_instance b {\nneighbor_ip 192.0.2.9\n" body "}\n"
#define PEERS	     "unicast_peer { 192.0.2.9 }\n"
#define STRICT(body) VI("strict_mode\n" body)
#define WIDE(body)                                                                                 \
	"vrrp_instance v {\nvirtual_router_id 7\nunicast_src_ip 192.0.2.3\n" PEERS body            \
	"virtual_ipaddress { 192.0.2.1 dev eth1 }\n}\n"
#define KEY		     "0123456789abcdef0123456789abcdef"
#define HMAC(body)	     VI("auth_hmac {\n" body "}\n")
#define GROUP(members, body) "vrrp_sync_group g {\ngroup { " members " }\n" body "}\n"

#define NOTE DIAG_NOTE
#define WARN DIAG_WARNING
#define BAD  DIAG_ERROR

/* What is said, and in which line. */
static const struct {
	const char *text;
	enum diag_severity severity;
	unsigned line;
	const char *part;
} said[] = {
	/* strict mode */
	{STRICT("preempt_delay 5\n"), WARN, 6, "is ignored with 'strict_mode'"},
	{STRICT("authentication {\nauth_type PASS\nauth_pass a\n}\n"), WARN, 7,
	 "strict mode has no authentication"},
	{STRICT("state MASTER\npriority 100\n"), WARN, 6, "only priority 255"},
	{STRICT("down_timer_adverts 5\n"), WARN, 6, "is always 3"},
	{STRICT("garp_lower_prio_repeat 2\n"), WARN, 6, "no ARP follows"},
	{STRICT("garp_lower_prio_delay 2\n"), WARN, 6, "no ARP follows"},
	{STRICT("lower_prio_no_advert off\n"), WARN, 6, "are not answered"},
	{STRICT("higher_prio_send_advert\n"), WARN, 6, "are not answered"},
	{STRICT("use_vmac m 00:11:22:33:44:55\n"), WARN, 6, "cannot be chosen"},
	{STRICT("use_vmac\nvmac_xmit_base\n"), WARN, 7, "is ignored in strict mode"},
	{STRICT("accept\n"), WARN, 6, "'accept' is ignored in strict mode"},
	{OPEN "strict_mode\n}\n", BAD, 1, "advertises no address"},
	{OPEN "version 2\nstrict_mode\nvirtual_ipaddress { fe80::1 }\n}\n", WARN, 4,
	 "needs VRRP version 3"},
	{OPEN "strict_mode\nvirtual_ipaddress { 2001:db8::1 }\n}\n", BAD, 1, "link-local"},
	{OPEN "virtual_ipaddress { 2001:db8::1 }\n}\n", NOTE, 1, "link-local"},
	{OPEN "state MASTER\npriority 9\nauthentication {\nauth_type AH\nauth_pass a\n}\n}\n", WARN,
	 4, "is taken as BACKUP"},
	{V6("version 2\nauthentication {\nauth_type PASS\nauth_pass a\n}\n"), WARN, 7,
	 "IPv6 has no authentication"},
	/* what is not quite as it should be */
	{VI("state master\n"), WARN, 5, "'master' is taken as MASTER"},
	{VI("mcast_src_ip 192.0.2.9/24\n"), WARN, 5, "'/24' is ignored"},
	{VI("priority 255\npreempt_delay 5\n"), WARN, 6, "ignored with priority 255"},
	{VI("v3_checksum_as_v2\n"), WARN, 5, "no effect with VRRP version 2"},
	{VI("track_src_ip\n"), WARN, 5, "no effect without 'mcast_src_ip'"},
	{"vrrp_script s {\nscript /bin/true\ninterval 0\n}\n", WARN, 3, "taken as 1"},
	{"vrrp_script s {\nscript /bin/true\ntimeout 0\n}\n", WARN, 3, "taken as the interval"},
	{"vrrp_script s {\nscript \"/bin/true\" root\n}\n", WARN, 2, "stands alone"},
	{"vrrp_script s {\nscript /bin/true\nuser no_such_user\n}\n", WARN, 3, "no user"},
	{"vrrp_script s {\nscript /bin/true\nuser root no_such_group\n}\n", WARN, 3, "no group"},
	{"garp_group {\ngarp_interval 1\ninterface eth0\ninterfaces { }\n}\n", WARN, 4, "is empty"},
	{VI("") GROUP("v", "group { }\n"), WARN, 8, "this one adds to it"},
	/* unicast and multicast */
	{VI("unicast_peer {\n192.0.2.9 min_ttl 3 max_ttl 256\n}\n"), BAD, 6, "from 0 to 255"},
	{VI("unicast_peer {\n192.0.2.9 min_ttl 9 max_ttl 8\n}\n"), WARN, 6, "above 'max_ttl'"},
	{VI("unicast_peer {\n192.0.2.9 ttl 9\n}\n"), BAD, 6, "not 'ttl'"},
	{VI("unicast_peer {\n192.0.2.9 max_ttl\n}\n"), BAD, 6, "'max_ttl' is missing"},
	{VI("unicast_peer {\nfe80::1\n}\n"), BAD, 6, "not of the family"},
	{VI("unicast_peer {\n}\n"), WARN, 5, "adverts are multicast"},
	{VI("unicast_src_ip 192.0.2.3\n"), WARN, 5, "adverts are multicast"},
	{VI("unicast_ttl 9\n"), WARN, 5, "adverts are multicast"},
	{VI("check_unicast_src\n"), WARN, 5, "adverts are multicast"},
	{VI("old_unicast_checksum\n"), WARN, 5, "adverts are multicast"},
	{VI("old_unicast_checksum always\n"), BAD, 5, "never or nothing"},
	{VI(PEERS "mcast_dst_ip 224.0.0.19\n"), WARN, 6, "ignored with unicast peers"},
	{VI("mcast_dst_ip 192.0.2.1\n"), BAD, 5, "must be a multicast address"},
	{VI("mcast_dst_ip ff02::12\n"), BAD, 5, "not of the family"},
	/* interfaces */
	{"vrrp_instance v {\nvirtual_router_id 7\nvirtual_ipaddress { 192.0.2.1 }\n}\n", BAD, 1,
	 "has no 'interface'"},
	{"vrrp_instance v {\nvirtual_router_id 7\n" PEERS "virtual_ipaddress { 192.0.2.1 }\n}\n",
	 BAD, 1, "has no 'interface'"},
	{"vrrp_instance v {\nvirtual_router_id 7\nunicast_src_ip 192.0.2.3\n" PEERS
	 "virtual_ipaddress { 192.0.2.1 }\nuse_vmac\n}\n",
	 WARN, 6, "needs an interface"},
	{"vrrp_instance v {\nvirtual_router_id 7\nunicast_src_ip fe80::3\n"
	 "unicast_peer { fe80::4 }\nvirtual_ipaddress { fe80::5 }\n}\n",
	 BAD, 3, "a link-local source address needs"},
	{"vrrp_instance v {\nvirtual_router_id 7\nunicast_src_ip 2001:db8::3\n"
	 "unicast_peer {\nfe80::4\n}\nvirtual_ipaddress { fe80::5 }\n}\n",
	 BAD, 5, "a link-local peer needs"},
	{WIDE("promote_secondaries\n"), WARN, 5, "there is none; it is ignored"},
	{WIDE("linkbeat_use_polling\n"), WARN, 5, "there is none; it is ignored"},
	{WIDE("dont_track_primary\n"), WARN, 5, "there is none; it is ignored"},
	{VI("vrf red\n"), WARN, 5, "without an interface; it is ignored"},
	{VI("vmac_xmit_base\n"), WARN, 5, "is of 'use_vmac'"},
	{VI(PEERS "use_vmac\n"), WARN, 6, "it is turned on"},
	{VI("use_vmac\npromote_secondaries\n"), WARN, 6, "is needless"},
	{VI("use_vmac a b c\n"), BAD, 5, "one name too many"},
	{VI("use_vmac 00:11:22:33\n"), BAD, 5, "5 or 6 octets"},
	{VI("use_vmac 00:11:22:33:44:55:66\n"), BAD, 5, "5 or 6 octets"},
	{VI("use_vmac 00:11:22:33:44:5g\n"), BAD, 5, "5 or 6 octets"},
	{VI("use_vmac 01:00:5e:00:00:01\n"), BAD, 5, "multicast address"},
	{VI("use_vmac group\n"), BAD, 5, "is missing"},
	{VI("use_vmac\nuse_ipvlan 192.0.2.3\n"), WARN, 6, "takes the place of 'use_vmac'"},
	{VI("use_ipvlan 192.0.2.3\nvmac_xmit_base\n"), WARN, 6, "is of 'use_vmac'"},
	{VI("use_ipvlan i eth9 192.0.2.3\n"), WARN, 5, "'eth9' is ignored"},
	{VI("use_ipvlan\n"), BAD, 5, "needs an address"},
	{VI("use_ipvlan fe80::1\n"), BAD, 5, "not of the family"},
	{VI("use_ipvlan 192.0.2.1/33\n"), BAD, 5, "prefix length"},
	{VI("use_vmac m\n") OTHER("virtual_router_id 8\nuse_vmac m\n"), WARN, 10,
	 "the name is ignored"},
	/* numbers of an instance */
	{VI("timer_expired_backup 9\n"), WARN, 5, "needs 'nopreempt'"},
	{VI("nopreempt\ntimer_expired_backup 255\n"), BAD, 6, "from 1 to 254"},
	{VI("garp_extra_if all\n"), BAD, 5, "the interval is missing"},
	{VI("garp_extra_if all 86401\n"), BAD, 5, "from 0 to 86400"},
	{VI("vmac_garp_intvl 5\n"), WARN, 5, "deprecated; taken as 'garp_extra_if'"},
	{VI("notify_deleted \"/bin/true 'x\"\n"), BAD, 5, "not a command"},
	{VI("lvs_sync_daemon_interface eth0\n"), WARN, 5, "is obsolete"},
	{VI("debug 4\n"), WARN, 5, "is obsolete"},
	/* auth_hmac */
	{HMAC(""), BAD, 5, "needs a 'key'"},
	{HMAC("key 1 short\n"), BAD, 6, "32 to 64 octets"},
	{HMAC("key 1 hex:" KEY "\n"), BAD, 6, "32 to 64 octets"},
	{HMAC("key 1 hex:xy\n"), BAD, 6, "pairs of hexadecimal digits"},
	{HMAC("key 1 file:a\n"), BAD, 6, "must be absolute"},
	{HMAC("key 1 " KEY "\nkey 1 " KEY "\n"), BAD, 7, "a key 1 already"},
	{HMAC("key 1 " KEY "\nactive_key 2\n"), BAD, 5, "no key 2"},
	{HMAC("key 1 " KEY "\n"), WARN, 5, "stays in FAULT"},
	/* the same twice */
	{VI("") OTHER("virtual_router_id 7\n"), BAD, 8, "virtual_router_id 7 is used on eth0"},
	{VI(PEERS) OTHER("virtual_router_id 7\n" PEERS), BAD, 9, "is used on eth0 by 'v'"},
	{VI("") "vrrp_instance w {\ninterface eth1\nvirtual_router_id 8\n"
		"virtual_ipaddress {\n192.0.2.1\n}\n}\n",
	 WARN, 10, "the instance 'v' has this address, too"},
	{"vrrp_track_process p { process a\n}\nvrrp_track_process p { process b\n}\n", WARN, 3,
	 "a vrrp_track_process 'p' already, in line 1; this one is ignored"},
	{BFD("") "bfd_instance b {\nneighbor_ip 192.0.2.8\n}\n", BAD, 4,
	 "a bfd_instance 'b' already"},
	{VI("garp_master_repeat 0\n"), WARN, 5, "it is taken as 1"},
	{VI("garp_master_delay 4295\n"), BAD, 5, "from 0 to 4294"},
	{VI("garp_master_delay 1.5\n"), BAD, 5, "1.5"},
	{"garp_group {\ngarp_interval 2147.483648\ninterface eth0\n}\n", BAD, 2, "2147.483647"},
	{BFD("") "bfd_instance c {\nneighbor_ip 192.0.2.9\n}\n", BAD, 5, "has this neighbor"},
	/* tracking */
	{VI("track_interface {\neth1 weight 254\n}\n"), WARN, 6, "taken as 253"},
	{VI("track_interface {\neth1 weight 255\n}\n"), BAD, 6, "from -254 to 254"},
	{VI("track_interface {\neth1 reverse\n}\n"), BAD, 6, "only 'weight N'"},
	{VI("track_interface {\neth0\n}\n"), WARN, 6, "own interface"},
	{VI("track_interface {\neth1\neth1 weight 3\n}\n"), WARN, 7, "tracked already"},
	{VI("track_file {\nf\n}\n"), BAD, 6, "there is no track_file 'f'"},
	{FILES VI("track_process {\nq\n}\n"), BAD, 10, "did you mean 'p'"},
	{VI("track_bfd {\nb\n}\n") BFD("checker\n"), BAD, 6, "tells checkers only"},
	{SCRIPT VI("priority 255\ntrack_script {\ns\n}\n"), WARN, 10, "address owner"},
	{SCRIPT VI("track_script {\ns\n}\n") OTHER("virtual_router_id 8\n") GROUP("v w", ""), WARN,
	 9, "'sync_group_tracking_weight'; it is not tracked"},
	{SCRIPT VI("") OTHER("virtual_router_id 8\n")
		 GROUP("v w", "track_script {\ns weight 2\n}\n"),
	 WARN, 17, "the group does not track it"},
	{FILES, NOTE, 3, "tracked by no instance"},
	{"vrrp_track_process p {\nprocess a-name-of-16-oct\n}\n", WARN, 2,
	 "the kernel keeps 15 octets"},
	{"vrrp_track_process p {\nprocess a\nquorum 5\nquorum_max 3\n}\n", WARN, 4,
	 "less than the quorum"},
	{"vrrp_track_process p {\nprocess a\nparam_match all\n}\n", BAD, 3, "initial, partial"},
	{"track_file f {\nfile /a\ninit_file 1 2\n}\n", WARN, 3, "the last one counts"},
	{"track_file f {\nfile /a\ninit_file 0x5\n}\n", BAD, 3, "must be a number"},
	{"vrrp_track_file f {\nfile /a\n}\n", WARN, 1, "deprecated; taken as 'track_file'"},
	{VI("") GROUP("v", ""), WARN, 6, "one member only"},
	{VI("") GROUP("", ""), WARN, 6, "no members; it is dropped"},
	/* BFD and links */
	{"bfd_instance b2345678901234567890123456789012 {\n}\n", BAD, 1, "longer than 31"},
	{BFD("source_ip fe80::1\n"), BAD, 3, "of the same family"},
	{BFD("ttl 20\nmax_hops 21\n"), WARN, 4, "it is taken as 20"},
	{BFD("min_rx 0.999\n"), BAD, 3, "from 1 to 4294967"},
	{BFD("min_tx 4294967.001\n"), BAD, 3, "from 1 to 4294967"},
	{BFD("min_tx 1.0001\n"), BAD, 3, "three places"},
	{BFD("idle_tx 999\n"), BAD, 3, "from 1000 to"},
	{BFD("weight 254\n"), BAD, 3, "from -253 to 253"},
	{"garp_group {\ninterface eth0\n}\n", WARN, 1, "no interval"},
	{"garp_group {\ngarp_interval 1\n}\n", WARN, 1, "no interface"},
	{"garp_group {\ngarp_interval 1\ninterfaces {\neth0\neth0\n}\n}\n", WARN, 5,
	 "in a garp_group already"},
	{"linkbeat_interfaces {\neth0 mii\n}\n", BAD, 2, "MII, ETHTOOL and IOCTL"},
	{"interface_up_down_delays {\neth0 256\n}\n", BAD, 2, "from 0 to 255"},
	{"interface_up_down_delays {\neth0\n}\n", WARN, 2, "no delay follows"},
};

/* A line of the dump, without its indentation. */
static const struct {
	const char *text, *line;
} dumped[] = {
	{STRICT(""), "strict_mode on"},
	{STRICT(""), "lower_prio_no_advert on"},
	{STRICT(""), "garp_lower_prio_repeat 0"},
	{"global_defs {\nvrrp_down_timer_adverts 5\n}\n" STRICT(""), "down_timer_adverts 3"},
	{STRICT("state BACKUP\npriority 255\n"), "state MASTER"},
	{VI("unicast_peer { 192.0.2.9 max_ttl 8\n}\n"), "192.0.2.9 max_ttl 8"},
	{VI("unicast_peer { 192.0.2.9 max_ttl 8\n}\n"), "check_unicast_src"},
	{VI(PEERS "unicast_ttl 9\n"), "unicast_ttl 9"},
	{VI("unicast_fault_no_peer\nunicast_peer {\n}\n"), "unicast_fault_no_peer"},
	{VI("track_src_ip\nunicast_src_ip 192.0.2.9\n"), "track_src_ip"},
	{VI(PEERS "old_unicast_checksum never\n"), "old_unicast_checksum never"},
	{VI(PEERS "old_unicast_checksum\n"), "old_unicast_checksum"},
	{VI("version 3\nv3_checksum_as_v2\n"), "v3_checksum_as_v2 on"},
	{VI("version 2\nv3_checksum_as_v2\n"), "v3_checksum_as_v2 off"},
	{VI("use_vmac\n"), "use_vmac"},
	{VI("use_vmac m 0:11:22:33:44\n"), "use_vmac m 00:11:22:33:44:07"},
	{VI("use_vmac group 5 m eth9 netlink_notify_msg\n"),
	 "use_vmac m eth9 netlink_notify_msg group 5"},
	{VI("use_ipvlan i 192.0.2.3/24 vepa\n"), "use_ipvlan i 192.0.2.3/24 vepa"},
	{VI(PEERS "use_vmac\n"), "vmac_xmit_base"},
	{WIDE("vrf red\n"), "vrf red"},
	{WIDE("vrf red\ndont_track_primary\n"), "dont_track_primary"},
	{V6(""), "version 3"},
	{V6("mcast_dst_ip ff02::99\n"), "mcast_dst_ip ff02::99"},
	{OPEN "version 2\nvirtual_ipaddress { fe80::1 }\n}\n", "version 2"},
	{VI("nopreempt\nthread_timer_expired\n"), "timer_expired_backup 254"},
	{VI("garp_extra_if all 60\n"), "garp_extra_if all 60"},
	{VI("kernel_rx_buf_size 4294967295\n"), "kernel_rx_buf_size 4294967295"},
	{VI("promote_secondaries\n"), "promote_secondaries"},
	{VI("notify_deleted\n"), "notify_deleted"},
	{VI("notify_deleted \"/bin/true a\" nobody\n"), "notify_deleted \"/bin/true a\" nobody"},
	{VI("notify_priority_changes\n"), "notify_priority_changes on"},
	{VI("skip_check_adv_addr\n"), "skip_check_adv_addr on"},
	{VI("owner_ignore_adverts\n"), "owner_ignore_adverts on"},
	{HMAC("key 1 " KEY "\nkey 2 hex:" KEY KEY "\nactive_key 2\n"), "key 2 hex:" KEY KEY},
	{HMAC("key 1 " KEY "\n"), "active_key 1"},
	{HMAC("key 1 file:/k\nmode receive-only\nanti_replay monotonic\n"), "time_window 5"},
	{VI("") OTHER("virtual_router_id 7\nmcast_dst_ip 224.0.0.19\n"), "mcast_dst_ip 224.0.0.19"},
	{VI(PEERS) OTHER("virtual_router_id 7\nunicast_peer { 192.0.2.8 }\n"), "192.0.2.8"},
	{FILES VI("track_file {\nf weight -254\n}\n"), "f weight -254 noreverse"},
	{FILES VI("track_file {\nf\n}\n"), "f weight 1 noreverse"},
	{SCRIPT VI("track_script {\ns\n}\n"), "s weight 4 noreverse"},
	{SCRIPT VI("track_script {\ns weight 0 reverse\n}\n"), "s weight 0 reverse"},
	{BFD("weight 7 reverse\n") VI("track_bfd {\nb\n}\n"), "b weight 7 reverse"},
	{SCRIPT VI("") OTHER("virtual_router_id 8\n")
		 GROUP("v w", "sync_group_tracking_weight\ntrack_script {\ns weight 2\n}\n"),
	 "s weight 2 noreverse"},
	{VI("") OTHER("virtual_router_id 8\n") GROUP("v w", "notify_priority_changes\n"),
	 "notify_priority_changes on"},
	{FILES VI("track_process {\np\n}\n"), "param_match"},
	{"vrrp_track_process p {\nprocess \"a b\" c\nparam_match initial\ndelay 1.5\n}\n",
	 "process \"a b\" c"},
	{"vrrp_track_process p {\nprocess a\ndelay 1.5\nfork_delay 2\n}\n", "terminate_delay 1.5"},
	{"vrrp_track_process p {\nprocess a\nquorum_max 0\n}\n", "quorum_max 0"},
	{"track_file f {\nfile \"/a b\"\nweight -2 reverse\ninit_file -3 overwrite\n}\n",
	 "init_file -3 overwrite"},
	{BFD(""), "ttl 255"},
	{"bfd_instance b {\nneighbour_ip fe80::1\n}\n", "ttl 64"},
	{BFD("min_rx 10.123\nhoplimit 3\nmax_hops -1\n"), "min_rx 10.123"},
	{BFD("vrrp\n"), "vrrp"},
	{BFD("multihop\npassive\n"), "multihop on"},
	{"garp_group any {\ngna_interval 0.1\ninterface eth0\ninterfaces {\neth1\n}\n}\n", "eth1"},
	{"linkbeat_interfaces {\neth0 ETHTOOL\neth1\n}\n", "eth0 ETHTOOL"},
	{"interface_up_down_delays {\neth0 0.5\neth1 1 255\n}\n", "eth0 0.5 0"},
};

static void test_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
		struct loaded loaded = load_text(said[i].text);
		bool bad = said[i].severity == DIAG_ERROR;

		if (count_diags(&loaded, said[i].severity, said[i].line, said[i].part) != 1 ||
		    bad != (loaded.status != 0)) {
			print_message("%s\nwants '%s' in line %u\n", said[i].text, said[i].part,
				      said[i].line);
			show_diags(&loaded);
			fail();
		}
		unload(&loaded);
	}
}

static bool has_line(const char *text, const char *line)
{
	size_t length = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++)
		if ((at == text || at[-1] == '\n' || at[-1] == ' ') && at[length] == '\n')
			return true;
	return false;
}

/* Loads text and returns its dump, for free(). */
static char *dump_of(const char *text)
{
	struct loaded loaded = load_text(text);
	char *dump;

	if (loaded.status) {
		print_message("%s\n", text);
		show_diags(&loaded);
	}
	assert_int_equal(loaded.status, 0);
	dump = conf_dump(loaded.conf);
	assert_non_null(dump);
	unload(&loaded);
	return dump;
}

static void check_round(const char *text, const char *line)
{
	char *dump = dump_of(text), *again = dump_of(dump);

	assert_string_equal(dump, again);
	if (line && !has_line(dump, line)) {
		print_message("%s\nwants '%s' in\n%s", text, line, dump);
		fail();
	}
	free(dump);
	free(again);
}

static void test_dumped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(dumped) / sizeof(*dumped); i++)
		check_round(dumped[i].text, dumped[i].line);
	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++)
		if (said[i].severity != DIAG_ERROR)
			check_round(said[i].text, NULL);
}

static void test_inherits(void **state)
{
	struct loaded loaded = load_text(
		SCRIPT FILES BFD("") VI("track_bfd { b }\ntrack_interface { eth1 }\n") OTHER(
			"virtual_router_id 8\ntrack_file { f }\ntrack_script { s weight 0 }\n")
			GROUP("v w", "track_process { p }\ntrack_interface { eth1 }\n"));
	const struct conf_instance *v = &loaded.conf->instances[0], *w = v + 1;

	(void)state;
	assert_int_equal(loaded.status, 0);
	assert_int_equal(v->n_tracks, 3);
	assert_int_equal(v->tracks[0].kind, CONF_TRACK_INTERFACE);
	assert_false(v->tracks[0].inherited);
	assert_int_equal(v->tracks[1].kind, CONF_TRACK_PROCESS);
	assert_true(v->tracks[1].inherited);
	assert_int_equal(v->tracks[2].kind, CONF_TRACK_BFD);
	/* The group's interface, script of the own line, process of the group; the file has a
	 * weight. */
	assert_int_equal(w->n_tracks, 3);
	assert_true(w->tracks[0].inherited);
	assert_int_equal(w->tracks[1].kind, CONF_TRACK_SCRIPT);
	assert_int_equal(w->tracks[1].index, 0);
	assert_int_equal(w->tracks[2].index, 0);
	assert_int_equal(loaded.conf->n_scripts, 1);
	assert_int_equal(loaded.conf->groups[0].n_tracks, 2);
	unload(&loaded);
}

/* What is said of nothing else is run. */
static void test_over_ipv6(void **state)
{
	static const char *const good[] = {
		V6(""),
		V6("version 2\n"),
		V6("mcast_src_ip fe80::7\nmcast_dst_ip ff02::99\n"),
		V6("unicast_src_ip 2001:db8::7\nunicast_peer {\n2001:db8::8 max_ttl 64\n}\n"),
		V6("virtual_ipaddress_excluded {\n192.0.2.77\n}\n"),
		OPEN "version 3\nno_virtual_ipaddress\nmcast_src_ip fe80::7\n}\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct loaded loaded = load_good(good[i], 0);
		const struct conf_instance *instance = &loaded.conf->instances[0];

		assert_null(conf_instance_unsupported(instance));
		assert_int_equal(conf_instance_family(instance), AF_INET6);
		unload(&loaded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_over_ipv6),
		cmocka_unit_test(test_said),
		cmocka_unit_test(test_dumped),
		cmocka_unit_test(test_inherits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
