# SPDX-License-Identifier: MIT
"""Direct routing set up by hand as users' documents describe it, step by step, with vipd in keepalived's place.

The real servers get the address on lo by the documents' own means (tests/fixtures/real_server), not by
the laboratory's. What a document shows on the screen is compared word by word.
"""

import re

import pytest

from lab import ROOT, wait_until

SEEDS = ROOT / "tests/fixtures/seeds"
REAL_SERVER = ROOT / "tests/fixtures/real_server"
ROOM = 30  # seconds a slow machine may add


def arp_settings(node):
    names = [f"/proc/sys/net/ipv4/conf/{link}/{name}" for link in ("all", "lo") for name in ("arp_ignore", "arp_announce")]
    return node.output("cat", *names).split()


def table(node):
    """`ipvsadm -ln` without its changing columns: service lines, and (server, method, weight)."""
    text = node.output("ipvsadm", "-ln")
    services = [" ".join(line.split()) for line in text.splitlines() if line.startswith(("TCP", "UDP"))]
    return services, re.findall(r"-> ([\d.]+:\d+) +(\w+) +(\d+)", text)


def addresses(node, interface):
    """What `ip a` shows for an interface, a line an address."""
    return [" ".join(line.split()) for line in node.output("ip", "a", "show", "dev", interface).splitlines() if "inet " in line]


# ---- 004: two directors, two web servers ----

VIP = "192.168.2.100"
SHOWN = (f"inet {VIP}/32 scope global ens33")


class Farm:
    """The document's five machines."""

    def __init__(self, lab):
        self.client = lab.node("client", "192.168.2.20/24")
        self.directors = [lab.node("lb1"), lab.node("lb2")]
        for node, address in zip(self.directors, ("192.168.2.1", "192.168.2.10")):
            node.link("ens33", f"{address}/24")
        self.web = [lab.node("web1", "192.168.2.30/24"), lab.node("web2", "192.168.2.40/24")]
        for node, body in zip(self.web, ("11111\n", "22222\n")):
            node.nginx(body)

    def curl(self, times):
        """The bodies of so many requests, one after the other."""
        return self.client.output("curl", "-sS", "-m", "2", *[f"http://{VIP}"] * times, check=False).split()


@pytest.fixture
def farm(lab):
    return Farm(lab)


def bring_up_alias(node):
    """What the distribution's network service makes of ifcfg-lo:0, then of sysctl.conf."""
    settings = dict(line.split("=") for line in (REAL_SERVER / "ifcfg-lo.0").read_text().split())
    node.run("ifconfig", settings["DEVICE"], settings["IPADDR"], "netmask", settings["NETMASK"])
    node.run("sysctl", "-q", "-p", REAL_SERVER / "sysctl.conf")
    assert f"inet {VIP}/32 scope global lo:0" in addresses(node, "lo")
    assert arp_settings(node) == ["1", "2", "1", "2"]


def fill_by_hand(node):
    node.run("ipvsadm", "-A", "-t", f"{VIP}:80", "-s", "rr")
    for server in ("192.168.2.30", "192.168.2.40"):
        node.run("ipvsadm", "-a", "-t", f"{VIP}:80", "-r", f"{server}:80", "-g", "-w", "1")
    assert node.output("ipvsadm", "-S", "-n").splitlines() == [
        f"-A -t {VIP}:80 -s rr",
        f"-a -t {VIP}:80 -r 192.168.2.30:80 -g -w 1",
        f"-a -t {VIP}:80 -r 192.168.2.40:80 -g -w 1"]


def start_keepalived(farm):
    """The first director's file, copied to the second and its instance rewritten there."""
    first = (SEEDS / "004-master.conf").read_text()
    instance, service = first.index("vrrp_instance"), first.index("virtual_server")
    second = first[:instance] + (SEEDS / "004-backup.conf").read_text() + "}\n" + first[service:]
    return [node.vipd(node.write("keepalived.conf", text)) for node, text in zip(farm.directors, (first, second))]


def test_the_pair_with_addresses_on_lo(farm):
    for node in farm.directors:
        fill_by_hand(node)
    for node in farm.web:
        bring_up_alias(node)
    daemons = start_keepalived(farm)
    master, backup = farm.directors
    wait_until(lambda: SHOWN in addresses(master, "ens33"), 10 + ROOM, "the address on the first director")
    wait_until(lambda: all("is ready" in daemon.text() for daemon in daemons), 10 + ROOM, "both daemons")
    assert addresses(master, "ens33") == ["inet 192.168.2.1/24 scope global ens33", SHOWN]
    assert addresses(backup, "ens33") == ["inet 192.168.2.10/24 scope global ens33"]
    for node in farm.directors:
        assert table(node) == ([f"TCP {VIP}:80 rr"], [("192.168.2.30:80", "Route", "1"), ("192.168.2.40:80", "Route", "1")])
    answers = farm.curl(6)
    assert answers in (["11111", "22222"] * 3, ["22222", "11111"] * 3)

    # "Take the first one down": the machine, not only the daemon.
    master.run("ip", "link", "set", "ens33", "down")
    daemons[0].kill()
    wait_until(lambda: SHOWN in addresses(backup, "ens33"), 5 + ROOM, "the address on the second director")
    wait_until(lambda: farm.curl(1), 10, "an answer")
    answers = farm.curl(6)
    assert answers in (["11111", "22222"] * 3, ["22222", "11111"] * 3)


# ---- 000: one service behind an include, lvs_dr.sh on the web servers, a check by HTTP ----

SCRIPT_VIP = "172.20.45.248"
INSTANCE = f"""
vrrp_instance VI_1 {{
    interface eth0
    virtual_router_id 50
    priority 100
    virtual_ipaddress {{
        {SCRIPT_VIP} dev eth0
    }}
}}
"""


def lvs_dr(node, word):
    node.run("bash", REAL_SERVER / "lvs_dr.sh", word)


def test_the_script_of_the_real_servers(lab):
    client = lab.node("client", "172.20.45.10/24")
    director = lab.node("director", "172.20.45.131/24")
    web = [lab.node("web1", "172.20.45.133/24"), lab.node("web2", "172.20.45.134/24")]
    for node in web:
        node.nginx(f"{node.name}\n")
        lvs_dr(node, "start")
        assert f"inet {SCRIPT_VIP}/32 scope global lo:1" in addresses(node, "lo")
        assert arp_settings(node) == ["1", "2", "1", "2"]

    director.write("web.conf", (SEEDS / "000.d/web.conf").read_text())
    file = director.write("keepalived.conf", INSTANCE + f"include {director.dir}/we*.conf\n")
    daemon = director.vipd(file)
    both = [("172.20.45.133:80", "Route", "1"), ("172.20.45.134:80", "Route", "1")]
    wait_until(lambda: table(director) == ([f"TCP {SCRIPT_VIP}:80 wrr"], both), 10 + ROOM, "the table")
    wait_until(lambda: director.has_address(SCRIPT_VIP), 10 + ROOM, "the address")

    def answers(times):
        return client.output("curl", "-sS", "-m", "2", *[f"http://{SCRIPT_VIP}/"] * times, check=False).split()

    assert sorted(answers(4)) == ["web1", "web1", "web2", "web2"]
    wait_until(lambda: re.search(rf"TCP +{SCRIPT_VIP}:80 +4 ", director.output("ipvsadm", "-Ln", "--stats")), 5 + ROOM,
               "four connections counted")

    # "Configure monitoring by HTTP": the checker's settings stand outside it, in the server.
    director.write("web.conf", (SEEDS / "000-http.conf").read_text())
    director.vipctl("reload")
    assert table(director) == ([f"TCP {SCRIPT_VIP}:80 wrr"], both[:1])
    assert answers(2) == ["web1"] * 2
    page = web[0].dir / "nginx-80/html/index.html"
    page.rename(page.with_suffix(".away"))
    # Noticed within delay_loop 6, then three retries 3 s apart.
    wait_until(lambda: table(director)[1] == [], 6 + 9 + 3 + ROOM, "web1 leaves without its page")
    wait_until(lambda: "status 4" in daemon.text(), 5, "the reason")  # 403 or 404, as the web server has it
    page.with_suffix(".away").rename(page)
    wait_until(lambda: table(director)[1] == both[:1], 6 + ROOM, "web1 returns")

    lvs_dr(web[0], "stop")
    assert not web[0].has_address(SCRIPT_VIP) and arp_settings(web[0]) == ["0"] * 4
    assert daemon.stop() == 0
    assert table(director) == ([], [])
