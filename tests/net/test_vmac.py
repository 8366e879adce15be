# SPDX-License-Identifier: MIT
"""Virtual routers with a virtual MAC address: among themselves and with Debian's keepalived, judged by tshark; and what
becomes of the macvlans when somebody meddles with them, at a reload, after a crash and at a stop."""

import json
import subprocess
import time

import pytest

from lab import holds, wait_until
from vrrp_pair import LOW_PRIORITY, NET6, PAIRS, VIP, VRID, Mode, Pair, flagged, silence

VMAC, VMAC6 = (f"00:00:5e:00:{family:02x}:{VRID:02x}" for family in (1, 2))
NAME = f"vrrp.{VRID}"
FIFTH = "version 3\n\tadvert_int 0.2\n\t"
OWN = Mode("own", 3, 0.2, FIFTH + "use_vmac")
OWN6 = OWN._replace(name="own6", net=NET6)
BASE = Mode("base", 3, 0.2, FIFTH + "use_vmac\n\tvmac_xmit_base")


def frames(path, query, *fields):
    """What tshark finds: a line for each frame."""
    words = [word for field in fields or ("frame.number",) for word in ("-e", field)]
    return subprocess.run(["tshark", "-n", "-r", path, "-Y", query, "-T", "fields", *words], check=True, text=True,
                          capture_output=True, timeout=60).stdout.splitlines()


def neighbour(node, address):
    found = node.output("ip", "neigh", "show", address).split()
    return found[found.index("lladdr") + 1] if "lladdr" in found else None


def answers(node, address):
    return node.run("ping", "-c", "1", "-W", "1", address, check=False).returncode == 0


def links(node):
    """{name: what ip says of it}, without what only counts."""
    return {link["ifname"]: link for link in json.loads(node.output("ip", "-j", "-d", "link", "show"))}


def own_macs(pair):
    return {router: links(router.node)["eth0"]["address"] for router in (pair.high, pair.low)}


@pytest.mark.parametrize("high,low", PAIRS)
def test_a_pair_speaks_and_answers_with_the_virtual_address(lab, high, low):
    """Shows VT-3, VS-7, VS-9."""
    pair = Pair(lab, high, low, mode=OWN)
    unasked = pair.low.node.capture("eth0", f"outbound and ether src {VMAC}", name="backup")
    assert answers(pair.watcher, VIP)
    wait_until(lambda: neighbour(pair.watcher, VIP) == VMAC, 5, "the neighbour has learned the virtual address")
    holds(lambda: not pair.low.is_master(), 1, "the low one is backup", interval=0.2)
    if low == "vipd":
        assert unasked.stop().frames() == [], "a backup sends nothing from the virtual address"
    pair.resignation()
    if high == "vipd":
        assert NAME not in links(pair.high.node)
    assert neighbour(pair.watcher, VIP) == VMAC
    wait_until(lambda: answers(pair.watcher, VIP), 5, "the new master answers")
    if high == low:
        pair.high.start()
        wait_until(lambda: pair.high.is_master() and not pair.low.is_master(), 15, "the high one is back")
        wait_until(lambda: answers(pair.watcher, VIP), 5, "it answers")

    path = pair.capture.stop().path
    assert flagged(path) == ""
    assert set(frames(path, "vrrp", "eth.src")) == {VMAC}
    # keepalived's kernel asks for others in the name of the address, from the interface below, which teaches them that.
    careless = "".join(f" && eth.src != {mac}" for router, mac in own_macs(pair).items() if router.kind == "keepalived")
    senders = set(frames(path, f"arp.src.proto_ipv4 == {VIP}{careless}", "eth.src", "arp.src.hw_mac"))
    assert senders == {f"{VMAC}\t{VMAC}"}
    assert len(pair.capture.gratuitous(VIP)) >= 2, "one for each master at least"
    if (high, low) == ("vipd", "vipd"):
        assert frames(path, f"igmp && eth.src == {VMAC}") == [], "no switch is told of a member that is a backup"


def test_the_same_over_ipv6(lab, high="keepalived", low="vipd"):
    """Shows VT-3, VS-8."""
    pair = Pair(lab, high, low, mode=OWN6)
    assert links(pair.high.node)[NAME]["address"] == VMAC6
    pair.resignation()
    path = pair.capture.stop().path
    assert flagged(path) == ""
    assert set(frames(path, "vrrp", "eth.src")) == {VMAC6}
    for vip in (vip.split("/")[0] for vip in NET6.vips):
        told = set(frames(path, f"icmpv6.nd.na.target_address == {vip}", "eth.src", "icmpv6.opt.linkaddr"))
        assert told == {f"{VMAC6}\t{VMAC6}"}


def test_adverts_from_the_interface_below(lab, high="vipd", low="keepalived"):
    """vmac_xmit_base: the addresses stay on the virtual address, the adverts leave from the interface's own.
    Shows VT-3."""
    pair = Pair(lab, high, low, mode=BASE)
    killed = time.time()
    pair.high.daemon.kill()
    pair.high.node.run("ip", "link", "delete", NAME)
    pair.assert_takeover(killed, silence(LOW_PRIORITY, BASE))
    wait_until(pair.low.is_master, 5, "address of the low one")
    path = pair.capture.stop().path
    macs = {f"{router.address}\t{mac}" for router, mac in own_macs(pair).items()}
    assert set(frames(path, "vrrp", "ip.src", "eth.src")) == macs
    assert {arp.sender_mac for arp in pair.capture.gratuitous(VIP)} == {VMAC}


# ---- what passes ----

SEND = """
import socket, struct, sys
mac = bytes.fromhex(sys.argv[1].replace(":", ""))
own = bytes.fromhex(open("/sys/class/net/eth0/address").read().strip().replace(":", ""))
def checksum(octets):
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total > 0xffff:
        total = (total >> 16) + (total & 0xffff)
    return 0xffff - total
udp = struct.pack(">4H", 9, 9, 8, 0)
ends = [socket.inet_aton(text) for text in ("192.0.2.9", "198.51.100.9")]
header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, 17, 0, *ends)
header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
ends = [socket.inet_pton(socket.AF_INET6, text) for text in ("2001:db8::9", "2001:db8:1::9")]
header6 = struct.pack(">IHBB16s16s", 6 << 28, 8, 17, 64, *ends)
pseudo = ends[0] + ends[1] + struct.pack(">II", 8, 17)
udp6 = struct.pack(">4H", 9, 9, 8, checksum(pseudo + udp))
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(("eth0", 0))
out.send(mac + own + bytes.fromhex("0800") + header + udp)
out.send(mac + own + bytes.fromhex("86dd") + header6 + udp6)
"""


def test_only_a_master_forwards_what_is_for_the_virtual_address(lab):
    """Shows VS-12."""
    lab.switch.ip("link set br0 type bridge ageing_time 0")  # a hub: everybody gets every frame
    sender = lab.node("sender", "192.0.2.9/24", "2001:db8::9/64")
    behind = lab.node("behind", "198.51.100.9/24", "2001:db8:1::9/64")
    routers = []
    for number, priority in ((1, 200), (2, 100)):
        node = lab.node(f"vipd{number}", f"192.0.2.{number}/24", f"2001:db8::{number}/64")
        node.link("eth1", f"198.51.100.{number}/24", f"2001:db8:1::{number}/64")
        node.sysctl("net.ipv4.ip_forward", 1)
        node.sysctl("net.ipv6.conf.all.forwarding", 1)
        config = CONFIG.format(vmac=f"use_vmac\n\tpriority {priority}", more="").replace(
            "\tvirtual_ipaddress {", "\tvirtual_ipaddress_excluded {\n\t\t2001:db8::100/64\n\t}\n\tvirtual_ipaddress {")
        if priority == 100:
            unasked = node.capture("eth0", f"outbound and ether src {VMAC}", name="backup")
        routers.append((node, node.capture("eth1", "outbound and udp port 9"), node.vipd(node.write("vipd.conf", config))))
    high, low = routers
    wait_until(lambda: high[0].has_address(VIP) and not low[0].has_address(VIP), 10, "the high one is master")
    wait_until(lambda: "BACKUP" in low[2].text(), what="the low one is backup")

    def passed(router, what):
        """Sends both until the router has passed on both, and says how many the other has."""
        wait_until(lambda: sender.run("/usr/bin/python3", "-c", SEND, VMAC) and
                   {frame[12:14] for _, frame in router[1].frames()} == {b"\x08\0", b"\x86\xdd"}, 10, what, interval=0.2)
        return len((low if router is high else high)[1].frames())

    assert passed(high, "the master forwards") == 0
    low[0].sysctl("net.ipv4.ip_forward", 0)  # an administrator's word reaches every interface, the virtual one as well
    low[0].sysctl("net.ipv4.ip_forward", 1)
    wait_until(lambda: low[0].output("cat", f"/proc/sys/net/ipv4/conf/{NAME}/forwarding").strip() == "0", what="it is told again")
    assert passed(high, "still") == 0
    assert unasked.stop().frames() == [], "a backup sends nothing from the virtual address, membership reports included"
    before = len(high[1].frames())
    high[0].ip("link set eth0 down")
    wait_until(lambda: low[0].has_address(VIP), 10, "the low one takes over")
    passed(low, "the new master forwards")
    assert len(high[1].frames()) == before, "the old one does so no more"
    assert behind.holder.alive()


# ---- one router ----

CONFIG = """
vrrp_instance one {{
	interface eth0
	virtual_router_id 61
	version 3
	advert_int 0.1
	{vmac}
	virtual_ipaddress {{
		192.0.2.100/24
		{more}
	}}
}}
"""
SETTINGS = ("arp_ignore", "arp_announce", "arp_filter", "rp_filter", "accept_local", "promote_secondaries")


class Alone:
    """One vipd on a node with two interfaces, and what was there before it."""

    def __init__(self, lab):
        self.node = lab.node("alone", "192.0.2.1/24")
        self.node.link("eth1", "198.51.100.1/24")
        self.node.sysctl("net.ipv4.conf.eth1.arp_announce", 1)
        self.before, self.runs = self.kernel(), 0

    def kernel(self):
        """Interfaces with their addresses, and the settings of those that are not ours."""
        found = {name: sorted(info["local"] for info in link["addr_info"] if ":" not in info["local"])
                 for name, link in ((link["ifname"], link) for link in json.loads(self.node.output("ip", "-j", "address")))}
        return found, self.settings("eth0"), self.settings("eth1")

    def settings(self, interface):
        return self.node.output("sh", "-c", 'cd /proc/sys/net/ipv4/conf/$0 && cat "$@"', interface, *SETTINGS).split()

    def write(self, vmac="use_vmac", more="", extra=""):
        self.config = self.node.write("vipd.conf", CONFIG.format(vmac=vmac, more=more) + extra)

    def start(self, *words, **options):
        self.write(*words, **options)
        self.runs += 1
        self.daemon = self.node.vipd(self.config, log=f"vipd-{self.runs}.log")
        wait_until(lambda: "is ready" in self.daemon.text() or not self.daemon.alive(), 10, "vipd")

    def reload(self, *words, **options):
        self.write(*words, **options)
        self.node.vipctl("reload")

    def state(self):
        return json.loads(self.node.vipctl("-j", "status").stdout)["instances"][0]["state"]

    def becomes(self, state):
        wait_until(lambda: self.state() == state, 10, state)

    def addresses(self):
        return {name: found for name, found in self.kernel()[0].items() if name.startswith("vrrp") or name == "mine"}


def test_the_life_of_a_macvlan(lab):
    alone = Alone(lab)
    node = alone.node
    alone.start(more="198.51.100.100/24 dev eth1 use_vmac")
    alone.becomes("MASTER")
    wait_until(lambda: alone.addresses() == {NAME: ["192.0.2.100"], "vrrp1.61": ["198.51.100.100"]}, 5, "addresses")
    made = links(node)
    for name, parent in ((NAME, "eth0"), ("vrrp1.61", "eth1")):
        assert (made[name]["address"], made[name]["link"]) == (VMAC, parent)
        assert made[name]["linkinfo"]["info_data"]["mode"] == "private"
        assert alone.settings(name) == ["1", "2", "0", "0", "1", "1"]
        assert node.output("cat", f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").strip() == "1"
    assert alone.settings("eth0")[:2] == ["1", "2"] and alone.settings("eth1")[:2] == ["1", "2"]

    # Deleted: FAULT, made again, and BACKUP before MASTER.
    seen = len(alone.daemon.text())
    node.run("ip", "link", "delete", NAME)
    wait_until(lambda: f"made {NAME}" in alone.daemon.text()[seen:], 5, "made again")
    wait_until(lambda: alone.addresses() == {NAME: ["192.0.2.100"], "vrrp1.61": ["198.51.100.100"]}, 10, "master again")
    wait_until(lambda: "BACKUP -> MASTER" in alone.daemon.text()[seen:], 5, "the log says so")
    states = [line.split("one: ")[1].split(":")[0] for line in alone.daemon.text()[seen:].splitlines() if "one: " in line
              and "->" in line]
    assert states == ["MASTER -> FAULT", "FAULT -> BACKUP", "BACKUP -> MASTER"]
    # Taken down: FAULT until somebody takes it up; no business of ours.
    node.ip(f"link set {NAME} down")
    alone.becomes("FAULT")
    holds(lambda: alone.state() == "FAULT", 0.5, "it stays")
    node.ip(f"link set {NAME} up")
    alone.becomes("MASTER")
    # With another address it is not ours any more, and made anew.
    node.ip(f"link set {NAME} address 02:00:00:00:00:99")
    wait_until(lambda: links(node).get(NAME, {}).get("address") == VMAC, 5, "the address is right again")
    alone.becomes("MASTER")
    # The interface below.
    node.ip("link set eth0 down")
    alone.becomes("FAULT")
    node.ip("link set eth0 up")
    alone.becomes("MASTER")

    # After a crash what is right is adopted, the other removed; never is anything there twice.
    alone.daemon.kill()
    left = links(node)
    assert set(left) >= {NAME, "vrrp1.61"}
    alone.start()
    assert links(node)[NAME]["ifindex"] == left[NAME]["ifindex"]
    wait_until(lambda: set(alone.addresses()) == {NAME}, 5, "the other one is gone")
    assert alone.settings("eth1") == alone.before[2], "the interface below has its own settings again"
    alone.becomes("MASTER")
    assert alone.daemon.stop() == 0
    assert alone.kernel() == alone.before


def test_reloads(lab):
    """use_vmac comes, gets a name, another address, goes; another daemon's interface is left alone."""
    alone = Alone(lab)
    node = alone.node
    alone.start(vmac="")
    alone.becomes("MASTER")
    alone.reload("use_vmac")
    alone.becomes("MASTER")
    wait_until(lambda: alone.addresses() == {NAME: ["192.0.2.100"]}, 5, "the address has moved")
    assert alone.kernel()[0]["eth0"] == ["192.0.2.1"]
    index = links(node)[NAME]["ifindex"]
    alone.reload("use_vmac", more="192.0.2.101/24 dev eth0")
    wait_until(lambda: alone.addresses() == {NAME: ["192.0.2.100", "192.0.2.101"]}, 5, "one more address")
    assert links(node)[NAME]["ifindex"] == index, "a reload without need makes nothing anew"
    for vmac, name, mac in (("use_vmac mine", "mine", VMAC), ("use_vmac mine 02:00:00:00:00:07", "mine", "02:00:00:00:00:07"),
                            ("use_vmac", NAME, VMAC)):
        alone.reload(vmac)
        alone.becomes("MASTER")
        wait_until(lambda name=name: alone.addresses() == {name: ["192.0.2.100"]}, 5, vmac)
        assert links(node)[name]["address"] == mac
    alone.reload("")
    alone.becomes("MASTER")
    wait_until(lambda: alone.kernel()[0] == {**alone.before[0], "eth0": ["192.0.2.1", "192.0.2.100"]}, 5, "back below")
    assert alone.settings("eth0") == alone.before[1]

    node.ip("link add mine link eth0 address 02:00:00:00:00:01 type macvlan mode bridge", "link set mine up")
    foreign = links(node)["mine"]
    alone.reload("use_vmac mine")
    alone.becomes("FAULT")
    holds(lambda: links(node)["mine"] == foreign and alone.state() == "FAULT", 1.2, "it is not touched")
    assert alone.daemon.text().count("mine above eth0: an interface of that name is there") == 1
    node.ip("link delete mine")
    alone.becomes("MASTER")
    assert alone.daemon.stop() == 0
    assert alone.kernel() == alone.before
