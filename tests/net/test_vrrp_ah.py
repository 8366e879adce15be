# SPDX-License-Identifier: MIT
"""Version 2 with AH: with a virtual MAC address, among unicast peers, against strangers and replays. In one group it is
in test_vrrp_matrix.py."""

import time

import pytest

from lab import holds, wait_until
from vrrp_pair import HIGH, LOW, PAIRS, VIP, VRID, Mode, Pair, flagged

AUTH = "authentication {{\n\t\tauth_type AH\n\t\tauth_pass secret12345\n\t}}"
GROUP = Mode("group", 2, 1, f"advert_int 1\n\t{AUTH}")
UNICAST = Mode("unicast", 2, 1, f"advert_int 1\n\tunicast_src_ip {{own}}\n\tunicast_peer {{{{\n\t\t{{peer}}\n\t}}}}\n\t{AUTH}",
               True)
# Of a macvlan a packet socket hears the group, and AH.
VMAC = Mode("vmac", 2, 1, f"advert_int 1\n\tuse_vmac\n\t{AUTH}")
SEATS = [(*PAIRS[1], VMAC), (*PAIRS[0], UNICAST)]


def sequences(capture):
    """The sequence number of each advert, and that there is none without."""
    ipv4 = [frame for _, frame in capture.frames() if frame[12:14] == b"\x08\x00"]
    assert not [frame for frame in ipv4 if frame[23] == 112]
    return [int.from_bytes(frame[42:46], "big") for frame in ipv4 if frame[23] == 51]


@pytest.mark.parametrize("high,low,mode", SEATS, ids=lambda value: getattr(value, "name", value))
def test_takeover(lab, high, low, mode):
    pair = Pair(lab, high, low, mode=mode)
    if not mode.unicast:
        pair.silence_then_return()
    pair.resignation()
    assert flagged(pair.capture.stop().path) == ""
    numbers = sequences(pair.capture)
    assert numbers == sorted(numbers), "whoever is master goes on where the last one was"
    assert all(a.addresses == [VIP] and a.raw[4] == 2 for a in pair.capture.adverts(VRID))


def test_another_key_and_a_replay_are_not_believed(lab):
    pair = Pair(lab, "vipd", "vipd", mode=GROUP)
    stranger = lab.node("stranger", "192.0.2.7/24")
    heard = [frame for _, frame in pair.capture.frames() if frame[12:14] == b"\x08\x00" and frame[23] == 51][0]
    since = time.time()
    stranger.vipd(stranger.write("vipd.conf", pair.high.config.read_text().replace("secret", "public")
                                 .replace("priority 200", "priority 250")))
    wait_until(lambda: "wrong password" in pair.high.daemon.text(), 10, "the failure is told")
    stranger.popen("/usr/bin/python3", "-c", REPLAY, heard.hex(), log="replay.log")
    wait_until(lambda: "has been seen already" in pair.low.daemon.text(), 10, "the replay is told")
    holds(pair.high.is_master, 1, "the master stays")
    assert not pair.low.is_master()
    assert pair.late(HIGH, since) == [] and pair.capture.adverts(VRID, LOW, since) == []


# Sends the frame that is argument 1 again.
REPLAY = """
import socket, sys
sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sender.bind(("eth0", 0))
sender.send(bytes.fromhex(sys.argv[1]))
"""
