# SPDX-License-Identifier: MIT
"""200 track scripts that do nothing, each started once a second: what a start costs.

One program after the other in a PID namespace of its own, whose last number tells how many processes were started.
Cost is the processor time of all threads and processes, and of those that have ended and were waited for: the daemon's
part, the start and the script itself, whose share is the same for both and is measured alone, too.
"""

import os
import pathlib
import resource
import signal
import subprocess
import sys
import time

import beside
from lab import Lab, build_dir, wait_until

SCRIPTS, PROGRAM = 200, "/bin/true"
WARM_UP, WINDOW, RUNS = 4, 20, 3  # seconds, seconds, of each program
TICKS = os.sysconf("SC_CLK_TCK")


def config():
    scripts = "".join(f'vrrp_script s{i} {{\n\tscript "{PROGRAM}"\n\tinterval 1\n}}\n' for i in range(SCRIPTS))
    tracked = "".join(f"\t\ts{i}\n" for i in range(SCRIPTS))
    return ("global_defs {\n\trouter_id bench\n\tscript_user root\n\tenable_script_security\n}\n" + scripts +
            "vrrp_instance V {\n\tinterface eth0\n\tvirtual_router_id 1\n\tpriority 100\n\tadvert_int 1\n"
            f"\tvirtual_ipaddress {{\n\t\t192.0.2.100/32\n\t}}\n\ttrack_script {{\n{tracked}\t}}\n}}\n")


def on_processor(pid):
    """Seconds, of all its processes that are there or were waited for."""
    ticks = 0
    for each in beside.family(pid):
        try:
            stat = pathlib.Path(f"/proc/{each}/stat").read_text("ascii")
        except (FileNotFoundError, ProcessLookupError):  # it has ended
            continue
        ticks += sum(map(int, stat.rpartition(")")[2].split()[11:15]))
    return ticks / TICKS


def started(node, pid):
    """How many processes its namespace has seen, this question among them."""
    return int(node.output("nsenter", "-t", pid, "-p", "cat", "/proc/sys/kernel/ns_last_pid"))


def measure(node, name, *words):
    """One life of one program: milliseconds for each start."""
    process = node.popen("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", *words, log=f"{name}.log")
    time.sleep(WARM_UP)
    wait_until(lambda: node.has_address("192.0.2.100/32"), what=f"{name} as master")
    daemon = beside.family(process.pid)[1]
    count, before = started(node, daemon), on_processor(process.pid)
    time.sleep(WINDOW)
    starts, cost = started(node, daemon) - count, on_processor(process.pid) - before
    os.kill(daemon, signal.SIGTERM)  # it is not unshare's to end: nobody else removes its pid file
    process.popen.wait(10)
    if starts < 0.5 * SCRIPTS * WINDOW:
        raise SystemExit(f"{name}: {starts} starts in {WINDOW} s, not {SCRIPTS * WINDOW}: too busy a machine to measure on")
    print(f"  {name}: {starts} starts, {cost:.2f} s of processor time", flush=True)
    return cost * 1000 / starts


def alone():
    """Milliseconds of the script itself, started by a process that has next to nothing."""
    count, shell = 1000, f"i=0; while [ $i -lt 1000 ]; do {PROGRAM}; i=$((i+1)); done"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["sh", "-c", shell], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000 / count


def main():
    with Lab() as lab:
        node = lab.node("director", "192.0.2.1/24")
        path = node.write("bench.conf", config())
        ours, theirs = beside.alternate(
            RUNS, lambda: measure(node, "vipd", build_dir() / "vipd", "-n", "-l", "-P", "-f", path),
            lambda: measure(node, "keepalived", "keepalived", "-n", "-l", "-P", "-f", path))
    print(f"  {PROGRAM} alone: {alone():.3f} ms", flush=True)
    return 0 if beside.report("processor time of a start", ours, theirs, unit="ms", limit=1) else 1


if __name__ == "__main__":
    sys.exit(main())
