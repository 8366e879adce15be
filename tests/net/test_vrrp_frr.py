# SPDX-License-Identifier: MIT
"""FRR's vrrpd, which keeps to the RFC and to virtual link layer addresses, in one group with vipd over either family."""

import signal
import time

import pytest

from lab import holds, wait_until
from vrrp_pair import (HIGH_PRIORITY, LOW_PRIORITY, NET4, NET6, VRID, Mode, Router, assert_took, flagged, silence)

LAST = 50  # less than FRR has
MODES = [Mode("ipv4", 3, 0.2, "version 3\n\tadvert_int 0.2", net=NET4),
         Mode("ipv6", 3, 0.2, "version 3\n\tadvert_int 0.2", net=NET6)]
# FRR speaks from an interface of its own, for IPv6 from the link-local address of that.
SPEAKER = {"ipv4": NET4.low, "ipv6": "fe80::5"}


class Frr:
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


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_master_and_backup_of_frr(lab, mode):
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
