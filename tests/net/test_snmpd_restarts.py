# SPDX-License-Identifier: MIT
"""snmpd is ended and started again and again under traps and walks: no notification is lost, none comes twice, nothing grows.

AgentX cannot promise more than this: a notification is acknowledged after snmpd has passed it on, so of an snmpd that is
killed between the two nobody can tell whether it did. vipd sends that one again: doubled rather than lost. It is one for
each SIGKILL at most, and its serial (ipvsdNotifySerial) tells. snmpd that obeys SIGTERM leaves no such moment.
"""

import collections
import itertools
import json
import os
import random
import re
import signal
import statistics
import threading
import time

import snmp
from lab import wait_until

RESTARTS = int(os.environ.get("VIPD_SNMPD_RESTARTS", "18"))
BACK_WITHIN_S = 5.0
GROWTH_KB = 1024
LINE_KB, RINGS_KB = 0.16, 2600  # a line of the log takes memory until the ring of its thread has been around once
K, D = snmp.KEEPALIVED_MIB, snmp.DIRECTOR_MIB
SERIAL, GENERATION, EVENT_MAX = D + ".1.8.5.0", D + ".1.1.4.0", D + ".1.6.1.0"
STATE_TRAP, QUORUM_TRAP = K + ".2.10.0.2", K + ".3.5.0.2"
QUORUM_LOST, QUORUM_GAINED, DRAIN_STARTED, DRAIN_CANCELLED = (f"{D}.0.{number}" for number in (3, 4, 5, 8))
SERVICE, SERVERS = "10.9.0.100:80/tcp", [f"10.9.0.{41 + i}" for i in range(8)]

CONFIG = """
global_defs {{
    enable_snmp_checker
    enable_snmp_vrrp
    enable_traps
}}
track_file flip {{
    file {file}
}}
vrrp_instance VI {{
    state BACKUP
    interface eth0
    virtual_router_id 5
    priority 100
    advert_int 255
    virtual_ipaddress {{
        10.9.0.200
    }}
    track_file {{
        flip weight 0
    }}
}}
virtual_server 10.9.0.100 80 {{
    lvs_method DR
    protocol TCP
    {servers}
}}
"""
SERVER = "real_server {} 80 {{\n        weight 1\n    }}\n    "


class Source(threading.Thread):
    """Does something that is worth notifications, again and again, and counts how often; a fault of its own is told."""

    def __init__(self, act):
        super().__init__(daemon=True)
        self.act, self.ending, self.count, self.fault = act, threading.Event(), 0, None

    def run(self):
        while not self.ending.wait(0.05 + 0.2 * random.random()):
            try:
                self.act()
            except Exception as fault:  # for the main thread
                self.fault = fault
                return
            self.count += 1

    def end(self):
        self.ending.set()
        self.join(30)
        assert not self.is_alive() and self.fault is None, self.fault
        return self.count


class Director:
    def __init__(self, lab):
        self.node = lab.node("director", "10.9.0.1/24")
        self.traps = self.node.snmptrapd()
        self.reader = self.node.snmp("127.0.0.1")
        self.file = self.node.write("flip", "0\n")
        self.start_snmpd()
        config = CONFIG.format(file=self.file, servers="".join(map(SERVER.format, SERVERS)))
        self.process = self.node.vipd(self.node.write("vipd.conf", config), "-x", "-A", self.node.agentx)
        wait_until(lambda: self.reader.answers(GENERATION), 15, "the agent")
        self.reader.as_writer().set(EVENT_MAX, "u", 20)  # so that a ring that fills does not look like a leak
        self.folder = f"/proc/{self.process.pid}"

    def start_snmpd(self):
        self.snmpd = self.node.snmpd(traps_to="tcp:127.0.0.1:162")  # by UDP the receiver might lose some

    def end_snmpd(self, number):
        self.snmpd.stop(number)
        (self.node.dir / "run/agentx.sock").unlink(missing_ok=True)

    def status(self):
        return json.loads(self.node.vipctl("-j", "status").stdout)

    def drain_and_back(self):
        for word in ("drain", "undrain"):
            self.node.vipctl(word, "--all", SERVICE)

    def flip(self):
        """Waits for the effect: the kernel tells of two writes at once in one event."""
        for value, state in ((1, "FAULT"), (0, "BACKUP")):
            self.file.write_text(f"{value}\n")
            wait_until(lambda state=state: self.status()["instances"][0]["state"] == state, timeout=30, what=state)

    def walk(self):
        try:
            self.reader.walk(random.choice((K, D, snmp.VRRP_MIB)), timeout=1)
        except snmp.SnmpError:
            pass

    def descriptors(self):
        return len(os.listdir(f"{self.folder}/fd"))

    def memory_kb(self):
        """Proportional, and of that what is nobody else's whatever other processes do."""
        with open(f"{self.folder}/smaps_rollup", encoding="ascii") as rollup:
            found = dict(re.findall(r"^(\w+): +(\d+)", rollup.read(), re.M))
        return int(found["Pss"]), int(found["Anonymous"])

    def lines(self):
        return self.process.text().count("\n")

    def restart(self, how):
        """Seconds from the moment that there is an snmpd until vipd answers by it."""
        if how.startswith("stopped"):
            self.snmpd.pause()
            time.sleep(0.3)
            if "resumed" in how:
                self.snmpd.resume()
                time.sleep(0.02 * random.random())  # it is busy with what has waited
        self.end_snmpd(signal.SIGTERM if how.endswith("SIGTERM") else signal.SIGKILL)
        time.sleep(0.3 * random.random())
        self.start_snmpd()
        began = time.monotonic()
        wait_until(lambda: self.reader.answers(GENERATION), 60, "the agent", interval=0.02)
        return time.monotonic() - began

    def received(self):
        """{serial: how often}, {notification: how often}, of vipd's that the manager has."""
        serials, kinds = collections.Counter(), collections.Counter()
        for trap in self.traps.all():
            if SERIAL in trap.varbinds:
                serials[int(trap.varbinds[SERIAL].text)] += 1
            if trap.oid.startswith((K, D)):
                kinds[trap.oid] += 1
        return serials, kinds


def restart_often(director, count, *ways):
    """How long each of so many restarts took, in these ways by turns."""
    return [director.restart(way) for way in itertools.islice(itertools.cycle(ways), count)]


def settle(director):
    """Every notification has been acknowledged and is with the manager; returns received()."""
    def is_empty():
        agent = director.status()["agent"]
        return agent["connected"] and agent["notifications_sent"] == agent["notifications_queued"] and agent
    sent = wait_until(is_empty, 30, "an empty queue")["notifications_sent"]
    wait_until(lambda: sum(director.received()[1].values()) >= sent, 20, "every trap received")
    return director.received()


class Story:
    """What was done, and what the manager heard of it."""

    def __init__(self, director):
        self.director, self.rounds, self.flips = director, 0, 0
        self.serials, self.kinds = settle(director)
        assert sorted(self.serials) == list(range(1, len(self.serials) + 1))

    def restarts(self, count, *ways):
        """Under traps and walks; returns the times and how many notifications came twice."""
        director = self.director
        sources = [Source(act) for act in (director.drain_and_back, director.flip, director.walk, director.walk)]
        for source in sources:
            source.start()
        times = restart_often(director, count, *ways)
        rounds, flips, *_ = [source.end() for source in sources]
        self.rounds += rounds
        self.flips += flips
        return times, self.check()

    def check(self):
        """Nothing is missing; returns how many there were more than that."""
        serials, kinds = settle(self.director)
        assert sorted(serials) == list(range(1, len(self.serials) + self.rounds * (2 * len(SERVERS) + 2) + 1))
        wanted = {DRAIN_STARTED: self.rounds * len(SERVERS), DRAIN_CANCELLED: self.rounds * len(SERVERS),
                  QUORUM_LOST: self.rounds, QUORUM_GAINED: self.rounds, QUORUM_TRAP: 2 * self.rounds,
                  STATE_TRAP: 2 * self.flips}
        more = {kind: kinds[kind] - self.kinds[kind] - count for kind, count in wanted.items()}
        assert min(more.values()) >= 0 and set(kinds) == set(self.kinds) | set(wanted), more
        return sum(more.values())


def test_restarts_under_traps_and_walks(lab, record_property):
    director = Director(lab)
    story, pulse = Story(director), lab.pulse
    story.restarts(4, "SIGTERM", "stopped, resumed, SIGTERM")  # whatever is allocated once
    descriptors, (pss, own), lines = director.descriptors(), director.memory_kb(), director.lines()
    reconnects, began = director.status()["agent"]["reconnects"], time.time()
    kind, twice = story.restarts(RESTARTS // 2, "SIGTERM", "stopped, SIGTERM", "stopped, resumed, SIGTERM")
    assert twice == 0
    rude, twice = story.restarts(RESTARTS - len(kind), "SIGKILL", "stopped, SIGKILL", "stopped, resumed, SIGKILL")
    agent, times, (pss_after, own_after) = director.status()["agent"], kind + rude, director.memory_kb()
    figures = {"restarts": len(times), "worst_back_s": f"{max(times):.2f}", "median_back_s": f"{statistics.median(times):.2f}",
               "sent": agent["notifications_sent"], "twice_of_killed": twice, "descriptors": f"{descriptors} {director.descriptors()}",
               "pss_kb": f"{pss} {pss_after}", "own_kb": f"{own} {own_after}", "lines": director.lines() - lines,
               "rounds": story.rounds, "flips": story.flips}
    print(figures)
    for name, value in figures.items():
        record_property(name, value)
    assert max(times) <= BACK_WITHIN_S + pulse.worst(began)
    assert agent["reconnects"] - reconnects == len(times) and agent["notifications_dropped"] == 0
    assert twice <= len(rude), "more than the one of each that snmpd was killed over"
    # A vipctl that has ended may still be connected.
    wait_until(lambda: director.descriptors() <= descriptors, what=f"{descriptors} descriptors")
    assert own_after - own <= GROWTH_KB + min(LINE_KB * (director.lines() - lines), RINGS_KB)
