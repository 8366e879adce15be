# SPDX-License-Identifier: MIT
"""Virtual servers in another network namespace than the checks: net_namespace_ipvs."""

from lab import wait_until

ROOM = 40  # seconds a slow machine may take
CONFIG = """
net_namespace_ipvs red
virtual_server 192.0.2.100 80 {
    lb_algo rr
    lb_kind NAT
    protocol TCP
    delay_loop 1
    real_server 192.0.2.21 80 {
        weight 3
        TCP_CHECK {
            connect_timeout 2
        }
    }
}
"""
HERE, RED = (), ("ip", "netns", "exec", "red")


def table(node, where):
    return node.output(*where, "ipvsadm", "-Sn")


def has_server(node, where, wanted):
    return ("-r 192.0.2.21:80" in table(node, where)) == wanted


def test_checks_here_and_virtual_servers_there(story_lab):
    node = story_lab.node("a", "192.0.2.1/24")
    web = story_lab.node("web", "192.0.2.21/24")
    server = web.nginx("web\n")
    node.run("ip", "netns", "add", "red")
    file = node.write("vipd.conf", CONFIG)
    node.run("ip", "-n", "red", "link", "set", "lo", "up")
    # Nobody answers in red: the server is there as it is reachable from here.
    daemon = node.vipd(file)
    wait_until(lambda: has_server(node, RED, True), ROOM, "the server in red")
    server.kill()
    wait_until(lambda: has_server(node, RED, False), ROOM, "its failure")
    assert "192.0.2.100:80" in table(node, RED)
    file.write_text(CONFIG.replace("net_namespace_ipvs red", "net_namespace_ipvs").replace("2.100 80", "2.100 81"))
    node.vipctl("reload")
    wait_until(lambda: "192.0.2.100:81" in table(node, RED), ROOM, "the reload")
    wait_until(lambda: "'net_namespace_ipvs' cannot change while vipd runs" in daemon.text(), ROOM, "the note")
    assert table(node, HERE) == ""
    assert daemon.stop() == 0
    assert table(node, RED) == ""
