# SPDX-License-Identifier: MIT
"""What programs are told: the notify FIFOs and scripts of one configuration, under keepalived and under vipd.

The order in which two subjects are told of one event is not compared, only that of one subject's own lines.
"""

import collections
import json
import os
import re
import select
import stat
import time

import pytest

from lab import Lab, holds, wait_until

FIFOS = ("all", "vrrp", "lvs")
GROUP = """
vrrp_sync_group G {
    group {
        V_1
        V_2
    }
    notify_priority_changes
    sync_group_tracking_weight
    notify "/run/tell group"
    notify_stop /run/tell_stop
}
"""
SCRIPT = """
vrrp_script good {
    script "/usr/bin/test -e /run/good"
    interval 1
    weight 20
}
"""


def instance(name, vrid, more="", priority=100, script=True):
    tracks = "track_script {\n good\n }" if script else ""
    return f"""
vrrp_instance {name} {{
    state BACKUP
    interface eth0
    virtual_router_id {vrid}
    priority {priority}
    advert_int 1
    {tracks}
    {more}
    virtual_ipaddress {{
        192.0.2.{vrid + 100}/32
    }}
}}
"""


def defs(*lines):
    return "global_defs {\n script_user root\n enable_script_security\n " + "\n ".join(lines) + "\n}\n"


BOTH = (defs("notify_fifo /run/all nobody", "vrrp_notify_fifo /run/vrrp") + SCRIPT + GROUP +
        instance("V_1", 1, "notify /run/tell\n notify_master \"/run/tell 'a b' c\" nobody nogroup") +
        instance("V_2", 2, "notify_priority_changes off") +
        instance("V_3", 3, "notify_priority_changes\n notify \"/run/tell\" nobody\n notify_backup /run/tell\n"
                           "notify_fault /run/tell\n notify_stop /run/tell_stop\n"
                           "notify_master_rx_lower_pri \"/run/tell lower\""))


class Follower:
    """Reads a FIFO from its beginning, and the next one of that name when it is made anew."""

    def __init__(self, path):
        self.path, self.fd, self.inode, self.got = path, None, None, b""

    def text(self):
        while self.fd is not None:
            try:
                more = os.read(self.fd, 65536)
            except BlockingIOError:
                break
            self.got += more
            if not more:
                break
        try:
            found = os.lstat(self.path)
        except FileNotFoundError:
            return self.got.decode()
        if stat.S_ISFIFO(found.st_mode) and found.st_ino != self.inode:
            self.fd, self.inode = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK), found.st_ino
        return self.got.decode()


class Director:
    """A node with a program that tells how it was run, and the FIFOs under /run."""

    def __init__(self, lab):
        self.node = lab.node("director", "192.0.2.1/24")
        self.run = self.node.dir / "run"
        for folder in (lab.dir, self.node.dir, self.run):
            folder.chmod(0o755)
        for name in ("tell", "tell_stop"):
            self.program(name, 'echo "$(id -u):$(id -g) ${0##*/} $(pwd) $#: $* ${LD_PRELOAD-}" >>/run/told')
        self.told = self.run / "told"
        self.told.touch()
        self.told.chmod(0o666)
        (self.run / "good").touch()
        self.fifos = {name: Follower(self.run / name) for name in FIFOS}
        self.daemon = self.file = None

    def program(self, name, text):
        (self.run / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.run / name).chmod(0o755)

    def start(self, kind, text):
        self.file = self.node.write("director.conf", text)
        self.daemon = self.node.vipd(self.file) if kind == "vipd" else self.node.keepalived(self.file)
        if kind == "vipd":
            wait_until(lambda: "is ready" in self.log() or not self.daemon.alive(), what="vipd")
            assert self.daemon.alive(), self.log()
        return self

    def log(self):
        return self.daemon.text()

    def reload(self, text):
        self.file.write_text(text)
        self.node.vipctl("reload")

    def waits(self, line, fifo="vrrp", count=1, timeout=20):
        def seen():
            return all([each.text() for each in self.fifos.values()]) or True

        wait_until(lambda: seen() and self.fifos[fifo].text().count(line) >= count, timeout, line)

    def lines(self, fifo):
        """{subject: its lines} in order."""
        subjects = collections.defaultdict(list)
        for line in self.fifos[fifo].text().splitlines():
            subjects[" ".join(line.split()[:2])].append(line)
        return subjects


# One advert of version 2: VRID 3, priority 50, for the address of V_3.
LOSING_ADVERT = """
import socket, struct
advert = bytearray(b"\\x21\\x03\\x32\\x01\\x00\\x01\\x00\\x00" + socket.inet_aton("192.0.2.103") + bytes(8))
total = sum(struct.unpack("!10H", advert))
advert[6:8] = struct.pack("!H", ~(total + (total >> 16)) & 0xffff)
out = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("192.0.2.2"))
out.sendto(advert, ("224.0.0.18", 0))
"""


def live(lab, kind):
    """A start, a script that fails, a worse and a better router, the script again, a lost link, a stop."""
    d = Director(lab).start(kind, BOTH)
    peer = lab.node("peer", "192.0.2.2/24")
    d.waits('GROUP "G" MASTER 0')
    d.waits('INSTANCE "V_3" MASTER 120')
    (d.run / "good").unlink()
    d.waits('INSTANCE "V_3" MASTER_PRIORITY 100')
    d.waits('INSTANCE "V_1" MASTER_PRIORITY 100')
    peer.run("/usr/bin/python3", "-c", LOSING_ADVERT)
    d.waits('INSTANCE "V_3" MASTER_RX_LOWER_PRI 100')
    peer.vipd(peer.write("vipd.conf", instance("P", 3, priority=150, script=False)))
    d.waits('INSTANCE "V_3" BACKUP 100')
    (d.run / "good").touch()
    d.waits('INSTANCE "V_3" BACKUP_PRIORITY 120')
    d.waits('INSTANCE "V_1" MASTER_PRIORITY 120')
    d.node.ip("link set eth0 down")
    d.waits('GROUP "G" FAULT 0')
    d.waits('INSTANCE "V_3" FAULT 120')
    modes = {name: os.lstat(d.run / name) for name in ("all", "vrrp")}
    assert d.daemon.stop() == 0
    d.waits('GROUP "G" STOP 0', "all")
    d.waits('GROUP "G" STOP 0')
    wait_until(lambda: "tell / 1: lower" in d.told.read_text(), what="notify_master_rx_lower_pri")
    wait_until(lambda: d.told.read_text().count("tell_stop") == 2, what="stop scripts")
    return d, {name: (oct(mode.st_mode), mode.st_uid, mode.st_gid) for name, mode in modes.items()}


def test_lines_scripts_and_files_are_those_of_keepalived(lab):
    with Lab() as other:
        theirs, their_modes = live(other, "keepalived")
        ours, our_modes = live(lab, "vipd")
        for fifo in ("all", "vrrp"):
            assert ours.lines(fifo) == theirs.lines(fifo)
        assert len(ours.lines("vrrp")) == 4 and ours.fifos["all"].text() == ours.fifos["vrrp"].text()
        assert our_modes == their_modes == {"all": ("0o10600", 65534, 65534), "vrrp": ("0o10600", 0, 0)}
        ours_told, their_told = ours.told.read_text, theirs.told.read_text
        wait_until(lambda: len(ours_told()) == len(their_told()), what="the last scripts")
        assert sorted(ours_told().splitlines()) == sorted(their_told().splitlines())
        assert "65534:65534 tell / 2: a b c" in ours.told.read_text()
        assert not os.path.lexists(ours.run / "all") and not os.path.lexists(theirs.run / "all")


def test_a_reload_tells_of_what_it_removes_and_of_all_states_if_wanted(lab):
    text = defs("vrrp_notify_fifo /run/vrrp", "fifo_write_vrrp_states_on_reload") + "".join(
        instance(f"V_{n}", n, more, script=False) for n, more in
        ((1, "notify /run/tell"), (2, "notify /run/tell\nnotify_deleted /run/tell"),
         (3, "notify_deleted"), (4, "notify_stop /run/tell_stop\nnotify_fault /run/tell")))
    d = Director(lab).start("vipd", text)
    for n in range(1, 5):
        d.waits(f'INSTANCE "V_{n}" MASTER 100')
    inode = os.lstat(d.run / "vrrp").st_ino
    before = len(d.fifos["vrrp"].text())
    d.reload(text[:text.index("vrrp_instance V_2")])
    assert d.fifos["vrrp"].text()[before:].splitlines() == [
        'INSTANCE "V_2" DELETED 100', 'INSTANCE "V_3" DELETED 100', 'INSTANCE "V_4" FAULT 100',
        'INSTANCE "V_1" MASTER 100']
    assert os.lstat(d.run / "vrrp").st_ino == inode
    wait_until(lambda: d.told.read_text().count("DELETED 100") == 1, what="notify")
    wait_until(lambda: "0:0 tell / 0:" in d.told.read_text(), what="notify_deleted")
    assert "tell_stop" not in d.told.read_text()


def test_a_reload_moves_a_fifo_and_starts_its_reader_anew(lab):
    d = Director(lab)
    d.program("reader", 'echo "$*" >>/run/read\ncat "$2" >>/run/read\necho end >>/run/read')
    d.start("vipd", defs("vrrp_notify_fifo /run/one", 'vrrp_notify_fifo_script "/run/reader x"') +
            instance("V_1", 1, script=False))
    read = d.run / "read"
    wait_until(lambda: read.exists() and 'INSTANCE "V_1" MASTER 100' in read.read_text(), what="what is read")
    assert read.read_text().splitlines() == ["x /run/one", 'INSTANCE "V_1" BACKUP 100', 'INSTANCE "V_1" MASTER 100']
    d.reload(defs("vrrp_notify_fifo /run/two", 'vrrp_notify_fifo_script "/run/reader x"') +
             instance("V_1", 1, script=False))
    assert not os.path.lexists(d.run / "one")
    wait_until(lambda: "x /run/two" in read.read_text(), what="the second reader")
    assert d.daemon.stop() == 0
    wait_until(lambda: read.read_text().endswith('x /run/two\nINSTANCE "V_1" STOP 100\nend\n'), what="the last line")
    assert not os.path.lexists(d.run / "two")


def test_a_reader_that_stays_is_ended_by_sigterm_after_a_second(lab):
    d = Director(lab)
    d.program("reader", "trap 'echo TERM >>/run/read; exit' TERM\nexec 3<>$1\necho up >>/run/read\n"
                        "while read -r line; do echo \"$line\" >>/run/read; done <&3")
    d.start("vipd", defs("notify_fifo /run/all", "notify_fifo_script /run/reader") + instance("V_1", 1, script=False))
    read = d.run / "read"
    wait_until(lambda: read.exists() and "MASTER" in read.read_text(), what="what is read")
    began = time.monotonic()
    assert d.daemon.stop() == 0
    assert time.monotonic() - began < 3
    wait_until(lambda: read.read_text().splitlines()[-2:] == ['INSTANCE "V_1" STOP 100', "TERM"],
               what="SIGTERM after the last line")


def test_a_reader_that_dies_is_told_of_and_costs_nothing_else(lab):
    d = Director(lab)
    d.program("reader", "exit 3")
    text = defs("vrrp_notify_fifo /run/vrrp", "vrrp_notify_fifo_script /run/reader") + instance("V_1", 1, script=False)
    d.start("vipd", text)
    wait_until(lambda: "the reader of FIFO /run/vrrp has ended (status 3)" in d.log(), what="the log")
    d.waits('INSTANCE "V_1" MASTER 100')
    assert d.log().count("has ended") == 1
    d.reload(text)
    wait_until(lambda: d.log().count("has ended") == 2, what="the second one")


def test_nobody_reads_and_adverts_stay_on_time(lab):
    d = Director(lab)
    watcher = lab.node("watcher", "192.0.2.9/24")
    capture, pulse = watcher.capture("eth0", "ip proto 112"), lab.pulse
    del d.fifos["all"]
    os.mkfifo(d.run / "all", 0o600)
    full = os.open(d.run / "all", os.O_RDWR | os.O_NONBLOCK)
    try:
        with pytest.raises(BlockingIOError):
            while True:
                os.write(full, b"x" * 4096)
        d.start("vipd", defs("notify_fifo /run/all", "vrrp_notify_fifo /run/vrrp") + SCRIPT +
                instance("V_1", 1, "notify_priority_changes"))
        d.waits('INSTANCE "V_1" MASTER 120')
        since = time.time()
        for times in (1, 2):
            (d.run / "good").unlink()
            d.waits("MASTER_PRIORITY 100", count=times)
            (d.run / "good").touch()
            d.waits("MASTER_PRIORITY 120", count=times)
        holds(d.daemon.alive, 2)
        wait_until(lambda: len(capture.gaps(vrid=1, since=since)) >= 3, what="adverts")
        assert capture.late_gaps(1, pulse, vrid=1, since=since) == []
        assert d.log().count("FIFO /run/all: it is full, nobody reads it; 1 records lost so far") == 1
        assert json.loads(d.node.vipctl("-j", "status").stdout)["daemon"]["fifo_records_lost"] > 3
        assert set(os.read(full, 1 << 20)) == {ord("x")}
        d.node.ip("link set eth0 down")
        d.waits("FAULT")
        assert select.select([full], [], [], 10)[0], "a FIFO is written after the other"
        assert os.read(full, 65536).decode() == 'INSTANCE "V_1" FAULT 120\n'
        assert d.daemon.stop() == 0
        assert os.path.lexists(d.run / "all")  # not made by vipd
    finally:
        os.close(full)


def test_what_is_not_a_fifo_of_ours_is_left_alone(lab):
    d = Director(lab)
    (d.run / "vrrp").write_text("mine")
    os.mkfifo(d.run / "else", 0o622)
    os.chown(d.run / "else", 1, 1)
    os.symlink("/run/elsewhere", d.run / "all")
    d.start("vipd", defs("notify_fifo /run/all", "vrrp_notify_fifo /run/vrrp", "lvs_notify_fifo /run/else nobody") +
            instance("V_1", 1, script=False))
    log = d.log()
    assert "FIFO /run/vrrp is not used: something else has that name" in log
    assert "FIFO /run/all is not used: something else has that name" in log
    assert "FIFO /run/else is not used: it belongs to somebody else" in log
    wait_until(lambda: d.node.has_address("192.0.2.101"), 15, "the address")
    assert d.daemon.stop() == 0
    assert (d.run / "vrrp").read_text() == "mine" and os.path.lexists(d.run / "else")


@pytest.mark.parametrize("mask, mode", [("", 0o600), ("umask 0", 0o644), ("umask IWGRP|IRWXO", 0o640)])
def test_modes(lab, mask, mode):
    d = Director(lab).start("vipd", defs("vrrp_notify_fifo /run/vrrp daemon", mask) + instance("V_1", 1, script=False))
    found = os.lstat(d.run / "vrrp")
    assert (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) == (mode, 1, 1)


def test_a_user_that_does_not_exist_means_no_fifo(lab):
    d = Director(lab).start("vipd", defs("vrrp_notify_fifo /run/vrrp nosuchuser", "notify_fifo /run/all") +
                            instance("V_1", 1, script=False))
    d.waits('INSTANCE "V_1" MASTER 100', "all")
    assert "FIFO /run/vrrp is not used: there is no such user or group" in d.log()
    assert not os.path.lexists(d.run / "vrrp")


SERVICE = """
virtual_server 198.51.100.1 80 {{
    protocol TCP
    delay_loop 1
    alpha
    omega
    quorum_up "/run/tell up"
    real_server 192.0.2.20 8080 {{
        weight 10
        notify_down /run/tell
        MISC_CHECK {{
            misc_path "/usr/bin/test -e /run/good"
            warmup 0
        }}
    }}
}}
"""


@pytest.mark.parametrize("keyword, end", [("", "\n\0"), ("lvs_notify_fifo_nul off", "\n")])
def test_servers(lab, keyword, end):
    d = Director(lab).start("vipd", defs("lvs_notify_fifo /run/lvs", "notify_fifo /run/all", keyword) +
                            SERVICE.format())
    vs, rs = "VS [198.51.100.1]:tcp:80 ", "RS [192.0.2.20]:tcp:8080 [198.51.100.1]:tcp:80 "
    d.waits(vs + "UP", "lvs")
    (d.run / "good").unlink()
    d.waits(vs + "DOWN", "lvs")
    (d.run / "good").touch()
    d.waits(vs + "UP", "lvs", 2)
    assert d.daemon.stop() == 0
    got = d.fifos["lvs"].text()
    assert got == d.fifos["all"].text()
    records = got.split(end)
    assert records.pop() == "" and not re.search(r"\0|\n", "".join(records))
    assert [line for line in records if line.startswith("V")] == [vs + "UP", vs + "DOWN"] * 2
    assert [line for line in records if line.startswith("R")] == [rs + "UP", rs + "DOWN"] * 2
    holds(lambda: d.told.read_text().count("2: up") <= 2, 0.2)
    assert not os.path.lexists(d.run / "vrrp")
