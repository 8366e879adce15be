# SPDX-License-Identifier: MIT
"""Files written at a signal: counters as keepalived writes them, the state of everything, who may read them."""

import json
import re
import signal
import subprocess

from lab import Lab, build_dir, wait_until

CONF = """
global_defs {
    %s
}
vrrp_sync_group G {
    group {
        V_1
    }
}
vrrp_instance V_1 {
    interface eth0
    virtual_router_id 1
    priority 100
    advert_int 1
    virtual_ipaddress {
        192.0.2.101/32
    }
}
vrrp_instance V_2 {
    interface eth0
    virtual_router_id 2
    priority 90
    advert_int 1
    virtual_ipaddress {
        192.0.2.102/32
    }
}
"""
SERVICE = """
virtual_server 198.51.100.1 80 {
    protocol TCP
    delay_loop 1
    real_server 192.0.2.20 8080 {
        weight 7
    }
}
"""
CLEAR = signal.SIGRTMAX - 1


def numbers(text):
    """{line without its number, by instance: number}"""
    found, where = {}, ""
    for line in text.splitlines():
        words, _, number = line.rpartition(": ")
        if line.startswith("VRRP"):
            where = line
        elif number.isdigit():
            found[where, words] = found.get((where, words), 0) + int(number)
    return found


def asks(node, number, name):
    """The file, written anew."""
    path = node.dir / name
    if path.exists():
        path.unlink()
    node.daemon.send(number)
    wait_until(path.exists, what=name)
    return path


def start(lab, kind, conf=None):
    node = lab.node("director", "192.0.2.1/24")
    node.ip("link add eth1 type bridge")
    file = node.write("director.conf", conf or CONF % "" + (SERVICE if kind == "vipd" else ""))
    if kind == "vipd":
        node.daemon = node.popen(build_dir() / "vipd", "-n", "-l", "-D", "-f", file, log="vipd.log",
                                 env={"TMPDIR": str(node.dir)})
    else:
        node.daemon = node.keepalived(file)
    node.file = file
    return node


def test_counters_are_those_of_keepalived(lab):
    with Lab() as other:
        both = [start(other, "keepalived"), start(lab, "vipd")]
        for node in both:
            wait_until(lambda n=node: n.has_address("192.0.2.102"), what="two masters")
        shapes = [re.sub(r"\d+$", "N", asks(node, signal.SIGUSR2, "keepalived.stats").read_text(), flags=re.M)
                  for node in both]
        assert shapes[0] == shapes[1]
        for node in both:
            path = asks(node, CLEAR, "keepalived.stats")
            assert path.stat().st_mode == 0o100600
            cleared = numbers(path.read_text())
            assert cleared["VRRP Instance: V_1", "  Became master"] == 1
            again = numbers(asks(node, signal.SIGUSR2, "keepalived.stats").read_text())
            assert again["VRRP Instance: V_1", "  Became master"] == 0
            assert again["VRRP Instance: V_1", "    Sent"] < cleared["VRRP Instance: V_1", "    Sent"] + 2


def test_data_names_files_and_errors(lab):
    node = start(lab, "vipd")
    wait_until(lambda: node.has_address("192.0.2.101"), what="a master")
    path = asks(node, signal.SIGUSR1, "keepalived.data")
    text = path.read_text()
    assert path.stat().st_mode == 0o100600
    for line in (" VRRP Instance = V_1", "   State = MASTER", "   Using src_ip = 192.0.2.1", "   Virtual IP (1): set",
                 "   Effective priority = 90", " VRRP Sync Group = G, MASTER",
                 " Virtual server = 198.51.100.1:80/tcp (198.51.100.1:80/tcp)", "vrrp_instance V_1 {"):
        assert line + "\n" in text, line
    assert "   Real server = 192.0.2.20:8080, up, unlocked, weight 7\n" in text
    # Elsewhere, over a link, and where nothing can be written.
    (node.dir / "mine").write_text("mine")
    (node.dir / "data").symlink_to(node.dir / "mine")
    node.file.write_text(CONF % f"state_dump_file {node.dir}/data\nstats_dump_file /nowhere/stats")
    node.vipctl("reload")
    node.daemon.send(signal.SIGUSR1)
    wait_until(lambda: f"{node.dir}/data is written" in node.daemon.text(), what="the log")
    assert (node.dir / "mine").read_text() == "mine"
    assert "198.51.100.1" not in (node.dir / "data").read_text() and not (node.dir / "data").is_symlink()
    node.daemon.send(signal.SIGUSR2)
    wait_until(lambda: "cannot write /nowhere/stats: No such file or directory" in node.daemon.text(), what="the error")
    for _ in range(20):
        node.daemon.send(signal.SIGUSR1)
    assert node.daemon.stop() == 0
    assert not list(node.dir.glob("data.*"))


JSON = signal.SIGRTMIN + 2
RICH = """
vrrp_script chk {
    script "/bin/true"
    interval 1
    weight 4
}
vrrp_track_process sleeps {
    process none-such 7
    param_match initial
    quorum 2
    weight 5
    terminate_delay 1.5
}
vrrp_instance V_1 {
    interface eth0
    virtual_router_id 1
    priority 100
    version 3
    advert_int 0.25
    preempt_delay 2
    notify_master "/bin/true a b"
    notify_deleted "/bin/true"
    smtp_alert
    track_script {
        chk
    }
    track_process {
        sleeps
    }
    track_interface {
        eth1 weight 1
    }
    virtual_ipaddress {
        192.0.2.101/24 dev eth0 label eth0:1
        192.0.2.111/32 dev lo scope link
    }
    virtual_ipaddress_excluded {
        192.0.2.121
    }
}
vrrp_instance V_2 {
    interface eth0
    virtual_router_id 2
    priority 90
    nopreempt
    garp_master_refresh 7
    lower_prio_no_advert
    authentication {
        auth_type PASS
        auth_pass abcd
    }
    virtual_ipaddress {
        192.0.2.102/32
    }
    notify_stop "/bin/true s"
}
"""


def read_json(node, name="keepalived.json"):
    """Its rows, without what differs from moment to moment."""
    rows = json.loads(asks(node, JSON, name).read_text())
    for row in rows if isinstance(rows, list) else rows["vrrp"]:
        assert 1.7e9 < row["data"].pop("last_transition") < 4e9
        row["stats"]["advert_sent"] = row["stats"]["advert_sent"] > 0
    return rows


def test_json_is_that_of_keepalived(lab):
    with Lab() as other:
        both = [start(other, "keepalived", RICH), start(lab, "vipd", RICH)]
        for node in both:
            wait_until(lambda n=node: n.has_address("192.0.2.101") and n.has_address("192.0.2.102"), what="two masters")
        for node in both:
            wait_until(lambda n=node: read_json(n)[0]["data"]["effective_priority"] == 104, what="what is tracked")
        theirs, ours = (read_json(node) for node in both)
        for own, row in zip(ours, theirs):
            # vipd names tracked processes too, as newer keepalived does, and shows no password.
            assert own["data"].pop("track_process", None) == (["sleeps"] if own["data"]["iname"] == "V_1" else None)
            if row["data"].get("auth_data"):
                assert row["data"].pop("auth_data") == "abcd" and own["data"].pop("auth_data") == "********"
            # Programs by their path, as they were found or as they are configured.
            for key in [key for key in row["data"] if "script" in key]:
                row["data"][key] = json.loads(json.dumps(row["data"][key]).replace("/usr/bin/", "/bin/"))
            assert list(own["data"].items()) == list(row["data"].items())
            assert list(own["stats"].items()) == list(row["stats"].items())
    node = both[1]
    wait_until((node.dir / "keepalived.json").exists)
    assert (node.dir / "keepalived.json").stat().st_mode == 0o100600
    node.file.write_text(CONF.replace("%s", f"json_version 2\njson_dump_file {node.dir}/mine.json") + RICH[:RICH.index("vrrp_inst")])
    node.vipctl("reload")
    rows = read_json(node, "mine.json")
    assert [row["data"]["iname"] for row in rows["vrrp"]] == ["V_1", "V_2"]
    assert rows["track_process"] == [{
        "process": "none-such", "parameters": "'7'", "param_match": "initial", "min_processes": 2,
        "max_processes": 0xffffffff, "current_processes": 0, "have_quorum": False, "weight": 5, "terminate_delay": 1.5,
        "fork_delay": 0, "fork_delay_timer_running": False, "terminate_delay_timer_running": False, "full_command": False}]


def test_signals_have_numbers(lab):
    for name, number in (("DATA", signal.SIGUSR1), ("STATS", signal.SIGUSR2), ("STATS_CLEAR", CLEAR), ("JSON", JSON)):
        for program in (build_dir() / "vipd", "keepalived"):
            assert int(subprocess.run([program, f"--signum={name}"], capture_output=True, check=True).stdout) == number
