# SPDX-License-Identifier: MIT
"""Files written at a signal: counters as keepalived writes them, the state of everything, who may read them."""

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


def start(lab, kind):
    node = lab.node("director", "192.0.2.1/24")
    file = node.write("director.conf", CONF % "" + (SERVICE if kind == "vipd" else ""))
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


def test_signals_have_numbers(lab):
    for name, number in (("DATA", signal.SIGUSR1), ("STATS", signal.SIGUSR2), ("STATS_CLEAR", CLEAR)):
        for program in (build_dir() / "vipd", "keepalived"):
            assert int(subprocess.run([program, f"--signum={name}"], capture_output=True, check=True).stdout) == number
