# SPDX-License-Identifier: MIT
"""Every way of speaking VRRP with Debian's keepalived, and version 3 with FRR's vrrpd: vipd as master, as backup, and
three machines of both kinds.

Each case is a story of its own: the master falls silent, comes back and resigns, and of three machines the second
resigns as well. There is one master after each of these, at its time, by the capture of another machine; nobody refuses
a packet, tshark neither. The cases run beside one another in processes of their own, for they wait nearly all of the
time; tshark is asked once, at the end, as it costs more than they do.
"""

import collections
import concurrent.futures
import multiprocessing
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

from lab import Lab, holds, wait_until
from vrrp_pair import (HIGH_PRIORITY, LOW_PRIORITY, NET4, NET6, V2_PASS, VRID, Mode, Pair, Router, assert_took, flagged,
                       silence, with_a_flipped_bit)

AT_ONCE = 12
PEERS = "unicast_src_ip {own}\n\tunicast_peer {{\n\t\t{peer}\n\t}}"
AUTH = "authentication {{\n\t\tauth_type AH\n\t\tauth_pass secret12345\n\t}}"
SECOND = VRID + 1  # of the sync group
GLOBAL6 = NET6._replace(high="2001:db8::2", low="2001:db8::1", third="2001:db8::3")
SYNC = """
vrrp_instance VI_2 {{
	state {state}
	interface eth0
	virtual_router_id 62
	version 3
	advert_int 0.2
	priority {priority}
	virtual_ipaddress {{
		192.0.2.101/24
	}}
}}
vrrp_sync_group VG {{
	group {{
		VI_1
		VI_2
	}}
}}
"""
MODES = [
    Mode("v2", 2, 1, "version 2\n\tadvert_int 1"),
    V2_PASS,
    Mode("v2-ah", 2, 1, f"advert_int 1\n\t{AUTH}"),
    # Not of 224.0.0.0/24, where tshark objects to any TTL but 1 unless the group is VRRP's own.
    Mode("v2-own-group", 2, 1, "advert_int 1\n\tmcast_dst_ip 239.255.0.81"),
    Mode("v2-unicast", 2, 1, f"version 2\n\tadvert_int 1\n\t{PEERS}", True),
    Mode("v3-1s", 3, 1, "version 3\n\tadvert_int 1"),
    Mode("v3-0.1s", 3, 0.1, "version 3\n\tadvert_int 0.1"),
    Mode("v3-ipv6", 3, 0.2, "version 3\n\tadvert_int 0.2", net=NET6),
    Mode("v3-unicast", 3, 0.5, f"version 3\n\tadvert_int 0.5\n\t{PEERS}", True),
    Mode("v3-unicast-ipv6", 3, 0.2, "version 3\n\tadvert_int 0.2\n\tunicast_ttl 255\n\t"
         + PEERS.replace("{peer}", "{peer} min_ttl 255 max_ttl 255"), True, GLOBAL6),
    Mode("vmac", 3, 0.2, "version 3\n\tadvert_int 0.2\n\tuse_vmac"),
    Mode("sync-group", 3, 0.2, "version 3\n\tadvert_int 0.2", more=SYNC),
]
SEATS = [("vipd", "keepalived"), ("keepalived", "vipd"), ("vipd", "vipd", "keepalived")]
Case = collections.namedtuple("Case", "mode seats")
CASES = [Case(mode, seats) for mode in MODES for seats in SEATS]
LAST = 50  # less than FRR has
FRR_MODES = [Mode("ipv4", 3, 0.2, "version 3\n\tadvert_int 0.2", net=NET4),
             Mode("ipv6", 3, 0.2, "version 3\n\tadvert_int 0.2", net=NET6)]
# FRR speaks from an interface of its own, for IPv6 from the link-local address of that.
SPEAKER = {"ipv4": NET4.low, "ipv6": "fe80::5"}
# What either says of a packet that it does not take. A lower priority is no fault of a packet.
REFUSAL = {"vipd": re.compile(r"packet from (?!.*a lower priority than ours)"),
           "keepalived": re.compile(r"invalid|bogus|mismatch|incorrect|checksum|dropped|ignoring (received|advert)|unexpected|not present", re.I)}


def title(case):
    return f"{case.mode.name}-{'-'.join(case.seats)}"


def refusals(router):
    return [line for line in router.daemon.text().splitlines() if REFUSAL[router.kind].search(line)]


def turns(adverts, slack):
    """Who was master, one after the other. What crossed the first advert of the next one on the wire does not count."""
    found = []
    for advert in adverts:
        crossed = len(found) > 1 and advert.source == found[-2].source and advert.time - found[-1].time < slack
        if advert.priority and not crossed and (not found or found[-1].source != advert.source):
            found.append(advert)
    return [advert.source for advert in found]


def check_announcements(pair, since):
    """Of the low router, with its first advert; those of a kernel that makes them at once as well."""
    if pair.net == NET4 and "use_vmac" not in pair.mode.config:
        told = pair.capture.gratuitous(pair.net.vips[0].split("/")[0], since=since.time - 0.001)[0]
        assert told.time >= since.time, "the advert goes first"
        if pair.low.kind == "vipd":
            assert told.time - since.time < 0.15 + pair.pulse.allowance(since.time, told.time)
    elif pair.net != NET4:
        mac = pair.low.node.output("cat", "/sys/class/net/eth0/address").strip()
        for vip in (vip.split("/")[0] for vip in pair.net.vips):
            found = [na for na in pair.capture.unsolicited(vip, since.time - 0.001) if na.frame_macs[1] == mac]
            assert found[0].time - since.time < 0.1 + pair.pulse.allowance(since.time, found[0].time)
            for na in found:
                assert (na.source, na.hops, na.flags, na.mac) == (vip, 255, 1, mac)
                assert na.frame_macs == ("33:33:00:00:00:01", mac)


def check_adverts(pair):
    mode, capture = pair.mode, pair.capture
    vips = [vip.split("/")[0] for vip in pair.net.vips]
    key = b"secret12" if mode == V2_PASS else b""  # the first eight octets
    for advert in capture.adverts(VRID):
        assert (advert.version, advert.type, advert.ttl, advert.interval) == (mode.version, 1, 255, mode.interval)
        assert advert.addresses == vips
        if mode.name == "v2-ah":
            assert advert.raw[4] == 2
        else:
            assert advert.auth.rstrip(b"\0") == key
    ipv4 = [frame for _, frame in capture.frames() if frame[12:14] == b"\x08\x00"]
    sent = [frame for frame in ipv4 if frame[23] in (51, 112)]
    if mode.name == "v2-ah":
        numbers = [int.from_bytes(frame[42:46], "big") for frame in sent if frame[23] == 51]
        assert len(numbers) == len(sent), "none goes without"
        assert numbers == sorted(numbers), "whoever is master goes on where the last one was"
    if mode.unicast:
        ours = {router.address for router in pair.routers if router.kind == "vipd"}
        told = {".".join(map(str, frame[26:30])) for frame in ipv4 if frame[23] == 2}
        assert not told & ours, "not even a membership report"
    if pair.net == NET4:
        to = {".".join(map(str, frame[30:34])) for frame in sent}
        group = {"239.255.0.81"} if mode.name == "v2-own-group" else {"224.0.0.18"}
        assert to == {router.address for router in pair.routers} if mode.unicast else to == group


def story(lab, case):
    pair = Pair(lab, *case.seats[:2], mode=case.mode, third=(*case.seats, None)[2])
    pair.one_master(pair.high)
    _, first = pair.silence_then_return()
    pair.stays_quiet(first.time)
    pair.one_master(pair.high)
    check_announcements(pair, first)
    pair.resignation()
    order = [pair.net.high, pair.net.low, pair.net.high, pair.net.low]
    if pair.third:
        pair.one_master(pair.low)
        pair.second_resignation()
        order.append(pair.net.third)
    pair.one_master(pair.third or pair.low)
    slack = 0.1 + pair.pulse.worst(first.time)
    path = pair.capture.stop().path
    for vrid in (VRID, SECOND) if case.mode.more else (VRID,):
        assert turns(pair.capture.adverts(vrid), slack) == order, f"masters of {vrid}"
    check_adverts(pair)
    for router in pair.routers:
        assert refusals(router) == []
    return path


def play(case, folder):
    """Runs in a process of its own; leaves its capture in the folder."""
    with Lab() as lab:
        try:
            shutil.copyfile(story(lab, case), folder / f"{title(case)}.pcap")
        except BaseException:
            if "VIPD_KEEP" in os.environ:
                lab.keep(pathlib.Path(os.environ["VIPD_KEEP"]) / title(case))
            raise


@pytest.fixture(scope="module")
def captures(tmp_path_factory):
    return tmp_path_factory.mktemp("captures")


@pytest.fixture(scope="module")
def matrix(request, captures):
    """What becomes of each case that is to be run."""
    cases = [item.callspec.params["case"] for item in request.session.items
             if item.path == request.path and "case" in getattr(item, "fixturenames", ())]
    cases.sort(key=lambda case: case.mode.interval, reverse=True)  # those that wait longest
    with concurrent.futures.ProcessPoolExecutor(AT_ONCE, multiprocessing.get_context("fork")) as pool:
        yield {title(case): pool.submit(play, case, captures) for case in cases}


class Frr:
    """FRR's vrrpd, which keeps to the RFC and to virtual link layer addresses."""

    def __init__(self, lab, mode):
        family = mode.name
        self.node = lab.node("frr")
        self.node.sysctl("net.ipv6.conf.default.addr_gen_mode", 1)
        self.node.link("eth0", *[pattern.format(1) for pattern in mode.net.hosts])
        number = {"ipv4": "01", "ipv6": "02"}[family]
        addresses = [vip for vip in mode.net.vips if not vip.startswith("fe80")] + ["fe80::5/64"] * (family == "ipv6")
        self.node.ip(f"link add vrrp link eth0 address 00:00:5e:00:{number}:{VRID:02x} type macvlan mode bridge",
                     *[f"address add {address} dev vrrp" + " nodad" * (":" in address) for address in addresses],
                     "link set vrrp up")
        self.node.run("install", "-d", "-o", "frr", "-g", "frr", "/run/frr")
        settings = [f"version 3", f"priority {LOW_PRIORITY}", f"advertisement-interval {mode.interval * 1000:.0f}",
                    *[f"{family.replace('ipv4', 'ip')} {vip.split('/')[0]}" for vip in mode.net.vips]]
        self.node.write("run/frr/vrrpd.conf", "interface eth0\n" + "".join(f" vrrp {VRID} {line}\n" for line in settings))

    def start(self):
        common = ("-z", "/run/frr/zserv", "-A", "127.0.0.1", "-P", "0", "--vty_socket", "/run/frr", "--log", "stdout")
        self.node.popen("/usr/lib/frr/zebra", "-f", "/dev/null", "-i", "/run/frr/zebra.pid", *common, log="zebra.log")
        wait_until(lambda: self.node.run("test", "-S", "/run/frr/zserv", check=False).returncode == 0, 10, "zebra")
        self.daemon = self.node.popen("/usr/lib/frr/vrrpd", "-f", "/run/frr/vrrpd.conf", "-i", "/run/frr/vrrpd.pid",
                                      *common, log="vrrpd.log")
        return self


@pytest.mark.parametrize("mode", FRR_MODES, ids=lambda mode: mode.name)
def test_master_and_backup_of_frr(lab, matrix, mode):
    """While the cases begin to run beside it. Shows VT-9, VS-1."""
    assert matrix is not None
    speaker = SPEAKER[mode.name]
    assert lab.pulse, "beats from now on"
    watcher = lab.node("watcher", "192.0.2.9/24")
    capture = watcher.capture("eth0", "ip proto 112 or ip6 proto 112")
    ours = Router(lab, "vipd", mode.net.high, HIGH_PRIORITY, mode).start()
    wait_until(ours.is_master, 10, "master")
    frr = Frr(lab, mode).start()
    holds(lambda: frr.daemon.alive() and not capture.adverts(VRID, speaker), 1.2, "FRR is backup")
    # Our resignation is understood.
    ours.daemon.stop(signal.SIGTERM)
    first = wait_until(lambda: capture.adverts(VRID, speaker), 5, "FRR takes over")[0]
    last = capture.adverts(VRID, mode.net.high)[-1]
    assert last.priority == 0 and 0 < first.time - last.time < silence(LOW_PRIORITY, mode) - 0.05, "not mere silence"
    # As backup we hear it, and take over in time when it is silent.
    ours.config.write_text(ours.config.read_text().replace(f"priority {HIGH_PRIORITY}", f"priority {LAST}"))
    began = time.time()
    ours.start()
    wait_until(lambda: ours.daemon.text().count("is ready") == 2, 10, "vipd")
    holds(lambda: not capture.adverts(VRID, mode.net.high, began), 1.2, "backup of FRR")
    killed = time.time()
    frr.daemon.kill()
    first = wait_until(lambda: capture.adverts(VRID, mode.net.high, killed), 5, "takeover")[0]
    last = capture.adverts(VRID, speaker)[-1]
    assert_took(last, first, silence(LAST, mode), "vipd", lab.pulse)
    assert flagged(capture.stop().path) == ""
    assert not [line for line in frr.daemon.text().splitlines() if "checksum" in line.lower() or "invalid" in line.lower()]


@pytest.mark.parametrize("case", CASES, ids=title)
def test_one_master_at_its_time(matrix, case):
    """Shows VT-1, VT-2, VT-4, VT-7, VS-1, VS-2, VS-3, VS-6, VS-8, VS-17."""
    matrix[title(case)].result(timeout=180)


def test_tshark_finds_nothing_wrong(captures):
    paths = sorted(captures.glob("*.pcap"))
    assert paths, "of the cases before"
    merged = captures / "all"
    subprocess.run(["mergecap", "-a", "-F", "pcap", "-w", merged, *paths], check=True, timeout=60)
    assert flagged(merged) == ""
    for case in CASES:  # one of each version: tshark must be able to object
        path = captures / f"{title(case)}.pcap"
        if case.mode.name in ("v2-pass", "v3-0.1s", "v3-ipv6") and case.seats == SEATS[0] and path.exists():
            assert flagged(with_a_flipped_bit(path, captures / "bent", case.mode.version)) != ""
