# SPDX-License-Identifier: MIT
"""What every test in net/ and vm/ has: a laboratory (net/lab.py)."""

import os
import pathlib
import subprocess

import pytest

import lab as laboratory

HERE = pathlib.Path(__file__).resolve().parent


def pytest_collection_modifyitems(items):
    """vm/ needs a kernel with IPVS, everything needs root; what cannot run says so."""
    root = os.getuid() == 0
    ipvs = root and subprocess.run([HERE / "vm/has_ipvs"], check=False).returncode == 0
    for item in items:
        if not root:
            item.add_marker(pytest.mark.skip(reason="needs root to make network namespaces"))
        elif not ipvs and "vm" in item.path.relative_to(HERE).parts:
            item.add_marker(pytest.mark.skip(reason="this kernel has no ip_vs: run it by tests/run or inside tests/vm/vm"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    if outcome.get_result().failed:
        item.failed = True


@pytest.fixture
def lab(request):
    """An empty laboratory; what it wrote is kept under $VIPD_KEEP when the test fails."""
    with laboratory.Lab() as made:
        yield made
        where = os.environ.get("VIPD_KEEP")
        if where and getattr(request.node, "failed", False):
            made.keep(pathlib.Path(where) / request.node.name)


@pytest.fixture(scope="module")
def story_lab(request):
    """A laboratory for all tests of a file, which go on from one another; kept when one of them fails."""
    failed = request.session.testsfailed
    with laboratory.Lab() as made:
        yield made
        where = os.environ.get("VIPD_KEEP")
        if where and request.session.testsfailed > failed:
            made.keep(pathlib.Path(where) / request.path.stem)
