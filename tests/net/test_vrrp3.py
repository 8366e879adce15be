# SPDX-License-Identifier: MIT
"""VRRP version 3 over IPv4: learned intervals, both checksums, the shortest interval, answers. Who takes over when is in
test_vrrp_matrix.py."""

import signal
import statistics
import time

import pytest

from lab import Pulse, holds, wait_until
from vrrp_pair import HIGH, LOW, LOW_PRIORITY, PAIRS, VRID, Mode, Pair, Router, kill, silence

SECOND = Mode("1s", 3, 1, "version 3\n\tadvert_int 1")
TENTH = Mode("0.1s", 3, 0.1, "version 3\n\tadvert_int 0.1")
FASTEST = Mode("0.01s", 3, 0.01, "version 3\n\tadvert_int 0.01")


def test_the_interval_of_the_master_counts(lab):
    """keepalived at 0.5 s is master, our own 0.1 s does not make us impatient; as master we keep to our own.
    Shows VR-11."""
    pair = Pair(lab, "keepalived", "vipd", mode=Mode("0.5s", 3, 0.5, "version 3\n\tadvert_int 0.5"))
    pair.low.daemon.stop(signal.SIGTERM)
    pair.low.config.write_text(pair.low.config.read_text().replace("advert_int 0.5", "advert_int 0.1"))
    pair.low.start()
    holds(lambda: not pair.low.is_master(), 4, "the low one is backup")
    _, first = pair.assert_takeover(kill(pair.high), silence(LOW_PRIORITY, pair.mode))
    wait_until(lambda: len(pair.capture.gaps(vrid=VRID, source=LOW, since=first.time)) >= 7, what="adverts of the low one")
    assert {advert.interval for advert in pair.capture.adverts(VRID, LOW, first.time)} == {0.1}
    assert pair.capture.late_gaps(0.1, pair.pulse, vrid=VRID, source=LOW, since=first.time) == []


@pytest.mark.parametrize("high,low", PAIRS[:2])
def test_either_checksum(lab, high, low):
    """One side leaves the addresses out of its checksum: keepalived then takes any, vipd takes both always.
    Shows VT-9."""
    pair = Pair(lab, high, low, mode=TENTH)
    for router in (pair.high, pair.low):
        if router.kind == "keepalived":
            text = router.config.read_text().replace("version 3", "version 3\n\tv3_checksum_as_v2")
            router.daemon.stop(signal.SIGTERM)
            router.config.write_text(text)
            router.start()
    wait_until(lambda: pair.high.is_master() and not pair.low.is_master(), 10, "order")
    holds(lambda: pair.high.is_master() and not pair.low.is_master(), 3, "one master")


def test_ten_milliseconds(lab):
    """The shortest interval there is. Takeovers are left to the tests in virtual time: 36 ms is what a busy machine takes."""
    capture = lab.node("watcher", "192.0.2.9/24").capture("eth0", "ip proto 112")
    router = Router(lab, "vipd", "192.0.2.3", 255, FASTEST)
    router.start()
    wait_until(router.is_master, 10, "master")
    control = Pulse(0.01)  # as often as the adverts, and adds up how late it is
    time.sleep(4)
    control.ending.set()
    router.daemon.stop()
    adverts = capture.stop().adverts(VRID)
    gaps = capture.gaps(vrid=VRID)
    late = [late for _, late in control.late]
    assert {advert.interval for advert in adverts} == {0.01}
    assert 0.0095 < statistics.median(gaps) < 0.0105 + statistics.median(late)
    assert statistics.mean(gaps[:-1]) < 0.01 + max(0.001, statistics.mean(late)), "late ones are made up for, not added"
    print(f"{len(gaps)} gaps: median {statistics.median(gaps) * 1000:.2f} ms, "
          f"99% {sorted(gaps)[len(gaps) * 99 // 100] * 1000:.2f} ms, greatest {max(gaps) * 1000:.2f} ms")


# Version 3 adverts of priority 50 that are not right after one of the master's, five of them.
LOSER = """
import socket, struct, sys, time
vrid, source = int(sys.argv[1]), sys.argv[2]
out = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(source))
words = [0x3100 | vrid, 50 << 8 | 1, 100, 0, 192 << 8, 2 << 8 | 100]
total = sum(words)
words[3] = ~((total & 0xffff) + (total >> 16)) & 0xffff
for _ in range(5):
    time.sleep(1.3)
    out.sendto(struct.pack(">6H", *words), ("224.0.0.18", 0))
"""


def test_a_losing_advert_is_answered(lab):
    pair = Pair(lab, "vipd", "vipd", mode=SECOND)
    loser = lab.node("loser", "192.0.2.7/24")
    loser.run("/usr/bin/python3", "-c", LOSER, VRID, "192.0.2.7")
    losing = wait_until(lambda: len(found := pair.capture.adverts(VRID, "192.0.2.7")) == 5 and found, what="five of them")
    for advert in losing:
        answer = wait_until(lambda: pair.capture.adverts(VRID, HIGH, advert.time), what="an advert of the master")[0]
        assert answer.time - advert.time < pair.pulse.allowance(advert.time, answer.time), "answered at once"
    assert pair.high.is_master() and not pair.low.is_master()
