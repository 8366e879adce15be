# SPDX-License-Identifier: MIT
"""A large configuration: checking it with -t, and a reload that changes the weight of one real server.

A reload is measured from outside: from SIGHUP until the kernel has the new weight. The weight that changes is the last
server's of the last service, so that whoever works through the file in order has to read all of it.
"""

import functools
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

import beside
from lab import Process, build_dir

SERVICES, SERVERS = 2277, 37205
RUNS = 5
PATIENCE = 600  # seconds a program may take for one step


def farm():
    """(address of the service, [addresses of its servers]); sizes as equal as they can be."""
    left = SERVERS
    for i in range(SERVICES):
        size = -(-left // (SERVICES - i))
        hosts = [i * 17 + k for k in range(size)]
        yield (f"10.{16 + i // 250}.{i % 250}.1",
               [f"10.{128 + host // 62500}.{host // 250 % 250}.{host % 250 + 1}" for host in hosts])
        left -= size


def config(last_weight):
    text = ["global_defs {\n    router_id farm\n    checker_log_all_failures off\n}\n"]
    for vip, servers in farm():
        text.append(f"virtual_server {vip} 80 {{\n    delay_loop 3600\n    lvs_sched wlc\n    lvs_method DR\n"
                    "    protocol TCP\n\n")
        text += [f"    real_server {server} 80 {{\n        weight 1\n        TCP_CHECK {{\n            connect_timeout 3\n"
                 "            retry 2\n            delay_before_retry 1\n        }\n    }\n" for server in servers]
        text.append("}\n\n")
    text[-2] = text[-2].replace("weight 1", f"weight {last_weight}")
    return "".join(text)


def be_the_farm():
    """Every server of the farm is this machine: what is checked answers."""
    subprocess.run(["modprobe", "-a", "ip_vs", "ip_vs_wlc"], check=True)
    subprocess.run(["ip", "route", "add", "local", "10.128.0.0/9", "dev", "lo"], check=True)
    listener = socket.create_server(("", 80), backlog=1000)

    def answer():
        while True:
            listener.accept()[0].close()

    threading.Thread(target=answer, daemon=True).start()


def timed(*words):
    began = time.monotonic()
    subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.monotonic() - began


def saved(*words):
    return subprocess.run(["ipvsadm", *words], capture_output=True, text=True, check=True).stdout


def until(condition, what):
    began = time.monotonic()
    while not condition():
        if time.monotonic() > began + PATIENCE:
            raise SystemExit(f"{what}: not within {PATIENCE} s")
        time.sleep(0.02)
    return time.monotonic() - began


class Daemon:
    """A program with the farm in the kernel."""

    def __init__(self, folder, name, *words):
        self.path = folder / f"{name}.conf"
        self.path.write_text(config(1))
        self.weight = 1
        self.process = Process([*words, "-n", "-C", "-f", self.path], log=folder / f"{name}.log")
        self.start = until(lambda: saved("-Sn").count("\n") >= SERVICES + SERVERS, f"{name}: the table")

    @functools.cached_property
    def last(self):
        return list(farm())[-1]

    def reload(self):
        self.weight += 1
        self.path.write_text(config(self.weight))
        server = f"{self.last[1][-1]}:80"
        self.process.send(1)
        pattern = re.compile(rf"-> {re.escape(server)} +\S+ +{self.weight} ")
        return until(lambda: pattern.search(saved("-Ln", "-t", f"{self.last[0]}:80")), "the new weight")

    def stop(self):
        self.process.stop(timeout=60)
        subprocess.run(["ipvsadm", "-C"], check=True)


def reloads(daemon, runs):
    times = []
    for _ in range(runs):
        times.append(daemon.reload())
        time.sleep(1)
    daemon.stop()
    return times


def main():
    be_the_farm()
    vipd, good = build_dir() / "vipd", []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        path = folder / "farm.conf"
        path.write_text(config(1))
        good.append(beside.report("-t", *beside.alternate(RUNS, lambda: timed(vipd, "-t", "-f", path),
                                                          lambda: timed("keepalived", "-t", "-f", path)), limit=1.0))
        ours = Daemon(folder, "vipd", vipd, "-l")
        our_reloads = reloads(ours, RUNS)
        theirs = Daemon(folder, "keepalived", "keepalived", "-l")
        their_reloads = reloads(theirs, 2)  # each takes minutes
        beside.report("start, until in the kernel", [ours.start], [theirs.start], limit=1e9)
        good.append(beside.report("reload, one weight", our_reloads, their_reloads, limit=1.0))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
