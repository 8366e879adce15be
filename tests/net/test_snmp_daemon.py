# SPDX-License-Identifier: MIT
"""The whole daemon as a management station sees it: what may be written, what may not, what outlives what.

Needs no IPVS: without it the check engine publishes the same rows, with nothing in the kernel.
"""

import signal

import pytest

import snmp
import test_mib_judge as judge
from lab import holds, wait_until

K, V, D = snmp.KEEPALIVED_MIB, snmp.VRRP_MIB, snmp.DIRECTOR_MIB
ROOTS = (V, D, K)
# snmpset has no letter for counters: those are tried with an INTEGER.
LETTERS = {"INTEGER": "i", "STRING": "s", "Hex-STRING": "x", "BITS": "x", "Gauge32": "u", "Counter32": "i",
           "Counter64": "i", "Timeticks": "t", "IpAddress": "a", "OID": "o"}
WEIGHT = K + ".3.4.1.7"
VIP = "10.9.0.100"
SERVERS = ("10.9.0.41", "10.9.0.42", "10.9.0.43")

CONFIG = """
global_defs {{
    router_id LVS_DEVEL
    enable_traps
    {extra}
}}
vrrp_sync_group VG_1 {{ group {{
    VI_1
}} }}
vrrp_instance VI_1 {{
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 150
    down_timer_adverts 1
    authentication {{
        auth_type PASS
        auth_pass 1111
    }}
    virtual_ipaddress {{
        10.9.0.100
    }}
}}
"""
SERVICE = """
virtual_server {vip} {port} {{
    delay_loop 6
    lb_algo wrr
    lb_kind DR
    protocol TCP
    {servers}
}}
"""
SERVER = """
    real_server {ip} {port} {{
        weight {weight}
        TCP_CHECK {{
            connect_timeout 1
        }}
    }}
"""


def config(extra="", servers=SERVERS, ports=(80, 443), weight=3):
    services = [SERVICE.format(vip=VIP, port=port, servers="".join(
        SERVER.format(ip=ip, port=port, weight=weight) for ip in servers)) for port in ports]
    return CONFIG.format(extra=extra) + "".join(services)


def dest(server, port=80):
    """The index of a destination in IPVS-DIRECTOR-MIB."""
    return f"0.1.4.{VIP}.6.{port}.1.4.{server}.{port}"


def column(number, server=SERVERS[0], port=80):
    return f"{D}.1.3.1.1.{number}.{dest(server, port)}"


class Director:
    def __init__(self, lab, text=None, views=""):
        self.node = lab.node("director", "10.9.0.1/24")
        self.snmpd = self.node.snmpd(extra=views)
        self.file = self.node.write("vipd.conf", text or config())
        self.reader = self.node.snmp("127.0.0.1")
        self.writer = self.reader.as_writer()
        self.start()

    def start(self):
        self.process = self.node.vipd(self.file, "-x", "-A", self.node.agentx)
        wait_until(lambda: self.reader.answers(WEIGHT + ".1.1"), 15, "the agent")
        wait_until(lambda: self.reader.number(K + ".2.3.1.4.1") == 2, 15, "master")

    def rewrite(self, text, good=True):
        self.file.write_text(text)
        assert (self.node.vipctl("reload", check=False).returncode == 0) == good

    def get(self, oid):
        return self.reader.get(oid).text

    def refusal(self, *words):
        """error-status of a SET that must be refused."""
        with pytest.raises(snmp.SnmpError) as caught:
            self.writer.set(*words)
        return caught.value.reason

    def accepts(self, oid, letter, *values):
        """Each value is taken, and the GET right after shows it."""
        for value in values:
            self.writer.set(oid, letter, value)
            assert self.get(oid) == str(value), f"{oid} = {value}"

    def refuses(self, reason, oid, letter, *values):
        """Each value is refused for that reason, and nothing changes."""
        before = self.get(oid)
        for value in values:
            assert self.refusal(oid, letter, value) == reason, f"{oid} = {value!r}"
            assert self.get(oid) == before


@pytest.fixture
def director(lab):
    return Director(lab)


def test_values_at_the_bounds_and_beyond(director):
    weight = WEIGHT + ".1.1"
    director.accepts(weight, "i", 0, 1, 255, 256, 300, 1000, 65535)
    director.refuses("wrongValue", weight, "i", 65536, -1, 2147483647, -2147483648)
    director.refuses("wrongType", weight, "s", "300")
    director.refuses("wrongType", weight, "u", "300")
    director.accepts(column(18), "i", 0, 65535, -1)
    assert director.get(weight) == "3"  # without an override the configured one
    director.refuses("wrongValue", column(18), "i", -2, 65536)
    director.accepts(column(5), "i", 3, 4, 2)
    director.refuses("inconsistentValue", column(5), "i", 3)  # locked: there is nothing to drain
    director.refuses("wrongValue", column(5), "i", 0, 1, 5, -1)
    director.refuses("wrongType", column(5), "s", "3")
    director.accepts(column(5), "i", 4)
    director.accepts(column(7), "i", 2, 3)
    director.refuses("wrongValue", column(7), "i", 0, 1, 4, 5)
    director.accepts(column(8), "s", "kernel upgrade", "x" * 63)
    director.refuses("wrongLength", column(8), "s", "x" * 64, "x" * 255)
    director.refuses("wrongValue", column(8), "x", "611B5B6D", "00", "610A", "7F", "C29B")
    director.refuses("wrongEncoding", column(8), "x", "C328", "FF", "E4BD")
    director.refuses("wrongType", column(8), "i", 1)
    director.accepts(column(27), "u", 604800, 1, 0)
    director.refuses("wrongValue", column(27), "u", 604801, 4294967295)
    director.refuses("wrongType", column(27), "i", 1)
    director.accepts(column(28), "i", 2, 3, 1)
    director.refuses("wrongValue", column(28), "i", 0, 4)
    director.accepts(K + ".2.3.1.7.1", "i", 1, 254, 255, 150)
    director.refuses("wrongValue", K + ".2.3.1.7.1", "i", 0, 256, -1)
    director.accepts(K + ".2.3.1.13.1", "i", 2, 1)
    director.refuses("wrongValue", K + ".2.3.1.13.1", "i", 0, 3)
    director.accepts(V + ".1.2.0", "i", 2, 1)
    director.refuses("wrongValue", V + ".1.2.0", "i", 0, 3)
    for words in ("weight override of 10.9.0.41:80 in 10.9.0.100:80/tcp: 1000 -> 65535", "unlocked -> shuttingDown",
                  "VI_1: SET of base priority: 255 -> 150", "VI_1: SET of preemption: on -> off",
                  "vrrpNotificationCntl: enabled -> disabled"):
        wait_until(lambda: words in director.process.text(), what=f"a line of the log with {words}")


def test_administrative_state_of_an_instance(director):
    row = director.get(K + ".2.6.1.7.1.1") + ".51"
    admin, state, priority, preempt, status = (f"{V}.1.3.1.{column}.{row}" for column in (4, 3, 5, 12, 15))
    capture = director.node.capture("eth0", "vrrp")
    director.refuses("wrongValue", admin, "i", 0, 3)
    director.refuses("inconsistentValue", priority, "i", 100)
    director.refuses("inconsistentValue", preempt, "i", 2)
    director.refuses("inconsistentValue", status, "i", 2, 4, 5, 6)
    director.refuses("wrongValue", status, "i", 0, 7)
    assert director.refusal(f"{V}.1.3.1.15.{row}.1", "i", 4) == "noCreation"
    wait_until(lambda: capture.adverts(vrid=51), 5, "an advert")
    director.accepts(admin, "i", 2)
    assert director.get(state) == "1" and director.get(K + ".2.3.1.4.1") in ("0", "3")
    wait_until(lambda: [advert.priority for advert in capture.adverts(vrid=51)][-1] == 0, what="priority 0 on the wire")
    wait_until(lambda: not director.node.has_address(VIP), what="the address is gone")
    count = len(capture.adverts(vrid=51))
    director.accepts(priority, "i", 1, 254, 120)
    director.refuses("wrongValue", priority, "i", 0, 256)
    director.accepts(preempt, "i", 2, 1)
    director.rewrite(config(weight=4))
    assert director.get(admin) == "2", "a reload has started it"
    holds(lambda: len(capture.adverts(vrid=51)) == count, 2, "silence while administratively down")
    director.accepts(admin, "i", 1)
    wait_until(lambda: director.get(state) == "3", 10, "master again")
    wait_until(lambda: len(capture.adverts(vrid=51)) > count, what="adverts again")
    assert capture.adverts(vrid=51)[-1].priority == 120
    wait_until(lambda: director.node.has_address(VIP), what="the address")


def first_rows(reader):
    """{column OID: (full OID, Value)} of the first row that has it, over everything served."""
    found = {}
    known = {item.oid for module in judge.parse_modules().values() for item in module.values()} | set(judge.NEWER)
    for root in ROOTS:
        for oid, value in reader.walk(root).items():
            head = oid
            while head not in known:
                head = head.rpartition(".")[0]
            found.setdefault(head, (oid, value))
    return found


WRITABLE = {WEIGHT, V + ".1.2", V + ".1.4.1.2", D + ".1.3.3.1.3", D + ".1.8.2", D + ".1.8.3"} | {
    f"{K}.2.3.1.{n}" for n in (7, 13, 27, 28, 29, 33)} | {
    f"{V}.1.3.1.{n}" for n in (4, 5, 8, 9, 10, 11, 12, 14, 15)} | {f"{D}.1.3.1.1.{n}" for n in (5, 7, 8, 18, 27, 28)} | {
    f"{D}.1.4.1.1.{n}" for n in (3, 4, 5)} | {f"{D}.1.1.18", f"{D}.1.1.19", f"{D}.1.6.1", f"{D}.1.8.1"}


def words_of(oid, value):
    """What a SET of a value to itself takes."""
    letter = LETTERS[value.type]
    if letter == "x":
        return oid, letter, value.text.replace(" ", "")
    return oid, letter, value.text.split(" ")[0] if letter in "iut" and " " in value.text else value.text


def test_absent_rows_and_columns(director):
    for oid, letter in ((WEIGHT + ".1.4", "i"), (WEIGHT + ".3.1", "i"), (WEIGHT + ".1.1.1", "i"), (WEIGHT + ".0.1", "i"),
                        (K + ".2.3.1.7.2", "i"), (column(5, "10.9.0.99"), "i"), (column(8, "10.9.0.99"), "s"),
                        (D + ".1.3.1.1.27." + dest(SERVERS[0]) + ".1", "u"), (V + ".1.3.1.5.99.51", "i")):
        assert director.refusal(oid, letter, 3) == "noCreation", oid
    for oid in (K + ".3.4.1.99.1.1", D + ".1.3.1.1.36." + dest(SERVERS[0]), D + ".1.99.0", K + ".1.1.0"):
        assert director.refusal(oid, "i", 3) == "notWritable", oid


def test_a_set_of_several_is_all_or_nothing(director):
    weight, admin, base = WEIGHT + ".1.1", column(5, SERVERS[1]), K + ".2.3.1.7.1"
    good = (weight, "i", 7, admin, "i", 3, column(8), "s", "half", base, "i", 99)
    watched = (weight, admin, column(8), base, column(9), column(26, SERVERS[1]))
    before = director.reader.get(*watched)
    for bad, reason in (((WEIGHT + ".1.9", "i", 1), "noCreation"), ((WEIGHT + ".1.2", "i", 70000), "wrongValue"),
                        ((K + ".1.1.0", "s", "x"), "notWritable"), ((column(8, SERVERS[1]), "s", "x" * 64), "wrongLength"),
                        ((".1.3.6.1.2.1.1.7.0", "i", 1), "noAccess")):
        for words in (good + bad, bad + good):
            assert director.refusal(*words) == reason
            assert director.reader.get(*watched) == before
    director.writer.set(*good)
    assert [value.text for value in director.reader.get(*watched[:4])] == ["7", "3", "half", "99"]
    # Across both modules the same destination is one thing.
    assert director.get(column(18)) == "7"


def test_views_and_communities_gate(director):
    reader = director.reader
    for oid in (WEIGHT + ".1.1", column(5), V + ".1.2.0"):
        with pytest.raises(snmp.SnmpError) as caught:
            reader.set(oid, "i", 2)
        assert caught.value.reason == "noAccess"
    assert director.get(WEIGHT + ".1.1") == "3"


def test_read_only_refuses_all(director):
    director.writer.set(column(5), "i", 3)
    director.rewrite(config(extra="snmp_read_only"))
    for name, (oid, value) in first_rows(director.reader).items():
        if name in WRITABLE:
            assert director.refusal(*words_of(oid, value)) == "notWritable", oid
    assert director.get(column(5)) in ("2", "3"), "it does not undo what was set"
    director.rewrite(config())
    director.writer.set(column(5), "i", 4)


def state_of(director):
    """What an operator has set, as far as it must outlive the process."""
    return [director.get(column(number)) for number in (5, 7, 8, 18, 27, 28)] + [director.get(WEIGHT + ".1.1")]


def test_what_was_set_survives(director):
    director.writer.set(column(8), "s", "disk swap, Bob", column(27), "u", 600, column(28), "i", 2, column(18), "i", 256,
                        column(5), "i", 2)
    wanted = state_of(director)
    assert wanted[0] == "2" and wanted[6] == "256"
    director.rewrite(config(weight=9))
    assert state_of(director) == wanted, "a reload"
    director.process.send(signal.SIGHUP)
    assert director.process.stop() == 0
    director.start()
    assert state_of(director) == wanted, "a restart"
    director.process.kill()
    director.start()
    assert state_of(director) == wanted, "kill -9"
    director.writer.set(column(5), "i", 4, column(18), "i", -1)
    director.process.kill()
    director.start()
    assert state_of(director)[0] == "4" and director.get(WEIGHT + ".1.1") == "9"


def test_volatile_state_does_not_survive(director):
    director.writer.set(column(7), "i", 2, column(5), "i", 2)
    director.rewrite(config(weight=9))
    assert director.get(column(5)) == "2"
    director.process.stop()
    director.start()
    assert director.get(column(5)) == "4" and director.get(column(7)) == "3"


def test_a_broken_configuration_shows_and_goes(director):
    error, generation = D + ".1.1.6.0", D + ".1.1.4.0"
    assert director.get(error) == "" and director.get(generation) == "1"
    loaded, weights = director.get(D + ".1.1.5.0"), director.reader.column(WEIGHT)
    director.rewrite(config(weight=8) + "vrrp_script chk {\n    script /bin/true\n    intervall 7\n}\n", good=False)
    assert "intervall" in director.get(error)
    assert director.get(generation) == "1" and director.get(D + ".1.1.5.0") == loaded
    assert director.reader.column(WEIGHT) == weights, "half of a broken file is in force"
    director.rewrite(config(weight=8))
    assert director.get(error) == "" and director.get(generation) == "2"
    assert set(director.reader.column(WEIGHT).values()) == {"8"}


def test_rows_of_ours_stay_while_keepaliveds_stay_dense(director):
    director.writer.set(column(8, SERVERS[2]), "s", "third")
    before = director.reader.column(D + ".1.3.1.1.4")
    assert director.get(K + ".3.4.1.4.1.3") == "0A 09 00 2B"
    turned = config(servers=(SERVERS[2], SERVERS[0], SERVERS[1]), ports=(443, 80))
    director.rewrite(turned)
    assert director.reader.column(D + ".1.3.1.1.4") == before, "a reordered file moves no row"
    assert director.get(column(8, SERVERS[2])) == "third"
    assert [director.get(column(n, SERVERS[2])) for n in (34, 35)] == ["2", "1"]
    assert director.get(K + ".3.3.1.7.1") == "443"
    assert list(director.reader.column(K + ".3.4.1.2")) == ["1.1", "1.2", "1.3", "2.1", "2.2", "2.3"]
    director.rewrite(config(servers=SERVERS[1:]))
    assert list(director.reader.column(K + ".3.4.1.2")) == ["1.1", "1.2", "2.1", "2.2"]
    gone = dest(SERVERS[0])
    assert director.reader.get(f"{D}.1.3.1.1.4.{gone}").type == "noSuchInstance"
    assert director.refusal(f"{D}.1.3.1.1.5.{gone}", "i", 3) == "noCreation"


def test_snmp_switched_off_and_on_fifty_times(director):
    folder = f"/proc/{director.process.pid}/fd"

    def descriptors():
        return int(director.node.output("sh", "-c", f"ls {folder} | wc -l"))
    director.process.stop()
    director.process = director.node.vipd(director.file, "-A", director.node.agentx)
    on = config(extra="enable_snmp_vrrp\n enable_snmp_checker\n enable_snmp_rfcv2")
    wait_until(lambda: "READY" in director.process.text() or director.node.vipctl("status", check=False).returncode == 0,
               10, "vipd")
    count = None
    for turn in range(50):
        director.rewrite(on)
        if turn % 10 == 0:
            wait_until(lambda: director.reader.answers(WEIGHT + ".1.1"), 5, "SNMP on")
            # A vipctl that has ended may still be connected.
            count = count or descriptors()
            wait_until(lambda: descriptors() <= count, what=f"{count} descriptors")
        director.rewrite(config())
        if turn % 10 == 0:
            wait_until(lambda: not director.reader.answers(WEIGHT + ".1.1"), 5, "SNMP off")
    director.rewrite(on)
    wait_until(lambda: director.reader.answers(WEIGHT + ".1.1"), 5, "SNMP on")
    wait_until(lambda: descriptors() <= count, what=f"{count} descriptors")
    assert director.snmpd.alive() and director.process.alive()


def test_times_after_a_restart_of_snmpd(director):
    """TimeStamp counts sysUpTime of the master agent: what was before its start is 0, what comes after is not later
    than now."""
    changed, up_since = D + ".1.1.7.0", V + ".1.3.1.13." + director.get(K + ".2.6.1.7.1.1") + ".51"
    director.snmpd.stop()
    director.snmpd = director.node.snmpd()
    wait_until(lambda: director.reader.answers(changed), 5, "the agent within 5 s")
    assert director.get(up_since) == "0"
    director.writer.set(column(5), "i", 2)
    at, now = (int(director.get(oid).split(" ")[0]) for oid in (changed, ".1.3.6.1.2.1.1.3.0"))
    assert 0 < at <= now and now - at < 500
