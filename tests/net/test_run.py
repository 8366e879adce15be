# SPDX-License-Identifier: MIT
"""The daemon as a process: start, addresses, reload, scripts, control socket, stop."""
import fcntl
import json
import os
import signal
import socket
import time

import pytest

from lab import build_dir, holds, wait_until

VIP = "192.0.2.100"

INSTANCE = """
vrrp_instance VI_1 {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    down_timer_adverts 1
    virtual_ipaddress {{
        {vip}
    }}
    {more}
}}
"""


def config(vip=VIP, priority=150, more="", extra=""):
    return INSTANCE.format(vip=vip, priority=priority, more=more) + extra


def services(count):
    return "".join(f"virtual_server 198.51.100.{i + 1} 80 {{\n protocol TCP\n lb_kind NAT\n "
                   f"real_server 192.0.2.2{i % 10} 80 {{\n weight 1\n }}\n}}\n" for i in range(count))


class Director:
    """One node with one vipd on it."""

    def __init__(self, lab, text, *options, env=None, address="192.0.2.1/24"):
        self.node = lab.node("director", address)
        self.file = self.node.write("vipd.conf", text)
        self.options, self.env, self.process = options, env, None

    def start(self, *more, log="vipd.log"):
        self.process = self.node.popen(build_dir() / "vipd", "-n", "-l", "-D", "-f", self.file, *self.options, *more,
                                       log=log, env=self.env)
        wait_until(lambda: "is ready" in self.process.text() or not self.process.alive(), what="vipd")
        assert self.process.alive(), self.process.text()
        return self

    def status(self):
        return json.loads(self.node.vipctl("-j", "status").stdout)

    def state(self):
        return self.status()["instances"][0]["state"]

    def has_vip(self, vip=VIP):
        return self.node.has_address(vip)

    def becomes_master(self):
        wait_until(self.has_vip, 15, "the address")
        wait_until(lambda: self.state() == "MASTER", what="the state")

    def rewrite(self, text):
        self.file.write_text(text)

    def stops_at_once(self, number=signal.SIGTERM):
        """Within 0.3 s, and what this machine took from us meanwhile; not with a sanitizer that looks at all memory."""
        pulse, began = self.node.lab.pulse, time.time()
        assert self.process.stop(number) == 0
        took = time.time() - began
        assert took < (3 if "asan" in str(build_dir()) else 0.3 + 2 * pulse.worst(began)), f"{took:.3f} s"


@pytest.fixture
def director(lab):
    return Director(lab, config()).start()


def test_address_is_set_once_with_host_prefix_and_removed_at_stop(director):
    director.becomes_master()
    assert director.has_vip(f"{VIP}/32")
    assert "scope global" in director.node.output("ip", "-o", "address", "show", "to", VIP)
    assert director.process.stop() == 0
    assert not director.has_vip()
    assert director.node.has_address("192.0.2.1/24")


def test_address_left_by_a_crash_is_never_doubled(director):
    director.becomes_master()
    director.process.kill()
    assert director.has_vip()
    director.start(log="second.log")
    director.becomes_master()
    assert director.node.count_address(VIP) == 1
    director.process.stop()
    assert not director.has_vip()


def test_own_address_under_another_prefix_is_used_and_never_removed(lab):
    director = Director(lab, config(priority=255), address=f"{VIP}/24").start()
    wait_until(lambda: director.state() == "MASTER", 10, "owner")
    assert director.node.count_address(VIP) == 1
    director.process.stop()
    assert director.node.has_address(f"{VIP}/24")
    assert "will not be removed" in director.process.text()


def test_own_address_of_an_owner_with_the_same_prefix_is_never_removed(lab):
    director = Director(lab, config(vip=f"{VIP}/24", priority=255), address=f"{VIP}/24").start()
    wait_until(lambda: director.state() == "MASTER", 10, "owner")
    director.process.stop()
    assert director.node.has_address(f"{VIP}/24")


def test_label_broadcast_and_scope_reach_the_kernel(lab):
    director = Director(lab, config(vip=f"{VIP}/28 brd 192.0.2.111 dev eth0 scope link label eth0:vip")).start()
    director.becomes_master()
    shown = director.node.output("ip", "-o", "address", "show", "to", VIP)
    assert f"{VIP}/28 brd 192.0.2.111 scope link eth0:vip" in " ".join(shown.replace(" secondary", "").split())


def test_ipv6_address_does_not_wait_for_duplicate_detection(lab):
    director = Director(lab, config(more="virtual_ipaddress_excluded {\n 2001:db8::100\n }")).start()
    director.becomes_master()
    shown = director.node.output("ip", "-o", "address", "show", "to", "2001:db8::100")
    assert "nodad" in shown and "tentative" not in shown and "deprecated" in shown


def test_link_down_means_fault_and_link_up_recovers(director):
    director.becomes_master()
    director.node.run("ip", "link", "set", "eth0", "down")
    wait_until(lambda: director.state() == "FAULT", 5, "fault")
    wait_until(lambda: not director.has_vip(), 5, "no address")
    director.node.run("ip", "link", "set", "eth0", "up")
    director.becomes_master()


def test_interface_that_is_deleted_and_comes_back(lab):
    director = Director(lab, config())
    director.start()
    director.becomes_master()
    director.node.run("ip", "link", "delete", "eth0")
    wait_until(lambda: director.state() == "FAULT", 5, "fault")
    director.node.link("eth0", "192.0.2.1/24")
    director.becomes_master()
    assert "cannot remove" not in director.process.text()


def test_address_that_somebody_else_removes_comes_back(lab):
    director = Director(lab, config(vip=f"{VIP}/32 label eth0:vip scope link\n 192.0.2.101/24")).start()
    director.becomes_master()
    before = director.node.output("ip", "-4", "address", "show", "label", "eth0:vip")
    director.node.run("ip", "address", "delete", f"{VIP}/32", "dev", "eth0")
    wait_until(director.has_vip, 1, "the address")
    assert director.node.output("ip", "-4", "address", "show", "label", "eth0:vip") == before
    # With somebody who insists there is no race: once a second.
    began = time.monotonic()
    for _ in range(20):
        director.node.run("ip", "address", "delete", f"{VIP}/32", "dev", "eth0", check=False)
        time.sleep(0.05)
    wait_until(director.has_vip, 2, "the address")
    assert director.process.text().count("somebody else had removed it") <= 2 + (time.monotonic() - began)
    # The kernel takes an address of the same subnet away with the primary one.
    director.node.run("ip", "address", "flush", "dev", "eth0")
    wait_until(lambda: director.state() == "FAULT", 5, "fault")
    holds(lambda: not director.has_vip(), 1.5, "no address without mastership")


def test_start_while_addresses_change(lab):
    """The kernel says of a dump that it was interrupted; reading goes on until one was not."""
    director = Director(lab, config())
    addresses = "".join(f"address add 10.{i // 250}.{i % 250}.1/32 dev lo\n" for i in range(2500))
    director.node.run("ip", "-batch", director.node.write("many", addresses))
    churn = director.node.write("churn", "address add 10.99.0.1/32 dev lo\naddress delete 10.99.0.1/32 dev lo\n" * 5000)
    noise = director.node.popen("sh", "-c", f"while :; do ip -batch {churn}; done", log="noise.log")
    for i in range(4):
        director.start(log=f"start{i}.log")
        assert director.process.stop() == 0
    director.start()
    director.becomes_master()
    assert noise.alive()


def test_many_link_events_overrun_nothing_for_good(director):
    director.becomes_master()
    batch = "".join(f"link add d{i} type veth peer name e{i}\n" for i in range(200))
    batch += "".join(f"link delete d{i}\n" for i in range(200))
    path = director.node.write("batch", batch)
    director.process.pause()
    director.node.run("ip", "-batch", path)
    director.process.resume()
    director.node.run("ip", "link", "set", "eth0", "down")
    wait_until(lambda: director.state() == "FAULT", 10, "fault")


def test_good_reload_changes_the_address_and_keeps_mastership(director):
    director.becomes_master()
    director.rewrite(config(vip=f"{VIP}\n 192.0.2.101"))
    director.process.send(signal.SIGHUP)
    wait_until(lambda: director.has_vip("192.0.2.101"), 5, "second address")
    status = director.status()
    assert status["daemon"]["generation"] == 2 and status["daemon"]["last_error"] == ""
    assert status["instances"][0]["state"] == "MASTER" and director.has_vip()
    director.rewrite(config())
    director.node.vipctl("reload")
    wait_until(lambda: not director.has_vip("192.0.2.101"), 5, "second address gone")
    assert director.has_vip() and director.state() == "MASTER"


def test_reload_that_changes_nothing_never_takes_the_address_away(director):
    director.becomes_master()
    monitor = director.node.monitor("address")
    for _ in range(5):
        director.node.vipctl("reload")
    assert not [line for line in monitor.lines() if VIP in line]
    assert director.status()["daemon"]["generation"] == 6


def test_broken_reload_is_refused_as_a_whole(director):
    director.becomes_master()
    director.rewrite(config(priority=99, extra="nonsense 1\n"))
    result = director.node.vipctl("reload", check=False)
    assert result.returncode == 1 and "nonsense" in result.stderr
    daemon = director.status()["daemon"]
    assert daemon["generation"] == 1 and "nonsense" in daemon["last_error"]
    assert f"{director.file}:" in daemon["last_error"]
    assert director.status()["instances"][0]["base_priority"] == 150
    wait_until(lambda: "unknown keyword 'nonsense'" in director.process.text(), 2, "the log")
    director.rewrite(config(priority=99))
    director.node.vipctl("reload")
    assert director.status()["daemon"]["last_error"] == ""
    assert director.status()["instances"][0]["base_priority"] == 99


def test_of_many_reloads_the_last_text_wins(director):
    for priority in range(101, 121):
        director.rewrite(config(priority=priority))
        director.process.send(signal.SIGHUP)
    wait_until(lambda: director.status()["instances"][0]["base_priority"] == 120, 5, "the last text")
    holds(lambda: director.status()["instances"][0]["base_priority"] == 120, 0.5)


def test_a_storm_of_reloads_does_not_keep_a_new_text_out(director):
    director.rewrite("#\n" * 3000000 + config(priority=99))
    storm = director.node.popen("sh", "-c", f"while kill -HUP {director.process.pid}; do sleep 0.005; done")
    wait_until(lambda: director.status()["instances"][0]["base_priority"] == 99, 30, "the new text in force")
    assert storm.alive()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_with_ten_services_takes_less_than_300_ms(lab, number):
    director = Director(lab, config(extra=services(10))).start()
    director.becomes_master()
    director.stops_at_once(number)
    assert not director.has_vip()
    assert not (director.node.dir / "run/vipd.pid").exists()
    assert not (director.node.dir / "run/vipd/control.sock").exists()


class Notifications:
    """systemd's end of the notification socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(10)
        self.seen = []

    def wait_for(self, word):
        while True:
            lines = self.socket.recv(4096).decode().splitlines()
            self.seen += lines
            if any(line.startswith(word) for line in lines):
                return lines

    def quiet(self, word, seconds):
        """True when no message has word for so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                lines = self.socket.recv(4096).decode().splitlines()
            except (socket.timeout, BlockingIOError):
                break
            if word in lines:
                return False
        self.socket.settimeout(10)
        return True


def test_systemd_is_told_the_truth(lab):
    notified = Notifications(lab.dir / "notify")
    director = Director(lab, config(), env={"NOTIFY_SOCKET": str(lab.dir / "notify")}).start()
    assert f"MAINPID={director.process.pid}" in notified.wait_for("READY=1")
    notified.wait_for("STATUS=1 instances")
    director.process.send(signal.SIGHUP)
    lines = notified.wait_for("RELOADING=1")
    stamp = [int(line.split("=")[1]) for line in lines if line.startswith("MONOTONIC_USEC=")]
    assert stamp and 0 <= time.monotonic() - stamp[0] / 1e6 < 5
    notified.wait_for("READY=1")
    director.process.stop()
    notified.wait_for("STOPPING=1")


def test_watchdog_is_fed_only_while_every_loop_turns(lab):
    notified = Notifications(lab.dir / "notify")
    environment = {"NOTIFY_SOCKET": str(lab.dir / "notify"), "WATCHDOG_USEC": "1000000"}
    director = Director(lab, config(), env=environment).start()
    for _ in range(3):
        notified.wait_for("WATCHDOG=1")
    director.process.pause()
    notified.quiet("", 0.2)
    assert notified.quiet("WATCHDOG=1", 2)
    director.process.resume()
    notified.wait_for("WATCHDOG=1")


def test_a_second_vipd_is_refused(director):
    result = director.node.run(build_dir() / "vipd", "-n", "-f", director.file, check=False)
    assert result.returncode == 1
    assert f"already running as process {director.process.pid}" in result.stderr
    assert director.process.alive() and director.status()["daemon"]["pid"] == director.process.pid


def test_background_start_returns_when_ready(lab):
    director = Director(lab, config())
    director.node.run("sh", "-c", 'cd "$1" && exec "$2" -G -f vipd.conf -p /run/other.pid', "sh", director.node.dir,
                      build_dir() / "vipd")
    pid = int((director.node.dir / "run/other.pid").read_text())
    try:
        assert director.status()["daemon"]["pid"] == pid
        director.node.vipctl("reload")  # the relative path still means the same file
        assert director.status()["daemon"]["generation"] == 2
    finally:
        os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not (director.node.dir / "run/other.pid").exists(), 5, "stop")


def test_a_broken_configuration_ends_the_start(lab):
    director = Director(lab, "nonsense\n")
    for options, status in ((["-n"], 2), ([], 2), (["-t"], 5)):
        result = director.node.run(build_dir() / "vipd", *options, "-f", director.file, check=False, timeout=20)
        assert result.returncode == status, options
        assert "unknown keyword 'nonsense'" in result.stderr
    assert director.node.run(build_dir() / "vipd", "-t", "-f", "/nonexistent", check=False).returncode == 4
    director.rewrite(config())
    assert director.node.run(build_dir() / "vipd", "-t", "-f", director.file, check=False).returncode == 0


def test_insecure_script_is_refused(lab, tmp_path):
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o777)
    director = Director(lab, "global_defs {\n enable_script_security\n script_user root\n}\n"
                        + config(more=f'notify "{script}"'))
    result = director.node.run(build_dir() / "vipd", "-t", "-f", director.file, check=False)
    assert result.returncode == 6 and "others can change it" in result.stderr


SCRIPT = """#!/bin/sh
echo "$@ uid=$(id -u)" >>{log}
"""


def test_notify_scripts_in_order_with_their_arguments(lab):
    director = Director(lab, "")
    script, log = director.node.dir / "notify.sh", director.node.dir / "notified"
    script.write_text(SCRIPT.format(log=log))
    script.chmod(0o755)
    log.touch()
    director.rewrite("global_defs {\n script_user root\n}\n" + config(
        more=f'notify_master "{script} master"\n notify_stop "{script} stop"\n notify "{script} any"'))
    director.start()
    director.becomes_master()
    wait_until(lambda: "MASTER" in log.read_text(), 5, "scripts")
    director.process.stop()
    # It leaves scripts behind that take longer than a second.
    lines = wait_until(lambda: len(found := log.read_text().splitlines()) >= 5 and found, what="the stop script")
    assert sorted(lines) == sorted(["any INSTANCE VI_1 BACKUP 150 uid=0", "master uid=0",
                                    "any INSTANCE VI_1 MASTER 150 uid=0", "stop uid=0",
                                    "any INSTANCE VI_1 STOP 150 uid=0"])
    assert lines[0].startswith("any INSTANCE VI_1 BACKUP")


def test_a_log_reader_that_stops_holds_nobody(lab):
    director = Director(lab, config())
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 8192)
    vipd = director.node.popen(build_dir() / "vipd", "-n", "-l", "-D", "-f", director.file, stdout=writer, stderr=writer)
    wait_until(director.has_vip, 15, "the address")
    for _ in range(60):
        director.node.run(build_dir() / "vipctl", "reload", timeout=10)
    assert director.state() == "MASTER"
    assert len(os.read(reader, 65536)) > 3000, "the pipe was not full"
    assert vipd.stop() == 0
    os.close(reader)
    os.close(writer)


def test_stop_waits_for_no_script_that_hangs_and_kills_none(lab):
    director = Director(lab, "")
    hangs, slow = director.node.dir / "hangs.sh", director.node.dir / "slow.sh"
    hangs.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.write_text(f"#!/bin/sh\nsleep 1.5\ntouch {director.node.dir}/done\n")
    for script in hangs, slow:
        script.chmod(0o755)
    more = f'notify_master "{hangs}"\n notify_fault "{hangs}"\n'
    director.rewrite("global_defs {\n script_user root\n}\n" + config(more=more))
    director.start()
    director.becomes_master()
    time.sleep(0.2)
    director.stops_at_once()
    director.rewrite("global_defs {\n script_user root\n}\n" + config(more=f'notify_stop "{slow}"'))
    director.start(log="second.log")
    director.becomes_master()
    assert director.process.stop() == 0
    wait_until((director.node.dir / "done").exists, 5, "the stop script's end")


def test_track_script_takes_the_instance_to_fault_and_back(lab):
    director = Director(lab, "")
    marker = director.node.dir / "bad"
    director.rewrite(f'vrrp_script chk {{\n script "/usr/bin/test ! -e {marker}"\n interval 1\n rise 1\n fall 1\n}}\n'
                     + config(more="track_script {\n chk\n }"))
    director.start()
    director.becomes_master()
    marker.touch()
    wait_until(lambda: director.state() == "FAULT", 5, "fault")
    marker.unlink()
    director.becomes_master()


def control(node, octets, count=1):
    """Sends octets as they are and returns that many answers."""
    answers = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(10)
        client.connect(str(node.dir / "run/vipd/control.sock"))
        client.sendall(octets)
        stream = client.makefile("rb")
        for _ in range(count):
            answers.append(json.loads(stream.readline()))
    return answers


def test_control_socket_takes_bad_requests(director):
    node = director.node
    assert oct((node.dir / "run/vipd/control.sock").stat().st_mode & 0o777) == "0o600"
    answers = control(node, b'nonsense\n{}\n{"command": "fly"}\n{"command": 3}\n\xff\xfe\n{"command":"help"}\n', 6)
    assert [answer["ok"] for answer in answers] == [False] * 5 + [True]
    assert "unknown command 'fly'" in answers[2]["error"]
    assert "too long" in control(node, b"x" * 70000)[0]["error"]
    assert "no real server" in control(node, b'{"command":"drain","rs":"\xc3\xa9"}\n')[0]["error"]
    assert "0 to 604800" in control(node, b'{"command":"drain","rs":"a","timeout":604801}\n')[0]["error"]
    clients = []
    for _ in range(40):  # more than it takes: the rest is turned away, nothing breaks
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.connect(str(node.dir / "run/vipd/control.sock"))
        clients.append(client)
    for client in clients:
        client.close()
    assert wait_until(lambda: node.vipctl("status", check=False).returncode == 0, 5, "an answer")


def test_vipctl_for_people(director):
    director.becomes_master()
    shown = director.node.vipctl("status").stdout
    assert "VI_1" in shown and "MASTER" in shown and f"{VIP}/32" in shown
    assert "undrain" in director.node.vipctl("help").stdout
    effective = director.node.vipctl("config").stdout
    assert "vrrp_instance VI_1" in effective
    checked = director.node.vipctl("check", director.file)
    assert "good, 0 errors" in checked.stdout
    assert director.node.vipctl("drain", "192.0.2.77", check=False).returncode == 1
    assert director.node.vipctl("drain", check=False).returncode == 2
    director.process.stop()
    assert director.node.vipctl("status", check=False).returncode == 3


def test_drain_survives_kill_and_restart(lab):
    director = Director(lab, config(extra=services(2))).start()
    refused = director.node.vipctl("drain", "192.0.2.20", "--comment", "\x1b[2J", check=False)
    assert refused.returncode == 1 and "control character" in refused.stderr
    director.node.vipctl("drain", "192.0.2.20", "--timeout", "600", "--comment", "change 42")
    director.process.kill()
    director.start(log="second.log")
    servers = [server for service in director.status()["services"] for server in service["servers"]]
    drained = [server for server in servers if server["admin"] != "unlocked"]
    assert [server["server"] for server in drained] == ["192.0.2.20:80"]
    assert drained[0]["comment"] == "change 42"
    director.node.vipctl("undrain", "198.51.100.1:80/tcp", "192.0.2.20:80")
    director.process.kill()
    director.start(log="third.log")
    servers = [server for service in director.status()["services"] for server in service["servers"]]
    assert {server["admin"] for server in servers} == {"unlocked"}
