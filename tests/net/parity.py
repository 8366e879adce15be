# SPDX-License-Identifier: MIT
"""Two walks of one configuration, line by line: what differs must be on the reviewed list.

tests/fixtures/parity/ has the configurations and two files of rules, fields between " | ":

    differences   OBJECT[.INDEX] ... | FILES | KEEPALIVED | VIPD | RIGHT | WHY
    volatile      OBJECT ... | RULE | WHY

OBJECT, INDEX, KEEPALIVED and VIPD are regular expressions that match in full; a value reads "TYPE text" as in
snmp.Value, and "absent" where there is no instance. FILES are numbers of configurations, or * for all. RIGHT names who is right by the
MIB or the RFC: vipd, keepalived, both (each tells the truth of itself) or newer (younger than keepalived 2.2.7).
RULE says how far values that move by themselves may be apart: "within N", "moves" (both are zero, or neither), or both.
"""

import collections
import functools
import re

import test_mib_judge as judge
from lab import ROOT

FIXTURES = ROOT / "tests/fixtures/parity"
ROOTS = (judge.VRRP, judge.VRRPV3, judge.KEEPALIVED)  # in the order of their numbers
SIDES = ("vipd", "keepalived", "both", "newer")

Line = collections.namedtuple("Line", "file oid name index keepalived vipd")
Entry = collections.namedtuple("Entry", "objects files keepalived vipd right why")
Rule = collections.namedtuple("Rule", "objects rule why")


@functools.cache
def object_names():
    """{OID: name} of every accessible object of the three modules, those younger than Debian's files included."""
    found = {oid: item.name for objects in judge.parse_modules().values() for oid, item in objects.items()
             if oid.startswith(ROOTS)}
    return found | {oid: name for oid, (name, _) in judge.NEWER.items()}


def split_oid(oid):
    """(name of the object, index without its leading dot); an OID of no object is its own name."""
    names, head = object_names(), oid
    while head and head not in names:
        head = head.rpartition(".")[0]
    return (names[head], oid[len(head) + 1:]) if head else (oid, "")


def _fields(path, count):
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            fields = [field.strip() for field in line.split(" | ")]
            assert len(fields) == count and all(fields), f"{path.name}: {line}"
            yield fields


def read_entries(path=FIXTURES / "differences"):
    entries = [Entry(fields[0].split(), fields[1].split(), *fields[2:]) for fields in _fields(path, 6)]
    assert all(entry.right in SIDES for entry in entries)
    return entries


def read_rules(path=FIXTURES / "volatile"):
    return [Rule(fields[0].split(), *fields[1:]) for fields in _fields(path, 3)]


def show(value):
    return f"{value.type} {value.text}".strip() if value else "absent"


def _number(value):
    return int(re.match(r"-?\d+", value.text)[0])


def is_same(name, theirs, ours, rules):
    """Equal, or as near as the rule of the object asks."""
    found = next((rule.rule for rule in rules if any(re.fullmatch(known, name) for known in rule.objects)), None)
    if not (theirs and ours and found) or theirs.type != ours.type:
        return theirs == ours
    left, right = _number(theirs), _number(ours)
    within = re.search(r"within (\d+)", found)
    return ("moves" not in found or (left == 0) == (right == 0)) and (not within or abs(left - right) <= int(within[1]))


def differences(file, theirs, ours, rules):
    """A Line for each instance that is not the same on both sides, in the order of the walks."""
    for oid in sorted(theirs.keys() | ours.keys(), key=lambda oid: [int(part) for part in oid.strip(".").split(".")]):
        name, index = split_oid(oid)
        if not is_same(name, theirs.get(oid), ours.get(oid), rules):
            yield Line(file, oid, name, index, show(theirs.get(oid)), show(ours.get(oid)))


def _names(entry, line):
    for known in entry.objects:
        name, _, index = known.partition(".")
        if re.fullmatch(name, line.name) and (not index or re.fullmatch(index, line.index)):
            return True
    return False


def covers(entry, line):
    return (_names(entry, line) and (entry.files == ["*"] or line.file[:2] in entry.files)
            and bool(re.fullmatch(entry.keepalived, line.keepalived, re.S) and re.fullmatch(entry.vipd, line.vipd, re.S)))


def judge_lines(lines, entries):
    """(lines that no entry or more than one covers, as text; the entries that were used)"""
    faults, used = [], []
    for line in lines:
        found = [entry for entry in entries if covers(entry, line)]
        used += found
        if len(found) != 1:
            faults.append(f"{line.file}: {line.name}.{line.index} ({line.oid}): keepalived {line.keepalived!r}, "
                          f"vipd {line.vipd!r}: on {len(found)} lines of the list")
    return faults, used
