# SPDX-License-Identifier: MIT
"""DNS_CHECK, UDP_CHECK and PING_CHECK against dnsmasq, a UDP echo, the kernel, and servers that lie."""

import pytest

from checkprobe import probe, probe_one
from lab import wait_until

# Answers each datagram; what with, the argument says.
UDP_SERVER = """
import socket, sys
server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
server.bind(("::", 7))
while True:
    data, peer = server.recvfrom(65536)
    server.sendto({"echo": data, "other": b"other"}[sys.argv[1]], peer)
"""

# Answers echo requests in the place of the kernel, and wrongly.
PING_SERVER = """
import random, socket, struct, sys
mode = sys.argv[1]
server = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)

def answer(peer, data):
    data = b"\\0\\0\\0\\0" + data
    if len(data) % 2:
        data += b"\\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    total = ~((total & 0xffff) + (total >> 16)) & 0xffff
    server.sendto(data[:2] + struct.pack("!H", total) + data[4:], peer)

print("ready", flush=True)
while True:
    packet, peer = server.recvfrom(65536)
    request = packet[(packet[0] & 15) * 4:]
    if request[0] != 8:
        continue
    data = request[4:]
    wrong = {"id": bytes([data[0] ^ 1]) + data[1:], "cut": data[:10], "long": data + bytes(2000),
             "garbage": random.randbytes(len(data)), "late": data}[mode]
    for _ in range(200 if mode == "garbage" else 1):
        answer(peer, wrong)
    if mode == "late":
        answer(peer, data)
"""


def dns(options, extra=""):
    return f"DNS_CHECK {{\n connect_timeout 1\n {options}\n {extra}\n}}\n"


def udp(options=""):
    return f"UDP_CHECK {{\n connect_timeout 0.5\n {options}\n}}\n"


def ping(options=""):
    return f"PING_CHECK {{\n connect_timeout 0.5\n {options}\n}}\n"


@pytest.fixture
def pair(lab):
    server = lab.node("server", "192.0.2.1/24", "2001:db8::1/64")
    client = lab.node("client", "192.0.2.8/24", "192.0.2.9/24", "2001:db8::8/64")
    return server, client


def quick_neighbours(node):
    """A station that is not there is given up after a tenth of a second, not three."""
    for family in ("ipv4", "ipv6"):
        node.sysctl(f"net.{family}.neigh.eth0.mcast_solicit", 1)
        node.sysctl(f"net.{family}.neigh.eth0.retrans_time_ms", 100)


def test_dns(pair):
    server, client = pair
    process = server.popen("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                           "--user=root", "--pid-file", "--local=/example/", "--host-record=www.example,192.0.2.7",
                           log="dnsmasq.log")
    wait_until(lambda: ":53 " in server.output("ss", "-Hlnu") or not process.alive(), what="dnsmasq")
    assert process.alive(), process.text()
    good = dns("type A\n name www.example")
    assert probe_one(client, good, port=53, address="192.0.2.1") == (True, "ok", "NOERROR, 1 records")
    assert probe_one(client, good, port=53, address="2001:db8::1") == (True, "ok", "NOERROR, 1 records")
    assert probe_one(client, dns("type MX\n name www.example"), port=53, address="192.0.2.1") == (
        True, "ok", "NOERROR, 0 records")
    assert probe_one(client, dns("type A\n name none.example"), port=53, address="192.0.2.1") == (
        False, "bad content", "answered NXDOMAIN")
    # The default, SOA of the root, which this server does not know.
    assert probe_one(client, dns(""), port=53, address="192.0.2.1") == (False, "bad content", "answered REFUSED")
    process.pause()
    report = probe(client, good, port=53, address="192.0.2.1")[0]
    assert (report["up"], report["result"], report["detail"]) == ("0", "timeout", "no answer in time")
    assert 1_000_000 <= int(report["latency"]) < 2_000_000
    process.resume()
    process.stop()
    # ICMP says so at once.
    report = probe(client, good, port=53, address="192.0.2.1")[0]
    assert (report["result"], report["detail"]) == ("refused", "while waiting for an answer: Connection refused")
    assert int(report["latency"]) < 500_000


def test_udp(pair):
    server, client = pair
    script = server.dir / "server.py"
    script.write_text(UDP_SERVER)
    process = server.popen("python3", script, "echo", log="echo.log")
    wait_until(lambda: ":7 " in server.output("ss", "-Hlnu"), what="the echo")
    for address in ("192.0.2.1", "2001:db8::1"):
        assert probe_one(client, udp("payload 01 02 ff\n require_reply 01 X2 ff"), port=7, address=address) == (
            True, "ok", "reply of 3 octets")
        assert probe_one(client, udp(), port=8, address=address)[:2] == (False, "refused")
    assert probe_one(client, udp("payload 0102\n require_reply 0103"), port=7, address="192.0.2.1") == (
        False, "bad content", "reply differs at octet 1: 02, wanted 03")
    # More than a datagram of the link: it is cut on the way, and whole again there.
    assert probe_one(client, udp(f"payload {'ab' * 500} {'cd' * 1000} {'ef' * 500}\n require_reply\n max_reply_length 3000"),
                     port=7, address="192.0.2.1") == (True, "ok", "reply of 2000 octets")
    process.pause()
    assert probe_one(client, udp(), port=7, address="192.0.2.1") == (True, "ok", "nothing was said against it")
    assert probe_one(client, udp("require_reply"), port=7, address="192.0.2.1") == (False, "timeout", "no reply in time")
    process.resume()
    process.stop()


@pytest.mark.parametrize("checker", [udp, ping])
def test_what_icmp_says(pair, checker):
    server, client = pair
    quick_neighbours(client)
    for address in ("192.0.2.77", "2001:db8::77"):  # nobody is there
        report = probe(client, checker(), port=7, address=address)[0]
        assert (report["up"], report["result"]) == ("0", "unreachable"), report
        assert report["detail"] == "while waiting for an answer: No route to host"
    server.run("nft", "add table inet t; add chain inet t in { type filter hook input priority 0; };"
               "add rule inet t in ip saddr 192.0.2.8 reject with icmp host-prohibited;"
               "add rule inet t in ip6 saddr 2001:db8::8 ip6 nexthdr udp reject with icmpv6 admin-prohibited;"
               "add rule inet t in icmpv6 type echo-request reject with icmpv6 admin-prohibited")
    for address in ("192.0.2.1", "2001:db8::1"):
        report = probe(client, checker(), port=7, address=address)[0]
        assert (report["up"], report["result"]) == ("0", "unreachable"), report
        assert int(report["latency"]) < 500_000
    assert probe_one(client, checker(), port=7, address="198.51.100.1") == (
        False, "unreachable", "cannot connect: Network is unreachable")


@pytest.mark.parametrize("checker", [udp, ping])
def test_socket_options(pair, checker):
    server, client = pair
    process = server.popen("python3", "-c", UDP_SERVER, "echo", log="echo.log")
    wait_until(lambda: ":7 " in server.output("ss", "-Hlnu"), what="the echo")
    # Only what carries the mark finds the way.
    client.run("ip", "rule", "add", "pref", 100, "fwmark", 7, "lookup", 100)
    client.run("ip", "route", "add", "192.0.2.1", "dev", "eth0", "table", 100)
    client.run("ip", "route", "add", "prohibit", "192.0.2.1")
    assert probe_one(client, checker(), port=7, address="192.0.2.1")[1] == "unreachable"
    reply = "require_reply" if checker is udp else ""
    port = " and src port 4242" if checker is udp else ""
    capture = server.capture("eth0", f"src host 192.0.2.9{port}")
    options = f"fwmark 7\n bindto 192.0.2.9\n bind_port 4242\n bind_if eth0\n {reply}"
    reports = probe(client, checker(options), port=7, address="192.0.2.1", count=2)
    assert [report["result"] for report in reports] == ["ok"] * 2, reports
    capture.stop()
    assert len(capture.frames()) >= 2
    assert probe_one(client, checker("bindto 192.0.2.99"), port=7, address="192.0.2.1")[:2] == (True, "local error")
    process.stop()


def test_ping(pair):
    server, client = pair
    for address in ("192.0.2.1", "2001:db8::1"):
        assert probe_one(client, ping(), address=address) == (True, "ok", "echo reply")
    # The sysctl that ping sockets need stays as it is.
    assert client.output("sysctl", "-n", "net.ipv4.ping_group_range").split() == ["1", "0"]
    server.sysctl("net.ipv4.icmp_echo_ignore_all", 1)
    report = probe(client, ping(), address="192.0.2.1")[0]
    assert (report["up"], report["result"], report["detail"]) == ("0", "timeout", "no echo reply in time")
    assert 500_000 <= int(report["latency"]) < 1_500_000
    server.sysctl("net.ipv4.icmp_echo_ignore_all", 0)
    assert probe(client, ping(), address="192.0.2.1", count=2)[1]["up"] == "1"


def test_others_complaints_are_not_ours(pair):
    """Somebody else's large echo requests are refused while ours wait: that says nothing of ours."""
    server, client = pair
    server.sysctl("net.ipv4.icmp_echo_ignore_all", 1)
    server.run("nft", "add table inet t; add chain inet t in { type filter hook input priority 0; };"
               "add rule inet t in ip length > 100 reject with icmp host-prohibited")
    other = client.popen("python3", "-c", "import socket, struct, time\n"
                         "s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)\n"
                         "while True:\n s.sendto(struct.pack('!BBHHH', 8, 0, 0xf7fd, 1, 1) + bytes(200), ('192.0.2.1', 0))\n"
                         " time.sleep(0.02)\n", log="other.log")
    capture = client.capture("eth0", "icmp[icmptype] == icmp-unreach")
    wait_until(lambda: len(capture.frames()) > 2, what="complaints")
    report = probe(client, ping(), address="192.0.2.1")[0]
    assert (report["result"], report["detail"]) == ("timeout", "no echo reply in time")
    server.sysctl("net.ipv4.icmp_echo_ignore_all", 0)
    assert probe_one(client, ping(), address="192.0.2.1") == (True, "ok", "echo reply")
    capture.stop()
    other.stop()


def test_ping_lies(pair):
    server, client = pair
    server.sysctl("net.ipv4.icmp_echo_ignore_all", 1)
    for mode, up in (("id", False), ("cut", False), ("long", False), ("garbage", False), ("late", True)):
        process = server.popen("python3", "-c", PING_SERVER, mode, log=f"{mode}.log")
        wait_until(lambda p=process: "ready" in p.text(), what="the answerer")
        expected = (True, "ok", "echo reply") if up else (False, "timeout", "no echo reply in time")
        assert probe_one(client, ping(), address="192.0.2.1") == expected, mode
        process.stop()
