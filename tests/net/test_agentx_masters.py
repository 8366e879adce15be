# SPDX-License-Identifier: MIT
"""The agent thread alone against scripted masters (fake_master.py): decent, slow, silent, rude."""

import random
import socket
import time

import pytest

import fake_master as fm
import snmp
from agentprobe import (ARC, COUNT, ROW, SCALARS, TABLE, TRAP, TRAPS_SWITCH, TRAP_NUMBER, WEIGHT, Probe)
from lab import holds, wait_until


@pytest.fixture
def node(lab):
    made = lab.node("director")
    made.manager = made.snmp("127.0.0.1")
    made.writer = made.manager.as_writer()
    return made


# ---- masters that misbehave ----

@pytest.fixture
def master(node):
    with fm.FakeMaster(node.dir / "run/agentx.sock") as made:
        yield made


def is_whole(master, probe):
    """True when both sides have a session, and the master's is the one of the connection that is open now.

    The agent's word alone is not enough: while the master spoils a connection the agent still takes it for a good
    one, with bytes that claim to be a long PDU until the connection closes, and a request sent into it is lost.
    """
    return probe.is_connected() and probe.status()["error"] == "" and master.in_session


def test_decent_fake_master(node, master):
    probe = Probe(node)
    probe.ask("rows 3")
    wait_until(lambda: is_whole(master, probe), what="session")
    assert master.regions() == [fm.oid(SCALARS), fm.oid(TABLE)]
    opened = next(pdu for pdu in master.seen if pdu.type == fm.OPEN)
    assert opened.session == 0
    probe.ask("event 100")
    wait_until(lambda: len(master.notified()) == 100, what="notifications")
    name, number, mark = master.notified()[7]
    assert name == (fm.OBJECT, fm.oid(snmp.TRAP_OID), fm.oid(TRAP))
    assert number == (fm.GAUGE32, fm.oid(TRAP_NUMBER), 8) and mark.value == b"mark"
    assert probe.stop() < 100
    wait_until(lambda: master.seen[-1].type == fm.CLOSE, what="its Close")
    assert master.seen[-1].payload[0] == 5


def test_ranges_and_inclusion(node, master):
    probe = Probe(node)
    probe.ask("rows 10")
    wait_until(lambda: is_whole(master, probe), what="session")
    table, first = fm.oid(WEIGHT), master.get_next(fm.oid(WEIGHT))
    second = master.get_next(first.name)
    assert first.name == table + fm.oid(ROW) and second.name > first.name
    assert master.get_next(first.name, include=True) == first
    assert master.get_next(first.name[:-1], include=True) == first
    for end, ends in ((second.name, True), (second.name + (0,), False), (table, True)):
        answer = master.get_next(first.name, end)
        assert answer == ((fm.END_OF_VIEW, first.name, None) if ends else second)
    last = fm.oid(f"{TABLE}.12") + (9,)
    assert master.get_next(last, fm.oid(ARC + ".3")).type == fm.END_OF_VIEW
    assert master.get_next(fm.oid(TRAPS_SWITCH), fm.oid(ARC + ".2")).type == fm.END_OF_VIEW
    assert master.get_next(fm.oid(ARC), fm.oid(ARC + ".2")).name == fm.oid(COUNT)
    kinds = [varbind.type for varbind in master.get(first.name, fm.oid(TABLE), table + (1,), fm.oid(ARC + ".9"))]
    assert kinds == [fm.GAUGE32, fm.NO_OBJECT, fm.NO_INSTANCE, fm.NO_OBJECT]
    probe.stop()


def test_repeated_set_phases(node, master):
    """A master that waits in vain sends TestSet and CommitSet again; the engine hears of it once."""
    probe = Probe(node)
    probe.ask("rows 3")
    wait_until(lambda: is_whole(master, probe), what="session")
    name = fm.oid(WEIGHT) + fm.oid(ROW)
    change = fm.pack_varbind(name, fm.GAUGE32, 50) + fm.pack_varbind(fm.oid(TRAPS_SWITCH), fm.INTEGER, 2)
    for _ in range(3):
        assert master.ask(fm.TESTSET, change, transaction=77)[0] == 0
    assert master.get(name)[0].value == 1
    assert master.ask(fm.COMMITSET, transaction=77)[0] == 0
    assert probe.status()["sets"] == 1 and probe.status()["changes"] == 1
    assert [varbind.value for varbind in master.get(name, fm.oid(TRAPS_SWITCH))] == [50, 2]
    assert master.ask(fm.UNDOSET, transaction=77)[0] == 0
    assert [varbind.value for varbind in master.get(name, fm.oid(TRAPS_SWITCH))] == [1, 1]
    master.send(fm.CLEANUPSET, transaction=77)
    # Phases without their beginning.
    assert master.ask(fm.COMMITSET, transaction=5)[0] != 0
    assert master.ask(fm.UNDOSET, transaction=6)[0] != 0
    assert master.ask(fm.TESTSET, change, transaction=78)[0] == 0
    master.send(fm.CLEANUPSET, transaction=78)
    assert master.get(name)[0].value == 1
    assert probe.stop() < 100


def once(rule):
    """The rule for the first three PDUs of its kind, decency after."""
    left = [3]

    def apply(master, connection, pdu):
        left[0] -= 1
        return rule(master, connection, pdu) if left[0] >= 0 else 0
    return apply


def half_an_answer(master, connection, pdu):
    connection.sendall(b"\x01\x12\x10\x00\x00\x00\x00\x01\x00")
    connection.close()


def garbage(master, connection, pdu):
    connection.sendall(random.Random(pdu.packet).randbytes(4000))
    time.sleep(0.2)
    connection.close()


def giant(master, connection, pdu):
    """A quarter of a gigabyte, which net-snmp would wait for. Nobody hangs up: the length alone is reason to."""
    connection.sendall(b"\x01\x12\x10\x00" + b"\x00\x00\x00\x01" * 3 + b"\x10\x00\x00\x00" + b"x" * 1000)


def lying_lengths(master, connection, pdu):
    """A well-formed header over a payload whose OIDs and strings are longer than it."""
    payload = b"\x00\x00\x00\x01\x00\x00\x00\x00" + b"\x00\x04\x00\x00\xff\x00\x00\x00" + b"\xff" * 40
    master.send(fm.RESPONSE, payload, packet=pdu.packet)
    master.send(fm.GETNEXT, b"\xff\x02\x00\x00" + b"\x00\x00\x00\x01" * 3)
    master.send(fm.TESTSET, b"\x00\x04\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff")
    connection.close()


def hang_up(master, connection, pdu):
    connection.close()


@pytest.mark.parametrize("kind", [fm.OPEN, fm.REGISTER, fm.PING, fm.NOTIFY], ids=["open", "register", "ping", "notify"])
@pytest.mark.parametrize("rule", [half_an_answer, garbage, giant, lying_lengths, hang_up],
                         ids=lambda rule: rule.__name__)
def test_rude_master(node, master, kind, rule):
    master.rules[kind] = once(rule)
    probe = Probe(node)
    probe.ask("rows 3")
    probe.ask("event 10")
    worst = 0

    def recovered():
        nonlocal worst
        worst = max(worst, probe.beat_ms())
        return is_whole(master, probe) and probe.status()["sent"] == 10
    wait_until(recovered, timeout=20, what="recovery")
    assert worst < 1500
    # No second try: a rude master answers no Ping before it has become decent, so this session lasts.
    assert master.get(fm.oid(COUNT))[0].value == 3
    seen = [varbinds[1].value for varbinds in master.notified()]
    assert sorted(set(seen)) == list(range(1, 11)) and seen[-10:] == list(range(1, 11))
    assert probe.stop() < 100


def test_master_that_stops_within_a_pdu(node, master):
    """A length that could be true swallows the answers that follow, but not for ever."""
    probe = Probe(node)
    probe.ask("rows 3")
    wait_until(lambda: is_whole(master, probe), what="session")

    def a_megabyte(master, connection, pdu):
        connection.sendall(b"\x01\x12\x10\x00" + b"\x00\x00\x00\x01" * 3 + b"\x00\x10\x00\x00")
    sessions = master.sessions
    master.rules[fm.PING] = a_megabyte
    wait_until(lambda: "half of it" in probe.status()["error"], timeout=15, what="patience at its end")
    del master.rules[fm.PING]
    wait_until(lambda: master.sessions > sessions and is_whole(master, probe), timeout=10, what="new session")
    assert probe.stop() < 100


def test_master_that_refuses(node, master):
    master.rules[fm.OPEN] = once(lambda *_: fm.OPEN_FAILED)
    master.rules[fm.REGISTER] = once(lambda master, connection, pdu: fm.DUPLICATE)
    probe = Probe(node)
    probe.ask("rows 3")
    wait_until(lambda: "does not open" in probe.status()["error"], what="refused Open told")
    wait_until(lambda: "another subagent has it (263)" in probe.status()["error"], what="refused Register told")
    wait_until(lambda: is_whole(master, probe), timeout=10, what="session")
    assert master.count(fm.REGISTER) == 5 and set(master.regions()) == {fm.oid(SCALARS), fm.oid(TABLE)}
    master.rules[fm.NOTIFY] = once(lambda *_: fm.PROCESSING)
    probe.ask("event 5")
    wait_until(lambda: probe.status()["sent"] == 2 and probe.status()["dropped"] == 3, what="counts")
    sessions = master.sessions
    master.rules[fm.PING] = once(lambda *_: fm.NOT_OPEN)
    wait_until(lambda: master.sessions > sessions + 2 and is_whole(master, probe), timeout=15, what="new session")
    assert probe.stop() < 100


@pytest.mark.parametrize("kind", [fm.OPEN, fm.REGISTER], ids=["open", "register"])
def test_silent_master(node, master, kind):
    master.rules[kind] = lambda *_: None
    probe = Probe(node)
    probe.ask("event 5")
    deadline = time.monotonic() + 7
    while time.monotonic() < deadline:
        assert probe.beat_ms() < 1500
        time.sleep(0.1)
    assert master.sessions > 1 and not master.notified()
    del master.rules[kind]
    wait_until(lambda: is_whole(master, probe), timeout=10, what="session")
    wait_until(lambda: len(master.notified()) == 5, what="notifications")
    assert probe.stop() < 100


def test_acknowledged_by_a_master_that_is_gone(node, master):
    """What it took and said so counts, although the agent finds out by writing that there is nobody any more."""
    master.rules[fm.NOTIFY] = lambda *_: None
    probe = Probe(node)
    probe.ask("rows 3")
    wait_until(lambda: is_whole(master, probe), what="session")
    probe.ask("event 2")
    wait_until(lambda: len(master.notified()) == 2, what="two notifications")
    taken = [pdu for pdu in master.seen if pdu.type == fm.NOTIFY]
    # While the agent waits for an engine it reads nothing; then it has a third one to send before it reads.
    probe.ask("engine mute")
    change = fm.pack_varbind(fm.oid(WEIGHT) + fm.oid(ROW), fm.GAUGE32, 50)
    assert master.ask(fm.TESTSET, change, transaction=77)[0] == 0
    master.send(fm.COMMITSET, transaction=77)
    wait_until(lambda: probe.status()["sets"] == 1, what="CommitSet at work", interval=0.01)
    for pdu in taken:
        master.respond(pdu)
    del master.rules[fm.NOTIFY]
    master.connection.shutdown(socket.SHUT_RDWR)
    probe.ask("event 1")
    wait_until(lambda: probe.status()["sent"] == 3, timeout=10, what="all of them")
    assert [varbinds[1].value for varbinds in master.notified()] == [1, 2, 3]
    assert probe.stop() < 100


def test_master_that_does_not_read(node, master):
    """Neither the socket's buffer nor a window of notifications without end blocks the thread."""
    probe = Probe(node)
    wait_until(lambda: is_whole(master, probe), what="session")
    gate = []

    def hold(*_):
        wait_until(lambda: gate, timeout=30, what="gate")
        return 0
    master.rules[fm.PING] = hold
    wait_until(lambda: master.count(fm.PING) > 1, what="held")
    probe.ask("event 70000")
    for _ in range(20):
        assert probe.beat_ms() < 1500
        time.sleep(0.1)
    gate.append(True)
    wait_until(lambda: probe.status()["sent"] + probe.status()["dropped"] == 70000, timeout=60, what="delivery")
    assert probe.status()["dropped"] == 70000 - 65536
    holds(probe.is_connected, 1, "session")
    assert probe.stop() < 100
