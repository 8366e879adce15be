# SPDX-License-Identifier: MIT
"""VRRPV3-MIB of a real version 3 router: what its columns say of packets and times, what may be set and is then on the
wire, and its two notifications."""

import pytest

import snmp
from lab import wait_until

V, V3 = snmp.VRRP_MIB, snmp.VRRPV3_MIB
INDEX = snmp.KEEPALIVED_MIB + ".2.6.1.7.1.1"  # vrrpAddressIfIndex
UPTIME = ".1.3.6.1.2.1.1.3.0"
VIP, FIRST, SECOND = "10.9.0.100", "10.9.0.7", "10.9.0.2"
CONFIG = """
global_defs {{ enable_traps }}
vrrp_instance VI_1 {{
    version 3
    state MASTER
    interface eth0
    virtual_router_id {vrid}
    priority 150
    advert_int 0.25
    virtual_ipaddress {{
        {vip}
        10.9.0.99
    }}
}}
"""

# An advert for VRID and priority with a TTL, over and over; its checksum is right or not.
SEND = """
import socket, struct, sys
ttl, vrid, bent, times = map(int, sys.argv[1:])
body = struct.pack("!BBBBHH", 0x31, vrid, 90, 1, 25, 0) + bytes((10, 9, 0, 100))
pseudo = bytes((10, 9, 0, 8, 224, 0, 0, 18, 0, 112)) + struct.pack("!H", len(body))
total = sum(struct.unpack("!%dH" % (len(pseudo + body) // 2), pseudo + body))
while total >> 16:
    total = (total & 0xffff) + (total >> 16)
body = body[:6] + struct.pack("!H", (~total & 0xffff) ^ bent) + body[8:]
sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, ttl)
sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.9.0.8"))
for _ in range(times):
    sock.sendto(body, ("224.0.0.18", 0))
"""


class Router:
    """vipd behind a real snmpd, master of version 3, and a machine that sends it packets."""

    def __init__(self, lab):
        self.node = lab.node("director", FIRST + "/24", SECOND + "/24")
        self.sender = lab.node("sender", "10.9.0.8/24")
        self.script = self.sender.write("send.py", SEND)
        self.node.snmpd(traps_to="127.0.0.1", extra="group readers v1 reader")
        self.traps = self.node.snmptrapd()
        self.reader = self.node.snmp("127.0.0.1")
        self.writer = self.reader.as_writer()
        self.file = self.node.write("vipd.conf", CONFIG.format(vrid=51, vip=VIP))
        self.capture = self.node.capture("eth0", "vrrp")
        wait_until(lambda: self.reader.answers(UPTIME), 15, "snmpd")
        self.process = self.node.vipd(self.file, "-x", "-A", self.node.agentx)
        wait_until(lambda: self.reader.answers(INDEX), 15, "the agent")
        self.ifindex = self.get(INDEX)
        wait_until(self.is_master, 15, "master")

    def row(self, column, vrid=51):
        return f"{V3}.1.1.1.1.{column}.{self.ifindex}.{vrid}.1"

    def statistic(self, column, vrid=51):
        return f"{V3}.1.2.5.1.{column}.{self.ifindex}.{vrid}.1"

    def get(self, oid):
        return self.reader.get(oid).text

    def is_master(self):
        return self.get(self.row(6)) == "3"

    def send(self, ttl=255, vrid=51, bent=0, times=1):
        self.sender.run("python3", self.script, str(ttl), str(vrid), str(bent), str(times))

    def next_advert(self):
        count = len(self.capture.adverts(vrid=51))
        return wait_until(lambda: self.capture.adverts(vrid=51)[count:], 10, "an advert")[0]

    def refused(self, reason, *words):
        with pytest.raises(snmp.SnmpError) as caught:
            self.writer.set(*words)
        assert caught.value.reason == reason, words


@pytest.fixture
def router(lab):
    return Router(lab)


def ticks(text):
    return int(text)


def check_sets(router):
    priority, row_status, interval, primary = (router.row(column) for column in (7, 13, 9, 4))
    for value in (0, 255, 256):
        router.refused("wrongValue", priority, "u", value)
    router.refused("wrongType", priority, "i", 100)
    router.writer.set(priority, "u", 254)
    wait_until(lambda: router.next_advert().priority == 254, 5, "the priority on the wire")
    router.refused("inconsistentValue", interval, "i", 50)
    router.refused("inconsistentValue", row_status, "i", 6)
    router.refused("wrongValue", row_status, "i", 3)
    router.refused("noCreation", router.row(13, vrid=52), "i", 4)
    router.writer.set(row_status, "i", 2)
    assert [router.get(router.row(column)) for column in (6, 12, 13)] == ["1", "0", "2"]
    assert wait_until(lambda: [a for a in router.capture.adverts(vrid=51) if a.priority == 0], 5, "resignation")
    assert router.get(router.statistic(8)) == "1"
    router.refused("wrongValue", interval, "i", 0)
    router.refused("wrongValue", interval, "i", 4096)
    router.refused("inconsistentValue", primary, "x", "0A090003")
    router.refused("wrongLength", primary, "x", "0A0900")
    router.writer.set(primary, "x", "0A090002", interval, "i", 50, row_status, "i", 1)
    wait_until(router.is_master, 10, "master again")
    advert = router.next_advert()
    assert (advert.source, advert.interval, advert.priority, advert.ttl) == (SECOND, 0.5, 254, 255)
    assert router.get(router.statistic(1)) == "2"


def check_errors(router):
    """Each packet moves its counter; the notification comes once for many."""
    error = V3 + ".0.2"
    router.send(ttl=254, times=50)
    wait_until(lambda: router.get(router.statistic(5)) == "50", 10, "the counter")
    assert router.get(router.statistic(6)) == "1"
    wait_until(lambda: router.traps.count(error), 10, "vrrpv3ProtoError")
    router.send(bent=1, times=3)
    wait_until(lambda: router.get(V3 + ".1.2.1.0") == "3", 10, "checksum errors")
    router.send(vrid=77)
    wait_until(lambda: router.get(V3 + ".1.2.3.0") == "1", 10, "VRID errors")
    wait_until(lambda: router.traps.count(error) == 2, 10, "the second notification")
    reason = router.statistic(6)
    assert [trap.varbinds[reason].text for trap in router.traps.all(error)] == ["1", "3"]
    assert router.get(reason) == "3"
    assert router.get(router.statistic(3)) == "0", "none of these is an advertisement received"
    router.send()
    wait_until(lambda: router.get(router.statistic(3)) == "1", 10, "a good one")


def test_the_row_tells_of_the_wire(router):
    new_master = V3 + ".0.1"
    wait_until(lambda: router.traps.count(new_master), 10, "vrrpv3NewMaster")
    trap = router.traps.all(new_master)[0]
    assert list(trap.varbinds) == [router.row(3), router.statistic(2)]
    assert trap.varbinds[router.row(3)].text.strip() == "0A 09 00 07" and trap.varbinds[router.statistic(2)].text == "3"
    assert router.get(V + ".1.1.0") == "2" and not router.reader.walk(V + ".1.3"), "no row of version 2"
    began, up = ticks(router.get(router.statistic(12))), ticks(router.get(router.row(12)))
    assert 0 < began <= ticks(router.get(UPTIME)) and ticks(router.get(V3 + ".1.2.4.0")) > 0
    wait_until(lambda: ticks(router.get(router.row(12))) >= up + 100, 10, "uptime grows")
    check_sets(router)
    check_errors(router)
    # SNMPv1 has no Counter64: the walk leaves those columns out and ends.
    old = router.node.output("snmpwalk", "-v1", "-c", "public", "-On", "-m", "", "127.0.0.1", V3)
    assert router.statistic(13) in old and router.statistic(3) not in old and V3 + ".1.2.4.0" in old

    router.file.write_text(CONFIG.format(vrid=52, vip=VIP))
    before = ticks(router.get(UPTIME))
    router.node.vipctl("reload")
    wait_until(lambda: router.reader.answers(router.row(6, vrid=52)), 10, "the row of the new VRID")
    assert not router.reader.walk(router.row(6).rpartition(".51.")[0] + ".51")
    again = ticks(router.get(router.statistic(12, vrid=52)))
    # What the subagent knows of the master's clock comes from whole ticks: it may be one behind, never ahead.
    assert before - 1 <= again <= ticks(router.get(UPTIME)) and router.get(router.statistic(5, vrid=52)) == "0"
    assert router.get(V3 + ".1.2.1.0") == "3" and ticks(router.get(V3 + ".1.2.4.0")) < again
