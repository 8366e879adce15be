# SPDX-License-Identifier: MIT
"""Many virtual routers and an snmpd in trouble: a hundred at 10 ms, a thousand that change state at once."""

import json
import re
import threading
import time
from datetime import datetime

import snmp
from lab import wait_until
from scale import RealTimePulse, are_all, cable, frame, router, routers

FAST, MANY = 100, 1000
FAST_INTERVAL = 0.01
STOPPED_S = 15
STEADY, STEADY_INTERVAL = 255, 0.1
STATE_TRAP = snmp.KEEPALIVED_MIB + ".2.10.0.2"
TRAPS = "\tenable_snmp_vrrp\n\tenable_traps\n"
TRACKED = "\ttrack_interface {\n\t\ttrk\n\t}\n"


def snmpd_of(lab, director):
    """The master agent of a director, on a node without its addresses: snmpd asks for all of them for each trap."""
    agent = lab.node("agent", "10.5.0.8/24")
    traps = agent.snmptrapd()
    process = agent.snmpd(traps_to="tcp:127.0.0.1:162")  # none may be lost on the way
    director.agentx = f"unix:{agent.dir}/run/agentx.sock"
    return process, traps


def transitions(director, prefix, since):
    """When routers with such names became master, by the log: [wall time]."""
    found = re.findall(rf"^(\S+ \S+) vrrp: {prefix}\d+: \S+ -> MASTER", director.daemon.text(), re.M)
    times = [datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").timestamp() for text in found]
    return [at for at in times if at >= since]


class Polling(threading.Thread):
    """Somebody walks all the time, answered or not."""

    def __init__(self, manager):
        super().__init__(daemon=True)
        self.manager, self.ending = manager, threading.Event()
        self.start()

    def run(self):
        while not self.ending.wait(0.5):
            try:
                self.manager.walk(snmp.KEEPALIVED_MIB, timeout=1)
            except snmp.SnmpError:
                pass


def toggle(director, seconds):
    """Routers that track that interface come and go, which is worth a notification each time."""
    ending = time.monotonic() + seconds
    while time.monotonic() < ending:
        for state in ("down", "up"):
            director.ip(f"link set trk {state}")
            time.sleep(0.25)


def test_a_hung_snmpd_at_ten_milliseconds(lab, record_property):
    """Shows VT-6, a hundred times as often as version 2 can."""
    pair = [lab.node(f"fast{i}", f"10.5.0.{i + 1}/24") for i in range(2)]
    agent, _ = snmpd_of(lab, pair[0])
    for node, state, priority in zip(pair, ("MASTER", "BACKUP"), (200, 100)):
        node.link("trk")
        options = {"state": state, "priority": priority, "interval": FAST_INTERVAL}
        flapping = "".join(router(f"F{i}", 251 + i, address=f"10.7.0.{i + 1}", more=TRACKED, **options) for i in range(4))
        config = node.write("director.conf", frame(node.name, TRAPS) + routers(FAST, **options) + flapping)
        node.daemon = node.vipd(config, *(("-x", "-A", node.agentx) if node is pair[0] else ()))
        wait_until(lambda: are_all(node, state, FAST), 30, what=state)
    master, backup = pair
    pulse = RealTimePulse(master)
    polling = Polling(lab.nodes[-1].snmp("10.5.0.8"))
    time.sleep(1)

    began = time.time()
    agent.pause()
    toggle(master, STOPPED_S)
    agent.resume()
    toggle(master, 3)
    ended = time.time()
    polling.ending.set()
    # The log is written a moment later: what the flapping ones did last is in it when all before is.
    wait_until(lambda: any(at > ended - 1 for at in transitions(backup, "F", began)), what="the log of the end")
    late = {at: pulse.worst(at - 0.2, at) for at in transitions(backup, "R", began) if at < ended}
    record_property("worst_pulse_s", f"{pulse.worst(began, ended):.4f}")
    record_property("transitions", len(late))
    assert not [at - began for at, worst in late.items() if worst < FAST_INTERVAL], "without a fault of the machine's"

    # A master that does stop for that long is noticed: the pair is as quick as it was to be.
    began = time.time()
    master.daemon.pause()
    wait_until(lambda: are_all(backup, "MASTER", FAST), what="takeover")
    master.daemon.resume()
    wait_until(lambda: len(transitions(backup, "R", began)) >= FAST, what="the log of it")


class Slow(threading.Thread):
    """Lets a process run for a hundredth of the time."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.ending = process, threading.Event()
        self.start()

    def run(self):
        while not self.ending.is_set():
            self.process.pause()
            self.ending.wait(0.1)
            self.process.resume()
            time.sleep(0.001)


def start_thousand(lab):
    pair = [lab.node(f"many{i}", f"10.5.0.{i + 1}/24") for i in range(2)]
    for link in range(1, MANY // 250):
        cable(*pair, f"eth{link}", [f"10.5.{link}.{i + 1}/24" for i in range(2)])
    agent, traps = snmpd_of(lab, pair[0])
    for node, state, priority in zip(pair, ("MASTER", "BACKUP"), (200, 100)):
        node.link("trk")
        steady = router("steady", STEADY, address="10.7.0.1", state=state, priority=priority, interval=STEADY_INTERVAL)
        config = node.write("director.conf", frame(node.name, TRAPS) + steady
                            + routers(MANY, state=state, priority=priority, interval=1, more=TRACKED))
        node.daemon = node.vipd(config, *(("-x", "-A", node.agentx) if node is pair[0] else ()))
    wait_until(lambda: are_all(pair[0], "MASTER", MANY), 30, what="masters")
    wait_until(lambda: are_all(pair[1], "BACKUP", MANY), 30, what="backups")
    return pair, agent, traps


def change_all(master, backup):
    """Away and back."""
    master.ip("link set trk down")
    wait_until(lambda: are_all(backup, "MASTER", MANY), 30, what="takeover")
    master.ip("link set trk up")
    wait_until(lambda: are_all(master, "MASTER", MANY), 30, what="return")


def notifications(director):
    return json.loads(director.vipctl("-j", "status").stdout)["agent"]


def are_all_sent(director):
    figures = notifications(director)
    return figures["notifications_sent"] == figures["notifications_queued"]


def told(traps, since=0):
    """{instance: every state that was announced, in order}"""
    heard = {}
    for trap in traps.all()[since:]:
        if trap.oid == STATE_TRAP:
            name, state = list(trap.varbinds.values())[:2]
            heard.setdefault(name.text, []).append(state.text)
    return heard


def test_a_thousand_change_state_at_once(lab, record_property):
    (master, backup), agent, traps = start_thousand(lab)
    wait_until(lambda: are_all_sent(master), 60, what="the first notifications")
    capture = backup.capture("eth0", f"ip proto 112 and ip[21] = {STEADY}")
    began, pulse, before = time.time(), RealTimePulse(master), len(traps.all())

    change_all(master, backup)
    slow = Slow(agent)
    change_all(master, backup)
    slow.ending.set()
    slow.join()
    agent.pause()
    change_all(master, backup)
    time.sleep(1)
    ended = time.time()
    agent.resume()
    wait_until(lambda: are_all_sent(master), 90, what="every notification")

    gap, at = capture.largest_gap(vrid=STEADY, since=began)
    record_property("largest_gap_s", f"{gap:.3f}")
    print(f"largest advert gap {gap:.3f} s; the machine {pulse.worst(at, at + gap):.3f} s late then")
    assert capture.masters(vrid=STEADY, since=began) == ["10.5.0.1"]
    assert gap < 1.5 * STEADY_INTERVAL + 2 * pulse.worst(at, at + gap)
    assert notifications(master)["notifications_dropped"] == 0
    # Fault, backup, master: all three of each change, in order; the last is what it is.
    wanted = {f"R{i}": ["3", "1", "2"] * 3 for i in range(MANY)}
    wait_until(lambda: sum(map(len, told(traps, before).values())) >= 9 * MANY, 20, what="every trap received")
    heard = told(traps, before)
    assert {name: states[-1] for name, states in heard.items()} == {name: "2" for name in wanted}
    assert heard == wanted
