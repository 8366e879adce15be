# SPDX-License-Identifier: MIT
"""The configurations we promise to take, and keepalived's own samples, checked with -t by keepalived and by vipd.

The fixtures are written for old or other keepalived versions and with people's slips: Debian's keepalived refuses
each, vipd takes each and says what it makes of it.
"""

import os
import pathlib
import random
import resource
import unicodedata

import pytest

from lab import Lab, build_dir

FIXTURES = sorted((pathlib.Path(__file__).parents[1] / "fixtures/seeds").glob("*.conf"))
SAMPLES = pathlib.Path("/usr/share/doc/keepalived/samples")
KEEPALIVED_CONFIG_TEST = 5  # errors, runnable: keepalived 2.2.7


@pytest.fixture(scope="module")
def node():
    with Lab() as lab:
        yield lab.node("checker")


def vipd_test(node, path, seconds=10, megabytes=512):
    """vipd -t with bounds on processor time and memory; its status and what it said."""
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    def used():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = used()
    result = node.run(build_dir() / "vipd", "-t", "-f", path, check=False, timeout=6 * seconds, preexec_fn=limit)
    assert used() - before < seconds, f"{used() - before:.1f} s"
    return result.returncode, result.stderr


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixture_is_refused_by_keepalived_and_taken_by_vipd(node, path):
    old = node.run("keepalived", "-t", "-f", path, check=False)
    assert old.returncode == KEEPALIVED_CONFIG_TEST, old.stdout + old.stderr
    status, said = vipd_test(node, path)
    assert status == 0 and "error:" not in said, said


def is_readable(text):
    """Nothing that a terminal would act on."""
    return all(c in "\n\t" or unicodedata.category(c) != "Cc" and c not in "\u202a\u202b\u202d\u202e" for c in text)


def samples():
    return sorted(path for path in SAMPLES.glob("**/*") if path.is_file()) if SAMPLES.is_dir() else []


@pytest.mark.skipif(not samples(), reason=f"Debian's keepalived samples are not in {SAMPLES}")
def test_samples_of_keepalived_get_a_verdict_and_readable_words(node):
    for path in samples():
        status, said = vipd_test(node, path)
        assert status in (0, 5, 6), f"{path.name}: {status}\n{said}"
        assert is_readable(said), f"{path.name}: {said!r}"
        if status == 5:
            assert "error:" in said, f"{path.name}: refused without a reason\n{said}"
        assert len(said) < 100_000, f"{path.name}: {len(said)} octets of messages"


def nasty(folder):
    """(name, writer, what the error must say)."""
    return {
        "nested": (b"vrrp_instance v {\n" * 10_000, "nested"),
        "nested-one-line": (b"{" * 10_000, None),
        "closing": (b"}\n" * 10_000, None),
        "binary": (random.Random(1).randbytes(200_000), "NUL"),
        "octets": ((bytes(range(1, 256)) + b"\n") * 200 + b"\xe4\xb8\xad" * 50, "unknown"),
        "long-line": (b"router_id " + b"x" * (1 << 20) + b"\n", "long"),
        "long-comment": (b"#" * (1 << 20) + b"\n", None),
        "quote": (b'global_defs {\nrouter_id "never ends\n}\n', "quote"),
        "include-itself": (b"include %s/include-itself\n" % os.fsencode(folder), "include"),
        "include-pair": (b"include %s/include-pai*\ninclude %s/include-pai*\n" % ((os.fsencode(folder),) * 2), "include"),
        "many-errors": (b"nonsense 1\n" * 100_000, "nonsense"),
        "many-words": (b"a " * 500_000 + b"\n", None),
        "large": (b"# nothing to see here\n" * (50_000_000 // 22), None),
        "large-content": (b"vrrp_script s {\n script /bin/true\n}\n" * (50_000_000 // 37), None),
        "device": (None, None),
    }


@pytest.mark.parametrize("name", nasty("/nonexistent"))
def test_nasty_input_ends_soon_with_a_bounded_answer(node, name):
    content, word = nasty(node.dir)[name]
    path = node.dir / name
    if content is None:
        path = "/dev/zero"
    else:
        path.write_bytes(content)
    status, said = vipd_test(node, path)
    assert status in (0, 4, 5), f"{status}: {said[-1000:]!r}"
    assert len(said) < 1_000_000, f"{len(said)} octets of messages"
    assert is_readable(said), repr(said[:2000])
    if word:
        assert status != 0 and word in said, said[:2000]
