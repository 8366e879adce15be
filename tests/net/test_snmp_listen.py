# SPDX-License-Identifier: MIT
"""vipd as its own master agent: who may read and write, where notifications go, what a reload changes; the same reloads
under snmpd."""

import json
import re
import signal

import pytest

import snmp
from lab import build_dir, wait_until
from test_snmp_daemon import SERVERS, V, K, WEIGHT, column, config

PORT = 1161
ACCESS = """
rocommunity public
rwcommunity private
createUser watcher SHA authpass123 AES privpass123
rouser watcher priv
view narrow included .1.3.6.1.2.1.1
rocommunity blind default -V narrow
"""
TRAPS = "trap2sink 127.0.0.1 public\ninformsink 127.0.0.1 public\ntrapsess -v3 -u watcher -l authPriv 127.0.0.1\n"
PARTS = "enable_snmp_vrrp", "enable_snmp_checker", "enable_snmp_rfc", "enable_snmp_lvs"
SEEN = {K + ".1.1.0": PARTS[:2], K + ".2.3.1.2.1": PARTS[:1], WEIGHT + ".1.1": PARTS[1:2], V + ".1.1.0": PARTS[2:3],
        column(5): PARTS[1:2], snmp.LVS_MIB + ".2.0": PARTS[3:], snmp.LVS_MIB + ".18.1.1.1.1": PARTS[3:]}


class Own:
    """A director that listens itself."""

    def __init__(self, lab, extra="", access=ACCESS):
        self.node = lab.node("director", "10.9.0.1/24")
        self.file = self.node.write("vipd.conf", config(extra))
        self.access = self.node.write("snmpd.conf", access)
        self.reader = self.node.snmp("127.0.0.1", port=PORT)
        self.writer = self.reader.as_writer()

    def start(self, *options):
        self.process = self.node.vipd(self.file, "--snmp-listen", f"udp:127.0.0.1:{PORT}", "--snmp-conf", self.node.dir,
                                      "--state-dir", "/run/state", *options)

    def rewrite(self, extra):
        self.file.write_text(config(extra))
        self.node.vipctl("reload")

    def status(self):
        return json.loads(self.node.vipctl("-j", "status").stdout)


@pytest.fixture
def own(lab):
    return Own(lab)


def refusal(manager, *words):
    with pytest.raises(snmp.SnmpError) as caught:
        manager.set(*words)
    return caught.value.reason


def test_managers(own):
    """v2c, v3, no default community, views; walks agree; SETs are whole or nothing; users and boots outlive a restart."""
    own.start("-x")
    node, reader, writer = own.node, own.reader, own.writer
    wait_until(lambda: reader.answers(WEIGHT + ".1.1"), 15, "an answer")
    with pytest.raises(snmp.SnmpError) as caught:
        node.snmp("127.0.0.1", "nosuch", PORT).get(K + ".1.1.0", timeout=1)
    assert caught.value.reason == "timeout"
    assert node.snmp("127.0.0.1", "blind", PORT).get(K + ".1.1.0").type == "noSuchObject"
    v3 = ["snmpget", "-v3", "-u", "watcher", "-l", "authPriv", "-a", "SHA", "-A", "authpass123", "-x", "AES", "-X"]
    where = ["-m", "", "-OnetU", f"127.0.0.1:{PORT}"]
    boots = ".1.3.6.1.6.3.10.2.1.2.0"
    first = int(node.output(*v3, "privpass123", *where, boots).split()[-1])
    assert "vipd" in node.output(*v3, "privpass123", *where, K + ".1.1.0")
    assert node.run(*v3, "wrongpass123", *where, "-t", 1, "-r", 0, boots, check=False).returncode
    for root in (K + ".3", V, snmp.DIRECTOR_MIB + ".1.3.1.1.5"):
        bulk, single = reader.walk(root), reader.walk(root, bulk=False)
        assert list(bulk) == list(single) and len(bulk) > 5
    assert refusal(reader, WEIGHT + ".1.1", "i", 7) == "noAccess"
    writer.set(WEIGHT + ".1.1", "i", 7, column(5, SERVERS[1]), "i", 3)
    assert reader.get(WEIGHT + ".1.1").text == "7" and reader.get(column(5, SERVERS[1])).text == "3"
    assert refusal(writer, WEIGHT + ".1.1", "i", 9, column(5, SERVERS[2]), "i", 77) == "wrongValue"
    assert refusal(writer, WEIGHT + ".1.1", "i", 9, ".1.3.6.1.2.1.1.3.0", "t", 1) == "notWritable"
    assert reader.get(WEIGHT + ".1.1").text == "7"
    own.process.stop()
    assert own.process.popen.returncode == 0, own.process.text()
    own.start("-x")
    wait_until(lambda: reader.answers(WEIGHT + ".1.1"), 15, "an answer")
    assert int(node.output(*v3, "privpass123", *where, boots).split()[-1]) == first + 1
    assert reader.get(WEIGHT + ".1.1").text == "7"


def test_notifications(own):
    """To every sink of every kind, and a sink that is not there, which has the agent wait, holds nobody else up."""
    node = own.node
    own.access.write_text(ACCESS + TRAPS)
    traps = node.snmptrapd()
    own.start("-x")
    wait_until(lambda: own.reader.answers(WEIGHT + ".1.1"), 15, "an answer")
    wait_until(lambda: own.reader.number(K + ".2.3.1.4.1") == 2, 15, "master")
    new_master = V + ".0.1"
    # the v3 sink's user is not known to this receiver: two of three
    wait_until(lambda: traps.count(new_master) == 2, what="a trap and an inform")

    def unsent():
        agent = own.status()["agent"]
        return agent["notifications_queued"] - agent["notifications_sent"]

    wait_until(lambda: unsent() == 0, 15, "all that is queued to be sent")
    assert own.status()["agent"]["notifications_dropped"] == 0
    # a sink that is asked for its engine at every inform, and does not answer
    own.access.write_text(ACCESS + "trap2sink 127.0.0.1 public\n"
                          "trapsess -Ci -v3 -u watcher -l authPriv -t 1 -r 1 10.9.0.71\n")
    capture = node.capture("eth0", "vrrp")
    count = traps.count()
    node.vipctl("reload")
    own.writer.set(column(5), "i", 4, timeout=5, retries=5)
    assert own.reader.get(column(5), timeout=5, retries=5).text == "4"
    wait_until(lambda: traps.count() > count, 20, "a trap after the reload")
    wait_until(lambda: "send_trap: Timeout" in own.process.text(), 20, "the wait for the sink")
    assert not capture.late_gaps(1.0, node.lab.pulse, vrid=51)


def test_address_taken(own):
    holder = own.node.popen("/usr/bin/python3", "-c", f"import socket, time; s = socket.socket(2, 2); "
                            f"s.bind(('127.0.0.1', {PORT})); print('bound', flush=True); time.sleep(99)", log="holder.log")
    wait_until(lambda: "bound" in holder.text(), what="the holder")
    own.start("-x")
    wait_until(lambda: f"cannot listen on udp:127.0.0.1:{PORT}" in own.process.text(), 15, "the trouble")
    assert not own.status()["agent"]["connected"]
    holder.stop()
    wait_until(lambda: own.reader.answers(WEIGHT + ".1.1"), 15, "an answer")
    assert own.status()["agent"]["last_error"] == ""
    assert own.process.text().count("cannot listen") == 1


@pytest.mark.parametrize("role", ["own", "snmpd"])
def test_switched_by_reload(lab, role):
    """enable_snmp_* added and removed: what is seen follows, and without any of them nothing listens or is connected."""
    own = Own(lab)
    if role == "own":
        own.start()
    else:
        own.node.snmpd()
        own.reader = own.node.snmp("127.0.0.1")
        own.process = own.node.vipd(own.file, "-A", own.node.agentx)
    wait_until(lambda: "is in force" in own.process.text(), 15, "vipd")

    def seen():
        return {oid for oid in SEEN if own.reader.answers(oid, timeout=0.4)}

    def sockets():
        return re.findall(rf'pid={own.process.pid},', own.node.output("ss", "-Hanup") + own.node.output("ss", "-Hanxp"))

    idle = len(sockets())
    assert not seen() and not own.status()["agent"]["enabled"]
    for parts in (PARTS[:1], PARTS[:2], PARTS[2:], PARTS, PARTS[3:], (), PARTS[1:]):
        own.rewrite("\n".join(parts))
        want = {oid for oid, by in SEEN.items() if set(by) & set(parts)}
        wait_until(lambda: seen() == want, 10, f"what is seen with {parts}")
        agent = own.status()["agent"]
        assert agent["enabled"] == agent["connected"] == bool(parts), agent
        if not parts:
            wait_until(lambda: len(sockets()) == idle, 5, "no socket")
    if role == "own":  # the access file is read again too
        own.access.write_text(ACCESS.replace("public", "secret"))
        own.node.vipctl("reload")
        wait_until(lambda: own.node.snmp("127.0.0.1", "secret", PORT).answers(column(5)), 10, "the new community")
        assert not own.reader.answers(column(5))
    own.process.send(signal.SIGTERM)
    assert own.process.popen.wait(10) == 0, own.process.text()


def test_options(own):
    """The check of such an agent, and a folder without a file: nobody may read."""
    own.access.unlink()
    own.start("-x")
    wait_until(lambda: f"answering SNMP on udp:127.0.0.1:{PORT}" in own.process.text(), 15, "the agent")
    assert not own.reader.answers(K + ".1.1.0")
    check = [build_dir() / "vipd", "--check-snmp", "-f", own.file, "-x", "--snmp-listen", f"udp:127.0.0.1:{PORT}",
             "--snmp-conf", own.node.dir]
    found = own.node.run(*check, check=False)
    assert found.returncode == 0 and found.stdout.startswith("not tried: "), found.stdout
    own.access.write_text(ACCESS)
    own.node.vipctl("reload")
    wait_until(lambda: own.reader.answers(K + ".1.1.0"), 10, "the community")
    found = own.node.run(*check, check=False)
    assert (found.returncode, found.stdout) == (0, f"SNMP works: vipd (process {own.process.pid}) answers on udp:127.0.0.1:"
                                                f"{PORT}, and managers see the tables\n")
    found = own.node.run(*check, "--check-snmp=blind", check=False)
    assert found.returncode == 1 and found.stdout.count("hidden: ") == 4, found.stdout
    own.process.stop()
    found = own.node.run(*check, check=False)
    assert found.returncode == 1 and found.stdout.startswith("nobody listens at "), found.stdout
