# SPDX-License-Identifier: MIT
"""Unicast peers, and a group of one's own, with Debian's keepalived in either seat."""

import ipaddress
import signal
import time

import pytest

from lab import holds, wait_until
from vrrp_pair import HIGH, LOW, PAIRS, VIP, VRID, Mode, Pair, flagged

PEERS = "unicast_src_ip {own}\n\tunicast_peer {{\n\t\t{peer}\n\t}}"
V2 = Mode("v2", 2, 1, f"version 2\n\tadvert_int 1\n\t{PEERS}", True)
V3 = Mode("v3", 3, 0.5, f"version 3\n\tadvert_int 0.5\n\t{PEERS}", True)
# Not of 224.0.0.0/24, where tshark objects to any TTL but 1 unless the group is VRRP's own.
GROUP = Mode("group", 2, 1, "advert_int 1\n\tmcast_dst_ip 239.255.0.81")
MODES = pytest.mark.parametrize("mode", [V2, V3, GROUP], ids=lambda mode: mode.name)


def destinations(capture):
    """{protocol: {destination}} of every IPv4 packet in the capture."""
    found = {}
    for _, frame in capture.frames():
        if frame[12:14] == b"\x08\x00":
            found.setdefault(frame[23], set()).add(str(ipaddress.ip_address(frame[30:34])))
    return found


def check_capture(pair):
    assert flagged(pair.capture.stop().path) == ""
    seen = destinations(pair.capture)
    assert seen[112] == ({HIGH, LOW} if pair.mode.unicast else {"239.255.0.81"})
    for advert in pair.capture.adverts(VRID):
        assert (advert.version, advert.ttl, advert.interval) == (pair.mode.version, 255, pair.mode.interval)
    if pair.mode.unicast and pair.high.kind == pair.low.kind == "vipd":
        assert 2 not in seen, "not even a membership report"


@MODES
@pytest.mark.parametrize("high,low", PAIRS)
def test_silence_return_and_resignation(lab, high, low, mode):
    pair = Pair(lab, high, low, mode=mode)
    pair.silence_then_return()
    pair.resignation()
    check_capture(pair)


def test_several_peers_and_a_stranger(lab):
    """Two backups, one of them named by a list that has the master itself as well; a stranger is not listened to."""
    pair = Pair(lab, "vipd", "keepalived", mode=V3)
    text = pair.high.config.read_text().replace(f"\t\t{LOW}\n", f"\t\t{LOW}\n\t\t{HIGH}\n\t\t192.0.2.3\n", 1)
    pair.high.config.write_text(text.replace("unicast_src_ip", "check_unicast_src\n\tunicast_src_ip"))
    since = time.time()
    pair.high.daemon.send(signal.SIGHUP)
    third = lab.node("third", "192.0.2.3/24")
    heard = third.capture("eth0", f"ip proto 112 and dst 192.0.2.3")
    wait_until(lambda: heard.adverts(VRID, HIGH), 5, "the new peer is told")
    stranger = lab.node("stranger", "192.0.2.7/24")
    config = pair.high.config.read_text().replace(f"unicast_src_ip {HIGH}", "unicast_src_ip 192.0.2.7")
    config = config.replace("priority 200", "priority 250").replace(f"\t\t{LOW}\n", "")
    speaker = stranger.vipd(stranger.write("vipd.conf", config))
    wait_until(lambda: stranger.has_address(VIP), 10, "the stranger has an opinion of itself")
    holds(pair.high.is_master, 3, "the master does not listen to it")
    assert "not from a peer" in pair.high.daemon.text()
    speaker.stop()
    assert pair.late(HIGH, since) == []
    wait_until(lambda: len(heard.adverts(VRID, HIGH)) >= 5, what="five adverts at the new peer")
    assert flagged(heard.stop().path) == ""


def test_no_peer_is_a_fault(lab):
    node = lab.node("alone", f"{HIGH}/24")
    capture = node.capture("eth0", "ip proto 112 or igmp or arp")
    daemon = node.vipd(node.write("vipd.conf", f"""
vrrp_instance VI_1 {{
	interface eth0
	virtual_router_id {VRID}
	priority 255
	unicast_fault_no_peer
	virtual_ipaddress {{
		{VIP}/24
	}}
}}
"""))
    wait_until(lambda: "no unicast peer" in daemon.text(), 10, "the reason")
    holds(lambda: not node.has_address(VIP), 2, "no address")
    assert not capture.frames()


def test_the_source_goes_and_comes(lab):
    pair = Pair(lab, "vipd", "keepalived", extra="track_src_ip", mode=V3)
    gone = time.time()
    # Not the primary address of the interface, so that this is not a fault for want of any.
    pair.high.node.add_address("eth0", "192.0.2.20/24")
    pair.high.node.run("ip", "address", "del", f"{HIGH}/24", "dev", "eth0")
    wait_until(lambda: "no source address" in pair.high.daemon.text(), 5, "the reason")
    wait_until(pair.low.is_master, 5, "the low one takes over")
    assert not pair.high.is_master()
    assert pair.capture.adverts(VRID, "192.0.2.20", gone) == [], "no other source takes its place"
    pair.high.node.add_address("eth0", f"{HIGH}/24")
    wait_until(pair.high.is_master, 10, "the high one is back")
