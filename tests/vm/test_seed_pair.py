# SPDX-License-Identifier: MIT
"""The pair of tests/fixtures/seeds/003-master.conf, step by step from outside.

One laboratory for all steps, in order: each test starts from where the one before it left off, with
everything well. Bounds are the document's settings, plus room for a slow machine.
"""

import os
import pathlib
import time

import pytest

import pair as story
from lab import Lab, holds, wait_until
from pair import (ACTIVE_CONNS, ADMIN_STATE, BACKUP, CLIENTS, DRAIN_STATE, DRAINING, INSTANCE_TRAP, KERNEL_WEIGHT, LOCKED,
                  MASTER, NOTIFICATION, REAL_SERVER_TRAP, SHUTTING_DOWN, UNLOCKED, VIP, VRID, WEB)

ROOM = 30  # seconds a slow machine may add


@pytest.fixture(scope="module")
def pair(request):
    with Lab() as lab:
        made = story.Pair(lab)
        made.capture = made.client.capture("eth0", "vrrp or arp")
        made.start_all()
        made.wait_ready()
        yield made
        made.capture.stop()
        keep_failed(request, lab)


def keep_failed(request, lab):
    where = os.environ.get("VIPD_KEEP")
    if where and request.session.testsfailed:
        lab.keep(pathlib.Path(where) / "seed_pair")


def new_traps(pair, oid, before):
    return pair.traps.all(oid)[before:]


def test_one_master_and_the_vip_once(pair):
    assert (pair.state("ds1"), pair.state("ds2")) == (MASTER, BACKUP)
    assert pair.directors["ds1"].count_address(VIP) == 1
    assert pair.directors["ds2"].count_address(VIP) == 0
    assert VIP + "/32" in pair.directors["ds1"].output("ip", "address", "show", story.INTERFACE)
    advert = pair.capture.adverts(vrid=VRID)[-1]
    assert (advert.version, advert.priority, advert.interval, advert.addresses, advert.ttl) == (2, 200, 1, [VIP], 255)
    assert advert.auth == b"1111\0\0\0\0"


def test_round_robin_and_persistence(pair):
    first = pair.answers()
    assert set(first) == {"rs1", "rs2"}
    assert abs(first.count("rs1") - first.count("rs2")) <= 3
    assert pair.answers() == first, "persistence_timeout 50: a client stays with its server"


def test_kernel_table_is_the_config(pair):
    for director in pair.directors:
        saved = pair.directors[director].output("ipvsadm", "-Sn")
        assert f"-A -t {VIP}:80 -s rr -p 50\n" in saved
        assert pair.ipvs(director) == {"rs1": 1, "rs2": 1}


def test_tables_over_snmp(pair):
    ask = pair.managers["ds1"]
    virtual, real = story.snmp.KEEPALIVED_MIB + ".3.3.1", story.snmp.KEEPALIVED_MIB + ".3.4.1"
    assert ask.column(virtual + ".6") == {"1": "AC 11 0D FC"}
    assert ask.column(virtual + ".7") == {"1": "80"}
    assert ask.column(real + ".4") == {"1.1": "AC 11 0D AD", "1.2": "AC 11 0D 8E"}
    assert ask.column(real + ".6") == {"1.1": "1", "1.2": "1"}
    assert ask.column(real + ".7") == {"1.1": "1", "1.2": "1"}
    assert [pair.dest(ADMIN_STATE, name) for name in WEB] == [UNLOCKED, UNLOCKED]


def test_statistics_follow_the_kernel(pair):
    oid = story.snmp.KEEPALIVED_MIB + ".3.3.1.27.1"
    pair.answers()
    wait_until(lambda: pair.managers["ds1"].number(oid) >= pair.ipvs_conns("ds1") > 0, 10 + ROOM, "connections counted")


def test_a_dead_web_server_leaves_and_returns(pair):
    reports = pair.traps.count(REAL_SERVER_TRAP)
    pair.stop_web("rs1")
    # Noticed within delay_loop 3, then three retries 3 s apart.
    wait_until(lambda: pair.ipvs("ds1") == {"rs2": 1}, 3 + 9 + 3 + ROOM, "rs1 leaves")
    assert set(pair.answers()) == {"rs2"}
    wait_until(lambda: new_traps(pair, REAL_SERVER_TRAP, reports), 10, "trap of the death")
    wait_until(lambda: pair.traps.count(NOTIFICATION["DestDown"]), 10, "our own trap of it")
    reports = pair.traps.count(REAL_SERVER_TRAP)
    pair.start_web("rs1")
    wait_until(lambda: pair.ipvs("ds1") == pair.ipvs("ds2") == {"rs1": 1, "rs2": 1}, 3 + ROOM, "rs1 returns")
    wait_until(lambda: new_traps(pair, REAL_SERVER_TRAP, reports), 10, "trap of the return")
    wait_until(lambda: pair.traps.count(NOTIFICATION["DestUp"]), 10, "our own trap of it")


def test_drain_lets_a_download_end(pair):
    process, server = pair.start_download(CLIENTS[3])
    wait_until(lambda: pair.dest(ACTIVE_CONNS, server) >= 1, 10 + ROOM, "the download is seen")
    pair.admin(server, SHUTTING_DOWN)
    # Acknowledged means done: no waiting here.
    assert pair.dest(ADMIN_STATE, server) == SHUTTING_DOWN
    assert pair.dest(DRAIN_STATE, server) == DRAINING
    assert pair.ipvs("ds1")[server] == 0
    fresh = f"{VIP[:-3]}77"
    pair.client.add_address("eth0", f"{fresh}/24")
    other = ({"rs1", "rs2"} - {server}).pop()
    for _ in range(4):
        assert pair.answer(fresh) == other
    assert process.alive(), "the download was to outlive the drain's start"
    wait_until(lambda: not process.alive(), 20 + ROOM, "the download's end")
    assert process.text() == f"200 {story.BIG_BYTES}"
    wait_until(lambda: pair.traps.count(NOTIFICATION["DrainStarted"]), 10, "trap of the drain")
    holds(lambda: pair.ipvs("ds1").get(server, 0) == 0, 8, "drained in spite of good checks")
    pair.admin(server, UNLOCKED)
    assert pair.dest(ADMIN_STATE, server) == UNLOCKED
    assert pair.ipvs("ds1") == {"rs1": 1, "rs2": 1}


def test_locked_is_out_of_the_kernel(pair):
    pair.admin("rs2", LOCKED)
    assert pair.ipvs("ds1") == {"rs1": 1}
    assert pair.dest(KERNEL_WEIGHT, "rs2") == -1
    pair.admin("rs2", UNLOCKED)
    assert pair.ipvs("ds1") == {"rs1": 1, "rs2": 1}


def test_a_killed_master_is_replaced(pair):
    changes, conns = pair.traps.count(INSTANCE_TRAP), pair.ipvs_conns("ds2")
    pair.running["ds1"].kill()
    killed = time.time()
    wait_until(lambda: pair.is_master("ds2"), 4 + ROOM, "ds2 takes the VIP")
    wait_until(lambda: pair.arp_owner() == "ds2", 10, "the client's traffic moves")
    assert set(pair.answers()) == {"rs1", "rs2"}
    wait_until(lambda: pair.ipvs_conns("ds2") > conns, 10, "connections through ds2")
    assert pair.state("ds2") == MASTER
    wait_until(lambda: new_traps(pair, INSTANCE_TRAP, changes), 10, "trap of the takeover")
    last = max(advert.time for advert in pair.capture.adverts(vrid=VRID, source=story.DIRECTORS["ds1"]))
    first = min(advert.time for advert in pair.capture.adverts(vrid=VRID, source=story.DIRECTORS["ds2"], since=killed))
    # 3 x advert_int + (256 - 100) / 256 after the last advert: RFC 3768 section 6.1.
    assert 3.6 - 0.1 <= first - last <= 3.61 + 1.0
    assert pair.capture.gratuitous(VIP, since=killed)


def test_the_master_comes_back(pair):
    began = time.time()
    pair.start_director("ds1")
    wait_until(lambda: pair.state("ds1") == MASTER, 10 + ROOM, "ds1 is master again")
    wait_until(lambda: not pair.is_master("ds2"), 5, "ds2 gives the VIP up")
    assert pair.directors["ds1"].count_address(VIP) == 1
    wait_until(lambda: pair.arp_owner() == "ds1", 10, "the client's traffic moves back")
    assert set(pair.answers()) <= {"rs1", "rs2"}
    assert pair.capture.masters(VRID, since=began)[-1] == story.DIRECTORS["ds1"]


def test_it_stops_cleanly_and_fast(pair):
    began = time.monotonic()
    assert pair.running["ds1"].stop() == 0
    took = time.monotonic() - began
    assert pair.ipvs("ds1") == {}
    assert pair.directors["ds1"].count_address(VIP) == 0
    wait_until(lambda: pair.is_master("ds2"), 3 + ROOM, "ds2 takes over at once")
    wait_until(lambda: pair.capture.adverts(source=story.DIRECTORS["ds1"])[-1].priority == 0, 5, "the advert that says so")
    assert took < 3, "0.3 s on real hardware, ten times slower here"
