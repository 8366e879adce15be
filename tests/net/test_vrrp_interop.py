# SPDX-License-Identifier: MIT
"""vipd and Debian's keepalived in one VRRP group: no preemption, stalls, reloads, a lost link, a flood. Who takes over
when is in test_vrrp_matrix.py."""

import signal
import time

import pytest

from lab import holds, wait_until
from vrrp_pair import HIGH, HIGH_PRIORITY, LOW, PAIRS, VIP, VRID, Pair


@pytest.mark.parametrize("high,low", PAIRS[:2])
def test_nopreempt(lab, high, low):
    """Shows VS-3."""
    pair = Pair(lab, high, low, extra="nopreempt")
    # With `state MASTER` nopreempt does not count, so let the low one be master and the high one a BACKUP.
    text = pair.high.config.read_text().replace("state MASTER", "state BACKUP")
    pair.high.daemon.stop(signal.SIGTERM)
    pair.high.config.write_text(text)
    wait_until(pair.low.is_master, 10, "the low one is master")
    pair.high.start()
    holds(lambda: pair.low.is_master() and not pair.high.is_master(), 6, "no preemption")


def test_a_stalled_backup_reads_before_it_judges(lab):
    """Shows VR-19."""
    pair = Pair(lab, "keepalived", "vipd")
    pair.low.daemon.pause()
    time.sleep(6)
    resumed = time.time()
    pair.low.daemon.resume()
    holds(lambda: not pair.low.is_master(), 3, "the backup stays one")
    assert pair.capture.adverts(VRID, LOW, resumed) == []


def test_a_reload_without_change_is_not_seen(lab):
    """Shows VS-16."""
    pair = Pair(lab, "vipd", "keepalived")
    announced = [arp.time for arp in pair.capture.gratuitous(VIP)]
    wait_until(lambda: pair.capture.gratuitous(VIP)[-1].time > announced[0] + 4.5, 15, "the burst garp_master_delay later")
    time.sleep(0.5)  # it is over
    since = time.time()
    for _ in range(5):
        pair.high.daemon.send(signal.SIGHUP)
        time.sleep(1.3)
    adverts = pair.capture.adverts(VRID, HIGH, since)
    assert len(adverts) >= 5 and all(a.priority == HIGH_PRIORITY for a in adverts)
    assert pair.late(HIGH, since) == []
    assert pair.capture.gratuitous(VIP, since) == []
    assert pair.capture.adverts(VRID, LOW, since) == []
    assert pair.high.is_master() and pair.high.node.count_address(VIP) == 1


def test_link_loss_and_return(lab):
    """Shows VS-20."""
    pair = Pair(lab, "vipd", "keepalived")
    pair.high.node.run("ip", "link", "set", "eth0", "down")
    wait_until(lambda: not pair.high.is_master(), 5, "addresses are taken off")
    wait_until(pair.low.is_master, 10, "the low one takes over")
    up = time.time()
    pair.high.node.run("ip", "link", "set", "eth0", "up")
    wait_until(pair.high.is_master, 15, "the high one is back")
    first = wait_until(lambda: pair.capture.adverts(VRID, HIGH, up), what="its advert")[0]
    assert first.time - up > 3, "it starts as backup again"
    wait_until(lambda: not pair.low.is_master(), 5, "the low one has yielded")


FLOOD = """
import socket, struct, sys, time
vrid, kind = int(sys.argv[1]), sys.argv[2]
out = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 254 if kind == "ttl" else 255)
out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(sys.argv[3]))
message = struct.pack(">BBBBBBH", 0x21, vrid, 255, 1, 1, 1, 0xDEAD) + bytes(12)
count, start = 0, time.monotonic()
while time.monotonic() < start + 6:
    out.sendto(message, ("224.0.0.18", 0))
    count += 1
    time.sleep(max(0, start + count / 10000 - time.monotonic()))
print(count)
"""


def test_a_flood_of_bad_packets(lab):
    """Shows VR-17."""
    pair = Pair(lab, "vipd", "keepalived")
    time.sleep(1)
    log = len(pair.high.daemon.text().splitlines())
    since = time.time()
    floods = [lab.node(f"flood{kind}", f"192.0.2.{number}/24").popen(
        "/usr/bin/python3", "-c", FLOOD, VRID, kind, f"192.0.2.{number}", log="flood.log")
        for number, kind in enumerate(("ttl", "checksum"), 30)]
    wait_until(lambda: not any(flood.alive() for flood in floods), 30, "end of the flood")
    assert sum(int(flood.text()) for flood in floods) > 20000, "a flood worth the name"
    time.sleep(1)
    path = pair.capture.stop().path
    assert pair.late(HIGH, since) == [], path
    assert pair.high.is_master() and not pair.low.is_master()
    assert len(pair.high.daemon.text().splitlines()) - log < 20, "the log is bounded"
