# SPDX-License-Identifier: MIT
"""The table of real servers in KEEPALIVED-MIB, walked: vipd through snmpd and as its own master agent, a bare net-snmp
subagent of constants through snmpd, and keepalived through snmpd where this kernel has IPVS.

Agents are pinned to one CPU, the manager to another; each shape is measured in turns. Ratios are what counts: a wake-up
costs on one machine five times what it costs on another. Arguments: the sizes to measure (by default 10000 and 37205),
or "rows" for the cost of a row at 1,000, 10,000 and 100,000 of them.
"""

import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import time

import beside
import farm
from lab import Lab, build_dir, wait_until
from snmp import SnmpError

RUNS = 3
GET_SECONDS = 2
POLL_SECONDS = 65  # at a look every 2 s, so many that one more or less does not matter
POLLERS = 5
PORT = 1161
TABLE = ".1.3.6.1.4.1.9586.100.5.3.4.1"
CONSTANTS = ".1.3.6.1.4.1.8072.9999.9999.1001.4.1"
COLUMNS = [*range(3, 8), 10, *range(13, 25)]  # those of which both daemons have every cell
ROUNDS = 5  # so long that vipd's looks at the kernel's table, one in some seconds, weigh about what they do on average
PLACES = 10  # of the table, evenly spread, from which it is walked: who searches in a list is slower the further it is
SHAPES = {"columns": (50, "each", 4, 4), "whole rows": (5, "all", len(COLUMNS), 20)}  # repetitions, how, columns, requests
AGENT_CPU, MANAGER_CPU = "0", str(os.cpu_count() - 1)


class Subject:
    """An agent that is walked: its processes, where its table is, at which port it is asked."""

    def __init__(self, node, name, process, table, port=161):
        self.node, self.name, self.table, self.port = node, name, table, port
        self.process, self.pids = process, set()

    def pin(self):
        """Once it serves: its processes are there."""
        self.pids = {str(pid) for pid in beside.family(self.process.pid)}
        for pid in self.pids:
            self.node.run("taskset", "-a", "-c", "-p", AGENT_CPU, pid)

    def ask(self, *words):
        out = self.node.output("taskset", "-c", MANAGER_CPU, build_dir() / "tests/benches/bulk", *words, timeout=1800)
        return [float(word) for word in out.split()]

    def names(self, count):
        columns = COLUMNS[:count] if self.table == TABLE else range(1, count + 1)
        return [f"{self.table}.{column}" for column in columns]

    def walk(self, shape, rows, snmpd):
        """{cells, rate, and microseconds of CPU a cell of the agent and of snmpd}."""
        repetitions, how, columns, requests = SHAPES[shape]
        names = self.names(columns)
        self.ask("walk", self.port, repetitions, how, 1, rows, *names)
        before = beside.cpu_us(self.pids), beside.cpu_us(snmpd)
        cells, seconds, middle, late = self.ask("walk", self.port, repetitions, how, requests, rows, *names)
        after = beside.cpu_us(self.pids), beside.cpu_us(snmpd)
        assert cells > 0.8 * ROUNDS * PLACES * requests * repetitions * columns, f"{self.name} gave {cells} cells"
        return {"cells": cells, "rate": cells / seconds, "p50": middle, "p99": late,
                "agent": (after[0] - before[0]) / cells, "snmpd": (after[1] - before[1]) / cells}

    def late_get(self):
        """p99 of a GET in ms while a walk goes on."""
        names = self.names(len(COLUMNS))
        walk = self.node.popen("taskset", "-c", MANAGER_CPU, build_dir() / "tests/benches/bulk", "walk", self.port, 50, "each", 0,
                               "0", *names * 3, log="walk.log")
        _, _, _, late = self.ask("get", self.port, GET_SECONDS, f"{names[0]}.1.1")
        walk.stop()
        return late

    def dumps(self, pollers):
        """How often a minute it asks the kernel for a table of IPVS while so many walk all the time."""
        file = self.node.dir / "strace.txt"
        trace = self.node.popen("strace", "-f", "-qq", "-e", "trace=sendto,sendmsg", "-o", file,
                                *[word for pid in self.pids for word in ("-p", pid)], log="strace.log")
        walks = [self.node.popen("taskset", "-c", MANAGER_CPU, build_dir() / "tests/benches/bulk", "walk", self.port, 5, "all", 0,
                                 "0", *self.names(len(COLUMNS)), log=f"poller{i}.log") for i in range(pollers)]
        began = time.monotonic()
        time.sleep(POLL_SECONDS)
        seconds = time.monotonic() - began
        for process in (*walks, trace):
            process.stop()
        return len(re.findall("NLM_F_DUMP|0x3[0-9a-f]{2}", file.read_text("ascii"))) * 60 / seconds


def has_ipvs():
    return pathlib.Path("/proc/net/ip_vs").exists() or \
        subprocess.run(["modprobe", "-q", "ip_vs"], check=False).returncode == 0


class Bench:
    """The agents of one size; one at a time has the tables at snmpd."""

    def __init__(self, lab, servers, services):
        self.node, self.servers, self.services, self.figures = lab.node("bench"), servers, services, {}
        self.text = farm.config(farm.farm(servers, services))
        self.file = self.node.write("farm.conf", self.text)
        (self.node.dir / "own").mkdir()
        self.node.write("own/snmpd.conf", "rocommunity public\n")
        self.snmpd = self.node.snmpd(extra=f"view vipd_read included {CONSTANTS}\ndontLogTCPWrappersConnects yes\n")
        self.node.run("taskset", "-a", "-c", "-p", AGENT_CPU, self.snmpd.pid)

    def is_there(self, subject):
        column = subject.names(1)[0]
        try:
            return self.node.snmp("127.0.0.1", port=subject.port).next(column, timeout=2)[0][0].startswith(column + ".")
        except SnmpError:
            return False

    def rows(self, table):
        """Where the walks of a table begin, as SERVICE.SERVER: the server before."""
        each = self.servers // self.services if table == TABLE else 100
        places = [i * self.servers // PLACES for i in range(PLACES)]
        return ",".join(f"{place // each + 1}.{place % each}" for place in places * ROUNDS)

    def ready(self, subject):
        wait_until(lambda: self.is_there(subject), 300, f"{subject.name}'s table", interval=0.5)
        subject.pin()
        return subject

    def subjects(self):
        """Each in turn, started and stopped."""
        yield "constants", lambda: (self.node.popen(build_dir() / "tests/benches/constants", self.node.agentx, self.servers,
                                                    len(COLUMNS), log="constants.log"), CONSTANTS, 161)
        yield "vipd", lambda: (self.vipd("-A", self.node.agentx), TABLE, 161)
        yield "vipd itself", lambda: (self.vipd("--snmp-listen", f"udp:127.0.0.1:{PORT}", "--snmp-conf",
                                                self.node.dir / "own"), TABLE, PORT)
        if has_ipvs():
            yield "keepalived", lambda: (self.node.keepalived(self.file, "-C", "-x", "-A", self.node.agentx), TABLE, 161)

    def vipd(self, *options):
        return self.node.popen(build_dir() / "vipd", "-n", "-l", "-C", "-x", "-f", self.node.write("vipd.conf", self.text),
                               "--state-dir", "/run/state", *options, log="vipd.log")

    def look_often(self, vipd):
        """Looks at a large table are too rare to be counted unless the configuration says how old figures may be."""
        self.node.write("vipd.conf", self.text.replace("router_id farm\n", "router_id farm\n    snmp_rs_stats_update_interval 2\n"))
        loads = vipd.text().count("is in force")
        vipd.send(signal.SIGHUP)
        wait_until(lambda: vipd.text().count("is in force") > loads, beside.PATIENCE, "the reload")

    def measure(self, runs, shapes=SHAPES):
        for _ in range(runs):
            for name, start in self.subjects():
                process, table, port = start()
                subject = self.ready(Subject(self.node, name, process, table, port))
                with beside.awake(self.node):
                    for shape in shapes:
                        figures = subject.walk(shape, self.rows(table), {str(self.snmpd.pid)})
                        self.figures.setdefault((shape, name), []).append(figures)
                    self.figures.setdefault(("get", name), []).append(subject.late_get())
                if has_ipvs() and name.startswith("vipd"):
                    self.look_often(subject.process)
                for pollers in (0, POLLERS) if has_ipvs() and name != "constants" else ():
                    self.figures.setdefault(("dumps", name), []).append((pollers, subject.dumps(pollers)))
                subject.process.stop(timeout=300)


def middle(figures, key):
    return statistics.median(figure[key] for figure in figures)


def report(bench, shapes=SHAPES):
    """Prints each shape; false when a goal is missed."""
    good = True
    for shape in shapes:
        rates = {name: middle(found, "rate") for (what, name), found in bench.figures.items() if what == shape}
        for name, rate in rates.items():
            found = bench.figures[(shape, name)]
            against = {other: rate / rates[other] for other in ("constants", "keepalived") if other in rates and other != name}
            goals = {"vipd": {"constants": 0.95, "keepalived": 1.0}}.get(name, {})
            if name == "vipd itself" and shape == "columns":
                goals = {"keepalived": 8.0}
            missed = [other for other, least in goals.items() if against.get(other, least) < least]
            good = good and not missed
            print(f"  {bench.servers:6} {shape:10} {name:11} {rate / 1000:8.1f}k cells/s  agent {middle(found, 'agent'):6.2f} us "
                  f"snmpd {middle(found, 'snmpd'):6.2f} us  p50 {middle(found, 'p50'):.2f} p99 {middle(found, 'p99'):.2f} ms "
                  + " ".join(f" {ratio:.2f} of {other}" for other, ratio in against.items())
                  + (f": BEHIND (goal {goals})" if missed else ""), flush=True)
    for (what, name), found in bench.figures.items():
        if what == "get":
            print(f"  {bench.servers:6} GET during a walk, {name:11} p99 {statistics.median(found):.2f} ms", flush=True)
        if what == "dumps":
            idle, polled = (statistics.median(dumps for pollers, dumps in found if pollers == wanted) for wanted in (0, POLLERS))
            more = name.startswith("vipd") and polled > 1.1 * idle
            good = good and not more
            print(f"  {bench.servers:6} IPVS dumps a minute, {name:11} {idle:.0f} unasked, {polled:.0f} with {POLLERS} pollers"
                  + (": MORE" if more else ""), flush=True)
    return good


def cost_of_rows():
    """Processor time of a cell, of agent and snmpd, at each number of rows, against the smallest: rates say more of the
    machine."""
    costs = {}
    for servers in (1000, 10000, 100000):
        with Lab() as lab:
            bench = Bench(lab, servers, max(1, servers // 100))
            bench.measure(1)
            report(bench)
            for key, found in bench.figures.items():
                if key[0] in SHAPES:
                    costs.setdefault(key, []).append(middle(found, "agent") + middle(found, "snmpd"))
    for (shape, name), found in costs.items():
        print(f"  cost of a row, {shape:10} {name:11} " + " ".join(f"{cost / found[0]:.2f}" for cost in found), flush=True)
    return all(found[-1] / found[0] <= 1.1 for (_, name), found in costs.items() if name.startswith("vipd"))


def main():
    if "rows" in sys.argv:
        return 0 if cost_of_rows() else 1
    good = True
    for servers in [int(word) for word in sys.argv[1:]] or (10000, 37205):
        # as in a farm; and the largest with all servers in one service
        for services in (servers // 100, 1) if servers > 10000 else (servers // 100,):
            with Lab() as lab:
                bench = Bench(lab, servers, services)
                print(f"  {servers} real servers in {services} services", flush=True)
                bench.measure(int(os.environ.get("RUNS", RUNS)))
                good = report(bench) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
