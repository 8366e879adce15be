# SPDX-License-Identifier: MIT
"""Virtual routers that speak from an ipvlan (use_ipvlan), vipd and keepalived in either seat: to a group, among unicast
peers, over IPv6; and what becomes of the ipvlans at a reload, a crash and a stop, and when somebody meddles with them."""

import json
import re

from lab import wait_until

VIPS = {"192.0.2.101", "192.0.2.102", "fe80::100"}
INSTANCES = """
vrrp_instance group {{
    interface eth0
    virtual_router_id 61
    version 3
    advert_int 0.5
    priority {priority}
    use_ipvlan {first}
    virtual_ipaddress {{
        192.0.2.101/24
    }}
}}
vrrp_instance peers {{
    interface eth0
    virtual_router_id 62
    version 3
    advert_int 0.5
    priority {priority}
    use_ipvlan peers 192.0.2.{host}2/24
    unicast_peer {{
        192.0.2.{peer}2
    }}
    virtual_ipaddress {{
        192.0.2.102/24
    }}
}}
vrrp_instance six {{
    interface eth0
    virtual_router_id 63
    version 3
    advert_int 0.5
    priority {priority}
    use_ipvlan
    virtual_ipaddress {{
        fe80::100/64
    }}
}}
"""


class Router:
    def __init__(self, lab, kind, host, peer):
        self.kind, self.host, self.peer, self.runs = kind, host, peer, 0
        self.node = lab.node(kind, f"192.0.2.{host}/24")
        self.before = set(self.links())

    def write(self, priority, first="", vmac=False):
        first = first or f"192.0.2.{self.host}1/24"
        text = INSTANCES.format(priority=priority, host=self.host, peer=self.peer, first=first)
        if vmac:
            text = re.sub("use_ipvlan.*", "use_vmac", text)
        self.config = self.node.write("director.conf", text)

    def start(self, priority=200):
        self.write(priority)
        self.runs += 1
        start = self.node.vipd if self.kind == "vipd" else self.node.keepalived
        self.daemon = start(self.config, log=f"{self.kind}-{self.runs}.log")

    def backup(self):
        wait_until(lambda: self.daemon.text().lower().count("backup") >= len(VIPS), 60, f"{self.kind} is backup")

    def reload(self, first="", **options):
        self.write(200, first, **options)
        self.node.vipctl("reload")

    def masters(self):
        return {vip for vip in VIPS if self.node.has_address(vip)}

    def becomes_master(self):
        wait_until(lambda: self.masters() == VIPS, 60, f"{self.kind} is master of all")

    def links(self):
        """{name: (kind, mode, flag, interface below, its IPv4 addresses)}"""
        found = {}
        for link in json.loads(self.node.output("ip", "-j", "-d", "address")):
            info = link.get("linkinfo", {})
            details = info.get("info_data", {})
            found[link["ifname"]] = (info.get("info_kind"), details.get("mode"), link.get("link"),
                                     [each["local"] for each in link["addr_info"] if each["family"] == "inet"])
        return found

    def becomes(self, name, address, kind="ipvlan", mode="l2"):
        wait_until(lambda: self.links().get(name) == (kind, mode, "eth0", [address]), 20,
                   f"{name} with {address}, not {self.links()}")


def test_beside_keepalived(lab):
    watcher = lab.node("watcher", "192.0.2.9/24")
    lab.switch.ip("link set br0 type bridge ageing_time 0")  # a hub, or the watcher would not see unicast
    capture = watcher.capture("eth0", "ip proto 112")
    vipd, other = Router(lab, "vipd", 1, 2), Router(lab, "keepalived", 2, 1)
    vipd.start()
    vipd.becomes_master()
    links = vipd.links()
    assert links["vrrp.61"] == ("ipvlan", "l2", "eth0", ["192.0.2.11"])
    assert links["peers"] == ("ipvlan", "l2", "eth0", ["192.0.2.12"])
    assert links["vrrp.63"] == ("ipvlan", "l2", "eth0", [])
    assert links["eth0"][3] == ["192.0.2.1", "192.0.2.101", "192.0.2.102"], "the virtual addresses stay below, as keepalived's"
    other.start(100)
    other.backup()

    # The life of an ipvlan.
    seen = len(vipd.daemon.text())
    vipd.node.run("ip", "link", "delete", "vrrp.61")
    wait_until(lambda: "made vrrp.61 above eth0" in vipd.daemon.text()[seen:], 20, "made again")
    vipd.becomes("vrrp.61", "192.0.2.11")
    wait_until(lambda: "group: FAULT -> BACKUP" in vipd.daemon.text()[seen:], 20, "it may run again")
    vipd.becomes_master()
    vipd.node.run("ip", "address", "delete", "192.0.2.12/24", "dev", "peers")
    wait_until(lambda: "set again 192.0.2.12/24 on peers" in vipd.daemon.text(), 20, "the address is set again")
    vipd.becomes("peers", "192.0.2.12")
    vipd.becomes_master()
    vipd.daemon.kill()
    index = vipd.node.output("cat", "/sys/class/net/vrrp.61/ifindex")
    vipd.start()
    vipd.becomes_master()
    assert vipd.node.output("cat", "/sys/class/net/vrrp.61/ifindex") == index, "adopted"
    for first, name, address in (("192.0.2.13/24", "vrrp.61", "192.0.2.13"), ("own 192.0.2.13", "own", "192.0.2.13")):
        vipd.reload(first)
        vipd.becomes(name, address)
        wait_until(lambda name=name: {"own", "vrrp.61"} & set(vipd.links()) == {name}, 20, "the former one is gone")
        vipd.becomes_master()
    wait_until(lambda: other.masters() == set(), 30, "keepalived is backup")
    vipd.reload("192.0.2.12/24")  # of another ipvlan here
    wait_until(lambda: "vrrp.61 above eth0: its address cannot be set: Address already in use" in vipd.daemon.text(), 20, "refused")
    wait_until(lambda: "192.0.2.101" not in vipd.masters(), 20, "FAULT")
    vipd.reload("192.0.2.11/24")
    vipd.becomes("vrrp.61", "192.0.2.11")
    vipd.becomes_master()

    # The other way round, at last with vipd as the backup of a master that speaks.
    assert vipd.daemon.stop() == 0
    assert set(vipd.links()) == vipd.before
    other.becomes_master()
    vipd.start(50)
    vipd.backup()
    since = capture.frames()[-1][0]
    wait_until(lambda: len(capture.adverts(61, "192.0.2.21", since)) > 8 and len(capture.adverts(62, "192.0.2.22", since)) > 8, 30,
               "keepalived speaks")
    assert vipd.masters() == set() and other.masters() == VIPS
    other.daemon.stop()
    vipd.becomes_master()
    for vrid, last in ((61, "192.0.2.21"), (62, "192.0.2.22")):
        assert capture.adverts(vrid, last)[-1].priority == 0
        assert {advert.source for advert in capture.adverts(vrid)} <= {last, f"192.0.2.1{last[-1]}", "192.0.2.13"}

    # Macvlans above the same interface: not before the ipvlans are gone, and the other way round.
    for vmac, kind in ((True, "macvlan"), (False, "ipvlan")):
        vipd.reload(vmac=vmac)
        wait_until(lambda kind=kind: vipd.links().get("vrrp.61", [None])[0] == kind, 20, kind)
        vipd.becomes_master()
    assert "cannot be made" not in vipd.daemon.text()
    assert vipd.daemon.stop() == 0
    assert set(vipd.links()) == vipd.before
