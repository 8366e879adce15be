# SPDX-License-Identifier: MIT
"""What only the wire shows: whole frames of vipd against frames made here, frames made here against vipd, and who answers
ARP and neighbour solicitations while the address moves from one router to another."""

import collections
import ipaddress
import pathlib
import signal
import struct
import time

from lab import wait_until
from pcap import parse_neighbour_advert
from vrrp_pair import HIGH_PRIORITY, LOW_PRIORITY, NET4, VIP, Mode, Router

GROUPS = {4: ("224.0.0.18", "01005e000012"), 6: ("ff02::12", "333300000012")}
PROBE_MAC = "02:00:00:00:00:99"
Instance = collections.namedtuple("Instance", "vrid version interval vips source lines auth", defaults=("", b""))
# Addresses neither sorted nor, over IPv6, with the link-local one first.
V2 = Instance(61, 2, 1, ["192.0.2.110", "192.0.2.100", "192.0.2.105"], "192.0.2.1",
              "authentication {\n\t\tauth_type PASS\n\t\tauth_pass 1234\n\t}", b"1234".ljust(8, b"\0"))
V3 = Instance(62, 3, 100, ["192.0.2.112", "192.0.2.102"], "192.0.2.1", "version 3")
PLAIN = Instance(63, 3, 100, ["192.0.2.113"], "192.0.2.1", "version 3\n\tv3_checksum_as_v2")
V6 = Instance(64, 3, 100, ["2001:db8::100", "2001:db8::90", "fe80::100"], "fe80::1", "version 3")
OWNER = Instance(65, 2, 1, ["192.0.2.115"], "192.0.2.1")
ROUTERS = {"V2": V2, "V3": V3, "PLAIN": PLAIN, "V6": V6, "OWNER": OWNER}
PRIORITY = {"OWNER": 255}

CONFIG = "global_defs {\n\tlog_unknown_vrids\n}\n" + "".join(f"""
vrrp_instance {name} {{
	interface eth0
	virtual_router_id {router.vrid}
	priority {PRIORITY.get(name, 200)}
	{router.lines}
	virtual_ipaddress {{
		{chr(10).join(router.vips)}
	}}
}}
""" for name, router in ROUTERS.items())

# Sends frames, given in hexadecimal, one after the other; with a number of seconds before them, round and round.
SENDER = """
import socket, sys, time
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(("eth0", 0))
every, frames = float(sys.argv[1]), [bytes.fromhex(word) for word in sys.argv[2:]]
while True:
    for frame in frames:
        out.send(frame)
        time.sleep(every)
    if not every:
        break
"""


def octets(address):
    return ipaddress.ip_address(address).packed


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2 + len(data) % 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def with_checksum(message, at, pseudo=b""):
    return message[:at] + struct.pack(">H", checksum(pseudo + message[:at] + b"\0\0" + message[at + 2:])) + message[at + 2:]


def pseudo_header(source, destination, protocol, size):
    return octets(source) + octets(destination) + struct.pack(">HH" if "." in source else ">II", protocol, size)


def advert(router, priority, source=None, plain=None, destination=None, **change):
    """The message; change: version, type, count, auth_type, interval, vips, auth instead of what is right."""
    get = {"type": 1, "auth_type": int(bool(router.auth)), **router._asdict(), **change}.get
    vips, source = get("vips"), source or router.source
    timing = struct.pack(">BB", get("auth_type"), get("interval")) if router.version == 2 else struct.pack(">H", get("interval"))
    auth = (get("auth") or bytes(8)) if router.version == 2 else b""
    message = struct.pack(">BBBB", get("version") << 4 | get("type"), get("vrid"), priority, get("count", len(vips)))
    message += timing + b"\0\0" + b"".join(octets(vip) for vip in vips) + auth
    plain = router.version == 2 if plain is None else plain
    group = destination or GROUPS[ipaddress.ip_address(source).version][0]
    return with_checksum(message, 6, b"" if plain else pseudo_header(source, group, 112, len(message)))


def frame(message, source, mac, ttl=255, destination=None, to_mac=None, padding=0):
    """Ethernet and IP around a message of VRRP."""
    version = ipaddress.ip_address(source).version
    group, group_mac = GROUPS[version]
    destination = destination or group
    if version == 4:
        header = with_checksum(struct.pack(">BBHHHBBH", 0x45, 0xC0, 20 + len(message), 0, 0, ttl, 112, 0) + octets(source)
                               + octets(destination), 10)
    else:
        header = struct.pack(">IHBB", 0x6C000000, len(message), 112, ttl) + octets(source) + octets(destination)
    return (bytes.fromhex((to_mac or group_mac).replace(":", "") + mac.replace(":", ""))
            + (b"\x08\x00" if version == 4 else b"\x86\xdd") + header + message + b"\xee" * padding)


class Bench:
    """One vipd with all of ROUTERS, alone on its wire, and a node that sends and captures frames."""

    def __init__(self, lab):
        self.node = lab.node("director")
        self.node.sysctl("net.ipv6.conf.default.addr_gen_mode", 1)
        self.node.link("eth0", "192.0.2.1/24", "fe80::1/64")
        self.mac = self.node.output("cat", "/sys/class/net/eth0/address").strip()
        self.probe = lab.node("probe", "192.0.2.9/24")
        self.capture = self.probe.capture("eth0", "ip proto 112 or ip6 proto 112")
        self.daemon = self.node.vipd(self.node.write("vipd.conf", CONFIG))
        wait_until(lambda: all(f"{name}: BACKUP -> MASTER" in self.daemon.text() for name in ROUTERS if name != "OWNER"),
                   15, "master of all")

    def send(self, *frames):
        self.probe.run("/usr/bin/python3", "-c", SENDER, 0, *[data.hex() for data in frames])

    def said(self, text):
        return wait_until(lambda: text in self.daemon.text(), 5, text)


def without_identification(data):
    """A kernel numbers the packets, or does not."""
    return data[:18] + data[20:24] + data[26:] if data[12:14] == b"\x08\x00" else data


def test_every_octet_that_is_sent(lab):
    """Also by which clocks the timers go, 0 being the one that can be stepped.

    Shows VT-1, VT-3, VT-4, VT-9, VT-11, VS-15."""
    bench = Bench(lab)
    wanted = {}
    for name, router in ROUTERS.items():
        vips = sorted(router.vips, key=lambda vip: not vip.startswith("fe80"))  # the others keep their order
        message = advert(router, PRIORITY.get(name, 200), plain=router is PLAIN or None, vips=vips)
        wanted[without_identification(frame(message, router.source, bench.mac)).hex()] = name

    def seen():
        return {without_identification(data).hex() for _, data in bench.capture.frames()}

    wait_until(lambda: len(seen()) >= len(wanted), 5, "a frame of each")
    assert seen() == set(wanted), wanted
    told = [path.read_text() for path in pathlib.Path(f"/proc/{bench.daemon.pid}/fdinfo").iterdir()]
    clocks = {line.split()[1] for text in told for line in text.splitlines() if line.startswith("clockid:")}
    assert clocks and "0" not in clocks



def changed(router, words, **change):
    """A frame with one thing wrong, as of test_what_is_refused."""
    return words, router, lambda source: frame(advert(router, 254, source, **change), source, PROBE_MAC)


def spoilt(router, words, spoil):
    """The same, of a good message."""
    return words, router, lambda source: frame(spoil(advert(router, 254, source)), source, PROBE_MAC)


def misled(router, words, **way):
    """The same, of a good message that comes in a wrong way."""
    return words, router, lambda source: frame(advert(router, 254, source, destination=way.get("destination")), source,
                                               PROBE_MAC, **way)


def flip(message):
    return message[:2] + bytes([message[2] ^ 1]) + message[3:]


def wrong_frames(bench):
    """(what the log says, router, maker of the frame for a source); each would make a backup of the router if it were
    accepted. Fewer than 60: of more reasons and sources at once the log says only how many there were."""
    for router in (V2, V3, V6):
        yield from (misled(router, "wrong TTL", ttl=ttl) for ttl in (0, 1, 254))
        yield from (changed(router, "wrong version", version=version) for version in {0, 2, 3, 4, 15} - {router.version})
        yield from (changed(router, "not an advertisement", type=number) for number in (0, 2))
        yield from (spoilt(router, "too short", lambda message, end=end: message[:end]) for end in (2, 7))
        yield spoilt(router, "length does not match", lambda message: message[:-1])
        yield changed(router, "length does not match", count=255)
        yield spoilt(router, "wrong checksum", flip)
        yield changed(router, "no such virtual router here", vrid=99)
        yield misled(router, "not sent to where this router listens", destination=router.source, to_mac=bench.mac)
    yield changed(V2, "unknown authentication type", auth_type=3)
    yield changed(V2, "authentication type differs from ours", auth_type=0)
    yield changed(V2, "wrong password", auth=b"1235".ljust(8, b"\0"))
    yield changed(V2, "advertisement interval differs from ours", interval=2)
    for router in (V3, V6):
        yield changed(router, "interval is zero", interval=0)
        yield changed(router, "no address", vips=[])


def test_what_is_refused(lab):
    """Each wrong frame is named for what is wrong with it and moves nobody; right ones, padded as short frames are, do.

    Shows VR-1, VR-2, VR-3, VR-4, VR-5, VR-6, VR-8, VR-9, VR-18, VS-18."""
    bench = Bench(lab)
    frames, expected = [], []
    for number, (words, router, make) in enumerate(wrong_frames(bench), 20):
        source = f"fe80::{number:x}" if router is V6 else f"192.0.2.{number}"
        frames.append(make(source))
        expected.append(f"packet from {source} on eth0 for VRID {frames[-1][55 if router is V6 else 35]}: {words}")
    # Another owner, thrice, from the lower address.
    frames += [frame(advert(OWNER, 255, "192.0.2.0"), "192.0.2.0", PROBE_MAC)] * 3
    bench.send(*frames)
    expected.append("OWNER: packet from 192.0.2.0 on eth0 for VRID 65: a second router claims to own the addresses")
    for line in expected:
        bench.said(line)
    assert "MASTER -> BACKUP" not in bench.daemon.text()
    bench.send(*[frame(advert(router, 254, source), source, PROBE_MAC, padding=6)
                 for router in (V2, V3, PLAIN, V6) for source in [V6 is router and "fe80::9" or "192.0.2.9"]])
    for name in ("V2", "V3", "PLAIN", "V6"):
        bench.said(f"{name}: MASTER -> BACKUP: heard a higher priority")
    assert bench.daemon.text().count("a second router claims") == 1


FAST = Mode("fast", 3, 0.2, "version 3\n\tadvert_int 0.2", net=NET4._replace(hosts=["192.0.2.{}/24", "fe80::{}/64"]))
VIP6 = "2001:db8::100"
Answer = collections.namedtuple("Answer", "time mac inside")


def questions():
    """An ARP request and a neighbour solicitation for the virtual addresses."""
    arp = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + bytes.fromhex(PROBE_MAC.replace(":", "")) + octets("192.0.2.9")
    arp += bytes(6) + octets(VIP)
    group = str(ipaddress.ip_address(octets("ff02::1:ff00:0")[:13] + octets(VIP6)[13:]))
    solicit = struct.pack(">BBHI", 135, 0, 0, 0) + octets(VIP6) + b"\1\1" + bytes.fromhex(PROBE_MAC.replace(":", ""))
    solicit = with_checksum(solicit, 2, pseudo_header("fe80::9", group, 58, len(solicit)))
    packet = struct.pack(">IHBB", 6 << 28, len(solicit), 58, 255) + octets("fe80::9") + octets(group) + solicit
    mac = bytes.fromhex(PROBE_MAC.replace(":", ""))
    return [b"\xff" * 6 + mac + b"\x08\x06" + arp, b"\x33\x33" + octets(group)[12:] + mac + b"\x86\xdd" + packet]


def answers(capture):
    """To each of the questions: [Answer] for IPv4, [Answer] for IPv6."""
    four, six = [], []
    for when, data in capture.frames():
        if data[12:14] == b"\x08\x06" and data[20:22] == b"\0\2" and data[28:32] == octets(VIP):
            four.append(Answer(when, data[6:12].hex(":"), data[22:28].hex(":")))
        na = parse_neighbour_advert(when, data)
        if na and na.target == VIP6 and na.destination == "fe80::9":
            six.append(Answer(when, na.frame_macs[1], na.mac))
    return four, six


def test_who_answers(lab):
    """Asked every hundredth of a second while the addresses go to the other router and come back: the master, and, for
    no longer than a message takes on this machine, never both.

    Shows VS-7, VS-9, VS-10."""
    pulse = lab.pulse
    extra = f"virtual_ipaddress_excluded {{\n\t\t{VIP6}/64\n\t}}"
    high = Router(lab, "vipd", NET4.high, HIGH_PRIORITY, FAST, extra)
    low = Router(lab, "vipd", NET4.low, LOW_PRIORITY, FAST, extra)
    macs = [router.node.output("cat", "/sys/class/net/eth0/address").strip() for router in (high, low)]
    probe = lab.node("probe")
    probe.link("eth0", "192.0.2.9/24", "fe80::9/64")
    probe.ip(f"link set eth0 address {PROBE_MAC}")
    capture = probe.capture("eth0", "arp or icmp6")
    high.start()
    wait_until(high.is_master, 10, "the high one is master")
    low.start()
    probe.popen("/usr/bin/python3", "-c", SENDER, 0.005, *[data.hex() for data in questions()], log="sender.log")

    def of(mac, since, until=float("inf")):
        return [[answer.time for answer in found if answer.mac == mac and since <= answer.time < until]
                for found in answers(capture)]

    def answered(mac, since, who):
        return wait_until(lambda: all(len(times) > 30 for times in of(mac, since)) and of(mac, since), 10, f"answers of {who}")

    answered(macs[0], 0, "the high one")
    left = time.time()
    high.daemon.stop(signal.SIGTERM)
    first_low = answered(macs[1], left, "the low one")
    returned = time.time()
    high.start()
    first_high = answered(macs[0], returned, "the high one again")
    wait_until(lambda: low.daemon.text().count("MASTER -> BACKUP") == 1, 5, "the low one knows")
    capture.stop()
    for kind in (0, 1):
        assert not of(macs[1], 0, left)[kind], "a backup from the start"
        for old, since, until in ((macs[0], first_low[kind][0], returned), (macs[1], first_high[kind][0], float("inf"))):
            both = max(of(old, since, until)[kind], default=since) - since
            assert both < pulse.allowance(since, since + 1), f"both answered for {both:.3f} s"
        assert all(answer.mac == answer.inside for answer in answers(capture)[kind])
    for arp in capture.gratuitous(VIP):
        assert (arp.operation, arp.destination_mac) == (1, "ff:ff:ff:ff:ff:ff") and arp.sender_mac in macs


VIRTUAL = """
vrrp_instance V4 {{
	interface eth0
	virtual_router_id 61
	version 3
	advert_int 0.2
	priority {priority}
	use_vmac
	virtual_ipaddress {{
		{vip}/24
	}}
}}
vrrp_instance V6 {{
	interface eth0
	virtual_router_id 61
	version 3
	advert_int 0.2
	priority {priority}
	use_vmac v6mac
	virtual_ipaddress {{
		fe80::100/64
		{vip6}/64
	}}
}}
"""
VMAC, VMAC6 = "00:00:5e:00:01:3d", "00:00:5e:00:02:3d"


def test_who_answers_with_a_virtual_address(lab):
    """Asked from before the start, while a router becomes master, and with a backup beside it: only the virtual MAC is
    ever heard, and nobody makes an address of it.

    Shows VS-9, VS-13, VS-14."""
    nodes = [lab.node(f"router{number}", f"192.0.2.{number}/24", f"fe80::{number}/64") for number in (1, 2)]
    probe = lab.node("probe")
    probe.link("eth0", "192.0.2.9/24", "fe80::9/64")
    probe.ip(f"link set eth0 address {PROBE_MAC}")
    capture = probe.capture("eth0", "arp or icmp6")
    probe.popen("/usr/bin/python3", "-c", SENDER, 0.005, *[data.hex() for data in questions()], log="sender.log")
    for node, priority in zip(nodes, (200, 100)):
        node.daemon = node.vipd(node.write("vipd.conf", VIRTUAL.format(priority=priority, vip=VIP, vip6=VIP6)))
        wait_until(lambda: node.daemon.text().count("-> BACKUP") == 2, 10, "backup")
    wait_until(lambda: all(len(found) > 50 for found in answers(capture)), 15, "answers")
    for found, mac in zip(answers(capture), (VMAC, VMAC6)):
        assert {(answer.mac, answer.inside) for answer in found} == {(mac, mac)}
    for node in nodes:
        assert "5eff:fe00" not in node.output("ip", "-6", "address", "show")
