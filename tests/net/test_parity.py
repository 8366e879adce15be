# SPDX-License-Identifier: MIT
"""One VRRP configuration under vipd and under Debian's keepalived: their walks of KEEPALIVED-MIB and VRRP-MIB differ
only where it was looked at and is meant. keepalived cannot do IPVS on every machine, so that part is not compared."""

import re
import shutil

import pytest

import snmp
from lab import wait_until

K, V = snmp.KEEPALIVED_MIB, snmp.VRRP_MIB

CONFIG = """
global_defs {
    notification_email {
        ops@example.org
        night@example.org
    }
    notification_email_from director@example.org
    smtp_server 192.0.2.25
    smtp_connect_timeout 20
    router_id LVS_DEVEL
    enable_traps
    script_user root
}
vrrp_script chk_ok {
    script "/usr/bin/true"
    interval 2
    weight 10
}
track_file load {
    file LOAD
    weight 2 reverse
}
vrrp_track_process web {
    process nosuch
    quorum 1
    quorum_max 4
    delay 0.5
    weight 5
}
static_ipaddress {
    10.8.0.1/24 dev eth0 brd 10.8.0.255
}
static_routes {
    10.20.0.0/24 via 10.9.0.2 dev eth0
    blackhole 10.21.0.0/24 no_track
}
static_rules {
    from 10.20.0.0/24 table 100 priority 100
    to 10.21.0.0/24 blackhole priority 101
}
vrrp_sync_group VG_1 {
    group {
        VI_1
        VI_2
    }
    sync_group_tracking_weight
    track_interface {
        eth0 weight 5
    }
    track_process {
        web
    }
    notify_master /usr/bin/true
    smtp_alert
}
vrrp_instance VI_1 {
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 150
    advert_int 1
    smtp_alert
    authentication {
        auth_type PASS
        auth_pass 1111
    }
    virtual_ipaddress {
        10.9.0.100
        10.9.0.101/24 brd 10.9.0.255 dev eth0 label eth0:1
    }
    virtual_ipaddress_excluded {
        10.9.0.110/32 scope link
    }
    notify_backup /usr/bin/true
    virtual_routes {
        src 10.9.0.100 to 10.10.0.0/16 via 10.9.0.2 dev eth0 table 100 metric 5 mtu lock 1300 advmss 1200 hoplimit 30 window 100 cwnd lock 4 ssthresh 5 realms 3/4 rto_min 200ms initcwnd 4 initrwnd 5 quickack 1 features ecn tos 4 scope link
        10.30.0.0/24 table 100 no_track nexthop via 10.9.0.2 dev eth0 weight 3 onlink nexthop via 10.9.0.3 dev eth0 weight 1 realms 5
        unreachable default table 102 no_track
    }
    virtual_rules {
        from 10.10.0.0/24 table 100 priority 200
        to 10.11.0.0/24 not iif eth0 oif lo tos 4 fwmark 5/255 realms 3/4 table 100 priority 201 suppress_prefixlength 8 suppress_ifgroup 3
        from 2001:db8:10::/64 goto 300 priority 202
        priority 300 nop
        l3mdev priority 302
        tunnel-id 7 table 100 priority 303
    }
}
vrrp_instance VI_2 {
    state BACKUP
    interface eth0
    virtual_router_id 52
    priority 100
    advert_int 2
    garp_master_delay 3
    virtual_ipaddress {
        10.9.0.120
    }
}
vrrp_instance VI_3 {
    state BACKUP
    interface eth0
    virtual_router_id 53
    nopreempt
    preempt_delay 2
    track_script {
        chk_ok
    }
    track_interface {
        lo weight 1
    }
    track_file {
        load
    }
    virtual_ipaddress {
        10.9.0.130/24
    }
}
"""

# What differs, by pattern of the OID, with keepalived 2.2.7; each was judged by the MIB's text.
REVIEWED = {
    K + r"\.1\.1\.0": "each names itself and its version",
    K + r"\.1\.12\.0|" + K + r"\.2\.3\.1\.36\.\d+": "newer than Debian's keepalived",
    K + r"\.2\.1\.1\.[6-9]\.\d+|" + K + r"\.2\.3\.1\.2[2-6]\.\d+":
        "keepalived shows a command resolved and each word quoted, vipd as it is written",
    K + r"\.2\.3\.1\.11\.\d+": "vrrpInstanceTrackPrimaryIf: both track it; keepalived says notTracked",
    K + r"\.2\.3\.1\.27\.\d+": "vrrpInstanceAccept: keepalived says 0, which the MIB does not have",
    K + r"\.2\.9\.1\.3\.\d+": "the same of scripts that are tracked",
    K + r"\.2\.7\.1\.18\..*": "protocol: the MIB has keepalived(112), keepalived says 19, which it has not",
    K + r"\.2\.8\.1\.33\..*": "protocol of a rule: keepalived does not show the one that it uses",
    K + r"\.2\.14\.1\..*": "a tracked interface of a group: the MIB wants its ifIndex, keepalived has its place",
    K + r"\.2\.6\.1\.4\.\d+\.\d+": "no broadcast address: keepalived says 0.0.0.0, vipd has no instance",
    K + r"\.2\.6\.1\.11\.[23]\.1": "vrrpAddressAdvertising: keepalived says notAdvertised of what its adverts carry",
    V + r"\.1\.3\.1\.2\.\d+\.51": "virtual MAC: RFC 2787 wants 00-00-5E-00-01-VRID, keepalived says the interface's",
    V + r"\.1\.3\.1\.7\.\d+\.51": "master's address: keepalived says 0.0.0.0 when it is master itself",
    V + r"\.1\.3\.1\.10\.\d+\.51": "vrrpOperAuthKey: RFC 2787 wants zero length, keepalived has no instance",
    V + r"\.(1\.3|2\.4)\.1\.\d+\.\d+\.5[23]|" + V + r"\.1\.4\.1\.2\.\d+\.5[23]\..*":
        "keepalived 2.2.7 shows the first instance of an interface only",
}


def walk_of(lab, kind, load):
    """Everything of a director that is alone on its wire, once it is master of all three."""
    node = lab.node(kind)
    node.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "far0")
    for name in ("eth0", "far0"):
        node.run("ip", "link", "set", name, "up")
    node.add_address("eth0", "10.9.0.1/24")
    node.snmpd()
    start = node.vipd if kind == "vipd" else node.keepalived
    start(node.write("director.conf", CONFIG.replace("LOAD", str(load))), "-x", "-P", "-A", node.agentx)
    agent = node.snmp("127.0.0.1")
    wait_until(lambda: agent.answers(K + ".2.3.1.4.3"), 15, kind)
    for number in (1, 2, 3):
        wait_until(lambda: agent.get(f"{K}.2.3.1.4.{number}").text == "2", 30, f"{kind} master of VI_{number}")
    wait_until(lambda: agent.get(K + ".2.3.1.8.3").text == "117", 15, "the weights of script, file and interface")
    wait_until(lambda: agent.get(K + ".2.8.1.7.1.6").text == "1", 5, "the last rule is set")
    result = {}
    for root in (K + ".1", K + ".2", V):
        result.update(agent.walk(root, bulk=False))
    return result


# Counters and times move by themselves: their type is compared.
MOVING = ("Counter32", "Counter64", "Timeticks")


def comparable(value):
    return value.type if value and value.type in MOVING else value


def test_walks_of_one_configuration(lab):
    if not shutil.which("keepalived"):
        pytest.skip("no keepalived to compare with")
    load = lab.node("files").write("load", "-3\n")
    theirs, ours = walk_of(lab, "keepalived", load), walk_of(lab, "vipd", load)
    assert len(theirs) > 150
    different = [oid for oid in theirs | ours if comparable(theirs.get(oid)) != comparable(ours.get(oid))]
    unknown = [oid for oid in different if not any(re.fullmatch(pattern, oid) for pattern in REVIEWED)]
    assert {oid: (theirs.get(oid), ours.get(oid)) for oid in unknown} == {}
