# SPDX-License-Identifier: MIT
"""Checkers in the daemon: what is shown of them, and what a reload makes of them. There need be no IPVS."""

import json
import time

import pytest

from lab import wait_until

CONFIG = """
track_file spare {{
    file {path}
    weight 1
}}
virtual_server 198.51.100.1 80 {{
    delay_loop 1
    warmup 0
    connect_timeout 0.5
    lb_algo rr
    lb_kind NAT
    protocol TCP
    real_server 192.0.2.1 80 {{
        weight 10
        PING_CHECK {{
        }}
        {checker}
    }}
    real_server 192.0.2.99 80 {{
        weight 10
        {other}
    }}
}}
"""


class Director:
    def __init__(self, lab, options):
        self.node = lab.node("director", "192.0.2.1/24")
        for name in ("mcast_solicit", "ucast_solicit"):
            self.node.sysctl(f"net.ipv4.neigh.eth0.{name}", 1)
        self.node.sysctl("net.ipv4.neigh.eth0.retrans_time_ms", 100)
        self.path = self.node.dir / "spare"
        self.path.write_text("5\n")
        self.file = self.node.write("vipd.conf", "")
        self.options = options

    def write(self, checker, other="PING_CHECK {\n}"):
        self.file.write_text(CONFIG.format(path=self.path, checker=checker, other=other))

    def start(self):
        self.process = self.node.vipd(self.file, *self.options)
        wait_until(lambda: "is ready" in self.process.text() or not self.process.alive(), what="vipd")
        assert self.process.alive(), self.process.text()

    def servers(self):
        services = json.loads(self.node.vipctl("-j", "status").stdout)["services"]
        return [(server["weight"], server["oper"]) for server in services[0]["servers"]]

    def errors(self):
        services = json.loads(self.node.vipctl("-j", "status").stdout)["services"]
        return [server["last_error"] for server in services[0]["servers"]]

    def pings(self):
        """How often the log says what the ping of the first server found: a check that begins tells its first result."""
        return self.process.text().count("PING_CHECK of 192.0.2.1:80 in ")

    def shows(self, first, second):
        try:
            wait_until(lambda: self.servers() == [first, second], 8, what="the servers")
        except AssertionError as error:
            raise AssertionError(f"{self.servers()}, not {[first, second]}\n{self.process.text()[-2000:]}") from error


@pytest.mark.parametrize("options", [[], ["-C"]], ids=["whole", "checks only"])
def test_checks_in_the_daemon(lab, options):
    director = Director(lab, options)
    director.write("FILE_CHECK {\n track_file spare\n weight 2\n}")
    director.start()
    down = (0, "down")
    director.shows((20, "up"), down)
    assert director.errors() == ["", "while waiting for an answer: No route to host"]
    director.path.write_text("-3\n")
    director.shows((4, "degraded"), down)
    director.path.unlink()
    director.shows((10, "up"), down)
    director.path.write_text("7\n")
    director.shows((24, "up"), down)
    # What is not changed goes on: the ping is not begun anew, the number still counts.
    wait_until(lambda: director.pings() == 1, what="the line of the first ping")
    director.write("FILE_CHECK {\n track_file spare\n weight 2\n}", "UDP_CHECK {\n}")
    director.node.vipctl("reload")
    assert director.servers()[0] == (24, "up")
    director.shows((24, "up"), down)
    director.write("FILE_CHECK {\n track_file spare\n weight 0\n}", "UDP_CHECK {\n}")
    director.node.vipctl("reload")
    director.shows(down, down)
    assert director.errors()[0] == "spare says 7"
    director.path.write_text("0\n")
    director.shows((10, "up"), down)
    director.write("", "")
    director.node.vipctl("reload")
    director.shows((10, "up"), (10, "unmonitored"))
    assert director.pings() == 1
    director.process.stop()


SHARED = """
virtual_server 198.51.100.{number} 80 {{
    delay_loop 1
    warmup 0
    protocol TCP
    real_server 192.0.2.1 80 {{
        {alpha}
        HTTP_GET {{
            url {{
                path /
            }}
            {extra}
        }}
    }}
}}
"""


def test_one_probe_for_services_that_ask_the_same(lab):
    """Three services on one server: one request a second, and another for the fourth, which asks otherwise."""
    node = lab.node("director", "192.0.2.1/24")
    node.nginx("page")
    file = node.write("vipd.conf", "".join(
        SHARED.format(number=number, alpha="alpha" if number == 2 else "", extra="connect_timeout 4" if number == 4 else "")
        for number in (1, 2, 3, 4)))
    process = node.vipd(file)
    wait_until(lambda: "is ready" in process.text() or not process.alive(), what="vipd")

    def states():
        return [service["servers"][0]["oper"] for service in json.loads(node.vipctl("-j", "status").stdout)["services"]]

    wait_until(lambda: states() == ["up"] * 4, 10, what="four servers up")
    log = node.dir / "nginx-80/access.log"
    before, began = len(log.read_text().splitlines()), time.monotonic()
    wait_until(lambda: len(log.read_text().splitlines()) >= before + 8, 30, what="eight requests")
    took = time.monotonic() - began
    assert took > 2.5, f"eight requests in {took:.1f} s: four a second would be one for each service"
    process.stop()
