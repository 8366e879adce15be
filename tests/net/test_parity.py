# SPDX-License-Identifier: MIT
"""The comparison of walks can say no, and its fixtures use every block there is. The walks are in vm/test_parity_walks.py."""

import re

import pytest

import parity
import snmp
from snmp import Value

K, V3 = snmp.KEEPALIVED_MIB, snmp.VRRPV3_MIB
STATE, ACCEPT, UPTIME = K + ".2.3.1.4.1", K + ".2.3.1.27.1", V3 + ".1.1.1.1.12.3.7.1"
ENTRIES = """
# A comment, and a line that covers.
vrrpInstanceAccept.[1-3] | 01 02 | INTEGER 0 | INTEGER [12] | vipd | there is no 0
"""
RULES = "vrrpv3OperationsUpTime | moves, within 300 | a walk takes its time\n"
BLOCKS = """SSL bfd_instance garp_group global_defs static_ipaddress static_routes static_rules track_file track_group
virtual_server virtual_server_group vrrp_instance vrrp_script vrrp_sync_group vrrp_track_process authentication
notification_email real_server track_bfd track_interface track_process track_script unicast_peer url virtual_ipaddress
virtual_ipaddress_excluded virtual_routes virtual_rules BFD_CHECK DNS_CHECK FILE_CHECK HTTP_GET MISC_CHECK PING_CHECK
SMTP_CHECK SSL_GET TCP_CHECK UDP_CHECK""".split()


@pytest.fixture
def lists(tmp_path):
    (tmp_path / "d").write_text(ENTRIES)
    (tmp_path / "v").write_text(RULES)
    return parity.read_entries(tmp_path / "d"), parity.read_rules(tmp_path / "v")


def judged(lists, theirs, ours, file="01-x"):
    entries, rules = lists
    return parity.judge_lines(parity.differences(file, theirs, ours, rules), entries)


def integer(number):
    return Value("INTEGER", str(number))


def test_same_walks_need_no_list(lists):
    walk = {STATE: integer(2), ACCEPT: integer(1)}
    assert judged(lists, walk, dict(walk)) == ([], [])


@pytest.mark.parametrize("change", [{STATE: integer(1)}, {STATE: Value("Gauge32", "2")}, {STATE: None}, {K + ".2.3.1.4.2": integer(2)}])
def test_a_change_is_found(lists, change):
    walk = {STATE: integer(2)}
    ours = {oid: value for oid, value in (walk | change).items() if value}
    faults, used = judged(lists, walk, ours)
    assert len(faults) == 1 and "vrrpInstanceState" in faults[0] and not used


def test_a_line_of_the_list_covers_what_it_says_alone(lists):
    assert judged(lists, {ACCEPT: integer(0)}, {ACCEPT: integer(1)})[0] == []
    assert len(judged(lists, {ACCEPT: integer(0)}, {ACCEPT: integer(1)})[1]) == 1
    assert judged(lists, {ACCEPT: integer(0)}, {ACCEPT: integer(3)})[0], "another value of ours"
    assert judged(lists, {ACCEPT: integer(2)}, {ACCEPT: integer(1)})[0], "another value of theirs"
    assert judged(lists, {ACCEPT: integer(0)}, {})[0], "no instance"
    assert judged(lists, {ACCEPT: integer(0)}, {ACCEPT: integer(1)}, "03-x")[0], "another configuration"
    other = ACCEPT[:-1] + "4"
    assert judged(lists, {other: integer(0)}, {other: integer(1)})[0], "another row"
    twice = [*lists[0], *lists[0]]
    assert judged((twice, lists[1]), {ACCEPT: integer(0)}, {ACCEPT: integer(1)})[0], "on two lines"


@pytest.mark.parametrize("ours, near", [("1000", True), ("1299", True), ("1301", False), ("0", False)])
def test_what_moves_may_not_move_far(lists, ours, near):
    assert (judged(lists, {UPTIME: Value("Timeticks", "1000")}, {UPTIME: Value("Timeticks", ours)})[0] == []) == near


def test_fixtures_use_every_block():
    text = "\n".join(path.read_text() for path in parity.FIXTURES.glob("*.conf"))
    assert [block for block in BLOCKS if not re.search(rf"(?m)^\s*{block}\b[^\n]*\{{", text)] == []
    assert len(list(parity.FIXTURES.glob("*.conf"))) == 10
    assert parity.read_entries() and parity.read_rules()
