# SPDX-License-Identifier: MIT
"""What monitoring packs and scripts for keepalived read and write, asked of vipd as they ask it.

Each consumer is a list of objects and what a sensible answer to each looks like. Names that a pack asks for and that
do not apply here (virtual server groups when there are none) must end its walk, not fail its request.
"""

import re

import pytest

import snmp
from lab import wait_until

K, V, V3 = snmp.KEEPALIVED_MIB, snmp.VRRP_MIB, snmp.VRRPV3_MIB
NUMBER, TEXT, ADDRESS = r"\d+", r".+", r"([0-9A-F]{2} ){3}[0-9A-F]{2}|....+"

CONFIG = """
global_defs {
    router_id LVS_DEVEL
    enable_traps
}
vrrp_sync_group VG_1 { group {
    VI_1
    VI_2
} }
vrrp_instance VI_1 {
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 150
    virtual_ipaddress {
        10.9.0.100
        10.9.0.101
    }
}
vrrp_instance VI_2 {
    state MASTER
    interface eth0
    virtual_router_id 52
    priority 150
    virtual_ipaddress {
        10.9.0.102
    }
}
virtual_server 10.9.0.100 80 {
    delay_loop 6
    lb_algo rr
    lb_kind DR
    persistence_timeout 50
    protocol TCP
    virtualhost www.example.org
    sorry_server 127.0.0.1 80
    quorum_up "/usr/bin/true up"
    quorum_down "/usr/bin/true down"
    real_server 10.9.0.41 80 {
        weight 1
        notify_up /usr/bin/true
        notify_down /usr/bin/true
        TCP_CHECK {
            connect_timeout 1
        }
    }
    real_server 10.9.0.42 80 {
        weight 2
        TCP_CHECK {
            connect_timeout 1
        }
    }
}
virtual_server 10.9.0.101 53 {
    delay_loop 6
    lb_algo wrr
    lb_kind NAT
    protocol UDP
    real_server 10.9.0.41 53 {
        weight 1
    }
}
"""


@pytest.fixture(scope="module")
def director(story_lab):
    """One for all: whoever writes leaves values behind that nobody else looks at."""
    node = story_lab.node("director", "10.9.0.1/24")
    node.snmpd()
    node.vipd(node.write("vipd.conf", CONFIG), "-x", "-A", node.agentx)
    manager = node.snmp("127.0.0.1")
    wait_until(lambda: manager.answers(K + ".3.4.1.4.1.1"), 15, "the agent")
    for number in (1, 2):
        wait_until(lambda: manager.get(f"{K}.2.3.1.4.{number}").text == "2", 15, "master")
    return manager


def check_column(manager, column, pattern, rows):
    """A column has exactly these rows, and each value looks as it should."""
    found = manager.column(column)
    assert list(found) == rows, column
    for index, text in found.items():
        assert re.fullmatch(pattern, text), f"{column}.{index} = {text!r}"
    return list(found.values())


INSTANCES, GROUPS, MEMBERS, ADDRESSES = ["1", "2"], ["1"], ["1.1", "1.2"], ["1.1", "1.2", "2.1"]
SERVICES, SERVERS = ["1", "2"], ["1.1", "1.2", "1.3", "2.1"]


def test_snmp_exporter(director):
    """Walks whole tables and takes the labels it looks up."""
    sizes = {K + ".2.3": 50, K + ".2.1": 5, K + ".3.3": 100, K + ".3.4": 150, V + ".2.4": 24}
    for root, least in sizes.items():
        assert len(director.walk(root)) >= least, root
    for root in (K + ".3.1", V3 + ".1.2.5"):
        assert director.walk(root) == {}
    assert check_column(director, K + ".2.3.1.2", TEXT, INSTANCES) == ["VI_1", "VI_2"]


def test_checkmk(director):
    assert "inux" in director.get(".1.3.6.1.2.1.1.1.0").text
    assert director.get(K + ".1.1.0").type == "STRING"
    check_column(director, K + ".2.3.1.2", TEXT, INSTANCES)
    check_column(director, K + ".2.3.1.4", "2", INSTANCES)
    # Its newer version joins by the end of the OID: instance, then address.
    addresses = check_column(director, K + ".2.6.1.3", ADDRESS, ADDRESSES)
    assert addresses[0] == "0A 09 00 64" and addresses[2] == "0A 09 00 66"


def test_centreon(director):
    state = check_column(director, K + ".2.3.1.4", "2", INSTANCES)
    assert state == check_column(director, K + ".2.3.1.6", "2", INSTANCES)
    check_column(director, K + ".2.3.1.10", "eth0", INSTANCES)
    rows = list(director.column(V + ".1.3.1.3"))
    assert len(rows) == 2 and [row.split(".")[1] for row in rows] == ["51", "52"]
    check_column(director, V + ".1.3.1.3", "3", rows)
    check_column(director, V + ".1.3.1.4", "1", rows)
    check_column(director, V + ".1.3.1.7", r"10\.9\.0\.1", rows)


def test_zabbix(director):
    assert director.get(K + ".1.1.0").text
    for column, pattern in ((2, TEXT), (4, "2"), (6, "2")):
        check_column(director, f"{K}.2.3.1.{column}", pattern, INSTANCES)


def test_nagios_check_keepalived(director):
    assert director.get(K + ".1.2.0").text == "LVS_DEVEL"
    check_column(director, K + ".2.1.1.2", "VG_1", GROUPS)
    check_column(director, K + ".2.1.1.3", "2", GROUPS)
    check_column(director, K + ".2.2.1.2", "VI_[12]", MEMBERS)
    check_column(director, K + ".2.6.1.10", "1", ADDRESSES)
    check_column(director, K + ".3.3.1.2", "2", SERVICES)
    check_column(director, K + ".3.4.1.6", "[12]", SERVERS)


def test_qcss3(director):
    for column, pattern in ((2, "2"), (5, "1"), (6, ADDRESS), (7, "80|53"), (8, "[12]"), (9, NUMBER), (10, "[12]"),
                            (11, "[12]"), (13, "[12]"), (14, NUMBER), (15, "255.255.255.255|FF FF FF FF|.{4,}"),
                            (16, "6"), (20, "[12]"), (21, NUMBER), (22, "1"), (23, "[12]"), (26, NUMBER)):
        check_column(director, f"{K}.3.3.1.{column}", pattern, SERVICES)
    for column, pattern in ((12, "www.example.org"), (24, ".*up"), (25, ".*down")):
        check_column(director, f"{K}.3.3.1.{column}", pattern, ["1"])
    for column, pattern in ((2, "[12]"), (3, "1"), (4, ADDRESS), (5, "80|53"), (6, "[12]"), (7, NUMBER), (8, NUMBER),
                            (9, NUMBER), (10, "[12]"), (13, NUMBER)):
        check_column(director, f"{K}.3.4.1.{column}", pattern, SERVERS)
    for column in (11, 12):
        check_column(director, f"{K}.3.4.1.{column}", "/usr/bin/true", ["1.2"])
    for root in (K + ".3.1.1.2", K + ".3.2.1.2"):
        assert director.walk(root) == {}


def test_zenoss(director):
    for column in (2, 8, 9, 11, 13, 14, 20):
        check_column(director, f"{K}.3.3.1.{column}", NUMBER, SERVICES)
    # Its other columns belong to other kinds of virtual server: absent, and the walk goes on.
    for column in (3, 4):
        assert director.walk(f"{K}.3.3.1.{column}") == {}
    for column in (2, 5, 6, 7):
        check_column(director, f"{K}.3.4.1.{column}", NUMBER, SERVERS)


def test_scripts_with_index_one(director):
    assert director.get(K + ".2.3.1.4.1").text == "2"  # vrrpInstanceState.1
    assert director.get(K + ".2.1.1.3.1").text == "2"  # vrrpSyncGroupState.1


def test_shorewalld_walks_everything(director):
    whole = director.walk(K, bulk=False)
    assert list(whole) == list(director.walk(K)) and len(whole) > 400


def test_kadadm(director):
    """Reads three tables; sets a weight, a priority and preemption."""
    writer = director.as_writer()
    for oid, value in ((K + ".3.4.1.7.1.2", 0), (K + ".2.3.1.7.1", 180), (K + ".2.3.1.13.1", 2)):
        writer.set(oid, "i", value)
        assert director.number(oid) == value
    assert director.get(K + ".2.3.1.8.1").text == "180"  # what adverts carry


def test_lvsm(director):
    """Takes real servers as (i, 1..RealServersTotal) and sets their weights."""
    total = director.number(K + ".3.3.1.20.2")
    assert total == 1
    for index in range(1, total + 1):
        assert director.number(f"{K}.3.4.1.5.2.{index}") == 53
        director.as_writer().set(f"{K}.3.4.1.7.2.{index}", "i", 0)
        assert director.number(f"{K}.3.4.1.7.2.{index}") == 0


def test_netxms(director):
    rows = list(director.column(V + ".1.3.1.3"))
    check_column(director, V + ".1.3.1.2", r"00 00 5E 00 01 3[34]", rows)
    assert [index.rsplit(".", 4)[1:] for index in director.column(V + ".1.4.1.2")] == [
        ["10", "9", "0", "100"], ["10", "9", "0", "101"], ["10", "9", "0", "102"]]
