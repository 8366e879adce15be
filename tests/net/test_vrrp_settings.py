# SPDX-License-Identifier: MIT
"""Settings of the kernel that virtual routers ask for: set while vipd runs, as before at the end, whatever way that came;
beside Debian's keepalived. And a master that could not run for a while."""

import signal
import time

import pytest

from lab import holds, wait_until

CONFIG = """
global_defs {{
    {defs}
}}
vrrp_instance VI_1 {{
    interface eth0
    virtual_router_id 61
    {extra}
    virtual_ipaddress {{
        192.0.2.100/24
    }}
}}
"""
IGMP, PROMOTE = "igmp_link_local_mcast_reports", "conf/eth0/promote_secondaries"
BOTH = {"defs": "disable_local_igmp", "extra": "promote_secondaries"}


def settings(node):
    return [int(node.output("cat", f"/proc/sys/net/ipv4/{name}")) for name in (IGMP, PROMOTE)]


def config(node, defs="", extra=""):
    return node.write("director.conf", CONFIG.format(defs=defs, extra=extra))


def set_soon(node, wanted, what):
    wait_until(lambda: settings(node) == wanted, what=what)


def test_they_are_set_while_it_runs_and_given_back(lab):
    node, other = (lab.node(name, f"192.0.2.{number}/24") for number, name in enumerate(("vipd", "keepalived"), 1))
    assert settings(node) == settings(other) == [1, 0]
    reports = node.capture("eth0", "igmp")
    keepalived = other.keepalived(config(other, **BOTH))
    vipd = node.vipd(config(node, **BOTH))
    for one in node, other:
        set_soon(one, [0, 1], f"both are set on {one.name}")
    wait_until(lambda: node.has_address("192.0.2.100") or other.has_address("192.0.2.100"), what="a master")
    assert reports.stop().frames() == [], "no report of 224.0.0.18"
    keepalived.stop()
    set_soon(other, [1, 0], "keepalived gives them back")

    config(node, defs="disable_local_igmp")
    vipd.send(signal.SIGHUP)
    set_soon(node, [0, 0], "promote_secondaries is asked for no more")
    config(node, defs="disable_local_igmp", extra="promote_secondaries")
    vipd.send(signal.SIGHUP)
    set_soon(node, [0, 1], "and again")
    node.ip("link set eth0 down", "link set eth0 name eth1", "link set eth1 name eth0", "link set eth0 up")
    vipd.kill()
    assert settings(node) == [0, 1]

    vipd = node.vipd(config(node, extra="promote_secondaries"), log="again.log")
    set_soon(node, [1, 1], "what a crash has left and nobody wants is given back")
    assert vipd.stop() == 0
    assert settings(node) == [1, 0], "and what was wanted at the end"
    assert not list((node.dir / "run").rglob("*.settings*"))


def test_an_administrators_setting_is_his(lab):
    node = lab.node("vipd", "192.0.2.1/24")
    node.sysctl("net.ipv4.conf.eth0.promote_secondaries", 1)
    vipd = node.vipd(config(node, **BOTH))
    set_soon(node, [0, 1], "IGMP")
    node.sysctl("net.ipv4.igmp_link_local_mcast_reports", 1)
    assert vipd.stop() == 0
    assert settings(node) == [1, 1]


def test_an_interface_that_comes_later_has_it_too(lab):
    node = lab.node("vipd", "192.0.2.1/24")
    config(node, extra="promote_secondaries").write_text(CONFIG.format(defs="", extra="promote_secondaries").replace("eth0", "br9"))
    vipd = node.vipd(node.dir / "director.conf")
    wait_until(lambda: "is ready" in vipd.text(), what="vipd")
    node.ip("link add br9 type bridge")
    wait_until(lambda: node.output("cat", "/proc/sys/net/ipv4/conf/br9/promote_secondaries") == "1\n", what="the setting")


@pytest.mark.parametrize("extra,returns", [("timer_expired_backup 100", False), ("", True)])
def test_a_master_that_could_not_run(lab, extra, returns):
    """It leaves the mastership to who has taken over, with timer_expired_backup; a control without."""
    fast = "version 3\n    advert_int 0.2\n    nopreempt\n    priority"
    high, low = lab.node("vipd", "192.0.2.1/24"), lab.node("keepalived", "192.0.2.2/24")
    vipd = high.vipd(config(high, extra=f"{fast} 200\n    {extra}"))
    wait_until(lambda: high.has_address("192.0.2.100"), what="the high one is master")
    low.keepalived(config(low, extra=f"{fast} 100"))
    wait_until(lambda: "Entering BACKUP STATE" in low.processes[-1].text(), what="the low one is backup")
    adverts = low.capture("eth0", "ip proto 112")
    vipd.pause()
    wait_until(lambda: low.has_address("192.0.2.100"), what="the low one has taken over")
    resumed = time.time()
    vipd.resume()
    if returns:
        wait_until(lambda: not low.has_address("192.0.2.100"), what="the low one yields")
        return
    wait_until(lambda: not high.has_address("192.0.2.100"), what="the high one yields")
    wait_until(lambda: "own adverts were too late" in vipd.text(), what="its reason")
    holds(lambda: low.has_address("192.0.2.100"), 1.5, "the low one stays master")
    assert {a.priority for a in adverts.adverts(61, since=resumed)} == {100}
