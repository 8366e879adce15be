# SPDX-License-Identifier: MIT
"""Instances without an interface: unicast from an address of the machine, whichever way the routes go."""

import signal

from lab import holds, wait_until

INSTANCE = """
vrrp_instance {name} {{
	{interface}
	virtual_router_id {vrid}
	{version}
	advert_int 1
	priority {priority}
	unicast_src_ip {own}
	unicast_peer {{
		{peer}
	}}
	{extra}
	virtual_ipaddress {{
		{vip} dev {device}
	}}
}}
"""


def instance(**words):
    return INSTANCE.format(**{"name": "VI", "interface": "", "vrid": 61, "version": "version 3", "extra": "", "device": "eth0", **words})


def test_beside_keepalived(lab):
    """Both families and version 2 with AH, each as master and as backup of keepalived, which cannot omit the interface."""
    kinds = {"v2": ("192.0.2.{}", "192.0.2.{}01/24", "version 2\n\tauthentication {\n\t\tauth_type AH\n\t\tauth_pass secret\n\t}"),
             "v3": ("192.0.2.{}", "192.0.2.{}02/24", "version 3"),
             "v6": ("2001:db8::{}", "2001:db8::{}03/64", "version 3")}
    wide, other = [lab.node(name, f"192.0.2.{number}/24", f"2001:db8::{number}/64") for number, name in ((1, "vipd"), (2, "keepalived"))]

    def text(number, interface):
        return "".join(instance(name=f"{kind}_{seat}", vrid=vrid + seat, interface=interface, version=version, own=own.format(number),
                                peer=own.format(3 - number), priority=100 + 100 * (seat == number),
                                vip=vip.format(seat))
                       for seat in (1, 2) for vrid, (kind, (own, vip, version)) in zip((10, 20, 30), kinds.items()))

    def has(node, seat):
        return [node.has_address(vip.format(seat).split("/")[0]) for _, vip, _ in kinds.values()]

    other.keepalived(other.write("keepalived.conf", text(2, "interface eth0")))
    wait_until(lambda: all(has(other, 1) + has(other, 2)), 20, "keepalived is alone")
    daemon = wide.vipd(wide.write("vipd.conf", text(1, "")))
    wait_until(lambda: all(has(wide, 1)) and not any(has(other, 1)), 20, "vipd takes what it has the priority for")
    holds(lambda: not any(has(wide, 2)) and all(has(other, 2)), 4, "and keepalived keeps the others")
    daemon.stop(signal.SIGTERM)
    wait_until(lambda: all(has(other, 1)), 10, "keepalived is alone again")
    assert not any(has(wide, 1))


def test_two_ways(lab):
    """The peers' addresses are on no link; the adverts go by either, come in by the other, and one may fail."""
    nodes = []
    for number, name, priority in ((1, "high", 200), (2, "low", 100)):
        node = lab.node(name, f"192.0.2.{number}/24")
        node.link("eth1", f"198.51.100.{number}/24")
        node.ip(f"address add 203.0.113.{number}/32 dev lo", "link add vip type bridge", "link set vip up")
        for kind in ("all", "eth0", "eth1"):
            node.sysctl(f"net.ipv4.conf.{kind}.rp_filter", 0)
        node.ip(f"route add 203.0.113.{3 - number} via {('192.0.2.2', '198.51.100.1')[number - 1]}")
        nodes.append((node, node.write("vipd.conf", instance(
            own=f"203.0.113.{number}", peer=f"203.0.113.{3 - number}", priority=priority, vip="203.0.113.100/32", device="vip",
            extra="track_src_ip"))))
    (high, config), (low, low_config) = nodes
    daemon, other = high.vipd(config), low.vipd(low_config)
    wait_until(lambda: high.has_address("203.0.113.100"), 15, "the high one is master")
    wait_until(lambda: not low.has_address("203.0.113.100"), 15, "the low one is not")
    high.ip("route replace 203.0.113.2 via 198.51.100.2", "link set eth0 down")
    holds(lambda: high.has_address("203.0.113.100") and not low.has_address("203.0.113.100"), 5, "the other way will do")
    # The source goes, which is all that it needs; then to an interface and back, by reload.
    high.ip("address del 203.0.113.1/32 dev lo")
    wait_until(lambda: low.has_address("203.0.113.100") and not high.has_address("203.0.113.100"), 15, "the low one takes over")
    high.ip("address add 203.0.113.1/32 dev lo")
    wait_until(lambda: high.has_address("203.0.113.100") and not low.has_address("203.0.113.100"), 15, "the high one is back")
    text = config.read_text()
    config.write_text(text.replace("virtual_router_id", "interface eth0\n\tvirtual_router_id"))
    daemon.send(signal.SIGHUP)
    wait_until(lambda: low.has_address("203.0.113.100") and not high.has_address("203.0.113.100"), 15, "its interface is down")
    config.write_text(text)
    daemon.send(signal.SIGHUP)
    wait_until(lambda: high.has_address("203.0.113.100") and not low.has_address("203.0.113.100"), 15, "without one it is not missed")
    config.write_text(text.replace("virtual_router_id", "vrf lo\n\tvirtual_router_id"))
    daemon.send(signal.SIGHUP)
    wait_until(lambda: low.has_address("203.0.113.100"), 15, "a VRF that is none is a fault")
    other.kill()
    daemon.stop(signal.SIGTERM)
    assert not high.has_address("203.0.113.100")
