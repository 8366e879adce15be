# SPDX-License-Identifier: MIT
"""A director without free ports, and without free descriptors: what it says of its servers, and how it comes back."""

import pathlib
import resource
import sys
import time

import pytest

import snmp
from lab import build_dir, holds, wait_until

TABLE = snmp.DIRECTOR_MIB + ".1.5.1.1"
UP, DOWN = "2", "4"
OK, REFUSED, LOCAL_ERROR = "2", "4", "10"
NO_PORT, NO_UDP_PORT = "cannot connect: Cannot assign requested address", "cannot connect: Resource temporarily unavailable"
NO_DESCRIPTOR = "Too many open files"

CONFIG = """
global_defs {{
    router_id LVS_DEVEL
    enable_snmp_checker
    script_user root
    enable_script_security
}}
vrrp_instance V {{
    interface eth0
    virtual_router_id 7
    priority 100
    advert_int 0.2
    version 3
    state MASTER
    virtual_ipaddress {{
        192.0.2.99
    }}
}}
virtual_server 198.51.100.1 80 {{
    delay_loop 1
    delay_before_retry 1
    connect_timeout 1
    warmup 0
    protocol TCP
    {servers}
}}
"""
# By the port of the real server, which says what it is, and its check.
HTTP = "HTTP_GET {\n url {\n path /\n }\n connect_port 80\n}"
SERVERS = {1: HTTP, 2: "TCP_CHECK {\n connect_port 80\n}", 3: "TCP_CHECK {\n connect_port 81\n}",
           4: "UDP_CHECK {\n connect_port 7\n require_reply\n}", 5: "MISC_CHECK {\n misc_path /usr/bin/true\n}"}
ECHO = """
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("192.0.2.1", 7))
while True:
    data, peer = server.recvfrom(65536)
    server.sendto(data, peer)
"""
# Connections to one port of a server, and datagram sockets, until there is no port left for another.
HOLD = """
import errno, socket, time
held = []
def hold(kind, take, full):
    while True:
        held.append(socket.socket(socket.AF_INET, kind))
        try:
            take(held[-1])
        except OSError as error:
            assert error.errno == full, error
            return
# A check that is under way has one of them for a moment yet.
until = time.monotonic() + 3
while time.monotonic() < until:
    hold(socket.SOCK_STREAM, lambda s: s.connect(("192.0.2.1", 80)), errno.EADDRNOTAVAIL)
    hold(socket.SOCK_DGRAM, lambda s: s.bind(("", 0)), errno.EADDRINUSE)
    time.sleep(0.05)
print("held", len(held), flush=True)
time.sleep(60)
"""


class Director:
    """vipd under snmpd, beside a farm with a page at ports 80 and 81 and a UDP echo, from where it is asked."""

    def __init__(self, lab):
        self.farm = lab.node("farm", "192.0.2.1/24")
        self.node = lab.node("director", "192.0.2.8/24")
        self.reader = self.farm.snmp("192.0.2.8")
        self.node.snmpd()
        self.web = self.farm.nginx("page")
        self.farm.nginx("other", port=81)
        self.farm.popen(sys.executable, "-c", ECHO, log="echo.log")
        wait_until(lambda: ":7 " in self.farm.output("ss", "-Hlnu"), what="the echo")
        servers = "".join(f"real_server 192.0.2.1 {port} {{\n {check}\n }}\n" for port, check in SERVERS.items())
        file = self.node.write("vipd.conf", CONFIG.format(servers=servers))
        self.process = self.node.vipd(file, "-x", "-A", self.node.agentx)
        wait_until(lambda: self.column(7) == dict.fromkeys(SERVERS, OK) and self.column(6) == dict.fromkeys(SERVERS, UP),
                   20, "all servers up")

    def column(self, column):
        """{port of the real server: text}; nothing while the agent does not answer."""
        try:
            found = self.reader.column(f"{TABLE}.{column}")
        except snmp.SnmpError:
            return {}
        return {int(index.split(".")[-2]): text for index, text in found.items()}

    def says(self, *lines):
        for line in lines:
            wait_until(lambda text=line: text in self.process.text(), what=line)


@pytest.fixture
def director(lab):
    return Director(lab)


def test_no_port_is_left(director):
    """A check that has none says nothing of its server, dead or alive; checks of others go on."""
    # Those of closed connections rest for a minute.
    director.node.sysctl("net.ipv4.ip_local_port_range", "40000 40199")
    holder = director.node.popen(sys.executable, "-c", HOLD, log="held.log")
    wait_until(lambda: "held" in holder.text() or not holder.alive(), what="all ports")
    assert holder.alive(), holder.text()
    short = {1: LOCAL_ERROR, 2: LOCAL_ERROR, 3: OK, 4: LOCAL_ERROR, 5: OK}
    wait_until(lambda: director.column(7) == short, what="what lacks a port")
    errors = director.column(9)
    assert [errors[port] for port in SERVERS] == [NO_PORT, NO_PORT, "", NO_UDP_PORT, ""]
    director.web.stop()
    runs = director.column(19)
    wait_until(lambda: all(int(n) > int(runs[port]) + 1 for port, n in director.column(19).items()), what="two attempts")
    assert director.column(6) == dict.fromkeys(SERVERS, UP)
    # The ports come back, and the check finds out what is the matter with its server; the others were up all the time.
    holder.kill()
    wait_until(lambda: [director.column(6)[port] for port in SERVERS] == [DOWN, DOWN, UP, UP, UP], what="the truth")
    director.farm.nginx("page")
    wait_until(lambda: director.column(6) == dict.fromkeys(SERVERS, UP), what="the server again")
    wait_until(lambda: director.process.text().count(" is down: ") == 2, what="two servers down, and no other")
    director.says(f"HTTP_GET of 192.0.2.1:1 in 198.51.100.1:80/tcp failed: local error, {NO_PORT}")


def descriptors(pid):
    return {int(path.name) for path in pathlib.Path(f"/proc/{pid}/fd").iterdir()}


def lowest_free(pid):
    """The number that the next descriptor of the process gets."""
    held = descriptors(pid)
    return next(number for number in range(len(held) + 1) if number not in held)


def test_no_descriptor_is_left(lab, director):
    """VRRP and SNMP go on, servers keep what was known of them, vipctl waits for its turn."""
    lab.pulse  # from here on
    pid, soft, hard = director.process.pid, *resource.prlimit(director.process.pid, resource.RLIMIT_NOFILE)
    capture = director.node.capture("eth0", "proto 112")
    limit, short = 1 << 20, dict.fromkeys(SERVERS, LOCAL_ERROR)

    def nothing_goes():
        """A check that is under way has a descriptor for a moment: what it leaves behind is taken away, too."""
        nonlocal limit
        limit = min(limit, lowest_free(pid))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, hard))
        return director.column(7) == short

    wait_until(nothing_goes, what="what lacks a descriptor")
    assert all(NO_DESCRIPTOR in director.column(9)[port] for port in short)
    director.web.stop()
    began = time.time()
    waiting = director.node.popen(build_dir() / "vipctl", "status", log="vipctl.log")
    runs = director.column(19)
    wait_until(lambda: all(int(director.column(19)[port]) > int(runs[port]) + 1 for port in short), what="two attempts")
    assert director.column(6) == dict.fromkeys(SERVERS, UP)
    holds(waiting.alive, 1, "vipctl waits")
    assert capture.adverts(vrid=7, since=began) and capture.late_gaps(0.2, lab.pulse, vrid=7, since=began) == []
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    wait_until(lambda: not waiting.alive(), what="the answer to vipctl")
    assert "192.0.2.1" in waiting.text()
    wait_until(lambda: [director.column(6)[port] for port in SERVERS] == [DOWN, DOWN, UP, UP, UP], what="the truth")
    director.farm.nginx("page")
    wait_until(lambda: director.column(6) == dict.fromkeys(SERVERS, UP), what="the server again")
    wait_until(lambda: director.process.text().count(" is down: ") == 2, what="two servers down, and no other")
