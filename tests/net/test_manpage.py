# SPDX-License-Identifier: MIT
"""The man page of the configuration: it is complete, its examples are good, and it is clean troff."""

import json
import re
import shutil
import subprocess

import pytest

from lab import build_dir

PAGE = build_dir() / "doc/vipd.conf.5"
INCLUDED = "customers/one.conf", "more/web.conf", "more/shop.conf"  # by the examples
DEPRECATED = {("SMTP_CHECK", "host")}  # gives a warning, so no example shows it


def plain(text):
    """Troff as written in our pages to what a reader sees."""
    text = re.sub(r"\\f[BIRP]", "", text)
    return text.replace("\\-", "-").replace("\\&", "").replace("\\e", "\\")


def examples():
    return [plain(text) for text in re.findall(r"^\.EX\n(.*?)^\.EE$", PAGE.read_text(), re.M | re.S)]


def confcheck(option):
    return subprocess.run([build_dir() / "tests/tools/confcheck", option], capture_output=True, text=True,
                          check=True).stdout.splitlines()


@pytest.mark.parametrize("node", ["lb1", "lb2"])
@pytest.mark.parametrize("index", range(len(examples())))
def test_example_is_a_good_configuration(tmp_path, index, node):
    """Nothing is said about it but what vipd does not do yet."""
    file = tmp_path / "vipd.conf"
    file.write_text(examples()[index])
    for included in INCLUDED:
        (tmp_path / included).parent.mkdir(exist_ok=True)
        (tmp_path / included).write_text("# nothing\n")
    done = subprocess.run([build_dir() / "vipd", "-t", "-i", node, "-f", file], capture_output=True, text=True,
                          check=False)
    places = [line for line in done.stderr.splitlines() if line.startswith(str(file))]
    assert done.returncode == 0 and all("not supported yet" in line for line in places), \
        f"{file.read_text()}\n{done.stderr}"


def blocks_of(text):
    """(block around, block) for every block in a text with one brace to a line; the top level is '/'."""
    inside, found = ["/"], set()
    for line in text.splitlines():
        line = re.sub(r'"[^"]*"|\$\{[^}]*\}|~LST\(.*?\) ', "", line).rstrip("\\ ")
        if line.endswith("{"):
            found.add((inside[-1], line.split()[0]))
            inside.append(line.split()[0])
        elif line.strip() == "}":
            inside.pop()
    assert inside == ["/"], text
    return found


def test_examples_show_every_block():
    tables = json.loads("".join(confcheck("-T")))
    blocks = {(block.rpartition(".")[2] or "/", row["name"]) for block, rows in tables.items() for row in rows
              if row["type"] == "block"}
    assert len(blocks) > 50
    shown = set().union(*map(blocks_of, examples()))
    assert blocks - shown == DEPRECATED


def test_every_keyword_and_choice_is_there():
    """So are the forms of the text itself, by their names: ~SEQ, _PWD."""
    page = plain(PAGE.read_text())
    words = [line.strip('"') for line in confcheck("-D")]
    assert len(words) > 500
    forms = [word for word in words if re.search(r"[$@~\\]", word)]
    names = {name for form in forms for name in re.findall(r"_[A-Z]+|~[A-Za-z]+|@\^?", form)}
    assert len(forms) > 20 and {"_PWD", "~SEQx", "~LST", "@^"} < names
    missing = {word for word in set(words) - set(forms) | names
               if not re.search(rf"(?<![\w-]){re.escape(word)}(?!\w)" if word[0] != "@" else re.escape(word), page)}
    assert not missing


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
@pytest.mark.parametrize("page", ["doc/vipd.conf.5", "doc/vipd.8", "doc/vipctl.8"])
def test_page_is_clean_troff(page, pytestconfig):
    path = build_dir() / page
    path = path if path.exists() else pytestconfig.rootpath.parent / page
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", path], capture_output=True, text=True, check=True)
    assert not done.stderr + done.stdout
