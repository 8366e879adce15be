# SPDX-License-Identifier: MIT
"""IPVS-DIRECTOR-MIB of a live daemon: its checkers and what else it tells. There need be no IPVS."""

import json
import re
import subprocess
import sys

import pytest

import snmp
import test_mib_judge as judge
from lab import wait_until

D = snmp.DIRECTOR_MIB
VIP = "198.51.100.1"
SELF = "10.9.0.1"

CONFIG = """
global_defs {{
    router_id LVS_DEVEL
    enable_traps
    {extra}
}}
{services}
"""
SERVICE = """
virtual_server 198.51.100.1 {port} {{
    delay_loop 1
    lb_algo rr
    lb_kind NAT
    protocol TCP
    {servers}
}}
"""
SERVER = """
    real_server {ip} {port} {{
        {checks}
    }}
"""
TCP = "TCP_CHECK {\n connect_timeout 1\n warmup 0\n retry 0\n delay_loop 1\n}\n"
MISC = "MISC_CHECK {\n misc_path /usr/bin/true\n warmup 0\n misc_timeout 3\n delay_loop 1\n}\n"


def config(*servers, extra="", ports=(80,)):
    """Servers as (port, checks) of this machine, the same for every service."""
    text = "".join(SERVER.format(ip=SELF, port=port, checks=checks) for port, checks in servers)
    return CONFIG.format(extra=extra, services="".join(SERVICE.format(port=port, servers=text) for port in ports))


class Director:
    def __init__(self, lab, text, traps_to=None):
        self.lab = lab
        self.node = lab.node("director", SELF + "/24")
        self.node.snmpd(traps_to=traps_to)
        self.file = self.node.write("vipd.conf", text)
        self.reader = self.node.snmp("127.0.0.1")
        self.writer = self.reader.as_writer()
        self.start()

    def start(self):
        self.process = self.node.vipd(self.file, "-x", "-A", self.node.agentx)
        wait_until(lambda: self.reader.answers(D + ".1.1.4.0"), 15, "the agent")

    def reload(self, text):
        self.file.write_text(text)
        self.node.vipctl("reload")

    def listen(self, port):
        """Something that takes connections on this port."""
        program = (f"import socket\ns = socket.create_server(('{SELF}', {port}))\nprint('ready', flush=True)\n"
                   "while True: s.accept()[0].close()\n")
        process = self.node.popen(sys.executable, "-c", program, log=f"port{port}.log", stdin=subprocess.DEVNULL)
        wait_until(lambda: "ready" in process.text(), what=f"port {port}")
        return process

    def get(self, oid):
        return self.reader.get(oid).text

    def status(self):
        return json.loads(self.node.vipctl("-j", "status").stdout)["agent"]

    def number(self, oid):
        return self.reader.number(oid)

    def refusal(self, *words):
        with pytest.raises(snmp.SnmpError) as caught:
            self.writer.set(*words)
        return caught.value.reason


def date(text):
    """Whether a DateAndTime says a moment, and not never."""
    return not re.fullmatch(r'"?0-0-0,0:0:0\.0"?|(00 ?){8}', text.strip())


def service(port=80):
    return f"0.1.4.{VIP}.6.{port}"


def checker(column, port, number, vport=80):
    return f"{D}.1.5.1.1.{column}.{service(vport)}.1.4.{SELF}.{port}.{number}"


def test_checkers(lab):
    director = Director(lab, config((8001, TCP + MISC), (8002, TCP)))
    director.listen(8001)
    wait_until(lambda: director.number(checker(6, 8001, 1)) == 2, what="the first server up")
    wait_until(lambda: director.number(checker(6, 8002, 1)) == 4, what="the second down")
    wait_until(lambda: director.number(checker(6, 8001, 2)) == 2, what="the program's verdict")
    assert [director.get(checker(2, port, at)) for port, at in ((8001, 1), (8001, 2), (8002, 1))] == [
        "TCP_CHECK", "MISC_CHECK", "TCP_CHECK"]
    assert director.get(checker(3, 8002, 1)) == f"{SELF}:8002" and director.get(checker(3, 8001, 2)) == "/usr/bin/true"
    assert director.number(checker(7, 8002, 1)) == 4  # refused
    assert director.get(checker(9, 8002, 1)) == "cannot connect: Connection refused"
    assert director.get(checker(9, 8001, 1)) == ""
    assert [director.number(checker(column, 8001, 1)) for column in (5, 15, 16, 17, 18, 20)] == [1, 1000, 1000, 0, 0, 0]
    assert director.number(checker(16, 8001, 2)) == 3000
    assert [director.number(checker(column, 8001, 2)) for column in (4, 8)] == [1, 0]
    assert date(director.get(checker(10, 8001, 1))) and date(director.get(checker(22, 8002, 1)))
    least, mean, greatest = (director.number(checker(column, 8001, 1)) for column in (12, 14, 13))
    assert 0 < least <= mean <= greatest < 1000000
    assert [director.number(checker(column, 8002, 1)) for column in (12, 13, 14)] == [0, 0, 0]
    # Counters move with every attempt, and with no other's.
    runs = director.number(checker(19, 8002, 1))
    wait_until(lambda: director.number(checker(19, 8002, 1)) > runs, what="another attempt")
    runs, fails, row = (director.number(checker(column, 8002, 1)) for column in (19, 20, 18))
    assert 0 < row <= runs and fails <= runs
    assert director.number(checker(20, 8001, 1)) == 0
    director.listen(8002)
    wait_until(lambda: director.number(checker(6, 8002, 1)) == 2, what="the second server up")
    assert [director.number(checker(column, 8002, 1)) for column in (7, 18, 21)] == [2, 0, 2]
    assert director.get(checker(9, 8002, 1)) == "cannot connect: Connection refused"  # it stays
    # Numbers stay with their checkers over a reload that moves them; a changed one gets a new number.
    since, runs = director.get(checker(23, 8001, 2)), director.number(checker(19, 8001, 2))
    director.reload(config((8002, TCP), (8001, MISC + TCP.replace("connect_timeout 1", "connect_timeout 2"))))
    assert director.get(checker(2, 8001, 2)) == "MISC_CHECK" and director.get(checker(2, 8001, 3)) == "TCP_CHECK"
    assert director.get(checker(23, 8001, 2)) == since and director.number(checker(19, 8001, 2)) >= runs
    assert director.number(checker(16, 8001, 3)) == 2000
    assert director.reader.get(checker(2, 8001, 1)).type == "noSuchInstance"
    walk = director.reader.walk(D)
    assert judge.judge_walk(walk.items(), judge.parse_modules()) == []


def dest(column, port, vport=80):
    return f"{D}.1.3.1.1.{column}.{service(vport)}.1.4.{SELF}.{port}"


def machine(column):
    return f"{D}.1.4.1.1.{column}.1.4.{SELF}"


def test_machines(lab):
    ports = (80, 443, 8080)
    director = Director(lab, config((8001, MISC), (8002, MISC), ports=ports))
    states = lambda: [director.number(dest(5, port, vport)) for vport in ports for port in (8001, 8002)]
    wait_until(lambda: director.number(machine(7)) == 6, what="all up")
    assert director.number(machine(6)) == 6 and director.number(machine(3)) == 4 and director.number(machine(10)) == 1
    # One SET for all services, with its comment; shown by the next GET and kept over a restart.
    director.writer.set(machine(5), "s", "new disks", machine(3), "i", 2)
    assert states() == [2] * 6 and director.number(machine(3)) == 2 and director.get(machine(5)) == "new disks"
    assert director.get(dest(8, 8002, 443)) == "new disks"
    wait_until(lambda: f"snmp sets administrative state of {SELF} (6 real servers): unlocked -> locked" in
               director.process.text(), what="a line of the log")
    assert director.refusal(machine(3), "i", 3) == "inconsistentValue"
    for value in (0, 1, 5):
        assert director.refusal(machine(3), "i", value) == "wrongValue"
    assert director.refusal(machine(6), "u", 1) == "notWritable"
    assert director.refusal(f"{D}.1.4.1.1.3.1.4.10.9.0.9", "i", 2) == "noCreation"
    assert director.refusal(machine(5), "s", "x" * 64) == "wrongLength"
    director.process.stop()
    director.start()
    assert states() == [2] * 6
    director.writer.set(dest(5, 8001), "i", 4)
    assert director.number(machine(3)) == 4
    director.writer.set(dest(5, 8001), "i", 2)  # by itself now
    director.writer.set(machine(3), "i", 4)
    assert states() == [2, 4, 4, 4, 4, 4]
    # A SET that fails at another varbind leaves the machine as it was, each destination for itself.
    before = states()
    assert director.refusal(machine(3), "i", 2, dest(5, 8001), "i", 3) == "inconsistentValue"
    assert states() == before
    # vipctl means the machine by its address alone.
    director.node.vipctl("lock", SELF)
    assert states() == [2] * 6
    director.node.vipctl("undrain", SELF)
    assert states() == before
    director.node.vipctl("undrain", f"{SELF}:8001")
    assert states() == [4] * 6


INTERVAL, RATE, SUPPRESSED = (f"{D}.1.8.{number}.0" for number in (2, 3, 4))
DRAINS = range(5, 9)


def test_notification_limits(lab):
    """A storm of states of one object is merged: the last arrives, the rest is counted, and that is told."""
    director = Director(lab, config((8001, MISC), (8002, MISC)), traps_to="127.0.0.1")
    traps = director.node.snmptrapd()
    wait_until(lambda: director.number(machine(7)) == 2, 15, "both up")
    for oid, most in ((INTERVAL, 3600000), (RATE, 10000)):
        assert director.number(oid) == 0
        assert director.refusal(oid, "u", most + 1) == "wrongValue"
        director.writer.set(oid, "u", most)
        assert director.number(oid) == most
    assert director.refusal(SUPPRESSED, "i", 0) == "notWritable"
    drained = lambda port: [(trap.oid.rpartition(".")[2], int(trap.varbinds[D + ".1.8.5.0"].text)) for trap in traps.all()
                            if trap.oid in [f"{D}.0.{number}" for number in DRAINS] and dest(5, port) in trap.varbinds]
    director.writer.set(RATE, "u", 0)
    for value in (3, 4) * 10:
        director.writer.set(dest(5, 8001), "i", value)
    wait_until(lambda: len(drained(8001)) == 1, what="the first")
    wait_until(lambda: director.number(SUPPRESSED) == 18, what="those merged but the newest")
    director.writer.set(dest(5, 8002), "i", 3)  # another object does not wait
    wait_until(lambda: len(drained(8002)) == 1, what="that of the other server")
    assert [kind for kind, _ in drained(8001)] == ["5"]
    director.writer.set(INTERVAL, "u", 0)
    wait_until(lambda: len(drained(8001)) == 2, what="the newest")
    (first, serial), (last, newest) = drained(8001)
    assert (first, last) == ("5", "8") and newest >= serial + 19  # the numbers of those merged are missing
    limited = wait_until(lambda: traps.all(D + ".0.12"), what="the word of it")
    assert len(limited) == 1 and int(limited[0].varbinds[SUPPRESSED].text) >= 1
    wait_until(lambda: director.status()["notifications_suppressed"] == 18, what="the count in vipctl status")
    assert director.status()["notifications_dropped"] == 0
    # The rate: what exceeds it comes later, all of it, when it is about different objects.
    director.writer.set(RATE, "u", 1)
    seen = traps.count()
    director.writer.set(dest(5, 8001), "i", 3, dest(5, 8002), "i", 4)
    wait_until(lambda: len(drained(8001)) == 3 and len(drained(8002)) == 2, 15, "both at last")
    late = [trap.time for trap in traps.all()[seen:]]
    assert director.number(SUPPRESSED) == 18 and late == sorted(late)


LOCK = D + ".1.1.18.0"


def events(director):
    """The ring as dictionaries, oldest first."""
    names = {4: "type", 5: "source", 6: "object", 7: "old", 8: "new", 9: "text", 10: "name"}
    ring = {}
    for oid, value in director.reader.walk(D + ".1.6.5").items():
        column, index = map(int, oid.split(".")[-2:])
        if column in names:
            ring.setdefault(index, {})[names[column]] = value.text
    return [ring[index] for index in sorted(ring)]


def found(director, **wanted):
    return [event for event in events(director) if all(event[key] == value for key, value in wanted.items())]


def test_events_and_lock(lab):
    director = Director(lab, config((8001, MISC), (8002, TCP)))
    name = f"{SELF}:8001 in {VIP}:80/tcp"
    wait_until(lambda: found(director, type="2"), what="the second server's fall")
    (down,) = found(director, type="2")
    assert down["source"] == "check" and down["text"] == "cannot connect: Connection refused"
    assert down["name"] == f"{SELF}:8002 in {VIP}:80/tcp" and down["object"] == dest(4, 8002)
    # Who, old, new and comment of a SET.
    director.writer.set(dest(8, 8001), "s", "kernel", dest(5, 8001), "i", 2)
    wait_until(lambda: len(found(director, type="3", name=name)) == 2, what="both changes")
    comment, state = found(director, type="3", name=name)
    assert (comment["old"], comment["new"], comment["text"]) == ("", "kernel", "comment: kernel")
    assert (state["source"], state["old"], state["new"]) == ("snmp", "unlocked", "locked")
    assert state["text"] == "administrative state: kernel" and state["object"] == dest(4, 8001)
    director.node.vipctl("undrain", SELF)
    wait_until(lambda: found(director, type="3", name=SELF, source="vipctl uid 0", new="unlocked"), what="vipctl's change")
    assert found(director, name=SELF)[-1]["object"] == machine(3)
    director.reload(config((8001, MISC)))
    wait_until(lambda: found(director, type="12", source="vipd", new="2"), what="the reload")
    # The ring's size: the oldest go at once, numbers never come back.
    last = director.number(D + ".1.6.3.0")
    director.writer.set(D + ".1.6.1.0", "u", 2)
    wait_until(lambda: len(events(director)) == 2, what="two events")
    assert director.number(D + ".1.6.3.0") == last + 1 == director.number(D + ".1.6.2.0") + 1
    assert events(director)[-1]["text"] == "ipvsdEventMax" and events(director)[-1]["old"] == "1024"
    assert director.refusal(D + ".1.6.1.0", "u", 65536) == "wrongValue"
    # A SET whose lock does not match changes nothing; one that does goes through once.
    lock = director.number(LOCK)
    assert director.refusal(LOCK, "i", lock + 1, dest(5, 8001), "i", 2) == "inconsistentValue"
    assert director.refusal(dest(5, 8001), "i", 2, LOCK, "i", lock - 1 if lock else 7) == "inconsistentValue"
    assert director.number(dest(5, 8001)) == 4 and director.number(LOCK) == lock
    director.writer.set(dest(5, 8001), "i", 2, LOCK, "i", lock)
    assert director.number(dest(5, 8001)) == 2 and director.number(LOCK) == lock + 1
    assert director.refusal(dest(5, 8001), "i", 4, LOCK, "i", lock) == "inconsistentValue"
    assert director.number(dest(5, 8001)) == 2
    # One that fails elsewhere does not move it.
    assert director.refusal(LOCK, "i", lock + 1, dest(5, 8001), "i", 3) == "inconsistentValue"
    assert director.number(LOCK) == lock + 1


ROUTER = """
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority 150
    advert_int 0.1
    version 3
    track_interface { dum0 }
    virtual_ipaddress { 10.9.0.100 }
}
"""


def router(column):
    return f"{D}.1.9.1.1.{column}.4.86.73.95.49"


def alarms(director):
    """{(kind, object): text} of what is wrong."""
    rows = {}
    for oid, value in director.reader.walk(D + ".1.11").items():
        column, kind, number = map(int, oid.split(".")[-3:])
        rows.setdefault((kind, number), {})[column] = value.text
    return {(kind, row[6]): row[5] for (kind, _), row in rows.items()}


def test_alarms_and_companions(lab):
    director = Director(lab, config((8001, MISC), (8002, TCP)) + ROUTER)
    node = director.node
    fault, down, quorum, load = (1, router(2)), (2, dest(4, 8002)), (3, f"{D}.1.2.1.1.6.{service()}"), (5, f"{D}.1.1.6.0")
    wait_until(lambda: {fault, down} == set(alarms(director)), what="an instance and a server in trouble")
    assert alarms(director)[down] == "cannot connect: Connection refused"
    assert director.number(router(2)) == 4 and director.get(router(6)) == alarms(director)[fault]
    node.ip("link add dum0 type veth peer name dum1", "link set dum1 up", "link set dum0 up")
    wait_until(lambda: director.number(router(2)) == 3, what="master")
    wait_until(lambda: {down} == set(alarms(director)), what="the instance put right")
    count = director.number(router(4))
    assert count >= 2 and date(director.get(router(5))) and director.get(router(6))
    assert director.get(router(8)).split() == ["0A", "09", "00", "01"] and director.number(router(9)) == 150
    node.ip("link set dum0 down")
    wait_until(lambda: fault in alarms(director), what="the instance in trouble")
    assert director.number(router(4)) == count + 1
    assert len(found(director, type="15", name="VI_1", new="fault")) >= 1
    # Everything down: the service, too. A configuration that is refused.
    director.file.write_text(config((8002, TCP)) + ROUTER)
    node.vipctl("reload")
    wait_until(lambda: quorum in alarms(director), what="a service in trouble")
    director.file.write_text("virtual_server {\n")
    node.vipctl("reload", check=False)
    wait_until(lambda: load in alarms(director), what="the refused configuration")
    director.listen(8002)
    director.reload(config((8002, TCP)))
    wait_until(lambda: alarms(director) == {}, what="nothing is wrong")
    assert director.number(D + ".1.10.1.0") == 1
    names = [director.get(f"{D}.1.10.7.1.2.{n}") for n in range(1, 6)]
    assert names == ["main", "vrrp", "check", "bfd", "agent"]
    assert all(director.number(f"{D}.1.10.7.1.3.{n}") >= 0 for n in range(1, 6))
    assert [director.number(f"{D}.1.7.1.1.2.{role}") for role in (1, 2)] == [2, 2]
    walk = director.reader.walk(D)
    assert judge.judge_walk(walk.items(), judge.parse_modules()) == []
