# SPDX-License-Identifier: MIT
"""no_accept: the virtual address routes and answers ARP, and takes nothing for itself; before and after a failover, with
a real client on another machine. The rules are ours alone, and gone with the daemon however that ends."""

import re
import signal

from lab import holds, wait_until

VIP, BEHIND = "192.0.2.100", "198.51.100.9"
CONFIG = """
global_defs {{
	{filter}
}}
vrrp_instance VI_1 {{
	interface eth0
	virtual_router_id 61
	version 3
	advert_int 0.2
	priority {priority}
	{more}
	virtual_ipaddress {{
		{vip}/24
	}}
	virtual_ipaddress_excluded {{
		{excluded}
	}}
}}
"""
MINE = "table inet mine { chain input { type filter hook input priority 0; policy accept; tcp dport 9 drop; }; }"


class Router:
    def __init__(self, lab, number, priority):
        self.number, self.priority, self.runs = number, priority, 0
        self.node = lab.node(f"router{number}", f"192.0.2.{number}/24")
        self.node.link("eth1", f"198.51.100.{number}/24")
        self.node.sysctl("net.ipv4.ip_forward", 1)
        self.node.nginx(f"router {number}\n")
        self.node.run("nft", MINE)
        self.before = self.rules()

    def write(self, more="no_accept", filter="", excluded="203.0.113.9/32"):
        self.config = self.node.write("vipd.conf", CONFIG.format(
            priority=self.priority, more=more, filter=filter, excluded=excluded, vip=VIP))

    def start(self, **settings):
        self.write(**settings)
        self.runs += 1
        self.daemon = self.node.vipd(self.config, log=f"vipd-{self.runs}.log")
        wait_until(lambda: "is ready" in self.daemon.text() or not self.daemon.alive(), 10, "vipd")

    def reload(self, **settings):
        self.write(**settings)
        self.node.vipctl("reload")

    def rules(self):
        return self.node.output("nft", "list", "ruleset")

    def tables(self):
        """Those that belong to a process: ours."""
        return re.findall(r"^table inet (\S+) .*\n\tflags owner$", self.rules(), re.M)

    def is_master(self):
        return self.node.has_address(VIP)


def pings(node, address, patience=1):
    return node.run("ping", "-c", "1", "-W", patience, address, check=False).returncode == 0


def test_the_address_routes_and_accepts_nothing(lab):
    high, low = Router(lab, 1, 200), Router(lab, 2, 100)
    client = lab.node("client", "192.0.2.9/24")
    behind = lab.node("behind")
    behind.link("eth0", f"{BEHIND}/24")
    behind.ip("route add 192.0.2.0/24 via 198.51.100.1")
    client.ip(f"route add 198.51.100.0/24 via {VIP}", f"route add 203.0.113.9/32 via {VIP}")
    high.start(filter="nftables_counters\nnftables_priority -7")
    low.start()
    wait_until(high.is_master, 10, "the high one is master")

    def refused(router):
        assert client.curl(f"http://192.0.2.{router.number}/") == f"router {router.number}\n", "its own address accepts"
        assert client.curl(f"http://{VIP}/", timeout=0.5) is None and not pings(client, VIP, 0.3)
        assert not pings(client, "203.0.113.9", 0.3), "an excluded one as well"
        assert "lladdr" in client.output("ip", "neigh", "show", VIP), "it answers ARP"
        assert pings(client, BEHIND), "it routes"

    refused(high)
    rules = high.rules()
    assert high.tables() == ["vipd"] and rules.count("priority filter - 7;") == 2
    assert re.search(r"ip daddr @\S+ counter packets [1-9]\d* bytes \d+ drop", rules)
    assert high.rules().startswith(high.before), "the user's own are untouched"

    high.daemon.stop(signal.SIGTERM)
    assert high.rules() == high.before
    behind.ip("route replace 192.0.2.0/24 via 198.51.100.2")
    wait_until(low.is_master, 5, "the low one takes over")
    wait_until(lambda: pings(client, BEHIND), 5, "it routes")
    refused(low)

    # As master, by a reload and back; the owner accepts whatever is said.
    low.reload(more="")
    wait_until(lambda: low.rules() == low.before, 5, "the rules go")
    assert client.curl(f"http://{VIP}/") == "router 2\n"
    low.reload(more="accept\nno_accept")
    wait_until(lambda: client.curl(f"http://{VIP}/", timeout=0.5) is None, 5, "they are back")
    low.priority = 255
    low.reload()
    wait_until(lambda: client.curl(f"http://{VIP}/", timeout=1) == "router 2\n", 5, "an owner accepts")
    low.priority = 100
    low.reload()
    wait_until(lambda: client.curl(f"http://{VIP}/", timeout=0.5) is None, 5, "no owner any more")
    # Our table outlives a flush of everything, which is what a reload of the distribution's rules does.
    low.node.run("nft", "flush", "ruleset")
    assert low.tables() == ["vipd"]
    low.node.run("nft", MINE)
    low.daemon.kill()
    wait_until(lambda: low.rules() == low.before, 5, "a crash leaves nothing")


def test_a_table_of_somebody_else_and_addresses_of_ipv6(lab):
    router = Router(lab, 1, 100)
    client = lab.node("client", "192.0.2.9/24", "2001:db8::9/64")
    router.start(filter="nftables mine")
    wait_until(lambda: "there is a table inet mine that is not ours" in router.daemon.text(), 5, "it is said")
    wait_until(router.is_master, 10, "master all the same")
    assert router.rules() == router.before and client.curl(f"http://{VIP}/") == "router 1\n"
    assert router.daemon.stop() == 0
    router.start(filter="nftables", excluded="2001:db8::100/64\n2001:db8::101/64 dev eth1\nfe80::100/64")
    wait_until(lambda: router.node.has_address("2001:db8::100"), 10, "master")
    assert router.tables() == ["keepalived"]
    for address in ("2001:db8::100", "fe80::100%eth0"):
        assert not pings(client, address, 0.3)
        found = client.output("ip", "neigh", "show", address.split("%")[0], "dev", "eth0")
        assert "lladdr" in found, "neighbours are answered"
    router.reload(more="strict_mode", filter="nftables", excluded="2001:db8::100/64")
    holds(lambda: not pings(client, "2001:db8::100", 0.3), 0.1, "strict mode accepts nothing")
    router.reload(filter="nftables", more="accept", excluded="2001:db8::100/64")
    wait_until(lambda: pings(client, "2001:db8::100"), 5, "accepted")
    assert router.daemon.stop() == 0 and router.rules() == router.before
