# SPDX-License-Identifier: MIT
"""Another AgentX subagent (RFC 2741) of the same snmpd, which answers each phase of a SET as it is told."""

import socket
import struct
import threading

import fake_master as fm

NUMBERS = {"genError": 5, "noAccess": 6, "wrongType": 7, "wrongLength": 8, "wrongEncoding": 9, "wrongValue": 10,
           "noCreation": 11, "inconsistentValue": 12, "resourceUnavailable": 13, "commitFailed": 14, "undoFailed": 15,
           "notWritable": 17, "inconsistentName": 18}


class FakeSubagent:
    """Has one region; errors[phase] is the error-status that it answers with, or None: it hangs up instead."""

    def __init__(self, path, region):
        self.errors, self.seen, self.packet, self.session = {}, [], 0, 0
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.session = self._begin(fm.OPEN, struct.pack(">4B", 0, 0, 0, 0) + fm.pack_oid(()) + struct.pack(">I", 0))
        self._begin(fm.REGISTER, struct.pack(">4B", 0, 127, 0, 0) + fm.pack_oid(fm.oid(region)))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)
        self.socket.close()

    def _send(self, kind, session, transaction, packet, payload):
        self.socket.sendall(struct.pack(">4B4I", 1, kind, fm.BIG_ENDIAN, 0, session, transaction, packet, len(payload)) + payload)

    def _begin(self, kind, payload):
        """The number of the session, by which the master answers."""
        self.packet += 1
        self._send(kind, self.session, 0, self.packet, payload)
        answer = fm.receive(self.socket)
        assert answer.type == fm.RESPONSE and struct.unpack(">H", answer.payload[4:6]) == (0,), answer
        return answer.session

    def _serve(self):
        try:
            while True:
                pdu = fm.receive(self.socket)
                self.seen.append(pdu.type)
                error = self.errors.get(pdu.type, 0)
                if error is None:
                    self.socket.shutdown(socket.SHUT_RDWR)
                elif pdu.type in (fm.TESTSET, fm.COMMITSET, fm.UNDOSET):
                    payload = struct.pack(">IHH", 0, error, 1 if error else 0)
                    self._send(fm.RESPONSE, pdu.session, pdu.transaction, pdu.packet, payload)
        except OSError:
            pass
