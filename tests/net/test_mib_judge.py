# SPDX-License-Identifier: MIT
"""The judge: what vipd says of its columns, and what it serves, against the texts of the MIBs.

KEEPALIVED-MIB, VRRP-MIB and VRRPV3-MIB are Debian's own files (package keepalived), IPVS-DIRECTOR-MIB is ours. Two things are
judged: the column descriptors, printed by tests/tools/mibdump, and any numeric walk (`snmpwalk -On -m ''`), such
as that of a synthetic director printed by `mibdump --walk`:

    python3 tests/net/test_mib_judge.py --walk FILE ...    judge walks of a live agent
    python3 tests/net/test_mib_judge.py --dump MIBDUMP     judge descriptors alone
    pytest                                                 the descriptors, and that the judge can say no

A walk is judged for what it has (syntax, enumeration, range, size, order); with --whole also for columns that
have no instance at all. Every deviation that is meant stands in a list below, with its reason.
"""

import argparse
import collections
import os
import pathlib
import re
import subprocess
import sys

import snmp

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
SYSTEM_MIBS = pathlib.Path("/usr/share/snmp/mibs")

KEEPALIVED, VRRP, VRRPV3, DIRECTOR, LVS = (
    snmp.KEEPALIVED_MIB, snmp.VRRP_MIB, snmp.VRRPV3_MIB, snmp.DIRECTOR_MIB, snmp.LVS_MIB)

MODULES = {
    "KEEPALIVED-MIB": (SYSTEM_MIBS / "KEEPALIVED-MIB.txt", {"enterprises": ".1.3.6.1.4.1"}),
    "VRRP-MIB": (SYSTEM_MIBS / "VRRP-MIB.txt", {"mib-2": ".1.3.6.1.2.1"}),
    "VRRPV3-MIB": (SYSTEM_MIBS / "VRRPv3-MIB.txt", {"mib-2": ".1.3.6.1.2.1"}),
    "IPVS-DIRECTOR-MIB": (TOP / "mibs/IPVS-DIRECTOR-MIB.txt", {"enterprises": ".1.3.6.1.4.1"}),
    "LVS-MIB": (TOP / "tests/fixtures/LVS-MIB.txt", {"enterprises": ".1.3.6.1.4.1"}),
}

# The parts that must be there in full.
WHOLE = {
    "KEEPALIVED-MIB": [KEEPALIVED + part for part in (
        ".1", ".2", ".3")],
    "VRRP-MIB": [VRRP],
    "VRRPV3-MIB": [VRRPV3],
    "IPVS-DIRECTOR-MIB": [DIRECTOR],
    "LVS-MIB": [LVS],
}

# Columns of the newest KEEPALIVED-MIB that Debian's file (2.2.7) does not have: name and type.
NEWER = {
    KEEPALIVED + ".1.12": ("v3ChecksumAsV2", "INTEGER"),
    KEEPALIVED + ".2.3.1.36": ("vrrpInstanceV3ChecksumAsV2", "INTEGER"),
    KEEPALIVED + ".3.3.1.72": ("virtualServerQuorumUpPath", "OCTETS"),
    KEEPALIVED + ".3.3.1.73": ("virtualServerQuorumDownPath", "OCTETS"),
    **{KEEPALIVED + f".3.3.1.{74 + i}": ("virtualServerRate" + name, "COUNTER64")
       for i, name in enumerate(("Cps64", "InPPS64", "OutPPS64", "InBPS64", "OutBPS64"))},
    KEEPALIVED + ".3.4.1.56": ("realServerNotifyUpPath", "OCTETS"),
    KEEPALIVED + ".3.4.1.57": ("realServerNotifyDownPath", "OCTETS"),
    **{KEEPALIVED + f".3.4.1.{58 + i}": ("realServerRate" + name, "COUNTER64")
       for i, name in enumerate(("Cps64", "InPPS64", "OutPPS64", "InBPS64", "OutBPS64"))},
    KEEPALIVED + ".3.4.1.63": ("realServerNotRunCheckers", "GAUGE32"),
}

# Ranges of a writable column that are meant to be narrower than its SYNTAX: (least, greatest).
NARROWER = {
    "realServerWeight": (0, 65535),  # what the kernel takes
    "vrrpInstanceBasePriority": (1, 255),
    "vrrpOperPriority": (1, 255),  # RFC 2787 WRITE-SYNTAX: 0 is not settable
    "vrrpv3OperationsPriority": (1, 254),  # RFC 6527 WRITE-SYNTAX
    "vrrpv3OperationsPrimaryIpAddr": (4, 16),  # of the two types there are
    "ipvsdDestAdminState": (2, 4),  # unknown(1) is not settable
    "ipvsdNameAdminState": (2, 4),
    "ipvsdSrvAdminState": (2, 4),
    "ipvsdSrvAdminStorage": (2, 3),
    "ipvsdDestAdminStorage": (2, 3),
}

# Base types by the names MIB texts use: (our type, enumeration, range, sizes).
Syntax = collections.namedtuple("Syntax", "type enum ranges sizes", defaults=(None, None, None))
BASE = {
    "INTEGER": Syntax("INTEGER"), "Integer32": Syntax("INTEGER"),
    "OCTET STRING": Syntax("OCTETS"), "BITS": Syntax("OCTETS"), "OBJECT IDENTIFIER": Syntax("OID"),
    "IpAddress": Syntax("IPADDRESS"), "Counter32": Syntax("COUNTER32"), "Gauge32": Syntax("GAUGE32"),
    "Unsigned32": Syntax("GAUGE32"), "TimeTicks": Syntax("TIMETICKS"), "Counter64": Syntax("COUNTER64"),
    # SNMPv2-TC, INET-ADDRESS-MIB, SNMP-FRAMEWORK-MIB, IF-MIB
    "TruthValue": Syntax("INTEGER", {1: "true", 2: "false"}),
    "RowStatus": Syntax("INTEGER", {i + 1: n for i, n in enumerate(
        ("active", "notInService", "notReady", "createAndGo", "createAndWait", "destroy"))}),
    "StorageType": Syntax("INTEGER", {i + 1: n for i, n in enumerate(
        ("other", "volatile", "nonVolatile", "permanent", "readOnly"))}),
    "DisplayString": Syntax("OCTETS", sizes=[(0, 255)]), "SnmpAdminString": Syntax("OCTETS", sizes=[(0, 255)]),
    "MacAddress": Syntax("OCTETS", sizes=[(6, 6)]), "DateAndTime": Syntax("OCTETS", sizes=[(8, 8), (11, 11)]),
    "TestAndIncr": Syntax("INTEGER", ranges=[(0, 2147483647)]),
    "TimeStamp": Syntax("TIMETICKS"), "RowPointer": Syntax("OID"),
    "InetAddress": Syntax("OCTETS", sizes=[(0, 255)]), "InetPortNumber": Syntax("GAUGE32", ranges=[(0, 65535)]),
    "InetAddressPrefixLength": Syntax("GAUGE32", ranges=[(0, 2040)]),
    "InetAddressType": Syntax("INTEGER", {0: "unknown", 1: "ipv4", 2: "ipv6", 3: "ipv4z", 4: "ipv6z", 16: "dns"}),
    "InetScopeType": Syntax("INTEGER", {1: "interfaceLocal", 2: "linkLocal", 3: "subnetLocal", 4: "adminLocal",
                                        5: "siteLocal", 8: "organizationLocal", 14: "global"}),
    "TimeInterval": Syntax("INTEGER", ranges=[(0, 2147483647)]),
    "InterfaceIndex": Syntax("INTEGER", ranges=[(1, 2147483647)]),
}

Object = collections.namedtuple("Object", "module name oid syntax access")


def _bounds(text):
    """"0..255" or "4|16" as pairs."""
    pairs = []
    for part in text.split("|"):
        low, _, high = part.partition("..")
        pairs.append((int(low), int(high or low)))
    return pairs


def _syntax(text, conventions):
    text = " ".join(text.split())
    name, rest = re.fullmatch(r"(OCTET STRING|OBJECT IDENTIFIER|[\w-]+)\s*(.*)", text).groups()
    if name in conventions:
        syntax = conventions[name]
    elif name in BASE:
        syntax = BASE[name]
    else:
        raise AssertionError(f"SYNTAX {text}: not known to the judge")
    if rest.startswith("{"):
        pairs = re.findall(r"([\w-]+)\s*\(\s*(-?\d+)\s*\)", rest)
        if name != "BITS":
            syntax = syntax._replace(enum={int(number): label for label, number in pairs})
    elif match := re.fullmatch(r"\(\s*SIZE\s*\((.*)\)\s*\)", rest):
        syntax = syntax._replace(sizes=_bounds(match.group(1)))
    elif match := re.fullmatch(r"\((.*)\)", rest):
        syntax = syntax._replace(ranges=_bounds(match.group(1)))
    return syntax


def read_module(module):
    """A module's text without its comments, strings and imports; the OID of every name it defines."""
    path, roots = MODULES[module]
    text = re.sub(r'"[^"]*"|--[^\n]*', lambda m: '""' if m[0][0] == '"' else "", path.read_text(encoding="latin-1"))
    text = re.sub(r"\bIMPORTS\b.*?;", "", text, count=1, flags=re.S)
    oids, waiting = dict(roots), []
    for name, parent, number in re.findall(
            r"([\w-]+)\s+(?:OBJECT IDENTIFIER|(?:MODULE-IDENTITY|OBJECT-TYPE|NOTIFICATION-TYPE)\b[^:]*?)"
            r"\s*::=\s*\{\s*([\w-]+)\s+(\d+)\s*\}", text):
        waiting.append((name, parent, number))
    while waiting:
        left = [item for item in waiting if item[1] not in oids]
        for name, parent, number in waiting:
            if parent in oids:
                oids[name] = f"{oids[parent]}.{number}"
        if len(left) == len(waiting):
            raise AssertionError(f"{module}: no place for {left[:5]}")
        waiting = left
    return text, oids


def parse_module(module):
    """Every object of a module that has a value, by OID."""
    text, oids = read_module(module)
    conventions = {}
    for name, syntax in re.findall(
            r"([\w-]+)\s*::=\s*TEXTUAL-CONVENTION\b.*?\bSYNTAX\s+((?:[\w-]+)(?: STRING)?\s*(?:\{[^}]*\}|\([^)]*\)+)?)",
            text, re.S):
        conventions[name] = _syntax(syntax, conventions)
    objects = {}
    for name, syntax, access in re.findall(
            r"([\w-]+)\s+OBJECT-TYPE\s+SYNTAX\s+(.*?)\s+(?:UNITS\s+\"\"\s+)?MAX-ACCESS\s+([\w-]+)", text, re.S):
        if access in ("read-only", "read-write", "read-create"):
            objects[oids[name]] = Object(module, name, oids[name], _syntax(syntax, conventions), access)
    return objects


def parse_modules():
    return {module: parse_module(module) for module in MODULES}


Column = collections.namedtuple("Column", "table oid type writable least greatest")


def parse_dump(text):
    columns = {}
    for line in text.splitlines():
        table, oid, kind, mode, least, greatest = line.split("\t")
        assert oid not in columns, f"{oid} twice"
        columns[oid] = Column(table, oid, kind, mode == "rw", int(least), int(greatest))
    return columns


def _within(oid, part):
    return oid == part or oid.startswith(part + ".")


def _limits(syntax):
    """Least and greatest value a SET may have by the SYNTAX, None where it sets no limit."""
    if syntax.enum:
        return min(syntax.enum), max(syntax.enum)
    pairs = syntax.sizes if syntax.type == "OCTETS" else syntax.ranges
    if not pairs:
        return None
    return min(low for low, _ in pairs), max(high for _, high in pairs)


def _judge_column(column, item):
    if column.type != item.syntax.type:
        yield f"{item.name}: type {column.type}, the MIB says {item.syntax.type}"
    declared = item.access != "read-only"
    if column.writable and not declared:
        yield f"{item.name}: writable, the MIB says {item.access}"
    if declared and not column.writable:
        yield f"{item.name}: not writable, the MIB says {item.access}"
    if column.writable:
        limits = NARROWER.get(item.name, _limits(item.syntax))
        if limits and limits != (column.least, column.greatest):
            yield f"{item.name}: takes {column.least}..{column.greatest}, should be {limits[0]}..{limits[1]}"


def judge_columns(columns, modules):
    """Everything that is wrong with the descriptors, as text."""
    faults, known = [], {oid: item for objects in modules.values() for oid, item in objects.items()}
    for oid, column in columns.items():
        if oid in known:
            faults += _judge_column(column, known[oid])
        elif oid not in NEWER:
            faults.append(f"{oid} ({column.table}): in no MIB")
        elif column.type != NEWER[oid][1] or column.writable:
            faults.append(f"{NEWER[oid][0]}: {column.type}, writable {column.writable}")
    for module, parts in WHOLE.items():
        wanted = set(modules[module]) | {oid for oid in NEWER if module == "KEEPALIVED-MIB"}
        for oid in sorted(wanted):
            if oid not in columns and any(_within(oid, part) for part in parts):
                faults.append(f"{known[oid].name if oid in known else NEWER[oid][0]} ({oid}): not served")
    names = {item.name for item in known.values()}
    faults += [f"{name}: listed as an exception, but no object" for name in NARROWER if name not in names]
    return faults


# ---- walks ----

WALK_TYPES = {"INTEGER": "INTEGER", "STRING": "OCTETS", "Hex-STRING": "OCTETS", "OID": "OID",
              "IpAddress": "IPADDRESS", "Counter32": "COUNTER32", "Gauge32": "GAUGE32", "Timeticks": "TIMETICKS",
              "Counter64": "COUNTER64", "BITS": "OCTETS", "Network Address": "IPADDRESS"}


def parse_walk(text):
    """[(oid, Value)] of a numeric walk; lines of other programs in between are an error."""
    lines = []
    for line in text.splitlines():
        if re.match(r"\.\d[\d.]* = ", line) or not lines:
            lines.append(line)
        else:
            lines[-1] += "\n" + line
    return [snmp.parse_varbind(line) for line in lines]


def _size(value):
    if value.type == "Hex-STRING":
        return len(value.text.split())
    text = value.text
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    return len(text.encode())


def _judge_value(item, oid, value):
    kind = WALK_TYPES.get(value.type)
    if kind != item.syntax.type:
        yield f"{item.name} {oid}: {value.type}, the MIB says {item.syntax.type}"
        return
    if kind in ("INTEGER", "GAUGE32"):
        number = int(re.search(r"-?\d+", value.text).group())
        if item.syntax.enum and number not in item.syntax.enum:
            yield f"{item.name} {oid}: {number} is none of {sorted(item.syntax.enum)}"
        elif item.syntax.ranges and not any(low <= number <= high for low, high in item.syntax.ranges):
            yield f"{item.name} {oid}: {number} is outside {item.syntax.ranges}"
    if kind == "OCTETS" and item.syntax.sizes:
        size = _size(value)
        if not any(low <= size <= high for low, high in item.syntax.sizes):
            yield f"{item.name} {oid}: {size} octets, outside {item.syntax.sizes}"


def _find(oid, known):
    while oid:
        if oid in known:
            return known[oid]
        oid = oid.rpartition(".")[0]
    return None


# Columns that may well have no instance: texts that are not configured, and what only some rows can have.
HOLES = re.compile(r"Script|Notify(Up|Down)|Quorum(Up|Down)(Path)?$|VirtualHost|^(virtual|real)ServerName$|NameOfGroup|"
                   r"FwMark$|^virtualServer(AddrType|Address|Port|PersistGranularity)$|SyncGroup|"
                   r"LvsSyncInterface|vrrpRouteSecondaryGateway|vrrpAddress(Broadcast|IfAlias|Peer|IfIndex)|emailAddress|lvsTimeout")


def judge_walk(walk, modules, whole=()):
    """Everything that is wrong with a walk. whole: modules of which every column must show."""
    faults, seen, before = [], set(), ()
    known = {oid: item for objects in modules.values() for oid, item in objects.items()}
    for oid, (name, kind) in NEWER.items():
        known.setdefault(oid, Object("KEEPALIVED-MIB", name, oid, Syntax(kind), "read-only"))
    for oid, value in walk:
        if value.type in ("noSuchInstance", "noSuchObject", "endOfMibView"):
            continue
        place = tuple(int(part) for part in oid.strip(".").split("."))
        if place <= before:
            faults.append(f"{oid}: does not come after {'.'.join(map(str, before))}")
        before = place
        item = _find(oid, known)
        if item:
            seen.add(item.oid)
            faults += _judge_value(item, oid, value)
        elif any(_within(oid, part) for part in (KEEPALIVED, VRRP, VRRPV3, DIRECTOR, LVS)):
            faults.append(f"{oid}: in no MIB")
    for module in whole:
        for oid, item in modules[module].items():
            served = any(_within(oid, part) for part in WHOLE[module])
            hole = module == "KEEPALIVED-MIB" and HOLES.search(item.name)
            if served and oid not in seen and not hole:
                faults.append(f"{item.name} ({oid}): no instance in the walk")
    return faults


# ---- for pytest ----

def find_tool(name):
    for place in filter(None, [os.environ.get("VIPD_BUILD"), TOP / "build/fast", TOP / "build", TOP]):
        if (pathlib.Path(place) / "tests/tools" / name).exists():
            return pathlib.Path(place).resolve() / "tests/tools" / name
    return None


def _run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _need(pytest):
    for path, _ in MODULES.values():
        if not path.exists():
            pytest.skip(f"{path} is not there: install Debian's keepalived")
    program = find_tool("mibdump")
    if not program:
        pytest.skip("tests/tools/mibdump is not built (set VIPD_BUILD to the build directory)")
    return parse_dump(_run(program))


def test_columns_agree_with_the_mibs():
    import pytest
    columns = _need(pytest)
    assert judge_columns(columns, parse_modules()) == []


def test_values_agree_with_the_mibs():
    """A walk over the synthetic director of the unit tests, every module in full."""
    import pytest
    _need(pytest)
    walk = parse_walk(_run(find_tool("mibdump"), "--walk"))
    assert len(walk) > 2000
    assert judge_walk(walk, parse_modules(), whole=list(MODULES)) == []


def test_judge_knows_the_modules():
    import pytest
    _need(pytest)
    modules = parse_modules()
    assert len(modules["VRRP-MIB"]) == 5 + 14 + 1 + 12
    assert len(modules["VRRPV3-MIB"]) == 11 + 1 + 4 + 13
    tables = collections.Counter(oid.rpartition(".")[0] for oid in modules["KEEPALIVED-MIB"])
    assert tables[KEEPALIVED + ".2.3.1"] == 34 and tables[KEEPALIVED + ".2.6.1"] == 11
    assert tables[KEEPALIVED + ".3.3.1"] == 70 and tables[KEEPALIVED + ".3.4.1"] == 54


def test_judge_can_say_no():
    import pytest
    columns, modules = _need(pytest), parse_modules()
    weight, state = KEEPALIVED + ".3.4.1.7", VRRP + ".1.3.1.3"
    wrong = dict(columns)
    del wrong[VRRP + ".2.4.1.5"]
    wrong[weight] = wrong[weight]._replace(greatest=255)
    wrong[state] = wrong[state]._replace(type="GAUGE32", writable=True)
    wrong[DIRECTOR + ".1.9.9"] = wrong[state]._replace(oid=DIRECTOR + ".1.9.9")
    assert len(judge_columns(wrong, modules)) == 6  # the second breaks type, access and range at once
    good = f"{VRRP}.1.1.0 = INTEGER: 2\n{state}.2.5 = INTEGER: 3\n{VRRP}.1.3.1.10.2.5 = \"\"\n"
    assert judge_walk(parse_walk(good), modules) == []
    bad = good + f"{state}.2.5 = INTEGER: 4\n{VRRP}.1.3.1.11.2.5 = Gauge32: 1\n{VRRP}.1.3.1.12.2.5 = INTEGER: 0\n"
    assert len(judge_walk(parse_walk(bad), modules)) == 4
    assert judge_walk(parse_walk(good), modules, whole=["VRRP-MIB"]) != []


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dump", help="the mibdump program")
    parser.add_argument("--walk", nargs="+", default=[], help="outputs of snmpwalk -On -m ''")
    parser.add_argument("--whole", nargs="*", default=[], choices=list(MODULES), help="every column must show")
    options = parser.parse_args()
    modules, faults = parse_modules(), []
    if options.dump:
        faults += judge_columns(parse_dump(_run(options.dump)), modules)
    for path in options.walk:
        faults += judge_walk(parse_walk(pathlib.Path(path).read_text(encoding="utf-8", errors="replace")),
                             modules, options.whole)
    print("\n".join(faults) if faults else "no objection")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
