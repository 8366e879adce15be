# SPDX-License-Identifier: MIT
"""The quorum policy of drains: what snmpset and vipctl may not take from a service, and how it is forced.

Three servers of weight 3; the service at port 80 wants a quorum of 6, so one may go; that at port 443 any. No checks, and no
IPVS: what changes is what is changed, and no drain ends.
"""

import json
import re

import pytest

import snmp
from lab import wait_until
from test_snmp_daemon import D, SERVERS, VIP, WEIGHT, Director, column, config, dest

POLICY, LOCK, QUORUM_UP = D + ".1.1.19.0", D + ".1.1.18.0", f"{D}.1.2.1.1.18.0.1.4.{VIP}.6.80"
MACHINE, COMMENT, NAMED = D + ".1.4.1.1.3.1.4.", 8, D + ".1.3.3.1.3."
ALLOW, REFUSE = 1, 2
LOCKED, DRAINING, UNLOCKED = 2, 3, 4
FIRST, SECOND, THIRD = SERVERS


def admin(server, port=80):
    return column(5, server, port)


def by_name(server, port=80):
    labels = (f"{VIP}:{port}/tcp", f"{server}:{port}")
    return NAMED + ".".join(f"{len(label)}." + ".".join(str(ord(letter)) for letter in label) for label in labels)


@pytest.fixture(scope="module")
def director(story_lab):
    text = re.sub(r"TCP_CHECK \{[^}]*\}", "", config(), flags=re.S)
    return Director(story_lab, text.replace("    lb_kind DR\n", "    lb_kind DR\n    quorum 6\n", 1))


@pytest.fixture(autouse=True)
def as_at_the_start(director):
    director.writer.set(POLICY, "i", REFUSE, *(word for server in SERVERS for word in (MACHINE + server, "i", UNLOCKED)),
                        *(word for server in SERVERS for word in (column(18, server), "i", -1)))


def state(director):
    return {oid: value for root in (D + ".1.3.1.1.5", D + ".1.3.1.1.8", D + ".1.3.1.1.18", POLICY, LOCK)
            for oid, value in director.reader.walk(root).items() if oid.startswith(root)}


def refused(director, failed, *varbinds):
    """For the quorum's sake, by the variable that is named; nothing of it is done."""
    before = state(director)
    with pytest.raises(snmp.SnmpError) as caught:
        director.writer.set(*varbinds)
    assert caught.value.reason == "inconsistentValue", caught.value
    assert f"Failed object: {failed}" in str(caught.value), (failed, caught.value)
    assert state(director) == before and director.get(QUORUM_UP) == "1"


def test_a_set_is_judged_as_a_whole(director):
    director.writer.set(admin(FIRST), "i", DRAINING)
    refused(director, admin(SECOND), admin(SECOND), "i", DRAINING)
    refused(director, admin(SECOND), admin(SECOND), "i", LOCKED)
    refused(director, by_name(SECOND), by_name(SECOND), "i", DRAINING)
    refused(director, MACHINE + SECOND, MACHINE + SECOND, "i", DRAINING)
    refused(director, WEIGHT + ".1.2", WEIGHT + ".1.2", "i", 0)
    refused(director, column(18, SECOND), column(18, SECOND), "i", 2)
    # Beside others, in either order, with the lock and a comment: all or nothing, and the index is that of the one at fault.
    lock = (LOCK, "i", director.get(LOCK))
    good = (admin(SECOND, 443), "i", DRAINING, column(COMMENT, SECOND), "s", "disk", *lock)
    refused(director, admin(SECOND), *good, admin(SECOND), "i", DRAINING)
    refused(director, admin(SECOND), admin(SECOND), "i", DRAINING, *good)
    # One for another.
    director.writer.set(admin(SECOND), "i", DRAINING, *lock, admin(FIRST), "i", UNLOCKED)
    assert [director.get(admin(server)) for server in SERVERS] == ["4", "3", "4"] and director.get(QUORUM_UP) == "1"
    assert director.get(LOCK) == str(int(lock[2]) + 1)
    # Two at once, of which either might go.
    director.writer.set(admin(SECOND), "i", UNLOCKED)
    refused(director, admin(THIRD), admin(FIRST), "i", DRAINING, admin(THIRD), "i", DRAINING)
    # The other service has enough.
    director.writer.set(admin(FIRST, 443), "i", DRAINING, admin(SECOND, 443), "i", LOCKED)
    refused(director, admin(THIRD, 443), admin(THIRD, 443), "i", LOCKED)


def test_the_policy_beside_a_drain_forces_it(director):
    drains = (admin(FIRST), "i", DRAINING, admin(SECOND), "i", DRAINING)
    refused(director, admin(SECOND), POLICY, "i", REFUSE, *drains)
    director.writer.set(*drains, POLICY, "i", ALLOW)
    assert director.get(QUORUM_UP) == "2" and director.get(POLICY) == "1"
    # There is nothing left to take away.
    director.writer.set(POLICY, "i", REFUSE, admin(THIRD), "i", DRAINING)
    wait_until(lambda: "snmp sets drain quorum policy: allow -> refuse" in director.process.text(), 3, "its line in the log")
    events = director.reader.walk(D + ".1.6.5")
    assert any("drain quorum policy" in value.text for value in events.values()), events
    director.refuses("wrongValue", POLICY, "i", 0, 3)


def vipctl(director, *words):
    return director.node.vipctl(*words, check=False)


def test_vipctl(director):
    done = vipctl(director, "drain", f"{VIP}:80", FIRST)
    assert done.returncode == 0, done.stderr
    before = state(director)
    what = f"{VIP}:80/tcp would lose its quorum of 6, with weight 3 instead of 6"
    for words in (("drain", SECOND), ("lock", f"{VIP}:80", SECOND), ("drain", "--all", f"{VIP}:80")):
        done = vipctl(director, *words)
        left = what if "--all" not in words else what.replace("weight 3", "weight 0")
        assert (done.returncode, done.stderr) == (1, f"vipctl: {left}; with --force all the same\n")
        assert state(director) == before
    # All of 443 and, for lack of a name, of 80 too: neither.
    assert vipctl(director, "lock", f"{SECOND}:80").returncode == 1
    assert vipctl(director, "undrain", SECOND, "--force").returncode == 2
    done = vipctl(director, "drain", SECOND, "--force", "--comment", "fire")
    assert done.returncode == 0, done.stderr
    assert director.get(admin(SECOND)) == "3" and director.get(QUORUM_UP) == "2" and director.get(POLICY) == "2"
    wait_until(lambda: "vipctl uid 0, forced sets administrative state" in director.process.text(), 3, "who forced it")
    status = json.loads(vipctl(director, "-j", "status").stdout)
    assert status["ipvs"]["drain_quorum_policy"] == "refuse"
    assert [(s["quorum"], s["quorum_weight"], s["quorum_up"]) for s in status["services"]] == [(6, 3, False), (1, 6, True)]
    assert vipctl(director, "policy", "allow").stdout == "drain quorum policy: allow\n"
    assert director.get(POLICY) == "1"
    assert [vipctl(director, "policy", *words).returncode for words in ((), ("never",), ("allow", "x"))] == [2, 1, 2]


def test_it_outlives_the_process(director):
    for end in (director.process.kill, director.process.stop):
        end()
        director.start()
        assert director.get(POLICY) == "2"
        director.writer.set(admin(FIRST), "i", DRAINING)
        refused(director, admin(SECOND), admin(SECOND), "i", DRAINING)
        director.writer.set(admin(FIRST), "i", UNLOCKED)
    director.node.vipctl("reload")
    assert director.get(POLICY) == "2"
    director.writer.set(POLICY, "i", ALLOW)
    director.process.kill()
    director.start()
    assert director.get(POLICY) == "1"
