# SPDX-License-Identifier: MIT
"""
Definitions, conditions and generators as Debian's keepalived expands them. Both programs name every unknown keyword with
its line under -t, so texts of unknown keywords show what each of the two reads.
"""
import re

import pytest
from lab import Lab, build_dir

TEXTS = {
    "conditions": "@foo a1\n@bar a2\n@^foo a3\n@^bar a4\n @foo  a5\n@foo\ta6\n@foo\n@\n@ foo a7\n@foo @bar a8\n@foo,x a9\n",
    "definitions": "$A=1\na$A\nb${A}c\nc$Ad\nd$A/2\n\"e $A f\"\nf$A, g\n$A=2 # h\ng$A\n$B=x${A}\n$A=3\nh${B}\n",
    "late": "$B=1\n$A=$B\nb${A}x\nc$A\n$D=$A=5\n$D\nd$A\n",
    "no names": "$1A=x\n$a-b=x\nx$NONE y\n",
    "conditional definitions": "@foo $A=1\n@bar $A=2\nx$A\n$AT=@bar\n$AT y\n",
    "bodies": "$M=\\\n a1 \\\n@bar a2\\\n@foo a3\\\n $X=4\\\n a${X}\n$M\nx ${M}\n@foo $M\n@bar $M\n",
    "short bodies": "$M=b1 \\\n b2\nx$M\n$N=\\\n c1 \\ # d\n c2\n$N\n$O=\\\n e\\\n",
    "a blank line ends": "$M=a1 \\\n\nb1\n$M\n",
    "sequences": "~SEQ(x,3) a$x\n~SEQ(x,-3) b$x\n~SEQ(x, 5, 2) c${x}\n~SEQ(x, 1, 2, 5)d$x\n~SEQ (x,0,1) e$x\n"
                 "~SEQ(x,1,3)\nf${x}\n",
    "hexadecimal": "~SEQx(x, 8, 12) a${x}\n~SEQx(x, 0x18, 0x1b) b${x}\n~SEQ(x, 0x1, 0x3) c$x\n",
    "nested": "~SEQ(x, 1, 3) ~SEQ(y, 5, 6) a${x}-${y}\n~LST(x, b, c) ~SEQ(y, 2) ${x}$y\n",
    "lists": "~LST(x, a, b, c) a${x}\n~LST({x,y}, {1,2}, {3,4}) b${x}-${y}\n~LST({x, y}, {1, 2}, { 3 , 4 } ) c${x}-${y}\n"
             "~LST({x,y},{1,2},{3}) d${x}.${y}\n~LST({v,w},1,2) e${v}\n~LST(x,f,) g${x}\n",
    "arguments": "$N=3\n~SEQ(x,$N) a$x\n~SEQ(x,${N}) b$x\n$G=~SEQ(x,3)\n$G c$x\n$H=~SEQ(x,2) d$x\n$H\n",
    "predefined": "a${_INSTANCE}\nb$_INSTANCE\nc${_RANDOM 7 7}\n\"d${_HASH} ${_BANG}\"\n$_PWD=e\nf$_PWD\n",
    "comments": "a$A # $B\n$A=b # c\nd$A\n\"e # f\" g\n\"h ! i\"\n",
}
# What both call wrong; only that they do is compared.
WRONG = ["~SEQ(x) a", "~SEQ(x,a,3) a", "~SEQ(x,1,0,3) a", "~SEQ(x,1,-1,3) a", "~SEQ(x,1,3 a", "~SEQx(x,-3) a", "~LST(x) a",
         "~LST(x,{1,2}) a", "~LST(x,a b) a", "a ${NONE}", "$A=1\na ${A", '"a']


@pytest.fixture(scope="module")
def node():
    with Lab() as lab:
        yield lab.node("expand")


def read_by(node, path, *command):
    """[(line, keyword)] of unknown keywords without repetition, and the exit status."""
    result = node.run(*command, "-t", "-i", "foo", "-f", path, check=False)
    found = re.findall(r"Line (\d+)\) Unknown keyword '(.*)'|:(\d+):\d+: error: unknown keyword '([^']*)'", result.stderr)
    return list(dict.fromkeys((int(a or c), b or d) for a, b, c, d in found)), result.returncode


@pytest.mark.parametrize("name", TEXTS)
def test_both_read_the_same(node, tmp_path, name):
    path = tmp_path / "text.conf"
    path.write_text(TEXTS[name])
    theirs, _ = read_by(node, path, "keepalived", "-l", "-P")
    ours, _ = read_by(node, path, build_dir() / "vipd")
    assert theirs, "keepalived found nothing: what it says has changed"
    assert ours == theirs


@pytest.mark.parametrize("text", WRONG)
def test_both_refuse(node, tmp_path, text):
    path = tmp_path / "text.conf"
    path.write_text(text + "\n")
    assert read_by(node, path, "keepalived", "-l", "-P")[1] == 5
    assert read_by(node, path, build_dir() / "vipd")[1] == 5
