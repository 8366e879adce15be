# SPDX-License-Identifier: MIT
"""Virtual and static routes and rules, static addresses: what of them is in the kernel, when, and beside keepalived.

Gateways that are link-local or on the node's own subnet are all the kernel asks for, so one node is enough for most.
"""

import json
import re
import shutil

import pytest

from lab import holds, wait_until

HEAD = "global_defs {\n router_id node\n}\n"
INSTANCE = """vrrp_instance VI_1 {{
 interface eth0
 virtual_router_id 51
 down_timer_adverts 1
 advert_int 1
 priority {priority}
 garp_master_delay 0
 virtual_ipaddress {{
  192.0.2.100/24
 }}
{more} }}
"""

ROUTES = """  198.18.0.0/24 via 192.0.2.9 dev eth0
  198.18.1.0/24 via 192.0.2.9 dev eth0 table 77 metric 5 mtu lock 1400 congctl reno rto_min 200 features ecn
  blackhole 198.18.2.0/24 no_track
  198.18.3.0/24 no_track nexthop via 192.0.2.9 dev eth0 weight 2 nexthop via 192.0.2.8 dev eth0 weight 1
  2001:db8:2::/48 via fe80::1 dev eth0 table 77 metric 9 pref high
  2001:db8:3::/48 no_track nexthop via fe80::1 dev eth0 weight 2 nexthop via fe80::2 dev eth0
  198.18.4.0/24 via 192.0.2.9 dev eth0 src 192.0.2.100 encap ip id 7 dst 192.0.2.9 ttl 5 tos 8 flags 4
  198.18.5.0/24 dev eth0 encap ip6 id 7 dst 2001:db8::1 hoplimit 5
  unreachable 2001:db8:4::/48 no_track
  default via 192.0.2.9 dev eth0 table 1000 onlink
  2001:db8:5::/48 via fe80::1 dev eth0 from 2001:db8::/32
  198.18.6.0/24 dev eth0 scope link tos 0x10 realms 3/4 initcwnd 20 quickack 1 window 100 hoplimit 9
  198.18.7.0/24 via 192.0.2.9 dev eth0 metric 10 append
  198.18.7.0/24 via 192.0.2.8 dev eth0 metric 10 append
  2001:db8:6::/48 via fe80::1 dev eth0 expires 1000
"""
RULES = """  from 192.0.2.100 table 8 preference 102
  to 198.18.9.0/24 fwmark 5/0xff uidrange 10-20 ipproto tcp dport 80-90 sport 5-6 table 600 preference 103
  from 2001:db8::/32 iif eth0 l3mdev preference 104
  not from 198.18.9.9 tos 0x10 table 66 preference 105
  from 198.18.9.10 goto 200 preference 106
  from 198.18.9.11 tunnel-id 99 table 5 suppress_prefixlength 0 suppress_ifgroup 3 realms 1/2 preference 107
  from 198.18.9.12 oif eth0 blackhole preference 108
  to 2001:db8:9::/48 unreachable preference 109
"""
STATIC = """static_ipaddress {
 192.0.2.77/24 dev eth0
 2001:db8::77/64 dev eth0 -nodad
}
static_routes {
 203.0.113.0/25 via 192.0.2.9 dev eth0
 203.0.113.128/25 via 192.0.2.8 dev eth0
 2001:db8:f::/48 via fe80::1 dev eth0
}
static_rules {
 from 203.0.113.0/24 table 7 preference 101
}
"""


def block(name, lines):
    return f" {name} {{\n{lines} }}\n"


def config(more="", priority=200, before=""):
    return HEAD + before + INSTANCE.format(priority=priority, more=more)


def found(node):
    """Every route and rule of protocol keepalived, a line each; a lifetime that runs is none."""
    lines = []
    for family in "-4", "-6":
        routes = node.output("ip", "-o", "-d", family, "route", "show", "table", "all", "proto", "18")
        rules = node.output("ip", "-d", family, "rule")
        lines += [line for line in re.sub(r"expires \d+sec", "expires", routes).splitlines() if line]
        lines += [line for line in rules.splitlines() if "proto keepalived" in line]
    return sorted({re.sub(r"\s+", " ", line) for line in lines})


def routes(node, *words):
    return [route["dst"] for route in json.loads(node.output("ip", "-j", "route", "show", "proto", "18", *words))]


def preferences(node):
    return [rule["priority"] for rule in json.loads(node.output("ip", "-j", "rule")) if 0 < rule["priority"] < 32766]


def has_last_rule(node):
    return 109 in [rule["priority"] for rule in json.loads(node.output("ip", "-6", "-j", "rule"))]


class Box:
    def __init__(self, lab, text, *addresses, name="node", before=lambda node: None):
        self.node = lab.node(name, *(addresses or ["192.0.2.1/24"]))
        before(self.node)
        self.starts = 0
        self.file = self.node.write("vipd.conf", text)
        self.start()

    def start(self):
        self.starts += 1
        self.process = self.node.vipd(self.file, log=f"vipd-{self.starts}.log")
        wait_until(lambda: "is ready" in self.process.text(), what="vipd")
        return self

    def master(self):
        wait_until(lambda: self.node.has_address("192.0.2.100"), what="the virtual address")
        return self

    def whole(self):
        """Master, and all that RULES ends with is set: it comes after the addresses, one by one."""
        self.master()
        wait_until(lambda: has_last_rule(self.node), what="the last rule")
        return self

    def reload(self, text):
        self.file.write_text(text)
        return self.node.vipctl("reload").stdout

    def monitor(self):
        """Returns a function: what the kernel has told of routes and rules of ours since."""
        monitor = self.node.monitor("address", "route", "rule")
        return lambda: sorted(line for line in monitor.lines() if "keepalived" in line)


FULL = config(block("virtual_routes", ROUTES) + block("virtual_rules", RULES), before=STATIC)


def test_the_same_as_with_keepalived(lab):
    if not shutil.which("keepalived"):
        pytest.skip("no keepalived to compare with")
    theirs = lab.node("keepalived")
    ours = lab.node("vipd")
    seen = {}
    for node, start in (theirs, theirs.keepalived), (ours, ours.vipd):
        node.ip("link add eth0 type veth peer name far0", "link set eth0 up", "link set far0 up",
                "address add 192.0.2.1/24 dev eth0")
        wait_until(lambda: "tentative" not in node.output("ip", "-6", "address"), what="duplicate detection")
        process = start(node.write("director.conf", FULL), "-P")
        wait_until(lambda: node.has_address("192.0.2.100"), 15, f"{node.name} master")
        wait_until(lambda: has_last_rule(node), what="the last rule")
        seen[node.name] = found(node), node.has_address("192.0.2.77/24"), node.has_address("2001:db8::77/64")
        process.stop()
        wait_until(lambda: found(node) == [], what="nothing left")
        assert not node.has_address("192.0.2.77")
    assert seen["vipd"] == seen["keepalived"]
    assert len(seen["vipd"][0]) > 25


def test_virtual_ones_follow_the_master(lab):
    text = block("virtual_routes", ROUTES) + block("virtual_rules", RULES)
    low = Box(lab, config(text), name="low").whole()
    whole = found(low.node)
    assert len(whole) > 20
    high = Box(lab, config(text, priority=250), "192.0.2.2/24", name="high").whole()
    wait_until(lambda: found(low.node) == [], what="nothing on the backup")
    assert len(found(high.node)) == len(whole)
    high.process.stop()
    low.master()
    wait_until(lambda: found(low.node) == whole, what="all of them on the new master")
    low.process.stop()
    assert found(low.node) == []


def test_static_ones_are_there_from_the_start_to_the_stop(lab):
    box = Box(lab, HEAD + STATIC, "192.0.2.1/24")
    assert routes(box.node) == ["203.0.113.0/25", "203.0.113.128/25"]
    assert routes(box.node, "table", "all") == ["203.0.113.0/25", "203.0.113.128/25", "2001:db8:f::/48"]
    assert preferences(box.node) == [101]
    assert box.node.has_address("192.0.2.77/24") and box.node.has_address("2001:db8::77/64")
    box.process.stop()
    assert found(box.node) == [] and not box.node.has_address("192.0.2.77")
    assert box.node.has_address("192.0.2.1/24")


def test_a_static_address_may_be_the_only_one_an_instance_sends_from(lab):
    node = lab.node("node")
    node.link("eth0")
    node.vipd(node.write("vipd.conf", config(before="static_ipaddress {\n 192.0.2.77/24 dev eth0\n}\n")))
    wait_until(lambda: node.has_address("192.0.2.100"), what="the virtual address")


def test_a_reload_touches_what_has_changed_and_nothing_else(lab):
    before = config(block("virtual_routes", "  198.18.0.0/24 via 192.0.2.9 dev eth0\n"
                                            "  198.18.1.0/24 via 192.0.2.9 dev eth0\n"), before=STATIC)
    box = Box(lab, before).master()
    wait_until(lambda: "198.18.1.0/24" in routes(box.node), what="the second route")
    monitor = box.monitor()
    assert "nothing changes" not in box.reload(
        before.replace("198.18.1.0/24 via 192.0.2.9", "198.18.1.0/24 via 192.0.2.8")
        .replace("203.0.113.128/25 via 192.0.2.8 dev eth0\n", "")
        .replace(" 203.0.113.0/25 via 192.0.2.9 dev eth0\n", "")
        .replace("table 7", "table 7\n to 203.0.113.0/24 table 9 preference 99\n from 203.0.113.0/24 table 7")
        .replace("static_routes {\n", "static_routes {\n 203.0.113.128/25 via 192.0.2.8 dev eth0\n"
                                      " 203.0.113.0/25 via 192.0.2.9 metric 3 dev eth0\n")
        .replace(" from 203.0.113.0/24 table 7\n", ""))
    wait_until(lambda: any(line.startswith("198.18.1.0/24 via 192.0.2.8") for line in monitor()), what="the new route")
    assert monitor() == [
        "198.18.1.0/24 via 192.0.2.8 dev eth0 proto keepalived",
        "203.0.113.0/25 via 192.0.2.9 dev eth0 proto keepalived metric 3",
        "99: from all to 203.0.113.0/24 lookup 9 proto keepalived",
        "Deleted 198.18.1.0/24 via 192.0.2.9 dev eth0 proto keepalived",
        "Deleted 203.0.113.0/25 via 192.0.2.9 dev eth0 proto keepalived"]
    assert box.process.text().count("MASTER") == 1


def test_routes_of_an_instance_may_come_go_and_change_their_order(lab):
    one, two = "  198.18.0.0/24 via 192.0.2.9 dev eth0\n", "  198.18.1.0/24 via 192.0.2.9 dev eth0\n"
    box = Box(lab, config()).master()
    box.reload(config(block("virtual_routes", one + two)))
    wait_until(lambda: routes(box.node) == ["198.18.0.0/24", "198.18.1.0/24"], what="both")
    monitor = box.monitor()
    box.reload(config(block("virtual_routes", two + one), before="# again\n"))
    box.reload(config(block("virtual_routes", two + one) + " track_interface {\n  lo\n }\n"))
    assert monitor() == []
    box.reload(config())
    wait_until(lambda: routes(box.node) == [], what="none")
    box.reload(config(block("virtual_routes", one)))
    wait_until(lambda: routes(box.node) == ["198.18.0.0/24"], what="one")
    box.reload(HEAD + config().split(HEAD)[1].replace("VI_1", "VI_2").replace("51", "52"))
    wait_until(lambda: routes(box.node) == [], what="gone with its instance")


def test_what_somebody_else_deletes_comes_back_unless_it_is_not_tracked(lab):
    box = Box(lab, config(
        block("virtual_routes", "  198.18.0.0/24 via 192.0.2.9 dev eth0\n  2001:db8:2::/48 via fe80::1 dev eth0\n"
                                "  198.18.1.0/24 via 192.0.2.9 dev eth0 no_track\n")
        + block("virtual_rules", "  from 192.0.2.100 table 8 preference 102\n"
                                 "  from 192.0.2.100 table 9 preference 103 no_track\n"), before=STATIC)).master()
    wait_until(lambda: 103 in preferences(box.node), what="the last of them")
    whole = found(box.node)
    for command in ("route del 198.18.0.0/24", "-6 route del 2001:db8:2::/48", "rule del preference 102",
                    "route del 203.0.113.0/25", "rule del preference 101", "address del 192.0.2.77/24 dev eth0"):
        box.node.run("ip", *command.split())
    wait_until(lambda: found(box.node) == whole and box.node.has_address("192.0.2.77"), what="all of them")
    wait_until(lambda: box.process.text().count("set again") == 6, what="a line for each")
    assert "(VI_1) set again route unicast 198.18.0.0/24 via 192.0.2.9 dev eth0 table 254" in box.process.text()
    box.node.ip("route del 198.18.1.0/24", "rule del preference 103")
    holds(lambda: "198.18.1.0/24" not in routes(box.node) and 103 not in preferences(box.node), 1.5, "not tracked")
    assert box.process.text().count("MASTER") == 1


def test_an_interface_that_goes_takes_its_routes_and_brings_them_back(lab):
    def second(node):
        node.link("eth1", "198.51.100.1/24")

    box = Box(lab, config(block("virtual_routes", "  198.18.0.0/24 via 198.51.100.9 dev eth1\n")),
              before=second).master()
    box.node.ip("link set eth1 down")
    wait_until(lambda: "cannot be set again: route unicast 198.18.0.0/24" in box.process.text(), what="a line in the log")
    box.node.ip("link set eth1 up")
    wait_until(lambda: routes(box.node) == ["198.18.0.0/24"], what="the route")
    wait_until(lambda: "set at last route unicast 198.18.0.0/24" in box.process.text(), what="a line of that")
    box.node.ip("link del eth1")
    wait_until(lambda: box.process.text().count("cannot be set again") == 2, what="the second line")
    second(box.node)
    wait_until(lambda: routes(box.node) == ["198.18.0.0/24"], what="the route by the new interface")
    box.process.stop()
    assert found(box.node) == []


def test_a_crash_leaves_no_doubles_and_nothing_on_a_backup(lab):
    text = config(block("virtual_routes", ROUTES) + block("virtual_rules", RULES), before=STATIC)
    box = Box(lab, text).whole()
    whole, rules = found(box.node), preferences(box.node)
    box.process.kill()
    assert found(box.node) == whole
    box.start()
    wait_until(lambda: "BACKUP -> MASTER" in box.process.text(), what="master again")
    wait_until(lambda: found(box.node) == whole, what="the same again")
    assert preferences(box.node) == rules
    box.process.kill()
    peer = Box(lab, config(priority=250), "192.0.2.2/24", name="peer").master()
    assert peer.process.alive()
    box.start()
    wait_until(lambda: len(found(box.node)) == 4, what="only what is static")
    wait_until(lambda: "left behind by an earlier run" in box.process.text(), what="a line of that")


def test_what_the_kernel_refuses_is_said_and_the_instance_goes_on(lab):
    box = Box(lab, config(block("virtual_routes", "  198.18.0.0/24 via 10.1.2.3 dev eth0\n"
                                                  "  198.18.1.0/24 via 192.0.2.9 dev eth0\n"
                                                  "  198.18.2.0/24 dev nosuch\n"))).master()
    wait_until(lambda: routes(box.node) == ["198.18.1.0/24"], what="the good one")
    wait_until(lambda: box.process.text().count("cannot set") == 2, what="two lines in the log")
    said = [line for line in box.process.text().splitlines() if "cannot set" in line]
    assert "(VI_1) cannot set route unicast 198.18.0.0/24 via 10.1.2.3 dev eth0" in said[0]
    assert said[0].endswith("(Nexthop has invalid gateway)")
    assert said[1].endswith("No such device")
    holds(lambda: box.node.has_address("192.0.2.100"), 1, "master")


def test_a_track_group_takes_its_instances_to_fault(lab):
    def second(node):
        node.link("eth1", "198.51.100.1/24")

    groups = "track_group G {\n group {\n  VI_1\n }\n}\n"
    needed = "static_routes {\n 203.0.113.0/24 via 198.51.100.9 dev eth1 track_group G\n}\n"
    box = Box(lab, config(before=groups + needed), before=second).master()
    box.node.run("ip", "route", "del", "203.0.113.0/24")
    wait_until(lambda: routes(box.node) == ["203.0.113.0/24"], what="the route again")
    holds(lambda: box.node.has_address("192.0.2.100"), 0.5, "master")
    box.node.ip("link set eth1 down")
    wait_until(lambda: not box.node.has_address("192.0.2.100"), what="no address")
    wait_until(lambda: "MASTER -> FAULT: a static address, route or rule is missing" in box.process.text(), what="why")
    box.node.ip("link set eth1 up")
    box.master()
    box.node.ip("link set eth1 down")
    wait_until(lambda: not box.node.has_address("192.0.2.100"), what="no address")
    box.reload(config(before=groups))
    box.master()
    box.reload(config(before=groups + needed))
    wait_until(lambda: not box.node.has_address("192.0.2.100"), what="no address")
    box.reload(config())
    box.master()


def test_what_two_instances_have_stays_until_both_have_left(lab):
    shared = block("virtual_routes", "  198.18.0.0/24 via 192.0.2.9 dev eth0\n")
    other = INSTANCE.format(priority=200, more=shared).replace("VI_1", "VI_2").replace("51", "52").replace(".100/", ".110/")
    box = Box(lab, config(shared) + other).master()
    wait_until(lambda: box.node.has_address("192.0.2.110"), what="the other's address")
    wait_until(lambda: routes(box.node) == ["198.18.0.0/24"], what="the route")
    monitor = box.monitor()
    box.reload(config(shared))
    wait_until(lambda: not box.node.has_address("192.0.2.110"), what="the other gone")
    assert routes(box.node) == ["198.18.0.0/24"] and monitor() == []
    box.reload(config())
    wait_until(lambda: routes(box.node) == [], what="none")


def test_leaving_addresses_set_leaves_virtual_routes_set(lab):
    text = config(block("virtual_routes", "  198.18.0.0/24 via 192.0.2.9 dev eth0\n"), before=STATIC)
    node = lab.node("node", "192.0.2.1/24")
    process = node.vipd(node.write("vipd.conf", text), "-V")
    wait_until(lambda: routes(node)[:1] == ["198.18.0.0/24"], what="the route")
    process.stop()
    assert routes(node) == ["198.18.0.0/24"] and node.has_address("192.0.2.100")
    assert not node.has_address("192.0.2.77")
