# SPDX-License-Identifier: MIT
"""SNMP as an operator's scripts see it: net-snmp's programs, numeric OIDs, no MIB files.

Values come back as Value(type, text) in net-snmp's own spelling: ("INTEGER", "4"), ("Counter32", "17"),
("Timeticks", "1200"), ("STRING", "VI_1"), ("IpAddress", "192.0.2.1"), ("Hex-STRING", "AC 11 0D FC").
An OID that is not there has the type of the exception: "noSuchInstance", "noSuchObject", "endOfMibView".
"""

import collections
import pathlib
import re
import subprocess

VRRP_MIB = ".1.3.6.1.2.1.68"
VRRPV3_MIB = ".1.3.6.1.2.1.207"
KEEPALIVED_MIB = ".1.3.6.1.4.1.9586.100.5"
DIRECTOR_MIB = ".1.3.6.1.4.1.8072.9999.9999.47"
LVS_MIB = ".1.3.6.1.4.1.8225.4711"

TRAP_OID = ".1.3.6.1.6.3.1.1.4.1.0"
TRAP_FORMAT = "%V\t%t\t%b\t%v\n"

Value = collections.namedtuple("Value", "type text")
Trap = collections.namedtuple("Trap", "time source oid varbinds")  # source: address; varbinds: {oid: Value}, in order

MISSING = {
    "No Such Instance currently exists at this OID": "noSuchInstance",
    "No Such Object available on this agent at this OID": "noSuchObject",
    "No more variables left in this MIB View (It is past the end of the MIB tree)": "endOfMibView",
}


class SnmpError(AssertionError):
    """A request that got an error; .reason is the error-status name, or "timeout"."""

    def __init__(self, text):
        found = re.search(r"Reason: \(?(\w+)", text)
        super().__init__(text.strip())
        self.reason = "timeout" if "Timeout" in text else found.group(1) if found else "unknown"


def snmpd_config(agentx, port, traps_to, extra):
    """A private snmpd: the views an operator would grant, written out in README.md for the stock one."""
    lines = [f"agentaddress udp:{port}", "master agentx", f"agentXSocket {agentx}", "agentXPerms 0660 0550",
             "agentXTimeout 5", "sysServices 72"]
    views = ("1.3.6.1.2.1.1", "1.3.6.1.2.1.2", VRRP_MIB, VRRPV3_MIB, KEEPALIVED_MIB, DIRECTOR_MIB, LVS_MIB,
             ".1.3.6.1.6.3.10")
    lines += [f"view vipd_read included {oid}" for oid in views]
    lines += [f"view vipd_write included {oid}" for oid in (VRRP_MIB, VRRPV3_MIB, KEEPALIVED_MIB, DIRECTOR_MIB, LVS_MIB)]
    lines += ["com2sec reader default public", "com2sec writer default private",
              "group readers v2c reader", "group writers v2c writer",
              'access readers "" any noauth exact vipd_read none none',
              'access writers "" any noauth exact vipd_read vipd_write none']
    if traps_to:
        lines.append(f"trap2sink {traps_to} public")
    return "\n".join(lines) + "\n" + extra + "\n"


def _join_lines(text):
    """net-snmp breaks long hex values over lines; a new varbind starts with a dot."""
    result = []
    for line in text.splitlines():
        if re.match(r"\.\d", line) or not result:
            result.append(line)
        else:
            result[-1] += ("" if result[-1].endswith(" ") else " ") + line
    return result


def parse_varbind(line):
    """".1.2.3 = INTEGER: 4" as (oid, Value)."""
    oid, _, rest = line.partition(" = ")
    for words, name in MISSING.items():
        if rest.startswith(words):
            return oid, Value(name, "")
    found = re.match(r"(?:Wrong Type \(should be [^)]*\): )?([A-Z][\w-]*(?: [A-Z]+)?): ?(.*)", rest, re.S)
    if found:
        kind, text = found.groups()
    elif rest.isdigit():  # -Ot leaves the word out
        kind, text = "Timeticks", rest
    else:
        kind, text = "STRING", rest
    text = text.strip()
    if kind == "STRING" and len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return oid, Value(kind, text)


class Manager:
    """Asks one agent from one node."""

    def __init__(self, node, address, community="public", port=161):
        self.node, self.community = node, community
        self.address = f"udp6:[{address}]:{port}" if ":" in address else f"udp:{address}:{port}"

    def as_writer(self, community="private"):
        other = Manager.__new__(Manager)
        other.node, other.address, other.community = self.node, self.address, community
        return other

    def _ask(self, program, *words, timeout=5, retries=0):
        result = self.node.run(program, "-v2c", "-c", self.community, "-t", timeout, "-r", retries, "-m", "", "-OnetU",
                               *words, check=False, timeout=timeout * (retries + 1) + 120)
        if result.returncode:
            raise SnmpError(result.stderr + result.stdout)
        return [parse_varbind(line) for line in _join_lines(result.stdout)]

    def get(self, *oids, **options):
        """One Value for one OID, else a list in the order asked."""
        values = [value for _, value in self._ask("snmpget", self.address, *oids, **options)]
        return values[0] if len(oids) == 1 else values

    def number(self, oid, **options):
        return int(self.get(oid, **options).text)

    def next(self, *oids, **options):
        """[(oid, Value)] of one GetNext."""
        return self._ask("snmpgetnext", self.address, *oids, **options)

    def walk(self, oid, bulk=True, **options):
        """{oid: Value} of a subtree, in the agent's order."""
        found = (self._ask("snmpbulkwalk", "-Cr25", self.address, oid, **options) if bulk
                 else self._ask("snmpwalk", self.address, oid, **options))
        return {name: value for name, value in found if value.type not in MISSING.values()}

    def column(self, oid, **options):
        """{index: text} of one column; index without its leading dot."""
        return {name[len(oid) + 1:]: value.text for name, value in self.walk(oid, **options).items()}

    def set(self, *triples, **options):
        """set(oid, type letter, value, ...) in one PDU; SnmpError.reason tells a refusal."""
        return self._ask("snmpset", self.address, *triples, **options)

    def answers(self, oid=".1.3.6.1.2.1.1.3.0", timeout=1):
        """True when an object exists and is told."""
        try:
            return self.get(oid, timeout=timeout).type not in MISSING.values()
        except SnmpError:
            return False


STATUS = ("noError", "tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess", "wrongType", "wrongLength",
          "wrongEncoding", "wrongValue", "noCreation", "inconsistentValue", "resourceUnavailable", "commitFailed",
          "undoFailed", "authorizationError", "notWritable", "inconsistentName")
Answer = collections.namedtuple("Answer", "status index varbinds")  # varbinds: [(oid, Value)]


class Session:
    """A manager that lives on (tests/tools/snmpask): a request costs no process. Octets come as Hex-STRING."""

    def __init__(self, node, tool, address="127.0.0.1", community="public", port=161):
        self.process = node.popen(tool, f"udp:{address}:{port}", community, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  log="snmpask.log")

    def ask(self, *words):
        popen = self.process.popen
        popen.stdin.write("\t".join(str(word) for word in words).encode() + b"\n")
        popen.stdin.flush()
        status, *rest = popen.stdout.readline().decode().rstrip("\n").split("\t")
        assert status not in ("", "-1"), f"{words}: {rest}"
        return Answer(STATUS[int(status)], int(rest[0]), [parse_varbind(text) for text in rest[1:]])

    def get(self, *oids):
        """{oid: Value}, any number of them."""
        return self._all("get", oids)

    def next(self, *oids):
        """{oid asked: (oid, Value)}"""
        return {oid: found for oid, found in zip(oids, self._list("next", oids), strict=True)}

    def _list(self, word, oids, each=40):
        found = []
        for at in range(0, len(oids), each):
            answer = self.ask(word, *oids[at:at + each])
            assert answer.status == "noError", (word, answer.status, oids[at + answer.index - 1])
            found += answer.varbinds
        return found

    def _all(self, word, oids):
        found = dict(self._list(word, oids))
        assert list(found) == list(dict.fromkeys(oids))
        return found

    def walk(self, root, repetitions=0):
        """[(oid, Value)] below root: by GETNEXT, or by GETBULK of so many at once."""
        found, at = [], root
        while True:
            answer = self.ask("bulk", repetitions, at) if repetitions else self.ask("next", at)
            assert answer.status == "noError", (root, at, answer.status)
            for at, value in answer.varbinds:
                if not at.startswith(root + ".") or value.type in MISSING.values():
                    return found
                found.append((at, value))

    def set(self, *triples):
        """error-status"""
        return self.ask("set", *triples).status


class TrapLog:
    """What snmptrapd wrote; each line is read and parsed once, so asking often is cheap."""

    def __init__(self, path, process):
        self.path, self.process = pathlib.Path(path), process
        self._traps, self._offset = [], 0

    def _read(self):
        with open(self.path, "rb") as log:
            log.seek(self._offset)
            new = log.read()
        # Whole lines only: the last one may be half written.
        new = new[:new.rfind(b"\n") + 1]
        self._offset += len(new)
        for line in new.decode(errors="replace").split("\n"):
            time, *varbinds = line.split("\t")
            if time.isdigit() and varbinds:
                source = re.match(r"\w+: \[([^]]*)\]", varbinds.pop(0))
                found = dict(parse_varbind(varbind) for varbind in varbinds if varbind)
                name = found.pop(TRAP_OID, Value("OID", "")).text
                found.pop(".1.3.6.1.2.1.1.3.0", None)
                self._traps.append(Trap(int(time), source and source[1], name, found))

    def all(self, oid=None):
        """Every trap so far, or those of one snmpTrapOID (with its leading dot)."""
        self._read()
        return [trap for trap in self._traps if oid is None or oid == trap.oid]

    def count(self, oid=None):
        return len(self.all(oid))
