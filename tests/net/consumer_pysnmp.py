# SPDX-License-Identifier: MIT
"""A manager that is pysnmp. consumer_node.js is the same in node; both take and print the same, a line of JSON each:

    SECURITY ADDRESS walk OID               [[oid, type, text], ...], the text of octets in hexadecimal
    SECURITY ADDRESS get OID ...            the same
    SECURITY ADDRESS set OID TYPE VALUE ... the same, or {"error": name, "at": oid}; TYPE i, u or s
    SECURITY ENGINE receive PORT            {"ready": port}, then {"version", "inform", "varbinds"} for each notification

SECURITY is v2:COMMUNITY or v3:USER:PASSPHRASE:PASSPHRASE (SHA and AES). A receiver takes community "public" as well,
and traps of v3 from the engine named.
"""

import json
import sys

from pysnmp.carrier.asyncore.dgram import udp
from pysnmp.entity import config, engine
from pysnmp.entity.rfc3413 import ntfrcv
from pysnmp.hlapi import (CommunityData, ContextData, ObjectIdentity, ObjectType, SnmpEngine, UdpTransportTarget, UsmUserData,
                          bulkCmd, getCmd, setCmd, usmAesCfb128Protocol, usmHMACSHAAuthProtocol)
from pysnmp.proto import api, rfc1902
from pysnmp.proto.api import v2c

KINDS = {"Integer": "INTEGER", "Integer32": "INTEGER", "OctetString": "OCTETS", "ObjectIdentifier": "OID",
         "Unsigned32": "Gauge32"}
LETTERS = {"i": rfc1902.Integer32, "u": rfc1902.Unsigned32, "s": rfc1902.OctetString}


def row(oid, value):
    kind = KINDS.get(type(value).__name__, type(value).__name__)
    text = bytes(value).hex() if kind == "OCTETS" else value.prettyPrint()
    return ["." + str(oid), kind, text]


def credentials(security):
    version, name, *keys = security.split(":")
    if version == "v2":
        return CommunityData(name, mpModel=1)
    return UsmUserData(name, *keys, authProtocol=usmHMACSHAAuthProtocol, privProtocol=usmAesCfb128Protocol)


def answer(result):
    indication, status, index, varbinds = result
    if indication:
        raise SystemExit(f"pysnmp: {indication}")
    if status:
        return {"error": status.prettyPrint(), "at": "." + str(varbinds[int(index) - 1][0])}
    return [row(*varbind) for varbind in varbinds]


def ask(security, address, verb, words):
    where = (SnmpEngine(), credentials(security), UdpTransportTarget((address, 161), timeout=5, retries=0), ContextData())
    if verb == "walk":
        root = ObjectType(ObjectIdentity(words[0].lstrip(".")))
        return sum((answer(result) for result in bulkCmd(*where, 0, 25, root, lookupMib=False, lexicographicMode=False)), [])
    if verb == "get":
        objects = [ObjectType(ObjectIdentity(oid.lstrip("."))) for oid in words]
        return answer(next(getCmd(*where, *objects, lookupMib=False)))
    objects = [(oid.lstrip("."), LETTERS[letter](int(value) if letter != "s" else value))
               for oid, letter, value in zip(words[::3], words[1::3], words[2::3])]
    return answer(next(setCmd(*where, *[ObjectType(ObjectIdentity(oid), value) for oid, value in objects], lookupMib=False)))


def receive(security, sender, port):
    receiver = engine.SnmpEngine()
    _, user, auth, priv = security.split(":")
    config.addTransport(receiver, udp.domainName, udp.UdpTransport().openServerMode(("0.0.0.0", port)))
    config.addV1System(receiver, "sender", "public")
    keys = (user, config.usmHMACSHAAuthProtocol, auth, config.usmAesCfb128Protocol, priv)
    config.addV3User(receiver, *keys)  # of informs, for which this engine is the authority
    config.addV3User(receiver, *keys, securityEngineId=v2c.OctetString(hexValue=sender))

    def on_message(_engine, _point, seen, _context):
        if seen["pdu"].tagSet in (v2c.SNMPv2TrapPDU.tagSet, v2c.InformRequestPDU.tagSet):
            varbinds = api.protoModules[api.protoVersion2c].apiPDU.getVarBinds(seen["pdu"])
            print(json.dumps({"version": int(seen["securityModel"]), "inform": seen["pdu"].tagSet == v2c.InformRequestPDU.tagSet,
                              "varbinds": [row(*varbind) for varbind in varbinds]}), flush=True)

    # Only the observer is told whether it was a trap or an inform; it hears of authentic messages alone.
    receiver.observer.registerObserver(on_message, "rfc3412.receiveMessage:request")
    ntfrcv.NotificationReceiver(receiver, lambda *_: None)
    print(json.dumps({"ready": port}), flush=True)
    receiver.transportDispatcher.jobStarted(1)
    receiver.transportDispatcher.runDispatcher()


if __name__ == "__main__":
    SECURITY, ADDRESS, VERB, *WORDS = sys.argv[1:]
    if VERB == "receive":
        receive(SECURITY, ADDRESS, int(WORDS[0]))
    else:
        print(json.dumps(ask(SECURITY, ADDRESS, VERB, WORDS)))
