# SPDX-License-Identifier: MIT
"""ha_suspend: servers are checked only while an address of their service is on this machine."""

import json
import signal

import pytest

from lab import holds, wait_until

VIP = "192.0.2.100"
CONFIG = f"""
virtual_server {VIP} 80 {{
    delay_loop 1
    protocol TCP
    ha_suspend
    real_server 192.0.2.21 80 {{
        TCP_CHECK {{
            connect_timeout 2
            retry 0
        }}
    }}
}}
"""


@pytest.fixture
def director(lab):
    node = lab.node("director", "192.0.2.1/24")
    node.web = lab.node("web", "192.0.2.21/24")
    node.daemon = node.vipd(node.write("vipd.conf", CONFIG), "-C")
    wait_until(lambda: "is ready" in node.daemon.text() or not node.daemon.alive(), what="vipd", timeout=30)
    return node


def service(node):
    return json.loads(node.vipctl("-j", "status").stdout)["services"][0]


def health(node):
    return service(node)["servers"][0]["oper"]


def test_checks_follow_the_address(director):
    assert service(director)["suspended"] and "checks suspended" in director.vipctl("status").stdout
    # Nothing listens on the server, and nobody looks.
    holds(lambda: health(director) == "unknown", 3, "no verdict without the address")
    director.ip(f"address add {VIP}/32 dev lo")
    wait_until(lambda: health(director) == "down", what="a verdict with the address")
    assert not service(director)["suspended"]
    director.ip(f"address del {VIP}/32 dev lo")
    wait_until(lambda: service(director)["suspended"], what="suspended again")
    director.web.nginx("web\n")
    director.daemon.send(signal.SIGHUP)
    wait_until(lambda: "configuration 2" in director.daemon.text(), what="reload")
    holds(lambda: health(director) == "down", 3, "the verdict stays, over a reload, too")
    path = director.dir / "vipd.conf"
    path.write_text(CONFIG.replace("    ha_suspend\n", ""))
    director.daemon.send(signal.SIGHUP)
    wait_until(lambda: health(director) == "up", what="checks go on without the keyword")
    path.write_text(CONFIG)
    director.daemon.send(signal.SIGHUP)
    wait_until(lambda: service(director)["suspended"], what="suspended by a reload")
