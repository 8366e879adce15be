# SPDX-License-Identifier: MIT
"""Virtual routers on interfaces of other kinds: a VLAN, a bond, a bridge, a member of a VRF; each on its own, all at once,
with keepalived as the other one, with and without a virtual MAC address."""

from lab import wait_until

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
