# SPDX-License-Identifier: MIT
"""Every keyword of the option tables, loaded by vipd and by Debian's keepalived: both accept or both refuse.

The cases are made from the tables: each keyword at its bounds and one step beyond, of the wrong type, without its
value, twice, in a block where it does not belong. Words of keywords that have a syntax of their own stand in
conf_words.py. Where the two disagree for a reason, tests/fixtures/conf_differences says so; a line there that no case
needs is an error too.
"""

import collections
import concurrent.futures
import fnmatch
import json
import pathlib
import subprocess

import pytest

import conf_words
from lab import ROOT, Lab, build_dir

DIFFERENCES = ROOT / "tests/fixtures/conf_differences"
MISPLACED = 1 << 7  # OPTION_MISPLACED
Case = collections.namedtuple("Case", "scope keyword name text")


@pytest.fixture(scope="module")
def node():
    with Lab() as lab:
        node = lab.node("judge", "192.0.2.100/24")
        node.run("ip", "link", "add", "eth1", "type", "veth", "peer", "name", "eth2")
        for name in ("eth1", "eth2"):
            node.run("ip", "link", "set", name, "up")
        yield node


def tables():
    """{block: [row, ...]} as vipd has them."""
    return json.loads(subprocess.check_output([build_dir() / "tests/tools/confcheck", "-T"]))


def micro(value):
    """Microseconds as decimal seconds, without a fraction where there is none."""
    fraction = f".{abs(value) % 10**6:06}".rstrip("0") if value % 10**6 else ""
    return f"{'-' if value < 0 else ''}{abs(value) // 10**6}{fraction}"


def numbers(row, write):
    yield from (("min", write(row["min"])), ("max", write(row["max"])))
    yield from (("below", write(row["min"] - 1)), ("above", write(row["max"] + 1)))
    yield from (("word", "junk"), ("unit", write(row["max"]) + "x"), ("hex", "0x5"), ("missing", ""))


def values(scope, row):
    """(name of the case, words behind the keyword)."""
    kind = row["type"]
    if row["flags"] & MISPLACED:
        yield "handed-down", conf_words.MISPLACED[row["name"]]
        return
    own = conf_words.WORDS.get((scope, row["name"])) or conf_words.WORDS.get(row["name"])
    if own:
        yield from ((f"word-{i}", words) for i, words in enumerate(own))
    elif kind in ("unsigned", "signed"):
        yield from numbers(row, str)
    elif kind == "time":
        yield from numbers(row, micro)
        yield "small", "0.0000001"
    elif kind == "bool":
        yield from ((word or "alone", word) for word in ("", "on", "off", "true", "false", "yes", "no", "ON", "1", "x"))
    elif kind in ("flag", "obsolete"):
        yield from (("alone", ""), ("extra", "x"))
    elif kind == "choice":
        yield from ((word, word) for word in row["choices"])
        yield from (("case", row["choices"][0].swapcase()), ("unknown", "nonsense"), ("missing", ""))
    elif kind == "string":
        yield from (("word", "abc"), ("quoted", '"a b"'), ("longest", "a" * min(row["max"] or 64, 200)), ("missing", ""))
    elif kind == "interface":
        yield from (("known", "eth0"), ("longest", "a" * 15), ("too-long", "a" * 16), ("missing", ""))
    elif kind == "address":
        yield from (("v4", "192.0.2.9"), ("v6", "2001:db8::9"), ("name", "host"), ("octet", "192.0.2.300"),
                    ("prefix", "192.0.2.1/24"), ("missing", ""))
    elif kind == "command":
        yield from (("plain", "/bin/true"), ("words", '"/bin/echo a b"'), ("nested", "\"/bin/echo 'a b' c\""),
                    ("user", '"/bin/true" root'), ("nobody", '"/bin/true" no_such_user'), ("missing", ""))
    elif kind == "block":
        yield from ((f"block-{i}", words) for i, words in enumerate(conf_words.BLOCKS[row["name"]]))
    else:
        raise AssertionError(f"{row['name']} in {scope or 'the top level'}: conf_words.py has no words for it")


def place(scope, keyword, line):
    """A configuration that is good but for the line; what it says of the same keyword itself is left out."""
    before, after = conf_words.CONTEXTS[scope]
    before = conf_words.secured(before, scope, keyword)
    own = [text for text in before.splitlines() if text.split()[:1] != [keyword] or text.endswith("{")]
    return "\n".join([*own, line, after, ""])


def cases():
    known = tables()
    for scope, rows in known.items():
        if scope not in conf_words.CONTEXTS:
            assert not rows, f"conf_words.py has no context for {scope}"
            for i, line in enumerate(conf_words.LINES[scope]):
                yield Case(scope, "", f"line-{i}", conf_words.in_list(scope, line))
            continue
        by_name = {row["name"]: row for row in rows}
        for row in rows:
            keyword = row["name"]
            meaning = by_name[row["alias_of"]] if row["type"] == "alias" else row
            made = list(values(scope, meaning))
            for name, words in made:
                yield Case(scope, keyword, name, place(scope, keyword, f"{keyword} {words}"))
            good = made[0][1] if made else "{\n}"
            line = f"{keyword} {good}"
            yield Case(scope, keyword, "twice", place(scope, keyword, f"{line}\n{line}"))
            elsewhere = next(other for other in ("global_defs", "vrrp_script", "real_server")
                             if all(row["name"] != keyword for row in known[other]))
            yield Case(scope, keyword, "misplaced", place(elsewhere, keyword, line))


def verdicts(node, folder, number, case):
    """Whether keepalived and vipd accept the text, and what they said."""
    path = pathlib.Path(folder) / f"{number}.conf"
    path.write_text(case.text)
    old = node.run("keepalived", "-t", "-l", "-f", path, check=False)
    new = node.run(build_dir() / "vipd", "-t", "-f", path, check=False)
    assert new.returncode in (0, 5), f"{case}: {new.returncode}\n{new.stderr}"
    assert new.returncode == 0 or "error:" in new.stderr, f"{case}: refused without a reason"
    return old.returncode == 0, new.returncode == 0, old.stdout + old.stderr, new.stderr


def who_accepts(old, new, new_said):
    """"vipd" when it says with a warning what it makes of the line, "vipd-silent" when it does not."""
    if old == new:
        return None
    return "keepalived" if old else "vipd" if "warning:" in new_said else "vipd-silent"


class Review:
    """The differences that have been looked at: PATTERN WHO REASON, the pattern over BLOCK/KEYWORD/CASE."""

    def __init__(self):
        lines = (line.split(None, 2) for line in DIFFERENCES.read_text().splitlines() if line and line[0] != "#")
        self.entries = [(pattern, who, reason) for pattern, who, reason in lines]
        self.used = set()

    def explains(self, case, who):
        name = f"{case.scope or 'top'}/{case.keyword or 'line'}/{case.name}"
        for entry in self.entries:
            if entry[1] == who and fnmatch.fnmatchcase(name, entry[0]):
                self.used.add(entry)
                return True
        return False


def test_keepalived_and_vipd_agree_on_every_keyword(node):
    review, wrong, agreed = Review(), [], 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        todo = list(cases())
        results = pool.map(lambda pair: verdicts(node, node.dir, *pair), enumerate(todo))
        for case, (old, new, old_said, new_said) in zip(todo, results):
            who = who_accepts(old, new, new_said)
            agreed += not who
            if who and not review.explains(case, who):
                wrong.append(f"{case.scope or 'top'}/{case.keyword or 'line'}/{case.name} {who}\n"
                             f"--- text\n{case.text}--- keepalived\n{old_said}--- vipd\n{new_said}")
    pathlib.Path("/tmp/j/wrong").write_text("\n".join(wrong)) # XX
    (node.dir / "wrong").write_text("\n".join(wrong))
    stale = [entry[0] for entry in review.entries if entry not in review.used]
    print(f"{len(todo)} cases: {agreed} agreed, {len(todo) - agreed - len(wrong)} differ for a reason")
    assert len(todo) > 200
    assert not wrong, f"{len(wrong)} of {len(todo)} cases differ:\n" + "\n".join(wrong[:40])
    assert not stale, f"no case needs these lines of {DIFFERENCES.name}: {stale}"
