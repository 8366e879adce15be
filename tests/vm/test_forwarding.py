# SPDX-License-Identifier: MIT
"""Every way of forwarding carries traffic, and what surrounds it: sorry server, persistence, programs and TLS as checks.

      client .50                             tunnel .31 (VIP on tunl0)
          |                                     |
    ------+------------------+------------------+------   192.0.2.0/24, VIP .100
                             | .1
                          director
                             | .1
    -------------------------+----------+--------------   10.0.0.0/24
                                        |
                               inside .11 .12 .13, gateway: the director
"""

import re

import pytest

from lab import wait_until

ROOM = 30  # seconds a slow machine may add
VIP = "192.0.2.100"
# Those of this kernel: Debian leaves "twos" out.
SCHEDULERS = ["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "mh", "dh", "fo", "ovf", "sed", "nq"]
PAGES = """
server {{ listen 8080; listen 8081; location / {{ return 200 "$server_addr:$server_port\\n"; }} }}
server {{ listen 443 ssl; ssl_certificate {folder}/cert; ssl_certificate_key {folder}/key;
          location / {{ return 200 "secret\\n"; }} }}
"""


def service(port, kind, *servers, settings="", scheduler="rr"):
    """servers: (address, port, checker text)."""
    text = f"virtual_server {VIP} {port} {{\n    delay_loop 2\n    lb_algo {scheduler}\n    lb_kind {kind}\n    protocol TCP\n"
    text += f"    {settings}\n"
    for address, own, checker in servers:
        text += f"    real_server {address} {own} {{\n        weight 1\n        {checker}\n    }}\n"
    return text + "}\n"


def config(folder):
    tcp = "TCP_CHECK {\n connect_timeout 3\n retry 1\n delay_before_retry 1\n}"
    program = f'MISC_CHECK {{\n misc_path "{folder}/check.sh %s"\n misc_timeout 5\n user root\n}}'
    tls = "SSL_GET {\n url {\n path /\n status_code 200\n }\n connect_timeout 5\n retry 1\n delay_before_retry 1\n}"
    text = f"""global_defs {{
    script_user root
    enable_script_security
}}
vrrp_instance VI_1 {{
    interface eth0
    state MASTER
    virtual_router_id 9
    priority 150
    virtual_ipaddress {{
        {VIP}
    }}
}}
"""
    text += service(80, "NAT", ("10.0.0.11", 8080, tcp), ("10.0.0.12", 8080, tcp))
    text += service(81, "TUN", ("192.0.2.31", 81, tcp))
    text += service(82, "NAT", ("10.0.0.11", 8081, program % "first"), ("10.0.0.12", 8081, program % "second"),
                    settings="sorry_server 10.0.0.13 8081")
    text += service(443, "NAT", ("10.0.0.11", 443, tls))
    text += service(84, "NAT", ("10.0.0.11", 8080, tcp), ("10.0.0.12", 8080, tcp), settings="persistence_timeout 60")
    for number, scheduler in enumerate([*SCHEDULERS, "twos"]):
        text += service(1000 + number, "NAT", ("10.0.0.11", 8080, ""), scheduler=scheduler)
    return text


class Bench:
    def __init__(self, lab):
        self.client = lab.node("client", *[f"192.0.2.{host}/24" for host in range(50, 54)])
        self.director = lab.node("director", "192.0.2.1/24")
        self.director.link("eth1", "10.0.0.1/24")
        self.director.sysctl("net.ipv4.ip_forward", 1)
        self.inside = lab.node("inside", *[f"10.0.0.{host}/24" for host in (11, 12, 13)])
        self.inside.ip("route add default via 10.0.0.1")
        self.tunnel = lab.node("tunnel", "192.0.2.31/24")
        self.folder = self.director.dir / "checks"
        self.folder.mkdir()

    def start(self):
        self.start_inside()
        self.start_tunnel()
        script = self.folder / "check.sh"
        script.write_text(f'#!/bin/sh\ntest -e "{self.folder}/$1"\n')
        script.chmod(0o755)
        for name in ("first", "second"):
            (self.folder / name).touch()
        self.daemon = self.director.vipd(self.director.write("vipd.conf", config(self.folder)))
        wait_until(lambda: self.director.has_address(VIP), 10 + ROOM, "the address")
        wait_until(lambda: len(self.table()) >= 5 + len(SCHEDULERS), 10 + ROOM, "the table")

    def start_inside(self):
        self.inside.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-subj", "/CN=inside", "-days", "2", "-keyout", self.inside.dir / "key", "-out", self.inside.dir / "cert")
        self.web = self.inside.nginx("inside\n", more=PAGES.format(folder=self.inside.dir))

    def start_tunnel(self):
        node = self.tunnel
        node.run("modprobe", "ipip", check=False)  # or built in, as the first address on tunl0 tells
        node.ip("link set tunl0 up", f"address add {VIP}/32 dev tunl0")
        for where, name, value in (("all", "arp_ignore", 1), ("all", "arp_announce", 2), ("all", "rp_filter", 0),
                                   ("tunl0", "rp_filter", 0)):
            node.sysctl(f"net.ipv4.conf.{where}.{name}", value)
        node.nginx("tunnel\n", port=81)

    def table(self):
        """{port: (scheduler, {server: (method, weight)})}"""
        result = {}
        for line in self.director.output("ipvsadm", "-Sn").splitlines():
            if found := re.match(rf"-A -t {VIP}:(\d+) -s (\w+)", line):
                servers = {}
                result[int(found[1])] = found[2], servers
            elif found := re.match(r"-a -t \S+ -r (\S+) -(\w) .*-w (\d+)", line):
                servers[found[1]] = found[2], int(found[3])
        return result

    def servers(self, port):
        return sorted(self.table()[port][1])

    def get(self, port, *options, scheme="http", times=1):
        text = self.client.output("curl", "-sS", "-k", "-m", "3", *options, *[f"{scheme}://{VIP}:{port}/"] * times, check=False)
        return text.split()


@pytest.fixture(scope="module")
def bench(story_lab):
    made = Bench(story_lab)
    made.start()
    return made


def test_nat_carries_traffic_both_ways(bench):
    assert bench.table()[80] == ("rr", {"10.0.0.11:8080": ("m", 1), "10.0.0.12:8080": ("m", 1)})
    assert sorted(bench.get(80, times=4)) == ["10.0.0.11:8080"] * 2 + ["10.0.0.12:8080"] * 2
    counted = rf"TCP +{VIP}:80 +4 +\d+ +[1-9]\d* +\d+ +[1-9]\d*"  # packets and bytes out too: answers pass the director
    wait_until(lambda: re.search(counted, bench.director.output("ipvsadm", "-Ln", "--stats", "--exact")), 5 + ROOM, "counted")


def test_tunnel_carries_traffic(bench):
    assert bench.table()[81] == ("rr", {"192.0.2.31:81": ("i", 1)})
    capture = bench.tunnel.capture("eth0", "ip proto 4")
    assert bench.get(81) == ["tunnel"]
    wait_until(lambda: len(capture.frames()) >= 3, 5, "packets in packets")
    capture.stop()


def test_programs_decide_and_the_sorry_server_steps_in(bench):
    assert bench.servers(82) == ["10.0.0.11:8081", "10.0.0.12:8081"]
    (bench.folder / "first").unlink()
    wait_until(lambda: bench.servers(82) == ["10.0.0.12:8081"], 4 + ROOM, "the first leaves")
    (bench.folder / "second").unlink()
    wait_until(lambda: bench.servers(82) == ["10.0.0.13:8081"], 4 + ROOM, "the sorry server")
    assert bench.get(82, times=2) == ["10.0.0.13:8081"] * 2
    (bench.folder / "second").touch()
    wait_until(lambda: bench.servers(82) == ["10.0.0.12:8081"], 4 + ROOM, "the sorry server leaves")
    (bench.folder / "first").touch()
    wait_until(lambda: bench.servers(82) == ["10.0.0.11:8081", "10.0.0.12:8081"], 4 + ROOM, "both again")
    assert sorted(bench.get(82, times=2)) == ["10.0.0.11:8081", "10.0.0.12:8081"]


def test_persistence_keeps_a_client_with_its_server(bench):
    first = [bench.get(84, "--interface", f"192.0.2.{host}", times=3) for host in range(50, 54)]
    assert all(len(answers) == 3 and len(set(answers)) == 1 for answers in first)
    assert {answers[0] for answers in first} == {"10.0.0.11:8080", "10.0.0.12:8080"}


def test_schedulers_by_name(bench):
    table = bench.table()
    assert [table[1000 + number][0] for number in range(len(SCHEDULERS))] == SCHEDULERS
    assert all(bench.servers(1000 + number) == ["10.0.0.11:8080"] for number in range(len(SCHEDULERS)))
    if 1000 + len(SCHEDULERS) not in table:
        assert 'this kernel has no scheduler "twos"' in bench.daemon.text()


def test_tls_is_checked_as_tls(bench):
    assert bench.servers(443) == ["10.0.0.11:443"]
    assert bench.get(443, scheme="https") == ["secret"]
    # Something still accepts connections there, but speaks no TLS.
    bench.web.kill()
    impostor = bench.inside.nginx("plain\n", port=443)
    wait_until(lambda: 443 in bench.table() and bench.servers(443) == [], 2 + 5 + ROOM, "the impostor is out")
    impostor.kill()
    bench.start_inside()
    wait_until(lambda: bench.servers(443) == ["10.0.0.11:443"], 4 + ROOM, "it returns")
    assert bench.get(443, scheme="https") == ["secret"]
