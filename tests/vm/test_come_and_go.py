# SPDX-License-Identifier: MIT
"""Servers that come and go under held connections, in a real kernel: slow start, drain_on_removal, somebody else's
ipvsadm, the sysctls of a drain, and a restart that leaves the table where it is (-I).

One laboratory for all steps, in order: a client, a director, and two servers that hold what is opened.
"""

import json
import os
import re
import subprocess
import sys

import pytest

from lab import wait_until

ROOM = 30  # seconds a slow machine may add
VIP = "192.0.2.100"
A, B = "192.0.2.11", "192.0.2.12"
PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "drain_peers.py")
WEIGHT = 1000
SLOW = 10
HEAD = """
global_defs {{
    router_id come
    {extra}
    lvs_timeouts tcp 900 tcpfin 1 udp 1
}}
virtual_server {vip} 80 {{
    delay_loop 1
    lb_algo wlc
    lb_kind DR
    protocol TCP
    {settings}
"""
SERVER = """    real_server {address} 80 {{
        weight {weight}
        TCP_CHECK {{
            connect_timeout 5
            connect_port 8080
        }}
    }}
"""


class Bench:
    def __init__(self, lab):
        self.director = lab.node("director", "192.0.2.1/24")
        self.director.add_address("eth0", f"{VIP}/24")
        self.client = lab.node("client", "192.0.2.50/24")
        for name, address in (("a", A), ("b", B)):
            node = lab.node(name, f"{address}/24")
            node.real_server(VIP)
            health = node.dir / "health"
            health.touch()
            node.popen(sys.executable, PEERS, "server", name, health, log="server.log")
            wait_until(lambda n=node: ":8080 " in n.output("ss", "-Hlnt"), 10 + ROOM, "a server")
        self.user = self.client.popen(sys.executable, "-u", PEERS, "client", VIP, log="client.log",
                                      stdin=subprocess.PIPE)
        self.answers = 0
        self.file = self.director.write("vipd.conf", self.config())

    def config(self, addresses=(A, B), settings="", extra=""):
        text = HEAD.format(vip=VIP, settings=settings, extra=extra)
        return text + "".join(SERVER.format(address=address, weight=WEIGHT) for address in addresses) + "}\n"

    def start(self):
        self.daemon = self.director.vipd(self.file, "-C", "-I", log=f"vipd-{os.urandom(3).hex()}.log")
        wait_until(lambda: "is ready" in self.daemon.text() or not self.daemon.alive(), 10 + ROOM, "vipd")
        assert self.daemon.alive(), self.daemon.text()
        wait_until(lambda: len(self.weights()) == 2, 10 + ROOM, "the table")

    def reload(self, **options):
        self.file.write_text(self.config(**options))
        self.director.vipctl("reload")

    def weights(self):
        found = re.findall(r"-a -t \S+ -r ([\d.]+):80 .*-w (\d+)", self.director.output("ipvsadm", "-Sn"))
        return {address: int(weight) for address, weight in found}

    def active(self, address):
        found = re.search(rf"-> {address}:80 +\w+ +\d+ +(\d+)", self.director.output("ipvsadm", "-Ln"))
        return int(found[1]) if found else None

    def say(self, words):
        self.user.popen.stdin.write(f"{words}\n".encode())
        self.user.popen.stdin.flush()
        self.answers += 1
        wait_until(lambda: len(self.user.text().splitlines()) >= self.answers, 10 + ROOM, f"an answer to {words}")
        return self.user.text().splitlines()[self.answers - 1]

    def status(self):
        return json.loads(self.director.vipctl("-j", "status").stdout)

    def drained_by(self, admin, address):
        rows = self.status()["services"][0]["servers"]
        return next(row for row in rows if row["server"] == f"{address}:80")["admin"] == admin


@pytest.fixture(scope="module")
def bench(story_lab):
    made = Bench(story_lab)
    made.start()
    return made


def test_held_connections(bench):
    """Those that the rest of the story must not break."""
    assert {bench.say("open") for _ in range(4)} == {"a", "b"}
    wait_until(lambda: bench.active(A) == bench.active(B) == 2, 5 + ROOM, "two on each")


def test_what_others_change_is_repaired_within_a_refresh(bench):
    bench.director.run("ipvsadm", "-e", "-t", f"{VIP}:80", "-r", f"{A}:80", "-g", "-w", "7")
    wait_until(lambda: bench.weights() == {A: WEIGHT, B: WEIGHT}, 3 + ROOM, "the weight again")
    wait_until(lambda: f"{A}:80 has weight 7 in the kernel instead of {WEIGHT}; repairing" in bench.daemon.text(), 3 + ROOM, "a line")
    assert bench.status()["ipvs"]["drifts"] == 1
    # By policy it is said and left, until there is something to do.
    bench.reload(extra="lvs_drift leave")
    bench.director.run("ipvsadm", "-e", "-t", f"{VIP}:80", "-r", f"{A}:80", "-g", "-w", "7")
    wait_until(lambda: bench.status()["services"][0]["drifted"], 3 + ROOM, "seen")
    assert bench.weights() == {A: 7, B: WEIGHT}
    bench.reload()
    assert bench.weights() == {A: WEIGHT, B: WEIGHT}
    assert bench.active(A) == bench.active(B) == 2


def test_sysctls_are_seen(bench):
    path = "net.ipv4.vs.conn_reuse_mode"
    assert bench.status()["ipvs"]["conn_reuse_mode"] == 1
    bench.director.sysctl(path, 0)
    wait_until(lambda: f"{path} is 0" in bench.daemon.text(), 3 + ROOM, "a warning")
    assert bench.status()["ipvs"]["conn_reuse_mode"] == 0
    bench.director.sysctl(path, 1)
    wait_until(lambda: bench.status()["ipvs"]["conn_reuse_mode"] == 1, 3 + ROOM, "as before")


def test_a_restart_with_i_leaves_the_table_where_it_is(bench):
    saved = bench.director.output("ipvsadm", "-Sn")
    held = bench.director.output("ipvsadm", "-Lnc").count("ESTABLISHED")
    assert bench.daemon.stop(timeout=20) == 0
    assert bench.director.output("ipvsadm", "-Sn") == saved
    assert bench.say("open") in "ab", "served while no vipd runs"
    bench.start()
    assert bench.director.output("ipvsadm", "-Sn") == saved
    assert bench.director.output("ipvsadm", "-Lnc").count("ESTABLISHED") == held + 1
    assert "missing in the kernel" not in bench.daemon.text() and bench.status()["ipvs"]["drifts"] == 0


def test_a_server_that_is_taken_away_keeps_its_connections(bench):
    bench.reload(settings="drain_on_removal 600")
    before = bench.active(B)
    bench.reload(addresses=(A,), settings="drain_on_removal 600")
    assert bench.weights() == {A: WEIGHT, B: 0}
    assert bench.status()["services"][0]["leaving"] == 1
    assert {bench.say("open") for _ in range(3)} == {"a"}
    assert bench.active(B) == before
    bench.say("close b")
    wait_until(lambda: bench.weights() == {A: WEIGHT}, 10 + ROOM, "gone with its last connection")
    assert bench.active(A) >= 2


def test_a_server_that_comes_back_starts_slowly(bench):
    bench.reload(settings=f"slow_start {SLOW}")
    assert bench.weights() == {A: WEIGHT, B: WEIGHT}, "one that is new has its weight"
    bench.director.vipctl("drain", "--all", f"{VIP}:80")
    assert set(bench.weights().values()) == {0}
    wait_until(lambda: bench.drained_by("locked", B), 10 + ROOM, "the idle one drained")
    bench.director.vipctl("undrain", "--all", f"{VIP}:80")
    first = bench.weights()
    assert set(first) == {A, B} and all(1 <= weight < WEIGHT for weight in first.values()), first
    row = bench.status()["services"][0]["servers"][0]
    assert row["weight"] == row["kernel_weight"] < WEIGHT and row["held_back_permille"] > 0
    # Killed half way, and started again: on from where it was, and never more than there should be.
    wait_until(lambda: bench.weights()[A] >= WEIGHT // 4, SLOW + ROOM, "a quarter")
    bench.daemon.kill()
    left = bench.weights()[A]
    bench.start()
    assert left <= bench.weights()[A]
    if left < WEIGHT // 2:
        assert bench.weights()[A] < WEIGHT
    wait_until(lambda: bench.weights() == {A: WEIGHT, B: WEIGHT}, SLOW + ROOM, "all of it")
    assert bench.active(A) >= 2
