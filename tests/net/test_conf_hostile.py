# SPDX-License-Identifier: MIT
"""
Configuration files that nobody means well with: vipd -t must say what is wrong, soon and in bounded memory. Each file is
made here, loaded by the real program, and the processor time and the largest resident size of that process are measured.
"""
import json
import random
import resource
import subprocess
import sys

import lab
import pytest

MEGABYTE = 1 << 20
SECONDS = 10  # of processor time, on a machine that does other things too; measured: at most 3
JUNK = random.Random(5)


def service(i):
    servers = "".join(f"  real_server 192.168.{j}.{i % 250 + 1} 80 {{\n    weight 1\n    TCP_CHECK {{\n"
                      f"      connect_timeout 3\n    }}\n  }}\n" for j in range(8))
    return f"virtual_server 10.{i >> 16}.{i >> 8 & 255}.{i & 255} 80 {{\n  lb_algo rr\n  protocol TCP\n{servers}}}\n"


def valid(size):
    text, i = [], 0
    while size > 0:
        text.append(service(i))
        size -= len(text[-1])
        i += 1
    return "".join(text)


def doubling(count):
    """Every definition is ten times the one before."""
    return "$A0=lol\n" + "".join(f"$A{i + 1}={'${A%d}' % i * 10}\n" for i in range(count)) + "${A%d}\n" % count


def branching(count):
    """Every definition has two lines, each the one before."""
    return "$A0=\\\na\\\nb\n" + "".join(f"$A{i + 1}=\\\nc $A{i}\\\nc $A{i}\n" for i in range(count)) + f"$A{count}\n"


# name: (text, exit status, the line that must be said, megabytes)
CASES = {
    "valid 50 MB": (lambda: valid(50 * MEGABYTE), 0, None, 1400),
    "70 MB": (lambda: "#\n" * 35 * MEGABYTE, 4, "larger than 64 MiB", 100),
    "50 MB of blank lines": (lambda: "\n" * 50 * MEGABYTE, 0, None, 150),
    "50 MB of a word": (lambda: "x\n" * 25 * MEGABYTE, 5, "more than 20000 errors and unknown keywords", 200),
    "50 MB of braces": (lambda: ("{}" * 30000 + "\n") * 870, 5, "more than 20000 errors", 200),
    "50 MB of one word in a block": (lambda: "vrrp_instance A {\n" + "accept\n" * 7400000, 5,
                                     "needs more than 1024 MiB of memory", 1400),
    "50 MB of words": (lambda: ("a " * 4000 + "\n") * 6500, 5, "unknown keyword 'a'", 1400),
    "50 MB of dollars": (lambda: ("$A " * 20000 + "\n") * 870, 5, "'$A' is not defined", 1400),
    "10000 braces": (lambda: "a {\n" * 10000, 5, "more than 32 blocks inside each other", 100),
    "10000 braces on a line": (lambda: "a{" * 10000, 5, "more than 32 blocks inside each other", 100),
    "a line of 1 MB": (lambda: "router_id " + "x" * MEGABYTE, 5, "the line is longer than 65536 octets", 100),
    "binary": (lambda: JUNK.randbytes(MEGABYTE), 5, "binary data", 100),
    "binary without NUL": (lambda: JUNK.randbytes(MEGABYTE).replace(b"\0", b""), 5, "this is not UTF-8", 100),
    "a NUL": (lambda: "global_defs {\n  router_id a\0b\n}\n", 5, "(a NUL octet) in line 2", 100),
    "no quote": (lambda: 'global_defs {\n  router_id "a\n}\n', 5, "the quote that starts here is not closed", 100),
    "itself": (lambda: "include self.conf\n", 5, "includes itself", 100),
    "own value": (lambda: "$A=$A\n" + "${A}\n" * 100000, 5, "one refers to itself", 200),
    "own line": (lambda: "$A=\\\n a\\\n $A\n$A\n", 5, "more than 32 definitions or generators", 100),
    "ten to the power of": (lambda: doubling(20), 5, "the line is longer than 65536 octets", 100),
    "two to the power of": (lambda: branching(30), 5, "more than 20000 errors and unknown keywords", 200),
    "endless sequence": (lambda: "~SEQ(x, 1000000000) router_id $x\n", 5, "nothing", 300),
    "silent sequence": (lambda: "~SEQ(x, 1000000000) $y=$x\n", 5, "make more than 1000000 lines", 300),
    "sequences in sequences": (lambda: "~SEQ(x, 255) " * 40 + "a\n", 5, "definitions or generators inside", 300),
    "two million names": (lambda: "".join(f"$A{i}=x\n" for i in range(2000000)), 5, "more than 10000 definitions", 300),
    "a long value": (lambda: "$A=\\\n" + "x\\\n" * 20000000, 5, "make more than 64 MiB of text", 300),
}


# The largest size of a process counts from its fork on, so a small process must do that.
MEASURE = """
import json, os, sys
with open(sys.argv[1], "wb") as log:
    pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ, file_actions=[
        (os.POSIX_SPAWN_DUP2, log.fileno(), 1), (os.POSIX_SPAWN_DUP2, log.fileno(), 2)])
_, status, usage = os.wait4(pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]))
"""


def measure(path):
    """Exit status, what was said, seconds of processor time and megabytes of `vipd -t`."""
    log = path.with_suffix(".log")
    done = subprocess.run([sys.executable, "-c", MEASURE, log, lab.build_dir() / "vipd", "-t", "-f", path], check=True,
                          stdout=subprocess.PIPE, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, 60)))
    status, seconds, used = json.loads(done.stdout)
    return status, log.read_text(errors="replace"), seconds, used


@pytest.mark.parametrize("name", CASES)
def test_hostile(name, tmp_path):
    make, wanted, message, megabytes = CASES[name]
    path = tmp_path / "self.conf"
    text = make()
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    status, said, seconds, used = measure(path)
    path.unlink()
    print(f"{name}: exit status {status}, {seconds:.2f} s, {used:.0f} MB, {len(said.splitlines())} lines")
    assert status == wanted, said[-2000:]
    assert message is None or message in said, said[-2000:]
    assert seconds < SECONDS
    assert used < megabytes
    # Thousands of problems are one screenful too many already.
    assert len(said.splitlines()) < 7000


def test_include_loop_of_two(tmp_path):
    (tmp_path / "a.conf").write_text("include b.conf\n")
    (tmp_path / "b.conf").write_text("\n include ./a.c*\n")
    status, said, _, _ = measure(tmp_path / "a.conf")
    assert status == 5
    assert f"{tmp_path}/b.conf:2:10: error:" in said and "includes itself" in said


def test_include_chain(tmp_path):
    for i in range(20):
        (tmp_path / f"{i}.conf").write_text(f"include {i + 1}.conf\n")
    status, said, _, _ = measure(tmp_path / "0.conf")
    assert status == 5
    assert "more than 16 files include each other" in said
