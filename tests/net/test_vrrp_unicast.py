# SPDX-License-Identifier: MIT
"""Unicast peers: lists of them, strangers, none, a source that goes. Who takes over when is in test_vrrp_matrix.py."""

import signal
import time

from lab import holds, wait_until
from vrrp_pair import HIGH, LOW, VIP, VRID, Mode, Pair, flagged

PEERS = "unicast_src_ip {own}\n\tunicast_peer {{\n\t\t{peer}\n\t}}"
V3 = Mode("v3", 3, 0.5, f"version 3\n\tadvert_int 0.5\n\t{PEERS}", True)


def test_several_peers_and_a_stranger(lab):
    """Two backups, one of them named by a list that has the master itself as well; a stranger is not listened to.
    Shows VT-8."""
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
    """Shows VT-2."""
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
