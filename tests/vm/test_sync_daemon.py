# SPDX-License-Identifier: MIT
"""Connection synchronisation: the kernel's daemons follow the router, and what they copy is really there after a takeover."""

import re
import signal

import pytest

from lab import wait_until

ROOM = 40  # seconds a slow machine may take
VIP, ID = "192.0.2.100", 51
CONFIG = f"""
global_defs {{
    lvs_sync_daemon eth0 inst VI maxlen 1200 port 9000 ttl 2 group 224.0.0.99
}}
vrrp_instance VI {{
    interface eth0
    state BACKUP
    virtual_router_id {ID}
    priority PRIORITY
    virtual_ipaddress {{
        {VIP}
    }}
}}
virtual_server {VIP} 80 {{
    lb_algo rr
    lb_kind DR
    protocol TCP
    real_server 192.0.2.21 80 {{
        weight 1
    }}
}}
"""


def daemons(node):
    """{role: what ipvsadm says of it}"""
    text = node.output("ipvsadm", "-L", "--daemon")
    return {role: dict(re.findall(r"(\w+)=([^,) ]+)", rest)) for role, rest in
            re.findall(r"^(master|backup) sync daemon \((.*)\)$", text, re.M)}


def runs(node, role):
    def only_one():
        found = daemons(node)
        return found[role] if list(found) == [role] else None

    return wait_until(only_one, ROOM, f"{role} daemon on {node.name}")


def start(node, config, log="vipd.log"):
    node.daemon = node.vipd(config, log=log)
    wait_until(lambda: "is ready" in node.daemon.text() or not node.daemon.alive(), ROOM, "vipd")


@pytest.fixture(scope="module")
def pair(story_lab):
    nodes = [story_lab.node("a", "192.0.2.1/24"), story_lab.node("b", "192.0.2.2/24")]
    for node, priority in zip(nodes, ("150", "100")):
        start(node, node.write("vipd.conf", CONFIG.replace("PRIORITY", priority)))
    web = story_lab.node("web", "192.0.2.21/24")
    web.real_server(VIP)
    web.nginx("web\n", size=800_000, rate="20k")
    return nodes


def test_roles_follow_the_router(pair):
    a, b = pair
    shown = runs(a, "master")
    assert shown == {"mcast": "eth0", "syncid": str(ID), "maxlen": "1200", "group": "224.0.0.99", "port": "9000",
                     "ttl": "2"}
    assert runs(b, "backup")["mcast"] == "eth0"
    wait_until(lambda: "as master on eth0, id 51" in a.vipctl("status").stdout, ROOM, "the same in the status")


def test_stopped_behind_our_back(pair):
    a, _ = pair
    a.run("ipvsadm", "--stop-daemon", "master")
    runs(a, "master")
    wait_until(lambda: "the master connection synchronisation daemon is gone; repairing" in a.daemon.text(), ROOM, "a line")


def test_reload(pair):
    a, _ = pair
    path = a.dir / "vipd.conf"
    path.write_text(path.read_text().replace("ttl 2", "ttl 3"))
    a.daemon.send(signal.SIGHUP)
    wait_until(lambda: daemons(a).get("master", {}).get("ttl") == "3", ROOM, "the new ttl")
    path.write_text(path.read_text().replace("ttl 3", "ttl 2"))
    a.daemon.send(signal.SIGHUP)
    wait_until(lambda: daemons(a).get("master", {}).get("ttl") == "2", ROOM, "the old ttl")


def test_connections_are_there_after_a_takeover(pair, story_lab):
    a, b = pair
    client = story_lab.node("client", "192.0.2.50/24")
    held = client.popen("curl", "-sS", "-f", "-m", "300", "-o", "/dev/null", "-w", "%{http_code} %{size_download}",
                        f"http://{VIP}/big", log="held.log")
    established = re.compile(rf"ESTABLISHED +192\.0\.2\.50:\d+ +{re.escape(VIP)}:80")
    wait_until(lambda: established.search(a.output("ipvsadm", "-Lnc")), ROOM, "the connection on the master")
    wait_until(lambda: established.search(b.output("ipvsadm", "-Lnc")), ROOM, "its copy on the backup")
    assert a.daemon.stop() == 0
    assert daemons(a) == {}, "a stop leaves none"
    runs(b, "master")
    wait_until(lambda: b.has_address(VIP), ROOM, "takeover")
    assert held.popen.wait(200) == 0 and held.text() == "200 800000"


def test_crash_and_stop(pair):
    _, b = pair
    b.daemon.kill()
    assert list(daemons(b)) == ["master"], "the kernel's own go on"
    start(b, b.dir / "vipd.conf", log="again.log")
    runs(b, "master")
    assert b.daemon.stop() == 0
    assert daemons(b) == {}
