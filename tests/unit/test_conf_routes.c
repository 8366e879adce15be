/* SPDX-License-Identifier: MIT */
/*
 * Address, route and rule lines, static blocks and track groups: what each line becomes in the
 * canonical dump, which loads back to the same, or why it is refused.
 */
#include "tests/unit/conf_text.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#define INSTANCE                                                                                   \
	"vrrp_instance v {\ninterface eth0\nvirtual_router_id 7\nvirtual_ipaddress { 192.0.2.1 "   \
	"}\n"

/* A line of one of the blocks. dump NULL: an error saying so; both: a warning. */
struct example {
	const char *line, *dump, *says;
};

static const struct example virtual_addresses[] = {
	{"192.0.2.9", "192.0.2.9/32 dev eth0 scope global", NULL},
	{"192.0.2.9/24 brd + dev eth1", "192.0.2.9/24 brd 192.0.2.255 dev eth1 scope global", NULL},
	{"192.0.2.9/24 brd -", "192.0.2.9/24 brd 192.0.2.0 dev eth0 scope global", NULL},
	{"192.0.2.9/24 broadcast 192.0.2.7", "192.0.2.9/24 brd 192.0.2.7 dev eth0 scope global",
	 NULL},
	{"192.0.2.9/30 brd +", "192.0.2.9/30 brd 192.0.2.11 dev eth0 scope global", NULL},
	{"192.0.2.9/31 brd +", NULL, "no broadcast address"},
	{"192.0.2.9 brd", NULL, "the broadcast address is missing"},
	{"192.0.2.9 brd 2001:db8::1", NULL, "is of IPv6"},
	{"2001:db8::1 brd 2001:db8::2", NULL, "'brd' is possible with IPv4 only"},
	{"192.0.2.9 scope 200", "192.0.2.9/32 dev eth0 scope site", NULL},
	{"192.0.2.9 scope 0xfd", "192.0.2.9/32 dev eth0 scope link", NULL},
	{"192.0.2.9 scope 7", "192.0.2.9/32 dev eth0 scope 7", NULL},
	{"192.0.2.9 scope 256", NULL, "a number from 0 to 255 or a name"},
	{"192.0.2.9 scope lnik", NULL, "did you mean 'link'?"},
	{"192.0.2.9 scope", NULL, "'scope' is missing"},
	{"192.0.2.9 label eth0:vip", "scope global label eth0:vip", NULL},
	{"192.0.2.9 label 0123456789abcdef", NULL, "1 to 15 characters"},
	{"192.0.2.9 label", NULL, "1 to 15 characters"},
	{"2001:db8::1 label eth0:1", NULL, "'label' is possible with IPv4 only"},
	{"192.0.2.9 peer 192.0.2.7", "192.0.2.9/32 peer 192.0.2.7 dev eth0", NULL},
	{"192.0.2.9/24 peer 192.0.2.7", "192.0.2.9/32 peer 192.0.2.7 dev eth0",
	 "the prefix length has no effect beside 'peer'"},
	{"192.0.2.9 peer 192.0.2.7/30", NULL, "must be an address without a prefix length"},
	{"192.0.2.9 peer 2001:db8::1", NULL, "is of IPv6"},
	{"192.0.2.9 home -nodad mngtmpaddr", "home mngtmpaddr", "the kernel refuses 'mngtmpaddr'"},
	{"192.0.2.9 home", "scope global home", "'home' has no effect on an IPv4"},
	{"192.0.2.9 -nodad", "scope global", "'-nodad' has no effect on an IPv4"},
	{"192.0.2.9 noprefixroute autojoin", "noprefixroute autojoin", NULL},
	{"192.0.2.9 nodad", NULL, "did you mean '-nodad'?"},
	{"192.0.2.9 preferred_lft 0", "scope global preferred_lft 0", NULL},
	{"192.0.2.9 preferred_lft 4294967294", "scope global preferred_lft 4294967294", NULL},
	{"192.0.2.9 preferred_lft forever", "192.0.2.9/32 dev eth0 scope global", NULL},
	{"192.0.2.9 preferred_lft 4294967296", NULL, "from 0 to 4294967295"},
	{"192.0.2.9 preferred_lft 10s", NULL, "nothing behind it"},
	{"192.0.2.9 no_track", "scope global no_track", NULL},
	{"192.0.2.9 use_vmac", "dev eth0 scope global use_vmac", NULL},
	{"192.0.2.9 track_group g", NULL, "unknown attribute 'track_group'"},
	{"192.0.2.9 dev eth0 dev eth1", NULL, "one 'dev' only"},
	{"192.0.2.9 home home", "scope global home", "more than once"},
	{"192.0.2.9 192.0.2.8", NULL, "unknown attribute '192.0.2.8' of an address"},
};

static const struct example excluded[] = {
	{"2001:db8::1", "2001:db8::1/128 dev eth0 scope global", NULL},
	{"2001:db8::1/64 mngtmpaddr -nodad home",
	 "2001:db8::1/64 dev eth0 scope global home "
	 "mngtmpaddr -nodad",
	 NULL},
	{"2001:db8::1 preferred_lft forever", "scope global preferred_lft forever", NULL},
	{"2001:db8::1 preferred_lft 0", "2001:db8::1/128 dev eth0 scope global", NULL},
	{"2001:db8::1/64 preferred_lft 0", "scope global preferred_lft 0", NULL},
	{"2001:db8::1 scope global", "scope global", NULL},
	{"2001:db8::1 scope link", "scope link", "'scope' has no effect on an IPv6"},
	{"192.0.2.9 use_vmac", "dev eth0 scope global use_vmac", NULL},
};

static const struct example static_addresses[] = {
	{"192.0.2.9", "192.0.2.9/32 dev eth0 scope global", NULL},
	{"192.0.2.9 dev eth1 no_track track_group g",
	 "dev eth1 scope global no_track track_group g", NULL},
	{"192.0.2.9 track_group gg", NULL, "there is no track_group 'gg'; did you mean 'g'?"},
	{"192.0.2.9 track_group", NULL, "'track_group' needs a name"},
	{"192.0.2.9 track_group g track_group g", NULL, "one 'track_group' only"},
	{"192.0.2.9 use_vmac", NULL, "unknown attribute 'use_vmac'"},
};

#define ROUTE	"unicast 192.0.2.0/24 dev eth0 table 254 protocol 18 scope 0 prepend"
#define ROUTE6	"unicast 2001:db8::/64 dev eth0 table 254 protocol 18 scope 0"
#define METRICS "192.0.2.0/24 dev eth0 "

static const struct example routes[] = {
	{"192.0.2.0/24 dev eth0", ROUTE, NULL},
	{"to 192.0.2.0/24 oif eth0", ROUTE, NULL},
	{"dev eth0 192.0.2.0/24", ROUTE, NULL},
	{"192.0.2.0/24", "no_track", "without 'dev' is not tracked"},
	{"192.0.2.0/24 no_track", "scope 0 prepend no_track", NULL},
	{"192.0.2.5/24 dev eth0", "192.0.2.5/24", "bits set behind its length"},
	{"dev eth0", NULL, "the route has no destination"},
	{"192.0.2.0/24 192.0.3.0/24 dev eth0", "unicast 192.0.3.0/24", "more than once"},
	{"default dev eth0", "unicast 0.0.0.0/0 dev eth0", NULL},
	{"inet6 default dev eth0", "unicast ::/0 dev eth0", NULL},
	{"default via 2001:db8::1 dev eth0", "unicast ::/0 via 2001:db8::1 dev eth0", NULL},
	{"192.0.2.0/24 inet6 dev eth0", NULL, "what stands before it is of IPv4"},
	{"192.0.2.0/33 dev eth0", NULL, "from 0 to 32"},
	{"x dev eth0", NULL, "unknown attribute 'x' of a route"},
	{"192.0.2.0/24 dev eth0 metrik 7", NULL, "did you mean 'metric'?"},
	{"blackhole 192.0.2.0/24 no_track", "blackhole 192.0.2.0/24 table 254", NULL},
	{"unreachable 192.0.2.0/24 dev eth0", "unreachable 192.0.2.0/24 dev eth0", NULL},
	{"prohibit inet6 default dev eth0", "prohibit ::/0", NULL},
	{"throw to 192.0.2.0/24 dev eth0", "throw 192.0.2.0/24", NULL},
	{"local 192.0.2.1 dev eth0", "local 192.0.2.1/32 dev eth0 table 254 protocol 18 scope 254",
	 NULL},
	{"0x6 192.0.2.0/24 dev eth0", "blackhole 192.0.2.0/24", NULL},
	{"77 192.0.2.0/24 dev eth0", "77 192.0.2.0/24", NULL},
	{"blackhole dev eth0", NULL, "the destination must follow, not 'dev'"},
	{"192.0.2.0/24 blackhole", NULL, "the destination must follow"},
	{"192.0.2.0/24 src 192.0.2.9 dev eth0", "192.0.2.0/24 src 192.0.2.9 dev eth0", NULL},
	{"192.0.2.0/24 src 2001:db8::1 dev eth0", NULL, "is of IPv6"},
	{"192.0.2.0/24 via inet 192.0.2.7 dev eth0 onlink", "via 192.0.2.7 dev eth0 onlink", NULL},
	{"192.0.2.0/24 via inet6 2001:db8::1 dev eth0", NULL, "'inet6' is of IPv6"},
	{"192.0.2.0/24 gw 192.0.2.7 dev eth0", "via 192.0.2.7 dev eth0", "write 'via'"},
	{"192.0.2.0/24 via 192.0.2.7 or 192.0.2.8 dev eth0",
	 "nexthop via 192.0.2.7 dev eth0 weight 1 nexthop via 192.0.2.8 dev eth0 weight 1",
	 "'or' is deprecated; write 'nexthop'"},
	{"2001:db8::/64 from 2001:db8:1::/48 dev eth0", "2001:db8::/64 from 2001:db8:1::/48 dev",
	 NULL},
	{"192.0.2.0/24 from 192.0.3.0/24 dev eth0", NULL, "'from' is possible with IPv6 only"},
	{"192.0.2.0/24 dev eth0 tos AF11", "dev eth0 tos 0x28", NULL},
	{"192.0.2.0/24 dev eth0 dsfield 0x10", "dev eth0 tos 0x10", NULL},
	{"192.0.2.0/24 dev eth0 tos 256", NULL, "from 0 to 255"},
	{"192.0.2.0/24 dev eth0 table main", "table 254", NULL},
	{"192.0.2.0/24 dev eth0 table 4294967295", "table 4294967295", NULL},
	{"192.0.2.0/24 dev eth0 table 4294967296", NULL, "from 0 to 4294967295"},
	{"192.0.2.0/24 dev eth0 table manio", NULL, "did you mean 'main'?"},
	{"192.0.2.0/24 dev eth0 protocol bird no_track", "protocol 12 scope 0 prepend no_track",
	 NULL},
	{"192.0.2.0/24 dev eth0 protocol bird", "protocol 18 scope 0", "cannot be tracked"},
	{"192.0.2.0/24 dev eth0 scope link", "scope 253", NULL},
	{"192.0.2.0/24 dev eth0 metric 4294967295", "metric 4294967295", NULL},
	{"192.0.2.0/24 dev eth0 priority 7", "metric 7", NULL},
	{"192.0.2.0/24 dev eth0 preference -1", NULL, "'preference' must be a number"},
	{"2001:db8::/64 dev eth0 expires 60", "expires 60", NULL},
	{"192.0.2.0/24 dev eth0 expires 60", NULL, "'expires' is possible with IPv6 only"},
	{METRICS "mtu lock 1400 advmss 1300", "mtu lock 1400 advmss 1300", NULL},
	{METRICS "mtu lock", NULL, "'mtu' is missing"},
	{METRICS "mtu 4294967296", NULL, "'mtu' must be a number from 0 to 4294967295"},
	{METRICS "rtt 100 rttvar 1s rto_min lock 1.005S", "rtt 100 rttvar 1000 rto_min lock 1005",
	 NULL},
	{METRICS "rtt 960000 rttvar 480000ms", "rtt 960000 rttvar 480000", NULL},
	{METRICS "rtt 960001", NULL, "from 0 to 960000"},
	{METRICS "rto_min 1.0005s", NULL, "'rto_min' must be a number of milliseconds"},
	{METRICS "rto_min 1.5", NULL, "'rto_min' must be a number of milliseconds"},
	{METRICS "rto_min 5us", NULL, "'rto_min' must be a number of milliseconds"},
	{METRICS "reordering 3 cwnd lock 4 ssthresh 5 window 6",
	 "reordering 3 cwnd lock 4 ssthresh 5 window 6", NULL},
	{METRICS "window lock 6", NULL, "'window' must be a number"},
	{METRICS "hoplimit 255 initcwnd 9 initrwnd 10", "hoplimit 255 initcwnd 9 initrwnd 10",
	 NULL},
	{METRICS "hoplimit 256", NULL, "from 0 to 255"},
	{METRICS "quickack 1 fastopen_no_cookie 0", "quickack 1 fastopen_no_cookie 0", NULL},
	{METRICS "quickack 2", NULL, "from 0 to 1"},
	{METRICS "features ecn congctl lock cubic", "features ecn congctl lock cubic", NULL},
	{METRICS "features sack", NULL, "the one feature is 'ecn'"},
	{METRICS "congctl lock", NULL, "'congctl' needs a name"},
	{METRICS "congctl abcdefghijklmnop", "congctl abcdefghijklmnop", "no name of more than 15"},
	{METRICS "realms 7", "realms 7", NULL},
	{METRICS "realms 7/0x14", "realms 7/20", NULL},
	{METRICS "realms 256", NULL, "each a number from 0 to 255"},
	{METRICS "realms 1/2/3", NULL, "each a number from 0 to 255"},
	{METRICS "realms 1/", NULL, "each a number from 0 to 255"},
	{"2001:db8::/64 dev eth0 realms 7", NULL, "'realms' is possible with IPv4 only"},
	{"2001:db8::/64 dev eth0 pref low", ROUTE6 " prepend pref low", NULL},
	{"2001:db8::/64 dev eth0 pref medium", ROUTE6 " prepend", NULL},
	{"2001:db8::/64 dev eth0 pref 256", NULL, "from 0 to 255"},
	{METRICS "pref high", NULL, "'pref' is possible with IPv6 only"},
	{METRICS "ttl-propagate disabled", "ttl-propagate disabled", "on routes of MPLS"},
	{METRICS "ttl-propagate off", NULL, "must be enabled or disabled, not 'off'"},
	{METRICS "vrf blue append", "table 254 vrf blue protocol 18 scope 0 append", NULL},
	{METRICS "add", "scope 0 add", NULL},
	{METRICS "replace", NULL, "unknown attribute 'replace'"},
	{METRICS "track_group h", NULL, "track_group"},
	{METRICS "encap ip id 7 dst 192.0.2.7 src 192.0.2.8 tos 4 ttl 5 flags 6",
	 "encap ip id 7 dst 192.0.2.7 src 192.0.2.8 tos 0x04 hoplimit 5 flags 6 table", NULL},
	{METRICS "encap ip6 dst 2001:db8::1 tc 4 hoplimit 5 metric 3",
	 "encap ip6 id 0 dst 2001:db8::1 tos 0x04 hoplimit 5 table 254", NULL},
	{METRICS "encap ip id 18446744073709551615", "encap ip id 18446744073709551615", NULL},
	{METRICS "encap ip id 18446744073709551616", NULL, "'id' must be a number"},
	{METRICS "encap ip dst 2001:db8::1", NULL, "is of IPv6"},
	{METRICS "encap ip6 ttl 4", NULL, "needs an 'id', 'dst' or 'src'"},
	{METRICS "encap ip", NULL, "needs an 'id', 'dst' or 'src'"},
	{METRICS "encap mpls 16/0x10", "encap mpls 16/16", NULL},
	{METRICS "encap mpls 1048575", "encap mpls 1048575 ", NULL},
	{METRICS "encap mpls 1048576", NULL, "each from 0 to 1048575"},
	{METRICS "encap mpls 1/2/3", NULL, "LABEL[/LABEL]"},
	{METRICS "encap mpls 1/", NULL, "LABEL[/LABEL]"},
	{METRICS "encap ila 2001:db8:0:FFFF", "encap ila 2001:db8:0:ffff", NULL},
	{METRICS "encap ila 1:2:3", NULL, "a locator like"},
	{METRICS "encap ila 1:2:3:10000", NULL, "a locator like"},
	{METRICS "encap seg6", NULL, "ip, ip6, mpls or ila, not 'seg6'"},
	{"192.0.2.0/24 no_track nexthop via 192.0.2.7 dev eth0 weight 256 onlink realms 1/2 "
	 "nexthop "
	 "dev eth1 encap mpls 7",
	 "prepend no_track nexthop via 192.0.2.7 dev eth0 weight 256 onlink realms 1/2 nexthop dev "
	 "eth1 weight 1 encap mpls 7",
	 NULL},
	{METRICS "nexthop weight 0", NULL, "from 1 to 256"},
	{METRICS "nexthop weight 257", NULL, "from 1 to 256"},
	{METRICS "nexthop via 2001:db8::1", NULL, "is of IPv6"},
	{METRICS "nexthop via 192.0.2.7 metric 5", NULL, "nothing else may stand"},
	{METRICS "nexthop via 192.0.2.7 as 192.0.2.8", NULL, "address translation"},
	{"2001:db8::/64 dev eth0 nexthop dev eth0 realms 7", NULL, "possible with IPv4 only"},
};

static const struct example static_routes[] = {
	{METRICS "track_group g", ROUTE " track_group g", NULL},
	{METRICS "track_group x", NULL, "there is no track_group 'x'"},
	{METRICS "track_group", NULL, "'track_group' needs a name"},
};

#define RULE "preference 5 protocol 18 table 7"

static const struct example rules[] = {
	{"from 192.0.2.0/24 table 7 preference 5",
	 "inet preference 5 from 192.0.2.0/24 protocol 18 table 7", NULL},
	{"lookup 7 order 5", "inet " RULE, NULL},
	{"to 2001:db8::/32 table local priority 5",
	 "inet6 preference 5 to 2001:db8::/32 protocol 18 table 255", NULL},
	{"from any to all table 7 preference 5 inet6", "inet6 " RULE, NULL},
	{"not from 192.0.2.1 table 7 preference 4294967295",
	 "not inet preference 4294967295 from 192.0.2.1/32", NULL},
	{"from 192.0.2.1 table 7", "inet preference 16384 from", "this one gets 16384"},
	{"table 7 preference 4294967296", NULL, "from 0 to 4294967295"},
	{"table 7 pref 5", NULL, "unknown attribute 'pref' of a rule"},
	{"192.0.2.0/24 table 7", NULL, "unknown attribute '192.0.2.0/24'"},
	{"from 192.0.2.1 to 2001:db8::1 table 7", NULL, "is of IPv6"},
	{"from 192.0.2.1 preference 5", NULL, "the rule has no action"},
	{"table 7 table 8 preference 5", NULL, "one action only"},
	{"table 7 goto 8 preference 5", NULL, "one action only"},
	{"table 0 preference 5", NULL, "there is no table 0"},
	{"table nosuch preference 5", NULL, "'table' must be a number"},
	{"l3mdev preference 5", "protocol 18 l3mdev", NULL},
	{"goto 6 preference 5", "protocol 18 goto 6", NULL},
	{"goto 6", NULL, "'goto' needs a 'preference'"},
	{"goto 5 preference 5", NULL, "must lead behind"},
	{"nop preference 5", "protocol 18 nop", NULL},
	{"blackhole preference 5", "protocol 18 blackhole", NULL},
	{"type unreachable preference 5", "protocol 18 unreachable", NULL},
	{"type 8 preference 5", "protocol 18 prohibit", NULL},
	{"6 preference 5", "protocol 18 blackhole", NULL},
	{"type local preference 5", NULL, "blackhole, unreachable or prohibit"},
	{"iif eth0 oif eth1 tos 4 preference 5 table 7", "iif eth0 oif eth1 tos 0x04", NULL},
	{"dev eth0 dsfield EF preference 5 table 7", "iif eth0 tos 0xb8", NULL},
	{"fwmark 24/12 preference 5 table 7", "fwmark 0x18/0xc", NULL},
	{"fwmark 0x18 preference 5 table 7", "fwmark 0x18/0xffffffff", NULL},
	{"fwmark 0 preference 5 table 7", "inet " RULE, "'fwmark 0' has no effect"},
	{"fwmark 0/7 preference 5 table 7", "fwmark 0x0/0x7", NULL},
	{"tunnel-id 0 preference 5 table 7", "inet " RULE, "'tunnel-id 0' has no effect"},
	{"tunnel-id 18446744073709551616 preference 5 table 7", NULL, "'tunnel-id' must be"},
	{"ipproto 0 preference 5 table 7", "inet " RULE, "'ipproto 0' has no effect"},
	{"dsfield 0 preference 5 table 7", "inet " RULE, "'dsfield 0' has no effect"},
	{"fwmark 4294967296 preference 5 table 7", NULL, "MARK[/MASK]"},
	{"fwmark 5/ preference 5 table 7", NULL, "MARK[/MASK]"},
	{"tunnel-id 18446744073709551615 preference 5 table 7", "tunnel-id 18446744073709551615",
	 NULL},
	{"uidrange 0-4294967295 preference 5 table 7", "uidrange 0-4294967295", NULL},
	{"uidrange 7-5 preference 5 table 7", "uidrange 7-5", "runs backwards"},
	{"uidrange 7 preference 5 table 7", NULL, "FIRST-LAST"},
	{"uidrange 0-4294967296 preference 5 table 7", NULL, "FIRST-LAST"},
	{"ipproto UDP sport 5-6 dport 7 preference 5 table 7", "ipproto 17 sport 5-6 dport 7-7",
	 NULL},
	{"ip_proto 6 preference 5 table 7", "ipproto 6", NULL},
	{"ipproto 256 preference 5 table 7", NULL, "a name of /etc/protocols"},
	{"sport 5-65536 preference 5 table 7", NULL, "from 0 to 65535"},
	{"sport 0-5 preference 5 table 7", "sport 0-5", "port 0 or 65535"},
	{"sport 5-65535 preference 5 table 7", "sport 5-65535", "port 0 or 65535"},
	{"sport 0 preference 5 table 7", NULL, "for port 0 alone"},
	{"dport 65535 preference 5 table 7", NULL, "for port 65535 alone"},
	{"protocol 12 no_track preference 5 table 7", "protocol 12 table 7 no_track", NULL},
	{"protocol bird preference 5 table 7", RULE, "cannot be tracked"},
	{"protocol 256 preference 5 table 7", NULL, "from 0 to 255"},
	{"realms 1/2 preference 5 table 7", "table 7 realms 1/2", NULL},
	{"realms 1 preference 5 nop", NULL, "only a rule with 'table' or 'l3mdev'"},
	{"suppress_prefixlength 0 sup_group default preference 5 table 7",
	 "suppress_prefixlength 0 suppress_ifgroup 0", NULL},
	{"sup_pl 2147483647 suppress_ifgroup 0x5 preference 5 table 7",
	 "suppress_prefixlength 2147483647 suppress_ifgroup 5", NULL},
	{"sup_pl 2147483648 preference 5 table 7", NULL, "from 0 to 2147483647"},
	{"suppress_ifgroup 2147483648 preference 5 table 7", NULL, "from 0 to 2147483647"},
	{"preference 5 table 7 track_group g", NULL, "unknown attribute 'track_group'"},
};

static const struct example static_rules[] = {
	{"iif eth0 table 7 preference 5 track_group g", "protocol 18 table 7 track_group g", NULL},
	{"track_group g iif eth0 table 7 preference 5", "protocol 18 table 7 track_group g", NULL},
	{"table 7 preference 5 track_group x", NULL, "needs 'dev'"},
};

/* ---- */

/* As many warnings that say so; those about what is not supported yet stand beside them. */
static void check_good(const struct example *example, struct loaded *loaded)
{
	char *first, *second;
	struct loaded again;

	if (example->says)
		assert_true(count_diags(loaded, DIAG_WARNING, 0, example->says) > 0);
	else
		assert_int_equal(count_diags(loaded, DIAG_WARNING, 0, NULL),
				 count_diags(loaded, DIAG_WARNING, 0, "is not supported yet"));
	first = conf_dump(loaded->conf);
	if (!strstr(first, example->dump))
		print_message("%s", first);
	assert_non_null(strstr(first, example->dump));
	again = load_text(first);
	assert_int_equal(again.status, 0);
	second = conf_dump(again.conf);
	assert_string_equal(first, second);
	free(first);
	free(second);
	unload(&again);
}

static void check_one(const char *before, const struct example *example, const char *after)
{
	struct loaded loaded;
	char text[1024];
	bool good;

	snprintf(text, sizeof(text), "%s%s\n%s", before, example->line, after);
	loaded = load_text(text);
	good = example->dump ? !loaded.diags.errors
			     : loaded.diags.errors == 1 &&
				       count_diags(&loaded, DIAG_ERROR, 0, example->says) == 1;
	if (!good) {
		print_message("%s\n", example->line);
		show_diags(&loaded);
	}
	assert_true(good);
	if (example->dump)
		check_good(example, &loaded);
	unload(&loaded);
}

#define CHECK(examples, before, after)                                                             \
	do {                                                                                       \
		for (size_t i = 0; i < sizeof(examples) / sizeof(*(examples)); i++)                \
			check_one(before, &(examples)[i], after);                                  \
	} while (0)

#define STATIC(block) INSTANCE "}\ntrack_group g { group { v } }\n" block " {\n"

static void test_addresses(void **state)
{
	(void)state;
	CHECK(virtual_addresses, INSTANCE "virtual_ipaddress {\n", "}\n}\n");
	CHECK(excluded, INSTANCE "virtual_ipaddress_excluded {\n", "}\n}\n");
	CHECK(static_addresses, STATIC("static_ipaddress"), "}\n");
}

static void test_routes(void **state)
{
	(void)state;
	CHECK(routes, INSTANCE "virtual_routes {\n", "}\n}\n");
	CHECK(static_routes, STATIC("static_routes"), "}\n");
}

static void test_rules(void **state)
{
	(void)state;
	CHECK(rules, INSTANCE "virtual_rules {\n", "}\n}\n");
	CHECK(static_rules, STATIC("static_rules"), "}\n");
}

/* What the dump does not tell: numbers as the kernel wants them. */
static void test_model(void **state)
{
	struct loaded loaded = load_text(
		INSTANCE "virtual_ipaddress_excluded {\n2001:db8::1\n}\nvirtual_routes {\n"
			 "192.0.2.0/24 dev eth0 rtt 10 rttvar lock 10 rto_min 10 realms 1/2\n}\n"
			 "virtual_rules {\nfwmark 5 table 7 preference 1\n}\n}\n");
	const struct conf_instance *v = &loaded.conf->instances[0];
	const struct conf_route *route = &v->routes[0];

	(void)state;
	assert_int_equal(v->excluded[0].flags, IFA_F_NODAD);
	assert_int_equal(v->excluded[0].preferred_s, 0);
	assert_int_equal(v->addresses[0].flags, 0);
	assert_int_equal(v->addresses[0].preferred_s, UINT32_MAX);
	assert_true(v->addresses[0].track);
	assert_int_equal(v->n_routes, 1);
	assert_int_equal(route->metrics[RTAX_RTT], 80);
	assert_int_equal(route->metrics[RTAX_RTTVAR], 40);
	assert_int_equal(route->metrics[RTAX_RTO_MIN], 10);
	assert_int_equal(route->metrics_locked, 1 << RTAX_RTTVAR);
	assert_int_equal(route->realms, 0x10002);
	assert_int_equal(route->track_group, CONF_NONE);
	assert_int_equal(v->rules[0].mark_mask, UINT32_MAX);
	unload(&loaded);
}

/* Rules without a preference go in the order of the file, before those behind them. */
static void test_preferences(void **state)
{
	struct loaded loaded = load_text(
		"static_rules {\nfrom 192.0.2.1 table 7\nfrom 2001:db8::1 table 7\n}\n" INSTANCE
		"virtual_rules {\nfrom 192.0.2.2 table 7\n}\n}\n");

	(void)state;
	assert_int_equal(loaded.conf->static_rules[0].preference, 16384);
	assert_int_equal(loaded.conf->static_rules[1].preference, 16384);
	assert_int_equal(loaded.conf->instances[0].rules[0].preference, 16383);
	unload(&loaded);
}

#define GROUP(body) INSTANCE "}\ntrack_group g {\n" body "}\n"

static void test_track_groups(void **state)
{
	struct loaded loaded = load_good(GROUP("group {\nv w\nv\n}\n"), 2);

	(void)state;
	assert_int_equal(loaded.conf->n_track_groups, 1);
	assert_int_equal(loaded.conf->track_groups[0].n_members, 1);
	assert_int_equal(loaded.conf->track_groups[0].members[0], 0);
	assert_int_equal(count_diags(&loaded, DIAG_WARNING, 8, "no vrrp_instance 'w'"), 1);
	assert_int_equal(count_diags(&loaded, DIAG_WARNING, 9, "in the track_group already"), 1);
	unload(&loaded);
	expect_error(GROUP("group {\n}\n"), 7, "names no instance");
	expect_error(GROUP("group { v }\ngroup { v }\n"), 8, "one 'group' only");
	expect_error(GROUP("group { v }\n") "track_group g {\ngroup { v }\n}\n", 9,
		     "there is a track_group 'g' already, in line 6");
	expect_error("track_group {\ngroup { v }\n}\n", 1, "needs one name");
	expect_error("track_group g h {\ngroup { v }\n}\n", 1, "needs one name");
	expect_error("static_routes x {\n}\n", 1, "takes no word before its block");
	loaded = load_good(GROUP(""), 1);
	assert_int_equal(loaded.conf->track_groups[0].n_members, 0);
	unload(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),   cmocka_unit_test(test_routes),
		cmocka_unit_test(test_rules),	    cmocka_unit_test(test_model),
		cmocka_unit_test(test_preferences), cmocka_unit_test(test_track_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
