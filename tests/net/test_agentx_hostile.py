# SPDX-License-Identifier: MIT
"""The whole daemon under hostile AgentX masters: every fault in every phase of the protocol, one daemon for a phase.

| phase | who begins | what is spoilt |
|---|---|---|
| Open, Register, Notify, Ping | vipd | the answer: FAULTS_OF_ANSWERS |
| Get, GetNext, TestSet, CommitSet, UndoSet, CleanupSet | the master | the request: FAULTS_OF_REQUESTS |

After each fault the master is decent again and must be answered. All the while adverts leave every 100 ms, and in the end
a real snmpd takes the master's place.
"""

import random
import socket
import struct
import threading
import time

import fake_master as fm
import snmp
from lab import wait_until

K, D = snmp.KEEPALIVED_MIB, snmp.DIRECTOR_MIB
ADVERT_INT, BACK_WITHIN_S = 0.1, 5.0
ROUTER_ID = K + ".1.2.0"
DEST = ".0.1.4.10.6.0.100.6.80.1.4.10.6.0.200.80"
WEIGHT, TIMEOUT = D + ".1.3.1.1.18" + DEST, D + ".1.3.1.1.27" + DEST

CONFIG = """
global_defs {{
    router_id LVS_DEVEL
    enable_traps
    vrrp_rt_priority 40
}}
vrrp_instance VI_1 {{
    state MASTER
    version 3
    interface eth0
    virtual_router_id {vrid}
    priority 200
    advert_int 0.1
    virtual_ipaddress {{ 10.6.1.{vrid} }}
}}
virtual_server 10.6.0.100 80 {{
    lb_algo rr
    lb_kind NAT
    protocol TCP
    real_server 10.6.0.200 80 {{ }}
}}
"""


# ---- what is wrong with an answer: rule(master, connection, pdu), as in fake_master.py ----

def trickle(master, data):
    with master.writing:
        for octet in data:
            master.connection.sendall(bytes((octet,)))
            time.sleep(0.003)


def slow(master, connection, pdu):
    trickle(master, master.response(pdu))


def silent(master, connection, pdu):
    time.sleep(0.3)
    connection.close()


def hang_up(master, connection, pdu):
    connection.close()


def half(master, connection, pdu):
    connection.sendall(master.response(pdu)[:23])
    connection.close()


def garbage(master, connection, pdu):
    connection.sendall(random.Random(pdu.type).randbytes(3000))
    time.sleep(0.1)
    connection.close()


def giant(master, connection, pdu):
    connection.sendall(master.response(pdu)[:16] + b"\x10\0\0\0" + b"x" * 500)


def lying(master, connection, pdu):
    connection.sendall(master.response(pdu)[:16] + struct.pack(">I", 32) + b"\0\0\0\1\0\0\0\0" + b"\0\4\0\0\xff\0\0\0" + b"\xff" * 16)
    time.sleep(0.1)
    connection.close()


def other(**fields):
    """An answer with a wrong header field, then the right one."""
    def rule(master, connection, pdu):
        connection.sendall(master.response(pdu, **{name: getattr(pdu, name) + step for name, step in fields.items()}))
        connection.sendall(master.response(pdu))
    return rule


def twice(master, connection, pdu):
    connection.sendall(master.response(pdu) * 2)


def duplicate(master, connection, pdu):
    return {fm.OPEN: fm.OPEN_FAILED, fm.REGISTER: fm.DUPLICATE, fm.NOTIFY: fm.PROCESSING, fm.PING: fm.NOT_OPEN}[pdu.type]


def no_such_error(master, connection, pdu):
    return 0xFFFF


def requests_first(master, connection, pdu):
    """Requests for which it is too early, with a session that is not there."""
    for kind in (fm.GET, fm.TESTSET, fm.COMMITSET, fm.UNDOSET, fm.CLEANUPSET, fm.RESPONSE, 99):
        connection.sendall(master.pdu(kind, fm.pack_oid(fm.oid(ROUTER_ID)) + fm.pack_oid(()), transaction=1, session=4711))
    return 0


FAULTS_OF_ANSWERS = {
    "slow": slow, "silent": silent, "hangs up": hang_up, "closes mid-PDU": half, "garbage": garbage, "giant": giant,
    "lying lengths": lying, "wrong transaction": other(transaction=1000), "wrong packet": other(packet=1000),
    "wrong session": other(session=1000), "answers twice": twice, "refuses": duplicate, "unknown error": no_such_error,
    "asks first": requests_first,
}


# ---- what is wrong with a request: fault(master, kind, payload, transaction) ----

def close(master):
    try:
        master.connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is closed already


def send_slowly(master, *request):
    trickle(master, master.pdu(*request))


def send_half(master, *request):
    data = master.pdu(*request)
    master.connection.sendall(data[:max(10, len(data) // 2)])
    close(master)


def send_and_hang_up(master, *request):
    master.send(*request)
    close(master)


def send_garbage(master, kind, payload, transaction):
    master.send(kind, random.Random(kind).randbytes(64), transaction)


def send_giant(master, *request):
    master.connection.sendall(master.pdu(*request)[:16] + b"\x10\0\0\0")


def send_lies(master, kind, payload, transaction):
    """Longer OIDs and strings than there are octets, more sub-identifiers than an OID may have, a type that is none."""
    long = b"\xc8\0\0\0" + b"\0\0\0\1" * 200
    for lie in (b"\xff\2\0\0" + b"\0\0\0\1" * 3, long + fm.pack_oid(()), struct.pack(">HH", 4, 0) + long + b"\0\0\0\0",
                struct.pack(">HH", 4, 0) + fm.pack_oid((1, 3)) + b"\xff" * 4, struct.pack(">HH", 77, 0) + fm.pack_oid((1, 3))):
        master.send(kind, lie, transaction)


def send_other_session(master, kind, payload, transaction):
    master.connection.sendall(master.pdu(kind, payload, transaction, session=4711))


def send_other_transaction(master, kind, payload, transaction):
    master.send(kind, payload, transaction + 1000)


def send_twice(master, *request):
    master.connection.sendall(master.pdu(*request, packet=900001) * 2)


def send_many(master, kind, payload, transaction):
    """As many transactions, none of them ever ended."""
    master.connection.sendall(b"".join(master.pdu(kind, payload, transaction + 5000 + i) for i in range(100)))


def send_strange(master, kind, payload, transaction):
    data = bytearray(master.pdu(kind, payload, transaction))
    data[0], data[1] = 9, 99
    master.connection.sendall(data)


FAULTS_OF_REQUESTS = {
    "slow": send_slowly, "closes mid-PDU": send_half, "hangs up": send_and_hang_up, "garbage": send_garbage, "giant": send_giant,
    "lying lengths": send_lies, "wrong session": send_other_session, "wrong transaction": send_other_transaction,
    "asks twice": send_twice, "many transactions": send_many, "other version, no type": send_strange,
}

CHANGE = fm.pack_varbind(fm.oid(WEIGHT), fm.INTEGER, 7) + fm.pack_varbind(fm.oid(TIMEOUT), fm.GAUGE32, 60)
NAMES = fm.pack_oid(fm.oid(ROUTER_ID)) + fm.pack_oid(())
# What comes before the request in its phase, and its payload.
REQUESTS = {fm.GET: ((), NAMES), fm.GETNEXT: ((), NAMES), fm.TESTSET: ((), CHANGE), fm.COMMITSET: ((fm.TESTSET,), b""),
            fm.UNDOSET: ((fm.TESTSET, fm.COMMITSET), b""), fm.CLEANUPSET: ((fm.TESTSET, fm.COMMITSET), b"")}
ANSWERS = (fm.OPEN, fm.REGISTER, fm.NOTIFY, fm.PING)
# Of each director.
PHASES = ((fm.OPEN,), (fm.REGISTER,), (fm.NOTIFY,), (fm.PING,), (fm.GET, fm.GETNEXT, fm.TESTSET),
          (fm.COMMITSET, fm.UNDOSET, fm.CLEANUPSET))


class Tormented(threading.Thread):
    """A director and the master that torments it in its phases; `trouble` is what it could not come back from."""

    def __init__(self, lab, number, *kinds):
        super().__init__(daemon=True)
        self.vrid, self.address, self.kinds = 50 + number, f"10.6.0.{number + 1}", kinds
        self.node = lab.node(f"director{number}", self.address + "/16")
        self.path = self.node.dir / "run/agentx.sock"
        self.master = fm.FakeMaster(self.path)
        self.process = self.node.vipd(self.node.write("vipd.conf", CONFIG.format(vrid=self.vrid)), "-x", "-A", self.node.agentx)
        self.trouble, self.slowest, self.done = "not run", 0, 0

    def answers(self):
        """Asked decently, it answers decently."""
        try:
            return self.master.ask(fm.GET, NAMES, timeout=0.5)[2][0].value == b"LVS_DEVEL"
        except (AssertionError, OSError, AttributeError, IndexError, struct.error):
            return False

    def spoil_answers(self, kind):
        for name, fault in FAULTS_OF_ANSWERS.items():
            self.trouble, fired = f"{name} at type {kind}", threading.Event()

            def rule(master, connection, pdu, fault=fault, fired=fired):
                if fired.is_set():
                    return 0
                fired.set()
                return fault(master, connection, pdu)
            self.master.rules[kind] = rule
            if kind in (fm.OPEN, fm.REGISTER):
                close(self.master)
            elif kind == fm.NOTIFY:
                self.node.vipctl("reload")
            wait_until(fired.is_set, 15, self.trouble)
            self.recover()
            self.done += 1

    def spoil_requests(self, kind):
        before, payload = REQUESTS[kind]
        for number, (name, fault) in enumerate(FAULTS_OF_REQUESTS.items()):
            self.trouble = f"{name} at type {kind}"
            for attempt in range(3):
                # What it was asked before may have ended the session only now: that is no fault of this turn.
                try:
                    self.ask_badly(fault, kind, before, payload, 1000 * kind + 10 * number + attempt)
                    break
                except OSError:
                    self.recover()
            else:
                raise AssertionError(f"no session for {self.trouble}")
            self.recover()

    def ask_badly(self, fault, kind, before, payload, transaction):
        for phase in before:
            assert self.master.ask(phase, REQUESTS[phase][1], transaction)[0] == 0, (self.trouble, phase)
        fault(self.master, kind, payload, transaction)
        self.done += 1

    def recover(self):
        began = time.monotonic()
        wait_until(self.answers, 15, f"an answer after {self.trouble}")
        self.slowest = max(self.slowest, time.monotonic() - began)

    def run(self):
        wait_until(self.answers, 15, "the first answer")
        for kind in self.kinds:
            (self.spoil_answers if kind in ANSWERS else self.spoil_requests)(kind)
        self.trouble = ""


def back_under_snmpd(director):
    """A walk, a SET and every table through a real master agent."""
    director.master.__exit__()
    director.path.unlink()
    director.node.snmpd()
    began, manager = time.time(), director.node.snmp("127.0.0.1")
    wait_until(lambda: manager.answers(WEIGHT), 20, "the director under snmpd")
    took = time.time() - began
    assert took < BACK_WITHIN_S + director.node.lab.pulse.allowance(began), took
    manager.as_writer().set(WEIGHT, "i", 99, TIMEOUT, "u", 9)
    assert [value.text for value in manager.get(WEIGHT, TIMEOUT)] == ["99", "9"]
    for root in (snmp.VRRPV3_MIB + ".1.1.1.1.6", K + ".2.3.1.4", K + ".3.4.1.7", D + ".1.9.1.1.3", D + ".1.6.5"):
        wait_until(lambda root=root: manager.walk(root), 10, root)
    assert director.process.alive(), director.process.text()
    return took


def test_every_fault_in_every_phase(lab, record_property):
    """No crash, nothing that lasts, and adverts that do not care: nowhere are two so far apart that a backup of the same
    interval would have taken over. One router has no SNMP at all: the measure of what the machine does."""
    watcher = lab.node("watcher", "10.6.0.250/16")
    capture, pulse = watcher.capture("eth0", "proto 112"), lab.pulse
    calm = lab.node("calm", "10.6.0.99/16")
    calm.vipd(calm.write("vipd.conf", CONFIG.format(vrid=99)))
    directors = [Tormented(lab, number, *kinds) for number, kinds in enumerate(PHASES)]
    routers = {99: "10.6.0.99", **{director.vrid: director.address for director in directors}}
    for vrid in routers:
        wait_until(lambda vrid=vrid: len(capture.adverts(vrid=vrid)) > 3, 15, f"router {vrid} as master")
    began = time.time()
    for director in directors:
        director.start()
    for director in directors:
        director.join(120)
    assert [director.trouble for director in directors] == [""] * len(directors)
    assert sum(director.done for director in directors) == 4 * len(FAULTS_OF_ANSWERS) + 6 * len(FAULTS_OF_REQUESTS)
    back = max(back_under_snmpd(director) for director in directors)
    largest = {vrid: capture.largest_gap(vrid=vrid, source=address, since=began) for vrid, address in routers.items()}
    print({vrid: f"{gap:.3f} s" for vrid, (gap, _) in largest.items()}, f"{back:.2f} s until snmpd had it",
          [f"{director.slowest:.2f} s" for director in directors])
    record_property("largest_gap_s", f"{max(gap for vrid, (gap, _) in largest.items() if vrid != 99):.3f}")
    record_property("largest_gap_without_snmp_s", f"{largest[99][0]:.3f}")
    for vrid, (gap, at) in largest.items():
        assert gap < 3 * ADVERT_INT + 2 * pulse.worst(at, at + gap), (vrid, gap)
        assert capture.masters(vrid=vrid, since=began) == [routers[vrid]]
