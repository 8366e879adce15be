# SPDX-License-Identifier: MIT
"""VRRP over IPv6: version 2, both families at once, an address that is still looked for duplicates of. Who takes over
when, and what the neighbours are told, is in test_vrrp_matrix.py."""

import json
import os
import signal
import time

from lab import build_dir, holds, wait_until
from vrrp_pair import LOW_PRIORITY, NET6, VRID, Mode, Router, silence

GROUP = Mode("group", 3, 0.2, "version 3\n\tadvert_int 0.2", net=NET6)
V2 = Mode("v2", 2, 1, "version 2\n\tadvert_int 1", net=NET6)  # in no RFC, but keepalived's
VIPS = [vip.split("/")[0] for vip in NET6.vips]


def test_version_2(lab):
    """Only where the configuration says so. tshark knows no such thing; keepalived, which made it up, is the judge."""
    capture = lab.node("watcher", "192.0.2.9/24").capture("eth0", "ip6 proto 112")
    high = Router(lab, "vipd", NET6.high, 200, V2).start()
    low = Router(lab, "keepalived", NET6.low, 100, V2).start()
    wait_until(high.is_master, 10, "the high one is master")
    holds(lambda: not low.is_master(), 1, "the low one, with less than half a second more to wait, hears it")
    high.daemon.stop(signal.SIGTERM)
    wait_until(low.is_master, 5, "it hears the resignation")
    first = wait_until(lambda: capture.adverts(VRID, NET6.low), 5, "the low one speaks")[0]
    last = capture.adverts(VRID, NET6.high)[-1]
    assert last.priority == 0 and first.time - last.time < silence(LOW_PRIORITY, V2)
    assert (last.version, last.addresses, last.auth) == (first.version, first.addresses, first.auth) == (2, VIPS, b"")


FOUR = """
vrrp_instance V4 {{
	interface eth0
	version 3
	advert_int 0.2
	virtual_router_id {vrid}
	priority {priority}
	virtual_ipaddress {{
		192.0.2.100/24
	}}
}}
"""


def test_one_vrid_in_both_families(lab):
    """Two routers: over IPv6 the one is master, over IPv4 the other. A router that forwards says so.
    Shows VR-7, VS-8."""
    net = NET6._replace(hosts=[*NET6.hosts, "192.0.2.{}/24"])
    mode = GROUP._replace(net=net)
    ours, theirs = Router(lab, "vipd", net.high, 200, mode), Router(lab, "keepalived", net.low, 100, mode)
    capture = lab.node("watcher", "192.0.2.9/24").capture("eth0", "icmp6")
    ours.node.sysctl("net.ipv6.conf.all.forwarding", 1)
    for router, priority in ((ours, 100), (theirs, 200)):
        router.config.write_text(router.config.read_text() + FOUR.format(vrid=VRID, priority=priority))
        router.start()
    wait_until(lambda: ours.is_master() and theirs.node.has_address("192.0.2.100"), 15, "one each")
    holds(lambda: not theirs.is_master() and not ours.node.has_address("192.0.2.100"), 2, "only one each")
    rows = {row["name"]: row for row in json.loads(ours.node.vipctl("-j", "status").stdout)["instances"]}
    assert (rows["VI_1"]["state"], rows["VI_1"]["master"]) == ("MASTER", net.high)
    assert (rows["V4"]["state"], rows["V4"]["master"]) == ("BACKUP", "192.0.2.1")
    assert {na.flags for vip in VIPS for na in capture.unsolicited(vip)} == {5}, "router, override"


def test_no_usable_address(lab):
    """Without a link-local address, or while the kernel still looks for duplicates of it, nothing is said.
    Shows VT-2, VT-12."""
    router = Router(lab, "vipd", NET6.high, 255, GROUP)
    other = lab.node("other", "192.0.2.9/24", "fe80::66/64")
    capture = other.capture("eth0", "ip6 proto 112")
    router.node.ip("address del fe80::2/64 dev eth0")
    router.start()
    wait_until(lambda: "no source address" in router.daemon.text(), 10, "the reason")
    # A duplicate: the kernel finds out and the address is never usable.
    router.node.ip("address add fe80::66/64 dev eth0")
    wait_until(lambda: "dadfailed" in router.node.output("ip", "address", "show", "dev", "eth0"), 10, "a duplicate")
    assert not router.is_master()
    router.node.sysctl("net.ipv6.conf.eth0.dad_transmits", 2)  # a second for each
    added = time.time()
    router.node.ip("address add fe80::77/64 dev eth0")
    wait_until(router.is_master, 10, "master")
    adverts = wait_until(lambda: capture.adverts(VRID), 5, "adverts")
    assert {advert.source for advert in adverts} == {"fe80::77"}
    assert adverts[0].time - added > 2, "not while it is tentative"
    router.node.ip("address del fe80::77/64 dev eth0")
    wait_until(lambda: not router.is_master(), 10, "a fault again")


def test_an_address_that_the_kernel_has_not_spoken_of(lab):
    """The kernel tells of an IPv6 address a moment after it is set, by a thread that the probe leaves no time for: an
    instance that is master for so short a time leaves nothing behind."""
    node = lab.node("director", "192.0.2.1/24")
    cpu = min(os.sched_getaffinity(0))
    node.run("taskset", "-c", cpu, "chrt", "-f", 1, build_dir() / "tests/tools/addressprobe", "eth0", "2001:db8:5::100", 20)
    time.sleep(0.5)
    assert not node.has_address("2001:db8:5::100")
