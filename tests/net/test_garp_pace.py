# SPDX-License-Identifier: MIT
"""Gratuitous ARP on several interfaces: groups of them with one pace, and interfaces that send nothing else; vipd and
Debian's keepalived alone, one after the other, do the same."""

import ipaddress
import itertools

import pytest

from lab import wait_until

CONFIG = """
global_defs {{
    vrrp_garp_interval {interval}
}}
{top}
vrrp_instance VI_1 {{
    interface eth0
    virtual_router_id 61
    version 3
    advert_int 0.1
    garp_master_repeat {repeat}
    garp_master_delay 0
    {extra}
    virtual_ipaddress {{
        192.0.2.100/24
        198.51.100.100/24 dev eth1
        198.51.100.101/24 dev eth1 {last}
        203.0.113.5/24 dev eth2
    }}
}}
"""
VIRTUAL = "00:00:5e:00:01:3d"
KINDS = ["vipd", "keepalived"]


def start(lab, kind, **words):
    """(the router, its daemon, what a neighbour captures)"""
    words = {**dict.fromkeys(("top", "extra", "last"), ""), "interval": "0.000001", "repeat": 1, **words}
    node, watcher = lab.node(kind, "192.0.2.1/24"), lab.node("watcher", "192.0.2.9/24")
    node.link("eth1", "198.51.100.1/24")
    node.link("eth2", "203.0.113.1/24")
    capture = watcher.capture("eth0", "arp")
    daemon = getattr(node, kind)(node.write("director.conf", CONFIG.format(**words)))
    return node, daemon, capture


def gratuitous(capture):
    """[(time, source, address)] of ARP requests for the sender's own address."""
    return [(time, frame[6:12].hex(":"), str(ipaddress.ip_address(frame[28:32]))) for time, frame in capture.frames()
            if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\1" and frame[28:32] == frame[38:42]]


def enough(capture, count):
    return wait_until(lambda: (lambda rows: len(rows) >= count and rows)(gratuitous(capture)), 15, f"{count} ARPs")


@pytest.mark.parametrize("kind", KINDS)
def test_interfaces_of_a_group_have_one_pace(lab, kind):
    """eth2, which is in no group, has the global one."""
    _, _, capture = start(lab, kind, interval=0.1, top="""garp_group {
        garp_interval 0.3
        interfaces {
            eth0
            eth1
        }
    }""")
    rows = enough(capture, 4)
    assert {row[2] for row in rows} == {"192.0.2.100", "198.51.100.100", "198.51.100.101", "203.0.113.5"}
    grouped = [time for time, _, address in rows if address != "203.0.113.5"]
    assert all(later - earlier > 0.29 for earlier, later in itertools.pairwise(grouped))


@pytest.mark.parametrize("extra,last,senders", [
    ("garp_extra_if 1", "use_vmac", {("198.51.100.101", True)}),
    ("use_vmac\n    garp_extra_if all 1", "", {("198.51.100.100", False), ("203.0.113.5", False)}),
], ids=["macvlans", "all"])
@pytest.mark.parametrize("kind", KINDS)
def test_interfaces_that_send_nothing_else(lab, kind, extra, last, senders):
    """One address of each; not the interface by which the adverts leave."""
    node, daemon, capture = start(lab, kind, extra=extra, last=last)
    wait_until(lambda: node.has_address("203.0.113.5"), what="master")
    rows = enough(capture, 4 * (2 if kind == "vipd" else 1) + 2 * len(senders))
    again = [row for row in rows if row[0] > rows[0][0] + 0.8]
    assert {(address, source == VIRTUAL) for _, source, address in again} == senders
    times = [time for time, _, address in again if address == "198.51.100.101" or address == "203.0.113.5"]
    assert all(later - earlier > 0.8 for earlier, later in itertools.pairwise(times))
    if kind == "vipd":  # that they cease with a reload is in tests/replay/garp_extra_if.rpl
        assert daemon.stop() == 0
