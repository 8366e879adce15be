# SPDX-License-Identifier: MIT
"""A master and a backup, vipd and Debian's keepalived in either seat, watched from a third machine.

Times come from the capture of that machine; the packets are judged by tshark.
"""

import collections
import signal
import subprocess
import time

from lab import holds, wait_until

VRID = 61
# The addresses they speak from, every address of theirs by a pattern, and the virtual ones.
Net = collections.namedtuple("Net", "high low third vips hosts")
NET4 = Net("192.0.2.2", "192.0.2.1", "192.0.2.3", ["192.0.2.100/24"], ["192.0.2.{}/24"])
NET6 = Net("fe80::2", "fe80::1", "fe80::3", ["fe80::100/64", "2001:db8::100/64"], ["fe80::{}/64", "2001:db8::{}/64"])
VIP = NET4.vips[0].split("/")[0]
HIGH, LOW, WATCHER = NET4.high, NET4.low, "192.0.2.9"
HIGH_PRIORITY, LOW_PRIORITY, THIRD_PRIORITY = 200, 100, 50
# How much later than the RFC says keepalived takes over by itself: watched, not promised. vipd has no such room.
SLACK_S = {"vipd": 0, "keepalived": 0.2}
EARLY_S = 0.02  # two capturing clocks' worth: the adverts are stamped on arrival
PAIRS = [("vipd", "keepalived"), ("keepalived", "vipd"), ("vipd", "vipd")]

# How the pair speaks; config: lines of the instance, {own} and {peer} are addresses; more: what follows the instance.
Mode = collections.namedtuple("Mode", "name version interval config unicast net more", defaults=(False, NET4, ""))

V2_PASS = Mode("v2-pass", 2, 1, """
	advert_int 1
	authentication {{
		auth_type PASS
		auth_pass secret12345
	}}""")

CONFIG = """
global_defs {{
	router_id {name}
}}
vrrp_instance VI_1 {{
	state {state}
	interface eth0
	virtual_router_id {vrid}
	priority {priority}
	{mode}
	{extra}
	virtual_ipaddress {{
		{vips}
	}}
}}
"""


def skew(priority, mode=V2_PASS):
    """Of the master's interval in version 3, of one second in version 2."""
    return (256 - priority) / 256 * (1 if mode.version == 2 else mode.interval)


def silence(priority, mode=V2_PASS):
    """How long a backup waits after the last advert."""
    return 3 * mode.interval + skew(priority, mode)


class Router:
    def __init__(self, lab, kind, address, priority, mode=V2_PASS, extra="", others=()):
        """others: the addresses of its peers, without: the other one of a pair."""
        self.kind, self.address, self.priority = kind, address, priority
        self.net = mode.net
        self.node = lab.node(f"{kind}{priority}")
        self.node.sysctl("net.ipv6.conf.default.addr_gen_mode", 1)  # no link-local address but ours
        number = address.replace(":", ".").split(".")[-1]
        self.node.link("eth0", *[pattern.format(number) for pattern in mode.net.hosts])
        peer = "\n\t\t".join(others) or (mode.net.low if address == mode.net.high else mode.net.high)
        state = "MASTER" if priority == HIGH_PRIORITY else "BACKUP"
        self.config = self.node.write("director.conf", CONFIG.format(
            name=self.node.name, state=state, vrid=VRID, priority=priority,
            mode=mode.config.format(own=address, peer=peer), extra=extra,
            vips="\n\t\t".join(mode.net.vips)) + mode.more.format(state=state, priority=priority))
        self.daemon = None

    def start(self):
        self.daemon = (self.node.vipd if self.kind == "vipd" else self.node.keepalived)(self.config)
        return self

    def is_master(self):
        return self.node.has_address(self.net.vips[0])


def assert_took(last, first, expected, kind, pulse):
    """From one advert to the other as long as the RFC says, as far as this machine let it."""
    took, late = first.time - last.time, SLACK_S[kind] + pulse.allowance(last.time, first.time)
    assert expected - EARLY_S <= took <= expected + late, f"{took:.3f} s, expected {expected:.3f} s, and {late:.3f} s"


class Pair:
    """The high-priority router is master, the low one backup, and so is a third if there is one; a watcher captures."""

    def __init__(self, lab, high, low, extra="", mode=V2_PASS, third=None):
        self.mode, self.net, self.pulse = mode, mode.net, lab.pulse
        if mode.unicast:  # a hub, or the watcher would not see it
            lab.switch.ip("link set br0 type bridge ageing_time 0")
        self.watcher = lab.node("watcher", f"{WATCHER}/24")
        self.capture = self.watcher.capture("eth0", "ip proto 112 or ip proto 51 or ip6 proto 112 or arp or igmp or icmp6")
        seats = [(high, self.net.high, HIGH_PRIORITY), (low, self.net.low, LOW_PRIORITY), (third, self.net.third, THIRD_PRIORITY)]
        seats = seats[:3 if third else 2]
        self.routers = [Router(lab, kind, own, priority, mode, extra, [other for _, other, _ in seats if other != own])
                        for kind, own, priority in seats]
        self.high, self.low, self.third = (*self.routers, None)[:3]
        self.high.start()
        wait_until(self.high.is_master, 15, "the high one is master")
        for router in self.routers[1:]:
            router.start()
        for router in self.routers[1:]:
            wait_until(lambda: "BACKUP" in router.daemon.text(), what="the others are backup")
        ready = time.time()
        wait_until(lambda: self.capture.adverts(VRID, self.net.high, ready), what="an advert that both heard")

    def one_master(self, router):
        """It has the addresses, nobody else has."""
        wait_until(lambda: [each for each in self.routers if each.is_master()] == [router], 5, f"{router.node.name} is master")

    def takeover(self, since):
        """(last advert of the high one, first of the low one after it)"""
        first = wait_until(lambda: self.capture.adverts(VRID, self.net.low, since), 10, "takeover")[0]
        last = [a for a in self.capture.adverts(VRID, self.net.high) if a.time < first.time][-1]
        return last, first

    def assert_takeover(self, since, expected):
        """The low one took over when the RFC says; returns as takeover()."""
        last, first = self.takeover(since)
        assert_took(last, first, expected, self.low.kind, self.pulse)
        return last, first

    def late(self, source, since):
        """Capture.late_gaps() of one router."""
        return self.capture.late_gaps(self.mode.interval, self.pulse, vrid=VRID, source=source, since=since)

    def silence_then_return(self):
        """The high one falls silent and is started again; the low one keeps to the RFC. Returns when it fell
        silent and the low one's first advert."""
        killed = kill(self.high)
        _, first = self.assert_takeover(killed, silence(LOW_PRIORITY, self.mode))
        wait_until(self.low.is_master, what="address of the low one")
        self.high.start()
        wait_until(self.high.is_master, 15, "the high one is back")
        wait_until(lambda: not self.low.is_master(), what="the low one has yielded")
        return killed, first

    def stays_quiet(self, since):
        """The low one says nothing after the high one's return but, at most, the advert that crossed that on the wire; not
        when it could have lost its patience, either."""
        mine = wait_until(lambda: self.capture.adverts(VRID, self.net.high, since), what="an advert of the high one")[0]
        seconds = silence(LOW_PRIORITY, self.mode) + self.mode.interval
        holds(lambda: not self.low.is_master(), seconds, "the low one stays backup")
        assert [a for a in self.capture.adverts(VRID, self.net.low, mine.time + 0.5) if a.priority] == []

    def resignation(self):
        """The high one stops; the low one takes over after its skew alone."""
        ended = time.time()
        self.high.daemon.stop(signal.SIGTERM)
        last, _ = self.assert_takeover(ended, skew(LOW_PRIORITY, self.mode))
        assert last.priority == 0
        wait_until(self.low.is_master, what="address of the low one")
        assert not self.high.is_master(), "addresses go with the daemon"

    def second_resignation(self):
        """The low one stops after the high one; the third takes over after its skew."""
        ended = time.time()
        self.low.daemon.stop(signal.SIGTERM)
        first = wait_until(lambda: self.capture.adverts(VRID, self.net.third, ended), 10, "the third takes over")[0]
        last = [a for a in self.capture.adverts(VRID, self.net.low) if a.time < first.time][-1]
        assert last.priority == 0
        assert_took(last, first, skew(THIRD_PRIORITY, self.mode), self.third.kind, self.pulse)


def flagged(path):
    """What tshark finds wrong with the VRRP packets and neighbour advertisements of a capture."""
    return subprocess.run(
        ["tshark", "-n", "-r", path, "-o", "ip.check_checksum:TRUE", "-Y",
         "(vrrp || icmpv6.type == 136) && (_ws.malformed || _ws.expert.severity >= 0x00400000)", "-T", "fields", "-e", "frame.number", "-e",
         "_ws.expert.message"], check=True, capture_output=True, text=True, timeout=60).stdout


def with_a_flipped_bit(path, target, version=2):
    """A copy whose first advert has another priority and the old checksum."""
    data = bytearray(path.read_bytes())
    at = data.index(bytes([version << 4 | 1, VRID, HIGH_PRIORITY]))
    data[at + 2] ^= 1
    target.write_bytes(data)
    return target


def kill(router):
    """Silence without a word; returns when."""
    killed = time.time()
    router.daemon.kill()
    for left in (router.node.dir / "run").glob("*pid"):
        left.unlink()  # keepalived would not start beside a process that nobody has reaped yet
    for address in router.net.vips:
        router.node.run("ip", "address", "flush", "dev", "eth0", "to", address.split("/")[0])
    router.node.run("ip", "link", "delete", f"vrrp.{VRID}", check=False)  # of use_vmac
    return killed
