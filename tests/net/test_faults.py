# SPDX-License-Identifier: MIT
"""What goes wrong on a real machine, and what vipd does then: the table "When something fails" of doc/operations.md.

A link that goes down or is deleted, an address or a macvlan removed by others, FIFOs without a reader and snmpd are in
test_run.py, test_vmac.py, test_fifo.py and test_hung_snmpd.py.
"""

import json
import pathlib
import re
import struct
import subprocess
import time

import pytest

from lab import build_dir, holds, wait_until
from scale import router

VIP, VRID = "10.5.0.100", 51
HEAD = "global_defs {\n\trouter_id faults\n\tvrrp_version 3\n\tvrrp_rt_priority 40\n\tscript_user root\n}\n"

STEPPED_CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static volatile const long long *step;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void open_step(void)
{
	step = mmap(NULL, 8, PROT_READ, MAP_SHARED, open(getenv("STEP"), O_RDONLY), 0);
	real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	int r = real(clock, ret);
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		ret->tv_sec += *step;
	return r;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	struct timespec now;
	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	ret->tv_sec = now.tv_sec;
	ret->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *ret)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}
"""


class Router:
    """A node with one vipd and one virtual router on it."""

    def __init__(self, lab, name, address, *, priority=200, interval=1, more="", head="", options=(), env=None):
        self.node, self.options, self.env, self.starts = lab.node(name, f"{address}/24"), options, env, 0
        self.file = self.node.write("vipd.conf", HEAD + head + router(
            "VI", VRID, address=VIP, state="BACKUP", priority=priority, interval=interval, more=more))

    def start(self):
        self.starts += 1
        self.daemon = self.node.popen(build_dir() / "vipd", "-n", "-l", "-D", "-f", self.file, *self.options, env=self.env,
                                      log=f"vipd{self.starts}.log")
        wait_until(lambda: "is ready" in self.text() or not self.daemon.alive(), what="vipd")
        assert self.daemon.alive(), self.text()
        return self

    def text(self):
        return self.daemon.text()

    def state(self):
        return json.loads(self.node.vipctl("-j", "status").stdout)["instances"][0]["state"]

    def is_master(self):
        return self.state() == "MASTER" and self.node.has_address(VIP)

    def becomes_master(self, timeout=15):
        wait_until(self.is_master, timeout, "master")
        return self


class Clock:
    """The wall clock of a process, to be set while it runs. A timer of the wall clock would not be seen by it: there must
    be none."""

    def __init__(self, folder):
        self.step, library = folder / "step", folder / "clock.so"
        source = folder / "clock.c"
        source.write_text(STEPPED_CLOCK)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        self.set(0)
        self.env = {"STEP": str(self.step), "LD_PRELOAD": str(library)}

    def set(self, seconds):
        with open(self.step, "r+b" if self.step.exists() else "wb") as file:
            file.write(struct.pack("q", seconds))


def clocks_of_timers(pid):
    """What its timerfds follow: the numbers of clock_gettime(2)."""
    lines = [line for path in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir() for line in path.read_text().splitlines()]
    return {line.split()[1] for line in lines if line.startswith("clockid:")}


def test_pauses_clock_steps_and_a_kill(lab):
    """Nothing but silence moves the master. Shows VS-15."""
    asan = "asan" in str(build_dir())  # it wants to be the first library
    clock = None if asan else Clock(lab.dir)
    high = Router(lab, "high", "10.5.0.1", env=clock and clock.env).start().becomes_master()
    low = Router(lab, "low", "10.5.0.2", priority=100, env=clock and clock.env).start()
    capture, pulse = low.node.capture("eth0", "ip proto 112"), lab.pulse
    wait_until(lambda: len(capture.adverts()) >= 2, what="adverts")

    since = time.time()
    high.daemon.pause()
    time.sleep(2)
    high.daemon.resume()
    holds(lambda: not low.node.has_address(VIP), 1.5, "the backup waits for three")
    assert capture.masters(since=since) == ["10.5.0.1"]

    since = time.time()
    for step in () if asan else (3600, -3600, 0):
        clock.set(step)
        holds(high.is_master, 1.3, f"a step of {step} s")
    assert capture.masters(since=since) == ([] if asan else ["10.5.0.1"])
    assert capture.late_gaps(1, pulse, since=since) == []
    assert clocks_of_timers(high.daemon.pid) == {"1"}, "monotonic ones only"

    since = time.time()
    high.daemon.kill()
    low.becomes_master()
    assert high.node.count_address(VIP) == 1, "nobody was left to remove it"
    high.start().becomes_master()
    wait_until(lambda: not low.node.has_address(VIP), what="the backup lets go")
    assert high.node.count_address(VIP) == 1
    assert capture.masters(since=since) == ["10.5.0.2", "10.5.0.1"]


def test_an_interface_is_renamed(lab):
    it = Router(lab, "it", "10.5.0.1", interval=0.2).start().becomes_master()
    it.daemon.pause()  # so that the address is removed after the name is another
    it.node.ip("link set eth0 down", "link set eth0 name other", "link set other up")
    it.daemon.resume()
    wait_until(lambda: it.state() == "FAULT", what="fault")
    wait_until(lambda: not it.node.has_address(VIP), what="no address")
    holds(lambda: not it.node.has_address(VIP), 0.5, "no address under another name")
    # The name counts, whatever bears it.
    it.node.link("eth0", "10.5.0.3/24")
    it.becomes_master()
    assert VIP in it.node.output("ip", "address", "show", "dev", "eth0")
    it.node.ip("link delete eth0")
    wait_until(lambda: it.state() == "FAULT", what="fault")
    it.node.ip("link set other down", "link set other name eth0", "link set eth0 up")
    it.becomes_master()
    assert it.node.count_address(VIP) == 1
    assert "cannot remove" not in it.text()


def test_a_storm_of_netlink(lab):
    """Thousands of addresses and routes while vipd runs, and while it cannot read: what was lost is found out."""
    it = Router(lab, "it", "10.5.0.1", interval=0.5, more="\tvirtual_routes {\n\t\t198.51.100.0/24 dev eth0\n\t}\n")
    capture, pulse = lab.node("watcher", "10.5.0.9/24").capture("eth0", "ip proto 112"), lab.pulse
    it.start().becomes_master()
    has_route = lambda: "198.51.100.0/24" in it.node.output("ip", "route")  # noqa: E731
    wait_until(has_route, what="the route")
    some = [f"10.{100 + i // 250}.{i % 250}.1/32" for i in range(4000)]
    storm = "".join(f"address add {address} dev lo\n" for address in some)
    storm += "".join(f"route add 172.{16 + i // 250}.{i % 250}.0/24 dev eth0\n" for i in range(2000))
    path = it.node.write("storm", storm)

    since = time.time()
    it.node.run("ip", "-batch", path)
    it.node.ip("address flush dev lo scope global", "route flush root 172.16.0.0/12")
    wait_until(lambda: len(capture.adverts(since=since)) > 2, what="adverts")
    assert capture.late_gaps(0.5, pulse, since=since) == []
    assert it.is_master()

    it.daemon.pause()
    it.node.run("ip", "-batch", path)
    it.node.ip("address flush dev lo scope global", f"address delete {VIP}/32 dev eth0", "route delete 198.51.100.0/24")
    it.daemon.resume()
    wait_until(lambda: "interface events were lost, reading all again" in it.text(), what="the overrun")
    wait_until(lambda: it.node.has_address(VIP) and has_route(), what="both again")
    it.becomes_master()


@pytest.fixture
def full(tmp_path):
    """A disk with no room."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], check=True)
    with pytest.raises(OSError), open(tmp_path / "filler", "wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
    yield tmp_path
    subprocess.run(["umount", "-l", tmp_path], check=True)


def test_a_full_disk(lab, full):
    """Log, dump, state: what cannot be written is said where there is room, and nothing waits or ends for it."""
    it = Router(lab, "it", "10.5.0.1", interval=0.5, env={"TMPDIR": str(full)}, head=(
        "virtual_server 10.5.0.100 80 {\n\tprotocol TCP\n\treal_server 10.5.0.40 80 {\n\t\tweight 1\n\t}\n}\n"),
        options=(f"--log-file={full}/log", "--state-dir", full / "state", "-p", full / "pid"))
    it.start().becomes_master()
    since, pulse = time.time(), lab.pulse
    capture = lab.node("watcher", "10.5.0.9/24").capture("eth0", "ip proto 112")
    for name in ("DATA", "STATS"):
        it.daemon.send(int(subprocess.run([build_dir() / "vipd", f"--signum={name}"], text=True, capture_output=True,
                                          check=True).stdout))
    lock = ("lock", "10.5.0.100:80/tcp", "10.5.0.40:80")
    refused = it.node.vipctl(*lock, check=False)
    assert (refused.returncode, refused.stderr) == (1, "vipctl: could not be stored\n")
    for line in ("pid file .*/pid stays empty", "cannot write .*/keepalived.data", "cannot write .*/keepalived.stats"):
        wait_until(lambda: re.search(f" main: {line}: No space left on device", it.text()), what=line)
    wait_until(lambda: len(capture.adverts(since=since)) > 2, what="adverts")
    assert it.is_master()
    assert capture.late_gaps(0.5, pulse, since=since) == []

    (full / "filler").unlink()
    it.node.vipctl(*lock)
    wait_until(lambda: "lock" in (full / "log").read_text(), what="the log goes on")
    assert it.daemon.stop() == 0


def test_scripts_that_hang_and_that_flood(lab):
    """Both are ended when their time is over; what they write goes nowhere."""
    flood, hang = lab.dir / "flood", lab.dir / "hang"
    flood.write_text("#!/bin/sh\nexec timeout 5 yes flood\n")
    hang.write_text("#!/bin/sh\ntrap '' TERM\nfor i in 1 2 3 4 5; do sleep 1; done\n")
    for script in flood, hang:
        script.chmod(0o755)
    head = "".join(f"vrrp_script {script.name} {{\n\tscript {script}\n\tinterval 1\n\ttimeout 1\n\tweight 10\n\tfall 1\n"
                   "}\n" for script in (flood, hang))
    it = Router(lab, "it", "10.5.0.1", head=head,
                more=f"\ttrack_script {{\n\t\tflood\n\t\thang\n\t}}\n\tnotify_master {flood}\n")
    capture = lab.node("watcher", "10.5.0.9/24").capture("eth0", "ip proto 112")
    it.start().becomes_master()
    since, pulse = time.time(), lab.pulse
    wait_until(lambda: len(capture.adverts(since=since)) > 3, what="adverts")
    assert capture.late_gaps(1, pulse, since=since) == []
    assert {advert.priority for advert in capture.adverts(since=since)} == {200}, "neither counts as a success"
    for script in ("flood", "hang"):
        wait_until(lambda: f"script {script} is down" in it.text(), what=script)
    assert len(it.text()) < 20000, it.text()[-2000:]
    assert it.daemon.stop() == 0
