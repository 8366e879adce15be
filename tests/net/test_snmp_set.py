# SPDX-License-Identifier: MIT
"""SETs among 10,000 real servers: how fast they are answered, what several managers, repetitions and refusals leave behind."""

import concurrent.futures
import statistics
import time

import pytest

import snmp
from lab import wait_until
from test_snmp_daemon import K

SERVICES, EACH = 100, 100
DEST = snmp.DIRECTOR_MIB + ".1.3.1.1"
RUNS = 15


def text():
    parts = ["global_defs {\n    enable_snmp_checker\n    enable_traps\n}\n"]
    for i in range(SERVICES):
        servers = "".join(f"    real_server 10.128.{i}.{k + 1} 80 {{\n        weight 3\n    }}\n" for k in range(EACH))
        parts.append(f"virtual_server 10.16.0.{i + 1} 80 {{\n    delay_loop 3600\n    lvs_method DR\n    protocol TCP\n{servers}}}\n")
    return "".join(parts)


def cell(column, service, server):
    return f"{DEST}.{column}.0.1.4.10.16.0.{service + 1}.6.80.1.4.10.128.{service}.{server + 1}.80"


ADMIN, TIMEOUT, COMMENT, WEIGHT, OPER = 5, 27, 8, 18, 6


@pytest.fixture(scope="module")
def farm(story_lab):
    node = story_lab.node("director")
    node.snmpd_process = node.snmpd()
    node.process = node.vipd(node.write("vipd.conf", text()), "-C", "-A", node.agentx)
    node.reader = node.snmp("127.0.0.1")
    node.writer = node.reader.as_writer()
    wait_until(lambda: node.reader.answers(cell(WEIGHT, SERVICES - 1, EACH - 1)), 60, "the last server")
    return node


def took(ask):
    began = time.monotonic()
    ask()
    return time.monotonic() - began


def test_answered_in_time(farm):
    """Beside a GET by the same program; a SET shows in the GET after it."""
    gets, sets, began = [], [], time.time()
    for i in range(RUNS):
        name = cell(WEIGHT, i, i)
        gets.append(took(lambda name=name: farm.reader.get(name)))
        sets.append(took(lambda name=name, i=i: farm.writer.set(name, "i", 100 + i)))
        assert farm.reader.get(name).text == str(100 + i)
    assert statistics.median(sets) - statistics.median(gets) < 0.1 + farm.lab.pulse.worst(began), (gets, sets)


def refusals():
    good, other = cell(WEIGHT, 50, 0), 50
    for reason, second in {
        "wrongType": (cell(TIMEOUT, other, 1), "i", 5), "wrongValue": (cell(ADMIN, other, 1), "i", 77),
        "wrongLength": (cell(COMMENT, other, 1), "s", "x" * 64), "wrongEncoding": (cell(COMMENT, other, 1), "x", "C328"),
        "notWritable": (cell(OPER, other, 1), "i", 1), "noCreation": (cell(WEIGHT, other, 200), "i", 5),
        "inconsistentValue": (cell(ADMIN, other, 2), "i", 3), "noAccess": (".1.3.6.1.2.1.1.5.0", "s", "name"),
    }.items():
        yield reason, (good, "i", 9), second


def test_second_one_refused(farm):
    """Each way to fail, in either order: nothing changes, nothing is told."""
    farm.writer.set(cell(ADMIN, 50, 2), "i", 2)  # locked: there is nothing to drain

    def state():
        service = ".0.1.4.10.16.0.51"  # all of it, every column
        return {number: farm.reader.column(f"{DEST}.{number}{service}") for number in (ADMIN, COMMENT, WEIGHT, TIMEOUT)}

    wait_until(lambda: "10.128.50.3:80" in farm.process.text(), what="the log of the lock")
    before, told = state(), farm.process.text().count("weight override")
    assert len(before[WEIGHT]) == EACH
    for reason, first, second in refusals():
        for index, varbinds in ((2, first + second), (1, second + first)):
            with pytest.raises(snmp.SnmpError) as caught:
                farm.writer.set(*varbinds)
            assert caught.value.reason == reason, (reason, index, caught.value)
            assert f"Failed object: {second[0]}" in str(caught.value), (reason, index)
    assert state() == before
    farm.writer.set(cell(WEIGHT, 51, 0), "i", 9)
    wait_until(lambda: farm.process.text().count("weight override") == told + 1, what="the line of the one that was taken")


def test_too_many_at_once(farm):
    """More changes than one message to the engine takes."""
    names = [cell(WEIGHT, 40, server) for server in range(65)]
    with pytest.raises(snmp.SnmpError) as caught:
        farm.writer.set(*[word for name in names for word in (name, "i", 9)])
    assert caught.value.reason == "resourceUnavailable"
    assert {value.text for value in farm.reader.get(*names)} == {"-1"}
    farm.writer.set(*[word for name in names[:64] for word in (name, "i", 9)])
    assert [value.text for value in farm.reader.get(*names)] == 64 * ["9"] + ["-1"]


def test_managers_at_once(farm):
    """Each writes two columns of one server together: never are they seen, or left, of two managers."""
    weight, timeout = cell(WEIGHT, 60, 0), cell(TIMEOUT, 60, 0)

    def manage(number):
        for i in range(4):
            value = 10 * number + i + 1
            farm.writer.set(weight, "i", value, timeout, "u", value, timeout=20)
        return number

    def watch():
        return [tuple(value.text for value in farm.reader.get(weight, timeout, timeout=20)) for _ in range(20)]

    farm.writer.set(weight, "i", 1, timeout, "u", 1)
    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        seen = pool.submit(watch)
        assert sorted(pool.map(manage, range(1, 7))) == list(range(1, 7))
        assert all(left == right for left, right in seen.result()), seen.result()
    left, right = (value.text for value in farm.reader.get(weight, timeout))
    assert left == right and int(left) % 10 == 4


def test_repeated_request(farm):
    """A manager that repeats itself because snmpd is stopped for a while: one change, the others find it made."""
    weight = cell(WEIGHT, 70, 0)
    farm.snmpd_process.pause()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(lambda: farm.writer.set(weight, "i", 77, timeout=0.3, retries=30))
        wait_until(lambda: queued(farm) > 2000, 10, "several requests at snmpd")
        farm.snmpd_process.resume()
        answer.result(30)
    assert farm.reader.get(weight).text == "77"
    farm.writer.set(weight, "i", 78)
    wait_until(lambda: "77 -> 78" in farm.process.text(), what="the last line")
    told = [line.rpartition(": ")[2] for line in farm.process.text().splitlines() if " 10.128.70.1:80 " in line]
    assert told[0] == "-1 -> 77" and set(told[1:-1]) == {"77 -> 77"} and told[-1] == "77 -> 78", told


def queued(node):
    """Octets that snmpd has not read; a datagram of this size counts for 768 or more."""
    return max((int(line.split()[1]) for line in node.output("ss", "-Hlnu").splitlines() if ":161 " in line), default=0)


def test_keepalived_columns_too(farm):
    """By KEEPALIVED-MIB and ours in one SET: the one that fails takes the other back."""
    with pytest.raises(snmp.SnmpError):
        farm.writer.set(f"{K}.3.4.1.7.90.1", "i", 55, cell(WEIGHT, 89, 1), "i", 70000)
    assert farm.reader.get(f"{K}.3.4.1.7.90.1").text == "3"
    farm.writer.set(f"{K}.3.4.1.7.90.1", "i", 55, cell(WEIGHT, 89, 1), "i", 56)
    assert [value.text for value in farm.reader.get(f"{K}.3.4.1.7.90.1", cell(WEIGHT, 89, 1))] == ["55", "56"]


def test_a_command_is_one_change(farm):
    """vipctl --all of more servers than one SET takes: all or none, and one answer."""
    name = "10.16.0.81:80"
    locked = EACH * "2"

    def shown():
        return "".join(farm.reader.column(f"{DEST}.{ADMIN}.0.1.4.10.16.0.81").values())

    done = farm.vipctl("lock", "--all", name, "--comment", "rack 7")
    assert done.stdout.count("done") == EACH and shown() == locked
    done = farm.vipctl("drain", "--all", name, check=False)
    assert (done.returncode, done.stderr) == (1, "vipctl: a locked server cannot start to drain\n")
    farm.writer.set(cell(ADMIN, 80, 0), "i", 4)
    assert farm.vipctl("drain", "--all", name, check=False).returncode == 1
    assert shown() == "4" + locked[1:], "of the one that might have drained nothing is left"
    farm.vipctl("undrain", "--all", name)
    assert shown() == locked.replace("2", "4")
