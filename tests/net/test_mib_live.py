# SPDX-License-Identifier: MIT
"""Every table through a real snmpd: the agent thread over the unit tests' synthetic director (mibserve)."""

import subprocess

import pytest

import lab as laboratory
import mibtext
import snmp
import test_mib_judge as judge

K, V, V3, D, L = snmp.KEEPALIVED_MIB, snmp.VRRP_MIB, snmp.VRRPV3_MIB, snmp.DIRECTOR_MIB, snmp.LVS_MIB
ROOTS = {"VRRP-MIB": V, "VRRPV3-MIB": V3, "KEEPALIVED-MIB": K, "IPVS-DIRECTOR-MIB": D, "LVS-MIB": L}
DEST = ".0.1.4.172.17.13.252.6.80.1.4.172.17.13.173.80"


@pytest.fixture
def director(lab):
    """(node, manager): snmpd and mibserve, connected."""
    tool = judge.find_tool("mibserve")
    if not tool:
        pytest.skip("tests/tools/mibserve is not built (set VIPD_BUILD to the build directory)")
    node = lab.node("director")
    node.snmpd(traps_to="127.0.0.1")
    node.serve = node.popen(tool, node.agentx, log="mibserve.log", stdin=subprocess.PIPE)
    manager = node.snmp("127.0.0.1")
    laboratory.wait_until(lambda: manager.answers(V + ".1.1.0"), what="the agent")
    return node, manager


def test_walks_pass_the_judge(director):
    modules, cells = judge.parse_modules(), 0
    for name, root in ROOTS.items():
        walk = director[1].walk(root, bulk=False)
        assert judge.judge_walk(walk.items(), modules, whole=[name]) == []
        assert list(walk) == list(director[1].walk(root)), "snmpbulkwalk shows other cells"
        cells += len(walk)
    tool = judge.find_tool("mibdump")
    said = subprocess.run([tool, "--walk"], check=True, capture_output=True, text=True).stdout
    assert cells == len(said.splitlines())


def refusal(manager, *words):
    with pytest.raises(snmp.SnmpError) as caught:
        manager.set(*words)
    return caught.value.reason


def test_sets(director):
    writer = director[1].as_writer()
    weight = K + ".3.4.1.7.1."
    assert refusal(director[1], weight + "2", "i", 1) == "noAccess"
    writer.set(weight + "2", "i", 300)
    for value in (-1, 65536):
        assert refusal(writer, weight + "2", "i", value) == "wrongValue"
    assert refusal(writer, weight + "2", "s", "abc") == "wrongType"
    assert refusal(writer, weight + "1", "i", 1) == "notWritable"  # the sorry server
    assert refusal(writer, weight + "99", "i", 1) == "noCreation"
    assert refusal(writer, D + ".1.3.1.1.5" + DEST, "i", 1) == "wrongValue"
    assert refusal(writer, D + ".1.3.1.1.8" + DEST, "s", "x" * 64) == "wrongLength"
    assert refusal(writer, D + ".1.3.1.1.8" + DEST, "x", "C328") == "wrongEncoding"
    writer.set(D + ".1.3.1.1.5" + DEST, "i", 3, D + ".1.3.1.1.27" + DEST, "u", 60)
    assert refusal(writer, V + ".1.3.1.5.10.62", "i", 50) == "inconsistentValue"
    writer.set(V + ".1.3.1.5.2.4", "i", 50)
    assert refusal(writer, V + ".1.3.1.15.10.62", "i", 6) == "inconsistentValue"
    assert refusal(writer, V + ".1.3.1.15.10.63", "i", 4) == "noCreation"
    assert refusal(writer, V + ".1.3.1.11.10.62", "i", 2) == "inconsistentValue"
    writer.set(V + ".1.3.1.11.2.4", "i", 2)
    assert refusal(writer, V + ".1.2.0", "i", 3) == "wrongValue"
    writer.set(V + ".1.2.0", "i", 2)
    assert director[1].number(V + ".1.2.0") == 2


# What the text of a notification adds to its OBJECTS in words: which service it is, by its type.
IDENTITY = [f"{K}.3.3.1.{column}" for column in (3, 4, 5, 6, 7)]
ADDED = {K + ".3.5.0.1": IDENTITY, K + ".3.5.0.2": IDENTITY}


def judge_trap(trap, texts):
    """Its OBJECTS, each once, as the text orders them; full instances; nothing besides but what the text adds."""
    module = next(text for text in texts.values() if trap.oid.startswith(ROOTS[text.name] + "."))
    objects, known = module.notifications[trap.oid][1], {*module.objects, *module.hidden}
    columns = []
    for oid in trap.varbinds:
        found = oid
        while found not in known:
            found = found.rpartition(".")[0]
        assert len(oid) > len(found), f"{trap.oid}: {oid} has no instance"
        columns.append(found)
    assert [column for column in columns if column not in ADDED.get(trap.oid, ())] == objects, (trap.oid, columns)
    return module.notifications[trap.oid][0]


def test_traps(director):
    """Every notification of the four modules."""
    node, manager = director
    log = node.snmptrapd()
    node.serve.popen.stdin.write(b"\n")
    node.serve.popen.stdin.flush()
    texts = mibtext.modules()
    wanted = {label for text in texts.values() for label, _ in text.notifications.values()}
    assert len(wanted) >= 4 + 2 + 2 + 9
    laboratory.wait_until(lambda: log.count(D + ".0.12"), what="the last of the traps")
    assert {judge_trap(trap, texts) for trap in log.all()} == wanted
    # In the order of what has happened: the dead server before the drain, that before its end.
    ours = [trap for trap in log.all() if trap.oid.startswith(D)]
    assert [trap.oid for trap in ours] == [f"{D}.0.{number}" for number in (1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12)]
    # Every varbind is what its MIB says, of a row that is there, but for the objects of notifications alone.
    modules, only = judge.parse_modules(), {f"{oid}.0" for text in texts.values() for oid in text.hidden}
    for trap in log.all():
        for oid, value in trap.varbinds.items():
            assert oid in only or judge.judge_walk([(oid, value)], modules) == []
            assert oid in only or manager.answers(oid), oid
    assert [trap.varbinds[D + ".1.8.5.0"].text for trap in ours] == [str(number + 1) for number in range(len(ours))]


CONFIG = """
global_defs {
    router_id LVS_DEVEL
    enable_traps
    enable_snmp_lvs
}
vrrp_script chk {
    script /usr/bin/true
    interval 1
    weight 2
}
track_file load {
    file /dev/null
    weight 1
}
vrrp_track_process web {
    process nosuch
    weight 1
}
bfd_instance peer {
    neighbor_ip 172.17.13.9
    weight 1
}
vrrp_sync_group VG_1 {
    group { VI_1 }
    sync_group_tracking_weight
    track_interface { lo weight 1 }
    track_script { chk }
    track_file { load }
    track_process { web }
    track_bfd { peer }
}
vrrp_instance VI_1 {
    state MASTER
    interface eth0
    virtual_router_id 62
    priority 200
    authentication { auth_type PASS
        auth_pass 1111 }
    virtual_ipaddress { 172.17.13.252 }
}
vrrp_instance VI_3 {
    version 3
    interface eth0
    virtual_router_id 63
    track_interface { lo weight 1 }
    track_script { chk }
    track_file { load }
    track_process { web }
    track_bfd { peer }
    virtual_ipaddress { 172.17.13.253 }
}
static_ipaddress {
    10.8.0.1/24 dev eth0 brd 10.8.0.255 label eth0:s
}
static_routes {
    src 10.8.0.1 to 10.10.0.0/16 via 172.17.13.2 dev eth0 table 100 metric 5 tos 4 mtu lock 1300 advmss 1200 rtt 200ms rttvar 200ms reordering 4 hoplimit 30 window 100 cwnd lock 4 ssthresh 5 rto_min 200ms initcwnd 4 initrwnd 5 quickack 1 features ecn congctl cubic fastopen_no_cookie 1 realms 3/4
    2001:db8:9::/64 from 2001:db8:8::/64 dev eth0 table 101 pref high expires 1000
    10.11.0.0/24 via 172.17.13.2 dev eth0 encap mpls 100/200
    10.12.0.0/24 via 172.17.13.2 dev eth0 encap ip id 7 dst 172.17.13.5 src 172.17.13.6 ttl 9 tos 2 flags 4
    2001:db8:a::/64 via 2001:db8::2 dev eth0 encap ila 2001:db8:1:2
    10.13.0.0/24 nexthop via 172.17.13.2 dev eth0 weight 3 onlink realms 5/6 encap mpls 100 nexthop via 172.17.13.3 dev eth0 weight 1 encap ip id 7 dst 172.17.13.5 src 172.17.13.6 ttl 9 tos 2 flags 4
    2001:db8:b::/64 nexthop via 2001:db8::2 dev eth0 weight 1 encap ila 2001:db8:1:2 nexthop via 2001:db8::3 dev eth0 weight 1
    blackhole 10.14.0.0/24
}
static_rules {
    from 10.10.0.0/24 to 10.11.0.0/24 not iif eth0 oif lo tos 4 fwmark 5/255 realms 3/4 table 100 priority 201 suppress_prefixlength 8 suppress_ifgroup 3
    from 2001:db8:10::/64 goto 301 priority 202
    to 2001:db8:11::/64 prohibit ipproto tcp sport 10-20 dport 80-80 uidrange 1-100 priority 301
    l3mdev priority 302
    tunnel-id 4294967299 table 100 priority 303
}
virtual_server_group farm {
    172.17.13.20-22 81
    172.17.13.24/31 82
    172.17.13.30 83
    fwmark 9
}
virtual_server group farm {
    lb_algo rr
    lb_kind DR
    protocol TCP
    real_server 172.17.13.174 80 { TCP_CHECK { connect_timeout 1 } }
}
virtual_server 172.17.13.252 80 {
    delay_loop 3
    lb_algo rr
    lb_kind DR
    persistence_timeout 50
    protocol TCP
    sorry_server 127.0.0.1 80
    real_server 172.17.13.173 80 { TCP_CHECK { connect_timeout 1 } }
    real_server 172.17.13.142 80 { TCP_CHECK { connect_timeout 1 } }
}
"""


def test_vipd_passes_the_judge(lab):
    """The whole daemon, with or without IPVS in the kernel."""
    node = lab.node("director", "172.17.13.120/24")
    node.snmpd()
    node.vipd(node.write("vipd.conf", CONFIG), "-x", "-A", node.agentx)
    manager = node.snmp("127.0.0.1")
    laboratory.wait_until(lambda: manager.answers(V + ".1.1.0"), what="the agent")
    laboratory.wait_until(lambda: manager.number(K + ".2.3.1.4.1") == 2, what="master")
    modules = judge.parse_modules()
    for name, root in ROOTS.items():
        walk = manager.walk(root, bulk=False)
        assert judge.judge_walk(walk.items(), modules, whole=[name]) == []
    # What the kernel took and what it did not: it has one of the routes at least, and every rule it can have.
    routes = node.output("ip", "route", "show", "table", "all") + node.output("ip", "-6", "route", "show", "table", "all")
    status = [value.text for value in manager.walk(K + ".2.7.1.14.0").values()]
    assert [status[n] == "1" for n in (0, 1, 7)] == [word in routes for word in ("10.10.0.0/16", ":9::/64", "10.14.0.0/24")]
    assert status[7] == "1" and manager.get(K + ".2.6.1.10.0.1").text == "1"
    assert manager.get(K + ".2.8.1.7.0.5").text == ("1" if "303:" in node.output("ip", "rule") else "2")
    members = K + ".3.2.1"
    assert [value.text for value in manager.walk(members + ".2").values()] == ["3", "3", "2", "1"]
    assert [value.text for value in manager.walk(members + ".6").values()] == ["AC 11 0D 14", "AC 11 0D 18"]
    assert [value.text for value in manager.walk(members + ".7").values()] == ["AC 11 0D 16", "AC 11 0D 19"]
    # Each module has the key of the other.
    index = DEST[1:]
    place = [manager.get(f"{D}.1.3.1.1.{column}.{index}").text for column in (34, 35)]
    assert place == ["2", "2"]  # the sorry server is 1
    weight = f"{K}.3.4.1.7.{'.'.join(place)}"
    manager.as_writer().set(weight, "i", 300)
    assert manager.number(weight) == 300 and manager.number(f"{D}.1.3.1.1.18.{index}") == 300
