# SPDX-License-Identifier: MIT
"""Tracked files and processes: with the same configuration, after the same writes, starts and ends of processes, vipd
and Debian's keepalived advertise the same priorities, judged by a capture on a third machine.
"""

import os
import pathlib
import shutil
import socket
import struct
import subprocess
import time

import pytest

from lab import Process, holds, wait_until

WATCHER = "192.0.2.9"
BASE = 100
# Each daemon has identifiers of its own, or they would elect one master between them.
DAEMONS = {"vipd": ("192.0.2.1", 0), "keepalived": ("192.0.2.2", 100)}
SILENT = None  # in FAULT
# linux/netlink.h, connector.h, cn_proc.h
NETLINK_CONNECTOR, NLMSG_DONE, CN_IDX_PROC, CN_VAL_PROC, PROC_CN_MCAST_LISTEN = 11, 3, 1, 1, 1

INSTANCE = """
vrrp_instance V{number} {{
	state BACKUP
	interface eth0
	virtual_router_id {vrid}
	priority {priority}
	advert_int 1
	virtual_ipaddress {{
		198.51.100.{vrid}/32
	}}
	{body}
}}
"""


def config(objects, bodies, offset, priority=BASE):
    return "global_defs {\n}\n" + objects + "".join(
        INSTANCE.format(number=number, vrid=offset + number, priority=priority, body=body)
        for number, body in enumerate(bodies, 1))


class Watched:
    """One daemon on a node of its own, seen from the watcher."""

    def __init__(self, kind, daemon, capture, count):
        self.kind, self.daemon, self.capture, self.count = kind, daemon, capture, count
        self.offset = DAEMONS[kind][1]

    def priorities(self):
        now, seen = time.time(), {}
        for advert in self.capture.adverts(since=now - 1.5):
            seen[advert.vrid] = advert.priority or SILENT  # 0: on its way out
        return [seen.get(self.offset + number) for number in range(1, self.count + 1)]

    def settle(self, expected):
        try:
            wait_until(lambda: self.priorities() == expected, 12, f"{self.kind}: {expected}", interval=0.2)
        except AssertionError as error:
            raise AssertionError(f"{self.kind} advertises {self.priorities()}, not {expected}\n"
                                 f"{self.daemon.text()[-2000:]}") from error


def capture_on(lab):
    return lab.node("watcher", f"{WATCHER}/24").capture("eth0", "ip proto 112")


def track(line, kind="file"):
    return f"track_{kind} {{\n\t\t{line}\n\t}}"


FILES = [track(line) for line in ("f", "f weight 2", "f weight -3", "r", "f weight 2 reverse", "z", "z weight 0 reverse",
                                  "r weight 2 noreverse", "f weight 254")]
FILE_STEPS = [
    (b"0\n", [100, 100, 100, 100, 100, 100, SILENT, 100, 100]),
    (b"-4", [96, 92, 112, 104, 108, SILENT, 100, 92, SILENT]),
    (b" 0x10\n", [116, 132, 52, 84, 68, SILENT, 100, 132, 254]),
    (b"010", [108, 116, 76, 92, 84, SILENT, 100, 116, 254]),
    (b"junk", [100, 100, 100, 100, 100, 100, SILENT, 100, 100]),
    (b"3 junk", [103, 106, 91, 97, 94, SILENT, 100, 106, 254]),
    (b"", [100, 100, 100, 100, 100, 100, SILENT, 100, 100]),
    (b"9" * 30, [100, 100, 100, 100, 100, 100, SILENT, 100, 100]),
    (b"253", [254, 254, SILENT, 1, SILENT, SILENT, 100, 254, 254]),
    (b"-254", [SILENT, SILENT, 254, 254, 254, SILENT, 100, SILENT, SILENT]),
    ("replace", [107, 114, 79, 93, 86, SILENT, 100, 114, 254]),
    ("remove", [100, 100, 100, 100, 100, 100, SILENT, 100, 100]),
]


def step(path, what):
    if what == "replace":
        (path.parent / "other").write_text("7\n")
        (path.parent / "other").rename(path)
    elif what == "remove":
        path.unlink()
    else:
        path.write_bytes(what)


def test_priorities_follow_a_file(lab):
    path = lab.dir / "number"
    path.write_text("5\n")
    objects = "".join(f"track_file {name} {{\n\tfile {path}\n\tweight {weight}\n}}\n"
                      for name, weight in (("f", "1"), ("r", "1 reverse"), ("z", "0")))
    capture, both = capture_on(lab), []
    for kind, (address, offset) in DAEMONS.items():
        node = lab.node(kind, f"{address}/24")
        file = node.write("director.conf", config(objects, FILES, offset))
        daemon = node.vipd(file) if kind == "vipd" else node.keepalived(file)
        both.append(Watched(kind, daemon, capture, len(FILES)))
    for watched in both:
        watched.settle([105, 110, 85, 95, 90, SILENT, 100, 110, 254])
    for what, expected in FILE_STEPS:
        step(path, what)
        for watched in both:
            watched.settle(expected)


# Every process of the machine is looked at: the names are ours alone. The kernel knows 15 octets of one.
PROGRAM, LONG = f"track{os.getpid()}", f"long{os.getpid()}-program-name"
PROCESSES = {
    "name": f"process {PROGRAM}",
    "path": "process {folder}/" + PROGRAM,
    "exact": "process {folder}/" + PROGRAM + " 1000",
    "other": f"process {PROGRAM} 1000",
    "initial": "process {folder}/" + PROGRAM + " 100\n\tparam_match initial",
    "partial": "process {folder}/" + PROGRAM + "\n\tparam_match partial",
    "no_parameter": "process {folder}/" + PROGRAM + "\n\tparam_match",
    "full": "process {folder}/" + PROGRAM + "\n\tfull_command",
    "long": f"process {LONG}",
    "two": f"process {PROGRAM}\n\tquorum 2",
    "at_most_one": f"process {PROGRAM}\n\tquorum_max 1",
    "none": f"process {PROGRAM}\n\tquorum_max 0",
}
TRACKED = [track(name, "process") for name in PROCESSES] + [
    track(line, "process") for line in ("name weight -10", "name weight 0", "name weight 0 reverse",
                                        "name weight 10 reverse", "name weight -10 reverse")]
NONE = [100] * 11 + [110, 90, SILENT, 100, 100, 110]
ONE = [110, 100, 110, 100, 110, 110, 100, 110, 100, 100, 110, 100, 100, 100, SILENT, 90, 100]
TWO = [110, 100, 110, 100, 110, 110, 100, 110, 100, 110, 100, 100, 100, 100, SILENT, 90, 100]


def has_process_events():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_CONNECTOR) as connector:
        connector.settimeout(2)
        try:
            connector.bind((0, CN_IDX_PROC))
            message = struct.pack("=4I2HI", CN_IDX_PROC, CN_VAL_PROC, 0, 0, 4, 0, PROC_CN_MCAST_LISTEN)
            connector.send(struct.pack("=IHHII", 16 + len(message), NLMSG_DONE, 0, 0, 0) + message)
            return bool(connector.recv(4096))
        except OSError:
            return False


class Namespace:
    """A name for a node's network namespace, for as long as it is needed."""

    def __init__(self, node):
        self.name = f"trackers-{os.getpid()}-{node.name}"
        subprocess.run(["ip", "netns", "attach", self.name, str(node.holder.pid)], check=True)

    def __enter__(self):
        return self.name

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "delete", self.name], check=True)


def keepalived_from_outside(node, namespace, text):
    """Process events reach the first network namespace only: keepalived starts there and enters by itself."""
    file = node.write("director.conf", f"net_namespace {namespace}\n{text}")
    pids = [f"--{kind}={node.dir}/run/{kind}" for kind in ("pid", "vrrp_pid", "checkers_pid", "bfd_pid")]
    daemon = Process(["keepalived", "-n", "-l", "-D", "-G", "-f", file, *pids], log=node.dir / "keepalived.log")
    node.processes.append(daemon)
    return daemon


def test_priorities_follow_processes(lab):
    if not has_process_events():
        pytest.skip("no process events here (not the first network namespace?): keepalived would see nothing")
    for name in (PROGRAM, LONG):
        shutil.copy("/usr/bin/sleep", lab.dir / name)
    objects = "".join(f"vrrp_track_process {name} {{\n\t{body.format(folder=lab.dir)}\n\tweight 10\n}}\n"
                      for name, body in PROCESSES.items())
    capture = capture_on(lab)
    nodes = {kind: lab.node(kind, f"{address}/24") for kind, (address, _) in DAEMONS.items()}
    texts = {kind: config(objects, TRACKED, offset) for kind, (_, offset) in DAEMONS.items()}
    long = Process([lab.dir / LONG, "1000"])
    running = [Process([lab.dir / PROGRAM, "1000"])]
    try:
        with Namespace(nodes["keepalived"]) as namespace:
            other = keepalived_from_outside(nodes["keepalived"], namespace, texts["keepalived"])
            own = nodes["vipd"].vipd(nodes["vipd"].write("director.conf", texts["vipd"]))
            both = [Watched("vipd", own, capture, len(TRACKED)), Watched("keepalived", other, capture, len(TRACKED))]
            for wanted, expected in ((1, ONE), (2, TWO), (1, ONE), (0, NONE)):
                while len(running) > wanted:
                    running.pop().kill()
                while len(running) < wanted:
                    running.append(Process([lab.dir / PROGRAM, "1000"]))
                for watched in both:
                    watched.settle(expected)
            other.stop()
    finally:
        for process in [*running, long]:
            process.kill()
    assert "looking through /proc every second instead" in own.text()


def test_a_reload_keeps_what_was_seen(lab):
    path = lab.dir / "number"
    path.write_text("20\n")
    capture = capture_on(lab)
    node = lab.node("vipd", f"{DAEMONS['vipd'][0]}/24")
    objects = f"track_file f {{\n\tfile {path}\n\tweight 1\n\tinit_file 3 overwrite\n}}\n"
    file = node.write("director.conf", config(objects, [track("f")], 0))
    vipd = Watched("vipd", node.vipd(file), capture, 1)
    vipd.settle([103])
    path.write_text("30\n")
    vipd.settle([130])
    node.write("director.conf", config("track_file new {\n\tfile /proc/loadavg\n}\n" + objects,
                                       [track("new weight 0\n\t\tf weight 2")], 0))
    began = time.time()
    node.vipctl("reload")
    vipd.settle([160])
    assert {advert.priority for advert in capture.adverts(1, since=began)} <= {130, 160}
    holds(lambda: vipd.priorities() == [160], 2)
    log = pathlib.Path(node.dir / "vipd.log").read_text()
    assert "file new: /proc/loadavg cannot be tracked: it is in proc; it counts as 0" in log
