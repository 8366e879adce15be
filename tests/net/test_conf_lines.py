# SPDX-License-Identifier: MIT
"""Address, route and rule lines at and beyond their bounds: keepalived -t and vipd -t say the same."""

import pytest

from lab import Lab, build_dir

INSTANCE = """vrrp_instance v {{
    interface eth0
    virtual_router_id 7
    virtual_ipaddress {{
        192.0.2.1
    }}
    {}
}}
track_group g {{
    group {{
        v
    }}
}}
"""
WORD = {"address": "ipaddress", "route": "routes", "rule": "rules"}
ROUTE = "192.0.3.0/24 dev eth0 "
ROUTE6 = "2001:db8:1::/64 dev eth0 "
RULE = " table 7 preference 5"
METRICS = ("mtu", "advmss", "reordering", "cwnd", "ssthresh", "window", "initcwnd", "initrwnd")
GOOD = {
    "address": [
        "192.0.2.9", "192.0.2.9/24 dev eth1 scope link label eth1:1", "192.0.2.9/24 brd +", "192.0.2.9/24 brd -",
        "192.0.2.9 broadcast 192.0.2.255", "192.0.2.9 scope 200", "192.0.2.9 scope 0xfd", "192.0.2.9 scope global",
        "192.0.2.9 peer 192.0.2.8", "192.0.2.9 home -nodad mngtmpaddr noprefixroute autojoin no_track",
        "2001:db8::1/64 home -nodad mngtmpaddr noprefixroute autojoin no_track", "192.0.2.9 preferred_lft 0",
        "192.0.2.9 preferred_lft forever", "2001:db8::1 preferred_lft 4294967295", "192.0.2.9 label 012345678901234"],
    "route": [
        ROUTE, "to " + ROUTE, "dev eth0 192.0.3.0/24", "default dev eth0", "any dev eth0", "inet6 to " + ROUTE6,
        "default via 2001:db8::1 dev eth0", "src 192.0.2.1 " + ROUTE, ROUTE + "via 192.0.2.7 onlink",
        ROUTE + "via inet 192.0.2.7", ROUTE6 + "from 2001:db8:2::/64", "192.0.3.0/24 oif eth0", "blackhole " + ROUTE,
        "local " + ROUTE, "multicast " + ROUTE, "0x5 " + ROUTE, "255 " + ROUTE, ROUTE + "tos 255", ROUTE + "tos AF11",
        ROUTE + "table 0x10", ROUTE + "table main", ROUTE + "table 4294967295", ROUTE + "protocol keepalived",
        ROUTE + "no_track protocol bird", ROUTE + "scope 255", ROUTE + "metric 4294967295", ROUTE + "priority 0",
        ROUTE6 + "expires 4294967295", *(f"{ROUTE}{name} 4294967295" for name in METRICS),
        *(f"{ROUTE}{name} lock 0" for name in METRICS[:5]), ROUTE + "hoplimit 255", ROUTE + "quickack 1",
        ROUTE + "fastopen_no_cookie 0", ROUTE + "rtt 960000", ROUTE + "rttvar lock 480000", ROUTE + "rto_min 1.005s",
        ROUTE + "rto_min 120000ms", ROUTE + "features ecn", ROUTE + "congctl lock cubic", ROUTE + "realms 255/255",
        ROUTE6 + "pref low", ROUTE6 + "pref 255", ROUTE + "ttl-propagate disabled", ROUTE + "append", ROUTE + "add",
        ROUTE + "nexthop via 192.0.2.7 dev eth0 weight 256 nexthop via 192.0.2.8 weight 1 onlink realms 1/2",
        "192.0.3.0/24 no_track nexthop via 192.0.2.7", ROUTE + "encap ip id 18446744073709551615 tos 255 flags 65535",
        ROUTE + "encap ip dst 192.0.2.9 src 192.0.2.1 ttl 255", ROUTE + "encap ip6 dst 2001:db8::9 tc 4 hoplimit 5",
        ROUTE + "encap mpls 1048575/0x10", ROUTE + "encap ila 1:2:3:ffff"],
    "rule": [
        "from 192.0.2.0/24" + RULE, "to 2001:db8::/64 lookup main order 4294967295", "from default" + RULE,
        "not from 192.0.2.1" + RULE, RULE + " inet6", "iif eth0 oif eth1" + RULE, "tos 255" + RULE,
        "dsfield EF" + RULE, "fwmark 24/12" + RULE, "fwmark 0xffffffff" + RULE, "realms 255/255" + RULE,
        "suppress_prefixlength 2147483647" + RULE, "sup_group 0x5" + RULE, "suppress_ifgroup default" + RULE,
        "tunnel-id 18446744073709551615" + RULE, "uidrange 0-4294967295" + RULE, "l3mdev preference 5",
        "protocol 255 no_track" + RULE, "ipproto UDP" + RULE, "ipproto icmp sport 5-6 dport 7-65535" + RULE,
        "goto 6 preference 5", "nop preference 5", "type blackhole preference 5", "8 preference 5",
        "unreachable preference 5"],
}
BAD = {
    "address": [
        "x", "192.0.2.9/33", "2001:db8::1/129", "192.0.2.9/24x", "192.0.2.9-12", "192.0.2.9/31 brd +", "192.0.2.9 brd x",
        "192.0.2.9 brd", "192.0.2.9 brd 2001:db8::1", "2001:db8::1 brd 192.0.2.1", "192.0.2.9 scope 256",
        "192.0.2.9 scope universe", "192.0.2.9 scope", "192.0.2.9 label 0123456789012345", "192.0.2.9 label",
        "2001:db8::1 label eth0:1", "192.0.2.9 peer 192.0.2.8/30", "192.0.2.9 peer 2001:db8::1", "192.0.2.9 nodad",
        "192.0.2.9 preferred_lft 4294967296", "192.0.2.9 preferred_lft -1", "192.0.2.9 preferred_lft 10s",
        "192.0.2.9 preferred_lft", "192.0.2.9 frob", "192.0.2.9 dev", "192.0.2.9 dev eth0 dev eth1", "dev eth0 192.0.2.9",
        "192.0.2.9 192.0.2.8", "192.0.2.9 track_group h"],
    "route": [
        "dev eth0", "x dev eth0", "192.0.3.0/33 dev eth0", "10/8 dev eth0", ROUTE + "src 2001:db8::1", ROUTE + "src x",
        ROUTE + "src", ROUTE + "via inet6 2001:db8::1", ROUTE + "via 192.0.2.1/24", ROUTE + "via", ROUTE + "inet6",
        ROUTE + "from 192.0.4.0/24", ROUTE + "tos 256", ROUTE + "tos foo", ROUTE + "table nosuch",
        ROUTE + "protocol 256", ROUTE + "protocol foo", ROUTE + "scope 256", ROUTE + "metric 4294967296",
        ROUTE + "metric 0x10", ROUTE + "metric -1", ROUTE + "expires 10", ROUTE6 + "expires x",
        *(f"{ROUTE}{name} 4294967296" for name in METRICS), *(f"{ROUTE}{name} 10s" for name in METRICS),
        *(f"{ROUTE}{name} lock 5" for name in METRICS[5:]), *(f"{ROUTE}{name}" for name in METRICS),
        ROUTE + "hoplimit 256", ROUTE + "quickack 2", ROUTE + "fastopen_no_cookie 2", ROUTE + "rtt 960001",
        ROUTE + "rttvar 480001", ROUTE + "rto_min 121s", ROUTE + "rto_min 1.5", ROUTE + "rto_min 1.0005s",
        ROUTE + "rto_min 5us", ROUTE + "features foo", ROUTE + "congctl lock", ROUTE + "realms 256", ROUTE + "realms 1/",
        ROUTE6 + "realms 1", ROUTE + "pref low", ROUTE6 + "pref foo", ROUTE6 + "pref 256", ROUTE + "ttl-propagate foo",
        ROUTE + "replace", ROUTE + "nexthop weight 0", ROUTE + "nexthop weight 257", ROUTE + "nexthop oif eth0",
        ROUTE + "nexthop via 2001:db8::1", ROUTE + "nexthop metric 5", ROUTE + "nexthop as 192.0.2.9",
        ROUTE6 + "nexthop realms 1", ROUTE + "encap", ROUTE + "encap foo", ROUTE + "encap ip",
        ROUTE + "encap ip id 18446744073709551616", ROUTE + "encap ip id 0x10", ROUTE + "encap ip dst 2001:db8::1",
        ROUTE + "encap ip id 1 tos 256", ROUTE + "encap ip id 1 ttl 256", ROUTE + "encap ip id 1 flags 65536",
        ROUTE + "encap ip6 id 1 ttl 4", ROUTE + "encap mpls 1048576", ROUTE + "encap mpls 1/2/3",
        ROUTE + "encap ila 1:2:3", ROUTE + "encap ila 1:2:3:10000", "256 " + ROUTE, "blackhole dev eth0",
        "192.0.3.0/24 blackhole", ROUTE + "track_group h", ROUTE + "track_group"],
    "rule": [
        "from 192.0.2.0/24 preference 5", "192.0.2.0/24" + RULE, "from x" + RULE, "from 192.0.2.0/33" + RULE,
        "from 192.0.2.1 to 2001:db8::1" + RULE, "from 192.0.2.1" + RULE + " inet6", "table 7 pref 5",
        "table 7 preference 4294967296", "table 7 preference x", "table 7 preference", "table 0 preference 5",
        "table nosuch preference 5", "table 8" + RULE, "goto 6" + RULE, "l3mdev" + RULE, "tos 256" + RULE,
        "fwmark 4294967296" + RULE, "fwmark 5/x" + RULE, "realms 256" + RULE, "realms 1 preference 5 nop",
        "suppress_prefixlength 2147483648" + RULE, "suppress_prefixlength -1" + RULE,
        "suppress_ifgroup 2147483648" + RULE, "suppress_ifgroup nosuch" + RULE, "goto 6 sup_pl 5 preference 5",
        "tunnel-id 18446744073709551616" + RULE, "tunnel-id 0x10" + RULE, "uidrange 5" + RULE, "uidrange 5-" + RULE,
        "uidrange x-y" + RULE, "protocol 256" + RULE, "ipproto 256" + RULE, "ipproto Tcp" + RULE, "sport 5-" + RULE,
        "sport 65536" + RULE, "sport 0" + RULE, "dport 65535" + RULE, "dport http" + RULE, "goto 5 preference 5", "goto 6", "type local preference 5",
        "type 3 preference 5", "type 9 preference 5", "frob" + RULE, "table", "from"],
}
# keepalived -t fails, but keepalived runs and vipd warns: its words are about the line, not about a mistake in it.
WARNED = {
    "route": {"192.0.3.0/24 via 192.0.2.7": "not tracked", ROUTE + "protocol bird": "cannot be tracked",
              ROUTE + "gw 192.0.2.7": "deprecated", "blackhole 192.0.3.0/24": "not tracked",
              "192.0.3.0/24 via 192.0.2.7 or 192.0.2.8 dev eth0": "deprecated"},
    "rule": {"from 192.0.2.1 table 7": "this one gets 16384", "protocol 12" + RULE: "cannot be tracked"},
}


@pytest.fixture(scope="module")
def node():
    with Lab() as lab:
        node = lab.node("checker", "192.0.2.200/24")
        node.link("eth1")
        yield node


def verdicts(node, kind, line, virtual):
    """Whether keepalived and vipd take the line, and what vipd said."""
    if virtual:
        text = INSTANCE.format(f"virtual_{WORD[kind]}{'_excluded' if kind == 'address' else ''} {{\n{line}\n}}")
    else:
        text = INSTANCE.format("") + f"static_{WORD[kind]} {{\n{line}\n}}\n"
    file = node.write("line.conf", text)
    old = node.run("keepalived", "-t", "-f", file, check=False)
    new = node.run(build_dir() / "vipd", "-t", "-f", file, check=False)
    return old.returncode == 0, new.returncode == 0, new.stderr


@pytest.mark.parametrize("virtual", (True, False), ids=("virtual", "static"))
@pytest.mark.parametrize("kind", WORD)
def test_both_take_it(node, kind, virtual):
    wrong = [line for line in GOOD[kind] if verdicts(node, kind, line, virtual)[:2] != (True, True)]
    assert not wrong


@pytest.mark.parametrize("virtual", (True, False), ids=("virtual", "static"))
@pytest.mark.parametrize("kind", WORD)
def test_both_refuse_it(node, kind, virtual):
    wrong = [line for line in BAD[kind] if verdicts(node, kind, line, virtual)[:2] != (False, False)]
    assert not wrong


@pytest.mark.parametrize("kind", WARNED)
def test_what_keepalived_would_run_is_warned_about(node, kind):
    for line, word in WARNED[kind].items():
        old, new, said = verdicts(node, kind, line, True)
        assert not old and new and word in said, line


def test_track_group_belongs_to_static_lines(node):
    for kind, line in (("address", "192.0.2.9 track_group g"), ("route", ROUTE + "track_group g"),
                       ("rule", "iif eth0 track_group g" + RULE)):
        assert verdicts(node, kind, line, False)[:2] == (True, True), line
        assert verdicts(node, kind, line, True)[:2] == (False, False), line
