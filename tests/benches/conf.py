# SPDX-License-Identifier: MIT
"""A large configuration: checked with -t, started, reloaded with one weight changed, stopped.

All is measured from outside, by the kernel's table. The reload changes the last server of the last service: whoever
works through the file in order has to come to its end. Only that service is looked at while waiting, since a look at
the whole table holds the lock that the programs need. keepalived reloads once, which may take it minutes.
"""

import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import beside
import farm
from lab import Process, build_dir

SERVICES, SERVERS = 2277, 37205
CHECKER = "TCP_CHECK {\n            connect_timeout 3\n            retry 2\n            delay_before_retry 1\n        }"
RUNS = 5
START_GOAL, RELOAD_GOAL, MEMORY_GOAL = 0.5, 0.2, 1.2  # of keepalived's
STOP_GOAL_S = 0.3


def config(last_weight):
    return farm.config(farm.farm(SERVERS, SERVICES), checker=CHECKER, last_weight=last_weight)


def load_ipvs(*, anew=False):
    """The kernel keeps removed servers for minutes and looks through them for each that is added, unless loaded anew."""
    if anew:
        subprocess.run(["modprobe", "-r", "ip_vs_wlc", "ip_vs"], check=True)
    subprocess.run(["modprobe", "-a", "ip_vs", "ip_vs_wlc"], check=True)


def be_the_farm():
    """Every server of the farm is this machine: what is checked answers."""
    subprocess.run(["ip", "route", "add", "local", "10.128.0.0/9", "dev", "lo"], check=True)
    listener = socket.create_server(("", 80), backlog=1000)

    def answer():
        while True:
            listener.accept()[0].close()

    threading.Thread(target=answer, daemon=True).start()


def check(program, path):
    """(seconds, peak memory in MB) of PROGRAM -t."""
    began = time.monotonic()
    child = subprocess.Popen([program, "-t", "-f", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{program} -t: status {child.returncode}")
    return time.monotonic() - began, usage.ru_maxrss / 1024


def ipvsadm(*words):
    return subprocess.run(["ipvsadm", *words], capture_output=True, text=True, check=False).stdout


def entries():
    return ipvsadm("-Sn").count("\n")


def until(condition):
    """Seconds until then, PATIENCE at most."""
    began = time.monotonic()
    while not condition() and time.monotonic() < began + beside.PATIENCE:
        time.sleep(0.02)
    return min(time.monotonic() - began, beside.PATIENCE)


class Daemon:
    """A program that brings the farm into the kernel."""

    def __init__(self, folder, name, program):
        self.name, self.path, self.weight = name, folder / f"{name}.conf", 1
        self.service, servers = list(farm.farm(SERVERS, SERVICES))[-1]
        self.server = servers[-1]
        self.path.write_text(config(1))
        self.process = Process([program, "-l", "-n", "-C", "-f", self.path], log=folder / f"{name}.log")
        self.start = until(lambda: self.has_weight() and entries() == SERVICES + SERVERS)

    def has_weight(self):
        """Whether the last server has in the kernel the weight of the file."""
        return re.search(rf"-> {re.escape(self.server)}:80 +\S+ +{self.weight} ",
                         ipvsadm("-Ln", "-t", f"{self.service}:80")) is not None

    def reload(self):
        self.weight += 1
        self.path.write_text(config(self.weight))
        self.process.send(signal.SIGHUP)
        took = until(self.has_weight)
        if entries() != SERVICES + SERVERS:
            print(f"  {self.name}: {entries()} entries after a reload", flush=True)
        return took

    def memory(self):
        return beside.pss_mb(beside.family(self.process.pid))

    def stop(self):
        """Seconds until the process is gone; what it leaves in the kernel is told."""
        gone = os.pidfd_open(self.process.pid)
        began = time.monotonic()
        self.process.send(signal.SIGTERM)
        select.select([gone], [], [], beside.PATIENCE)
        took = time.monotonic() - began
        os.close(gone)
        self.process.stop()
        if entries():
            print(f"  {self.name}: {entries()} of {SERVICES + SERVERS} entries are left behind", flush=True)
        subprocess.run(["ipvsadm", "-C"], check=True)
        load_ipvs(anew=True)
        return took


def live(folder, name, program, reloads):
    """One life of a daemon: {what: figures}."""
    daemon = Daemon(folder, name, program)
    life = {"start": [daemon.start], "reload": []}
    for _ in range(reloads):
        time.sleep(2)
        life["reload"].append(daemon.reload())
    life["memory"] = [daemon.memory()]
    life["stop"] = [daemon.stop()]
    print(f"  {name}: start {life['start'][0]:.1f} s, reloads {', '.join(f'{took:.1f} s' for took in life['reload'])}, "
          f"stop {life['stop'][0]:.1f} s", flush=True)
    return life


def main():
    load_ipvs()
    be_the_farm()
    vipd, keepalived = build_dir() / "vipd", "keepalived"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        path = folder / "farm.conf"
        path.write_text(config(1))
        ours, theirs = beside.alternate(RUNS, lambda: check(vipd, path), lambda: check(keepalived, path))
        good = [beside.report("-t", [run[0] for run in ours], [run[0] for run in theirs], limit=1)]
        beside.report("-t, peak memory", [run[1] for run in ours], [run[1] for run in theirs], unit="MB")
        ours, theirs = live(folder, "vipd", vipd, RUNS), live(folder, "keepalived", keepalived, 1)
    good.append(beside.report("start, kernel's table full", ours["start"], theirs["start"], limit=START_GOAL))
    good.append(beside.report("reload, one weight", ours["reload"], theirs["reload"], limit=RELOAD_GOAL))
    good.append(beside.report("memory (PSS)", ours["memory"], theirs["memory"], unit="MB", limit=MEMORY_GOAL))
    beside.report("stop", ours["stop"], theirs["stop"])
    good.append(ours["stop"][0] < STOP_GOAL_S)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
