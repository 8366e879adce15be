# SPDX-License-Identifier: MIT
"""The runner of virtual machines: what a caller relies on."""

import os
import pathlib
import subprocess

import pytest

from lab import ROOT

VM = ROOT / "tests/vm/vm"


@pytest.fixture(scope="module", autouse=True)
def kernel():
    if "VIPD_IN_VM" in os.environ:
        pytest.skip("inside a virtual machine already")
    folder = subprocess.run([ROOT / "tests/deps", "kernel-dir"], capture_output=True, text=True, check=True).stdout.strip()
    if not (pathlib.Path(folder) / "boot").exists():
        pytest.skip(f"no kernel under {folder}; tests/deps kernel gets one")


def run(tmp_path, script, *options, words=()):
    path = tmp_path / "script"
    path.write_text(script)
    return subprocess.run([VM, *options, path, *words], cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False,
                          env={**os.environ, "VM_OUT": str(tmp_path / "out")})


def test_status_output_words_and_results(tmp_path):
    done = run(tmp_path, 'echo "$PWD|$1|$2"; cat; echo kept >"$VM_OUT/result"; echo lost >/etc/vipd-lost\n'
                         f"{ROOT}/tests/vm/has_ipvs || exit 1; exit 7\n", "-m", "512", "-c", "1", words=("a b", "$c"))
    assert (done.stdout, done.returncode) == (f"{tmp_path}|a b|$c\n", 7), done.stderr
    assert (tmp_path / "out/result").read_text() == "kept\n"
    assert not pathlib.Path("/etc/vipd-lost").exists()


def test_it_is_killed_when_its_time_is_over(tmp_path):
    done = run(tmp_path, "sleep 1000\n", "-t", "15")
    assert done.returncode == 124 and "killed after 15 s" in done.stderr


def test_a_machine_that_dies_is_no_success(tmp_path):
    assert run(tmp_path, "echo o >/proc/sysrq-trigger; sleep 60\n").returncode == 125
