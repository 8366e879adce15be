# SPDX-License-Identifier: MIT
"""An AgentX master agent (RFC 2741) that does what it is told, decent or not, to see what a subagent makes of it.

FakeMaster listens on a unix socket and serves one connection after the other in a thread. It answers every PDU
decently unless `rules` has an entry for its type: a function rule(master, connection, pdu) that returns the error
to answer with, None for no answer at all, or sends what it likes itself and returns None.
"""

import collections
import os
import socket
import struct
import threading
import time

OPEN, CLOSE, REGISTER, UNREGISTER, GET, GETNEXT = 1, 2, 3, 4, 5, 6
TESTSET, COMMITSET, UNDOSET, CLEANUPSET, NOTIFY, PING, RESPONSE = 8, 9, 10, 11, 12, 13, 18
INTEGER, OCTETS, NULL, OBJECT, IPADDRESS, COUNTER32, GAUGE32, TIMETICKS, COUNTER64 = 2, 4, 5, 6, 64, 65, 66, 67, 70
NO_OBJECT, NO_INSTANCE, END_OF_VIEW = 128, 129, 130
OPEN_FAILED, NOT_OPEN, DUPLICATE, PROCESSING = 256, 257, 263, 268
BIG_ENDIAN = 0x10

Pdu = collections.namedtuple("Pdu", "type flags session transaction packet payload")
Varbind = collections.namedtuple("Varbind", "type name value")


def oid(text):
    return tuple(int(word) for word in text.strip(".").split("."))


def pack_oid(name, include=False):
    return struct.pack(">BBBB", len(name), 0, include, 0) + b"".join(struct.pack(">I", part) for part in name)


def pack_varbind(name, kind, value):
    head = struct.pack(">HH", kind, 0) + pack_oid(name)
    if kind in (INTEGER, COUNTER32, GAUGE32, TIMETICKS):
        return head + struct.pack(">I", value & 0xFFFFFFFF)
    if kind in (OCTETS, IPADDRESS):
        return head + struct.pack(">I", len(value)) + value + bytes(-len(value) % 4)
    return head


class Reader:
    def __init__(self, data, flags):
        self.data, self.order = data, ">" if flags & BIG_ENDIAN else "<"

    def take(self, form):
        size = struct.calcsize(form)
        value = struct.unpack(self.order + form, self.data[:size])
        self.data = self.data[size:]
        return value[0] if len(value) == 1 else value

    def oid(self):
        count, prefix, _, _ = self.take("4B")
        start = (1, 3, 6, 1, prefix) if prefix else ()
        return start + tuple(self.take("I") for _ in range(count))

    def octets(self):
        size = self.take("I")
        value, self.data = self.data[:size], self.data[size + -size % 4:]
        return value

    def varbind(self):
        kind, _ = self.take("2H")
        name, value = self.oid(), None
        if kind in (INTEGER, COUNTER32, GAUGE32, TIMETICKS):
            value = self.take("I")
        elif kind == COUNTER64:
            value = self.take("Q")
        elif kind in (OCTETS, IPADDRESS, 68):
            value = self.octets()
        elif kind == OBJECT:
            value = self.oid()
        return Varbind(kind, name, value)


def _octets(connection, size):
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise ConnectionResetError
        data += piece
    return data


def receive(connection):
    """The next Pdu that comes."""
    head = _octets(connection, 20)
    order = ">" if head[2] & BIG_ENDIAN else "<"
    session, transaction, packet, size = struct.unpack(order + "4I", head[4:])
    return Pdu(head[1], head[2], session, transaction, packet, _octets(connection, size))


class FakeMaster:
    def __init__(self, path):
        self.path, self.rules, self.seen = str(path), {}, []
        self.sessions = self.packet = 0
        self.connection = None
        self.in_session = False  # a Ping of the connection that is open now was answered decently
        self.answers = {}
        self.changed = threading.Condition()
        self.writing = threading.RLock()  # whoever sends a PDU in pieces holds it
        self.started = time.monotonic()
        self.stopping = False
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            pass
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(5)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopping = True
        for sock in (self.listener, self.connection):
            if sock:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                sock.close()
        self.thread.join(5)

    # ---- what happened ----

    def count(self, kind):
        return sum(pdu.type == kind for pdu in list(self.seen))

    def regions(self, kind=REGISTER):
        """Roots that were asked for, in order."""
        found = []
        for pdu in list(self.seen):
            if pdu.type == kind:
                reader = Reader(pdu.payload, pdu.flags)
                reader.take("4B")
                found.append(reader.oid())
        return found

    def notified(self):
        """Varbinds of each Notify, in order of arrival."""
        found = []
        for pdu in list(self.seen):
            if pdu.type == NOTIFY:
                reader, varbinds = Reader(pdu.payload, pdu.flags), []
                while reader.data:
                    varbinds.append(reader.varbind())
                found.append(varbinds)
        return found

    # ---- sending ----

    def pdu(self, kind, payload=b"", transaction=0, packet=None, flags=BIG_ENDIAN, session=None):
        """The octets of a PDU of the session there is."""
        if packet is None:
            self.packet += 1
            packet = self.packet
        session = self.sessions if session is None else session
        return struct.pack(">4B4I", 1, kind, flags, 0, session, transaction, packet, len(payload)) + payload

    def send(self, kind, payload=b"", transaction=0, packet=None, flags=BIG_ENDIAN):
        """One PDU to the connected subagent; returns its packet number."""
        data = self.pdu(kind, payload, transaction, packet, flags)
        with self.writing:
            self.connection.sendall(data)
        return struct.unpack(">I", data[12:16])[0]

    def response(self, pdu, error=0, **other):
        """The octets of an answer; other: header fields that are not those of the request."""
        uptime = int((time.monotonic() - self.started) * 100)
        header = {"transaction": pdu.transaction, "packet": pdu.packet,
                  "session": self.sessions if pdu.type == OPEN else pdu.session, **other}
        return self.pdu(RESPONSE, struct.pack(">IHH", uptime, error, 0), **header)

    def respond(self, pdu, error=0):
        with self.writing:
            self.connection.sendall(self.response(pdu, error))

    def ask(self, kind, payload=b"", transaction=0, timeout=5):
        """Sends a request; returns (error, index, varbinds) of its answer."""
        packet = self.send(kind, payload, transaction)
        with self.changed:
            assert self.changed.wait_for(lambda: packet in self.answers, timeout), f"no answer to type {kind}"
            pdu = self.answers.pop(packet)
        reader = Reader(pdu.payload, pdu.flags)
        reader.take("I")
        error, index = reader.take("2H")
        varbinds = []
        while reader.data:
            varbinds.append(reader.varbind())
        return error, index, varbinds

    def get(self, *names):
        return self.ask(GET, b"".join(pack_oid(name) + pack_oid(()) for name in names))[2]

    def get_next(self, start, end=(), include=False):
        return self.ask(GETNEXT, pack_oid(start, include) + pack_oid(end))[2][0]

    # ---- serving ----

    def _serve(self):
        while not self.stopping:
            try:
                self.connection, _ = self.listener.accept()
                self.sessions += 1
                self._converse()
            except OSError:
                pass
            finally:
                self.in_session = False
                if self.connection:
                    self.connection.close()

    def _converse(self):
        while True:
            pdu = receive(self.connection)
            with self.changed:
                self.seen.append(pdu)
                if pdu.type == RESPONSE:
                    self.answers[pdu.packet] = pdu
                self.changed.notify_all()
            if pdu.type == RESPONSE:
                continue
            rule = self.rules.get(pdu.type, lambda master, connection, pdu: 0)
            error = rule(self, self.connection, pdu)
            if error is not None:
                self.respond(pdu, error)
            self.in_session |= pdu.type == PING and error == 0
