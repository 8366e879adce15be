# SPDX-License-Identifier: MIT
"""VRRP over IPv6 with Debian's keepalived in one group, each as master and as backup, to the group and among unicast
peers; what the neighbours are told; an address that is still looked for duplicates of."""

import json
import signal
import time

import pytest

from lab import holds, wait_until
from vrrp_pair import LOW_PRIORITY, NET6, PAIRS, VRID, Mode, Pair, Router, flagged, silence, with_a_flipped_bit

GLOBAL = NET6._replace(high="2001:db8::2", low="2001:db8::1")
GROUP = Mode("group", 3, 0.2, "version 3\n\tadvert_int 0.2", net=NET6)
PEERS = Mode("peers", 3, 0.2, "version 3\n\tadvert_int 0.2\n\tunicast_src_ip {own}\n\tunicast_ttl 255\n\t"
             "unicast_peer {{\n\t\t{peer} min_ttl 255 max_ttl 255\n\t}}", True, GLOBAL)
V2 = Mode("v2", 2, 1, "version 2\n\tadvert_int 1", net=NET6)  # in no RFC, but keepalived's
VIPS = [vip.split("/")[0] for vip in NET6.vips]


def check_capture(pair):
    path, mode = pair.capture.stop().path, pair.mode
    assert flagged(path) == ""
    assert flagged(with_a_flipped_bit(path, path.with_name("bent.pcap"), mode.version)) != "", "tshark can object"
    adverts = pair.capture.adverts(VRID)
    assert {advert.source for advert in adverts} == {pair.net.high, pair.net.low}
    for advert in adverts:
        assert (advert.version, advert.type, advert.ttl, advert.interval) == (mode.version, 1, 255, mode.interval)
        assert (advert.addresses, advert.auth) == (VIPS, b"")


def check_announcements(pair, since, flags=1):
    """Of the low router, at once with its first advert; the high one makes its own later."""
    mac = pair.low.node.output("cat", "/sys/class/net/eth0/address").strip()
    for vip in VIPS:
        found = [na for na in pair.capture.unsolicited(vip, since.time - 0.001) if na.frame_macs[1] == mac]
        assert found[0].time - since.time < 0.1 + pair.pulse.allowance(since.time, found[0].time)
        for na in found:
            assert (na.source, na.hops, na.flags, na.mac) == (vip, 255, flags, mac)
            assert na.frame_macs == ("33:33:00:00:00:01", mac)


@pytest.mark.parametrize("mode,high,low", [(GROUP, *pair) for pair in PAIRS] + [(PEERS, *pair) for pair in PAIRS[:2]],
                         ids=lambda value: getattr(value, "name", value))
def test_silence_return_and_resignation(lab, high, low, mode):
    pair = Pair(lab, high, low, mode=mode)
    _, first = pair.silence_then_return()
    check_announcements(pair, first)
    pair.resignation()
    check_capture(pair)


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
    """Two routers: over IPv6 the one is master, over IPv4 the other. A router that forwards says so."""
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
    """Without a link-local address, or while the kernel still looks for duplicates of it, nothing is said."""
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
