# SPDX-License-Identifier: MIT
"""SETs of two varbinds of which one fails, in every way there is: within a module, across modules, and beside another
subagent or an object of snmpd's own. Nothing is left of the other. Repetitions change nothing; managers may meet."""

import concurrent.futures
import functools
import itertools
import re

import pytest

import fake_master as fm
import snmp
from fake_subagent import NUMBERS, FakeSubagent
from lab import wait_until
from test_snmp_daemon import D, K, SERVERS, V, WEIGHT, Director, column, config, dest

ARC = ".1.3.6.1.4.1.8072.9999.9999.1001"
OTHER = ARC + ".1.0"
AUTHEN_TRAPS, SERVICES = ".1.3.6.1.2.1.11.30.0", ".1.3.6.1.2.1.1.7.0"  # snmpd's own
VIEWS = "".join(f"view vipd_{kind} included {oid}\n" for kind in ("read", "write") for oid in (ARC, AUTHEN_TRAPS, SERVICES))
LOCK, EVENT_MAX, TRAPS, BASE = D + ".1.1.18.0", D + ".1.6.1.0", V + ".1.2.0", K + ".2.3.1.7.1"
OPER, ADMIN, COMMENT, OVERRIDE, TIMEOUT, DEADLINE = 6, 5, 8, 18, 27, 30
LOCKED, DRAINING, UNLOCKED = 2, 3, 4
# What each engine keeps, and the agent itself; one good change of each.
STATE = (D + ".1.2", D + ".1.3", D + ".1.4", D + ".1.8.1", LOCK, EVENT_MAX, K + ".2.3", K + ".3.4", V + ".1.2", V + ".1.3")
GOOD = {"check": (column(OVERRIDE), "i", 7), "vrrp": (BASE, "i", 99), "agent": (EVENT_MAX, "u", 30),
        "KEEPALIVED-MIB": (WEIGHT + ".1.2", "i", 8), "VRRP-MIB": (TRAPS, "i", 2)}
MARKS = 3


@pytest.fixture(scope="module")
def director(story_lab):
    # Without checks, so that what changes is what is changed.
    made = Director(story_lab, re.sub(r"TCP_CHECK \{[^}]*\}", "", config()), VIEWS)
    made.marks = 0
    made.row = made.get(K + ".2.6.1.7.1.1") + ".51"
    made.writer.set(column(ADMIN, SERVERS[2]), "i", LOCKED)  # there is nothing to drain
    return made


def state(director):
    return {oid: value for root in STATE for oid, value in director.reader.walk(root).items()}


def abandoned(director):
    return director.process.text().count("SET abandoned")


def take(director, *varbinds):
    """SETs them. An engine that this machine holds up for half a second is not waited for, and says so: once more then."""
    known = abandoned(director)
    try:
        return director.writer.set(*varbinds, timeout=20)
    except snmp.SnmpError as refusal:
        if refusal.reason != "commitFailed":
            raise
    wait_until(lambda: abandoned(director) > known, 3, "an engine that was late")
    return take(director, *varbinds)


def mark(director):
    """One change of each that writes of changes; returns how many lines the log has of them when it has these. What is
    logged before a change is in the log before it, each thread's lines for themselves."""
    director.marks += 1
    wanted = (1000 + director.marks, 100 + director.marks, 2000 + director.marks)
    take(director, column(OVERRIDE), "i", wanted[0], BASE, "i", wanted[1], EVENT_MAX, "u", wanted[2])
    wait_until(lambda: all(f" -> {value}\n" in director.process.text() for value in wanted), what="the lines of a mark")
    return len(re.findall(r"weight override of|base priority|ipvsdEventMax|vrrpNotificationCntl", director.process.text()))


def bad(director):
    """(reason, varbind) for every refusal of the daemon itself, by the module that it is in, and of snmpd."""
    unknown = dest("10.9.0.99")
    return {
        "ours": [("wrongType", (column(TIMEOUT), "i", 5)), ("wrongLength", (column(COMMENT), "s", "x" * 64)),
                 ("wrongEncoding", (column(COMMENT), "x", "C328")), ("wrongValue", (column(ADMIN), "i", 77)),
                 ("noCreation", (f"{D}.1.3.1.1.{OVERRIDE}.{unknown}", "i", 5)), ("notWritable", (column(OPER), "i", 1)),
                 ("notWritable", (D + ".1.99.0", "i", 1)), ("inconsistentValue", (column(ADMIN, SERVERS[2]), "i", DRAINING)),
                 ("inconsistentValue", (LOCK, "i", int(director.get(LOCK)) + 1)), ("wrongValue", (EVENT_MAX, "u", 65536))],
        "KEEPALIVED-MIB": [("wrongType", (WEIGHT + ".1.1", "s", "5")), ("wrongValue", (WEIGHT + ".1.1", "i", 65536)),
                           ("noCreation", (WEIGHT + ".9.9", "i", 5)), ("notWritable", (K + ".1.1.0", "s", "x")),
                           ("wrongValue", (BASE, "i", 256)), ("wrongType", (BASE, "u", 100)), ("noCreation", (K + ".2.3.1.7.9", "i", 5))],
        "VRRP-MIB": [("wrongValue", (f"{V}.1.3.1.4.{director.row}", "i", 3)), ("wrongType", (TRAPS, "u", 1)),
                     ("inconsistentValue", (f"{V}.1.3.1.5.{director.row}", "i", 100)),
                     ("noCreation", (f"{V}.1.3.1.5.99.51", "i", 100)), ("notWritable", (f"{V}.1.3.1.3.{director.row}", "i", 1))],
        "snmpd": [("noAccess", (".1.3.6.1.2.1.1.5.0", "s", "x")), ("noAccess", (".1.3.6.1.6.3.16.1.5.1.0", "i", 1)),
                  ("wrongValue", (AUTHEN_TRAPS, "i", 3)), ("wrongType", (AUTHEN_TRAPS, "s", "x")), ("notWritable", (SERVICES, "i", 1))],
    }


def refused(director, reason, second, *goods):
    """Beside each of those, in either order, with the right index."""
    for varbinds in [pair for good in goods for pair in (good + second, second + good)]:
        with pytest.raises(snmp.SnmpError) as caught:
            ask = director.writer.set if reason == "commitFailed" else functools.partial(take, director)
            ask(*varbinds)
        assert caught.value.reason == reason, (varbinds, caught.value)
        assert f"Failed object: {second[0]}" in str(caught.value), (varbinds, caught.value)


@pytest.mark.parametrize("module", ["ours", "KEEPALIVED-MIB", "VRRP-MIB", "snmpd"])
def test_second_one_refused_at_once(director, module):
    told, turns = mark(director), itertools.cycle(GOOD)
    before, known = state(director), abandoned(director)
    for reason, second in bad(director)[module]:
        refused(director, reason, second, GOOD[next(turns)], GOOD[next(turns)])
    assert state(director) == before
    # A mark that the machine held up is there twice, and taken back once.
    assert mark(director) == told + MARKS or abandoned(director) > known, "something of the others was made"


@pytest.fixture
def other(director):
    made = FakeSubagent(director.node.dir / "run/agentx.sock", ARC)
    yield made
    made.close()


def values(director):
    """Without the times of the last change: what was made and taken back has been a change, and is told as one."""
    return {oid: value for oid, value in state(director).items() if value.type != "Timeticks"}


@pytest.mark.parametrize("phase", [fm.TESTSET, fm.COMMITSET], ids=["test", "commit"])
def test_another_subagent_refuses(director, other, phase):
    """Its errors in both phases; in the second what vipd has made is taken back."""
    before = state(director) if phase == fm.TESTSET else values(director)
    turns = itertools.cycle(GOOD)
    for reason, number in NUMBERS.items():
        other.errors = {phase: number}
        refused(director, reason, (OTHER, "i", 1), GOOD[next(turns)], GOOD[next(turns)])
    assert (state(director) if phase == fm.TESTSET else values(director)) == before
    other.errors = {}
    take(director, OTHER, "i", 1, *GOOD["check"])
    assert director.get(column(OVERRIDE)) == "7"
    take(director, *GOOD["check"][:2], -1)


@pytest.mark.parametrize("phase", [fm.TESTSET, fm.COMMITSET], ids=["test", "commit"])
def test_another_subagent_dies(director, other, phase):
    before = values(director)
    other.errors = {phase: None}
    with pytest.raises(snmp.SnmpError):
        director.writer.set(*GOOD["check"], OTHER, "i", 1, timeout=20)
    assert values(director) == before


def test_stored_by_no_disk(director, other):
    """The engine's own commit fails: what the others have made is taken back, theirs and ours."""
    director.node.run("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", "/var/lib/vipd")
    try:
        before, stored = values(director), (column(ADMIN, SERVERS[1]), "i", LOCKED)
        for good in (GOOD["vrrp"], GOOD["agent"], GOOD["VRRP-MIB"], (OTHER, "i", 1)):
            other.seen.clear()
            refused(director, "commitFailed", stored, good)
        assert fm.UNDOSET in other.seen
        assert values(director) == before
    finally:
        director.node.run("umount", "/var/lib/vipd")
    take(director, *stored)
    take(director, *stored[:2], UNLOCKED)


def test_a_repeated_drain_goes_on(director):
    """The same SET again is no new drain: it has begun when it began and is announced once. The time that it may take
    is counted from the last one, as ipvsdDestDrainTimeout says: a deadline is not part of the comparison."""
    drain = (column(TIMEOUT), "u", 600, column(COMMENT), "s", "kernel", column(ADMIN), "i", DRAINING)

    def drained():
        return {oid: value for oid, value in values(director).items() if oid != column(DEADLINE)}

    def announced():
        return director.process.text().count(": draining, now")

    count = announced()
    take(director, *drain)
    mark(director)
    before = drained()
    for _ in range(3):
        take(director, *drain)
    assert drained() == before
    mark(director)
    assert announced() == count + 1
    take(director, column(ADMIN), "i", UNLOCKED, column(TIMEOUT), "u", 0, column(COMMENT), "s", "")


def test_managers_with_the_lock(director):
    """Read, add one, write: with the lock in the same SET none of the additions is lost, however many do it at once."""
    weight, managers, each = column(OVERRIDE, SERVERS[1]), 4, 3
    take(director, weight, "i", 0)

    def add(_):
        refusals, done = 0, 0
        while done < each:
            lock, value = (cell.text for cell in director.reader.get(LOCK, weight, timeout=20))
            try:
                take(director, LOCK, "i", lock, weight, "i", int(value) + 1)
                done += 1
            except snmp.SnmpError as refusal:
                assert refusal.reason == "inconsistentValue", refusal
                refusals += 1
        return refusals

    first = int(director.get(LOCK))
    with concurrent.futures.ThreadPoolExecutor(managers) as pool:
        refusals = sum(pool.map(add, range(managers)))
    print(f"{managers * each} additions, {refusals} refusals")
    assert director.get(weight) == str(managers * each)
    assert int(director.get(LOCK)) == first + managers * each
    take(director, weight, "i", -1)
