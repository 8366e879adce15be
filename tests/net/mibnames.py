# SPDX-License-Identifier: MIT
"""Names for OIDs, from MIB files alone.

Debian ships no IETF modules, so net-snmp's own programs cannot load a module that imports from them. Names need
no imports beyond a few roots: this reads "name ... ::= { parent number }" and the words for numbers of a SYNTAX.
"""

import os
import pathlib
import re

ROOTS = {"enterprises": "1.3.6.1.4.1", "mib-2": "1.3.6.1.2.1", "netSnmpPlaypen": "1.3.6.1.4.1.8072.9999.9999",
         "debian": "1.3.6.1.4.1.9586", "project": "1.3.6.1.4.1.9586.100"}
KEYWORDS = r"(?:MODULE-IDENTITY|OBJECT-TYPE|OBJECT IDENTIFIER|NOTIFICATION-TYPE|OBJECT-IDENTITY)"


class Names:
    """Reads what there is of the files; a missing one only leaves its numbers as they are."""

    def __init__(self, *files):
        parents, syntaxes = {}, {}
        for file in files:
            path = pathlib.Path(file)
            text = path.read_text(errors="replace") if path.exists() else ""
            text = re.sub(r"--.*|\"[^\"]*\"", "", text)
            for name, parent, number in re.findall(
                    rf"^\s*([a-z][\w-]*)\s+{KEYWORDS}(?:(?!::=).)*::=\s*\{{\s*([\w-]+)\s+(\d+)\s*\}}", text, re.M | re.S):
                parents[name] = (parent, number)
            syntaxes |= dict(re.findall(r"^\s*(\w+)\s+(?:OBJECT-TYPE|::=\s*TEXTUAL-CONVENTION)(?:(?!::=).)*?"
                                        r"\bSYNTAX\s+(INTEGER\s*\{[^}]*\}|\w+)", text, re.M | re.S))
        self.words = {name: self._words(syntaxes.get(syntax, syntax)) for name, syntax in syntaxes.items()}
        self.by_oid = {}
        for name in parents:
            oid = self._resolve(name, parents)
            if oid:
                self.by_oid["." + oid] = name

    @staticmethod
    def _resolve(name, parents):
        numbers = []
        while name in parents and len(numbers) < 64:
            name, number = parents[name]
            numbers.insert(0, number)
        return ".".join([ROOTS[name], *numbers]) if name in ROOTS else None

    @staticmethod
    def _words(syntax):
        return {number: word for word, number in re.findall(r"([\w-]+)\s*\(\s*(\d+)\s*\)", syntax)}

    def value(self, oid, text):
        """"2" as "master(2)" where the MIB has a word for it."""
        word = self.words.get(self.of(oid).partition(".")[0], {}).get(text)
        return f"{word}({text})" if word else text

    def of(self, oid):
        """".1.3...4.2" as "vrrpInstanceState.2"; the OID itself when nothing is known."""
        head, tail = oid, ""
        while head.count(".") > 1:
            if head in self.by_oid:
                return self.by_oid[head] + tail
            head, _, last = head.rpartition(".")
            tail = f".{last}{tail}"
        return oid


def installed():
    """Ours, and keepalived's from where `tests/deps mibs-dir` says."""
    ours = pathlib.Path(__file__).resolve().parents[2] / "mibs/IPVS-DIRECTOR-MIB.txt"
    folder = pathlib.Path(os.environ.get("VIPD_MIBS", "/usr/share/snmp/mibs"))
    return Names(ours, folder / "KEEPALIVED-MIB.txt", folder / "VRRP-MIB.txt")
