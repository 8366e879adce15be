# SPDX-License-Identifier: MIT
"""Captures, read back without help: VRRP adverts and their gaps, announcements of ARP and of neighbours.

Timing is judged from here, never from logs.
"""

import collections
import ipaddress
import pathlib
import struct

Advert = collections.namedtuple("Advert", "time source ttl version type vrid priority interval addresses auth raw")
NeighbourAdvert = collections.namedtuple("NeighbourAdvert",
                                         "time source destination hops flags target mac frame_macs")
Bfd = collections.namedtuple("Bfd", "time source destination ttl sport dport diag state poll final multiplier mine yours "
                                    "min_tx min_rx")
Arp = collections.namedtuple("Arp", "time operation sender_mac sender target destination_mac")

VRRP, AH, UDP = 112, 51, 17


ETHERNET, NETLINK = 1, 253  # link layers


def read_frames(path, link=ETHERNET):
    """(time, frame) of each packet; a half written last record is left out."""
    data = pathlib.Path(path).read_bytes()
    if len(data) < 24:
        return []
    magic = data[:4]
    order = "<" if magic in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    unit = 1e9 if magic in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") else 1e6
    assert struct.unpack(order + "I", data[20:24])[0] & 0xFFFF == link, "a capture of another kind of link"
    frames, at = [], 24
    while at + 16 <= len(data):
        seconds, part, size, _ = struct.unpack(order + "4I", data[at:at + 16])
        if at + 16 + size > len(data):
            break
        frames.append((seconds + part / unit, data[at + 16:at + 16 + size]))
        at += 16 + size
    return frames


def _payload(frame):
    """(ethertype, payload) past any VLAN tags."""
    at, kind = 12, struct.unpack(">H", frame[12:14])[0]
    while kind in (0x8100, 0x88A8):
        at += 4
        kind = struct.unpack(">H", frame[at:at + 2])[0]
    return kind, frame[at + 2:]


def parse_advert(time, frame):
    """An Advert, or None when the frame is something else."""
    kind, packet = _payload(frame)
    if kind == 0x0800 and len(packet) >= 20 and packet[9] in (VRRP, AH):
        header = (packet[0] & 15) * 4
        if packet[9] == AH:
            if packet[header:header + 1] != bytes([VRRP]):
                return None
            header += 24
        source, ttl, width = str(ipaddress.ip_address(packet[12:16])), packet[8], 4
        body = packet[header:struct.unpack(">H", packet[2:4])[0]]
        if packet[header:header + 1] == b"":
            return None
    elif kind == 0x86DD and len(packet) >= 40 and packet[6] == VRRP:
        source, ttl, width = str(ipaddress.ip_address(packet[8:24])), packet[7], 16
        body = packet[40:40 + struct.unpack(">H", packet[4:6])[0]]
    else:
        return None
    if len(body) < 8:
        return None
    version, count = body[0] >> 4, body[3]
    interval = body[5] if version == 2 else (struct.unpack(">H", body[4:6])[0] & 0xFFF) / 100
    end = 8 + count * width
    addresses = [str(ipaddress.ip_address(body[at:at + width])) for at in range(8, min(end, len(body)), width)
                 if at + width <= len(body)]
    return Advert(time, source, ttl, version, body[0] & 15, body[1], body[2], interval, addresses, body[end:end + 8], body)


def parse_neighbour_advert(time, frame):
    """A NeighbourAdvert with its option, or None when the frame is something else; flags are R 4, S 2, O 1."""
    kind, packet = _payload(frame)
    if kind != 0x86DD or len(packet) < 64 or packet[6] != 58 or packet[40] != 136:
        return None
    option = packet[64:72]
    return NeighbourAdvert(time, str(ipaddress.ip_address(packet[8:24])), str(ipaddress.ip_address(packet[24:40])),
                           packet[7], packet[44] >> 5, str(ipaddress.ip_address(packet[48:64])),
                           option[2:8].hex(":") if option[:2] == b"\2\1" else None,
                           (frame[:6].hex(":"), frame[6:12].hex(":")))


def parse_bfd(time, frame):
    """A Bfd, or None when the frame is something else; state is a word, intervals are in seconds."""
    kind, packet = _payload(frame)
    if kind == 0x0800 and len(packet) >= 20 and packet[9] == UDP:
        at, ends, ttl = (packet[0] & 15) * 4, (packet[12:16], packet[16:20]), packet[8]
    elif kind == 0x86DD and len(packet) >= 40 and packet[6] == UDP:
        at, ends, ttl = 40, (packet[8:24], packet[24:40]), packet[7]
    else:
        return None
    sport, dport = struct.unpack(">HH", packet[at:at + 4])
    body = packet[at + 8:]
    if dport not in (3784, 4784) or len(body) < 24:
        return None
    mine, yours, min_tx, min_rx = struct.unpack(">4I", body[4:20])
    return Bfd(time, *[str(ipaddress.ip_address(end)) for end in ends], ttl, sport, dport, body[0] & 31,
               ("AdminDown", "Down", "Init", "Up")[body[1] >> 6], bool(body[1] & 0x20), bool(body[1] & 0x10), body[2],
               mine, yours, min_tx / 1e6, min_rx / 1e6)


class Capture:
    """A running or finished tcpdump."""

    def __init__(self, path, process=None):
        self.path, self.process = pathlib.Path(path), process

    def stop(self):
        if self.process:
            self.process.stop()
        return self

    def frames(self):
        return read_frames(self.path) if self.path.exists() else []

    def adverts(self, vrid=None, source=None, since=0.0):
        """In order of time; time is the wall clock's, as time.time()."""
        found = (parse_advert(*frame) for frame in self.frames())
        return [advert for advert in found if advert and advert.time >= since
                and (vrid is None or advert.vrid == vrid) and (source is None or advert.source == source)]

    def bfd(self, source=None, since=0.0):
        """BFD packets in order of time, as adverts()."""
        found = (parse_bfd(*frame) for frame in self.frames())
        return [packet for packet in found if packet and packet.time >= since and source in (None, packet.source)]

    def gaps(self, **which):
        """Seconds between consecutive adverts."""
        times = [advert.time for advert in self.adverts(**which)]
        return [later - earlier for earlier, later in zip(times, times[1:])]

    def largest_gap(self, **which):
        """(seconds, when it began); (0, 0) with fewer than two adverts."""
        times = [advert.time for advert in self.adverts(**which)]
        return max(((later - earlier, earlier) for earlier, later in zip(times, times[1:])), default=(0.0, 0.0))

    def late_gaps(self, interval, pulse, **which):
        """(seconds, when it began) of each gap that is longer than 1.1 intervals, as promised, and than what this machine
        took from a thread of our own meanwhile (lab.Pulse)."""
        times = [advert.time for advert in self.adverts(**which)]
        return [(later - earlier, earlier) for earlier, later in zip(times, times[1:])
                if later - earlier > interval + max(0.1 * interval, pulse.every) + 2 * pulse.worst(earlier, later)]

    def masters(self, vrid=None, since=0.0):
        """Who spoke, each change once: the sources in order, without repeats."""
        result = []
        for advert in self.adverts(vrid=vrid, since=since):
            if advert.priority and (not result or result[-1] != advert.source):
                result.append(advert.source)
        return result

    def arps(self, since=0.0):
        result = []
        for time, frame in self.frames():
            kind, packet = _payload(frame)
            if kind == 0x0806 and len(packet) >= 28 and time >= since:
                result.append(Arp(time, struct.unpack(">H", packet[6:8])[0], packet[8:14].hex(":"),
                                  str(ipaddress.ip_address(packet[14:18])), str(ipaddress.ip_address(packet[24:28])),
                                  frame[:6].hex(":")))
        return result

    def gratuitous(self, address, since=0.0):
        return [arp for arp in self.arps(since) if arp.sender == arp.target == address]

    def unsolicited(self, address, since=0.0):
        """Neighbour advertisements for address that nobody had asked for."""
        found = (parse_neighbour_advert(*frame) for frame in self.frames())
        return [na for na in found if na and na.time >= since and na.target == address and na.destination == "ff02::1"]
