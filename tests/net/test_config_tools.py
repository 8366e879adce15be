# SPDX-License-Identifier: MIT
"""vipctl check, config and diff: statuses, JSON, with and without a daemon; what a reload does and says it did."""

import json
import pathlib
import re
import signal
import subprocess
import textwrap

import pytest

from lab import build_dir, wait_until
from test_run import VIP, Director, config

SEEDS = sorted((pathlib.Path(__file__).parents[1] / "fixtures/seeds").glob("*.conf"))
GOOD = config()
WARNS = config(more="priority 99")
BAD = config(more="prioritty 99")
SERVICE = """
virtual_server 198.51.100.1 80 {{
    lb_algo {scheduler}
    lb_kind NAT
    protocol TCP
    real_server 192.0.2.20 80 {{
        weight {weight}
        TCP_CHECK {{
            connect_timeout {timeout}
        }}
    }}
}}
"""


def service(scheduler="rr", weight=1, timeout=1):
    return SERVICE.format(scheduler=scheduler, weight=weight, timeout=timeout)


def run(program, *words):
    return subprocess.run([build_dir() / program, *map(str, words)], capture_output=True, text=True, check=False,
                          timeout=60)


@pytest.fixture
def files(tmp_path):
    """Writes named texts, returns their paths."""

    def write(**texts):
        paths = []
        for name, text in texts.items():
            paths.append(tmp_path / f"{name}.conf")
            paths[-1].write_text(text)
        return paths

    return write


def test_check_ends_as_vipd_t_does(files):
    good, warns, bad = files(good=GOOD, warns=WARNS, bad=BAD)
    for strict, name, status in ([], good, 0), ([], warns, 0), ([], bad, 5), ([], "/nonexistent", 4), \
            (["--strict"], good, 0), (["--strict"], warns, 5):
        assert run("vipctl", *strict, "check", name).returncode == status
        assert run("vipctl", "-j", *strict, "check", name).returncode == status
        assert run("vipd", "-t", *strict, "-f", name).returncode == status
    assert run("vipctl", "check").returncode == 2
    assert run("vipctl", "config", good, good).returncode == 2
    assert run("vipctl", "diff", good, good, good).returncode == 2


@pytest.mark.parametrize("words", ["status x", "status --timeout 5", "undrain --comment a 192.0.2.1:80", "reload --strict",
                                   "lock --action keep 192.0.2.1:80", "check --timeout 5 /dev/null", "help -i a"])
def test_what_would_have_no_effect_is_refused(words):
    done = run("vipctl", "-s", "/nonexistent", *words.split())
    assert done.returncode == 2 and "has no use for" in done.stderr


def test_check_tells_editors_everything(files):
    bad, = files(bad=BAD + "global_defs {\n    lvs_flush\n    lvs_flush\n}\n")
    found = json.loads(run("vipctl", "-j", "check", bad).stdout)
    assert (found["ok"], found["status"], found["errors"], found["warnings"]) == (False, 5, 1, 1)
    assert found["notes"] == 0 and found["file"] == str(bad)
    first, second = found["diagnostics"]
    assert first == {
        "file": str(bad), "line": 11, "column": 5, "severity": "error", "source": "    prioritty 99",
        "message": "unknown keyword 'prioritty'; did you mean 'priority'?",
    }
    assert (second["severity"], second["line"]) == ("warning", 15)
    strict = json.loads(run("vipctl", "-j", "--strict", "check", bad).stdout)
    assert strict["errors"] == 2 and {one["severity"] for one in strict["diagnostics"]} == {"error"}


def test_check_tells_editors_what_the_manual_shows(tmp_path, monkeypatch, pytestconfig):
    manual = (pytestconfig.rootpath.parent / "doc/operations.md").read_text()
    shown = re.search(r"^    \$ vipctl -j check lb.conf\n(    {\n.*?\n    }\n)", manual, re.M | re.S)[1]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lb.conf").write_text("vrrp_instance web {\n    interface eth0\n    virtual_router_id 51\n"
                                      "    prioritty 120\n    virtual_ipaddress {\n        192.0.2.10\n    }\n}\n")
    assert run("vipctl", "-j", "check", "lb.conf").stdout == textwrap.dedent(shown)


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.stem)
def test_canonical_form_has_nothing_to_complain_of(seed, tmp_path):
    """What vipd does not do yet is said of the text that it was made from, too."""
    canonical = tmp_path / "canonical.conf"
    canonical.write_text(run("vipctl", "config", seed).stdout)
    missing = [said["message"] for said in json.loads(run("vipctl", "-j", "check", seed).stdout)["diagnostics"]
               if "not supported yet" in said["message"]]
    found = json.loads(run("vipctl", "-j", "--strict", "check", canonical).stdout)
    assert canonical.stat().st_size and [said["message"] for said in found["diagnostics"]] == missing


def test_config_of_a_file_loads_back_the_same(files, tmp_path):
    good, bad = files(good=GOOD + service(), bad=BAD)
    text = run("vipctl", "config", good).stdout
    assert "vrrp_instance VI_1 {" in text and "delay_loop" in text
    again = tmp_path / "again.conf"
    again.write_text(text)
    assert run("vipctl", "config", again).stdout == text
    assert json.loads(run("vipctl", "-j", "config", good).stdout) == {"text": text}
    assert run("vipctl", "diff", good, again).stdout == "nothing changes\n"
    refused = run("vipctl", "config", bad)
    assert refused.returncode == 5 and refused.stdout == "" and "prioritty" in refused.stderr


def test_diff_of_two_files(files):
    old, new, bad = files(old=GOOD + service(), new=service("wrr", timeout=2) + config(priority=120, more="nopreempt"),
                          bad=BAD)
    shown = run("vipctl", "diff", old, new)
    assert shown.returncode == 0
    assert shown.stdout.splitlines() == [
        "vrrp_instance VI_1: changed in place",
        "    priority 150 -> 120",
        "    + nopreempt",
        "virtual_server 198.51.100.1:80/tcp: changed in place",
        "    lvs_sched rr -> wrr",
        "virtual_server 198.51.100.1:80/tcp real_server 192.0.2.20:80 TCP_CHECK: restarted",
        "    connect_timeout 1 -> 2 (restarts it)",
        "1 instance changed in place, 1 service changed in place, 1 checker restarted",
    ]
    found = json.loads(run("vipctl", "-j", "diff", old, new).stdout)
    assert found["summary"] == shown.stdout.splitlines()[-1]
    assert found["changes"][0] == {
        "change": "changed", "type": "vrrp_instance", "name": "VI_1", "inside": "", "way": "in place",
        "keywords": [{"keyword": "priority", "old": "150", "new": "120", "way": "in place"},
                     {"keyword": "nopreempt", "old": None, "new": "", "way": "in place"}],
    }
    assert found["changes"][2]["inside"] == "virtual_server 198.51.100.1:80/tcp real_server 192.0.2.20:80"
    added = json.loads(run("vipctl", "-j", "diff", new, old).stdout)["changes"]
    assert [change["change"] for change in added] == ["changed"] * 3
    assert run("vipctl", "diff", old, bad).returncode == 5
    assert run("vipctl", "diff", "/nonexistent", new).returncode == 4
    assert run("vipctl", "-s", "/nonexistent", "diff", new).returncode == 3


@pytest.fixture
def director(lab):
    return Director(lab, GOOD + "global_defs {\n router_id one\n}\n", "-x").start()


def test_diff_with_what_runs_is_what_the_reload_then_does(director):
    director.becomes_master()
    # The command line's part of the running configuration is the file's too.
    assert director.node.vipctl("diff", director.file).stdout == "nothing changes\n"
    director.rewrite(config(priority=120) + "global_defs {\n router_id two\n lvs_flush\n}\n")
    shown = director.node.vipctl("diff", director.file).stdout
    assert "    priority 150 -> 120\n" in shown
    assert "    + lvs_flush (only when vipd is restarted)\n" in shown
    director.process.send(signal.SIGHUP)
    said = "reload: global_defs changed in place, 1 instance changed in place"
    wait_until(lambda: said in director.process.text(), 5, "the summary")
    assert "'lvs_flush' cannot change while vipd runs; its old value stays until a restart" in director.process.text()
    left = json.loads(director.node.vipctl("-j", "diff", director.file).stdout)["changes"]
    assert [(change["type"], change["way"]) for change in left] == [("global_defs", "refused")]
    reloaded = director.node.vipctl("reload").stdout
    assert reloaded == "configuration 3 is in force: nothing changes\n"


def test_only_the_difference_of_a_list_of_addresses_reaches_the_kernel(director):
    director.rewrite(config(vip=f"{VIP}\n 192.0.2.101\n 192.0.2.102"))
    director.node.vipctl("reload")
    wait_until(lambda: director.has_vip("192.0.2.102"), 15, "the addresses")
    monitor = director.node.monitor("address")
    director.rewrite(config(vip=f"192.0.2.103\n 192.0.2.102\n {VIP}", priority=140))
    director.node.vipctl("reload")
    wait_until(lambda: director.has_vip("192.0.2.103") and not director.has_vip("192.0.2.101"), what="the difference")
    lines = [line for line in monitor.lines() if " inet " in line]
    assert len(lines) == 2 and not [line for line in lines if VIP in line or "192.0.2.102" in line]
    assert [line for line in lines if "Deleted" in line and "192.0.2.101/32" in line]
    assert director.status()["instances"][0]["state"] == "MASTER"


def test_strict_refuses_what_only_warns(lab):
    director = Director(lab, WARNS)
    result = director.node.run(build_dir() / "vipd", "--strict", "-n", "-l", "-f", director.file, check=False, timeout=20)
    assert result.returncode == 2
    director.rewrite(GOOD)
    director.options = ("--strict",)
    director.start()
    director.rewrite(WARNS)
    assert director.node.vipctl("reload", check=False).returncode == 1
    assert director.status()["daemon"]["generation"] == 1
