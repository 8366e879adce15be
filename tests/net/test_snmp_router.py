# SPDX-License-Identifier: MIT
"""What a manager may change of a virtual router (VRRP-MIB, KEEPALIVED-MIB): refused while it is up, on the wire when
it comes up again, taken back exactly. Times and packets come from a capture."""

import re

import pytest

import fake_master as fm
import snmp
from lab import holds, wait_until

K, V = snmp.KEEPALIVED_MIB, snmp.VRRP_MIB
VIP, FIRST, SECOND = "10.9.0.100", "10.9.0.7", "10.9.0.2"
CONFIG = """
vrrp_instance VI_1 {{
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 150
    advert_int {interval}
    {authentication}
    virtual_ipaddress {{
        {vip}
    }}
}}
"""
PASS = "authentication {\n        auth_type PASS\n        auth_pass 1111\n    }"


def config(interval=1, authentication=PASS):
    return CONFIG.format(interval=interval, authentication=authentication, vip=VIP)


class Router:
    """vipd behind a real snmpd, master, with two addresses to choose from."""

    def __init__(self, lab):
        self.node, self.pulse = lab.node("director", FIRST + "/24", SECOND + "/24"), lab.pulse
        self.node.snmpd()
        self.reader = self.node.snmp("127.0.0.1")
        self.writer = self.reader.as_writer()
        self.file = self.node.write("vipd.conf", config())
        self.process = self.node.vipd(self.file, "-x", "-A", self.node.agentx)
        wait_until(lambda: self.reader.answers(K + ".2.3.1.4.1"), 15, "the agent")
        row = self.reader.get(K + ".2.6.1.7.1.1").text + ".51"
        (self.state, self.admin, self.priority, self.primary, self.auth, self.key, self.interval, self.preempt,
         self.protocol) = (f"{V}.1.3.1.{column}.{row}" for column in (3, 4, 5, 8, 9, 10, 11, 12, 14))
        wait_until(self.is_master, 15, "master")
        self.capture = self.node.capture("eth0", "vrrp")

    def get(self, *oids):
        return [value.text for value in self.reader.get(*oids)] if len(oids) > 1 else self.reader.get(*oids).text

    def is_master(self):
        return self.get(self.state) == "3"

    def down(self):
        self.writer.set(self.admin, "i", 2)

    def up(self):
        """Up again until it is master; its adverts from then on, two at least."""
        wait_until(lambda: self.capture.adverts(vrid=51)[-1].priority == 0, what="its last word")
        count = len(self.capture.adverts(vrid=51))
        self.writer.set(self.admin, "i", 1)
        wait_until(self.is_master, 20, "master again")
        return wait_until(lambda: len(found := self.capture.adverts(vrid=51)[count:]) > 1 and found, 10, "two adverts")

    def refused(self, reason, *words):
        with pytest.raises(snmp.SnmpError) as caught:
            self.writer.set(*words)
        assert caught.value.reason == reason, words


@pytest.fixture
def router(lab):
    return Router(lab)


def test_on_the_wire(router):
    changes = ((router.interval, "i", 2), (router.key, "s", "sesame-open-it"), (router.primary, "a", SECOND),
               (router.auth, "i", 1), (router.protocol, "i", 1))
    for words in changes:
        router.refused("inconsistentValue", *words)  # RFC 2787: not while it is up
    router.down()
    before = router.get(router.interval, router.primary, router.auth)
    assert before == ["1", FIRST, "2"]
    for words, reason in (((router.interval, "i", 0), "wrongValue"), ((router.interval, "i", 256), "wrongValue"),
                          ((router.interval, "u", 2), "wrongType"), ((router.key, "s", "x" * 17), "wrongLength"),
                          ((router.auth, "i", 0), "wrongValue"), ((router.auth, "i", 4), "wrongValue"),
                          ((router.protocol, "i", 5), "wrongValue"), ((router.protocol, "i", 4), "inconsistentValue"),
                          ((router.primary, "a", "10.9.0.3"), "inconsistentValue"),
                          ((router.primary, "a", VIP), "inconsistentValue"),
                          ((router.primary, "s", SECOND), "wrongType")):
        router.refused(reason, *words)
        router.refused(reason, router.interval, "i", 9, *words)
    assert router.get(router.interval, router.primary, router.auth) == before
    wait_until(lambda: router.capture.adverts(vrid=51)[-1].priority == 0, what="its last word")
    silent = len(router.capture.adverts(vrid=51))
    router.writer.set(*(word for words in changes[:3] for word in words))
    router.writer.set(*changes[4])
    assert router.get(router.interval, router.primary, router.key) == ["2", SECOND, ""]
    assert router.get(K + ".2.3.1.12.1") == "2"
    holds(lambda: len(router.capture.adverts(vrid=51)) == silent, 2.5, "silence while it is down")
    adverts = router.up()
    for advert in adverts:
        assert (advert.source, advert.interval, advert.raw[4], advert.auth) == (SECOND, 2, 1, b"sesame-o")
    first, second = adverts[0].time, adverts[1].time
    assert 1.9 < second - first < 2 + max(0.1, router.pulse.allowance(first, second))

    router.node.vipctl("reload")  # the text is the same: what was set stays
    assert router.get(router.interval, router.primary) == ["2", SECOND]
    router.down()
    router.writer.set(router.auth, "i", 1, router.primary, "a", "0.0.0.0", router.interval, "i", 1)
    assert router.get(router.auth, router.primary, K + ".2.3.1.15.1") == ["1", SECOND, "0"]
    advert = router.up()[-1]
    assert (advert.source, advert.interval, advert.raw[4], advert.auth) == (SECOND, 1, 0, bytes(8))

    router.file.write_text(config(interval=3))
    router.node.vipctl("reload")
    assert router.get(router.interval, router.auth) == ["3", "1"]

    sealed = router.node.capture("eth0", "ip proto 51", name="sealed")
    router.down()
    router.writer.set(router.auth, "i", 3, router.key, "s", "sesame-open-it")
    assert router.get(router.auth) == "3" and not list(sealed.frames())
    router.writer.set(router.admin, "i", 1)
    wait_until(lambda: list(sealed.frames()), 20, "an advert behind AH")

    log = router.process.text()
    for words in ("SET of advertisement interval: 1 s -> 2 s", f"SET of primary address: {FIRST} -> {SECOND}",
                  "SET of authentication type: PASS -> none", "none -> AH", "SET of authentication key: as configured -> set"):
        assert words in log, f"no line of the log has {words}"
    assert not re.search("sesame|1111", log)


def test_what_it_does_in_one_way_only(router):
    for column, now, other in ((27, 1, 2), (28, 2, 1), (29, 2, 1), (33, 2, 1)):
        oid = f"{K}.2.3.1.{column}.1"
        assert router.get(oid) == str(now)
        router.writer.set(oid, "i", now)
        router.refused("inconsistentValue", oid, "i", other)
        router.refused("wrongValue", oid, "i", 0)
        router.refused("wrongValue", oid, "i", 3)
        router.refused("wrongType", oid, "s", "1")
        assert router.get(oid) == str(now)


def test_undo_is_exact(lab):
    """A master agent that takes a SET back after it was committed: an "up" in it comes last and goes first."""
    node = lab.node("director", FIRST + "/24", SECOND + "/24")
    file = node.write("vipd.conf", config())
    with fm.FakeMaster(node.dir / "run/agentx.sock") as master:
        process = node.vipd(file, "-x", "-A", node.agentx)
        wait_until(lambda: master.count(fm.PING), 15, "the session")
        state = fm.oid(K + ".2.3.1.4.1")
        wait_until(lambda: master.get(state)[0].value == 2, 15, "master")
        row = f"{master.get(fm.oid(K + '.2.6.1.7.1.1'))[0].value}.51"
        admin, priority, primary, auth, key, interval = (
            fm.oid(f"{V}.1.3.1.{column}.{row}") for column in (4, 5, 8, 9, 10, 11))
        capture = node.capture("eth0", "vrrp")

        def prepare(number, *varbinds):
            payload = b"".join(fm.pack_varbind(*varbind) for varbind in varbinds)
            assert master.ask(fm.TESTSET, payload, transaction=number)[0] == 0
            assert master.ask(fm.COMMITSET, transaction=number)[0] == 0

        def shown():
            return [varbind.value for varbind in master.get(admin, priority, primary, auth, interval)]

        def wire():
            count = len(capture.adverts(vrid=51))
            prepare(90, (admin, fm.INTEGER, 1))
            master.send(fm.CLEANUPSET, transaction=90)
            advert = wait_until(lambda: [advert for advert in capture.adverts(vrid=51)[count:] if advert.priority], 20,
                                "an advert of a master")[0]
            prepare(91, (admin, fm.INTEGER, 2))
            master.send(fm.CLEANUPSET, transaction=91)
            return advert.source, advert.interval, advert.raw[4], advert.auth, advert.priority

        every = ((admin, fm.INTEGER, 1), (priority, fm.INTEGER, 99), (primary, fm.IPADDRESS, bytes((10, 9, 0, 2))),
                 (auth, fm.INTEGER, 1), (key, fm.OCTETS, b"other"), (interval, fm.INTEGER, 4))
        prepare(1, (admin, fm.INTEGER, 2))
        master.send(fm.CLEANUPSET, transaction=1)
        first = shown()
        assert first == [2, 150, bytes((10, 9, 0, 7)), 2, 1]
        prepare(2, *every)
        assert shown() == [1, 99, bytes((10, 9, 0, 2)), 1, 4]
        assert master.ask(fm.UNDOSET, transaction=2)[0] == 0
        assert shown() == first
        assert wire() == (FIRST, 1, 1, b"1111\0\0\0\0", 150)  # as configured

        prepare(3, *every[1:3], (auth, fm.INTEGER, 2), (key, fm.OCTETS, b"second"), (interval, fm.INTEGER, 2))
        master.send(fm.CLEANUPSET, transaction=3)
        second = shown()
        prepare(4, (admin, fm.INTEGER, 1), (priority, fm.INTEGER, 98), (primary, fm.IPADDRESS, bytes(4)),
                (auth, fm.INTEGER, 1), (key, fm.OCTETS, b""), (interval, fm.INTEGER, 4))
        assert master.ask(fm.UNDOSET, transaction=4)[0] == 0
        assert shown() == second
        assert wire() == (SECOND, 2, 1, b"second\0\0", 99)  # as set before
        assert "could not be undone" not in process.text()
