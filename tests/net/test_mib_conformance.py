# SPDX-License-Identifier: MIT
"""A live vipd behind a real snmpd against what the texts of the five MIBs say, object by object; cases are made from the texts."""

import bisect
import random
import re
import subprocess
import sys

import pytest

import mibtext
import snmp
import test_mib_judge as judge
import test_mib_live as live
from lab import wait_until

K, V, V3, D = snmp.KEEPALIVED_MIB, snmp.VRRP_MIB, snmp.VRRPV3_MIB, snmp.DIRECTOR_MIB

GLOBAL = """
    notification_email { ops@example.org }
    lvs_sync_daemon eth0 VI_1
    lvs_timeouts tcp 7200 tcpfin 120 udp 300
    script_user root
"""
SCRIPTS = "".join(f"    notify{what} /usr/bin/true\n" for what in (
    "_master", "_backup", "_fault", "_stop", ""))
MORE = """
vrrp_sync_group VG_2 {
    group {
        VI_2
    }
%(scripts)s}
vrrp_instance VI_2 {
    state BACKUP
    interface eth0
    virtual_router_id 64
    priority 100
    virtual_ipaddress {
        172.17.13.251/24 dev eth0 brd 172.17.13.255 label eth0:v
        10.21.0.1/32 peer 10.21.0.2 dev eth0
    }
    virtual_routes {
        10.20.0.0/16 nexthop via 172.17.13.2 dev eth0 weight 3 nexthop via 172.17.13.3 dev eth0
    }
    virtual_rules {
        from 10.20.0.0/24 table 100 priority 401
    }
    notify_deleted /usr/bin/true
    notify_master_rx_lower_pri /usr/bin/true
%(scripts)s}
virtual_server fwmark 7 {
    delay_loop 1
    lb_algo sh
    lb_kind NAT
    protocol TCP
    virtualhost www.example.org
    snmp_name marked
    quorum 1
    quorum_up /usr/bin/true
    quorum_down /usr/bin/true
    persistence_timeout 60
    persistence_granularity 255.255.255.0
    sorry_server 127.0.0.1 80
    real_server 172.17.13.175 80 {
        weight 2
        uthreshold 100
        lthreshold 10
        notify_up /usr/bin/true
        notify_down /usr/bin/true
        virtualhost one.example.org
        snmp_name one
        TCP_CHECK { connect_timeout 1 }
    }
}
""" % {"scripts": SCRIPTS}
CONFIG = live.CONFIG.replace("global_defs {", "global_defs {" + GLOBAL, 1).replace(
    "virtual_server group farm {", "virtual_server group farm {\n    delay_loop 1", 1) + MORE



# Objects that no configuration of this machine gives an instance.
ABSENT = {
    "vrrpRouteSecondaryGateway": "a route with 'or' and a second gateway has gone from the language; next hops took its place",
}
# Notifications that this machine cannot bring about, by whether it has IPVS; test_mib_live.py has them, too, from a
# synthetic director, and tests/vm/test_seed_pair.py the first.
UNPROVOKED = {
    False: {"ipvsdDrainCompleted": "only IPVS in the kernel knows that the last connection is gone",
            "ipvsdSyncChange": "the daemons are the kernel's", "ipvsdKernelDivergence": "so is the table"},
    True: {**{name: "there are no connections, so a drain ends at once" for name in ("ipvsdDrainTimedOut", "ipvsdDrainCancelled")},
           "ipvsdSyncChange": "not configured here", "ipvsdKernelDivergence": "nobody else changes the table here"},
}
GREATEST = 2**32 - 1
# Adverts for VI_1 with a wrong password, and for VI_3 that came over a hop: what the two notifications of errors are about.
SEND = """
import socket, struct
VIP = bytes((172, 17, 13, 252))
def total(data):
    value = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while value >> 16:
        value = (value & 0xffff) + (value >> 16)
    return struct.pack("!H", ~value & 0xffff)
def send(ttl, head, tail, pseudo=b""):
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, ttl)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("172.17.13.130"))
    sock.sendto(head + total(pseudo + head + bytes(2) + tail) + tail, ("224.0.0.18", 0))
send(255, bytes((0x21, 62, 50, 1, 1, 1)), VIP + b"wrong".ljust(8, b"\\0"))
send(254, bytes((0x31, 63, 50, 1, 0, 100)), VIP, bytes((172, 17, 13, 130, 224, 0, 0, 18, 0, 112, 0, 12)))
"""
LISTEN = "import socket\ns = socket.create_server(('172.17.13.142', 80))\nprint('ready', flush=True)\nwhile True: s.accept()[0].close()\n"
# snmp_add_var(3)'s letter of each type, and a value that it can be.
OWN = {"INTEGER": "i", "OCTETS": "s", "OID": "o", "IPADDRESS": "a", "COUNTER32": "c", "GAUGE32": "u", "TIMETICKS": "t",
       "COUNTER64": "C"}
VALUES = {"i": 1, "s": "1", "o": ".1.3", "a": "172.17.13.121", "c": 1, "u": 1, "t": 1, "C": 1}


class Director:
    """Every table has a row here; nothing changes by itself once the servers are found down."""

    def __init__(self, lab):
        self.node = lab.node("director", "172.17.13.120/24", "172.17.13.121/24")
        self.snmpd = self.node.snmpd(traps_to="127.0.0.1")
        self.traps = self.node.snmptrapd()
        self.file = self.node.write("vipd.conf", CONFIG)
        self.process = self.node.vipd(self.file, "-x", "-A", self.node.agentx)
        manager = self.node.snmp("127.0.0.1")
        wait_until(lambda: manager.answers(V + ".1.1.0"), 15, "the agent")
        tool = judge.find_tool("snmpask")
        self.reader, self.writer = (snmp.Session(self.node, tool, community=word) for word in ("public", "private"))
        wait_until(lambda: self.column(K + ".2.3.1.4") == ["2", "2", "2"], 20, "three masters")
        wait_until(lambda: set(self.column(D + ".1.3.1.1.10")) == {"4"}, 20, "verdicts")

    def column(self, oid):
        return [value.text for _, value in self.reader.walk(oid, 20)]

    def get(self, oid):
        return self.reader.get(oid)[oid].text

    def walk(self, module):
        return self.reader.walk(live.ROOTS[module.name], 20)

    def steady(self, module, question):
        """question() and the names that were there before and after it; asked again when a row came or went meanwhile."""
        for _ in range(5):
            names = [oid for oid, _ in self.walk(module)]
            answer = question(names)
            if names == [oid for oid, _ in self.walk(module)]:
                return names, answer
        raise AssertionError(f"{module.name}: rows come and go")


@pytest.fixture(scope="module")
def texts():
    return mibtext.modules()


@pytest.fixture(scope="module")
def director(story_lab):
    return Director(story_lab)


@pytest.fixture(params=judge.MODULES)
def module(request, texts):
    return texts[request.param]


def numbers(oid):
    return tuple(int(part) for part in oid[1:].split("."))


def dotted(parts):
    return "".join(f".{part}" for part in parts)


def object_of(module, oid):
    """OID of the object that an instance is of, by the text or newer than it."""
    while oid and oid not in module.objects and oid not in judge.NEWER:
        oid = oid.rpartition(".")[0]
    return oid


def instances(module, names):
    """{object: its instances, in order}"""
    found = {}
    for name in names:
        found.setdefault(object_of(module, name), []).append(name)
    return found


def test_every_object_is_there_as_declared(director, module):
    """Type, enumeration, range, size and order of every cell; an instance of every object of the text."""
    walk = director.walk(module)
    assert judge.judge_walk(walk, {module.name: module.objects}) == []
    wanted = set(module.objects) | {oid for oid in judge.NEWER if module.name == "KEEPALIVED-MIB"}
    missing = {module.names.get(oid) or judge.NEWER[oid][0] for oid in wanted - set(instances(module, dict(walk)))}
    assert missing == {name for name in ABSENT if name in module.names.values()}


def test_get_next_and_bulk_agree(director, module):
    def ask(names):
        return (dict(director.reader.walk(live.ROOTS[module.name])), director.reader.get(*names),
                {oid: value for oid, value in director.walk(module)})
    names, (stepped, got, bulk) = director.steady(module, ask)
    assert names == list(stepped) == list(bulk) and names == sorted(names, key=numbers)
    assert [value.type for value in got.values()] == [value.type for value in bulk.values()]
    moving = [name for name in names if not stepped[name] == got[name] == bulk[name]]
    for name in moving:
        before = names[names.index(name) - 1] if name != names[0] else live.ROOTS[module.name]

        def agree(name=name, before=before):
            bulk = director.reader.ask("bulk", 1, before).varbinds[0]
            return director.reader.get(name) == dict([director.reader.next(before)[before]]) == dict([bulk])
        wait_until(agree, 20, f"{name}: one value", interval=0.003)


def spoilt(index):
    """Indices that are wrong in every way a manager can get them wrong, and some that are right."""
    found = {index, ()} | {index[:length] for length in range(len(index))}
    for end in (0, 1, GREATEST):
        found |= {index + (end,), (end,) * len(index)}
    for at, part in enumerate(index):
        for other in (0, max(part - 1, 0), min(part + 1, GREATEST), GREATEST):
            found |= {index[:at] + (other,) + index[at + 1:], index[:at] + (other,)}
        found.add(index[:at] + (0,) + index[at:])
    return found


def fill(column, index):
    """128 sub-identifiers, the most there can be."""
    left = 128 - len(numbers(column)) - len(index)
    return {index + (0,) * left, index + (GREATEST,) * left, (1,) * (left + len(index))}


def next_of(names, places, oid):
    """The first of the names behind an OID, by the order of their numbers."""
    at = bisect.bisect_right(places, numbers(oid))
    return names[at] if at < len(names) else None


def check_places(director, module, asked):
    """GET and GETNEXT of any OIDs below the module tell what a model of its names tells."""
    def ask(_):
        return director.reader.get(*asked), director.reader.next(*asked)
    names, (got, following) = director.steady(module, ask)
    places, root = [numbers(name) for name in names], live.ROOTS[module.name] + "."
    there = set(names)
    for oid in asked:
        column = object_of(module, oid)
        kind = got[oid].type
        if oid in there:
            assert kind not in snmp.MISSING.values(), oid
        else:
            assert kind == ("noSuchInstance" if column else "noSuchObject"), (oid, kind)
        wanted, (found, _) = next_of(names, places, oid), following[oid]
        assert found == wanted if wanted else not found.startswith(root) or found == oid, (oid, found, wanted)
    return len(asked)


def test_hostile_indices(director, module):
    """Of every table: one column with all of them, every other one with a few."""
    names = [oid for oid, _ in director.walk(module)]
    asked, rows, dice = [], instances(module, names), random.Random(6)
    for entry, columns in module.tables.items():
        asked += [entry.rpartition(".")[0], entry, entry + ".0", f"{entry}.{GREATEST}", f"{entry}.0.0"]
        for at, column in enumerate(sorted(set(columns) & set(rows), key=numbers)):
            index = numbers(rows[column][-1])[len(numbers(column)):]
            wrong = sorted(spoilt(index) | fill(column, index))
            asked += [column + dotted(one) for one in (dice.sample(wrong, min(8, len(wrong))) if at else wrong)]
    for scalar in module.scalars:
        asked += [scalar, scalar + ".1", scalar + ".0.0", f"{scalar}.{GREATEST}"]
    check_places(director, module, list(dict.fromkeys(asked)))


def test_random_places(director, module):
    names = [oid for oid, _ in director.walk(module)]
    root, dice, asked = numbers(live.ROOTS[module.name]), random.Random(6), []
    for _ in range(400):
        parts = list(numbers(dice.choice(names)))
        for _ in range(dice.randint(1, 3)):
            at = dice.randrange(len(root), len(parts)) if len(parts) > len(root) else len(parts)
            parts[at:at + dice.randint(0, 1)] = dice.choice([[], [dice.choice((0, 1, 2, 255, GREATEST))]])
        asked.append(dotted(parts))
    assert check_places(director, module, list(dict.fromkeys(asked))) > 100


def test_what_is_not_accessible(director, module):
    """Index columns and objects of notifications: not told, not written."""
    names = [oid for oid, _ in director.walk(module)]
    for oid in module.hidden:
        entry = module.entry(oid)
        some = next((name for name in names if entry and name.startswith(entry + ".")), None)
        tail = dotted(numbers(some)[len(numbers(entry)) + 1:]) if some else ".0"
        for name in (oid, oid + tail, f"{oid}.{GREATEST}"):
            assert director.reader.get(name)[name].type == "noSuchObject", module.hidden[oid]
            assert director.writer.set(name, "i", 1) == "notWritable", module.hidden[oid]


def test_read_only_objects_refuse(director, module):
    """In their own type and in another, rows that are there and rows that are not."""
    values = dict(director.walk(module))
    rows = instances(module, values)
    assert set(rows) <= set(module.objects) | set(judge.NEWER)
    for oid, names in rows.items():
        if oid in module.objects and module.objects[oid].access != "read-only":
            continue
        own = OWN[judge.WALK_TYPES[values[names[0]].type]]
        for name in (names[0], f"{oid}.{GREATEST}"):
            for letter in (own, "i" if own != "i" else "s"):
                assert director.writer.set(name, letter, VALUES[letter]) == "notWritable", (name, letter)


LIMITS = {"INTEGER": (-2**31, 2**31 - 1), "GAUGE32": (0, 2**32 - 1)}
# Values within the bounds that this row cannot have, all inconsistentValue.
REFUSED = {
    "vrrpInstanceAccept": {2},  # these four are as configured, in one way only
    "vrrpInstancePromoteSecondaries": {1},
    "vrrpInstanceUseLinkbeat": {1},
    "vrrpInstanceNotifyDeleted": {2},
    "vrrpv3OperationsAcceptMode": {2},
    "vrrpOperProtocol": {4},  # ip alone
    "vrrpOperRowStatus": {6},  # rows are the configuration's
    "vrrpAssoIpAddrRowStatus": {6},
    "vrrpv3OperationsRowStatus": {6},
    "vrrpv3AssociatedIpAddrRowStatus": {6},
    "vrrpv3OperationsPrimaryIpAddr": {"61" * 4, "61" * 16},  # not an address of this machine, of the other family
    "ipvsdSysAdminLock": {2**31 - 1},  # not what it is now
}
# What the text says in words instead of by a range.
SPECIAL = {
    "vrrpOperPrimaryIpAddr": [("a", "172.17.13.121", "noError"), ("a", "172.17.13.99", "inconsistentValue")],
    "vrrpv3OperationsPrimaryIpAddr": [("x", "AC110D79", "noError"), ("x", "61" * 5, "inconsistentValue")],
    "ipvsdNotifyEnable": [("x", "00", "noError"), ("x", "02", "wrongValue"), ("x", "FC80", "wrongLength"),
                          ("x", "", "wrongLength"), ("x", "FC", "noError")],
    "ipvsdSysDrainQuorumPolicy": [("i", 1, "noError")],  # again: nothing else is refused for its sake
}
# What a GET shows of a value that was taken, where that is not the value.
SHOWN = {"vrrpOperAuthKey": lambda value: "", "ipvsdSysAdminLock": lambda value: str(value + 1)}
# So that a row may be changed at all: the columns of the text that come first.
PREPARE = {"VRRPV3-MIB": ("vrrpv3OperationsRowStatus", "i", 2)}


def writes(item):
    """[(letter, value, what should be answered)] for a writable object: its bounds, beyond them, other types."""
    kind, limits = item.syntax.type, judge.NARROWER.get(item.name, judge._limits(item.syntax))
    own, found = OWN[kind], []
    if kind == "OCTETS" and limits:
        low, high = limits
        found += [("x", "61" * size, "noError") for size in limits]
        found += [("x", "61" * size, "wrongLength") for size in (low - 1, high + 1, 255, 4000) if size > high or 0 <= size < low]
    elif kind in LIMITS:
        low, high = limits or LIMITS[kind]
        least, greatest = LIMITS[kind]
        found += [(own, value, "noError") for value in (low, high)]
        found += [(own, value, "wrongValue") for value in (low - 1, high + 1, least, greatest)
                  if least <= value < low or high < value <= greatest]
    found = [(letter, value, "inconsistentValue" if answer == "noError" and value in REFUSED.get(item.name, ()) else answer)
             for letter, value, answer in found]
    found += SPECIAL.get(item.name, [])
    assert found, item.name
    return found + [(letter, VALUES[letter], "wrongType") for letter in VALUES if letter != own] + [("n", "", "wrongType")]


def shown(director, name):
    value = director.reader.get(name)[name]
    return re.sub(r"\s", "", value.text) if value.type == "Hex-STRING" else value.text


def test_writable_objects(director, module):
    """In order of the text: what is taken shows in the next GET, what is not leaves the value as it was."""
    rows, dice = instances(module, [oid for oid, _ in director.walk(module)]), random.Random(6)
    writable = [item for item in module.objects.values() if item.access != "read-only"]
    by_name = {item.name: rows[item.oid][-1] for item in writable}
    if module.name in PREPARE:
        name, letter, value = PREPARE[module.name]
        assert director.writer.set(by_name[name], letter, value) == "noError"
    for item in sorted(writable, key=lambda item: numbers(item.oid)):
        name = by_name[item.name]
        for letter, value, wanted in writes(item):
            before = shown(director, name)
            assert director.writer.set(name, letter, value) == wanted, (item.name, name, letter, value)
            now = SHOWN.get(item.name, str)(value) if wanted == "noError" else before
            assert shown(director, name) == now, (item.name, name, letter, value)
        index = numbers(name)[len(numbers(item.oid)):]
        legal = next(case[:2] for case in writes(item) if case[2] in ("noError", "inconsistentValue"))
        absent = sorted({item.oid + dotted(one) for one in spoilt(index) | fill(item.oid, index)} - set(rows[item.oid]))
        for place in dice.sample(absent, min(12, len(absent))):
            assert director.writer.set(place, *legal) == "noCreation", (item.name, place)
    assert set(REFUSED) | set(SPECIAL) | set(SHOWN) <= {item.name for text in mibtext.modules().values()
                                                       for item in text.objects.values()}


def has_ipvs():
    return subprocess.run([judge.TOP / "tests/vm/has_ipvs"], check=False).returncode == 0


def provoke(director):
    """Whatever there is a notification of; a master of each version, dead servers and lost quorum are there already."""
    node, server = director.node, ".0.1.4.172.17.13.252.6.80.1.4.172.17.13.142.80"
    admin, oper, timeout = (f"{D}.1.3.1.1.{column}{server}" for column in (5, 10, 27))
    assert director.writer.set(V + ".1.2.0", "i", 1) == "noError"
    assert director.writer.set(D + ".1.8.1.0", "x", "FC", D + ".1.8.2.0", "u", 0, D + ".1.8.3.0", "u", 0) == "noError"
    node.ip("address add 172.17.13.142/32 dev lo")
    listener = node.popen(sys.executable, "-c", LISTEN, log="listen.log")
    wait_until(lambda: director.get(oper) == "2", 30, "a server up")
    sender = node.lab.node("sender", "172.17.13.130/24")
    sender.run(sys.executable, "-c", SEND)
    assert director.writer.set(timeout, "u", 1, admin, "i", 3) == "noError"
    wait_until(lambda: director.traps.count(D + (".0.6" if has_ipvs() else ".0.7")), 15, "the end of a drain")
    assert director.writer.set(admin, "i", 4) == "noError"
    assert director.writer.set(D + ".1.8.2.0", "u", 60000) == "noError"
    for state in (3, 4, 3, 4):
        assert director.writer.set(admin, "i", state) == "noError"
    wait_until(lambda: director.traps.count(D + ".0.12"), 15, "that some were suppressed")
    assert director.writer.set(D + ".1.8.2.0", "u", 0) == "noError"
    listener.kill()
    wait_until(lambda: director.get(oper) == "4", 30, "the server down")
    node.vipctl("reload")


def test_notifications(director, texts):
    """Every one by what it tells of, its varbinds as the text orders them."""
    provoke(director)
    wanted = {label for text in texts.values() for label, _ in text.notifications.values()} - set(UNPROVOKED[has_ipvs()])

    def seen():
        return {live.judge_trap(trap, texts) for trap in director.traps.all() if trap.oid.startswith(tuple(live.ROOTS.values()))}
    wait_until(lambda: director.traps.count(D + ".0.11") and seen() >= wanted, 10, f"all of {sorted(wanted)}")
    assert seen() == wanted
