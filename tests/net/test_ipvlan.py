# SPDX-License-Identifier: MIT
"""use_ipvlan on a kernel without ipvlan, or where it cannot be: said once, and the instance is in FAULT until it can be had.
What it does where it works is shown in the virtual machine."""

import json

import pytest

from lab import holds, wait_until

CONFIG = """
vrrp_instance one {{
	interface eth0
	virtual_router_id 61
	version 3
	advert_int 0.1
	{words}
	virtual_ipaddress {{
		192.0.2.100/24
	}}
}}
"""


def test_a_kernel_without(lab):
    node = lab.node("alone", "192.0.2.1/24")
    if node.run("ip", "link", "add", "probe", "link", "eth0", "type", "ipvlan", check=False).returncode == 0:
        pytest.skip("this kernel has ipvlan")

    def state():
        return json.loads(node.vipctl("-j", "status").stdout)["instances"][0]["state"]

    daemon = node.vipd(node.write("vipd.conf", CONFIG.format(words="")))
    wait_until(lambda: "is ready" in daemon.text(), what="vipd")
    wait_until(lambda: state() == "MASTER", what="master")
    node.write("vipd.conf", CONFIG.format(words="use_ipvlan 192.0.2.11/24"))
    node.vipctl("reload")
    wait_until(lambda: state() == "FAULT", what="FAULT")
    wait_until(lambda: "vrrp.61 above eth0: cannot be made: this kernel has no ipvlan" in daemon.text(), what="the reason")
    assert not node.has_address("192.0.2.100")
    holds(lambda: daemon.text().count("this kernel has no ipvlan") == 1 and state() == "FAULT", 1.5, "said once")
    node.write("vipd.conf", CONFIG.format(words=""))
    node.vipctl("reload")
    wait_until(lambda: state() == "MASTER" and node.has_address("192.0.2.100"), what="without it")
    assert daemon.stop() == 0
    # Another's link of that name is left alone, and no router speaks by it.
    node.ip("link add vrrp.61 link eth0 address 02:00:00:00:00:01 type macvlan mode bridge", "link set vrrp.61 up",
            "address add 192.0.2.11/24 dev vrrp.61")
    foreign = node.output("ip", "-o", "link", "show", "vrrp.61")
    daemon = node.vipd(node.write("vipd.conf", CONFIG.format(words="use_ipvlan 192.0.2.11/24")), log="vipd-2.log")
    wait_until(lambda: "vrrp.61 above eth0: an interface of that name is there that vipd has not made" in daemon.text(),
               what="it is said")
    wait_until(lambda: state() == "FAULT", what="FAULT")
    assert daemon.stop() == 0
    assert node.output("ip", "-o", "link", "show", "vrrp.61") == foreign
