# SPDX-License-Identifier: MIT
"""Every keyword of the option tables, loaded by vipd and by Debian's keepalived: both accept or both refuse.

The cases are made from the tables: each keyword at its bounds and one step beyond, of the wrong type, without its
value, twice, in a block where it does not belong; keepalived's own samples are judged with them. Words of keywords that
have a syntax of their own stand in conf_words.py. Where the two disagree for a reason, tests/fixtures/conf_differences
says so; a line there that no case needs is an error too.
"""

import collections
import concurrent.futures
import fnmatch
import itertools
import json
import os
import pathlib
import subprocess

import pytest

import conf_words
from lab import ROOT, Lab, build_dir

DIFFERENCES = ROOT / "tests/fixtures/conf_differences"
FIXTURES = ROOT / "tests/fixtures/seeds"
SAMPLES = pathlib.Path("/usr/share/doc/keepalived/samples")
MISPLACED = 1 << 7  # OPTION_MISPLACED
UNSUPPORTED = "is not supported yet"  # of the feature, says nothing of the value
Case = collections.namedtuple("Case", "scope keyword name text")


@pytest.fixture(scope="module")
def node():
    with Lab() as lab:
        node = lab.node("judge", "192.0.2.100/24")
        for pair in (("eth1", "eth2"), ("eth3", "eth0.1")):
            node.ip(f"link add {pair[0]} type veth peer name {pair[1]}", *(f"link set {name} up" for name in pair))
        yield node


@pytest.fixture(scope="module")
def files(node):
    """{path: case}"""
    made = {node.write(f"{i}.conf", case.text): case for i, case in enumerate(cases())}
    for path in filter(pathlib.Path.is_file, SAMPLES.glob("**/*")):
        copy = node.write(path.name, "")
        copy.write_bytes(path.read_bytes())
        made[copy] = Case("samples", "file", path.name, path.read_text(errors="replace"))
    return made


def keep(name, text):
    """For a look after a failure."""
    if os.environ.get("VIPD_KEEP"):
        folder = pathlib.Path(os.environ["VIPD_KEEP"])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


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


def own_words(table, scope, keyword):
    return table.get((scope, keyword)) or table.get(keyword)


def values(scope, row):
    """(name of the case, words behind the keyword)."""
    kind = row["type"]
    own = own_words(conf_words.WORDS, scope, row["name"])
    if row["flags"] & MISPLACED:
        yield "handed-down", conf_words.MISPLACED[row["name"]]
    elif kind == "block":
        yield from ((f"block-{i}", words) for i, words in enumerate(own_words(conf_words.BLOCKS, scope, row["name"])))
    elif own:
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
    else:
        raise AssertionError(f"{row['name']} in {scope or 'the top level'}: conf_words.py has no words for it")


def without(before, keyword):
    """Without what the innermost open block says of the keyword itself."""
    kept, starts = [], [0]
    for line in before.splitlines():
        if line.endswith("{"):
            starts.append(len(kept) + 1)
        elif line == "}":
            starts.pop()
        kept.append(line)
    start = starts[-1]
    return kept[:start] + [line for line in kept[start:] if line.split()[:1] != [keyword] or line.endswith("{")]


def place(scope, keyword, line):
    """A configuration that is good but for the line."""
    before, after = conf_words.CONTEXTS[scope]
    before = conf_words.secured(before, scope, keyword)
    return "\n".join([*without(before, keyword), line, after, ""])


def list_cases(scope):
    for i, line in enumerate(own_words(conf_words.LINES, scope, scope.rpartition(".")[2])):
        yield Case(scope, "", f"line-{i}", conf_words.in_list(scope, line))


def cases():
    known = tables()
    for scope, rows in known.items():
        if scope not in conf_words.CONTEXTS:
            assert not rows, f"conf_words.py has no context for {scope}"
            yield from list_cases(scope)
            continue
        yield Case(scope, "", "bare", place(scope, "", ""))
        by_name = {row["name"]: row for row in rows}
        for row in rows:
            keyword = row["name"]
            meaning = by_name[row["alias_of"]] if row["type"] == "alias" else row
            made = list(values(scope, meaning))
            for name, words in made:
                yield Case(scope, keyword, name, place(scope, keyword, f"{keyword} {words}"))
            line = f"{keyword} {made[0][1]}"
            yield Case(scope, keyword, "twice", place(scope, keyword, f"{line}\n{line}"))
            elsewhere = next(other for other in ("global_defs", "vrrp_script", "real_server")
                             if all(row["name"] != keyword for row in known[other]))
            yield Case(scope, keyword, "misplaced", place(elsewhere, keyword, line))


# One shell for many files: a process for each would take longer than what is tested. keepalived 2.2.7 never comes to an
# end of a list that names an unknown track_file.
BOTH = """
ulimit -t 2
vipd=$1; shift
for file; do
    keepalived -t -l -f $file >$file.old 2>&1; echo $? >$file.old-status
    $vipd -t -f $file >$file.new 2>&1; echo $? >$file.new-status
done
"""


def verdicts(node, files):
    """For each file: whether keepalived and vipd accept it, and what they said."""
    node.run("sh", "-c", BOTH, "sh", build_dir() / "vipd", *files, timeout=600)
    for file in files:
        old, new = (int(pathlib.Path(f"{file}.{which}-status").read_text()) for which in ("old", "new"))
        old_said, new_said = (pathlib.Path(f"{file}.{which}").read_text(errors="replace") for which in ("old", "new"))
        assert new in (0, 5), f"{file}: {new}\n{new_said}"
        assert new == 0 or "error:" in new_said, f"{file}: refused without a reason"
        yield old == 0, new == 0, old_said, new_said


def who_accepts(old, new, new_said):
    """"vipd" when it says with a warning what it makes of the line, "vipd-silent" when it does not."""
    if old == new:
        return None
    warnings = [line for line in new_said.splitlines() if "warning:" in line and UNSUPPORTED not in line]
    return "keepalived" if old else "vipd" if warnings else "vipd-silent"


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


def told(case, who, old_said, new_said):
    return (f"{case.scope or 'top'}/{case.keyword or 'line'}/{case.name} {who}\n"
            f"--- text\n{case.text}--- keepalived\n{old_said}--- vipd\n{new_said}")


def test_keepalived_and_vipd_agree_on_every_keyword(node, files):
    review, wrong, agreed = Review(), [], 0
    middle = len(files) // 2
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        halves = pool.map(lambda half: list(verdicts(node, half)), (list(files)[:middle], list(files)[middle:]))
    for case, (old, new, old_said, new_said) in zip(files.values(), itertools.chain(*halves)):
        who = who_accepts(old, new, new_said)
        agreed += not who
        if who and not review.explains(case, who):
            wrong.append(told(case, who, old_said, new_said))
        assert new or case.name != "bare", told(case, "neither", old_said, new_said)
    keep("wrong", "\n".join(wrong))
    print(f"{len(files)} cases: {agreed} agreed, {len(files) - agreed - len(wrong)} differ for a reason")
    assert len(files) > 3000
    assert not wrong, f"{len(wrong)} of {len(files)} cases differ:\n" + "\n".join(wrong[:40])
    stale = [entry[0] for entry in review.entries if entry not in review.used and SAMPLES.is_dir()]
    assert not stale, f"no case needs these lines of {DIFFERENCES.name}: {stale}"


def test_whatever_loads_comes_back_from_its_dump(node, files):
    seeds = FIXTURES.glob("*.conf")
    result = node.run(build_dir() / "tests/tools/confcheck", "-R", *files, *seeds, check=False)
    keep("round-trips", result.stdout + result.stderr)
    assert result.returncode == 0, result.stdout[-10_000:] + result.stderr[-10_000:]
