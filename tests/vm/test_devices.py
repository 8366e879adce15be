# SPDX-License-Identifier: MIT
"""Virtual routers on interfaces of other kinds: a VLAN, a bond, a bridge, a member of a VRF; each on its own, all at once,
with keepalived as the other one, with and without a virtual MAC address; and in a VRF without an interface."""

import signal

from lab import holds, wait_until

KINDS = {"vlan": "link add link eth1 name vlan type vlan id 5",
         "bond": "link add bond type bond mode active-backup",
         "bridge": "link add bridge type bridge",
         "member": "link add red type vrf table 77"}
ABOVE = {"bond": ["link set eth2 down", "link set eth2 master bond"], "bridge": ["link set eth3 master bridge"],
         "member": ["link set red up", "link set eth4 down", "link set eth4 name member", "link set member master red"]}
INSTANCE = """
vrrp_instance {kind}{extra} {{
    interface {kind}
    virtual_router_id {vrid}
    version 3
    advert_int 0.5
    priority {priority}
    {extra}
    virtual_ipaddress {{
        10.{net}.0.{vrid}/24
    }}
}}
"""


EXPECTED = {f"10.{net}.0.{vrid}" for net in range(1, 5) for vrid in (100 + net, 200 + net)}


def router(lab, name, number, priority):
    """(the node, its configuration: on each interface an instance with a virtual MAC address and one without)"""
    node = lab.node(name)
    for link in range(1, 5):
        node.link(f"eth{link}")
    for net, (kind, words) in enumerate(KINDS.items(), 1):
        node.ip(words, *ABOVE.get(kind, []), f"link set eth{net} up" if kind != "member" else "link set member up",
                f"link set {kind} up", f"address add 10.{net}.0.{number}/24 dev {kind}")
    text = "".join(INSTANCE.format(kind=kind, vrid=first + net, net=net, priority=priority, extra=extra)
                   for net, kind in enumerate(KINDS, 1) for first, extra in ((100, ""), (200, "use_vmac")))
    return node, node.write("director.conf", text)


def mastered(node):
    return {address for address in EXPECTED if node.has_address(address)}


def test_routers_on_each(lab):
    high, config = router(lab, "vipd", 1, 200)
    low, other = router(lab, "keepalived", 2, 100)
    daemon = high.vipd(config)
    wait_until(lambda: mastered(high) == EXPECTED, 60, "the high one is master of all")
    low.keepalived(other)
    wait_until(lambda: low.processes[-1].text().count("Entering BACKUP STATE") >= len(EXPECTED), 60, "the low one is backup")
    assert mastered(low) == set()
    member = high.output("ip", "-o", "link", "show", "master", "red")
    assert "vrrp.204" in member, "what stands above a member of a VRF is a member, too"
    daemon.stop()
    wait_until(lambda: mastered(low) == EXPECTED, 60, "the low one takes over all")
    assert mastered(high) == set()
    assert "vrrp." not in high.output("ip", "-o", "link")


WIDE = """
vrrp_instance {name} {{
    {where}
    virtual_router_id 61
    version 3
    advert_int 0.5
    priority {priority}
    unicast_src_ip {own}
    unicast_peer {{
        {peer}
    }}
    virtual_ipaddress {{
        {vip}/24 dev {device}
    }}
}}
"""


def test_a_vrf_instead_of_an_interface(lab):
    """One instance in a VRF, by IPv4 and IPv6, and one outside, without an interface all, as master and as backup; another
    machine without a VRF is the other one. The VRF goes and comes back."""
    outer, inner, inner6 = "10.9.0.{}", "10.8.0.{}", "2001:db8::{}"
    nets = (("out", "", outer, "eth1"), ("in4", "vrf red", inner, "eth2"), ("in6", "vrf red", inner6, "eth2"))
    vips = [own.format(100) for _, _, own, _ in nets]
    nodes = [lab.node("high"), lab.node("low")]
    for number, node in enumerate(nodes, 1):
        node.link("eth1")
        node.link("eth2")
        node.ip(f"address add {outer.format(number)}/24 dev eth1")

    def enslave(node, number):
        node.ip("link add red type vrf table 77", "link set red up", "link set eth2 master red")
        node.ip(f"address replace {inner.format(number)}/24 dev eth2", f"address replace {inner6.format(number)}/64 dev eth2 nodad")

    def config(node, number, priority, where=None):
        return node.write("director.conf", "".join(
            WIDE.format(name=name, where=line if where is None else where.format(device), own=own.format(number),
                        peer=own.format(3 - number), priority=priority, vip=own.format(100), device=device)
            for name, line, own, device in nets))

    def has(node):
        return [vip for vip in vips if node.has_address(vip)]

    (high, low) = nodes
    enslave(high, 1)
    low.ip(f"address add {inner.format(2)}/24 dev eth2", f"address add {inner6.format(2)}/64 dev eth2 nodad")
    keepalived = low.keepalived(config(low, 2, 150, "interface {}"))
    wait_until(lambda: has(low) == vips, 60, "keepalived is alone")
    daemon = high.vipd(config(high, 1, 100))
    wait_until(lambda: daemon.text().count("-> BACKUP") == len(vips), 60, "vipd has begun")
    holds(lambda: has(high) == [] and has(low) == vips, 5, "vipd hears the better ones, inside and outside")
    config(high, 1, 200)
    daemon.send(signal.SIGHUP)
    wait_until(lambda: has(high) == vips and has(low) == [], 60, "vipd is heard, inside and outside")
    high.ip("link del red")
    wait_until(lambda: has(low) == vips[1:], 60, "without its VRF an instance is at fault")
    wait_until(lambda: has(high) == vips[:1], 60, "and it alone")
    enslave(high, 1)
    wait_until(lambda: has(high) == vips and has(low) == [], 60, "the VRF is back")
    high.ip("link set red down")
    wait_until(lambda: has(low) == vips[1:], 60, "a VRF that is down is as good as none")
    high.ip("link set red up")
    high.ip(f"address replace {inner6.format(1)}/64 dev eth2 nodad")
    wait_until(lambda: has(high) == vips and has(low) == [], 60, "and up again")
    keepalived.kill()
    daemon.stop()
    assert has(high) == []
