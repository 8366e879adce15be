# SPDX-License-Identifier: MIT
"""The agent thread alone against a real snmpd: order of starting, restarts, hangs, SETs, traps."""

import random
import signal
import time

import pytest

import fake_master as fm
import snmp
from agentprobe import (ADMIN, ARC, BACK_WITHIN_S, CHANGED, COMMENT, CONNS, COUNT, NEVER, ROW, SPARSE, TABLE,
                        TRAP, TRAPS_SWITCH, TRAP_NUMBER, VIEWS, WEIGHT, Probe)
from lab import wait_until


@pytest.fixture
def node(lab):
    made = lab.node("director")
    made.manager = made.snmp("127.0.0.1")
    made.writer = made.manager.as_writer()
    return made


def start_snmpd(node, extra="", traps_to="127.0.0.1"):
    process = node.snmpd(traps_to=traps_to, extra=VIEWS + extra)
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
    wait_until(lambda: "No such file" in probe.status()["error"], what="what is wrong")
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
        process = start_snmpd(node)
        wait_until(lambda: node.manager.answers(COUNT), timeout=BACK_WITHIN_S, what="the agent")
        assert node.manager.number(f"{WEIGHT}.{ROW}") == 1
        wait_until(lambda: probe.status()["error"] == "", what="nothing wrong")
        end_snmpd(node, process, number)
        wait_until(lambda: not probe.is_connected(), what="loss noticed")
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
    wait_until(lambda: "is not an address" in probe.process.text(), what="the reason in the log")
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

    # By TCP: what a datagram socket drops in a burst is nobody's loss here.
    by_tcp = "tcp:127.0.0.1:162"
    post(40)  # more than a window, before there is a master
    process = start_snmpd(node, traps_to=by_tcp)
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
    process = start_snmpd(node, traps_to=by_tcp)
    wait_until(lambda: traps.count(TRAP) == posted, timeout=BACK_WITHIN_S, what="traps of a restart")
    process.pause()
    post(50)
    time.sleep(0.5)
    process.kill()
    (node.dir / "run/agentx.sock").unlink(missing_ok=True)
    post(50)
    process = start_snmpd(node, traps_to=by_tcp)
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
