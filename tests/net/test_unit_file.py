# SPDX-License-Identifier: MIT
"""A unit file of keepalived with only the program's name changed, and what people put into DAEMON_ARGS."""

import os
import pathlib
import shlex
import signal
import socket

import pytest

from lab import Lab, build_dir, wait_until

UNIT = pathlib.Path("/lib/systemd/system/keepalived.service")  # Debian's; the words below are its own otherwise
EXEC_START = "/usr/sbin/keepalived --dont-fork $DAEMON_ARGS"
CONFIG = """
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    virtual_ipaddress {
        192.0.2.100
    }
}
virtual_server 198.51.100.1 80 {
    protocol TCP
    real_server 192.0.2.20 80 {
    }
}
"""


def exec_start():
    if UNIT.exists():
        lines = UNIT.read_text(encoding="utf-8").splitlines()
        return next(line.partition("=")[2] for line in lines if line.startswith("ExecStart="))
    return EXEC_START


@pytest.fixture(scope="module")
def node():
    with Lab() as lab:
        node = lab.node("director", "192.0.2.1/24")
        (node.dir / "etc").mkdir()
        node.run("mount", "--bind", node.dir / "etc", "/etc/keepalived")
        (node.dir / "etc/keepalived.conf").write_text(CONFIG)
        (node.dir / "etc/other.conf").write_text(CONFIG)
        yield node


class Service:
    """What systemd does for a service of Type=notify."""

    def __init__(self, node, arguments):
        self.node, self.said = node, []
        path = str(node.dir / "notify")
        if os.path.exists(path):
            os.unlink(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.setblocking(False)
        words = shlex.split(exec_start().replace("$DAEMON_ARGS", arguments))
        assert pathlib.Path(words[0]).name == "keepalived", words
        words[0] = build_dir() / "vipd"
        self.process = node.popen(*words, "--no-syslog", "--log-console", log=f"unit-{len(node.processes)}.log", env={"NOTIFY_SOCKET": path})

    def heard(self, word):
        try:
            while True:
                self.said += self.socket.recv(4096).decode().split("\n")
        except BlockingIOError:
            return word in self.said

    def stop(self):
        self.socket.close()
        return self.process.stop(signal.SIGTERM)


ARGUMENTS = [
    "", "-D", "-D -d -S 0", "-D -S0", "-P", "-C", "-p /run/k.pid", "-x -A unix:/run/agentx.sock", "-x -A /run/agentx.sock",
    "--log-detail --dump-conf --log-facility=0", "--log-detail --dump-conf --log-facility 0", "--log-facility local3",
    "--vrrp", "--check", "--pid=/run/k.pid", "--pid /run/k.pid", "--snmp --snmp-agent-socket=unix:/run/agentx.sock",
    "--snmp --snmp-agent-socket unix:/run/agentx.sock", "-f /etc/keepalived/other.conf",
    "--use-file=/etc/keepalived/other.conf", "--use-file /etc/keepalived/other.conf",
    "-r /run/v.pid -c /run/c.pid -b /run/b.pid", "--vrrp_pid=/run/v.pid --checkers_pid /run/c.pid", "-R -B -n -X -V -I -m",
]


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_service_is_ready_reloads_and_stops(node, arguments):
    service = Service(node, arguments)
    try:
        wait_until(lambda: service.heard("READY=1") or not service.process.alive(), what="READY=1")
        assert service.process.alive(), service.process.text()
        assert "unknown option" not in service.process.text()
        if "k.pid" in arguments:
            assert (node.dir / "run/k.pid").read_text().strip() == str(service.process.pid)
        if "-d" in arguments.split() or "--dump-conf" in arguments:
            wait_until(lambda: "virtual_router_id 51" in service.process.text(), what="the dump")
        service.process.send(signal.SIGHUP)  # ExecReload
        wait_until(lambda: service.heard("RELOADING=1"), what="RELOADING=1")
        service.said.remove("READY=1")
        wait_until(lambda: service.heard("READY=1"), what="READY=1 again")
    finally:  # a service that stays would be in the way of the next
        status = service.stop()
    assert status == 0, service.process.text()
