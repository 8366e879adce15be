# SPDX-License-Identifier: MIT
"""The agent thread alone (tests/tools/agentprobe, private tables) against snmpd and against masters that misbehave."""

import random
import signal
import subprocess
import time

import pytest

import fake_master as fm
import snmp
from lab import build_dir, holds, wait_until

ARC = ".1.3.6.1.4.1.8072.9999.9999.1000"
SCALARS, TABLE = ARC + ".1", ARC + ".2.1"
COUNT, TRAPS_SWITCH = SCALARS + ".1.0", SCALARS + ".2.0"
TRAP = ARC + ".0.1"
TRAP_NUMBER = ARC + ".1.3.0"
ADMIN, WEIGHT, CONNS, COMMENT, SPARSE, CHANGED, NEVER = (f"{TABLE}.{n}" for n in (2, 3, 4, 5, 7, 8, 9))
ROW = "1.4.10.0.0.1.81"  # of destination 1: an odd port, weight 1
BACK_WITHIN_S = 5.0
VIEWS = f"view vipd_read included {ARC}\nview vipd_write included {ARC}\n"


class Probe:
    """agentprobe on a node, asked by lines."""

    def __init__(self, node, conf=""):
        self.node = node
        self.process = node.popen(build_dir() / "tests/tools/agentprobe", stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, log="probe.log")
        self.ask(f"conf {node.agentx} {conf}".strip())

    def ask(self, line):
        popen = self.process.popen
        popen.stdin.write(line.encode() + b"\n")
        popen.stdin.flush()
        answer = popen.stdout.readline().decode().strip()
        assert answer, f"agentprobe died: {self.process.text()}"
        return answer

    def status(self):
        words, error = self.ask("status").split(" error=")
        return {**{key: int(value) for key, value in (word.split("=") for word in words.split())}, "error": error}

    def is_connected(self):
        return self.status()["connected"] == 1

    def beat_ms(self):
        return int(self.ask("beat"))

    def stop(self):
        """Milliseconds it took; the process must end well (a sanitizer's finding is an error)."""
        took = int(self.ask("stop").split()[1])
        assert self.process.popen.wait(10) == 0, self.process.text()
        return took


@pytest.fixture
def node(lab):
    made = lab.node("director")
    made.manager = made.snmp("127.0.0.1")
    made.writer = made.manager.as_writer()
    return made


def start_snmpd(node, extra=""):
    process = node.snmpd(traps_to="127.0.0.1", extra=VIEWS + extra)
    wait_until(lambda: node.manager.answers(), what="snmpd")
    return process


def end_snmpd(node, process, number=signal.SIGTERM):
    process.stop(number)
    (node.dir / "run/agentx.sock").unlink(missing_ok=True)


def numbers(traps):
    return [int(trap.varbinds[TRAP_NUMBER].text) for trap in traps.all(TRAP)]


# ---- snmpd ----

def test_walks_agree(node):
    start_snmpd(node)
    probe = Probe(node)
    probe.ask("rows 40")
    wait_until(lambda: node.manager.answers(COUNT), what="the agent")
    bulk, single = node.manager.walk(ARC), node.manager.walk(ARC, bulk=False)
    assert bulk == single
    names = list(bulk)
    assert [fm.oid(name) for name in names] == sorted(fm.oid(name) for name in names)
    for start in range(0, len(names), 20):
        some = names[start:start + 20]
        assert node.manager.get(*some) == [bulk[name] for name in some]
    assert len([name for name in names if name.startswith(WEIGHT + ".")]) == 40
    assert 0 < len([name for name in names if name.startswith(SPARSE + ".")]) < 40
    assert not [name for name in names if name.startswith(NEVER + ".")]
    assert bulk[f"{CONNS}.{ROW}"] == ("Counter64", str(2**32 + 1))
    assert bulk[f"{TABLE}.12.{ROW}"] == ("Counter32", "1")
    assert bulk[f"{TABLE}.10.{ROW}"] == ("IpAddress", "10.0.0.1")
    assert bulk[f"{COMMENT}.{ROW}"] == ("STRING", "row 1")
    kinds = [value.type for value in node.manager.get(f"{NEVER}.{ROW}", f"{WEIGHT}.9.9", f"{TABLE}.99.{ROW}", TABLE)]
    assert kinds == ["noSuchInstance", "noSuchInstance", "noSuchObject", "noSuchObject"]
    probe.ask("rows 0")
    assert list(node.manager.walk(ARC)) == [COUNT, TRAPS_SWITCH]
    assert probe.stop() < 100


def test_timestamps_do_not_flicker(node):
    start_snmpd(node)
    probe = Probe(node)
    probe.ask("rows 2")
    wait_until(lambda: node.manager.answers(COUNT), what="the agent")
    seen = {node.manager.number(f"{CHANGED}.{ROW}") for _ in range(60)}
    time.sleep(1.5)
    seen.add(node.manager.number(f"{CHANGED}.{ROW}"))
    uptime = node.manager.number(".1.3.6.1.2.1.1.3.0")
    assert len(seen) == 1 and 0 < seen.pop() < uptime < 6000


def test_start_in_either_order_and_restarts(node):
    probe = Probe(node)
    probe.ask("rows 2")
    time.sleep(1)
    assert "No such file" in probe.status()["error"]
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
        process = start_snmpd(node)
        wait_until(lambda: node.manager.answers(COUNT), timeout=BACK_WITHIN_S, what="the agent")
        assert node.manager.number(f"{WEIGHT}.{ROW}") == 1
        assert probe.status()["error"] == ""
        end_snmpd(node, process, number)
        wait_until(lambda: not probe.is_connected(), timeout=2, what="loss noticed")
    assert probe.status()["reconnects"] == 2
    assert probe.stop() < 100


def test_switched_off_and_on_by_reload(node):
    start_snmpd(node)
    probe = Probe(node)
    wait_until(lambda: node.manager.answers(COUNT), what="the agent")
    probe.ask(f"conf {node.agentx} off")
    assert probe.status()["enabled"] == 0
    fds = node.run("sh", "-c", f"ls -l /proc/{probe.process.pid}/fd").stdout
    assert node.manager.get(COUNT).type == "noSuchObject"
    probe.ask("event 3")
    assert probe.status()["queued"] == 0
    probe.ask(f"conf {node.agentx}")
    wait_until(lambda: node.manager.answers(COUNT), timeout=BACK_WITHIN_S, what="the agent again")
    assert "socket" not in fds.replace("eventpoll", ""), fds
    probe.ask("conf nonsense:x")
    assert probe.status()["enabled"] == 0
    assert "is not an address" in probe.process.text()
    probe.stop()


def test_set(node):
    start_snmpd(node)
    probe = Probe(node)
    probe.ask("rows 5")
    wait_until(lambda: node.manager.answers(COUNT), what="the agent")
    weight, admin, comment = (f"{column}.{ROW}" for column in (WEIGHT, ADMIN, COMMENT))

    def refused(*triples):
        before = node.manager.walk(ARC)
        with pytest.raises(snmp.SnmpError) as error:
            node.writer.set(*triples)
        after = node.manager.walk(ARC)
        assert {k: v for k, v in before.items() if CHANGED not in k} == \
               {k: v for k, v in after.items() if CHANGED not in k}
        return error.value.reason

    for value in (random.Random(1).randrange(65536) for _ in range(15)):
        node.writer.set(weight, "u", value)
        assert node.manager.number(weight) == value
    assert probe.status()["sets"] == 15
    assert refused(weight, "i", 5) == "wrongType"
    assert refused(weight, "u", 65536) == "wrongValue"
    assert refused(admin, "i", 5) == "wrongValue"
    assert refused(admin, "i", -1) == "wrongValue"
    assert refused(comment, "s", "x" * 64) == "wrongLength"
    assert refused(f"{CONNS}.{ROW}", "i", 1) == "notWritable"
    assert refused(f"{TABLE}.99.{ROW}", "i", 1) == "notWritable"
    assert refused(f"{WEIGHT}.1.4.10.0.0.1.99", "u", 1) == "noCreation"
    assert refused(weight, "u", 13) == "inconsistentValue"
    assert probe.status()["sets"] == 15
    # One PDU, one message; atomic over columns, rows and tables.
    node.writer.set(weight, "u", 7, admin, "i", 2, comment, "s", "by hand", TRAPS_SWITCH, "i", 2)
    assert [value.text for value in node.manager.get(weight, admin, comment, TRAPS_SWITCH)] == ["7", "2", "by hand", "2"]
    assert probe.status()["sets"] == 16
    assert refused(TRAPS_SWITCH, "i", 1, admin, "i", 3, weight, "u", 99999) == "wrongValue"
    probe.ask(f"conf {node.agentx} readonly")
    wait_until(lambda: node.manager.answers(COUNT), what="the agent")
    assert refused(weight, "u", 8) == "notWritable"
    assert refused(TRAPS_SWITCH, "i", 1) == "notWritable"
    probe.stop()


@pytest.mark.parametrize("errno, reason", [(2, "noCreation"), (22, "wrongValue"), (16, "inconsistentValue"),
                                           (5, "commitFailed")])
def test_set_that_the_engine_refuses(node, errno, reason):
    start_snmpd(node)
    probe = Probe(node)
    probe.ask("rows 5")
    wait_until(lambda: node.manager.answers(COUNT), what="the agent")
    probe.ask(f"engine refuse {errno}")
    with pytest.raises(snmp.SnmpError) as error:
        node.writer.set(TRAPS_SWITCH, "i", 2, f"{WEIGHT}.{ROW}", "u", 9)
    assert error.value.reason == reason
    assert [value.text for value in node.manager.get(f"{WEIGHT}.{ROW}", TRAPS_SWITCH)] == ["1", "1"]
    probe.ask("engine ok")
    node.writer.set(f"{WEIGHT}.{ROW}", "u", 9)
    assert node.manager.number(f"{WEIGHT}.{ROW}") == 9
    probe.stop()


def test_set_that_the_engine_does_not_answer(node):
    start_snmpd(node)
    probe = Probe(node)
    probe.ask("rows 5")
    wait_until(lambda: node.manager.answers(COUNT), what="the agent")
    probe.ask("engine mute")
    before = time.monotonic()
    with pytest.raises(snmp.SnmpError) as error:
        node.writer.set(f"{WEIGHT}.{ROW}", "u", 9, f"{ADMIN}.{ROW}", "i", 3, TRAPS_SWITCH, "i", 2)
    assert error.value.reason == "commitFailed" and time.monotonic() - before < 2
    # The engine applied it and was told the undo behind it.
    assert probe.status()["sets"] == 2
    assert [value.text for value in node.manager.get(f"{WEIGHT}.{ROW}", f"{ADMIN}.{ROW}", TRAPS_SWITCH)] == \
           ["1", "4", "1"]
    probe.ask("engine slow 200")
    node.writer.set(f"{WEIGHT}.{ROW}", "u", 10)
    assert node.manager.number(f"{WEIGHT}.{ROW}") == 10
    probe.stop()


def test_traps_arrive_once_and_in_order(node):
    traps = node.snmptrapd()
    probe = Probe(node)
    posted = 0

    def post(count):
        nonlocal posted
        probe.ask(f"event {count}")
        posted += count

    post(40)  # more than a window, before there is a master
    process = start_snmpd(node)
    wait_until(lambda: traps.count(TRAP) == posted, what="traps of before the start")
    post(1000)
    wait_until(lambda: traps.count(TRAP) == posted, timeout=20, what="a burst")
    process.pause()
    post(100)
    time.sleep(7)
    post(100)
    assert probe.beat_ms() < 1500
    process.resume()
    wait_until(lambda: traps.count(TRAP) == posted, timeout=BACK_WITHIN_S, what="traps of a stopped snmpd")
    end_snmpd(node, process)
    post(100)
    time.sleep(0.5)
    process = start_snmpd(node)
    wait_until(lambda: traps.count(TRAP) == posted, timeout=BACK_WITHIN_S, what="traps of a restart")
    process.pause()
    post(50)
    time.sleep(0.5)
    process.kill()
    (node.dir / "run/agentx.sock").unlink(missing_ok=True)
    post(50)
    process = start_snmpd(node)
    wait_until(lambda: traps.count(TRAP) == posted, timeout=BACK_WITHIN_S, what="traps of a killed snmpd")
    time.sleep(0.5)
    assert numbers(traps) == list(range(1, posted + 1))
    wait_until(lambda: probe.status()["sent"] == posted, timeout=3, what="count of traps")
    assert probe.status()["dropped"] == 0
    probe.ask(f"conf {node.agentx} notraps")
    probe.ask("event 5")
    assert probe.status()["queued"] == posted
    # Those posted just before the end still go out.
    probe.ask(f"conf {node.agentx}")
    wait_until(probe.is_connected, what="the agent")
    post(20)
    probe.stop()
    wait_until(lambda: traps.count(TRAP) == posted, timeout=2, what="traps of the end")


def test_stopped_snmpd_with_a_full_backlog(node):
    process = start_snmpd(node, "agentXTimeout 1\nagentXRetries 1\n")
    traps = node.snmptrapd()
    process.pause()
    probe = Probe(node)
    probe.ask("rows 3")
    wait_until(lambda: "does not accept" in probe.status()["error"], timeout=30, what="full backlog")
    probe.ask("event 50")
    worst = 0
    for _ in range(40):
        worst = max(worst, probe.beat_ms())
        time.sleep(0.05)
    assert worst < 600
    before = time.monotonic()
    process.resume()
    wait_until(lambda: node.manager.answers(f"{WEIGHT}.{ROW}"), timeout=BACK_WITHIN_S, what="the agent")
    wait_until(lambda: traps.count(TRAP) == 50, timeout=BACK_WITHIN_S, what="traps")
    assert time.monotonic() - before < BACK_WITHIN_S
    assert numbers(traps) == list(range(1, 51))
    # Stopped while connected, with requests of managers pending, longer than snmpd's patience with subagents.
    process.pause()
    askers = [node.popen("snmpget", "-v2c", "-c", "public", "-t1", "-r0", "127.0.0.1", COUNT) for _ in range(5)]
    time.sleep(4)
    process.resume()
    wait_until(lambda: node.manager.answers(f"{WEIGHT}.{ROW}"), timeout=BACK_WITHIN_S, what="the agent")
    assert not any(asker.stop() is None for asker in askers)
    # Stopped at the very end: leaving does not wait for it.
    process.pause()
    assert probe.stop() < 100


def test_stopped_agent_does_not_lose_its_place(node):
    """The other way round: snmpd gives up on the agent; the agent finds out and comes back."""
    start_snmpd(node, "agentXTimeout 1\nagentXRetries 1\n")
    probe = Probe(node)
    wait_until(lambda: node.manager.answers(COUNT), what="the agent")
    probe.process.pause()
    with pytest.raises(snmp.SnmpError):
        node.manager.get(COUNT, timeout=20)
    assert node.manager.get(COUNT).type == "noSuchObject"  # snmpd has closed the session
    probe.process.resume()
    wait_until(lambda: node.manager.answers(COUNT), timeout=BACK_WITHIN_S, what="the agent")
    probe.stop()


def test_another_subagent_has_a_table(node):
    start_snmpd(node)
    first = Probe(node)
    first.ask("rows 3")
    wait_until(lambda: node.manager.answers(COUNT), what="the agent")
    second = Probe(node)
    second.ask("rows 4")
    wait_until(lambda: "another subagent has it" in second.status()["error"], what="refusal told")
    assert node.manager.number(COUNT) == 3
    first.stop()
    wait_until(lambda: node.manager.answers(COUNT), timeout=BACK_WITHIN_S, what="the second")
    assert node.manager.number(COUNT) == 4
    wait_until(lambda: second.status()["error"] == "", timeout=BACK_WITHIN_S, what="trouble over")
    second.stop()


# ---- masters that misbehave ----

@pytest.fixture
def master(node):
    with fm.FakeMaster(node.dir / "run/agentx.sock") as made:
        yield made


def is_whole(master, probe):
    return probe.is_connected() and probe.status()["error"] == "" and master.count(fm.PING) > 0


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
    assert master.seen[-1].type == fm.CLOSE and master.seen[-1].payload[0] == 5


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
    connection.sendall(b"\x01\x12\x10\x00" + b"\x00\x00\x00\x01" * 3 + b"\x7f\xff\xff\xf0" + b"x" * 1000)
    time.sleep(1.2)
    connection.close()


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
    wait_until(lambda: master.get(fm.oid(COUNT))[0].value == 3, what="an answer")
    seen = [varbinds[1].value for varbinds in master.notified()]
    assert sorted(set(seen)) == list(range(1, 11)) and seen[-10:] == list(range(1, 11))
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
