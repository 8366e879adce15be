# SPDX-License-Identifier: MIT
"""Drains under load: TCP, persistent TCP, UDP and every scheduler of the kernel, steered and watched as operators do it.

One director, two servers behind direct routing, one client that opens connections to sixteen services all the time and
holds some of them. snmpset drains one server of each service at once. The moment of its answer and those of the
notifications are read from a capture, the moment of the last close from the kernel's table.
"""

import collections
import json
import re
import subprocess
import sys
import time

import pytest

import pcap
import snmp
from lab import wait_until

ROOM = 40  # seconds a slow machine may add
REFRESH = 2  # seconds between two looks at the kernel's table
PEERS = __file__.replace("test_drain_under_load", "drain_load")
SERVERS = {"a": "10.7.0.11", "b": "10.7.0.12"}
CLIENTS = [f"10.7.0.{host}" for host in range(50, 58)]
TCP, PERSISTENT, UDP = "10.7.0.101", "10.7.0.102", "10.7.0.103"
DEEP = (TCP, PERSISTENT, UDP)
# "twos" where the kernel has it: Debian's does not.
SCHEDULERS = {f"10.7.0.{110 + number}": name for number, name in enumerate(
    "rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf twos".split())}
# With these a client whose hash falls on a server of weight 0 is refused by the kernel.
HASHING = ("dh", "sh", "mh")
DEADLINE = 8
DEST = snmp.DIRECTOR_MIB + ".1.3.1.1"
ADMIN_STATE, DRAIN_STATE, TIMEOUT, ACTION = f"{DEST}.5", f"{DEST}.26", f"{DEST}.27", f"{DEST}.28"
LOCKED, SHUTTING_DOWN, UNLOCKED = 2, 3, 4
COMPLETED, TIMED_OUT = f"{snmp.DIRECTOR_MIB}.0.6", f"{snmp.DIRECTOR_MIB}.0.7"


def config():
    text = "global_defs {\n    enable_traps\n    lvs_timeouts tcp 900 tcpfin 1 udp 15\n}\n"
    for vip in [*DEEP, *SCHEDULERS]:
        settings = "persistence_timeout 60" if vip == PERSISTENT else ""
        text += f"virtual_server {vip} 80 {{\n    delay_loop 5\n    lb_algo {SCHEDULERS.get(vip, 'wlc')}\n    lb_kind DR\n"
        text += f"    protocol {'UDP' if vip == UDP else 'TCP'}\n    {settings}\n"
        for address in SERVERS.values():
            text += f"    real_server {address} 80 {{\n        weight 100\n        TCP_CHECK {{\n            connect_timeout 5\n        }}\n    }}\n"
        text += "}\n"
    return text


def index_of(vip, server):
    return f"0.1.4.{vip}.{17 if vip == UDP else 6}.80.1.4.{SERVERS[server]}.80"


class Bench:
    def __init__(self, lab):
        self.pulse = lab.pulse
        self.director = lab.node("director", "10.7.0.1/24")
        self.director.ip(*[f"address add {vip}/32 dev eth0" for vip in (*DEEP, *SCHEDULERS)])
        self.client = lab.node("client", *[f"{address}/24" for address in CLIENTS])
        for name, address in SERVERS.items():
            node = lab.node(name, f"{address}/24")
            node.real_server(*DEEP, *SCHEDULERS)
            node.popen(sys.executable, PEERS, "serve", name, 80, *DEEP, log="server.log")
            wait_until(lambda node=node: ":80 " in node.output("ss", "-Hlnt"), ROOM, "a server")
        self.traps = self.client.snmptrapd()
        self.capture = self.client.capture("eth0", "udp src port 161 or udp dst port 162")
        self.director.snmpd(traps_to=CLIENTS[0])
        self.daemon = self.director.vipd(self.director.write("vipd.conf", config()), "-C", "-x", "-A", self.director.agentx)
        self.agent = self.client.snmp("10.7.0.1")
        wait_until(lambda: "is ready" in self.daemon.text() or not self.daemon.alive(), ROOM, "vipd")
        # Only now: the kernel makes these when IPVS is there.
        for name in ("expire_quiescent_template", "expire_nodest_conn"):
            self.director.sysctl(f"net.ipv4.vs.{name}", 1)
        wait_until(lambda: self.agent.answers(f"{ADMIN_STATE}.{index_of(TCP, 'a')}"), ROOM, "SNMP")
        wait_until(lambda: len(self.table()) >= len(DEEP) + len(SCHEDULERS) - 1, ROOM, "the table")
        self.services = [vip for vip in (*DEEP, *SCHEDULERS) if vip in self.table()]
        self.eye = self.director.popen(sys.executable, PEERS, "watch", log="watch.log")
        self.start_load()

    def table(self):
        words = [line.split() for line in self.director.output("ipvsadm", "-Sn").splitlines()]
        return {line[2].split(":")[0] for line in words if line[0] == "-A"}

    def start_load(self):
        path = self.client.write("load.json", "")
        self.journal, self.tail, self.read = open(path, encoding="ascii"), "", []
        services = [f"{'udp' if vip == UDP else 'tcp'},{vip},80,{3 if vip in DEEP else 1},{2 if vip in DEEP else 0}"
                    for vip in self.services]
        self.load = self.client.popen(sys.executable, PEERS, "load", path, ",".join(CLIENTS), *services, log="load.log",
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def command(self, words):
        self.load.popen.stdin.write(f"{words}\n".encode())
        self.load.popen.stdin.flush()
        assert self.load.popen.stdout.readline() == b"done\n", self.load.text()

    def notes(self, what, since=0.0, **wanted):
        """What the load wrote of connections that began, or of held ones that broke or ended, since then."""
        self.tail += self.journal.read()
        *lines, self.tail = self.tail.split("\n")
        self.read += map(json.loads, lines)
        return [note for note in self.read if note["what"] == what and note.get("at", note["began"]) >= since
                and all(note[name] == value for name, value in wanted.items())]

    def trap_of(self, name, vip, server, since):
        """When the notification about this row came by, or None."""
        column = f"{DRAIN_STATE}.{index_of(vip, server)}"
        found = [at for at, trap in zip(self.times(2, 162), self.traps.all()) if trap.oid == name and column in trap.varbinds and at > since]
        return found[0] if found else None

    def last_close(self, vip, server, since, until):
        """When the kernel's table showed this server without connections for good."""
        text = self.eye.text()
        rows = [line.split() for line in text[:text.rfind("\n")].splitlines()]
        counts = [(float(at), max(int(active) + int(inactive), 0)) for at, service, address, _, active, inactive in rows
                  if (service, address) == (vip, SERVERS[server])]
        ends = [at for (_, before), (at, now) in zip(counts, counts[1:]) if before and not now and since < at <= until + 1]
        return max(ends, default=since)

    def set(self, *triples):
        """One SET; the moment of its answer. A machine so slow that it cannot store in time says so, and is asked again."""
        for _ in range(10):
            self.asked = time.time()
            try:
                self.agent.as_writer().set(*triples, timeout=20)
                break
            except snmp.SnmpError as error:
                if error.reason != "commitFailed":
                    raise
        else:
            raise AssertionError("every SET failed")
        return wait_until(lambda: max((at for at in self.times(0, 161) if at > self.asked), default=None), ROOM, "the answer")

    def allowance(self, since, until):
        """How late this machine may have made what vipd did in that time. Where vipd's threads wait for seconds, which it
        says in the log, they wait for tenths of them without saying so, too."""
        late = re.findall(r"^(\S+ \S+) .* a timer came (\d+) ms late", self.daemon.text(), re.M)
        window = [time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment)) for moment in (since, until + 2)]
        worst = max((int(ms) / 1000 for at, ms in late if window[0] <= at <= window[1]), default=1 if late else 0)
        return 0.2 + self.pulse.allowance(since, until) + 2 * worst

    def times(self, place, port):
        """When packets to (2) or from (0) a UDP port of ours were on the wire."""
        wanted = port.to_bytes(2, "big")
        return [at for at, frame in pcap.read_frames(self.capture.path) if frame[34 + place:36 + place] == wanted]


@pytest.fixture(scope="module")
def bench(story_lab):
    return Bench(story_lab)


def drain(bench, victims, deep=()):
    """snmpset by one PDU: {service: server}; deep: varbinds in front. The moment of the answer."""
    return bench.set(*deep, *[word for vip, server in victims.items()
                              for word in (f"{ADMIN_STATE}.{index_of(vip, server)}", "i", SHUTTING_DOWN)])


def servers_of(bench, vip, since=0.0):
    return collections.Counter(note["server"] for note in bench.notes("new", since, service=vip))


def wait_for_trap(bench, name, vip, server, since, timeout):
    return wait_until(lambda: bench.trap_of(name, vip, server, since), timeout + ROOM, f"notification {name} of {server} in {vip}", 0.2)


def assert_soon_after_the_last_close(bench, vip, server, asked, answered):
    """The completion of a drain; where no connection was left, soon after its beginning, if not even before the answer."""
    # A handshake that was lost counts for a minute in the kernel.
    told = wait_for_trap(bench, COMPLETED, vip, server, asked, 70)
    since = min(told, answered)
    closed, allowed = bench.last_close(vip, server, since, told), bench.allowance(since, told)
    print(f"{SCHEDULERS.get(vip, vip):10} drained {told - closed:.2f} s after the last close; this machine is granted {allowed:.2f} s")
    # The eye on the table may be late, too.
    assert -allowed <= told - closed <= 2 * REFRESH + allowed


@pytest.fixture(scope="module")
def drained(bench):
    """The drain of one server of each service: ({service: server}, moment of the SET, of its answer)."""
    wait_until(lambda: all(servers_of(bench, vip)[None] < servers_of(bench, vip).total() >= 3 for vip in bench.services), ROOM, "load", 0.3)
    bench.command("hold")
    for vip in DEEP:
        wait_until(lambda vip=vip: {note["server"] for note in bench.notes("held", service=vip)} == set(SERVERS),
                   ROOM, "held ones", 0.3)
    victims = {vip: "a" for vip in DEEP}
    for vip in bench.services[len(DEEP):]:
        victims[vip] = [note["server"] for note in bench.notes("new", service=vip) if note["server"]][-1]
    deep = [word for vip in DEEP for word in (f"{TIMEOUT}.{index_of(vip, 'a')}", "u", 600, f"{ACTION}.{index_of(vip, 'a')}", "i", 1)]
    answered = drain(bench, victims, deep)
    return victims, bench.asked, answered


def test_no_connection_begins_after_the_answer(bench, drained):
    victims, _, answered = drained
    for vip, server in victims.items():
        wait_until(lambda vip=vip: servers_of(bench, vip, answered).total() >= 4, ROOM, f"new connections to {vip}", 0.3)
        before, after = servers_of(bench, vip), servers_of(bench, vip, answered)
        print(f"{SCHEDULERS.get(vip, vip):10} {server} had {before[server] - after[server]} before, {after[server]} after; "
              f"the other {after['ab'.replace(server, '')]} after; refused {after[None]}")
        assert after[server] == 0
        assert not after[None] or SCHEDULERS.get(vip) in HASHING
    assert bench.notes("broken") == []


def test_a_drain_ends_with_the_last_connection(bench, drained):
    victims, asked, answered = drained
    for vip in bench.services[len(DEEP):]:
        assert_soon_after_the_last_close(bench, vip, victims[vip], asked, answered)
    for vip in DEEP:
        assert bench.trap_of(COMPLETED, vip, "a", asked) is None, "held connections"
    assert bench.notes("broken") == []
    bench.command("close a")
    for vip in DEEP:
        assert_soon_after_the_last_close(bench, vip, "a", asked, answered)
        assert bench.agent.number(f"{ADMIN_STATE}.{index_of(vip, 'a')}") == LOCKED
        assert len(bench.notes("closed", service=vip, server="a")) == len(bench.notes("held", service=vip, server="a"))
        assert servers_of(bench, vip, answered)["a"] == 0
    assert bench.notes("broken") == []


def test_none_is_broken_before_the_deadline(bench, drained):
    bench.set(*[word for vip in DEEP for word in (f"{ADMIN_STATE}.{index_of(vip, 'a')}", "i", UNLOCKED)])
    held = {vip: len(bench.notes("held", service=vip, server="b")) for vip in DEEP}
    assert set(held.values()) == {2}, held
    asked = time.time()
    answered = drain(bench, {vip: "b" for vip in DEEP},
                     [word for vip in DEEP for word in (f"{TIMEOUT}.{index_of(vip, 'b')}", "u", DEADLINE,
                                                        f"{ACTION}.{index_of(vip, 'b')}", "i", 2)])
    for vip in DEEP:
        told = wait_for_trap(bench, TIMED_OUT, vip, "b", answered, DEADLINE)
        print(f"{vip}: deadline {told - answered:.2f} s after the answer")
        assert asked + DEADLINE <= told <= answered + DEADLINE + 0.5 + bench.allowance(answered, told)
        # Out of the table now, the kernel ends them.
        wait_until(lambda vip=vip: len(bench.notes("broken", service=vip)) == held[vip], ROOM, f"the end of those of {vip}")
        assert all(note["at"] >= asked + DEADLINE for note in bench.notes("broken", service=vip))
        assert servers_of(bench, vip, answered).keys() == {"a"}
