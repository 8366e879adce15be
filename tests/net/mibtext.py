# SPDX-License-Identifier: MIT
"""What there is to test of a MIB module: its tables, scalars, notifications, and what must not be told, from its text.

Syntax and access come from the judge's reader (test_mib_judge.py), which all of this stands on.
"""

import re

import test_mib_judge as judge


class Module:
    """A module by OIDs: `objects` with a value, `tables` {entry: columns with a value}, `scalars`, `hidden` columns and
    objects without a value, `notifications` {oid: (name, objects in order)}."""

    def __init__(self, name):
        text, oids = judge.read_module(name)
        self.name, self.objects = name, judge.parse_module(name)
        self.names = {oid: label for label, oid in oids.items()}
        self.tables, self.hidden = {}, {}
        for label, body in re.findall(r"([\w-]+)\s+OBJECT-TYPE\b(.*?)::=", text, re.S):
            if re.search(r"\b(INDEX|AUGMENTS)\s*\{", body):
                self.tables[oids[label]] = []
        for label, access in re.findall(r"([\w-]+)\s+OBJECT-TYPE\b(?:(?!::=).)*?MAX-ACCESS\s+([\w-]+)", text, re.S):
            oid = oids[label]
            if access == "accessible-for-notify" or (access == "not-accessible" and self.entry(oid)):
                self.hidden[oid] = label
        for oid in self.objects:
            if self.entry(oid):
                self.tables[self.entry(oid)].append(oid)
        self.scalars = [oid for oid in self.objects if not self.entry(oid)]
        self.notifications = {
            oids[label]: (label, [oids[word] for word in re.findall(r"[\w-]+", objects)])
            for label, objects in re.findall(r"([\w-]+)\s+NOTIFICATION-TYPE\s+OBJECTS\s*\{([^}]*)\}", text)}

    def entry(self, oid):
        """The entry that a column is of; None for a scalar."""
        parent = oid.rpartition(".")[0]
        return parent if parent in self.tables else None


def modules():
    return {name: Module(name) for name in judge.MODULES}
