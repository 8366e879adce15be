# SPDX-License-Identifier: MIT
"""The laboratory itself, judged by programs that are not ours."""

import signal
import time

import pytest

import snmp
from lab import wait_until

PEER = """
global_defs {{
    enable_traps
}}
vrrp_instance VI_1 {{
    state BACKUP
    interface eth0
    virtual_router_id 62
    priority {priority}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass 1111
    }}
    virtual_ipaddress {{
        192.0.2.100
    }}
}}
"""


def test_nodes_reach_each_other_and_see_their_own_run(lab):
    first = lab.node("first", "192.0.2.1/24", "2001:db8::1/64")
    second = lab.node("second", "192.0.2.2/24", "2001:db8::2/64")
    second.nginx("hello\n")
    assert first.curl("http://192.0.2.2/") == "hello\n"
    assert wait_until(lambda: first.curl("http://[2001:db8::2]/"), what="IPv6") == "hello\n"
    first.run("touch", "/run/mine")
    assert second.run("test", "-e", "/run/mine", check=False).returncode == 1
    assert first.output("hostname") == "first\n"


def test_a_closed_lab_leaves_no_process(lab):
    node = lab.node("node", "192.0.2.1/24")
    process = node.popen("sh", "-c", "sleep 1000 & sleep 1000")
    process.pause()
    lab.close()
    assert not process.alive() and not node.holder.alive()


def test_capture_sees_a_takeover_and_its_gap(lab):
    watcher = lab.node("watcher", "192.0.2.9/24")
    low = lab.node("low", "192.0.2.1/24")
    high = lab.node("high", "192.0.2.2/24")
    capture = watcher.capture("eth0", "vrrp or arp")
    low.keepalived(low.write("k.conf", PEER.format(priority=100)))
    wait_until(lambda: low.has_address("192.0.2.100"), 15, "first master")
    master = high.keepalived(high.write("k.conf", PEER.format(priority=200)))
    wait_until(lambda: high.has_address("192.0.2.100"), 15, "takeover")
    time.sleep(2.5)
    master.kill()
    wait_until(lambda: capture.masters(62) == ["192.0.2.1", "192.0.2.2", "192.0.2.1"], 15, "takeover back")
    gap, _ = capture.largest_gap(vrid=62)
    assert 3.0 < gap < 4.2
    advert = capture.adverts(source="192.0.2.2")[0]
    assert (advert.version, advert.priority, advert.addresses, advert.ttl) == (2, 200, ["192.0.2.100"], 255)
    assert advert.auth == b"1111\0\0\0\0"
    assert capture.gratuitous("192.0.2.100")


def test_snmp_get_walk_set_and_traps(lab):
    manager = lab.node("manager", "192.0.2.9/24")
    agent = lab.node("agent", "192.0.2.1/24")
    traps = manager.snmptrapd()
    daemon = agent.snmpd(traps_to="192.0.2.9")
    keepalived = agent.keepalived(agent.write("k.conf", PEER.format(priority=100)), "-x", "-A", agent.agentx)
    ask = manager.snmp("192.0.2.1")
    name = snmp.KEEPALIVED_MIB + ".2.3.1.2"
    wait_until(lambda: ask.column(name) == {"1": "VI_1"}, 20, "walk")
    assert ask.get(".1.3.6.1.2.1.1.3.0").type == "Timeticks"
    assert ask.get(name + ".2").type == "noSuchInstance"
    priority = snmp.KEEPALIVED_MIB + ".2.3.1.7.1"
    with pytest.raises(snmp.SnmpError) as refused:
        ask.set(priority, "i", 50)
    assert refused.value.reason == "noAccess"
    ask.as_writer().set(priority, "i", 50)
    assert ask.number(priority) == 50
    wait_until(lambda: traps.count(snmp.KEEPALIVED_MIB + ".2.10.0.2"), 15, "state trap")
    daemon.pause()
    assert not ask.answers()
    daemon.resume()
    wait_until(ask.answers, 10, "snmpd well again")
    assert keepalived.stop(signal.SIGTERM) == 0
